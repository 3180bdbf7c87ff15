//! From what somebody changed in a file to edits of the KDL that defines it. Whether they do what
//! they should is found out by compiling again, not here.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use ecow::EcoString;

use crate::apply::absorb::{Changed, key};
use crate::apply::join::{Both, Stretch};
use crate::diag::{SourceId, Span};
use crate::eval::Eval;
use crate::ir::{File, Step, Value};
use crate::lower::line_places;
use crate::syntax::edit::{self, Edit, Place};
use crate::syntax::parse;
use crate::syntax::tree::{Node, Scalar};
use crate::value::{Data, Typed, short};

/// Edits, by the text that they are made in.
pub type Edits = BTreeMap<SourceId, Vec<Edit>>;

/// Finds what is to be edited.
pub struct Editor<'a> {
    eval: &'a Eval,
    trees: BTreeMap<SourceId, (EcoString, Arc<[Node]>)>,
    edits: Edits,
    /// How many of the places that a new key could stand beside are passed over.
    skip: usize,
}

impl<'a> Editor<'a> {
    /// For one configuration.
    pub fn new(eval: &'a Eval) -> Self {
        Self { eval, trees: BTreeMap::new(), edits: Edits::new(), skip: 0 }
    }

    /// Puts new keys further up: beside an option of its own a key of the settings is none.
    pub fn further_up(self, skip: usize) -> Self {
        Self { skip, ..self }
    }

    /// The edits that bring changes into what a file is written from.
    ///
    /// # Errors
    /// What cannot be brought there and why, a sentence each.
    pub fn values(mut self, typed: &Typed, changes: &[Changed]) -> Result<Edits, Vec<String>> {
        let wrong: Vec<String> = changes
            .iter()
            .filter_map(|change| {
                let keys = change.keys();
                let name = crate::apply::merge::name(&keys);
                self.value(typed, change).err().map(|why| format!("`{name}`: {why}"))
            })
            .collect();
        if wrong.is_empty() { Ok(self.edits) } else { Err(wrong) }
    }

    /// The edits that bring other lines into a text that a file holds.
    ///
    /// # Errors
    /// What cannot be brought there and why.
    pub fn lines(mut self, typed: &Typed, old: &str, new: &str) -> Result<Edits, Vec<String>> {
        let (before, after): (Vec<&str>, Vec<&str>) =
            (old.lines().collect(), new.lines().collect());
        let same = |(a, b): &(&&str, &&str)| a == b;
        let first = before.iter().zip(&after).take_while(same).count();
        let least = before.len().min(after.len()) - first;
        let last = before.iter().rev().zip(after.iter().rev()).take(least).take_while(same).count();
        let whole = [(before.len(), typed.from.first().copied())];
        let pieces: Vec<(usize, Option<Span>)> = match &typed.pieces {
            Some(pieces) => pieces.iter().map(|(count, span)| (*count, Some(*span))).collect(),
            None => whole.to_vec(),
        };
        let mut start = 0;
        for (count, span) in pieces {
            let end = start + count;
            if (start..=end).contains(&first) && before.len() - last <= end {
                let upto = after.len() - (before.len() - end);
                let text = after.get(start..upto).unwrap_or_default().join("\n");
                let done = span.ok_or("nothing of the user's is behind it".to_owned());
                return match done.and_then(|span| self.piece(span, &text)) {
                    Ok(()) => Ok(self.edits),
                    Err(why) => Err(vec![format!("line {}: {why}", first + 1)]),
                };
            }
            start = end;
        }
        let (from, to) = (first + 1, before.len() - last);
        Err(vec![format!("lines {from} to {to}: they come from several places")])
    }

    fn piece(&mut self, span: Span, text: &str) -> Result<(), String> {
        let (source, tree) = self.open(span)?;
        let place = self.literal(&tree, span)?;
        let value = Scalar::String(text.into());
        let text = edit::literal(&value, edit::indent(place.node.span, &source));
        self.push(span.source, Edit::replace(span, text));
        Ok(())
    }

    fn push(&mut self, source: SourceId, edit: Edit) {
        self.edits.entry(source).or_default().push(edit);
    }

    /// A text of the user's and its tree.
    fn open(&mut self, span: Span) -> Result<(EcoString, Arc<[Node]>), String> {
        if !self.eval.is_users(&span) {
            return Err("it comes from hcc's own definition of the program".to_owned());
        }
        let text = self.eval.shared.sources.text(span.source);
        let (text, tree) = self.trees.entry(span.source).or_insert_with(|| {
            let (tree, _) = parse(span.source, text);
            (text.into(), tree.into())
        });
        Ok((text.clone(), tree.clone()))
    }

    /// The literal at a place.
    fn literal<'t>(&self, tree: &'t [Node], span: Span) -> Result<Place<'t>, String> {
        let at = self.eval.shared.sources.place(span);
        let place = edit::find(tree, span).ok_or(format!("it is said at {at} in another way"))?;
        match place.is_literal() {
            true => Ok(place),
            false => Err(format!("it is computed at {at}")),
        }
    }

    /// The one place that says a value.
    fn only(typed: &Typed) -> Result<Span, String> {
        match typed.from.as_slice() {
            [span] => Ok(*span),
            [] => Err("nothing in the configuration says it".to_owned()),
            spans => Err(format!("{} places say it together", spans.len())),
        }
    }

    fn value(&mut self, typed: &Typed, change: &Changed) -> Result<(), String> {
        let found = at(typed, &change.path);
        match (found, &change.after) {
            (None, None) => Ok(()),
            (Some(found), None) => self.remove(found),
            (None, Some(after)) => self.add(typed, change, after),
            (Some(found), Some(after)) => self.replace(found, after),
        }
    }

    fn replace(&mut self, typed: &Typed, after: &Value) -> Result<(), String> {
        match (&typed.data, after) {
            (Data::List(old), Value::List(new)) => self.list(old, new),
            (Data::Map(_) | Data::List(_), _) | (_, Value::Map(_) | Value::List(_)) => {
                Err(format!("it became {}", after.kind()))
            }
            (was, after) => {
                let value = scalar(after, was).ok_or(format!("it became {}", after.kind()))?;
                let span = Self::only(typed)?;
                let (text, tree) = self.open(span)?;
                let place = self.literal(&tree, span)?;
                let text = edit::literal(&value, edit::indent(place.node.span, &text));
                self.push(span.source, Edit::replace(span, text));
                Ok(())
            }
        }
    }

    /// A list of scalars: elements are replaced one by one; what is too much goes, and what is new
    /// comes behind the last.
    fn list(&mut self, old: &[Typed], new: &[Value]) -> Result<(), String> {
        for (typed, after) in old.iter().zip(new) {
            if typed.to_ir() != *after {
                self.replace(typed, after)?;
            }
        }
        for typed in old.iter().skip(new.len()) {
            self.remove(typed)?;
        }
        let Some(more) = new.get(old.len()..).filter(|more| !more.is_empty()) else {
            return Ok(());
        };
        let last = old.last().ok_or("the list was empty".to_owned())?;
        let span = Self::only(last)?;
        let (text, tree) = self.open(span)?;
        let place = self.literal(&tree, span)?;
        let mut texts = Vec::new();
        for value in more {
            let value = scalar(value, &last.data).ok_or("an element is no scalar".to_owned())?;
            texts.push(edit::literal(&value, ""));
        }
        // Elements on nodes of their own look like the last one.
        if place.is_alone() && old.len() > 1 {
            let node = place.node.span;
            let head = text.get(node.start as usize..span.start as usize).unwrap_or_default();
            for value in texts.iter().rev() {
                let new = Edit::behind(node, &format!("{head}{value}"), &text);
                self.push(span.source, new);
            }
            return Ok(());
        }
        let end = place.entry.span.end as usize;
        let text: String = texts.iter().map(|value| format!(" {value}")).collect();
        self.push(span.source, Edit { start: end, end, text });
        Ok(())
    }

    fn remove(&mut self, typed: &Typed) -> Result<(), String> {
        let spans = match &typed.data {
            // All that is in it has to go, and the node around it.
            Data::Map(_) | Data::List(_) => leaves(typed),
            _ => vec![Self::only(typed)?],
        };
        let mut around: Option<Span> = None;
        let count = spans.len();
        for span in &spans {
            let (text, tree) = self.open(*span)?;
            let place = self.literal(&tree, *span)?;
            let node = match &typed.data {
                Data::Map(_) => place.parent.map(|parent| parent.span),
                _ if place.is_alone() => Some(place.node.span),
                // A list on one node.
                Data::List(_) if place.node.args().count() == count => Some(place.node.span),
                _ => {
                    self.push(span.source, Edit::remove_entry(place.entry.span, &text));
                    continue;
                }
            };
            match (node, around) {
                (None, _) => return Err("it is said in several places".to_owned()),
                (Some(node), Some(first)) if node == first => {}
                (Some(_), Some(_)) if matches!(typed.data, Data::Map(_)) => {
                    return Err("it is said in several places".to_owned());
                }
                (Some(node), _) => {
                    around = Some(node);
                    self.push(node.source, Edit::remove(node, &text));
                }
            }
        }
        match count {
            0 => Err("nothing in the configuration says it".to_owned()),
            _ => Ok(()),
        }
    }

    /// A new key comes behind one that stands in the same object.
    fn add(&mut self, typed: &Typed, change: &Changed, after: &Value) -> Result<(), String> {
        let (key, above) = match change.path.split_last() {
            Some((Step::Key(key), above)) => (key, above),
            _ => return Err("it is no key".to_owned()),
        };
        let beside = match at(typed, above).map(|above| &above.data) {
            Some(Data::Map(map)) => map,
            _ => return Err("nothing beside it is in the configuration".to_owned()),
        };
        let written =
            node(key, after).ok_or(format!("a configuration cannot say {} so", after.kind()))?;
        let mut skipped = 0;
        for sibling in beside.values().rev() {
            let Some(span) = leaves(sibling).last().copied() else { continue };
            let Ok((text, tree)) = self.open(span) else { continue };
            let Some(place) = edit::find(&tree, span) else { continue };
            let node = match (&sibling.data, &place.entry.name, place.parent) {
                (Data::Map(_), None, Some(parent)) => parent,
                (Data::Map(_), None, None) => continue,
                _ => place.node,
            };
            if skipped < self.skip {
                skipped += 1;
                continue;
            }
            // A property has its siblings on the same node.
            let new = match (&place.entry.name, &sibling.data) {
                (Some(_), data) if !matches!(data, Data::Map(_)) => {
                    match scalar(after, &Data::Null) {
                        Some(value) => {
                            let end = place.entry.span.end as usize;
                            let value = edit::literal(&value, "");
                            Edit { start: end, end, text: format!(" {}={value}", edit::name(key)) }
                        }
                        None => continue,
                    }
                }
                _ => Edit::behind(node.span, &written, &text),
            };
            self.push(span.source, new);
            return Ok(());
        }
        Err("nothing beside it is written in the configuration".to_owned())
    }
}

/// What is at a way into a value.
fn at<'t>(typed: &'t Typed, path: &[Step]) -> Option<&'t Typed> {
    let Some((step, rest)) = path.split_first() else { return Some(typed) };
    match (&typed.data, step) {
        (Data::Map(map), Step::Key(key)) => at(map.get(key)?, rest),
        (Data::List(list), Step::Index(index)) => at(list.get(*index)?, rest),
        _ => None,
    }
}

/// The places of all scalars in a value, in order.
fn leaves(typed: &Typed) -> Vec<Span> {
    match &typed.data {
        Data::Map(map) => map.values().flat_map(leaves).collect(),
        Data::List(list) => list.iter().flat_map(leaves).collect(),
        _ => typed.from.first().copied().into_iter().collect(),
    }
}

/// A key and its value as a node, on one line.
fn node(key: &str, value: &Value) -> Option<String> {
    let key = edit::name(key);
    Some(match value {
        Value::Map(map) => {
            let inner: Option<Vec<String>> =
                map.iter().map(|(key, value)| node(key, value)).collect();
            format!("{key} {{ {} }}", inner?.join("; "))
        }
        Value::List(list) => {
            let items = list.iter().map(|item| scalar(item, &Data::Null));
            let items: Option<Vec<String>> =
                items.map(|item| Some(edit::literal(&item?, ""))).collect();
            let mark = if list.len() < 2 { "(list)" } else { "" };
            format!("{mark}{key} {}", items?.join(" ")).trim_end().to_owned()
        }
        scalar_value => {
            format!("{key} {}", edit::literal(&scalar(scalar_value, &Data::Null)?, ""))
        }
    })
}

/// A value of a file as a configuration says it. `was` is what it said before: formats that know
/// only texts lose the type.
fn scalar(after: &Value, was: &Data) -> Option<Scalar> {
    Some(match (after, was) {
        (Value::Null, _) => Scalar::Null,
        (Value::Bool(value), _) => Scalar::Bool(*value),
        (Value::Int(value), Data::Float(_)) => Scalar::Float(*value as f64),
        (Value::Int(value), _) => Scalar::Int((*value).into()),
        (Value::Float(value), _) => Scalar::Float(*value),
        (Value::String(text), Data::Bool(_)) => match &**text {
            "true" | "yes" | "on" | "1" => Scalar::Bool(true),
            "false" | "no" | "off" | "0" => Scalar::Bool(false),
            _ => Scalar::String(text.clone()),
        },
        (Value::String(text), Data::Int(_)) => match text.parse::<i128>() {
            Ok(number) => Scalar::Int(number.into()),
            Err(_) => Scalar::String(text.clone()),
        },
        (Value::String(text), Data::Float(_)) => match text.parse() {
            Ok(number) => Scalar::Float(number),
            Err(_) => Scalar::String(text.clone()),
        },
        (Value::String(text), _) => Scalar::String(text.clone()),
        (Value::List(_) | Value::Map(_), _) => return None,
    })
}

/// A value that the file and the configuration changed otherwise, in a sentence.
pub fn both(eval: &Eval, typed: &Typed, both: &Both) -> String {
    let said = |value: &Option<Value>, none: &str| match value {
        Some(value) => format!("`{}`", short(&said(value))),
        None => none.to_owned(),
    };
    let place = at(typed, &both.path).and_then(|found| leaves(found).first().copied());
    let place = place.map(|span| format!(" ({})", eval.shared.sources.place(span)));
    let keys: Vec<EcoString> = both.path.iter().filter_map(key).collect();
    format!(
        "`{}`: both sides changed it: the file to {}, the configuration to {}{}; it was {}",
        crate::apply::merge::name(&keys),
        said(&both.file, "nothing"),
        said(&both.config, "nothing"),
        place.unwrap_or_default(),
        said(&both.base, "not there"),
    )
}

/// A value as a configuration says it, without its key.
fn said(value: &Value) -> String {
    match value {
        Value::Map(map) => {
            let inner: Vec<String> =
                map.iter().filter_map(|(key, value)| node(key, value)).collect();
            format!("{{ {} }}", inner.join("; "))
        }
        Value::List(list) => list.iter().map(said).collect::<Vec<_>>().join(" "),
        value => scalar(value, &Data::Null).map_or_else(String::new, |own| edit::literal(&own, "")),
    }
}

/// Lines that the file and the configuration changed otherwise.
pub fn stretch(both: &Stretch) -> Vec<String> {
    let mut told = vec![format!("line {}:", both.line)];
    let sides = [("file", &both.file), ("configuration", &both.config), ("before", &both.base)];
    for (side, text) in sides {
        let lines: Vec<&str> = text.lines().collect();
        let more = match lines.len() {
            0 | 1 => String::new(),
            2 => " ... 1 more line".to_owned(),
            count => format!(" ... {} more lines", count - 1),
        };
        let first = lines.first().map_or_else(|| "no line".to_owned(), |line| short(line));
        told.push(format!("  {:<14} {first}{more}", format!("{side}:")));
    }
    told
}

/// The lines that differ, for who has to bring them over by hand: at most this many.
const SHOWN: usize = 8;

/// The lines that somebody changed, each with the places behind it, if they are as they were.
pub fn told(eval: &Rc<Eval>, file: &File, old: &str, new: &str) -> Vec<String> {
    let places = match *file.text == *old {
        true => line_places(eval, &file.path),
        false => Vec::new(),
    };
    let diff = similar::TextDiff::from_lines(old, new);
    let mut told: Vec<String> = Vec::new();
    for change in diff.iter_all_changes() {
        let text = short(change.value().trim_end());
        match (change.tag(), change.old_index()) {
            (similar::ChangeTag::Delete, Some(line)) => {
                let from = places.get(line).into_iter().flatten();
                let from: Vec<String> =
                    from.map(|origin| format!("{}:{}", origin.file, origin.line)).collect();
                let from = match from.is_empty() {
                    true => String::new(),
                    false => format!("  (from {})", from.join(" ")),
                };
                told.push(format!("line {}: - {text}{from}", line + 1));
            }
            (similar::ChangeTag::Insert, _) => told.push(format!("  + {text}")),
            _ => {}
        }
    }
    if told.len() > SHOWN {
        let rest = told.len() - SHOWN;
        told.truncate(SHOWN);
        told.push(format!("... {rest} more lines"));
    }
    told
}
