//! A configuration and the targets it mentions, ready to be evaluated for any host.

use std::sync::Arc;

use camino::Utf8PathBuf;
use ecow::EcoString;
use foldhash::HashMap;

use super::collect::Program;
use super::facts::Machine;
use super::{lint, structure};
use crate::diag::{Diagnostics, SourceId, Sources};
use crate::files;
use crate::schema::library::Detail;
use crate::schema::mentions::{Mentions, Strings};
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
    let mut library = Library { own: structure.targets.clone(), read: HashMap::default() };
    for node in &mut structure.targets {
        library.likes(node, &mut sources, diags);
        declare::target(node.clone(), &mut schema, diags);
    }
    let systems: Vec<EcoString> =
        structure.hosts.iter().filter_map(|host| host.facts.os.clone()).collect();
    let mut mentions = Mentions::on(systems);
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
    let detail = match shelf {
        Shelf::Mentioned => Detail::Plain,
        Shelf::All => Detail::Whole,
    };
    if shelf == Shelf::All {
        library::names().for_each(|path| mentions.add(&path));
    }
    while let Some(path) = mentions.open.pop_first() {
        if let Some(source) = library::add_to(&mut sources, &path, source_name(&path)) {
            library::declare(&path, detail, source, &mut schema, &mut mentions, diags);
        }
    }
    for node in &mut structure.options {
        library.likes(node, &mut sources, diags);
        declare::own_option(node, &mut schema, diags);
    }
    for path in &mentions.folders {
        // A folder of the shelf is a group, also where no target in it is known.
        let group = Group { path: path.clone().into(), ..Group::default() };
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
}

impl Library {
    /// The `target` nodes of a file of the library, or the option that stands at the top level by
    /// its name. Those that others are like are asked for more than once, and read once.
    fn read(&mut self, path: &str, sources: &mut Sources, diags: &mut Diagnostics) -> Vec<Node> {
        if let Some(nodes) = self.read.get(path) {
            return nodes.clone();
        }
        let source = library::add_to(sources, path, source_name(path));
        let Some(source) = source else { return Vec::new() };
        let (mut nodes, problems) = parse(source, sources.text(source));
        diags.extend(problems);
        nodes.retain(|node| matches!(&*node.name.value, "target" | "option"));
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

/// What the text of a target of the shelf is called.
fn source_name(path: &str) -> String {
    format!("<hcc>/targets/{}.kdl", path.replace('.', "/"))
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
