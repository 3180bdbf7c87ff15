//! A path that is managed and stays so, as it was left or as somebody else changed it.

use super::{Merge, Old, Planner, Put, Verb, drift, stands};
use crate::apply::disk::Way;
use crate::apply::index::Record;
use crate::apply::ledger::Original;
use crate::apply::look::Found;
use crate::apply::manifest::{Entry, Kind};
use crate::apply::wanted::Wanted;
use crate::files::shown;
use crate::ir::{Drift, Stamp};

impl Planner<'_> {
    /// A file that is shared with its program.
    pub(super) fn merges(
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
            Some(Err(reason)) if verb == Verb::Change => {
                self.item(entry, Verb::Hold, Some(reason));
                self.record(wanted, None);
            }
            Some(Err(reason)) => self.item(entry, Verb::Hold, Some(reason)),
            None => {}
        }
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
    pub(super) fn stays(
        &mut self,
        wanted: &Wanted,
        record: &Record,
        found: Found,
        merged: Option<Result<Merge, String>>,
    ) {
        let (entry, left) = (&wanted.entry, &record.entry);
        let merges = |entry: &Entry| matches!(entry.kind, Kind::Merge(_));
        if let Some(why) = wanted.lost()
            && !matches!(found, Found::AsLeft(_))
        {
            return self.loses(wanted, left, &found, why);
        }
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
                    Err(reason) => return self.hold(wanted, left, reason),
                }
                self.item(entry, Verb::Change, None);
                self.record(wanted, None);
            }
            Found::Worn(_) => {
                self.plan.rebuild.push(entry.path.clone());
                match self.put(entry, merged.as_ref()) {
                    Ok(put) => self.puts(entry, put, Old::Ours(None), merged),
                    Err(reason) => return self.hold(wanted, left, reason),
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
                    Err(reason) => return self.hold(wanted, left, reason),
                }
                self.item(entry, Verb::Repair, Some("a program put a file there".to_owned()));
                self.record(wanted, None);
            }
            found => self.drifted(wanted, left, &found, merged),
        }
    }

    /// A managed path that is not as it was left, and what hcc put there is lost: it cannot come
    /// back.
    fn loses(&mut self, wanted: &Wanted, left: &Entry, found: &Found, why: &str) {
        let path = &wanted.entry.path;
        let restores = self.drift_of(&wanted.entry) == Drift::Restore;
        let is_edit = !matches!(found, Found::Worn(_) | Found::File { same: true, .. });
        if matches!(found, Found::NoWay(_)) || is_edit && !restores {
            return self.drifted(wanted, left, found, None);
        }
        if matches!(found, Found::Through { .. }) {
            // The edit is not left to a tree.
            self.place(path, Put::Through, Old::Ours(None));
        }
        let drift = if is_edit { " --drift restore" } else { "" };
        let help = format!("`hcc apply{drift}` brings what the configuration says");
        self.hold(wanted, left, format!("{why}; {help}"));
    }

    /// Whether an edit is in the configuration by now, as it was seen when that was found out; and
    /// if so, whether the file is saved.
    fn absorbed(&self, path: &str, found: &Found) -> Option<bool> {
        let absorbed = self.policy.absorbed.get(path)?;
        let is_newer = absorbed.seen.is_some() && absorbed.seen.as_ref() != found.stamp();
        let holds = !matches!(found, Found::Through { .. }) && !is_newer;
        holds.then_some(absorbed.saves)
    }

    /// What becomes of an edit.
    fn drift_of(&self, entry: &Entry) -> Drift {
        self.policy.drift.or(entry.drift).unwrap_or(Drift::Keep)
    }

    /// A managed path that somebody else changed; `left` is what hcc put there.
    fn drifted(
        &mut self,
        wanted: &Wanted,
        left: &Entry,
        found: &Found,
        merged: Option<Result<Merge, String>>,
    ) {
        let entry = &wanted.entry;
        let how = drift(found);
        let policy = self.drift_of(entry);
        let through = matches!(found, Found::Through { .. });
        if through && wanted.lost().is_none() {
            self.plan.rebuild.push(entry.path.clone());
        }
        match (policy, found) {
            (_, Found::NoWay(Way::Link(at) | Way::Blocked(at))) => {
                let note = format!("{} is no folder any more, so it is left alone", shown(&at));
                self.item(entry, Verb::Keep, Some(note));
                self.stays_edited(entry, left);
                self.record(wanted, None);
            }
            (_, found) if let Some(saves) = self.absorbed(&entry.path, found) => {
                let old = match saves {
                    true => Old::Save,
                    false => Old::Ours(found.stamp().copied()),
                };
                match self.put(entry, merged.as_ref()) {
                    Ok(put) => self.puts(entry, put, old, merged),
                    Err(reason) => return self.hold(wanted, left, reason),
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
                    Err(reason) => return self.hold(wanted, left, reason),
                }
                self.item(entry, Verb::Restore, Some(how.to_owned()));
                self.record(wanted, None);
            }
            (Drift::Keep | Drift::Absorb, _) => {
                if through {
                    // The edit is the user's: a real file, so that the next switch spares it.
                    self.place(&entry.path, Put::Through, Old::Ours(None));
                }
                self.stays_edited(entry, left);
                let anew = "what the configuration says anew does not reach it";
                let note = match (entry.puts_the_same(left), found) {
                    (true, _) => how.to_owned(),
                    (false, Found::File { .. } | Found::Through { .. }) => {
                        format!("{how}; {anew} until `hcc absorb` brings both together")
                    }
                    (false, _) => format!("{how}; {anew}"),
                };
                self.item(entry, Verb::Keep, Some(note));
                self.record(wanted, None);
            }
        }
    }
}
