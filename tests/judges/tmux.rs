//! tmux reads its configuration, and its options have the values.

use super::home::{Home, installed};

struct Server(Home);

impl Server {
    /// A server of its own, in the home's folder.
    fn start(fixture: &str) -> Option<Self> {
        if !installed("tmux") {
            return None;
        }
        let home = Home::fixture(fixture);
        std::fs::create_dir_all(home.join("run")).expect("a writable home");
        let server = Self(home);
        let config = server.0.join(".config/tmux/tmux.conf");
        server.said(&[
            "-f",
            config.as_str(),
            "start-server",
            ";",
            "new-session",
            "-d",
            "-s",
            "kept",
        ]);
        Some(server)
    }

    #[track_caller]
    fn said(&self, args: &[&str]) -> String {
        let mut command = self.0.command("timeout");
        command
            .args(["20", "tmux", "-L", "judge"])
            .args(args)
            .env("TMUX_TMPDIR", self.0.join("run"));
        super::home::said(&mut command).clean()
    }

    #[track_caller]
    fn option(&self, name: &str) -> String {
        self.said(&["show-options", "-gAv", name]).trim_end().to_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let mut command = self.0.command("tmux");
        let _gone = command
            .args(["-L", "judge", "kill-server"])
            .env("TMUX_TMPDIR", self.0.join("run"))
            .output();
    }
}

#[test]
fn options_have_the_values() {
    let Some(server) = Server::start("programs/tmux") else { return };
    for (name, value) in [
        ("prefix", "C-a"),
        ("base-index", "1"),
        ("history-limit", "50000"),
        ("status-keys", "vi"),
        ("mouse", "on"),
        ("default-terminal", "tmux-256color"),
        ("default-shell", "/bin/sh"),
        ("status-interval", "5"),
        ("renumber-windows", "on"),
        ("status-style", "bg=#333333"),
        ("status-right", "it's #H; $HOME %H:%M \"x\" \\ {a}"),
        ("@mine-setup", "before it"),
    ] {
        assert_eq!(server.option(name), value, "{name}");
    }
    for (name, value) in [
        ("pane-base-index", "1"),
        ("mode-keys", "vi"),
        ("aggressive-resize", "on"),
        ("clock-mode-style", "24"),
        ("pane-border-status", "top"),
    ] {
        assert_eq!(server.said(&["show-options", "-gwv", name]).trim_end(), value, "{name}");
    }
    for (name, value) in [("escape-time", "0"), ("focus-events", "on")] {
        assert_eq!(server.said(&["show-options", "-sv", name]).trim_end(), value, "{name}");
    }
    server.said(&["source-file", "-n", server.0.join(".config/tmux/tmux.conf").as_str()]);
}

#[test]
fn keys_are_bound() {
    let Some(server) = Server::start("programs/tmux") else { return };
    let keys = server.said(&["list-keys", "-T", "prefix"]);
    let bound = |key: &str| -> Option<String> {
        let words = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        keys.lines().map(words).find_map(|words| {
            let at = words.iter().position(|word| word == "prefix")?;
            (words.get(at + 1)? == key).then(|| words.get(at + 2..).unwrap_or_default().join(" "))
        })
    };
    for (key, command) in [
        ("C-a", "send-prefix"),
        ("h", "select-pane -L"),
        ("H", "resize-pane -L 10"),
        ("v", "split-window -h"),
        ("x", "kill-pane"),
        ("&", "kill-window"),
        ("r", "source-file"),
        ("|", "split-window -h"),
        ("\\;", "last-pane"),
        ("\\#", "list-buffers"),
        ("C-s", "set-window-option synchronize-panes"),
    ] {
        assert!(
            bound(key).is_some_and(|own| own.starts_with(command)),
            "{key}: {:?}\n{keys}",
            bound(key)
        );
    }
    assert_eq!(bound("c"), None);
    assert_eq!(bound("C-b"), None);
    assert!(server.said(&["list-keys", "-T", "root"]).contains("M-h"));
}

#[test]
fn plugins_run_after_their_setup() {
    let Some(server) = Server::start("programs/tmux") else { return };
    for _ in 0..50 {
        if server.said(&["show-options", "-gqv", "@mine-ran"]).trim() == "before it" {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    panic!("the plugin did not run");
}

#[test]
fn the_socket_is_out_of_reach_of_others() {
    for (shell, args) in [("zsh", "-ic"), ("bash", "-ic"), ("fish", "-ic")] {
        if !installed(shell) {
            continue;
        }
        let home = Home::fixture("programs/tmux");
        std::fs::create_dir_all(home.join("run")).expect("a writable home");
        let mut command = home.command(shell);
        command.args([args, "echo $TMUX_TMPDIR"]).env("XDG_RUNTIME_DIR", home.join("run"));
        assert_eq!(super::home::said(&mut command).ok().trim(), home.join("run"), "{shell}");
        command.env("XDG_RUNTIME_DIR", "/nonexistent");
        assert_eq!(
            super::home::said(&mut command).ok().trim(),
            "",
            "{shell}: a folder that is not there"
        );
    }
}
