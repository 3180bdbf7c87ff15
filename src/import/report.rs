//! What was taken, what was not, and why.

use indexmap::IndexMap;
use serde::Serialize;

/// What became of everything that was read. Nothing that was read is in none of these.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// What the configuration now says.
    pub taken: Vec<Taken>,
    /// What it does not.
    pub left: Vec<Left>,
    /// What it says as a file, where options were asked for.
    pub unlifted: Vec<Left>,
    /// What the reader should know besides.
    pub notes: Vec<String>,
}

/// Reasons in the order in which they were met, each with what can be done and its paths.
pub fn grouped(left: &[Left]) -> Vec<(&str, Option<&str>, Vec<&str>)> {
    let mut groups: IndexMap<(&str, Option<&str>), Vec<&str>> = IndexMap::new();
    for own in left {
        groups.entry((own.why.as_str(), own.help.as_deref())).or_default().push(own.from.as_str());
    }
    groups.into_iter().map(|((why, help), paths)| (why, help, paths)).collect()
}

/// Paths in a row, the first of many.
pub fn row(paths: &[&str]) -> String {
    const SHOWN: usize = 6;
    let shown: Vec<&str> = paths.iter().take(SHOWN).copied().collect();
    match paths.len().saturating_sub(SHOWN) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// Something that was taken.
#[derive(Clone, Debug, Serialize)]
pub struct Taken {
    /// Where it stands: a path, or a path and line.
    pub from: String,
    /// Where the configuration says it: a module, or an option.
    pub to: String,
    /// How many files or entries it is.
    pub count: usize,
}

/// Something that was not taken.
#[derive(Clone, Debug, Serialize)]
pub struct Left {
    /// Where it stands: a path, or a path and line.
    pub from: String,
    /// Why it was left, in a few words.
    pub why: String,
    /// What can be done about it, if anything.
    pub help: Option<String>,
}

impl Report {
    /// Adds something that was taken.
    pub fn taken(&mut self, from: impl Into<String>, to: impl Into<String>, count: usize) {
        self.taken.push(Taken { from: from.into(), to: to.into(), count });
    }

    /// Adds something that was not.
    pub fn left(&mut self, from: impl Into<String>, why: impl Into<String>, help: Option<&str>) {
        let help = help.map(str::to_owned);
        self.left.push(Left { from: from.into(), why: why.into(), help });
    }

    /// Adds something that the reader should know.
    pub fn note(&mut self, text: impl Into<String>) {
        self.notes.push(text.into());
    }
}
