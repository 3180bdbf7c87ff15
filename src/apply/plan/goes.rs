//! A path that is managed no more, and what comes back there.

use super::{Item, Leave, Merge, Old, Planner, Put, Verb, drift, stands, told};
use crate::apply::disk::Way;
use crate::apply::index::Record;
use crate::apply::ledger::Original;
use crate::apply::look::Found;
use crate::apply::manifest::{Entry, Kind};
use crate::files::shown;

impl Planner<'_> {
    /// A path that is managed no more.
    pub(super) fn goes(
        &mut self,
        record: &Record,
        found: Found,
        merged: Option<Result<Merge, String>>,
    ) {
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
                let note = format!("{} {}", shown(path), told(&original));
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
                let gone = back.as_ref().and_then(|back| (self.world.dangles)(path, back));
                let note = gone.map(|to| {
                    format!(
                        "a link to {}, where nothing is; `hcc eject` leaves the text",
                        shown(&to)
                    )
                });
                self.plan.leaves.push(Leave::new(path, seen, back));
                self.item(entry, verb, note);
            }
            Found::Absent => {
                if !waits {
                    self.plan.ledger.originals.remove(path);
                }
                if came {
                    self.plan.leaves.push(Leave::new(path, None, back));
                    self.item(entry, Verb::GiveBack, None);
                } else {
                    self.item(entry, Verb::Leave, Some("it was deleted".to_owned()));
                }
            }
            Found::NoWay(Way::Link(at) | Way::Blocked(at)) => {
                let note = format!("{} is no folder any more, so it is left alone", shown(&at));
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
                    self.plan.leaves.push(Leave::new(path, None, back));
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
                        self.plan.leaves.push(Leave::new(path, seen, back));
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

    /// Leaves links in a folder that took the place of a link and stays, since somebody put more into
    /// it: what was seen there through that link is seen on. Whether all of it is.
    fn unfold(&mut self, at: &str, original: &Original) -> bool {
        let below = format!("{at}/");
        let mut stay = Vec::new();
        self.plan.leaves.retain(|leave| {
            let link = match leave.path.starts_with(&below) && leave.back.is_none() {
                true => (self.world.behind)(at, original, &leave.path),
                false => None,
            };
            stay.extend(link.clone().map(|link| (leave.path.clone(), link, leave.seen)));
            link.is_none()
        });
        let linked = stay.iter().map(|(path, ..)| path.clone()).collect();
        for (path, link, seen) in stay {
            self.place(&path, Put::Link(link), Old::Ours(seen));
            let items = self.plan.items.iter_mut();
            for item in items.filter(|item| item.path == path) {
                item.verb = Verb::GiveBack;
                item.note = Some(format!("as a link: {} holds more by now", shown(at)));
            }
        }
        (self.world.shows)(at, original, &linked)
    }

    /// Originals whose place was taken by a folder of ours that may be gone now.
    pub(super) fn pending(&mut self) {
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
                let below = format!("{path}/");
                let stays = (self.world.holds_more)(&path)
                    || self.stays.iter().any(|own| own.starts_with(&below));
                let is_shown = stays && self.unfold(&path, &back);
                let note =
                    is_shown.then(|| "a folder of links now, which shows the same".to_owned());
                let leave = Leave { is_shown, ..Leave::new(&path, None, Some(back)) };
                self.plan.leaves.push(leave);
                let (target, install) = (String::new(), "");
                self.plan.items.push(Item { path, verb: Verb::GiveBack, target, install, note });
            }
        }
    }
}
