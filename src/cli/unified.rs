//! Differences between texts, as `diff -u` writes them.

use similar::TextDiff;

/// What changes from one text to another, with the names of both; empty if nothing does.
pub fn unified(old: Option<&[u8]>, new: Option<&[u8]>, from: &str, to: &str) -> String {
    let text = |bytes: Option<&[u8]>| {
        let bytes = bytes.unwrap_or_default();
        if bytes.contains(&0) { None } else { std::str::from_utf8(bytes).ok().map(str::to_owned) }
    };
    if old == new {
        return String::new();
    }
    let (Some(before), Some(after)) = (text(old), text(new)) else {
        return format!("Binary files {from} and {to} differ\n");
    };
    let (from, to) = (
        if old.is_some() { from } else { "/dev/null" },
        if new.is_some() { to } else { "/dev/null" },
    );
    TextDiff::from_lines(&before, &after).unified_diff().header(from, to).to_string()
}
