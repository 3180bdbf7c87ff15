//! The keys of a settings option that have a type. A target may type hundreds, of which a
//! configuration says three: what was put down when hcc was built is looked through as it lies.

use std::fmt;

use ecow::EcoString;

use super::option::TypedKey;
use super::types::Type;
use crate::diag::SourceId;
use crate::syntax::packed::{Packer, Unpacker, Words, number};

/// The typed keys of a settings option.
#[derive(Clone)]
pub enum Keys {
    /// As they were read.
    Said(Vec<TypedKey>),
    /// As bytes: how many, a [`hint`] of each, where each begins in what follows, then they
    /// themselves; none are nothing.
    Prepared {
        /// The keys.
        bytes: &'static [u8],
        /// Their texts.
        words: &'static Words<'static>,
    },
}

/// A typed key that was found.
#[derive(Clone, Debug)]
pub enum Key<'a> {
    /// As it was read.
    Said(&'a TypedKey),
    /// What follows its pattern.
    Prepared(Unpacker<'static>),
}

impl Key<'_> {
    /// What stands there.
    pub fn ty(&self) -> Type {
        match self {
            Key::Said(key) => key.ty.clone(),
            Key::Prepared(from) => from.clone().ty(),
        }
    }

    /// The typed option that is the same leaf, if there is one.
    pub fn alias(&self) -> Option<EcoString> {
        match self {
            Key::Said(key) => key.alias.clone(),
            Key::Prepared(from) => {
                let mut from = from.clone();
                from.ty();
                from.maybe(Unpacker::text)
            }
        }
    }
}

impl Default for Keys {
    fn default() -> Self {
        Keys::Said(Vec::new())
    }
}

impl Keys {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        match self {
            Keys::Said(keys) => keys.is_empty(),
            Keys::Prepared { bytes, .. } => bytes.is_empty(),
        }
    }

    /// All of them, in order.
    pub fn all(&self) -> Vec<TypedKey> {
        match self {
            Keys::Said(keys) => keys.clone(),
            Keys::Prepared { bytes, words } => {
                Prepared::new(bytes, words).keys().map(TypedKey::from).collect()
            }
        }
    }

    /// The first that fits a way into the settings.
    pub fn find<'a>(&self, way: impl ExactSizeIterator<Item = &'a str> + Clone) -> Option<Key<'_>> {
        match self {
            Keys::Said(keys) => {
                let fits = |key: &&TypedKey| {
                    key.pattern.len() == way.len()
                        && key.pattern.iter().zip(way.clone()).all(|(part, name)| fits(part, name))
                };
                keys.iter().find(fits).map(Key::Said)
            }
            Keys::Prepared { bytes, words } => {
                let all = Prepared::new(bytes, words);
                let first = way.clone().next().unwrap_or_default();
                let hints = [hint(way.len(), first), hint(way.len(), "*")];
                let mut may_fit = (0..).zip(all.hints).filter(|(_, own)| hints.contains(own));
                may_fit.find_map(|(at, _)| {
                    let mut key = all.key(at);
                    let depth = key.number();
                    (depth == way.len() && way.clone().all(|name| fits(key.word(), name)))
                        .then_some(Key::Prepared(key))
                })
            }
        }
    }

    /// Whether one, as it is written, is at a way into the settings or below it.
    pub fn is_below<'a>(&self, way: impl Iterator<Item = &'a str> + Clone) -> bool {
        match self {
            Keys::Said(keys) => keys.iter().any(|key| {
                let mut pattern = key.pattern.iter();
                way.clone().all(|name| pattern.next().is_some_and(|part| part == name))
            }),
            Keys::Prepared { bytes, words } => Prepared::new(bytes, words).keys().any(|mut key| {
                let depth = key.number();
                let mut pattern = (0..depth).map(|_| key.word());
                way.clone().all(|name| pattern.next() == Some(name))
            }),
        }
    }

    /// One more, before all others.
    pub fn put_first(&mut self, key: TypedKey) {
        let mut keys = self.all();
        keys.insert(0, key);
        *self = Keys::Said(keys);
    }

    /// The keys as bytes.
    pub fn pack(&self, packer: &mut Packer, out: &mut Vec<u8>) {
        let keys = self.all();
        if keys.is_empty() {
            return;
        }
        number(keys.len(), out);
        let first = |key: &TypedKey| key.pattern.first().cloned().unwrap_or_default();
        out.extend(keys.iter().map(|key| hint(key.pattern.len(), &first(key))));
        let mut all = Vec::new();
        for key in keys {
            out.extend((all.len() as u32).to_le_bytes());
            number(key.pattern.len(), &mut all);
            key.pattern.iter().for_each(|part| packer.text(part, &mut all));
            packer.ty(&key.ty, &mut all);
            packer.maybe(key.alias.as_ref(), &mut all, |packer, text, out| packer.text(text, out));
            packer.text(&key.doc, &mut all);
        }
        out.extend(all);
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_list().entries(self.all()).finish()
    }
}

/// What tells most keys and ways apart: how deep they are, and the first letter. A pattern that
/// begins with any letters has the hint of `*`.
fn hint(depth: usize, first: &str) -> u8 {
    let letter = match first.bytes().next() {
        None | Some(b'*') => 0,
        Some(first) => first & LETTER,
    };
    (depth as u8) << LETTER.count_ones() | letter
}

/// The bits of a letter, without its case.
const LETTER: u8 = 0x1f;

/// `*` alone is any name; `*x` and `x*` are names with that end or start.
fn fits(pattern: &str, name: &str) -> bool {
    match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
        (Some(""), _) => true,
        (Some(end), _) => name.ends_with(end),
        (None, Some(start)) => name.starts_with(start),
        (None, None) => pattern.eq_ignore_ascii_case(name),
    }
}

/// The parts of [`Keys::Prepared`].
struct Prepared {
    hints: &'static [u8],
    starts: &'static [u8],
    keys: Unpacker<'static>,
}

impl Prepared {
    fn new(bytes: &'static [u8], words: &'static Words<'static>) -> Prepared {
        let mut from = Unpacker::new(words, bytes, SourceId(0));
        let count = from.count();
        Prepared { hints: from.bytes(count), starts: from.bytes(4 * count), keys: from }
    }

    /// The one at a place.
    fn key(&self, at: usize) -> Unpacker<'static> {
        let start = self.starts.as_chunks().0.get(at).map_or(0, |start| u32::from_le_bytes(*start));
        let mut key = self.keys.clone();
        key.bytes(start as usize);
        key
    }

    fn keys(&self) -> impl Iterator<Item = Unpacker<'static>> {
        (0..self.hints.len()).map(|at| self.key(at))
    }
}

impl From<Unpacker<'static>> for TypedKey {
    fn from(mut from: Unpacker<'static>) -> TypedKey {
        let depth = from.count();
        TypedKey {
            pattern: (0..depth).map(|_| from.text()).collect(),
            ty: from.ty(),
            alias: from.maybe(Unpacker::text),
            doc: from.text(),
        }
    }
}
