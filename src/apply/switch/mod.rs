//! The order of a switch. Whatever allocates comes before the commit, which is one rename of
//! `current`; after it there are only renames and unlinks, which a crash cannot leave half done.

mod finish;
mod tops;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::io;

use rustix::fs::FileType;

use super::disk::{Disk, Unsynced, kind, move_over};
use super::index::Index;
use super::journal::{self, Journal};
use super::ledger;
use super::manifest::{self, Base, Entry, Hash, Kind, Manifest};
use super::names::free;
use super::plan::{Leave, Old, Plan, Put, Verb};
use super::site::{CURRENT, Record, Site};
use super::state::{State, StateError};
use super::step::{self, Step};
use super::tree::{self, Builder, Contents, Forest};
use crate::ir::Stamp;
use finish::{Begun, finish};
pub use finish::{Recovered, recover, undo};
use tops::{Top, Tops};

/// Why a switch did not come about; nothing of the home was changed.
#[derive(Debug, thiserror::Error)]
pub enum SwitchError {
    /// A record of hcc's.
    #[error(transparent)]
    State(#[from] StateError),
    /// Something of the home, or a content.
    #[error("{path}: {reason}", path = crate::files::shown(.0), reason = crate::files::reason(.1))]
    Io(String, io::Error),
}

/// What a switch did other than planned.
#[derive(Debug, Default)]
pub struct Report {
    /// The generation that is in effect now.
    pub generation: u64,
    /// Paths, and the name in the state under which something that stood there was saved.
    pub saved: Vec<(String, String)>,
    /// Paths, and where what was there before came back beside something newer.
    pub beside: Vec<(String, String)>,
    /// Paths where nothing could be done, and why.
    pub held: Vec<(String, String)>,
}

/// A switch that is ready to be made.
pub struct Switch<'a> {
    /// Where.
    pub site: &'a Site,
    /// What is recorded.
    pub record: &'a Record,
    /// What is to be done.
    pub plan: Plan,
    /// The generation that it leads to; its number is given here.
    pub manifest: Manifest,
    /// Where contents come from.
    pub contents: &'a dyn Contents,
    /// When the sources were looked at, in nanoseconds since 1970.
    pub looked: i64,
    /// How many generations have to be read for the new one; known once it is written.
    pub chain: u32,
}

/// More files than this are synced together.
const FEW: usize = 64;

/// Where the next ledger waits.
pub(super) const NEXT_LEDGER: &str = "ledger.json.next";
/// Where the next two `current` wait.
pub(super) const NEXT_CURRENT: &str = "current.transition";
pub(super) const LAST_CURRENT: &str = "current.final";

/// The contents of a switch's stations.
#[derive(Clone, Copy)]
struct Forests<'a> {
    /// What it leads to while it changes: all that it will, and what leaves.
    transition: &'a Forest<'a>,
    /// What it will lead to.
    after: &'a Forest<'a>,
}

impl Switch<'_> {
    /// Makes it.
    ///
    /// # Errors
    /// [`SwitchError`], before anything of the home was changed.
    pub fn run(mut self) -> Result<Report, SwitchError> {
        let store = self.site.store()?;
        // What was shown is of no more use; a first run has a line for each file.
        self.plan.items.retain(|item| item.verb == Verb::Keep);
        self.plan.items.shrink_to_fit();
        let numbers = manifest::numbers(&self.site.state)?;
        let number = numbers.last().copied().unwrap_or(0).max(self.record.index.generation) + 1;
        self.manifest.number = number;
        let manifest = std::mem::take(&mut self.manifest);
        let old: Vec<&Entry> =
            self.record.index.records.iter().map(|record| &*record.entry).collect();
        let new = || manifest.entries.iter().map(|entry| &**entry);
        let after = Forest::of(new());
        // What leaves is there until the home no longer leads to it.
        let mut own = new().filter(|entry| entry.kind.hash().is_some());
        let is = |own: &Entry, entry: &Entry| std::ptr::eq(own, entry) || own.path == entry.path;
        let has = |entry: &&Entry| own.by_ref().any(|own| is(own, entry));
        let stays = old.iter().filter(|entry| entry.kind.hash().is_some()).all(has);
        // What could not be removed last time may have nothing that it could lead to.
        let is_there = |entry: &&&Entry| {
            !self.record.ledger.pending.contains_key(&entry.path)
                || self.contents.read(entry).is_ok()
        };
        let passing =
            (!stays).then(|| Forest::of(new().chain(old.iter().filter(is_there).copied())));
        let transition = passing.as_ref().unwrap_or(&after);
        let forests = Forests { transition, after: &after };
        let tops = Tops::of(&self.plan, &self.site.home, number)
            .map_err(|(path, error)| SwitchError::Io(path, error))?;
        let mut journal = Journal {
            generation: number,
            from: self.record.index.generation,
            trees: missing(&store, [&after, transition]),
            staged: tops.list.iter().map(|top| top.staged.clone()).collect(),
            kept: self
                .plan
                .kept
                .iter()
                .map(|(name, ..)| name)
                .chain(self.plan.edits.iter().map(|(_, name)| name))
                .cloned()
                .collect(),
            steps: None,
        };
        self.site.state.write(journal::FILE, &journal)?;
        let staged = self.stage(&store, &manifest, &old, forests, &tops, &mut journal);
        let staged = match staged {
            Ok(staged) => staged,
            Err(error) => {
                // What cannot be undone now is undone by the next run: the journal says it.
                let _later = undo(self.site, &store, &journal);
                return Err(error);
            }
        };
        let committed = store
            .look(NEXT_CURRENT)
            .and_then(|_| move_over((&store, NEXT_CURRENT), (&store, CURRENT)))
            .and_then(|()| store.sync_folder(""));
        if let Err(error) = committed
            && self.site.current()?.0 != number
        {
            let _later = undo(self.site, &store, &journal);
            return Err(SwitchError::Io(self.site.state.join(CURRENT).into_string(), error));
        }
        let mut report = finish(self.site, &store, &journal, Begun::Now)?;
        report.saved.extend(self.plan.edits.iter().cloned());
        self.index(&manifest, &report, &staged)?;
        Ok(report)
    }

    /// All that allocates.
    fn stage(
        &mut self,
        store: &Disk,
        manifest: &Manifest,
        old: &[&Entry],
        Forests { transition, after }: Forests,
        tops: &Tops,
        journal: &mut Journal,
    ) -> Result<HashMap<String, Stamp>, SwitchError> {
        let state = &self.site.state;
        let in_state = |name: &str| {
            let path = state.join(name).into_string();
            move |error| SwitchError::Io(path, error)
        };
        let few = self.plan.places.len() + journal.trees.len() <= FEW;
        let number = manifest.number;
        let folder = format!("generations/{number}");
        let mut folders = vec![tree::FOLDER.to_owned(), "generations".to_owned(), String::new()];
        for name in ["generations", tree::FOLDER, ledger::FOLDER, ledger::SAVED] {
            if store.look(name).map_err(in_state(name))?.is_none() {
                store.make_folder(name, true).map_err(in_state(name))?;
            }
        }
        if !self.plan.edits.is_empty() || !self.plan.kept.is_empty() {
            folders.extend([ledger::FOLDER.to_owned(), ledger::SAVED.to_owned()]);
        }
        let index = &self.record.index;
        let spoilt = self.plan.rebuild.iter();
        let spoilt = spoilt.filter_map(|path| index.record(path)?.entry.kind.hash()).collect();
        let mut builder = Builder::new(store, self.contents, old, spoilt, &journal.trees, few)
            .map_err(in_state(""))?;
        // A table that grows is there twice for a while.
        builder.stamps.reserve(self.plan.places.len());
        let earlier = format!("generations/{}/home", journal.from);
        let passes = after.name() != transition.name();
        let passing = passes.then(|| (format!("{folder}/transition"), transition));
        for (name, forest) in [(folder.clone(), after)].into_iter().chain(passing) {
            store.make_folder(&name, true).map_err(in_state(&name))?;
            let root = builder.build(forest, &earlier).map_err(in_state(tree::FOLDER))?;
            if std::ptr::eq(forest, after) {
                let ours = self.plan.places.iter().filter(|own| own.put == Put::Ours);
                let paths = ours.map(|own| &*own.path);
                let left = |entry: &Entry| {
                    let left = index.record(&entry.path)?;
                    left.home.filter(|_| left.entry.kind == entry.kind)
                };
                let mut spoilt = builder
                    .spoilt_of(after, &earlier, paths, &left)
                    .map_err(in_state(tree::FOLDER))?;
                spoilt.retain(|path| !self.plan.rebuild.contains(path));
                self.plan.rebuild.extend(spoilt);
            }
            let up = "../".repeat(name.matches('/').count() + 1);
            let to = format!("{up}{}", tree::path_of(root));
            store.link(&to, &format!("{name}/home")).map_err(in_state(&name))?;
            folders.push(name);
        }
        let mut files = Unsynced::new(few);
        let written = manifest::written(manifest, self.base(old).as_ref());
        self.chain = written.chain();
        put(state, &mut files, &manifest::file(number), &written)?;
        drop(written);

        let mut staged = std::mem::take(&mut builder.stamps);
        let mut steps = self.steps(tops, &mut staged, &mut files)?;
        // Only once the edits are safe, and after the commit: until then they are in the tree.
        let renewed = builder.renew(after, &self.plan.rebuild).map_err(in_state(tree::FOLDER))?;
        let renew = |(path, staged, place)| Step::Renew { path, staged, place };
        steps.extend(renewed.into_iter().map(renew));
        for (path, name) in &self.plan.edits {
            let io = |error| SwitchError::Io(path.clone(), error);
            let (bytes, found) = self.site.home.read_through(path).map_err(io)?;
            store.remove_all(name).map_err(in_state(name))?;
            let made = store.create_open(name, &bytes, found.mode & 0o777 | 0o600);
            made.and_then(|made| files.hold(made)).map_err(in_state(name))?;
        }
        for (name, bytes, mode) in &self.plan.kept {
            store.remove_all(name).map_err(in_state(name))?;
            let made = store.create_open(name, bytes, *mode);
            made.and_then(|made| files.hold(made)).map_err(in_state(name))?;
        }
        let is_there = store.look(ledger::FILE).map_err(in_state(ledger::FILE))?.is_some();
        if !is_there || self.plan.ledger != self.record.ledger {
            put(state, &mut files, NEXT_LEDGER, &self.plan.ledger)?;
        }
        let last = folder.clone();
        let first = if passes { format!("{last}/transition") } else { last.clone() };
        for (to, name) in [(first, NEXT_CURRENT), (last, LAST_CURRENT)] {
            store.remove_all(name).map_err(in_state(name))?;
            store.link(&to, name).map_err(in_state(name))?;
        }
        builder.settle().map_err(in_state(tree::FOLDER))?;
        if few {
            files.sync().map_err(in_state(&folder))?;
            for top in &tops.list {
                let at = top.path.rsplit_once('/').map_or("", |(above, _)| above);
                let io = |error| SwitchError::Io(top.path.clone(), error);
                self.site.home.sync_folder(at).map_err(io)?;
            }
            for (folder, _) in tops.list.iter().flat_map(Top::staged_folders) {
                let io = |error| SwitchError::Io(folder.clone(), error);
                self.site.home.sync_folder(&folder).map_err(io)?;
            }
            for name in &folders {
                store.sync_folder(name).map_err(in_state(name))?;
            }
        } else {
            let io = |error| SwitchError::Io(self.site.path.to_string(), error);
            self.site.home.sync_all().map_err(io)?;
            if !self.site.home.is_with(store) {
                store.sync_all().map_err(in_state(""))?;
            }
        }
        journal.steps = Some(steps);
        state.write(journal::FILE, journal)?;
        Ok(staged)
    }

    /// The generation that the new one is written against: none if the records are not just its.
    fn base<'b>(&self, old: &[&'b Entry]) -> Option<Base<'b>> {
        let index = &self.record.index;
        let name = manifest::file(index.generation);
        let now = crate::files::look(&self.site.state.join(&name)).ok().map(|(_, now)| now);
        // One that looks as it was written needs no reading.
        let is_there = || {
            now.is_some() && now == index.manifest
                || manifest::is_whole(&self.site.state, index.generation)
        };
        let is_its = index.generation != 0 && self.record.ledger.pending.is_empty() && is_there();
        let base = || Base { number: index.generation, chain: index.chain, entries: old.to_vec() };
        is_its.then(base)
    }

    /// Stages what is put, and says what is done after the commit.
    fn steps(
        &mut self,
        tops: &Tops,
        stamps: &mut HashMap<String, Stamp>,
        files: &mut Unsynced,
    ) -> Result<Vec<Step>, SwitchError> {
        let home = &self.site.home;
        let is_free = |path: &str| matches!(home.look(path), Ok(None));
        let stow = |(path, at, name): &(String, String, String)| Step::Stow {
            path: path.clone(),
            at: at.clone(),
            name: name.clone(),
        };
        let mut steps: Vec<Step> = self.plan.stows.iter().map(stow).collect();
        let leave = |leave: &&Leave| {
            let beside = match leave.back {
                Some(_) if !leave.is_shown => free(&leave.path, "hcc-original", &is_free),
                _ => String::new(),
            };
            let (path, seen, back) = (leave.path.clone(), leave.seen, leave.back.clone());
            Step::Leave { path, seen, back, beside }
        };
        // What gives way to a folder of ours is exchanged for it.
        let arriving: HashSet<&str> = tops.list.iter().map(|top| top.path.as_str()).collect();
        let becomes_folder =
            |leave: &Leave| leave.back.is_none() && arriving.contains(leave.path.as_str());
        let exchanged: HashMap<&str, &Leave> = self
            .plan
            .leaves
            .iter()
            .filter(|leave| becomes_folder(leave))
            .map(|leave| (leave.path.as_str(), leave))
            .collect();
        // What comes back where a folder of ours stands waits until that is gone.
        let (waiting, leaving): (Vec<&Leave>, Vec<&Leave>) = self
            .plan
            .leaves
            .iter()
            .filter(|leave| !becomes_folder(leave))
            .partition(|leave| self.plan.ledger.folders.contains(&leave.path));
        steps.extend(leaving.iter().map(leave));
        // Folders that give way to files go first, the inner before the outer.
        let mut folders: Vec<&String> = self.plan.ledger.folders.iter().collect();
        folders.sort_by_key(|path| std::cmp::Reverse(path.len()));
        let gives_way = |path: &str| {
            arriving.contains(path) || above(path).any(|folder| arriving.contains(folder))
        };
        let folder = |path: &&String| Step::Folder { path: (*path).clone() };
        steps.extend(folders.iter().filter(|path| gives_way(path)).map(folder));
        let (first, waiting): (Vec<&Leave>, Vec<&Leave>) =
            waiting.into_iter().partition(|leave| gives_way(&leave.path));
        steps.extend(first.iter().map(leave));
        for (at, top) in tops.list.iter().enumerate() {
            let io = |error| SwitchError::Io(top.path.clone(), error);
            let new = self.put(top, stamps, files).map_err(io)?;
            let found = home.look(&top.path).map_err(io)?;
            let refuge = ledger::refuge_of(tops.generation, at, &top.path);
            let own = match exchanged.get(top.path.as_str()).and_then(|leave| leave.seen) {
                Some(seen) => &Old::Ours(Some(seen)),
                None => &top.old,
            };
            let old = match (self.plan.aside.get(&top.path), own, found) {
                (Some(original), _, _) | (None, Old::Keep(original), _) => {
                    step::Old::Keep(original.clone())
                }
                (None, Old::Nothing, _) | (None, Old::Ours(_), None) => step::Old::Nothing,
                (None, Old::Ours(Some(seen)), Some(_)) => step::Old::Drop(*seen),
                // It was our link when it was looked at; a file in its place is not ours.
                (None, Old::Ours(None), Some(found)) if kind(&found) == FileType::Symlink => {
                    step::Old::Drop(found)
                }
                (None, Old::Ours(None), Some(_)) => step::Old::Save,
                (None, Old::Save, _) => step::Old::Save,
            };
            let (path, staged) = (top.path.clone(), top.staged.clone());
            let put = top.places.first().and_then(|at| self.plan.places.get(*at));
            let edit = put.is_some_and(|place| place.put == Put::Through);
            steps.push(Step::Place { path, staged, new, old, refuge, edit });
        }
        let records = &self.plan.records;
        let needed = |path: &str| {
            let below = format!("{path}/");
            let at = records.partition_point(|record| record.entry.path < below);
            records.get(at).is_some_and(|record| record.entry.path.starts_with(&below))
        };
        let goes = |path: &&&String| !needed(path) && !gives_way(path);
        steps.extend(folders.iter().filter(goes).map(folder));
        steps.extend(waiting.iter().map(leave));
        for top in &tops.list {
            self.plan.ledger.folders.extend(top.folders.iter().cloned());
        }
        Ok(steps)
    }

    /// Stages one top, with all below it.
    fn put(
        &self,
        top: &Top,
        stamps: &mut HashMap<String, Stamp>,
        files: &mut Unsynced,
    ) -> io::Result<Stamp> {
        let home = &self.site.home;
        for (folder, private) in top.staged_folders() {
            home.make_folder(&folder, private)?;
        }
        let view = self.site.view();
        for at in &top.places {
            let Some(place) = self.plan.places.get(*at) else { continue };
            let to = format!("{}{}", top.staged, &place.path[top.path.len()..]);
            match &place.put {
                Put::Ours => home.link(&format!("{view}/{}", place.path), &to)?,
                Put::Link(text) => home.link(text, &to)?,
                Put::Bytes(bytes, mode) => {
                    let made = home.create_open(&to, bytes, *mode)?;
                    stamps.insert(place.path.clone(), files.hold(made)?);
                }
                Put::Through => {
                    let (bytes, found) = home.read_through(&place.path)?;
                    let mode = found.mode & 0o777 | 0o600;
                    files.hold(home.create_open(&to, &bytes, mode)?)?;
                }
                Put::Wanted => {
                    let record = self.entry(&place.path);
                    let entry = record.ok_or_else(|| io::Error::other("it is in no generation"))?;
                    let bytes = self.contents.read(entry)?;
                    let made = home.create_open(&to, &bytes, entry.mode)?;
                    stamps.insert(place.path.clone(), files.hold(made)?);
                }
            }
        }
        home.look(&top.staged)?.ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn entry(&self, path: &str) -> Option<&Entry> {
        let records = &self.plan.records;
        let found = records.binary_search_by(|record| record.entry.path.as_str().cmp(path));
        found.ok().and_then(|at| records.get(at)).map(|record| &*record.entry)
    }

    /// Writes down how everything was left.
    fn index(
        &mut self,
        manifest: &Manifest,
        report: &Report,
        staged: &HashMap<String, Stamp>,
    ) -> Result<(), SwitchError> {
        let mut records = std::mem::take(&mut self.plan.records);
        let mut at = |path: &str, home: &dyn Fn(&Kind) -> Option<Stamp>| {
            let found = records.binary_search_by(|record| record.entry.path.as_str().cmp(path));
            if let Some(record) = found.ok().and_then(|at| records.get_mut(at)) {
                record.home = home(&record.entry.kind);
            }
        };
        for place in &self.plan.places {
            let path = place.path.as_str();
            at(path, &|kind| match (&place.put, kind) {
                (Put::Through, _) => None,
                (_, Kind::Link(_)) => {
                    staged.get(path).copied().or_else(|| self.site.home.through(path))
                }
                _ => staged.get(path).copied(),
            });
        }
        let kept = self.plan.items.iter().filter(|item| item.verb == Verb::Keep);
        let unknown = report.held.iter().map(|(path, _)| path);
        unknown.chain(kept.map(|item| &item.path)).for_each(|path| at(path, &|_| None));
        let state = &self.site.state;
        let mut index = Index::after(manifest, self.chain, self.looked, records);
        let written = crate::files::look(&state.join(manifest::file(manifest.number)));
        index.manifest = written.ok().map(|(_, stamp)| stamp);
        // It only saves work: without it the next run reads more.
        if index.write(state, &self.record.index).is_err() {
            let _none = self.site.state.remove(super::index::FILE);
        }
        Ok(())
    }
}

/// Writes a record that is synced with others.
fn put(
    state: &State,
    files: &mut Unsynced,
    name: &str,
    record: &impl serde::Serialize,
) -> Result<(), SwitchError> {
    let file = state.put(name, record)?;
    files.hold_open(file.into()).map_err(|error| StateError::Io(state.join(name), error).into())
}

/// The trees that are not there.
fn missing(store: &Disk, forests: [&Forest; 2]) -> Vec<Hash> {
    let names: BTreeSet<Hash> = forests.iter().flat_map(|forest| forest.names()).collect();
    let there = |name: &Hash| matches!(store.look(&tree::path_of(*name)), Ok(Some(_)));
    names.into_iter().filter(|name| !there(name)).collect()
}

/// The folders above a path, the nearest first.
fn above(path: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(path.rsplit_once('/').map(|(above, _)| above), |path| {
        path.rsplit_once('/').map(|(above, _)| above)
    })
}
