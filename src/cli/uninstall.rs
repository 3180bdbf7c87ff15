//! `hcc uninstall`

use clap::Args;

use super::carry::{Carry, Manner};
use super::home::{Place, broken, damaged, failed};
use super::{Global, Status, Stop, print_json, say};
use crate::apply::after::{self, Scope};
use crate::apply::change::{self, Change};
use crate::apply::ledger::Original;
use crate::apply::package::Ask;
use crate::apply::plan::Policy;
use crate::apply::site::Site;
use crate::apply::{leave, manifest};
use crate::facts;
use crate::files::shown;

/// Bring everything back as it was before hcc
///
/// Every managed path goes, what was there before comes back, and hcc's folder is removed. Edits
/// that hcc saved stay, and are named. Packages stay installed.
#[derive(Debug, Args)]
pub struct Uninstall {
    #[command(flatten)]
    manner: Manner,
}

impl Uninstall {
    /// Runs it.
    pub fn run(&self, global: &Global) -> Status {
        let looked = change::now();
        let place = Place::find(None)?;
        if !place.state.exists() {
            return nothing(global);
        }
        let site = self.manner.open(&place, global)?;
        let (number, _) = site.current().map_err(damaged)?;
        let current = match number {
            0 => manifest::Manifest::default(),
            number => manifest::read(&site.state, number).map_err(damaged)?,
        };
        let scope = Scope {
            packages: false,
            ask: Ask::Changed,
            actions: false,
            anything: true,
            rights: facts::rights(),
            session: facts::session(),
        };
        let name = "All that hcc manages".to_owned();
        let question = "Bring everything back as it was?";
        let carry = Carry { manner: &self.manner, global, scope, name, question, leaves: true };
        let policy = Policy::default();
        let plan = |site: &mut Site, policy: &Policy| {
            let record = site.record().map_err(damaged)?;
            let rest = after::nothing(&current);
            let manifest = change::manifest("uninstall".to_owned(), String::new(), rest);
            Change::plan(site, record, Vec::new(), manifest, policy, looked)
                .map_err(|error| broken(&error))
        };
        let site = carry.run(site, policy, plan)?;
        if self.manner.only_shows() {
            return Ok(());
        }
        let left = leave::remove_state(&site).map_err(|error| failed(&error.to_string()))?;
        for path in left {
            say(&format!("kept: {path}"));
        }
        if !global.quiet && !global.json {
            say("hcc manages nothing here any more.");
        }
        Ok(())
    }
}

/// What is said where there is nothing of hcc's.
fn nothing(global: &Global) -> Status {
    if global.json {
        return print_json(&serde_json::json!({"version": crate::ir::VERSION, "generation": 0}));
    }
    say("Nothing is installed.");
    Ok(())
}

/// Replace every link by a plain file, so that hcc can be deleted
///
/// Files stay as they are now and are nobody's but yours. Links into your configuration (`live`)
/// stay links. What was there before hcc is kept in hcc's folder, and named.
#[derive(Debug, Args)]
pub struct Eject {
    /// Only show what would be done
    #[arg(long, short = 'n')]
    dry_run: bool,
    /// Do not ask
    #[arg(long, short)]
    yes: bool,
}

impl Eject {
    /// Runs it.
    pub fn run(&self, global: &Global) -> Status {
        let place = Place::find(None)?;
        if !place.state.exists() {
            return nothing(global);
        }
        let site = if self.dry_run { place.look()? } else { place.lock(global)? };
        let record = site.record().map_err(damaged)?;
        let plan = leave::eject(&site, &record).map_err(|(path, error)| {
            failed(&format!("{}: {}", shown(&path), crate::files::reason(&error)))
        })?;
        let places: Vec<&str> = plan.places.iter().map(|place| place.path.as_str()).collect();
        let planned = serde_json::json!({
            "version": crate::ir::VERSION,
            "becomes-a-file": places,
            "stays": plan.items,
        });
        if !global.json && !global.quiet {
            for path in &places {
                say(&format!("  becomes a file  {}", shown(path)));
            }
            for item in &plan.items {
                say(&format!(
                    "  stays           {}: {}",
                    shown(&item.path),
                    item.note.as_deref().unwrap_or("")
                ));
            }
        }
        if self.dry_run {
            return if global.json { print_json(&planned) } else { Ok(()) };
        }
        let originals: Vec<(String, String)> = record
            .ledger
            .originals
            .iter()
            .filter_map(|(path, original)| match original {
                Original::Stored(name) => Some((path.clone(), site.state.join(name).into_string())),
                Original::Beside(name) => Some((path.clone(), name.clone())),
                Original::Adopted => None,
            })
            .collect();
        if !originals.is_empty() && !global.quiet {
            say(
                "What was there before hcc does not come back by this (`hcc uninstall` would bring it):",
            );
            for (path, at) in &originals {
                say(&format!("  {} was {}", shown(path), shown(at)));
            }
        }
        super::home::confirm(self.yes, "Replace the links by files?")?;
        if !record.ledger.originals.is_empty() {
            leave::note(&site, &record.ledger).map_err(damaged)?;
        }
        let rest = after::nothing(&manifest::Manifest::default());
        let head = change::manifest("eject".to_owned(), String::new(), rest);
        let change = Change::of(record, plan, head);
        let report = change.run(&site).map_err(|error| broken(&error))?;
        if super::home::told(&report, &site) {
            return Err(Stop::Failed);
        }
        let left = leave::remove_state(&site).map_err(|error| failed(&error.to_string()))?;
        if global.json {
            print_json(&planned)?;
        }
        for path in left {
            say(&format!("kept: {path}"));
        }
        if !global.quiet && !global.json {
            say("hcc manages nothing here any more; it can be deleted.");
        }
        Ok(())
    }
}
