//! Git's configuration, read as `git_parse_source` of git's `config.c` does.

use std::iter::Peekable;
use std::str::Chars;

use indexmap::IndexMap;

use super::{Entry, Said, comments, put, scalar};
use crate::ir::Value;

/// Reads a file.
///
/// # Errors
/// What git would refuse, and what no configuration can say.
pub(super) fn read(text: &str) -> Result<Said, String> {
    let mut reader = Reader { chars: text.chars().peekable(), line: 1, section: None };
    let mut list = Vec::new();
    while let Some(pair) = reader.pair()? {
        list.push(pair);
    }
    let mut top = IndexMap::new();
    for pair in &list {
        let section = top.entry(pair.section.as_str().into());
        let section = section.or_insert_with(|| Value::Map(IndexMap::new()));
        let Value::Map(mut map) = std::mem::replace(section, Value::Null) else { continue };
        let value = scalar(&pair.value, ("true", "false"));
        match &pair.sub {
            None => match map.get(pair.key.as_str()) {
                Some(Value::Map(_)) => return Err(pair.meets()),
                _ => put(&mut map, &pair.key, value),
            },
            Some(sub) => {
                let inner = map.entry(sub.as_str().into());
                match inner.or_insert_with(|| Value::Map(IndexMap::new())) {
                    Value::Map(inner) => put(inner, &pair.key, value),
                    _ => return Err(pair.meets()),
                }
            }
        }
        *section = Value::Map(map);
    }
    let entries = order(&list);
    Ok(Said {
        value: Value::Map(top),
        entries: Some(entries),
        comments: comments(text, &["#", ";"]),
        parts: None,
    })
}

/// What git makes of it: keys of one section in their order. Sections say nothing about each other,
/// unless a file is included between them.
fn order(list: &[Pair]) -> Vec<Entry> {
    let mut entries: Vec<Entry> = list
        .iter()
        .map(|pair| Entry {
            section: match &pair.sub {
                Some(sub) => format!("{}.{sub}", pair.section.to_ascii_lowercase()),
                None => pair.section.to_ascii_lowercase(),
            },
            key: Some(pair.key.to_ascii_lowercase()),
            value: pair.value.clone(),
        })
        .collect();
    let includes = |entry: &Entry| {
        let first = entry.section.split('.').next().unwrap_or_default();
        ["include", "includeif"].contains(&first)
    };
    for part in entries.split_mut(includes) {
        part.sort_by_key(|entry| entry.section.split('.').next().unwrap_or_default().to_owned());
    }
    entries
}

struct Pair {
    section: String,
    sub: Option<String>,
    key: String,
    value: String,
}

impl Pair {
    fn meets(&self) -> String {
        format!("`{}` is a key and a subsection of `{}`", self.key, self.section)
    }
}

struct Reader<'a> {
    chars: Peekable<Chars<'a>>,
    line: usize,
    section: Option<(String, Option<String>)>,
}

impl Reader<'_> {
    /// The next character; `\r\n` is one, as git has it.
    fn next(&mut self) -> Option<char> {
        let mut c = self.chars.next()?;
        if c == '\r' && self.chars.peek() == Some(&'\n') {
            c = self.chars.next()?;
        }
        self.line += usize::from(c == '\n');
        Some(c)
    }

    fn wrong<T>(&self, what: &str) -> Result<T, String> {
        Err(format!("line {}: {what}", self.line))
    }

    fn pair(&mut self) -> Result<Option<Pair>, String> {
        while let Some(c) = self.next() {
            match c {
                c if c.is_whitespace() || c == '\u{feff}' => {}
                '#' | ';' => while self.next().is_some_and(|c| c != '\n') {},
                '[' => self.section = Some(self.header()?),
                c if c.is_ascii_alphabetic() => return self.key(c).map(Some),
                c => return self.wrong(&format!("expected a key, found `{c}`")),
            }
        }
        Ok(None)
    }

    fn header(&mut self) -> Result<(String, Option<String>), String> {
        let mut name = String::new();
        loop {
            match self.next() {
                Some(']') if name.contains('.') => {
                    return self.wrong("a subsection in its old spelling, `[section.name]`");
                }
                Some(']') => return Ok((name, None)),
                Some(c) if c.is_ascii_alphanumeric() || "-.".contains(c) => name.push(c),
                Some(' ' | '\t') => break,
                _ => return self.wrong("expected the end of a section's name"),
            }
        }
        while self.chars.next_if(|c| matches!(c, ' ' | '\t')).is_some() {}
        if self.next() != Some('"') {
            return self.wrong("expected a subsection in quotes");
        }
        let mut sub = String::new();
        loop {
            match self.next() {
                Some('"') => break,
                Some('\\') => match self.next() {
                    Some(c) if c != '\n' => sub.push(c),
                    _ => return self.wrong("a subsection without its end"),
                },
                Some(c) if c != '\n' => sub.push(c),
                _ => return self.wrong("a subsection without its end"),
            }
        }
        match self.next() {
            Some(']') => Ok((name, Some(sub))),
            _ => self.wrong("expected `]`"),
        }
    }

    fn key(&mut self, first: char) -> Result<Pair, String> {
        let mut key = String::from(first);
        while let Some(c) = self.chars.next_if(|c| c.is_ascii_alphanumeric() || *c == '-') {
            key.push(c);
        }
        while self.chars.next_if(|c| matches!(c, ' ' | '\t')).is_some() {}
        match self.next() {
            Some('=') => {}
            _ => return self.wrong(&format!("`{key}` has no value")),
        }
        let value = self.value()?;
        let Some((section, sub)) = self.section.clone() else {
            return self.wrong("a key outside of all sections");
        };
        // Relative to where the file itself is, behind all links to it.
        let relative =
            |sub: &String| sub.starts_with("gitdir:./") || sub.starts_with("gitdir/i:./");
        if section.eq_ignore_ascii_case("includeif") && sub.as_ref().is_some_and(relative) {
            return self.wrong("a condition relative to the file");
        }
        Ok(Pair { section, sub, key, value })
    }

    /// What stands behind `=`: blanks around it and comments go, quotes and backslashes are read.
    fn value(&mut self) -> Result<String, String> {
        let mut value = String::new();
        let mut quoted = false;
        // How much of it stands for sure: blanks at its end go.
        let mut kept = 0;
        loop {
            match self.next() {
                None | Some('\n') if quoted => return self.wrong("a quote without its end"),
                None | Some('\n') => break,
                Some(c) if !quoted && matches!(c, '#' | ';') => {
                    while self.next().is_some_and(|c| c != '\n') {}
                    break;
                }
                Some(c) if !quoted && c.is_whitespace() => {
                    if !value.is_empty() {
                        value.push(c);
                    }
                    continue;
                }
                Some('"') => quoted = !quoted,
                Some('\\') => match self.next() {
                    Some('\n') => continue,
                    Some('n') => value.push('\n'),
                    Some('t') => value.push('\t'),
                    Some('b') => value.push('\u{8}'),
                    Some(c @ ('"' | '\\')) => value.push(c),
                    _ => return self.wrong("git knows no such escape"),
                },
                Some(c) => value.push(c),
            }
            kept = value.len();
        }
        value.truncate(kept);
        Ok(value)
    }
}
