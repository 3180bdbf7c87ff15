//! Ruby's texts: quotes of both kinds, `%q` and its family, escapes.

use super::Problem;
use super::token::Lexer;

/// A place in a text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'a> {
    pub text: &'a str,
    pub at: usize,
}

impl<'a> Reader<'a> {
    pub fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    pub fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub fn bump(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }
}

/// What a literal is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Literal {
    Text(String),
    Symbol(String),
    /// `%w`, or `%i` if they are symbols.
    Words(Vec<String>, bool),
    /// Something that is computed, or no text; what it is.
    Code(&'static str),
}

/// A text as it is read: its bytes, and where one of its words ends.
#[derive(Default)]
struct Body {
    bytes: Vec<u8>,
    /// For each byte whether it was escaped.
    escaped: Vec<bool>,
    computed: bool,
}

impl Body {
    fn push(&mut self, c: char, escaped: bool) {
        let mut buffer = [0; 4];
        self.extend(c.encode_utf8(&mut buffer).as_bytes(), escaped);
    }

    fn extend(&mut self, bytes: &[u8], escaped: bool) {
        self.bytes.extend(bytes);
        self.escaped.resize(self.bytes.len(), escaped);
    }

    fn text(self) -> Literal {
        if self.computed {
            return Literal::Code("a text with `#{}`");
        }
        String::from_utf8(self.bytes)
            .map_or(Literal::Code("a text that is not UTF-8"), Literal::Text)
    }

    /// Its words, parted by blanks that were not escaped.
    fn words(self, symbols: bool) -> Literal {
        if self.computed {
            return Literal::Code("a list with `#{}`");
        }
        let mut words: Vec<Vec<u8>> = Vec::new();
        let mut inside = false;
        for (byte, escaped) in self.bytes.iter().zip(&self.escaped) {
            if byte.is_ascii_whitespace() && !escaped {
                inside = false;
                continue;
            }
            if !inside {
                words.push(Vec::new());
            }
            inside = true;
            if let Some(word) = words.last_mut() {
                word.push(*byte);
            }
        }
        let words: Result<Vec<String>, _> = words.into_iter().map(String::from_utf8).collect();
        words.map_or(Literal::Code("a text that is not UTF-8"), |words| {
            Literal::Words(words, symbols)
        })
    }
}

impl Lexer<'_> {
    /// A literal in quotes.
    pub fn quoted(&mut self) -> Result<Literal, Problem> {
        let quote = self.reader.peek().unwrap_or('"');
        let body = self.body(Delimiters { open: quote, close: quote }, Rules::of(quote != '\''))?;
        Ok(if quote == '`' { Literal::Code("a command in backticks") } else { body.text() })
    }

    /// `%q(...)` and its family; none if it is none of them.
    pub fn percent(&mut self) -> Result<Option<Literal>, Problem> {
        let mut chars = self.reader.rest().chars().skip(1);
        let first = chars.next().unwrap_or(' ');
        let (sort, open) = if first.is_ascii_alphabetic() {
            (first, chars.next().unwrap_or(' '))
        } else {
            ('Q', first)
        };
        if !"qQwWiIxrs".contains(sort) || !open.is_ascii_punctuation() {
            return Ok(None);
        }
        self.reader.at += if first.is_ascii_alphabetic() { 2 } else { 1 };
        let close = match open {
            '(' => ')',
            '[' => ']',
            '{' => '}',
            '<' => '>',
            other => other,
        };
        let rules =
            if "wi".contains(sort) { Rules::Words } else { Rules::of(!"qs".contains(sort)) };
        let body = self.body(Delimiters { open, close }, rules)?;
        Ok(Some(match sort {
            'w' | 'W' => body.words(false),
            'i' | 'I' => body.words(true),
            's' => match body.text() {
                Literal::Text(text) => Literal::Symbol(text),
                other => other,
            },
            'x' => Literal::Code("a command"),
            'r' => Literal::Code("a regular expression"),
            _ => body.text(),
        }))
    }

    /// `/.../` and its flags.
    pub fn regex(&mut self) -> Result<(), Problem> {
        self.body(Delimiters { open: '/', close: '/' }, Rules::Double)?;
        while self.reader.peek().is_some_and(|c| c.is_ascii_lowercase()) {
            self.reader.bump();
        }
        Ok(())
    }

    /// From the opening sign to the closing one; they nest if they differ.
    fn body(
        &mut self,
        Delimiters { open, close }: Delimiters,
        rules: Rules,
    ) -> Result<Body, Problem> {
        let start = self.reader.at;
        self.reader.bump();
        let (mut body, mut depth) = (Body::default(), 0usize);
        while let Some(c) = self.reader.bump() {
            match (c, self.reader.peek()) {
                ('\\', _) if rules == Rules::Double => self.escape(&mut body)?,
                ('\\', Some(next))
                    if next == open
                        || next == close
                        || next == '\\'
                        || rules == Rules::Words && next.is_ascii_whitespace() =>
                {
                    self.reader.bump();
                    body.push(next, true);
                }
                ('#', next) if rules == Rules::Double && self.computes() => {
                    body.computed = true;
                    if next == Some('{') {
                        self.reader.bump();
                        self.code()?;
                    }
                }
                // Ruby reads the two signs of a line's end as one.
                ('\r', Some('\n')) => {}
                (c, _) if c == close && depth == 0 => return Ok(body),
                (c, _) => {
                    if c == close {
                        depth -= 1;
                    } else if c == open {
                        depth += 1;
                    }
                    body.push(c, false);
                }
            }
        }
        let what = format!("what begins with `{open}` here never ends");
        let help = format!("write the `{close}` that ends it");
        Err(Problem::new(start, start + open.len_utf8(), &what).help(help))
    }

    /// Whether the `#` just read begins a piece of code: `#{`, `#@name`, `#$name`.
    fn computes(&self) -> bool {
        let mut chars = self.reader.rest().chars();
        let names = |c: char| c.is_alphabetic() || c == '_';
        match (chars.next(), chars.next()) {
            (Some('{'), _) => true,
            (Some('@'), Some('@')) => chars.next().is_some_and(names),
            (Some('@'), Some(c)) => names(c),
            (Some('$'), Some(c)) => {
                names(c) || c.is_ascii_digit() || "!@&`'+~=/\\,;.<>_*$?:\"-".contains(c)
            }
            _ => false,
        }
    }

    /// An escape, of which the backslash has been read.
    fn escape(&mut self, body: &mut Body) -> Result<(), Problem> {
        let start = self.reader.at.saturating_sub(1);
        let Some(c) = self.reader.bump() else { return Ok(()) };
        match c {
            'n' => body.push('\n', true),
            't' => body.push('\t', true),
            'r' => body.push('\r', true),
            's' => body.push(' ', true),
            'a' => body.push('\u{7}', true),
            'b' => body.push('\u{8}', true),
            'e' => body.push('\u{1b}', true),
            'f' => body.push('\u{c}', true),
            'v' => body.push('\u{b}', true),
            '\n' => {}
            '\r' if self.reader.peek() == Some('\n') => {
                self.reader.bump();
            }
            '0'..='7' => {
                self.reader.at -= 1;
                let byte = self.digits(8, 3).unwrap_or(0);
                body.extend(&[u8::try_from(byte & 0xff).unwrap_or(0)], true);
            }
            'x' => match self.digits(16, 2).and_then(|byte| u8::try_from(byte).ok()) {
                Some(byte) => body.extend(&[byte], true),
                None => return Err(self.escape_problem(start, "two digits, as in `\\x1b`")),
            },
            'u' if self.reader.peek() == Some('{') => {
                self.reader.bump();
                loop {
                    while self.reader.peek().is_some_and(|c| c == ' ' || c == '\t') {
                        self.reader.bump();
                    }
                    if self.reader.peek() == Some('}') {
                        self.reader.bump();
                        break;
                    }
                    self.unicode(start, 1, 6, body)?;
                }
            }
            'u' => self.unicode(start, 4, 4, body)?,
            // Control and meta: nobody means them in a Brewfile.
            'c' | 'C' | 'M' => {
                body.computed = true;
                self.reader.bump();
            }
            other => body.push(other, true),
        }
        Ok(())
    }

    fn unicode(
        &mut self,
        start: usize,
        least: usize,
        most: usize,
        body: &mut Body,
    ) -> Result<(), Problem> {
        let at = self.reader.at;
        let number = self.digits(16, most).filter(|_| self.reader.at - at >= least);
        match number.and_then(char::from_u32) {
            Some(c) => {
                body.push(c, true);
                Ok(())
            }
            None => Err(self.escape_problem(start, "a character, as in `\\u00e9`")),
        }
    }

    fn digits(&mut self, radix: u32, most: usize) -> Option<u32> {
        let digits: String =
            self.reader.rest().chars().take(most).take_while(|c| c.is_digit(radix)).collect();
        self.reader.at += digits.len();
        u32::from_str_radix(&digits, radix).ok()
    }

    fn escape_problem(&self, start: usize, expected: &str) -> Problem {
        let what = format!("this escape expects {expected}");
        Problem::new(start, self.reader.at.max(start + 1), &what)
    }
}

/// What a literal stands between.
#[derive(Clone, Copy)]
struct Delimiters {
    open: char,
    close: char,
}

/// What a backslash means.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rules {
    /// It makes the sign behind it an ordinary one, if that is a backslash or ends the literal.
    Single,
    /// As [`Rules::Single`], and joins words.
    Words,
    /// It begins an escape.
    Double,
}

impl Rules {
    fn of(escapes: bool) -> Self {
        if escapes { Self::Double } else { Self::Single }
    }
}
