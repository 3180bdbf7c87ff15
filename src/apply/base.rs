//! What an edit that stays was made on. Once the configuration says something else, that is no
//! longer what the generation in effect holds: the ledger notes the one that does.

use std::io;

use super::ledger::Ledger;
use super::manifest::{self, Kind};
use super::site::{Record, Site};
use super::state::StateError;
use super::texts;
use super::wanted::{self, Wanted};

/// So many generations are looked through for what an edit was made on that was not noted.
const OLDEST: usize = 100;

/// The generation with whose content an edit at a managed path began; none if it is the one in
/// effect.
pub fn generation(site: &Site, record: &Record, path: &str) -> Option<u64> {
    match &record.ledger.edited {
        Some(noted) => noted.get(path).copied(),
        None => likely(site, record, path),
    }
}

/// Whether what [`generation`] says is a guess: an older hcc kept the edit.
pub fn is_guessed(ledger: &Ledger) -> bool {
    ledger.edited.is_none()
}

/// What a generation holds at a path; none if it does not have it.
///
/// # Errors
/// [`StateError`]: it is gone, or cannot be read.
pub fn of(site: &Site, number: u64, path: &str) -> Result<Option<Wanted>, StateError> {
    let manifest = manifest::read(&site.state, number)?;
    Ok(manifest.entry(path).map(|entry| wanted::of_entry(entry, number, &site.state)))
}

/// The bytes of what a generation holds; of a compiled text also if something wrote over it.
///
/// # Errors
/// The system's own; `InvalidData` for what was written over.
pub fn bytes(site: &Site, held: &Wanted) -> io::Result<Vec<u8>> {
    let kept = || texts::find(&site.state, held.entry.kind.hash()?).map(String::into_bytes);
    held.read().map(|bytes| bytes.into_owned()).or_else(|error| kept().ok_or(error))
}

/// Of what the last generations hold, the content from which the edit is the smallest.
fn likely(site: &Site, record: &Record, path: &str) -> Option<u64> {
    let current = record.index.generation;
    // As hcc left it the last time, it was not edited before.
    if record.index.record(path)?.home.is_some() {
        return None;
    }
    let text = |read: io::Result<Vec<u8>>| String::from_utf8(read.ok()?).ok();
    let read = site.home.read(path).or_else(|_| site.home.read_through(path));
    let now = text(read.map(|(bytes, _)| bytes))?;
    let numbers = manifest::numbers(&site.state).ok()?;
    let numbers = numbers.into_iter().rev().filter(|number| *number <= current).take(OLDEST);
    let mut nearest: Option<(usize, u64)> = None;
    let mut last = None;
    for number in numbers {
        let Ok(Some(held)) = of(site, number, path) else { break };
        if !matches!(held.entry.kind, Kind::Link(_) | Kind::Copy(_)) {
            break;
        }
        if last.replace(held.entry.kind.hash()) == Some(held.entry.kind.hash()) {
            continue;
        }
        let Some(held) = text(bytes(site, &held)) else { continue };
        let distance = distance(&held, &now);
        // What is the same is no edit of it.
        if distance > 0 && nearest.is_none_or(|(least, _)| distance < least) {
            nearest = Some((distance, number));
        }
    }
    nearest.map(|(_, number)| number).filter(|number| *number != current)
}

/// How many lines differ.
fn distance(old: &str, new: &str) -> usize {
    let diff = similar::TextDiff::from_lines(old, new);
    diff.iter_all_changes().filter(|change| change.tag() != similar::ChangeTag::Equal).count()
}
