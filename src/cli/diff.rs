//! `hcc diff`

use clap::{Args, ValueEnum};

use super::difference::{Side, between};
use super::here::Ground;
use super::home::{Place, damaged};
use super::paths::Chosen;
use super::session::Session;
use super::{
    Global, Named, Status, Stop, Who, apply, difference, help, print, print_json, say, wrong,
};
use crate::apply::change;
use crate::apply::manifest::{self, Entry, Manifest};
use crate::apply::plan::{Policy, Settle, Verb};
use crate::apply::site::Site;
use crate::files::shown;
use crate::ir::{Backup, Drift};

/// Show what apply would change, or what changed between two generations
///
/// Without a number: every file that `hcc apply` would change, as unified differences of what
/// stands there and what will. `hcc apply --dry-run` also shows packages, services and the rest.
///
/// With two numbers: what changed from one generation to the other; with one number: from that one
/// to the one in effect. That needs no configuration.
///
/// Paths narrow it down; a folder means all in it. A path that is a number is written `./3`.
#[derive(Debug, Args)]
pub struct Diff {
    /// Generations, by number, and paths
    #[arg(value_name = "GEN|PATH")]
    what: Vec<String>,
    /// End with 1 if there is a difference; without this, with 0
    #[arg(long)]
    exit_code: bool,
    /// What would be done with edited files: `restore` shows what somebody changed in them
    #[arg(long, value_name = "WHAT")]
    drift: Option<OnDrift>,
    #[command(flatten)]
    named: Named,
}

/// What is done with edits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum OnDrift {
    /// They stay
    Keep,
    /// They make room
    Restore,
}

/// How one path differs.
struct Row {
    path: String,
    /// What is done with it, in a word.
    verb: serde_json::Value,
    from: Side,
    to: Side,
}

impl Diff {
    /// Runs it.
    pub fn run(&self, global: &Global) -> Status {
        let numbers: Vec<u64> = self.what.iter().filter_map(|own| own.parse().ok()).collect();
        let paths = self.what.iter().filter(|own| own.parse::<u64>().is_err()).map(String::as_str);
        let mut site = Place::find(None)?.look()?;
        let chosen = Chosen::of(paths, &site);
        let rows = match numbers.as_slice() {
            [] => self.planned(&mut site, &chosen, global)?,
            [from] => {
                let (current, _) = site.current().map_err(damaged)?;
                generations(&site, *from, current, &chosen)?
            }
            [from, to] => generations(&site, *from, *to, &chosen)?,
            _ => {
                wrong(&format!("expected at most two generations, found {}", numbers.len()));
                help("a path that is a number is written `./3`");
                return Err(Stop::Usage);
            }
        };
        let rows: Vec<(Row, String)> = rows
            .into_iter()
            .map(|row| {
                let text = between(&row.from, &row.to, &row.path);
                (row, text)
            })
            .filter(|(_, text)| !text.is_empty())
            .collect();
        if global.json {
            let list: Vec<_> = rows.iter().map(|(row, text)| json(row, text)).collect();
            print_json(&serde_json::json!({"version": crate::ir::VERSION, "files": list}))?;
        } else {
            let mut out = String::new();
            rows.iter().for_each(|(_, text)| difference::coloured(text, &mut out));
            print(&out)?;
        }
        match self.exit_code && !rows.is_empty() {
            true => Err(Stop::DIFFERS),
            false => Ok(()),
        }
    }

    /// What apply would change.
    fn planned(&self, site: &mut Site, chosen: &Chosen, global: &Global) -> Result<Vec<Row>, Stop> {
        let looked = change::now();
        let who = Who::from(&self.named);
        let applied = Session::for_apply(global, &who, Ground::Here)?;
        let drift = self.drift.map(|own| match own {
            OnDrift::Keep => Drift::Keep,
            OnDrift::Restore => Drift::Restore,
        });
        let own = applied.user.document.policy.backup.clone();
        let mut policy = Policy { backup: own, drift, ..Policy::default() };
        let mut change = apply::plan(&applied, site, &policy, looked)?;
        let paths = change.wanted.iter().map(|wanted| &wanted.entry);
        let paths = paths.chain(change.record.index.records.iter().map(|record| &record.entry));
        chosen.known(paths.map(|entry| entry.path.as_str()))?;
        let asked = change.plan.conflicts.iter().any(|own| own.settle == Settle::Backup);
        if asked {
            if !global.quiet {
                say(
                    "Something unmanaged stands in the way of some of this; `hcc apply` asks first.",
                );
            }
            // What would come once that is settled.
            policy.backup = Some(Backup::Store);
            change = apply::plan(&applied, site, &policy, looked)?;
        }
        let mut rows = Vec::new();
        for item in change.plan.items.iter().filter(|item| chosen.has(&item.path)) {
            if item.verb == Verb::Keep && !global.quiet {
                let note = item.note.as_deref().unwrap_or("edited");
                say(&format!("{} is kept: {note}", shown(&item.path)));
            }
            if item.verb == Verb::Hold {
                let note = item.note.as_deref().unwrap_or("it cannot be done");
                wrong(&format!("{}: {note}", shown(&item.path)));
            }
            if let Some((from, to)) = difference::sides(item, &change, site) {
                let verb = serde_json::to_value(item.verb).unwrap_or_default();
                rows.push(Row { path: item.path.clone(), verb, from, to });
            }
        }
        rows.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(rows)
    }
}

/// What changed from one generation to another.
fn generations(site: &Site, from: u64, to: u64, chosen: &Chosen) -> Result<Vec<Row>, Stop> {
    let [before, after] = [read(site, from)?, read(site, to)?];
    let paths = before.entries.iter().chain(&after.entries);
    chosen.known(paths.map(|entry| entry.path.as_str()))?;
    let side = |manifest: &Manifest, entry: Option<&Entry>| match entry {
        Some(entry) => difference::in_generation(entry, manifest.number, site).map_err(|error| {
            wrong(&format!("generation {}: {error}", manifest.number));
            Stop::Failed
        }),
        None => Ok(Side::default()),
    };
    let mut rows = Vec::new();
    let mut row = |path: &str, old: Option<&Entry>, new: Option<&Entry>, verb: &str| {
        if chosen.has(path) {
            let (from, to) = (side(&before, old)?, side(&after, new)?);
            rows.push(Row { path: path.to_owned(), verb: verb.into(), from, to });
        }
        Ok(())
    };
    for entry in &before.entries {
        match after.entry(&entry.path) {
            None => row(&entry.path, Some(entry), None, "remove")?,
            Some(new) if !new.puts_the_same(entry) => {
                row(&entry.path, Some(entry), Some(new), "change")?;
            }
            Some(_) => {}
        }
    }
    for entry in after.entries.iter().filter(|entry| before.entry(&entry.path).is_none()) {
        row(&entry.path, None, Some(entry), "add")?;
    }
    rows.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(rows)
}

fn read(site: &Site, number: u64) -> Result<Manifest, Stop> {
    let numbers = manifest::numbers(&site.state).map_err(damaged)?;
    if !numbers.contains(&number) {
        wrong(&format!("there is no generation {number}"));
        let list: Vec<String> = numbers.iter().map(ToString::to_string).collect();
        help(&match list.is_empty() {
            true => "`hcc apply` makes the first one".to_owned(),
            false => {
                format!("there are {}; a path that is a number is `./{number}`", list.join(", "))
            }
        });
        return Err(Stop::Usage);
    }
    manifest::read(&site.state, number).map_err(damaged)
}

fn json(row: &Row, text: &str) -> serde_json::Value {
    let mode = |side: &Side| side.mode.map(|mode| format!("{mode:04o}"));
    serde_json::json!({
        "path": row.path,
        "verb": row.verb,
        "mode": { "from": mode(&row.from), "to": mode(&row.to) },
        "diff": text,
    })
}
