//! Maps: keys and values of one type.

use std::sync::Arc;

use super::value::sample;
use super::{Collector, Ctx, is_computed, string};
use crate::diag::{Diagnostic, Span};
use crate::eval::arena::{At, Part, Raw, SlotId, segment};
use crate::eval::few::Few;
use crate::schema::join;
use crate::schema::types::Type;
use crate::syntax::marks::{self, Marks};
use crate::syntax::tree::Node;
use crate::value::Data;

impl Collector<'_> {
    /// Keys and values of one type.
    pub(super) fn map(
        &mut self,
        node: &Node,
        slot: SlotId,
        inner: &Arc<Type>,
        path: &str,
        ctx: &Ctx,
    ) {
        if let Some(entry) = node.args().next() {
            if node.entries.len() == 1 && node.children.is_none() && is_computed(entry) {
                self.defer_map(entry, slot, ctx);
                return;
            }
            self.wrong(
                slot,
                ctx,
                Diagnostic::error(
                    "wrong-shape",
                    entry.span,
                    "an argument",
                    format!("`{path}` expects keys and values, found an argument"),
                )
                .help(
                    match node.args().map(string).collect::<Option<Vec<_>>>().as_deref() {
                        Some([(key, _), (value, _)]) => {
                            format!(
                                "write `{} {key}={}`",
                                node.name.value,
                                crate::value::quote(value)
                            )
                        }
                        _ => format!("write `{} KEY={}`", node.name.value, sample(inner)),
                    },
                ),
            );
            return;
        }
        self.define(
            slot,
            ctx,
            Marks::default(),
            Raw::Literal(Data::Map(Default::default())),
            Part::EmptyMap,
            0,
            false,
            node.name.span,
        );
        let children = self.once(node);
        self.map_entries(&children, slot, inner, path, ctx);
    }

    pub(super) fn map_entries(
        &mut self,
        nodes: &[Node],
        slot: SlotId,
        inner: &Arc<Type>,
        path: &str,
        ctx: &Ctx,
    ) {
        let mut said: Few<&str, Span> = Few::default();
        for child in nodes {
            let (marks, problem) = marks::read(child.ty.as_deref());
            self.report(problem);
            let name = &child.name.value;
            if marks.hcc
                || (child.children.is_some()
                    && matches!(&**name, "when" | "for")
                    && !child.entries.is_empty())
            {
                match &**name {
                    "when" => self.when(child, ctx, |own, ctx| {
                        own.map_entries(child.children(), slot, inner, path, ctx)
                    }),
                    "for" => self.repeat(child, ctx, |own, ctx| {
                        own.map_entries(child.children(), slot, inner, path, ctx)
                    }),
                    _ => self.wrong(
                        slot,
                        ctx,
                        Diagnostic::error(
                            "bad-mark",
                            child.name.span,
                            "not a structure word",
                            "`(hcc)` stands before `when` and `for`",
                        ),
                    ),
                }
                continue;
            }
            let ctx = ctx.with(marks);
            if let Some(compute) = marks.compute {
                self.defer(compute, &child.name, child, slot, &ctx);
                continue;
            }
            let first = match said.get_mut(name) {
                Some(last) => Some(std::mem::replace(last, child.name.span)),
                None => {
                    said.push(name, child.name.span);
                    None
                }
            };
            if let Some(first) = first.filter(|_| !marks.unset) {
                self.wrong(
                    slot,
                    &ctx,
                    Diagnostic::error(
                        "said-twice",
                        child.name.span,
                        "said here again",
                        format!("the key `{name}` of `{path}` is said twice"),
                    )
                    .also(first, "first said here")
                    .help("keep one of them"),
                );
                continue;
            }
            self.map_entry(child, slot, inner, marks, path, &ctx);
        }
    }

    pub(super) fn map_entry(
        &mut self,
        child: &Node,
        slot: SlotId,
        inner: &Arc<Type>,
        marks: Marks,
        path: &str,
        ctx: &Ctx,
    ) {
        let at = self.state.child(slot, &child.name.value, || At::Entry(inner.clone()));
        let ctx = self.dropping(at, marks, ctx, child.name.span);
        if marks.unset {
            return;
        }
        self.mention(at, &ctx, ctx.order.unwrap_or_default(), Some(child.name.span));
        let path = join(path, &segment(&child.name.value));
        if inner.is_freeform() {
            let decl = self.owner(slot);
            if let Some(decl) = decl {
                let way = self.entry_way(at);
                self.free_value(child, at, &decl, &way, &ctx);
            }
        } else {
            self.value(child, at, inner, &path, 0, &ctx);
        }
    }
}
