//! What hcc takes for its own, and what it never does.

use std::fs;
use std::os::unix::fs::MetadataExt;

use crate::kit::Sandbox;

const APPLY: &[&str] = &["apply", "--yes", "--no-packages"];

#[test]
fn a_folder_that_holds_other_things_is_no_state() {
    let sandbox = Sandbox::new("home { file \".a\" text=\"x\" }\n");
    sandbox.write(".local/state/other/precious", "mine\n");
    let before = sandbox.snapshot();
    for state in [sandbox.home(".local/state"), sandbox.home("")] {
        let run = |arguments: &[&str]| {
            sandbox.ran(&sandbox.command(arguments).env("HCC_STATE", &state).output().expect("hcc"))
        };
        run(APPLY).ends(4).says("is not hcc's folder, and holds other things");
        run(&["uninstall", "--yes"]).ends(4);
        sandbox.snapshot().is(&before);
    }
}

#[test]
fn uninstall_removes_nothing_of_the_state_that_is_not_hccs() {
    let sandbox = Sandbox::new("home { file \".a\" text=\"x\" }\n");
    sandbox.run(APPLY).well();
    fs::write(sandbox.state("notes"), "mine\n").expect("written");
    fs::create_dir(sandbox.state("trees/repo")).expect("made");
    fs::write(sandbox.state("trees/repo/file"), "mine\n").expect("written");
    sandbox.run(&["gc", "--keep", "1", "--yes"]);
    sandbox.run(&["uninstall", "--yes"]).well().says("notes (not hcc's)");
    assert_eq!(fs::read_to_string(sandbox.state("notes")).expect("it is there"), "mine\n");
    assert!(sandbox.state("trees/repo/file").exists());
    assert!(!sandbox.state("current").is_symlink());
}

#[test]
fn neither_the_state_nor_the_configuration_is_moved_out_of_the_way() {
    for path in [".local", ".local/state", ".local/state/hcc/x", ".local/state/hcc"] {
        let sandbox = Sandbox::new("home { file \".a\" text=\"x\" }\n");
        sandbox.run(APPLY).well();
        sandbox.config("hcc.kdl", format!("home {{ file \"{path}\" text=\"x\" force=#true }}\n"));
        let before = sandbox.snapshot();
        sandbox.run(APPLY).ends(1);
        sandbox.snapshot().is(&before);
    }
}

#[test]
fn a_lost_ledger_is_no_empty_one() {
    let sandbox = Sandbox::new(
        "home { file \"m.json\" format=\"json\" install=\"merge\" { settings k=1 } }\n",
    );
    sandbox.write("m.json", "{\"mine\": 1}\n");
    sandbox.run(APPLY).well();
    fs::remove_file(sandbox.state("ledger.json")).expect("removed");
    for arguments in [&["status"][..], &["uninstall", "--yes"], APPLY] {
        sandbox.run(arguments).ends(4).says("ledger.json");
    }
    assert!(sandbox.read("m.json").contains("mine"));
}

#[test]
fn an_original_that_is_gone_is_said() {
    let sandbox = Sandbox::new("home { file \".a\" text=\"x\" }\n");
    sandbox.write(".a", "mine\n");
    sandbox.run(&[APPLY, &["--backup", "store"]].concat()).well();
    for entry in fs::read_dir(sandbox.state("originals")).expect("a folder").flatten() {
        fs::remove_file(entry.path()).expect("removed");
    }
    sandbox.run(&["uninstall", "--yes"]).ends(4).says("what was there before hcc is gone");
}

#[test]
fn an_empty_configuration_takes_nothing_away() {
    let sandbox = Sandbox::new("home { file \".a\" text=\"x\" }\n");
    sandbox.run(APPLY).well();
    sandbox.config("hcc.kdl", "\n");
    sandbox.run(APPLY).ends(3).says("is empty; 1 files are managed here");
    assert!(sandbox.is_ours(".a"));
}

#[test]
fn an_uninstall_that_was_cut_short_is_finished_by_the_next_run() {
    let sandbox = Sandbox::new("home { file \"d/x\" text=\"1\"; file \"d/y\" text=\"2\" }\n");
    let before = sandbox.snapshot();
    sandbox.run(APPLY).well();
    // As a kill leaves it: the name is changed, and some contents are gone.
    fs::rename(sandbox.state("current"), sandbox.state("leaving")).expect("renamed");
    fs::remove_dir_all(sandbox.home("d")).expect("removed");
    for tree in fs::read_dir(sandbox.state("trees")).expect("a folder").flatten() {
        let _absent = fs::remove_file(tree.path().join("y"));
    }
    sandbox.run(APPLY).well();
    assert_eq!(sandbox.read("d/y"), "2\n");
    sandbox.run(&["uninstall", "--yes"]).well();
    sandbox.snapshot().is(&before);
}

#[test]
fn kept_edits_of_keys_stay_named() {
    let sandbox = Sandbox::new(
        "home { file \"m.json\" format=\"json\" install=\"merge\" { settings k=1 } }\n",
    );
    sandbox.run(APPLY).well();
    sandbox.write("m.json", sandbox.read("m.json").replace('1', "2"));
    for _ in 0..3 {
        sandbox.run(APPLY).well().says("edited: k");
        sandbox.run(&["status"]).well().says("edited: k");
    }
    sandbox.run(&[APPLY, &["--drift", "restore"]].concat()).well();
    assert!(sandbox.read("m.json").contains("1"));
}

#[test]
fn what_stow_folded_is_unfolded_and_folded_again() {
    let sandbox = Sandbox::new("home { file \".config/app\" source=\"app\" install=\"live\" }\n");
    sandbox.config("app/a", "a\n");
    sandbox.config("app/deep/b", "b\n");
    fs::create_dir(sandbox.home(".config")).expect("made");
    let source = sandbox.source("app");
    std::os::unix::fs::symlink(&source, sandbox.home(".config/app")).expect("linked");
    let before = sandbox.snapshot();
    sandbox.run(APPLY).well().says("was a link to the same folder");
    assert!(!sandbox.home(".config/app").is_symlink());
    assert_eq!(sandbox.read(".config/app/deep/b"), "b\n");
    sandbox.run(&["uninstall", "--yes"]).well();
    sandbox.snapshot().is(&before);
}

#[test]
fn what_a_folded_folder_shows_besides_stays_visible() {
    let sandbox =
        Sandbox::new("home { file \".config/app/a\" source=\"app/a\" install=\"live\" }\n");
    sandbox.config("app/a", "a\n");
    sandbox.config("app/other", "seen by the program too\n");
    sandbox.config("app/deep/er", "this as well\n");
    fs::create_dir(sandbox.home(".config")).expect("made");
    let source = sandbox.source("app");
    std::os::unix::fs::symlink(&source, sandbox.home(".config/app")).expect("linked");
    let before = sandbox.snapshot();
    sandbox.run(APPLY).well();
    assert!(!sandbox.home(".config/app").is_symlink());
    assert_eq!(sandbox.read(".config/app/other"), "seen by the program too\n");
    assert_eq!(sandbox.read(".config/app/deep/er"), "this as well\n");
    // Nothing of it is forgotten by the next run, and what is new there is seen as before.
    sandbox.run(APPLY).well().says("Nothing to do");
    sandbox.config("app/new", "new\n");
    sandbox.run(APPLY).well();
    assert_eq!(sandbox.read(".config/app/new"), "new\n");
    fs::remove_file(source.join("new")).expect("removed");
    sandbox.config("hcc.kdl", "home { file \".x\" text=\"\" }\n");
    sandbox.run(APPLY).well();
    assert!(sandbox.home(".config/app").is_symlink());
    sandbox.run(&["rollback", "--yes"]).well();
    assert!(!sandbox.home(".config/app").is_symlink());
    assert_eq!(sandbox.read(".config/app/other"), "seen by the program too\n");
    sandbox.run(&["uninstall", "--yes"]).well();
    sandbox.snapshot().is(&before);
}

#[test]
fn a_link_into_the_configuration_makes_room_unasked_and_comes_back() {
    let sandbox = Sandbox::new(
        "home { file \".toolrc\" text=\"typed\\n\"; file \".config/app/a\" text=\"typed\\n\"; \
         file \".config/other/a\" text=\"typed\\n\" }\n",
    );
    sandbox.config("tool/.toolrc", "by hand\n");
    sandbox.config("app/.config/app/a", "by hand\n");
    sandbox.config("app/.config/app/b", "b\n");
    fs::create_dir(sandbox.home(".config")).expect("made");
    let link = |to: &str, at: &str| {
        std::os::unix::fs::symlink(sandbox.source(to), sandbox.home(at)).expect("linked")
    };
    link("tool/.toolrc", ".toolrc");
    link("app/.config/app", ".config/app");
    // Somebody's own, elsewhere: that is for the user to decide.
    fs::create_dir(sandbox.root().join("elsewhere")).expect("made");
    fs::write(sandbox.root().join("elsewhere/a"), "mine\n").expect("written");
    std::os::unix::fs::symlink(sandbox.root().join("elsewhere"), sandbox.home(".config/other"))
        .expect("linked");
    let before = sandbox.snapshot();
    sandbox.run(APPLY).ends(3).says(".config/other: a link in the place of a folder");
    sandbox.snapshot().is(&before);
    fs::remove_file(sandbox.home(".config/other")).expect("removed");
    let before = sandbox.snapshot();
    sandbox.run(APPLY).well();
    assert_eq!(sandbox.read(".toolrc"), "typed\n");
    assert_eq!(sandbox.read(".config/app/a"), "typed\n");
    assert_eq!(sandbox.read(".config/app/b"), "b\n");
    assert_eq!(sandbox.read_source("app/.config/app/a"), "by hand\n");
    sandbox.run(&["uninstall", "--yes"]).well();
    sandbox.snapshot().is(&before);
}

#[test]
fn one_changed_file_among_many_costs_what_it_changes() {
    let sandbox = Sandbox::new("home { file \".farm\" source=\"farm\" }\n");
    for number in 0..400 {
        sandbox.config(&format!("farm/d{}/f{number}", number % 8), format!("{number}\n"));
    }
    sandbox.run(APPLY).well();
    let size = |name: &str| fs::metadata(sandbox.state(name)).expect("it is there").len();
    let whole = fs::read(sandbox.state("index")).expect("an index");
    let inode = |generation: usize, path: &str| {
        let path = sandbox.state(&format!("generations/{generation}/home/.farm/{path}"));
        fs::symlink_metadata(path).expect("it is there").ino()
    };
    for generation in 2..5 {
        sandbox.config("farm/d0/f8", format!("{generation}\n"));
        sandbox.run(APPLY).well().says("1 to change.");
        assert_eq!(sandbox.read(".farm/d0/f8"), format!("{generation}\n"));
        assert!(fs::read(sandbox.state("index")).expect("an index") == whole, "it is written anew");
        assert!(size("index.since") < size("index") / 50, "{}", size("index.since"));
        let manifest = size(&format!("generations/{generation}/manifest.json"));
        assert!(manifest < size("generations/1/manifest.json") / 50, "{manifest}");
        // What stays is the same file, and the same link to a tree.
        for path in ["d0/f0", "d1/f1", "d1"] {
            assert_eq!(inode(1, path), inode(generation, path), "{path}");
        }
        assert_eq!(sandbox.run(APPLY).well().stderr, "Nothing to do.\n");
    }
    // More than what is little: the index is whole again.
    for number in 0..200 {
        sandbox.config(&format!("farm/d{}/f{number}", number % 8), "other\n");
    }
    sandbox.run(APPLY).well().says("200 to change.");
    assert!(!sandbox.state("index.since").exists());
    fs::remove_file(sandbox.source("farm/d3/f3")).expect("removed");
    sandbox.config("farm/d3/g3", "new\n");
    sandbox.run(APPLY).well().says("1 to add").says("1 to remove");
    assert!(sandbox.state("index.since").exists());
    assert_eq!(sandbox.run(APPLY).well().stderr, "Nothing to do.\n");
    sandbox.run(&["rollback", "1", "--yes"]).well();
    assert_eq!(sandbox.read(".farm/d3/f3"), "3\n");
    sandbox.run(&["status", "--exit-code"]).well();
}
