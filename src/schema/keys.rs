//! The keys of a settings option that have a type. A target may type hundreds, of which a
//! configuration says three: what was put down when hcc was built is looked through as it lies.

use std::fmt;

use ecow::EcoString;

use super::option::TypedKey;
use super::types::Type;
use crate::diag::SourceId;
use crate::syntax::packed::{Packer, Unpacker, number};

/// The typed keys of a settings option.
#[derive(Clone)]
pub enum Keys {
    /// As they were read.
    Said(Vec<TypedKey>),
    /// As bytes: the letters that they begin with, then each behind its length; none are nothing.
    Prepared {
        /// The keys.
        bytes: &'static [u8],
        /// Their texts.
        words: &'static str,
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

impl Keys {
    /// All of them, in order.
    pub fn all(&self) -> Vec<TypedKey> {
        match self {
            Keys::Said(keys) => keys.clone(),
            Keys::Prepared { bytes, words } => prepared(bytes, words).map(TypedKey::from).collect(),
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
                let (depth, first) = (way.len(), hint(way.clone().next()));
                let letters = Unpacker::new(words, bytes, SourceId(0)).take();
                if u32::from_le_bytes(letters) & (letter(first) | letter(ANY)) == 0 {
                    return None;
                }
                prepared(bytes, words).find_map(|mut key| {
                    let may_fit = key.number() == depth && [first, ANY].contains(&key.byte());
                    (may_fit && way.clone().all(|name| fits(key.word(), name)))
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
            Keys::Prepared { bytes, words } => prepared(bytes, words).any(|mut key| {
                let depth = key.number();
                key.byte();
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
        let first = |key: &TypedKey| hint(key.pattern.first().map(|part| &**part));
        let letters = keys.iter().fold(0, |letters, key| letters | letter(first(key)));
        out.extend(letters.to_le_bytes());
        for key in keys {
            let mut one = Vec::new();
            number(key.pattern.len() as u64, &mut one);
            one.push(first(&key));
            key.pattern.iter().for_each(|part| packer.text(part, &mut one));
            packer.ty(&key.ty, &mut one);
            packer.maybe(key.alias.as_ref(), &mut one, |packer, text, out| packer.text(text, out));
            packer.text(&key.doc, &mut one);
            number(one.len() as u64, out);
            out.extend(one);
        }
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_list().entries(self.all()).finish()
    }
}

/// The hint of a pattern that begins with any letters.
const ANY: u8 = b'*';

/// The letter that a pattern's first name begins with: most keys are told apart by it.
fn hint(name: Option<&str>) -> u8 {
    name.and_then(|name| name.bytes().next()).unwrap_or(0).to_ascii_lowercase()
}

/// A hint as one bit of many; most names are of none.
fn letter(hint: u8) -> u32 {
    1 << (hint % 32)
}

/// `*` alone is any name; `*x` and `x*` are names with that end or start.
fn fits(pattern: &str, name: &str) -> bool {
    match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
        (Some(""), _) => true,
        (Some(end), _) => name.ends_with(end),
        (None, Some(start)) => name.starts_with(start),
        (None, None) => pattern.eq_ignore_ascii_case(name),
    }
}

fn prepared(bytes: &'static [u8], words: &'static str) -> impl Iterator<Item = Unpacker<'static>> {
    let mut from = Unpacker::new(words, bytes, SourceId(0));
    from.bytes(4);
    std::iter::from_fn(move || {
        let length = from.number();
        (length > 0).then(|| Unpacker::new(words, from.bytes(length), SourceId(0)))
    })
}

impl From<Unpacker<'static>> for TypedKey {
    fn from(mut from: Unpacker<'static>) -> TypedKey {
        let depth = from.count();
        from.byte();
        TypedKey {
            pattern: (0..depth).map(|_| from.text()).collect(),
            ty: from.ty(),
            alias: from.maybe(Unpacker::text),
            doc: from.text(),
        }
    }
}
