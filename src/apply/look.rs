//! What stands at the paths that are managed or wanted.

use std::cell::RefCell;
use std::collections::HashSet;
use std::io;

use camino::Utf8Path;
use rustix::fs::FileType;

use super::disk::{Disk, Way, kind, same};
use super::index::Record;
use super::ledger::Ledger;
use super::manifest::{Entry, Hash, Kind};
use super::wanted::Wanted;
use crate::files::shown;
use crate::ir::Stamp;

/// What was found at a path.
#[derive(Clone, Debug, PartialEq)]
pub enum Found {
    /// What hcc left there. The stamp is fresh if something was read to see that.
    AsLeft(Option<Stamp>),
    /// Our link, but what it leads to is gone or has another mode: to be made again.
    Worn(Stamp),
    /// Our link, through which something was written.
    Through {
        /// The link.
        stamp: Stamp,
        /// What was written.
        hash: Hash,
    },
    /// Nothing.
    Absent,
    /// A file.
    File {
        /// The file.
        stamp: Stamp,
        /// Whether it holds what is wanted there.
        same: bool,
    },
    /// A link.
    Link {
        /// The link.
        stamp: Stamp,
        /// Where it points.
        to: String,
        /// Whether what it leads to holds what is wanted there.
        same: bool,
    },
    /// A folder.
    Folder {
        /// The folder.
        stamp: Stamp,
        /// Whether hcc made it, and nothing is in it but what leaves.
        leaves: bool,
    },
    /// A pipe, a socket, a device.
    Special(Stamp),
    /// There is no way to it.
    NoWay(Way),
}

impl Found {
    /// What stands there, as it was seen; none if nothing does or if it was not looked at closely.
    pub fn stamp(&self) -> Option<&Stamp> {
        match self {
            Found::AsLeft(stamp) => stamp.as_ref(),
            Found::Worn(stamp)
            | Found::Through { stamp, .. }
            | Found::File { stamp, .. }
            | Found::Link { stamp, .. }
            | Found::Folder { stamp, .. }
            | Found::Special(stamp) => Some(stamp),
            Found::Absent | Found::NoWay(_) => None,
        }
    }

    /// What it is, in words.
    pub fn what(&self) -> String {
        match self {
            Found::AsLeft(_) | Found::Worn(_) => "hcc's own".to_owned(),
            Found::Through { .. } | Found::File { .. } => "a file".to_owned(),
            Found::Absent => "nothing".to_owned(),
            Found::Link { to, .. } => format!("a link to {}", shown(to)),
            Found::Folder { .. } => "a folder".to_owned(),
            Found::Special(_) => "a pipe, a socket or a device".to_owned(),
            Found::NoWay(Way::Link(at)) => format!("{} is a link", shown(at)),
            Found::NoWay(Way::Blocked(at)) => format!("{} is a file", shown(at)),
            Found::NoWay(_) => "nothing".to_owned(),
        }
    }
}

/// Where to look.
pub struct Eye<'a> {
    /// The home.
    pub home: &'a Disk,
    /// Where links lead: the state's `current/home`, absolute.
    pub view: &'a str,
    /// The same with a slash at its end.
    pub prefix: String,
    /// What is there; none before the first generation.
    pub contents: Option<Disk>,
    /// What was there before.
    pub ledger: &'a Ledger,
    /// The managed paths that are not wanted any more.
    pub leaving: &'a HashSet<&'a str>,
    /// The last folder that was found missing: nothing is below it.
    pub missing: RefCell<String>,
}

impl<'a> Eye<'a> {
    /// Looks at a home whose links lead to `view`.
    pub fn new(
        home: &'a Disk,
        view: &'a str,
        ledger: &'a Ledger,
        leaving: &'a HashSet<&'a str>,
    ) -> Self {
        let (prefix, contents) = (format!("{view}/"), Disk::open_tree(Utf8Path::new(view)).ok());
        Self { home, view, prefix, contents, ledger, leaving, missing: RefCell::default() }
    }

    /// The text of our link at a path.
    pub fn link_text(&self, path: &str) -> String {
        format!("{}/{path}", self.view)
    }

    /// Looks at a path that hcc manages; `wanted` is what shall stand there now.
    ///
    /// # Errors
    /// The system's own.
    pub fn managed(&self, record: &Record, wanted: Option<&Wanted>) -> io::Result<Found> {
        let path = &record.entry.path;
        let left = |now: Option<Stamp>| matches!((now, &record.home), (Some(now), Some(left)) if same(&now, left));
        let as_left = match &record.entry.kind {
            // The link, and what it leads to: two short ways cost less than the long one.
            Kind::Link(_) => {
                self.home.points_to(path, &self.prefix, path)
                    && left(self.contents.as_ref().and_then(|own| own.look(path).ok().flatten()))
            }
            Kind::Copy(_) | Kind::Merge(_) => left(self.home.look(path)?),
            Kind::Live(to) | Kind::Plain(to) => self.home.points_to(path, "", to),
        };
        if as_left {
            return Ok(Found::AsLeft(None));
        }
        let Some(stamp) = self.home.look(path)? else { return self.nothing(path) };
        match (&record.entry.kind, kind(&stamp)) {
            (Kind::Link(hash), FileType::Symlink) => {
                let to = self.text(path)?;
                if is_ours(self.view, path, &to) {
                    return Ok(self.through(&record.entry, *hash, stamp, &to));
                }
            }
            (Kind::Live(to), FileType::Symlink) if self.leads_to(path, to) => {
                return Ok(Found::AsLeft(Some(stamp)));
            }
            (Kind::Copy(hash), FileType::RegularFile)
                if stamp.mode & 0o7777 == record.entry.mode
                    && self.home.read(path).is_ok_and(|(bytes, _)| Hash::of(&bytes) == *hash) =>
            {
                return Ok(Found::AsLeft(Some(stamp)));
            }
            _ => {}
        }
        self.anything(path, stamp, wanted)
    }

    /// Our own link, when what it leads to is not as it was.
    fn through(&self, entry: &Entry, hash: Hash, stamp: Stamp, to: &str) -> Found {
        if to != self.link_text(&entry.path) {
            return Found::Worn(stamp);
        }
        match self.home.read_through(&entry.path) {
            Ok((bytes, content)) => match Hash::of(&bytes) {
                now if now != hash => Found::Through { stamp, hash: now },
                _ if content.mode & 0o777 != entry.mode & 0o555 => Found::Worn(stamp),
                _ => Found::AsLeft(Some(content)),
            },
            Err(_) => Found::Worn(stamp),
        }
    }

    /// Looks at a path that hcc does not manage.
    ///
    /// # Errors
    /// The system's own.
    pub fn unmanaged(&self, wanted: &Wanted) -> io::Result<Found> {
        let path = &wanted.entry.path;
        let missing = self.missing.borrow();
        let below = path.strip_prefix(missing.as_str()).is_some_and(|rest| rest.starts_with('/'));
        if below && !missing.is_empty() {
            return Ok(Found::Absent);
        }
        drop(missing);
        match self.home.look(path)? {
            Some(stamp) => self.anything(path, stamp, Some(wanted)),
            None => self.nothing(path),
        }
    }

    fn nothing(&self, path: &str) -> io::Result<Found> {
        Ok(match self.home.way(path)? {
            Way::Clear => Found::Absent,
            Way::Missing(at) => {
                *self.missing.borrow_mut() = at;
                Found::Absent
            }
            way => Found::NoWay(way),
        })
    }

    fn anything(&self, path: &str, stamp: Stamp, wanted: Option<&Wanted>) -> io::Result<Found> {
        Ok(match kind(&stamp) {
            FileType::RegularFile => {
                let held = || self.home.read(path).map(|(bytes, _)| bytes);
                Found::File { stamp, same: holds(wanted, held) }
            }
            FileType::Symlink => {
                let mut to = self.text(path)?;
                if let Some(Kind::Live(own)) = wanted.map(|wanted| &wanted.entry.kind)
                    && self.leads_to(path, own)
                {
                    // However it says so, it leads to the very file.
                    to.clone_from(own);
                }
                let same = match wanted.map(|wanted| &wanted.entry.kind) {
                    Some(Kind::Live(own) | Kind::Plain(own)) if *own == to => true,
                    Some(Kind::Plain(_)) => false,
                    _ => holds(wanted, || self.home.read_through(path).map(|(bytes, _)| bytes)),
                };
                Found::Link { stamp, to, same }
            }
            FileType::Directory => Found::Folder { stamp, leaves: self.leaves(path) },
            _ => Found::Special(stamp),
        })
    }

    /// Whether a path leads to a file, given by its whole path.
    fn leads_to(&self, path: &str, to: &str) -> bool {
        let own = crate::files::look(to.into());
        matches!((self.home.through(path), own), (Some(there), Ok((_, own))) if (there.dev, there.ino) == (own.dev, own.ino))
    }

    fn text(&self, path: &str) -> io::Result<String> {
        Ok(String::from_utf8_lossy(&self.home.link_text(path)?).into_owned())
    }

    /// Whether hcc made a folder, and nothing is in it but what leaves.
    pub(super) fn leaves(&self, path: &str) -> bool {
        self.ledger.folders.contains(path)
            && self.home.list(path).is_ok_and(|names| {
                names.iter().all(|name| {
                    let inner = format!("{path}/{name}");
                    match self.home.look(&inner) {
                        Ok(Some(stamp)) if kind(&stamp) == FileType::Directory => {
                            self.leaves(&inner)
                        }
                        _ => self.leaving.contains(inner.as_str()),
                    }
                })
            })
    }
}

/// Whether a link's text is one that hcc made for this path, here or where this home was before it
/// was moved.
pub fn is_ours(view: &str, path: &str, to: &str) -> bool {
    let folder = view.strip_suffix("/current/home").unwrap_or(view);
    let name = Utf8Path::new(folder).file_name().unwrap_or("hcc");
    to.strip_suffix(path)
        .and_then(|rest| rest.strip_suffix("/current/home/"))
        .is_some_and(|rest| rest == folder || rest.rsplit('/').next() == Some(name))
}

/// Whether bytes are those that are wanted. What cannot be read holds something else.
fn holds(wanted: Option<&Wanted>, held: impl Fn() -> io::Result<Vec<u8>>) -> bool {
    let Some(wanted) = wanted else { return false };
    match &wanted.entry.kind {
        Kind::Link(hash) | Kind::Copy(hash) => held().is_ok_and(|bytes| Hash::of(&bytes) == *hash),
        Kind::Live(source) => {
            let own = crate::files::read(source.as_str().into());
            held().is_ok_and(|bytes| own.is_ok_and(|own| own == bytes))
        }
        Kind::Merge(_) | Kind::Plain(_) => false,
    }
}
