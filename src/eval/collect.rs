//! Nodes of typed regions to definitions in the arena. Evaluates nothing; checks all that is
//! literal, also in branches that are not taken.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use camino::Utf8PathBuf;

use super::arena::{At, BlockId, Def, Deferred, Removal, RemovalId, Guard, Mention, NameCheck, Output, Part, Raw, SlotId, State};
use super::facts::{HostFacts, UserFacts};
use super::structure;
use crate::diag::{Diagnostic, SourceId, Sources, Span, Spanned, nearest};
use crate::schema::option::{Body, Kind, Scope};
use crate::schema::types::Type;
use crate::schema::{Group, OptionDecl, Place, Schema, Target, join};
use crate::syntax::marks::{self, Compute, Level, Marks, Order};
use crate::syntax::tree::{Entry, Name, Node, Scalar, Value};
use crate::value::{Data, Typed};

/// What all evaluations of a run share.
#[derive(Debug)]
pub struct Program {
    /// The options.
    pub schema: Schema,
    /// The hosts and modules.
    pub structure: structure::Structure,
    /// The texts.
    pub sources: Sources,
    /// The folders of the user's files. A source that is not in it is one of hcc's own.
    pub folders: HashMap<SourceId, Utf8PathBuf>,
    /// The folder of the configuration.
    pub root: Utf8PathBuf,
    /// `renamed OLD to=NEW`.
    pub renamed: HashMap<String, (String, Span)>,
    /// `removed OLD message="..."`.
    pub removed: HashMap<String, String>,
}

/// What one evaluation is about.
#[derive(Debug)]
pub struct Shared {
    /// What is declared.
    pub program: Arc<Program>,
    /// What is known of the host.
    pub host: HostFacts,
    /// The user, in its scope.
    pub user: Option<UserFacts>,
    /// Whose options are evaluated.
    pub scope: Scope,
}

impl std::ops::Deref for Shared {
    type Target = Program;

    fn deref(&self) -> &Program {
        &self.program
    }
}

/// What holds around a node.
#[derive(Clone, Debug)]
pub struct Ctx {
    /// The guard.
    pub block: BlockId,
    /// The mark of level that is inherited.
    pub level: Option<Level>,
    /// The mark of order that is inherited.
    pub order: Option<Order>,
    /// The innermost `(replace)`.
    pub under: Option<RemovalId>,
    /// Whether it counts; what does not is checked only.
    pub live: bool,
    /// Said by a user.
    pub by_user: Option<Span>,
    /// The target whose statements these are.
    pub target: Option<Arc<Target>>,
    /// Inside a node whose key was computed.
    pub computed_key: bool,
}

impl Ctx {
    /// At the top of a configuration.
    pub fn top() -> Self {
        Self {
            block: State::TOP,
            level: None,
            order: None,
            under: None,
            live: true,
            by_user: None,
            target: None,
            computed_key: false,
        }
    }

    fn with(&self, marks: Marks) -> Self {
        Self {
            level: marks.level.or(self.level),
            order: marks.order.or(self.order),
            ..self.clone()
        }
    }

    fn in_block(&self, block: BlockId) -> Self {
        Self { block, ..self.clone() }
    }
}

/// Takes nodes in.
pub struct Collector<'a> {
    /// Where they go.
    pub state: &'a mut State,
    /// What is declared.
    pub shared: &'a Shared,
}

impl Collector<'_> {
    /// Definitions in a typed region: the root, a group, a target, an item.
    pub fn typed(&mut self, nodes: &[Node], at: SlotId, ctx: &Ctx) {
        let mut said: HashMap<&str, Span> = HashMap::new();
        for node in nodes {
            let (marks, problem) = marks::read(node.ty.as_ref());
            self.report(problem);
            let ctx = &ctx.with(marks);
            match &*node.name.value {
                "when" => self.when(node, ctx, |own, ctx| own.typed(node.children(), at, ctx)),
                "for" => self.repeat(node, ctx, |own, ctx| own.typed(node.children(), at, ctx)),
                "assert" | "warn" => self.check(node, ctx),
                "use" if at == State::ROOT => {}
                "renamed" | "removed" => {}
                "let" if ctx.block != State::TOP => self.bind(node, ctx),
                "set" if ctx.target.is_some() => {
                    // A target that nobody mentions is not enabled: there is nothing to add to.
                    let used = node.prop("when-used").and_then(string);
                    if used.is_none_or(|(path, _)| self.shared.schema.root.find(&path).is_some()) {
                        self.typed(node.children(), State::ROOT, ctx);
                    }
                }
                "file" | "package" | "unit" | "defaults" | "activation" if self.is_output(at, ctx) => {
                    self.output(node, ctx);
                }
                "option" | "import" | "module" | "host" | "target" | "use" | "let" | "user" if !self.holds(at, &node.name.value) => {
                    let name = &node.name.value;
                    self.push(
                        Diagnostic::error("bad-structure", node.name.span, "not here", format!("`{name}` does not stand inside this block"))
                            .help(match &**name {
                                "let" => "`let` stands in targets and under `for`",
                                "use" => "`use` stands in a module, a host or a user",
                                _ => "move it to the top level",
                            }),
                    );
                }
                _ => {
                    let _first = said.entry(&node.name.value).or_insert(node.name.span);
                    self.named(node, at, marks, ctx);
                }
            }
        }
    }

    /// Whether a name of the language is one of the program's here: `user` in `programs.git`.
    fn holds(&self, at: SlotId, name: &str) -> bool {
        match &self.state.slot(at).at {
            At::Group(group) => at != State::ROOT && group.places.contains_key(name),
            At::Item(_, body) => body.rest.is_some() || body.group.places.contains_key(name),
            _ => false,
        }
    }

    fn is_output(&self, at: SlotId, ctx: &Ctx) -> bool {
        ctx.target.as_ref().is_some_and(|target| match &self.state.slot(at).at {
            At::Group(group) => group.path == target.path,
            At::Item(..) => true,
            _ => false,
        })
    }

    fn output(&mut self, node: &Node, ctx: &Ctx) {
        if ctx.live {
            let seq = self.state.next();
            self.state.outputs.push(Output {
                node: Arc::new(node.clone()),
                block: ctx.block,
                target: ctx.target.clone(),
                seq,
            });
        }
        self.names_in(node, ctx);
    }

    fn check(&mut self, node: &Node, ctx: &Ctx) {
        let known: &[&str] = &["expr", "message"];
        for (name, _) in node.props() {
            if !known.contains(&&*name.value) {
                self.push(
                    Diagnostic::error("unknown-property", name.span, "not known here", format!("`{}` has no property `{}`", node.name.value, name.value))
                        .help("write `assert expr=\"...\" message=\"...\"`"),
                );
            }
        }
        for wanted in known {
            let found = node.prop(wanted);
            if !matches!(found.map(|entry| &entry.value.data), Some(Scalar::String(_))) {
                let span = found.map_or(node.name.span, |entry| entry.span);
                self.push(
                    Diagnostic::error("bad-structure", span, "incomplete", format!("`{}` needs `{wanted}=\"...\"`", node.name.value))
                        .help(format!("write `{} expr=\"...\" message=\"...\"`", node.name.value)),
                );
                return;
            }
        }
        if ctx.live {
            let seq = self.state.next();
            self.state.checks.push(Output { node: Arc::new(node.clone()), block: ctx.block, target: ctx.target.clone(), seq });
        }
        self.names_in(node, ctx);
    }

    /// Looks later through the expressions of a node, wherever they stand in it.
    fn names_in(&mut self, node: &Node, ctx: &Ctx) {
        for entry in &node.entries {
            let plain = entry.name.as_ref().is_some_and(|name| matches!(&*name.value, "expr" | "in" | "from"));
            let compute = marks::read(entry.value.ty.as_ref()).0.compute;
            let compute = if plain { compute.or(Some(Compute::Expr)) } else { compute };
            if let (Some(compute), Scalar::String(text)) = (compute, &entry.value.data) {
                self.name_check(text, compute, entry.value.span, ctx.block);
            }
        }
        for child in node.children() {
            self.names_in(child, ctx);
        }
    }

    fn name_check(&mut self, text: &Arc<str>, compute: Compute, span: Span, block: BlockId) {
        if matches!(compute, Compute::Format | Compute::Expr) && self.shared.folders.contains_key(&span.source) {
            self.state.names.push(NameCheck { text: text.clone(), compute, span, block });
        }
    }

    /// `when`: facts decide now, an expression later.
    pub fn when(&mut self, node: &Node, ctx: &Ctx, body: impl FnOnce(&mut Self, &Ctx)) {
        let mut problems = crate::diag::Diagnostics::default();
        structure::check_guard(node, &mut problems);
        self.state.diags.extend(problems);
        let mut ctx = ctx.clone();
        if !structure::holds(node, &self.shared.host, self.shared.user.as_ref()) {
            ctx.live = false;
        }
        if let Some((text, span)) = structure::expression(node).and_then(string) {
            let block = self.state.add_block(Some(ctx.block), Guard::When(text.clone(), span), ctx.target.clone());
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
                Diagnostic::error("bad-structure", node.span.to(node.name.span), "incomplete", "`for` needs a name and `in=\"...\"`")
                    .help("write `for \"x\" in=\"config.my.list\" { ... }`"),
            );
            return;
        };
        if !identifier(&name) {
            self.push(
                Diagnostic::error("bad-structure", name_span, "not a variable", format!("`{name}` cannot name a variable"))
                    .help("use letters, digits and `_`"),
            );
            return;
        }
        self.name_check(&list, Compute::Expr, span, ctx.block);
        let block = self.state.add_block(Some(ctx.block), Guard::For(name, list, span), ctx.target.clone());
        body(self, &ctx.in_block(block));
    }

    /// `let a=(expr)"..." b="..."`.
    fn bind(&mut self, node: &Node, ctx: &Ctx) {
        for (name, entry) in node.props() {
            let Some((raw, _)) = self.raw(&entry.value, ctx) else { continue };
            let id = ctx.block.0 as usize;
            if let Some(block) = self.state.blocks.get_mut(id) {
                block.lets.push((name.value.replace('-', "_").into(), raw, entry.value.span));
            }
        }
    }

    /// A node that names something by the schema.
    fn named(&mut self, node: &Node, at: SlotId, marks: Marks, ctx: &Ctx) {
        let (group, body) = match &self.state.slot(at).at {
            At::Group(group) => (group.clone(), None),
            At::Item(decl, body) => (body.group.clone(), Some((decl.clone(), body.clone()))),
            _ => return,
        };
        if let Some(compute) = marks.compute {
            if let Some((_, body)) = body.filter(|(_, body)| body.rest.is_some())
                && let Some(rest) = &body.rest
            {
                let _ = rest;
                self.defer(compute, &node.name, node, at, ctx);
                return;
            }
            self.push(
                Diagnostic::error("bad-mark", node.name.span, "an option's name", "an option's name cannot be computed")
                    .help("only keys of maps, settings and keyed options can"),
            );
            return;
        }
        match group.find(&node.name.value) {
            Some((place, rest)) => {
                let slot = self.descend(at, &group, &node.name.value, ctx);
                match place {
                    Place::Group(inner) => self.group(node, slot, &inner, marks, ctx),
                    Place::Option(decl) => self.option(node, slot, &decl, rest, marks, ctx),
                }
            }
            None => match body.and_then(|(_, body)| body.rest.clone()) {
                Some(rest) => self.free_child(node, at, &rest, &[], ctx),
                None => self.unknown(node, &group, ctx),
            },
        }
    }

    /// Makes the slots on the way to a dotted name.
    fn descend(&mut self, at: SlotId, group: &Arc<Group>, path: &str, ctx: &Ctx) -> SlotId {
        let (mut at, mut group, mut rest) = (at, group.clone(), path);
        loop {
            let (name, next) = match (group.places.get_key_value(rest), rest.split_once('.')) {
                (Some((name, _)), _) => (name.clone(), ""),
                (None, Some((first, next))) => (first.into(), next),
                (None, None) => (rest.into(), ""),
            };
            let Some(place) = group.places.get(&name).cloned() else { return at };
            match place {
                Place::Group(inner) => {
                    at = self.state.child(at, &name, || At::Group(inner.clone()));
                    self.mention(at, ctx, ctx.order.unwrap_or_default(), None);
                    group = inner;
                }
                Place::Option(decl) => {
                    return self.state.child(at, &name, || At::Option(decl.clone()));
                }
            }
            if next.is_empty() {
                return at;
            }
            rest = next;
        }
    }

    /// A group or a target.
    fn group(&mut self, node: &Node, slot: SlotId, group: &Arc<Group>, marks: Marks, ctx: &Ctx) {
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
                    let at = self.state.child(slot, &"enable".into(), || At::Option(decl.clone()));
                    let bare = Node { entries: vec![arg.clone()], children: None, ..node.clone() };
                    self.option(&bare, at, decl, "", Marks::default(), ctx);
                } else {
                    self.push(Diagnostic::error("wrong-shape", arg.span, "an argument", format!("there is no `{path}` to set")));
                }
            }
            (Some(arg), None) => self.push(
                Diagnostic::error("wrong-shape", arg.span, "an argument", format!("`{}` holds options and takes no arguments", group.path))
                    .help("put definitions in its block"),
            ),
            (None, Some(_)) if node.entries.is_empty() && node.children.is_none() => {
                if let Some(Place::Option(decl)) = group.places.get("enable") {
                    let at = self.state.child(slot, &"enable".into(), || At::Option(decl.clone()));
                    self.define(at, ctx, Marks::default(), Raw::Literal(Data::Bool(true)), Part::Whole, 0, false, node.name.span);
                }
            }
            (None, None) if node.entries.is_empty() && node.children.is_none() => self.push(
                Diagnostic::error("wrong-shape", node.name.span, "without definitions", format!("`{}` holds options; alone it says nothing", group.path))
                    .help(format!("write `{} {{ ... }}`", node.name.value)),
            ),
            (None, _) => {}
        }
        if let Some(second) = args.next() {
            self.push(Diagnostic::error("wrong-shape", second.span, "a second argument", format!("`{}` takes one bool at most", group.path)));
        }
        let children = with_props(node);
        self.twice(&children, node);
        self.typed(&children, slot, ctx);
    }

    /// A target on a system it is not for.
    fn elsewhere(&mut self, node: &Node, target: &Target, ctx: &Ctx) -> Ctx {
        let os = target.os.join(" or ");
        let here = self.shared.host.os.as_deref().unwrap_or("unknown");
        if ctx.level != Some(Level::Default) {
            self.push(
                Diagnostic::error(
                    "not-on-this-os",
                    node.name.span,
                    format!("not on {here}"),
                    format!("`{}` is for {os}, and the host `{}` runs {here}", target.path, self.shared.host.name),
                )
                .help(format!("put it under `when os=\"{}\" {{ ... }}`", target.os.first().map_or("", |os| os))),
            );
        }
        Ctx { live: false, ..ctx.clone() }
    }

    /// A property twice, or beside a child of that name.
    fn twice(&mut self, children: &[Node], node: &Node) {
        let props: Vec<&Name> = node.props().map(|(name, _)| name).collect();
        let mut seen: HashSet<&str> = HashSet::new();
        for name in &props {
            if !seen.insert(&name.value) {
                let first = props.iter().find(|other| other.value == name.value).map_or(name.span, |first| first.span);
                self.push(
                    Diagnostic::error("said-twice", name.span, "said here again", format!("the property `{}` is said twice", name.value))
                        .also(first, "first said here")
                        .help("keep one of them"),
                );
            }
        }
        for child in children.iter().skip(props.len()) {
            if let Some(name) = props.iter().find(|name| name.value == child.name.value) {
                self.push(
                    Diagnostic::error("said-twice", child.name.span, "and as a child", format!("`{}` is said as a property and as a child", name.value))
                        .also(name.span, "said here")
                        .help("keep one of them"),
                );
            }
        }
    }

    /// A definition of an option.
    fn option(&mut self, node: &Node, slot: SlotId, decl: &Arc<OptionDecl>, rest: &str, marks: Marks, ctx: &Ctx) {
        let mut ctx = ctx.clone();
        if decl.scope != self.shared.scope {
            if decl.scope == Scope::System && ctx.live && let Some(user) = ctx.by_user {
                self.push(
                    Diagnostic::error("system-option-in-user", node.name.span, "belongs to the machine", format!("`{}` is an option of the machine, not of a user", decl.path))
                        .also(user, "said for this user")
                        .help("say it in the host, or in a module that the host uses"),
                );
            }
            ctx.live = false;
        }
        if decl.internal && ctx.target.is_none() {
            self.push(Diagnostic::error("unknown-option", node.name.span, "internal", format!("`{}` is for targets only", decl.path)));
        }
        if !rest.is_empty() {
            self.below(node, slot, decl, rest, &ctx);
            return;
        }
        if let Some(way) = &decl.into {
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
                    let default_slot = decl.default_slot;
                    self.value(node, slot, &decl.ty.clone(), &decl.path.clone(), default_slot, &ctx);
                }
            }
        }
    }

    /// The slot of the leaf of settings that an `into` option is.
    fn settings_leaf(&mut self, decl: &Arc<OptionDecl>, way: &[Arc<str>], ctx: &Ctx) -> Option<(Arc<OptionDecl>, Vec<Arc<str>>, SlotId)> {
        let (first, rest) = way.split_first()?;
        let root = self.shared.schema.root.find(&decl.target).map(|(place, _)| place)?;
        let Place::Group(group) = root else { return None };
        let Some(Place::Option(settings)) = group.places.get(first).cloned() else { return None };
        let mut slot = self.descend(State::ROOT, &self.shared.schema.root.clone(), &decl.target, ctx);
        slot = self.state.child(slot, first, || At::Option(settings.clone()));
        self.mention(slot, ctx, ctx.order.unwrap_or_default(), None);
        for (index, part) in rest.iter().enumerate() {
            let way: Arc<[Arc<str>]> = rest.iter().take(index + 1).cloned().collect();
            slot = self.state.child(slot, part, || At::Free(settings.clone(), way));
            self.mention(slot, ctx, ctx.order.unwrap_or_default(), None);
        }
        Some((settings, rest.to_vec(), slot))
    }

    /// A dotted name that goes on after an option: one key of a map, never more.
    fn below(&mut self, node: &Node, slot: SlotId, decl: &Arc<OptionDecl>, rest: &str, ctx: &Ctx) {
        let holds_keys = decl.ty.is_freeform() || matches!(decl.ty.inner(), Type::Map(_));
        if holds_keys && !rest.contains('.') && !matches!(decl.kind, Kind::Items(_)) {
            let inner = Node { name: Spanned { value: rest.into(), span: node.name.span }, ty: None, ..node.clone() };
            let outer = Node { name: Spanned { value: decl.path.clone(), span: node.name.span }, ty: None, entries: Vec::new(), children: Some(vec![inner]), span: node.span };
            self.option(&outer, slot, decl, "", Marks::default(), ctx);
        } else if holds_keys {
            self.push(
                Diagnostic::error("dotted-key", node.name.span, "not split here", format!("keys of `{}` are never split at dots", decl.path))
                    .help(format!("write a block: `{} {{ ... }}`", decl.path)),
            );
        } else {
            self.push(Diagnostic::error("unknown-option", node.name.span, "nothing below it", format!("`{}` is {} and has nothing below it", decl.path, decl.ty)));
        }
    }

    /// `block "a" "b" { ... }`
    fn keyed(&mut self, node: &Node, slot: SlotId, decl: &Arc<OptionDecl>, body: &Arc<Body>, ctx: &Ctx) {
        self.mention(slot, ctx, ctx.order.unwrap_or_default(), Some(node.name.span));
        let positional = positional(body);
        let first = positional.iter().map(|(at, _)| *at).min().unwrap_or(usize::MAX);
        let mut keys = Vec::new();
        let mut extra = Vec::new();
        for (index, entry) in node.args().enumerate() {
            if index + 1 < first { keys.push(entry) } else { extra.push((index + 1, entry)) }
        }
        let mut children = self.positional(node, &positional, &extra);
        children.extend(with_props(node));
        self.twice(&with_props(node), node);
        if keys.is_empty() {
            if node.entries.is_empty() && node.children.is_none() {
                return;
            }
            // Without a key, each child is an item: `service { backup { ... } }`.
            if node.entries.is_empty() && !node.children().is_empty() {
                for child in node.children() {
                    let (marks, problem) = marks::read(child.ty.as_ref());
                    self.report(problem);
                    let key = Entry { name: None, value: Value { ty: None, data: Scalar::String(child.name.value.clone()), span: child.name.span }, span: child.name.span };
                    match &*child.name.value {
                        "when" => {
                            let inner = Node { children: child.children.clone(), ..node.clone() };
                            self.when(child, ctx, |own, ctx| own.keyed(&inner, slot, decl, body, ctx));
                        }
                        "for" => {
                            let inner = Node { children: child.children.clone(), ..node.clone() };
                            self.repeat(child, ctx, |own, ctx| own.keyed(&inner, slot, decl, body, ctx));
                        }
                        _ => {
                            let mut entries = vec![key];
                            entries.extend(child.entries.iter().cloned());
                            let inner = Node { name: child.name.clone(), ty: None, entries, children: child.children.clone(), span: child.span };
                            let inner_ctx = ctx.with(marks);
                            if let Some(compute) = marks.compute {
                                self.defer(compute, &child.name, &inner, slot, &inner_ctx);
                            } else if marks.unset {
                                let item = self.item_slot(slot, &child.name.value, decl, body, &inner_ctx, child.name.span);
                                self.dropping(item, marks, &inner_ctx, child.name.span);
                            } else {
                                self.keyed(&inner, slot, decl, body, &inner_ctx);
                            }
                        }
                    }
                }
                return;
            }
            self.push(
                Diagnostic::error("wrong-shape", node.name.span, "without a key", format!("`{}` needs a key", decl.path))
                    .help(format!("write `{} \"NAME\" {{ ... }}`", decl.name())),
            );
            return;
        }
        for entry in keys {
            let (marks, problem) = marks::read(entry.value.ty.as_ref());
            self.report(problem);
            let ctx = ctx.with(marks);
            let key: Arc<str> = match &entry.value.data {
                Scalar::String(text) => text.clone(),
                Scalar::Int(n) => n.to_string().into(),
                other => {
                    self.push(Diagnostic::error("wrong-type", entry.span, "expected a key", format!("`{}` expects a string as its key, found {}", decl.path, other.kind())));
                    continue;
                }
            };
            if let Some(compute) = marks.compute {
                let placeholder = Entry { value: Value { ty: None, ..entry.value.clone() }, ..entry.clone() };
                let mut entries = vec![placeholder];
                entries.extend(node.entries.iter().filter(|other| other.name.is_some()).cloned());
                entries.extend(extra.iter().map(|(_, entry)| (*entry).clone()));
                let template = Node { entries, ..node.clone() };
                let name = Spanned { value: key, span: entry.value.span };
                self.defer(compute, &name, &template, slot, &ctx);
                continue;
            }
            let item = self.item_slot(slot, &key, decl, body, &ctx, entry.span);
            let ctx = self.dropping(item, marks, &ctx, entry.span);
            if !marks.unset {
                self.typed(&children, item, &ctx);
            }
        }
    }

    fn item_slot(&mut self, slot: SlotId, key: &Arc<str>, decl: &Arc<OptionDecl>, body: &Arc<Body>, ctx: &Ctx, span: Span) -> SlotId {
        let item = self.state.child(slot, key, || At::Item(decl.clone(), body.clone()));
        self.mention(item, ctx, ctx.order.unwrap_or_default(), Some(span));
        item
    }

    /// Positional arguments as children.
    fn positional(&mut self, node: &Node, positional: &[(usize, Arc<OptionDecl>)], extra: &[(usize, &Entry)]) -> Vec<Node> {
        let mut children = Vec::new();
        for (at, entry) in extra {
            match positional.iter().find(|(wanted, _)| wanted == at) {
                Some((_, decl)) => {
                    let name = Spanned { value: decl.name().into(), span: entry.span };
                    let entry = Entry { name: None, ..(*entry).clone() };
                    children.push(Node { ty: None, name, span: entry.span, entries: vec![entry], children: None });
                }
                None => self.push(Diagnostic::error("wrong-shape", entry.span, "one too many", format!("`{}` takes no argument here", node.name.value))),
            }
        }
        children
    }

    /// `include "~/x" condition="..."`: one item of a list submodule.
    fn item(&mut self, node: &Node, slot: SlotId, decl: &Arc<OptionDecl>, body: &Arc<Body>, ctx: &Ctx) {
        if node.entries.is_empty() && node.children.is_none() {
            self.define(slot, ctx, Marks::default(), Raw::Literal(Data::List(Vec::new())), Part::EmptyList, 0, false, node.name.span);
            return;
        }
        let only_items = node.entries.is_empty() && !node.children().is_empty() && node.children().iter().all(|child| &*child.name.value == "-");
        if only_items {
            for child in node.children() {
                self.item(child, slot, decl, body, ctx);
            }
            return;
        }
        // What is literal in it is checked now, with a slot that nobody reads.
        let scratch = self.state.add_slot(Some(slot), decl.name().into(), At::Item(decl.clone(), body.clone()));
        self.item_body(node, scratch, body, &Ctx { live: false, ..ctx.clone() });
        self.define(slot, ctx, Marks::default(), Raw::Item(Arc::new(node.clone())), Part::Element, 0, false, node.span);
    }

    /// What an item of a list submodule says.
    pub fn item_body(&mut self, node: &Node, slot: SlotId, body: &Arc<Body>, ctx: &Ctx) {
        let positions = positional(body);
        let args: Vec<(usize, &Entry)> = node.args().enumerate().map(|(index, entry)| (index + 1, entry)).collect();
        let mut children = self.positional(node, &positions, &args);
        self.twice(&with_props(node), node);
        children.extend(with_props(node));
        self.typed(&children, slot, ctx);
    }

    /// A value of a type that is not free: an argument, arguments, or keys.
    pub fn value(&mut self, node: &Node, slot: SlotId, ty: &Type, path: &str, default_part: usize, ctx: &Ctx) {
        match ty.inner() {
            Type::List(inner) => self.list(node, slot, inner, path, ctx),
            Type::Lines => self.lines(node, slot, path, default_part, ctx),
            Type::Map(inner) => self.map(node, slot, &inner.clone(), path, ctx),
            _ => self.scalar(node, slot, ty, path, ctx),
        }
    }

    fn scalar(&mut self, node: &Node, slot: SlotId, ty: &Type, path: &str, ctx: &Ctx) {
        if let Some((name, _)) = node.props().next() {
            self.push(Diagnostic::error("wrong-shape", name.span, "a property", format!("`{path}` expects {ty}, not properties")));
            return;
        }
        if let Some(child) = node.children().first() {
            self.push(Diagnostic::error("wrong-shape", child.name.span, "a child", format!("`{path}` expects {ty}, not a block")));
            return;
        }
        let mut args = node.args();
        let Some(entry) = args.next() else {
            if ty.takes_bool() && node.children.is_none() {
                self.define(slot, ctx, Marks::default(), Raw::Literal(Data::Bool(true)), Part::Whole, 0, false, node.name.span);
            } else {
                self.push(
                    Diagnostic::error("wrong-shape", node.name.span, "without a value", format!("`{path}` expects {ty}, found nothing"))
                        .help(format!("write `{} {}`", node.name.value, sample(ty))),
                );
            }
            return;
        };
        if let Some(second) = args.next() {
            self.push(
                Diagnostic::error("wrong-shape", second.span, "one too many", format!("`{path}` expects {ty}, found {} values", node.args().count()))
                    .help("keep one of them"),
            );
            return;
        }
        self.entry(entry, slot, ty, path, Part::Whole, 0, false, ctx);
    }

    /// One argument as a value or an element.
    #[allow(clippy::too_many_arguments, reason = "the parts of one definition")]
    fn entry(&mut self, entry: &Entry, slot: SlotId, ty: &Type, path: &str, part: Part, lines_part: usize, slotted: bool, ctx: &Ctx) {
        let (marks, problem) = marks::read(entry.value.ty.as_ref());
        self.report(problem);
        if marks.unset {
            self.dropping(slot, marks, &ctx.with(marks), entry.span);
            return;
        }
        let Some((mut raw, span)) = self.raw(&entry.value, ctx) else { return };
        if let Raw::Literal(data) = &raw {
            let data = match (ty.has_source(), data) {
                (true, Data::String(text)) => Data::String(self.source_path(text, span)),
                (_, data) => data.clone(),
            };
            match ty.check(Typed::at(data, span)) {
                Ok(typed) => raw = Raw::Literal(typed.data),
                Err(mismatch) => {
                    self.mismatch(path, &mismatch, span, &entry.value);
                    return;
                }
            }
        }
        let ctx = if marks.replace { self.dropping(slot, marks, &ctx.with(marks), entry.span) } else { ctx.clone() };
        self.define(slot, &ctx, marks, raw, part, lines_part, slotted, span);
    }

    /// A source is relative to the file that says it.
    pub fn source_path(&self, text: &str, span: Span) -> Arc<str> {
        match self.shared.folders.get(&span.source) {
            Some(folder) if !text.starts_with('/') => crate::files::normal(&folder.join(text)).as_str().into(),
            _ => text.into(),
        }
    }

    /// A value that does not fit.
    pub fn mismatch(&mut self, path: &str, mismatch: &crate::schema::types::Mismatch, span: Span, value: &Value) {
        let mut problem = Diagnostic::error(
            if mismatch.expected.starts_with("enum") { "not-in-enum" } else { "wrong-type" },
            span,
            format!("expected {}", mismatch.expected),
            format!("`{path}` expects {}, found {}", mismatch.expected, mismatch.found),
        );
        if let Some(help) = &mismatch.help {
            problem = problem.help(help.clone());
            if let Some(text) = help.strip_prefix("write `").and_then(|rest| rest.strip_suffix('`'))
                && value.ty.is_none()
            {
                problem = problem.fix(span, text);
            }
        } else if mismatch.expected.starts_with("enum<") {
            let names = mismatch.expected.trim_start_matches("enum<").trim_end_matches(['>', '?']);
            problem = problem.help(format!("it is one of {}", names.replace(' ', ", ")));
        }
        self.push(problem);
    }

    fn list(&mut self, node: &Node, slot: SlotId, inner: &Type, path: &str, ctx: &Ctx) {
        if let Some((name, _)) = node.props().next() {
            self.push(
                Diagnostic::error("wrong-shape", name.span, "a property", format!("`{path}` expects list<{inner}>, not properties"))
                    .help(format!("write `{} {} ...`", node.name.value, sample(inner))),
            );
            return;
        }
        if node.entries.is_empty() && node.children().is_empty() {
            self.define(slot, ctx, Marks::default(), Raw::Literal(Data::List(Vec::new())), Part::EmptyList, 0, false, node.name.span);
        }
        for entry in node.args() {
            self.entry(entry, slot, inner, path, Part::Element, 0, false, ctx);
        }
        self.list_items(node.children(), slot, inner, path, ctx);
    }

    fn list_items(&mut self, nodes: &[Node], slot: SlotId, inner: &Type, path: &str, ctx: &Ctx) {
        for child in nodes {
            let (marks, problem) = marks::read(child.ty.as_ref());
            self.report(problem);
            let ctx = &ctx.with(marks);
            match &*child.name.value {
                "-" => {
                    let mut args = child.args();
                    match (args.next(), args.next(), child.children.is_none()) {
                        (Some(entry), None, true) if child.props().next().is_none() => self.entry(entry, slot, inner, path, Part::Element, 0, false, ctx),
                        _ => self.push(Diagnostic::error("wrong-shape", child.span, "expected one value", format!("an item of `{path}` is one {inner}"))),
                    }
                }
                "when" => self.when(child, ctx, |own, ctx| own.list_items(child.children(), slot, inner, path, ctx)),
                "for" => self.repeat(child, ctx, |own, ctx| own.list_items(child.children(), slot, inner, path, ctx)),
                _ => self.push(
                    Diagnostic::error("wrong-shape", child.name.span, "not an item", format!("`{path}` expects list<{inner}>, found a block with `{}`", child.name.value))
                        .help("items are arguments, or children called `-`"),
                ),
            }
        }
    }

    fn lines(&mut self, node: &Node, slot: SlotId, path: &str, default_part: usize, ctx: &Ctx) {
        let slots = match &self.state.slot(slot).at {
            At::Option(decl) => decl.slots.clone(),
            _ => Vec::new(),
        };
        let (mut part, mut slotted) = (default_part, false);
        for (name, entry) in node.props() {
            let (known, text) = (&*name.value == "slot" && !slots.is_empty(), string(entry));
            match (known, text) {
                (true, Some((text, span))) => match slots.iter().position(|slot| *slot == text) {
                    Some(index) => (part, slotted) = (index, true),
                    None => self.push(
                        Diagnostic::error("not-in-enum", span, "not a slot", format!("`{path}` has no slot `{text}`"))
                            .help(match nearest(&text, slots.iter().map(|slot| &**slot)) {
                                Some(near) => format!("did you mean `slot=\"{near}\"`?"),
                                None => format!("its slots are {}", slots.join(", ")),
                            }),
                    ),
                },
                _ => self.push(
                    Diagnostic::error("wrong-shape", name.span, "a property", format!("`{path}` expects text, not the property `{}`", name.value))
                        .maybe_help((!slots.is_empty()).then(|| format!("its slots are {}", slots.join(", ")))),
                ),
            }
        }
        if let Some(child) = node.children().first() {
            self.push(Diagnostic::error("wrong-shape", child.name.span, "a child", format!("`{path}` expects text, not a block")).help("write the text as an argument, `\"\"\"` for several lines"));
            return;
        }
        if node.args().next().is_none() && node.props().next().is_none() {
            self.define(slot, ctx, Marks::default(), Raw::Literal(Data::List(Vec::new())), Part::EmptyList, part, slotted, node.name.span);
        }
        for entry in node.args() {
            self.entry(entry, slot, &Type::Lines, path, Part::Element, part, slotted, ctx);
        }
    }

    /// Keys and values of one type.
    fn map(&mut self, node: &Node, slot: SlotId, inner: &Arc<Type>, path: &str, ctx: &Ctx) {
        if let Some(entry) = node.args().next() {
            self.push(
                Diagnostic::error("wrong-shape", entry.span, "an argument", format!("`{path}` expects keys and values, found an argument"))
                    .help(format!("write `{} key={}`", node.name.value, sample(inner))),
            );
            return;
        }
        self.define(slot, ctx, Marks::default(), Raw::Literal(Data::Map(Default::default())), Part::EmptyMap, 0, false, node.name.span);
        let children = with_props(node);
        self.twice(&children, node);
        self.map_entries(&children, slot, inner, path, ctx);
    }

    fn map_entries(&mut self, nodes: &[Node], slot: SlotId, inner: &Arc<Type>, path: &str, ctx: &Ctx) {
        let mut said: HashMap<Arc<str>, Span> = HashMap::new();
        for child in nodes {
            let (marks, problem) = marks::read(child.ty.as_ref());
            self.report(problem);
            let name = &child.name.value;
            if marks.hcc || (child.children.is_some() && matches!(&**name, "when" | "for") && !child.entries.is_empty()) {
                match &**name {
                    "when" => self.when(child, ctx, |own, ctx| own.map_entries(child.children(), slot, inner, path, ctx)),
                    "for" => self.repeat(child, ctx, |own, ctx| own.map_entries(child.children(), slot, inner, path, ctx)),
                    _ => self.push(Diagnostic::error("bad-mark", child.name.span, "not a structure word", "`(hcc)` stands before `when` and `for`")),
                }
                continue;
            }
            let ctx = ctx.with(marks);
            if let Some(compute) = marks.compute {
                self.defer(compute, &child.name, child, slot, &ctx);
                continue;
            }
            if let Some(first) = said.insert(name.clone(), child.name.span).filter(|_| !marks.unset) {
                self.push(
                    Diagnostic::error("said-twice", child.name.span, "said here again", format!("the key `{name}` of `{path}` is said twice"))
                        .also(first, "first said here")
                        .help("keep one of them"),
                );
                continue;
            }
            self.map_entry(child, slot, inner, marks, path, &ctx);
        }
    }

    fn map_entry(&mut self, child: &Node, slot: SlotId, inner: &Arc<Type>, marks: Marks, path: &str, ctx: &Ctx) {
        let at = self.state.child(slot, &child.name.value, || At::Entry(inner.clone()));
        self.mention(at, ctx, ctx.order.unwrap_or_default(), Some(child.name.span));
        let ctx = self.dropping(at, marks, ctx, child.name.span);
        if marks.unset {
            return;
        }
        let path = format!("{path}.{}", super::arena::segment(&child.name.value));
        if inner.is_freeform() {
            let decl = self.owner(slot);
            if let Some(decl) = decl {
                self.free_value(child, at, &decl, &[], &ctx);
            }
        } else {
            self.value(child, at, inner, &path, 0, &ctx);
        }
    }

    /// The option that a slot is part of.
    pub fn owner(&self, slot: SlotId) -> Option<Arc<OptionDecl>> {
        let mut at = Some(slot);
        while let Some(id) = at {
            let slot = self.state.slot(id);
            match &slot.at {
                At::Option(decl) | At::Free(decl, _) | At::Item(decl, _) => return Some(decl.clone()),
                At::Entry(_) | At::Group(_) => at = slot.parent,
            }
        }
        None
    }

    /// A value as it will be read: literal, or to be computed.
    pub fn raw(&mut self, value: &Value, ctx: &Ctx) -> Option<(Raw, Span)> {
        let (marks, problem) = marks::read(value.ty.as_ref());
        self.report(problem);
        match (marks.compute, &value.data) {
            (None, data) => Some((Raw::Literal(literal(data)), value.span)),
            (Some(compute), Scalar::String(text)) => {
                self.name_check(text, compute, value.span, ctx.block);
                let text = match compute {
                    Compute::File | Compute::Template if self.shared.folders.contains_key(&value.span.source) => self.source_path(text, value.span),
                    _ => text.clone(),
                };
                Some((Raw::Computed(compute, text), value.span))
            }
            (Some(_), other) => {
                self.push(
                    Diagnostic::error("bad-mark", value.span, "not a string", format!("a computed value is said as a string, found {}", other.kind()))
                        .help("put it in quotes"),
                );
                None
            }
        }
    }

    /// Records `(replace)` and `(unset)`; what is inside is under it.
    pub fn dropping(&mut self, slot: SlotId, marks: Marks, ctx: &Ctx, span: Span) -> Ctx {
        let mut ctx = ctx.clone();
        if (marks.replace || marks.unset) && ctx.live {
            let level = ctx.level.unwrap_or_default();
            let id = self.state.add_removal(Removal { level, block: ctx.block, under: ctx.under, span });
            self.state.slot_mut(slot).drops.push(id);
            ctx.under = Some(id);
        }
        ctx
    }

    /// That a key is named here.
    pub fn mention(&mut self, slot: SlotId, ctx: &Ctx, order: Order, span: Option<Span>) {
        if !ctx.live {
            return;
        }
        let seq = self.state.next();
        let level = ctx.level.unwrap_or_default();
        let Some(span) = span else {
            if self.state.slot(slot).mentions.is_empty() {
                let nowhere = Span::new(SourceId(0), 0, 0);
                self.state.slot_mut(slot).mentions.push(Mention { seq, block: ctx.block, level, order, under: ctx.under, span: nowhere });
            }
            return;
        };
        self.state.slot_mut(slot).mentions.push(Mention { seq, block: ctx.block, level, order, under: ctx.under, span });
    }

    /// Adds a definition.
    #[allow(clippy::too_many_arguments, reason = "the parts of one definition")]
    pub fn define(&mut self, slot: SlotId, ctx: &Ctx, marks: Marks, raw: Raw, part: Part, lines_part: usize, slotted: bool, span: Span) {
        if !ctx.live {
            return;
        }
        let seq = self.state.next();
        self.state.slot_mut(slot).defs.push(Def {
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
        });
    }

    /// Leaves a node with a computed key for the time its container is read.
    pub fn defer(&mut self, compute: Compute, name: &Name, node: &Node, slot: SlotId, ctx: &Ctx) {
        self.name_check(&name.value, compute, name.span, ctx.block);
        // What is literal below the key is checked now.
        let scratch_ctx = Ctx { live: false, ..ctx.clone() };
        let mut node = node.clone();
        node.ty = None;
        self.with_key(&node, &"computed".into(), slot, &scratch_ctx);
        if ctx.live {
            self.state.slot_mut(slot).deferred.push(Deferred {
                compute,
                text: name.value.clone(),
                span: name.span,
                node: Arc::new(node),
                ctx: ctx.clone(),
            });
        }
    }

    /// Takes a deferred node in, now that its key is known.
    pub fn with_key(&mut self, node: &Node, key: &Arc<str>, slot: SlotId, ctx: &Ctx) {
        let at = self.state.slot(slot).at.clone();
        let mut node = node.clone();
        match at {
            At::Option(decl) if matches!(decl.kind, Kind::Keyed(_)) => {
                let Kind::Keyed(body) = &decl.kind else { return };
                if let Some(entry) = node.entries.iter_mut().find(|entry| entry.name.is_none()) {
                    entry.value.data = Scalar::String(key.clone());
                }
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
                    self.map_entry(&node, slot, inner, Marks::default(), &decl.path, ctx);
                }
            }
            At::Entry(ty) => {
                node.name.value = key.clone();
                if let Type::Map(inner) = ty.inner() {
                    self.map_entry(&node, slot, inner, Marks::default(), "the map", ctx);
                } else if let Some(decl) = self.owner(slot) {
                    self.free_child(&node, slot, &decl, &[], ctx);
                }
            }
            At::Item(_, body) => {
                node.name.value = key.clone();
                if let Some(rest) = &body.rest {
                    self.free_child(&node, slot, rest, &[], ctx);
                }
            }
            At::Group(_) => {}
        }
    }

    /// A name that is no option.
    fn unknown(&mut self, node: &Node, group: &Group, ctx: &Ctx) {
        let name = &*node.name.value;
        let path = join(&group.path, name);
        if let Some((new, _)) = self.shared.renamed.get(&path) {
            self.push(
                Diagnostic::warning("renamed-option", node.name.span, "the old name", format!("`{path}` is now `{new}`"))
                    .help(format!("write `{new}`")),
            );
            let renamed = Node { name: Spanned { value: new.as_str().into(), span: node.name.span }, ..node.clone() };
            if self.shared.schema.root.find(new).is_some_and(|(_, rest)| rest.is_empty()) {
                self.typed(&[renamed], State::ROOT, ctx);
            }
            return;
        }
        if let Some(message) = self.shared.removed.get(&path) {
            self.push(Diagnostic::error("removed-option", node.name.span, "no longer there", format!("`{path}` has been removed")).help(message.clone()));
            return;
        }
        let mut problem = Diagnostic::error("unknown-option", node.name.span, "no option of this name", format!("there is no option `{path}`"));
        if let Some(decl) = hm_name(group, name) {
            let own = decl.path.strip_prefix(&*group.path).unwrap_or(&decl.path).trim_start_matches('.');
            problem = problem.help(format!("Home Manager's `{name}` is `{own}` here"));
        } else if let Some(near) = near_name(group, name) {
            problem = problem.help(format!("did you mean `{near}`?")).fix(node.name.span, near);
        } else if let Some(elsewhere) = elsewhere(&self.shared.schema.root, name) {
            problem = problem.help(format!("there is `{elsewhere}`"));
        } else if name.starts_with('$') || name.starts_with('[') {
            problem = problem.help("quote text that is not KDL");
        } else if let Some(settings) = group.places.values().find_map(|place| match place {
            Place::Option(decl) if decl.name() == "settings" => Some(decl),
            _ => None,
        }) {
            problem = problem.help(format!("what `{}` does not type goes through `settings {{ ... }}`", settings.target));
        }
        self.push(problem);
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

/// A literal as data.
pub fn literal(data: &Scalar) -> Data {
    match data {
        Scalar::Null => Data::Null,
        Scalar::Bool(value) => Data::Bool(*value),
        Scalar::Int(value) => Data::Int(*value),
        Scalar::Float(value) => Data::Float(*value),
        Scalar::String(text) => Data::String(text.clone()),
    }
}

/// Properties as children, in front of the children.
pub fn with_props(node: &Node) -> Vec<Node> {
    let mut nodes: Vec<Node> = node
        .props()
        .map(|(name, entry)| Node {
            ty: None,
            name: name.clone(),
            entries: vec![Entry { name: None, ..entry.clone() }],
            children: None,
            span: entry.span,
        })
        .collect();
    nodes.extend(node.children().iter().cloned());
    nodes
}

fn positional(body: &Body) -> Vec<(usize, Arc<OptionDecl>)> {
    body.group
        .places
        .values()
        .filter_map(|place| match place {
            Place::Option(decl) => decl.argument.map(|at| (at, decl.clone())),
            Place::Group(_) => None,
        })
        .collect()
}

/// The text and place of a string.
pub fn string(entry: &Entry) -> Option<(Arc<str>, Span)> {
    match &entry.value.data {
        Scalar::String(text) => Some((text.clone(), entry.value.span)),
        _ => None,
    }
}

fn identifier(name: &str) -> bool {
    name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') && !name.starts_with(|c: char| c.is_ascii_digit()) && !name.is_empty()
}

/// How a value of a type looks, for a help.
fn sample(ty: &Type) -> String {
    match ty.inner() {
        Type::Bool => "#true".to_owned(),
        Type::Int(low, _) => low.unwrap_or(1).to_string(),
        Type::Float(..) => "1.5".to_owned(),
        Type::Enum(names) => names.first().map_or_else(String::new, |name| crate::value::quote(name)),
        Type::Union(list) => list.first().map_or_else(String::new, sample),
        _ => "\"...\"".to_owned(),
    }
}

fn near_name(group: &Group, name: &str) -> Option<String> {
    let library: Vec<String> = if group.target.is_none() {
        crate::schema::library::names()
            .filter_map(|path| {
                let rest = if group.path.is_empty() { Some(&*path) } else { path.strip_prefix(&*group.path)?.strip_prefix('.') };
                rest.map(|rest| rest.split('.').next().unwrap_or(rest).to_owned())
            })
            .collect()
    } else {
        Vec::new()
    };
    let names = group.names().chain(library.iter().map(String::as_str));
    nearest(name, names).map(str::to_owned)
}

fn hm_name(group: &Group, name: &str) -> Option<Arc<OptionDecl>> {
    group.places.values().find_map(|place| match place {
        Place::Option(decl) if decl.hm.iter().any(|hm| hm == name) => Some(decl.clone()),
        Place::Group(inner) if inner.target.is_none() => hm_name(inner, name),
        _ => None,
    })
}

/// The path of a program with this name, said at the wrong place.
fn elsewhere(root: &Group, name: &str) -> Option<String> {
    let _ = root;
    crate::schema::library::names().find(|path| path.rsplit('.').next() == Some(name))
}
