//! Files of nothing but keys and values: `kitty.conf`, `gpg.conf`, `btop.conf`, environment.d.

use super::dialect::{self, Dialect};
use super::page::{Page, key};
use super::{Fault, Format, Params, Text};
use crate::ir::Value;

pub(super) const FORMAT: Format = Format {
    name: "key-value",
    doc: "A line `key=value` for each key; what a reader does its own way is said by parameters.",
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
        dialect::BACKSLASH,
    ],
    write,
};

fn write(value: &Value, params: &Params) -> Result<Text, Vec<Fault>> {
    let mut page = Page::default();
    let dialect = Dialect::new(params, &mut page, &["#"]);
    match value {
        Value::Map(map) => {
            for (name, value) in map {
                dialect.pair(&mut page, &key(&[], name), name, value);
            }
        }
        other => page.misfit(&[], "an object", other),
    }
    page.finish()
}
