//! The shelf as a whole: what holds between targets, and the table of who judges them.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use hcc::cli::session::Session;
use hcc::diag::{Diagnostics, Sources};
use hcc::eval::collect::Program;
use hcc::eval::program::{self, Shelf};
use hcc::schema::catalogue::{Entry, entries};
use hcc::schema::library;
use hcc::syntax::import;
use support::machine;

fn root() -> &'static Utf8Path {
    Utf8Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn shelf() -> Arc<Program> {
    let (mut diags, mut sources) = (Diagnostics::default(), Sources::default());
    let config = import::from_text("", "", Utf8Path::new("."), &mut sources, &mut diags);
    program::build_with(config, sources, &machine(), Shelf::All, &mut diags)
}

fn all() -> Vec<Entry> {
    let program = shelf();
    entries(&program.schema, &program.sources)
}

/// The fixtures of targets, by the names of the targets.
fn fixtures() -> Vec<(String, Utf8PathBuf)> {
    let fixture = |name: String| {
        let path = root().join("fixtures").join(name.replace('.', "/")).join("hcc.kdl");
        (name, path)
    };
    library::names().map(fixture).collect()
}

/// What every target has, and every one that a shell loads: what they do is said once.
fn is_of_all(path: &str) -> bool {
    let name = path.rsplit('.').next().unwrap_or_default();
    matches!(name, "enable" | "package")
        || name.starts_with("enable-") && name.ends_with("-integration")
}

/// Options that are declared `like` others have the examples of those.
#[test]
fn every_option_has_an_example() {
    let all = all();
    let said: BTreeSet<&str> = all
        .iter()
        .filter(|entry| entry.example.is_some())
        .map(|entry| entry.declared.as_str())
        .collect();
    let missing: Vec<String> = all
        .iter()
        .filter(|entry| !said.contains(entry.declared.as_str()))
        .filter(|entry| !is_of_all(&entry.path))
        .map(|entry| format!("{} ({})", entry.path, entry.declared))
        .collect();
    assert!(missing.is_empty(), "without an example:\n{}", missing.join("\n"));
}

/// Two programs of one home never write the same file, whoever enables them.
#[test]
fn no_path_is_written_by_two_targets() {
    let mut owners: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    for (_, path) in fixtures() {
        let mut session = Session::load(&path, machine());
        for host in session.program.structure.hosts.clone() {
            for compiled in session.compile(&host, None) {
                let os = compiled.document.host.os.clone().unwrap_or_default();
                for file in &compiled.document.files {
                    let at = (os.to_string(), file.path.clone());
                    owners.entry(at).or_default().insert(file.target.to_string());
                }
            }
        }
    }
    assert!(owners.len() > 100, "only {} files were found", owners.len());
    // A user's own files stand wherever the user says, also where a program's would.
    let general = ["home", "xdg"];
    let two: Vec<String> = owners
        .into_iter()
        .map(|(at, mut owners)| {
            owners.retain(|own| !general.contains(&own.as_str()));
            (at, owners)
        })
        .filter(|(_, owners)| owners.len() > 1)
        .map(|((os, path), owners)| format!("{path} on {os}: {owners:?}"))
        .collect();
    assert!(two.is_empty(), "{}", two.join("\n"));
}

/// What stands between quotes behind a word, everywhere in a text.
fn quoted(text: &str, word: &str) -> BTreeSet<String> {
    let parts = text.match_indices(word).filter_map(|(at, _)| {
        let rest = text.get(at + word.len()..)?;
        rest.split_once('"').map(|(found, _)| found.to_owned())
    });
    parts.collect()
}

/// The programs that a test runs; not the shell that starts them.
fn programs(test: &str) -> BTreeSet<String> {
    let words = ["installed(\"", ".run(\"", "Command::new(\"", "by(\""];
    // However its lines are broken.
    let test: String = test.split_whitespace().collect();
    let mut all: BTreeSet<String> = words.iter().flat_map(|word| quoted(&test, word)).collect();
    all.remove("sh");
    all
}

/// The programs that judge a fixture in `tests/judges`, by the fixture.
fn judges() -> BTreeMap<String, BTreeSet<String>> {
    let mut judges: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for entry in fs::read_dir(root().join("tests/judges")).expect("a folder").flatten() {
        let text = fs::read_to_string(entry.path()).expect("a file");
        // What stands before the first test is what all of them use.
        for test in text.split("#[test]") {
            let mut programs = programs(test);
            if programs.is_empty() || text.starts_with(test) {
                programs = self::programs(&text);
            }
            for (name, _) in fixtures() {
                let fixture = format!("\"{}\"", name.replace('.', "/"));
                // Or a configuration of its own, which begins with the target.
                if test.contains(&fixture) || test.contains(&format!("\"{name} {{")) {
                    judges.entry(name).or_default().extend(programs.iter().cloned());
                }
            }
        }
    }
    judges
}

/// The programs that `tests/run` does not install, which judge where somebody else did.
fn judging_elsewhere() -> BTreeSet<String> {
    let run = fs::read_to_string(root().join("tests/run")).expect("a script");
    let said = quoted(&run, "\nelsewhere=\"");
    assert_eq!(said.len(), 1, "tests/run says them once");
    said.iter().flat_map(|names| names.split_whitespace()).map(str::to_owned).collect()
}

/// `targets/README.md`. With `HCC_BLESS` set it is written.
#[test]
fn the_table_says_who_judges_what() {
    let (all, judges, elsewhere) = (all(), judges(), judging_elsewhere());
    let mut text = String::from(
        "# The shelf\n\nWritten by `HCC_BLESS=1 cargo test --test shelf`. A target is a KDL file; \
         `hcc options NAME` says all of its options. The judges are the programs\nthat read what is \
         generated for its fixture, in `tests/judges`; what has none is held by its snapshot and by \
         the reader of its format.\n\
         Those with a `*` are not installed by `tests/run`: they judge on machines that have them.\n\n| target | what it is | options | judged by |\n|---|---|---:|---|\n",
    );
    for target in shelf().schema.targets.iter().filter(|target| target.parent.is_none()) {
        let (name, inner) = (&*target.path, format!("{}.", target.path));
        let own = all.iter().filter(|entry| entry.path.starts_with(&inner));
        let count = own.filter(|entry| !is_of_all(&entry.path)).count();
        let judge = |own: &String| match elsewhere.contains(own) {
            true => format!("`{own}`*"),
            false => format!("`{own}`"),
        };
        let by: Vec<String> = judges.get(name).into_iter().flatten().map(judge).collect();
        let by = by.join(" ");
        let name = match &*target.url {
            "" => format!("`{name}`"),
            url => format!("[`{name}`]({url})"),
        };
        let _written = writeln!(text, "| {name} | {} | {count} | {by} |", target.doc);
    }
    let path = root().join("targets/README.md");
    let there = fs::read_to_string(&path).unwrap_or_default();
    if there != text && std::env::var_os("HCC_BLESS").is_some() {
        fs::write(&path, &text).expect("a writable table");
        return;
    }
    assert!(there == text, "targets/README.md is old: run `HCC_BLESS=1 cargo test --test shelf`");
}
