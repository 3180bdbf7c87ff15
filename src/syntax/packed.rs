//! Trees that were read when hcc was built: its targets, without what a compilation does not ask
//! for. To take one out costs a fraction of reading its text.
//!
//! `build.rs` packs, [`unpack`] is what the program knows. Texts of all trees stand once each in
//! one string; a tree is numbers in LEB128: lists with their length in front, texts as place and
//! length in that string, spans as start and length. Neither is ever stored anywhere else, so
//! there is no version.

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
    /// The texts.
    pub words: String,
    known: HashMap<EcoString, usize>,
}

impl Packer {
    /// A tree as bytes. Spans lose their source.
    pub fn pack(&mut self, nodes: &[Node]) -> Vec<u8> {
        let mut out = Vec::new();
        self.nodes(nodes, &mut out);
        out
    }

    fn nodes(&mut self, nodes: &[Node], out: &mut Vec<u8>) {
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
        let flags = [(entry.value.ty.is_some(), ANNOTATED), (entry.name.is_some(), MORE)];
        let flags: u8 = flags.iter().filter(|(said, _)| *said).map(|(_, flag)| flag).sum();
        let kind: u8 = match &entry.value.data {
            Scalar::Null => 0,
            Scalar::Bool(false) => 1,
            Scalar::Bool(true) => 2,
            Scalar::Int(_) => 3,
            Scalar::Float(_) => 4,
            Scalar::String(_) => 5,
        };
        out.push(flags | (kind << KIND));
        entry.value.ty.iter().for_each(|ty| self.name(ty, out));
        entry.name.iter().for_each(|name| self.name(name, out));
        match &entry.value.data {
            Scalar::Int(value) => out.extend(value.to_le_bytes()),
            Scalar::Float(value) => out.extend(value.to_le_bytes()),
            Scalar::String(value) => self.text(value, out),
            Scalar::Null | Scalar::Bool(_) => {}
        }
        span(entry.value.span, out);
        span(entry.span, out);
    }

    fn name(&mut self, name: &Name, out: &mut Vec<u8>) {
        self.text(&name.value, out);
        span(name.span, out);
    }

    fn text(&mut self, text: &EcoString, out: &mut Vec<u8>) {
        let at = match self.known.get(text) {
            Some(at) => *at,
            None => {
                let at = self.words.len();
                self.words.push_str(text);
                self.known.insert(text.clone(), at);
                at
            }
        };
        number(at as u64, out);
        number(text.len() as u64, out);
    }
}

fn span(span: Span, out: &mut Vec<u8>) {
    number(span.start.into(), out);
    number((span.end - span.start).into(), out);
}

fn number(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// The tree that was packed; its spans are in `source`. Bytes that no [`Packer`] made give some
/// tree or none.
pub fn unpack(words: &str, bytes: &[u8], source: SourceId) -> Tree {
    let mut unpacker = Unpacker { words, bytes, at: 0, source };
    let count = unpacker.count();
    (0..count).map(|_| unpacker.node()).collect()
}

struct Unpacker<'a> {
    words: &'a str,
    bytes: &'a [u8],
    at: usize,
    source: SourceId,
}

impl Unpacker<'_> {
    fn node(&mut self) -> Node {
        let flags = self.byte();
        let ty = (flags & ANNOTATED != 0).then(|| Box::new(self.name()));
        let name = self.name();
        let count = self.count();
        let entries: Arc<[Entry]> = (0..count).map(|_| self.entry()).collect();
        let children = (flags & MORE != 0).then(|| {
            let count = self.count();
            (0..count).map(|_| self.node()).collect()
        });
        Node { ty, name, entries, children, span: self.span() }
    }

    fn entry(&mut self) -> Entry {
        let flags = self.byte();
        let ty = (flags & ANNOTATED != 0).then(|| Box::new(self.name()));
        let name = (flags & MORE != 0).then(|| self.name());
        let data = match flags >> KIND {
            1 => Scalar::Bool(false),
            2 => Scalar::Bool(true),
            3 => Scalar::Int(i128::from_le_bytes(self.take())),
            4 => Scalar::Float(f64::from_le_bytes(self.take())),
            5 => Scalar::String(self.text()),
            _ => Scalar::Null,
        };
        let value = Value { ty, data, span: self.span() };
        Entry { name, value, span: self.span() }
    }

    fn name(&mut self) -> Name {
        Spanned { value: self.text(), span: self.span() }
    }

    fn text(&mut self) -> EcoString {
        let (at, length) = (self.number(), self.number());
        self.words.get(at..at.saturating_add(length)).unwrap_or_default().into()
    }

    fn span(&mut self) -> Span {
        let (start, length) = (self.number(), self.number());
        Span::new(self.source, start, start.saturating_add(length))
    }

    /// How many there are: never more than bytes that are left.
    fn count(&mut self) -> usize {
        self.number().min(self.bytes.len().saturating_sub(self.at))
    }

    fn number(&mut self) -> usize {
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

    fn take<const N: usize>(&mut self) -> [u8; N] {
        let found = self.bytes.get(self.at..).and_then(|rest| rest.first_chunk()).copied();
        self.at += N;
        found.unwrap_or([0; N])
    }

    fn byte(&mut self) -> u8 {
        let byte = self.bytes.get(self.at).copied().unwrap_or(0);
        self.at += 1;
        byte
    }
}
