//! Conditions over facts.

use crate::diag::{Diagnostic, Diagnostics, Span, nearest};
use crate::eval::facts::{GUARDS, HostFacts, SYSTEMS, UserFacts};
use crate::syntax::tree::{Entry, Node, Scalar};
use crate::value::quote;

/// Whether a `when` over facts holds; what cannot be a guard is said by [`check_guard`].
pub fn holds(when: &Node, host: &HostFacts, user: Option<&UserFacts>) -> bool {
    holds_where(when, host, user, |_| true)
}

/// Whether all of a `when` holds but for what it asks of a user.
pub fn holds_for_host(when: &Node, host: &HostFacts) -> bool {
    holds_where(when, host, None, |name| !OF_USERS.contains(&name))
}

/// Where a `when` asks for a user.
pub fn asks_for_user(when: &Node) -> Option<Span> {
    when.props().find(|(name, _)| OF_USERS.contains(&&*name.value)).map(|(_, entry)| entry.span)
}

/// The facts of a user.
const OF_USERS: &[&str] = &["user", "uid"];

fn holds_where(
    when: &Node,
    host: &HostFacts,
    user: Option<&UserFacts>,
    counts: impl Fn(&str) -> bool,
) -> bool {
    when.props().filter(|(name, _)| counts(&name.value)).all(|(name, entry)| {
        let is = |fact: Option<&str>| match &entry.value.data {
            Scalar::String(text) => fact == Some(&**text),
            _ => false,
        };
        match &*name.value {
            "host" => is(Some(&host.name)),
            "user" => is(user.map(|user| &*user.name)),
            "uid" => match (&entry.value.data, user.and_then(|user| user.uid)) {
                (Scalar::Int(said), Some(uid)) => said.get() == i128::from(uid),
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
                let bare = other.strip_prefix("host.").or_else(|| other.strip_prefix("user."));
                let near = match (bare, &entry.value.data) {
                    (Some("name"), _) => other.split('.').next(),
                    (Some("tags"), _) => Some("tag"),
                    (Some(bare), _) if GUARDS.contains(&bare) => Some(bare),
                    (_, Scalar::String(text)) if SYSTEMS.contains(&&**text) => Some("os"),
                    _ => nearest(other, known),
                };
                diags.push(
                    Diagnostic::error(
                        "unknown-property",
                        name.span,
                        "not a fact",
                        format!("`when` knows no fact `{other}`"),
                    )
                    .help(format!(
                        "the facts are {}; for options write `when expr=\"...\"`",
                        GUARDS.join(", ")
                    ))
                    .meant(name.span, near),
                );
                continue;
            }
        };
        if !ok {
            diags.push(wrong(entry, &name.value, expected));
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
            .help(match &entry.value.data {
                Scalar::String(text) if SYSTEMS.contains(&&**text) => {
                    format!("write `when os={} {{ ... }}`", quote(text))
                }
                Scalar::String(text) if text.contains(['.', ' ', '(']) => {
                    format!("write `when expr={} {{ ... }}`", quote(text))
                }
                _ => "write `when os=\"darwin\" { ... }` or `when expr=\"...\" { ... }`".to_owned(),
            }),
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

/// A fact with a value of another type, and the value that was meant.
pub(super) fn wrong(entry: &Entry, name: &str, expected: &str) -> Diagnostic {
    let found = entry.value.data.data();
    let span = entry.value.span;
    let problem = Diagnostic::error(
        "wrong-type",
        span,
        format!("expected {expected}"),
        format!("`{name}` expects {expected}, found {}", found.describe()),
    );
    match (expected, &entry.value.data) {
        ("bool", Scalar::String(text)) if matches!(&**text, "true" | "yes" | "on" | "1") => {
            problem.write(span, "#true")
        }
        ("bool", Scalar::String(text)) if matches!(&**text, "false" | "no" | "off" | "0") => {
            problem.write(span, "#false")
        }
        ("bool", _) => problem.help("write `#true` or `#false`"),
        ("string", Scalar::Int(_) | Scalar::Float(_)) => problem.write(span, quote(&found.plain())),
        ("int", Scalar::String(text)) if text.parse::<i64>().is_ok() => {
            problem.write(span, &**text)
        }
        ("int", _) => problem.help("write a number"),
        _ => problem.help(format!("write `{name}=\"...\"`")),
    }
}
