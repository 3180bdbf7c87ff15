//! What can be seen without evaluating: guards that no host meets, programs that are configured
//! and never enabled.

use std::collections::{BTreeMap, BTreeSet};

use super::collect::Program;
use super::program::blocks;
use super::structure;
use crate::diag::{Diagnostic, Diagnostics, Span};
use crate::schema::{Group, Place};
use crate::syntax::tree::{Node, Scalar};

/// Looks at the whole configuration.
pub fn run(program: &Program, diags: &mut Diagnostics) {
    let known = program.structure.hosts.iter().any(|host| host.span.is_some());
    let mut seen = Seen::default();
    for nodes in blocks(&program.structure) {
        if known {
            guards(nodes, program, diags);
        }
        seen.nodes(nodes, &program.schema.root);
    }
    for target in &program.schema.targets {
        seen.statements(&target.statements, &program.schema.root);
    }
    for (path, span) in &seen.configured {
        let off = seen.enabled.contains(path) || seen.disabled.contains(path);
        if !off {
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

fn guards(nodes: &[Node], program: &Program, diags: &mut Diagnostics) {
    for node in nodes {
        if &*node.name.value == "when" && node.props().any(|(name, _)| &*name.value != "expr") {
            let met = program.structure.hosts.iter().any(|host| {
                structure::holds(node, &host.facts, None)
                    || host
                        .users
                        .iter()
                        .any(|user| structure::holds(node, &host.facts, Some(&user.facts)))
            });
            let mut wrong = Diagnostics::default();
            structure::check_guard(node, &mut wrong);
            if !met && wrong.is_empty() {
                let facts: Vec<String> = node
                    .props()
                    .filter(|(name, _)| &*name.value != "expr")
                    .map(|(name, entry)| {
                        format!(
                            "{}={}",
                            name.value,
                            super::collect::literal(&entry.value.data).kdl()
                        )
                    })
                    .collect();
                let span = node.entries.first().map_or(node.name.span, |entry| entry.span);
                diags.push(Diagnostic::warning(
                    "unmet-guard",
                    span,
                    "never holds",
                    format!("no host meets `when {}`", facts.join(" ")),
                ));
            }
        }
        guards(node.children(), program, diags);
    }
}

#[derive(Default)]
struct Seen {
    configured: BTreeMap<String, Span>,
    enabled: BTreeSet<String>,
    disabled: BTreeSet<String>,
}

impl Seen {
    fn statements(&mut self, nodes: &[Node], root: &Group) {
        for node in nodes {
            match &*node.name.value {
                "set" => {
                    let before = self.configured.clone();
                    self.nodes(node.children(), root);
                    self.configured = before;
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
                    if decl.name() == "enable" && !decl.target.is_empty() =>
                {
                    self.enable(&decl.target, node.args().next().map(|entry| &entry.value.data));
                }
                Some((Place::Option(decl), _))
                    if !decl.target.is_empty() && node.name.value.contains('.') =>
                {
                    self.configured.entry(decl.target.to_string()).or_insert(node.name.span);
                    if self.is_always(&decl.target, group) {
                        self.enabled.insert(decl.target.to_string());
                    }
                }
                _ => {}
            }
        }
    }

    fn is_always(&self, path: &str, root: &Group) -> bool {
        matches!(root.find(path), Some((Place::Group(group), "")) if group.target.as_ref().is_some_and(|target| target.always))
    }

    fn group(&mut self, node: &Node, group: &Group) {
        if let Some(target) = group.target.as_ref().filter(|target| !target.always) {
            match node.args().next() {
                Some(entry) => self.enable(&target.path, Some(&entry.value.data)),
                None if node.entries.is_empty() && node.children.is_none() => {
                    self.enable(&target.path, None)
                }
                None => {
                    self.configured.entry(target.path.to_string()).or_insert(node.name.span);
                }
            }
            if let Some(entry) = node.prop("enable") {
                self.enable(&target.path, Some(&entry.value.data));
            }
        }
        self.nodes(node.children(), group);
    }

    fn enable(&mut self, path: &str, value: Option<&Scalar>) {
        match value {
            Some(Scalar::Bool(false)) => self.disabled.insert(path.to_owned()),
            _ => self.enabled.insert(path.to_owned()),
        };
    }
}
