//! Expressions of the common kinds, computed while they are read: names and their attributes,
//! texts, whole numbers, lists, filters, tests, calls, comparisons, `~`, `not`, `and`, `or` and
//! `a if b else c`. minijinja compiles an expression before it runs it, which for one that runs
//! once is most of the work.
//!
//! The meaning is minijinja's, and filters and tests are its own. What is not of these kinds,
//! comes to nothing or fails has no answer here: minijinja has it, and explains it.

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
    // Nothing is computed before all of it is understood.
    Reader::new(text, names, false).whole()?;
    Reader::new(text, names, true).whole()
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    names: &'a dyn Names,
    /// What is read now is computed too; else it is passed over, and comes to anything.
    live: bool,
    /// There may be an `if`.
    conditional: bool,
    depth: u8,
    /// The word that is next, and where it was looked for: asked for at every level.
    next: (usize, &'a str),
    /// What filters, tests and functions are called with, once one is.
    state: Option<State<'static, 'static>>,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str, names: &'a dyn Names, live: bool) -> Reader<'a> {
        let conditional = text.contains("if");
        Reader {
            text,
            at: 0,
            names,
            live,
            conditional,
            depth: 0,
            next: (usize::MAX, ""),
            state: None,
        }
    }

    fn whole(mut self) -> Option<Value> {
        let value = self.chosen()?;
        self.rest().is_empty().then_some(value)
    }

    /// `a if b else c`. What is not chosen is not computed.
    fn chosen(&mut self) -> Option<Value> {
        if !self.live || !self.conditional {
            let value = self.either()?;
            if self.word_is("if") {
                self.either()?;
                self.word_is("else").then_some(())?;
                self.chosen()?;
            }
            return Some(value);
        }
        let start = self.at;
        self.passing(Self::either)?;
        let end = self.at;
        if !self.word_is("if") {
            self.at = start;
            return self.either();
        }
        let holds = self.either()?.is_true();
        self.word_is("else").then_some(())?;
        if !holds {
            return self.chosen();
        }
        self.passing(Self::chosen)?;
        let after = std::mem::replace(&mut self.at, start);
        let value = self.either()?;
        (self.at == end).then_some(())?;
        self.at = after;
        Some(value)
    }

    fn either(&mut self) -> Option<Value> {
        let mut value = self.both()?;
        while self.word_is("or") {
            if self.live && value.is_true() {
                self.passing(Self::both)?;
            } else {
                value = self.both()?;
            }
        }
        Some(value)
    }

    fn both(&mut self) -> Option<Value> {
        let mut value = self.negated()?;
        while self.word_is("and") {
            if self.live && !value.is_true() {
                self.passing(Self::negated)?;
            } else {
                value = self.negated()?;
            }
        }
        Some(value)
    }

    fn negated(&mut self) -> Option<Value> {
        let mut times = 0;
        while self.word_is("not") {
            times += 1;
        }
        let value = self.compared()?;
        Some(if times == 0 { value } else { Value::from(value.is_true() == (times % 2 == 0)) })
    }

    fn compared(&mut self) -> Option<Value> {
        let left = self.joined()?;
        for sign in ["==", "!=", "<=", ">=", "<", ">"] {
            if self.sign_is(sign) {
                let right = self.joined()?;
                return Some(Value::from(match sign {
                    "==" => left == right,
                    "!=" => left != right,
                    "<=" => left <= right,
                    ">=" => left >= right,
                    "<" => left < right,
                    _ => left > right,
                }));
            }
        }
        let wanted = !self.word_is("not");
        if self.word_is("in") {
            let all = self.joined()?;
            // The test says no where the operator would refuse.
            let can_hold = matches!(
                all.kind(),
                ValueKind::String | ValueKind::Seq | ValueKind::Iterable | ValueKind::Map
            );
            (can_hold || !self.live).then_some(())?;
            return self.test("in", &[left, all], wanted);
        }
        wanted.then_some(left)
    }

    fn joined(&mut self) -> Option<Value> {
        let mut value = self.filtered()?;
        while self.sign_is("~") {
            let right = self.filtered()?;
            if self.live {
                value = Value::from(format!("{value}{right}"));
            }
        }
        Some(value)
    }

    fn filtered(&mut self) -> Option<Value> {
        let mut value = self.primary()?;
        loop {
            if self.sign_is("|") {
                let name = self.name()?;
                let mut arguments = self.with(value);
                self.arguments(&mut arguments)?;
                value = match self.live {
                    true => present(self.state().apply_filter(name, &arguments).ok()?)?,
                    false => nothing(),
                };
            } else if self.word_is("is") {
                let wanted = !self.word_is("not");
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
    fn is_an_argument(&mut self) -> bool {
        match self.peek() {
            "" => self.rest().starts_with(|c: char| c.is_ascii_digit() || "\"'+-[{".contains(c)),
            word => !matches!(word, "and" | "or" | "else" | "is"),
        }
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
        let mut value = match self.peek() {
            "" => self.literal()?,
            "true" | "True" => self.literal_word(true)?,
            "false" | "False" => self.literal_word(false)?,
            "none" | "None" => self.literal_word(())?,
            "if" | "else" | "and" | "or" | "not" | "in" | "is" => return None,
            name => self.named(name)?,
        };
        loop {
            if self.sign_is(".") {
                let name = self.name()?;
                if self.live {
                    value = present(self.names.attribute(&value, name)?)?;
                }
            } else if self.sign_is("[") {
                let key = self.inner(Self::chosen)?;
                self.sign_is("]").then_some(())?;
                if self.live {
                    value = present(value.get_item(&key).ok()?)?;
                }
            } else {
                return Some(value);
            }
        }
    }

    /// A name or a call of one.
    fn named(&mut self, name: &str) -> Option<Value> {
        self.at += name.len();
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
        if !self.sign_is("(") {
            return Some(false);
        }
        self.items(")", into)?;
        Some(true)
    }

    /// The first argument of a filter or a test.
    fn with(&self, value: Value) -> Vec<Value> {
        if self.live { vec![value] } else { Vec::new() }
    }

    fn items(&mut self, end: &str, into: &mut Vec<Value>) -> Option<()> {
        if self.sign_is(end) {
            return Some(());
        }
        loop {
            let item = self.inner(Self::chosen)?;
            if self.live {
                into.push(item);
            }
            if self.sign_is(end) {
                return Some(());
            }
            self.sign_is(",").then_some(())?;
        }
    }

    fn literal_word(&mut self, value: impl Into<Value>) -> Option<Value> {
        self.name()?;
        Some(value.into())
    }

    fn literal(&mut self) -> Option<Value> {
        if self.sign_is("(") {
            let value = self.inner(Self::chosen)?;
            return self.sign_is(")").then_some(value);
        }
        if self.sign_is("[") {
            let mut items = Vec::new();
            self.items("]", &mut items)?;
            return Some(Value::from(items));
        }
        let rest = self.rest();
        if let Some(quote) = rest.chars().next().filter(|c| matches!(c, '"' | '\'')) {
            let (text, after) = rest.get(1..)?.split_once(quote)?;
            // Two texts side by side are one.
            let whole = !text.contains('\\') && !after.trim_ascii_start().starts_with(['"', '\'']);
            self.at = self.text.len() - after.len();
            return whole.then(|| Value::from(text));
        }
        let length = rest.bytes().take_while(u8::is_ascii_digit).count();
        let number: u32 = rest.get(..length)?.parse().ok()?;
        self.at += length;
        let ends = !self.rest_here().starts_with(|c: char| c.is_alphanumeric() || "._".contains(c));
        ends.then(|| Value::from(number))
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

    fn rest_here(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn rest(&mut self) -> &'a str {
        let rest = self.rest_here().trim_ascii_start();
        self.at = self.text.len() - rest.len();
        rest
    }

    /// The word that is next; empty if it is none.
    fn peek(&mut self) -> &'a str {
        let rest = self.rest();
        if self.next.0 != self.at {
            let end = rest.bytes().position(|b| !b.is_ascii_alphanumeric() && b != b'_');
            let word = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
            let is_number = word.starts_with(|c: char| c.is_ascii_digit());
            self.next = (self.at, if is_number { "" } else { word });
        }
        self.next.1
    }

    fn name(&mut self) -> Option<&'a str> {
        let name = self.peek();
        self.at += name.len();
        (!name.is_empty()).then_some(name)
    }

    fn word_is(&mut self, word: &str) -> bool {
        let found = self.peek() == word;
        if found {
            self.at += word.len();
        }
        found
    }

    fn sign_is(&mut self, sign: &str) -> bool {
        let found = self.rest().starts_with(sign);
        if found {
            self.at += sign.len();
        }
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
