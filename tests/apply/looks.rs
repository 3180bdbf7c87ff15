//! `generations`, `status` and `diff`: they say what is, and write nothing.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use super::kit::{Ran, Sandbox};

/// A home with a file of every kind.
fn home() -> Sandbox {
    let sandbox = Sandbox::new(
        "home {\n    file \".linked\" text=\"one\"\n    file \".copied\" text=\"one\" install=\"copy\"\n    \
         file \".live\" source=\"live.txt\" install=\"live\"\n    \
         file \".merged.json\" format=\"json\" install=\"merge\" { settings { theme \"dark\"; size 3 } }\n}\n",
    );
    sandbox.config("live.txt", "live\n");
    sandbox.apply();
    sandbox
}

/// Runs something that only looks: the home and hcc's folder are the same after.
#[track_caller]
fn looks(sandbox: &Sandbox, arguments: &[&str]) -> Ran {
    let before = sandbox.snapshot();
    let ran = sandbox.run(arguments);
    sandbox.snapshot().is(&before);
    ran
}

#[test]
fn nothing_is_made_in_a_home_that_was_never_applied() {
    let sandbox = Sandbox::new("home { file \".a\" text=\"one\" }\n");
    looks(&sandbox, &["status"]).well().says("Nothing is applied here yet");
    looks(&sandbox, &["status", "--exit-code"]).well();
    looks(&sandbox, &["generations"]).well().says("There is no generation yet");
    looks(&sandbox, &["diff"]).well().says("+one");
    looks(&sandbox, &["gc", "--yes"]).well().says("Nothing to remove.");
    assert!(!sandbox.state("").exists());
}

#[test]
fn all_well_is_one_line() {
    let sandbox = home();
    let ran = looks(&sandbox, &["status", "--exit-code"]).well();
    assert_eq!(ran.stdout.lines().count(), 1, "{ran}");
    ran.says("its 4 files are as hcc left them.");
    looks(&sandbox, &["diff", "--exit-code"]).well();
}

#[test]
fn touching_a_file_is_no_drift() {
    let sandbox = home();
    let text = sandbox.read(".copied");
    sandbox.write(".copied", text);
    looks(&sandbox, &["status", "--exit-code"]).well();
}

#[test]
fn every_kind_of_drift_is_named() {
    let sandbox = home();
    let kind = |path: &str| {
        let report = looks(&sandbox, &["status", "--json"]).well().json();
        let found = report["drift"].as_array().expect("a list").iter();
        let found = found.clone().find(|one| one["path"] == path).cloned();
        found.map(|one| one["kind"].as_str().unwrap_or_default().to_owned())
    };
    assert_eq!(kind(".linked"), None);
    sandbox.write_through(".linked", "two\n");
    assert_eq!(kind(".linked").as_deref(), Some("through"));
    sandbox.write(".linked", "two\n");
    assert_eq!(kind(".linked").as_deref(), Some("replaced"));
    sandbox.write(".linked", "one\n");
    assert_eq!(kind(".linked").as_deref(), Some("replaced-by-same"));
    fs::remove_file(sandbox.home(".linked")).expect("removed");
    assert_eq!(kind(".linked").as_deref(), Some("deleted"));
    sandbox.link("/etc/hosts", ".linked");
    assert_eq!(kind(".linked").as_deref(), Some("relinked"));
    fs::remove_file(sandbox.home(".linked")).expect("removed");
    fs::create_dir(sandbox.home(".linked")).expect("a folder");
    assert_eq!(kind(".linked").as_deref(), Some("folder"));
    sandbox.write(".copied", "two\n");
    assert_eq!(kind(".copied").as_deref(), Some("edited"));
    sandbox.write(".copied", "one\n");
    fs::set_permissions(sandbox.home(".copied"), fs::Permissions::from_mode(0o600))
        .expect("a mode");
    assert_eq!(kind(".copied").as_deref(), Some("mode"));
    sandbox.write(".merged.json", "{\"theme\": \"light\", \"size\": 3, \"own\": true}\n");
    assert_eq!(kind(".merged.json").as_deref(), Some("keys"));
    let ran = looks(&sandbox, &["status", "--exit-code"]).ends(1);
    ran.says("  .merged.json: edited: theme").says("3 differences:");
    sandbox.write(".merged.json", "{\"theme\": ");
    assert_eq!(kind(".merged.json").as_deref(), Some("unreadable"));
    fs::remove_file(sandbox.source("live.txt")).expect("removed");
    assert_eq!(kind(".live").as_deref(), Some("dangling"));
}

#[test]
fn keys_of_the_program_are_no_drift() {
    let sandbox = home();
    sandbox.write(".merged.json", "{\"own\": true, \"theme\": \"dark\", \"size\": 3}\n");
    looks(&sandbox, &["status", "--exit-code"]).well();
}

#[test]
fn saved_edits_are_told_as_long_as_they_are_there() {
    let sandbox = home();
    sandbox.write(".copied", "mine\n");
    sandbox.run(&["apply", "--yes", "--drift", "restore"]).well();
    let report = looks(&sandbox, &["status", "--exit-code", "--json"]).well().json();
    let at = report["saved"][0]["at"].as_str().expect("a path").replace("HOME", "");
    let at = sandbox.home(at.trim_start_matches('/'));
    assert_eq!(fs::read_to_string(&at).expect("the edit"), "mine\n");
    fs::remove_file(at).expect("removed");
    looks(&sandbox, &["status"]).well().never_says("What hcc saved");
}

#[test]
fn live_sources_that_are_not_committed_are_named() {
    let sandbox = home();
    let git = |words: &[&str]| {
        let mut git = Command::new("git");
        git.current_dir(sandbox.source("")).env("HOME", sandbox.root());
        git.args(["-c", "user.name=a", "-c", "user.email=a@b"]).args(words);
        assert!(git.output().expect("git").status.success(), "{words:?}");
    };
    git(&["init", "-q"]);
    looks(&sandbox, &["status"]).says(".live: its source CONFIG/live.txt is not in git yet");
    git(&["add", "."]);
    git(&["commit", "-qm", "first"]);
    looks(&sandbox, &["status", "--exit-code"]).well();
    sandbox.config("live.txt", "other\n");
    let index = fs::read(sandbox.source(".git/index")).expect("an index");
    looks(&sandbox, &["status", "--exit-code"])
        .well()
        .says("its 4 files are as hcc left them.")
        .says(".live: its source CONFIG/live.txt is not committed");
    assert_eq!(fs::read(sandbox.source(".git/index")).expect("an index"), index);
}

#[test]
fn generations_say_what_each_changed() {
    let sandbox = Sandbox::new("home { file \".a\" text=\"1\"; file \".b\" text=\"1\" }\n");
    sandbox.apply();
    sandbox.config("hcc.kdl", "home { file \".a\" text=\"2\"; file \".c\" text=\"1\" }\n");
    sandbox.apply();
    sandbox.run(&["rollback", "--yes"]).well();
    let ran = looks(&sandbox, &["generations"]).well();
    let rows: Vec<&str> = ran.stdout.lines().collect();
    assert_eq!(rows.len(), 3, "{ran}");
    assert!(rows[0].starts_with("  1 ") && rows[0].ends_with("2 files  +2"), "{ran}");
    assert!(rows[1].contains("apply") && rows[1].ends_with("2 files  +1 ~1 -1"), "{ran}");
    assert!(rows[2].starts_with("* 3 ") && rows[2].contains("rollback to 1"), "{ran}");
    let list = looks(&sandbox, &["generations", "--json"]).json();
    assert_eq!(list["generations"][1]["added"], 1);
    assert_eq!(list["generations"][2]["current"], true);
}

#[test]
fn a_generation_that_cannot_be_read_does_not_hide_the_others() {
    let sandbox = home();
    sandbox.config("hcc.kdl", "home { file \".a\" text=\"1\" }\n");
    sandbox.apply();
    fs::write(sandbox.state("generations/1/manifest.json"), "{").expect("written");
    looks(&sandbox, &["generations"])
        .ends(4)
        .says("* 2 ")
        .says("generations/1/manifest.json is damaged");
}

#[test]
fn a_difference_says_what_apply_then_does() {
    let sandbox = home();
    sandbox.config("live.txt", "other\n");
    sandbox.config(
        "hcc.kdl",
        "home {\n    file \".linked\" text=\"two\"\n    file \".new\" text=\"new\" mode=\"0600\"\n    \
         file \".copied\" text=\"one\" install=\"copy\" mode=\"0600\"\n    \
         file \".merged.json\" format=\"json\" install=\"merge\" { settings { theme \"light\"; size 3 } }\n}\n",
    );
    sandbox.write(".merged.json", "{\"theme\": \"dark\", \"size\": 3, \"own\": true}\n");
    let ran = looks(&sandbox, &["diff", "--exit-code"]).ends(1);
    let ran = ran.says("--- a/.linked\n+++ b/.linked\n@@ -1 +1 @@\n-one\n+two\n");
    let ran = ran.says("--- /dev/null\n+++ b/.new\n@@ -0,0 +1 @@\n+new\n");
    let ran = ran.says("--- a/.live\n+++ /dev/null\n");
    let ran = ran.says("diff --git a/.copied b/.copied\nold mode 100644\nnew mode 100600\n");
    ran.says("-{\"theme\": \"dark\", \"size\": 3, \"own\": true}\n+{\"theme\": \"light\", \"size\": 3, \"own\": true}\n");
    looks(&sandbox, &["diff", ".new"]).well().never_says("linked");
    let list = looks(&sandbox, &["diff", "--json"]).well().json();
    assert_eq!(list["files"].as_array().map(Vec::len), Some(5));
    sandbox.apply();
    let ran = looks(&sandbox, &["diff", "--exit-code"]).well();
    assert_eq!(ran.stdout, "");
}

#[test]
fn a_patch_of_a_difference_is_what_apply_does() {
    let sandbox = home();
    sandbox.config("hcc.kdl", "home { file \".linked\" text=\"\"\"\n    a\n    b\n    \"\"\" }\n");
    let patch = looks(&sandbox, &["diff", ".linked"]).well().stdout;
    fs::create_dir(sandbox.root().join("copy")).expect("a folder");
    fs::write(sandbox.root().join("copy/.linked"), sandbox.read(".linked")).expect("written");
    fs::write(sandbox.root().join("patch"), patch).expect("written");
    let mut git = Command::new("git");
    git.current_dir(sandbox.root().join("copy")).args(["apply", "../patch"]);
    assert!(git.status().expect("git").success());
    sandbox.apply();
    let patched = fs::read_to_string(sandbox.root().join("copy/.linked")).expect("a file");
    assert_eq!(patched, sandbox.read(".linked"));
}

#[test]
fn what_stands_in_the_way_is_shown_as_what_would_be_replaced() {
    let sandbox = Sandbox::new("home { file \".a\" text=\"ours\" }\n");
    sandbox.write(".a", "theirs\n");
    looks(&sandbox, &["diff"]).well().says("-theirs\n+ours\n").says("`hcc apply` asks first");
}

#[test]
fn an_edit_that_stays_is_shown_only_when_asked_for() {
    let sandbox = home();
    sandbox.write(".copied", "mine\n");
    let ran = looks(&sandbox, &["diff", "--exit-code"]).well().says(".copied is kept");
    assert_eq!(ran.stdout, "");
    looks(&sandbox, &["diff", "--drift", "restore"]).well().says("-mine\n+one\n");
}

#[test]
fn two_generations_differ_by_their_trees_without_a_configuration() {
    let sandbox = home();
    sandbox
        .config("hcc.kdl", "home { file \".linked\" text=\"two\"; file \"3\" text=\"three\" }\n");
    sandbox.apply();
    fs::remove_file(sandbox.source("hcc.kdl")).expect("removed");
    let ran = looks(&sandbox, &["diff", "1", "2", "--exit-code"]).ends(1);
    let ran = ran.says("--- a/.linked\n+++ b/.linked\n@@ -1 +1 @@\n-one\n+two\n");
    let ran = ran.says("--- a/.merged.json\n+++ /dev/null\n").says("-  \"theme\": \"dark\",\n");
    ran.says("-> CONFIG/live.txt");
    looks(&sandbox, &["diff", "1"]).well().says("-one\n+two\n");
    looks(&sandbox, &["diff", "2", "2", "--exit-code"]).well();
    looks(&sandbox, &["diff", "1", "2", "./3"]).well().says("+three").never_says("+two");
    looks(&sandbox, &["diff", "1", "7"]).ends(2).says("there is no generation 7");
    looks(&sandbox, &["diff", "1", "2", ".linkd"]).ends(2).says("did you mean `~/.linked`?");
}

#[test]
fn an_action_that_failed_is_named_until_it_succeeds() {
    let sandbox = Sandbox::new(
        "home { file \".a\" text=\"a\" on-change=\"test -e ~/go\"; activation \"greet\" \"test -e ~/go\" }\n",
    );
    sandbox.run(&["apply", "--yes"]).ends(4);
    let ran = looks(&sandbox, &["status", "--exit-code"]).ends(1).says("2 differences:");
    ran.says("the activation `greet` did not succeed").says("`test -e ~/go` did not succeed");
    let json = looks(&sandbox, &["status", "--json"]).well().json();
    assert_eq!((&json["clean"], json["failed"].as_array().map(Vec::len)), (&false.into(), Some(2)));
    sandbox.write("go", "");
    sandbox.run(&["apply", "--yes"]).well();
    looks(&sandbox, &["status", "--exit-code"]).well();
}

#[test]
fn a_file_that_wins_over_a_managed_one_is_warned_of() {
    let sandbox = Sandbox::new(
        "home { }\nprograms { git { enable; package #null; settings { user name=\"ours\" } } }\n",
    );
    sandbox.write(".gitconfig", "[user]\nname = theirs\n");
    let warning = ".gitconfig is there, and wins over .config/git/config";
    let dry = ["apply", "--dry-run", "--no-packages", "--json"];
    assert_eq!(sandbox.run(&dry).well().json()["shadows"][0]["by"], ".gitconfig");
    sandbox.apply().says(&format!("warning: {warning}"));
    let ran = looks(&sandbox, &["status", "--exit-code"]).well().says(warning);
    ran.says("bring what it says into the configuration, and remove it");
    // It is so.
    let name = |git: &mut Command| {
        git.env("HOME", sandbox.home("")).env("PATH", "/usr/bin:/usr/local/bin").output()
    };
    let mut git = Command::new("git");
    git.args(["config", "user.name"]).env_clear().current_dir(sandbox.home(""));
    let said = name(&mut git).expect("git");
    assert_eq!(String::from_utf8_lossy(&said.stdout), "theirs\n");
    fs::remove_file(sandbox.home(".gitconfig")).expect("removed");
    let said = name(&mut git).expect("git");
    assert_eq!(String::from_utf8_lossy(&said.stdout), "ours\n");
    sandbox.apply().never_says("warning");
    looks(&sandbox, &["status"]).well().never_says("wins over");
}
