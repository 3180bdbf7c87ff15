//! Lines of `key = value` in any dialect: what `ini` and `key-value` share.

use ecow::EcoString;

use super::dialect::{Dialect, List, Quote};
use super::page::{Page, index, is_environment_d, is_trimmed, name, scalar};
use super::{quote, shell_expand};
use crate::ir::{Step, Value};

impl Dialect<'_> {
    /// Writes the line or lines of one key.
    pub fn pair(&self, page: &mut Page, path: &[Step], key: &EcoString, value: &Value) {
        if let Some(message) = self.key_fault(key) {
            page.fault(path, message, None);
            return;
        }
        self.values(page, path, key, value);
    }

    /// The same, of a key that is known to be one.
    pub fn values(&self, page: &mut Page, path: &[Step], key: &str, value: &Value) {
        let named = self.lists.iter().rev().find(|(name, _)| *name == key);
        match (value, named.map_or(self.list, |(_, list)| *list)) {
            (Value::Bool(value), _) if self.flag => {
                if *value {
                    page.line(path, &format!("{}{key}{}", self.prefix, self.suffix));
                }
            }
            (Value::List(list), List::Repeat) => {
                for (at, item) in list.iter().enumerate() {
                    let path = index(path, at);
                    if let Some(text) = self.scalar(page, &path, item, "a scalar") {
                        self.line(page, &path, key, &text);
                    }
                }
            }
            (Value::List(list), List::Brackets) => {
                let texts = list
                    .iter()
                    .enumerate()
                    .map(|(at, item)| self.scalar(page, &index(path, at), item, "a scalar"));
                if let Some(texts) = texts.collect::<Option<Vec<_>>>() {
                    self.line(page, path, key, &format!("[{}]", texts.join(", ")));
                }
            }
            (Value::List(list), List::Join(separator)) => {
                if !self.expandable(page, path, list) {
                    return;
                }
                let text = join(page, path, list, separator, self.bools);
                if let Some(text) = text.and_then(|text| self.text(page, path, &text)) {
                    self.line(page, path, key, &text);
                }
            }
            _ => {
                let expected = "a scalar or a list of them";
                if let Some(text) = self.scalar(page, path, value, expected) {
                    self.line(page, path, key, &text);
                }
            }
        }
    }

    /// Whether what is not expanded can be said at the item that holds it: if not, it was said.
    fn expandable(&self, page: &mut Page, path: &[Step], list: &[Value]) -> bool {
        let Quote::Expand(shell) = self.quote else { return true };
        let mut all = true;
        for (at, item) in list.iter().enumerate() {
            if let Some(Err(fault)) = item.as_str().map(|text| shell_expand(text, shell)) {
                page.fault(&index(path, at), fault.message, Some(&fault.help));
                all = false;
            }
        }
        all
    }

    fn line(&self, page: &mut Page, path: &[Step], key: &str, value: &str) {
        let separator = if value.is_empty() { self.separator.trim_end() } else { self.separator };
        if self.braces && self.suffix.is_empty() && value.ends_with('{') {
            page.fault(path, "a value cannot end in `{` here, which opens a block", None);
            return;
        }
        page.parts(path, &[self.prefix, key, separator, value, self.suffix]);
    }

    /// Why a key would be read as something else.
    fn key_fault(&self, key: &str) -> Option<String> {
        match self.quote {
            Quote::Shell if quote::shell(key) != key => {
                return Some("a key cannot hold what a shell reads as something else".to_owned());
            }
            Quote::Environment | Quote::Expand(_) if !quote::is_variable(key) => {
                return Some(format!("`{key}` is no name of a variable"));
            }
            _ => {}
        }
        let separator = self.separator.trim();
        let first = key.chars().next();
        match key {
            "" => Some("a key cannot be empty".to_owned()),
            _ if key.contains(['\n', '\r']) => Some("a key cannot hold a line break".to_owned()),
            _ if is_trimmed(key) => Some("a key cannot begin or end with a space".to_owned()),
            _ if separator.is_empty() && key.contains(char::is_whitespace) => {
                Some("a key cannot hold a space, which ends it".to_owned())
            }
            _ if !separator.is_empty() && key.contains(separator) => {
                Some(format!("a key cannot hold `{separator}`, which ends it"))
            }
            _ if self.braces && key.contains(['{', '}']) => {
                Some("a key cannot hold a brace here".to_owned())
            }
            _ => first
                .filter(|c| matches!(c, '#' | ';' | '['))
                .map(|c| format!("a key cannot begin with `{c}`")),
        }
    }

    /// A scalar as its reader wants it: numbers, true and false are not put in quotes.
    fn scalar(
        &self,
        page: &mut Page,
        path: &[Step],
        value: &Value,
        expected: &str,
    ) -> Option<String> {
        let Some(text) = scalar(value, self.bools) else {
            page.misfit(path, expected, value);
            return None;
        };
        match (value, self.quote) {
            (Value::String(_), _) | (_, Quote::Shell | Quote::Environment | Quote::Expand(_)) => {
                self.text(page, path, &text)
            }
            _ => Some(text),
        }
    }

    /// A text as its reader wants it.
    fn text(&self, page: &mut Page, path: &[Step], text: &str) -> Option<String> {
        let (mark, escape) = match self.quote {
            Quote::Shell => return Some(quote::shell(text)),
            Quote::Expand(shell) => match shell_expand(text, shell) {
                Ok(text) => return Some(text),
                Err(fault) => {
                    page.fault(path, fault.message, Some(&fault.help));
                    return None;
                }
            },
            Quote::Environment if !is_environment_d(text) => {
                let message =
                    "environment.d hands on no value that is empty or holds control characters";
                page.fault(path, message, Some("leave it out"));
                return None;
            }
            Quote::Environment => return Some(quote::environment_d(text)),
            Quote::Never { escape } => return self.unquoted(page, path, text, escape),
            Quote::Needed { mark, escape } if !self.needs_quotes(text, mark, escape) => {
                return self.unquoted(page, path, text, false);
            }
            Quote::Needed { mark, escape } | Quote::Always { mark, escape } => (mark, escape),
        };
        let stray = text.chars().find(|c| *c == mark || matches!(c, '\n' | '\r'));
        if let (Some(c), false) = (stray, escape) {
            page.fault(path, format!("a value in quotes cannot hold {} here", name(c)), None);
            return None;
        }
        let mut out = String::from(mark);
        for c in text.chars() {
            if escape { quote::push_backslashed(&mut out, c, mark) } else { out.push(c) }
        }
        out.push(mark);
        Some(out)
    }

    fn unquoted(&self, page: &mut Page, path: &[Step], text: &str, escape: bool) -> Option<String> {
        let mut out = String::new();
        for c in text.chars() {
            if self.backslashed.contains(&c) {
                out.push('\\');
            }
            if escape { quote::push_backslashed(&mut out, c, '\\') } else { out.push(c) }
        }
        for text in &self.doubled {
            out = out.replace(text, &text.repeat(2));
        }
        let message = if out.contains(['\n', '\r']) {
            "a value cannot hold a line break here".to_owned()
        } else if is_trimmed(&out) {
            "a value cannot begin or end with a space here".to_owned()
        } else if let Some(comment) = self.comment_in(&out) {
            format!("`{comment}` begins a comment here")
        } else {
            return Some(out);
        };
        page.fault(path, message, None);
        None
    }

    fn needs_quotes(&self, text: &str, mark: char, escape: bool) -> bool {
        text.is_empty()
            || is_trimmed(text)
            || text.contains(['\n', '\r'])
            || text.starts_with(['"', '\'', mark])
            || text.ends_with(mark)
            || (escape && text.contains(['\\', mark]))
            || self.comment_in(text).is_some()
            // Where spaces separate, a value is a word.
            || (self.separator.trim().is_empty() && text.contains(char::is_whitespace))
    }

    fn comment_in(&self, text: &str) -> Option<&str> {
        self.comments.iter().copied().find(|comment| {
            text.match_indices(comment).any(|(at, _)| {
                text.get(..at).is_some_and(|before| {
                    before.is_empty() || before.ends_with(char::is_whitespace)
                })
            })
        })
    }
}

/// A list of scalars in one text; an item that holds the separator would be read as two.
pub(super) fn join(
    page: &mut Page,
    path: &[Step],
    list: &[Value],
    separator: &str,
    bools: (&str, &str),
) -> Option<String> {
    let trimmed = separator.trim();
    let mut items = Vec::new();
    for (at, item) in list.iter().enumerate() {
        let path = index(path, at);
        let Some(text) = scalar(item, bools) else {
            page.misfit(&path, "a scalar", item);
            return None;
        };
        let splits = if trimmed.is_empty() {
            text.contains(char::is_whitespace)
        } else {
            text.contains(trimmed)
        };
        if splits && list.len() > 1 {
            let message = format!("an item cannot hold `{separator}`, which ends it");
            page.fault(&path, message, None);
            return None;
        }
        items.push(text);
    }
    Some(items.join(separator))
}
