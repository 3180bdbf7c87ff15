//! Which files the targets write, and from which of their options.

use std::sync::Arc;

use ecow::EcoString;
use indexmap::IndexMap;

use super::text::Grammar;
use crate::emit::{self, Params, Said};
use crate::import::home::Known;
use crate::schema::option::{Fallback, Kind};
use crate::schema::{Group, OptionDecl, Place as Named, Schema, Scope, Target};
use crate::syntax::marks::{self, Compute};
use crate::syntax::tree::{Node, Scalar, Value};

/// The files that targets write.
#[derive(Debug, Default)]
pub struct Shelf {
    /// All of them.
    pub places: Vec<Place>,
}

/// A file that a target writes.
#[derive(Clone, Debug)]
pub struct Place {
    /// The target's path.
    pub target: EcoString,
    /// Where the program reads it, below the home, the first place first.
    pub at: Vec<At>,
    /// Its format; none for a text.
    pub format: Option<&'static str>,
    /// The parameters of the format that are said literally.
    pub params: Params,
    /// The options that it is written from.
    pub parts: Vec<Part>,
    /// How it is read, if it is a text.
    pub(super) grammar: Option<Grammar>,
    /// The option that holds what stands at its end.
    pub(super) footer: Option<Arc<OptionDecl>>,
    /// The options of the target that are leaves of others.
    pub leaves: Vec<Arc<OptionDecl>>,
    /// Whether the program's file is for its owner alone, whoever writes it.
    pub is_private: bool,
    /// Whether the target is there without being enabled.
    pub always: bool,
    /// Its switches `enable-SHELL-integration`.
    pub integrations: Vec<String>,
    /// What a lifted target says besides.
    pub besides: Vec<Node>,
}

/// A path at which a program reads a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct At {
    /// Below the home.
    pub path: String,
    /// The option that has to say it, where it is not the target's own path.
    pub option: Option<String>,
}

/// A part of a file, and the option behind it.
#[derive(Clone, Debug)]
pub struct Part {
    /// The key that it stands at; none for the top.
    pub key: Option<String>,
    /// The option.
    pub option: Arc<OptionDecl>,
}

impl Shelf {
    /// Of all targets that are declared.
    pub fn new(schema: &Schema) -> Self {
        let mut shelf = Self::default();
        for target in schema.targets.iter().filter(|target| target.scope == Scope::User) {
            let Some((Named::Group(group), "")) = schema.root.find(&target.path) else { continue };
            let files = target.statements.iter().filter(|node| &*node.name.value == "file");
            shelf.places.extend(files.filter_map(|node| place(target, &group, node)));
        }
        shelf
    }

    /// What writes the file at a path.
    pub fn find(&self, path: &str) -> Option<(&Place, &At)> {
        let own = |place: &'_ Place| place.at.iter().position(|at| at.path == path);
        let place = self.places.iter().find(|place| own(place).is_some())?;
        Some((place, place.at.iter().find(|at| at.path == path)?))
    }

    /// All places, as a home is looked through.
    pub fn known(&self) -> impl Iterator<Item = Known> {
        self.places.iter().flat_map(|place| {
            let program = place.target.rsplit('.').next().unwrap_or_default();
            place.at.iter().map(|at| Known { path: at.path.clone(), program: program.to_owned() })
        })
    }
}

fn place(target: &Target, group: &Group, node: &Node) -> Option<Place> {
    let mut at: Vec<At> = Vec::new();
    let said = &node.args().next()?.value;
    at.extend(path(said, group).map(|path| At { path, option: None }));
    for known in node.children().iter().filter(|child| &*child.name.value == "known-at") {
        let option = crate::schema::declare::text_prop(known, "option");
        let option = option.map(|name| name.value.to_string());
        let paths = known.args().filter_map(|entry| path(&entry.value, group));
        at.extend(paths.map(|path| At { path, option: option.clone() }));
    }
    let text = |name| crate::schema::declare::text_prop(node, name).map(|text| text.value);
    let option = |expr: &str| match group.find(&expr.replace('_', "-")) {
        Some((Named::Option(option), "")) => Some(option),
        _ => None,
    };
    let mut parts = Vec::new();
    if let Some(from) = text("from") {
        parts.push(Part { key: None, option: option(&from)? });
    }
    for section in node.children().iter().filter(|child| &*child.name.value == "section") {
        let Some(from) = crate::schema::declare::text_prop(section, "from") else { continue };
        let key = crate::schema::declare::text_arg(section, 0)?.value.to_string();
        let key = Some(key).filter(|key| !key.is_empty());
        parts.push(Part { key, option: option(&from.value)? });
    }
    let ends = node.children().iter().rfind(|child| &*child.name.value == emit::FOOTER);
    let footer = ends.and_then(|node| option(&crate::schema::declare::text_arg(node, 0)?.value));
    // A text's lines are options of the target by their names.
    let reads = node.children().iter().filter(|child| &*child.name.value == "reads");
    for name in reads.filter_map(|node| crate::schema::declare::text_prop(node, "option")) {
        let key = Some(name.value.to_string());
        if !parts.iter().any(|part: &Part| part.key == key) {
            parts.push(Part { key, option: option(&name.value)? });
        }
    }
    let mut leaves = Vec::new();
    collect(group, &mut leaves);
    let besides = target.statements.iter().filter(|node| &*node.name.value == "lifted");
    Some(Place {
        target: target.path.clone(),
        at,
        format: text("format").and_then(|name| emit::find(&name)).map(|format| format.name),
        params: params(node),
        grammar: Grammar::new(node),
        footer,
        parts,
        leaves,
        is_private: text("mode").is_some_and(|mode| mode.ends_with('0')),
        always: target.always,
        integrations: group
            .names()
            .filter(|name| name.starts_with("enable-") && name.ends_with("-integration"))
            .map(str::to_owned)
            .collect(),
        besides: besides.flat_map(|node| node.children().iter().cloned()).collect(),
    })
}

/// The options that are leaves of settings.
fn collect(group: &Group, leaves: &mut Vec<Arc<OptionDecl>>) {
    for place in group.places.values() {
        match place {
            Named::Group(inner) if inner.target.is_none() => collect(inner, leaves),
            Named::Option(own) if own.rare().into.is_some() => leaves.push(own.clone()),
            Named::Group(_) | Named::Option(_) => {}
        }
    }
}

/// A path below the home, if it is known without evaluating anything.
fn path(value: &Value, group: &Group) -> Option<String> {
    let Scalar::String(text) = &value.data else { return None };
    match marks::read(value.ty.as_deref()).0.compute {
        None => below(text),
        Some(Compute::Expr) => match group.find(&text.as_str().replace('_', "-")) {
            Some((Named::Option(own), "")) if matches!(own.kind, Kind::Plain) => {
                match own.default.as_deref()? {
                    // A default that is itself computed from an option is not looked into.
                    Fallback::Value(value)
                        if value.ty.as_deref().is_none_or(|ty| &*ty.value == "f") =>
                    {
                        path(value, group)
                    }
                    _ => None,
                }
            }
            _ => None,
        },
        Some(_) => {
            let text = text
                .replace("{{ xdg.config }}", "~/.config")
                .replace("{{ xdg.data }}", "~/.local/share")
                .replace("{{ xdg.state }}", "~/.local/state")
                .replace("{{ xdg.cache }}", "~/.cache")
                .replace("{{ user.home }}", "~");
            if text.contains("{{") { None } else { below(&text) }
        }
    }
}

fn below(text: &str) -> Option<String> {
    let path = text.strip_prefix("~/").unwrap_or(text);
    (!path.starts_with(['/', '~']) && !path.is_empty()).then(|| path.to_owned())
}

fn params(node: &Node) -> Params {
    const OTHERS: &[&str] = &["known-at", emit::HEADER, emit::FOOTER];
    let literal = |node: &&Node| {
        let section = &*node.name.value == "section" && node.prop("from").is_some();
        !OTHERS.contains(&&*node.name.value)
            && !section
            && node.entries.iter().all(|entry| entry.value.ty.is_none())
    };
    let list = node.children().iter().filter(literal).map(|child| Said {
        name: child.name.value.clone(),
        args: child.args().map(|entry| plain(&entry.value.data)).collect(),
        props: IndexMap::new(),
    });
    Params { list: list.collect() }
}

/// A value as the IR has it.
pub(super) fn plain(value: &Scalar) -> crate::ir::Value {
    use crate::ir::Value;
    match value {
        Scalar::Null => Value::Null,
        Scalar::Bool(value) => Value::Bool(*value),
        Scalar::Int(value) => Value::Int(value.get()),
        Scalar::Float(value) => Value::Float(*value),
        Scalar::String(text) => Value::String(text.clone()),
    }
}
