//! Edits of an object, and what they come to.

use ecow::EcoString;
use indexmap::IndexMap;

use crate::ir::Value;

pub(super) type Map = IndexMap<EcoString, Value>;

/// What is done in one object, key by key; new keys in this order.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Edits {
    /// Each key's edit.
    pub keys: IndexMap<EcoString, Edit>,
    /// How the object looked before hcc put anything into it, if nothing is left in it now.
    pub bare: Option<String>,
}

/// What is done with one key.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Edit {
    /// It gets this value, whether it is there or not.
    Set(Value),
    /// It is there, and gets these words back, which mean this value.
    Words(String, Value),
    /// It goes.
    Remove,
    /// It is an object, and stays one.
    Into(Edits),
}

impl Edits {
    /// Whether nothing is done.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Sets a value below what is there; what stands in the way of an object makes room.
    pub fn set(&mut self, now: Option<&Value>, path: &[EcoString], value: Value) {
        let Some((key, rest)) = path.split_first() else { return };
        let below = now.and_then(object).and_then(|map| map.get(key));
        if rest.is_empty() {
            self.keys.insert(EcoString::clone(key), Edit::Set(value));
        } else if below.and_then(object).is_some() {
            if let Edit::Into(edits) = self.into(key) {
                edits.set(below, rest, value);
            }
        } else {
            let edit = self.keys.entry(EcoString::clone(key)).or_insert(Edit::Set(Value::Null));
            if !matches!(edit, Edit::Set(Value::Map(_))) {
                *edit = Edit::Set(Value::Map(Map::new()));
            }
            if let Edit::Set(whole) = edit {
                put(whole, rest, value);
            }
        }
    }

    /// Does something with a key that is there.
    pub fn at(&mut self, path: &[EcoString], edit: Edit) {
        match path {
            [] => {}
            [key] => {
                self.keys.insert(EcoString::clone(key), edit);
            }
            [key, rest @ ..] => {
                if let Edit::Into(edits) = self.into(key) {
                    edits.at(rest, edit);
                }
            }
        }
    }

    /// Says how an object looked when nothing was in it.
    pub fn bare(&mut self, path: &[EcoString], words: String) {
        match path {
            [] => self.bare = Some(words),
            [key, rest @ ..] => {
                if let Edit::Into(edits) = self.into(key) {
                    edits.bare(rest, words);
                }
            }
        }
    }

    fn into(&mut self, key: &EcoString) -> &mut Edit {
        self.keys.entry(EcoString::clone(key)).or_insert_with(|| Edit::Into(Edits::default()))
    }

    /// What an object means after these edits.
    pub fn applied(&self, now: &Value) -> Value {
        let mut map = object(now).cloned().unwrap_or_default();
        for (key, edit) in &self.keys {
            let value = match edit {
                Edit::Set(value) | Edit::Words(_, value) => value.clone(),
                Edit::Into(edits) => edits.applied(map.get(key).unwrap_or(&Value::Null)),
                Edit::Remove => {
                    map.shift_remove(key);
                    continue;
                }
            };
            map.insert(EcoString::clone(key), value);
        }
        Value::Map(map)
    }
}

fn put(whole: &mut Value, path: &[EcoString], value: Value) {
    let Some((key, rest)) = path.split_first() else {
        *whole = value;
        return;
    };
    if !matches!(whole, Value::Map(_)) {
        *whole = Value::Map(Map::new());
    }
    if let Value::Map(map) = whole {
        put(map.entry(EcoString::clone(key)).or_insert(Value::Null), rest, value);
    }
}

/// The keys of an object; none for a leaf.
pub(super) fn object(value: &Value) -> Option<&Map> {
    match value {
        Value::Map(map) if super::words::other(value).is_none() => Some(map),
        _ => None,
    }
}

/// The value at a path.
pub(super) fn at<'a>(value: &'a Value, path: &[EcoString]) -> Option<&'a Value> {
    path.iter().try_fold(value, |value, key| object(value)?.get(key))
}

/// The leaves of an object, in order. An object without keys is one, for there is nothing else to
/// own.
pub(super) fn leaves(value: &Value) -> Vec<(super::KeyPath, &Value)> {
    fn collect<'a>(
        value: &'a Value,
        path: &mut super::KeyPath,
        found: &mut Vec<(super::KeyPath, &'a Value)>,
    ) {
        match object(value) {
            Some(map) if !map.is_empty() || path.is_empty() => {
                for (key, value) in map {
                    path.push(EcoString::clone(key));
                    collect(value, path, found);
                    path.pop();
                }
            }
            _ => found.push((path.clone(), value)),
        }
    }
    let mut found = Vec::new();
    collect(value, &mut Vec::new(), &mut found);
    found
}

/// Whether two values are the same; `loose` where a format knows numbers but not their kinds.
pub(super) fn same(a: &Value, b: &Value, loose: bool) -> bool {
    match (a, b) {
        (Value::List(a), Value::List(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b, loose))
        }
        (Value::Map(a), Value::Map(b)) => {
            a.len() == b.len()
                && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b, loose)))
        }
        (Value::Float(a), Value::Float(b)) => a == b || (a.is_nan() && b.is_nan()),
        (Value::Int(int), Value::Float(float)) | (Value::Float(float), Value::Int(int))
            if loose =>
        {
            whole(*float) == Some(*int)
        }
        (a, b) => a == b,
    }
}

/// The whole number that a float is exactly.
fn whole(float: f64) -> Option<i128> {
    let exact = float.trunc() == float && float.abs() <= 9_007_199_254_740_992.0;
    if exact { format!("{float:.0}").parse().ok() } else { None }
}
