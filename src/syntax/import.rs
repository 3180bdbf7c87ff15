//! A configuration's files: the first one, and what it imports, in order.

use std::cell::OnceCell;
use std::io;

use camino::{Utf8Path, Utf8PathBuf};
use foldhash::HashMap;

use super::parse;
use super::tree::{Entry, Node, Scalar};
use crate::diag::{Diagnostic, Diagnostics, SourceId, Sources, Span};
pub use crate::files::reason;
use crate::files::{self, FileKind, Found};

/// All top-level nodes of a configuration.
#[derive(Debug, Default)]
pub struct Config {
    /// The nodes, in the order of the files; `import` itself is gone.
    pub nodes: Vec<Node>,
    /// The folder of each file, for paths relative to it.
    pub folders: HashMap<SourceId, Utf8PathBuf>,
    /// The folder of the first file.
    pub root: Utf8PathBuf,
}

const MAX_DEPTH: usize = 64;
const MAX_FILES: usize = 10_000;

/// Endings of files that are surely not KDL, so that nobody gets a hundred syntax errors.
const OTHER_LANGUAGES: &[&str] = &[
    "toml", "json", "jsonc", "yaml", "yml", "nix", "ini", "conf", "cfg", "lua", "sh", "zsh",
    "bash", "fish", "py", "xml", "plist", "md", "txt",
];

/// Texts that are read in the place of files, by the path of each as [`Sources`] has it.
pub type Texts = std::collections::BTreeMap<String, String>;

/// Reads `path` and all that it imports.
pub fn load(path: &Utf8Path, sources: &mut Sources, diags: &mut Diagnostics) -> Config {
    load_with(path, &Texts::new(), sources, diags)
}

/// Reads `path` and all that it imports, as if some of the files held other texts.
pub fn load_with(
    path: &Utf8Path,
    texts: &Texts,
    sources: &mut Sources,
    diags: &mut Diagnostics,
) -> Config {
    let root = path.parent().map(Utf8Path::to_owned).unwrap_or_default();
    let mut loader = Loader::new(root, texts, sources, diags);
    loader.file(path, files::find(path), None);
    loader.config
}

/// Takes a text in as if it were the only file of a configuration in `folder`.
pub fn from_text(
    name: &str,
    text: &str,
    folder: &Utf8Path,
    sources: &mut Sources,
    diags: &mut Diagnostics,
) -> Config {
    let texts = &Texts::new();
    let mut loader = Loader::new(folder.to_owned(), texts, sources, diags);
    loader.text(name, text.to_owned(), folder);
    loader.config
}

struct Loader<'a> {
    config: Config,
    /// What is read in the place of files.
    texts: &'a Texts,
    sources: &'a mut Sources,
    diags: &'a mut Diagnostics,
    /// The files that were read.
    met: Vec<Met>,
    /// Where among them those of a number are. Files that only `texts` hold have none.
    numbers: HashMap<Option<(u64, u64)>, Vec<usize>>,
    /// Those that are being read now, and where each is imported.
    stack: Vec<(usize, Span)>,
}

/// A file that was read.
struct Met {
    path: Utf8PathBuf,
    /// Its one name, once asked for.
    identity: OnceCell<Utf8PathBuf>,
}

impl Met {
    fn new(path: &Utf8Path) -> Self {
        Self { path: path.to_owned(), identity: OnceCell::new() }
    }

    fn identity(&self) -> &Utf8Path {
        self.identity.get_or_init(|| files::identity(&self.path))
    }
}

impl<'a> Loader<'a> {
    fn new(
        root: Utf8PathBuf,
        texts: &'a Texts,
        sources: &'a mut Sources,
        diags: &'a mut Diagnostics,
    ) -> Self {
        let config = Config { root, ..Config::default() };
        let (met, numbers, stack) = (Vec::new(), HashMap::default(), Vec::new());
        Self { config, texts, sources, diags, met, numbers, stack }
    }

    /// Which of the files that were read stands at a path, by whatever name that was. It has the same
    /// number; so have hard links, which are files of their own.
    fn known(&self, path: &Utf8Path, number: Option<(u64, u64)>) -> Option<usize> {
        let alike = self.numbers.get(&number)?;
        let own = Met::new(path);
        let same = |met: &Met| met.path == own.path || met.identity() == own.identity();
        alike.iter().copied().find(|at| self.met.get(*at).is_some_and(same))
    }

    /// Reads a file that was looked for.
    fn file(&mut self, path: &Utf8Path, found: io::Result<Found>, from: Option<Span>) {
        let problem = |message: String, label: &str| match from {
            Some(span) => Diagnostic::error("cannot-import", span, label, message),
            None => Diagnostic::placeless("cannot-read", message),
        };
        let number = found.as_ref().ok().map(|found| found.number);
        if let Some(at) = self.known(path, number) {
            let start = self.stack.iter().position(|(own, _)| *own == at);
            if let (Some(start), Some(from)) = (start, from) {
                let mut problem = problem(format!("`{path}` imports itself"), "closes the circle");
                problem.code = "cyclic-import";
                for (_, span) in self.stack.iter().skip(start + 1).filter(|(_, span)| *span != from)
                {
                    problem = problem.also(*span, "on the way");
                }
                self.diags.push(problem.help("take one of the imports out"));
            }
            return;
        }
        if self.met.len() >= MAX_FILES || self.stack.len() >= MAX_DEPTH {
            let limit = if self.met.len() >= MAX_FILES { MAX_FILES } else { MAX_DEPTH };
            self.diags.push(problem(format!("more than {limit} imports"), "one too many"));
            return;
        }
        let other = self.texts.get(path.as_str()).map(|text| text.clone().into_bytes());
        let read = || found.and_then(|found| files::read_found(path, &found));
        let bytes = match other.map_or_else(read, Ok) {
            Ok(bytes) => bytes,
            Err(error) => {
                let problem = match error.kind() {
                    io::ErrorKind::NotFound => {
                        let mut problem =
                            problem(format!("there is no file `{path}`"), "not there");
                        if let Some(span) = from {
                            problem.code = "missing-import";
                            let folder =
                                self.config.folders.get(&span.source).cloned().unwrap_or_default();
                            problem = problem.meant(span, near_path(&folder, path));
                        }
                        problem
                    }
                    _ => problem(
                        format!("cannot read `{path}`: {}", reason(&error)),
                        "imported here",
                    ),
                };
                self.diags.push(problem);
                return;
            }
        };
        let text = match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => {
                let at = error.utf8_error().valid_up_to();
                let line = error.as_bytes()[..at].iter().filter(|byte| **byte == b'\n').count() + 1;
                let message = format!("`{path}` is not UTF-8 from line {line} on (byte {at})");
                let mut problem = problem(message, "imported here");
                problem.code = "not-utf8";
                self.diags.push(problem.help("save the file as UTF-8"));
                return;
            }
        };
        let at = self.met.len();
        self.met.push(Met::new(path));
        self.numbers.entry(number).or_default().push(at);
        let here = Span::new(SourceId(0), 0, 0);
        self.stack.push((at, from.unwrap_or(here)));
        let folder = path.parent().map(Utf8Path::to_owned).unwrap_or_default();
        self.text(path.as_str(), text, &folder);
        self.stack.pop();
    }

    fn text(&mut self, name: &str, text: String, folder: &Utf8Path) {
        let id = self.sources.add(name, text);
        self.config.folders.insert(id, folder.to_owned());
        let (tree, problems) = parse(id, self.sources.text(id));
        self.diags.extend(problems);
        for node in tree {
            if &*node.name.value == "import" {
                for entry in &*node.entries {
                    self.import(entry, folder);
                }
                if let Some(child) = node.children().first() {
                    self.diags.push(Diagnostic::error(
                        "bad-structure",
                        child.span,
                        "not expected",
                        "`import` takes paths and nothing else",
                    ));
                }
            } else {
                self.config.nodes.push(node);
            }
        }
    }

    fn import(&mut self, entry: &Entry, folder: &Utf8Path) {
        let Scalar::String(said) = &entry.value.data else {
            self.diags.push(Diagnostic::error(
                "wrong-type",
                entry.span,
                "expected a path",
                format!("`import` expects a path, found {}", entry.value.data.kind()),
            ));
            return;
        };
        if entry.name.is_some() {
            self.diags.push(Diagnostic::error(
                "bad-structure",
                entry.span,
                "a property",
                "`import` takes paths and nothing else",
            ));
            return;
        }
        let mut path = files::normal(&folder.join(&**said));
        if path.as_str().is_empty() && !said.is_empty() {
            path = ".".into();
        }
        let span = entry.value.span;
        if said.contains(['*', '?', '[']) {
            self.glob(&path, span);
            return;
        }
        let found = files::find(&path);
        let kind = found.as_ref().ok().map(|found| found.kind);
        if kind == Some(FileKind::Dir) {
            let what = format!("there is no `*.kdl` in `{path}`");
            self.folder(&path, span, what, |file| file.extension() == Some("kdl"));
        } else if path.extension().is_some_and(|ext| OTHER_LANGUAGES.contains(&ext))
            && kind.is_some()
        {
            self.diags.push(
                Diagnostic::error(
                    "cannot-import",
                    span,
                    "not KDL",
                    format!("`import` takes KDL, found `{said}`"),
                )
                .help(format!(
                    "for a file that a program reads write `home {{ file \"PATH\" source={} }}`",
                    crate::value::quote(said)
                )),
            );
        } else {
            self.file(&path, found, Some(span));
        }
    }

    fn glob(&mut self, pattern: &Utf8Path, span: Span) {
        let glob = match globset::GlobBuilder::new(pattern.as_str()).literal_separator(true).build()
        {
            Ok(glob) => glob.compile_matcher(),
            Err(error) => {
                let message = format!("`{pattern}` is not a pattern: {}", error.kind());
                self.diags.push(
                    Diagnostic::error("cannot-import", span, "this pattern", message)
                        .help("`*` is any name, `**` any folders, `?` one letter"),
                );
                return;
            }
        };
        let base: Utf8PathBuf = pattern
            .components()
            .take_while(|part| !part.as_str().contains(['*', '?', '[', '{']))
            .collect();
        let base = if base == pattern { Utf8PathBuf::new() } else { base };
        let base = if base.as_str().is_empty() { Utf8PathBuf::from(".") } else { base };
        let what = format!("no file fits `{pattern}`");
        self.folder(&base, span, what, |file| {
            glob.is_match(file.strip_prefix("./").unwrap_or(file))
        });
    }

    fn folder(
        &mut self,
        folder: &Utf8Path,
        span: Span,
        nothing: String,
        take: impl Fn(&Utf8Path) -> bool,
    ) {
        let list = match files::below(folder) {
            Ok(list) => list,
            // A pattern in a folder that is not there fits nothing, as in one that is empty.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => {
                let message = format!("cannot read `{folder}`: {}", reason(&error));
                self.diags.push(Diagnostic::error("cannot-import", span, "imported here", message));
                return;
            }
        };
        let mut found = false;
        for path in list.iter().filter(|path| take(path)) {
            found = true;
            let path = path.strip_prefix("./").unwrap_or(path);
            let file = files::find(path);
            // A folder may hold the file that imports it: that one is here already.
            let number = file.as_ref().ok().map(|file| file.number);
            if self.known(path, number).is_none() {
                self.file(path, file, Some(span));
            }
        }
        if !found {
            self.diags.push(Diagnostic::warning("empty-import", span, "imports nothing", nothing));
        }
    }
}

/// What stands there, for a path that does not: each name that is missing replaced by the nearest
/// one beside it. It comes back as a KDL string relative to `folder`, as the user would write it.
pub fn near_path(folder: &Utf8Path, path: &Utf8Path) -> Option<String> {
    let said = path.strip_prefix(folder).unwrap_or(path);
    let mut found = if said.is_absolute() { Utf8PathBuf::new() } else { folder.to_owned() };
    let mut written = Utf8PathBuf::new();
    let mut replaced = false;
    for part in said.components() {
        let name = part.as_str();
        let here = found.join(name);
        let name = if here.symlink_metadata().is_ok() {
            name.to_owned()
        } else {
            let beside = if found.as_str().is_empty() { Utf8Path::new(".") } else { &found };
            let names: Vec<String> = beside
                .read_dir_utf8()
                .ok()?
                .filter_map(|entry| Some(entry.ok()?.file_name().to_owned()))
                .collect();
            replaced = true;
            crate::diag::nearest(name, names.iter().map(String::as_str))?.to_owned()
        };
        found.push(&name);
        written.push(&name);
    }
    replaced.then(|| crate::value::quote(written.as_str()))
}
