//! Programs that a configuration wants, on a machine that has them, or whose manager has not.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use super::kit::{Ran, Sandbox};

const DEBIAN: &str = "host \"h\" os=\"linux\" distro=\"debian\" { user \"alice\" }\n";

/// A machine with a stand-in of apt; `state` says what it knows.
fn machine(config: &str) -> Sandbox {
    let sandbox = Sandbox::new(&format!("{DEBIAN}{config}"));
    let root = sandbox.root();
    let stand_ins = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/stand-ins");
    for folder in ["bin", "state"] {
        fs::create_dir(root.join(folder)).expect("a folder");
    }
    symlink(stand_ins.join("common.sh"), root.join("common.sh")).expect("a link");
    for program in ["apt-get", "apt-cache", "dpkg-query", "sudo"] {
        symlink(stand_ins.join(program), root.join("bin").join(program)).expect("a link");
    }
    symlink("/usr/bin/env", root.join("bin/env")).expect("a link");
    sandbox
}

fn apply(sandbox: &Sandbox, more: &[&str]) -> Ran {
    let mut command = sandbox.command(&["apply", "h", "--yes"]);
    command.args(more).env("PATH", sandbox.root().join("bin"));
    sandbox.ran(&command.output().expect("hcc"))
}

/// What was run since this was asked last, but for questions of what is installed.
fn calls(sandbox: &Sandbox) -> Vec<String> {
    let log = sandbox.root().join("state/log");
    let text = fs::read_to_string(&log).unwrap_or_default();
    fs::write(log, "").expect("written");
    let asks = |line: &&str| line.starts_with("dpkg-query") || line.starts_with("sudo");
    text.lines().filter(|line| !asks(line)).map(|line| line.trim_end().to_owned()).collect()
}

fn says(sandbox: &Sandbox, name: &str, text: &str) {
    fs::write(sandbox.root().join("state").join(name), text).expect("written");
}

fn command(sandbox: &Sandbox, name: &str) {
    let path = sandbox.root().join("bin").join(name);
    fs::write(&path, "#!/bin/sh\n").expect("written");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("a mode");
}

#[test]
fn a_program_that_path_has_is_not_asked_for() {
    let sandbox = machine("programs { starship; ripgrep; zoxide }\n");
    for name in ["starship", "rg"] {
        command(&sandbox, name);
    }
    apply(&sandbox, &[]).well().says("install zoxide by apt").never_says("install starship");
    assert_eq!(calls(&sandbox).iter().filter(|call| call.contains(" install ")).count(), 1);
    apply(&sandbox, &[]).well().says("Nothing to do");
    // All of it is there: not even the manager has to be.
    fs::remove_file(sandbox.root().join("bin/apt-get")).expect("gone");
    let less =
        format!("{DEBIAN}programs {{ starship; ripgrep }}\nhome {{ file \".x\" text=\"x\" }}\n");
    sandbox.config("hcc.kdl", less);
    apply(&sandbox, &["--packages"]).well();
}

#[test]
fn a_package_that_names_a_version_is_asked_for_whatever_path_has() {
    let sandbox = machine("home { packages \"tree=2.1\" }\n");
    command(&sandbox, "tree");
    apply(&sandbox, &[]).well().says("install tree=2.1 by apt");
}

#[test]
fn what_apt_does_not_have_is_said_once_and_fails_nothing() {
    let sandbox = machine("programs { starship; zoxide }\nhome { file \".x\" text=\"x\" }\n");
    says(&sandbox, "unknown", "starship\n");
    let first = apply(&sandbox, &[]).well();
    first
        .says("starship: not in the lists of apt; they are renewed first")
        .says("warning: apt has no package `starship`")
        .says("`package #null`")
        .says("once `starship` is in PATH")
        .never_says("error");
    assert_eq!(sandbox.read(".x"), "x\n");
    let ran = calls(&sandbox);
    let count = |word: &str| ran.iter().filter(|call| call.starts_with(word)).count();
    assert_eq!((count("apt-get update"), count("apt-get install")), (1, 1), "{ran:?}");
    // Nothing changed: nothing is asked, nothing said.
    apply(&sandbox, &[]).well().says("Nothing to do").never_says("starship");
    assert!(calls(&sandbox).is_empty());
    // Another package: what is known to be missing is not tried again.
    let more = "programs { starship; zoxide; bat }\nhome { file \".x\" text=\"x\" }\n";
    sandbox.config("hcc.kdl", format!("{DEBIAN}{more}"));
    apply(&sandbox, &[]).well().says("install bat by apt").never_says("starship by apt");
    assert!(!calls(&sandbox).iter().any(|call| call.contains("update")));
    apply(&sandbox, &[]).well().says("Nothing to do");
    // Who asks is told again; and what apt has by then is installed.
    apply(&sandbox, &["--packages"]).well().says("warning: apt has no package `starship`");
    says(&sandbox, "unknown", "");
    apply(&sandbox, &["--packages"]).well().says("install starship by apt").never_says("warning");
}

#[test]
fn a_list_that_is_only_old_is_renewed_before_anything_is_said_to_be_missing() {
    let sandbox = machine("programs { zoxide }\n");
    says(&sandbox, "stale", "");
    apply(&sandbox, &[]).well().never_says("warning");
    let ran = calls(&sandbox);
    let installs = ran.iter().filter(|call| call.starts_with("apt-get install")).count();
    assert_eq!(installs, 1, "{ran:?}");
}

#[test]
fn a_package_without_a_candidate_is_one_that_apt_does_not_have() {
    let sandbox = machine("programs { starship; zoxide }\n");
    says(&sandbox, "no-candidate", "starship\n");
    says(
        &sandbox,
        "fail",
        "apt-get install -y -o DPkg::Lock::Timeout=60 -o APT::Cmd::Pattern-Only=true -o Dpkg::Options::=--force-confold starship\n",
    );
    apply(&sandbox, &[]).well().says("warning: apt has no package `starship`");
    apply(&sandbox, &[]).well().says("Nothing to do");
}

#[test]
fn an_installation_that_was_tried_and_failed_is_a_failure_each_time() {
    let sandbox = machine("programs { zoxide }\n");
    says(&sandbox, "fail", "apt-get install\n");
    for _ in 0..2 {
        apply(&sandbox, &[]).ends(4).says("cannot install zoxide by apt");
    }
}

#[test]
fn a_manager_that_hcc_does_not_know_is_said_once() {
    let gentoo = "host \"h\" os=\"linux\" distro=\"gentoo\" { user \"alice\" }\n";
    let sandbox = machine("");
    sandbox.config("hcc.kdl", format!("{gentoo}programs {{ zoxide }}\n"));
    apply(&sandbox, &[]).well().says("hcc knows no package manager of this host");
    apply(&sandbox, &[]).well().never_says("package manager").says("Nothing to do");
}

#[test]
fn policies_of_a_browser_that_root_has_to_link_are_a_warning_with_one_command() {
    let blocks =
        "programs { firefox { enable; package #null; policies DisableTelemetry=#true } }\n";
    let sandbox = machine(blocks);
    let first = apply(&sandbox, &[]).well();
    first
        .says("warning: Firefox on Linux reads policies for the whole machine alone")
        .says(
            "  sudo sh -c 'mkdir -p /etc/firefox/policies && ln -s HOME/.config/firefox/policies.json \
             /etc/firefox/policies/policies.json'",
        )
        .never_says("error");
    apply(&sandbox, &[]).well().says("Nothing to do").never_says("Firefox");
}
