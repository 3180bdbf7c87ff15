//! Where the packages are, which they are, and where they go: what one would have to say on stow's
//! command line.

use std::fs;
use std::io;

use camino::{Utf8Path, Utf8PathBuf};

use super::layout::{Layout, Layouts};
use super::options::{Options, words};
use super::{Refused, Request, ignore};
use crate::diag::nearest;
use crate::emit::quote::shell;
use crate::files;
use crate::import::report::Report;

/// The file of stow's options.
const OPTIONS: &str = ".stowrc";

/// Everything that is to be read.
pub struct Found {
    /// Folders of packages.
    pub folders: Vec<Folder>,
    /// What other tool's layout this is, if it is read all the same.
    pub layout: Option<String>,
}

/// A folder of packages.
pub struct Folder {
    /// The folder, absolute.
    pub path: Utf8PathBuf,
    /// Where its packages go, absolute; and the same below the home, empty for the home.
    target: (Utf8PathBuf, String),
    /// Packages that go elsewhere.
    elsewhere: Vec<(String, (Utf8PathBuf, String))>,
    /// What stow is told.
    pub options: Options,
    /// Its packages.
    pub packages: Vec<String>,
    /// What its packages' modules are called by, where there are several such folders.
    prefix: Option<String>,
}

impl Folder {
    /// Where a package goes: absolute, and below the home.
    pub fn target_of(&self, package: &str) -> (&Utf8Path, &str) {
        let own = self.elsewhere.iter().find(|(name, _)| name == package);
        let (target, home) = own.map_or(&self.target, |(_, own)| own);
        (target, home)
    }

    /// The name of a package's module.
    pub fn module(&self, package: &str) -> String {
        let name = match package {
            "." => self.path.file_name().unwrap_or("dotfiles"),
            name => name,
        };
        match &self.prefix {
            Some(prefix) if package == "." => prefix.clone(),
            Some(prefix) => format!("{prefix}/{name}"),
            None => name.to_owned(),
        }
    }
}

/// Looks for the packages of a repository.
///
/// # Errors
/// What keeps them from being found.
pub fn find(request: &Request<'_>, report: &mut Report) -> Result<Found, Vec<Refused>> {
    let root = request.folder;
    look(root).map_err(|refused| vec![refused])?;
    let mut shared = Options::default();
    let home_rc = request.home.join(OPTIONS);
    // The same file twice says everything twice, as it does for stow; nothing comes of it.
    read_options(&home_rc, &mut shared, report);
    // What the home says of a folder of packages is about the folder that is said there.
    shared.dir = None;

    let mut several = Vec::new();
    if !root.join(OPTIONS).is_file() && request.packages.is_empty() {
        several = inner(root);
    }
    let (roots, layouts) = (several.iter().map(|name| root.join(name)), Layouts::new());
    let roots: Vec<Utf8PathBuf> = match several.is_empty() {
        true => vec![root.to_owned()],
        false => roots.collect(),
    };
    let mut found = Found { folders: Vec::new(), layout: None };
    let mut refused = Vec::new();
    for (at, path) in roots.iter().enumerate() {
        let mut options = shared.clone();
        read_options(&path.join(OPTIONS), &mut options, report);
        options.dotfiles |= request.dotfiles;
        let finder = Finder { request, layouts: &layouts, options, prefix: several.get(at) };
        match finder.folder(path, report) {
            Ok((folder, layout)) => {
                found.folders.extend(folder);
                found.layout = found.layout.or(layout);
            }
            Err(more) => refused.extend(more),
        }
    }
    if refused.is_empty() { Ok(found) } else { Err(refused) }
}

/// Says why a repository cannot be looked into.
fn look(root: &Utf8Path) -> Result<(), Refused> {
    let found = fs::metadata(root).and_then(|found| match found.is_dir() {
        true => fs::read_dir(root).map(|_| true),
        false => Ok(false),
    });
    match found {
        Ok(true) => Ok(()),
        Ok(false) => Err(Refused::new(
            format!("{root} is not a folder"),
            "name the folder that the packages are in",
        )),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let near = crate::syntax::import::near_path(Utf8Path::new(""), root);
            let help = near.map(|near| format!("did you mean {near}?"));
            Err(Refused { message: format!("there is no folder {root}"), help })
        }
        Err(error) if files::is_loop(&error) => Err(Refused::new(
            format!("{root} is a link that leads back to itself"),
            "name the folder that the packages are in",
        )),
        Err(error) => {
            let help = match error.kind() {
                io::ErrorKind::PermissionDenied => Some(format!("allow it: chmod u+rx {root}")),
                _ => None,
            };
            let message = format!("{root} cannot be read: {}", files::reason(&error));
            Err(Refused { message, help })
        }
    }
}

fn read_options(path: &Utf8Path, options: &mut Options, report: &mut Report) {
    let text = match fs::read(path) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return,
        Err(error) => {
            report.left(path.as_str(), format!("cannot be read: {}", files::reason(&error)), None);
            return;
        }
    };
    for word in options.read(&words(&text)) {
        report.left(path.as_str(), format!("stow has no option `{word}`"), None);
    }
}

/// Folders with options of their own that hold packages, in a repository without options.
fn inner(root: &Utf8Path) -> Vec<String> {
    let is_stow = |name: &String| {
        let path = root.join(name);
        // A package may bring such a file to the home: then it stands among other hidden names.
        path.join(OPTIONS).is_file()
            && list(&path).iter().any(|(name, dir)| *dir && !name.starts_with('.'))
    };
    list(root)
        .into_iter()
        .filter(|(name, is_dir)| *is_dir && !name.starts_with('.'))
        .map(|(name, _)| name)
        .filter(is_stow)
        .collect()
}

/// Names in a folder, sorted, and whether each is a folder, or a link to one.
fn list(folder: &Utf8Path) -> Vec<(String, bool)> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut list: Vec<(String, bool)> = entries
        .filter_map(|entry| {
            let is_dir = fs::metadata(entry.path()).is_ok_and(|own| own.is_dir());
            Some((entry.file_name().into_string().ok()?, is_dir))
        })
        .collect();
    list.sort();
    list
}

/// Looks at one folder.
struct Finder<'a> {
    request: &'a Request<'a>,
    layouts: &'a Layouts,
    options: Options,
    prefix: Option<&'a String>,
}

type Outcome = Result<(Option<Folder>, Option<String>), Vec<Refused>>;

impl Finder<'_> {
    fn folder(mut self, root: &Utf8Path, report: &mut Report) -> Outcome {
        let path = self.packages_folder(root, report);
        let target = self.target(root, &path, report);
        let home = self.request.home;
        // A folder that is not on this machine is the home on another one, most likely.
        let at_home = below_home(&target, home).map_or(!target.is_dir(), |below| below.is_empty());
        let (named, mut layout) = match self.request.packages {
            [] => self.all(&path, at_home, report)?,
            named => (self.named(&path, named)?, None),
        };
        let (mut packages, mut elsewhere) = (Vec::new(), Vec::new());
        let mut refused = Vec::new();
        for name in named {
            let own = self.request.targets.iter().find(|(own, _)| *own == name);
            let to = own.map_or(&target, |(_, to)| to);
            if let Some(why) = unfit(to, &path, &name) {
                if !refused.contains(&why) {
                    refused.push(why);
                }
                continue;
            }
            match below_home(to, home) {
                Some(below) => {
                    if own.is_some() {
                        elsewhere.push((name.clone(), (to.clone(), below)));
                    }
                    packages.push(name);
                }
                None => report.left(
                    self.shown(&path, &name),
                    format!("it is laid out for {to}, outside the home"),
                    Some(match to.is_dir() {
                        true => "say it for the machine: `system { file \"/...\" source=\"...\" }`",
                        false => "there is no such folder here: `--target DIR` says another",
                    }),
                ),
            }
        }
        if !refused.is_empty() {
            return Err(refused);
        }
        let below = below_home(&target, home).unwrap_or_default();
        let target = (target, below);
        if packages.is_empty() {
            return Ok((None, layout.take()));
        }
        let options = std::mem::take(&mut self.options);
        let prefix = self.prefix.cloned();
        Ok((Some(Folder { path, target, elsewhere, options, packages, prefix }), layout))
    }

    /// The folder of the packages: `--dir`, or the one that has the options.
    fn packages_folder(&self, root: &Utf8Path, report: &mut Report) -> Utf8PathBuf {
        let Some(said) = &self.options.dir else { return root.to_owned() };
        match self.request.environment.expand(said) {
            Ok(path) => {
                let path = files::normal(&root.join(path));
                if path.is_dir() {
                    return path;
                }
                report.note(format!("`--dir={said}` is no folder here; {root} was read instead"));
            }
            Err(why) => report
                .note(format!("`--dir={said}` leads nowhere, for {why}; {root} was read instead")),
        }
        root.to_owned()
    }

    /// Where packages go: as it is said, else the home.
    fn target(&self, root: &Utf8Path, path: &Utf8Path, report: &mut Report) -> Utf8PathBuf {
        let home = self.request.home;
        if let Some(target) = self.request.target {
            return files::normal(target);
        }
        match self.options.target.as_ref().map(|said| (said, self.request.environment.expand(said)))
        {
            Some((_, Ok(target))) => return files::normal(&root.join(target)),
            Some((said, Err(why))) => {
                report.note(format!(
                    "`--target={said}` leads nowhere, for {why}; it is taken to be the home"
                ));
                return home.to_owned();
            }
            None => {}
        }
        let parent = path.parent().unwrap_or(path);
        if below_home(parent, home).as_deref() != Some("") {
            report.note(format!(
                "stow would lay the packages out in {parent} unless told otherwise; they were taken for the home (`--target DIR` says another folder)"
            ));
        }
        home.to_owned()
    }

    /// The packages that were asked for.
    fn named(&self, path: &Utf8Path, named: &[String]) -> Result<Vec<String>, Vec<Refused>> {
        let (mut packages, mut refused) = (Vec::new(), Vec::new());
        for said in named {
            let name = said.trim_end_matches('/');
            if name.contains('/') || name == ".." {
                refused.push(Refused::new(
                    format!("a package is a folder in {path}, found the path `{said}`"),
                    "name the folder that it is in first: `hcc import stow FOLDER PACKAGE`",
                ));
            } else if !path.join(name).is_dir() {
                let list = list(path);
                let dirs = list.iter().filter(|(_, dir)| *dir).map(|(name, _)| name.as_str());
                let help = nearest(name, dirs).map(|near| format!("did you mean `{near}`?"));
                let message = format!("there is no package `{name}` in {path}");
                refused.push(Refused { message, help });
            } else if !packages.iter().any(|own| own == name) {
                packages.push(name.to_owned());
            }
        }
        if refused.is_empty() { Ok(packages) } else { Err(refused) }
    }

    /// All that look like packages; the repository as one if it is laid out so.
    fn all(
        &self,
        path: &Utf8Path,
        at_home: bool,
        report: &mut Report,
    ) -> Result<(Vec<String>, Option<String>), Vec<Refused>> {
        let names = list(path);
        let dirs = names.iter().filter(|(name, dir)| *dir && !name.starts_with('.'));
        let dirs: Vec<&String> = dirs.map(|(name, _)| name).collect();
        // What is laid out for a folder of its own was named.
        let is_named = |name: &String| self.request.targets.iter().any(|(own, _)| own == name);
        let any_named = dirs.iter().any(|name| is_named(name));
        if !at_home && !any_named && is_laid_out_inside(path, &dirs) {
            return Ok((self.one(report), None));
        }
        let (packages, others): (Vec<&String>, Vec<&String>) = dirs
            .into_iter()
            .partition(|name| !at_home || is_named(name) || self.is_package(path, name));
        let dotted = names.iter().map(|(name, _)| name);
        let dotted: Vec<&String> =
            dotted.filter(|name| self.is_dotted(name) && !self.layouts.is_own(name)).collect();
        // Its rules, beside the repository's files, are those of one package.
        let has_rules = names.iter().any(|(name, _)| name == ignore::LOCAL);
        let layout = self.layouts.of(path).filter(|own| match own.reads_as.as_deref() {
            Some(".") | None => true,
            Some(package) => packages.len() == 1 && packages.iter().all(|own| *own == package),
        });
        let has_options = names.iter().any(|(name, _)| name == OPTIONS);
        if let Some(layout) = layout.filter(|own| !own.is_guess && !has_options && !has_rules) {
            return match layout.reads_as.clone() {
                Some(package) => Ok((vec![package], Some(layout.name))),
                None => Err(vec![refused(path, &layout)]),
            };
        }
        if !dotted.is_empty() && (packages.is_empty() || has_rules) {
            return Ok((self.one(report), None));
        }
        if packages.is_empty() {
            return Err(vec![self.nothing(path, &others)]);
        }
        for name in others {
            let (why, help) = match self.waits_for_dots(path, name) {
                true => ("its names begin with `dot-`", "say `--dotfiles`"),
                false => (
                    "it does not look like a package: nothing at its top begins with a dot",
                    "if it is one, name the packages that shall be taken",
                ),
            };
            report.left(self.shown(path, name), why, Some(help));
        }
        for name in dotted {
            report.left(
                self.shown(path, name),
                "it is in no package",
                Some("if the repository is laid out as the home is, name `.` as its one package"),
            );
        }
        Ok((packages.into_iter().cloned().collect(), None))
    }

    fn nothing(&self, path: &Utf8Path, others: &[&String]) -> Refused {
        if let Some(layout) = self.layouts.of(path).filter(|own| own.reads_as.is_none()) {
            return refused(path, &layout);
        }
        if others.iter().any(|name| self.waits_for_dots(path, name)) {
            return Refused::new(
                format!(
                    "there is no package in {path}: no folder of it holds anything that begins with a dot"
                ),
                "names there begin with `dot-`: say `--dotfiles`",
            );
        }
        Refused::new(
            format!(
                "there is no package in {path}: no folder of it holds anything that begins with a dot"
            ),
            match (others.iter().find(|name| self.holds_packages(&path.join(name))), others.first())
            {
                (Some(name), _) => format!(
                    "those in {name} look like some: hcc import stow {}",
                    shell(path.join(name).as_str())
                ),
                (None, Some(name)) => {
                    format!("name the packages if there are some: `hcc import stow {path} {name}`")
                }
                (None, None) => {
                    "a package is a folder laid out as the home is, such as `zsh/.zshrc`".to_owned()
                }
            },
        )
    }

    /// The repository as one package.
    fn one(&self, report: &mut Report) -> Vec<String> {
        report.note("the repository was read as one package, as `stow .` reads it; name the packages if it has some");
        vec![".".to_owned()]
    }

    /// A package as the report says it.
    fn shown(&self, path: &Utf8Path, name: &str) -> String {
        match super::relative(self.request.base(), &files::normal(&path.join(name))) {
            own if own.is_empty() => ".".to_owned(),
            own => own,
        }
    }

    /// Whether a folder would be a package with `--dotfiles`.
    fn waits_for_dots(&self, path: &Utf8Path, name: &str) -> bool {
        !self.options.dotfiles
            && list(&path.join(name)).iter().any(|(name, _)| name.starts_with("dot-"))
    }

    fn is_dotted(&self, name: &str) -> bool {
        name.starts_with('.') || (self.options.dotfiles && name.starts_with("dot-"))
    }

    /// Whether most folders in a folder are laid out as a home is.
    fn holds_packages(&self, folder: &Utf8Path) -> bool {
        let names = list(folder);
        let dirs = names.iter().filter(|(name, is_dir)| *is_dir && !name.starts_with('.'));
        let (packages, others): (Vec<_>, Vec<_>) =
            dirs.partition(|(name, _)| self.is_package(folder, name));
        packages.len() > others.len()
    }

    /// Whether a folder is laid out as a home is, or is linked from this one.
    fn is_package(&self, path: &Utf8Path, name: &str) -> bool {
        let folder = path.join(name);
        list(&folder).iter().any(|(name, is_dir)| {
            self.is_dotted(name) && !self.layouts.is_noise(name)
                || *is_dir && self.layouts.is_of_homes(name)
                || is_linked(&self.request.home.join(name), &folder.join(name))
        })
    }
}

/// Whether a repository for a folder such as `~/.config` is one package: then most of its folders
/// are programs' own, with files in them, where packages would hold such folders.
fn is_laid_out_inside(path: &Utf8Path, dirs: &[&String]) -> bool {
    let has_file = |name: &&&String| {
        let has = |(name, is_dir): &(String, bool)| !is_dir && !name.starts_with('.');
        list(&path.join(name)).iter().any(has)
    };
    dirs.iter().filter(has_file).count() * 2 > dirs.len()
}

/// Whether a path is a link, and to a file or folder that is given.
fn is_linked(path: &Utf8Path, to: &Utf8Path) -> bool {
    path.is_symlink()
        && path.canonicalize().is_ok_and(|there| to.canonicalize().is_ok_and(|to| to == there))
}

fn refused(path: &Utf8Path, layout: &Layout) -> Refused {
    Refused::new(
        format!("{path} is laid out for {}, not for stow: it holds `{}`", layout.name, layout.mark),
        layout.help.clone(),
    )
}

/// Why a package cannot be laid out for a path.
fn unfit(target: &Utf8Path, folder: &Utf8Path, package: &str) -> Option<Refused> {
    let help = "`--target DIR` says the folder that the packages are laid out for, such as `~`";
    if target.exists() && !target.is_dir() {
        return Some(Refused::new(format!("the target {target} is not a folder"), help));
    }
    let own = files::normal(&folder.join(package));
    files::identity(target).starts_with(files::identity(&own)).then(|| {
        Refused::new(
            format!("the target {target} is in the package that would be linked there"),
            help,
        )
    })
}

/// A folder's path below the home, by its letters or by what it leads to.
fn below_home(path: &Utf8Path, home: &Utf8Path) -> Option<String> {
    let below = |path: &Utf8Path, home: &Utf8Path| {
        path.strip_prefix(home).ok().map(|rest| rest.to_string())
    };
    below(path, home).or_else(|| below(&files::identity(path), &files::identity(home)))
}
