//! A machine made of stand-ins: a temporary home, and in its `PATH` nothing but the scripts of
//! `tests/support/stand-ins`, which hold state, keep a log of calls, and fail when told to.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use hcc::apply::command::Environment;
use hcc::apply::state::State;
use hcc::cli::session::Session;
use hcc::ir::Document;

use super::machine;

/// A temporary machine.
pub struct Machine {
    _folder: tempfile::TempDir,
    /// Its root.
    pub root: Utf8PathBuf,
    /// A user's home.
    pub home: Utf8PathBuf,
    /// hcc's folder.
    pub state: State,
    /// What programs are run with.
    pub environment: Environment,
}

impl Machine {
    /// One that has only these programs.
    pub fn with(programs: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = Utf8PathBuf::from_path_buf(folder.path().to_owned()).unwrap();
        let (bin, home) = (root.join("bin"), root.join("home"));
        for path in [&bin, &home, &root.join("state")] {
            fs::create_dir(path).unwrap();
        }
        let stand_ins = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/stand-ins");
        symlink(stand_ins.join("common.sh"), root.join("common.sh")).unwrap();
        for program in programs {
            symlink(stand_ins.join(program), bin.join(program)).unwrap();
        }
        symlink("/usr/bin/env", bin.join("env")).unwrap();
        let state = State { path: home.join(".local/state/hcc") };
        state.make(&home).unwrap();
        let variables = [("PATH", bin.as_str()), ("HOME", home.as_str()), ("LANG", "C.UTF-8")];
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let environment = Environment { variables: variables.to_vec(), folder: home.clone() };
        Self { _folder: folder, root, home, state, environment }
    }

    /// What a user of the host comes to whose blocks these are; `host` is what is said behind the
    /// host's name.
    pub fn document(&self, host: &str, blocks: &str) -> Arc<Document> {
        let path = self.root.join("hcc.kdl");
        let (home, user) = (&self.home, "user \"alice\"");
        let text = format!("host \"h\" {host} {{\n{user} home=\"{home}\" {{\n{blocks}\n}}\n}}\n");
        fs::write(&path, text).unwrap();
        let mut session = Session::load(&path, machine());
        let host = session.program.structure.hosts.first().unwrap().clone();
        let mut all = session.compile(&host, Some("alice"));
        assert!(!session.diags.has_errors(), "{}", session.problems());
        all.pop().unwrap().document
    }

    /// All calls since this was asked last.
    pub fn calls(&self) -> Vec<String> {
        let text = self.read("log");
        fs::write(self.root.join("state/log"), "").unwrap();
        text.lines().map(|line| line.trim_end().to_owned()).collect()
    }

    /// A file of the stand-ins' state.
    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.root.join("state").join(name)).unwrap_or_default()
    }

    /// Writes a file of the stand-ins' state.
    pub fn write(&self, name: &str, text: &str) {
        fs::write(self.root.join("state").join(name), text).unwrap();
    }

    /// What a stand-in has installed, sorted.
    pub fn installed(&self, kind: &str) -> Vec<String> {
        let mut names: Vec<String> = self.read(kind).lines().map(str::to_owned).collect();
        names.sort();
        names
    }
}

/// Whether a program of the real machine is there; says so if it is not.
pub fn needs(program: &str, what: &str) -> bool {
    let there = ["/usr/bin", "/bin", "/usr/local/bin", "/opt/homebrew/bin"]
        .iter()
        .any(|folder| Path::new(folder).join(program).exists());
    if !there {
        eprintln!("SKIPPED: `{program}` is not installed, so {what}");
    }
    there
}
