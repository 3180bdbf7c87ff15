//! What went wrong in an expression or a template, in hcc's words and at its own place.

use minijinja::value::ValueKind;
use minijinja::{Error, ErrorKind, Value as Jinja};

use super::collect::Shared;
use super::filters;
use crate::diag::{Diagnostic, Sources, Span, nearest};
use crate::value::short;

/// The facts of a host, a user and the folders of a user.
pub const FACTS: &[(&str, &[&str])] = &[
    ("host", &["name", "os", "distro", "arch", "wsl", "tags"]),
    ("user", &["name", "home", "uid"]),
    ("xdg", &["config", "data", "state", "cache"]),
];

/// The place of a part inside the text that holds it, if it stands there as it is.
pub fn narrowed(part: &str, span: Span, sources: &Sources) -> Span {
    match sources.slice(span).find(part) {
        Some(at) if !part.is_empty() => {
            let start = span.start as usize + at;
            Span::new(span.source, start, start + part.len())
        }
        _ => span,
    }
}

/// The place of a name in the part of a text that holds it.
pub fn narrowed_in(name: &str, part: &str, span: Span, sources: &Sources) -> Span {
    narrowed(name, narrowed(part, span, sources), sources)
}

/// What an expression that could not be computed is about.
pub fn explain(error: &Error, text: &str, span: Span, shared: &Shared) -> Diagnostic {
    let place = narrowed(text, span, &shared.sources);
    let part = error.range().and_then(|range| text.get(range)).unwrap_or("").trim();
    let at = narrowed_in(part, text, span, &shared.sources);
    if error.kind() == ErrorKind::UndefinedError {
        // A filter that was handed nothing is marked itself: what stands before it is meant.
        let before = error.range().and_then(|range| text.get(..range.start));
        let before = before.and_then(|text| text.trim_end().strip_suffix('|')).map(str::trim);
        let part = before.unwrap_or(if part.is_empty() { text } else { part });
        return undefined(part, span, shared);
    }
    let (label, message, help) = fault(error, text);
    let at = match error.kind() {
        ErrorKind::SyntaxError | ErrorKind::OutOfFuel => place,
        _ if part.is_empty() => place,
        _ => at,
    };
    match unknown_word(error) {
        Some((what, name, near)) => {
            let at = narrowed_in(name, text, span, &shared.sources);
            unknown(what, name, near, at, at != span)
        }
        None => Diagnostic::error("bad-expression", at, label, message).maybe_help(help),
    }
}

fn unknown(
    what: &str,
    name: &str,
    near: Option<&'static str>,
    at: Span,
    narrow: bool,
) -> Diagnostic {
    let problem = Diagnostic::error(
        "bad-expression",
        at,
        format!("no {what} of this name"),
        format!("there is no {what} `{name}`"),
    );
    match near {
        Some(near) if narrow => problem.meant(at, Some(near)),
        Some(near) => problem.help(format!("did you mean `{near}`?")),
        None if what == "filter" => {
            problem.help(format!("the filters are {}", filters::NAMES.join(", ")))
        }
        None => problem,
    }
}

/// "filter NAME is unknown" and its kin: what it is, the name, and the nearest one.
fn unknown_word(error: &Error) -> Option<(&'static str, &str, Option<&'static str>)> {
    let detail = error.detail()?;
    let (what, name) = match error.kind() {
        ErrorKind::UnknownFilter => {
            ("filter", detail.strip_prefix("filter ")?.strip_suffix(" is unknown")?)
        }
        ErrorKind::UnknownTest => {
            ("test", detail.strip_prefix("test ")?.strip_suffix(" is unknown")?)
        }
        ErrorKind::UnknownFunction => ("function", detail.strip_suffix(" is unknown")?),
        _ => return None,
    };
    let known = if what == "filter" { filters::NAMES } else { &[] };
    Some((what, name, nearest(name, known.iter().copied())))
}

/// Label, message and help of an error that is not about a name.
fn fault(error: &Error, text: &str) -> (&'static str, String, Option<String>) {
    let detail = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
    match error.kind() {
        ErrorKind::OutOfFuel => (
            "does not end",
            "the expression takes too long".to_owned(),
            Some("a loop in it may never end".to_owned()),
        ),
        ErrorKind::SyntaxError => (
            "cannot be read",
            format!("`{}` is not an expression: {detail}", short(text)),
            Some(hint(text).to_owned()),
        ),
        ErrorKind::InvalidOperation if detail.starts_with("tried to use ") => {
            let detail = detail
                .trim_start_matches("tried to use ")
                .replace(" operator on unsupported types ", "` does not take ");
            let help = detail
                .starts_with('+')
                .then(|| "texts are joined with `~`, numbers added with `+`".to_owned());
            ("cannot be computed", format!("in `{}`, `{detail}", short(text)), help)
        }
        _ => ("cannot be computed", format!("in `{}`: {detail}", short(text)), None),
    }
}

/// What to write where somebody wrote another language.
fn hint(text: &str) -> &'static str {
    let bytes = text.as_bytes();
    let around = |at: usize| {
        (at.checked_sub(1).and_then(|at| bytes.get(at)).copied(), bytes.get(at + 1).copied())
    };
    let lone = |sign: u8, beside: &[u8]| {
        bytes.iter().enumerate().any(|(at, byte)| {
            let (before, after) = around(at);
            *byte == sign
                && ![before, after].into_iter().flatten().any(|other| beside.contains(&other))
        })
    };
    if text.contains("&&") {
        "write `and` for `&&`"
    } else if text.contains("||") {
        "write `or` for `||`"
    } else if text.contains(" ? ") {
        "write `A if CONDITION else B`"
    } else if lone(b'=', b"=!<>") {
        "two values are compared with `==`"
    } else if bytes.iter().enumerate().any(|(at, byte)| *byte == b'!' && around(at).1 != Some(b'='))
    {
        "write `not` for `!`"
    } else if text.contains("${") {
        "write names as they are, without `${}`"
    } else {
        "names use `_` for `-`; texts stand in quotes: `host.os == 'darwin'`"
    }
}

/// A tag of templates in an `(f)` text, which would stay as it stands.
pub fn tag(tag: &str, span: Span, shared: &Shared) -> Diagnostic {
    Diagnostic::error(
        "bad-expression",
        narrowed(tag, span, &shared.sources),
        "not known here",
        format!("`(f)` fills in `{{{{ }}}}` alone, found `{}`", short(tag)),
    )
    .help("write `{{ 'a' if x else 'b' }}`; tags stand in a template: `(template)\"name.j2\"`")
}

/// A name, or a way of names, that has no value.
pub fn undefined(expr: &str, span: Span, shared: &Shared) -> Diagnostic {
    let at = narrowed(expr, span, &shared.sources);
    if let Some((first, field)) = expr.split_once('.')
        && let Some((_, fields)) = FACTS.iter().find(|(name, _)| *name == first)
    {
        return fact(first, field, fields, at, shared);
    }
    Diagnostic::error(
        "undefined-name",
        at,
        "has no value",
        format!("`{}` has no value", short(expr)),
    )
    .help("give a value for this case: `... | default('x')`")
}

/// A fact that is not known, or that there is not.
pub fn fact(first: &str, field: &str, fields: &[&str], at: Span, shared: &Shared) -> Diagnostic {
    if !fields.contains(&field) {
        // `host.hostname`, `user.username`
        let bare =
            field.strip_prefix(first).map(|rest| rest.trim_start_matches('_')).unwrap_or(field);
        let near = fields
            .iter()
            .find(|own| **own == bare)
            .copied()
            .or_else(|| nearest(field, fields.iter().copied()));
        return Diagnostic::error(
            "undefined-name",
            at,
            "no such fact",
            format!("`{first}` has no fact `{field}`"),
        )
        .help(format!("it has {}", fields.join(", ")))
        .meant(at, near.map(|near| format!("{first}.{near}")));
    }
    let host = &shared.host.name;
    let (whose, sample) = match (first, field) {
        ("user", _) => {
            let name = shared.user.as_ref().map_or("", |user| &user.name);
            (format!("user `{name}` of the host `{host}`"), format!("user \"{name}\" {field}=1000"))
        }
        (_, "arch") => (format!("host `{host}`"), format!("host \"{host}\" arch=\"x86_64\"")),
        (_, "distro") => (format!("host `{host}`"), format!("host \"{host}\" distro=\"debian\"")),
        _ => (format!("host `{host}`"), format!("host \"{host}\" {field}=\"...\"")),
    };
    let mut problem = Diagnostic::error(
        "unknown-fact",
        at,
        "not known",
        format!("the {field} of the {whose} is not known"),
    );
    let said = shared.structure.hosts.iter().find(|own| own.facts.name == shared.host.name);
    let user = said.and_then(|own| {
        own.users
            .iter()
            .find(|user| Some(&user.facts.name) == shared.user.as_ref().map(|user| &user.name))
    });
    let place = match first {
        "user" => user.map(|user| user.span),
        _ => said.and_then(|own| own.span),
    };
    if let Some(place) = place {
        problem = problem.also(place, format!("without `{field}`"));
    }
    problem.help(format!("say it: `{sample}`"))
}

/// An option of the machine that depends on one of a user.
pub fn of_a_user(name: &str, text: &str, span: Span, shared: &Shared) -> Diagnostic {
    Diagnostic::error(
        "user-option-in-system",
        narrowed_in(name, text, span, &shared.sources),
        "a user's",
        format!("`{name}` belongs to a user, and the machine has several: its options cannot depend on it"),
    )
    .help("say it without this, or under a `when` over facts of the host")
}

/// A value that is no text, in a text.
pub fn unprintable(value: &Jinja, expr: &str, span: Span, shared: &Shared) -> Diagnostic {
    let at = narrowed(expr, span, &shared.sources);
    let (what, help) = match value.kind() {
        ValueKind::None => (
            "`#null`",
            Some(format!("say what stands for it: `{{{{ {expr} | default('', true) }}}}`")),
        ),
        ValueKind::Bool => (
            "a bool",
            Some(format!(
                "say how: `{{{{ 'yes' if {expr} else 'no' }}}}`, or `{{{{ {expr} | onoff }}}}`"
            )),
        ),
        ValueKind::Seq | ValueKind::Iterable => {
            ("a list", Some(format!("say how: `{{{{ {expr} | join(' ') }}}}`")))
        }
        _ => (
            "an object",
            Some(format!("name one of its keys, or write it as JSON: `{{{{ {expr} | json }}}}`")),
        ),
    };
    Diagnostic::error(
        "bad-expression",
        at,
        what,
        format!("`{}` is {what}, which a text cannot hold as it is", short(expr)),
    )
    .maybe_help(help)
}

/// A template that cannot be rendered: its own place first, if its text is known.
pub fn template(error: &Error, path: &str, text: &str, span: Span, shared: &Shared) -> Diagnostic {
    let range = error.range().filter(|range| text.get(range.clone()).is_some());
    let part = range.clone().and_then(|range| text.get(range)).unwrap_or("").trim();
    let own = shared.templates.get(path).copied();
    let at = match (own, range) {
        (Some(id), Some(range)) => Span::new(id, range.start, range.end),
        _ => span,
    };
    let mut problem = match error.kind() {
        ErrorKind::UndefinedError => Diagnostic { fix: None, ..undefined(part, at, shared) },
        _ => match unknown_word(error) {
            Some((what, name, near)) => {
                unknown(what, name, near, narrowed(name, at, &shared.sources), false)
            }
            None => {
                let detail = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
                let detail = match error.kind() {
                    ErrorKind::OutOfFuel => {
                        "it takes too long; a loop in it may never end".to_owned()
                    }
                    _ => detail,
                };
                Diagnostic::error(
                    "bad-template",
                    at,
                    "here",
                    format!("the template cannot be rendered: {detail}"),
                )
            }
        },
    };
    problem.code = "bad-template";
    if own.is_none() {
        let line = error.line().map_or_else(String::new, |line| format!(" line {line}"));
        problem.message = format!("{} (`{path}`{line})", problem.message);
    } else if at != span {
        problem = problem.also(span, "rendered for this");
    }
    problem
}
