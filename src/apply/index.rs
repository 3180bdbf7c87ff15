//! What the current generation left behind, path by path, so that a look at each says whether it
//! still stands so. It only saves work: without it everything is read again.
//!
//! It is written whole, or as what became other since it was, in a file of its own.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::io::{self, Write};
use std::sync::Arc;

use serde::{Serialize, de::DeserializeOwned};

use super::manifest::{Entry, Hash, Manifest, Rest};
use super::state::{State, StateError};
use crate::ir::Stamp;

/// The version of its form. Another one is not read.
const VERSION: u32 = 3;

/// Its name.
pub const FILE: &str = "index";

/// What became other since it was written whole.
pub const SINCE: &str = "index.since";

/// It is written whole once one path of so many became other.
const PART: usize = 16;

/// So many paths may become other at any size.
const FEW: usize = 64;

/// Times closer than this to a look may hide a change that came right after it.
const RACY: i64 = 50_000_000;

/// The index.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Index {
    version: u32,
    /// The generation it speaks of; 0 before the first.
    pub generation: u64,
    /// When the sources were looked at, in nanoseconds since 1970.
    pub looked: i64,
    /// The name of all that is not a file.
    pub rest: Hash,
    /// How many generations have to be read for this one, with itself.
    pub chain: u32,
    /// How the generation's manifest looked when it was written.
    pub manifest: Option<Stamp>,
    /// The managed paths, sorted by their bytes.
    pub records: Vec<Record>,
    /// What is written of it; none if that is not where it comes from.
    #[serde(skip)]
    origin: Option<Origin>,
}

/// What is written of an index.
#[derive(Clone, Debug, PartialEq)]
struct Origin {
    /// The sum of the whole one.
    whole: Hash,
    /// The paths that became other since.
    others: BTreeSet<String>,
}

/// What became other since an index was written whole.
#[derive(serde::Serialize, serde::Deserialize)]
struct Since {
    /// The sum of that one.
    whole: Hash,
    /// All but the paths.
    head: Index,
    /// The paths, sorted by their bytes, and how each was left; none of one that is not managed any
    /// more.
    others: Vec<(String, Option<Record>)>,
}

/// A managed path as it was left.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Record {
    /// What the manifest says of it.
    pub entry: Arc<Entry>,
    /// How it looked: for a link what it leads to, else what stands there. None if that is not
    /// known, or if it is not as it was left.
    pub home: Option<Stamp>,
    /// How the file of the configuration behind it looked.
    pub source: Option<Stamp>,
}

impl Index {
    /// What a switch left behind.
    pub fn after(manifest: &Manifest, chain: u32, looked: i64, records: Vec<Record>) -> Self {
        let (generation, rest) = (manifest.number, rest_of(&manifest.rest));
        let (version, manifest, origin) = (VERSION, None, None);
        Self { version, generation, looked, rest, chain, manifest, records, origin }
    }

    /// That of a generation without any looks: all is read again.
    pub fn of(manifest: &Manifest, chain: u32) -> Self {
        let record = |entry: &Arc<Entry>| Record { entry: entry.clone(), home: None, source: None };
        Self::after(manifest, chain, 0, manifest.entries.iter().map(record).collect())
    }

    /// Reads it; none if it is missing, damaged, or speaks of another generation.
    pub fn read(state: &State, generation: u64) -> Option<Self> {
        let (whole, mut index) = read::<Self>(state, FILE)?;
        let mut others = BTreeSet::new();
        if let Some((_, since)) = read::<Since>(state, SINCE).filter(|(_, own)| own.whole == whole)
        {
            others = since.others.iter().map(|(path, _)| path.clone()).collect();
            overlay(&mut index.records, since.others);
            index = Self { records: index.records, ..since.head };
        }
        index.origin = Some(Origin { whole, others });
        (index.version == VERSION && index.generation == generation).then_some(index)
    }

    /// Writes it: whole, or what became other since, if that is little. `before` is the one that was
    /// read.
    ///
    /// # Errors
    /// The system's own.
    pub fn write(&self, state: &State, before: &Self) -> Result<(), StateError> {
        if let Some(since) = self.since(before) {
            return write(state, SINCE, &since);
        }
        write(state, FILE, self)?;
        state.remove(SINCE)
    }

    /// The paths may not be just those that are written any more.
    pub fn detach(&mut self) {
        self.origin = None;
    }

    /// What of it is not in the whole one that is written; none if that is too much.
    fn since(&self, before: &Self) -> Option<Since> {
        let origin = before.origin.as_ref()?;
        let most = FEW.max(self.records.len() / PART);
        let mut paths: BTreeSet<&str> = origin.others.iter().map(String::as_str).collect();
        let (mut old, mut new) = (before.records.iter().peekable(), self.records.iter().peekable());
        loop {
            let order = match (old.peek(), new.peek()) {
                (Some(old), Some(new)) if Arc::ptr_eq(&old.entry, &new.entry) => Ordering::Equal,
                (Some(old), Some(new)) => old.entry.path.cmp(&new.entry.path),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (None, None) => break,
            };
            let was = if order.is_le() { old.next() } else { None };
            let is = if order.is_ge() { new.next() } else { None };
            if was != is {
                paths.extend(was.or(is).map(|own| own.entry.path.as_str()));
            }
            if paths.len() > most {
                return None;
            }
        }
        let other = |path: &str| (path.to_owned(), self.record(path).cloned());
        let others = paths.into_iter().map(other).collect();
        let Self { version, generation, looked, rest, chain, manifest, .. } = *self;
        let (records, none) = (Vec::new(), None);
        let head =
            Self { version, generation, looked, rest, chain, manifest, records, origin: none };
        Some(Since { whole: origin.whole, head, others })
    }

    /// The record of a path.
    pub fn record(&self, path: &str) -> Option<&Record> {
        let found = self.records.binary_search_by(|record| record.entry.path.as_str().cmp(path));
        found.ok().and_then(|at| self.records.get(at))
    }

    /// The record of a path, which is likely the one behind the last that was asked for.
    pub fn record_after(&self, path: &str, last: &mut usize) -> Option<&Record> {
        let near = self.records.get(*last + 1).filter(|record| record.entry.path == path);
        if let Some(record) = near {
            *last += 1;
            return Some(record);
        }
        let found = self.records.binary_search_by(|record| record.entry.path.as_str().cmp(path));
        *last = found.ok()?;
        self.records.get(*last)
    }

    /// The name of a source's content, if it was looked at before and is the same.
    pub fn source(&self, path: &str, now: &Stamp) -> Option<Hash> {
        self.source_of(self.record(path)?, now)
    }

    /// As [`Self::source`], for a path whose record is known.
    pub fn source_of(&self, record: &Record, now: &Stamp) -> Option<Hash> {
        let settled = now.ctime.max(now.mtime) < self.looked - RACY;
        (settled && record.source == Some(*now)).then(|| record.entry.kind.hash()).flatten()
    }
}

/// Lays others over records; both are sorted.
fn overlay(records: &mut Vec<Record>, others: Vec<(String, Option<Record>)>) {
    let (mut gone, mut new) = (BTreeSet::new(), Vec::new());
    for (path, other) in others {
        let found = records.binary_search_by(|record| record.entry.path.as_str().cmp(&path));
        match (found.ok().and_then(|at| records.get_mut(at)), other) {
            (Some(record), Some(other)) => *record = other,
            (Some(_), None) => drop(gone.insert(path)),
            (None, other) => new.extend(other),
        }
    }
    if !gone.is_empty() {
        records.retain(|record| !gone.contains(&record.entry.path));
    }
    if !new.is_empty() {
        records.extend(new);
        records.sort_by(|a, b| a.entry.path.cmp(&b.entry.path));
    }
}

/// Reads what [`write`] wrote, with its sum; none if it is missing or damaged.
fn read<T: DeserializeOwned>(state: &State, name: &str) -> Option<(Hash, T)> {
    let bytes = std::fs::read(state.join(name)).ok()?;
    let (body, sum) = bytes.split_last_chunk::<16>()?;
    let own = Hash::of(body);
    (own.0 == *sum).then_some(())?;
    Some((own, postcard::from_bytes(body).ok()?))
}

/// Writes something, and its sum behind it.
fn write(state: &State, name: &str, what: &impl Serialize) -> Result<(), StateError> {
    state.write_loose(name, |file| {
        let summed = Summed { file, sum: blake3::Hasher::new() };
        let writer = io::BufWriter::with_capacity(1 << 16, summed);
        let writer = postcard::to_io(what, writer).map_err(io::Error::other)?;
        let Summed { file, sum } = writer.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.write_all(&Hash::from(sum.finalize()).0)
    })
}

/// A file, and the sum of what was written into it.
struct Summed<'a> {
    file: &'a mut std::fs::File,
    sum: blake3::Hasher,
}

impl Write for Summed<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.sum.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// The name of all that is not a file.
pub fn rest_of(rest: &Rest) -> Hash {
    Hash::of(&serde_json::to_vec(rest).unwrap_or_default())
}
