//! What is run after the files are in place: the `on-change` commands of files, then activations.
//!
//! An `on-change` command runs when a file that names it changed, once however many name it. An
//! activation runs at every change, that is with every new generation (also one that a rollback
//! makes). What failed, or was not come to, is remembered and tried again by the next apply, also
//! when nothing else changed.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::command::{self, Command, Environment};
use super::done::{Done, End, Talk};
use super::state::{State, StateError};
use crate::files::shown;
use crate::ir::Document;

/// The record's name.
pub(super) const RECORD: &str = "actions.json";

/// What an action that needs the files names; see `src/lower/order.rs`.
const FILES: &str = "files";

/// All that a generation runs, in its order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wanted {
    /// What files run when they change.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hooks: Vec<Hook>,
    /// Activations; each comes after those it names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub actions: Vec<Action>,
}

/// What a file runs when it changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hook {
    /// The file, or the folder of files, as the IR has it.
    pub path: String,
    /// The command, for `sh -c`.
    pub run: String,
}

/// An activation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Action {
    /// Its name.
    pub name: String,
    /// The command, for `sh -c`.
    pub run: String,
    /// Those without whose success it is not run; `files` are the files.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<String>,
}

/// All that a document runs.
pub fn wanted(document: &Document) -> Wanted {
    let hooks = document.files.iter().filter_map(|file| {
        let run = file.on_change.as_ref().filter(|run| !run.trim().is_empty())?;
        Some(Hook { path: file.path.clone(), run: run.to_string() })
    });
    let actions = document.actions.iter().map(|action| Action {
        name: action.name.clone(),
        run: action.run.clone(),
        needs: action.needs.clone(),
    });
    Wanted { hooks: hooks.collect(), actions: actions.collect() }
}

/// What failed before or was not come to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Commands of files.
    #[serde(default)]
    pub hooks: BTreeSet<String>,
    /// Names of activations.
    #[serde(default)]
    pub actions: BTreeSet<String>,
}

/// What a switch changes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Changes<'a> {
    /// Whether there is a new generation.
    pub generation: bool,
    /// The paths that are new or have other contents, as the IR has them; those in a mirrored
    /// folder with its path in front.
    pub paths: &'a [String],
}

/// How the files ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Files {
    /// All are in place.
    Placed,
    /// Some could not be put in place.
    Held,
}

/// What is going to be run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Plan {
    /// In this order.
    pub steps: Vec<Step>,
}

/// One command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Step {
    /// Whose it is.
    #[serde(flatten)]
    pub whose: Whose,
    /// The command.
    pub run: String,
    /// Activations of this plan without whose success it is not run.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<String>,
    /// Whether it is only tried again, because it failed before.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub again: bool,
}

/// Who asks for a command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Whose {
    /// An activation, by name.
    Action(String),
    /// Files that changed; for a command that is only tried again, those that name it.
    Files(Vec<String>),
}

impl fmt::Display for Step {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let again = if self.again { " (again: it failed before)" } else { "" };
        match &self.whose {
            Whose::Action(name) => write!(to, "run the activation `{name}`{again}"),
            Whose::Files(paths) => {
                write!(
                    to,
                    "run `{}`{again} for {}",
                    self.run.trim(),
                    paths.iter().map(shown).collect::<Vec<_>>().join(", ")
                )
            }
        }
    }
}

/// What has to be run. Pure.
pub fn plan(wanted: &Wanted, record: &Record, changes: Changes<'_>) -> Plan {
    let mut steps: Vec<Step> = Vec::new();
    for hook in &wanted.hooks {
        let changed = is_changed(&hook.path, changes.paths);
        if !changed && !record.hooks.contains(&hook.run) {
            continue;
        }
        let same = steps.iter_mut().find(|step| step.run == hook.run);
        match same {
            // What only waits to be tried again has no part in what changed.
            Some(Step { whose: Whose::Files(paths), again, .. }) if *again != changed => {
                paths.push(hook.path.clone());
            }
            Some(step) if step.again => *step = hook_step(hook, false),
            Some(_) => {}
            None => steps.push(hook_step(hook, !changed)),
        }
    }
    for action in &wanted.actions {
        if changes.generation || record.actions.contains(&action.name) {
            steps.push(Step {
                whose: Whose::Action(action.name.clone()),
                run: action.run.clone(),
                needs: action.needs.clone(),
                again: !changes.generation,
            });
        }
    }
    Plan { steps }
}

fn hook_step(hook: &Hook, again: bool) -> Step {
    let whose = Whose::Files(vec![hook.path.clone()]);
    Step { whose, run: hook.run.clone(), needs: Vec::new(), again }
}

/// Whether a path, or anything in the folder that it is, changed.
fn is_changed(path: &str, changed: &[String]) -> bool {
    let below = |own: &String| own.strip_prefix(path).is_some_and(|rest| rest.starts_with('/'));
    changed.iter().any(|own| own == path || below(own))
}

/// What has to be run, by the record in hcc's folder.
///
/// # Errors
/// [`StateError`].
pub fn prepare(wanted: &Wanted, changes: Changes<'_>, state: &State) -> Result<Plan, StateError> {
    let record = state.read::<Record>(RECORD)?.unwrap_or_default();
    Ok(plan(wanted, &record, changes))
}

/// What was to be run and did not succeed yet, as the plan calls it.
///
/// # Errors
/// [`StateError`].
pub fn open(state: &State) -> Result<Vec<String>, StateError> {
    let record = state.read::<Record>(RECORD)?.unwrap_or_default();
    let hooks = record.hooks.iter().map(|run| format!("`{}`", run.trim()));
    let actions = record.actions.iter().map(|name| format!("the activation `{name}`"));
    Ok(hooks.chain(actions).collect())
}

/// What actions are run with: the clear environment, and the variables that tell them where they
/// are: `HCC_GENERATION` (the number of the new generation), `HCC_HOST`, and `HCC_USER`, which is
/// not set for the machine's own scope.
pub fn environment(
    base: &Environment,
    generation: u64,
    host: &str,
    user: Option<&str>,
) -> Environment {
    let mut environment = base.clone();
    let values = [
        ("HCC_GENERATION", Some(generation.to_string())),
        ("HCC_HOST", Some(host.to_owned())),
        ("HCC_USER", user.map(str::to_owned)),
    ];
    for (name, value) in values {
        environment.variables.retain(|(own, _)| own != name);
        environment.variables.extend(value.map(|value| (name.to_owned(), value)));
    }
    environment
}

/// Runs a plan. One that fails keeps only those from running that need it.
pub fn run(
    plan: &Plan,
    files: Files,
    state: &State,
    environment: &Environment,
    talk: Talk<'_>,
) -> Vec<Done> {
    if plan.steps.is_empty() {
        return Vec::new();
    }
    // Written before the first runs: what a kill keeps from running is tried again.
    let mut open = Record::default();
    for step in &plan.steps {
        let _new = match &step.whose {
            Whose::Action(name) => open.actions.insert(name.clone()),
            Whose::Files(_) => open.hooks.insert(step.run.clone()),
        };
    }
    let mut all = Vec::new();
    if let Err(error) = state.write(RECORD, &open) {
        all.push(Done::failed("remember which actions are still to be run", error.to_string()));
    }
    // Names that did not succeed.
    let mut without: Vec<&str> = Vec::new();
    if files == Files::Held {
        without.push(FILES);
    }
    for step in &plan.steps {
        let lacks = step.needs.iter().find(|name| without.contains(&name.as_str()));
        let done = match lacks {
            Some(name) if name == FILES => {
                Done::skipped(step.to_string(), "it needs all files to be in place")
            }
            Some(name) => {
                Done::skipped(step.to_string(), format!("it needs `{name}`, which did not succeed"))
            }
            None => one(step, environment, talk),
        };
        match &step.whose {
            Whose::Action(name) if !done.is_ok() => without.push(name),
            Whose::Action(name) => drop(open.actions.remove(name)),
            Whose::Files(_) if done.is_ok() => drop(open.hooks.remove(&step.run)),
            Whose::Files(_) => {}
        }
        all.push(done);
    }
    let kept =
        if open == Record::default() { state.remove(RECORD) } else { state.write(RECORD, &open) };
    if let Err(error) = kept {
        all.push(Done::failed("remember which actions succeeded", error.to_string()));
    }
    all
}

fn one(step: &Step, environment: &Environment, talk: Talk<'_>) -> Done {
    let what = step.to_string();
    talk(&what);
    let shell = Command::new(["/bin/sh", "-c", &step.run]);
    match command::run(&shell, environment) {
        Ok(outcome) if outcome.ok() => {
            let said = format!("{}{}", outcome.stdout, outcome.stderr);
            Done { what, end: End::Done { said: said.trim_end().to_owned() } }
        }
        Ok(outcome) => Done::failed(what, outcome.reason()),
        Err(error) => Done::failed(what, error.to_string()),
    }
}
