//! Which package has which path of the home, where several could.

use std::collections::HashMap;

use super::Package;
use super::ignore::Beginnings;
use super::walk::{Entry, What, join};

/// Whose a path is.
#[derive(Debug, Default)]
pub struct Claims {
    /// Paths that are no folder, and the package that each is taken from.
    owners: HashMap<String, usize, foldhash::fast::RandomState>,
    /// Folders, the first package that has something there, and whether others do.
    folders: HashMap<String, (usize, bool), foldhash::fast::RandomState>,
    /// Whether the home is one that does not tell cases apart.
    folds_case: bool,
}

/// What is to be said of a path that two packages have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lost {
    /// The package that has it instead.
    To(usize),
    /// A package has a file where another has a folder.
    Below(usize),
}

impl Claims {
    /// Asks for every path of every package, in the order in which stow would take them.
    pub fn of(packages: &[Package], folds_case: bool) -> Self {
        let mut own = Self { folds_case, ..Self::default() };
        for (at, package) in packages.iter().enumerate() {
            own.folders(at, &package.entries, &package.home);
        }
        for (at, package) in packages.iter().enumerate() {
            own.claim(at, package, &package.entries, &package.home);
        }
        own
    }

    fn folders(&mut self, by: usize, entries: &[Entry], home: &str) {
        for entry in entries {
            let What::Folder(inner) = &entry.what else { continue };
            let path = join(home, &entry.home);
            if has_any(inner) {
                let slot = self.folders.entry(self.key(&path)).or_insert((by, false));
                slot.1 |= slot.0 != by;
                self.folders(by, inner, &path);
            }
        }
    }

    fn claim(&mut self, by: usize, package: &Package, entries: &[Entry], home: &str) {
        for entry in entries {
            let path = join(home, &entry.home);
            match &entry.what {
                What::Folder(inner) => self.claim(by, package, inner, &path),
                What::Ignored(_) | What::Left(_) => {}
                What::File | What::Linked | What::Kept(_) => {
                    let key = self.key(&path);
                    if self.folders.contains_key(&key) {
                        continue;
                    }
                    let wins = package.wins(&path);
                    let slot = self.owners.entry(key).or_insert(by);
                    if wins {
                        *slot = by;
                    }
                }
            }
        }
    }

    /// Why a path that is no folder is not a package's; none if it is.
    pub fn lost(&self, by: usize, path: &str) -> Option<Lost> {
        let key = self.key(path);
        if let Some((other, _)) = self.folders.get(&key) {
            return Some(Lost::Below(*other));
        }
        self.owners.get(&key).filter(|owner| **owner != by).map(|owner| Lost::To(*owner))
    }

    /// Whether several packages have something in a folder.
    pub fn is_shared(&self, folder: &str) -> bool {
        self.folders.get(&self.key(folder)).is_some_and(|(_, shared)| *shared)
    }

    /// Whether some package has a folder with something in it there.
    pub fn is_folder(&self, path: &str) -> bool {
        self.folders.contains_key(&self.key(path))
    }

    fn key(&self, path: &str) -> String {
        if self.folds_case { path.to_lowercase() } else { path.to_owned() }
    }
}

/// Whether there is anything in a folder that could be taken.
fn has_any(entries: &[Entry]) -> bool {
    entries.iter().any(|entry| match &entry.what {
        What::File | What::Linked | What::Kept(_) => true,
        What::Folder(inner) => has_any(inner),
        What::Ignored(_) | What::Left(_) => false,
    })
}

/// Who wins where two packages have one path: `--override`, `--defer`, else the first.
#[derive(Debug, Default)]
pub struct Precedence {
    /// `--override`.
    pub overriding: Beginnings,
    /// `--defer`.
    pub defer: Beginnings,
}
