//! Names that are no option, and what was meant.

use std::sync::Arc;

use super::{Collector, Ctx};
use crate::diag::{Diagnostic, Spanned, nearest};
use crate::eval::arena::State;
use crate::schema::{Group, OptionDecl, Place, home_manager, join, library};
use crate::syntax::tree::Node;
use crate::value::quote;

impl Collector<'_> {
    /// A name that is no option.
    pub(super) fn unknown(&mut self, node: &Node, group: &Group, ctx: &Ctx) {
        let name = &*node.name.value;
        let path = join(&group.path, name);
        let own = self.shared.folders.contains_key(&node.name.span.source);
        if ctx.target.is_some() && !ctx.live && !own {
            // What a target of the shelf does on systems that no host has is not loaded.
            return;
        }
        if let Some((new, _)) = self.shared.renamed.get(&*path) {
            // Inside the block of its group the new name is the rest of its path.
            let within = new.strip_prefix(&*group.path).map(|rest| rest.trim_start_matches('.'));
            let problem = Diagnostic::warning(
                "renamed-option",
                node.name.span,
                "the old name",
                format!("`{path}` is now `{new}`"),
            );
            self.push(match within.filter(|_| new.len() > group.path.len()) {
                Some(within) => problem.write(node.name.span, within),
                None => problem.help(format!("write `{new}`")),
            });
            let renamed = Node {
                name: Spanned { value: new.as_str().into(), span: node.name.span },
                ..node.clone()
            };
            if self.shared.schema.root.find(new).is_some_and(|(_, rest)| rest.is_empty()) {
                self.typed(&[renamed], State::ROOT, ctx);
            }
            return;
        }
        if let Some(message) = self.shared.removed.get(&*path) {
            self.push(
                Diagnostic::error(
                    "removed-option",
                    node.name.span,
                    "not used here",
                    format!("`{path}` is not an option"),
                )
                .help(message.clone()),
            );
            return;
        }
        let outer = group;
        let (group, name) = reached(group, name);
        // What is written in front of the name in the place of which another one goes.
        let before = node.name.value.strip_suffix(name).unwrap_or_default();
        let shelf =
            group.target.is_none() && !group.path.is_empty() && library::has_below(&group.path);
        let mut problem = Diagnostic::error(
            "unknown-option",
            node.name.span,
            if shelf { "no target of this name" } else { "no option of this name" },
            format!("there is no {} `{path}`", if shelf { "target" } else { "option" }),
        );
        let near = near_name(group, name).map(|near| format!("{before}{near}"));
        if let Some((decl, hm)) = hm_name(group, name) {
            let own =
                decl.path.strip_prefix(&*group.path).unwrap_or(&decl.path).trim_start_matches('.');
            problem = problem
                .help(format!("Home Manager's `{hm}` is `{own}` here"))
                .fix(node.name.span, format!("{before}{own}"));
        } else if let Some(said) = home_manager::said(&path) {
            let own = said.path.and_then(|path| path.strip_prefix(&*group.path));
            problem = problem.help(said.sentence);
            if let Some(own) = own {
                let own = own.trim_start_matches('.');
                problem = problem.fix(node.name.span, format!("{before}{own}"));
            }
        } else if name == "enable" && !group.path.is_empty() && !shelf {
            problem = problem.help("it needs no `enable`: take it out");
        } else if near.is_some() {
            problem = problem.meant(node.name.span, near);
        } else if name == "set" {
            problem = problem.help("`set` stands in targets; here write what is in its block");
        } else if let Some(found) = self.known_as(name, group) {
            problem = match found.as_slice() {
                // At the top level a dotted name is as good as its blocks.
                [one] if outer.path.is_empty() => problem.meant(node.name.span, Some(one)),
                some if some.iter().any(|one| one == name) => {
                    problem.help(format!("`{name}` stands at the top level"))
                }
                some if some.len() <= 3 => {
                    let list: Vec<String> = some.iter().map(|path| format!("`{path}`")).collect();
                    problem.help(format!("there is {}", list.join(" and ")))
                }
                some => problem.help(format!(
                    "there is `{}` and {} more of this name: `hcc options {name}`",
                    some.first().map_or("", String::as_str),
                    some.len() - 1
                )),
            };
        } else if group
            .places
            .values()
            .any(|place| matches!(place, Place::Option(decl) if decl.name() == "settings"))
        {
            problem = problem.help(format!("what has no option goes through `settings {{ {name} ... }}`, in the program's own names"));
        } else if shelf {
            problem = problem.help(format!(
                "what has no target: `home {{ packages {}; file \".config/...\" source=\"...\" }}`",
                quote(name.split('.').next().unwrap_or(name))
            ));
        } else {
            let names: Vec<&str> = group.names().filter(|name| *name != "enable").collect();
            let few = !group.path.is_empty() && (1..=8).contains(&names.len());
            problem = problem.maybe_help(few.then(|| format!("it has {}", names.join(", "))));
        }
        self.push(problem);
    }

    /// Where a name that is unknown here is known: targets, options that are declared, and
    /// options of the shelf.
    fn known_as(&self, name: &str, here: &Group) -> Option<Vec<String>> {
        let mut found: Vec<String> =
            library::names().filter(|path| path.rsplit('.').next() == Some(name)).collect();
        if library::has_below(name) || library::has(name) {
            // A block of the top level, put into another.
            found.push(name.to_owned());
        }
        options_called(name, &self.shared.schema.root, &mut found);
        let said = format!("option {}", quote(name));
        found.extend(library::names().filter_map(|path| {
            // An option that is a file of its own was found by its name.
            let below = path != name && library::target(&path)?.contains(&said);
            below.then(|| join(&path, name).into())
        }));
        found.retain(|path| *path != join(&here.path, name));
        found.sort_by_key(|path| (path.matches('.').count(), path.clone()));
        found.dedup();
        (!found.is_empty()).then_some(found)
    }
}

/// The innermost group that a dotted name reaches, and what of the name is not in it.
fn reached<'a>(group: &'a Group, name: &'a str) -> (&'a Group, &'a str) {
    let inner = name.split_once('.').and_then(|(first, rest)| match group.places.get(first)? {
        Place::Group(inner) => Some((&**inner, rest)),
        Place::Option(_) => None,
    });
    inner.map_or((group, name), |(inner, rest)| reached(inner, rest))
}

/// The paths of options with this last name.
fn options_called(name: &str, group: &Group, found: &mut Vec<String>) {
    for (own, place) in group.places.iter() {
        match place {
            Place::Option(decl) if own == name && !decl.internal => {
                found.push(decl.path.to_string())
            }
            Place::Option(_) => {}
            Place::Group(inner) => options_called(name, inner, found),
        }
    }
}

fn near_name(group: &Group, name: &str) -> Option<String> {
    let library: Vec<String> = if group.target.is_none() {
        library::names()
            .filter_map(|path| {
                let rest = if group.path.is_empty() {
                    Some(&*path)
                } else {
                    path.strip_prefix(&*group.path)?.strip_prefix('.')
                };
                rest.map(|rest| rest.split('.').next().unwrap_or(rest).to_owned())
            })
            .collect()
    } else {
        Vec::new()
    };
    let names = group.names().chain(library.iter().map(String::as_str));
    nearest(name, names).map(str::to_owned)
}

/// The option that Home Manager calls so, and how it spells that: `extraConfig`, which is also meant
/// by `extra-config`.
fn hm_name(group: &Group, name: &str) -> Option<(Arc<OptionDecl>, String)> {
    group.places.values().find_map(|place| match place {
        Place::Option(decl) => {
            let hm = decl.hm.split_whitespace().find(|hm| *hm == name || kebab(hm) == name)?;
            Some((decl.clone(), hm.to_string()))
        }
        Place::Group(inner) if inner.target.is_none() => hm_name(inner, name),
        Place::Group(_) => None,
    })
}

/// A name in Home Manager's spelling as ours are spelled.
fn kebab(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 2);
    for letter in name.chars() {
        if letter.is_ascii_uppercase() {
            out.push('-');
        }
        out.push(letter.to_ascii_lowercase());
    }
    out
}
