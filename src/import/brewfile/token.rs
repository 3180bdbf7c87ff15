//! Ruby's tokens, as far as they must be told apart to find the end of every statement.
//!
//! Whether `/`, `%`, `?`, `:` and `<<` begin a literal depends on what stands before them; where
//! Ruby itself asks its table of local variables, a space before and none behind decides.

use super::Problem;
use super::literal::{Literal, Reader};

/// One token.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token<'a> {
    pub kind: Kind<'a>,
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
    /// Whether something blank stands before it.
    pub gap: bool,
}

/// What a token is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind<'a> {
    /// A word: a name, a keyword, a constant, a variable.
    Word(&'a str),
    /// `name:` or `"name":`.
    Label(String),
    /// `:name`.
    Symbol(String),
    /// A text in which nothing is computed.
    Text(String),
    /// `%w[...]`, or `%i[...]` if they are symbols.
    Words(Vec<String>, bool),
    Int(i128),
    Float(f64),
    /// A literal that Ruby computes, or that no entry takes; what it is.
    Code(&'static str),
    /// An operator or a bracket.
    Mark(&'a str),
    /// The end of a line.
    Newline,
    /// A comment, without its `#`.
    Comment(&'a str),
}

impl Kind<'_> {
    /// Whether an operand ends here, so that an operator follows.
    fn ends_value(&self) -> bool {
        match self {
            Kind::Word(word) => !OPERATOR_WORDS.contains(word),
            Kind::Mark(mark) => matches!(*mark, ")" | "]" | "}"),
            Kind::Newline | Kind::Comment(_) | Kind::Label(_) => false,
            Kind::Symbol(_)
            | Kind::Text(_)
            | Kind::Words(..)
            | Kind::Int(_)
            | Kind::Float(_)
            | Kind::Code(_) => true,
        }
    }
}

/// Keywords behind which an operand begins.
const OPERATOR_WORDS: &[&str] = &[
    "and", "begin", "case", "do", "else", "elsif", "ensure", "if", "in", "module", "not", "or",
    "puts", "rescue", "return", "then", "unless", "until", "when", "while", "yield",
];

/// Keywords behind which a statement begins, so that an `if` there has an `end`.
pub(super) const OPENING_WORDS: &[&str] =
    &["and", "begin", "do", "else", "ensure", "in", "not", "or", "then"];

/// Operators of more than one character.
const MARKS: &[&str] = &[
    "**=", "<=>", "===", "...", "<<=", ">>=", "&&=", "||=", "=>", "==", "=~", "!=", "!~", "&&",
    "||", "&.", "::", "..", "<<", ">>", "<=", ">=", "**", "->", "+=", "-=", "*=", "/=", "|=", "&=",
];

/// How deep `#{}` may nest.
const DEPTH: usize = 32;

/// All tokens of a text, and where Ruby stops reading: at its end, or at `__END__`.
///
/// # Errors
/// What no Ruby would read: a literal without end, a character that there is not.
pub(super) fn tokens(text: &str) -> Result<(Vec<Token<'_>>, usize), Problem> {
    let start = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let mut lexer = Lexer { reader: Reader { text, at: start }, heredocs: Vec::new(), depth: 0 };
    let mut list = Vec::new();
    while lexer.next(&mut list)? {}
    Ok((list, lexer.reader.at))
}

/// A heredoc whose lines begin behind this one.
struct Heredoc<'a> {
    word: &'a str,
    indented: bool,
    start: usize,
}

pub(super) struct Lexer<'a> {
    pub reader: Reader<'a>,
    heredocs: Vec<Heredoc<'a>>,
    depth: usize,
}

impl<'a> Lexer<'a> {
    /// Reads up to the `}` of a `#{`, whatever stands there.
    pub fn code(&mut self) -> Result<(), Problem> {
        let start = self.reader.at;
        if self.depth == DEPTH {
            return Err(Problem::new(start, start, "`#{}` nests too deep"));
        }
        self.depth += 1;
        let (mut list, mut open) = (Vec::new(), 0usize);
        loop {
            if !self.next(&mut list)? {
                return Err(Problem::new(start.saturating_sub(2), start, "`#{` never ends"));
            }
            match list.last().map(|token| &token.kind) {
                Some(Kind::Mark("{")) => open += 1,
                Some(Kind::Mark("}")) if open == 0 => break,
                Some(Kind::Mark("}")) => open -= 1,
                _ => {}
            }
        }
        self.depth -= 1;
        Ok(())
    }

    /// Adds the next token; whether there was one.
    fn next(&mut self, list: &mut Vec<Token<'a>>) -> Result<bool, Problem> {
        let gap = self.blank();
        let start = self.reader.at;
        let Some(first) = self.reader.peek() else { return Ok(false) };
        let line_start = start == 0 || self.reader.text.as_bytes().get(start - 1) == Some(&b'\n');
        if line_start && let Some(comment) = self.block_comment() {
            let comment = comment?;
            for line in comment.lines() {
                list.push(Token { kind: Kind::Comment(line), start, end: start, gap: false });
                list.push(Token { kind: Kind::Newline, start, end: self.reader.at, gap: false });
            }
            return Ok(true);
        }
        if line_start && self.reader.rest().lines().next() == Some("__END__") {
            return Ok(false);
        }
        let before = list.last();
        let value = before.is_some_and(|token| token.kind.ends_value());
        let call = gap && before.is_some_and(|token| matches!(token.kind, Kind::Word(_)));
        let kind = match first {
            '\n' => {
                self.reader.bump();
                self.skip_heredocs()?;
                Kind::Newline
            }
            '#' => {
                let line = self.reader.rest().split('\n').next().unwrap_or_default();
                self.reader.at += line.len();
                Kind::Comment(line.trim_start_matches('#').trim_end_matches('\r'))
            }
            c if c.is_alphabetic() || c == '_' || !c.is_ascii() && !c.is_control() => self.word(),
            '@' | '$' => {
                self.reader.bump();
                if first == '$' && self.reader.peek().is_some_and(|c| c.is_ascii_punctuation()) {
                    self.reader.bump();
                }
                self.word()
            }
            c if c.is_ascii_digit() => self.number(),
            _ => self.literal_or_mark(value, call)?,
        };
        let kind = self.as_label(kind, before.map(|token| &token.kind));
        list.push(Token { kind, start, end: self.reader.at, gap });
        Ok(true)
    }

    /// Skips blanks and joined lines; whether there were any.
    fn blank(&mut self) -> bool {
        let start = self.reader.at;
        loop {
            let rest = self.reader.rest();
            let joined = ["\\\n", "\\\r\n"].into_iter().find(|join| rest.starts_with(join));
            if let Some(join) = joined {
                self.reader.at += join.len();
            } else if rest.starts_with([' ', '\t', '\r', '\u{b}', '\u{c}']) {
                self.reader.bump();
            } else {
                return self.reader.at > start;
            }
        }
    }

    /// `=begin` to `=end`, at the start of their lines.
    fn block_comment(&mut self) -> Option<Result<&'a str, Problem>> {
        let rest = self.reader.rest();
        let first = rest.lines().next()?;
        if first.split_whitespace().next() != Some("=begin") {
            return None;
        }
        let start = self.reader.at;
        let mut at = 0;
        let mut inner = None;
        for line in rest.split_inclusive('\n') {
            let begin = *inner.get_or_insert(line.len());
            let end = at;
            at += line.len();
            if line.split_whitespace().next() == Some("=end") && line.starts_with("=end") {
                self.reader.at = start + at;
                return Some(Ok(rest.get(begin..end).unwrap_or_default()));
            }
        }
        Some(Err(Problem::new(start, start + "=begin".len(), "`=begin` never ends")
            .help("write `=end` on a line of its own")))
    }

    fn skip_heredocs(&mut self) -> Result<(), Problem> {
        for heredoc in std::mem::take(&mut self.heredocs) {
            loop {
                let rest = self.reader.rest();
                let Some(line) = rest.split_inclusive('\n').next() else {
                    let end = heredoc.start + heredoc.word.len();
                    let what = format!("the text up to `{}` never ends", heredoc.word);
                    return Err(Problem::new(heredoc.start, end, &what));
                };
                self.reader.at += line.len();
                let line = line.trim_end_matches(['\n', '\r']);
                let line = if heredoc.indented { line.trim_start() } else { line };
                if line == heredoc.word {
                    break;
                }
            }
        }
        Ok(())
    }

    fn word(&mut self) -> Kind<'a> {
        let rest = self.reader.rest();
        let end = rest.find(|c: char| c.is_ascii() && !c.is_ascii_alphanumeric() && c != '_');
        let mut end = end.unwrap_or(rest.len());
        let mut behind = rest.get(end..).unwrap_or_default().chars();
        if matches!(behind.next(), Some('?' | '!')) && behind.next() != Some('=') {
            end += 1;
        }
        let word = rest.get(..end).unwrap_or_default();
        self.reader.at += end;
        Kind::Word(word)
    }

    fn number(&mut self) -> Kind<'a> {
        let rest = self.reader.rest();
        let mut end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        let after = |end: usize| rest.as_bytes().get(end).copied();
        let whole = end.unwrap_or(rest.len());
        if after(whole) == Some(b'.') && after(whole + 1).is_some_and(|c| c.is_ascii_digit()) {
            let fraction = rest.get(whole + 1..).unwrap_or_default();
            let length = fraction.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            end = Some(whole + 1 + length.unwrap_or(fraction.len()));
        }
        let end = end.unwrap_or(rest.len());
        self.reader.at += end;
        let digits = rest.get(..end).unwrap_or_default().replace('_', "").to_ascii_lowercase();
        let radix = [("0x", 16), ("0b", 2), ("0o", 8), ("0d", 10)]
            .into_iter()
            .find_map(|(prefix, radix)| Some((digits.strip_prefix(prefix)?, radix)));
        let octal =
            digits.strip_prefix('0').filter(|rest| rest.bytes().all(|c| c.is_ascii_digit()));
        let int = match (radix, octal) {
            (Some((digits, radix)), _) => i128::from_str_radix(digits, radix).ok(),
            (None, Some(digits)) if !digits.is_empty() => i128::from_str_radix(digits, 8).ok(),
            (None, _) => digits.parse().ok(),
        };
        match int {
            Some(int) => Kind::Int(int),
            None if digits.contains(['.', 'e']) => {
                digits.parse().map_or(Kind::Code("a number"), Kind::Float)
            }
            None => Kind::Code("a number"),
        }
    }

    fn literal_or_mark(&mut self, value: bool, call: bool) -> Result<Kind<'a>, Problem> {
        let start = self.reader.at;
        let rest = self.reader.rest();
        let next = rest.chars().nth(1);
        let blank = next.is_none_or(char::is_whitespace);
        // A literal, rather than an operator between two operands.
        let literal = !value || call && !blank;
        let first = rest.chars().next();
        match (first, next) {
            (Some('"' | '\'' | '`'), _) => return Ok(kind(self.quoted()?)),
            (Some(':'), Some('"' | '\'')) => {
                self.reader.bump();
                return Ok(match self.quoted()? {
                    Literal::Text(text) => Kind::Symbol(text),
                    _ => Kind::Code("a symbol with `#{}`"),
                });
            }
            (Some(':'), Some(c)) if c.is_alphabetic() || c == '_' => {
                self.reader.bump();
                if let Kind::Word(word) = self.word() {
                    return Ok(Kind::Symbol(word.to_owned()));
                }
            }
            (Some('%'), Some(_)) if literal && !rest.starts_with("%=") => {
                if let Some(found) = self.percent()? {
                    return Ok(kind(found));
                }
            }
            (Some('/'), _) if literal => {
                self.regex()?;
                return Ok(Kind::Code("a regular expression"));
            }
            (Some('?'), Some(c)) if !value && !c.is_whitespace() => {
                self.reader.at += 1 + c.len_utf8();
                return Ok(Kind::Code("a character"));
            }
            (Some('<'), Some('<')) if literal && self.heredoc() => {
                return Ok(Kind::Code("a text of several lines (`<<`)"));
            }
            _ => {}
        }
        let mark = MARKS.iter().find(|mark| rest.starts_with(**mark));
        let length = match (mark, first) {
            (Some(mark), _) => mark.len(),
            (None, Some(c)) if "+-*/%=<>!&|^~?:.,;()[]{}".contains(c) => 1,
            (None, first) => {
                let what = match first {
                    Some(c) if c.is_control() => "a control character".to_owned(),
                    first => format!("`{}`", first.unwrap_or_default()),
                };
                let end = start + first.map_or(0, char::len_utf8);
                let what = format!("{what} has no meaning here");
                return Err(Problem::new(start, end, &what));
            }
        };
        self.reader.at += length;
        Ok(Kind::Mark(rest.get(..length).unwrap_or_default()))
    }

    /// `<<~WORD` and its kind.
    fn heredoc(&mut self) -> bool {
        let start = self.reader.at;
        let rest = self.reader.rest().get(2..).unwrap_or_default();
        let body = rest.trim_start_matches(['~', '-']);
        let indented = body.len() < rest.len();
        if rest.len() - body.len() > 1 {
            return false;
        }
        let quote = body.chars().next().filter(|c| matches!(c, '"' | '\'' | '`'));
        let (word, length) = match quote {
            Some(quote) => match body.get(1..).and_then(|body| body.split_once(quote)) {
                Some((word, _)) if !word.contains('\n') => (word, word.len() + 2),
                _ => return false,
            },
            None => {
                let end = body.find(|c: char| !c.is_alphanumeric() && c != '_');
                let word = body.get(..end.unwrap_or(body.len())).unwrap_or_default();
                let begins = |c: char| c.is_alphabetic() || c == '_';
                if !word.starts_with(begins) {
                    return false;
                }
                (word, word.len())
            }
        };
        self.reader.at += 2 + (rest.len() - body.len()) + length;
        self.heredocs.push(Heredoc { word, indented, start });
        true
    }

    /// A word or text with a colon behind it is a label.
    fn as_label(&mut self, kind: Kind<'a>, before: Option<&Kind<'a>>) -> Kind<'a> {
        let rest = self.reader.rest();
        let ternary = matches!(before, Some(Kind::Mark("?" | "." | "&." | "::")));
        if !rest.starts_with(':') || rest.starts_with("::") || ternary {
            return kind;
        }
        let label = match kind {
            Kind::Word(word) if !word.starts_with(['@', '$']) => word.to_owned(),
            Kind::Text(text) => text,
            other => return other,
        };
        self.reader.bump();
        Kind::Label(label)
    }
}

fn kind<'a>(literal: Literal) -> Kind<'a> {
    match literal {
        Literal::Text(text) => Kind::Text(text),
        Literal::Words(words, symbols) => Kind::Words(words, symbols),
        Literal::Symbol(text) => Kind::Symbol(text),
        Literal::Code(what) => Kind::Code(what),
    }
}
