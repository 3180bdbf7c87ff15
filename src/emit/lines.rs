//! Plain lines.

use super::page::{Page, index, scalar};
use super::{Fault, Format, Params, Text};
use crate::ir::Value;

pub(super) const FORMAT: Format = Format {
    name: "lines",
    doc: "A list of texts, one on each line, as they stand: `.gitignore`, `sshcontrol`.",
    null: false,
    comment: None,
    marks: &[],
    params: &[],
    write,
};

fn write(value: &Value, _params: &Params) -> Result<Text, Vec<Fault>> {
    let mut page = Page::default();
    let Value::List(list) = value else {
        page.misfit(&[], "a list of texts", value);
        return page.finish();
    };
    for (at, item) in list.iter().enumerate() {
        let path = index(&[], at);
        match scalar(item, ("true", "false")) {
            Some(text) if text.contains(['\n', '\r']) => {
                page.fault(&path, "a line cannot hold a line break", Some("make it two items"));
            }
            Some(text) => page.line(&path, &text),
            None => page.misfit(&path, "a text", item),
        }
    }
    page.finish()
}
