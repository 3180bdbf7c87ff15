//! How a configuration that was made comes to stand: checked, whole, and over nothing.

use std::fs;

use camino::Utf8Path;

use super::repo::{Put, Repo};
use crate::cli::session::{FILE, Session};
use crate::cli::{Stop, say, tell};
use crate::facts;

/// Whether a file may be replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// Never.
    Nothing,
    /// If something stands there: `--force`.
    Anything,
}

/// Says that a file is in the way, before anything is done.
///
/// `help` is what can be done besides.
///
/// # Errors
/// [`Stop::Decide`] if it is.
pub fn is_free(path: &Utf8Path, over: Over, help: &str) -> Result<(), Stop> {
    let there = fs::symlink_metadata(path);
    if over == Over::Nothing && there.is_ok() {
        say(&format!("error: {path} exists already"));
        say(&format!(
            "  help: {help}; or name another file, `--out FILE`, or replace it, `--force`"
        ));
        return Err(Stop::Decide);
    }
    if there.is_ok_and(|there| there.is_dir()) {
        say(&format!("error: {path} is a folder"));
        say("  help: name a file, `--out FILE`");
        return Err(Stop::Usage);
    }
    Ok(())
}

/// Checks a configuration as if it stood there, as `hcc check` would.
///
/// # Errors
/// [`Stop::Failed`], said: what an import writes has no errors, and if it has, nothing is written.
pub fn check(path: &Utf8Path, text: &str) -> Result<(), Stop> {
    let mut session = Session::of_text(path, text, facts::machine());
    if !session.diags.has_errors() {
        for host in session.program.structure.hosts.clone() {
            session.compile(&host, None);
        }
    }
    if session.diags.has_errors() {
        tell(&session.problems());
        say("error: what was read cannot be said without errors; nothing was written");
        return Err(Stop::Failed);
    }
    Ok(())
}

/// Writes a text to a file: all of it, or nothing.
///
/// # Errors
/// [`Stop::Failed`], said.
pub fn put(path: &Utf8Path, text: &str) -> Result<(), Stop> {
    let mut repo = Repo::open(path.parent().unwrap_or(Utf8Path::new("/")))?;
    let name = path.file_name().unwrap_or(FILE).to_owned();
    repo.write(&[Put { path: name, bytes: text.into(), mode: 0o644, time: None }])
}
