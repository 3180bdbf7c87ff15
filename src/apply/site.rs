//! A home and the state that belongs to it, opened for one run.

use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};

use camino::{Utf8Path, Utf8PathBuf};

use super::disk::Disk;
use super::index::Index;
use super::journal::{self, Journal};
use super::leave;
use super::ledger::{self, Ledger, Pending};
use super::manifest::{self, Manifest};
use super::state::{State, StateError};

/// The link to the generation that is in effect.
pub const CURRENT: &str = "current";

/// A home, and hcc's state for it.
#[derive(Debug)]
pub struct Site {
    /// The home.
    pub home: Disk,
    /// The home's path as links and people say it.
    pub path: Utf8PathBuf,
    /// The state.
    pub state: State,
    /// The lock, for who changes anything.
    lock: Option<fs::File>,
}

/// What is recorded of a site.
#[derive(Debug, Default)]
pub struct Record {
    /// The generation in effect; its number is 0 before the first.
    pub manifest: Manifest,
    /// What it left behind.
    pub index: Index,
    /// What was there before.
    pub ledger: Ledger,
}

impl Site {
    /// Opens a site to look at it. Nothing is made.
    ///
    /// # Errors
    /// The system's own, if there is no such home.
    pub fn open(home: &Utf8Path, state: &Utf8Path) -> Result<Self, StateError> {
        let io = |error| StateError::Io(home.to_owned(), error);
        let disk = Disk::open(home).map_err(io)?;
        let state = State { path: state.to_owned() };
        Ok(Self { home: disk, path: home.to_owned(), state, lock: None })
    }

    /// Opens a site to change it: waits for who else does. `waits` is called before waiting.
    ///
    /// # Errors
    /// The system's own.
    pub fn lock(home: &Utf8Path, state: &Utf8Path, waits: impl Fn()) -> Result<Self, StateError> {
        let mut site = Self::open(home, state)?;
        loop {
            let made = site.state.make(&site.path)?;
            let path = site.state.join("lock");
            let io = |error| StateError::Io(path.clone(), error);
            let mut options = fs::OpenOptions::new();
            let options = options.write(true).create(true).truncate(false).mode(0o600);
            let file = options.open(&path).map_err(io)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(fs::TryLockError::WouldBlock) => {
                    waits();
                    file.lock().map_err(io)?;
                }
                Err(fs::TryLockError::Error(error)) => return Err(io(error)),
            }
            // Who had it may have removed the whole state.
            let still = fs::metadata(&path).ok().zip(file.metadata().ok());
            if still
                .is_some_and(|(there, own)| (there.dev(), there.ino()) == (own.dev(), own.ino()))
            {
                site.lock = Some(file);
                if site.state.join(leave::LEAVING).symlink_metadata().is_ok() {
                    // An uninstall did not end: what it left is no state any more.
                    leave::remove_state(&site)?;
                    site.lock = None;
                    continue;
                }
                site.state.mark(&site.path, made)?;
                return Ok(site);
            }
        }
    }

    /// Whether this run may change anything.
    pub fn is_locked(&self) -> bool {
        self.lock.is_some()
    }

    /// The state's folder, opened.
    ///
    /// # Errors
    /// The system's own.
    pub fn store(&self) -> Result<Disk, StateError> {
        Disk::open(&self.state.path).map_err(|error| StateError::Io(self.state.path.clone(), error))
    }

    /// Where links lead.
    pub fn view(&self) -> String {
        format!("{}/{CURRENT}/home", self.state.path)
    }

    /// The generation that `current` names, and whether a switch to it was under way.
    ///
    /// # Errors
    /// The system's own; a link that hcc did not make.
    pub fn current(&self) -> Result<(u64, bool), StateError> {
        let path = self.state.join(CURRENT);
        let to = match fs::read_link(&path) {
            Ok(to) => to,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok((0, false)),
            Err(error) => return Err(StateError::Io(path, error)),
        };
        let mut parts = to.to_str().unwrap_or_default().split('/');
        match (parts.next(), parts.next().map(str::parse), parts.next()) {
            (Some("generations"), Some(Ok(number)), rest) => Ok((number, rest.is_some())),
            _ => Err(StateError::Damaged(path, "it names no generation".to_owned())),
        }
    }

    /// A switch that did not end.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn journal(&self) -> Result<Option<Journal>, StateError> {
        self.state.read(journal::FILE)
    }

    /// The ledger.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn ledger(&self) -> Result<Ledger, StateError> {
        Ok(self.state.read(ledger::FILE)?.unwrap_or_default())
    }

    /// All that is recorded: the manifest is read only as far as the index does not have it.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn record(&self) -> Result<Record, StateError> {
        let (number, _) = self.current()?;
        if self.state.join(leave::LEAVING).symlink_metadata().is_ok() {
            return Ok(Record::default());
        }
        let interrupted = self.state.join(journal::FILE).exists();
        let ledger = match self.state.read(ledger::FILE)? {
            Some(ledger) => ledger,
            None if number == 0 || interrupted => Ledger::default(),
            None => {
                let why = "it is gone, and with it what was there before hcc".to_owned();
                return Err(StateError::Damaged(self.state.join(ledger::FILE), why));
            }
        };
        if number == 0 && !interrupted && !manifest::numbers(&self.state)?.is_empty() {
            let why = "it is gone, though there are generations".to_owned();
            return Err(StateError::Damaged(self.state.join(CURRENT), why));
        }
        if number == 0 {
            return Ok(Record { ledger, ..Record::default() });
        }
        let (mut index, manifest) = match Index::read(&self.state, number) {
            Some(index) => (index, Manifest { number, ..Manifest::default() }),
            None => {
                let (manifest, chain) = manifest::read_chain(&self.state, number)?;
                (Index::of(&manifest, chain), manifest)
            }
        };
        pending(&mut index, &ledger);
        Ok(Record { manifest, index, ledger })
    }
}

/// What is managed in truth: without what could not be placed, with what could not be removed.
fn pending(index: &mut Index, ledger: &Ledger) {
    if ledger.pending.is_empty() {
        return;
    }
    index.records.retain(|record| !ledger.pending.contains_key(&record.entry.path));
    for pending in ledger.pending.values() {
        if let Pending::NotRemoved(entry) = pending {
            let record = super::index::Record { entry: entry.clone(), home: None, source: None };
            index.records.push(record);
        }
    }
    index.records.sort_by(|a, b| a.entry.path.cmp(&b.entry.path));
    index.detach();
}
