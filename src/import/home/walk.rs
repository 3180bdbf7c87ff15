//! The files of one place of a home: read, looked at, and nothing changed.

use std::fs;
use std::os::unix::fs::MetadataExt;

use camino::{Utf8Path, Utf8PathBuf};

use super::{Rules, Secrets};
use crate::files::{reason, shown};
use crate::import::report::Left;

/// Files larger than this are not what people write by hand.
pub const LARGE: u64 = 4 << 20;

/// Folders with more files than this are not, either.
pub const MANY: usize = 5_000;

/// A file to be copied.
#[derive(Clone, Debug, PartialEq)]
pub struct Copy {
    /// Below the home.
    pub path: String,
    /// What it holds.
    pub bytes: Vec<u8>,
    /// Its permissions.
    pub mode: u32,
    /// When it was written, in nanoseconds since 1970.
    pub time: i64,
}

/// What a place holds.
#[derive(Clone, Debug, Default)]
pub struct Gathered {
    /// Below the home.
    pub path: String,
    /// Whether it is a folder.
    pub folder: bool,
    /// The files, by path.
    pub copies: Vec<Copy>,
    /// What stays where it is.
    pub skipped: Vec<Skipped>,
}

/// Something that is not taken.
#[derive(Clone, Debug)]
pub struct Skipped {
    /// Below the home.
    pub path: String,
    /// The kind of reason.
    pub kind: Why,
    /// The reason, in a few words.
    pub why: String,
}

/// Why something is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// It is a secret.
    Secret,
    /// It is a link.
    Link,
    /// There is nothing at this path.
    Missing,
    /// It was not asked for, and a file that is taken names it.
    Named,
    /// A folder that is a repository of its own.
    Repository,
    /// It is too large, or too much.
    Size,
    /// It cannot be copied: a pipe, a name that is not UTF-8, something that may not be read.
    Unable,
}

impl Skipped {
    /// As a report has it.
    pub fn left(&self, secrets: &str) -> Left {
        let at = format!("~/{}", self.path);
        let at = shown(&at).into_owned();
        let help = match self.kind {
            Why::Secret => Some(secrets.to_owned()),
            Why::Repository => Some(format!("name it to take its files: `{at}`")),
            Why::Named => Some(format!("`hcc adopt {at}` takes it")),
            Why::Size => Some("name what of it you want".to_owned()),
            Why::Link | Why::Missing | Why::Unable => None,
        };
        Left { from: at, why: self.why.clone(), help }
    }
}

/// How a place is looked at.
#[derive(Clone, Copy, Debug)]
pub struct Look<'a> {
    /// The home.
    pub home: &'a Utf8Path,
    /// What is configuration.
    pub rules: &'a Rules,
    /// What is a secret; none if they are taken too.
    pub secrets: Option<&'a Secrets>,
    /// Whether the user named the place.
    pub named: bool,
}

/// Reads a place.
pub fn gather(look: Look<'_>, path: &str) -> Gathered {
    let mut found = Gathered { path: path.to_owned(), ..Gathered::default() };
    let at = look.home.join(path);
    match at.symlink_metadata() {
        Err(error) => found.skip(path, Why::Missing, reason(&error)),
        Ok(own) if own.is_dir() => {
            found.folder = true;
            if !look.named && at.join(".git").symlink_metadata().is_ok() {
                found.skip(path, Why::Repository, "a git repository of its own".to_owned());
                return found;
            }
            folder(look, path, &mut found);
            if found.copies.len() > MANY {
                found.copies.clear();
                found.skipped.clear();
                found.skip(path, Why::Size, format!("it holds more than {MANY} files"));
            }
        }
        Ok(own) => file(look, path, &own, &mut found),
    }
    found
}

fn folder(look: Look<'_>, path: &str, found: &mut Gathered) {
    let entries = match fs::read_dir(look.home.join(path)) {
        Ok(entries) => entries,
        Err(error) => return found.skip(path, Why::Unable, reason(&error)),
    };
    let mut names = Vec::new();
    for entry in entries {
        match entry.map(|entry| entry.file_name().into_string()) {
            Ok(Ok(name)) => names.push(name),
            Ok(Err(name)) => {
                let path = format!("{path}/{}", name.to_string_lossy());
                found.skip(&path, Why::Unable, "its name is not UTF-8".to_owned());
            }
            Err(error) => found.skip(path, Why::Unable, reason(&error)),
        }
    }
    names.sort_unstable();
    for name in names {
        let path = format!("{path}/{name}");
        if look.rules.leaves_out(&path) || found.copies.len() > MANY {
            continue;
        }
        match look.home.join(&path).symlink_metadata() {
            Err(error) => found.skip(&path, Why::Unable, reason(&error)),
            Ok(own) if own.is_dir() => folder(look, &path, found),
            Ok(own) => file(look, &path, &own, found),
        }
    }
}

fn file(look: Look<'_>, path: &str, own: &fs::Metadata, found: &mut Gathered) {
    let at = look.home.join(path);
    if own.is_symlink() {
        let to = fs::read_link(&at).map(|to| to.to_string_lossy().into_owned());
        let to = to.unwrap_or_default();
        return found.skip(path, Why::Link, format!("a link to {}", shown(&to)));
    }
    if !own.is_file() {
        return found.skip(path, Why::Unable, "a pipe, a socket or a device".to_owned());
    }
    if let Some(secret) = look.secrets.and_then(|own| own.by_path(path)) {
        return found.skip(path, Why::Secret, secret.what);
    }
    if own.len() > LARGE {
        let size = own.len() >> 20;
        return found.skip(path, Why::Size, format!("{size} MiB; hcc copies files up to 4 MiB"));
    }
    let bytes = match fs::read(&at) {
        Ok(bytes) => bytes,
        Err(error) => return found.skip(path, Why::Unable, reason(&error)),
    };
    if let Some(secret) = look.secrets.and_then(|own| own.find(path, &bytes)) {
        let line = secret.line.map(|line| format!(" in line {line}")).unwrap_or_default();
        return found.skip(path, Why::Secret, format!("{}{line}", secret.what));
    }
    let time = own.mtime().saturating_mul(1_000_000_000).saturating_add(own.mtime_nsec());
    found.copies.push(Copy { path: path.to_owned(), bytes, mode: own.mode() & 0o7777, time });
}

impl Gathered {
    fn skip(&mut self, path: &str, kind: Why, why: String) {
        self.skipped.push(Skipped { path: path.to_owned(), kind, why });
    }
}

/// Programs below `~/.config` that nobody knows, by their folders.
pub fn unknown(home: &Utf8Path, rules: &Rules, folder: &str) -> Vec<Utf8PathBuf> {
    let entries = home.join(folder).read_dir_utf8().into_iter().flatten().flatten();
    let mut found: Vec<Utf8PathBuf> = entries
        .map(|entry| Utf8PathBuf::from(folder).join(entry.file_name()))
        .filter(|path| !rules.known.iter().any(|own| super::table::is_in(&own.path, path.as_str())))
        .filter(|path| !rules.leaves_out(path.as_str()))
        .collect();
    found.sort();
    found
}
