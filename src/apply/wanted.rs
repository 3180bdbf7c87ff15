//! What a document asks for, path by path: entries, and where their bytes come from.

use std::io;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use ecow::EcoString;

use super::index::Index;
use super::manifest::{Entry, Hash, Kind, Manifest};
use super::state::State;
use crate::emit::Params;
use crate::files::shown;
use crate::ir::{Content, Document, File, Install, Stamp, Value, permissions};

/// A path as it is wanted.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// What the manifest will say.
    pub entry: Arc<Entry>,
    /// Where the bytes come from.
    pub bytes: Bytes,
    /// The file of the configuration behind it, as it was found; for `live`, what the link leads to.
    pub source: Option<Stamp>,
}

/// Where bytes come from.
#[derive(Clone, Debug)]
pub enum Bytes {
    /// There are none: it is a link.
    None,
    /// These.
    Text(EcoString),
    /// These, of this file of the configuration, which had to be read.
    Read(Arc<[u8]>, Utf8PathBuf),
    /// Those of this file of the configuration.
    File(Utf8PathBuf),
    /// Those that a generation holds in this file of the state.
    Tree(Utf8PathBuf),
    /// Nobody has them any more: a generation held them in a file that something wrote into. The
    /// reason, in words.
    Lost(String),
}

/// What `merge` puts into a file.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct Declared {
    /// The format.
    pub format: String,
    /// Its parameters.
    pub params: Params,
    /// The keys and their values.
    pub value: Value,
}

/// A file of the configuration that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read {path}: {reason}", path = shown(.path), reason = crate::files::reason(.error))]
pub struct Unreadable {
    /// The file.
    pub path: Utf8PathBuf,
    /// The system's reason.
    pub error: io::Error,
}

/// Bytes of sources that are kept between hashing and writing; the rest is read twice.
const KEPT: usize = 8 << 20;

/// All paths that a document wants, sorted by their bytes. `root` is the configuration's folder,
/// absolute; a source that the index knows unchanged is not read.
///
/// # Errors
/// The first source that cannot be read.
pub fn of(document: &Document, root: &Utf8Path, index: &Index) -> Result<Vec<Wanted>, Unreadable> {
    let mut reader = Reader { index, kept: 0, last: 0 };
    let mut list = Vec::with_capacity(document.files.len());
    for file in &document.files {
        match &file.content {
            Content::Source { source, files, folder: true, .. }
                if file.install != Install::Live || !files.is_empty() =>
            {
                list.reserve_exact(files.len());
                for inner in files {
                    let path = format!("{}/{}", file.path, inner.path);
                    let from = root.join(source).join(&inner.path);
                    let found = inner.stamp.map(|stamp| stamp.permissions());
                    let mode = mode(file, inner.executable, found);
                    list.push(reader.source(file, path, from, mode, inner.stamp)?);
                }
            }
            Content::Source { source, stamp, .. } => {
                let executable = file.executable || stamp.is_some_and(|own| own.is_executable());
                let (path, from) = (file.path.clone(), root.join(source));
                let found = stamp.map(|stamp| stamp.permissions());
                list.push(reader.source(
                    file,
                    path,
                    from,
                    mode(file, executable, found),
                    *stamp,
                )?);
            }
            Content::Link { to } => {
                let entry = entry(file, file.path.clone(), Kind::Plain(to.to_string()), 0);
                list.push(Wanted { entry, bytes: Bytes::None, source: None });
            }
            Content::Text { text } => list.push(given(file, text)),
            Content::Data { format, params, value } if file.install == Install::Merge => {
                let declared = Declared {
                    format: (*format).to_owned(),
                    params: params.clone(),
                    value: value.clone(),
                };
                let text: EcoString = serde_json::to_string(&declared).unwrap_or_default().into();
                let kind = Kind::Merge(Hash::of(text.as_bytes()));
                let entry = entry(file, file.path.clone(), kind, mode(file, false, None));
                list.push(Wanted { entry, bytes: Bytes::Text(text), source: None });
            }
            Content::Data { .. } => list.push(given(file, &file.text)),
        }
    }
    list.sort_unstable_by(|a, b| a.entry.path.cmp(&b.entry.path));
    Ok(list)
}

/// All paths that a generation wants.
pub fn of_generation(manifest: &Manifest, state: &State) -> Vec<Wanted> {
    let entries = manifest.entries.iter();
    entries.map(|entry| of_entry(entry, manifest.number, state)).collect()
}

/// A path as a generation wants it.
pub fn of_entry(entry: &Arc<Entry>, number: u64, state: &State) -> Wanted {
    let folder = || state.join(format!("generations/{number}/home"));
    let bytes = match entry.kind.hash() {
        Some(_) => Bytes::Tree(folder().join(&entry.path)),
        None => Bytes::None,
    };
    Wanted { entry: entry.clone(), bytes, source: None }
}

/// A file whose text was compiled.
fn given(file: &File, text: &EcoString) -> Wanted {
    let kind = content(file, Hash::of(text.as_bytes()));
    let entry = entry(file, file.path.clone(), kind, mode(file, file.executable, None));
    Wanted { entry, bytes: Bytes::Text(text.clone()), source: None }
}

fn content(file: &File, hash: Hash) -> Kind {
    match file.install {
        Install::Copy => Kind::Copy(hash),
        Install::Link | Install::Live | Install::Merge => Kind::Link(hash),
    }
}

/// Permissions: as said, else those that a source calls for.
fn mode(file: &File, executable: bool, source: Option<u32>) -> u32 {
    let said = file.mode.as_deref().and_then(|text| u32::from_str_radix(text, 8).ok());
    let executable = if executable || file.executable { 0o100 } else { 0 };
    said.unwrap_or_else(|| permissions(source.unwrap_or(0o644) | executable))
}

fn entry(file: &File, path: String, kind: Kind, mode: u32) -> Arc<Entry> {
    Arc::new(Entry {
        path,
        kind,
        mode,
        target: file.target.to_string(),
        on_change: file.on_change.as_deref().map(str::to_owned),
        force: file.force,
        drift: file.drift,
        allow_parent: file.allow_parent.iter().map(|path| path.to_string()).collect(),
        shadowed_by: file.shadowed_by.iter().map(|path| path.to_string()).collect(),
    })
}

struct Reader<'a> {
    index: &'a Index,
    kept: usize,
    /// Where the last path was in the index: the next one is likely behind it.
    last: usize,
}

impl Reader<'_> {
    fn source(
        &mut self,
        file: &File,
        path: String,
        from: Utf8PathBuf,
        mode: u32,
        stamp: Option<Stamp>,
    ) -> Result<Wanted, Unreadable> {
        if file.install == Install::Live {
            let entry = entry(file, path, Kind::Live(from.into_string()), 0);
            return Ok(Wanted { entry, bytes: Bytes::None, source: stamp });
        }
        let record = self.index.record_after(&path, &mut self.last);
        if let Some((record, hash)) = record
            .zip(stamp)
            .and_then(|(record, stamp)| Some((record, self.index.source_of(record, &stamp)?)))
        {
            let mut entry = entry(file, path, content(file, hash), mode);
            if record.entry == entry {
                entry = Arc::clone(&record.entry);
            }
            return Ok(Wanted { entry, bytes: Bytes::File(from), source: stamp });
        }
        let bytes = crate::files::read_sized(&from, stamp.map_or(0, |stamp| stamp.size))
            .map_err(|error| Unreadable { path: from.clone(), error })?;
        let entry = entry(file, path, content(file, Hash::of(&bytes)), mode);
        let bytes = if self.kept + bytes.len() <= KEPT {
            self.kept += bytes.len();
            Bytes::Read(bytes.into(), from)
        } else {
            Bytes::File(from)
        };
        Ok(Wanted { entry, bytes, source: stamp })
    }
}

impl Wanted {
    /// Its bytes. A file of the configuration that changed since it was looked at is an error.
    ///
    /// # Errors
    /// The system's own; `InvalidData` for a file that changed meanwhile.
    pub fn read(&self) -> io::Result<std::borrow::Cow<'_, [u8]>> {
        match &self.bytes {
            Bytes::None => Ok([][..].into()),
            Bytes::Text(text) => Ok(text.as_bytes().into()),
            Bytes::Read(bytes, _) => Ok((&bytes[..]).into()),
            Bytes::Lost(why) => Err(io::Error::new(io::ErrorKind::InvalidData, why.clone())),
            Bytes::File(path) | Bytes::Tree(path) => {
                let bytes = match &self.bytes {
                    // Of any size, as it was when it was looked at.
                    Bytes::File(_) => {
                        crate::files::read_sized(path, self.source.map_or(0, |own| own.size))?
                    }
                    _ => std::fs::read(path)?,
                };
                if self.entry.kind.hash() == Some(Hash::of(&bytes)) {
                    return Ok(bytes.into());
                }
                let text = match self.bytes {
                    Bytes::Tree(_) => format!("{} was changed by somebody else", shown(path)),
                    _ => format!("{} changed while it was read; run hcc again", shown(path)),
                };
                Err(io::Error::new(io::ErrorKind::InvalidData, text))
            }
        }
    }
}

impl Wanted {
    /// The file of the configuration behind it.
    pub fn source_path(&self) -> Option<&str> {
        match (&self.entry.kind, &self.bytes) {
            (Kind::Live(to), _) => Some(to),
            (_, Bytes::File(path)) => Some(path.as_str()),
            (_, Bytes::Read(_, path)) => Some(path.as_str()),
            _ => None,
        }
    }

    /// Why nobody has its bytes any more; none if somebody does.
    pub fn lost(&self) -> Option<&str> {
        match &self.bytes {
            Bytes::Lost(why) => Some(why),
            _ => None,
        }
    }

    /// Whether what stands somewhere is the file of the configuration itself.
    pub fn is_source(&self, found: &Stamp) -> bool {
        self.source.is_some_and(|own| (own.dev, own.ino) == (found.dev, found.ino))
    }

    /// What `merge` puts into the file.
    ///
    /// # Errors
    /// In words, if the content is not what hcc wrote.
    pub fn declared(&self) -> Result<Declared, String> {
        let bytes = self.read().map_err(|error| crate::files::reason(&error))?;
        serde_json::from_slice(&bytes).map_err(|error| error.to_string())
    }
}
