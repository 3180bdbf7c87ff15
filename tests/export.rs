//! `hcc export`: the archive unpacks, and the script installs, what `compile --out` writes.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A folder with a configuration and homes.
struct Folder {
    folder: tempfile::TempDir,
}

struct Ran {
    status: Option<i32>,
    out: String,
    err: String,
}

fn ran(command: &mut Command) -> Ran {
    let Output { status, stdout, stderr } = command
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Ran { status: status.code(), out: text(stdout), err: text(stderr) }
}

/// What stands at a path.
#[derive(Clone, Debug, PartialEq)]
enum Found {
    Folder,
    /// Bytes, permissions and time.
    File(Vec<u8>, u32, i64),
    Link(String),
}

type Tree = BTreeMap<String, Found>;

/// All below a folder; without times if they do not matter.
fn tree(root: &Path, times: bool) -> Tree {
    fn walk(root: &Path, below: &str, times: bool, found: &mut Tree) {
        for entry in fs::read_dir(root.join(below)).expect("a folder").flatten() {
            let name = entry.file_name().into_string().expect("UTF-8");
            let path = if below.is_empty() { name } else { format!("{below}/{name}") };
            let meta = entry.metadata().expect("a stat");
            let what = if meta.is_symlink() {
                let to = fs::read_link(entry.path()).expect("a link");
                Found::Link(to.to_str().expect("UTF-8").to_owned())
            } else if meta.is_dir() {
                walk(root, &path, times, found);
                Found::Folder
            } else {
                let bytes = fs::read(entry.path()).expect("a file");
                let time = if times { meta.mtime() * 1_000_000_000 + meta.mtime_nsec() } else { 0 };
                Found::File(bytes, meta.permissions().mode() & 0o7777, time)
            };
            found.insert(path, what);
        }
    }
    let mut found = Tree::new();
    walk(root, "", times, &mut found);
    found
}

/// A tree without the script's own notes.
fn installed_tree(root: &Path) -> Tree {
    let mut found = tree(root, false);
    found.retain(|path, _| !path.starts_with(".local/state"));
    if !found.keys().any(|path| path.starts_with(".local/")) {
        found.remove(".local");
    }
    found
}

impl Folder {
    fn new(config: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let own = Self { folder };
        own.write("hcc.kdl", config.as_bytes());
        own
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(path, bytes).expect("written");
    }

    fn hcc(&self, arguments: &[&str]) -> Ran {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hcc"));
        command.args(arguments).env_clear().env("HOME", self.path("nobody")).env("USER", "alice");
        ran(command.current_dir(self.folder.path()))
    }

    #[track_caller]
    fn script(&self, name: &str) -> PathBuf {
        let ran =
            self.hcc(&["export", "box", "--format", "script", "--out", name, "--force", "--quiet"]);
        assert_eq!((ran.status, &*ran.err), (Some(0), ""));
        self.path(name)
    }

    /// What `compile --out` writes.
    #[track_caller]
    fn compiled(&self) -> Tree {
        let ran = self.hcc(&["compile", "box", "--out", "compiled"]);
        assert_eq!(ran.status, Some(0), "{}", ran.err);
        tree(&self.path("compiled/box/home/alice"), false)
    }

    fn home(&self, name: &str) -> PathBuf {
        let home = self.path(name);
        fs::create_dir_all(&home).expect("a home");
        home
    }

    /// Runs a script with the first shell there is.
    fn run(&self, script: &Path, home: &Path, arguments: &[&str]) -> Ran {
        self.run_in(shells().first().expect("a shell"), script, home, arguments)
    }

    fn run_in(&self, shell: &[&str], script: &Path, home: &Path, arguments: &[&str]) -> Ran {
        let mut command = Command::new("timeout");
        command.arg("60").args(shell).arg(script).args(arguments);
        command.env_clear().env("HOME", home).env("PATH", std::env::var_os("PATH").expect("PATH"));
        command.env("TMPDIR", self.home("tmp")).current_dir(self.folder.path());
        let ran = ran(&mut command);
        assert_eq!(tree(&self.path("tmp"), false), Tree::new(), "something is left behind");
        ran
    }
}

fn is_there(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).any(|folder| folder.join(program).is_file());
    if !found {
        let _written = writeln!(std::io::stderr(), "SKIPPED: {program} is not installed");
    }
    found
}

/// Shells that the script is for; `sh` is always there.
fn shells() -> Vec<Vec<&'static str>> {
    let all: [&[&str]; 5] =
        [&["dash"], &["bash", "--posix"], &["busybox", "sh"], &["mksh"], &["sh"]];
    let known = |shell: &&[&str]| shell.first().is_some_and(|program| is_there(program));
    all.into_iter().filter(known).map(<[&str]>::to_vec).collect()
}

const ODD: &str = r##"host "box" os="linux" { user "alice" }
home {
    file ".config/plain" text="one\ntwo\n"
    file ".config/a b/it's \"quoted\" `too` $HOME \\n" text="$HOME `id` \"x\" 'y' \\ %s\nEND\nEND_2\n"
    file "-dash/-n" text="-n"
    file "ünï/日本" text="Á é 日本 \u{81}\n"
    file "new\nline\n" text="a name of two lines"
    file "star*?[x]" text="*\n"
    file "a~" text="no home\n"
    file ".bin/run" text="#!/bin/sh\n" executable=#true
    file ".ssh/config" text="Host *\n" mode="0600"
    file ".odd-mode" text="x" mode="0750"
    file "empty" text=""
    file "no-newline" source="no-newline"
    file "newlines" source="newlines"
    file "tabs" text="\tx\t\n"
    file "control" text="\u{1}\u{7f}\u{1b}[0m\r\n"
    file "nul" source="nul"
    file "big" source="big"
    file "folder" source="folder"
    file "whole" source="folder" whole=#true
    file "live" source="live" install="live"
    file "link" link="-a b'c/$d"
    file "settings.json" format="json" install="merge" { settings a=1 }
}
"##;

/// Every name and content that a shell could get wrong.
fn odd() -> Folder {
    let folder = Folder::new(ODD);
    folder.write("no-newline", "last line\nhas 'no' end: é".as_bytes());
    folder.write("newlines", b"\n\n\n");
    let all: Vec<u8> = (0..=255).chain(0..=255).rev().collect();
    folder.write("nul", &all);
    let mut state = 1u32;
    let random = |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    folder.write("big", &(0..1 << 20).map(random).collect::<Vec<u8>>());
    folder.write("folder/inner/x", b"x\n");
    folder.write("folder/run", b"#!/bin/sh\n");
    fs::set_permissions(folder.path("folder/run"), fs::Permissions::from_mode(0o755))
        .expect("a mode");
    folder.write("live", b"live\n");
    folder
}

#[test]
fn every_shell_installs_what_is_compiled_and_takes_it_away_again() {
    let folder = odd();
    let script = folder.script("install.sh");
    let compiled = folder.compiled();
    assert!(compiled.contains_key("new\nline\n") && compiled.len() > 25, "{:?}", compiled.keys());
    for (number, shell) in shells().iter().enumerate() {
        let home = folder.home(&format!("home {number} $x 'y'"));
        let first = folder.run_in(shell, &script, &home, &[]);
        assert_eq!((first.status, &*first.err), (Some(0), ""), "{shell:?}: {}", first.out);
        assert_eq!(installed_tree(&home), compiled, "{shell:?}");
        let before = tree(&home, true);
        let again = folder.run_in(shell, &script, &home, &[]);
        assert_eq!((again.status, &*again.err), (Some(0), ""), "{shell:?}");
        assert!(again.out.contains("0 written, 24 as they were, 0 not done"), "{}", again.out);
        assert_eq!(tree(&home, true), before, "{shell:?}");
        let away = folder.run_in(shell, &script, &home, &["--uninstall"]);
        assert_eq!((away.status, &*away.err), (Some(0), ""), "{shell:?}");
        assert_eq!(tree(&home, true), Tree::new(), "{shell:?}");
    }
}

#[test]
fn shellcheck_has_nothing_to_say() {
    if !is_there("shellcheck") {
        return;
    }
    let folder = odd();
    // A megabyte of octal digits takes it minutes.
    folder.write("big", &[0, 1, 2, 255]);
    let script = folder.script("install.sh");
    let checked = ran(Command::new("shellcheck").args(["--shell", "sh"]).arg(script));
    assert_eq!((checked.status, &*checked.out), (Some(0), ""), "{}", checked.err);
}

const SMALL: &str = r#"host "box" os="linux" { user "alice" }
home {
    file ".a" text="new\n"
    file ".config/b" text="new\n"
    file "c" link="new"
    file "run" text="new\n" executable=#true
}
"#;

#[test]
fn what_stands_in_the_way_is_kept_and_given_back() {
    let folder = Folder::new(SMALL);
    let script = folder.script("install.sh");
    let home = folder.home("home");
    folder.write("home/.a", b"old\n");
    fs::set_permissions(home.join(".a"), fs::Permissions::from_mode(0o640)).expect("a mode");
    folder.write("home/.a.hcc-backup", b"somebody's backup\n");
    fs::create_dir(home.join(".config")).expect("a folder");
    symlink("nowhere", home.join(".config/b")).expect("a link");
    // A link to a folder: nothing may end up in there.
    fs::create_dir(home.join("folder")).expect("a folder");
    symlink("folder", home.join("c")).expect("a link");
    // The same bytes, and not to be executed.
    folder.write("home/run", b"new\n");
    let before = tree(&home, true);

    let shown = folder.run(&script, &home, &["--dry-run"]);
    assert_eq!((shown.status, &*shown.err), (Some(0), ""));
    assert!(shown.out.contains("would write ~/.a\n"), "{}", shown.out);
    assert!(shown.out.contains("what stands there would be ~/.a.hcc-backup-2\n"), "{}", shown.out);
    assert_eq!(tree(&home, true), before);

    let done = folder.run(&script, &home, &[]);
    assert_eq!((done.status, &*done.err), (Some(0), ""), "{}", done.out);
    assert!(done.out.contains("what stood there is ~/.a.hcc-backup-2\n"), "{}", done.out);
    let mut found = installed_tree(&home);
    for (path, what) in folder.compiled() {
        assert_eq!(found.remove(&path), Some(what), "{path}");
    }
    let rest: Vec<&str> = found.keys().map(String::as_str).collect();
    let kept = [
        ".a.hcc-backup",
        ".a.hcc-backup-2",
        ".config/b.hcc-backup",
        "c.hcc-backup",
        "folder",
        "run.hcc-backup",
    ];
    assert_eq!(rest, kept);

    let away = folder.run(&script, &home, &["--uninstall", "--dry-run"]);
    assert!(away.out.contains("would take away ~/.a\n"), "{}", away.out);
    let away = folder.run(&script, &home, &["--uninstall"]);
    assert_eq!((away.status, &*away.err), (Some(0), ""));
    assert_eq!(tree(&home, true), before);
    let nothing = folder.run(&script, &home, &["--uninstall"]);
    assert_eq!((nothing.status, &*nothing.out), (Some(0), "Nothing was installed here.\n"));
}

#[test]
fn a_folder_or_a_link_out_of_the_home_is_refused_and_the_rest_done() {
    let folder = Folder::new(
        r#"host "box" os="linux" { user "alice" }
home {
    file "a" text="new\n"
    file "b" link="new"
    file "out/x" text="new\n"
    file "in/x" text="new\n"
    file "gone/x" text="new\n"
    file "file/x" text="new\n"
    file "deep/er/x" text="new\n"
    file "z" text="new\n"
}
"#,
    );
    let script = folder.script("install.sh");
    let home = folder.home("home");
    fs::create_dir_all(home.join("a/full")).expect("a folder");
    fs::create_dir(home.join("b")).expect("a folder");
    fs::create_dir(home.join("real")).expect("a folder");
    folder.home("elsewhere");
    symlink("../elsewhere", home.join("out")).expect("a link");
    symlink("real", home.join("in")).expect("a link");
    symlink("nowhere", home.join("gone")).expect("a link");
    folder.write("home/file", b"a file\n");
    let before = tree(&home, true);
    let done = folder.run(&script, &home, &[]);
    assert_eq!(done.status, Some(1));
    let said = "not done: ~/a: a folder is in the way
not done: ~/b: a folder is in the way
not done: ~/file/x: ~/file is no folder
not done: ~/gone/x: ~/gone is no folder
not done: ~/out/x: ~/out is a link out of the home
";
    assert_eq!(done.err, said);
    assert!(done.out.contains("3 written, 0 as they were, 5 not done"), "{}", done.out);
    assert_eq!(fs::read(home.join("real/x")).expect("through a link in the home"), b"new\n");
    assert!(home.join("deep/er/x").exists() && home.join("z").exists());
    assert_eq!(tree(&folder.path("elsewhere"), false), Tree::new());
    assert_eq!(folder.run(&script, &home, &["--uninstall"]).status, Some(0));
    assert_eq!(tree(&home, true), before);
}

#[test]
fn edits_stay_and_a_later_script_takes_over() {
    let folder = Folder::new(SMALL);
    let first = folder.script("first.sh");
    let home = folder.home("home");
    folder.write("home/.a", b"old\n");
    assert_eq!(folder.run(&first, &home, &[]).status, Some(0));
    // One is edited, one is another in the next script, one leaves.
    folder.write("home/.config/b", b"edited\n");
    folder.write(
        "hcc.kdl",
        SMALL
            .replace("file \".a\" text=\"new", "file \".a\" text=\"newer")
            .replace("    file \"c\" link=\"new\"\n", "")
            .as_bytes(),
    );
    let second = folder.script("second.sh");
    let done = folder.run(&second, &home, &[]);
    assert_eq!((done.status, &*done.err), (Some(0), ""), "{}", done.out);
    assert!(done.out.contains("no longer part of this home: ~/c;"), "{}", done.out);
    assert_eq!(fs::read(home.join(".a")).expect("new"), b"newer\n");
    assert_eq!(fs::read(home.join(".a.hcc-backup")).expect("kept"), b"old\n");
    assert!(!home.join(".a.hcc-backup-2").exists(), "what the first script wrote needs no backup");
    assert_eq!(fs::read(home.join(".config/b.hcc-backup")).expect("kept"), b"edited\n");
    // Edited again: that stays when all else goes.
    folder.write("home/.a", b"mine\n");
    let away = folder.run(&second, &home, &["--uninstall"]);
    assert_eq!((away.status, &*away.err), (Some(0), ""), "{}", away.out);
    assert!(away.out.contains(
        "stays: ~/.a: it was changed since\n  what was there before is ~/.a.hcc-backup\n"
    ));
    let left: Vec<String> = tree(&home, false).into_keys().collect();
    assert_eq!(left, [".a", ".a.hcc-backup", ".config", ".config/b.hcc-backup"]);
    assert_eq!(fs::read(home.join(".a")).expect("there"), b"mine\n");
}

#[test]
fn a_file_that_its_program_writes_too_is_written_only_where_nothing_stands() {
    let folder = Folder::new(
        "host \"box\" os=\"linux\" { user \"alice\" }\nhome { file \"s.json\" format=\"json\" install=\"merge\" { settings a=1 } }\n",
    );
    let script = folder.script("install.sh");
    let home = folder.home("home");
    folder.write("home/s.json", b"{\"own\": 1}\n");
    let done = folder.run(&script, &home, &[]);
    assert_eq!((done.status, &*done.err), (Some(0), ""));
    assert!(done.out.contains("left as it is: ~/s.json:"), "{}", done.out);
    assert_eq!(tree(&home, false).len(), 1);
    fs::remove_file(home.join("s.json")).expect("removed");
    assert_eq!(folder.run(&script, &home, &[]).status, Some(0));
    assert!(home.join("s.json").exists());
}

#[test]
fn a_script_that_was_cut_short_does_nothing() {
    let folder = Folder::new(SMALL);
    let text = fs::read_to_string(folder.script("install.sh")).expect("a script");
    let home = folder.home("home");
    for part in [3, 10, 30, 50, 70, 90, 99] {
        folder.write("cut.sh", &text.as_bytes()[..text.len() * part / 100]);
        folder.run(&folder.path("cut.sh"), &home, &[]);
        assert_eq!(tree(&home, false), Tree::new(), "{part} %");
    }
    let piped = format!("cat install.sh | {} -s -- --dry-run", shells()[0].join(" "));
    let mut command = Command::new("sh");
    command.args(["-c", &piped]).env("HOME", &home).current_dir(folder.folder.path());
    let piped = ran(&mut command);
    assert!(piped.out.contains("4 to be written, 0 as they were, 0 not done"), "{}", piped.out);
    let wrong = folder.run(&folder.path("install.sh"), &home, &["--frob"]);
    assert_eq!((wrong.status, &*wrong.out), (Some(2), ""));
}

#[test]
fn the_script_names_what_is_left_to_do() {
    let folder = Folder::new(
        r#"host "box" os="linux" distro="debian" { user "alice" }
home {
    packages "ripgrep"
    file ".a" text=(f)"{{ user.home }}/x\n"
    activation "greet" run="echo 'hello\u{1b}[31m'"
}
"#,
    );
    let script = folder.script("install.sh");
    let done = folder.run(&script, &folder.home("home"), &[]);
    assert_eq!(done.status, Some(0));
    assert!(
        done.out.contains("note: this was compiled for /home/alice, which these name:\n  ~/.a\n")
    );
    assert!(done.out.contains("Left to do by hand:\n  packages (apt): ripgrep\n"), "{}", done.out);
    assert!(done.out.contains("  run: echo 'hello [31m'\n"), "{}", done.out);
    assert!(!folder.path("home/hello").exists());
}

#[test]
fn the_archive_unpacks_to_what_is_compiled_and_is_always_the_same() {
    let folder = odd();
    let one = folder.hcc(&["export", "box", "--format", "tar", "--out", "one.tar"]);
    assert_eq!(one.status, Some(0), "{}", one.err);
    assert!(one.err.contains("note: ~/live is live in the configuration, and a copy here\n"));
    assert!(one.err.contains("Wrote 24 files of alice@box to one.tar\n"), "{}", one.err);
    // Other times and another number of the same files.
    let bytes = fs::read(folder.path("live")).expect("there");
    fs::remove_file(folder.path("live")).expect("removed");
    folder.write("live", &bytes);
    let mut command = Command::new("sh");
    let line = format!("'{}' export box --format tar --quiet > two.tar", env!("CARGO_BIN_EXE_hcc"));
    let two = ran(command.args(["-c", &line]).current_dir(folder.folder.path()));
    assert_eq!((two.status, &*two.err), (Some(0), ""));
    let (one, two) = (fs::read(folder.path("one.tar")), fs::read(folder.path("two.tar")));
    assert!(one.expect("there") == two.expect("there"), "the archives differ");
    let home = folder.home("home");
    let mut command = Command::new("tar");
    let done = ran(command.arg("-xpf").arg(folder.path("one.tar")).arg("-C").arg(&home));
    assert_eq!((done.status, &*done.err), (Some(0), ""));
    assert_eq!(tree(&home, false), folder.compiled());
    // It holds a file for its owner alone.
    let mode = fs::metadata(folder.path("one.tar")).expect("there").permissions().mode();
    assert_eq!(mode & 0o7777, 0o600);
}

#[test]
fn what_is_for_its_owner_alone_stays_so() {
    let folder = Folder::new(
        "host \"box\" os=\"linux\" { user \"alice\" }\nhome { file \".ssh\" source=\"ssh\"; file \".a/b\" source=\"b\"; file \".a/run\" source=\"run\" }\n",
    );
    for (name, mode) in [("ssh/id", 0o600), ("b", 0o664), ("run", 0o700)] {
        folder.write(name, b"x\n");
        fs::set_permissions(folder.path(name), fs::Permissions::from_mode(mode)).expect("a mode");
    }
    let script = folder.script("box.sh");
    let mode = |root: &Path, path: &str| {
        let found = fs::metadata(root.join(path)).expect("a look");
        found.permissions().mode() & 0o7777
    };
    let files = [(".ssh/id", 0o600), (".a/b", 0o644), (".a/run", 0o700)];
    for (at, shell) in shells().iter().enumerate() {
        let home = folder.home(&format!("home{at}"));
        let done = folder.run_in(shell, &script, &home, &[]);
        assert_eq!((done.status, &*done.err), (Some(0), ""), "{}", done.out);
        for (path, wanted) in files.iter().chain(&[(".ssh", 0o700), (".a", 0o755)]) {
            assert_eq!(mode(&home, path), *wanted, "{path} by {shell:?}");
        }
    }
    let archive = folder.hcc(&["export", "box", "--format", "tar", "--out", "box.tar"]);
    assert_eq!(archive.status, Some(0), "{}", archive.err);
    let home = folder.home("unpacked");
    let mut command = Command::new("tar");
    let done = ran(command.arg("-xpf").arg(folder.path("box.tar")).arg("-C").arg(&home));
    assert_eq!((done.status, &*done.err), (Some(0), ""));
    folder.compiled();
    for root in [home, folder.path("compiled/box/home/alice")] {
        for (path, wanted) in files {
            assert_eq!(mode(&root, path), wanted, "{path} in {}", root.display());
        }
    }
}

#[test]
fn a_stow_tree_is_the_one_of_compile() {
    let folder = odd();
    let done = folder.hcc(&["export", "box", "--format", "stow", "--out", "stow"]);
    assert_eq!((done.status, &*done.err), (Some(0), "Wrote 24 files to stow\n"));
    folder.hcc(&["compile", "box", "--format", "stow", "--out", "other"]);
    let mut other = tree(&folder.path("other"), false);
    assert!(other.remove(".hcc-out").is_some());
    let mut own = tree(&folder.path("stow"), false);
    own.remove(".hcc-out");
    assert_eq!(own, other);
    let done = folder.hcc(&["export", "box", "--format", "stow", "--out", "folder"]);
    assert_eq!(done.status, Some(1), "{}", done.err);
    folder.write("taken/x", b"mine");
    let done = folder.hcc(&["export", "box", "--format", "stow", "--out", "taken"]);
    assert_eq!(done.status, Some(3), "{}", done.err);
    assert_eq!(folder.hcc(&["export", "box", "--format", "stow"]).status, Some(2));
}

#[test]
fn mistakes_are_named_and_nothing_is_overwritten() {
    let folder = Folder::new(SMALL);
    let to = |out: &'static str| ["export", "box", "--format", "script", "--out", out];
    folder.write("mine", b"mine\n");
    let done = folder.hcc(&to("mine"));
    assert_eq!((done.status, done.err.contains("mine exists already")), (Some(3), true));
    assert_eq!(fs::read(folder.path("mine")).expect("there"), b"mine\n");
    let done = folder.hcc(&to("mine/below"));
    assert_eq!((done.status, done.err.contains("cannot write mine/below")), (Some(4), true));
    fs::create_dir(folder.path("dir")).expect("a folder");
    let forced = folder.hcc(&["export", "box", "--format", "tar", "--out", "dir", "--force"]);
    assert_eq!((forced.status, forced.err.contains("cannot write dir")), (Some(4), true));
    assert_eq!(folder.hcc(&to("")).status, Some(2));
    let done = folder.hcc(&["export", "box", "--format", "tar", "--json"]);
    assert_eq!((done.status, done.err.contains("add `--out FILE`")), (Some(2), true));
    let done = folder.hcc(&["export", "nowhere", "--format", "tar", "--out", "x.tar"]);
    assert_eq!((done.status, done.err.contains("no host `nowhere`")), (Some(2), true));

    folder.write("hcc.kdl", b"host \"box\" os=\"linux\" { user \"bob\"; user \"carol\" }\n");
    let done = folder.hcc(&["export", "box", "--format", "tar", "--out", "x.tar"]);
    assert_eq!(done.status, Some(2), "{}", done.err);
    assert!(done.err.contains("name one: `bob@box`, `carol@box`"), "{}", done.err);
    let done = folder.hcc(&["export", "bob@box", "--format", "tar", "--out", "x.tar"]);
    assert_eq!(done.status, Some(0), "{}", done.err);

    folder.write("hcc.kdl", b"home { file \"x\" text=1 }\n");
    let done = folder.hcc(&["export", "--format", "script", "--out", "never"]);
    assert_eq!((done.status, folder.path("never").exists()), (Some(1), false));
}

#[test]
fn json_says_what_was_written() {
    let folder = odd();
    let done = folder.hcc(&["export", "box", "--format", "script", "--out", "x.sh", "--json"]);
    assert_eq!((done.status, &*done.err), (Some(0), ""));
    let said: serde_json::Value = serde_json::from_str(&done.out).expect("JSON");
    let size = fs::metadata(folder.path("x.sh")).expect("there").len();
    assert_eq!((&said["to"], &said["bytes"]), (&"x.sh".into(), &size.into()));
    let file = |path: &str| {
        let list = said["files"].as_array().expect("files");
        list.iter().find(|file| file["path"] == path).cloned().unwrap_or_default()
    };
    assert_eq!(file(".ssh/config")["mode"], "0600");
    assert_eq!(file("folder/run")["mode"], "0755");
    assert_eq!(
        file("link"),
        serde_json::json!({"path": "link", "kind": "link", "to": "-a b'c/$d"})
    );
    assert!(said["notes"].to_string().contains("~/live is live"), "{said}");
}

/// In front of PATH: commands of which the Nth call fails, or is the last thing that happens.
fn shims(folder: &Folder) {
    for name in ["chmod", "cp", "ln", "mkdir", "mv", "rm", "rmdir"] {
        let text = format!(
            r#"#!/bin/sh
n=$(($(cat "$FAULT/count") + 1))
echo "$n" >"$FAULT/count"
real=/bin/{name}
if [ "$n" = "$AT" ]; then
    [ "$HOW" != fail ] || exit 1
    "$real" "$@"
    kill -KILL "$TOP"
    exit 1
fi
exec "$real" "$@"
"#
        );
        folder.write(&format!("shims/{name}"), text.as_bytes());
        let mode = fs::Permissions::from_mode(0o755);
        fs::set_permissions(folder.path(&format!("shims/{name}")), mode).expect("a mode");
    }
}

/// Fails, and kills after, every changing call of a task in turn, in a home where all of it is in
/// the way. Nothing is lost; the next run does it; taken away, all is as before.
fn with_faults(task: &str) {
    let folder = Folder::new(
        r#"host "box" os="linux" { user "alice" }
home {
    file ".a" text="new\n" mode="0600"
    file ".config/b" text="new\n"
    file "c" link="new"
}
"#,
    );
    let script = folder.script("install.sh");
    let compiled = folder.compiled();
    shims(&folder);
    let (mut calls, mut at) = (1, 0);
    while at <= calls {
        at += 1;
        for how in ["fail", "after"] {
            let name = format!("home-{at}-{how}");
            let home = folder.home(&name);
            folder.write(&format!("{name}/.a"), b"old\n");
            symlink("old link", home.join("c")).expect("a link");
            let before = tree(&home, true);
            if !task.is_empty() {
                assert_eq!(folder.run(&script, &home, &[]).status, Some(0));
            }
            folder.write("count", b"0\n");
            let mut command = Command::new("sh");
            command.args(["-c", &format!("TOP=$$ exec sh install.sh {task}")]);
            command.env_clear().current_dir(folder.folder.path()).env("HOME", &home);
            command.env("PATH", format!("{}:/usr/bin:/bin", folder.path("shims").display()));
            command.env("FAULT", folder.folder.path()).env("TMPDIR", folder.home("work"));
            ran(command.env("AT", at.to_string()).env("HOW", how));
            let count = fs::read_to_string(folder.path("count")).expect("a number");
            calls = calls.max(count.trim().parse().expect("a number"));

            let found: Vec<Found> = tree(&home, true).into_values().collect();
            for (path, what) in &before {
                assert!(found.contains(what), "{name}: {path} is lost: {found:?}");
            }
            if task.is_empty() {
                let done = folder.run(&script, &home, &[]);
                assert_eq!((done.status, &*done.err), (Some(0), ""), "{name}: {}", done.out);
                let found = tree(&home, false);
                for (path, what) in &compiled {
                    assert_eq!(found.get(path), Some(what), "{name}: {path}");
                }
            }
            let away = folder.run(&script, &home, &["--uninstall"]);
            assert_eq!((away.status, &*away.err), (Some(0), ""), "{name}: {}", away.out);
            let mut left = tree(&home, true);
            // An empty folder may stay, if what failed was to note or to remove it.
            left.retain(|path, what| *what != Found::Folder || before.contains_key(path));
            assert_eq!(left, before, "{name}: {}", away.out);
            fs::remove_dir_all(&home).expect("removed");
        }
    }
    assert!(calls > 10, "{calls}");
}

#[test]
fn an_installation_that_fails_or_is_killed_anywhere_loses_nothing_and_is_completed() {
    with_faults("");
}

#[test]
fn an_uninstallation_that_fails_or_is_killed_anywhere_loses_nothing_and_is_completed() {
    with_faults("--uninstall");
}
