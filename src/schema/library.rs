//! The embedded targets and templates, by name. The file path is the option path.

include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// The text of a target's file: `programs.git` is `targets/programs/git.kdl`. Without the docs and
/// examples of its options, which only those who list them read.
pub fn target(path: &str) -> Option<&'static str> {
    find(LEAN, &format!("{}.kdl", path.replace('.', "/")))
}

/// The text of a target's file, whole.
pub fn documented(path: &str) -> Option<&'static str> {
    let file = format!("{}.kdl", path.replace('.', "/"));
    find(TARGETS, &file)
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
    let folder = format!("{}/", path.replace('.', "/"));
    let at = TARGETS.partition_point(|(name, _)| *name < folder.as_str());
    TARGETS.get(at).is_some_and(|(name, _)| name.starts_with(&folder))
}

/// The paths of all targets with a file of their own.
pub fn names() -> impl Iterator<Item = String> {
    TARGETS.iter().filter_map(|(name, _)| Some(name.strip_suffix(".kdl")?.replace('/', ".")))
}

fn find(table: &'static [(&'static str, &'static str)], name: &str) -> Option<&'static str> {
    let at = table.binary_search_by(|(own, _)| (*own).cmp(name)).ok()?;
    table.get(at).map(|(_, text)| *text)
}

/// A table that is no target, by its name below `templates/tables/`.
pub fn table(name: &str) -> Option<&'static str> {
    find(TEMPLATES, &format!("tables/{name}.kdl"))
}
