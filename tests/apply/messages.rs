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

/// What a run that was stopped printed for programs: that, and nothing else.
#[track_caller]
fn stopped(ran: &Ran, status: i32) -> serde_json::Value {
    let found = ran.clone().ends(status).json();
    assert_eq!(
        (&found["version"], &found["stopped"]["status"]),
        (&1.into(), &status.into()),
        "{ran}"
    );
    let reason = found["stopped"]["reason"].as_str().expect("a reason");
    assert!(!reason.is_empty() && !reason.starts_with("error"), "{ran}");
    found
}

#[test]
fn programs_are_told_what_stopped_each_command() {
    let sandbox = Sandbox::new("home { file \".a\" text=\"one\"; file \".b\" text=\"one\" }\n");
    let run = |arguments: &[&str], status: i32| {
        stopped(&sandbox.run(&[arguments, &["--json"]].concat()), status)
    };
    let says = |found: &serde_json::Value, key: &str, text: &str| {
        assert!(found["stopped"][key].as_str().unwrap_or_default().contains(text), "{found}");
    };
    sandbox.write(".a", "mine\n");
    let found = run(&["apply", "--yes"], 3);
    assert_eq!(found["conflicts"][0]["path"], ".a");
    says(&found, "reason", "1 path is in the way");
    says(&found, "help", "--backup store");
    sandbox.run(&["apply", "--yes", "--json", "--backup", "store"]).well().json();
    sandbox.config("hcc.kdl", "home { file \".a\" text=\"two\" }\n");
    // Nobody agreed to it.
    for command in [&["apply"][..], &["uninstall"], &["eject"]] {
        let found = run(command, 3);
        says(&found, "reason", "no terminal");
        says(&found, "help", "--yes");
    }
    says(&run(&["rollback"], 2), "reason", "no generation before 1");
    sandbox.apply();
    sandbox.config("hcc.kdl", "home { file \".a\" text=\"three\" }\n");
    sandbox.apply();
    says(&run(&["rollback"], 3), "reason", "no terminal");
    says(&run(&["gc", "--keep", "1"], 3), "reason", "no terminal");
    says(&run(&["rollback", "7"], 2), "help", "there are 1, 2, 3");
    says(&run(&["absorb", "nothing"], 2), "reason", "`nothing`");
    says(&run(&["diff", "1", "2", "3"], 2), "reason", "at most two");
    says(&run(&["why", "no.such"], 2), "reason", "no.such");
    says(&run(&["show", "no.such"], 2), "reason", "no.such");
    says(&run(&["check", "--no-such"], 2), "reason", "--no-such");
    let folder = sandbox.source("");
    says(&run(&["init", folder.to_str().expect("text")], 3), "reason", "exists already");
    says(&run(&["compile", "--host", "elsewhere"], 2), "reason", "elsewhere");
    sandbox.config("hcc.kdl", "home { nothing-of-the-kind }\n");
    let found = run(&["check"], 1);
    assert!(found["diagnostics"][0]["message"].is_string(), "{found}");
    sandbox.config("hcc.kdl", "home { }\n");
    sandbox.run(&["eject", "--yes", "--json"]).well().json();
    for command in ["eject", "uninstall"] {
        sandbox.run(&[command, "--yes", "--json"]).well().json();
    }
}
