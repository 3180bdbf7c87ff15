//! What is wanted, what is recorded and what was found, to what is to be done. Pure: it is handed
//! all that was seen, and hands on data that can be shown, and done.

mod arrives;
mod goes;
mod stays;

use std::collections::{BTreeMap, BTreeSet};

use super::index::Record;
use super::ledger::{Ledger, Merging, Original};
use super::look::Found;
use super::manifest::{Entry, Kind};
use super::names::is_staged;
use super::unfold::{Fold, Own};
use super::wanted::Wanted;
use crate::files::shown;
use crate::ir::{Backup, Drift, Stamp};

/// One path, and all that is known of it.
#[derive(Debug)]
pub struct Sight<'a> {
    /// As it shall be.
    pub wanted: Option<&'a Wanted>,
    /// As it was left.
    pub record: Option<&'a Record>,
    /// As it is.
    pub found: Found,
    /// What merging comes to, for a file that is shared with its program.
    pub merged: Option<Box<Result<Merge, String>>>,
}

/// A merged file.
#[derive(Clone, Debug)]
pub struct Merge {
    /// What the file shall hold; none if it shall go.
    pub bytes: Option<Vec<u8>>,
    /// Whether that is something else than what it holds.
    pub changed: bool,
    /// The keys that hcc owns then.
    pub owned: Merging,
    /// Keys that somebody edited, as people write them.
    pub edited: Vec<String>,
    /// Whether those edits are overwritten.
    pub restores: bool,
}

/// What was decided before planning.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// What to do about conflicts; none: they stop the run.
    pub backup: Option<Backup>,
    /// What to do about edits, for all files.
    pub drift: Option<Drift>,
    /// Whether what was kept once may be kept so again without asking.
    pub again: bool,
    /// Paths whose edits the configuration holds by now: ours comes back.
    pub absorbed: BTreeMap<String, Absorbed>,
    /// The configuration's folder: links into it are the configuration's, as those of stow are,
    /// and make room without asking.
    pub own: Option<Own>,
}

/// An edit that the configuration holds by now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Absorbed {
    /// How the file was seen, if that is known: anything newer stays.
    pub seen: Option<Stamp>,
    /// Whether the file holds more than that, and is saved.
    pub saves: bool,
}

/// What happens to a path, in a word for people and programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verb {
    /// It is new.
    Add,
    /// It is there already, and hcc's from now on.
    Adopt,
    /// Its keys come into a file that is there.
    Merge,
    /// What stands there is kept elsewhere.
    Replace,
    /// It becomes another.
    Change,
    /// It is made again.
    Repair,
    /// Somebody edited it, and that stays.
    Keep,
    /// Somebody edited it; that is saved, and ours comes back.
    Restore,
    /// It goes.
    Remove,
    /// It goes, and what was there before comes back.
    GiveBack,
    /// It is not hcc's any more, and stays as somebody left it.
    Leave,
    /// Nothing can be done.
    Hold,
}

/// What happens to one path.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Item {
    /// The path, relative to the home.
    pub path: String,
    /// What happens.
    pub verb: Verb,
    /// The target that makes it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub target: String,
    /// How it is managed.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub install: &'static str,
    /// Why, and what becomes of what stood there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Something that is in the way, about which the user must decide.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Conflict {
    /// Where it stands.
    pub path: String,
    /// What it is.
    pub what: String,
    /// What settles it.
    pub settle: Settle,
}

/// What settles a conflict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Settle {
    /// A backup.
    Backup,
    /// That the configuration allows a link in the place of a folder.
    AllowParent,
    /// That the source of the file stands elsewhere.
    MoveSource,
    /// Another name of something in the configuration.
    Rename,
}

/// What is put at a path.
#[derive(Clone, Debug, PartialEq)]
pub enum Put {
    /// Our link.
    Ours,
    /// A link with this text.
    Link(String),
    /// A file with the bytes of what is wanted there.
    Wanted,
    /// A file with these bytes and this mode.
    Bytes(Vec<u8>, u32),
    /// A file with what is found behind the link that stands there.
    Through,
}

/// What stands where something is put.
#[derive(Clone, Debug, PartialEq)]
pub enum Old {
    /// Nothing, or what leaves before.
    Nothing,
    /// What hcc made, or the same bytes: it goes. If it is known how it was seen, anything newer
    /// is saved.
    Ours(Option<Stamp>),
    /// What is the user's: it moves to this path in the home or, in the state, to this name.
    Keep(Original),
    /// A program's edit: it is saved.
    Save,
}

/// A path where something is put.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    /// Where; of what stands in the way, its topmost.
    pub path: String,
    /// What.
    pub put: Put,
    /// What stands there now.
    pub old: Old,
}

/// A path from which something goes.
#[derive(Clone, Debug, PartialEq)]
pub struct Leave {
    /// Where.
    pub path: String,
    /// What stands there, to be sure; none if nothing of hcc's does.
    pub seen: Option<Stamp>,
    /// What comes back.
    pub back: Option<Original>,
    /// Whether that goes if something else stands in its place: all that it showed is there.
    pub is_shown: bool,
}

impl Leave {
    /// Something goes, and something may come back.
    pub fn new(path: &str, seen: Option<Stamp>, back: Option<Original>) -> Self {
        Self { path: path.to_owned(), seen, back, is_shown: false }
    }
}

/// What is going to be done.
#[derive(Debug, Default)]
pub struct Plan {
    /// For people: each path of which there is something to say.
    pub items: Vec<Item>,
    /// What must be decided first.
    pub conflicts: Vec<Conflict>,
    /// What is put.
    pub places: Vec<Place>,
    /// What goes.
    pub leaves: Vec<Leave>,
    /// Things in the way of several paths, by their path, and where they are kept.
    pub aside: BTreeMap<String, Original>,
    /// Originals that stand where they were staged, since they could not be moved further: the
    /// path, where, and their name in the state.
    pub stows: Vec<(String, String, String)>,
    /// Originals that hcc writes: what a file held besides hcc's keys, by its name in the state.
    pub kept: Vec<(String, Vec<u8>, u32)>,
    /// Edits that were made through a link and make room: their path, and their name in the state.
    pub edits: Vec<(String, String)>,
    /// Paths whose content in the tree is not what it should be.
    pub rebuild: Vec<String>,
    /// The records after it, sorted.
    pub records: Vec<Record>,
    /// The ledger after it, but for folders.
    pub ledger: Ledger,
}

impl Plan {
    /// Whether there is nothing to do in the home.
    pub fn is_still(&self) -> bool {
        self.places.is_empty()
            && self.leaves.is_empty()
            && self.rebuild.is_empty()
            && self.stows.is_empty()
    }
}

/// What the planner asks about the home besides what was seen.
pub struct World<'a> {
    /// The generation in effect.
    pub generation: u64,
    /// The generation with whose content an edit at a path began, if it is not that.
    pub edited: &'a dyn Fn(&str) -> Option<u64>,
    /// The text of our link at a path.
    pub link_text: &'a dyn Fn(&str) -> String,
    /// What stands at a path, without following links.
    pub look: &'a dyn Fn(&str) -> Option<Stamp>,
    /// How a link in the home, which leads to a folder of the configuration or to one that is given
    /// by its whole path, may become a folder.
    pub fold: &'a dyn Fn(&str, Option<&str>) -> Fold,
    /// Whether what stands at a path is a link into the configuration's own folder.
    pub is_own: &'a dyn Fn(&str) -> bool,
    /// Whether a folder of ours holds more than what leaves, so that it stays.
    pub holds_more: &'a dyn Fn(&str) -> bool,
    /// The text of a link at a path to what would be seen there through a link that was kept; that
    /// stood at the folder which is named first.
    pub behind: &'a dyn Fn(&str, &Original, &str) -> Option<String>,
    /// Whether all that a kept link showed at a folder is seen there without it, once there are links
    /// at these paths.
    pub shows: &'a dyn Fn(&str, &Original, &BTreeSet<String>) -> bool,
    /// Where a kept link leads that comes back to a path, if nothing is there.
    pub dangles: &'a dyn Fn(&str, &Original) -> Option<String>,
    /// Whether a path is managed and leaves.
    pub leaves: &'a dyn Fn(&str) -> bool,
    /// Whether a path is wanted.
    pub wants: &'a dyn Fn(&str) -> bool,
    /// Whether something below a path is wanted, so that it must be a folder.
    pub needs: &'a dyn Fn(&str) -> bool,
}

/// Plans.
pub fn plan(sights: Vec<Sight>, ledger: &Ledger, policy: &Policy, world: &World) -> Plan {
    let mut plan = Plan { ledger: ledger.clone(), ..Plan::default() };
    // All of it is planned again.
    plan.ledger.pending.clear();
    plan.ledger.edited = Some(BTreeMap::new());
    let new = sights.iter().filter(|sight| sight.record.is_none()).count();
    plan.records.reserve_exact(sights.iter().filter(|sight| sight.wanted.is_some()).count());
    plan.items.reserve_exact(new);
    plan.places.reserve_exact(new);
    let mut planner = Planner { plan, policy, world, stays: BTreeSet::new() };
    planner.stow();
    // What goes is planned first: whether it makes room for what comes is known then.
    let mut sights = sights;
    sights.sort_by_key(|sight| sight.wanted.is_some());
    for Sight { wanted, record, found, merged } in sights {
        match (wanted, record) {
            (Some(wanted), None) => planner.arrives(wanted, found, merged.map(|own| *own)),
            (Some(wanted), Some(record)) => {
                planner.stays(wanted, record, found, merged.map(|own| *own))
            }
            (None, Some(record)) => planner.goes(record, found, merged.map(|own| *own)),
            (None, None) => {}
        }
    }
    planner.pending();
    planner.plan.items.sort_by(|a, b| a.path.cmp(&b.path));
    planner.plan
}

struct Planner<'a> {
    plan: Plan,
    policy: &'a Policy,
    world: &'a World<'a>,
    /// Paths that are managed no more, but stay as somebody left them.
    stays: BTreeSet<String>,
}

impl Planner<'_> {
    fn item(&mut self, entry: &Entry, verb: Verb, note: Option<String>) {
        self.plan.items.push(Item {
            path: entry.path.clone(),
            verb,
            target: entry.target.clone(),
            install: entry.kind.name(),
            note,
        });
    }

    fn record(&mut self, wanted: &Wanted, home: Option<Stamp>) {
        let (entry, source) = (wanted.entry.clone(), wanted.source);
        self.plan.records.push(Record { entry, home, source });
    }

    fn place(&mut self, path: &str, put: Put, old: Old) {
        self.plan.places.push(Place { path: path.to_owned(), put, old });
    }

    /// Puts an entry, with our keys if it is shared with its program.
    fn puts(&mut self, entry: &Entry, put: Put, old: Old, merged: Option<Result<Merge, String>>) {
        if let (Kind::Merge(_), Some(Ok(merge))) = (&entry.kind, merged) {
            self.plan.ledger.merged.insert(entry.path.clone(), merge.owned);
        }
        self.place(&entry.path, put, old);
    }

    /// What is put for an entry; of a file that is shared with its program, our keys alone.
    ///
    /// # Errors
    /// Why they cannot be written.
    fn put(&self, entry: &Entry, merged: Option<&Result<Merge, String>>) -> Result<Put, String> {
        Ok(match (&entry.kind, merged) {
            (Kind::Link(_), _) => Put::Ours,
            (Kind::Live(to) | Kind::Plain(to), _) => Put::Link(to.clone()),
            (Kind::Copy(_), _) => Put::Wanted,
            (Kind::Merge(_), Some(Ok(merge))) => {
                Put::Bytes(merge.bytes.clone().unwrap_or_default(), entry.mode)
            }
            (Kind::Merge(_), Some(Err(reason))) => return Err(reason.clone()),
            (Kind::Merge(_), None) => return Err("its keys were not read".to_owned()),
        })
    }

    /// Originals that got stuck, or stand where something is wanted, go into the state.
    fn stow(&mut self) {
        let wanted = |at: &str| (self.world.wants)(at) || (self.world.needs)(at);
        let goes = |original: &Original| match original {
            Original::Beside(at) if is_staged(at) || wanted(at) => Some(at.clone()),
            _ => None,
        };
        let all = self.plan.ledger.originals.iter();
        let goes: Vec<(String, String)> =
            all.filter_map(|(path, own)| Some((path.clone(), goes(own)?))).collect();
        for (path, at) in goes {
            let name = self.plan.ledger.store(&path);
            self.plan.ledger.originals.insert(path.clone(), Original::Stored(name.clone()));
            self.plan.stows.push((path, at, name));
        }
    }

    /// Whether what stands at a path, or on the way to it, goes into the state.
    fn is_stowed(&self, path: &str) -> bool {
        self.plan.stows.iter().any(|(_, at, _)| {
            path.strip_prefix(at.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    }

    /// Notes with what content an edit began that stays; `left` is what the generation in effect
    /// has.
    fn stays_edited(&mut self, entry: &Entry, left: &Entry) {
        let earlier = (self.world.edited)(&entry.path);
        let current = (entry.kind != left.kind).then_some(self.world.generation);
        if let Some(number) = earlier.or(current) {
            self.plan.ledger.edited.get_or_insert_default().insert(entry.path.clone(), number);
        }
    }

    /// A managed path that stays as it is, and hcc's.
    fn hold(&mut self, wanted: &Wanted, left: &Entry, reason: String) {
        self.stays_edited(&wanted.entry, left);
        self.item(&wanted.entry, Verb::Hold, Some(reason));
        self.record(wanted, None);
    }
}

/// What stands at a path that is as it was left: a link's look is that of what it leads to.
fn stands(left: &Entry, look: Option<Stamp>) -> Option<Stamp> {
    look.filter(|_| matches!(left.kind, Kind::Copy(_) | Kind::Merge(_)))
}

/// How a managed path was changed, in words.
pub fn drift(found: &Found) -> &'static str {
    match found {
        Found::AsLeft(_) | Found::Worn(_) => "as it was left",
        Found::Through { .. } => "edited through the link",
        Found::Absent => "deleted",
        Found::File { .. } => "edited or replaced by a file",
        Found::Link { .. } => "made a link to somewhere else",
        Found::Folder { .. } => "replaced by a folder",
        Found::Special(_) => "replaced by a pipe, a socket or a device",
        Found::NoWay(_) => "out of reach",
    }
}

/// Where an original goes, in words.
fn told(original: &Original) -> String {
    match original {
        Original::Stored(_) => "is kept in hcc's folder".to_owned(),
        Original::Beside(path) => format!("is renamed to {}", shown(path)),
        Original::Adopted => "stays".to_owned(),
    }
}
