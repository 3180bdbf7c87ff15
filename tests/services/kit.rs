//! Generations of unit files, and homes to put them in.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use hcc::apply::command::Environment;
use hcc::apply::service::launchd::Session;
use hcc::apply::service::{self, Content, Failure, Manager, Step, UnitFile, UnitId};
use tempfile::TempDir;

/// A home's folder: nothing may trip over a space.
pub const HOME: &str = "a home";

/// A file of the user's systemd; `-> TARGET` is a link.
pub fn unit(name: &str, text: &str) -> UnitFile {
    let content = match text.strip_prefix("-> ") {
        Some(to) => Content::Link(to.to_owned()),
        None => Content::File(text.as_bytes().to_vec()),
    };
    let id = UnitId { manager: Manager::SystemdUser, name: name.to_owned(), domain: None };
    let folder = if name.starts_with("environment.d/") { "" } else { "systemd/user/" };
    UnitFile { id, path: format!(".config/{folder}{name}").into(), content }
}

/// A generation.
pub fn units(files: &[(&str, &str)]) -> Vec<UnitFile> {
    files.iter().map(|(name, text)| unit(name, text)).collect()
}

/// Steps as people see them.
pub fn shown(steps: &[Step]) -> Vec<String> {
    steps.iter().map(ToString::to_string).collect()
}

/// A home, and what is installed in it.
#[derive(Debug)]
pub struct Home {
    folder: TempDir,
    pub environment: Environment,
    pub session: Session,
    pub installed: Vec<UnitFile>,
}

/// What a switch did.
#[derive(Debug)]
pub struct Switched {
    /// The steps, as people see them.
    pub steps: Vec<String>,
    /// What failed.
    pub failures: Vec<Failure>,
    /// Who was not asked.
    pub skipped: Vec<String>,
}

impl Switched {
    /// The steps, if nothing failed and nobody was skipped.
    #[track_caller]
    pub fn clean(self) -> Vec<String> {
        assert!(self.failures.is_empty(), "{:#?}", self.failures);
        assert!(self.skipped.is_empty(), "{:#?}", self.skipped);
        self.steps
    }
}

impl Home {
    pub fn new() -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let path = Utf8PathBuf::from_path_buf(folder.path().to_owned()).expect("a UTF-8 path");
        let path = path.canonicalize_utf8().expect("it is there");
        for sub in [HOME, "bin"] {
            fs::create_dir(path.join(sub)).expect("a writable folder");
        }
        let program_path = std::env::var("PATH").unwrap_or_default();
        let variables = vec![
            ("PATH".to_owned(), format!("{}:{program_path}", path.join("bin"))),
            ("HOME".to_owned(), path.join(HOME).to_string()),
        ];
        let environment = Environment { variables, folder: path.join(HOME) };
        let session = Session { uid: 501, console: true };
        Self { folder, environment, session, installed: Vec::new() }
    }

    /// A path beside the home.
    pub fn beside(&self, name: &str) -> Utf8PathBuf {
        let folder = Utf8Path::from_path(self.folder.path()).expect("a UTF-8 path");
        folder.canonicalize_utf8().expect("it is there").join(name)
    }

    /// Puts a program in front of PATH.
    pub fn stand_in(&self, name: &str, script: &str) {
        let path = self.beside("bin").join(name);
        fs::write(&path, script).expect("a writable folder");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("a file of ours");
    }

    /// Switches to a generation: looks and plans, puts the files in place, takes the steps.
    pub fn switch(&mut self, new: Vec<UnitFile>) -> Switched {
        self.switch_in(new, service::TIMEOUT)
    }

    /// As `apply` does it: links into a tree of the generation, through one link that all follow;
    /// property lists are copied.
    fn install(&self, files: &[UnitFile]) {
        let (trees, current) = (self.beside("trees"), self.beside("current"));
        let count = fs::read_dir(&trees).map_or(0, Iterator::count);
        let tree = trees.join(count.to_string());
        fs::create_dir_all(&tree).expect("a writable folder");
        let _first = fs::remove_file(&current);
        link(tree.as_str(), &current);
        for file in files {
            let path = self.environment.folder.join(&file.path);
            let copied = matches!(file.id.manager, Manager::LaunchdAgent | Manager::LaunchdDaemon);
            match &file.content {
                Content::Link(to) => link(to, &path),
                Content::File(bytes) if copied => write(&path, bytes),
                Content::File(bytes) => {
                    write(&tree.join(&file.path), bytes);
                    link(current.join(&file.path).as_str(), &path);
                }
            }
        }
    }

    pub fn switch_in(&mut self, new: Vec<UnitFile>, timeout: Duration) -> Switched {
        let found = service::look(&self.installed, &new, self.session, &self.environment);
        let steps = service::plan(&self.installed, &new, &found);
        for old in &self.installed {
            let _gone = fs::remove_file(self.environment.folder.join(&old.path));
        }
        self.install(&new);
        self.installed = new;
        let failures = service::run(&steps, timeout, &self.environment, &mut |_| {});
        let skipped = found.skipped.iter().map(ToString::to_string).collect();
        Switched { steps: shown(&steps), failures, skipped }
    }
}

fn write(path: &Utf8Path, bytes: &[u8]) {
    fs::create_dir_all(path.parent().expect("a parent")).expect("a writable folder");
    fs::write(path, bytes).expect("a writable folder");
}

fn link(to: &str, path: &Utf8Path) {
    fs::create_dir_all(path.parent().expect("a parent")).expect("a writable folder");
    symlink(to, path).expect("a writable folder");
}
