//! Values by name, in the order in which they came, where there are mostly few.

use std::borrow::Borrow;
use std::hash::Hash;

use foldhash::HashMap;

/// So many names are found by their hash. Fewer are compared one by one, which costs less than a
/// table.
const MANY: usize = 9;

/// Values by name, in the order in which they came.
#[derive(Debug)]
pub struct Few<K, V> {
    list: Vec<(K, V)>,
    /// Where each stands in the list, once there are [`MANY`].
    places: HashMap<K, usize>,
}

impl<K, V> Default for Few<K, V> {
    fn default() -> Self {
        Few { list: Vec::new(), places: HashMap::default() }
    }
}

impl<K: Borrow<str> + Clone + Hash + Eq, V> Few<K, V> {
    fn place(&self, name: &str) -> Option<usize> {
        match self.list.len() < MANY {
            true => self.list.iter().position(|(own, _)| own.borrow() == name),
            false => self.places.get(name).copied(),
        }
    }

    /// The one of a name.
    pub fn get(&self, name: &str) -> Option<&V> {
        self.list.get(self.place(name)?).map(|(_, value)| value)
    }

    /// The one of a name, to change.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut V> {
        let place = self.place(name)?;
        self.list.get_mut(place).map(|(_, value)| value)
    }

    /// Name and value of the one at a place.
    pub fn get_index(&self, index: usize) -> Option<&(K, V)> {
        self.list.get(index)
    }

    /// All of them, in order.
    pub fn list(&self) -> &[(K, V)] {
        &self.list
    }

    /// One more, of a name that none has.
    pub fn push(&mut self, name: K, value: V) {
        self.list.push((name, value));
        // Those that were few go in with the one that makes them many.
        let new = if self.list.len() == MANY { 0 } else { self.list.len() - 1 };
        if self.list.len() >= MANY {
            let all = self.list.iter().enumerate().skip(new);
            self.places.extend(all.map(|(at, (name, _))| (name.clone(), at)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_and_many_are_found_by_name_and_stay_in_order() {
        let mut few: Few<String, u32> = Few::default();
        let name = |at: u32| format!("{}", at * 7 % 31);
        for at in 0..31 {
            assert_eq!(few.get(&name(at)), None);
            few.push(name(at), at);
            for old in 0..=at {
                assert_eq!(few.get_mut(&name(old)), Some(&mut { old }), "{at}");
            }
        }
        let all: Vec<(String, u32)> = (0..31).map(|at| (name(at), at)).collect();
        assert_eq!(few.list(), all);
        assert_eq!(few.get_index(31), None);
    }
}
