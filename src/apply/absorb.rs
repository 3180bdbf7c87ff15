//! What somebody changed in a file, as values; and how a source of the configuration is written.

use std::io;

use camino::Utf8Path;
use ecow::EcoString;

use super::disk::{Disk, move_over};
use crate::ir::{Path, Step, Value};

/// A value that somebody changed in a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Changed {
    /// Where; keys only.
    pub path: Path,
    /// What hcc wrote; none if it is new.
    pub before: Option<Value>,
    /// What stands there; none if it is gone.
    pub after: Option<Value>,
}

impl Changed {
    /// The keys from the top.
    pub fn keys(&self) -> Vec<EcoString> {
        self.path.iter().filter_map(key).collect()
    }
}

/// The key of a step; none of an index.
pub fn key(step: &Step) -> Option<EcoString> {
    match step {
        Step::Key(key) => Some(key.clone()),
        Step::Index(_) => None,
    }
}

/// What changed from one value to another. Objects are descended, all else is one change.
pub fn changes(before: &Value, after: &Value) -> Vec<Changed> {
    let mut list = Vec::new();
    collect(before, after, &mut Path::new(), &mut list);
    list
}

fn collect(before: &Value, after: &Value, path: &mut Path, list: &mut Vec<Changed>) {
    let (Value::Map(old), Value::Map(new)) = (before, after) else {
        if !same(before, after) {
            let (before, after) = (Some(before.clone()), Some(after.clone()));
            list.push(Changed { path: path.clone(), before, after });
        }
        return;
    };
    for (key, value) in old {
        path.push(Step::Key(key.clone()));
        match new.get(key) {
            Some(now) => collect(value, now, path, list),
            None => {
                let before = Some(value.clone());
                list.push(Changed { path: path.clone(), before, after: None });
            }
        }
        path.pop();
    }
    for (key, value) in new.iter().filter(|(key, _)| !old.contains_key(*key)) {
        let mut path = path.clone();
        path.push(Step::Key(key.clone()));
        list.push(Changed { path, before: None, after: Some(value.clone()) });
    }
}

/// Whether two values mean the same: the order of keys means nothing.
pub fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Map(a), Value::Map(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        (Value::List(a), Value::List(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Value::Float(a), Value::Float(b)) => a == b || (a.is_nan() && b.is_nan()),
        (a, b) => a == b,
    }
}

/// A value with changes in it.
pub fn changed(value: &Value, changes: &[Changed]) -> Value {
    let mut value = value.clone();
    for change in changes {
        put(&mut value, &change.path, change.after.as_ref());
    }
    value
}

fn put(value: &mut Value, path: &[Step], after: Option<&Value>) {
    match (path, after) {
        ([], Some(after)) => *value = after.clone(),
        ([Step::Key(key)], None) => {
            if let Value::Map(map) = value {
                map.shift_remove(key);
            }
        }
        ([Step::Key(key), rest @ ..], after) => {
            if let Value::Map(map) = value {
                put(map.entry(key.clone()).or_insert(Value::Null), rest, after);
            }
        }
        _ => {}
    }
}

/// Writes a file of the configuration: there whole or not at all, with the mode that it had. One
/// that is a link is written where that leads.
///
/// # Errors
/// The system's own; the file is as it was, unless all that failed was to make the new one stay.
pub fn write_source(path: &Utf8Path, bytes: &[u8]) -> io::Result<()> {
    let path = path.canonicalize_utf8()?;
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(io::ErrorKind::InvalidInput.into());
    };
    let disk = Disk::open(folder)?;
    let (_, stamp) = disk.read(name)?;
    let mut new = format!(".hcc-new-{name}");
    while new.len() > 255 {
        new.pop();
    }
    disk.remove_all(&new)?;
    let written = disk
        .create(&new, bytes, stamp.mode & 0o7777, true)
        .and_then(|_| move_over((&disk, &new), (&disk, name)))
        .and_then(|()| disk.sync_folder(""));
    if written.is_err() {
        // What stays behind is in the way of nothing: the next run removes it.
        let _left = disk.remove_all(&new);
    }
    written
}
