//! INI files and their dialects. There is no specification: each reader is a dialect, and a
//! target says which.

use ecow::EcoString;
use indexmap::IndexMap;

use super::dialect::{self, Dialect};
use super::page::{Page, index, key, maps};
use super::{Fault, Format, Param, Params, Text};
use crate::ir::{Step, Value};

pub(super) const FORMAT: Format = Format {
    name: "ini",
    doc: "INI: `[section]` and `key=value`; scalars at the top come before the sections, a list of \
          objects is a section for each. What a reader does its own way is said by parameters.",
    null: false,
    comment: Some("#"),
    marks: &["#", ";", "//"],
    params: &[
        dialect::SEPARATOR,
        dialect::BOOL,
        dialect::FLAG,
        dialect::LIST,
        dialect::REPEAT,
        dialect::JOIN,
        dialect::QUOTE,
        dialect::ESCAPE,
        dialect::COMMENT,
        Param {
            name: "section",
            doc: "`section \"[{name}]\"`: how a section's line is written; `brackets=#true`: its \
                  name may hold `]`, as the globs of an `.editorconfig` do.",
        },
        Param {
            name: "nested",
            doc: "`nested \".\"`: an object in the section `a` under the key `b` is the section \
                  `[a.b]`; refused if not said.",
        },
    ],
    write,
};

type Map = IndexMap<EcoString, Value>;

struct Writer<'a> {
    page: Page,
    dialect: Dialect<'a>,
    header: (&'a str, &'a str),
    brackets: bool,
    nested: Option<&'a str>,
}

fn write(value: &Value, params: &Params) -> Result<Text, Vec<Fault>> {
    let mut page = Page::default();
    let Value::Map(map) = value else {
        page.misfit(&[], "an object", value);
        return page.finish();
    };
    let dialect = Dialect::new(params, &mut page, &["#", ";"]);
    let header = params.text("section").unwrap_or("[{name}]").split_once("{name}");
    if header.is_none() {
        page.bad_param("section", "a text that holds `{name}`");
    }
    let brackets = params
        .last("section")
        .is_some_and(|said| said.props.get("brackets") == Some(&Value::Bool(true)));
    let mut writer = Writer {
        page,
        dialect,
        header: header.unwrap_or(("[", "]")),
        brackets,
        nested: params.text("nested"),
    };
    writer.pairs(&[], map);
    writer.sections(&[], None, map);
    writer.page.finish()
}

impl Writer<'_> {
    fn pairs(&mut self, path: &[Step], map: &Map) {
        for (name, value) in map.iter().filter(|(_, value)| !is_section(value)) {
            self.dialect.pair(&mut self.page, &key(path, name), name, value);
        }
    }

    fn sections(&mut self, path: &[Step], parent: Option<&str>, map: &Map) {
        for (part, value) in map {
            let path = key(path, part);
            let name = match parent {
                None => part.to_string(),
                Some(parent) => format!("{parent}{}{part}", self.nested.unwrap_or_default()),
            };
            if let Value::Map(map) = value {
                self.section(&path, &name, map);
            } else if let Some(maps) = maps(value) {
                for (at, map) in maps.into_iter().enumerate() {
                    self.section(&index(&path, at), &name, map);
                }
            }
        }
    }

    fn section(&mut self, path: &[Step], name: &str, map: &Map) {
        let (open, close) = self.header;
        if name.is_empty() || name.contains(['\n', '\r']) || super::page::is_trimmed(name) {
            let message = "a section's name cannot be empty, hold a line break or begin or end \
                           with a space";
            self.page.fault(path, message, None);
            return;
        }
        if name.contains(']') && !self.brackets {
            self.page.fault(path, "a section's name cannot hold `]`, which ends it", None);
            return;
        }
        if self.nested.is_none()
            && let Some((part, value)) = map.iter().find(|(_, value)| is_section(value))
        {
            self.page.misfit(&key(path, part), "a scalar or a list of them", value);
            return;
        }
        if map.is_empty() || !map.values().all(is_section) {
            self.page.blank();
            self.page.parts(path, &[open, name, close]);
        }
        self.pairs(path, map);
        self.sections(path, Some(name), map);
    }
}

fn is_section(value: &Value) -> bool {
    matches!(value, Value::Map(_)) || maps(value).is_some()
}
