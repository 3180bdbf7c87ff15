//! Paths of the home, as people name them on the command line.

use camino::{Utf8Component, Utf8Path, Utf8PathBuf};

use super::{Stop, help, wrong};
use crate::apply::site::Site;
use crate::diag::nearest;
use crate::facts;
use crate::files::shown;

/// The paths that are meant; without any, all are.
#[derive(Debug, Default)]
pub struct Chosen {
    /// As they were said, and where below the home that may be.
    list: Vec<(String, Vec<String>)>,
}

impl Chosen {
    /// Reads paths: `~/x`, absolute, below the folder that hcc is called in, or below the home.
    pub fn of<'a>(said: impl IntoIterator<Item = &'a str>, site: &Site) -> Self {
        let folder = facts::current_folder();
        let list = said.into_iter().map(|said| {
            let path = Utf8Path::new(said);
            let mut places = Vec::new();
            if path.is_absolute() {
                places.extend(below(path, site));
            } else if let Some(rest) = said.strip_prefix("~/") {
                places.push(clean(Utf8Path::new(rest)));
            } else {
                let here = folder.as_ref().and_then(|folder| below(&folder.join(path), site));
                places.extend(here);
                places.push(clean(path));
            }
            (said.to_owned(), places)
        });
        Self { list: list.collect() }
    }

    /// Whether a path is meant: by its name, or by a folder that it is in.
    pub fn has(&self, path: &str) -> bool {
        self.list.is_empty()
            || self.list.iter().any(|(_, places)| places.iter().any(|place| is_in(path, place)))
    }

    /// Says which of them mean none of these paths.
    ///
    /// # Errors
    /// [`Stop::Usage`], said.
    pub fn known<'a>(&self, paths: impl Iterator<Item = &'a str> + Clone) -> Result<(), Stop> {
        let mut known = Ok(());
        for (said, places) in &self.list {
            if paths.clone().any(|path| places.iter().any(|place| is_in(path, place))) {
                continue;
            }
            known = Err(Stop::Usage);
            wrong(&format!("hcc manages nothing at `{}`", shown(said)));
            let near = places.last().and_then(|place| nearest(place, paths.clone()));
            match near {
                Some(near) => help(&format!("did you mean `{}`?", shown(&format!("~/{near}")))),
                None => help("`hcc compile` lists the paths, `~/` and all below it"),
            }
        }
        known
    }
}

/// Whether a path is a place, or below it. Both are relative to the same; nothing is all of it.
pub fn is_in(path: &str, place: &str) -> bool {
    place.is_empty()
        || path.strip_prefix(place).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// A path below the home, by the home's name or by what that name leads to.
fn below(path: &Utf8Path, site: &Site) -> Option<String> {
    let path = Utf8PathBuf::from(format!("/{}", clean(path)));
    let homes = [site.path.as_path(), site.home.path.as_path()];
    homes.into_iter().find_map(|home| path.strip_prefix(home).ok()).map(|rest| rest.to_string())
}

/// A path without `.` and `..`, which are taken as they are written, and without a slash around it.
fn clean(path: &Utf8Path) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.components() {
        match part {
            Utf8Component::Normal(name) => parts.push(name),
            Utf8Component::ParentDir => drop(parts.pop()),
            Utf8Component::CurDir | Utf8Component::RootDir | Utf8Component::Prefix(_) => {}
        }
    }
    parts.join("/")
}
