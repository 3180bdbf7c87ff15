//! Tables in which names are found, put down when hcc was built: to look at a slot or two is less
//! than to halve a sorted list.

/// A number from 1, or 0 for nothing, as it lies.
pub type Slot = [u8; 4];

/// A table of names: each stands in the first of its slots that was free, by its place among them.
pub fn table<'a>(names: impl ExactSizeIterator<Item = &'a str>) -> Vec<Slot> {
    // At most half of the slots are taken.
    let mut slots = vec![Slot::default(); 2 * names.len().next_power_of_two()];
    for (number, name) in (1u32..).zip(names) {
        let free = of(name, slots.len()).find(|slot| slots.get(*slot) == Some(&Slot::default()));
        if let Some(slot) = free.and_then(|slot| slots.get_mut(slot)) {
            *slot = number.to_le_bytes();
        }
    }
    slots
}

/// The first place of a name among those that a table is of; the names are asked for by place.
#[inline]
pub fn find(name: &str, slots: &[Slot], is_at: impl Fn(usize) -> bool) -> Option<usize> {
    for slot in of(name, slots.len()) {
        let number = u32::from_le_bytes(*slots.get(slot)?) as usize;
        let at = number.checked_sub(1)?;
        if is_at(at) {
            return Some(at);
        }
    }
    None
}

/// The slots of a name, of a power of two.
fn of(name: &str, count: usize) -> impl Iterator<Item = usize> {
    let first = hash(name) as usize;
    (0..count).map(move |step| first.wrapping_add(step) & (count - 1))
}

/// Names differ most where they begin and where they end.
fn hash(name: &str) -> u32 {
    let bytes = name.as_bytes();
    let short = || {
        let (first, last) = (bytes.first_chunk()?, bytes.last_chunk()?);
        Some(u64::from(u32::from_le_bytes(*first)) << 32 | u64::from(u32::from_le_bytes(*last)))
    };
    let long = || {
        let (first, last) = (bytes.first_chunk()?, bytes.last_chunk()?);
        Some(u64::from_le_bytes(*first) ^ u64::from_le_bytes(*last).rotate_left(29))
    };
    let any = || bytes.iter().fold(0, |all, byte| all << 8 | u64::from(*byte));
    let ends = long().or_else(short).unwrap_or_else(any);
    ((ends ^ bytes.len() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as u32
}
