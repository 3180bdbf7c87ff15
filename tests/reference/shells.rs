//! The session, the three shells, and what they call.

use std::collections::BTreeMap;

use serde_json::json;

use crate::home::{Home, installed};
use crate::{parsed, reference};

/// Aliases of every shell.
const ALIASES: &[(&str, &str)] = &[
    ("g", "git"),
    ("gs", "git status -sb"),
    ("gd", "git diff"),
    ("gl", "git log --oneline --graph --all"),
    ("ll", "ls -lah"),
    ("la", "ls -A"),
    ("..", "cd .."),
    ("...", "cd ../.."),
    ("k", "kubectl"),
    ("tf", "terraform"),
    // `viAlias` and `vimAlias`, which Home Manager makes programs of.
    ("vi", "nvim"),
    ("vim", "nvim"),
];

/// The home, with programs that the shells call: each says to a shell that it was asked.
fn home() -> Home {
    let home = reference();
    let says = |name: &str, variable: &str| {
        let fish = format!("case \"$*\" in *fish*) echo 'set -g {variable} fish' ;;");
        home.stand_in(name, &format!("{fish} *) echo {variable}=yes ;; esac"));
    };
    says("starship", "HAS_STARSHIP");
    says("direnv", "HAS_DIRENV");
    says("fzf", "HAS_FZF");
    home.stand_in("gpgconf", "echo /run/agent/S.gpg-agent.ssh");
    home.stand_in("gpg-connect-agent", "exit 0");
    home
}

/// What a shell prints. What it says to a terminal that is none does not count.
#[track_caller]
fn says(home: &Home, shell: &str, arguments: &[&str]) -> String {
    let mut command = home.command("timeout");
    command.args(["20", shell]).args(arguments).env("TERM", "xterm");
    crate::home::said(&mut command).ok()
}

fn aliases(own: (&str, &str), more: &[(&str, &str)]) -> BTreeMap<String, String> {
    let all = ALIASES.iter().chain(more).chain([&own]);
    all.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// `name=value` lines. Debian's name of `bat` is no part of what home.nix says.
fn pairs(text: &str) -> BTreeMap<String, String> {
    let pairs = text.lines().filter_map(|line| line.split_once('='));
    let all = pairs.map(|(name, value)| (name.to_owned(), value.to_owned()));
    all.filter(|(name, _)| !matches!(&**name, "bat" | "run-help" | "which-command")).collect()
}

#[test]
fn every_shell_has_the_session() {
    let home = home();
    let at = home.path();
    let wanted: Vec<(&str, String)> = [
        ("LANG", "en_US.UTF-8"),
        ("EDITOR", "nvim"),
        ("VISUAL", "nvim"),
        ("PAGER", "less"),
        ("LESS", "-FRX"),
        ("MANWIDTH", "100"),
        ("GOPATH", "~/go"),
        ("CARGO_HOME", "~/.cargo"),
        ("RUSTUP_HOME", "~/.rustup"),
        ("NPM_CONFIG_PREFIX", "~/.npm-global"),
        ("PYTHONDONTWRITEBYTECODE", "1"),
        ("RIPGREP_CONFIG_PATH", "~/.config/ripgrep/config"),
        ("DOCKER_BUILDKIT", "1"),
        ("HISTIGNORE", "ls:cd:exit"),
        ("FZF_DEFAULT_COMMAND", "fd --type f"),
        ("FZF_DEFAULT_OPTS", "--height 40% --border"),
        ("XDG_CONFIG_HOME", "~/.config"),
        ("XDG_DATA_HOME", "~/.local/share"),
        ("XDG_STATE_HOME", "~/.local/state"),
        ("XDG_CACHE_HOME", "~/.cache"),
        ("XDG_DESKTOP_DIR", "~/Desktop"),
        ("XDG_DOCUMENTS_DIR", "~/Documents"),
        ("XDG_DOWNLOAD_DIR", "~/Downloads"),
        ("XDG_MUSIC_DIR", "~/Music"),
        ("XDG_PICTURES_DIR", "~/Pictures"),
        ("XDG_PUBLICSHARE_DIR", "~/Public"),
        ("XDG_TEMPLATES_DIR", "~/Templates"),
        ("XDG_VIDEOS_DIR", "~/Videos"),
    ]
    .map(|(name, value)| (name, value.replacen('~', at.as_str(), 1)))
    .to_vec();
    let shells: [(&str, &[&str]); 4] = [
        ("sh", &["-c", ". ~/.profile; env"]),
        ("bash", &["-lc", "env"]),
        ("zsh", &["-c", "env"]),
        ("fish", &["-c", "env"]),
    ];
    for (shell, arguments) in shells {
        if !installed(shell) {
            continue;
        }
        let found = pairs(&says(&home, shell, arguments));
        for (name, value) in &wanted {
            assert_eq!(found.get(*name), Some(value), "{shell}: {name}");
        }
        let front = format!("{at}/.local/bin:{at}/go/bin:{at}/.cargo/bin:");
        assert!(found["PATH"].starts_with(&front), "{shell}: {}", found["PATH"]);
    }
}

#[test]
fn zsh_is_set_up() {
    if !installed("zsh") {
        return;
    }
    let home = home();
    home.write(".oh-my-zsh/oh-my-zsh.sh", "OMZ=\"$ZSH_THEME: $plugins\"\n");
    home.write(".zshrc.local", "LAST=\"$HAS_STARSHIP $LOADED_ZSHENV\"\n");
    let zsh = |line: &str| says(&home, "zsh", &["-ic", line]);
    let list = zsh("for name in ${(k)aliases}; print -r -- \"$name=$aliases[$name]\"");
    let more = [("path", r"echo $PATH | tr : '\n'")];
    assert_eq!(pairs(&list), aliases(("reload", "exec zsh"), &more));
    let history = zsh(
        "print $HISTSIZE $SAVEHIST; print -l $options[sharehistory] $options[extendedhistory] $options[histignoredups] $options[beep]",
    );
    assert_eq!(history, "50000 50000\non\non\non\noff\n");
    assert_eq!(zsh("bindkey -lL main"), "bindkey -A viins main\n");
    assert_eq!(zsh("print $OMZ"), "robbyrussell: git docker kubectl sudo z\n");
    assert_eq!(zsh("print $+builtins[zprof]"), "1\n", "zsh/zprof is loaded");
    assert_eq!(zsh("print $LAST"), "yes 1\n", "~/.zshrc.local is read behind all else");
    assert_eq!(zsh("print $HAS_DIRENV $SSH_AUTH_SOCK"), "yes /run/agent/S.gpg-agent.ssh\n");
    assert_eq!(says(&home, "zsh", &["-lc", "print $LOADED_ZPROFILE"]), "1\n");
    let text = home.read(".zshrc");
    assert_eq!(text.lines().next(), Some("zmodload zsh/zprof"), "before all else");
    for plugin in ["zsh-autosuggestions", "zsh-syntax-highlighting"] {
        let file = format!("/usr/share/{plugin}/{plugin}.zsh");
        assert!(text.contains(&format!("source {file}")), "{file}, where Debian puts it");
    }
}

#[test]
fn bash_is_set_up() {
    if !installed("bash") {
        return;
    }
    let home = home();
    let bash = |line: &str| says(&home, "bash", &["-ic", line]);
    let list = bash(
        r#"for name in "${!BASH_ALIASES[@]}"; do printf '%s=%s\n' "$name" "${BASH_ALIASES[$name]}"; done"#,
    );
    assert_eq!(pairs(&list), aliases(("reload", "exec bash"), &[]));
    assert_eq!(
        bash("echo $HISTSIZE $HISTCONTROL $HISTIGNORE"),
        "20000 ignoredups:erasedups ls:cd:exit\n"
    );
    let set = bash("shopt histappend checkwinsize extglob globstar; shopt -o vi");
    assert!(set.lines().count() == 5 && set.lines().all(|line| line.ends_with("on")), "{set}");
    assert_eq!(bash("echo $HAS_STARSHIP $HAS_DIRENV $HAS_FZF"), "yes yes yes\n");
    let mask = says(&home, "sh", &["-c", "umask 077; exec bash -lc umask"]);
    assert_eq!(mask, "0022\n");
    // readline's own file, as bash reads it.
    let keys = bash("bind -v");
    for set in ["editing-mode vi", "show-all-if-ambiguous on", "completion-ignore-case on"] {
        assert!(keys.contains(&format!("set {set}\n")), "{set} in {keys}");
    }
}

#[test]
fn fish_is_set_up() {
    if !installed("fish") {
        return;
    }
    let home = home();
    let fish = |line: &str| says(&home, "fish", &["-ic", line]);
    let words = fish("abbr --show");
    for (name, value) in
        [("gco", "git checkout"), ("gcm", "git commit -m"), ("dc", "docker compose")]
    {
        assert!(words.contains(&format!("-- {name} '{value}'")), "{name} in {words}");
    }
    for (name, value) in ALIASES {
        let text = fish(&format!("functions -D -v -- {name}"));
        assert!(text.contains(value), "{name}: {text}");
    }
    let at = home.path();
    assert_eq!(fish("mkcd a/b; pwd"), format!("{at}/a/b\n"));
    assert_eq!(fish("fish_greeting"), "");
    assert_eq!(fish("echo $fish_key_bindings $fish_color_command"), "fish_vi_key_bindings blue\n");
    assert_eq!(fish("echo $HAS_STARSHIP $HAS_DIRENV $HAS_FZF"), "fish fish fish\n");
}

#[test]
fn starship_and_direnv_are_set_up() {
    if !installed("python3") || !installed("bash") {
        return;
    }
    let home = home();
    assert_eq!(
        parsed(&home, "toml", ".config/starship.toml"),
        json!({
            "add_newline": false, "command_timeout": 1000,
            "character": {"success_symbol": "[>](bold green)", "error_symbol": "[x](bold red)"},
            "git_branch": {"symbol": "git "},
            "directory": {"truncation_length": 4, "truncate_to_repo": false},
            "nodejs": {"disabled": true},
            "kubernetes": {"disabled": false, "format": "[$context]($style) "},
        })
    );
    assert_eq!(
        parsed(&home, "toml", ".config/direnv/direnv.toml"),
        json!({"global": {"hide_env_diff": true, "warn_timeout": "30s"}})
    );
    let line =
        ". ~/.config/direnv/direnvrc && . ~/.config/direnv/lib/*.sh && layout_poetry; echo $?";
    assert_eq!(home.run("bash", &["-c", line]).clean(), "0\n");
    let nix = home.read(".config/direnv/lib/hcc-nix-direnv.sh");
    assert!(nix.contains("source /usr/share/nix-direnv/direnvrc"), "{nix}");
}
