//! `programs.tmux`, `programs.alacritty`, `programs.kitty`, `programs.bat`.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::home::{Home, installed, said};
use crate::{parsed, reference};

/// A tmux server of this home, which ends with it.
struct Server(Home);

impl Server {
    #[track_caller]
    fn says(&self, arguments: &[&str]) -> String {
        let mut command = self.0.command("timeout");
        command.args(["20", "tmux", "-L", "reference"]).args(arguments);
        command.env("TMUX_TMPDIR", self.0.join("run"));
        said(&mut command).clean().trim_end().to_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let mut command = self.0.command("tmux");
        command.args(["-L", "reference", "kill-server"]).env("TMUX_TMPDIR", self.0.join("run"));
        let _gone = command.output();
    }
}

#[test]
fn tmux_has_every_option_and_runs_the_plugins() {
    if !installed("tmux") {
        return;
    }
    let home = reference();
    home.write("run/.keep", "");
    let server = Server(home);
    server.says(&["new-session", "-d", "-s", "kept"]);
    for (name, value) in [
        ("prefix", "C-a"),
        ("base-index", "1"),
        ("pane-base-index", "1"),
        ("escape-time", "10"),
        ("history-limit", "50000"),
        ("mode-keys", "vi"),
        ("status-keys", "vi"),
        ("mouse", "on"),
        ("default-terminal", "screen-256color"),
        ("status-style", "bg=default"),
        ("@resurrect-strategy-nvim", "session"),
    ] {
        assert_eq!(server.says(&["show-options", "-gAv", name]), value, "{name}");
    }
    let keys = server.says(&["list-keys", "-T", "prefix"]);
    let bound = |key: &str, command: &str| {
        keys.lines().any(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            words.ends_with(&command.split(' ').collect::<Vec<_>>())
                && words.iter().any(|word| word.trim_start_matches('\\') == key)
        })
    };
    assert!(bound("|", "split-window -h") && bound("-", "split-window -v"), "{keys}");
    assert!(bound("C-a", "send-prefix"), "{keys}");
    // Plugins run beside the server.
    let ends = Instant::now() + Duration::from_secs(10);
    for plugin in ["sensible", "yank", "resurrect"] {
        let loaded = ["show-options", "-gqv", &format!("@{plugin}-is-loaded")].map(str::to_owned);
        let loaded: Vec<&str> = loaded.iter().map(String::as_str).collect();
        while server.says(&loaded) != "yes" {
            assert!(Instant::now() < ends, "{plugin} is not loaded");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

#[test]
fn alacritty_reads_the_same_table() {
    if !installed("python3") {
        return;
    }
    let home = reference();
    assert_eq!(
        parsed(&home, "toml", ".config/alacritty/alacritty.toml"),
        json!({
            "window": {"opacity": 0.95, "padding": {"x": 6, "y": 6}, "decorations": "full"},
            "font": {"size": 11.5, "normal": {"family": "JetBrains Mono", "style": "Regular"}},
            "colors": {"primary": {"background": "#1d2021", "foreground": "#d4be98"}},
            "keyboard": {"bindings": [
                {"key": "V", "mods": "Control|Shift", "action": "Paste"},
                {"key": "C", "mods": "Control|Shift", "action": "Copy"},
            ]},
        })
    );
}

#[test]
fn kitty_has_every_option() {
    if !installed("kitty") {
        return;
    }
    let home = reference();
    let script = "
import json, os
from kitty.config import load_config
bad = []
o = load_config(os.path.expanduser('~/.config/kitty/kitty.conf'), accumulate_bad_lines=bad)
print(json.dumps({
    'bad': [str(one) for one in bad], 'family': str(o.font_family), 'size': o.font_size,
    'lines': o.scrollback_lines, 'bell': o.enable_audio_bell, 'updates': o.update_check_interval,
    'tabs': o.tab_bar_style, 'env': o.env,
    'keys': str(list(o.keymap.values())),
}))
";
    home.write("ask.py", script);
    let path = home.join("ask.py");
    let out = home.run("kitty", &["+launch", path.as_str()]).clean();
    let mut read: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    let keys = read["keys"].take().to_string();
    assert!(keys.contains("copy_or_interrupt") && keys.contains("new_tab_with_cwd"), "{keys}");
    let family = read["family"].take().to_string();
    assert!(family.contains("JetBrains Mono"), "{family}");
    assert_eq!(
        read,
        json!({
            "bad": [], "family": null, "size": 12.0, "lines": 10000, "bell": false, "updates": 0.0,
            "tabs": "powerline", "env": {"LS_COLORS": "1"}, "keys": null,
        })
    );
}

#[test]
fn bat_takes_its_options() {
    let home = reference();
    let lines = home.read(".config/bat/config");
    assert_eq!(
        crate::sorted(&lines),
        ["--pager='less -FR'", "--style=numbers,changes", "--theme=TwoDark"]
    );
    if !installed("batcat") {
        return;
    }
    home.write("a.txt", "one\ntwo\n");
    let bat = |arguments: &[&str]| home.run("batcat", arguments).clean();
    let plain = bat(&["--color=never", "--decorations=always", "--paging=never", "a.txt"]);
    assert_eq!(plain, "   1   one\n   2   two\n", "numbers, and neither grid nor header");
}
