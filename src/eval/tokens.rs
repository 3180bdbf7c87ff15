//! The pieces of [simple](super::simple) expressions.

use std::borrow::Cow;

use super::interpolate::split_name;

/// A piece of an expression.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Token<'a> {
    /// A name that is no word of the language.
    Name(&'a str),
    /// What stands between quotes, as it is written.
    Text(&'a str),
    /// A whole number.
    Number(u32),
    /// `==`
    Equal,
    /// `!=`
    Unequal,
    /// `<=`
    AtMost,
    /// `>=`
    AtLeast,
    /// `<`
    Less,
    /// `>`
    More,
    /// `.`
    Dot,
    /// `|`
    Pipe,
    /// `,`
    Comma,
    /// `:`
    Colon,
    /// `~`
    Tilde,
    /// `(`
    Open,
    /// `)`
    Close,
    /// `[`
    OpenList,
    /// `]`
    CloseList,
    /// `{`
    OpenMap,
    /// `}`
    CloseMap,
    /// `is`
    Is,
    /// `not`
    Not,
    /// `if`
    If,
    /// `else`
    Else,
    /// `and`
    And,
    /// `or`
    Or,
    /// `in`
    In,
    /// Nothing is left.
    End,
    /// What is of no common kind.
    Other,
}

/// The piece that a text begins with, and the rest.
pub fn token(text: &str) -> (Token<'_>, &str) {
    let text = text.trim_ascii_start();
    let found = match text.bytes().next() {
        None => return (Token::End, text),
        Some(b'a'..=b'z' | b'A'..=b'Z' | b'_') => {
            split_name(text).map(|(name, rest)| (word(name), rest))
        }
        Some(b'0'..=b'9') => number(text),
        Some(quote @ (b'"' | b'\'')) => quoted(text, quote),
        Some(_) => sign(text),
    };
    found.unwrap_or((Token::Other, text))
}

fn number(text: &str) -> Option<(Token<'_>, &str)> {
    let length = text.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, rest) = text.split_at_checked(length)?;
    let ends = !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_');
    Some((Token::Number(digits.parse().ok().filter(|_| ends)?), rest))
}

fn quoted(text: &str, quote: u8) -> Option<(Token<'_>, &str)> {
    let bytes = text.as_bytes();
    let mut end = 1;
    loop {
        end += bytes.get(end..)?.iter().position(|byte| *byte == quote || *byte == b'\\')?;
        if bytes.get(end) == Some(&quote) {
            return Some((Token::Text(text.get(1..end)?), text.get(end + 1..)?));
        }
        meant(char::from(*bytes.get(end + 1)?))?;
        end += 2;
    }
}

/// What a character means behind `\`; none if it does not stand for itself alone.
fn meant(escaped: char) -> Option<char> {
    Some(match escaped {
        'n' => '\n',
        't' => '\t',
        'r' => '\r',
        '\\' | '"' | '\'' | '/' => escaped,
        _ => return None,
    })
}

fn sign(text: &str) -> Option<(Token<'_>, &str)> {
    let mut bytes = text.bytes();
    let (first, second) = (bytes.next()?, bytes.next());
    let (token, length) = match (first, second) {
        (b'=', Some(b'=')) => (Token::Equal, 2),
        (b'!', Some(b'=')) => (Token::Unequal, 2),
        (b'<', Some(b'=')) => (Token::AtMost, 2),
        (b'>', Some(b'=')) => (Token::AtLeast, 2),
        (b'<', _) => (Token::Less, 1),
        (b'>', _) => (Token::More, 1),
        (b'.', _) => (Token::Dot, 1),
        (b'|', _) => (Token::Pipe, 1),
        (b'~', _) => (Token::Tilde, 1),
        (b'(', _) => (Token::Open, 1),
        (b')', _) => (Token::Close, 1),
        (b',', _) => (Token::Comma, 1),
        (b':', _) => (Token::Colon, 1),
        (b'[', _) => (Token::OpenList, 1),
        (b']', _) => (Token::CloseList, 1),
        (b'{', _) => (Token::OpenMap, 1),
        (b'}', _) => (Token::CloseMap, 1),
        _ => return None,
    };
    Some((token, text.get(length..)?))
}

/// A text as it is meant.
pub fn unescaped(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains('\\') {
        return Some(text.into());
    }
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        out.push(if c == '\\' { meant(chars.next()?)? } else { c });
    }
    Some(out.into())
}

fn word(name: &str) -> Token<'_> {
    match name {
        "is" => Token::Is,
        "not" => Token::Not,
        "if" => Token::If,
        "else" => Token::Else,
        "and" => Token::And,
        "or" => Token::Or,
        "in" => Token::In,
        _ => Token::Name(name),
    }
}
