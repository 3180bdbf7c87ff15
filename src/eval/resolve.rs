//! Definitions to values, on demand: guards, levels, order, defaults, cycles.
//!
//! Nothing here holds the lock on the arena while an expression runs: every step takes what it
//! needs out, computes, and puts the result back.

use std::sync::Arc;

use indexmap::IndexMap;
use minijinja::Value as Jinja;

use super::Eval;
use super::arena::{At, BlockId, Def, RemovalId, EnvId, Frame, Guard, Outcome, Part, Poisoned, Raw, SlotId, State};
use super::collect::{Collector, Ctx, literal};
use super::freeform::key_type;
use super::objects::{MapObject, SlotObject};
use crate::diag::{Diagnostic, Span};
use crate::schema::option::{Fallback, Kind};
use crate::schema::types::{Type, one_newline};
use crate::schema::{OptionDecl, Place};
use crate::syntax::marks::{self, Level, Order};
use crate::value::{Data, Typed};

/// A definition that counts: its place in the order, the instance it is in, itself.
pub struct Active {
    /// Place in the order of definitions, loops unrolled.
    pub key: Vec<u32>,
    /// The instance it is in.
    pub env: EnvId,
    /// The definition.
    pub def: Def,
}

/// Why a definition does not count, for `hcc why`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It took part.
    Won,
    /// A higher level hides it.
    Hidden,
    /// Its guard does not hold.
    Guarded,
    /// A `(replace)` or `(unset)` drops it.
    Dropped,
}

const MAX_DEPTH: usize = 200;

impl Eval {
    /// A slot's value.
    pub fn force(&self, slot: SlotId) -> Outcome {
        self.force_level(slot).0
    }

    fn force_level(&self, slot: SlotId) -> (Outcome, Level) {
        {
            let mut state = self.state();
            if let Some(memo) = &state.slot(slot).memo {
                return memo.clone();
            }
            if self.entered(&mut state, Frame::Slot(slot)).is_err() {
                return (Err(Poisoned), Level::Normal);
            }
        }
        let result = self.compute(slot);
        let mut state = self.state();
        state.stack.pop();
        state.slot_mut(slot).memo = Some(result.clone());
        result
    }

    /// Notes what is being computed; a circle is reported and poisons all in it.
    fn entered(&self, state: &mut State, frame: Frame) -> Result<(), Poisoned> {
        if let Some(start) = state.stack.iter().position(|own| *own == frame) {
            let frames: Vec<Frame> = state.stack.iter().skip(start).cloned().collect();
            let mut names = Vec::new();
            let mut spans = Vec::new();
            for frame in &frames {
                let (name, span) = self.describe(state, frame);
                names.extend(name);
                spans.extend(span);
            }
            names.dedup();
            let first = names.first().cloned().unwrap_or_default();
            let circle = match names.len() {
                1 => format!("`{first}` depends on itself"),
                _ => format!("{} -> `{first}` is a circle", names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" -> ")),
            };
            spans.dedup();
            if let Some((span, others)) = spans.split_first() {
                let mut problem = Diagnostic::error("cycle", *span, "depends on itself", circle).help("give one of them a value that does not depend on the others");
                for other in others.iter().filter(|other| *other != span) {
                    problem = problem.also(*other, "on the way");
                }
                // The same circle may be entered at each of its places.
                let same = |one: &Diagnostic| {
                    one.code == "cycle" && one.label.iter().chain(&one.others).any(|label| spans.contains(&label.span))
                };
                if !state.diags.iter().any(same) {
                    state.diags.push(problem);
                }
            }
            return Err(Poisoned);
        }
        if state.stack.len() > MAX_DEPTH {
            let found = state.stack.iter().rev().find_map(|frame| self.describe(state, frame).1);
            if let Some(span) = found {
                state.diags.push(
                    Diagnostic::error("too-deep", span, "reached here", format!("more than {MAX_DEPTH} values depend on each other in a chain"))
                        .help("shorten the chain"),
                );
            }
            return Err(Poisoned);
        }
        state.stack.push(frame);
        Ok(())
    }

    fn describe(&self, state: &State, frame: &Frame) -> (Option<String>, Option<Span>) {
        match frame {
            Frame::Slot(id) => {
                let slot = state.slot(*id);
                let span = slot.defs.iter().find(|def| matches!(def.raw, Raw::Computed(..))).map(|def| def.span);
                let fallback = match &slot.at {
                    At::Option(decl) => Some(decl.span),
                    _ => None,
                };
                let span = span.or_else(|| if slot.defs.is_empty() { fallback } else { None });
                (Some(state.path(*id)), span)
            }
            Frame::Block(id) => match &state.block(*id).guard {
                Guard::When(_, span) | Guard::For(_, _, span) => (None, Some(*span)),
                _ => (None, None),
            },
            Frame::Let(_, name, span) => (Some(name.to_string()), Some(*span)),
        }
    }

    /// The instances of a block: none if its guard does not hold.
    pub fn instances(&self, block: BlockId) -> Result<Arc<[EnvId]>, Poisoned> {
        let (parent, guard, lets) = {
            let mut state = self.state();
            let own = state.block(block);
            if let Some(memo) = &own.memo {
                return memo.clone();
            }
            let found = (own.parent, own.guard.clone(), !own.lets.is_empty());
            self.entered(&mut state, Frame::Block(block))?;
            found
        };
        let result = self.expand(block, parent, &guard, lets);
        let mut state = self.state();
        state.stack.pop();
        state.blocks[block.0 as usize].memo = Some(result.clone());
        result
    }

    fn expand(&self, block: BlockId, parent: Option<BlockId>, guard: &Guard, lets: bool) -> Result<Arc<[EnvId]>, Poisoned> {
        let outer: Arc<[EnvId]> = match parent {
            Some(parent) => self.instances(parent)?,
            None => Arc::from([State::BASE]),
        };
        let seq = self.state().block(block).seq;
        let mut found = Vec::new();
        for env in outer.iter().copied() {
            match guard {
                Guard::Root => found.push(self.inner(env, block, lets)),
                Guard::Pinned(env) => found.push(self.inner(*env, block, lets)),
                Guard::Enabled(target) => {
                    if self.enabled(target)? {
                        // The names of the target hold in an instance of its own.
                        found.push(self.inner(env, block, true));
                    }
                }
                Guard::When(text, span) => {
                    if self.truth(text, *span, env)? {
                        found.push(self.inner(env, block, lets));
                    }
                }
                Guard::For(name, text, span) => {
                    let items = self.items(text, *span, env)?;
                    for (index, item) in items.into_iter().enumerate() {
                        let mut state = self.state();
                        let mut order = state.env(env).order.clone();
                        order.push(seq);
                        order.push(u32::try_from(index).unwrap_or(u32::MAX));
                        found.push(state.add_env(Some(env), block, vec![(name.clone(), item)], order));
                    }
                }
            }
        }
        Ok(found.into())
    }

    /// The same instance, or one more around the block's own `let`.
    fn inner(&self, env: EnvId, block: BlockId, own: bool) -> EnvId {
        if !own {
            return env;
        }
        let mut state = self.state();
        let order = state.env(env).order.clone();
        state.add_env(Some(env), block, Vec::new(), order)
    }

    /// Whether a target is enabled, and those it is nested in.
    pub fn enabled(&self, target: &crate::schema::Target) -> Result<bool, Poisoned> {
        if let Some(parent) = &target.parent {
            let parent = self.shared.schema.targets.iter().find(|own| own.path == *parent);
            if let Some(parent) = parent && !self.enabled(parent)? {
                return Ok(false);
            }
        }
        let os = self.shared.host.os.as_ref();
        if !target.os.is_empty() && !os.is_some_and(|os| target.os.contains(os)) {
            return Ok(false);
        }
        if target.always {
            return Ok(true);
        }
        let slot = self.slot_at(&format!("{}.enable", target.path));
        match slot.map(|slot| self.force(slot)) {
            Some(Ok(Some(value))) => Ok(value.data == Data::Bool(true)),
            Some(Err(Poisoned)) => Err(Poisoned),
            _ => Ok(false),
        }
    }

    /// The slot of an option by its dotted path, made if need be; none if there is no such option.
    pub fn slot_at(&self, path: &str) -> Option<SlotId> {
        let mut at = State::ROOT;
        let mut rest = path;
        loop {
            let (first, next) = rest.split_once('.').map_or((rest, ""), |(first, next)| (first, next));
            at = self.child_of(at, first)?;
            if next.is_empty() {
                return Some(at);
            }
            rest = next;
        }
    }

    /// What stands below a slot under a name, exactly as written.
    pub fn child_of(&self, slot: SlotId, name: &str) -> Option<SlotId> {
        self.prepare(slot);
        let mut state = self.state();
        let place = match &state.slot(slot).at {
            At::Group(group) => Some(group.places.get(name)?.clone()),
            At::Item(_, body) => body.group.places.get(name).cloned(),
            At::Option(_) | At::Free(..) | At::Entry(_) => None,
        };
        match place {
            Some(Place::Group(group)) => Some(state.child(slot, &name.into(), || At::Group(group))),
            Some(Place::Option(decl)) => match decl.into.clone() {
                Some(way) => {
                    let mut collector = Collector { state: &mut state, shared: &self.shared };
                    collector.leaf_of(&decl, &way)
                }
                None => Some(state.child(slot, &name.into(), || At::Option(decl))),
            },
            None => match &state.slot(slot).at {
                // A typed key exists also where nobody defines it: it may have a default.
                At::Option(decl) if decl.ty.is_freeform() && has_key_below(decl, &[], name) => {
                    let decl = decl.clone();
                    let name: Arc<str> = name.into();
                    Some(state.child(slot, &name, || At::Free(decl, Arc::from([name.clone()]))))
                }
                At::Free(decl, way) if has_key_below(decl, way, name) => {
                    let decl = decl.clone();
                    let name: Arc<str> = name.into();
                    let way: Arc<[Arc<str>]> = way.iter().cloned().chain([name.clone()]).collect();
                    Some(state.child(slot, &name, || At::Free(decl, way)))
                }
                _ => state.slot(slot).children.get(name).copied(),
            },
        }
    }

    /// Takes in what an item's own statements contribute.
    fn prepare(&self, slot: SlotId) {
        let mut state = self.state();
        let own = state.slot(slot);
        let At::Item(_, body) = &own.at else { return };
        if own.prepared {
            return;
        }
        let body = body.clone();
        let env = self.item_env(&mut state, slot);
        state.slot_mut(slot).prepared = true;
        if body.statements.is_empty() {
            return;
        }
        let target = self.target_of(&state, slot);
        let block = state.add_block(None, Guard::Pinned(env), target.clone());
        let ctx = Ctx { block, target, ..Ctx::top() };
        Collector { state: &mut state, shared: &self.shared }.typed(&body.statements, slot, &ctx);
    }

    /// The instance in which an item's defaults and statements are computed.
    fn item_env(&self, state: &mut State, slot: SlotId) -> EnvId {
        if let Some(env) = state.slot(slot).env {
            return env;
        }
        let item = Jinja::from_object(SlotObject::new(self, slot));
        let target = self.target_of(state, slot);
        let parent = self.target_env(state, target.as_ref().map(|target| &*target.path));
        let block = state.env(parent).block;
        let order = state.env(parent).order.clone();
        let env = state.add_env(Some(parent), block, vec![("item".into(), item)], order);
        state.slot_mut(slot).env = Some(env);
        env
    }

    fn target_of(&self, state: &State, slot: SlotId) -> Option<Arc<crate::schema::Target>> {
        let mut at = Some(slot);
        while let Some(id) = at {
            let own = state.slot(id);
            if let At::Option(decl) | At::Item(decl, _) | At::Free(decl, _) = &own.at {
                return self.shared.schema.targets.iter().find(|target| target.path == decl.target).cloned();
            }
            at = own.parent;
        }
        None
    }

    /// The instance in which a target's defaults are computed, whether it is enabled or not.
    pub fn target_env(&self, state: &mut State, path: Option<&str>) -> EnvId {
        let Some(path) = path else { return State::BASE };
        let mut envs = self.targets.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(env) = envs.get(path) {
            return *env;
        }
        // A target's statements were collected into a block of its own; its `let` hold there.
        let found = (0u32..).zip(&state.blocks).find_map(|(index, block)| match &block.guard {
            Guard::Enabled(target) if &*target.path == path => Some(BlockId(index)),
            _ => None,
        });
        let block = found.unwrap_or(State::TOP);
        let env = state.add_env(Some(State::BASE), block, Vec::new(), Vec::new());
        envs.insert(path.to_owned(), env);
        env
    }

    fn compute(&self, slot: SlotId) -> (Outcome, Level) {
        let at = self.state().slot(slot).at.clone();
        match at {
            At::Group(group) => {
                let mut map = IndexMap::new();
                for name in group.places.keys() {
                    let Some(child) = self.child_of(slot, name) else { continue };
                    match self.force(child) {
                        Ok(Some(value)) => {
                            map.insert(name.clone(), (*value).clone());
                        }
                        Ok(None) => {}
                        Err(Poisoned) => return (Err(Poisoned), Level::Normal),
                    }
                }
                (Ok(Some(Arc::new(Typed { data: Data::Map(map), from: Vec::new(), pieces: None }))), Level::Normal)
            }
            At::Item(decl, body) => self.item(slot, &decl, &body),
            At::Option(decl) => match &decl.kind {
                Kind::Keyed(_) => self.container(slot),
                Kind::Items(_) => {
                    let mut result = self.leaf(slot, &decl.ty);
                    if let (Ok(None), _) = &result {
                        result.0 = self.fallback(slot, &decl);
                    }
                    result
                }
                Kind::Plain => {
                    let mut result = self.leaf(slot, &decl.ty);
                    if let (Ok(None), _) = &result {
                        result = (self.fallback(slot, &decl), Level::Option);
                    }
                    result
                }
            },
            At::Free(decl, way) => {
                let ty = key_type(&decl, &way);
                let mut result = self.leaf(slot, ty.as_ref().unwrap_or(&Type::Settings));
                if let (Ok(None), _) = &result
                    && let Some(alias) = decl.key(way.iter().map(|part| &**part)).and_then(|key| key.alias.clone())
                    && let Some((Place::Option(own), _)) = self.shared.schema.root.find(&alias)
                {
                    result = (self.fallback(slot, &own), Level::Option);
                    if let Ok(Some(value)) = &result.0
                        && (value.data == Data::Null || value.data.is_empty())
                        && own.default.is_none()
                    {
                        // Nothing was said: there is nothing to write, yet a reader gets the type's own.
                        result.0 = Ok(None);
                    }
                }
                result
            }
            At::Entry(ty) => self.leaf(slot, &ty),
        }
    }

    /// What a typed key holds for a reader, where [`Eval::force`] says that there is nothing.
    pub fn empty_of(&self, slot: SlotId) -> Option<Data> {
        let state = self.state();
        match &state.slot(slot).at {
            At::Free(decl, way) => key_type(decl, way).and_then(|ty| ty.empty()),
            At::Option(decl) => decl.ty.empty(),
            At::Entry(ty) => ty.empty(),
            _ => None,
        }
    }

    /// A value that no definition gives.
    fn fallback(&self, slot: SlotId, decl: &Arc<OptionDecl>) -> Outcome {
        let env = {
            let mut state = self.state();
            let item = {
                let mut at = Some(slot);
                loop {
                    let Some(id) = at else { break None };
                    let own = state.slot(id);
                    if matches!(own.at, At::Item(..)) {
                        break Some(id);
                    }
                    at = own.parent;
                }
            };
            match item {
                Some(item) => self.item_env(&mut state, item),
                None => {
                    let path = (!decl.target.is_empty()).then_some(&*decl.target);
                    self.target_env(&mut state, path)
                }
            }
        };
        match &decl.default {
            None => Ok(decl.ty.empty().map(|data| Arc::new(Typed { data, from: Vec::new(), pieces: None }))),
            Some(Fallback::Value(value)) => {
                let (marks, _) = marks::read(value.ty.as_ref());
                let raw = match (marks.compute, &value.data) {
                    (Some(compute), crate::syntax::tree::Scalar::String(text)) => Raw::Computed(compute, text.clone()),
                    (_, data) => Raw::Literal(literal(data)),
                };
                let mut value_typed = self.value(&raw, value.span, env)?;
                // `default="x"` of a list is a list of one.
                if decl.ty.is_list() && !matches!(value_typed.data, Data::List(_) | Data::Null) {
                    value_typed = Typed { data: Data::List(vec![value_typed.clone()]), from: value_typed.from, pieces: None };
                }
                if matches!(decl.ty.inner(), Type::Lines)
                    && let Data::String(text) = &value_typed.data
                {
                    value_typed.data = Data::String(one_newline(text));
                }
                self.checked(&decl.path, &decl.ty, value_typed, value.span).map(|value| Some(Arc::new(value)))
            }
            Some(Fallback::Node(node)) => {
                let mut plain = (**decl).clone();
                plain.default = None;
                plain.into = None;
                let plain = Arc::new(plain);
                let scratch = {
                    let mut state = self.state();
                    let scratch = state.add_slot(None, decl.path.clone(), At::Option(plain.clone()));
                    let block = state.add_block(None, Guard::Pinned(env), None);
                    let ctx = Ctx { block, level: Some(Level::Option), ..Ctx::top() };
                    let mut collector = Collector { state: &mut state, shared: &self.shared };
                    if plain.ty.is_freeform() {
                        collector.free_value(node, scratch, &plain, &[], &ctx);
                    } else {
                        collector.value(node, scratch, &plain.ty, &plain.path, plain.default_slot, &ctx);
                    }
                    scratch
                };
                self.force(scratch)
            }
        }
    }

    /// One item: its options and its free keys, in the order in which they were first named.
    fn item(&self, slot: SlotId, decl: &Arc<OptionDecl>, body: &Arc<crate::schema::option::Body>) -> (Outcome, Level) {
        self.prepare(slot);
        if self.materialize(slot).is_err() {
            return (Err(Poisoned), Level::Normal);
        }
        let mut names: Vec<Arc<str>> = self.in_order(slot).into_iter().map(|(name, _)| name).collect();
        for name in body.group.places.keys() {
            if !names.contains(name) {
                names.push(name.clone());
            }
        }
        let mut map = IndexMap::new();
        let mut poisoned = false;
        for name in names {
            let Some(child) = self.child_of(slot, &name) else { continue };
            let place = body.group.places.get(&name);
            match self.force(child) {
                Err(Poisoned) => poisoned = true,
                Ok(Some(value)) => {
                    let written = match place {
                        Some(Place::Option(own)) => {
                            let unsaid = value.from.is_empty() && own.default.is_none();
                            if value.data == Data::Null || unsaid {
                                continue;
                            }
                            own.as_name.clone().unwrap_or(name)
                        }
                        Some(Place::Group(_)) if matches!(&value.data, Data::Map(map) if map.is_empty()) => continue,
                        _ => name,
                    };
                    map.insert(written, (*value).clone());
                }
                Ok(None) => {
                    if let Some(Place::Option(own)) = place && own.required {
                        let state = self.state();
                        let span = state.slot(slot).mentions.iter().map(|mention| mention.span).find(|span| span.end > 0);
                        let key = state.slot(slot).key.clone();
                        drop(state);
                        if let Some(span) = span {
                            let name = own.name();
                            self.push(
                                Diagnostic::error("missing-option", span, format!("without `{name}`"), format!("`{} {}` needs `{name}`", decl.path, crate::value::quote(&key)))
                                    .help(format!("add `{name}=...`")),
                            );
                        }
                        poisoned = true;
                    }
                }
            }
        }
        if poisoned {
            return (Err(Poisoned), Level::Normal);
        }
        let state = self.state();
        let from = state.slot(slot).mentions.iter().map(|mention| mention.span).filter(|span| span.end > 0).collect();
        (Ok(Some(Arc::new(Typed { data: Data::Map(map), from, pieces: None }))), Level::Normal)
    }

    /// The children that exist, in order, with the highest level at which each is named.
    pub fn in_order(&self, slot: SlotId) -> Vec<(Arc<str>, SlotId)> {
        let children: Vec<(Arc<str>, SlotId)> = {
            let state = self.state();
            state.slot(slot).children.iter().map(|(name, id)| (name.clone(), *id)).collect()
        };
        let mut found = Vec::new();
        for (name, id) in children {
            let mentions = self.state().slot(id).mentions.clone();
            let drops = match self.drops(id) {
                Ok(drops) => drops,
                Err(Poisoned) => continue,
            };
            let mut place: Option<(Order, Vec<u32>)> = None;
            for mention in &mentions {
                if self.dropped(&drops, mention.level, mention.under) {
                    continue;
                }
                let Ok(envs) = self.instances(mention.block) else { continue };
                let Some(env) = envs.first() else { continue };
                let mut key = self.state().env(*env).order.clone();
                key.push(mention.seq);
                match &mut place {
                    None => place = Some((mention.order, key)),
                    // The first names it, whoever marks it moves it.
                    Some((order, _)) if mention.order != Order::Plain => *order = mention.order,
                    Some(_) => {}
                }
            }
            if let Some((order, key)) = place {
                found.push((order, key, name, id));
            } else if mentions.is_empty() && self.has_default(id) {
                found.push((Order::Plain, Vec::new(), name, id));
            }
        }
        found.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
        found.into_iter().map(|(_, _, name, id)| (name, id)).collect()
    }

    fn has_default(&self, slot: SlotId) -> bool {
        let state = self.state();
        match &state.slot(slot).at {
            At::Free(decl, way) => {
                let alias = decl.key(way.iter().map(|part| &**part)).and_then(|key| key.alias.clone());
                let own = alias.and_then(|alias| Some(self.shared.schema.root.find(&alias)?.0));
                matches!(own, Some(Place::Option(own)) if own.default.is_some())
                    || state.slot(slot).children.values().copied().collect::<Vec<_>>().into_iter().any(|child| {
                        matches!(&state.slot(child).at, At::Free(decl, way) if decl.key(way.iter().map(|part| &**part)).is_some_and(|key| key.alias.is_some()))
                    })
            }
            _ => false,
        }
    }

    /// A keyed option: its items.
    fn container(&self, slot: SlotId) -> (Outcome, Level) {
        if self.materialize(slot).is_err() {
            return (Err(Poisoned), Level::Normal);
        }
        let mut map = IndexMap::new();
        let mut from = Vec::new();
        let mut poisoned = false;
        for (name, child) in self.in_order(slot) {
            match self.force(child) {
                Ok(Some(value)) => {
                    from.extend(value.from.iter().copied());
                    map.insert(name, (*value).clone());
                }
                Ok(None) => {}
                Err(Poisoned) => poisoned = true,
            }
        }
        if poisoned {
            return (Err(Poisoned), Level::Normal);
        }
        (Ok(Some(Arc::new(Typed { data: Data::Map(map), from, pieces: None }))), Level::Normal)
    }

    /// Computes the keys that were left, and takes their nodes in.
    pub fn materialize(&self, slot: SlotId) -> Result<(), Poisoned> {
        let deferred = std::mem::take(&mut self.state().slot_mut(slot).deferred);
        let mut result = Ok(());
        for one in deferred {
            let Ok(envs) = self.instances(one.ctx.block) else {
                result = Err(Poisoned);
                continue;
            };
            for env in envs.iter() {
                let raw = Raw::Computed(one.compute, one.text.clone());
                let key = match self.value(&raw, one.span, *env) {
                    Ok(key) => key,
                    Err(Poisoned) => {
                        result = Err(Poisoned);
                        continue;
                    }
                };
                let text: Arc<str> = match &key.data {
                    Data::String(text) => text.clone(),
                    Data::Int(n) => n.to_string().into(),
                    other => {
                        self.push(Diagnostic::error("wrong-type", one.span, "expected a key", format!("a key is a string, found {}", other.describe())));
                        result = Err(Poisoned);
                        continue;
                    }
                };
                let mut state = self.state();
                let target = one.ctx.target.clone();
                let block = state.add_block(None, Guard::Pinned(*env), target);
                let ctx = Ctx { block, computed_key: true, ..one.ctx.clone() };
                Collector { state: &mut state, shared: &self.shared }.with_key(&one.node, &text, slot, &ctx);
                drop(state);
                // Keys computed inside a computed key are met when the container below is read.
            }
        }
        result
    }

    /// `(replace)` and `(unset)` that hold at a slot or above it.
    pub fn drops(&self, slot: SlotId) -> Result<Vec<RemovalId>, Poisoned> {
        let mut groups: Vec<Vec<RemovalId>> = Vec::new();
        {
            let state = self.state();
            let mut at = Some(slot);
            while let Some(id) = at {
                let own = state.slot(id);
                if !own.drops.is_empty() {
                    groups.push(own.drops.clone());
                }
                at = own.parent;
            }
        }
        let mut active = Vec::new();
        for group in groups {
            let mut here: Vec<RemovalId> = Vec::new();
            for id in group {
                let (block, level, span) = {
                    let state = self.state();
                    let own = state.removal(id);
                    (own.block, own.level, own.span)
                };
                if self.instances(block)?.is_empty() {
                    continue;
                }
                let other = {
                    let state = self.state();
                    here.iter().map(|other| state.removal(*other).clone()).find(|other| other.level == level && other.span != span)
                };
                if let Some(other) = other {
                    self.push(
                        Diagnostic::error("two-replacements", span, "and here", "two definitions replace the same option at one level")
                            .also(other.span, "replaced here")
                            .help("keep one, or raise one with `(force+replace)`"),
                    );
                    return Err(Poisoned);
                }
                here.push(id);
            }
            active.extend(here);
        }
        Ok(active)
    }

    /// Whether a drop takes a definition away.
    pub fn dropped(&self, drops: &[RemovalId], level: Level, under: Option<RemovalId>) -> bool {
        let state = self.state();
        drops.iter().any(|id| {
            let drop = state.removal(*id);
            if level > drop.level {
                return false;
            }
            let mut at = under;
            while let Some(own) = at {
                if own == *id {
                    return false;
                }
                at = state.removal(own).under;
            }
            true
        })
    }

    /// The definitions of a slot that count, in order.
    pub fn active(&self, slot: SlotId) -> Result<Vec<Active>, Poisoned> {
        let defs = self.state().slot(slot).defs.clone();
        if defs.is_empty() {
            return Ok(Vec::new());
        }
        let drops = self.drops(slot)?;
        let mut active = Vec::new();
        for def in defs {
            if self.dropped(&drops, def.level, def.under) {
                continue;
            }
            for env in self.instances(def.block)?.iter() {
                let mut key = self.state().env(*env).order.clone();
                key.push(def.seq);
                active.push(Active { key, env: *env, def: def.clone() });
            }
        }
        active.sort_by(|a, b| a.key.cmp(&b.key));
        Ok(active)
    }

    /// A value of a type: what the highest level says.
    fn leaf(&self, slot: SlotId, ty: &Type) -> (Outcome, Level) {
        match self.leaf_inner(slot, ty) {
            Ok((value, level)) => (Ok(value), level),
            Err(Poisoned) => (Err(Poisoned), Level::Normal),
        }
    }

    fn leaf_inner(&self, slot: SlotId, ty: &Type) -> Result<(Option<Arc<Typed>>, Level), Poisoned> {
        let holds_keys = ty.is_freeform() || matches!(ty.inner(), Type::Map(_));
        if holds_keys {
            self.materialize(slot)?;
        }
        let active = self.active(slot)?;
        let mut children = IndexMap::new();
        let mut below = Level::Option;
        let mut from = Vec::new();
        if holds_keys {
            for (name, child) in self.in_order(slot) {
                let (value, level) = self.force_level(child);
                if let Some(value) = value? {
                    from.extend(value.from.iter().copied());
                    below = below.max(level);
                    children.insert(name, (*value).clone());
                }
            }
        }
        let own = active.iter().filter(|one| one.def.part != Part::EmptyMap).map(|one| one.def.level).max();
        let empty_map = active.iter().find(|one| one.def.part == Part::EmptyMap);
        match own {
            Some(own) if children.is_empty() || own > below => {
                let top: Vec<&Active> = active.iter().filter(|one| one.def.level == own && one.def.part != Part::EmptyMap).collect();
                self.literal_meets_computed(slot, &active)?;
                let value = self.merge(slot, ty, &top)?;
                Ok((value.map(Arc::new), own))
            }
            Some(own) if own == below => {
                let scalar = active.iter().find(|one| one.def.level == own && one.def.part != Part::EmptyMap).map(|one| one.def.span);
                let path = self.state().path(slot);
                if let (Some(span), Some(other)) = (scalar, from.first()) {
                    self.push(
                        Diagnostic::error("conflicting-values", span, "a value here", format!("`{path}` is given a value and keys"))
                            .also(*other, "a key below it here")
                            .help("keep one of them, or raise one with `(force)`"),
                    );
                }
                Err(Poisoned)
            }
            _ => {
                if children.is_empty() {
                    let Some(empty) = empty_map else { return Ok((None, Level::Option)) };
                    let data = Data::Map(IndexMap::new());
                    let keep = Typed::at(data, empty.def.span);
                    return Ok((Some(Arc::new(keep)), empty.def.level));
                }
                let value = Typed { data: Data::Map(children), from, pieces: None };
                let path = self.state().path(slot);
                let span = value.from.first().copied();
                let value = match span {
                    Some(span) if !matches!(ty, Type::Settings) => self.checked(&path, ty, value, span)?,
                    _ => value,
                };
                Ok((Some(Arc::new(value)), below))
            }
        }
    }

    /// A leaf that is said by a literal key and by a computed one would read differently by
    /// itself and as part of its container; only a literal of a higher level is free of that.
    fn literal_meets_computed(&self, slot: SlotId, active: &[Active]) -> Result<(), Poisoned> {
        let computed = active.iter().filter(|one| one.def.computed_key).max_by_key(|one| one.def.level);
        let said = active.iter().filter(|one| !one.def.computed_key).max_by_key(|one| one.def.level);
        if let (Some(computed), Some(said)) = (computed, said)
            && said.def.level <= computed.def.level
        {
            let path = self.state().path(slot);
            self.push(
                Diagnostic::error("computed-key-meets-literal", said.def.span, "said by name here", format!("`{path}` is said by name and by a computed key"))
                    .also(computed.def.span, "and by a computed key here")
                    .help("raise the one by name with `(force)`, or lower the computed one with `(default)`"),
            );
            return Err(Poisoned);
        }
        Ok(())
    }

    /// Definitions of one level to one value.
    fn merge(&self, slot: SlotId, ty: &Type, top: &[&Active]) -> Result<Option<Typed>, Poisoned> {
        let path = self.state().path(slot);
        let whole = top.iter().find(|one| one.def.part == Part::Whole);
        let element = top.iter().find(|one| one.def.part != Part::Whole);
        if let (Some(whole), Some(element)) = (whole, element) {
            self.push(
                Diagnostic::error("conflicting-values", whole.def.span, "one value here", format!("`{path}` is given one value and a list"))
                    .also(element.def.span, "a list here")
                    .help("mark the one value with `(list)` if it is a list of one"),
            );
            return Err(Poisoned);
        }
        if whole.is_some() {
            return self.equal(&path, ty, top).map(Some);
        }
        let lines = matches!(ty.inner(), Type::Lines);
        let mut ordered: Vec<&&Active> = top.iter().collect();
        if lines {
            // Without a slot, before and after mean the first and the last of all.
            ordered.sort_by_key(|one| match (one.def.slotted, one.def.order) {
                (false, Order::Before) => (0, 0, Order::Plain),
                (false, Order::After) => (2, 0, Order::Plain),
                (_, order) => (1, one.def.slot, order),
            });
        } else {
            ordered.sort_by_key(|one| one.def.order);
        }
        let mut list = Vec::new();
        let mut from = Vec::new();
        for one in ordered {
            from.push(one.def.span);
            if one.def.part == Part::EmptyList {
                continue;
            }
            let value = match &one.def.raw {
                Raw::Object(node) => self.object_element(slot, node, one)?,
                Raw::Item(node) => self.list_item(slot, node, one, list.len())?,
                raw => self.value(raw, one.def.span, one.env)?,
            };
            let element = match ty.inner() {
                Type::List(inner) if !matches!(one.def.raw, Raw::Item(_)) => Some((**inner).clone()),
                Type::Lines => Some(Type::Nullable(Arc::new(Type::Lines))),
                _ => None,
            };
            // A computed list joins as its elements.
            match (value.data, one.def.raw.clone()) {
                (Data::List(items), Raw::Computed(..)) if !lines => {
                    for item in items {
                        let item = Typed { from: vec![one.def.span], ..item };
                        list.push(match &element {
                            Some(ty) => self.checked(&path, ty, item, one.def.span)?,
                            None => item,
                        });
                    }
                }
                (Data::Null, Raw::Computed(..)) => {}
                (data, _) => {
                    let item = Typed { data, from: value.from, pieces: None };
                    list.push(match &element {
                        Some(ty) => self.checked(&path, ty, item, one.def.span)?,
                        None => item,
                    });
                }
            }
        }
        if lines {
            return Ok(Some(joined(&list)));
        }
        let value = Typed { data: Data::List(list), from, pieces: None };
        match ty {
            Type::Settings => Ok(Some(value)),
            _ => {
                let span = value.from.first().copied();
                match span {
                    Some(span) if !matches!(ty.inner(), Type::List(_)) => self.checked(&path, ty, value, span).map(Some),
                    _ => Ok(Some(value)),
                }
            }
        }
    }

    /// Whole values, which must agree.
    fn equal(&self, path: &str, ty: &Type, top: &[&Active]) -> Result<Typed, Poisoned> {
        let mut result: Option<Typed> = None;
        for one in top {
            let mut value = self.value(&one.def.raw, one.def.span, one.env)?;
            if !matches!(ty, Type::Settings) {
                value = self.checked(path, ty, value, one.def.span)?;
            }
            match &mut result {
                None => result = Some(value),
                Some(first) if first.same(&value) => first.from.extend(value.from),
                Some(first) => {
                    let at = first.from.first().copied().unwrap_or(one.def.span);
                    self.push(
                        Diagnostic::error("conflicting-values", one.def.span, format!("{} here", crate::value::short(&value.data.kdl())), format!("`{path}` is given two values"))
                            .also(at, format!("{} here", crate::value::short(&first.data.kdl())))
                            .help("keep one, or raise one with `(force)` or lower one with `(default)`"),
                    );
                    return Err(Poisoned);
                }
            }
        }
        result.ok_or(Poisoned)
    }

    fn object_element(&self, slot: SlotId, node: &Arc<crate::syntax::tree::Node>, one: &Active) -> Result<Typed, Poisoned> {
        let scratch = {
            let mut state = self.state();
            let at = state.slot(slot).at.clone();
            let target = state.block(one.def.block).target.clone();
            let block = state.add_block(None, Guard::Pinned(one.env), target.clone());
            let ctx = Ctx { block, target, ..Ctx::top() };
            let mut collector = Collector { state: &mut state, shared: &self.shared };
            let (decl, way): (Arc<OptionDecl>, Vec<Arc<str>>) = match at {
                At::Free(decl, way) => (decl, way.to_vec()),
                At::Option(decl) => (decl, Vec::new()),
                _ => match collector.owner(slot) {
                    Some(decl) => (decl, Vec::new()),
                    None => return Err(Poisoned),
                },
            };
            let mut inner = way.clone();
            inner.push("-".into());
            let scratch = collector.state.add_slot(Some(slot), "-".into(), At::Free(decl.clone(), inner.into()));
            collector.element(node, scratch, &decl, &way, &ctx);
            scratch
        };
        let value = self.force(scratch)?;
        Ok(value.map_or_else(|| Typed::at(Data::Map(IndexMap::new()), one.def.span), |value| (*value).clone()))
    }

    /// An item of a `list` submodule, and the slot it is kept in for readers.
    fn list_item(&self, slot: SlotId, node: &Arc<crate::syntax::tree::Node>, one: &Active, index: usize) -> Result<Typed, Poisoned> {
        let item = {
            let mut state = self.state();
            let At::Option(decl) = state.slot(slot).at.clone() else { return Err(Poisoned) };
            let Kind::Items(body) = &decl.kind else { return Err(Poisoned) };
            let key: Arc<str> = format!("#{index}").into();
            let item = state.child(slot, &key, || At::Item(decl.clone(), body.clone()));
            let target = state.block(one.def.block).target.clone();
            let block = state.add_block(None, Guard::Pinned(one.env), target.clone());
            let ctx = Ctx { block, target, ..Ctx::top() };
            let mut collector = Collector { state: &mut state, shared: &self.shared };
            collector.mention(item, &ctx, Order::Plain, Some(node.name.span));
            collector.item_body(node, item, body, &ctx);
            item
        };
        self.force(item)?.map(|value| (*value).clone()).ok_or(Poisoned)
    }

    /// A value that must fit.
    pub fn checked(&self, path: &str, ty: &Type, value: Typed, span: Span) -> Result<Typed, Poisoned> {
        ty.check(value).map_err(|mismatch| {
            self.push(
                Diagnostic::error(
                    if mismatch.expected.starts_with("enum") { "not-in-enum" } else { "wrong-type" },
                    span,
                    format!("expected {}", mismatch.expected),
                    format!("`{path}` expects {}, found {}", mismatch.expected, mismatch.found),
                )
                .maybe_help(mismatch.help),
            );
            Poisoned
        })
    }

    /// What a `for` goes through.
    fn items(&self, text: &Arc<str>, span: Span, env: EnvId) -> Result<Vec<Jinja>, Poisoned> {
        let value = self.expression(text, span, env)?;
        if let Some(object) = value.downcast_object_ref::<SlotObject>() {
            return self.slot_items(object.slot);
        }
        if let Some(object) = value.downcast_object_ref::<MapObject>() {
            return Ok(object.entries());
        }
        match value.kind() {
            minijinja::value::ValueKind::None | minijinja::value::ValueKind::Undefined => Ok(Vec::new()),
            minijinja::value::ValueKind::Map => {
                let mut entries = Vec::new();
                for key in value.try_iter().into_iter().flatten() {
                    let inner = value.get_item(&key).unwrap_or_default();
                    entries.push(super::objects::pair(key, inner));
                }
                Ok(entries)
            }
            minijinja::value::ValueKind::Seq | minijinja::value::ValueKind::Iterable => Ok(value.try_iter().into_iter().flatten().collect()),
            other => {
                self.push(
                    Diagnostic::error("wrong-type", span, "expected a list or a map", format!("`for` goes through a list or a map, found {other}"))
                        .help("take a list, a map or a keyed option"),
                );
                Err(Poisoned)
            }
        }
    }

    /// The entries of a container for a `for`: items with their fields, or pairs.
    pub fn slot_items(&self, slot: SlotId) -> Result<Vec<Jinja>, Poisoned> {
        let at = self.state().slot(slot).at.clone();
        if let At::Option(decl) = &at && matches!(decl.kind, Kind::Keyed(_) | Kind::Items(_)) {
            if matches!(decl.kind, Kind::Items(_)) {
                let count = match self.force(slot)? {
                    Some(value) => match &value.data {
                        Data::List(list) => list.len(),
                        _ => 0,
                    },
                    None => 0,
                };
                let state = self.state();
                return Ok((0..count)
                    .filter_map(|index| state.slot(slot).children.get(&*format!("#{index}")).copied())
                    .map(|item| Jinja::from_object(SlotObject::new(self, item)))
                    .collect());
            }
            self.materialize(slot)?;
            return Ok(self.in_order(slot).into_iter().map(|(_, item)| Jinja::from_object(SlotObject::new(self, item))).collect());
        }
        if let At::Group(group) = &at {
            let names: Vec<Arc<str>> = group.places.keys().cloned().collect();
            return Ok(names
                .into_iter()
                .filter_map(|name| Some(super::objects::pair(Jinja::from(&*name), Jinja::from_object(SlotObject::new(self, self.child_of(slot, &name)?)))))
                .collect());
        }
        match self.force(slot)? {
            None => Ok(Vec::new()),
            Some(value) => match &value.data {
                Data::Map(map) => Ok(MapObject(map.clone()).entries()),
                Data::List(list) => Ok(list.iter().map(super::objects::to_jinja).collect()),
                Data::Null => Ok(Vec::new()),
                other => {
                    let _ = other;
                    Ok(vec![super::objects::to_jinja(&value)])
                }
            },
        }
    }
}

impl Collector<'_> {
    /// The slot of the leaf that an `into` option is, without naming it.
    pub fn leaf_of(&mut self, decl: &Arc<OptionDecl>, way: &[Arc<str>]) -> Option<SlotId> {
        let (first, rest) = way.split_first()?;
        let mut slot = State::ROOT;
        let mut group = self.shared.schema.root.clone();
        for part in decl.target.split('.') {
            let Some(Place::Group(inner)) = group.places.get(part).cloned() else { return None };
            slot = self.state.child(slot, &part.into(), || At::Group(inner.clone()));
            group = inner;
        }
        let Some(Place::Option(settings)) = group.places.get(first).cloned() else { return None };
        slot = self.state.child(slot, first, || At::Option(settings.clone()));
        for (index, part) in rest.iter().enumerate() {
            let way: Arc<[Arc<str>]> = rest.iter().take(index + 1).cloned().collect();
            slot = self.state.child(slot, part, || At::Free(settings.clone(), way));
        }
        Some(slot)
    }
}

/// Whether a typed key of settings is, or is below, `way` and `name`.
fn has_key_below(decl: &OptionDecl, way: &[Arc<str>], name: &str) -> bool {
    decl.keys.iter().any(|key| {
        key.alias.is_some()
            && key.pattern.len() > way.len()
            && key.pattern.iter().zip(way).all(|(a, b)| a == b)
            && key.pattern.get(way.len()).is_some_and(|part| &**part == name)
    })
}

/// Pieces to one text, with the lines of each.
fn joined(list: &[Typed]) -> Typed {
    let mut text = String::new();
    let mut pieces = Vec::new();
    let mut from = Vec::new();
    for piece in list {
        let Data::String(own) = &piece.data else { continue };
        let own = one_newline(own);
        let span = piece.from.first().copied();
        if let Some(span) = span {
            from.push(span);
            pieces.push((own.matches('\n').count(), span));
        }
        text.push_str(&own);
    }
    Typed { data: Data::String(text.into()), from, pieces: Some(pieces.into()) }
}
