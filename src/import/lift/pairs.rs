//! Lines of `key value` in the dialect that a target's parameters say.

use indexmap::IndexMap;

use super::text::Parts;
use super::words::{Special, words};
use super::{Entry, Said, bools, comments, put, scalar};
use crate::emit::Params;
use crate::ir::Value;

/// Reads a file. A line that is no pair is kept as it stands.
///
/// # Errors
/// What hcc writes, and reads not.
pub(super) fn read(text: &str, params: &Params) -> Result<Said, String> {
    let dialect = Dialect::new(params)?;
    let mut entries = Vec::new();
    let mut map = IndexMap::new();
    // From the first line that is no pair on, all stays as it stands.
    let mut behind: Option<usize> = None;
    for (at, line) in text.lines().enumerate() {
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with('#') {
            continue;
        }
        let pair = dialect.pair(trimmed);
        let (key, value) = match &pair {
            Some((key, value)) => (Some((*key).to_owned()), value.clone()),
            None => (None, trimmed.to_owned()),
        };
        match pair {
            Some((key, value)) if behind.is_none() => {
                put(&mut map, key, scalar(&value, dialect.bools));
            }
            _ => behind = behind.or(Some(at)),
        }
        entries.push(Entry { section: String::new(), key, value });
    }
    let lines: Vec<&str> = text.lines().collect();
    let behind = behind.unwrap_or(lines.len());
    let lost = lines.get(..behind).unwrap_or_default();
    let parts =
        Parts { before: String::new(), after: lines.get(behind..).unwrap_or_default().join("\n") };
    Ok(Said {
        value: Value::Map(map),
        entries: Some(entries),
        comments: comments(&lost.join("\n"), &["#"]),
        parts: Some(parts),
    })
}

struct Dialect<'a> {
    separator: &'a str,
    prefix: &'a str,
    suffix: &'a str,
    bools: (&'a str, &'a str),
    marks: Vec<char>,
    escape: bool,
    /// Values are words of a shell.
    shell: bool,
    comments: Vec<&'a str>,
    /// What a backslash keeps from being something else.
    backslash: Vec<&'a str>,
}

impl<'a> Dialect<'a> {
    fn new(params: &'a Params) -> Result<Self, String> {
        let named = |name: &'a str| -> Vec<&'a str> {
            params
                .last(name)
                .into_iter()
                .flat_map(|said| &said.args)
                .filter_map(Value::as_str)
                .collect()
        };
        let shell = named("quote") == ["shell"];
        let marks = match named("quote").as_slice() {
            [] | ["never", ..] | ["shell"] => Vec::new(),
            ["needed" | "always"] => vec!['"'],
            ["needed" | "always", mark] => mark.chars().collect(),
            _ => return Err("hcc writes values of this dialect, and reads none".to_owned()),
        };
        Ok(Self {
            separator: params.text("separator").unwrap_or("="),
            prefix: params.text("prefix").unwrap_or_default(),
            suffix: params.text("suffix").unwrap_or_default(),
            bools: bools(params, ("true", "false")),
            marks,
            escape: params.flag("escape"),
            shell,
            comments: if params.last("comment").is_some() { named("comment") } else { vec!["#"] },
            backslash: named("backslash"),
        })
    }

    fn pair<'l>(&self, line: &'l str) -> Option<(&'l str, String)> {
        let line = line.strip_prefix(self.prefix)?.strip_suffix(self.suffix)?;
        let separator = self.separator.trim();
        let (key, value) = match separator {
            "" => line.split_once(char::is_whitespace)?,
            separator => line.split_once(separator)?,
        };
        let (key, value) = (key.trim_end(), value.trim());
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        if key.is_empty() || !key.chars().all(plain) {
            return None;
        }
        Some((key, self.value(value)?))
    }

    fn value(&self, text: &str) -> Option<String> {
        if self.shell {
            return match words(text, &Special::default())?.as_slice() {
                [one] => Some(one.clone()),
                _ => None,
            };
        }
        let comment = |rest: &str| self.comments.iter().any(|mark| rest.starts_with(mark));
        if let Some(mark) = text.chars().next().filter(|c| self.marks.contains(c)) {
            let mut value = String::new();
            let mut chars = text.chars().skip(1);
            while let Some(c) = chars.next() {
                match c {
                    '\\' if self.escape => match chars.next()? {
                        'n' => value.push('\n'),
                        't' => value.push('\t'),
                        c => value.push(c),
                    },
                    c if c == mark => {
                        let rest: String = chars.collect();
                        let rest = rest.trim_start();
                        return (rest.is_empty() || comment(rest)).then_some(value);
                    }
                    c => value.push(c),
                }
            }
            return None;
        }
        // What is a comment there, and what is a character, is the program's to say.
        if !self.backslash.is_empty()
            && (text.contains('\\') || self.backslash.iter().any(|mark| text.contains(mark)))
        {
            return None;
        }
        // A quote in the middle, or a backslash, means what only the program knows.
        if text.contains(['"', '\'', '\\']) && (self.escape || !self.marks.is_empty()) {
            return None;
        }
        let end = text.char_indices().find(|(at, _)| {
            let before = text.get(..*at).unwrap_or_default();
            (before.is_empty() || before.ends_with(char::is_whitespace))
                && comment(text.get(*at..).unwrap_or_default())
        });
        let value = end.map_or(text, |(at, _)| text.get(..at).unwrap_or_default()).trim_end();
        // Where spaces separate, several words are several values.
        let words = self.separator.trim().is_empty() && !self.marks.is_empty();
        (!(words && value.contains(char::is_whitespace))).then(|| value.to_owned())
    }
}
