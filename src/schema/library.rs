//! The embedded targets and templates, by name. The file path is the option path.

/// Paths and texts, by the bytes of the paths.
type Table = &'static [(&'static str, &'static str)];

include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// The text of a target's file: `programs.git` is `targets/programs/git.kdl`. Without the docs and
/// examples of its options, which only those who list them read.
pub fn target(path: &str) -> Option<&'static str> {
    find_target(LEAN, path)
}

/// The text of a target's file, whole.
pub fn documented(path: &str) -> Option<&'static str> {
    find_target(TARGETS, path)
}

/// A template's text, by its path below `templates/`.
pub fn template(path: &str) -> Option<&'static str> {
    find(TEMPLATES, path)
}

/// Whether there are targets below this dotted path; everything is below the empty one.
pub fn has_below(path: &str) -> bool {
    if path.is_empty() {
        return true;
    }
    let at = TARGETS.partition_point(|(name, _)| name.bytes().lt(file(path, "/")));
    TARGETS.get(at).is_some_and(|(name, _)| {
        name.len() > path.len() && name.bytes().zip(file(path, "/")).all(|(a, b)| a == b)
    })
}

/// The paths of all targets with a file of their own.
pub fn names() -> impl Iterator<Item = String> {
    TARGETS.iter().filter_map(|(name, _)| Some(name.strip_suffix(".kdl")?.replace('/', ".")))
}

fn find_target(table: Table, path: &str) -> Option<&'static str> {
    let at = table.binary_search_by(|(own, _)| own.bytes().cmp(file(path, ".kdl"))).ok()?;
    table.get(at).map(|(_, text)| *text)
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
