//! A configuration and the targets it mentions, ready to be evaluated for any host.

use std::collections::BTreeSet;
use std::sync::Arc;

use camino::Utf8PathBuf;
use ecow::EcoString;
use foldhash::{HashMap, HashSet};

use super::collect::Program;
use super::facts::Machine;
use super::{lint, structure};
use crate::diag::{Diagnostics, SourceId, Sources};
use crate::files;
use crate::schema::{Group, Place, Schema, declare, library};
use crate::syntax::import::Config;
use crate::syntax::marks::{self, Compute};
use crate::syntax::parse;
use crate::syntax::tree::{Node, Scalar};

/// Which of the embedded targets are declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shelf {
    /// Those that are mentioned.
    Mentioned,
    /// All.
    All,
}

/// Declares what a configuration mentions and takes it apart.
pub fn build(
    config: Config,
    sources: Sources,
    machine: &Machine,
    diags: &mut Diagnostics,
) -> Arc<Program> {
    build_with(config, sources, machine, Shelf::Mentioned, diags)
}

/// The same, with more of the shelf than is mentioned.
pub fn build_with(
    config: Config,
    mut sources: Sources,
    machine: &Machine,
    shelf: Shelf,
    diags: &mut Diagnostics,
) -> Arc<Program> {
    let mut structure = structure::read(config.nodes, machine, diags);
    let mut schema = Schema::default();
    let mut library = Library { own: structure.targets.clone(), read: HashMap::default(), shelf };
    for node in &mut structure.targets {
        library.likes(node, &mut sources, diags);
        declare::target(node.clone(), &mut schema, diags);
    }
    let systems: Vec<EcoString> =
        structure.hosts.iter().filter_map(|host| host.facts.os.clone()).collect();
    let mut mentions = Mentions { systems, ..Mentions::default() };
    for nodes in blocks(&structure) {
        mentions.nodes(nodes, "");
        mentions.expressions(nodes, Strings::Marked);
    }
    for node in &structure.targets {
        // What a user wrote is checked also where it is not taken.
        mentions.everywhere = true;
        mentions.target(node);
    }
    mentions.everywhere = false;
    for node in &structure.options {
        mentions.expressions(std::slice::from_ref(node), Strings::Marked);
        // A name of the shelf's is taken, also where nobody else mentions it.
        for name in node.args().filter_map(|entry| declare::as_text(&entry.value)) {
            mentions.path(&name.value);
        }
    }
    if shelf == Shelf::All {
        library::names().for_each(|path| mentions.add(&path));
    }
    while let Some(path) = mentions.open.pop_first() {
        for mut node in library.read(&path, &mut sources, diags) {
            if &*node.name.value == "option" {
                declare::own_option(&node, &mut schema, diags);
                continue;
            }
            library.likes(&mut node, &mut sources, diags);
            mentions.target(&node);
            declare::target(node, &mut schema, diags);
        }
    }
    for node in &mut structure.options {
        library.likes(node, &mut sources, diags);
        declare::own_option(node, &mut schema, diags);
    }
    for path in &mentions.folders {
        // A folder of the shelf is a group, also where no target in it is known.
        let group = Group { path: path.as_str().into(), ..Group::default() };
        let _there = Arc::make_mut(&mut schema.root).insert(path, Place::Group(Arc::new(group)));
    }
    schema.targets.sort_by(|a, b| a.path.cmp(&b.path));
    let (mut renamed, mut removed) = (HashMap::default(), HashMap::default());
    let all: Vec<&[Node]> = blocks(&structure).collect();
    let statements = schema.targets.iter().map(|target| &*target.statements);
    for node in all.into_iter().chain(statements).flatten() {
        let Some(old) = declare::text_arg(node, 0) else { continue };
        match &*node.name.value {
            "renamed" => {
                if let Some(new) = declare::text_prop(node, "to") {
                    renamed.insert(old.value.to_string(), (new.value.to_string(), node.span));
                }
            }
            "removed" => {
                let message =
                    declare::text_prop(node, "message").map(|text| text.value.to_string());
                removed.insert(old.value.to_string(), message.unwrap_or_default());
            }
            _ => {}
        }
    }
    let templates = templates(&structure, &config.folders, &mut sources);
    let names = sources.names().map(|name| {
        let below =
            name.strip_prefix(config.root.as_str()).filter(|_| !config.root.as_str().is_empty());
        below.map_or(name, |below| below.trim_start_matches('/')).into()
    });
    let names = names.collect();
    let program = Program {
        names,
        schema,
        structure,
        sources,
        folders: config.folders,
        root: config.root,
        renamed,
        removed,
        templates,
    };
    lint::run(&program, diags);
    Arc::new(program)
}

/// Takes the templates that are named literally in; what cannot be read is said where it is
/// rendered.
fn templates(
    structure: &structure::Structure,
    folders: &HashMap<SourceId, Utf8PathBuf>,
    sources: &mut Sources,
) -> HashMap<String, SourceId> {
    let mut found = HashMap::default();
    let nodes =
        blocks(structure).chain([structure.targets.as_slice(), structure.options.as_slice()]);
    let mut open: Vec<&Node> = nodes.flatten().collect();
    while let Some(node) = open.pop() {
        open.extend(node.children());
        for entry in &*node.entries {
            let marked =
                marks::read(entry.value.ty.as_deref()).0.compute == Some(Compute::Template);
            let named = entry.name.as_ref().unwrap_or(&node.name);
            let (Scalar::String(text), Some(folder)) =
                (&entry.value.data, folders.get(&entry.span.source))
            else {
                continue;
            };
            if !marked && &*named.value != "template" {
                continue;
            }
            let path = files::normal(&folder.join(&**text));
            if found.contains_key(path.as_str()) {
                continue;
            }
            if let Some(text) =
                files::read(&path).ok().and_then(|bytes| String::from_utf8(bytes).ok())
            {
                let id = sources.add(path.as_str(), text);
                found.insert(path.into_string(), id);
            }
        }
    }
    found
}

/// Targets as trees: the user's own, and those of the library that were read.
struct Library {
    own: Vec<Node>,
    read: HashMap<String, Vec<Node>>,
    shelf: Shelf,
}

impl Library {
    /// The `target` nodes of a file of the library, or the option that stands at the top level by
    /// its name. Those that others are like are asked for more than once, and read once.
    fn read(&mut self, path: &str, sources: &mut Sources, diags: &mut Diagnostics) -> Vec<Node> {
        if let Some(nodes) = self.read.get(path) {
            return nodes.clone();
        }
        let Some(text) = library::target(path) else { return Vec::new() };
        let id = sources.add(format!("<hcc>/targets/{}.kdl", path.replace('.', "/")), text);
        let nodes = match self.shelf {
            Shelf::Mentioned => library::tree(path, id).unwrap_or_default(),
            Shelf::All => {
                let (mut nodes, problems) = parse(id, text);
                diags.extend(problems);
                nodes.retain(|node| matches!(&*node.name.value, "target" | "option"));
                nodes
            }
        };
        self.read.insert(path.to_owned(), nodes.clone());
        nodes
    }

    /// Gives options the bodies of those they are like.
    fn likes(&mut self, node: &mut Node, sources: &mut Sources, diags: &mut Diagnostics) {
        let mut problems = Diagnostics::default();
        let mut find = |path: &str| {
            let ends = path.match_indices('.').map(|(at, _)| at);
            ends.rev().find_map(|end| {
                let (target, rest) = (path.get(..end)?, path.get(end + 1..)?);
                let named = |node: &&Node| {
                    declare::text_arg(node, 0).is_some_and(|name| *name.value == *target)
                };
                let own = self.own.iter().find(named).cloned();
                let mut read = || self.read(target, sources, diags).into_iter();
                let found = own.or_else(|| read().find(|node| named(&node)))?;
                Some((found, rest.to_owned()))
            })
        };
        declare::like::resolve(node, &mut find, &mut problems);
        diags.extend(problems);
    }
}

/// Every block of definitions.
pub fn blocks(structure: &structure::Structure) -> impl Iterator<Item = &[Node]> {
    let modules = structure.modules.values().map(|module| module.nodes.as_slice());
    let hosts = structure.hosts.iter().flat_map(|host| {
        std::iter::once(host.nodes.as_slice())
            .chain(host.users.iter().map(|user| user.nodes.as_slice()))
    });
    std::iter::once(structure.top.as_slice()).chain(modules).chain(hosts)
}

#[derive(Clone, Copy, PartialEq)]
enum Strings {
    /// Those marked as computed, and conditions.
    Marked,
    /// All: in a target they are mostly expressions.
    All,
}

/// The targets that are mentioned literally.
#[derive(Default)]
struct Mentions {
    open: BTreeSet<String>,
    seen: HashSet<String>,
    /// Folders of the shelf.
    folders: BTreeSet<String>,
    /// The systems of the hosts.
    systems: Vec<EcoString>,
    /// Whether guards for other systems are looked into all the same.
    everywhere: bool,
}

impl Mentions {
    fn add(&mut self, path: &str) {
        if library::has(path) && self.seen.insert(path.to_owned()) {
            self.open.insert(path.to_owned());
        }
    }

    /// A dotted name: the target among its beginnings.
    fn path(&mut self, path: &str) {
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

    fn nodes(&mut self, nodes: &[Node], prefix: &str) {
        for node in nodes {
            match &*node.name.value {
                "when" | "for" | "set" => self.nodes(node.children(), prefix),
                "assert" | "warn" | "use" | "let" => {}
                name => {
                    let path = crate::schema::join(prefix, name);
                    self.path(&path);
                    if library::has_below(&path) {
                        self.nodes(node.children(), &path);
                        for (name, _) in node.props() {
                            self.path(&crate::schema::join(&path, &name.value));
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

    fn target(&mut self, node: &Node) {
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

    fn expressions(&mut self, nodes: &[Node], which: Strings) {
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
        for at in memchr::memchr2_iter(b'.', b'[', text.as_bytes()) {
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
            Some(part) if !part.is_empty() => path = crate::schema::join(&path, part),
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
