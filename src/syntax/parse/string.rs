//! Strings in quotes: one line, several lines with their indentation taken off, and raw ones.

use ecow::EcoString;

use super::space::{blank, line_end, newline, white};
use super::{Reader, problems};

/// What stands behind a backslash.
enum Escape {
    /// A character, and where the escape ends.
    Char(char, usize),
    /// Blanks and newlines that count for nothing, and where they end.
    White(usize),
    /// Nothing KDL knows, and where it ends.
    Unknown(usize),
}

/// Reads the escape whose backslash is at `at`.
fn escape(text: &str, at: usize) -> Escape {
    let bytes = text.as_bytes();
    let character = match bytes.get(at + 1) {
        Some(b'n') => '\n',
        Some(b'r') => '\r',
        Some(b't') => '\t',
        Some(b'\\') => '\\',
        Some(b'"') => '"',
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(b's') => ' ',
        Some(b'u') => {
            let digits = text.get(at + 2..).and_then(|rest| rest.strip_prefix('{'));
            let known = digits.and_then(|digits| {
                let hex = digits.get(..digits.bytes().take(7).position(|b| b == b'}')?)?;
                let plain = !hex.is_empty() && hex.bytes().all(|b| b.is_ascii_hexdigit());
                let code = u32::from_str_radix(hex, 16).ok().filter(|_| plain)?;
                Some((char::from_u32(code)?, hex.len()))
            });
            return match known {
                Some((character, digits)) => Escape::Char(character, at + 4 + digits),
                None => Escape::Unknown(unicode_end(bytes, at + 2)),
            };
        }
        _ => {
            let mut end = at + 1;
            loop {
                match white(bytes, end) {
                    0 => break,
                    length => end += length,
                }
            }
            if end > at + 1 {
                return Escape::White(end);
            }
            let next = text.get(end..).and_then(|rest| rest.chars().next());
            return Escape::Unknown(end + next.map_or(0, char::len_utf8));
        }
    };
    Escape::Char(character, at + 2)
}

/// Where a misspelt `\u` escape ends for people.
fn unicode_end(bytes: &[u8], mut at: usize) -> usize {
    let braced = bytes.get(at) == Some(&b'{');
    at += usize::from(braced);
    let limit = if braced { 12 } else { 4 };
    for _ in 0..limit {
        if !bytes.get(at).is_some_and(u8::is_ascii_hexdigit) {
            break;
        }
        at += 1;
    }
    at + usize::from(braced && bytes.get(at) == Some(&b'}'))
}

/// The bytes at which scanning a string must look closer.
const STOPS: [bool; 256] = {
    let mut table = [false; 256];
    let stops = b"\"\\\n\r\x0b\x0c\xc2\xe2";
    let mut at = 0;
    while at < stops.len() {
        table[stops[at] as usize] = true;
        at += 1;
    }
    table
};

impl Reader<'_> {
    /// Reads the string whose opening quote is here. `None`: reported, and nothing to be had of it.
    pub(super) fn quoted(&mut self) -> Option<EcoString> {
        if self.rest().starts_with(b"\"\"\"") {
            return self.block(0);
        }
        let start = self.at;
        let mut at = start + 1;
        let mut from = at;
        let mut value = String::new();
        let mut mistake = None;
        loop {
            let skip = self
                .bytes
                .get(at..)
                .and_then(|rest| rest.iter().position(|b| STOPS[usize::from(*b)]));
            at = skip.map_or(self.bytes.len(), |skip| at + skip);
            match self.bytes.get(at) {
                Some(b'"') => break,
                Some(b'\\') => {
                    value.push_str(self.piece(from, at));
                    let end = match escape(self.text, at) {
                        Escape::Char(character, end) => {
                            value.push(character);
                            end
                        }
                        Escape::White(end) => end,
                        Escape::Unknown(end) => {
                            value.push_str(self.piece(at, end));
                            mistake = mistake.or(Some((at, end)));
                            end
                        }
                    };
                    at = end;
                    from = end;
                }
                Some(_) if newline(self.bytes, at) == 0 => at += 1,
                _ => return self.unclosed(start, at),
            }
        }
        self.at = at + 1;
        if let Some(mistake) = mistake {
            let whole = (start, at + 1);
            self.report(problems::unknown_escape(self.source, self.text, mistake, whole));
        }
        let last = self.piece(from, at);
        Some(if value.is_empty() {
            last.into()
        } else {
            value.push_str(last);
            value.into()
        })
    }

    /// A string of one line whose line ends at `end` before it does.
    fn unclosed(&mut self, start: usize, end: usize) -> Option<EcoString> {
        let quote = self.span(start, start + 1);
        if end >= self.bytes.len() {
            // The text ends here too; what is open around it need not be told.
            self.cut_short = true;
        } else if let Some(close) = self.closing_line(start, end) {
            self.at = close + 1;
            self.report(problems::lines_in_string(quote, self.span(close, close + 1)));
            return Some(self.piece(start + 1, close).into());
        }
        // A block that opens or closes behind the forgotten quote is one.
        let line = self.piece(start + 1, end).trim_end();
        let held = if let Some(held) = line.strip_suffix('{') {
            held
        } else if let Some(held) = line.strip_suffix('}') {
            let opened = self.innermost_open();
            if opened.is_some_and(|open| open >= self.line_start) { held } else { line }
        } else {
            line.strip_suffix(';').unwrap_or(line)
        };
        let held = held.trim_end();
        let close = start + 1 + held.len();
        self.at = close;
        self.report(problems::unclosed_string(quote, self.span(close, close)));
        Some(held.into())
    }

    /// Where a string that was opened at `start` and runs past its line is closed, if it was meant
    /// to hold several lines: the next line with an odd quote ends in it.
    fn closing_line(&self, start: usize, end: usize) -> Option<usize> {
        const FAR: usize = 16 * 1024;
        if self.tired() {
            return None;
        }
        let opener_is_last = self.piece(start + 1, end).trim().is_empty();
        let limit = self.bytes.len().min(end + FAR);
        let mut at = end;
        while at < limit {
            at += newline(self.bytes, at).max(1);
            let line = at;
            at = line_end(self.bytes, at);
            let mut quotes = 0_usize;
            let mut last = line;
            let mut escaped = false;
            for (index, byte) in self.bytes.get(line..at)?.iter().enumerate() {
                if escaped {
                    escaped = false;
                } else if *byte == b'\\' {
                    escaped = true;
                } else if *byte == b'"' {
                    quotes += 1;
                    last = line + index;
                }
            }
            if quotes % 2 == 1 {
                let alone = self.piece(line, last).trim().is_empty();
                let ends = self.piece(last + 1, at).trim().trim_end_matches(['}', ';', ' ']);
                let closes = ends.is_empty() && (alone || opener_is_last || quotes == 1);
                // `name "Bob` is the next string without its end, not the end of this one.
                let opens = self.piece(line, last).ends_with([' ', '=', '\t']) && !alone;
                return (closes && !opens).then_some(last);
            }
        }
        None
    }

    /// Reads the raw string whose first `#` is here; there are `hashes` of them.
    pub(super) fn raw(&mut self, hashes: usize) -> Option<EcoString> {
        let open = self.at + hashes;
        if self.bytes.get(open..).is_some_and(|rest| rest.starts_with(b"\"\"\"")) {
            return self.block(hashes);
        }
        let mut at = open + 1;
        loop {
            match self.bytes.get(at) {
                Some(b'"') if self.hashes(at + 1, hashes) => break,
                Some(_) if newline(self.bytes, at) == 0 => at += 1,
                Some(_) if self.raw_end(at, hashes).is_some() => {
                    let close = self.raw_end(at, hashes).unwrap_or(at);
                    let quote = self.span(self.at, open + 1);
                    let value = self.piece(open + 1, close).into();
                    self.at = close + 1 + hashes;
                    let end = self.span(close, self.at);
                    self.report(problems::lines_in_raw_string(quote, end, hashes));
                    return Some(value);
                }
                _ => {
                    let quote = self.span(self.at, open + 1);
                    self.cut_short |= at >= self.bytes.len();
                    let line = self.piece(open + 1, at).trim_end();
                    let value = line.strip_suffix('{').unwrap_or(line).trim_end();
                    self.at = open + 1 + value.len();
                    let end = self.span(self.at, self.at);
                    self.report(problems::unclosed_raw_string(quote, end, hashes));
                    return Some(value.into());
                }
            }
        }
        let value = self.piece(open + 1, at).into();
        self.at = at + 1 + hashes;
        Some(value)
    }

    /// Where a raw string that runs past its line is closed.
    fn raw_end(&self, from: usize, hashes: usize) -> Option<usize> {
        const FAR: usize = 16 * 1024;
        if self.tired() {
            return None;
        }
        let limit = self.bytes.len().min(from + FAR);
        let close = (from..limit)
            .find(|at| self.bytes.get(*at) == Some(&b'"') && self.hashes(*at + 1, hashes))?;
        // Unless it closes another raw string on its line.
        let before = self.bytes.get(from..close)?;
        let line = before.iter().rposition(|b| *b == b'\n').map_or(from, |at| from + at + 1);
        (!self.piece(line, close).contains("#\"")).then_some(close)
    }

    /// Whether `count` hashes start at `at`.
    fn hashes(&self, at: usize, count: usize) -> bool {
        self.bytes.get(at..at + count).is_some_and(|piece| piece.iter().all(|b| *b == b'#'))
    }

    /// Reads a `"""` string; a raw one if it has hashes.
    fn block(&mut self, hashes: usize) -> Option<EcoString> {
        let start = self.at;
        let body = start + hashes + 3;
        let quote = (start, body);
        let Some(close) = self.block_end(body, hashes) else {
            self.at = self.bytes.len();
            self.cut_short = true;
            self.report(problems::unclosed_block_string(self.span(quote.0, quote.1), None, hashes));
            return None;
        };
        let end = close + 3 + hashes;
        let first = newline(self.bytes, body);
        if first == 0 {
            self.at = end;
            let held = self.piece(body, close);
            if line_end(self.bytes, body) >= close {
                let whole = self.span(start, end);
                self.report(problems::block_string_on_one_line(whole, held, hashes));
            } else {
                let line = line_end(self.bytes, body);
                let text = self.span(body, line);
                let last = held.rfind('\n').and_then(|at| held.get(at + 1..)).unwrap_or("");
                let indent = if last.trim().is_empty() { last } else { "" };
                let open = self.span(start, body);
                self.report(problems::text_behind_block_quotes(text, open, indent));
            }
            return Some(held.into());
        }
        let body = body + first;
        // The last line holds the indentation that all lines lose.
        let (value, wrong) = match hashes {
            0 if self.piece(body, close).contains('\\') => {
                let (plain, cuts) = self.without_white_escapes(body, close);
                let (value, wrong) = dedent(&plain, true);
                (value, wrong.map(|wrong| wrong.moved(|at| place(&cuts, at).min(close))))
            }
            _ => {
                let (value, wrong) = dedent(self.piece(body, close), false);
                (value, wrong.map(|wrong| wrong.moved(|at| body + at)))
            }
        };
        self.at = end;
        let Some(wrong) = wrong else {
            return Some(value.into());
        };
        match wrong {
            Wrong::ClosingLine(line) => {
                let closing = self.span(close, end);
                let opens_another = newline(self.bytes, end) > 0;
                if opens_another
                    && hashes == 0
                    && self.piece(line, close).ends_with([' ', '=', '\t', ')'])
                {
                    // Read from that line on: these quotes open the next string.
                    self.at = line;
                    let open = self.span(quote.0, quote.1);
                    self.report(problems::unclosed_block_string(open, Some(closing), hashes));
                    return None;
                }
                self.report(problems::text_before_block_quotes(closing));
            }
            Wrong::Indent(line) => {
                let end = line + white_length(self.bytes, line);
                self.report(problems::block_string_indent(
                    self.span(line, end.max(line + 1)),
                    self.span(close, close + 3 + hashes),
                ));
            }
            Wrong::Escape(at) => {
                let Escape::Unknown(end) = escape(self.text, at) else {
                    return Some(value.into());
                };
                let whole = (start, close + 3);
                self.report(problems::unknown_escape(self.source, self.text, (at, end), whole));
            }
        }
        Some(value.into())
    }

    /// Where the `"""` that close a string of several lines start.
    fn block_end(&self, from: usize, hashes: usize) -> Option<usize> {
        let mut at = from;
        loop {
            let rest = self.bytes.get(at..)?;
            at += rest.iter().position(|b| *b == b'"' || (*b == b'\\' && hashes == 0))?;
            if self.bytes.get(at) == Some(&b'\\') {
                at += 2;
            } else if self.bytes.get(at..)?.starts_with(b"\"\"\"") && self.hashes(at + 3, hashes) {
                return Some(at);
            } else {
                at += 1;
            }
        }
    }

    /// A piece of the text without its escaped blanks and newlines; the other escapes stay.
    /// Beside it, pairs of places in the piece and in the text.
    fn without_white_escapes(&self, from: usize, to: usize) -> (String, Vec<(usize, usize)>) {
        let mut plain = String::with_capacity(to - from);
        let mut cuts = vec![(0, from)];
        let mut at = from;
        let mut start = from;
        while at < to {
            let Some(skip) =
                self.bytes.get(at..to).and_then(|rest| rest.iter().position(|b| *b == b'\\'))
            else {
                break;
            };
            at += skip;
            match escape(self.text, at) {
                Escape::White(end) => {
                    plain.push_str(self.piece(start, at));
                    at = end.min(to);
                    start = at;
                    cuts.push((plain.len(), start));
                }
                Escape::Char(_, end) | Escape::Unknown(end) => at = end.max(at + 2).min(to),
            }
        }
        plain.push_str(self.piece(start, to));
        (plain, cuts)
    }
}

/// The place in the text of a place in a piece without its escaped blanks.
fn place(cuts: &[(usize, usize)], at: usize) -> usize {
    let index = cuts.partition_point(|(plain, _)| *plain <= at);
    index
        .checked_sub(1)
        .and_then(|index| cuts.get(index))
        .map_or(at, |(plain, text)| text + (at - plain))
}

fn white_length(bytes: &[u8], from: usize) -> usize {
    let mut at = from;
    loop {
        match blank(bytes, at) {
            0 => return at - from,
            length => at += length,
        }
    }
}

/// What is wrong with a string of several lines, and where.
enum Wrong {
    /// There is text before the closing quotes; where their line starts.
    ClosingLine(usize),
    /// A line does not start as the last one does; where it starts.
    Indent(usize),
    /// An escape that KDL does not know; where it starts.
    Escape(usize),
}

impl Wrong {
    fn moved(self, place: impl Fn(usize) -> usize) -> Self {
        match self {
            Wrong::ClosingLine(at) => Wrong::ClosingLine(place(at)),
            Wrong::Indent(at) => Wrong::Indent(place(at)),
            Wrong::Escape(at) => Wrong::Escape(place(at)),
        }
    }
}

/// Takes the blanks before the closing quotes off every line, and resolves escapes if asked.
fn dedent(body: &str, escapes: bool) -> (String, Option<Wrong>) {
    let bytes = body.as_bytes();
    let mut last = bytes.len();
    while last > 0 && newline(bytes, last - 1) == 0 && !ends_wide_newline(bytes, last) {
        last -= 1;
    }
    let indent = body.get(last..).unwrap_or("");
    if white_length(bytes, last) != indent.len() {
        return (body.to_owned(), Some(Wrong::ClosingLine(last)));
    }
    let mut value = String::with_capacity(body.len());
    let mut wrong = None;
    let mut at = 0;
    while at < last {
        let end = line_end(bytes, at);
        let line = body.get(at..end).unwrap_or("");
        if at > 0 {
            value.push('\n');
        }
        if white_length(bytes, at) != line.len() {
            let held = line.strip_prefix(indent).unwrap_or_else(|| {
                wrong.get_or_insert(Wrong::Indent(at));
                line
            });
            if escapes {
                let start = end - held.len();
                if let Some(mistake) = resolve(held, &mut value) {
                    wrong.get_or_insert(Wrong::Escape(start + mistake));
                }
            } else {
                value.push_str(held);
            }
        }
        at = end + newline(bytes, end);
    }
    (value, wrong)
}

/// Whether a newline of several bytes ends at `at`.
fn ends_wide_newline(bytes: &[u8], at: usize) -> bool {
    (at >= 2 && newline(bytes, at - 2) == 2) || (at >= 3 && newline(bytes, at - 3) == 3)
}

/// Writes a line with its escapes resolved; says where the first unknown one is.
fn resolve(line: &str, value: &mut String) -> Option<usize> {
    let mut mistake = None;
    let mut at = 0;
    while let Some(skip) = line.get(at..).and_then(|rest| rest.find('\\')) {
        value.push_str(line.get(at..at + skip).unwrap_or(""));
        at += skip;
        at = match escape(line, at) {
            Escape::Char(character, end) => {
                value.push(character);
                end
            }
            Escape::White(end) => end,
            Escape::Unknown(end) => {
                mistake = mistake.or(Some(at));
                value.push_str(line.get(at..end).unwrap_or(""));
                end
            }
        };
    }
    value.push_str(line.get(at..).unwrap_or(""));
    mistake
}
