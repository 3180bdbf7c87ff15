//! The Mac of `fixtures/macbook`: Ruby reads its Brewfile, plistlib its agents, zsh its files; and
//! its home is built below a folder, where the links lead into the configuration.

use std::process::Command;

use camino::Utf8Path;
use serde_json::json;

use super::home::{Home, installed};
use super::{homebrew, launchd};

fn root() -> &'static Utf8Path {
    Utf8Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn ruby_reads_every_application() {
    if !installed("ruby") {
        return;
    }
    let home = Home::host("macbook", "macbook");
    let seen = homebrew::calls(&home, "macbook");
    let names = |call: &str| -> Vec<&str> {
        seen.iter().filter(|(own, ..)| own == call).map(|(_, names, _)| names[0].as_str()).collect()
    };
    let casks = [
        "ghostty",
        "nikitabobko/tap/aerospace",
        "hammerspoon",
        "raycast",
        "karabiner-elements",
        "firefox",
        "google-chrome",
        "arc",
        "slack",
        "discord",
        "telegram",
        "zoom",
        "obsidian",
        "1password",
        "linear-linear",
        "visual-studio-code",
        "zed",
        "wireshark",
        "tailscale",
        "itsycal",
        "sf-symbols",
        "devonthink",
    ];
    assert_eq!(names("cask"), casks);
    assert_eq!(names("tap"), ["felixkratz/formulae", "nikitabobko/tap", "chmouel/lazyworktree"]);
    let options = |name: &str| {
        let found = seen.iter().find(|(_, names, _)| names[0] == name);
        let (_, names, options) = found.unwrap_or_else(|| panic!("{name} in {seen:#?}"));
        (names[1..].to_vec(), options.clone())
    };
    let url = "https://github.com/chmouel/lazyworktree".to_owned();
    assert_eq!(options("chmouel/lazyworktree"), (vec![url], json!({"trusted": true})));
    assert_eq!(options("nikitabobko/tap"), (vec![], json!({"trusted": true})));
    assert_eq!(options("libpq"), (vec![], json!({"link": true})));
    assert_eq!(options("postgresql@17").1, json!({"restart_service": "changed"}));
    assert_eq!(options("devonthink").1, json!({"greedy": true}));
    assert_eq!(options("Amphetamine").1, json!({"id": 937_984_704}));
    for package in ["git", "git-delta", "ripgrep", "fd", "node", "neovim", "zsh-autosuggestions"] {
        assert!(names("brew").contains(&package), "{package}");
    }
}

#[test]
fn plistlib_reads_every_agent() {
    if !installed("python3") {
        return;
    }
    let home = Home::host("macbook", "macbook");
    assert_eq!(launchd::agree(&home), 3);
    let agent = |label: &str| launchd::read(&home, &format!("Library/LaunchAgents/{label}.plist"));
    assert_eq!(
        agent("hcc.brew-update"),
        json!({
            "Label": "hcc.brew-update",
            "ProgramArguments": ["/opt/homebrew/bin/brew", "update", "--quiet"],
            "EnvironmentVariables": {"PATH": "/opt/homebrew/bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"},
            "StartCalendarInterval": [{"Hour": 12, "Minute": 30}],
            "StandardOutPath": "/Users/omerxx/Library/Logs/brew-update.log",
            "StandardErrorPath": "/Users/omerxx/Library/Logs/brew-update.log",
            "ProcessType": "Background",
            "LowPriorityIO": true,
        })
    );
    assert_eq!(agent("org.example.ollama")["KeepAlive"], json!({"SuccessfulExit": false}));
    assert_eq!(
        agent("hcc.maxfiles"),
        json!({
            "Label": "hcc.maxfiles",
            "Program": "/bin/launchctl",
            "ProgramArguments": ["launchctl", "limit", "maxfiles", "65536", "524288"],
            "RunAtLoad": true,
        })
    );
}

#[test]
fn preferences_are_those_that_were_said() {
    let home = Home::host("macbook", "macbook");
    let all = home.documents.iter().flat_map(|document| &document.defaults);
    let said: Vec<(String, serde_json::Value)> = all
        .map(|own| {
            let value = serde_json::to_value(&own.value).expect("a value");
            (format!("{} {}", own.domain, own.key), value)
        })
        .collect();
    let one = |key: &str| {
        let found = said.iter().find(|(own, _)| own == key);
        found.unwrap_or_else(|| panic!("{key} in {said:#?}")).1.clone()
    };
    assert_eq!(one("com.apple.dock autohide"), json!(true));
    assert_eq!(one("com.apple.dock orientation"), json!("left"));
    assert_eq!(one("com.apple.dock persistent-apps"), json!([]), "a Dock without any");
    assert_eq!(one("com.apple.finder FXPreferredViewStyle"), json!("clmv"));
    assert_eq!(
        one("com.apple.finder NewWindowTargetPath"),
        json!("file:///Users/omerxx/Downloads/")
    );
    assert_eq!(one("NSGlobalDomain KeyRepeat"), json!(2));
    assert_eq!(one("NSGlobalDomain com.apple.trackpad.scaling"), json!(2.5));
    assert_eq!(one("com.apple.driver.AppleBluetoothMultitouch.trackpad Clicking"), json!(true));
    assert_eq!(said.len(), 26);
}

/// The home as `apply` builds it, below a folder, on a machine that is no Mac.
#[test]
fn folders_are_links_into_the_configuration_and_zsh_reads_the_rest() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = Utf8Path::from_path(folder.path()).expect("UTF-8");
    let out = Command::new(env!("CARGO_BIN_EXE_hcc"))
        .args(["apply", "omerxx@macbook", "--yes", "--no-packages", "--no-actions"])
        .args(["--config", root().join("fixtures/macbook").as_str(), "--root", folder.as_str()])
        .env("HOME", folder)
        .output()
        .expect("runs");
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let home = folder.join("Users/omerxx");
    for (path, source) in [
        (".config/ghostty/config", "ghostty/config"),
        (".config/aerospace/aerospace.toml", "aerospace/aerospace.toml"),
        (".config/nvim/init.lua", "nvim/init.lua"),
        (".config/nvim/lua/keys.lua", "nvim/lua/keys.lua"),
        (".config/tmux/tmux.conf", "tmux/tmux.conf"),
        ("Library/Application Support/nushell/config.nu", "nushell/config.nu"),
    ] {
        let to = std::fs::canonicalize(home.join(path)).unwrap_or_else(|e| panic!("{path}: {e}"));
        assert_eq!(to, root().join("fixtures/macbook").join(source).as_std_path(), "{path}");
    }
    assert!(!home.join(".config/nvim/README.md").exists(), "what is left out");
    assert!(
        !home.join("Library/LaunchAgents/hcc.maxfiles.plist").is_symlink(),
        "launchd's are copies"
    );
    if !installed("zsh") {
        return;
    }
    // The profile puts what the session says in front of what the system put there.
    let said = Command::new("zsh")
        .args(["-f", "-c"])
        .arg("path=(/usr/bin /bin); source $1/.zprofile; print -l $path")
        .args(["zsh", home.as_str()])
        .env("HOME", &home)
        .output()
        .expect("runs");
    let path = String::from_utf8(said.stdout).expect("UTF-8");
    let front = format!("/run/current-system/sw/bin\n{home}/.nix-profile/bin\n/usr/bin\n/bin\n");
    assert_eq!(path, front);
    for file in [".zshrc", ".zshenv", ".zprofile"] {
        let said = Command::new("zsh").args(["-n", home.join(file).as_str()]).output();
        let said = said.expect("runs");
        assert!(said.status.success() && said.stderr.is_empty(), "{file}: {said:?}");
    }
}
