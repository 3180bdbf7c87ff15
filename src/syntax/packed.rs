//! Trees that were read when hcc was built: its targets, without what a compilation does not ask
//! for. To take one out costs a fraction of reading its text.
//!
//! `build.rs` packs, an [`Unpacker`] is what the program knows. Texts, and whatever needs more than
//! four bytes, stand once each in [`Words`]. A tree is its entries and then its nodes, level by
//! level from the deepest: each of these becomes one list, whose [`Slice`]s the nodes have. An entry
//! and a node are a [`Row`] of numbers each. Nothing of it is ever stored anywhere else, so there is
//! no version.

use std::collections::HashMap;
use std::sync::Arc;

use ecow::EcoString;

use super::slice::Slice;
use super::tree::{Entry, MAX_DEPTH, Name, Node, Scalar, Value};
use crate::diag::{SourceId, Span, Spanned};

/// So many numbers of four bytes. One is what it says, a text or a span, as [`Words`] knows them,
/// or [`NONE`].
pub type Row<const N: usize> = [[u8; 4]; N];

/// In the place of what is not there.
const NONE: u32 = u32::MAX;

/// The bits of a start; those above are a length.
const START: u32 = 20;
/// In the place of a text's length: it is a short one, and the start its place among them.
const SHORT: u32 = 0;
/// In the place of a length: the start is a place among the stretches.
const LONG: u32 = u32::MAX >> START;

/// What numbers of four bytes stand for.
#[derive(Clone, Copy, Debug)]
pub struct Words<'a> {
    /// Texts that need no memory of their own: to take one out is to copy it.
    pub short: &'a [EcoString],
    /// The other texts, one behind the other.
    pub long: &'a str,
    /// Starts and lengths that do not fit into one number.
    pub stretches: &'a [(u32, u32)],
    /// Whole numbers, and the bits of others.
    pub numbers: &'a [i128],
}

impl<'a> Words<'a> {
    fn text(&self, at: u32) -> EcoString {
        match self.stretch(at) {
            (at, SHORT) => self.short.get(at as usize).cloned().unwrap_or_default(),
            (start, length) => owned(self.long(start, length)),
        }
    }

    /// A text as it stands among all.
    pub fn word(&self, at: u32) -> &'a str {
        match self.stretch(at) {
            (at, SHORT) => self.short.get(at as usize).map_or("", EcoString::as_str),
            (start, length) => self.long(start, length),
        }
    }

    fn long(&self, start: u32, length: u32) -> &'a str {
        self.long.get(start as usize..(start + length) as usize).unwrap_or_default()
    }

    fn span(&self, at: u32, source: SourceId) -> Span {
        let (start, length) = self.stretch(at);
        Span { source, start, end: start + length }
    }

    /// A start and a length, whose sum is a number too.
    #[inline]
    fn stretch(&self, at: u32) -> (u32, u32) {
        let start = at & (u32::MAX >> (u32::BITS - START));
        match at >> START {
            LONG => self.stretches.get(start as usize).copied().unwrap_or_default(),
            length => (start, length),
        }
    }

    fn name(&self, text: u32, span: u32, source: SourceId) -> Name {
        Spanned { value: self.text(text), span: self.span(span, source) }
    }

    fn scalar(&self, kind: u32, data: u32) -> Scalar {
        let number = || self.numbers.get(data as usize).copied().unwrap_or_default();
        match kind {
            1 => Scalar::Bool(false),
            2 => Scalar::Bool(true),
            3 => Scalar::Int(number().into()),
            4 => Scalar::Float(f64::from_bits(number() as u64)),
            5 => Scalar::String(self.text(data)),
            _ => Scalar::Null,
        }
    }
}

fn kind(data: &Scalar) -> u32 {
    match data {
        Scalar::Null => 0,
        Scalar::Bool(false) => 1,
        Scalar::Bool(true) => 2,
        Scalar::Int(_) => 3,
        Scalar::Float(_) => 4,
        Scalar::String(_) => 5,
    }
}

/// A text to keep. Into room that is there it is copied at once, and byte by byte otherwise.
fn owned(text: &str) -> EcoString {
    let mut own = EcoString::with_capacity(text.len());
    own.push_str(text);
    own
}

/// Packs trees, and collects what their numbers stand for.
#[derive(Debug, Default)]
pub struct Packer {
    /// Whether what is only said to people is packed too.
    pub whole: bool,
    short: Vec<EcoString>,
    long: String,
    /// The place of each text among the short or the long.
    texts: HashMap<EcoString, u32>,
    stretches: Vec<(u32, u32)>,
    numbers: Vec<i128>,
}

impl Packer {
    /// What the numbers so far stand for.
    pub fn words(&self) -> Words<'_> {
        let Packer { short, long, stretches, numbers, .. } = self;
        Words { short, long, stretches, numbers }
    }

    /// A tree as bytes. Spans lose their source.
    pub fn pack(&mut self, nodes: &[Node]) -> Vec<u8> {
        let mut out = Vec::new();
        self.nodes(nodes, &mut out);
        out
    }

    /// Nodes, and what is in them.
    pub fn nodes(&mut self, nodes: &[Node], out: &mut Vec<u8>) {
        let mut levels: Vec<Vec<&Node>> = Vec::new();
        let mut level: Vec<&Node> = nodes.iter().collect();
        while !level.is_empty() {
            let below = level.iter().flat_map(|node| node.children()).collect();
            levels.push(std::mem::replace(&mut level, below));
        }
        number(levels.len(), out);
        if levels.is_empty() {
            return;
        }
        let all = || levels.iter().rev().flatten();
        number(all().map(|node| node.entries.len()).sum(), out);
        all().flat_map(|node| &*node.entries).for_each(|entry| self.entry(entry, out));
        for level in levels.iter().rev() {
            number(level.len(), out);
            level.iter().for_each(|node| self.node(node, out));
        }
    }

    fn node(&mut self, node: &Node, out: &mut Vec<u8>) {
        let [ty, ty_at] = self.maybe_name(node.ty.as_deref());
        let [name, name_at] = self.maybe_name(Some(&node.name));
        let children = node.children.as_ref().map_or(NONE, |children| children.len() as u32);
        let span = self.span_of(node.span);
        row([ty, ty_at, name, name_at, node.entries.len() as u32, children, span], out);
    }

    fn entry(&mut self, entry: &Entry, out: &mut Vec<u8>) {
        let Entry { name, value, span } = entry;
        let [name, name_at] = self.maybe_name(name.as_ref());
        let [ty, ty_at] = self.maybe_name(value.ty.as_deref());
        let [kind, data] = self.scalar_of(&value.data);
        let (at, span) = (self.span_of(value.span), self.span_of(*span));
        row([name, name_at, ty, ty_at, kind, data, at, span], out);
    }

    /// A value.
    pub fn value(&mut self, value: &Value, out: &mut Vec<u8>) {
        self.entry(&Entry { name: None, value: value.clone(), span: value.span }, out);
    }

    /// The numbers that say what a value is, and nothing of where.
    pub fn scalar_of(&mut self, data: &Scalar) -> [u32; 2] {
        let own = match data {
            Scalar::Int(value) => place_of(&value.get(), &mut self.numbers),
            Scalar::Float(value) => place_of(&value.to_bits().into(), &mut self.numbers),
            Scalar::String(value) => self.word_of(value),
            Scalar::Null | Scalar::Bool(_) => 0,
        };
        [kind(data), own]
    }

    fn maybe_name(&mut self, name: Option<&Name>) -> [u32; 2] {
        name.map_or([NONE; 2], |name| [self.word_of(&name.value), self.span_of(name.span)])
    }

    /// A place, without its source.
    pub fn span(&mut self, span: Span, out: &mut Vec<u8>) {
        row([self.span_of(span)], out);
    }

    /// The number that stands for a place, without its source.
    pub fn span_of(&mut self, span: Span) -> u32 {
        self.stretch(span.start, span.end - span.start)
    }

    /// A text.
    pub fn text(&mut self, text: &str, out: &mut Vec<u8>) {
        row([self.word_of(text)], out);
    }

    /// The number that stands for a text.
    pub fn word_of(&mut self, text: &str) -> u32 {
        let is_short = text.len() <= EcoString::INLINE_LIMIT;
        let at = match self.texts.get(text) {
            Some(at) => *at,
            None => {
                let at = if is_short { self.short.len() } else { self.long.len() } as u32;
                match is_short {
                    true => self.short.push(text.into()),
                    false => self.long.push_str(text),
                }
                self.texts.insert(text.into(), at);
                at
            }
        };
        self.stretch(at, if is_short { SHORT } else { text.len() as u32 })
    }

    fn stretch(&mut self, start: u32, length: u32) -> u32 {
        if start >> START == 0 && length < LONG {
            return length << START | start;
        }
        LONG << START | place_of(&(start, length), &mut self.stretches)
    }
}

/// Where something stands, put last if it stands nowhere.
fn place_of<T: Clone + PartialEq>(one: &T, all: &mut Vec<T>) -> u32 {
    let known = all.iter().position(|own| own == one);
    known.unwrap_or_else(|| {
        all.push(one.clone());
        all.len() - 1
    }) as u32
}

/// Numbers of four bytes.
pub fn row<const N: usize>(row: [u32; N], out: &mut Vec<u8>) {
    out.extend(row.map(u32::to_le_bytes).as_flattened());
}

/// A number in LEB128.
pub fn number(mut number: usize, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// The tree that was packed; its spans are in `source`. Bytes that no [`Packer`] made give some
/// tree or none.
pub fn unpack<'a>(words: &'a Words<'a>, bytes: &'a [u8], source: SourceId) -> Arc<[Node]> {
    Unpacker::new(words, bytes, source).nodes()
}

/// Takes out what a [`Packer`] put in, in that order. Of bytes that none made it makes something.
#[derive(Clone, Debug)]
pub struct Unpacker<'a> {
    words: &'a Words<'a>,
    rest: &'a [u8],
    source: SourceId,
}

impl<'a> Unpacker<'a> {
    /// At the beginning of `bytes`; spans are in `source`.
    pub fn new(words: &'a Words<'a>, bytes: &'a [u8], source: SourceId) -> Unpacker<'a> {
        Unpacker { words, rest: bytes, source }
    }

    /// What numbers stand for.
    pub fn words(&self) -> &'a Words<'a> {
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

    /// So many bytes, to be taken out later.
    pub fn part(&mut self, count: usize) -> Unpacker<'a> {
        Unpacker { rest: self.bytes(count), ..*self }
    }

    /// What begins so many bytes later.
    pub fn at(&self, count: usize) -> Unpacker<'a> {
        Unpacker { rest: self.rest.get(count..).unwrap_or_default(), ..*self }
    }

    /// So many rows.
    pub fn rows<const N: usize>(&mut self, count: usize) -> &'a [Row<N>] {
        self.bytes(count * size_of::<Row<N>>()).as_chunks().0.as_chunks().0
    }

    /// Nodes, and what is in them.
    pub fn nodes(&mut self) -> Arc<[Node]> {
        let depth = self.number().min(MAX_DEPTH);
        let mut nodes = Arc::default();
        if depth == 0 {
            return nodes;
        }
        let count = self.count();
        let mut entries =
            Open::new(self.rows(count).iter().map(|row| self.entry_of(row)).collect());
        for _ in 0..depth {
            let mut below = Open::new(nodes);
            let count = self.count();
            let rows = self.rows(count).iter();
            nodes = rows.map(|row| self.node_of(row, &mut entries, &mut below)).collect();
        }
        nodes
    }

    #[inline]
    fn node_of(&self, row: &Row<7>, entries: &mut Open<Entry>, below: &mut Open<Node>) -> Node {
        let [ty, ty_at, name, name_at, own, children, span] = row.map(u32::from_le_bytes);
        Node {
            ty: self.maybe_name(ty, ty_at).map(Box::new),
            name: self.words.name(name, name_at, self.source),
            entries: entries.take(own),
            children: (children != NONE).then(|| below.take(children)),
            span: self.span_of(span),
        }
    }

    #[inline]
    fn entry_of(&self, row: &Row<8>) -> Entry {
        let [name, name_at, ty, ty_at, kind, data, at, span] = row.map(u32::from_le_bytes);
        let value = Value {
            ty: self.maybe_name(ty, ty_at).map(Box::new),
            data: self.words.scalar(kind, data),
            span: self.span_of(at),
        };
        let name = self.maybe_name(name, name_at);
        Entry { name, value, span: self.span_of(span) }
    }

    fn maybe_name(&self, text: u32, span: u32) -> Option<Name> {
        (text != NONE).then(|| self.words.name(text, span, self.source))
    }

    /// A list of anything that begins with its length.
    pub fn list<T>(&mut self, one: impl Fn(&mut Self) -> T) -> Vec<T> {
        (0..self.count()).map(|_| one(self)).collect()
    }

    /// A value.
    pub fn value(&mut self) -> Value {
        let row = self.rows(1).first().copied().unwrap_or_default();
        self.entry_of(&row).value
    }

    /// What a value is, of its numbers.
    pub fn scalar_of(&self, kind: u32, data: u32) -> Scalar {
        self.words.scalar(kind, data)
    }

    /// A text.
    pub fn text(&mut self) -> EcoString {
        let [text] = self.row();
        self.words.text(text)
    }

    /// A text as it stands among all.
    pub fn word(&mut self) -> &'a str {
        let [text] = self.row();
        self.words.word(text)
    }

    /// A place.
    pub fn span(&mut self) -> Span {
        let [span] = self.row();
        self.span_of(span)
    }

    /// A place, of its number.
    pub fn span_of(&self, span: u32) -> Span {
        self.words.span(span, self.source)
    }

    /// So many numbers.
    #[inline]
    pub fn row<const N: usize>(&mut self) -> [u32; N] {
        let row = self.rows(1).first().copied();
        row.unwrap_or([[0; 4]; N]).map(u32::from_le_bytes)
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

/// A list of which nodes take what is next.
struct Open<T> {
    all: Arc<[T]>,
    at: u32,
}

impl<T> Open<T> {
    fn new(all: Arc<[T]>) -> Open<T> {
        Open { all, at: 0 }
    }

    fn take(&mut self, count: u32) -> Slice<T> {
        if count == 0 {
            return Slice::default();
        }
        let taken = Slice::of(&self.all, self.at, count);
        self.at += taken.len() as u32;
        taken
    }
}
