//! Where a file may stand: below its home, or absolute for a system.

use super::Statement;
use crate::diag::{Diagnostic, Span};
use crate::schema::Scope;

/// The path in the IR: below the home for a user, absolute for a system.
pub fn path(statement: &Statement<'_>, said: &str, span: Span) -> Option<String> {
    let shared = &statement.eval.shared;
    let problem = match shared.scope {
        Scope::System => match system_path(said) {
            Ok(path) => return Some(path),
            Err(problem) => problem,
        },
        Scope::User => {
            let home = shared.user.as_ref().map_or("", |user| &user.home);
            match home_path(said, home) {
                Ok(path) => return Some(path),
                Err(problem) => problem,
            }
        }
    };
    let mut found = Diagnostic::error(problem.code, span, problem.label, problem.message);
    found = match problem.instead {
        Some(path) if shared.sources.slice(span) == crate::value::quote(said) => {
            found.write(span, crate::value::quote(&path))
        }
        Some(path) => found.help(format!("write `{}`", crate::value::quote(&path))),
        None => found.maybe_help(problem.help),
    };
    statement.eval.push(found);
    None
}

/// Why a path cannot be, before it has a place.
struct BadPath {
    code: &'static str,
    label: &'static str,
    message: String,
    help: Option<String>,
    /// The path that was meant.
    instead: Option<String>,
}

fn bad_path(label: &'static str, message: String, help: impl Into<String>) -> BadPath {
    BadPath { code: "bad-path", label, message, help: Some(help.into()), instead: None }
}

/// What is wrong with a path wherever it stands.
fn any_path(said: &str) -> Result<(), BadPath> {
    if said.is_empty() {
        return Err(bad_path(
            "empty",
            "a file needs a path, found an empty string".to_owned(),
            "name a file, such as `file \".config/tool.conf\"`",
        ));
    }
    if said.as_bytes().contains(&0) {
        return Err(bad_path(
            "holds U+0000",
            "a path cannot hold the character U+0000".to_owned(),
            "take it out",
        ));
    }
    let is_long = |part: &&str| part.len() > 255;
    if is_long(&said)
        && let Some(long) = said.split('/').find(is_long)
    {
        return Err(bad_path(
            "too long a name",
            format!("a name in a path has at most 255 bytes, found {}", long.len()),
            "shorten it",
        ));
    }
    Ok(())
}

fn system_path(said: &str) -> Result<String, BadPath> {
    any_path(said)?;
    if !said.starts_with('/') {
        let instead = said.strip_prefix("~/").is_none().then(|| format!("/{said}"));
        return Err(BadPath {
            instead,
            ..bad_path(
                "not absolute",
                format!("a file of the machine has an absolute path, found `{said}`"),
                "start it with `/`",
            )
        });
    }
    if said.split('/').any(|part| part == "..") {
        return Err(BadPath {
            instead: without_dots(said),
            ..bad_path("holds `..`", format!("`{said}` holds `..`"), "write the path without `..`")
        });
    }
    let parts: Vec<&str> = said.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    if parts.is_empty() {
        let message = format!("a file of the machine has a name, found `{said}`");
        return Err(bad_path("the root itself", message, "name a file in it"));
    }
    Ok(format!("/{}", parts.join("/")))
}

/// A path as it is without `..`, if it does not lead out.
fn without_dots(said: &str) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    for part in said.split('/') {
        match part {
            ".." => parts.pop().filter(|part| !part.is_empty()).map(|_| ())?,
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

fn home_path(said: &str, home: &str) -> Result<String, BadPath> {
    any_path(said)?;
    let outside = |label: &'static str, help: String| BadPath {
        code: "outside-home",
        label,
        message: format!("a user's file is below the home `{home}`, found `{said}`"),
        help: Some(help),
        instead: None,
    };
    if said.starts_with('$') {
        let rest = ["$HOME/", "${HOME}/"].iter().find_map(|home| said.strip_prefix(home));
        let rest = rest.map(str::to_owned).or_else(|| {
            said.strip_prefix("$XDG_CONFIG_HOME/").map(|rest| format!(".config/{rest}"))
        });
        let help =
            "compute it: `(f)\"{{ xdg.config }}/...\"`, or write `./$...` for a file of this name";
        return Err(BadPath {
            instead: rest,
            ..bad_path(
                "not expanded",
                format!("`$` stays as it is in a path, found `{said}`"),
                help,
            )
        });
    }
    let below = match (said.strip_prefix('~'), said.strip_prefix(home)) {
        (Some(""), _) | (_, Some("")) => {
            return Err(outside("the home itself", "name a file in it".to_owned()));
        }
        (Some(rest), _) => match rest.strip_prefix('/') {
            Some(rest) => rest,
            // A file whose name starts with `~` is somebody's backup, or somebody else's home.
            None => {
                return Err(outside(
                    "another home",
                    format!("write `~/...` for `{home}`, `./~...` for a file of this name"),
                ));
            }
        },
        (None, Some(rest)) if rest.starts_with('/') => rest,
        (None, _) if said.starts_with('/') => {
            return Err(outside("not below the home", "write the path from the home on, such as `\".config/...\"`; files of the machine are `system { file ... }`".to_owned()));
        }
        (None, _) => said,
    };
    let mut path = String::with_capacity(below.len());
    let mut leads_up = false;
    for part in below.split('/') {
        match part {
            "" | "." => {}
            ".." => leads_up = true,
            part => {
                if !path.is_empty() {
                    path.push('/');
                }
                path.push_str(part);
            }
        }
    }
    if leads_up {
        return Err(match without_dots(below.trim_start_matches('/')) {
            Some(path) if !path.is_empty() => BadPath {
                instead: Some(path),
                ..bad_path("holds `..`", format!("`{said}` holds `..`"), "")
            },
            _ => outside("leaves the home", "write the path without `..`".to_owned()),
        });
    }
    if path.is_empty() {
        return Err(outside("the home itself", "name a file in it".to_owned()));
    }
    Ok(path)
}
