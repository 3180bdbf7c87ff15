//! Hosts, users and modules: who gets which definitions, in which order.

mod guard;
mod host;
mod layers;

use super::facts::{HostFacts, Machine, UserFacts};
use crate::diag::{Diagnostic, Diagnostics, Span};
use crate::schema::declare::text_arg;
use crate::syntax::tree::{Name, Node, Scalar};
use crate::value::Map;

pub use guard::{asks_for_user, check_guard, expression, holds, holds_for_host};
use host::host;
pub use layers::Layer;
use layers::uses_exist;

/// A user of a host.
#[derive(Clone, Debug)]
pub struct User {
    /// What is known of it.
    pub facts: UserFacts,
    /// Its definitions, `use` among them.
    pub nodes: Vec<Node>,
    /// Where it is said.
    pub span: Span,
}

/// A host.
#[derive(Clone, Debug)]
pub struct Host {
    /// What is known of it.
    pub facts: HostFacts,
    /// Its definitions, `use` among them.
    pub nodes: Vec<Node>,
    /// Its users, in order.
    pub users: Vec<User>,
    /// Where its name is said; the place of the configuration if nothing says it.
    pub span: Option<Span>,
}

/// A named module.
#[derive(Debug)]
pub struct Module {
    /// Its definitions, `use` among them.
    pub nodes: Vec<Node>,
    /// Where its name is said.
    pub span: Span,
}

/// A configuration taken apart.
#[derive(Debug, Default)]
pub struct Structure {
    /// The hosts, in order.
    pub hosts: Vec<Host>,
    /// The modules, by name.
    pub modules: Map<Module>,
    /// What holds for all hosts.
    pub top: Vec<Node>,
    /// Own options, wherever they are declared.
    pub options: Vec<Node>,
    /// Own targets.
    pub targets: Vec<Node>,
}

/// Takes the top level apart. Without a `host`, this machine is the only one.
pub fn read(nodes: Vec<Node>, machine: &Machine, diags: &mut Diagnostics) -> Structure {
    let mut structure = Structure::default();
    let mut hosts = Vec::new();
    for node in nodes {
        match &*node.name.value {
            "hcc" => version(&node, diags),
            "host" => hosts.push(node),
            "module" => module(node, &mut structure, diags),
            "option" => structure.options.push(node),
            "target" => structure.targets.push(node),
            "user" => diags.push(
                Diagnostic::error(
                    "bad-structure",
                    node.name.span,
                    "outside a host",
                    "`user` stands inside a `host`",
                )
                .help("write `host \"NAME\" { user \"NAME\" }`"),
            ),
            _ => structure.top.push(node),
        }
    }
    for node in &hosts {
        host(node, machine, &mut structure, diags);
    }
    if hosts.is_empty() {
        let user = User {
            facts: machine.user.clone(),
            nodes: Vec::new(),
            span: Span::new(crate::diag::SourceId(0), 0, 0),
        };
        structure.hosts.push(Host {
            facts: machine.host.clone(),
            nodes: Vec::new(),
            users: vec![user],
            span: None,
        });
    }
    uses_exist(&structure, diags);
    structure
}

fn version(node: &Node, diags: &mut Diagnostics) {
    for (name, entry) in node.props() {
        let problem = match (&*name.value, &entry.value.data) {
            ("version", Scalar::Int(number)) if number.get() == 1 => continue,
            ("version", _) => Diagnostic::error(
                "unknown-version",
                entry.span,
                "not a version",
                "this hcc knows `version=1` only",
            )
            .help("write `hcc version=1`, or take a newer hcc"),
            _ => Diagnostic::error(
                "unknown-property",
                name.span,
                "not known here",
                format!("`hcc` has no property `{}`", name.value),
            )
            .help("write `hcc version=1`"),
        };
        diags.push(problem);
    }
}

fn module(node: Node, structure: &mut Structure, diags: &mut Diagnostics) {
    let Some(name) = text_arg(&node, 0) else {
        diags.push(
            Diagnostic::error(
                "bad-structure",
                node.name.span,
                "without a name",
                "a module needs a name",
            )
            .help("write `module \"NAME\" { ... }`"),
        );
        return;
    };
    for entry in node.entries.iter().skip(1) {
        diags.push(Diagnostic::error(
            "bad-structure",
            entry.span,
            "not expected",
            "a module takes one name and a block",
        ));
    }
    let mut nodes = Vec::new();
    for child in node.children().iter().cloned() {
        match &*child.name.value {
            "option" => structure.options.push(child),
            "import" | "module" | "host" | "user" | "target" => diags.push(
                Diagnostic::error(
                    "bad-structure",
                    child.name.span,
                    "inside a module",
                    format!("`{}` stands at the top level only", child.name.value),
                )
                .help("move it out of the module"),
            ),
            _ => nodes.push(child),
        }
    }
    match structure.modules.get(&name.value) {
        Some(first) => diags.push(duplicate("module", &name, first.span)),
        None => {
            structure.modules.insert(name.value, Module { nodes, span: name.span });
        }
    }
}

fn duplicate(what: &str, name: &Name, first: Span) -> Diagnostic {
    Diagnostic::error(
        "duplicate-name",
        name.span,
        "said here again",
        format!("there are two {what}s `{}`", name.value),
    )
    .also(first, "first said here")
    .help(if what == "module" {
        "give one of them another name, or put both bodies in one"
    } else {
        "put both bodies in one block, or under `when`"
    })
}
