//! Asking systemd, and telling it: `systemctl`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use camino::Utf8PathBuf;

use super::unit::{Definitions, is_template, is_unit};
use super::{Active, ENVIRONMENT, State};
use crate::apply::command::{self, Command, Environment, Outcome};
use crate::apply::service::{Action, Manager, Runner, Step, UnitFile};

/// How many units are asked for at once.
const AT_ONCE: usize = 32;

/// How long after its start a service is looked at once more: one that cannot run its program is
/// known by then, though its start was reported as done.
const SETTLE: Duration = Duration::from_millis(200);

/// What is asked of each unit.
const PROPERTIES: &str = "--property=Id,ActiveState,NeedDaemonReload,CanReload,RefuseManualStop,\
                          ConditionTimestampMonotonic,RequiredBy,BoundBy,ConsistsOf,Triggers";

/// What systemd says of the units that these files are about. Nothing is changed.
///
/// # Errors
/// Why the manager cannot be asked, in one line.
pub(in crate::apply::service) fn look(
    manager: Manager,
    generations: [&[&UnitFile]; 2],
    environment: &Environment,
) -> Result<BTreeMap<String, State>, String> {
    reads_these(manager, &generations.concat(), environment)?;
    let mut names = BTreeSet::new();
    for units in generations {
        let definitions = Definitions::new(units.iter().copied());
        let wanted = definitions.wanted();
        let pulled = wanted.iter().flat_map(|(unit, by)| by.iter().chain([unit]));
        names.extend(pulled.copied().chain(definitions.names()).map(asked));
    }
    if names.is_empty() {
        return Ok(BTreeMap::new());
    }
    let mut states = show(manager, &names, environment)?;
    // Who would stop along with them, and which services sockets would take along.
    let more: BTreeSet<String> = states
        .values()
        .flat_map(|state| state.dependents.iter().chain(&state.triggers))
        .filter(|name| is_unit(name) && !states.contains_key(*name))
        .cloned()
        .collect();
    if !more.is_empty() {
        states.extend(show(manager, &more, environment)?);
    }
    Ok(states)
}

/// How a unit is asked for: all instances for a template.
fn asked(name: &str) -> String {
    match name.rsplit_once('.') {
        // In a pattern, a backslash would quote what comes next.
        Some((stem, kind)) if is_template(name) => {
            format!("{}*.{kind}", stem.replace('\\', "\\\\"))
        }
        _ => name.to_owned(),
    }
}

fn systemctl(manager: Manager, arguments: &[&str]) -> Command {
    let whose = match manager {
        Manager::SystemdUser => "--user",
        Manager::Systemd | Manager::LaunchdAgent | Manager::LaunchdDaemon => "--system",
    };
    let words = ["systemctl", whose, "--no-pager", "--no-ask-password"];
    Command::new(words.iter().chain(arguments).copied())
}

fn ask(command: &Command, environment: &Environment) -> Result<Outcome, String> {
    command::run(command, environment).map_err(|error| error.to_string())
}

/// Whether the manager runs, and reads the folder that these units are in: that of another home
/// (a temporary one, `--root`) is none of its business, and it would stop units of the same name.
fn reads_these(
    manager: Manager,
    units: &[&UnitFile],
    environment: &Environment,
) -> Result<(), String> {
    let command = systemctl(manager, &["show", "--property=SystemState,UnitPath"]);
    let outcome = ask(&command, environment)?;
    if !outcome.ok() {
        let said = outcome.stderr.lines().next().unwrap_or("it says nothing").trim();
        return Err(format!("{} is not running ({said})", manager.said()));
    }
    let value = |name: &str| {
        outcome.stdout.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='))
    };
    if value("SystemState") == Some("stopping") {
        return Err(format!("{} is going down", manager.said()));
    }
    let reads = format!(" {} ", value("UnitPath").unwrap_or_default());
    let home = &environment.folder;
    let real = home.canonicalize_utf8().unwrap_or_else(|_| home.clone());
    let folders: BTreeSet<Utf8PathBuf> = units.iter().filter_map(|unit| folder(unit)).collect();
    for folder in folders {
        let known = |home: &Utf8PathBuf| {
            let path = home.join(&folder);
            // One with a space or such is quoted as a shell would have it.
            let quoted = crate::emit::quote::dquote_literal(path.as_str());
            [path.as_str(), &quoted].iter().any(|path| reads.contains(&format!(" {path} ")))
        };
        if !known(home) && !known(&real) {
            return Err(format!("{} does not read {}", manager.said(), home.join(folder)));
        }
    }
    Ok(())
}

/// The folder of units that a file is for, from the home on.
fn folder(unit: &UnitFile) -> Option<Utf8PathBuf> {
    let start = unit.path.as_str().strip_suffix(&unit.id.name)?;
    match unit.id.name.starts_with(ENVIRONMENT) {
        true => Some(format!("{start}systemd/user").into()),
        false => Some(start.trim_end_matches('/').into()),
    }
}

fn show(
    manager: Manager,
    names: &BTreeSet<String>,
    environment: &Environment,
) -> Result<BTreeMap<String, State>, String> {
    let mut arguments = vec!["show", PROPERTIES, "--"];
    arguments.extend(names.iter().map(String::as_str));
    let outcome = ask(&systemctl(manager, &arguments), environment)?;
    if !outcome.ok() {
        return Err(format!("{} does not say what runs: {}", manager.said(), outcome.reason()));
    }
    Ok(blocks(&outcome.stdout)
        .filter_map(|block| Some((block.get("Id")?.to_string(), state(&block))))
        .collect())
}

/// What `show` prints: `NAME=VALUE` lines for each unit, an empty line between two.
fn blocks(text: &str) -> impl Iterator<Item = BTreeMap<&str, &str>> {
    text.split("\n\n").map(|block| block.lines().filter_map(|line| line.split_once('=')).collect())
}

fn state(block: &BTreeMap<&str, &str>) -> State {
    let value = |name: &str| block.get(name).copied().unwrap_or_default();
    let words = |names: &[&str]| -> Vec<String> {
        names.iter().flat_map(|name| value(name).split_whitespace()).map(str::to_owned).collect()
    };
    State {
        active: match value("ActiveState") {
            "active" | "activating" | "reloading" | "refreshing" | "maintenance" => Active::Up,
            "failed" => Active::Failed,
            _ => Active::Down,
        },
        tried: !matches!(value("ConditionTimestampMonotonic"), "" | "0"),
        outdated: value("NeedDaemonReload") == "yes",
        can_reload: value("CanReload") == "yes",
        refuses_stop: value("RefuseManualStop") == "yes",
        dependents: words(&["RequiredBy", "BoundBy", "ConsistsOf"]),
        triggers: words(&["Triggers"]),
    }
}

/// Takes the steps: those of one kind at once, one kind after the other.
pub(in crate::apply::service) fn run(
    manager: Manager,
    steps: &[&Step],
    runner: &mut Runner<'_, '_>,
) {
    let of = |action: Action| -> Vec<&Step> {
        steps.iter().filter(|step| step.action == action).copied().collect()
    };
    together(manager, &of(Action::Stop), runner);
    forget_failures(manager, steps, runner);
    for step in of(Action::ReloadManager) {
        runner.begin(step);
        let outcome = ask(&systemctl(manager, &["daemon-reload"]), runner.environment);
        runner.end(step, outcome.and_then(|outcome| ended(&outcome)));
    }
    for action in [Action::Reload, Action::Restart, Action::Start] {
        together(manager, &of(action), runner);
    }
}

/// Failures of units that are stopped for good would keep them known, and those of units that
/// are started again count against their limit of starts. That there are none is no failure.
fn forget_failures(manager: Manager, steps: &[&Step], runner: &Runner<'_, '_>) {
    let forgets =
        |step: &&&Step| matches!(step.action, Action::Stop | Action::Start | Action::Restart);
    let units: BTreeSet<&str> =
        steps.iter().filter(forgets).map(|step| step.unit.as_str()).collect();
    if !units.is_empty() {
        let mut arguments = vec!["reset-failed", "--"];
        arguments.extend(units);
        let _none_failed = ask(&systemctl(manager, &arguments), runner.environment);
    }
}

/// What `systemctl` says of a failure. Where it says to look is left out: that is shown here.
fn ended(outcome: &Outcome) -> Result<(), String> {
    if outcome.ok() {
        return Ok(());
    }
    let said: Vec<&str> = outcome
        .stderr
        .lines()
        .map(|line| line.split(" See ").next().unwrap_or(line).trim())
        .filter(|line| !line.is_empty() && !line.starts_with("See "))
        // `Failed to start x.service: Unit ...`, after which comes what is new.
        .map(|line| match line.split_once(": ") {
            Some((start, rest)) if start.starts_with("Failed to ") => rest,
            _ => line,
        })
        .collect();
    if said.is_empty() { Err(outcome.reason()) } else { Err(said.join("\n")) }
}

/// Asks for the same of several units, wave by wave, and waits for all of them. Each has a
/// `systemctl` of its own, whose status and words are about that unit alone.
fn together(manager: Manager, steps: &[&Step], runner: &mut Runner<'_, '_>) {
    let waves = steps.chunk_by(|one, next| one.wave == next.wave);
    let mut started = Vec::new();
    for steps in waves.flat_map(|wave| wave.chunks(AT_ONCE)) {
        let (sender, results) = mpsc::channel();
        for (at, step) in steps.iter().enumerate() {
            runner.begin(step);
            let command = systemctl(manager, &[step.action.said(), "--", &step.unit]);
            runner.spawn(&command, at, &sender);
        }
        drop(sender);
        let until = Instant::now() + runner.timeout;
        let mut waiting: BTreeMap<usize, &Step> = steps.iter().copied().enumerate().collect();
        while !waiting.is_empty() {
            let left = until.saturating_duration_since(Instant::now());
            let Ok((at, result)) = results.recv_timeout(left) else { break };
            let Some(step) = waiting.remove(&at) else { continue };
            match (step.action, result.and_then(|outcome| ended(&outcome))) {
                (Action::Start | Action::Restart, Ok(())) => started.push(step),
                (_, Ok(())) => runner.end(step, Ok(())),
                (_, Err(said)) => {
                    let reason = explained(manager, step, &said, runner.environment);
                    runner.end(step, Err(reason));
                }
            }
        }
        for step in waiting.into_values() {
            let reason = explained(manager, step, &runner.late(), runner.environment);
            runner.end(step, Err(reason));
        }
    }
    settle(manager, &started, runner);
}

/// Looks at units once more that were reported as started.
fn settle(manager: Manager, steps: &[&Step], runner: &mut Runner<'_, '_>) {
    if steps.is_empty() {
        return;
    }
    thread::sleep(SETTLE);
    let arguments = ["show", "--property=Id,Names,ActiveState,SubState", "--"];
    let units = steps.iter().map(|step| step.unit.as_str());
    let command = systemctl(manager, &arguments.into_iter().chain(units).collect::<Vec<_>>());
    let shown = ask(&command, runner.environment).map(|outcome| outcome.stdout).unwrap_or_default();
    let failed: BTreeSet<&str> = blocks(&shown)
        .filter(|block| {
            block.get("ActiveState") == Some(&"failed")
                || block.get("SubState") == Some(&"auto-restart")
        })
        .flat_map(|block| block.get("Names").copied().unwrap_or_default().split_whitespace())
        .collect();
    for step in steps {
        let result = match failed.contains(step.unit.as_str()) {
            true => Err(explained(manager, step, "it failed at once", runner.environment)),
            false => Ok(()),
        };
        runner.end(step, result);
    }
}

/// What is known of a failure: what `systemctl` said, how the unit's program ended, the unit's
/// last lines, and where there is more.
fn explained(manager: Manager, step: &Step, said: &str, environment: &Environment) -> String {
    let mut lines = vec![said.to_owned()];
    let properties = "--property=Result,ExecMainStatus";
    let shown = ask(&systemctl(manager, &["show", properties, "--", &step.unit]), environment)
        .map(|outcome| outcome.stdout)
        .unwrap_or_default();
    let block = blocks(&shown).next().unwrap_or_default();
    let value = |name: &str| block.get(name).copied().unwrap_or_default();
    match (value("Result"), value("ExecMainStatus")) {
        ("" | "success", _) => {}
        // systemd's own statuses are in systemd.exec(5), "Process Exit Codes".
        ("exit-code", "203") => lines.push("its program cannot be run (203/EXEC)".to_owned()),
        ("exit-code", status) => lines.push(format!("its program ended with {status}")),
        (result, _) => lines.push(format!("its result: {result}")),
    }
    let whose = match manager {
        Manager::SystemdUser => ["--user", "--user-unit"],
        _ => ["--system", "--unit"],
    };
    let journal = ["journalctl", "--no-pager", "--quiet", "--output=cat", "--lines=5"];
    let command = Command::new(journal.iter().chain(&whose).copied().chain([step.unit.as_str()]));
    let logged = ask(&command, environment).map(|outcome| outcome.stdout).unwrap_or_default();
    lines.extend(logged.lines().map(|line| format!("  {line}")));
    let user = if manager == Manager::SystemdUser { " --user" } else { "" };
    lines.push(format!("more: systemctl{user} status {}", crate::emit::quote::shell(&step.unit)));
    lines.join("\n")
}
