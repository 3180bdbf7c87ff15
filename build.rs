//! Lists `targets/**.kdl` and `templates/**` for the binary, a sorted table of path and text, and
//! puts down what the targets declare.

#[allow(dead_code)]
#[path = "src/schema/declare/mod.rs"]
mod declare;
#[allow(dead_code, unused_imports)]
#[path = "src/diag/mod.rs"]
mod diag;
#[allow(dead_code)]
#[path = "src/schema/group.rs"]
mod group;
#[allow(dead_code)]
#[path = "src/schema/keys.rs"]
mod keys;
#[allow(dead_code)]
#[path = "src/syntax/marks.rs"]
mod marks;
#[allow(dead_code)]
#[path = "src/schema/mentions.rs"]
mod mentions;
#[allow(dead_code)]
#[path = "src/schema/option.rs"]
mod option;
#[allow(dead_code)]
#[path = "src/syntax/packed.rs"]
mod packed;
#[path = "src/syntax/parse/mod.rs"]
mod parse;
#[allow(dead_code)]
#[path = "src/schema/places.rs"]
mod places;
#[allow(dead_code)]
#[path = "src/schema/prepared.rs"]
mod prepared;
#[allow(dead_code)]
#[path = "src/syntax/slice.rs"]
mod slice;
#[allow(dead_code)]
#[path = "src/schema/slots.rs"]
mod slots;
#[allow(dead_code)]
#[path = "src/syntax/tree.rs"]
mod tree;
#[allow(dead_code)]
#[path = "src/schema/types.rs"]
mod types;
#[allow(dead_code)]
#[path = "src/value.rs"]
mod value;

/// The reader's rooms where it looks for them.
mod syntax {
    pub(crate) use super::{marks, packed, tree};
}

/// The schema's rooms where they look for each other.
mod schema {
    pub(crate) use super::group::{Group, Place, join};
    pub(crate) use super::{keys, library, option, types};
}
use group::{Group, Place, Schema, join};

/// The shelf while it is read, as [`declare`] and [`mentions`] ask for it.
mod library {
    use std::collections::{BTreeMap, BTreeSet};
    use std::sync::OnceLock;

    #[derive(Default)]
    pub(crate) struct Shelf {
        pub(crate) targets: BTreeSet<String>,
        pub(crate) folders: BTreeSet<String>,
        pub(crate) templates: BTreeMap<String, String>,
    }

    pub(crate) static SHELF: OnceLock<Shelf> = OnceLock::new();

    pub(crate) fn has(path: &str) -> bool {
        SHELF.get().is_some_and(|shelf| shelf.targets.contains(path))
    }

    pub(crate) fn has_below(path: &str) -> bool {
        path.is_empty() || SHELF.get().is_some_and(|shelf| shelf.folders.contains(path))
    }

    pub(crate) fn template(path: &str) -> Option<&'static str> {
        SHELF.get()?.templates.get(path).map(String::as_str)
    }
}

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::{env, fs, io};

use diag::{Diagnostic, Diagnostics, SourceId, Sources, Span};
use ecow::EcoString;
use mentions::Mentions;
use packed::Packer;
use tree::{Entry, Name, Node};

fn main() -> io::Result<()> {
    // What is loaded at one place needs no relocations, which cost a short command more than its
    // work. What is lost are random addresses, which hinder who can write into memory: that takes
    // unsafe code, and there is none here.
    let target = |part: &str| env::var(format!("CARGO_CFG_TARGET_{part}")).unwrap_or_default();
    if target("OS") == "linux" && target("ENV") == "gnu" {
        println!("cargo:rustc-link-arg-bins=-no-pie");
        if env::var("PROFILE").is_ok_and(|profile| profile == "release") && is_plain() {
            if has_unwinder() {
                println!("cargo:rustc-link-lib=static:-bundle=gcc_eh");
            }
            if takes(WRITE_AT_ONCE) {
                println!("cargo:rustc-link-arg-bins={WRITE_AT_ONCE}");
            }
        }
    }
    // `HCC_EXTRA_TARGETS` lets a benchmark embed a shelf of generated targets.
    println!("cargo:rerun-if-env-changed=HCC_EXTRA_TARGETS");
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let extra = env::var_os("HCC_EXTRA_TARGETS").map(PathBuf::from);
    let below = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    let mut targets = files(&root, "targets", extra.as_deref())?;
    // The path is the option path, and what stands beside them is for those who read the source.
    targets.retain(|(name, _)| name.ends_with(".kdl"));
    for (name, _) in &mut targets {
        *name = name.trim_end_matches(".kdl").replace('/', ".");
    }
    targets.sort();
    let (mut tables, templates): (Vec<_>, Vec<_>) = files(&root, "templates", None)?
        .into_iter()
        .partition(|(name, _)| name.starts_with("tables/"));
    for (name, _) in &mut tables {
        *name = name.trim_start_matches("tables/").trim_end_matches(".kdl").to_owned();
    }
    let mut out = String::new();
    write_table(&mut out, "TARGETS", &targets)?;
    write_table(&mut out, "TEMPLATES", &templates)?;
    pack(&targets, &templates, &tables, &below, &mut out)?;
    fs::write(below.join("embedded.rs"), out)
}

/// LLD maps the file that it makes, which the system then keeps in its smallest pages, each mapped
/// by itself when the program starts: that costs a run a sixth. With this LLD 21 and newer write the
/// file at once.
const WRITE_AT_ONCE: &str = "-Wl,--mmap-output-file";

/// Whether rustc links for this machine as it does by itself. Whoever brings a linker or flags of
/// their own gets what these make.
fn is_plain() -> bool {
    let own = ["RUSTC_LINKER", "CARGO_ENCODED_RUSTFLAGS"];
    own.iter().for_each(|name| println!("cargo:rerun-if-env-changed={name}"));
    let variable = |name: &str| env::var(name).unwrap_or_default();
    own.iter().all(|name| variable(name).is_empty())
        && variable("HOST") == variable("TARGET")
        && variable("CARGO_CFG_TARGET_POINTER_WIDTH") == "64"
}

/// Whether rustc's linker takes a flag: only LLD knows some.
fn takes(flag: &str) -> bool {
    let variable = |name: &str| env::var_os(name).unwrap_or_default();
    let mut rustc = Command::new(variable("RUSTC"));
    rustc.args(["--crate-name=probe", "--crate-type=bin", "-C"]).arg(format!("link-arg={flag}"));
    let probe = PathBuf::from(variable("OUT_DIR")).join("probe");
    rustc.arg("-o").arg(&probe).arg("-");
    let rustc = rustc.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let taken = rustc.is_ok_and(|mut rustc| {
        let asked =
            rustc.stdin.take().is_some_and(|mut text| text.write_all(b"fn main() {}").is_ok());
        rustc.wait().is_ok_and(|done| asked && done.success())
    });
    // What was asked for is known; nobody runs it.
    let _gone = fs::remove_file(probe);
    taken
}

/// Whether the compiler that links has the unwinder as an archive too. Who never unwinds needs no
/// shared one, and to load it costs a tenth of a millisecond.
fn has_unwinder() -> bool {
    // A compiler says the path, or the name alone where it has no such file.
    let asked = Command::new("cc").arg("-print-file-name=libgcc_eh.a").output();
    asked.is_ok_and(|said| said.stdout.starts_with(b"/"))
}

/// The files of a folder, by name.
fn files(root: &Path, folder: &str, extra: Option<&Path>) -> io::Result<Vec<(String, PathBuf)>> {
    let mut files = Vec::new();
    list(&root.join(folder), &root.join(folder), &mut files)?;
    if let Some(extra) = extra {
        list(extra, extra, &mut files)?;
    }
    files.sort();
    Ok(files)
}

/// A file of the shelf.
struct File {
    path: String,
    source: SourceId,
    nodes: Vec<Node>,
}

impl File {
    fn without_docs(&self) -> File {
        let mut nodes = self.nodes.clone();
        nodes.iter_mut().for_each(without_docs);
        File { path: self.path.clone(), source: self.source, nodes }
    }
}

/// Reads the targets with hcc's own reader and puts down what they declare and mention, so that no
/// run has to.
fn pack(
    targets: &[(String, PathBuf)],
    templates: &[(String, PathBuf)],
    tables: &[(String, PathBuf)],
    below: &Path,
    out: &mut String,
) -> io::Result<()> {
    for own in ["diag", "syntax", "schema", "value.rs"] {
        println!("cargo:rerun-if-changed=src/{own}");
    }
    let (mut sources, mut problems) = (Sources::default(), Diagnostics::default());
    let mut shelf = library::Shelf::default();
    let mut read = Vec::new();
    for (path, file) in targets {
        let (source, mut nodes) = read_file(file, &mut sources, &mut problems)?;
        nodes.retain(|node| matches!(&*node.name.value, "target" | "option"));
        nodes.iter().filter_map(|node| misplaced(node, path)).for_each(|one| problems.push(one));
        let above = path.match_indices('.').map(|(at, _)| path[..at].to_owned());
        shelf.folders.extend(above);
        shelf.targets.insert(path.clone());
        read.push(File { path: path.clone(), source, nodes });
    }
    for (name, path) in templates {
        shelf.templates.insert(name.clone(), fs::read_to_string(path)?);
    }
    let folders: Vec<String> = shelf.folders.iter().cloned().collect();
    let _first = library::SHELF.set(shelf);

    let mut packer = Packer::default();
    let bare: Vec<File> = read.iter().map(File::without_docs).collect();
    // What is wrong is said of the whole.
    let plain = shelf_of(&bare, &mut packer, &mut Diagnostics::default());
    packer.whole = true;
    let whole = shelf_of(&read, &mut packer, &mut problems);
    let (mut trees, mut starts, mut names) = (Vec::new(), Vec::new(), Vec::new());
    for (name, file) in tables {
        let (_, mut nodes) = read_file(file, &mut sources, &mut problems)?;
        if name == "managers" {
            nodes.retain(|node| !renames(node, &mut names));
        }
        starts.push((name, trees.len()));
        packer.nodes(&nodes, &mut trees);
    }
    names.sort();
    if problems.has_errors() {
        eprint!("{}", diag::render::report(&problems, &sources, diag::render::Style::default()));
        std::process::exit(1);
    }
    fs::write(below.join("trees"), trees)?;
    let mut say = |text: String| writeln!(out, "{text}").map_err(io::Error::other);
    let lines: Vec<_> =
        read.iter().map(|file| diag::line_starts(sources.text(file.source))).collect();
    say("/// Where each line of `TARGETS` begins.\nstatic LINES: &[&[u32]] = &[".to_owned())?;
    lines.iter().try_for_each(|starts| say(format!("    &{starts:?},")))?;
    say("];".to_owned())?;
    say(format!("static FOLDERS: &[&str] = &{folders:?};"))?;
    say(format!("static TREES: &[u8] = include_bytes!({:?});", below.join("trees")))?;
    say(format!(
        "/// Where each begins in `TREES`.\nstatic TABLES: &[(&str, usize)] = &{starts:?};"
    ))?;
    say(format!("static NAMES: &[(&str, &str, &str)] = &{names:?};"))?;
    let packages = slots::table(names.iter().map(|(name, ..)| &**name));
    let paths = slots::table(targets.iter().map(|(path, _)| &**path));
    for (table, slots) in [("NAME_SLOTS", packages), ("TARGET_SLOTS", paths)] {
        say(format!("static {table}: &[Slot] = &{slots:?};"))?;
    }
    for (packed, name) in [(plain, "PLAIN"), (whole, "WHOLE")] {
        let shelf = below.join(format!("{name}.shelf"));
        fs::write(&shelf, packed.bytes)?;
        say(format!(
            "static {name}: Prepared = Prepared {{ bytes: include_bytes!({shelf:?}), ends: &{:?} }};",
            packed.ends
        ))?;
    }
    let (words, long) = (packer.words(), below.join("words"));
    fs::write(&long, words.long)?;
    say(format!(
        "static WORDS: Words<'static> = Words {{ long: include_str!({long:?}), stretches: &{:?}, \
         numbers: &{:?}, short: &[",
        words.stretches, words.numbers
    ))?;
    let mut short = words.short.iter();
    short.try_for_each(|word| say(format!("    EcoString::inline({word:?}),")))?;
    say("] };".to_owned())
}

/// What all targets declare, as bytes.
#[derive(Default)]
struct Packed {
    bytes: Vec<u8>,
    /// Where each target ends.
    ends: Vec<usize>,
}

fn shelf_of(files: &[File], packer: &mut Packer, problems: &mut Diagnostics) -> Packed {
    let mut packed = Packed::default();
    files.iter().for_each(|file| packed.add(file, files, packer, problems));
    packed
}

impl Packed {
    fn add(&mut self, file: &File, all: &[File], packer: &mut Packer, problems: &mut Diagnostics) {
        let mut nodes = file.nodes.clone();
        nodes.iter_mut().for_each(|node| likes(node, file, all, problems));
        let mut schema = Schema::default();
        for node in &nodes {
            match &*node.name.value {
                "option" => declare::own_option(node, &mut schema, problems),
                _ => declare::target(node.clone(), &mut schema, problems),
            }
        }
        let mut places = Vec::new();
        tops(&schema.root, &mut places);
        prepared::pack(&places, packer, &mut self.bytes);
        nodes.retain(|node| &*node.name.value == "target");
        Mentions::pack(&nodes, &guarded(&nodes), packer, &mut self.bytes);
        self.ends.push(self.bytes.len());
    }
}

/// Whether a node says how a package is called elsewhere: its common name, where, the name there.
fn renames(node: &Node, names: &mut Vec<(EcoString, EcoString, EcoString)>) -> bool {
    let text = |entry: &Entry| match &entry.value.data {
        tree::Scalar::String(text) => Some(text.clone()),
        _ => None,
    };
    if &*node.name.value != "package" {
        return false;
    }
    if let Some(package) = node.args().next().and_then(text) {
        names.extend(
            node.props().filter_map(|(own, entry)| {
                Some((package.clone(), own.value.clone(), text(entry)?))
            }),
        );
    }
    true
}

/// Says of a target that it is named otherwise than its file: nobody would find it.
fn misplaced(node: &Node, path: &str) -> Option<Diagnostic> {
    let entry = node.args().next().filter(|_| &*node.name.value == "target")?;
    let tree::Scalar::String(name) = &entry.value.data else { return None };
    let file = |path: &str| format!("targets/{}.kdl", path.replace('.', "/"));
    let what = format!("the target `{name}` stands in {}", file(path));
    (**name != *path).then(|| {
        Diagnostic::error("bad-target", entry.value.span, format!("expected `{path}`"), what)
            .help(format!("name it `{path}`, or move it to {}", file(name)))
    })
}

fn read_file(
    path: &Path,
    sources: &mut Sources,
    problems: &mut Diagnostics,
) -> io::Result<(SourceId, Vec<Node>)> {
    let text = fs::read_to_string(path)?;
    let source = sources.add(path.display().to_string(), text.clone());
    let (nodes, found) = parse::parse(source, &text);
    problems.extend(found);
    Ok((source, nodes))
}

/// The targets and options of a schema, by their paths.
fn tops(group: &Group, found: &mut Vec<(EcoString, Place)>) {
    for (name, place) in group.places.iter() {
        match place {
            Place::Group(inner) if inner.target.is_none() => tops(inner, found),
            Place::Group(inner) => apart(inner, found),
            Place::Option(_) => found.push((join(&group.path, name), place.clone())),
        }
    }
}

/// A target, and those nested in it behind it, as they are declared one after the other: another
/// may stand at the path of one of them.
fn apart(target: &Group, found: &mut Vec<(EcoString, Place)>) {
    let (mut own, mut nested) = (target.clone(), Vec::new());
    without_nested(&mut own, &mut nested);
    found.push(((*own.path).into(), Place::Group(Arc::new(own))));
    nested.iter().for_each(|inner| apart(inner, found));
}

fn without_nested(group: &mut Group, nested: &mut Vec<Arc<Group>>) {
    group.places.retain(|place| match place {
        Place::Group(inner) if inner.target.is_some() => {
            nested.push(inner.clone());
            false
        }
        Place::Group(inner) => {
            without_nested(Arc::make_mut(inner), nested);
            !inner.places.is_empty()
        }
        Place::Option(_) => true,
    });
}

/// The systems that guards of these nodes ask for.
fn guarded(nodes: &[Node]) -> Vec<&str> {
    let mut found = BTreeSet::new();
    let mut open: Vec<&Node> = nodes.iter().collect();
    while let Some(node) = open.pop() {
        open.extend(node.children());
        if let Some(tree::Scalar::String(os)) = node.prop("os").map(|entry| &entry.value.data)
            && &*node.name.value == "when"
        {
            found.insert(&**os);
        }
    }
    Vec::from_iter(found)
}

/// Gives options the bodies of those they are like. What comes from another file stands where
/// `like=` does.
fn likes(node: &mut Node, file: &File, all: &[File], problems: &mut Diagnostics) {
    let mut find = |path: &str| {
        let ends = path.match_indices('.').map(|(at, _)| at);
        ends.rev().find_map(|end| {
            let (target, rest) = (path.get(..end)?, path.get(end + 1..)?);
            let file = all.iter().find(|file| file.path == target)?;
            Some((file.nodes.first()?.clone(), rest.to_owned()))
        })
    };
    declare::like::resolve(node, &mut find, problems);
    at_home(node, file.source, node.span);
}

fn at_home(node: &mut Node, source: SourceId, near: Span) {
    let near = node.prop("like").map_or(near, |like| like.span);
    let moved = |span: &mut Span| *span = if span.source == source { *span } else { near };
    let moved_name = |name: &mut Name| moved(&mut name.span);
    node.ty.iter_mut().for_each(|ty| moved_name(ty));
    moved_name(&mut node.name);
    moved(&mut node.span);
    let mut entries = node.entries.to_vec();
    for entry in &mut entries {
        entry.name.iter_mut().for_each(moved_name);
        entry.value.ty.iter_mut().for_each(|ty| moved_name(ty));
        moved(&mut entry.value.span);
        moved(&mut entry.span);
    }
    node.entries = entries.into();
    node.children_mut().iter_mut().for_each(|child| at_home(child, source, near));
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
