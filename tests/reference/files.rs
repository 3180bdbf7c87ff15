//! All files there are, and those of programs that are no more than their text.

use serde_json::json;

use crate::home::installed;
use crate::{parsed, reference, sorted};

/// What Home Manager makes of home.nix, by our names: nothing is missing, nothing is added.
const PATHS: &str = "
.ackrc .bash_profile .bashrc .cargo/config.toml .config/alacritty/alacritty.toml .config/bat/config .config/direnv/direnv.toml
.config/direnv/direnvrc .config/direnv/lib/hcc-nix-direnv.sh .config/fish/config.fish .config/fish/functions/fish_greeting.fish
.config/fish/functions/mkcd.fish .config/git/attributes .config/git/config .config/git/ignore .config/git/include-0
.config/gitui/key_bindings.ron .config/hcc/session.fish .config/hcc/session.sh .config/kitty/kitty.conf .config/mimeapps.list
.config/mimetypes.note .config/nvim/first.vim .config/nvim/init.lua .config/pip/pip.conf .config/ripgrep/config
.config/starship.toml .config/systemd/user/backup.service .config/systemd/user/backup.timer
.config/systemd/user/gpg-agent-ssh.socket .config/systemd/user/gpg-agent.service .config/systemd/user/gpg-agent.socket
.config/systemd/user/sockets.target.wants/gpg-agent-ssh.socket .config/systemd/user/sockets.target.wants/gpg-agent.socket
.config/systemd/user/timers.target.wants/backup.timer .config/tmux/tmux.conf .config/user-dirs.conf .config/user-dirs.dirs
.config/yamllint/config .ctags .curlrc .docker/config.json .editorconfig .gdbinit .gemrc .gnupg/gpg-agent.conf .gnupg/gpg.conf
.hushlogin .inputrc .local/bin/backup .local/bin/serve .local/share/nvim/site/pack/hcc/start/gruvbox
.local/share/nvim/site/pack/hcc/start/vim-fugitive .local/share/nvim/site/pack/hcc/start/vim-surround
.local/share/tmux/plugins/resurrect .local/share/tmux/plugins/sensible .local/share/tmux/plugins/yank .npmrc .profile .psqlrc
.sqliterc .ssh/config .wgetrc .zprofile .zshenv .zshrc
";

/// `home.packages`, and what the programs bring, as Debian calls them.
const PACKAGES: &str = "
alacritty bash bash-completion bat btop cmake curl direnv eza fd-find fish fzf gcc gh git git-delta git-lfs gnupg golang-go htop
httpie hyperfine jq kitty kubectl lazygit make neovim nodejs npm pinentry-tty python3 ripgrep rustup shellcheck shfmt starship
terraform tmux tokei tree unzip wget yq zip zsh zsh-autosuggestions zsh-syntax-highlighting
";

#[test]
fn every_file_and_package_is_there_and_no_other() {
    let home = reference();
    let document = home.documents.iter().find(|one| one.user.is_some()).expect("the user's");
    let paths: Vec<&str> = document.files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(paths, PATHS.split_whitespace().collect::<Vec<_>>());
    let mut names: Vec<&str> = document.packages.iter().map(|own| &*own.name).collect();
    names.sort_unstable();
    assert_eq!(names, PACKAGES.split_whitespace().collect::<Vec<_>>());
}

#[test]
fn literal_texts_are_as_they_were_said() {
    let home = reference();
    for (path, text) in [
        (".gemrc", "gem: --no-document\n"),
        (".sqliterc", ".headers on\n.mode column\n"),
        (".hushlogin", ""),
        (".ackrc", "--ignore-dir=node_modules\n--smart-case\n"),
        (".ctags", "--recurse=yes\n--exclude=.git\n--exclude=target\n"),
        (".gdbinit", "set history save on\nset print pretty on\n"),
        (".config/ripgrep/config", "--smart-case\n--hidden\n--glob=!.git\n"),
        (".config/mimetypes.note", "see mimeApps\n"),
        (
            ".config/gitui/key_bindings.ron",
            "(move_left: Some((code: Char('h'), modifiers: \"\")))\n",
        ),
    ] {
        assert_eq!(home.read(path), text, "{path}");
    }
    let files = home.documents.iter().flat_map(|one| &one.files);
    let mut keys = files.filter(|file| file.path.ends_with("key_bindings.ron"));
    let run = keys.next().and_then(|file| file.on_change.as_deref());
    assert_eq!(run, Some("echo reloaded > /dev/null"));
}

#[test]
fn scripts_run() {
    let home = reference();
    home.stand_in("rsync", "echo \"$@\"");
    home.stand_in("python3", "echo \"$@\"");
    let run = |name: &str, arguments: &[&str]| {
        let path = home.join(".local/bin").join(name);
        home.run(path.as_str(), arguments).clean()
    };
    assert_eq!(run("backup", &[]), format!("-a --delete {}/src/ /mnt/backup/src/\n", home.path()));
    assert_eq!(run("serve", &[]), "-m http.server 8000\n");
    assert_eq!(run("serve", &["9000"]), "-m http.server 9000\n");
}

#[test]
fn formats_hold_the_same_values() {
    if !installed("python3") {
        return;
    }
    let home = reference();
    assert_eq!(
        parsed(&home, "ini", ".editorconfig"),
        json!({
            "top": {"root": "true"},
            "*": {"indent_style": "space", "indent_size": "2", "end_of_line": "lf", "insert_final_newline": "true"},
            "Makefile": {"indent_style": "tab"},
        })
    );
    assert_eq!(
        parsed(&home, "ini", ".config/pip/pip.conf"),
        json!({"global": {"disable-pip-version-check": "true", "timeout": "30"}})
    );
    assert_eq!(
        parsed(&home, "ini", ".npmrc"),
        json!({"top": {"prefix": "${HOME}/.npm-global", "fund": "false", "audit": "false"}})
    );
    assert_eq!(
        parsed(&home, "ini", ".wgetrc"),
        json!({"top": {"timestamping": "on", "tries": "3"}})
    );
    assert_eq!(
        parsed(&home, "toml", ".cargo/config.toml"),
        json!({"build": {"jobs": 4}, "net": {"git-fetch-with-cli": true}})
    );
    assert_eq!(
        parsed(&home, "json", ".docker/config.json"),
        json!({"psFormat": "table {{.Names}}\t{{.Status}}", "detachKeys": "ctrl-q,ctrl-q"})
    );
    assert_eq!(
        parsed(&home, "json", ".config/yamllint/config"),
        json!({"extends": "default", "rules": {"line-length": {"max": 120}}})
    );
    assert_eq!(
        parsed(&home, "ini", ".config/mimeapps.list"),
        json!({"Default Applications": {
            "text/html": "firefox.desktop;",
            "x-scheme-handler/https": "firefox.desktop;",
            "application/pdf": "zathura.desktop;firefox.desktop;",
            "image/png": "imv.desktop;",
        }})
    );
    assert_eq!(
        parsed(&home, "ini", ".config/user-dirs.conf"),
        json!({"top": {"enabled": "False"}})
    );
    assert_eq!(sorted(&home.read(".curlrc")), ["--location", "--show-error", "--silent"]);
}

#[test]
fn npm_and_psql_and_sqlite_and_gdb_read_theirs() {
    let home = reference();
    if installed("npm") {
        let get = |key: &str| home.run("npm", &["config", "get", key]).ok();
        assert_eq!(get("prefix"), format!("{}/.npm-global\n", home.path()));
        assert_eq!((get("fund"), get("audit")), ("false\n".to_owned(), "false\n".to_owned()));
    }
    if installed("psql") {
        // It reads its file where it reaches a server: the lines are those of home.nix, in its order.
        let text = home.read(".psqlrc");
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines,
            [r"\set QUIET on", r"\pset null '(null)'", r"\timing on", r"\unset QUIET"]
        );
    }
    if installed("gdb") {
        let out = home.run("gdb", &["-batch", "-ex", "show print pretty"]).ok();
        assert!(out.contains("is on"), "{out}");
    }
    if installed("sqlite3") {
        let (file, ask) = (home.join(".sqliterc"), "select 1 as one, 2 as two;");
        let out = home.run("sqlite3", &["-init", file.as_str(), ":memory:", ask]).ok();
        let first = out.lines().next().map(|line| line.split_whitespace().collect::<Vec<_>>());
        assert_eq!(first, Some(vec!["one", "two"]), "headers, in columns: {out}");
    }
}
