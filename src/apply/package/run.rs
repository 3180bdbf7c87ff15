//! Installing and taking away.

use std::collections::{BTreeMap, BTreeSet};

use super::look::{self, Answer, Bundle, bundle, installed};
use super::manager::{Manager, Program};
use super::plan::{Bundled, Kind, Managed, Plan, Step, With, unavailable};
use super::{RECORD, Record};
use crate::apply::command::{self, Command, Environment, Outcome};
use crate::apply::done::{Done, Talk};
use crate::apply::state::State;

/// After so many failures in a row the rest is not tried: what is wrong is not the names.
const GIVE_UP: usize = 3;

/// What a refused request for root is called in a report.
const REFUSED: &str = "root was refused";

/// Does what is planned. A failure keeps nothing else from being done.
pub fn run(plan: Plan, state: &State, environment: &Environment, talk: Talk<'_>) -> Vec<Done> {
    let Plan { steps, blocked, record, is_new, .. } = plan;
    let mut run = Run { record, all: blocked, refused: false, environment, talk };
    let mut changed = is_new;
    for step in &steps {
        let before = run.record.clone();
        run.step(step);
        changed |= run.record != before;
    }
    if changed && let Err(error) = state.write(RECORD, &run.record) {
        run.all.push(Done::failed("remember which packages hcc installed", error.to_string()));
    }
    run.all
}

struct Run<'a> {
    record: Record,
    all: Vec<Done>,
    /// Whether root was refused.
    refused: bool,
    environment: &'a Environment,
    talk: Talk<'a>,
}

/// What is known of a manager's lists while it installs.
#[derive(Default)]
struct Lists {
    /// Whether they were renewed, as far as that goes.
    renewed: bool,
    /// Whether nobody was allowed to renew them.
    old: bool,
    /// What they do not have.
    lacks: BTreeSet<String>,
}

/// How a command ended: well, or why not.
type Tried = Result<(), String>;

/// The entries of a Brewfile as brew says that one is missing, and the manager that each is asked of.
const ENTRIES: &[(&str, &str)] = &[("Formula ", "brew"), ("Cask ", "cask")];

impl Run<'_> {
    fn step(&mut self, step: &Step) {
        let what = step.to_string();
        match &step.with {
            With::Manager(own) if self.refused && !own.prefix.is_empty() => {
                self.all.push(Done::skipped(what, REFUSED));
            }
            With::Manager(own) => {
                (self.talk)(&what);
                match step.kind {
                    Kind::Install => self.install(step, own),
                    Kind::Remove => self.remove(step, own),
                }
            }
            With::Brewfile(own) => {
                (self.talk)(&what);
                self.bundle(step, own);
            }
        }
    }

    fn report(&mut self, what: String, tried: Tried) {
        self.all.push(match tried {
            Ok(()) => Done::ok(what),
            Err(reason) => Done::failed(what, reason),
        });
    }

    /// Runs a command; notes it if root is refused.
    fn tried(&mut self, command: &Command, program: &Program, prefix: &[String]) -> Tried {
        self.outcome(command, program, prefix).0
    }

    /// As [`Self::tried`], with what it said if it ran.
    fn outcome(
        &mut self,
        command: &Command,
        program: &Program,
        prefix: &[String],
    ) -> (Tried, Option<Outcome>) {
        let outcome = match command::run(command, &program.environment(self.environment)) {
            Ok(outcome) => outcome,
            Err(error) => return (Err(error.to_string()), None),
        };
        let tried = if outcome.ok() {
            Ok(())
        } else if is_refused(&outcome, prefix) {
            self.refused = true;
            Err(format!("{REFUSED}: {}", outcome.stderr.trim()))
        } else {
            Err(outcome.reason())
        };
        (tried, Some(outcome))
    }

    /// All in one command; if that fails, each alone, so that one name spoils nothing for the rest
    /// and each has its own reason.
    fn install(&mut self, step: &Step, own: &Managed) {
        let mut lists = Lists { lacks: own.unavailable.clone(), ..Lists::default() };
        let mut names = step.names.clone();
        if !own.unknown.is_empty() {
            let renewed = self.renew(own, &mut lists);
            for name in self.still_unknown(own) {
                names.retain(|asked| *asked != name);
                self.lacks(own, name, &mut lists);
            }
            if let (Err(reason), true) = (renewed, self.refused && !names.is_empty()) {
                return self.report(own.manager.installing(&names.join(", ")), Err(reason));
            }
        }
        let tried = self.together(own, &names, &mut lists);
        let there = self.there(own.manager);
        let is_there = |name: &String| there.contains(&(own.manager.plain)(name));
        let (came, missing): (Vec<String>, Vec<String>) =
            names.iter().cloned().partition(|name| is_there(name));
        // A command may also fail for what is no package of it.
        if tried.is_ok() || self.refused || missing.is_empty() {
            let settled = tried.is_ok() || missing.is_empty();
            let what = match names == step.names {
                true => step.to_string(),
                false => own.manager.installing(&names.join(", ")),
            };
            if !names.is_empty() {
                self.report(what, tried);
            }
            return self.keep(own, &there, settled, lists);
        }
        self.all.extend(came.iter().map(|name| Done::ok(own.manager.installing(name))));
        self.alone(own, &missing, &mut lists);
        let there = self.there(own.manager);
        let is_settled = |name: &String| {
            there.contains(&(own.manager.plain)(name)) || lists.lacks.contains(name)
        };
        let settled = missing.iter().all(is_settled);
        self.keep(own, &there, settled, lists);
    }

    /// Notes what came, and whether all that can be had is there.
    fn keep(&mut self, own: &Managed, there: &[String], settled: bool, lists: Lists) {
        let plain: Vec<String> = own.asked.iter().map(|name| (own.manager.plain)(name)).collect();
        self.own(own.manager, &plain, &own.before, there);
        if lists.old {
            // Newer ones may have it.
        } else if settled {
            self.record.settle_group(own.manager.name, &own.asked, lists.lacks);
        } else {
            self.record.note_unavailable(own.manager.name, lists.lacks);
        }
    }

    /// Installs all in one command, if need be once more with new lists.
    fn together(&mut self, own: &Managed, names: &[String], lists: &mut Lists) -> Tried {
        if names.is_empty() {
            return Ok(());
        }
        let words = names.iter().flat_map(|name| own.manager.words(name));
        let mut argv = own.prefix.clone();
        argv.extend(own.program.argv(own.manager, own.manager.install));
        let mut command = Command::new(argv.into_iter().chain(words));
        command.talks = true;
        let tried = self.tried(&command, &own.program, &own.prefix);
        let Err(reason) = tried else { return tried };
        if lists.renewed {
            return Err(reason);
        }
        match self.renew(own, lists) {
            Ok(true) => self.tried(&command, &own.program, &own.prefix),
            // Without new lists there is nothing new to try with all.
            Err(refused) if self.refused => Err(refused),
            Ok(false) | Err(_) => Err(reason),
        }
    }

    /// Reads the lists of what there is again; whether there are any.
    fn renew(&mut self, own: &Managed, lists: &mut Lists) -> Result<bool, String> {
        let Some(refresh) = own.manager.refresh else { return Ok(false) };
        let refresh = own.quietly(own.program.argv(own.manager, refresh));
        (self.talk)(&format!("ask {} what there is: {}", own.manager.name, refresh.shown()));
        let tried = self.tried(&refresh, &own.program, &own.prefix);
        lists.renewed = true;
        lists.old = self.refused;
        tried.map(|()| true)
    }

    /// What a manager's lists do not have, of what they did not have before.
    fn still_unknown(&self, own: &Managed) -> Vec<String> {
        let unknown: Vec<String> = own.unknown.iter().cloned().collect();
        let offers = look::offers(own.manager, &own.program, &unknown, self.environment);
        let Some(offers) = offers else { return Vec::new() };
        unknown
            .into_iter()
            .filter(|name| !offers.contains_key(&(own.manager.plain)(name)))
            .collect()
    }

    /// Says that a manager does not have a package, and notes it.
    fn lacks(&mut self, own: &Managed, name: String, lists: &mut Lists) {
        let besides = if lists.old { ", and its lists are not renewed without root" } else { "" };
        self.all.push(unavailable(own.manager, &name, &own.commands, besides));
        lists.lacks.insert(name);
    }

    fn alone(&mut self, own: &Managed, missing: &[String], lists: &mut Lists) {
        let mut failures = 0;
        for (at, name) in missing.iter().enumerate() {
            let what = own.manager.installing(name);
            if failures >= GIVE_UP {
                self.all.push(Done::skipped(what, format!("{GIVE_UP} others failed before it")));
                continue;
            }
            (self.talk)(&what);
            let mut argv = own.program.argv(own.manager, own.manager.install);
            argv.extend(own.manager.words(name));
            let (tried, said) = self.outcome(&own.quietly(argv), &own.program, &own.prefix);
            if self.refused {
                // One refusal is one failure, whatever it was for.
                let rest: Vec<&str> = missing.iter().skip(at).map(String::as_str).collect();
                return self.report(own.manager.installing(&rest.join(", ")), tried);
            }
            let says_so = said.is_some_and(|said| (own.manager.lacks)(&said, name));
            if tried.is_err() && (says_so || self.is_lacking(own.manager, &own.program, name)) {
                self.lacks(own, name.clone(), lists);
                continue;
            }
            failures = if tried.is_ok() { 0 } else { failures + 1 };
            self.report(what, tried);
        }
    }

    /// Whether a package that could not be installed is none that its manager offers.
    fn is_lacking(&self, manager: &Manager, program: &Program, name: &String) -> bool {
        let names = std::slice::from_ref(name);
        look::offers(manager, program, names, self.environment)
            .is_some_and(|offers| offers.get(&(manager.plain)(name)) != Some(&true))
    }

    fn remove(&mut self, step: &Step, own: &Managed) {
        let tried = self.tried(&step.command, &own.program, &own.prefix);
        if tried.is_ok()
            && let Some(names) = self.record.own.get_mut(own.manager.name)
        {
            names.retain(|name| !step.names.contains(name));
            self.record.own.retain(|_, names| !names.is_empty());
        }
        self.report(step.to_string(), tried);
    }

    /// brew installs entry by entry: one that fails keeps none of the others away.
    fn bundle(&mut self, step: &Step, own: &Bundled) {
        let mut tried = self.tried(&step.command, &own.program, &[]);
        let mut came = true;
        if let Err(reason) = &mut tried
            && let Bundle::Missing(_, mut missing) = bundle(&own.file, self.environment)
            && !missing.is_empty()
        {
            let before = self.all.len();
            missing.retain(|entry| !self.lacks_entry(entry, &own.program));
            came = step.names.len() > self.all.len() - before;
            match missing.is_empty() {
                true => tried = Ok(()),
                false => reason.push_str(&format!("; still missing:\n{}", missing.join("\n"))),
            }
        }
        for (manager, before) in &own.before {
            let there = self.there(manager);
            let listed = own.listed.iter().filter(|(section, _)| section == manager.name);
            let listed: Vec<String> = listed.map(|(_, name)| name.clone()).collect();
            self.own(manager, &listed, before, &there);
        }
        if tried.is_ok() {
            self.record.settle(&own.file.path, [own.file.fingerprint()]);
        }
        if came || tried.is_err() {
            self.report(step.to_string(), tried);
        }
    }

    /// Whether brew knows nothing of what it said is missing, `Formula hello needs to be ...`; that
    /// is said then.
    fn lacks_entry(&mut self, entry: &str, program: &Program) -> bool {
        let name = |(mark, manager): &(&str, &str)| {
            let name = entry.strip_prefix(mark)?.split_whitespace().next()?;
            Some((super::manager::find(manager)?, name.to_owned()))
        };
        let Some((manager, name)) = ENTRIES.iter().find_map(name) else { return false };
        let is_lacking = self.is_lacking(manager, program, &name);
        if is_lacking {
            self.all.push(unavailable(manager, &name, &BTreeMap::new(), ""));
        }
        is_lacking
    }

    /// What is there, by plain name.
    fn there(&self, manager: &Manager) -> Vec<String> {
        match installed(manager, self.environment) {
            Answer::Installed(_, names) => names.into_keys().collect(),
            _ => Vec::new(),
        }
    }

    /// Notes what was asked for and came.
    fn own(&mut self, manager: &Manager, asked: &[String], before: &[String], there: &[String]) {
        let new = asked.iter().filter(|name| !before.contains(name) && there.contains(name));
        let new: Vec<String> = new.cloned().collect();
        if !new.is_empty() {
            self.record.own.entry(manager.name.to_owned()).or_default().extend(new);
        }
    }
}

impl Managed {
    /// A command whose output is caught: nobody could see a question for a password, so none is
    /// asked; who gave one a moment ago is not asked again anyway.
    fn quietly(&self, argv: Vec<String>) -> Command {
        let mut words = self.prefix.clone();
        if !words.is_empty() && !words.iter().any(|word| word == "-n") {
            words.push("-n".to_owned());
        }
        Command::new(words.into_iter().chain(argv))
    }
}

/// Whether it was the program that makes others root that ended: it puts its name in front.
fn is_refused(outcome: &Outcome, prefix: &[String]) -> bool {
    let Some(elevator) = prefix.first() else { return false };
    let said = outcome.stderr.trim_start();
    said.strip_prefix(elevator.as_str()).is_some_and(|rest| rest.starts_with(':'))
}
