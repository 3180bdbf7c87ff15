//! niri is not here: ckdl reads its file, which is KDL 1, and finds nodes, arguments and properties.

use super::home::{Home, installed};

#[test]
fn its_file_is_kdl() {
    if !installed("python3") {
        return;
    }
    let home = Home::fixture("wayland/niri");
    if home.run("python3", &["-c", "import ckdl"]).status != Some(0) {
        eprintln!("SKIPPED: python3 has no `ckdl`, so it does not judge what is written for niri");
        return;
    }
    let script = "
import ckdl, json
def show(n): return [n.name, n.args, dict(n.properties), [show(c) for c in n.children]]
text = open('.config/niri/config.kdl').read()
print(json.dumps([show(n) for n in ckdl.parse(text, version=1).nodes]))
";
    let out = home.run("python3", &["-c", script]).clean();
    let read: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    let nodes = read.as_array().expect("nodes");
    let all = |name: &str| nodes.iter().filter(|node| node[0] == name).collect::<Vec<_>>();
    assert_eq!(all("output")[0][1], serde_json::json!(["eDP-1"]));
    assert_eq!(all("prefer-no-csd")[0][1], serde_json::json!([]));
    assert_eq!(all("screenshot-path")[0][1][0], "~/Pictures/%Y \"shot\".png");
    assert_eq!(all("spawn-at-startup")[1][1], serde_json::json!(["mako", "--anchor", "top-right"]));
    let binds = &all("binds")[0][3];
    assert_eq!(binds[0][2]["hotkey-overlay-title"], "Open a \"terminal\"");
    assert_eq!(binds[1][3][0][1], serde_json::json!(["sh", "-c", "fuzzel | wl-copy"]));
    let rule = &all("window-rule")[0][3];
    assert_eq!(rule[0], serde_json::json!(["open-floating", [true], {}, []]));
    assert_eq!(rule[2][2]["app-id"], r"^org\.gnome\..*$");
}
