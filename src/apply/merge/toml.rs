//! TOML, read and edited by `toml_edit`, which keeps comments and layout.

mod places;

use ecow::EcoString;
use toml_edit::{Decor, DocumentMut, InlineTable, Item, Key, RawString, Table, Value as Toml};

use super::edits::{Edit, Edits, Map};
use super::words::{syntax, tagged};
use super::{Document, MergeError};
use crate::emit::{self, Params};
use crate::ir::Value;
use places::{at_place, first_line, places, unplace};

/// The key under which words are kept.
const WORDS: &str = "k";
/// [`Document::bare`]: a table that is only the front part of others' headers.
const IMPLICIT: &str = "implicit";
/// [`Document::bare`]: a file that begins with a table.
const TOP: &str = "top";
/// [`Document::bare`]: a file without keys; its text follows.
const EMPTY: &str = "empty:";

/// A TOML file.
pub(super) struct TomlFile {
    text: String,
    document: DocumentMut,
    value: Value,
}

impl TomlFile {
    /// Reads a text.
    pub fn read(text: &str) -> Result<Self, MergeError> {
        let document: DocumentMut = text.parse().map_err(|error: toml_edit::TomlError| {
            let span = error.span().unwrap_or_default();
            let found = text.get(span.clone()).unwrap_or_default();
            if error.message() == "duplicate key" {
                let line = Some(super::words::line_column(text, span.start).0);
                return MergeError::Duplicate { key: found.to_owned(), line };
            }
            if error.message().contains("recurs") {
                return syntax(text, span.start, "expected at most 80 levels of nesting");
            }
            syntax(text, span.start, error.message().replace('\n', ", "))
        })?;
        let value = table_value(document.as_table());
        if has_nul(&value) {
            return Err(MergeError::Unable("expected keys without U+0000".to_owned()));
        }
        Ok(Self { text: text.to_owned(), document, value })
    }

    fn find(&self, path: &[EcoString]) -> Option<&Item> {
        path.iter().try_fold(self.document.as_item(), |item, key| item.get(&**key))
    }
}

impl Document for TomlFile {
    fn value(&self) -> &Value {
        &self.value
    }

    fn words(&self, path: &[EcoString]) -> Option<String> {
        let mut item = self.find(path)?.clone();
        if let Some(value) = item.as_value_mut() {
            *value.decor_mut() = Decor::new(" ", "");
        }
        unplace(&mut item);
        let mut document = DocumentMut::new();
        document.insert(WORDS, item);
        Some(document.to_string())
    }

    fn bare(&self, path: &[EcoString]) -> Option<String> {
        match self.find(path)? {
            Item::Table(table) if path.is_empty() && table.is_empty() => {
                Some(format!("{EMPTY}{}", self.text))
            }
            Item::Table(table) if path.is_empty() => {
                let first = places(table).into_iter().filter(|place| *place > 0).min()?;
                let mut table = table.clone();
                let first = at_place(&mut table, first)?;
                let glued = !prefix(first.decor()).starts_with('\n');
                (self.document.get_values().is_empty() && glued).then(|| TOP.to_owned())
            }
            Item::Table(table) if table.is_implicit() && !table.is_dotted() => {
                table.get_values().is_empty().then(|| IMPLICIT.to_owned())
            }
            Item::Value(Toml::InlineTable(table)) if table.is_empty() => self.words(path),
            _ => None,
        }
    }

    fn meaning(&self, words: &str) -> Option<Value> {
        Some(item_value(&remembered(words)?))
    }

    /// Comments of what goes are handed to what stands behind it.
    fn has_comments(&self, _path: &[EcoString]) -> bool {
        false
    }

    fn edit(&self, edits: &Edits) -> Result<Vec<u8>, MergeError> {
        let mut document = self.document.clone();
        let cut = !self.text.is_empty() && !self.text.ends_with('\n');
        let plain = document.to_string();
        if plain != self.text && plain.strip_suffix('\n') != Some(&self.text) {
            return Err(unkept(&self.text, &plain));
        }
        let mut editor = Editor { orphans: Vec::new() };
        if document.is_empty() {
            // Comments at the top stay at the top.
            let mut trailing = document.trailing().as_str().unwrap_or_default().to_owned();
            if !trailing.is_empty() && !trailing.ends_with('\n') {
                trailing.push('\n');
            }
            document.set_trailing("");
            editor.orphans.push((-1, trailing));
        }
        editor.table(document.as_table_mut(), edits, 0)?;
        if self.bare(&[]).as_deref() == Some(TOP) && !document.get_values().is_empty() {
            first_line(&mut document, |prefix| format!("\n{prefix}"));
        }
        if edits.bare.as_deref() == Some(TOP) && document.get_values().is_empty() {
            first_line(&mut document, |prefix| {
                prefix.strip_prefix('\n').unwrap_or(prefix).to_owned()
            });
        }
        editor.adopt(&mut document);
        let mut text = document.to_string();
        if let Some(empty) = edits.bare.as_deref().and_then(|bare| bare.strip_prefix(EMPTY))
            && text.trim() == empty.trim()
        {
            return Ok(empty.as_bytes().to_vec());
        }
        if cut && text.ends_with('\n') {
            text.pop();
        }
        Ok(text.into_bytes())
    }
}

/// What `toml_edit` does not keep: the first line that is written otherwise.
fn unkept(text: &str, plain: &str) -> MergeError {
    let mut lines = text.split('\n').zip(plain.split('\n')).enumerate();
    let message = match lines.find(|(_, (line, plain))| line != plain) {
        Some((at, (line, plain))) if line.trim_end_matches('\r') != plain => {
            format!("line {}: expected `{}`, found `{}`", at + 1, plain.trim(), line.trim())
        }
        _ => "its line ends are of several kinds; save it with one kind of them".to_owned(),
    };
    MergeError::Unable(message)
}

struct Editor {
    /// Comments whose key or table went, and the place of the table in which they stood.
    orphans: Vec<(isize, String)>,
}

impl Editor {
    fn table(&mut self, table: &mut Table, edits: &Edits, place: isize) -> Result<(), MergeError> {
        let place = table.position().unwrap_or(place);
        for (name, edit) in &edits.keys {
            match edit {
                Edit::Remove => self.remove(table, name, place),
                Edit::Set(value) => {
                    let (key, item) = fresh(name, value)?;
                    self.put(table, key, item, place);
                }
                Edit::Words(words, value) => {
                    let (key, _) = fresh(name, &Value::Bool(true))?;
                    let item = match remembered(words) {
                        Some(item) => item,
                        None => fresh(name, value)?.1,
                    };
                    self.put(table, key, item, place);
                }
                Edit::Into(edits) => match table.get_mut(name) {
                    Some(Item::Table(table)) => self.table(table, edits, place)?,
                    Some(Item::Value(Toml::InlineTable(table))) => inline(table, edits)?,
                    _ => {}
                },
            }
        }
        let values = !table.get_values().is_empty();
        if values && !table.is_dotted() {
            table.set_implicit(false);
        } else if edits.bare.as_deref() == Some(IMPLICIT) {
            self.orphan(place, &prefix(table.decor()), &suffix(table.decor()));
            table.decor_mut().clear();
            table.set_implicit(true);
        }
        Ok(())
    }

    /// Puts an item under a key: in the place of the one that is there, if it is of its kind.
    fn put(&mut self, table: &mut Table, mut key: Key, mut item: Item, place: isize) {
        match (table.get_mut(key.get()), &mut item) {
            (Some(Item::Value(old)), Item::Value(new)) => {
                *new.decor_mut() = old.decor().clone();
                *old = new.clone();
            }
            (Some(Item::ArrayOfTables(old)), Item::ArrayOfTables(new)) => {
                if let (Some(old), Some(new)) = (old.get(0), new.get_mut(0)) {
                    new.set_position(old.position());
                    if !prefix(new.decor()).contains('#') {
                        *new.decor_mut() = old.decor().clone();
                    }
                }
                *old = new.clone();
            }
            (Some(_), _) => {
                self.remove(table, key.get(), place);
                self.put(table, key, item, place);
            }
            (None, _) => {
                let last = table.get_values().last().and_then(|(path, _)| {
                    let prefix = prefix(path.last()?.leaf_decor());
                    Some(prefix.rsplit('\n').next().unwrap_or_default().to_owned())
                });
                if item.is_value() {
                    key.leaf_decor_mut().set_prefix(last.unwrap_or_default());
                } else {
                    key.leaf_decor_mut().clear();
                }
                table.insert_formatted(&key, item);
            }
        }
    }

    fn remove(&mut self, table: &mut Table, name: &str, place: isize) {
        let next = table
            .iter()
            .skip_while(|(key, _)| *key != name)
            .skip(1)
            .find(|(_, item)| item.is_value())
            .map(|(key, _)| key.to_owned());
        let Some((key, item)) = table.remove_entry(name) else { return };
        let (before, behind) = (prefix(key.leaf_decor()), item_suffix(&item));
        match (&item, next) {
            (Item::Value(_), Some(next)) => {
                let comments = comments(&before, &behind);
                if let Some(mut key) = table.key_mut(&next) {
                    let prefix = format!("{comments}{}", prefix(key.leaf_decor()));
                    key.leaf_decor_mut().set_prefix(prefix);
                }
            }
            (Item::Table(table), _) => {
                let place = table.position().unwrap_or(place);
                self.orphan(place, &prefix(table.decor()), &behind);
            }
            _ => self.orphan(place, &before, &behind),
        }
    }

    fn orphan(&mut self, place: isize, before: &str, behind: &str) {
        let comments = comments(before, behind);
        if !comments.is_empty() {
            self.orphans.push((place, comments));
        }
    }

    /// Hands comments on to what stands behind them.
    fn adopt(&mut self, document: &mut DocumentMut) {
        for (place, comments) in std::mem::take(&mut self.orphans).into_iter().rev() {
            let first = document.get_values().first().and_then(|(path, _)| {
                (path.len() == 1).then(|| path.first().map(|key| key.get().to_owned()))?
            });
            if let (true, Some(first)) = (place < 0, first) {
                if let Some(mut key) = document.key_mut(&first) {
                    let prefix = format!("{comments}{}", prefix(key.leaf_decor()));
                    key.leaf_decor_mut().set_prefix(prefix);
                }
                continue;
            }
            let next = places(document.as_table()).into_iter().filter(|at| *at > place).min();
            match next.and_then(|next| at_place(document.as_table_mut(), next)) {
                Some(table) => {
                    let prefix = format!("{comments}{}", prefix(table.decor()));
                    table.decor_mut().set_prefix(prefix);
                }
                None => {
                    let trailing = document.trailing().as_str().unwrap_or_default();
                    let trailing = format!("{comments}{trailing}");
                    document.set_trailing(trailing);
                }
            }
        }
    }
}

fn inline(table: &mut InlineTable, edits: &Edits) -> Result<(), MergeError> {
    for (name, edit) in &edits.keys {
        let new = match edit {
            Edit::Into(edits) => {
                if let Some(Toml::InlineTable(table)) = table.get_mut(name) {
                    inline(table, edits)?;
                }
                continue;
            }
            Edit::Remove => {
                let last = table.iter().last().is_some_and(|(last, _)| last == &**name);
                if let (Some((key, old)), true) = (table.remove_entry(name), last) {
                    let parts =
                        [prefix(key.leaf_decor()), prefix(old.decor()), suffix(old.decor())];
                    if parts.iter().any(|part| part.contains('#')) {
                        let message =
                            format!("a comment stands beside the key `{name}`, which has to go");
                        return Err(MergeError::Unable(message));
                    }
                    let close = suffix(old.decor());
                    if let Some((_, value)) = table.iter_mut().last() {
                        value.decor_mut().set_suffix(close);
                    }
                }
                continue;
            }
            Edit::Set(value) => fresh(name, value)?.1,
            Edit::Words(words, value) => match remembered(words) {
                Some(item) => item,
                None => fresh(name, value)?.1,
            },
        };
        let Ok(mut new) = new.into_value() else { continue };
        if let Some(old) = table.get_mut(name) {
            *new.decor_mut() = old.decor().clone();
            *old = new;
            continue;
        }
        let mut close = " ".to_owned();
        if let Some((_, last)) = table.iter_mut().last() {
            close = suffix(last.decor());
            last.decor_mut().set_suffix("");
        }
        *new.decor_mut() = Decor::new(" ", close);
        let (mut key, _) = fresh(name, &Value::Bool(true))?;
        *key.leaf_decor_mut() = Decor::new(" ", " ");
        table.insert_formatted(&key, new);
    }
    if let (true, Some(words)) = (table.is_empty(), &edits.bare)
        && let Some(Item::Value(Toml::InlineTable(bare))) = remembered(words)
    {
        let decor = table.decor().clone();
        *table = bare;
        *table.decor_mut() = decor;
    }
    Ok(())
}

/// A key and a value as the emitter writes them.
fn fresh(name: &str, value: &Value) -> Result<(Key, Item), MergeError> {
    let toml = emit::find("toml").ok_or_else(|| MergeError::Format("toml".to_owned()))?;
    let value = Value::Map(Map::from([(EcoString::from(name), value.clone())]));
    let text = emit::write(toml, &value, &Params::default()).map_err(MergeError::Unfit)?.text;
    let document = text.parse::<DocumentMut>().ok();
    let entry = document.and_then(|mut document| document.remove_entry(name));
    let (mut key, mut item) =
        entry.ok_or_else(|| MergeError::Unable(format!("`{name}` cannot be written")))?;
    key.leaf_decor_mut().set_prefix("");
    unplace(&mut item);
    if let Item::Table(table) = &mut item {
        table.decor_mut().clear();
    }
    if let Item::ArrayOfTables(tables) = &mut item
        && let Some(first) = tables.get_mut(0)
    {
        first.decor_mut().clear();
    }
    Ok((key, item))
}

/// What words say.
fn remembered(words: &str) -> Option<Item> {
    let mut item = words.parse::<DocumentMut>().ok()?.remove(WORDS)?;
    unplace(&mut item);
    Some(item)
}

/// What stands behind an item on its line, or on that of its header.
fn item_suffix(item: &Item) -> String {
    match item {
        Item::Value(value) => suffix(value.decor()),
        Item::Table(table) => suffix(table.decor()),
        Item::ArrayOfTables(tables) => {
            tables.get(0).map(|table| suffix(table.decor())).unwrap_or_default()
        }
        Item::None => String::new(),
    }
}

fn raw(text: Option<&RawString>) -> String {
    text.and_then(RawString::as_str).unwrap_or_default().to_owned()
}

fn prefix(decor: &Decor) -> String {
    raw(decor.prefix())
}

fn suffix(decor: &Decor) -> String {
    raw(decor.suffix())
}

/// The comments before and behind what goes, as lines.
fn comments(before: &str, behind: &str) -> String {
    let mut out = String::new();
    if before.contains('#') {
        out.push_str(before.trim_end_matches([' ', '\t']));
    }
    if behind.contains('#') {
        out.push_str(behind.trim());
        out.push('\n');
    }
    out
}

fn table_value(table: &Table) -> Value {
    Value::Map(table.iter().map(|(key, item)| (EcoString::from(key), item_value(item))).collect())
}

fn item_value(item: &Item) -> Value {
    match item {
        Item::None => Value::Null,
        Item::Value(value) => scalar_value(value),
        Item::Table(table) => table_value(table),
        Item::ArrayOfTables(tables) => Value::List(tables.iter().map(table_value).collect()),
    }
}

fn scalar_value(value: &Toml) -> Value {
    match value {
        Toml::String(text) => Value::String(EcoString::from(text.value().as_str())),
        Toml::Integer(int) => Value::Int(i128::from(*int.value())),
        Toml::Float(float) => Value::Float(*float.value()),
        Toml::Boolean(value) => Value::Bool(*value.value()),
        Toml::Datetime(date) => tagged("a date", &date.value().to_string()),
        Toml::Array(list) => Value::List(list.iter().map(scalar_value).collect()),
        Toml::InlineTable(table) => Value::Map(
            table.iter().map(|(key, value)| (EcoString::from(key), scalar_value(value))).collect(),
        ),
    }
}

/// Whether a key, other than of what is tagged, holds U+0000.
fn has_nul(value: &Value) -> bool {
    match value {
        _ if super::words::other(value).is_some() => false,
        Value::Map(map) => map.iter().any(|(key, value)| key.contains('\0') || has_nul(value)),
        Value::List(list) => list.iter().any(has_nul),
        _ => false,
    }
}
