//! Files that become options of their programs' targets: said, compiled in memory, and taken only if
//! what is generated means what the file meant, and nothing else comes of it.

use camino::Utf8Path;

use crate::cli::session::Session;
use crate::cli::{init, say};
use crate::eval::facts::Machine;
use crate::files::shown;
use crate::import::home::Rules;
use crate::import::lift::{At, Place, Said, Shelf, Style};
use crate::import::page::{self, Item};
use crate::import::report::{Left, Report, grouped, row};
use crate::ir::{Content, Document};
use crate::syntax::tree::Scalar;

/// A file of the home.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    /// Below the home.
    pub path: &'a str,
    /// What it holds.
    pub bytes: &'a [u8],
    /// Whether it is kept from others, who may read the configuration.
    pub is_private: bool,
}

/// What became of some files.
#[derive(Clone, Debug, Default)]
pub struct Lifted {
    /// The files that [`Lifter::items`] says: they need no other node.
    pub done: Vec<Done>,
    /// Files of known programs that stay files, and why.
    pub left: Vec<Left>,
}

/// A file that was lifted.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Done {
    /// Below the home.
    pub path: String,
    /// The target that says it.
    pub target: String,
    /// How many lines of it are comments, which stay behind.
    pub comments: usize,
    /// Whether it was kept from others, as its program has it, who may read the configuration.
    pub was_private: bool,
}

/// What becomes of the lifted files that stand in a home as files.
pub const KEPT: &str = "hcc writes the lifted files anew: `hcc apply --backup store` keeps what stands there now, and `hcc uninstall` brings it back";
/// What becomes of those that stand there as links into the configuration, as stow made them.
pub const REPLACED: &str = "hcc writes the lifted files anew, the same in meaning: `hcc diff` shows how; `hcc uninstall` brings stow's links back";

/// What lets others read a file, in its mode.
pub const OTHERS: u32 = 0o004;

/// Adds to a report what became of some files; `anew` says what happens to those that are lifted.
pub fn notes(lifted: &Lifted, anew: &str, report: &mut Report) {
    const PACKAGES: &str = "`hcc apply` installs a lifted program if it is missing; `package #null` in its block installs none";
    report.unlifted.extend(lifted.left.iter().cloned());
    if lifted.done.is_empty() {
        return;
    }
    let lost: Vec<String> = lifted
        .done
        .iter()
        .filter(|own| own.comments > 0)
        .map(|own| format!("{} of ~/{}", own.comments, shown(&own.path)))
        .collect();
    if !lost.is_empty() {
        let lost: Vec<&str> = lost.iter().map(String::as_str).collect();
        report.note(format!("lines of comments that are not in the configuration: {}", row(&lost)));
    }
    let open: Vec<_> = lifted.done.iter().filter(|own| own.was_private).collect();
    let open: Vec<String> = open.iter().map(|own| format!("~/{}", shown(&own.path))).collect();
    if !open.is_empty() {
        let open: Vec<&str> = open.iter().map(String::as_str).collect();
        report.note(format!(
            "{}: only you may read what is there now; what the configuration says of it, who may read that",
            row(&open)
        ));
    }
    report.note(anew);
    report.note(PACKAGES);
}

/// Says what stays a file where options were asked for.
pub fn unlifted(report: &Report) {
    for (why, help, paths) in grouped(&report.unlifted) {
        let paths: Vec<_> = paths.into_iter().map(shown).collect();
        let paths: Vec<&str> = paths.iter().map(AsRef::as_ref).collect();
        let help = help.map(|help| format!(" ({help})")).unwrap_or_default();
        say(&format!("not lifted: {}: {why}{help}", row(&paths)));
    }
}

/// Says what was lifted.
pub fn told(done: &[Done]) {
    for own in done {
        say(&format!("lifted: {} to {}", shown(&format!("~/{}", own.path)), own.target));
    }
}

/// Lifts files, one lot after the other: each holds beside all that were lifted before.
#[derive(Debug)]
pub struct Lifter {
    shelf: Shelf,
    rules: Rules,
    machine: Machine,
    taken: Vec<Target>,
    /// Shells that were lifted, into which no other target may put anything.
    quiet: Vec<String>,
}

/// A target and the files that it says.
#[derive(Clone, Debug)]
struct Target {
    place: Place,
    files: Vec<File>,
}

#[derive(Clone, Debug)]
struct File {
    place: Place,
    at: At,
    said: Said,
    style: Style,
    was_private: bool,
}

impl Lifter {
    /// For what is generated on a machine.
    pub fn new(machine: Machine) -> Self {
        let session = Session::shelf(machine.clone());
        Self {
            shelf: Shelf::new(&session.program.schema),
            rules: Rules::new(),
            machine,
            taken: Vec::new(),
            quiet: Vec::new(),
        }
    }

    /// The files that targets write.
    pub fn shelf(&self) -> &Shelf {
        &self.shelf
    }

    /// Lifts what it can.
    pub fn lift(&mut self, inputs: &[Input<'_>]) -> Lifted {
        let mut lifted = Lifted::default();
        let mut targets: Vec<Target> = Vec::new();
        for input in inputs {
            let found = self.shelf.find(input.path);
            let Some((place, at)) = found else {
                lifted.left.extend(self.unwritten(input.path));
                continue;
            };
            let mut stays = |why: String| {
                let from = format!("~/{}", input.path);
                lifted.left.push(Left { from, why: format!("stays a file: {why}"), help: None });
            };
            if input.is_private && !place.is_private {
                let from = format!("~/{}", input.path);
                let why =
                    "stays a file: only you may read it, and others may read the configuration";
                let help = Some("`chmod go+r` it if nothing in it is secret".to_owned());
                lifted.left.push(Left { from, why: why.to_owned(), help });
                continue;
            }
            let said = match place.read(input.bytes) {
                Ok(said) if said.is_empty() => {
                    stays("it says nothing".to_owned());
                    continue;
                }
                Ok(said) => said,
                Err(why) => {
                    stays(why);
                    continue;
                }
            };
            let same = |own: &File| own.place.at == place.at;
            let all =
                targets.iter().chain(&self.taken).filter(|own| own.place.target == place.target);
            if let Some(other) = all.flat_map(|own| &own.files).find(|own| same(own)) {
                stays(format!("`{}` says ~/{} already", place.target, other.at.path));
                continue;
            }
            let (place, was_private) = (place.clone(), input.is_private);
            let file = File { place, at: at.clone(), said, style: Style::Typed, was_private };
            match targets.iter_mut().find(|own| own.place.target == file.place.target) {
                Some(own) => own.files.push(file),
                None => targets.push(Target { place: file.place.clone(), files: vec![file] }),
            }
        }
        for target in targets {
            self.target(target, &mut lifted);
        }
        lifted
    }

    /// Why a file of a program with a target stays one, if no target writes it.
    fn unwritten(&self, path: &str) -> Option<Left> {
        let program = self.rules.program(path)?;
        let is = |target: &str| target.rsplit('.').next() == Some(program);
        let target = self.shelf.places.iter().map(|own| &*own.target).find(|own| is(own))?;
        let why = format!("stays a file: no option of `{target}` writes it");
        Some(Left { from: format!("~/{path}"), why, help: None })
    }

    /// Takes a target with all its files, else with those that hold one after the other.
    fn target(&mut self, target: Target, lifted: &mut Lifted) {
        if self.taken.iter().any(|own| own.place.target == target.place.target) {
            for file in target.files {
                let why =
                    format!("stays a file: `{}` was lifted from other files", target.place.target);
                lifted.left.push(Left { from: format!("~/{}", file.at.path), why, help: None });
            }
            return;
        }
        let mut best: Option<Target> = None;
        if let Ok((whole, quiet)) = self.try_styles(&target) {
            best = Some(whole);
            self.quiet = quiet;
        } else {
            for file in &target.files {
                let mut files = best.as_ref().map(|own| own.files.clone()).unwrap_or_default();
                files.push(file.clone());
                match self.try_styles(&Target { files, ..target.clone() }) {
                    Ok((more, quiet)) => {
                        best = Some(more);
                        self.quiet = quiet;
                    }
                    Err(why) => lifted.left.push(Left {
                        from: format!("~/{}", file.at.path),
                        why: format!("stays a file: {why}"),
                        help: None,
                    }),
                }
            }
        }
        let Some(best) = best else { return };
        lifted.done.extend(best.files.iter().map(|file| Done {
            path: file.at.path.clone(),
            target: best.place.target.to_string(),
            comments: file.said.comments,
            was_private: file.was_private,
        }));
        self.taken.push(best);
    }

    /// What the configuration says of files that were lifted. It holds once all lots are.
    pub fn items(&self, done: &[Done]) -> Vec<Item> {
        let own = self.taken.iter().filter(|own| {
            done.iter().any(|done| own.files.iter().any(|file| file.at.path == done.path))
        });
        let mut items: Vec<Item> = Vec::new();
        // What was proved can be said.
        for item in own.filter_map(|own| own.item(&self.quiet).ok()) {
            match items.iter_mut().find(|own| own.name == item.name) {
                Some(own) => own.children.extend(item.children),
                None => items.push(item),
            }
        }
        items
    }

    /// With options of their own first; if that does not hold, all in the settings. A shell that
    /// others would put something into is tried without that.
    fn try_styles(&self, target: &Target) -> Result<(Target, Vec<String>), String> {
        let all = || self.taken.iter().chain([target]).map(|own| &own.place);
        let hooked = |name: &str| {
            let switch = format!("enable-{name}-integration");
            all().any(|own| own.integrations.contains(&switch))
        };
        let shells =
            all().filter_map(|own| own.target.rsplit('.').next()).filter(|own| hooked(own));
        let quiet: Vec<String> = shells.map(str::to_owned).collect();
        let mut quiets = vec![self.quiet.clone()];
        quiets.extend((quiet != self.quiet).then_some(quiet));
        let mut why = String::new();
        for style in [Style::Typed, Style::Free] {
            let mut tried = target.clone();
            tried.files.iter_mut().for_each(|file| file.style = style);
            for quiet in &quiets {
                match self.holds(&tried, quiet) {
                    Ok(()) => return Ok((tried, quiet.clone())),
                    Err(own) => why = own,
                }
            }
        }
        Err(why)
    }

    /// Whether a target means what its files did, beside those that were lifted before.
    fn holds(&self, target: &Target, quiet: &[String]) -> Result<(), String> {
        let all: Vec<&Target> = self.taken.iter().chain([target]).collect();
        let mut items = vec![
            Item::new("hcc").prop("version", Scalar::Int(1.into())),
            init::host(&self.machine),
        ];
        for own in &all {
            items.push(own.item(quiet)?);
        }
        let text = page::write(&items);
        let mut session =
            Session::of_text(Utf8Path::new("lifted.kdl"), &text, self.machine.clone());
        let hosts = session.program.structure.hosts.clone();
        let compiled: Vec<_> = hosts.iter().flat_map(|host| session.compile(host, None)).collect();
        if session.diags.has_errors() {
            let problems = session.problems();
            let first = problems.lines().next().unwrap_or_default();
            let first = first.split_once("]: ").map_or(first, |(_, message)| message);
            return Err(format!("hcc cannot say it: {first}"));
        }
        let document = compiled.iter().map(|own| &own.document).find(|own| own.user.is_some());
        let document = document.ok_or("nothing comes of it")?;
        for file in all.iter().flat_map(|own| &own.files) {
            file.holds(document)?;
        }
        let known =
            |path: &str| all.iter().flat_map(|own| &own.files).any(|own| own.at.path == path);
        if let Some(other) = document.files.iter().find(|file| !known(&file.path)) {
            return Err(format!("`{}` would write ~/{} besides", target.place.target, other.path));
        }
        let clean = document.units.is_empty()
            && document.defaults.is_empty()
            && document.actions.is_empty();
        if clean {
            Ok(())
        } else {
            Err(format!("`{}` would do more than write it", target.place.target))
        }
    }
}

impl Target {
    /// `programs { git { enable; ... } }`
    fn item(&self, quiet: &[String]) -> Result<Item, String> {
        let mut children = Vec::new();
        if !self.place.always {
            children.push(Item::new("enable"));
        }
        children.extend(self.place.besides());
        for name in &self.place.integrations {
            let shell = name.trim_start_matches("enable-").trim_end_matches("-integration");
            if quiet.iter().any(|own| own == shell) {
                children.push(Item::new(name).arg(Scalar::Bool(false)));
            }
        }
        for file in &self.files {
            children.extend(file.place.say(&file.at, &file.said, file.style)?);
        }
        let mut names = self.place.target.rsplit('.');
        let own = Item { children, open: true, ..Item::new(names.next().unwrap_or_default()) };
        Ok(names.fold(own, |inner, name| Item { open: true, ..Item::new(name).child(inner) }))
    }
}

impl File {
    /// Whether what is generated at its path means what it did.
    fn holds(&self, document: &Document) -> Result<(), String> {
        let made = document.files.iter().find(|file| file.path == self.at.path);
        let Some(made) = made else {
            return Err(format!("`{}` would not write it", self.place.target));
        };
        if !matches!(made.content, Content::Text { .. } | Content::Data { .. }) {
            return Err(format!("`{}` would write no text", self.place.target));
        }
        let again = self.place.read(made.text.as_bytes());
        match again.map(|again| again.same(&self.said)) {
            Ok(true) => Ok(()),
            Ok(false) => Err("what hcc would generate means something else".to_owned()),
            Err(why) => Err(format!("what hcc would generate cannot be read: {why}")),
        }
    }
}
