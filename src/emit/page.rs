//! What every writer needs: a page that knows the value behind each of its lines, and words for
//! scalars.

use ecow::EcoString;
use indexmap::IndexMap;

use super::{Fault, Params, Text};
use crate::ir::{Path, Step, Value};

/// A text in the making, and the faults met on the way.
#[derive(Default)]
pub(super) struct Page {
    /// What stands before each line from here on.
    pub margin: String,
    text: String,
    lines: Vec<Option<Path>>,
    faults: Vec<Fault>,
}

impl Page {
    /// Adds the lines that a value comes to.
    pub fn line(&mut self, path: &[Step], text: &str) {
        self.parts(path, &[text]);
    }

    /// Adds the lines that a value comes to, of texts that stand side by side.
    pub fn parts(&mut self, path: &[Step], parts: &[&str]) {
        self.text.push_str(&self.margin);
        self.lines.push(Some(path.into()));
        for part in parts {
            let mut rest = *part;
            while let Some(end) = rest.as_bytes().iter().position(|byte| *byte == b'\n') {
                self.text.push_str(&rest[..=end]);
                self.text.push_str(&self.margin);
                self.lines.push(Some(path.into()));
                rest = &rest[end + 1..];
            }
            self.text.push_str(rest);
        }
        self.text.push('\n');
    }

    /// Adds a line that has no one value behind it.
    pub fn bare(&mut self, text: &str) {
        if !text.is_empty() {
            self.text.push_str(&self.margin);
        }
        self.text.push_str(text);
        self.text.push('\n');
        self.lines.push(None);
    }

    /// Adds a blank line, except at the top.
    pub fn blank(&mut self) {
        if !self.text.is_empty() {
            self.bare("");
        }
    }

    /// Notes a value that cannot be written.
    pub fn fault(&mut self, path: &[Step], message: impl Into<String>, help: Option<&str>) {
        self.faults.push(Fault {
            path: path.into(),
            param: None,
            message: message.into(),
            help: help.map(str::to_owned),
        });
    }

    /// Notes a value of a kind that has no place here.
    pub fn misfit(&mut self, path: &[Step], expected: &str, found: &Value) {
        self.fault(path, format!("expects {expected}, found {}", found.kind()), None);
    }

    /// Notes a parameter whose argument is none of the words it takes.
    pub fn bad_param(&mut self, name: &str, expected: &str) {
        self.faults.push(Fault {
            path: Path::new(),
            param: Some(name.into()),
            message: format!("the parameter `{name}` expects {expected}"),
            help: None,
        });
    }

    /// The text, if there was no fault.
    pub fn finish(mut self) -> Result<Text, Vec<Fault>> {
        if self.text.starts_with('\u{feff}') {
            let path = self.lines.first().cloned().flatten().unwrap_or_default();
            let help = "take U+FEFF away from its front";
            self.fault(
                &path,
                "a text that begins with a byte order mark loses it on reading",
                Some(help),
            );
        }
        if !self.faults.is_empty() {
            return Err(self.faults);
        }
        Ok(Text { text: self.text, lines: self.lines })
    }
}

/// The way to a key.
pub(super) fn key(path: &[Step], key: &EcoString) -> Path {
    longer(path, Step::Key(key.clone()))
}

/// The way to an item.
pub(super) fn index(path: &[Step], index: usize) -> Path {
    longer(path, Step::Index(index))
}

fn longer(path: &[Step], step: Step) -> Path {
    path.iter().cloned().chain([step]).collect()
}

/// A scalar as text, with the format's words for true and false; `None` if it is none.
pub(super) fn scalar(value: &Value, bools: (&str, &str)) -> Option<String> {
    match value {
        Value::Bool(value) => Some(if *value { bools.0 } else { bools.1 }.to_owned()),
        Value::Int(value) => Some(value.to_string()),
        Value::Float(value) => Some(float(*value)),
        Value::String(value) => Some(value.to_string()),
        Value::Null | Value::List(_) | Value::Map(_) => None,
    }
}

/// A float that still looks like one when it is whole.
pub(super) fn float(value: f64) -> String {
    format!("{value:?}")
}

/// The maps of a list that holds nothing else.
pub(super) fn maps(value: &Value) -> Option<Vec<&IndexMap<EcoString, Value>>> {
    let Value::List(list) = value else { return None };
    if list.is_empty() {
        return None;
    }
    list.iter().map(|item| if let Value::Map(map) = item { Some(map) } else { None }).collect()
}

/// The words for true and false: `bool "yes" "no"`.
pub(super) fn bools<'a>(
    params: &'a Params,
    page: &mut Page,
    default: (&'a str, &'a str),
) -> (&'a str, &'a str) {
    let Some(said) = params.last("bool") else { return default };
    match said.args.as_slice() {
        [Value::String(yes), Value::String(no)] => (yes, no),
        _ => {
            page.bad_param("bool", "two words, as in `bool \"yes\" \"no\"`");
            default
        }
    }
}

/// Whether a text or a key holds a NUL.
pub(super) fn has_nul(value: &Value) -> bool {
    let nul = |text: &str| text.as_bytes().contains(&0);
    match value {
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) => false,
        Value::String(text) => nul(text),
        Value::List(list) => list.iter().any(has_nul),
        Value::Map(map) => map.iter().any(|(key, value)| nul(key) || has_nul(value)),
    }
}

/// Faults at every text and key that holds a NUL, which no text file can.
pub(super) fn find_nul(value: &Value, path: &mut Path, faults: &mut Vec<Fault>) {
    let mut look = |text: &str, path: &Path| {
        if text.contains('\0') {
            let message = "a text file cannot hold the character U+0000".to_owned();
            faults.push(Fault { path: path.clone(), param: None, message, help: None });
        }
    };
    match value {
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) => {}
        Value::String(text) => look(text, path),
        Value::List(list) => {
            for (index, item) in list.iter().enumerate() {
                path.push(Step::Index(index));
                find_nul(item, path, faults);
                path.pop();
            }
        }
        Value::Map(map) => {
            for (key, item) in map {
                path.push(Step::Key(EcoString::clone(key)));
                if key.contains('\0') {
                    let message = "a text file cannot hold the character U+0000".to_owned();
                    faults.push(Fault { path: path.clone(), param: None, message, help: None });
                } else {
                    find_nul(item, path, faults);
                }
                path.pop();
            }
        }
    }
}

/// Whether systemd's environment.d takes this value and hands it on as it is: its generator prints
/// a tab as `\t`, which the manager then reads as two characters (systemd 252).
pub(super) fn is_environment_d(text: &str) -> bool {
    !text.is_empty() && !text.contains(|c: char| c.is_ascii_control() || is_noncharacter(c))
}

/// A code point that Unicode keeps for no character, which systemd takes for broken UTF-8.
pub(super) fn is_noncharacter(c: char) -> bool {
    matches!(c, '\u{fdd0}'..='\u{fdef}') || u32::from(c) & 0xfffe == 0xfffe
}

/// A character as a message names it: `` `;` ``, or U+000A where it cannot be seen.
pub(super) fn name(c: char) -> String {
    if c.is_control() || c.is_whitespace() {
        format!("U+{:04X}", u32::from(c))
    } else {
        format!("`{c}`")
    }
}

/// Whether a reader that trims would take something away: Unicode's spaces, the separators that
/// Python counts among them, and the byte order mark, as JavaScript does.
pub(super) fn is_trimmed(text: &str) -> bool {
    let white = |c: char| c.is_whitespace() || matches!(c, '\u{1c}'..='\u{1f}' | '\u{feff}');
    text.starts_with(white) || text.ends_with(white)
}
