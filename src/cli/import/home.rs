//! `hcc import home`

use std::collections::BTreeMap;
use std::fmt::Write as _;

use camino::{Utf8Path, Utf8PathBuf};
use clap::Args;
use serde_json::json;

use super::lift::{Done, Input, Lifter, OTHERS};
use super::places::{self, Places, Secret};
use super::repo::{Put, Repo};
use crate::cli::home::{Place, ask};
use crate::cli::session::{self, FILE, Session};
use crate::cli::{Global, Status, Stop, help, print, print_json, say, stopped, wrong};
use crate::facts;
use crate::files::shown;
use crate::import::home::{Copy, Gathered};
use crate::import::page::{self, Item};
use crate::import::report::{Report, Taken};
use crate::syntax::tree::Scalar;

/// From a home without any tool: copy its configuration files, and say them
///
/// Without PATH it looks for the files of programs that hcc knows, shows them and asks which to
/// take. They are copied, never moved, and `hcc apply` then makes what stands in the home a link to
/// the copy: it reads the same, with the same mode and time, and `hcc uninstall` gives it back.
/// Secrets stay where they are, with a word on each.
#[derive(Debug, Args)]
pub struct Home {
    /// Files and folders of the home
    #[arg(value_name = "PATH")]
    paths: Vec<String>,
    /// The folder of the new configuration; by default ~/.config/hcc
    #[arg(long, value_name = "DIR")]
    out: Option<Utf8PathBuf>,
    /// Say what hcc understands as options of its programs; all else stays a file
    ///
    /// A file is said so only if what hcc generates from it means the same, and the report says of
    /// each other file why it is not.
    #[arg(long)]
    lift: bool,
    /// Take all that is found, without asking
    #[arg(long, short)]
    yes: bool,
    /// Only show what is found
    #[arg(long, short = 'n')]
    dry_run: bool,
    /// Take what looks like a secret too
    #[arg(long)]
    allow_secrets: bool,
    /// Write over files of the folder that are there already
    #[arg(long)]
    force: bool,
}

/// Says why the folder of a configuration cannot be one.
fn fits(out: &Utf8Path, state: &Utf8Path) -> Status {
    let file = out.ancestors().find(|own| own.exists() && !own.is_dir());
    if let Some(file) = file {
        wrong(&format!("`--out` expects a folder, found the file {}", shown(file)));
        help("name the folder that `hcc.kdl` and the copies go into");
        return Err(Stop::Usage);
    }
    let here = facts::current_folder().unwrap_or_default();
    let identity = |path: &Utf8Path| {
        let path = &here.join(path);
        let there = path.ancestors().find(|own| own.exists()).unwrap_or(path);
        let below = path.strip_prefix(there).unwrap_or(path);
        crate::files::identity(there).join(below)
    };
    if identity(out).starts_with(identity(state)) {
        wrong(&format!("{} is in the folder that hcc keeps its own records in", shown(out)));
        help("name another folder, `--out DIR`");
        return Err(Stop::Usage);
    }
    Ok(())
}

/// The folder of the copies, in that of the configuration.
pub const COPIES: &str = "home";

impl Home {
    /// Runs it.
    pub fn run(&self, global: &Global) -> Status {
        let place = Place::find(None)?;
        let default = facts::config_home().map(|folder| folder.join("hcc"));
        let Some(out) = self.out.clone().or(default) else {
            wrong("$HOME is not set");
            return Err(Stop::Usage);
        };
        fits(&out, &place.state)?;
        let mut lifter = Lifter::new(facts::machine());
        let mut places = Places::new(&place.home, &out, &place.state, self.allow_secrets);
        places.rules.add(lifter.shelf().known());
        let found = match self.paths.as_slice() {
            [] => places.known(),
            named => places.named(named, Secret::Stays)?,
        };
        if found.iter().all(|own| own.copies.is_empty()) {
            return self.nothing(&places, &found, global);
        }
        let silent = global.json || global.quiet && self.yes;
        if !silent && (self.paths.is_empty() || self.dry_run) {
            print(&listed(&places, &found))?;
        }
        if self.dry_run {
            return self.shown(global, &places, &found, &mut lifter);
        }
        // Who is asked knows what stays before the answer.
        let asks = self.paths.is_empty() && !self.yes && !global.json;
        if asks {
            told(&Report { left: places::left(&found), ..Report::default() }, global);
        }
        let (taken, refused) = self.choose(global, &places, found)?;
        let left = match asks {
            true => Vec::new(),
            false => places::left(taken.iter().chain(&refused)),
        };
        self.write(
            global,
            (&out, &places),
            &taken,
            &mut lifter,
            Report { left, ..Report::default() },
        )
    }

    /// What it would take, lift and leave.
    fn shown(
        &self,
        global: &Global,
        places: &Places,
        found: &[Gathered],
        lifter: &mut Lifter,
    ) -> Status {
        let mut report = Report { left: places::left(found), ..Report::default() };
        let (_, done) = self.lifted(found, lifter, &mut report);
        if global.json {
            return print_json(&json!({
                "version": crate::ir::VERSION,
                "found": rows(places, found),
                "lifted": done,
                "unlifted": report.unlifted,
                "left": report.left,
            }));
        }
        if !global.quiet {
            super::lift::told(&done);
            super::lift::unlifted(&report);
        }
        told(&report, global);
        Ok(())
    }

    fn nothing(&self, places: &Places, found: &[Gathered], global: &Global) -> Status {
        if global.json {
            print_json(
                &json!({"version": crate::ir::VERSION, "found": [], "left": places::left(found)}),
            )?;
        }
        wrong(&format!("nothing to take was found in {}", shown(&places.home)));
        told(&Report { left: places::left(found), ..Report::default() }, global);
        help("name files and folders: `hcc import home PATH...`");
        Err(Stop::Errors)
    }

    /// What is taken of what was found, and what is not.
    fn choose(
        &self,
        global: &Global,
        places: &Places,
        found: Vec<Gathered>,
    ) -> Result<(Vec<Gathered>, Vec<Gathered>), Stop> {
        let (some, none): (Vec<_>, Vec<_>) =
            found.into_iter().partition(|own| !own.copies.is_empty());
        if self.yes || !self.paths.is_empty() {
            return Ok((some, none));
        }
        if !facts::rights().terminal {
            wrong("nothing was written: there is no terminal to ask on");
            help("`--yes` takes all of it; name what you want: `hcc import home PATH...`");
            if global.json {
                stopped(Stop::Decide, json!({"found": rows(places, &some)}))?;
            }
            return Err(Stop::Decide);
        }
        let question = "Take all of it (a), choose program by program (c), or nothing (N)? [a/c/N]";
        match ask(question) {
            Some('a') => Ok((some, none)),
            Some('c') => {
                let mut taken = Vec::new();
                for group in some.chunk_by(|a, b| program(places, a) == program(places, b)) {
                    let paths: Vec<_> = group
                        .iter()
                        .map(|own| shown(&format!("~/{}", own.path)).into_owned())
                        .collect();
                    let program = group.first().map_or("", |own| program(places, own));
                    if ask(&format!("{program}: {}? [y/N]", paths.join(" "))) == Some('y') {
                        taken.extend(group.iter().cloned());
                    }
                }
                if taken.is_empty() { Err(nothing_done()) } else { Ok((taken, none)) }
            }
            _ => Err(nothing_done()),
        }
    }

    /// Lifts files of what is taken; what of it is left to be copied.
    fn lifted(
        &self,
        taken: &[Gathered],
        lifter: &mut Lifter,
        report: &mut Report,
    ) -> (Vec<Gathered>, Vec<Done>) {
        if !self.lift {
            return (taken.to_vec(), Vec::new());
        }
        let copies = taken.iter().flat_map(|own| &own.copies);
        let inputs: Vec<Input> = copies
            .map(|copy| Input {
                path: &copy.path,
                bytes: &copy.bytes,
                is_private: copy.mode & OTHERS == 0 && !self.allow_secrets,
            })
            .collect();
        let lifted = lifter.lift(&inputs);
        super::lift::notes(&lifted, super::lift::KEPT, report);
        let is_done = |copy: &Copy| lifted.done.iter().any(|own| own.path == copy.path);
        let mut rest = taken.to_vec();
        rest.iter_mut().for_each(|own| own.copies.retain(|copy| !is_done(copy)));
        rest.retain(|own| !own.copies.is_empty());
        (rest, lifted.done)
    }

    fn write(
        &self,
        global: &Global,
        (out, places): (&Utf8Path, &Places),
        taken: &[Gathered],
        lifter: &mut Lifter,
        mut report: Report,
    ) -> Status {
        let (taken, done) = self.lifted(taken, lifter, &mut report);
        let mut puts: Vec<Put> = taken.iter().flat_map(|own| &own.copies).map(copied).collect();
        for own in &taken {
            report.taken.push(Taken {
                from: format!("~/{}", own.path),
                to: "home.file".to_owned(),
                count: own.copies.len(),
            });
        }
        let text = config(places, &taken, &done, lifter);
        let config = Put {
            path: FILE.to_owned(),
            bytes: text.clone().into_bytes(),
            mode: 0o644,
            time: None,
        };
        let mut repo = Repo::open(out)?;
        puts.push(config.clone());
        let standing = repo.in_the_way(&puts);
        if !standing.is_empty() && !self.force {
            repo.undo();
            for path in &standing {
                wrong(&format!("{} exists already", shown(&repo.root.join(path))));
            }
            help(
                "`--force` writes over it; `--out DIR` takes another folder; `hcc adopt PATH` adds to a configuration",
            );
            return Err(Stop::Decide);
        }
        puts.pop();
        repo.write(&puts)?;
        // The copies are there now: what is written last is known to hold.
        let path = repo.root.join(FILE);
        if let Err(stop) = checked(global, &path, &text) {
            repo.undo();
            return Err(stop);
        }
        repo.write(&[config])?;
        if global.json {
            return print_json(&json!({
                "version": crate::ir::VERSION,
                "wrote": path,
                "taken": report.taken,
                "lifted": done,
                "unlifted": report.unlifted,
                "left": report.left,
                "notes": report.notes,
            }));
        }
        if !global.quiet {
            super::lift::told(&done);
            super::lift::unlifted(&report);
        }
        told(&report, global);
        if !global.quiet {
            let count = puts.len();
            let files = if count == 1 {
                "a copy of 1 file".to_owned()
            } else {
                format!("copies of {count} files")
            };
            say(&format!("Wrote {path}, and {files} in {}", repo.root.join(COPIES)));
            say(&format!("What it would do: hcc apply --dry-run{}", session::option(&path)));
        }
        Ok(())
    }
}

fn nothing_done() -> Stop {
    say("Nothing was written.");
    Stop::Decide
}

fn program<'a>(places: &'a Places, found: &Gathered) -> &'a str {
    places.rules.program(&found.path).unwrap_or("")
}

/// A copy, below the folder of the configuration.
pub fn copied(copy: &Copy) -> Put {
    Put {
        path: format!("{COPIES}/{}", copy.path),
        bytes: copy.bytes.clone(),
        mode: copy.mode,
        time: Some(copy.time),
    }
}

/// The configuration: a module for each program.
fn config(places: &Places, taken: &[Gathered], done: &[Done], lifter: &Lifter) -> String {
    let program = |path: &str| places.rules.program(path).unwrap_or("more").to_owned();
    let mut programs: BTreeMap<String, (Vec<Item>, Vec<Done>)> = BTreeMap::new();
    for own in taken {
        let source = format!("{COPIES}/{}", own.path);
        let file = page::file(&own.path).prop("source", &*source);
        programs.entry(program(&own.path)).or_default().0.push(file);
    }
    for own in done {
        // The files of one target are one block.
        let first = done.iter().find(|other| other.target == own.target).unwrap_or(own);
        programs.entry(program(&first.path)).or_default().1.push(own.clone());
    }
    let used = programs.keys().fold(Item::new("use"), |list, name| list.arg(&**name));
    let version = Item::new("hcc").prop("version", Scalar::Int(1.into()));
    let mut parts = vec![version];
    if !taken.is_empty() {
        let note = "What a `file` names is copied here, and a link to the copy in the home: edits take effect at once.";
        parts.push(Item::new("install-default").arg("live").comment(note));
    }
    parts.push(crate::cli::init::host(&facts::machine()).child(used));
    for (name, (files, done)) in programs {
        let mut module = Item { open: true, ..Item::new("module").arg(&*name) };
        if !files.is_empty() {
            module.children.push(Item { children: files, open: true, ..Item::new("home") });
        }
        for item in lifter.items(&done) {
            match module.children.iter_mut().find(|own| own.name == item.name) {
                Some(own) => own.children.extend(item.children),
                None => module.children.push(item),
            }
        }
        parts.push(module);
    }
    let parts: Vec<String> = parts.into_iter().map(|part| page::write(&[part])).collect();
    parts.join("\n")
}

/// Compiles a configuration that is about to be written.
///
/// # Errors
/// [`Stop::Errors`], said.
fn checked(global: &Global, path: &Utf8Path, text: &str) -> Status {
    let mut session = Session::of_text(path, text, facts::machine());
    for host in session.program.structure.hosts.clone() {
        session.compile(&host, None);
    }
    session.report(global)
}

/// What was found, by program.
fn listed(places: &Places, found: &[Gathered]) -> String {
    let mut out = String::new();
    let rows: Vec<_> = found.iter().filter(|own| !own.copies.is_empty()).collect();
    let width = rows.iter().map(|own| own.path.chars().count()).max().unwrap_or(0).min(48);
    for own in rows {
        let count = match (own.folder, own.copies.len()) {
            (false, _) => String::new(),
            (true, 1) => ", 1 file".to_owned(),
            (true, count) => format!(", {count} files"),
        };
        let slash = if own.folder { "/" } else { "" };
        let path = format!("~/{}{slash}", own.path);
        let path = shown(&path);
        let program = program(places, own);
        let _written = writeln!(out, "  {path:<0$}  {program}{count}", width + 3);
    }
    out
}

fn rows(places: &Places, found: &[Gathered]) -> Vec<serde_json::Value> {
    let rows = found.iter().filter(|own| !own.copies.is_empty());
    rows.map(|own| {
        json!({"path": own.path, "program": program(places, own), "folder": own.folder, "files": own.copies.len()})
    })
    .collect()
}

/// Says what was not taken, and why.
pub fn told(report: &Report, global: &Global) {
    if global.quiet {
        return;
    }
    for left in &report.left {
        let help = left.help.as_ref().map(|help| format!(" ({help})")).unwrap_or_default();
        say(&format!("left: {}: {}{help}", left.from, left.why));
    }
    report.notes.iter().for_each(|note| say(&format!("note: {note}")));
}
