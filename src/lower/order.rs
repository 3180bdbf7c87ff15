//! Actions in an order in which each comes after those it names.

use crate::diag::{Diagnostic, Span, nearest};
use crate::eval::Eval;
use crate::ir::Action;

/// The step in which files are put in place; every action comes after it.
const FILES: &str = "files";

/// An action and where it is said.
pub struct Placed {
    /// What is done.
    pub action: Action,
    /// Where its name is said.
    pub span: Span,
    /// Where those before it are named.
    pub after: Span,
}

/// Sorts actions; names that do not exist, names that two have, and circles are said.
pub fn actions(eval: &Eval, list: Vec<Placed>) -> Vec<Action> {
    known(eval, &list);
    let mut sorted: Vec<Action> = Vec::new();
    let mut open = list;
    while !open.is_empty() {
        let waits = |own: &Placed| {
            own.action
                .after
                .iter()
                .any(|after| open.iter().any(|other| other.action.name == *after))
        };
        match open.iter().position(|own| !waits(own)) {
            Some(at) => sorted.push(open.remove(at).action),
            None => {
                // A circle is one mistake: what waits for it is not said.
                let names = circle(eval, &open);
                let (round, rest): (Vec<Placed>, Vec<Placed>) =
                    open.into_iter().partition(|own| names.contains(&own.action.name));
                sorted.extend(round.into_iter().map(|own| own.action));
                open = rest;
            }
        }
    }
    sorted
}

fn known(eval: &Eval, list: &[Placed]) {
    for (index, own) in list.iter().enumerate() {
        if let Some(first) =
            list.iter().take(index).find(|other| other.action.name == own.action.name)
        {
            eval.push(
                Diagnostic::error(
                    "duplicate-name",
                    own.span,
                    "said here again",
                    format!("there are two actions `{}`", own.action.name),
                )
                .also(first.span, "first said here")
                .help("give one of them another name"),
            );
        }
        for after in &own.action.after {
            if after == FILES || list.iter().any(|other| other.action.name == *after) {
                continue;
            }
            let names = list
                .iter()
                .map(|other| other.action.name.as_str())
                .filter(|name| *name != own.action.name)
                .chain([FILES]);
            let all: Vec<&str> = names.collect();
            let near = nearest(after, all.iter().copied());
            let text = crate::value::quote(after);
            let mut problem = Diagnostic::error(
                "unknown-action",
                own.after,
                "no action of this name",
                format!("there is no action `{after}` for `{}` to come after", own.action.name),
            );
            problem = match near {
                // The place may be a list of names: then the help alone says it.
                Some(near) if eval.shared.sources.slice(own.after) == text => {
                    problem.meant(own.after, Some(crate::value::quote(near)))
                }
                Some(near) => problem.help(format!("did you mean `{near}`?")),
                None => problem.help(format!("the actions are {}", all.join(", "))),
            };
            eval.push(problem);
        }
    }
}

/// Follows the first action that waits until one comes again, and says that circle: its names.
fn circle(eval: &Eval, open: &[Placed]) -> Vec<String> {
    let mut way: Vec<&Placed> = Vec::new();
    let mut at = open.first();
    while let Some(own) = at {
        if let Some(start) = way.iter().position(|other| other.action.name == own.action.name) {
            let members = way.get(start..).unwrap_or_default();
            let names: Vec<String> =
                members.iter().chain([&own]).map(|own| format!("`{}`", own.action.name)).collect();
            let message = match members {
                [_] => format!("the action `{}` waits for itself", own.action.name),
                _ => format!("actions wait for each other: {}", names.join(" -> ")),
            };
            let mut problem = Diagnostic::error(
                "cycle",
                own.after,
                format!("`{}` waits here", own.action.name),
                message,
            );
            for other in members.iter().skip(1) {
                problem = problem.also(other.after, format!("`{}` waits here", other.action.name));
            }
            eval.push(problem.help("take one of the `after` out"));
            return members.iter().map(|own| own.action.name.clone()).collect();
        }
        way.push(own);
        at = own
            .action
            .after
            .iter()
            .find_map(|after| open.iter().find(|other| other.action.name == *after));
    }
    open.iter().map(|own| own.action.name.clone()).collect()
}
