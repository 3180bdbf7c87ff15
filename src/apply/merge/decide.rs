//! What is done with each leaf: decided on values, whatever the format.

use std::collections::HashMap;

use ecow::EcoString;

use super::edits::{Edit, Edits, at, leaves, object};
use super::{Choice, Document, Drift, KeyPath, Leaf, Object, Owned};
use crate::ir::Value;

/// What is to be done, and what hcc owns once it is.
#[derive(Debug, Default)]
pub(super) struct Decision {
    pub edits: Edits,
    /// A leaf's [`Leaf::written`] is empty until [`note`] reads it from the edited file.
    pub owned: Owned,
    pub drift: Vec<Drift>,
}

/// Brings in what is wanted. Leaves that are not wanted any more have left before.
pub(super) fn impose(
    document: &dyn Document,
    wanted: &Value,
    owned: &Owned,
    choice: Choice,
) -> Decision {
    let now = document.value();
    let mut decision =
        Decision { owned: Owned { leaves: Vec::new(), ..owned.clone() }, ..Decision::default() };
    let bases: HashMap<&KeyPath, &Leaf> =
        owned.leaves.iter().map(|leaf| (&leaf.path, leaf)).collect();
    for (path, wanted) in leaves(wanted) {
        let base = bases.get(&path).copied();
        let found = find(now, &path);
        let standing = match found {
            Found::Value(value) | Found::Blocked(value) => Some(value),
            Found::Nothing => None,
        };
        let is = |value: &Value| match found {
            Found::Value(found) => same_leaf(document, found, value),
            Found::Blocked(..) | Found::Nothing => false,
        };
        let written = base.and_then(|leaf| document.meaning(&leaf.written));
        let untouched = match base {
            None => true,
            Some(leaf) => is_untouched(document, leaf, written.as_ref()),
        };
        let earlier = match base {
            Some(leaf) => leaf.earlier.clone(),
            None if matches!(found, Found::Value(_)) => document.words(&path),
            None => None,
        };
        let mut leaf = Leaf { path: path.clone(), written: String::new(), earlier };
        if is(wanted) {
            decision.owned.leaves.push(leaf);
            continue;
        }
        if let (false, Some(base)) = (untouched, base) {
            decision.drift.push(Drift {
                path: path.clone(),
                wanted: Some(wanted.clone()),
                base: written,
                now: standing.cloned(),
            });
            if choice == Choice::Keep {
                leaf.written.clone_from(&base.written);
                decision.owned.leaves.push(leaf);
                continue;
            }
        }
        make_room(document, &path, &mut decision.owned);
        decision.edits.set(Some(now), &path, wanted.clone());
        decision.owned.leaves.push(leaf);
    }
    decision
}

/// Takes out leaves that hcc wrote and that nobody touched; the others stay.
pub(super) fn leave(document: &dyn Document, staying: Owned, leaving: &[Leaf]) -> Decision {
    let mut decision = Decision { owned: staying, ..Decision::default() };
    for leaf in leaving {
        let written = document.meaning(&leaf.written);
        let found = at(document.value(), &leaf.path);
        if !is_untouched(document, leaf, written.as_ref()) {
            decision.drift.push(Drift {
                path: leaf.path.clone(),
                wanted: None,
                base: written,
                now: found.cloned(),
            });
            continue;
        }
        // An object without keys was wanted; others have put theirs into it.
        if found.and_then(object).is_some_and(|map| !map.is_empty()) {
            continue;
        }
        let edit = match &leaf.earlier {
            None => Edit::Remove,
            // It is as it was.
            Some(words) if document.words(&leaf.path).as_ref() == Some(words) => continue,
            Some(words) => match document.meaning(words) {
                Some(value) => Edit::Words(words.clone(), value),
                None => continue,
            },
        };
        decision.edits.at(&leaf.path, edit);
    }
    give_back_objects(document, &mut decision);
    decision
}

/// Writes down what hcc wrote, as the edited file has it.
pub(super) fn note(document: &dyn Document, owned: &mut Owned) {
    for leaf in owned.leaves.iter_mut().filter(|leaf| leaf.written.is_empty()) {
        leaf.written = document.words(&leaf.path).unwrap_or_default();
    }
}

enum Found<'a> {
    Value(&'a Value),
    /// A leaf stands where an object would have to.
    Blocked(&'a Value),
    Nothing,
}

fn find<'a>(value: &'a Value, path: &[EcoString]) -> Found<'a> {
    let mut value = value;
    for key in path {
        let Some(map) = object(value) else { return Found::Blocked(value) };
        let Some(below) = map.get(key) else { return Found::Nothing };
        value = below;
    }
    Found::Value(value)
}

/// Whether two leaves are the same: where an object without keys is wanted, any object is one.
fn same_leaf(document: &dyn Document, found: &Value, wanted: &Value) -> bool {
    match (object(found), object(wanted)) {
        (Some(_), Some(wanted)) if wanted.is_empty() => true,
        _ => document.same(found, wanted),
    }
}

/// Whether a leaf is as hcc left it.
fn is_untouched(document: &dyn Document, leaf: &Leaf, written: Option<&Value>) -> bool {
    match (at(document.value(), &leaf.path), written) {
        (Some(found), Some(written)) => same_leaf(document, found, written),
        _ => false,
    }
}

/// Notes how the objects look that a new leaf makes or fills.
fn make_room(document: &dyn Document, path: &[EcoString], owned: &mut Owned) {
    for depth in 0..path.len() {
        let path = path.get(..depth).unwrap_or_default();
        let earlier = match find(document.value(), path) {
            Found::Value(value) if object(value).is_some() => match document.bare(path) {
                Some(words) => Some(words),
                None => continue,
            },
            Found::Value(_) => document.words(path),
            Found::Blocked(..) | Found::Nothing => None,
        };
        if !owned.objects.iter().any(|object| object.path == path) {
            owned.objects.push(Object { path: path.to_vec(), earlier });
        }
    }
}

/// Objects that hcc made or filled, and in which nothing of its own is left, look as they did.
fn give_back_objects(document: &dyn Document, decision: &mut Decision) {
    let leaves = &decision.owned.leaves;
    let (kept, mut done): (Vec<Object>, Vec<Object>) =
        std::mem::take(&mut decision.owned.objects).into_iter().partition(|object| {
            leaves.iter().any(|leaf| {
                leaf.path.len() > object.path.len() && leaf.path.starts_with(&object.path)
            })
        });
    decision.owned.objects = kept;
    done.sort_by_key(|object| std::cmp::Reverse(object.path.len()));
    for made in done {
        let after = decision.edits.applied(document.value());
        let Some(map) = at(&after, &made.path).and_then(object) else { continue };
        let words = made.earlier.map(|words| (document.meaning(&words), words));
        match words {
            None if !map.is_empty() || document.has_comments(&made.path) => {}
            None => decision.edits.at(&made.path, Edit::Remove),
            Some((Some(value), words)) if object(&value).is_none() => {
                if map.is_empty() {
                    decision.edits.at(&made.path, Edit::Words(words, value));
                }
            }
            Some((_, words)) => decision.edits.bare(&made.path, words),
        }
    }
}
