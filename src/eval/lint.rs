//! What can be seen without evaluating: guards that no host meets, programs that are configured
//! and never enabled.

use std::collections::BTreeMap;

use ecow::EcoString;
use foldhash::HashSet;

use super::collect::Program;
use super::program::blocks;
use super::structure;
use crate::diag::{Diagnostic, Diagnostics, Span, nearest};
use crate::schema::option::{Body, Kind};
use crate::schema::{Group, OptionDecl, Place};
use crate::syntax::marks;
use crate::syntax::tree::{Entry, Node, Scalar};
use crate::value::quote;

/// Looks at the whole configuration.
pub fn run(program: &Program, diags: &mut Diagnostics) {
    let known = program.structure.hosts.iter().any(|host| host.span.is_some());
    let mut seen = Seen::default();
    for nodes in blocks(&program.structure) {
        if known {
            guards(nodes, &Region::Typed(&program.schema.root, false), program, diags);
        }
        seen.nodes(nodes, &program.schema.root);
    }
    let never = |seen: &Seen, path: &EcoString| {
        let mut targets = program.schema.targets.iter();
        !seen.settled.contains(path) && !targets.any(|own| own.path == *path && own.always)
    };
    if seen.configured.keys().any(|path| never(&seen, path)) {
        // Another target may enable it.
        for target in &program.schema.targets {
            seen.statements(&target.statements, &program.schema.root);
        }
    }
    for (path, span) in &seen.configured {
        if never(&seen, path) {
            diags.push(
                Diagnostic::warning(
                    "never-enabled",
                    *span,
                    "configured here",
                    format!("`{path}` is configured and never enabled"),
                )
                .help("add `enable` to its block"),
            );
        }
    }
}

/// What a block holds, to know which `when` is the language's and which is a key.
enum Region<'a> {
    /// Options; other names are free if the flag says so.
    Typed(&'a Group, bool),
    /// Items by key, each with options.
    Items(&'a Body),
    /// Items or keys: `when` needs no mark beside `-`.
    Values,
    /// Keys of the program's own.
    Free,
}

fn guards(nodes: &[Node], region: &Region<'_>, program: &Program, diags: &mut Diagnostics) {
    for node in nodes {
        let name = &*node.name.value;
        let marked = marks::read(node.ty.as_deref()).0.hcc;
        if matches!(name, "when" | "for") && (marked || !matches!(region, Region::Free)) {
            if name == "when" {
                unmet(node, program, diags);
            }
            guards(node.children(), region, program, diags);
            continue;
        }
        match region {
            Region::Typed(group, free) => match group.find(name) {
                Some((Place::Group(inner), _)) => {
                    guards(node.children(), &Region::Typed(&inner, false), program, diags);
                }
                Some((Place::Option(decl), rest)) => option(node, &decl, rest, program, diags),
                None if *free => guards(node.children(), &Region::Free, program, diags),
                None if matches!(name, "set") => guards(node.children(), region, program, diags),
                None => {}
            },
            Region::Items(body) => item(node, body, program, diags),
            Region::Values | Region::Free => {
                guards(node.children(), &Region::Free, program, diags);
            }
        }
    }
}

fn option(node: &Node, decl: &OptionDecl, rest: &str, program: &Program, diags: &mut Diagnostics) {
    match &decl.kind {
        Kind::Keyed(body) if node.entries.is_empty() && rest.is_empty() => {
            guards(node.children(), &Region::Items(body), program, diags);
        }
        Kind::Keyed(body) | Kind::Items(body) => item(node, body, program, diags),
        Kind::Plain if decl.ty.is_freeform() || !rest.is_empty() => {
            guards(node.children(), &Region::Free, program, diags);
        }
        Kind::Plain => guards(node.children(), &Region::Values, program, diags),
    }
}

fn item(node: &Node, body: &Body, program: &Program, diags: &mut Diagnostics) {
    let region = Region::Typed(&body.group, body.rest.is_some());
    guards(node.children(), &region, program, diags);
}

/// Says that no host meets a `when`, if so.
fn unmet(node: &Node, program: &Program, diags: &mut Diagnostics) {
    let mut wrong = Diagnostics::default();
    structure::check_guard(node, &mut wrong);
    if wrong.is_empty() && !met(node, program) {
        diags.push(nobody(node, program));
    }
}

/// Whether a host, or a user of one, meets a guard.
fn met(when: &Node, program: &Program) -> bool {
    program.structure.hosts.iter().any(|host| {
        let user = |user: &structure::User| structure::holds(when, &host.facts, Some(&user.facts));
        structure::holds(when, &host.facts, None) || host.users.iter().any(user)
    })
}

/// A guard that nobody meets: by the one fact that nobody has, or by all of them together.
fn nobody(when: &Node, program: &Program) -> Diagnostic {
    let facts = || {
        when.entries
            .iter()
            .filter(|entry| entry.name.as_ref().is_some_and(|name| &*name.value != "expr"))
    };
    let said = |entry: &Entry| {
        let name = entry.name.as_ref().map_or("", |name| &name.value);
        format!("{name}={}", entry.value.data.data().kdl())
    };
    let alone = |entry: &&Entry| {
        !met(&Node { entries: [(*entry).clone()].into(), ..when.clone() }, program)
    };
    if let Some(entry) = facts().find(alone) {
        let problem = Diagnostic::warning(
            "unmet-guard",
            entry.value.span,
            "never holds",
            format!("no host has `{}`", said(entry)),
        );
        let known = known(entry.name.as_ref().map_or("", |name| &name.value), program);
        let near = match &entry.value.data {
            Scalar::String(text) => nearest(text, known.iter().map(|name| &**name)),
            _ => None,
        };
        let list = known.iter().take(8).map(|name| quote(name)).collect::<Vec<_>>().join(", ");
        return problem
            .maybe_help((!known.is_empty()).then(|| format!("the hosts have {list}")))
            .meant(entry.value.span, near.map(quote));
    }
    let all: Vec<String> = facts().map(|entry| format!("`{}`", said(entry))).collect();
    let span = facts().map(|entry| entry.span).reduce(Span::to).unwrap_or(when.name.span);
    Diagnostic::warning(
        "unmet-guard",
        span,
        "never hold together",
        format!("no host has {}", all.join(" and ")),
    )
}

/// What the hosts say of a fact.
fn known(fact: &str, program: &Program) -> Vec<EcoString> {
    let hosts = program.structure.hosts.iter();
    let mut known: Vec<EcoString> = match fact {
        "host" => hosts.map(|host| host.facts.name.clone()).collect(),
        "user" => {
            hosts.flat_map(|host| host.users.iter().map(|user| user.facts.name.clone())).collect()
        }
        "os" => hosts.filter_map(|host| host.facts.os.clone()).collect(),
        "distro" => hosts.filter_map(|host| host.facts.distro.clone()).collect(),
        "arch" => hosts.filter_map(|host| host.facts.arch.clone()).collect(),
        "tag" => hosts.flat_map(|host| host.facts.tags.clone()).collect(),
        _ => Vec::new(),
    };
    known.sort();
    known.dedup();
    known
}

#[derive(Default)]
struct Seen {
    /// The targets that somebody configures, and where first.
    configured: BTreeMap<EcoString, Span>,
    /// Those that somebody enables or disables.
    settled: HashSet<EcoString>,
    /// Only what enables or disables counts.
    enabling: bool,
}

impl Seen {
    fn statements(&mut self, nodes: &[Node], root: &Group) {
        for node in nodes {
            match &*node.name.value {
                "set" => {
                    // What a target says of others configures nothing that a person wrote.
                    self.enabling = true;
                    self.nodes(node.children(), root);
                    self.enabling = false;
                }
                "when" | "for" => self.statements(node.children(), root),
                _ => {}
            }
        }
    }

    fn nodes(&mut self, nodes: &[Node], group: &Group) {
        for node in nodes {
            if matches!(&*node.name.value, "when" | "for") {
                self.nodes(node.children(), group);
                continue;
            }
            match group.find(&node.name.value) {
                Some((Place::Group(inner), "")) => self.group(node, &inner),
                Some((Place::Option(decl), ""))
                    if decl.path.ends_with(".enable") && !decl.target.is_empty() =>
                {
                    self.settled.insert(decl.target.clone());
                }
                Some((Place::Option(decl), _))
                    if !decl.target.is_empty() && node.name.value.contains('.') =>
                {
                    self.configure(&decl.target, node.name.span);
                }
                _ => {}
            }
        }
    }

    fn group(&mut self, node: &Node, group: &Group) {
        if let Some(target) = group.target.as_ref().filter(|target| !target.always) {
            let alone = node.entries.is_empty() && node.children.is_none();
            if alone || node.args().next().is_some() {
                self.settled.insert(target.path.clone());
            } else {
                self.configure(&target.path, node.name.span);
            }
            if node.prop("enable").is_some() {
                self.settled.insert(target.path.clone());
            }
        }
        self.nodes(node.children(), group);
    }

    fn configure(&mut self, path: &EcoString, span: Span) {
        if !self.enabling {
            self.configured.entry(path.clone()).or_insert(span);
        }
    }
}
