//! What `ARCHITECTURE.md` says of the rooms, held.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// A room, and the rooms it may name. What is not listed it must not know.
const ARROWS: &[(&str, &[&str])] = &[
    ("diag", &["diag"]),
    ("value", &["diag", "ir"]),
    ("files", &["files", "ir"]),
    ("ir", &["emit"]),
    ("syntax", &["syntax", "diag", "files", "value"]),
    ("schema", &["schema", "diag", "syntax", "value"]),
    ("eval", &["eval", "schema", "syntax", "diag", "files", "value", "emit"]),
    ("lower", &["lower", "eval", "schema", "syntax", "diag", "files", "value", "emit", "ir"]),
    ("emit", &["emit", "ir", "diag"]),
    ("export", &["export", "emit", "ir", "files"]),
    ("apply", &["apply", "emit", "ir", "files"]),
    // Of the applier only how it reads a file that is merged.
    ("import", &["import", "schema", "syntax", "diag", "files", "value", "emit", "ir", "apply"]),
    ("facts", &["eval", "apply"]),
];

/// Who may do what the rest must not: the text that shows it, the files, why.
const ONLY: &[(&str, &[&str], &str)] = &[
    ("std::env", &["src/facts.rs"], "one reader of the environment"),
    ("env::var", &["src/facts.rs"], "one reader of the environment"),
    ("annotate_snippets", &["src/diag/render.rs"], "one file draws reports"),
    ("miette::", &["src/diag/render.rs"], "one file draws reports"),
    ("minijinja", &["src/eval/"], "expressions are eval's"),
    ("process::Command", &["src/apply/command.rs"], "one room runs programs"),
    ("fs::write", &["src/export/", "src/cli/init.rs"], "only export and init write"),
    (
        "create_new",
        &["src/apply/", "src/cli/init.rs", "src/cli/write.rs"],
        "one place writes a file where the user says",
    ),
    (
        "fs::remove",
        &["src/export/", "src/apply/state.rs", "src/apply/leave.rs", "src/cli/write.rs"],
        "who removes does so in a folder of its own",
    ),
    ("println!", &["src/cli/"], "only the commands talk"),
    ("unsafe", &[], "no unsafe code"),
    ("todo!(", &[], "no stubs"),
    ("unimplemented!(", &[], "no stubs"),
];

fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files(&path, extension));
        } else if path.extension().is_some_and(|own| own == extension) {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Sources by their path from the root, comments left out.
fn sources() -> Vec<(String, String)> {
    files(&root().join("src"), "rs")
        .into_iter()
        .map(|path| {
            let name = path.strip_prefix(root()).unwrap_or(&path).to_string_lossy().into_owned();
            let text = fs::read_to_string(&path).unwrap_or_default();
            let code: Vec<&str> =
                text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
            (name, code.join("\n"))
        })
        .collect()
}

fn room(path: &str) -> &str {
    let below = path.trim_start_matches("src/");
    below.split('/').next().unwrap_or(below).trim_end_matches(".rs")
}

#[test]
fn rooms_know_only_what_they_may() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        let Some((_, allowed)) = ARROWS.iter().find(|(name, _)| *name == room(&path)) else {
            continue;
        };
        for (at, _) in text.match_indices("crate::") {
            let rest = &text[at + 7..];
            let name: String =
                rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
            if !name.is_empty() && !allowed.contains(&name.as_str()) {
                wrong.push(format!("{path} names `{name}`"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn nobody_but_the_binary_names_the_commands() {
    for (path, text) in sources() {
        if room(&path) != "cli" && path != "src/main.rs" && path != "src/lib.rs" {
            assert!(!text.contains("crate::cli"), "{path} names `cli`");
        }
    }
}

#[test]
fn some_things_are_done_in_one_place() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        for (mark, allowed, why) in ONLY {
            let here = allowed.iter().any(|prefix| path.starts_with(prefix));
            let found = if *mark == "unsafe" {
                text.replace("forbid(unsafe_code)", "")
                    .split(|c: char| !c.is_alphanumeric() && c != '_')
                    .any(|word| word == "unsafe")
            } else {
                text.contains(mark)
            };
            if found && !here {
                wrong.push(format!("{path} has `{mark}`: {why}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Formats that are named after their only reader, and words that are programs besides.
const NOT_PROGRAMS: &[&str] = &[
    // The languages that values are quoted for, and the shells' own syntaxes.
    "bash", "fish", "nushell", "zsh", "ssh", "home", "system", "systemd", "launchd", "xdg",
    "darwin", "user",
];

#[test]
fn no_program_is_named_in_rust() {
    let targets = root().join("targets");
    let names: BTreeSet<String> = files(&targets, "kdl")
        .into_iter()
        // What declares an option of the language and no target is no program.
        .filter(|path| fs::read_to_string(path).is_ok_and(|text| text.starts_with("target ")))
        .filter_map(|path| Some(path.file_stem()?.to_string_lossy().into_owned()))
        .filter(|name| !NOT_PROGRAMS.contains(&name.as_str()))
        .collect();
    let mut wrong = Vec::new();
    // What a Brewfile's entries and package managers are called is the format's and the protocol's
    // own, not a program's.
    let own = |path: &str| {
        // `dirty` asks the repository that a configuration is in; a first configuration shows
        // people how things are said.
        [
            "src/emit/brewfile.rs",
            "src/import/brewfile/entry.rs",
            "src/apply/package/manager.rs",
            "src/apply/dirty.rs",
            "src/cli/init.rs",
        ]
        .contains(&path)
    };
    for (path, text) in sources().into_iter().filter(|(path, _)| !own(path)) {
        for name in &names {
            // A name in a string is what a match on a program would be.
            if text.contains(&format!("\"{name}\"")) || text.contains(&format!("\"programs.{name}"))
            {
                wrong.push(format!("{path} names `{name}`"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_room_says_what_it_is() {
    for path in files(&root().join("src"), "rs") {
        let text = fs::read_to_string(&path).unwrap_or_default();
        assert!(text.starts_with("//!"), "{} has no module doc", path.display());
    }
}

#[test]
fn no_file_holds_everything() {
    let mut long = Vec::new();
    for path in files(&root().join("src"), "rs") {
        let lines = fs::read_to_string(&path).unwrap_or_default().lines().count();
        if lines > 900 {
            long.push(format!("{} has {lines} lines", path.display()));
        }
    }
    assert!(long.is_empty(), "{}", long.join("\n"));
}

#[test]
fn what_is_written_has_a_version() {
    let ir = fs::read_to_string(root().join("src/ir.rs")).unwrap_or_default();
    assert!(ir.contains("pub const VERSION: u32"));
    for (path, text) in sources().into_iter().filter(|(path, _)| path.starts_with("src/cli/")) {
        if text.contains("print_json(&json!(") {
            assert!(text.contains("ir::VERSION"), "{path} prints JSON without a version");
        }
    }
}
