//! What a file holds: a value in a format, a text, a source, a link.

use std::sync::Arc;

use camino::Utf8Path;
use ecow::EcoString;
use indexmap::IndexMap;

use super::{Statement, origins};
use crate::diag::{Diagnostic, Span, nearest};
use crate::emit::{self, Params, Said};
use crate::eval::Poisoned;
use crate::eval::collect::string;
use crate::ir::{Content, Origins, Path, Value};
use crate::schema::declare::KNOWLEDGE;
use crate::syntax::tree::Node;
use crate::value::{Data, Places, Typed};

/// What a file holds, its text, and where that comes from.
pub struct Body {
    /// As the IR has it.
    pub content: Content,
    /// Its text, for those that have one.
    pub text: EcoString,
    /// The places behind it.
    pub from: Places,
}

/// The same, before it is written.
enum Held {
    Source(Typed),
    Link(EcoString),
    Data(&'static emit::Format, Typed, Params),
    Text(Typed),
}

/// What a file holds; none if that is nothing.
pub fn content(statement: &Statement<'_>, span: Span) -> Result<Option<Body>, Poisoned> {
    Ok(Some(match held(statement, span)? {
        None => return Ok(None),
        Some(Held::Source(source)) => return super::source::body(statement, &source, span),
        Some(Held::Link(to)) => {
            Body { content: Content::Link { to }, text: EcoString::new(), from: Places::new() }
        }
        Some(Held::Data(format, value, params)) => {
            let plain = value.to_ir();
            let text = written(statement, format, (&value, &plain), &params, span)?.text.into();
            let content = Content::Data { format: format.name, params, value: plain };
            Body { content, text, from: deep_origins(&value).into() }
        }
        Some(Held::Text(value)) => {
            let text = text_of(statement, &value)?;
            let content = Content::Text { text: text.clone() };
            Body { content, text, from: value.from }
        }
    }))
}

/// For each line of a file the places behind it; none for what is written by nobody here.
pub fn line_places(statement: &Statement<'_>) -> Result<Option<Vec<Origins>>, Poisoned> {
    let span = statement.node().span;
    Ok(match held(statement, span)? {
        Some(Held::Data(format, value, params)) => {
            let text = written(statement, format, (&value, &value.to_ir()), &params, span)?;
            let places = |path: &Option<Path>| {
                let found = path.as_ref().map(|path| origins(statement.eval, value.origins(path)));
                found.unwrap_or_default()
            };
            let mut lines: Vec<Origins> = text.lines.iter().map(places).collect();
            around(statement, &mut lines)?;
            Some(lines)
        }
        Some(Held::Text(value)) => Some(text_places(statement, &value)),
        Some(Held::Source(_) | Held::Link(_)) | None => None,
    })
}

fn held(statement: &Statement<'_>, span: Span) -> Result<Option<Held>, Poisoned> {
    let empty = statement.flag("empty")?;
    let data = data(statement)?;
    let mut given: Vec<&str> = Vec::new();
    let source = statement.prop("source")?;
    let link = statement.text("link")?;
    let template = statement.prop("template")?;
    let text = match (statement.prop("text")?, &template) {
        (Some(text), _) => Some(text),
        (None, Some(Typed { data: Data::String(path), from, .. })) => {
            // One of the configuration is looked for there, one of a target beside the targets.
            let at = from.iter().copied().find(|at| statement.eval.is_users(at));
            let at = at.or_else(|| from.first().copied()).unwrap_or(statement.node().span);
            let rendered = statement.eval.template(path, at, statement.env)?;
            Some(Typed::at(Data::String(rendered.into()), at))
        }
        (None, _) => None,
    };
    given.extend(source.iter().map(|_| "source"));
    given.extend(link.iter().map(|_| "link"));
    given.extend(
        text.iter()
            .filter(|text| !text.data.is_empty() || empty)
            .map(|_| if template.is_some() { "template" } else { "text" }),
    );
    given.extend(data.iter().filter(|data| !data.1.data.is_empty()).map(|_| "settings"));
    if let [first, second, ..] = given.as_slice() {
        let place = |name: &str| match name {
            "settings" => {
                data.as_ref().and_then(|data| statement.users(&data.1.from)).unwrap_or(span)
            }
            "text" | "template" => {
                text.as_ref().and_then(|text| statement.users(&text.from)).unwrap_or(span)
            }
            other => statement.place_of(other, span),
        };
        let (first_at, second_at) = (place(first), place(second));
        let mut problem = Diagnostic::error(
            "two-contents",
            second_at,
            format!("and `{second}` here"),
            format!("a file holds one thing, found {}", given.join(" and ")),
        );
        if first_at != second_at {
            problem = problem.also(first_at, format!("`{first}` here"));
        }
        statement.eval.push(problem.help("keep one of them"));
        return Err(Poisoned);
    }
    if let Some(source) = source {
        return Ok(Some(Held::Source(source)));
    }
    if let Some(to) = link {
        return Ok(Some(Held::Link(to)));
    }
    if let Some((format, value)) = data {
        // A file that is nothing but its comments still is one if the value is.
        let params = params(statement)?;
        let footed =
            params.all(emit::FOOTER).any(|said| said.args.iter().any(|arg| !arg.is_empty()));
        if !value.data.is_empty() || footed || (empty && text.is_none()) {
            return Ok(Some(Held::Data(format, value, params)));
        }
    }
    let Some(text) = text else {
        let nothing =
            || Typed { data: Data::String(EcoString::new()), from: Places::new(), pieces: None };
        return Ok(empty.then(nothing).map(Held::Text));
    };
    let is_nothing = text_of(statement, &text)?.is_empty() && !empty;
    Ok((!is_nothing).then_some(Held::Text(text)))
}

fn text_of(statement: &Statement<'_>, value: &Typed) -> Result<EcoString, Poisoned> {
    match &value.data {
        Data::String(text) => Ok(text.clone()),
        other => Err(statement.wrong("text", "a text", other)),
    }
}

/// The value or the text that a file is written from.
pub fn behind(statement: &Statement<'_>) -> Result<Option<Typed>, Poisoned> {
    match data(statement)? {
        Some((_, value)) if !value.data.is_empty() => Ok(Some(value)),
        _ => statement.prop("text"),
    }
}

/// For each line of a text the places behind it.
fn text_places(statement: &Statement<'_>, value: &Typed) -> Vec<Origins> {
    let mut lines = Vec::new();
    match &value.pieces {
        Some(pieces) => {
            for (count, span) in pieces.iter() {
                let place = origins(statement.eval, &[*span]);
                lines.extend(std::iter::repeat_n(place, *count));
            }
        }
        None => {
            let place = origins(statement.eval, &value.from);
            let count = value.data.as_str().unwrap_or_default().lines().count();
            lines.extend(std::iter::repeat_n(place, count));
        }
    }
    lines
}

/// The format and the value of `from`, or of all `section`.
fn data(statement: &Statement<'_>) -> Result<Option<(&'static emit::Format, Typed)>, Poisoned> {
    let node = statement.node();
    let Some(name) = statement.text("format")? else {
        without_format(statement)?;
        return Ok(None);
    };
    let Some(format) = emit::find(&name) else {
        let span = statement.place_of("format", node.span);
        let names: Vec<&str> = emit::FORMATS.iter().map(|format| format.name).collect();
        let problem = Diagnostic::error(
            "unknown-format",
            span,
            "no format of this name",
            format!("there is no format `{name}`"),
        );
        statement.eval.push(
            problem
                .help(format!("the formats are {}", names.join(", ")))
                .meant(span, nearest(&name, names.iter().copied()).map(crate::value::quote)),
        );
        return Err(Poisoned);
    };
    let mut value = statement.from(node)?;
    for section in node.children().iter().filter(|child| &*child.name.value == "section") {
        let (Some(key), Some(mut inner)) =
            (section.args().next().and_then(string), statement.from(section)?)
        else {
            continue;
        };
        if let Some((except, _)) = section.prop("except").and_then(string) {
            without(&mut inner, &except);
        }
        if inner.data.is_empty() {
            continue;
        }
        let whole = value.get_or_insert_with(|| Typed {
            data: Data::Map(Arc::default()),
            from: Places::new(),
            pieces: None,
        });
        whole.from.extend_from_slice(&inner.from);
        if let Data::Map(map) = &mut whole.data {
            let map = Arc::make_mut(map);
            // `section ""` spreads its keys over the top.
            match (&*key.0, &inner.data) {
                ("", Data::Map(own)) => {
                    map.extend(own.iter().map(|(key, value)| (key.clone(), value.clone())))
                }
                // A section that is said again adds to what it holds.
                (_, Data::Map(own))
                    if matches!(map.get(&key.0), Some(Typed { data: Data::Map(_), .. })) =>
                {
                    if let Some(Typed { data: Data::Map(first), from, .. }) = map.get_mut(&key.0) {
                        from.extend(inner.from.iter().copied());
                        Arc::make_mut(first)
                            .extend(own.iter().map(|(key, value)| (key.clone(), value.clone())));
                    }
                }
                _ => {
                    map.insert(key.0, inner);
                }
            }
        }
    }
    if let Some(value) = &mut value
        && let Some(Typed { data: Data::String(except), .. }) = statement.prop("except")?
    {
        without(value, &except);
    }
    Ok(value.map(|value| (format, value)))
}

/// Takes keys away.
fn without(value: &mut Typed, except: &str) {
    if let Data::Map(map) = &mut value.data {
        let map = Arc::make_mut(map);
        for key in except.split_whitespace() {
            map.shift_remove(key);
        }
    }
}

/// Settings that nobody knows how to write.
fn without_format(statement: &Statement<'_>) -> Result<(), Poisoned> {
    let Some(value) = statement.from(statement.node())?.filter(|value| !value.data.is_empty())
    else {
        return Ok(());
    };
    let at = statement.users(&value.from).unwrap_or(statement.node().span);
    let path = statement.first_text().map(|(path, _)| path)?;
    let ending = Utf8Path::new(&*path).extension().and_then(|ending| match ending {
        "yml" => Some("yaml"),
        ending => emit::find(ending).map(|format| format.name),
    });
    let help = format!("write `format=\"{}\"` beside the path", ending.unwrap_or("..."));
    statement.eval.push(
        Diagnostic::error(
            "missing-option",
            at,
            "without a `format`",
            format!("the settings of `{path}` need a `format`"),
        )
        .help(help),
    );
    Err(Poisoned)
}

/// A value in its format.
fn written(
    statement: &Statement<'_>,
    format: &'static emit::Format,
    (value, plain): (&Typed, &Value),
    params: &Params,
    span: Span,
) -> Result<emit::Text, Poisoned> {
    match emit::write(format, plain, params) {
        Ok(text) => {
            let around = [emit::HEADER, emit::FOOTER];
            let args = around.iter().flat_map(|name| params.all(name)).flat_map(|said| &said.args);
            match args.into_iter().all(|arg| matches!(arg, Value::String(_))) {
                true => Ok(text),
                false => Err(no_text_around(statement)?),
            }
        }
        Err(faults) => {
            for fault in faults {
                if let Some(name) = fault.param {
                    let said =
                        statement.node().children().iter().find(|child| child.name.value == name);
                    let at = said.map_or(span, |said| said.name.span);
                    statement.eval.push(
                        Diagnostic::error(
                            "bad-parameter",
                            at,
                            format!("a parameter of {}", format.name),
                            fault.message,
                        )
                        .maybe_help(fault.help),
                    );
                    continue;
                }
                let at = value.origins(&fault.path).first().copied().unwrap_or(span);
                // "expects a scalar, found an object" needs a subject.
                let message = match fault.message.starts_with("expects ") {
                    true if fault.path.is_empty() => format!("{} {}", format.name, fault.message),
                    true => format!("`{}` {}", way(&fault.path), fault.message),
                    false => fault.message,
                };
                statement.eval.push(
                    Diagnostic::error(
                        "not-writable",
                        at,
                        match format.name {
                            // Not names that a reader of the configuration has met.
                            "key-value" | "lines" | "shell" => "not possible here".to_owned(),
                            name => format!("not possible in {name}"),
                        },
                        message,
                    )
                    .maybe_help(fault.help),
                );
            }
            Err(Poisoned)
        }
    }
}

/// Says which argument of `header` or `footer` is no text.
fn no_text_around(statement: &Statement<'_>) -> Result<Poisoned, Poisoned> {
    let is_around = |node: &&Node| [emit::HEADER, emit::FOOTER].contains(&&*node.name.value);
    for node in statement.node().children().iter().filter(is_around) {
        for entry in node.args() {
            let value = statement.entry(entry)?;
            let wrong = match &value.data {
                Data::List(items) => items.iter().find(|item| item.data.as_str().is_none()),
                Data::String(_) => None,
                _ => Some(&value),
            };
            if let Some(wrong) = wrong {
                return Ok(statement.wrong("text", "a text", &wrong.data));
            }
        }
    }
    Ok(Poisoned)
}

/// The places behind the lines of `header` and `footer`.
fn around(statement: &Statement<'_>, lines: &mut [Origins]) -> Result<(), Poisoned> {
    for name in [emit::HEADER, emit::FOOTER] {
        let mut own = Vec::new();
        for node in statement.node().children().iter().filter(|child| &*child.name.value == name) {
            for entry in node.args() {
                let value = statement.entry(entry)?;
                // A computed list stands for its elements.
                let texts = match &value.data {
                    Data::List(items) => items.as_slice(),
                    _ => std::slice::from_ref(&value),
                };
                for value in texts {
                    let text = text_of(statement, value)?;
                    let count = text.trim_end_matches('\n').lines().count();
                    own.extend(text_places(statement, value).into_iter().take(count));
                }
            }
        }
        let from = if name == emit::HEADER { 0 } else { lines.len().saturating_sub(own.len()) };
        for (line, places) in lines.iter_mut().skip(from).zip(own) {
            *line = places;
        }
    }
    Ok(())
}

/// A way into a value as a dotted path.
fn way(path: &[crate::ir::Step]) -> String {
    let mut out = String::new();
    for step in path {
        match step {
            crate::ir::Step::Key(key) if out.is_empty() => out.push_str(key),
            crate::ir::Step::Key(key) => out.push_str(&format!(".{key}")),
            crate::ir::Step::Index(index) => out.push_str(&format!("[{index}]")),
        }
    }
    out
}

/// The places behind a value and all in it.
fn deep_origins(value: &Typed) -> Vec<Span> {
    let mut spans = value.places();
    spans.sort();
    spans.dedup();
    spans
}

/// The children of a `file` node as parameters of its writer.
fn params(statement: &Statement<'_>) -> Result<Params, Poisoned> {
    let mut list = Vec::new();
    for child in statement.node().children() {
        if let Some(said) = param(statement, child)? {
            list.push(said);
        }
    }
    Ok(Params { list })
}

fn param(statement: &Statement<'_>, node: &Node) -> Result<Option<Said>, Poisoned> {
    let mut said = Said { name: node.name.value.clone(), args: Vec::new(), props: IndexMap::new() };
    // With `from` it is a part of the value, else a parameter, as INI has one.
    if &*node.name.value == "section" && node.prop("from").is_some() {
        return Ok(None);
    }
    // What is known of other tools' files says nothing about ours.
    if KNOWLEDGE.contains(&&*node.name.value) {
        return Ok(None);
    }
    for entry in &*node.entries {
        let value = statement.entry(entry)?.to_ir();
        match &entry.name {
            Some(name) => {
                said.props.insert(name.value.clone(), value);
            }
            None => match value {
                // A computed list stands for its elements.
                crate::ir::Value::List(items) => said.args.extend(items),
                other => said.args.push(other),
            },
        }
    }
    Ok(Some(said))
}
