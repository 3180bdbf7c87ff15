//! What stands in the way, what comes back, and what somebody else changes.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::time::{Duration, SystemTime};

use crate::kit::{Ran, Sandbox, Snapshot, Thing};

const APPLY: &[&str] = &["apply", "--yes", "--no-packages"];

fn apply(sandbox: &Sandbox, more: &[&str]) -> Ran {
    sandbox.run(&[APPLY, more].concat())
}

/// The home without hcc's folder and those above it.
fn mine(sandbox: &Sandbox) -> Snapshot {
    let mut all = sandbox.outside();
    all.0.retain(|path, _| path != ".local" && path != ".local/state");
    all
}

fn uninstall(sandbox: &Sandbox, before: &Snapshot) {
    sandbox.run(&["uninstall", "--yes"]).well();
    sandbox.snapshot().is(before);
}

fn age(sandbox: &Sandbox, below: &str) {
    let time = SystemTime::UNIX_EPOCH + Duration::new(1_234_567_890, 123_456_789);
    let file = fs::File::open(sandbox.home(below)).expect("a file");
    file.set_times(fs::FileTimes::new().set_modified(time)).expect("a time");
}

fn set_mode(sandbox: &Sandbox, below: &str, mode: u32) {
    fs::set_permissions(sandbox.home(below), fs::Permissions::from_mode(mode)).expect("a mode");
}

const IN_THE_WAY: &str = r#"
    file ".file" text="ours"
    file ".link" text="ours"
    file ".broken" text="ours"
    file ".folder" text="ours"
    file ".blocked/inner" text="ours"
    file ".blocked/deep/inner" install="copy" text="ours"
"#;

/// A home in which something of each kind is in the way.
fn crowded() -> Sandbox {
    let sandbox = Sandbox::new(&format!("home {{\n{IN_THE_WAY}\n}}\n"));
    sandbox.write(".file", "mine\n");
    set_mode(&sandbox, ".file", 0o640);
    age(&sandbox, ".file");
    sandbox.write("elsewhere", "elsewhere\n");
    sandbox.link("elsewhere", ".link");
    sandbox.link("nothing-is-here", ".broken");
    sandbox.write(".folder/a/b", "deep\n");
    sandbox.write(".folder/c", "c\n");
    set_mode(&sandbox, ".folder/a", 0o700);
    set_mode(&sandbox, ".folder", 0o750);
    age(&sandbox, ".folder/a/b");
    sandbox.write(".blocked", "blocked\n");
    age(&sandbox, ".blocked");
    sandbox
}

#[test]
fn all_conflicts_stop_a_run_before_anything_is_written() {
    let sandbox = crowded();
    let before = mine(&sandbox);
    let ran = apply(&sandbox, &[]).ends(3);
    for path in [".file", ".link", ".broken", ".folder", ".blocked"] {
        assert!(ran.stderr.contains(&format!("  {path}: ")), "{path}: {ran}");
    }
    mine(&sandbox).is(&before);
    assert!(sandbox.state("current").symlink_metadata().is_err());
}

#[test]
fn conflicts_are_kept_as_said_and_come_back_with_modes_and_times() {
    let ways: [(&str, &[&str]); 4] = [
        ("", &["--backup", "store"]),
        ("", &["--backup-extension", "backup"]),
        ("backup \"store\"\n", &[]),
        ("backup-extension \"backup\"\n", &[]),
    ];
    for (config, flags) in ways {
        let sandbox = crowded();
        sandbox.config("hcc.kdl", format!("{config}home {{\n{IN_THE_WAY}\n}}\n"));
        let before = sandbox.snapshot();
        apply(&sandbox, flags).well();
        for path in [".file", ".link", ".broken", ".folder", ".blocked/inner"] {
            assert!(sandbox.is_ours(path), "{path}");
        }
        assert_eq!(sandbox.read(".blocked/deep/inner"), "ours\n");
        let beside = flags.contains(&"backup") || config.contains("extension");
        for path in [".file", ".link", ".broken", ".folder", ".blocked"] {
            let backup = sandbox.home(&format!("{path}.backup")).symlink_metadata().is_ok();
            assert_eq!(backup, beside, "{path} {flags:?} {config}");
        }
        // No generation has them any more.
        sandbox.config("hcc.kdl", "home { file \".other\" text=\"x\" }\n");
        apply(&sandbox, &[]).well();
        let mut now = mine(&sandbox);
        now.0.remove(".other");
        now.is(&before);
        uninstall(&sandbox, &before);
    }
}

#[test]
fn a_rollback_gives_back_what_was_there_and_takes_it_again() {
    let sandbox = crowded();
    sandbox.config("hcc.kdl", "home { file \".other\" text=\"x\" }\n");
    let before = sandbox.snapshot();
    apply(&sandbox, &[]).well();
    let first = mine(&sandbox);
    sandbox.config("hcc.kdl", format!("home {{\n{IN_THE_WAY}\n}}\n"));
    apply(&sandbox, &["--backup", "store"]).well();
    let second = mine(&sandbox);
    fs::remove_dir_all(sandbox.source("")).expect("the configuration is not needed");
    sandbox.run(&["rollback", "--yes"]).well();
    mine(&sandbox).is(&first);
    sandbox.run(&["rollback", "2", "--yes", "--backup", "store"]).well();
    mine(&sandbox).without_times().is(&second.without_times());
    uninstall(&sandbox, &before);
}

#[test]
fn no_backup_is_ever_overwritten() {
    let sandbox = Sandbox::new("backup-extension \"bak\"\nhome { file \".a\" text=\"ours\" }\n");
    sandbox.write(".a", "mine\n");
    sandbox.write(".a.bak", "an older backup\n");
    sandbox.link("nowhere", ".a.bak.2");
    let before = sandbox.snapshot();
    apply(&sandbox, &[]).well();
    assert_eq!(sandbox.read(".a.bak"), "an older backup\n");
    assert_eq!(sandbox.read(".a.bak.3"), "mine\n");
    uninstall(&sandbox, &before);
}

#[test]
fn force_settles_that_path_and_no_other() {
    let sandbox = Sandbox::new(
        "home { file \"foo\" force=#true text=\"ours\"; file \"foobar\" text=\"ours\" }\n",
    );
    sandbox.write("foo", "mine\n");
    sandbox.write("foobar", "mine\n");
    let before = mine(&sandbox);
    let ran = apply(&sandbox, &[]).ends(3);
    let (_, list) = ran.stderr.split_once("in the way; nothing was changed:").expect("a list");
    assert!(list.contains("  foobar: ") && !list.contains("  foo: "), "{ran}");
    mine(&sandbox).is(&before);
    sandbox.config("hcc.kdl", "home { file \"foo\" force=#true text=\"ours\" }\n");
    apply(&sandbox, &[]).well();
    assert_eq!((sandbox.read("foo"), sandbox.read("foobar")), ("ours\n".into(), "mine\n".into()));
    sandbox.run(&["uninstall", "--yes"]).well();
    mine(&sandbox).is(&before);
}

#[test]
fn the_same_content_is_adopted_and_given_back_as_it_was() {
    for install in ["link", "copy", "live"] {
        let sandbox = Sandbox::new(&format!(
            "home {{ file \".a\" install=\"{install}\" {{ source \"a\" }}; file \".b\" install=\"{install}\" {{ source \"a\" }} }}\n"
        ));
        sandbox.config("a", "the same\n");
        sandbox.write(".a", "the same\n");
        age(&sandbox, ".a");
        sandbox.write("other", "the same\n");
        sandbox.link("other", ".b");
        let before = sandbox.snapshot();
        apply(&sandbox, &[]).well().says("adopt");
        assert_eq!(
            (sandbox.read(".a"), sandbox.read(".b")),
            ("the same\n".into(), "the same\n".into())
        );
        uninstall(&sandbox, &before);
        // Also after it became something else in between.
        apply(&sandbox, &[]).well();
        sandbox.config("a", "something else\n");
        apply(&sandbox, &[]).well();
        assert_eq!(sandbox.read(".a"), "something else\n");
        uninstall(&sandbox, &before);
    }
}

#[test]
fn every_install_mode_can_become_every_other() {
    let modes = ["link", "copy", "live", "merge", "plain"];
    for had in ["nothing", "a file"] {
        for from in modes {
            for to in modes {
                let sandbox = Sandbox::new("home { }\n");
                sandbox.config("s.json", "{\"key\": 1}\n");
                let say = |mode: &str| match mode {
                    "live" => "home { file \"s.json\" install=\"live\" { source \"s.json\" } }\n",
                    "merge" => {
                        "home { file \"s.json\" install=\"merge\" format=\"json\" { settings key=1 } }\n"
                    }
                    "copy" => "home { file \"s.json\" install=\"copy\" { source \"s.json\" } }\n",
                    "plain" => "home { file \"s.json\" link=\"/somewhere\" }\n",
                    _ => "home { file \"s.json\" { source \"s.json\" } }\n",
                };
                if had == "a file" {
                    sandbox.write("s.json", "{\n  \"mine\": [1,  2],\n  \"key\": 0\n}\n");
                }
                let before = sandbox.snapshot().without_times();
                for mode in [from, to] {
                    sandbox.config("hcc.kdl", say(mode));
                    let ran = apply(&sandbox, &["--backup", "store"]).well();
                    let found = fs::symlink_metadata(sandbox.home("s.json")).expect("a look");
                    let story = format!("{had}: {from} to {to}, at {mode}\n{ran}");
                    assert_eq!(found.is_symlink(), !["copy", "merge"].contains(&mode), "{story}");
                    if mode != "plain" {
                        let text = sandbox.read("s.json");
                        assert!(text.contains("\"key\": 1"), "{text}\n{story}");
                    }
                    apply(&sandbox, &[]).well().says("Nothing to do.");
                }
                sandbox.run(&["uninstall", "--yes"]).well();
                let after = sandbox.snapshot().without_times();
                assert_eq!(after, before, "{had}: {from} to {to}");
            }
        }
    }
}

#[test]
fn what_a_program_added_to_a_merged_file_survives_when_it_becomes_hccs_alone() {
    let merged = "home { file \"s.json\" install=\"merge\" format=\"json\" { settings key=1 } }\n";
    for whole in ["install=\"copy\"", "install=\"link\""] {
        let sandbox = Sandbox::new(merged);
        apply(&sandbox, &[]).well();
        sandbox.write("s.json", "{\n  \"key\": 1,\n  \"program\": true\n}\n");
        sandbox.config("hcc.kdl", format!("home {{ file \"s.json\" {whole} text=\"{{}}\" }}\n"));
        apply(&sandbox, &[]).well();
        assert_eq!(sandbox.read("s.json"), "{}\n");
        sandbox.run(&["uninstall", "--yes"]).well();
        assert_eq!(sandbox.read("s.json"), "{\n  \"program\": true\n}\n", "{whole}");
    }
}

#[test]
fn a_file_becomes_a_folder_and_a_folder_a_file() {
    for install in ["install=\"link\"", "install=\"copy\""] {
        for original in ["nothing", "a file", "a folder"] {
            let sandbox = Sandbox::new("home { }\n");
            match original {
                "a file" => sandbox.write(".x", "mine\n"),
                "a folder" => sandbox.write(".x/mine", "mine\n"),
                _ => {}
            }
            let before = sandbox.snapshot();
            let file = format!("home {{ file \".x\" {install} text=\"file\" }}\n");
            let folder = format!(
                "home {{ file \".x/y\" {install} text=\"y\"; file \".x/z/deep\" {install} text=\"z\" }}\n"
            );
            for round in 0..2 {
                for (config, paths) in [(&file, vec![".x"]), (&folder, vec![".x/y", ".x/z/deep"])] {
                    sandbox.config("hcc.kdl", config);
                    let ran = apply(&sandbox, &["--backup", "store"]).well();
                    for path in paths {
                        assert!(sandbox.home(path).is_file(), "{original} {round} {path} {ran}");
                    }
                    apply(&sandbox, &[]).well().says("Nothing to do.");
                }
            }
            sandbox.run(&["rollback", "1", "--yes", "--backup", "store"]).well();
            assert_eq!(sandbox.read(".x"), "file\n");
            uninstall(&sandbox, &before);
        }
    }
}

#[test]
fn an_edited_file_does_not_make_room_for_a_folder() {
    let sandbox = Sandbox::new("home { file \".x\" install=\"copy\" text=\"file\" }\n");
    apply(&sandbox, &[]).well();
    sandbox.write(".x", "edited\n");
    sandbox.config("hcc.kdl", "home { file \".x/y\" text=\"y\" }\n");
    apply(&sandbox, &[]).ends(3).says(".x: ");
    assert_eq!(sandbox.read(".x"), "edited\n");
    apply(&sandbox, &["--backup", "store"]).well();
    assert!(sandbox.is_ours(".x/y"));
    sandbox.run(&["uninstall", "--yes"]).well();
    assert_eq!(sandbox.read(".x"), "edited\n");
}

#[test]
fn a_folder_with_an_edited_file_does_not_make_room_for_a_file() {
    let sandbox = Sandbox::new("home { file \".x/y\" install=\"copy\" text=\"file\" }\n");
    apply(&sandbox, &[]).well();
    sandbox.write(".x/y", "edited\n");
    sandbox.config("hcc.kdl", "home { file \".x\" text=\"x\" }\n");
    apply(&sandbox, &[]).ends(3).says(".x: ");
    assert_eq!(sandbox.read(".x/y"), "edited\n");
    apply(&sandbox, &["--backup", "store"]).well();
    assert!(sandbox.is_ours(".x"));
    sandbox.run(&["uninstall", "--yes"]).well();
    assert_eq!(sandbox.read(".x/y"), "edited\n");
}

/// What somebody does to a managed file.
fn drift(sandbox: &Sandbox, how: &str, path: &str) {
    let full = sandbox.home(path);
    match how {
        "replaced" => sandbox.write(path, "edited\n"),
        "through" => sandbox.write_through(path, "edited\n"),
        "deleted" => fs::remove_file(full).expect("removed"),
        "repointed" => {
            fs::remove_file(&full).expect("removed");
            symlink("/etc/hostname", full).expect("a link");
        }
        "folder" => {
            fs::remove_file(&full).expect("removed");
            sandbox.write(&format!("{path}/inner"), "edited\n");
        }
        _ => unreachable!("{how}"),
    }
}

#[test]
fn drift_of_each_kind_is_kept_or_restored_as_said_and_the_rest_is_applied() {
    for install in ["link", "copy"] {
        for how in ["replaced", "through", "deleted", "repointed", "folder"] {
            for said in ["nothing", "flag", "file"] {
                let config = |text: &str| {
                    let own = if said == "file" { "drift=\"restore\"" } else { "" };
                    format!(
                        "home {{ file \".x\" install=\"{install}\" {own} text=\"{text}\"; file \".y\" text=\"{text}\" }}\n"
                    )
                };
                let sandbox = Sandbox::new(&config("one"));
                apply(&sandbox, &[]).well();
                drift(&sandbox, how, ".x");
                let edited = Snapshot::of(&sandbox.home("")).0.get(".x").cloned();
                sandbox.config("hcc.kdl", config("two"));
                let flags: &[&str] = if said == "flag" { &["--drift", "restore"] } else { &[] };
                let ran = apply(&sandbox, flags).well();
                let story = format!("{install} {how} {said}\n{ran}");
                assert_eq!(sandbox.read(".y"), "two\n", "{story}");
                if said == "nothing" {
                    let kept = Snapshot::of(&sandbox.home("")).0.get(".x").cloned();
                    match (how, install) {
                        // What was written through the link becomes a file of its own.
                        ("through", "link") => {
                            assert_eq!(sandbox.read(".x"), "edited\n", "{story}")
                        }
                        _ => assert_eq!(kept, edited, "{story}"),
                    }
                    assert!(ran.stderr.contains(".x"), "{story}");
                    continue;
                }
                assert_eq!(sandbox.read(".x"), "two\n", "{story}");
                let saved = Snapshot::of(&sandbox.state("saved"));
                let holds = |thing: &Thing| match thing {
                    Thing::File(_, _, bytes) => bytes == b"edited\n",
                    Thing::Link(to) => to.as_os_str() == "/etc/hostname",
                    _ => false,
                };
                if how != "deleted" {
                    assert!(saved.0.values().any(holds), "{saved:?}\n{story}");
                }
            }
        }
    }
}

#[test]
fn a_write_through_a_link_reaches_no_other_file_and_no_other_generation() {
    let config = |text: &str| {
        format!(
            "home {{ file \".x\" text=\"same\"; file \".twin\" text=\"same\"; file \".y\" text=\"{text}\" }}\n"
        )
    };
    let sandbox = Sandbox::new(&config("one"));
    apply(&sandbox, &[]).well();
    sandbox.config("hcc.kdl", config("two"));
    apply(&sandbox, &[]).well();
    sandbox.write_through(".x", "edited\n");
    apply(&sandbox, &[]).well();
    assert_eq!(sandbox.read(".x"), "edited\n");
    assert!(!sandbox.home(".x").is_symlink());
    assert_eq!(sandbox.read(".twin"), "same\n");
    sandbox.run(&["rollback", "1", "--yes", "--drift", "restore"]).well();
    assert_eq!((sandbox.read(".x"), sandbox.read(".twin")), ("same\n".into(), "same\n".into()));
}

#[test]
fn touching_is_no_drift_and_costs_no_generation() {
    let sandbox =
        Sandbox::new("home { file \".x\" text=\"x\"; file \".c\" install=\"copy\" text=\"c\" }\n");
    apply(&sandbox, &[]).well();
    age(&sandbox, ".x");
    age(&sandbox, ".c");
    apply(&sandbox, &[]).well().says("Nothing to do.");
    apply(&sandbox, &[]).well().says("Nothing to do.");
    assert!(sandbox.state("generations/2").symlink_metadata().is_err());
}

#[test]
fn fifty_applies_with_a_program_that_rewrites_the_file_lose_no_version() {
    let sandbox = Sandbox::new("home { file \".x\" drift=\"restore\" text=\"ours\" }\n");
    sandbox.write(".x", "the first\n");
    let before = sandbox.snapshot();
    apply(&sandbox, &["--backup", "store"]).well();
    for number in 0..50 {
        sandbox.write(".x", format!("version {number}\n"));
        apply(&sandbox, &[]).well();
        assert_eq!(sandbox.read(".x"), "ours\n");
    }
    let names: Vec<String> = mine(&sandbox).0.into_keys().collect();
    assert_eq!(names, [".x"]);
    let saved = Snapshot::of(&sandbox.state("saved"));
    for number in 0..50 {
        let own = format!("version {number}\n").into_bytes();
        let is = |thing: &Thing| matches!(thing, Thing::File(_, _, bytes) if *bytes == own);
        assert!(saved.0.values().any(is), "version {number}");
    }
    sandbox.run(&["uninstall", "--yes"]).well();
    assert_eq!(mine(&sandbox).0, before.0);
}

#[test]
fn fifty_applies_that_keep_the_edits_never_fail_either() {
    let sandbox = Sandbox::new("home { }\n");
    for number in 0..50 {
        sandbox.config("hcc.kdl", format!("home {{ file \".x\" text=\"ours {number}\" }}\n"));
        apply(&sandbox, &["--backup-extension", "backup"]).well();
        sandbox.write(".x", format!("version {number}\n"));
    }
    assert_eq!(sandbox.read(".x"), "version 49\n");
    assert_eq!(mine(&sandbox).0.into_keys().collect::<Vec<_>>(), [".x"]);
}

#[test]
fn something_newer_stays_and_what_was_there_before_comes_beside_it() {
    let sandbox = Sandbox::new("backup \"store\"\nhome { file \".x\" text=\"ours\" }\n");
    sandbox.write(".x", "mine\n");
    apply(&sandbox, &[]).well();
    sandbox.write(".x", "newer\n");
    let ran = sandbox.run(&["uninstall", "--yes"]).well();
    assert_eq!(sandbox.read(".x"), "newer\n");
    assert_eq!(sandbox.read(".x.hcc-original"), "mine\n");
    assert!(ran.stderr.contains(".x.hcc-original"), "{ran}");
}

#[test]
fn folders_that_were_there_stay_and_those_that_hcc_made_go_when_empty() {
    let sandbox = Sandbox::new(
        "home { file \".config/app/deep/x\" text=\"x\"; file \".made/deep/x\" text=\"x\" }\n",
    );
    fs::create_dir_all(sandbox.home(".config/app")).expect("folders");
    apply(&sandbox, &[]).well();
    sandbox.write(".made/own", "mine\n");
    sandbox.config("hcc.kdl", "home { }\n");
    apply(&sandbox, &[]).well();
    let names: Vec<String> = mine(&sandbox).0.into_keys().collect();
    assert_eq!(names, [".config", ".config/app", ".made", ".made/own"]);
}

#[test]
fn another_rollback_goes_further_back_and_asks_for_no_backup_twice() {
    let sandbox = Sandbox::new("");
    sandbox.write(".a", "the user's\n");
    let config = |text: &str| format!("home {{ {text} }}\n");
    for text in ["file \".z\" text=\"z\"", "file \".a\" text=\"two\"", "file \".z\" text=\"z\""] {
        sandbox.config("hcc.kdl", config(text));
        sandbox.run(&["apply", "--yes", "--backup", "store"]).well();
    }
    assert_eq!(sandbox.read(".a"), "the user's\n");
    // Generation 2 again: what was kept then is kept again.
    sandbox.run(&["rollback", "--yes"]).well().says("Generation 4 is in effect.");
    assert_eq!(sandbox.read(".a"), "two\n");
    sandbox.run(&["gc", "--keep", "1", "--dry-run"]).well().never_says("generation 1 (");
    sandbox.run(&["rollback", "--yes"]).well();
    assert_eq!((sandbox.read(".a"), sandbox.read(".z")), ("the user's\n".into(), "z\n".into()));
    sandbox.run(&["rollback", "--yes"]).ends(2).says("no generation before 1, which 5 is again");
    sandbox.run(&["rollback", "2", "--yes"]).well();
    assert_eq!(sandbox.read(".a"), "two\n");
    sandbox.run(&["uninstall", "--yes"]).well();
    assert_eq!(sandbox.read(".a"), "the user's\n");
    // What was never kept is asked about.
    sandbox.config("hcc.kdl", config("file \".b\" text=\"b\""));
    sandbox.apply();
    sandbox.config("hcc.kdl", config("file \".z\" text=\"z\""));
    sandbox.apply();
    sandbox.write(".b", "new\n");
    sandbox.run(&["rollback", "--yes"]).ends(3).says(".b: a file");
}

#[test]
fn a_source_beside_the_configuration_is_found_wherever_hcc_is_called() {
    let sandbox = Sandbox::new(
        "home { file \".vimrc\" source=\"../v/vimrc\" install=\"live\"; file \".w\" source=\"../v\" }\n",
    );
    std::fs::create_dir(sandbox.root().join("v")).expect("a folder");
    std::fs::write(sandbox.root().join("v/vimrc"), "x\n").expect("a file");
    for (folder, config) in
        [("", "config"), ("config", "."), ("v", "../config"), ("home", "../config/hcc.kdl")]
    {
        let mut run = sandbox.command(&["apply", "--yes", "--no-packages", "--config", config]);
        run.env_remove("HCC_CONFIG").current_dir(sandbox.root().join(folder));
        sandbox.ran(&run.output().expect("hcc")).well();
        for path in [".vimrc", ".w/vimrc"] {
            assert_eq!(sandbox.read(path), "x\n", "{path} from {folder:?} with {config}");
        }
        sandbox.run(&["uninstall", "--yes"]).well();
    }
}
