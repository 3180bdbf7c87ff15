//! `hcc export`

use camino::{Utf8Path, Utf8PathBuf};
use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::here::{Applied, Ground};
use super::import::secret;
use super::session::Session;
use super::write::{self, Replace};
use super::{Global, Status, Stop, Who, help, print_bytes, print_json, say, wrong};
use crate::export::{self, Laid, Refused, What};
use crate::facts;
use crate::files::{reason, shown};
use crate::import::home::Secrets;
use crate::ir::{Document, Install};

/// Write a home for a machine without hcc: a stow tree, an archive, a script
///
/// Files only, below the home of one user: what else is asked for is named. The same home gives the
/// same bytes.
#[derive(Debug, Args)]
pub struct Export {
    #[command(flatten)]
    who: Who,
    /// What is written
    #[arg(long, value_enum)]
    format: Format,
    /// The file, or the folder for stow; an archive or a script goes to stdout without it
    #[arg(long, value_name = "PATH", required_if_eq("format", "stow"))]
    out: Option<Utf8PathBuf>,
    /// Replace the file if it exists
    #[arg(long, requires = "out")]
    force: bool,
}

/// What a home is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A folder with one package per program, for GNU stow
    Stow,
    /// An archive of the files, with their paths below the home
    Tar,
    /// A POSIX shell script that installs the files, keeps what stands in the way, and uninstalls
    Script,
}

impl Export {
    /// Runs it.
    pub fn run(&self, global: &Global) -> Status {
        if self.out.as_ref().is_some_and(|out| out.as_str().is_empty()) {
            wrong("`--out` needs a path, found an empty text");
            return Err(Stop::Usage);
        }
        match (self.format, &self.out) {
            (Format::Stow, Some(out)) => self.stow(out, global),
            (_, None) if global.json => {
                wrong("`--json` says what was written, and without `--out` that is on stdout");
                help("add `--out FILE`");
                Err(Stop::Usage)
            }
            (Format::Tar, None) if facts::prints_to_a_terminal() => {
                wrong("an archive is nothing for a terminal");
                help("name a file: `--out home.tar`");
                Err(Stop::Usage)
            }
            (_, out) => self.home(out.as_deref(), global),
        }
    }

    fn stow(&self, out: &Utf8Path, global: &Global) -> Status {
        if self.force {
            wrong("`--force` is for a file, and stow's is a folder");
            help(
                "hcc clears a folder that it wrote; for another one, name one that is new or empty",
            );
            return Err(Stop::Usage);
        }
        let (session, list) = Session::compiled(global, &self.who, "")?;
        let documents: Vec<&Document> = list.iter().map(|one| &*one.document).collect();
        let count = export::stow::write(&documents, &session.program.root, out);
        wrote(count.map_err(refused)?, out, global)
    }

    /// One file that holds a home.
    fn home(&self, out: Option<&Utf8Path>, global: &Global) -> Status {
        let applied = Session::for_apply(global, &self.who, Ground::Elsewhere)?;
        let document = &applied.user.document;
        let list = export::lay(document, &applied.root).map_err(refused)?;
        let private = list.iter().filter_map(Laid::mode).any(|mode| mode.bits & 0o077 == 0);
        let (bytes, mode) = match self.format {
            Format::Script => {
                let text = export::script::write(document, &list).map_err(refused)?;
                (text.into_bytes(), 0o755)
            }
            Format::Tar | Format::Stow => (export::tar::pack(&list).map_err(refused)?, 0o644),
        };
        // What holds a file for its owner alone is for its owner alone.
        let mode = if private { mode & 0o700 } else { mode };
        let mut notes = notes(&applied, self.format);
        notes.extend(secrets(&list));
        match out {
            Some(out) => write::file(out, &bytes, mode, Replace::from(self.force))?,
            None => print_bytes(&bytes)?,
        }
        if let (true, Some(out)) = (global.json, out) {
            let files: Vec<Value> = list.iter().map(row).collect();
            return print_json(&json!({
                "version": crate::ir::VERSION,
                "to": out,
                "bytes": bytes.len(),
                "files": files,
                "notes": notes,
            }));
        }
        if !global.quiet {
            notes.iter().for_each(|note| say(&format!("note: {note}")));
            let files = if list.len() == 1 { "file" } else { "files" };
            let to = out.map_or("stdout".into(), shown);
            say(&format!("Wrote {} {files} of {} to {to}", list.len(), applied.user.name()));
        }
        Ok(())
    }
}

/// Says how many files were written into a folder.
pub(super) fn wrote(count: usize, out: &Utf8Path, global: &Global) -> Status {
    if global.json {
        return print_json(&json!({"version": crate::ir::VERSION, "wrote": count, "to": out}));
    }
    if !global.quiet {
        say(&format!("Wrote {count} file{} to {out}", if count == 1 { "" } else { "s" }));
    }
    Ok(())
}

/// Says why nothing, or not all, was written.
pub(super) fn refused(refused: Refused) -> Stop {
    match refused {
        Refused::NotOurs(path) => {
            wrong(&format!("{} holds something that hcc did not write", shown(&path)));
            help("name a folder that is new or empty");
            Stop::Decide
        }
        Refused::Clash(what) => {
            wrong(&what);
            Stop::Errors
        }
        Refused::Source(path, error) => {
            wrong(&format!("cannot read {}: {}", shown(&path), reason(&error)));
            Stop::Failed
        }
        Refused::Io(path, error) => {
            wrong(&format!("cannot write {}: {}", shown(&path), reason(&error)));
            Stop::Failed
        }
    }
}

/// A file, for programs.
fn row(laid: &Laid<'_>) -> Value {
    match (&laid.what, laid.mode()) {
        (What::Link(to), _) => json!({"path": laid.path, "kind": "link", "to": to}),
        (_, mode) => {
            let mode = mode.map(|mode| format!("{:04o}", mode.bits));
            json!({"path": laid.path, "kind": "file", "mode": mode, "install": laid.file.install})
        }
    }
}

/// The secrets that are written, as far as they are known by their looks.
fn secrets(list: &[Laid<'_>]) -> Option<String> {
    let secrets = Secrets::new();
    let mut named = Vec::new();
    for laid in list {
        let Ok(Some(bytes)) = laid.bytes() else { continue };
        if let Some(what) = secret::said(&secrets, laid.path.as_str(), Some(&bytes)) {
            named.push(format!("~/{} ({what})", shown(&laid.path)));
        }
    }
    secret::note(&named, "in it, readable")
}

/// What is other than hcc would do it, or left out.
fn notes(applied: &Applied, format: Format) -> Vec<String> {
    let document = &applied.user.document;
    let paths = |install: Install| {
        document.files.iter().filter(move |file| file.install == install).map(|file| &file.path)
    };
    let mut notes = Vec::new();
    match paths(Install::Live).collect::<Vec<_>>().as_slice() {
        [] => {}
        [path] => {
            notes.push(format!("~/{} is live in the configuration, and a copy here", shown(path)))
        }
        list => notes
            .push(format!("{} paths are live in the configuration, and copies here", list.len())),
    }
    for path in paths(Install::Merge) {
        let what = match format {
            Format::Script => "it is written only where nothing stands",
            Format::Tar | Format::Stow => "unpacking replaces all of it",
        };
        notes.push(format!("~/{} is also written by its program: {what}", shown(path)));
    }
    let count = |count: usize, what: &str| match count {
        0 => None,
        1 => Some(format!("1 {what}")),
        count => Some(format!("{count} {what}s")),
    };
    let left: Vec<String> = [
        count(document.packages.len(), "package"),
        count(document.units.len(), "service"),
        count(document.defaults.len(), "preference"),
        count(document.actions.len(), "action"),
    ]
    .into_iter()
    .flatten()
    .collect();
    match (left.as_slice(), format) {
        ([], _) => {}
        (left, Format::Script) => {
            notes
                .push(format!("{} are left to do by hand; the script lists them", left.join(", ")));
        }
        (left, _) => {
            notes.push(format!("{} are not in it; `hcc compile` lists them", left.join(", ")));
        }
    }
    if !applied.system.is_empty() {
        let name = applied.system.name();
        notes.push(format!("what is asked of {name} itself (`system`) is not in it"));
    }
    notes
}
