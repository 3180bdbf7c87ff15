//! YAML, edited by `yaml-edit`, which keeps comments and layout; what a file means is read by
//! `serde-saphyr`, so that no crate judges its own edits.

use std::cell::OnceCell;
use std::fmt;
use std::str::FromStr;

use ecow::EcoString;
use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_saphyr::options::{DuplicateKeyPolicy, NonFiniteFloatPolicy};
use yaml_edit::{Document as Tree, Mapping, YamlFile, YamlNode};

use super::edits::{Edit, Edits, Map};
use super::words::{line_column, tagged};
use super::{Document, MergeError};
use crate::emit::{self, Params};
use crate::ir::Value;

/// The key under which words are kept.
const WORDS: &str = "k";

/// How deep values may be nested.
const DEEPEST: usize = 100;

/// A YAML file.
pub(super) struct Yaml {
    text: String,
    value: Value,
    /// To look things up in; an edit takes one of its own.
    tree: OnceCell<Option<YamlFile>>,
}

impl Yaml {
    /// Reads a text.
    pub fn read(text: &str) -> Result<Self, MergeError> {
        let value = match read(text)? {
            Value::Null => Value::Map(Map::new()),
            value @ Value::Map(_) => value,
            other => return Err(MergeError::NoObject(other.kind())),
        };
        Ok(Self { text: text.to_owned(), value, tree: OnceCell::new() })
    }

    fn find(&self, path: &[EcoString]) -> Option<YamlNode> {
        find(&self.tree.get_or_init(|| tree(&self.text)).as_ref()?.document()?.as_mapping()?, path)
    }

    /// How many comments are in what is replaced or goes: those of a leaf are its own.
    fn going(&self, edits: &Edits, path: &mut Vec<EcoString>) -> usize {
        let mut count = 0;
        for (key, edit) in &edits.keys {
            path.push(EcoString::clone(key));
            count += match edit {
                Edit::Into(edits) => self.going(edits, path),
                _ => self
                    .find(path)
                    .and_then(|_| self.words(path))
                    .map_or(0, |words| comments(&words)),
            };
            path.pop();
        }
        count
    }
}

/// The tree of a text, if it holds all of it.
fn tree(text: &str) -> Option<YamlFile> {
    let tree = YamlFile::from_str(text).ok()?;
    (tree.documents().count() <= 1 && tree.to_string() == text).then_some(tree)
}

fn comments(text: &str) -> usize {
    tree(text).map_or(0, |tree| tree.comments().count())
}

fn read(text: &str) -> Result<Value, MergeError> {
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_documents: 1,
            max_depth: DEEPEST,
            max_nodes: usize::MAX,
            max_events: usize::MAX,
            max_total_scalar_bytes: usize::MAX,
        },
        duplicate_keys: DuplicateKeyPolicy::Error,
        strict_booleans: true,
        non_finite_float_policy: NonFiniteFloatPolicy::PassThrough,
        with_snippet: false,
    };
    match serde_saphyr::from_str_with_options::<Read>(text, options) {
        Ok(Read(value)) => Ok(value),
        Err(error) => Err(malformed(&error)),
    }
}

fn malformed(error: &serde_saphyr::Error) -> MergeError {
    let (line, column) = error.location().map_or((1, 1), |at| {
        (usize::try_from(at.line()).unwrap_or(1), usize::try_from(at.column()).unwrap_or(1))
    });
    let whole = error.to_string();
    let message = whole.split(" at line ").next().unwrap_or(&whole);
    if let Some(key) = message.strip_prefix("duplicate mapping key: ") {
        let key = key.rsplit_once(", set ").map_or(key, |(key, _)| key).to_owned();
        return MergeError::Duplicate { key, line: Some(line) };
    }
    let message = match message {
        _ if message.starts_with("budget breached: Documents") => {
            "expected one document".to_owned()
        }
        _ if message.starts_with("budget breached: Depth") || message.starts_with("recursion") => {
            format!("expected at most {DEEPEST} levels of nesting")
        }
        _ if message.starts_with("budget breached") => {
            "expected a text that does not stand for one many times its size".to_owned()
        }
        _ => message.to_owned(),
    };
    MergeError::Syntax { line, column, message }
}

/// A value as it is read.
struct Read(Value);

impl<'de> Deserialize<'de> for Read {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader).map(Read)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Int(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Int(value.into()))
    }

    fn visit_i128<E>(self, value: i128) -> Result<Value, E> {
        Ok(Value::Int(value))
    }

    fn visit_u128<E>(self, value: u128) -> Result<Value, E> {
        Ok(i128::try_from(value)
            .map_or_else(|_| tagged("a number that is too large", &value.to_string()), Value::Int))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Float(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(EcoString::from(value)))
    }

    fn visit_bytes<E>(self, value: &[u8]) -> Result<Value, E> {
        Ok(tagged("data", &format!("{value:02x?}")))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(Read(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            if key.contains('\0') {
                return Err(A::Error::custom("expected keys without U+0000"));
            }
            let Read(value) = entries.next_value()?;
            map.insert(EcoString::from(key), value);
        }
        Ok(Value::Map(map))
    }
}

impl Document for Yaml {
    fn value(&self) -> &Value {
        &self.value
    }

    fn words(&self, path: &[EcoString]) -> Option<String> {
        let value = super::edits::at(&self.value, path)?;
        let words = self.find(path).map(|node| {
            let words = Tree::new_mapping();
            words.set(WORDS, node);
            words.to_string()
        });
        // Behind an alias or a merge key it is there, and nowhere written.
        match words.filter(|words| meaning(words).as_ref() == Some(value)) {
            Some(words) => Some(words),
            None => print(value).ok(),
        }
    }

    fn bare(&self, path: &[EcoString]) -> Option<String> {
        let value = super::edits::at(&self.value, path)?;
        if !value.is_empty() {
            return None;
        }
        if path.is_empty() { Some(self.text.clone()) } else { self.words(path) }
    }

    fn meaning(&self, words: &str) -> Option<Value> {
        meaning(words)
    }

    fn has_comments(&self, _path: &[EcoString]) -> bool {
        false
    }

    fn edit(&self, edits: &Edits) -> Result<Vec<u8>, MergeError> {
        let unable = || MergeError::Unable("its layout cannot be edited in place".to_owned());
        let tree = tree(&self.text).ok_or_else(unable)?;
        let Some(mapping) = tree.document().and_then(|document| document.as_mapping()) else {
            let text = write(&edits.applied(&Value::Null))?;
            let end = if self.text.is_empty() || self.text.ends_with('\n') { "" } else { "\n" };
            return Ok(format!("{}{end}{text}", self.text).into_bytes());
        };
        let going = self.going(edits, &mut Vec::new());
        edit(&mapping, edits)?;
        let text = tree.to_string();
        if let Some(bare) = &edits.bare
            && mapping.is_empty()
            && comments(&text) == comments(bare)
        {
            return Ok(bare.as_bytes().to_vec());
        }
        if let Some(first) =
            self.tree.get().and_then(Option::as_ref).and_then(|tree| tree.comments().next())
            && comments(&text) + going < comments(&self.text)
        {
            let at = usize::from(first.text_range().start());
            return Err(MergeError::Comments { line: line_column(&self.text, at).0 });
        }
        Ok(text.into_bytes())
    }
}

fn edit(mapping: &Mapping, edits: &Edits) -> Result<(), MergeError> {
    for (key, edit) in &edits.keys {
        match edit {
            Edit::Remove => {
                mapping.remove(&**key);
            }
            Edit::Set(value) => mapping.set(&**key, node(&print(value)?)?),
            Edit::Words(words, value) => {
                let words = node(words).or_else(|_| node(&print(value)?))?;
                mapping.set(&**key, words);
            }
            Edit::Into(edits) => match mapping.get_mapping(&**key) {
                Some(below) => {
                    self::edit(&below, edits)?;
                    if let (true, Some(bare)) = (below.is_empty(), &edits.bare) {
                        mapping.set(&**key, node(bare)?);
                    }
                }
                None => return Err(unable(key)),
            },
        }
    }
    Ok(())
}

fn unable(key: &str) -> MergeError {
    MergeError::Unable(format!("`{key}` is written once and used in several places"))
}

fn find(mapping: &Mapping, path: &[EcoString]) -> Option<YamlNode> {
    match path {
        [] => None,
        [key] => mapping.get(&**key),
        [key, rest @ ..] => find(&mapping.get_mapping(&**key)?, rest),
    }
}

fn meaning(words: &str) -> Option<Value> {
    match read(words).ok()? {
        Value::Map(mut map) => map.shift_remove(WORDS),
        _ => None,
    }
}

/// What words say.
fn node(words: &str) -> Result<YamlNode, MergeError> {
    let tree = Tree::from_str(words).ok();
    let node = tree.and_then(|tree| tree.as_mapping()?.get(WORDS));
    node.ok_or_else(|| MergeError::Unable("a value cannot be written".to_owned()))
}

/// A value as words.
fn print(value: &Value) -> Result<String, MergeError> {
    write(&Value::Map(Map::from([(EcoString::from(WORDS), value.clone())])))
}

fn write(value: &Value) -> Result<String, MergeError> {
    let yaml = emit::find("yaml").ok_or_else(|| MergeError::Format("yaml".to_owned()))?;
    Ok(emit::write(yaml, value, &Params::default()).map_err(MergeError::Unfit)?.text)
}
