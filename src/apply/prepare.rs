//! From what is wanted and what is recorded to a plan: every path is looked at once.

use std::collections::HashSet;
use std::io;

use camino::Utf8Path;
use rustix::fs::FileType;

use super::base;
use super::disk::{Disk, Way, kind};
use super::index::Record as Left;
use super::ledger::{Ledger, Merging};
use super::look::{Eye, Found};
use super::manifest::Kind;
use super::merge::{self, Choice, Merged};
use super::plan::{Merge, Plan, Policy, Sight, World, plan};
use super::site::{Record, Site};
use super::unfold::{self, Fold};
use super::wanted::{Declared, Wanted};
use crate::ir::Drift;

/// Plans what brings a home from what is recorded to what is wanted, which is sorted by path.
///
/// # Errors
/// A path that cannot be looked at, with the system's reason.
pub fn prepare(
    site: &mut Site,
    record: &Record,
    wanted: &[Wanted],
    policy: &Policy,
) -> Result<Plan, (String, io::Error)> {
    allow(site, record, wanted);
    let site = &*site;
    let (leaving, view) = (leaving(record, wanted), site.view());
    let eye = Eye::new(&site.home, &view, &record.ledger, &leaving);
    let sights = sights(site, &eye, record, wanted, policy)?;
    let world = World {
        generation: record.index.generation,
        edited: &|path| base::generation(site, record, path),
        link_text: &|path| eye.link_text(path),
        look: &|path| site.home.look(path).ok().flatten(),
        fold: &|path, folder| {
            let link = site.path.join(path);
            let Ok(there) = link.canonicalize_utf8() else { return Fold::Other };
            let own = |folder: &str| Utf8Path::new(folder).canonicalize_utf8().ok();
            let is_own = policy.own.as_ref().is_some_and(|own| own.has(&link));
            match is_own || folder.and_then(own).is_some_and(|own| own == there) {
                true => unfold::fold(wanted, path, &there),
                false => Fold::Other,
            }
        },
        is_own: &|path| policy.own.as_ref().is_some_and(|own| own.has(&site.path.join(path))),
        holds_more: &|path| {
            let found = site.home.look(path).ok().flatten();
            found.is_some_and(|found| kind(&found) == FileType::Directory) && !eye.leaves(path)
        },
        behind: &|folder, original, path| unfold::behind(site, folder, original, path),
        shows: &|at, original, linked| unfold::shows(site, at, original, linked),
        dangles: &|path, original| unfold::dangles(site, original, path),
        leaves: &|path| leaving.contains(path),
        wants: &|path| {
            wanted.binary_search_by(|wanted| wanted.entry.path.as_str().cmp(path)).is_ok()
        },
        needs: &|path| unfold::needs(wanted, path),
    };
    Ok(plan(sights, &record.ledger, policy, &world))
}

/// Only looks: every path that is wanted or recorded, and what was found there.
///
/// # Errors
/// A path that cannot be looked at, with the system's reason.
pub fn look<'a>(
    site: &mut Site,
    record: &'a Record,
    wanted: &'a [Wanted],
) -> Result<Vec<Sight<'a>>, (String, io::Error)> {
    allow(site, record, wanted);
    let (leaving, view) = (leaving(record, wanted), site.view());
    let eye = Eye::new(&site.home, &view, &record.ledger, &leaving);
    let policy = Policy { drift: Some(Drift::Keep), ..Policy::default() };
    sights(site, &eye, record, wanted, &policy)
}

/// Lets those links be followed in the place of a folder that are meant to be there.
fn allow(site: &mut Site, record: &Record, wanted: &[Wanted]) {
    for path in wanted.iter().flat_map(|wanted| &wanted.entry.allow_parent) {
        site.home.allow(path);
    }
    for path in record.index.records.iter().flat_map(|record| &record.entry.allow_parent) {
        site.home.allow(path);
    }
}

/// The managed paths that are not wanted any more. Both are sorted.
fn leaving<'a>(record: &'a Record, wanted: &[Wanted]) -> HashSet<&'a str> {
    let mut wanted = wanted.iter().map(|wanted| wanted.entry.path.as_str()).peekable();
    let paths = record.index.records.iter().map(|record| record.entry.path.as_str());
    paths
        .filter(|path| {
            while wanted.next_if(|own| own < path).is_some() {}
            wanted.peek() != Some(path)
        })
        .collect()
}

/// A path as it is wanted, and as it was left.
type Pair<'a> = (Option<&'a Wanted>, Option<&'a Left>);

fn sights<'a>(
    site: &Site,
    eye: &Eye,
    record: &'a Record,
    wanted: &'a [Wanted],
    policy: &Policy,
) -> Result<Vec<Sight<'a>>, (String, io::Error)> {
    let pairs = pairs(wanted, &record.index.records);
    let mut sights = Vec::with_capacity(pairs.len());
    for ((wanted, record_of), found) in pairs.iter().zip(see_all(site, eye, &pairs)) {
        let path = || {
            let path = wanted.map(|wanted| &wanted.entry.path);
            path.or(record_of.map(|left| &left.entry.path)).cloned().unwrap_or_default()
        };
        let found = found.map_err(|error| (path(), error))?;
        let mut sight = Sight { wanted: *wanted, record: *record_of, found, merged: None };
        sight.merged = merged(site, &record.ledger, &sight, policy).map(Box::new);
        sights.push(sight);
    }
    Ok(sights)
}

/// Two sorted lists side by side.
fn pairs<'a>(wanted: &'a [Wanted], records: &'a [Left]) -> Vec<Pair<'a>> {
    let mut pairs = Vec::with_capacity(wanted.len());
    let (mut new, mut old) = (wanted.iter().peekable(), records.iter().peekable());
    loop {
        let order = match (new.peek(), old.peek()) {
            (Some(new), Some(old)) => new.entry.path.cmp(&old.entry.path),
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
            (None, None) => return pairs,
        };
        pairs.push((
            if order.is_le() { new.next() } else { None },
            if order.is_ge() { old.next() } else { None },
        ));
    }
}

/// From so many paths on it pays to look with several threads.
const MANY: usize = 2000;

/// Looks at every path, in the order of the list.
fn see_all(site: &Site, eye: &Eye, pairs: &[Pair]) -> Vec<io::Result<Found>> {
    let workers = match std::thread::available_parallelism() {
        Ok(cores) if pairs.len() >= MANY => cores.get().min(4),
        _ => 1,
    };
    let homes: Vec<Disk> = (0..workers).filter_map(|_| site.home.again().ok()).collect();
    if workers == 1 || homes.len() != workers {
        return pairs.iter().map(|pair| see(eye, pair)).collect();
    }
    let (view, ledger, leaving) = (eye.view, eye.ledger, eye.leaving);
    std::thread::scope(|scope| {
        let parts = pairs.chunks(pairs.len().div_ceil(workers)).zip(homes);
        let threads: Vec<_> = parts
            .map(|(part, home)| {
                scope.spawn(move || {
                    let eye = Eye::new(&home, view, ledger, leaving);
                    part.iter().map(|pair| see(&eye, pair)).collect::<Vec<_>>()
                })
            })
            .collect();
        let mut all = Vec::with_capacity(pairs.len());
        for thread in threads {
            match thread.join() {
                Ok(found) => all.extend(found),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        all
    })
}

fn see(eye: &Eye, pair: &Pair) -> io::Result<Found> {
    match *pair {
        (wanted, Some(left)) => eye.managed(left, wanted),
        (Some(wanted), None) => eye.unmanaged(wanted),
        (None, None) => Ok(Found::Absent),
    }
}

/// What merging comes to, for a file that is shared with its program.
fn merged(
    site: &Site,
    ledger: &Ledger,
    sight: &Sight,
    policy: &Policy,
) -> Option<Result<Merge, String>> {
    let is_merge = |kind: &Kind| matches!(kind, Kind::Merge(_));
    let (wanted, record) = (sight.wanted, sight.record);
    let wants = wanted.is_some_and(|wanted| is_merge(&wanted.entry.kind));
    let had = record.is_some_and(|record| is_merge(&record.entry.kind));
    if !wants && !had {
        return None;
    }
    if let (Some(wanted), Some(record), Found::AsLeft(_)) = (wanted, record, &sight.found)
        && wanted.entry.puts_the_same(&record.entry)
    {
        return None;
    }
    let path = wanted.map(|wanted| &wanted.entry.path);
    let path = path.or(record.map(|record| &record.entry.path))?;
    let now = match &sight.found {
        // What hcc put there as a whole is made anew with its keys alone.
        Found::AsLeft(_) | Found::File { .. } if had || record.is_none() => {
            match site.home.read(path) {
                Ok((bytes, _)) => Some(bytes),
                Err(error) => return Some(Err(crate::files::reason(&error))),
            }
        }
        // What else stands there has no keys: the file is made anew, if it may make room.
        found if wants => own_text(site, policy, path, found),
        _ => return None,
    };
    let before = ledger.merged.get(path).cloned().unwrap_or_default();
    let Some(wanted) = wanted.filter(|_| wants) else {
        let done = merge::release(&before.format, &now?, &before.owned);
        return Some(done.map_err(|error| error.to_string()).map(|own| {
            // What a link showed before is shown by that link again.
            let is_back = unfold::showed(site, ledger, path).is_some_and(|old| old == own.bytes);
            let own = Merged { empty: own.empty || is_back, ..own };
            result(own, before, false)
        }));
    };
    // What of it the configuration does not hold was given up.
    let restores = policy.drift.or(wanted.entry.drift) == Some(Drift::Restore)
        || policy.absorbed.contains_key(path);
    let choice = if restores { Choice::Restore } else { Choice::Keep };
    Some(wanted.declared().and_then(|Declared { format, params, value }| {
        let done = merge::merge(&format, now.as_deref(), &value, &params, &before.owned, choice);
        let merging = Merging { format, owned: before.owned };
        done.map_err(|error| error.to_string()).map(|own| result(own, merging, restores))
    }))
}

/// What a file of the configuration holds that is linked to a path, itself or with its folder.
fn own_text(site: &Site, policy: &Policy, path: &str, found: &Found) -> Option<Vec<u8>> {
    let link = match found {
        Found::Link { .. } => path,
        Found::NoWay(Way::Link(at)) => at,
        _ => return None,
    };
    let is_own = policy.own.as_ref().is_some_and(|own| own.has(&site.path.join(link)));
    crate::files::read(&site.path.join(path)).ok().filter(|_| is_own)
}

fn result(own: Merged, merging: Merging, restores: bool) -> Merge {
    Merge {
        bytes: (!own.empty).then_some(own.bytes),
        changed: own.changed,
        edited: own.drift.iter().map(ToString::to_string).collect(),
        owned: Merging { owned: own.owned, ..merging },
        restores,
    }
}
