//! JSON: RFC 8259. The scalars are written by `serde_json`, in the layout of its pretty printer. And
//! what reads it almost: Nushell.

use super::page::{Page, index, key};
use super::{Fault, Format, Param, Params, Text, quote};
use crate::ir::{Step, Value};

const INDENT: Param =
    Param { name: "indent", doc: "`indent 4`: the spaces of one level, 0 to 8; 2 if not said." };

pub(super) const FORMAT: Format = Format {
    name: "json",
    doc: "JSON (RFC 8259), indented; the order of keys is kept.",
    null: true,
    comment: None,
    marks: &[],
    params: &[INDENT],
    write,
};

/// The same bytes; only what may be written *around* them differs.
pub(super) const WITH_COMMENTS: Format = Format {
    name: "jsonc",
    doc: "JSON whose reader allows `//` comments, as editors' settings do; written like `json`.",
    null: true,
    comment: Some("//"),
    marks: &["//", "/*"],
    params: &[INDENT],
    write,
};

/// The same but for the escapes of control characters (nushell.sh/book/working_with_strings.html).
pub(super) const NUON: Format = Format {
    name: "nuon",
    doc: "A value as Nushell reads it; the order of keys is kept.",
    null: true,
    comment: Some("#"),
    marks: &["#"],
    params: &[
        INDENT,
        Param {
            name: "assign",
            doc: "`assign \"$env.config\"`: instead of one value, `$env.config.a = 1` for each key.",
        },
    ],
    write: write_nuon,
};

fn write(value: &Value, params: &Params) -> Result<Text, Vec<Fault>> {
    let mut writer = Writer::new(params, quote::json);
    writer.node(&[], "", "", value, "");
    writer.page.finish()
}

fn write_nuon(value: &Value, params: &Params) -> Result<Text, Vec<Fault>> {
    let mut writer = Writer::new(params, quote::nushell);
    match (params.text("assign"), value) {
        (Some(name), Value::Map(map)) => {
            for (field, value) in map {
                let field_name = if quote::is_variable(field) {
                    field.to_string()
                } else {
                    quote::nushell(field)
                };
                writer.node(&key(&[], field), "", &format!("{name}.{field_name} = "), value, "");
            }
        }
        (Some(_), other) => writer.page.misfit(&[], "an object", other),
        (None, value) => writer.node(&[], "", "", value, ""),
    }
    writer.page.finish()
}

struct Writer {
    page: Page,
    indent: String,
    quote: fn(&str) -> String,
}

impl Writer {
    fn new(params: &Params, quote: fn(&str) -> String) -> Self {
        let mut page = Page::default();
        let width = match params.last("indent").map(|said| said.args.first()) {
            None => 2,
            Some(Some(Value::Int(width @ 0..=8))) => usize::try_from(*width).unwrap_or(2),
            Some(_) => {
                page.bad_param("indent", "a number from 0 to 8, as in `indent 4`");
                2
            }
        };
        Self { page, indent: " ".repeat(width), quote }
    }

    /// Writes `pad`, `lead` (a key and its colon), the value and `tail` (a comma).
    fn node(&mut self, path: &[Step], pad: &str, lead: &str, value: &Value, tail: &str) {
        let inner = format!("{pad}{}", self.indent);
        let comma = |at: usize, len: usize| if at + 1 < len { "," } else { "" };
        match value {
            Value::List(list) if !list.is_empty() => {
                self.page.line(path, &format!("{pad}{lead}["));
                for (at, item) in list.iter().enumerate() {
                    self.node(&index(path, at), &inner, "", item, comma(at, list.len()));
                }
                self.page.bare(&format!("{pad}]{tail}"));
            }
            Value::Map(map) if !map.is_empty() => {
                self.page.line(path, &format!("{pad}{lead}{{"));
                for (at, (name, item)) in map.iter().enumerate() {
                    let lead = format!("{}: ", (self.quote)(name));
                    self.node(&key(path, name), &inner, &lead, item, comma(at, map.len()));
                }
                self.page.bare(&format!("{pad}}}{tail}"));
            }
            _ => {
                let text = self.scalar(path, value);
                self.page.parts(path, &[pad, lead, &text, tail]);
            }
        }
    }

    fn scalar(&mut self, path: &[Step], value: &Value) -> String {
        match value {
            Value::Null => "null".to_owned(),
            Value::Bool(value) => value.to_string(),
            Value::Int(value) => value.to_string(),
            Value::Float(value) if value.is_finite() => serde_json::Value::from(*value).to_string(),
            Value::Float(value) => {
                self.page.fault(path, format!("JSON has no number `{value}`"), None);
                String::new()
            }
            Value::String(text) => (self.quote)(text),
            Value::List(_) => "[]".to_owned(),
            Value::Map(_) => "{}".to_owned(),
        }
    }
}
