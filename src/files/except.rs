//! What of a folder is not taken: names, paths and globs, as `.gitignore` has them.

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

/// Patterns, ready to be asked.
///
/// One without a slash is a name, at any depth; one with a slash is a path from the folder on, and
/// a slash at its beginning makes a name such a path. What is in a folder that is meant is meant
/// too.
#[derive(Clone, Debug, Default)]
pub struct Except {
    names: Vec<String>,
    paths: Vec<String>,
    name_globs: GlobSet,
    path_globs: GlobSet,
}

impl Except {
    /// Reads patterns.
    ///
    /// # Errors
    /// The first that is no glob, and why.
    pub fn new<'a>(patterns: impl IntoIterator<Item = &'a str>) -> Result<Self, (String, String)> {
        let mut own = Self::default();
        let (mut names, mut paths) = (GlobSetBuilder::new(), GlobSetBuilder::new());
        for said in patterns {
            let pattern = said.strip_suffix('/').unwrap_or(said);
            let is_path = pattern.contains('/');
            let pattern = pattern.strip_prefix('/').unwrap_or(pattern);
            if !pattern.contains(['*', '?', '[', ']', '{', '}', '\\']) {
                if is_path { &mut own.paths } else { &mut own.names }.push(pattern.to_owned());
                continue;
            }
            let glob = GlobBuilder::new(pattern).literal_separator(true).build();
            let glob = glob.map_err(|error| (said.to_owned(), error.kind().to_string()))?;
            if is_path { &mut paths } else { &mut names }.add(glob);
        }
        let too_large = |error: globset::Error| (String::new(), error.kind().to_string());
        own.name_globs = names.build().map_err(too_large)?;
        own.path_globs = paths.build().map_err(too_large)?;
        Ok(own)
    }

    /// Whether a path from the folder on is meant; what is above it was asked before.
    pub fn has(&self, path: &str) -> bool {
        let name = path.rsplit('/').next().unwrap_or(path);
        self.names.iter().any(|own| own == name)
            || self.paths.iter().any(|own| own == path)
            || (!self.name_globs.is_empty() && self.name_globs.is_match(name))
            || (!self.path_globs.is_empty() && self.path_globs.is_match(path))
    }

    /// Whether nothing is meant.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
            && self.paths.is_empty()
            && self.name_globs.is_empty()
            && self.path_globs.is_empty()
    }
}
