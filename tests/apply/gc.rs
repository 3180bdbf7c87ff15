//! `hcc gc`: what is kept stays whole, whatever goes and whenever it is killed.

use std::collections::BTreeSet;
use std::fs;

use super::kit::Sandbox;

/// A home with so many generations. Each differs from the one before in one file of many.
fn home(generations: usize) -> Sandbox {
    let sandbox = Sandbox::new("");
    for number in 1..=generations {
        sandbox.config("hcc.kdl", config(number));
        sandbox.apply();
    }
    sandbox
}

fn config(number: usize) -> String {
    let same = (0..8).map(|at| format!("    file \"same/{at}\" text=\"{at}\"\n"));
    format!("home {{\n{}    file \"other/a\" text=\"{number}\"\n}}\n", same.collect::<String>())
}

fn numbers(sandbox: &Sandbox) -> Vec<u64> {
    let list = sandbox.run(&["generations", "--json"]).well().json();
    let list = list["generations"].as_array().expect("a list").iter();
    list.map(|one| one["number"].as_u64().expect("a number")).collect()
}

/// Every generation can be read and gone back to, and the one in effect stands.
#[track_caller]
fn is_whole(sandbox: &Sandbox, current: usize) {
    assert_eq!(sandbox.read("other/a"), format!("{current}\n"));
    sandbox.run(&["status", "--exit-code"]).well();
    let list = numbers(sandbox);
    for pair in list.windows(2) {
        let [from, to] = [pair[0].to_string(), pair[1].to_string()];
        sandbox.run(&["diff", &from, &to]).well();
        let folder = sandbox.state(&format!("generations/{from}/home"));
        assert_eq!(fs::read_to_string(folder.join("other/a")).expect(&from), format!("{from}\n"));
        assert_eq!(fs::read_to_string(folder.join("same/7")).expect(&from), "7\n");
    }
}

fn trees(sandbox: &Sandbox) -> BTreeSet<String> {
    let list = fs::read_dir(sandbox.state("trees")).expect("trees").flatten();
    list.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

#[test]
fn the_last_ones_stay_and_what_only_the_others_held_goes() {
    let sandbox = home(6);
    let before = trees(&sandbox);
    sandbox.run(&["gc", "--keep", "3", "--yes"]).well().says("Removed 3 generations; ");
    assert_eq!(numbers(&sandbox), [4, 5, 6]);
    is_whole(&sandbox, 6);
    // Each generation has a root and a folder of its own; `same` is shared.
    assert_eq!((before.len(), trees(&sandbox).len()), (13, 7));
    sandbox.run(&["rollback", "4", "--yes"]).well();
    assert_eq!(sandbox.read("other/a"), "4\n");
}

#[test]
fn the_current_and_the_previous_always_stay() {
    let sandbox = home(4);
    sandbox.run(&["gc", "--keep", "0", "--yes"]).well();
    assert_eq!(numbers(&sandbox), [3, 4]);
    sandbox.run(&["rollback", "--yes"]).well();
    assert_eq!(sandbox.read("other/a"), "3\n");
}

#[test]
fn what_is_young_stays_unless_only_the_number_counts() {
    let sandbox = home(13);
    sandbox.run(&["gc", "--yes"]).well().says("Nothing to remove.");
    sandbox.run(&["gc", "--older-than", "2w", "--yes"]).well().says("Nothing to remove.");
    sandbox.run(&["gc", "--older-than", "0h", "--keep", "12", "--yes"]).well();
    assert_eq!(numbers(&sandbox).len(), 12);
    sandbox.run(&["gc", "--older-than", "0h", "--yes"]).well();
    assert_eq!(numbers(&sandbox), [12, 13]);
    is_whole(&sandbox, 13);
    sandbox.run(&["gc", "--older-than", "soon", "--yes"]).ends(2).says("12h, 30d, 2w");
}

#[test]
fn it_asks_and_shows_what_goes() {
    let sandbox = home(4);
    let before = sandbox.snapshot();
    sandbox
        .run(&["gc", "--keep", "1"])
        .ends(3)
        .says("remove generation 1 (apply, ")
        .says("Generation 3 stays, so that `hcc rollback` has one");
    let shown = sandbox.run(&["gc", "--keep", "1", "--dry-run", "--json"]).well().json();
    assert_eq!(shown["removed"], serde_json::json!([1, 2]));
    assert_eq!(shown["kept-for-rollback"], 3);
    sandbox.snapshot().is(&before);
    let done = sandbox.run(&["gc", "--keep", "1", "--yes", "--json"]).well().json();
    assert_eq!(shown, done);
    assert!(shown["bytes"].as_u64().is_some_and(|bytes| bytes > 0));
}

#[test]
fn nothing_goes_while_a_generation_cannot_be_read() {
    let sandbox = home(4);
    fs::write(sandbox.state("generations/2/manifest.json"), "{}").expect("written");
    let before = sandbox.snapshot().without_times();
    let ran = sandbox.run(&["gc", "--keep", "1", "--yes"]).ends(4);
    ran.says("generations/2/manifest.json is damaged").says("Nothing was removed");
    sandbox.snapshot().without_times().is(&before);
}

#[test]
fn originals_and_saved_edits_stay() {
    let sandbox = Sandbox::new(&config(1));
    sandbox.write("other/a", "mine\n");
    sandbox.run(&["apply", "--yes", "--backup", "store"]).well();
    fs::remove_file(sandbox.home("other/a")).expect("removed");
    sandbox.write("other/a", "an edit\n");
    sandbox.run(&["apply", "--yes", "--drift", "restore"]).well();
    for number in 2..5 {
        sandbox.config("hcc.kdl", config(number));
        sandbox.apply();
    }
    sandbox.run(&["gc", "--keep", "0", "--yes"]).well();
    sandbox.run(&["status"]).well().says("What hcc saved");
    sandbox.run(&["uninstall", "--yes"]).well();
    assert_eq!(sandbox.read("other/a"), "mine\n");
}

#[test]
fn what_a_killed_run_left_goes() {
    let sandbox = home(2);
    fs::create_dir_all(sandbox.state("trees/.new-abc/below")).expect("a folder");
    fs::create_dir_all(sandbox.state("trees/.gone-def")).expect("a folder");
    fs::create_dir_all(sandbox.state("generations/.gone-9")).expect("a folder");
    sandbox.run(&["gc", "--yes"]).well();
    assert!(!sandbox.state("trees/.new-abc").exists());
    assert!(!sandbox.state("trees/.gone-def").exists());
    assert!(!sandbox.state("generations/.gone-9").exists());
    is_whole(&sandbox, 2);
}

/// A generation whose tree an earlier run took and whose content comes back is built anew.
#[test]
fn a_tree_that_went_comes_back_with_its_content() {
    let sandbox = home(4);
    sandbox.run(&["gc", "--keep", "1", "--yes"]).well();
    sandbox.config("hcc.kdl", config(1));
    sandbox.apply();
    is_whole(&sandbox, 1);
}

/// Killed at any call that changes something, all that is kept can be read, and the next run ends
/// what was begun.
#[test]
fn a_kill_at_any_step_leaves_what_is_kept_whole() {
    let strace = std::process::Command::new("strace").arg("-V").output();
    if strace.is_err() {
        eprintln!("skipped: there is no strace");
        return;
    }
    let calls = "rename,renameat,renameat2,unlink,unlinkat,rmdir,openat,fsync";
    let mut at = 1;
    let mut killed = 0;
    loop {
        let sandbox = home(5);
        let inner = sandbox.command(&["gc", "--keep", "2", "--yes"]);
        let mut strace = std::process::Command::new("strace");
        strace.args(["-f", "-qq", "-o", "/dev/null", "-e"]).arg(format!("trace={calls}"));
        strace.arg("-e").arg(format!("inject={calls}:signal=KILL:when={at}"));
        strace.arg(inner.get_program()).args(inner.get_args()).env_clear();
        strace.envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
        strace.current_dir(sandbox.home(""));
        if strace.output().expect("strace").status.code() == Some(0) {
            break;
        }
        killed += 1;
        is_whole(&sandbox, 5);
        sandbox.run(&["gc", "--keep", "2", "--yes"]).well();
        assert_eq!(numbers(&sandbox), [4, 5]);
        is_whole(&sandbox, 5);
        assert_eq!(trees(&sandbox).len(), 5);
        at += 3;
    }
    assert!(killed > 3, "only {killed} kills");
}
