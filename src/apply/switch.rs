//! The order of a switch. Whatever allocates comes before the commit, which is one rename of
//! `current`; after it there are only renames and unlinks, which a crash cannot leave half done.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::io;

use rustix::fs::FileType;

use super::disk::{Disk, Way, is_absent, kind, move_over};
use super::index::Index;
use super::journal::{self, Journal};
use super::ledger::{self, Ledger};
use super::manifest::{self, Base, Entry, Hash, Kind, Manifest};
use super::names::free;
use super::plan::{Leave, Old, Place, Plan, Put, Verb};
use super::site::{CURRENT, Record, Site};
use super::state::StateError;
use super::step::{self, Done, Step};
use super::tree::{self, Builder, Contents, Forest};
use crate::ir::Stamp;

/// Why a switch did not come about; nothing of the home was changed.
#[derive(Debug, thiserror::Error)]
pub enum SwitchError {
    /// A record of hcc's.
    #[error(transparent)]
    State(#[from] StateError),
    /// Something of the home, or a content.
    #[error("{0}: {reason}", reason = crate::files::reason(.1))]
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
const NEXT_LEDGER: &str = "ledger.json.next";
/// Where the next two `current` wait.
const NEXT_CURRENT: &str = "current.transition";
const LAST_CURRENT: &str = "current.final";

/// The contents of a switch's stations.
#[derive(Clone, Copy)]
struct Forests<'a> {
    /// What the home leads to.
    before: &'a Forest<'a>,
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
        let numbers = manifest::numbers(&self.site.state)?;
        let number = numbers.last().copied().unwrap_or(0).max(self.record.index.generation) + 1;
        self.manifest.number = number;
        let manifest = std::mem::take(&mut self.manifest);
        let old: Vec<&Entry> =
            self.record.index.records.iter().map(|record| &*record.entry).collect();
        let new = || manifest.entries.iter().map(|entry| &**entry);
        let after = Forest::of(new());
        let before = Forest::of(old.iter().copied());
        // What leaves is there until the home no longer leads to it.
        let has = |entry: &Entry| {
            manifest.entry(&entry.path).is_some_and(|own| own.kind.hash().is_some())
        };
        let stays = old.iter().all(|entry| entry.kind.hash().is_none() || has(entry));
        // What could not be removed last time has nothing that it could lead to.
        let is_there = |entry: &&&Entry| !self.record.ledger.pending.contains_key(&entry.path);
        let passing =
            (!stays).then(|| Forest::of(new().chain(old.iter().filter(is_there).copied())));
        let transition = passing.as_ref().unwrap_or(&after);
        let forests = Forests { before: &before, transition, after: &after };
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
        let mut report = finish(self.site, &store, &journal)?;
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
        Forests { before, transition, after }: Forests,
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
        for name in ["generations", tree::FOLDER, ledger::FOLDER, ledger::SAVED] {
            if store.look(name).map_err(in_state(name))?.is_none() {
                store.make_folder(name, true).map_err(in_state(name))?;
            }
        }
        for name in [folder.clone(), format!("{folder}/transition")] {
            store.make_folder(&name, true).map_err(in_state(&name))?;
        }
        let mut builder = Builder {
            state: store,
            contents: self.contents,
            spoilt: self
                .plan
                .rebuild
                .iter()
                .filter_map(|path| self.record.index.record(path)?.entry.kind.hash())
                .collect(),
            sync: few,
            stamps: HashMap::new(),
        };
        for (name, forest) in
            [(folder.clone(), after), (format!("{folder}/transition"), transition)]
        {
            let root = builder.build(forest, before).map_err(in_state(tree::FOLDER))?;
            let up = "../".repeat(name.matches('/').count() + 1);
            let to = format!("{up}{}", tree::path_of(root));
            store.link(&to, &format!("{name}/home")).map_err(in_state(&name))?;
        }
        self.chain = manifest::write(state, manifest, self.base(old).as_ref())?;

        let mut staged = std::mem::take(&mut builder.stamps);
        let mut steps = self.steps(tops, &mut staged)?;
        // Only once the edits are safe, and after the commit: until then they are in the tree.
        let renewed = builder.renew(after, &self.plan.rebuild).map_err(in_state(tree::FOLDER))?;
        let renew = |(path, staged, place)| Step::Renew { path, staged, place };
        steps.extend(renewed.into_iter().map(renew));
        for (path, name) in &self.plan.edits {
            let io = |error| SwitchError::Io(path.clone(), error);
            let (bytes, found) = self.site.home.read_through(path).map_err(io)?;
            store.remove_all(name).map_err(in_state(name))?;
            store.create(name, &bytes, found.mode & 0o777 | 0o600, few).map_err(in_state(name))?;
        }
        for (name, bytes, mode) in &self.plan.kept {
            store.remove_all(name).map_err(in_state(name))?;
            store.create(name, bytes, *mode, few).map_err(in_state(name))?;
        }
        state.write(NEXT_LEDGER, &self.plan.ledger)?;
        let last = format!("generations/{number}");
        let first = match after.name() == transition.name() {
            true => last.clone(),
            false => format!("{last}/transition"),
        };
        for (to, name) in [(first, NEXT_CURRENT), (last, LAST_CURRENT)] {
            store.remove_all(name).map_err(in_state(name))?;
            store.link(&to, name).map_err(in_state(name))?;
        }
        if few {
            for top in &tops.list {
                let at = top.path.rsplit_once('/').map_or("", |(above, _)| above);
                let io = |error| SwitchError::Io(top.path.clone(), error);
                self.site.home.sync_folder(at).map_err(io)?;
            }
            for (folder, _) in tops.list.iter().flat_map(Top::staged_folders) {
                let io = |error| SwitchError::Io(folder.clone(), error);
                self.site.home.sync_folder(&folder).map_err(io)?;
            }
            let transition = format!("{folder}/transition");
            for name in [
                &transition,
                folder.as_str(),
                tree::FOLDER,
                "generations",
                ledger::FOLDER,
                ledger::SAVED,
                "",
            ] {
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
        let is_there = || self.site.state.join(manifest::file(index.generation)).exists();
        let is_its = index.generation != 0 && self.record.ledger.pending.is_empty() && is_there();
        let base = || Base { number: index.generation, chain: index.chain, entries: old.to_vec() };
        is_its.then(base)
    }

    /// Stages what is put, and says what is done after the commit.
    fn steps(
        &mut self,
        tops: &Tops,
        stamps: &mut HashMap<String, Stamp>,
    ) -> Result<Vec<Step>, SwitchError> {
        let ledger = &mut self.plan.ledger;
        let refuges: Vec<String> = tops.list.iter().map(|top| ledger.refuge(&top.path)).collect();
        let mut refuges = refuges.into_iter();
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
                Some(_) => free(&leave.path, "hcc-original", &is_free),
                None => String::new(),
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
        for top in &tops.list {
            let io = |error| SwitchError::Io(top.path.clone(), error);
            let new = self.put(top, stamps).map_err(io)?;
            let found = home.look(&top.path).map_err(io)?;
            let refuge = refuges.next().unwrap_or_default();
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
    fn put(&self, top: &Top, stamps: &mut HashMap<String, Stamp>) -> io::Result<Stamp> {
        let home = &self.site.home;
        for (folder, private) in top.staged_folders() {
            home.make_folder(&folder, private)?;
        }
        let (sync, view) = (self.plan.places.len() <= FEW, self.site.view());
        for at in &top.places {
            let Some(place) = self.plan.places.get(*at) else { continue };
            let to = format!("{}{}", top.staged, &place.path[top.path.len()..]);
            match &place.put {
                Put::Ours => home.link(&format!("{view}/{}", place.path), &to)?,
                Put::Link(text) => home.link(text, &to)?,
                Put::Bytes(bytes, mode) => {
                    stamps.insert(place.path.clone(), home.create(&to, bytes, *mode, sync)?);
                }
                Put::Through => {
                    let (bytes, found) = home.read_through(&place.path)?;
                    let mode = found.mode & 0o777 | 0o600;
                    home.create(&to, &bytes, mode, sync)?;
                }
                Put::Wanted => {
                    let record = self.entry(&place.path);
                    let entry = record.ok_or_else(|| io::Error::other("it is in no generation"))?;
                    let bytes = self.contents.read(entry)?;
                    let stamp = home.create(&to, &bytes, entry.mode, sync)?;
                    stamps.insert(place.path.clone(), stamp);
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
        let held: BTreeSet<&str> = report.held.iter().map(|(path, _)| path.as_str()).collect();
        let items = self.plan.items.iter().filter(|item| item.verb == Verb::Keep);
        let kept: BTreeSet<String> = items.map(|item| item.path.clone()).collect();
        let places = &self.plan.places;
        let placed: HashMap<&str, &Put> =
            places.iter().map(|place| (place.path.as_str(), &place.put)).collect();
        let mut records = std::mem::take(&mut self.plan.records);
        for record in &mut records {
            let path = record.entry.path.as_str();
            match placed.get(path) {
                _ if held.contains(path) || kept.contains(path) => record.home = None,
                Some(Put::Through) => record.home = None,
                Some(_) => {
                    record.home = match record.entry.kind {
                        Kind::Link(_) => {
                            staged.get(path).copied().or_else(|| self.site.home.through(path))
                        }
                        _ => staged.get(path).copied(),
                    };
                }
                None => {}
            }
        }
        let index = Index::after(manifest, self.chain, self.looked, records);
        // It only saves work: without it the next run reads more.
        if index.write(&self.site.state).is_err() {
            let _none = self.site.state.remove(super::index::FILE);
        }
        Ok(())
    }
}

/// The trees that are not there.
fn missing(store: &Disk, forests: [&Forest; 2]) -> Vec<Hash> {
    let names: BTreeSet<Hash> = forests.iter().flat_map(|forest| forest.names()).collect();
    let there = |name: &Hash| matches!(store.look(&tree::path_of(*name)), Ok(Some(_)));
    names.into_iter().filter(|name| !there(name)).collect()
}

/// A place, or the topmost folder of several, that is staged beside where it belongs.
#[derive(Debug)]
struct Top {
    path: String,
    staged: String,
    old: Old,
    /// Indexes into the plan's places.
    places: Vec<usize>,
    /// The folders that are made, the top first, and whether only their owner may see into them.
    folders: BTreeSet<String>,
    private: BTreeMap<String, bool>,
}

impl Top {
    /// The folders where they are staged, the outer first.
    fn staged_folders(&self) -> Vec<(String, bool)> {
        let place = |folder: &String| format!("{}{}", self.staged, &folder[self.path.len()..]);
        let private = |folder: &String| self.private.get(folder).copied().unwrap_or(false);
        self.folders.iter().map(|folder| (place(folder), private(folder))).collect()
    }
}

#[derive(Debug, Default)]
struct Tops {
    list: Vec<Top>,
    /// How many names were tried: none is tried twice.
    tried: usize,
}

impl Tops {
    /// Groups what is put by the topmost folder that has to be made for it.
    fn of(plan: &Plan, home: &Disk, number: u64) -> Result<Self, (String, io::Error)> {
        let mut tops = Self::default();
        let mut last: HashMap<String, usize> = HashMap::new();
        let mut order: Vec<usize> = (0..plan.places.len()).collect();
        order.sort_by(|a, b| plan.places[*a].path.cmp(&plan.places[*b].path));
        let records = &plan.records;
        for at in order {
            let place = &plan.places[at];
            let known = above(&place.path).find_map(|folder| last.get(folder).copied());
            let top = match known {
                Some(top) => top,
                None => {
                    let way = home.way(&place.path).map_err(|error| (place.path.clone(), error))?;
                    let path = match way {
                        Way::Clear => place.path.clone(),
                        Way::Missing(at) | Way::Link(at) | Way::Blocked(at) => at,
                    };
                    let staged = tops.name(&path, home, number);
                    let old = if path == place.path { place.old.clone() } else { Old::Nothing };
                    if path != place.path {
                        last.insert(path.clone(), tops.list.len());
                    }
                    let (places, folders, private) = Default::default();
                    tops.list.push(Top { path, staged, old, places, folders, private });
                    tops.list.len() - 1
                }
            };
            let Some(top) = tops.list.get_mut(top) else { continue };
            top.places.push(at);
            top.note_folders(place, records);
        }
        Ok(tops)
    }

    /// A name beside a path that nothing has.
    fn name(&mut self, path: &str, home: &Disk, number: u64) -> String {
        let above = path.rsplit_once('/').map_or(String::new(), |(above, _)| format!("{above}/"));
        loop {
            let name = format!("{above}.hcc-{number}-{}", self.tried);
            self.tried += 1;
            if matches!(home.look(&name), Ok(None)) {
                return name;
            }
        }
    }
}

impl Top {
    fn note_folders(&mut self, place: &Place, records: &[super::index::Record]) {
        if place.path == self.path {
            return;
        }
        for folder in above(&place.path) {
            if folder.len() < self.path.len() {
                break;
            }
            self.folders.insert(folder.to_owned());
        }
        // Who may not read a file has no business in a folder that was made for it alone.
        let Some((folder, _)) = place.path.rsplit_once('/') else { return };
        let at = records.binary_search_by(|record| record.entry.path.as_str().cmp(&place.path));
        let Some(record) = at.ok().and_then(|at| records.get(at)) else { return };
        let private = record.entry.kind.hash().is_some() && record.entry.mode & 0o077 == 0;
        self.private.entry(folder.to_owned()).and_modify(|all| *all &= private).or_insert(private);
    }
}

/// The folders above a path, the nearest first.
fn above(path: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(path.rsplit_once('/').map(|(above, _)| above), |path| {
        path.rsplit_once('/').map(|(above, _)| above)
    })
}

/// Takes back what was staged before a commit that did not come.
///
/// # Errors
/// The system's own; the journal stays then.
pub fn undo(site: &Site, store: &Disk, journal: &Journal) -> Result<(), SwitchError> {
    for staged in &journal.staged {
        let io = |error| SwitchError::Io(staged.clone(), error);
        site.home.remove_all(staged).map_err(io)?;
    }
    let generation = format!("generations/{}", journal.generation);
    let in_state = |name: &str| {
        let path = site.state.join(name).into_string();
        move |error| SwitchError::Io(path, error)
    };
    let kept = journal.kept.iter().map(String::as_str);
    for name in kept.chain([&*generation, NEXT_CURRENT, LAST_CURRENT, NEXT_LEDGER]) {
        store.remove_all(name).map_err(in_state(name))?;
    }
    tree::remove(store, journal.trees.iter().copied()).map_err(in_state(tree::FOLDER))?;
    tree::remove_renewed(store).map_err(in_state(tree::FOLDER))?;
    site.state.remove(journal::FILE)?;
    Ok(())
}

/// Completes a switch after its commit.
///
/// # Errors
/// The system's own, for hcc's records; the journal stays then, and the next run goes on.
pub fn finish(site: &Site, store: &Disk, journal: &Journal) -> Result<Report, SwitchError> {
    let mut report = Report { generation: journal.generation, ..Report::default() };
    let mut ledger: Ledger = match site.state.read(NEXT_LEDGER)? {
        Some(next) => next,
        None => site.ledger()?,
    };
    ledger.pending.clear();
    let before = ledger.clone();
    let mut otherwise: Vec<(&Step, Done)> = Vec::new();
    let mut touched: BTreeSet<&str> = BTreeSet::new();
    let mut in_the_state: BTreeSet<&str> = BTreeSet::new();
    for step in journal.steps.iter().flatten() {
        if matches!(step, Step::Renew { path, .. } if report.held.iter().any(|(own, _)| own == path))
        {
            // The edit is still in the tree only.
            continue;
        }
        let done = step::run(step, &site.home, store);
        let path = step.path();
        in_the_state.extend(step.in_state());
        if let Step::Renew { place, .. } = step {
            in_the_state.extend(place.rsplit_once('/').map(|(above, _)| above));
            if let Done::Held(reason) = done {
                report.held.push((path.to_owned(), reason));
            }
            continue;
        }
        touched.insert(path.rsplit_once('/').map_or("", |(above, _)| above));
        let path = path.to_owned();
        match &done {
            Done::Well => {
                // A folder that came back is the user's, though one of ours stood there.
                if let Step::Leave { back: Some(_), .. } = step {
                    ledger.folders.remove(&path);
                }
                continue;
            }
            Done::Saved(name) => report.saved.push((path, name.clone())),
            Done::CameBeside(at) => report.beside.push((path, at.clone())),
            Done::Held(reason) => report.held.push((path, reason.clone())),
            Done::Stuck(at, reason) => report.held.push((path, format!("{reason}; see {at}"))),
        }
        otherwise.push((step, done));
    }
    if !otherwise.is_empty() {
        let generation = |number| manifest::read(&site.state, number).unwrap_or_default();
        let (old, new, last) =
            (generation(journal.from), generation(journal.generation), site.ledger()?);
        let before = step::Before { old: &old, new: &new, ledger: &last, home: &site.home };
        for (step, done) in &otherwise {
            step::note(step, done, &mut ledger, &before);
        }
    }
    ledger.litter.retain(|path| site.home.remove_all(path).is_err());
    let is_folder = |path: &String| match site.home.look(path) {
        Ok(Some(found)) => kind(&found) == FileType::Directory,
        Ok(None) => false,
        Err(_) => true,
    };
    let emptied = journal.steps.iter().flatten().any(|step| matches!(step, Step::Folder { .. }));
    if emptied || !report.held.is_empty() {
        ledger.folders.retain(is_folder);
    }

    let in_state = |name: &str| {
        let path = site.state.join(name).into_string();
        move |error| SwitchError::Io(path, error)
    };
    if store.look(LAST_CURRENT).map_err(in_state(LAST_CURRENT))?.is_some() {
        move_over((store, LAST_CURRENT), (store, CURRENT)).map_err(in_state(CURRENT))?;
    }
    if touched.len() > FEW {
        let io = |error| SwitchError::Io(site.path.to_string(), error);
        site.home.sync_all().map_err(io)?;
        if !site.home.is_with(store) {
            store.sync_all().map_err(in_state(""))?;
        }
    } else {
        let home = touched.into_iter().map(|folder| (&site.home, folder));
        for (disk, folder) in home.chain(in_the_state.into_iter().map(|folder| (store, folder))) {
            match disk.sync_folder(folder) {
                Err(error) if !is_absent(&error) => {
                    return Err(SwitchError::Io(disk.path.join(folder).into_string(), error));
                }
                _ => {}
            }
        }
    }
    if ledger != before {
        site.state.write(ledger::FILE, &ledger)?;
        store.remove_all(NEXT_LEDGER).map_err(in_state(NEXT_LEDGER))?;
    } else if store.look(NEXT_LEDGER).map_err(in_state(NEXT_LEDGER))?.is_some() {
        move_over((store, NEXT_LEDGER), (store, ledger::FILE)).map_err(in_state(ledger::FILE))?;
    }
    // That of this switch stays until the next: somebody may be on the way through it.
    store
        .remove_all(&format!("generations/{}/transition", journal.from))
        .map_err(in_state("generations"))?;
    site.state.remove(journal::FILE)?;
    store.sync_folder("").map_err(in_state(""))?;
    Ok(report)
}

/// What became of a switch that did not end.
#[derive(Debug)]
pub enum Recovered {
    /// It had not begun: nothing was changed.
    Undone(u64),
    /// It had: it is complete now.
    Completed(Report),
}

/// Takes back or completes a switch that did not end.
///
/// # Errors
/// [`SwitchError`].
pub fn recover(site: &Site) -> Result<Option<Recovered>, SwitchError> {
    let Some(journal) = site.journal()? else { return Ok(None) };
    let store = site.store()?;
    if site.current()?.0 == journal.generation && journal.steps.is_some() {
        return Ok(Some(Recovered::Completed(finish(site, &store, &journal)?)));
    }
    undo(site, &store, &journal)?;
    Ok(Some(Recovered::Undone(journal.generation)))
}
