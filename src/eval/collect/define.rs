//! Definitions, and what comes with them, into the arena.

use std::sync::Arc;

use ecow::EcoString;

use super::{Collector, Ctx, Shared};
use crate::diag::{Diagnostic, SourceId, Span};
use crate::eval::arena::{At, Def, Deferred, Mention, Part, Raw, Removal, SlotId};
use crate::eval::freeform::key_type;
use crate::schema::OptionDecl;
use crate::schema::option::Kind;
use crate::schema::types::Type;
use crate::syntax::marks::{self, Compute, Marks, Order};
use crate::syntax::tree::{Entry, Name, Node, Scalar, Value};
use crate::value::{Data, Map, Typed};

impl Shared {
    /// A value as it will be read; none if it is to be computed from what is no text.
    pub fn raw(&self, value: &Value, compute: Option<Compute>) -> Option<Raw> {
        Some(match (compute, &value.data) {
            (None, data) => Raw::Literal(data.data()),
            (Some(compute), Scalar::String(text)) => {
                let text = match compute {
                    Compute::File | Compute::Template => self.source_path(text, value.span),
                    Compute::Format | Compute::Expr => text.clone(),
                };
                Raw::Computed(compute, text)
            }
            (Some(_), _) => return None,
        })
    }

    /// A source is relative to the file that says it.
    pub fn source_path(&self, text: &EcoString, span: Span) -> EcoString {
        match self.folders.get(&span.source) {
            Some(folder) if !text.starts_with('/') => {
                crate::files::normal(&folder.join(text.as_str())).as_str().into()
            }
            _ => text.clone(),
        }
    }
}

impl Collector<'_> {
    /// The option that a slot is part of.
    pub fn owner(&self, slot: SlotId) -> Option<Arc<OptionDecl>> {
        let mut at = Some(slot);
        while let Some(id) = at {
            let slot = self.state.slot(id);
            match &slot.at {
                At::Option(decl) | At::Free(decl, _) | At::Item(decl, _) => {
                    return Some(decl.clone());
                }
                At::Entry(_) | At::Group(_) => at = slot.parent,
            }
        }
        None
    }

    /// The keys that lead from the option that a slot is part of to that slot, an entry of a map.
    pub(super) fn entry_way(&self, slot: SlotId) -> Vec<EcoString> {
        let mut names = Vec::new();
        let mut at = Some(slot);
        while let Some(id) = at {
            let slot = self.state.slot(id);
            match &slot.at {
                At::Entry(_) => names.push(slot.key.clone()),
                At::Free(_, way) => {
                    names.extend(way.iter().rev().cloned());
                    break;
                }
                _ => break,
            }
            at = slot.parent;
        }
        names.reverse();
        names
    }

    /// A value as it will be read: literal, or to be computed.
    pub fn raw(&mut self, value: &Value, ctx: &Ctx) -> Option<(Raw, Span)> {
        let (marks, problem) = marks::read(value.ty.as_deref());
        self.report(problem);
        let raw = self.shared.raw(value, marks.compute);
        match (&raw, &value.data) {
            (Some(Raw::Computed(compute, _)), Scalar::String(text)) => {
                self.name_check(text, *compute, value.span, ctx.block);
            }
            (None, other) => {
                let what = format!("a computed value is said as a string, found {}", other.kind());
                self.push(
                    Diagnostic::error("bad-mark", value.span, "not a string", what)
                        .help("put it in quotes"),
                );
            }
            _ => {}
        }
        raw.map(|raw| (raw, value.span))
    }

    /// Whether a place is in the user's own files, and not in the shelf.
    pub(super) fn is_users(&self, span: Span) -> bool {
        self.shared.folders.contains_key(&span.source)
    }

    /// Records `(replace)` and `(unset)`; what is inside is under it.
    pub fn dropping(&mut self, slot: SlotId, marks: Marks, ctx: &Ctx, span: Span) -> Ctx {
        let mut ctx = ctx.clone();
        if (marks.replace || marks.unset) && ctx.live {
            let level = ctx.level.unwrap_or_default();
            let id =
                self.state.add_removal(Removal { level, block: ctx.block, under: ctx.under, span });
            self.state.slot_mut(slot).rare().drops.push(id);
            ctx.under = Some(id);
        }
        ctx
    }

    /// That a key is named here.
    pub fn mention(&mut self, slot: SlotId, ctx: &Ctx, order: Order, span: Option<Span>) {
        if !ctx.live {
            return;
        }
        let seq = self.state.next_seq();
        let level = ctx.level.unwrap_or_default();
        let last = self.state.mentions.last(self.state.slot(slot).mentions);
        let same = last.is_some_and(|last| {
            last.block == ctx.block && last.level == level && last.under == ctx.under
        });
        // On the way to an option its groups are named over and over: once is enough.
        if span.is_none() && same {
            return;
        }
        let span = span.unwrap_or(Span::new(SourceId(0), 0, 0));
        let block = ctx.block;
        let under = ctx.under;
        self.state.mention(slot, Mention { seq, block, level, order, under, span });
    }

    /// Adds a definition.
    #[allow(clippy::too_many_arguments, reason = "the parts of one definition")]
    pub fn define(
        &mut self,
        slot: SlotId,
        ctx: &Ctx,
        marks: Marks,
        raw: Raw,
        part: Part,
        lines_part: usize,
        slotted: bool,
        span: Span,
    ) {
        if !ctx.live {
            return;
        }
        let seq = self.state.next_seq();
        let def = Def {
            seq,
            block: ctx.block,
            level: marks.level.or(ctx.level).unwrap_or_default(),
            order: marks.order.or(ctx.order).unwrap_or_default(),
            slot: lines_part,
            slotted,
            raw,
            part,
            under: ctx.under,
            computed_key: ctx.computed_key,
            span,
        };
        self.state.define(slot, def);
    }

    /// Leaves a node with a computed key for the time its container is read.
    pub fn defer(&mut self, compute: Compute, name: &Name, node: &Node, slot: SlotId, ctx: &Ctx) {
        self.name_check(&name.value, compute, name.span, ctx.block);
        let node = Node { ty: marks::without_compute(node.ty.as_deref()), ..node.clone() };
        if self.is_users(node.span) {
            // What is literal below the key is checked now.
            let scratch_ctx = Ctx { live: false, ..ctx.clone() };
            self.with_key(&node, &"computed".into(), slot, &scratch_ctx);
        }
        self.defer_raw(compute, &name.value, name.span, Some(node), slot, ctx);
    }

    /// A map that is computed as a whole: its entries join when the container is read.
    pub fn defer_map(&mut self, entry: &Entry, slot: SlotId, ctx: &Ctx) {
        let (marks, _) = marks::read(entry.value.ty.as_deref());
        let ctx = self.dropping(slot, marks, &ctx.with(marks), entry.span);
        if let Some((Raw::Computed(compute, text), span)) = self.raw(&entry.value, &ctx) {
            self.defer_raw(compute, &text, span, None, slot, &ctx);
        }
    }

    fn defer_raw(
        &mut self,
        compute: Compute,
        text: &EcoString,
        span: Span,
        node: Option<Node>,
        slot: SlotId,
        ctx: &Ctx,
    ) {
        if !ctx.live {
            return;
        }
        let seq = self.state.next_seq();
        self.state.slot_mut(slot).rare().deferred.push(Deferred {
            seq,
            compute,
            text: text.clone(),
            span,
            node: node.map(Arc::new),
            ctx: ctx.clone(),
        });
    }

    /// Takes the entries of a computed map in.
    pub fn spread(&mut self, map: &Map<Typed>, span: Span, slot: SlotId, ctx: &Ctx) {
        let none = Marks::default();
        let empty = Raw::Literal(Data::Map(Arc::default()));
        self.define(slot, ctx, none, empty, Part::EmptyMap, 0, false, span);
        for (key, value) in map {
            let at = match &self.state.slot(slot).at {
                At::Option(decl) if decl.ty.is_freeform() => {
                    At::Free(decl.clone(), Arc::from([key.clone()]))
                }
                At::Free(decl, way) => {
                    At::Free(decl.clone(), way.iter().cloned().chain([key.clone()]).collect())
                }
                At::Option(decl) => match decl.ty.inner() {
                    Type::Map(inner) => At::Entry(inner.clone()),
                    _ => return,
                },
                At::Entry(ty) => match ty.inner() {
                    Type::Map(inner) => At::Entry(inner.clone()),
                    _ => return,
                },
                At::Group(_) | At::Item(..) => return,
            };
            let holds_keys = match &at {
                At::Entry(ty) => matches!(ty.inner(), Type::Map(_)),
                _ => true,
            };
            // A single value is a list where the type says so, as in a node.
            let is_list = match &at {
                At::Free(decl, way) => key_type(decl, way).is_some_and(|ty| ty.is_list()),
                _ => false,
            };
            let child = self.state.child(slot, key, || at);
            self.mention(child, ctx, ctx.order.unwrap_or_default(), Some(span));
            match &value.data {
                Data::Map(inner) if holds_keys => self.spread(inner, span, child, ctx),
                Data::List(list) if list.is_empty() => {
                    let raw = Raw::Literal(value.data.clone());
                    self.define(child, ctx, none, raw, Part::EmptyList, 0, false, span);
                }
                Data::List(list) => {
                    for item in list {
                        let raw = Raw::Literal(item.data.clone());
                        self.define(child, ctx, none, raw, Part::Element, 0, false, span);
                    }
                }
                data => {
                    let part = if is_list { Part::Element } else { Part::Whole };
                    let raw = Raw::Literal(data.clone());
                    self.define(child, ctx, none, raw, part, 0, false, span);
                }
            }
        }
    }

    /// Takes a deferred node in, now that its key is known.
    pub fn with_key(&mut self, node: &Node, key: &EcoString, slot: SlotId, ctx: &Ctx) {
        let at = self.state.slot(slot).at.clone();
        let (marks, _) = marks::read(node.ty.as_deref());
        let mut node = node.clone();
        match at {
            At::Option(decl) if matches!(decl.kind, Kind::Keyed(_)) => {
                let Kind::Keyed(body) = &decl.kind else { return };
                let mut entries = node.entries.make_mut().iter_mut();
                if let Some(entry) = entries.find(|entry| entry.name.is_none()) {
                    entry.value.data = Scalar::String(key.clone());
                }
                node.ty = None;
                self.keyed(&node, slot, &decl, body, ctx);
            }
            At::Option(decl) if decl.ty.is_freeform() => {
                node.name.value = key.clone();
                self.free_child(&node, slot, &decl, &[], ctx);
            }
            At::Free(decl, way) => {
                node.name.value = key.clone();
                self.free_child(&node, slot, &decl, &way, ctx);
            }
            At::Option(decl) => {
                node.name.value = key.clone();
                if let Type::Map(inner) = decl.ty.inner() {
                    self.map_entry(&node, slot, inner, marks, &decl.path, ctx);
                }
            }
            At::Entry(ty) => {
                node.name.value = key.clone();
                if let Type::Map(inner) = ty.inner() {
                    self.map_entry(&node, slot, inner, marks, "the map", ctx);
                } else if let Some(decl) = self.owner(slot) {
                    let way = self.entry_way(slot);
                    self.free_child(&node, slot, &decl, &way, ctx);
                }
            }
            At::Item(_, body) => {
                node.name.value = key.clone();
                if body.group.places.contains_key(key) {
                    self.typed(&[node], slot, ctx);
                } else if let Some(rest) = &body.rest {
                    self.free_child(&node, slot, rest, &[], ctx);
                }
            }
            At::Group(_) => {}
        }
    }

    /// Adds a problem.
    pub fn push(&mut self, problem: Diagnostic) {
        self.state.diags.push(problem);
    }

    /// Adds a problem if there is one.
    pub fn report(&mut self, problem: Option<Diagnostic>) {
        if let Some(problem) = problem {
            self.push(problem);
        }
    }
}
