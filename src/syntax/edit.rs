//! A text with other values in some places, and all else as it stands: comments, order, layout.
//!
//! Whoever edits reads the result again and sees whether it means what it should: this room knows
//! no option, and so cannot tell.

use std::borrow::Cow;

use ecow::EcoString;

use super::marks;
use super::tree::{Entry, Node, Scalar};
use crate::diag::Span;
use crate::value::quote;

/// A value in a text, with what is around it.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The value and its name.
    pub entry: &'a Entry,
    /// The node that it stands in.
    pub node: &'a Node,
    /// The node around that.
    pub parent: Option<&'a Node>,
}

impl Place<'_> {
    /// Whether the value stands there as it is, and is not computed.
    pub fn is_literal(&self) -> bool {
        let (marks, problem) = marks::read(self.entry.value.ty.as_deref());
        let (around, _) = marks::read(self.node.ty.as_deref());
        problem.is_none() && marks.compute.is_none() && around.compute.is_none()
    }

    /// Whether the node says this one value and nothing else.
    pub fn is_alone(&self) -> bool {
        self.node.entries.len() == 1 && self.node.children.is_none() && self.entry.name.is_none()
    }
}

/// The value at a place.
pub fn find(tree: &[Node], span: Span) -> Option<Place<'_>> {
    let mut open: Vec<(&Node, Option<&Node>)> = tree.iter().map(|node| (node, None)).collect();
    while let Some((node, parent)) = open.pop() {
        if node.span.source != span.source
            || node.span.start > span.start
            || node.span.end < span.end
        {
            continue;
        }
        if let Some(entry) = node.entries.iter().find(|entry| entry.value.span == span) {
            return Some(Place { entry, node, parent });
        }
        open.extend(node.children().iter().map(|child| (child, Some(node))));
    }
    None
}

/// What is written in the place of a stretch of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// The first byte that goes.
    pub start: usize,
    /// One past the last.
    pub end: usize,
    /// What stands there then.
    pub text: String,
}

impl Edit {
    /// Another text in the place of a value, a node, or whatever stands there.
    pub fn replace(span: Span, text: String) -> Self {
        Self { start: span.start as usize, end: span.end as usize, text }
    }

    /// A node goes, with its line if nothing else is on it, or with what parts it from the next.
    pub fn remove(span: Span, text: &str) -> Self {
        let (mut start, mut end) = (span.start as usize, span.end as usize);
        let before = text.get(..start).unwrap_or_default();
        let line = before.rfind('\n').map_or(0, |at| at + 1);
        let blank = |part: &str| part.chars().all(|c| c == ' ' || c == '\t');
        let after = text.get(end..).unwrap_or_default();
        let rest = after.trim_start_matches([' ', '\t', ';', '\r']);
        if blank(before.get(line..).unwrap_or_default())
            && (rest.is_empty() || rest.starts_with('\n'))
        {
            start = line;
            end += after.len() - rest.len() + usize::from(rest.starts_with('\n'));
        } else if after.trim_start_matches([' ', '\t']).starts_with(';') {
            let gap = after.len() - after.trim_start_matches([' ', '\t']).len();
            let next = after.get(gap + 1..).unwrap_or_default();
            end += gap + 1 + (next.len() - next.trim_start_matches([' ', '\t']).len());
        } else {
            let kept = before.trim_end_matches([' ', '\t', ';']);
            start = kept.len();
        }
        Self { start, end, text: String::new() }
    }

    /// A property goes, with the blanks before it.
    pub fn remove_entry(span: Span, text: &str) -> Self {
        let before = text.get(..span.start as usize).unwrap_or_default();
        let start = before.trim_end_matches([' ', '\t']).len();
        Self { start, end: span.end as usize, text: String::new() }
    }

    /// A node comes behind another, laid out as that is.
    pub fn behind(span: Span, node: &str, text: &str) -> Self {
        let (start, end) = (span.start as usize, span.end as usize);
        let before = text.get(..start).unwrap_or_default();
        let indent = before.get(before.rfind('\n').map_or(0, |at| at + 1)..).unwrap_or_default();
        let own_line = indent.chars().all(|c| c == ' ' || c == '\t');
        let after = text.get(end..).unwrap_or_default();
        let line = after.split('\n').next().unwrap_or_default();
        if !own_line {
            let end_of_node = Self { start: end, end, text: format!("; {node}") };
            return end_of_node;
        }
        // Behind a comment on the same line, which belongs to the node before.
        let trimmed = line.trim_start_matches([' ', '\t', ';']);
        let at = match trimmed.is_empty() || trimmed.starts_with("//") {
            true => end + line.trim_end_matches('\r').len(),
            false => end,
        };
        Self { start: at, end: at, text: format!("\n{indent}{node}") }
    }
}

/// How deep what is in a node stands, beyond the node itself.
const INDENT: &str = "    ";

impl Edit {
    /// A child comes last into a node, which gets braces if it has none. `child` is written for a
    /// line that begins with the indentation it is handed.
    pub fn last_child(node: &Node, child: impl Fn(&str) -> String, text: &str) -> Self {
        let outer = indent(node.span, text);
        let end = node.span.end as usize;
        let body = text.get(node.span.start as usize..end).unwrap_or_default();
        if let Some(last) = node.children().last() {
            let inner = indent(last.span, text);
            let same_line = text
                .get(node.span.start as usize..last.span.start as usize)
                .is_some_and(|between| !between.contains('\n'));
            if !same_line {
                return Self::behind(last.span, child(inner).trim(), text);
            }
        }
        let inner = format!("{outer}{INDENT}");
        let new = child(&inner);
        let new = new.trim_end_matches('\n');
        let closes = node.children.is_some().then(|| body.rfind('}')).flatten();
        match closes {
            None => Self { start: end, end, text: format!(" {{\n{new}\n{outer}}}") },
            Some(close) => {
                let close = node.span.start as usize + close;
                let before = text.get(..close).unwrap_or_default().trim_end_matches([' ', '\t']);
                // What stands on the line of the braces stays there, and the new line is below it.
                let start = before.len();
                let gap = if before.ends_with('\n') { "" } else { "\n" };
                Self { start, end: close, text: format!("{gap}{new}\n{outer}") }
            }
        }
    }
}

/// A text with the line ends of another one: those of Windows, if its first line ends so.
pub fn in_lines_of<'t>(text: &str, new: &'t str) -> Cow<'t, str> {
    let is_windows = text.split_once('\n').is_some_and(|(line, _)| line.ends_with('\r'));
    match is_windows && new.contains('\n') {
        true => Cow::Owned(new.replace("\r\n", "\n").replace('\n', "\r\n")),
        false => Cow::Borrowed(new),
    }
}

/// A text with edits that do not overlap; none if they do, or cut a character.
pub fn apply(text: &str, edits: &[Edit]) -> Option<String> {
    let mut edits: Vec<&Edit> = edits.iter().collect();
    edits.sort_by_key(|edit| (edit.start, edit.end));
    edits.dedup();
    let (mut out, mut at) = (String::with_capacity(text.len()), 0);
    for edit in edits {
        out.push_str(text.get(at..edit.start)?);
        out.push_str(&in_lines_of(text, &edit.text));
        at = edit.end;
    }
    out.push_str(text.get(at..)?);
    Some(out)
}

/// A value as it is written; texts of several lines in the layout that `indent` begins.
pub fn literal(value: &Scalar, indent: &str) -> String {
    match value {
        Scalar::Null => "#null".to_owned(),
        Scalar::Bool(value) => format!("#{value}"),
        Scalar::Int(value) => value.to_string(),
        Scalar::Float(value) if value.is_nan() => "#nan".to_owned(),
        Scalar::Float(value) if value.is_infinite() => {
            if *value > 0.0 {
                "#inf".to_owned()
            } else {
                "#-inf".to_owned()
            }
        }
        Scalar::Float(value) => format!("{value:?}"),
        Scalar::String(text) => string(text, indent),
    }
}

fn string(text: &EcoString, indent: &str) -> String {
    if !text.trim_end_matches('\n').contains('\n') {
        return quote(text);
    }
    let inner = format!("{indent}    ");
    let lines = text.split('\n').map(|line| {
        let quoted = quote(line);
        let line = quoted.get(1..quoted.len() - 1).unwrap_or_default().replace("\\\"", "\"");
        // Three quotes would end it.
        let line = line.replace("\"\"\"", "\"\"\\\"");
        match line.chars().next() {
            None => "\n".to_owned(),
            // KDL drops what is blank in a line without more, unless it is escaped.
            Some(first) if line.trim().is_empty() => {
                let rest = line.get(first.len_utf8()..).unwrap_or_default();
                format!("\n{inner}\\u{{{:x}}}{rest}", u32::from(first))
            }
            Some(_) => format!("\n{inner}{line}"),
        }
    });
    format!("\"\"\"{}\n{inner}\"\"\"", lines.collect::<String>())
}

/// A name as it is written.
pub fn name(name: &str) -> String {
    let plain = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
        && !matches!(name, "true" | "false" | "null" | "inf" | "nan");
    if plain { name.to_owned() } else { quote(name) }
}

/// The blanks that the line of a place begins with.
pub fn indent(span: Span, text: &str) -> &str {
    let before = text.get(..span.start as usize).unwrap_or_default();
    let line = before.rfind('\n').map_or(0, |at| at + 1);
    let line = text.get(line..).unwrap_or_default();
    let end = line.len() - line.trim_start_matches([' ', '\t']).len();
    line.get(..end).unwrap_or_default()
}
