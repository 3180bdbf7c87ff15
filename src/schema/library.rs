//! The embedded targets and templates, by name. The file path is the option path.

use crate::diag::SourceId;
use crate::syntax::packed;
use crate::syntax::tree::Tree;

/// Paths and texts, by the bytes of the paths.
type Table = &'static [(&'static str, &'static str)];

include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// The text of a target's file: `programs.git` is `targets/programs/git.kdl`.
pub fn target(path: &str) -> Option<&'static str> {
    TARGETS.get(place(path)?).map(|(_, text)| *text)
}

/// Whether a target has a file of its own.
pub fn has(path: &str) -> bool {
    place(path).is_some()
}

/// The `target` and `option` nodes of a target's file, their spans in `source`, which is to hold
/// its text. Without the docs and examples of its options and what is known of other tools' files,
/// which only those want who list options and lift files: they read the text.
pub fn tree(path: &str, source: SourceId) -> Option<Tree> {
    let index = place(path)?;
    let start = index.checked_sub(1).and_then(|last| ENDS.get(last)).copied().unwrap_or(0);
    let bytes = TREES.get(start..*ENDS.get(index)?)?;
    Some(packed::unpack(WORDS, bytes, source))
}

/// A template's text, by its path below `templates/`.
pub fn template(path: &str) -> Option<&'static str> {
    find(TEMPLATES, path)
}

/// Whether there are targets below this dotted path; everything is below the empty one.
pub fn has_below(path: &str) -> bool {
    path.is_empty() || FOLDERS.contains(&path)
}

/// The paths of all targets with a file of their own.
pub fn names() -> impl Iterator<Item = String> {
    TARGETS.iter().filter_map(|(name, _)| Some(name.strip_suffix(".kdl")?.replace('/', ".")))
}

/// Where a target stands among all.
fn place(path: &str) -> Option<usize> {
    TARGETS.binary_search_by(|(own, _)| own.bytes().cmp(file(path, ".kdl"))).ok()
}

/// A dotted path as a path of files, and what follows it. Asked for every name of a configuration,
/// so no text is made.
fn file(path: &str, end: &'static str) -> impl Iterator<Item = u8> {
    path.bytes().map(|byte| if byte == b'.' { b'/' } else { byte }).chain(end.bytes())
}

fn find(table: Table, name: &str) -> Option<&'static str> {
    let at = table.binary_search_by(|(own, _)| (*own).cmp(name)).ok()?;
    table.get(at).map(|(_, text)| *text)
}

/// A table that is no target, by its name below `templates/tables/`.
pub fn table(name: &str) -> Option<&'static str> {
    find(TEMPLATES, &format!("tables/{name}.kdl"))
}
