//! Whose layout a repository has: the table `layouts.kdl`, asked.

use std::fs;

use camino::Utf8Path;
use globset::{Glob, GlobMatcher};

use crate::diag::SourceId;
use crate::syntax::parse::parse;
use crate::syntax::tree::{Node, Scalar};

const TABLE: &str = include_str!("layouts.kdl");

/// What another tool's layout a repository has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// The tool.
    pub name: String,
    /// What shows it.
    pub mark: String,
    /// What can be done.
    pub help: String,
    /// How it can be read all the same: `.` for the repository as one package, or a package.
    pub reads_as: Option<String>,
    /// Whether it is only a guess.
    pub is_guess: bool,
}

/// The table.
pub struct Layouts(Vec<Node>);

impl Layouts {
    /// Reads it.
    pub fn new() -> Self {
        Self(parse(SourceId(0), TABLE).0)
    }

    /// The first layout that a folder shows.
    pub fn of(&self, folder: &Utf8Path) -> Option<Layout> {
        let names = names(folder);
        self.0.iter().filter(|node| &*node.name.value == "layout").find_map(|node| {
            let (mark, is_guess) = mark(folder, &names, node)?;
            let reads_as = node.prop("reads-as").and_then(|entry| text(&entry.value.data));
            Some(Layout {
                name: words(node).first()?.to_string(),
                mark,
                help: child(node, "help").and_then(words_first).unwrap_or_default(),
                reads_as: reads_as.map(|own| if own == "whole" { "." } else { own }.to_owned()),
                is_guess,
            })
        })
    }

    /// Whether a name at the top of a repository is there for the repository's own sake.
    pub fn is_own(&self, name: &str) -> bool {
        self.meets("own", name)
    }

    /// Whether a name says nothing about the folder that it stands in.
    pub fn is_noise(&self, name: &str) -> bool {
        self.meets("noise", name)
    }

    /// Whether a name without a dot is one that homes have.
    pub fn is_of_homes(&self, name: &str) -> bool {
        self.meets("home", name)
    }

    fn meets(&self, list: &str, name: &str) -> bool {
        let nodes = self.0.iter().filter(|node| &*node.name.value == list);
        nodes
            .flat_map(words)
            .any(|own| own == name || glob(own).is_some_and(|own| own.is_match(name)))
    }
}

/// What shows a layout, and whether it is only a guess.
fn mark(folder: &Utf8Path, names: &[String], node: &Node) -> Option<(String, bool)> {
    for own in node.children() {
        match &*own.name.value {
            "any" => {
                if let Some(found) = words(own).iter().find_map(|glob| find(folder, names, glob)) {
                    return Some((found, false));
                }
            }
            "all" => {
                let found: Option<Vec<String>> =
                    words(own).iter().map(|glob| find(folder, names, glob)).collect();
                if let Some(last) = found.and_then(|mut found| found.pop()) {
                    return Some((last, false));
                }
            }
            "holds" => {
                let [name, held] = words(own).try_into().ok()?;
                let is_name = glob(name);
                let holds = names.iter().find(|name| {
                    is_name.as_ref().is_some_and(|own| own.is_match(name))
                        && fs::metadata(folder.join(name))
                            .is_ok_and(|own| own.is_file() && own.len() < 1 << 20)
                        && fs::read(folder.join(name))
                            .is_ok_and(|bytes| String::from_utf8_lossy(&bytes).contains(held))
                });
                if let Some(name) = holds {
                    return Some((name.clone(), true));
                }
            }
            _ => {}
        }
    }
    None
}

/// The first name, or path of two names, that a glob meets.
fn find(folder: &Utf8Path, names: &[String], said: &str) -> Option<String> {
    let (first, rest) = match said.split_once('/') {
        Some((first, rest)) => (first, Some(rest)),
        None => (said, None),
    };
    let is_meant = glob(first)?;
    let mut found = names.iter().filter(|name| is_meant.is_match(name));
    let Some(rest) = rest else { return found.next().cloned() };
    found.find_map(|name| {
        let inner = folder.join(name);
        let below = find(&inner, &self::names(&inner), rest)?;
        Some(format!("{name}/{below}"))
    })
}

fn names(folder: &Utf8Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> =
        entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort();
    names
}

fn glob(said: &str) -> Option<GlobMatcher> {
    Glob::new(said).ok().map(|glob| glob.compile_matcher())
}

fn words(node: &Node) -> Vec<&str> {
    let arguments = node.entries.iter().filter(|entry| entry.name.is_none());
    arguments.filter_map(|entry| text(&entry.value.data)).collect()
}

fn words_first(node: &Node) -> Option<String> {
    words(node).first().map(|own| (*own).to_owned())
}

fn child<'n>(node: &'n Node, name: &str) -> Option<&'n Node> {
    node.children().iter().find(|child| &*child.name.value == name)
}

fn text(value: &Scalar) -> Option<&str> {
    match value {
        Scalar::String(text) => Some(text),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_can_be_read_and_every_glob_of_it() {
        let (tree, diags) = parse(SourceId(0), TABLE);
        assert!(diags.is_empty());
        for node in &tree {
            for own in std::iter::once(node).chain(node.children()) {
                if matches!(&*own.name.value, "any" | "all" | "holds" | "own" | "noise" | "home") {
                    assert!(words(own).iter().all(|said| glob(said).is_some()), "{own:?}");
                }
            }
        }
    }
}
