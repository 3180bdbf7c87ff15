//! What hcc never does to a home, whoever else is at work on it.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::kit::{Sandbox, Snapshot, Thing};
use crate::strace;

const APPLY: &[&str] = &["apply", "--yes", "--no-packages"];

fn mode(path: &Path) -> u32 {
    path.symlink_metadata().expect("a look").permissions().mode() & 0o7777
}

/// Everything below a folder with all that a look says, but for when it was read.
fn looks(folder: &Path) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder").flatten() {
            let (path, found) = (entry.path(), entry.metadata().expect("a look"));
            let (ino, mode, time) = (found.ino(), found.mode(), found.mtime_nsec());
            all.insert(format!(
                "{} {ino} {mode:o} {} {time} {}",
                path.display(),
                found.mtime(),
                found.ctime_nsec()
            ));
            if found.is_dir() {
                folders.push(path);
            }
        }
    }
    all
}

#[test]
fn the_state_is_for_nobody_else_and_its_contents_cannot_be_written() {
    let sandbox = Sandbox::new(
        "home { file \"x/y\" text=\"x\"; file \"b\" executable=#true text=\"x\"; file \"c\" install=\"copy\" text=\"c\" }\n",
    );
    let config = Snapshot::of(&sandbox.source(""));
    sandbox.apply();
    assert_eq!(mode(&sandbox.state("")), 0o700);
    for (path, thing) in Snapshot::of(&sandbox.state("trees")).0 {
        match thing {
            Thing::File(mode, ..) => assert_eq!(mode & 0o222, 0, "{path}: {mode:o}"),
            Thing::Folder(mode) => assert_eq!(mode & 0o077, 0, "{path}: {mode:o}"),
            _ => {}
        }
    }
    Snapshot::of(&sandbox.source("")).is(&config);
}

#[test]
fn modes_are_what_is_said_whatever_the_umask_is() {
    for umask in ["000", "077"] {
        let sandbox = Sandbox::new(
            "home { file \".a\" install=\"copy\" mode=\"0640\" text=\"a\"; file \".b\" mode=\"0755\" text=\"b\"; file \".d/s\" mode=\"0600\" text=\"s\" }\n",
        );
        let hcc = sandbox.command(APPLY);
        let mut shell = Command::new("sh");
        shell.arg("-c").arg(format!("umask {umask}; exec \"$0\" \"$@\"")).arg(hcc.get_program());
        shell.args(hcc.get_args()).env_clear().current_dir(sandbox.home(""));
        shell.envs(hcc.get_envs().filter_map(|(name, value)| Some((name, value?))));
        sandbox.ran(&shell.output().expect("sh")).well();
        assert_eq!(mode(&sandbox.home(".a")), 0o640, "{umask}");
        let through = |path: &str| {
            fs::metadata(sandbox.home(path)).expect("a look").permissions().mode() & 0o777
        };
        assert_eq!((through(".b"), through(".d/s")), (0o555, 0o400), "{umask}");
        // A folder that was made for what only its owner may read.
        assert_eq!(mode(&sandbox.home(".d")), 0o700, "{umask}");
    }
}

#[test]
fn a_private_file_can_at_no_time_be_read_by_others() {
    if Command::new("strace").arg("--version").output().is_err() {
        eprintln!("SKIPPED: strace is not installed, so modes are not looked at call by call");
        return;
    }
    let sandbox = Sandbox::new(
        "home { file \".a\" install=\"copy\" mode=\"0600\" text=\"a\"; file \".b\" mode=\"0600\" text=\"b\"; file \".m\" install=\"merge\" format=\"json\" mode=\"0600\" { settings a=1 } }\n",
    );
    let hcc = sandbox.command(APPLY);
    let log = sandbox.root().join("log");
    let mut strace = Command::new("strace");
    strace.args(["-f", "-qq", "-e", "trace=openat,fchmod,fchmodat,chmod", "-o"]).arg(&log);
    strace.arg(hcc.get_program()).args(hcc.get_args()).env_clear();
    strace.current_dir(sandbox.home(""));
    strace.envs(hcc.get_envs().filter_map(|(name, value)| Some((name, value?))));
    sandbox.ran(&strace.output().expect("strace")).well();
    let log = fs::read_to_string(log).expect("a log");
    let changes = log.lines().filter(|line| line.contains("O_CREAT") || line.contains("chmod("));
    let modes: Vec<(&str, u32)> = changes
        .map(|line| {
            let end = line.rfind(") = ").expect(line);
            let digits = line[..end].rsplit(", ").next().expect(line);
            (line, u32::from_str_radix(digits, 8).expect(line))
        })
        .collect();
    assert!(modes.len() > 8, "{log}");
    for (line, mode) in modes {
        assert_eq!(mode & 0o077, 0, "{line}");
    }
}

#[test]
fn nothing_is_written_through_a_link_in_the_place_of_a_folder_unless_it_is_meant() {
    let sandbox = Sandbox::new("home { file \".config/app/x\" text=\"x\" }\n");
    let outside = sandbox.root().join("outside");
    fs::create_dir(&outside).expect("a folder");
    symlink(&outside, sandbox.home(".config")).expect("a link");
    for flags in [&[][..], &["--backup", "store"]] {
        let ran = sandbox.run(&[APPLY, flags].concat()).ends(3);
        assert!(ran.stderr.contains("allow-parent \".config\""), "{ran}");
        assert_eq!(fs::read_dir(&outside).expect("a folder").count(), 0);
    }
    sandbox.config(
        "hcc.kdl",
        "home { file \".config/app/x\" text=\"x\" { allow-parent \".config\" } }\n",
    );
    sandbox.apply();
    assert_eq!(fs::read_to_string(outside.join("app/x")).expect("it is there"), "x\n");
    sandbox.apply().says("Nothing to do.");
    sandbox.run(&["uninstall", "--yes"]).well();
    assert_eq!(fs::read_dir(&outside).expect("a folder").count(), 0);
}

#[test]
fn any_name_that_a_system_takes_can_be_managed() {
    let long = "l".repeat(255);
    let deep = "d/".repeat(30) + "x";
    let names = [
        "with spaces",
        " leading",
        "new\nline",
        "tab\there",
        "ünï/cödé",
        "日本語",
        "-dash",
        "--yes",
        "'quote'",
        "\"double\"",
        "back\\slash",
        "$HOME",
        "*",
        "a:b",
        "#",
        "emoji 🦀",
        &long,
        &deep,
    ];
    let sandbox = Sandbox::new("home { }\n");
    let mut config = String::from("home {\n");
    for (at, name) in names.iter().enumerate() {
        let said = if name.starts_with('$') { format!("./{name}") } else { (*name).to_owned() };
        let name = said
            .replace('\\', "\\\\")
            .replace('"', "\\\"")
            .replace('\n', "\\n")
            .replace('\t', "\\t");
        let install = if at % 2 == 0 { "link" } else { "copy" };
        config += &format!("    file \"{name}\" install=\"{install}\" text=\"{at}\"\n");
    }
    sandbox.config("hcc.kdl", config + "}\n");
    for name in &names[..6] {
        sandbox.write(name, "mine\n");
    }
    sandbox.write(&long, "mine\n");
    let before = sandbox.snapshot();
    for backup in [&["--backup", "store"][..], &["--backup-extension", "backup"]] {
        sandbox.run(&[APPLY, backup].concat()).well();
        for (at, name) in names.iter().enumerate() {
            assert_eq!(sandbox.read(name), format!("{at}\n"), "{name:?}");
        }
        sandbox.apply().says("Nothing to do.");
        sandbox.run(&["uninstall", "--yes"]).well();
        sandbox.snapshot().is(&before);
    }
}

#[test]
fn a_home_that_was_moved_is_repaired() {
    let sandbox = Sandbox::new(
        "home { file \".a\" text=\"a\"; file \".d/b\" text=\"b\"; file \".c\" install=\"copy\" text=\"c\" }\n",
    );
    sandbox.apply();
    let moved = sandbox.root().join("moved");
    fs::rename(sandbox.home(""), &moved).expect("moved");
    let run = |arguments: &[&str]| {
        let mut command = sandbox.command(arguments);
        sandbox.ran(&command.current_dir(&moved).env("HOME", &moved).output().expect("hcc"))
    };
    run(APPLY).well();
    for (path, text) in [(".a", "a\n"), (".d/b", "b\n"), (".c", "c\n")] {
        assert_eq!(fs::read_to_string(moved.join(path)).expect(path), text);
    }
    let to = fs::read_link(moved.join(".a")).expect("a link");
    assert!(to.starts_with(&moved), "{to:?}");
    run(APPLY).well().says("Nothing to do.");
    run(&["uninstall", "--yes"]).well();
    assert_eq!(Snapshot::of(&moved).0.len(), 0);
}

#[test]
fn root_leaves_the_home_of_another_user_alone() {
    let sandbox = Sandbox::new("home { file \".a\" text=\"a\" }\n");
    if std::os::unix::fs::chown(sandbox.home(""), Some(12345), Some(12345)).is_err() {
        eprintln!("SKIPPED: not root, so no home of another user can be made");
        return;
    }
    sandbox.run(APPLY).ends(3).says("belongs to another user");
    assert_eq!(sandbox.snapshot().0.len(), 0);
}

#[test]
fn two_runs_at_once_come_one_after_the_other() {
    let sandbox = Sandbox::new("home { }\n");
    sandbox.write("x0", "mine\n");
    for round in 0..5 {
        let files: String =
            (0..40).map(|at| format!("file \"x{at}\" text=\"{round}\"\n")).collect();
        sandbox.config("hcc.kdl", format!("backup \"store\"\nhome {{\n{files}}}\n"));
        let runs: Vec<_> = (0..4)
            .map(|_| {
                let mut command = sandbox.command(APPLY);
                command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("hcc")
            })
            .collect();
        let runs: Vec<_> = runs
            .into_iter()
            .map(|run| sandbox.ran(&run.wait_with_output().expect("hcc")))
            .collect();
        let new = runs.iter().filter(|ran| ran.stderr.contains("is in effect")).count();
        assert!(runs.iter().all(|ran| ran.status == Some(0)), "{runs:?}");
        assert_eq!(new, 1, "{runs:?}");
        assert_eq!(sandbox.read("x39"), format!("{round}\n"));
    }
    sandbox.run(&["uninstall", "--yes"]).well();
    assert_eq!(sandbox.snapshot().0.into_keys().collect::<Vec<_>>(), ["x0"]);
}

#[test]
fn an_interrupt_at_any_time_is_clean() {
    let config = |number: usize| {
        let files: String =
            (0..60).map(|at| format!("file \".d{}/x{at}\" text=\"{number}\"\n", at % 7)).collect();
        format!("home {{\n{files}file \".one\" text=\"{number}\"\n}}\n")
    };
    let sandbox = Sandbox::new(&config(0));
    sandbox.apply();
    let mut interrupted = 0;
    for round in 1..40_u64 {
        sandbox.config("hcc.kdl", config(usize::try_from(round).expect("small")));
        let mut run = sandbox.interruptible(APPLY);
        let mut run = run.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("hcc");
        std::thread::sleep(Duration::from_micros(round * 977 % 30_000));
        let id = run.id().to_string();
        let _sent = Command::new("kill").args(["-INT", &id]).status().expect("kill");
        if run.wait().expect("an end").code().is_none() {
            interrupted += 1;
        }
        for at in 0..60 {
            let path = format!(".d{}/x{at}", at % 7);
            assert!(sandbox.home(&path).is_file(), "{path} in round {round}");
        }
    }
    assert!(interrupted > 0);
    sandbox.apply();
    assert_eq!(sandbox.read(".one"), "39\n");
    let litter = sandbox.outside().0.into_keys().find(|path| path.contains(".hcc-"));
    assert_eq!(litter, None);
}

#[test]
fn a_root_is_filled_and_the_home_is_not_touched() {
    let sandbox = Sandbox::new(
        "home { file \".a\" text=\"a\"; file \".d/c\" install=\"copy\" mode=\"0600\" text=\"c\" }\n",
    );
    sandbox.write(".a", "mine\n");
    let before = looks(&sandbox.home(""));
    let root = sandbox.root().join("root");
    let below = root.join(sandbox.home("").strip_prefix("/").expect("absolute"));
    let argument = root.to_string_lossy().into_owned();
    let run = ["apply", "--yes", "--root", &argument];
    sandbox.run(&run).well();
    assert_eq!(looks(&sandbox.home("")), before);
    assert_eq!(fs::read_to_string(below.join(".a")).expect("a file"), "a\n");
    assert_eq!(mode(&below.join(".d/c")), 0o600);
    sandbox.run(&run).well().says("Nothing to do.");
}

#[test]
fn a_dry_run_changes_nothing_and_lists_what_is_done_then() {
    let sandbox = Sandbox::new(
        "home { file \".a\" text=\"1\"; file \".c\" install=\"copy\" text=\"1\"; file \".gone\" text=\"g\"; file \".same\" text=\"s\" }\n",
    );
    let dry = ["apply", "--dry-run", "--no-packages", "--json", "--backup", "store"];
    let before = looks(&sandbox.home(""));
    sandbox.run(&dry).well();
    assert_eq!(looks(&sandbox.home("")), before);
    sandbox.apply();
    sandbox.write(".mine", "mine\n");
    sandbox.config(
        "hcc.kdl",
        "home { file \".a\" text=\"2\"; file \".c\" install=\"copy\" text=\"2\"; file \".same\" text=\"s\"; file \".mine\" text=\"ours\"; file \".new/x\" text=\"x\"; activation \"a\" \"touch ~/ran\" }\n",
    );
    let before = looks(&sandbox.home(""));
    let planned = sandbox.run(&dry).well().json();
    assert_eq!(looks(&sandbox.home("")), before);
    let old = sandbox.outside();
    sandbox.run(&["apply", "--yes", "--no-packages", "--backup", "store"]).well();
    let new = sandbox.outside();
    let files = planned["files"].as_array().expect("files");
    let listed: BTreeSet<&str> = files.iter().filter_map(|item| item["path"].as_str()).collect();
    // A link of which the content changes is another link.
    let stands = |all: &Snapshot, path: &str| all.0.get(path).cloned();
    for path in old.0.keys().chain(new.0.keys()) {
        let is_folder = matches!(stands(&new, path), Some(Thing::Folder(_)));
        if stands(&old, path) != stands(&new, path) && !is_folder && path != "ran" {
            assert!(listed.contains(path.as_str()), "{path} {planned}");
        }
    }
    assert_eq!(listed, [".a", ".c", ".gone", ".mine", ".new/x"].into());
    assert!(sandbox.home("ran").is_file());
}

#[test]
fn who_watches_never_sees_a_path_of_both_generations_absent() {
    let config = |number: usize| {
        format!(
            "home {{ file \".a\" text=\"{number}\"; file \".d/b\" install=\"copy\" text=\"{number}\"; file \".e/f\" install=\"{}\" text=\"{number}\"; file \".n{}\" text=\"n\" }}\n",
            if number.is_multiple_of(2) { "copy" } else { "link" },
            number % 3
        )
    };
    let sandbox = Sandbox::new(&config(0));
    sandbox.apply();
    let ended = AtomicBool::new(false);
    let (rounds, missing) = std::thread::scope(|scope| {
        let watcher = scope.spawn(|| {
            let (mut rounds, mut missing) = (0_u64, BTreeSet::new());
            while !ended.load(Ordering::Relaxed) {
                for path in [".a", ".d/b", ".e/f"] {
                    match fs::read(sandbox.home(path)) {
                        Ok(bytes) if bytes.last() == Some(&b'\n') => {}
                        Ok(bytes) => {
                            missing.insert(format!("{path}: {bytes:?}"));
                        }
                        Err(error) => {
                            missing.insert(format!("{path}: {error}"));
                        }
                    }
                }
                rounds += 1;
            }
            (rounds, missing)
        });
        for number in 1..=200 {
            sandbox.config("hcc.kdl", config(number));
            sandbox.apply();
        }
        ended.store(true, Ordering::Relaxed);
        watcher.join().expect("the watcher")
    });
    assert!(rounds > 1000, "it looked {rounds} times only");
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn a_state_on_another_file_system_keeps_and_gives_back_the_same() {
    let Ok(other) = tempfile::tempdir_in("/dev/shm") else {
        eprintln!("SKIPPED: there is no second file system at /dev/shm");
        return;
    };
    let sandbox = Sandbox::new(
        "home { file \".a\" text=\"ours\"; file \".d\" text=\"ours\"; file \".l\" text=\"ours\" }\n",
    );
    let device = |path: &Path| path.metadata().expect("a look").dev();
    if device(other.path()) == device(&sandbox.home("")) {
        eprintln!("SKIPPED: the temporary folder and /dev/shm are one file system");
        return;
    }
    sandbox.write(".a", "mine\n");
    fs::set_permissions(sandbox.home(".a"), fs::Permissions::from_mode(0o640)).expect("a mode");
    sandbox.write(".d/deep/file", "deep\n");
    sandbox.link("nowhere", ".d/link");
    sandbox.link("nowhere", ".l");
    let file = fs::File::open(sandbox.home(".d/deep/file")).expect("a file");
    let time = std::time::SystemTime::UNIX_EPOCH + Duration::new(1_234_567_890, 42);
    file.set_times(fs::FileTimes::new().set_modified(time)).expect("a time");
    let before = sandbox.snapshot();
    let state = other.path().join("hcc");
    let run = |arguments: &[&str]| {
        sandbox.ran(&sandbox.command(arguments).env("HCC_STATE", &state).output().expect("hcc"))
    };
    run(&[APPLY, &["--backup", "store"]].concat()).well();
    assert_eq!(sandbox.read(".d"), "ours\n");
    let names: Vec<String> = sandbox.snapshot().0.into_keys().collect();
    assert_eq!(names, [".a", ".d", ".l"]);
    run(&["uninstall", "--yes"]).well();
    sandbox.snapshot().is(&before);
}

#[test]
fn names_that_are_not_unicode_stay_where_they_are() {
    let sandbox = Sandbox::new("home { file \".d/x\" text=\"x\" }\n");
    let odd = sandbox.home(".d").join(std::ffi::OsStr::from_bytes(b"odd\xff"));
    fs::create_dir(sandbox.home(".d")).expect("a folder");
    fs::write(&odd, "mine\n").expect("written");
    sandbox.apply();
    sandbox.run(&["uninstall", "--yes"]).well();
    assert_eq!(fs::read(&odd).expect("it is there"), b"mine\n");
    // A folder of them makes room as a whole, and comes back.
    sandbox.config("hcc.kdl", "home { file \".d\" text=\"x\" }\n");
    sandbox.run(&[APPLY, &["--backup", "store"]].concat()).well();
    sandbox.run(&["uninstall", "--yes"]).well();
    assert_eq!(fs::read(&odd).expect("it is there"), b"mine\n");
}

/// Sets an extended attribute, by Python; whether the file system takes it.
fn set_attribute(path: &Path) -> bool {
    let code = "import os,sys; os.setxattr(sys.argv[1], 'user.hcc', b'kept')";
    let done = Command::new("python3").args(["-c", code]).arg(path).output();
    done.is_ok_and(|done| done.status.success())
}

#[test]
#[cfg(target_os = "linux")]
fn extended_attributes_go_with_what_is_moved_to_another_file_system() {
    let Ok(other) = tempfile::tempdir_in("/dev/shm") else {
        eprintln!("SKIPPED: there is no second file system at /dev/shm");
        return;
    };
    let sandbox = Sandbox::new("home { file \".a\" text=\"ours\"; file \".d\" text=\"ours\" }\n");
    // More than is copied or compared at once.
    sandbox.write(".a", "mine\n".repeat(100_000));
    sandbox.write(".d/x", "mine\n");
    let probe = other.path().join("probe");
    fs::write(&probe, "").expect("written");
    let all = [sandbox.home(".a"), sandbox.home(".d"), sandbox.home(".d/x"), probe];
    if !all.iter().all(|path| set_attribute(path)) {
        eprintln!("SKIPPED: no python3, or a file system without extended attributes of users");
        return;
    }
    let state = other.path().join("hcc");
    let run = |arguments: &[&str]| {
        sandbox.ran(&sandbox.command(arguments).env("HCC_STATE", &state).output().expect("hcc"))
    };
    let before = sandbox.snapshot();
    run(&[APPLY, &["--backup", "store"]].concat()).well();
    run(&["uninstall", "--yes"]).well();
    sandbox.snapshot().is(&before);
    let code = "import os,sys; print([os.getxattr(p, 'user.hcc') for p in sys.argv[1:]])";
    let got = Command::new("python3").args(["-c", code]).args(&all[..3]).output().expect("python3");
    assert_eq!(String::from_utf8_lossy(&got.stdout), "[b'kept', b'kept', b'kept']\n");
}

#[test]
fn a_source_for_its_owner_alone_makes_a_file_for_its_owner_alone() {
    for install in ["copy", "link"] {
        let sandbox = Sandbox::new(&format!(
            "home {{ file \".x/key\" source=\"key\" install=\"{install}\"; file \".y\" source=\"y\" install=\"{install}\" }}\n"
        ));
        for folder in ["", "y/"] {
            sandbox.config(&format!("{folder}key"), "x\n");
            let path = sandbox.source(&format!("{folder}key"));
            fs::set_permissions(path, fs::Permissions::from_mode(0o600)).expect("a mode");
        }
        sandbox.config("y/open", "y\n");
        sandbox.apply();
        for path in [".x/key", ".y/key"] {
            let found = fs::metadata(sandbox.home(path)).expect("a look").permissions().mode();
            assert_eq!(found & 0o177, 0, "{path} by {install}: {found:o}");
        }
        let open = fs::metadata(sandbox.home(".y/open")).expect("a look").permissions().mode();
        assert_eq!(open & 0o444, 0o444, "{open:o}");
        sandbox.run(&["status"]).well().says("as hcc left them");
        sandbox.run(APPLY).well().says("Nothing to do");
    }
}

/// A home in which stow made one link of `~/.local`, into the configuration.
fn folded() -> Sandbox {
    let sandbox = Sandbox::new(
        "home { file \".local/bin/hello\" source=\"scripts/.local/bin/hello\" install=\"live\" }\n",
    );
    sandbox.config("scripts/.local/bin/hello", "#!/bin/sh\n");
    sandbox.config("scripts/.local/share/notes", "more\n");
    symlink("../config/scripts/.local", sandbox.home(".local")).expect("a link");
    sandbox
}

#[test]
fn the_state_is_not_begun_inside_the_configuration() {
    let sandbox = folded();
    let before = Snapshot::of(&sandbox.root());
    // Without a word of the user's nothing is done, and a dry run changes nothing.
    sandbox.run(&["apply"]).ends(3).says("nothing was changed");
    sandbox.run(&["apply", "--dry-run"]).well().says("becomes a folder of links first");
    Snapshot::of(&sandbox.root()).is(&before);

    let config = Snapshot::of(&sandbox.source(""));
    sandbox.run(APPLY).well().says(".local is a folder of links now");
    Snapshot::of(&sandbox.source("")).is(&config);
    assert!(!sandbox.home(".local").is_symlink());
    assert_eq!(sandbox.read(".local/bin/hello"), "#!/bin/sh\n");
    assert_eq!(sandbox.read(".local/share/notes"), "more\n");
    sandbox.run(APPLY).well().says("Nothing to do");
    sandbox.run(&["uninstall", "--yes"]).well();
    Snapshot::of(&sandbox.root()).is(&before);

    // Also where the configuration is found because hcc is called in it.
    let mut run = sandbox.command(APPLY);
    run.env_remove("HCC_CONFIG").current_dir(sandbox.source(""));
    sandbox.ran(&run.output().expect("hcc")).well();
    Snapshot::of(&sandbox.source("")).is(&config);
    sandbox.run(&["uninstall", "--yes"]).well();
    Snapshot::of(&sandbox.root()).is(&before);
}

#[test]
fn a_folder_in_which_more_stands_by_now_stays_a_folder_of_links() {
    let sandbox = folded();
    sandbox.run(APPLY).well();
    sandbox.write(".local/lib/x", "x");
    let ran = sandbox.run(&["uninstall", "--yes"]).well();
    ran.says("kept: .local as a folder of links, where a link to ../config/scripts/.local was");
    assert_eq!(sandbox.read(".local/lib/x"), "x");
    assert_eq!(sandbox.read(".local/bin/hello"), "#!/bin/sh\n");
    assert_eq!(sandbox.read(".local/share/notes"), "more\n");
}

#[test]
fn a_link_above_the_state_that_is_made_a_folder_survives_a_kill_at_every_call() {
    if !strace::has_strace() {
        return;
    }
    let sandbox = folded();
    let (_, log) = strace::traced(&sandbox.command(APPLY), &sandbox.root(), &[]);
    let points = strace::points(&log);
    // Up to the first look at the plan all of it is done.
    let done = points.iter().position(|(name, _)| name == "renameat2").expect("an exchange") + 4;
    for (name, number) in points.iter().take(done) {
        let sandbox = folded();
        let before = Snapshot::of(&sandbox.root());
        let kill = format!("inject={name}:signal=KILL:when={number}");
        strace::traced(&sandbox.command(APPLY), &sandbox.root(), &[kill]);
        assert_eq!(sandbox.read(".local/bin/hello"), "#!/bin/sh\n", "{name} {number}");
        assert_eq!(sandbox.read(".local/share/notes"), "more\n", "{name} {number}");
        sandbox.run(APPLY).well();
        sandbox.run(&["uninstall", "--yes"]).well();
        Snapshot::of(&sandbox.root()).is(&before);
    }
}
