//! systemd's unit files: systemd.syntax(7).

use ecow::EcoString;
use indexmap::IndexMap;

use super::page::{Page, bools, index, is_noncharacter, key, maps, scalar};
use super::{Fault, Format, Param, Params, Text};
use crate::ir::{Step, Value};

pub(super) const FORMAT: Format = Format {
    name: "systemd",
    doc: "A systemd unit, drop-in or daemon's configuration: `{Section: {Key: value}}`. A list is a \
          line for each item, a list of objects a section for each, an empty text resets the key. \
          `%` and `$` keep the meaning systemd gives them; to hand on a word as it is, quote it \
          with the filter `systemd`.",
    null: false,
    comment: Some("#"),
    marks: &["#", ";"],
    params: &[Param {
        name: "bool",
        doc: "`bool \"yes\" \"no\"`: how true and false are said; `true` and `false` if not said.",
    }],
    write,
};

fn write(value: &Value, params: &Params) -> Result<Text, Vec<Fault>> {
    let mut page = Page::default();
    let bools = bools(params, &mut page, ("true", "false"));
    let Value::Map(top) = value else {
        page.misfit(&[], "an object", value);
        return page.finish();
    };
    for (name, value) in top {
        let path = key(&[], name);
        if name.is_empty() || name.contains(|c: char| c.is_control() || matches!(c, '[' | ']')) {
            page.fault(
                &path,
                "a section's name cannot be empty or hold `[`, `]` or control characters",
                None,
            );
        } else if let Value::Map(map) = value {
            section(&mut page, &path, name, map, bools);
        } else if let Some(maps) = maps(value) {
            for (at, map) in maps.into_iter().enumerate() {
                section(&mut page, &index(&path, at), name, map, bools);
            }
        } else {
            page.misfit(&path, "an object", value);
        }
    }
    page.finish()
}

fn section(
    page: &mut Page,
    path: &[Step],
    name: &str,
    map: &IndexMap<EcoString, Value>,
    bools: (&str, &str),
) {
    page.blank();
    page.line(path, &format!("[{name}]"));
    for (name, value) in map {
        let path = key(path, name);
        let valid = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if name.is_empty() || !name.chars().all(valid) {
            page.fault(
                &path,
                format!("systemd has no key `{name}`"),
                Some("use letters, digits and `-`"),
            );
            continue;
        }
        match value {
            Value::List(list) => {
                for (at, item) in list.iter().enumerate() {
                    pair(page, &index(&path, at), name, item, bools);
                }
            }
            value => pair(page, &path, name, value, bools),
        }
    }
}

fn pair(page: &mut Page, path: &[Step], name: &str, value: &Value, bools: (&str, &str)) {
    let Some(text) = scalar(value, bools) else {
        page.misfit(path, "a scalar or a list of them", value);
        return;
    };
    if let Some(c) = text.chars().find(|c| is_noncharacter(*c)) {
        let message = format!("systemd reads no character U+{:04X}", u32::from(c));
        page.fault(path, message, None);
    } else if text.contains(['\n', '\r']) {
        let help = "make it a list, which writes the key once for each item";
        page.fault(path, "systemd ends a value at a line break", Some(help));
    } else if text.ends_with('\\') {
        page.fault(path, "systemd joins a line that ends in `\\` with the next one", None);
    } else if text.starts_with([' ', '\t']) || text.ends_with([' ', '\t']) {
        page.fault(
            path,
            "systemd drops spaces around a value",
            Some("take them away, or quote the word"),
        );
    } else {
        page.parts(path, &[name, "=", &text]);
    }
}
