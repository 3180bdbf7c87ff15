//! What helps a shell, in the shells that are here: finders, listers, pagers, their keys and colors.

use super::home::{Home, installed};

/// Runs a command in an interactive shell of a fixture's home.
#[track_caller]
fn interactive(home: &Home, shell: &str, command: &str) -> String {
    home.run(shell, &["-i", "-c", command]).ok()
}

#[test]
fn fzf_takes_its_options_and_binds_its_keys() {
    if !installed("fzf") {
        return;
    }
    let home = Home::fixture("programs/fzf");
    let script = r#". ~/.config/hcc/session.sh; printf 'one\ntwo\n' | fzf --filter tw"#;
    assert_eq!(home.run("sh", &["-c", script]).clean(), "two\n");
    let keys = [
        ("bash", "bind -X; bind -s", "fzf-file-widget"),
        ("zsh", "setopt zle; source ~/.zshrc; bindkey '^R'", "fzf-history-widget"),
    ];
    for (shell, command, widget) in keys {
        if installed(shell) {
            let out = interactive(&home, shell, command);
            assert!(out.contains(widget), "{shell}: {out}");
        }
    }
}

#[test]
fn zoxide_learns_folders_and_jumps_by_the_chosen_word() {
    if !installed("zoxide") {
        return;
    }
    let home = Home::fixture("programs/zoxide");
    home.write("deep/harbour/.keep", "");
    for shell in ["bash", "zsh", "fish"].into_iter().filter(|shell| installed(shell)) {
        let out = interactive(&home, shell, "zoxide add ~/deep/harbour; j harb && pwd");
        assert!(out.trim_end().ends_with("/deep/harbour"), "{shell}: {out}");
    }
    assert!(home.join(".local/state/zoxide").is_dir(), "the data stands where it was said");
}

#[test]
fn bat_knows_the_options_and_the_own_theme_and_syntax() {
    if !installed("batcat") {
        return;
    }
    let home = Home::fixture("programs/bat");
    home.run("batcat", &["cache", "--build"]).ok();
    let themes = home.run("batcat", &["--list-themes"]).ok();
    assert!(themes.contains("Mine"), "{themes}");
    home.write("a.ino", "int a;\n");
    home.write("b.gleam", "fn main\n");
    let args = ["--paging=never", "--style=plain", "b.gleam"];
    let out = home.run("batcat", &args).clean();
    assert!(out.contains("38;5;196mfn"), "the theme colors the syntax's keyword: {out:?}");
    for shell in ["bash", "zsh", "fish"].into_iter().filter(|shell| installed(shell)) {
        let out = interactive(&home, shell, "type bat");
        assert!(out.contains("batcat"), "{shell}: {out}");
    }
}

#[test]
fn fd_finds_by_its_name_with_its_options() {
    if !installed("fdfind") {
        return;
    }
    let home = Home::fixture("programs/fd");
    for file in ["tree/.hidden", "tree/old.bak", "tree/with space/x", "tree/seen"] {
        home.write(file, "");
    }
    let out = home.run("fdfind", &["--hidden", "--type", "f", ".", "tree"]).clean();
    let mut found: Vec<&str> = out.lines().collect();
    found.sort_unstable();
    assert_eq!(found, ["tree/.hidden", "tree/seen"]);
    for shell in ["bash", "zsh", "fish"].into_iter().filter(|shell| installed(shell)) {
        let out = interactive(&home, shell, "type fd");
        assert!(out.contains("fdfind --hidden --follow"), "{shell}: {out}");
    }
}

#[test]
fn ripgrep_reads_its_arguments() {
    if !installed("rg") {
        return;
    }
    let home = Home::fixture("programs/ripgrep");
    home.write("tree/.hidden", "A Needle\n");
    home.write("tree/a.lock file", "needle\n");
    let script = ". ~/.config/hcc/session.sh; rg needle tree; rg --type-list | grep ^web:";
    let out = home.run("sh", &["-c", script]).clean();
    assert_eq!(out, "tree/.hidden:A Needle\nweb: *.{html,css}\n");
}

#[test]
fn jq_has_the_colors_and_the_functions() {
    if !installed("jq") {
        return;
    }
    let home = Home::fixture("programs/jq");
    let script = r#". ~/.config/hcc/session.sh; jq -nC null; jq -n 'greet("x")'"#;
    let out = home.run("sh", &["-c", script]).clean();
    assert!(out.starts_with("\u{1b}[1;31mnull"), "{out:?}");
    assert!(out.contains("\"hello, x\""), "{out:?}");
}

#[test]
fn less_understands_every_line() {
    if !installed("lesskey") {
        return;
    }
    let home = Home::fixture("programs/less");
    home.run("lesskey", &["-o", "compiled", ".config/lesskey"]).ok();
    let compiled = std::fs::read(home.join("compiled")).expect("what lesskey made");
    for text in ["LESS\0", "-FRX --wheel-lines=3\0", "LESSHISTFILE\0"] {
        let held = compiled
            .windows(text.len())
            .any(|bytes| bytes.iter().map(|byte| byte & 0x7f).eq(text.bytes()));
        assert!(held, "{text:?}: {}", String::from_utf8_lossy(&compiled));
    }
}

#[test]
fn readline_has_the_variables_and_the_keys() {
    if !installed("bash") {
        return;
    }
    let home = Home::fixture("programs/readline");
    let out = interactive(&home, "bash", "bind -v; bind -s; bind -p");
    for line in [
        "set editing-mode vi",
        "set completion-ignore-case on",
        "set bell-style none",
        "set completion-query-items 250",
        "set mark-directories off",
        r#""\C-h": backward-kill-word"#,
        r#""\C-xg": "git status \"x\"\C-m""#,
    ] {
        assert!(out.lines().any(|own| own == line), "{line}\n{out}");
    }
}

#[test]
fn dircolors_adds_to_the_defaults() {
    if !installed("dircolors") {
        return;
    }
    let home = Home::fixture("programs/dircolors");
    for shell in ["bash", "zsh", "fish"].into_iter().filter(|shell| installed(shell)) {
        let mut command = home.command(shell);
        command.args(["-i", "-c", "echo $LS_COLORS"]).env("TERM", "xterm-256color");
        let out = super::home::said(&mut command).ok();
        for color in ["ow=30;46", "*.sh=01;32", "*~=00;90", "*.nix=01;36", "*.tar=01;31"] {
            assert!(out.contains(color), "{shell}: {color}\n{out}");
        }
    }
}

#[test]
fn lsd_lists_as_it_is_told() {
    if !installed("lsd") {
        return;
    }
    let home = Home::fixture("programs/lsd");
    home.write("tree/b.rs", "");
    home.write("tree/a/x", "");
    let out = home.run("lsd", &["--color=never", "--icon=never", "--blocks=name", "tree"]).clean();
    assert_eq!(out, "a\nb.rs\n");
}

#[test]
fn starship_reads_its_settings_and_draws_the_prompt() {
    if !installed("starship") {
        return;
    }
    let home = Home::fixture("programs/starship");
    let out = home.run("starship", &["print-config"]).clean();
    for line in [
        "add_newline = false",
        "format = \"$directory\"",
        "success_symbol = \"[>](bold green)\"",
        "ignore_branches = [\"main\"]",
    ] {
        assert!(out.lines().any(|own| own == line), "{line}\n{out}");
    }
    let shells =
        [("bash", "echo $PROMPT_COMMAND"), ("zsh", "print -P $PROMPT"), ("fish", "fish_prompt")];
    for (shell, command) in shells.into_iter().filter(|(shell, _)| installed(shell)) {
        let mut asked = home.command(shell);
        asked.args(["-i", "-c", command]).env("TERM", "xterm-256color");
        let out = super::home::said(&mut asked).ok();
        let drawn = out.contains("\u{1b}[1;36m~\u{1b}[0m ");
        assert_eq!(drawn, shell != "bash", "where it is asked for: {shell}: {out:?}");
    }
    let config = home.read(".config/starship.toml");
    home.write(".config/starship.toml", &config.replace("add_newline", "add_new_line"));
    let said = home.run("starship", &["prompt"]);
    assert!(said.err.contains("add_new_line"), "it looks at every key: {said:?}");
}

#[test]
fn eza_lists_by_its_theme_and_its_aliases() {
    if !installed("eza") {
        return;
    }
    let home = Home::fixture("programs/eza");
    home.write("tree/b.rs", "");
    home.write("tree/a/x", "");
    let out = home.run("eza", &["--color=always", "--icons=always", "tree"]).clean();
    assert!(out.contains("mR "), "the theme's icon: {out:?}");
    assert!(out.contains("\u{1b}[1;34ma") || out.contains("\u{1b}[1ma"), "its color: {out:?}");
    let out = interactive(&home, "bash", "shopt -s expand_aliases; eval 'ls -l tree'");
    assert!(out.contains(" '") && !out.contains('R'), "an alias takes the options: {out:?}");
}

#[test]
fn mise_reads_tools_settings_and_tasks() {
    if !installed("mise") {
        return;
    }
    let home = Home::fixture("programs/mise");
    let asked = |args: &[&str]| {
        let mut command = home.command("mise");
        super::home::said(command.args(args).env("MISE_OFFLINE", "1")).clean()
    };
    assert_eq!(asked(&["settings", "get", "idiomatic_version_file_enable_tools"]), "[\"node\"]\n");
    assert_eq!(asked(&["plugins", "ls"]), "mine\n");
    let tools: serde_json::Value = serde_json::from_str(&asked(&["ls", "--json"])).expect("JSON");
    for (tool, versions) in
        [("node", vec!["22"]), ("python", vec!["3.11", "3.12"]), ("npm:prettier", vec!["3"])]
    {
        let own = tools[tool].as_array().expect("a tool").iter();
        let own: Vec<_> = own.map(|one| one["requested_version"].as_str().unwrap_or("")).collect();
        assert_eq!(own, versions, "{tool}: {tools}");
    }
    let task: serde_json::Value =
        serde_json::from_str(&asked(&["tasks", "info", "lint", "--json"])).expect("JSON");
    assert_eq!(task["run"], serde_json::json!(["ruff check ."]));
    assert_eq!(task["description"], "Looks for mistakes");
    let wrong = home.read(".config/mise/config.toml") + "x =\n";
    home.write(".config/mise/config.toml", &wrong);
    let said = home.run("mise", &["settings"]);
    assert!(said.err.contains("TOML parse error"), "it says what it cannot read: {said:?}");
}

#[test]
fn nix_your_shell_wraps_nix_in_both_shells() {
    if !installed("nix-your-shell") {
        return;
    }
    let home = Home::fixture("programs/nix-your-shell");
    for shell in ["zsh", "fish"].into_iter().filter(|shell| installed(shell)) {
        let out = interactive(&home, shell, "functions nix-shell");
        let call = format!("nix-your-shell --nom {shell} nix-shell");
        assert!(out.contains(&call), "{shell}: {out}");
    }
}

#[test]
fn atuin_reads_its_settings() {
    if !installed("atuin") {
        return;
    }
    let home = Home::fixture("programs/atuin");
    for (key, value) in [
        ("search_mode", "fuzzy\n"),
        ("history_filter", "[\"^secret\", '^export \\w+=\"x\"']\n"),
        ("daemon.systemd_socket", "true\n"),
        ("theme.name", "mine\n"),
    ] {
        assert_eq!(home.run("atuin", &["config", "get", key]).ok(), value, "{key}");
    }
    let config = home.read(".config/atuin/config.toml");
    home.write(".config/atuin/config.toml", &config.replace("\"fuzzy\"", "\"fussy\""));
    let said = home.run("atuin", &["info"]);
    assert!(said.status != Some(0) && said.err.contains("search_mode"), "it looks: {said:?}");
}

#[test]
fn every_program_of_the_shelf_leaves_shells_that_can_be_read() {
    let names: Vec<String> = hcc::schema::library::names()
        // Both are `ls`.
        .filter(|name| name.starts_with("programs.") && name != "programs.lsd")
        .filter(|name| {
            let text = hcc::schema::library::target(name).unwrap_or_default();
            !text.lines().next().unwrap_or_default().contains("os=\"darwin\"")
        })
        .map(|name| format!("{name}\n"))
        .collect();
    assert!(names.len() > 50, "{names:?}");
    let home = Home::config(&names.concat());
    let files = [
        ("bash", ".bashrc"),
        ("bash", ".profile"),
        ("zsh", ".zshrc"),
        ("zsh", ".zshenv"),
        ("fish", ".config/fish/config.fish"),
    ];
    for (shell, file) in files.into_iter().filter(|(shell, _)| installed(shell)) {
        home.run(shell, &["-n", home.join(file).as_str()]).clean();
    }
}
