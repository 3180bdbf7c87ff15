//! Lists `targets/**.kdl` and `templates/**` for the binary: a sorted table of path and text, and
//! the targets as trees.

#[allow(dead_code, unused_imports)]
#[path = "src/diag/mod.rs"]
mod diag;
#[allow(dead_code)]
#[path = "src/syntax/packed.rs"]
mod packed;
#[path = "src/syntax/parse/mod.rs"]
mod parse;
#[allow(dead_code)]
#[path = "src/syntax/tree.rs"]
mod tree;

/// The reader's rooms where it looks for them.
mod syntax {
    pub(crate) use super::tree;
}

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use diag::{Diagnostics, Sources};
use packed::Packer;
use tree::{Entry, Node};

fn main() -> io::Result<()> {
    // What is loaded at one place needs no relocations, which cost a short command more than its
    // work. What is lost are random addresses, which hinder who can write into memory: that takes
    // unsafe code, and there is none here.
    let target = |part: &str| env::var(format!("CARGO_CFG_TARGET_{part}")).unwrap_or_default();
    if target("OS") == "linux" && target("ENV") == "gnu" {
        println!("cargo:rustc-link-arg-bins=-no-pie");
    }
    // `HCC_EXTRA_TARGETS` lets a benchmark embed a shelf of generated targets.
    println!("cargo:rerun-if-env-changed=HCC_EXTRA_TARGETS");
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let extra = env::var_os("HCC_EXTRA_TARGETS").map(PathBuf::from);
    let below = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    let mut out = String::new();
    for (table, folder) in [("TARGETS", "targets"), ("TEMPLATES", "templates")] {
        let mut files = Vec::new();
        list(&root.join(folder), &root.join(folder), &mut files)?;
        if let Some(extra) = extra.as_ref().filter(|_| table == "TARGETS") {
            list(extra, extra, &mut files)?;
        }
        // What stands beside them is for those who read the source.
        files.retain(|(name, _)| table != "TARGETS" || name.ends_with(".kdl"));
        files.sort();
        write_table(&mut out, table, &files)?;
        if table == "TARGETS" {
            pack(&files, &below, &mut out)?;
        }
    }
    fs::write(below.join("embedded.rs"), out)
}

/// Reads the targets with hcc's own reader and packs their trees, so that no run has to.
fn pack(files: &[(String, PathBuf)], below: &Path, out: &mut String) -> io::Result<()> {
    for folder in ["src/diag", "src/syntax"] {
        println!("cargo:rerun-if-changed={folder}");
    }
    let (mut packer, mut bytes, mut ends) = (Packer::default(), Vec::new(), Vec::new());
    let (mut sources, mut problems) = (Sources::default(), Diagnostics::default());
    for (name, path) in files {
        let text = fs::read_to_string(path)?;
        let (mut nodes, found) = parse::parse(sources.add(name.as_str(), text.clone()), &text);
        problems.extend(found);
        nodes.retain(|node| matches!(&*node.name.value, "target" | "option"));
        nodes.iter_mut().for_each(without_docs);
        bytes.extend(packer.pack(&nodes));
        ends.push(bytes.len());
    }
    if problems.has_errors() {
        eprint!("{}", diag::render::report(&problems, &sources, diag::render::Style::default()));
        std::process::exit(1);
    }
    fs::write(below.join("words"), packer.words)?;
    fs::write(below.join("trees"), bytes)?;
    let above = |name: &str| Path::new(name).parent().map(|above| above.to_path_buf());
    let folders: BTreeSet<String> = files
        .iter()
        .flat_map(|(name, _)| std::iter::successors(above(name), |path| above(path.to_str()?)))
        .filter_map(|path| path.to_str().map(|path| path.replace('/', ".")))
        .filter(|path| !path.is_empty())
        .collect();
    let mut say = |text: String| writeln!(out, "{text}").map_err(io::Error::other);
    say(format!("static WORDS: &str = include_str!({:?});", below.join("words")))?;
    say(format!("static FOLDERS: &[&str] = &{:?};", Vec::from_iter(folders)))?;
    say(format!("static TREES: &[u8] = include_bytes!({:?});", below.join("trees")))?;
    say(format!(
        "/// Where the tree of each of `TARGETS` ends.\nstatic ENDS: &[usize] = &{ends:?};"
    ))
}

/// Takes what only those read who list options or lift files of other tools.
fn without_docs(node: &mut Node) {
    let own = &*node.name.value;
    if matches!(own, "option" | "key") {
        let docs = |entry: &Entry| {
            entry.name.as_ref().is_some_and(|name| matches!(&*name.value, "doc" | "example"))
        };
        if node.entries.iter().any(docs) {
            node.entries = node.entries.iter().filter(|entry| !docs(entry)).cloned().collect();
        }
    }
    let dropped = |child: &Node| {
        matches!(
            (own, &*child.name.value),
            ("target", "doc" | "lifted")
                | ("option", "example")
                | ("file", "known-at" | "reads" | "rest")
        )
    };
    if let Some(children) = &node.children {
        let mut kept: Vec<Node> =
            children.iter().filter(|child| !dropped(child)).cloned().collect();
        kept.iter_mut().for_each(without_docs);
        node.children = Some(kept.into());
    }
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
