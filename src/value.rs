//! Values with their origins.

use std::fmt;
use std::sync::Arc;

use ecow::EcoString;
use smallvec::SmallVec;

use crate::diag::Span;

/// Names and what they mean, in the order in which they were said. The hash is a fast one: the
/// names are the user's own, and nobody else's.
pub type Map<V> = indexmap::IndexMap<EcoString, V, foldhash::fast::FixedState>;

/// The places behind a value: nearly always one.
pub type Places = SmallVec<[Span; 1]>;

/// A whole number. It lies like bytes: aligned like an `i128`, it would make every value and every
/// entry of a tree a quarter larger.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Int([u8; 16]);

impl Int {
    /// The number.
    pub fn get(self) -> i128 {
        i128::from_ne_bytes(self.0)
    }
}

impl<T: Into<i128>> From<T> for Int {
    fn from(number: T) -> Int {
        Int(number.into().to_ne_bytes())
    }
}

impl fmt::Display for Int {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.get().fmt(f)
    }
}

impl fmt::Debug for Int {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.get().fmt(f)
    }
}

/// A value and the places that said it.
#[derive(Debug, PartialEq)]
pub struct Typed {
    /// The value.
    pub data: Data,
    /// The places of the definitions that took part.
    pub from: Places,
    /// For text made of pieces: how many lines each has, and where it was said.
    pub pieces: Option<Arc<[(usize, Span)]>>,
}

/// What a value is.
#[derive(Clone, Debug, PartialEq)]
pub enum Data {
    /// No value.
    Null,
    /// `#true` or `#false`.
    Bool(bool),
    /// A whole number.
    Int(Int),
    /// A float.
    Float(f64),
    /// A text.
    String(EcoString),
    /// A list.
    List(Vec<Typed>),
    /// Keys in the order of their first definition. Shared: a value is read in many places.
    Map(Arc<Map<Typed>>),
}

impl Clone for Typed {
    fn clone(&self) -> Self {
        // Places are copied as they lie.
        let from = Places::from_slice(&self.from);
        Self { data: self.data.clone(), from, pieces: self.pieces.clone() }
    }
}

impl Typed {
    /// A value said at one place.
    pub fn at(data: Data, span: Span) -> Self {
        Self { data, from: Places::from([span]), pieces: None }
    }

    /// The places behind it and all that is in it, its own first.
    pub fn places(&self) -> Vec<Span> {
        let mut spans = Vec::new();
        self.add_places(&mut spans);
        spans
    }

    fn add_places(&self, spans: &mut Vec<Span>) {
        spans.extend(&self.from);
        match &self.data {
            Data::Map(map) => map.values().for_each(|inner| inner.add_places(spans)),
            Data::List(list) => list.iter().for_each(|inner| inner.add_places(spans)),
            _ => {}
        }
    }

    /// Equal as values, wherever they were said.
    pub fn same(&self, other: &Typed) -> bool {
        match (&self.data, &other.data) {
            (Data::List(a), Data::List(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.same(b))
            }
            (Data::Map(a), Data::Map(b)) => {
                a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| a.same(b)))
            }
            (Data::Float(a), Data::Float(b)) => a.to_bits() == b.to_bits() || a == b,
            (a, b) => a == b,
        }
    }
}

impl Data {
    /// Whether there is nothing: null, an empty text, list or map.
    pub fn is_empty(&self) -> bool {
        match self {
            Data::Null => true,
            Data::String(text) => text.is_empty(),
            Data::List(list) => list.is_empty(),
            Data::Map(map) => map.is_empty(),
            Data::Bool(_) | Data::Int(_) | Data::Float(_) => false,
        }
    }

    /// The text, if it is one.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Data::String(text) => Some(text),
            _ => None,
        }
    }

    /// Without quotes or marks, for a help that shows a replacement.
    pub fn plain(&self) -> String {
        match self {
            Data::Null => "null".to_owned(),
            Data::Bool(value) => value.to_string(),
            Data::Int(value) => value.to_string(),
            Data::Float(value) => format!("{value:?}"),
            Data::String(text) => text.to_string(),
            Data::List(list) => {
                list.iter().map(|item| item.data.plain()).collect::<Vec<_>>().join(" ")
            }
            Data::Map(_) => "{...}".to_owned(),
        }
    }

    /// As the user would write it in KDL.
    pub fn kdl(&self) -> String {
        match self {
            Data::Null => "#null".to_owned(),
            Data::Bool(value) => format!("#{value}"),
            Data::String(text) => quote(text),
            Data::List(list) => {
                list.iter().map(|item| item.data.kdl()).collect::<Vec<_>>().join(" ")
            }
            other => other.plain(),
        }
    }

    /// "string `abc`", for an error.
    pub fn describe(&self) -> String {
        match self {
            Data::Null => "`#null`".to_owned(),
            Data::Bool(value) => format!("bool `#{value}`"),
            Data::Int(value) => format!("integer `{value}`"),
            Data::Float(value) => format!("float `{value:?}`"),
            Data::String(text) => format!("string `{}`", short(&quote(text))),
            Data::List(list) => format!("a list of {}", list.len()),
            Data::Map(_) => "an object".to_owned(),
        }
    }
}

/// The first part of a text that is too long for a message.
pub fn short(text: &str) -> String {
    if text.chars().count() <= 60 {
        return text.to_owned();
    }
    format!("{}...", text.chars().take(57).collect::<String>())
}

/// A text as a KDL string in quotes.
pub fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            // Ends of lines, and what KDL does not hold unescaped: characters that nobody sees.
            c if c.is_control()
                || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}') =>
            {
                out.push_str(&format!("\\u{{{:x}}}", c as u32));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
