//! All options as rows, for people who search them.

use std::sync::Arc;

use super::option::{Fallback, Kind, OptionDecl, Scope, Target};
use super::{Group, Place, Schema, join};
use crate::diag::Sources;
use crate::syntax::marks;
use crate::syntax::tree::{Entry as Argument, Node, Scalar, Value};
use crate::value::quote;

/// One option.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The whole path; `NAME` stands for a key.
    pub path: String,
    /// Its type.
    pub ty: String,
    /// Its default, in KDL.
    pub default: Option<String>,
    /// What it is.
    pub doc: String,
    /// A definition.
    pub example: Option<String>,
    /// The parts of a lines option.
    pub slots: Vec<String>,
    /// Home Manager's names for it.
    pub hm: Vec<String>,
    /// The files it reaches.
    pub reaches: Vec<String>,
    /// Whether it is an option of the machine.
    pub scope_system: bool,
    /// `file:line` of its declaration.
    pub declared: String,
    /// The program's documentation.
    pub url: String,
}

impl Entry {
    /// Whether a word occurs in it, letter case aside.
    pub fn matches(&self, word: &str) -> bool {
        let has = |text: &str| text.to_lowercase().contains(word);
        has(&self.path) || has(&self.doc) || self.hm.iter().any(|hm| has(hm))
    }
}

/// All options, by path.
pub fn entries(schema: &Schema, sources: &Sources) -> Vec<Entry> {
    let mut rows = Rows { schema, sources, list: Vec::new() };
    rows.group(&schema.root, "");
    rows.list.sort_by(|a, b| a.path.cmp(&b.path));
    rows.list
}

struct Rows<'a> {
    schema: &'a Schema,
    sources: &'a Sources,
    list: Vec<Entry>,
}

impl Rows<'_> {
    fn group(&mut self, group: &Group, prefix: &str) {
        for (name, place) in group.places.iter() {
            let path = join(prefix, name);
            match place {
                Place::Group(inner) => self.group(inner, &path),
                Place::Option(decl) => self.option(decl, &path),
            }
        }
    }

    fn option(&mut self, decl: &Arc<OptionDecl>, path: &str) {
        if decl.internal {
            return;
        }
        let target = self.schema.targets.iter().find(|target| target.path == decl.target);
        let name = path.strip_prefix(&*decl.target).unwrap_or(path).trim_start_matches('.');
        let said = decl.docs.as_deref().cloned().unwrap_or_default();
        let entry = Entry {
            path: path.to_owned(),
            ty: match &decl.kind {
                Kind::Plain => decl.ty.to_string(),
                Kind::Keyed(_) => "keyed".to_owned(),
                Kind::Items(_) => "list of blocks".to_owned(),
            },
            default: decl.default.as_deref().map(default),
            doc: said.doc.to_string(),
            example: said.example.map(Into::into),
            slots: decl.rare().slots.iter().map(ToString::to_string).collect(),
            hm: decl.hm.split_whitespace().map(str::to_owned).collect(),
            reaches: target.map(|target| reaches(target, decl, name)).unwrap_or_default(),
            scope_system: decl.scope == Scope::System,
            declared: self.sources.place(decl.span),
            url: target.map(|target| target.url.clone()).unwrap_or_default(),
        };
        let plain = entry.clone();
        self.list.push(entry);
        if let Kind::Keyed(body) | Kind::Items(body) = &decl.kind {
            let below = if matches!(decl.kind, Kind::Keyed(_)) {
                format!("{path}.NAME")
            } else {
                path.to_owned()
            };
            self.group(&body.group, &below);
        }
        let keys = decl.rare().keys.all().into_iter();
        for key in keys.filter(|key| key.alias.is_none() && !key.doc.is_empty()) {
            self.list.push(Entry {
                path: format!("{path}.{}", key.pattern.join(".")),
                ty: key.ty.to_string(),
                default: None,
                doc: key.doc.to_string(),
                example: None,
                slots: Vec::new(),
                hm: Vec::new(),
                ..plain.clone()
            });
        }
    }
}

/// A default as it would be written.
fn default(default: &Fallback) -> String {
    match default {
        Fallback::Value(value) => self::value(value),
        Fallback::Node(node) => body(node),
    }
}

fn value(value: &Value) -> String {
    let mark = value.ty.as_deref().map_or_else(String::new, |ty| format!("({})", ty.value));
    let text = match &value.data {
        Scalar::Null => "#null".to_owned(),
        Scalar::Bool(value) => format!("#{value}"),
        Scalar::Int(n) => n.to_string(),
        Scalar::Float(n) => format!("{n:?}"),
        Scalar::String(text) => quote(text),
    };
    format!("{mark}{text}")
}

fn body(node: &Node) -> String {
    let entry = |entry: &Argument| match &entry.name {
        Some(name) => format!("{}={}", name.value, value(&entry.value)),
        None => value(&entry.value),
    };
    let mut parts: Vec<String> = node.entries.iter().map(entry).collect();
    if let Some(children) = &node.children {
        let inner: Vec<String> = children
            .iter()
            .map(|child| format!("{} {}", child.name.value, body(child)).trim_end().to_owned())
            .collect();
        parts.push(format!("{{ {} }}", inner.join("; ")));
    }
    parts.join(" ")
}

/// The files of a target that an option has to do with: those whose statement, or a loop or
/// guard around it, names it; the only one a target has.
fn reaches(target: &Target, decl: &OptionDecl, name: &str) -> Vec<String> {
    let root = decl.rare().into.as_ref().and_then(|way| way.first()).map_or(name, |first| first);
    let root = root.split('.').next().unwrap_or(root).replace('-', "_");
    let mut files = Vec::new();
    collect(&target.statements, &root, false, &mut files);
    let only = files.len() == 1;
    let mut list: Vec<String> = Vec::new();
    for (path, _) in files
        .into_iter()
        .filter(|(_, named)| *named || (only && name != "package" && !name.starts_with("enable")))
    {
        if !list.contains(&path) {
            list.push(path);
        }
    }
    list
}

fn collect(nodes: &[Node], root: &str, around: bool, files: &mut Vec<(String, bool)>) {
    for node in nodes {
        let named = around || node.entries.iter().any(|entry| names(&entry.value, root));
        match &*node.name.value {
            "file" => {
                let inside = node
                    .children()
                    .iter()
                    .any(|child| child.entries.iter().any(|entry| names(&entry.value, root)));
                if let Some(Scalar::String(path)) =
                    node.args().next().map(|entry| &entry.value.data)
                {
                    let computed = node
                        .args()
                        .next()
                        .and_then(|entry| marks::read(entry.value.ty.as_deref()).0.compute);
                    let path = if computed == Some(marks::Compute::Expr) {
                        format!("<{path}>")
                    } else {
                        path.to_string()
                    };
                    let path = path
                        .replace("{{ xdg.config }}", "~/.config")
                        .replace("{{ xdg.data }}", "~/.local/share")
                        .replace("{{ user.home }}", "~");
                    let path = path.replace("{{ ", "<").replace(" }}", ">");
                    files.push((path, named || inside));
                }
            }
            "when" | "for" => collect(node.children(), root, named, files),
            _ => {}
        }
    }
}

/// Whether a text names an identifier.
fn names(value: &Value, root: &str) -> bool {
    let Scalar::String(text) = &value.data else { return false };
    let computed = marks::read(value.ty.as_deref()).0.compute.is_some();
    let ends = |c: Option<char>| !c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    (computed || !text.contains(' ') || text.contains(root))
        && text.match_indices(root).any(|(at, _)| {
            let before = text.get(..at).and_then(|text| text.chars().next_back());
            let after = text.get(at + root.len()..).and_then(|text| text.chars().next());
            ends(before) && before != Some('.') && ends(after)
        })
}
