//! What KDL text holds, with a place for every name and value.

use ecow::EcoString;

use super::slice::Slice;
use crate::diag::{Span, Spanned};
use crate::value::{Data, Int};

/// Levels of children that a document may have. Trees are walked by recursion after the reader,
/// so the reader refuses what is deeper; no configuration comes near.
pub const MAX_DEPTH: usize = 100;

/// A document.
pub type Tree = Vec<Node>;

/// A name or a text and its place.
pub type Name = Spanned<EcoString>;

/// One node. What is in it is shared, so that a copy costs little.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// The type annotation, `(ty)name`; the span is without the parentheses.
    pub ty: Option<Box<Name>>,
    /// The name; the span covers quotes.
    pub name: Name,
    /// Arguments and properties as they stand. Duplicate properties are kept.
    pub entries: Slice<Entry>,
    /// The children; `None` without braces, empty with `{}`.
    pub children: Option<Slice<Node>>,
    /// From the annotation to the end of the children.
    pub span: Span,
}

/// An argument, or a property if it has a name.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// A property's name.
    pub name: Option<Name>,
    /// The value.
    pub value: Value,
    /// All of it.
    pub span: Span,
}

/// A value and its annotation.
#[derive(Clone, Debug, PartialEq)]
pub struct Value {
    /// The type annotation, `(ty)value`.
    pub ty: Option<Box<Name>>,
    /// What it is.
    pub data: Scalar,
    /// The value without its annotation; covers quotes.
    pub span: Span,
}

/// KDL's values.
#[derive(Clone, Debug, PartialEq)]
pub enum Scalar {
    /// `#null`.
    Null,
    /// `#true`, `#false`.
    Bool(bool),
    /// A number without point and exponent.
    Int(Int),
    /// A number with point or exponent, `#inf`, `#-inf`, `#nan`.
    Float(f64),
    /// A string of any form.
    String(EcoString),
}

impl Node {
    /// The arguments.
    pub fn args(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(|entry| entry.name.is_none())
    }

    /// The properties, with their names.
    pub fn props(&self) -> impl Iterator<Item = (&Name, &Entry)> {
        self.entries.iter().filter_map(|entry| entry.name.as_ref().map(|name| (name, entry)))
    }

    /// The last property of this name, as KDL says.
    pub fn prop(&self, name: &str) -> Option<&Entry> {
        self.props().filter(|(own, _)| &*own.value == name).map(|(_, entry)| entry).last()
    }

    /// The children, to change; copied first if another node shares them.
    pub fn children_mut(&mut self) -> &mut [Node] {
        self.children.as_mut().map(Slice::make_mut).unwrap_or_default()
    }

    /// The children; none is empty.
    pub fn children(&self) -> &[Node] {
        self.children.as_deref().unwrap_or(&[])
    }
}

impl Scalar {
    /// As data of a value.
    pub fn data(&self) -> Data {
        match self {
            Scalar::Null => Data::Null,
            Scalar::Bool(value) => Data::Bool(*value),
            Scalar::Int(value) => Data::Int(*value),
            Scalar::Float(value) => Data::Float(*value),
            Scalar::String(text) => Data::String(text.clone()),
        }
    }

    /// What kind of value it is, in the words of an error.
    pub fn kind(&self) -> &'static str {
        match self {
            Scalar::Null => "`#null`",
            Scalar::Bool(_) => "a bool",
            Scalar::Int(_) => "an integer",
            Scalar::Float(_) => "a float",
            Scalar::String(_) => "a string",
        }
    }
}
