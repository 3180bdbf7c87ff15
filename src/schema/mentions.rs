//! Which targets a configuration names, and which of the shelf those name in their turn.

use std::collections::BTreeSet;

use ecow::EcoString;
use foldhash::HashSet;

use super::{declare, join, library};
use crate::syntax::packed::{Packer, Unpacker, number};
use crate::syntax::tree::{Node, Scalar};

/// In which texts of a tree names are looked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Strings {
    /// Those marked as computed, and conditions.
    Marked,
    /// All: in a target they are mostly expressions.
    All,
}

/// The targets that are mentioned literally.
#[derive(Debug, Default)]
pub struct Mentions {
    /// Targets of the shelf that were not looked into yet.
    pub open: BTreeSet<String>,
    seen: HashSet<String>,
    /// Folders of the shelf.
    pub folders: BTreeSet<String>,
    /// The systems of the hosts.
    systems: Vec<EcoString>,
    /// Whether guards for other systems are looked into all the same.
    pub everywhere: bool,
}

impl Mentions {
    /// None yet, for hosts of these systems.
    pub fn on(systems: Vec<EcoString>) -> Mentions {
        Mentions { systems, ..Mentions::default() }
    }

    /// A target, if the shelf has it.
    pub fn add(&mut self, path: &str) {
        if library::has(path) {
            self.known(path);
        }
    }

    /// A target that the shelf has.
    pub fn known(&mut self, path: &str) {
        if !self.seen.contains(path) {
            self.seen.insert(path.to_owned());
            self.open.insert(path.to_owned());
        }
    }

    /// A dotted name: the target among its beginnings.
    pub fn path(&mut self, path: &str) {
        // No target's path is longer.
        let ends = path.match_indices('.').map(|(at, _)| at).chain([path.len()]).take(8);
        for end in ends {
            if let Some(part) = path.get(..end).filter(|part| !part.is_empty()) {
                self.add(part);
                if library::has_below(part) {
                    self.folders.insert(part.to_owned());
                }
            }
        }
    }

    /// What a target mentions, as [`Mentions::pack`] has put it down.
    pub fn prepared(&mut self, from: &mut Unpacker<'_>) {
        for _ in 0..from.count() {
            let system = from.word();
            let counts = system.is_empty() || self.systems.iter().any(|own| own == system);
            for _ in 0..from.count() {
                let path = from.word();
                if counts {
                    self.known(path);
                }
            }
            for _ in 0..from.count() {
                let folder = from.word();
                if counts && !self.folders.contains(folder) {
                    self.folders.insert(folder.to_owned());
                }
            }
        }
    }

    /// What nodes of targets mention: first on every system, then on each of `systems` besides.
    pub fn pack(nodes: &[Node], systems: &[&str], packer: &mut Packer, out: &mut Vec<u8>) {
        let on = |systems: &[&str]| {
            let mut found = Mentions::on(systems.iter().map(|system| (*system).into()).collect());
            nodes.iter().for_each(|node| found.target(node));
            found
        };
        let everywhere = on(&[]);
        number(systems.len() + 1, out);
        for system in [&""].into_iter().chain(systems) {
            let found = if system.is_empty() { on(&[]) } else { on(&[system]) };
            let besides = |own: &BTreeSet<String>, of: &BTreeSet<String>| -> Vec<String> {
                let known = own.iter().filter(|path| system.is_empty() || !of.contains(*path));
                known.cloned().collect()
            };
            packer.text(system, out);
            for paths in [
                besides(&found.open, &everywhere.open),
                besides(&found.folders, &everywhere.folders),
            ] {
                number(paths.len(), out);
                paths.iter().for_each(|path| packer.text(path, out));
            }
        }
    }

    /// The names of definitions below a dotted path.
    pub fn nodes(&mut self, nodes: &[Node], prefix: &str) {
        for node in nodes {
            match &*node.name.value {
                "when" | "for" | "set" => self.nodes(node.children(), prefix),
                "assert" | "warn" | "use" | "let" => {}
                name => {
                    let path = join(prefix, name);
                    self.path(&path);
                    if library::has_below(&path) {
                        self.nodes(node.children(), &path);
                        for (name, _) in node.props() {
                            self.path(&join(&path, &name.value));
                        }
                    }
                }
            }
        }
    }

    /// What a target defines of others, its guards inside `set` looked at too.
    fn set(&mut self, nodes: &[Node], prefix: &str) {
        for node in nodes {
            if !self.elsewhere(node) {
                self.nodes(std::slice::from_ref(node), prefix);
            }
        }
    }

    /// What a target names.
    pub fn target(&mut self, node: &Node) {
        if node.prop("package").is_some() {
            self.path(declare::PACKAGES);
        }
        self.expressions(node.children(), Strings::All);
        self.sets(node.children());
        for child in node.children().iter().filter(|child| &*child.name.value == "target") {
            self.target(child);
        }
    }

    /// Whether a target's guard asks for a system that no host has: what it does there needs
    /// nothing of the shelf.
    fn elsewhere(&self, node: &Node) -> bool {
        !self.everywhere
            && &*node.name.value == "when"
            && declare::text_prop(node, "os").is_some_and(|os| !self.systems.contains(&os.value))
    }

    fn sets(&mut self, nodes: &[Node]) {
        for node in nodes {
            if self.elsewhere(node) {
                continue;
            }
            match &*node.name.value {
                "set" if node.prop("when-used").is_none() => self.set(node.children(), ""),
                "when" | "for" => self.sets(node.children()),
                _ => {}
            }
        }
    }

    /// What the expressions in a tree name.
    pub fn expressions(&mut self, nodes: &[Node], which: Strings) {
        for node in nodes {
            if which == Strings::All && self.elsewhere(node) {
                continue;
            }
            for entry in &*node.entries {
                let Scalar::String(text) = &entry.value.data else { continue };
                let named = entry
                    .name
                    .as_ref()
                    .is_some_and(|name| matches!(&*name.value, "expr" | "in" | "from"));
                if which == Strings::All || named || entry.value.ty.is_some() {
                    self.expression(text);
                }
                if entry.name.as_ref().is_some_and(|name| &*name.value == "template")
                    && let Some(text) = library::template(text)
                {
                    self.expression(text);
                }
            }
            if node.ty.is_some() {
                self.expression(&node.name.value);
            }
            self.expressions(node.children(), which);
        }
    }

    fn expression(&mut self, text: &str) {
        // Most texts are short: to set up a search for a word in one costs more than the search.
        for (at, _) in text.match_indices(['.', '[']) {
            let (before, rest) = (text.get(..at).unwrap_or(""), text.get(at..).unwrap_or(""));
            if !before.ends_with("config") {
                continue;
            }
            let path = way(rest);
            self.path(&path);
            self.path(&path.replace("_", "-"));
        }
    }
}

/// The dotted path behind `config`, up to what is computed: `.programs['zsh'].enable`.
fn way(mut rest: &str) -> EcoString {
    let mut path = EcoString::new();
    loop {
        let part = if let Some(named) = rest.strip_prefix('.') {
            let end = named
                .find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '_' | '-'))
                .unwrap_or(named.len());
            rest = named.get(end..).unwrap_or("");
            named.get(..end)
        } else {
            subscript(rest).map(|(part, behind)| {
                rest = behind;
                part
            })
        };
        match part {
            Some(part) if !part.is_empty() => path = join(&path, part),
            _ => return path,
        }
    }
}

/// The text in `['...']`, and what stands behind it.
fn subscript(text: &str) -> Option<(&str, &str)> {
    let inner = text.strip_prefix('[')?.trim_start();
    let quote = inner.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
    let (part, behind) = inner.get(1..)?.split_once(quote)?;
    Some((part, behind.trim_start().strip_prefix(']')?))
}
