//! What a Brewfile's statements are.

/// A system that Homebrew runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Os {
    Mac,
    Linux,
}

impl Os {
    pub fn other(self) -> Self {
        match self {
            Os::Mac => Os::Linux,
            Os::Linux => Os::Mac,
        }
    }

    /// As hcc calls it.
    pub fn name(self) -> &'static str {
        match self {
            Os::Mac => "darwin",
            Os::Linux => "linux",
        }
    }
}

/// A literal.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Nil,
    Bool(bool),
    Int(i128),
    Float(f64),
    Text(String),
    Symbol(String),
    List(Vec<Value>),
    Map(Vec<(Key, Value)>),
}

/// The key of an option: `name:` and `:name =>`, or a text.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Key {
    pub name: String,
    pub symbol: bool,
}

/// A call with literal arguments.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Call {
    pub name: String,
    pub args: Vec<Value>,
    pub options: Vec<(Key, Value)>,
    /// `if OS.mac?` behind it.
    pub os: Option<Os>,
}

/// A statement with its comments.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Statement {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
    /// Lines above it and in it; an empty one is an empty line.
    pub comment: Vec<String>,
    /// What stands behind it on its line.
    pub note: Option<String>,
    pub body: Body,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Body {
    Call(Call),
    /// Each system with what is said for it.
    Branches(Vec<(Os, Vec<Statement>)>),
    /// Ruby, and why it is no more than that here.
    Code(Why),
    /// Comments with nothing below them.
    Nothing,
}

/// Why something is not taken.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Why {
    pub what: String,
    pub help: Option<String>,
}

impl Why {
    pub fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), help: None }
    }
}
