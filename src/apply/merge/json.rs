//! JSON, with or without comments, read by `jsonc-parser` and edited by the places it gives.

use std::ops::Range;

use ecow::EcoString;

use jsonc_parser::ast;
use jsonc_parser::common::Ranged;
use jsonc_parser::errors::ParseErrorKind;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};

use super::edits::{Edit, Edits, Map, same};
use super::words::{syntax, tagged};
use super::{Document, MergeError};
use crate::emit::{self, Params, Said};
use crate::ir::Value;

/// Comments and a comma behind the last entry are what editors write; the rest is RFC 8259.
const READER: ParseOptions = ParseOptions {
    allow_comments: true,
    allow_trailing_commas: true,
    allow_loose_object_property_names: false,
    allow_missing_commas: false,
    allow_single_quoted_strings: false,
    allow_hexadecimal_numbers: false,
    allow_unary_plus_numbers: false,
    allow_bare_decimal_point_numbers: false,
    allow_non_finite_numbers: false,
    allow_extended_string_escapes: false,
};

/// A JSON file.
pub(super) struct Json {
    text: String,
    value: Value,
    /// None if the file holds nothing but space and comments.
    root: Option<Node>,
    /// One level of indentation, where the file does not show any.
    indent: String,
}

/// A value's place.
struct Node {
    range: Range<usize>,
    /// None for a leaf.
    members: Option<Vec<Member>>,
}

struct Member {
    name: EcoString,
    /// From the name to the end of the value.
    range: Range<usize>,
    node: Node,
}

impl Json {
    /// Reads a text.
    pub fn read(text: &str, params: &Params) -> Result<Self, MergeError> {
        let parsed = parse_to_ast(text, &CollectOptions::default(), &READER).map_err(|error| {
            let message = match error.kind() {
                ParseErrorKind::NestingDepthExceeded => {
                    "expected at most 512 levels of nesting".to_owned()
                }
                kind => kind.to_string(),
            };
            let mut letters = message.chars();
            let first = letters.next().map(|first| first.to_ascii_lowercase());
            syntax(text, error.range().start, first.into_iter().chain(letters).collect::<String>())
        })?;
        let (value, root) = match &parsed.value {
            None => (Value::Map(Map::new()), None),
            Some(found) => {
                let (value, node) = convert(text, found, &mut Vec::new())?;
                if node.members.is_none() {
                    return Err(MergeError::NoObject(value.kind()));
                }
                (value, Some(node))
            }
        };
        let indent = match params.last("indent").and_then(|said| said.args.first()) {
            Some(Value::Int(width @ 0..=8)) => " ".repeat(usize::try_from(*width).unwrap_or(2)),
            _ => "  ".to_owned(),
        };
        Ok(Self { text: text.to_owned(), value, root, indent })
    }

    fn find(&self, path: &[EcoString]) -> Option<&Node> {
        path.iter().try_fold(self.root.as_ref()?, |node, key| {
            let members = node.members.as_ref()?;
            members.iter().find(|member| member.name == *key).map(|member| &member.node)
        })
    }

    fn slice(&self, range: Range<usize>) -> &str {
        self.text.get(range).unwrap_or_default()
    }

    /// The text that is in an object and in none of its values.
    fn gaps<'a>(&'a self, node: &'a Node) -> impl Iterator<Item = &'a str> {
        let members = node.members.as_deref().unwrap_or_default();
        let starts = std::iter::once(node.range.start).chain(members.iter().map(|m| m.range.end));
        let ends = members.iter().map(|m| m.range.start).chain(std::iter::once(node.range.end));
        starts.zip(ends).map(|(start, end)| self.slice(start..end))
    }

    /// Whether there are comments beside the values of an object; those in a leaf are its own.
    fn commented(&self, node: &Node) -> bool {
        let Some(members) = node.members.as_deref() else { return false };
        self.gaps(node).any(|gap| gap.contains('/'))
            || members.iter().any(|member| self.commented(&member.node))
    }

    /// One level of indentation: that of the first object which shows one.
    fn unit(&self) -> String {
        fn look(json: &Json, node: &Node) -> Option<String> {
            let members = node.members.as_ref()?;
            let own = members.first().and_then(|first| {
                let deep = own_line(&json.text, first.range.start)?;
                let unit = deep.strip_prefix(margin(&json.text, node.range.start))?;
                (!unit.is_empty()).then(|| unit.to_owned())
            });
            own.or_else(|| members.iter().find_map(|member| look(json, &member.node)))
        }
        self.root.as_ref().and_then(|root| look(self, root)).unwrap_or_else(|| self.indent.clone())
    }
}

impl Document for Json {
    fn value(&self) -> &Value {
        &self.value
    }

    fn words(&self, path: &[EcoString]) -> Option<String> {
        Some(self.slice(self.find(path)?.range.clone()).to_owned())
    }

    fn bare(&self, path: &[EcoString]) -> Option<String> {
        match self.find(path) {
            Some(node) if node.members.as_ref().is_some_and(Vec::is_empty) => {
                Some(self.slice(node.range.clone()).to_owned())
            }
            None if path.is_empty() => Some(self.text.clone()),
            _ => None,
        }
    }

    fn meaning(&self, words: &str) -> Option<Value> {
        let parsed = parse_to_ast(words, &CollectOptions::default(), &READER).ok()?;
        Some(convert(words, parsed.value.as_ref()?, &mut Vec::new()).ok()?.0)
    }

    fn has_comments(&self, path: &[EcoString]) -> bool {
        self.find(path).is_some_and(|node| self.commented(node))
    }

    fn same(&self, a: &Value, b: &Value) -> bool {
        // JSON has numbers and no kinds of them: programs write 1.0 back as 1.
        same(a, b, true)
    }

    fn edit(&self, edits: &Edits) -> Result<Vec<u8>, MergeError> {
        let unit = self.unit();
        let Some(root) = &self.root else {
            let params = Params {
                list: vec![Said {
                    name: "indent".into(),
                    args: vec![Value::Int(i128::try_from(self.indent.len()).unwrap_or(2))],
                    props: Default::default(),
                }],
            };
            let text = print(&edits.applied(&Value::Null), &params)?;
            let line_end =
                if self.text.is_empty() || self.text.ends_with('\n') { "" } else { "\n" };
            return Ok(format!("{}{line_end}{text}", self.text).into_bytes());
        };
        let object = self.object(root, edits, &unit)?;
        let (before, behind) =
            (self.slice(0..root.range.start), self.slice(root.range.end..self.text.len()));
        if let Some(bare) = &edits.bare
            && object == *bare
            && self.meaning(bare).is_none()
        {
            let rest = format!("{before}{behind}");
            let whole = rest.trim() == bare.trim();
            return Ok(if whole { bare.clone() } else { rest }.into_bytes());
        }
        Ok(format!("{before}{object}{behind}").into_bytes())
    }
}

/// An entry of an object and the text around it.
struct Chunk {
    /// From the comma before, or the comments on its line, to the name.
    before: String,
    body: String,
    /// Between the value and its comma.
    gap: String,
    comma: bool,
    /// Comments behind the comma, on its line.
    tail: String,
}

impl Json {
    /// The text of an object after its edits.
    fn object(&self, node: &Node, edits: &Edits, unit: &str) -> Result<String, MergeError> {
        let members = node.members.as_deref().unwrap_or_default();
        let (chunks, close) = self.chunks(node);
        let had_comma = chunks.last().is_some_and(|chunk| chunk.comma);
        let flat = !chunks.is_empty() && !self.slice(node.range.clone()).contains('\n');
        let pad = margin(&self.text, node.range.start);
        let deep = members
            .last()
            .and_then(|member| own_line(&self.text, member.range.start))
            .map_or_else(|| format!("{pad}{unit}"), str::to_owned);
        let was_empty = chunks.is_empty();
        let mut kept: Vec<Chunk> = Vec::new();
        // Comments of entries that went, and the space before the first of them.
        let (mut comments, mut front) = (String::new(), None);
        for (mut chunk, member) in chunks.into_iter().zip(members) {
            let start = self.slice(member.range.start..member.node.range.start);
            match edits.keys.get(&member.name) {
                Some(Edit::Remove) => {
                    if kept.is_empty() && front.is_none() {
                        front = Some(chunk.before.clone());
                    }
                    if !flat && !chunk.tail.is_empty() {
                        chunk.tail = format!("\n{deep}{}", chunk.tail.trim_start());
                    }
                    for text in [chunk.before, chunk.gap, chunk.tail] {
                        comments = join(&comments, &comments_of(&text));
                    }
                    continue;
                }
                Some(Edit::Set(value)) => {
                    chunk.body = format!("{start}{}", lay(value, &deep, unit, flat)?);
                }
                Some(Edit::Words(words, _)) => chunk.body = format!("{start}{words}"),
                Some(Edit::Into(edits)) => {
                    chunk.body = format!("{start}{}", self.object(&member.node, edits, unit)?);
                }
                None => {}
            }
            if let Some(front) = front.take()
                && comments.is_empty()
                && !chunk.before.contains('/')
                && !front.contains('/')
            {
                chunk.before = front;
            }
            chunk.before = join(&std::mem::take(&mut comments), &chunk.before);
            kept.push(chunk);
        }
        let mut close = join(&comments, &close);
        let spaced = self.slice(node.range.clone()).contains(": ") || was_empty;
        for (name, edit) in &edits.keys {
            let value = match edit {
                Edit::Set(value) | Edit::Words(_, value)
                    if members.iter().all(|member| member.name != *name) =>
                {
                    value
                }
                _ => continue,
            };
            let before = match (flat, kept.last()) {
                (false, _) if was_empty && kept.is_empty() => {
                    format!("{}\n{deep}", comments_of(&close))
                }
                (false, _) => format!("\n{deep}"),
                (true, Some(_)) if spaced => " ".to_owned(),
                (true, _) => String::new(),
            };
            let colon = if spaced { ": " } else { ":" };
            let value = lay(value, &deep, unit, flat)?;
            kept.push(Chunk {
                before,
                body: format!("{}{colon}{value}", emit::quote::json(name)),
                gap: String::new(),
                comma: false,
                tail: String::new(),
            });
        }
        if was_empty && !kept.is_empty() {
            close = format!("\n{pad}");
        }
        if let (true, Some(bare)) = (kept.is_empty(), &edits.bare) {
            let inner = bare.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
            if !close.contains('/') || inner.is_some_and(|inner| inner.trim() == close.trim()) {
                return Ok(bare.clone());
            }
        }
        let last = kept.len().saturating_sub(1);
        let mut out = String::from("{");
        for (at, chunk) in kept.into_iter().enumerate() {
            let comma = if at < last || had_comma { "," } else { "" };
            out.extend([&*chunk.before, &chunk.body, &chunk.gap, comma, &chunk.tail]);
        }
        out.push_str(&close);
        out.push('}');
        Ok(out)
    }

    /// An object's entries, and what stands before its brace.
    fn chunks(&self, node: &Node) -> (Vec<Chunk>, String) {
        let members = node.members.as_deref().unwrap_or_default();
        let end = node.range.end.saturating_sub(1);
        let mut cursor = node.range.start + 1;
        let mut chunks = Vec::with_capacity(members.len());
        for (at, member) in members.iter().enumerate() {
            let next = members.get(at + 1).map_or(end, |next| next.range.start);
            let behind = self.slice(member.range.end..next);
            let (gap, comma, rest) = match comma(behind) {
                Some(at) => (
                    behind.get(..at).unwrap_or_default(),
                    true,
                    behind.get(at + 1..).unwrap_or_default(),
                ),
                None => ("", false, behind),
            };
            let tail = tail(rest, at + 1 == members.len());
            chunks.push(Chunk {
                before: self.slice(cursor..member.range.start).to_owned(),
                body: self.slice(member.range.clone()).to_owned(),
                gap: gap.to_owned(),
                comma,
                tail: tail.to_owned(),
            });
            cursor = member.range.end + gap.len() + usize::from(comma) + tail.len();
        }
        (chunks, self.slice(cursor..end).to_owned())
    }
}

/// Where the comma is in the text behind a value, comments aside.
fn comma(text: &str) -> Option<usize> {
    let mut at = 0;
    loop {
        let rest = text.get(at..)?;
        match rest.chars().next()? {
            ',' => return Some(at),
            '/' => at += comment(rest),
            other => at += other.len_utf8(),
        }
    }
}

/// The length of the comment at the front, without its line end.
fn comment(text: &str) -> usize {
    if text.starts_with("//") {
        text.find('\n').unwrap_or(text.len())
    } else {
        text.find("*/").map_or(text.len(), |end| end + 2)
    }
}

/// The comments that end a line: they belong to the entry before.
fn tail(text: &str, last: bool) -> &str {
    let (mut at, mut end) = (0, 0);
    while let Some(rest) = text.get(at..) {
        match rest.chars().next() {
            Some(' ' | '\t') => at += 1,
            Some('/') => {
                at += comment(rest);
                end = at;
            }
            Some('\n' | '\r') => return text.get(..end).unwrap_or_default(),
            None if last => return text.get(..end).unwrap_or_default(),
            _ => return "",
        }
    }
    ""
}

/// What of a text must stay when the entry beside it goes.
fn comments_of(text: &str) -> String {
    if !text.contains('/') {
        return String::new();
    }
    let kept = text.trim_end_matches([' ', '\t']);
    kept.strip_suffix('\n').unwrap_or(kept).to_owned()
}

/// Puts one text behind comments: behind `//` the line must end.
fn join(comments: &str, text: &str) -> String {
    let open = comments.rsplit('\n').next().is_some_and(|line| line.contains("//"));
    let ends = text.trim_start_matches([' ', '\t']).starts_with(['\n', '\r']);
    let line_end = if open && !ends && !text.is_empty() { "\n" } else { "" };
    format!("{comments}{line_end}{text}")
}

/// The indentation of the line on which a byte stands.
fn margin(text: &str, at: usize) -> &str {
    let start = text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
    let line = text.get(start..at).unwrap_or_default();
    let blank = line.trim_start_matches([' ', '\t']);
    line.get(..line.len() - blank.len()).unwrap_or_default()
}

/// The same, if nothing else stands before it on its line and it is not the first.
fn own_line(text: &str, at: usize) -> Option<&str> {
    let before = text.get(..at)?;
    let line = before.get(before.rfind('\n')? + 1..)?;
    line.chars().all(|c| matches!(c, ' ' | '\t')).then_some(line)
}

/// A value as it stands in an object whose entries are indented so.
fn lay(value: &Value, deep: &str, unit: &str, flat: bool) -> Result<String, MergeError> {
    let said = Said { name: "indent".into(), args: vec![Value::Int(1)], props: Default::default() };
    let text = print(value, &Params { list: vec![said] })?;
    let mut out = String::new();
    for (at, line) in text.lines().enumerate() {
        let line_text = line.trim_start_matches(' ');
        if at > 0
            && flat
            && (out.ends_with(',') || out.ends_with('{') || line_text.starts_with('}'))
        {
            out.push(' ');
        } else if at > 0 && !flat {
            out.push('\n');
            out.push_str(deep);
            out.push_str(&unit.repeat(line.len() - line_text.len()));
        }
        out.push_str(line_text);
    }
    Ok(out)
}

/// As the emitter writes it, also if it is empty.
fn print(value: &Value, params: &Params) -> Result<String, MergeError> {
    let json = emit::find("json").ok_or_else(|| MergeError::Format("json".to_owned()))?;
    (json.write)(value, params).map(|text| text.text).map_err(MergeError::Unfit)
}

/// The value behind a place.
fn convert(
    text: &str,
    found: &ast::Value,
    path: &mut Vec<EcoString>,
) -> Result<(Value, Node), MergeError> {
    let range = found.start()..found.end();
    let leaf = |value: Value| (value, Node { range: range.clone(), members: None });
    Ok(match found {
        ast::Value::NullKeyword(_) => leaf(Value::Null),
        ast::Value::BooleanLit(bool) => leaf(Value::Bool(bool.value)),
        ast::Value::StringLit(string) => leaf(Value::String(EcoString::from(&*string.value))),
        ast::Value::NumberLit(number) => leaf(self::number(number.value)),
        ast::Value::Array(array) => {
            let items = array.elements.iter().map(|item| Ok(convert(text, item, path)?.0));
            leaf(Value::List(items.collect::<Result<_, MergeError>>()?))
        }
        ast::Value::Object(object) => {
            let mut map = Map::with_capacity(object.properties.len());
            let mut members = Vec::with_capacity(object.properties.len());
            for property in &object.properties {
                let name: EcoString = EcoString::from(property.name.as_str());
                let at = property.start();
                if name.contains('\0') {
                    return Err(syntax(text, at, "expected a key without U+0000"));
                }
                path.push(EcoString::clone(&name));
                let (value, node) = convert(text, &property.value, path)?;
                if map.insert(EcoString::clone(&name), value).is_some() {
                    let line = Some(super::words::line_column(text, at).0);
                    return Err(MergeError::Duplicate { key: super::name(path), line });
                }
                path.pop();
                members.push(Member { name, range: at..property.end(), node });
            }
            (Value::Map(map), Node { range, members: Some(members) })
        }
    })
}

/// A number; one that neither an integer nor a float holds stays as it is said.
fn number(text: &str) -> Value {
    let whole = !text.contains(['.', 'e', 'E']);
    match (text.parse::<i128>(), text.parse::<f64>()) {
        (Ok(int), _) if whole => Value::Int(int),
        (_, Ok(float)) if !whole && float.is_finite() => Value::Float(float),
        _ => tagged("a number that is too large", text),
    }
}
