//! Templates of the common kinds, rendered while they are read: text, `{{ }}`, comments, `if`,
//! `for` and `set`, with [simple](super::simple) expressions. minijinja compiles a template before
//! it renders it, which for one that is rendered once is most of the work.
//!
//! The meaning is minijinja's, also of white space around tags. What is not of these kinds, or
//! fails, has no answer here: minijinja has it, and explains it.

use minijinja::Value;
use minijinja::value::ValueKind;

use super::expr::printed;
use super::interpolate::split_name;
use super::simple::{self, Called, Form, Names};
use super::tokens::{Token, token};

/// Tags in one another.
const MAX_DEPTH: u8 = 16;

/// Rounds of all loops: with more, minijinja knows when it is too many.
const MAX_ROUNDS: u32 = 10_000;

/// Names that nothing may be called.
const RESERVED: &[&str] = &["true", "false", "none", "True", "False", "None", "loop", "self"];

/// A template's text, if it is one of these kinds and nothing in it fails.
pub fn page(text: &str, names: &dyn Names) -> Option<String> {
    let mut page = Page::new(text, names);
    page.out.reserve(text.len());
    matches!(page.run(true)?, Tag::End).then_some(page.out)
}

/// Whether all of a template is of these kinds. What is not may be a mistake, which is said before
/// any value is read.
pub fn is_common(text: &str, names: &dyn Names) -> bool {
    matches!(Page::new(text, names).run(false), Some(Tag::End))
}

/// What stands in a template.
enum Tag<'a> {
    /// `{{ }}`
    Value(&'a str),
    /// `{% %}`: its first word, and the rest.
    Block(&'a str, &'a str),
    /// Nothing is left.
    End,
}

/// The names that hold at a place of a template.
struct Scope<'a> {
    names: &'a dyn Names,
    own: Vec<(&'a str, Value)>,
    loops: u32,
}

impl Names for Scope<'_> {
    fn name(&self, name: &str) -> Option<Value> {
        match self.own.iter().rev().find(|(own, _)| *own == name) {
            Some((_, value)) => Some(value.clone()),
            None if name == "loop" && self.loops > 0 => None,
            None => self.names.name(name),
        }
    }

    fn attribute(&self, of: &Value, name: &str) -> Option<Value> {
        self.names.attribute(of, name)
    }

    fn state(&self) -> Called {
        self.names.state()
    }

    fn give_back(&self, state: Called) {
        self.names.give_back(state);
    }
}

struct Page<'a> {
    text: &'a str,
    at: usize,
    /// White space that comes next is left out.
    trims: bool,
    out: String,
    scope: Scope<'a>,
    depth: u8,
    rounds: u32,
}

impl<'a> Page<'a> {
    fn new(text: &'a str, names: &'a dyn Names) -> Page<'a> {
        let scope = Scope { names, own: Vec::new(), loops: 0 };
        Page { text, at: 0, trims: false, out: String::new(), scope, depth: 0, rounds: 0 }
    }

    /// Renders, or passes over, up to a tag that ends or parts what is around.
    fn run(&mut self, live: bool) -> Option<Tag<'a>> {
        loop {
            match self.tag(live)? {
                Tag::Value(text) => {
                    if let Some(value) = self.value(text, Form::Any, live)? {
                        self.out.push_str(&printed(&value).ok()?);
                    }
                }
                Tag::Block("if", rest) => self.nested(|own| own.branches(rest, live))?,
                Tag::Block("for", rest) => self.nested(|own| own.repeated(rest, live))?,
                Tag::Block("set", rest) => self.set(rest, live)?,
                end => return Some(end),
            }
        }
    }

    fn nested(&mut self, read: impl FnOnce(&mut Self) -> Option<()>) -> Option<()> {
        self.depth += 1;
        (self.depth <= MAX_DEPTH).then(|| read(self))??;
        self.depth -= 1;
        Some(())
    }

    /// An expression's value, unless it is passed over. Outside of ASCII there is white space that
    /// is none to minijinja.
    fn value(&self, text: &'a str, form: Form, live: bool) -> Option<Option<Value>> {
        text.is_ascii().then_some(())?;
        if !live {
            return simple::is_common(text, form, &self.scope).then_some(None);
        }
        let value = simple::value(text, form, &self.scope)?;
        (!value.is_undefined()).then_some(Some(value))
    }

    /// From behind `if` to behind `endif`.
    fn branches(&mut self, condition: &'a str, live: bool) -> Option<()> {
        let (mut condition, mut open) = (condition, live);
        loop {
            let holds = self.value(condition, Form::Condition, open)?;
            let holds = holds.is_some_and(|value| value.is_true());
            let end = self.run(open && holds)?;
            open &= !holds;
            match end {
                Tag::Block("elif", rest) => condition = rest,
                Tag::Block("else", "") => {
                    let end = self.run(open)?;
                    return matches!(end, Tag::Block("endif", "")).then_some(());
                }
                end => return matches!(end, Tag::Block("endif", "")).then_some(()),
            }
        }
    }

    /// From behind `for` to behind `endfor`.
    fn repeated(&mut self, text: &'a str, live: bool) -> Option<()> {
        let (name, rest) = assigned(text)?;
        let (second, rest) = match token(rest) {
            (Token::Comma, rest) => assigned(rest).map(|(name, rest)| (Some(name), rest))?,
            _ => (None, rest),
        };
        let (Token::In, rest) = token(rest) else { return None };
        let mut items = Vec::new();
        if let Some(all) = self.value(rest, Form::Condition, live)? {
            let kind = all.kind();
            matches!(kind, ValueKind::Seq | ValueKind::Iterable | ValueKind::Map).then_some(())?;
            items.extend(all.try_iter().ok()?);
        }
        let (start, outside) = ((self.at, self.trims), self.scope.own.len());
        let mut end = None;
        self.scope.loops += 1;
        for item in &items {
            self.rounds += 1;
            (self.rounds <= MAX_ROUNDS).then_some(())?;
            (self.at, self.trims) = start;
            match second {
                None => self.scope.own.push((name, item.clone())),
                Some(second) => {
                    // A text is no pair of letters.
                    matches!(item.kind(), ValueKind::Seq | ValueKind::Iterable).then_some(())?;
                    let pair: Vec<Value> = item.try_iter().ok()?.collect();
                    let [first, last] = <[Value; 2]>::try_from(pair).ok()?;
                    self.scope.own.extend([(name, first), (second, last)]);
                }
            }
            end = Some(self.run(true)?);
            self.scope.own.truncate(outside);
        }
        self.scope.loops -= 1;
        let end = match end {
            Some(end) => end,
            None => self.run(false)?,
        };
        let end = match end {
            Tag::Block("else", "") => self.run(live && items.is_empty())?,
            end => end,
        };
        matches!(end, Tag::Block("endfor", "")).then_some(())
    }

    /// What follows `set`: a name and its value.
    fn set(&mut self, text: &'a str, live: bool) -> Option<()> {
        let (name, rest) = assigned(text)?;
        let rest = rest.trim_ascii_start().strip_prefix('=')?;
        if let Some(value) = self.value(rest, Form::Any, live)? {
            self.scope.own.push((name, value));
        }
        Some(())
    }

    /// The next tag; the text before it is put out.
    fn tag(&mut self, live: bool) -> Option<Tag<'a>> {
        loop {
            let rest = self.text.get(self.at..)?;
            let rest = if std::mem::take(&mut self.trims) { rest.trim_start() } else { rest };
            self.at = self.text.len() - rest.len();
            let Some((start, kind)) = opens(rest) else {
                self.put(rest, live);
                self.at = self.text.len();
                return Some(Tag::End);
            };
            let before = rest.get(..start)?;
            let (control, inside) = control(rest.get(start + 2..)?);
            let before = match control {
                Some(b'-') => before.trim_end(),
                None if kind != b'{' && begins_line(self.text.get(..self.at + start)?) => {
                    without_indent(before)
                }
                _ => before,
            };
            self.put(before, live);
            let length = closes(inside, kind)?;
            self.at = self.text.len() - inside.len() + length + 2;
            let inside = inside.get(..length)?;
            let (inside, last) = match inside.as_bytes().last() {
                Some(last @ (b'-' | b'+')) => (inside.get(..length - 1)?, Some(*last)),
                _ => (inside, None),
            };
            self.trims = last == Some(b'-');
            if last.is_none() && kind != b'{' {
                self.eat_line_break();
            }
            match kind {
                b'{' => return Some(Tag::Value(inside)),
                b'%' => {
                    let (word, rest) = split_name(inside.trim_ascii())?;
                    return Some(Tag::Block(word, rest));
                }
                _ => {}
            }
        }
    }

    fn put(&mut self, text: &str, live: bool) {
        if live {
            self.out.push_str(text);
        }
    }

    fn eat_line_break(&mut self) {
        for byte in [b'\r', b'\n'] {
            self.at += usize::from(self.text.as_bytes().get(self.at) == Some(&byte));
        }
    }
}

/// A name that is given a value, and what follows it.
fn assigned(text: &str) -> Option<(&str, &str)> {
    match token(text) {
        (Token::Name(name), rest) if !RESERVED.contains(&name) => Some((name, rest)),
        _ => None,
    }
}

/// Where the next tag opens, and the second of its bytes.
fn opens(text: &str) -> Option<(usize, u8)> {
    let bytes = text.as_bytes();
    text.match_indices('{').find_map(|(at, _)| match bytes.get(at + 1) {
        Some(kind @ (b'{' | b'%' | b'#')) => Some((at, *kind)),
        _ => None,
    })
}

/// Where a tag closes, quotes skipped but in a comment.
fn closes(inside: &str, kind: u8) -> Option<usize> {
    let bytes = inside.as_bytes();
    let last = if kind == b'{' { b'}' } else { kind };
    let (mut at, mut quote) = (0, None);
    loop {
        let byte = *bytes.get(at)?;
        match (quote, byte) {
            (Some(_), b'\\') => at += 1,
            (Some(own), byte) if own == byte => quote = None,
            (None, b'"' | b'\'') if kind != b'#' => quote = Some(byte),
            (None, byte) if byte == last && bytes.get(at + 1) == Some(&b'}') => return Some(at),
            _ => {}
        }
        at += 1;
    }
}

/// `-` or `+` at the beginning of a tag, and the rest.
fn control(inside: &str) -> (Option<u8>, &str) {
    match inside.as_bytes().first() {
        Some(first @ (b'-' | b'+')) => (Some(*first), inside.get(1..).unwrap_or_default()),
        _ => (None, inside),
    }
}

/// Whether there is nothing but white space between the last line break and here.
fn begins_line(before: &str) -> bool {
    let mut blanks = before.chars().rev().take_while(|c| c.is_whitespace());
    blanks.any(is_break) || before.trim_end().is_empty()
}

/// Without the white space behind the last line break.
fn without_indent(text: &str) -> &str {
    let trimmed = text.trim_end_matches(|c: char| c.is_whitespace() && !is_break(c));
    if trimmed.is_empty() || trimmed.ends_with('\n') { trimmed } else { text }
}

fn is_break(c: char) -> bool {
    matches!(c, '\r' | '\n')
}
