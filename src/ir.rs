//! What a configuration comes to: plain data, one [`Document`] per host and scope.
//!
//! The applier and the exporters read this and nothing else. It is printed as `ir.json` and by
//! `--json`, as an array of documents; [`VERSION`] changes with its shape.

use std::sync::Arc;

use indexmap::IndexMap;
use serde::ser::{Serialize, Serializer};

/// The version of the IR's shape.
pub const VERSION: u32 = 1;

/// A value as formats know it: maps keep their order.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// No value.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Int(i128),
    /// A number that stays a float, also when it is whole.
    Float(f64),
    /// A text.
    String(Arc<str>),
    /// A sequence.
    List(Vec<Value>),
    /// Keys and values in the order they are written.
    Map(IndexMap<Arc<str>, Value>),
}

impl Value {
    /// Whether there is nothing to write: null, an empty text, list or map.
    pub fn is_empty(&self) -> bool {
        match self {
            Value::Null => true,
            Value::String(text) => text.is_empty(),
            Value::List(list) => list.is_empty(),
            Value::Map(map) => map.is_empty(),
            Value::Bool(_) | Value::Int(_) | Value::Float(_) => false,
        }
    }

    /// The text, if it is one.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// What kind of value it is, in the words of an error.
    pub fn kind(&self) -> &'static str {
        match self {
            Value::Null => "null",
            Value::Bool(_) => "a bool",
            Value::Int(_) => "an integer",
            Value::Float(_) => "a float",
            Value::String(_) => "a string",
            Value::List(_) => "a list",
            Value::Map(_) => "an object",
        }
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Value::Null => serializer.serialize_unit(),
            Value::Bool(value) => serializer.serialize_bool(*value),
            Value::Int(value) => match i64::try_from(*value) {
                Ok(value) => serializer.serialize_i64(value),
                Err(_) => serializer.serialize_i128(*value),
            },
            Value::Float(value) => serializer.serialize_f64(*value),
            Value::String(value) => serializer.serialize_str(value),
            Value::List(list) => serializer.collect_seq(list),
            Value::Map(map) => serializer.collect_map(map),
        }
    }
}

/// A step into a [`Value`].
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Step {
    /// Into a map.
    Key(Arc<str>),
    /// Into a list.
    Index(usize),
}

/// A way into a [`Value`].
pub type Path = Vec<Step>;
