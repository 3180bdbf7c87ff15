//! `templates/tables/dotfiles.kdl`: where programs keep what their users write.

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use super::refer::Refers;
use crate::ir::SHARED_FOLDERS;
use crate::schema::library;
use crate::syntax::tree::{Node, Scalar};

/// A place that a program reads.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Known {
    /// Below the home.
    pub path: String,
    /// The program, as the table calls it.
    pub program: String,
}

/// What is taken of a home, and what never is.
#[derive(Debug)]
pub struct Rules {
    /// The places, by path; none is in another.
    pub known: Vec<Known>,
    /// Names that are no configuration, by the program whose they are.
    except: Vec<(Vec<String>, GlobSet)>,
    never: GlobSet,
    always: GlobSet,
    /// How files name others, by program.
    refers: Vec<(Vec<String>, Refers)>,
}

impl Rules {
    /// Reads the table.
    pub fn new() -> Self {
        let mut rules = Self {
            known: Vec::new(),
            except: Vec::new(),
            never: GlobSet::empty(),
            always: GlobSet::empty(),
            refers: Vec::new(),
        };
        for node in library::table("dotfiles").iter() {
            let mut words = arguments(node);
            match &*node.name.value {
                "program" if !words.is_empty() => {
                    let program = words.remove(0);
                    let except: Vec<String> = node.children().iter().flat_map(arguments).collect();
                    if !except.is_empty() {
                        rules.except.push((words.clone(), set(&except)));
                    }
                    let known = |path| Known { path, program: program.clone() };
                    rules.known.extend(words.into_iter().map(known));
                }
                "refers" => rules.refers.push((words, Refers::new(node))),
                "never" => rules.never = set(&words),
                "except" => rules.always = set(&words),
                _ => {}
            }
        }
        rules.known.sort();
        rules
    }

    /// Adds places that targets know; one that is in a place of the table stays with that.
    pub fn add(&mut self, places: impl IntoIterator<Item = Known>) {
        for place in places {
            if !self.known.iter().any(|own| is_in(&place.path, &own.path)) {
                self.known.retain(|own| !is_in(&own.path, &place.path));
                self.known.push(place);
            }
        }
        self.known.sort();
    }

    /// Whether a name is no configuration, by its way below the home.
    pub fn leaves_out(&self, path: &str) -> bool {
        let name = path.rsplit('/').next().unwrap_or(path);
        if self.always.is_match(name) {
            return false;
        }
        self.never.is_match(name)
            || self.except.iter().any(|(places, names)| {
                places.iter().any(|place| {
                    let rest = path.strip_prefix(place.as_str());
                    rest.and_then(|rest| rest.strip_prefix('/'))
                        .is_some_and(|rest| names.is_match(name) || names.is_match(rest))
                })
            })
    }

    /// How files of a program name others that it reads.
    pub fn refers(&self, program: &str) -> impl Iterator<Item = &Refers> {
        let own = move |words: &Vec<String>| words.iter().any(|word| word == program);
        self.refers.iter().filter(move |(words, _)| own(words)).map(|(_, refers)| refers)
    }

    /// Whether a folder holds the files of many programs.
    pub fn is_shared(&self, path: &str) -> bool {
        path.is_empty() || SHARED_FOLDERS.contains(&path)
    }

    /// The program whose place this is, or is in.
    pub fn program(&self, path: &str) -> Option<&str> {
        self.known.iter().find(|own| is_in(path, &own.path)).map(|own| own.program.as_str())
    }
}

impl Default for Rules {
    fn default() -> Self {
        Self::new()
    }
}

/// Whether a path is another, or below it.
pub fn is_in(path: &str, place: &str) -> bool {
    path.strip_prefix(place).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The texts of a node's arguments.
pub(super) fn arguments(node: &Node) -> Vec<String> {
    let text = |value: &Scalar| match value {
        Scalar::String(text) => Some(text.to_string()),
        _ => None,
    };
    node.args().filter_map(|entry| text(&entry.value.data)).collect()
}

/// Patterns in which `*` is any part of a name and `**` any folders.
pub(super) fn set(patterns: &[String]) -> GlobSet {
    let mut builder = GlobSetBuilder::new();
    for pattern in patterns {
        if let Ok(glob) = GlobBuilder::new(pattern).literal_separator(true).build() {
            builder.add(glob);
        }
    }
    builder.build().unwrap_or_else(|_| GlobSet::empty())
}
