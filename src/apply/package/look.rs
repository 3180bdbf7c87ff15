//! Asking managers what is there.

use std::collections::BTreeMap;

use super::manager::{self, Manager, Program, Root};
use super::{Ask, Brewfile, Record, Wanted};
use crate::apply::command::{self, Command, Environment};
use crate::ir::Cleanup;

/// What has to be asked for a plan.
#[derive(Clone, Debug, Default)]
pub struct Questions {
    managers: Vec<&'static Manager>,
    brewfiles: Vec<Brewfile>,
}

/// What has to be asked. Pure.
pub fn questions(wanted: &Wanted, record: &Record, cleanup: Cleanup, ask: Ask) -> Questions {
    let anyway = ask == Ask::Anyway;
    let managers = manager::MANAGERS.iter().filter(|manager| {
        let group = wanted.groups.iter().find(|group| group.manager == manager.name);
        group.is_some_and(|group| anyway || !record.is_settled(group))
            || (cleanup != Cleanup::None && !record.left(manager.name, wanted).is_empty())
    });
    let files = wanted.brewfiles.iter().filter(|file| anyway || !record.is_settled_file(file));
    Questions { managers: managers.collect(), brewfiles: files.cloned().collect() }
}

/// What the system says.
#[derive(Clone, Debug, Default)]
pub struct Found {
    pub(super) managers: BTreeMap<&'static str, Answer>,
    pub(super) brewfiles: BTreeMap<String, Bundle>,
    /// The program that makes others root, if there is one.
    pub(super) elevator: Option<&'static str>,
}

/// What a manager says.
#[derive(Clone, Debug)]
pub(super) enum Answer {
    /// Its program is not there.
    Absent,
    /// It did not say what is there.
    Silent(String),
    /// What is there.
    Installed(Program, BTreeMap<String, String>),
}

/// What Homebrew says of a Brewfile.
#[derive(Clone, Debug)]
pub(super) enum Bundle {
    /// There is no brew.
    Absent,
    /// All of it is there.
    Satisfied,
    /// These are not there, in brew's words.
    Missing(Program, Vec<String>),
}

/// What makes a command root's: `-n` means the same to both.
const ELEVATORS: &[&str] = &["sudo", "doas"];

/// Asks: one query for each manager.
pub fn look(questions: &Questions, environment: &Environment) -> Found {
    let mut found = Found::default();
    for file in &questions.brewfiles {
        let bundle = bundle(file, environment);
        // What is there before tells what hcc brought.
        if matches!(bundle, Bundle::Missing(..)) {
            for name in manager::BREWS {
                if let Some(manager) = manager::find(name) {
                    found.managers.insert(manager.name, installed(manager, environment));
                }
            }
        }
        found.brewfiles.insert(file.path.clone(), bundle);
    }
    for manager in &questions.managers {
        if !found.managers.contains_key(manager.name) {
            found.managers.insert(manager.name, installed(manager, environment));
        }
    }
    let root = questions.managers.iter().any(|manager| matches!(manager.root, Root::Needed(_)));
    if root {
        found.elevator = ELEVATORS.iter().copied().find(|name| environment.find(name).is_some());
    }
    found
}

/// What is installed.
pub(super) fn installed(manager: &Manager, environment: &Environment) -> Answer {
    let Some(program) = manager.program(environment) else { return Answer::Absent };
    let command = Command::new(program.argv(manager, manager.list));
    match command::run(&command, &program.environment(environment)) {
        Ok(outcome) if outcome.ok() => {
            let names = (manager.read)(&outcome.stdout);
            let names = names.into_iter().map(|(name, word)| ((manager.plain)(&name), word));
            Answer::Installed(program, names.collect())
        }
        Ok(outcome) => Answer::Silent(format!("`{}`: {}", command.shown(), outcome.reason())),
        Err(error) => Answer::Silent(format!("`{}`: {error}", command.shown())),
    }
}

/// Asks brew whether all of a Brewfile is there: the one that will be, so it is handed its text.
pub(super) fn bundle(file: &Brewfile, environment: &Environment) -> Bundle {
    let brew = manager::find("brew");
    let Some((brew, program)) = brew.and_then(|brew| Some((brew, brew.program(environment)?)))
    else {
        return Bundle::Absent;
    };
    let mut words = vec!["brew", "bundle", "check", "--verbose", "--file=-"];
    if !file.upgrade {
        words.push("--no-upgrade");
    }
    let mut command = Command::new(program.argv(brew, &words));
    command.input = Some(file.text.clone());
    match command::run(&command, &program.environment(environment)) {
        Ok(outcome) if outcome.ok() => Bundle::Satisfied,
        Ok(outcome) => {
            // `→ Formula hello needs to be installed or updated.`
            let said = format!("{}\n{}", outcome.stdout, outcome.stderr);
            let lines = said.lines().filter_map(|line| line.trim().strip_prefix('→'));
            Bundle::Missing(program, lines.map(|line| line.trim().to_owned()).collect())
        }
        // Installing will say what is wrong.
        Err(_) => Bundle::Missing(program, Vec::new()),
    }
}
