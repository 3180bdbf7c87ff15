//! A file or folder of the configuration that a file of the home comes from.

use camino::Utf8Path;
use ecow::EcoString;

use super::Statement;
use super::content::Body;
use crate::diag::{Diagnostic, Span};
use crate::eval::Poisoned;
use crate::files;
use crate::ir::Content;
use crate::syntax::import::{near_path, reason};
use crate::value::{Data, Typed};

/// What a file with a `source` holds; none for a folder without files. What cannot be read is said.
pub fn body(
    statement: &Statement<'_>,
    source: &Typed,
    span: Span,
) -> Result<Option<Body>, Poisoned> {
    let Data::String(path) = &source.data else {
        return Err(statement.wrong("source", "a path", &source.data));
    };
    let at = source.from.iter().copied().find(|span| statement.eval.is_users(span)).unwrap_or(span);
    let own = Utf8Path::new(&**path);
    let problem =
        |code: &'static str, label: &str, what: String| Diagnostic::error(code, at, label, what);
    // A pipe is looked at before it is opened: opening it would wait for a writer.
    let found = match files::look(own) {
        Ok((files::FileKind::Special, _)) => {
            statement.eval.push(
                problem(
                    "unreadable-source",
                    "neither file nor folder",
                    format!(
                        "a source is a file or a folder, found a pipe, socket or device at `{path}`"
                    ),
                )
                .help("name a file or a folder of the configuration"),
            );
            return Err(Poisoned);
        }
        other => other.and_then(|found| files::may_read(own).map(|()| found)),
    };
    let found = found.map_err(|error| {
        statement.eval.push(match error.kind() {
            std::io::ErrorKind::NotFound => {
                if let Ok(to) = own.read_link_utf8() {
                    statement.eval.push(problem(
                        "missing-source",
                        "leads to nothing",
                        format!("`{path}` is a link to `{to}`, which is not there"),
                    ));
                    return Poisoned;
                }
                let folder =
                    statement.eval.shared.folders.get(&at.source).cloned().unwrap_or_default();
                problem(
                    "missing-source",
                    "not there",
                    format!("there is no file or folder `{path}`"),
                )
                .meant(at, near_path(&folder, own))
            }
            _ if files::is_loop(&error) => problem(
                "unreadable-source",
                "a circle of links",
                format!("`{path}` is a link that leads back to itself"),
            ),
            std::io::ErrorKind::PermissionDenied => problem(
                "unreadable-source",
                "not readable",
                format!("`{path}` cannot be read: permission denied"),
            )
            .help(format!(
                "allow it: `chmod u+r{} {path}`",
                if files::kind(own).is_ok_and(|kind| kind == files::FileKind::Dir) {
                    "x"
                } else {
                    ""
                }
            )),
            _ => problem(
                "unreadable-source",
                "not readable",
                format!("`{path}` cannot be read: {}", reason(&error)),
            ),
        });
        Poisoned
    });
    let (kind, stamp) = found?;
    let folder = kind == files::FileKind::Dir;
    let whole = statement.flag("whole")?;
    let except = except(statement, folder && !whole)?;
    let mut list = Vec::new();
    if folder && !whole {
        match files::mirror(own, &except) {
            // A folder without files is none: with no names to mirror it would be one link.
            Ok(found) if found.is_empty() => {
                statement.eval.push(
                    Diagnostic::warning(
                        "empty-source",
                        at,
                        "brings nothing",
                        format!("there is no file in the folder `{path}`"),
                    )
                    .help("put files into it, or take it out; `whole=#true` makes it one link"),
                );
                return Ok(None);
            }
            Ok(found) => list = found,
            Err(error) => {
                statement.eval.push(problem(
                    "unreadable-source",
                    "not readable",
                    format!("not all of the folder `{path}` can be read: {}", reason(&error)),
                ));
                return Err(Poisoned);
            }
        }
    }
    let root = &statement.eval.shared.root;
    let relative = files::seen_from(root, own);
    Ok(Some(Body {
        content: Content::Source {
            source: relative.to_string(),
            files: list,
            folder,
            stamp: (!folder).then_some(stamp),
        },
        text: EcoString::new(),
        from: source.from.clone(),
    }))
}

/// What of a folder is not mirrored.
fn except(statement: &Statement<'_>, mirrored: bool) -> Result<files::Except, Poisoned> {
    let Some(said) = statement.prop("except")? else { return Ok(files::Except::default()) };
    let around = statement.place_of("except", statement.node().span);
    let of = |value: &Typed| statement.users(&value.from).unwrap_or(around);
    let patterns: Vec<(&str, Span)> = match &said.data {
        Data::List(list) => {
            list.iter().filter_map(|own| Some((own.data.as_str()?, of(own)))).collect()
        }
        Data::String(text) => text.split_whitespace().map(|own| (own, of(&said))).collect(),
        other => return Err(statement.wrong("except", "names or paths", other)),
    };
    let Some((_, place)) = patterns.first().copied() else {
        return Ok(files::Except::default());
    };
    if !mirrored {
        let (what, help) = match statement.flag("whole")? {
            true => ("is one link", "take `whole` out, so that the folder is mirrored"),
            false => ("is a file", "take `except` out"),
        };
        statement.eval.push(
            Diagnostic::error(
                "needless-except",
                place,
                "leaves nothing out",
                format!("`except` leaves files of a mirrored folder out, and this {what}"),
            )
            .help(help),
        );
        return Err(Poisoned);
    }
    files::Except::new(patterns.iter().map(|(own, _)| *own)).map_err(|(pattern, why)| {
        let place = patterns.iter().find(|(own, _)| *own == pattern).map_or(place, |own| own.1);
        statement.eval.push(
            Diagnostic::error(
                "bad-glob",
                place,
                "no glob",
                format!("`{pattern}` cannot be matched: {why}"),
            )
            .help("put a character that stands for itself into brackets, such as `[[]`"),
        );
        Poisoned
    })
}
