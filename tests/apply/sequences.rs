//! Any sequence of configurations, rollbacks and backups, and then leaving: the home is what it
//! was, name for name, byte for byte, mode for mode.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::time::{Duration, SystemTime};

use proptest::prelude::*;
use proptest::sample::{Index, subsequence};
use proptest::test_runner::{Config, FileFailurePersistence};

use crate::kit::{Ran, Sandbox, Snapshot, Thing};

/// Where things may stand, and be put: files, folders and the ways to each other.
const PATHS: &[&str] = &[
    ".a",
    ".a/b",
    ".a/b/c",
    ".a.backup",
    ".d/x",
    ".d/y",
    ".d/e/z",
    ".d/e",
    ".m.json",
    ".n/m.json",
    ".name with spaces",
    ".n/ü",
    ".deep/1/2/3/4",
    ".deep/1/2",
];

/// Something that the user has.
#[derive(Clone, Debug)]
enum Own {
    File(u8, u32),
    Link(u8),
    Folder(u32),
}

/// How hcc puts something.
#[derive(Clone, Copy, Debug)]
enum Put {
    Link(u8, u32),
    Copy(u8, u32),
    Live(u8),
    Source(u8),
    Plain(u8),
    /// For what is no JSON file a copy.
    Merge(u8),
}

#[derive(Clone, Debug)]
enum Act {
    Apply(Vec<(&'static str, Put)>, &'static [&'static str]),
    Rollback(Index),
    /// The user writes a file of their own.
    Write(u8, u8),
    /// The same again changes nothing.
    Again,
}

fn own() -> impl Strategy<Value = Own> {
    prop_oneof![
        4 => (0_u8..3, prop_oneof![Just(0o644), Just(0o600), Just(0o755), Just(0o444)])
            .prop_map(|(text, mode)| Own::File(text, mode)),
        2 => (0_u8..4).prop_map(Own::Link),
        2 => prop_oneof![Just(0o755), Just(0o700)].prop_map(Own::Folder),
    ]
}

fn put() -> impl Strategy<Value = Put> {
    let mode = || prop_oneof![Just(0o644), Just(0o600), Just(0o755)];
    prop_oneof![
        (0_u8..3, mode()).prop_map(|(text, mode)| Put::Link(text, mode)),
        (0_u8..3, mode()).prop_map(|(text, mode)| Put::Copy(text, mode)),
        (0_u8..3).prop_map(Put::Live),
        (0_u8..3).prop_map(Put::Source),
        (0_u8..4).prop_map(Put::Plain),
        (0_u8..3).prop_map(Put::Merge),
    ]
}

fn home() -> impl Strategy<Value = Vec<(&'static str, Own)>> {
    subsequence(PATHS, 0..=PATHS.len()).prop_flat_map(|paths| {
        let count = paths.len();
        (Just(paths), prop::collection::vec(own(), count))
            .prop_map(|(paths, owns)| paths.into_iter().zip(owns).collect())
    })
}

fn wants() -> impl Strategy<Value = Vec<(&'static str, Put)>> {
    subsequence(PATHS, 0..=PATHS.len()).prop_shuffle().prop_flat_map(|paths| {
        let count = paths.len();
        (Just(paths), prop::collection::vec(put(), count)).prop_map(|(paths, puts)| {
            let mut list: Vec<(&str, Put)> = Vec::new();
            for (path, put) in paths.into_iter().zip(puts) {
                let meets = |other: &&str| {
                    other.starts_with(&format!("{path}/")) || path.starts_with(&format!("{other}/"))
                };
                if !list.iter().any(|(other, _)| meets(other)) {
                    list.push((path, put));
                }
            }
            list
        })
    })
}

fn act() -> impl Strategy<Value = Act> {
    let backups: [&[&str]; 2] = [&["--backup", "store"], &["--backup-extension", "backup"]];
    prop_oneof![
        6 => (wants(), prop::sample::select(backups.to_vec()))
            .prop_map(|(wants, backup)| Act::Apply(wants, backup)),
        2 => any::<Index>().prop_map(Act::Rollback),
        1 => (0_u8..4, 0_u8..4).prop_map(|(name, text)| Act::Write(name, text)),
        1 => Just(Act::Again),
    ]
}

fn text(path: &str, number: u8) -> String {
    match path.ends_with(".json") {
        true => format!("{{\n  // mine\n  \"own\": {number},\n  \"shared\": {number}\n}}\n"),
        false => format!("text {number}\n"),
    }
}

fn target(number: u8) -> &'static str {
    ["missing", "/etc/hostname", ".name with spaces", "/nowhere"][usize::from(number) % 4]
}

fn furnish(sandbox: &Sandbox, owns: &[(&str, Own)]) {
    for (at, (path, own)) in owns.iter().enumerate() {
        let full = sandbox.home(path);
        let above = full.parent().expect("a parent");
        // Something else may stand in its way.
        if fs::create_dir_all(above).is_err() || full.symlink_metadata().is_ok() {
            continue;
        }
        // No way leads through a link.
        if above.canonicalize().ok().as_deref() != Some(above) {
            continue;
        }
        match own {
            Own::File(number, mode) => {
                fs::write(&full, text(path, *number)).expect("written");
                fs::set_permissions(&full, fs::Permissions::from_mode(*mode)).expect("a mode");
                let time = SystemTime::UNIX_EPOCH + Duration::new(1_000_000_000 + at as u64, 123);
                let file = fs::File::open(&full).expect("a file");
                file.set_times(fs::FileTimes::new().set_modified(time)).expect("a time");
            }
            Own::Link(number) => symlink(target(*number), &full).expect("a link"),
            Own::Folder(mode) => {
                fs::create_dir(&full).expect("a folder");
                fs::set_permissions(&full, fs::Permissions::from_mode(*mode)).expect("a mode");
            }
        }
    }
}

fn configuration(wants: &[(&str, Put)]) -> String {
    let mut lines = String::from("home {\n");
    for (path, put) in wants {
        let is_json = path.ends_with(".json");
        let line = match *put {
            Put::Link(number, mode) => {
                format!("file {path:?} mode=\"{mode:04o}\" text={:?}", text(path, number))
            }
            Put::Copy(number, mode) => {
                let text = text(path, number);
                format!("file {path:?} install=\"copy\" mode=\"{mode:04o}\" text={text:?}")
            }
            Put::Live(number) => {
                format!("file {path:?} install=\"live\" {{ source \"source-{number}\" }}")
            }
            Put::Source(number) => format!("file {path:?} {{ source \"source-{number}\" }}"),
            Put::Plain(number) => format!("file {path:?} link={:?}", target(number)),
            Put::Merge(number) if is_json => format!(
                "file {path:?} install=\"merge\" format=\"jsonc\" {{ settings shared={number} new=\"n\" }}"
            ),
            Put::Merge(number) => format!("file {path:?} install=\"copy\" text=\"text {number}\""),
        };
        let _written = writeln!(lines, "    {line}");
    }
    lines + "}\n"
}

/// Merged files are written anew, so that their times are others.
fn comparable(mut all: Snapshot) -> Snapshot {
    for (path, thing) in &mut all.0 {
        if let Thing::File(_, time, _) = thing
            && Path::new(path).extension().is_some_and(|own| own == "json")
        {
            *time = 0;
        }
    }
    all
}

fn ended(ran: &Ran, statuses: &[i32]) -> Result<(), TestCaseError> {
    let fits = ran.status.is_some_and(|status| statuses.contains(&status));
    prop_assert!(fits, "{}", ran);
    Ok(())
}

fn play(owns: &[(&'static str, Own)], acts: &[Act]) -> Result<(), TestCaseError> {
    let sandbox = Sandbox::new("home { }\n");
    for number in 0..3 {
        sandbox.config(&format!("source-{number}"), text("", number));
    }
    furnish(&sandbox, owns);
    let mut expected = comparable(sandbox.snapshot());
    let mut story = Vec::new();
    for act in acts {
        match act {
            Act::Apply(wants, backup) => {
                sandbox.config("hcc.kdl", configuration(wants));
                let before = sandbox.outside();
                let mut arguments = vec!["apply", "--yes", "--no-packages"];
                arguments.extend(*backup);
                let ran = sandbox.run(&arguments);
                ended(&ran, &[0, 3])?;
                if ran.status == Some(3) {
                    prop_assert!(ran.stderr.contains("a link in the place of"), "{ran}");
                    prop_assert_eq!(&without_state(sandbox.outside()), &without_state(before));
                } else {
                    arrived(&sandbox, wants)?;
                }
                story.push(ran);
            }
            Act::Rollback(index) => {
                let folder = sandbox.state("generations");
                let generations: BTreeSet<u64> = fs::read_dir(folder)
                    .into_iter()
                    .flatten()
                    .flatten()
                    .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
                    .collect();
                if generations.is_empty() {
                    continue;
                }
                let number = generations.iter().nth(index.index(generations.len())).copied();
                let number = number.unwrap_or_default().to_string();
                let ran = sandbox.run(&["rollback", &number, "--yes", "--backup", "store"]);
                ended(&ran, &[0, 3])?;
                story.push(ran);
            }
            Act::Write(name, number) => {
                let path = format!(".own/{name}");
                sandbox.write(&path, text("", *number));
                for (path, thing) in sandbox.outside().0 {
                    if path.starts_with(".own") {
                        expected.0.insert(path, thing);
                    }
                }
            }
            Act::Again => {
                let before = sandbox.outside();
                if sandbox.state("current").symlink_metadata().is_ok()
                    && story.last().is_some_and(|ran| ran.status == Some(0))
                {
                    let ran =
                        sandbox.run(&["apply", "--yes", "--no-packages", "--backup", "store"]);
                    if ran.stderr.contains("Nothing to do") {
                        prop_assert_eq!(&sandbox.outside(), &before);
                    }
                    story.push(ran);
                }
            }
        }
    }
    let ran = sandbox.run(&["uninstall", "--yes"]);
    let now = comparable(sandbox.snapshot());
    let keys: BTreeSet<&String> = now.0.keys().chain(expected.0.keys()).collect();
    let differing: Vec<String> = keys
        .into_iter()
        .filter(|path| now.0.get(*path) != expected.0.get(*path))
        .map(|path| format!("{path}: {:?}, was {:?}", now.0.get(path), expected.0.get(path)))
        .collect();
    let told: Vec<String> = story.iter().map(ToString::to_string).collect();
    prop_assert!(
        differing.is_empty() && ran.status == Some(0),
        "{}\n{ran}\n=== before\n{}",
        differing.join("\n"),
        told.join("\n")
    );
    Ok(())
}

fn without_state(mut all: Snapshot) -> Snapshot {
    all.0.retain(|path, _| !path.starts_with(".local"));
    all
}

/// Every path stands there as it was asked for.
fn arrived(sandbox: &Sandbox, wants: &[(&str, Put)]) -> Result<(), TestCaseError> {
    for (path, put) in wants {
        let full = sandbox.home(path);
        match *put {
            Put::Link(number, _) | Put::Copy(number, _) => {
                prop_assert_eq!(sandbox.read(path), text(path, number), "{}", path);
            }
            Put::Live(number) => {
                let to = fs::read_link(&full).ok();
                let source = sandbox.source(&format!("source-{number}"));
                prop_assert_eq!(to, Some(source), "{}", path);
            }
            Put::Source(number) => prop_assert_eq!(sandbox.read(path), text("", number)),
            Put::Plain(number) => {
                prop_assert_eq!(fs::read_link(&full).ok(), Some(target(number).into()), "{}", path);
            }
            Put::Merge(number) if path.ends_with(".json") => {
                let has = sandbox.read(path).contains(&format!("\"shared\": {number}"));
                prop_assert!(has, "{}: {}", path, sandbox.read(path));
            }
            Put::Merge(number) => prop_assert_eq!(sandbox.read(path), text("", number)),
        }
    }
    Ok(())
}

fn cases() -> u32 {
    std::env::var("HCC_SEQUENCES").ok().and_then(|own| own.parse().ok()).unwrap_or(40)
}

proptest! {
    #![proptest_config(Config {
        cases: cases(),
        max_shrink_iters: 150,
        failure_persistence: Some(Box::new(FileFailurePersistence::Off)),
        ..Config::default()
    })]

    #[test]
    fn whatever_was_applied_leaving_gives_the_home_back(
        owns in home(),
        acts in prop::collection::vec(act(), 1..6),
    ) {
        play(&owns, &acts)?;
    }
}
