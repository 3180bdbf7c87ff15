//! Definitions of one place to one value.

use std::sync::Arc;

use ecow::EcoString;
use smallvec::SmallVec;

use super::Active;
use crate::diag::{Diagnostic, Span};
use crate::eval::Eval;
use crate::eval::arena::{At, Guard, Outcome, Part, Poisoned, Raw, SlotId};
use crate::eval::collect::{Collector, Ctx};
use crate::schema::OptionDecl;
use crate::schema::option::Kind;
use crate::schema::types::Type;
use crate::syntax::marks::{Level, Order};
use crate::syntax::tree::Node;
use crate::value::{Data, Map, Places, Typed, short};

impl Eval {
    /// A value of a type: what the highest level says.
    pub(super) fn leaf(&self, slot: SlotId, ty: &Type) -> (Outcome, Level) {
        match self.leaf_inner(slot, ty) {
            Ok((value, level)) => (Ok(value), level),
            Err(Poisoned) => (Err(Poisoned), Level::Normal),
        }
    }

    pub(super) fn leaf_inner(
        &self,
        slot: SlotId,
        ty: &Type,
    ) -> Result<(Option<Arc<Typed>>, Level), Poisoned> {
        let holds_keys = ty.is_freeform() || matches!(ty.inner(), Type::Map(_));
        if holds_keys {
            self.materialize(slot)?;
        }
        let active = self.active(slot)?;
        let mut children: Map<Typed> = Map::default();
        let mut below = Level::Option;
        let mut from = Places::new();
        if holds_keys {
            let mut poisoned = false;
            let named = self.in_order(slot);
            children.reserve_exact(named.len());
            for (name, child) in named {
                let (value, level) = self.force_level(child);
                match value {
                    Ok(Some(value)) => {
                        from.extend_from_slice(&value.from);
                        below = below.max(level);
                        children.insert(name, (*value).clone());
                    }
                    Ok(None) => {}
                    Err(Poisoned) => poisoned = true,
                }
            }
            if poisoned {
                return Err(Poisoned);
            }
        }
        let own = active
            .iter()
            .filter(|one| one.def.part != Part::EmptyMap)
            .map(|one| one.def.level)
            .max();
        let empty_map = active.iter().find(|one| one.def.part == Part::EmptyMap);
        match own {
            Some(own) if children.is_empty() || own > below => {
                let top: SmallVec<[&Active; 2]> = active
                    .iter()
                    .filter(|one| one.def.level == own && one.def.part != Part::EmptyMap)
                    .collect();
                self.literal_meets_computed(slot, &active)?;
                let value = self.merge(slot, ty, &top)?;
                Ok((value.map(Arc::new), own))
            }
            Some(own) if own == below => {
                let scalar = active
                    .iter()
                    .find(|one| one.def.level == own && one.def.part != Part::EmptyMap)
                    .map(|one| one.def.span);
                let path = self.state().path(slot);
                if let (Some(span), Some(other)) = (scalar, from.first()) {
                    self.push(
                        Diagnostic::error(
                            "conflicting-values",
                            span,
                            "a value here",
                            format!("`{path}` is given a value and keys"),
                        )
                        .also(*other, "a key below it here")
                        .help("keep one of them, or raise one with `(force)`"),
                    );
                }
                Err(Poisoned)
            }
            _ => {
                if children.is_empty() {
                    let Some(empty) = empty_map else { return Ok((None, Level::Option)) };
                    let data = Data::Map(Arc::default());
                    let keep = Typed::at(data, empty.def.span);
                    return Ok((Some(Arc::new(keep)), empty.def.level));
                }
                let value = Typed { data: Data::Map(Arc::new(children)), from, pieces: None };
                let span = value.from.first().copied();
                let value = match span {
                    Some(span) if !matches!(ty, Type::Settings) => {
                        self.checked(&|| self.state().path(slot), ty, value, span)?
                    }
                    _ => value,
                };
                Ok((Some(Arc::new(value)), below))
            }
        }
    }

    /// A leaf that is said by a literal key and by a computed one would read differently by
    /// itself and as part of its container; only a literal of a higher level is free of that.
    pub(super) fn literal_meets_computed(
        &self,
        slot: SlotId,
        active: &[Active],
    ) -> Result<(), Poisoned> {
        let computed =
            active.iter().filter(|one| one.def.computed_key).max_by_key(|one| one.def.level);
        let said =
            active.iter().filter(|one| !one.def.computed_key).max_by_key(|one| one.def.level);
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
    pub(super) fn merge(
        &self,
        slot: SlotId,
        ty: &Type,
        top: &[&Active],
    ) -> Result<Option<Typed>, Poisoned> {
        // A path is put together only for a mistake.
        let path = || self.state().path(slot);
        let whole = top.iter().find(|one| one.def.part == Part::Whole);
        let element = top.iter().find(|one| one.def.part != Part::Whole);
        if let (Some(whole), Some(element)) = (whole, element) {
            self.push(
                Diagnostic::error(
                    "conflicting-values",
                    whole.def.span,
                    "one value here",
                    format!("`{}` is given one value and a list", path()),
                )
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
        let mut from = Places::new();
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
                Type::List(inner) if !matches!(one.def.raw, Raw::Item(_)) => {
                    Some((**inner).clone())
                }
                Type::Lines => Some(Type::Nullable(Arc::new(Type::Lines))),
                _ => None,
            };
            // A computed list joins as its elements.
            match (value.data, &one.def.raw) {
                (Data::List(items), Raw::Computed(..)) if !lines => {
                    for item in items {
                        // Where its elements were said, if they came from somewhere.
                        let from = if item.from.is_empty() {
                            Places::from([one.def.span])
                        } else {
                            item.from
                        };
                        let item = Typed { from, ..item };
                        list.push(match &element {
                            Some(ty) => self.checked(&path, ty, item, one.def.span)?,
                            None => item,
                        });
                    }
                }
                (Data::Null, Raw::Computed(..)) => {}
                (data, _) => {
                    // A line that a target makes of an item is the user's who said the item.
                    let behind = match lines && !self.is_users(&one.def.span) {
                        true => self.item_span(one.env).map(|span| Places::from([span])),
                        false => None,
                    };
                    let from = behind.unwrap_or(value.from);
                    let item = Typed { data, from, pieces: None };
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
                    Some(span) if !matches!(ty.inner(), Type::List(_)) => {
                        self.checked(&path, ty, value, span).map(Some)
                    }
                    _ => Ok(Some(value)),
                }
            }
        }
    }

    /// Whole values, which must agree.
    pub(super) fn equal(
        &self,
        path: &dyn Fn() -> String,
        ty: &Type,
        top: &[&Active],
    ) -> Result<Typed, Poisoned> {
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
                        Diagnostic::error(
                            "conflicting-values",
                            one.def.span,
                            format!("{} here", short(&value.data.kdl())),
                            format!("`{}` is given two values", path()),
                        )
                        .also(at, format!("{} here", short(&first.data.kdl())))
                        .help(if one.def.level == Level::Force {
                            "keep `(force)` at one of them".to_owned()
                        } else {
                            let text = value.data.kdl();
                            let text = if text.len() > 24 { "..." } else { &text };
                            format!("keep one of them, or say which one counts: `(force){text}`")
                        }),
                    );
                    return Err(Poisoned);
                }
            }
        }
        result.ok_or(Poisoned)
    }

    pub(super) fn object_element(
        &self,
        slot: SlotId,
        node: &Arc<Node>,
        one: &Active,
    ) -> Result<Typed, Poisoned> {
        let scratch = {
            let mut state = self.state();
            let at = state.slot(slot).at.clone();
            let target = state.block(one.def.block).target.clone();
            let block = state.add_block(None, Guard::Pinned(one.env), target.clone());
            let ctx = Ctx { block, target, ..Ctx::top() };
            let mut collector = Collector { state: &mut state, shared: &self.shared };
            let (decl, way): (Arc<OptionDecl>, Vec<EcoString>) = match at {
                At::Free(decl, way) => (decl, way.to_vec()),
                At::Option(decl) => (decl, Vec::new()),
                _ => match collector.owner(slot) {
                    Some(decl) => (decl, Vec::new()),
                    None => return Err(Poisoned),
                },
            };
            let mut inner = way.clone();
            inner.push("-".into());
            let scratch = collector.state.add_slot(
                Some(slot),
                "-".into(),
                At::Free(decl.clone(), inner.into()),
            );
            collector.element(node, scratch, &decl, &way, &ctx);
            scratch
        };
        let value = self.force(scratch)?;
        Ok(value.map_or_else(
            || Typed::at(Data::Map(Arc::default()), one.def.span),
            |value| (*value).clone(),
        ))
    }

    /// An item of a `list` submodule, and the slot it is kept in for readers.
    pub(super) fn list_item(
        &self,
        slot: SlotId,
        node: &Arc<Node>,
        one: &Active,
        index: usize,
    ) -> Result<Typed, Poisoned> {
        let item = {
            let mut state = self.state();
            let At::Option(decl) = state.slot(slot).at.clone() else { return Err(Poisoned) };
            let Kind::Items(body) = &decl.kind else { return Err(Poisoned) };
            let key: EcoString = format!("#{index}").into();
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
    pub fn checked(
        &self,
        path: &dyn Fn() -> String,
        ty: &Type,
        value: Typed,
        span: Span,
    ) -> Result<Typed, Poisoned> {
        ty.check(value).map_err(|mismatch| {
            // What is computed is not mended by writing another value over the expression.
            let mut problem = mismatch.at(&path(), span, "");
            problem.fix = None;
            if problem.help.as_ref().is_some_and(|help| help.starts_with("write ")) {
                problem.help = None;
            }
            self.push(problem);
            Poisoned
        })
    }
}

/// Pieces to one text, with the lines of each.
fn joined(list: &[Typed]) -> Typed {
    let mut text = String::new();
    let mut pieces = Vec::new();
    let mut from = Places::new();
    for piece in list {
        let Data::String(own) = &piece.data else { continue };
        let start = text.len();
        text.push_str(own.trim_end_matches('\n'));
        if text.len() > start {
            text.push('\n');
        }
        if let Some(span) = piece.from.first() {
            from.push(*span);
            pieces.push((text.get(start..).unwrap_or_default().matches('\n').count(), *span));
        }
    }
    Typed { data: Data::String(text.into()), from, pieces: Some(pieces.into()) }
}
