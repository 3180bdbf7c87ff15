//! What several tests share. Each test uses a part of it.
#![allow(dead_code, reason = "each test file uses a part of it")]

pub mod faults;
pub mod spans;
pub mod stand_ins;

use std::fmt::Write as _;

use hcc::cli::session::{Compiled, Session};
use hcc::diag::json;
use hcc::eval::facts::{HostFacts, Machine, UserFacts};
use hcc::ir::{Cleanup, Content, Document, Mirrored, Origin};

/// The machine of the fixtures: nothing of the real one reaches a snapshot.
pub fn machine() -> Machine {
    Machine {
        host: HostFacts {
            name: "testhost".into(),
            os: Some("linux".into()),
            distro: Some("debian".into()),
            arch: Some("x86_64".into()),
            wsl: false,
            tags: Vec::new(),
        },
        user: UserFacts { name: "alice".into(), home: "/home/alice".into(), uid: Some(1000) },
    }
}

/// What a configuration comes to: its problems, as a person and as a program see them if
/// `with_json`, then every document.
pub fn report(session: &Session, documents: &[Compiled], with_json: bool) -> String {
    let mut out = String::new();
    if !session.diags.is_empty() {
        out.push_str(&session.problems());
        out.push('\n');
    }
    if with_json {
        let list = json::report(&session.diags, &session.program.sources);
        let _written = writeln!(out, "{list:#}");
        return out;
    }
    if session.diags.has_errors() {
        return out;
    }
    for one in documents.iter().filter(|one| !one.is_empty()) {
        let _written = writeln!(out, "======== {}", one.name());
        document(&one.document, &mut out);
    }
    out
}

fn document(document: &Document, out: &mut String) {
    for file in &document.files {
        let mut line = format!("==== {}", file.path);
        let _written = write!(line, "  [{} {}", file.target, file.install.name());
        if let Some(module) = &file.module {
            let _written = write!(line, " module={module}");
        }
        if let Some(mode) = &file.mode {
            let _written = write!(line, " mode={mode}");
        }
        for (flag, name) in [(file.executable, "executable"), (file.force, "force")] {
            if flag {
                let _written = write!(line, " {name}");
            }
        }
        if let Some(drift) = &file.drift {
            let _written = write!(line, " drift={drift:?}");
        }
        if let Some(command) = &file.on_change {
            let _written = write!(line, " on-change={command:?}");
        }
        if !file.allow_parent.is_empty() {
            let _written = write!(line, " allow-parent={:?}", file.allow_parent);
        }
        let _written = writeln!(out, "{line}]");
        match &file.content {
            Content::Text { .. } | Content::Data { .. } => out.push_str(&file.text),
            Content::Link { to } => {
                let _written = writeln!(out, "-> {to}");
            }
            Content::Source { source, files, folder, .. } => {
                let kind = if *folder { " (folder)" } else { "" };
                let _written = writeln!(out, "source: {source}{kind}");
                for Mirrored { path, executable, .. } in files {
                    let mark = if *executable { " *" } else { "" };
                    let _written = writeln!(out, "  {path}{mark}");
                }
            }
        }
    }
    let list = |title: &str, rows: Vec<String>, out: &mut String| {
        if !rows.is_empty() {
            let _written = writeln!(out, "==== {title}");
            for row in rows {
                let _written = writeln!(out, "{row}");
            }
        }
    };
    let mut policy = Vec::new();
    if let Some(backup) = &document.policy.backup {
        policy.push(format!("backup {backup:?}"));
    }
    if document.policy.cleanup != Cleanup::None {
        policy.push(format!("cleanup {:?}", document.policy.cleanup));
    }
    if let Some(install) = document.policy.install_default {
        policy.push(format!("install-default {}", install.name()));
    }
    list("policy", policy, out);
    let packages = document
        .packages
        .iter()
        .map(|own| format!("{} ({}) {}", own.name, own.manager, own.target));
    list("packages", packages.collect(), out);
    let units =
        document.units.iter().map(|own| format!("{} ({}) {}", own.name, own.manager, own.file));
    list("units", units.collect(), out);
    let defaults = document.defaults.iter().map(|own| {
        let value = serde_json::to_string(&own.value).unwrap_or_default();
        let here = if own.current_host { " (current host)" } else { "" };
        format!("{}{here} {} = {value}", own.domain, own.key)
    });
    list("defaults", defaults.collect(), out);
    let actions = document.actions.iter().map(|own| {
        let after = if own.after.is_empty() {
            String::new()
        } else {
            format!(" (after {})", own.after.join(", "))
        };
        format!("{}{after}: {}", own.name, own.run)
    });
    list("actions", actions.collect(), out);
}

/// `file:line` of origins.
pub fn places(origins: &[Origin]) -> String {
    origins
        .iter()
        .map(|origin| format!("{}:{}", origin.file, origin.line))
        .collect::<Vec<_>>()
        .join(" ")
}
