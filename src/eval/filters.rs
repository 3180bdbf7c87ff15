//! Filters of expressions and templates: quoting for readers, and small changes of text.

use std::borrow::Cow;

use minijinja::value::{Kwargs, ValueKind};
use minijinja::{Environment, Error, ErrorKind, Value};

use crate::emit::quote;

/// The names, for "did you mean".
pub const NAMES: &[&str] = &[
    "shell",
    "dquote",
    "literal",
    "fish",
    "json",
    "toml",
    "xml",
    "nushell",
    "systemd",
    "systemd_env",
    "desktop_exec",
    "ruby",
    "lines_of",
    "indent_by",
    "basename",
    "dirname",
    "under",
    "default",
    "join",
    "map",
    "select",
    "reject",
    "replace",
    "upper",
    "lower",
    "trim",
    "length",
    "first",
    "last",
    "sort",
    "unique",
    "items",
    "int",
    "float",
    "list",
    "bool",
    "capitalize",
    "title",
    "selectattr",
    "rejectattr",
    "split",
    "lines",
    "abs",
    "round",
    "min",
    "max",
    "reverse",
    "batch",
    "slice",
    "dictsort",
    "indent",
    "shell_expand",
    "fish_expand",
    "nushell_expand",
    "onoff",
    "yesno",
];

/// Adds ours to minijinja's.
pub fn add(env: &mut Environment<'static>) {
    env.add_filter("shell", |text: Value| scalar(&text).map(|text| quote::shell(&text)));
    env.add_filter("dquote", |text: Value| scalar(&text).map(|text| quote::dquote(&text)));
    env.add_filter("literal", |text: Value| scalar(&text).map(|text| quote::dquote_literal(&text)));
    env.add_filter("fish", |text: Value| scalar(&text).map(|text| quote::fish(&text)));
    env.add_filter("nushell", |text: Value| scalar(&text).map(|text| quote::nushell(&text)));
    env.add_filter("xml", |text: Value| scalar(&text).map(|text| quote::xml(&text)));
    env.add_filter("toml", |text: Value| scalar(&text).map(|text| quote::toml(&text)));
    env.add_filter("systemd", |text: Value| scalar(&text).map(|text| quote::systemd(&text)));
    env.add_filter("desktop_exec", |text: Value| {
        scalar(&text).map(|text| quote::desktop_exec(&text))
    });
    env.add_filter("systemd_env", |text: Value| {
        scalar(&text).map(|text| quote::systemd_env(&text))
    });
    env.add_filter("json", |value: Value| {
        serde_json::to_string(&value)
            .map_err(|error| Error::new(ErrorKind::BadSerialization, error.to_string()))
    });
    env.add_filter("shell_expand", |text: Value| expand(&text, crate::emit::Shell::Posix));
    env.add_filter("fish_expand", |text: Value| expand(&text, crate::emit::Shell::Fish));
    env.add_filter("nushell_expand", |text: Value| expand(&text, crate::emit::Shell::Nushell));
    env.add_filter("onoff", |value: bool| if value { "on" } else { "off" });
    env.add_filter("yesno", |value: bool| if value { "yes" } else { "no" });
    env.add_filter("basename", |text: String| {
        text.trim_end_matches('/').rsplit('/').next().unwrap_or("").to_owned()
    });
    env.add_filter("dirname", |text: String| {
        text.rsplit_once('/').map_or_else(String::new, |(folder, _)| folder.to_owned())
    });
    env.add_filter("under", |text: String, folder: String| {
        text.strip_prefix(&folder).is_some_and(|rest| rest.starts_with('/'))
    });
    env.add_test("alias_name", |name: String| is_alias(&name));
    // To fish an alias is a function, and its `alias` reads the name as code.
    env.add_test("fish_alias", |name: String| {
        is_alias(&name) && !name.starts_with('-') && !name.contains(['~', '?', '*', '{', '}', '['])
    });
    env.add_test("variable_name", |name: String| quote::is_variable(&name));
    // What a manager of packages would take for two words, an option, or code.
    env.add_test("package_name", |name: String| {
        let special = |c: char| c.is_whitespace() || c.is_control() || "'\"$`\\;|&()<>".contains(c);
        !name.is_empty() && !name.starts_with('-') && !name.contains(special)
    });
    env.add_test("unit_name", |name: String| {
        let known = |c: char| c.is_ascii_alphanumeric() || ":-_.\\@".contains(c);
        !name.is_empty() && name.len() < 240 && !name.starts_with('.') && name.chars().all(known)
    });
    env.add_filter("indent_by", |text: String, by: String, options: Kwargs| {
        let first: Option<bool> = options.get("first")?;
        options.assert_all_used()?;
        let lines: Vec<String> = text
            .lines()
            .enumerate()
            .map(|(index, line)| {
                if line.is_empty() || (index == 0 && first == Some(false)) {
                    line.to_owned()
                } else {
                    format!("{by}{line}")
                }
            })
            .collect();
        Ok::<_, Error>(lines.join("\n"))
    });
}

/// Whether shells take it for an alias: with any other, some do not, or read it as code.
fn is_alias(name: &str) -> bool {
    let special = |c: char| c.is_whitespace() || c.is_control() || "'\"$`\\;|&()<>/=".contains(c);
    !name.is_empty() && !name.starts_with('#') && !name.contains(special)
}

fn scalar(value: &Value) -> Result<Cow<'_, str>, Error> {
    match value.kind() {
        ValueKind::String => Ok(value.as_str().unwrap_or_default().into()),
        ValueKind::Number => Ok(value.to_string().into()),
        ValueKind::Bool => Ok(if value.is_true() { "true" } else { "false" }.into()),
        ValueKind::Undefined => Err(ErrorKind::UndefinedError.into()),
        ValueKind::None => Err(Error::new(
            ErrorKind::InvalidOperation,
            "`#null` is no text to quote; say what stands for it: `| default('', true)`",
        )),
        ValueKind::Seq | ValueKind::Iterable => Err(Error::new(
            ErrorKind::InvalidOperation,
            "a list is quoted item by item: `| map('dquote') | join(' ')`",
        )),
        other => {
            Err(Error::new(ErrorKind::InvalidOperation, format!("a text is quoted, not a {other}")))
        }
    }
}

fn expand(value: &Value, shell: crate::emit::Shell) -> Result<String, Error> {
    let text = scalar(value)?;
    crate::emit::shell_expand(&text, shell).map_err(|fault| {
        Error::new(ErrorKind::InvalidOperation, format!("{}; {}", fault.message, fault.help))
    })
}
