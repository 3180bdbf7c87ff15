//! A switch that is killed, or whose system calls fail, at every call of it in turn: the next run
//! ends in the old generation or in the new one, and nothing of the user's is lost on the way.
//!
//! The faults are strace's. `HCC_FAULTS=all` tries every point; otherwise a spread of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::kit::{Ran, Sandbox, Snapshot, Thing};

/// Calls that change something, or make it stay.
const CALLS: &str = "openat,open,creat,write,pwrite64,ftruncate,mkdir,mkdirat,symlink,symlinkat,link,linkat,rename,renameat,\
    renameat2,unlink,unlinkat,rmdir,chmod,fchmod,fchmodat,fsync,fdatasync,syncfs,flock,utimensat";

/// One call of a run: its name, and which of that name it is, from 1.
#[derive(Clone, Debug)]
struct Point {
    name: String,
    number: usize,
    line: String,
}

/// What shall happen at a point.
#[derive(Clone, Copy, Debug)]
enum Fault {
    Kill,
    Error(&'static str),
    /// It fails, and so does each later call of that name.
    From(&'static str),
}

impl Fault {
    fn inject(self, point: &Point) -> String {
        let Point { name, number, .. } = point;
        match self {
            Fault::Kill => format!("inject={name}:signal=KILL:when={number}"),
            Fault::Error(error) => format!("inject={name}:error={error}:when={number}"),
            Fault::From(error) => format!("inject={name}:error={error}:when={number}+"),
        }
    }
}

/// Whether strace is there; if not, that is said.
pub fn has_strace() -> bool {
    let found = Command::new("strace").arg("--version").output().is_ok();
    if !found {
        eprintln!("SKIPPED: strace is not installed, so no fault is injected");
    }
    found
}

/// A home with much in it, a generation in it, and a configuration of the next.
struct World {
    sandbox: Sandbox,
    /// The arguments of the run that is disturbed.
    run: Vec<&'static str>,
    /// Before hcc.
    pristine: Snapshot,
    old: Snapshot,
    new: Snapshot,
    /// What is on the ledger after it.
    ledger: serde_json::Value,
    /// Paths that both generations have.
    both: Vec<&'static str>,
    /// Makes every exchange and every move that refuses to overwrite fail.
    no_exchange: bool,
    /// Whether the old generation, and what was before it, can be had back exactly.
    goes_back: bool,
    /// What is written in the home or in hcc's folder at every instant.
    edits: Vec<&'static str>,
}

const BEFORE: &str = r##"
backup "store"
home {
    file ".bashrc" text="ours 1"
    file ".vimrc" text="ours 1"
    file ".same" text="the same"
    file ".zshrc" text="zsh 1"
    file ".copy" install="copy" text="copy 1"
    file ".config/app/settings.json" install="merge" format="json" { settings { theme "dark"; size 1; nested { a 1 } } }
    file ".gone" text="gone"
    file ".made/deep/x" text="x"
    file ".made/deep/y" install="copy" text="y"
    file ".tolive" { source "live" }
    file ".tocopy" text="to copy"
    file ".tolink" install="copy" text="to link"
    file ".live" install="live" { source "live" }
    file ".folder/inner" text="inner"
    file ".folder/deep/inner" text="inner"
    file ".file" text="file"
    file ".k/stays" text="stays 1"
    file ".k/goes" text="goes"
    file ".adopted" install="copy" text="adopted"
    file ".plain" link="/nowhere/1"
}
"##;

const AFTER: &str = r##"
backup "store"
home {
    file ".bashrc" text="ours 2"
    file ".same" text="the same"
    file ".zshrc" text="zsh 2"
    file ".copy" install="copy" text="copy 2"
    file ".config/app/settings.json" install="merge" format="json" { settings { theme "light"; nested { b 2 } } }
    file ".tolive" install="live" { source "live" }
    file ".tocopy" install="copy" text="to copy 2"
    file ".tolink" text="to link"
    file ".live" { source "live" }
    file ".folder" text="a file now"
    file ".file/inner" text="a folder now"
    file ".k/stays" text="stays 2"
    file ".plain" link="/nowhere/2"
    file ".profile" text="ours"
    file ".config/nvim" text="a file where a folder was"
    file ".link" text="ours"
    file ".broken" text="ours"
    file ".way/inner" text="where a file was"
    file ".identical" text="identical"
    file ".new/folder/x" text="x"
    file ".new/folder/y" install="copy" mode="0600" text="y"
    file ".new/private/secret" mode="0600" text="secret"
    file ".new/deep/er/z" install="live" { source "live" }
}
"##;

const BOTH: &[&str] = &[
    ".bashrc",
    ".same",
    ".zshrc",
    ".copy",
    ".config/app/settings.json",
    ".tolive",
    ".tocopy",
    ".tolink",
    ".live",
    ".k/stays",
    ".plain",
];

impl World {
    fn full() -> Self {
        let sandbox = Sandbox::new(BEFORE);
        sandbox.config("live", "live\n");
        let own = |path: &str, text: &str| sandbox.write(path, text);
        own(".bashrc", "the user's bashrc\n");
        own(".vimrc", "the user's vimrc\n");
        own(".profile", "the user's profile\n");
        own(".config/nvim/init.lua", "the user's editor\n");
        own(".config/nvim/lua/deep.lua", "the user's editor, deep\n");
        own(".config/app/settings.json", "{\n  \"user\": [1, 2],\n  \"size\": 12\n}\n");
        own(".adopted", "adopted\n");
        own(".identical", "identical\n");
        own(".way", "a file in the way\n");
        own(".k/mine", "mine\n");
        sandbox.link("/etc/hostname", ".link");
        sandbox.link("missing", ".broken");
        Self::of(sandbox, AFTER, BOTH)
    }

    /// Edits of each kind, which are saved or kept while all else changes.
    fn drifted() -> Self {
        let before = "home {
            file \".through\" drift=\"restore\" text=\"one\"
            file \".twin\" text=\"one\"
            file \".kept\" text=\"same\"
            file \".replaced\" drift=\"restore\" text=\"one\"
            file \".json\" install=\"merge\" format=\"json\" { settings a=1 }
            file \".other\" text=\"one\"
        }\n";
        let after = "home {
            file \".through\" drift=\"restore\" text=\"two\"
            file \".twin\" text=\"one\"
            file \".kept\" text=\"same\"
            file \".replaced\" drift=\"restore\" text=\"two\"
            file \".json\" text=\"{}\"
            file \".other\" text=\"two\"
        }\n";
        let sandbox = Sandbox::new(before);
        sandbox.apply();
        let mut world =
            Self::prepared(sandbox, after, &[".through", ".twin", ".kept", ".other"], |own| {
                own.write_through(".through", "written through\n");
                own.write_through(".kept", "kept\n");
                own.write(".replaced", "replaced\n");
                own.write(".json", "{\n  \"a\": 1,\n  \"program\": 2\n}\n");
            });
        world.goes_back = false;
        world.edits = vec!["written through\n", "kept\n", "replaced\n", "  \"program\": 2\n"];
        world
    }

    fn without_exchange() -> Self {
        let mut world = Self::full();
        world.no_exchange = true;
        world
    }

    fn of(sandbox: Sandbox, after: &str, both: &[&'static str]) -> Self {
        let pristine = sandbox.outside();
        let mut world = Self::prepared(sandbox, after, both, |own| drop(own.apply()));
        world.pristine = pristine;
        world
    }

    fn prepared(
        sandbox: Sandbox,
        after: &str,
        both: &[&'static str],
        prepare: impl Fn(&Sandbox),
    ) -> Self {
        let run = vec!["apply", "--yes", "--no-packages"];
        prepare(&sandbox);
        let mut pristine = sandbox.outside();
        pristine.0.retain(|path, _| !path.starts_with(".local"));
        sandbox.config("hcc.kdl", after);
        let old = sandbox.outside().without_times();
        copy(&sandbox.home(""), &sandbox.root().join("template"));
        sandbox.run(&run).well();
        let new = sandbox.outside().without_times();
        assert_ne!(old, new);
        let ledger = ledger(&sandbox);
        let both = both.to_vec();
        let (no_exchange, goes_back, edits) = (false, true, Vec::new());
        Self { sandbox, run, pristine, old, new, ledger, both, no_exchange, goes_back, edits }
    }

    fn reset(&self) {
        let home = self.sandbox.home("");
        fs::remove_dir_all(&home).expect("removed");
        copy(&self.sandbox.root().join("template"), &home);
    }

    /// Runs it under strace; the log with it.
    fn traced(&self, options: &[String]) -> (Ran, String) {
        self.traced_by(&[], options)
    }

    fn traced_by(&self, flags: &[&str], options: &[String]) -> (Ran, String) {
        let hcc = self.sandbox.command(&self.run);
        let log = self.sandbox.root().join("log");
        let mut command = Command::new("strace");
        command.args(["-f", "-qq", "-o"]).arg(&log).args(["-e", "signal=none"]).args(flags);
        for option in options {
            command.args(["-e", option]);
        }
        if self.no_exchange {
            command.args(["-e", "inject=renameat2:error=EINVAL"]);
        }
        command.arg(hcc.get_program()).args(hcc.get_args()).env_clear();
        command.current_dir(self.sandbox.home(""));
        command.envs(hcc.get_envs().filter_map(|(name, value)| Some((name, value?))));
        let output = command.output().expect("strace");
        let log = fs::read(&log).expect("a log");
        (self.sandbox.ran(&output), String::from_utf8_lossy(&log).into_owned())
    }

    /// Every call at which something can happen.
    fn points(&self) -> Vec<Point> {
        self.reset();
        let (ran, log) = self.traced(&[format!("trace={CALLS}")]);
        let _well = ran.well();
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        let mut points = Vec::new();
        for line in log.lines() {
            let Some((name, rest)) = call(line) else { continue };
            let count = counts.entry(name).or_default();
            *count += 1;
            let reads = name == "openat" && !rest.contains("O_CREAT");
            let talks = name == "write" && (rest.starts_with("1,") || rest.starts_with("2,"));
            if !reads && !talks {
                let line = line.to_owned();
                points.push(Point { name: name.to_owned(), number: *count, line });
            }
        }
        if self.no_exchange {
            points.retain(|point| point.name != "renameat2");
        }
        points
    }

    /// What does not hold, and should at every instant. What could not be removed is named.
    fn holds(&self, story: &[String]) -> Vec<String> {
        let mut wrong = Vec::new();
        for path in &self.both {
            if self.sandbox.home(path).symlink_metadata().is_err() {
                wrong.push(format!("{path} is not there"));
            }
        }
        let all = self.sandbox.snapshot();
        let current = self.sandbox.state("current");
        let is_named =
            |path: &str| story.iter().any(|ran| ran.contains(&format!("error: {path}:")));
        for (path, thing) in &self.sandbox.outside().0 {
            if let Thing::Link(to) = thing
                && to.starts_with(&current)
                // What is staged is not in its place yet.
                && !path.contains(".hcc-")
                && self.sandbox.home(path).metadata().is_err()
                && !is_named(path)
            {
                wrong.push(format!("{path} dangles"));
            }
        }
        let held: BTreeSet<&[u8]> = all.0.values().filter_map(bytes).collect();
        for edit in &self.edits {
            let is = |own: &&[u8]| String::from_utf8_lossy(own).contains(edit);
            if !held.iter().any(is) {
                wrong.push(format!("the edit {edit:?} is lost"));
            }
        }
        for (path, thing) in &self.pristine.0 {
            // What is merged into is another file afterwards.
            if bytes(thing).is_some_and(|own| !held.contains(own)) && !path.ends_with(".json") {
                wrong.push(format!("what {path} held is lost"));
            }
        }
        wrong
    }

    /// What is not as one of these, or left behind.
    fn is_one_of(&self, wanted: &[&Snapshot]) -> Vec<String> {
        let now = self.sandbox.outside().without_times();
        let mut wrong = Vec::new();
        if !wanted.contains(&&now) {
            wrong.extend(wanted.iter().map(|wanted| differences(&now, wanted)));
        }
        for name in ["journal.json", "current.transition", "current.final", "ledger.json.next"] {
            if self.sandbox.state(name).symlink_metadata().is_ok() {
                wrong.push(format!("{name} is left"));
            }
        }
        wrong
    }

    /// All that has to hold after a fault, and after the runs that follow it.
    fn survives(&self, point: &Point, fault: Fault, round: usize) -> Result<(), String> {
        self.reset();
        let mut story = Vec::new();
        let mut wrong: Vec<String> = Vec::new();
        let trace = format!("trace={},renameat2", point.name);
        let (ran, _) = self.traced(&[trace, fault.inject(point)]);
        story.push(ran.to_string());
        match (fault, ran.status) {
            (Fault::Kill, None | Some(137)) => {}
            (Fault::Error(_) | Fault::From(_), Some(0 | 4)) => {}
            (_, status) => wrong.push(format!("it ended with {status:?}")),
        }
        wrong.extend(self.holds(&story));
        // Without a terminal and without `--yes` this only ends what was begun.
        let held = story[0].contains("error: ") && matches!(ran.status, Some(4));
        let ended = self.sandbox.run(&["apply", "--no-packages"]);
        story.push(ended.to_string());
        let both = [&self.old, &self.new];
        match ran.status {
            Some(0) => wrong.extend(self.is_one_of(&both[1..])),
            // A step that could not be done is named, and done by the next run.
            _ if held && (ended.status == Some(3) || !self.goes_back) => {}
            _ => wrong.extend(self.is_one_of(&both)),
        }
        wrong.extend(self.holds(&story));
        match round % 3 {
            _ if !self.goes_back => {
                let again = self.sandbox.run(&self.run);
                story.push(again.to_string());
                // An edit that could not be put back is saved.
                if !held {
                    wrong.extend(self.is_one_of(&both[1..]));
                }
                wrong.extend(self.holds(&story));
            }
            0 | 1 => {
                let again = self.sandbox.run(&self.run);
                story.push(again.to_string());
                if again.status != Some(0) {
                    wrong.push("the next run fails".to_owned());
                }
                wrong.extend(self.is_one_of(&both[1..]));
                let ledger = ledger(&self.sandbox);
                let fields = self.ledger.as_object().into_iter().flatten();
                for (name, own) in fields.filter(|(name, own)| ledger[name.as_str()] != **own) {
                    wrong.push(format!("{name} on the ledger: {}, wanted {own}", ledger[name]));
                }
            }
            _ => {}
        }
        if self.goes_back && !round.is_multiple_of(3) {
            let back = self.sandbox.run(&["rollback", "1", "--yes"]);
            story.push(back.to_string());
            if back.status != Some(0) {
                wrong.push("the way back fails".to_owned());
            }
            wrong.extend(self.is_one_of(&both[..1]));
        }
        if self.goes_back && round.is_multiple_of(2) {
            let gone = self.sandbox.run(&["uninstall", "--yes"]);
            story.push(gone.to_string());
            if gone.status != Some(0) {
                wrong.push("leaving fails".to_owned());
            }
            let (left, pristine) =
                (untimed(self.sandbox.snapshot()), untimed(self.pristine.clone()));
            if left != pristine {
                wrong.push(differences(&left, &pristine));
            }
        }
        if wrong.is_empty() {
            return Ok(());
        }
        let Point { name, number, line } = point;
        let (wrong, story) = (wrong.join("\n"), story.join("\n"));
        Err(format!("{fault:?} at {name} {number}: {line}\n{wrong}\n---- story\n{story}"))
    }

    /// Tries points; `few` of them unless all are asked for.
    fn grid(&self, faults: &[Fault], few: usize, fits: impl Fn(&Point) -> bool) {
        let points: Vec<Point> = self.points().into_iter().filter(fits).collect();
        let all: Vec<(&Point, Fault)> = faults
            .iter()
            .flat_map(|fault| points.iter().map(move |point| (point, *fault)))
            .collect();
        assert!(all.len() > few, "only {} points", all.len());
        let step = match std::env::var_os("HCC_FAULTS") {
            Some(_) => 1,
            // Not a divisor of what repeats in a switch.
            None => (all.len() / few).max(1),
        };
        let (mut tried, mut failed) = (0, Vec::new());
        for (round, (point, fault)) in all.iter().enumerate().step_by(step) {
            tried += 1;
            if let Err(report) = self.survives(point, *fault, round / step) {
                failed.push(report);
            }
        }
        println!("{tried} fault points of {} tried, {} survived", all.len(), tried - failed.len());
        assert!(failed.is_empty(), "{}", failed.join("\n====\n"));
    }
}

fn bytes(thing: &Thing) -> Option<&[u8]> {
    match thing {
        Thing::File(_, _, bytes) => Some(bytes),
        _ => None,
    }
}

/// The name of the call of a line, and its arguments.
pub fn call(line: &str) -> Option<(&str, &str)> {
    let line = line.trim_start_matches(|own: char| own.is_ascii_digit()).trim_start();
    let (name, rest) = line.split_once('(')?;
    name.bytes().all(|own| own.is_ascii_alphanumeric() || own == b'_').then_some((name, rest))
}

fn copy(from: &Path, to: &Path) {
    let done = Command::new("cp").arg("-a").arg("--").args([from, to]).status();
    assert!(done.expect("cp").success());
}

/// The ledger, but for names that are numbered, and what numbers them.
fn ledger(sandbox: &Sandbox) -> serde_json::Value {
    let text = fs::read(sandbox.state("ledger.json")).expect("a ledger");
    let mut ledger: serde_json::Value = serde_json::from_slice(&text).expect("JSON");
    ledger["next"] = 0.into();
    if let Some(originals) = ledger["originals"].as_object_mut() {
        for original in originals.values_mut() {
            if original.get("stored").is_some() {
                *original = "stored".into();
            }
        }
    }
    ledger
}

/// What is merged into is written anew, and cannot have its time back.
fn untimed(mut all: Snapshot) -> Snapshot {
    for (path, thing) in &mut all.0 {
        if let Thing::File(_, time, _) = thing
            && path.ends_with(".json")
        {
            *time = 0;
        }
    }
    all
}

fn differences(now: &Snapshot, wanted: &Snapshot) -> String {
    let keys: BTreeSet<&String> = now.0.keys().chain(wanted.0.keys()).collect();
    let differing = keys.into_iter().filter(|path| now.0.get(*path) != wanted.0.get(*path));
    let shown = |thing: Option<&Thing>| match thing {
        Some(Thing::File(mode, time, bytes)) => {
            format!("file {mode:o} {time} {:?}", String::from_utf8_lossy(bytes))
        }
        other => format!("{other:?}"),
    };
    let line = |path: &String| {
        format!("{path}: {}, wanted {}", shown(now.0.get(path)), shown(wanted.0.get(path)))
    };
    differing.map(line).collect::<Vec<_>>().join("\n")
}

const ERRORS: [Fault; 3] = [Fault::Error("ENOSPC"), Fault::Error("EACCES"), Fault::Error("EIO")];

fn allocates(point: &Point) -> bool {
    let calls = ["openat", "write", "mkdir", "mkdirat", "symlinkat", "linkat"];
    calls.contains(&point.name.as_str())
}

#[test]
fn a_switch_that_is_killed_at_any_call_ends_in_the_old_or_the_new_generation() {
    if has_strace() {
        World::full().grid(&[Fault::Kill], 60, |_| true);
    }
}

#[test]
fn a_switch_of_which_any_call_fails_ends_in_the_old_or_the_new_generation() {
    if has_strace() {
        World::full().grid(&ERRORS, 60, |_| true);
    }
}

#[test]
fn a_disk_that_is_full_from_any_call_on_loses_nothing() {
    if has_strace() {
        World::full().grid(&[Fault::From("ENOSPC")], 20, allocates);
    }
}

#[test]
fn a_file_system_without_exchange_survives_the_same() {
    if has_strace() {
        World::without_exchange().grid(&[Fault::Kill], 30, |_| true);
    }
}

#[test]
fn edits_survive_a_switch_that_is_killed_or_fails_at_any_call() {
    if has_strace() {
        let faults = [Fault::Kill, Fault::Error("ENOSPC"), Fault::Error("EACCES")];
        World::drifted().grid(&faults, 40, |_| true);
    }
}

/// A call of a log with paths: its name, the paths that it is about, and all it says.
struct Traced<'a> {
    name: &'a str,
    paths: Vec<String>,
    line: &'a str,
}

/// Reads a log that `strace -y` wrote.
fn traced(log: &str) -> Vec<Traced<'_>> {
    let mut list = Vec::new();
    for line in log.lines() {
        let Some((name, rest)) = call(line) else { continue };
        if !line.ends_with("= 0") && !line.contains(") = ") || line.contains("= -1 E") {
            continue;
        }
        let (mut paths, mut folder) = (Vec::new(), String::new());
        let mut rest = rest;
        while let Some(at) = rest.find(['<', '"', ')']) {
            let (kind, tail) = (rest.as_bytes()[at], &rest[at + 1..]);
            match kind {
                b'<' => {
                    let end = tail.find('>').unwrap_or(tail.len());
                    folder = tail[..end].to_owned();
                    rest = &tail[end..];
                }
                b'"' => {
                    let end = tail.find('"').unwrap_or(tail.len());
                    let own = &tail[..end];
                    let is_absolute = own.starts_with('/');
                    paths.push(if is_absolute {
                        own.to_owned()
                    } else {
                        format!("{folder}/{own}")
                    });
                    rest = tail.get(end + 1..).unwrap_or_default();
                }
                _ => break,
            }
        }
        if paths.is_empty() {
            paths.push(folder);
        }
        list.push(Traced { name, paths, line });
    }
    list
}

fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(above, _)| above)
}

#[test]
fn all_that_the_commit_needs_is_on_disk_before_it_and_the_home_before_the_journal_goes() {
    if !has_strace() {
        return;
    }
    let world = World::full();
    world.reset();
    let (ran, log) = world.traced_by(&["-y"], &[format!("trace={CALLS}")]);
    let _well = ran.well();
    let calls = traced(&log);
    let home = world.sandbox.home("").to_string_lossy().trim_end_matches('/').to_owned();
    let state = world.sandbox.state("").to_string_lossy().trim_end_matches('/').to_owned();
    let renames = |own: &Traced, to: &str| {
        own.name.starts_with("rename") && own.paths.last().is_some_and(|path| path == to)
    };
    let current = format!("{state}/current");
    let commit = calls.iter().position(|own| renames(own, &current)).expect("a commit");
    let is_sync = |own: &Traced, path: &str| own.name == "fsync" && own.paths[0] == path;
    let synced =
        |path: &str, from: usize, to: usize| calls[from..to].iter().any(|own| is_sync(own, path));
    let mut checked = 0;
    for (at, own) in calls[..commit].iter().enumerate() {
        let made = match own.name {
            "openat" if own.line.contains("O_CREAT") => &own.paths[0],
            "mkdirat" | "linkat" => own.paths.last().expect("a path"),
            // Its text is the first.
            "symlinkat" => own.paths.last().expect("a path"),
            name if name.starts_with("rename") => own.paths.last().expect("a path"),
            _ => continue,
        };
        if made.ends_with("/lock") || made.ends_with(".new") {
            continue;
        }
        checked += 1;
        assert!(synced(folder_of(made), at, commit), "the folder is not synced: {}", own.line);
        if own.name == "openat" {
            assert!(synced(made, at, commit), "it is not synced: {}", own.line);
        }
    }
    assert!(checked > 60, "only {checked} calls");
    let journal = format!("{state}/journal.json");
    let written =
        calls[..commit].iter().rposition(|own| renames(own, &journal)).expect("a journal");
    assert!(synced(&state, written, commit), "the journal is not synced");
    let gone = calls.iter().position(|own| own.name == "unlink" && own.paths[0] == journal);
    let gone = gone.expect("the journal goes");
    let mut moved = 0;
    for (at, own) in calls[commit..gone].iter().enumerate() {
        if !own.name.starts_with("rename") && own.name != "unlinkat" {
            continue;
        }
        for path in own.paths.iter().filter(|path| !path.starts_with(&state)) {
            assert!(path.starts_with(&home), "{}", own.line);
            // The folder itself may go later.
            let folder = folder_of(path);
            let is_there = Path::new(folder).is_dir() && !folder.contains(".hcc-");
            moved += 1;
            assert!(!is_there || synced(folder, commit + at, gone), "not synced: {}", own.line);
        }
    }
    assert!(moved > 30, "only {moved} moves");
}

#[test]
fn a_link_that_cannot_be_removed_leads_to_what_it_did_until_it_can() {
    if !has_strace() {
        return;
    }
    let sandbox = Sandbox::new("home { file \".gone\" text=\"gone\"; file \".a\" text=\"1\" }\n");
    sandbox.apply();
    let held = |number: usize| {
        sandbox.config("hcc.kdl", format!("home {{ file \".a\" text=\"{number}\" }}\n"));
        let hcc = sandbox.command(&["apply", "--yes", "--no-packages"]);
        let mut command = Command::new("strace");
        let home = sandbox.home("");
        let home = home.to_str().expect("text").trim_end_matches('/');
        command.args(["-f", "-qq", "-o", "/dev/null", "-P", home]);
        command.args(["-e", "inject=unlinkat:error=EIO"]).arg(hcc.get_program());
        command.args(hcc.get_args()).env_clear().current_dir(sandbox.home(""));
        command.envs(hcc.get_envs().filter_map(|(name, value)| Some((name, value?))));
        sandbox.ran(&command.output().expect("strace")).ends(4).says(".gone: ");
        assert_eq!(sandbox.read(".gone"), "gone\n");
        assert_eq!(sandbox.read(".a"), format!("{number}\n"));
        sandbox.run(&["status"]).well().says(".gone: could not be removed");
    };
    held(2);
    sandbox.run(&["gc", "--keep", "0", "--yes"]).well();
    assert_eq!(sandbox.read(".gone"), "gone\n");
    held(3);
    sandbox.apply();
    assert!(sandbox.home(".gone").symlink_metadata().is_err());
    sandbox.run(&["gc", "--keep", "0", "--yes"]).well();
    assert_eq!(sandbox.read(".a"), "3\n");
    sandbox.run(&["status", "--exit-code"]).well();
}
