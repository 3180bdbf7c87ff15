//! What differs at a path: in its content, where a link leads, and its permissions.

use std::fmt::Write as _;
use std::io;

use anstyle::{AnsiColor, Style};

use super::unified::unified;
use crate::apply::change::Change;
use crate::apply::disk::kind;
use crate::apply::ledger::Original;
use crate::apply::manifest::{Entry, Hash, Kind};
use crate::apply::plan::{Item, Put, Verb};
use crate::apply::site::Site;
use crate::apply::wanted::{Bytes, Wanted};
use crate::emit;
use crate::files::shown;
use rustix::fs::FileType;

/// What stands at a path, or will.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Side {
    /// The bytes; for a link that is no link of ours to content, a line that says where it leads.
    /// None if nothing stands there.
    pub bytes: Option<Vec<u8>>,
    /// Permissions, where they count.
    pub mode: Option<u32>,
}

impl Side {
    fn link(to: &str) -> Self {
        Self { bytes: Some(format!("-> {}\n", shown(to)).into_bytes()), mode: None }
    }
}

/// What stands at a path of which something is planned, and what will; none if that is the same
/// by its kind, as for what stays.
pub fn sides(item: &Item, change: &Change, site: &Site) -> Option<(Side, Side)> {
    let to = match item.verb {
        Verb::Add | Verb::Replace | Verb::Change | Verb::Merge | Verb::Restore | Verb::Adopt => {
            next(&item.path, change)?
        }
        Verb::Remove => left(&item.path, change),
        Verb::GiveBack => given_back(&item.path, change, site),
        Verb::Keep | Verb::Leave | Verb::Hold | Verb::Repair => return None,
    };
    Some((now(&item.path, &to, change, site), to))
}

/// What would become of a path that is kept, if it were not: as it stands, and as hcc would have it.
pub fn edit(item: &Item, change: &Change, site: &Site) -> Option<(Side, Side)> {
    let mut ours = next(&item.path, change)?;
    let mut theirs = now(&item.path, &ours, change, site);
    let found = change.wanted.binary_search_by(|own| own.entry.path.as_str().cmp(&item.path));
    let wanted = found.ok().and_then(|at| change.wanted.get(at));
    if wanted.is_some_and(|own| matches!(own.entry.kind, Kind::Link(_))) {
        // What a link leads to has the store's permissions.
        (ours.mode, theirs.mode) = (None, None);
    }
    Some((theirs, ours))
}

/// What will stand there.
fn next(path: &str, change: &Change) -> Option<Side> {
    if let Some(Put::Bytes(bytes, mode)) = put(path, change) {
        return Some(Side { bytes: Some(bytes.clone()), mode: Some(*mode) });
    }
    let found = change.wanted.binary_search_by(|wanted| wanted.entry.path.as_str().cmp(path));
    let wanted = found.ok().and_then(|at| change.wanted.get(at))?;
    of(wanted)
}

fn of(wanted: &Wanted) -> Option<Side> {
    match &wanted.entry.kind {
        Kind::Link(_) | Kind::Copy(_) => {
            let bytes = wanted.read().ok()?.into_owned();
            Some(Side { bytes: Some(bytes), mode: Some(wanted.entry.mode) })
        }
        Kind::Plain(to) => Some(Side::link(to)),
        Kind::Live(to) => Some(match crate::files::read(to.as_str().into()) {
            Ok(bytes) => Side { bytes: Some(bytes), mode: None },
            // A folder as one link.
            Err(_) => Side::link(to),
        }),
        // Nothing of it is put: only its keys count, and those are as they shall be.
        Kind::Merge(_) => None,
    }
}

fn put<'a>(path: &str, change: &'a Change) -> Option<&'a Put> {
    let placed = change.plan.places.iter().find(|place| place.path == path);
    placed.map(|place| &place.put)
}

/// What is left at a path from which something goes: what the user's keys come to, or nothing.
fn left(path: &str, change: &Change) -> Side {
    match put(path, change) {
        Some(Put::Bytes(bytes, mode)) => Side { bytes: Some(bytes.clone()), mode: Some(*mode) },
        _ => Side::default(),
    }
}

/// What comes back.
fn given_back(path: &str, change: &Change, site: &Site) -> Side {
    let leave = change.plan.leaves.iter().find(|leave| leave.path == path);
    let folder = match leave.and_then(|leave| leave.back.as_ref()) {
        Some(Original::Stored(name)) => site.state.join(name),
        Some(Original::Beside(beside)) => site.path.join(beside),
        Some(Original::Adopted) | None => return left(path, change),
    };
    match (std::fs::read_link(&folder), std::fs::read(&folder)) {
        (Ok(to), _) => Side::link(&to.to_string_lossy()),
        (Err(_), Ok(bytes)) => Side { bytes: Some(bytes), mode: None },
        (Err(_), Err(_)) => Side { bytes: Some(b"a folder\n".to_vec()), mode: None },
    }
}

/// What stands there, told in the way of what will: links to content count as that content.
fn now(path: &str, to: &Side, change: &Change, site: &Site) -> Side {
    let Ok(Some(stamp)) = site.home.look(path) else {
        // Behind a link in the place of a folder, as stow folds it, it is there all the same.
        let found = site.home.read_through(path).ok();
        return found
            .map_or_else(Side::default, |(bytes, _)| Side { bytes: Some(bytes), mode: None });
    };
    match kind(&stamp) {
        FileType::Symlink => {
            let text = site.home.link_text(path).unwrap_or_default();
            let text = String::from_utf8_lossy(&text).into_owned();
            let plain = |bytes: &Option<Vec<u8>>| {
                bytes.as_ref().is_some_and(|bytes| bytes.starts_with(b"-> "))
            };
            let record = change.record.index.record(path).map(|record| &record.entry);
            let managed = record.and_then(|entry| match entry.kind {
                Kind::Link(_) => Some(entry.mode),
                _ => None,
            });
            match site.home.read_through(path) {
                Ok((bytes, _))
                    if !plain(&to.bytes) && (managed.is_some() || to.bytes.is_some()) =>
                {
                    Side { bytes: Some(bytes), mode: managed }
                }
                Ok((bytes, _)) if managed.is_some() => Side { bytes: Some(bytes), mode: managed },
                _ => Side::link(&text),
            }
        }
        FileType::RegularFile => match site.home.read(path) {
            Ok((bytes, stamp)) => Side { bytes: Some(bytes), mode: Some(stamp.mode & 0o7777) },
            Err(_) => Side { bytes: Some(b"a file that cannot be read\n".to_vec()), mode: None },
        },
        FileType::Directory => Side { bytes: Some(b"a folder\n".to_vec()), mode: None },
        _ => Side { bytes: Some(b"a pipe, a socket or a device\n".to_vec()), mode: None },
    }
}

/// What a generation holds at a path. Of a merged file that is what it declares, written as the
/// file would be if nobody else wrote into it.
///
/// # Errors
/// The system's own; a content that is not what it was.
pub fn in_generation(entry: &Entry, number: u64, site: &Site) -> io::Result<Side> {
    let path = site.state.join(format!("generations/{number}/home")).join(&entry.path);
    match &entry.kind {
        Kind::Plain(to) | Kind::Live(to) => Ok(Side::link(to)),
        Kind::Link(hash) | Kind::Copy(hash) => {
            let bytes = std::fs::read(&path).map_err(|error| {
                io::Error::new(error.kind(), format!("{}: {error}", shown(&path)))
            })?;
            if Hash::of(&bytes) != *hash {
                return Err(io::Error::other(format!(
                    "{} was changed by somebody else",
                    shown(&path)
                )));
            }
            Ok(Side { bytes: Some(bytes), mode: Some(entry.mode) })
        }
        Kind::Merge(_) => {
            let wanted =
                Wanted { entry: entry.clone().into(), bytes: Bytes::Tree(path), source: None };
            let declared = wanted.declared().map_err(io::Error::other)?;
            let format = emit::find(&declared.format);
            let text = format
                .and_then(|format| emit::write(format, &declared.value, &declared.params).ok());
            Ok(Side {
                bytes: Some(text.map_or_else(Vec::new, |text| text.text.into_bytes())),
                mode: None,
            })
        }
    }
}

/// How two sides differ, as a unified difference with git's lines for permissions; empty if they
/// do not.
pub fn between(from: &Side, to: &Side, path: &str) -> String {
    let [old, new] = ["a", "b"].map(|letter| shown(&format!("{letter}/{path}")).into_owned());
    let text = unified(from.bytes.as_deref(), to.bytes.as_deref(), &old, &new);
    match (from.mode, to.mode) {
        (Some(from), Some(to)) if from != to => {
            format!("diff --git {old} {new}\nold mode 10{from:04o}\nnew mode 10{to:04o}\n{text}")
        }
        _ => text,
    }
}

/// A difference in colours. Where they are not wanted, what prints takes them out again.
pub fn coloured(text: &str, out: &mut String) {
    let colour = |colour: AnsiColor| Style::new().fg_color(Some(colour.into()));
    let bold = Style::new().bold();
    let mut head = true;
    for line in text.split_inclusive('\n') {
        head &= !line.starts_with("@@");
        let style = match line.as_bytes().first() {
            _ if head => bold,
            Some(b'@') => colour(AnsiColor::Cyan),
            Some(b'+') => colour(AnsiColor::Green),
            Some(b'-') => colour(AnsiColor::Red),
            _ => Style::new(),
        };
        let (line, end) = line.strip_suffix('\n').map_or((line, ""), |line| (line, "\n"));
        let _ = write!(out, "{style}{line}{style:#}{end}");
    }
}
