//! Conditions over facts.

use crate::diag::{Diagnostic, Diagnostics, nearest};
use crate::eval::facts::{GUARDS, HostFacts, UserFacts};
use crate::syntax::tree::{Entry, Node, Scalar};

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
            (guard, data) if GUARDS.contains(&guard) => {
                ("string", matches!(data, Scalar::String(_)))
            }
            (other, _) => {
                let known = GUARDS.iter().copied().chain(["expr"]);
                let help = match nearest(other, known) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!(
                        "the facts are {}; for options write `when expr=\"...\"`",
                        GUARDS.join(", ")
                    ),
                };
                diags.push(
                    Diagnostic::error(
                        "unknown-property",
                        name.span,
                        "not a fact",
                        format!("`when` knows no fact `{other}`"),
                    )
                    .help(help),
                );
                continue;
            }
        };
        if !ok {
            diags.push(wrong(
                entry,
                &name.value,
                expected,
                &entry.value.data,
                if expected == "bool" { "write `#true` or `#false`" } else { "put it in quotes" },
            ));
        }
    }
    for entry in when.args() {
        diags.push(
            Diagnostic::error(
                "bad-structure",
                entry.span,
                "an argument",
                "`when` takes properties, not arguments",
            )
            .help("write `when os=\"darwin\" { ... }` or `when expr=\"...\" { ... }`"),
        );
    }
    if when.entries.is_empty() {
        diags.push(
            Diagnostic::error(
                "bad-structure",
                when.name.span,
                "without a condition",
                "`when` needs a condition",
            )
            .help("write `when os=\"darwin\" { ... }` or `when expr=\"...\" { ... }`"),
        );
    }
}

/// Whether an expression is part of the guard.
pub fn expression(when: &Node) -> Option<&Entry> {
    when.prop("expr")
}

pub(super) fn wrong(
    entry: &Entry,
    name: &str,
    expected: &str,
    found: &Scalar,
    help: &str,
) -> Diagnostic {
    Diagnostic::error(
        "wrong-type",
        entry.span,
        format!("expected {expected}"),
        format!("`{name}` expects {expected}, found {}", found.kind()),
    )
    .help(help)
}
