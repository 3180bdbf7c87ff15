//! `hcc apply`

use camino::{Utf8Path, Utf8PathBuf};
use clap::Args;

use super::absorb::work::{self, Work};
use super::carry::{Carry, Keeping, Manner};
use super::here::{Applied, Ground};
use super::home::{Place, broken, confirm, damaged, failed};
use super::paths::is_in;
use super::session::{FILE, Session};
use super::{Global, Status, Stop, Who, absorb, help, say, wrong};
use crate::apply::after::Scope;
use crate::apply::change::{self, Change};
use crate::apply::manifest::Entry;
use crate::apply::manifest::Kind;
use crate::apply::package::{self, Ask};
use crate::apply::plan::Policy;
use crate::apply::refold;
use crate::apply::site::Site;
use crate::apply::unfold::{self, Own};
use crate::apply::wanted::{self, Wanted};
use crate::facts;
use crate::files::shown;
use crate::ir::Drift;

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
    #[command(flatten)]
    keeping: Keeping,
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
        let mut looked = change::now();
        let ground = if self.root.is_some() { Ground::Elsewhere } else { Ground::Here };
        let mut applied = Session::for_apply(global, &self.who, ground)?;
        let document = &applied.user.document;
        let home = document.user.as_ref().map_or("/", |user| &user.home);
        let place = Place::find(self.root.as_deref().map(|root| (root, home)))?;
        make_room(&place, &applied.root, &self.manner)?;
        let mut site = self.manner.open(&place, global)?;
        if applied.is_old() {
            looked = change::now();
            applied = Session::for_apply(global, &self.who, ground)?;
        }
        let document = &applied.user.document;
        let mut policy = self.keeping.policy(document.policy.backup.clone())?;
        if self.root.is_none() && absorbs(&applied, &policy) {
            let own = policy.drift;
            let chosen = |entry: &Entry| own.or(entry.drift) == Some(Drift::Absorb);
            let work = work::find(global, &self.who, &applied, &mut site, None, chosen)?;
            if self.absorb(&work, &applied, &mut site, global)? {
                looked = change::now();
                applied = Session::for_apply(global, &self.who, ground)?;
            }
            policy.absorbed = work.paths;
        }
        let scope = Scope {
            packages: !self.no_packages,
            ask: if self.packages { Ask::Anyway } else { Ask::Changed },
            actions: !self.no_actions,
            anything: self.root.is_none(),
            rights: facts::rights(),
            session: facts::session(),
        };
        let name = applied.user.name();
        let me = &applied.session.machine;
        let mine = format!("{}@{}", me.user.name, me.host.name);
        if self.root.is_none() && name != mine && !global.quiet {
            say(&format!("note: this is {mine}; what is described for {name} is set up here"));
        }
        if !applied.system.is_empty() && !global.quiet {
            say(&format!(
                "note: what the configuration asks of {} itself (`system`) is compiled, but not applied yet",
                applied.system.name()
            ));
        }
        let carry = Carry {
            manner: &self.manner,
            global,
            scope,
            name,
            question: "Apply this?",
            leaves: false,
        };
        let plan = |site: &mut Site, policy: &Policy| plan(&applied, site, policy, looked);
        let carried = carry.run(site, policy, plan).map(drop);
        if self.manner.only_shows() {
            place.unmake();
        }
        carried
    }

    /// Brings edits back to the configuration, before anything is planned. What cannot be brought
    /// there is named, and kept. Whether the configuration is another one then.
    fn absorb(
        &self,
        work: &Work,
        applied: &Applied,
        site: &mut Site,
        global: &Global,
    ) -> Result<bool, Stop> {
        let only_shows = self.manner.only_shows();
        let is_new = !work.sources.is_empty() || !work.texts.is_empty();
        if is_new && !global.json && !global.quiet {
            super::tell(&absorb::shown(work));
        }
        let mut written = Vec::new();
        if !only_shows && !work.is_empty() {
            if is_new {
                confirm(self.manner.is_settled(), "Write this into the configuration?")?;
            }
            work.detach(applied, site)?;
            written = work.write(site, &facts::environment(&site.path))?;
        }
        absorb::said(work, &written, only_shows, global);
        Ok(is_new && !only_shows)
    }
}

/// Whether any edit is to go back to the configuration.
fn absorbs(applied: &Applied, policy: &Policy) -> bool {
    let files = &applied.user.document.files;
    match policy.drift {
        Some(drift) => drift == Drift::Absorb,
        None => files.iter().any(|file| file.drift == Some(Drift::Absorb)),
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
    let root = &applied.root;
    let mut wanted =
        wanted::of(document, root, &record.index).map_err(|error| failed(&error.to_string()))?;
    let file = root.join(applied.session.path.file_name().unwrap_or(FILE));
    let policy = &Policy { own: Own::new(root, &site.path), ..policy.clone() };
    unfold::carry(site, &record, &mut wanted, policy.own.as_ref()).map_err(|(path, error)| {
        failed(&format!("{}: {}", shown(&path), crate::files::reason(&error)))
    })?;
    not_into_the_source(&wanted, site, root)?;
    not_over_ones_own(&wanted, site, &file)?;
    let blank = || crate::files::read(&file).is_ok_and(|text| text.trim_ascii().is_empty());
    if wanted.is_empty() && !record.index.records.is_empty() && blank() {
        let count = record.index.records.len();
        wrong(&format!("{} is empty; {count} files are managed here", shown(&file)));
        help("`hcc uninstall` gives everything back, if that is what you want");
        return Err(Stop::Decide);
    }
    let mut rest = change::rest(document).map_err(|reasons| {
        reasons.iter().for_each(|reason| wrong(reason));
        Stop::Errors
    })?;
    // What the machine itself asks for is not taken away because its user does not any more.
    rest.packages.spare(&package::wanted(&applied.system.document));
    let manifest = change::manifest("apply".to_owned(), file.into_string(), rest);
    Change::plan(site, record, wanted, manifest, policy, looked).map_err(|error| broken(&error))
}

/// Refuses to move hcc's own folder, or the configuration, out of the way.
fn not_over_ones_own(wanted: &[Wanted], site: &Site, file: &Utf8Path) -> Result<(), Stop> {
    let whole = |path: &Utf8Path| path.canonicalize_utf8().unwrap_or_else(|_| path.to_owned());
    let state = site.state.path.clone();
    let file = file.to_owned();
    let own = [
        ("hcc's own folder", state.clone(), true),
        ("hcc's own folder", whole(&state), true),
        ("the configuration", whole(&file), false),
        ("the configuration", file, false),
    ];
    // What of it is below the home, or above all of it.
    let mut near: Vec<(&str, &Utf8Path, &str, bool)> = Vec::new();
    for (what, own, with_inside) in &own {
        for home in [&site.path, &site.home.path] {
            let inner = own.strip_prefix(home).ok();
            let above = || home.starts_with(own).then_some(Utf8Path::new(""));
            near.extend(inner.or_else(above).map(|at| (*what, &**own, at.as_str(), *with_inside)));
        }
    }
    for wanted in wanted {
        let path = wanted.entry.path.as_str();
        let hit = near
            .iter()
            .find(|(_, _, own, with_inside)| is_in(own, path) || *with_inside && is_in(path, own));
        // A link to what stands there already takes nothing away.
        let stays = || match &wanted.entry.kind {
            Kind::Live(to) => whole(&site.path.join(path)) == whole(Utf8Path::new(to)),
            _ => false,
        };
        if let Some((what, own, ..)) = hit.filter(|_| !stays()) {
            wrong(&format!("{} cannot be managed: {what} is there, {}", shown(path), shown(own)));
            help("manage files beside it, or move it elsewhere");
            return Err(Stop::Errors);
        }
    }
    Ok(())
}

/// Makes room for hcc's folder where stow made a link of the folders above it, so that all that
/// programs keep there lands in a package: that link becomes a folder of links.
fn make_room(place: &Place, root: &Utf8Path, manner: &Manner) -> Status {
    let Some((link, to)) = refold::in_the_way(&place.state, root) else { return Ok(()) };
    let (at, to) = (shown(&link).into_owned(), shown(&to).into_owned());
    let what = format!(
        "{at} is a link to {to}, in the configuration; hcc's folder, {}, would be there",
        shown(&place.state)
    );
    if manner.only_shows() {
        say(&format!("note: {what}, so that the link becomes a folder of links first"));
        return Ok(());
    }
    if !manner.is_settled() && facts::rights().terminal {
        say(&what);
    }
    confirm(manner.is_settled(), "Make it a folder of links, which shows the same?")?;
    let Err(error) = refold::unfold(&place.home, &place.state, &link) else {
        say(&format!("{at} is a folder of links now; `hcc uninstall` makes it a link again."));
        return Ok(());
    };
    wrong(&format!("{what}; it cannot become a folder of links: {error}"));
    help(&format!(
        "make {at} a folder of its own; with stow: `stow -D` that package, `mkdir -p {}`, `stow` it again",
        shown(place.state.parent().unwrap_or(&link))
    ));
    Err(Stop::Decide)
}

/// Refuses to write, through a link that the configuration allows, into the configuration itself.
fn not_into_the_source(wanted: &[Wanted], site: &Site, root: &Utf8Path) -> Result<(), Stop> {
    let root = root.canonicalize_utf8().unwrap_or_else(|_| root.to_owned());
    for path in wanted.iter().flat_map(|own| &own.entry.allow_parent) {
        let leads = site.path.join(path).canonicalize_utf8();
        if leads.is_ok_and(|to| to.starts_with(&root)) {
            wrong(&format!("{} leads into the configuration, {}", shown(path), shown(&root)));
            help(
                "hcc does not write there; remove the link, and what it leads to can be a `source`",
            );
            return Err(Stop::Decide);
        }
    }
    Ok(())
}
