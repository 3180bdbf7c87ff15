//! `(f)` strings: text and `{{ }}`, nothing else. Also the ways that are nothing but names.

/// A part of an `(f)` string.
#[derive(Clone, Debug, PartialEq)]
pub enum Piece<'a> {
    /// As it stands.
    Text(&'a str),
    /// The expression between the braces, and its place in the string.
    Expr(&'a str, usize),
}

/// Takes an `(f)` string apart. The error is the place of a `{{` that is not closed.
pub fn pieces(text: &str) -> Result<Vec<Piece<'_>>, usize> {
    let mut found = Vec::new();
    let mut rest = text;
    let mut offset = 0;
    while let Some(open) = rest.find("{{") {
        let (before, after) = (&rest[..open], &rest[open + 2..]);
        let close = end(after).ok_or(offset + open)?;
        if !before.is_empty() {
            found.push(Piece::Text(before));
        }
        found.push(Piece::Expr(after[..close].trim(), offset + open + 2));
        offset += open + 2 + close + 2;
        rest = &after[close + 2..];
    }
    if !rest.is_empty() {
        found.push(Piece::Text(rest));
    }
    Ok(found)
}

/// The place of the `}}` that closes, strings and inner braces skipped.
fn end(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let (mut at, mut depth, mut quote) = (0, 0usize, None);
    while let Some(byte) = bytes.get(at) {
        match (quote, byte) {
            (Some(_), b'\\') => at += 1,
            (Some(own), byte) if own == *byte => quote = None,
            (Some(_), _) => {}
            (None, b'"' | b'\'') => quote = Some(*byte),
            (None, b'{') => depth += 1,
            (None, b'}') if depth > 0 => depth -= 1,
            (None, b'}') if bytes.get(at + 1) == Some(&b'}') => return Some(at),
            (None, _) => {}
        }
        at += 1;
    }
    None
}

/// `a.b_c.d` as its names, if the expression is nothing else.
pub fn simple_path(text: &str) -> Option<Vec<&str>> {
    let text = text.trim();
    if matches!(text, "true" | "false" | "none" | "True" | "False" | "None") {
        return None;
    }
    let parts: Vec<&str> = text.split('.').collect();
    let name = |part: &&str| {
        part.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    parts.iter().all(name).then_some(parts)
}
