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

/// Nushell has variables of the folder, loses those that it takes away, and has all back behind it.
#[test]
fn nushell_follows_it_into_a_folder_and_out() {
    if !installed("direnv") || !installed("nu") {
        return;
    }
    let home = Home::fixture("programs/direnv");
    home.write("work/a/.envrc", "export UV=1\nPATH_add bin\nunset GONE\n");
    let ask = "
        let prompt = ($env.config.hooks.pre_prompt | last)
        let seen = {|| {uv: $env.UV?, gone: $env.GONE?, bin: (($env.PATH | first) ends-with 'work/a/bin')}}
        $env.GONE = 'there'
        cd work/a; do --env $prompt; let inside = (do $seen)
        cd ../..; do --env $prompt; [$inside (do $seen)] | to json --raw";
    let config = home.join(".config/nushell/config.nu");
    let env = home.join(".config/nushell/env.nu");
    let args = ["--config", config.as_str(), "--env-config", env.as_str(), "-c", ask];
    assert_eq!(
        home.run("nu", &args).ok().trim_end(),
        r#"[{"uv":"1","gone":null,"bin":true},{"uv":null,"gone":"there","bin":false}]"#
    );
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
