//! Git's configuration: git-config(1), "Syntax", and git's `config.c`.

use ecow::EcoString;
use indexmap::IndexMap;

use super::page::{Page, index, is_trimmed, key, maps, scalar};
use super::{Fault, Format, Params, Text};
use crate::ir::{Path, Step, Value};

pub(super) const FORMAT: Format = Format {
    name: "gitconfig",
    doc: "Git's own INI: `{section: {key: value}}` is `[section]`, `{section: {sub: {key: value}}}` \
          is `[section \"sub\"]`; a list repeats its key, a list of objects its section.",
    null: false,
    comment: Some("#"),
    marks: &["#", ";"],
    params: &[],
    write,
};

type Map = IndexMap<EcoString, Value>;

fn write(value: &Value, _params: &Params) -> Result<Text, Vec<Fault>> {
    let mut page = Page::default();
    let Value::Map(top) = value else {
        page.misfit(&[], "an object", value);
        return page.finish();
    };
    for (name, value) in top {
        let path = key(&[], name);
        if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || "-.".contains(c)) {
            let help = "use letters, digits, `-` and `.`; anything goes in a subsection's name";
            page.fault(&path, format!("git has no section `{name}`"), Some(help));
            continue;
        }
        for (path, map) in each(&mut page, path, value) {
            section(&mut page, &path, name, map);
        }
    }
    page.finish()
}

fn section(page: &mut Page, path: &[Step], name: &str, map: &Map) {
    keys(page, path, &format!("[{name}]"), map);
    for (sub, value) in map.iter().filter(|(_, value)| is_map(value)) {
        let path = key(path, sub);
        if sub.contains('\n') {
            page.fault(&path, "a subsection's name cannot hold a newline", None);
            continue;
        }
        let quoted = sub.as_str().replace('\\', r"\\").replace('"', "\\\"");
        for (path, map) in each(page, path, value) {
            if let Some((deep, value)) = map.iter().find(|(_, value)| is_map(value)) {
                page.misfit(&key(&path, deep), "a scalar or a list of them", value);
                continue;
            }
            keys(page, &path, &format!("[{name} \"{quoted}\"]"), map);
        }
    }
}

/// The keys of one section, if it has any.
fn keys(page: &mut Page, path: &[Step], header: &str, map: &Map) {
    if map
        .values()
        .all(|value| is_map(value) || matches!(value, Value::List(list) if list.is_empty()))
    {
        return;
    }
    page.blank();
    page.line(path, header);
    for (name, value) in map.iter().filter(|(_, value)| !is_map(value)) {
        let path = key(path, name);
        let alphabetic = name.starts_with(|c: char| c.is_ascii_alphabetic());
        if !alphabetic || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
            let help = "use letters, digits and `-`, a letter first";
            page.fault(&path, format!("git has no key `{name}`"), Some(help));
            continue;
        }
        match value {
            Value::List(list) => {
                for (at, item) in list.iter().enumerate() {
                    pair(page, &index(&path, at), name, item);
                }
            }
            value => pair(page, &path, name, value),
        }
    }
}

fn pair(page: &mut Page, path: &[Step], name: &str, value: &Value) {
    match scalar(value, ("true", "false")) {
        Some(text) => page.parts(path, &["\t", name, " = ", &quote(&text)]),
        None => page.misfit(path, "a scalar or a list of them", value),
    }
}

/// A value: in quotes where git would trim or stop at a comment, and around a carriage return, which
/// git 2.47 keeps either way.
fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str(r"\\"),
            '\n' => out.push_str(r"\n"),
            '\t' => out.push_str(r"\t"),
            '\u{8}' => out.push_str(r"\b"),
            c => out.push(c),
        }
    }
    if text.is_empty() || is_trimmed(text) || text.contains(['#', ';', '\r']) {
        return format!("\"{out}\"");
    }
    out
}

fn each<'a>(page: &mut Page, path: Path, value: &'a Value) -> Vec<(Path, &'a Map)> {
    if let Value::Map(map) = value {
        return vec![(path, map)];
    }
    if let Some(maps) = maps(value) {
        return maps.into_iter().enumerate().map(|(at, map)| (index(&path, at), map)).collect();
    }
    page.misfit(&path, "an object", value);
    Vec::new()
}

fn is_map(value: &Value) -> bool {
    matches!(value, Value::Map(_)) || maps(value).is_some()
}
