//! Asking managers what is there.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};

use super::manager::{self, Manager, Root};
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

/// A manager's program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Program {
    /// How it is called.
    pub word: String,
    /// Its folder, if `PATH` does not have it.
    pub folder: Option<Utf8PathBuf>,
}

impl Program {
    /// A manager's command, with the program that was found in its place.
    pub fn argv(&self, manager: &Manager, words: &[&str]) -> Vec<String> {
        let first = manager.programs.first();
        let word =
            |word: &&str| if Some(word) == first { self.word.clone() } else { (*word).to_owned() };
        words.iter().map(word).collect()
    }

    /// The environment in which it also finds what stands beside it.
    pub fn environment(&self, base: &Environment) -> Environment {
        let mut environment = base.clone();
        if let Some(folder) = &self.folder
            && let Some((_, path)) =
                environment.variables.iter_mut().find(|(name, _)| name == "PATH")
        {
            *path = format!("{folder}:{path}");
        }
        environment
    }
}

pub(super) fn program(manager: &Manager, environment: &Environment) -> Option<Program> {
    let inside = manager.programs.iter().find(|name| environment.find(name).is_some());
    if let Some(name) = inside {
        return Some(Program { word: (*name).to_owned(), folder: None });
    }
    let beside = manager.folders.iter().flat_map(|folder| {
        manager.programs.iter().map(move |name| (folder, Utf8Path::new(folder).join(name)))
    });
    let mut beside = beside.filter(|(_, path)| environment.find(path.as_str()).is_some());
    let (folder, path) = beside.next()?;
    Some(Program { word: path.into_string(), folder: Some(Utf8PathBuf::from(*folder)) })
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
    let Some(program) = program(manager, environment) else { return Answer::Absent };
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
    let Some((brew, program)) = brew.and_then(|brew| Some((brew, program(brew, environment)?)))
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
