//! `hcc options`

use std::fmt::Write as _;

use clap::Args;
use serde_json::{Value, json};

use super::session::Session;
use super::{Global, Status, Stop, help, print, print_json, wrong};
use crate::diag::nearest;
use crate::emit;
use crate::schema::catalogue::{Entry, entries};
use crate::schema::{Group, Schema, home_manager};

/// Search the options: types, defaults, docs, examples
///
/// Without a query it lists the programs and parts of the system. A query searches names, Home
/// Manager's names and docs, names first; one that fits few options shows them whole.
#[derive(Debug, Args)]
pub struct Options {
    /// Words that all must occur in an option's name or doc
    query: Vec<String>,
    /// List the formats that files can be written in, and their parameters
    #[arg(long, conflicts_with = "query")]
    formats: bool,
}

/// As many are shown whole.
const WHOLE: usize = 4;

impl Options {
    /// Runs it.
    pub fn run(&self, global: &Global) -> Status {
        if self.formats {
            return formats(global);
        }
        let session = Session::catalogue(global);
        let all = entries(&session.program.schema, &session.program.sources);
        let fitting = |words: Vec<String>| -> Vec<&Entry> {
            all.iter().filter(|entry| words.iter().all(|word| entry.matches(word))).collect()
        };
        let said: Vec<&str> = self.query.iter().flat_map(|word| word.split_whitespace()).collect();
        let mut found = fitting(said.iter().map(|word| word.to_lowercase()).collect());
        // A group of Home Manager's, `userDirs`, has no option of its own, but ours is called so.
        if found.is_empty() {
            found = fitting(said.iter().map(|word| with_dashes(word)).collect());
        }
        // What is called so comes before what mentions it.
        found.sort_by_key(|entry| {
            let path = entry.path.to_lowercase();
            let words = said.iter().map(|word| word.to_lowercase());
            let rank = |word: String| match path.split('.').any(|part| part == word) {
                true => 0,
                false if path.contains(&word) => 1,
                false => 2,
            };
            words.map(rank).max().unwrap_or(0)
        });
        // An option that is named exactly, and what is below it, comes before all that mentions it.
        if let [name] = said.as_slice() {
            let below = format!("{name}.");
            let own: Vec<&Entry> = found
                .iter()
                .copied()
                .filter(|entry| entry.path == *name || entry.path.starts_with(&below))
                .collect();
            if !own.is_empty() {
                found = own;
            }
            if let Some(exact) = found.iter().copied().find(|entry| entry.path == *name) {
                found = vec![exact];
            }
        }
        if global.json {
            let rows: Vec<Value> = found.iter().map(|entry| entry_json(entry)).collect();
            let mut answer = json!({"version": crate::ir::VERSION, "options": rows});
            if found.is_empty() {
                answer["home-manager"] = home_manager::about(&self.query.join(" ")).into();
            }
            print_json(&answer)?;
            return if found.is_empty() { Err(Stop::Usage) } else { Ok(()) };
        }
        if found.is_empty() {
            let query = self.query.join(" ");
            wrong(&format!("no option is about `{query}`"));
            let said = home_manager::about(&query);
            said.iter().for_each(|said| help(said));
            let paths = all.iter().map(|entry| entry.path.as_str());
            let parts = paths.clone().flat_map(|path| path.split('.'));
            let near = nearest(&query, paths.chain(parts));
            if let Some(near) = near.filter(|_| said.is_empty()) {
                help(&format!("did you mean `{near}`?"));
            }
            return Err(Stop::Usage);
        }
        if said.is_empty() {
            return print(&shelf(&session.program.schema, &all));
        }
        print(&if found.len() <= WHOLE { whole(&found) } else { table(&found) })
    }
}

/// All paths that are declared.
pub fn paths(schema: &Schema) -> Vec<String> {
    fn below(group: &Group, found: &mut Vec<String>) {
        for place in group.places.values() {
            match place {
                crate::schema::Place::Group(inner) => below(inner, found),
                crate::schema::Place::Option(decl) => found.push(decl.path.to_string()),
            }
        }
    }
    let mut found = Vec::new();
    below(&schema.root, &mut found);
    found
}

/// `userDirs` as `user-dirs`.
fn with_dashes(word: &str) -> String {
    let mut out = String::new();
    for c in word.chars() {
        if c.is_uppercase() && !out.is_empty() && !out.ends_with(['.', '-']) {
            out.push('-');
        }
        out.extend(c.to_lowercase());
    }
    out
}

/// Every target with how many options it has, and the options that are in none.
fn shelf(schema: &Schema, all: &[Entry]) -> String {
    let mut out = String::new();
    let mut targets: Vec<_> = schema.targets.iter().filter(|own| own.parent.is_none()).collect();
    targets.sort_by(|a, b| a.path.cmp(&b.path));
    let is_in = |entry: &Entry, target: &str| {
        entry.path.strip_prefix(target).is_some_and(|rest| rest.starts_with('.'))
    };
    let width = targets.iter().map(|own| own.path.chars().count()).max().unwrap_or(0);
    for target in &targets {
        let count = all.iter().filter(|entry| is_in(entry, &target.path)).count();
        let doc = one_line(&target.doc);
        let _written = writeln!(out, "{:width$}  {count:3}  {doc}", target.path);
    }
    let alone = all.iter().filter(|entry| !targets.iter().any(|own| is_in(entry, &own.path)));
    for entry in alone {
        let _written = writeln!(out, "{:width$}    1  {}", entry.path, one_line(&entry.doc));
    }
    let _written = writeln!(
        out,
        "\n{} options. `hcc options git` lists those of one program, `hcc options WORD` searches all.",
        all.len()
    );
    out
}

/// A text for a row of a table, whoever wrote it.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn table(found: &[&Entry]) -> String {
    let mut out = String::new();
    let path = found.iter().map(|entry| entry.path.chars().count()).max().unwrap_or(0).min(48);
    let ty = found.iter().map(|entry| entry.ty.chars().count()).max().unwrap_or(0).min(22);
    for entry in found {
        let _written = writeln!(
            out,
            "{}",
            format!("{:path$}  {:ty$}  {}", entry.path, entry.ty, one_line(&entry.doc)).trim_end()
        );
    }
    let _written = writeln!(out, "\n{} options. `hcc options NAME` shows one whole.", found.len());
    out
}

fn whole(found: &[&Entry]) -> String {
    let mut out = String::new();
    for entry in found {
        let mut rows = vec![("type", entry.ty.clone())];
        rows.extend(entry.default.clone().map(|default| ("default", default)));
        rows.extend(entry.example.clone().map(|example| ("example", example)));
        rows.extend((!entry.slots.is_empty()).then(|| ("slots", entry.slots.join(" "))));
        rows.extend((!entry.hm.is_empty()).then(|| ("Home Manager", entry.hm.join(", "))));
        rows.extend((!entry.reaches.is_empty()).then(|| ("reaches", entry.reaches.join(", "))));
        rows.extend(entry.scope_system.then(|| ("scope", "the machine".to_owned())));
        rows.push(("declared", entry.declared.clone()));
        rows.extend((!entry.url.is_empty()).then(|| ("see", entry.url.clone())));
        let _written = writeln!(out, "{}", entry.path);
        for line in entry.doc.trim().lines() {
            let _written = writeln!(out, "{}", format!("    {}", line.trim()).trim_end());
        }
        for (name, text) in rows {
            let mut lines = text.lines();
            let _written = writeln!(out, "    {name:12}  {}", lines.next().unwrap_or(""));
            for line in lines {
                let _written = writeln!(out, "    {:12}  {line}", "");
            }
        }
        out.push('\n');
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

fn entry_json(entry: &Entry) -> Value {
    json!({
        "path": entry.path,
        "type": entry.ty,
        "default": entry.default,
        "doc": entry.doc,
        "example": entry.example,
        "slots": entry.slots,
        "home-manager": entry.hm,
        "reaches": entry.reaches,
        "scope": if entry.scope_system { "system" } else { "user" },
        "declared": entry.declared,
        "url": entry.url,
    })
}

fn formats(global: &Global) -> Status {
    if global.json {
        let rows: Vec<Value> = emit::FORMATS
            .iter()
            .map(|format| {
                let params: Vec<Value> = format.params.iter().map(|param| json!({"name": param.name, "doc": param.doc})).collect();
                json!({"name": format.name, "doc": format.doc, "merge": emit::MERGEABLE.contains(&format.name), "params": params})
            })
            .collect();
        return print_json(&json!({"version": crate::ir::VERSION, "formats": rows}));
    }
    let mut out = String::from("Every format takes\n");
    for param in emit::AROUND {
        let _written = writeln!(out, "    {:12}  {}", param.name, param.doc);
    }
    out.push('\n');
    for format in emit::FORMATS {
        let _written = writeln!(out, "{}\n    {}", format.name, format.doc);
        for param in format.params {
            let _written = writeln!(out, "    {:12}  {}", param.name, param.doc);
        }
    }
    print(&out)
}
