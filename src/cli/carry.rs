//! What `apply`, `rollback` and `uninstall` share: show a change, settle what is in the way, ask,
//! do it, say what came of it.

use clap::{Args, ValueEnum};

use super::home::{Place, ask, broken, confirm, damaged, told};
use super::{Global, Status, Stop, help, planned, print_json, say, stopped, tell, wrong};
use crate::apply::action::Files;
use crate::apply::after::{After, Scope};
use crate::apply::change::Change;
use crate::apply::done::Done;
use crate::apply::leave;
use crate::apply::plan::{Policy, Settle, Verb};
use crate::apply::shadow::Shadow;
use crate::apply::site::Site;
use crate::apply::switch::Report;
use crate::facts;
use crate::ir::{Backup, Drift};

/// How a change is made.
#[derive(Clone, Debug, Args)]
pub struct Manner {
    /// Only show what would be done
    #[arg(long, short = 'n')]
    dry_run: bool,
    /// Do not ask; conflicts still stop it
    #[arg(long, short)]
    yes: bool,
}

/// What is done with what is not hcc's.
#[derive(Clone, Debug, Default, Args)]
pub struct Keeping {
    /// Keep what stands in the way in hcc's folder; it comes back when hcc leaves the path
    #[arg(long, value_name = "WHERE", conflicts_with = "backup_extension")]
    backup: Option<Where>,
    /// Keep what stands in the way beside itself, with this extension
    #[arg(long, value_name = "EXT")]
    backup_extension: Option<String>,
    /// What to do with managed files that somebody edited
    #[arg(long, value_name = "WHAT")]
    drift: Option<OnDrift>,
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

impl Manner {
    /// Opens a site: to look, or to change it.
    ///
    /// # Errors
    /// [`Stop::Failed`], said.
    pub fn open(&self, place: &Place, global: &Global) -> Result<Site, Stop> {
        if !self.dry_run {
            return place.lock(global);
        }
        let site = place.look()?;
        if site.journal().map_err(damaged)?.is_some() {
            say(
                "An earlier run was interrupted; the next one that changes anything ends it first.",
            );
        }
        Ok(site)
    }

    /// Whether nobody is to be asked.
    pub fn is_settled(&self) -> bool {
        self.yes
    }

    /// Whether nothing is to be changed.
    pub fn only_shows(&self) -> bool {
        self.dry_run
    }
}

impl Keeping {
    /// What was said about backups and edits; `own` is what the configuration says.
    ///
    /// # Errors
    /// [`Stop::Usage`], said.
    pub fn policy(&self, own: Option<Backup>) -> Result<Policy, Stop> {
        let said = match &self.backup_extension {
            None => self.backup.map(|_| Backup::Store),
            Some(said) => {
                let extension = said.trim_start_matches('.');
                if extension.is_empty() || extension.contains('/') {
                    wrong(&format!(
                        "`--backup-extension` expects the end of a name, found `{said}`"
                    ));
                    help("`--backup-extension backup` keeps `.zshrc` as `.zshrc.backup`");
                    return Err(Stop::Usage);
                }
                Some(Backup::Extension(extension.to_owned()))
            }
        };
        let drift = self.drift.map(|own| match own {
            OnDrift::Keep => Drift::Keep,
            OnDrift::Restore => Drift::Restore,
            OnDrift::Absorb => Drift::Absorb,
        });
        Ok(Policy { backup: said.or(own), drift, ..Policy::default() })
    }
}

/// A change that is carried out.
pub struct Carry<'a> {
    /// How.
    pub manner: &'a Manner,
    /// What every command takes.
    pub global: &'a Global,
    /// What follows the files.
    pub scope: Scope,
    /// Whose home it is.
    pub name: String,
    /// What is asked on a terminal.
    pub question: &'a str,
    /// Whether no generation is in effect afterwards.
    pub leaves: bool,
}

impl Carry<'_> {
    /// Carries it out: plans by `plan`, once more if something in the way is settled.
    ///
    /// # Errors
    /// [`Stop`], said. The site comes back if all went well.
    pub fn run(
        &self,
        mut site: Site,
        mut policy: Policy,
        plan: impl Fn(&mut Site, &Policy) -> Result<Change, Stop>,
    ) -> Result<Site, Stop> {
        let mut change = plan(&mut site, &policy)?;
        if !change.plan.conflicts.is_empty() {
            // What would be done if all of it were kept, so that the decision is no blind one.
            let kept = Policy { backup: Some(Backup::Store), ..policy.clone() };
            let preview = plan(&mut site, &kept)?;
            let settled = self.settle(&change, &preview, &site);
            policy.backup = Some(settled.inspect_err(|_| leave::nothing_begun(&site))?);
            change = plan(&mut site, &policy)?;
            if !change.plan.conflicts.is_empty() {
                return Err(self.stopped(&change));
            }
        }
        let environment = facts::environment(&site.path);
        let after = After::plan(&change, &site, self.scope, &environment).map_err(damaged)?;
        let (still, fresh) = (change.is_still() && after.is_empty(), !change.is_still());
        let is_held = change.plan.items.iter().any(|item| item.verb == Verb::Hold);
        let shadows = change.shadows(&site);
        self.show(&change, &after, &shadows, &site)?;
        if !self.global.quiet {
            planned::shadows(&shadows);
        }
        if self.manner.dry_run {
            return if is_held { Err(Stop::Failed) } else { Ok(site) };
        }
        if !still {
            let said = confirm(self.manner.yes, self.question);
            said.inspect_err(|_| leave::nothing_begun(&site))?;
        }
        let rest = change.manifest.rest.clone();
        let report = change.run(&site).map_err(|error| broken(&error))?;
        let files = if told(&report, &site) || is_held { Files::Held } else { Files::Placed };
        let mut done = Vec::new();
        if fresh || !after.is_empty() {
            let mut talk = |text: &str| {
                if !self.global.quiet {
                    say(&format!("{text} ..."));
                }
            };
            done = after.run(&rest, report.generation, files, &site, &environment, &mut talk);
        }
        self.ended(&report, &done, still)?;
        match files == Files::Held || done.iter().any(Done::is_failure) {
            true => Err(Stop::Failed),
            false => Ok(site),
        }
    }

    /// Asks what becomes of what stands in the way; `preview` is what would be done if it is kept.
    fn settle(&self, change: &Change, preview: &Change, site: &Site) -> Result<Backup, Stop> {
        let settled = change.plan.conflicts.iter().all(|own| own.settle == Settle::Backup);
        let may_ask = facts::rights().terminal && !self.manner.dry_run && !self.global.json;
        if !self.global.json && !self.global.quiet {
            say("This would be done if what stands in the way is kept:");
            tell(&planned::text(&self.name, preview, &After::default(), site));
        }
        if !settled || !may_ask {
            return Err(self.stopped(change));
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

    fn stopped(&self, change: &Change) -> Stop {
        let conflicts = &change.plan.conflicts;
        planned::conflicts(conflicts);
        planned::advice(conflicts);
        if self.global.json {
            let list = serde_json::json!({"conflicts": conflicts});
            if let Err(stop) = stopped(Stop::Decide, list) {
                return stop;
            }
        }
        Stop::Decide
    }

    fn show(&self, change: &Change, after: &After, shadows: &[Shadow], site: &Site) -> Status {
        if self.global.json {
            return match self.manner.dry_run {
                true => print_json(&planned::json(change, after, shadows)),
                false => Ok(()),
            };
        }
        let text = planned::text(&self.name, change, after, site);
        match (self.manner.dry_run, text.is_empty()) {
            // What a dry run shows is what it is for.
            (true, true) => super::print("Nothing to do.\n"),
            (true, false) => super::print(&text),
            (false, _) => {
                if !self.global.quiet {
                    tell(&text);
                }
                Ok(())
            }
        }
    }

    fn ended(&self, report: &Report, done: &[Done], still: bool) -> Status {
        if self.global.json {
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
        if !self.global.quiet {
            match still {
                true => say("Nothing to do."),
                false if self.leaves => {}
                false => say(&format!("Generation {} is in effect.", report.generation)),
            }
        }
        Ok(())
    }
}
