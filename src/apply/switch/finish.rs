//! The two ways out of a switch: taken back if it was not committed, completed if it was. Both can
//! be done again after a crash.

use std::collections::BTreeSet;

use super::{FEW, LAST_CURRENT, NEXT_CURRENT, NEXT_LEDGER, Report, SwitchError};
use crate::apply::disk::{Disk, is_absent, kind, move_over};
use crate::apply::journal::{self, Journal};
use crate::apply::ledger::{self, Ledger, Pending};
use crate::apply::manifest::{self, Kind};
use crate::apply::site::{CURRENT, Site};
use crate::apply::step::{self, Done, Old, Step};
use crate::apply::tree;
use rustix::fs::FileType;

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

/// Which run began what is completed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begun {
    /// This one.
    Now,
    /// An earlier one, which did some of it.
    Before,
}

/// Completes a switch after its commit.
///
/// # Errors
/// The system's own, for hcc's records; the journal stays then, and the next run goes on.
pub fn finish(
    site: &Site,
    store: &Disk,
    journal: &Journal,
    begun: Begun,
) -> Result<Report, SwitchError> {
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
        // What an earlier run did of it is not known.
        let is_plain = begun == Begun::Now
            && matches!(
                (step, &done),
                (Step::Place { old: Old::Nothing | Old::Drop(_), .. }, Done::Well)
            );
        if !is_plain {
            in_the_state.extend(step.in_state());
        }
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
            Done::Stuck(at, reason) => {
                report.held.push((path, format!("{reason}; see {}", crate::files::shown(at))))
            }
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
    // A link that could not be removed leads to what it led to, until it can be.
    let waits = ledger.pending.values().any(
        |own| matches!(own, Pending::NotRemoved(entry) if matches!(entry.kind, Kind::Link(_))),
    );
    if waits {
        store.remove_all(LAST_CURRENT).map_err(in_state(LAST_CURRENT))?;
    } else if store.look(LAST_CURRENT).map_err(in_state(LAST_CURRENT))?.is_some() {
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
        return Ok(Some(Recovered::Completed(finish(site, &store, &journal, Begun::Before)?)));
    }
    undo(site, &store, &journal)?;
    Ok(Some(Recovered::Undone(journal.generation)))
}
