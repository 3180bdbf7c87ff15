//! The keys of a settings option that have a type. A target may type hundreds, of which a
//! configuration says three: what was put down when hcc was built is looked through as it lies.

use std::fmt;

use super::option::TypedKey;
use crate::diag::SourceId;
use crate::syntax::packed::{Unpacker, Words};

/// The typed keys of a settings option.
#[derive(Clone)]
pub enum Keys {
    /// As they were read.
    Said(Vec<TypedKey>),
    /// As bytes, the length of each in front.
    Prepared {
        /// The keys.
        bytes: &'static [u8],
        /// Their texts.
        words: &'static Words<'static>,
    },
}

impl Keys {
    /// All of them, in order.
    pub fn all(&self) -> Vec<TypedKey> {
        match self {
            Keys::Said(keys) => keys.clone(),
            Keys::Prepared { bytes, words } => prepared(bytes, words).map(TypedKey::from).collect(),
        }
    }

    /// The first whose names, as [`TypedKey::pattern`] has them, fit.
    pub fn find(&self, fits: impl Fn(&[&str]) -> bool) -> Option<TypedKey> {
        let mut names = Vec::new();
        match self {
            Keys::Said(keys) => {
                let found = keys.iter().find(|key| {
                    names.clear();
                    names.extend(key.pattern.iter().map(|name| &**name));
                    fits(&names)
                });
                found.cloned()
            }
            Keys::Prepared { bytes, words } => prepared(bytes, words).find_map(|key| {
                names.clear();
                let mut from = key.clone();
                names.extend((0..from.count()).map(|_| from.word()));
                fits(&names).then(|| key.into())
            }),
        }
    }

    /// One more, before all others.
    pub fn put_first(&mut self, key: TypedKey) {
        let mut keys = self.all();
        keys.insert(0, key);
        *self = Keys::Said(keys);
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_list().entries(self.all()).finish()
    }
}

fn prepared(
    bytes: &'static [u8],
    words: &'static Words<'static>,
) -> impl Iterator<Item = Unpacker<'static>> {
    let mut from = Unpacker::new(words, bytes, SourceId(0));
    std::iter::from_fn(move || {
        let length = from.number();
        (length > 0).then(|| Unpacker::new(words, from.bytes(length), SourceId(0)))
    })
}

impl From<Unpacker<'static>> for TypedKey {
    fn from(mut from: Unpacker<'static>) -> TypedKey {
        TypedKey {
            pattern: from.texts(),
            ty: from.ty(),
            doc: from.text(),
            alias: from.maybe(Unpacker::text),
        }
    }
}
