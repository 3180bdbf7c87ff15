//! What the current generation left behind, path by path, so that a look at each says whether it
//! still stands so. It only saves work: without it everything is read again.

use std::sync::Arc;

use super::manifest::{Entry, Hash, Manifest, Rest};
use super::state::{State, StateError};
use crate::ir::Stamp;

/// The version of its form. Another one is not read.
const VERSION: u32 = 2;

/// Its name.
pub const FILE: &str = "index";

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
    /// The managed paths, sorted by their bytes.
    pub records: Vec<Record>,
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
        Self { version: VERSION, generation, looked, rest, chain, records }
    }

    /// That of a generation without any looks: all is read again.
    pub fn of(manifest: &Manifest, chain: u32) -> Self {
        let record = |entry: &Arc<Entry>| Record { entry: entry.clone(), home: None, source: None };
        Self {
            version: VERSION,
            generation: manifest.number,
            looked: 0,
            chain,
            rest: rest_of(&manifest.rest),
            records: manifest.entries.iter().map(record).collect(),
        }
    }

    /// Reads it; none if it is missing, damaged, or speaks of another generation.
    pub fn read(state: &State, generation: u64) -> Option<Self> {
        let bytes = std::fs::read(state.join(FILE)).ok()?;
        let (sum, body) = bytes.split_at_checked(16)?;
        if Hash::of(body).0 != *sum {
            return None;
        }
        let index: Self = postcard::from_bytes(body).ok()?;
        (index.version == VERSION && index.generation == generation).then_some(index)
    }

    /// Writes it.
    ///
    /// # Errors
    /// The system's own.
    pub fn write(&self, state: &State) -> Result<(), StateError> {
        let wrong = |error: postcard::Error| {
            StateError::Io(state.join(FILE), std::io::Error::other(error.to_string()))
        };
        let body = postcard::to_extend(self, vec![0; 16]).map_err(wrong)?;
        let mut bytes = body;
        let sum = Hash::of(&bytes[16..]);
        bytes[..16].copy_from_slice(&sum.0);
        state.write_loose(FILE, &bytes)
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

/// The name of all that is not a file.
pub fn rest_of(rest: &Rest) -> Hash {
    Hash::of(&serde_json::to_vec(rest).unwrap_or_default())
}
