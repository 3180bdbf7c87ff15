//! Sources of `live` links that are not as the last commit has them. Where the configuration is in
//! no git repository, or where there is no git, there is nothing to say.

use std::collections::BTreeMap;

use camino::Utf8Path;

use super::command::{self, Command, Environment};
use super::manifest::{Kind, Manifest};

/// A file of the configuration that differs from the last commit.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Dirty {
    /// The file, absolute.
    pub source: String,
    /// The managed path that leads to it, or to a folder that it is in.
    pub path: String,
    /// Whether git does not know it at all.
    pub untracked: bool,
}

/// A command line is only so long.
const AT_ONCE: usize = 500;

/// Asks git about every source of a `live` link.
pub fn of(manifest: &Manifest, environment: &Environment) -> Vec<Dirty> {
    let mut sources: BTreeMap<&str, &str> = BTreeMap::new();
    for entry in &manifest.entries {
        if let Kind::Live(to) = &entry.kind {
            sources.insert(to, &entry.path);
        }
    }
    let file = Utf8Path::new(&manifest.config);
    // Earlier ones name the folder.
    let config = match crate::files::kind(file) {
        Ok(crate::files::FileKind::Dir) => file,
        _ => file.parent().unwrap_or(file),
    };
    if sources.is_empty() || !config.is_absolute() {
        return Vec::new();
    }
    let Some(top) = ask(config, &["rev-parse", "--show-toplevel"], environment) else {
        return Vec::new();
    };
    let top = Utf8Path::new(top.trim_end_matches('\n'));
    // git refuses to be asked about what is outside.
    let inside: Vec<&str> =
        sources.keys().copied().filter(|source| Utf8Path::new(source).starts_with(top)).collect();
    let mut dirty = Vec::new();
    for some in inside.chunks(AT_ONCE) {
        let mut words = vec!["status", "--porcelain=v1", "-z", "--untracked-files=all", "--"];
        words.extend(some);
        let Some(answer) = ask(config, &words, environment) else { return Vec::new() };
        dirty.extend(parse(&answer).into_iter().filter_map(|(path, untracked)| {
            let source = top.join(path);
            let path = source.ancestors().find_map(|above| sources.get(above.as_str()))?;
            Some(Dirty { path: (*path).to_owned(), source: source.into_string(), untracked })
        }));
    }
    dirty
}

/// Whether a file is in git as it stands, so that it can be had back.
pub fn is_committed(path: &Utf8Path, environment: &Environment) -> bool {
    let Ok(path) = path.canonicalize_utf8() else { return false };
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else { return false };
    let known = ask(folder, &["ls-files", "--error-unmatch", "--", name], environment);
    let differs = ask(folder, &["status", "--porcelain=v1", "-z", "--", name], environment);
    known.is_some() && differs.is_some_and(|answer| answer.is_empty())
}

/// What git prints; none if it cannot say. It writes nothing: not even its index is refreshed.
fn ask(folder: &Utf8Path, words: &[&str], environment: &Environment) -> Option<String> {
    let own = ["git", "--no-optional-locks", "--literal-pathspecs", "-C", folder.as_str()];
    let command = Command::new(own.into_iter().chain(words.iter().copied()));
    let outcome = command::run(&command, environment).ok()?;
    outcome.ok().then_some(outcome.stdout)
}

/// The paths of `git status --porcelain=v1 -z`, and whether each is unknown to git: two letters, a
/// blank, the path, NUL; behind a renamed one comes what it was called before.
fn parse(answer: &str) -> Vec<(&str, bool)> {
    let mut fields = answer.split('\0');
    let mut found = Vec::new();
    while let Some(field) = fields.next() {
        let Some((letters, path)) = field.split_at_checked(3) else { continue };
        if letters.contains(['R', 'C']) {
            let _before = fields.next();
        }
        found.push((path, letters.starts_with("??")));
    }
    found
}
