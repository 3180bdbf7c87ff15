//! What was there before hcc: originals and the folders that hcc made. It stands outside the
//! generations and is ended only by giving back.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::manifest::Entry;
use super::merge::Owned;
use crate::ir::Backup;

/// The record's name.
pub const FILE: &str = "ledger.json";

/// Where stored originals are.
pub const FOLDER: &str = "originals";

/// Where edits are that made room.
pub const SAVED: &str = "saved";

/// All that has to be given back one day.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct Ledger {
    /// The number of the next stored original.
    pub next: u64,
    /// What stood at a path, by the path.
    pub originals: BTreeMap<String, Original>,
    /// How what stood at a path was kept the last time, though it may have come back since.
    pub kept: BTreeMap<String, Backup>,
    /// Folders that hcc made. They go when they are empty.
    pub folders: BTreeSet<String>,
    /// What merged files held, by their path.
    pub merged: BTreeMap<String, Merging>,
    /// What a switch could not do, by the path.
    pub pending: BTreeMap<String, Pending>,
    /// Edits that made room, by their name in the state; they are kept until somebody removes them.
    pub saved: BTreeMap<String, String>,
    /// The generation with whose content an edit began that stays, by its path, where that is not
    /// the one in effect; none if an hcc wrote it that did not note that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edited: Option<BTreeMap<String, u64>>,
    /// Things of hcc's own that could not be removed.
    pub litter: BTreeSet<String>,
}

/// What a switch could not do.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Pending {
    /// The generation has the path, the home has not.
    NotPlaced,
    /// The home has the path, as this entry left it, and the generation has not.
    NotRemoved(Arc<Entry>),
    /// A folder of hcc's that is empty.
    Folder,
}

/// What stood at a path.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Original {
    /// It is in [`FOLDER`], by this name, as it was.
    Stored(String),
    /// It was renamed, to this path.
    Beside(String),
    /// It is what stands there: it was the same as what is wanted, and stays.
    Adopted,
}

/// A file that is shared with its program.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Merging {
    /// How the keys are written.
    pub format: String,
    /// The keys that hcc owns, and what they were before.
    pub owned: Owned,
}

impl Ledger {
    /// A name in [`FOLDER`] that was never used. It ends in the path's own name, for who looks.
    pub fn store(&mut self, path: &str) -> String {
        self.name(FOLDER, path)
    }

    /// A name in [`SAVED`] that was never used.
    pub fn refuge(&mut self, path: &str) -> String {
        self.name(SAVED, path)
    }

    fn name(&mut self, folder: &str, path: &str) -> String {
        self.next += 1;
        format!("{folder}/{}-{}", self.next, short(path))
    }
}

/// A name in [`SAVED`] for what may stand at a path when the switch to a generation comes there. No
/// other switch has it, and it is noted only if it is used.
pub fn refuge_of(generation: u64, at: usize, path: &str) -> String {
    format!("{SAVED}/g{generation}-{at}-{}", short(path))
}

/// A path's own name, for who looks.
fn short(path: &str) -> String {
    path.rsplit('/').next().unwrap_or(path).chars().take(40).collect()
}
