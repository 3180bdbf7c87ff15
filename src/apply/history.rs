//! All generations there are, each with what it changed: every manifest is read once.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::manifest::{self, Entry};
use super::state::{State, StateError};

/// A generation in a list.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Listed {
    /// Its number.
    pub number: u64,
    /// When it was made, in seconds since 1970.
    pub created: u64,
    /// What made it: `apply`, `rollback to 3`.
    pub by: String,
    /// The first file of the configuration that it was made from.
    pub config: String,
    /// How many paths it manages.
    pub files: usize,
    /// Paths that the generation before has not.
    pub added: usize,
    /// Paths of which the content, the mode or the way they are managed is another.
    pub changed: usize,
    /// Paths that only the generation before has.
    pub removed: usize,
    /// The generation that its manifest is written against.
    #[serde(skip)]
    pub base: Option<u64>,
}

/// What is known of all generations.
#[derive(Debug, Default)]
pub struct History {
    /// Those that can be read, ascending.
    pub list: Vec<Listed>,
    /// Those that cannot, and why.
    pub broken: Vec<(u64, StateError)>,
}

type Paths = BTreeMap<String, Arc<Entry>>;

/// The generation whose content another one has: that which a rollback went back to, else itself.
/// `by` says what made a generation.
fn effective(mut number: u64, by: impl Fn(u64) -> Option<String>) -> u64 {
    // It goes back to an earlier one each time.
    while let Some(to) =
        by(number).and_then(|by| manifest::rolled_back_to(&by)).filter(|to| *to < number)
    {
        number = to;
    }
    number
}

/// The generation before what is in effect in truth: after a rollback, the one before the one that
/// it went back to. `numbers` are ascending.
pub fn before(numbers: &[u64], current: u64, by: impl Fn(u64) -> Option<String>) -> Option<u64> {
    let current = effective(current, by);
    numbers.iter().rev().copied().find(|number| *number < current)
}

/// Reads all generations.
///
/// # Errors
/// The system's own, for the folder that they are in.
pub fn read(state: &State) -> Result<History, StateError> {
    let mut history = History::default();
    let mut last: Option<(u64, Paths)> = None;
    for number in manifest::numbers(state)? {
        match next(state, number, last.take()) {
            Ok((listed, paths)) => {
                history.list.push(listed);
                last = Some((number, paths));
            }
            Err((error, before)) => {
                history.broken.push((number, error));
                last = before;
            }
        }
    }
    Ok(history)
}

/// What came before, for the next one, beside the reason.
type Broken = (StateError, Option<(u64, Paths)>);

fn next(state: &State, number: u64, last: Option<(u64, Paths)>) -> Result<(Listed, Paths), Broken> {
    let written = match manifest::one(state, number) {
        Ok(written) => written,
        Err(error) => return Err((error, last)),
    };
    let head = written.head();
    let listed = |paths: &Paths, [added, changed, removed]: [usize; 3]| Listed {
        number,
        created: head.created,
        by: head.by.clone(),
        config: head.config.clone(),
        files: paths.len(),
        added,
        changed,
        removed,
        base: written.base(),
    };
    match last {
        // As nearly all are: what it says is what it changed.
        Some((before, mut paths)) if written.base() == Some(before) => {
            let (entries, removed) = written.changes();
            let gone = removed.iter().filter(|path| paths.remove(*path).is_some()).count();
            let (mut added, mut changed) = (0, 0);
            for entry in entries {
                match paths.insert(entry.path.clone(), entry.clone()) {
                    None => added += 1,
                    Some(old) if !old.puts_the_same(entry) => changed += 1,
                    Some(_) => {}
                }
            }
            Ok((listed(&paths, [added, changed, gone]), paths))
        }
        last => {
            let whole = match manifest::read(state, number) {
                Ok(whole) => whole,
                Err(error) => return Err((error, last)),
            };
            let paths: Paths =
                whole.entries.into_iter().map(|entry| (entry.path.clone(), entry)).collect();
            let nothing = Paths::new();
            let before = last.as_ref().map_or(&nothing, |(_, paths)| paths);
            let counts = counts(before, &paths);
            Ok((listed(&paths, counts), paths))
        }
    }
}

/// How many are added, changed and removed.
fn counts(before: &Paths, after: &Paths) -> [usize; 3] {
    let added = after.keys().filter(|path| !before.contains_key(*path)).count();
    let removed = before.keys().filter(|path| !after.contains_key(*path)).count();
    let changed = after.iter().filter(|(path, entry)| {
        before.get(*path).is_some_and(|before| !before.puts_the_same(entry))
    });
    [added, changed.count(), removed]
}
