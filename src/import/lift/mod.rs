//! Lifting: a file that a program reads, said as options of its target.
//!
//! A target says which file it writes, in which format, from which options; this room goes that way
//! back. Handed a file's bytes, it hands on the nodes of the target's block. It knows no program,
//! and proves nothing: whoever lifts compiles what was said, [reads](Place::read) what comes of it
//! as the original was read, and takes it only if both [mean the same](Said::same).

mod gitconfig;
mod lines;
mod pairs;
mod say;
mod shelf;
mod ssh;
mod text;
mod words;

use ecow::EcoString;

use crate::apply::merge::reread;
use crate::emit::{self, Params};
use crate::ir::Value;
use crate::schema::OptionDecl;
use crate::schema::types::Type;

pub use shelf::{At, Place, Shelf};

/// What a file says.
#[derive(Clone, Debug)]
pub struct Said {
    /// As keys and values.
    value: Value,
    /// Line by line, where the order means something.
    entries: Option<Vec<Entry>>,
    /// How many lines are comments, which are lost.
    pub comments: usize,
    /// The lines of a text that stay lines.
    parts: Option<text::Parts>,
}

/// One thing that a file says.
#[derive(Clone, Debug, PartialEq)]
struct Entry {
    /// The section or block that it stands in.
    section: String,
    /// Its key; none for a line that is not understood.
    key: Option<String>,
    /// Its value, or that line.
    value: String,
}

/// Whether keys that are options of their own become those.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// `user name="Alice"`
    Typed,
    /// `settings { user name="Alice" }`
    Free,
}

impl Place {
    /// Reads a file as its program does.
    ///
    /// # Errors
    /// What in it cannot be said in a configuration.
    pub fn read(&self, bytes: &[u8]) -> Result<Said, String> {
        let text = std::str::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned())?;
        if let Some(grammar) = &self.grammar {
            let said = grammar.read(text);
            return if said.is_empty() { Err(grammar.why(text)) } else { Ok(said) };
        }
        let Some(format) = self.format else {
            return Err(format!("no option of `{}` says what stands in it", self.target));
        };
        match format {
            "gitconfig" => gitconfig::read(text),
            "ssh" => ssh::read(text, &self.params),
            "key-value" => pairs::read(text, &self.params),
            "lines" => Ok(lines::read(text)),
            name if emit::MERGEABLE.contains(&name) => {
                let value = reread(name, bytes, &self.params).map_err(|error| error.to_string())?;
                let mark = emit::find(name).and_then(|format| format.comment).unwrap_or("//");
                let marks: &[&str] = if name == "ini" { &["#", ";"] } else { &[mark] };
                let value = if name == "ini" { shaped(value, &self.params) } else { value };
                let value = self.parts.iter().fold(value, |value, part| match part.key {
                    None => floats(&part.option, value, &mut Vec::new()),
                    Some(_) => value,
                });
                Ok(Said { value, entries: None, comments: comments(text, marks), parts: None })
            }
            name => Err(format!("hcc writes files of the format `{name}`, and reads none")),
        }
    }
}

/// Formats that are not merged into, but whose keys and values can be read back all the same.
pub const READABLE: &[&str] = &["gitconfig", "key-value"];

/// The keys and values of a file in one of the [`READABLE`] formats.
///
/// # Errors
/// What its program would refuse, and what no configuration can say.
pub fn value(format: &str, bytes: &[u8], params: &Params) -> Result<Value, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned())?;
    let said = match format {
        "gitconfig" => gitconfig::read(text)?,
        "key-value" => pairs::read(text, params)?,
        name => return Err(format!("hcc writes files of the format `{name}`, and reads none")),
    };
    Ok(said.value)
}

impl Said {
    /// Whether a program takes both for the same.
    pub fn same(&self, other: &Self) -> bool {
        match (&self.entries, &other.entries) {
            (Some(a), Some(b)) => a == b,
            (None, None) => crate::apply::absorb::same(&self.value, &other.value),
            _ => false,
        }
    }

    /// Whether nothing is said, or nothing that is understood.
    pub fn is_empty(&self) -> bool {
        self.value.is_empty()
    }
}

/// Whole numbers as floats where a key of the settings is one.
fn floats(option: &OptionDecl, value: Value, way: &mut Vec<EcoString>) -> Value {
    match value {
        Value::Map(map) => {
            let inner = map.into_iter().map(|(key, value)| {
                way.push(key.clone());
                let value = floats(option, value, way);
                way.pop();
                (key, value)
            });
            Value::Map(inner.collect())
        }
        Value::Int(number) => {
            let key = option.key(way.iter().map(|name| &**name));
            match key.is_some_and(|key| matches!(key.ty().inner(), Type::Float(..))) {
                // Beyond this a float is another number.
                true if number.abs() < 1 << 53 => {
                    Value::Float(number.to_string().parse().unwrap_or_default())
                }
                _ => Value::Int(number),
            }
        }
        other => other,
    }
}

fn comments(text: &str, marks: &[&str]) -> usize {
    let is = |line: &&str| marks.iter().any(|mark| line.trim_start().starts_with(mark));
    text.lines().filter(is).count()
}

/// A text as the scalar that is written like it: `yes` where that is how true is said, `12`.
fn scalar(text: &str, bools: (&str, &str)) -> Value {
    if text == bools.0 || text == bools.1 {
        return Value::Bool(text == bools.0);
    }
    match text.parse::<i128>() {
        Ok(number) if number.to_string() == text => Value::Int(number),
        _ => Value::String(text.into()),
    }
}

/// How true and false are said.
fn bools<'a>(params: &'a Params, fallback: (&'a str, &'a str)) -> (&'a str, &'a str) {
    let said = params
        .last("bool")
        .map(|said| said.args.iter().filter_map(Value::as_str).collect::<Vec<_>>());
    match said.as_deref() {
        Some([yes, no]) => (yes, no),
        _ => fallback,
    }
}

/// Texts that stand for other scalars, as those.
fn shaped(value: Value, params: &Params) -> Value {
    let words = bools(params, ("true", "false"));
    match value {
        Value::String(text) => scalar(&text, words),
        Value::List(list) => Value::List(list.into_iter().map(|one| shaped(one, params)).collect()),
        Value::Map(map) => {
            Value::Map(map.into_iter().map(|(key, value)| (key, shaped(value, params))).collect())
        }
        other => other,
    }
}

/// Adds a value to an object; a key that comes again gets a list.
fn put(map: &mut indexmap::IndexMap<EcoString, Value>, key: &str, value: Value) {
    match map.get_mut(key) {
        None => {
            map.insert(key.into(), value);
        }
        Some(Value::List(list)) => list.push(value),
        Some(one) => {
            let first = std::mem::replace(one, Value::Null);
            *one = Value::List(vec![first, value]);
        }
    }
}
