//! Leaving a home: what `uninstall` and `eject` do besides a switch.

use std::fs;
use std::io;

use super::disk::move_new;
use super::index;
use super::ledger::{self, Ledger};
use super::look::is_ours;
use super::manifest::Kind;
use super::plan::{Item, Old, Place, Plan, Put, Verb};
use super::refold;
use super::site::{CURRENT, Record, Site};
use super::state::{MARK, StateError};
use super::texts;
use super::tree;
use crate::files::shown;

/// What replaces every link of hcc's by a file with its content.
///
/// # Errors
/// A path that cannot be read.
pub fn eject(site: &Site, record: &Record) -> Result<Plan, (String, io::Error)> {
    let mut plan = Plan { ledger: Ledger::default(), ..Plan::default() };
    plan.ledger.next = record.ledger.next;
    for left in &record.index.records {
        let entry = &left.entry;
        let mut stays = |note: &str| {
            plan.items.push(Item {
                path: entry.path.clone(),
                verb: Verb::Leave,
                target: entry.target.clone(),
                install: entry.kind.name(),
                note: Some(note.to_owned()),
            });
        };
        match &entry.kind {
            Kind::Link(_) => {
                let text = site.home.link_text(&entry.path).unwrap_or_default();
                if !is_ours(&site.view(), &entry.path, &String::from_utf8_lossy(&text)) {
                    stays("it is not hcc's link any more");
                    continue;
                }
                // Where the home was before it was moved, the link may lead nowhere.
                let bytes = fs::read(format!("{}/{}", site.view(), entry.path))
                    .map_err(|error| (entry.path.clone(), error))?;
                let put = Put::Bytes(bytes, entry.mode);
                plan.places.push(Place { path: entry.path.clone(), put, old: Old::Ours(None) });
            }
            Kind::Live(to) => stays(&format!("a link to {}", shown(to))),
            Kind::Plain(to) => stays(&format!("a link to {}", shown(to))),
            Kind::Copy(_) | Kind::Merge(_) => stays("a file of its own"),
        }
    }
    Ok(plan)
}

/// Removes hcc's folder after an uninstall; what of it is kept, because only the user may throw it
/// away.
///
/// # Errors
/// The system's own. What is left then is harmless: the next run begins anew.
pub fn remove_state(site: &Site) -> Result<Vec<String>, StateError> {
    let mut kept = Vec::new();
    let view = site.view();
    // A link of ours for which something came back, and that could not be removed then, is no item.
    let is_item =
        |path: &std::path::Path| !fs::read_link(path).is_ok_and(|to| to.starts_with(&view));
    let has_items = |folder: &camino::Utf8Path| {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        entries.into_iter().any(|entry| is_item(&entry.path()))
    };
    for (name, folder) in [(ledger::FOLDER, "originals"), (ledger::SAVED, "edits")] {
        let path = site.state.join(name);
        if has_items(&path) {
            kept.push(format!("{} ({folder})", shown(&path)));
        }
    }
    let (above, unfolded) = (site.state.above()?, site.state.unfolded()?);
    let store = site.store()?;
    let io = |name: &str| {
        let path = site.state.join(name);
        move |error| StateError::Io(path, error)
    };
    // Whoever comes after a kill goes on from here. A full disk has room for another name.
    for name in [CURRENT, "generations"] {
        let begun = store.look(LEAVING).map_err(io(LEAVING))?.is_some();
        if !begun && store.look(name).map_err(io(name))?.is_some() {
            move_new((&store, name), (&store, LEAVING)).map_err(io(name))?;
        }
    }
    let is_kept = !kept.is_empty();
    for folder in [tree::FOLDER, "generations"] {
        for name in store.list(folder).unwrap_or_default() {
            if is_own(folder, &name) {
                let path = format!("{folder}/{name}");
                store.remove_all(&path).map_err(io(&path))?;
            }
        }
    }
    for name in store.list("").map_err(io(""))? {
        let path = site.state.join(&name);
        let stays = match name.as_str() {
            tree::FOLDER | "generations" => has_items(&path),
            ledger::FOLDER | ledger::SAVED => has_items(&path),
            ledger::FILE | EJECTED => is_kept,
            "lock" | LEAVING | MARK => true,
            name => !OWN.iter().any(|own| name == *own || name == format!("{own}.new")),
        };
        if !stays {
            store.remove_all(&name).map_err(io(&name))?;
        } else if !matches!(name.as_str(), "lock" | LEAVING | MARK | ledger::FILE | EJECTED)
            && !kept.iter().any(|own| own.starts_with(&*shown(&path)))
        {
            kept.push(format!("{} (not hcc's)", shown(&path)));
        }
    }
    if kept.is_empty() {
        for name in [MARK, LEAVING, "lock"] {
            store.remove_all(name).map_err(io(name))?;
        }
        fs::remove_dir(&site.state.path).map_err(io(""))?;
        remove_empty(&above);
        kept.extend(unfolded.iter().filter_map(|own| refold::refold(&site.home, own)));
    } else {
        store.remove_all(LEAVING).map_err(io(LEAVING))?;
    }
    Ok(kept)
}

/// What `current` is called while the state is being removed.
pub const LEAVING: &str = "leaving";

/// What hcc writes into its folder; anything else there is somebody's.
const OWN: &[&str] = &[
    CURRENT,
    tree::FOLDER,
    "generations",
    ledger::FOLDER,
    ledger::SAVED,
    ledger::FILE,
    EJECTED,
    "ledger.json.next",
    "current.transition",
    "current.final",
    index::FILE,
    index::SINCE,
    texts::FILE,
    "journal.json",
    "settled.json",
    "packages.json",
    "defaults.json",
    "actions.json",
    MARK,
    LEAVING,
];

/// Whether a name in one of hcc's inner folders is of the form that hcc gives.
pub fn is_own(folder: &str, name: &str) -> bool {
    let hash = |name: &str| name.len() == 32 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
    let number = |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit());
    let passing = name.starts_with(".new-") || name.starts_with(".gone-");
    passing || if folder == tree::FOLDER { hash(name) } else { number(name) }
}

/// Removes folders that were made for a home, the innermost first; one that holds something by now
/// stays, and those around it.
pub fn remove_empty<P: AsRef<std::path::Path>>(folders: &[P]) {
    for folder in folders {
        if fs::remove_dir(folder).is_err() {
            break;
        }
    }
}

/// Takes hcc's folder away again if a run that changed nothing made it.
pub fn nothing_begun(site: &Site) {
    let first = matches!(site.current(), Ok((0, _)));
    let bare = |site: &Site| {
        let store = site.store().ok()?;
        let names = store.list("").ok()?;
        Some(names.iter().all(|name| name == "lock" || name == MARK))
    };
    if site.is_locked() && first && bare(site) == Some(true) {
        // What stays is empty and harmless.
        let _kept = remove_state(site);
    }
}

/// The ledger's name after an eject: where each kept original stood.
const EJECTED: &str = "ejected.json";

/// Notes the ledger of before an eject, for who looks for an original later.
///
/// # Errors
/// [`StateError`].
pub fn note(site: &Site, ledger: &Ledger) -> Result<(), StateError> {
    site.state.write(EJECTED, ledger)
}
