//! `hcc rollback`

use clap::Args;

use super::carry::{Carry, Keeping, Manner};
use super::home::{Place, broken, damaged};
use super::{Global, Status, Stop, help, wrong};
use crate::apply::after::Scope;
use crate::apply::change::{self, Change};
use crate::apply::history;
use crate::apply::manifest;
use crate::apply::package::Ask;
use crate::apply::plan::Policy;
use crate::apply::site::{Record, Site};
use crate::apply::state::State;
use crate::apply::wanted::{self, Wanted};
use crate::apply::whole::{Holdings, looks_whole};
use crate::facts;
use crate::ir::Drift;

/// Go back to an earlier generation
///
/// A file whose content in that generation was written into since, through its link, and that no
/// generation holds as it was, cannot go back: it is named, stays as it is, and ends this with 4;
/// all else goes back.
///
/// A new generation is made that equals the chosen one. Without a number that is the one before
/// what is in effect: once back at 2, another rollback goes to 1, and `hcc rollback 3` forward
/// again. What was in the way of that generation and was kept once is kept again without asking. It
/// needs neither the configuration nor a
/// network. What `live` links lead to is as it is now: only the links go back.
#[derive(Debug, Args)]
pub struct Rollback {
    /// The generation's number; by default the one before what is in effect
    #[arg(value_name = "GEN")]
    generation: Option<u64>,
    #[command(flatten)]
    manner: Manner,
    #[command(flatten)]
    keeping: Keeping,
    /// Install that generation's packages too
    #[arg(long)]
    packages: bool,
    /// Run no actions
    #[arg(long)]
    no_actions: bool,
}

impl Rollback {
    /// Runs it.
    pub fn run(&self, global: &Global) -> Status {
        let looked = change::now();
        let place = Place::find(None)?;
        let site = self.manner.open(&place, global)?;
        let number = self.chosen(&site)?;
        let target = manifest::read(&site.state, number).map_err(damaged)?;
        let scope = Scope {
            packages: self.packages,
            ask: Ask::Changed,
            actions: !self.no_actions,
            anything: true,
            rights: facts::rights(),
            session: facts::session(),
        };
        let name =
            format!("{}@{}, back to generation {number},", target.rest.user, target.rest.host);
        let question = &format!("Go back to generation {number}?");
        let carry = Carry { manner: &self.manner, global, scope, name, question, leaves: false };
        let own = self.keeping.policy(target.rest.policy.backup.clone())?;
        let policy = Policy { again: true, ..own };
        if policy.drift == Some(Drift::Absorb) {
            wrong("a rollback has no configuration that an edit could go into");
            help("`hcc absorb PATH` first, or `--drift keep` or `restore`");
            return Err(Stop::Usage);
        }
        let plan = |site: &mut Site, policy: &Policy| {
            let record = site.record().map_err(damaged)?;
            let mut wanted = wanted::of_generation(&target, &site.state);
            let lost = stay(&mut wanted, &record, &site.state);
            let rest = target.rest.clone();
            let by = manifest::rollback_to(number);
            let manifest = change::manifest(by, target.config.clone(), rest);
            let mut change = Change::plan(site, record, wanted, manifest, policy, looked)
                .map_err(|error| broken(&error))?;
            change.hold(&lost);
            Ok(change)
        };
        carry.run(site, policy, plan).map(drop)
    }

    fn chosen(&self, site: &Site) -> Result<u64, Stop> {
        let numbers = manifest::numbers(&site.state).map_err(damaged)?;
        let (current, _) = site.current().map_err(damaged)?;
        let by = |number| manifest::by(&site.state, number).ok();
        let wanted = self.generation.or_else(|| history::before(&numbers, current, by));
        match wanted {
            Some(number) if numbers.contains(&number) => Ok(number),
            Some(number) => {
                wrong(&format!("there is no generation {number}"));
                let list: Vec<String> = numbers.iter().map(ToString::to_string).collect();
                help(&match list.is_empty() {
                    true => "`hcc apply` makes the first one".to_owned(),
                    false => format!("there are {}", list.join(", ")),
                });
                Err(Stop::Usage)
            }
            None if current == 0 => {
                wrong("there is no generation to go back to");
                help("`hcc apply` makes the first one");
                Err(Stop::Usage)
            }
            None => {
                wrong(&format!("there is no generation before {}", in_effect(site, current)));
                help("`hcc uninstall` brings back what was there before hcc");
                Err(Stop::Usage)
            }
        }
    }
}

/// Lets those paths stay as they are now whose content is not what the generation had: something
/// wrote into it since. Which, and why.
fn stay(wanted: &mut Vec<Wanted>, record: &Record, state: &State) -> Vec<(String, String)> {
    let number = record.index.generation;
    let holdings = Holdings::of(state);
    let mut lost = Vec::new();
    wanted.retain_mut(|one| {
        let now = record.index.record(&one.entry.path);
        let same = now.filter(|now| now.entry.puts_the_same(&one.entry));
        if same.is_some_and(|now| looks_whole(one, now)) {
            return true;
        }
        let Err(why) = holdings.find(one) else { return true };
        // What stands there may stay as it is: that is for the plan to say.
        if same.is_some() {
            return true;
        }
        let help = "`hcc apply` brings what the configuration says";
        lost.push((one.entry.path.clone(), format!("{why}; {help}")));
        let Some(now) = now else { return false };
        *one = wanted::of_entry(&now.entry, number, state);
        // Whether that is whole is for the plan to say, too.
        let _whole = looks_whole(one, now) || holdings.find(one).is_ok();
        true
    });
    lost
}

/// The generation in effect in words: after a rollback, with the one that it is again.
fn in_effect(site: &Site, current: u64) -> String {
    let by = manifest::by(&site.state, current).unwrap_or_default();
    match manifest::rolled_back_to(&by) {
        Some(number) => format!("{number}, which {current} is again"),
        None => current.to_string(),
    }
}
