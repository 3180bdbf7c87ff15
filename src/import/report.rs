//! What was taken, what was not, and why.

use serde::Serialize;

/// What became of everything that was read. Nothing that was read is in none of these.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// What the configuration now says.
    pub taken: Vec<Taken>,
    /// What it does not.
    pub left: Vec<Left>,
    /// What the reader should know besides.
    pub notes: Vec<String>,
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
