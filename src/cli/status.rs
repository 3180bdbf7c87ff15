//! `hcc status`

use std::fmt::Write as _;

use clap::Args;

use super::home::{Place, broken};
use super::{Global, Stop, print, print_json};
use crate::apply::status::{self, Drifted, Status as Found};
use crate::facts;
use crate::files::shown;

/// Say what in this home is not as hcc left it
///
/// Looks at every managed path and changes nothing: edited, replaced, deleted and relinked files;
/// declared keys that a program changed; what could not be put in place; actions that did not
/// succeed; preferences of macOS that are others; a run that was interrupted. Sources of `live`
/// links that are not committed, files that win over a managed one, and edits that hcc saved are
/// named and count as no difference. It needs no configuration. `hcc diff` shows what apply would change.
#[derive(Debug, Args)]
pub struct Status {
    /// End with 1 if anything is not as hcc left it; without this, with 0
    #[arg(long)]
    exit_code: bool,
}

impl Status {
    /// Runs it.
    pub fn run(&self, global: &Global) -> super::Status {
        let place = Place::find(None)?;
        let mut site = place.look()?;
        let environment = facts::environment(&place.home);
        let found = status::status(&mut site, &environment).map_err(|error| broken(&error))?;
        if global.json {
            let mut report = serde_json::json!({
                "version": crate::ir::VERSION,
                "clean": found.is_clean(),
            });
            let all = serde_json::to_value(&found).unwrap_or_default();
            if let (Some(report), serde_json::Value::Object(all)) = (report.as_object_mut(), all) {
                report.extend(all);
            }
            print_json(&report)?;
        } else if !(global.quiet && found.is_clean()) {
            print(&text(&found))?;
        }
        match self.exit_code && !found.is_clean() {
            true => Err(Stop::DIFFERS),
            false => Ok(()),
        }
    }
}

/// More sources that git does not have are counted.
const DIRTY: usize = 6;

fn text(found: &Found) -> String {
    let mut out = String::new();
    match &found.generation {
        None if found.interrupted.is_none() => {
            out.push_str("Nothing is applied here yet; `hcc apply` sets this home up.\n");
        }
        None => {}
        Some(head) => {
            let (number, time, by) = (head.number, facts::local_time(head.created), &head.by);
            let paths = match head.files {
                1 => "its one file is as hcc left it".to_owned(),
                files => format!("its {files} files are as hcc left them"),
            };
            let end = match (found.is_clean(), count(found)) {
                (true, _) => format!("{paths}."),
                (false, 0) => format!("{paths}, but:"),
                (false, 1) => "1 difference:".to_owned(),
                (false, count) => format!("{count} differences:"),
            };
            let _ = writeln!(out, "Generation {number} ({by}, {time}): {end}");
        }
    }
    if let Some(interrupted) = &found.interrupted {
        let (from, to) = (interrupted.from, interrupted.to);
        let what = match (interrupted.took_effect, from) {
            (true, _) => format!("generation {to} took effect, and will be completed"),
            (false, 0) => format!("generation {to} did not take effect, and will be taken back"),
            (false, _) => format!("generation {from} is in effect; what was made of {to} will go"),
        };
        let _ = writeln!(out, "A run was interrupted: {what} by the next `hcc apply`.");
    }
    for one in &found.drift {
        let _ = writeln!(out, "  {}: {}", shown(&one.path), drift(one));
    }
    if !found.drift.is_empty() {
        out.push_str(
            "  `hcc absorb PATH` brings an edit into the configuration, `hcc apply --drift restore` undoes it.\n",
        );
    }
    for one in &found.pending {
        let what = match one.to_come {
            true => "could not be put in place; the next `hcc apply` tries again",
            false => "could not be removed; the next `hcc apply` tries again",
        };
        let _ = writeln!(out, "  {}: {what}", shown(&one.path));
    }
    for what in &found.failed {
        let _ = writeln!(out, "  {what} did not succeed; the next `hcc apply` runs it again");
    }
    for one in &found.preferences {
        let _ = writeln!(out, "  preference {one}");
    }
    for one in &found.shadows {
        let _ = writeln!(out, "  {one}; {}", super::planned::UNSHADOW);
    }
    let untracked =
        |untracked: bool| found.dirty.iter().filter(move |own| own.untracked == untracked);
    let many = |list: usize| list > DIRTY;
    for (is_new, how) in [(true, "are not in git yet"), (false, "are not committed")] {
        let count = untracked(is_new).count();
        if many(count) {
            let _ = writeln!(out, "  the sources of {count} files {how}; `--json` names them");
        }
    }
    for one in found.dirty.iter().filter(|own| !many(untracked(own.untracked).count())) {
        let how = if one.untracked { "is not in git yet" } else { "is not committed" };
        let _ = writeln!(out, "  {}: its source {} {how}", shown(&one.path), shown(&one.source));
    }
    if !found.saved.is_empty() {
        out.push_str(
            "What hcc saved before it put something else there; remove it when you like:\n",
        );
    }
    for one in &found.saved {
        let _ = writeln!(out, "  {}: {}", shown(&one.path), shown(&one.at));
    }
    out
}

fn drift(one: &Drifted) -> String {
    match one.about.iter().map(shown).collect::<Vec<_>>().join(", ") {
        about if about.is_empty() => one.kind.said().to_owned(),
        about => format!("{}: {about}", one.kind.said()),
    }
}

fn count(found: &Found) -> usize {
    found.drift.len() + found.pending.len() + found.failed.len() + found.preferences.len()
}
