//! Python reads the editor's files, and finds what was meant.

use super::home::{Home, installed};

#[test]
fn every_file_is_json() {
    if !installed("python3") {
        return;
    }
    let home = Home::fixture("programs/vscode");
    let read = |name: &str| -> serde_json::Value {
        let path = format!(".config/Code/User/{name}");
        let out = home.run("python3", &["-m", "json.tool", &path]).clean();
        serde_json::from_str(&out).expect("JSON")
    };
    let settings = read("settings.json");
    assert_eq!(settings["editor.rulers"], serde_json::json!([80]));
    assert_eq!(settings["window.title"], "${activeEditorShort} — \"hcc\" \\ $x");
    assert_eq!(settings["[rust]"]["editor.formatOnSave"], true);
    assert_eq!(settings["editor.wordWrap"], serde_json::Value::Null);
    let keys = read("keybindings.json");
    assert_eq!(keys[0]["when"], "editorTextFocus && !editorReadonly");
    assert_eq!(keys[2]["args"]["commands"], serde_json::json!(["a", "b"]));
    assert_eq!(read("snippets/rust.json")["Test"]["body"][2], "\t$0");
    assert_eq!(
        read("snippets/global.code-snippets")["Fixme"]["body"],
        serde_json::json!(["FIXME: $0"])
    );
    assert_eq!(read("tasks.json")["tasks"][0]["label"], "build");
    assert_eq!(read("mcp.json")["servers"]["files"]["command"], "mcp-files");
    let extensions: Vec<&str> = home
        .documents
        .iter()
        .flat_map(|document| &document.packages)
        .filter(|package| package.manager == "vscode")
        .map(|package| package.name.as_str())
        .collect();
    assert_eq!(extensions, ["rust-lang.rust-analyzer", "mkhl.direnv"]);
}
