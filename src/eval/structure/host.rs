//! Hosts and users, and what is known of them.

use super::guard::wrong;
use super::{Host, Structure, User, duplicate};
use crate::diag::{Diagnostic, Diagnostics, nearest};
use crate::eval::facts::{HostFacts, Machine, SYSTEMS, UserFacts};
use crate::schema::declare::text_arg;
use crate::syntax::tree::{Name, Node, Scalar};
use crate::value::quote;

pub(super) fn host(
    node: &Node,
    machine: &Machine,
    structure: &mut Structure,
    diags: &mut Diagnostics,
) {
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
            Diagnostic::error(
                "bad-structure",
                node.name.span,
                "without a name",
                "a host needs a name",
            )
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
                "import" | "module" | "host" | "option" | "target" => diags.push(
                    Diagnostic::error(
                        "bad-structure",
                        child.name.span,
                        "inside a host",
                        format!("`{}` does not stand inside a host", child.name.value),
                    )
                    .help("move it to the top level"),
                ),
                _ => nodes.push(child.clone()),
            }
        }
        structure.hosts.push(Host { facts, nodes, users, span: Some(name.span) });
    }
}

pub(super) fn host_facts(node: &Node, facts: &mut HostFacts, diags: &mut Diagnostics) {
    const KNOWN: &[&str] = &["os", "distro", "arch", "wsl", "tags"];
    let mut tags = Vec::new();
    for (name, entry) in node.props() {
        match (&*name.value, &entry.value.data) {
            ("os", Scalar::String(os)) => {
                if !SYSTEMS.contains(&&**os) {
                    let span = entry.value.span;
                    let what = format!("`os` expects one of {}; found `{os}`", SYSTEMS.join(", "));
                    let problem = Diagnostic::error("not-in-enum", span, "not a system", what);
                    diags.push(match &*os.to_lowercase() {
                        "macos" | "mac" | "osx" | "mac os" | "macosx" => {
                            problem.help("macOS is `\"darwin\"`").fix(span, "\"darwin\"")
                        }
                        "windows" | "win" | "wsl" => {
                            problem.help("inside Windows write `os=\"linux\" wsl=#true`")
                        }
                        "nixos" | "debian" | "ubuntu" | "arch" | "fedora" | "alpine" | "suse"
                        | "opensuse" | "void" | "gentoo" | "rhel" | "centos" => {
                            let linux = format!("\"linux\" distro={}", quote(&os.to_lowercase()));
                            problem.help(format!("write `os={linux}`")).fix(span, linux)
                        }
                        lower => {
                            problem.meant(span, nearest(lower, SYSTEMS.iter().copied()).map(quote))
                        }
                    });
                    // What was meant goes on, so that nothing else is said about this host.
                    let lower = os.to_lowercase();
                    let near = nearest(&lower, SYSTEMS.iter().copied());
                    facts.os = Some(match &*lower {
                        "macos" | "mac" | "osx" | "mac os" | "macosx" => "darwin".into(),
                        _ => near.unwrap_or("linux").into(),
                    });
                    continue;
                }
                facts.os = Some(os.clone());
            }
            ("distro", Scalar::String(text)) => facts.distro = Some(text.clone()),
            ("arch", Scalar::String(text)) => facts.arch = Some(text.clone()),
            ("wsl", Scalar::Bool(value)) => facts.wsl = *value,
            ("tags", Scalar::String(text)) => tags.push(text.clone()),
            ("wsl", _) => diags.push(wrong(entry, "wsl", "bool")),
            (known, _) if KNOWN.contains(&known) => diags.push(wrong(entry, known, "string")),
            (other, _) => diags.push(
                Diagnostic::error(
                    "unknown-property",
                    name.span,
                    "not a fact",
                    format!("a host has no fact `{other}`"),
                )
                .help(match (other, &entry.value.data) {
                    ("user" | "users", Scalar::String(text)) => {
                        format!("a user stands in the block: `{{ user {} }}`", quote(text))
                    }
                    ("name" | "hostname", Scalar::String(text)) => {
                        format!("the name is the argument: `host {}`", quote(text))
                    }
                    ("system" | "platform", Scalar::String(text)) => match text.split_once('-') {
                        // As Nix writes it: `x86_64-linux`.
                        Some((arch, os)) => {
                            format!("write `os={} arch={}`", quote(os), quote(arch))
                        }
                        None => "write `os=\"linux\"` or `os=\"darwin\"`".to_owned(),
                    },
                    _ => format!("the facts are {}; options stand in the block", KNOWN.join(", ")),
                })
                .meant(
                    name.span,
                    nearest(other, KNOWN.iter().copied())
                        .filter(|_| !matches!(other, "user" | "users" | "name" | "hostname")),
                ),
            ),
        }
    }
    for child in node.children().iter().filter(|child| &*child.name.value == "tags") {
        for entry in &*child.entries {
            match (&entry.name, &entry.value.data) {
                (None, Scalar::String(text)) => tags.push(text.clone()),
                (None, _) => diags.push(wrong(entry, "tags", "string")),
                (Some(name), _) => diags.push(
                    Diagnostic::error(
                        "bad-structure",
                        name.span,
                        "a property",
                        "`tags` takes words, found a property",
                    )
                    .help("write `tags \"laptop\" \"work\"`"),
                ),
            }
        }
    }
    if !tags.is_empty() {
        facts.tags = tags;
    }
}

pub(super) fn user(
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
            Diagnostic::error(
                "bad-structure",
                node.name.span,
                "without a name",
                "a user needs a name",
            )
            .help("write `user \"NAME\"`"),
        );
    }
    for name in names {
        if !plain(&name.value) {
            diags.push(
                Diagnostic::error(
                    "bad-structure",
                    name.span,
                    "not a login name",
                    format!("`{}` cannot name a user", name.value),
                )
                .help("use letters, digits, `-`, `_` and `.`"),
            );
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
                ("home", Scalar::String(home))
                    if home.starts_with('/') && !home.contains("/../") =>
                {
                    facts.home = home.trim_end_matches('/').into();
                }
                ("home", Scalar::String(home)) => diags.push(
                    Diagnostic::error(
                        "wrong-type",
                        entry.value.span,
                        "not absolute",
                        format!("`home` expects an absolute path, found `{home}`"),
                    )
                    .write(entry.value.span, quote(&facts.home)),
                ),
                ("uid", Scalar::Int(uid)) => facts.uid = i64::try_from(uid.get()).ok(),
                ("home", _) => diags.push(wrong(entry, "home", "string")),
                ("uid", _) => diags.push(wrong(entry, "uid", "int")),
                (other, _) => diags.push(
                    Diagnostic::error(
                        "unknown-property",
                        key.span,
                        "not a fact",
                        format!("a user has no fact `{other}`"),
                    )
                    .help("the facts are home, uid; options stand in the block")
                    .meant(key.span, nearest(other, ["home", "uid"])),
                ),
            }
        }
        users.push(User { facts, nodes: node.children().to_vec(), span: name.span });
    }
}

pub(super) fn plain(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(['-', '.'])
        && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.'))
}
