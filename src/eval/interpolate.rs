//! `(f)` strings: text and `{{ }}`, nothing else. Also the ways that are nothing but names.

use smallvec::SmallVec;

/// A part of an `(f)` string.
#[derive(Clone, Debug, PartialEq)]
pub enum Piece<'a> {
    /// As it stands.
    Text(&'a str),
    /// The expression between the braces, and its place in the string.
    Expr(&'a str, usize),
}

/// Takes an `(f)` string apart. The error is the place of a `{{` that is not closed.
pub fn pieces(text: &str) -> Result<SmallVec<[Piece<'_>; 4]>, usize> {
    let mut found = SmallVec::new();
    let mut rest = text;
    let mut offset = 0;
    while let Some(open) = opens(rest, b'{').next() {
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

/// Where a `{` stands before another byte.
fn opens(text: &str, next: u8) -> impl Iterator<Item = usize> {
    let bytes = text.as_bytes();
    let mut from = 0;
    std::iter::from_fn(move || {
        loop {
            let at = from + bytes.get(from..)?.iter().position(|byte| *byte == b'{')?;
            from = at + 1;
            if bytes.get(from) == Some(&next) {
                return Some(at);
            }
        }
    })
}

/// What a template's tag begins with.
const TAGS: &[&str] = &["if", "for", "set", "macro", "include", "raw", "filter", "with", "block"];

/// A `{% if ... %}` or its like, which only templates know.
pub fn tag(text: &str) -> Option<&str> {
    opens(text, b'%').find_map(|at| {
        let rest = text.get(at..)?;
        let inside = rest.get(2..)?.trim_start_matches(['-', '+']).trim_start();
        let end = inside.find(|c: char| !c.is_ascii_alphabetic())?;
        let tag = TAGS.contains(&inside.get(..end)?) && inside.get(end..)?.starts_with(' ');
        tag.then(|| rest.get(..rest.find("%}")? + 2)).flatten()
    })
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

/// The names of a way such as `a.b_c.d`; a longer one than this holds is read the long way.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Way<'a> {
    parts: [&'a str; 6],
    count: usize,
}

impl<'a> std::ops::Deref for Way<'a> {
    type Target = [&'a str];

    fn deref(&self) -> &[&'a str] {
        self.parts.get(..self.count).unwrap_or_default()
    }
}

/// `a.b_c.d` as its names, if the expression is nothing else. Asked for every value that a
/// target computes, so it allocates nothing.
pub fn simple_path(text: &str) -> Option<Way<'_>> {
    let is_closed = |byte: Option<&u8>| byte.is_some_and(|byte| IN_NAME[usize::from(*byte)]);
    let bytes = text.as_bytes();
    let text = match is_closed(bytes.first()) && is_closed(bytes.last()) {
        true => text,
        false => text.trim(),
    };
    // Most that are something else are told by what follows their first name.
    let (first, mut after) = split_name(text)?;
    if after.is_empty() && matches!(first, "true" | "false" | "none" | "True" | "False" | "None") {
        return None;
    }
    let mut way = Way { parts: [first, "", "", "", "", ""], count: 1 };
    while !after.is_empty() {
        let (name, rest) = split_name(after.strip_prefix('.')?)?;
        *way.parts.get_mut(way.count)? = name;
        way.count += 1;
        after = rest;
    }
    Some(way)
}

/// The name that a text begins with, and the rest.
pub fn split_name(text: &str) -> Option<(&str, &str)> {
    let bytes = text.as_bytes();
    bytes.first().filter(|byte| IN_NAME[usize::from(**byte)] && !byte.is_ascii_digit())?;
    let ends = |byte: &u8| !IN_NAME[usize::from(*byte)];
    text.split_at_checked(bytes.iter().position(ends).unwrap_or(bytes.len()))
}

/// The bytes of a name: letters, digits, `_`.
const IN_NAME: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 128 {
        table[byte] = (byte as u8).is_ascii_alphanumeric() || byte == b'_' as usize;
        byte += 1;
    }
    table
};

/// Operators of one expression. Each may be a level of its tree, which is walked by recursion.
const MAX_OPERATORS: usize = 400;

/// Whether an expression has more operators than anybody writes.
pub fn is_tangled(text: &str) -> bool {
    if text.len() <= MAX_OPERATORS {
        return false;
    }
    let (mut count, mut quote) = (0usize, None);
    let mut bytes = text.bytes().peekable();
    while let Some(byte) = bytes.next() {
        match quote {
            Some(_) if byte == b'\\' => {
                bytes.next();
            }
            Some(own) if own == byte => quote = None,
            Some(_) => {}
            None if matches!(byte, b'"' | b'\'') => quote = Some(byte),
            // Words: `not not not`.
            None if byte == b' ' => {
                count += usize::from(bytes.peek().is_some_and(u8::is_ascii_alphabetic));
            }
            None if byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b',' | b':') => {}
            None if byte.is_ascii_whitespace() || !byte.is_ascii() => {}
            None => count += 1,
        }
    }
    count > MAX_OPERATORS
}

/// The same for what stands between the braces of a template.
pub fn is_tangled_template(text: &str) -> bool {
    if text.len() <= MAX_OPERATORS {
        return false;
    }
    let mut starts: Vec<usize> = opens(text, b'{').chain(opens(text, b'%')).collect();
    starts.sort_unstable();
    let ends = starts.iter().skip(1).copied().chain([text.len()]);
    starts.iter().zip(ends).any(|(start, end)| {
        let part = text.get(start + 2..end).unwrap_or_default();
        // The end is looked for only where it decides.
        part.len() > MAX_OPERATORS && {
            let end = part.find("}}").or(part.find("%}")).unwrap_or(part.len());
            part.get(..end).is_some_and(is_tangled)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_may_have_any_blanks_around_it() {
        for text in ["host.name", " host.name\t", "\u{a0}host.name\u{b}"] {
            assert_eq!(simple_path(text).as_deref(), Some(&["host", "name"][..]), "{text:?}");
        }
        for text in ["", "1a", "true", "a.", "a..b", "a b", "a.b()", "\u{a0}"] {
            assert_eq!(simple_path(text), None, "{text:?}");
        }
    }
}
