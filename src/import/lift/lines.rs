//! Lists: a line for each item.

use super::{Said, comments};
use crate::ir::Value;

/// Reads a file of lines; empty ones and comments say nothing.
pub(super) fn read(text: &str) -> Said {
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let list = lines.map(|line| Value::String(line.into())).collect();
    Said { value: Value::List(list), entries: None, comments: comments(text, &["#"]), parts: None }
}
