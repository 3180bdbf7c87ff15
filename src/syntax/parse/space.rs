//! What stands between names and values: blanks, newlines, comments, line continuations; and which
//! bytes may stand where. Everything here looks at bytes; a text is UTF-8, so it never cuts a
//! character.

use super::{Reader, problems};

/// Characters that KDL does not hold and whose places are kept.
const MAX_HIDDEN: usize = 100;

/// What a byte means in a bare word.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    /// Part of a bare word.
    Word,
    /// Ends a bare word.
    Stop,
    /// The first byte of a character that may be a blank or a newline.
    Wide,
}

const CLASSES: [Class; 256] = {
    let mut table = [Class::Word; 256];
    let stops = b" \t\n\x0b\x0c\r\\/(){};[]\"#=";
    let mut at = 0;
    while at < stops.len() {
        table[stops[at] as usize] = Class::Stop;
        at += 1;
    }
    table[0xc2] = Class::Wide;
    table[0xe1] = Class::Wide;
    table[0xe2] = Class::Wide;
    table[0xe3] = Class::Wide;
    table
};

/// The length of the newline that starts here; 0 if none does.
pub(super) fn newline(bytes: &[u8], at: usize) -> usize {
    match bytes.get(at) {
        Some(b'\r') => 1 + usize::from(bytes.get(at + 1) == Some(&b'\n')),
        Some(b'\n' | 0x0b | 0x0c) => 1,
        Some(0xc2) if bytes.get(at + 1) == Some(&0x85) => 2,
        Some(0xe2) if matches!(bytes.get(at + 1..at + 3), Some([0x80, 0xa8 | 0xa9])) => 3,
        _ => 0,
    }
}

/// The length of the blank that starts here; 0 if none does.
pub(super) fn blank(bytes: &[u8], at: usize) -> usize {
    match bytes.get(at) {
        Some(b' ' | b'\t') => 1,
        Some(0xc2) if bytes.get(at + 1) == Some(&0xa0) => 2,
        Some(0xe1..=0xe3) => match bytes.get(at..at + 3) {
            Some(
                [0xe1, 0x9a, 0x80]
                | [0xe2, 0x80, 0x80..=0x8a | 0xaf]
                | [0xe2, 0x81, 0x9f]
                | [0xe3, 0x80, 0x80],
            ) => 3,
            _ => 0,
        },
        _ => 0,
    }
}

/// The length of the newline or blank that starts here; 0 if none does.
pub(super) fn white(bytes: &[u8], at: usize) -> usize {
    match blank(bytes, at) {
        0 => newline(bytes, at),
        length => length,
    }
}

/// The length of a character that no KDL text may hold as it stands; 0 if it may.
fn disallowed(bytes: &[u8], at: usize) -> usize {
    match bytes.get(at) {
        Some(0x00..=0x08 | 0x0e..=0x1f | 0x7f) => 1,
        Some(0xe2 | 0xef) => match bytes.get(at..at + 3) {
            Some(
                [0xe2, 0x80, 0x8e | 0x8f | 0xaa..=0xae]
                | [0xe2, 0x81, 0xa6..=0xa9]
                | [0xef, 0xbb, 0xbf],
            ) => 3,
            _ => 0,
        },
        _ => 0,
    }
}

/// Where the bare word that starts here ends.
pub(super) fn word_end(bytes: &[u8], mut at: usize) -> usize {
    while let Some(byte) = bytes.get(at) {
        match CLASSES[usize::from(*byte)] {
            Class::Word => at += 1,
            Class::Stop => break,
            Class::Wide if white(bytes, at) > 0 => break,
            Class::Wide => at += 1,
        }
    }
    at
}

/// Where something a person took for one word ends: at a blank, a newline, `;`, `{` or `}`.
pub(super) fn loose_end(bytes: &[u8], mut at: usize) -> usize {
    while let Some(byte) = bytes.get(at) {
        match byte {
            b';' | b'{' | b'}' => break,
            b'"' => break,
            _ if white(bytes, at) > 0 => break,
            _ => at += 1,
        }
    }
    at
}

/// Where this line ends.
pub(super) fn line_end(bytes: &[u8], mut at: usize) -> usize {
    // No newline starts with another byte.
    let starts = |byte: &u8| matches!(byte, b'\n'..=b'\r' | 0xc2 | 0xe2);
    while let Some(skip) = bytes.get(at..).and_then(|rest| rest.iter().position(starts)) {
        at += skip;
        if newline(bytes, at) > 0 {
            return at;
        }
        at += 1;
    }
    at.max(bytes.len())
}

/// Whether bytes are of plain text. Looks at all of them, which is faster than to stop at the first.
fn all_common(bytes: &[u8]) -> bool {
    let common = |byte: u8| (0x20..0x7f).contains(&byte) | (byte == b'\n') | (byte == b'\t');
    bytes.iter().fold(true, |all, byte| all & common(*byte))
}

/// How far a search goes that may be made at every word of a line.
pub(super) const FAR: usize = 1000;

/// Where this line ends, or where a search on it does.
pub(super) fn near_line_end(bytes: &[u8], at: usize) -> usize {
    let near = bytes.get(..bytes.len().min(at + FAR)).unwrap_or(bytes);
    line_end(near, at)
}

impl Reader<'_> {
    /// Reports every character that may stand nowhere in KDL.
    pub(super) fn refuse_disallowed(&mut self) {
        let mut at = 0;
        if self.bytes.starts_with(b"\xef\xbb\xbf") {
            at = 3;
            self.at = 3;
        }
        let mut seen: Vec<&str> = Vec::new();
        while let Some(rest) = self.bytes.get(at..).filter(|rest| !rest.is_empty()) {
            // The common bytes first, many at a time.
            if rest.first_chunk::<32>().is_some_and(|chunk| all_common(chunk)) {
                at += 32;
                continue;
            }
            if rest.first().is_some_and(|byte| all_common(&[*byte])) {
                at += 1;
                continue;
            }
            let length = disallowed(self.bytes, at);
            if length > 0 && self.hidden.len() < MAX_HIDDEN {
                self.hidden.push(u32::try_from(at).unwrap_or(u32::MAX));
            }
            if let Some(character) = self.text.get(at..at + length).filter(|c| !c.is_empty())
                && !seen.contains(&character)
            {
                seen.push(character);
                let span = self.span(at, at + length);
                self.report(problems::disallowed(span, character));
            }
            at += length.max(1);
        }
    }

    /// Skips blanks, newlines, comments and line continuations.
    pub(super) fn line_space(&mut self) {
        loop {
            let length = newline(self.bytes, self.at);
            if length > 0 {
                self.at += length;
                self.line_start = self.at;
                continue;
            }
            if self.rest().starts_with(b"//") {
                self.at = line_end(self.bytes, self.at);
            } else if !self.node_space() {
                break;
            }
        }
    }

    /// Skips blanks, block comments and line continuations; says whether there was any.
    #[inline]
    pub(super) fn node_space(&mut self) -> bool {
        let start = self.at;
        while self.peek() == Some(b' ') {
            self.at += 1;
        }
        // Nearly always there are spaces or nothing.
        if matches!(self.peek(), Some(b'\t' | b'/' | b'\\' | 0xc2 | 0xe1..=0xe3)) {
            self.other_space();
        }
        self.at > start
    }

    #[cold]
    fn other_space(&mut self) {
        loop {
            match self.bytes.get(self.at) {
                Some(b' ' | b'\t') => self.at += 1,
                Some(b'/') if self.bytes.get(self.at + 1) == Some(&b'*') => self.block_comment(),
                Some(b'\\') => match self.continuation() {
                    Some(end) => {
                        self.at = end;
                        self.line_start = end;
                    }
                    None => break,
                },
                Some(0xc2 | 0xe1..=0xe3) => match blank(self.bytes, self.at) {
                    0 => break,
                    length => self.at += length,
                },
                _ => break,
            }
        }
    }

    /// Where the line continuation that starts here ends, if one does.
    fn continuation(&mut self) -> Option<usize> {
        let start = self.at;
        self.at += 1;
        loop {
            if self.rest().starts_with(b"/*") {
                self.block_comment();
                continue;
            }
            match blank(self.bytes, self.at) {
                0 => break,
                length => self.at += length,
            }
        }
        if self.rest().starts_with(b"//") {
            self.at = line_end(self.bytes, self.at);
        }
        let at = self.at;
        self.at = start;
        let length = newline(self.bytes, at);
        (length > 0 || at >= self.bytes.len()).then_some(at + length)
    }

    /// Skips a block comment and the ones in it.
    fn block_comment(&mut self) {
        let start = self.at;
        let mut depth = 0_usize;
        let mut at = start;
        loop {
            match self.bytes.get(at..at + 2) {
                Some(b"/*") => {
                    depth += 1;
                    at += 2;
                }
                Some(b"*/") => {
                    depth -= 1;
                    at += 2;
                    if depth == 0 {
                        break;
                    }
                }
                Some(_) => at += 1,
                None => {
                    self.at = self.bytes.len();
                    let span = self.span(start, start + 2);
                    self.cut_short = true;
                    self.report(problems::unclosed_comment(span));
                    return;
                }
            }
        }
        self.at = at;
    }
}
