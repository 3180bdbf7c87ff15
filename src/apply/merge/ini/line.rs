//! One line of an INI file, in its dialect.

use std::ops::Range;

use ecow::EcoString;
use serde::{Deserialize, Serialize};

use crate::emit::{Params, Said};
use crate::ir::Value;

/// How lines are read: what an `ini` file's parameters say of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Dialect {
    /// Between key and value.
    pub separator: String,
    /// Around a section's name.
    pub section: (String, String),
    /// Whether a key may stand alone.
    pub flag: bool,
    /// What begins a comment behind a value.
    pub comments: Vec<String>,
}

impl Dialect {
    /// The dialect that these parameters say.
    pub fn new(params: &Params) -> Self {
        let (open, close) =
            params.text("section").and_then(|said| said.split_once("{name}")).unwrap_or(("[", "]"));
        let words = |said: &Said| {
            said.args.iter().filter_map(Value::as_str).map(str::to_owned).collect::<Vec<_>>()
        };
        Self {
            separator: params.text("separator").unwrap_or("=").to_owned(),
            section: (open.to_owned(), close.to_owned()),
            flag: params.flag("flag"),
            comments: params
                .last("comment")
                .map_or_else(|| vec!["#".to_owned(), ";".to_owned()], words),
        }
    }
}

/// A line.
pub(super) struct Line {
    pub text: String,
    pub kind: Kind,
}

/// What a line is.
pub(super) enum Kind {
    /// A blank or a comment.
    Blank,
    Header(EcoString),
    /// The value's place; none if the key stands alone.
    Key(EcoString, Option<Range<usize>>),
    /// More of the value before.
    More,
}

/// Tells what a line is, by itself and the one before.
pub(super) fn kind(text: &str, dialect: &Dialect, before: Option<&Line>) -> Result<Kind, String> {
    let trimmed = text.trim();
    let (open, close) = (dialect.section.0.trim(), dialect.section.1.trim());
    let comment = trimmed.starts_with(['#', ';'])
        || dialect.comments.iter().any(|mark| trimmed.starts_with(mark.as_str()));
    if trimmed.is_empty() || comment {
        return Ok(Kind::Blank);
    }
    let continues = before
        .is_some_and(|line| matches!(line.kind, Kind::Key(_, Some(_)) | Kind::More))
        && text.starts_with([' ', '\t']);
    if let Some(rest) = trimmed.strip_prefix(open)
        && !open.is_empty()
    {
        let named = rest.rfind(close).filter(|_| !close.is_empty()).and_then(|end| {
            let behind = rest.get(end + close.len()..)?.trim();
            (behind.is_empty() || behind.starts_with(['#', ';'])).then(|| rest.get(..end))?
        });
        return match named {
            Some(name) => Ok(Kind::Header(EcoString::from(name))),
            None if continues => Ok(Kind::More),
            None => Err(format!("expected `{open}section{close}`, found `{}`", short(trimmed))),
        };
    }
    let from = text.len() - text.trim_start().len();
    let rest = text.get(from..).unwrap_or_default();
    let separator = dialect.separator.trim();
    let split = if separator.is_empty() {
        rest.find(char::is_whitespace).map(|at| (at, 0))
    } else {
        rest.find(separator).map(|at| (at, separator.len()))
    };
    match split {
        Some((at, length)) if at > 0 => {
            let key = rest.get(..at).unwrap_or_default().trim_end();
            let value = value(text, from + at + length, dialect);
            Ok(Kind::Key(EcoString::from(key), Some(value)))
        }
        None if continues => Ok(Kind::More),
        None if dialect.flag || separator.is_empty() => {
            Ok(Kind::Key(EcoString::from(rest.trim_end()), None))
        }
        _ => Err(format!("expected `key{}value`, found `{}`", dialect.separator, short(trimmed))),
    }
}

/// The place of the value that begins behind a separator, without the space around it and a
/// comment.
fn value(text: &str, from: usize, dialect: &Dialect) -> Range<usize> {
    let rest = text.get(from..).unwrap_or_default();
    let start = from + rest.len() - rest.trim_start().len();
    let rest = rest.trim_start();
    // A comment's mark within quotes is none.
    let mark = rest.chars().next().filter(|c| matches!(c, '"' | '\''));
    let quoted = mark.and_then(|mark| {
        let mut escaped = false;
        rest.char_indices().skip(1).find(|(_, c)| {
            let end = *c == mark && !escaped;
            escaped = *c == '\\' && !escaped;
            end
        })
    });
    let after = quoted.map_or(0, |(at, _)| at + 1);
    let end = rest
        .char_indices()
        .filter(|(at, _)| *at >= after)
        .find(|(at, _)| {
            let before = rest.get(..*at).unwrap_or_default();
            let here = rest.get(*at..).unwrap_or_default();
            (before.is_empty() || before.ends_with(char::is_whitespace))
                && dialect
                    .comments
                    .iter()
                    .any(|mark| !mark.is_empty() && here.starts_with(mark.as_str()))
        })
        .map_or(rest.len(), |(at, _)| at);
    let said = rest.get(..end).unwrap_or_default().trim_end();
    start..start + said.len()
}

fn short(text: &str) -> String {
    text.chars().take(40).collect()
}
