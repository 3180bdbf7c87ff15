//! What a generation is: every path it manages, and all that is not a file.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::state::{State, StateError};
use super::{action, package, preference};
use crate::ir::{Drift, Policy, Unit};

/// The name of a content: half of its BLAKE3.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Hash(pub [u8; 16]);

impl Hash {
    /// The name of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self::from(blake3::hash(bytes))
    }
}

impl From<blake3::Hash> for Hash {
    fn from(hash: blake3::Hash) -> Self {
        let mut half = [0; 16];
        half.copy_from_slice(&hash.as_bytes()[..16]);
        Self(half)
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl std::str::FromStr for Hash {
    type Err = NoHash;

    fn from_str(text: &str) -> Result<Self, NoHash> {
        if text.len() != 32 || !text.is_ascii() {
            return Err(NoHash);
        }
        let mut bytes = [0; 16];
        for (at, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[at * 2..at * 2 + 2], 16).map_err(|_| NoHash)?;
        }
        Ok(Self(bytes))
    }
}

/// A text that names no content.
#[derive(Debug, thiserror::Error)]
#[error("a hash is 32 hexadecimal digits")]
pub struct NoHash;

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Hash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match serializer.is_human_readable() {
            true => serializer.collect_str(self),
            false => self.0.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Hash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if !deserializer.is_human_readable() {
            return <[u8; 16]>::deserialize(deserializer).map(Self);
        }
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// How a path is managed, and what it holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A link, through `current`, to the content in the generation's tree.
    Link(Hash),
    /// A file of its own.
    Copy(Hash),
    /// Keys of a file that its program also writes. The content is a
    /// [`super::wanted::Declared`] as JSON.
    Merge(Hash),
    /// A link into the configuration; absolute.
    Live(String),
    /// A link as the configuration says it.
    Plain(String),
}

impl Kind {
    /// The content in the generation's tree, if it has one.
    pub fn hash(&self) -> Option<Hash> {
        match self {
            Kind::Link(hash) | Kind::Copy(hash) | Kind::Merge(hash) => Some(*hash),
            Kind::Live(_) | Kind::Plain(_) => None,
        }
    }

    /// As it is called in the configuration.
    pub fn name(&self) -> &'static str {
        match self {
            Kind::Link(_) | Kind::Plain(_) => "link",
            Kind::Copy(_) => "copy",
            Kind::Merge(_) => "merge",
            Kind::Live(_) => "live",
        }
    }
}

/// One managed path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Relative to the home.
    pub path: String,
    /// How it is managed.
    pub kind: Kind,
    /// Permissions of a file.
    pub mode: u32,
    /// The target that makes it.
    pub target: String,
    /// Run when it changed.
    #[serde(default)]
    pub on_change: Option<String>,
    /// Whether what stands there may be moved to a safe place without asking.
    #[serde(default)]
    pub force: bool,
    /// What is done with an edit.
    #[serde(default)]
    pub drift: Option<Drift>,
    /// Links in the place of a folder on the way that are meant to be.
    #[serde(default)]
    pub allow_parent: Vec<String>,
    /// Paths that win over it where its program finds something there.
    #[serde(default)]
    pub shadowed_by: Vec<String>,
}

impl Entry {
    /// Whether what it puts into the home is the same.
    pub fn puts_the_same(&self, other: &Entry) -> bool {
        self.kind == other.kind && self.mode == other.mode
    }
}

/// All of a generation that is not a file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Rest {
    /// The host.
    pub host: String,
    /// The user.
    pub user: String,
    /// Packages.
    pub packages: package::Wanted,
    /// What a service manager runs, without its origins.
    pub units: Vec<Unit>,
    /// Preferences of macOS.
    pub preferences: Vec<preference::Wanted>,
    /// What is run after the switch.
    pub actions: action::Wanted,
    /// How it is applied.
    pub policy: Policy,
}

/// A generation.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// Its number, from 1.
    pub number: u64,
    /// When it was made, in seconds since 1970.
    pub created: u64,
    /// What made it: `apply`, `rollback to 3`.
    pub by: String,
    /// The configuration's first file.
    pub config: String,
    /// Its managed paths, sorted by their bytes.
    pub entries: Vec<Arc<Entry>>,
    /// All else.
    pub rest: Rest,
}

impl Manifest {
    /// The entry of a path.
    pub fn entry(&self, path: &str) -> Option<&Arc<Entry>> {
        let found = self.entries.binary_search_by(|entry| entry.path.as_str().cmp(path));
        found.ok().and_then(|at| self.entries.get(at))
    }
}

/// A generation as it is written: whole, or what it has other than an earlier one.
#[derive(Serialize, Deserialize)]
#[serde(from = "Flat")]
pub struct Written {
    #[serde(flatten)]
    manifest: Manifest,
    /// The generation that it differs from; `entries` are those that are new or other.
    #[serde(skip_serializing_if = "Option::is_none")]
    base: Option<u64>,
    /// How many generations have to be read for this one, with itself.
    chain: u32,
    /// Paths of the base that it has not.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    removed: Vec<String>,
}

/// [`Written`], field by field: to read a structure in another one, serde holds all of it twice.
#[derive(Deserialize)]
struct Flat {
    number: u64,
    created: u64,
    by: String,
    config: String,
    entries: Vec<Arc<Entry>>,
    rest: Rest,
    #[serde(default)]
    base: Option<u64>,
    #[serde(default)]
    chain: u32,
    #[serde(default)]
    removed: Vec<String>,
}

impl From<Flat> for Written {
    fn from(flat: Flat) -> Self {
        let Flat { number, created, by, config, entries, rest, base, chain, removed } = flat;
        let manifest = Manifest { number, created, by, config, entries, rest };
        Self { manifest, base, chain, removed }
    }
}

impl Written {
    /// The generation without those of its entries that are the base's.
    pub(super) fn head(&self) -> &Manifest {
        &self.manifest
    }

    /// The generation that it differs from.
    pub(super) fn base(&self) -> Option<u64> {
        self.base
    }

    /// How many generations have to be read for it, with itself.
    pub fn chain(&self) -> u32 {
        self.chain
    }

    /// What it has other than its base: entries, and paths that it has not.
    pub(super) fn changes(&self) -> (&[Arc<Entry>], &[String]) {
        (&self.manifest.entries, &self.removed)
    }
}

/// Chains are not longer, so that a generation is read in a time that stays small.
const LONGEST_CHAIN: u32 = 200;

/// Where a generation's manifest is.
pub fn file(number: u64) -> String {
    format!("generations/{number}/manifest.json")
}

/// The numbers of all generations, ascending.
///
/// # Errors
/// The system's own.
pub fn numbers(state: &State) -> Result<Vec<u64>, StateError> {
    let folder = state.join("generations");
    let entries = match std::fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(StateError::Io(folder, error)),
    };
    let mut numbers = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|error| StateError::Io(folder.clone(), error))?;
        numbers.extend(entry.file_name().to_str().and_then(|name| name.parse::<u64>().ok()));
    }
    numbers.sort_unstable();
    Ok(numbers)
}

/// Whether what is written of a generation can be read, as far as a glance says it.
pub fn is_whole(state: &State, number: u64) -> bool {
    let bytes = std::fs::read(state.join(file(number)));
    bytes.is_ok_and(|bytes| serde_json::from_slice::<serde::de::IgnoredAny>(&bytes).is_ok())
}

/// The configuration that a generation was made from.
///
/// # Errors
/// As [`read`].
pub fn config(state: &State, number: u64) -> Result<String, StateError> {
    Ok(one(state, number)?.manifest.config)
}

/// What made a generation.
///
/// # Errors
/// As [`read`].
pub fn by(state: &State, number: u64) -> Result<String, StateError> {
    Ok(one(state, number)?.manifest.by)
}

/// What makes a generation that is an earlier one again.
pub fn rollback_to(number: u64) -> String {
    format!("rollback to {number}")
}

/// The earlier generation that one is again, by what made it.
pub fn rolled_back_to(by: &str) -> Option<u64> {
    by.strip_prefix("rollback to ")?.parse().ok()
}

/// Reads a generation, with those that it differs from.
///
/// # Errors
/// [`StateError`]; a generation that is not there is one.
pub fn read(state: &State, number: u64) -> Result<Manifest, StateError> {
    read_chain(state, number).map(|(manifest, _)| manifest)
}

/// Reads a generation, and says how many had to be read for it.
///
/// # Errors
/// As [`read`].
pub fn read_chain(state: &State, number: u64) -> Result<(Manifest, u32), StateError> {
    let mut links = vec![one(state, number)?];
    while let Some(base) = links.last().and_then(|written| written.base) {
        if links.len() > LONGEST_CHAIN as usize + 1
            || links.iter().any(|own| own.manifest.number == base)
        {
            let path = state.join(file(number));
            return Err(StateError::Damaged(path, "it is based on itself".to_owned()));
        }
        links.push(one(state, base)?);
    }
    let chain = u32::try_from(links.len()).unwrap_or(LONGEST_CHAIN);
    let mut links = links.into_iter().rev();
    let Some(first) = links.next() else { return Ok((Manifest::default(), chain)) };
    let mut manifest = first.manifest;
    let mut entries: Option<BTreeMap<String, Arc<Entry>>> = None;
    for written in links {
        let all = entries.get_or_insert_with(|| by_path(std::mem::take(&mut manifest.entries)));
        for path in &written.removed {
            all.remove(path);
        }
        manifest = written.manifest;
        all.extend(by_path(std::mem::take(&mut manifest.entries)));
    }
    if let Some(entries) = entries {
        manifest.entries = entries.into_values().collect();
    }
    Ok((manifest, chain))
}

/// The generations that have to be read for this one, without itself.
///
/// # Errors
/// [`StateError`].
pub fn bases(state: &State, number: u64) -> Result<Vec<u64>, StateError> {
    let mut bases = Vec::new();
    let mut at = one(state, number)?.base;
    while let Some(base) = at.filter(|base| !bases.contains(base)) {
        bases.push(base);
        at = one(state, base)?.base;
    }
    Ok(bases)
}

fn by_path(entries: Vec<Arc<Entry>>) -> BTreeMap<String, Arc<Entry>> {
    entries.into_iter().map(|entry| (entry.path.clone(), entry)).collect()
}

/// A generation as it is written.
///
/// # Errors
/// [`StateError`]; a generation that is not there is one.
pub(super) fn one(state: &State, number: u64) -> Result<Written, StateError> {
    let name = file(number);
    let missing = || StateError::Damaged(state.join(&name), "it is not there".to_owned());
    state.read::<Written>(&name)?.ok_or_else(missing)
}

/// An earlier generation, that a new one may be written against.
pub struct Base<'a> {
    /// Its number.
    pub number: u64,
    /// How many generations have to be read for it, with itself.
    pub chain: u32,
    /// Its entries, sorted.
    pub entries: Vec<&'a Entry>,
}

/// A generation as it is to be written: what it has other than `base`, if that is given and smaller.
pub fn written(new: &Manifest, base: Option<&Base>) -> Written {
    let written = base.filter(|base| base.chain < LONGEST_CHAIN).and_then(|base| delta(new, base));
    let whole = || Written { manifest: new.clone(), base: None, chain: 1, removed: Vec::new() };
    written.unwrap_or_else(whole)
}

/// Mostly they are one, which says it without a look at what they hold.
fn is_same(old: &Entry, new: &Entry) -> bool {
    std::ptr::eq(old, new) || old == new
}

/// What a generation has other than another; none if that is not less.
fn delta(new: &Manifest, base: &Base) -> Option<Written> {
    let (mut old, mut own) =
        (base.entries.iter().copied().peekable(), new.entries.iter().peekable());
    let (mut entries, mut removed) = (Vec::new(), Vec::new());
    loop {
        let order = match (old.peek(), own.peek()) {
            (Some(old), Some(own)) if std::ptr::eq(*old, &***own) => std::cmp::Ordering::Equal,
            (Some(old), Some(own)) => old.path.cmp(&own.path),
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
            (None, None) => break,
        };
        let before = if order.is_le() { old.next() } else { None };
        let after = if order.is_ge() { own.next() } else { None };
        match (before, after) {
            (Some(before), None) => removed.push(before.path.clone()),
            (before, Some(after)) if !before.is_some_and(|own| is_same(own, after)) => {
                entries.push(after.clone());
            }
            _ => {}
        }
    }
    if entries.len() + removed.len() > new.entries.len() / 2 {
        return None;
    }
    let manifest = Manifest { entries, rest: new.rest.clone(), ..head(new) };
    Some(Written { manifest, base: Some(base.number), chain: base.chain + 1, removed })
}

/// A generation without what it holds.
fn head(manifest: &Manifest) -> Manifest {
    Manifest {
        number: manifest.number,
        created: manifest.created,
        by: manifest.by.clone(),
        config: manifest.config.clone(),
        ..Manifest::default()
    }
}
