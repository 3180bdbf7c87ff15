//! Actions in an order in which each comes after those it names.

use crate::diag::{Diagnostic, nearest};
use crate::eval::Eval;
use crate::ir::Action;

/// The step in which files are put in place; every action comes after it.
const FILES: &str = "files";

/// Sorts actions; names that do not exist and circles are said.
pub fn actions(eval: &Eval, list: &mut Vec<Action>) {
    let names: Vec<String> = list.iter().map(|action| action.name.clone()).collect();
    for action in list.iter() {
        for after in &action.after {
            if after != FILES && !names.contains(after) {
                let problem = Diagnostic::placeless("unknown-action", format!("the action `{}` comes after `{after}`, which does not exist", action.name));
                let at = action.origins.first().map_or_else(String::new, |at| format!("at {}:{}", at.file, at.line));
                let help = match nearest(after, names.iter().map(String::as_str).chain([FILES])) {
                    Some(near) => format!("did you mean `{near}`? ({at})"),
                    None => format!("the actions are {} ({at})", names.join(", ")),
                };
                eval.push(problem.help(help));
            }
        }
    }
    let mut sorted: Vec<Action> = Vec::new();
    let mut open: Vec<Action> = std::mem::take(list);
    while !open.is_empty() {
        let ready = open.iter().position(|action| {
            action.after.iter().all(|after| !open.iter().any(|other| other.name == *after && other.name != action.name))
                && !action.after.contains(&action.name)
        });
        match ready {
            Some(at) => sorted.push(open.remove(at)),
            None => {
                let circle: Vec<String> = open.iter().map(|action| format!("`{}`", action.name)).collect();
                eval.push(
                    Diagnostic::placeless("cycle", format!("the actions {} wait for each other", circle.join(", ")))
                        .help("take one of their `after` out"),
                );
                sorted.append(&mut open);
            }
        }
    }
    *list = sorted;
}
