//! What is in a group. An option that was put down when hcc was built is taken out once somebody
//! asks for it: of what a target declares, a configuration says little.

use std::fmt;
use std::sync::OnceLock;

use ecow::EcoString;

use super::Place;
use super::option::{OptionDecl, Scope, Unsaid};
use crate::syntax::packed::Unpacker;
use crate::value::Map;

/// Places by name, in the order in which they were declared.
#[derive(Clone, Default)]
pub struct Places {
    list: Map<Slot>,
    /// What packed places lie in.
    from: Unpacker<'static>,
    /// The path of the target that they are of.
    target: EcoString,
}

#[derive(Clone)]
enum Slot {
    Said(Place),
    Packed {
        /// Where it begins.
        at: u32,
        traits: u8,
        /// Once it was asked for.
        place: OnceLock<Place>,
    },
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
            Trait::Leaf => decl.into.is_some() && decl.default.is_some(),
            Trait::Argument => decl.argument.is_some(),
        }
    }
}

/// The traits of an option, as [`Places::insert_packed`] takes them.
pub(super) fn traits(decl: &OptionDecl) -> u8 {
    let all = [Trait::Required, Trait::Machine, Trait::Leaf, Trait::Argument];
    all.iter().filter(|what| what.is_of(decl)).map(|what| *what as u8).sum()
}

impl Places {
    /// With room for so many; packed ones will lie in `from`, and are of a target.
    pub(super) fn packed(count: usize, from: Unpacker<'static>, target: EcoString) -> Places {
        Places { list: Map::with_capacity_and_hasher(count, Default::default()), from, target }
    }

    /// An option that begins so many bytes behind where all of them do.
    pub(super) fn insert_packed(&mut self, name: EcoString, at: usize, traits: u8) {
        let at = u32::try_from(at).unwrap_or(u32::MAX);
        self.list.insert(name, Slot::Packed { at, traits, place: OnceLock::new() });
    }

    /// Puts a place there; what stood there is gone.
    pub fn insert(&mut self, name: EcoString, place: Place) {
        self.list.insert(name, Slot::Said(place));
    }

    /// What stands at a name.
    pub fn get(&self, name: &str) -> Option<&Place> {
        self.list.get(name).map(|slot| self.place(slot))
    }

    /// What stands at a name, and the name to keep.
    pub fn get_key_value(&self, name: &str) -> Option<(&EcoString, &Place)> {
        self.list.get_key_value(name).map(|(name, slot)| (name, self.place(slot)))
    }

    /// What stands at a name, to change.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Place> {
        let slot = self.list.get_mut(name)?;
        // What is changed may lose its traits.
        if let Slot::Packed { at, place, .. } = slot {
            let taken = place.take().unwrap_or_else(|| take_out(&self.from, *at, &self.target));
            *slot = Slot::Said(taken);
        }
        match slot {
            Slot::Said(place) => Some(place),
            Slot::Packed { place, .. } => place.get_mut(),
        }
    }

    /// What the option at a name comes to where nobody says anything about it, as
    /// [`OptionDecl::unsaid`] knows it, and the name to keep; none if nothing stands there.
    pub fn unsaid(&self, name: &str) -> Option<(&EcoString, Option<Unsaid>)> {
        let (name, slot) = self.list.get_key_value(name)?;
        let unsaid = match slot {
            Slot::Said(Place::Option(decl)) => decl.unsaid(),
            Slot::Said(Place::Group(_)) => None,
            Slot::Packed { at, .. } => begin(&self.from, *at).unsaid(),
        };
        Some((name, unsaid))
    }

    /// Whether anything stands at a name.
    pub fn contains_key(&self, name: &str) -> bool {
        self.list.contains_key(name)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The names.
    pub fn keys(&self) -> impl Iterator<Item = &EcoString> {
        self.list.keys()
    }

    /// All of them. What only some of is wanted is better asked for by name, or [`Places::with`].
    pub fn iter(&self) -> impl Iterator<Item = (&EcoString, &Place)> {
        self.list.iter().map(|(name, slot)| (name, self.place(slot)))
    }

    /// All of them, without their names.
    pub fn values(&self) -> impl Iterator<Item = &Place> {
        self.list.values().map(|slot| self.place(slot))
    }

    /// The first place whose name is meant.
    pub fn find(&self, is_meant: impl Fn(&str) -> bool) -> Option<&Place> {
        self.list.iter().find(|(name, _)| is_meant(name)).map(|(_, slot)| self.place(slot))
    }

    /// The groups, and the options of a trait.
    pub fn with(&self, what: Trait) -> impl Iterator<Item = &Place> {
        let has = move |slot: &&Slot| match slot {
            Slot::Said(Place::Group(_)) => true,
            Slot::Said(Place::Option(decl)) => what.is_of(decl),
            Slot::Packed { traits, .. } => traits & what as u8 != 0,
        };
        self.list.values().filter(has).map(|slot| self.place(slot))
    }

    /// Drops the places that are not to be kept.
    pub fn retain(&mut self, mut is_kept: impl FnMut(&mut Place) -> bool) {
        let names: Vec<EcoString> = self.list.keys().cloned().collect();
        for name in names {
            if !self.get_mut(&name).is_some_and(&mut is_kept) {
                self.list.shift_remove(&name);
            }
        }
    }

    fn place<'a>(&'a self, slot: &'a Slot) -> &'a Place {
        match slot {
            Slot::Said(place) => place,
            Slot::Packed { at, place, .. } => {
                place.get_or_init(|| take_out(&self.from, *at, &self.target))
            }
        }
    }
}

fn take_out(from: &Unpacker<'static>, at: u32, target: &EcoString) -> Place {
    begin(from, at).option(target)
}

/// Where an option begins.
fn begin(from: &Unpacker<'static>, at: u32) -> Unpacker<'static> {
    let mut from = from.clone();
    from.bytes(at as usize);
    from
}

impl FromIterator<(EcoString, Place)> for Places {
    fn from_iter<T: IntoIterator<Item = (EcoString, Place)>>(places: T) -> Self {
        let list = places.into_iter().map(|(name, place)| (name, Slot::Said(place)));
        Places { list: list.collect(), ..Places::default() }
    }
}

impl fmt::Debug for Places {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_map().entries(self.iter()).finish()
    }
}
