//! Declarations.

use std::borrow::Cow;
use std::sync::Arc;

use ecow::EcoString;

use super::Group;
use super::keys::{Key, Keys};
use super::types::Type;
use crate::diag::Span;
use crate::syntax::tree::{Node, Value};
use crate::value::{Data, Typed};

/// Who an option is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Scope {
    /// The machine.
    System,
    /// A user of it.
    #[default]
    User,
}

/// What an option holds besides plain values.
#[derive(Clone, Debug)]
pub enum Kind {
    /// A value of [`OptionDecl::ty`].
    Plain,
    /// `type="keyed"`: items by name.
    Keyed(Arc<Body>),
    /// `type="list"`: items in order.
    Items(Arc<Body>),
}

/// The options of one item of a submodule.
#[derive(Clone, Debug, Default)]
pub struct Body {
    /// Its options.
    pub group: Arc<Group>,
    /// `rest type="settings"`: every other name is free.
    pub rest: Option<Arc<OptionDecl>>,
    /// What each item contributes: `let`, `when`, `for`, `assert`, definitions of own options.
    pub statements: Arc<[Node]>,
}

/// An option's default.
#[derive(Clone, Debug)]
pub enum Fallback {
    /// `default=`: literal or computed.
    Value(Value),
    /// `default "a" "b"`, or with children: read as a definition would be.
    Node(Node),
}

/// A typed key of a settings option.
#[derive(Clone, Debug)]
pub struct TypedKey {
    /// Dotted; `*` stands for one name.
    pub pattern: Vec<EcoString>,
    /// What stands there.
    pub ty: Type,
    /// Its doc, if it has one.
    pub doc: EcoString,
    /// The typed option that is the same leaf, if there is one.
    pub alias: Option<EcoString>,
}

/// What is said of an option to people.
#[derive(Clone, Debug, Default)]
pub struct Docs {
    /// One or two sentences.
    pub doc: EcoString,
    /// KDL of a definition, as it would stand in the target's block.
    pub example: Option<EcoString>,
}

/// An option.
#[derive(Clone, Debug)]
pub struct OptionDecl {
    /// The whole path, `programs.git.user.name`; inside a submodule only its name.
    pub path: Cow<'static, str>,
    /// What it holds.
    pub ty: Type,
    /// Plain, or items with options of their own.
    pub kind: Kind,
    /// What holds when nothing is defined.
    pub default: Option<Box<Fallback>>,
    /// What few options have.
    pub rare: Option<Box<Rare>>,
    /// Must be defined where its item is.
    pub required: bool,
    /// Not for users: targets talk to each other through it.
    pub internal: bool,
    /// Whose it is.
    pub scope: Scope,
    /// For those who list options; most runs read none.
    pub docs: Option<Box<Docs>>,
    /// Home Manager's names for it, with blanks between them.
    pub hm: Cow<'static, str>,
    /// The path of the target that declares it; empty for a user's own.
    pub target: EcoString,
    /// The declaration.
    pub span: Span,
}

/// What few options have.
#[derive(Clone, Debug, Default)]
pub struct Rare {
    /// The way, from the target's root, to the leaf of settings that this option is.
    pub into: Option<Vec<EcoString>>,
    /// Which argument of a submodule's node it is, from 1; keys count too.
    pub argument: Option<usize>,
    /// As it is written in a file, if not by its own name.
    pub as_name: Option<EcoString>,
    /// The order parts of lines, first to last, and the one of a definition that names none.
    pub slots: Vec<EcoString>,
    /// Index into `slots` of the one for definitions without.
    pub default_slot: usize,
    /// Typed keys of a settings option.
    pub keys: Keys,
}

impl Rare {
    const NONE: Rare = Rare {
        into: None,
        argument: None,
        as_name: None,
        slots: Vec::new(),
        default_slot: 0,
        keys: Keys::Said(Vec::new()),
    };

    /// As an option has it: nowhere if there is nothing.
    pub fn boxed(self) -> Option<Box<Rare>> {
        let Rare { into, argument, as_name, slots, default_slot: _, keys } = &self;
        let is_none = into.is_none() && argument.is_none() && as_name.is_none();
        (!is_none || !slots.is_empty() || !keys.is_empty()).then(|| Box::new(self))
    }
}

/// What an option comes to where nobody says anything about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Unsaid {
    /// The value.
    pub data: Data,
    /// The default that says so, if it has one.
    pub said: Option<Span>,
    /// Whose the option is.
    pub scope: Scope,
    /// It holds neither keys nor lines, which come from many places.
    pub is_flat: bool,
}

impl OptionDecl {
    /// What few options have.
    pub fn rare(&self) -> &Rare {
        static NONE: Rare = Rare::NONE;
        self.rare.as_deref().unwrap_or(&NONE)
    }

    /// What it comes to unsaid, as far as its declaration alone tells: a literal default, or what
    /// its type holds without one.
    pub fn unsaid(&self) -> Option<Unsaid> {
        if !matches!(self.kind, Kind::Plain) || self.rare().into.is_some() {
            return None;
        }
        let (data, said) = match self.default.as_deref() {
            None => (self.ty.empty()?, None),
            Some(Fallback::Value(value)) if value.ty.is_none() => {
                let typed = Typed::at(value.data.data(), value.span);
                (self.ty.check(typed).ok()?.data, Some(value.span))
            }
            Some(_) => return None,
        };
        let is_flat = !self.ty.is_freeform() && !matches!(self.ty.inner(), Type::Lines);
        Some(Unsaid { data, said, scope: self.scope, is_flat })
    }

    /// The typed key for a way into the settings.
    pub fn key<'a>(&self, way: impl ExactSizeIterator<Item = &'a str> + Clone) -> Option<Key<'_>> {
        self.rare().keys.find(way)
    }

    /// The last part of the path.
    pub fn name(&self) -> &str {
        self.path.rsplit('.').next().unwrap_or(&self.path)
    }
}

/// A program, or a part of the system, as data.
#[derive(Clone, Debug)]
pub struct Target {
    /// `programs.git`
    pub path: EcoString,
    /// What it is.
    pub doc: String,
    /// Its documentation.
    pub url: String,
    /// The systems it is for; empty for all.
    pub os: Vec<EcoString>,
    /// Has no `enable`.
    pub always: bool,
    /// One user of a host may have it, and no second.
    pub one_user: bool,
    /// Whose it is.
    pub scope: Scope,
    /// The target it is nested in.
    pub parent: Option<EcoString>,
    /// What it does, in order.
    pub statements: Arc<[Node]>,
    /// Where it is declared.
    pub span: Span,
}
