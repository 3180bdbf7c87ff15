//! Lists `targets/**.kdl` and `templates/**` for the binary: a sorted table of path and text.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    // What is loaded at one place needs no relocations, which cost a short command more than its
    // work. (No code here is unsafe, and no input comes from strangers.)
    let target = |part: &str| env::var(format!("CARGO_CFG_TARGET_{part}")).unwrap_or_default();
    if target("OS") == "linux" && target("ENV") == "gnu" {
        println!("cargo:rustc-link-arg-bins=-no-pie");
    }
    // `HCC_EXTRA_TARGETS` lets a benchmark embed a shelf of generated targets.
    println!("cargo:rerun-if-env-changed=HCC_EXTRA_TARGETS");
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let extra = env::var_os("HCC_EXTRA_TARGETS").map(PathBuf::from);
    let mut out = String::new();
    let lean = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default()).join("lean");
    for (table, folder) in [("TARGETS", "targets"), ("TEMPLATES", "templates")] {
        let mut files = Vec::new();
        list(&root.join(folder), &root.join(folder), &mut files)?;
        if let Some(extra) = extra.as_ref().filter(|_| table == "TARGETS") {
            list(extra, extra, &mut files)?;
        }
        files.sort();
        write_table(&mut out, table, &files)?;
        if table == "TARGETS" {
            // What only `hcc options` reads costs a compilation nothing.
            for (name, path) in &mut files {
                let text = compact(&fs::read_to_string(&*path)?);
                *path = lean.join(&*name);
                fs::create_dir_all(path.parent().unwrap_or(&lean))?;
                fs::write(&*path, text)?;
            }
            write_table(&mut out, "LEAN", &files)?;
        }
    }
    let to = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default()).join("embedded.rs");
    fs::write(to, out)
}

fn list(root: &Path, folder: &Path, files: &mut Vec<(String, PathBuf)>) -> io::Result<()> {
    println!("cargo:rerun-if-changed={}", folder.display());
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            list(root, &path, files)?;
        } else if let Ok(name) = path.strip_prefix(root) {
            files.push((name.to_string_lossy().into_owned(), path.clone()));
        }
    }
    Ok(())
}

fn write_table(out: &mut String, table: &str, files: &[(String, PathBuf)]) -> io::Result<()> {
    writeln!(out, "static {table}: &[(&str, &str)] = &[").map_err(io::Error::other)?;
    for (name, path) in files {
        writeln!(out, "    ({name:?}, include_str!({path:?})),").map_err(io::Error::other)?;
    }
    writeln!(out, "];").map_err(io::Error::other)
}

/// What only those read who list targets, or lift a file of another tool.
const DROPPED: [&str; 5] = ["doc \"", "known-at ", "reads ", "rest \"", "lifted "];

/// A target's text without what a compilation does not read: the properties `doc` and `example` of
/// its options, what is known of other tools' files, comments, indentation. Lines stay where they
/// are, so that places in it do.
fn compact(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if out.is_empty() || out.ends_with('\n') {
            rest = rest.trim_start_matches([' ', '\t']);
            let line = rest.lines().next().unwrap_or("");
            if DROPPED.iter().any(|word| line.starts_with(word)) && is_whole(line) {
                rest = rest.get(line.len()..).unwrap_or("");
                continue;
            }
        }
        let property = [" doc=", " example="].iter().find_map(|name| rest.strip_prefix(name));
        let length = match (property, rest.chars().next().unwrap_or(c)) {
            (Some(value), _) => {
                let value = string(value);
                let whole = value_start(rest) + value;
                let piece = rest.get(..whole).unwrap_or("");
                if value > 0 && !piece.contains('\n') {
                    rest = rest.get(whole..).unwrap_or("");
                    continue;
                }
                1
            }
            (None, '"' | '#') => string(rest).max(1),
            (None, '/') if rest.starts_with("//") => {
                rest = rest.get(rest.find('\n').unwrap_or(rest.len())..).unwrap_or("");
                continue;
            }
            (None, c) => c.len_utf8(),
        };
        out.push_str(rest.get(..length).unwrap_or(rest));
        rest = rest.get(length..).unwrap_or("");
    }
    out
}

/// Whether a line is a node of its own: all that it opens it closes, and nothing goes on.
fn is_whole(line: &str) -> bool {
    let (mut rest, mut depth) = (line, 0i32);
    while let Some(c) = rest.chars().next() {
        depth += i32::from(c == '{') - i32::from(c == '}');
        let length = if matches!(c, '"' | '#') { string(rest).max(1) } else { c.len_utf8() };
        rest = rest.get(length..).unwrap_or("");
    }
    depth == 0 && !line.ends_with('\\')
}

/// How many bytes ` doc=` or ` example=` has.
fn value_start(text: &str) -> usize {
    text.find('=').map_or(0, |at| at + 1)
}

/// How many bytes the KDL string at the start of a text has; 0 if there is none.
fn string(text: &str) -> usize {
    let hashes = text.bytes().take_while(|byte| *byte == b'#').count();
    let after = text.get(hashes..).unwrap_or("");
    let quotes = if after.starts_with("\"\"\"") { 3 } else { usize::from(after.starts_with('"')) };
    if quotes == 0 {
        return 0;
    }
    let end = format!("{}{}", "\"".repeat(quotes), "#".repeat(hashes));
    let bytes = after.as_bytes();
    let mut at = quotes;
    while at < bytes.len() {
        if hashes == 0 && bytes[at] == b'\\' {
            at += 2;
        } else if after.get(at..).is_some_and(|rest| rest.starts_with(&end)) {
            return hashes + at + end.len();
        } else {
            at += 1;
        }
    }
    0
}
