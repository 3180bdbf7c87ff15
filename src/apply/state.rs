//! hcc's own folder, `~/.local/state/hcc`: what is in it, and how it is written.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};

use camino::{Utf8Path, Utf8PathBuf};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The version of every record that is written here.
pub const VERSION: u32 = 1;

/// Why a record cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// The system's reason.
    #[error("{0}: {reason}", reason = crate::files::reason(.1))]
    Io(Utf8PathBuf, #[source] io::Error),
    /// It is not what hcc wrote.
    #[error("{0} is damaged: {1}")]
    Damaged(Utf8PathBuf, String),
    /// A newer hcc wrote it.
    #[error("{0} was written by a newer hcc (version {1}; this one knows {VERSION})")]
    Newer(Utf8PathBuf, u32),
}

/// A record with its version around it.
#[derive(Serialize, serde::Deserialize)]
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

/// The record of folders that were made for the state.
const ABOVE: &str = "above.json";

/// Folders that were made for the state.
#[derive(Default, Serialize, serde::Deserialize)]
struct Above {
    made: Vec<String>,
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

    /// Makes the folder, for nobody else to read, and notes which folders above it were made for
    /// it, the innermost first.
    ///
    /// # Errors
    /// The system's own.
    pub fn make(&self) -> Result<(), StateError> {
        if self.path.is_dir() {
            return Ok(());
        }
        let made: Vec<String> = self
            .path
            .ancestors()
            .skip(1)
            .take_while(|above| !above.exists())
            .map(|above| above.to_string())
            .collect();
        if let Some(above) = self.path.parent() {
            fs::create_dir_all(above).map_err(|error| self.io("", error))?;
        }
        let mut builder = fs::DirBuilder::new();
        match builder.mode(0o700).create(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(()),
            done => done.map_err(|error| self.io("", error))?,
        }
        if made.is_empty() {
            return Ok(());
        }
        self.write(ABOVE, &Above { made })
    }

    /// The folders above it that were made for it, the innermost first.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn above(&self) -> Result<Vec<String>, StateError> {
        let made = self.read::<Above>(ABOVE)?.unwrap_or_default().made;
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
        if let Ok(Head { version }) = serde_json::from_slice(&bytes)
            && version > VERSION
        {
            return Err(StateError::Newer(path, version));
        }
        match serde_json::from_slice::<Versioned<T>>(&bytes) {
            Ok(versioned) => Ok(Some(versioned.record)),
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
        let (new, path) = (self.join(format!("{name}.new")), self.join(name));
        let written = (|| {
            let mut options = fs::OpenOptions::new();
            let mut file =
                options.write(true).create(true).truncate(true).mode(0o600).open(&new)?;
            file.write_all(bytes)?;
            file.sync_all()?;
            fs::rename(&new, &path)?;
            fs::File::open(path.parent().unwrap_or(&path))?.sync_all()
        })();
        written.map_err(|error| self.io(name, error))
    }

    /// Writes a file that may be lost, but is never there in part.
    ///
    /// # Errors
    /// The system's own.
    pub fn write_loose(&self, name: &str, bytes: &[u8]) -> Result<(), StateError> {
        let (new, path) = (self.join(format!("{name}.new")), self.join(name));
        let mut options = fs::OpenOptions::new();
        let options = options.write(true).create(true).truncate(true).mode(0o600);
        let written = options.open(&new).and_then(|mut file| file.write_all(bytes));
        written.and_then(|()| fs::rename(&new, &path)).map_err(|error| self.io(name, error))
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

/// A record as it is written.
///
/// # Errors
/// A value that JSON cannot hold.
pub fn versioned(record: &impl Serialize) -> io::Result<Vec<u8>> {
    Ok(serde_json::to_vec(&Versioned { version: VERSION, record })?)
}
