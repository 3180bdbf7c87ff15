//! The IR to a tree somewhere else.
//!
//! Handed documents and the configuration's folder, writes below one folder that is its own.

pub mod files;
mod folder;
pub mod stow;

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;

use camino::{Utf8Path, Utf8PathBuf};

use folder::Folder;

use crate::ir::{Content, Document, File, Mirrored};

/// Why nothing, or not all, was written.
#[derive(Debug)]
pub enum Refused {
    /// The folder holds something else.
    NotOurs(Utf8PathBuf),
    /// What is asked for cannot be laid out so.
    Clash(String),
    /// The system's reason why a file of the configuration cannot be read.
    Source(Utf8PathBuf, io::Error),
    /// The system's reason.
    Io(Utf8PathBuf, io::Error),
}

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

/// Refuses to write below a folder that is mirrored: it would hold itself.
fn not_in_a_source(
    documents: &[&Document],
    root: &Utf8Path,
    out: &Utf8Path,
) -> Result<(), Refused> {
    let nearest = out.ancestors().find_map(|path| {
        let path = if path.as_str().is_empty() { Utf8Path::new(".") } else { path };
        path.canonicalize_utf8().ok()
    });
    let Some(out) = nearest else { return Ok(()) };
    for file in documents.iter().flat_map(|document| &document.files) {
        let Content::Source { source, folder: true, .. } = &file.content else { continue };
        if root.join(source).canonicalize_utf8().is_ok_and(|source| out.starts_with(source)) {
            return Err(Refused::Clash(format!(
                "{out} is in `{source}`, which is a source itself; name a folder elsewhere"
            )));
        }
    }
    Ok(())
}

/// Writes one file of the IR below a folder.
fn put(file: &File, root: &Utf8Path, below: &Utf8Path, out: &mut Folder) -> Result<(), Refused> {
    let path = below.join(file.path.trim_start_matches('/'));
    match &file.content {
        Content::Link { to } => out.put(&path, |path| std::os::unix::fs::symlink(&**to, path)),
        Content::Source { source, files, folder: true, .. } => {
            let from = root.join(source);
            let list = match files.is_empty() {
                // A folder that is one link.
                true => crate::files::mirror(&from, &crate::files::Except::default())
                    .map_err(|error| Refused::Source(from.clone(), error))?,
                false => files.clone(),
            };
            for Mirrored { path: inner, executable, .. } in list {
                readable(&from.join(&inner))?;
                out.put(&path.join(&inner), |to| {
                    fs::copy(from.join(&inner), to)?;
                    let mode = if executable { 0o755 } else { 0o644 };
                    fs::set_permissions(to, fs::Permissions::from_mode(mode))
                })?;
            }
            Ok(())
        }
        content => {
            if let Content::Source { source, .. } = content {
                readable(&root.join(source))?;
            }
            out.put(&path, |to| {
                fs::write(to, bytes(file, root)?.unwrap_or_default())?;
                fs::set_permissions(to, fs::Permissions::from_mode(mode(file, root)))
            })
        }
    }
}

fn readable(source: &Utf8Path) -> Result<(), Refused> {
    crate::files::readable(source).map_err(|error| Refused::Source(source.to_owned(), error))
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
