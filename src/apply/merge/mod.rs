//! Install mode `merge`: hcc owns only the declared keys of a file that its program also writes.
//!
//! Handed the bytes that stand there, the value that is wanted and what hcc [`Owned`] before, it
//! hands on the new bytes and what hcc owns now. It reads and writes no files. Objects are
//! descended; scalars and lists are leaves. All decisions are made on values ([`decide`]); a format
//! only reads ([`Document::value`]) and edits its text in place ([`Document::edit`]). What an edit
//! made is read again and compared with what it should mean before it is handed on, so that a
//! mistake in an editor ends in an error and never in a lost key.

mod decide;
mod edits;
mod expansion;
mod ini;
mod json;
mod plist;
mod toml;
mod words;
mod yaml;

use std::fmt;

use ecow::EcoString;
use serde::{Deserialize, Serialize};

use crate::emit::{self, Fault, Params};
use crate::ir::Value;
use decide::Decision;
use edits::Edits;
pub use ini::Dialect;

/// The keys from the top of a file to a value in it.
pub type KeyPath = Vec<EcoString>;

/// What hcc put into a file, and what it found in its place: kept between two merges.
///
/// Texts are in the file's own format, so that what comes back is what was there to the byte, also
/// where hcc has no value for it, such as a date.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Owned {
    /// The leaves, in the order they are declared.
    pub leaves: Vec<Leaf>,
    /// The objects that were made or filled to hold them.
    pub objects: Vec<Object>,
    /// Whether hcc made the file; then the text that it holds besides its keys.
    pub made: Option<String>,
    /// How an INI file is read.
    pub dialect: Option<Dialect>,
}

/// A scalar or list that hcc wrote.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Leaf {
    /// Where it is.
    pub path: KeyPath,
    /// What hcc wrote last, as it stood in the file: the base of the next merge.
    pub written: String,
    /// What stood there before hcc; none if there was nothing.
    pub earlier: Option<String>,
}

/// An object that had nothing in it, or was not there, before hcc put leaves into it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Object {
    /// Where it is.
    pub path: KeyPath,
    /// What stood there before hcc; none if there was nothing.
    pub earlier: Option<String>,
}

/// What is done with a leaf of hcc's that somebody edited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// The edit stays.
    Keep,
    /// What is wanted comes back.
    Restore,
}

/// A leaf of hcc's that somebody edited or removed.
#[derive(Clone, Debug, PartialEq)]
pub struct Drift {
    /// Where it is.
    pub path: KeyPath,
    /// What the configuration wants there; none if it wants nothing any more.
    pub wanted: Option<Value>,
    /// What hcc wrote last; none if that cannot be told.
    pub base: Option<Value>,
    /// What stands there; none if nothing does.
    pub now: Option<Value>,
}

/// What a file becomes.
#[derive(Clone, Debug, PartialEq)]
pub struct Merged {
    /// The whole file; the bytes that were handed in if nothing changed.
    pub bytes: Vec<u8>,
    /// To be kept for the next merge.
    pub owned: Owned,
    /// What was edited since, kept or not.
    pub drift: Vec<Drift>,
    /// Whether the bytes are others than before.
    pub changed: bool,
    /// Whether hcc made the file and nothing is left in it, so that it can go.
    pub empty: bool,
}

/// Why a file is left alone.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum MergeError {
    /// No file of this format can be read and written key by key.
    #[error("files of the format `{0}` cannot be merged; these can: {list}", list = emit::MERGEABLE.join(", "))]
    Format(String),
    /// What is wanted cannot be written in this format.
    #[error("{}", .0.first().map_or("it cannot be written in this format", |fault| fault.message.as_str()))]
    Unfit(Vec<Fault>),
    /// The file is not in its format.
    #[error("line {line}, column {column}: {message}")]
    Syntax {
        /// From 1.
        line: usize,
        /// In characters, from 1.
        column: usize,
        /// What was expected and what was found.
        message: String,
    },
    /// The file is not UTF-8.
    #[error("line {line}: expected UTF-8, found the byte 0x{byte:02x}; save the file as UTF-8")]
    Encoding {
        /// From 1.
        line: usize,
        /// The first byte that is none.
        byte: u8,
    },
    /// Two values stand under one key, and readers differ in which they take.
    #[error("{at}the key `{key}` is there twice; remove one of them", at = place(*.line))]
    Duplicate {
        /// The key, with those around it.
        key: String,
        /// The second one's line, from 1, where that can be told.
        line: Option<usize>,
    },
    /// The file holds something else than keys and values at its top.
    #[error("expected an object at the top, found {0}")]
    NoObject(&'static str),
    /// Writing the file would lose its comments.
    #[error(
        "line {line}: the file has comments, some of which would be lost; remove them, or take \
         `install=\"copy\"`"
    )]
    Comments {
        /// The first one's line, from 1.
        line: usize,
    },
    /// It has something that cannot be edited in place.
    #[error("{0}")]
    Unable(String),
    /// hcc has no value for what stands there.
    #[error("`{path}` holds {kind}, which a configuration cannot say")]
    NoValue {
        /// Where.
        path: String,
        /// What it is: `a date`.
        kind: String,
    },
}

fn place(line: Option<usize>) -> String {
    line.map(|line| format!("line {line}: ")).unwrap_or_default()
}

/// Brings the wanted keys into a file.
///
/// `now` is what stands there, `None` if there is no file: then the result is what the emitter
/// writes. A `header` or `footer` of `params` is written into a new file only.
///
/// # Errors
/// [`MergeError`]: the file stays as it is.
pub fn merge(
    format: &str,
    now: Option<&[u8]>,
    wanted: &Value,
    params: &Params,
    owned: &Owned,
    choice: Choice,
) -> Result<Merged, MergeError> {
    let style = Style::new(format, params)?;
    if style.format.name == "ini" {
        ini::check(wanted)?;
    }
    let around = |name: &str| name == emit::HEADER || name == emit::FOOTER;
    let (around, plain): (Vec<_>, Vec<_>) =
        params.list.iter().cloned().partition(|said| around(&said.name));
    let plain = write(&style, wanted, &Params { list: plain })?;
    // As the format holds it: what a file says can only be compared with what a file says.
    let wanted = open(&style, plain.into_bytes())?.document.value().clone();
    let (bytes, made) = match now {
        Some(bytes) => (bytes.to_vec(), owned.made.clone()),
        None => {
            // Without a footer the emitter writes nothing around nothing.
            let footer = |said: emit::Said| emit::Said { name: emit::FOOTER.into(), ..said };
            let around = Params { list: around.into_iter().map(footer).collect() };
            let around = write(&style, &Value::Null, &around)?;
            (around.clone().into_bytes(), Some(around))
        }
    };
    if now.is_none() && (owned.leaves.is_empty() || choice == Choice::Restore) {
        return created(&style, &wanted, params, owned, made);
    }
    let before = bytes.clone();
    let file = open(&style, bytes)?;
    let stays = |leaf: &Leaf| match edits::at(&wanted, &leaf.path) {
        None => false,
        Some(value) => match edits::object(value) {
            None => true,
            // Any object will do then: also the one that a scalar of ours has replaced.
            Some(map) => {
                let written = file.document.meaning(&leaf.written);
                map.is_empty() && written.is_some_and(|written| edits::object(&written).is_some())
            }
        },
    };
    let (staying, leaving) = split(owned, stays);
    let (file, left) = leave(&style, file, staying, &leaving)?;
    let decision = decide::impose(&*file.document, &wanted, &left.owned, choice);
    let (file, mut merged) = apply(&style, file, decision)?;
    merged.drift.splice(0..0, left.drift);
    merged.owned.made = made;
    Ok(finish(&style, &before, file, merged))
}

/// Stops managing a file: every leaf of hcc's gives back what was there before, or goes. One that
/// was edited since stays, and is told.
///
/// # Errors
/// [`MergeError`]: the file stays as it is.
pub fn release(format: &str, now: &[u8], owned: &Owned) -> Result<Merged, MergeError> {
    let params = Params::default();
    let mut style = Style::new(format, &params)?;
    if let Some(dialect) = &owned.dialect {
        style.dialect = dialect.clone();
    }
    let (staying, leaving) = split(owned, |_| false);
    let file = open(&style, now.to_vec())?;
    let (file, left) = leave(&style, file, staying, &leaving)?;
    Ok(finish(&style, now, file, left))
}

/// The value of a file.
///
/// # Errors
/// [`MergeError`], also if the file holds what a configuration cannot say.
pub fn reread(format: &str, now: &[u8], params: &Params) -> Result<Value, MergeError> {
    let file = open(&Style::new(format, params)?, now.to_vec())?;
    let value = file.document.value().clone();
    match words::unsayable(&value, &mut Vec::new()) {
        Some(error) => Err(error),
        None => Ok(value),
    }
}

/// What hcc wrote last of the keys that it owns in a file; `now` is what stands there.
///
/// # Errors
/// [`MergeError`]: the file cannot be read.
pub fn written(
    format: &str,
    now: &[u8],
    params: &Params,
    owned: &Owned,
) -> Result<Value, MergeError> {
    let mut style = Style::new(format, params)?;
    if let Some(dialect) = &owned.dialect {
        style.dialect = dialect.clone();
    }
    let file = open(&style, now.to_vec())?;
    let mut edits = Edits::default();
    for leaf in &owned.leaves {
        if let Some(value) = file.document.meaning(&leaf.written) {
            edits.set(None, &leaf.path, value);
        }
    }
    Ok(edits.applied(&Value::Map(Default::default())))
}

/// A key path as a message names it: `editor.fontSize`, keys in quotes where they need them.
pub fn name(path: &[EcoString]) -> String {
    let part = |key: &EcoString| {
        let plain = |c: char| c.is_alphanumeric() || "_-/:@".contains(c);
        if !key.is_empty() && key.chars().all(plain) { key.to_string() } else { format!("{key:?}") }
    };
    path.iter().map(part).collect::<Vec<_>>().join(".")
}

impl fmt::Display for Drift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&name(&self.path))
    }
}

/// A file that was read: its value, and its text to edit.
trait Document {
    /// What it holds; an object.
    fn value(&self) -> &Value;

    /// The words that stand at a path: to be given back by [`edits::Edit::Words`].
    fn words(&self, path: &[EcoString]) -> Option<String>;

    /// For an object that shows only by what is put into it, or that has nothing in it: the words
    /// that [`Edits::bare`] takes to make it look so again.
    fn bare(&self, path: &[EcoString]) -> Option<String>;

    /// What such words mean.
    fn meaning(&self, words: &str) -> Option<Value>;

    /// Whether there are comments in the object at a path.
    fn has_comments(&self, path: &[EcoString]) -> bool;

    /// Whether two values are the same to the readers of this format.
    fn same(&self, a: &Value, b: &Value) -> bool {
        edits::same(a, b, false)
    }

    /// The text with these edits and no others.
    fn edit(&self, edits: &Edits) -> Result<Vec<u8>, MergeError>;
}

/// A format and how its file is written.
struct Style<'a> {
    format: &'static emit::Format,
    params: &'a Params,
    dialect: Dialect,
}

impl<'a> Style<'a> {
    fn new(format: &str, params: &'a Params) -> Result<Self, MergeError> {
        let found = emit::find(format).filter(|found| emit::MERGEABLE.contains(&found.name));
        let format = found.ok_or_else(|| MergeError::Format(format.to_owned()))?;
        Ok(Self { format, params, dialect: Dialect::new(params) })
    }
}

fn write(style: &Style, value: &Value, params: &Params) -> Result<String, MergeError> {
    emit::write(style.format, value, params).map(|text| text.text).map_err(MergeError::Unfit)
}

/// A file and what was read from it.
struct File {
    bytes: Vec<u8>,
    document: Box<dyn Document>,
}

fn open(style: &Style, bytes: Vec<u8>) -> Result<File, MergeError> {
    if style.format.name == "plist" && bytes.starts_with(plist::BINARY) {
        let document = Box::new(plist::PropertyList::read(&bytes)?);
        return Ok(File { bytes, document });
    }
    let (shell, text) = words::Shell::open(&bytes)?;
    let document: Box<dyn Document> = match style.format.name {
        "json" | "jsonc" => {
            Box::new(words::Shelled::new(shell, json::Json::read(&text, style.params)?))
        }
        "toml" => Box::new(words::Shelled::new(shell, toml::TomlFile::read(&text)?)),
        "ini" => Box::new(words::Shelled::new(shell, ini::Ini::read(&text, &style.dialect)?)),
        "plist" => {
            Box::new(words::Shelled::new(shell, plist::PropertyList::read(text.as_bytes())?))
        }
        "yaml" => Box::new(words::Shelled::new(shell, yaml::Yaml::read(&text)?)),
        other => return Err(MergeError::Format(other.to_owned())),
    };
    Ok(File { bytes, document })
}

/// A new file.
fn created(
    style: &Style,
    wanted: &Value,
    params: &Params,
    owned: &Owned,
    made: Option<String>,
) -> Result<Merged, MergeError> {
    let bytes = write(style, wanted, params)?.into_bytes();
    let nothing = open(style, Vec::new())?;
    let mut decision = decide::impose(&*nothing.document, wanted, owned, Choice::Restore);
    let file = open(style, bytes)?;
    decide::note(&*file.document, &mut decision.owned);
    decision.owned.made = made;
    Ok(finish(style, b"", file, decision))
}

/// What stays of what hcc owns, and the leaves that leave.
fn split(owned: &Owned, stays: impl Fn(&Leaf) -> bool) -> (Owned, Vec<Leaf>) {
    let (staying, leaving) = owned.leaves.iter().cloned().partition(stays);
    (Owned { leaves: staying, ..owned.clone() }, leaving)
}

/// Takes out the leaves that leave.
fn leave(
    style: &Style,
    file: File,
    staying: Owned,
    leaving: &[Leaf],
) -> Result<(File, Decision), MergeError> {
    if leaving.is_empty() {
        return Ok((file, Decision { owned: staying, ..Decision::default() }));
    }
    let decision = decide::leave(&*file.document, staying, leaving);
    apply(style, file, decision)
}

/// Edits, and holds the result to what it should mean.
fn apply(
    style: &Style,
    file: File,
    mut decision: Decision,
) -> Result<(File, Decision), MergeError> {
    if decision.edits.is_empty() {
        decide::note(&*file.document, &mut decision.owned);
        return Ok((file, decision));
    }
    let expected = decision.edits.applied(file.document.value());
    let edited = open(style, file.document.edit(&decision.edits)?)
        .ok()
        .filter(|edited| edited.document.same(edited.document.value(), &expected));
    let Some(edited) = edited else {
        let message = "its layout cannot be edited in place without a change to other keys";
        return Err(MergeError::Unable(message.to_owned()));
    };
    decide::note(&*edited.document, &mut decision.owned);
    Ok((edited, decision))
}

fn finish(style: &Style, before: &[u8], file: File, decision: Decision) -> Merged {
    let Decision { mut owned, drift, .. } = decision;
    owned.dialect = (style.format.name == "ini").then(|| style.dialect.clone());
    let left = std::str::from_utf8(&file.bytes).map(str::trim);
    let empty = owned.leaves.is_empty()
        && owned.made.as_ref().is_some_and(|made| {
            left == Ok(made.trim())
                || (style.format.comment.is_none() && file.document.value().is_empty())
        });
    Merged { changed: before != file.bytes.as_slice(), bytes: file.bytes, owned, drift, empty }
}
