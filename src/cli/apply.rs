//! `hcc apply`

use camino::{Utf8Path, Utf8PathBuf};
use clap::Args;

use super::carry::{Carry, Manner};
use super::here::{Applied, Ground};
use super::home::{Place, broken, damaged, failed};
use super::session::Session;
use super::{Global, Status, Stop, Who, say};
use crate::apply::after::Scope;
use crate::apply::change::{self, Change};
use crate::apply::package::Ask;
use crate::apply::plan::Policy;
use crate::apply::site::Site;
use crate::apply::wanted::{self, Wanted};
use crate::facts;

/// Set up this home: show what changes, ask, do it
///
/// All conflicts are found before anything is written. What was there before is kept, and comes
/// back when hcc no longer manages the path.
#[derive(Debug, Args)]
pub struct Apply {
    #[command(flatten)]
    who: Who,
    #[command(flatten)]
    manner: Manner,
    /// Build everything below this folder instead, and run nothing
    #[arg(long, value_name = "DIR")]
    root: Option<Utf8PathBuf>,
    /// Install no packages
    #[arg(long)]
    no_packages: bool,
    /// Ask the package managers even if no list changed
    #[arg(long, conflicts_with = "no_packages")]
    packages: bool,
    /// Run no actions
    #[arg(long)]
    no_actions: bool,
}

impl Apply {
    /// Runs it.
    pub fn run(&self, global: &Global) -> Status {
        let looked = change::now();
        let ground = if self.root.is_some() { Ground::Elsewhere } else { Ground::Here };
        let applied = Session::for_apply(global, &self.who, ground)?;
        let document = &applied.user.document;
        let home = document.user.as_ref().map_or("/", |user| &user.home);
        let place = Place::find(self.root.as_deref().map(|root| (root, home)))?;
        let site = self.manner.open(&place, global)?;
        let scope = Scope {
            packages: !self.no_packages,
            ask: if self.packages { Ask::Anyway } else { Ask::Changed },
            actions: !self.no_actions,
            anything: self.root.is_none(),
            rights: facts::rights(),
            session: facts::session(),
        };
        let name = applied.user.name();
        let carry = Carry { manner: &self.manner, global, scope, name, question: "Apply this?" };
        let policy = self.manner.policy(document.policy.backup.clone())?;
        let plan = |site: &mut Site, policy: &Policy| plan(&applied, site, policy, looked);
        carry.run(site, policy, plan).map(drop)
    }
}

/// Plans what brings this home to what the configuration says. `looked` is when its sources were
/// looked at, in nanoseconds since 1970.
///
/// # Errors
/// [`Stop`], said.
pub fn plan(
    applied: &Applied,
    site: &mut Site,
    policy: &Policy,
    looked: i64,
) -> Result<Change, Stop> {
    let document = &applied.user.document;
    let record = site.record().map_err(damaged)?;
    let root = match applied.root.as_str() {
        "" => facts::current_folder().unwrap_or_default(),
        _ => applied.root.canonicalize_utf8().unwrap_or_else(|_| applied.root.clone()),
    };
    let wanted =
        wanted::of(document, &root, &record.index).map_err(|error| failed(&error.to_string()))?;
    not_into_the_source(&wanted, site, &root)?;
    let rest = change::rest(document).map_err(|reasons| {
        reasons.iter().for_each(|reason| say(&format!("error: {reason}")));
        Stop::Errors
    })?;
    let manifest = change::manifest("apply".to_owned(), root.into_string(), rest);
    Change::plan(site, record, wanted, manifest, policy, looked).map_err(|error| broken(&error))
}

/// Refuses to write, through a link that the configuration allows, into the configuration itself.
fn not_into_the_source(wanted: &[Wanted], site: &Site, root: &Utf8Path) -> Result<(), Stop> {
    let root = root.canonicalize_utf8().unwrap_or_else(|_| root.to_owned());
    for path in wanted.iter().flat_map(|own| &own.entry.allow_parent) {
        let leads = site.path.join(path).canonicalize_utf8();
        if leads.is_ok_and(|to| to.starts_with(&root)) {
            say(&format!("error: {path} leads into the configuration, {root}"));
            say(
                "  help: hcc does not write there; remove the link, and what it leads to can be a `source`",
            );
            return Err(Stop::Decide);
        }
    }
    Ok(())
}
