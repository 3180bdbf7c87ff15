//! Short lists by the hundred, as the [arena](super::arena) holds them.

use std::num::NonZeroU32;

/// Lists that lie in each other in one place, each item with the place of the next. Most have one
/// item or none, and need no memory of their own.
#[derive(Debug)]
pub struct Chains<T> {
    items: Vec<(T, Option<Link>)>,
}

/// One list of some [`Chains`], as long as it was when it was copied.
#[derive(Clone, Copy, Debug, Default)]
pub struct Chain(Option<(Link, Link)>);

/// The place of an item, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link(NonZeroU32);

impl Link {
    fn index(self) -> usize {
        self.0.get() as usize - 1
    }
}

impl Chain {
    /// Whether there is nothing in it.
    pub fn is_empty(self) -> bool {
        self.0.is_none()
    }

    /// The place of its first item.
    pub fn first(self) -> Option<Link> {
        self.0.map(|(first, _)| first)
    }
}

impl<T> Chains<T> {
    /// Makes room for so many more items.
    pub fn reserve(&mut self, more: usize) {
        self.items.reserve(more);
    }

    /// Adds to the end of a list.
    pub fn push(&mut self, chain: &mut Chain, item: T) {
        self.items.push((item, None));
        let count = u32::try_from(self.items.len()).ok();
        let Some(new) = count.and_then(NonZeroU32::new).map(Link) else { return };
        *chain = match chain.0 {
            None => Chain(Some((new, new))),
            Some((first, last)) => {
                self.items[last.index()].1 = Some(new);
                Chain(Some((first, new)))
            }
        };
    }

    /// An item of a list, and the place of the next.
    pub fn at(&self, chain: Chain, link: Link) -> (&T, Option<Link>) {
        let (item, next) = &self.items[link.index()];
        let is_last = chain.0.is_some_and(|(_, last)| last == link);
        (item, next.filter(|_| !is_last))
    }

    /// The items of a list.
    pub fn iter(&self, chain: Chain) -> impl Iterator<Item = &T> {
        let mut next = chain.first();
        std::iter::from_fn(move || {
            let (item, after) = self.at(chain, next?);
            next = after;
            Some(item)
        })
    }

    /// The last item of a list.
    pub fn last(&self, chain: Chain) -> Option<&T> {
        chain.0.map(|(_, last)| &self.items[last.index()].0)
    }
}

impl<T> Default for Chains<T> {
    fn default() -> Chains<T> {
        Chains { items: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::{Chain, Chains};

    #[test]
    fn lists_grow_side_by_side_and_a_copy_keeps_its_end() {
        let mut all = Chains::default();
        let (mut odd, mut even) = (Chain::default(), Chain::default());
        assert!(even.is_empty());
        assert_eq!(all.last(even), None);
        for n in 1..=5 {
            all.push(if n % 2 == 0 { &mut even } else { &mut odd }, n);
        }
        let before = odd;
        all.push(&mut odd, 7);
        assert_eq!(all.iter(odd).copied().collect::<Vec<_>>(), [1, 3, 5, 7]);
        assert_eq!(all.iter(even).copied().collect::<Vec<_>>(), [2, 4]);
        assert_eq!(all.iter(before).copied().collect::<Vec<_>>(), [1, 3, 5]);
        assert_eq!((all.last(odd), all.last(before)), (Some(&7), Some(&5)));
    }
}
