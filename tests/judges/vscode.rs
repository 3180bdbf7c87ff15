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

/// The editors made of its code, and another one with files of that kind.
#[test]
fn its_kin_read_json_too() {
    if !installed("python3") {
        return;
    }
    let read = |fixture: &str, path: &str| -> serde_json::Value {
        let home = Home::fixture(fixture);
        let out = home.run("python3", &["-m", "json.tool", path]).clean();
        serde_json::from_str(&out).expect("JSON")
    };
    for (fixture, folder) in [
        ("programs/vscodium", "VSCodium"),
        ("programs/cursor", "Cursor"),
        ("programs/windsurf", "Windsurf"),
    ] {
        let name = fixture.trim_start_matches("programs/");
        let file = |file: &str| read(fixture, &format!(".config/{folder}/User/{file}"));
        let settings = file("settings.json");
        assert_eq!(settings["window.title"], format!("${{activeEditorShort}} \"{name}\" \\"));
        assert_eq!(settings["editor.rulers"], serde_json::json!([80]));
        assert_eq!(file("keybindings.json")[0]["when"], "editorTextFocus && !editorReadonly");
        assert_eq!(file("tasks.json")["tasks"][0]["label"], "build");
        assert_eq!(file("snippets/rust.json")["Test"]["body"][1], "\tfn ${1:name}() {}");
    }
    let mcp = read("programs/cursor", ".cursor/mcp.json");
    assert_eq!(mcp["mcpServers"]["files"]["args"], serde_json::json!(["--root", "/src"]));
    let zed = |file: &str| read("programs/zed", &format!(".config/zed/{file}"));
    assert_eq!(zed("settings.json")["languages"]["C++"]["tab_size"], 4);
    assert_eq!(zed("settings.json")["auto_install_extensions"]["nix"], true);
    assert_eq!(zed("keymap.json")[0]["bindings"]["ctrl-q"], serde_json::Value::Null);
    assert_eq!(zed("debug.json")[0]["adapter"], "CodeLLDB");
    assert_eq!(zed("themes/mine.json")["themes"][0]["style"]["background"], "#1e1e2e");
}
