//! Statements in typed regions: conditions, repetition, checks, `let`, and what makes something.

use std::sync::Arc;

use ecow::EcoString;

use super::{Collector, Ctx, string};
use crate::diag::{Diagnostic, Span};
use crate::eval::arena::{At, BlockId, Guard, NameCheck, Output, SlotId};
use crate::eval::structure;
use crate::schema::Scope;
use crate::syntax::marks::{self, Compute};
use crate::syntax::tree::{Node, Scalar, Value};

impl Collector<'_> {
    pub(super) fn is_output(&self, at: SlotId, ctx: &Ctx) -> bool {
        ctx.target.as_ref().is_some_and(|target| match &self.state.slot(at).at {
            At::Group(group) => *group.path == *target.path,
            At::Item(..) => true,
            _ => false,
        })
    }

    pub(super) fn output(&mut self, node: &Node, ctx: &Ctx) {
        self.is_for_nobody(node, "made for the machine", ctx);
        if ctx.live {
            let output = self.kept(node, ctx);
            self.state.outputs.push(output);
        }
        self.names_in(node, ctx);
    }

    /// Says of a statement of the machine's that it stands where only a user is meant.
    fn is_for_nobody(&mut self, node: &Node, done: &str, ctx: &Ctx) {
        let Some(guard) = ctx.asks_for_user else { return };
        let what = format!("`{}` is {done}, not for a user", node.name.value);
        self.push(
            Diagnostic::error("user-option-in-system", guard, "asks for a user", what)
                .also(node.name.span, done.to_owned())
                .help("say it outside of this guard, or in a target of a user's"),
        );
    }

    /// A statement as it is looked at after evaluation.
    fn kept(&mut self, node: &Node, ctx: &Ctx) -> Output {
        let seq = self.state.next_seq();
        // What is wrong with its properties and the marks of its values is said once, here.
        if self.is_users(node.span) {
            self.props_twice(node);
            for entry in &*node.entries {
                self.raw(&entry.value, ctx);
            }
        }
        let node = Arc::new(node.clone());
        Output { node, block: ctx.block, target: ctx.target.clone(), seq }
    }

    pub(super) fn check(&mut self, node: &Node, ctx: &Ctx) {
        if ctx.target.is_some() {
            self.is_for_nobody(node, "looked at for the machine", ctx);
        }
        let known: &[&str] = &["expr", "message"];
        for (name, _) in node.props() {
            if !known.contains(&&*name.value) {
                self.push(
                    Diagnostic::error(
                        "unknown-property",
                        name.span,
                        "not known here",
                        format!("`{}` has no property `{}`", node.name.value, name.value),
                    )
                    .help("write `assert expr=\"...\" message=\"...\"`"),
                );
            }
        }
        for wanted in known {
            let found = node.prop(wanted);
            if !matches!(found.map(|entry| &entry.value.data), Some(Scalar::String(_))) {
                let span = found.map_or(node.name.span, |entry| entry.span);
                self.push(
                    Diagnostic::error(
                        "bad-structure",
                        span,
                        "incomplete",
                        format!("`{}` needs `{wanted}=\"...\"`", node.name.value),
                    )
                    .help(format!("write `{} expr=\"...\" message=\"...\"`", node.name.value)),
                );
                return;
            }
        }
        if ctx.live {
            let check = self.kept(node, ctx);
            self.state.checks.push(check);
        }
        self.names_in(node, ctx);
    }

    /// Looks later through the expressions of a node, wherever they stand in it.
    pub fn names_in(&mut self, node: &Node, ctx: &Ctx) {
        for entry in &*node.entries {
            let plain = entry
                .name
                .as_ref()
                .is_some_and(|name| matches!(&*name.value, "expr" | "in" | "from"));
            let compute = marks::read(entry.value.ty.as_deref()).0.compute;
            let compute = if plain { compute.or(Some(Compute::Expr)) } else { compute };
            if let (Some(compute), Scalar::String(text)) = (compute, &entry.value.data) {
                self.name_check(text, compute, entry.value.span, ctx.block);
            }
        }
        for child in node.children() {
            self.names_in(child, ctx);
        }
    }

    /// Looks later through the expression that a value is, if it is one.
    pub fn names_of(&mut self, value: &Value, ctx: &Ctx) {
        let compute = marks::read(value.ty.as_deref()).0.compute;
        if let (Some(compute), Scalar::String(text)) = (compute, &value.data) {
            self.name_check(text, compute, value.span, ctx.block);
        }
    }

    pub(super) fn name_check(
        &mut self,
        text: &EcoString,
        compute: Compute,
        span: Span,
        block: BlockId,
    ) {
        if matches!(compute, Compute::Format | Compute::Expr) && self.is_users(span) {
            self.state.names.push(NameCheck { text: text.clone(), compute, span, block });
        }
    }

    /// `when`: facts decide now, an expression later.
    pub fn when(&mut self, node: &Node, ctx: &Ctx, body: impl FnOnce(&mut Self, &Ctx)) {
        let mut problems = crate::diag::Diagnostics::default();
        structure::check_guard(node, &mut problems);
        self.state.diags.extend(problems);
        let mut ctx = ctx.clone();
        if !structure::holds_for_host(node, &self.shared.host) {
            ctx.asks_for_user = None;
        } else if ctx.live && self.shared.scope == Scope::System {
            ctx.asks_for_user = structure::asks_for_user(node);
        }
        if !structure::holds(node, &self.shared.host, self.shared.user.as_ref()) {
            ctx.live = false;
        }
        if !ctx.live && !self.is_users(node.span) {
            // What does not hold is only checked, and the shelf was.
            return;
        }
        if let Some((text, span)) = structure::expression(node).and_then(string) {
            let block = self.state.add_block(
                Some(ctx.block),
                Guard::When(text.clone(), span),
                ctx.target.clone(),
            );
            self.name_check(&text, Compute::Expr, span, ctx.block);
            ctx = ctx.in_block(block);
        }
        body(self, &ctx);
    }

    /// `for "x" in="..."`.
    pub fn repeat(&mut self, node: &Node, ctx: &Ctx, body: impl FnOnce(&mut Self, &Ctx)) {
        let name = node.args().next().and_then(string);
        let list = node.prop("in").and_then(string);
        let (Some((name, name_span)), Some((list, span))) = (name, list) else {
            self.push(
                Diagnostic::error(
                    "bad-structure",
                    match node.prop("in") {
                        Some(entry) if string(entry).is_none() => entry.value.span,
                        _ => node.name.span,
                    },
                    "incomplete",
                    "`for` needs a name and `in=\"...\"`",
                )
                .help("write `for \"x\" in=\"config.my.list\" { ... }`"),
            );
            return;
        };
        if !identifier(&name) {
            self.push(
                Diagnostic::error(
                    "bad-structure",
                    name_span,
                    "not a variable",
                    format!("`{name}` cannot name a variable"),
                )
                .help("use letters, digits and `_`"),
            );
            return;
        }
        self.name_check(&list, Compute::Expr, span, ctx.block);
        let block =
            self.state.add_block(Some(ctx.block), Guard::For(name, list, span), ctx.target.clone());
        body(self, &ctx.in_block(block));
    }

    /// `let a=(expr)"..." b="..."`.
    pub(super) fn bind(&mut self, node: &Node, ctx: &Ctx) {
        for (name, entry) in node.props() {
            let Some((raw, _)) = self.raw(&entry.value, ctx) else { continue };
            let id = ctx.block.0 as usize;
            if let Some(block) = self.state.blocks.get_mut(id) {
                block.lets.push((
                    name.value.as_str().replace('-', "_").into(),
                    raw,
                    entry.value.span,
                ));
            }
        }
    }
}

fn identifier(name: &str) -> bool {
    name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && !name.is_empty()
}
