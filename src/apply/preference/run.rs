//! Writing preferences, and restarting what reads them.

use super::restart::{self, Restart};
use super::{Kept, Plan, RECORD, Record, Step, restarting, restarts};
use crate::apply::command::{self, Command, Environment};
use crate::apply::done::{Done, Talk};
use crate::apply::state::State;

/// Writes what is planned, and restarts what has to read it again.
pub fn run(plan: Plan, state: &State, environment: &Environment, talk: Talk<'_>) -> Vec<Done> {
    let Plan { steps, blocked, mut record, is_new, .. } = plan;
    let mut all = blocked;
    if steps.is_empty() && !is_new {
        return all;
    }
    // What was there before is on disk before the first key is written.
    for step in steps.iter().filter(|step| !step.back) {
        intend(&mut record, step);
    }
    if let Err(error) = state.write(RECORD, &record) {
        all.push(Done::failed("remember what the preferences were before", error.to_string()));
        return all;
    }
    let mut written: Vec<&Step> = Vec::new();
    for step in &steps {
        let what = step.to_string();
        talk(&what);
        let failed = write(step, environment);
        settle(&mut record, step, failed.is_none());
        all.push(match failed {
            None => {
                written.push(step);
                Done::ok(what)
            }
            Some(reason) => Done::failed(what, reason),
        });
    }
    if !steps.is_empty()
        && let Err(error) = state.write(RECORD, &record)
    {
        all.push(Done::failed("remember which preferences were written", error.to_string()));
    }
    all.extend(restarts(written.into_iter()).filter_map(|what| again(what, environment, talk)));
    all
}

fn intend(record: &mut Record, step: &Step) {
    match record.keys.iter_mut().find(|kept| kept.place == step.place) {
        Some(kept) => kept.pending.clone_from(&step.to),
        None => record.keys.push(Kept {
            place: step.place.clone(),
            before: step.from.clone(),
            written: None,
            pending: step.to.clone(),
        }),
    }
}

/// Notes how a step ended.
fn settle(record: &mut Record, step: &Step, ok: bool) {
    if step.back {
        if ok {
            record.forget(&step.place);
        }
        return;
    }
    if let Some(kept) = record.keys.iter_mut().find(|kept| kept.place == step.place) {
        kept.pending = None;
        if ok {
            kept.written.clone_from(&step.to);
        }
    }
    // What could not be written is as if it had never been tried.
    record.keys.retain(|kept| kept.written.is_some() || kept.pending.is_some());
}

/// Runs a step; the reason if it failed.
fn write(step: &Step, environment: &Environment) -> Option<String> {
    let outcome = match command::run(&step.command(), environment) {
        Ok(outcome) => outcome,
        Err(error) => return Some(error.to_string()),
    };
    if outcome.ok() {
        return None;
    }
    let mut reason = outcome.reason();
    if reason.contains("Could not write domain") {
        reason.push_str("\nmacOS protects some domains: give the terminal Full Disk Access in System Settings, Privacy & Security");
    }
    Some(reason)
}

fn again(what: Restart, environment: &Environment, talk: Talk<'_>) -> Option<Done> {
    let mut command = restarting(what);
    if what == Restart::Settings && environment.find(restart::SETTINGS).is_none() {
        let whole = format!("{}/{}", restart::SETTINGS_FOLDER, restart::SETTINGS);
        // Not every macOS has it; the next login reads the settings too.
        environment.find(&whole)?;
        command = Command::new([&whole, "-u"]);
    }
    let said = match what {
        Restart::Part(name) => format!("restart {name}"),
        Restart::Settings => "let macOS read its settings again".to_owned(),
    };
    talk(&said);
    Some(match command::run(&command, environment) {
        // Without `-q`'s silence there was something to say: what is not running needs no restart.
        Ok(outcome) if outcome.ok() || outcome.stderr.trim().is_empty() => Done::ok(said),
        Ok(outcome) => Done::failed(said, outcome.reason()),
        Err(error) => Done::failed(said, error.to_string()),
    })
}
