//! `hcc check`

use clap::Args;
use serde_json::json;

use crate::ir::{Content, Document, File};

use super::session::{Compiled, Session};
use super::{Global, Status, print, print_json};

/// Check every host and user, and write nothing
#[derive(Debug, Args)]
pub struct Check {}

impl Check {
    /// Runs it.
    pub fn run(&self, global: &Global) -> Status {
        let mut session = Session::open(global)?;
        let hosts = session.program.structure.hosts.clone();
        let mut list: Vec<Compiled> = Vec::new();
        for host in &hosts {
            list.extend(session.compile(host, None));
        }
        session.report(global)?;
        let shown: Vec<&Compiled> =
            list.iter().filter(|one| one.document.user.is_some() || !one.is_empty()).collect();
        if global.json {
            let rows: Vec<_> = shown
                .iter()
                .map(|one| {
                    let document = &one.document;
                    json!({
                        "name": one.name(),
                        "host": document.host,
                        "user": document.user,
                        "files": files(document),
                        "packages": document.packages.len(),
                        "units": document.units.len(),
                        "defaults": document.defaults.len(),
                        "actions": document.actions.len(),
                    })
                })
                .collect();
            let diagnostics = crate::diag::json::report(&session.diags, &session.program.sources);
            return print_json(
                &json!({"version": crate::ir::VERSION, "checked": rows, "diagnostics": diagnostics}),
            );
        }
        if global.quiet {
            return Ok(());
        }
        let mut out = String::new();
        for one in shown {
            let document = &one.document;
            let counts = [
                (files(document), "file"),
                (document.packages.len(), "package"),
                (document.units.len(), "service"),
                (document.defaults.len(), "preference"),
                (document.actions.len(), "action"),
            ];
            let text: Vec<String> = counts
                .iter()
                .filter(|(count, what)| *count > 0 || *what == "file")
                .map(|(count, what)| {
                    format!("{count} {what}{}", if *count == 1 { "" } else { "s" })
                })
                .collect();
            out.push_str(&format!("{}: {}.\n", one.name(), text.join(", ")));
        }
        print(&out)
    }
}

/// How many files come of it: those of a folder that is mirrored count one by one.
fn files(document: &Document) -> usize {
    let count = |file: &File| match &file.content {
        Content::Source { files, .. } => files.len().max(1),
        Content::Text { .. } | Content::Data { .. } | Content::Link { .. } => 1,
    };
    document.files.iter().map(count).sum()
}
