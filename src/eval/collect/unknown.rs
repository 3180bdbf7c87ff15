//! Names that are no option, and what was meant.

use std::sync::Arc;

use super::{Collector, Ctx};
use crate::diag::{Diagnostic, Spanned, nearest};
use crate::eval::arena::State;
use crate::schema::{Group, OptionDecl, Place, join, library};
use crate::syntax::tree::Node;

impl Collector<'_> {
    /// A name that is no option.
    pub(super) fn unknown(&mut self, node: &Node, group: &Group, ctx: &Ctx) {
        let name = &*node.name.value;
        let path = join(&group.path, name);
        if let Some((new, _)) = self.shared.renamed.get(&path) {
            self.push(
                Diagnostic::warning(
                    "renamed-option",
                    node.name.span,
                    "the old name",
                    format!("`{path}` is now `{new}`"),
                )
                .help(format!("write `{new}`")),
            );
            let renamed = Node {
                name: Spanned { value: new.as_str().into(), span: node.name.span },
                ..node.clone()
            };
            if self.shared.schema.root.find(new).is_some_and(|(_, rest)| rest.is_empty()) {
                self.typed(&[renamed], State::ROOT, ctx);
            }
            return;
        }
        if let Some(message) = self.shared.removed.get(&path) {
            self.push(
                Diagnostic::error(
                    "removed-option",
                    node.name.span,
                    "no longer there",
                    format!("`{path}` has been removed"),
                )
                .help(message.clone()),
            );
            return;
        }
        let mut problem = Diagnostic::error(
            "unknown-option",
            node.name.span,
            "no option of this name",
            format!("there is no option `{path}`"),
        );
        if let Some(decl) = hm_name(group, name) {
            let own =
                decl.path.strip_prefix(&*group.path).unwrap_or(&decl.path).trim_start_matches('.');
            problem = problem.help(format!("Home Manager's `{name}` is `{own}` here"));
        } else if let Some(near) = near_name(group, name) {
            problem = problem.help(format!("did you mean `{near}`?")).fix(node.name.span, near);
        } else if let Some(elsewhere) = elsewhere(name) {
            problem = problem.help(format!("there is `{elsewhere}`"));
        } else if name.starts_with('$') || name.starts_with('[') {
            problem = problem.help("quote text that is not KDL");
        } else if let Some(settings) = group.places.values().find_map(|place| match place {
            Place::Option(decl) if decl.name() == "settings" => Some(decl),
            _ => None,
        }) {
            problem = problem.help(format!(
                "what `{}` does not type goes through `settings {{ ... }}`",
                settings.target
            ));
        }
        self.push(problem);
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

fn hm_name(group: &Group, name: &str) -> Option<Arc<OptionDecl>> {
    group.places.values().find_map(|place| match place {
        Place::Option(decl) if decl.hm.iter().any(|hm| hm == name) => Some(decl.clone()),
        Place::Group(inner) if inner.target.is_none() => hm_name(inner, name),
        _ => None,
    })
}

/// The path of a program with this name, said at the wrong place.
fn elsewhere(name: &str) -> Option<String> {
    library::names().find(|path| path.rsplit('.').next() == Some(name))
}
