//! Files that cannot stand beside each other: two of one path, and one below another.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use unicode_normalization::{UnicodeNormalization, is_nfc};

use super::file::Place;
use crate::diag::Diagnostic;
use crate::eval::Eval;
use crate::ir::{Content, Document, File};

/// A path that is made, and by which file of the document.
struct Made<'a> {
    path: Cow<'a, str>,
    by: usize,
}

/// Says which files clash; two of them are said once, however many paths they share.
pub fn clashes(eval: &Eval, document: &Document, places: &[Place]) {
    let darwin = document.host.os.as_deref() == Some("darwin");
    let all = made(&document.files);
    let keys: Vec<Cow<'_, str>> = all
        .iter()
        .map(|made| if darwin { folded(&made.path) } else { (&*made.path).into() })
        .collect();
    let mut seen: HashMap<&str, &Made<'_>, foldhash::fast::RandomState> = HashMap::default();
    seen.reserve(all.len());
    let mut said = HashSet::new();
    for (key, made) in keys.iter().zip(&all) {
        let Some(first) = seen.get(&**key).copied() else {
            seen.insert(key, made);
            continue;
        };
        if let (true, Some(one), Some(two)) =
            (said.insert((first.by, made.by)), places.get(first.by), places.get(made.by))
        {
            eval.push(
                Diagnostic::error("same-path", two.span, "and here", same(&made.path, &first.path))
                    .also(one.span, "made here")
                    .help("keep one of them, or give one another path"),
            );
        }
    }
    // Files of one folder come one after the other: what is above them is looked up once.
    let mut looked = "";
    for (key, made) in keys.iter().zip(&all) {
        let Some((folder, _)) = key.rsplit_once('/').filter(|(folder, _)| *folder != looked) else {
            continue;
        };
        looked = folder;
        let ends = folder.match_indices('/').map(|(at, _)| at).chain([folder.len()]);
        for above in ends.filter_map(|end| seen.get(folder.get(..end)?)) {
            if said.insert((above.by, made.by)) {
                below(eval, document, places, made, above);
            }
        }
    }
}

/// The paths that files take: a mirrored folder those of its files.
fn made(files: &[File]) -> Vec<Made<'_>> {
    let mut all = Vec::with_capacity(files.len());
    for (by, file) in files.iter().enumerate() {
        match &file.content {
            Content::Source { files, folder: true, .. } if !files.is_empty() => {
                all.extend(files.iter().map(|inner| Made {
                    path: format!("{}/{}", file.path, inner.path).into(),
                    by,
                }));
            }
            _ => all.push(Made { path: file.path.as_str().into(), by }),
        }
    }
    all
}

/// A path as APFS and HFS+ compare it: letter case aside, and in whichever way letters with marks
/// are written.
pub fn folded(path: &str) -> Cow<'_, str> {
    if path.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase()) {
        return path.into();
    }
    if path.is_ascii() {
        return path.to_ascii_lowercase().into();
    }
    // By way of the upper case, `ς` and `σ` meet, and `ß` and `SS`.
    path.nfc()
        .flat_map(char::to_uppercase)
        .flat_map(char::to_lowercase)
        .nfc()
        .collect::<String>()
        .into()
}

/// Why two paths are one.
fn same(path: &str, other: &str) -> String {
    if path == other {
        return format!("two definitions make the file `{path}`");
    }
    if path.nfc().eq(other.nfc()) {
        let composed = |path: &str| if is_nfc(path) { "composed" } else { "decomposed" };
        let (one, two) = (composed(path), composed(other));
        return format!(
            "`{}` and `{}` are one file on macOS, which does not tell {one} letters from {two} ones",
            escaped(path),
            escaped(other),
        );
    }
    format!("`{path}` and `{other}` are one file on macOS, which does not tell cases apart")
}

/// Marks by their numbers, for they look alike.
fn escaped(path: &str) -> String {
    path.chars()
        .map(|c| if c.is_ascii() { c.to_string() } else { c.escape_unicode().to_string() })
        .collect()
}

fn below(eval: &Eval, document: &Document, places: &[Place], inner: &Made<'_>, outer: &Made<'_>) {
    let (Some(file), Some(one), Some(two)) =
        (document.files.get(outer.by), places.get(outer.by), places.get(inner.by))
    else {
        return;
    };
    let (what, help) = match &file.content {
        Content::Link { .. } => {
            ("a link", "take the link out, or put the file where the link leads")
        }
        Content::Source { files, folder: true, .. } if files.is_empty() => (
            "one link to a folder",
            "take `whole` out, so that the folder is mirrored, or put the file into the folder",
        ),
        _ => ("a file", "give one of them another path"),
    };
    let message = format!("`{}` is below `{}`, which is {what}", inner.path, outer.path);
    eval.push(
        Diagnostic::error("path-inside-file", two.span, "inside it", message)
            .also(one.span, format!("{what} here"))
            .help(help),
    );
}
