//! Asking managers what is there.

use std::collections::{BTreeMap, BTreeSet};

use super::manager::{self, Asked, Manager, Offers, Program, Root, When};
use super::{Ask, Brewfile, Group, Record, Wanted};
use crate::apply::command::{self, Command, Environment};
use crate::ir::Cleanup;

/// What has to be asked for a plan.
#[derive(Clone, Debug, Default)]
pub struct Questions {
    managers: Vec<&'static Manager>,
    /// What is asked for and may be missing.
    groups: Vec<Group>,
    brewfiles: Vec<Brewfile>,
    anyway: bool,
}

/// What has to be asked. Pure.
pub fn questions(wanted: &Wanted, record: &Record, cleanup: Cleanup, ask: Ask) -> Questions {
    let anyway = ask == Ask::Anyway;
    let open = |group: &&Group| anyway || !record.is_settled(group);
    let groups = wanted.groups.iter().filter(open).cloned().collect();
    let managers = manager::MANAGERS.iter().filter(|manager| {
        let group = wanted.groups.iter().find(|group| group.manager == manager.name);
        group.is_some_and(|group| open(&group))
            || (cleanup != Cleanup::None && !record.left(manager.name, wanted).is_empty())
    });
    let files = wanted.brewfiles.iter().filter(|file| anyway || !record.is_settled_file(file));
    let (managers, brewfiles) = (managers.collect(), files.cloned().collect());
    Questions { managers, groups, brewfiles, anyway }
}

/// What the system says.
#[derive(Clone, Debug, Default)]
pub struct Found {
    pub(super) managers: BTreeMap<&'static str, Answer>,
    pub(super) brewfiles: BTreeMap<String, Bundle>,
    /// Commands that `PATH` has.
    pub(super) commands: BTreeSet<String>,
    /// What a manager offers of what is missing, if it is asked first.
    pub(super) offers: BTreeMap<&'static str, Offers>,
    /// Whether what could not be had is asked for again.
    pub(super) anyway: bool,
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
    let mut found = Found { anyway: questions.anyway, ..Found::default() };
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
    for group in &questions.groups {
        let commands = group.commands.values();
        found.commands.extend(commands.filter(|name| is_there(name, environment)).cloned());
        let is_asked =
            |manager: &&Manager| matches!(manager.offers, Some(Asked { when: When::First(_), .. }));
        if let Some(manager) = manager::find(&group.manager).filter(is_asked)
            && let Some(Answer::Installed(program, installed)) = found.managers.get(manager.name)
        {
            let names = missing(group, manager, installed, &found.commands);
            if let Some(offers) = offers(manager, program, &names, environment) {
                found.offers.insert(manager.name, offers);
            }
        }
    }
    let root = questions.managers.iter().any(|manager| matches!(manager.root, Root::Needed(_)));
    if root {
        found.elevator = ELEVATORS.iter().copied().find(|name| environment.find(name).is_some());
    }
    found
}

/// The packages of a group that are not there, and that its manager can be asked for.
pub(super) fn missing(
    group: &Group,
    manager: &Manager,
    installed: &BTreeMap<String, String>,
    commands: &BTreeSet<String>,
) -> Vec<String> {
    let is_missing = |name: &&String| {
        !installed.contains_key(&(manager.plain)(name))
            && !group.is_there(name, commands)
            && manager.refuses(name).is_none()
    };
    group.names.iter().filter(is_missing).cloned().collect()
}

/// Whether `PATH` has a command. A base system's program of many names, which is its shell too, has
/// less than the package of the same name.
fn is_there(command: &str, environment: &Environment) -> bool {
    let whole = |name| environment.find(name).and_then(|path| path.canonicalize_utf8().ok());
    whole(command).is_some_and(|found| whole("sh") != Some(found))
}

/// What a manager offers of these names; none if it cannot say.
pub(super) fn offers(
    manager: &Manager,
    program: &Program,
    names: &[String],
    environment: &Environment,
) -> Option<Offers> {
    let offers = manager.offers.filter(|_| !names.is_empty())?;
    let plain: Vec<String> = names.iter().map(|name| (manager.plain)(name)).collect();
    let argv = program.argv(manager, offers.ask).into_iter().chain(plain.iter().cloned());
    let outcome = command::run(&Command::new(argv), &program.environment(environment)).ok()?;
    (offers.read)(&outcome, &plain)
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
