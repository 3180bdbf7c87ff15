//! Trees that were read when hcc was built: its targets, without what a compilation does not ask
//! for. To take one out costs a fraction of reading its text.
//!
//! `build.rs` packs, an [`Unpacker`] is what the program knows. Texts of all trees stand once each
//! in one string; a tree is numbers in LEB128, lists with their length in front, texts and spans as
//! start and length. Neither is ever stored anywhere else, so there is no version.

use std::collections::HashMap;

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
    /// Where each begins.
    known: HashMap<EcoString, u32>,
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
        out.push(flags | (kind(&value.data) << KIND));
        value.ty.iter().for_each(|ty| self.name(ty, out));
        name.iter().for_each(|name| self.name(name, out));
        self.rest(&value.data, out);
        span(value.span, out);
    }

    /// What a value is, and nothing of where.
    pub fn scalar(&mut self, data: &Scalar, out: &mut Vec<u8>) {
        out.push(kind(data));
        self.rest(data, out);
    }

    /// What its kind does not tell.
    fn rest(&mut self, data: &Scalar, out: &mut Vec<u8>) {
        match data {
            Scalar::Int(value) => out.extend(value.get().to_le_bytes()),
            Scalar::Float(value) => out.extend(value.to_le_bytes()),
            Scalar::String(value) => self.text(value, out),
            Scalar::Null | Scalar::Bool(_) => {}
        }
    }

    /// A name and its place.
    pub fn name(&mut self, name: &Name, out: &mut Vec<u8>) {
        self.text(&name.value, out);
        span(name.span, out);
    }

    /// A text, by its place among all.
    pub fn text(&mut self, text: &str, out: &mut Vec<u8>) {
        let start = match self.known.get(text) {
            Some(start) => *start,
            None => {
                let start = self.words.len() as u32;
                self.words.push_str(text);
                self.known.insert(text.into(), start);
                start
            }
        };
        stretch(start, text.len() as u32, out);
    }
}

fn kind(data: &Scalar) -> u8 {
    match data {
        Scalar::Null => 0,
        Scalar::Bool(false) => 1,
        Scalar::Bool(true) => 2,
        Scalar::Int(_) => 3,
        Scalar::Float(_) => 4,
        Scalar::String(_) => 5,
    }
}

/// A place, without its source.
pub fn span(span: Span, out: &mut Vec<u8>) {
    stretch(span.start, span.end - span.start, out);
}

/// The bits of a start in four bytes; the others are a length.
const START: u32 = 20;
/// In the place of a length: start and length are numbers that follow.
const LONG: u32 = u32::MAX >> START;

fn stretch(start: u32, length: u32, out: &mut Vec<u8>) {
    if start >> START == 0 && length < LONG {
        out.extend((length << START | start).to_le_bytes());
    } else {
        out.extend((LONG << START).to_le_bytes());
        number(start.into(), out);
        number(length.into(), out);
    }
}

/// A number in LEB128.
pub fn number(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// The tree that was packed; its spans are in `source`. Bytes that no [`Packer`] made give some
/// tree or none.
pub fn unpack(words: &str, bytes: &[u8], source: SourceId) -> Tree {
    Unpacker::new(words, bytes, source).nodes()
}

/// Takes out what a [`Packer`] put in, in that order. Of bytes that none made it makes something.
#[derive(Clone, Debug)]
pub struct Unpacker<'a> {
    words: &'a str,
    rest: &'a [u8],
    source: SourceId,
}

impl Default for Unpacker<'static> {
    /// Of nothing.
    fn default() -> Self {
        Unpacker::new("", &[], SourceId(0))
    }
}

impl<'a> Unpacker<'a> {
    /// At the beginning of `bytes`, whose texts are in `words`; spans are in `source`.
    pub fn new(words: &'a str, bytes: &'a [u8], source: SourceId) -> Unpacker<'a> {
        Unpacker { words, rest: bytes, source }
    }

    /// The texts of all.
    pub fn words(&self) -> &'a str {
        self.words
    }

    /// How many bytes are left.
    pub fn left(&self) -> usize {
        self.rest.len()
    }

    /// So many bytes, to be looked at later; less if there are not so many.
    pub fn bytes(&mut self, count: usize) -> &'a [u8] {
        let (found, rest) = self.rest.split_at_checked(count).unwrap_or((self.rest, &[]));
        self.rest = rest;
        found
    }

    /// Nodes.
    pub fn nodes<T: FromIterator<Node> + Default>(&mut self) -> T {
        self.some(Self::node)
    }

    /// Anything of which the number stands in front. None are no block of their own.
    fn some<O, T: FromIterator<O> + Default>(&mut self, one: impl Fn(&mut Self) -> O) -> T {
        match self.count() {
            0 => T::default(),
            count => (0..count).map(|_| one(self)).collect(),
        }
    }

    /// A list of anything that begins with its length.
    pub fn list<T>(&mut self, one: impl Fn(&mut Self) -> T) -> Vec<T> {
        self.some(one)
    }

    fn node(&mut self) -> Node {
        let flags = self.byte();
        let ty = (flags & ANNOTATED != 0).then(|| Box::new(self.name()));
        let name = self.name();
        let entries = self.some(Self::entry);
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
        let data = self.data(flags >> KIND);
        (Value { ty, data, span: self.span() }, name)
    }

    /// What a value is, and nothing of where.
    pub fn scalar(&mut self) -> Scalar {
        let kind = self.byte();
        self.data(kind)
    }

    fn data(&mut self, kind: u8) -> Scalar {
        match kind {
            1 => Scalar::Bool(false),
            2 => Scalar::Bool(true),
            3 => Scalar::Int(i128::from_le_bytes(self.take()).into()),
            4 => Scalar::Float(f64::from_le_bytes(self.take())),
            5 => Scalar::String(self.text()),
            _ => Scalar::Null,
        }
    }

    /// A name and its place.
    pub fn name(&mut self) -> Name {
        Spanned { value: self.text(), span: self.span() }
    }

    /// A text.
    pub fn text(&mut self) -> EcoString {
        owned(self.word())
    }

    /// A text as it stands among all.
    pub fn word(&mut self) -> &'a str {
        let (start, length) = self.stretch();
        self.words.get(start as usize..(start + length) as usize).unwrap_or_default()
    }

    /// A place.
    pub fn span(&mut self) -> Span {
        let (start, length) = self.stretch();
        Span { source: self.source, start, end: start + length }
    }

    /// A start and a length, whose sum is a number too.
    #[inline]
    fn stretch(&mut self) -> (u32, u32) {
        let short = u32::from_le_bytes(self.take());
        match short >> START {
            LONG => self.long_stretch(),
            length => (short & (u32::MAX >> (u32::BITS - START)), length),
        }
    }

    #[cold]
    fn long_stretch(&mut self) -> (u32, u32) {
        let (start, length) = (self.number() as u32, self.number() as u32);
        (start, length.min(u32::MAX - start))
    }

    /// How many there are: never more than bytes that are left.
    pub fn count(&mut self) -> usize {
        self.number().min(self.left())
    }

    /// A number. Nearly all have one byte or two.
    pub fn number(&mut self) -> usize {
        let low = |byte: u8| usize::from(byte & 0x7f);
        match self.rest {
            [one, rest @ ..] if *one < 0x80 => {
                self.rest = rest;
                low(*one)
            }
            [one, two, rest @ ..] if *two < 0x80 => {
                self.rest = rest;
                low(*one) | (low(*two) << 7)
            }
            _ => self.long_number(),
        }
    }

    #[cold]
    fn long_number(&mut self) -> usize {
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
        let (found, rest) = self.rest.split_first_chunk().unwrap_or((&[0; N], &[]));
        self.rest = rest;
        *found
    }

    /// One byte.
    pub fn byte(&mut self) -> u8 {
        let (found, rest) = self.rest.split_first().unwrap_or((&0, &[]));
        self.rest = rest;
        *found
    }
}

/// A text to keep.
fn owned(text: &str) -> EcoString {
    if text.len() <= EcoString::INLINE_LIMIT {
        return text.into();
    }
    // Into room that is there it is copied at once, and byte by byte otherwise.
    let mut own = EcoString::with_capacity(text.len());
    own.push_str(text);
    own
}
