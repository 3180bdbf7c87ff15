//! What follows the files: services, packages, preferences, actions. None of it undoes files.

use std::sync::Arc;
use std::time::Duration;

use super::action::{self, Files};
use super::change::Change;
use super::command::Environment;
use super::done::Done;
use super::manifest::{Entry, Kind, Manifest, Rest};
use super::package::{self, Ask, Rights};
use super::preference;
use super::service::launchd::Session;
use super::service::{self, Content, Skipped, UnitFile, UnitId};
use super::site::Site;
use super::state::{State, StateError};
use super::wanted::Wanted;
use crate::ir::{Cleanup, Unit};

/// The record of what was seen through to its end.
pub const SETTLED: &str = "settled.json";

/// The generation that was followed to its end.
#[derive(Debug, Default, serde::Serialize, serde::Deserialize)]
struct Settled {
    generation: u64,
    /// The one that services run as; an earlier one if some could not be brought up to date.
    services: u64,
    /// Its units.
    units: Vec<Unit>,
    /// What was said of units that are left alone, and of which.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    told: String,
}

impl Settled {
    /// The paths that changed since, if a later generation is in effect, which a kill kept from
    /// being followed.
    fn changed(&self, change: &Change, site: &Site) -> Option<Vec<String>> {
        if self.generation == change.record.index.generation {
            return None;
        }
        let entries = entries_of(site, self.generation);
        let same = |wanted: &&Wanted| {
            let found = entries.binary_search_by(|own| own.path.cmp(&wanted.entry.path));
            let own = found.ok().and_then(|at| entries.get(at));
            own.is_some_and(|own| own.puts_the_same(&wanted.entry))
        };
        let changed = change.wanted.iter().filter(|wanted| !same(wanted));
        Some(changed.map(|wanted| wanted.entry.path.clone()).collect())
    }
}

/// The entries of a generation; none of one that is gone.
fn entries_of(site: &Site, generation: u64) -> Vec<Arc<Entry>> {
    match generation {
        0 => Vec::new(),
        number => {
            super::manifest::read(&site.state, number).map(|own| own.entries).unwrap_or_default()
        }
    }
}

/// The generations that the next change is compared with.
///
/// # Errors
/// [`StateError`].
pub fn settled(state: &State) -> Result<Vec<u64>, StateError> {
    let settled = state.read::<Settled>(SETTLED)?;
    Ok(settled.map_or_else(Vec::new, |own| vec![own.generation, own.services]))
}

/// Notes that a generation asks for nothing more than the one before, so that what follows it is
/// what followed that.
///
/// # Errors
/// [`StateError`].
pub fn follow(state: &State, from: u64, to: u64) -> Result<(), StateError> {
    match state.read::<Settled>(SETTLED)? {
        Some(mut settled) if settled.generation == from => {
            settled.generation = to;
            state.write_late(SETTLED, &settled)
        }
        _ => Ok(()),
    }
}

/// Which of it is done.
#[derive(Clone, Copy, Debug)]
pub struct Scope {
    /// Whether packages are installed.
    pub packages: bool,
    /// When managers are asked what is there.
    pub ask: Ask,
    /// Whether actions are run.
    pub actions: bool,
    /// Whether anything is: not for a home that is built below a folder.
    pub anything: bool,
    /// What hcc is run as.
    pub rights: Rights,
    /// Who is logged in.
    pub session: Session,
}

/// What follows the files.
#[derive(Debug, Default, serde::Serialize)]
pub struct After {
    /// What is done with services, after the files.
    pub services: Vec<service::Step>,
    /// Managers that do not run.
    pub skipped: Vec<Skipped>,
    /// What is said of them, and whether it was said of the same units before.
    #[serde(skip)]
    pub told: (String, bool),
    /// What is installed and taken away.
    pub packages: package::Plan,
    /// What is written into the preferences of macOS.
    pub preferences: preference::Plan,
    /// What is run last.
    pub actions: action::Plan,
}

impl After {
    /// Whether nothing follows.
    pub fn is_empty(&self) -> bool {
        self.services.is_empty()
            && self.packages.is_empty()
            && self.preferences.is_empty()
            && self.actions.steps.is_empty()
    }

    /// Plans what follows a change. It asks managers, and changes nothing.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn plan(
        change: &Change,
        site: &Site,
        scope: Scope,
        environment: &Environment,
    ) -> Result<Self, StateError> {
        let mut after = Self::default();
        if !scope.anything {
            return Ok(after);
        }
        let (state, rest) = (&site.state, &change.manifest.rest);
        let settled: Settled = state.read(SETTLED)?.unwrap_or_default();
        after.services(change, &settled, site, scope, environment);
        if scope.packages {
            after.packages = package::prepare(
                &rest.packages,
                rest.policy.cleanup,
                scope.ask,
                scope.rights,
                state,
                environment,
            )?;
        }
        after.preferences = preference::prepare(&rest.preferences, state, environment)?;
        if scope.actions {
            let mut paths = change.changed();
            let missed = settled.changed(change, site);
            let generation = !change.is_still() || missed.is_some();
            paths.extend(missed.unwrap_or_default());
            let changes = action::Changes { generation, paths: &paths };
            after.actions = action::prepare(&rest.actions, changes, state)?;
        }
        Ok(after)
    }

    fn services(
        &mut self,
        change: &Change,
        settled: &Settled,
        site: &Site,
        scope: Scope,
        environment: &Environment,
    ) {
        let index = &change.record.index;
        let units = &change.manifest.rest.units;
        let is_unit = |entry: &Entry, units: &[Unit]| UnitId::of(&entry.path, units).is_some();
        let earlier;
        let old: Vec<&Entry> = match settled.services == index.generation {
            false => {
                earlier = entries_of(site, settled.services);
                earlier.iter().map(|entry| &**entry).collect()
            }
            true => index.records.iter().map(|record| &*record.entry).collect(),
        };
        let old: Vec<&Entry> =
            old.into_iter().filter(|entry| is_unit(entry, &settled.units)).collect();
        let new: Vec<&Wanted> =
            change.wanted.iter().filter(|wanted| is_unit(&wanted.entry, units)).collect();
        let same = old.len() == new.len()
            && old
                .iter()
                .zip(&new)
                .all(|(old, new)| old.path == new.entry.path && old.puts_the_same(&new.entry));
        if same {
            return;
        }
        let folder = format!("generations/{}/home", settled.services);
        let read = |entry: &Entry| match &entry.kind {
            Kind::Plain(to) => Some(Content::Link(to.clone())),
            Kind::Live(from) => crate::files::read(from.as_str().into()).ok().map(Content::File),
            _ => {
                let path = site.state.join(&folder).join(&entry.path);
                std::fs::read(path).ok().map(Content::File)
            }
        };
        let old: Vec<UnitFile> =
            old.iter().filter_map(|entry| unit(entry, read(entry)?, &settled.units)).collect();
        let new: Vec<UnitFile> = new
            .iter()
            .filter_map(|wanted| {
                let content = match &wanted.entry.kind {
                    Kind::Plain(to) => Content::Link(to.clone()),
                    Kind::Live(from) => {
                        Content::File(crate::files::read(from.as_str().into()).ok()?)
                    }
                    _ => Content::File(wanted.read().ok()?.into_owned()),
                };
                unit(&wanted.entry, content, units)
            })
            .collect();
        let found = service::look(&old, &new, scope.session, environment);
        self.services = service::plan(&old, &new, &found);
        self.skipped = found.skipped;
        if !self.skipped.is_empty() {
            let said: Vec<String> = self.skipped.iter().map(ToString::to_string).collect();
            let text = format!("{said:?} {new:?}");
            let told = blake3::hash(text.as_bytes()).to_hex().to_string();
            self.told = (told.clone(), told == settled.told);
        }
    }

    /// Does it, and says what came of each step.
    pub fn run(
        self,
        rest: &Rest,
        generation: u64,
        files: Files,
        site: &Site,
        environment: &Environment,
        talk: &mut dyn FnMut(&str),
    ) -> Vec<Done> {
        let state = &site.state;
        let mut done = preference::run(self.preferences, state, environment, talk);
        let mut all: Vec<Done> = Vec::new();
        let failed = {
            let mut report = |event: service::Event<'_>| match event {
                service::Event::Begun(step) => talk(&step.to_string()),
                service::Event::Done(step) => all.push(Done::ok(step.to_string())),
                service::Event::Failed(failure) => {
                    all.push(Done::failed(failure.step.to_string(), failure.reason.clone()));
                }
            };
            !service::run(&self.services, TIMEOUT, environment, &mut report).is_empty()
        };
        done.append(&mut all);
        done.extend(package::run(self.packages, state, environment, talk));
        let user = Some(rest.user.as_str()).filter(|user| !user.is_empty());
        let own = action::environment(environment, generation, &rest.host, user);
        done.extend(action::run(&self.actions, files, state, &own, talk));
        let mut settled: Settled = state.read(SETTLED).ok().flatten().unwrap_or_default();
        settled.generation = generation;
        settled.told = self.told.0;
        // What a manager was not told, it is told the next time.
        if self.skipped.is_empty() && !failed {
            settled.services = generation;
            settled.units = rest.units.clone();
        }
        // After a power cut what followed may follow once more.
        if let Err(error) = state.write_late(SETTLED, &settled) {
            done.push(Done::failed("remember which services are up to date", error.to_string()));
        }
        done
    }
}

/// How long a unit may take to start or stop.
const TIMEOUT: Duration = service::TIMEOUT;

fn unit(entry: &Entry, content: Content, units: &[Unit]) -> Option<UnitFile> {
    let id = UnitId::of(&entry.path, units)?;
    Some(UnitFile { id, path: entry.path.clone().into(), content })
}

/// The rest of a generation that asks for nothing, with the clean-up of another.
pub fn nothing(manifest: &Manifest) -> Rest {
    let Rest { host, user, policy, .. } = manifest.rest.clone();
    let cleanup = Cleanup::None;
    Rest { host, user, policy: crate::ir::Policy { cleanup, ..policy }, ..Rest::default() }
}
