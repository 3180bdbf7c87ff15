//! Items of keyed and of list submodules.

use std::sync::Arc;

use ecow::EcoString;

use super::{Collector, Ctx};
use crate::diag::{Diagnostic, Spanned};
use crate::eval::arena::{At, Part, Raw, SlotId};
use crate::schema::option::{Body, Kind};
use crate::schema::places::Trait;
use crate::schema::{OptionDecl, Place};
use crate::syntax::marks::{self, Marks};
use crate::syntax::tree::{Entry, Node, Scalar, Value};
use crate::value::Data;

impl Collector<'_> {
    /// `block "a" "b" { ... }`
    pub(super) fn keyed(
        &mut self,
        node: &Node,
        slot: SlotId,
        decl: &Arc<OptionDecl>,
        body: &Arc<Body>,
        ctx: &Ctx,
    ) {
        let first = positional(body).iter().map(|(at, _)| *at).min();
        self.keyed_by(node, first.unwrap_or(usize::MAX), slot, decl, body, ctx);
    }

    /// The same, its keys in front of the argument `first`.
    fn keyed_by(
        &mut self,
        node: &Node,
        first: usize,
        slot: SlotId,
        decl: &Arc<OptionDecl>,
        body: &Arc<Body>,
        ctx: &Ctx,
    ) {
        self.mention(slot, ctx, ctx.order.unwrap_or_default(), Some(node.name.span));
        let positional = positional(body);
        let mut keys = Vec::new();
        let mut extra = Vec::new();
        for (index, entry) in node.args().enumerate() {
            if index + 1 < first { keys.push(entry) } else { extra.push((index + 1, entry)) }
        }
        let mut children = self.positional(node, &positional, &extra);
        children.extend_from_slice(&self.once(node));
        if keys.is_empty() {
            if node.entries.is_empty() && node.children.is_none() {
                return;
            }
            // A field with its value, where only keys can stand: the key was forgotten.
            let field = |child: &Node| {
                child.args().next().is_some() && body.group.places.contains_key(&child.name.value)
            };
            let forgotten = node.children().iter().any(field);
            // Without a key, each child is an item: `service { backup { ... } }`.
            if !forgotten && node.entries.is_empty() && !node.children().is_empty() {
                for child in node.children() {
                    let key = Entry {
                        name: None,
                        value: Value {
                            ty: child.ty.clone(),
                            data: Scalar::String(child.name.value.clone()),
                            span: child.name.span,
                        },
                        span: child.name.span,
                    };
                    match &*child.name.value {
                        "when" => {
                            let inner = Node { children: child.children.clone(), ..node.clone() };
                            self.when(child, ctx, |own, ctx| {
                                own.keyed(&inner, slot, decl, body, ctx)
                            });
                        }
                        "for" => {
                            let inner = Node { children: child.children.clone(), ..node.clone() };
                            self.repeat(child, ctx, |own, ctx| {
                                own.keyed(&inner, slot, decl, body, ctx)
                            });
                        }
                        _ => {
                            let mut entries = vec![key];
                            entries.extend(child.entries.iter().cloned());
                            let inner = Node {
                                name: child.name.clone(),
                                ty: None,
                                entries: entries.into(),
                                children: child.children.clone(),
                                span: child.span,
                            };
                            // One name is one key.
                            self.keyed_by(&inner, 2, slot, decl, body, ctx);
                        }
                    }
                }
                return;
            }
            self.push(
                Diagnostic::error(
                    "wrong-shape",
                    node.name.span,
                    "without a key",
                    format!("`{}` needs a key", decl.path),
                )
                .help(format!("write `{} \"NAME\" {{ ... }}`", decl.name())),
            );
            return;
        }
        for entry in keys {
            let (marks, problem) = marks::read(entry.value.ty.as_deref());
            self.report(problem);
            let ctx = ctx.with(marks);
            let key: EcoString = match &entry.value.data {
                Scalar::String(text) => text.clone(),
                Scalar::Int(n) => n.to_string().into(),
                other => {
                    self.push(Diagnostic::error(
                        "wrong-type",
                        entry.span,
                        "expected a key",
                        format!(
                            "`{}` expects a string as its key, found {}",
                            decl.path,
                            other.kind()
                        ),
                    ));
                    continue;
                }
            };
            if let Some(compute) = marks.compute {
                let ty = marks::without_compute(entry.value.ty.as_deref());
                let value = Value { ty, ..entry.value.clone() };
                let placeholder = Entry { value, ..entry.clone() };
                let mut entries = vec![placeholder];
                entries.extend(node.entries.iter().filter(|other| other.name.is_some()).cloned());
                entries.extend(extra.iter().map(|(_, entry)| (*entry).clone()));
                let template = Node { entries: entries.into(), ..node.clone() };
                let name = Spanned { value: key, span: entry.value.span };
                self.defer(compute, &name, &template, slot, &ctx);
                continue;
            }
            let at = || At::Item(decl.clone(), body.clone());
            let item = self.state.child(slot, &key, at);
            let ctx = self.dropping(item, marks, &ctx, entry.span);
            if !marks.unset {
                self.mention(item, &ctx, ctx.order.unwrap_or_default(), Some(entry.span));
                self.typed(&children, item, &ctx);
            }
        }
    }

    /// Positional arguments as children.
    pub(super) fn positional(
        &mut self,
        node: &Node,
        positional: &[(usize, Arc<OptionDecl>)],
        extra: &[(usize, &Entry)],
    ) -> Vec<Node> {
        let mut children: Vec<Node> = Vec::new();
        // A list at the last position takes all that comes.
        let last = positional.iter().max_by_key(|(at, _)| *at);
        let rest = last.filter(|(_, decl)| matches!(decl.kind, Kind::Plain) && decl.ty.is_list());
        for (at, entry) in extra {
            let found = positional.iter().find(|(wanted, _)| wanted == at);
            match found.or(rest.filter(|(first, _)| first < at)) {
                Some((first, _)) if first < at => {
                    let entry = Entry { name: None, ..(*entry).clone() };
                    if let Some(list) = children.last_mut() {
                        list.span = list.span.to(entry.span);
                        list.entries = list.entries.iter().cloned().chain([entry]).collect();
                    }
                }
                Some((_, decl)) => {
                    let name = Spanned { value: decl.name().into(), span: entry.span };
                    let entry = Entry { name: None, ..(*entry).clone() };
                    children.push(Node {
                        ty: None,
                        name,
                        span: entry.span,
                        entries: [entry].into(),
                        children: None,
                    });
                }
                None => self.push(Diagnostic::error(
                    "wrong-shape",
                    entry.span,
                    "one too many",
                    format!("`{}` takes no argument here", node.name.value),
                )),
            }
        }
        children
    }

    /// `include "~/x" condition="..."`: one item of a list submodule.
    pub(super) fn item(
        &mut self,
        node: &Node,
        slot: SlotId,
        decl: &Arc<OptionDecl>,
        body: &Arc<Body>,
        ctx: &Ctx,
    ) {
        if node.entries.is_empty() && node.children.is_none() {
            self.define(
                slot,
                ctx,
                Marks::default(),
                Raw::Literal(Data::List(Vec::new())),
                Part::EmptyList,
                0,
                false,
                node.name.span,
            );
            return;
        }
        let only_items = node.entries.is_empty()
            && !node.children().is_empty()
            && node.children().iter().all(|child| &*child.name.value == "-");
        if only_items {
            for child in node.children() {
                self.item(child, slot, decl, body, ctx);
            }
            return;
        }
        // What is literal in it is checked now, with a slot that nobody reads.
        let scratch = self.state.add_slot(
            Some(slot),
            decl.name().into(),
            At::Item(decl.clone(), body.clone()),
        );
        self.item_body(node, scratch, body, &Ctx { live: false, ..ctx.clone() });
        self.define(
            slot,
            ctx,
            Marks::default(),
            Raw::Item(Arc::new(node.clone())),
            Part::Element,
            0,
            false,
            node.span,
        );
    }

    /// What an item of a list submodule says.
    pub fn item_body(&mut self, node: &Node, slot: SlotId, body: &Arc<Body>, ctx: &Ctx) {
        let positions = positional(body);
        let args: Vec<(usize, &Entry)> =
            node.args().enumerate().map(|(index, entry)| (index + 1, entry)).collect();
        let mut children = self.positional(node, &positions, &args);
        children.extend_from_slice(&self.once(node));
        self.typed(&children, slot, ctx);
    }
}

fn positional(body: &Body) -> Vec<(usize, Arc<OptionDecl>)> {
    body.group
        .places
        .with(Trait::Argument)
        .filter_map(|place| match place {
            Place::Option(decl) => decl.rare().argument.map(|at| (at, decl.clone())),
            Place::Group(_) => None,
        })
        .collect()
}
