//! A path that is new: what stands there makes room, is kept, or is a conflict.

use super::{Conflict, Merge, Old, Planner, Settle, Verb, told};
use crate::apply::disk::Way;
use crate::apply::ledger::Original;
use crate::apply::look::Found;
use crate::apply::manifest::Kind;
use crate::apply::names::free;
use crate::apply::unfold::Fold;
use crate::apply::wanted::Wanted;
use crate::files::shown;
use crate::ir::{Backup, Stamp};

impl Planner<'_> {
    /// Whether what stands at a path, or below it, leaves in truth.
    fn makes_room(&self, path: &str) -> bool {
        let below = format!("{path}/");
        let next = self.stays.range(below.clone()..).next();
        !self.stays.contains(path) && next.is_none_or(|next| !next.starts_with(&below))
    }

    /// A path that is new.
    pub(super) fn arrives(
        &mut self,
        wanted: &Wanted,
        found: Found,
        merged: Option<Result<Merge, String>>,
    ) {
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
            Found::NoWay(Way::Link(at)) if self.fold(&at, wanted) == Fold::Whole => {
                if !self.plan.aside.contains_key(&at) {
                    let original = Original::Stored(self.plan.ledger.store(&at));
                    self.plan.ledger.originals.insert(at.clone(), original.clone());
                    self.plan.aside.insert(at.clone(), original);
                }
                self.puts(entry, put, Old::Nothing, merged);
                let note = format!("{} was a link to the same folder", shown(&at));
                self.item(entry, Verb::Adopt, Some(note));
                self.record(wanted, None);
            }
            Found::NoWay(Way::Link(at)) => match self.fold(&at, wanted) {
                Fold::Hides(name) => {
                    let what = format!(
                        "a link to a folder with `{name}`, whose name is not UTF-8; it would no longer be seen here"
                    );
                    self.blocked(&at, &what, Settle::Rename);
                }
                _ => self.blocked(&at, "a link in the place of a folder", Settle::AllowParent),
            },
            Found::File { stamp, .. } if wanted.is_source(&stamp) => {
                self.blocked(&entry.path, "it is the source of itself", Settle::MoveSource);
            }
            Found::NoWay(Way::Blocked(at)) => {
                if self.plan.aside.contains_key(&at) {
                    self.item(entry, Verb::Add, None);
                } else if let Some(original) = self.keep(&at, entry.force, "a file") {
                    let note = Some(format!("{} {}", shown(&at), told(&original)));
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
            Found::Link { .. } if (self.world.is_own)(&entry.path) => {
                let original = Original::Stored(self.plan.ledger.store(&entry.path));
                self.plan.ledger.originals.insert(entry.path.clone(), original.clone());
                // What is behind it was not the same, or it would have been adopted.
                let note = format!("was {}, in the configuration", found.what());
                self.puts(entry, put, Old::Keep(original), merged);
                self.item(entry, Verb::Replace, Some(note));
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
        let again = || self.plan.ledger.kept.get(path).filter(|_| self.policy.again);
        let backup = match force {
            true => Some(Backup::Store),
            false => self.policy.backup.as_ref().or_else(again).cloned(),
        };
        if let Some(backup) = backup.as_ref().filter(|_| !force) {
            self.plan.ledger.kept.insert(path.to_owned(), backup.clone());
        }
        let original = match &backup {
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
    fn fold(&self, at: &str, wanted: &Wanted) -> Fold {
        let Some(inner) = wanted.entry.path.strip_prefix(at) else { return Fold::Other };
        let folder = wanted.source_path().and_then(|source| source.strip_suffix(inner));
        match self.plan.aside.contains_key(at) {
            true => Fold::Whole,
            false => (self.world.fold)(at, folder),
        }
    }
}
