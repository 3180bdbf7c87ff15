//! What is wanted, what is recorded and what was found, to what is to be done. Pure: it is handed
//! all that was seen, and hands on data that can be shown, and done.

use std::collections::{BTreeMap, BTreeSet};

use super::disk::Way;
use super::index::Record;
use super::ledger::{Ledger, Merging, Original};
use super::look::Found;
use super::manifest::{Entry, Kind};
use super::names::{free, is_staged};
use super::wanted::Wanted;
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
    /// Paths whose edits the configuration holds by now: ours comes back, and nothing is saved.
    pub absorbed: BTreeSet<String>,
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
    /// The text of our link at a path.
    pub link_text: &'a dyn Fn(&str) -> String,
    /// What stands at a path, without following links.
    pub look: &'a dyn Fn(&str) -> Option<Stamp>,
    /// Whether a path in the home leads to a folder, given by its whole path, of which every file
    /// is wanted at that path.
    pub mirrors: &'a dyn Fn(&str, &str) -> bool,
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

    /// Whether what stands at a path, or below it, leaves in truth.
    fn makes_room(&self, path: &str) -> bool {
        let below = format!("{path}/");
        let next = self.stays.range(below.clone()..).next();
        !self.stays.contains(path) && next.is_none_or(|next| !next.starts_with(&below))
    }

    /// A path that is new.
    fn arrives(&mut self, wanted: &Wanted, found: Found, merged: Option<Result<Merge, String>>) {
        let entry = &wanted.entry;
        let found = if self.is_stowed(&entry.path) { Found::Absent } else { found };
        if matches!(entry.kind, Kind::Merge(_))
            && matches!(found, Found::Absent | Found::File { .. })
        {
            let verb = match found {
                Found::Absent => Verb::Add,
                _ => Verb::Merge,
            };
            return self.merges(wanted, &found, merged, verb);
        }
        let put = match self.put(entry, merged.as_ref()) {
            Ok(put) => put,
            Err(reason) => return self.item(entry, Verb::Hold, Some(reason)),
        };
        match found {
            Found::Absent => {
                self.puts(entry, put, Old::Nothing, merged);
                self.item(entry, Verb::Add, None);
                self.record(wanted, None);
            }
            Found::NoWay(Way::Link(at) | Way::Blocked(at))
                if (self.world.leaves)(&at) && self.makes_room(&at) =>
            {
                self.puts(entry, put, Old::Nothing, merged);
                self.item(entry, Verb::Add, None);
                self.record(wanted, None);
            }
            // A whole folder of the configuration was linked, as stow folds it: it becomes a folder
            // of links, and the link comes back when hcc leaves.
            Found::NoWay(Way::Link(at)) if self.is_folded(&at, wanted) => {
                if !self.plan.aside.contains_key(&at) {
                    let original = Original::Stored(self.plan.ledger.store(&at));
                    self.plan.ledger.originals.insert(at.clone(), original.clone());
                    self.plan.aside.insert(at.clone(), original);
                }
                self.puts(entry, put, Old::Nothing, merged);
                let note = format!("{at} was a link to the same folder");
                self.item(entry, Verb::Adopt, Some(note));
                self.record(wanted, None);
            }
            Found::NoWay(Way::Link(at)) => {
                self.blocked(&at, "a link in the place of a folder", Settle::AllowParent);
            }
            Found::File { stamp, .. } if wanted.is_source(&stamp) => {
                self.blocked(&entry.path, "it is the source of itself", Settle::MoveSource);
            }
            Found::NoWay(Way::Blocked(at)) => {
                if self.plan.aside.contains_key(&at) {
                    self.item(entry, Verb::Add, None);
                } else if let Some(original) = self.keep(&at, entry.force, "a file") {
                    let note = Some(format!("{at} {}", told(&original)));
                    self.plan.aside.insert(at, original);
                    self.item(entry, Verb::Replace, note);
                } else {
                    return;
                }
                self.puts(entry, put, Old::Nothing, merged);
                self.record(wanted, None);
            }
            Found::Folder { leaves: true, .. } if self.makes_room(&entry.path) => {
                self.puts(entry, put, Old::Nothing, merged);
                self.item(entry, Verb::Add, None);
                self.record(wanted, None);
            }
            // It stands there as it shall: nothing is done, and nothing given back one day.
            Found::File { stamp, same: true }
                if matches!(entry.kind, Kind::Copy(_)) && stamp.mode & 0o7777 == entry.mode =>
            {
                self.adopted(wanted, Some(stamp));
            }
            Found::Link { to, same: true, .. } if matches!(&entry.kind, Kind::Live(own) | Kind::Plain(own) if *own == to) =>
            {
                self.adopted(wanted, None);
            }
            Found::Link { to, stamp, .. }
                if !matches!(entry.kind, Kind::Merge(_))
                    && to == (self.world.link_text)(&entry.path) =>
            {
                // A link of ours that no generation knows: one that an earlier state left.
                self.puts(entry, put, Old::Ours(Some(stamp)), merged);
                self.item(entry, Verb::Repair, None);
                self.record(wanted, None);
            }
            Found::File { same: true, .. } | Found::Link { same: true, .. } => {
                let original = Original::Stored(self.plan.ledger.store(&entry.path));
                self.plan.ledger.originals.insert(entry.path.clone(), original.clone());
                self.puts(entry, put, Old::Keep(original), merged);
                self.item(entry, Verb::Adopt, Some("the same stands there already".to_owned()));
                self.record(wanted, None);
            }
            found => {
                let Some(original) = self.keep(&entry.path, entry.force, &found.what()) else {
                    return;
                };
                let note = format!("{} {}", found.what(), told(&original));
                self.puts(entry, put, Old::Keep(original), merged);
                self.item(entry, Verb::Replace, Some(note));
                self.record(wanted, None);
            }
        }
    }

    fn adopted(&mut self, wanted: &Wanted, home: Option<Stamp>) {
        self.plan.ledger.originals.insert(wanted.entry.path.clone(), Original::Adopted);
        self.item(&wanted.entry, Verb::Adopt, Some("it stands there already".to_owned()));
        self.record(wanted, home);
    }

    /// Where something of the user's goes, or the conflict that it is.
    fn keep(&mut self, path: &str, force: bool, what: &str) -> Option<Original> {
        let backup = if force { Some(&Backup::Store) } else { self.policy.backup.as_ref() };
        let original = match backup {
            Some(Backup::Store) => Original::Stored(self.plan.ledger.store(path)),
            Some(Backup::Extension(extension)) => {
                let originals = &self.plan.ledger.originals;
                let is_free = |at: &str| {
                    let own = |original: &Original| matches!(original, Original::Beside(own) if own == at);
                    (self.world.look)(at).is_none()
                        && !(self.world.wants)(at)
                        && !(self.world.needs)(at)
                        && !originals.values().any(own)
                };
                Original::Beside(free(path, extension, &is_free))
            }
            None => {
                let (path, what) = (path.to_owned(), what.to_owned());
                let conflict = Conflict { path, what, settle: Settle::Backup };
                if !self.plan.conflicts.contains(&conflict) {
                    self.plan.conflicts.push(conflict);
                }
                return None;
            }
        };
        self.plan.ledger.originals.insert(path.to_owned(), original.clone());
        Some(original)
    }

    /// Something that no backup settles.
    fn blocked(&mut self, at: &str, what: &str, settle: Settle) {
        let conflict = Conflict { path: at.to_owned(), what: what.to_owned(), settle };
        if !self.plan.conflicts.contains(&conflict) {
            self.plan.conflicts.push(conflict);
        }
    }

    /// Whether a link in the place of a folder leads to the folder that the source is in, so that
    /// a folder of links shows the same.
    fn is_folded(&self, at: &str, wanted: &Wanted) -> bool {
        let Some(inner) = wanted.entry.path.strip_prefix(at) else { return false };
        let folder = wanted.source_path().and_then(|source| source.strip_suffix(inner));
        folder.is_some_and(|folder| {
            self.plan.aside.contains_key(at) || (self.world.mirrors)(at, folder)
        })
    }

    /// A file that is shared with its program.
    fn merges(
        &mut self,
        wanted: &Wanted,
        found: &Found,
        merged: Option<Result<Merge, String>>,
        verb: Verb,
    ) {
        let entry = &wanted.entry;
        match merged {
            Some(Ok(merge)) => {
                let edited = !merge.edited.is_empty();
                if edited && merge.restores {
                    let note = format!("edited: {}", merge.edited.join(", "));
                    self.item(entry, Verb::Restore, Some(note));
                } else if edited {
                    let note = format!("edited: {}", merge.edited.join(", "));
                    self.item(entry, Verb::Keep, Some(note));
                } else if merge.changed || verb != Verb::Change {
                    self.item(entry, verb, None);
                }
                let stamp = found.stamp().copied();
                if merge.changed {
                    let mode = stamp.map_or(entry.mode, |stamp| stamp.mode & 0o7777);
                    let old = match stamp {
                        Some(_) if edited && merge.restores => Old::Save,
                        Some(stamp) => Old::Ours(Some(stamp)),
                        None => Old::Nothing,
                    };
                    let bytes = merge.bytes.unwrap_or_default();
                    self.place(&entry.path, Put::Bytes(bytes, mode), old);
                }
                self.plan.ledger.merged.insert(entry.path.clone(), merge.owned);
                // An edit that stays is found again by every look, until it is settled.
                let kept = edited && !merge.restores;
                self.record(wanted, if merge.changed || kept { None } else { stamp });
            }
            Some(Err(reason)) if verb == Verb::Change => self.hold(wanted, reason),
            Some(Err(reason)) => self.item(entry, Verb::Hold, Some(reason)),
            None => {}
        }
    }

    /// A managed path that stays as it is, and hcc's.
    fn hold(&mut self, wanted: &Wanted, reason: String) {
        self.item(&wanted.entry, Verb::Hold, Some(reason));
        self.record(wanted, None);
    }

    /// A file that was shared with its program, and is hcc's alone now.
    fn unmerges(
        &mut self,
        wanted: &Wanted,
        seen: Option<Stamp>,
        merged: Option<Result<Merge, String>>,
    ) {
        let entry = &wanted.entry;
        let path = &entry.path;
        let has = self.plan.ledger.originals.contains_key(path);
        let rest = match merged {
            Some(Ok(merge)) => merge.bytes.map(Some),
            Some(Err(_)) | None => Some(None),
        };
        let (mut old, mut note) = (Old::Ours(seen), None);
        if let (Some(bytes), Some(seen)) = (rest, seen) {
            note = Some("what it held besides is kept in hcc's folder".to_owned());
            if has {
                old = Old::Save;
            } else {
                let name = self.plan.ledger.store(path);
                let original = Original::Stored(name.clone());
                self.plan.ledger.originals.insert(path.clone(), original.clone());
                match bytes {
                    Some(bytes) => self.plan.kept.push((name, bytes, seen.mode & 0o7777)),
                    None => old = Old::Keep(original),
                }
            }
        }
        self.plan.ledger.merged.remove(path);
        match self.put(entry, None) {
            Ok(put) => self.place(path, put, old),
            Err(reason) => return self.item(entry, Verb::Hold, Some(reason)),
        }
        self.item(entry, Verb::Change, note);
        self.record(wanted, None);
    }

    /// A path that is managed and stays so.
    fn stays(
        &mut self,
        wanted: &Wanted,
        record: &Record,
        found: Found,
        merged: Option<Result<Merge, String>>,
    ) {
        let (entry, left) = (&wanted.entry, &record.entry);
        let merges = |entry: &Entry| matches!(entry.kind, Kind::Merge(_));
        match found {
            Found::AsLeft(fresh) if entry.puts_the_same(left) => {
                self.record(wanted, fresh.or(record.home));
            }
            found @ (Found::AsLeft(_) | Found::File { .. } | Found::Absent)
                if merges(entry) && merges(left) =>
            {
                // Its look was enough to know it: that is what was read, and nothing newer.
                let found = match found {
                    Found::AsLeft(fresh) => Found::AsLeft(fresh.or(record.home)),
                    found => found,
                };
                self.merges(wanted, &found, merged, Verb::Change);
            }
            Found::AsLeft(_) | Found::File { .. } if merges(left) && !merges(entry) => {
                self.unmerges(wanted, found.stamp().copied().or(record.home), merged);
            }
            Found::AsLeft(fresh) => {
                let old = match self.plan.ledger.originals.get(&entry.path) {
                    // What stands there is the user's own: it was never put there by hcc.
                    Some(Original::Adopted) => {
                        let original = Original::Stored(self.plan.ledger.store(&entry.path));
                        let path = entry.path.clone();
                        self.plan.ledger.originals.insert(path, original.clone());
                        Old::Keep(original)
                    }
                    _ => Old::Ours(stands(left, fresh.or(record.home))),
                };
                match self.put(entry, merged.as_ref()) {
                    Ok(put) => self.puts(entry, put, old, merged),
                    Err(reason) => return self.hold(wanted, reason),
                }
                self.item(entry, Verb::Change, None);
                self.record(wanted, None);
            }
            Found::Worn(_) => {
                self.plan.rebuild.push(entry.path.clone());
                match self.put(entry, merged.as_ref()) {
                    Ok(put) => self.puts(entry, put, Old::Ours(None), merged),
                    Err(reason) => return self.hold(wanted, reason),
                }
                self.item(entry, Verb::Repair, None);
                self.record(wanted, None);
            }
            Found::File { stamp, same: true }
                if matches!(entry.kind, Kind::Copy(_)) && stamp.mode & 0o7777 == entry.mode =>
            {
                self.record(wanted, Some(stamp));
            }
            Found::Link { same: true, to, .. } if matches!(&entry.kind, Kind::Live(own) | Kind::Plain(own) if *own == to) =>
            {
                self.record(wanted, None);
            }
            Found::File { stamp, same: true } => {
                match self.put(entry, merged.as_ref()) {
                    Ok(put) => self.puts(entry, put, Old::Ours(Some(stamp)), merged),
                    Err(reason) => return self.hold(wanted, reason),
                }
                self.item(entry, Verb::Repair, Some("a program put a file there".to_owned()));
                self.record(wanted, None);
            }
            found => self.drifted(wanted, &found, merged),
        }
    }

    /// A managed path that somebody else changed.
    fn drifted(&mut self, wanted: &Wanted, found: &Found, merged: Option<Result<Merge, String>>) {
        let entry = &wanted.entry;
        let how = drift(found);
        let policy = self.policy.drift.or(entry.drift).unwrap_or(Drift::Keep);
        let through = matches!(found, Found::Through { .. });
        if through {
            self.plan.rebuild.push(entry.path.clone());
        }
        match (policy, found) {
            (_, Found::NoWay(Way::Link(at) | Way::Blocked(at))) => {
                let note = format!("{at} is no folder any more, so it is left alone");
                self.item(entry, Verb::Keep, Some(note));
                self.record(wanted, None);
            }
            (_, found) if !through && self.policy.absorbed.contains(&entry.path) => {
                let old = Old::Ours(found.stamp().copied());
                match self.put(entry, merged.as_ref()) {
                    Ok(put) => self.puts(entry, put, old, merged),
                    Err(reason) => return self.hold(wanted, reason),
                }
                let note = "its edit is in the configuration now".to_owned();
                self.item(entry, Verb::Repair, Some(note));
                self.record(wanted, None);
            }
            (Drift::Restore, found) => {
                let old = match found {
                    Found::Through { .. } => {
                        let name = self.plan.ledger.refuge(&entry.path);
                        self.plan.ledger.saved.insert(name.clone(), entry.path.clone());
                        self.plan.edits.push((entry.path.clone(), name));
                        Old::Ours(None)
                    }
                    found => found.stamp().map_or(Old::Nothing, |_| Old::Save),
                };
                match self.put(entry, merged.as_ref()) {
                    Ok(put) => self.puts(entry, put, old, merged),
                    Err(reason) => return self.hold(wanted, reason),
                }
                self.item(entry, Verb::Restore, Some(how.to_owned()));
                self.record(wanted, None);
            }
            (Drift::Keep | Drift::Absorb, _) => {
                if through {
                    // The edit is the user's: a real file, so that the next switch spares it.
                    self.place(&entry.path, Put::Through, Old::Ours(None));
                }
                self.item(entry, Verb::Keep, Some(how.to_owned()));
                self.record(wanted, None);
            }
        }
    }

    /// A path that is managed no more.
    fn goes(&mut self, record: &Record, found: Found, merged: Option<Result<Merge, String>>) {
        let entry = &record.entry;
        let path = &entry.path;
        // What comes back waits if its place becomes a folder.
        let waits = (self.world.needs)(path);
        let original = self.plan.ledger.originals.get(path).cloned();
        let back = original.clone().filter(|_| !waits);
        let (verb, came) = match &back {
            Some(Original::Stored(_) | Original::Beside(_)) => (Verb::GiveBack, true),
            Some(Original::Adopted) => (Verb::Leave, false),
            None => (Verb::Remove, false),
        };
        if matches!(entry.kind, Kind::Merge(_)) && self.plan.ledger.merged.contains_key(path) {
            return self.releases(entry, &found, merged);
        }
        match found {
            Found::AsLeft(_) if waits && original == Some(Original::Adopted) => {
                let original = Original::Stored(self.plan.ledger.store(path));
                self.plan.ledger.originals.insert(path.clone(), original.clone());
                let note = format!("{path} {}", told(&original));
                self.plan.aside.insert(path.clone(), original);
                self.item(entry, Verb::Remove, Some(note));
            }
            Found::AsLeft(_) if back == Some(Original::Adopted) => {
                self.plan.ledger.originals.remove(path);
                self.item(entry, verb, Some("it was there before hcc".to_owned()));
            }
            Found::AsLeft(_) | Found::Worn(_) => {
                if !waits {
                    self.plan.ledger.originals.remove(path);
                }
                let fresh = found.stamp().copied().or(record.home);
                let seen = stands(entry, fresh).or_else(|| (self.world.look)(path));
                self.plan.leaves.push(Leave { path: path.clone(), seen, back });
                self.item(entry, verb, None);
            }
            Found::Absent => {
                if !waits {
                    self.plan.ledger.originals.remove(path);
                }
                if came {
                    self.plan.leaves.push(Leave { path: path.clone(), seen: None, back });
                    self.item(entry, Verb::GiveBack, None);
                } else {
                    self.item(entry, Verb::Leave, Some("it was deleted".to_owned()));
                }
            }
            Found::NoWay(Way::Link(at) | Way::Blocked(at)) => {
                let note = format!("{at} is no folder any more, so it is left alone");
                self.item(entry, Verb::Leave, Some(note));
            }
            found => {
                if matches!(found, Found::Through { .. }) {
                    self.place(path, Put::Through, Old::Ours(None));
                }
                let mut note = format!("{}, so that stays", drift(&found));
                self.stays.insert(path.clone());
                let back = self.plan.ledger.originals.remove(path);
                if matches!(back, Some(Original::Stored(_) | Original::Beside(_))) {
                    note += "; what was there before comes back beside it";
                    self.plan.leaves.push(Leave { path: path.clone(), seen: None, back });
                }
                self.item(entry, Verb::Leave, Some(note));
            }
        }
    }

    /// A merged file from which our keys go.
    fn releases(&mut self, entry: &Entry, found: &Found, merged: Option<Result<Merge, String>>) {
        let path = &entry.path;
        match merged {
            Some(Ok(merge)) => {
                self.plan.ledger.merged.remove(path);
                let Some(stamp) = (self.world.look)(path) else {
                    return self.item(entry, Verb::Leave, Some("it was deleted".to_owned()));
                };
                let kept = (!merge.edited.is_empty())
                    .then(|| format!("edited, so that stays: {}", merge.edited.join(", ")));
                match merge.bytes {
                    None => {
                        let back = self.plan.ledger.originals.remove(path);
                        let seen = Some(stamp);
                        self.plan.leaves.push(Leave { path: path.clone(), seen, back });
                        self.item(entry, Verb::Remove, kept);
                    }
                    Some(bytes) => {
                        if merge.changed {
                            let put = Put::Bytes(bytes, stamp.mode & 0o7777);
                            self.place(path, put, Old::Ours(Some(stamp)));
                        }
                        self.item(entry, Verb::GiveBack, kept);
                    }
                }
            }
            Some(Err(reason)) => {
                // Its keys stay ours, on the ledger, until they can be taken out.
                self.item(entry, Verb::Hold, Some(reason));
            }
            None => {
                self.plan.ledger.merged.remove(path);
                self.item(entry, Verb::Leave, Some(drift(found).to_owned()));
            }
        }
    }

    /// Originals whose place was taken by a folder of ours that may be gone now.
    fn pending(&mut self) {
        let managed: Vec<&str> =
            self.plan.records.iter().map(|record| record.entry.path.as_str()).collect();
        let taken = |path: &str| {
            let below = format!("{path}/");
            let at = managed.partition_point(|own| *own < below.as_str());
            managed.binary_search(&path).is_ok()
                || managed.get(at).is_some_and(|own| own.starts_with(&below))
        };
        let free: Vec<String> = self
            .plan
            .ledger
            .originals
            .keys()
            .filter(|path| !taken(path))
            .filter(|path| !self.plan.conflicts.iter().any(|own| own.path == **path))
            .cloned()
            .collect();
        for path in free {
            // A path that cannot be reached keeps its original until it can.
            let reachable = !self.plan.items.iter().any(|item| {
                item.path == path && matches!(item.verb, Verb::Leave | Verb::Hold | Verb::Keep)
            });
            if reachable && let Some(back) = self.plan.ledger.originals.remove(&path) {
                self.plan.leaves.push(Leave { path: path.clone(), seen: None, back: Some(back) });
                let (target, install) = (String::new(), "");
                self.plan.items.push(Item {
                    path,
                    verb: Verb::GiveBack,
                    target,
                    install,
                    note: None,
                });
            }
        }
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
        Original::Beside(path) => format!("is renamed to {path}"),
        Original::Adopted => "stays".to_owned(),
    }
}
