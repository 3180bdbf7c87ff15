//! What stands around and between values: byte order marks, line ends, and what hcc has no value
//! for.

use ecow::EcoString;

use super::edits::{Edits, Map};
use super::{Document, KeyPath, MergeError, name};
use crate::ir::{Step, Value};

/// How a text file is wrapped: it is edited without, and gets it back.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Shell {
    mark: bool,
    crlf: bool,
}

impl Shell {
    /// Unwraps a text. Line ends become newlines if all of them are `\r\n`.
    pub fn open(bytes: &[u8]) -> Result<(Self, String), MergeError> {
        let text = std::str::from_utf8(bytes).map_err(|error| {
            let good = bytes.get(..error.valid_up_to()).unwrap_or_default();
            let line = 1 + good.iter().filter(|byte| **byte == b'\n').count();
            let byte = bytes.get(error.valid_up_to()).copied().unwrap_or_default();
            MergeError::Encoding { line, byte }
        })?;
        let (mark, text) = match text.strip_prefix('\u{feff}') {
            Some(text) => (true, text),
            None => (false, text),
        };
        let newlines = text.matches('\n').count();
        let crlf = newlines > 0
            && text.matches("\r\n").count() == newlines
            && text.matches('\r').count() == newlines;
        let text = if crlf { text.replace("\r\n", "\n") } else { text.to_owned() };
        Ok((Self { mark, crlf }, text))
    }

    fn close(self, text: Vec<u8>) -> Vec<u8> {
        let mut out = Vec::with_capacity(text.len() + 3);
        if self.mark {
            out.extend_from_slice("\u{feff}".as_bytes());
        }
        for byte in text {
            if self.crlf && byte == b'\n' {
                out.push(b'\r');
            }
            out.push(byte);
        }
        out
    }
}

/// A document in its shell.
pub(super) struct Shelled<D> {
    shell: Shell,
    inner: D,
}

impl<D> Shelled<D> {
    pub fn new(shell: Shell, inner: D) -> Self {
        Self { shell, inner }
    }
}

impl<D: Document> Document for Shelled<D> {
    fn value(&self) -> &Value {
        self.inner.value()
    }

    fn words(&self, path: &[EcoString]) -> Option<String> {
        self.inner.words(path)
    }

    fn bare(&self, path: &[EcoString]) -> Option<String> {
        self.inner.bare(path)
    }

    fn meaning(&self, words: &str) -> Option<Value> {
        self.inner.meaning(words)
    }

    fn has_comments(&self, path: &[EcoString]) -> bool {
        self.inner.has_comments(path)
    }

    fn same(&self, a: &Value, b: &Value) -> bool {
        self.inner.same(a, b)
    }

    fn edit(&self, edits: &Edits) -> Result<Vec<u8>, MergeError> {
        Ok(self.shell.close(self.inner.edit(edits)?))
    }
}

/// A leaf that hcc has no value for, by its kind (`a date`) and its text. No file can hold it as an
/// object: a reader refuses keys with U+0000.
pub(super) fn tagged(kind: &str, text: &str) -> Value {
    Value::Map(Map::from([(
        EcoString::from(format!("\0{kind}")),
        Value::String(EcoString::from(text)),
    )]))
}

/// The kind and text of such a leaf.
pub(super) fn other(value: &Value) -> Option<(&str, &str)> {
    let Value::Map(map) = value else { return None };
    let (key, text) = map.first()?;
    Some((key.strip_prefix('\0')?, text.as_str()?))
}

/// The first leaf that a configuration cannot say.
pub(super) fn unsayable(value: &Value, path: &mut Vec<Step>) -> Option<MergeError> {
    if let Some((kind, _)) = other(value) {
        let keys: KeyPath = path
            .iter()
            .map(|step| match step {
                Step::Key(key) => EcoString::clone(key),
                Step::Index(index) => EcoString::from(index.to_string()),
            })
            .collect();
        return Some(MergeError::NoValue { path: name(&keys), kind: kind.to_owned() });
    }
    let mut look = |step: Step, value: &Value| {
        path.push(step);
        let found = unsayable(value, path);
        path.pop();
        found
    };
    match value {
        Value::Map(map) => {
            map.iter().find_map(|(key, value)| look(Step::Key(EcoString::clone(key)), value))
        }
        Value::List(list) => {
            list.iter().enumerate().find_map(|(at, value)| look(Step::Index(at), value))
        }
        _ => None,
    }
}

/// The line and column of a byte, from 1.
pub(super) fn line_column(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line = 1 + before.matches('\n').count();
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (line, 1 + before.get(start..).map_or(0, |rest| rest.chars().count()))
}

/// A mistake at a byte.
pub(super) fn syntax(text: &str, at: usize, message: impl Into<String>) -> MergeError {
    let (line, column) = line_column(text, at);
    MergeError::Syntax { line, column, message: message.into() }
}
