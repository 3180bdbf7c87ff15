//! A home that hcc has written, in a temporary folder, and programs run in it.
#![allow(dead_code, reason = "each judge uses a part of it")]

use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::process::{Command, Stdio};
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use hcc::cli::session::Session;
use hcc::eval::facts::{HostFacts, Machine, UserFacts};
use hcc::export;
use hcc::ir::Document;
use tempfile::TempDir;

/// Whether a program can judge. What cannot is said on the terminal, past the test's capture.
pub fn installed(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let runs = |file: std::path::PathBuf| {
        std::fs::metadata(file).is_ok_and(|file| file.is_file() && file.mode() & 0o111 != 0)
    };
    let found = std::env::split_paths(&path).any(|folder| runs(folder.join(program)));
    if !found {
        let _written = writeln!(std::io::stderr(), "SKIPPED: {program} is not installed");
    }
    found
}

/// A home that hcc has written.
#[derive(Debug)]
pub struct Home {
    folder: TempDir,
    path: Utf8PathBuf,
    /// All that was compiled: the system first, then the user.
    pub documents: Vec<Arc<Document>>,
}

/// What a program said.
#[derive(Debug)]
pub struct Said {
    /// On its standard output.
    pub out: String,
    /// On its standard error.
    pub err: String,
    /// Its exit status; none if a signal ended it.
    pub status: Option<i32>,
}

impl Said {
    /// The output, of a program that had nothing to complain about.
    #[track_caller]
    pub fn clean(self) -> String {
        assert!(self.status == Some(0) && self.err.is_empty(), "{self:#?}");
        self.out
    }

    /// The output, of a program that succeeded.
    #[track_caller]
    pub fn ok(self) -> String {
        assert!(self.status == Some(0), "{self:#?}");
        self.out
    }
}

impl Home {
    /// Of a fixture, by its folder: `programs/git`. A fixture without hosts is compiled for the
    /// machine of the tests and its user alice, whose home is the temporary folder.
    #[track_caller]
    pub fn fixture(name: &str) -> Self {
        let root = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name);
        Self::compile(tempdir(), &root.join("hcc.kdl"), None)
    }

    /// Of one host of a fixture. The home is where a fixture's host says, so that nothing is run
    /// in it: its documents are what counts.
    #[track_caller]
    pub fn host(name: &str, host: &str) -> Self {
        let root = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name);
        Self::compile(tempdir(), &root.join("hcc.kdl"), Some(host))
    }

    /// Of a configuration given as text.
    #[track_caller]
    pub fn config(text: &str) -> Self {
        let folder = tempdir();
        let path = base(&folder).join("hcc.kdl");
        std::fs::write(&path, text).expect("a writable folder");
        Self::compile(folder, &path, None)
    }

    #[track_caller]
    fn compile(folder: TempDir, config: &Utf8Path, wanted: Option<&str>) -> Self {
        let out = base(&folder).join("out");
        let path = out.join("testhost/home/alice");
        let machine = Machine {
            host: HostFacts {
                name: "testhost".into(),
                os: Some("linux".into()),
                distro: Some("debian".into()),
                arch: Some("x86_64".into()),
                wsl: false,
                tags: Vec::new(),
            },
            user: UserFacts { name: "alice".into(), home: path.as_str().into(), uid: Some(1000) },
        };
        let mut session = Session::load(config, machine);
        let host = session.program.structure.hosts.iter();
        let mut host = host.filter(|host| wanted.is_none_or(|name| *host.facts.name == *name));
        let host = host.next().cloned().expect("a host");
        let compiled = session.compile(&host, None);
        assert!(!session.diags.has_errors(), "{}", session.problems());
        let documents: Vec<_> = compiled.into_iter().map(|one| one.document).collect();
        let list: Vec<&Document> = documents.iter().map(|document| &**document).collect();
        export::files::write(&list, &session.program.root, &out).expect("a writable folder");
        std::fs::create_dir_all(&path).expect("a writable folder");
        Self { folder, path, documents }
    }

    /// Where it is.
    pub fn path(&self) -> &Utf8Path {
        &self.path
    }

    /// A path in it.
    pub fn join(&self, path: &str) -> Utf8PathBuf {
        self.path.join(path)
    }

    /// A file's text.
    #[track_caller]
    pub fn read(&self, path: &str) -> String {
        let path = self.join(path);
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// A file's permissions.
    #[track_caller]
    pub fn mode(&self, path: &str) -> u32 {
        let path = self.join(path);
        let meta = std::fs::metadata(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
        meta.permissions().mode() & 0o7777
    }

    /// Adds a file that hcc did not write.
    #[track_caller]
    pub fn write(&self, path: &str, text: &str) {
        let path = self.join(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a writable home");
        std::fs::write(&path, text).expect("a writable home");
    }

    /// Adds a program to `~/bin`, which is in front of PATH: a stand-in for one not installed.
    #[track_caller]
    pub fn stand_in(&self, name: &str, script: &str) {
        self.write(&format!("bin/{name}"), &format!("#!/bin/sh\n{script}\n"));
        let mode = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(self.join(&format!("bin/{name}")), mode).expect("a writable home");
    }

    /// A program in this home, with nothing of the real environment but where programs are.
    pub fn command(&self, program: &str) -> Command {
        let path = std::env::var("PATH").unwrap_or_default();
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("HOME", &self.path)
            .env("PATH", format!("{}:{path}", self.join("bin")))
            .env("USER", "alice")
            .env("LOGNAME", "alice")
            .env("LANG", "C.UTF-8")
            .env("TERM", "dumb")
            .env("TMPDIR", base(&self.folder))
            .current_dir(&self.path)
            .stdin(Stdio::null());
        command
    }

    /// Runs a program in this home. One that hangs is ended after twenty seconds.
    #[track_caller]
    pub fn run(&self, program: &str, args: &[&str]) -> Said {
        let mut command = self.command("timeout");
        command.arg("20").arg(program).args(args);
        said(&mut command)
    }
}

/// Runs a command.
#[track_caller]
pub fn said(command: &mut Command) -> Said {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    Said {
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
        status: output.status.code(),
    }
}

fn tempdir() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

fn base(folder: &TempDir) -> &Utf8Path {
    Utf8Path::from_path(folder.path()).expect("a path in UTF-8")
}
