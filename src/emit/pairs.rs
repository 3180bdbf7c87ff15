//! Lines of `key = value` and their dialects, said by parameters: what `ini`, `key-value` and
//! `shell` share.

use std::sync::Arc;

use super::page::{Page, bools, index, is_environment_d, is_trimmed, name, scalar};
use super::shell::is_variable;
use super::{Param, Params, Said, quote};
use crate::ir::{Step, Value};

/// How one reader wants its pairs.
pub(super) struct Dialect<'a> {
    pub separator: &'a str,
    pub prefix: &'a str,
    pub suffix: &'a str,
    pub bools: (&'a str, &'a str),
    pub flag: bool,
    pub quote: Quote,
    /// What begins a comment, at the front of a value or after a space.
    pub comments: Vec<&'a str>,
    list: List<'a>,
    lists: Vec<(&'a str, List<'a>)>,
}

/// When and how values are quoted.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Quote {
    Never { escape: bool },
    Needed { mark: char, escape: bool },
    Always { mark: char, escape: bool },
    Shell,
    Environment,
}

/// What becomes of a list.
#[derive(Clone, Copy, PartialEq)]
enum List<'a> {
    Repeat,
    Join(&'a str),
}

pub(super) const SEPARATOR: Param = Param {
    name: "separator",
    doc: "`separator \" = \"`: what stands between key and value; `=` if not said.",
};
pub(super) const BOOL: Param = Param {
    name: "bool",
    doc: "`bool \"yes\" \"no\"`: how true and false are said; `true` and `false` if not said.",
};
pub(super) const FLAG: Param =
    Param { name: "flag", doc: "`flag`: true is the bare key, and false writes nothing." };
pub(super) const LIST: Param = Param {
    name: "list",
    doc: "`list \"repeat\"`: a line for each item; `list \"join\" \" \"`: one line, joined by that \
          text; joined by `,` if not said.",
};
pub(super) const REPEAT: Param = Param {
    name: "repeat",
    doc: "`repeat \"exec\" \"bind\"`: the lists of these keys get a line for each item.",
};
pub(super) const JOIN: Param = Param {
    name: "join",
    doc: "`join \" \" \"fonts\"`: the lists of these keys are joined by that text.",
};
pub(super) const QUOTE: Param = Param {
    name: "quote",
    doc: "`quote \"never\"` (if not said), `\"needed\"` or `\"always\"`, with the mark behind it: \
          `quote \"needed\" \"'\"`, `\"` if not said; numbers and bools stay bare. `quote \"shell\"`: as a shell reads it. \
          `quote \"environment.d\"`: as systemd's environment.d does, `$` being a dollar.",
};
pub(super) const ESCAPE: Param = Param {
    name: "escape",
    doc: "`escape`: the reader knows backslashes, so that `\\`, the mark, newlines and tabs are \
          written `\\\\`, `\\\"`, `\\n`, `\\t`.",
};
pub(super) const COMMENT: Param = Param {
    name: "comment",
    doc: "`comment \"#\"`: what begins a comment behind a value (a value that holds it is quoted or \
          refused); `comment` alone: nothing does, so that `color=#fff` may be written.",
};
pub(super) const PREFIX: Param =
    Param { name: "prefix", doc: "`prefix \"set \"`: what stands before each key." };
pub(super) const SUFFIX: Param =
    Param { name: "suffix", doc: "`suffix \";\"`: what stands behind each value." };

impl<'a> Dialect<'a> {
    pub fn new(params: &'a Params, page: &mut Page, comments: &[&'a str]) -> Self {
        let list = params.last("list").map_or(List::Join(","), |said| match words(said)[..] {
            ["repeat"] => List::Repeat,
            ["join"] => List::Join(","),
            ["join", separator] => List::Join(separator),
            _ => {
                page.bad_param("list", "`repeat`, or `join` and a text");
                List::Repeat
            }
        });
        for name in ["separator", "prefix", "suffix"] {
            if params.last(name).is_some_and(|said| said.args.len() != 1 || words(said).len() != 1)
            {
                page.bad_param(name, "one text");
            }
        }
        let mut lists = Vec::new();
        for said in &params.list {
            match (&*said.name, words(said).as_slice()) {
                ("repeat", keys) => lists.extend(keys.iter().map(|key| (*key, List::Repeat))),
                ("join", [separator, keys @ ..]) => {
                    lists.extend(keys.iter().map(|key| (*key, List::Join(separator))));
                }
                ("join", []) => page.bad_param("join", "a text and the keys it is for"),
                _ => {}
            }
        }
        Self {
            separator: params.text("separator").unwrap_or("="),
            prefix: params.text("prefix").unwrap_or_default(),
            suffix: params.text("suffix").unwrap_or_default(),
            bools: bools(params, page, ("true", "false")),
            flag: params.flag("flag"),
            quote: quoting(params, page),
            comments: params.last("comment").map_or_else(|| comments.to_vec(), words),
            list,
            lists,
        }
    }

    /// Writes the line or lines of one key.
    pub fn pair(&self, page: &mut Page, path: &[Step], key: &Arc<str>, value: &Value) {
        if let Some(message) = self.key_fault(key) {
            page.fault(path, message, None);
            return;
        }
        let named = self.lists.iter().rev().find(|(name, _)| *name == &**key);
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
            (Value::List(list), List::Join(separator)) => {
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

    fn line(&self, page: &mut Page, path: &[Step], key: &str, value: &str) {
        let separator = if value.is_empty() { self.separator.trim_end() } else { self.separator };
        page.line(path, &format!("{}{key}{separator}{value}{}", self.prefix, self.suffix));
    }

    /// Why a key would be read as something else.
    fn key_fault(&self, key: &str) -> Option<String> {
        match self.quote {
            Quote::Shell if quote::shell(key) != key => {
                return Some("a key cannot hold what a shell reads as something else".to_owned());
            }
            Quote::Environment if !is_variable(key) => {
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
            (Value::String(_), _) | (_, Quote::Shell | Quote::Environment) => {
                self.text(page, path, &text)
            }
            _ => Some(text),
        }
    }

    /// A text as its reader wants it.
    fn text(&self, page: &mut Page, path: &[Step], text: &str) -> Option<String> {
        let (mark, escape) = match self.quote {
            Quote::Shell => return Some(quote::shell(text)),
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
            if escape { quote::push_backslashed(&mut out, c, '\\') } else { out.push(c) }
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
    }

    fn comment_in(&self, text: &str) -> Option<&'a str> {
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

fn quoting(params: &Params, page: &mut Page) -> Quote {
    let escape = params.flag("escape");
    let Some(said) = params.last("quote") else { return Quote::Never { escape } };
    let said = words(said);
    let mark = said.get(1).and_then(|text| text.chars().next()).unwrap_or('"');
    match said.first().copied() {
        Some("never") => Quote::Never { escape },
        Some("needed") => Quote::Needed { mark, escape },
        Some("always") => Quote::Always { mark, escape },
        Some("shell") => Quote::Shell,
        Some("environment.d") => Quote::Environment,
        _ => {
            let expected = "`never`, `needed`, `always`, `shell` or `environment.d`";
            page.bad_param("quote", expected);
            Quote::Never { escape }
        }
    }
}

/// The arguments that are texts.
pub(super) fn words(said: &Said) -> Vec<&str> {
    said.args.iter().filter_map(Value::as_str).collect()
}
