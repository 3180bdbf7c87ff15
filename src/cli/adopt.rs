//! `hcc adopt`

use camino::{Utf8Path, Utf8PathBuf};
use clap::Args;
use serde_json::json;

use super::here::{Applied, Ground};
use super::home::{Place, failed};
use super::import::home::{COPIES, copied};
use super::import::places::{Places, Secret, left};
use super::import::repo::{Put, Repo};
use super::session::Session;
use super::unified::unified;
use super::{Global, Named, Status, Stop, Who, difference, help, print, print_json, say, wrong};
use crate::apply::absorb::write_source;
use crate::diag::{SourceId, nearest};
use crate::files::{reason, shown};
use crate::import::home::Gathered;
use crate::import::page::{self, Item};
use crate::import::report::Report;
use crate::ir::{Content, Document, File};
use crate::syntax::edit::{self, Edit};
use crate::syntax::import::Texts;
use crate::syntax::parse;
use crate::syntax::tree::{Node, Scalar, Tree};

/// Take files of the home into the configuration
///
/// Each is copied beside the configuration, and a line that says it is added there: for this host
/// and user only, where the configuration is for several. `hcc apply` then makes what stands in the
/// home a link to the copy, which reads the same. All of it is done, or nothing. Secrets are
/// refused.
#[derive(Debug, Args)]
pub struct Adopt {
    /// Files and folders of the home
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<String>,
    /// The module that says it, for all who use that
    #[arg(long, value_name = "NAME")]
    module: Option<String>,
    /// What stands in the home then: a link to the copy (live), a link to what was compiled, a copy
    #[arg(long, value_name = "MODE", default_value = "live", value_parser = ["live", "link", "copy"])]
    install: String,
    /// Only show what would be written
    #[arg(long, short = 'n')]
    dry_run: bool,
    /// Take what looks like a secret too
    #[arg(long)]
    allow_secrets: bool,
    /// Write over copies that are there already
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    named: Named,
}

impl Adopt {
    /// Runs it.
    pub fn run(&self, global: &Global) -> Status {
        let who = Who::from(&self.named);
        // Another one that writes into the same configuration is waited for, before it is read.
        let folder = Session::folder(global)?;
        let _alone = crate::files::alone(&folder)
            .map_err(|error| failed(&format!("{}: {}", shown(&folder), reason(&error))))?;
        let applied = Session::for_apply(global, &who, Ground::Here)?;
        let place = Place::find(None)?;
        let root = applied.root.clone();
        let places = Places::new(&place.home, &root, &place.state, self.allow_secrets);
        let found = places.named(&self.paths, Secret::Stops)?;
        unmanaged(&applied.user.document, &found)?;
        let (source, text) = self.edited(&applied, &root, &found)?;
        let sources = &applied.session.program.sources;
        let (name, old) = (sources.name(source).to_owned(), sources.text(source).to_owned());
        if self.dry_run {
            if global.json {
                return print_json(&json!({
                    "version": crate::ir::VERSION,
                    "adopts": found.iter().map(|own| &own.path).collect::<Vec<_>>(),
                    "writes": name,
                    "text": text,
                    "left": left(&found),
                }));
            }
            let paths = ["a", "b"].map(|side| format!("{side}/{}", name.trim_start_matches('/')));
            let [from, to] = paths;
            let mut out = String::new();
            difference::coloured(
                &unified(Some(old.as_bytes()), Some(text.as_bytes()), &from, &to),
                &mut out,
            );
            return print(&out);
        }
        let puts: Vec<Put> = found.iter().flat_map(|own| &own.copies).map(copied).collect();
        let mut repo = Repo::open(&root)?;
        let standing = repo.in_the_way(&puts);
        if !standing.is_empty() && !self.force {
            for path in &standing {
                wrong(&format!("{} exists already", shown(&repo.root.join(path))));
            }
            help("`--force` writes over it");
            return Err(Stop::Decide);
        }
        repo.write(&puts)?;
        let texts = Texts::from([(name.clone(), text.clone())]);
        let done = holds(global, &who, &applied, &texts, &found)
            .and_then(|()| rewrite(Utf8Path::new(&name), &old, &text));
        if let Err(stop) = done {
            // A text that is in its place, though it may not survive a power cut, speaks of the copies.
            if !crate::files::read(Utf8Path::new(&name)).is_ok_and(|now| now == text.as_bytes()) {
                repo.undo();
            }
            return Err(stop);
        }
        self.told(global, &repo, &name, &found)
    }

    fn told(&self, global: &Global, repo: &Repo, name: &str, found: &[Gathered]) -> Status {
        let report = Report { left: left(found), ..Report::default() };
        if global.json {
            return print_json(&json!({
                "version": crate::ir::VERSION,
                "adopted": found.iter().map(|own| &own.path).collect::<Vec<_>>(),
                "copies": repo.root.join(COPIES),
                "wrote": name,
                "left": report.left,
            }));
        }
        super::import::home::told(&report, global);
        if !global.quiet {
            for own in found {
                say(&format!(
                    "adopted: ~/{} as {}",
                    own.path,
                    repo.root.join(COPIES).join(&own.path)
                ));
            }
            say(&format!("Wrote {name}; `hcc apply` manages it from then on."));
        }
        Ok(())
    }

    /// The text that says them, and what it becomes.
    fn edited(
        &self,
        applied: &Applied,
        root: &Utf8Path,
        found: &[Gathered],
    ) -> Result<(SourceId, String), Stop> {
        let sources = &applied.session.program.sources;
        let spot = self.spot(applied)?;
        let text = sources.text(spot.source);
        let folder = Utf8Path::new(sources.name(spot.source)).parent().map(folder);
        let folder = folder.unwrap_or_else(|| root.to_owned());
        let up = way(&folder, root).ok_or_else(|| {
            failed(&format!(
                "{} is outside the folder of the configuration",
                sources.name(spot.source)
            ))
        })?;
        let by_default = applied.user.document.policy.install_default;
        let files: Vec<Item> = found
            .iter()
            .map(|own| {
                let source = format!("{up}{COPIES}/{}", own.path);
                let file = page::file(&own.path).prop("source", &*source);
                match by_default.is_some_and(|own| own.name() == self.install) {
                    true => file,
                    false => file.prop("install", &*self.install),
                }
            })
            .collect();
        let home = Item { children: files.clone(), ..Item::new("home") };
        let around =
            |item: Item| move |indent: &str| page::write_in(std::slice::from_ref(&item), indent);
        let edited = match (&spot.home, &spot.around) {
            (Some(home), _) => {
                let all = |indent: &str| page::write_in(&files, indent);
                edit::apply(text, &[Edit::last_child(home, all, text)])
            }
            (None, Around::Node(node)) => {
                edit::apply(text, &[Edit::last_child(node, around(home), text)])
            }
            (None, Around::End(guard)) => {
                let home = Item { open: true, ..home };
                let item = match guard {
                    None => home,
                    Some((host, user)) => {
                        let when = Item::new("when").prop("host", &**host).prop("user", &**user);
                        Item { open: true, ..when.child(home) }
                    }
                };
                let gap = match text {
                    "" => "",
                    text if text.ends_with('\n') => "\n",
                    _ => "\n\n",
                };
                let new = format!("{gap}{}", page::write(&[item]));
                Some(format!("{text}{}", edit::in_lines_of(text, &new)))
            }
        };
        let edited = edited.ok_or_else(|| failed("the configuration cannot be edited there"))?;
        Ok((spot.source, edited))
    }

    /// Where it is said: in the module that is named; for everybody, if that is this user; else
    /// where this user of this host is.
    fn spot(&self, applied: &Applied) -> Result<Spot, Stop> {
        let program = &applied.session.program;
        let users = program.folders.keys().copied();
        let mut trees: Vec<(SourceId, Tree)> =
            users.map(|id| (id, parse(id, program.sources.text(id)).0)).collect();
        trees.sort_by_key(|(id, _)| *id);
        if let Some(name) = &self.module {
            let named = |node: &Node| &*node.name.value == "module" && is_named(node, name);
            let mut all = trees.iter().flat_map(|(_, tree)| tree);
            let Some(node) = all.find(|node| named(node)) else {
                let names = program.structure.modules.keys().map(|own| &**own);
                wrong(&format!("there is no module `{name}` in the configuration"));
                if let Some(near) = nearest(name, names) {
                    help(&format!("did you mean `{near}`?"));
                }
                return Err(Stop::Usage);
            };
            return Ok(Spot::inside(node));
        }
        let first = trees.first().map_or(SourceId(0), |(id, _)| *id);
        let (host, user) = (&applied.user.document.host.name, &applied.user.document.user);
        let user = user.as_ref().map(|user| user.name.to_string()).unwrap_or_default();
        let hosts = &program.structure.hosts;
        let only = matches!(hosts.as_slice(), [one] if one.users.len() == 1);
        if only {
            let top = trees.first().map(|(_, tree)| tree.as_slice()).unwrap_or_default();
            let home = top.iter().rfind(|node| is_home(node)).cloned();
            return Ok(Spot { source: first, home, around: Around::End(None) });
        }
        let hosts =
            trees.iter().flat_map(|(_, tree)| tree).filter(|node| &*node.name.value == "host");
        let own = hosts.filter(|node| node.args().count() == 1 && is_named(node, host));
        let found = own.flat_map(|node| node.children()).find(|node| {
            &*node.name.value == "user" && node.args().count() == 1 && is_named(node, &user)
        });
        Ok(match found {
            Some(node) => Spot::inside(node),
            // Several hosts or users share a block.
            None => {
                let guard = Some((host.to_string(), user));
                Spot { source: first, home: None, around: Around::End(guard) }
            }
        })
    }
}

/// A place in a text for a node `file`.
struct Spot {
    source: SourceId,
    /// The node `home` that is there.
    home: Option<Node>,
    /// Where one comes, if there is none.
    around: Around,
}

enum Around {
    Node(Node),
    /// At the end of the text, for one host and user.
    End(Option<(String, String)>),
}

impl Spot {
    fn inside(node: &Node) -> Self {
        let home = node.children().iter().rfind(|node| is_home(node)).cloned();
        Self { source: node.span.source, home, around: Around::Node(node.clone()) }
    }
}

fn is_home(node: &Node) -> bool {
    &*node.name.value == "home" && node.ty.is_none() && node.entries.is_empty()
}

fn is_named(node: &Node, name: &str) -> bool {
    node.args().any(|entry| matches!(&entry.value.data, Scalar::String(own) if **own == *name))
}

/// A folder by its one name.
fn folder(path: &Utf8Path) -> Utf8PathBuf {
    let path = if path.as_str().is_empty() { Utf8Path::new(".") } else { path };
    path.canonicalize_utf8().unwrap_or_else(|_| path.to_owned())
}

/// The way from a folder up to another that it is in.
fn way(folder: &Utf8Path, root: &Utf8Path) -> Option<String> {
    let depth = folder.strip_prefix(root).ok()?.components().count();
    Some("../".repeat(depth))
}

/// Says which paths the configuration makes already.
fn unmanaged(document: &Document, found: &[Gathered]) -> Status {
    let is_in = crate::import::home::table::is_in;
    let mut result = Ok(());
    for own in found {
        let made = document.files.iter().find(|file| {
            let folder = matches!(&file.content, Content::Source { folder: true, .. });
            is_in(&file.path, &own.path) || (folder && is_in(&own.path, &file.path))
        });
        if let Some(file) = made {
            wrong(&format!(
                "the configuration makes `~/{}` already, by `{}`",
                file.path, file.target
            ));
            let origin = file.origins.first().map(|at| format!("{}:{}", at.file, at.line));
            origin.iter().for_each(|at| help(&format!("it is said at {at}")));
            result = Err(Stop::Errors);
        }
    }
    result
}

/// Compiles with the new text: what was there before is as it was, and nothing but what is adopted
/// is added.
fn holds(
    global: &Global,
    who: &Who,
    before: &Applied,
    texts: &Texts,
    found: &[Gathered],
) -> Status {
    let Some(after) = Session::tried(global, who, texts) else {
        wrong("nothing was written: with these files the configuration has errors");
        let mut session = Session::open_with(global, texts)?;
        for host in session.program.structure.hosts.clone() {
            session.compile(&host, None);
        }
        session.report(global)?;
        return Err(Stop::Errors);
    };
    let new = |file: &&File| found.iter().any(|own| own.path == file.path);
    let said =
        |file: &File| (file.path.clone(), file.content.clone(), file.mode.clone(), file.install);
    let old: Vec<_> = before.user.document.files.iter().map(said).collect();
    let files = &after.user.document.files;
    if !files.iter().any(|file| new(&file)) {
        wrong("nothing was written: the module is not used here, so that nothing would be managed");
        help("`use` it in this host or user first");
        return Err(Stop::Errors);
    }
    let kept: Vec<_> = files.iter().filter(|file| !new(file)).map(said).collect();
    if old != kept || files.len() != old.len() + found.len() {
        return Err(failed("nothing was written: with these files other files would change too"));
    }
    Ok(())
}

/// Writes a text in the place of the one that was read.
fn rewrite(path: &Utf8Path, old: &str, new: &str) -> Status {
    if crate::files::read(path).is_ok_and(|now| now != old.as_bytes()) {
        return Err(failed(&format!("{path} changed while it was read; run hcc again")));
    }
    write_source(path, new.as_bytes())
        .map_err(|error| failed(&format!("{path}: {}", reason(&error))))
}
