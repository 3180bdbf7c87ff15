//! `hcc apply`

use camino::Utf8PathBuf;
use clap::{Args, ValueEnum};

use super::here::{Applied, Ground};
use super::home::{Place, ask, broken, confirm, damaged, failed, told};
use super::session::Session;
use super::{Global, Status, Stop, Who, planned, print_json, say};
use crate::apply::action::Files;
use crate::apply::after::{After, Scope};
use crate::apply::change::{self, Change};
use crate::apply::done::Done;
use crate::apply::package::Ask;
use crate::apply::plan::{Policy, Verb};
use crate::apply::site::Site;
use crate::apply::switch::Report;
use crate::apply::wanted;
use crate::facts;
use crate::ir::{Backup, Drift};

/// Set up this home: show what changes, ask, do it
///
/// All conflicts are found before anything is written. What was there before is kept, and comes
/// back when hcc no longer manages the path.
#[derive(Debug, Args)]
pub struct Apply {
    #[command(flatten)]
    who: Who,
    /// Only show what would be done
    #[arg(long, short = 'n')]
    dry_run: bool,
    /// Do not ask; conflicts still stop it
    #[arg(long, short)]
    yes: bool,
    /// Keep what stands in the way in hcc's folder; it comes back when hcc leaves the path
    #[arg(long, value_name = "WHERE", conflicts_with = "backup_extension")]
    backup: Option<Where>,
    /// Keep what stands in the way beside itself, with this extension
    #[arg(long, value_name = "EXT")]
    backup_extension: Option<String>,
    /// What to do with managed files that somebody edited
    #[arg(long, value_name = "WHAT")]
    drift: Option<OnDrift>,
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

/// Where a backup goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Where {
    /// Into hcc's folder
    Store,
}

/// What is done with edits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum OnDrift {
    /// They stay
    Keep,
    /// They are saved, and ours comes back
    Restore,
    /// They go back into the configuration
    Absorb,
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
        let mut site = if self.dry_run { place.look()? } else { place.lock(global)? };
        if self.dry_run && site.journal().map_err(damaged)?.is_some() {
            say(
                "An earlier run was interrupted; the next one that changes anything ends it first.",
            );
        }
        let mut policy = self.policy(&applied)?;
        let mut change = self.plan(&applied, &mut site, &policy, looked)?;
        if !change.plan.conflicts.is_empty() {
            policy.backup = Some(self.settle(&change, global)?);
            change = self.plan(&applied, &mut site, &policy, looked)?;
            if !change.plan.conflicts.is_empty() {
                return Err(self.stopped(&change, global));
            }
        }
        let environment = facts::environment(&place.home);
        let after = After::plan(&change, &site, self.scope(), &environment).map_err(damaged)?;
        self.show(&applied, &change, &after, &site, global)?;
        let still = change.is_still() && after.is_empty();
        if self.dry_run {
            return if held(&change) { Err(Stop::Failed) } else { Ok(()) };
        }
        if !still {
            confirm(self.yes, "Apply this?")?;
        }
        let is_held = held(&change);
        let rest = change.manifest.rest.clone();
        let fresh = !change.is_still();
        let report = change.run(&site).map_err(|error| {
            let stop = broken(&error);
            say("Nothing of the home was changed.");
            stop
        })?;
        let files = if told(&report, &site) || is_held { Files::Held } else { Files::Placed };
        let done = if fresh || !after.is_empty() {
            let mut talk = |text: &str| {
                if !global.quiet {
                    say(&format!("{text} ..."));
                }
            };
            after.run(&rest, report.generation, files, &site, &environment, &mut talk)
        } else {
            Vec::new()
        };
        let failures = done.iter().filter(|done| !done.is_ok()).count();
        self.ended(&report, &done, still, global)?;
        match files == Files::Held || failures > 0 {
            true => Err(Stop::Failed),
            false => Ok(()),
        }
    }

    fn policy(&self, applied: &Applied) -> Result<Policy, Stop> {
        let own = &applied.user.document.policy;
        if let Some(extension) = &self.backup_extension
            && (extension.is_empty() || extension.contains('/'))
        {
            say(&format!(
                "error: `--backup-extension` expects the end of a name, found `{extension}`"
            ));
            say("  help: `--backup-extension backup` keeps `.zshrc` as `.zshrc.backup`");
            return Err(Stop::Usage);
        }
        let said = self
            .backup_extension
            .as_ref()
            .map(|own| Backup::Extension(own.trim_start_matches('.').to_owned()));
        let backup = said.or(self.backup.map(|_| Backup::Store)).or_else(|| own.backup.clone());
        let drift = self.drift.map(|own| match own {
            OnDrift::Keep => Drift::Keep,
            OnDrift::Restore => Drift::Restore,
            OnDrift::Absorb => Drift::Absorb,
        });
        Ok(Policy { backup, drift })
    }

    fn plan(
        &self,
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
        let wanted = wanted::of(document, &root, &record.index)
            .map_err(|error| failed(&error.to_string()))?;
        let rest = change::rest(document).map_err(|reasons| {
            reasons.iter().for_each(|reason| say(&format!("error: {reason}")));
            Stop::Errors
        })?;
        let manifest = change::manifest("apply".to_owned(), root.into_string(), rest);
        Change::plan(site, record, wanted, manifest, policy, looked).map_err(|error| broken(&error))
    }

    /// Asks what becomes of what stands in the way.
    fn settle(&self, change: &Change, global: &Global) -> Result<Backup, Stop> {
        let settled = change.plan.conflicts.iter().all(|conflict| conflict.settled_by_backup);
        let may_ask = facts::rights().terminal && !self.dry_run && !global.json;
        if !settled || !may_ask {
            return Err(self.stopped(change, global));
        }
        planned::conflicts(&change.plan.conflicts);
        match ask("Keep them in hcc's folder (s), rename them to NAME.backup (r), or stop (N)? \
             They come back when hcc leaves the path. [s/r/N]")
        {
            Some('s') => Ok(Backup::Store),
            Some('r') => Ok(Backup::Extension("backup".to_owned())),
            _ => {
                say("Nothing was changed.");
                Err(Stop::Decide)
            }
        }
    }

    fn stopped(&self, change: &Change, global: &Global) -> Stop {
        if global.json {
            let report = serde_json::json!({
                "version": crate::ir::VERSION,
                "conflicts": change.plan.conflicts,
            });
            if let Err(stop) = print_json(&report) {
                return stop;
            }
        }
        planned::conflicts(&change.plan.conflicts);
        planned::advice(&change.plan.conflicts);
        Stop::Decide
    }

    fn scope(&self) -> Scope {
        Scope {
            packages: !self.no_packages,
            ask: if self.packages { Ask::Anyway } else { Ask::Changed },
            actions: !self.no_actions,
            anything: self.root.is_none(),
            rights: facts::rights(),
            session: facts::session(),
        }
    }

    fn show(
        &self,
        applied: &Applied,
        change: &Change,
        after: &After,
        site: &Site,
        global: &Global,
    ) -> Status {
        if global.json && self.dry_run {
            return print_json(&planned::json(change, after));
        }
        if global.quiet || global.json {
            return Ok(());
        }
        let text = planned::text(&applied.user.name(), change, after, site);
        super::tell(&text);
        Ok(())
    }

    fn ended(&self, report: &Report, done: &[Done], still: bool, global: &Global) -> Status {
        if global.json {
            return print_json(&serde_json::json!({
                "version": crate::ir::VERSION,
                "generation": report.generation,
                "saved": report.saved,
                "beside": report.beside,
                "held": report.held,
                "after": done,
            }));
        }
        planned::done(done);
        if !global.quiet {
            match still {
                true => say("Nothing to do."),
                false => say(&format!("Generation {} is in effect.", report.generation)),
            }
        }
        Ok(())
    }
}

fn held(change: &Change) -> bool {
    change.plan.items.iter().any(|item| item.verb == Verb::Hold)
}
