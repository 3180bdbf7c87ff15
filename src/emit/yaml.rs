//! YAML 1.2 that readers of YAML 1.1 read alike: <https://yaml.org/spec/1.2.2/>. Scalars and keys
//! are written by `serde-saphyr`; the layout is ours, so that each line knows its value.

use serde_saphyr::{LitStr, ser_options, to_string_with_options};

use super::page::{Page, index, key};
use super::{Fault, Format, Params, Text};
use crate::ir::{Step, Value};

pub(super) const FORMAT: Format = Format {
    name: "yaml",
    doc: "YAML 1.2 in block style (yaml.org); strings that YAML 1.1 would take for something else, \
          such as `yes` or `12:30`, are quoted; the order of keys is kept.",
    null: true,
    comment: Some("#"),
    marks: &["#"],
    params: &[],
    write,
};

/// PyYAML and libyaml look no further than 1024 characters for the colon of a key.
const LONGEST_KEY: usize = 1000;

fn write(value: &Value, _params: &Params) -> Result<Text, Vec<Fault>> {
    let mut page = Page::default();
    node(&mut page, &[], 0, String::new(), value);
    page.finish()
}

/// Writes a value behind `lead`, which holds all that stands before it on its line: indentation,
/// dashes, a key and its colon.
fn node(page: &mut Page, path: &[Step], depth: usize, lead: String, value: &Value) {
    match value {
        Value::Map(map) if !map.is_empty() => {
            let mut lead = start(page, path, depth, lead);
            for (name, item) in map {
                let path = key(path, name);
                if name.chars().count() > LONGEST_KEY {
                    let message = format!("YAML holds keys of up to {LONGEST_KEY} characters");
                    page.fault(&path, message, None);
                    continue;
                }
                let Some(name) = key_text(name) else {
                    page.fault(&path, "YAML cannot hold this key", None);
                    continue;
                };
                let nested = matches!(item, Value::List(list) if !list.is_empty())
                    || matches!(item, Value::Map(map) if !map.is_empty());
                let gap = if nested { "" } else { " " };
                node(page, &path, depth + 1, format!("{lead}{name}:{gap}"), item);
                lead = "  ".repeat(depth);
            }
        }
        Value::List(list) if !list.is_empty() => {
            let mut lead = start(page, path, depth, lead);
            for (at, item) in list.iter().enumerate() {
                node(page, &index(path, at), depth + 1, format!("{lead}- "), item);
                lead = "  ".repeat(depth);
            }
        }
        Value::List(_) => page.line(path, &format!("{lead}[]")),
        Value::Map(_) => page.line(path, &format!("{lead}{{}}")),
        _ => match scalar(value) {
            Some(text) => {
                let pad = "  ".repeat(depth.max(1) - 1);
                let mut lines = text.split('\n');
                let first = lines.next().unwrap_or_default();
                page.line(path, &format!("{lead}{first}"));
                for line in lines {
                    page.line(path, format!("{pad}{line}").trim_end_matches(' '));
                }
            }
            None => page.fault(path, "YAML cannot hold this value", None),
        },
    }
}

/// Ends a line `key:`; after a dash or at the top the first entry follows on the same line.
fn start(page: &mut Page, path: &[Step], depth: usize, lead: String) -> String {
    if lead.ends_with(':') {
        page.line(path, &lead);
        return "  ".repeat(depth);
    }
    lead
}

/// A key as it stands before its colon.
fn key_text(name: &str) -> Option<String> {
    let text = if is_lone_line(name) { entry(name, &0)? } else { return Some(escaped(name)) };
    let text = text.strip_suffix(": 0")?;
    Some(if text.starts_with("? ") { escaped(name) } else { text.to_owned() })
}

/// A scalar as it stands behind `key: `; further lines are indented by two.
fn scalar(value: &Value) -> Option<String> {
    let text = match value {
        Value::Null => return Some("null".to_owned()),
        Value::Bool(value) => return Some(value.to_string()),
        Value::Int(value) => return Some(value.to_string()),
        Value::Float(value) => entry("k", value)?,
        Value::String(text) if is_block(text) => entry("k", &LitStr(text))?,
        Value::String(text) if !is_lone_line(text) => return Some(escaped(text)),
        Value::String(text) => entry("k", &&**text)?,
        Value::List(_) | Value::Map(_) => return None,
    };
    text.strip_prefix("k: ").map(str::to_owned)
}

fn entry<T: serde::Serialize>(name: &str, value: &T) -> Option<String> {
    let options = ser_options! { prefer_block_scalars: false };
    let map = std::collections::BTreeMap::from([(name, value)]);
    let mut text = to_string_with_options(&map, options).ok()?;
    if text.ends_with('\n') {
        text.pop();
    }
    Some(text)
}

/// Whether a text reads well as a `|` block, and every reader breaks its lines where we do.
fn is_block(text: &str) -> bool {
    text.trim_end_matches('\n').contains('\n')
        && !text.starts_with([' ', '\n'])
        && text
            .split('\n')
            .all(|line| is_lone_line(&line.replace('\t', " ")) && !line.ends_with([' ', '\t']))
        && text.lines().last().is_some_and(|line| !line.is_empty())
}

/// Whether all of it is printable in YAML 1.1 and 1.2 and none of it breaks a line in either.
fn is_lone_line(text: &str) -> bool {
    !text.chars().any(|c| {
        c.is_control()
            || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
    })
}

/// A double-quoted scalar on one line, for what the other styles hold badly.
fn escaped(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if !is_lone_line(c.encode_utf8(&mut [0; 4])) => {
                out.push_str(&format!("\\u{:04X}", u32::from(c)));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
