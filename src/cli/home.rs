//! The home that a command works on, and hcc's folder for it.

use std::io::{BufRead, Write};
use std::os::unix::fs::MetadataExt;

use camino::{Utf8Path, Utf8PathBuf};

use super::{Global, Stop, help, say, tell, wrong};
use crate::apply::damage;
use crate::apply::site::Site;
use crate::apply::state::StateError;
use crate::apply::switch::{Recovered, Report, SwitchError};
use crate::facts;
use crate::files::shown;

/// hcc's folder in a home.
const STATE: &str = ".local/state/hcc";

/// Where a home and hcc's folder for it are.
#[derive(Clone, Debug)]
pub struct Place {
    /// The home.
    pub home: Utf8PathBuf,
    /// hcc's folder.
    pub state: Utf8PathBuf,
    /// Folders that were made for a home below a folder, the innermost first.
    made: Vec<Utf8PathBuf>,
}

impl Place {
    /// The home of who runs hcc; below a folder, if that is given.
    ///
    /// # Errors
    /// [`Stop::Usage`] without a home, [`Stop::Decide`] for one that is somebody else's.
    pub fn find(root: Option<(&Utf8Path, &str)>) -> Result<Self, Stop> {
        if let Some((root, home)) = root {
            let home = root.join(home.trim_start_matches('/'));
            let missing = |folder: &&Utf8Path| !folder.as_str().is_empty() && !folder.exists();
            let made = home.ancestors().take_while(missing).map(Utf8Path::to_owned).collect();
            std::fs::create_dir_all(&home)
                .map_err(|error| failed(&format!("{home}: {}", crate::files::reason(&error))))?;
            let home = home.canonicalize_utf8().unwrap_or(home);
            return Ok(Self { state: home.join(STATE), home, made });
        }
        let home = facts::home().map(|home| home.as_str().trim_end_matches('/').to_owned());
        let home = match home.as_deref() {
            Some(home) if home.starts_with('/') => Utf8PathBuf::from(home),
            _ => {
                wrong("`$HOME` expects an absolute path to a home");
                return Err(Stop::Usage);
            }
        };
        if let Ok(found) = home.metadata()
            && facts::uid() == 0
            && found.uid() != 0
        {
            wrong(&format!("{home} belongs to another user, and hcc runs as root"));
            help("run hcc as that user, without sudo; what needs root asks for it");
            return Err(Stop::Decide);
        }
        let state = match facts::state_variable() {
            Some(state) if state.is_absolute() => state,
            Some(state) => {
                wrong(&format!("`$HCC_STATE` expects an absolute path, found `{state}`"));
                return Err(Stop::Usage);
            }
            None => home.join(STATE),
        };
        Ok(Self { home, state, made: Vec::new() })
    }

    /// The home of who runs hcc, as far as there is one.
    pub fn quietly() -> Option<Self> {
        let absolute = |path: &Utf8PathBuf| path.is_absolute();
        let home = facts::home().filter(absolute)?;
        let state = facts::state_variable().filter(absolute);
        let state = state.unwrap_or_else(|| home.join(STATE));
        Some(Self { home, state, made: Vec::new() })
    }

    /// Takes away again the folders that were made for it, as far as they are empty.
    pub fn unmake(&self) {
        crate::apply::leave::remove_empty(&self.made);
    }

    /// Opens it to look.
    ///
    /// # Errors
    /// [`Stop::Failed`], said.
    pub fn look(&self) -> Result<Site, Stop> {
        Site::open(&self.home, &self.state).map_err(damaged)
    }

    /// Opens it to change it. What an earlier run did not end is ended first.
    ///
    /// # Errors
    /// [`Stop::Failed`], said.
    pub fn lock(&self, global: &Global) -> Result<Site, Stop> {
        let wait = || {
            if !global.quiet {
                say("another hcc is at work on this home; waiting for it");
            }
        };
        let site = Site::lock(&self.home, &self.state, wait).map_err(damaged)?;
        match crate::apply::switch::recover(&site).map_err(|error| broken(&error))? {
            None => {}
            Some(Recovered::Undone(number)) => {
                say(&format!(
                    "An earlier run was interrupted before generation {number} took effect; its traces are removed."
                ));
            }
            Some(Recovered::Completed(report)) => {
                say(&format!(
                    "An earlier run was interrupted; generation {} is complete now.",
                    report.generation
                ));
                told(&report, &site);
            }
        }
        Ok(site)
    }
}

/// Says what a switch did other than planned; whether something was held.
pub fn told(report: &Report, site: &Site) -> bool {
    for (path, name) in &report.saved {
        say(&format!(
            "saved: what stood at {} is now {}",
            shown(path),
            shown(&site.state.join(name))
        ));
    }
    for (path, at) in &report.beside {
        say(&format!(
            "given back beside: {} holds something newer; what was there before hcc is {}",
            shown(path),
            shown(at)
        ));
    }
    for (path, reason) in &report.held {
        wrong(&format!("{}: {reason}", shown(path)));
    }
    !report.held.is_empty()
}

/// Says that a record cannot be used, what that means, and what to do.
pub fn damaged(error: StateError) -> Stop {
    unusable(&error)
}

fn unusable(error: &StateError) -> Stop {
    wrong(&error.to_string());
    if let Some(damage) = damage::explain(error) {
        say(&format!("  {}", damage.means));
        help(&damage.way_out);
    }
    Stop::Failed
}

/// Says that a switch did not come about.
pub fn broken(error: &SwitchError) -> Stop {
    match error {
        SwitchError::State(error) => unusable(error),
        error => failed(&error.to_string()),
    }
}

/// Says what failed.
pub fn failed(text: &str) -> Stop {
    wrong(text);
    Stop::Failed
}

/// Asks for a decision: a letter of those that are offered, or none.
pub fn ask(question: &str) -> Option<char> {
    tell(&format!("{question} "));
    let _shown = std::io::stderr().flush();
    let mut line = String::new();
    match std::io::stdin().lock().read_line(&mut line) {
        Ok(0) | Err(_) => None,
        Ok(_) => line.trim().chars().next().map(|own| own.to_ascii_lowercase()),
    }
}

/// Whether the user wants to go on: said on the command line, or asked on a terminal.
///
/// # Errors
/// [`Stop::Decide`], if not.
pub fn confirm(yes: bool, question: &str) -> Result<(), Stop> {
    if yes {
        return Ok(());
    }
    if !facts::rights().terminal {
        wrong("nothing was changed: there is no terminal to ask on");
        help("`--yes` goes on without asking, `--dry-run` only shows");
        return Err(Stop::Decide);
    }
    match ask(&format!("{question} [y/N]")) {
        Some('y') => Ok(()),
        _ => {
            say("Nothing was changed.");
            Err(Stop::Decide)
        }
    }
}
