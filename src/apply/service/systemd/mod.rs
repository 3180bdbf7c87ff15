//! systemd, the user's and the machine's: what a changed unit file asks for.
//!
//! A unit that runs and whose definition changed is stopped with the old definition and started
//! with the new one, unless it says otherwise in `[Unit]`:
//!
//! - `X-SwitchMethod=` `reload`, `restart`, `stop-start` or `keep-old`; older names of these are
//!   `X-ReloadIfChanged=true`, `X-StopIfChanged=false`, `X-RestartIfChanged=false`;
//! - `X-Reload-Triggers=`, whose change alone reloads it; any other `X-` key's change restarts it;
//! - `RefuseManualStart=`, `RefuseManualStop=`.
//!
//! These are the keys of NixOS and Home Manager, so that units can be taken over as they are.

mod ini;
mod manager;
mod order;
mod unit;

use std::collections::{BTreeMap, BTreeSet};

use camino::Utf8Path;

pub(super) use manager::{look, run};
use unit::{Definition, Definitions, Difference, is_template, kind};

use super::{Action, Manager, Step, UnitFile};
use crate::ir;

/// The folder beside the units' whose files are the environment of all of them: environment.d(5).
const ENVIRONMENT: &str = "environment.d/";

/// What systemd says of a unit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// Whether it runs.
    pub active: Active,
    /// Whether a start was ever asked for since the manager runs.
    pub tried: bool,
    /// Whether its file changed since the manager read it.
    pub outdated: bool,
    /// Whether it can reload its configuration.
    pub can_reload: bool,
    /// `RefuseManualStop=`.
    pub refuses_stop: bool,
    /// Units that stop when it stops: those that require it, are bound to it or part of it.
    pub dependents: Vec<String>,
    /// Units that it starts: a socket's service.
    pub triggers: Vec<String>,
}

/// Whether a unit runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Active {
    /// It does, or it is about to.
    Up,
    /// It does not.
    #[default]
    Down,
    /// It does not because it failed.
    Failed,
}

/// The part of a path below systemd's folder of units, or `environment.d/NAME.conf` for a file of
/// the environment of all units; and whose.
pub(super) fn part<'p>(path: &'p str, units: &[ir::Unit]) -> Option<(Manager, &'p str)> {
    if let Some(name) = path.strip_prefix("/etc/systemd/system/") {
        return Some((Manager::Systemd, name));
    }
    let own = units.iter().find(|unit| unit.manager == Manager::SystemdUser.name());
    let folder = own.and_then(|unit| Utf8Path::new(&unit.file).parent());
    let folder = folder.map_or(".config/systemd/user", Utf8Path::as_str);
    let below = |folder: &str| path.strip_prefix(folder);
    let name = match below(folder).and_then(|rest| rest.strip_prefix('/')) {
        Some(name) => name,
        None => below(folder.strip_suffix("systemd/user")?)
            .filter(|name| name.starts_with(ENVIRONMENT) && name.ends_with(".conf"))?,
    };
    Some((Manager::SystemdUser, name))
}

/// What is to be done after a switch, in order.
pub(super) fn plan(
    manager: Manager,
    old: &[&UnitFile],
    new: &[&UnitFile],
    states: &BTreeMap<String, State>,
) -> Vec<Step> {
    let new = Definitions::new(new.iter().copied());
    let old = Definitions::new(old.iter().copied());
    let wanted = Wanted { old: old.wanted(), new: new.wanted() };
    let mut steps = BTreeMap::new();
    let names: BTreeSet<&str> =
        states.keys().map(String::as_str).chain(wanted.new.keys().copied()).collect();
    for name in names.into_iter().filter(|name| !is_template(name)) {
        let state = states.get(name).cloned().unwrap_or_default();
        let unit = Unit { name, old: old.find(name), new: new.find(name), state: &state, states };
        let decision = match state.active {
            Active::Up => unit.running(),
            Active::Down | Active::Failed => unit.idle(&wanted),
        };
        if let Some((what, why)) = decision {
            steps.insert(name.to_owned(), (what, why));
        }
    }
    sockets(&mut steps, states);
    let step = |action: Action, unit: &str, why: &str, wave: usize| Step {
        manager,
        action,
        unit: unit.to_owned(),
        domain: None,
        file: None,
        why: why.to_owned(),
        wave,
    };
    // Those of one action, in the order of what is defined for them then.
    let all = |action: Action, of: &[Do], definitions: &Definitions<'_>| -> Vec<Step> {
        let units = steps.iter().filter(|(_, (what, _))| of.contains(what));
        let names = units.clone().map(|(name, _)| name.as_str()).collect();
        let waves = order::waves(&names, definitions, states);
        let wave = |name: &String| waves.get(name.as_str()).copied().unwrap_or_default();
        let mut all: Vec<Step> =
            units.map(|(name, (_, why))| step(action, name, why, wave(name))).collect();
        all.sort_by_key(|step| step.wave);
        all
    };
    let mut ordered = all(Action::Stop, &[Do::Stop, Do::StopStart], &old);
    // What came first goes last; but sockets go first, which would start their services again.
    let last = ordered.last().map_or(0, |step| step.wave);
    for step in &mut ordered {
        step.wave = if kind(&step.unit) == "socket" { 0 } else { 1 + last - step.wave };
    }
    ordered.sort_by_key(|step| step.wave);
    if !old.same(&new) || states.values().any(|state| state.outdated) {
        ordered.push(step(Action::ReloadManager, "", "unit files changed", 0));
    }
    ordered.extend(all(Action::Reload, &[Do::Reload], &new));
    ordered.extend(all(Action::Restart, &[Do::Restart], &new));
    ordered.extend(all(Action::Start, &[Do::Start, Do::StopStart], &new));
    ordered.extend(all(Action::Keep, &[Do::Keep], &new));
    ordered
}

/// What is done with one unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Do {
    Stop,
    StopStart,
    Reload,
    Restart,
    Start,
    Keep,
}

type Decision = Option<(Do, String)>;

/// Who pulls in which units, before and after.
struct Wanted<'a> {
    old: BTreeMap<&'a str, BTreeSet<&'a str>>,
    new: BTreeMap<&'a str, BTreeSet<&'a str>>,
}

/// All that is known of one unit.
struct Unit<'a> {
    name: &'a str,
    old: Option<Definition<'a>>,
    new: Option<Definition<'a>>,
    state: &'a State,
    states: &'a BTreeMap<String, State>,
}

impl Unit<'_> {
    fn running(&self) -> Decision {
        let refuses_stop = self.state.refuses_stop
            || self.old.as_ref().is_some_and(|old| old.ini.is_true("Unit", "RefuseManualStop"));
        match (&self.old, &self.new) {
            (None, None) => None,
            (Some(old), None) if old.whole && refuses_stop => {
                Some((Do::Keep, "removed, but it has RefuseManualStop=yes".to_owned()))
            }
            (Some(old), None) if old.whole => Some((Do::Stop, "removed".to_owned())),
            // A drop-in of somebody else's unit left: the unit goes on without it.
            (Some(old), None) => {
                self.change(old, Difference::Restart, refuses_stop, "its drop-in was removed")
            }
            (None, Some(new)) => {
                let why = if new.whole { "new" } else { "it has a new drop-in" };
                self.change(new, Difference::Restart, refuses_stop, why)
            }
            (Some(old), Some(new)) => {
                self.change(new, new.difference(old), refuses_stop, "changed")
            }
        }
    }

    fn change(
        &self,
        new: &Definition<'_>,
        difference: Difference,
        refuses_stop: bool,
        why: &str,
    ) -> Decision {
        let refuses_start = new.ini.is_true("Unit", "RefuseManualStart");
        let keep = |reason: &str| Some((Do::Keep, format!("{why}, but {reason}")));
        let plain = |what: Do| Some((what, why.to_owned()));
        let method = match difference {
            Difference::None => return None,
            // These hold others and run nothing: what they pull in is started, and stopping
            // them would stop what they hold.
            _ if matches!(kind(self.name), "target" | "slice") => {
                return if refuses_start {
                    keep("it has RefuseManualStart=yes")
                } else {
                    plain(Do::Start)
                };
            }
            Difference::Reload if self.can_reload(new) => {
                return Some((Do::Reload, "X-Reload-Triggers changed".to_owned()));
            }
            Difference::Reload => Method::Restart,
            Difference::Restart => method(new),
        };
        match method {
            Method::KeepOld => return keep("it keeps the old one until it is restarted"),
            Method::Reload if self.can_reload(new) => return plain(Do::Reload),
            _ => {}
        }
        if refuses_stop {
            return keep("it has RefuseManualStop=yes");
        }
        if refuses_start {
            return match new.whole && self.old.is_none() {
                true => keep("it has RefuseManualStart=yes"),
                false => Some((Do::Stop, format!("{why}; RefuseManualStart=yes"))),
            };
        }
        let others =
            |name: &&String| self.states.get(*name).is_none_or(|state| state.active == Active::Up);
        match method {
            Method::StopStart => plain(Do::StopStart),
            // Stopping it stops who needs it, and starting it does not start them again; a
            // restart takes them along.
            Method::Unsaid => match self.state.dependents.iter().find(others) {
                Some(other) => Some((Do::Restart, format!("{why}; with it {other}"))),
                None => plain(Do::StopStart),
            },
            Method::Restart | Method::Reload | Method::KeepOld => plain(Do::Restart),
        }
    }

    fn can_reload(&self, new: &Definition<'_>) -> bool {
        let said = |key: &str| new.ini.last("Service", key).unwrap_or_default();
        match new.whole && kind(self.name) == "service" {
            true => !said("ExecReload").is_empty() || said("Type") == "notify-reload",
            false => self.state.can_reload,
        }
    }

    fn idle(&self, wanted: &Wanted<'_>) -> Decision {
        let failed = self.state.active == Active::Failed;
        let Some(new) = &self.new else {
            let leaves = self.old.as_ref().is_some_and(|old| old.whole);
            return (failed && leaves).then(|| (Do::Stop, "removed".to_owned()));
        };
        if new.ini.is_true("Unit", "RefuseManualStart") {
            return None;
        }
        let up = |by: &&&str| self.states.get(**by).is_some_and(|state| state.active == Active::Up);
        let by = wanted.new.get(self.name)?.iter().find(up)?;
        let known = wanted.old.get(self.name).is_some_and(|old| old.contains(by));
        let same = self.old.as_ref().is_some_and(|old| new.difference(old) == Difference::None);
        let why = match (&self.old, failed) {
            (None, _) => format!("new, wanted by {by}"),
            (Some(_), _) if !known => format!("now wanted by {by}"),
            (Some(_), _) if !same => format!("changed, wanted by {by}"),
            (Some(_), true) => format!("it failed, wanted by {by}"),
            (Some(_), false) if !self.state.tried => format!("wanted by {by}"),
            // It ran and ended, or somebody stopped it: running it again is nobody's wish.
            (Some(_), false) => return None,
        };
        Some((Do::Start, why))
    }
}

/// How a unit wants to be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Method {
    Reload,
    Restart,
    StopStart,
    KeepOld,
    Unsaid,
}

fn method(new: &Definition<'_>) -> Method {
    let ini = &new.ini;
    match ini.last("Unit", "X-SwitchMethod") {
        Some("reload") => Method::Reload,
        Some("restart") => Method::Restart,
        Some("stop-start") => Method::StopStart,
        Some("keep-old") => Method::KeepOld,
        _ if ini.is_true("Unit", "X-ReloadIfChanged") => Method::Reload,
        _ if ini.is_false("Unit", "X-RestartIfChanged") => Method::KeepOld,
        _ if ini.is_false("Unit", "X-StopIfChanged") => Method::Restart,
        _ => Method::Unsaid,
    }
}

/// systemd starts no socket whose service runs, so a socket that is started again takes its
/// service along.
fn sockets(steps: &mut BTreeMap<String, (Do, String)>, states: &BTreeMap<String, State>) {
    let mut services = Vec::new();
    for (name, (what, _)) in steps.iter_mut() {
        if kind(name) != "socket" || !matches!(what, Do::StopStart | Do::Restart) {
            continue;
        }
        let Some(state) = states.get(name) else { continue };
        let runs =
            |name: &&String| states.get(*name).is_some_and(|state| state.active == Active::Up);
        for service in state.triggers.iter().filter(runs) {
            services.push((service.clone(), format!("{name} changed")));
            *what = Do::StopStart;
        }
    }
    for (service, why) in services {
        let step = steps.entry(service).or_insert((Do::StopStart, why));
        if matches!(step.0, Do::Restart | Do::Reload | Do::Keep) {
            step.0 = Do::StopStart;
        }
    }
}
