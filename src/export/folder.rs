//! The folder that is written into. It is hcc's own and keeps a list of what hcc wrote there, so
//! that a later run clears that and nothing else.

use std::collections::HashSet;
use std::fs;
use std::io::{self, Write};

use camino::{Utf8Path, Utf8PathBuf};

use super::Refused;

/// The list: a line for people, then each path as a JSON string.
pub const MARKER: &str = ".hcc-out";

const TITLE: &str = "Written by hcc, which clears these files before it writes here again:";

/// A folder that is being written.
#[derive(Debug)]
pub struct Folder {
    path: Utf8PathBuf,
    list: fs::File,
    /// The folder itself: no other run writes here while this is open.
    _lock: fs::File,
    /// How many files were written.
    pub count: usize,
}

impl Folder {
    /// Makes the folder, or clears one that hcc wrote.
    ///
    /// # Errors
    /// [`Refused::NotOurs`] before anything is removed, if it holds anything that hcc did not
    /// write; the system's own.
    pub fn open(path: &Utf8Path) -> Result<Self, Refused> {
        let io = |error| Refused::Io(path.to_owned(), error);
        fs::create_dir_all(path).map_err(io)?;
        let lock = fs::File::open(path).map_err(io)?;
        // Two runs at once write one after the other. Where folders cannot be locked they may meet.
        let _locked = lock.lock();
        if fs::read_dir(path).map_err(io)?.next().is_some() {
            clear(path)?;
        }
        let mut list = fs::File::create(path.join(MARKER)).map_err(io)?;
        writeln!(list, "{TITLE}").map_err(io)?;
        Ok(Self { path: path.to_owned(), list, _lock: lock, count: 0 })
    }

    /// Writes one file; `write` is handed its path. It is on the list before it is there.
    ///
    /// # Errors
    /// The system's own.
    pub fn put(
        &mut self,
        path: &Utf8Path,
        write: impl FnOnce(&Utf8Path) -> io::Result<()>,
    ) -> Result<(), Refused> {
        let to = self.path.join(path);
        let io = |error| Refused::Io(to.clone(), error);
        let line = serde_json::to_string(path.as_str()).map_err(|error| io(error.into()))?;
        writeln!(self.list, "{line}").map_err(io)?;
        if let Some(parent) = to.parent() {
            fs::create_dir_all(parent).map_err(io)?;
        }
        write(&to).map_err(io)?;
        self.count += 1;
        Ok(())
    }
}

/// Removes what the last run wrote. All is looked at before anything is removed.
fn clear(folder: &Utf8Path) -> Result<(), Refused> {
    let io = |error| Refused::Io(folder.to_owned(), error);
    let text = match fs::read_to_string(folder.join(MARKER)) {
        Ok(text) if text.starts_with(TITLE) => text,
        _ => return Err(Refused::NotOurs(folder.to_owned())),
    };
    let listed: HashSet<Utf8PathBuf> = text
        .lines()
        .skip(1)
        .filter_map(|line| Some(folder.join(serde_json::from_str::<String>(line).ok()?)))
        .collect();
    let (mut files, mut folders) = (Vec::new(), Vec::new());
    for entry in walkdir::WalkDir::new(folder).min_depth(1).contents_first(true) {
        let entry = entry.map_err(|error| io(error.into()))?;
        let is_dir = entry.file_type().is_dir();
        let path = match Utf8PathBuf::from_path_buf(entry.into_path()) {
            Ok(path) => path,
            Err(_) => return Err(Refused::NotOurs(folder.to_owned())),
        };
        if is_dir {
            folders.push(path);
        } else if listed.contains(&path) || path == folder.join(MARKER) {
            files.push(path);
        } else {
            return Err(Refused::NotOurs(path));
        }
    }
    for path in files {
        fs::remove_file(&path).map_err(|error| Refused::Io(path.clone(), error))?;
    }
    for path in folders {
        fs::remove_dir(&path).map_err(|error| Refused::Io(path.clone(), error))?;
    }
    Ok(())
}
