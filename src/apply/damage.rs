//! A record of hcc's that cannot be used: what that means for the user, and a way out by which
//! nothing is lost. The index is not among them: it is made anew without a word.

use std::fs;

use camino::Utf8Path;

use super::ledger;
use super::manifest;
use super::site::CURRENT;
use super::state::{MARK, State, StateError};
use super::switch::{LAST_CURRENT, NEXT_CURRENT, NEXT_LEDGER};
use super::{action, after, journal, package, preference};
use crate::emit::quote::shell;

/// What a damaged record means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// What is not known any more, and what is safe, in a sentence.
    pub means: String,
    /// What to do; what is to be typed stands between backticks.
    pub way_out: String,
}

/// What it means that a record cannot be used; none if the reason says all there is.
pub fn explain(error: &StateError) -> Option<Damage> {
    let path = match error {
        StateError::Damaged(path, _) => path,
        StateError::Newer(..) => {
            return Some(Damage {
                means: "Nothing was changed.".to_owned(),
                way_out: "update hcc".to_owned(),
            });
        }
        _ => return None,
    };
    let folder = path.parent()?;
    let aside = format!("`mv {} {}`", shell(path.as_str()), shell(&format!("{path}.damaged")));
    let (means, way_out) = match path.file_name()? {
        journal::FILE => interrupted(folder, path),
        ledger::FILE => (
            "It says what stood where before hcc; that itself is safe, in `originals`. Nothing was changed.".to_owned(),
            forgotten(folder, path),
        ),
        "manifest.json" => generation(folder.parent()?.parent()?, folder)?,
        CURRENT => {
            let state = State { path: folder.to_owned() };
            ("Nothing says which generation is in effect. Nothing was changed.".to_owned(), another(&state, 0))
        }
        MARK => (
            "It says whose home the folder is for. Nothing was changed.".to_owned(),
            format!("`echo '{{\"version\":1,\"home\":\"\",\"id\":[0,0],\"made\":[]}}' > {}`, if this is the folder of this home", shell(path.as_str())),
        ),
        after::SETTLED => (
            "It says which services and commands follow what is in effect.".to_owned(),
            format!("{aside}: services are looked at anew, and commands run again once"),
        ),
        action::RECORD => (
            "It says which actions are still to be done.".to_owned(),
            format!("{aside}: what failed is not tried again by itself"),
        ),
        package::RECORD => (
            "It says which packages hcc installed.".to_owned(),
            format!("{aside}: those stay installed, and hcc never removes them"),
        ),
        preference::RECORD => (
            "It says what preferences were before hcc.".to_owned(),
            format!("{aside}: they stay as they are, and do not go back by themselves"),
        ),
        _ => return None,
    };
    Some(Damage { means, way_out })
}

/// A switch that did not end, of which nothing says what it was about to do.
fn interrupted(folder: &Utf8Path, path: &Utf8Path) -> (String, String) {
    let is = |name: &str| folder.join(name).symlink_metadata().is_ok();
    let begun = is(LAST_CURRENT) && !is(NEXT_CURRENT);
    let aside = format!("mv {} {}", shell(path.as_str()), shell(&format!("{path}.damaged")));
    let means = "A run was interrupted, and nothing says what it was about to do; what it did not finish may stand in the home as `.hcc-N-M`, beside its place.".to_owned();
    let ledger = (folder.join(NEXT_LEDGER), folder.join(ledger::FILE));
    let help = match begun && is(NEXT_LEDGER) {
        true => format!(
            "`mv {} {} && {aside}`, then `hcc apply`, which looks at every path anew",
            shell(ledger.0.as_str()),
            shell(ledger.1.as_str())
        ),
        false => format!("`{aside}`, then `hcc apply`, which looks at every path anew"),
    };
    (means, help)
}

/// How to go on without knowing what stood where. No name is given twice then.
fn forgotten(folder: &Utf8Path, path: &Utf8Path) -> String {
    let names = [ledger::FOLDER, ledger::SAVED].into_iter().flat_map(|name| {
        let entries = fs::read_dir(folder.join(name)).into_iter().flatten().flatten();
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned())
    });
    let number = |name: String| name.split('-').next()?.parse::<u64>().ok();
    let next = names.filter_map(number).max().unwrap_or(0);
    let (own, kept) = (shell(path.as_str()), shell(&format!("{path}.damaged")));
    format!(
        "bring it back from a backup; or `cp {own} {kept}; echo '{{\"version\":1,\"next\":{next}}}' > {own}`: \
         hcc goes on, and what is in `originals` stays there until you put it back"
    )
}

/// A generation that cannot be read.
fn generation(state: &Utf8Path, folder: &Utf8Path) -> Option<(String, String)> {
    let number: u64 = folder.file_name()?.parse().ok()?;
    let current = fs::read_link(state.join(CURRENT)).ok()?;
    let current =
        Utf8Path::from_path(&current)?.components().nth(1)?.as_str() == number.to_string();
    let state = State { path: state.to_owned() };
    if current {
        let means = format!(
            "Nothing says what generation {number}, which is in effect, put where; all of it stands as it is."
        );
        return Some((means, another(&state, number)));
    }
    let depend: Vec<String> = manifest::numbers(&state)
        .unwrap_or_default()
        .into_iter()
        .filter(|own| *own != number && manifest::read(&state, *own).is_err())
        .map(|own| own.to_string())
        .collect();
    let also = match depend.is_empty() {
        true => String::new(),
        false => format!(", nor to {}, which it is part of", depend.join(", ")),
    };
    let out = state.join(format!("damaged-{number}"));
    Some((
        format!("There is no way back to generation {number}{also}. All else is whole."),
        format!(
            "bring it back from a backup; or `mv {} {}`: hcc goes on without it",
            shell(folder.as_str()),
            shell(out.as_str())
        ),
    ))
}

/// How to come to another generation than the one in effect.
fn another(state: &State, current: u64) -> String {
    let numbers = manifest::numbers(state).unwrap_or_default();
    let whole = |number: &u64| *number != current && manifest::read(state, *number).is_ok();
    let link = state.join(CURRENT);
    match numbers.into_iter().rev().find(whole) {
        Some(number) => format!(
            "`ln -sfn generations/{number} {}` goes back to generation {number}, the newest that is whole; then `hcc apply` (with `--drift restore`, since copies of a later one count as edited)",
            shell(link.as_str())
        ),
        None => {
            let all = state.join("generations");
            let pair = |path: &Utf8Path| {
                format!("mv {} {}", shell(path.as_str()), shell(&format!("{path}.damaged")))
            };
            format!(
                "`{} && {}`, then `hcc apply` sets this home up anew; what was there before hcc is still known, and copies count as yours",
                pair(&link),
                pair(&all)
            )
        }
    }
}
