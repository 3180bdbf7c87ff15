//! `option "config-file" like="home.file"`: an option that has the type and the body of another.

use super::{text_arg, text_prop};
use crate::diag::{Diagnostic, Diagnostics};
use crate::syntax::tree::{Entry, Node};

/// Bodies that follow each other further than this are a circle.
const MAX_DEPTH: usize = 8;

/// Whether any option in a target is like another.
pub fn any(node: &Node) -> bool {
    let own = &*node.name.value == "option" && node.prop("like").is_some();
    own || node.children().iter().any(any)
}

/// Gives every `option` with `like=` in a target what it is like. `targets` finds the target that
/// a dotted path begins with, and the rest of the path.
pub fn resolve(
    node: &mut Node,
    targets: &mut impl FnMut(&str) -> Option<(Node, String)>,
    diags: &mut Diagnostics,
) {
    below(node, targets, 0, diags);
}

fn below(
    node: &mut Node,
    targets: &mut impl FnMut(&str) -> Option<(Node, String)>,
    depth: usize,
    diags: &mut Diagnostics,
) {
    let mut inner = depth;
    if &*node.name.value == "option"
        && let Some(like) = text_prop(node, "like")
    {
        inner += 1;
        let found = targets(&like.value)
            .and_then(|(target, name)| find(target.children(), &name).cloned())
            .filter(|_| depth < MAX_DEPTH);
        let found = found.map(|mut found| {
            // It may be like another itself.
            below(&mut found, targets, inner, diags);
            found
        });
        match found {
            Some(mut found) => {
                if node.prop("type").is_none() {
                    let ty = found.prop("type").cloned();
                    node.entries = node.entries.iter().cloned().chain(ty).collect();
                }
                found.children_mut().iter_mut().for_each(without_examples);
                let both = found.children().iter().chain(node.children()).cloned();
                node.children = Some(both.collect());
            }
            None => diags.push(
                Diagnostic::error(
                    "bad-option",
                    like.span,
                    "no option of a target",
                    format!("there is no option `{}` to be like", like.value),
                )
                .help("name an option with a body by its whole path, as in `like=\"home.file\"`"),
            ),
        }
    }
    for child in node.children_mut() {
        if matches!(&*child.name.value, "option" | "target") {
            below(child, targets, inner, diags);
        }
    }
}

/// The examples of a body are written for the option that it was written for.
fn without_examples(node: &mut Node) {
    if &*node.name.value == "option" {
        let is_example =
            |entry: &Entry| entry.name.as_ref().is_some_and(|name| &*name.value == "example");
        if node.entries.iter().any(is_example) {
            let others = node.entries.iter().filter(|entry| !is_example(entry));
            node.entries = others.cloned().collect();
        }
        node.children_mut().iter_mut().for_each(without_examples);
    }
}

/// The `option` node that declares a name.
fn find<'a>(nodes: &'a [Node], name: &str) -> Option<&'a Node> {
    nodes.iter().filter(|node| &*node.name.value == "option").find_map(|node| {
        let here = (0..node.args().count())
            .any(|at| text_arg(node, at).is_some_and(|own| *own.value == *name));
        if here {
            return Some(node);
        }
        let (first, rest) = name.split_once('.')?;
        let group = text_arg(node, 0).is_some_and(|own| *own.value == *first);
        if group { find(node.children(), rest) } else { None }
    })
}
