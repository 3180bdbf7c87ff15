//! Files of blocks in braces: Hyprland's, sway's and i3's, rasi, scfg, libconfig. Each reader is a
//! dialect, and a target says which.

use ecow::EcoString;
use indexmap::IndexMap;

use super::dialect::{self, Dialect, words};
use super::page::{Page, index, is_trimmed, key, maps};
use super::{Fault, Format, Param, Params, Text};
use crate::ir::{Step, Value};

pub(super) const FORMAT: Format = Format {
    name: "blocks",
    doc: "Blocks in braces: `{general: {gaps: 5}}` is `general {`, `gaps=5`, `}`; a list of objects \
          is a block for each. The order is kept. What a reader does its own way is said by parameters.",
    null: false,
    comment: Some("#"),
    marks: &["#", ";", "//"],
    params: &[
        dialect::SEPARATOR,
        dialect::PREFIX,
        dialect::SUFFIX,
        dialect::BOOL,
        dialect::FLAG,
        dialect::LIST,
        dialect::REPEAT,
        dialect::JOIN,
        dialect::QUOTE,
        dialect::ESCAPE,
        dialect::COMMENT,
        dialect::DOUBLE,
        Param {
            name: "open",
            doc: "`open \": {\"`: what stands behind a block's name; ` {` if not said.",
        },
        Param { name: "close", doc: "`close \"};\"`: what ends a block; `}` if not said." },
        Param {
            name: "named",
            doc: "`named \"output\" \"set\"`: what is below these names has a second one: \
                  `{output: {\"DP-1\": {scale: 2}}, set: {\"$mod\": \"Mod4\"}}` is `output DP-1 {`, `scale 2`, \
                  `}` and `set $mod Mod4`. That of a block is put in quotes where it holds a space.",
        },
    ],
    write,
};

type Map = IndexMap<EcoString, Value>;

struct Writer<'a> {
    page: Page,
    dialect: Dialect<'a>,
    open: &'a str,
    close: &'a str,
    named: Vec<&'a str>,
}

fn write(value: &Value, params: &Params) -> Result<Text, Vec<Fault>> {
    let mut page = Page::default();
    let Value::Map(map) = value else {
        page.misfit(&[], "an object", value);
        return page.finish();
    };
    let mut dialect = Dialect::new(params, &mut page, &["#"]);
    dialect.braces = true;
    let named = params.all("named").flat_map(words).collect();
    let (open, close) = (params.text("open").unwrap_or(" {"), params.text("close").unwrap_or("}"));
    let mut writer = Writer { page, dialect, open, close, named };
    writer.body(&[], map, "");
    writer.page.finish()
}

impl Writer<'_> {
    /// What stands between two braces, or in the file.
    fn body(&mut self, path: &[Step], map: &Map, margin: &str) {
        for (name, value) in map {
            let path = key(path, name);
            match value {
                Value::Map(map) if self.named.contains(&&**name) => {
                    for (second, value) in map {
                        self.named(&key(&path, second), name, second, value, margin);
                    }
                }
                Value::Map(map) => self.block(&path, name, map, margin),
                // Some readers take a line or a block for the same: each item as it is.
                Value::List(list) if list.iter().any(|item| matches!(item, Value::Map(_))) => {
                    for (at, item) in list.iter().enumerate() {
                        let path = index(&path, at);
                        match item {
                            Value::Map(map) => self.block(&path, name, map, margin),
                            line => self.dialect.pair(&mut self.page, &path, name, line),
                        }
                    }
                }
                _ => self.dialect.pair(&mut self.page, &path, name, value),
            }
        }
    }

    /// A block or a line with two names.
    fn named(&mut self, path: &[Step], first: &str, second: &str, value: &Value, margin: &str) {
        if second.is_empty() || is_trimmed(second) || second.contains(['\n', '\r']) {
            let message =
                "a second name cannot be empty, hold a line break or begin or end with a space";
            self.page.fault(path, message, None);
            return;
        }
        let blocks = match value {
            Value::Map(map) => vec![map],
            _ => maps(value).unwrap_or_default(),
        };
        if blocks.is_empty() {
            self.dialect.values(&mut self.page, path, &format!("{first} {second}"), value);
            return;
        }
        if second.contains('"') {
            self.page.fault(path, "the name of a block cannot hold `\"` here", None);
            return;
        }
        let second = match second.contains(char::is_whitespace) {
            true => format!("\"{second}\""),
            false => second.to_owned(),
        };
        let many = blocks.len() > 1 || matches!(value, Value::List(_));
        for (at, map) in blocks.into_iter().enumerate() {
            let path = if many { index(path, at) } else { path.into() };
            self.block(&path, &format!("{first} {second}"), map, margin);
        }
    }

    fn block(&mut self, path: &[Step], name: &str, map: &Map, margin: &str) {
        if name.is_empty()
            || is_trimmed(name)
            || name.contains(['\n', '\r', '{', '}'])
            || name.starts_with('#')
        {
            let message = "the name of a block cannot be empty, hold a brace or a line break, begin \
                           with `#`, or begin or end with a space";
            self.page.fault(path, message, None);
            return;
        }
        if margin.is_empty() {
            self.page.blank();
        }
        self.page.line(path, &format!("{name}{}", self.open));
        let inner = format!("{margin}    ");
        self.page.margin.clone_from(&inner);
        self.body(path, map, &inner);
        self.page.margin = margin.to_owned();
        self.page.bare(self.close);
    }
}
