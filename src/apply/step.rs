//! The steps of a switch after its commit: renames and unlinks only, each of which can be done
//! again after a crash, and then does what is left of it.

use std::io;
use std::sync::Arc;

use super::disk::{Disk, exchange, is_absent, kind, move_new, move_over, same};
use super::ledger::{self, Ledger, Original, Pending};
use super::manifest::{Entry, Kind, Manifest};
use super::tree;
use crate::ir::Stamp;

/// One step.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Step {
    /// What is staged comes into its place.
    Place {
        /// The place.
        path: String,
        /// Where it is staged.
        staged: String,
        /// What is staged.
        new: Stamp,
        /// What stands in its place until then.
        old: Old,
        /// Where what stands there goes if it is not what it was.
        refuge: String,
        /// Whether what is staged is an edit that is nowhere else.
        #[serde(default)]
        edit: bool,
    },
    /// Something goes, and something may come back.
    Leave {
        /// The place.
        path: String,
        /// What goes; none if nothing of hcc's stands there.
        seen: Option<Stamp>,
        /// What comes back.
        back: Option<Original>,
        /// Where it comes if something else stands in its place; nowhere if it is a link, all that
        /// it showed is there, and this is empty.
        beside: String,
    },
    /// An original that got stuck goes where it belongs.
    Stow {
        /// Where it stood before hcc.
        path: String,
        /// Where it is, in the home.
        at: String,
        /// Its name in the state.
        name: String,
    },
    /// A content in a tree that somebody wrote into is as it was.
    Renew {
        /// A path that leads to it.
        path: String,
        /// Where it is staged, in the state.
        staged: String,
        /// Where it belongs, in the state.
        place: String,
    },
    /// A folder that hcc made goes if it is empty.
    Folder {
        /// The folder.
        path: String,
    },
}

impl Step {
    /// The folders of the state in which it may change something.
    pub fn in_state(&self) -> &[&str] {
        match self {
            Step::Place { .. } | Step::Leave { back: Some(_), .. } | Step::Stow { .. } => {
                &[ledger::FOLDER, ledger::SAVED]
            }
            Step::Leave { .. } | Step::Folder { .. } => &[],
            Step::Renew { .. } => &[tree::FOLDER],
        }
    }

    /// The path that it is about.
    pub fn path(&self) -> &str {
        match self {
            Step::Place { path, .. }
            | Step::Leave { path, .. }
            | Step::Stow { path, .. }
            | Step::Renew { path, .. }
            | Step::Folder { path } => path,
        }
    }
}

/// What stands in a place until something is put there.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Old {
    /// Nothing.
    Nothing,
    /// Something of hcc's, that looked so.
    Drop(Stamp),
    /// Something of the user's, that goes there.
    Keep(Original),
    /// An edit, that goes to the refuge.
    Save,
}

/// How a step went.
#[derive(Debug)]
pub enum Done {
    /// As planned.
    Well,
    /// Something else stood there, and was saved under this name in the state.
    Saved(String),
    /// Something newer stood there: what came back is at this path.
    CameBeside(String),
    /// It cannot be done, and the path is as it was.
    Held(String),
    /// What stood there could not be moved further than to this path.
    Stuck(String, String),
}

/// Does a step, or what is left of it.
pub fn run(step: &Step, home: &Disk, state: &Disk) -> Done {
    match step {
        Step::Place { path, staged, new, old, refuge, edit } => {
            place(Spot { home, state, path, staged, refuge, edit: *edit }, new, old)
        }
        Step::Leave { path, seen, back, beside } => {
            match leave(home, state, path, seen.as_ref(), back.as_ref(), beside) {
                Ok(done) => done,
                Err(error) => Done::Held(crate::files::reason(&error)),
            }
        }
        Step::Stow { at, name, .. } => match home.look(at) {
            Ok(None) => Done::Well,
            Ok(Some(_)) => match move_new((home, at), (state, name)) {
                Ok(()) => Done::Well,
                Err(error) => Done::Stuck(at.clone(), crate::files::reason(&error)),
            },
            Err(error) => Done::Stuck(at.clone(), crate::files::reason(&error)),
        },
        Step::Renew { staged, place, .. } => {
            let renewed = state.look(staged).and_then(|waiting| match waiting {
                Some(_) => move_over((state, staged), (state, place)),
                None => Ok(()),
            });
            match renewed {
                Ok(()) => Done::Well,
                Err(error) => Done::Held(crate::files::reason(&error)),
            }
        }
        Step::Folder { path } => match home.remove_folder(path) {
            // One that is not empty stays on the ledger as long as it stands.
            Err(error) if !is_kept(&error) => Done::Held(crate::files::reason(&error)),
            _ => Done::Well,
        },
    }
}

/// Whether a folder was not removed because it is not empty, or because it is not there.
fn is_kept(error: &io::Error) -> bool {
    use io::ErrorKind::{AlreadyExists, DirectoryNotEmpty};
    is_absent(error) || matches!(error.kind(), AlreadyExists | DirectoryNotEmpty)
}

#[derive(Clone, Copy)]
struct Spot<'a> {
    home: &'a Disk,
    state: &'a Disk,
    path: &'a str,
    staged: &'a str,
    refuge: &'a str,
    edit: bool,
}

fn is(found: Option<&Stamp>, own: &Stamp) -> bool {
    found.is_some_and(|found| (found.dev, found.ino) == (own.dev, own.ino))
}

fn place(spot: Spot, new: &Stamp, old: &Old) -> Done {
    let Spot { home, path, staged, .. } = spot;
    let tried = (|| -> io::Result<Done> {
        let waiting = home.look(staged)?;
        if waiting.is_none() {
            return Ok(match was_done(spot, new, old)? {
                true => Done::Well,
                false => Done::Held("it could not be put there before".to_owned()),
            });
        }
        if !is(waiting.as_ref(), new) {
            return Ok(dispose(spot, old));
        }
        let there = home.look(path)?;
        if there.is_none() {
            move_new((home, staged), (home, path))?;
            return Ok(Done::Well);
        }
        if *old == Old::Nothing {
            return Ok(Done::Held("something came there meanwhile".to_owned()));
        }
        if exchange((home, staged), (home, path))? {
            return Ok(dispose(spot, old));
        }
        aside_and_over(spot, old)
    })();
    match tried {
        Ok(Done::Held(reason)) => withdraw(spot, new, reason),
        Ok(done) => done,
        Err(error) => withdraw(spot, new, crate::files::reason(&error)),
    }
}

/// Whether a step of which nothing waits any more was done, or was withdrawn before a crash.
fn was_done(spot: Spot, new: &Stamp, old: &Old) -> io::Result<bool> {
    let Spot { home, state, path, refuge, .. } = spot;
    let there = home.look(path)?;
    if is(there.as_ref(), new) {
        return Ok(true);
    }
    Ok(match old {
        Old::Nothing | Old::Keep(Original::Adopted) => there.is_some(),
        Old::Drop(seen) => !there.is_some_and(|there| same(&there, seen)),
        Old::Keep(Original::Stored(name)) => state.look(name)?.is_some(),
        Old::Keep(Original::Beside(name)) => home.look(name)?.is_some(),
        Old::Save => state.look(refuge)?.is_some(),
    })
}

/// Where the file system has no exchange: files get a second name, then ours comes over the first.
fn aside_and_over(spot: Spot, old: &Old) -> io::Result<Done> {
    let Spot { home, state, path, staged, refuge, .. } = spot;
    let Some(there) = home.look(path)? else {
        move_new((home, staged), (home, path))?;
        return Ok(Done::Well);
    };
    let (to, saved) = match old {
        Old::Drop(seen) if same(seen, &there) => {
            over(spot)?;
            return Ok(Done::Well);
        }
        Old::Keep(Original::Stored(name)) => ((state, name.as_str()), false),
        Old::Keep(Original::Beside(name)) => ((home, name.as_str()), false),
        Old::Keep(Original::Adopted) | Old::Nothing => {
            return Ok(Done::Held("something came there meanwhile".to_owned()));
        }
        Old::Drop(_) | Old::Save => ((state, refuge), true),
    };
    let named = match super::disk::second_name((home, path), to) {
        // A crash came in between: it has its second name.
        Err(_) if is(to.0.look(to.1)?.as_ref(), &there) => Ok(()),
        named => named,
    };
    match named {
        Ok(()) => over(spot)?,
        // A folder has one name only: for an instant nothing stands there.
        Err(_) => {
            move_new((home, path), to)?;
            move_new((home, staged), (home, path))?;
        }
    }
    Ok(if saved { Done::Saved(refuge.to_owned()) } else { Done::Well })
}

/// Puts ours over a file or a link. No folder can come over one: for an instant nothing stands
/// there.
fn over(spot: Spot) -> io::Result<()> {
    let Spot { home, path, staged, .. } = spot;
    if home.look(staged)?.is_some_and(|own| is_folder(&own)) {
        home.unlink(path)?;
        return move_new((home, staged), (home, path));
    }
    move_over((home, staged), (home, path))
}

/// Ours is in place; what stood there stands where ours was staged.
fn dispose(spot: Spot, old: &Old) -> Done {
    let Spot { home, state, staged, refuge, .. } = spot;
    let done = match old {
        Old::Nothing | Old::Keep(Original::Adopted) => {
            put_away((home, staged), (state, refuge)).map(|()| Done::Saved(refuge.to_owned()))
        }
        Old::Drop(seen) => match home.look(staged) {
            Ok(Some(there)) if same(&there, seen) => home.remove_all(staged).map(|()| Done::Well),
            Ok(None) => Ok(Done::Well),
            Ok(Some(_)) => {
                put_away((home, staged), (state, refuge)).map(|()| Done::Saved(refuge.to_owned()))
            }
            Err(error) => Err(error),
        },
        Old::Keep(Original::Stored(name)) => {
            put_away((home, staged), (state, name)).map(|()| Done::Well)
        }
        Old::Keep(Original::Beside(name)) => {
            put_away((home, staged), (home, name)).map(|()| Done::Well)
        }
        Old::Save => {
            put_away((home, staged), (state, refuge)).map(|()| Done::Saved(refuge.to_owned()))
        }
    };
    match done {
        Ok(done) => done,
        Err(error) if is_absent(&error) => Done::Well,
        Err(error) => Done::Stuck(staged.to_owned(), crate::files::reason(&error)),
    }
}

/// Moves something away. Before a crash it may have got its second name already.
fn put_away(from: (&Disk, &str), to: (&Disk, &str)) -> io::Result<()> {
    match move_new(from, to) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let there = to.0.look(to.1)?;
            match from.0.look(from.1)? {
                Some(own) if is(there.as_ref(), &own) => from.0.unlink(from.1),
                _ => Err(error),
            }
        }
        done => done,
    }
}

/// Takes what is staged away again. What cannot be taken away is reported with the reason.
fn withdraw(spot: Spot, new: &Stamp, reason: String) -> Done {
    let Spot { home, staged, .. } = spot;
    match home.look(staged) {
        Ok(Some(own)) if is(Some(&own), new) && spot.edit => {
            match put_away((home, staged), (spot.state, spot.refuge)) {
                Ok(()) => Done::Held(reason),
                Err(_) => {
                    Done::Held(format!("{reason}; the edit is in {}", crate::files::shown(staged)))
                }
            }
        }
        Ok(Some(own)) if is(Some(&own), new) => match home.remove_all(staged) {
            Ok(()) => Done::Held(reason),
            Err(_) => Done::Stuck(staged.to_owned(), reason),
        },
        _ => Done::Held(reason),
    }
}

fn leave(
    home: &Disk,
    state: &Disk,
    path: &str,
    seen: Option<&Stamp>,
    back: Option<&Original>,
    beside: &str,
) -> io::Result<Done> {
    let from = match back {
        Some(Original::Stored(name)) => Some((state, name.as_str())),
        Some(Original::Beside(name)) => Some((home, name.as_str())),
        Some(Original::Adopted) | None => None,
    };
    let there = home.look(path)?;
    let ours = matches!((&there, seen), (Some(there), Some(seen)) if same(there, seen));
    let Some(from) = from else {
        if ours {
            home.unlink(path)?;
        }
        return Ok(match (there, seen) {
            (Some(_), Some(_)) if !ours => {
                Done::Held("something else came there meanwhile, so that stays".to_owned())
            }
            _ => Done::Well,
        });
    };
    let Some(waiting) = from.0.look(from.1)? else {
        // It came back before; or it is gone from where it was kept, and ours is not to go too.
        let gone = format!(
            "what was there before hcc is gone from {}",
            crate::files::shown(&from.0.path.join(from.1))
        );
        return Ok(if ours { Done::Held(gone) } else { Done::Well });
    };
    if seen.is_some_and(|seen| same(&waiting, seen)) {
        // They were exchanged: what waits is ours.
        from.0.unlink(from.1)?;
        return Ok(Done::Well);
    }
    if there.is_none() {
        if let Some((above, _)) = path.rsplit_once('/') {
            home.make_folders(above, false)?;
        }
        move_new(from, (home, path))?;
        return Ok(Done::Well);
    }
    if ours {
        if exchange(from, (home, path))? {
            // It came back; that ours is left where it waited harms nobody.
            let _left = from.0.unlink(from.1);
        } else if is_folder(&waiting) {
            home.unlink(path)?;
            move_new(from, (home, path))?;
        } else {
            move_over(from, (home, path))?;
        }
        return Ok(Done::Well);
    }
    // Between file systems it may have come back, and only be left where it waited.
    if there.is_some_and(|there| there.dev != waiting.dev)
        && super::carry::is_same(from, (home, path))?
    {
        from.0.remove_all(from.1)?;
        return Ok(Done::Well);
    }
    if beside.is_empty() && kind(&waiting) == rustix::fs::FileType::Symlink {
        from.0.unlink(from.1)?;
        return Ok(Done::Well);
    }
    move_new(from, (home, beside))?;
    Ok(Done::CameBeside(beside.to_owned()))
}

/// What was so before a switch.
pub struct Before<'a> {
    /// The generation.
    pub old: &'a Manifest,
    /// The generation that the switch leads to.
    pub new: &'a Manifest,
    /// The ledger.
    pub ledger: &'a Ledger,
    /// The home, as it is now.
    pub home: &'a Disk,
}

impl Before<'_> {
    /// What hcc left at a path: of the generation, or of an earlier one from which it could not be
    /// removed.
    fn left(&self, path: &str) -> Option<&Arc<Entry>> {
        match self.ledger.pending.get(path) {
            Some(Pending::NotRemoved(entry)) => Some(entry),
            Some(_) => None,
            None => self.old.entry(path),
        }
    }
}

/// What a step that went otherwise leaves on the ledger.
pub fn note(step: &Step, done: &Done, ledger: &mut Ledger, before: &Before) {
    match (step, done) {
        (_, Done::Well | Done::CameBeside(_)) | (Step::Renew { .. }, _) => {}
        (Step::Folder { path }, _) => {
            ledger.pending.insert(path.clone(), Pending::Folder);
        }
        (Step::Stow { path, at, .. }, _) => {
            ledger.originals.insert(path.clone(), Original::Beside(at.clone()));
        }
        (Step::Place { path, .. } | Step::Leave { path, .. }, Done::Saved(name)) => {
            ledger.saved.insert(name.clone(), path.clone());
        }
        (Step::Place { path, refuge, edit, .. }, Done::Held(_)) => {
            held(path, ledger, before);
            if *edit {
                ledger.saved.insert(refuge.clone(), path.clone());
            }
        }
        (Step::Place { path, old: Old::Keep(_), .. }, Done::Stuck(at, _)) => {
            ledger.originals.insert(path.clone(), Original::Beside(at.clone()));
        }
        (Step::Place { old, .. }, Done::Stuck(at, _)) => {
            // What is not surely hcc's own stays where it was named.
            let there = before.home.look(at).ok().flatten();
            if matches!((old, there), (Old::Drop(seen), Some(there)) if same(seen, &there)) {
                ledger.litter.insert(at.clone());
            }
        }
        (Step::Leave { path, back, .. }, Done::Held(_) | Done::Stuck(..)) => {
            if let Some(back) = back {
                ledger.originals.insert(path.clone(), back.clone());
            }
            if let Some(entry) = before.left(path) {
                ledger.pending.insert(path.clone(), Pending::NotRemoved(entry.clone()));
            }
        }
    }
}

/// A path, with all below it, is as it was before.
fn held(path: &str, ledger: &mut Ledger, before: &Before) {
    let below = format!("{path}/");
    let counts = |own: &str| own == path || own.starts_with(&below);
    let Before { old, new, ledger: last, home } = before;
    ledger.originals.retain(|own, _| !counts(own));
    let originals = last.originals.iter().filter(|(own, _)| counts(own));
    ledger.originals.extend(originals.map(|(own, original)| (own.clone(), original.clone())));
    ledger.merged.retain(|own, _| !counts(own));
    let merged = last.merged.iter().filter(|(own, _)| counts(own));
    ledger.merged.extend(merged.map(|(own, merging)| (own.clone(), merging.clone())));
    for entry in new.entries.iter().filter(|entry| counts(&entry.path)) {
        // Our old link leads to what is new: where that differs, it says nothing of the old one.
        let says = |old: &&Arc<Entry>| !matches!(old.kind, Kind::Link(_)) || old.kind == entry.kind;
        let still = before.left(&entry.path).filter(says);
        let pending = match still {
            Some(old) => Pending::NotRemoved(old.clone()),
            None => Pending::NotPlaced,
        };
        ledger.pending.insert(entry.path.clone(), pending);
    }
    // What should have made room.
    let waiting = last.pending.keys().filter_map(|own| before.left(own));
    let left = old.entries.iter().chain(waiting).filter(|entry| counts(&entry.path));
    let stands = |path: &str| matches!(home.look(path), Ok(Some(_)));
    for entry in left.filter(|own| new.entry(&own.path).is_none() && stands(&own.path)) {
        ledger.pending.insert(entry.path.clone(), Pending::NotRemoved(entry.clone()));
    }
}

/// Whether something that stands there is a folder.
pub fn is_folder(stamp: &Stamp) -> bool {
    kind(stamp) == rustix::fs::FileType::Directory
}
