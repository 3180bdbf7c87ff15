//! Places of the home as people name them, and what is in them.

use std::collections::BTreeSet;

use camino::{Utf8Component, Utf8Path, Utf8PathBuf};

use crate::cli::{Stop, help, wrong};
use crate::diag::nearest;
use crate::facts;
use crate::files::shown;
use crate::import::home::table::is_in;
use crate::import::home::walk::Look;
use crate::import::home::{Gathered, Known, Rules, Secrets, Skipped, Why, gather};
use crate::import::report::Left;

/// How secrets are taken after all.
pub const ALLOW: &str = "`--allow-secrets` takes it all the same";

/// What a secret among the places that were named means for the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Secret {
    /// It stays, and they are taken.
    Stays,
    /// Nothing is taken.
    Stops,
}

/// A home, and what of it is configuration.
#[derive(Debug)]
pub struct Places {
    /// The home.
    pub home: Utf8PathBuf,
    /// The folder that the copies go to, below the home if it is there.
    pub out: Option<String>,
    /// hcc's own folder, below the home if it is there.
    pub state: Option<String>,
    /// What is configuration.
    pub rules: Rules,
    /// What is a secret; none if they are taken too.
    pub secrets: Option<Secrets>,
}

impl Places {
    /// Of a home, for copies in a folder.
    pub fn new(home: &Utf8Path, out: &Utf8Path, state: &Utf8Path, allow_secrets: bool) -> Self {
        let mut places = Self {
            home: home.to_owned(),
            out: None,
            state: None,
            rules: Rules::new(),
            secrets: (!allow_secrets).then(Secrets::new),
        };
        places.out = places.below(&absolute(out));
        places.state = places.below(state);
        places
    }

    /// What is there of the places that hcc knows.
    pub fn known(&self) -> Vec<Gathered> {
        let there = |own: &&Known| self.home.join(&own.path).symlink_metadata().is_ok();
        let mut known: Vec<&Known> = self.rules.known.iter().filter(there).collect();
        known.sort_by_key(|own| (&own.program, &own.path));
        let mut found: Vec<Gathered> =
            known.into_iter().map(|own| self.gather(&own.path, false)).collect();
        // Places of secrets are none that are looked for, and yet one wants to know.
        let said =
            |path: &str| found.iter().flat_map(|own| &own.skipped).any(|own| own.path == path);
        let secrets = self.secrets.iter().flat_map(|own| own.standing(&self.home));
        let there: Vec<Skipped> = secrets
            .filter(|own| !said(&own.path))
            .map(|own| Skipped { path: own.path, kind: Why::Secret, why: own.what })
            .collect();
        if !there.is_empty() {
            found.push(Gathered { skipped: there, ..Gathered::default() });
        }
        self.add_named(&mut found);
        found
    }

    /// Adds, as what stays, the files of the home that taken ones name.
    fn add_named(&self, found: &mut Vec<Gathered>) {
        let mut seen: BTreeSet<String> = BTreeSet::new();
        for own in found.iter() {
            seen.extend(own.copies.iter().map(|copy| copy.path.clone()));
            seen.extend(own.skipped.iter().map(|skipped| skipped.path.clone()));
        }
        let mut named: Vec<Skipped> = Vec::new();
        for copy in found.iter().flat_map(|own| &own.copies) {
            let Ok(text) = std::str::from_utf8(&copy.bytes) else { continue };
            let program = self.rules.program(&copy.path).unwrap_or_default();
            let paths =
                self.rules.refers(program).flat_map(|own| own.named(text, &copy.path, &self.home));
            for path in paths.filter(|path| self.is_free(path)) {
                if !seen.insert(path.clone()) {
                    continue;
                }
                let gathered = self.gather(&path, true);
                let why = format!("also read by {}", shown(&format!("~/{}", copy.path)));
                let skipped = Skipped { path, kind: Why::Named, why };
                named.push(gathered.skipped.into_iter().next().unwrap_or(skipped));
            }
        }
        if !named.is_empty() {
            found.push(Gathered { skipped: named, ..Gathered::default() });
        }
    }

    /// Whether there is a file of the home's own at a path: in no repository, and not hcc's.
    fn is_free(&self, path: &str) -> bool {
        let in_repository = Utf8Path::new(path).ancestors().skip(1).any(|folder| {
            !folder.as_str().is_empty() && self.home.join(folder).join(".git").exists()
        });
        let own = |place: &Option<String>| place.as_ref().is_some_and(|own| is_in(path, own));
        let file = self.home.join(path).symlink_metadata().is_ok_and(|own| own.is_file());
        file && !in_repository && !own(&self.out) && !own(&self.state)
    }

    fn gather(&self, path: &str, named: bool) -> Gathered {
        let look =
            Look { home: &self.home, rules: &self.rules, secrets: self.secrets.as_ref(), named };
        let mut found = gather(look, path);
        let managed = self.state.as_ref().map(|state| self.home.join(state).join("current"));
        let managed = managed.map(|at| format!("a link to {at}/"));
        for skipped in found.skipped.iter_mut().filter(|own| own.kind == Why::Link) {
            if managed.as_ref().is_some_and(|at| skipped.why.starts_with(at.as_str())) {
                "hcc manages it already".clone_into(&mut skipped.why);
            }
        }
        found
    }

    /// What stands at the places that were named: each of them has something to take, or is a secret
    /// beside others that are none and `secrets` lets that be said later.
    ///
    /// # Errors
    /// All that is wrong with them, said: [`Stop::Decide`] where only a flag is missing.
    pub fn named(&self, said: &[String], secrets: Secret) -> Result<Vec<Gathered>, Stop> {
        let mut list: Vec<Gathered> = Vec::new();
        let mut stops: Option<Stop> = None;
        let mut kept: Vec<(&str, Gathered)> = Vec::new();
        let mut refuse = |stop: Stop, message: String, advice: Option<String>| {
            wrong(&message);
            advice.iter().for_each(|advice| help(advice));
            stops =
                Some(stops.map_or(stop, |own: Stop| if own == Stop::Decide { stop } else { own }));
        };
        for said in said {
            let Some(path) = self.find(said) else {
                let message =
                    format!("`{}` is not below the home {}", shown(said), shown(&self.home));
                refuse(Stop::Usage, message, None);
                continue;
            };
            if self.rules.is_shared(&path) {
                let message = format!("`{}` holds the files of many programs", shown(said));
                refuse(
                    Stop::Usage,
                    message,
                    Some(format!("name those that you mean, as `{}`", self.example(&path))),
                );
                continue;
            }
            let own = |place: &Option<String>| {
                place.as_ref().is_some_and(|own| is_in(&path, own) || is_in(own, &path))
            };
            if own(&self.out) || own(&self.state) {
                refuse(
                    Stop::Usage,
                    format!("`{}` is, or holds, a folder of hcc's own", shown(said)),
                    None,
                );
                continue;
            }
            let found = self.gather(&path, true);
            if found.copies.is_empty() {
                let secret = found.skipped.first().is_some_and(|own| own.kind == Why::Secret);
                match secret && secrets == Secret::Stays {
                    true => kept.push((said, found)),
                    false => self.nothing(said, &found, &mut refuse),
                }
                continue;
            }
            list.retain(|own| !is_in(&own.path, &path));
            if !list.iter().any(|own| is_in(&path, &own.path)) {
                list.push(found);
            }
        }
        if list.is_empty() {
            kept.iter().for_each(|(said, found)| self.nothing(said, found, &mut refuse));
        }
        if let Some(stop) = stops {
            return Err(stop);
        }
        list.extend(kept.into_iter().map(|(_, found)| found));
        self.add_named(&mut list);
        Ok(list)
    }

    fn nothing(
        &self,
        said: &str,
        found: &Gathered,
        refuse: &mut impl FnMut(Stop, String, Option<String>),
    ) {
        let Some(Skipped { path, kind, why }) = found.skipped.first() else {
            return refuse(Stop::Errors, format!("`{}` holds no file to take", shown(said)), None);
        };
        let at = format!("~/{path}");
        let at = shown(&at);
        match kind {
            Why::Missing => {
                let near = self
                    .near(path)
                    .map(|near| format!("did you mean `{}`?", shown(&format!("~/{near}"))));
                refuse(Stop::Errors, format!("there is nothing at `{at}`"), near);
            }
            Why::Secret => {
                refuse(
                    Stop::Decide,
                    format!("`{at}` is left where it is: {why}"),
                    Some(ALLOW.to_owned()),
                );
            }
            Why::Link => {
                let help = (why != "hcc manages it already").then(|| {
                    "name what it leads to, or `hcc import stow` for a repository of links"
                        .to_owned()
                });
                refuse(Stop::Errors, format!("`{at}`: {why}"), help);
            }
            Why::Size | Why::Repository | Why::Unable | Why::Named => {
                refuse(Stop::Errors, format!("`{at}`: {why}"), None);
            }
        }
    }

    /// A name beside a path that is nearly its own.
    fn near(&self, path: &str) -> Option<String> {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let entries = self.home.join(folder).read_dir_utf8().ok()?;
        let names: Vec<String> =
            entries.flatten().map(|entry| entry.file_name().to_owned()).collect();
        let near = nearest(name, names.iter().map(String::as_str))?;
        Some(Utf8Path::new(folder).join(near).into_string())
    }

    fn example(&self, folder: &str) -> String {
        let inner = self.rules.known.iter().find(|own| {
            is_in(&own.path, folder) && self.home.join(&own.path).symlink_metadata().is_ok()
        });
        inner.map_or_else(|| "~/.config/NAME".to_owned(), |own| format!("~/{}", own.path))
    }

    /// Where a path is that was said, below the home: `~/x`, absolute, below the folder that hcc is
    /// called in, or below the home.
    fn find(&self, said: &str) -> Option<String> {
        if let Some(rest) = said.strip_prefix("~/") {
            return Some(clean(Utf8Path::new(rest)));
        }
        if said == "~" {
            return Some(String::new());
        }
        let here = self.below(&absolute(Utf8Path::new(said)));
        let there = |path: &String| self.home.join(path).symlink_metadata().is_ok();
        match here {
            Some(path) if there(&path) || said.starts_with('/') => Some(path),
            here if !said.starts_with('/') && !said.starts_with("../") => {
                let path = clean(Utf8Path::new(said));
                if there(&path) { Some(path) } else { here.or(Some(path)) }
            }
            here => here,
        }
    }

    fn below(&self, path: &Utf8Path) -> Option<String> {
        let path = Utf8PathBuf::from(format!("/{}", clean(path)));
        let real = self.home.canonicalize_utf8().unwrap_or_else(|_| self.home.clone());
        let homes = [self.home.as_path(), real.as_path()];
        homes.into_iter().find_map(|home| path.strip_prefix(home).ok()).map(|rest| rest.to_string())
    }
}

/// What was not taken, for a report.
pub fn left<'a>(found: impl IntoIterator<Item = &'a Gathered>) -> Vec<Left> {
    let skipped = found.into_iter().flat_map(|own| &own.skipped);
    skipped.map(|own| own.left(ALLOW)).collect()
}

fn absolute(path: &Utf8Path) -> Utf8PathBuf {
    match facts::current_folder() {
        Some(folder) => folder.join(path),
        None => path.to_owned(),
    }
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
