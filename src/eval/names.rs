//! Names in expressions that cannot mean anything, found without running them.

use std::sync::Arc;

use super::arena::{BlockId, Guard, NameCheck, State};
use super::collect::Shared;
use super::interpolate::{self, Piece, is_tangled, pieces, simple_path};
use super::machine::FUNCTIONS;
use super::mistake::{self, FACTS, narrowed_in};
use crate::diag::{Diagnostic, Span, nearest};
use crate::schema::{Group, Place, Scope, join, library};
use crate::syntax::marks::Compute;

/// Looks through all expressions that were collected. What is wrong is not run afterwards.
pub fn check(state: &mut State, shared: &Shared) {
    for one in std::mem::take(&mut state.names) {
        if one.compute == Compute::Format
            && let Some(tag) = interpolate::tag(&one.text)
        {
            state.bad.insert(one.span);
            state.diags.push(mistake::tag(tag, one.span, shared));
            continue;
        }
        let texts: Vec<String> = match one.compute {
            Compute::Format => match pieces(&one.text) {
                Ok(pieces) => pieces.into_iter().filter_map(piece).collect(),
                Err(at) => {
                    state.bad.insert(one.span);
                    state.diags.push(unclosed(&one, at, shared));
                    continue;
                }
            },
            _ => vec![one.text.to_string()],
        };
        for text in texts {
            let problem = Expression { text: &text, one: &one, state, shared }.problem();
            if let Some(problem) = problem {
                state.bad.insert(one.span);
                state.diags.push(problem);
            }
        }
    }
}

fn piece(piece: Piece<'_>) -> Option<String> {
    match piece {
        Piece::Expr(text, _) => Some(text.to_owned()),
        Piece::Text(_) => None,
    }
}

fn unclosed(one: &NameCheck, at: usize, shared: &Shared) -> Diagnostic {
    let rest = one.text.get(at..).unwrap_or("{{");
    let mut place = mistake::narrowed(rest, one.span, &shared.sources);
    if place != one.span {
        place.end = place.start + 2;
    }
    Diagnostic::error("bad-expression", place, "not closed", "a `{{` has no `}}`")
        .help("close it, or write `{{ '{{' }}` for the braces themselves")
}

/// An expression, where it stands, and what holds there.
struct Expression<'a> {
    text: &'a str,
    one: &'a NameCheck,
    state: &'a State,
    shared: &'a Shared,
}

impl Expression<'_> {
    fn problem(&self) -> Option<Diagnostic> {
        if let Some(problem) = self.minus() {
            return Some(problem);
        }
        if is_tangled(self.text) {
            return Some(super::expr::tangled(self.one.span));
        }
        match read_ways(self.text) {
            Ok(ways) => ways.iter().find_map(|way| self.way(way)),
            // What cannot be read is said when it runs, or never if it never does: say it now.
            Err(error) => Some(mistake::explain(&error, self.text, self.one.span, self.shared)),
        }
    }

    fn place(&self, part: &str) -> Span {
        narrowed_in(part, self.text, self.one.span, &self.shared.sources)
    }

    fn way(&self, way: &str) -> Option<Diagnostic> {
        let parts: Vec<&str> = way.split('.').collect();
        let (first, rest) = parts.split_first()?;
        if self.variables().iter().any(|own| own == first) {
            return None;
        }
        if let Some((_, fields)) = FACTS.iter().find(|(name, _)| name == first) {
            let field = rest.first().filter(|field| !fields.contains(field))?;
            let way = format!("{first}.{field}");
            return Some(mistake::fact(first, field, fields, self.place(&way), self.shared));
        }
        match *first {
            "config" => self.option(rest, self.place(way)),
            "hosts" | "item" => None,
            name if FUNCTIONS.contains(&name) => None,
            name => self.unknown(name, rest, way),
        }
    }

    /// A first name that is none.
    fn unknown(&self, name: &str, rest: &[&str], way: &str) -> Option<Diagnostic> {
        let own = self.own_options();
        let own: Vec<String> =
            own.iter().flat_map(|own| own.names()).map(|own| own.replace('-', "_")).collect();
        if own.iter().any(|own| own == name) {
            return None;
        }
        let place = self.place(way);
        let problem = Diagnostic::error(
            "undefined-name",
            place,
            "means nothing here",
            format!("`{name}` is not defined"),
        );
        let root = &self.shared.schema.root.places;
        if root.keys().any(|own| own.replace('-', "_") == name)
            || (!rest.is_empty() && library::has_below(name))
        {
            return Some(problem.write(place, format!("config.{way}")));
        }
        let facts = FACTS
            .iter()
            .flat_map(|(first, fields)| fields.iter().map(move |field| format!("{first}.{field}")));
        let mut known: Vec<String> =
            ["config", "host", "user", "xdg", "hosts"].map(str::to_owned).to_vec();
        known.extend(self.variables());
        known.extend(own);
        known.extend(FUNCTIONS.iter().map(|name| (*name).to_owned()));
        if rest.is_empty() {
            known.extend(facts);
        }
        let near = nearest(name, known.iter().map(String::as_str));
        if let Some(near) = near {
            let whole =
                [near].into_iter().chain(rest.iter().copied()).collect::<Vec<_>>().join(".");
            return Some(problem.meant(place, Some(whole)));
        }
        Some(if self.text.trim() == name && self.one.compute == Compute::Expr {
            problem.help(format!(
                "a text stands in quotes of its own: `'{name}'`; an option is `config....`"
            ))
        } else {
            problem.help("options are `config....`, facts `host.os`, `user.home`, `xdg.config`; texts stand in quotes: `'x'`")
        })
    }

    /// A way below `config`.
    fn option(&self, parts: &[&str], place: Span) -> Option<Diagnostic> {
        let mut group = self.shared.schema.root.clone();
        for (index, part) in parts.iter().enumerate() {
            match group.places.find(|name| same(name, part)) {
                Some(Place::Group(inner)) => group = inner.clone(),
                Some(Place::Option(_)) => return None,
                None => {
                    let path = join(&group.path, &part.replace('_', "-"));
                    let problem = Diagnostic::error(
                        "undefined-name",
                        place,
                        "no option of this name",
                        format!("there is no option `{path}`"),
                    );
                    let prefix = if group.path.is_empty() {
                        String::new()
                    } else {
                        format!("{}.", group.path)
                    };
                    let library: Vec<String> = library::names()
                        .filter_map(|path| {
                            Some(path.strip_prefix(&prefix)?.split('.').next()?.to_owned())
                        })
                        .collect();
                    let known = group.names().chain(library.iter().map(String::as_str));
                    let near = nearest(&part.replace('_', "-"), known).map(|near| {
                        let mut whole = vec!["config".to_owned()];
                        whole.extend(parts.iter().take(index).map(|part| (*part).to_owned()));
                        whole.push(near.replace('-', "_"));
                        whole.extend(parts.iter().skip(index + 1).map(|part| (*part).to_owned()));
                        whole.join(".")
                    });
                    return Some(problem.meant(place, near));
                }
            }
        }
        None
    }

    /// An option's name with its `-`, which is minus here.
    fn minus(&self) -> Option<Diagnostic> {
        let own = self.own_options();
        words(self.text).find_map(|word| {
            let known = match word.strip_prefix("config.") {
                Some(path) => self.is_option(path),
                None => own.as_ref().is_some_and(|own| own.names().any(|name| name == word)),
            };
            if !word.contains('-') || !known {
                return None;
            }
            let place = self.place(word);
            let (left, right) = word.split_once('-')?;
            let message =
                format!("`-` is minus in an expression: `{word}` is `{left}` minus `{right}`");
            Some(
                Diagnostic::error("minus-in-name", place, "a name with `-`", message)
                    .write(place, word.replace('-', "_")),
            )
        })
    }

    fn is_option(&self, path: &str) -> bool {
        let mut group = self.shared.schema.root.clone();
        for part in path.split('.') {
            match group.places.find(|name| same(name, part)) {
                Some(Place::Group(inner)) => group = inner.clone(),
                Some(Place::Option(_)) => return true,
                None => return library::has(&path.replace('_', "-")),
            }
        }
        true
    }

    /// Variables and `let` around it.
    fn variables(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut at: Option<BlockId> = Some(self.one.block);
        while let Some(id) = at {
            let own = self.state.block(id);
            if let Guard::For(name, ..) = &own.guard {
                found.push(name.to_string());
            }
            found.extend(own.lets.iter().map(|(name, ..)| name.to_string()));
            at = own.parent;
        }
        found
    }

    fn own_options(&self) -> Option<Arc<Group>> {
        let target = self.state.block(self.one.block).target.clone()?;
        match self.shared.schema.root.find(&target.path) {
            Some((Place::Group(group), _)) => Some(group),
            _ => None,
        }
    }
}

/// The dotted names that an expression reads.
fn read_ways(text: &str) -> Result<Vec<String>, minijinja::Error> {
    if simple_path(text).is_some() {
        return Ok(vec![text.trim().to_owned()]);
    }
    if is_tangled(text) {
        return Ok(Vec::new());
    }
    let expression = super::expr::environment().compile_expression(text)?;
    let mut ways: Vec<String> = expression.undeclared_variables(true).into_iter().collect();
    ways.sort();
    Ok(ways)
}

/// The dotted names that an expression reads; none if it cannot be read.
pub fn ways(text: &str) -> Vec<String> {
    read_ways(text).unwrap_or_default()
}

/// Whose the option is that a way below `config` leads to, if it leads to one.
pub fn scope<'a>(root: &Group, parts: impl Iterator<Item = &'a str>) -> Option<Scope> {
    let mut group = root;
    for part in parts {
        match group.places.find(|name| same(name, part)) {
            Some(Place::Group(inner)) => group = inner,
            Some(Place::Option(decl)) => return Some(decl.scope),
            None => break,
        }
    }
    group.target.as_ref().map(|target| target.scope)
}

/// Whether a name in an expression means an option's: `_` stands for `-`.
fn same(name: &str, part: &str) -> bool {
    name == part || name.replace('-', "_") == part.replace('-', "_")
}

/// The stretches of letters, digits, `_`, `.` and `-` outside quotes.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let mut quote = None;
    text.split(move |c: char| {
        match (quote, c) {
            (Some(own), c) if own == c => quote = None,
            (None, '"' | '\'') => quote = Some(c),
            _ => return quote.is_some() || !(c.is_alphanumeric() || matches!(c, '_' | '.' | '-')),
        }
        true
    })
    .filter(|word| !word.is_empty())
}
