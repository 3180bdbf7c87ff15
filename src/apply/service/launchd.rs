//! launchd: agents of a user and daemons of the machine, by `launchctl bootstrap` and `bootout`.
//!
//! A job whose property list changed is booted out of the domain that it is loaded in and
//! bootstrapped again; so is one that should be loaded and is not. What somebody turned off with
//! `launchctl disable` stays off, and is named. The older `launchctl load` is never used: it
//! chooses a domain by itself and hides why it failed.

use std::collections::{BTreeMap, BTreeSet};
use std::thread;
use std::time::{Duration, Instant};

use super::{Action, Content, Manager, Runner, Step, UnitFile};
use crate::apply::command::{self, Command, Environment, Outcome};

/// The major version of macOS from which on `bootout` can wait.
const WAITS: u32 = 26;

/// Between two looks at a job that is on its way out.
const PAUSE: Duration = Duration::from_millis(100);

/// Who is logged in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Session {
    /// The user's number.
    pub uid: u32,
    /// Whether the console is the user's: `/dev/console` belongs to who is logged in graphically.
    pub console: bool,
}

/// What launchd has loaded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Loaded {
    /// Who is logged in, if there are agents.
    pub session: Option<Session>,
    /// Labels, and the domains that they are loaded in.
    pub jobs: BTreeMap<String, BTreeSet<String>>,
    /// Domains and the labels that somebody turned off there.
    pub disabled: BTreeSet<(String, String)>,
}

/// What launchd says of the jobs. Nothing is changed.
///
/// # Errors
/// Why launchd cannot be asked, in one line.
pub(super) fn look(
    old: &[&UnitFile],
    new: &[&UnitFile],
    session: Session,
    environment: &Environment,
    loaded: &mut Loaded,
) -> Result<(), String> {
    loaded.session = Some(session);
    let mut domains = BTreeSet::new();
    for unit in old.iter().chain(new) {
        for domain in places(unit, session) {
            let target = format!("{domain}/{}", unit.id.name);
            if ask(&["print", &target], environment)?.ok() {
                loaded.jobs.entry(unit.id.name.clone()).or_default().insert(domain.clone());
            }
            domains.insert(domain);
        }
    }
    for domain in domains {
        // A domain that does not exist has turned nothing off.
        let said = ask(&["print-disabled", &domain], environment)?.stdout;
        let labels = said.lines().filter_map(disabled);
        loaded.disabled.extend(labels.map(|label| (domain.clone(), label.to_owned())));
    }
    Ok(())
}

/// The label of a line of `print-disabled`, if that is turned off: `"label" => disabled`, or
/// `=> true` before macOS 13.
fn disabled(line: &str) -> Option<&str> {
    let (label, value) = line.split_once("=>")?;
    let off = matches!(value.trim().trim_end_matches([';', ',']), "disabled" | "true");
    off.then(|| label.trim().trim_matches('"'))
}

/// The domains in which a job may be loaded: it may have been put there under another login.
fn places(unit: &UnitFile, session: Session) -> Vec<String> {
    match unit.id.manager {
        Manager::LaunchdDaemon => vec!["system".to_owned()],
        _ => vec![format!("gui/{}", session.uid), format!("user/{}", session.uid)],
    }
}

/// What a property list says of where and whether it runs; what cannot be read says nothing.
#[derive(Clone, Copy, Debug, Default)]
struct Job {
    /// Whether it may run without a graphical session.
    background: bool,
    /// Whether it is turned off by itself.
    disabled: bool,
}

impl Job {
    fn read(content: &Content) -> Self {
        let Content::File(bytes) = content else { return Self::default() };
        let Ok(value) = plist::from_bytes::<plist::Value>(bytes) else { return Self::default() };
        let get = |key: &str| value.as_dictionary().and_then(|keys| keys.get(key));
        let is = |value: &plist::Value| value.as_string() == Some("Background");
        Self {
            background: get("LimitLoadToSessionType").is_some_and(|types| {
                is(types) || types.as_array().is_some_and(|types| types.iter().any(is))
            }),
            disabled: get("Disabled").and_then(plist::Value::as_boolean) == Some(true),
        }
    }
}

/// Whether two property lists say the same.
fn same(one: &Content, other: &Content) -> bool {
    let read = |content: &Content| match content {
        Content::File(bytes) => plist::from_bytes::<plist::Value>(bytes).ok(),
        Content::Link(_) => None,
    };
    one == other || read(one).is_some_and(|value| read(other) == Some(value))
}

/// What is to be done after a switch, in order.
pub(super) fn plan(
    manager: Manager,
    old: &[&UnitFile],
    new: &[&UnitFile],
    loaded: &Loaded,
) -> Vec<Step> {
    let Some(session) = loaded.session else { return Vec::new() };
    let mut steps = Vec::new();
    let none = BTreeSet::new();
    for unit in old {
        if !new.iter().any(|other| other.id.name == unit.id.name) {
            let domains = loaded.jobs.get(&unit.id.name).unwrap_or(&none);
            steps.extend(domains.iter().map(|at| step(manager, Action::Stop, unit, at, "removed")));
        }
    }
    for unit in new {
        let change = Change {
            manager,
            unit,
            before: old.iter().find(|other| other.id.name == unit.id.name).copied(),
            job: Job::read(&unit.content),
            session,
            domains: loaded.jobs.get(&unit.id.name).unwrap_or(&none),
        };
        change.plan(&loaded.disabled, &mut steps);
    }
    steps.sort_by_key(|step| (step.action != Action::Stop, step.action == Action::Keep));
    steps
}

fn step(manager: Manager, action: Action, unit: &UnitFile, domain: &str, why: &str) -> Step {
    Step {
        manager,
        action,
        unit: unit.id.name.clone(),
        domain: Some(domain.to_owned()),
        file: (action != Action::Stop).then(|| unit.path.clone()),
        why: why.to_owned(),
        wave: 0,
    }
}

/// All that is known of one job of the new generation.
struct Change<'a> {
    manager: Manager,
    unit: &'a UnitFile,
    before: Option<&'a UnitFile>,
    job: Job,
    session: Session,
    /// Where it is loaded.
    domains: &'a BTreeSet<String>,
}

impl Change<'_> {
    fn plan(&self, disabled: &BTreeSet<(String, String)>, steps: &mut Vec<Step>) {
        let changed = self.before.is_none_or(|before| {
            before.id.domain != self.unit.id.domain || !same(&before.content, &self.unit.content)
        });
        let fits =
            |at: &String| self.unit.id.domain.as_deref() != Some("user") || self.user() == *at;
        if !changed && self.domains.iter().any(fits) {
            return;
        }
        let mut add = |action, at: &str, why: &str| {
            steps.push(step(self.manager, action, self.unit, at, why));
        };
        if self.job.disabled {
            if changed {
                self.domains.iter().for_each(|at| add(Action::Stop, at, "it is `Disabled` now"));
            }
            return;
        }
        let Some(domain) = self.domain() else {
            let why = "there is no graphical session; it starts with the next one";
            if changed {
                add(Action::Keep, &format!("gui/{}", self.session.uid), why);
            }
            return;
        };
        if disabled.contains(&(domain.clone(), self.unit.id.name.clone())) {
            let label = &self.unit.id.name;
            let why = format!("it was turned off; `launchctl enable {domain}/{label}` turns it on");
            if changed {
                add(Action::Keep, &domain, &why);
            }
            return;
        }
        for at in self.domains.iter().filter(|at| **at != domain) {
            add(Action::Stop, at, &format!("it moves to {domain}"));
        }
        match (self.before, changed) {
            _ if self.domains.contains(&domain) => add(Action::Restart, &domain, "changed"),
            (None, _) => add(Action::Start, &domain, "new"),
            (Some(_), true) => add(Action::Start, &domain, "changed"),
            (Some(_), false) => add(Action::Start, &domain, "it is not loaded"),
        }
    }

    /// Where it is to run; none if that would need a graphical session and there is none.
    fn domain(&self) -> Option<String> {
        let gui = format!("gui/{}", self.session.uid);
        if self.manager == Manager::LaunchdDaemon {
            Some("system".to_owned())
        } else if self.unit.id.domain.as_deref() == Some("user") {
            Some(self.user())
        } else if self.session.console || self.domains.contains(&gui) {
            Some(gui)
        } else {
            self.job.background.then(|| self.user())
        }
    }

    fn user(&self) -> String {
        format!("user/{}", self.session.uid)
    }
}

fn launchctl(arguments: &[&str]) -> Command {
    Command::new(["launchctl"].iter().chain(arguments).copied())
}

fn ask(arguments: &[&str], environment: &Environment) -> Result<Outcome, String> {
    command::run(&launchctl(arguments), environment).map_err(|error| error.to_string())
}

/// Takes the steps, one after the other.
pub(super) fn run(steps: &[&Step], runner: &mut Runner<'_, '_>) {
    let stops = |step: &&Step| matches!(step.action, Action::Stop | Action::Restart);
    let waits = steps.iter().any(stops) && version(runner.environment) >= Some(WAITS);
    for step in steps {
        runner.begin(step);
        let Some(domain) = &step.domain else { continue };
        let target = format!("{domain}/{}", step.unit);
        let file = step.file.as_ref().map(|file| runner.environment.folder.join(file));
        let until = Instant::now() + runner.timeout;
        let result = match (step.action, file) {
            (Action::Stop, _) => bootout(&target, waits, until, runner),
            (Action::Restart, Some(file)) => bootout(&target, waits, until, runner)
                .and_then(|()| bootstrap(domain, file.as_str(), until, runner)),
            (Action::Start, Some(file)) => {
                bootstrap(domain, file.as_str(), until, runner).or_else(|_| {
                    // Usually it is still loaded, which launchd says with any of several numbers.
                    bootout(&target, waits, until, runner)?;
                    bootstrap(domain, file.as_str(), until, runner)
                })
            }
            _ => Ok(()),
        };
        runner.end(step, result);
    }
}

/// The major version of macOS.
fn version(environment: &Environment) -> Option<u32> {
    let outcome = command::run(&Command::new(["sw_vers", "-productVersion"]), environment).ok()?;
    outcome.stdout.trim().split('.').next()?.parse().ok()
}

/// What `bootout` says of a job that is not loaded.
const NOT_LOADED: &[&str] =
    &["No such process", "Could not find service", "Domain does not support specified action"];

/// What it says when the job takes its time.
const ON_ITS_WAY: &str = "Operation now in progress";

/// Takes a job out of a domain, and waits until it is gone.
fn bootout(
    target: &str,
    waits: bool,
    until: Instant,
    runner: &Runner<'_, '_>,
) -> Result<(), String> {
    let mut words = vec!["bootout"];
    words.extend(waits.then_some("--wait"));
    words.push(target);
    let outcome = runner.ask(&launchctl(&words), until)?;
    let said = |text: &&str| outcome.stderr.contains(text);
    if NOT_LOADED.iter().any(said) {
        return Ok(());
    }
    if !outcome.ok() && !said(&ON_ITS_WAY) {
        return Err(outcome.reason());
    }
    while ask(&["print", target], runner.environment)?.ok() {
        if Instant::now() >= until {
            return Err("it was told to stop and is still loaded".to_owned());
        }
        thread::sleep(PAUSE);
    }
    Ok(())
}

/// Loads a job from its file.
fn bootstrap(
    domain: &str,
    file: &str,
    until: Instant,
    runner: &Runner<'_, '_>,
) -> Result<(), String> {
    let outcome = runner.ask(&launchctl(&["bootstrap", domain, file]), until)?;
    if outcome.ok() {
        return Ok(());
    }
    let mut reason = outcome.reason();
    if reason.contains("Input/output error") {
        reason.push_str(
            "\nlaunchd says this of a job that is turned off (`launchctl print-disabled`), of a file \
             that others may write or own, and of keys that it does not take (`plutil -lint`)",
        );
    } else if reason.contains("Domain does not support specified action") {
        reason.push_str("\nthere is no session for this domain; it starts with the next login");
    }
    Err(reason)
}
