//! The files of a configuration: the only room that reads them.

mod except;
mod mirror;

use std::borrow::Cow;
use std::fs;
use std::io;

use camino::{Utf8Path, Utf8PathBuf};

pub use except::Except;
pub use mirror::mirror;

use crate::ir::Stamp;

/// What stands at a path, links followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// A file.
    File,
    /// A folder.
    Dir,
    /// A pipe, a device, a socket.
    Special,
}

/// A path as people read it: as it is, or in quotes, written as in KDL, if something in it would
/// disturb a terminal, end the line or turn its direction.
pub fn shown<'a>(path: &'a (impl AsRef<str> + ?Sized)) -> Cow<'a, str> {
    let path = path.as_ref();
    let disturbs = |c: char| {
        c.is_control()
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    if !path.contains(disturbs) {
        return Cow::Borrowed(path);
    }
    let mut out = String::from("\"");
    for c in path.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            '"' | '\\' => out.extend(['\\', c]),
            c if disturbs(c) => out.push_str(&format!("\\u{{{:x}}}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    Cow::Owned(out)
}

/// Texts larger than this are not configuration.
pub const MAX_SIZE: u64 = 64 << 20;

/// What stands at a path.
///
/// # Errors
/// The system's own, such as not found, or too many links.
pub fn kind(path: &Utf8Path) -> io::Result<FileKind> {
    look(path).map(|(kind, _)| kind)
}

/// What stands at a path, and its stamp, from one stat.
///
/// # Errors
/// The system's own, such as not found, or too many links.
pub fn look(path: &Utf8Path) -> io::Result<(FileKind, Stamp)> {
    use rustix::fs::FileType;
    let stat = rustix::fs::stat(path.as_str())?;
    let kind = match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => FileKind::File,
        FileType::Directory => FileKind::Dir,
        _ => FileKind::Special,
    };
    Ok((kind, stamp(&stat)))
}

/// The stamp in what a stat found. The fields have other types on other systems.
pub fn stamp(stat: &rustix::fs::Stat) -> Stamp {
    fn whole<T, N: TryInto<T> + Copy>(number: N) -> T
    where
        T: Default,
    {
        number.try_into().unwrap_or_default()
    }
    let nanoseconds = |seconds: i64, rest: i64| seconds.saturating_mul(1_000_000_000) + rest;
    Stamp {
        dev: whole(stat.st_dev),
        ino: whole(stat.st_ino),
        size: whole(stat.st_size),
        mtime: nanoseconds(whole(stat.st_mtime), whole(stat.st_mtime_nsec)),
        ctime: nanoseconds(whole(stat.st_ctime), whole(stat.st_ctime_nsec)),
        mode: whole(stat.st_mode),
    }
}

/// Where a path leads, links resolved.
///
/// # Errors
/// The system's own.
pub fn real(path: &Utf8Path) -> io::Result<std::path::PathBuf> {
    fs::canonicalize(path)
}

/// What was found at a path, links followed.
#[derive(Clone, Copy, Debug)]
pub struct Found {
    /// What it is.
    pub kind: FileKind,
    /// How many bytes it held.
    pub size: u64,
    /// The number of its device and its own there: those of two files differ, as a rule.
    pub number: (u64, u64),
}

/// Finds what stands at a path, to read it.
///
/// # Errors
/// The system's own, such as not found, or too many links.
pub fn find(path: &Utf8Path) -> io::Result<Found> {
    use std::os::unix::fs::MetadataExt;
    let metadata = fs::metadata(path)?;
    let kind = match metadata.file_type() {
        kind if kind.is_file() => FileKind::File,
        kind if kind.is_dir() => FileKind::Dir,
        _ => FileKind::Special,
    };
    Ok(Found { kind, size: metadata.len(), number: (metadata.dev(), metadata.ino()) })
}

/// A file's bytes. Pipes and devices are refused, so that no run waits for one.
///
/// # Errors
/// The system's own, and `InvalidInput` for what is no file or too large.
pub fn read(path: &Utf8Path) -> io::Result<Vec<u8>> {
    find(path).and_then(|found| read_found(path, &found))
}

/// The bytes of what was found at a path, as [`read`] has them.
///
/// # Errors
/// Those of [`read`].
pub fn read_found(path: &Utf8Path, found: &Found) -> io::Result<Vec<u8>> {
    match found.kind {
        FileKind::Dir => Err(io::Error::new(io::ErrorKind::IsADirectory, "it is a folder")),
        FileKind::Special => {
            let what = "it is a pipe, a socket or a device";
            Err(io::Error::new(io::ErrorKind::InvalidInput, what))
        }
        FileKind::File if found.size > MAX_SIZE => {
            Err(io::Error::new(io::ErrorKind::InvalidInput, "it is larger than 64 MiB"))
        }
        FileKind::File => read_sized(path, found.size),
    }
}

/// A file's bytes, of which the size is known from a look: one reading, if that is still so.
///
/// # Errors
/// The system's own.
pub fn read_sized(path: &Utf8Path, size: u64) -> io::Result<Vec<u8>> {
    use std::io::Read;
    let mut bytes = Vec::new();
    let size = usize::try_from(size.min(MAX_SIZE)).unwrap_or(0);
    let mut file = fs::File::open(path)?;
    bytes.resize(size + 1, 0);
    let mut end = 0;
    while end < bytes.len() {
        match file.read(&mut bytes[end..]) {
            Ok(0) => break,
            Ok(count) => end += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
        if end == size {
            break;
        }
    }
    bytes.truncate(end);
    if end != size {
        // It grew or shrank meanwhile.
        file.read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

/// Whether a file or folder can be opened for reading.
///
/// # Errors
/// The system's own.
pub fn readable(path: &Utf8Path) -> io::Result<()> {
    match kind(path)? {
        FileKind::Dir => fs::read_dir(path).map(drop),
        _ => may_read(path),
    }
}

/// Whether what stands at a path may be read; for a folder, whether it may be listed.
///
/// # Errors
/// The system's own: permission denied, for most.
pub fn may_read(path: &Utf8Path) -> io::Result<()> {
    Ok(rustix::fs::access(path.as_str(), rustix::fs::Access::READ_OK)?)
}

/// Whether an error is about links that lead back to themselves.
pub fn is_loop(error: &io::Error) -> bool {
    rustix::io::Errno::from_io_error(error) == Some(rustix::io::Errno::LOOP)
}

/// All files below a folder, sorted by the bytes of their paths; links to folders are followed
/// once, what is hidden is left out, and so is what cannot be named in UTF-8.
///
/// # Errors
/// The system's own, for the folder itself or any below.
pub fn below(folder: &Utf8Path) -> io::Result<Vec<Utf8PathBuf>> {
    let mut found = Vec::new();
    for entry in
        walkdir::WalkDir::new(folder).follow_links(true).max_depth(64).into_iter().filter_entry(
            |entry| entry.depth() == 0 || !entry.file_name().to_string_lossy().starts_with('.'),
        )
    {
        let entry = match entry {
            Ok(entry) => entry,
            // An editor's lock, such as Emacs' `.#x.kdl`, is a hidden link to nothing.
            Err(error) if error.depth() > 0 && is_hidden(error.path()) => continue,
            Err(error) => return Err(walked(error, folder)),
        };
        if !entry.file_type().is_dir()
            && let Ok(path) = Utf8PathBuf::from_path_buf(entry.into_path())
        {
            found.push(path);
        }
    }
    found.sort_by(|a, b| a.as_str().as_bytes().cmp(b.as_str().as_bytes()));
    Ok(found)
}

fn is_hidden(path: Option<&std::path::Path>) -> bool {
    let name = path.and_then(std::path::Path::file_name);
    name.is_some_and(|name| name.to_string_lossy().starts_with('.'))
}

/// What went wrong on the way through a folder, with the name below it.
fn walked(error: walkdir::Error, folder: &Utf8Path) -> io::Error {
    let inner = error
        .path()
        .and_then(|path| path.strip_prefix(folder).ok())
        .map(|path| path.to_string_lossy().into_owned());
    let inner = inner.filter(|inner| !inner.is_empty());
    let circle = error.loop_ancestor().is_some();
    match (inner, error.into_io_error()) {
        (Some(inner), None) if circle => io::Error::new(
            io::ErrorKind::InvalidData,
            format!("the link `{inner}` leads back to a folder it is in"),
        ),
        (Some(inner), Some(error)) if is_loop(&error) => io::Error::new(
            io::ErrorKind::InvalidData,
            format!("the link `{inner}` leads back to itself"),
        ),
        (Some(inner), Some(error)) if error.kind() == io::ErrorKind::NotFound => io::Error::new(
            io::ErrorKind::InvalidData,
            format!("the link `{inner}` leads to nothing"),
        ),
        (Some(inner), Some(error)) => {
            io::Error::new(error.kind(), format!("`{inner}`: {}", reason(&error)))
        }
        (None, Some(error)) => error,
        (_, None) => {
            io::Error::new(io::ErrorKind::InvalidData, "it holds a link that leads back to itself")
        }
    }
}

/// The system's reason in a few words, without its number.
pub fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or(&text);
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_lowercase().chain(chars).collect(),
        None => String::new(),
    }
}

/// Whether the owner may execute it.
pub fn is_executable(metadata: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    metadata.permissions().mode() & 0o100 != 0
}

/// The one name of a file, links resolved, to know it again.
pub fn identity(path: &Utf8Path) -> Utf8PathBuf {
    path.canonicalize_utf8().unwrap_or_else(|_| normal(path))
}

/// Waits until nobody else writes into a folder by this rule: until what is returned goes, which it
/// does whatever becomes of the process.
///
/// # Errors
/// The system's own.
pub fn alone(folder: &Utf8Path) -> io::Result<fs::File> {
    let handle = fs::File::open(folder)?;
    handle.lock()?;
    Ok(handle)
}

/// A path as it is seen from a folder that it is in; any other by its whole path, so that it is the
/// same wherever hcc is called.
pub fn seen_from(folder: &Utf8Path, path: &Utf8Path) -> Utf8PathBuf {
    path.strip_prefix(folder)
        .map_or_else(|_| normal(&identity(Utf8Path::new(".")).join(path)), Utf8Path::to_owned)
}

/// A path without `.` and `..`, by its letters only.
pub fn normal(path: &Utf8Path) -> Utf8PathBuf {
    let mut out = Utf8PathBuf::new();
    for part in path.components() {
        match part {
            camino::Utf8Component::CurDir => {}
            camino::Utf8Component::ParentDir
                if out.file_name().is_some_and(|name| name != "..") =>
            {
                out.pop();
            }
            other => out.push(other),
        }
    }
    out
}
