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
    params: &[Param {
        name: "assign",
        doc: "`assign \"config\"`: instead of a table that is returned, a line `config.a = 1` for each key.",
    }],
    write,
};

fn write(value: &Value, params: &Params) -> Result<Text, Vec<Fault>> {
    let mut page = Page::default();
    let Value::Map(map) = value else {
        page.misfit(&[], "an object", value);
        return page.finish();
    };
    match params.text("assign") {
        Some(name) => {
            for (field, value) in map.iter().filter(|(_, value)| **value != Value::Null) {
                let place = if is_name(field) {
                    format!("{name}.{field} = ")
                } else {
                    format!("{name}[{}] = ", quoted(field))
                };
                entry(&mut page, &key(&[], field), &place, value, "");
            }
        }
        None => {
            page.line(&[], "return {");
            fields(&mut page, &[], map);
            page.line(&[], "}");
        }
    }
    page.finish()
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
