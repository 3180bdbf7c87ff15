//! What compiled files held when they were put in place. An edit through a link writes over that in
//! hcc's folder, and once the configuration says something else nobody else has it. It may be lost:
//! such an edit is brought over by hand then.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use serde::{Deserialize, Serialize};

use super::index::Index;
use super::manifest::{Hash, Kind};
use super::state::{self, State};
use super::wanted::{Bytes, Wanted};

/// The record's name.
pub const FILE: &str = "texts";

/// A text of more bytes is not kept.
const LONGEST: usize = 256 << 10;

/// No more bytes are kept.
const MOST: usize = 4 << 20;

/// Texts, by the names of contents.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Texts {
    list: BTreeMap<Hash, Text>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Text {
    /// Where it was put, relative to the home.
    path: String,
    text: String,
}

/// The text of a content, if it is kept.
pub fn find(state: &State, hash: Hash) -> Option<String> {
    let mut texts = read(state);
    texts.list.remove(&hash).map(|held| held.text).filter(|text| Hash::of(text.as_bytes()) == hash)
}

fn read(state: &State) -> Texts {
    state.read(FILE).ok().flatten().unwrap_or_default()
}

/// Keeps the texts of what a switch put in place, and those on which edits were made that stay.
pub fn keep(state: &State, old: &Index, wanted: &[Wanted], edited: &BTreeMap<String, u64>) {
    let linked = || wanted.iter().filter(|own| matches!(own.entry.kind, Kind::Link(_)));
    let is_text = |own: &Wanted| matches!(own.bytes, Bytes::Text(_));
    let (mut last, mut is_new) = (0, false);
    let mut come: Vec<&Wanted> = Vec::new();
    for own in linked().filter(|own| matches!(own.bytes, Bytes::Text(_) | Bytes::Tree(_))) {
        let left = old.record_after(&own.entry.path, &mut last);
        let is_old = left.is_some_and(|left| left.entry.kind == own.entry.kind);
        is_new |= !is_old;
        if is_text(own) || !is_old {
            come.push(own);
        }
    }
    if come.is_empty() || !is_new && state.join(FILE).exists() {
        return;
    }
    let mut texts = read(state);
    let hashes: BTreeSet<Hash> = linked().filter_map(|own| own.entry.kind.hash()).collect();
    texts.list.retain(|hash, held| hashes.contains(hash) || edited.contains_key(&held.path));
    for own in come {
        let Some(hash) = own.entry.kind.hash().filter(|hash| !texts.list.contains_key(hash)) else {
            continue;
        };
        let Ok(bytes) = own.read() else { continue };
        if let Ok(text) = String::from_utf8(bytes.into_owned())
            && text.len() <= LONGEST
        {
            texts.list.insert(hash, Text { path: own.entry.path.clone(), text });
        }
    }
    let mut room = MOST;
    texts.list.retain(|_, held| {
        let fits = held.text.len() <= room;
        room -= if fits { held.text.len() } else { 0 };
        fits
    });
    // It only saves work by hand.
    let _unwritten = state.write_loose(FILE, |file| file.write_all(&state::versioned(&texts)?));
}
