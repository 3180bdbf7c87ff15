//! Package managers: what each is asked, and how it is told. A manager is a protocol, as a format
//! is; which packages there are is none of this file's business.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};

use crate::apply::command::{Environment, Outcome};

/// One manager.
#[derive(Clone, Copy, Debug)]
pub struct Manager {
    /// Its name in the IR, and in `templates/tables/managers.kdl`.
    pub name: &'static str,
    /// Its program; the first of these that is found stands for the first in the commands below.
    pub programs: &'static [&'static str],
    /// Folders in which the program may be, where `PATH` does not find it.
    pub folders: &'static [&'static str],
    /// Whether it needs root.
    pub root: Root,
    /// Prints all that is installed; changes nothing.
    pub list: &'static [&'static str],
    /// The names in what that printed, in the form that `plain` gives them, each with the word that
    /// takes it away.
    pub read: fn(&str) -> BTreeMap<String, String>,
    /// A name as it is asked for, without what only says where to find it.
    pub plain: fn(&str) -> String,
    /// Installs the names behind it.
    pub install: &'static [&'static str],
    /// What stands before each name.
    pub word: Word,
    /// Reads the lists of what there is again, if installing does not do so itself.
    pub refresh: Option<&'static [&'static str]>,
    /// How it is asked what it offers, if it says that for sure.
    pub offers: Option<Asked>,
    /// Whether what it said when it could not install one name is that there is none of it.
    pub lacks: fn(&Outcome, &str) -> bool,
    /// Takes the name behind it away, and fails where another package needs it.
    pub remove: &'static [&'static str],
    /// The same, with its configuration.
    pub zap: &'static [&'static str],
}

/// What a manager offers: plain names, each with whether it can be installed. A name that is not
/// among them is not known to it.
pub type Offers = BTreeMap<String, bool>;

/// How a manager is asked what it offers.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    /// Prints what is offered of the names behind it; changes nothing.
    pub ask: &'static [&'static str],
    /// What that said of these names; none if it could not tell.
    pub read: fn(&Outcome, &[String]) -> Option<Offers>,
    /// When it is asked.
    pub when: When,
}

/// When a manager is asked what it offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// Of all that is missing, before anything is installed: its lists are at hand. If hcc does not
    /// renew them, this command of the user's does.
    First(Option<&'static str>),
    /// Of what could not be installed, name by name.
    Failed,
}

/// A manager's program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// How it is called.
    pub word: String,
    /// Its folder, if `PATH` does not have it.
    pub folder: Option<Utf8PathBuf>,
}

impl Program {
    /// A command of its manager, with the program that was found in its place.
    pub fn argv(&self, manager: &Manager, words: &[&str]) -> Vec<String> {
        let first = manager.programs.first();
        let word =
            |word: &&str| if Some(word) == first { self.word.clone() } else { (*word).to_owned() };
        words.iter().map(word).collect()
    }

    /// The environment in which it also finds what stands beside it.
    pub fn environment(&self, base: &Environment) -> Environment {
        let mut environment = base.clone();
        if let Some(folder) = &self.folder
            && let Some((_, path)) =
                environment.variables.iter_mut().find(|(name, _)| name == "PATH")
        {
            *path = format!("{folder}:{path}");
        }
        environment
    }
}

/// Whether root is needed, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Root {
    /// It is not.
    No,
    /// It is, for this.
    Needed(&'static str),
    /// The manager may ask for a password itself, for this.
    May(&'static str),
}

/// How a name stands in a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// As it is.
    Name,
    /// Behind this option, each.
    Option(&'static str),
    /// Behind this prefix, unless it says itself where it comes from.
    From(&'static str),
}

const MACHINE: Root = Root::Needed("it installs for the whole machine");

/// The managers of applications.
pub const CASK: Root = Root::May("installers of applications may write outside of the home");

/// Where brew is installed: <https://docs.brew.sh/Installation>.
const BREW: &[&str] = &["/opt/homebrew/bin", "/usr/local/bin", "/home/linuxbrew/.linuxbrew/bin"];

/// All of them. Commands that take away are the ones that never take anything else along: what
/// depends on a package may have been there before it.
pub static MANAGERS: &[Manager] = &[
    Manager {
        name: "apt",
        programs: &["apt-get"],
        folders: &[],
        root: MACHINE,
        list: &["dpkg-query", "-W", "-f", "${db:Status-Abbrev} ${Package}\n"],
        read: dpkg,
        plain: deb,
        // Waits for another run of apt; a name that does not exist is not taken for a pattern; a
        // configuration that is there already stays.
        install: &[
            "env",
            "DEBIAN_FRONTEND=noninteractive",
            "apt-get",
            "install",
            "-y",
            "-o",
            "DPkg::Lock::Timeout=60",
            "-o",
            "APT::Cmd::Pattern-Only=true",
            "-o",
            "Dpkg::Options::=--force-confold",
        ],
        word: Word::Name,
        refresh: Some(&["apt-get", "update"]),
        offers: Some(Asked {
            ask: &["env", "LC_ALL=C", "apt-cache", "policy"],
            read: apt,
            when: When::First(None),
        }),
        lacks: never,
        remove: &["dpkg", "--remove"],
        zap: &["dpkg", "--purge"],
    },
    Manager {
        name: "dnf",
        programs: &["dnf"],
        folders: &[],
        root: MACHINE,
        list: RPM,
        read: lines,
        plain: whole,
        install: &["dnf", "install", "-y"],
        word: Word::Name,
        refresh: None,
        offers: Some(Asked {
            // Without its lists it prints nothing and ends well: its own name shows that it has them.
            ask: &["dnf", "repoquery", "--quiet", "--qf", "%{name}\n", RPM_ITSELF],
            read: repoquery,
            when: When::Failed,
        }),
        lacks: never,
        remove: &["rpm", "-e"],
        zap: &["rpm", "-e"],
    },
    Manager {
        name: "zypper",
        programs: &["zypper"],
        folders: &[],
        root: MACHINE,
        list: RPM,
        read: lines,
        plain: whole,
        install: &["zypper", "--non-interactive", "install"],
        word: Word::Name,
        refresh: None,
        offers: None,
        lacks: zypper,
        remove: &["rpm", "-e"],
        zap: &["rpm", "-e"],
    },
    Manager {
        name: "pacman",
        programs: &["pacman"],
        folders: &[],
        root: MACHINE,
        list: &["pacman", "-Qq"],
        read: lines,
        plain: behind_slash,
        install: &["pacman", "-S", "--needed", "--noconfirm"],
        word: Word::Name,
        // `-Sy` without `-u` is a partial upgrade, which Arch does not support.
        refresh: None,
        // Groups and what packages provide count, as for `-S`.
        offers: Some(Asked {
            ask: &["env", "LC_ALL=C", "pacman", "-Sp", "--noconfirm", "--print-format", "%n"],
            read: pacman,
            when: When::First(Some("pacman -Syu")),
        }),
        lacks: never,
        remove: &["pacman", "-R", "--noconfirm"],
        zap: &["pacman", "-Rn", "--noconfirm"],
    },
    Manager {
        name: "apk",
        programs: &["apk"],
        folders: &[],
        root: MACHINE,
        list: &["apk", "info"],
        read: lines,
        plain: alpine,
        install: &["apk", "add", "--update-cache"],
        word: Word::Name,
        refresh: None,
        offers: None,
        lacks: apk,
        remove: &["apk", "del"],
        zap: &["apk", "del", "--purge"],
    },
    Manager {
        name: "xbps",
        programs: &["xbps-install"],
        folders: &[],
        root: MACHINE,
        list: &["xbps-query", "-l"],
        read: xbps,
        plain: whole,
        install: &["xbps-install", "-Sy"],
        word: Word::Name,
        refresh: None,
        offers: None,
        lacks: xbps_lacks,
        remove: &["xbps-remove", "-y"],
        zap: &["xbps-remove", "-y"],
    },
    Manager {
        name: "nix",
        programs: &["nix"],
        folders: &["/run/current-system/sw/bin", "/nix/var/nix/profiles/default/bin"],
        root: Root::No,
        list: &[
            "nix",
            "--extra-experimental-features",
            "nix-command flakes",
            "profile",
            "list",
            "--json",
        ],
        read: nix,
        plain: behind_hash,
        // Newer ones call it `add`, and still take this.
        install: &[
            "nix",
            "--extra-experimental-features",
            "nix-command flakes",
            "profile",
            "install",
        ],
        word: Word::From("nixpkgs#"),
        refresh: None,
        offers: None,
        lacks: nix_lacks,
        remove: &[
            "nix",
            "--extra-experimental-features",
            "nix-command flakes",
            "profile",
            "remove",
        ],
        zap: &["nix", "--extra-experimental-features", "nix-command flakes", "profile", "remove"],
    },
    Manager {
        name: "brew",
        programs: &["brew"],
        folders: BREW,
        root: Root::No,
        list: &["brew", "list", "--formula", "--full-name", "-1"],
        read: lines,
        plain: brew,
        install: &["brew", "install", "--formula"],
        word: Word::Name,
        refresh: None,
        offers: Some(Asked {
            ask: &["env", "HOMEBREW_NO_AUTO_UPDATE=1", "brew", "info", "--json=v2", "--formula"],
            read: brew_info,
            when: When::Failed,
        }),
        lacks: never,
        // Without this it would also take what it takes for no longer needed.
        remove: &["env", "HOMEBREW_NO_AUTOREMOVE=1", "brew", "uninstall", "--formula"],
        zap: &["env", "HOMEBREW_NO_AUTOREMOVE=1", "brew", "uninstall", "--formula"],
    },
    Manager {
        name: "cask",
        programs: &["brew"],
        folders: BREW,
        root: CASK,
        list: &["brew", "list", "--cask", "--full-name", "-1"],
        read: lines,
        plain: brew,
        install: &["brew", "install", "--cask"],
        word: Word::Name,
        refresh: None,
        offers: Some(Asked {
            ask: &["env", "HOMEBREW_NO_AUTO_UPDATE=1", "brew", "info", "--json=v2", "--cask"],
            read: brew_info,
            when: When::Failed,
        }),
        lacks: never,
        remove: &["brew", "uninstall", "--cask"],
        zap: &["brew", "uninstall", "--cask", "--zap"],
    },
    Manager {
        name: "vscode",
        programs: &["code", "codium"],
        folders: &[
            "/Applications/Visual Studio Code.app/Contents/Resources/app/bin",
            "/Applications/VSCodium.app/Contents/Resources/app/bin",
        ],
        root: Root::No,
        list: &["code", "--list-extensions"],
        read: lower_lines,
        plain: extension,
        install: &["code"],
        word: Word::Option("--install-extension"),
        refresh: None,
        offers: None,
        lacks: extension_lacks,
        remove: &["code", "--uninstall-extension"],
        zap: &["code", "--uninstall-extension"],
    },
];

/// The managers of what a Brewfile installs by itself.
pub const BREWS: &[&str] = &["brew", "cask"];

/// A package that every archive of RPM packages has.
const RPM_ITSELF: &str = "rpm";

const RPM: &[&str] = &["rpm", "-qa", "--qf", "%{NAME}\n"];

/// The manager of this name.
pub fn find(name: &str) -> Option<&'static Manager> {
    MANAGERS.iter().find(|manager| manager.name == name)
}

impl Manager {
    /// Its program, wherever it is.
    pub fn program(&self, environment: &Environment) -> Option<Program> {
        let inside = self.programs.iter().find(|name| environment.find(name).is_some());
        if let Some(name) = inside {
            return Some(Program { word: (*name).to_owned(), folder: None });
        }
        let beside = self.folders.iter().flat_map(|folder| {
            self.programs.iter().map(move |name| (folder, Utf8Path::new(folder).join(name)))
        });
        let mut beside = beside.filter(|(_, path)| environment.find(path.as_str()).is_some());
        let (folder, path) = beside.next()?;
        Some(Program { word: path.into_string(), folder: Some(Utf8PathBuf::from(*folder)) })
    }

    /// What installing is called in a report.
    pub fn installing(&self, names: &str) -> String {
        format!("install {names} by {}", self.name)
    }

    /// The words that stand for a name behind a command that installs.
    pub fn words(&self, name: &str) -> Vec<String> {
        match self.word {
            Word::Option(option) => vec![option.to_owned(), name.to_owned()],
            Word::From(prefix) if !name.contains(['#', ':']) => vec![format!("{prefix}{name}")],
            Word::Name | Word::From(_) => vec![name.to_owned()],
        }
    }

    /// Why a name cannot be handed to it, if it cannot: it would be taken for something else.
    pub fn refuses(&self, name: &str) -> Option<String> {
        let special = |c: char| c.is_whitespace() || c.is_control() || "*?[]|^$\\".contains(c);
        let what = if name.is_empty() {
            "it is empty"
        } else if name.starts_with('-') {
            "it begins with `-`, as an option does"
        } else if let Some(found) = name.chars().find(|c| special(*c)) {
            return Some(format!("no package has {found:?} in its name"));
        } else if self.name == "apt" && name.ends_with('-') {
            "apt removes a package whose name ends with `-`"
        } else {
            return None;
        };
        Some(what.to_owned())
    }
}

fn lines(text: &str) -> BTreeMap<String, String> {
    let names = text.lines().map(str::trim).filter(|name| !name.is_empty());
    names.map(|name| (name.to_owned(), name.to_owned())).collect()
}

fn lower_lines(text: &str) -> BTreeMap<String, String> {
    lines(text).into_iter().map(|(name, word)| (name.to_lowercase(), word)).collect()
}

/// `ii  hello`: the second letter is the state, `i` is installed (dpkg-query(1)).
fn dpkg(text: &str) -> BTreeMap<String, String> {
    let rows = text.lines().filter_map(|line| {
        let (state, name) = line.split_once(' ')?;
        (state.chars().nth(1) == Some('i')).then(|| name.trim().to_owned())
    });
    rows.map(|name| (name.clone(), name)).collect()
}

/// `hello:` and, below it, `  Candidate: 2.10-3`, which is `(none)` where nothing can be installed
/// (apt-cache(8)); nothing at all for a name that no list has.
fn apt(outcome: &Outcome, _: &[String]) -> Option<Offers> {
    let mut offers = Offers::new();
    let mut last = String::new();
    for line in outcome.stdout.lines() {
        if let Some(name) = line.strip_suffix(':').filter(|name| !name.starts_with(' ')) {
            last = deb(name);
            offers.entry(last.clone()).or_default();
        } else if let Some(version) = line.trim().strip_prefix("Candidate:")
            && let Some(known) = offers.get_mut(&last)
        {
            *known |= version.trim() != "(none)";
        }
    }
    outcome.ok().then_some(offers)
}

/// A name a line.
fn repoquery(outcome: &Outcome, _: &[String]) -> Option<Offers> {
    let names: Offers = lines(&outcome.stdout).into_keys().map(|name| (name, true)).collect();
    (outcome.ok() && names.contains_key(RPM_ITSELF)).then_some(names)
}

/// `error: target not found: hello` for each name that is not offered. Without lists none is.
fn pacman(outcome: &Outcome, names: &[String]) -> Option<Offers> {
    let said = || outcome.stderr.lines();
    let lacking: Vec<&str> = said()
        .filter_map(|line| line.strip_prefix("error: target not found: "))
        .map(str::trim)
        .collect();
    let has_lists = said().all(|line| !line.contains("database file for"));
    let offered = names.iter().filter(|name| !lacking.contains(&name.as_str()));
    (has_lists && (outcome.ok() || !lacking.is_empty()))
        .then(|| offered.map(|name| (name.clone(), true)).collect())
}

/// It ends well, or says of one name that there is none, which only counts if the network was there.
fn brew_info(outcome: &Outcome, names: &[String]) -> Option<Offers> {
    if outcome.ok() {
        return Some(names.iter().map(|name| (name.clone(), true)).collect());
    }
    let said = &outcome.stderr;
    let is_lacking = |name: &String| {
        said.contains(&format!("No available formula with the name \"{name}\""))
            || said
                .contains(&format!("Cask '{name}' is unavailable: No Cask with this name exists"))
    };
    (names.iter().all(is_lacking) && !said.contains("curl:")).then(Offers::new)
}

/// It is asked, or says nothing of it.
fn never(_: &Outcome, _: &str) -> bool {
    false
}

/// 104 is `ZYPPER_EXIT_INF_CAP_NOT_FOUND` (zypper(8)), also where it could not read its lists, which
/// it warns of.
fn zypper(outcome: &Outcome, _: &str) -> bool {
    let said = format!("{}{}", outcome.stdout, outcome.stderr);
    let has_lists =
        !said.contains("Skipping repository") && !said.contains("No repositories defined");
    outcome.status == Some(104) && has_lists
}

/// `  hello (no such package):`, which may also be said of what another one needs. Lists that could
/// not be read are warned of.
fn apk(outcome: &Outcome, name: &str) -> bool {
    let said = format!("{}\n{}", outcome.stdout, outcome.stderr);
    let mark = format!("{} (no such package)", alpine(name));
    said.lines().any(|line| line.trim_start().starts_with(&mark)) && !said.contains("WARNING:")
}

/// `Package 'hello' not found in repository pool.`
fn xbps_lacks(outcome: &Outcome, name: &str) -> bool {
    let said = format!("{}\n{}", outcome.stdout, outcome.stderr);
    said.contains(&format!("'{name}' not found in repository pool")) && !said.contains("[reposync]")
}

/// `error: flake 'flake:nixpkgs' does not provide attribute 'packages.x86_64-linux.hello', ...`, on
/// a line or two.
fn nix_lacks(outcome: &Outcome, _: &str) -> bool {
    outcome.stderr.contains("does not provide attribute")
}

/// `Extension 'a.b' not found.`
fn extension_lacks(outcome: &Outcome, name: &str) -> bool {
    let said = format!("{}\n{}", outcome.stdout, outcome.stderr);
    said.contains(&format!("Extension '{name}' not found."))
}

/// `ii hello-2.12_1   A program`: a package's version begins behind its last `-`.
fn xbps(text: &str) -> BTreeMap<String, String> {
    let rows = text.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        let installed = words.next()? == "ii";
        let (name, _) = words.next()?.rsplit_once('-')?;
        installed.then(|| (name.to_owned(), name.to_owned()))
    });
    rows.collect()
}

/// `{"elements": {"hello": {"attrPath": "legacyPackages.x86_64-linux.hello"}}}`; older ones have a
/// list of elements, which are taken away by that path.
fn nix(text: &str) -> BTreeMap<String, String> {
    let read: serde_json::Value = serde_json::from_str(text).unwrap_or_default();
    let path = |element: &serde_json::Value| {
        element.get("attrPath").and_then(|path| path.as_str()).map(str::to_owned)
    };
    // `legacyPackages.SYSTEM.NAME` and `packages.SYSTEM.NAME`; a name may have dots.
    let name = |path: &str| path.splitn(3, '.').nth(2).unwrap_or(path).to_owned();
    let mut found = BTreeMap::new();
    match read.get("elements") {
        Some(serde_json::Value::Object(elements)) => {
            for (key, element) in elements {
                found.insert(
                    path(element).map_or_else(|| key.clone(), |path| name(&path)),
                    key.clone(),
                );
            }
        }
        Some(serde_json::Value::Array(elements)) => {
            for path in elements.iter().filter_map(path) {
                found.insert(name(&path), path);
            }
        }
        _ => {}
    }
    found
}

fn whole(name: &str) -> String {
    name.to_owned()
}

/// `hello:i386`, `hello=2.10`, `hello/stable` are `hello`.
fn deb(name: &str) -> String {
    name.split([':', '=', '/']).next().unwrap_or(name).to_owned()
}

/// `hello=2.12`, `hello>2`, `hello@edge` are `hello`.
fn alpine(name: &str) -> String {
    name.split(['=', '<', '>', '~', '@']).next().unwrap_or(name).to_owned()
}

/// `Publisher.name@1.0` is `publisher.name`.
fn extension(name: &str) -> String {
    name.split('@').next().unwrap_or(name).to_lowercase()
}

/// `extra/hello` is `hello`.
fn behind_slash(name: &str) -> String {
    name.rsplit('/').next().unwrap_or(name).to_owned()
}

/// `nixpkgs#hello` is `hello`.
fn behind_hash(name: &str) -> String {
    name.rsplit('#').next().unwrap_or(name).to_owned()
}

/// What is in brew's own taps is called by its bare name; names are lower case.
fn brew(name: &str) -> String {
    let name = name.to_lowercase();
    let own = ["homebrew/core/", "homebrew/cask/"];
    own.iter().find_map(|tap| name.strip_prefix(tap)).map_or(name.clone(), str::to_owned)
}
