//! What a place comes to: a group, an item, an option, a key.

use std::sync::Arc;

use ecow::EcoString;

use super::Whose;
use crate::diag::Diagnostic;
use crate::eval::Eval;
use crate::eval::arena::{At, Guard, Outcome, Poisoned, Raw, SlotId};
use crate::eval::collect::{Collector, Ctx};
use crate::eval::freeform::key_type;
use crate::schema::option::{Body, Fallback, Kind};
use crate::schema::places::Trait;
use crate::schema::types::{Type, one_newline};
use crate::schema::{OptionDecl, Place};
use crate::syntax::marks::{self, Level};
use crate::syntax::tree::Scalar;
use crate::value::{Data, Map, Places, Typed};

impl Eval {
    pub(super) fn compute(&self, slot: SlotId) -> (Outcome, Level) {
        let at = self.state().slot(slot).at.clone();
        match at {
            At::Group(group) => {
                let mut map = Map::default();
                for name in group.places.keys() {
                    let Some(child) = self.child_of(slot, name) else { continue };
                    if matches!(self.whose(child), Whose::User) {
                        continue;
                    }
                    match self.force(child) {
                        Ok(Some(value)) => {
                            map.insert(name.into(), (*value).clone());
                        }
                        Ok(None) => {}
                        Err(Poisoned) => return (Err(Poisoned), Level::Normal),
                    }
                }
                (
                    Ok(Some(Arc::new(Typed {
                        data: Data::Map(Arc::new(map)),
                        from: Places::new(),
                        pieces: None,
                    }))),
                    Level::Normal,
                )
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
                    && let Some(alias) =
                        decl.key(way.iter().map(|part| &**part)).and_then(|key| key.alias())
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

    /// Says that an item lacks what it needs.
    fn missing(&self, item: SlotId, decl: &OptionDecl, own: &OptionDecl) {
        let (span, key) = {
            let state = self.state();
            let slot = state.slot(item);
            let spans = state.mentions(item).map(|mention| mention.span);
            (spans.filter(|span| span.end > 0).min_by_key(|span| span.start), slot.key.clone())
        };
        let Some(span) = span else { return };
        let name = own.name();
        let item = match &decl.kind {
            Kind::Items(_) => decl.path.to_string(),
            _ => format!("{} {}", decl.path, crate::value::quote(&key)),
        };
        self.push(
            Diagnostic::error(
                "missing-option",
                span,
                format!("without `{name}`"),
                format!("`{item}` needs `{name}`"),
            )
            .help(format!("add `{name}={}`", crate::eval::collect::sample(&own.ty))),
        );
    }

    /// Reads what is said of each item of a keyed option, so that all mistakes are found, without
    /// building the items.
    pub fn touch_items(&self, slot: SlotId) {
        if self.state().slot(slot).memo.is_some() || self.materialize(slot).is_err() {
            return;
        }
        for (_, item) in self.in_order(slot) {
            let at = self.state().slot(item).at.clone();
            let At::Item(decl, body) = at else { continue };
            self.prepare(item);
            if self.materialize(item).is_err() {
                continue;
            }
            let children: Vec<SlotId> =
                self.state().slot(item).children.values().copied().collect();
            for child in children {
                drop(self.force(child));
            }
            for place in body.group.places.with(Trait::Required) {
                if let Place::Option(own) = place
                    && let Some(child) = self.child_of(item, own.name())
                    && let Ok(None) = self.force(child)
                {
                    self.missing(item, &decl, own);
                }
            }
        }
    }

    /// The value of an option of an item or of a group that nobody says anything about, without a
    /// slot for it: most options that are read are such.
    pub fn unsaid(&self, above: SlotId, name: &str) -> Option<Typed> {
        self.prepare(above);
        let state = self.state();
        let own = state.slot(above);
        let (group, in_item) = match &own.at {
            At::Item(_, body) => (&body.group, true),
            // Most of what is read of a group has a slot.
            At::Group(group) if !own.children.contains_key(name) => (group, false),
            _ => return None,
        };
        let dashed;
        let (key, unsaid) = match group.places.unsaid(name) {
            Some(unsaid) => (name, unsaid),
            None if name.contains('_') => {
                dashed = name.replace('_', "-");
                (&*dashed, group.places.unsaid(&dashed)?)
            }
            None => return None,
        };
        let unsaid = unsaid?;
        // What is another's is asked for there, what holds keys or lines is more than its default.
        let own_and_flat = unsaid.is_flat && unsaid.scope == self.shared.scope;
        let may_be_said = || (in_item || key != name) && own.children.contains_key(key);
        if !(in_item || own_and_flat) || !own.deferred().is_empty() || may_be_said() {
            return None;
        }
        let said = unsaid.said.filter(|_| !in_item);
        let from = said.map_or_else(Places::new, |span| Places::from([span]));
        Some(Typed { data: unsaid.data, from, pieces: None })
    }

    /// A value that no definition gives.
    pub(super) fn fallback(&self, slot: SlotId, decl: &Arc<OptionDecl>) -> Outcome {
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
        match decl.default.as_deref() {
            None => Ok(decl
                .ty
                .empty()
                .map(|data| Arc::new(Typed { data, from: Places::new(), pieces: None }))),
            Some(Fallback::Value(value)) => {
                let (marks, _) = marks::read(value.ty.as_deref());
                let raw = match (marks.compute, &value.data) {
                    (Some(compute), Scalar::String(text)) => Raw::Computed(compute, text.clone()),
                    (_, data) => Raw::Literal(data.data()),
                };
                let mut value_typed = self.value(&raw, value.span, env)?;
                // `default="x"` of a list is a list of one.
                if decl.ty.is_list() && !matches!(value_typed.data, Data::List(_) | Data::Null) {
                    value_typed = Typed {
                        data: Data::List(vec![value_typed.clone()]),
                        from: value_typed.from,
                        pieces: None,
                    };
                }
                if matches!(decl.ty.inner(), Type::Lines)
                    && let Data::String(text) = &value_typed.data
                {
                    value_typed.data = Data::String(one_newline(text));
                }
                self.checked(&|| decl.path.to_string(), &decl.ty, value_typed, value.span)
                    .map(|value| Some(Arc::new(value)))
            }
            Some(Fallback::Node(node)) => {
                let mut plain = (**decl).clone();
                plain.default = None;
                if let Some(rare) = &mut plain.rare {
                    rare.into = None;
                }
                let plain = Arc::new(plain);
                let scratch = {
                    let mut state = self.state();
                    let scratch =
                        state.add_slot(None, (*decl.path).into(), At::Option(plain.clone()));
                    let block = state.add_block(None, Guard::Pinned(env), None);
                    let ctx = Ctx { block, level: Some(Level::Option), ..Ctx::top() };
                    let mut collector = Collector { state: &mut state, shared: &self.shared };
                    if plain.ty.is_freeform() {
                        collector.free_value(node, scratch, &plain, &[], &ctx);
                    } else {
                        collector.value(
                            node,
                            scratch,
                            &plain.ty,
                            &plain.path,
                            plain.rare().default_slot,
                            &ctx,
                        );
                    }
                    scratch
                };
                self.force(scratch)
            }
        }
    }

    /// One item: its options and its free keys, in the order in which they were first named.
    pub(super) fn item(
        &self,
        slot: SlotId,
        decl: &Arc<OptionDecl>,
        body: &Arc<Body>,
    ) -> (Outcome, Level) {
        self.prepare(slot);
        if self.materialize(slot).is_err() {
            return (Err(Poisoned), Level::Normal);
        }
        let mut names: Vec<EcoString> =
            self.in_order(slot).into_iter().map(|(name, _)| name).collect();
        for name in body.group.places.keys() {
            if names.iter().all(|own| own != name) {
                names.push(name.into());
            }
        }
        let mut map = Map::default();
        let mut poisoned = false;
        for name in names {
            let place = body.group.places.get(&name);
            if let (Some(Place::Option(own)), Some(value)) = (place, self.unsaid(slot, &name)) {
                if own.default.is_some() && value.data != Data::Null {
                    map.insert(own.rare().as_name.clone().unwrap_or(name), value);
                }
                continue;
            }
            let Some(child) = self.child_of(slot, &name) else { continue };
            match self.force(child) {
                Err(Poisoned) => poisoned = true,
                Ok(Some(value)) => {
                    let written = match place {
                        Some(Place::Option(own)) => {
                            let unsaid = value.from.is_empty() && own.default.is_none();
                            if value.data == Data::Null || unsaid {
                                continue;
                            }
                            own.rare().as_name.clone().unwrap_or(name)
                        }
                        Some(Place::Group(_)) if matches!(&value.data, Data::Map(map) if map.is_empty()) =>
                        {
                            continue;
                        }
                        _ => name,
                    };
                    map.insert(written, (*value).clone());
                }
                Ok(None) => {
                    if let Some(Place::Option(own)) = place
                        && own.required
                    {
                        self.missing(slot, decl, own);
                        poisoned = true;
                    }
                }
            }
        }
        if poisoned {
            return (Err(Poisoned), Level::Normal);
        }
        let state = self.state();
        let spans = state.mentions(slot).map(|mention| mention.span);
        let from = spans.filter(|span| span.end > 0).collect();
        (
            Ok(Some(Arc::new(Typed { data: Data::Map(Arc::new(map)), from, pieces: None }))),
            Level::Normal,
        )
    }

    /// A keyed option: its items.
    pub(super) fn container(&self, slot: SlotId) -> (Outcome, Level) {
        if self.materialize(slot).is_err() {
            return (Err(Poisoned), Level::Normal);
        }
        let mut map = Map::default();
        let mut from = Places::new();
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
        (
            Ok(Some(Arc::new(Typed { data: Data::Map(Arc::new(map)), from, pieces: None }))),
            Level::Normal,
        )
    }
}
