//! Expressions of the common kinds, computed while they are read: names and their attributes,
//! texts, whole numbers, lists, objects, filters, tests, calls, comparisons, `~`, `not`, `and`,
//! `or` and `a if b else c`. minijinja compiles an expression before it runs it, which for one that runs
//! once is most of the work.
//!
//! The meaning is minijinja's, and filters and tests are its own. What is not of these kinds,
//! comes to nothing or fails has no answer here: minijinja has it, and explains it. Until that is
//! seen some of it may have been computed, which is no loss: every value is computed once.

use indexmap::IndexMap;
use minijinja::value::ValueKind;
use minijinja::{State, Value};
use smallvec::SmallVec;

use super::interpolate::{is_tangled, simple_path};
use super::tokens::{Token, token, unescaped};

/// What the names in an expression mean.
pub trait Names {
    /// A name's value.
    fn name(&self, name: &str) -> Option<Value>;

    /// What stands below a value.
    fn attribute(&self, of: &Value, name: &str) -> Option<Value>;

    /// What filters, tests and functions are called with.
    fn state(&self) -> Called;

    /// That it is no longer needed.
    fn give_back(&self, state: Called);
}

/// What filters, tests and functions are called with: of some kilobytes, so it is used again.
pub type Called = State<'static, 'static>;

/// What they are called with besides.
type Arguments = SmallVec<[Value; 2]>;

/// Parentheses, lists, objects and arguments in one another. Each level of an expression with an `if` is
/// passed over once more to find it.
const MAX_DEPTH: u8 = 6;

/// Longer ones are minijinja's.
const MAX_LENGTH: usize = 1000;

/// Where an expression stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Where anything may.
    Any,
    /// Where `a if b else c` may not, as behind `{% if`.
    Condition,
}

/// An expression's value, if it is one of the kinds above and has one.
pub fn value(text: &str, form: Form, names: &dyn Names) -> Option<Value> {
    if is_too_long(text) {
        return None;
    }
    if let Some(way) = simple_path(text) {
        return at_end(&way, names);
    }
    let mut reader = Reader::new(text, names);
    let value = reader.whole(form);
    if let Some(state) = reader.state {
        names.give_back(state);
    }
    value
}

/// Whether an expression is one of the kinds above, whatever it comes to.
pub fn is_common(text: &str, form: Form, names: &dyn Names) -> bool {
    let mut reader = Reader { live: false, ..Reader::new(text, names) };
    !is_too_long(text) && reader.whole(form).is_some()
}

/// Of what has too many operators it is said that it has.
fn is_too_long(text: &str) -> bool {
    text.len() > MAX_LENGTH || is_tangled(text)
}

/// What a way of names leads to. What is not there at its end is undefined: no mistake yet.
fn at_end(way: &[&str], names: &dyn Names) -> Option<Value> {
    let (first, rest) = way.split_first()?;
    let first = present(names.name(first)?)?;
    let Some((last, between)) = rest.split_last() else { return Some(first) };
    let below = |of: Value, name: &&str| present(names.attribute(&of, name)?);
    let holder = between.iter().try_fold(first, below)?;
    let found = names.attribute(&holder, last).unwrap_or(Value::UNDEFINED);
    (found.kind() != ValueKind::Invalid).then_some(found)
}

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

/// What stands from one place of a text to another. Of what is no text, or counted from its end,
/// minijinja knows more.
fn part(text: &Value, start: Option<Value>, end: Option<Value>) -> Option<Value> {
    let text = text.as_str()?;
    let place = |at: Option<Value>, none: usize| at.map_or(Some(none), |at| at.try_into().ok());
    let (start, end) = (place(start, 0)?, place(end, usize::MAX)?);
    let length = end.saturating_sub(start);
    Some(Value::from(text.chars().skip(start).take(length).collect::<String>()))
}

struct Reader<'a> {
    /// What is read next, and what follows it.
    next: Token<'a>,
    rest: &'a str,
    names: &'a dyn Names,
    /// There may be an `if`.
    chooses: bool,
    /// What is read now is computed too; else it is passed over, and comes to anything.
    live: bool,
    depth: u8,
    /// Once something was called.
    state: Option<Called>,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str, names: &'a dyn Names) -> Reader<'a> {
        let (next, rest) = token(text);
        let chooses = holds_if(text);
        Reader { next, rest, names, chooses, live: true, depth: 0, state: None }
    }

    fn whole(&mut self, form: Form) -> Option<Value> {
        let value = match form {
            Form::Any => self.chosen()?,
            Form::Condition => self.operators(OR)?,
        };
        (self.next == Token::End).then_some(value)
    }

    /// `a if b else c`. What is not chosen is not computed.
    fn chosen(&mut self) -> Option<Value> {
        if !self.live || !self.chooses {
            let value = self.operators(OR)?;
            if self.eat(Token::If) {
                self.operators(OR)?;
                self.eat(Token::Else).then_some(())?;
                self.chosen()?;
            }
            return Some(value);
        }
        let start = self.at();
        self.passing(|own| own.operators(OR))?;
        let end = self.at();
        if !self.eat(Token::If) {
            // What does not end here is of another kind, and an `if` may follow in it.
            let ends = matches!(
                self.next,
                Token::End
                    | Token::Comma
                    | Token::Colon
                    | Token::Close
                    | Token::CloseList
                    | Token::CloseMap
            );
            ends.then_some(())?;
            self.go(start);
            return self.operators(OR);
        }
        let holds = self.operators(OR)?.is_true();
        self.eat(Token::Else).then_some(())?;
        if !holds {
            return self.chosen();
        }
        self.passing(Self::chosen)?;
        let after = self.at();
        self.go(start);
        let value = self.operators(OR)?;
        (self.at() == end).then_some(())?;
        self.go(after);
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
            if closeness(self.next) < least {
                return Some(value);
            }
            match self.take() {
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
                        value = Value::from(match (value.as_str(), right.as_str()) {
                            (Some(left), Some(right)) => [left, right].concat(),
                            _ => format!("{value}{right}"),
                        });
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
            match self.next {
                Token::Pipe => {
                    self.take();
                    let name = self.name()?;
                    let mut arguments = self.with(value);
                    self.arguments(&mut arguments)?;
                    value = match self.live {
                        true => present(self.state().apply_filter(name, &arguments).ok()?)?,
                        false => nothing(),
                    };
                }
                Token::Is => {
                    self.take();
                    let wanted = !self.eat(Token::Not);
                    let name = self.name()?;
                    let mut arguments = self.with(value);
                    if !self.arguments(&mut arguments)? && self.is_an_argument() {
                        return None;
                    }
                    value = self.test(name, &arguments, wanted)?;
                }
                _ => return Some(value),
            }
        }
    }

    /// Whether what follows a test is taken as its argument.
    fn is_an_argument(&self) -> bool {
        matches!(
            self.next,
            Token::Name(_)
                | Token::Text(_)
                | Token::Number(_)
                | Token::OpenList
                | Token::OpenMap
                | Token::If
                | Token::Not
                | Token::In
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

    /// A value with what is written close behind it: `.name`, `[0]`, `[1:]`.
    fn primary(&mut self) -> Option<Value> {
        let mut value = self.literal()?;
        loop {
            match self.next {
                Token::Dot => {
                    self.take();
                    let name = self.name()?;
                    if self.live {
                        value = present(self.names.attribute(&value, name)?)?;
                    }
                }
                Token::OpenList => {
                    self.take();
                    value = self.at_key(value)?;
                }
                _ => return Some(value),
            }
        }
    }

    /// What the rest of `[0]` or `[1:]` is about.
    fn at_key(&mut self, value: Value) -> Option<Value> {
        let key = self.unless(Token::Colon)?;
        let is_part = self.eat(Token::Colon);
        let end = if is_part { self.unless(Token::CloseList)? } else { None };
        self.eat(Token::CloseList).then_some(())?;
        match (self.live, is_part) {
            (false, _) => Some(value),
            (true, true) => part(&value, key, end),
            (true, false) => present(value.get_item(&key?).ok()?),
        }
    }

    fn literal(&mut self) -> Option<Value> {
        Some(match self.take() {
            Token::Name("true" | "True") => Value::from(true),
            Token::Name("false" | "False") => Value::from(false),
            Token::Name("none" | "None") => Value::from(()),
            Token::Name(name) => return self.named(name),
            // Two texts side by side are one.
            Token::Text(_) if matches!(self.next, Token::Text(_)) => return None,
            Token::Text(text) if self.live => Value::from(unescaped(text)?),
            Token::Text(_) => nothing(),
            Token::Number(number) => Value::from(number),
            Token::Open => {
                let value = self.inner(Self::chosen)?;
                return self.eat(Token::Close).then_some(value);
            }
            Token::OpenList => {
                let mut items = Arguments::new();
                self.items(Token::CloseList, &mut items)?;
                Value::from(items.into_vec())
            }
            Token::OpenMap => return self.object(),
            _ => return None,
        })
    }

    /// What follows `{`: keys and values.
    fn object(&mut self) -> Option<Value> {
        // What minijinja makes of it.
        let mut pairs: IndexMap<Value, Value> = IndexMap::new();
        if !self.eat(Token::CloseMap) {
            loop {
                let key = self.inner(Self::chosen)?;
                self.eat(Token::Colon).then_some(())?;
                let value = self.inner(Self::chosen)?;
                if self.live {
                    pairs.insert(key, value);
                }
                if self.eat(Token::CloseMap) {
                    break;
                }
                self.eat(Token::Comma).then_some(())?;
            }
        }
        Some(if self.live { Value::from_object(pairs) } else { nothing() })
    }

    /// A name or a call of one.
    fn named(&mut self, name: &str) -> Option<Value> {
        let mut arguments = Arguments::new();
        let called = self.arguments(&mut arguments)?;
        if !self.live {
            return Some(nothing());
        }
        let value = present(self.names.name(name)?)?;
        if called { present(value.call(self.state(), &arguments).ok()?) } else { Some(value) }
    }

    /// Arguments in parentheses, if there are any.
    fn arguments(&mut self, into: &mut Arguments) -> Option<bool> {
        if !self.eat(Token::Open) {
            return Some(false);
        }
        self.items(Token::Close, into)?;
        Some(true)
    }

    /// The first argument of a filter or a test.
    fn with(&self, value: Value) -> Arguments {
        let mut arguments = Arguments::new();
        if self.live {
            arguments.push(value);
        }
        arguments
    }

    fn items(&mut self, end: Token<'_>, into: &mut Arguments) -> Option<()> {
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

    /// What stands here in brackets, unless that is at an end.
    fn unless(&mut self, end: Token<'_>) -> Option<Option<Value>> {
        if self.next == end { Some(None) } else { self.inner(Self::chosen).map(Some) }
    }

    fn state(&mut self) -> &mut Called {
        self.state.get_or_insert_with(|| self.names.state())
    }

    fn at(&self) -> (Token<'a>, &'a str) {
        (self.next, self.rest)
    }

    fn go(&mut self, (next, rest): (Token<'a>, &'a str)) {
        (self.next, self.rest) = (next, rest);
    }

    /// What is next; then it is behind.
    fn take(&mut self) -> Token<'a> {
        let taken = self.next;
        self.go(token(self.rest));
        taken
    }

    fn name(&mut self) -> Option<&'a str> {
        let Token::Name(name) = self.next else { return None };
        self.take();
        Some(name)
    }

    /// Whether this is next; then it is behind.
    #[inline]
    fn eat(&mut self, token: Token<'_>) -> bool {
        let found = self.next == token;
        if found {
            self.take();
        }
        found
    }
}

/// Whether `if` stands anywhere in an expression, be it in a name.
fn holds_if(text: &str) -> bool {
    // An `f` is rarer than an `i`.
    let mut rest = text.as_bytes();
    while let Some(at) = rest.iter().position(|byte| *byte == b'f') {
        if rest[..at].last() == Some(&b'i') {
            return true;
        }
        rest = &rest[at + 1..];
    }
    false
}

/// What is passed over comes to.
fn nothing() -> Value {
    Value::UNDEFINED
}

/// A value that is there: of one that is not, minijinja knows where it comes from.
fn present(value: Value) -> Option<Value> {
    (!matches!(value.kind(), ValueKind::Undefined | ValueKind::Invalid)).then_some(value)
}
