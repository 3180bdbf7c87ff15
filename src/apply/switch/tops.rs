//! Where new things are staged: beside their place, or with the topmost folder that has to be made.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io;

use super::above;
use crate::apply::disk::{Disk, Way};
use crate::apply::index::Record;
use crate::apply::plan::{Old, Place, Plan};

/// A place, or the topmost folder of several, that is staged beside where it belongs.
#[derive(Debug)]
pub(super) struct Top {
    pub(super) path: String,
    pub(super) staged: String,
    pub(super) old: Old,
    /// Indexes into the plan's places.
    pub(super) places: Vec<usize>,
    /// The folders that are made, the top first, and whether only their owner may see into them.
    pub(super) folders: BTreeSet<String>,
    private: BTreeMap<String, bool>,
}

impl Top {
    /// The folders where they are staged, the outer first.
    pub(super) fn staged_folders(&self) -> Vec<(String, bool)> {
        let place = |folder: &String| format!("{}{}", self.staged, &folder[self.path.len()..]);
        let private = |folder: &String| self.private.get(folder).copied().unwrap_or(false);
        self.folders.iter().map(|folder| (place(folder), private(folder))).collect()
    }
}

#[derive(Debug, Default)]
pub(super) struct Tops {
    pub(super) list: Vec<Top>,
    /// The generation that they lead to.
    pub(super) generation: u64,
    /// How many names were tried: none is tried twice.
    tried: usize,
}

impl Tops {
    /// Groups what is put by the topmost folder that has to be made for it.
    pub(super) fn of(plan: &Plan, home: &Disk, number: u64) -> Result<Self, (String, io::Error)> {
        let mut tops = Self { generation: number, ..Self::default() };
        let mut last: HashMap<String, usize> = HashMap::new();
        let mut order: Vec<usize> = (0..plan.places.len()).collect();
        order.sort_by(|a, b| plan.places[*a].path.cmp(&plan.places[*b].path));
        let records = &plan.records;
        for at in order {
            let place = &plan.places[at];
            let known = above(&place.path).find_map(|folder| last.get(folder).copied());
            let top = match known {
                Some(top) => top,
                None => {
                    let way = home.way(&place.path).map_err(|error| (place.path.clone(), error))?;
                    let path = match way {
                        Way::Clear => place.path.clone(),
                        Way::Missing(at) | Way::Link(at) | Way::Blocked(at) => at,
                    };
                    let staged = tops.name(&path, home, number);
                    let old = if path == place.path { place.old.clone() } else { Old::Nothing };
                    if path != place.path {
                        last.insert(path.clone(), tops.list.len());
                    }
                    let (places, folders, private) = Default::default();
                    tops.list.push(Top { path, staged, old, places, folders, private });
                    tops.list.len() - 1
                }
            };
            let Some(top) = tops.list.get_mut(top) else { continue };
            top.places.push(at);
            top.note_folders(place, records);
        }
        Ok(tops)
    }

    /// A name beside a path that nothing has.
    fn name(&mut self, path: &str, home: &Disk, number: u64) -> String {
        let above = path.rsplit_once('/').map_or(String::new(), |(above, _)| format!("{above}/"));
        loop {
            let name = format!("{above}.hcc-{number}-{}", self.tried);
            self.tried += 1;
            if matches!(home.look(&name), Ok(None)) {
                return name;
            }
        }
    }
}

impl Top {
    fn note_folders(&mut self, place: &Place, records: &[Record]) {
        if place.path == self.path {
            return;
        }
        for folder in above(&place.path) {
            // With a folder, those above it were noted.
            if folder.len() < self.path.len() || self.folders.contains(folder) {
                break;
            }
            self.folders.insert(folder.to_owned());
        }
        // Who may not read a file has no business in a folder that was made for it alone.
        let Some((folder, _)) = place.path.rsplit_once('/') else { return };
        if self.private.get(folder) == Some(&false) {
            return;
        }
        let at = records.binary_search_by(|record| record.entry.path.as_str().cmp(&place.path));
        let Some(record) = at.ok().and_then(|at| records.get(at)) else { return };
        let private = record.entry.kind.hash().is_some() && record.entry.mode & 0o077 == 0;
        self.private.insert(folder.to_owned(), private);
    }
}
