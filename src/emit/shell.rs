//! Assignments for a POSIX shell: POSIX.1-2017, Shell Command Language, §2.2 and §2.9.1.

use super::page::{Page, key, scalar};
use super::{Fault, Format, Param, Params, Text, quote};
use crate::ir::Value;

pub(super) const FORMAT: Format = Format {
    name: "shell",
    doc: "A line `NAME='value'` for each key, for a POSIX shell; nothing in a value is expanded.",
    null: false,
    comment: Some("#"),
    marks: &["#"],
    params: &[Param { name: "export", doc: "`export`: writes `export NAME='value'`." }],
    write,
};

fn write(value: &Value, params: &Params) -> Result<Text, Vec<Fault>> {
    let mut page = Page::default();
    let export = if params.flag("export") { "export " } else { "" };
    let Value::Map(map) = value else {
        page.misfit(&[], "an object", value);
        return page.finish();
    };
    for (name, value) in map {
        let path = key(&[], name);
        if !quote::is_variable(name) {
            let message = format!("`{name}` is no name of a variable");
            page.fault(&path, message, Some("use letters, digits and `_`, no digit first"));
            continue;
        }
        match scalar(value, ("true", "false")) {
            Some(text) => page.line(&path, &format!("{export}{name}={}", quote::shell(&text))),
            None => page.misfit(&path, "a scalar", value),
        }
    }
    page.finish()
}
