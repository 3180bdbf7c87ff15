//! Which definitions and keys count, and in which order.

use ecow::EcoString;

use super::{Active, Actives};
use crate::diag::Diagnostic;
use crate::eval::Eval;
use crate::eval::arena::{At, Guard, Point, Poisoned, Raw, RemovalId, SlotId};
use crate::eval::collect::{Collector, Ctx};
use crate::schema::Place;
use crate::syntax::marks::{Level, Order};
use crate::value::Data;

impl Eval {
    /// The children that exist, in order, with the highest level at which each is named.
    pub fn in_order(&self, slot: SlotId) -> Vec<(EcoString, SlotId)> {
        // What is read meanwhile may add to them.
        let children = self.state().slot(slot).children.count();
        let mut found = Vec::with_capacity(children);
        for index in 0..children {
            let (name, id, mentions) = {
                let state = self.state();
                let Some((name, id)) = state.slot(slot).children.get_index(index) else { break };
                (name.clone(), *id, state.slot(*id).mentions)
            };
            let Ok(drops) = self.drops(id) else { continue };
            // The first names it; the last that marks it moves it.
            let mut first: Option<Point> = None;
            let mut marked: Option<(Point, Order)> = None;
            let mut next = mentions.first();
            while let Some(link) = next {
                let mention = {
                    let state = self.state();
                    let (mention, after) = state.mentions.at(mentions, link);
                    next = after;
                    *mention
                };
                if self.dropped(&drops, mention.level, mention.under) {
                    continue;
                }
                let Ok(envs) = self.instances(mention.block) else { continue };
                let Some(env) = envs.first() else { continue };
                let point = Point { env: *env, seq: mention.seq };
                let state = self.state();
                if mention.order != Order::Plain
                    && marked.is_none_or(|(last, order)| {
                        state.compare(last, point).then(order.cmp(&mention.order)).is_lt()
                    })
                {
                    marked = Some((point, mention.order));
                }
                if first.is_none_or(|first| state.compare(point, first).is_lt()) {
                    first = Some(point);
                }
            }
            if first.is_some() {
                let order = marked.map_or(Order::Plain, |(_, order)| order);
                found.push((order, first, name, id));
            } else if mentions.is_empty() && self.has_default(id) {
                found.push((Order::Plain, None, name, id));
            }
        }
        let state = self.state();
        found.sort_by(|a, b| {
            a.0.cmp(&b.0).then_with(|| match (a.1, b.1) {
                (Some(a), Some(b)) => state.compare(a, b),
                (a, b) => a.is_some().cmp(&b.is_some()),
            })
        });
        found.into_iter().map(|(_, _, name, id)| (name, id)).collect()
    }

    pub(super) fn has_default(&self, slot: SlotId) -> bool {
        let state = self.state();
        match &state.slot(slot).at {
            At::Free(decl, way) => {
                let alias = decl.key(way.iter().map(|part| &**part)).and_then(|key| key.alias());
                let own = alias.and_then(|alias| Some(self.shared.schema.root.find(&alias)?.0));
                matches!(own, Some(Place::Option(own)) if own.default.is_some())
                    || state.slot(slot).children.values().copied().collect::<Vec<_>>().into_iter().any(|child| {
                        matches!(&state.slot(child).at, At::Free(decl, way) if decl.key(way.iter().map(|part| &**part)).is_some_and(|key| key.alias().is_some()))
                    })
            }
            _ => false,
        }
    }

    /// Computes the keys that were left, and takes their nodes in.
    pub fn materialize(&self, slot: SlotId) -> Result<(), Poisoned> {
        let deferred = self.state().slot_mut(slot).take_deferred();
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
                let known = match (&one.node, &key.data) {
                    (Some(_), Data::String(text)) => Ok(text.clone()),
                    (Some(_), Data::Int(n)) => Ok(n.to_string().into()),
                    (None, Data::Map(_)) => Ok("".into()),
                    (None, Data::Null) => continue,
                    (Some(_), other) => {
                        Err(("a key", format!("a key is a string, found {}", other.describe())))
                    }
                    (None, other) => {
                        let path = self.state().path(slot);
                        let what = format!("`{path}` holds keys, found {}", other.describe());
                        Err(("an object", what))
                    }
                };
                let text: EcoString = match known {
                    Ok(text) => text,
                    Err((expected, what)) => {
                        let label = format!("expected {expected}");
                        self.push(Diagnostic::error("wrong-type", one.span, label, what));
                        result = Err(Poisoned);
                        continue;
                    }
                };
                let mut state = self.state();
                // Its place is where it was said.
                let mut order = state.env(*env).order.clone();
                order.push(one.seq);
                let own = state.add_env(Some(*env), one.ctx.block, Vec::new(), order);
                let target = one.ctx.target.clone();
                let block = state.add_block(None, Guard::Pinned(own), target);
                let ctx = Ctx { block, computed_key: true, ..one.ctx.clone() };
                let mut collector = Collector { state: &mut state, shared: &self.shared };
                match (&one.node, &key.data) {
                    (Some(node), _) => collector.with_key(node, &text, slot, &ctx),
                    (None, Data::Map(map)) => collector.spread(map, one.span, slot, &ctx),
                    (None, _) => {}
                }
                // Keys computed inside a computed key are met when the container below is read.
            }
        }
        result
    }

    /// `(replace)` and `(unset)` that hold at a slot or above it.
    pub fn drops(&self, slot: SlotId) -> Result<Vec<RemovalId>, Poisoned> {
        let mut groups: Vec<(SlotId, Vec<RemovalId>)> = Vec::new();
        {
            let state = self.state();
            if state.drops.is_empty() {
                return Ok(Vec::new());
            }
            let mut at = Some(slot);
            while let Some(id) = at {
                let own = state.slot(id);
                if !own.drops().is_empty() {
                    groups.push((id, own.drops().to_vec()));
                }
                at = own.parent;
            }
        }
        let mut active = Vec::new();
        for (at, group) in groups {
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
                    here.iter()
                        .map(|other| state.removal(*other).clone())
                        .find(|other| other.level == level && other.span != span)
                };
                if let Some(other) = other {
                    let path = self.state().path(at);
                    self.push(
                        Diagnostic::error(
                            "two-replacements",
                            span,
                            "and here",
                            format!("`{path}` is replaced twice at one level"),
                        )
                        .also(other.span, "replaced here")
                        .help("keep one, or say which one counts: `(force+replace)`"),
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
    pub fn active(&self, slot: SlotId) -> Result<Actives, Poisoned> {
        // What its guards bring in while they are read is looked at next time.
        let defs = self.state().slot(slot).defs;
        let mut active = Actives::new();
        if defs.is_empty() {
            return Ok(active);
        }
        let drops = self.drops(slot)?;
        let mut next = defs.first();
        while let Some(link) = next {
            let (level, under, block) = {
                let state = self.state();
                let (def, after) = state.defs.at(defs, link);
                next = after;
                (def.level, def.under, def.block)
            };
            if self.dropped(&drops, level, under) {
                continue;
            }
            for env in self.instances(block)?.iter() {
                let def = self.state().defs.at(defs, link).0.clone();
                active.push(Active { env: *env, def });
            }
        }
        if active.len() > 1 {
            let state = self.state();
            let point = |one: &Active| Point { env: one.env, seq: one.def.seq };
            active.sort_by(|a, b| state.compare(point(a), point(b)));
        }
        Ok(active)
    }
}
