//! Files that cannot stand beside each other, or not where they are said.

use std::collections::HashMap;
use std::sync::Arc;

use super::file::Place;
use crate::diag::{Diagnostic, Diagnostics, Span};
use crate::eval::Eval;
use crate::ir::{Content, Document, File, Install, Preference};

/// Folders that other programs write into: never one link.
const SHARED: &[&str] = &[
    ".ssh",
    ".gnupg",
    ".config",
    ".local",
    ".local/share",
    ".local/state",
    ".local/bin",
    ".cache",
    "Library",
];

/// Looks at all files of a document and sorts them by path.
pub fn files(eval: &Eval, document: &mut Document, places: &[Place]) {
    let darwin = document.host.os.as_deref() == Some("darwin");
    let mut seen: HashMap<String, (String, Span)> = HashMap::new();
    let mut links: HashMap<String, (Span, Leaf)> = HashMap::new();
    let mut all: Vec<(String, Span)> = Vec::new();
    for (file, place) in document.files.iter().zip(places) {
        one(eval, file, place.span, darwin);
        for path in paths(file) {
            let key = if darwin { path.to_lowercase() } else { path.clone() };
            match seen.get(&key) {
                Some((other, span)) => {
                    let same = *other == path;
                    let message = if same {
                        format!("two definitions make the file `{path}`")
                    } else {
                        format!(
                            "`{path}` and `{other}` are one file on macOS, which does not tell cases apart"
                        )
                    };
                    eval.push(
                        Diagnostic::error("same-path", place.span, "and here", message)
                            .also(*span, "made here")
                            .help("keep one of them, or give one another path"),
                    );
                }
                None => {
                    seen.insert(key, (path.clone(), place.span));
                    all.push((path, place.span));
                }
            }
        }
        if let Some(leaf) = leaf(file) {
            links.insert(
                if darwin { file.path.to_lowercase() } else { file.path.clone() },
                (place.span, leaf),
            );
        }
    }
    for (path, span) in &all {
        let path_key = if darwin { path.to_lowercase() } else { path.clone() };
        for (at, _) in path_key.match_indices('/').skip(usize::from(path_key.starts_with('/'))) {
            let parent = path_key.get(..at).unwrap_or("");
            if let Some((other, leaf)) = links.get(parent).filter(|(other, _)| other != span) {
                let (what, help) = match leaf {
                    Leaf::File => ("a file", "give one of them another path"),
                    Leaf::Link => {
                        ("a link", "take the link out, or put the file where the link leads")
                    }
                    Leaf::Whole => (
                        "one link to a folder",
                        "take `whole` out, so that the folder is mirrored, or put the file into the folder",
                    ),
                };
                eval.push(
                    Diagnostic::error(
                        "path-inside-file",
                        *span,
                        "inside it",
                        format!("`{path}` is below `{parent}`, which is {what}"),
                    )
                    .also(*other, format!("{what} here"))
                    .help(help),
                );
            }
        }
    }
    document.files.sort_by(|a, b| a.path.cmp(&b.path));
}

/// Preferences, each once: a domain has two names where one of them is short.
pub fn preferences(eval: &Eval, list: Vec<(Preference, Span)>) -> Vec<Preference> {
    let mut seen: HashMap<(String, String, bool), (usize, Span)> = HashMap::new();
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

/// The paths that a file takes: a mirrored folder those of its files.
pub fn paths(file: &File) -> Vec<String> {
    match &file.content {
        Content::Source { files, folder: true, .. } if !files.is_empty() => {
            files.iter().map(|inner| format!("{}/{}", file.path, inner.path)).collect()
        }
        _ => vec![file.path.clone()],
    }
}

/// What nothing else can stand below.
#[derive(Clone, Copy)]
enum Leaf {
    File,
    Link,
    Whole,
}

fn leaf(file: &File) -> Option<Leaf> {
    match &file.content {
        Content::Source { files, folder: true, .. } => files.is_empty().then_some(Leaf::Whole),
        Content::Link { .. } => Some(Leaf::Link),
        _ => Some(Leaf::File),
    }
}

fn one(eval: &Eval, file: &File, span: Span, darwin: bool) {
    let linked = matches!(file.install, Install::Link | Install::Live);
    if darwin && linked && file.path.starts_with("Library/Preferences/") {
        eval.push(
            Diagnostic::error(
                "link-into-preferences",
                span,
                "would be a link",
                format!(
                    "macOS replaces links in `Library/Preferences`, so `{}` would be lost",
                    file.path
                ),
            )
            .help(
                "write `darwin { defaults { ... } }` instead, or `install=\"copy\"` on this file",
            ),
        );
    }
    let whole =
        matches!(&file.content, Content::Source { files, folder: true, .. } if files.is_empty());
    let is_link = whole || matches!(file.content, Content::Link { .. });
    if is_link && SHARED.contains(&file.path.as_str()) {
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

/// Targets that one user of a host may have, and that several do.
pub fn one_user(documents: &[(&Arc<Eval>, &Document)]) -> Diagnostics {
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
