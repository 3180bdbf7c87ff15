//! Preferences of macOS, by `defaults(1)`: each key is written with its exact type, and what it
//! was before comes back when it leaves the configuration.
//!
//! A key that has been written, and is wanted with the same value, costs nothing: it is not looked
//! at. Otherwise its domain is read, once. A value that somebody changed since stays where it is
//! no longer wanted, and is reported.

mod restart;
mod run;
mod value;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use super::command::{self, Command, Environment};
use super::done::Done;
use super::state::{State, StateError};
use crate::ir::Document;
use restart::Restart;

pub use run::run;

/// The record's name.
pub(super) const RECORD: &str = "defaults.json";

/// The program that reads and writes preferences.
const DEFAULTS: &str = "defaults";

/// A domain.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Domain {
    /// `com.apple.dock`, `NSGlobalDomain`, or the path of a file.
    #[serde(rename = "domain")]
    pub name: String,
    /// Whether it is of this machine alone.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub current_host: bool,
}

impl Domain {
    fn command<'a>(&'a self, words: impl IntoIterator<Item = &'a str>) -> Command {
        let here = self.current_host.then_some("-currentHost");
        Command::new([DEFAULTS].into_iter().chain(here).chain(words))
    }
}

impl fmt::Display for Domain {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let here = if self.current_host { " (current host)" } else { "" };
        write!(to, "{}{here}", self.name)
    }
}

/// A key in its domain.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    /// Its domain.
    #[serde(flatten)]
    pub domain: Domain,
    /// The key.
    pub key: String,
}

impl fmt::Display for Place {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "{} {}", self.domain, self.key)
    }
}

/// A preference that is wanted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wanted {
    /// The key.
    #[serde(flatten)]
    pub place: Place,
    /// The value: the inside of an XML property list.
    pub value: String,
}

/// The preferences of a document.
///
/// # Errors
/// A value that no property list can hold, one sentence for each. What is compiled has none.
pub fn wanted(document: &Document) -> Result<Vec<Wanted>, Vec<String>> {
    let (mut list, mut wrong) = (Vec::new(), Vec::new());
    for own in &document.defaults {
        let domain = Domain { name: own.domain.clone(), current_host: own.current_host };
        let place = Place { domain, key: own.key.clone() };
        match value::of(&own.value) {
            Some(value) => list.push(Wanted { place, value }),
            None => wrong.push(format!("{place}: no property list can hold its value")),
        }
    }
    if wrong.is_empty() { Ok(list) } else { Err(wrong) }
}

/// What hcc wrote, and what was there before.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Key by key.
    pub keys: Vec<Kept>,
}

/// One key that hcc wrote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// The key.
    #[serde(flatten)]
    pub place: Place,
    /// The value before hcc's first; none if there was none.
    pub before: Option<String>,
    /// The value that hcc wrote last, or found as it was wanted.
    pub written: Option<String>,
    /// A value that was about to be written when hcc ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pending: Option<String>,
}

impl Kept {
    /// Whether a value is one that hcc wrote.
    fn is_ours(&self, now: Option<&str>) -> bool {
        let ours = [&self.written, &self.pending];
        now.is_some_and(|now| ours.into_iter().flatten().any(|own| value::alike(own, now)))
    }

    fn is_settled(&self, wanted: &str) -> bool {
        self.pending.is_none() && self.written.as_deref() == Some(wanted)
    }
}

impl Record {
    fn of(&self, place: &Place) -> Option<&Kept> {
        self.keys.iter().find(|kept| kept.place == *place)
    }

    fn forget(&mut self, place: &Place) {
        self.keys.retain(|kept| kept.place != *place);
    }

    /// The keys that are no longer wanted.
    fn left<'a>(&'a self, wanted: &'a [Wanted]) -> impl Iterator<Item = &'a Kept> {
        self.keys.iter().filter(|kept| wanted.iter().all(|own| own.place != kept.place))
    }

    /// All domains in which hcc wrote.
    pub fn domains(&self) -> BTreeSet<Domain> {
        self.keys.iter().map(|kept| kept.place.domain.clone()).collect()
    }
}

/// What a domain holds, or why that cannot be found out.
type Answer = Result<plist::Dictionary, String>;

/// What the system says.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// Whether there is no `defaults` on this machine.
    pub nothing: bool,
    domains: BTreeMap<Domain, Answer>,
}

/// The domains that have to be read for a plan. Pure.
pub fn questions(wanted: &[Wanted], record: &Record) -> BTreeSet<Domain> {
    places(wanted, record).map(|place| place.domain.clone()).collect()
}

/// The keys that are new, changed, or no longer wanted.
fn places<'a>(wanted: &'a [Wanted], record: &'a Record) -> impl Iterator<Item = &'a Place> {
    let settled =
        |own: &Wanted| record.of(&own.place).is_some_and(|kept| kept.is_settled(&own.value));
    let new = wanted.iter().filter(move |own| !settled(own)).map(|own| &own.place);
    new.chain(record.left(wanted).map(|kept| &kept.place))
}

/// Reads domains, each by one `defaults export`.
pub fn look(domains: &BTreeSet<Domain>, environment: &Environment) -> Found {
    let nothing = !domains.is_empty() && environment.find(DEFAULTS).is_none();
    let mut found = Found { nothing, domains: BTreeMap::new() };
    if !nothing {
        for domain in domains {
            found.domains.insert(domain.clone(), export(domain, environment));
        }
    }
    found
}

fn export(domain: &Domain, environment: &Environment) -> Answer {
    let command = domain.command(["export", &domain.name, "-"]);
    let outcome = command::run(&command, environment).map_err(|error| error.to_string())?;
    if !outcome.ok() {
        // A domain in which nothing was ever written.
        if outcome.stderr.contains("does not exist") {
            return Ok(plist::Dictionary::new());
        }
        return Err(outcome.reason());
    }
    if outcome.stdout.trim().is_empty() {
        return Ok(plist::Dictionary::new());
    }
    let read = value::read(&outcome.stdout)
        .map_err(|error| format!("what `{}` printed cannot be read: {error}", command.shown()))?;
    read.into_dictionary().ok_or_else(|| format!("`{}` printed no dictionary", command.shown()))
}

/// What is going to be written.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Plan {
    /// In this order.
    pub steps: Vec<Step>,
    /// What is restarted afterwards, once, if anything was written for it.
    pub restarts: Vec<Command>,
    /// What the user should know.
    pub notes: Vec<String>,
    /// What cannot be done.
    pub blocked: Vec<Done>,
    /// The record, but for what the steps change.
    #[serde(skip)]
    record: Record,
    /// Whether it differs from what is written down.
    #[serde(skip)]
    is_new: bool,
}

impl Plan {
    /// Whether there is nothing to do and nothing to write down.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty() && self.blocked.is_empty() && !self.is_new
    }
}

/// A key that is going to be written or taken away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Step {
    /// The key.
    #[serde(flatten)]
    pub place: Place,
    /// What it is now; none if there is nothing.
    pub from: Option<String>,
    /// What it will be; none if it is taken away.
    pub to: Option<String>,
    /// Whether that is what was there before hcc.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub back: bool,
}

impl Step {
    /// The command that does it.
    pub fn command(&self) -> Command {
        let (domain, key) = (&self.place.domain, self.place.key.as_str());
        match &self.to {
            Some(to) => domain.command(["write", &domain.name, key, &value::document(to)]),
            None => domain.command(["delete", &domain.name, key]),
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = if self.back { "give back" } else { "set" };
        write!(
            to,
            "{what} {}: {} -> {}",
            self.place,
            shown(self.from.as_deref()),
            shown(self.to.as_deref())
        )
    }
}

fn shown(value: Option<&str>) -> String {
    value.map_or_else(|| "not set".to_owned(), value::shown)
}

/// What has to be written. Pure; `found` must answer [`questions`].
pub fn plan(wanted: &[Wanted], record: &Record, found: &Found) -> Plan {
    let mut plan = Plan { record: record.clone(), ..Plan::default() };
    if found.nothing {
        let count = places(wanted, record).count();
        let what = if count == 1 { "preference is" } else { "preferences are" };
        let note = format!(
            "{count} {what} left as they are: `{DEFAULTS}`, which sets preferences of macOS, is not on this machine"
        );
        plan.notes.push(note);
        return plan;
    }
    for (domain, answer) in &found.domains {
        if let Err(reason) = answer {
            plan.blocked.push(Done::failed(format!("read the preferences {domain}"), reason));
        }
    }
    let now = |place: &Place| -> Option<Option<String>> {
        let answer = found.domains.get(&place.domain)?.as_ref().ok()?;
        Some(answer.get(&place.key).and_then(value::text_of))
    };
    for own in wanted {
        let kept = record.of(&own.place);
        if kept.is_some_and(|kept| kept.is_settled(&own.value)) {
            continue;
        }
        let Some(from) = now(&own.place) else { continue };
        if from.as_deref().is_some_and(|from| value::equal(from, &own.value)) {
            plan.adopt(own, from);
            continue;
        }
        let changed = kept.filter(|kept| kept.written.is_some() && !kept.is_ours(from.as_deref()));
        if changed.is_some() {
            plan.notes.push(format!("{} was changed by somebody else since", own.place));
        }
        plan.steps.push(Step {
            place: own.place.clone(),
            from,
            to: Some(own.value.clone()),
            back: false,
        });
    }
    for kept in record.left(wanted) {
        let Some(from) = now(&kept.place) else { continue };
        let same = match (&from, &kept.before) {
            (Some(from), Some(before)) => value::equal(from, before),
            (None, None) => true,
            _ => false,
        };
        if same {
            plan.record.forget(&kept.place);
        } else if kept.is_ours(from.as_deref()) {
            let (place, to) = (kept.place.clone(), kept.before.clone());
            plan.steps.push(Step { place, from, to, back: true });
        } else {
            let now = shown(from.as_deref());
            let place = &kept.place;
            let note = format!(
                "{place} stays {now}: that is not what hcc wrote, and not what was there before"
            );
            plan.notes.push(note);
            plan.record.forget(place);
        }
    }
    plan.is_new = plan.record != *record;
    plan.restarts = restarts(plan.steps.iter()).map(restarting).collect();
    plan
}

impl Plan {
    /// Remembers a value that is already there.
    fn adopt(&mut self, own: &Wanted, now: Option<String>) {
        let value = Some(own.value.clone());
        match self.record.keys.iter_mut().find(|kept| kept.place == own.place) {
            Some(kept) => (kept.written, kept.pending) = (value, None),
            None => self.record.keys.push(Kept {
                place: own.place.clone(),
                before: now,
                written: value,
                pending: None,
            }),
        }
    }
}

fn restarts<'a>(steps: impl Iterator<Item = &'a Step>) -> impl Iterator<Item = Restart> {
    let all: BTreeSet<Restart> =
        steps.flat_map(|step| restart::of(&step.place.domain, &step.place.key)).collect();
    all.into_iter()
}

fn restarting(what: Restart) -> Command {
    match what {
        Restart::Part(name) => Command::new(["killall", "-q", name]),
        Restart::Settings => Command::new([restart::SETTINGS, "-u"]),
    }
}

/// What has to be written, by the record in hcc's folder and a look at the domains that are
/// concerned. Nothing is run if nothing changed.
///
/// # Errors
/// [`StateError`].
pub fn prepare(
    wanted: &[Wanted],
    state: &State,
    environment: &Environment,
) -> Result<Plan, StateError> {
    let record = state.read::<Record>(RECORD)?.unwrap_or_default();
    let found = look(&questions(wanted, &record), environment);
    Ok(plan(wanted, &record, &found))
}

/// A key that somebody else changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Drifted {
    /// The key.
    #[serde(flatten)]
    pub place: Place,
    /// What hcc wrote.
    pub written: Option<String>,
    /// What is there.
    pub now: Option<String>,
}

impl fmt::Display for Drifted {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (now, written) = (shown(self.now.as_deref()), shown(self.written.as_deref()));
        write!(to, "{} is {now}; hcc wrote {written}", self.place)
    }
}

/// All keys that are no longer what hcc wrote: reads every domain in which it wrote.
///
/// # Errors
/// [`StateError`].
pub fn drift(state: &State, environment: &Environment) -> Result<Vec<Drifted>, StateError> {
    let record = state.read::<Record>(RECORD)?.unwrap_or_default();
    let found = look(&record.domains(), environment);
    let drifted = record.keys.iter().filter_map(|kept| {
        let answer = found.domains.get(&kept.place.domain)?.as_ref().ok()?;
        let now = answer.get(&kept.place.key).and_then(value::text_of);
        let drifted = kept.written.is_some() && !kept.is_ours(now.as_deref());
        drifted.then(|| Drifted { place: kept.place.clone(), written: kept.written.clone(), now })
    });
    Ok(drifted.collect())
}
