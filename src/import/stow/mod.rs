//! A repository laid out for GNU stow, as modules of a configuration.
//!
//! Handed a folder, hands on [`Repository`]: what is in it, package by package, and a report. It
//! follows stow 2.4.1 wherever versions differ. It reads names, links and rules, never what a file
//! holds, and changes nothing.

mod claims;
mod folders;
mod ignore;
mod layout;
mod modules;
mod options;
mod walk;

use std::fs;
use std::rc::Rc;

use camino::{Utf8Path, Utf8PathBuf};

pub use options::Environment;

use super::page::Item;
use super::report::Report;
use claims::{Claims, Precedence};
use ignore::Rules;
use walk::{Entry, Walk, What};

/// What shall be read, and what of the machine decides how.
pub struct Request<'a> {
    /// The repository, absolute.
    pub folder: &'a Utf8Path,
    /// The packages that are asked for; all if none is named, `.` for the repository as one.
    pub packages: &'a [String],
    /// Whether `dot-x` becomes `.x`, whatever a `.stowrc` says.
    pub dotfiles: bool,
    /// The folder that packages are laid out for, absolute.
    pub target: Option<&'a Utf8Path>,
    /// The same for single packages.
    pub targets: &'a [(String, Utf8PathBuf)],
    /// The file that the configuration will be, absolute: sources are relative to its folder.
    pub out: &'a Utf8Path,
    /// The home, absolute.
    pub home: &'a Utf8Path,
    /// Whether the home's file system is taken not to tell cases apart.
    pub folds_case: bool,
    /// Variables and homes for `.stowrc`.
    pub environment: Environment<'a>,
}

/// What was read.
#[derive(Debug)]
pub struct Repository {
    /// The modules, a package each.
    pub modules: Vec<Module>,
    /// What was taken, what was not, and why.
    pub report: Report,
    /// What another tool's layout this is, if it was read all the same.
    pub layout: Option<String>,
}

/// One package, as a module.
#[derive(Clone, Debug)]
pub struct Module {
    /// Its name.
    pub name: String,
    /// What stands in its `home`.
    pub files: Vec<Item>,
    /// Whether this machine uses it: not if another package has all its paths.
    pub is_used: bool,
}

/// Why a repository cannot be read: each with what can be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// What is wrong.
    pub message: String,
    /// What can be done about it.
    pub help: Option<String>,
}

impl Refused {
    fn new(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { message: message.into(), help: Some(help.into()) }
    }
}

/// One package as it was read.
#[derive(Debug)]
pub struct Package {
    /// Its name, the module's too.
    name: String,
    /// Its folder, from the configuration's folder on.
    source: String,
    /// Where its files go, below the home; empty for the home itself.
    home: String,
    /// What is in it.
    entries: Vec<Entry>,
    /// Who wins where another package has the same path.
    precedence: Rc<Precedence>,
    /// How it was read.
    reading: Reading,
}

/// How a package is read: what of it is taken, under which names.
#[derive(Clone, Debug)]
struct Reading {
    rules: Rc<Rules>,
    ignore: Rc<Rules>,
    dotfiles: bool,
}

impl Reading {
    /// What is in a folder, which stow's rules see at a path below the package.
    fn read(
        &self,
        folder: &Utf8Path,
        below: &str,
        is_protected: &dyn Fn(&str) -> bool,
    ) -> std::io::Result<Vec<Entry>> {
        let walk = Walk {
            rules: &self.rules,
            ignore: &self.ignore,
            dotfiles: self.dotfiles,
            is_protected,
        };
        walk.read(folder.as_std_path(), below)
    }
}

impl Package {
    /// Whether a path is this package's although an earlier one has it.
    fn wins(&self, path: &str) -> bool {
        self.precedence.overriding.meet(self.below_target(path))
    }

    /// Whether it is no clash that an earlier package has a path.
    fn defers(&self, path: &str) -> bool {
        self.precedence.defer.meet(self.below_target(path))
    }

    fn below_target<'p>(&self, path: &'p str) -> &'p str {
        path.strip_prefix(self.home.as_str()).unwrap_or(path).trim_start_matches('/')
    }
}

/// Reads a repository.
///
/// # Errors
/// Everything that keeps it from being read: what is not there, a layout of another tool, packages
/// that there are not.
pub fn read(request: &Request<'_>) -> Result<Repository, Vec<Refused>> {
    let mut report = Report::default();
    let found = folders::find(request, &mut report)?;
    let mut packages = Vec::new();
    for folder in &found.folders {
        let one = Reader { request, folder };
        packages.extend(one.packages(&mut report));
    }
    let claims = unlinked(request, &mut packages);
    links_home(request, &mut report);
    let modules = modules::write(request, &packages, &claims, &mut report);
    Ok(Repository { modules, report, layout: found.layout })
}

/// Notes folders of the home that are one link into the repository: what programs write there is
/// written into it.
fn links_home(request: &Request<'_>, report: &mut Report) {
    let Ok(repository) = request.folder.canonicalize_utf8() else { return };
    for folder in crate::ir::SHARED_FOLDERS {
        let link = request.home.join(folder);
        if !link.is_symlink() {
            continue;
        }
        let Some(to) = link.canonicalize_utf8().ok().filter(|to| to.starts_with(&repository))
        else {
            continue;
        };
        report.note(format!("~/{folder} is one link to {to}; `hcc apply` makes it a folder of links, `hcc uninstall` the link again"));
    }
}

/// Reads the packages of one folder.
struct Reader<'a> {
    request: &'a Request<'a>,
    folder: &'a folders::Folder,
}

impl Reader<'_> {
    fn packages(&self, report: &mut Report) -> Vec<Package> {
        let options = &self.folder.options;
        let mut unknown = Vec::new();
        let (ignore, more) = Rules::of_options(&options.ignore);
        unknown.extend(more.into_iter().map(|rule| ("--ignore".to_owned(), rule)));
        let (overriding, more) = ignore::Beginnings::new(&options.overriding);
        unknown.extend(more.into_iter().map(|rule| ("--override".to_owned(), rule)));
        let (defer, more) = ignore::Beginnings::new(&options.defer);
        unknown.extend(more.into_iter().map(|rule| ("--defer".to_owned(), rule)));
        let precedence = Rc::new(Precedence { overriding, defer });

        let global = self.request.home.join(ignore::GLOBAL);
        let read = |path: &Utf8Path| fs::read(path).map(|bytes| Rules::of_file(&bytes));
        let shared = match read(&global) {
            Ok((rules, more)) => {
                unknown.extend(more.into_iter().map(|rule| (global.to_string(), rule)));
                rules
            }
            Err(_) => Rules::built_in(),
        };
        let (shared, ignore) = (Rc::new(shared), Rc::new(ignore));
        let mut packages = Vec::new();
        for name in &self.folder.packages {
            let path = crate::files::normal(&self.folder.path.join(name));
            let local = path.join(ignore::LOCAL);
            let own = match read(&local) {
                Ok((rules, more)) => {
                    unknown.extend(more.into_iter().map(|rule| (local.to_string(), rule)));
                    Some(rules)
                }
                Err(_) => None,
            };
            let reading = Reading {
                rules: own.map_or_else(|| shared.clone(), Rc::new),
                ignore: ignore.clone(),
                dotfiles: options.dotfiles,
            };
            let (target, home) = self.folder.target_of(name);
            match reading.read(&path, "", &|below| self.is_protected(target, below)) {
                Ok(entries) => packages.push(Package {
                    name: self.folder.module(name),
                    source: relative(self.request.base(), &path),
                    home: home.to_owned(),
                    entries,
                    precedence: precedence.clone(),
                    reading,
                }),
                Err(error) => report.left(
                    path.as_str(),
                    format!("cannot be read: {}", crate::files::reason(&error)),
                    None,
                ),
            }
        }
        for (place, rule) in unknown {
            report.left(
                place,
                format!("the rule `{}` is no expression that hcc understands: {}", rule.said, rule.why),
                Some("files that it leaves out in stow were taken; take them out of the configuration"),
            );
        }
        packages
    }

    /// Whether stow keeps out of what a path below a package leads to in the target.
    fn is_protected(&self, target: &Utf8Path, below: &str) -> bool {
        let there = target.join(below);
        there == self.folder.path
            || [".stow", ".nonstow"].iter().any(|mark| there.join(mark).exists())
    }
}

/// Makes folders of those links to folders that cannot be one link in the home: other packages, or
/// the home itself, have a folder there. Then every path has its owner.
fn unlinked(request: &Request<'_>, packages: &mut [Package]) -> Claims {
    loop {
        let claims = Claims::of(packages, request.folds_case);
        let mut changed = false;
        for package in packages.iter_mut() {
            let mut entries = std::mem::take(&mut package.entries);
            let source = request.base().join(&package.source);
            let opener = Opener { request, claims: &claims, package };
            changed |= opener.open(&mut entries, &package.home, &source, 0);
            package.entries = entries;
        }
        if !changed {
            return claims;
        }
    }
}

/// Levels of folders in which links to folders are still opened: one to a folder above itself has
/// no end.
const LINKS: usize = 40;

/// Opens the links to folders of one package.
struct Opener<'a> {
    request: &'a Request<'a>,
    claims: &'a Claims,
    package: &'a Package,
}

impl Opener<'_> {
    fn open(&self, entries: &mut [Entry], home: &str, source: &Utf8Path, depth: usize) -> bool {
        let mut changed = false;
        for entry in entries {
            let (path, from) = (walk::join(home, &entry.home), source.join(&entry.name));
            match &mut entry.what {
                What::Folder(inner) => changed |= self.open(inner, &path, &from, depth + 1),
                What::Linked if self.must(&path) => {
                    changed = true;
                    entry.is_opened = true;
                    entry.what = match depth < LINKS {
                        true => self.inside(&from, &path),
                        false => What::Left("a link into a circle of folders".to_owned()),
                    };
                }
                _ => {}
            }
        }
        changed
    }

    /// Whether a link to a folder cannot be one link in the home.
    fn must(&self, path: &str) -> bool {
        crate::ir::SHARED_FOLDERS.contains(&path)
            || self.claims.is_folder(path)
            || fs::symlink_metadata(self.request.home.join(path)).is_ok_and(|own| own.is_dir())
    }

    /// What is in the folder that a link leads to.
    fn inside(&self, folder: &Utf8Path, path: &str) -> What {
        let below = self.package.below_target(path);
        match self.package.reading.read(folder, below, &|_| false) {
            Ok(entries) => What::Folder(entries),
            Err(error) => What::Left(format!("cannot be read: {}", crate::files::reason(&error))),
        }
    }
}

impl Request<'_> {
    /// The folder that the configuration will be in.
    fn base(&self) -> &Utf8Path {
        self.out.parent().unwrap_or(Utf8Path::new("/"))
    }
}

/// A path from a folder on, both absolute and without `..`.
fn relative(base: &Utf8Path, path: &Utf8Path) -> String {
    let (base, path): (Vec<_>, Vec<_>) = (base.components().collect(), path.components().collect());
    let common = base.iter().zip(&path).take_while(|(a, b)| a == b).count();
    let up = std::iter::repeat_n("..", base.len() - common);
    let down = path.iter().skip(common).map(|part| part.as_str());
    let parts: Vec<&str> = up.chain(down).collect();
    parts.join("/")
}
