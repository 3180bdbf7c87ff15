//! `hcc generations`

use std::fmt::Write as _;

use clap::Args;

use super::home::{Place, damaged};
use super::{Global, Status, Stop, print, print_json, say};
use crate::apply::history::{self, History, Listed};
use crate::facts;

/// List the generations of this home
///
/// Each line says which generation it is, when it was made and by what, how many paths it manages,
/// and how many it added (+), changed (~) and removed (-) against the one before. `*` is the one in
/// effect. `hcc rollback 3` goes back to generation 3, `hcc diff 3 4` shows what changed between
/// two, `hcc gc` removes old ones.
#[derive(Debug, Args)]
pub struct Generations {}

impl Generations {
    /// Runs it.
    pub fn run(&self, global: &Global) -> Status {
        let site = Place::find(None)?.look()?;
        let (current, _) = site.current().map_err(damaged)?;
        let history = history::read(&site.state).map_err(damaged)?;
        if global.json {
            print_json(&json(&history, current))?;
        } else {
            print(&text(&history.list, current))?;
            if history.list.is_empty() && history.broken.is_empty() && !global.quiet {
                say("There is no generation yet; `hcc apply` makes the first one.");
            }
        }
        let is_broken = !history.broken.is_empty();
        for (_, error) in history.broken {
            let _failed = damaged(error);
        }
        if is_broken { Err(Stop::Failed) } else { Ok(()) }
    }
}

fn json(history: &History, current: u64) -> serde_json::Value {
    let broken = history.broken.iter();
    let broken: Vec<_> = broken
        .map(|(number, error)| serde_json::json!({"number": number, "reason": error.to_string()}))
        .collect();
    let rows: Vec<_> = history
        .list
        .iter()
        .map(|one| {
            serde_json::json!({
                "number": one.number,
                "current": one.number == current,
                "created": one.created,
                "by": one.by,
                "config": one.config,
                "files": one.files,
                "added": one.added,
                "changed": one.changed,
                "removed": one.removed,
            })
        })
        .collect();
    serde_json::json!({"version": crate::ir::VERSION, "generations": rows, "broken": broken})
}

fn text(list: &[Listed], current: u64) -> String {
    let rows: Vec<[String; 5]> = list
        .iter()
        .map(|one| {
            let mark = if one.number == current { "*" } else { " " };
            let files = if one.files == 1 { "file" } else { "files" };
            [
                format!("{mark} {}", one.number),
                facts::local_time(one.created),
                one.by.clone(),
                format!("{} {files}", one.files),
                changes(one),
            ]
        })
        .collect();
    let width = |at: usize| rows.iter().map(|row| row[at].chars().count()).max().unwrap_or(0);
    let [number, when, by, files] = [0, 1, 2, 3].map(width);
    let mut out = String::new();
    for [one, time, who, count, changes] in &rows {
        let line = format!("{one:<number$}  {time:<when$}  {who:<by$}  {count:>files$}  {changes}");
        let _ = writeln!(out, "{}", line.trim_end());
    }
    out
}

/// `+1 ~2 -3`, without what is none; in words if all is.
fn changes(one: &Listed) -> String {
    let parts = [("+", one.added), ("~", one.changed), ("-", one.removed)];
    let parts = parts.iter().filter(|(_, count)| *count > 0);
    let parts: Vec<String> = parts.map(|(mark, count)| format!("{mark}{count}")).collect();
    // An edit became a file of its own, or what is no file changed.
    if parts.is_empty() { "the same files".to_owned() } else { parts.join(" ") }
}
