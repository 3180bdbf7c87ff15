//! What the files look like: real ones, as their programs want to read them.

use hcc::emit::Params;

use crate::kit::{file, has, params, run, value, write};

fn check(name: &str, format: &str, said: &[(&str, &[&str])], source: &str) -> String {
    check_with(name, format, &params(said), source)
}

fn check_with(name: &str, format: &str, params: &Params, source: &str) -> String {
    let text = write(format, &value(source), params).unwrap().text;
    let params: String = params
        .list
        .iter()
        .map(|said| format!("{}\n", serde_json::to_string(said).unwrap()))
        .collect();
    let shown = format!("{format}\n{params}{}\n---\n{text}", source.trim());
    insta::with_settings!({ snapshot_path => "snapshots", prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!(name, shown);
    });
    text
}

#[test]
fn trees() {
    check(
        "starship",
        "toml",
        &[],
        r##"{
        "add_newline": false, "character": {"success_symbol": "[➜](bold green)", "error_symbol": "[✗](red)"},
        "aws": {"disabled": true}, "format": "$all", "custom": {"a": {"when": "test -d \".git\""}, "b": {}},
        "languages": [{"name": "rust", "args": ["--x", "y z"], "server": {"cmd": "ra"}}, {"name": "c", "indent": {"unit": "\t"}}],
        "keys": [["a", {"b": 1}], []], "script": "line one\nline two\n", "path": "C:\\x", "timeout": 1.0,
        "colors": ["a long list of colours", "which does not fit on one line", "of ninety characters or so", "#282828"],
        "a.b": {"c d": {"": 1}}}"##,
    );
    check(
        "settings",
        "json",
        &[],
        r##"{"editor.fontSize": 14, "files.exclude": {"**/.git": true}, "a": [], "b": {}, "c": [1, [2.5, null]], "d": "é\n\u001b"}"##,
    );

    check(
        "lazygit",
        "yaml",
        &[],
        r##"{
        "gui": {"theme": {"activeBorderColor": ["green", "bold"], "x": "#fff"}, "nerdFontsVersion": "3"},
        "git": {"autoFetch": false, "log": "yes", "time": "12:30", "version": "1.0", "day": "2024-01-01", "hex": "0x1F", "none": "~", "n": 1, "f": 1.0},
        "services": [{"name": "a", "ports": ["80:80", "443:443"], "env": {"A": "b"}}, {"name": "b", "empty": [], "none": {}}],
        "matrix": [[1, 2], ["a", {"b": "c", "d": [1]}]],
        "script": "set -e\n  echo \"$1\"\n\n# done\n", "tail": "no newline\nat the end", "odd": "a\tb", "long": "a long text that goes on and on, well beyond the eighty characters at which some writers fold"}"##,
    );
    check(
        "agent",
        "plist",
        &[],
        r##"{"Label": "org.example.sync", "ProgramArguments": ["/bin/sh", "-c", "a && b > \"c\""], "RunAtLoad": true,
        "KeepAlive": {"SuccessfulExit": false, "Empty": {}, "None": []}, "StartInterval": 300, "Nice": -5, "Ratio": 0.5,
        "StandardOutPath": "two\nlines", "EnvironmentVariables": {"EMPTY": ""}}"##,
    );
}

#[test]
fn lines() {
    check("ignores", "lines", &[], r##"["*.swp", "!keep", "# a comment", "/target/", ""]"##);
    check(
        "btop",
        "key-value",
        &[("separator", &[" = "]), ("quote", &["always"]), ("bool", &["True", "False"])],
        r##"{"color_theme": "gruvbox", "vim_keys": true}"##,
    );
    check(
        "kitty",
        "key-value",
        &[("separator", &[" "]), ("comment", &[]), ("repeat", &["map"]), ("bool", &["yes", "no"])],
        r##"{"font_size": 12.5, "background": "#282828", "enable_audio_bell": false, "map": ["ctrl+c copy", "ctrl+v paste"]}"##,
    );
    check(
        "environment_d",
        "key-value",
        &[("quote", &["environment.d"])],
        r##"{"EDITOR": "nvim", "LESS": "-F -R", "PRICE": "5$"}"##,
    );
    check(
        "exports",
        "shell",
        &[("export", &[])],
        r##"{"EDITOR": "nvim", "PAGER": "less -FR", "PROMPT": "it's $5", "EMPTY": "", "N": 1}"##,
    );
}

#[test]
fn ini() {
    check(
        "editorconfig",
        "ini",
        &[("separator", &[" = "])],
        r##"{"root": true, "*": {"end_of_line": "lf", "indent_size": 4}, "*.{js,ts}": {"indent_size": 2}, "Makefile": {}}"##,
    );
    check(
        "foot",
        "ini",
        &[("bool", &["yes", "no"]), ("nested", &["."])],
        r##"{"main": {"font": "Fira Code:size=11", "dpi-aware": true}, "colors": {"alpha": 0.95, "background": "282828", "regular": {"red": "cc241d"}}, "key-bindings": {"copy": ["Control+c", "Control+Insert"]}}"##,
    );
    check(
        "dunst",
        "ini",
        &[("separator", &[" = "]), ("quote", &["needed"]), ("escape", &[])],
        r##"{"global": {"font": "Monospace 10", "frame_color": "#aaaaaa", "format": "<b>%s</b>\n%b"}, "urgency_low": {"timeout": 5}}"##,
    );
    check(
        "polybar",
        "ini",
        &[("separator", &[" = "]), ("comment", &[]), ("section", &["[{name}]"])],
        r##"{"bar/top": {"background": "#222", "modules-left": "i3 date"}, "module/date": {"type": "internal/date"}}"##,
    );
    check(
        "hgrc",
        "ini",
        &[("separator", &[" = "]), ("comment", &[])],
        r##"{"ui": {"username": "Alice <alice@example.com>", "verbose": false}, "extensions": {"rebase": ""}, "alias": {"st": "status"}}"##,
    );
    check(
        "npmrc",
        "ini",
        &[],
        r##"{"registry": "https://registry.npmjs.org/", "//registry.npmjs.org/:_authToken": "${NPM_TOKEN}", "save-exact": true}"##,
    );
    check(
        "profiles",
        "ini",
        &[],
        r##"{"Profile": [{"Name": "a", "Default": 1}, {"Name": "b"}], "General": {"Version": 2}}"##,
    );
}

#[test]
fn sections_may_be_globs() {
    let config = value(r#"{"*.[ch]": {"indent_style": "tab"}}"#);
    assert!(write("ini", &config, &Params::default()).is_err());
    let mut said = params(&[("section", &["[{name}]"])]);
    said.list[0].props.insert("brackets".into(), hcc::ir::Value::Bool(true));
    assert_eq!(write("ini", &config, &said).unwrap().text, "[*.[ch]]\nindent_style=tab\n");
}

#[test]
fn git() {
    let text = check(
        "gitconfig",
        "gitconfig",
        &[],
        r##"{
        "user": {"name": "Alice", "email": "alice@example.com", "signingkey": "key::ssh-ed25519 AAAA"}, "core": {"pager": "delta", "excludesFile": "~/.ignore # 1"},
        "alias": {"lg": "log --graph --format=\"%h; %s\"", "root": "!git rev-parse \\\n --show-toplevel"},
        "url": {"git@github.com:": {"insteadOf": ["https://github.com/", "gh:"]}}, "empty": {},
        "delta": {"line-numbers": true, "a\"b\\c": {"syntax-theme": " x "}},
        "includeIf": {"gitdir:~/work/": {"path": "~/.config/git/work"}},
        "include": [{"path": "a"}, {"path": "b"}]}"##,
    );
    if has("git") {
        let (_dir, path) = file("config", &text);
        let read = |key| {
            String::from_utf8(run("git", &["config", "-f", &path, "--get-all", key], b"")).unwrap()
        };
        assert_eq!(read("url.git@github.com:.insteadOf"), "https://github.com/\ngh:\n");
        assert_eq!(read("delta.a\"b\\c.syntax-theme"), " x \n");
        assert_eq!(read("include.path"), "a\nb\n");
        assert_eq!(read("includeIf.gitdir:~/work/.path"), "~/.config/git/work\n");
    }
}

#[test]
fn ssh() {
    let said: &[(&str, &[&str])] = &[
        ("join", &[",", "Ciphers", "MACs"]),
        ("join", &[" ", "SendEnv"]),
        ("raw", &["ProxyCommand", "LocalForward"]),
        ("last", &["*"]),
    ];
    let text = check(
        "ssh_config",
        "ssh",
        said,
        r##"{
        "Include": "~/.ssh/config.d/*", "*": {"ServerAliveInterval": 60, "Ciphers": ["aes256-gcm@openssh.com", "aes128-ctr"], "HashKnownHosts": true},
        "github.com": {"User": "git", "IdentityFile": ["~/.ssh/id_ed25519", "~/my keys/id"]},
        "jump *.lan": {"ProxyCommand": "sh -c \"nc '%h' %p\"", "LocalForward": ["8080 localhost:80", "9090 localhost:90"], "SetEnv": {"LANG": "C", "NOTE": "a b"}, "SendEnv": ["LANG", "LC_*"]},
        "vpn": {"Match": "host work exec \"pgrep openvpn\"", "ForwardAgent": false},
        "multi": {"Host": ["a", "b"], "Port": 2222}}"##,
    );
    if has("ssh") {
        let (_dir, path) = file("config", &text);
        let read = String::from_utf8(run("ssh", &["-G", "-F", &path, "jump"], b"")).unwrap();
        for line in [
            "localforward 8080 [localhost]:80",
            "setenv NOTE=a b",
            "proxycommand sh -c \"nc '%h' %p\"",
            "hashknownhosts yes",
            "ciphers aes256-gcm@openssh.com,aes128-ctr",
            "sendenv LC_*",
        ] {
            assert!(read.lines().any(|other| other == line), "{line} is not in\n{read}");
        }
    }
}

#[test]
fn units() {
    let text = check(
        "sync.service",
        "systemd",
        &[],
        r##"{
        "Unit": {"Description": "Sync 100%% of it", "After": ["network.target", "a.service"]},
        "Service": {"Type": "oneshot", "Environment": ["A=b", "\"C=d e\""], "ExecStart": ["", "/bin/true $MAINPID %h"], "RemainAfterExit": true, "X-Owner": "hcc"},
        "Install": {"WantedBy": ["default.target"]}}"##,
    );
    if has("systemd-analyze") {
        let (dir, path) = file("sync.service", &text);
        let output = std::process::Command::new("systemd-analyze")
            .args(["--user", "--man=no", "--recursive-errors=no", "verify", &path])
            .env("XDG_RUNTIME_DIR", dir.path())
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let text = check(
        "editor.desktop",
        "desktop",
        &[],
        r##"{
        "Desktop Entry": {"Type": "Application", "Name": "Editor", "Name[de]": "Schreiber", "Exec": "sh -c \"echo \\$HOME\" %F", "Terminal": false,
            "MimeType": ["text/plain", "text/x-c"], "Categories": ["Utility", "TextEditor"], "Actions": ["new"], "Comment": " two\nlines"},
        "Desktop Action new": {"Name": "New", "Exec": "editor --new"}}"##,
    );
    if has("desktop-file-validate") {
        let (_dir, path) = file("editor.desktop", &text);
        run("desktop-file-validate", &[&path], b"");
    }
    check(
        "mimeapps.list",
        "desktop",
        &[],
        r##"{"Default Applications": {"text/html": ["firefox.desktop"], "x-scheme-handler/http": ["a.desktop", "b.desktop"]}}"##,
    );
}

#[test]
fn brewfile() {
    let mut said = params(&[
        ("call", &["tap"]),
        ("call", &["cask_args"]),
        ("symbol", &["link", "restart_service", "start_service"]),
        ("heading", &["tap", "Taps"]),
    ]);
    said.list[0].props.insert("positional".into(), crate::kit::string("url"));
    said.list[1].props.insert("bare".into(), hcc::ir::Value::Bool(true));
    check_with(
        "Brewfile",
        "brewfile",
        &said,
        r##"{
        "tap": {"homebrew/services": {}, "user/repo": {"url": "https://example.com/#{x}.git", "trusted": {"formula": ["a"], "Odd-Key": true}}},
        "cask_args": {"appdir": "~/Applications", "require_sha": true},
        "brew": {"git": {}, "mysql": {"restart_service": "changed", "link": false, "args": ["HEAD"]}},
        "cask": ["firefox", "raycast"], "mas": {"Xcode": {"id": 497799835}}, "vscode": ["rust-lang.rust-analyzer"], "npm": []}"##,
    );
}
