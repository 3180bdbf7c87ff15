//! Draws problems for people. The only file that knows how a report looks.

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Patch, Renderer, Snippet};

use super::{Diagnostic, Diagnostics, Label, Severity, Sources, Span};

/// How to draw.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// With ANSI colours.
    pub color: bool,
    /// Columns of the terminal.
    pub width: usize,
}

impl Default for Style {
    fn default() -> Self {
        Self { color: false, width: 120 }
    }
}

/// All problems, sorted, with a closing line that counts them.
pub fn report(diagnostics: &Diagnostics, sources: &Sources, style: Style) -> String {
    let mut out = String::new();
    for diagnostic in diagnostics.sorted() {
        out.push_str(&one(diagnostic, sources, style));
        out.push_str("\n\n");
    }
    let (errors, warnings) = diagnostics.counts();
    let count = |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
    match (errors, warnings) {
        (0, 0) => {}
        (errors, 0) => out.push_str(&format!("{}\n", count(errors, "error"))),
        (0, warnings) => out.push_str(&format!("{}\n", count(warnings, "warning"))),
        (e, w) => out.push_str(&format!("{}, {}\n", count(e, "error"), count(w, "warning"))),
    }
    out
}

/// One problem.
pub fn one(diagnostic: &Diagnostic, sources: &Sources, style: Style) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let mut group =
        Group::with_title(level.primary_title(clean(&diagnostic.message)).id(diagnostic.code));
    let primary = diagnostic.label.iter().map(|label| (label, AnnotationKind::Primary));
    let others = diagnostic.others.iter().map(|label| (label, AnnotationKind::Context));
    let mut files: Vec<(u32, Vec<(&Label, AnnotationKind)>)> = Vec::new();
    for (label, kind) in primary.chain(others) {
        match files.iter_mut().find(|(id, _)| *id == label.span.source.0) {
            Some((_, labels)) => labels.push((label, kind)),
            None => files.push((label.span.source.0, vec![(label, kind)])),
        }
    }
    for (_, labels) in files {
        let Some((first, _)) = labels.first() else { continue };
        let window =
            Window::around(sources, &labels.iter().map(|(l, _)| l.span).collect::<Vec<_>>());
        group = group.element(
            Snippet::source(window.text.clone())
                .line_start(window.line)
                .path(sources.name(first.span.source).to_owned())
                .annotations(labels.into_iter().map(|(label, kind)| {
                    kind.span(window.range(label.span)).label(clean(&label.text))
                })),
        );
    }
    let mut groups: Vec<Group<'_>> = vec![group];
    match (&diagnostic.help, &diagnostic.fix) {
        (Some(help), Some(fix)) => {
            let window = Window::around(sources, &[fix.span]);
            groups.push(
                Level::HELP.secondary_title(clean(help)).element(
                    Snippet::source(window.text.clone())
                        .line_start(window.line)
                        .path(sources.name(fix.span.source).to_owned())
                        .patch(Patch::new(window.range(fix.span), fix.text.clone())),
                ),
            );
        }
        (Some(help), None) => {
            if let Some(last) = groups.pop() {
                groups.push(last.element(Level::HELP.message(clean(help))));
            }
        }
        (None, _) => {}
    }
    let renderer = if style.color { Renderer::styled() } else { Renderer::plain() };
    renderer.decor_style(DecorStyle::Ascii).term_width(style.width.max(40)).render(&groups)
}

/// Control characters never reach a terminal.
fn clean(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() && c != '\n' { char::REPLACEMENT_CHARACTER } else { c })
        .collect()
}

/// The lines around some spans, so that a report on one line of a large file costs one line.
struct Window {
    text: String,
    line: usize,
    offset: usize,
}

impl Window {
    const CONTEXT: usize = 400;

    fn around(sources: &Sources, spans: &[Span]) -> Self {
        let Some(first) = spans.first() else {
            return Self { text: String::new(), line: 1, offset: 0 };
        };
        let text = sources.text(first.source);
        let low = spans.iter().map(|span| span.start as usize).min().unwrap_or(0).min(text.len());
        let high = spans.iter().map(|span| span.end as usize).max().unwrap_or(0).min(text.len());
        let bytes = text.as_bytes();
        let line_start = bytes[..low].iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
        let line_end =
            bytes[high..].iter().position(|b| *b == b'\n').map_or(text.len(), |at| high + at);
        // A line of a megabyte is shown by a piece of it.
        let start = boundary(text, line_start.max(low.saturating_sub(Self::CONTEXT)));
        let end = boundary(text, line_end.min(high + Self::CONTEXT));
        let piece = text.get(start..end).unwrap_or("");
        Self {
            text: piece
                .chars()
                .map(
                    |c| if c.is_control() && !matches!(c, '\n' | '\t') { same_width(c) } else { c },
                )
                .collect(),
            line: bytes[..start].iter().filter(|b| **b == b'\n').count() + 1,
            offset: start,
        }
    }

    fn range(&self, span: Span) -> std::ops::Range<usize> {
        let at = |n: u32| {
            boundary(&self.text, (n as usize).saturating_sub(self.offset).min(self.text.len()))
        };
        at(span.start)..at(span.end)
    }
}

/// A harmless character of as many bytes, so that offsets still fit.
fn same_width(c: char) -> char {
    if c.len_utf8() == 1 { '?' } else { '\u{a0}' }
}

fn boundary(text: &str, mut at: usize) -> usize {
    at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// hcc's problem, for programs that know miette's interface.
impl miette::Diagnostic for Diagnostic {
    fn code<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        Some(Box::new(self.code))
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn std::fmt::Display>)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = miette::LabeledSpan> + '_>> {
        let label = self.label.as_ref()?;
        let same_file = self.others.iter().filter(|other| other.span.source == label.span.source);
        Some(Box::new(std::iter::once(label).chain(same_file).map(|label| {
            let (start, end) = (label.span.start as usize, label.span.end as usize);
            miette::LabeledSpan::new(Some(label.text.clone()), start, end - start)
        })))
    }
}

impl std::fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Diagnostic {}
