//! Services after a switch: which units are stopped, reloaded, restarted and started because their
//! files changed.
//!
//! Handed the unit files of the generation before and after, [`look`] asks the managers what runs
//! (it changes nothing), [`plan`] is a pure comparison, [`run`] takes the steps. Nothing here
//! writes a file. The order for a caller: look and plan before the switch, so that what is shown
//! is what is done; run after it.

pub mod launchd;
pub mod systemd;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::mpsc::{self, Sender};
use std::thread;
use std::time::{Duration, Instant};

use camino::Utf8PathBuf;
use serde::{Deserialize, Serialize};

use super::command::{self, Command, Environment, Outcome};
use crate::ir;

/// How long a step may take if nothing else is said.
pub const TIMEOUT: Duration = Duration::from_secs(120);

/// Who runs a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Manager {
    /// The user's own systemd.
    SystemdUser,
    /// The machine's systemd.
    Systemd,
    /// launchd, in one of the user's domains.
    LaunchdAgent,
    /// launchd, for the machine.
    LaunchdDaemon,
}

impl Manager {
    /// All of them.
    pub const ALL: [Self; 4] =
        [Self::SystemdUser, Self::Systemd, Self::LaunchdAgent, Self::LaunchdDaemon];

    /// As [`ir::Unit::manager`] names it.
    pub fn name(self) -> &'static str {
        match self {
            Manager::SystemdUser => "systemd-user",
            Manager::Systemd => "systemd",
            Manager::LaunchdAgent => "launchd-agent",
            Manager::LaunchdDaemon => "launchd-daemon",
        }
    }

    /// The one of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|manager| manager.name() == name)
    }

    /// In a sentence.
    pub fn said(self) -> &'static str {
        match self {
            Manager::SystemdUser => "the user's systemd",
            Manager::Systemd => "systemd",
            Manager::LaunchdAgent | Manager::LaunchdDaemon => "launchd",
        }
    }
}

/// Which unit, or which part of units, a file is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnitId {
    /// Who reads it.
    pub manager: Manager,
    /// launchd: the label. systemd: the path below the folder of units, `backup.service`,
    /// `backup.service.d/10.conf`, `timers.target.wants/backup.timer`; or `environment.d/10.conf`.
    pub name: String,
    /// launchd's domain, `gui` or `user`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
}

impl UnitId {
    /// What a file is to a service manager, by its path (as [`ir::File::path`] has it) and the
    /// units that are declared; none for most files. Everything below systemd's folders counts,
    /// drop-ins and links too; a property list only if a unit is declared for it.
    pub fn of(path: &str, units: &[ir::Unit]) -> Option<Self> {
        let declared = units.iter().find(|unit| unit.file == path);
        if let Some((unit, manager)) =
            declared.and_then(|unit| Some((unit, Manager::named(&unit.manager)?)))
            && matches!(manager, Manager::LaunchdAgent | Manager::LaunchdDaemon)
        {
            return Some(Self { manager, name: unit.name.clone(), domain: unit.domain.clone() });
        }
        let (manager, name) = systemd::part(path, units)?;
        Some(Self { manager, name: name.to_owned(), domain: None })
    }
}

/// What a unit's file is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// A file with these bytes, however it is installed: also one that is a link to them, and a
    /// `live` one, whose change is only seen if the bytes of both times are handed on.
    File(Vec<u8>),
    /// A link that is declared as one, and where it points.
    Link(String),
}

/// A file of a unit, as one generation has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitFile {
    /// Which one it is.
    pub id: UnitId,
    /// Where it stands: relative to the home, or absolute.
    pub path: Utf8PathBuf,
    /// What it is.
    pub content: Content,
}

/// What is done with a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// It is stopped (and its failure forgotten), with the definition that it was started with.
    Stop,
    /// The manager itself reads all unit files again.
    ReloadManager,
    /// It reads its configuration again.
    Reload,
    /// It is stopped and started in one go.
    Restart,
    /// It is started.
    Start,
    /// Nothing, although something changed; shown so that it is known.
    Keep,
}

impl Action {
    fn said(self) -> &'static str {
        match self {
            Action::Stop => "stop",
            Action::Reload | Action::ReloadManager => "reload",
            Action::Restart => "restart",
            Action::Start => "start",
            Action::Keep => "keep",
        }
    }
}

/// One step. Displayed, it is a line for people: `restart backup.service: changed`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Step {
    /// Who is asked.
    pub manager: Manager,
    /// What is done.
    pub action: Action,
    /// With which unit; empty for [`Action::ReloadManager`].
    #[serde(skip_serializing_if = "String::is_empty")]
    pub unit: String,
    /// launchd's domain with its user: `gui/501`, `system`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// launchd: the file that it is started from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<Utf8PathBuf>,
    /// Why.
    pub why: String,
    /// Which of several waves of the same action it belongs to.
    #[serde(skip)]
    pub wave: usize,
}

impl fmt::Display for Step {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = if self.unit.is_empty() { self.manager.said() } else { &self.unit };
        write!(out, "{} {unit}", self.action.said())?;
        if let Some(domain) = &self.domain {
            write!(out, " in {domain}")?;
        }
        write!(out, ": {}", self.why)
    }
}

/// A manager that cannot be asked, so that its units are left as they are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Skipped {
    /// Which.
    pub manager: Manager,
    /// Why, in one line.
    pub reason: String,
}

impl fmt::Display for Skipped {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "units are left alone: {}", self.reason)
    }
}

/// What the managers say of the units.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// Managers that cannot be asked; no step is planned for them.
    pub skipped: Vec<Skipped>,
    /// Units that systemd knows, by manager and name.
    pub systemd: BTreeMap<Manager, BTreeMap<String, systemd::State>>,
    /// What launchd has loaded.
    pub launchd: launchd::Loaded,
}

/// What happens to a step.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// It begins.
    Begun(&'a Step),
    /// It was done.
    Done(&'a Step),
    /// It failed.
    Failed(&'a Failure),
}

/// A step that was not done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// The step.
    pub step: Step,
    /// Why: what the manager says, then the unit's last lines.
    pub reason: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "cannot {} {}: {}", self.step.action.said(), self.step.unit, self.reason)
    }
}

/// Asks the managers of these units what runs. It changes nothing, and runs nothing where there
/// are no units.
pub fn look(
    old: &[UnitFile],
    new: &[UnitFile],
    session: launchd::Session,
    environment: &Environment,
) -> Found {
    let mut found = Found::default();
    for manager in Manager::ALL {
        let (old, new) = (of(manager, old), of(manager, new));
        if old.is_empty() && new.is_empty() {
            continue;
        }
        let looked = match manager {
            Manager::SystemdUser | Manager::Systemd => {
                systemd::look(manager, [&old, &new], environment).map(|states| {
                    found.systemd.insert(manager, states);
                })
            }
            Manager::LaunchdAgent | Manager::LaunchdDaemon => {
                launchd::look(&old, &new, session, environment, &mut found.launchd)
            }
        };
        if let Err(reason) = looked {
            found.skipped.push(Skipped { manager, reason });
        }
    }
    found
}

fn of(manager: Manager, units: &[UnitFile]) -> Vec<&UnitFile> {
    units.iter().filter(|unit| unit.id.manager == manager).collect()
}

/// What is to be done after a switch from one generation's unit files to another's, in the order
/// in which it is done.
pub fn plan(old: &[UnitFile], new: &[UnitFile], found: &Found) -> Vec<Step> {
    let mut steps = Vec::new();
    for manager in Manager::ALL {
        if found.skipped.iter().any(|skipped| skipped.manager == manager) {
            continue;
        }
        let (old, new) = (of(manager, old), of(manager, new));
        match manager {
            Manager::SystemdUser | Manager::Systemd => {
                let none = BTreeMap::new();
                let states = found.systemd.get(&manager).unwrap_or(&none);
                steps.extend(systemd::plan(manager, &old, &new, states));
            }
            Manager::LaunchdAgent | Manager::LaunchdDaemon => {
                steps.extend(launchd::plan(manager, &old, &new, &found.launchd));
            }
        }
    }
    steps
}

/// Takes the steps, and says what failed. A step that fails, or that takes longer than `timeout`,
/// keeps no other from being taken.
pub fn run(
    steps: &[Step],
    timeout: Duration,
    environment: &Environment,
    report: &mut dyn FnMut(Event<'_>),
) -> Vec<Failure> {
    let mut failures = Vec::new();
    for manager in Manager::ALL {
        let steps: Vec<&Step> = steps
            .iter()
            .filter(|step| step.manager == manager && step.action != Action::Keep)
            .collect();
        let mut runner = Runner { timeout, environment, report, failures: &mut failures };
        match manager {
            Manager::SystemdUser | Manager::Systemd => systemd::run(manager, &steps, &mut runner),
            Manager::LaunchdAgent | Manager::LaunchdDaemon => launchd::run(&steps, &mut runner),
        }
    }
    failures
}

/// What a program came to, or why it could not be run.
type Asked = Result<Outcome, String>;

/// What taking steps needs.
pub(crate) struct Runner<'a, 'r> {
    /// How long a step may take.
    timeout: Duration,
    /// What programs are run with.
    environment: &'a Environment,
    report: &'a mut (dyn FnMut(Event<'_>) + 'r),
    failures: &'a mut Vec<Failure>,
}

impl Runner<'_, '_> {
    /// Runs a program that may hang. One that is not done in time is left running.
    fn ask(&self, command: &Command, until: Instant) -> Result<Outcome, String> {
        let (sender, results) = mpsc::channel();
        self.spawn(command, (), &sender);
        match results.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(((), result)) => result,
            Err(_) => Err(self.late()),
        }
    }

    /// Runs a program beside others; what it comes to is sent with a mark.
    fn spawn<M: Send + 'static>(&self, command: &Command, mark: M, sender: &Sender<(M, Asked)>) {
        let (sender, command) = (sender.clone(), command.clone());
        let environment = self.environment.clone();
        // Never joined: it may hang.
        thread::spawn(move || {
            let outcome = command::run(&command, &environment).map_err(|error| error.to_string());
            // When the time is over nobody listens.
            let _late = sender.send((mark, outcome));
        });
    }

    fn late(&self) -> String {
        format!("not done after {} seconds", self.timeout.as_secs())
    }

    fn begin(&mut self, step: &Step) {
        (self.report)(Event::Begun(step));
    }

    fn end(&mut self, step: &Step, result: Result<(), String>) {
        match result {
            Ok(()) => (self.report)(Event::Done(step)),
            Err(reason) => {
                let failure = Failure { step: step.clone(), reason };
                (self.report)(Event::Failed(&failure));
                self.failures.push(failure);
            }
        }
    }
}
