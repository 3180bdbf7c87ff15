//! `hcc gc`

use std::fmt::Write as _;

use clap::Args;

use super::home::{Place, confirm, damaged};
use super::{Global, Status, Stop, help, print, print_json, say};
use crate::apply::change;
use crate::apply::gc::{self, GcError, Keep, Plan};
use crate::apply::state::StateError;
use crate::facts;

/// Remove old generations
///
/// Shows which go, asks, and removes them with all that only they hold. The generation in effect
/// and the one before always stay, so that `hcc rollback` works; so do files that stood somewhere
/// before hcc, and edits that it saved. Without options the last 10 generations stay, and all that
/// are younger than 30 days; with one option only that one counts; with both, what either of them
/// keeps stays.
#[derive(Debug, Args)]
pub struct Gc {
    /// Keep the last N generations
    #[arg(long, value_name = "N")]
    keep: Option<usize>,
    /// Remove only what is older: 12h, 30d, 2w
    #[arg(long, value_name = "TIME", value_parser = age)]
    older_than: Option<u64>,
    /// Only show what would go
    #[arg(long, short = 'n')]
    dry_run: bool,
    /// Do not ask
    #[arg(long, short)]
    yes: bool,
}

/// Seconds from `12h`, `30d`, `2w`.
fn age(text: &str) -> Result<u64, String> {
    let wrong =
        || "expected a number with h, d or w for hours, days or weeks: 12h, 30d, 2w".to_owned();
    let unit = match text.chars().last() {
        Some('h') => 60 * 60,
        Some('d') => 24 * 60 * 60,
        Some('w') => 7 * 24 * 60 * 60,
        _ => return Err(wrong()),
    };
    let count: u64 = text[..text.len() - 1].parse().map_err(|_| wrong())?;
    count.checked_mul(unit).ok_or_else(wrong)
}

impl Gc {
    /// Runs it.
    pub fn run(&self, global: &Global) -> Status {
        let place = Place::find(None)?;
        let mut site = place.look()?;
        // Where there is nothing yet, nothing is made to find that out.
        if !self.dry_run && site.current().map_err(damaged)?.0 > 0 {
            site = place.lock(global)?;
        }
        let now = u64::try_from(change::now() / 1_000_000_000).unwrap_or(0);
        let plan = gc::plan(&site, self.keep(), now).map_err(refused)?;
        if self.dry_run {
            return self.shown(&plan, global);
        }
        if plan.is_empty() {
            return self.ended(&plan, global);
        }
        if !global.quiet && !global.json {
            super::tell(&text(&plan));
        }
        confirm(self.yes, "Remove them?")?;
        gc::run(&site, &plan).map_err(broken)?;
        self.ended(&plan, global)
    }

    fn keep(&self) -> Keep {
        match (self.keep, self.older_than) {
            (None, None) => gc::USUAL,
            (Some(last), None) => Keep { last, younger: 0 },
            (last, Some(younger)) => Keep { last: last.unwrap_or(0), younger },
        }
    }

    fn shown(&self, plan: &Plan, global: &Global) -> Status {
        match global.json {
            true => print_json(&json(plan)),
            false if plan.is_empty() => print(&format!("{}\n", nothing(plan))),
            false => print(&text(plan)),
        }
    }

    fn ended(&self, plan: &Plan, global: &Global) -> Status {
        if global.json {
            return print_json(&json(plan));
        }
        if !global.quiet {
            say(&match plan.is_empty() {
                true => nothing(plan),
                false => format!(
                    "Removed {}; {} freed.",
                    counted(plan.generations.len(), "generation"),
                    size(plan.bytes)
                ),
            });
        }
        Ok(())
    }
}

fn broken(error: StateError) -> Stop {
    let stop = damaged(error);
    help("what is kept is whole; `hcc gc` goes on where it stopped");
    stop
}

fn refused(error: GcError) -> Stop {
    match error {
        GcError::State(error) => damaged(error),
        GcError::Unreadable(list) => {
            let numbers: Vec<String> = list.iter().map(|(number, _)| number.to_string()).collect();
            for (_, error) in list {
                let _said = damaged(error);
            }
            say(&format!(
                "Nothing was removed: what generation {} needs cannot be told.",
                numbers.join(" and ")
            ));
            Stop::Failed
        }
    }
}

fn text(plan: &Plan) -> String {
    let mut out = String::new();
    for one in &plan.generations {
        let time = facts::local_time(one.created);
        let _ = writeln!(out, "  remove generation {} ({}, {time})", one.number, one.by);
    }
    if !plan.litter.is_empty() {
        let _ = writeln!(
            out,
            "  remove {} that a killed run left",
            counted(plan.litter.len(), "thing")
        );
    }
    let _ = writeln!(
        out,
        "{} and {} go, {} stay; {} freed.",
        counted(plan.generations.len(), "generation"),
        counted(plan.trees.len(), "folder"),
        counted(plan.kept.len(), "generation"),
        size(plan.bytes)
    );
    if let Some(number) = plan.way_back {
        let _ =
            writeln!(out, "Generation {number} stays, so that `hcc rollback` has one to go to.");
    }
    for number in &plan.edited {
        let _ = writeln!(
            out,
            "Generation {number} stays: an edit that was kept began with it; `hcc absorb` settles that."
        );
    }
    out
}

fn nothing(plan: &Plan) -> String {
    match plan.way_back {
        Some(number) => format!(
            "Nothing to remove: generation {number} stays, so that `hcc rollback` has one to go to."
        ),
        None => "Nothing to remove.".to_owned(),
    }
}

fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

/// Bytes for people.
fn size(bytes: u64) -> String {
    let mut rest = bytes as f64;
    for unit in ["B", "kB", "MB"] {
        if rest < 1000.0 {
            return if unit == "B" { format!("{bytes} B") } else { format!("{rest:.1} {unit}") };
        }
        rest /= 1000.0;
    }
    format!("{rest:.1} GB")
}

fn json(plan: &Plan) -> serde_json::Value {
    let numbers: Vec<u64> = plan.generations.iter().map(|one| one.number).collect();
    serde_json::json!({
        "version": crate::ir::VERSION,
        "removed": numbers,
        "kept": plan.kept,
        "kept-for-rollback": plan.way_back,
        "kept-for-edits": plan.edited,
        "trees": plan.trees.len(),
        "bytes": plan.bytes,
    })
}
