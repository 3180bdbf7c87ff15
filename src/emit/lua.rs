//! Lua tables (lua.org, 5.1 to 5.4), for the programs that are configured in Lua.

use ecow::EcoString;
use indexmap::IndexMap;

use super::page::{Page, float, index, key};
use super::{Fault, Format, Param, Params, Text};
use crate::ir::{Step, Value};

pub(super) const FORMAT: Format = Format {
    name: "lua",
    doc: "Lua: `return { a = 1 }`; objects and lists are tables, null is a key that is not there. The \
          order of keys is kept.",
    null: true,
    comment: Some("--"),
    marks: &["--"],
    params: &[
        Param {
            name: "assign",
            doc: "`assign \"config\"`: instead of a table that is returned, a line `config.a = 1` for each key.",
        },
        Param {
            name: "call",
            doc: "`call \"hl\"`: instead of a table that is returned, `hl.a(1)` for each key; a list is a call for \
                  each of its items, and a list in it the arguments of one.",
        },
    ],
    write,
};

fn write(value: &Value, params: &Params) -> Result<Text, Vec<Fault>> {
    let mut page = Page::default();
    let Value::Map(map) = value else {
        page.misfit(&[], "an object", value);
        return page.finish();
    };
    match (params.text("assign"), params.text("call")) {
        (Some(name), _) => {
            for (field, value) in map.iter().filter(|(_, value)| **value != Value::Null) {
                let place = if is_name(field) {
                    format!("{name}.{field} = ")
                } else {
                    format!("{name}[{}] = ", quoted(field))
                };
                entry(&mut page, &key(&[], field), &place, value, "");
            }
        }
        (None, Some(name)) => {
            for (field, value) in map.iter().filter(|(_, value)| **value != Value::Null) {
                calls(&mut page, &key(&[], field), name, field, value);
            }
        }
        (None, None) => {
            page.line(&[], "return {");
            fields(&mut page, &[], map);
            page.line(&[], "}");
        }
    }
    page.finish()
}

/// The calls of one function: one, or one for each item of a list.
fn calls(page: &mut Page, path: &[Step], object: &str, field: &str, value: &Value) {
    if !is_name(field) {
        page.fault(path, format!("Lua has no function named `{field}`"), None);
        return;
    }
    let open = format!("{object}.{field}(");
    let Value::List(list) = value else {
        return entry(page, path, &open, value, ")");
    };
    for (at, item) in list.iter().enumerate() {
        let path = index(path, at);
        match item {
            Value::List(arguments) => arguments_of(page, &path, &open, arguments),
            item => entry(page, &path, &open, item, ")"),
        }
    }
}

/// A call with several arguments: on one line if all of them are scalars, else a line for each.
fn arguments_of(page: &mut Page, path: &[Step], open: &str, arguments: &[Value]) {
    let is_scalar = |value: &Value| !matches!(value, Value::List(_) | Value::Map(_));
    if arguments.iter().all(is_scalar) {
        let words: Vec<String> = arguments.iter().map(literal).collect();
        return page.line(path, &format!("{open}{})", words.join(", ")));
    }
    page.line(path, open);
    let margin = page.margin.clone();
    page.margin.push_str("  ");
    for (at, argument) in arguments.iter().enumerate() {
        let end = if at + 1 < arguments.len() { "," } else { "" };
        entry(page, &index(path, at), "", argument, end);
    }
    page.margin = margin;
    page.line(path, ")");
}

fn fields(page: &mut Page, path: &[Step], map: &IndexMap<EcoString, Value>) {
    let margin = page.margin.clone();
    page.margin.push_str("  ");
    for (field, value) in map.iter().filter(|(_, value)| **value != Value::Null) {
        let place =
            if is_name(field) { format!("{field} = ") } else { format!("[{}] = ", quoted(field)) };
        entry(page, &key(path, field), &place, value, ",");
    }
    page.margin = margin;
}

/// A value behind its place: on one line if it is a scalar, else a table over several.
fn entry(page: &mut Page, path: &[Step], place: &str, value: &Value, end: &str) {
    match value {
        Value::Map(map) if !map.is_empty() => {
            page.line(path, &format!("{place}{{"));
            fields(page, path, map);
            page.line(path, &format!("}}{end}"));
        }
        Value::List(list) if !list.is_empty() => {
            page.line(path, &format!("{place}{{"));
            let margin = page.margin.clone();
            page.margin.push_str("  ");
            for (at, item) in list.iter().enumerate() {
                let path = index(path, at);
                if *item == Value::Null {
                    page.fault(&path, "a list of Lua ends at a null", None);
                }
                entry(page, &path, "", item, ",");
            }
            page.margin = margin;
            page.line(path, &format!("}}{end}"));
        }
        scalar => page.line(path, &format!("{place}{}{end}", literal(scalar))),
    }
}

fn literal(value: &Value) -> String {
    match value {
        Value::Null => "nil".to_owned(),
        Value::Bool(value) => value.to_string(),
        // Without its sign, this one is no integer.
        Value::Int(value) if i64::try_from(*value) == Ok(i64::MIN) => "math.mininteger".to_owned(),
        Value::Int(value) => value.to_string(),
        Value::Float(value) => float(*value),
        Value::String(text) => quoted(text),
        Value::List(_) | Value::Map(_) => "{}".to_owned(),
    }
}

/// A text in quotes. Control characters are written by number, three digits, so that a digit may follow.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            c if c.is_ascii_control() => out.push_str(&format!("\\{:03}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Whether a key may stand without quotes.
fn is_name(text: &str) -> bool {
    const WORDS: &[&str] = &[
        "and", "break", "do", "else", "elseif", "end", "false", "for", "function", "goto", "if",
        "in", "local", "nil", "not", "or", "repeat", "return", "then", "true", "until", "while",
    ];
    let name = text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    name && !text.is_empty()
        && !text.starts_with(|c: char| c.is_ascii_digit())
        && !WORDS.contains(&text)
}
