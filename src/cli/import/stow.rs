//! `hcc import stow`

use camino::{Utf8Path, Utf8PathBuf};
use clap::Args;
use serde_json::json;

use super::lift::{Done, Input, Lifter};
use super::put::{self, Over};
use crate::cli::init::host;
use crate::cli::session::FILE;
use crate::cli::{Global, Status, Stop, print_json, say};
use crate::emit::quote::shell;
use crate::eval::facts::Machine;
use crate::facts;
use crate::files::{Except, normal};
use crate::import::home::table::is_in;
use crate::import::page::{self, Item};
use crate::import::report::{Left, Report};
use crate::import::stow::{self, Environment, Repository, Request};
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
    /// Replace the file if it exists
    #[arg(long)]
    force: bool,
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
        let folder = normal(&here.join(&self.folder));
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
        put::is_free(&out, over)?;
        let (mut done, mut lifted) = (Vec::new(), Vec::new());
        if self.lift {
            let base = out.parent().unwrap_or(&folder);
            (done, lifted) = lift(&mut found, base, machine.clone());
        }
        let text = page(&found, &folder, &lifted, &machine);
        put::check(&out, &text)?;
        put::put(&out, &text)?;
        tell_all(&found, &done, &out, global)
    }
}

/// Lifts files of the modules that are used: the nodes of each, which stand in the place of those of
/// its files that they say.
fn lift(found: &mut Repository, base: &Utf8Path, machine: Machine) -> (Vec<Done>, Vec<Vec<Item>>) {
    let mut lifter = Lifter::new(machine);
    let places: Vec<String> = lifter.shelf().known().map(|own| own.path).collect();
    let mut done = Vec::new();
    for module in &mut found.modules {
        let sources = match module.is_used {
            true => sources(&module.files, base, &places),
            false => Vec::new(),
        };
        let read: Vec<(String, Vec<u8>)> = sources
            .into_iter()
            .filter_map(|(path, source)| Some((path, crate::files::read(&source).ok()?)))
            .collect();
        let inputs: Vec<Input> = read.iter().map(|(path, bytes)| Input { path, bytes }).collect();
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
        super::lift::notes(&lifted, super::lift::REPLACED, &mut found.report);
        done.push(lifted.done);
    }
    let items = done.iter().map(|done| lifter.items(done)).collect();
    (done.concat(), items)
}

/// Files that a target may say, by their paths in the home, and where they stand in the repository.
fn sources(files: &[Item], base: &Utf8Path, places: &[String]) -> Vec<(String, Utf8PathBuf)> {
    let mut list = Vec::new();
    for file in files {
        let source = file.props.iter().find(|(name, _)| name == "source");
        let Some((at, Scalar::String(source))) = path(file).zip(source.map(|(_, own)| &own.value))
        else {
            continue;
        };
        let source = base.join(&**source);
        for place in places.iter().filter(|place| is_in(place, at)) {
            let below = place.strip_prefix(at).unwrap_or_default().trim_start_matches('/');
            let own = if below.is_empty() { source.clone() } else { source.join(below) };
            if own.is_file() && !list.iter().any(|(path, _)| path == place) {
                list.push((place.clone(), own));
            }
        }
    }
    list
}

/// Whether all files of a folder are said otherwise.
fn is_emptied(file: &Item, base: &Utf8Path, is_said: &impl Fn(&str) -> bool) -> bool {
    let source = file.props.iter().find(|(name, _)| name == "source");
    let Some((at, Scalar::String(source))) = path(file).zip(source.map(|(_, own)| &own.value))
    else {
        return false;
    };
    let files = crate::files::mirror(&base.join(&**source), &Except::default()).unwrap_or_default();
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
fn page(found: &Repository, folder: &Utf8Path, lifted: &[Vec<Item>], machine: &Machine) -> String {
    let used = found.modules.iter().filter(|module| module.is_used);
    let used = used.fold(Item::new("use"), |list, module| list.arg(module.name.as_str()));
    let host = host(machine).child(used);
    let name = folder.file_name().unwrap_or("the repository");
    let mut items = vec![
        Item::new("hcc").prop("version", Scalar::Int(1)).comment(&format!(
            "{name}, as stow has it. `hcc diff` shows what `hcc apply` would change."
        )),
        Item::new("install-default")
            .arg("live")
            .comment("\nFiles in the home are links to those here: an edit takes effect at once."),
        Item { comment: vec![String::new()], ..host },
    ];
    for (at, module) in found.modules.iter().enumerate() {
        let mut item = Item::new("module").arg(module.name.as_str());
        if !module.files.is_empty() {
            let mut home = module.files.iter().cloned().fold(Item::new("home"), Item::child);
            home.open = true;
            item = item.child(home);
        }
        item.children.extend(lifted.get(at).into_iter().flatten().cloned());
        item.open = true;
        item.comment.push(String::new());
        if !module.is_used {
            item.comment
                .push("Other packages have all its paths: use it in their place.".to_owned());
        }
        items.push(item);
    }
    page::write(&items)
}

fn tell_all(found: &Repository, done: &[Done], out: &Utf8Path, global: &Global) -> Status {
    let report = &found.report;
    if global.json {
        return print_json(&json!({
            "version": crate::ir::VERSION,
            "wrote": out,
            "layout": found.layout,
            "taken": report.taken,
            "lifted": done,
            "left": report.left,
            "notes": report.notes,
        }));
    }
    if global.quiet {
        return Ok(());
    }
    let files: usize = report.taken.iter().map(|own| own.count).sum();
    let modules = report.taken.len();
    let plural =
        |count: usize, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
    if let Some(layout) = &found.layout {
        say(&format!("Read as a repository of {layout}."));
    }
    say(&format!("Wrote {out}: {} in {}", plural(files, "file"), plural(modules, "module")));
    super::lift::told(done);
    tell_report(report, global);
    say(&format!("See what it would change: hcc diff --config {}", shell(out.as_str())));
    Ok(())
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
        let (shown, more) = (paths.iter().take(SHOWN), paths.len().saturating_sub(SHOWN));
        let mut line = format!("  {}", shown.copied().collect::<Vec<_>>().join(", "));
        if more > 0 {
            line.push_str(&format!(" and {more} more"));
        }
        say(&format!("{line}: {why}"));
        if let Some(help) = help {
            say(&format!("    help: {help}"));
        }
    }
    for note in &report.notes {
        say(&format!("note: {note}"));
    }
}

/// Paths of one reason that are named; `--json` names all.
const SHOWN: usize = 6;

/// Reasons in the order in which they were met, each with its paths.
fn grouped(left: &[Left]) -> Vec<(&str, Option<&str>, Vec<&str>)> {
    let mut groups: indexmap::IndexMap<(&str, Option<&str>), Vec<&str>> = indexmap::IndexMap::new();
    for own in left {
        groups.entry((own.why.as_str(), own.help.as_deref())).or_default().push(own.from.as_str());
    }
    groups.into_iter().map(|((why, help), paths)| (why, help, paths)).collect()
}
