//! From one state of a home to another, as a whole: what `apply`, `rollback`, `uninstall` and
//! `eject` share.

use std::borrow::Cow;
use std::io;
use std::time::{SystemTime, UNIX_EPOCH};

use super::index::{Index, Record as Left};
use super::ledger::{self, Ledger};
use super::manifest::{Entry, Kind, Manifest, Rest};
use super::plan::{Item, Plan, Policy, Verb};
use super::prepare::prepare;
use super::shadow::{self, Shadow};
use super::site::{Record, Site};
use super::switch::{Report, Switch, SwitchError};
use super::texts;
use super::tree::Contents;
use super::wanted::Wanted;
use super::{action, package, preference};
use crate::ir::Document;

/// A change that is planned.
pub struct Change {
    /// What is recorded before it.
    pub record: Record,
    /// What is done.
    pub plan: Plan,
    /// The generation that it leads to, but for its number and its entries.
    pub manifest: Manifest,
    /// What is wanted.
    pub wanted: Vec<Wanted>,
    /// When the sources were looked at, in nanoseconds since 1970.
    looked: i64,
}

/// Where the clock stands, in nanoseconds since 1970.
pub fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}

/// What a document asks for besides files.
///
/// # Errors
/// Preferences that cannot be written, a sentence each.
pub fn rest(document: &Document) -> Result<Rest, Vec<String>> {
    let units = document.units.iter().cloned().map(|mut unit| {
        unit.origins.clear();
        unit
    });
    Ok(Rest {
        host: document.host.name.to_string(),
        user: document.user.as_ref().map(|user| user.name.to_string()).unwrap_or_default(),
        packages: package::wanted(document),
        units: units.collect(),
        preferences: preference::wanted(document)?,
        actions: action::wanted(document),
        policy: document.policy.clone(),
    })
}

impl Change {
    /// Plans what brings a home to what is wanted.
    ///
    /// # Errors
    /// A path that cannot be looked at.
    pub fn plan(
        site: &mut Site,
        record: Record,
        wanted: Vec<Wanted>,
        manifest: Manifest,
        policy: &Policy,
        looked: i64,
    ) -> Result<Self, SwitchError> {
        let mut plan = prepare(site, &record, &wanted, policy)
            .map_err(|(path, error)| SwitchError::Io(path, error))?;
        keep_sources(&mut plan.records, &record.index);
        Ok(Self { record, plan, manifest, wanted, looked })
    }

    /// A change that was planned elsewhere, to a generation that manages nothing.
    pub fn of(record: Record, plan: Plan, manifest: Manifest) -> Self {
        Self { record, plan, manifest, wanted: Vec::new(), looked: now() }
    }

    /// Whether it leads to another generation.
    pub fn is_new(&self) -> bool {
        let entries = |records: &'_ [Left]| records.len();
        let (old, new) = (&self.record.index.records, &self.plan.records);
        self.record.index.generation == 0 && !new.is_empty()
            || !self.record.ledger.pending.is_empty()
            || entries(old) != entries(new)
            || old.iter().zip(new).any(|(old, new)| old.entry != new.entry)
            || self.record.index.rest != super::index::rest_of(&self.manifest.rest)
    }

    /// Whether there is nothing to do with files.
    pub fn is_still(&self) -> bool {
        self.plan.is_still() && !self.is_new()
    }

    /// Says of paths that nothing can be done there, and why.
    pub fn hold(&mut self, paths: &[(String, String)]) {
        let items = &mut self.plan.items;
        for (path, reason) in paths {
            let (target, install) = (String::new(), "");
            let (path, note) = (path.clone(), Some(reason.clone()));
            items.retain(|item| item.path != path);
            items.push(Item { path, verb: Verb::Hold, target, install, note });
        }
        items.sort_by(|a, b| a.path.cmp(&b.path));
    }

    /// What wins over something of it, and is not hcc's.
    pub fn shadows(&self, site: &Site) -> Vec<Shadow> {
        let wants = |path: &str| {
            self.wanted.binary_search_by(|own| own.entry.path.as_str().cmp(path)).is_ok()
        };
        // What is hcc's until now makes room.
        let is_managed = |path: &str| wants(path) || self.record.index.record(path).is_some();
        shadow::of(self.wanted.iter().map(|wanted| &*wanted.entry), is_managed, site)
    }

    /// The paths of which the content changes, comes or goes.
    pub fn changed(&self) -> Vec<String> {
        let items = self.plan.items.iter();
        let counts = |verb: Verb| !matches!(verb, Verb::Keep | Verb::Leave | Verb::Hold);
        items.filter(|item| counts(item.verb)).map(|item| item.path.clone()).collect()
    }

    /// Does it. A change that is still only notes what was learned.
    ///
    /// # Errors
    /// [`SwitchError`], before anything of the home was changed, or with the journal still open.
    pub fn run(self, site: &Site) -> Result<Report, SwitchError> {
        if self.is_still() {
            self.learn(site);
            let generation = self.record.index.generation;
            return Ok(Report { generation, ..Report::default() });
        }
        let Self { record, plan, mut manifest, wanted, looked } = self;
        manifest.entries = plan.records.iter().map(|record| record.entry.clone()).collect();
        let contents = Asked { wanted: &wanted, site };
        let edited = plan.ledger.edited.clone().unwrap_or_default();
        let switch =
            Switch { site, record: &record, plan, manifest, contents: &contents, looked, chain: 1 };
        let report = switch.run()?;
        texts::keep(&site.state, &record.index, &wanted, &edited);
        Ok(report)
    }

    /// Notes looks that were newer than what the index says, for the next run.
    fn learn(&self, site: &Site) {
        let old = &self.record.index;
        let (known, edited) = (&self.record.ledger, &self.plan.ledger.edited);
        if site.is_locked() && old.generation > 0 && known.edited != *edited {
            let ledger = Ledger { edited: edited.clone(), ..known.clone() };
            // With what it said before, changes only seem to be of both sides.
            let _unwritten = site.state.write(ledger::FILE, &ledger);
        }
        let same = old.records.len() == self.plan.records.len()
            && old.records.iter().zip(&self.plan.records).all(|(old, new)| {
                old.home == new.home && (old.source == new.source && self.settled(old))
            });
        if same || !site.is_locked() || old.generation == 0 {
            return;
        }
        let mut manifest = self.manifest.clone();
        manifest.number = old.generation;
        let records = self.plan.records.clone();
        let mut index = Index::after(&manifest, old.chain, self.looked, records);
        index.manifest = old.manifest;
        // It only saves work.
        let _unwritten = index.write(&site.state, old);
    }

    /// Whether the index could be sure of a source.
    fn settled(&self, left: &Left) -> bool {
        let Some(source) = &left.source else { return true };
        matches!(left.entry.kind, Kind::Live(_))
            || self.record.index.source_of(left, source).is_some()
    }
}

/// Keeps what is known of sources that nobody looked at, as a rollback does not: the next run would
/// read all of them.
fn keep_sources(records: &mut [Left], index: &Index) {
    let mut last = 0;
    for record in records.iter_mut().filter(|record| record.source.is_none()) {
        let old = index.record_after(&record.entry.path, &mut last);
        let same = old.filter(|old| old.entry.kind == record.entry.kind);
        let known = |old: &Left| old.source.filter(|stamp| index.source_of(old, stamp).is_some());
        record.source = same.and_then(known);
    }
}

/// Contents of what is wanted; of what leaves, those of the generation in effect, as they are: they
/// only stay until the home no longer leads to them.
struct Asked<'a> {
    wanted: &'a [Wanted],
    site: &'a Site,
}

impl Contents for Asked<'_> {
    fn read(&self, entry: &Entry) -> io::Result<Cow<'_, [u8]>> {
        match self.wanted(entry) {
            Some(wanted) => wanted.read(),
            None => std::fs::read(format!("{}/{}", self.site.view(), entry.path)).map(Cow::from),
        }
    }

    fn is_lost(&self, entry: &Entry) -> bool {
        self.wanted(entry).is_some_and(|wanted| wanted.lost().is_some())
    }
}

impl Asked<'_> {
    /// What is wanted at an entry's path, if it has the same content.
    fn wanted(&self, entry: &Entry) -> Option<&Wanted> {
        let path = |wanted: &Wanted| wanted.entry.path.as_str().cmp(&entry.path);
        let found = self.wanted.get(self.wanted.binary_search_by(path).ok()?)?;
        (found.entry.kind.hash() == entry.kind.hash()).then_some(found)
    }
}

/// The head of a new generation.
pub fn manifest(by: String, config: String, rest: Rest) -> Manifest {
    let created = u64::try_from(now() / 1_000_000_000).unwrap_or(0);
    Manifest { number: 0, created, by, config, entries: Vec::new(), rest }
}
