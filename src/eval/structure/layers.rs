//! The order of definitions: `use`, depth first.

use indexmap::IndexMap;

use super::guard::{asks_for_user, expression, holds};
use super::{Host, Structure, User};
use crate::diag::{Diagnostic, Diagnostics, Span, nearest};
use crate::eval::facts::{HostFacts, UserFacts};
use crate::syntax::tree::{Node, Scalar};

/// How deep modules may use each other.
const MAX_DEPTH: usize = 100;

/// One part of a host's definitions.
#[derive(Debug)]
pub struct Layer<'a> {
    /// The definitions.
    pub nodes: &'a [Node],
    /// Said by a user, so that a system option in it is a mistake: where that user says so.
    pub by_user: Option<Span>,
    /// Whether it holds here; what does not is checked all the same.
    pub live: bool,
}

impl Structure {
    /// All definitions for one scope of a host, in order, then those that do not hold.
    pub fn layers<'a>(
        &'a self,
        host: &'a Host,
        user: Option<&'a User>,
        diags: &mut Diagnostics,
    ) -> Vec<Layer<'a>> {
        let facts = (&host.facts, user.map(|user| &user.facts));
        let mut order: IndexMap<&str, Option<Span>> = IndexMap::new();
        for nodes in [&self.top, &host.nodes] {
            self.uses(nodes, facts, None, &mut order, &mut Vec::new(), diags);
        }
        let mut layers = vec![Layer { nodes: &self.top, by_user: None, live: true }];
        layers.extend(self.modules_of(&order, 0));
        layers.push(Layer { nodes: &host.nodes, by_user: None, live: true });
        if let Some(user) = user {
            let before = order.len();
            self.uses(&user.nodes, facts, Some(user.span), &mut order, &mut Vec::new(), diags);
            layers.extend(self.modules_of(&order, before));
            layers.push(Layer { nodes: &user.nodes, by_user: Some(user.span), live: true });
        }
        for (name, module) in &self.modules {
            if !order.contains_key(&**name) {
                layers.push(Layer { nodes: &module.nodes, by_user: None, live: false });
            }
        }
        layers
    }

    fn modules_of<'a>(
        &'a self,
        order: &IndexMap<&str, Option<Span>>,
        from: usize,
    ) -> Vec<Layer<'a>> {
        order
            .iter()
            .skip(from)
            .filter_map(|(name, by_user)| {
                let module = self.modules.get(*name)?;
                Some(Layer { nodes: &module.nodes, by_user: *by_user, live: true })
            })
            .collect()
    }

    /// Modules in the order of `use`, depth first, each once; a module's own come before it.
    fn uses<'a>(
        &'a self,
        nodes: &'a [Node],
        facts: (&HostFacts, Option<&UserFacts>),
        by_user: Option<Span>,
        order: &mut IndexMap<&'a str, Option<Span>>,
        stack: &mut Vec<(&'a str, Span)>,
        diags: &mut Diagnostics,
    ) {
        for node in nodes {
            match &*node.name.value {
                "when" if expression(node).is_none() && holds(node, facts.0, facts.1) => {
                    let by_user = by_user.or_else(|| asks_for_user(node));
                    self.uses(node.children(), facts, by_user, order, stack, diags);
                }
                "use" => {
                    for entry in &*node.entries {
                        let Scalar::String(name) = &entry.value.data else { continue };
                        let Some((name, module)) = self.modules.get_key_value(name) else {
                            continue;
                        };
                        if stack.iter().any(|(own, _)| **own == **name) {
                            let mut problem = Diagnostic::error(
                                "cyclic-use",
                                entry.span,
                                "closes the circle",
                                String::new(),
                            );
                            let start =
                                stack.iter().position(|(own, _)| **own == **name).unwrap_or(0);
                            let way: Vec<String> = stack
                                .iter()
                                .skip(start)
                                .map(|(own, _)| *own)
                                .chain([&**name])
                                .map(|own| format!("`{own}`"))
                                .collect();
                            problem.message = match way.len() {
                                2 => format!("the module `{name}` uses itself"),
                                _ => format!("modules use each other: {}", way.join(" -> ")),
                            };
                            for (_, span) in stack.iter().skip(start + 1) {
                                problem = problem.also(*span, "on the way");
                            }
                            diags.push(problem.help("take one of the `use` out"));
                            continue;
                        }
                        if order.contains_key(&**name) {
                            continue;
                        }
                        if stack.len() >= MAX_DEPTH {
                            let what =
                                format!("more than {MAX_DEPTH} modules use each other in a chain");
                            diags.push(Diagnostic::error(
                                "too-deep",
                                entry.span,
                                "one too many",
                                what,
                            ));
                            continue;
                        }
                        stack.push((name, entry.span));
                        self.uses(&module.nodes, facts, by_user, order, stack, diags);
                        stack.pop();
                        order.entry(name).or_insert(by_user);
                    }
                }
                _ => {}
            }
        }
    }
}

/// Every `use` names a module, also where no host takes it.
pub(super) fn uses_exist(structure: &Structure, diags: &mut Diagnostics) {
    let hosts = structure.hosts.iter();
    let users = hosts.clone().flat_map(|host| host.users.iter().map(|user| &user.nodes));
    let blocks = std::iter::once(&structure.top)
        .chain(structure.modules.values().map(|module| &module.nodes))
        .chain(hosts.map(|host| &host.nodes))
        .chain(users);
    for nodes in blocks {
        check_uses(nodes, false, structure, diags);
    }
}

pub(super) fn check_uses(
    nodes: &[Node],
    in_expr: bool,
    structure: &Structure,
    diags: &mut Diagnostics,
) {
    for node in nodes {
        match &*node.name.value {
            "when" => {
                let in_expr = in_expr || expression(node).is_some();
                check_uses(node.children(), in_expr, structure, diags);
            }
            "use" => {
                if in_expr {
                    diags.push(
                        Diagnostic::error(
                            "bad-structure",
                            node.name.span,
                            "under an expression",
                            "`use` stands under a `when` over facts, not over an expression",
                        )
                        .help("guard the definitions inside the module instead"),
                    );
                }
                for entry in &*node.entries {
                    let problem = match (&entry.name, &entry.value.data) {
                        (None, Scalar::String(name)) if structure.modules.contains_key(name) => {
                            continue;
                        }
                        (None, Scalar::String(name)) => {
                            let names = structure.modules.keys().map(|name| &**name);
                            Diagnostic::error(
                                "unknown-module",
                                entry.span,
                                "no module of this name",
                                format!("there is no module `{name}`"),
                            )
                            .meant(entry.span, nearest(name, names).map(crate::value::quote))
                        }
                        (None, other) => Diagnostic::error(
                            "wrong-type",
                            entry.span,
                            "expected a name",
                            format!(
                                "`use` expects names of modules, found {}",
                                other.data().describe()
                            ),
                        ),
                        (Some(_), _) => Diagnostic::error(
                            "bad-structure",
                            entry.span,
                            "a property",
                            "`use` expects names of modules, found a property",
                        ),
                    };
                    diags.push(problem);
                }
            }
            _ => {}
        }
    }
}
