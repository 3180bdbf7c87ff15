//! Lists in settings: `-` children, and what stands in them.

use std::sync::Arc;

use ecow::EcoString;

use super::arena::{At, Part, Raw, SlotId};
use super::collect::{Collector, Ctx};
use super::freeform::{extend, key_type, shape_only};
use crate::diag::Diagnostic;
use crate::schema::OptionDecl;
use crate::syntax::marks::{self, Marks};
use crate::syntax::tree::{Entry, Node};

impl Collector<'_> {
    /// `-` children, with `(hcc)when` and `(hcc)for` around them.
    pub(super) fn items(
        &mut self,
        nodes: &[Node],
        slot: SlotId,
        decl: &Arc<OptionDecl>,
        way: &[EcoString],
        ctx: &Ctx,
    ) {
        for child in nodes {
            let (marks, problem) = marks::read(child.ty.as_deref());
            self.report(problem);
            let ctx = &ctx.with(marks);
            match (&*child.name.value, marks.hcc) {
                ("when", true) => self
                    .when(child, ctx, |own, ctx| own.items(child.children(), slot, decl, way, ctx)),
                ("for", true) => self.repeat(child, ctx, |own, ctx| {
                    own.items(child.children(), slot, decl, way, ctx)
                }),
                ("-", _) => self.list_item(child, slot, decl, way, marks, ctx),
                _ => self.push(
                    Diagnostic::error(
                        "wrong-shape",
                        child.name.span,
                        "a key among items",
                        "list items and keys stand in one block",
                    )
                    .help("a block holds `-` items or keys, not both"),
                ),
            }
        }
    }

    pub(super) fn list_item(
        &mut self,
        node: &Node,
        slot: SlotId,
        decl: &Arc<OptionDecl>,
        way: &[EcoString],
        marks: Marks,
        ctx: &Ctx,
    ) {
        let plain = node.props().next().is_none() && node.children().is_empty();
        let nested = |entry: &Entry| marks::read(entry.value.ty.as_deref()).0.shape.is_some();
        if plain && marks.shape.is_none() && node.args().count() == 1 && !node.args().any(nested) {
            let element = key_type(decl, way);
            for entry in node.args() {
                self.argument(entry, slot, element.as_ref(), Part::Element, ctx);
            }
            return;
        }
        if plain && node.args().next().is_none() && marks.shape.is_none() {
            self.push(
                Diagnostic::error(
                    "empty-block",
                    node.name.span,
                    "an empty item",
                    "a list item needs a value",
                )
                .help("write `- \"value\"`, `(map)-` or `(list)-`"),
            );
            return;
        }
        let scratch = self.state.add_slot(
            Some(slot),
            "-".into(),
            At::Free(decl.clone(), extend(way, &"-".into()).into()),
        );
        self.element(node, scratch, decl, way, &Ctx { live: false, ..ctx.clone() });
        self.define(
            slot,
            ctx,
            marks,
            Raw::Object(Arc::new(node.clone())),
            Part::Element,
            0,
            false,
            node.span,
        );
    }

    /// An element that is an object, or a list of its own.
    pub fn element(
        &mut self,
        node: &Node,
        slot: SlotId,
        decl: &Arc<OptionDecl>,
        way: &[EcoString],
        ctx: &Ctx,
    ) {
        let way = extend(way, &"-".into());
        let (marks, _) = marks::read(node.ty.as_deref());
        if node.args().count() > 1 && node.props().next().is_none() && node.children.is_none() {
            for entry in node.args() {
                self.argument(entry, slot, None, Part::Element, ctx);
            }
            return;
        }
        let shape_only = Node { ty: shape_only(node, marks).map(Box::new), ..node.clone() };
        self.free_value(&shape_only, slot, decl, &way, ctx);
    }
}

/// Whether a block holds items: the first word that is not structure decides.
pub(super) fn is_list(nodes: &[Node]) -> bool {
    nodes.iter().any(|node| match &*node.name.value {
        "-" => true,
        "when" | "for" if marks::read(node.ty.as_deref()).0.hcc => is_list(node.children()),
        _ => false,
    })
}
