//! What is in a group. What was put down when hcc was built is looked through as it lies, and taken
//! out once somebody asks for it: of what a target declares, a configuration says little.

use std::fmt;
use std::sync::OnceLock;

use ecow::EcoString;

use super::Place;
use super::option::{OptionDecl, Scope, Unsaid};
use super::slots::{self, Slot};
use crate::syntax::packed::{Packer, Row, Unpacker, number, row};
use crate::value::Map;

/// Places by name, in the order in which they were declared.
#[derive(Clone, Default)]
pub struct Places {
    /// Those that were put down.
    packed: Option<Packed>,
    /// Those behind them, or all; no name is in both.
    own: Map<Place>,
}

/// What is known of an option before it is taken out.
#[derive(Clone, Copy, Debug)]
pub enum Trait {
    /// It must be said.
    Required = 1,
    /// It is the machine's.
    Machine = 2,
    /// It is a leaf of settings, and has a default.
    Leaf = 4,
    /// It is an argument of its item's node.
    Argument = 8,
}

impl Trait {
    fn is_of(self, decl: &OptionDecl) -> bool {
        match self {
            Trait::Required => decl.required,
            Trait::Machine => decl.scope == Scope::System,
            Trait::Leaf => decl.rare().into.is_some() && decl.default.is_some(),
            Trait::Argument => decl.rare().argument.is_some(),
        }
    }
}

/// In the place of an option's traits: a group, which may have options of each.
const GROUP: u8 = u8::MAX;

fn traits(place: &Place) -> u8 {
    let all = [Trait::Required, Trait::Machine, Trait::Leaf, Trait::Argument];
    match place {
        Place::Group(_) => GROUP,
        Place::Option(decl) => {
            all.iter().filter(|what| what.is_of(decl)).map(|what| *what as u8).sum()
        }
    }
}

impl Places {
    /// Those that [`Places::pack`] has put down, of the target whose path this is.
    pub(super) fn packed(from: &mut Unpacker<'static>, target: &EcoString) -> Places {
        let count = from.count();
        let (slots, length) = (from.count(), from.number());
        let (rows, slots) = (from.rows(count), from.rows::<1>(slots).as_flattened());
        let taken = OnceLock::new();
        let packed = Packed { rows, slots, all: from.part(length), target: target.clone(), taken };
        Places { packed: (count > 0).then_some(packed), own: Map::default() }
    }

    /// The places as bytes: how many, how many slots they are found in, how long all are; of each
    /// its name, its traits and where it begins; the slots; all.
    pub(super) fn pack(&self, packer: &mut Packer, out: &mut Vec<u8>) {
        let names: Vec<&str> = self.keys().collect();
        let slots = slots::table(names.into_iter());
        let (mut rows, mut all) = (Vec::new(), Vec::new());
        for (name, place) in self.iter() {
            row([packer.word_of(name), traits(place).into(), all.len() as u32], &mut rows);
            packer.place(place, &mut all);
        }
        number(self.len(), out);
        number(slots.len(), out);
        number(all.len(), out);
        out.extend(rows);
        out.extend(slots.as_flattened());
        out.extend(all);
    }

    /// Puts a place there; what stood there is gone.
    pub fn insert(&mut self, name: EcoString, place: Place) {
        if self.packed.as_ref().is_some_and(|packed| packed.find(&name).is_some()) {
            self.take_all();
        }
        self.own.insert(name, place);
    }

    /// What stands at a name.
    pub fn get(&self, name: &str) -> Option<&Place> {
        let packed = self.packed.as_ref().and_then(|packed| packed.place(packed.find(name)?));
        packed.or_else(|| self.own.get(name))
    }

    /// What stands at a name, to change.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Place> {
        // What is changed may lose its traits, and what it comes to unsaid.
        if self.packed.as_ref().is_some_and(|packed| packed.is_option(name)) {
            self.take_all();
        }
        let packed = self.packed.as_mut().and_then(|packed| packed.place_mut(packed.find(name)?));
        packed.or_else(|| self.own.get_mut(name))
    }

    /// What the option at a name comes to where nobody says anything about it, as
    /// [`OptionDecl::unsaid`] knows it; none if nothing stands there.
    pub fn unsaid(&self, name: &str) -> Option<Option<Unsaid>> {
        if let Some(packed) = &self.packed
            && let Some(at) = packed.find(name)
        {
            return Some(packed.unsaid(at));
        }
        self.own.get(name).map(|place| match place {
            Place::Option(decl) => decl.unsaid(),
            Place::Group(_) => None,
        })
    }

    /// Whether anything stands at a name.
    pub fn contains_key(&self, name: &str) -> bool {
        self.packed.as_ref().is_some_and(|packed| packed.find(name).is_some())
            || self.own.contains_key(name)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.packed.as_ref().map_or(0, |packed| packed.rows.len()) + self.own.len()
    }

    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The names.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.packed.iter().flat_map(Packed::names).chain(self.own.keys().map(|name| &**name))
    }

    /// All of them. What only some of is wanted is better asked for by name, or [`Places::with`].
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Place)> {
        self.keys().zip(self.values())
    }

    /// All of them, without their names.
    pub fn values(&self) -> impl Iterator<Item = &Place> {
        self.packed.iter().flat_map(Packed::places).chain(self.own.values())
    }

    /// The first place whose name is meant.
    pub fn find(&self, is_meant: impl Fn(&str) -> bool) -> Option<&Place> {
        let packed = self
            .packed
            .as_ref()
            .and_then(|packed| packed.place(packed.names().position(&is_meant)?));
        packed.or_else(|| self.own.iter().find(|(name, _)| is_meant(name)).map(|(_, own)| own))
    }

    /// The groups, and the options of a trait.
    pub fn with(&self, what: Trait) -> impl Iterator<Item = &Place> {
        let packed = self.packed.iter().flat_map(move |packed| packed.with(what));
        packed.chain(self.own.values().filter(move |place| traits(place) & what as u8 != 0))
    }

    /// Drops the places that are not to be kept.
    pub fn retain(&mut self, mut is_kept: impl FnMut(&mut Place) -> bool) {
        self.take_all();
        self.own.retain(|_, place| is_kept(place));
    }

    /// Takes out what was put down, all of it.
    fn take_all(&mut self) {
        if self.packed.is_some() {
            *self = self.iter().map(|(name, place)| (name.into(), place.clone())).collect();
        }
    }
}

/// Places as [`Places::pack`] has put them down.
#[derive(Clone)]
struct Packed {
    /// Of each its name, its traits, and where it begins in `all`.
    rows: &'static [Row<3>],
    /// The [`slots::table`] of their names.
    slots: &'static [Slot],
    all: Unpacker<'static>,
    /// The path of the target that they are of.
    target: EcoString,
    /// Those that were asked for.
    taken: OnceLock<Box<[OnceLock<Place>]>>,
}

impl Packed {
    /// Where a name stands among all.
    fn find(&self, name: &str) -> Option<usize> {
        let is_at = |at: usize| self.rows.get(at).is_some_and(|row| self.name(row) == name);
        slots::find(name, self.slots, is_at)
    }

    fn name(&self, row: &Row<3>) -> &'static str {
        let [name, ..] = row.map(u32::from_le_bytes);
        self.all.words().word(name)
    }

    fn traits(row: &Row<3>) -> u8 {
        let [_, [traits, ..], _] = row;
        *traits
    }

    /// What begins at a place.
    fn open(&self, at: usize) -> Option<Unpacker<'static>> {
        let [.., start] = self.rows.get(at)?.map(u32::from_le_bytes);
        Some(self.all.at(start as usize))
    }

    fn is_option(&self, name: &str) -> bool {
        let row = self.find(name).and_then(|at| self.rows.get(at));
        row.is_some_and(|row| Self::traits(row) != GROUP)
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.rows.iter().map(|row| self.name(row))
    }

    fn places(&self) -> impl Iterator<Item = &Place> {
        (0..self.rows.len()).filter_map(|at| self.place(at))
    }

    fn with(&self, what: Trait) -> impl Iterator<Item = &Place> {
        let has = move |row: &Row<3>| Self::traits(row) & what as u8 != 0;
        let rows = (0..).zip(self.rows).filter(move |(_, row)| has(row));
        rows.filter_map(|(at, _)| self.place(at))
    }

    fn place(&self, at: usize) -> Option<&Place> {
        let none = || self.rows.iter().map(|_| OnceLock::new()).collect();
        let taken = self.taken.get_or_init(none).get(at)?;
        if let Some(place) = taken.get() {
            return Some(place);
        }
        let mut from = self.open(at)?;
        Some(taken.get_or_init(|| from.place(&self.target)))
    }

    fn place_mut(&mut self, at: usize) -> Option<&mut Place> {
        self.place(at)?;
        self.taken.get_mut()?.get_mut(at)?.get_mut()
    }

    fn unsaid(&self, at: usize) -> Option<Unsaid> {
        self.open(at)?.unsaid()
    }
}

impl FromIterator<(EcoString, Place)> for Places {
    fn from_iter<T: IntoIterator<Item = (EcoString, Place)>>(places: T) -> Self {
        Places { packed: None, own: places.into_iter().collect() }
    }
}

impl fmt::Debug for Places {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_map().entries(self.iter()).finish()
    }
}
