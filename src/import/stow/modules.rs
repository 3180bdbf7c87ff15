//! From packages to modules: a node for each file, and one for a folder that belongs to one program.

use std::collections::HashSet;

use camino::Utf8Path;

use super::claims::{Claims, Lost};
use super::walk::{Entry, Kept, What, join};
use super::{Module, Package, Request};
use crate::import::page::{Item, file};
use crate::import::report::Report;
use crate::ir::SHARED_FOLDERS;
use crate::syntax::tree::Scalar;

/// hcc's own folder in a home: nothing of a repository can stand there.
const STATE: &str = ".local/state/hcc";

/// More exceptions than these, and the files of a folder are said one by one.
const EXCEPTIONS: usize = 12;

/// Writes a module for each package.
pub fn write(
    request: &Request<'_>,
    packages: &[Package],
    claims: &Claims,
    report: &mut Report,
) -> Vec<Module> {
    let mut modules: Vec<Module> = Vec::new();
    for (at, package) in packages.iter().enumerate() {
        let mut writer = Writer {
            request,
            packages,
            claims,
            package,
            at,
            everything: false,
            files: Vec::new(),
            count: 0,
            lost: 0,
            report: Report::default(),
            seen: HashSet::default(),
        };
        writer.package();
        if writer.count == 0 && writer.lost > 0 {
            // Another package has all of it: whoever wants this one uses its module instead.
            writer = Writer {
                everything: true,
                files: Vec::new(),
                report: Report::default(),
                seen: HashSet::default(),
                ..writer
            };
            writer.package();
        }
        let Writer { files, count, everything, report: own, .. } = writer;
        report.left.extend(own.left);
        report.notes.extend(own.notes);
        if everything {
            report.left(
                package.source.as_str(),
                "other packages have all its paths; its module is written, and not used",
                Some("`use` it in the place of the others"),
            );
        } else if count > 0 {
            report.taken(package.source.as_str(), format!("module \"{}\"", package.name), count);
        } else {
            report.left(package.source.as_str(), "there is nothing in it to take", None);
            continue;
        }
        modules.push(Module { name: package.name.clone(), files, is_used: !everything });
    }
    modules
}

/// Writes one module.
struct Writer<'a> {
    request: &'a Request<'a>,
    packages: &'a [Package],
    claims: &'a Claims,
    package: &'a Package,
    at: usize,
    /// Whether all of it is said, although other packages have it.
    everything: bool,
    files: Vec<Item>,
    count: usize,
    lost: usize,
    report: Report,
    seen: HashSet<String>,
}

/// A folder that may be one node.
#[derive(Default)]
struct Fold<'e> {
    files: usize,
    /// Paths below it that the node must not bring, and their names.
    except: Vec<(String, &'e str)>,
    /// Names that it brings.
    brought: HashSet<&'e str>,
    /// Whether something in it keeps it from being one node.
    is_mixed: bool,
}

impl Writer<'_> {
    fn package(&mut self) {
        let package = self.package;
        self.folder(&package.entries, &package.home, &package.source);
    }

    fn folder(&mut self, entries: &[Entry], home: &str, source: &str) {
        for entry in entries {
            let (path, from) = (join(home, &entry.home), join(source, &entry.name));
            match &entry.what {
                What::Folder(inner) if inner.is_empty() => self.empty(&from),
                What::Folder(inner) => self.inner(inner, &path, &from),
                _ => self.leaf(entry, &path, &from),
            }
        }
    }

    /// A folder with something in it: one node, or a node for each thing in it.
    fn inner(&mut self, entries: &[Entry], path: &str, from: &str) {
        if self.is_one(path) {
            let mut fold = Fold::default();
            self.look(entries, path, "", &mut fold);
            let except = exceptions(&fold);
            if fold.files > 0 && !fold.is_mixed && except.len() <= EXCEPTIONS {
                self.count += fold.files;
                let mut item = file(path).prop("source", from);
                if let [one] = except.as_slice() {
                    item = item.prop("except", one.as_str());
                } else if !except.is_empty() {
                    let list =
                        except.iter().fold(Item::new("except"), |list, own| list.arg(own.as_str()));
                    item = item.child(list);
                }
                self.files.push(item);
                self.beside(entries, path, from);
                return;
            }
        }
        self.folder(entries, path, from);
    }

    /// Whether a folder belongs to one program, and to this package alone.
    fn is_one(&self, path: &str) -> bool {
        !path.is_empty()
            && !SHARED_FOLDERS.contains(&path)
            && !path.starts_with("Library/Preferences")
            && !is_below(STATE, path)
            && (self.everything || !self.claims.is_shared(path))
    }

    /// Looks at what one node for a folder would bring.
    fn look<'e>(&self, entries: &'e [Entry], path: &str, below: &str, fold: &mut Fold<'e>) {
        for entry in entries {
            let (here, inner) = (join(path, &entry.home), join(below, &entry.name));
            let is_renamed = entry.home != entry.name;
            match &entry.what {
                What::Folder(entries) => {
                    // Behind links there may be a circle, which has an end here but none there.
                    fold.is_mixed |= is_renamed && !entries.is_empty() || entry.is_opened;
                    fold.brought.insert(&entry.name);
                    self.look(entries, &here, &inner, fold);
                }
                What::File if self.everything || self.claims.lost(self.at, &here).is_none() => {
                    fold.is_mixed |= is_renamed;
                    fold.files += 1;
                    fold.brought.insert(&entry.name);
                }
                What::File | What::Linked | What::Kept(_) | What::Ignored(_) | What::Left(_) => {
                    fold.except.push((inner, &entry.name));
                }
            }
        }
    }

    /// What a folder's node does not bring: links on their own, and what is only reported.
    fn beside(&mut self, entries: &[Entry], home: &str, source: &str) {
        for entry in entries {
            let (path, from) = (join(home, &entry.home), join(source, &entry.name));
            match &entry.what {
                What::Folder(inner) if inner.is_empty() => self.empty(&from),
                What::Folder(inner) => self.beside(inner, &path, &from),
                What::File if self.everything || self.claims.lost(self.at, &path).is_none() => {}
                _ => self.leaf(entry, &path, &from),
            }
        }
    }

    /// What is no folder.
    fn leaf(&mut self, entry: &Entry, path: &str, from: &str) {
        match &entry.what {
            What::Ignored(rule) => {
                return self.report.left(
                    from,
                    format!("stow leaves it out by the rule `{rule}`"),
                    None,
                );
            }
            What::Left(why) => return self.report.left(from, why.as_str(), None),
            _ => {}
        }
        if self.request.base().join(from) == self.request.out {
            return self.report.left(from, "it is this configuration", None);
        }
        if is_below(path, STATE) {
            return self.report.left(from, "hcc keeps its generations there", None);
        }
        if !self.everything
            && let Some(lost) = self.claims.lost(self.at, path)
        {
            return self.lost(path, from, &lost);
        }
        if !self.seen.insert(path.to_owned()) {
            let why = format!("`{path}` comes from another name of this package too");
            return self.report.left(from, why, Some("keep one of the two"));
        }
        self.count += 1;
        let item = match &entry.what {
            What::Linked => file(path).prop("source", from).prop("whole", Scalar::Bool(true)),
            What::Kept(kept) => self.kept(kept, path, from),
            _ if path.starts_with("Library/Preferences/") => {
                // macOS replaces links there.
                file(path).prop("source", from).prop("install", "copy")
            }
            _ => file(path).prop("source", from),
        };
        self.files.push(item);
    }

    /// A link that is no source: the link itself, or one that leads to it as stow's would.
    fn kept(&mut self, kept: &Kept, path: &str, from: &str) -> Item {
        let there = crate::files::normal(&self.request.base().join(from));
        let link = link_text(self.request.home, path, &there);
        match kept {
            Kept::Absolute(to) => {
                self.report.note(format!("{from} leads to the absolute path {to}, which stow 2.4 refuses; it stays a link there"));
                file(path).prop("link", to.as_str())
            }
            Kept::Dangling(to) => {
                self.report.note(format!("{from} leads to nothing ({to}); it stays a link"));
                Item {
                    note: Some("leads to nothing yet".to_owned()),
                    ..file(path).prop("link", link.as_str())
                }
            }
            Kept::Unreadable => {
                self.report
                    .note(format!("{from} cannot be read: permission denied; a link leads to it"));
                file(path).prop("link", link.as_str())
            }
        }
    }

    /// A path that another package has.
    fn lost(&mut self, path: &str, from: &str, lost: &Lost) {
        self.lost += 1;
        let (Lost::To(by) | Lost::Below(by)) = lost;
        let other = self.packages.get(*by).map(|own| own.name.as_str()).unwrap_or_default();
        let (winner, why) = match lost {
            Lost::To(_) if self.package.defers(path) && *by < self.at => {
                (other, "`--defer` leaves it to that one")
            }
            Lost::To(_) if *by > self.at => (other, "`--override` gives it to that one"),
            Lost::To(_) => (other, "stow stops at such a clash; the first one was taken"),
            Lost::Below(_) => (other, "a file here, a folder there; the folder was taken"),
        };
        self.report.left(
            from,
            format!("the package `{winner}` has `{path}` too: {why}"),
            Some("use one of the two modules on a host, or move the file into one of them"),
        );
    }

    fn empty(&mut self, from: &str) {
        let is_module = is_submodule(self.request, from);
        let (why, help) = match is_module {
            true => (
                "an empty folder: a submodule that was not fetched",
                Some("git submodule update --init, then import again"),
            ),
            false => ("an empty folder", None),
        };
        self.report.left(from, why, help);
    }
}

/// Whether a path is a folder or below it.
fn is_below(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// What a node must leave out: a name where nothing of that name is brought, else a path.
fn exceptions(fold: &Fold<'_>) -> Vec<String> {
    let mut list = Vec::new();
    for (path, name) in &fold.except {
        let said = match () {
            () if !fold.brought.contains(name) => globset::escape(name),
            () if path.contains('/') => globset::escape(path),
            () => format!("/{}", globset::escape(path)),
        };
        if !list.contains(&said) {
            list.push(said);
        }
    }
    list
}

/// The text of a link in the home to a path: relative where that is below the home, as stow has it.
fn link_text(home: &Utf8Path, path: &str, to: &Utf8Path) -> String {
    match to.strip_prefix(home) {
        Ok(below) => format!("{}{below}", "../".repeat(path.matches('/').count())),
        Err(_) => to.to_string(),
    }
}

/// Whether `.gitmodules` above names a folder.
fn is_submodule(request: &Request<'_>, from: &str) -> bool {
    let path = crate::files::normal(&request.base().join(from));
    path.ancestors()
        .skip(1)
        .find_map(|above| {
            let text = std::fs::read_to_string(above.join(".gitmodules")).ok()?;
            let below = path.strip_prefix(above).ok()?;
            let named = text.lines().filter_map(|line| line.trim().strip_prefix("path"));
            Some(
                named
                    .filter_map(|rest| rest.trim_start().strip_prefix('='))
                    .any(|own| own.trim() == below),
            )
        })
        .unwrap_or(false)
}
