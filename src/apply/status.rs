//! What of a home is not as hcc left it. It only looks: nothing is written, not even a folder.

use std::io;

use super::command::Environment;
use super::dirty::{self, Dirty};
use super::ledger::{Ledger, Pending};
use super::look::Found;
use super::manifest::{self, Kind, Manifest};
use super::plan::Sight;
use super::prepare::look;
use super::shadow::{self, Shadow};
use super::site::Site;
use super::state::StateError;
use super::switch::SwitchError;
use super::{action, preference, wanted};

/// What is known of a home.
#[derive(Debug, Default, serde::Serialize)]
pub struct Status {
    /// The generation in effect; none before the first.
    pub generation: Option<Head>,
    /// A switch that did not end.
    pub interrupted: Option<Interrupted>,
    /// Managed paths that are not as they were left, by path.
    pub drift: Vec<Drifted>,
    /// Paths at which the last switch could not do what it was to do.
    pub pending: Vec<Waiting>,
    /// Commands of the last switch that did not succeed; the next `hcc apply` tries them again.
    pub failed: Vec<String>,
    /// Sources of `live` links that are not as the repository has them.
    pub dirty: Vec<Dirty>,
    /// What is not hcc's and wins over something that is.
    pub shadows: Vec<Shadow>,
    /// Preferences of macOS that are not what hcc wrote.
    pub preferences: Vec<preference::Drifted>,
    /// Edits that made room and can be had back.
    pub saved: Vec<Saved>,
}

/// A generation in a few words.
#[derive(Debug, serde::Serialize)]
pub struct Head {
    /// Its number.
    pub number: u64,
    /// When it was made, in seconds since 1970.
    pub created: u64,
    /// What made it.
    pub by: String,
    /// How many paths it manages.
    pub files: usize,
}

/// A switch that did not end. The next command that changes anything ends it.
#[derive(Debug, serde::Serialize)]
pub struct Interrupted {
    /// The generation that it came from; 0 before the first.
    pub from: u64,
    /// The one that it leads to.
    pub to: u64,
    /// Whether that one took effect: then it will be completed, else taken back.
    pub took_effect: bool,
}

/// A managed path that is not as it was left.
#[derive(Debug, serde::Serialize)]
pub struct Drifted {
    /// Relative to the home.
    pub path: String,
    /// What happened to it.
    pub kind: Drift,
    /// The target that makes it.
    pub target: String,
    /// How it is managed.
    pub install: &'static str,
    /// For a merged file the keys that were edited; for a link where it leads now; why something
    /// cannot be told.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub about: Vec<String>,
}

/// What somebody did to a managed path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Drift {
    /// The file holds something else.
    Edited,
    /// Declared keys of a file that its program also writes hold something else.
    Keys,
    /// Something was written through the link.
    Through,
    /// A file with other content stands in the place of the link.
    Replaced,
    /// A file with the same content stands in the place of the link.
    ReplacedBySame,
    /// The permissions are others.
    Mode,
    /// It is gone.
    Deleted,
    /// The link leads to somewhere else.
    Relinked,
    /// A folder stands in its place.
    Folder,
    /// A pipe, a socket or a device stands in its place.
    Special,
    /// There is no way to it.
    Unreachable,
    /// The content in hcc's folder is gone or has another mode.
    Worn,
    /// The link is as it was; what it leads to in the configuration is gone.
    Dangling,
    /// The file cannot be read key by key.
    Unreadable,
}

impl Drift {
    /// In words.
    pub fn said(self) -> &'static str {
        match self {
            Drift::Edited | Drift::Keys => "edited",
            Drift::Through => "edited through the link",
            Drift::Replaced => "replaced by a file",
            Drift::ReplacedBySame => "replaced by a file with the same content",
            Drift::Mode => "its permissions were changed",
            Drift::Deleted => "deleted",
            Drift::Relinked => "made a link to somewhere else",
            Drift::Folder => "replaced by a folder",
            Drift::Special => "replaced by a pipe, a socket or a device",
            Drift::Unreachable => "out of reach",
            Drift::Worn => "its content in hcc's folder was touched; apply makes it again",
            Drift::Dangling => "its source is gone",
            Drift::Unreadable => "cannot be read",
        }
    }
}

/// A path at which something is still to be done.
#[derive(Debug, serde::Serialize)]
pub struct Waiting {
    /// Relative to the home.
    pub path: String,
    /// Whether it is to come; else it is to go.
    pub to_come: bool,
}

/// An edit that made room.
#[derive(Debug, serde::Serialize)]
pub struct Saved {
    /// Where it stood, relative to the home.
    pub path: String,
    /// Where it is, absolute.
    pub at: String,
}

impl Status {
    /// Whether all is as hcc left it. What was saved, what is not committed and what wins over it
    /// are named, and are no difference.
    pub fn is_clean(&self) -> bool {
        let Self {
            generation: _,
            interrupted,
            drift,
            pending,
            failed,
            dirty: _,
            shadows: _,
            preferences,
            saved: _,
        } = self;
        interrupted.is_none()
            && drift.is_empty()
            && pending.is_empty()
            && failed.is_empty()
            && preferences.is_empty()
    }
}

/// Looks at a home.
///
/// # Errors
/// [`SwitchError`]: a record that cannot be read, or a path that cannot be looked at.
pub fn status(site: &mut Site, environment: &Environment) -> Result<Status, SwitchError> {
    let record = site.record()?;
    let number = record.index.generation;
    let manifest = match number {
        0 => Manifest::default(),
        number => manifest::read(&site.state, number)?,
    };
    let paths = wanted::of_generation(&manifest, &site.state);
    let sights =
        look(site, &record, &paths).map_err(|(path, error)| SwitchError::Io(path, error))?;
    let drift = sights.iter().filter_map(drifted).collect();
    let is_managed = |path: &str| manifest.entry(path).is_some();
    let shadows = shadow::of(manifest.entries.iter().map(|entry| &**entry), is_managed, site);
    let head = Head {
        number,
        created: manifest.created,
        by: manifest.by.clone(),
        files: manifest.entries.len(),
    };
    Ok(Status {
        generation: (number > 0).then_some(head),
        interrupted: interrupted(site, number)?,
        drift,
        pending: waiting(&record.ledger),
        failed: action::open(&site.state)?,
        dirty: dirty::of(&manifest, environment),
        shadows,
        preferences: preference::drift(&site.state, environment)?,
        saved: saved(&record.ledger, site),
    })
}

fn interrupted(site: &Site, current: u64) -> Result<Option<Interrupted>, StateError> {
    Ok(site.journal()?.map(|journal| Interrupted {
        from: journal.from,
        to: journal.generation,
        took_effect: current == journal.generation && journal.steps.is_some(),
    }))
}

fn waiting(ledger: &Ledger) -> Vec<Waiting> {
    let waiting = ledger.pending.iter().map(|(path, pending)| Waiting {
        path: path.clone(),
        to_come: matches!(pending, Pending::NotPlaced),
    });
    waiting.collect()
}

/// Those that nobody has taken away.
fn saved(ledger: &Ledger, site: &Site) -> Vec<Saved> {
    let there = |name: &&String| site.state.join(name.as_str()).symlink_metadata().is_ok();
    let saved = ledger.saved.iter().filter(|(name, _)| there(name));
    saved
        .map(|(name, path)| Saved { path: path.clone(), at: site.state.join(name).into_string() })
        .collect()
}

/// What happened to a path; none if it is as it was left, or still to come or go.
pub fn drifted(sight: &Sight) -> Option<Drifted> {
    let entry = &sight.record?.entry;
    sight.wanted?;
    let (kind, about) = match (&sight.found, sight.merged.as_deref()) {
        (_, Some(Err(reason))) => (Drift::Unreadable, vec![reason.clone()]),
        (Found::File { .. } | Found::AsLeft(_), Some(Ok(merge))) => {
            if merge.edited.is_empty() {
                return None;
            }
            (Drift::Keys, merge.edited.clone())
        }
        (Found::AsLeft(_), None) => match &entry.kind {
            Kind::Live(to) if is_gone(to) => (Drift::Dangling, vec![to.clone()]),
            _ => return None,
        },
        (found, _) => kind(found, &entry.kind),
    };
    let (path, target) = (entry.path.clone(), entry.target.clone());
    Some(Drifted { path, kind, target, install: entry.kind.name(), about })
}

fn kind(found: &Found, managed: &Kind) -> (Drift, Vec<String>) {
    let kind = match found {
        Found::AsLeft(_) | Found::Worn(_) => Drift::Worn,
        Found::Through { .. } => Drift::Through,
        Found::Absent => Drift::Deleted,
        Found::File { same, .. } => match managed {
            Kind::Copy(_) if *same => Drift::Mode,
            Kind::Copy(_) | Kind::Merge(_) => Drift::Edited,
            Kind::Link(_) | Kind::Live(_) | Kind::Plain(_) if *same => Drift::ReplacedBySame,
            Kind::Link(_) | Kind::Live(_) | Kind::Plain(_) => Drift::Replaced,
        },
        Found::Link { to, .. } => return (Drift::Relinked, vec![to.clone()]),
        Found::Folder { .. } => Drift::Folder,
        Found::Special(_) => Drift::Special,
        Found::NoWay(_) => return (Drift::Unreachable, vec![found.what()]),
    };
    (kind, Vec::new())
}

fn is_gone(path: &str) -> bool {
    crate::files::kind(path.into()).is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
}
