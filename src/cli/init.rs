//! `hcc init`

use std::fs;
use std::io::Write;

use camino::{Utf8Path, Utf8PathBuf};
use clap::Args;
use serde_json::json;

use super::session::{self, FILE, Session};
use super::{Global, Status, Stop, help, print_json, say, wrong};
use crate::eval::facts::Machine;
use crate::facts;
use crate::files::shown;
use crate::import::home::Rules;
use crate::import::lift::Shelf;
use crate::import::page::{self, Item};
use crate::syntax::tree::Scalar;

/// Write a small configuration for this machine
///
/// Nothing that exists is overwritten.
#[derive(Debug, Args)]
pub struct Init {
    /// The folder; by default ~/.config/hcc
    #[arg(value_name = "DIR")]
    folder: Option<Utf8PathBuf>,
}

impl Init {
    /// Runs it.
    pub fn run(&self, global: &Global) -> Status {
        let folder =
            self.folder.clone().or_else(|| facts::config_home().map(|home| home.join("hcc")));
        let Some(folder) = folder else {
            wrong("$HOME is not set");
            return Err(Stop::Usage);
        };
        let path = folder.join(FILE);
        let failed = |error: std::io::Error| {
            if error.kind() == std::io::ErrorKind::AlreadyExists {
                wrong(&format!("{path} exists already"));
                help("name another folder, `hcc init DIR`, or look at this one: `hcc check`");
                return Stop::Decide;
            }
            wrong(&format!("cannot write {path}: {}", crate::syntax::import::reason(&error)));
            Stop::Failed
        };
        fs::create_dir_all(&folder).map_err(failed)?;
        let mut file =
            fs::OpenOptions::new().write(true).create_new(true).open(&path).map_err(failed)?;
        let (text, kept) = text(facts::home().as_deref());
        file.write_all(text.as_bytes()).map_err(failed)?;
        let standing = standing(&path, kept);
        if global.json {
            return print_json(
                &json!({"version": crate::ir::VERSION, "wrote": path, "standing": standing}),
            );
        }
        if !global.quiet {
            say(&format!("Wrote {path}"));
            say(&format!("Look at what it makes: hcc compile{}", session::option(&path)));
            if !standing.is_empty() {
                let paths: Vec<_> =
                    standing.iter().map(|path| shown(&format!("~/{path}")).into_owned()).collect();
                say(&format!("What stands in your home already is not in it: {}", paths.join(" ")));
                let out = match &self.folder {
                    Some(folder) => {
                        format!(" --out {}", crate::emit::quote::shell(folder.as_str()))
                    }
                    None => String::new(),
                };
                say(&format!(
                    "To begin with that instead: hcc import home --force{out}; to add a file: hcc adopt PATH"
                ));
            }
        }
        Ok(())
    }
}

/// What stands in the home of the programs that the configuration at a path sets up.
fn standing(path: &Utf8Path, kept: Vec<String>) -> Vec<String> {
    let (Some(home), machine) = (facts::home(), facts::machine()) else { return Vec::new() };
    let mut session = Session::load(path, machine);
    let hosts = session.program.structure.hosts.clone();
    let mut found: std::collections::BTreeSet<String> = kept.into_iter().collect();
    let rules = Rules::new();
    for one in hosts.iter().flat_map(|host| session.compile(host, None)) {
        for file in &one.document.files {
            // What a program reads elsewhere too counts as much.
            let program = rules.program(&file.path);
            let known = rules.known.iter().filter(|own| Some(&*own.program) == program);
            found.extend(known.map(|own| own.path.clone()));
            found.insert(file.path.clone());
        }
    }
    found.retain(|path| home.join(path).symlink_metadata().is_ok_and(|own| own.is_file()));
    found.into_iter().collect()
}

/// This machine and its user, as a configuration says them.
pub(super) fn host(machine: &Machine) -> Item {
    let facts = &machine.host;
    let mut host = Item::new("host").arg(&*facts.name);
    host = host.prop("os", facts.os.as_deref().unwrap_or("linux"));
    if let Some(distro) = facts.distro.as_deref() {
        host = host.prop("distro", distro);
    }
    if facts.wsl {
        host = host.prop("wsl", Scalar::Bool(true));
    }
    let name = machine
        .user
        .name
        .as_str()
        .replace(|c: char| !c.is_alphanumeric() && !matches!(c, '-' | '_' | '.'), "-");
    let name = if name.is_empty() || name.starts_with(['-', '.']) { "me".to_owned() } else { name };
    let user = Item::new("user").arg(&*name).prop("home", &*machine.user.home);
    Item { open: true, ..host.child(user) }
}

/// The configuration: what has a file in the home already is not enabled, for that file would be
/// replaced. And those files, below the home.
fn text(home: Option<&Utf8Path>) -> (String, Vec<String>) {
    let machine = facts::machine();
    let host = page::write(&[host(&machine)]);
    let rules = Rules::new();
    let shelf = Shelf::new(&Session::shelf(machine).program.schema);
    let written = |program: &str| -> Vec<String> {
        let Some(home) = home else { return Vec::new() };
        let known = rules.known.iter().map(|own| (own.path.clone(), own.program.clone()));
        let of_targets = shelf.known().map(|own| (own.path, own.program));
        let mut paths: Vec<String> = known
            .chain(of_targets)
            .filter(|(path, own)| own == program && has_text(&home.join(path)))
            .map(|(path, _)| path)
            .collect();
        paths.sort();
        paths.dedup();
        paths
    };
    let shell =
        facts::shell().filter(|shell| crate::schema::library::has(&format!("programs.{shell}")));
    let mut programs = String::new();
    let mut reached = false;
    let mut kept = Vec::new();
    if let Some(shell) = &shell {
        let found = written(shell);
        reached = found.is_empty();
        match reached {
            true => programs.push_str(&format!("    {shell}\n")),
            false => programs.push_str(&standing_note(shell, &found)),
        }
        kept.extend(found);
    }
    let git = written("git");
    if git.is_empty() {
        programs.push_str(
            r#"    git {
        enable
        // user name="Your Name" email="you@example.org"
        settings { init defaultBranch="main" }
    }
"#,
        );
    } else {
        programs.push_str(&standing_note("git", &git));
        kept.extend(git);
    }
    // Without a shell that is set up nobody would know them.
    let known = if reached { "" } else { "// " };
    let text = format!(
        r#"// The machines this describes. `hcc compile` shows what is generated, `hcc options` what
// there is to say.
hcc version=1

{host}
// What stands here is for all hosts and users; `module "NAME"` and `use` are for some.
home {{
    // packages "ripgrep" "fd"
    {known}session-variables PAGER="less"
    {known}shell-aliases ll="ls -l"
}}

programs {{
{programs}}}
"#
    );
    (text, kept)
}

/// Why a program is not enabled, and the two ways to go on.
fn standing_note(program: &str, found: &[String]) -> String {
    let list: Vec<_> = found.iter().map(|path| shown(&format!("~/{path}")).into_owned()).collect();
    let (files, them) = if found.len() == 1 { ("is", "it") } else { ("are", "them") };
    format!(
        "    // {} {files} yours, and `{program}` would write {them} anew: `hcc import home --lift --force`\n    // brings what is there; or say all of it here, `{program} {{ enable }}`.\n",
        list.join(", ")
    )
}

/// Whether a file says anything.
fn has_text(path: &Utf8Path) -> bool {
    let file = path.metadata().is_ok_and(|own| own.is_file());
    file && crate::files::read(path).is_ok_and(|bytes| !bytes.trim_ascii().is_empty())
}
