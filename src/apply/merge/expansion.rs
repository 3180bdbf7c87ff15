//! How large a binary property list becomes when it is read. Its objects refer to each other, so
//! that a few hundred bytes can stand for any number of values.
//!
//! The format: <https://opensource.apple.com/source/CF/CF-550/CFBinaryPList.c>

use std::collections::HashMap;

use super::plist::DEEPEST;

/// Why it cannot be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unexpanded {
    /// A reference leads nowhere.
    Broken,
    /// Values are nested deeper than they are taken apart, perhaps in a circle.
    Deep,
}

/// The bytes and values that it comes to.
pub(super) fn expanded(bytes: &[u8]) -> Result<u64, Unexpanded> {
    let (list, top) = Objects::read(bytes).ok_or(Unexpanded::Broken)?;
    list.size(top, 0, &mut HashMap::new())
}

struct Objects<'a> {
    bytes: &'a [u8],
    offset_size: usize,
    reference_size: usize,
    count: u64,
    table: usize,
}

impl<'a> Objects<'a> {
    /// What the trailer says, and the topmost object.
    fn read(bytes: &'a [u8]) -> Option<(Self, u64)> {
        let trailer = bytes.get(bytes.len().checked_sub(32)?..)?;
        let (offset_size, reference_size) = (*trailer.get(6)?, *trailer.get(7)?);
        let list = Self {
            bytes,
            offset_size: offset_size.into(),
            reference_size: reference_size.into(),
            count: number(trailer.get(8..16)?)?,
            table: usize::try_from(number(trailer.get(24..32)?)?).ok()?,
        };
        Some((list, number(trailer.get(16..24)?)?))
    }

    /// What an object comes to, with all that it refers to; each is looked at once.
    fn size(
        &self,
        object: u64,
        depth: usize,
        known: &mut HashMap<u64, u64>,
    ) -> Result<u64, Unexpanded> {
        if let Some(size) = known.get(&object) {
            return Ok(*size);
        }
        if depth > DEEPEST {
            return Err(Unexpanded::Deep);
        }
        let (own, first, references) = self.object(object).ok_or(Unexpanded::Broken)?;
        let mut size = own;
        for index in 0..references {
            let below = self.reference(first, index).ok_or(Unexpanded::Broken)?;
            size = size.saturating_add(self.size(below, depth + 1, known)?);
        }
        known.insert(object, size);
        Ok(size)
    }

    /// What an object comes to by itself, where its references begin, and how many there are.
    fn object(&self, object: u64) -> Option<(u64, usize, u64)> {
        if object >= self.count {
            return None;
        }
        let entry = usize::try_from(object).ok()?.checked_mul(self.offset_size)?;
        let offset = self.numbers(self.table.checked_add(entry)?, self.offset_size)?;
        let at = usize::try_from(offset).ok()?;
        let marker = *self.bytes.get(at)?;
        let (kind, low) = (marker >> 4, marker & 0x0f);
        let (length, start) = match low {
            0x0f if kind >= 4 => {
                let size = 1usize << (self.bytes.get(at + 1)? & 0x0f);
                (self.numbers(at + 2, size)?, at.checked_add(2)?.checked_add(size)?)
            }
            low => (u64::from(low), at + 1),
        };
        let references = match kind {
            0xa..=0xc => length,
            0xd => length.checked_mul(2)?,
            _ => 0,
        };
        let size = match kind {
            0x4 | 0x5 => length.saturating_add(1),
            0x6 => length.saturating_mul(2).saturating_add(1),
            _ => 1,
        };
        Some((size, start, references))
    }

    fn reference(&self, first: usize, index: u64) -> Option<u64> {
        let before = usize::try_from(index).ok()?.checked_mul(self.reference_size)?;
        self.numbers(first.checked_add(before)?, self.reference_size)
    }

    fn numbers(&self, at: usize, size: usize) -> Option<u64> {
        number(self.bytes.get(at..at.checked_add(size)?)?)
    }
}

/// A number, its most significant byte first.
fn number(bytes: &[u8]) -> Option<u64> {
    if bytes.is_empty() || bytes.len() > 8 {
        return None;
    }
    Some(bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}
