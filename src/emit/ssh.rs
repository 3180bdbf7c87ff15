//! OpenSSH's client configuration: ssh_config(5), and `argv_split` of its `misc.c`.

use ecow::EcoString;
use indexmap::IndexMap;

use super::dialect::words;
use super::page::{Page, bools, index, key, scalar};
use super::pairs::join;
use super::{Fault, Format, Param, Params, Text};
use crate::ir::{Path, Step, Value};

pub(super) const FORMAT: Format = Format {
    name: "ssh",
    doc: "ssh_config: `{User: \"x\", \"example.org\": {Port: 22}}`. Scalars at the top come first and \
          hold for every host; an object is a block: `Host KEY`, or what its own `Host` or `Match` \
          says. A value is one word, quoted where it must be; a list is a line for each item, an \
          object the words `NAME=value` on one line.",
    null: false,
    comment: Some("#"),
    marks: &["#", ";"],
    params: &[
        Param {
            name: "bool",
            doc: "`bool \"true\" \"false\"`: how true and false are said; `yes` and `no` if not said.",
        },
        Param {
            name: "join",
            doc: "`join \",\" \"Ciphers\" \"MACs\"`: the lists of these keywords stand on one line; \
                  with `\" \"` each item is a word of its own.",
        },
        Param {
            name: "raw",
            doc: "`raw \"ProxyCommand\" \"LocalForward\"`: the values of these keywords are the rest of \
                  the line as it stands, whether one word or several.",
        },
        Param {
            name: "first",
            doc: "`first \"Include\"`: these keywords come before the others of their block.",
        },
        Param {
            name: "last",
            doc: "`last \"*\"`: these blocks come after all others; the first value said wins.",
        },
    ],
    write,
};

type Map = IndexMap<EcoString, Value>;

struct Writer<'a> {
    page: Page,
    bools: (&'a str, &'a str),
    joins: Vec<(&'a str, Vec<&'a str>)>,
    raw: Vec<&'a str>,
    first: Vec<&'a str>,
}

fn write(value: &Value, params: &Params) -> Result<Text, Vec<Fault>> {
    let mut page = Page::default();
    let Value::Map(top) = value else {
        page.misfit(&[], "an object", value);
        return page.finish();
    };
    let names = |name| params.all(name).flat_map(words).collect::<Vec<_>>();
    let bools = bools(params, &mut page, ("yes", "no"));
    let mut joins = Vec::new();
    for said in params.all("join") {
        match words(said).split_first() {
            Some((separator, keys)) => joins.push((*separator, keys.to_vec())),
            None => page.bad_param("join", "a text and the keywords it is for"),
        }
    }
    let mut writer = Writer { page, bools, joins, raw: names("raw"), first: names("first") };
    let last = names("last");
    let is_last = |name: &str| last.contains(&name);
    writer.keywords(&[], "", top, |value| !matches!(value, Value::Map(_)));
    let blocks = top.iter().filter(|(name, _)| !is_last(name));
    for (name, value) in blocks.chain(top.iter().filter(|(name, _)| is_last(name))) {
        if let Value::Map(map) = value {
            writer.block(&key(&[], name), name, map);
        }
    }
    writer.page.finish()
}

impl Writer<'_> {
    fn block(&mut self, path: &[Step], name: &str, map: &Map) {
        let said = map.iter().find(|(name, _)| is_header(name));
        let (path_of, keyword, patterns) = match said {
            None => (path.into(), "Host", Some(name.to_owned())),
            Some((keyword, Value::List(list))) => {
                let path = key(path, keyword);
                let text = join(&mut self.page, &path, list, " ", self.bools);
                (path, &**keyword, text)
            }
            Some((keyword, value)) => {
                let path = key(path, keyword);
                if scalar(value, self.bools).is_none() {
                    self.page.misfit(&path, "a text or a list of them", value);
                }
                (path, &**keyword, scalar(value, self.bools))
            }
        };
        let Some(patterns) = patterns else { return };
        if patterns.split([' ', '\t']).any(|word| word.starts_with('#')) {
            self.page.fault(&path_of, "`#` begins a comment here", None);
        }
        if patterns.split([' ', '\t']).any(|word| matches!(word, "\"\"" | "''")) {
            self.page.fault(&path_of, "ssh reads no empty pattern", None);
        }
        if let Some(patterns) = self.rest_of_line(&path_of, &patterns) {
            self.page.blank();
            self.page.line(&path_of, &format!("{keyword} {patterns}"));
        }
        self.keywords(path, "  ", map, |_| true);
    }

    fn keywords(&mut self, path: &[Step], pad: &str, map: &Map, take: fn(&Value) -> bool) {
        let first = self.first.clone();
        let rank = |name: &str| {
            first.iter().position(|first| first.eq_ignore_ascii_case(name)).unwrap_or(first.len())
        };
        let of_block = !path.is_empty();
        let mut entries: Vec<_> = map
            .iter()
            .filter(|(name, value)| take(value) && !(of_block && is_header(name)))
            .collect();
        entries.sort_by_key(|(name, _)| rank(name));
        for (name, value) in entries {
            let path = key(path, name);
            if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric()) {
                let message = format!("ssh has no keyword `{name}`");
                self.page.fault(&path, message, Some("use letters and digits"));
                continue;
            }
            for (path, text) in self.values(path, name, value) {
                self.page.parts(&path, &[pad, name, " ", &text]);
            }
        }
    }

    /// What stands behind a keyword, once for each line.
    fn values(&mut self, path: Path, name: &str, value: &Value) -> Vec<(Path, String)> {
        let is = |other: &&str| other.eq_ignore_ascii_case(name);
        let raw = self.raw.iter().any(is);
        let found = self.joins.iter().find(|(_, names)| names.iter().any(is));
        let separator = found.map(|(separator, _)| *separator);
        match value {
            Value::List(list) if list.is_empty() => Vec::new(),
            Value::List(list) if separator == Some(" ") => {
                let items = list.iter().enumerate();
                let items = items.map(|(at, item)| self.value(&index(&path, at), raw, item));
                let words: Option<Vec<String>> = items.collect();
                words.map(|words| (path, words.join(" "))).into_iter().collect()
            }
            Value::List(list) if separator.is_some() => {
                let separator = separator.unwrap_or_default();
                let text = join(&mut self.page, &path, list, separator, self.bools);
                let text = text.and_then(|text| self.word(&path, raw, &text));
                text.map(|text| (path, text)).into_iter().collect()
            }
            Value::List(list) => {
                let items = list.iter().enumerate().map(|(at, item)| (index(&path, at), item));
                items
                    .filter_map(|(path, item)| Some((path.clone(), self.value(&path, raw, item)?)))
                    .collect()
            }
            Value::Map(map) => {
                let words: Option<Vec<String>> = map
                    .iter()
                    .map(|(name, item)| {
                        let path = key(&path, name);
                        let Some(text) = scalar(item, self.bools) else {
                            self.page.misfit(&path, "a scalar", item);
                            return None;
                        };
                        if name.is_empty() || name.contains('=') {
                            self.page.fault(&path, "a name cannot be empty or hold `=`", None);
                            return None;
                        }
                        self.word(&path, false, &format!("{name}={text}"))
                    })
                    .collect();
                let words = words.filter(|words| !words.is_empty());
                words.map(|words| (path, words.join(" "))).into_iter().collect()
            }
            value => self.value(&path, raw, value).map(|text| (path, text)).into_iter().collect(),
        }
    }

    fn value(&mut self, path: &[Step], raw: bool, value: &Value) -> Option<String> {
        let Some(text) = scalar(value, self.bools) else {
            self.page.misfit(path, "a scalar", value);
            return None;
        };
        self.word(path, raw, &text)
    }

    fn word(&mut self, path: &[Step], raw: bool, text: &str) -> Option<String> {
        if raw {
            return self.rest_of_line(path, text);
        }
        if text.is_empty() || text.contains('\n') {
            let message = "ssh reads no value that is empty or holds a newline";
            self.page.fault(path, message, None);
            return None;
        }
        let special =
            |c: char| c.is_whitespace() || c.is_control() || matches!(c, '"' | '\'' | '\\');
        if text.starts_with(['#', '=']) || text.contains(special) {
            return Some(format!("\"{}\"", text.replace('\\', r"\\").replace('"', "\\\"")));
        }
        Some(text.to_owned())
    }

    /// A text that ssh reads as it stands, or splits by itself.
    fn rest_of_line(&mut self, path: &[Step], text: &str) -> Option<String> {
        let message = if text.is_empty() || text.contains('\n') {
            "ssh reads no value that is empty or holds a newline"
        } else if super::page::is_trimmed(text) || text.starts_with('=') {
            "ssh drops spaces around a line and `=` at its front"
        } else if !is_balanced(text) {
            "ssh reads no line in which a quote is not closed"
        } else {
            return Some(text.to_owned());
        };
        self.page.fault(path, message, None);
        None
    }
}

fn is_header(name: &str) -> bool {
    name.eq_ignore_ascii_case("host") || name.eq_ignore_ascii_case("match")
}

/// Whether `argv_split` finds the end of every quote; it stops at a word that begins with `#`.
fn is_balanced(text: &str) -> bool {
    let mut quote = None;
    let mut chars = text.chars().peekable();
    let mut before = ' ';
    while let Some(c) = chars.next() {
        let next = chars.peek().copied();
        match c {
            '\\' if matches!(next, Some('"' | '\'' | '\\'))
                || (quote.is_none() && next == Some(' ')) =>
            {
                chars.next();
            }
            '#' if quote.is_none() && matches!(before, ' ' | '\t') => return true,
            '"' | '\'' if quote.is_none() => quote = Some(c),
            c if quote == Some(c) => quote = None,
            _ => {}
        }
        before = c;
    }
    quote.is_none()
}
