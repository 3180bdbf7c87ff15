//! Files that cannot stand beside each other, or not where they are said.

use std::collections::HashMap;

use super::file::Place;
use crate::diag::{Diagnostic, Span};
use crate::eval::Eval;
use crate::ir::{Content, Document, File, Install};

/// Folders that other programs write into: never one link.
const SHARED: &[&str] = &[".ssh", ".gnupg", ".config", ".local", ".local/share", ".local/state", ".local/bin", ".cache", "Library"];

/// Looks at all files of a document and sorts them by path.
pub fn files(eval: &Eval, document: &mut Document, places: &[Place]) {
    let darwin = document.host.os.as_deref() == Some("darwin");
    let mut seen: HashMap<String, (String, Span)> = HashMap::new();
    let mut links: HashMap<String, Span> = HashMap::new();
    let mut all: Vec<(String, Span)> = Vec::new();
    for (file, place) in document.files.iter().zip(places) {
        one(eval, file, place.span, darwin);
        for path in paths(file) {
            let key = if darwin { path.to_lowercase() } else { path.clone() };
            match seen.get(&key) {
                Some((other, span)) => {
                    let same = *other == path;
                    let message = if same {
                        format!("two definitions make `{path}`")
                    } else {
                        format!("`{path}` and `{other}` are one file on macOS, which does not tell cases apart")
                    };
                    eval.push(
                        Diagnostic::error("same-path", place.span, "made here", message)
                            .also(*span, "and here")
                            .help("keep one of them, or give one another path"),
                    );
                }
                None => {
                    seen.insert(key, (path.clone(), place.span));
                    all.push((path, place.span));
                }
            }
        }
        if is_leaf(file) {
            links.insert(if darwin { file.path.to_lowercase() } else { file.path.clone() }, place.span);
        }
    }
    for (path, span) in &all {
        let path_key = if darwin { path.to_lowercase() } else { path.clone() };
        for (at, _) in path_key.match_indices('/').skip(usize::from(path_key.starts_with('/'))) {
            let parent = path_key.get(..at).unwrap_or("");
            if let Some(other) = links.get(parent).filter(|other| *other != span) {
                eval.push(
                    Diagnostic::error("path-inside-file", *span, "inside it", format!("`{path}` is inside `{parent}`, which is a file or one link"))
                        .also(*other, "made here")
                        .help("mirror the folder (without `whole`), or move the file into it"),
                );
            }
        }
    }
    document.files.sort_by(|a, b| a.path.cmp(&b.path));
}

/// The paths that a file takes: a mirrored folder those of its files.
pub fn paths(file: &File) -> Vec<String> {
    match &file.content {
        Content::Source { files, folder: true, .. } if !files.is_empty() => files.iter().map(|(inner, _)| format!("{}/{inner}", file.path)).collect(),
        _ => vec![file.path.clone()],
    }
}

/// Whether nothing else can stand below it.
fn is_leaf(file: &File) -> bool {
    !matches!(&file.content, Content::Source { files, folder: true, .. } if !files.is_empty())
}

fn one(eval: &Eval, file: &File, span: Span, darwin: bool) {
    let linked = matches!(file.install, Install::Link | Install::Live);
    if darwin && linked && file.path.starts_with("Library/Preferences/") {
        eval.push(
            Diagnostic::error("link-into-preferences", span, "would be a link", format!("macOS replaces links in `Library/Preferences`, and settings in `{}` would be lost", file.path))
                .help("use `darwin { defaults { ... } }`, or `install=\"copy\"`"),
        );
    }
    let whole = matches!(&file.content, Content::Source { files, folder: true, .. } if files.is_empty());
    let is_link = whole || matches!(file.content, Content::Link { .. });
    if is_link && SHARED.contains(&file.path.as_str()) {
        eval.push(
            Diagnostic::error("shared-folder", span, "would be one link", format!("`{}` holds what other programs write and cannot be one link", file.path))
                .help("mirror it file by file (without `whole`), or link single folders in it"),
        );
    }
}
