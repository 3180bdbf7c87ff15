//! One edited file: how its edit can be brought back, or why it cannot.

use camino::{Utf8Path, Utf8PathBuf};

use super::values::{self, Editor};
use crate::apply::absorb::{changed, changes, same};
use crate::apply::manifest::{self, Hash, Kind};
use crate::apply::merge::reread;
use crate::apply::plan::Sight;
use crate::apply::site::Site;
use crate::apply::status::Drift;
use crate::cli::here::Applied;
use crate::cli::{Global, Who, session::Session};
use crate::emit;
use crate::import::lift;
use crate::ir::{self, Content, Document, File, Value};
use crate::lower::behind;
use crate::syntax::edit;
use crate::syntax::import::Texts;

/// A path, and what may be done with it.
pub(super) enum Way {
    /// The source gets these bytes.
    Source(Utf8PathBuf),
    /// The configuration says it already.
    Nothing,
    /// These texts say it.
    Texts(Texts, Box<Applied>),
}

pub(super) struct Case<'a> {
    pub(super) global: &'a Global,
    pub(super) who: &'a Who,
    /// The configuration with what was absorbed before.
    pub(super) applied: &'a Applied,
    /// The configuration as it is written.
    pub(super) first: &'a Applied,
    pub(super) site: &'a Site,
    pub(super) sight: &'a Sight<'a>,
    pub(super) root: &'a Utf8Path,
}

pub(super) type Why = Vec<String>;

fn why(text: impl Into<String>) -> Why {
    vec![text.into()]
}

/// So many places are tried for a new key.
const PLACES: usize = 8;

impl Case<'_> {
    fn entry(&self) -> Option<&manifest::Entry> {
        self.sight.wanted.map(|wanted| &*wanted.entry)
    }

    fn path(&self) -> &str {
        self.entry().map_or("", |entry| &entry.path)
    }

    /// What stands there.
    pub(super) fn now(&self, kind: Drift) -> Result<Vec<u8>, String> {
        let read = match kind {
            Drift::Through => self.site.home.read_through(self.path()),
            _ => self.site.home.read(self.path()),
        };
        read.map(|(bytes, _)| bytes).map_err(|error| crate::files::reason(&error))
    }

    pub(super) fn way(&self, kind: Drift, texts: &Texts) -> Result<Way, Why> {
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
            (Content::Data { format, .. }, _)
                if emit::MERGEABLE.contains(format) || lift::READABLE.contains(format) =>
            {
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
        let bytes = crate::files::read(&source)
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
        let read = |text: &str| match lift::READABLE.contains(format) {
            true => lift::value(format, text.as_bytes(), params).map_err(why),
            false => {
                reread(format, text.as_bytes(), params).map_err(|error| why(error.to_string()))
            }
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
        let fits = |file: &File| read(&file.written.text).is_ok_and(|own| same(&own, &expected));
        let edits =
            |place| Editor::new(&self.applied.user.eval).further_up(place).values(&typed, &list);
        let first = self.tried(file, &edits(0)?, texts, &fits);
        // Where a new key may stand is found by trying.
        let others = list.iter().any(|change| change.before.is_none()).then_some(1..PLACES);
        let mut others = others.into_iter().flatten().map_while(|place| edits(place).ok());
        first.or_else(|why| {
            others.find_map(|edits| self.tried(file, &edits, texts, &fits).ok()).ok_or(why)
        })
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
