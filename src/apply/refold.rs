//! Where stow has made one link of the folders that hcc's own is in, `~/.local` mostly, hcc's folder
//! would lie in a package. Such a link becomes a folder of links that shows the same, as stow itself
//! makes them when a second package comes, and the link again once hcc's folder is gone.
//!
//! Both are one exchange of names: what is killed before or after it leaves a home that shows what
//! it showed.

use std::io;
use std::os::unix::fs::PermissionsExt;

use camino::{Utf8Path, Utf8PathBuf};
use serde::{Deserialize, Serialize};

use super::disk::{Disk, exchange, kind};
use super::state::{MARK, State, StateError};
use crate::files::shown;

/// A link that became a folder of links.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unfolded {
    /// Where it stood, below the home.
    pub path: String,
    /// What it said.
    pub text: String,
    /// When it was made, in nanoseconds since 1970.
    pub time: i64,
}

/// The link above hcc's folder, which is not there yet, that leads into a configuration, and where
/// it leads.
pub fn in_the_way(state: &Utf8Path, root: &Utf8Path) -> Option<(Utf8PathBuf, Utf8PathBuf)> {
    let root = root.canonicalize_utf8().ok()?;
    state.ancestors().filter(|_| !state.exists()).find_map(|link| {
        let to = link.is_symlink().then(|| link.canonicalize_utf8().ok()).flatten()?;
        to.starts_with(&root).then(|| (link.to_owned(), to))
    })
}

/// Makes a folder of links of the link, with hcc's folder in it.
///
/// # Errors
/// The system's own, also where it cannot exchange names; `InvalidInput` for a link that shows what
/// links would not. Nothing was changed then.
pub fn unfold(home: &Utf8Path, state: &Utf8Path, link: &Utf8Path) -> Result<(), StateError> {
    let io = |error| StateError::Io(link.to_owned(), error);
    let (Ok(at), Ok(inner)) = (link.strip_prefix(home), state.strip_prefix(link)) else {
        return Err(io(io::ErrorKind::InvalidInput.into()));
    };
    let _alone = crate::files::alone(home).map_err(io)?;
    if !link.is_symlink() {
        // Another run was first.
        return Ok(());
    }
    let disk = Disk::open(home).map_err(io)?;
    let folder = link.canonicalize_utf8().map_err(io)?;
    let said = disk.link_text(at.as_str()).map_err(io)?;
    let text = String::from_utf8(said).map_err(|_| io(io::ErrorKind::InvalidInput.into()))?;
    let time = disk.look(at.as_str()).map_err(io)?.map_or(0, |found| found.mtime);
    let own = Unfolded { path: at.to_string(), text, time };
    let staged = own.staged();
    if !is_left_over(&disk, &staged).map_err(io)? {
        return Err(io(io::ErrorKind::AlreadyExists.into()));
    }
    disk.remove_all(&staged).map_err(io)?;
    let made = own.build(&disk, &folder, inner).map_err(io);
    let done = made.and_then(|missing| {
        let above = inner.ancestors().skip(1).take(missing);
        let above = above.map(|own| link.join(own).into_string()).collect();
        let state = State { path: home.join(&staged).join(inner) };
        state.begin(home, above, own.clone())?;
        disk.sync_all().map_err(io)?;
        match exchange((&disk, &staged), (&disk, at.as_str())).map_err(io)? {
            true => Ok(()),
            false => Err(io(io::ErrorKind::Unsupported.into())),
        }
    });
    // What is there now is the link, or what did not come about.
    disk.remove_all(&staged).map_err(io)?;
    done
}

/// Makes the link again, if the folder in its place shows what it showed and nothing else. What is
/// said if it does not.
pub fn refold(home: &Disk, own: &Unfolded) -> Option<String> {
    let why = match own.fold_again(home) {
        Ok(true) => return None,
        Ok(false) => "it holds other things by now".to_owned(),
        Err(error) => crate::files::reason(&error),
    };
    let (path, text) = (shown(&own.path), shown(&own.text));
    Some(format!("{path} as a folder of links, where a link to {text} was: {why}"))
}

impl Unfolded {
    fn staged(&self) -> String {
        format!("{}.hcc-new", self.path)
    }

    /// The text of a link to what is at a path below.
    fn behind(&self, below: &str) -> String {
        let to = Utf8Path::new(&self.text).join(below);
        let up = if to.is_absolute() { 0 } else { below.split('/').count() };
        format!("{}{to}", "../".repeat(up))
    }

    /// Builds the folder beside the link; how many of the folders above hcc's it had to add.
    fn build(&self, disk: &Disk, folder: &Utf8Path, inner: &Utf8Path) -> io::Result<usize> {
        let (staged, mode) = (self.staged(), folder.symlink_metadata()?.permissions());
        let (mut at, mut from) = (Utf8PathBuf::new(), Some(folder.to_owned()));
        let mut added = 0;
        for next in inner.components() {
            disk.make_folder(&path(&staged, &at), false)?;
            added += usize::from(from.is_none());
            let mut further = None;
            for name in from.iter().flat_map(|from| names(from)).collect::<io::Result<Vec<_>>>()? {
                let below = at.join(&name);
                let there = folder.join(&below);
                if name == next.as_str() {
                    let is_folder = there.symlink_metadata()?.is_dir();
                    further = is_folder.then_some(there);
                    if further.is_none() {
                        return Err(io::ErrorKind::InvalidInput.into());
                    }
                    continue;
                }
                disk.link(&self.behind(below.as_str()), &path(&staged, &below))?;
            }
            at.push(next.as_str());
            from = further;
        }
        disk.make_folder(&path(&staged, &at), true)?;
        disk.set_mode(&staged, mode.mode() & 0o7777)?;
        Ok(added)
    }

    fn fold_again(&self, home: &Disk) -> io::Result<bool> {
        let above = home.path.join(&self.path);
        let above = above.parent().unwrap_or(&home.path);
        let folder = above.join(&self.text).canonicalize_utf8()?;
        let is_folder = |found: Option<crate::ir::Stamp>| {
            found.is_some_and(|found| kind(&found) == rustix::fs::FileType::Directory)
        };
        if !is_folder(home.look(&self.path)?) || !self.shows(home, &self.path, "", &folder)? {
            return Ok(false);
        }
        let staged = self.staged();
        if !is_left_over(home, &staged)? {
            return Ok(false);
        }
        home.remove_all(&staged)?;
        home.link(&self.text, &staged)?;
        home.set_time(&staged, self.time)?;
        if !exchange((home, &staged), (home, &self.path))? {
            home.unlink(&staged)?;
            return Err(io::ErrorKind::Unsupported.into());
        }
        // Somebody may have put something there in between.
        if !self.shows(home, &staged, "", &folder)? {
            exchange((home, &staged), (home, &self.path))?;
            home.unlink(&staged)?;
            return Ok(false);
        }
        home.remove_all(&staged)?;
        home.sync_folder(self.path.rsplit_once('/').map_or("", |(above, _)| above))?;
        Ok(true)
    }

    /// Whether a folder has a link to each thing in the one that the link led to, and nothing else.
    fn shows(&self, home: &Disk, at: &str, below: &str, folder: &Utf8Path) -> io::Result<bool> {
        let mut wanted = names(folder).collect::<io::Result<Vec<_>>>()?;
        wanted.sort_unstable();
        if home.list(at)? != wanted {
            return Ok(false);
        }
        for name in wanted {
            let (here, below) = (format!("{at}/{name}"), format!("{below}{name}"));
            let is_link = match home.look(&here)? {
                Some(found) => kind(&found) == rustix::fs::FileType::Symlink,
                None => return Ok(false),
            };
            let from = folder.join(&name);
            let same = match is_link {
                true => home.link_text(&here)? == self.behind(&below).into_bytes(),
                false => from.is_dir() && self.shows(home, &here, &format!("{below}/"), &from)?,
            };
            if !same {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// A path below one that is given.
fn path(above: &str, below: &Utf8Path) -> String {
    Utf8Path::new(above).join(below).as_str().trim_end_matches('/').to_owned()
}

/// The names in a folder; one that is not UTF-8 is an error.
fn names(folder: &Utf8Path) -> Box<dyn Iterator<Item = io::Result<String>>> {
    match folder.read_dir_utf8() {
        Err(error) => Box::new(std::iter::once(Err(error))),
        Ok(entries) => Box::new(entries.map(|entry| Ok(entry?.file_name().to_owned()))),
    }
}

/// Whether nothing stands at a path, or what a run left there that was killed: links, folders of
/// links, and the record of a folder of hcc's in which nothing is yet.
fn is_left_over(disk: &Disk, path: &str) -> io::Result<bool> {
    let Some(found) = disk.look(path)? else { return Ok(true) };
    match kind(&found) {
        rustix::fs::FileType::Symlink => Ok(true),
        rustix::fs::FileType::Directory => disk.list(path)?.iter().try_fold(true, |all, name| {
            Ok(all && (name.starts_with(MARK) || is_left_over(disk, &format!("{path}/{name}"))?))
        }),
        _ => Ok(false),
    }
}
