//! The IR to a tree somewhere else.
//!
//! Handed documents and the configuration's folder, writes below one folder that is its own.

pub mod files;
pub mod stow;

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;

use camino::{Utf8Path, Utf8PathBuf};

use crate::ir::{Content, File};

/// Why nothing, or not all, was written.
#[derive(Debug)]
pub enum Refused {
    /// The folder holds something else.
    NotOurs(Utf8PathBuf),
    /// What is asked for cannot be laid out so.
    Clash(String),
    /// The system's reason.
    Io(Utf8PathBuf, io::Error),
}

/// Marks a folder that hcc wrote and may write again.
pub const MARKER: &str = ".hcc-out";

/// A file's bytes; none for links and folders.
///
/// # Errors
/// The system's own, for a source.
pub fn bytes(file: &File, root: &Utf8Path) -> io::Result<Option<Vec<u8>>> {
    match &file.content {
        Content::Text { text } => Ok(Some(text.as_bytes().to_vec())),
        Content::Data { .. } => Ok(Some(file.written.text.as_bytes().to_vec())),
        Content::Source { source, folder: false, .. } => fs::read(root.join(source)).map(Some),
        Content::Source { .. } | Content::Link { .. } => Ok(None),
    }
}

/// Clears a folder that hcc wrote; refuses one that holds anything else.
fn prepare(out: &Utf8Path) -> Result<(), Refused> {
    let io = |error| Refused::Io(out.to_owned(), error);
    match fs::read_dir(out) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(io(error)),
        Ok(mut entries) => {
            let empty = entries.next().is_none();
            let ours = fs::symlink_metadata(out.join(MARKER)).is_ok_and(|meta| meta.is_file());
            if !empty && !ours {
                return Err(Refused::NotOurs(out.to_owned()));
            }
            if !empty {
                clear(out)?;
            }
        }
    }
    fs::create_dir_all(out).map_err(io)?;
    fs::write(out.join(MARKER), "Written by hcc, and cleared by it before it writes here again.\n")
        .map_err(io)
}

/// Removes what the last run wrote: the folders of hosts, which the marker vouches for.
fn clear(out: &Utf8Path) -> Result<(), Refused> {
    let io = |error| Refused::Io(out.to_owned(), error);
    let mut folders = Vec::new();
    // All is looked at before anything is removed.
    for entry in out.read_dir_utf8().map_err(io)? {
        let entry = entry.map_err(io)?;
        if entry.file_name() == MARKER {
            continue;
        }
        let host = entry.file_type().map_err(io)?.is_dir()
            && fs::symlink_metadata(entry.path().join(MARKER)).is_ok();
        if !host {
            return Err(Refused::NotOurs(entry.path().to_owned()));
        }
        folders.push(entry.path().to_owned());
    }
    for folder in folders {
        fs::remove_dir_all(&folder).map_err(|error| Refused::Io(folder.clone(), error))?;
    }
    Ok(())
}

/// Makes a host's folder.
fn host_folder(out: &Utf8Path, name: &str) -> Result<Utf8PathBuf, Refused> {
    let folder = out.join(name);
    fs::create_dir_all(&folder).map_err(|error| Refused::Io(folder.clone(), error))?;
    let marker = folder.join(MARKER);
    fs::write(&marker, "").map_err(|error| Refused::Io(marker.clone(), error))?;
    Ok(folder)
}

/// Writes one file of the IR below a folder; how many files that makes.
fn put(file: &File, root: &Utf8Path, folder: &Utf8Path) -> Result<usize, Refused> {
    let path = folder.join(file.path.trim_start_matches('/'));
    let io = |error| Refused::Io(path.clone(), error);
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(io)?;
    }
    match &file.content {
        Content::Link { to } => std::os::unix::fs::symlink(&**to, &path).map(|()| 1).map_err(io),
        Content::Source { source, folder: true, .. } => {
            let from = root.join(source);
            let mut count = 0;
            for (inner, executable) in crate::files::mirror(&from).map_err(io)? {
                let to = path.join(&inner);
                let io = |error| Refused::Io(to.clone(), error);
                if let Some(parent) = to.parent() {
                    fs::create_dir_all(parent).map_err(io)?;
                }
                fs::copy(from.join(&inner), &to).map_err(io)?;
                let mode = if executable { 0o755 } else { 0o644 };
                fs::set_permissions(&to, fs::Permissions::from_mode(mode)).map_err(io)?;
                count += 1;
            }
            Ok(count)
        }
        _ => {
            let bytes = bytes(file, root).map_err(io)?.unwrap_or_default();
            fs::write(&path, bytes).map_err(io)?;
            let mode = mode(file, root);
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).map_err(io)?;
            Ok(1)
        }
    }
}

/// A file's permissions: as said, else those of its source, else by whether it can be executed.
pub fn mode(file: &File, root: &Utf8Path) -> u32 {
    let said = file.mode.as_ref().and_then(|mode| u32::from_str_radix(mode, 8).ok());
    let source = match &file.content {
        Content::Source { source, folder: false, .. } => {
            fs::metadata(root.join(source)).ok().map(|meta| crate::files::is_executable(&meta))
        }
        _ => None,
    };
    said.unwrap_or(if file.executable || source == Some(true) { 0o755 } else { 0o644 })
}
