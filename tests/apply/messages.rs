//! What people and programs are told.

use super::kit::{Ran, Sandbox};

/// Names that would end the line, colour the terminal or turn the direction of the text.
const ODD: &[&str] = &["new\nline", "red\u{1b}[31m", "turned\u{202e}txt", "d\r/x"];

/// As a name in quotes is written in KDL.
fn quoted(name: &str) -> String {
    let escaped = name.replace('\n', "\\n").replace('\r', "\\r");
    let escaped = escaped.replace('\u{1b}', "\\u{1b}").replace('\u{202e}', "\\u{202e}");
    format!("\"{escaped}\"")
}

fn odd_home(text: &str) -> String {
    let file = |name: &&str| format!("    file {} text=\"{text}\"\n", quoted(name));
    format!("home {{\n{}}}\n", ODD.iter().map(file).collect::<String>())
}

/// Each odd name is said, in quotes, and nothing but lines comes out.
#[track_caller]
fn is_tame(ran: &Ran, names: &[&str]) {
    for text in [&ran.stdout, &ran.stderr] {
        let wild = |c: char| c != '\n' && c.is_control() || c == '\u{202e}';
        assert!(!text.contains(wild), "{text:?}");
        assert!(!text.lines().any(|line| line.starts_with("line")), "{text:?}");
    }
    for name in names {
        let found = [&ran.stdout, &ran.stderr].iter().any(|text| text.contains(&quoted(name)));
        assert!(found, "{name:?} in {ran}");
    }
}

#[test]
fn names_cannot_disturb_a_terminal() {
    let sandbox = Sandbox::new(&odd_home("one"));
    for name in &ODD[..2] {
        sandbox.write(name, "mine\n");
    }
    // In the way, and what would be done.
    is_tame(&sandbox.run(&["apply", "--yes"]).ends(3), ODD);
    is_tame(&sandbox.run(&["apply", "--dry-run", "--backup-extension", "old"]).well(), ODD);
    is_tame(&sandbox.run(&["apply", "--yes", "--backup-extension", "old"]).well(), ODD);
    sandbox.config("hcc.kdl", odd_home("two"));
    let diff = sandbox.run(&["diff"]).well();
    for name in ODD {
        assert!(diff.stdout.contains(&quoted(&format!("a/{name}"))), "{diff}");
    }
    is_tame(&diff, &[]);
    sandbox.apply();
    for name in ODD {
        sandbox.write(name, "edited\n");
    }
    is_tame(&sandbox.run(&["status"]).well(), ODD);
    is_tame(&sandbox.run(&["apply", "--yes"]).well(), ODD);
    is_tame(&sandbox.run(&["absorb", "--dry-run", ODD[0]]), &ODD[..1]);
    is_tame(&sandbox.run(&["absorb", "no\nsuch"]).ends(2), &["no\nsuch"]);
    is_tame(&sandbox.run(&["apply", "--yes", "--drift", "restore"]).well(), ODD);
    is_tame(&sandbox.run(&["status"]).well(), ODD);
    for name in ["compile", "eject"] {
        is_tame(&sandbox.run(&[name]), &ODD[..3]);
    }
    is_tame(&sandbox.run(&["uninstall", "--yes"]).well(), ODD);
}
