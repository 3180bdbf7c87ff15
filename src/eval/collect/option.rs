//! Names that the schema knows: groups, targets, options.

use std::borrow::Cow;
use std::sync::Arc;

use ecow::EcoString;
use foldhash::HashSet;

use super::{Collector, Ctx, with_props};
use crate::diag::{Diagnostic, Span, Spanned};
use crate::eval::arena::{At, Part, Raw, SlotId, State};
use crate::eval::few::Few;
use crate::schema::option::{Kind, Scope};
use crate::schema::types::Type;
use crate::schema::{Group, OptionDecl, Place, Target, join};
use crate::syntax::marks::{Level, Marks};
use crate::syntax::tree::Node;
use crate::value::Data;

impl Collector<'_> {
    /// A node that names something by the schema.
    pub(super) fn named(&mut self, node: &Node, at: SlotId, marks: Marks, ctx: &Ctx) {
        let (group, body) = match &self.state.slot(at).at {
            At::Group(group) => (group.clone(), None),
            At::Item(_, body) => (body.group.clone(), Some(body.clone())),
            _ => return,
        };
        if let Some(compute) = marks.compute {
            if body.is_some_and(|body| body.rest.is_some()) {
                self.defer(compute, &node.name, node, at, ctx);
                return;
            }
            self.push(
                Diagnostic::error(
                    "bad-mark",
                    node.name.span,
                    "an option's name",
                    "an option's name cannot be computed",
                )
                .help("only keys of maps, settings and keyed options can"),
            );
            return;
        }
        match group.find(&node.name.value) {
            Some((Place::Group(inner), _)) if self.is_left_to_users(&inner, ctx) => {}
            Some((place, rest)) => {
                let slot = self.descend(at, &group, &node.name.value, &place, ctx);
                match place {
                    Place::Group(inner) => self.group(node, slot, &inner, marks, ctx),
                    Place::Option(decl) => self.option(node, slot, &decl, rest, marks, ctx),
                }
            }
            None => match body.and_then(|body| body.rest.clone()) {
                Some(rest) => self.free_child(node, at, &rest, &[], ctx),
                None => self.unknown(node, &group, ctx),
            },
        }
    }

    /// Whether a target says nothing to the machine's evaluation, and is looked through in that of
    /// each user.
    fn is_left_to_users(&self, group: &Group, ctx: &Ctx) -> bool {
        self.shared.scope == Scope::System
            && self.shared.has_users
            && ctx.target.is_none()
            && group.target.as_ref().is_some_and(|target| target.scope == Scope::User)
            && !group.has_of_machine()
    }

    /// Makes the slots on the way to a dotted name, where a place was found.
    pub(super) fn descend(
        &mut self,
        at: SlotId,
        group: &Arc<Group>,
        path: &EcoString,
        place: &Place,
        ctx: &Ctx,
    ) -> SlotId {
        if !path.as_bytes().contains(&b'.') {
            return match place {
                Place::Group(inner) => {
                    let at = self.state.child(at, path, || At::Group(inner.clone()));
                    self.mention(at, ctx, ctx.order.unwrap_or_default(), None);
                    at
                }
                Place::Option(decl) => self.state.child(at, path, || At::Option(decl.clone())),
            };
        }
        let (mut at, mut group, mut rest) = (at, group.clone(), path.as_str());
        loop {
            let (first, next) = rest.split_once('.').unwrap_or((rest, ""));
            let Some(place) = group.places.get(first) else { return at };
            match place {
                Place::Group(inner) => {
                    at = self.state.child_named(at, first, || At::Group(inner.clone()));
                    self.mention(at, ctx, ctx.order.unwrap_or_default(), None);
                    group = inner.clone();
                }
                Place::Option(decl) => {
                    return self.state.child_named(at, first, || At::Option(decl.clone()));
                }
            }
            if next.is_empty() {
                return at;
            }
            rest = next;
        }
    }

    /// A group or a target.
    pub(super) fn group(
        &mut self,
        node: &Node,
        slot: SlotId,
        group: &Arc<Group>,
        marks: Marks,
        ctx: &Ctx,
    ) {
        let mut ctx = self.dropping(slot, marks, ctx, node.name.span);
        if let Some(target) = &group.target
            && ctx.target.is_none()
            && !target.os.is_empty()
            && ctx.live
            && !self.shared.host.os.as_ref().is_some_and(|os| target.os.contains(os))
        {
            ctx = self.elsewhere(node, target, &ctx);
        }
        let ctx = &ctx;
        let enable = group.target.as_ref().filter(|target| !target.always);
        let mut args = node.args();
        match (args.next(), enable) {
            (Some(arg), Some(target)) => {
                let path = join(&target.path, "enable");
                if let Some(Place::Option(decl)) = group.places.get("enable") {
                    let at = self.state.child_named(slot, "enable", || At::Option(decl.clone()));
                    let bare =
                        Node { entries: [arg.clone()].into(), children: None, ..node.clone() };
                    self.option(&bare, at, decl, "", Marks::default(), ctx);
                } else {
                    self.push(Diagnostic::error(
                        "wrong-shape",
                        arg.span,
                        "an argument",
                        format!("there is no `{path}` to set"),
                    ));
                }
            }
            (Some(arg), None) => self.push(
                Diagnostic::error(
                    "wrong-shape",
                    arg.span,
                    "an argument",
                    format!("`{}` holds options and takes no arguments", group.path),
                )
                .help("put definitions in its block"),
            ),
            (None, Some(_)) if node.entries.is_empty() && node.children.is_none() => {
                if let Some(Place::Option(decl)) = group.places.get("enable") {
                    let at = self.state.child_named(slot, "enable", || At::Option(decl.clone()));
                    self.define(
                        at,
                        ctx,
                        Marks::default(),
                        Raw::Literal(Data::Bool(true)),
                        Part::Whole,
                        0,
                        false,
                        node.name.span,
                    );
                }
            }
            (None, None) if node.entries.is_empty() && node.children.is_none() => self.push(
                Diagnostic::error(
                    "wrong-shape",
                    node.name.span,
                    "without definitions",
                    format!("`{}` holds options; alone it says nothing", group.path),
                )
                .help(format!("write `{} {{ ... }}`", node.name.value)),
            ),
            (None, _) => {}
        }
        if let Some(second) = args.next() {
            self.push(Diagnostic::error(
                "wrong-shape",
                second.span,
                "a second argument",
                format!("`{}` takes one bool at most", group.path),
            ));
        }
        let children = self.once(node);
        self.typed(&children, slot, ctx);
    }

    /// A target on a system it is not for.
    pub(super) fn elsewhere(&mut self, node: &Node, target: &Target, ctx: &Ctx) -> Ctx {
        let os = target.os.join(" or ");
        let here = self.shared.host.os.as_deref().unwrap_or("unknown");
        if ctx.level != Some(Level::Default) {
            self.push(
                Diagnostic::error(
                    "not-on-this-os",
                    node.name.span,
                    format!("not on {here}"),
                    format!(
                        "`{}` is for {os}, and the host `{}` runs {here}",
                        target.path, self.shared.host.name
                    ),
                )
                .help(format!(
                    "put it under `when os=\"{}\" {{ ... }}`",
                    target.os.first().map_or("", |os| os)
                )),
            );
        }
        Ctx { live: false, ..ctx.clone() }
    }

    /// Properties as children, in front of the children. A property twice, or beside a child of
    /// that name, is said, and counts once.
    pub(super) fn once<'n>(&mut self, node: &'n Node) -> Cow<'n, [Node]> {
        let Cow::Owned(mut children) = with_props(node) else {
            return Cow::Borrowed(node.children());
        };
        if self.twice(node) {
            let props = node.props().count();
            let mut seen: HashSet<EcoString> = HashSet::default();
            let mut index = 0;
            children.retain(|child| {
                index += 1;
                if index <= props {
                    seen.insert(child.name.value.clone())
                } else {
                    !seen.contains(&child.name.value)
                }
            });
        }
        Cow::Owned(children)
    }

    /// A property twice; said once for each name. Whether there is one.
    pub fn props_twice(&mut self, node: &Node) -> bool {
        let mut twice = false;
        if node.props().nth(1).is_none() {
            return twice;
        }
        let mut seen: Few<&str, (Span, usize)> = Few::default();
        for (name, _) in node.props() {
            let Some((first, count)) = seen.get_mut(&name.value) else {
                seen.push(&name.value, (name.span, 1));
                continue;
            };
            *count += 1;
            if *count == 2 {
                let first = *first;
                twice = true;
                self.push(
                    Diagnostic::error(
                        "said-twice",
                        name.span,
                        "said here again",
                        format!("the property `{}` is said twice", name.value),
                    )
                    .also(first, "first said here")
                    .help("keep one of them"),
                );
            }
        }
        twice
    }

    /// A property twice, or beside a child of that name. Whether there is one.
    pub(super) fn twice(&mut self, node: &Node) -> bool {
        let mut twice = self.props_twice(node);
        if node.children().is_empty() {
            return twice;
        }
        let mut props: Few<&str, Span> = Few::default();
        for (name, _) in node.props() {
            match props.get_mut(&name.value) {
                Some(last) => *last = name.span,
                None => props.push(&name.value, name.span),
            }
        }
        for child in node.children() {
            if let Some(first) = props.get(&child.name.value) {
                twice = true;
                self.push(
                    Diagnostic::error(
                        "said-twice",
                        child.name.span,
                        "and as a child",
                        format!("`{}` is said as a property and as a child", child.name.value),
                    )
                    .also(*first, "said here")
                    .help("keep one of them"),
                );
            }
        }
        twice
    }

    /// An option of the machine that is said for a user: in its block, or under a guard that asks
    /// for it, which the machine's evaluation would only pass over.
    fn said_for_user(&mut self, node: &Node, decl: &OptionDecl, ctx: &Ctx) {
        let (user, label, help) = match (ctx.asks_for_user, ctx.by_user.filter(|_| ctx.live)) {
            (Some(guard), _) => (guard, "asks for a user", "say it outside of this guard"),
            (None, Some(user)) => {
                let help = "say it in the host, or in a module that the host uses";
                (user, "said for this user", help)
            }
            (None, None) => return,
        };
        self.push(
            Diagnostic::error(
                "system-option-in-user",
                node.name.span,
                "belongs to the machine",
                format!("`{}` is an option of the machine, not of a user", decl.path),
            )
            .also(user, label)
            .help(help),
        );
    }

    /// A definition of an option.
    pub(super) fn option(
        &mut self,
        node: &Node,
        slot: SlotId,
        decl: &Arc<OptionDecl>,
        rest: &str,
        marks: Marks,
        ctx: &Ctx,
    ) {
        let mut ctx = ctx.clone();
        if decl.scope == Scope::System {
            self.said_for_user(node, decl, &ctx);
            // What is inside is not said once more.
            ctx.asks_for_user = None;
        }
        if decl.scope != self.shared.scope {
            ctx.live = false;
        }
        if decl.internal && ctx.target.is_none() {
            self.push(Diagnostic::error(
                "unknown-option",
                node.name.span,
                "internal",
                format!("`{}` is for targets only", decl.path),
            ));
        }
        if !rest.is_empty() {
            self.below(node, slot, decl, rest, &ctx);
            return;
        }
        if let Some(way) = &decl.rare().into {
            if let Some((settings, way, slot)) = self.settings_leaf(decl, way, &ctx) {
                let ctx = self.dropping(slot, marks, &ctx, node.name.span);
                if !marks.unset {
                    let ty = decl.ty.clone();
                    if ty.is_freeform() {
                        self.free_value(node, slot, &settings, &way, &ctx);
                    } else {
                        self.value(node, slot, &ty, &decl.path, 0, &ctx);
                    }
                }
            }
            return;
        }
        match &decl.kind {
            Kind::Keyed(body) => {
                let ctx = self.dropping(slot, marks, &ctx, node.name.span);
                self.keyed(node, slot, decl, &body.clone(), &ctx);
            }
            Kind::Items(body) => {
                let ctx = self.dropping(slot, marks, &ctx, node.name.span);
                self.item(node, slot, decl, &body.clone(), &ctx);
            }
            Kind::Plain => {
                let ctx = self.dropping(slot, marks, &ctx, node.name.span);
                if marks.unset {
                    return;
                }
                if decl.ty.is_freeform() {
                    self.free_value(node, slot, decl, &[], &ctx);
                } else {
                    let default_slot = decl.rare().default_slot;
                    self.value(node, slot, &decl.ty.clone(), &decl.path, default_slot, &ctx);
                }
            }
        }
    }

    /// The slot of the leaf of settings that an `into` option is.
    pub(super) fn settings_leaf(
        &mut self,
        decl: &Arc<OptionDecl>,
        way: &[EcoString],
        ctx: &Ctx,
    ) -> Option<(Arc<OptionDecl>, Vec<EcoString>, SlotId)> {
        let (first, rest) = way.split_first()?;
        let root = self.shared.schema.root.find(&decl.target).map(|(place, _)| place)?;
        let Place::Group(group) = &root else { return None };
        let Some(Place::Option(settings)) = group.places.get(first).cloned() else { return None };
        let mut slot =
            self.descend(State::ROOT, &self.shared.schema.root, &decl.target, &root, ctx);
        slot = self.state.child(slot, first, || At::Option(settings.clone()));
        self.mention(slot, ctx, ctx.order.unwrap_or_default(), None);
        for (index, part) in rest.iter().enumerate() {
            let way: Arc<[EcoString]> = rest.iter().take(index + 1).cloned().collect();
            slot = self.state.child(slot, part, || At::Free(settings.clone(), way));
            self.mention(slot, ctx, ctx.order.unwrap_or_default(), None);
        }
        Some((settings, rest.to_vec(), slot))
    }

    /// A dotted name that goes on after an option: one key of a map, never more.
    pub(super) fn below(
        &mut self,
        node: &Node,
        slot: SlotId,
        decl: &Arc<OptionDecl>,
        rest: &str,
        ctx: &Ctx,
    ) {
        let holds_keys = decl.ty.is_freeform() || matches!(decl.ty.inner(), Type::Map(_));
        if holds_keys && !rest.contains('.') && !matches!(decl.kind, Kind::Items(_)) {
            let inner = Node {
                name: Spanned { value: rest.into(), span: node.name.span },
                ty: None,
                ..node.clone()
            };
            let outer = Node {
                name: Spanned { value: (*decl.path).into(), span: node.name.span },
                ty: None,
                entries: Default::default(),
                children: Some([inner].into()),
                span: node.span,
            };
            self.option(&outer, slot, decl, "", Marks::default(), ctx);
        } else if holds_keys {
            self.push(
                Diagnostic::error(
                    "dotted-key",
                    node.name.span,
                    "not split here",
                    format!("keys of `{}` are never split at dots", decl.path),
                )
                .help(format!("write a block: `{} {{ ... }}`", decl.path)),
            );
        } else {
            self.push(Diagnostic::error(
                "unknown-option",
                node.name.span,
                "nothing below it",
                format!("`{}` is {} and has nothing below it", decl.path, decl.ty),
            ));
        }
    }
}
