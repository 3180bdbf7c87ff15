//! Numbers: decimal, hexadecimal, octal and binary, and what looks like one and is none.

use crate::syntax::tree::Scalar;

/// Why a text is no number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NotANumber {
    /// It is written as one, but is beyond what an integer holds.
    TooLarge,
    /// It is written otherwise.
    Shape,
}

/// Whether a number starts here: a digit, or a sign and a digit.
pub(super) fn starts(bytes: &[u8]) -> bool {
    match bytes {
        [b'0'..=b'9', ..] | [b'+' | b'-', b'0'..=b'9', ..] => true,
        // Written so it is one for people, and no bare word for KDL.
        [b'.', b'0'..=b'9', ..] | [b'+' | b'-', b'.', b'0'..=b'9', ..] => true,
        _ => false,
    }
}

/// Reads a number.
pub(super) fn read(text: &str) -> Result<Scalar, NotANumber> {
    let bytes = text.as_bytes();
    if bytes.len() <= 18 && bytes.iter().all(u8::is_ascii_digit) && !bytes.is_empty() {
        let value = bytes.iter().fold(0_i64, |sum, digit| sum * 10 + i64::from(digit - b'0'));
        return Ok(Scalar::Int(value.into()));
    }
    let (sign, digits) = match bytes {
        [b'-', rest @ ..] => ("-", rest),
        [b'+', rest @ ..] => ("", rest),
        rest => ("", rest),
    };
    let (radix, digits) = match digits {
        [b'0', b'x', rest @ ..] => (16, rest),
        [b'0', b'o', rest @ ..] => (8, rest),
        [b'0', b'b', rest @ ..] => (2, rest),
        rest => (10, rest),
    };
    let mut clean = String::with_capacity(bytes.len());
    clean.push_str(sign);
    let end = run(digits, 0, radix, &mut clean).ok_or(NotANumber::Shape)?;
    if end == digits.len() {
        return i128::from_str_radix(&clean, radix)
            .map(|value| Scalar::Int(value.into()))
            .map_err(|_| NotANumber::TooLarge);
    }
    if radix != 10 {
        return Err(NotANumber::Shape);
    }
    float(digits, end, clean).ok_or(NotANumber::Shape)
}

/// Reads the fraction and the exponent after the digits of `clean`.
fn float(digits: &[u8], mut at: usize, mut clean: String) -> Option<Scalar> {
    if digits.get(at) == Some(&b'.') {
        clean.push('.');
        at = run(digits, at + 1, 10, &mut clean)?;
    }
    if matches!(digits.get(at), Some(b'e' | b'E')) {
        clean.push('e');
        at += 1;
        if let Some(sign @ (b'+' | b'-')) = digits.get(at) {
            clean.push(char::from(*sign));
            at += 1;
        }
        at = run(digits, at, 10, &mut clean)?;
    }
    if at < digits.len() {
        return None;
    }
    clean.parse().ok().map(Scalar::Float)
}

/// Reads a digit and the digits and underscores after it; `None` if no digit starts here.
fn run(bytes: &[u8], start: usize, radix: u32, clean: &mut String) -> Option<usize> {
    let mut at = start;
    while let Some(byte) = bytes.get(at) {
        if char::from(*byte).is_digit(radix) {
            clean.push(char::from(*byte));
        } else if *byte != b'_' || at == start {
            break;
        }
        at += 1;
    }
    (at > start).then_some(at)
}
