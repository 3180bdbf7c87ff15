//! What of the edits in a home can be brought back to the configuration, and bringing it there.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};

use super::values::{self, Editor};
use crate::apply::absorb::{self, changed, changes, same};
use crate::apply::after;
use crate::apply::change::{self, Change};
use crate::apply::command::Environment;
use crate::apply::dirty;
use crate::apply::ledger;
use crate::apply::manifest::{self, Hash, Kind, Manifest};
use crate::apply::merge::reread;
use crate::apply::plan::{Policy, Sight};
use crate::apply::prepare;
use crate::apply::site::Site;
use crate::apply::status::{self, Drift};
use crate::apply::switch::Report;
use crate::apply::wanted::{self, Wanted};
use crate::cli::here::Applied;
use crate::cli::home::{broken, damaged, failed};
use crate::cli::{Global, Stop, Who, session::Session};
use crate::diag::SourceId;
use crate::emit;
use crate::ir::{self, Content, Document, File, Value};
use crate::lower::behind;
use crate::syntax::edit;
use crate::syntax::import::Texts;

/// What can be absorbed, and what cannot.
#[derive(Default)]
pub struct Work {
    /// Paths whose edits the configuration holds once `sources` and `texts` are written.
    pub paths: BTreeSet<String>,
    /// Those of them that were edited through the link.
    pub through: BTreeSet<String>,
    /// Sources and the bytes they get, with the path that they come from.
    pub sources: Vec<(Utf8PathBuf, Vec<u8>, String)>,
    /// KDL files by the path as they are read, and what they become.
    pub texts: Texts,
    /// What those files held when they were read.
    read: Texts,
    /// Paths that stay as they are, and why.
    pub refused: Vec<(String, Vec<String>)>,
    /// Chosen paths that are as hcc left them.
    pub clean: Vec<String>,
    /// The configuration with those texts; none if they are as they were.
    applied: Option<Applied>,
}

/// A path, and what may be done with it.
enum Way {
    /// The source gets these bytes.
    Source(Utf8PathBuf),
    /// The configuration says it already.
    Nothing,
    /// These texts say it.
    Texts(Texts, Box<Applied>),
}

/// Finds out what can be absorbed of the paths that are chosen. Nothing is written.
///
/// # Errors
/// [`Stop`], said.
pub fn find(
    global: &Global,
    who: &Who,
    applied: &Applied,
    site: &mut Site,
    chosen: impl Fn(&manifest::Entry) -> bool,
) -> Result<Work, Stop> {
    let record = site.record().map_err(damaged)?;
    let old = generation(site)?;
    let paths = wanted::of_generation(&old, &site.state);
    let sights = prepare::look(site, &record, &paths)
        .map_err(|(path, error)| failed(&format!("{path}: {}", crate::files::reason(&error))))?;
    let site = &*site;
    let root = root(applied);
    let mut work = Work::default();
    for sight in &sights {
        let Some(entry) = sight.wanted.map(|wanted| &wanted.entry).filter(|entry| chosen(entry))
        else {
            continue;
        };
        let Some(drifted) = status::drifted(sight) else {
            work.clean.push(entry.path.clone());
            continue;
        };
        let current = work.applied.as_ref().unwrap_or(applied);
        let case = Case { global, who, applied: current, first: applied, site, sight, root: &root };
        match case.way(drifted.kind, &work.texts) {
            Ok(way) => {
                let path = entry.path.clone();
                match way {
                    Way::Nothing => {}
                    Way::Source(source) => match case.now(drifted.kind) {
                        Ok(bytes)
                            if work
                                .sources
                                .iter()
                                .any(|(own, other, _)| *own == source && *other != bytes) =>
                        {
                            let why = format!(
                                "{source} is the source of another path that was edited otherwise; absorb one, and bring the other over by hand"
                            );
                            work.refused.push((path, vec![why]));
                            continue;
                        }
                        Ok(bytes) => work.sources.push((source, bytes, path.clone())),
                        Err(why) => {
                            work.refused.push((path, vec![why]));
                            continue;
                        }
                    },
                    Way::Texts(texts, applied) => {
                        work.texts = texts;
                        work.applied = Some(*applied);
                    }
                }
                if drifted.kind == Drift::Through {
                    work.through.insert(path.clone());
                }
                work.paths.insert(path);
            }
            Err(why) => work.refused.push((entry.path.clone(), why)),
        }
    }
    let sources = &applied.session.program.sources;
    for (at, name) in sources.names().enumerate().filter(|(_, name)| work.texts.contains_key(*name))
    {
        let id = SourceId(u32::try_from(at).unwrap_or(u32::MAX));
        work.read.insert(name.to_owned(), sources.text(id).to_string());
    }
    Ok(work)
}

/// The generation in effect, read whole.
fn generation(site: &Site) -> Result<Manifest, Stop> {
    let (number, _) = site.current().map_err(damaged)?;
    match number {
        0 => Ok(Manifest::default()),
        number => manifest::read(&site.state, number).map_err(damaged),
    }
}

/// The configuration's folder, absolute.
fn root(applied: &Applied) -> Utf8PathBuf {
    match applied.root.as_str() {
        "" => crate::facts::current_folder().unwrap_or_default(),
        _ => applied.root.canonicalize_utf8().unwrap_or_else(|_| applied.root.clone()),
    }
}

struct Case<'a> {
    global: &'a Global,
    who: &'a Who,
    /// The configuration with what was absorbed before.
    applied: &'a Applied,
    /// The configuration as it is written.
    first: &'a Applied,
    site: &'a Site,
    sight: &'a Sight<'a>,
    root: &'a Utf8Path,
}

type Why = Vec<String>;

fn why(text: impl Into<String>) -> Why {
    vec![text.into()]
}

impl Case<'_> {
    fn entry(&self) -> Option<&manifest::Entry> {
        self.sight.wanted.map(|wanted| &*wanted.entry)
    }

    fn path(&self) -> &str {
        self.entry().map_or("", |entry| &entry.path)
    }

    /// What stands there.
    fn now(&self, kind: Drift) -> Result<Vec<u8>, String> {
        let read = match kind {
            Drift::Through => self.site.home.read_through(self.path()),
            _ => self.site.home.read(self.path()),
        };
        read.map(|(bytes, _)| bytes).map_err(|error| crate::files::reason(&error))
    }

    fn way(&self, kind: Drift, texts: &Texts) -> Result<Way, Why> {
        match kind {
            Drift::Edited | Drift::Keys | Drift::Through | Drift::Replaced => {}
            Drift::ReplacedBySame => return Ok(Way::Nothing),
            Drift::Deleted => {
                return Err(why(
                    "it was deleted: take it out of the configuration, or `hcc apply --drift restore`",
                ));
            }
            Drift::Mode => {
                return Err(why("only its permissions were changed: say them as `mode=\"0600\"`"));
            }
            Drift::Unreadable => {
                let reason = self.sight.merged.as_deref().and_then(|own| own.as_ref().err());
                return Err(why(reason.map_or("it cannot be read", |reason| reason)));
            }
            other => return Err(why(format!("{}: there is no text to absorb", other.said()))),
        }
        let document = &self.applied.user.document;
        let Some((file, source)) = made_by(document, self.path(), self.root) else {
            return Err(why("the configuration makes it no more"));
        };
        match (&file.content, source) {
            (Content::Source { .. }, Some(source)) => self.source(source, kind),
            (Content::Data { format, .. }, _) if emit::MERGEABLE.contains(format) => {
                self.data(file, kind, texts)
            }
            (Content::Text { .. }, _) => self.text(file, kind, texts),
            (Content::Data { format, .. }, _) => {
                let mut list = self.lines(file, kind);
                list.insert(0, format!("hcc writes files of the format `{format}`, and cannot read them back; bring these lines over by hand:"));
                Err(list)
            }
            (Content::Source { .. } | Content::Link { .. }, _) => {
                Err(why("a link holds no text to absorb"))
            }
        }
    }

    /// A file of the configuration, which must not have changed too.
    fn source(&self, source: Utf8PathBuf, kind: Drift) -> Result<Way, Why> {
        let entry = self.entry().ok_or_else(|| why("it is not managed"))?;
        let bytes = std::fs::read(&source)
            .map_err(|error| why(format!("{source}: {}", crate::files::reason(&error))))?;
        if self.now(kind).is_ok_and(|now| now == bytes) {
            return Ok(Way::Nothing);
        }
        let unchanged = entry.kind.hash().is_none_or(|hash| hash == Hash::of(&bytes));
        match unchanged {
            true => Ok(Way::Source(source)),
            false => Err(why(format!(
                "its source {source} was changed too since it was applied; bring the edit over by hand"
            ))),
        }
    }

    /// What hcc wrote, as text: what the generation holds, or what the configuration says if that
    /// is the same.
    fn base(&self) -> Result<String, Why> {
        let wanted = self.sight.wanted.ok_or_else(|| why("it is not managed"))?;
        let compiled = made_by(&self.first.user.document, self.path(), self.root);
        if let Some((file, _)) = compiled
            && wanted.entry.kind.hash() == Some(Hash::of(file.written.text.as_bytes()))
        {
            return Ok(file.written.text.to_string());
        }
        if let Kind::Merge(_) = wanted.entry.kind {
            let declared = wanted.declared().map_err(why)?;
            let format = emit::find(&declared.format).ok_or_else(|| why("its format is gone"))?;
            let text = emit::write(format, &declared.value, &declared.params);
            return text.map(|text| text.text).map_err(|_| why("it cannot be written again"));
        }
        let bytes = wanted.read().map_err(|error| why(crate::files::reason(&error)))?;
        String::from_utf8(bytes.into_owned()).map_err(|_| why("what hcc wrote is no text"))
    }

    fn edited(&self, kind: Drift) -> Result<String, Why> {
        let bytes = self.now(kind).map_err(why)?;
        String::from_utf8(bytes).map_err(|_| why("it is not UTF-8"))
    }

    /// Keys and values.
    fn data(&self, file: &File, kind: Drift, texts: &Texts) -> Result<Way, Why> {
        let Content::Data { format, params, .. } = &file.content else {
            return Err(why("it has no keys"));
        };
        let read = |text: &str| {
            reread(format, text.as_bytes(), params).map_err(|error| why(error.to_string()))
        };
        let (base, now) = (read(&self.base()?)?, read(&self.edited(kind)?)?);
        let mut list = changes(&base, &now);
        if file.install == ir::Install::Merge {
            // Keys that hcc never wrote are its program's.
            list.retain(|change| change.before.is_some());
        }
        let expected = changed(&read(&file.written.text)?, &list);
        if same(&read(&file.written.text)?, &expected) {
            return Ok(Way::Nothing);
        }
        let typed = behind(&self.applied.user.eval, &file.path)
            .ok_or_else(|| why("nothing in the configuration is behind it"))?;
        let edits = Editor::new(&self.applied.user.eval).values(&typed, &list)?;
        let fits = |file: &File| read(&file.written.text).is_ok_and(|own| same(&own, &expected));
        self.tried(file, &edits, texts, &fits)
    }

    /// A text that stands in the configuration.
    fn text(&self, file: &File, kind: Drift, texts: &Texts) -> Result<Way, Why> {
        let (base, now) = (self.base()?, self.edited(kind)?);
        if *file.written.text == now {
            return Ok(Way::Nothing);
        }
        if *file.written.text != base {
            return Err(why("the configuration says another text by now; apply that first"));
        }
        let by_hand = |mut reasons: Why| {
            reasons.extend(self.lines(file, kind));
            reasons
        };
        let typed = behind(&self.applied.user.eval, &file.path)
            .ok_or_else(|| by_hand(why("it is rendered from a template")))?;
        let edits =
            Editor::new(&self.applied.user.eval).lines(&typed, &base, &now).map_err(by_hand)?;
        self.tried(file, &edits, texts, &|file| *file.written.text == now).map_err(by_hand)
    }

    /// The lines that were changed, with where they come from.
    fn lines(&self, file: &File, kind: Drift) -> Why {
        match (self.base(), self.edited(kind)) {
            (Ok(base), Ok(now)) => values::told(file, &base, &now),
            (Err(reasons), _) | (_, Err(reasons)) => reasons,
        }
    }

    /// Compiles with the edits, and takes them only if the file means what was edited into it and
    /// nothing else changes.
    fn tried(
        &self,
        file: &File,
        edits: &values::Edits,
        texts: &Texts,
        fits: &dyn Fn(&File) -> bool,
    ) -> Result<Way, Why> {
        let sources = &self.applied.user.eval.shared.sources;
        let mut texts = texts.clone();
        let mut places = Vec::new();
        for (source, edits) in edits {
            let text = edit::apply(sources.text(*source), edits)
                .ok_or_else(|| why("its edits meet in one place of the configuration"))?;
            places.push(sources.name(*source).to_owned());
            texts.insert(sources.name(*source).to_owned(), text);
        }
        let places = places.join(" and ");
        let Some(applied) = Session::tried(self.global, self.who, &texts) else {
            return Err(why(format!("with the edit written into {places} it has errors")));
        };
        let (before, after) = (&self.applied.user.document, &applied.user.document);
        let done = after.files.iter().find(|own| own.path == file.path);
        if !done.is_some_and(fits) {
            return Err(why(format!(
                "written into {places} it does not come to what stands in the file"
            )));
        }
        if let Some(other) = other_change(before, after, &file.path) {
            return Err(why(format!("written into {places} it changes {other} too")));
        }
        Ok(Way::Texts(texts, Box::new(applied)))
    }
}

/// What differs between two documents besides one file.
fn other_change(before: &Document, after: &Document, path: &str) -> Option<String> {
    let file =
        |file: &File| (file.path.clone(), file.content.clone(), file.mode.clone(), file.install);
    let others = |document: &Document| -> Vec<_> {
        document.files.iter().filter(|own| own.path != path).map(file).collect()
    };
    let (old, new) = (others(before), others(after));
    let differs = old.iter().zip(&new).find(|(a, b)| a != b);
    if let Some((one, _)) = differs {
        return Some(one.0.clone());
    }
    if old.len() != new.len() {
        return Some("which files there are".to_owned());
    }
    let rest = |document: &Document| {
        let packages: Vec<String> =
            document.packages.iter().map(|own| format!("{} {}", own.manager, own.name)).collect();
        let units: Vec<String> = document.units.iter().map(|own| own.name.clone()).collect();
        let defaults: Vec<(String, Value)> = document
            .defaults
            .iter()
            .map(|own| (format!("{} {}", own.domain, own.key), own.value.clone()))
            .collect();
        let actions: Vec<String> = document.actions.iter().map(|own| own.run.clone()).collect();
        (packages, units, defaults, actions, document.policy.clone())
    };
    (rest(before) != rest(after)).then(|| "what follows the files".to_owned())
}

/// The file of a document that makes a path, and the file of the configuration behind it.
fn made_by<'d>(
    document: &'d Document,
    path: &str,
    root: &Utf8Path,
) -> Option<(&'d File, Option<Utf8PathBuf>)> {
    document.files.iter().find_map(|file| match &file.content {
        Content::Source { source, folder: true, files, .. } => {
            let inner = path.strip_prefix(&file.path)?.strip_prefix('/')?;
            let found = files.iter().any(|own| own.path == inner);
            found.then(|| (file, Some(root.join(source).join(inner))))
        }
        Content::Source { source, .. } if file.path == path => {
            Some((file, Some(root.join(source))))
        }
        _ => (file.path == path).then_some((file, None)),
    })
}

impl Work {
    /// The files that are written, with what they hold and what they will.
    pub fn writes(&self) -> Vec<(Utf8PathBuf, Vec<u8>, Vec<u8>)> {
        let before = |path: &Utf8Path| std::fs::read(path).unwrap_or_default();
        let sources =
            self.sources.iter().map(|(path, bytes, _)| (path.clone(), before(path), bytes.clone()));
        let texts = self.texts.iter().map(|(path, text)| {
            let path = Utf8PathBuf::from(path);
            let old = before(&path);
            (path, old, text.clone().into_bytes())
        });
        sources.chain(texts).collect()
    }

    /// Writes the configuration. What git has not is saved in hcc's folder first; returned are the
    /// files and where their old text is.
    ///
    /// # Errors
    /// [`Stop::Failed`], said.
    pub fn write(
        &self,
        site: &Site,
        environment: &Environment,
    ) -> Result<Vec<(Utf8PathBuf, Option<String>)>, Stop> {
        let mut done = Vec::new();
        for (path, old, new) in self.writes() {
            if self.read.get(path.as_str()).is_some_and(|read| read.as_bytes() != old) {
                return Err(failed(&format!("{path} changed while it was read; run hcc again")));
            }
            let at = match dirty::is_committed(&path, environment) {
                true => None,
                false => Some(save(site, &path, &old)?),
            };
            absorb::write_source(&path, &new)
                .map_err(|error| failed(&format!("{path}: {}", crate::files::reason(&error))))?;
            done.push((path, at));
        }
        Ok(done)
    }

    /// What was edited through a link becomes a real file, and what was written over comes back in
    /// hcc's folder: before the configuration changes, since it is what holds that.
    ///
    /// # Errors
    /// [`Stop::Failed`], said.
    pub fn detach(&self, applied: &Applied, site: &mut Site) -> Result<(), Stop> {
        if self.through.is_empty() {
            return Ok(());
        }
        let same = |old: &Wanted, new: &Wanted| old.entry.kind == new.entry.kind;
        switch(applied, site, &BTreeSet::new(), "absorb", &same).map(drop)
    }

    /// Brings back the links.
    ///
    /// # Errors
    /// [`Stop::Failed`], said.
    pub fn attach(&self, applied: &Applied, site: &mut Site) -> Result<Report, Stop> {
        let ours = |_: &Wanted, new: &Wanted| self.paths.contains(&new.entry.path);
        switch(applied, site, &self.paths, "absorb", &ours)
    }
}

/// A switch to the generation in effect, but for some paths, which become what the configuration
/// says.
fn switch(
    applied: &Applied,
    site: &mut Site,
    absorbed: &BTreeSet<String>,
    by: &str,
    taken: &dyn Fn(&Wanted, &Wanted) -> bool,
) -> Result<Report, Stop> {
    let looked = change::now();
    let record = site.record().map_err(damaged)?;
    let old = generation(site)?;
    let new = wanted::of(&applied.user.document, &root(applied), &record.index)
        .map_err(|error| failed(&error.to_string()))?;
    let mut wanted = wanted::of_generation(&old, &site.state);
    for one in &mut wanted {
        let found = new.binary_search_by(|own| own.entry.path.cmp(&one.entry.path));
        if let Some(own) = found.ok().and_then(|at| new.get(at)).filter(|own| taken(one, own)) {
            *one = own.clone();
        }
    }
    let manifest = change::manifest(by.to_owned(), old.config, old.rest);
    let policy =
        Policy { drift: Some(ir::Drift::Keep), absorbed: absorbed.clone(), ..Policy::default() };
    let change = Change::plan(site, record, wanted, manifest, &policy, looked)
        .map_err(|error| broken(&error))?;
    let report = change.run(site).map_err(|error| broken(&error))?;
    // The programs know what stands there: they, or the user, wrote it.
    after::follow(&site.state, old.number, report.generation).map_err(damaged)?;
    Ok(report)
}

/// Keeps the text of a file of the configuration.
fn save(site: &Site, path: &Utf8Path, bytes: &[u8]) -> Result<String, Stop> {
    let mut own = site.ledger().map_err(damaged)?;
    let name = own.refuge(path.as_str());
    let store = site.store().map_err(damaged)?;
    let kept = (|| {
        if store.look(ledger::SAVED)?.is_none() {
            store.make_folder(ledger::SAVED, true)?;
        }
        store.create(&name, bytes, 0o600, true)
    })();
    kept.map_err(|error| {
        failed(&format!("{}: {}", site.state.join(&name), crate::files::reason(&error)))
    })?;
    own.saved.insert(name.clone(), path.to_string());
    site.state.write(ledger::FILE, &own).map_err(damaged)?;
    Ok(site.state.join(&name).into_string())
}
