//! To the end of a statement that is not understood.

use super::Problem;
use super::statement::Parser;
use super::token::{Kind, OPENING_WORDS, Token};

impl Parser<'_> {
    /// To the end of a statement, whatever it is: at least one token.
    pub fn skip(&mut self) -> Result<(), Problem> {
        let first = self.at;
        // What is open: its token, and whether a `do` belongs to it.
        let mut open: Vec<(&Token<'_>, bool)> = Vec::new();
        while let Some(token) = self.tokens.get(self.at) {
            let before = self.tokens.get(self.at.wrapping_sub(1)).map(|token| &token.kind);
            let before = before.filter(|_| self.at > first);
            let begins = before.is_none_or(|kind| match kind {
                Kind::Newline | Kind::Comment(_) | Kind::Label(_) => true,
                Kind::Word(word) => OPENING_WORDS.contains(word),
                Kind::Mark(mark) => !matches!(*mark, ")" | "]" | "}" | "." | "&." | "::"),
                _ => false,
            });
            let method = matches!(before, Some(Kind::Mark("." | "&." | "::") | Kind::Word("def")));
            match &token.kind {
                Kind::Newline | Kind::Comment(_) | Kind::Mark(";")
                    if open.is_empty() && !self.goes_on(before, &token.kind) =>
                {
                    break;
                }
                Kind::Mark("(" | "[" | "{") => open.push((token, false)),
                Kind::Mark(close @ (")" | "]" | "}")) => {
                    let fits =
                        |open: &str| matches!((open, *close), ("(", ")") | ("[", "]") | ("{", "}"));
                    match open.pop() {
                        Some((Token { kind: Kind::Mark(mark), .. }, _)) if fits(mark) => {}
                        Some((other, _)) => return Err(unclosed(other)),
                        None => {
                            let what = format!("nothing begins that this `{close}` ends");
                            return Err(Problem::new(token.start, token.end, &what));
                        }
                    }
                }
                Kind::Word(word) if !method => match *word {
                    "if" | "unless" if begins => open.push((token, false)),
                    "while" | "until" if begins => open.push((token, true)),
                    "for" if begins => open.push((token, true)),
                    "case" | "begin" | "class" | "module" if begins => open.push((token, false)),
                    "def" if !self.is_short_def() => open.push((token, false)),
                    "do" => match open.last_mut() {
                        Some((_, wants)) if *wants => *wants = false,
                        _ => open.push((token, false)),
                    },
                    "end" => match open.pop() {
                        Some((Token { kind: Kind::Word(_), .. }, _)) => {}
                        Some((other, _)) => return Err(unclosed(other)),
                        None => break,
                    },
                    _ => {}
                },
                _ => {}
            }
            // A loop's `do` stands on its line.
            if token.kind == Kind::Newline
                && let Some((_, wants)) = open.last_mut()
            {
                *wants = false;
            }
            self.at += 1;
        }
        if let Some((token, _)) = open.last() {
            return Err(unclosed(token));
        }
        self.at = self.at.max(first + 1);
        Ok(())
    }

    /// Whether a statement goes on behind the end of a line.
    fn goes_on(&self, before: Option<&Kind<'_>>, here: &Kind<'_>) -> bool {
        if *here == Kind::Mark(";") {
            return false;
        }
        let operator = match before {
            Some(Kind::Mark(mark)) => !matches!(*mark, ")" | "]" | "}" | ";"),
            Some(Kind::Word(word)) => matches!(*word, "and" | "or" | "not"),
            Some(Kind::Label(_)) => true,
            _ => false,
        };
        let mut next = self.tokens.get(self.at..).unwrap_or_default().iter();
        let next = next.find(|token| !matches!(token.kind, Kind::Newline | Kind::Comment(_)));
        operator || matches!(next, Some(Token { kind: Kind::Mark("." | "&."), .. }))
    }

    /// `def name(...) = value`, which has no `end`.
    fn is_short_def(&self) -> bool {
        let line = self.tokens.get(self.at..).unwrap_or_default().iter();
        let mut depth = 0usize;
        for token in line.take_while(|token| token.kind != Kind::Newline) {
            match token.kind {
                Kind::Mark("(") => depth += 1,
                Kind::Mark(")") => depth = depth.saturating_sub(1),
                Kind::Mark("=") if depth == 0 => return true,
                _ => {}
            }
        }
        false
    }
}

fn unclosed(token: &Token<'_>) -> Problem {
    let (what, close) = match token.kind {
        Kind::Mark("(") => ("(", ")"),
        Kind::Mark("[") => ("[", "]"),
        Kind::Mark("{") => ("{", "}"),
        Kind::Word(word) => (word, "end"),
        _ => ("this", "end"),
    };
    let help = format!("write the `{close}` that ends it");
    Problem::new(token.start, token.end, &format!("`{what}` has no `{close}`")).help(help)
}
