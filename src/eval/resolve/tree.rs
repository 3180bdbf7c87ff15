//! Ways through the tree of options, and the instances that belong to its places.

use std::sync::Arc;

use ecow::EcoString;
use minijinja::Value as Jinja;

use crate::eval::Eval;
use crate::eval::arena::{At, BlockId, EnvId, Guard, SlotId, State};
use crate::eval::collect::{Collector, Ctx};
use crate::eval::objects::SlotObject;
use crate::schema::{OptionDecl, Place, Target};

impl Eval {
    /// The slot of an option by its dotted path, made if need be; none if there is no such option.
    pub fn slot_at(&self, path: &str) -> Option<SlotId> {
        let mut at = State::ROOT;
        let mut rest = path;
        loop {
            let (first, next) =
                rest.split_once('.').map_or((rest, ""), |(first, next)| (first, next));
            at = self.child_of(at, first)?;
            if next.is_empty() {
                return Some(at);
            }
            rest = next;
        }
    }

    /// The slot that says whether a target is enabled.
    pub fn enable_of(&self, target: &str) -> Option<SlotId> {
        self.child_of(self.target_at(target)?, "enable")
    }

    /// The slot of a target by its path.
    pub fn target_at(&self, target: &str) -> Option<SlotId> {
        let known = self.state().targets.get(target).copied();
        known.or_else(|| self.slot_at(target))
    }

    /// What stands below a slot under a name, exactly as written.
    pub fn child_of(&self, slot: SlotId, name: &str) -> Option<SlotId> {
        let mut state = self.state();
        if !matches!(state.slot(slot).at, At::Group(_)) {
            drop(state);
            self.prepare(slot);
            if self.may_be_computed(slot, name) {
                // What goes wrong is said there.
                let _said = self.materialize(slot);
            }
            state = self.state();
        }
        let known = state.slot(slot).children.get(name).copied();
        // That of an option which is a leaf of settings lies there.
        let is_leaf =
            |child| matches!(&state.slot(child).at, At::Option(decl) if decl.rare().into.is_some());
        if let Some(child) = known.filter(|child| !is_leaf(*child)) {
            return Some(child);
        }
        let place = match &state.slot(slot).at {
            At::Group(group) => Some(group.places.get(name)?.clone()),
            At::Item(_, body) => body.group.places.get(name).cloned(),
            At::Option(_) | At::Free(..) | At::Entry(_) => None,
        };
        match place {
            Some(Place::Group(group)) => Some(state.child_named(slot, name, || At::Group(group))),
            Some(Place::Option(decl)) => match decl.rare().into.clone() {
                Some(way) => {
                    let mut collector = Collector { state: &mut state, shared: &self.shared };
                    collector.leaf_of(&decl, &way)
                }
                None => Some(state.child_named(slot, name, || At::Option(decl))),
            },
            None => match &state.slot(slot).at {
                // A typed key exists also where nobody defines it: it may have a default.
                At::Option(decl) if decl.ty.is_freeform() && has_key_below(decl, &[], name) => {
                    let decl = decl.clone();
                    let name: EcoString = name.into();
                    Some(state.child(slot, &name, || At::Free(decl, Arc::from([name.clone()]))))
                }
                At::Free(decl, way) if has_key_below(decl, way, name) => {
                    let decl = decl.clone();
                    let name: EcoString = name.into();
                    let way: Arc<[EcoString]> = way.iter().cloned().chain([name.clone()]).collect();
                    Some(state.child(slot, &name, || At::Free(decl, way)))
                }
                _ => state.slot(slot).children.get(name).copied(),
            },
        }
    }

    /// Whether a typed key that nobody says by its name could be one of the computed keys.
    fn may_be_computed(&self, slot: SlotId, name: &str) -> bool {
        let state = self.state();
        let own = state.slot(slot);
        let (decl, way) = match &own.at {
            At::Option(decl) => (decl, &[][..]),
            At::Free(decl, way) => (decl, &way[..]),
            _ => return false,
        };
        if own.deferred().is_empty() {
            return false;
        }
        let said = own.children.get(name).is_some_and(|child| !state.slot(*child).defs.is_empty());
        let way = way.iter().map(|part| &**part).chain([name]).collect::<Vec<_>>();
        let key = || decl.key(way.iter().copied()).is_some_and(|key| key.alias().is_none());
        !said && key()
    }

    /// Takes in what an item's own statements contribute.
    pub fn prepare(&self, slot: SlotId) {
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
    pub(super) fn item_env(&self, state: &mut State, slot: SlotId) -> EnvId {
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

    pub(super) fn target_of(&self, state: &State, slot: SlotId) -> Option<Arc<Target>> {
        let mut at = Some(slot);
        while let Some(id) = at {
            let own = state.slot(id);
            if let At::Option(decl) | At::Item(decl, _) | At::Free(decl, _) = &own.at {
                return self
                    .shared
                    .schema
                    .targets
                    .iter()
                    .find(|target| target.path == decl.target)
                    .cloned();
            }
            at = own.parent;
        }
        None
    }

    /// The instance in which a target's defaults are computed, whether it is enabled or not.
    pub fn target_env(&self, state: &mut State, path: Option<&str>) -> EnvId {
        let Some(path) = path else { return State::BASE };
        let mut envs = self.targets.borrow_mut();
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
}

/// Whether a typed key of settings is, or is below, `way` and `name`.
fn has_key_below(decl: &OptionDecl, way: &[EcoString], name: &str) -> bool {
    decl.rare().keys.is_below(way.iter().map(|part| &**part).chain([name]))
}

impl Collector<'_> {
    /// The slot of the leaf that an `into` option is, without naming it.
    pub fn leaf_of(&mut self, decl: &Arc<OptionDecl>, way: &[EcoString]) -> Option<SlotId> {
        let (first, rest) = way.split_first()?;
        let mut slot = State::ROOT;
        let mut group = self.shared.schema.root.clone();
        for part in decl.target.split('.') {
            let Some(Place::Group(inner)) = group.places.get(part).cloned() else { return None };
            slot = self.state.child_named(slot, part, || At::Group(inner.clone()));
            group = inner;
        }
        let Some(Place::Option(settings)) = group.places.get(first).cloned() else { return None };
        slot = self.state.child(slot, first, || At::Option(settings.clone()));
        for (index, part) in rest.iter().enumerate() {
            let way: Arc<[EcoString]> = rest.iter().take(index + 1).cloned().collect();
            slot = self.state.child(slot, part, || At::Free(settings.clone(), way));
        }
        Some(slot)
    }
}
