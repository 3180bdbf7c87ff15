//! Packages: what is missing is installed, by the manager that each belongs to, in one command.
//!
//! A manager is asked what is there only when its list changed since all of it was there last;
//! [`Ask::Anyway`] asks regardless. What Homebrew brings is installed through the Brewfile, where
//! there is one. Nothing is taken away but what hcc installed itself, and only if the [`Cleanup`]
//! policy says so. A package that fails keeps no other from being installed.

mod look;
mod manager;
mod plan;
mod run;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::command::Environment;
use super::state::{State, StateError};
use crate::ir::{Cleanup, Content, Document, File, Value};

pub use look::{Found, Questions, look, questions};
pub use manager::{MANAGERS, Manager, Program, Root, Word};
pub use plan::{Kind, Plan, Step, plan};
pub use run::run;

/// The record's name.
pub(super) const RECORD: &str = "packages.json";

/// What a package of these managers is named by: the path of a Brewfile, all of whose entries are
/// wanted. The second one also brings what is installed up to date.
const BREWFILE: &str = "brewfile";
/// See [`BREWFILE`].
const BREWFILE_UPGRADE: &str = "brewfile-upgrade";

/// The packages of a generation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wanted {
    /// By manager, in the order in which they are first asked for.
    pub groups: Vec<Group>,
    /// What is to be installed through Brewfiles.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub brewfiles: Vec<Brewfile>,
    /// What is asked for elsewhere, manager and name: by Brewfiles, also those that are not to be
    /// installed, and by other documents.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub listed: BTreeSet<(String, String)>,
}

/// The packages of one manager.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// The manager's name; empty if the host's is not known.
    pub manager: String,
    /// Their names, each once.
    pub names: Vec<String>,
    /// The commands that they bring, by name: where `PATH` has that, nothing is missing.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub commands: BTreeMap<String, String>,
}

/// A Brewfile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Brewfile {
    /// Where it is, absolute.
    pub path: String,
    /// What it says.
    pub text: String,
    /// Whether what is installed is brought up to date.
    #[serde(default)]
    pub upgrade: bool,
}

/// The packages of a document.
pub fn wanted(document: &Document) -> Wanted {
    let home = document.user.as_ref().map(|user| user.home.to_string());
    let mut wanted = Wanted::default();
    for value in document.files.iter().filter_map(brewfile) {
        wanted.listed.extend(entries(value));
    }
    for package in &document.packages {
        if package.manager == BREWFILE || package.manager == BREWFILE_UPGRADE {
            let found = document.files.iter().find(|file| {
                let whole = home.as_ref().map(|home| format!("{home}/{}", file.path));
                brewfile(file).is_some() && whole.as_deref().unwrap_or(&file.path) == package.name
            });
            wanted.brewfiles.extend(found.map(|file| Brewfile {
                path: package.name.clone(),
                text: file.text.to_string(),
                upgrade: package.manager == BREWFILE_UPGRADE,
            }));
            continue;
        }
        let name = match manager::find(&package.manager) {
            Some(own) => (own.plain)(&package.name),
            None => package.name.clone(),
        };
        if wanted.listed.contains(&(package.manager.clone(), name)) {
            continue;
        }
        let found = wanted.groups.iter().position(|group| group.manager == package.manager);
        let at = found.unwrap_or(wanted.groups.len());
        if found.is_none() {
            let (manager, names) = (package.manager.clone(), Vec::new());
            wanted.groups.push(Group { manager, names, commands: BTreeMap::new() });
        }
        if let Some(group) = wanted.groups.get_mut(at)
            && !group.names.contains(&package.name)
        {
            group.names.push(package.name.clone());
            let command = package.command.clone();
            group.commands.extend(command.map(|command| (package.name.clone(), command)));
        }
    }
    wanted
}

/// What a Brewfile says, if a file is one.
fn brewfile(file: &File) -> Option<&Value> {
    match &file.content {
        Content::Data { format: "brewfile", value, .. } => Some(value),
        _ => None,
    }
}

/// The entries of a Brewfile that a manager knows of: its sections are named as those are.
fn entries(value: &Value) -> Vec<(String, String)> {
    let Value::Map(sections) = value else { return Vec::new() };
    let mut found = Vec::new();
    for (section, entries) in sections {
        let Some(manager) = manager::find(section) else { continue };
        let names: Vec<&str> = match entries {
            Value::Map(map) => map.keys().map(AsRef::as_ref).collect(),
            Value::List(list) => list.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        found.extend(names.iter().map(|name| (section.to_string(), (manager.plain)(name))));
    }
    found
}

/// What hcc did before.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The lists of which everything was there when they were asked for last, by manager; of a
    /// Brewfile, by its path, the fingerprint.
    #[serde(default)]
    pub settled: BTreeMap<String, BTreeSet<String>>,
    /// What hcc installed itself, by manager.
    #[serde(default)]
    pub own: BTreeMap<String, BTreeSet<String>>,
    /// What a manager does not have, by its newest lists: that was said, and is not tried again
    /// until somebody asks for it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub unavailable: BTreeMap<String, BTreeSet<String>>,
}

impl Record {
    fn is_settled(&self, group: &Group) -> bool {
        let has = |of: &BTreeMap<String, BTreeSet<String>>, name: &String| {
            of.get(&group.manager).is_some_and(|names| names.contains(name))
        };
        group.names.iter().all(|name| has(&self.settled, name) || has(&self.unavailable, name))
    }

    /// Notes that all of a list is there, but for what cannot be had.
    fn settle_group<'a>(
        &mut self,
        manager: &str,
        names: impl IntoIterator<Item = &'a String>,
        unavailable: BTreeSet<String>,
    ) {
        let names = names.into_iter().filter(|name| !unavailable.contains(*name)).cloned();
        self.settle(manager, names.collect::<Vec<_>>());
        self.note_unavailable(manager, unavailable);
    }

    /// Notes what cannot be had from a manager.
    fn note_unavailable(&mut self, manager: &str, unavailable: BTreeSet<String>) {
        if unavailable.is_empty() {
            self.unavailable.remove(manager);
        } else {
            self.unavailable.insert(manager.to_owned(), unavailable);
        }
    }

    fn is_settled_file(&self, file: &Brewfile) -> bool {
        let settled = self.settled.get(&file.path);
        settled.is_some_and(|settled| settled.contains(&file.fingerprint()))
    }

    /// Notes that all of a list is there.
    fn settle(&mut self, key: &str, names: impl IntoIterator<Item = String>) {
        self.settled.insert(key.to_owned(), names.into_iter().collect());
    }

    /// What hcc installed with a manager and nobody asks for any more.
    fn left(&self, manager: &str, wanted: &Wanted) -> BTreeSet<String> {
        let own = self.own.get(manager).into_iter().flatten();
        own.filter(|name| !wanted.has(manager, name)).cloned().collect()
    }
}

impl Wanted {
    /// Keeps what another document asks for from being taken away: the machine's own scope and
    /// each of its users have a record of their own, but share their managers.
    pub fn spare(&mut self, other: &Wanted) {
        self.listed.extend(other.listed.iter().cloned());
        for group in &other.groups {
            let Some(manager) = manager::find(&group.manager) else { continue };
            let plain = group.names.iter().map(|name| (manager.plain)(name));
            self.listed.extend(plain.map(|name| (group.manager.clone(), name)));
        }
    }

    /// Whether a package is asked for, by its plain name.
    fn has(&self, manager: &str, name: &str) -> bool {
        let plain = manager::find(manager).map(|manager| manager.plain);
        let same =
            |asked: &String| plain.map_or_else(|| asked.clone(), |plain| plain(asked)) == name;
        self.listed.contains(&(manager.to_owned(), name.to_owned()))
            || self
                .groups
                .iter()
                .any(|group| group.manager == manager && group.names.iter().any(same))
    }
}

impl Group {
    /// Whether a package need not be installed, whatever its manager says.
    fn is_there(&self, name: &str, commands: &BTreeSet<String>) -> bool {
        self.commands.get(name).is_some_and(|command| commands.contains(command))
    }
}

impl Brewfile {
    /// Stands for what it says and how it is installed.
    fn fingerprint(&self) -> String {
        let text = format!("{}{}", u8::from(self.upgrade), self.text);
        blake3::hash(text.as_bytes()).to_hex().to_string()
    }
}

/// When managers are asked what is there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ask {
    /// When the list changed since all of it was there.
    #[default]
    Changed,
    /// Anyway: what was taken away by hand is installed again.
    Anyway,
}

/// What hcc is run as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rights {
    /// Whether it is root.
    pub root: bool,
    /// Whether somebody is there who can be asked for a password.
    pub terminal: bool,
}

impl Rights {
    /// Whether a manager's commands can be run as what they need.
    fn may_be_root(self, manager: &Manager, elevator: Option<&str>) -> bool {
        self.root || elevator.is_some() || !matches!(manager.root, Root::Needed(_))
    }
}

/// What has to be installed and taken away, by the record in hcc's folder and what the managers
/// concerned say. Nothing is run if nothing changed.
///
/// # Errors
/// [`StateError`].
pub fn prepare(
    wanted: &Wanted,
    cleanup: Cleanup,
    ask: Ask,
    rights: Rights,
    state: &State,
    environment: &Environment,
) -> Result<Plan, StateError> {
    let record = state.read::<Record>(RECORD)?.unwrap_or_default();
    let found = look(&questions(wanted, &record, cleanup, ask), environment);
    Ok(plan(wanted, &record, &found, cleanup, rights))
}
