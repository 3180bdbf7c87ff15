//! `--lift` of files that shells and tmux read: what expands there expands after, what does not does
//! not, as the programs themselves say.

#[path = "apply/kit.rs"]
mod kit;
mod support;

use std::fs;
use std::process::Command;

use kit::Sandbox;

/// A home with some files, imported and lifted; what was said, and what was written.
fn import(files: &[(&str, &str)]) -> (Sandbox, String, String) {
    let sandbox = Sandbox::new("");
    fs::remove_dir_all(sandbox.source("")).expect("removed");
    for (path, text) in files {
        sandbox.write(path, text);
    }
    let out = sandbox.source("");
    let ran = sandbox.run(&["import", "home", "--yes", "--lift", "--out", &out.to_string_lossy()]);
    let said = ran.well().stderr;
    let config = sandbox.read_source("hcc.kdl");
    (sandbox, said, config)
}

fn apply(sandbox: &Sandbox) {
    sandbox.run(&["apply", "--yes", "--no-packages", "--no-actions", "--backup", "store"]).well();
}

/// What a program prints in a home, or nothing where it is not installed, which is said.
fn judge(program: &str, arguments: &[&str], sandbox: &Sandbox) -> Option<String> {
    let mut command = Command::new(program);
    command.args(arguments).env_clear().current_dir(sandbox.home(""));
    command.env("HOME", sandbox.home("")).env("PATH", "/usr/bin:/bin").env("TERM", "xterm");
    let Ok(output) = command.output() else {
        eprintln!("skipped: {program} is not installed");
        return None;
    };
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program}: {said}");
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn tmux_expands_a_home_in_double_quotes_as_it_did() {
    let text = "set -g mouse on\nset -g @double \"~/.tmux/r\"\nset -g @single '~/.tmux/r'\n";
    let (sandbox, said, config) = import(&[(".tmux.conf", text)]);
    assert!(said.contains("lifted: ~/.tmux.conf"), "{said}");
    assert!(config.contains("mouse #true"), "{config}");
    let seen = |sandbox: &Sandbox| {
        let (socket, file) = (sandbox.root().join("socket"), sandbox.home(".tmux.conf"));
        let (socket, file) = (socket.to_string_lossy(), file.to_string_lossy());
        let show = ["-S", &socket, "-f", &file, "new-session", "-d", ";", "show", "-g"];
        judge("tmux", &[&show[..], &[";", "kill-server"]].concat(), sandbox)
    };
    let Some(before) = seen(&sandbox) else { return };
    let value =
        |name: &str| before.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned);
    assert!(value("@single ").is_some_and(|own| own.contains("~/.tmux/r")), "{before}");
    assert!(
        value("@double ").is_some_and(|own| own.starts_with("/") && own.ends_with("/.tmux/r")),
        "{before}"
    );
    apply(&sandbox);
    assert_eq!(seen(&sandbox), Some(before), "{config}");
}

#[test]
fn zsh_has_the_aliases_that_it_had_whatever_expands_in_them() {
    let rc = "alias ll='ls -l'\nalias w==ls\nalias gs=\"git status\"\nalias q='=ls'\n\
              alias p=a:=ls\nalias hash=a#b\nsetopt rc_quotes\nalias it='a''b'\n";
    let (sandbox, said, config) = import(&[(".zshrc", rc)]);
    assert!(said.contains("lifted: ~/.zshrc"), "{said}");
    let seen = |sandbox: &Sandbox| judge("zsh", &["-ic", "alias -L"], sandbox);
    let Some(before) = seen(&sandbox) else { return };
    assert!(before.contains("w=/usr/bin/ls") || before.contains("w=/bin/ls"), "{before}");
    apply(&sandbox);
    assert_eq!(seen(&sandbox), Some(before), "{config}");
}

#[test]
fn bash_has_the_same_aliases_variables_options_and_functions() {
    let rc = "# mine\nexport EDITOR=nvim\nshopt -s globstar\nHISTSIZE=77\nPS1='$ '\n\n# aliases\n\
              alias ll='ls -l'\nalias gs=\"git status -sb\"\nalias w==ls\nalias ..='cd ..'\n\n\
              [ -f ~/.bash_aliases ] && . ~/.bash_aliases\nf() { echo \"$1\"; }\nalias ll='ls -la'\n";
    let profile = "export A=b\nexport B='c  d'\nPATH=\"$HOME/bin:$PATH\"\nexport C=$A\n";
    let aliases = "alias g=git\n";
    let files = [(".bashrc", rc), (".profile", profile), (".bash_aliases", aliases)];
    let (sandbox, said, config) = import(&files);
    assert!(said.contains("lifted: ~/.bashrc to programs.bash"), "{said}");
    assert!(said.contains("lifted: ~/.profile to programs.bash"), "{said}");
    assert!(config.contains("aliases ll=\"ls -l\" gs=\"git status -sb\" w=\"=ls\""), "{config}");
    assert!(config.contains("session-variables A=\"b\" B=\"c  d\""), "{config}");
    let seen = |sandbox: &Sandbox, how: &str| {
        let what = "alias; declare -px | grep -vE ' (_|SHLVL|OLDPWD)='; shopt; set -o; declare -f; echo $HISTSIZE \"$PS1\"";
        judge("bash", &[how, what], sandbox)
    };
    let all = |sandbox: &Sandbox| (seen(sandbox, "-ic"), seen(sandbox, "-lc"));
    let before = all(&sandbox);
    if before.0.is_none() {
        return;
    }
    assert!(before.0.as_ref().is_some_and(|own| own.contains("alias ll='ls -la'")), "{before:?}");
    apply(&sandbox);
    assert_eq!(all(&sandbox), before, "{config}");
    let ran = sandbox.run(&["compile"]).well();
    assert!(!ran.stdout.contains(".bash_profile"), "{}", ran.stdout);
}

#[test]
fn an_alias_behind_what_may_hide_it_stays_where_it_is_and_the_line_is_named() {
    let rc = "# mine\ncase $- in\n    *i*) ;;\n      *) return;;\nesac\nalias ll='ls -l'\n";
    let (_sandbox, said, _) = import(&[(".bashrc", rc), (".zshenv", ". ~/.env\nexport A=b\n")]);
    let why =
        "not lifted: ~/.bashrc: stays a file: what follows line 2, `case $- in`, may depend on it";
    assert!(said.contains(why), "{said}");
    let why =
        "not lifted: ~/.zshenv: stays a file: what follows line 1, `. ~/.env`, may depend on it";
    assert!(said.contains(why), "{said}");
}

#[test]
fn what_a_file_says_once_is_said_once() {
    let toml = "[font]\nsize = 11.0\n[font.normal]\nfamily = \"Fira Code\"\nstyle = \"Regular\"\n";
    let ssh =
        "Match host *.lan exec \"test -f /nowhere/x\"\n  User root\nMatch host *.lan\n  User me\n";
    let files = [(".config/alacritty/alacritty.toml", toml), (".ssh/config", ssh)];
    let (sandbox, said, config) = import(&files);
    assert!(said.contains("lifted: ~/.config/alacritty/alacritty.toml"), "{said}");
    assert!(said.contains("lifted: ~/.ssh/config"), "{said}");
    assert_eq!(config.matches("font").count(), 1, "{config}");
    assert_eq!(config.matches("test -f /nowhere/x").count(), 1, "{config}");
    assert!(config.contains("block \"match-1\" "), "{config}");
    let seen = |sandbox: &Sandbox| {
        let path = sandbox.home(".ssh/config");
        judge("ssh", &["-G", "-F", &path.to_string_lossy(), "a.lan"], sandbox)
    };
    let Some(before) = seen(&sandbox) else { return };
    assert!(before.contains("user me"), "{before}");
    apply(&sandbox);
    assert_eq!(seen(&sandbox), Some(before), "{config}");
}
