//! Texts and places in them.

use std::borrow::Cow;
use std::sync::OnceLock;

/// Names one text of [`Sources`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(pub u32);

/// A stretch of a text, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The text.
    pub source: SourceId,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// From `start` up to, not including, `end`.
    pub fn new(source: SourceId, start: usize, end: usize) -> Self {
        let clamp = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Self { source, start: clamp(start), end: clamp(end.max(start)) }
    }

    /// The smallest span that holds both; `self` if they are in different texts.
    #[must_use]
    pub fn to(self, other: Span) -> Self {
        if self.source == other.source {
            Self { start: self.start.min(other.start), end: self.end.max(other.end), ..self }
        } else {
            self
        }
    }
}

/// A value and its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spanned<T> {
    /// What.
    pub value: T,
    /// Where.
    pub span: Span,
}

/// A line and a column for people: both from 1, columns in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

#[derive(Debug)]
struct Source {
    name: String,
    text: Cow<'static, str>,
    /// The first byte of each line but the first, once asked for.
    lines: OnceLock<Cow<'static, [u32]>>,
}

/// The first byte of each line but the first.
pub fn line_starts(text: &str) -> Vec<u32> {
    let ends = text.match_indices('\n').map(|(end, _)| end + 1);
    ends.map(|start| u32::try_from(start).unwrap_or(u32::MAX)).collect()
}

impl Source {
    /// The first bytes of the lines, but the first, that start at or before a byte.
    fn lines_above(&self, byte: usize) -> &[u32] {
        let lines = self.lines.get_or_init(|| line_starts(&self.text).into());
        let above = lines.partition_point(|first| *first as usize <= byte);
        lines.get(..above).unwrap_or_default()
    }
}

/// The texts of a run, by [`SourceId`].
#[derive(Debug, Default)]
pub struct Sources {
    list: Vec<Source>,
}

impl Sources {
    /// Takes a text in. `name` is the path as the user would write it.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<Cow<'static, str>>) -> SourceId {
        self.push(Source { name: name.into(), text: text.into(), lines: OnceLock::new() })
    }

    /// Takes a text in of which [`line_starts`] is known.
    pub fn add_lined(
        &mut self,
        name: impl Into<String>,
        text: &'static str,
        lines: &'static [u32],
    ) -> SourceId {
        let lines = OnceLock::from(Cow::Borrowed(lines));
        self.push(Source { name: name.into(), text: text.into(), lines })
    }

    fn push(&mut self, source: Source) -> SourceId {
        let id = SourceId(u32::try_from(self.list.len()).unwrap_or(u32::MAX));
        self.list.push(source);
        id
    }

    /// The path of a text, as the user would write it.
    pub fn name(&self, id: SourceId) -> &str {
        self.list.get(id.0 as usize).map_or("<unknown>", |source| &source.name)
    }

    /// The paths of all texts, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.list.iter().map(|source| source.name.as_str())
    }

    /// All texts, in order, each with its path.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.list.iter().map(|source| (source.name.as_str(), &*source.text))
    }

    /// A text.
    pub fn text(&self, id: SourceId) -> &str {
        self.list.get(id.0 as usize).map_or("", |source| &source.text)
    }

    /// The text under a span; empty if the span is not in it.
    pub fn slice(&self, span: Span) -> &str {
        self.list
            .get(span.source.0 as usize)
            .and_then(|source| source.text.get(span.start as usize..span.end as usize))
            .unwrap_or("")
    }

    /// The line of a span's first byte, from 1.
    pub fn line(&self, span: Span) -> usize {
        let source = self.list.get(span.source.0 as usize);
        source.map_or(1, |source| source.lines_above(span.start as usize).len() + 1)
    }

    /// Line and column of a span's first byte.
    pub fn position(&self, span: Span) -> Position {
        let Some(source) = self.list.get(span.source.0 as usize) else {
            return Position { line: 1, column: 1 };
        };
        let mut start = (span.start as usize).min(source.text.len());
        while !source.text.is_char_boundary(start) {
            start -= 1;
        }
        let above = source.lines_above(start);
        let first = above.last().map_or(0, |first| *first as usize);
        let line = above.len() + 1;
        let column = source.text.get(first..start).unwrap_or("").chars().count() + 1;
        Position { line, column }
    }

    /// `file:line` of a span.
    pub fn place(&self, span: Span) -> String {
        format!("{}:{}", self.name(span.source), self.line(span))
    }
}
