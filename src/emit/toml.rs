//! TOML 1.0: <https://toml.io/en/v1.0.0>. Strings, keys and numbers are written by the `toml`
//! crate; the layout is ours, so that each line knows its value.

use ::toml::Value as Toml;
use ecow::EcoString;
use indexmap::IndexMap;

use super::page::{Page, index, key, maps};
use super::{Fault, Format, Params, Text, quote};
use crate::ir::{Path, Step, Value};

pub(super) const FORMAT: Format = Format {
    name: "toml",
    doc: "TOML 1.0 (toml.io): objects are `[tables]`, lists of objects `[[arrays of tables]]`; \
          values come before tables, otherwise the order is kept.",
    null: false,
    comment: Some("#"),
    marks: &["#"],
    params: &[],
    write,
};

/// A list that is longer on one line gets a line for each item.
const WIDTH: usize = 90;

type Map = IndexMap<EcoString, Value>;

fn write(value: &Value, _params: &Params) -> Result<Text, Vec<Fault>> {
    let mut page = Page::default();
    match value {
        Value::Map(map) => table(&mut page, &[], "", map),
        other => page.misfit(&[], "an object", other),
    }
    page.finish()
}

fn table(page: &mut Page, path: &[Step], name: &str, map: &Map) {
    let is_table = |value: &Value| matches!(value, Value::Map(_)) || maps(value).is_some();
    for (name, value) in map.iter().filter(|(_, value)| !is_table(value)) {
        pair(page, key(path, name), name, value);
    }
    for (part, value) in map {
        let path = key(path, part);
        let part = bare_key(part);
        let name = if name.is_empty() { part } else { format!("{name}.{part}") };
        if let Value::Map(map) = value {
            // A table that holds only tables is there as soon as they are.
            if map.is_empty() || !map.values().all(is_table) {
                page.blank();
                page.parts(&path, &["[", &name, "]"]);
            }
            table(page, &path, &name, map);
        } else if let Some(maps) = maps(value) {
            for (at, map) in maps.into_iter().enumerate() {
                let path = index(&path, at);
                page.blank();
                page.parts(&path, &["[[", &name, "]]"]);
                table(page, &path, &name, map);
            }
        }
    }
}

fn pair(page: &mut Page, path: Path, name: &str, value: &Value) {
    let name = bare_key(name);
    let Some(text) = inline(page, &path, value) else { return };
    let line = [&*name, " = ", &*text];
    let is_wide = || line.iter().map(|part| part.len()).sum::<usize>() > WIDTH;
    match value {
        Value::List(list) if !list.is_empty() && (is_wide() || text.contains('\n')) => {
            page.parts(&path, &[&name, " = ["]);
            for (at, item) in list.iter().enumerate() {
                let path = index(&path, at);
                if let Some(text) = inline(page, &path, item) {
                    // The lines of a multi-line string stand where they must.
                    page.parts(&path, &["    ", &text, ","]);
                }
            }
            page.line(&path, "]");
        }
        _ => page.parts(&path, &line),
    }
}

/// A value on one line, but for strings of several lines.
fn inline(page: &mut Page, path: &[Step], value: &Value) -> Option<String> {
    match value {
        Value::Null => {
            page.fault(path, "TOML has no null", Some("leave the key out"));
            None
        }
        Value::Bool(value) => Some(value.to_string()),
        Value::Int(value) => match i64::try_from(*value) {
            Ok(value) => Some(value.to_string()),
            Err(_) => {
                page.fault(path, "TOML holds integers of 64 bits", Some("write it as a string"));
                None
            }
        },
        Value::Float(value) => Some(Toml::Float(*value).to_string()),
        // A reader may normalise the line ends of a string of several lines.
        Value::String(text) if text.contains('\r') => Some(quote::toml(text)),
        Value::String(text) => Some(Toml::String(text.to_string()).to_string()),
        Value::List(list) => {
            let items: Vec<Option<String>> = list
                .iter()
                .enumerate()
                .map(|(at, item)| inline(page, &index(path, at), item))
                .collect();
            Some(format!("[{}]", items.into_iter().collect::<Option<Vec<_>>>()?.join(", ")))
        }
        Value::Map(map) if map.is_empty() => Some("{}".to_owned()),
        Value::Map(map) => {
            let items: Vec<Option<String>> = map
                .iter()
                .map(|(name, item)| {
                    let text = inline(page, &key(path, name), item)?;
                    Some(format!("{} = {text}", bare_key(name)))
                })
                .collect();
            Some(format!("{{ {} }}", items.into_iter().collect::<Option<Vec<_>>>()?.join(", ")))
        }
    }
}

fn bare_key(name: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if !name.is_empty() && name.chars().all(bare) { name.to_owned() } else { quote::toml(name) }
}
