//! A slice of a list that others share: what was put down when hcc was built is taken out as few
//! lists, of which each node has some.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

/// A slice of a list. A copy costs little, and the list is there as long as anybody has some of it.
pub struct Slice<T> {
    all: Arc<[T]>,
    start: u32,
    len: u32,
}

impl<T> Slice<T> {
    /// So many of a list; what it does not have is left out.
    pub fn of(all: &Arc<[T]>, start: u32, len: u32) -> Slice<T> {
        let there = u32::try_from(all.len()).unwrap_or(u32::MAX);
        let start = start.min(there);
        Slice { all: all.clone(), start, len: len.min(there - start) }
    }
}

impl<T: Clone> Slice<T> {
    /// What is in it, to change; copied first if anybody else has some of the list.
    pub fn make_mut(&mut self) -> &mut [T] {
        if Arc::get_mut(&mut self.all).is_none() {
            *self = self.iter().cloned().collect();
        }
        let own = Arc::get_mut(&mut self.all).and_then(|all| all.get_mut(self.start as usize..));
        own.and_then(|own| own.get_mut(..self.len as usize)).unwrap_or_default()
    }
}

impl<T> Deref for Slice<T> {
    type Target = [T];

    #[inline]
    fn deref(&self) -> &[T] {
        let own = self.all.get(self.start as usize..);
        own.and_then(|own| own.get(..self.len as usize)).unwrap_or_default()
    }
}

impl<T> Clone for Slice<T> {
    fn clone(&self) -> Self {
        Slice { all: self.all.clone(), ..*self }
    }
}

impl<T> Default for Slice<T> {
    fn default() -> Self {
        Slice { all: Arc::default(), start: 0, len: 0 }
    }
}

impl<T, L: Into<Arc<[T]>>> From<L> for Slice<T> {
    fn from(all: L) -> Self {
        let all = all.into();
        Slice { start: 0, len: u32::try_from(all.len()).unwrap_or(u32::MAX), all }
    }
}

impl<T> FromIterator<T> for Slice<T> {
    fn from_iter<I: IntoIterator<Item = T>>(all: I) -> Self {
        Arc::from_iter(all).into()
    }
}

impl<T: PartialEq> PartialEq for Slice<T> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl<T: fmt::Debug> fmt::Debug for Slice<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
