//! hcc's own folder, `~/.local/state/hcc`: what is in it, and how it is written.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};

use camino::{Utf8Path, Utf8PathBuf};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::refold::Unfolded;
use crate::files::shown;

/// The version of every record that is written here.
pub const VERSION: u32 = 1;

/// Why a record cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// The system's reason.
    #[error("{path}: {reason}", path = shown(.0), reason = crate::files::reason(.1))]
    Io(Utf8PathBuf, #[source] io::Error),
    /// It is not what hcc wrote.
    #[error("{path} is damaged: {1}", path = shown(.0))]
    Damaged(Utf8PathBuf, String),
    /// It is no folder of hcc's.
    #[error("{path} is not hcc's folder, and holds other things; name one that is empty or not there", path = shown(.0))]
    Foreign(Utf8PathBuf),
    /// It belongs to another home.
    #[error("{path} belongs to the home {home}; each home has its own", path = shown(.0), home = shown(.1))]
    Elsewhere(Utf8PathBuf, String),
    /// A newer hcc wrote it.
    #[error("{path} was written by a newer hcc (version {1}; this one knows {VERSION})", path = shown(.0))]
    Newer(Utf8PathBuf, u32),
}

/// A record with its version in front.
#[derive(Serialize)]
struct Versioned<T> {
    version: u32,
    #[serde(flatten)]
    record: T,
}

/// Only the version, to say what is wrong with the rest.
#[derive(serde::Deserialize)]
struct Head {
    version: u32,
}

/// The record that makes a folder hcc's.
pub const MARK: &str = "state.json";

/// Whose state it is.
#[derive(Default, Serialize, serde::Deserialize)]
struct Mark {
    /// The home's path.
    home: String,
    /// The home's device and number.
    id: (u64, u64),
    /// Folders above it that were made for it, the innermost first.
    made: Vec<String>,
    /// Links above it that became folders, so that it is not where they led.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    unfolded: Vec<Unfolded>,
}

/// hcc's own folder.
#[derive(Clone, Debug)]
pub struct State {
    /// Where it is.
    pub path: Utf8PathBuf,
}

impl State {
    /// A path below it.
    pub fn join(&self, name: impl AsRef<Utf8Path>) -> Utf8PathBuf {
        self.path.join(name)
    }

    /// Makes the folder, for nobody else to read; one that is there must be empty, or hcc's own.
    /// Which folders above it were made for it, the innermost first.
    ///
    /// # Errors
    /// The system's own; [`StateError::Foreign`].
    pub fn make(&self, home: &Utf8Path) -> Result<Vec<String>, StateError> {
        if id(home).is_some() && id(home) == id(&self.path) {
            return Err(StateError::Foreign(self.path.clone()));
        }
        let mut made = Vec::new();
        match fs::read_dir(&self.path) {
            Ok(entries) => {
                let names: Vec<_> = entries.flatten().map(|entry| entry.file_name()).collect();
                let is = |name: &std::ffi::OsString, own: &str| {
                    name.to_str().is_some_and(|name| name.starts_with(own))
                };
                let bare = names.iter().all(|name| is(name, "lock") || is(name, MARK));
                if !bare && !names.iter().any(|name| name == MARK) {
                    return Err(StateError::Foreign(self.path.clone()));
                }
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let missing = |above: &&Utf8Path| !above.exists();
                made = self.path.ancestors().skip(1).take_while(missing).map(str_of).collect();
                if let Some(above) = self.path.parent() {
                    fs::create_dir_all(above).map_err(|error| self.io("", error))?;
                }
                match fs::DirBuilder::new().mode(0o700).create(&self.path) {
                    Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                    done => done.map_err(|error| self.io("", error))?,
                }
            }
            Err(error) => return Err(self.io("", error)),
        }
        Ok(made)
    }

    /// Makes the folder a home's, if it is nobody's yet. The lock must be held.
    ///
    /// # Errors
    /// The system's own; [`StateError::Elsewhere`] if it is another home's.
    pub fn mark(&self, home: &Utf8Path, made: Vec<String>) -> Result<(), StateError> {
        let own = id(home).unwrap_or_default();
        let Some(mark) = self.read::<Mark>(MARK)? else {
            let mark = Mark { home: home.to_string(), id: own, made, unfolded: Vec::new() };
            return self.write(MARK, &mark);
        };
        // In the home itself it moves with it.
        let is_its = mark.id == own || mark.home == home.as_str() || self.path.starts_with(home);
        match is_its {
            // Runs that were first together made some of the folders each.
            true if made.iter().any(|folder| !mark.made.contains(folder)) => {
                let mut all = mark.made.clone();
                all.extend(made.into_iter().filter(|folder| !mark.made.contains(folder)));
                all.sort_by_key(|folder| std::cmp::Reverse(folder.len()));
                self.write(MARK, &Mark { made: all, ..mark })
            }
            true => Ok(()),
            false => Err(StateError::Elsewhere(self.path.clone(), mark.home)),
        }
    }

    /// Makes the folder, which nobody sees yet, a home's; a link above it became a folder.
    ///
    /// # Errors
    /// The system's own.
    pub fn begin(
        &self,
        home: &Utf8Path,
        made: Vec<String>,
        own: Unfolded,
    ) -> Result<(), StateError> {
        let (id, unfolded) = (id(home).unwrap_or_default(), vec![own]);
        self.write(MARK, &Mark { home: home.to_string(), id, made, unfolded })
    }

    /// The links above it that became folders.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn unfolded(&self) -> Result<Vec<Unfolded>, StateError> {
        Ok(self.read::<Mark>(MARK)?.unwrap_or_default().unfolded)
    }

    /// The folders above it that were made for it, the innermost first.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn above(&self) -> Result<Vec<String>, StateError> {
        let made = self.read::<Mark>(MARK)?.unwrap_or_default().made;
        // The home may have been moved since: they are so many of those above it now.
        let above = self.path.ancestors().skip(1).take(made.len());
        Ok(above.map(|above| above.to_string()).collect())
    }

    /// A record, such as `packages.json`; none if there is none yet.
    ///
    /// # Errors
    /// [`StateError`], also for a record of a newer hcc.
    pub fn read<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, StateError> {
        let path = self.join(name);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(StateError::Io(path, error)),
        };
        let version = version(&bytes);
        if let Ok(version) = version
            && version > VERSION
        {
            return Err(StateError::Newer(path, version));
        }
        // The record's own fields only: what stands around a field costs twice its reading.
        match version.and_then(|_| serde_json::from_slice::<T>(&bytes)) {
            Ok(record) => Ok(Some(record)),
            Err(_) if bytes.trim_ascii().is_empty() => {
                Err(StateError::Damaged(path, "it is empty".to_owned()))
            }
            Err(error) => Err(StateError::Damaged(path, error.to_string())),
        }
    }

    /// Writes a record so that it is there whole or not at all, and stays.
    ///
    /// # Errors
    /// The system's own.
    pub fn write(&self, name: &str, record: &impl Serialize) -> Result<(), StateError> {
        self.write_bytes(name, &versioned(record).map_err(|error| self.io(name, error))?)
    }

    /// Writes a file so that it is there whole or not at all, and stays.
    ///
    /// # Errors
    /// The system's own.
    pub fn write_bytes(&self, name: &str, bytes: &[u8]) -> Result<(), StateError> {
        let path = self.join(name);
        let written = self
            .replace(name, |file| stays(file, bytes))
            .and_then(|()| fs::File::open(path.parent().unwrap_or(&path))?.sync_all());
        written.map_err(|error| self.io(name, error))
    }

    fn replace(
        &self,
        name: &str,
        fill: impl FnOnce(&mut fs::File) -> io::Result<()>,
    ) -> io::Result<()> {
        let (new, path) = (self.join(format!("{name}.new")), self.join(name));
        let mut options = fs::OpenOptions::new();
        let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&new)?;
        fill(&mut file)?;
        fs::rename(&new, &path)
    }

    /// Writes a record that nobody reads before it is synced, which is left to the caller.
    ///
    /// # Errors
    /// The system's own.
    pub fn put(&self, name: &str, record: &impl Serialize) -> Result<fs::File, StateError> {
        let mut options = fs::OpenOptions::new();
        let options = options.write(true).create(true).truncate(true).mode(0o600);
        let written = options.open(self.join(name)).and_then(|file| {
            let mut writer = io::BufWriter::with_capacity(1 << 16, file);
            serde_json::to_writer(&mut writer, &Versioned { version: VERSION, record })?;
            Ok(writer.into_inner()?)
        });
        written.map_err(|error| self.io(name, error))
    }

    /// Writes a record that is always there whole; after a power cut it may be the one before.
    ///
    /// # Errors
    /// The system's own.
    pub fn write_late(&self, name: &str, record: &impl Serialize) -> Result<(), StateError> {
        let written =
            versioned(record).and_then(|bytes| self.replace(name, |file| stays(file, &bytes)));
        written.map_err(|error| self.io(name, error))
    }

    /// Writes a file that may be lost, but is never there in part.
    ///
    /// # Errors
    /// The system's own.
    pub fn write_loose(
        &self,
        name: &str,
        fill: impl FnOnce(&mut fs::File) -> io::Result<()>,
    ) -> Result<(), StateError> {
        self.replace(name, fill).map_err(|error| self.io(name, error))
    }

    /// Removes a record, if it is there.
    ///
    /// # Errors
    /// The system's own.
    pub fn remove(&self, name: &str) -> Result<(), StateError> {
        match fs::remove_file(self.join(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(self.io(name, error)),
            _ => Ok(()),
        }
    }

    fn io(&self, name: &str, error: io::Error) -> StateError {
        StateError::Io(self.join(name), error)
    }
}

/// Fills a file with bytes that are on the disk then.
fn stays(file: &mut fs::File, bytes: &[u8]) -> io::Result<()> {
    file.write_all(bytes)?;
    file.sync_all()
}

/// A record's version. It stands in front, where nothing else has to be read for it.
fn version(bytes: &[u8]) -> serde_json::Result<u32> {
    let front = || {
        let digits = bytes.strip_prefix(b"{\"version\":")?;
        let end = digits.iter().position(|byte| !byte.is_ascii_digit())?;
        std::str::from_utf8(digits.get(..end)?).ok()?.parse().ok()
    };
    front().map_or_else(|| serde_json::from_slice(bytes).map(|Head { version }| version), Ok)
}

/// A record as it is written.
///
/// # Errors
/// A value that JSON cannot hold.
pub fn versioned(record: &impl Serialize) -> io::Result<Vec<u8>> {
    Ok(serde_json::to_vec(&Versioned { version: VERSION, record })?)
}

fn str_of(path: &Utf8Path) -> String {
    path.to_string()
}

/// The one number of what a path leads to.
fn id(path: &Utf8Path) -> Option<(u64, u64)> {
    fs::metadata(path).ok().map(|own| (own.dev(), own.ino()))
}
