//! The files of a folder that a mirrored `source` brings: one reading of each folder and one stat
//! of each file, for ten thousand of them are looked at in every run.

use std::ffi::CStr;
use std::io::{self, Error, ErrorKind};

use camino::Utf8Path;
use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, fstat, openat, statat};

use super::{Except, is_loop, reason, stamp};
use crate::ir::{Mirrored, Stamp};

/// Everything below a folder, hidden files included, links followed: sorted by name, folder by
/// folder. What is left out is not looked into, whatever it is.
///
/// # Errors
/// The system's own, links that lead back, and `InvalidData` for what is no file and for names
/// that are not UTF-8.
pub fn mirror(folder: &Utf8Path, except: &Except) -> io::Result<Vec<Mirrored>> {
    let mut files = Vec::new();
    let mut open = vec![Level::read(folder, String::new())?];
    while let Some(level) = open.last_mut() {
        let Some(entry) = level.entries.next() else {
            open.pop();
            continue;
        };
        if !except.is_empty() && except.has(&level.path_of_lossy(&entry.name)) {
            continue;
        }
        let path = level.path_of(&entry.name)?;
        match entry.found {
            Found::File(stamp) => {
                files.push(Mirrored { path, executable: stamp.is_executable(), stamp: Some(stamp) })
            }
            Found::Folder => {
                let below = folder.join(&path);
                let level = Level::read(&below, path.clone()).map_err(|e| said(&path, e))?;
                if open.iter().any(|above| above.id == level.id) {
                    return Err(bad(format!("the link `{path}` leads back to a folder it is in")));
                }
                open.push(level);
            }
            Found::Special => {
                return Err(bad(format!("`{path}` is a pipe, a socket or a device")));
            }
            Found::Unknown(error) => return Err(said(&path, error)),
        }
    }
    files.shrink_to_fit();
    Ok(files)
}

/// A folder on the way.
struct Level {
    /// Its path below the first one; empty for that.
    path: String,
    /// Device and number, to know it again behind a link.
    id: (u64, u64),
    /// What is in it and not yet looked into.
    entries: std::vec::IntoIter<Entry>,
}

struct Entry {
    name: Box<CStr>,
    found: Found,
}

/// What an entry leads to.
enum Found {
    File(Stamp),
    Folder,
    Special,
    Unknown(Error),
}

impl Level {
    /// Reads a folder, and looks at each file in it from there, so that no path is walked twice.
    fn read(folder: &Utf8Path, path: String) -> io::Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let handle = openat(CWD, folder.as_str(), flags, Mode::empty())?;
        let own = stamp(&fstat(&handle)?);
        let mut dir = Dir::new(handle)?;
        let mut entries: Vec<Entry> = Vec::new();
        while let Some(entry) = dir.read() {
            let entry = entry?;
            let name = entry.file_name();
            if matches!(name.to_bytes(), b"." | b"..") {
                continue;
            }
            // The handle is asked below, in the order of names.
            let found = match entry.file_type() {
                FileType::Directory => Found::Folder,
                _ => Found::Special,
            };
            entries.push(Entry { name: name.into(), found });
        }
        entries.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        let handle = dir.fd()?;
        for entry in entries.iter_mut().filter(|entry| !matches!(entry.found, Found::Folder)) {
            entry.found = match statat(handle, &*entry.name, AtFlags::empty()) {
                Err(error) => Found::Unknown(error.into()),
                Ok(stat) => match FileType::from_raw_mode(stat.st_mode) {
                    FileType::RegularFile => Found::File(stamp(&stat)),
                    FileType::Directory => Found::Folder,
                    _ => Found::Special,
                },
            };
        }
        Ok(Self { path, id: (own.dev, own.ino), entries: entries.into_iter() })
    }

    fn path_of(&self, name: &CStr) -> io::Result<String> {
        match name.to_str() {
            Ok(name) => Ok(self.join(name)),
            Err(_) => Err(bad(format!("the name of `{}` is not UTF-8", self.path_of_lossy(name)))),
        }
    }

    /// With replacement characters where a name is not UTF-8.
    fn path_of_lossy(&self, name: &CStr) -> String {
        self.join(&name.to_string_lossy())
    }

    fn join(&self, name: &str) -> String {
        match self.path.as_str() {
            "" => name.to_owned(),
            path => format!("{path}/{name}"),
        }
    }
}

fn bad(message: String) -> Error {
    Error::new(ErrorKind::InvalidData, message)
}

/// The system's reason, with the path below the folder.
fn said(path: &str, error: Error) -> Error {
    match error.kind() {
        _ if is_loop(&error) => bad(format!("the link `{path}` leads back to itself")),
        ErrorKind::NotFound => bad(format!("the link `{path}` leads to nothing")),
        kind => Error::new(kind, format!("`{path}`: {}", reason(&error))),
    }
}
