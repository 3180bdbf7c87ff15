//! A planned change, for people and for programs.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{difference, help, say, talk, tell, wrong};
use crate::apply::after::After;
use crate::apply::change::Change;
use crate::apply::done::{Done, End};
use crate::apply::plan::{Conflict, Item, Settle, Verb};
use crate::apply::shadow::Shadow;
use crate::apply::site::Site;
use crate::files::shown;

/// More paths than this of one kind are folded by folder.
const MANY: usize = 40;

/// More lines of one difference than this are left to `hcc diff`.
const LINES: usize = 24;

/// What to do about what wins over a managed file.
pub const UNSHADOW: &str = "bring what it says into the configuration, and remove it";

/// Warns of what wins over a managed file.
pub fn shadows(list: &[Shadow]) {
    for one in list {
        say(&format!("warning: {one}"));
        say(&format!("  help: {UNSHADOW}"));
    }
}

/// What is going to be done, for people.
pub fn text(name: &str, change: &Change, after: &After, site: &Site) -> String {
    let mut out = String::new();
    let items = &change.plan.items;
    let mut counts: BTreeMap<Verb, usize> = BTreeMap::new();
    for item in items {
        *counts.entry(item.verb).or_default() += 1;
    }
    if !items.is_empty() || !after.is_empty() {
        let _ = writeln!(out, "{name} in {}", shown(&site.path));
    }
    for (verb, count) in &counts {
        let own = items.iter().filter(|item| item.verb == *verb);
        if *count > MANY {
            folded(*verb, own, &mut out);
        } else {
            own.for_each(|item| line(item, change, site, &mut out));
        }
    }
    followers(after, &mut out);
    if !counts.is_empty() {
        let list: Vec<String> =
            counts.iter().map(|(verb, count)| format!("{count} {}", said(*verb))).collect();
        let _ = writeln!(out, "{}.", list.join(", "));
    }
    out
}

fn folded<'a>(verb: Verb, items: impl Iterator<Item = &'a Item>, out: &mut String) {
    let mut folders: BTreeMap<String, usize> = BTreeMap::new();
    for item in items {
        let mut parts: Vec<&str> = item.path.split('/').collect();
        parts.pop();
        parts.truncate(2);
        let folder = if parts.is_empty() { ".".to_owned() } else { parts.join("/") };
        *folders.entry(folder).or_default() += 1;
    }
    for (folder, count) in folders {
        let files = if count == 1 { "file" } else { "files" };
        let _ = writeln!(out, "  {:<9} {}/ ({count} {files})", word(verb), shown(&folder));
    }
}

fn line(item: &Item, change: &Change, site: &Site, out: &mut String) {
    let mut about: Vec<&str> = Vec::new();
    if matches!(item.verb, Verb::Add | Verb::Replace) && item.install != "link" {
        about.push(item.install);
    }
    if !item.target.is_empty() {
        about.push(&item.target);
    }
    let about = if about.is_empty() { String::new() } else { format!("  ({})", about.join(", ")) };
    let note = item.note.as_ref().map_or(String::new(), |note| format!(": {note}"));
    let _ = writeln!(out, "  {:<9} {}{note}{about}", word(item.verb), shown(&item.path));
    if !matches!(item.verb, Verb::Change | Verb::Merge | Verb::Restore | Verb::Replace | Verb::Keep)
    {
        return;
    }
    let diff = difference(item, change, site);
    if item.verb == Verb::Keep && !diff.is_empty() {
        let _ = writeln!(out, "      `--drift restore` would change it so:");
    }
    let is_head = |line: &str| ["diff ", "--- ", "+++ "].iter().any(|own| line.starts_with(own));
    let lines = diff.lines().enumerate();
    // The first lines say the path again; below them such a line is content.
    let mut lines = lines.filter(|(at, line)| *at > 4 || !is_head(line)).map(|(_, line)| line);
    for line in lines.by_ref().take(LINES) {
        let _ = writeln!(out, "      {line}");
    }
    let rest = lines.count();
    if rest > 0 {
        let _ = writeln!(
            out,
            "      ... {rest} more lines: hcc diff {}",
            crate::emit::quote::shell(&item.path)
        );
    }
}

/// How a path changes, as a unified difference of what stands there and what will; of what stays,
/// how it would.
fn difference(item: &Item, change: &Change, site: &Site) -> String {
    let sides = match item.verb {
        Verb::Keep => difference::edit(item, change, site),
        _ => difference::sides(item, change, site),
    };
    sides.map_or_else(String::new, |(from, to)| difference::between(&from, &to, &item.path))
}

fn followers(after: &After, out: &mut String) {
    let mut section = |title: &str, lines: Vec<String>| {
        if !lines.is_empty() {
            let _ = writeln!(out, "{title}");
            for line in lines {
                let _ = writeln!(out, "  {line}");
            }
        }
    };
    let mut services: Vec<String> = after.services.iter().map(ToString::to_string).collect();
    // It is said once of the same units.
    let skipped = after.skipped.iter().filter(|_| !after.told.1);
    services.extend(skipped.map(ToString::to_string));
    section("services", services);
    let packages = &after.packages;
    let mut lines: Vec<String> = packages.steps.iter().map(ToString::to_string).collect();
    lines.extend(packages.notes.iter().cloned());
    lines.extend(packages.blocked.iter().map(failure));
    section("packages", lines);
    let preferences = &after.preferences;
    let mut lines: Vec<String> = preferences.steps.iter().map(ToString::to_string).collect();
    lines.extend(preferences.restarts.iter().map(|own| own.shown()));
    lines.extend(preferences.notes.iter().cloned());
    lines.extend(preferences.blocked.iter().map(failure));
    section("preferences", lines);
    section("actions", after.actions.steps.iter().map(ToString::to_string).collect());
}

fn failure(done: &Done) -> String {
    match &done.end {
        End::Failed { reason } | End::Skipped { reason } => {
            format!("cannot {}: {reason}", done.what)
        }
        End::Unavailable { reason, .. } => reason.clone(),
        End::Done { .. } => done.what.clone(),
    }
}

/// What is going to be done, for programs.
pub fn json(change: &Change, after: &After, shadows: &[Shadow]) -> serde_json::Value {
    serde_json::json!({
        "version": crate::ir::VERSION,
        "from": change.record.index.generation,
        "still": change.is_still() && after.is_empty(),
        "files": change.plan.items,
        "after": after,
        "shadows": shadows,
    })
}

/// Says what came of what followed the files.
pub fn done(list: &[Done]) {
    for done in list {
        match &done.end {
            End::Done { said } if said.is_empty() => {}
            End::Done { said } => tell(&format!("{said}\n")),
            End::Failed { reason } => {
                wrong(&format!("cannot {}: {reason}", done.what));
            }
            End::Skipped { reason } => say(&format!("left out: {}: {reason}", done.what)),
            End::Unavailable { reason, help } => {
                say(&format!("warning: {reason}"));
                say(&format!("  help: {}", help.replace('\n', "\n        ")));
            }
        }
    }
}

/// Says what stands in the way.
pub fn conflicts(list: &[Conflict]) {
    let (count, files) = (list.len(), if list.len() == 1 { "path is" } else { "paths are" });
    let reason = format!("{count} {files} in the way; nothing was changed");
    say(&format!("{reason}:"));
    talk::note(&reason);
    for conflict in list {
        say(&format!("  {}: {}", shown(&conflict.path), conflict.what));
    }
}

/// Says how to go on.
pub fn advice(list: &[Conflict]) {
    if list.iter().any(|conflict| conflict.settle == Settle::Backup) {
        help(
            "`--backup store` keeps them in hcc's folder, `--backup-extension backup` beside\n\
             themselves; either way they come back when hcc leaves the path",
        );
    }
    for Conflict { path, settle, .. } in list {
        match settle {
            Settle::Backup => {}
            Settle::AllowParent => help(&format!(
                "if {} is meant to be a link, say `allow-parent {}` in the file's block",
                shown(path),
                crate::value::quote(path)
            )),
            Settle::Rename => help(&format!(
                "give it another name in the folder that {} leads to; or first make that folder one\n\
                 of links, as `stow --restow --no-folding PACKAGE` does: it then stays beside hcc's",
                shown(path)
            )),
            Settle::MoveSource => help(&format!(
                "move the source of {} to a folder of its own, with your configuration",
                shown(path)
            )),
        }
    }
}

fn word(verb: Verb) -> &'static str {
    match verb {
        Verb::Add => "add",
        Verb::Adopt => "adopt",
        Verb::Merge => "merge",
        Verb::Replace => "replace",
        Verb::Change => "change",
        Verb::Repair => "repair",
        Verb::Keep => "keep",
        Verb::Restore => "restore",
        Verb::Remove => "remove",
        Verb::GiveBack => "give back",
        Verb::Leave => "leave",
        Verb::Hold => "error",
    }
}

fn said(verb: Verb) -> &'static str {
    match verb {
        Verb::Add => "to add",
        Verb::Adopt => "to adopt",
        Verb::Merge => "to merge",
        Verb::Replace => "to replace",
        Verb::Change => "to change",
        Verb::Repair => "to repair",
        Verb::Keep => "edited and kept",
        Verb::Restore => "edited and restored",
        Verb::Remove => "to remove",
        Verb::GiveBack => "to give back",
        Verb::Leave => "to leave alone",
        Verb::Hold => "that cannot be done",
    }
}
