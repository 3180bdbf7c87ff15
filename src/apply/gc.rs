//! Old generations go, and the trees that only they reach. What was there before hcc and what it
//! saved is never touched.
//!
//! Whatever is killed in between leaves all that is kept readable, and what is left behind is
//! removed by the next run: kept manifests stop to depend on others first; a generation goes after
//! those that are written against it, a tree after those that link to it, and each is renamed
//! before it is emptied, so that a half of it is never taken for the whole.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;

use camino::{Utf8Path, Utf8PathBuf};

use super::disk::{Disk, is_absent, move_new};
use super::history::{self, History, Listed};
use super::manifest::{self, Base};
use super::site::Site;
use super::state::{State, StateError};
use super::{after, tree};

/// What is kept besides what always is: a generation stays if any of these wants it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keep {
    /// The last so many.
    pub last: usize,
    /// Those that are younger, in seconds.
    pub younger: u64,
}

/// What is kept if nothing is said: the last ten, and a month.
pub const USUAL: Keep = Keep { last: 10, younger: 30 * 24 * 60 * 60 };

/// What goes.
#[derive(Debug, Default)]
pub struct Plan {
    /// Generations, ascending.
    pub generations: Vec<Listed>,
    /// Those that stay, ascending.
    pub kept: Vec<u64>,
    /// One of them that stays only so that there is one to roll back to.
    pub way_back: Option<u64>,
    /// Those that stay only since an edit was made on what they hold, which stays too.
    pub edited: Vec<u64>,
    /// Names in the folder of trees, each before those that it links to.
    pub trees: Vec<String>,
    /// Paths in the state that a run which was killed left behind.
    pub litter: Vec<String>,
    /// How many bytes are free then.
    pub bytes: u64,
    /// Manifests that have to be written again, ascending, and against which one.
    rewrites: Vec<(u64, Option<u64>)>,
}

impl Plan {
    /// Whether there is nothing to remove.
    pub fn is_empty(&self) -> bool {
        self.generations.is_empty() && self.trees.is_empty() && self.litter.is_empty()
    }
}

/// Why nothing is planned.
#[derive(Debug, thiserror::Error)]
pub enum GcError {
    /// Generations that cannot be read: nothing says what they need.
    #[error("{} cannot be read", .0.iter().map(|(number, _)| format!("generation {number}")).collect::<Vec<_>>().join(", "))]
    Unreadable(Vec<(u64, StateError)>),
    /// A record of hcc's.
    #[error(transparent)]
    State(#[from] StateError),
}

/// What is renamed to this is gone.
const GONE: &str = ".gone-";

/// Plans what goes. `now` is in seconds since 1970.
///
/// # Errors
/// [`GcError`]; nothing was changed.
pub fn plan(site: &Site, keep: Keep, now: u64) -> Result<Plan, GcError> {
    let state = &site.state;
    let History { list, broken } = history::read(state)?;
    if !broken.is_empty() {
        return Err(GcError::Unreadable(broken));
    }
    let journal = site.journal()?;
    let mut needed: BTreeSet<u64> = BTreeSet::new();
    if let Some(journal) = &journal {
        needed.extend([journal.generation, journal.from]);
    }
    needed.extend(after::settled(state)?);
    let (mut kept, way_back) = kept(&list, site.current()?.0, &needed, keep, now);
    let began = site.ledger()?.edited.unwrap_or_default();
    let began: BTreeSet<u64> = began.into_values().collect();
    let edited = list.iter().map(|one| one.number);
    let edited = edited.filter(|number| began.contains(number) && kept.insert(*number)).collect();
    let rewrites = rewrites(&list, &kept);
    let mut trees = Trees::read(state).map_err(|error| io_at(state.join(tree::FOLDER), error))?;
    // One that stays in transition is what the home leads to.
    let transition = |number: &u64| root(state, &format!("{number}/transition"));
    let roots = kept.iter().filter_map(|number| root(state, &number.to_string()));
    let roots = roots.chain(kept.iter().filter_map(transition));
    let under_way = journal.iter().flat_map(|journal| &journal.trees).map(ToString::to_string);
    let reached = trees.reached(roots.chain(under_way).collect());
    trees.list.retain(|name, _| !reached.contains(name));
    let litter = litter(state).map_err(|error| io_at(state.path.clone(), error))?;
    let generations: Vec<Listed> =
        list.into_iter().filter(|one| !kept.contains(&one.number)).collect();
    let mut gone: Vec<Utf8PathBuf> = Vec::new();
    gone.extend(generations.iter().map(|one| state.join(format!("generations/{}", one.number))));
    gone.extend(trees.list.keys().map(|name| state.join(tree::FOLDER).join(name)));
    gone.extend(litter.iter().map(|path| state.join(path)));
    let bytes = freed(&gone);
    let trees = trees.outer_first();
    let kept = kept.into_iter().collect();
    Ok(Plan { generations, kept, way_back, edited, trees, litter, bytes, rewrites })
}

/// The generations that stay, and the one of them that nothing wants but a rollback.
fn kept(
    list: &[Listed],
    current: u64,
    needed: &BTreeSet<u64>,
    keep: Keep,
    now: u64,
) -> (BTreeSet<u64>, Option<u64>) {
    let numbers: Vec<u64> = list.iter().map(|one| one.number).collect();
    let by = |number| list.iter().find(|one| one.number == number).map(|one| one.by.clone());
    let previous = history::before(&numbers, current, by);
    let last = list.len().saturating_sub(keep.last);
    let stays = |(at, one): (usize, &Listed)| {
        let young = now.saturating_sub(one.created) < keep.younger;
        let is_current = one.number == current;
        // A number above the one in effect was never committed; its own run removes it.
        let stays = is_current || young || at >= last || needed.contains(&one.number);
        stays.then_some(one.number)
    };
    let mut kept: BTreeSet<u64> = list.iter().enumerate().filter_map(stays).collect();
    let way_back = previous.filter(|number| kept.insert(*number));
    (kept, way_back)
}

/// Which manifests are written against one that goes, and against which they are to be instead.
fn rewrites(list: &[Listed], kept: &BTreeSet<u64>) -> Vec<(u64, Option<u64>)> {
    let bases = list.iter().filter(|one| kept.contains(&one.number));
    let lost = bases.filter(|one| one.base.is_some_and(|base| !kept.contains(&base)));
    lost.map(|one| (one.number, kept.range(..one.number).next_back().copied())).collect()
}

/// The tree that a generation is.
fn root(state: &State, generation: &str) -> Option<String> {
    let to = fs::read_link(state.join(format!("generations/{generation}/home"))).ok()?;
    Some(to.file_name()?.to_str()?.to_owned())
}

/// All trees, each with those that it links to.
#[derive(Debug, Default)]
struct Trees {
    list: BTreeMap<String, Vec<String>>,
}

impl Trees {
    fn read(state: &State) -> io::Result<Self> {
        let folder = state.join(tree::FOLDER);
        let mut list = BTreeMap::new();
        let is_tree =
            |name: &String| !name.starts_with('.') && super::leave::is_own(tree::FOLDER, name);
        for name in names(&folder)?.into_iter().filter(is_tree) {
            let mut inner = Vec::new();
            for entry in fs::read_dir(folder.join(&name))? {
                let entry = entry?;
                if !entry.file_type()?.is_symlink() {
                    continue;
                }
                let to = fs::read_link(entry.path())?;
                inner.extend(to.to_str().and_then(|to| to.strip_prefix("../")).map(str::to_owned));
            }
            list.insert(name, inner);
        }
        // A link of the user's may look like one of ours; where it leads nowhere it is none.
        let known: BTreeSet<String> = list.keys().cloned().collect();
        list.values_mut().for_each(|inner: &mut Vec<String>| inner.retain(|to| known.contains(to)));
        Ok(Self { list })
    }

    /// All that are reached from some.
    fn reached(&self, mut open: Vec<String>) -> BTreeSet<String> {
        let mut reached = BTreeSet::new();
        while let Some(name) = open.pop() {
            if reached.insert(name.clone()) {
                open.extend(self.list.get(&name).into_iter().flatten().cloned());
            }
        }
        reached
    }

    /// All of them, each before those that it links to. A circle, which hcc never makes, is broken
    /// anywhere.
    fn outer_first(&self) -> Vec<String> {
        let mut above: HashMap<&str, usize> = HashMap::new();
        for inner in self.list.values().flatten() {
            *above.entry(inner).or_default() += 1;
        }
        let mut order: Vec<String> = Vec::with_capacity(self.list.len());
        let is_top = |name: &&String| !above.contains_key(name.as_str());
        let mut open: Vec<&String> = self.list.keys().filter(is_top).collect();
        while let Some(name) = open.pop() {
            order.push(name.clone());
            for inner in self.list.get(name).into_iter().flatten() {
                let count = above.entry(inner).or_default();
                *count = count.saturating_sub(1);
                if *count == 0 && self.list.contains_key(inner) {
                    open.push(inner);
                }
            }
        }
        let done: BTreeSet<String> = order.iter().cloned().collect();
        order.extend(self.list.keys().filter(|name| !done.contains(*name)).cloned());
        order
    }
}

fn names(folder: &Utf8Path) -> io::Result<Vec<String>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut names = Vec::new();
    for entry in entries {
        names.extend(entry?.file_name().into_string());
    }
    names.sort();
    Ok(names)
}

/// What runs that were killed left behind: trees and generations that were being made or removed.
fn litter(state: &State) -> io::Result<Vec<String>> {
    let mut litter = Vec::new();
    for (folder, starts) in [(tree::FOLDER, [".new-", GONE]), ("generations", [GONE, GONE])] {
        let names = names(&state.join(folder))?;
        let own = |name: &String| starts.iter().any(|start| name.starts_with(start));
        litter.extend(names.into_iter().filter(own).map(|name| format!("{folder}/{name}")));
    }
    Ok(litter)
}

/// The bytes on disk that only these folders hold: a content that something else names too stays.
fn freed(gone: &[Utf8PathBuf]) -> u64 {
    let mut bytes = 0;
    let mut shared: HashMap<(u64, u64), (u64, u64, u64)> = HashMap::new();
    for folder in gone {
        for entry in walkdir::WalkDir::new(folder).into_iter().flatten() {
            let Ok(found) = entry.metadata() else { continue };
            let size = found.blocks() * 512;
            if found.is_dir() || found.nlink() == 1 {
                bytes += size;
                continue;
            }
            let names =
                shared.entry((found.dev(), found.ino())).or_insert((0, found.nlink(), size));
            names.0 += 1;
        }
    }
    bytes + shared.values().filter(|(own, all, _)| own >= all).map(|(_, _, size)| size).sum::<u64>()
}

/// Does it.
///
/// # Errors
/// [`StateError`]; what is kept can be read, and the next run goes on.
pub fn run(site: &Site, plan: &Plan) -> Result<(), StateError> {
    let (state, store) = (&site.state, site.store()?);
    for (number, base) in &plan.rewrites {
        let whole = manifest::read(state, *number)?;
        let below = base.map(|base| manifest::read(state, base)).transpose()?;
        let base = match &below {
            Some(below) => Some(Base {
                number: below.number,
                chain: u32::try_from(manifest::bases(state, below.number)?.len() + 1)
                    .unwrap_or(u32::MAX),
                entries: below.entries.iter().map(|entry| &**entry).collect(),
            }),
            None => None,
        };
        state.write(&manifest::file(*number), &manifest::written(&whole, base.as_ref()))?;
    }
    for path in &plan.litter {
        remove(&store, state, path)?;
    }
    // Those that are written against others are newer than these.
    let generations = plan.generations.iter().rev().map(|one| one.number.to_string());
    take("generations", generations, &store, state)?;
    take(tree::FOLDER, plan.trees.iter().cloned(), &store, state)
}

/// Takes names out of a folder, in their order, and then what they hold.
fn take(
    folder: &str,
    names: impl Iterator<Item = String>,
    store: &Disk,
    state: &State,
) -> Result<(), StateError> {
    let mut gone = Vec::new();
    for name in names {
        let (path, to) = (format!("{folder}/{name}"), format!("{folder}/{GONE}{name}"));
        remove(store, state, &to)?;
        match move_new((store, &path), (store, &to)) {
            Err(error) if is_absent(&error) => continue,
            moved => moved.map_err(|error| io_at(state.join(&path), error))?,
        }
        gone.push(to);
    }
    if !gone.is_empty() {
        store.sync_folder(folder).map_err(|error| io_at(state.join(folder), error))?;
    }
    gone.iter().try_for_each(|path| remove(store, state, path))
}

fn remove(store: &Disk, state: &State, path: &str) -> Result<(), StateError> {
    match store.remove_all(path) {
        Err(error) if !is_absent(&error) => Err(io_at(state.join(path), error)),
        _ => Ok(()),
    }
}

fn io_at(path: Utf8PathBuf, error: io::Error) -> StateError {
    StateError::Io(path, error)
}
