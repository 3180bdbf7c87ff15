//! XML property lists, written by the `plist` crate in Apple's own layout:
//! <https://developer.apple.com/library/archive/documentation/Cocoa/Conceptual/PropertyLists/>.

use plist::{Dictionary, Integer, Value as Plist};

use super::page::{Page, index, key};
use super::{Fault, Format, Params, Text};
use crate::ir::{Path, Step, Value};

pub(super) const FORMAT: Format = Format {
    name: "plist",
    doc: "An XML property list, as launchd and `defaults` read it; keys are sorted, as Apple's own \
          tools do.",
    null: false,
    comment: None,
    marks: &["<!--"],
    params: &[],
    write,
};

fn write(value: &Value, _params: &Params) -> Result<Text, Vec<Fault>> {
    let mut page = Page::default();
    let mut lines = vec![None; 3];
    let plist = convert(&mut page, &mut lines, &[], value);
    lines.push(None);
    let mut bytes = Vec::new();
    if let Err(error) = plist.to_writer_xml(&mut bytes) {
        page.fault(&[], format!("no property list can be made of it: {error}"), None);
    }
    let text = String::from_utf8_lossy(&bytes);
    let text = text.strip_suffix('\n').unwrap_or(&text);
    for (line, path) in text.split('\n').zip(lines) {
        match path {
            Some(path) => page.line(&path, line),
            None => page.bare(line),
        }
    }
    page.finish()
}

/// Converts a value, and notes the lines it will take: a `<dict>` and a `</dict>`, a line for each
/// key, one for each scalar and for each newline inside it.
fn convert(page: &mut Page, lines: &mut Vec<Option<Path>>, path: &[Step], value: &Value) -> Plist {
    lines.push(Some(path.into()));
    match value {
        Value::Null => {
            page.fault(path, "a property list has no null", Some("leave the key out"));
            Plist::Boolean(false)
        }
        Value::Bool(value) => Plist::Boolean(*value),
        Value::Int(value) => match (i64::try_from(*value), u64::try_from(*value)) {
            (Ok(value), _) => Plist::Integer(Integer::from(value)),
            (_, Ok(value)) => Plist::Integer(Integer::from(value)),
            _ => {
                page.fault(path, "a property list holds integers of 64 bits", None);
                Plist::Boolean(false)
            }
        },
        Value::Float(value) => Plist::Real(*value),
        Value::String(text) => {
            check(page, path, text);
            spread(lines, path, text);
            Plist::String(text.to_string())
        }
        Value::List(list) => {
            let items = list.iter().enumerate();
            let items = items.map(|(at, item)| convert(page, lines, &index(path, at), item));
            let items: Vec<Plist> = items.collect();
            if !items.is_empty() {
                lines.push(None);
            }
            Plist::Array(items)
        }
        Value::Map(map) => {
            let mut sorted: Vec<_> = map.iter().collect();
            sorted.sort_by(|a, b| a.0.cmp(b.0));
            let mut dictionary = Dictionary::new();
            for (name, item) in sorted {
                let path = key(path, name);
                check(page, &path, name);
                lines.push(Some(path.clone()));
                spread(lines, &path, name);
                dictionary.insert(name.to_string(), convert(page, lines, &path, item));
            }
            if !dictionary.is_empty() {
                lines.push(None);
            }
            Plist::Dictionary(dictionary)
        }
    }
}

fn spread(lines: &mut Vec<Option<Path>>, path: &[Step], text: &str) {
    lines.extend(text.matches('\n').map(|_| Some(path.into())));
}

/// XML 1.0 §2.2: what a document cannot hold even as a character reference.
fn check(page: &mut Page, path: &[Step], text: &str) {
    let found = text.chars().find(|c| {
        matches!(c, '\u{0}'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}')
            || matches!(c, '\u{fffe}' | '\u{ffff}')
    });
    if let Some(c) = found {
        let message = format!("XML cannot hold the character U+{:04X}", u32::from(c));
        page.fault(path, message, None);
    }
}
