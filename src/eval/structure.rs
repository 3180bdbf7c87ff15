//! Hosts, users and modules: who gets which definitions, in which order.

use std::sync::Arc;

use indexmap::IndexMap;

use super::facts::{GUARDS, HostFacts, Machine, SYSTEMS, UserFacts};
use crate::diag::{Diagnostic, Diagnostics, Span, nearest};
use crate::schema::declare::text_arg;
use crate::syntax::tree::{Entry, Name, Node, Scalar};

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
    pub modules: IndexMap<Arc<str>, Module>,
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
                Diagnostic::error("bad-structure", node.name.span, "outside a host", "`user` stands inside a `host`")
                    .help("write `host \"NAME\" { user \"NAME\" }`"),
            ),
            _ => structure.top.push(node),
        }
    }
    for node in &hosts {
        host(node, machine, &mut structure, diags);
    }
    if hosts.is_empty() {
        let user = User { facts: machine.user.clone(), nodes: Vec::new(), span: Span::new(crate::diag::SourceId(0), 0, 0) };
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
            ("version", Scalar::Int(1)) => continue,
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
            Diagnostic::error("bad-structure", node.name.span, "without a name", "a module needs a name")
                .help("write `module \"NAME\" { ... }`"),
        );
        return;
    };
    for entry in node.entries.iter().skip(1) {
        diags.push(Diagnostic::error("bad-structure", entry.span, "not expected", "a module takes one name and a block"));
    }
    let mut nodes = Vec::new();
    for child in node.children.unwrap_or_default() {
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

fn host(node: &Node, machine: &Machine, structure: &mut Structure, diags: &mut Diagnostics) {
    let names: Vec<Name> = node
        .args()
        .filter_map(|entry| match &entry.value.data {
            Scalar::String(text) => Some(Name { value: text.clone(), span: entry.value.span }),
            other => {
                diags.push(Diagnostic::error(
                    "wrong-type",
                    entry.span,
                    "expected a name",
                    format!("`host` expects names, found {}", other.kind()),
                ));
                None
            }
        })
        .collect();
    if names.is_empty() {
        diags.push(
            Diagnostic::error("bad-structure", node.name.span, "without a name", "a host needs a name")
                .help("write `host \"NAME\" os=\"linux\" { user \"NAME\" }`"),
        );
    }
    for name in names {
        if !plain(&name.value) {
            diags.push(
                Diagnostic::error(
                    "bad-structure",
                    name.span,
                    "not a host's name",
                    format!("`{}` cannot name a host", name.value),
                )
                .help("use letters, digits, `-`, `_` and `.`"),
            );
            continue;
        }
        let first = structure.hosts.iter().find(|host| host.facts.name == name.value);
        if let Some(span) = first.and_then(|host| host.span) {
            diags.push(duplicate("host", &name, span));
            continue;
        }
        let mut facts = HostFacts { name: name.value.clone(), ..HostFacts::default() };
        let here = *machine.host.name == *name.value;
        if here {
            facts = machine.host.clone();
        }
        host_facts(node, &mut facts, diags);
        if facts.os.is_none() {
            diags.push(
                Diagnostic::error(
                    "host-without-os",
                    name.span,
                    "not this machine",
                    format!("the system of the host `{}` is not known", name.value),
                )
                .help("say `os=\"linux\"` or `os=\"darwin\"`"),
            );
        }
        let mut users = Vec::new();
        let mut nodes = Vec::new();
        for child in node.children() {
            match &*child.name.value {
                "user" => user(child, here, machine, &facts, &mut users, diags),
                "tags" => {}
                "import" | "module" | "host" | "option" | "target" => diags.push(Diagnostic::error(
                    "bad-structure",
                    child.name.span,
                    "inside a host",
                    format!("`{}` does not stand inside a host", child.name.value),
                ).help("move it to the top level")),
                _ => nodes.push(child.clone()),
            }
        }
        structure.hosts.push(Host { facts, nodes, users, span: Some(name.span) });
    }
}

fn host_facts(node: &Node, facts: &mut HostFacts, diags: &mut Diagnostics) {
    const KNOWN: &[&str] = &["os", "distro", "arch", "wsl", "tags"];
    let mut tags = Vec::new();
    for (name, entry) in node.props() {
        match (&*name.value, &entry.value.data) {
            ("os", Scalar::String(os)) => {
                if !SYSTEMS.contains(&&**os) {
                    let known = SYSTEMS.join(", ");
                    let help = match (&**os, nearest(os, SYSTEMS.iter().copied())) {
                        ("macos" | "mac" | "osx" | "macOS" | "Darwin", _) => "macOS is `os=\"darwin\"`".to_owned(),
                        ("nixos" | "debian" | "ubuntu" | "arch" | "fedora" | "wsl", _) => format!("write `os=\"linux\" distro=\"{os}\"`"),
                        (_, Some(near)) => format!("did you mean `os=\"{near}\"`?"),
                        _ => format!("it is one of {known}"),
                    };
                    diags.push(Diagnostic::error("not-in-enum", entry.value.span, "not a system", format!("`os` expects one of {known}, found `{os}`")).help(help));
                }
                facts.os = Some(os.clone());
            }
            ("distro", Scalar::String(text)) => facts.distro = Some(text.clone()),
            ("arch", Scalar::String(text)) => facts.arch = Some(text.clone()),
            ("wsl", Scalar::Bool(value)) => facts.wsl = *value,
            ("tags", Scalar::String(text)) => tags.push(text.clone()),
            ("wsl", other) => diags.push(wrong(entry, "wsl", "bool", other, "write `wsl=#true`")),
            (known, other) if KNOWN.contains(&known) => {
                diags.push(wrong(entry, known, "string", other, "put it in quotes"));
            }
            (other, _) => diags.push(
                Diagnostic::error("unknown-property", name.span, "not a fact", format!("a host has no fact `{other}`"))
                    .help(match nearest(other, KNOWN.iter().copied()) {
                        Some(near) => format!("did you mean `{near}`?"),
                        None => format!("the facts are {}; options stand in the block", KNOWN.join(", ")),
                    }),
            ),
        }
    }
    for child in node.children().iter().filter(|child| &*child.name.value == "tags") {
        for entry in &child.entries {
            match (&entry.name, &entry.value.data) {
                (None, Scalar::String(text)) => tags.push(text.clone()),
                (_, other) => diags.push(wrong(entry, "tags", "strings", other, "write `tags \"laptop\" \"work\"`")),
            }
        }
    }
    if !tags.is_empty() {
        facts.tags = tags;
    }
}

fn wrong(entry: &Entry, name: &str, expected: &str, found: &Scalar, help: &str) -> Diagnostic {
    Diagnostic::error("wrong-type", entry.span, format!("expected {expected}"), format!("`{name}` expects {expected}, found {}", found.kind())).help(help)
}

fn user(
    node: &Node,
    here: bool,
    machine: &Machine,
    host: &HostFacts,
    users: &mut Vec<User>,
    diags: &mut Diagnostics,
) {
    let names: Vec<Name> = (0..node.args().count()).filter_map(|at| text_arg(node, at)).collect();
    if names.is_empty() {
        diags.push(
            Diagnostic::error("bad-structure", node.name.span, "without a name", "a user needs a name")
                .help("write `user \"NAME\"`"),
        );
    }
    for name in names {
        if !plain(&name.value) {
            diags.push(Diagnostic::error("bad-structure", name.span, "not a login name", format!("`{}` cannot name a user", name.value)).help("use letters, digits, `-`, `_` and `.`"));
            continue;
        }
        if let Some(first) = users.iter().find(|user| user.facts.name == name.value) {
            diags.push(duplicate("user", &name, first.span));
            continue;
        }
        let home = match host.os.as_deref() {
            Some("darwin") => format!("/Users/{}", name.value),
            _ if &*name.value == "root" => "/root".to_owned(),
            _ => format!("/home/{}", name.value),
        };
        let mut facts = UserFacts { name: name.value.clone(), home: home.into(), uid: None };
        if here && machine.user.name == name.value {
            facts = machine.user.clone();
        }
        for (key, entry) in node.props() {
            match (&*key.value, &entry.value.data) {
                ("home", Scalar::String(home)) if home.starts_with('/') && !home.contains("/../") => {
                    facts.home = home.trim_end_matches('/').into();
                }
                ("home", Scalar::String(home)) => diags.push(
                    Diagnostic::error("wrong-type", entry.value.span, "not absolute", format!("`home` expects an absolute path, found `{home}`"))
                        .help(format!("write `home=\"/home/{}\"`", name.value)),
                ),
                ("uid", Scalar::Int(uid)) => facts.uid = i64::try_from(*uid).ok(),
                ("home", other) => diags.push(wrong(entry, "home", "string", other, "write the path in quotes")),
                ("uid", other) => diags.push(wrong(entry, "uid", "int", other, "write the number")),
                (other, _) => diags.push(
                    Diagnostic::error("unknown-property", key.span, "not a fact", format!("a user has no fact `{other}`"))
                        .help("the facts are home, uid; options stand in the block"),
                ),
            }
        }
        users.push(User { facts, nodes: node.children().to_vec(), span: name.span });
    }
}

fn plain(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(['-', '.'])
        && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.'))
}

/// Whether a `when` over facts holds; what cannot be a guard is said by [`check_guard`].
pub fn holds(when: &Node, host: &HostFacts, user: Option<&UserFacts>) -> bool {
    when.props().filter(|(name, _)| &*name.value != "expr").all(|(name, entry)| {
        let is = |fact: Option<&str>| match &entry.value.data {
            Scalar::String(text) => fact == Some(&**text),
            _ => false,
        };
        match &*name.value {
            "host" => is(Some(&host.name)),
            "user" => is(user.map(|user| &*user.name)),
            "uid" => match (&entry.value.data, user.and_then(|user| user.uid)) {
                (Scalar::Int(said), Some(uid)) => *said == i128::from(uid),
                _ => false,
            },
            "os" => is(host.os.as_deref()),
            "distro" => is(host.distro.as_deref()),
            "arch" => is(host.arch.as_deref()),
            "wsl" => entry.value.data == Scalar::Bool(host.wsl),
            "tag" => host.tags.iter().any(|tag| is(Some(tag))),
            _ => true,
        }
    })
}

/// Says what is wrong with a `when`'s properties.
pub fn check_guard(when: &Node, diags: &mut Diagnostics) {
    for (name, entry) in when.props() {
        let (expected, ok) = match (&*name.value, &entry.value.data) {
            ("expr", data) => ("an expression in quotes", matches!(data, Scalar::String(_))),
            ("wsl", data) => ("bool", matches!(data, Scalar::Bool(_))),
            ("uid", data) => ("int", matches!(data, Scalar::Int(_))),
            (guard, data) if GUARDS.contains(&guard) => ("string", matches!(data, Scalar::String(_))),
            (other, _) => {
                let known = GUARDS.iter().copied().chain(["expr"]);
                let help = match nearest(other, known) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("the facts are {}; for options write `when expr=\"...\"`", GUARDS.join(", ")),
                };
                diags.push(Diagnostic::error("unknown-property", name.span, "not a fact", format!("`when` knows no fact `{other}`")).help(help));
                continue;
            }
        };
        if !ok {
            diags.push(wrong(entry, &name.value, expected, &entry.value.data, if expected == "bool" { "write `#true` or `#false`" } else { "put it in quotes" }));
        }
    }
    for entry in when.args() {
        diags.push(
            Diagnostic::error("bad-structure", entry.span, "an argument", "`when` takes properties, not arguments")
                .help("write `when os=\"darwin\" { ... }` or `when expr=\"...\" { ... }`"),
        );
    }
    if when.entries.is_empty() {
        diags.push(
            Diagnostic::error("bad-structure", when.name.span, "without a condition", "`when` needs a condition")
                .help("write `when os=\"darwin\" { ... }` or `when expr=\"...\" { ... }`"),
        );
    }
}

/// Whether an expression is part of the guard.
pub fn expression(when: &Node) -> Option<&Entry> {
    when.prop("expr")
}

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
    pub fn layers<'a>(&'a self, host: &'a Host, user: Option<&'a User>, diags: &mut Diagnostics) -> Vec<Layer<'a>> {
        let facts = (&host.facts, user.map(|user| &user.facts));
        let mut order: Vec<(&str, Option<Span>)> = Vec::new();
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
            if !order.iter().any(|(used, _)| *used == &**name) {
                layers.push(Layer { nodes: &module.nodes, by_user: None, live: false });
            }
        }
        layers
    }

    fn modules_of<'a>(&'a self, order: &[(&str, Option<Span>)], from: usize) -> Vec<Layer<'a>> {
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
        order: &mut Vec<(&'a str, Option<Span>)>,
        stack: &mut Vec<(&'a str, Span)>,
        diags: &mut Diagnostics,
    ) {
        for node in nodes {
            match &*node.name.value {
                "when" if expression(node).is_none() && holds(node, facts.0, facts.1) => {
                    self.uses(node.children(), facts, by_user, order, stack, diags);
                }
                "use" => {
                    for entry in &node.entries {
                        let Scalar::String(name) = &entry.value.data else { continue };
                        let Some((name, module)) = self.modules.get_key_value(name) else { continue };
                        if stack.iter().any(|(own, _)| **own == **name) {
                            let mut problem = Diagnostic::error(
                                "cyclic-use",
                                entry.span,
                                "closes the circle",
                                format!("the module `{name}` uses itself"),
                            );
                            let start = stack.iter().position(|(own, _)| **own == **name).unwrap_or(0);
                            for (_, span) in stack.iter().skip(start + 1) {
                                problem = problem.also(*span, "on the way");
                            }
                            diags.push(problem.help("take one of the `use` out"));
                            continue;
                        }
                        if order.iter().any(|(used, _)| **used == **name) || stack.len() > 100 {
                            continue;
                        }
                        stack.push((name, entry.span));
                        self.uses(&module.nodes, facts, by_user, order, stack, diags);
                        stack.pop();
                        if !order.iter().any(|(used, _)| **used == **name) {
                            order.push((name, by_user));
                        }
                    }
                }
                _ => {}
            }
        }
    }
}

/// Every `use` names a module, also where no host takes it.
fn uses_exist(structure: &Structure, diags: &mut Diagnostics) {
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

fn check_uses(nodes: &[Node], in_expr: bool, structure: &Structure, diags: &mut Diagnostics) {
    for node in nodes {
        match &*node.name.value {
            "when" => {
                let in_expr = in_expr || expression(node).is_some();
                check_uses(node.children(), in_expr, structure, diags);
            }
            "use" => {
                if in_expr {
                    diags.push(
                        Diagnostic::error("bad-structure", node.name.span, "under an expression", "`use` stands under a `when` over facts, not over an expression")
                            .help("guard the definitions inside the module instead"),
                    );
                }
                for entry in &node.entries {
                    let problem = match (&entry.name, &entry.value.data) {
                        (None, Scalar::String(name)) if structure.modules.contains_key(name) => continue,
                        (None, Scalar::String(name)) => {
                            let names = structure.modules.keys().map(|name| &**name);
                            Diagnostic::error("unknown-module", entry.span, "no module of this name", format!("there is no module `{name}`"))
                                .maybe_help(nearest(name, names).map(|near| format!("did you mean `{near}`?")))
                        }
                        _ => Diagnostic::error("wrong-type", entry.span, "expected a name", "`use` takes the names of modules"),
                    };
                    diags.push(problem);
                }
            }
            _ => {}
        }
    }
}
