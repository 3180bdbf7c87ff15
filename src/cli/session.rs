//! From a configuration's path to documents: what most commands begin with.

use std::rc::Rc;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};

use super::home::Place;
use super::{Global, Status, Stop, Who, help, say, say_once, stopped, tell, wrong};
use crate::apply::manifest;
use crate::apply::site::Site;
use crate::diag::{Diagnostic, Diagnostics, Sources, json, nearest, render};
use crate::emit::quote;
use crate::eval::Eval;
use crate::eval::collect::Program;
use crate::eval::facts::Machine;
use crate::eval::program;
use crate::eval::structure::{Host, User};
use crate::facts;
use crate::files;
use crate::ir::Document;
use crate::lower::{lower, one_user};
use crate::syntax::import;

/// A configuration, ready to be evaluated.
pub struct Session {
    /// The configuration.
    pub program: Arc<Program>,
    /// Its first file, as it was named.
    pub path: Utf8PathBuf,
    /// This machine.
    pub machine: Machine,
    /// The problems so far.
    pub diags: Diagnostics,
    /// Whether it is a command's own, and not one of many that are tried.
    pub lasts: bool,
}

/// One evaluated scope.
pub struct Compiled {
    /// The values.
    pub eval: Rc<Eval>,
    /// What they come to.
    pub document: Arc<Document>,
}

impl Compiled {
    /// `alice@macbook`, or `macbook` for the host's system.
    pub fn name(&self) -> String {
        match &self.document.user {
            Some(user) => format!("{}@{}", user.name, self.document.host.name),
            None => self.document.host.name.to_string(),
        }
    }

    /// Whether nothing is asked for.
    pub fn is_empty(&self) -> bool {
        let document = &self.document;
        document.files.is_empty()
            && document.packages.is_empty()
            && document.units.is_empty()
            && document.defaults.is_empty()
            && document.actions.is_empty()
    }
}

impl Session {
    /// Reads the configuration that the command line names.
    pub fn open(global: &Global) -> Result<Self, Stop> {
        let path = behind_link(find(global)?);
        Ok(Self { lasts: true, ..Self::load(&path, facts::machine()) })
    }

    /// Reads the configuration that the command line names, as if some of its files held other
    /// texts.
    pub(super) fn open_with(global: &Global, texts: &import::Texts) -> Result<Self, Stop> {
        let path = behind_link(find(global)?);
        Ok(Self::load_with(&path, texts, facts::machine()))
    }

    /// Reads a configuration, on a machine that may be made up.
    pub fn load(path: &Utf8Path, machine: Machine) -> Self {
        Self::load_with(path, &import::Texts::new(), machine)
    }

    /// All targets that hcc knows, and no configuration.
    pub fn shelf(machine: Machine) -> Self {
        let mut diags = Diagnostics::default();
        let mut sources = Sources::default();
        let here = Utf8Path::new("");
        let config = import::from_text("", "", here, &mut sources, &mut diags);
        let program =
            program::build_with(config, sources, &machine, program::Shelf::All, &mut diags);
        Self { program, path: Utf8PathBuf::new(), machine, diags, lasts: false }
    }

    /// Reads a text as if it stood at a path.
    pub(super) fn of_text(path: &Utf8Path, text: &str, machine: Machine) -> Self {
        let mut diags = Diagnostics::default();
        let mut sources = Sources::default();
        let folder = path.parent().unwrap_or(Utf8Path::new(""));
        let config = import::from_text(path.as_str(), text, folder, &mut sources, &mut diags);
        let program = program::build(config, sources, &machine, &mut diags);
        Self { program, path: path.to_owned(), machine, diags, lasts: false }
    }

    fn load_with(path: &Utf8Path, texts: &import::Texts, machine: Machine) -> Self {
        let mut diags = Diagnostics::default();
        let mut sources = Sources::default();
        let config = if matches!(files::kind(path), Err(error) if error.kind() == std::io::ErrorKind::NotFound)
        {
            diags.push(missing(path));
            import::Config::default()
        } else {
            import::load_with(path, texts, &mut sources, &mut diags)
        };
        let program = program::build(config, sources, &machine, &mut diags);
        Self { program, path: path.to_owned(), machine, diags, lasts: false }
    }

    /// All targets there are, with those and the options of the configuration, if there is one.
    pub fn catalogue(global: &Global) -> Self {
        let machine = facts::machine();
        let mut diags = Diagnostics::default();
        let mut sources = Sources::default();
        let path = locate(global).or_else(applied_last).map(behind_link);
        let config = match &path {
            Some(path) => import::load(path, &mut sources, &mut diags),
            None => import::from_text("", "", Utf8Path::new("."), &mut sources, &mut diags),
        };
        let program =
            program::build_with(config, sources, &machine, program::Shelf::All, &mut diags);
        Self { program, path: path.unwrap_or_default(), machine, diags, lasts: false }
    }

    /// Compiles one host: its system, then each user, or the one that is named.
    pub fn compile(&mut self, host: &Host, user: Option<&str>) -> Vec<Compiled> {
        let mut list = Vec::new();
        let system = self.evaluate(host, None, None);
        let eval = system.eval.clone();
        list.push(system);
        for own in host.users.iter().filter(|own| user.is_none_or(|name| *own.facts.name == *name))
        {
            list.push(self.evaluate(host, Some(own), Some(eval.clone())));
        }
        let users: Vec<_> = list.iter().map(|one| (&one.eval, &*one.document)).collect();
        self.diags.extend(one_user(&users));
        list
    }

    fn evaluate(&mut self, host: &Host, user: Option<&User>, system: Option<Rc<Eval>>) -> Compiled {
        let eval = Eval::new(&self.program, host, user, system);
        let document = Arc::new(lower(&eval));
        if self.lasts {
            // The process ends with them and gives all its memory back at once: to take the values
            // apart, one by one, would be a tenth of a run.
            std::mem::forget((eval.clone(), document.clone()));
        }
        eval.force_all();
        eval.run_checks();
        self.diags.extend(eval.take_diags());
        Compiled { eval, document }
    }

    /// The host that the command line asks for, and the user if it names one.
    fn chosen(&self, who: &Who, or: &str) -> Result<(Host, Option<String>), Stop> {
        let (found, mut user) = self.named(who, or)?;
        if user.is_none()
            && who.place.is_none()
            && who.named.host.is_none()
            && found.users.iter().any(|own| own.facts.name == self.machine.user.name)
            && found.users.len() > 1
        {
            // On this machine it is this user, if the host knows it.
            user = Some(self.machine.user.name.to_string());
        }
        Ok((found.clone(), user))
    }

    /// The host that the command line names, or this machine; and the user if it names one. What
    /// else could be named ends the help.
    pub(super) fn named(&self, who: &Who, or: &str) -> Result<(&Host, Option<String>), Stop> {
        let hosts = &self.program.structure.hosts;
        let (mut host, mut user) = (who.named.host.clone(), who.named.user.clone());
        if let Some(place) = &who.place {
            match place.split_once('@') {
                Some((name, at)) => {
                    user = user.or_else(|| Some(name.to_owned()));
                    host = Some(at.to_owned());
                }
                None => host = Some(place.clone()),
            }
        }
        let names = || hosts.iter().map(|host| &*host.facts.name);
        let wanted = host.clone().unwrap_or_else(|| self.machine.host.name.to_string());
        let found = match hosts.iter().find(|host| *host.facts.name == *wanted) {
            Some(found) => found,
            // Nothing but this machine is described.
            None if host.is_none()
                && hosts.len() == 1
                && hosts.iter().all(|host| host.span.is_none()) =>
            {
                hosts.first().ok_or(Stop::Usage)?
            }
            None => {
                let list = names().collect::<Vec<_>>().join(", ");
                wrong(&format!("there is no host `{wanted}` in the configuration"));
                help(&match nearest(&wanted, names()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("name one of {list}{or}"),
                });
                if host.is_none() {
                    self.advise_host(&wanted);
                }
                return Err(Stop::Usage);
            }
        };
        if let Some(user) = &user {
            let users: Vec<&str> = found.users.iter().map(|own| &*own.facts.name).collect();
            if !users.contains(&user.as_str()) {
                wrong(&format!("the host `{wanted}` has no user `{user}`"));
                help(&format!("its users are {}", users.join(", ")));
                return Err(Stop::Usage);
            }
        }
        Ok((found, user))
    }

    /// Says how this machine becomes one of those that are described: where one like it is.
    fn advise_host(&self, name: &str) {
        let hosts = &self.program.structure.hosts;
        let own = &self.machine.host;
        let like = |host: &&Host| host.facts.os == own.os && host.facts.distro == own.distro;
        let Some(like) = hosts.iter().find(like).or(hosts.first()) else { return };
        let Some(span) = like.span else { return };
        let line = |span| self.program.sources.place(span);
        let at = line(span);
        let together = hosts.iter().filter(|host| host.span.is_some_and(|own| line(own) == at));
        let mut names: Vec<String> =
            together.map(|host| crate::value::quote(&host.facts.name)).collect();
        names.push(crate::value::quote(name));
        help(&format!(
            "to describe this machine as that one: `host {} ...` in {at}",
            names.join(" ")
        ));
    }

    /// Reads, evaluates and reports for one host: the documents, or the errors that stop the
    /// command. `or` is what else could be named.
    ///
    /// # Errors
    /// [`Stop`], said.
    pub fn compiled(global: &Global, who: &Who, or: &str) -> Result<(Self, Vec<Compiled>), Stop> {
        Self::compiled_for(global, |session| Ok(vec![session.chosen(who, or)?]))
    }

    /// The same for every host.
    ///
    /// # Errors
    /// [`Stop`], said.
    pub fn compiled_all(global: &Global) -> Result<(Self, Vec<Compiled>), Stop> {
        let all = |session: &Self| {
            session.program.structure.hosts.iter().map(|host| (host.clone(), None)).collect()
        };
        Self::compiled_for(global, |session| Ok(all(session)))
    }

    fn compiled_for(
        global: &Global,
        choose: impl Fn(&Self) -> Result<Vec<(Host, Option<String>)>, Stop>,
    ) -> Result<(Self, Vec<Compiled>), Stop> {
        let mut session = Self::open(global)?;
        if session.program.structure.hosts.is_empty() && session.diags.has_errors() {
            session.report(global)?;
        }
        let chosen = match choose(&session) {
            Ok(chosen) => chosen,
            Err(stop) => {
                session.report(global)?;
                return Err(stop);
            }
        };
        let mut list = Vec::new();
        for (host, user) in chosen {
            list.extend(session.compile(&host, user.as_deref()));
        }
        session.report(global)?;
        Ok((session, list))
    }

    /// Prints the problems; errors end the command.
    pub fn report(&self, global: &Global) -> Status {
        let errors = self.diags.has_errors();
        if !self.diags.is_empty() {
            if global.json && errors {
                let list = json::report(&self.diags, &self.program.sources);
                stopped(Stop::Errors, serde_json::json!({"diagnostics": list}))?;
            } else if errors || !global.quiet {
                let style = render::Style { color: true, width: facts::columns().unwrap_or(120) };
                tell(&render::report(&self.diags, &self.program.sources, style));
            }
        }
        if errors { Err(Stop::Errors) } else { Ok(()) }
    }

    /// The problems as a person sees them, without colour.
    pub fn problems(&self) -> String {
        render::report(&self.diags, &self.program.sources, render::Style::default())
    }

    /// Adds a problem.
    pub fn push(&mut self, problem: Diagnostic) {
        self.diags.push(problem);
    }
}

/// Where a first file that is a link leads: paths are relative to the file, wherever it is linked.
fn behind_link(path: Utf8PathBuf) -> Utf8PathBuf {
    match path.symlink_metadata() {
        Ok(metadata) if metadata.is_symlink() => path.canonicalize_utf8().unwrap_or(path),
        _ => path,
    }
}

/// A configuration that is not there.
fn missing(path: &Utf8Path) -> Diagnostic {
    let problem = Diagnostic::placeless("cannot-read", format!("there is no file `{path}`"));
    let folder = path.parent().filter(|folder| !folder.as_str().is_empty());
    let near = import::near_path(Utf8Path::new(""), path);
    problem.maybe_help(match (near, folder) {
        (Some(near), _) => Some(format!("did you mean `{}`?", near.trim_matches('"'))),
        (None, Some(folder)) if path.file_name() == Some(FILE) && files::kind(folder).is_ok() => {
            Some(format!("`hcc init {folder}` writes a small one"))
        }
        _ => None,
    })
}

/// The name of a configuration's first file.
pub const FILE: &str = "hcc.kdl";

/// The configuration that the command line, the folder or the environment names.
fn find(global: &Global) -> Result<Utf8PathBuf, Stop> {
    if let Some(path) = locate(global) {
        return Ok(path);
    }
    let last = applied_last();
    if let Some(path) = last.as_ref().filter(|path| files::kind(path).is_ok()) {
        if !global.quiet {
            say_once(&format!(
                "note: no configuration is here or named, so it is {}, which was applied last",
                files::shown(path)
            ));
        }
        return Ok(path.clone());
    }
    wrong("there is no configuration");
    let place = facts::config_home()
        .map_or_else(String::new, |path| format!(", and at {}", path.join("hcc").join(FILE)));
    say(&format!("  looked for {FILE} here and in every folder above, at $HCC_CONFIG{place}"));
    if let Some(gone) = last {
        say(&format!("  {}, which was applied last, is not there any more", files::shown(&gone)));
    }
    help("`hcc init` writes a small one; `--config FILE` names one");
    Err(Stop::Errors)
}

/// The first file of the configuration that this home was set up from.
fn applied_last() -> Option<Utf8PathBuf> {
    let Place { home, state, .. } = Place::quietly()?;
    let site = Site::open(&home, &state).ok()?;
    let number = site.current().ok()?.0;
    let config = manifest::config(&site.state, number).ok().filter(|path| !path.is_empty())?;
    Some(in_folder(Utf8PathBuf::from(config)))
}

/// A folder stands for the configuration's file in it.
fn in_folder(path: Utf8PathBuf) -> Utf8PathBuf {
    match files::kind(&path) {
        Ok(files::FileKind::Dir) => path.join(FILE),
        _ => path,
    }
}

/// How a command names a configuration from here, behind its other words: by nothing where it is
/// found by itself.
pub fn option(config: &Utf8Path) -> String {
    let here = facts::current_folder().unwrap_or_default();
    let config = files::normal(&here.join(config));
    let same = |found: Utf8PathBuf| files::identity(&here.join(found)) == files::identity(&config);
    if found().is_some_and(same) {
        return String::new();
    }
    let path = config.strip_prefix(&here).unwrap_or(&config);
    let folder = path.parent().filter(|own| !own.as_str().is_empty());
    let path = folder.filter(|_| path.file_name() == Some(FILE)).unwrap_or(path);
    format!(" --config {}", quote::shell(path.as_str()))
}

fn locate(global: &Global) -> Option<Utf8PathBuf> {
    global.config.clone().map(in_folder).or_else(found)
}

/// The configuration that the folder or the environment names.
fn found() -> Option<Utf8PathBuf> {
    if let Some(folder) = facts::current_folder() {
        for (depth, above) in folder.ancestors().enumerate() {
            let path = above.join(FILE);
            if files::kind(&path).is_ok() {
                return Some(if depth == 0 { Utf8PathBuf::from(FILE) } else { path });
            }
        }
    }
    if let Some(path) = facts::config_variable() {
        return Some(in_folder(path));
    }
    facts::config_home()
        .map(|folder| folder.join("hcc").join(FILE))
        .filter(|path| files::kind(path).is_ok())
}
