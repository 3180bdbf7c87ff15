//! `hcc import brewfile`

use std::io::Read;

use camino::{Utf8Path, Utf8PathBuf};
use clap::Args;
use serde_json::json;

use super::super::session;
use super::super::write::{self, Replace};
use super::super::{Global, Status, Stop, init, print, print_json, say, tell, wrong};
use super::home;
use crate::diag::{Diagnostic, Diagnostics, Sources, json as problems, render};
use crate::import::brewfile;
use crate::import::page::{self, Item};
use crate::import::report::{Report, Taken};
use crate::syntax::tree::Scalar;
use crate::{facts, files};

/// The module's name where none is said.
const MODULE: &str = "brew";

/// Say the entries of a Brewfile in hcc's language
///
/// Prints a whole configuration: a host for this machine, and a module with the entries, their
/// order and their comments. A Brewfile is Ruby, of which nothing is run: entries with literal
/// arguments and `if OS.mac?` are taken, all else is named with its line and kept as a comment.
#[derive(Debug, Args)]
pub struct Brewfile {
    /// The Brewfile; `-` reads it from stdin
    #[arg(value_name = "FILE")]
    file: Utf8PathBuf,
    /// Only a module of this name, for a configuration that imports and uses it
    #[arg(long, value_name = "NAME")]
    module: Option<String>,
    /// Write it into this file instead of printing it
    #[arg(long, value_name = "FILE")]
    out: Option<Utf8PathBuf>,
    /// Replace the file if it exists
    #[arg(long, requires = "out")]
    force: bool,
}

impl Brewfile {
    /// Runs it.
    pub fn run(&self, global: &Global) -> Status {
        if self.module.as_deref() == Some("") {
            wrong("`--module` needs a name, found an empty text");
            return Err(Stop::Usage);
        }
        let mut sources = Sources::default();
        let read = self.read(&mut sources);
        let brewfile = read.map_err(|problem| refused(*problem, &sources, global))?;
        let text = self.page(brewfile.block());
        let report = brewfile.report;
        if let Some(out) = &self.out {
            write::file(out, text.as_bytes(), 0o644, Replace::from(self.force))?;
        }
        told(&report, global);
        let version = crate::ir::VERSION;
        match &self.out {
            Some(out) if global.json => {
                print_json(&json!({"version": version, "wrote": out, "report": report}))
            }
            None if global.json => {
                print_json(&json!({"version": version, "kdl": text, "report": report}))
            }
            Some(out) => {
                if !global.quiet {
                    say(&format!("Wrote {out}"));
                    self.next(out);
                }
                Ok(())
            }
            None => print(&text),
        }
    }

    fn read(&self, sources: &mut Sources) -> Result<brewfile::Brewfile, Box<Diagnostic>> {
        let path = &self.file;
        let failed = |reason: &str| {
            let what = format!("cannot read `{path}`: {reason}");
            Box::new(Diagnostic::placeless("cannot-read", what))
        };
        let (name, bytes) = if path == "-" {
            let mut bytes = Vec::new();
            let read = std::io::stdin().lock().read_to_end(&mut bytes);
            ("stdin", read.map(|_| bytes))
        } else {
            (path.as_str(), files::read(path))
        };
        let bytes = bytes.map_err(|error| {
            let inside = path.join("Brewfile");
            let near = files::kind(&inside).is_ok_and(|kind| kind == files::FileKind::File);
            let problem = failed(&files::reason(&error));
            Box::new(problem.maybe_help(near.then(|| format!("did you mean `{inside}`?"))))
        })?;
        let text = String::from_utf8(bytes).map_err(|error| {
            let line = error.as_bytes().iter().take(error.utf8_error().valid_up_to());
            let line = line.filter(|byte| **byte == b'\n').count() + 1;
            failed(&format!("it is not UTF-8 (line {line}), so it is no Brewfile"))
        })?;
        let source = sources.add(name, text);
        brewfile::read(source, sources)
    }

    fn page(&self, block: Item) -> String {
        let name = self.module.as_deref().unwrap_or(MODULE);
        let mut module = Item { open: true, ..Item::new("module").arg(name) }.child(block);
        if self.module.is_some() {
            return page::write(&[module]);
        }
        let mut host = init::host(&facts::machine());
        host.children.push(Item::new("use").arg(name));
        host.comment.push(String::new());
        module.comment.push(String::new());
        page::write(&[Item::new("hcc").prop("version", Scalar::Int(1.into())), host, module])
    }

    fn next(&self, out: &Utf8Path) {
        let quoted = crate::value::quote(out.file_name().unwrap_or_default());
        match &self.module {
            Some(name) => say(&format!(
                "Use it: `import {quoted}` in your hcc.kdl, and `use {}` in a host or user",
                crate::value::quote(name)
            )),
            None => {
                say(&format!("Look at what it makes: hcc compile{}", session::option(out)));
            }
        }
    }
}

/// Says what became of everything.
fn told(report: &Report, global: &Global) {
    if global.quiet {
        return;
    }
    if let Some(first) = report.taken.first() {
        let one = |taken: &Taken| format!("{} ({})", taken.to, taken.count);
        let list: Vec<String> = report.taken.iter().map(one).collect();
        say(&format!("taken: {}: {}", first.from, list.join(", ")));
    }
    home::told(report, global);
}

/// Reports what is wrong with the file.
fn refused(problem: Diagnostic, sources: &Sources, global: &Global) -> Stop {
    let mut diags = Diagnostics::default();
    diags.push(problem);
    if global.json {
        let report = problems::report(&diags, sources);
        let report = json!({"version": crate::ir::VERSION, "diagnostics": report});
        if let Err(stop) = print_json(&report) {
            return stop;
        }
    } else {
        let style = render::Style { color: true, width: facts::columns().unwrap_or(120) };
        tell(&render::report(&diags, sources, style));
    }
    Stop::Errors
}
