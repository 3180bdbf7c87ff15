//! Statements: entries with literal arguments, `if OS.mac?`, and what else there is as it stands.

use super::Problem;
use super::token::{Kind, Token};
use super::tree::{Body, Call, Key, Os, Statement, Value, Why};

/// How deep lists, objects and `if` may nest.
const DEPTH: usize = 64;

pub(super) struct Parser<'a> {
    pub tokens: &'a [Token<'a>],
    pub at: usize,
    depth: usize,
    /// Comments met inside a call.
    inner: Vec<String>,
}

/// All statements.
///
/// # Errors
/// What never ends, and what ends something that never began.
pub(super) fn statements(tokens: &[Token<'_>]) -> Result<Vec<Statement>, Problem> {
    let mut parser = Parser { tokens, at: 0, depth: 0, inner: Vec::new() };
    let list = parser.statements()?;
    if let Some(token) = parser.tokens.get(parser.at) {
        let what = match token.kind {
            Kind::Word(word) => format!("nothing begins that this `{word}` belongs to"),
            _ => "this has no meaning here".to_owned(),
        };
        return Err(Problem::new(token.start, token.end, &what));
    }
    Ok(list)
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<&'a Kind<'a>> {
        self.tokens.get(self.at).map(|token| &token.kind)
    }

    fn is_mark(&self, mark: &str) -> bool {
        self.peek() == Some(&Kind::Mark(mark))
    }

    fn eat(&mut self, kind: &Kind<'_>) -> bool {
        let found = self.peek() == Some(kind);
        self.at += usize::from(found);
        found
    }

    /// Up to what ends a block, or the end of the text.
    fn statements(&mut self) -> Result<Vec<Statement>, Problem> {
        let mut list: Vec<Statement> = Vec::new();
        loop {
            let comment = self.above(list.is_empty());
            match self.tokens.get(self.at) {
                Some(token) if !ends_block(&token.kind) => {
                    let statement = self.statement(comment, token.start)?;
                    list.push(statement);
                }
                other => {
                    let at = other.or(self.tokens.last()).map_or(0, |token| token.start);
                    if comment.iter().any(|line| !line.is_empty()) {
                        let body = Body::Nothing;
                        let note = None;
                        list.push(Statement { start: at, end: at, comment, note, body });
                    }
                    return Ok(list);
                }
            }
        }
    }

    /// Comments and empty lines above a statement.
    fn above(&mut self, first: bool) -> Vec<String> {
        let (mut comment, mut newlines) = (Vec::new(), 1);
        while let Some(kind) = self.peek() {
            match kind {
                Kind::Newline => newlines += 1,
                Kind::Mark(";") => {}
                Kind::Comment(text) => {
                    if newlines > 1 && !(first && comment.is_empty()) {
                        comment.push(String::new());
                    }
                    newlines = 0;
                    comment.push(tidy(text));
                }
                _ => break,
            }
            self.at += 1;
        }
        if newlines > 1 && !(first && comment.is_empty()) {
            comment.push(String::new());
        }
        comment
    }

    fn statement(&mut self, comment: Vec<String>, start: usize) -> Result<Statement, Problem> {
        let first = self.at;
        self.inner.clear();
        let body = match self.peek() {
            Some(Kind::Word("if" | "unless")) => self.branches()?,
            Some(Kind::Word("begin")) => Err(Why::new("`begin` is Ruby code")),
            _ => self.call().map(Body::Call),
        };
        let body = match body {
            Ok(body) => body,
            Err(why) => {
                self.at = first;
                self.inner.clear();
                self.skip()?;
                Body::Code(why)
            }
        };
        let end = self.tokens.get(self.at.saturating_sub(1)).map_or(start, |token| token.end);
        let mut comment = comment;
        comment.append(&mut self.inner);
        let note = match self.peek() {
            Some(Kind::Comment(text)) => {
                self.at += 1;
                Some(tidy(text))
            }
            _ => None,
        };
        // The end of its own line is no empty line.
        self.eat(&Kind::Newline);
        Ok(Statement { start, end, comment, note, body })
    }

    /// `if OS.mac? ... else ... end`.
    fn branches(&mut self) -> Result<Result<Body, Why>, Problem> {
        if self.depth == DEPTH {
            return Ok(Err(Why::new("it nests too deep")));
        }
        self.depth += 1;
        let body = self.branches_inner();
        self.depth -= 1;
        body
    }

    fn branches_inner(&mut self) -> Result<Result<Body, Why>, Problem> {
        let Some(opener) = self.tokens.get(self.at) else {
            return Ok(Err(Why::new("Ruby code")));
        };
        let unless = opener.kind == Kind::Word("unless");
        self.at += 1;
        let mut os = match self.condition() {
            Ok(os) if unless => os.other(),
            Ok(os) => os,
            Err(why) => return Ok(Err(why)),
        };
        let mut branches = Vec::new();
        let mut left = vec![Os::Mac, Os::Linux];
        loop {
            self.eat(&Kind::Word("then"));
            if let Some(Kind::Comment(text)) = self.peek() {
                self.inner.push(tidy(text));
                self.at += 1;
            }
            let inner = std::mem::take(&mut self.inner);
            let list = self.statements()?;
            self.inner = inner;
            branches.push((os, list));
            left.retain(|own| *own != os);
            let next = self.peek();
            self.at += 1;
            match (next, left.first()) {
                (Some(Kind::Word("end")), _) => {
                    return Ok(if self.ends() {
                        Ok(Body::Branches(branches))
                    } else {
                        Err(Why::new("Ruby code"))
                    });
                }
                (Some(Kind::Word("else")), Some(other)) => os = *other,
                (Some(Kind::Word("elsif")), Some(other)) => match self.condition() {
                    Ok(own) if own == *other => os = own,
                    Ok(_) => return Ok(Err(Why::new("a condition that never holds"))),
                    Err(why) => return Ok(Err(why)),
                },
                (Some(_), _) => return Ok(Err(Why::new("Ruby code"))),
                (None, _) => {
                    return Err(Problem::new(opener.start, opener.end, "this has no `end`"));
                }
            }
        }
    }

    /// `OS.mac?`, `OS.linux?`, and the opposite.
    fn condition(&mut self) -> Result<Os, Why> {
        let mut negated = false;
        while self.eat(&Kind::Mark("!")) || self.eat(&Kind::Word("not")) {
            negated = !negated;
        }
        let why = || Why {
            what: "a condition that only Ruby can tell".into(),
            help: Some("hcc has `when os=\"darwin\"`, and `when expr=` for the rest".into()),
        };
        if !(self.eat(&Kind::Word("OS")) && self.eat(&Kind::Mark("."))) {
            return Err(why());
        }
        let os = match self.peek() {
            Some(Kind::Word("mac?")) => Os::Mac,
            Some(Kind::Word("linux?")) => Os::Linux,
            _ => return Err(why()),
        };
        self.at += 1;
        if !self.ends() && self.peek() != Some(&Kind::Word("then")) {
            return Err(why());
        }
        Ok(if negated { os.other() } else { os })
    }

    /// Whether a statement may end here.
    fn ends(&self) -> bool {
        self.peek().is_none_or(|kind| {
            ends_block(kind) || matches!(kind, Kind::Newline | Kind::Comment(_) | Kind::Mark(";"))
        })
    }

    /// A name and literal arguments.
    fn call(&mut self) -> Result<Call, Why> {
        let Some(Kind::Word(name)) = self.peek() else { return Err(Why::new("Ruby code")) };
        self.at += 1;
        let mut call =
            Call { name: (*name).to_owned(), args: Vec::new(), options: Vec::new(), os: None };
        let tight = self.tokens.get(self.at).is_some_and(|token| !token.gap);
        if tight && self.eat(&Kind::Mark("(")) {
            self.lines();
            while !self.eat(&Kind::Mark(")")) {
                self.argument(&mut call)?;
                self.lines();
                if !self.eat(&Kind::Mark(",")) && !self.is_mark(")") {
                    return Err(self.computed());
                }
                self.lines();
            }
        } else if !self.ends() && !matches!(self.peek(), Some(Kind::Word("if" | "unless"))) {
            self.argument(&mut call)?;
            while self.eat(&Kind::Mark(",")) {
                self.lines();
                self.argument(&mut call)?;
            }
        }
        match self.peek() {
            Some(Kind::Word("if")) => {
                self.at += 1;
                call.os = Some(self.condition()?);
            }
            Some(Kind::Word("unless")) => {
                self.at += 1;
                call.os = Some(self.condition()?.other());
            }
            _ => {}
        }
        if self.peek() == Some(&Kind::Word("rescue")) {
            return Err(Why::new("`rescue` is Ruby code"));
        }
        // A call that goes on in the next line, as `.each` does.
        let next = self.tokens.get(self.at..).unwrap_or_default().iter();
        let mut next =
            next.skip_while(|token| matches!(token.kind, Kind::Newline | Kind::Comment(_)));
        if !self.ends() || matches!(next.next(), Some(Token { kind: Kind::Mark("." | "&."), .. })) {
            return Err(self.computed());
        }
        Ok(call)
    }

    /// Line ends and comments between arguments.
    fn lines(&mut self) {
        while let Some(Kind::Newline | Kind::Comment(_)) = self.peek() {
            if let Some(Kind::Comment(text)) = self.peek() {
                self.inner.push(tidy(text));
            }
            self.at += 1;
        }
    }

    fn argument(&mut self, call: &mut Call) -> Result<(), Why> {
        if let Some(option) = self.pair()? {
            call.options.push(option);
            return Ok(());
        }
        match self.value()? {
            // Options in braces, or `{}` for none.
            Value::Map(map) if !call.args.is_empty() || call.name.ends_with("_args") => {
                call.options.extend(map);
            }
            value if call.options.is_empty() => call.args.push(value),
            _ => return Err(Why::new("a value behind the options")),
        }
        Ok(())
    }

    /// `key: value`, `:key => value`, `"key" => value`; none if it is no pair.
    fn pair(&mut self) -> Result<Option<(Key, Value)>, Why> {
        let arrow =
            self.tokens.get(self.at + 1).map(|token| &token.kind) == Some(&Kind::Mark("=>"));
        let key = match self.peek() {
            Some(Kind::Label(name)) => Key { name: name.clone(), symbol: true },
            Some(Kind::Symbol(name)) if arrow => Key { name: name.clone(), symbol: true },
            Some(Kind::Text(name)) if arrow => Key { name: name.clone(), symbol: false },
            _ => return Ok(None),
        };
        self.at += if arrow { 2 } else { 1 };
        self.lines();
        Ok(Some((key, self.value()?)))
    }

    fn value(&mut self) -> Result<Value, Why> {
        if self.depth == DEPTH {
            return Err(Why::new("it nests too deep"));
        }
        self.depth += 1;
        let value = self.value_inner();
        self.depth -= 1;
        value
    }

    fn value_inner(&mut self) -> Result<Value, Why> {
        let value = match self.peek() {
            Some(Kind::Text(text)) => {
                let mut text = text.clone();
                // Ruby joins texts that stand side by side.
                while let Some(Kind::Text(more)) = self.tokens.get(self.at + 1).map(|own| &own.kind)
                {
                    text.push_str(more);
                    self.at += 1;
                }
                Value::Text(text)
            }
            Some(Kind::Symbol(name)) => Value::Symbol(name.clone()),
            Some(Kind::Words(words, symbols)) => {
                let one = if *symbols { Value::Symbol } else { Value::Text };
                Value::List(words.iter().cloned().map(one).collect())
            }
            Some(Kind::Int(value)) => Value::Int(*value),
            Some(Kind::Float(value)) => Value::Float(*value),
            Some(Kind::Word("true")) => Value::Bool(true),
            Some(Kind::Word("false")) => Value::Bool(false),
            Some(Kind::Word("nil")) => Value::Nil,
            Some(Kind::Mark("-")) => {
                self.at += 1;
                match self.peek() {
                    Some(Kind::Int(value)) => Value::Int(value.saturating_neg()),
                    Some(Kind::Float(value)) => Value::Float(-value),
                    _ => return Err(self.computed()),
                }
            }
            Some(Kind::Mark("(")) => {
                self.at += 1;
                self.lines();
                let value = self.value()?;
                self.lines();
                if !self.is_mark(")") {
                    return Err(self.computed());
                }
                value
            }
            Some(Kind::Mark("[")) => {
                let mut list = Vec::new();
                self.items("]", |parser| {
                    let pair = parser.pair()?;
                    list.push(match pair {
                        Some(pair) => Value::Map(vec![pair]),
                        None => parser.value()?,
                    });
                    Ok(())
                })?;
                Value::List(list)
            }
            Some(Kind::Mark("{")) => {
                let mut map = Vec::new();
                self.items("}", |parser| {
                    let Some(pair) = parser.pair()? else { return Err(parser.computed()) };
                    map.push(pair);
                    Ok(())
                })?;
                Value::Map(map)
            }
            _ => return Err(self.computed()),
        };
        self.at += 1;
        Ok(value)
    }

    /// From the bracket that opens to the one that closes, on which it stops.
    fn items(
        &mut self,
        close: &str,
        mut item: impl FnMut(&mut Self) -> Result<(), Why>,
    ) -> Result<(), Why> {
        self.at += 1;
        self.lines();
        while !self.is_mark(close) {
            item(self)?;
            self.lines();
            if !self.eat(&Kind::Mark(",")) && !self.is_mark(close) {
                return Err(self.computed());
            }
            self.lines();
        }
        Ok(())
    }

    /// What stands where a literal, or the end, was expected.
    fn computed(&self) -> Why {
        Why::new(match self.peek() {
            Some(Kind::Code(what)) => format!("{what} is Ruby code"),
            Some(Kind::Word(word)) => format!("`{word}` is Ruby code"),
            _ => "Ruby code".to_owned(),
        })
    }
}

fn ends_block(kind: &Kind<'_>) -> bool {
    matches!(kind, Kind::Word("end" | "else" | "elsif" | "when" | "ensure" | "rescue"))
}

/// A comment without the blank that it begins with.
fn tidy(text: &str) -> String {
    match text.strip_prefix(' ').unwrap_or(text).trim_end() {
        // No empty line: a comment without a word.
        "" => " ".to_owned(),
        text => text.to_owned(),
    }
}
