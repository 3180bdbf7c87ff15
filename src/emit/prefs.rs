//! The preferences of Mozilla's programs: `user.js`, `prefs.js` (modules/libpref/parser in their
//! source).

use super::page::{Page, key};
use super::{Fault, Format, Param, Params, Text};
use crate::ir::Value;

pub(super) const FORMAT: Format = Format {
    name: "prefs",
    doc: "Preferences of Firefox and Thunderbird: `user_pref(\"name\", true);` for each key. A list or an \
          object is written as a text that holds JSON, as these programs keep them.",
    null: false,
    comment: Some("//"),
    marks: &["//", "/*"],
    params: &[Param {
        name: "function",
        doc: "`function \"lockPref\"`: what sets a preference; `user_pref` if not said.",
    }],
    write,
};

fn write(value: &Value, params: &Params) -> Result<Text, Vec<Fault>> {
    let mut page = Page::default();
    let Value::Map(map) = value else {
        page.misfit(&[], "an object", value);
        return page.finish();
    };
    let function = params.text("function").unwrap_or("user_pref");
    for (name, value) in map {
        let path = key(&[], name);
        if name.is_empty() {
            page.fault(&path, "the name of a preference cannot be empty", None);
            continue;
        }
        let value = match value {
            Value::Bool(value) => value.to_string(),
            // Theirs have 32 bits, and a larger one makes the program drop the rest of the file.
            Value::Int(value) => match i32::try_from(*value) {
                Ok(value) => value.to_string(),
                Err(_) => {
                    let help = "write it as a text, if the program reads it as one";
                    page.fault(&path, format!("`{value}` has more than 32 bits"), Some(help));
                    continue;
                }
            },
            Value::Float(value) => {
                let help = format!("write it as a text, as these programs do: `\"{value}\"`");
                page.fault(&path, "a preference is no decimal number", Some(&help));
                continue;
            }
            Value::String(text) => quoted(text),
            Value::List(_) | Value::Map(_) => quoted(&serde_json::json!(value).to_string()),
            Value::Null => {
                page.misfit(&path, "a bool, a number or a text", value);
                continue;
            }
        };
        page.line(&path, &format!("{function}({}, {value});", quoted(name)));
    }
    page.finish()
}

/// A text in quotes.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
