//! Trees that were read when hcc was built: its targets, without what a compilation does not ask
//! for. To take one out costs a fraction of reading its text.
//!
//! `build.rs` packs, an [`Unpacker`] is what the program knows. Texts of all trees stand once each
//! in one string; a tree is numbers in LEB128: lists with their length in front, texts as their
//! number, spans as start and length. Neither is ever stored anywhere else, so there is no version.

use std::collections::HashMap;
use std::sync::Arc;

use ecow::EcoString;

use super::tree::{Entry, Name, Node, Scalar, Tree, Value};
use crate::diag::{SourceId, Span, Spanned};

/// A node has an annotation.
const ANNOTATED: u8 = 1;
/// A node has children, an entry a name.
const MORE: u8 = 2;
/// What a value is stands above the flags of its entry.
const KIND: u32 = 2;

/// Packs trees, and collects their texts.
#[derive(Debug, Default)]
pub struct Packer {
    /// Whether what is only said to people is packed too.
    pub whole: bool,
    /// The texts, one behind the other.
    pub words: String,
    /// Where each begins, and the last ends.
    pub starts: Vec<u32>,
    known: HashMap<EcoString, usize>,
}

impl Packer {
    /// A tree as bytes. Spans lose their source.
    pub fn pack(&mut self, nodes: &[Node]) -> Vec<u8> {
        let mut out = Vec::new();
        self.nodes(nodes, &mut out);
        out
    }

    /// Nodes, their number in front.
    pub fn nodes(&mut self, nodes: &[Node], out: &mut Vec<u8>) {
        number(nodes.len() as u64, out);
        for node in nodes {
            let flags = [(node.ty.is_some(), ANNOTATED), (node.children.is_some(), MORE)];
            out.push(flags.iter().filter(|(said, _)| *said).map(|(_, flag)| flag).sum());
            node.ty.iter().for_each(|ty| self.name(ty, out));
            self.name(&node.name, out);
            number(node.entries.len() as u64, out);
            node.entries.iter().for_each(|entry| self.entry(entry, out));
            if let Some(children) = &node.children {
                self.nodes(children, out);
            }
            span(node.span, out);
        }
    }

    fn entry(&mut self, entry: &Entry, out: &mut Vec<u8>) {
        self.value(&entry.value, entry.name.as_ref(), out);
        span(entry.span, out);
    }

    /// A value, and the name of the property that it is.
    pub fn value(&mut self, value: &Value, name: Option<&Name>, out: &mut Vec<u8>) {
        let flags = [(value.ty.is_some(), ANNOTATED), (name.is_some(), MORE)];
        let flags: u8 = flags.iter().filter(|(said, _)| *said).map(|(_, flag)| flag).sum();
        let kind: u8 = match &value.data {
            Scalar::Null => 0,
            Scalar::Bool(false) => 1,
            Scalar::Bool(true) => 2,
            Scalar::Int(_) => 3,
            Scalar::Float(_) => 4,
            Scalar::String(_) => 5,
        };
        out.push(flags | (kind << KIND));
        value.ty.iter().for_each(|ty| self.name(ty, out));
        name.iter().for_each(|name| self.name(name, out));
        match &value.data {
            Scalar::Int(value) => out.extend(value.get().to_le_bytes()),
            Scalar::Float(value) => out.extend(value.to_le_bytes()),
            Scalar::String(value) => self.text(value, out),
            Scalar::Null | Scalar::Bool(_) => {}
        }
        span(value.span, out);
    }

    /// A name and its place.
    pub fn name(&mut self, name: &Name, out: &mut Vec<u8>) {
        self.text(&name.value, out);
        span(name.span, out);
    }

    /// A text, by its place among all.
    pub fn text(&mut self, text: &str, out: &mut Vec<u8>) {
        let at = match self.known.get(text) {
            Some(at) => *at,
            None => {
                let at = self.known.len();
                self.starts.push(self.words.len() as u32);
                self.words.push_str(text);
                self.known.insert(text.into(), at);
                at
            }
        };
        number(at as u64, out);
    }
}

/// A place, without its source.
pub fn span(span: Span, out: &mut Vec<u8>) {
    number(span.start.into(), out);
    number((span.end - span.start).into(), out);
}

/// A number in LEB128.
pub fn number(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// The texts of what was packed.
#[derive(Clone, Copy, Debug)]
pub struct Words<'a> {
    /// One behind the other.
    pub text: &'a str,
    /// Where each begins; the last ends where all do.
    pub starts: &'a [u32],
}

impl<'a> Words<'a> {
    fn word(&self, at: usize) -> &'a str {
        let Some(start) = self.starts.get(at).map(|start| *start as usize) else { return "" };
        let end = self.starts.get(at + 1).map_or(self.text.len(), |end| *end as usize);
        self.text.get(start..end).unwrap_or_default()
    }
}

/// The tree that was packed; its spans are in `source`. Bytes that no [`Packer`] made give some
/// tree or none.
pub fn unpack(words: &Words<'_>, bytes: &[u8], source: SourceId) -> Tree {
    Unpacker::new(words, bytes, source).nodes()
}

/// Takes out what a [`Packer`] put in, in that order. Of bytes that none made it makes something.
#[derive(Clone, Debug)]
pub struct Unpacker<'a> {
    words: &'a Words<'a>,
    bytes: &'a [u8],
    at: usize,
    source: SourceId,
}

impl<'a> Unpacker<'a> {
    /// At the beginning of `bytes`; spans are in `source`.
    pub fn new(words: &'a Words<'a>, bytes: &'a [u8], source: SourceId) -> Unpacker<'a> {
        Unpacker { words, bytes, at: 0, source }
    }

    /// The texts of all.
    pub fn words(&self) -> &'a Words<'a> {
        self.words
    }

    /// So many bytes, to be looked at later; less if there are not so many.
    pub fn bytes(&mut self, count: usize) -> &'a [u8] {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let found = rest.get(..count).unwrap_or(rest);
        self.at += found.len();
        found
    }

    /// Nodes.
    pub fn nodes<T: FromIterator<Node>>(&mut self) -> T {
        (0..self.count()).map(|_| self.node()).collect()
    }

    /// A list of anything that begins with its length.
    pub fn list<T>(&mut self, one: impl Fn(&mut Self) -> T) -> Vec<T> {
        (0..self.count()).map(|_| one(self)).collect()
    }

    fn node(&mut self) -> Node {
        let flags = self.byte();
        let ty = (flags & ANNOTATED != 0).then(|| Box::new(self.name()));
        let name = self.name();
        let count = self.count();
        let entries: Arc<[Entry]> = (0..count).map(|_| self.entry()).collect();
        let children = (flags & MORE != 0).then(|| self.nodes());
        Node { ty, name, entries, children, span: self.span() }
    }

    fn entry(&mut self) -> Entry {
        let (value, name) = self.value();
        Entry { name, value, span: self.span() }
    }

    /// A value, and the name of the property that it is.
    pub fn value(&mut self) -> (Value, Option<Name>) {
        let flags = self.byte();
        let ty = (flags & ANNOTATED != 0).then(|| Box::new(self.name()));
        let name = (flags & MORE != 0).then(|| self.name());
        let data = match flags >> KIND {
            1 => Scalar::Bool(false),
            2 => Scalar::Bool(true),
            3 => Scalar::Int(i128::from_le_bytes(self.take()).into()),
            4 => Scalar::Float(f64::from_le_bytes(self.take())),
            5 => Scalar::String(self.text()),
            _ => Scalar::Null,
        };
        (Value { ty, data, span: self.span() }, name)
    }

    /// A name and its place.
    pub fn name(&mut self) -> Name {
        Spanned { value: self.text(), span: self.span() }
    }

    /// A text.
    pub fn text(&mut self) -> EcoString {
        self.word().into()
    }

    /// A text as it stands among all.
    pub fn word(&mut self) -> &'a str {
        let at = self.number();
        self.words.word(at)
    }

    /// A place.
    pub fn span(&mut self) -> Span {
        let (start, length) = (self.number(), self.number());
        Span::new(self.source, start, start.saturating_add(length))
    }

    /// How many there are: never more than bytes that are left.
    pub fn count(&mut self) -> usize {
        self.number().min(self.bytes.len().saturating_sub(self.at))
    }

    /// A number.
    pub fn number(&mut self) -> usize {
        let (mut number, mut shift) = (0usize, 0);
        loop {
            let byte = self.byte();
            number |= usize::from(byte & 0x7f) << shift;
            shift += 7;
            if byte < 0x80 || shift >= usize::BITS {
                return number;
            }
        }
    }

    /// So many bytes.
    pub fn take<const N: usize>(&mut self) -> [u8; N] {
        let found = self.bytes.get(self.at..).and_then(|rest| rest.first_chunk()).copied();
        self.at += N;
        found.unwrap_or([0; N])
    }

    /// One byte.
    pub fn byte(&mut self) -> u8 {
        let byte = self.bytes.get(self.at).copied().unwrap_or(0);
        self.at += 1;
        byte
    }
}
