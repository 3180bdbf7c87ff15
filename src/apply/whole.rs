//! Contents of earlier generations that something wrote into: where else they are whole.

use std::cell::OnceCell;
use std::collections::HashMap;

use camino::Utf8PathBuf;

use super::disk::{is_absent, same};
use super::index::Record;
use super::manifest::{self, Hash};
use super::state::State;
use super::wanted::{Bytes, Wanted, of_entry};
use crate::files::{reason, shown};

/// All that generations hold.
pub struct Holdings<'a> {
    state: &'a State,
    /// Where each content should be; read once something is looked for.
    places: OnceCell<HashMap<Hash, Vec<Utf8PathBuf>>>,
}

impl<'a> Holdings<'a> {
    /// Those of a state.
    pub fn of(state: &'a State) -> Self {
        Self { state, places: OnceCell::new() }
    }

    /// Takes the bytes from a file that still holds them; if none does, they are
    /// [lost](Bytes::Lost).
    ///
    /// # Errors
    /// Why they are lost: which file should hold them, and what became of it.
    pub fn find(&self, wanted: &mut Wanted) -> Result<(), String> {
        let (Some(hash), Err(error)) = (wanted.entry.kind.hash(), wanted.read()) else {
            return Ok(());
        };
        let mut all =
            self.places.get_or_init(|| places(self.state)).get(&hash).into_iter().flatten();
        let holds = |path: &&Utf8PathBuf| {
            crate::files::read(path).is_ok_and(|bytes| Hash::of(&bytes) == hash)
        };
        if let Some(path) = all.find(holds) {
            wanted.bytes = Bytes::Tree(path.clone());
            return Ok(());
        }
        let what = match &wanted.bytes {
            Bytes::Tree(path) if is_absent(&error) => format!("{} is gone", shown(path)),
            _ => reason(&error),
        };
        let why = format!("{what}, and no generation holds what it was");
        wanted.bytes = Bytes::Lost(why.clone());
        Err(why)
    }
}

/// Where every content should be, the newest generation first. One that cannot be read holds none.
fn places(state: &State) -> HashMap<Hash, Vec<Utf8PathBuf>> {
    let mut places: HashMap<Hash, Vec<Utf8PathBuf>> = HashMap::new();
    let numbers = manifest::numbers(state).unwrap_or_default();
    for manifest in numbers.into_iter().rev().filter_map(|own| manifest::read(state, own).ok()) {
        for entry in &manifest.entries {
            let of = of_entry(entry, manifest.number, state);
            if let (Some(hash), Bytes::Tree(path)) = (entry.kind.hash(), of.bytes) {
                places.entry(hash).or_default().push(path);
            }
        }
    }
    places
}

/// Whether a generation still holds what it put at a path that was left so, by its look.
pub fn looks_whole(wanted: &Wanted, left: &Record) -> bool {
    let Bytes::Tree(path) = &wanted.bytes else { return true };
    let now = crate::files::look(path).ok();
    now.zip(left.home).is_some_and(|((_, now), left)| same(&now, &left))
}
