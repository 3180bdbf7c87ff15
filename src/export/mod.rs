//! The IR to a tree somewhere else.
//!
//! Handed documents and the configuration's folder, writes below one folder that is its own, or hands
//! on the bytes of one file.

pub mod files;
mod folder;
pub mod script;
pub mod stow;
pub mod tar;

use std::borrow::Cow;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;

use camino::{Utf8Path, Utf8PathBuf};
use ecow::EcoString;

use folder::Folder;

use crate::ir::{Content, Document, File, Mirrored, permissions};

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
        Content::Data { .. } => Ok(Some(file.text.as_bytes().to_vec())),
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

/// A file as it is laid out somewhere else: one of the IR, or one of a folder that it mirrors.
#[derive(Debug)]
pub struct Laid<'a> {
    /// Below the home; absolute for a system.
    pub path: Utf8PathBuf,
    /// What it is.
    pub what: What,
    /// What declares it.
    pub file: &'a File,
}

/// What is laid out.
#[derive(Debug)]
pub enum What {
    /// A file with this text.
    Text(EcoString, Mode),
    /// A file with the bytes of one of the configuration's.
    Copy(Utf8PathBuf, Mode),
    /// A link to this place.
    Link(EcoString),
}

/// Permissions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mode {
    /// As chmod takes them.
    pub bits: u32,
    /// Whether the configuration says them; they follow from the file otherwise.
    pub said: bool,
}

impl Laid<'_> {
    /// Its bytes; none for a link.
    ///
    /// # Errors
    /// [`Refused::Source`].
    pub fn bytes(&self) -> Result<Option<Cow<'_, [u8]>>, Refused> {
        match &self.what {
            What::Text(text, _) => Ok(Some(Cow::Borrowed(text.as_bytes()))),
            What::Copy(from, _) => match crate::files::read(from) {
                Ok(bytes) => Ok(Some(Cow::Owned(bytes))),
                Err(error) => Err(Refused::Source(from.clone(), error)),
            },
            What::Link(_) => Ok(None),
        }
    }

    /// Its permissions; none for a link.
    pub fn mode(&self) -> Option<Mode> {
        match &self.what {
            What::Text(_, mode) | What::Copy(_, mode) => Some(*mode),
            What::Link(_) => None,
        }
    }
}

/// All files of a document, sorted by path. Every source can be read.
///
/// # Errors
/// [`Refused::Source`].
pub fn lay<'a>(document: &'a Document, root: &Utf8Path) -> Result<Vec<Laid<'a>>, Refused> {
    let mut list = Vec::new();
    for file in &document.files {
        list.extend(lay_one(file, root)?);
    }
    list.sort_by(|one, other| one.path.as_str().cmp(other.path.as_str()));
    Ok(list)
}

fn lay_one<'a>(file: &'a File, root: &Utf8Path) -> Result<Vec<Laid<'a>>, Refused> {
    let path = Utf8PathBuf::from(&file.path);
    let mode = || Mode { bits: mode(file, root), said: file.mode.is_some() };
    let what = match &file.content {
        Content::Link { to } => What::Link(to.clone()),
        Content::Source { source, files, folder: true, .. } => {
            let from = root.join(source);
            let list = match files.is_empty() {
                // A folder that is one link.
                true => crate::files::mirror(&from, &crate::files::Except::default())
                    .map_err(|error| Refused::Source(from.clone(), error))?,
                false => files.clone(),
            };
            let one = |Mirrored { path: inner, executable, stamp }: Mirrored| {
                let from = from.join(&inner);
                readable(&from)?;
                let plain = if executable { 0o755 } else { 0o644 };
                let bits = stamp.map_or(plain, |stamp| stamp.permissions());
                let mode = Mode { bits, said: false };
                Ok(Laid { path: path.join(&inner), what: What::Copy(from, mode), file })
            };
            return list.into_iter().map(one).collect();
        }
        Content::Source { source, folder: false, .. } => {
            let from = root.join(source);
            readable(&from)?;
            What::Copy(from, mode())
        }
        Content::Text { text } => What::Text(text.clone(), mode()),
        Content::Data { .. } => What::Text(file.text.clone(), mode()),
    };
    Ok(vec![Laid { path, what, file }])
}

/// Writes one file of the IR below a folder.
fn put(file: &File, root: &Utf8Path, below: &Utf8Path, out: &mut Folder) -> Result<(), Refused> {
    for laid in lay_one(file, root)? {
        let path = below.join(laid.path.as_str().trim_start_matches('/'));
        let set = |to: &Utf8Path, mode: Mode| {
            fs::set_permissions(to, fs::Permissions::from_mode(mode.bits))
        };
        out.put(&path, |to| match &laid.what {
            What::Link(target) => std::os::unix::fs::symlink(&**target, to),
            What::Copy(from, mode) => fs::copy(from, to).and_then(|_| set(to, *mode)),
            What::Text(text, mode) => fs::write(to, text.as_bytes()).and_then(|()| set(to, *mode)),
        })?;
    }
    Ok(())
}

fn readable(source: &Utf8Path) -> Result<(), Refused> {
    crate::files::readable(source).map_err(|error| Refused::Source(source.to_owned(), error))
}

/// A file's permissions: as said, else those of its source, else by whether it can be executed.
pub fn mode(file: &File, root: &Utf8Path) -> u32 {
    let said = file.mode.as_ref().and_then(|mode| u32::from_str_radix(mode, 8).ok());
    let source = match &file.content {
        Content::Source { source, folder: false, .. } => {
            fs::metadata(root.join(source)).ok().map(|found| found.permissions().mode())
        }
        _ => None,
    };
    let executable = if file.executable { 0o100 } else { 0 };
    said.unwrap_or_else(|| permissions(source.unwrap_or(0o644) | executable))
}
