//! Files that cannot stand beside each other, or not where they are said.

use std::rc::Rc;

use foldhash::HashMap;

use super::clash::{clashes, folded};
use super::file::Place;
use crate::diag::{Diagnostic, Diagnostics, Span};
use crate::eval::Eval;
use crate::ir::{Content, Document, File, Install, Preference, SHARED_FOLDERS};

/// hcc's own folder in a home, and the one of a machine.
const STATE: &[&str] = &[".local/state/hcc", "/var/lib/hcc"];

/// Looks at all files of a document and sorts them by path.
pub fn files(eval: &Eval, document: &mut Document, places: &[Place]) {
    let darwin = document.host.os.as_deref() == Some("darwin");
    for (file, place) in document.files.iter().zip(places) {
        one(eval, file, place.span, darwin);
    }
    clashes(eval, document, places);
    // Of one path there is one file, so no order among equals is lost.
    document.files.sort_unstable_by(|a, b| a.path.cmp(&b.path));
}

/// Preferences, each once: a domain has two names where one of them is short.
pub fn preferences(eval: &Eval, list: Vec<(Preference, Span)>) -> Vec<Preference> {
    let mut seen: HashMap<(String, String, bool), (usize, Span)> = HashMap::default();
    let mut kept: Vec<Preference> = Vec::new();
    for (own, span) in list {
        let key = (own.domain.clone(), own.key.clone(), own.current_host);
        match seen.get(&key) {
            None => {
                seen.insert(key, (kept.len(), span));
                kept.push(own);
            }
            Some((at, first)) => {
                if kept.get(*at).is_some_and(|other| other.value != own.value) {
                    eval.push(
                        Diagnostic::error(
                            "conflicting-values",
                            span,
                            "and here",
                            format!(
                                "`{}` of the domain `{}` is given two values",
                                own.key, own.domain
                            ),
                        )
                        .also(*first, "given here")
                        .help("keep one of them"),
                    );
                }
            }
        }
    }
    kept
}

fn one(eval: &Eval, file: &File, span: Span, darwin: bool) {
    let path = if darwin { folded(&file.path) } else { file.path.as_str().into() };
    let linked = matches!(file.install, Install::Link | Install::Live);
    let in_library = darwin && linked && inside(&path, "library");
    if let Some(preference) = in_library.then(|| preference(file)).flatten() {
        eval.push(
            Diagnostic::error(
                "link-into-preferences",
                span,
                "would be a link",
                format!(
                    "macOS replaces links in `Library/Preferences`, so `{preference}` would be lost"
                ),
            )
            .help(
                "write `darwin { defaults { ... } }` instead, or `install=\"copy\"` on this file",
            ),
        );
    }
    if let Some(state) = STATE.iter().find(|state| reaches(file, &path, state)) {
        let own = &file.path;
        let (message, help) = match inside(&path, state) {
            true => (
                format!("hcc keeps its generations in `{state}`, so `{own}` cannot be there"),
                "give it another path",
            ),
            false => (
                format!("the folder `{own}` has files for `{state}`, where hcc keeps its own"),
                "name a folder without them",
            ),
        };
        eval.push(
            Diagnostic::error("inside-state", span, "reaches hcc's own folder", message).help(help),
        );
    }
    let whole =
        matches!(&file.content, Content::Source { files, folder: true, .. } if files.is_empty());
    let is_link = whole || matches!(file.content, Content::Link { .. });
    let shared = |folder: &&str| if darwin { folded(folder) == path } else { **folder == path };
    if is_link && SHARED_FOLDERS.iter().any(shared) {
        eval.push(
            Diagnostic::error(
                "shared-folder",
                span,
                "would be one link",
                format!("other programs write into `{}`, so it cannot be one link", file.path),
            )
            .help("mirror it file by file (without `whole`), or link single folders in it"),
        );
    }
}

/// Whether a file, or one of a folder that is mirrored, stands in a folder or in its place.
fn reaches(file: &File, path: &str, folder: &str) -> bool {
    let rest = folder.strip_prefix(path).and_then(|rest| rest.strip_prefix('/'));
    inside(path, folder)
        || match (&file.content, rest) {
            (Content::Source { files, .. }, Some(rest)) => {
                files.iter().any(|inner| inside(&inner.path, rest))
            }
            _ => false,
        }
}

/// Whether a path is a folder or below it.
fn inside(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The file among those of a `file` that macOS keeps preferences in.
fn preference(file: &File) -> Option<String> {
    let matches = |path: &String| {
        let path = folded(path);
        path.starts_with("library/preferences/") && path.ends_with(".plist")
    };
    match &file.content {
        Content::Source { files, .. } if !files.is_empty() => {
            let mut paths = files.iter().map(|inner| format!("{}/{}", file.path, inner.path));
            paths.find(matches)
        }
        _ => Some(file.path.clone()).filter(matches),
    }
}

/// Targets that one user of a host may have, and that several do.
pub fn one_user(documents: &[(&Rc<Eval>, &Document)]) -> Diagnostics {
    let mut diags = Diagnostics::default();
    let Some((first, _)) = documents.first() else { return diags };
    for target in first.shared.schema.targets.iter().filter(|target| target.one_user) {
        let has =
            |document: &Document| document.files.iter().any(|file| file.target == target.path);
        let mut users = documents.iter().filter_map(|(eval, document)| {
            let user = document.user.as_ref().filter(|_| has(document))?;
            let slot = eval.find_slot(&target.path)?;
            Some((user.name.clone(), eval.said_at(slot)))
        });
        let (Some((one, place)), Some((two, other))) = (users.next(), users.next()) else {
            continue;
        };
        let host = &first.shared.host.name;
        let message = format!(
            "`{}` is for one user of a host, and on `{host}` it is `{one}` and `{two}`",
            target.path
        );
        let mut problem = match other.or(place) {
            Some(span) => Diagnostic::error("two-users", span, "said for both", message),
            None => Diagnostic::placeless("two-users", message),
        };
        if let (Some(place), Some(other)) = (place, other)
            && place != other
        {
            problem = problem.also(place, format!("`{one}` has it here"));
        }
        diags.push(
            problem
                .help(format!("say it for one of them, in its `user \"{one}\" {{ ... }}` block")),
        );
    }
    diags
}
