//! `fixtures/handbook` are configurations as people first write them. Each says what it teaches,
//! is right without a warning, and gives each home what is meant for it, and no more.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn handbook() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/handbook")
}

/// All pages, by name.
fn pages() -> Vec<String> {
    let folders = fs::read_dir(handbook()).expect("a folder").flatten();
    let mut names: Vec<String> =
        folders.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    assert!(names.len() >= 15, "{names:?}");
    names
}

fn hcc(arguments: &[&str]) -> Output {
    let home = tempfile::tempdir().expect("a temporary folder");
    Command::new(env!("CARGO_BIN_EXE_hcc"))
        .args(arguments)
        .env_clear()
        .env("HOME", home.path())
        .env("USER", "alice")
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .output()
        .expect("runs")
}

/// What one home of a page comes to, as `compile --json` says it.
fn home(page: &str, name: &str) -> serde_json::Value {
    let folder = handbook().join(page);
    let folder = folder.to_str().expect("UTF-8");
    let out = hcc(&["compile", name, "--json", "--config", folder]);
    assert!(out.status.success(), "{page} {name}: {}", String::from_utf8_lossy(&out.stderr));
    let all: serde_json::Value = serde_json::from_slice(&out.stdout).expect("JSON");
    let list = all.as_array().expect("documents");
    let of_user = |one: &&serde_json::Value| {
        one["user"]["name"].as_str().is_some_and(|user| name.starts_with(&format!("{user}@")))
    };
    list.iter().find(of_user).expect("the user's document").clone()
}

/// A generated file's text, as `show` prints it.
fn show(page: &str, name: &str, path: &str) -> String {
    let folder = handbook().join(page);
    let folder = folder.to_str().expect("UTF-8");
    let out = hcc(&["compile", name, "--show", path, "--config", folder]);
    assert!(out.status.success(), "{page} {name}: {}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).expect("UTF-8")
}

fn packages(document: &serde_json::Value) -> Vec<&str> {
    let list = document["packages"].as_array().expect("packages");
    list.iter().filter_map(|one| one["name"].as_str()).collect()
}

#[test]
fn every_page_is_right_without_a_warning() {
    for page in pages() {
        let out = hcc(&["check", "--config", handbook().join(&page).to_str().expect("UTF-8")]);
        let said = String::from_utf8_lossy(&out.stderr);
        assert!(out.status.success() && said.is_empty(), "{page}\n{said}");
    }
}

#[test]
fn every_page_says_first_what_it_teaches() {
    for page in pages() {
        let text = fs::read_to_string(handbook().join(&page).join("hcc.kdl")).expect("a page");
        assert!(text.starts_with("// "), "{page}");
    }
}

#[test]
fn each_home_gets_what_it_uses() {
    let work = home("many-homes", "alice@worklaptop");
    let own = home("many-homes", "alice@desktop");
    let bob = home("many-homes", "bob@server");
    assert!(packages(&work).contains(&"shellcheck") && !packages(&work).contains(&"mangohud"));
    assert!(packages(&own).contains(&"mangohud") && !packages(&own).contains(&"shellcheck"));
    assert_eq!(packages(&bob), ["bash", "bash-completion", "git", "tmux"]);
    let mail = |name: &str| {
        let text = show("many-homes", name, ".config/git/config");
        let line = text.lines().find_map(|line| line.trim().strip_prefix("email = "));
        line.expect("an address").to_owned()
    };
    assert_eq!(mail("alice@worklaptop"), "alice@work.example");
    assert_eq!(mail("alice@desktop"), "alice@example.org");
    assert_eq!(mail("bob@server"), "bob@example.org");
}

#[test]
fn two_users_of_a_machine_share_what_the_host_says() {
    let alias = |user: &str| {
        let text = show("two-users", &format!("{user}@tower"), ".bashrc");
        assert!(text.contains("alias -- ll='ls -l'\n"), "{text}");
        let line = text.lines().find_map(|line| line.strip_prefix("alias -- gs="));
        line.expect("an alias").to_owned()
    };
    assert_eq!(alias("alice"), "'git status'");
    assert_eq!(alias("bob"), "'git status --short'", "the user has the last word");
}

#[test]
fn mixins_are_picked_by_hosts_and_users() {
    let names = |host: &str| packages(&home("mixins", &format!("martin@{host}"))).join(" ");
    assert!(names("workstation").contains("obs-studio"));
    assert!(!names("laptop").contains("obs-studio") && names("laptop").contains("firefox"));
    assert!(!names("server").contains("firefox") && names("server").contains("fish"));
}

/// systemd-sysusers itself reads what the pages say of users, below a folder.
#[test]
fn users_of_a_machine_are_made() {
    let found = std::env::var_os("PATH").is_some_and(|path| {
        std::env::split_paths(&path).any(|folder| folder.join("systemd-sysusers").is_file())
    });
    if !found {
        let _written = writeln!(std::io::stderr(), "SKIPPED: systemd-sysusers is not installed");
        return;
    }
    for (page, host, path, user) in [
        ("system-and-user", "box", "/etc/sysusers.d/marcus.conf", "marcus"),
        ("machine-and-home", "hostname", "/etc/sysusers.d/yourname.conf", "yourname"),
        ("mixins", "server", "/etc/sysusers.d/martin.conf", "martin"),
        ("two-laptops", "macair", "/etc/sysusers.d/marcus.conf", "marcus"),
    ] {
        let root = tempfile::tempdir().expect("a temporary folder");
        fs::create_dir(root.path().join("etc")).expect("a folder");
        let file = root.path().join("own.conf");
        fs::write(&file, show(page, host, path)).expect("can be written");
        let mut command = Command::new("systemd-sysusers");
        let out = command.arg(format!("--root={}", root.path().display())).arg(&file).output();
        let out = out.expect("runs");
        assert!(out.status.success(), "{page}: {}", String::from_utf8_lossy(&out.stderr));
        let made = fs::read_to_string(root.path().join("etc/passwd")).unwrap_or_default();
        assert!(made.contains(&format!("{user}:x:1000:")), "{page}: {made}");
    }
}

#[test]
fn what_is_tagged_stays_with_its_host() {
    let names = |name: &str| packages(&home("two-laptops", name)).join(" ");
    assert!(names("marcus@elitebook").contains("hyprland"));
    assert!(
        !names("marcus@macair").contains("hyprland") && names("marcus@macair").contains("sway")
    );
    for host in ["elitebook", "macair"] {
        let text = show("two-laptops", &format!("marcus@{host}"), ".config/foot/foot.ini");
        assert!(text.contains("background=1e1e2e\n"), "the palette reaches it: {text}");
    }
}
