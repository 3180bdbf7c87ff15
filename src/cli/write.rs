//! A file that a command writes where the user says.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;

use camino::Utf8Path;

use super::{Status, Stop, help, wrong};
use crate::files::reason;

/// Whether a file that exists may be replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replace {
    /// It stays.
    Never,
    /// It goes.
    Force,
}

impl From<bool> for Replace {
    fn from(force: bool) -> Self {
        if force { Self::Force } else { Self::Never }
    }
}

/// Writes a whole file, or none: beside its place first. Folders above it are made. A link is
/// followed, so that it stays one.
///
/// # Errors
/// [`Stop::Decide`] for one that exists, [`Stop::Failed`] for the system's own; both are said.
pub fn file(path: &Utf8Path, bytes: &[u8], mode: u32, replace: Replace) -> Status {
    if path.as_str().is_empty() {
        wrong("`--out` needs a file, found an empty text");
        return Err(Stop::Usage);
    }
    let failed = |error: io::Error| {
        wrong(&format!("cannot write {path}: {}", reason(&error)));
        Stop::Failed
    };
    match path.symlink_metadata() {
        Ok(_) if replace == Replace::Never => {
            wrong(&format!("{path} exists already; nothing was written"));
            help("`--force` replaces it; or name another file");
            return Err(Stop::Decide);
        }
        // A device or a pipe takes the bytes; nothing can stand in its place.
        Ok(_) if path.metadata().is_ok_and(|found| !found.is_file() && !found.is_dir()) => {
            return fs::OpenOptions::new()
                .write(true)
                .open(path)
                .and_then(|mut file| file.write_all(bytes))
                .map_err(failed);
        }
        _ => {}
    }
    let path = path.canonicalize_utf8().unwrap_or_else(|_| path.to_owned());
    let folder = path.parent().filter(|folder| !folder.as_str().is_empty());
    if let Some(folder) = folder {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    let name = path.file_name().unwrap_or("out");
    let beside = path.with_file_name(format!(".{name}.hcc-{}", std::process::id()));
    let written = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(&beside)
        .and_then(|mut file| file.write_all(bytes))
        .and_then(|()| fs::rename(&beside, &path));
    written.map_err(|error| {
        // What cannot be taken away either lies beside; the error says why.
        let _gone = fs::remove_file(&beside);
        failed(error)
    })
}
