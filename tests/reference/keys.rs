//! `programs.ssh`, `programs.gpg`, `services.gpg-agent`.

use std::os::unix::fs::PermissionsExt as _;

use crate::home::{Home, installed};
use crate::reference;

/// What ssh would do for a host, of the keywords that home.nix says.
fn ssh(home: &Home, host: &str) -> Vec<String> {
    const SAID: &[&str] = &[
        "controlmaster",
        "controlpersist",
        "hashknownhosts",
        "hostname",
        "identitiesonly",
        "identityfile",
        "port",
        "proxyjump",
        "serveraliveinterval",
        "user",
    ];
    let config = home.join(".ssh/config");
    let out = home.run("ssh", &["-G", "-T", "-F", config.as_str(), host]).clean();
    let said = |line: &&str| SAID.iter().any(|name| line.split(' ').next() == Some(name));
    let mut lines: Vec<String> = out.lines().filter(said).map(str::to_owned).collect();
    // Without a key of its own, a host is tried with all the usual ones.
    let many = lines.iter().filter(|line| line.starts_with("identityfile ")).count() > 1;
    lines.retain(|line| !many || !line.starts_with("identityfile "));
    lines.sort();
    lines
}

#[test]
fn ssh_reaches_every_host_as_it_was_said() {
    if !installed("ssh") {
        return;
    }
    let home = reference();
    assert_eq!(home.mode(".ssh/config"), 0o600);
    let all = ["controlmaster auto", "controlpersist 600", "hashknownhosts yes"];
    let of = |host: &str, own: &[&str]| {
        let mut wanted: Vec<&str> = all.iter().chain(own).copied().collect();
        wanted.push("serveraliveinterval 60");
        wanted.sort_unstable();
        assert_eq!(ssh(&home, host), wanted, "{host}");
    };
    let github = ["hostname github.com", "identitiesonly yes", "identityfile ~/.ssh/id_ed25519"];
    of("github.com", &[github.as_slice(), &["port 22", "user git"]].concat());
    let bastion = ["hostname bastion.example.org", "identitiesonly no", "port 2222", "user ops"];
    of("bastion", &bastion);
    let internal = ["hostname db.internal", "identitiesonly no", "port 22", "user ops"];
    of("db.internal", &[internal.as_slice(), &["proxyjump bastion"]].concat());
    let user = format!("user {}", home.run("id", &["-un"]).clean().trim_end());
    of("else.org", &["hostname else.org", "identitiesonly no", "port 22", &user]);
}

#[test]
fn gpg_and_its_agent_read_their_options() {
    if !installed("gpg") || !installed("gpgconf") {
        return;
    }
    let home = reference();
    let folder = home.join(".gnupg");
    let private = std::fs::Permissions::from_mode(0o700);
    std::fs::set_permissions(&folder, private).expect("permissions");
    home.run("gpg", &["--batch", "--gpgconf-test"]).clean();
    let mut lines = home.read(".gnupg/gpg.conf");
    assert_eq!(crate::sorted(&lines), ["keyserver hkps://keys.openpgp.org", "no-comments"]);
    lines.push_str("no-such-option\n");
    home.write(".gnupg/gpg.conf", &lines);
    let said = home.run("gpg", &["--batch", "--gpgconf-test"]);
    assert!(said.err.contains("invalid option"), "it does look: {said:#?}");

    let out = home.run("gpgconf", &["--list-options", "gpg-agent"]).ok();
    let value = |name: &str| {
        let line = out.lines().find(|line| line.split(':').next() == Some(name));
        line.and_then(|line| line.split(':').nth(9)).unwrap_or_default().to_owned()
    };
    assert_eq!(value("default-cache-ttl"), "3600", "{out}");
    assert_eq!(value("max-cache-ttl"), "7200");
    assert_eq!(value("enable-ssh-support"), "1");
    assert_eq!(value("grab"), "1", "as Home Manager has it");
    // No part of that list.
    let lines = home.read(".gnupg/gpg-agent.conf");
    assert!(lines.lines().any(|line| line == "pinentry-program /usr/bin/pinentry-tty"), "{lines}");
}
