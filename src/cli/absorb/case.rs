//! One edited file: how its edit can be brought back, or why it cannot.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};

use super::values::{self, Editor};
use crate::apply::absorb::{Changed, changed, same};
use crate::apply::base;
use crate::apply::join::{self, Both, Lines, Side};
use crate::apply::manifest::{self, Hash, Kind};
use crate::apply::merge::{reread, written};
use crate::apply::plan::Sight;
use crate::apply::site::{Record, Site};
use crate::apply::status::Drift;
use crate::cli::here::Applied;
use crate::cli::{Global, Who, session::Session};
use crate::emit;
use crate::import::lift;
use crate::ir::{self, Content, Document, File, Value};
use crate::lower::behind;
use crate::syntax::edit;
use crate::syntax::import::Texts;
use crate::value::Typed;

/// What may be done with a path.
pub(super) enum Way {
    /// The source, which holds `read`, gets these bytes.
    Source { source: Utf8PathBuf, read: Vec<u8>, bytes: Vec<u8> },
    /// The configuration says it already.
    Nothing,
    /// These texts say it.
    Texts(Texts, Box<Applied>),
}

/// What is done with a path, and how much of its edit that is.
pub(super) struct Taken {
    pub(super) way: Way,
    /// Whether the file holds more than the configuration does then.
    pub(super) is_part: bool,
    /// What stays in the file alone, since the configuration changed it too, and how to choose.
    pub(super) both: Why,
}

impl Taken {
    /// The configuration is right as it is, and the file makes room.
    fn given_up() -> Self {
        Self { way: Way::Nothing, is_part: true, both: Why::new() }
    }
}

impl From<Way> for Taken {
    fn from(way: Way) -> Self {
        Self { way, is_part: false, both: Why::new() }
    }
}

pub(super) struct Case<'a> {
    pub(super) global: &'a Global,
    pub(super) who: &'a Who,
    /// The configuration with what was absorbed before.
    pub(super) applied: &'a Applied,
    /// The configuration as it is written.
    pub(super) first: &'a Applied,
    pub(super) site: &'a Site,
    pub(super) record: &'a Record,
    pub(super) sight: &'a Sight<'a>,
    pub(super) root: &'a Utf8Path,
    /// Whose change is taken where both sides made one.
    pub(super) prefer: Option<Side>,
}

pub(super) type Why = Vec<String>;

pub(super) fn why(text: impl Into<String>) -> Why {
    vec![text.into()]
}

/// So many differences are shown.
const SHOWN: usize = 8;

/// That there are more of them, if there are.
fn more(count: usize, what: &str) -> Option<String> {
    count.checked_sub(SHOWN + 1).map(|rest| format!("... {} more {what}", rest + 1))
}

/// So many places are tried for a new key.
const PLACES: usize = 8;

impl Case<'_> {
    fn entry(&self) -> Option<&manifest::Entry> {
        self.sight.wanted.map(|wanted| &*wanted.entry)
    }

    pub(super) fn path(&self) -> &str {
        self.entry().map_or("", |entry| &entry.path)
    }

    /// What stands there.
    fn now(&self, kind: Drift) -> Result<Vec<u8>, Why> {
        let read = match kind {
            Drift::Through => self.site.home.read_through(self.path()),
            _ => self.site.home.read(self.path()),
        };
        read.map(|(bytes, _)| bytes).map_err(|error| why(crate::files::reason(&error)))
    }

    pub(super) fn way(&self, kind: Drift, texts: &Texts) -> Result<Taken, Why> {
        match kind {
            Drift::Edited | Drift::Keys | Drift::Through | Drift::Replaced => {}
            Drift::ReplacedBySame => return Ok(Way::Nothing.into()),
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
        if self.prefer == Some(Side::Config) && self.is_lost() {
            return Ok(Taken::given_up());
        }
        let mut taken = match (&file.content, source) {
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
        }?;
        // Who only guesses what an edit is throws nothing away.
        taken.is_part |= base::is_guessed(&self.record.ledger) && self.began().is_some();
        Ok(taken)
    }

    /// A file of the configuration. What changed in it too since the edit began stays.
    fn source(&self, source: Utf8PathBuf, kind: Drift) -> Result<Taken, Why> {
        let read = crate::files::read(&source)
            .map_err(|error| why(format!("{source}: {}", crate::files::reason(&error))))?;
        let now = self.now(kind)?;
        if now == read {
            return Ok(Way::Nothing.into());
        }
        let base = self.base();
        let unchanged = base.as_ref().is_ok_and(|base| match &base.entry.kind {
            Kind::Live(_) => self.is_newer_than(&source),
            kind => kind.hash() == Some(Hash::of(&read)),
        });
        if unchanged {
            return Ok(Way::Source { source, read, bytes: now }.into());
        }
        let too = format!("its source {source} was changed too since the edit began");
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).ok();
        let held = base.ok().filter(|base| base.entry.kind.hash().is_some());
        let held = held.and_then(|base| base::bytes(self.site, &base).ok());
        let (Some(held), Some(own), Some(theirs)) =
            (held.and_then(|bytes| text(&bytes)), text(&now), text(&read))
        else {
            let by_hand =
                "what both were made of is not known as text, so bring the edit over by hand";
            return match self.prefer {
                Some(Side::File) => Ok(Way::Source { source, read, bytes: now }.into()),
                Some(Side::Config) => Ok(Taken::given_up()),
                None => Err(vec![format!("{too}; {by_hand}"), self.choose()]),
            };
        };
        match join::lines(&held, &own, &theirs, self.prefer) {
            Ok(Lines { text, is_part }) => {
                let way = match text == theirs {
                    true => Way::Nothing,
                    false => Way::Source { source, read, bytes: text.into_bytes() },
                };
                Ok(Taken { is_part, ..way.into() })
            }
            Err(both) => Err(self.stretches(&too, &both)),
        }
    }

    fn edited(&self, kind: Drift) -> Result<String, Why> {
        String::from_utf8(self.now(kind)?).map_err(|_| why("it is not UTF-8"))
    }

    /// Keys and values.
    fn data(&self, file: &File, kind: Drift, texts: &Texts) -> Result<Taken, Why> {
        let Content::Data { format, params, .. } = &file.content else {
            return Err(why("it has no keys"));
        };
        let read = |text: &str| match lift::READABLE.contains(format) {
            true => lift::value(format, text.as_bytes(), params).map_err(why),
            false => {
                reread(format, text.as_bytes(), params).map_err(|error| why(error.to_string()))
            }
        };
        let text = self.edited(kind)?;
        let (now, config) = (read(&text)?, read(&file.text)?);
        let merged = file.install == ir::Install::Merge;
        let owned = self.record.ledger.merged.get(self.path()).filter(|_| merged);
        let (base, mut is_part) = match owned {
            Some(own) => {
                let base = written(format, text.as_bytes(), params, &own.owned);
                (base.map_err(|error| why(error.to_string()))?, false)
            }
            None => {
                let base = self.ground(&file.text)?;
                (read(&base)?, !merged && has_new_comments(format, &base, &text))
            }
        };
        // Keys of a merged file that hcc never wrote are its program's.
        let counts = |change: &Changed| !merged || change.before.is_some();
        let mut values = join::values(&base, &now, &config, counts);
        match self.prefer {
            Some(Side::File) => values.open.extend(values.both.drain(..).map(Both::taken)),
            Some(Side::Config) => is_part |= values.both.drain(..).next().is_some(),
            None => {}
        }
        let typed = behind(&self.applied.user.eval, &file.path)
            .ok_or_else(|| why("nothing in the configuration is behind it"))?;
        let both = self.both(&typed, &values.both);
        let way = match values.open.is_empty() {
            true if !both.is_empty() => return Err(both),
            true => Way::Nothing,
            false => {
                let expected = changed(&config, &values.open);
                let fits = |file: &File| read(&file.text).is_ok_and(|own| same(&own, &expected));
                let tried = self.values(file, &typed, &values.open, texts, &fits);
                tried.map_err(|mut reasons| {
                    reasons.extend(both.iter().cloned());
                    reasons
                })?
            }
        };
        let rest = matches!(way, Way::Texts(..)) && !both.is_empty();
        let rest = rest.then(|| "but for this, its edit goes into the configuration:".to_owned());
        Ok(Taken { way, is_part, both: rest.into_iter().chain(both).collect() })
    }

    /// Changed values, brought to where the configuration says them.
    fn values(
        &self,
        file: &File,
        typed: &Typed,
        list: &[Changed],
        texts: &Texts,
        fits: &dyn Fn(&File) -> bool,
    ) -> Result<Way, Why> {
        let edits =
            |place| Editor::new(&self.applied.user.eval).further_up(place).values(typed, list);
        let first = self.tried(file, &edits(0)?, texts, fits);
        // Where a new key may stand is found by trying.
        let others = list.iter().any(|change| change.before.is_none()).then_some(1..PLACES);
        let mut others = others.into_iter().flatten().map_while(|place| edits(place).ok());
        first.or_else(|why| {
            others.find_map(|edits| self.tried(file, &edits, texts, fits).ok()).ok_or(why)
        })
    }

    /// Says of values that both sides changed what they are, and how to choose.
    fn both(&self, typed: &Typed, both: &[Both]) -> Why {
        let eval = &self.applied.user.eval;
        let mut list: Why =
            both.iter().take(SHOWN).map(|one| values::both(eval, typed, one)).collect();
        list.extend(more(both.len(), "values"));
        list.extend((!both.is_empty()).then(|| self.choose()));
        list
    }

    /// Says of lines that both sides changed what they are, and how to choose.
    fn stretches(&self, too: &str, both: &[join::Stretch]) -> Why {
        let mut list = vec![format!("{too}, in the same lines:")];
        list.extend(both.iter().take(SHOWN).flat_map(values::stretch));
        list.extend(more(both.len(), "places"));
        list.push(self.choose());
        list
    }

    pub(super) fn choose(&self) -> String {
        let path = emit::quote::shell(self.path());
        format!(
            "help: `hcc absorb --prefer file ~/{path}` takes what the file has, `--prefer config` what \
             the configuration says (the file is saved first)"
        )
    }

    /// A text that stands in the configuration.
    fn text(&self, file: &File, kind: Drift, texts: &Texts) -> Result<Taken, Why> {
        let now = self.edited(kind)?;
        let config = &*file.text;
        if config == now {
            return Ok(Way::Nothing.into());
        }
        let joined = join::lines(&self.ground(config)?, &now, config, self.prefer);
        let too = "the configuration says another text since the edit began";
        let Lines { text, is_part } = joined.map_err(|both| self.stretches(too, &both))?;
        if text == config {
            return Ok(Taken { is_part, ..Way::Nothing.into() });
        }
        let by_hand = |mut reasons: Why| {
            reasons.extend(self.lines(file, kind));
            reasons
        };
        let typed = behind(&self.applied.user.eval, &file.path)
            .ok_or_else(|| by_hand(why("it is rendered from a template")))?;
        let edits =
            Editor::new(&self.applied.user.eval).lines(&typed, config, &text).map_err(by_hand)?;
        let way = self.tried(file, &edits, texts, &|file| *file.text == text);
        Ok(Taken { is_part, ..way.map_err(by_hand)?.into() })
    }

    /// The lines that were changed, with where they come from.
    fn lines(&self, file: &File, kind: Drift) -> Why {
        match (self.base_text(), self.edited(kind)) {
            (Ok(base), Ok(now)) => values::told(&self.applied.user.eval, file, &base, &now),
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

/// Whether a text has comments in lines that it did not have: no value holds them. What is taken for
/// one and is none costs a copy of the file; one that is not seen would be lost.
fn has_new_comments(format: &str, base: &str, text: &str) -> bool {
    let Some(format) = emit::find(format) else { return false };
    let known: BTreeSet<&str> = base.lines().map(str::trim).collect();
    text.lines().any(|line| !known.contains(line.trim()) && format.has_comment(line))
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
pub(super) fn made_by<'d>(
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
