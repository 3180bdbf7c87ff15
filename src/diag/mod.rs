//! Problems found in a configuration, as values.
//!
//! Every room is handed a [`Diagnostics`] and adds to it; none prints, none stops at the first
//! problem. A problem names its places by [`Span`]; only [`render`] and [`json`] turn spans into
//! lines. Spans are byte offsets into a text of [`Sources`].

pub mod json;
mod nearest;
pub mod render;
mod source;

use foldhash::HashSet;

pub use nearest::nearest;
pub use source::{Position, SourceId, Sources, Span, Spanned, line_starts};

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Nothing is compiled.
    Error,
    /// Compiled all the same.
    Warning,
}

/// A place and what it is, in a few words.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Label {
    /// Where.
    pub span: Span,
    /// What this place is, at most a few words; may be empty.
    pub text: String,
}

/// A replacement that can be applied as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Fix {
    /// The text that is replaced.
    pub span: Span,
    /// What stands there instead.
    pub text: String,
}

/// One problem: what, where, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Diagnostic {
    /// A stable kebab-case fact, such as `unknown-option`.
    pub code: &'static str,
    /// Error or warning.
    pub severity: Severity,
    /// One sentence, lower case, no full stop.
    pub message: String,
    /// The place where the fix goes.
    pub label: Option<Label>,
    /// Other places that belong to it.
    pub others: Vec<Label>,
    /// What to do, ready to paste where that can be.
    pub help: Option<String>,
    /// The replacement behind `help`.
    pub fix: Option<Fix>,
}

impl Diagnostic {
    /// An error at a place; `text` says what that place is.
    pub fn error(
        code: &'static str,
        span: Span,
        text: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            code,
            severity: Severity::Error,
            message: message.into(),
            label: Some(Label { span, text: text.into() }),
            others: Vec::new(),
            help: None,
            fix: None,
        }
    }

    /// A warning at a place.
    pub fn warning(
        code: &'static str,
        span: Span,
        text: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, span, text, message) }
    }

    /// An error that has no place in a text, such as a configuration that does not exist.
    pub fn placeless(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: Severity::Error,
            message: message.into(),
            label: None,
            others: Vec::new(),
            help: None,
            fix: None,
        }
    }

    /// Adds what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds what to do, if it is known.
    #[must_use]
    pub fn maybe_help(mut self, help: Option<String>) -> Self {
        self.help = help.or(self.help);
        self
    }

    /// Adds "did you mean" with the replacement of what stands at `span`, if a name is near.
    #[must_use]
    pub fn meant(self, span: Span, near: Option<impl Into<String>>) -> Self {
        match near.map(Into::into) {
            Some(near) => self.help(format!("did you mean `{near}`?")).fix(span, near),
            None => self,
        }
    }

    /// Adds what to write instead of what stands at `span`.
    #[must_use]
    pub fn write(self, span: Span, text: impl Into<String>) -> Self {
        let text = text.into();
        self.help(format!("write `{text}`")).fix(span, text)
    }

    /// Adds a replacement; the help is a sentence about it.
    #[must_use]
    pub fn fix(mut self, span: Span, text: impl Into<String>) -> Self {
        self.fix = Some(Fix { span, text: text.into() });
        self
    }

    /// Adds another place.
    #[must_use]
    pub fn also(mut self, span: Span, text: impl Into<String>) -> Self {
        self.others.push(Label { span, text: text.into() });
        self
    }
}

/// All problems of a run; the same problem at the same place is kept once.
#[derive(Debug, Default)]
pub struct Diagnostics {
    list: Vec<Diagnostic>,
    seen: HashSet<Diagnostic>,
    places: HashSet<(&'static str, Span)>,
}

/// What is wrong with a place by itself, so that it is said once there: also where two hosts, or
/// two keys of one node, would word it differently.
const PER_PLACE: &[&str] = &[
    "wrong-type",
    "wrong-shape",
    "out-of-range",
    "not-in-enum",
    "unknown-option",
    "said-twice",
    "not-on-this-os",
    "outside-home",
    "system-option-in-user",
    "user-option-in-system",
];

impl Diagnostics {
    /// Adds a problem, unless it is there already.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        if let Some(label) =
            diagnostic.label.as_ref().filter(|_| PER_PLACE.contains(&diagnostic.code))
            && !self.places.insert((diagnostic.code, label.span))
        {
            return;
        }
        if self.seen.insert(diagnostic.clone()) {
            self.list.push(diagnostic);
        }
    }

    /// Adds all of another list.
    pub fn extend(&mut self, other: Diagnostics) {
        for diagnostic in other.list {
            self.push(diagnostic);
        }
    }

    /// Whether there is an error among them.
    pub fn has_errors(&self) -> bool {
        self.list.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
    }

    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// How many errors and how many warnings.
    pub fn counts(&self) -> (usize, usize) {
        let errors = self.list.iter().filter(|one| one.severity == Severity::Error).count();
        (errors, self.list.len() - errors)
    }

    /// The problems in the order of their places: file by file, top to bottom; placeless first.
    pub fn sorted(&self) -> Vec<&Diagnostic> {
        let mut list: Vec<&Diagnostic> = self.list.iter().collect();
        list.sort_by_key(|one| {
            one.label.as_ref().map(|label| (label.span.source, label.span.start, label.span.end))
        });
        list
    }

    /// The problems in the order in which they were found.
    pub fn iter(&self) -> impl Iterator<Item = &Diagnostic> {
        self.list.iter()
    }
}
