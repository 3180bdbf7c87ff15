//! Values of types that are not free: scalars, lists, lines.

use super::{Collector, Ctx, string};
use crate::diag::{Diagnostic, nearest};
use crate::eval::arena::{At, Part, Raw, SlotId};
use crate::schema::types::{Mismatch, Type};
use crate::syntax::marks::{self, Marks};
use crate::syntax::tree::{Entry, Node, Value};
use crate::value::{Data, Typed};

impl Collector<'_> {
    /// A value of a type that is not free: an argument, arguments, or keys.
    pub fn value(
        &mut self,
        node: &Node,
        slot: SlotId,
        ty: &Type,
        path: &str,
        default_part: usize,
        ctx: &Ctx,
    ) {
        match ty.inner() {
            Type::List(inner) => self.list(node, slot, inner, path, ctx),
            Type::Lines => self.lines(node, slot, path, default_part, ctx),
            Type::Map(inner) => self.map(node, slot, &inner.clone(), path, ctx),
            _ => self.scalar(node, slot, ty, path, ctx),
        }
    }

    pub(super) fn scalar(&mut self, node: &Node, slot: SlotId, ty: &Type, path: &str, ctx: &Ctx) {
        let beside = node.props().next().map(|(name, _)| (name.span, "a property"));
        let below = node.children().first().map(|child| (child.name.span, "a child"));
        if let Some((span, label)) = beside.or(below) {
            let found = if label == "a child" { "a block" } else { label };
            self.wrong(
                slot,
                ctx,
                Diagnostic::error(
                    "wrong-shape",
                    span,
                    label,
                    format!("`{path}` expects {}, found {found}", ty.inner()),
                )
                .help(format!("write `{} {}`", node.name.value, sample(ty))),
            );
            return;
        }
        let mut args = node.args();
        let Some(entry) = args.next() else {
            if ty.takes_bool() && node.children.is_none() {
                self.define(
                    slot,
                    ctx,
                    Marks::default(),
                    Raw::Literal(Data::Bool(true)),
                    Part::Whole,
                    0,
                    false,
                    node.name.span,
                );
            } else {
                self.wrong(
                    slot,
                    ctx,
                    Diagnostic::error(
                        "wrong-shape",
                        node.name.span,
                        "without a value",
                        format!("`{path}` expects {}, found nothing", ty.words()),
                    )
                    .help(format!(
                        "write `{} {}`",
                        node.name.value,
                        sample(ty)
                    )),
                );
            }
            return;
        };
        if let Some(second) = args.next() {
            self.wrong(
                slot,
                ctx,
                Diagnostic::error(
                    "wrong-shape",
                    second.span,
                    "one too many",
                    format!(
                        "`{path}` expects one {}, found {} values",
                        ty.inner(),
                        node.args().count()
                    ),
                )
                .help("keep one of them"),
            );
            return;
        }
        self.entry(entry, slot, ty, path, Part::Whole, 0, false, ctx);
    }

    /// One argument as a value or an element.
    #[allow(clippy::too_many_arguments, reason = "the parts of one definition")]
    pub(super) fn entry(
        &mut self,
        entry: &Entry,
        slot: SlotId,
        ty: &Type,
        path: &str,
        part: Part,
        lines_part: usize,
        slotted: bool,
        ctx: &Ctx,
    ) {
        let (marks, problem) = marks::read(entry.value.ty.as_deref());
        self.report(problem);
        if marks.unset {
            self.dropping(slot, marks, &ctx.with(marks), entry.span);
            return;
        }
        let Some((mut raw, span)) = self.raw(&entry.value, ctx) else { return };
        if let Raw::Literal(data) = &raw {
            let data = match (ty.has_source(), data) {
                (true, Data::String(text)) => Data::String(self.shared.source_path(text, span)),
                (_, data) => data.clone(),
            };
            match ty.check(Typed::at(data, span)) {
                Ok(typed) => raw = Raw::Literal(typed.data),
                Err(mismatch) => {
                    self.mismatch(path, slot, mismatch, &entry.value, ctx);
                    return;
                }
            }
        }
        let ctx = if marks.replace {
            self.dropping(slot, marks, &ctx.with(marks), entry.span)
        } else {
            ctx.clone()
        };
        self.define(slot, &ctx, marks, raw, part, lines_part, slotted, span);
    }

    /// A value that does not fit. Inside an item the path has the item's key, which the
    /// option's own path lacks.
    pub fn mismatch(
        &mut self,
        path: &str,
        slot: SlotId,
        mismatch: Mismatch,
        value: &Value,
        ctx: &Ctx,
    ) {
        let whole;
        let path = if path.is_empty() || self.state.in_item(slot) {
            whole = self.state.path(slot);
            &whole
        } else {
            path
        };
        let mut problem = mismatch.at(path, value.span, self.shared.sources.slice(value.span));
        if value.ty.is_some() {
            problem.fix = None;
        }
        self.wrong(slot, ctx, problem);
    }

    /// Says what is wrong with a definition; the option is silent afterwards.
    pub(in crate::eval) fn wrong(&mut self, slot: SlotId, ctx: &Ctx, problem: Diagnostic) {
        self.push(problem);
        if ctx.live {
            self.state.poison(slot);
        }
    }

    pub(super) fn list(&mut self, node: &Node, slot: SlotId, inner: &Type, path: &str, ctx: &Ctx) {
        if let Some((name, _)) = node.props().next() {
            self.wrong(
                slot,
                ctx,
                Diagnostic::error(
                    "wrong-shape",
                    name.span,
                    "a property",
                    format!("`{path}` expects list<{}>, found a property", inner.inner()),
                )
                .help(
                    match node.props().map(|(_, entry)| string(entry)).collect::<Option<Vec<_>>>() {
                        Some(texts) => {
                            let texts: Vec<String> =
                                texts.iter().map(|(text, _)| crate::value::quote(text)).collect();
                            format!("write `{} {}`", node.name.value, texts.join(" "))
                        }
                        None => format!("write `{} {} ...`", node.name.value, sample(inner)),
                    },
                ),
            );
            return;
        }
        if node.entries.is_empty() && node.children().is_empty() {
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
        }
        for entry in node.args() {
            self.entry(entry, slot, inner, path, Part::Element, 0, false, ctx);
        }
        let block = node.children();
        let named = |child: &Node| !matches!(&*child.name.value, "-" | "when" | "for");
        if let Some(first) = block.first().filter(|_| block.iter().all(named)) {
            // A block of names, as Nix writes a list: one mistake, however many names.
            let words: Vec<String> = block
                .iter()
                .filter(|child| child.entries.is_empty() && child.children.is_none())
                .map(|child| crate::value::quote(&child.name.value))
                .collect();
            let problem = Diagnostic::error(
                "wrong-shape",
                first.name.span,
                "not an item",
                format!("`{path}` expects list<{}>, found a block of names", inner.inner()),
            );
            self.wrong(
                slot,
                ctx,
                if words.len() == block.len() {
                    problem.write(node.span, format!("{} {}", node.name.value, words.join(" ")))
                } else {
                    problem.help("items are arguments, or children called `-`")
                },
            );
            return;
        }
        self.list_items(block, slot, inner, path, ctx);
    }

    pub(super) fn list_items(
        &mut self,
        nodes: &[Node],
        slot: SlotId,
        inner: &Type,
        path: &str,
        ctx: &Ctx,
    ) {
        for child in nodes {
            let (marks, problem) = marks::read(child.ty.as_deref());
            self.report(problem);
            let ctx = &ctx.with(marks);
            match &*child.name.value {
                "-" => {
                    let mut args = child.args();
                    match (args.next(), args.next(), child.children.is_none()) {
                        (Some(entry), None, true) if child.props().next().is_none() => {
                            self.entry(entry, slot, inner, path, Part::Element, 0, false, ctx)
                        }
                        _ => self.wrong(
                            slot,
                            ctx,
                            Diagnostic::error(
                                "wrong-shape",
                                child.span,
                                "expected one value",
                                format!("an item of `{path}` is one {inner}"),
                            ),
                        ),
                    }
                }
                "when" => self.when(child, ctx, |own, ctx| {
                    own.list_items(child.children(), slot, inner, path, ctx)
                }),
                "for" => self.repeat(child, ctx, |own, ctx| {
                    own.list_items(child.children(), slot, inner, path, ctx)
                }),
                _ => self.wrong(
                    slot,
                    ctx,
                    Diagnostic::error(
                        "wrong-shape",
                        child.name.span,
                        "not an item",
                        format!(
                            "`{path}` expects list<{}>, found `{}` in its block",
                            inner.inner(),
                            child.name.value
                        ),
                    )
                    .help("items are arguments, or children called `-`"),
                ),
            }
        }
    }

    pub(super) fn lines(
        &mut self,
        node: &Node,
        slot: SlotId,
        path: &str,
        default_part: usize,
        ctx: &Ctx,
    ) {
        let slots = match &self.state.slot(slot).at {
            At::Option(decl) => decl.rare().slots.clone(),
            _ => Vec::new(),
        };
        let (mut part, mut slotted) = (default_part, false);
        for (name, entry) in node.props() {
            let (known, text) = (&*name.value == "slot" && !slots.is_empty(), string(entry));
            match (known, text) {
                (true, Some((text, span))) => match slots.iter().position(|slot| *slot == text) {
                    Some(index) => (part, slotted) = (index, true),
                    None => self.wrong(
                        slot,
                        ctx,
                        Diagnostic::error(
                            "not-in-enum",
                            span,
                            "not a slot",
                            format!("`{path}` has no slot `{text}`"),
                        )
                        .help(format!("its slots are {}", slots.join(", ")))
                        .meant(
                            span,
                            nearest(&text, slots.iter().map(|slot| &**slot))
                                .map(crate::value::quote),
                        ),
                    ),
                },
                _ => self.wrong(
                    slot,
                    ctx,
                    Diagnostic::error(
                        "wrong-shape",
                        name.span,
                        "a property",
                        format!("`{path}` expects text, not the property `{}`", name.value),
                    )
                    .maybe_help(
                        (!slots.is_empty()).then(|| format!("its slots are {}", slots.join(", "))),
                    ),
                ),
            }
        }
        if let Some(child) = node.children().first() {
            self.wrong(
                slot,
                ctx,
                Diagnostic::error(
                    "wrong-shape",
                    child.name.span,
                    "a child",
                    format!("`{path}` expects text, not a block"),
                )
                .help("write the text as an argument, `\"\"\"` for several lines"),
            );
            return;
        }
        if node.args().next().is_none() && node.props().next().is_none() {
            self.define(
                slot,
                ctx,
                Marks::default(),
                Raw::Literal(Data::List(Vec::new())),
                Part::EmptyList,
                part,
                slotted,
                node.name.span,
            );
        }
        for entry in node.args() {
            self.entry(entry, slot, &Type::Lines, path, Part::Element, part, slotted, ctx);
        }
    }
}

/// How a value of a type looks, for a help.
pub fn sample(ty: &Type) -> String {
    match ty.inner() {
        Type::Bool => "#true".to_owned(),
        Type::Int(low, _) => low.unwrap_or(1).to_string(),
        Type::Float(..) => "1.5".to_owned(),
        Type::Enum(names) => {
            names.first().map_or_else(String::new, |name| crate::value::quote(name))
        }
        Type::Union(list) => list.first().map_or_else(String::new, sample),
        _ => "\"...\"".to_owned(),
    }
}

/// Whether a value is marked as computed.
pub fn is_computed(entry: &Entry) -> bool {
    marks::read(entry.value.ty.as_deref()).0.compute.is_some()
}
