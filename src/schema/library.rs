//! The embedded targets and templates, by name. The file path is the option path.

use std::sync::Arc;

use ecow::EcoString;

use super::mentions::Mentions;
use super::slots::{self, Slot};
use super::{Schema, declare, prepared};
use crate::diag::{Diagnostics, SourceId, Sources};
use crate::syntax::packed::{Unpacker, Words, unpack};
use crate::syntax::tree::Node;

/// Paths and texts, by the bytes of the paths.
type Table = &'static [(&'static str, &'static str)];

include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// What all targets declare, as bytes.
struct Prepared {
    bytes: &'static [u8],
    /// Where each of `TARGETS` ends.
    ends: &'static [usize],
}

/// How much of what a target declares is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// What a compilation asks for.
    Plain,
    /// Docs, examples and what is known of files of other tools too.
    Whole,
}

/// The text of a target's file: `programs.git` is `targets/programs/git.kdl`.
pub fn target(path: &str) -> Option<&'static str> {
    TARGETS.get(place(path)?).map(|(_, text)| *text)
}

/// Takes the text of a target's file in, under a name.
pub fn add_to(sources: &mut Sources, path: &str, name: String) -> Option<SourceId> {
    let at = place(path)?;
    let (_, text) = TARGETS.get(at)?;
    Some(sources.add_lined(name, text, LINES.get(at)?))
}

/// Whether a target has a file of its own.
pub fn has(path: &str) -> bool {
    place(path).is_some()
}

/// Declares what a target's file declares, and says what that mentions. Spans are in `source`,
/// which is to hold the file's text.
pub fn declare(
    path: &str,
    detail: Detail,
    source: SourceId,
    schema: &mut Schema,
    mentions: &mut Mentions,
    diags: &mut Diagnostics,
) {
    let Some(index) = place(path) else { return };
    let all = match detail {
        Detail::Plain => &PLAIN,
        Detail::Whole => &WHOLE,
    };
    let start = index.checked_sub(1).and_then(|last| all.ends.get(last)).copied().unwrap_or(0);
    let bytes = all.ends.get(index).and_then(|end| all.bytes.get(start..*end)).unwrap_or_default();
    let mut from = Unpacker::new(&WORDS, bytes, source);
    for (path, place) in prepared::places(&mut from) {
        declare::take(&path, place, schema, diags);
    }
    mentions.prepared(&mut from);
}

/// A template's text, by its path below `templates/`.
pub fn template(path: &str) -> Option<&'static str> {
    find(TEMPLATES, path)
}

/// Whether there are targets below this dotted path; everything is below the empty one.
pub fn has_below(path: &str) -> bool {
    path.is_empty() || FOLDERS.contains(&path)
}

/// The paths of all targets with a file of their own.
pub fn names() -> impl Iterator<Item = String> {
    TARGETS.iter().map(|(path, _)| (*path).to_owned())
}

/// Where a target stands among all. Asked for every name of a configuration.
fn place(path: &str) -> Option<usize> {
    slots::find(path, TARGET_SLOTS, |at| TARGETS.get(at).is_some_and(|(own, _)| *own == path))
}

fn find(table: Table, name: &str) -> Option<&'static str> {
    let at = table.binary_search_by(|(own, _)| (*own).cmp(name)).ok()?;
    table.get(at).map(|(_, text)| *text)
}

/// How a manager, or a distribution, calls a package, if it has another name for it than the
/// common one.
pub fn package_name(package: &str, who: &str) -> Option<&'static str> {
    let is_of = |(name, ..): &(&str, &str, &str)| *name == package;
    let first = slots::find(package, NAME_SLOTS, |at| NAMES.get(at).is_some_and(is_of))?;
    let mut all = NAMES.get(first..)?.iter().take_while(|row| is_of(row));
    all.find(|(_, by, _)| *by == who).map(|(_, _, own)| *own)
}

/// A table that is no target, by its name below `templates/tables/`.
pub fn table(name: &str) -> Arc<[Node]> {
    let Ok(index) = TABLES.binary_search_by(|(own, _)| (*own).cmp(name)) else {
        return Arc::default();
    };
    let end = TABLES.get(index + 1).map_or(TREES.len(), |(_, start)| *start);
    let bytes = TABLES.get(index).and_then(|(_, start)| TREES.get(*start..end));
    unpack(&WORDS, bytes.unwrap_or_default(), SourceId(u32::MAX))
}
