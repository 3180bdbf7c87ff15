//! Records of hcc's that were damaged: which one, what that means, and a way out that is followed
//! here as it is printed, and loses nothing.

use std::fs;
use std::process::Command;

use super::kit::{Ran, Sandbox};

const CONFIG: &str = "backup \"store\"\nhome {\n    file \".a\" text=\"NUMBER\"\n    file \".b\" text=\"ours\"\n    \
    file \".copy\" install=\"copy\" text=\"NUMBER\"\n    activation \"note\" \"echo NUMBER >>~/ran\"\n}\n";

/// A home with two generations, and what was there before the first.
fn home(generations: usize) -> Sandbox {
    let sandbox = Sandbox::new("");
    sandbox.write(".b", "the user's\n");
    for number in 1..=generations {
        sandbox.config("hcc.kdl", CONFIG.replace("NUMBER", &number.to_string()));
        sandbox.run(&["apply", "--yes"]).well();
    }
    sandbox
}

/// The ways to damage a file.
fn damages(bytes: &[u8]) -> [Vec<u8>; 3] {
    [b"\0garbage{".to_vec(), bytes[..bytes.len() / 2].to_vec(), Vec::new()]
}

/// Types what the help puts between backticks first.
#[track_caller]
fn follow(ran: &Ran, sandbox: &Sandbox) {
    let help = ran.stderr.split("  help: ").nth(1).unwrap_or_else(|| panic!("no help: {ran}"));
    let typed = help.split('`').nth(1).unwrap_or_else(|| panic!("no command: {ran}"));
    let typed = typed.replace("HOME", &sandbox.home("").to_string_lossy());
    let typed = typed.replace("/home//", "/home/");
    let done = Command::new("sh").args(["-c", &typed]).status().expect("sh");
    assert!(done.success(), "{typed}");
}

/// Damages a record in each way: a run names it, changes nothing, and after what it says to type
/// the home is set up, and what was there before comes back or is still there.
fn is_survived(record: &str, generations: usize, comes_back: bool) {
    let spare = home(generations);
    let bytes = fs::read(spare.state(record)).unwrap_or_else(|_| b"{\"version\":1}".to_vec());
    for damage in damages(&bytes) {
        let sandbox = home(generations);
        fs::write(sandbox.state(record), &damage).expect("damaged");
        // The index saves reading: without it everything is read.
        fs::remove_file(sandbox.state("index")).expect("removed");
        sandbox.config("hcc.kdl", CONFIG.replace("NUMBER", "9"));
        let before = sandbox.outside();
        let ran = sandbox.run(&["apply", "--yes"]).ends(4).says(&format!("{record} is damaged"));
        sandbox.outside().is(&before);
        follow(&ran, &sandbox);
        sandbox.run(&["apply", "--yes", "--drift", "restore"]).well();
        assert_eq!((sandbox.read(".a"), sandbox.read(".copy")), ("9\n".into(), "9\n".into()));
        sandbox.run(&["uninstall", "--yes"]).well();
        assert!(!sandbox.home(".a").exists());
        // Where no generation is left, a copy counts as the user's.
        let copy = sandbox.home(".copy").exists();
        assert_eq!(copy, generations == 1 && record.contains("manifest"), "{record}");
        if comes_back {
            assert_eq!(sandbox.read(".b"), "the user's\n", "{record}");
        } else {
            let kept = fs::read_dir(sandbox.state("originals")).expect("originals").flatten();
            let texts: Vec<String> =
                kept.map(|own| fs::read_to_string(own.path()).expect("text")).collect();
            assert_eq!(texts, ["the user's\n"], "{record}");
        }
    }
}

#[test]
fn a_damaged_ledger_loses_nothing() {
    is_survived("ledger.json", 2, false);
}

#[test]
fn a_damaged_generation_that_is_in_effect_loses_nothing() {
    is_survived("generations/2/manifest.json", 2, true);
    is_survived("generations/1/manifest.json", 1, true);
}

#[test]
fn damaged_records_of_what_follows_files_lose_nothing() {
    for record in ["settled.json", "actions.json", "packages.json", "defaults.json", "state.json"] {
        is_survived(record, 2, true);
    }
}

#[test]
fn a_damaged_journal_loses_nothing() {
    is_survived("journal.json", 2, true);
}

#[test]
fn a_damaged_index_is_made_anew_without_a_word() {
    let spare = home(2);
    for name in ["index", "index.since"] {
        for damage in damages(&fs::read(spare.state(name)).expect("an index")) {
            let sandbox = home(2);
            fs::write(sandbox.state(name), damage).expect("damaged");
            let ran = sandbox.run(&["apply", "--yes"]).well().says("Nothing to do.");
            assert_eq!(ran.stderr, "Nothing to do.\n");
            sandbox.run(&["status", "--exit-code"]).well();
            assert!(!sandbox.state("index.since").exists(), "it is written whole");
        }
    }
}

#[test]
fn an_earlier_generation_that_is_damaged_spoils_no_other() {
    let sandbox = home(3);
    fs::write(sandbox.state("generations/2/manifest.json"), "{").expect("damaged");
    sandbox.run(&["rollback", "2", "--yes"]).ends(4).says("no way back to generation 2");
    let ran = sandbox.run(&["gc", "--keep", "1", "--yes"]).ends(4).says("Nothing was removed");
    follow(&ran, &sandbox);
    sandbox.run(&["generations"]).well();
    sandbox.run(&["rollback", "1", "--yes"]).well();
    assert_eq!(sandbox.read(".a"), "1\n");
}

#[test]
fn no_generation_is_written_against_a_damaged_one() {
    let sandbox = home(2);
    fs::write(sandbox.state("generations/2/manifest.json"), "{").expect("damaged");
    sandbox.config("hcc.kdl", CONFIG.replace("NUMBER", "9"));
    sandbox.run(&["apply", "--yes"]).well();
    sandbox.run(&["status", "--exit-code"]).well().says("Generation 3");
}

#[test]
fn records_of_a_newer_hcc_are_left_alone() {
    for record in
        ["ledger.json", "generations/2/manifest.json", "journal.json", "settled.json", "state.json"]
    {
        let sandbox = home(2);
        fs::write(sandbox.state(record), "{\"version\":2,\"new\":[]}").expect("written");
        fs::remove_file(sandbox.state("index")).expect("removed");
        sandbox.config("hcc.kdl", CONFIG.replace("NUMBER", "9"));
        let before = sandbox.snapshot();
        let ran = sandbox.run(&["apply", "--yes"]).ends(4);
        ran.says(&format!("{record} was written by a newer hcc")).says("help: update hcc");
        sandbox.snapshot().is(&before);
    }
}

#[test]
fn a_content_that_was_written_into_cannot_come_back_and_all_else_does() {
    let config = |text: &str| {
        format!("home {{ file \".a\" text=\"{text}\"; file \".b\" text=\"b {text}\" }}\n")
    };
    let sandbox = Sandbox::new(&config("one"));
    sandbox.config("hcc.kdl", config("one") + "home { file \".c\" text=\"c\" }\n");
    sandbox.apply();
    sandbox.write_through(".a", "written\n");
    sandbox.write_through(".c", "written\n");
    sandbox.config("hcc.kdl", config("two"));
    sandbox.run(&["apply", "--yes", "--drift", "restore"]).well();
    assert_eq!(sandbox.read(".a"), "two\n");
    let ran = sandbox.run(&["rollback", "--yes"]).ends(4);
    let ran = ran.says("error     .a: ").says("was changed by somebody else");
    ran.says("change    .b").says("Generation 3 is in effect.");
    assert_eq!((sandbox.read(".a"), sandbox.read(".b")), ("two\n".into(), "b one\n".into()));
    // What is as it was goes there and back.
    sandbox.run(&["status", "--exit-code"]).well();
    sandbox.run(&["rollback", "2", "--yes"]).well();
    assert_eq!(sandbox.read(".b"), "b two\n");
    sandbox.run(&["apply", "--yes", "--drift", "restore"]).well();
}

/// Two files.
fn pair(a: &str, b: &str) -> String {
    format!("home {{ file \".a\" text=\"{a}\"; file \".b\" text=\"{b}\" }}\n")
}

/// A home whose second generation differs from the first in `.b` only.
fn two_of_a_pair() -> Sandbox {
    let sandbox = Sandbox::new(&pair("one", "b"));
    sandbox.apply();
    sandbox.config("hcc.kdl", pair("one", "b2"));
    sandbox.apply();
    sandbox
}

#[test]
fn an_edit_through_a_link_stays_when_all_else_goes_back() {
    let sandbox = two_of_a_pair();
    let both = |a: &str, b: &str| {
        assert_eq!((sandbox.read(".a"), sandbox.read(".b")), (a.into(), b.into()));
    };
    sandbox.write_through(".a", "one\nedit\n");
    let ran = sandbox.run(&["rollback", "--yes"]).well();
    ran.says("keep      .a: edited through the link").says("change    .b");
    both("one\nedit\n", "b\n");
    sandbox.run(&["rollback", "2", "--yes"]).well().says("keep      .a");
    both("one\nedit\n", "b2\n");
    // The only file that held it was written into.
    let ran = sandbox.run(&["rollback", "1", "--yes", "--drift", "restore"]).ends(4);
    let ran = ran.says("error     .a: HOME/.local/state/hcc/generations/1/home/.a was changed by");
    ran.says("no generation holds what it was; `hcc apply --drift restore` brings");
    both("one\nedit\n", "b\n");
    sandbox.run(&["status"]).well().says(".a: replaced by a file");
    // The configuration has it; from there on generations have it too.
    sandbox.run(&["apply", "--yes", "--drift", "restore"]).well().says("saved: ");
    both("one\n", "b2\n");
    sandbox.run(&["rollback", "1", "--yes"]).well();
    both("one\n", "b\n");
    sandbox.run(&["status", "--exit-code"]).well();
}

#[test]
fn an_edit_through_a_link_that_shall_go_is_kept_if_nothing_can_replace_it() {
    let sandbox = two_of_a_pair();
    sandbox.write_through(".a", "edit\n");
    let ran = sandbox.run(&["rollback", "--yes", "--drift", "restore"]).ends(4);
    ran.says("error     .a: ").says("change    .b");
    assert_eq!((sandbox.read(".a"), sandbox.read(".b")), ("edit\n".into(), "b\n".into()));
    assert!(!sandbox.home(".a").is_symlink(), "no generation holds the only copy");
}

#[test]
fn a_generation_goes_back_with_what_another_holds_whole() {
    let sandbox = two_of_a_pair();
    sandbox.write_through(".a", "edit\n");
    // From here on each generation has a file of its own.
    sandbox.run(&["apply", "--yes", "--drift", "restore"]).well();
    sandbox.write_through(".a", "edit\n");
    sandbox.run(&["rollback", "1", "--yes", "--drift", "restore"]).well();
    assert_eq!((sandbox.read(".a"), sandbox.read(".b")), ("one\n".into(), "b\n".into()));
    // The second generation's own is still the edited one.
    sandbox.run(&["rollback", "2", "--yes"]).well().never_says(".a");
    assert_eq!((sandbox.read(".a"), sandbox.read(".b")), ("one\n".into(), "b2\n".into()));
    sandbox.run(&["status", "--exit-code"]).well();
}

#[test]
fn what_was_written_into_a_generation_is_not_taken_for_its_content() {
    let sandbox = Sandbox::new(&pair("one", "b"));
    sandbox.apply();
    sandbox.write_through(".a", "edit\n");
    sandbox.config("hcc.kdl", pair("two", "b"));
    sandbox.run(&["apply", "--yes", "--drift", "restore"]).well();
    sandbox.config("hcc.kdl", pair("one", "b"));
    sandbox.apply();
    assert_eq!(sandbox.read(".a"), "one\n");
    sandbox.run(&["status", "--exit-code"]).well();
}

#[test]
fn a_content_that_is_gone_everywhere_is_named_with_the_way_to_have_it_again() {
    let sandbox = two_of_a_pair();
    for number in [1, 2] {
        let stored = sandbox.state(&format!("generations/{number}/home/.a"));
        fs::remove_file(stored).expect("removed");
    }
    let ran = sandbox.run(&["rollback", "--yes"]).ends(4).says("change    .b");
    let ran = ran.says("error     .a: HOME/.local/state/hcc/generations/1/home/.a is gone, and no");
    ran.says("`hcc apply` brings what the configuration says");
    assert_eq!(sandbox.read(".b"), "b\n");
    sandbox.run(&["apply", "--yes"]).well();
    assert_eq!((sandbox.read(".a"), sandbox.read(".b")), ("one\n".into(), "b2\n".into()));
    sandbox.run(&["status", "--exit-code"]).well();
}
