//! Expressions of the common kinds, computed while they are read: names and their attributes,
//! texts, whole numbers, lists, filters, tests, calls, comparisons, `~`, `not`, `and`, `or` and
//! `a if b else c`. minijinja compiles an expression before it runs it, which for one that runs
//! once is most of the work.
//!
//! The meaning is minijinja's, and filters and tests are its own. What is not of these kinds,
//! comes to nothing or fails has no answer here: minijinja has it, and explains it. Until that is
//! seen some of it may have been computed, which is no loss: every value is computed once.

use minijinja::value::ValueKind;
use minijinja::{State, Value};

use super::interpolate::simple_path;

/// What the names in an expression mean.
pub trait Names {
    /// A name's value.
    fn name(&self, name: &str) -> Option<Value>;

    /// What stands below a value.
    fn attribute(&self, of: &Value, name: &str) -> Option<Value>;
}

/// Parentheses, lists and arguments in one another. Each level of an expression with an `if` is
/// passed over once more to find it.
const MAX_DEPTH: u8 = 6;

/// Longer ones are minijinja's, which knows when one is too long.
const MAX_LENGTH: usize = 400;

/// An expression's value, if it is one of the kinds above and has one.
pub fn value(text: &str, names: &dyn Names) -> Option<Value> {
    if text.len() > MAX_LENGTH {
        return None;
    }
    if let Some(way) = simple_path(text) {
        let (first, rest) = way.split_first()?;
        let below = |of: Value, name: &&str| present(names.attribute(&of, name)?);
        return rest.iter().try_fold(present(names.name(first)?)?, below);
    }
    Reader::new(&tokens(text)?, names).whole()
}

/// A piece of an expression.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Token<'a> {
    Name(&'a str),
    Text(&'a str),
    Number(u32),
    Equal,
    Unequal,
    AtMost,
    AtLeast,
    Less,
    More,
    Dot,
    Pipe,
    Comma,
    Tilde,
    Open,
    Close,
    OpenList,
    CloseList,
    Is,
    Not,
    If,
    Else,
    And,
    Or,
    In,
}

const SIGNS: &[(&str, Token<'static>)] = &[
    (".", Token::Dot),
    ("|", Token::Pipe),
    ("~", Token::Tilde),
    ("(", Token::Open),
    (")", Token::Close),
    (",", Token::Comma),
    ("[", Token::OpenList),
    ("]", Token::CloseList),
    ("==", Token::Equal),
    ("!=", Token::Unequal),
    ("<=", Token::AtMost),
    (">=", Token::AtLeast),
    ("<", Token::Less),
    (">", Token::More),
];

// How close operators bind.
const OR: u8 = 1;
const AND: u8 = 2;
const NOT: u8 = 3;
const COMPARE: u8 = 4;
const JOIN: u8 = 5;

/// How close an operator between two values binds; 0 if it is none.
fn closeness(token: Token<'_>) -> u8 {
    match token {
        Token::Or => OR,
        Token::And => AND,
        Token::Equal | Token::Unequal | Token::AtMost | Token::AtLeast => COMPARE,
        Token::Less | Token::More | Token::Not | Token::In => COMPARE,
        Token::Tilde => JOIN,
        _ => 0,
    }
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

/// The pieces of an expression; none if one is of no common kind.
fn tokens(text: &str) -> Option<Vec<Token<'_>>> {
    let mut found = Vec::with_capacity(16);
    let mut rest = text.trim_ascii();
    while let Some(first) = rest.bytes().next() {
        let (token, after) = match first {
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => {
                let (name, after) = split(rest, |b| b.is_ascii_alphanumeric() || b == b'_')?;
                (word(name), after)
            }
            b'0'..=b'9' => {
                let (number, after) = split(rest, |b| b.is_ascii_digit())?;
                let ends = !after.starts_with(|c: char| c.is_alphanumeric() || c == '_');
                (Token::Number(number.parse().ok().filter(|_| ends)?), after)
            }
            quote @ (b'"' | b'\'') => {
                let end = memchr::memchr(quote, rest.get(1..)?.as_bytes())?;
                let text = rest.get(1..=end)?;
                if memchr::memchr(b'\\', text.as_bytes()).is_some() {
                    return None;
                }
                (Token::Text(text), rest.get(end + 2..)?)
            }
            _ => {
                let (sign, token) = SIGNS.iter().find(|(sign, _)| rest.starts_with(sign))?;
                (*token, rest.get(sign.len()..)?)
            }
        };
        found.push(token);
        rest = after.trim_ascii_start();
    }
    Some(found)
}

/// What a text begins with, and the rest.
fn split(text: &str, belongs: impl Fn(u8) -> bool) -> Option<(&str, &str)> {
    text.split_at_checked(text.bytes().position(|b| !belongs(b)).unwrap_or(text.len()))
}

struct Reader<'a> {
    tokens: &'a [Token<'a>],
    at: usize,
    names: &'a dyn Names,
    /// What is read now is computed too; else it is passed over, and comes to anything.
    live: bool,
    depth: u8,
    /// What filters, tests and functions are called with, once one is.
    state: Option<State<'static, 'static>>,
}

impl<'a> Reader<'a> {
    fn new(tokens: &'a [Token<'a>], names: &'a dyn Names) -> Reader<'a> {
        Reader { tokens, at: 0, names, live: true, depth: 0, state: None }
    }

    fn whole(mut self) -> Option<Value> {
        let value = self.chosen()?;
        self.next().is_none().then_some(value)
    }

    /// `a if b else c`. What is not chosen is not computed.
    fn chosen(&mut self) -> Option<Value> {
        if !self.live || !self.tokens.contains(&Token::If) {
            let value = self.operators(OR)?;
            if self.eat(Token::If) {
                self.operators(OR)?;
                self.eat(Token::Else).then_some(())?;
                self.chosen()?;
            }
            return Some(value);
        }
        let start = self.at;
        self.passing(|own| own.operators(OR))?;
        let end = self.at;
        if !self.eat(Token::If) {
            // What does not end here is of another kind, and an `if` may follow in it.
            let ends =
                matches!(self.next(), None | Some(Token::Comma | Token::Close | Token::CloseList));
            ends.then_some(())?;
            self.at = start;
            return self.operators(OR);
        }
        let holds = self.operators(OR)?.is_true();
        self.eat(Token::Else).then_some(())?;
        if !holds {
            return self.chosen();
        }
        self.passing(Self::chosen)?;
        let after = std::mem::replace(&mut self.at, start);
        let value = self.operators(OR)?;
        (self.at == end).then_some(())?;
        self.at = after;
        Some(value)
    }

    /// Operators that bind at least so close.
    fn operators(&mut self, least: u8) -> Option<Value> {
        let mut value = if least <= NOT && self.eat(Token::Not) {
            Value::from(!self.operators(NOT)?.is_true())
        } else {
            self.filtered()?
        };
        let mut compared = false;
        loop {
            let token = self.next();
            let closeness = token.map_or(0, closeness);
            if closeness < least {
                return Some(value);
            }
            self.at += 1;
            match token? {
                Token::Or if self.live && value.is_true() => {
                    self.passing(|own| own.operators(AND))?;
                }
                Token::Or => value = self.operators(AND)?,
                Token::And if self.live && !value.is_true() => {
                    self.passing(|own| own.operators(NOT))?;
                }
                Token::And => value = self.operators(NOT)?,
                Token::Tilde => {
                    let right = self.filtered()?;
                    if self.live {
                        value = Value::from(format!("{value}{right}"));
                    }
                }
                // One that is compared again is compared in another way.
                _ if compared => return None,
                sign => {
                    compared = true;
                    value = self.compared(value, sign)?;
                }
            }
        }
    }

    fn compared(&mut self, left: Value, sign: Token<'_>) -> Option<Value> {
        if matches!(sign, Token::Not | Token::In) {
            let wanted = sign == Token::In;
            (wanted || self.eat(Token::In)).then_some(())?;
            let all = self.operators(JOIN)?;
            // The test says no where the operator would refuse.
            let can_hold = matches!(
                all.kind(),
                ValueKind::String | ValueKind::Seq | ValueKind::Iterable | ValueKind::Map
            );
            (can_hold || !self.live).then_some(())?;
            return self.test("in", &[left, all], wanted);
        }
        let right = self.operators(JOIN)?;
        Some(Value::from(match sign {
            Token::Equal => left == right,
            Token::Unequal => left != right,
            Token::AtMost => left <= right,
            Token::AtLeast => left >= right,
            Token::Less => left < right,
            _ => left > right,
        }))
    }

    fn filtered(&mut self) -> Option<Value> {
        let mut value = self.primary()?;
        loop {
            if self.eat(Token::Pipe) {
                let name = self.name()?;
                let mut arguments = self.with(value);
                self.arguments(&mut arguments)?;
                value = match self.live {
                    true => present(self.state().apply_filter(name, &arguments).ok()?)?,
                    false => nothing(),
                };
            } else if self.eat(Token::Is) {
                let wanted = !self.eat(Token::Not);
                let name = self.name()?;
                let mut arguments = self.with(value);
                if !self.arguments(&mut arguments)? && self.is_an_argument() {
                    return None;
                }
                value = self.test(name, &arguments, wanted)?;
            } else {
                return Some(value);
            }
        }
    }

    /// Whether what follows a test is taken as its argument.
    fn is_an_argument(&self) -> bool {
        matches!(
            self.next(),
            Some(
                Token::Name(_)
                    | Token::Text(_)
                    | Token::Number(_)
                    | Token::OpenList
                    | Token::If
                    | Token::Not
                    | Token::In
            )
        )
    }

    fn test(&mut self, name: &str, arguments: &[Value], wanted: bool) -> Option<Value> {
        let holds = match (self.live, name, arguments) {
            (false, ..) => return Some(nothing()),
            (true, "none", [value]) => value.is_none(),
            _ => self.state().perform_test(name, arguments).ok()?,
        };
        Some(Value::from(holds == wanted))
    }

    /// A value with what is written close behind it: `.name`, `[0]`.
    fn primary(&mut self) -> Option<Value> {
        let mut value = self.literal()?;
        loop {
            if self.eat(Token::Dot) {
                let name = self.name()?;
                if self.live {
                    value = present(self.names.attribute(&value, name)?)?;
                }
            } else if self.eat(Token::OpenList) {
                let key = self.inner(Self::chosen)?;
                self.eat(Token::CloseList).then_some(())?;
                if self.live {
                    value = present(value.get_item(&key).ok()?)?;
                }
            } else {
                return Some(value);
            }
        }
    }

    fn literal(&mut self) -> Option<Value> {
        let token = self.next()?;
        self.at += 1;
        Some(match token {
            Token::Name("true" | "True") => Value::from(true),
            Token::Name("false" | "False") => Value::from(false),
            Token::Name("none" | "None") => Value::from(()),
            Token::Name(name) => return self.named(name),
            // Two texts side by side are one.
            Token::Text(_) if matches!(self.next(), Some(Token::Text(_))) => return None,
            Token::Text(text) if self.live => Value::from(text),
            Token::Text(_) => nothing(),
            Token::Number(number) => Value::from(number),
            Token::Open => {
                let value = self.inner(Self::chosen)?;
                return self.eat(Token::Close).then_some(value);
            }
            Token::OpenList => {
                let mut items = Vec::new();
                self.items(Token::CloseList, &mut items)?;
                Value::from(items)
            }
            _ => return None,
        })
    }

    /// A name or a call of one.
    fn named(&mut self, name: &str) -> Option<Value> {
        let mut arguments = Vec::new();
        let called = self.arguments(&mut arguments)?;
        if !self.live {
            return Some(nothing());
        }
        let value = present(self.names.name(name)?)?;
        if called { present(value.call(self.state(), &arguments).ok()?) } else { Some(value) }
    }

    /// Arguments in parentheses, if there are any.
    fn arguments(&mut self, into: &mut Vec<Value>) -> Option<bool> {
        if !self.eat(Token::Open) {
            return Some(false);
        }
        self.items(Token::Close, into)?;
        Some(true)
    }

    /// The first argument of a filter or a test.
    fn with(&self, value: Value) -> Vec<Value> {
        if self.live { vec![value] } else { Vec::new() }
    }

    fn items(&mut self, end: Token<'_>, into: &mut Vec<Value>) -> Option<()> {
        if self.eat(end) {
            return Some(());
        }
        loop {
            let item = self.inner(Self::chosen)?;
            if self.live {
                into.push(item);
            }
            if self.eat(end) {
                return Some(());
            }
            self.eat(Token::Comma).then_some(())?;
        }
    }

    /// Reads what stands in brackets.
    fn inner<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        self.depth += 1;
        let value = if self.depth <= MAX_DEPTH { read(self) } else { None };
        self.depth -= 1;
        value
    }

    /// Reads without computing.
    fn passing<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        let live = std::mem::replace(&mut self.live, false);
        let value = read(self);
        self.live = live;
        value
    }

    fn state(&mut self) -> &mut State<'static, 'static> {
        self.state.get_or_insert_with(|| super::expr::environment().empty_state())
    }

    fn next(&self) -> Option<Token<'a>> {
        self.tokens.get(self.at).copied()
    }

    fn name(&mut self) -> Option<&'a str> {
        let Some(Token::Name(name)) = self.next() else { return None };
        self.at += 1;
        Some(name)
    }

    /// Whether this is next; then it is behind.
    fn eat(&mut self, token: Token<'_>) -> bool {
        let found = self.next() == Some(token);
        self.at += usize::from(found);
        found
    }
}

/// What is passed over comes to.
fn nothing() -> Value {
    Value::UNDEFINED
}

/// A value that is there: of one that is not, minijinja knows where it comes from.
fn present(value: Value) -> Option<Value> {
    (!matches!(value.kind(), ValueKind::Undefined | ValueKind::Invalid)).then_some(value)
}
