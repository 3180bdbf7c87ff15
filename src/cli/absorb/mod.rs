//! `hcc absorb`

mod began;
mod case;
mod values;
pub mod work;

use clap::{Args, ValueEnum};

use super::here::Ground;
use super::home::{Place, told};
use super::paths::Chosen;
use super::session::Session;
use super::unified::unified;
use super::{Global, Named, Status, Stop, Who, difference, print, print_json, say, wrong};
use crate::apply::join::Side;
use crate::apply::manifest::Entry;
use crate::facts;
use crate::files::shown as show_path;
use work::Work;

/// Bring edits that were made in place back to the configuration
///
/// A program or you edited a managed file where it stands: its source gets what stands there, and
/// the link comes back. For keys and texts that are written out in your own .kdl files, the value
/// there is changed; comments and layout stay. It is compiled again first, and written only if the
/// file comes out as it was edited and nothing else changes. What the configuration says anew since
/// the edit began stays; a value that it changed too is named with both sides, and stays in the
/// file until you choose. What cannot be absorbed (computed values, templates) is named with its
/// lines, stays as it is, and ends this with 3. The old text of a file that is not committed to git
/// is saved in hcc's folder.
#[derive(Debug, Args)]
pub struct Absorb {
    /// Files and folders of the home
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<String>,
    /// Only show what would be written
    #[arg(long, short = 'n')]
    dry_run: bool,
    /// Which change is taken where the configuration changed the same value since the edit began
    #[arg(long, value_name = "SIDE")]
    prefer: Option<Prefer>,
    #[command(flatten)]
    named: Named,
}

/// Whose change is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Prefer {
    /// What the file in the home has
    File,
    /// What the configuration says; the file is saved in hcc's folder first
    Config,
}

impl From<Prefer> for Side {
    fn from(prefer: Prefer) -> Self {
        match prefer {
            Prefer::File => Self::File,
            Prefer::Config => Self::Config,
        }
    }
}

impl Absorb {
    /// Runs it.
    pub fn run(&self, global: &Global) -> Status {
        let who = Who::from(&self.named);
        let mut applied = Session::for_apply(global, &who, Ground::Here)?;
        let place = Place::find(None)?;
        let mut site = if self.dry_run { place.look()? } else { place.lock(global)? };
        if applied.is_old() {
            applied = Session::for_apply(global, &who, Ground::Here)?;
        }
        let chosen = Chosen::of(self.paths.iter().map(String::as_str), &site);
        let record = site.record().map_err(super::home::damaged)?;
        let managed = record.index.records.iter().map(|record| record.entry.path.as_str());
        chosen.known(managed)?;
        let prefer = self.prefer.map(Side::from);
        let chosen = |entry: &Entry| chosen.has(&entry.path);
        let work = work::find(global, &who, &applied, &mut site, prefer, chosen)?;
        let mut written = Vec::new();
        let mut generation = record.index.generation;
        if self.dry_run {
            if !global.json {
                print(&shown(&work))?;
            }
        } else if !work.is_empty() {
            let environment = facts::environment(&place.home);
            work.detach(&applied, &mut site)?;
            written = work.write(&site, &environment)?;
            // As it is written now.
            let applied = Session::for_apply(global, &who, Ground::Here)?;
            let report = work.attach(&applied, &mut site)?;
            generation = report.generation;
            if told(&report, &site) {
                return Err(Stop::Failed);
            }
        }
        if global.json {
            let files: Vec<_> = written
                .iter()
                .map(|(path, saved)| serde_json::json!({"file": path, "saved": saved}))
                .collect();
            let refused = work.refused.iter();
            let refused: Vec<_> = refused
                .map(|(path, why)| serde_json::json!({"path": path, "reasons": why}))
                .collect();
            print_json(&serde_json::json!({
                "version": crate::ir::VERSION,
                "absorbed": work.paths.keys().collect::<Vec<_>>(),
                "written": files,
                "refused": refused,
                "generation": generation,
            }))?;
        } else {
            for path in work.clean.iter().filter(|_| !global.quiet) {
                say(&format!("{} is as hcc left it", show_path(path)));
            }
            said(&work, &written, self.dry_run, global);
        }
        match work.refused.is_empty() {
            true => Ok(()),
            false => Err(Stop::Decide),
        }
    }
}

/// What would be written, as differences.
pub fn shown(work: &Work) -> String {
    let mut out = String::new();
    for (path, old, new) in work.writes() {
        let [from, to] =
            ["a", "b"].map(|side| format!("{side}/{}", path.as_str().trim_start_matches('/')));
        difference::coloured(&unified(Some(&old), Some(&new), &from, &to), &mut out);
    }
    out
}

/// Says what was done, and what could not be.
pub fn said(
    work: &Work,
    written: &[(camino::Utf8PathBuf, Option<String>)],
    only_shows: bool,
    global: &Global,
) {
    if !global.quiet {
        let done = if only_shows { "can be absorbed" } else { "absorbed" };
        for path in work.paths.keys() {
            say(&format!("{done}: {}", show_path(path)));
        }
        for (path, saved) in written {
            match saved {
                Some(at) => say(&format!(
                    "written: {}; what it held before is {}",
                    show_path(path),
                    show_path(at)
                )),
                None => {
                    say(&format!("written: {}; what it held before is in git", show_path(path)))
                }
            }
        }
    }
    for (path, reasons) in &work.refused {
        wrong(&format!("{} stays as it is", show_path(path)));
        reasons.iter().for_each(|reason| say(&format!("  {reason}")));
    }
}
