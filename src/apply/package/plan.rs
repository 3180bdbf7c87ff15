//! What has to be installed and what taken away, as data.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Serialize;

use super::look::{self, Answer, Bundle, Found};
use super::manager::{self, Asked, Manager, Program, Root, When};
use super::{Brewfile, Group, Record, Rights, Wanted};
use crate::apply::command::Command;
use crate::apply::done::{Done, End};
use crate::ir::Cleanup;

/// What is going to be done with packages.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Plan {
    /// In this order.
    pub steps: Vec<Step>,
    /// What is left alone though the configuration asks for it, and is no mistake of this machine.
    pub notes: Vec<String>,
    /// What cannot be done.
    pub blocked: Vec<Done>,
    #[serde(skip)]
    pub(super) record: Record,
    #[serde(skip)]
    pub(super) is_new: bool,
}

impl Plan {
    /// Whether there is nothing to do and nothing to write down.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty() && self.blocked.is_empty() && !self.is_new
    }
}

/// What is done with packages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// They are installed.
    Install,
    /// They are taken away.
    Remove,
}

/// One command of one manager.
#[derive(Clone, Debug, Serialize)]
pub struct Step {
    /// What it does.
    pub kind: Kind,
    /// The manager; `brewfile` for a whole Brewfile.
    pub manager: String,
    /// The packages; of a Brewfile, what is missing in brew's own words.
    pub names: Vec<String>,
    /// The command.
    #[serde(flatten)]
    pub command: Command,
    /// Whether it needs root.
    pub root: Root,
    #[serde(skip)]
    pub(super) with: With,
}

/// What running a step takes besides its command.
#[derive(Clone, Debug)]
pub(super) enum With {
    /// A manager.
    Manager(Managed),
    /// A Brewfile.
    Brewfile(Bundled),
}

/// What a step of a manager takes.
#[derive(Clone, Debug)]
pub(super) struct Managed {
    pub manager: &'static Manager,
    pub program: Program,
    /// All names that are asked of it, also those that are there.
    pub asked: Vec<String>,
    /// Those that its lists do not have, so that they are renewed first.
    pub unknown: BTreeSet<String>,
    /// Those of which it was said before that it does not have them.
    pub unavailable: BTreeSet<String>,
    /// The commands that they bring, by name.
    pub commands: BTreeMap<String, String>,
    /// What was there before, by plain name.
    pub before: Vec<String>,
    /// What makes it root.
    pub prefix: Vec<String>,
}

/// What installing a Brewfile takes.
#[derive(Clone, Debug)]
pub(super) struct Bundled {
    pub file: Brewfile,
    pub program: Program,
    /// What Brewfiles list: manager and name.
    pub listed: BTreeSet<(String, String)>,
    /// What was there before, by manager.
    pub before: Vec<(&'static Manager, Vec<String>)>,
}

impl fmt::Display for Step {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = match self.kind {
            Kind::Install => "install",
            Kind::Remove => "remove",
        };
        match &self.with {
            With::Manager(_) => {
                write!(to, "{verb} {} by {}", self.names.join(", "), self.manager)?;
            }
            With::Brewfile(own) => write!(to, "install what {} lists", own.file.path)?,
        }
        match self.root {
            Root::No => Ok(()),
            Root::Needed(why) => write!(to, " (as root: {why})"),
            Root::May(why) => write!(to, " (may ask for your password: {why})"),
        }
    }
}

/// What is said of packages that no manager of hcc's is there for.
fn nobody(names: &str, manager: &str) -> String {
    match manager {
        "" => format!("{names}: hcc knows no package manager of this host; install them yourself"),
        own => {
            format!("{names}: hcc does not know the package manager `{own}`; install them yourself")
        }
    }
}

/// That a manager does not have a package, with the ways out; `besides` is a sentence more.
pub(super) fn unavailable(
    manager: &Manager,
    name: &str,
    commands: &BTreeMap<String, String>,
    besides: &str,
) -> Done {
    let by = manager.name;
    let own = commands.get(name).map_or_else(String::new, |command| {
        format!(": once `{command}` is in PATH, it counts as there")
    });
    Done {
        what: manager.installing(name),
        end: End::Unavailable {
            reason: format!("{by} has no package `{name}`{besides}"),
            help: format!(
                "install it yourself{own}; or say what {by} calls it, `package \"...\"` in the block \
                 of its program, or `package #null` for none;\nhcc does not try it again before the \
                 packages change, or `hcc apply --packages`"
            ),
        },
    }
}

/// What has to be done. Pure; `found` must answer [`super::questions`].
pub fn plan(
    wanted: &Wanted,
    record: &Record,
    found: &Found,
    cleanup: Cleanup,
    rights: Rights,
) -> Plan {
    let mut plan = Plan { record: record.clone(), ..Plan::default() };
    plan.forget_what_is_gone(found);
    for file in &wanted.brewfiles {
        plan.file(file, wanted, found);
    }
    for group in &wanted.groups {
        if found.anyway || !record.is_settled(group) {
            plan.group(group, found, rights);
        }
    }
    if cleanup != Cleanup::None {
        for manager in manager::MANAGERS {
            plan.clean(manager, wanted, found, cleanup, rights);
        }
    }
    plan.is_new = plan.record != *record;
    plan
}

impl Plan {
    /// What somebody took away is hcc's no longer, also when somebody brings it back.
    fn forget_what_is_gone(&mut self, found: &Found) {
        for (manager, answer) in &found.managers {
            if let (Answer::Installed(_, names), Some(own)) =
                (answer, self.record.own.get_mut(*manager))
            {
                own.retain(|name| names.contains_key(name));
            }
        }
        self.record.own.retain(|_, own| !own.is_empty());
    }

    fn file(&mut self, file: &Brewfile, wanted: &Wanted, found: &Found) {
        match found.brewfiles.get(&file.path) {
            None => {}
            Some(Bundle::Satisfied) => self.record.settle(&file.path, [file.fingerprint()]),
            Some(Bundle::Absent) => self.blocked.push(Done::failed(
                format!("install what {} lists", file.path),
                "there is no `brew` on this machine; https://brew.sh says how to install it",
            )),
            Some(Bundle::Missing(program, names)) => {
                let mut argv = vec![program.word.clone()];
                argv.extend(["bundle".to_owned(), format!("--file={}", file.path)]);
                if !file.upgrade {
                    argv.push("--no-upgrade".to_owned());
                }
                let mut command = Command::new(argv);
                command.talks = true;
                let cask = names.iter().any(|name| name.starts_with("Cask "));
                let before =
                    manager::BREWS.iter().filter_map(|name| match found.managers.get(name)? {
                        Answer::Installed(_, names) => {
                            Some((manager::find(name)?, names.keys().cloned().collect()))
                        }
                        _ => None,
                    });
                self.steps.push(Step {
                    kind: Kind::Install,
                    manager: super::BREWFILE.to_owned(),
                    names: names.clone(),
                    command,
                    root: if cask { manager::CASK } else { Root::No },
                    with: With::Brewfile(Bundled {
                        file: file.clone(),
                        program: program.clone(),
                        listed: wanted.listed.clone(),
                        before: before.collect(),
                    }),
                });
            }
        }
    }

    fn group(&mut self, group: &Group, found: &Found, rights: Rights) {
        let there = |name: &&String| group.is_there(name, &found.commands);
        let open: Vec<&str> =
            group.names.iter().filter(|name| !there(name)).map(String::as_str).collect();
        if open.is_empty() {
            return self.record.settle_group(&group.manager, &group.names, BTreeSet::new());
        }
        let Some(manager) = manager::find(&group.manager) else {
            self.notes.push(nobody(&open.join(", "), &group.manager));
            // Said once.
            return self.record.settle_group(&group.manager, &group.names, BTreeSet::new());
        };
        let what = manager.installing(&open.join(", "));
        let (program, installed) = match found.managers.get(manager.name) {
            None => return,
            Some(Answer::Absent) => {
                let program = manager.programs.first().copied().unwrap_or(manager.name);
                let reason = format!("there is no `{program}` on this machine");
                return self.blocked.push(Done::failed(what, reason));
            }
            Some(Answer::Silent(reason)) => {
                return self.blocked.push(Done::failed(what, reason));
            }
            Some(Answer::Installed(program, installed)) => (program, installed),
        };
        for name in open.iter().filter(|name| !installed.contains_key(&(manager.plain)(name))) {
            if let Some(reason) = manager.refuses(name) {
                let what = format!("install {name:?} by {}", group.manager);
                self.blocked.push(Done::failed(what, reason));
            }
        }
        let asked: Vec<String> =
            group.names.iter().filter(|name| manager.refuses(name).is_none()).cloned().collect();
        let mut missing = look::missing(group, manager, installed, &found.commands);
        let offers = found.offers.get(manager.name);
        let is_unknown = |name: &&String| {
            offers.is_some_and(|offers| !offers.contains_key(&(manager.plain)(name)))
        };
        // What was said once is said again only to who asks.
        let said = self.record.unavailable.get(manager.name).filter(|_| !found.anyway);
        let (mut unavailable, mut unknown): (BTreeSet<String>, BTreeSet<String>) = missing
            .iter()
            .filter(is_unknown)
            .cloned()
            .partition(|name| said.is_some_and(|said| said.contains(name)));
        if let (None, Some(Asked { when: When::First(Some(renews)), .. })) =
            (manager.refresh, manager.offers)
        {
            let besides = format!(" in its lists as they are, which `{renews}` renews");
            let said = |name: &String| self::unavailable(manager, name, &group.commands, &besides);
            self.blocked.extend(unknown.iter().map(said));
            unavailable.append(&mut unknown);
        }
        missing.retain(|name| !unavailable.contains(name));
        if missing.is_empty() {
            if asked.len() == group.names.len() {
                self.record.settle_group(manager.name, &asked, unavailable);
            }
            return;
        }
        // Lists that nobody may renew are all that there is.
        if !unknown.is_empty() && !rights.may_be_root(manager, found.elevator) {
            missing.retain(|name| !unknown.contains(name));
            let all =
                unknown.iter().map(|name| self::unavailable(manager, name, &group.commands, ""));
            self.blocked.extend(all);
            if missing.is_empty() {
                return;
            }
        }
        let what = || manager.installing(&missing.join(", "));
        let Some(prefix) = self.elevate(manager, found, rights, what) else { return };
        if !unknown.is_empty() {
            let names = unknown.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
            let manager = manager.name;
            self.notes
                .push(format!("{names}: not in the lists of {manager}; they are renewed first"));
        }
        let words = missing.iter().flat_map(|name| manager.words(name));
        let argv =
            prefix.iter().cloned().chain(program.argv(manager, manager.install)).chain(words);
        let mut command = Command::new(argv);
        command.talks = true;
        self.steps.push(Step {
            kind: Kind::Install,
            manager: manager.name.to_owned(),
            names: missing,
            command,
            root: manager.root,
            with: With::Manager(Managed {
                manager,
                program: program.clone(),
                asked,
                unknown,
                unavailable,
                commands: group.commands.clone(),
                before: installed.keys().cloned().collect(),
                prefix,
            }),
        });
    }

    /// Takes away what hcc installed and nobody wants any more, one by one: what something else
    /// needs then stays alone.
    fn clean(
        &mut self,
        manager: &'static Manager,
        wanted: &Wanted,
        found: &Found,
        cleanup: Cleanup,
        rights: Rights,
    ) {
        let left = self.record.left(manager.name, wanted);
        let Some(Answer::Installed(program, installed)) = found.managers.get(manager.name) else {
            return;
        };
        for name in left {
            let Some(word) = installed.get(&name) else { continue };
            let what = || format!("remove {name} by {}", manager.name);
            let Some(prefix) = self.elevate(manager, found, rights, what) else { return };
            let words = if cleanup == Cleanup::Zap { manager.zap } else { manager.remove };
            let argv = prefix.iter().cloned().chain(program.argv(manager, words));
            let command = Command::new(argv.chain([word.clone()]));
            self.steps.push(Step {
                kind: Kind::Remove,
                manager: manager.name.to_owned(),
                names: vec![name],
                command,
                root: manager.root,
                with: With::Manager(Managed {
                    manager,
                    program: program.clone(),
                    asked: Vec::new(),
                    unknown: BTreeSet::new(),
                    unavailable: BTreeSet::new(),
                    commands: BTreeMap::new(),
                    before: Vec::new(),
                    prefix,
                }),
            });
        }
    }

    /// The words that make a manager's command root's, if it must be; none if it cannot be, which
    /// is said then.
    fn elevate(
        &mut self,
        manager: &Manager,
        found: &Found,
        rights: Rights,
        what: impl Fn() -> String,
    ) -> Option<Vec<String>> {
        if rights.root || !matches!(manager.root, Root::Needed(_)) {
            return Some(Vec::new());
        }
        let Some(elevator) = found.elevator else {
            let reason =
                "it needs root, and there is neither `sudo` nor `doas`; run it as root yourself";
            self.blocked.push(Done::failed(what(), reason));
            return None;
        };
        let quiet = (!rights.terminal).then(|| "-n".to_owned());
        Some([elevator.to_owned()].into_iter().chain(quiet).collect())
    }
}
