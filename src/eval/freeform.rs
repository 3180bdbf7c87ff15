//! Nodes of settings to definitions: values of the program's own, as they come.

use std::sync::Arc;

use ecow::EcoString;

use super::arena::{At, Part, Raw, SlotId};
use super::collect::{Collector, Ctx, is_computed, with_props};
use super::few::Few;
use super::items::is_list;
use crate::diag::{Diagnostic, Span, Spanned};
use crate::schema::OptionDecl;
use crate::schema::types::Type;
use crate::syntax::marks::{self, Marks, Shape};
use crate::syntax::tree::{Entry, Node, Scalar};
use crate::value::{Data, Typed};

impl Collector<'_> {
    /// The value of a freeform option, or of a key below one: an object, a scalar or a list.
    pub fn free_value(
        &mut self,
        node: &Node,
        slot: SlotId,
        decl: &Arc<OptionDecl>,
        way: &[EcoString],
        ctx: &Ctx,
    ) {
        let (marks, _) = marks::read(node.ty.as_deref());
        let args = node.args().count();
        let inner = with_props(node);
        let root_is_object = way.is_empty() && matches!(decl.ty.inner(), Type::Settings);
        if marks.shape == Some(Shape::Map) && self.refuses_object(node, slot, decl, way, ctx) {
            return;
        }
        match (args, inner.is_empty(), node.children.is_some()) {
            (0, true, false) => match marks.shape {
                Some(Shape::List) => {
                    self.literal(slot, ctx, Data::List(Vec::new()), Part::EmptyList, node.name.span)
                }
                Some(Shape::Map) => self.literal(
                    slot,
                    ctx,
                    Data::Map(Default::default()),
                    Part::EmptyMap,
                    node.name.span,
                ),
                None if root_is_object => self.literal(
                    slot,
                    ctx,
                    Data::Map(Default::default()),
                    Part::EmptyMap,
                    node.name.span,
                ),
                None => self.literal(slot, ctx, Data::Bool(true), Part::Whole, node.name.span),
            },
            (0, true, true) => match marks.shape {
                Some(Shape::List) => {
                    self.literal(slot, ctx, Data::List(Vec::new()), Part::EmptyList, node.name.span)
                }
                Some(Shape::Map) => self.literal(
                    slot,
                    ctx,
                    Data::Map(Default::default()),
                    Part::EmptyMap,
                    node.name.span,
                ),
                None if root_is_object => {}
                None => self.push(
                    Diagnostic::error(
                        "empty-block",
                        node.name.span,
                        "an empty block",
                        format!(
                            "`{} {{}}` could be an empty list or an empty object",
                            node.name.value
                        ),
                    )
                    .help(format!(
                        "write `(map){}` or `(list){}`",
                        node.name.value, node.name.value
                    )),
                ),
            },
            (0, false, _) => self.object(&inner, node, slot, decl, way, marks, ctx),
            (_, true, false) if root_is_object => {
                let Some(entry) = node.args().next() else { return };
                if args == 1 && is_computed(entry) {
                    self.defer_map(entry, slot, ctx);
                } else {
                    self.push(
                        Diagnostic::error(
                            "wrong-shape",
                            entry.span,
                            "an argument",
                            format!("`{}` holds keys and values, found an argument", decl.path),
                        )
                        .help(format!("write `{} key=\"value\"` or a block", decl.name())),
                    );
                }
            }
            (_, true, false) => {
                let ty = match &self.state.slot(slot).at {
                    At::Entry(ty) => Some((**ty).clone()),
                    _ => key_type(decl, way),
                };
                let ty = ty.filter(|ty| *ty != Type::Settings);
                let is_list = args > 1
                    || marks.shape == Some(Shape::List)
                    || ty.as_ref().is_some_and(Type::is_list);
                if marks.shape == Some(Shape::Map) {
                    self.push(Diagnostic::error(
                        "bad-mark",
                        node.name.span,
                        "has arguments",
                        "`(map)` is for an empty object",
                    ));
                    return;
                }
                for entry in node.args() {
                    self.argument(
                        entry,
                        slot,
                        ty.as_ref(),
                        if is_list { Part::Element } else { Part::Whole },
                        ctx,
                    );
                }
            }
            (1, _, _) => {
                let Some(entry) = node.args().next() else { return };
                if !self.refuses_object(node, slot, decl, way, ctx) {
                    self.keyed_object(node, entry, slot, decl, way, ctx);
                }
            }
            _ => {
                let second = node.args().nth(1).map_or(node.name.span, |entry| entry.span);
                self.push(
                    Diagnostic::error(
                        "wrong-shape",
                        second,
                        "a second argument",
                        format!("`{}` has several arguments beside keys", node.name.value),
                    )
                    .help("a keyed object has one argument, its key; a list has no keys"),
                );
            }
        }
    }

    /// `url "x" insteadOf="y"` is `{url: {x: {insteadOf: y}}}`.
    fn keyed_object(
        &mut self,
        node: &Node,
        entry: &Entry,
        slot: SlotId,
        decl: &Arc<OptionDecl>,
        way: &[EcoString],
        ctx: &Ctx,
    ) {
        let (marks, problem) = marks::read(entry.value.ty.as_deref());
        self.report(problem);
        let key: EcoString = match &entry.value.data {
            Scalar::String(text) => text.clone(),
            Scalar::Int(n) => n.to_string().into(),
            Scalar::Bool(value) => value.to_string().into(),
            other => {
                self.push(Diagnostic::error(
                    "wrong-type",
                    entry.span,
                    "expected a key",
                    format!("a key is a string, found {}", other.kind()),
                ));
                return;
            }
        };
        let inner = Node {
            ty: None,
            name: Spanned { value: key, span: entry.value.span },
            entries: node.entries.iter().filter(|entry| entry.name.is_some()).cloned().collect(),
            children: node.children.clone(),
            span: node.span,
        };
        let ctx = ctx.with(marks);
        match marks.compute {
            Some(compute) => self.defer(compute, &inner.name.clone(), &inner, slot, &ctx),
            None => self.free_child_marked(&inner, slot, decl, way, marks, &ctx),
        }
    }

    /// Properties and children as an object, or `-` children as a list.
    #[allow(clippy::too_many_arguments, reason = "a node and the place it is for")]
    fn object(
        &mut self,
        inner: &[Node],
        node: &Node,
        slot: SlotId,
        decl: &Arc<OptionDecl>,
        way: &[EcoString],
        marks: Marks,
        ctx: &Ctx,
    ) {
        self.props_twice(node);
        if marks.shape == Some(Shape::List) {
            // Also where no item holds.
            self.literal(slot, ctx, Data::List(Vec::new()), Part::EmptyList, node.name.span);
        }
        if marks.shape == Some(Shape::List) || is_list(inner) {
            self.items(inner, slot, decl, way, ctx);
            return;
        }
        if self.refuses_object(node, slot, decl, way, ctx) {
            return;
        }
        if marks.shape == Some(Shape::Map) {
            self.literal(slot, ctx, Data::Map(Default::default()), Part::EmptyMap, node.name.span);
        }
        self.keys(inner, slot, decl, way, ctx);
    }

    /// Whether the target gives the key a type that is no object, which is a mistake where keys are
    /// said below it: nothing would read them.
    fn refuses_object(
        &mut self,
        node: &Node,
        slot: SlotId,
        decl: &Arc<OptionDecl>,
        way: &[EcoString],
        ctx: &Ctx,
    ) -> bool {
        let Some(ty) = key_type(decl, way).filter(|ty| !ty.takes_object()) else { return false };
        let found = Typed::at(Data::Map(Default::default()), node.name.span);
        let Err(mismatch) = ty.check(found) else { return false };
        let path = self.state.path(slot);
        let problem = mismatch.at(&path, node.name.span, "");
        self.wrong(slot, ctx, problem);
        true
    }

    fn keys(
        &mut self,
        nodes: &[Node],
        slot: SlotId,
        decl: &Arc<OptionDecl>,
        way: &[EcoString],
        ctx: &Ctx,
    ) {
        let mut scalars: Few<&str, (Span, usize)> = Few::default();
        for child in nodes {
            let (marks, problem) = marks::read(child.ty.as_deref());
            self.report(problem);
            if marks.hcc {
                match &*child.name.value {
                    "when" => self.when(child, ctx, |own, ctx| {
                        own.keys(child.children(), slot, decl, way, ctx)
                    }),
                    "for" => self.repeat(child, ctx, |own, ctx| {
                        own.keys(child.children(), slot, decl, way, ctx)
                    }),
                    other => self.push(
                        Diagnostic::error(
                            "bad-mark",
                            child.name.span,
                            "not a structure word",
                            format!("`(hcc){other}` is not part of the language"),
                        )
                        .help("`(hcc)` stands before `when` and `for`"),
                    ),
                }
                continue;
            }
            if &*child.name.value == "-" {
                self.push(
                    Diagnostic::error(
                        "wrong-shape",
                        child.name.span,
                        "an item among keys",
                        "list items and keys stand in one block",
                    )
                    .help("a block holds `-` items or keys, not both"),
                );
                continue;
            }
            let scalar = child.args().count() >= 1
                && child.props().next().is_none()
                && child.children.is_none()
                || (child.entries.is_empty() && child.children.is_none());
            if scalar && marks.compute.is_none() && !marks.unset {
                let count = child.args().count();
                let is_many = count > 1 || marks.shape == Some(Shape::List);
                let is_list = || {
                    let ty = key_type(decl, &extend(way, &child.name.value));
                    is_many || ty.is_some_and(|ty| ty.is_list())
                };
                match scalars.get_mut(&child.name.value) {
                    Some((first, times)) if *times == 1 && !is_list() => {
                        let first = *first;
                        *times = 3;
                        let both: Vec<String> = nodes
                            .iter()
                            .filter(|node| node.name.value == child.name.value)
                            .flat_map(|node| node.args().map(|entry| entry.value.data.data().kdl()))
                            .take(8)
                            .collect();
                        let name = child.name.value.clone();
                        self.push(
                            Diagnostic::error(
                                "said-twice",
                                child.name.span,
                                "said here again",
                                format!("`{name}` is said twice in one block"),
                            )
                            .also(first, "first said here")
                            .help(format!("for a list write `{name} {}`", both.join(" "))),
                        );
                        continue;
                    }
                    Some((_, 3)) if !is_list() => continue,
                    Some(said) => *said = (child.name.span, if is_list() { 2 } else { 1 }),
                    None => {
                        let times = if is_many { 2 } else { 1 };
                        scalars.push(&child.name.value, (child.name.span, times));
                    }
                }
            }
            let ctx = ctx.with(marks);
            match marks.compute {
                Some(compute) => {
                    self.defer(compute, &child.name, child, slot, &ctx);
                }
                None => self.free_child_marked(child, slot, decl, way, marks, &ctx),
            }
        }
    }

    /// A key and its value below a freeform slot.
    pub fn free_child(
        &mut self,
        node: &Node,
        slot: SlotId,
        decl: &Arc<OptionDecl>,
        way: &[EcoString],
        ctx: &Ctx,
    ) {
        let (marks, problem) = marks::read(node.ty.as_deref());
        self.report(problem);
        self.free_child_marked(node, slot, decl, way, marks, &ctx.with(marks));
    }

    fn free_child_marked(
        &mut self,
        node: &Node,
        slot: SlotId,
        decl: &Arc<OptionDecl>,
        way: &[EcoString],
        marks: Marks,
        ctx: &Ctx,
    ) {
        let way: Arc<[EcoString]> = way.iter().chain([&node.name.value]).cloned().collect();
        let at = self.state.child(slot, &node.name.value, || At::Free(decl.clone(), way.clone()));
        let ctx = self.dropping(at, marks, ctx, node.name.span);
        if !marks.unset {
            self.mention(at, &ctx, ctx.order.unwrap_or_default(), Some(node.name.span));
            self.free_value(node, at, decl, &way, &ctx);
        }
    }

    /// One argument of a free node.
    pub(super) fn argument(
        &mut self,
        entry: &Entry,
        slot: SlotId,
        ty: Option<&Type>,
        part: Part,
        ctx: &Ctx,
    ) {
        let (marks, problem) = marks::read(entry.value.ty.as_deref());
        self.report(problem);
        if marks.unset {
            self.dropping(slot, marks, &ctx.with(marks), entry.span);
            return;
        }
        let Some((mut raw, span)) = self.raw(&entry.value, ctx) else { return };
        let ctx = &if marks.replace {
            self.dropping(slot, marks, &ctx.with(marks), entry.span)
        } else {
            ctx.clone()
        };
        let part = match (marks.shape, part) {
            (Some(Shape::List), Part::Whole) => Part::Element,
            (_, part) => part,
        };
        // `bool|list<string>`: what is no bool is an element.
        let part = match (ty, &raw) {
            (Some(ty), Raw::Literal(data)) if part == Part::Whole && ty.is_element(data) => {
                Part::Element
            }
            _ => part,
        };
        let expected = match part {
            Part::Element => ty.map(|ty| ty.element().unwrap_or(ty)),
            _ => ty,
        };
        if let (Raw::Literal(data), Some(ty)) = (&raw, expected) {
            let data = match (ty.has_source(), data) {
                (true, Data::String(text)) => Data::String(self.shared.source_path(text, span)),
                (_, data) => data.clone(),
            };
            match ty.check(Typed::at(data, span)) {
                Ok(typed) => raw = Raw::Literal(typed.data),
                Err(mismatch) => {
                    self.mismatch("", slot, mismatch, &entry.value, ctx);
                    return;
                }
            }
        }
        self.define(slot, ctx, marks, raw, part, 0, false, span);
    }

    fn literal(&mut self, slot: SlotId, ctx: &Ctx, data: Data, part: Part, span: Span) {
        self.define(slot, ctx, Marks::default(), Raw::Literal(data), part, 0, false, span);
    }
}

/// The type of a key, if the target gives it one.
pub fn key_type(decl: &OptionDecl, way: &[EcoString]) -> Option<Type> {
    if way.is_empty() {
        return matches!(decl.ty.inner(), Type::Union(_)).then(|| decl.ty.clone());
    }
    decl.key(way.iter().map(|part| &**part)).map(|key| key.ty())
}

pub(super) fn extend(way: &[EcoString], name: &EcoString) -> Vec<EcoString> {
    [way, std::slice::from_ref(name)].concat()
}

/// The annotation without the mark that computes the key.
pub(super) fn shape_only(node: &Node, marks: Marks) -> Option<crate::syntax::tree::Name> {
    let span = node.ty.as_deref()?.span;
    let word = match marks.shape? {
        Shape::List => "list",
        Shape::Map => "map",
    };
    Some(Spanned { value: word.into(), span })
}
