//! A place in the tree of options, as the [arena](super::arena) holds them: there are many.

use ecow::EcoString;

use super::arena::{At, Deferred, EnvId, Outcome, RemovalId, SlotId};
use super::chain::Chain;
use super::few::Few;
use crate::syntax::marks::Level;

/// A place in the tree of options.
#[derive(Debug)]
pub struct Slot {
    /// The one above; none for the root and for elements of lists.
    pub parent: Option<SlotId>,
    /// Its name there.
    pub key: EcoString,
    /// What stands here.
    pub at: At,
    /// Definitions of this very value.
    pub defs: Chain,
    /// What is below, in order of first mention.
    pub children: Children,
    /// Who named it.
    pub mentions: Chain,
    /// What few slots have.
    rare: Option<Box<Rare>>,
    /// The result, once known, and the level it came from.
    pub memo: Option<(Outcome, Level)>,
    /// Whether an item's own statements have been taken in.
    pub prepared: bool,
    /// The variables of an item.
    pub env: Option<EnvId>,
}

/// What few slots have: most are made for every option that an expression names.
#[derive(Debug, Default)]
pub struct Rare {
    /// Nodes with computed keys below it.
    pub deferred: Vec<Deferred>,
    /// `(replace)` and `(unset)` of this very slot.
    pub drops: Vec<RemovalId>,
}

impl Slot {
    /// Of which nothing was said yet.
    pub fn new(parent: Option<SlotId>, key: EcoString, at: At) -> Slot {
        Slot {
            parent,
            key,
            at,
            defs: Chain::default(),
            children: Children::default(),
            mentions: Chain::default(),
            rare: None,
            memo: None,
            prepared: false,
            env: None,
        }
    }

    /// Nodes with computed keys below it.
    pub fn deferred(&self) -> &[Deferred] {
        self.rare.as_ref().map_or(&[], |rare| &rare.deferred)
    }

    /// The same, taken out.
    pub fn take_deferred(&mut self) -> Vec<Deferred> {
        self.rare.as_mut().map(|rare| std::mem::take(&mut rare.deferred)).unwrap_or_default()
    }

    /// `(replace)` and `(unset)` of this very slot.
    pub fn drops(&self) -> &[RemovalId] {
        self.rare.as_ref().map_or(&[], |rare| &rare.drops)
    }

    /// To add to what few slots have.
    pub fn rare(&mut self) -> &mut Rare {
        self.rare.get_or_insert_default()
    }
}

/// Slots below a slot, by name, in the order in which they came. Most have none.
#[derive(Debug, Default)]
pub struct Children(Option<Box<Few<EcoString, SlotId>>>);

impl Children {
    /// The one of a name.
    pub fn get(&self, name: &str) -> Option<&SlotId> {
        self.0.as_ref()?.get(name)
    }

    /// Whether there is one of a name.
    pub fn contains_key(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Name and slot of the one at a place.
    pub fn get_index(&self, index: usize) -> Option<&(EcoString, SlotId)> {
        self.0.as_ref()?.get_index(index)
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.list().len()
    }

    /// Names and slots, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&EcoString, &SlotId)> {
        self.list().iter().map(|(name, slot)| (name, slot))
    }

    /// The slots, in order.
    pub fn values(&self) -> impl Iterator<Item = &SlotId> {
        self.iter().map(|(_, slot)| slot)
    }

    /// One more, of a name that none has.
    pub fn push(&mut self, name: EcoString, slot: SlotId) {
        self.0.get_or_insert_default().push(name, slot);
    }

    fn list(&self) -> &[(EcoString, SlotId)] {
        self.0.as_ref().map_or(&[], |few| few.list())
    }
}
