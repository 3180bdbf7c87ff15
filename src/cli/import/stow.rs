//! `hcc import stow`

use std::os::unix::fs::PermissionsExt;

use camino::{Utf8Path, Utf8PathBuf};
use clap::Args;
use serde_json::json;

use super::lift::{Done, Input, Lifted, Lifter, OTHERS};
use super::put::{self, Over};
use super::secret;
use crate::cli::init::host;
use crate::cli::session::{self, FILE};
use crate::cli::{Global, Status, Stop, print, print_json, say};
use crate::emit::quote::shell;
use crate::eval::facts::Machine;
use crate::facts;
use crate::files::{Except, normal};
use crate::import::home::Secrets;
use crate::import::home::table::is_in;
use crate::import::page::{self, Item};
use crate::import::report::{Left, Report, grouped, row};
use crate::import::stow::{self, Environment, Module, Repository, Request};
use crate::syntax::tree::Scalar;

/// Say a repository of GNU stow packages as a configuration
///
/// Reads the packages, .stowrc and the ignore lists as stow 2.4 does, whatever stow is installed,
/// and writes hcc.kdl into the repository: a module for each package. Files stay where they are,
/// and the home gets links to them. Where packages are stowed, `hcc apply` takes the links over.
#[derive(Debug, Args)]
pub struct Stow {
    /// The repository: the folder that the packages are in
    #[arg(value_name = "DIR")]
    folder: Utf8PathBuf,
    /// The packages; by default all that look like one, or `.` for the repository as one
    #[arg(value_name = "PACKAGE")]
    packages: Vec<String>,
    /// Take `dot-x` in a package for `.x`, as `stow --dotfiles` does
    #[arg(long)]
    dotfiles: bool,
    /// What the packages are laid out for; by default what .stowrc says, or the home. May be said for
    /// one package, and several times: `--target config=~/.config`
    #[arg(long, value_name = "[PACKAGE=]DIR")]
    target: Vec<String>,
    /// The file to write; by default hcc.kdl in the repository
    #[arg(long, value_name = "FILE")]
    out: Option<Utf8PathBuf>,
    /// Say what hcc understands as options of its programs; all else stays a link
    ///
    /// A file is said so only if what hcc generates from it means the same, and the report says of
    /// each other file of such a program why it is not.
    #[arg(long)]
    lift: bool,
    /// Only the modules, for a configuration that is there; printed, unless `--out` names a file
    ///
    /// For packages that came later: `hcc import stow . kitty --modules >> hcc.kdl`, and `use "kitty"`
    /// in the host.
    #[arg(long)]
    modules: bool,
    /// Replace the file if it exists
    #[arg(long)]
    force: bool,
}

/// What of a module is said as options.
#[derive(Debug, Default)]
struct Said {
    /// The targets' nodes.
    items: Vec<Item>,
    /// The files that they say, from the configuration's folder on.
    sources: Vec<String>,
}

impl Stow {
    /// Runs it.
    pub fn run(&self, global: &Global) -> Status {
        let machine = facts::machine();
        let Some(here) = facts::current_folder() else {
            say("error: the folder that hcc was called in is gone, or its name is not UTF-8");
            return Err(Stop::Usage);
        };
        let Some(home) = facts::home().filter(|home| home.is_absolute()) else {
            say("error: $HOME is not set to an absolute path");
            return Err(Stop::Usage);
        };
        if self.folder.as_str().is_empty() || self.target.iter().any(String::is_empty) {
            say("error: a folder is expected, found an empty text");
            say("  help: `.` is the folder that hcc was called in");
            return Err(Stop::Usage);
        }
        let folder = normal(&here.join(&self.folder));
        self.is_repository(&folder, &home)?;
        let out =
            self.out.as_ref().map_or_else(|| folder.join(FILE), |out| normal(&here.join(out)));
        let (target, targets) = self.targets(&here, &folder, &home)?;
        let request = Request {
            folder: &folder,
            packages: &self.packages,
            dotfiles: self.dotfiles,
            target: target.as_deref(),
            targets: &targets,
            out: &out,
            home: &normal(&home),
            folds_case: machine.host.os.as_deref() == Some("darwin"),
            environment: Environment {
                variable: &facts::variable,
                home_of: &facts::home_of,
                home: home.as_str(),
            },
        };
        let mut found = stow::read(&request).map_err(|problems| {
            for problem in problems {
                say(&format!("error: {}", problem.message));
                if let Some(help) = problem.help {
                    say(&format!("  help: {help}"));
                }
            }
            Stop::Errors
        })?;
        let over = if self.force { Over::Anything } else { Over::Nothing };
        if found.modules.is_empty() {
            tell_report(&found.report, global);
            say(&format!("error: there is nothing in {folder} to take; nothing was written"));
            return Err(Stop::Errors);
        }
        let prints = self.modules && self.out.is_none();
        if !prints {
            put::is_free(&out, over, &self.instead())?;
        }
        let base = out.parent().unwrap_or(&folder);
        if let Some(note) = secret::in_modules(&found, base) {
            found.report.note(note);
        }
        let (mut done, mut said) = (Vec::new(), Vec::new());
        if self.lift {
            (done, said) = lift(&mut found, base, machine.clone());
        }
        // A configuration around them has its own way to install files.
        let whole = page(&found, &folder, &said, &machine);
        put::check(&out, &whole)?;
        let text = if self.modules { modules(found.modules.clone(), &said) } else { whole };
        if !prints {
            put::put(&out, &text)?;
        }
        self.tell_all(&found, &done, &out, &text, global)
    }

    /// What to do where a configuration stands already.
    fn instead(&self) -> String {
        let packages = match self.packages.as_slice() {
            [] => "PACKAGE".to_owned(),
            list => list.iter().map(|own| shell(own)).collect::<Vec<_>>().join(" "),
        };
        let folder = shell(self.folder.as_str());
        format!("for packages that are new to it: `hcc import stow {folder} {packages} --modules`")
    }

    /// Refuses folders that hold all sorts of things, and no packages.
    fn is_repository(&self, folder: &Utf8Path, home: &Utf8Path) -> Status {
        let wrong = |what: &str, help: &str| {
            say(&format!("error: {what}"));
            say(&format!("  help: {help}"));
            Err(Stop::Usage)
        };
        let packages = "name the folder that the packages are in, such as ~/dotfiles";
        let real = |path: &Utf8Path| path.canonicalize_utf8().unwrap_or_else(|_| path.to_owned());
        let (real_folder, home) = (real(folder), real(&normal(home)));
        if real_folder == home {
            let help = "name the folder that the packages are in; for a home without one: `hcc import home`";
            return wrong(&format!("{folder} is your home, no repository of packages"), help);
        }
        if home.starts_with(&real_folder) {
            return wrong(
                &format!("{folder} holds your home, and is no repository of packages"),
                packages,
            );
        }
        Ok(())
    }
}

/// Lifts files of the modules that are used: what of each module stands in the place of its files.
fn lift(found: &mut Repository, base: &Utf8Path, machine: Machine) -> (Vec<Done>, Vec<Said>) {
    let mut lifter = Lifter::new(machine);
    let places: Vec<String> = lifter.shelf().known().map(|own| own.path).collect();
    let secrets = Secrets::new();
    // In a folder of one's own, a file's mode says nothing more.
    let is_open = is_open(base);
    let (mut all, mut done) = (Lifted::default(), Vec::new());
    for module in &mut found.modules {
        let sources = match module.is_used {
            true => sources(&module.files, base, &places),
            false => Vec::new(),
        };
        let read: Vec<(String, Vec<u8>)> = sources
            .iter()
            .filter_map(|(path, source)| {
                Some((path.clone(), crate::files::read(&base.join(source)).ok()?))
            })
            .collect();
        let (read, closed): (Vec<_>, Vec<_>) =
            read.into_iter().partition(|(path, bytes)| secrets.find(path, bytes).is_none());
        all.left.extend(closed.into_iter().map(|(path, bytes)| {
            let what = secret::said(&secrets, &path, Some(&bytes)).unwrap_or_default();
            let why = format!("stays a file: {what}");
            Left { from: format!("~/{path}"), why, help: None }
        }));
        let inputs: Vec<Input> = read
            .iter()
            .map(|(path, bytes)| {
                let source = sources.iter().find(|(own, _)| own == path);
                let is_private =
                    is_open && source.is_some_and(|(_, own)| !self::is_open(&base.join(own)));
                Input { path, bytes, is_private }
            })
            .collect();
        let lifted = lifter.lift(&inputs);
        let is_said = |path: &str| lifted.done.iter().any(|own| own.path == path);
        module.files.retain(|file| !path(file).is_some_and(&is_said));
        for own in &lifted.done {
            let in_folder = |file: &&mut Item| path(file).is_some_and(|at| is_in(&own.path, at));
            if let Some(folder) = module.files.iter_mut().find(in_folder) {
                let below =
                    path(folder).and_then(|at| own.path.strip_prefix(at)).unwrap_or_default();
                except(folder, below);
            }
        }
        module.files.retain(|file| !is_emptied(file, base, &is_said));
        let said = sources.into_iter().filter(|(path, _)| is_said(path));
        done.push((lifted.done.clone(), said.map(|(_, source)| source).collect::<Vec<_>>()));
        all.done.extend(lifted.done);
        all.left.extend(lifted.left);
    }
    super::lift::notes(&all, super::lift::REPLACED, &mut found.report);
    let unread: Vec<&str> = done.iter().flat_map(|(_, own)| own).map(String::as_str).collect();
    if !unread.is_empty() {
        found.report.note(format!(
            "said in the configuration, and no longer read by hcc: {}; keep them for `hcc uninstall`, which links to them again",
            row(&unread)
        ));
    }
    let said = done.into_iter();
    let said = said.map(|(done, sources)| Said { items: lifter.items(&done), sources }).collect();
    (all.done, said)
}

/// Whether others may read a file or a folder.
fn is_open(path: &Utf8Path) -> bool {
    path.metadata().is_ok_and(|own| own.permissions().mode() & OTHERS != 0)
}

/// Files that a target may say, or whose program has one, by their paths in the home, and where they
/// stand from the configuration's folder on.
fn sources(files: &[Item], base: &Utf8Path, places: &[String]) -> Vec<(String, String)> {
    let mut list = Vec::new();
    for (at, source) in files.iter().filter_map(|file| path(file).zip(source(file))) {
        for place in places.iter().filter(|place| is_in(place, at)) {
            let below = place.strip_prefix(at).unwrap_or_default();
            let own = format!("{source}{below}");
            if base.join(&own).is_file() && !list.iter().any(|(path, _)| path == place) {
                list.push((place.clone(), own));
            }
        }
        if base.join(source).is_file() && !list.iter().any(|(path, _)| path == at) {
            list.push((at.to_owned(), source.to_owned()));
        }
    }
    list
}

/// What a node `file` links to.
fn source(file: &Item) -> Option<&str> {
    match file.props.iter().find(|(name, _)| name == "source").map(|(_, own)| &own.value) {
        Some(Scalar::String(text)) => Some(text),
        _ => None,
    }
}

/// Whether all files of a folder are said otherwise.
fn is_emptied(file: &Item, base: &Utf8Path, is_said: &impl Fn(&str) -> bool) -> bool {
    let Some((at, source)) = path(file).zip(source(file)) else { return false };
    let files = crate::files::mirror(&base.join(source), &Except::default()).unwrap_or_default();
    !files.is_empty() && files.iter().all(|own| is_said(&format!("{at}/{}", own.path)))
}

/// The path that a node `file` makes.
fn path(file: &Item) -> Option<&str> {
    match file.args.first().map(|own| &own.value) {
        Some(Scalar::String(text)) if file.name == "file" => Some(text),
        _ => None,
    }
}

/// Leaves a file out of a folder, by its path from there on.
fn except(folder: &mut Item, below: &str) {
    if let Some(own) = folder.children.iter_mut().find(|own| own.name == EXCEPT) {
        own.args.push(below.into());
        return;
    }
    let list = match folder.props.iter().position(|(name, _)| name == EXCEPT) {
        Some(at) => {
            let (_, value) = folder.props.remove(at);
            Item::new(EXCEPT).arg(value)
        }
        None => Item::new(EXCEPT),
    };
    folder.children.push(list.arg(below));
}

/// What of a folder is left out, as a property if it is one thing, else as a child.
const EXCEPT: &str = "except";

/// A folder for all packages, and those for single ones.
type Targets = (Option<Utf8PathBuf>, Vec<(String, Utf8PathBuf)>);

impl Stow {
    fn targets(
        &self,
        here: &Utf8Path,
        folder: &Utf8Path,
        home: &Utf8Path,
    ) -> Result<Targets, Stop> {
        // No shell expands a `~` behind a `=`.
        let path = |said: &str| match said.strip_prefix("~/") {
            Some(below) => normal(&home.join(below)),
            None if said == "~" => home.to_owned(),
            None => normal(&here.join(said)),
        };
        let (mut all, mut single) = (None, Vec::new());
        for said in &self.target {
            match said.split_once('=') {
                Some((package, to)) if !package.contains('/') && folder.join(package).is_dir() => {
                    if single.iter().any(|(own, _)| own == package) {
                        say(&format!("error: `--target {said}` is the second one for `{package}`"));
                        say("  help: keep one of them");
                        return Err(Stop::Usage);
                    }
                    single.push((package.to_owned(), path(to)));
                }
                _ if all.is_some() => {
                    say(&format!("error: `--target {said}` is the second one for all packages"));
                    say("  help: say it for one package, `--target PACKAGE=DIR`");
                    return Err(Stop::Usage);
                }
                _ => all = Some(path(said)),
            }
        }
        Ok((all, single))
    }
}

/// The configuration's text.
fn page(found: &Repository, folder: &Utf8Path, said: &[Said], machine: &Machine) -> String {
    let used = found.modules.iter().filter(|module| module.is_used);
    let used = used.fold(Item::new("use"), |list, module| list.arg(module.name.as_str()));
    let host = host(machine).child(used);
    let name = folder.file_name().unwrap_or("the repository");
    let links = match said.iter().all(|own| own.items.is_empty()) {
        true => "\nFiles in the home are links to those here: an edit takes effect at once.",
        false => "\nWhat a `file` names is a link to the file here: an edit takes effect at once.",
    };
    let mut items = vec![
        Item::new("hcc").prop("version", Scalar::Int(1.into())).comment(&format!(
            "{name}, as stow has it. `hcc diff` shows what `hcc apply` would change."
        )),
        Item::new("install-default").arg("live").comment(links),
        Item { comment: vec![String::new()], ..host },
    ];
    for (at, own) in found.modules.iter().enumerate() {
        let mut item = module(own, said.get(at));
        item.comment.insert(0, String::new());
        items.push(item);
    }
    page::write(&items)
}

/// The modules alone, whose files are live wherever they are imported.
fn modules(mut list: Vec<Module>, said: &[Said]) -> String {
    let mut items = Vec::new();
    for (at, own) in list.iter_mut().enumerate() {
        own.files.iter_mut().for_each(|file| {
            if file.name == "file" && !file.props.iter().any(|(name, _)| name == "install") {
                file.props.push(("install".to_owned(), "live".into()));
            }
        });
        items.push(module(own, said.get(at)));
    }
    let pages: Vec<String> = items.into_iter().map(|item| page::write(&[item])).collect();
    pages.join("\n")
}

fn module(own: &Module, said: Option<&Said>) -> Item {
    let mut item = Item { open: true, ..Item::new("module").arg(own.name.as_str()) };
    if !own.files.is_empty() {
        let mut home = own.files.iter().cloned().fold(Item::new("home"), Item::child);
        home.open = true;
        item = item.child(home);
    }
    let first = item.children.len();
    item.children.extend(said.iter().flat_map(|own| &own.items).cloned());
    if let (Some(first), Some(said)) = (item.children.get_mut(first), said) {
        let (is, them) = match said.sources.len() {
            1 => ("is", "that file"),
            _ => ("are", "those files"),
        };
        let list = said.sources.join(", ");
        first.comment.push(format!("{list} {is} said here; hcc no longer reads {them}."));
    }
    if !own.is_used {
        item.comment.push("Other packages have all its paths: use it in their place.".to_owned());
    }
    item
}

impl Stow {
    fn tell_all(
        &self,
        found: &Repository,
        done: &[Done],
        out: &Utf8Path,
        text: &str,
        global: &Global,
    ) -> Status {
        let report = &found.report;
        let prints = self.modules && self.out.is_none();
        if global.json {
            return print_json(&json!({
                "version": crate::ir::VERSION,
                "wrote": (!prints).then_some(out),
                "kdl": prints.then_some(text),
                "layout": found.layout,
                "taken": report.taken,
                "lifted": done,
                "unlifted": report.unlifted,
                "left": report.left,
                "notes": report.notes,
            }));
        }
        if prints {
            print(text)?;
        }
        if global.quiet {
            return Ok(());
        }
        let files: usize = report.taken.iter().map(|own| own.count).sum();
        let count = |count: usize, word: &str| {
            format!("{count} {word}{}", if count == 1 { "" } else { "s" })
        };
        if let Some(layout) = &found.layout {
            say(&format!("Read as a repository of {layout}."));
        }
        let what = format!("{} in {}", count(files, "file"), count(report.taken.len(), "module"));
        match prints {
            true => say(&format!("taken: {what}")),
            false => say(&format!("Wrote {out}: {what}")),
        }
        super::lift::told(done);
        super::lift::unlifted(report);
        tell_report(report, global);
        if self.modules {
            let names = found.modules.iter().filter(|own| own.is_used);
            let names: Vec<String> = names.map(|own| crate::value::quote(&own.name)).collect();
            let file = crate::value::quote(out.file_name().unwrap_or_default());
            let add = match prints {
                true => format!("add it to {out}"),
                false => format!("`import {file}` in your hcc.kdl"),
            };
            say(&format!("Use it: {add}, and `use {}` in a host or user", names.join(" ")));
        } else {
            say(&format!("See what it would change: hcc diff{}", session::option(out)));
        }
        Ok(())
    }
}

/// What was not taken, and what else is to be known.
fn tell_report(report: &Report, global: &Global) {
    if global.quiet {
        return;
    }
    if !report.left.is_empty() {
        say(&format!("Not taken ({}):", report.left.len()));
    }
    for (why, help, paths) in grouped(&report.left) {
        say(&format!("  {}: {why}", row(&paths)));
        if let Some(help) = help {
            say(&format!("    help: {help}"));
        }
    }
    for note in &report.notes {
        say(&format!("note: {note}"));
    }
}
