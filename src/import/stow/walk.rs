//! What is in a package, by name and kind. Links are looked at, never walked: so nothing that is
//! read leads back to itself.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::path::Path;

use super::ignore::Rules;
use crate::files;

/// A name in a package, and what it becomes.
#[derive(Debug)]
pub struct Entry {
    /// Its name in the package; with replacement characters if it is not UTF-8.
    pub name: String,
    /// Its name in the home.
    pub home: String,
    /// What stands there.
    pub what: What,
    /// Whether it is a link that is read as the folder it leads to.
    pub is_opened: bool,
}

/// What stands at a name.
#[derive(Debug)]
pub enum What {
    /// A file, or a link to one.
    File,
    /// A folder.
    Folder(Vec<Entry>),
    /// A relative link to a folder.
    Linked,
    /// A link that cannot be a source: it stays a link.
    Kept(Kept),
    /// Left by one of stow's rules.
    Ignored(String),
    /// What cannot be taken, and why.
    Left(String),
}

/// A link that stays one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kept {
    /// It leads to an absolute path. stow refuses these.
    Absolute(String),
    /// It leads to nothing, for now.
    Dangling(String),
    /// A file that may not be read, which a link can lead to all the same.
    Unreadable,
}

/// How a package is read.
pub struct Walk<'a> {
    /// The rules of the package.
    pub rules: &'a Rules,
    /// Those of `--ignore`.
    pub ignore: &'a Rules,
    /// Whether `dot-x` becomes `.x`.
    pub dotfiles: bool,
    /// Whether a folder, by its path below the package, is one that stow keeps out of: its own
    /// folder, and what `.stow` or `.nonstow` marks.
    pub is_protected: &'a dyn Fn(&str) -> bool,
}

/// Levels of folders that are looked into. No system takes paths that are deeper.
const DEPTH: usize = 1000;

impl Walk<'_> {
    /// What is in a folder; `below` is its path below the package as stow's rules see it, empty
    /// for the package itself.
    ///
    /// # Errors
    /// The system's own, for this folder; those of folders in it are in what is handed back.
    pub fn read(&self, folder: &Path, below: &str) -> io::Result<Vec<Entry>> {
        self.level(folder, below, 0)
    }

    fn level(&self, folder: &Path, below: &str, depth: usize) -> io::Result<Vec<Entry>> {
        let mut names: Vec<(OsString, fs::FileType)> = Vec::new();
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            names.push((entry.file_name(), entry.file_type()?));
        }
        names.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(names
            .into_iter()
            .map(|(name, kind)| self.entry(folder, below, depth, &name, kind))
            .collect())
    }

    fn entry(
        &self,
        folder: &Path,
        below: &str,
        depth: usize,
        os_name: &OsStr,
        kind: fs::FileType,
    ) -> Entry {
        let name = os_name.to_string_lossy().into_owned();
        // stow 2.4.1 asks its rules for the name in the package, below the names of the home.
        let path = join(below, &name);
        let home = match self.dotfiles {
            true => dotted(&name),
            false => name.clone(),
        };
        let rule = self.ignore.meets(&path).or_else(|| self.rules.meets(&path));
        let what = if let Some(rule) = rule {
            What::Ignored(rule.to_owned())
        } else if os_name.to_str().is_none() {
            What::Left("its name is not UTF-8".to_owned())
        } else if kind.is_dir() {
            let inner = join(below, &home);
            if (self.is_protected)(&path) {
                What::Left("stow keeps out of it: it holds packages, or is marked".to_owned())
            } else if depth >= DEPTH {
                What::Left(format!("more than {DEPTH} folders deep"))
            } else {
                match self.level(&folder.join(os_name), &inner, depth + 1) {
                    Ok(entries) => What::Folder(entries),
                    Err(error) => What::Left(format!("cannot be read: {}", files::reason(&error))),
                }
            }
        } else {
            self.no_folder(&folder.join(os_name), kind)
        };
        Entry { name, home, what, is_opened: false }
    }

    fn no_folder(&self, path: &Path, kind: fs::FileType) -> What {
        if !kind.is_symlink() && !kind.is_file() {
            return What::Left("a pipe, a socket or a device".to_owned());
        }
        let text = match kind.is_symlink() {
            false => None,
            true => match fs::read_link(path).map(|to| to.into_os_string().into_string()) {
                Ok(Ok(text)) => Some(text),
                Ok(Err(_)) => return What::Left("a link whose text is not UTF-8".to_owned()),
                Err(error) => {
                    return What::Left(format!("cannot be read: {}", files::reason(&error)));
                }
            },
        };
        if let Some(to) = text.as_ref().filter(|to| to.starts_with('/')) {
            return What::Kept(Kept::Absolute(to.clone()));
        }
        match fs::metadata(path) {
            Ok(found) if found.is_dir() => What::Linked,
            Ok(found) if found.is_file() => {
                let readable = camino::Utf8Path::from_path(path)
                    .is_none_or(|path| files::may_read(path).is_ok());
                if readable { What::File } else { What::Kept(Kept::Unreadable) }
            }
            Ok(_) => What::Left("a link to a pipe, a socket or a device".to_owned()),
            Err(_) => What::Kept(Kept::Dangling(text.unwrap_or_default())),
        }
    }
}

/// stow's `adjust_dotfile`: a `dot-` in front becomes a `.`, unless one follows.
fn dotted(name: &str) -> String {
    match name.strip_prefix("dot-") {
        Some(rest) if !rest.is_empty() && !rest.starts_with('.') => format!(".{rest}"),
        _ => name.to_owned(),
    }
}

/// A path and a name in it.
pub fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}/{name}") }
}
