//! A home, a configuration and hcc's folder, all of them temporary, and the real binary.
#![allow(dead_code, reason = "each test uses a part of it")]

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A home in `home`, a configuration in `config`, and nothing of this machine's environment but
/// where programs are.
pub struct Sandbox {
    folder: tempfile::TempDir,
}

impl Sandbox {
    /// An empty home, and a configuration whose first file holds this text.
    pub fn new(config: &str) -> Self {
        let sandbox = Self { folder: tempfile::tempdir().expect("a folder") };
        fs::create_dir(sandbox.home("")).expect("a home");
        sandbox.config("hcc.kdl", config);
        sandbox
    }

    /// The folder around all.
    pub fn root(&self) -> PathBuf {
        self.folder.path().canonicalize().expect("a folder")
    }

    /// A path below the home.
    pub fn home(&self, below: &str) -> PathBuf {
        self.root().join("home").join(below)
    }

    /// A path below the folder of the configuration.
    pub fn source(&self, below: &str) -> PathBuf {
        self.root().join("config").join(below)
    }

    /// A path in hcc's folder.
    pub fn state(&self, below: &str) -> PathBuf {
        self.home(".local/state/hcc").join(below)
    }

    /// Writes a file of the configuration.
    pub fn config(&self, below: &str, text: impl AsRef<[u8]>) {
        put(&self.source(below), text.as_ref());
    }

    /// Writes a file of the home; a link in its place is replaced, as programs that write beside
    /// and rename do.
    pub fn write(&self, below: &str, text: impl AsRef<[u8]>) {
        let path = self.home(below);
        if path.symlink_metadata().is_ok() {
            fs::remove_file(&path).expect("room");
        }
        put(&path, text.as_ref());
    }

    /// Writes into whatever a path of the home leads to, as an editor without a rename does.
    pub fn write_through(&self, below: &str, text: impl AsRef<[u8]>) {
        let path = self.home(below);
        let mode = fs::metadata(&path).expect("a file").permissions().mode();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode | 0o200)).expect("a mode");
        fs::write(&path, text).expect("written");
    }

    /// Makes a link in the home.
    pub fn link(&self, to: &str, below: &str) {
        let path = self.home(below);
        fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
        symlink(to, path).expect("a link");
    }

    /// What a path of the home leads to, as text.
    #[track_caller]
    pub fn read(&self, below: &str) -> String {
        fs::read_to_string(self.home(below)).unwrap_or_else(|error| panic!("{below}: {error}"))
    }

    /// A file of the configuration, as text.
    #[track_caller]
    pub fn read_source(&self, below: &str) -> String {
        fs::read_to_string(self.source(below)).unwrap_or_else(|error| panic!("{below}: {error}"))
    }

    /// Whether something of ours stands at a path of the home: a link into hcc's folder that
    /// leads to a file.
    pub fn is_ours(&self, below: &str) -> bool {
        let path = self.home(below);
        fs::read_link(&path).is_ok_and(|to| to.starts_with(self.state("current")))
            && path.metadata().is_ok()
    }

    /// hcc, about to be run, that an interrupt ends even where whoever runs the tests ignores it,
    /// as shells have it in the background.
    pub fn interruptible(&self, arguments: &[&str]) -> Command {
        let resets = |env: &mut Command| env.args(["--default-signal=INT", "true"]).status();
        if !resets(&mut Command::new("env")).is_ok_and(|status| status.success()) {
            return self.command(arguments);
        }
        let hcc = self.command(arguments);
        let mut command = Command::new("env");
        command.arg("--default-signal=INT").arg(hcc.get_program()).args(hcc.get_args());
        command.env_clear().current_dir(self.home(""));
        command.envs(hcc.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command
    }

    /// hcc, about to be run.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hcc"));
        command.args(arguments).env_clear().current_dir(self.home(""));
        command.env("HOME", self.home("")).env("USER", "alice").env("PATH", "/usr/bin:/bin");
        command.env("HCC_CONFIG", self.source(""));
        command
    }

    /// Runs hcc.
    pub fn run(&self, arguments: &[&str]) -> Ran {
        self.ran(&self.command(arguments).output().expect("hcc"))
    }

    /// What a run came to; in it the folders are `HOME` and `CONFIG`.
    pub fn ran(&self, output: &Output) -> Ran {
        let text = |bytes: &[u8]| {
            let text = String::from_utf8_lossy(bytes);
            let (home, config) = (self.root().join("home"), self.root().join("config"));
            text.replace(&*home.to_string_lossy(), "HOME")
                .replace(&*config.to_string_lossy(), "CONFIG")
        };
        Ran {
            status: output.status.code(),
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
        }
    }

    /// Applies without asking, which has to go well.
    #[track_caller]
    pub fn apply(&self) -> Ran {
        self.run(&["apply", "--yes", "--no-packages"]).well()
    }

    /// Everything below the home, hcc's folder with it.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot::of(&self.home(""))
    }

    /// Everything below the home but hcc's folder.
    pub fn outside(&self) -> Snapshot {
        let state = ".local/state/hcc";
        let mut all = self.snapshot();
        all.0.retain(|path, _| !Path::new(path).starts_with(state));
        all
    }
}

fn put(path: &Path, bytes: &[u8]) {
    fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
    fs::write(path, bytes).expect("written");
}

/// How a run ended and what it said.
#[derive(Clone, Debug)]
pub struct Ran {
    /// The exit status; none if a signal ended it.
    pub status: Option<i32>,
    /// Data.
    pub stdout: String,
    /// Talk.
    pub stderr: String,
}

impl Ran {
    /// It ended with this status.
    #[track_caller]
    pub fn ends(self, status: i32) -> Self {
        assert_eq!(self.status, Some(status), "{self}");
        self
    }

    /// It ended well.
    #[track_caller]
    pub fn well(self) -> Self {
        self.ends(0)
    }

    /// It said this, as data or as talk.
    #[track_caller]
    pub fn says(self, text: &str) -> Self {
        let found = self.stdout.contains(text) || self.stderr.contains(text);
        assert!(found, "expected `{text}`\n{self}");
        self
    }

    /// It did not say this.
    #[track_caller]
    pub fn never_says(self, text: &str) -> Self {
        let found = self.stdout.contains(text) || self.stderr.contains(text);
        assert!(!found, "expected no `{text}`\n{self}");
        self
    }

    /// What it printed with `--json`.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}\n{self}"))
    }
}

impl fmt::Display for Ran {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { status, stdout, stderr } = self;
        write!(to, "status {status:?}\n--- stdout\n{stdout}--- stderr\n{stderr}")
    }
}

/// Something that stands somewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Thing {
    /// A file: mode, when it was written (in nanoseconds since 1970), bytes.
    File(u32, i128, Vec<u8>),
    /// A link and its text.
    Link(PathBuf),
    /// A folder and its mode.
    Folder(u32),
    /// A pipe, a socket, a device.
    Other,
}

/// A folder, name for name, byte for byte, mode for mode.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot(pub BTreeMap<String, Thing>);

impl Snapshot {
    /// All below a folder.
    pub fn of(folder: &Path) -> Self {
        let mut all = BTreeMap::new();
        collect(folder, folder, &mut all);
        Self(all)
    }

    /// The same, but for when files were written.
    #[must_use]
    pub fn without_times(mut self) -> Self {
        for thing in self.0.values_mut() {
            if let Thing::File(_, time, _) = thing {
                *time = 0;
            }
        }
        self
    }

    /// The same without a path and all below it.
    #[must_use]
    pub fn without(mut self, below: &str) -> Self {
        self.0.retain(|path, _| !Path::new(path).starts_with(below));
        self
    }

    /// Nothing differs.
    #[track_caller]
    pub fn is(&self, other: &Self) {
        let keys = self.0.keys().chain(other.0.keys());
        let mut differing: Vec<&String> =
            keys.filter(|path| self.0.get(*path) != other.0.get(*path)).collect();
        differing.sort();
        differing.dedup();
        let lines: Vec<String> = differing
            .iter()
            .map(|path| format!("{path}\n  {:?}\n  {:?}", self.0.get(*path), other.0.get(*path)))
            .collect();
        assert!(lines.is_empty(), "{}", lines.join("\n"));
    }
}

fn collect(root: &Path, folder: &Path, all: &mut BTreeMap<String, Thing>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let name = path.strip_prefix(root).expect("below").to_string_lossy().into_owned();
        let found = path.symlink_metadata().expect("a look");
        let mode = found.permissions().mode() & 0o7777;
        let time = i128::from(found.mtime()) * 1_000_000_000 + i128::from(found.mtime_nsec());
        let thing = if found.is_symlink() {
            Thing::Link(fs::read_link(&path).expect("a link"))
        } else if found.is_dir() {
            collect(root, &path, all);
            Thing::Folder(mode)
        } else if found.is_file() {
            Thing::File(mode, time, fs::read(&path).expect("bytes"))
        } else {
            Thing::Other
        };
        all.insert(name, thing);
    }
}
