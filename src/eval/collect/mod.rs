//! Nodes of typed regions to definitions in the arena. Evaluates nothing; checks all that is
//! literal, also in branches that are not taken.

mod define;
mod map;
mod option;
mod statement;
mod submodule;
mod unknown;
mod value;

use std::borrow::Cow;
use std::sync::Arc;

use camino::Utf8PathBuf;
use ecow::EcoString;
use foldhash::HashMap;

use super::arena::{At, BlockId, RemovalId, SlotId, State};
use super::facts::{HostFacts, UserFacts};
use super::structure;
use crate::diag::{Diagnostic, SourceId, Sources, Span};
use crate::schema::option::Scope;
use crate::schema::{Schema, Target};
use crate::syntax::marks::{self, Level, Marks, Order};
use crate::syntax::tree::{Entry, Node, Scalar};

pub use value::{is_computed, sample};

/// What all evaluations of a run share.
#[derive(Debug)]
pub struct Program {
    /// The options.
    pub schema: Schema,
    /// The hosts and modules.
    pub structure: structure::Structure,
    /// The texts.
    pub sources: Sources,
    /// The names of the texts as people know them: relative to the configuration.
    pub names: Vec<EcoString>,
    /// The folders of the user's files. A source that is not in it is one of hcc's own.
    pub folders: HashMap<SourceId, Utf8PathBuf>,
    /// The folder of the configuration.
    pub root: Utf8PathBuf,
    /// `renamed OLD to=NEW`.
    pub renamed: HashMap<String, (String, Span)>,
    /// `removed OLD message="..."`.
    pub removed: HashMap<String, String>,
    /// The configuration's templates by path, so that a mistake in one is shown in its text.
    pub templates: HashMap<String, SourceId>,
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
    /// Whether the host has users, whose evaluations look at what is about them.
    pub has_users: bool,
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
    /// In the machine's evaluation, under a guard that asks for a user and holds but for that:
    /// where it asks.
    pub asks_for_user: Option<Span>,
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
            asks_for_user: None,
            target: None,
            computed_key: false,
        }
    }

    /// With the marks of a node in it.
    pub fn with(&self, marks: Marks) -> Self {
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
        for node in nodes {
            let (marks, problem) = marks::read(node.ty.as_deref());
            self.report(problem);
            let marked;
            let ctx = if marks.level.is_some() || marks.order.is_some() {
                marked = ctx.with(marks);
                &marked
            } else {
                ctx
            };
            if marks.hcc && !matches!(&*node.name.value, "when" | "for") {
                self.push(
                    Diagnostic::error(
                        "bad-mark",
                        node.name.span,
                        "not a word of the language",
                        format!(
                            "`(hcc)` stands before `when` and `for`, found `{}`",
                            node.name.value
                        ),
                    )
                    .help("take `(hcc)` out"),
                );
            }
            match &*node.name.value {
                "when" => self.when(node, ctx, |own, ctx| own.typed(node.children(), at, ctx)),
                "for" => self.repeat(node, ctx, |own, ctx| own.typed(node.children(), at, ctx)),
                "assert" | "warn" => self.check(node, ctx),
                "use" if at == State::ROOT => {}
                "renamed" | "removed" => {}
                // For whoever lifts a file.
                "lifted" if ctx.target.is_some() => {}
                "let" if ctx.block != State::TOP => self.bind(node, ctx),
                "set" if ctx.target.is_some() => {
                    // A target that nobody mentions is not enabled: there is nothing to add to.
                    let used = node.prop("when-used").and_then(string);
                    if used.is_none_or(|(path, _)| self.shared.schema.root.find(&path).is_some()) {
                        self.typed(node.children(), State::ROOT, ctx);
                    }
                }
                "file" | "package" | "unit" | "defaults" | "activation"
                    if self.is_output(at, ctx) =>
                {
                    self.output(node, ctx);
                }
                "option" | "import" | "module" | "host" | "target" | "use" | "let" | "user"
                    if !self.holds(at, &node.name.value) =>
                {
                    let name = &node.name.value;
                    self.push(
                        Diagnostic::error(
                            "bad-structure",
                            node.name.span,
                            "not here",
                            format!("`{name}` does not stand {}", match at {
                                State::ROOT => "here",
                                _ => "inside this block",
                            }),
                        )
                        .help(match &**name {
                            "let" => "`let` stands in targets, under `when expr` and under `for`",
                            "use" => "`use` stands at the top level, in a module, a host or a user",
                            "option" => "declare it at the top level or in a module, with its whole path: `option \"my.name\"`",
                            _ => "move it to the top level",
                        }),
                    );
                }
                _ => self.named(node, at, marks, ctx),
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
}

/// Properties as children, in front of the children.
pub fn with_props(node: &Node) -> Cow<'_, [Node]> {
    if node.props().next().is_none() {
        return Cow::Borrowed(node.children());
    }
    let mut nodes: Vec<Node> = node
        .props()
        .map(|(name, entry)| Node {
            ty: None,
            name: name.clone(),
            entries: [Entry { name: None, ..entry.clone() }].into(),
            children: None,
            span: entry.span,
        })
        .collect();
    nodes.extend(node.children().iter().cloned());
    Cow::Owned(nodes)
}

/// The text and place of a string.
pub fn string(entry: &Entry) -> Option<(EcoString, Span)> {
    match &entry.value.data {
        Scalar::String(text) => Some((text.clone(), entry.value.span)),
        _ => None,
    }
}
