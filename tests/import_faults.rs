//! Commands that bring files into a configuration, killed or failing at each call that changes
//! something: the home is not touched, a configuration is there whole or not at all, and the next run
//! ends as an undisturbed one does.
//!
//! The faults are strace's. `HCC_FAULTS=all` tries every point; otherwise a spread of them.

#[path = "apply/kit.rs"]
mod kit;
mod support;

use std::fs;

use kit::{Ran, Sandbox, Snapshot, Thing};
use support::faults::{has_strace, points, traced};

/// What is done, in homes that are all the same.
struct Deed {
    /// Makes one.
    make: fn() -> Sandbox,
    /// The command.
    run: &'static [&'static str],
    /// The folder that it writes in, below the sandbox.
    folder: &'static str,
}

const FAULTS: [&str; 4] = ["signal=KILL", "error=ENOSPC", "error=EACCES", "error=EIO"];

impl Deed {
    fn traced(&self, sandbox: &Sandbox, options: &[String]) -> (Ran, String) {
        let (output, log) = traced(&sandbox.command(self.run), &sandbox.root(), options);
        (sandbox.ran(&output), log)
    }

    /// Everything that it writes, without times and the name of the sandbox.
    fn written(&self, sandbox: &Sandbox) -> Snapshot {
        let mut all = Snapshot::of(&sandbox.root().join(self.folder)).without_times();
        for thing in all.0.values_mut() {
            if let Thing::File(_, _, bytes) = thing {
                let text = String::from_utf8_lossy(bytes);
                *bytes = text.replace(&*sandbox.root().to_string_lossy(), "ROOT").into_bytes();
            }
        }
        all
    }

    /// Everything else of the home.
    fn rest(&self, sandbox: &Sandbox) -> Snapshot {
        let mut all = Snapshot::of(&sandbox.root());
        let below =
            |path: &str| path == self.folder || path.starts_with(&format!("{}/", self.folder));
        all.0.retain(|path, _| path != "log" && !below(path));
        all
    }

    /// Tries the faults; what is looked at besides is handed whether the configuration is new.
    fn grid(&self, config: &str, again: impl Fn(&Sandbox, bool) -> Ran) {
        let undisturbed = (self.make)();
        let before = self.written(&undisturbed);
        let (ran, log) = self.traced(&undisturbed, &[]);
        ran.well();
        let after = self.written(&undisturbed);
        let points = points(&log);
        assert!(points.len() > 3, "{log}");
        let all: Vec<(&str, &(String, usize))> = FAULTS
            .iter()
            .flat_map(|fault| points.iter().map(move |point| (*fault, point)))
            .collect();
        let step = if std::env::var_os("HCC_FAULTS").is_some() { 1 } else { all.len() / 40 + 1 };
        for (fault, (name, number)) in all.into_iter().step_by(step) {
            let sandbox = (self.make)();
            let rest = self.rest(&sandbox);
            let (ran, _) = self.traced(&sandbox, &[format!("inject={name}:{fault}:when={number}")]);
            let place = format!("{fault} at {name} {number}\n{ran}");
            self.rest(&sandbox).is(&rest);
            let now = self.written(&sandbox);
            let is_new = now.0.get(config) == after.0.get(config);
            assert!(is_new || now.0.get(config) == before.0.get(config), "half a text: {place}");
            if is_new {
                // It comes last: all that it speaks of is there.
                let there = after.0.iter().all(|(path, thing)| now.0.get(path) == Some(thing));
                assert!(there, "{place}");
            }
            match ran.status {
                Some(0) => assert!(is_new, "{place}"),
                Some(status) => {
                    assert_eq!(status, 4, "{place}");
                    let left: Vec<_> =
                        now.0.keys().filter(|path| !before.0.contains_key(*path)).collect();
                    assert!(is_new || left.is_empty(), "{left:?} is left: {place}");
                    assert!(ran.stderr.contains("error: "), "{place}");
                }
                None => assert!(fault.contains("KILL"), "{place}"),
            }
            let again = again(&sandbox, is_new);
            assert!(again.status == Some(0), "{place}\n{again}");
            self.written(&sandbox).is(&after);
            self.rest(&sandbox).is(&rest);
        }
    }
}

#[test]
fn adopt_is_done_whole_or_not_at_all() {
    if !has_strace() {
        return;
    }
    let deed = Deed {
        make: || {
            let sandbox = Sandbox::new("// mine\nhome { file \".a\" text=\"a\" }\n");
            sandbox.apply();
            sandbox.write(".zshrc", "alias a=b\n");
            sandbox.write(".config/foo/a", "1\n");
            sandbox.write(".config/foo/deep/b", "2\n");
            sandbox
        },
        run: &["adopt", ".zshrc", ".config/foo"],
        folder: "config",
    };
    deed.grid("hcc.kdl", |sandbox, is_new| match is_new {
        true => {
            sandbox.run(deed.run).ends(1).says("the configuration makes `~/.zshrc` already");
            sandbox.run(&["check"])
        }
        false => sandbox.run(deed.run),
    });
    let sandbox = (deed.make)();
    sandbox.run(deed.run).well();
    sandbox.apply();
    assert_eq!(sandbox.read(".config/foo/deep/b"), "2\n");
}

#[test]
fn import_home_is_done_whole_or_not_at_all() {
    if !has_strace() {
        return;
    }
    let deed = Deed {
        make: || {
            let sandbox = Sandbox::new("");
            fs::remove_dir_all(sandbox.source("")).expect("removed");
            sandbox.write(".zshrc", "alias a=b\n");
            sandbox.write(".gitconfig", "[user]\n\tname = A\n");
            sandbox.write(".config/nvim/init.lua", "x\n");
            sandbox
        },
        run: &["import", "home", "--yes", "--out", "../config"],
        folder: "config",
    };
    deed.grid("hcc.kdl", |sandbox, is_new| match is_new {
        true => {
            sandbox.run(deed.run).ends(3).says("exists already");
            sandbox.run(&["check"])
        }
        false => sandbox.run(deed.run),
    });
}

#[test]
fn import_stow_is_done_whole_or_not_at_all() {
    if !has_strace() {
        return;
    }
    let deed = Deed {
        make: || {
            let sandbox = Sandbox::new("");
            sandbox.write("dots/zsh/.zshrc", "alias a=b\n");
            sandbox.write("dots/git/.gitconfig", "[user]\n\tname = A\n");
            sandbox
        },
        run: &["import", "stow", "dots", "--lift"],
        folder: "home/dots",
    };
    deed.grid("hcc.kdl", |sandbox, is_new| match is_new {
        true => {
            sandbox.run(deed.run).ends(3).says("exists already");
            sandbox.run(&["check", "--config", "dots"])
        }
        false => sandbox.run(deed.run),
    });
}
