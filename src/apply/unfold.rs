//! Links in the place of a folder that lead into the configuration, as stow makes them when it
//! folds: such a link becomes a folder of links, which shows what it showed.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};

use super::disk::Way;
use super::ledger::{Ledger, Original};
use super::manifest::{Entry, Kind};
use super::site::{Record, Site};
use super::wanted::{Bytes, Wanted};

/// The folder of a configuration, as links in a home lead into it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Own {
    /// As it is said.
    said: Utf8PathBuf,
    /// Links resolved.
    real: Utf8PathBuf,
}

impl Own {
    /// The folder of a configuration; none if the home is in it, for then everything would be.
    pub fn new(root: &Utf8Path, home: &Utf8Path) -> Option<Self> {
        let own = Self { said: root.to_owned(), real: real(root)? };
        let home = real(home)?;
        (!home.starts_with(&own.real)).then_some(own)
    }

    /// Whether a path, a link, leads into it: by its first step, or at its end.
    pub fn has(&self, link: &Utf8Path) -> bool {
        let Ok(to) = link.read_link_utf8() else { return false };
        let above = link.parent().and_then(real).unwrap_or_default();
        let step = crate::files::normal(&above.join(to));
        let inside = |path: &Utf8Path| path.starts_with(&self.real) || path.starts_with(&self.said);
        inside(&step) || real(link).is_some_and(|end| inside(&end))
    }
}

/// What is kept of a link that stood in a home, and comes back.
fn kept(site: &Site, original: &Original) -> Option<Utf8PathBuf> {
    let kept = match original {
        Original::Stored(name) => site.state.join(name),
        Original::Beside(at) => site.path.join(at),
        Original::Adopted => return None,
    };
    kept.read_link_utf8().ok()
}

/// Where a link leads that is kept and comes back to a path, if nothing is there.
pub fn dangles(site: &Site, original: &Original, path: &str) -> Option<String> {
    let to = kept(site, original)?;
    let above = site.path.join(path);
    let found = above.parent()?.join(&to).metadata();
    found.is_err_and(|error| error.kind() == io::ErrorKind::NotFound).then(|| to.into_string())
}

/// The text of a link at a path below a folder, to what was seen there through a link that stood at
/// that folder and is kept; none if it is gone.
pub fn behind(site: &Site, folder: &str, original: &Original, path: &str) -> Option<String> {
    let inner = path.strip_prefix(folder)?.trim_start_matches('/');
    let to = kept(site, original)?.join(inner);
    let above = site.path.join(folder);
    above.parent()?.join(&to).symlink_metadata().ok()?;
    let up = if to.is_absolute() { 0 } else { inner.split('/').count() };
    Some(format!("{}{to}", "../".repeat(up)))
}

/// Whether all that was seen at a folder of the home through a link that is kept is seen there
/// without it, once there are links at these paths.
pub fn shows(site: &Site, at: &str, original: &Original, linked: &BTreeSet<String>) -> bool {
    leads(site, at, original).is_some_and(|folder| is_seen(&site.path, at, &folder, linked))
}

fn is_seen(home: &Utf8Path, at: &str, folder: &Utf8Path, linked: &BTreeSet<String>) -> bool {
    let Ok(mut entries) = fs::read_dir(folder) else { return false };
    entries.all(|entry| {
        let name = entry.ok().and_then(|entry| entry.file_name().into_string().ok());
        name.is_some_and(|name| {
            let (path, from) = (format!("{at}/{name}"), folder.join(name));
            let same = || real(&home.join(&path)).is_some_and(|own| Some(own) == real(&from));
            let inside = || from.is_dir() && is_seen(home, &path, &from, linked);
            linked.contains(&path) || same() || inside()
        })
    })
}

fn real(path: &Utf8Path) -> Option<Utf8PathBuf> {
    path.canonicalize_utf8().ok()
}

/// Adds to what is wanted, which is sorted by path, what links in the place of its folders show
/// besides: each is a link into the folder that they lead to. It is the same in every run, until
/// such a link comes back.
///
/// # Errors
/// A folder that cannot be read, with the system's reason.
pub fn carry(
    site: &Site,
    record: &Record,
    wanted: &mut Vec<Wanted>,
    own: Option<&Own>,
) -> Result<(), (String, io::Error)> {
    let mut more = Vec::new();
    for (at, folder) in folds(site, record, wanted, own) {
        let mut carrier = Carrier { wanted, own, more: &mut more };
        carrier.folder(&at, &folder).map_err(|error| (at.clone(), error))?;
    }
    if !more.is_empty() {
        wanted.append(&mut more);
        wanted.sort_by(|a, b| a.entry.path.cmp(&b.entry.path));
    }
    Ok(())
}

/// The links in the place of a folder, and the folders that they lead to: those of this home, and
/// those that are kept until they come back.
fn folds(
    site: &Site,
    record: &Record,
    wanted: &[Wanted],
    own: Option<&Own>,
) -> Vec<(String, Utf8PathBuf)> {
    let mut seen = BTreeSet::new();
    let mut folds = Vec::new();
    for (path, original) in &record.ledger.originals {
        if !needs(wanted, path) {
            continue;
        }
        let folder = leads(site, path, original);
        folds.extend(folder.filter(|own| own.is_dir()).map(|folder| (path.clone(), folder)));
    }
    let mut managed = record.index.records.iter().map(|record| &record.entry.path).peekable();
    let mut missing = String::new();
    for one in wanted {
        let path = &one.entry.path;
        while managed.next_if(|own| *own < path).is_some() {}
        // Nothing is below a folder that was found to be none, or not to be there.
        let is_known = folds.last().is_some_and(|(at, _)| is_below(path, at))
            || !missing.is_empty() && is_below(path, &missing);
        if managed.peek() == Some(&path) || is_known {
            continue;
        }
        let at = match site.home.way(path) {
            Ok(Way::Link(at)) => at,
            Ok(Way::Missing(at)) => {
                missing = at;
                continue;
            }
            _ => continue,
        };
        if !seen.insert(at.clone()) {
            continue;
        }
        let link = site.path.join(&at);
        let source = one.source_path().and_then(|own| own.strip_suffix(path.strip_prefix(&*at)?));
        let leads = |folder: &Utf8PathBuf| {
            own.is_some_and(|own| own.has(&link))
                || source.and_then(|own| real(Utf8Path::new(own))).as_ref() == Some(folder)
        };
        let folder = real(&link).filter(|folder| folder.is_dir() && leads(folder));
        folds.extend(folder.map(|folder| (at, folder)));
    }
    folds
}

/// What an original, a link that stood at a path, leads to from there.
fn leads(site: &Site, path: &str, original: &Original) -> Option<Utf8PathBuf> {
    let kept = match original {
        Original::Stored(name) => site.state.join(name),
        Original::Beside(at) => site.path.join(at),
        Original::Adopted => return None,
    };
    real(&site.path.join(path).parent()?.join(kept.read_link_utf8().ok()?))
}

/// What a path showed before hcc through a link, its own or one in the place of a folder above it.
pub fn showed(site: &Site, ledger: &Ledger, path: &str) -> Option<Vec<u8>> {
    let (at, original) = Utf8Path::new(path)
        .ancestors()
        .find_map(|at| Some((at, ledger.originals.get(at.as_str())?)))?;
    let end = leads(site, at.as_str(), original)?;
    let file = match path.strip_prefix(at.as_str())?.strip_prefix('/') {
        Some(below) => end.join(below),
        None => end,
    };
    crate::files::read(&file).ok()
}

/// Carries one folder.
struct Carrier<'a> {
    wanted: &'a [Wanted],
    own: Option<&'a Own>,
    more: &'a mut Vec<Wanted>,
}

impl Carrier<'_> {
    fn folder(&mut self, at: &str, folder: &Utf8Path) -> io::Result<()> {
        for entry in fs::read_dir(folder)? {
            let Ok(name) = entry?.file_name().into_string() else { continue };
            let (path, from) = (format!("{at}/{name}"), folder.join(&name));
            if is_wanted(self.wanted, &path) {
                continue;
            }
            match needs(self.wanted, &path) {
                true if from.is_dir() => self.folder(&path, &from)?,
                // What is wanted needs a folder here.
                true => {}
                false => self.more.push(link(path, &self.said(from))),
            }
        }
        Ok(())
    }

    /// A path as the configuration's folder is said.
    fn said(&self, path: Utf8PathBuf) -> Utf8PathBuf {
        let below =
            self.own.and_then(|own| Some(own.said.join(path.strip_prefix(&own.real).ok()?)));
        below.unwrap_or(path)
    }
}

fn link(path: String, to: &Utf8Path) -> Wanted {
    let entry = Entry {
        path,
        kind: Kind::Live(to.to_string()),
        mode: 0,
        target: "home".to_owned(),
        on_change: None,
        force: false,
        drift: None,
        allow_parent: Vec::new(),
        shadowed_by: Vec::new(),
    };
    Wanted { entry: Arc::new(entry), bytes: Bytes::None, source: None }
}

/// What a link in the place of a folder is to what is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fold {
    /// A folder of links would not show what it shows.
    Other,
    /// A folder of links shows all of it.
    Whole,
    /// It shows this too, whose name is not UTF-8 and cannot be wanted: from the folder on, with
    /// marks for what cannot be read.
    Hides(String),
}

/// Whether everything that a folder shows is wanted at a path, as it is or otherwise.
pub fn fold(wanted: &[Wanted], at: &str, folder: &Utf8Path) -> Fold {
    let Ok(entries) = fs::read_dir(folder) else { return Fold::Other };
    for entry in entries {
        let Ok(entry) = entry else { return Fold::Other };
        let name = match entry.file_name().into_string() {
            Ok(name) => name,
            Err(name) => return Fold::Hides(name.to_string_lossy().into_owned()),
        };
        let (path, from) = (format!("{at}/{name}"), folder.join(&name));
        if is_wanted(wanted, &path) {
            continue;
        }
        if !from.is_dir() || !needs(wanted, &path) && !is_bare(&from) {
            return Fold::Other;
        }
        match fold(wanted, &path, &from) {
            Fold::Whole => {}
            Fold::Hides(inner) => return Fold::Hides(format!("{name}/{inner}")),
            Fold::Other => return Fold::Other,
        }
    }
    Fold::Whole
}

/// Whether there is no file in a folder, nor in those in it.
fn is_bare(folder: &Utf8Path) -> bool {
    walkdir::WalkDir::new(folder)
        .into_iter()
        .all(|entry| entry.is_ok_and(|entry| entry.file_type().is_dir()))
}

fn is_wanted(wanted: &[Wanted], path: &str) -> bool {
    wanted.binary_search_by(|own| own.entry.path.as_str().cmp(path)).is_ok()
}

/// Whether something below a path is wanted, so that it must be a folder.
pub fn needs(wanted: &[Wanted], path: &str) -> bool {
    let below = format!("{path}/");
    let at = wanted.partition_point(|own| own.entry.path < below);
    wanted.get(at).is_some_and(|own| own.entry.path.starts_with(&below))
}

fn is_below(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}
