//! Files that are nobody's of hcc's and win over one that is.

use std::fmt;

use super::manifest::Entry;
use super::site::Site;
use crate::files::shown;

/// A managed file that another one wins over.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Shadow {
    /// The managed path, relative to the home.
    pub path: String,
    /// What stands there and wins, relative to the home.
    pub by: String,
}

impl fmt::Display for Shadow {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "{} is there, and wins over {}", shown(&self.by), shown(&self.path))
    }
}

/// Those among the entries of a generation, which are sorted by their path.
pub fn of<'a>(
    entries: impl Iterator<Item = &'a Entry> + Clone,
    is_managed: impl Fn(&str) -> bool,
    site: &Site,
) -> Vec<Shadow> {
    let pairs = entries.flat_map(|entry| entry.shadowed_by.iter().map(move |by| (entry, by)));
    let stands = |path: &str| matches!(site.home.look(path), Ok(Some(_)));
    pairs
        .filter(|(_, by)| !is_managed(by) && stands(by))
        .map(|(entry, by)| Shadow { path: entry.path.clone(), by: by.clone() })
        .collect()
}
