//! What targets declare, put down when hcc was built and taken out by the runs that need it: to
//! declare a target from its tree takes several times as long. It is put down twice: without docs,
//! and whole for those who list options or lift files.

use std::sync::{Arc, OnceLock};

use ecow::EcoString;

use super::keys::Keys;
use super::option::{Body, Docs, Fallback, Kind, OptionDecl, Rare, Scope, Target, Unsaid};
use super::places::Places;
use super::types::Type;
use super::{Group, Place};
use crate::syntax::packed::{Packer, Unpacker, number, row};
use crate::syntax::tree::Scalar;
use crate::value::{Data, Map, Typed};

/// Places that are declared at dotted paths, as bytes: [`places`] takes them out.
pub fn pack(places: &[(EcoString, Place)], packer: &mut Packer, out: &mut Vec<u8>) {
    number(places.len(), out);
    for (path, place) in places {
        packer.text(path, out);
        packer.place(place, out);
    }
}

/// The places that were packed.
pub fn places(from: &mut Unpacker<'static>) -> Vec<(EcoString, Place)> {
    from.list(|from| (from.text(), from.place(&EcoString::new())))
}

// Of anything.
const SYSTEM: u8 = 1;
// Of an option.
const REQUIRED: u8 = 2;
const INTERNAL: u8 = 4;
const RARE: u8 = 8;
const DOCS: u8 = 16;
// Of a target.
const ALWAYS: u8 = 2;
const ONE_USER: u8 = 4;
// Of what an option comes to unsaid.
const SAID: u8 = 2;
const FLAT: u8 = 4;
const EMPTY_LIST: u8 = 8;
const EMPTY_MAP: u8 = 16;

// What stands at a place: a group, an option, an option behind what it comes to unsaid.
const GROUP: u8 = 0;
const OPTION: u8 = 1;
const UNSAID: u8 = 2;
/// How many numbers that takes.
const UNSAID_ROW: usize = 4;

fn flags(said: &[(bool, u8)]) -> u8 {
    said.iter().filter(|(said, _)| *said).map(|(_, flag)| flag).sum()
}

fn scope(flags: u8) -> Scope {
    if flags & SYSTEM == 0 { Scope::User } else { Scope::System }
}

impl Packer {
    pub(super) fn place(&mut self, place: &Place, out: &mut Vec<u8>) {
        match place {
            Place::Group(group) => {
                out.push(GROUP);
                self.group(group, out);
            }
            Place::Option(decl) => {
                match decl.unsaid() {
                    None => out.push(OPTION),
                    Some(unsaid) => {
                        out.push(UNSAID);
                        self.unsaid(&unsaid, out);
                    }
                }
                self.decl(decl, out);
            }
        }
    }

    fn group(&mut self, group: &Group, out: &mut Vec<u8>) {
        self.text(&group.path, out);
        self.maybe(group.target.as_ref(), out, |packer, target, out| packer.target(target, out));
        group.places.pack(self, out);
    }

    fn target(&mut self, target: &Target, out: &mut Vec<u8>) {
        let system = target.scope == Scope::System;
        out.push(flags(&[(system, SYSTEM), (target.always, ALWAYS), (target.one_user, ONE_USER)]));
        self.text(&target.path, out);
        self.text(&target.doc, out);
        self.text(&target.url, out);
        self.texts(&target.os, out);
        self.maybe(target.parent.as_ref(), out, |packer, parent, out| packer.text(parent, out));
        self.nodes(&target.statements, out);
        self.span(target.span, out);
    }

    fn unsaid(&mut self, unsaid: &Unsaid, out: &mut Vec<u8>) {
        // It is a scalar, or has nothing in it.
        let (scalar, kind) = match unsaid.data.clone() {
            Data::Bool(value) => (Scalar::Bool(value), 0),
            Data::Int(value) => (Scalar::Int(value), 0),
            Data::Float(value) => (Scalar::Float(value), 0),
            Data::String(text) => (Scalar::String(text), 0),
            Data::Null => (Scalar::Null, 0),
            Data::List(_) => (Scalar::Null, EMPTY_LIST),
            Data::Map(_) => (Scalar::Null, EMPTY_MAP),
        };
        let said = unsaid.said.map_or(0, |said| self.span_of(said));
        let flags = flags(&[
            (unsaid.scope == Scope::System, SYSTEM),
            (unsaid.said.is_some(), SAID),
            (unsaid.is_flat, FLAT),
        ]);
        let [data_kind, data] = self.scalar_of(&scalar);
        row([(flags | kind).into(), said, data_kind, data], out);
    }

    fn decl(&mut self, decl: &OptionDecl, out: &mut Vec<u8>) {
        let docs = decl.docs.as_deref().filter(|_| self.whole);
        let flags = flags(&[
            (decl.required, REQUIRED),
            (decl.internal, INTERNAL),
            (decl.scope == Scope::System, SYSTEM),
            (decl.rare.is_some(), RARE),
            (docs.is_some(), DOCS),
        ]);
        let [path, hm, own] =
            [&*decl.path, &*decl.hm, &*decl.target].map(|text| self.word_of(text));
        row([path, hm, own, self.span_of(decl.span)], out);
        out.push(flags);
        self.ty(&decl.ty, out);
        match &decl.kind {
            Kind::Plain => out.push(0),
            Kind::Keyed(body) => {
                out.push(1);
                self.body(body, out);
            }
            Kind::Items(body) => {
                out.push(2);
                self.body(body, out);
            }
        }
        match decl.default.as_deref() {
            None => out.push(0),
            Some(Fallback::Value(value)) => {
                out.push(1);
                self.value(value, out);
            }
            Some(Fallback::Node(node)) => {
                out.push(2);
                self.nodes(std::slice::from_ref(node), out);
            }
        }
        decl.rare.iter().for_each(|rare| self.rare(rare, out));
        if let Some(docs) = docs {
            self.text(&docs.doc, out);
            self.maybe(docs.example.as_ref(), out, |packer, text, out| packer.text(text, out));
        }
    }

    fn rare(&mut self, rare: &Rare, out: &mut Vec<u8>) {
        self.maybe(rare.into.as_ref(), out, |packer, into, out| packer.texts(into, out));
        number(rare.argument.map_or(0, |argument| argument + 1), out);
        self.maybe(rare.as_name.as_ref(), out, |packer, name, out| packer.text(name, out));
        self.texts(&rare.slots, out);
        number(rare.default_slot, out);
        let mut keys = Vec::new();
        rare.keys.pack(self, &mut keys);
        number(keys.len(), out);
        out.extend(keys);
    }

    fn body(&mut self, body: &Body, out: &mut Vec<u8>) {
        self.group(&body.group, out);
        self.maybe(body.rest.as_ref(), out, |packer, rest, out| packer.decl(rest, out));
        self.nodes(&body.statements, out);
    }

    pub(super) fn ty(&mut self, ty: &Type, out: &mut Vec<u8>) {
        let plain = PLAIN.iter().position(|plain| plain == ty);
        match (plain, ty) {
            (Some(at), _) => out.push(at as u8),
            (None, Type::Int(low, high)) => {
                out.push(INT);
                for end in [low, high] {
                    self.maybe(end.as_ref(), out, |_, end, out| out.extend(end.to_le_bytes()));
                }
            }
            (None, Type::Float(low, high)) => {
                out.push(FLOAT);
                for end in [low, high] {
                    self.maybe(end.as_ref(), out, |_, end, out| out.extend(end.to_le_bytes()));
                }
            }
            (None, Type::Enum(names)) => {
                out.push(ENUM);
                self.texts(names, out);
            }
            (None, Type::List(inner)) => self.around(LIST, inner, out),
            (None, Type::Map(inner)) => self.around(MAP, inner, out),
            (None, Type::Nullable(inner)) => self.around(NULLABLE, inner, out),
            (None, Type::Union(types)) => {
                out.push(UNION);
                number(types.len(), out);
                types.iter().for_each(|ty| self.ty(ty, out));
            }
            (None, _) => out.push(0),
        }
    }

    fn around(&mut self, what: u8, inner: &Type, out: &mut Vec<u8>) {
        out.push(what);
        self.ty(inner, out);
    }

    fn texts(&mut self, texts: &[EcoString], out: &mut Vec<u8>) {
        number(texts.len(), out);
        texts.iter().for_each(|text| self.text(text, out));
    }

    pub(super) fn maybe<T>(
        &mut self,
        value: Option<&T>,
        out: &mut Vec<u8>,
        put: impl FnOnce(&mut Self, &T, &mut Vec<u8>),
    ) {
        out.push(u8::from(value.is_some()));
        if let Some(value) = value {
            put(self, value, out);
        }
    }
}

/// The types that are a word; their numbers are their places here.
const PLAIN: &[Type] = &[
    Type::Settings,
    Type::Bool,
    Type::Int(None, None),
    Type::Float(None, None),
    Type::String,
    Type::Scalar,
    Type::Lines,
    Type::Text,
    Type::Path,
    Type::Source,
    Type::Package,
    Type::Command,
];
const INT: u8 = 32;
const FLOAT: u8 = 33;
const ENUM: u8 = 34;
const LIST: u8 = 35;
const MAP: u8 = 36;
const NULLABLE: u8 = 37;
const UNION: u8 = 38;

impl Unpacker<'static> {
    /// A place in a group of the target whose path this is.
    pub(super) fn place(&mut self, target: &EcoString) -> Place {
        match self.byte() {
            GROUP => Place::Group(Arc::new(self.group(target))),
            what => {
                if what == UNSAID {
                    self.row::<UNSAID_ROW>();
                }
                Place::Option(Arc::new(self.decl(target)))
            }
        }
    }

    /// What a place that begins here comes to unsaid, if that is known.
    pub(super) fn unsaid(&mut self) -> Option<Unsaid> {
        static EMPTY: OnceLock<Arc<Map<Typed>>> = OnceLock::new();
        if self.byte() != UNSAID {
            return None;
        }
        let [flags, said, kind, data]: [u32; UNSAID_ROW] = self.row();
        let is = |flag: u8| flags & u32::from(flag) != 0;
        let data = match (is(EMPTY_LIST), is(EMPTY_MAP)) {
            (true, _) => Data::List(Vec::new()),
            (_, true) => Data::Map(EMPTY.get_or_init(Arc::default).clone()),
            _ => self.scalar_of(kind, data).data(),
        };
        let said = is(SAID).then(|| self.span_of(said));
        Some(Unsaid { data, said, scope: scope(flags as u8), is_flat: is(FLAT) })
    }

    fn group(&mut self, target: &EcoString) -> Group {
        let path = self.word().into();
        let own = self.maybe(Self::target).map(Arc::new);
        let target = own.as_ref().map_or(target, |own| &own.path);
        Group { path, places: Places::packed(self, target), target: own }
    }

    fn target(&mut self) -> Target {
        let flags = self.byte();
        Target {
            path: self.text(),
            doc: self.word().to_owned(),
            url: self.word().to_owned(),
            os: self.texts(),
            always: flags & ALWAYS != 0,
            one_user: flags & ONE_USER != 0,
            scope: scope(flags),
            parent: self.maybe(Self::text),
            statements: self.nodes(),
            span: self.span(),
        }
    }

    fn decl(&mut self, target: &EcoString) -> OptionDecl {
        let [path, hm, own, span] = self.row();
        let [path, hm, own] = [path, hm, own].map(|text| self.words().word(text));
        let flags = self.byte();
        OptionDecl {
            path: path.into(),
            ty: self.ty(),
            kind: match self.byte() {
                1 => Kind::Keyed(Arc::new(self.body(target))),
                2 => Kind::Items(Arc::new(self.body(target))),
                _ => Kind::Plain,
            },
            default: match self.byte() {
                1 => Some(Box::new(Fallback::Value(self.value()))),
                2 => self.nodes().first().map(|node| Box::new(Fallback::Node(node.clone()))),
                _ => None,
            },
            rare: (flags & RARE != 0).then(|| Box::new(self.rare())),
            required: flags & REQUIRED != 0,
            internal: flags & INTERNAL != 0,
            scope: scope(flags),
            docs: (flags & DOCS != 0).then(|| {
                let (doc, example) = (self.text(), self.maybe(Self::text));
                Box::new(Docs { doc, example })
            }),
            hm: hm.into(),
            // Most are of the target around them, and share its path.
            target: if own == target.as_str() { target.clone() } else { own.into() },
            span: self.span_of(span),
        }
    }

    fn rare(&mut self) -> Rare {
        Rare {
            into: self.maybe(Self::texts),
            argument: self.number().checked_sub(1),
            as_name: self.maybe(Self::text),
            slots: self.texts(),
            default_slot: self.number(),
            keys: {
                let length = self.number();
                Keys::Prepared { bytes: self.bytes(length), words: self.words() }
            },
        }
    }

    fn body(&mut self, target: &EcoString) -> Body {
        Body {
            group: Arc::new(self.group(target)),
            rest: self.maybe(|from| Arc::new(from.decl(target))),
            statements: self.nodes(),
        }
    }

    pub(super) fn ty(&mut self) -> Type {
        let what = self.byte();
        self.ty_of(what)
    }

    fn ty_of(&mut self, what: u8) -> Type {
        match what {
            INT => Type::Int(
                self.maybe(|from| i64::from_le_bytes(from.take())),
                self.maybe(|from| i64::from_le_bytes(from.take())),
            ),
            FLOAT => Type::Float(
                self.maybe(|from| f64::from_le_bytes(from.take())),
                self.maybe(|from| f64::from_le_bytes(from.take())),
            ),
            ENUM => Type::Enum(self.texts()),
            LIST => Type::List(self.inner_ty()),
            MAP => Type::Map(self.inner_ty()),
            NULLABLE => Type::Nullable(self.inner_ty()),
            UNION => Type::Union(self.list(Self::ty)),
            at => PLAIN.get(usize::from(at)).cloned().unwrap_or(Type::Settings),
        }
    }

    /// The type in another, of which there is one for all if it is a word.
    fn inner_ty(&mut self) -> Arc<Type> {
        static SHARED: OnceLock<Vec<Arc<Type>>> = OnceLock::new();
        let at = self.byte();
        let shared = SHARED.get_or_init(|| PLAIN.iter().cloned().map(Arc::new).collect());
        shared.get(usize::from(at)).cloned().unwrap_or_else(|| Arc::new(self.ty_of(at)))
    }

    fn texts(&mut self) -> Vec<EcoString> {
        self.list(Self::text)
    }

    pub(super) fn maybe<T>(&mut self, take: impl FnOnce(&mut Self) -> T) -> Option<T> {
        (self.byte() != 0).then(|| take(self))
    }
}
