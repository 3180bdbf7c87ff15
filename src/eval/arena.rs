//! What a host's definitions come to before anything is evaluated: slots, definitions, guards.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::sync::Arc;

use ecow::EcoString;
use foldhash::{HashMap, HashSet};
use minijinja::Value as Jinja;

use crate::diag::{Diagnostics, Span};
use crate::schema::option::{Body, Kind};
use crate::schema::types::Type;
use crate::schema::{Group, OptionDecl, Target};
use crate::syntax::marks::{Compute, Level, Order};
use crate::syntax::tree::Node;
use crate::value::{Data, Typed};

use super::chain::Chains;
pub use super::slot::{Children, Slot};

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub u32);
    )*};
}

ids! {
    /// A place in the tree of options.
    SlotId,
    /// A stretch of definitions under one guard.
    BlockId,
    /// One instance of a block: the variables that hold in it.
    EnvId,
    /// A `(replace)` or `(unset)`.
    RemovalId
}

/// Something is wrong with it, and that was said already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Poisoned;

/// What a slot comes to: nothing, a value, or an error that was said.
pub type Outcome = Result<Option<Arc<Typed>>, Poisoned>;

/// What stands at a slot.
#[derive(Clone, Debug)]
pub enum At {
    /// Options below.
    Group(Arc<Group>),
    /// An option.
    Option(Arc<OptionDecl>),
    /// One item of a keyed or list option.
    Item(Arc<OptionDecl>, Arc<Body>),
    /// A key in settings, by its way below the option.
    Free(Arc<OptionDecl>, Arc<[EcoString]>),
    /// A value of a `map<T>`.
    Entry(Arc<Type>),
}

/// How a definition's value is to be read.
#[derive(Clone, Debug)]
pub enum Raw {
    /// As it stands.
    Literal(Data),
    /// To be computed.
    Computed(Compute, EcoString),
    /// An object in a freeform list.
    Object(Arc<Node>),
    /// An item of a `list` submodule.
    Item(Arc<Node>),
}

/// What kind of value a definition gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The whole value.
    Whole,
    /// One element of a list, or a piece of lines.
    Element,
    /// An empty list.
    EmptyList,
    /// An empty object.
    EmptyMap,
}

/// One definition.
#[derive(Clone, Debug)]
pub struct Def {
    /// Place in the order of definitions.
    pub seq: u32,
    /// The guard it is under.
    pub block: BlockId,
    /// Its level.
    pub level: Level,
    /// Its mark of order.
    pub order: Order,
    /// The part of a lines option it goes to.
    pub slot: usize,
    /// Whether it said `slot=`.
    pub slotted: bool,
    /// Its value.
    pub raw: Raw,
    /// Whole value or element.
    pub part: Part,
    /// The innermost `(replace)` around it.
    pub under: Option<RemovalId>,
    /// Its key was computed.
    pub computed_key: bool,
    /// Where the value is said.
    pub span: Span,
}

/// That a key was named: makes it exist and gives it a place.
#[derive(Clone, Copy, Debug)]
pub struct Mention {
    /// Place in the order of definitions.
    pub seq: u32,
    /// The guard it is under.
    pub block: BlockId,
    /// Its level.
    pub level: Level,
    /// Its mark of order.
    pub order: Order,
    /// The innermost `(replace)` around it.
    pub under: Option<RemovalId>,
    /// Where.
    pub span: Span,
}

/// A node whose key is computed, or a map that is: joined when the container is read.
#[derive(Clone, Debug)]
pub struct Deferred {
    /// Place in the order of definitions.
    pub seq: u32,
    /// How it is computed.
    pub compute: Compute,
    /// From what.
    pub text: EcoString,
    /// Where that stands.
    pub span: Span,
    /// The node, its key a placeholder; none if the whole map is computed.
    pub node: Option<Arc<Node>>,
    /// The marks and guard it is under.
    pub ctx: super::collect::Ctx,
}

/// A `(replace)` or `(unset)`.
#[derive(Clone, Debug)]
pub struct Removal {
    /// Drops what is at or below this level.
    pub level: Level,
    /// The guard it is under.
    pub block: BlockId,
    /// The one around it.
    pub under: Option<RemovalId>,
    /// Where.
    pub span: Span,
}

/// A stretch of definitions under one guard.
#[derive(Debug)]
pub struct Block {
    /// The one around it.
    pub parent: Option<BlockId>,
    /// Place in the order of definitions.
    pub seq: u32,
    /// What guards it.
    pub guard: Guard,
    /// `let` in it.
    pub lets: Vec<(EcoString, Raw, Span)>,
    /// The target whose names hold in it.
    pub target: Option<Arc<Target>>,
    /// Where that stands, if it is of this scope.
    pub home: Option<SlotId>,
    /// Its instances, once known.
    pub memo: Option<Result<Arc<[EnvId]>, Poisoned>>,
}

/// What decides whether, and how often, a block holds.
#[derive(Clone, Debug)]
pub enum Guard {
    /// Always, once.
    Root,
    /// Always, in one given instance.
    Pinned(EnvId),
    /// If the target is enabled, and those it is nested in.
    Enabled(Arc<Target>),
    /// If the expression is true.
    When(EcoString, Span),
    /// Once for each.
    For(EcoString, EcoString, Span),
}

/// An instance of a block.
#[derive(Debug)]
pub struct Env {
    /// The instance of the block around it.
    pub parent: Option<EnvId>,
    /// Whose instance it is, for its `let`.
    pub block: BlockId,
    /// Its variables.
    pub vars: Vec<(EcoString, Jinja)>,
    /// Its place among the instances, for the order of what is defined in it.
    pub order: Vec<u32>,
    /// Each `let` of its block, once computed.
    pub lets: Vec<Option<Result<Arc<Typed>, Poisoned>>>,
}

/// A place in the order of all definitions, loops unrolled.
#[derive(Clone, Copy, Debug)]
pub struct Point {
    /// The instance.
    pub env: EnvId,
    /// The place in its block.
    pub seq: u32,
}

/// What is being computed now, to find cycles.
#[derive(Clone, Debug, PartialEq)]
pub enum Frame {
    /// A slot's value.
    Slot(SlotId),
    /// A block's guard.
    Block(BlockId),
    /// A `let`.
    Let(EnvId, EcoString, Span),
}

/// A statement of a target that makes something, or a check: looked at after evaluation.
#[derive(Clone, Debug)]
pub struct Output {
    /// The statement.
    pub node: Arc<Node>,
    /// The guard it is under.
    pub block: BlockId,
    /// Whose it is.
    pub target: Option<Arc<Target>>,
    /// Place in the order of definitions.
    pub seq: u32,
}

/// An expression to be looked through for names that do not exist.
#[derive(Clone, Debug)]
pub struct NameCheck {
    /// The expression.
    pub text: EcoString,
    /// How it is computed.
    pub compute: Compute,
    /// Where it stands.
    pub span: Span,
    /// The block whose names hold.
    pub block: BlockId,
}

/// All of it.
#[derive(Debug, Default)]
pub struct State {
    /// The slots; the first is the root.
    pub slots: Vec<Slot>,
    /// The definitions of all slots.
    pub defs: Chains<Def>,
    /// Who named each slot.
    pub mentions: Chains<Mention>,
    /// Where the targets of this scope stand, by path.
    pub targets: HashMap<EcoString, SlotId>,
    /// The blocks; the first is the root.
    pub blocks: Vec<Block>,
    /// The instances.
    pub envs: Vec<Env>,
    /// The drops.
    pub drops: Vec<Removal>,
    /// The next place in the order of definitions.
    pub seq: u32,
    /// What is being computed now.
    pub stack: Vec<Frame>,
    /// What was found wrong.
    pub diags: Diagnostics,
    /// Statements that make something.
    pub outputs: Vec<Output>,
    /// `assert` and `warn`.
    pub checks: Vec<Output>,
    /// Expressions to look through.
    pub names: Vec<NameCheck>,
    /// Expressions in which a name means nothing: said, and not run.
    pub bad: HashSet<Span>,
    /// A user's option that the machine read.
    pub crossed: Option<String>,
    /// Asserts are run: what is not for this scope stays silent.
    pub checking: bool,
}

impl State {
    /// The root of the tree.
    pub const ROOT: SlotId = SlotId(0);
    /// The block of what is under no guard.
    pub const TOP: BlockId = BlockId(0);
    /// The instance of it.
    pub const BASE: EnvId = EnvId(0);

    /// A slot.
    pub fn slot(&self, id: SlotId) -> &Slot {
        &self.slots[id.0 as usize]
    }

    /// A slot and those above it, up to the root or to an element of a list.
    pub fn above(&self, id: SlotId) -> impl Iterator<Item = &Slot> {
        std::iter::successors(Some(self.slot(id)), |own| own.parent.map(|id| self.slot(id)))
    }

    /// A slot, to change.
    pub fn slot_mut(&mut self, id: SlotId) -> &mut Slot {
        &mut self.slots[id.0 as usize]
    }

    /// A block.
    pub fn block(&self, id: BlockId) -> &Block {
        &self.blocks[id.0 as usize]
    }

    /// An instance.
    pub fn env(&self, id: EnvId) -> &Env {
        &self.envs[id.0 as usize]
    }

    /// Which of two places comes first.
    pub fn compare(&self, a: Point, b: Point) -> Ordering {
        let way = |point: &Point| self.env(point.env).order.iter();
        match a.env == b.env {
            true => a.seq.cmp(&b.seq),
            false => way(&a).chain([&a.seq]).cmp(way(&b).chain([&b.seq])),
        }
    }

    /// A drop.
    pub fn removal(&self, id: RemovalId) -> &Removal {
        &self.drops[id.0 as usize]
    }

    /// The next place in the order of definitions.
    pub fn next_seq(&mut self) -> u32 {
        self.seq += 1;
        self.seq
    }

    /// A new slot.
    pub fn add_slot(&mut self, parent: Option<SlotId>, key: EcoString, at: At) -> SlotId {
        let id = SlotId(index(self.slots.len()));
        self.slots.push(Slot::new(parent, key, at));
        id
    }

    /// The definitions of this very slot.
    pub fn defs(&self, id: SlotId) -> impl Iterator<Item = &Def> {
        self.defs.iter(self.slot(id).defs)
    }

    /// Adds one.
    pub fn define(&mut self, id: SlotId, def: Def) {
        self.defs.push(&mut self.slots[id.0 as usize].defs, def);
    }

    /// Who named a slot.
    pub fn mentions(&self, id: SlotId) -> impl Iterator<Item = &Mention> {
        self.mentions.iter(self.slot(id).mentions)
    }

    /// Adds one.
    pub fn mention(&mut self, id: SlotId, mention: Mention) {
        self.mentions.push(&mut self.slots[id.0 as usize].mentions, mention);
    }

    /// The slot below, made if need be.
    pub fn child(&mut self, parent: SlotId, key: &EcoString, at: impl FnOnce() -> At) -> SlotId {
        match self.slot(parent).children.get(key) {
            Some(id) => *id,
            None => self.add_child(parent, key.clone(), at()),
        }
    }

    /// The slot below by a name that is not shared, made if need be.
    pub fn child_named(&mut self, parent: SlotId, key: &str, at: impl FnOnce() -> At) -> SlotId {
        match self.slot(parent).children.get(key) {
            Some(id) => *id,
            None => self.add_child(parent, key.into(), at()),
        }
    }

    fn add_child(&mut self, parent: SlotId, key: EcoString, at: At) -> SlotId {
        let id = self.add_slot(Some(parent), key.clone(), at);
        self.slot_mut(parent).children.push(key, id);
        id
    }

    /// Makes a slot silent: what is wrong with it was said.
    pub fn poison(&mut self, id: SlotId) {
        self.slot_mut(id).memo = Some((Err(Poisoned), Level::Normal));
    }

    /// Whether a slot is in an item of a keyed or list option, whose key its option's path lacks.
    pub fn in_item(&self, id: SlotId) -> bool {
        let mut at = self.slot(id).parent;
        while let Some(id) = at {
            if matches!(self.slot(id).at, At::Item(..)) {
                return true;
            }
            at = self.slot(id).parent;
        }
        false
    }

    /// A new block.
    pub fn add_block(
        &mut self,
        parent: Option<BlockId>,
        guard: Guard,
        target: Option<Arc<Target>>,
    ) -> BlockId {
        let seq = self.next_seq();
        let id = BlockId(index(self.blocks.len()));
        let home = target.as_ref().and_then(|target| self.targets.get(&target.path).copied());
        let lets = Vec::new();
        self.blocks.push(Block { parent, seq, guard, lets, target, home, memo: None });
        id
    }

    /// A new instance.
    pub fn add_env(
        &mut self,
        parent: Option<EnvId>,
        block: BlockId,
        vars: Vec<(EcoString, Jinja)>,
        order: Vec<u32>,
    ) -> EnvId {
        let id = EnvId(index(self.envs.len()));
        self.envs.push(Env { parent, block, vars, order, lets: Vec::new() });
        id
    }

    /// A new drop.
    pub fn add_removal(&mut self, drop: Removal) -> RemovalId {
        let id = RemovalId(index(self.drops.len()));
        self.drops.push(drop);
        id
    }

    /// The dotted path of a slot, keys quoted where they need it.
    pub fn path(&self, id: SlotId) -> String {
        let mut parts = Vec::new();
        let mut at = Some(id);
        while let Some(id) = at {
            let slot = self.slot(id);
            // Items of a list have no name that a person knows.
            let unnamed =
                matches!(&slot.at, At::Item(decl, _) if matches!(decl.kind, Kind::Items(_)));
            if !slot.key.is_empty() && !unnamed {
                parts.push(segment(&slot.key).into_owned());
            }
            at = slot.parent;
        }
        parts.reverse();
        parts.join(".")
    }
}

/// A key as a part of a path.
pub fn segment(key: &str) -> Cow<'_, str> {
    if !key.is_empty() && key.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '#')) {
        key.into()
    } else {
        crate::value::quote(key).into()
    }
}

fn index(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
