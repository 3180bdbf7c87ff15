//! Names in expressions that cannot mean anything, found without running them.

use super::arena::{BlockId, Guard, NameCheck, State};
use super::collect::Shared;
use super::interpolate::{Piece, pieces, simple_path};
use super::machine::FUNCTIONS;
use crate::diag::{Diagnostic, Span, nearest};
use crate::schema::{Group, Place};
use crate::syntax::marks::Compute;

const HOST: &[&str] = &["name", "os", "distro", "arch", "wsl", "tags"];
const USER: &[&str] = &["name", "home", "uid"];
const XDG: &[&str] = &["config", "data", "state", "cache"];

/// Looks through all expressions that were collected.
pub fn check(state: &mut State, shared: &Shared) {
    for one in std::mem::take(&mut state.names) {
        let texts: Vec<String> = match one.compute {
            Compute::Format => pieces(&one.text)
                .unwrap_or_default()
                .into_iter()
                .filter_map(|piece| match piece {
                    Piece::Expr(text, _) => Some(text.to_owned()),
                    Piece::Text(_) => None,
                })
                .collect(),
            _ => vec![one.text.to_string()],
        };
        for text in texts {
            let problem = expression(&text, &one, state, shared);
            if let Some(problem) = problem {
                state.diags.push(problem);
            }
        }
    }
}

fn expression(text: &str, one: &NameCheck, state: &State, shared: &Shared) -> Option<Diagnostic> {
    let mut ways: Vec<String> = match simple_path(text) {
        Some(_) => vec![text.trim().to_owned()],
        None => {
            // What cannot be read is said when it runs, or never if it never does: say it now.
            match super::expr::environment().compile_expression(text) {
                Ok(expression) => expression.undeclared_variables(true).into_iter().collect(),
                Err(error) => {
                    let detail =
                        error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
                    return Some(
                        Diagnostic::error(
                            "bad-expression",
                            one.span,
                            "cannot be read",
                            format!(
                                "`{}` is not an expression: {detail}",
                                crate::value::short(text)
                            ),
                        )
                        .help(
                            "names use `_` for `-`; texts stand in quotes: `host.os == 'darwin'`",
                        ),
                    );
                }
            }
        }
    };
    // The longest first: a name that a `-` cut in two explains the rest.
    ways.sort_by_key(|way| (std::cmp::Reverse(way.matches('.').count()), way.clone()));
    ways.iter().find_map(|way| self::way(way, text, one, state, shared))
}

fn way(
    way: &str,
    text: &str,
    one: &NameCheck,
    state: &State,
    shared: &Shared,
) -> Option<Diagnostic> {
    let parts: Vec<&str> = way.split('.').collect();
    let (first, rest) = parts.split_first()?;
    if variables(one.block, state).iter().any(|own| own == first) {
        return None;
    }
    let place = narrowed(way, one.span, shared);
    let facts = match *first {
        "config" => return option(rest, text, place, shared),
        "host" => HOST,
        "user" => USER,
        "xdg" => XDG,
        "hosts" | "item" => return None,
        name if FUNCTIONS.contains(&name) => return None,
        name => {
            let own = own_options(one.block, state, shared);
            if own.as_ref().is_some_and(|own| own.names().any(|own| own.replace('-', "_") == name))
            {
                return None;
            }
            let known = ["config", "host", "user", "xdg", "hosts"]
                .into_iter()
                .map(str::to_owned)
                .chain(variables(one.block, state));
            let known: Vec<String> =
                known.chain(own.iter().flat_map(|own| own.names()).map(str::to_owned)).collect();
            let mut problem = Diagnostic::error(
                "undefined-name",
                place,
                "means nothing here",
                format!("`{name}` is not defined"),
            );
            problem = match nearest(name, known.iter().map(String::as_str)) {
                Some(near) => problem.help(format!("did you mean `{near}`?")),
                None if shared.schema.root.places.keys().any(|own| own.replace('-', "_") == name) => problem.help(format!("write `config.{name}`")),
                None => problem.help("options are `config....`, facts `host.os`, `user.home`, `xdg.config`; texts stand in quotes"),
            };
            return Some(problem);
        }
    };
    let field = rest.first()?;
    if facts.contains(field) {
        return None;
    }
    let known = facts.join(", ");
    Some(
        Diagnostic::error(
            "undefined-name",
            place,
            "no such fact",
            format!("`{first}` has no fact `{field}`"),
        )
        .help(match nearest(field, facts.iter().copied()) {
            Some(near) => format!("did you mean `{first}.{near}`?"),
            None => format!("it has {known}"),
        }),
    )
}

/// A way below `config`.
fn option(parts: &[&str], text: &str, place: Span, shared: &Shared) -> Option<Diagnostic> {
    let mut group = shared.schema.root.clone();
    for (index, part) in parts.iter().enumerate() {
        let found = group
            .places
            .iter()
            .find(|(name, _)| &***name == *part || name.replace('-', "_") == *part);
        match found {
            Some((_, Place::Group(inner))) => group = inner.clone(),
            Some((_, Place::Option(_))) => return None,
            None => {
                let path = crate::schema::join(&group.path, part);
                let mut problem = Diagnostic::error(
                    "undefined-name",
                    place,
                    "no option of this name",
                    format!("there is no option `{}`", path),
                );
                let minus = cut_by_minus(&group, parts.get(..=index).unwrap_or_default(), text);
                if let Some(whole) = minus {
                    problem = problem.help(format!(
                        "`-` is minus in an expression: write `{}`",
                        whole.replace('-', "_")
                    ));
                } else {
                    let library: Vec<String> = crate::schema::library::names()
                        .filter_map(|path| {
                            Some(
                                path.strip_prefix(&*group.path)?.trim_start_matches('.').to_owned(),
                            )
                        })
                        .collect();
                    let known = group.names().chain(library.iter().map(String::as_str));
                    problem =
                        problem.maybe_help(nearest(&part.replace('_', "-"), known).map(|near| {
                            let at = crate::schema::join(&group.path, near).replace('-', "_");
                            format!("did you mean `config.{at}`?")
                        }));
                }
                return Some(problem);
            }
        }
    }
    None
}

/// An option's name that a `-` in the expression cut in two.
fn cut_by_minus(group: &Group, parts: &[&str], text: &str) -> Option<String> {
    let way = format!("config.{}", parts.join("."));
    let at = text.find(&way)? + way.len();
    let rest = text.get(at..)?.strip_prefix('-')?;
    let end = rest
        .find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '_'))
        .unwrap_or(rest.len());
    let whole = format!("{}-{}", parts.last()?, rest.get(..end)?);
    group.places.contains_key(whole.as_str()).then_some(whole).or_else(|| {
        let path =
            crate::schema::join(&group.path, &format!("{}-{}", parts.last()?, rest.get(..end)?));
        crate::schema::library::target(&path)
            .map(|_| path.rsplit('.').next().unwrap_or(&path).to_owned())
    })
}

/// Variables and `let` around a block.
fn variables(block: BlockId, state: &State) -> Vec<String> {
    let mut found = Vec::new();
    let mut at = Some(block);
    while let Some(id) = at {
        let own = state.block(id);
        if let Guard::For(name, ..) = &own.guard {
            found.push(name.to_string());
        }
        found.extend(own.lets.iter().map(|(name, ..)| name.to_string()));
        at = own.parent;
    }
    found
}

fn own_options(block: BlockId, state: &State, shared: &Shared) -> Option<std::sync::Arc<Group>> {
    let target = state.block(block).target.clone()?;
    match shared.schema.root.find(&target.path) {
        Some((Place::Group(group), _)) => Some(group),
        _ => None,
    }
}

/// The place of a name inside the text that holds it, if it stands there as it is.
fn narrowed(way: &str, span: Span, shared: &Shared) -> Span {
    let text = shared.sources.slice(span);
    match text.find(way) {
        Some(at) => {
            let start = span.start as usize + at;
            Span::new(span.source, start, start + way.len())
        }
        None => span,
    }
}
