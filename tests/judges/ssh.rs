//! ssh reads its configuration: `ssh -G` says what holds for a host.

use std::collections::HashMap;

use super::home::{Home, installed};

fn home() -> Option<Home> {
    installed("ssh").then(|| Home::fixture("programs/ssh"))
}

/// What holds for a host, by keyword in lower case.
fn of(home: &Home, host: &str) -> HashMap<String, Vec<String>> {
    let config = home.join(".ssh/config");
    let out = home.run("ssh", &["-T", "-G", "-F", config.as_str(), host]).clean();
    let mut found: HashMap<String, Vec<String>> = HashMap::new();
    for line in out.lines() {
        let (name, value) = line.split_once(' ').unwrap_or((line, ""));
        found.entry(name.to_owned()).or_default().push(value.to_owned());
    }
    found
}

#[track_caller]
fn holds(found: &HashMap<String, Vec<String>>, name: &str, values: &[&str]) {
    assert_eq!(found.get(name).map(Vec::as_slice).unwrap_or_default(), values, "{name}");
}

#[test]
fn nobody_else_may_read_it() {
    let Some(home) = home() else { return };
    assert_eq!(home.mode(".ssh/config"), 0o600);
}

#[test]
fn each_block_holds_for_its_hosts() {
    let Some(home) = home() else { return };
    let gh = of(&home, "gh");
    holds(&gh, "hostname", &["github.com"]);
    holds(&gh, "user", &["git"]);
    holds(&gh, "compression", &["yes"]);
    holds(&gh, "identityfile", &["~/.ssh/id_ed25519", "~/.ssh/with space"]);
    let node = of(&home, "node2");
    holds(&node, "port", &["2222"]);
    holds(&node, "proxyjump", &["bastion"]);
    holds(&node, "ciphers", &["aes256-gcm@openssh.com,aes128-gcm@openssh.com"]);
    holds(&node, "localforward", &["8080 [localhost]:80", "5432 [db]:5432"]);
    holds(&node, "sendenv", &["LANG", "LC_*"]);
    holds(&node, "setenv", &["FOO=bar baz", "TERM=xterm"]);
    holds(&of(&home, "tunnel"), "proxycommand", &["nc -X 5 -x \"proxy host\":1080 %h %p"]);
}

#[test]
fn the_first_value_wins_and_the_star_comes_last() {
    let Some(home) = home() else { return };
    let db = of(&home, "db.example.com");
    holds(&db, "user", &["first"]);
    holds(&db, "port", &["2200"]);
    holds(&of(&home, "web.example.com"), "user", &["wild"]);
    let other = of(&home, "elsewhere");
    holds(&other, "serveraliveinterval", &["30"]);
    holds(&other, "controlmaster", &["false"]);
    holds(&of(&home, "gh"), "serveraliveinterval", &["30"]);
    // ssh takes the home of the password file, not $HOME.
    let agent = of(&home, "gh").remove("identityagent").unwrap_or_default();
    assert!(matches!(agent.as_slice(), [one] if one.ends_with("/agent sock")), "{agent:?}");
}

#[test]
fn a_match_block_holds_when_it_matches() {
    let Some(home) = home() else { return };
    assert!(of(&home, "internal").get("user").is_none_or(|user| user != &["tunnel"]));
    home.write("vpn", "");
    holds(&of(&home, "internal"), "user", &["tunnel"]);
}

#[test]
fn other_files_are_read() {
    let Some(home) = home() else { return };
    // ssh takes the home of the password file, not $HOME: the path is made absolute here.
    let text = home.read(".ssh/config").replace("Include ~/", &format!("Include {}/", home.path()));
    home.write(".ssh/config", &text);
    home.write(".ssh/config.d/own", "Host own\n  Port 7\n");
    holds(&of(&home, "own"), "port", &["7"]);
}
