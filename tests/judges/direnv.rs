//! direnv loads a folder as its configuration says, and the shells call it.

use super::home::{Home, installed};

#[test]
fn a_folder_that_is_trusted_is_loaded_in_silence() {
    if !installed("direnv") {
        return;
    }
    let home = Home::fixture("programs/direnv");
    home.write("work/a/.envrc", "layout_uv 3.12\n");
    home.write("other/.envrc", "layout_uv 3.12\n");
    let uv = |folder: &str| {
        home.run(
            "sh",
            &["-c", &format!(". ~/.config/hcc/session.sh; direnv exec ~/{folder} printenv UV")],
        )
    };
    assert_eq!(uv("work/a").clean(), "3.12\n");
    assert!(uv("other").err.contains("is blocked"));
}

#[test]
fn the_shells_call_it() {
    if !installed("direnv") {
        return;
    }
    let home = Home::fixture("programs/direnv");
    for (shell, function) in [("bash", "type"), ("zsh", "type"), ("fish", "functions")] {
        let hook = if shell == "fish" { "__direnv_export_eval" } else { "_direnv_hook" };
        if installed(shell) {
            home.run(shell, &["-i", "-c", &format!("{function} {hook}")]).ok();
        }
    }
}
