//! What a generation's files define: systemd.unit(5).

use std::collections::{BTreeMap, BTreeSet};

use super::ini::Ini;
use crate::apply::service::{Content, UnitFile};

/// The endings of units.
const KINDS: &[&str] = &[
    "service",
    "socket",
    "target",
    "device",
    "mount",
    "automount",
    "swap",
    "timer",
    "path",
    "slice",
    "scope",
];

/// Ways in which a unit's folder of links pulls in others.
const PULLS: &[&str] = &[".wants", ".requires", ".upholds"];

/// Keys of `[Unit]` that change nothing about what runs.
const SAYS_NOTHING: &[&str] = &[
    "Description",
    "Documentation",
    "X-SwitchMethod",
    "X-ReloadIfChanged",
    "X-RestartIfChanged",
    "X-StopIfChanged",
];

/// Whether a name can be a unit's. What cannot is never handed to systemd, which would escape it
/// to another name or take it for a pattern.
pub(super) fn is_unit(name: &str) -> bool {
    let valid = |c: char| c.is_ascii_alphanumeric() || ":-_.@\\".contains(c);
    name.len() < 256
        && name.chars().all(valid)
        && !name.starts_with('-')
        && name
            .rsplit_once('.')
            .is_some_and(|(stem, kind)| !stem.is_empty() && KINDS.contains(&kind))
}

/// The kind of a unit, its name's ending.
pub(super) fn kind(name: &str) -> &str {
    name.rsplit_once('.').map_or("", |(_, kind)| kind)
}

/// Whether it is a template, `x@.service`, which does not run itself.
pub(super) fn is_template(name: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(stem, _)| stem.ends_with('@'))
}

/// The template of an instance: `x@.service` of `x@1.service`.
fn template(name: &str) -> Option<String> {
    let (stem, kind) = name.rsplit_once('.')?;
    let (prefix, instance) = stem.split_once('@')?;
    (!instance.is_empty()).then(|| format!("{prefix}@.{kind}"))
}

/// The folders in which drop-ins of a unit may be, the most general one first.
fn drop_in_folders(name: &str) -> Vec<String> {
    let Some((stem, kind)) = name.rsplit_once('.') else { return Vec::new() };
    let mut folders = vec![format!("{kind}.d")];
    let dashes = stem.match_indices('-').filter(|(at, _)| at + 1 < stem.len());
    folders.extend(dashes.map(|(at, _)| format!("{}.{kind}.d", &stem[..=at])));
    folders.extend(template(name).map(|template| format!("{template}.d")));
    folders.push(format!("{name}.d"));
    folders
}

/// A unit as the files of a generation define it.
#[derive(Debug)]
pub(super) struct Definition<'a> {
    /// What its file and its drop-ins say.
    pub(super) ini: Ini,
    /// Where its file is, if it is a link out of the folder.
    link: Option<&'a str>,
    /// Whether its own file is among them, and not only drop-ins of somebody else's unit.
    pub(super) whole: bool,
}

/// How two definitions of a unit differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Difference {
    /// In nothing that matters while it runs.
    None,
    /// In what it is asked to reload for.
    Reload,
    /// In more.
    Restart,
}

impl Definition<'_> {
    /// How it differs from another.
    pub(super) fn difference(&self, other: &Self) -> Difference {
        let nothing = |section: &str, key: &str| {
            section == "Install" || (section == "Unit" && SAYS_NOTHING.contains(&key))
        };
        let (own, others) = (self.ini.without(nothing), other.ini.without(nothing));
        let triggers = |section: &str, key: &str| section == "Unit" && key == "X-Reload-Triggers";
        if self.link != other.link || self.whole != other.whole {
            Difference::Restart
        } else if own == others {
            Difference::None
        } else if own.without(triggers) == others.without(triggers) {
            Difference::Reload
        } else {
            Difference::Restart
        }
    }
}

/// All unit files of a generation.
#[derive(Debug)]
pub(super) struct Definitions<'a> {
    files: BTreeMap<&'a str, &'a Content>,
    /// Drop-ins by their folders, then by their names.
    drop_ins: BTreeMap<&'a str, BTreeMap<&'a str, &'a Content>>,
}

impl<'a> Definitions<'a> {
    pub(super) fn new(files: impl IntoIterator<Item = &'a UnitFile>) -> Self {
        let files: BTreeMap<&str, &Content> =
            files.into_iter().map(|file| (file.id.name.as_str(), &file.content)).collect();
        let mut drop_ins: BTreeMap<_, BTreeMap<_, _>> = BTreeMap::new();
        for (path, content) in &files {
            if let Some((folder, name)) = path.split_once('/').filter(|_| path.ends_with(".conf")) {
                drop_ins.entry(folder).or_default().insert(name, *content);
            }
        }
        Self { files, drop_ins }
    }

    /// Whether they are the same files with the same contents.
    pub(super) fn same(&self, other: &Self) -> bool {
        self.files == other.files
    }

    /// Units and templates that have a file or drop-ins here. Other names of a unit are not
    /// among them.
    pub(super) fn names(&self) -> BTreeSet<&'a str> {
        let name = |(path, content): (&&'a str, &&'a Content)| {
            let name = match path.split_once('/') {
                Some((folder, _)) => folder.strip_suffix(".d")?,
                None if self.alias(content).is_some() => return None,
                None => path,
            };
            is_unit(name).then_some(name)
        };
        self.files.iter().filter_map(name).collect()
    }

    /// Units that others pull in by a link, and who those are.
    pub(super) fn wanted(&self) -> BTreeMap<&'a str, BTreeSet<&'a str>> {
        let mut wanted: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
        for path in self.files.keys() {
            let Some((folder, link)) = path.split_once('/') else { continue };
            let by = PULLS.iter().find_map(|pull| folder.strip_suffix(pull));
            if let Some(by) = by.filter(|by| is_unit(by) && is_unit(link) && !is_template(link)) {
                wanted.entry(self.real(link)).or_default().insert(self.real(by));
            }
        }
        wanted
    }

    /// A unit's definition; none if it is not defined here, or masked.
    pub(super) fn find(&self, name: &str) -> Option<Definition<'a>> {
        let main = self.main(name);
        let mut definition = Definition { ini: Ini::default(), link: None, whole: main.is_some() };
        match main {
            // An empty file and a link to /dev/null mask a unit, whatever drop-ins say.
            Some(Content::File(bytes)) if bytes.is_empty() => return None,
            Some(Content::Link(to)) if to == "/dev/null" => return None,
            Some(Content::File(bytes)) => definition.ini.add(bytes),
            Some(Content::Link(to)) => definition.link = Some(to),
            None => {}
        }
        let mut drop_ins = BTreeMap::new();
        for folder in drop_in_folders(name) {
            // One in a more special folder hides its namesake.
            let inside = self.drop_ins.get(folder.as_str()).into_iter().flatten();
            drop_ins.extend(inside.map(|(name, content)| (*name, *content)));
        }
        if main.is_none() && drop_ins.is_empty() {
            return None;
        }
        for content in drop_ins.into_values() {
            match content {
                Content::File(bytes) => definition.ini.add(bytes),
                Content::Link(to) => definition.ini.add(format!("link={to}").as_bytes()),
            }
        }
        Some(definition)
    }

    /// The file of a unit or else of its template; where that is a link to another unit's file
    /// here, that one.
    fn main(&self, name: &str) -> Option<&'a Content> {
        let file = |name: &str| self.files.get(name).copied();
        let own = file(name).or_else(|| file(&template(name)?))?;
        self.alias(own).and_then(file).or(Some(own))
    }

    /// The unit's own name, if this is another one.
    fn real(&self, name: &'a str) -> &'a str {
        let alias = self.files.get(name).and_then(|content| self.alias(content));
        alias.filter(|other| !is_template(other)).unwrap_or(name)
    }

    /// The name of the unit that a link leads to, if it is one of these.
    fn alias(&self, content: &'a Content) -> Option<&'a str> {
        let Content::Link(to) = content else { return None };
        let to = to.strip_prefix("./").unwrap_or(to);
        self.files.contains_key(to).then_some(to)
    }
}
