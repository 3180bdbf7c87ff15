//! `--lift`: what becomes an option means to its program what the file did, as the program says.

#[path = "apply/kit.rs"]
mod kit;
mod support;

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

use kit::Sandbox;
use support::machine;

/// A home with one file, which is imported and lifted, and then applied.
struct Lifted {
    sandbox: Sandbox,
    config: String,
    said: String,
}

fn import(files: &[(&str, &str)]) -> Lifted {
    let sandbox = Sandbox::new("");
    fs::remove_dir_all(sandbox.source("")).expect("removed");
    for (path, text) in files {
        sandbox.write(path, text);
    }
    let out = sandbox.source("");
    let ran = sandbox
        .run(&[
            "import",
            "home",
            "--yes",
            "--lift",
            "--allow-secrets",
            "--out",
            &out.to_string_lossy(),
        ])
        .well();
    let config = sandbox.read_source("hcc.kdl");
    Lifted { sandbox, config, said: ran.stderr }
}

impl Lifted {
    fn apply(&self) {
        self.sandbox
            .run(&["apply", "--yes", "--no-packages", "--no-actions", "--backup", "store"])
            .well();
    }

    /// It is an option now, and no file beside the configuration.
    #[track_caller]
    fn is_lifted(&self, path: &str) {
        assert!(
            self.said.contains(&format!("lifted: ~/{path} to ")),
            "{}\n{}",
            self.said,
            self.config
        );
        assert!(!self.sandbox.source("home").join(path).exists(), "{path} is a file too");
        assert!(!self.config.contains(&format!("file \"{path}\"")), "{}", self.config);
    }

    /// It stays a file, for a reason.
    #[track_caller]
    fn stays(&self, path: &str, why: &str) {
        let word = format!("not lifted: ~/{path}: stays a file: {why}");
        assert!(self.said.contains(&word), "{word}\n{}\n{}", self.said, self.config);
        assert!(self.config.contains(&format!("file \"{path}\"")), "{}", self.config);
    }
}

/// What a program prints, or nothing where it is not installed, which is said.
fn judge(program: &str, arguments: &[&str], sandbox: &Sandbox) -> Option<String> {
    let mut command = Command::new(program);
    command.args(arguments).env_clear().current_dir(sandbox.home(""));
    command.env("HOME", sandbox.home("")).env("PATH", "/usr/bin:/bin").env("TERM", "xterm");
    match command.output() {
        Ok(output) => {
            assert!(
                output.status.success(),
                "{program}: {}",
                String::from_utf8_lossy(&output.stderr)
            );
            Some(String::from_utf8_lossy(&output.stdout).into_owned())
        }
        Err(_) => {
            eprintln!("skipped: {program} is not installed");
            None
        }
    }
}

/// The values of every key, in order.
fn git(sandbox: &Sandbox, path: &str) -> Option<BTreeMap<String, Vec<String>>> {
    let path = sandbox.home(path);
    let text =
        judge("git", &["config", "--file", &path.to_string_lossy(), "--list", "-z"], sandbox)?;
    let mut keys: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for pair in text.split('\0').filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('\n').unwrap_or((pair, "<none>"));
        keys.entry(key.to_owned()).or_default().push(value.to_owned());
    }
    Some(keys)
}

const GITCONFIG: &str = r#"# mine
[user]
	name = Alice Example
	email = alice@example.org ; a comment
	signingkey = ~/.ssh/id.pub
[alias]
	co = checkout
	lg = "log --graph --pretty='%h \"%s\"'"
	root = !git rev-parse \
--show-toplevel
[core]
	editor = nvim
	quotePath = false
	excludesfile = "~/my # ignore"
[url "git@github.com:"]
	insteadOf = https://github.com/
	insteadOf = gh:
[filter "lfs"]
	clean = git-lfs clean -- %f
	required = true
[credential]
	helper = cache --timeout=3600
	helper =
[includeIf "gitdir:~/work/"]
	path = ~/work/gitconfig
"#;

#[test]
fn git_reads_the_same_from_what_is_generated() {
    for path in [".gitconfig", ".config/git/config"] {
        let lifted = import(&[(path, GITCONFIG)]);
        lifted.is_lifted(path);
        assert!(
            lifted.config.contains("user name=\"Alice Example\" email=\"alice@example.org\""),
            "{}",
            lifted.config
        );
        let Some(before) = git(&lifted.sandbox, path) else { return };
        let seen = lifted.sandbox.outside();
        lifted.apply();
        assert!(lifted.sandbox.is_ours(path), "at the same path");
        assert_eq!(git(&lifted.sandbox, path), Some(before));
        lifted.sandbox.run(&["uninstall", "--yes"]).well();
        lifted.sandbox.outside().is(&seen);
    }
}

#[test]
fn whatever_git_writes_means_the_same_once_it_is_lifted() {
    let values = [
        "plain",
        "with space",
        " around ",
        "tab\there",
        "quote\"d",
        "back\\slash",
        "a # b",
        "a ; b",
        "",
        "true",
        "yes",
        "0600",
        "12",
        "-1",
        "new\nline",
        "ünï",
        "{{ x }}",
        "$HOME/x",
        "!sh -c 'a'",
        "#start",
        "(f)x",
        "\u{7f}",
        "'",
        "a=b",
    ];
    let keys = [
        "core.editor",
        "alias.x",
        "alias.Y",
        "user.name",
        "user.email",
        "url.a b.insteadOf",
        "url.q\"x\\y.insteadOf",
        "Section.Key",
        "s-1.k-2",
        "remote.o.fetch",
        "commit.gpgSign",
    ];
    // A sequence that looks at every pair in few runs, the same each time.
    let mut count = 0;
    for round in 0..24_usize {
        let sandbox = Sandbox::new("");
        let path = sandbox.home(".gitconfig");
        let path = path.to_string_lossy();
        for (at, key) in keys.iter().enumerate() {
            let value = values[(at * 7 + round) % values.len()];
            if judge("git", &["config", "--file", &path, "--add", key, value], &sandbox).is_none() {
                return;
            }
        }
        let text = sandbox.read(".gitconfig");
        let lifted = import(&[(".gitconfig", &text)]);
        count += usize::from(lifted.said.contains("lifted: ~/.gitconfig"));
        let before = git(&lifted.sandbox, ".gitconfig");
        lifted.apply();
        assert_eq!(
            git(&lifted.sandbox, ".gitconfig"),
            before,
            "{text}\n{}\n{}",
            lifted.config,
            lifted.said
        );
    }
    assert_eq!(count, 24, "all of them can be said");
}

#[test]
fn ssh_reads_the_same_from_what_is_generated() {
    let text = "Include ~/.ssh/more\nAddKeysToAgent yes\n\nHost gh github.com\n  HostName github.com\n  User = git\n  \
                IdentityFile ~/.ssh/a\n  IdentityFile \"~/.ssh/with space\"\n  IdentitiesOnly yes\n\nHost db !web *.example.org\n  \
                LocalForward 5432 localhost:5432\n  SendEnv LANG LC_*\n  SetEnv A=b C=\"d e\"\n  Port 2222\n\n\
                Match host vpn exec \"true\"\n  User root\n\nHost *\n  ServerAliveInterval 60\n  \
                Ciphers aes256-ctr,aes128-ctr\n  ProxyCommand none\n";
    let lifted = import(&[(".ssh/config", text), (".ssh/more", "")]);
    lifted.is_lifted(".ssh/config");
    let config = lifted.sandbox.home(".ssh/config");
    let hosts = ["gh", "db", "x.example.org", "web", "vpn", "other"];
    let seen = |sandbox: &Sandbox| -> Option<Vec<String>> {
        let config = config.to_string_lossy();
        hosts.iter().map(|host| judge("ssh", &["-G", "-F", &config, host], sandbox)).collect()
    };
    let Some(before) = seen(&lifted.sandbox) else { return };
    lifted.apply();
    assert_eq!(seen(&lifted.sandbox), Some(before), "{}", lifted.config);
}

#[test]
fn tmux_reads_the_same_from_what_is_generated() {
    let text = "# prefix\nunbind C-b\nset -g prefix C-a\nbind C-a send-prefix\nset -g mouse on\nset -sg escape-time 0\n\
                setw -g mode-keys vi\nset-option -g base-index 1\nset -g status-style \"bg=#333333,fg=white\"  # dark\n\
                set -g history-limit 50000\nbind | split-window -h -c \"#{pane_current_path}\"\nbind -n M-h select-pane -L\n\
                bind -r H resize-pane -L 5\n# more\nset -ga status-right ' x'\nset -g @plugin 'a b'\n\n# colours\nset -as terminal-overrides ',xterm*:Tc'\n\
                set -g @plugin 'c d'\nset -g terminal-overrides ',*:RGB'\n# bells\nset -g bell-action none\nbind x kill-pane\n\
                bind -T copy-mode-vi v send -X begin-selection\nset -g status-r 'short'\nset -g renumber-windows on\n\
                if-shell true {\n  set -g status off\n}\nset -g display-time 77\n";
    let lifted = import(&[(".tmux.conf", text)]);
    lifted.is_lifted(".tmux.conf");
    assert!(lifted.config.contains("mouse #true"), "{}", lifted.config);
    // What a line that stays does not change is read behind it too.
    let (options, lines) = lifted.config.split_once("extra-config").expect("lines that stay");
    for option in ["\"@plugin\" \"a b\"", "bell-action", "renumber-windows"] {
        assert!(options.contains(option), "{option}: {}", lifted.config);
    }
    for line in [
        "bind -r H resize-pane -L 5",
        "# more\n",
        "set -ga status-right ' x'",
        "set -g @plugin 'c d'",
        // It takes back what was added, or is cut short, so that it may.
        "set -g terminal-overrides ',*:RGB'",
        "set -g status-r 'short'",
        // Another spelling of a key that is bound above might be the same key.
        "bind x kill-pane",
        "bind -T copy-mode-vi v send -X begin-selection",
        // Nobody knows what happens in between.
        "set -g display-time 77",
    ] {
        assert!(lines.contains(line), "{line}: {}", lifted.config);
    }
    // A server that ends may still be there when the next one begins.
    let seen = |sandbox: &Sandbox, socket: &str| -> Option<String> {
        let (socket, file) = (sandbox.root().join(socket), sandbox.home(".tmux.conf"));
        let (socket, file) = (socket.to_string_lossy(), file.to_string_lossy());
        let arguments = [
            "-S",
            &socket,
            "-f",
            &file,
            "new-session",
            "-d",
            ";",
            "show",
            "-g",
            ";",
            "show",
            "-s",
            ";",
            "show",
            "-gw",
            ";",
            "list-keys",
            ";",
            "kill-server",
        ];
        judge("tmux", &arguments, sandbox)
    };
    let Some(before) = seen(&lifted.sandbox, "before") else { return };
    assert!(before.contains("prefix C-a"), "{before}");
    lifted.apply();
    assert_eq!(seen(&lifted.sandbox, "after"), Some(before), "{}", lifted.config);
}

#[test]
fn zsh_has_the_same_aliases_variables_options_and_functions() {
    let rc = "# mine\nexport EDITOR=nvim\nbindkey -e\nsetopt extended_glob no_beep\nHISTSIZE=77\nPROMPT='%~ %# '\n\n# aliases\n\
              alias ll='ls -l'\nalias gs=\"git status -sb\"\nalias -g L='| less'\nalias ..='cd ..'\n\n\
              [ -f ~/.none ] && source ~/.none\nf() { ll }\nif true; then\n    alias inner='echo $HOME'\nfi\nalias ll='ls -la'\n";
    let env = "export A=b\nexport B='c  d'\npath=(~/bin $path)\nexport C=$A\n";
    let lifted = import(&[(".zshrc", rc), (".zshenv", env)]);
    lifted.is_lifted(".zshrc");
    lifted.is_lifted(".zshenv");
    assert!(
        lifted.config.contains("aliases ll=\"ls -l\" gs=\"git status -sb\""),
        "{}",
        lifted.config
    );
    let seen = |sandbox: &Sandbox| {
        let what = "alias -L; typeset -x | grep -vE '^(_|SHLVL|OLDPWD)='; setopt; functions f; print $HISTSIZE $PROMPT $path; bindkey '^A'";
        judge("zsh", &["-ic", what], sandbox)
    };
    let Some(before) = seen(&lifted.sandbox) else { return };
    assert!(before.contains("alias ll='ls -la'"), "{before}");
    lifted.apply();
    assert_eq!(seen(&lifted.sandbox), Some(before), "{}", lifted.config);
}

#[test]
fn toml_keeps_every_value() {
    let text = "import = [\"~/x.toml\"]\nempty = []\n[window]\nopacity = 0.9\npadding = { x = 1, y = 2 }\n[font]\nsize = 12\n\
                normal = { family = \"Fira Code\" }\n[[keyboard.bindings]]\nkey = \"A\"\nchars = \"\\u001b[A\"\n\
                [[keyboard.bindings]]\nkey = \"null\"\nwhen = [[1, 2], [3]]\n[\"od d\".\"x.y\"]\n\"(a)\" = true\n";
    let path = ".config/alacritty/alacritty.toml";
    let lifted = import(&[(path, text)]);
    lifted.is_lifted(path);
    lifted.apply();
    let read = |text: &str| -> toml::Table { toml::from_str(text).expect("TOML") };
    let text = text.replace("size = 12", "size = 12.0");
    assert_eq!(read(&lifted.sandbox.read(path)), read(&text), "{}", lifted.config);
}

#[test]
fn what_a_configuration_cannot_say_stays_a_file_with_the_reason() {
    for (path, text, why) in [
        (".gitconfig", "[core]\n\tbare\n", "line 3: `bare` has no value"),
        (".gitconfig", "[a.b]\n\tc = d\n", "line 1: a subsection in its old spelling"),
        (".gitconfig", "[a]\n\tb = \"c\n", "line 3: a quote without its end"),
        (
            ".gitconfig",
            "[include]\n\tpath = x\n[user]\n\tname = A\n[include]\n\tpath = y\n",
            "what hcc would generate means something else",
        ),
        (".ssh/config", "Host a\n  User b\nHost a\n  Port 1\n", "line 3: `a` is the second block"),
        (
            ".ssh/config",
            "Host *\n  User b\nHost a\n  User c\n",
            "what hcc would generate means something else",
        ),
        (
            ".zshrc",
            "if true; then\nalias a=b\nfi\n",
            "what follows line 1, `if true; then`, may depend on it",
        ),
        (".zshrc", "f() {\n  alias a=b\n}\n", "what follows line 1, `f() {`, may depend on it"),
        (".zshrc", "cat <<X\nalias a=b\nX\n", "what follows line 1, `cat <<X`, may depend on it"),
        (".zshrc", "alias a=$HOME\n", "no line of it is one that hcc knows as an option"),
        (".config/starship.toml", "a = \n", "line 1"),
        (
            ".config/starship.toml",
            "[a]\n\"-\" = 1\n",
            "what hcc would generate means something else",
        ),
        (".config/starship.toml", "day = 2020-01-01\n", "`day` holds a date"),
        (
            ".tmux.conf",
            "if-shell true { set -g mouse on }\n",
            "no line of it is one that hcc knows as an option",
        ),
    ] {
        let lifted = import(&[(path, text)]);
        lifted.stays(path, why);
        lifted.apply();
        assert_eq!(lifted.sandbox.read(path), text);
    }
}

#[test]
fn an_order_that_means_something_is_kept_or_nothing_is_lifted() {
    // The aliases behind stand where they stood, and what is said twice is said twice.
    let rc = "alias a=1\nalias a=2\nunalias a\nalias a=3\n";
    let lifted = import(&[(".zshrc", rc)]);
    lifted.apply();
    let lines: Vec<String> = lifted
        .sandbox
        .read(".zshrc")
        .lines()
        .map(|line| line.replace("-- ", "").replace('\'', ""))
        .collect();
    assert_eq!(
        lines.iter().map(String::as_str).collect::<Vec<_>>(),
        rc.lines().collect::<Vec<_>>()
    );
}

#[test]
fn two_files_of_one_program_are_one_block_and_the_other_place_stays_a_file() {
    let lifted = import(&[
        (".gitconfig", "[user]\n\tname = A\n"),
        (".config/git/config", "[user]\n\temail = b\n"),
        (".config/git/ignore", "# mine\n*.swp\n.DS_Store\n"),
    ]);
    lifted.is_lifted(".config/git/config");
    lifted.is_lifted(".config/git/ignore");
    assert!(
        lifted.said.contains(
            "~/.gitconfig: stays a file: `programs.git` says ~/.config/git/config already"
        ),
        "{}",
        lifted.said
    );
    assert_eq!(lifted.config.matches("git {").count(), 1, "{}", lifted.config);
    let before = git(&lifted.sandbox, ".config/git/config");
    lifted.apply();
    assert_eq!(git(&lifted.sandbox, ".config/git/config"), before);
    assert_eq!(lifted.sandbox.read(".gitconfig"), "[user]\n\tname = A\n");
}

#[test]
fn a_lifted_shell_gets_nothing_from_its_lifted_neighbours() {
    let lifted = import(&[
        (".zshrc", "eval \"$(starship init zsh)\"\nalias a=b\n"),
        (".config/starship.toml", "add_newline = false\n"),
    ]);
    lifted.is_lifted(".zshrc");
    lifted.is_lifted(".config/starship.toml");
    assert!(lifted.config.contains("enable-zsh-integration #false"), "{}", lifted.config);
    lifted.apply();
    assert_eq!(
        lifted.sandbox.read(".zshrc"),
        "eval \"$(starship init zsh)\"\nalias -- a='b'\n".replace("'b'", "b")
    );
}

#[test]
fn a_stow_repository_is_lifted_module_by_module() {
    let sandbox = Sandbox::new("");
    for (path, text) in [
        ("dots/git/.gitconfig", "[user]\n\tname = A\n"),
        ("dots/git/.config/git/ignore", "*.swp\n"),
        ("dots/git/.config/git/other", "x\n"),
        ("dots/term/.config/alacritty/alacritty.toml", "[window]\nopacity = 0.5\n"),
        ("dots/zsh/.zshrc", "if true; then :; fi\n"),
    ] {
        sandbox.write(path, text);
    }
    let ran = sandbox.run(&["import", "stow", "dots", "--lift"]).well();
    let config = sandbox.read("dots/hcc.kdl");
    assert!(ran.stderr.contains("lifted: ~/.gitconfig to programs.git"), "{}", ran.stderr);
    assert!(
        ran.stderr
            .contains("~/.zshrc: stays a file: no line of it is one that hcc knows as an option"),
        "{}",
        ran.stderr
    );
    assert!(config.contains("{ except \"/ignore\" }"), "{config}");
    assert!(!config.contains("file \".config/alacritty\""), "{config}");
    let dots = sandbox.home("dots");
    let dots = dots.to_string_lossy();
    let check = sandbox.run(&["check", "--config", &dots]).well();
    assert!(!check.stderr.contains("warning"), "{}", check.stderr);
    sandbox.run(&["apply", "--yes", "--no-packages", "--config", &dots]).well();
    assert_eq!(sandbox.read(".config/git/ignore"), "*.swp\n");
    assert_eq!(sandbox.read(".config/git/other"), "x\n");
    assert_eq!(sandbox.read(".zshrc"), "if true; then :; fi\n");
    assert!(sandbox.is_ours(".gitconfig"));
}

#[test]
fn a_folder_with_an_exception_has_one_more_for_what_is_lifted_from_it() {
    let sandbox = Sandbox::new("");
    for (path, text) in [
        ("dots/git/.config/git/config", "[user]\n\tname = A\n"),
        ("dots/git/.config/git/.gitignore", "stow leaves it out\n"),
        ("dots/git/.config/git/other", "x\n"),
    ] {
        sandbox.write(path, text);
    }
    sandbox.run(&["import", "stow", "dots", "--lift"]).well().says("lifted: ~/.config/git/config");
    let config = sandbox.read("dots/hcc.kdl");
    assert!(config.contains("except \".gitignore\" \"/config\""), "{config}");
    sandbox.run(&["apply", "--yes", "--no-packages", "--config", "dots"]).well();
    assert_eq!(sandbox.read(".config/git/other"), "x\n");
    assert!(sandbox.is_ours(".config/git/config"));
    assert!(!sandbox.home(".config/git/.gitignore").exists());
}

#[test]
fn a_file_that_only_its_owner_may_read_stays_one_unless_its_program_wants_it_so() {
    use std::os::unix::fs::PermissionsExt;
    let sandbox = Sandbox::new("");
    fs::remove_dir_all(sandbox.source("")).expect("removed");
    for (path, text) in [
        (".gitconfig", "[user]\n\tname = Alice\n"),
        (".ssh/config", "Host nas\n  User root\n"),
        (".tmux.conf", "set -g mouse on\n"),
    ] {
        sandbox.write(path, text);
        let mode = fs::Permissions::from_mode(if path == ".tmux.conf" { 0o644 } else { 0o600 });
        fs::set_permissions(sandbox.home(path), mode).expect("a mode");
    }
    let out = sandbox.source("");
    sandbox
        .run(&["import", "home", "--yes", "--lift", "--out", &out.to_string_lossy()])
        .well()
        .says("not lifted: ~/.gitconfig: stays a file: only you may read it")
        .says("lifted: ~/.tmux.conf to programs.tmux")
        .says("lifted: ~/.ssh/config to programs.ssh")
        .says("note: ~/.ssh/config: only you may read what is there now");
    assert!(!sandbox.read_source("hcc.kdl").contains("Alice"));
    let copy = fs::metadata(sandbox.source("home/.gitconfig")).expect("a copy");
    assert_eq!(copy.permissions().mode() & 0o777, 0o600);
}

/// What readers stumble over, in any order.
fn odd_text() -> impl proptest::strategy::Strategy<Value = String> {
    use proptest::prelude::*;
    let part = prop_oneof![
        Just("[a \"b"),
        Just("]"),
        Just("[include]"),
        Just("\n"),
        Just("\r\n"),
        Just("\""),
        Just("'"),
        Just("\\"),
        Just("\\\n"),
        Just("#"),
        Just(";"),
        Just(" = "),
        Just("="),
        Just("\t"),
        Just(" "),
        Just("Host "),
        Just("Match "),
        Just("SetEnv A"),
        Just("alias a="),
        Just("alias -g "),
        Just("export "),
        Just("set -g "),
        Just("bind "),
        Just("unbind "),
        Just("{"),
        Just("}"),
        Just("$("),
        Just(")"),
        Just("<<X"),
        Just("key"),
        Just("value"),
        Just("é"),
        Just("\u{feff}"),
        Just("set "),
        Just("0"),
        Just("true"),
    ];
    proptest::collection::vec(part, 0..40).prop_map(|parts| parts.concat())
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(400))]

    #[test]
    fn no_text_stops_a_reader_and_what_is_read_twice_is_the_same(text in odd_text()) {
        static SHELF: std::sync::OnceLock<hcc::import::lift::Shelf> = std::sync::OnceLock::new();
        let shelf = SHELF.get_or_init(|| {
            let session = hcc::cli::session::Session::shelf(machine());
            hcc::import::lift::Shelf::new(&session.program.schema)
        });
        assert!(shelf.places.len() > 10);
        for place in &shelf.places {
            let read = |text: &str| place.read(text.as_bytes());
            if let (Ok(said), Some(at)) = (read(&text), place.at.first()) {
                assert!(read(&text).is_ok_and(|again| again.same(&said)), "{text:?}");
                for style in [hcc::import::lift::Style::Typed, hcc::import::lift::Style::Free] {
                    let _said = place.say(at, &said, style);
                }
            }
        }
    }
}
