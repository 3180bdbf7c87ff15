//! Names and values: bare words, and what people write where KDL wants quotes.

use ecow::EcoString;

use super::number::{self, NotANumber};
use super::space::{blank, line_end, loose_end, near_line_end, newline, word_end};
use super::{Reader, problems};
use crate::syntax::tree::{Name, Scalar, Value};

use crate::diag::Spanned;

/// What is being read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// A node's name.
    Node,
    /// An argument, or the name of a property.
    Argument,
    /// The value of a property.
    Property,
    /// Between the parentheses of an annotation.
    Annotation,
}

const KEYWORDS: [&str; 6] = ["true", "false", "null", "inf", "-inf", "nan"];

impl Reader<'_> {
    /// Reads a node's name. `None`: reported.
    pub(super) fn name(&mut self) -> Option<Name> {
        let start = self.at;
        let atom = self.atom(Place::Node)?;
        let span = self.span(start, self.at);
        if let Scalar::String(value) = atom {
            return Some(Spanned { value, span });
        }
        let text = self.piece(start, self.at);
        self.report(problems::name_is_no_text(span, text, "node"));
        Some(Spanned { value: text.into(), span })
    }

    /// Reads `(ty)`. `None`: reported.
    pub(super) fn annotation(&mut self) -> Option<Name> {
        let open = self.at;
        self.at += 1;
        self.node_space();
        let start = self.at;
        if self.peek() == Some(b')') {
            self.at += 1;
            self.report(problems::empty_annotation(self.span(open, self.at)));
            return None;
        }
        if self.nothing_here() || self.rest().starts_with(b"/-") {
            self.report(problems::unclosed_annotation(self.span(open, open + 1)));
            if let Some(close) = self.annotation_end() {
                self.at = close + 1;
            }
            return None;
        }
        let atom = self.atom(Place::Annotation);
        let span = self.span(start, self.at);
        self.node_space();
        if self.peek() != Some(b')') {
            let close = self.annotation_end();
            if atom.is_some() {
                self.report(match close {
                    Some(close) => problems::annotation_is_one_word(
                        self.span(start, close),
                        self.piece(start, close),
                    ),
                    None => problems::unclosed_annotation(self.span(open, open + 1)),
                });
            }
            if let Some(close) = close {
                self.at = close + 1;
            }
            return None;
        }
        self.at += 1;
        match atom {
            Some(Scalar::String(value)) => Some(Spanned { value, span }),
            Some(_) => {
                let text = self.text.get(span.start as usize..span.end as usize).unwrap_or("");
                self.report(problems::name_is_no_text(span, text, "annotation"));
                None
            }
            None => None,
        }
    }

    /// The `)` that was meant to end the annotation, if the line has one.
    fn annotation_end(&self) -> Option<usize> {
        let end = near_line_end(self.bytes, self.at);
        let rest = self.bytes.get(self.at..end)?;
        let close = rest.iter().position(|b| matches!(b, b')' | b'"' | b'{' | b'}' | b';'))?;
        (rest.get(close) == Some(&b')')).then_some(self.at + close)
    }

    /// Reads a value and its annotation. `None`: reported.
    pub(super) fn value(&mut self, place: Place) -> Option<Value> {
        let mut ty = None;
        let mut fine = true;
        if self.peek() == Some(b'(') {
            let start = self.at;
            ty = self.annotation();
            fine = ty.is_some();
            self.node_space();
            if self.nothing_here() || self.rest().starts_with(b"/-") {
                let span = self.span(start, self.at);
                if fine {
                    self.report(problems::annotation_of_nothing(span, "a value"));
                }
                return None;
            }
            if self.peek() == Some(b'(') {
                let second = self.at;
                let other = self.annotation();
                if let (Some(one), Some(two)) = (&ty, &other) {
                    let all = self.span(start, self.at);
                    let second = self.span(second, self.at);
                    self.report(problems::two_annotations(second, all, &one.value, &two.value));
                }
                self.node_space();
                if self.nothing_here() {
                    return None;
                }
            }
        }
        let start = self.at;
        let data = self.atom(place)?;
        let span = self.span(start, self.at);
        fine.then_some(Value { ty: ty.map(Box::new), data, span })
    }

    /// Reads one name or value. `None`: reported. Always reads at least one character, unless a
    /// node ends here.
    pub(super) fn atom(&mut self, place: Place) -> Option<Scalar> {
        let byte = self.peek()?;
        match byte {
            b'"' => self.quoted().map(Scalar::String),
            b'#' => self.hash(place),
            b'0'..=b'9' | b'+' | b'-' | b'.' if number::starts(self.rest()) => {
                let start = self.at;
                let end = word_end(self.bytes, start);
                self.number(place, end)
            }
            b'[' => self.brackets(place),
            b'\\' | b'/' | b']' | b')' | b'(' | b'=' => self.misplaced(byte, place),
            _ => self.word(place),
        }
    }

    fn number(&mut self, place: Place, end: usize) -> Option<Scalar> {
        let start = self.at;
        let text = self.piece(start, end);
        if self.ends_at(end, place) {
            match number::read(text) {
                Ok(number) => {
                    self.at = end;
                    if let Scalar::Float(float) = number
                        && let Some(problem) =
                            problems::float_range(self.span(start, end), text, float)
                    {
                        self.report(problem);
                    }
                    return Some(number);
                }
                Err(NotANumber::TooLarge) => {
                    self.at = end;
                    self.report(problems::number_too_large(self.span(start, end), text));
                    return None;
                }
                Err(NotANumber::Shape) => {}
            }
        }
        if let Some(plain) = text.strip_suffix(',')
            && number::read(plain).is_ok()
        {
            self.at = end - 1;
            // The loop over the node's entries finds the comma.
            return number::read(plain).ok();
        }
        let end = self.loose(start, place);
        let text = self.piece(start, end);
        self.at = end;
        let name = if place == Place::Node { Some("node") } else { None };
        self.report(problems::not_a_number(self.span(start, end), text, name));
        // `.5` and `2.` are told, and still mean numbers.
        let point = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        if let Some(float) = text.parse().ok().filter(|_| point) {
            return Some(Scalar::Float(float));
        }
        Some(Scalar::String(text.into()))
    }

    /// Where something that a person took for one word ends, given what it is part of.
    fn loose(&self, start: usize, place: Place) -> usize {
        let end = loose_end(self.bytes, start);
        if place == Place::Annotation {
            let piece = self.bytes.get(start..end).unwrap_or(&[]);
            return piece.iter().position(|b| *b == b')').map_or(end, |close| start + close);
        }
        end.max(start + 1)
    }

    /// Whether a bare word or number may end here.
    fn ends_at(&self, at: usize, place: Place) -> bool {
        match self.bytes.get(at) {
            Some(b'\\') => true,
            Some(b'/') => {
                matches!(self.bytes.get(at + 1), Some(b'/' | b'*' | b'-'))
            }
            Some(b'[' | b']' | b'#') => false,
            Some(b'(') => false,
            Some(b')') => place == Place::Annotation,
            _ => true,
        }
    }

    /// `#true` and its like, raw strings, and what is a comment elsewhere.
    pub(super) fn hash(&mut self, place: Place) -> Option<Scalar> {
        let start = self.at;
        let hashes = self.rest().iter().position(|b| *b != b'#').unwrap_or(self.rest().len());
        if self.bytes.get(start + hashes) == Some(&b'"') {
            return self.raw(hashes).map(Scalar::String);
        }
        let end = word_end(self.bytes, start + hashes);
        let word = self.piece(start, end);
        let value = match word {
            "#true" => Some(Scalar::Bool(true)),
            "#false" => Some(Scalar::Bool(false)),
            "#null" => Some(Scalar::Null),
            "#inf" => Some(Scalar::Float(f64::INFINITY)),
            "#-inf" => Some(Scalar::Float(f64::NEG_INFINITY)),
            "#nan" => Some(Scalar::Float(f64::NAN)),
            _ => None,
        };
        if value.is_some() && self.ends_at(end, place) {
            self.at = end;
            return value;
        }
        // A comment of other languages, a colour, or a keyword KDL does not have.
        let mut rest = end;
        while blank(self.bytes, rest) > 0 {
            rest += blank(self.bytes, rest);
        }
        let lone = newline(self.bytes, rest) > 0
            || matches!(self.bytes.get(rest), None | Some(b'{' | b'}' | b';' | b'/'));
        let first = place == Place::Node;
        let word_follows = end > start + 1 && hashes == 1;
        let known = word.strip_prefix('#').and_then(problems::keyword);
        if let Some((right, value)) = known.filter(|_| word_follows && !first) {
            self.at = end;
            self.report(problems::unknown_keyword(self.span(start, end), word, right));
            return Some(value);
        }
        let color = matches!(word.len(), 4 | 5 | 7 | 9)
            && word.bytes().skip(1).all(|byte| byte.is_ascii_hexdigit());
        if word_follows && (color || lone || place == Place::Property) && !first {
            let end = self.loose(start, place);
            self.at = end;
            let text = self.piece(start, end);
            self.report(problems::unquoted_hash(self.span(start, end), text));
            return Some(Scalar::String(text.into()));
        }
        self.at = line_end(self.bytes, end);
        self.commented = true;
        self.report(problems::hash_comment(self.span(start, start + hashes), first));
        None
    }

    /// A bare word.
    fn word(&mut self, place: Place) -> Option<Scalar> {
        let start = self.at;
        let end = word_end(self.bytes, start);
        let word = self.piece(start, end);
        if word.is_empty() {
            // Not reached: every other character is dealt with where it stands.
            self.at += self.rest_text().chars().next().map_or(1, char::len_utf8);
            return None;
        }
        let next = self.bytes.get(end).copied();
        let first = word.as_bytes().first().copied().unwrap_or(0);
        if (first == b'\'' || first == 0xe2)
            && let Some(value) = self.foreign_quotes(word, place)
        {
            return Some(Scalar::String(value));
        }
        match next {
            Some(b'{') if word.ends_with('$') => return Some(self.dollar_brace(start, end)),
            Some(b'"' | b'#') if word == "r" => {
                if let Some(value) = self.old_raw(start, end) {
                    return Some(Scalar::String(value));
                }
                return Some(self.unquoted(start, end, place));
            }
            Some(b'"') => {
                let mut line = end + 1;
                while !matches!(self.bytes.get(line), None | Some(b'"'))
                    && newline(self.bytes, line) == 0
                {
                    line += 1;
                }
                if self.bytes.get(line) != Some(&b'"') {
                    return Some(self.lone_quote(start, end, line));
                }
            }
            Some(b'/') if word.ends_with(':') && self.starts(end, b"//") => {
                return Some(self.unquoted(start, end, place));
            }
            Some(b'/') if self.starts(end, b"/*") && !self.comment_ends(end) => {
                return Some(self.unquoted(start, end, place));
            }
            Some(b'\\') if !self.continues(end) => return Some(self.unquoted(start, end, place)),
            Some(b'=') if place == Place::Property => {
                return Some(self.unquoted(start, end, place));
            }
            _ if !self.ends_at(end, place) => return Some(self.unquoted(start, end, place)),
            _ => {}
        }
        self.at = end;
        if matches!(first, b't' | b'f' | b'n' | b'i' | b'-') && KEYWORDS.contains(&word) {
            return Some(self.bare_keyword(start, end, word, place));
        }
        Some(Scalar::String(word.into()))
    }

    fn starts(&self, at: usize, what: &[u8]) -> bool {
        self.bytes.get(at..).is_some_and(|rest| rest.starts_with(what))
    }

    /// Whether the comment that starts here ends before its line does. A path's `/*` does not.
    fn comment_ends(&self, at: usize) -> bool {
        let end = near_line_end(self.bytes, at);
        let rest = self.bytes.get(at + 2..end).unwrap_or(&[]);
        rest.windows(2).any(|pair| pair == b"*/")
    }

    /// Whether the backslash here continues the line.
    fn continues(&self, at: usize) -> bool {
        let mut at = at + 1;
        while blank(self.bytes, at) > 0 {
            at += blank(self.bytes, at);
        }
        at >= self.bytes.len()
            || newline(self.bytes, at) > 0
            || self.starts(at, b"//")
            || self.starts(at, b"/*")
    }

    /// A word with a character that needs quotes.
    fn unquoted(&mut self, start: usize, stop: usize, place: Place) -> Scalar {
        let end = self.loose(start, place).max(stop);
        let text = self.piece(start, end);
        self.at = end;
        let span = self.span(start, end);
        let what = self.text.get(stop..).and_then(|rest| rest.chars().next()).unwrap_or(' ');
        self.report(problems::unquoted(span, text, what));
        Scalar::String(text.into())
    }

    /// `${X}`, which is a `$` and a block.
    fn dollar_brace(&mut self, start: usize, brace: usize) -> Scalar {
        let line = near_line_end(self.bytes, brace);
        let close = self.bytes.get(brace..line).and_then(|rest| {
            rest.iter().position(|byte| *byte == b'}').map(|close| brace + close + 1)
        });
        let end = close.map_or(brace, |close| {
            let mut end = close;
            // `${A}/${B}`: all of it is one word for its writer.
            loop {
                end = loose_end(self.bytes, end);
                if self.bytes.get(end) != Some(&b'{') || self.bytes.get(end - 1) != Some(&b'$') {
                    break end;
                }
                match self.bytes.get(end..line).and_then(|r| r.iter().position(|b| *b == b'}')) {
                    Some(close) => end += close + 1,
                    None => break end,
                }
            }
        });
        let text = self.piece(start, end);
        self.at = end;
        let span = self.span(start, end);
        let fix = close.is_some().then_some(text);
        self.report(problems::dollar_brace(span, fix));
        Scalar::String(text.into())
    }

    /// `r"..."` and `r#"..."#` of KDL 1.
    fn old_raw(&mut self, start: usize, open: usize) -> Option<EcoString> {
        let rest = self.bytes.get(open..)?;
        let hashes = rest.iter().position(|b| *b != b'#')?;
        if rest.get(hashes) != Some(&b'"') {
            return None;
        }
        let body = open + hashes + 1;
        let limit = if hashes == 0 || self.tired() {
            near_line_end(self.bytes, body)
        } else {
            self.bytes.len().min(body + 16 * 1024)
        };
        let mut close = body;
        loop {
            let rest = self.bytes.get(close..limit).unwrap_or(&[]);
            let Some(skip) = rest.iter().position(|b| *b == b'"') else {
                let span = self.span(start, body);
                self.at = line_end(self.bytes, body);
                self.report(problems::old_raw_string(span, None));
                return Some("".into());
            };
            close += skip + 1;
            let tail = self.bytes.get(close..close + hashes);
            if tail.is_some_and(|tail| tail.iter().all(|b| *b == b'#')) {
                break;
            }
        }
        let text = self.piece(body, close - 1);
        self.at = close + hashes;
        self.report(problems::old_raw_string(self.span(start, self.at), Some(text)));
        Some(text.into())
    }

    /// `Alice"`: a quote that nothing closes.
    fn lone_quote(&mut self, start: usize, quote: usize, line: usize) -> Scalar {
        let rest = self.piece(quote + 1, line).trim_end();
        let held = rest.strip_suffix(['{', '}', ';']).unwrap_or(rest).trim_end();
        self.at = quote + 1 + held.len();
        let word = self.piece(start, quote);
        let span = self.span(quote, quote + 1);
        let fix = held.is_empty().then(|| (self.span(start, quote + 1), word));
        self.report(problems::lone_quote(span, fix));
        Scalar::String(word.into())
    }

    /// `'...'` and `“...”`, which are ordinary characters.
    fn foreign_quotes(&mut self, word: &str, place: Place) -> Option<EcoString> {
        let open = word.chars().next()?;
        let closers: &[char] = match open {
            '\'' => &['\''],
            '\u{201c}' | '\u{201d}' | '\u{201e}' => &['\u{201d}', '\u{201c}', '"'],
            '\u{2018}' | '\u{2019}' | '\u{201a}' => &['\u{2019}', '\u{2018}', '\''],
            _ => return None,
        };
        let start = self.at;
        let body = start + open.len_utf8();
        let mut line = if self.tired() { body } else { near_line_end(self.bytes, start) };
        while !self.text.is_char_boundary(line) {
            line -= 1;
        }
        // What an earlier search has seen without finding one need not be searched again.
        let from = if open == '\'' { body.max(self.unquoted_until).min(line) } else { body };
        let rest = self.piece(from, line);
        // The closing quote is the first one behind which a word may end.
        let close = rest.char_indices().find(|(at, c)| {
            let after = from + at + c.len_utf8();
            let ends = matches!(
                self.bytes.get(after),
                None | Some(b';' | b'{' | b'}' | b'=' | b')' | b',' | b'/')
            );
            closers.contains(c)
                && (ends || blank(self.bytes, after) > 0 || newline(self.bytes, after) > 0)
        });
        let Some((at, closer)) = close else {
            if open == '\'' {
                self.unquoted_until = line;
                return None;
            }
            let end = self.loose(start, place);
            self.at = end;
            let span = self.span(start, body);
            self.report(problems::smart_quotes(span, open, None));
            return Some(self.piece(body, end).into());
        };
        let text = self.piece(body, from + at);
        self.at = from + at + closer.len_utf8();
        let span = self.span(start, self.at);
        self.report(if open == '\'' {
            problems::single_quotes(span, text)
        } else {
            problems::smart_quotes(span, open, Some(text))
        });
        Some(text.into())
    }

    /// `true` and its like, without the `#`.
    fn bare_keyword(&mut self, start: usize, end: usize, word: &str, place: Place) -> Scalar {
        let span = self.span(start, end);
        let mut next = end;
        while blank(self.bytes, next) > 0 {
            next += blank(self.bytes, next);
        }
        let names = match place {
            Place::Node => Some("node"),
            Place::Annotation => Some("annotation"),
            Place::Argument if self.bytes.get(next) == Some(&b'=') => Some("property"),
            Place::Argument | Place::Property => None,
        };
        if let Some(what) = names {
            self.report(problems::keyword_as_name(span, word, what));
            return Scalar::String(word.into());
        }
        self.report(problems::bare_keyword(span, word));
        match problems::keyword(word) {
            Some((_, value)) => value,
            None => Scalar::String(word.into()),
        }
    }

    /// `[1 2]`.
    fn brackets(&mut self, place: Place) -> Option<Scalar> {
        let start = self.at;
        let limit = if self.brackets_lost || self.tired() {
            near_line_end(self.bytes, start)
        } else {
            self.bytes.len()
        };
        let mut at = start;
        let mut depth = 0_usize;
        let mut in_string = false;
        let close = loop {
            if at >= limit {
                break None;
            }
            match self.bytes.get(at) {
                Some(b'\\') if in_string => at += 1,
                Some(b'"') => in_string = !in_string,
                Some(b'[') if !in_string => depth += 1,
                Some(b']') if !in_string => {
                    depth -= 1;
                    if depth == 0 {
                        break Some(at);
                    }
                }
                _ => {}
            }
            at += 1;
        };
        let Some(close) = close else {
            self.brackets_lost = true;
            while !self.nothing_here() {
                self.at += self.rest_text().chars().next().map_or(1, char::len_utf8);
            }
            self.report(problems::brackets(self.span(start, start + 1), None));
            return None;
        };
        self.at = close + 1;
        let span = self.span(start, close + 1);
        let inner = self.piece(start + 1, close);
        if place == Place::Node {
            // A section; what follows on its line belongs to it.
            self.at = line_end(self.bytes, close);
            self.report(problems::section(span, inner));
        } else {
            self.report(problems::brackets(
                span,
                Some(inner).filter(|inner| !inner.contains('\n')),
            ));
        }
        None
    }

    /// A character that starts no name and no value.
    fn misplaced(&mut self, byte: u8, place: Place) -> Option<Scalar> {
        let start = self.at;
        let end = self.loose(start, place);
        let text = self.piece(start, end);
        if matches!(byte, b'/' | b'\\') && text.len() > 1 {
            self.at = end;
            let what = char::from(byte);
            self.report(problems::unquoted(self.span(start, end), text, what));
            return Some(Scalar::String(text.into()));
        }
        self.at = start + 1;
        let span = self.span(start, start + 1);
        self.report(problems::misplaced(span, char::from(byte), place == Place::Node));
        // What follows it belongs to the same mistake.
        while !self.nothing_here() && self.peek() != Some(b'"') {
            let length = self.rest_text().chars().next().map_or(1, char::len_utf8);
            self.at += length;
        }
        None
    }
}
