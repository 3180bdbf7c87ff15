//! What of the edits in a home can be brought back to the configuration, and bringing it there.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};

use super::case::{Case, Taken, Way};
use crate::apply::absorb;
use crate::apply::after;
use crate::apply::change::{self, Change};
use crate::apply::command::Environment;
use crate::apply::dirty;
use crate::apply::join::Side;
use crate::apply::ledger;
use crate::apply::manifest::{self, Manifest};
use crate::apply::plan::{Absorbed, Policy};
use crate::apply::prepare;
use crate::apply::site::Site;
use crate::apply::status::{self, Drift};
use crate::apply::switch::Report;
use crate::apply::wanted::{self, Wanted};
use crate::cli::here::Applied;
use crate::cli::home::{broken, damaged, failed};
use crate::cli::{Global, Stop, Who};
use crate::diag::SourceId;
use crate::files::shown;
use crate::ir::{self, Stamp};
use crate::syntax::import::Texts;

/// What can be absorbed, and what cannot.
#[derive(Default)]
pub struct Work {
    /// Paths whose edits the configuration holds once `sources` and `texts` are written.
    pub paths: BTreeMap<String, Absorbed>,
    /// All managed paths that were edited through their links, chosen or not: what the generation
    /// in effect holds for them is not what it was made of.
    pub worn: BTreeSet<String>,
    /// Sources and the bytes they get, with the path that they come from.
    pub sources: Vec<(Utf8PathBuf, Vec<u8>, String)>,
    /// KDL files by the path as they are read, and what they become.
    pub texts: Texts,
    /// What the files that are written held when they were read.
    read: BTreeMap<String, Vec<u8>>,
    /// Paths that stay as they are, and why.
    pub refused: Vec<(String, Vec<String>)>,
    /// Chosen paths that are as hcc left them.
    pub clean: Vec<String>,
    /// The configuration with those texts; none if they are as they were.
    applied: Option<Applied>,
}

/// Finds out what can be absorbed of the paths that are chosen. Nothing is written.
///
/// # Errors
/// [`Stop`], said.
pub fn find(
    global: &Global,
    who: &Who,
    applied: &Applied,
    site: &mut Site,
    prefer: Option<Side>,
    chosen: impl Fn(&manifest::Entry) -> bool,
) -> Result<Work, Stop> {
    let record = site.record().map_err(damaged)?;
    let old = generation(site)?;
    let paths = wanted::of_generation(&old, &site.state);
    let sights = prepare::look(site, &record, &paths).map_err(|(path, error)| {
        failed(&format!("{}: {}", shown(&path), crate::files::reason(&error)))
    })?;
    let site = &*site;
    let root = &applied.root;
    let mut work = Work::default();
    for sight in &sights {
        if let Some(drifted) = status::drifted(sight)
            && drifted.kind == Drift::Through
        {
            work.worn.extend(sight.wanted.map(|wanted| wanted.entry.path.clone()));
        }
        let Some(entry) = sight.wanted.map(|wanted| &wanted.entry).filter(|entry| chosen(entry))
        else {
            continue;
        };
        let Some(drifted) = status::drifted(sight) else {
            work.clean.push(entry.path.clone());
            continue;
        };
        let current = work.applied.as_ref().unwrap_or(applied);
        let case = Case {
            global,
            who,
            applied: current,
            first: applied,
            site,
            record: &record,
            sight,
            root,
            prefer,
        };
        let path = entry.path.clone();
        match case.way(drifted.kind, &work.texts) {
            Ok(taken) => {
                let through = drifted.kind == Drift::Through;
                let seen = sight.found.stamp().copied().filter(|_| !through);
                work.take(path, taken, seen);
            }
            Err(why) => work.refused.push((path, why)),
        }
    }
    let sources = &applied.session.program.sources;
    for (at, name) in sources.names().enumerate().filter(|(_, name)| work.texts.contains_key(*name))
    {
        let id = SourceId(u32::try_from(at).unwrap_or(u32::MAX));
        work.read.insert(name.to_owned(), sources.text(id).as_bytes().to_vec());
    }
    Ok(work)
}

/// The generation in effect, read whole.
fn generation(site: &Site) -> Result<Manifest, Stop> {
    let (number, _) = site.current().map_err(damaged)?;
    match number {
        0 => Ok(Manifest::default()),
        number => manifest::read(&site.state, number).map_err(damaged),
    }
}

impl Work {
    /// Notes what is done with a path, which looks as it was `seen`.
    fn take(&mut self, path: String, taken: Taken, seen: Option<Stamp>) {
        match taken.way {
            Way::Nothing => {}
            Way::Source { source, read, bytes } => {
                let others = |(own, other, _): &(_, _, _)| *own == source && *other != bytes;
                if self.sources.iter().any(others) {
                    let why = format!(
                        "{source} is the source of another path that was edited otherwise; absorb one, and bring the other over by hand"
                    );
                    return self.refused.push((path, vec![why]));
                }
                self.read.insert(source.to_string(), read);
                self.sources.push((source, bytes, path.clone()));
            }
            Way::Texts(texts, applied) => {
                self.texts = texts;
                self.applied = Some(*applied);
            }
        }
        match taken.both.is_empty() {
            true => drop(self.paths.insert(path, Absorbed { seen, saves: taken.is_part })),
            false => self.refused.push((path, taken.both)),
        }
    }

    /// Whether nothing is done.
    pub fn is_empty(&self) -> bool {
        self.paths.is_empty() && self.sources.is_empty() && self.texts.is_empty()
    }

    /// The files that are written, with what they hold and what they will.
    pub fn writes(&self) -> Vec<(Utf8PathBuf, Vec<u8>, Vec<u8>)> {
        let before = |path: &Utf8Path| crate::files::read(path).unwrap_or_default();
        let sources =
            self.sources.iter().map(|(path, bytes, _)| (path.clone(), before(path), bytes.clone()));
        let texts = self.texts.iter().map(|(path, text)| {
            let path = Utf8PathBuf::from(path);
            let old = before(&path);
            (path, old, text.clone().into_bytes())
        });
        sources.chain(texts).collect()
    }

    /// Writes the configuration. What git has not is saved in hcc's folder first; returned are the
    /// files and where their old text is.
    ///
    /// # Errors
    /// [`Stop::Failed`], said.
    pub fn write(
        &self,
        site: &Site,
        environment: &Environment,
    ) -> Result<Vec<(Utf8PathBuf, Option<String>)>, Stop> {
        let mut done = Vec::new();
        for (path, old, new) in self.writes() {
            if self.read.get(path.as_str()).is_some_and(|read| *read != old) {
                return Err(failed(&format!(
                    "{} changed while it was read; run hcc again",
                    shown(&path)
                )));
            }
            let at = match dirty::is_committed(&path, environment) {
                true => None,
                false => Some(save(site, &path, &old)?),
            };
            absorb::write_source(&path, &new).map_err(|error| {
                failed(&format!("{}: {}", shown(&path), crate::files::reason(&error)))
            })?;
            done.push((path, at));
        }
        Ok(done)
    }

    /// What was edited through a link becomes a real file, and what was written over comes back in
    /// hcc's folder: before the configuration changes, since it is what holds that. Where it says
    /// something else by now, that is what comes.
    ///
    /// # Errors
    /// [`Stop::Failed`], said.
    pub fn detach(&self, applied: &Applied, site: &mut Site) -> Result<(), Stop> {
        if self.worn.is_empty() {
            return Ok(());
        }
        let same = |old: &Wanted, new: &Wanted| {
            old.entry.kind == new.entry.kind || self.worn.contains(&old.entry.path)
        };
        switch(applied, site, &BTreeMap::new(), "absorb", &same).map(drop)
    }

    /// Brings back the links.
    ///
    /// # Errors
    /// [`Stop::Failed`], said.
    pub fn attach(&self, applied: &Applied, site: &mut Site) -> Result<Report, Stop> {
        let ours = |_: &Wanted, new: &Wanted| self.paths.contains_key(&new.entry.path);
        switch(applied, site, &self.paths, "absorb", &ours)
    }
}

/// A switch to the generation in effect, but for some paths, which become what the configuration
/// says.
fn switch(
    applied: &Applied,
    site: &mut Site,
    absorbed: &BTreeMap<String, Absorbed>,
    by: &str,
    taken: &dyn Fn(&Wanted, &Wanted) -> bool,
) -> Result<Report, Stop> {
    let looked = change::now();
    let record = site.record().map_err(damaged)?;
    let old = generation(site)?;
    let new = wanted::of(&applied.user.document, &applied.root, &record.index)
        .map_err(|error| failed(&error.to_string()))?;
    let mut wanted = wanted::of_generation(&old, &site.state);
    for one in &mut wanted {
        let found = new.binary_search_by(|own| own.entry.path.cmp(&one.entry.path));
        if let Some(own) = found.ok().and_then(|at| new.get(at)).filter(|own| taken(one, own)) {
            *one = own.clone();
        }
    }
    let manifest = change::manifest(by.to_owned(), old.config, old.rest);
    let policy =
        Policy { drift: Some(ir::Drift::Keep), absorbed: absorbed.clone(), ..Policy::default() };
    let change = Change::plan(site, record, wanted, manifest, &policy, looked)
        .map_err(|error| broken(&error))?;
    let report = change.run(site).map_err(|error| broken(&error))?;
    // The programs know what stands there: they, or the user, wrote it.
    after::follow(&site.state, old.number, report.generation).map_err(damaged)?;
    Ok(report)
}

/// Keeps the text of a file of the configuration.
fn save(site: &Site, path: &Utf8Path, bytes: &[u8]) -> Result<String, Stop> {
    let mut own = site.ledger().map_err(damaged)?;
    let store = site.store().map_err(damaged)?;
    let mut name = own.refuge(path.as_str());
    // A run that was killed may have left one that the ledger does not know.
    while matches!(store.look(&name), Ok(Some(_))) {
        name = own.refuge(path.as_str());
    }
    let kept = (|| {
        if store.look(ledger::SAVED)?.is_none() {
            store.make_folder(ledger::SAVED, true)?;
        }
        store.create(&name, bytes, 0o600, true)
    })();
    kept.map_err(|error| {
        failed(&format!("{}: {}", shown(&site.state.join(&name)), crate::files::reason(&error)))
    })?;
    own.saved.insert(name.clone(), path.to_string());
    site.state.write(ledger::FILE, &own).map_err(damaged)?;
    Ok(site.state.join(&name).into_string())
}
