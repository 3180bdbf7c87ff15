//! Property lists, XML and binary, read and written by the `plist` crate: it keeps order, kinds
//! and values; the XML is laid out as Apple's tools do, and comments it cannot keep.

use std::collections::HashSet;
use std::io::Cursor;

use ecow::EcoString;

use super::edits::{Edit, Edits, Map};
use super::expansion::{Unexpanded, expanded};
use super::words::{line_column, tagged};
use super::{Document, MergeError};
use crate::emit::{self, Params};
use crate::ir::Value;
use ::plist::{Dictionary, Value as Plist};

/// What a binary property list begins with.
pub(super) const BINARY: &[u8] = b"bplist";
/// How deep values may be nested: they are taken apart by recursion.
pub(super) const DEEPEST: usize = 100;

/// What a binary one may come to, in bytes and values.
const LARGEST: u64 = crate::files::MAX_SIZE;

/// A property list.
pub(super) struct PropertyList {
    /// None if the file is empty.
    root: Option<Plist>,
    value: Value,
    kind: Kind,
}

enum Kind {
    Xml {
        /// The first comment's line.
        comment: Option<usize>,
        newline: bool,
    },
    Binary,
}

impl PropertyList {
    /// Reads a file.
    pub fn read(bytes: &[u8]) -> Result<Self, MergeError> {
        let kind = if bytes.starts_with(BINARY) {
            let refused = match expanded(bytes) {
                Ok(size) if size <= LARGEST => None,
                Ok(_) => Some("it stands for more values than a settings file holds".to_owned()),
                Err(Unexpanded::Broken) => {
                    Some("expected a property list, found it broken".to_owned())
                }
                Err(Unexpanded::Deep) => {
                    Some(format!("expected at most {DEEPEST} levels of nesting"))
                }
            };
            if let Some(message) = refused {
                return Err(MergeError::Unable(message));
            }
            Kind::Binary
        } else {
            let text = std::str::from_utf8(bytes).unwrap_or_default();
            if text.trim().is_empty() {
                let (value, kind) =
                    (Value::Map(Map::new()), Kind::Xml { comment: None, newline: true });
                return Ok(Self { root: None, value, kind });
            }
            if !text.trim_start().starts_with('<') {
                let message = "expected a property list in XML or binary form";
                return Err(MergeError::Unable(message.to_owned()));
            }
            look_through(text)?;
            let comment = text.find("<!--").map(|at| line_column(text, at).0);
            Kind::Xml { comment, newline: text.ends_with('\n') }
        };
        let root = match kind {
            Kind::Binary => Plist::from_reader(Cursor::new(bytes)),
            Kind::Xml { .. } => Plist::from_reader_xml(bytes),
        };
        let root = shallow(root.map_err(|error| malformed(bytes, &error))?)?;
        if !matches!(root, Plist::Dictionary(_)) {
            return Err(MergeError::NoObject(convert(&root)?.kind()));
        }
        Ok(Self { value: convert(&root)?, root: Some(root), kind })
    }

    fn find(&self, path: &[EcoString]) -> Option<&Plist> {
        path.iter().try_fold(self.root.as_ref()?, |value, key| value.as_dictionary()?.get(key))
    }
}

impl Document for PropertyList {
    fn value(&self) -> &Value {
        &self.value
    }

    fn words(&self, path: &[EcoString]) -> Option<String> {
        String::from_utf8(xml(self.find(path)?).ok()?).ok()
    }

    fn bare(&self, path: &[EcoString]) -> Option<String> {
        (path.is_empty() && self.root.is_none()).then(String::new)
    }

    fn meaning(&self, words: &str) -> Option<Value> {
        convert(&Plist::from_reader_xml(words.as_bytes()).ok()?).ok()
    }

    fn has_comments(&self, _path: &[EcoString]) -> bool {
        false
    }

    fn edit(&self, edits: &Edits) -> Result<Vec<u8>, MergeError> {
        let Some(Plist::Dictionary(root)) = &self.root else {
            let plist =
                emit::find("plist").ok_or_else(|| MergeError::Format("plist".to_owned()))?;
            let value = edits.applied(&Value::Null);
            let text = emit::write(plist, &value, &Params::default()).map_err(MergeError::Unfit)?;
            return Ok(text.text.into_bytes());
        };
        let root = edited(root, edits)?;
        if root.is_empty() && edits.bare.is_some() {
            return Ok(Vec::new());
        }
        let root = Plist::Dictionary(root);
        match self.kind {
            Kind::Xml { comment: Some(line), .. } => Err(MergeError::Comments { line }),
            Kind::Xml { newline, .. } => {
                let mut bytes = xml(&root)?;
                let ends = bytes.ends_with(b"\n");
                match (newline, ends) {
                    (true, false) => bytes.push(b'\n'),
                    (false, true) => bytes.truncate(bytes.len() - 1),
                    _ => {}
                }
                Ok(bytes)
            }
            Kind::Binary => {
                let mut bytes = Vec::new();
                root.to_writer_binary(&mut bytes).map_err(|error| unwritten(&error))?;
                Ok(bytes)
            }
        }
    }
}

/// A dictionary after its edits. It is made anew, because the crate's own removal breaks the order.
fn edited(old: &Dictionary, edits: &Edits) -> Result<Dictionary, MergeError> {
    let mut new = Dictionary::new();
    for (key, value) in old {
        let value = match edits.keys.get(key.as_str()) {
            None => value.clone(),
            Some(Edit::Remove) => continue,
            Some(Edit::Set(value)) => fresh(value)?,
            Some(Edit::Words(words, value)) => given_back(words, value)?,
            Some(Edit::Into(edits)) => match value {
                Plist::Dictionary(below) => Plist::Dictionary(edited(below, edits)?),
                other => other.clone(),
            },
        };
        new.insert(key.clone(), value);
    }
    for (key, edit) in &edits.keys {
        if let (Edit::Set(value) | Edit::Words(_, value), None) = (edit, old.get(key)) {
            new.insert(key.to_string(), fresh(value)?);
        }
    }
    Ok(new)
}

/// A value, in the order in which it is declared.
fn fresh(value: &Value) -> Result<Plist, MergeError> {
    let unable = || MergeError::Unable("a property list cannot hold this value".to_owned());
    Ok(match value {
        Value::Bool(value) => Plist::Boolean(*value),
        Value::Int(int) => match (i64::try_from(*int), u64::try_from(*int)) {
            (Ok(int), _) => Plist::Integer(int.into()),
            (_, Ok(int)) => Plist::Integer(int.into()),
            _ => return Err(unable()),
        },
        Value::Float(float) => Plist::Real(*float),
        Value::String(text) => Plist::String(text.to_string()),
        Value::List(list) => Plist::Array(list.iter().map(fresh).collect::<Result<_, _>>()?),
        Value::Map(map) => {
            let mut dictionary = Dictionary::new();
            for (key, value) in map {
                dictionary.insert(key.to_string(), fresh(value)?);
            }
            Plist::Dictionary(dictionary)
        }
        Value::Null => return Err(unable()),
    })
}

fn given_back(words: &str, value: &Value) -> Result<Plist, MergeError> {
    match Plist::from_reader_xml(words.as_bytes()) {
        Ok(value) => Ok(value),
        Err(_) => fresh(value),
    }
}

fn xml(value: &Plist) -> Result<Vec<u8>, MergeError> {
    let mut bytes = Vec::new();
    value.to_writer_xml(&mut bytes).map_err(|error| unwritten(&error))?;
    Ok(bytes)
}

fn unwritten(error: &::plist::Error) -> MergeError {
    MergeError::Unable(format!("it cannot be written again: {error}"))
}

fn malformed(bytes: &[u8], error: &::plist::Error) -> MergeError {
    let message = error.to_string();
    // The crate says where only in its text: `InvalidXmlSyntax (offset 23)`.
    let (kind, offset) = match message.rsplit_once("(offset ") {
        Some((kind, rest)) => (kind.trim(), rest.trim_end_matches(')').parse::<usize>().ok()),
        None => (message.as_str(), None),
    };
    let kind = kind.split([' ', '(']).next().unwrap_or(kind);
    let kind: String = kind.chars().fold(String::new(), |mut words, c| {
        if c.is_uppercase() && !words.is_empty() && !words.ends_with(' ') {
            words.push(' ');
        }
        words.extend(c.to_lowercase());
        words
    });
    let message = format!("expected a property list, found it broken: {kind}");
    match (offset, std::str::from_utf8(bytes)) {
        (Some(at), Ok(text)) if !bytes.starts_with(BINARY) => {
            super::words::syntax(text, at.min(text.len()), message)
        }
        _ => MergeError::Unable(message),
    }
}

fn convert(value: &Plist) -> Result<Value, MergeError> {
    Ok(match value {
        Plist::Boolean(value) => Value::Bool(*value),
        Plist::Integer(int) => {
            let int = int.as_signed().map(i128::from).or(int.as_unsigned().map(i128::from));
            int.map_or_else(|| tagged("a number", "?"), Value::Int)
        }
        Plist::Real(float) => Value::Float(*float),
        Plist::String(text) => Value::String(EcoString::from(text.as_str())),
        Plist::Date(date) => tagged("a date", &date.to_xml_format()),
        Plist::Data(data) => tagged("data", &format!("{data:02x?}")),
        Plist::Array(list) => Value::List(list.iter().map(convert).collect::<Result<_, _>>()?),
        Plist::Dictionary(dictionary) => {
            let mut map = Map::new();
            for (key, value) in dictionary {
                map.insert(EcoString::from(key.as_str()), convert(value)?);
            }
            Value::Map(map)
        }
        _ => {
            let message = "it is an archive of objects, whose keys refer to each other";
            return Err(MergeError::Unable(message.to_owned()));
        }
    })
}

/// Refuses, before the crate reads it, what that would take in silence or choke on: a key that is
/// there twice, and values that are nested without end.
fn look_through(text: &str) -> Result<(), MergeError> {
    let mut keys: Vec<HashSet<&str>> = Vec::new();
    let mut depth = 0usize;
    let mut at = 0;
    while let Some(found) = text.get(at..).and_then(|rest| rest.find('<')) {
        let start = at + found;
        let rest = text.get(start..).unwrap_or_default();
        let skip = |end: &str| rest.find(end).map_or(rest.len(), |at| at + end.len());
        let length = if rest.starts_with("<!--") {
            skip("-->")
        } else if rest.starts_with("<![CDATA[") {
            skip("]]>")
        } else {
            skip(">")
        };
        let tag = rest.get(1..length).unwrap_or_default().trim_end_matches('>');
        let name = tag.split([' ', '\t', '\n']).next().unwrap_or_default();
        match name {
            "dict" | "array" if !tag.ends_with('/') => {
                depth += 1;
                keys.push(HashSet::new());
            }
            "/dict" | "/array" => {
                depth = depth.saturating_sub(1);
                keys.pop();
            }
            "key" => {
                let key = rest.get(length..).and_then(|rest| rest.split('<').next());
                let key = key.unwrap_or_default();
                if keys.last_mut().is_some_and(|keys| !keys.insert(key)) {
                    let line = Some(line_column(text, start).0);
                    return Err(MergeError::Duplicate { key: key.to_owned(), line });
                }
            }
            _ => {}
        }
        if depth > DEEPEST {
            let message = format!("expected at most {DEEPEST} levels of nesting");
            return Err(super::words::syntax(text, start, message));
        }
        at = start + length;
    }
    Ok(())
}

/// Refuses what is nested deeper than it can be taken apart again by recursion.
fn shallow(root: Plist) -> Result<Plist, MergeError> {
    let mut level = vec![&root];
    for _ in 0..DEEPEST {
        level = level.into_iter().flat_map(below).collect();
        if level.is_empty() {
            return Ok(root);
        }
    }
    let mut left = vec![root];
    while let Some(value) = left.pop() {
        match value {
            Plist::Array(list) => left.extend(list),
            Plist::Dictionary(dictionary) => left.extend(dictionary.into_iter().map(|(_, v)| v)),
            _ => {}
        }
    }
    Err(MergeError::Unable(format!("expected at most {DEEPEST} levels of nesting")))
}

fn below(value: &Plist) -> Vec<&Plist> {
    match value {
        Plist::Array(list) => list.iter().collect(),
        Plist::Dictionary(dictionary) => dictionary.values().collect(),
        _ => Vec::new(),
    }
}
