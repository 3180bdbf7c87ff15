//! Guards to instances: whether and how often a block holds.

use std::sync::Arc;

use ecow::EcoString;
use minijinja::Value as Jinja;
use minijinja::value::ValueKind;
use smallvec::SmallVec;

use super::Whose;
use crate::diag::{Diagnostic, Span};
use crate::eval::Eval;
use crate::eval::arena::{At, BlockId, EnvId, Frame, Guard, Poisoned, SlotId, State};
use crate::eval::objects::{MapObject, SlotObject, pair, to_jinja};
use crate::schema::Target;
use crate::schema::option::Kind;
use crate::value::Data;

/// Repetitions of one evaluation: more are a mistake, and would fill the memory.
const MAX_INSTANCES: usize = 200_000;

impl Eval {
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

    pub(super) fn expand(
        &self,
        block: BlockId,
        parent: Option<BlockId>,
        guard: &Guard,
        lets: bool,
    ) -> Result<Arc<[EnvId]>, Poisoned> {
        let outer: Arc<[EnvId]> = match parent {
            Some(parent) => self.instances(parent)?,
            None => Arc::from([State::BASE]),
        };
        let seq = self.state().block(block).seq;
        let mut found: SmallVec<[EnvId; 8]> = SmallVec::new();
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
                    if self.state().envs.len() + items.len() > MAX_INSTANCES {
                        let what = format!("more than {MAX_INSTANCES} repetitions");
                        self.push(
                            Diagnostic::error("too-many", *span, "repeats too often", what)
                                .help("go through a shorter list"),
                        );
                        return Err(Poisoned);
                    }
                    for (index, item) in items.into_iter().enumerate() {
                        let mut state = self.state();
                        let mut order = state.env(env).order.clone();
                        order.push(seq);
                        order.push(u32::try_from(index).unwrap_or(u32::MAX));
                        found.push(state.add_env(
                            Some(env),
                            block,
                            vec![(name.clone(), item)],
                            order,
                        ));
                    }
                }
            }
        }
        // Where a guard holds, its instances are those around it.
        Ok(if *found == *outer { outer } else { Arc::from(&*found) })
    }

    /// The same instance, or one more around the block's own `let`.
    pub(super) fn inner(&self, env: EnvId, block: BlockId, own: bool) -> EnvId {
        if !own {
            return env;
        }
        let mut state = self.state();
        let order = state.env(env).order.clone();
        state.add_env(Some(env), block, Vec::new(), order)
    }

    /// Whether a target is enabled, and those it is nested in.
    pub fn enabled(&self, target: &Target) -> Result<bool, Poisoned> {
        if let Some(parent) = &target.parent {
            let parent = self.shared.schema.targets.iter().find(|own| own.path == *parent);
            if let Some(parent) = parent
                && !self.enabled(parent)?
            {
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
        let slot = self.enable_of(&target.path);
        match slot.map(|slot| self.force(slot)) {
            Some(Ok(Some(value))) => Ok(value.data == Data::Bool(true)),
            Some(Err(Poisoned)) => Err(Poisoned),
            _ => Ok(false),
        }
    }

    /// What a `for` goes through.
    pub(super) fn items(
        &self,
        text: &EcoString,
        span: Span,
        env: EnvId,
    ) -> Result<Vec<Jinja>, Poisoned> {
        let value = self.expression(text, span, env)?;
        if let Some(object) = value.downcast_object_ref::<SlotObject>() {
            return object.eval().ok_or(Poisoned)?.slot_items(object.slot);
        }
        if let Some(object) = value.downcast_object_ref::<MapObject>() {
            return Ok(object.entries());
        }
        match value.kind() {
            ValueKind::None | ValueKind::Undefined => Ok(Vec::new()),
            ValueKind::Map => {
                let mut entries = Vec::new();
                for key in value.try_iter().into_iter().flatten() {
                    let inner = value.get_item(&key).unwrap_or_default();
                    entries.push(pair(key, inner));
                }
                Ok(entries)
            }
            ValueKind::Seq | ValueKind::Iterable => {
                Ok(value.try_iter().into_iter().flatten().collect())
            }
            other => {
                self.push(
                    Diagnostic::error(
                        "wrong-type",
                        span,
                        "expected a list or a map",
                        format!("`for` goes through a list or a map, found {other}"),
                    )
                    .help("take a list, a map or a keyed option"),
                );
                Err(Poisoned)
            }
        }
    }

    /// The entries of a container for a `for`: items with their fields, or pairs.
    pub fn slot_items(&self, slot: SlotId) -> Result<Vec<Jinja>, Poisoned> {
        match self.whose(slot) {
            Whose::Own => {}
            Whose::Machine(system, there) => return system.slot_items(there),
            Whose::User => return Err(self.crossed(slot)),
        }
        let at = self.state().slot(slot).at.clone();
        if let At::Option(decl) = &at
            && matches!(decl.kind, Kind::Keyed(_) | Kind::Items(_))
        {
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
                    .filter_map(|index| {
                        state.slot(slot).children.get(&format!("#{index}")).copied()
                    })
                    .map(|item| Jinja::from_object(SlotObject::new(self, item)))
                    .collect());
            }
            self.materialize(slot)?;
            return Ok(self
                .in_order(slot)
                .into_iter()
                .map(|(_, item)| Jinja::from_object(SlotObject::new(self, item)))
                .collect());
        }
        if let At::Group(group) = &at {
            let names: Vec<EcoString> = group.places.keys().map(EcoString::from).collect();
            return Ok(names
                .into_iter()
                .filter_map(|name| {
                    Some(pair(
                        Jinja::from(&*name),
                        Jinja::from_object(SlotObject::new(self, self.child_of(slot, &name)?)),
                    ))
                })
                .collect());
        }
        match self.force(slot)? {
            None => Ok(Vec::new()),
            Some(value) => match &value.data {
                Data::Map(map) => Ok(MapObject(map.clone()).entries()),
                Data::List(list) => Ok(list.iter().map(to_jinja).collect()),
                Data::Null => Ok(Vec::new()),
                _ => Ok(vec![to_jinja(&value)]),
            },
        }
    }
}
