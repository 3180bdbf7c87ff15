//! What targets declare, put down when hcc was built and taken out by the runs that need it: to
//! declare a target from its tree takes several times as long. It is put down twice: without docs,
//! and whole for those who list options or lift files.

use std::sync::{Arc, OnceLock};

use ecow::EcoString;

use super::keys::Keys;
use super::option::{Body, Docs, Fallback, Kind, OptionDecl, Scope, Target, Unsaid};
use super::places::{self, Places};
use super::types::Type;
use super::{Group, Place};
use crate::syntax::packed::{Packer, Unpacker, number, span};
use crate::syntax::tree::Scalar;
use crate::value::Data;

/// Places that are declared at dotted paths, as bytes: [`places`] takes them out.
pub fn pack(places: &[(EcoString, Place)], packer: &mut Packer, out: &mut Vec<u8>) {
    number(places.len() as u64, out);
    for (path, place) in places {
        packer.text(path, out);
        packer.place(place, out);
    }
}

/// The places that were packed.
pub fn places(from: &mut Unpacker<'static>) -> Vec<(EcoString, Place)> {
    from.list(|from| (from.text(), from.place(&EcoString::new())))
}

const REQUIRED: u8 = 1;
const INTERNAL: u8 = 2;
const SYSTEM: u8 = 4;
const ALWAYS: u8 = 8;
const ONE_USER: u8 = 16;
const FLAT: u8 = 32;
const EMPTY_LIST: u8 = 64;
const EMPTY_MAP: u8 = 128;

/// A place is an option, if it is not 0 for a group; the traits of the option stand below.
const OPTION: u8 = 128;

fn flags(said: &[(bool, u8)]) -> u8 {
    said.iter().filter(|(said, _)| *said).map(|(_, flag)| flag).sum()
}

fn scope(flags: u8) -> Scope {
    if flags & SYSTEM == 0 { Scope::User } else { Scope::System }
}

impl Packer {
    fn place(&mut self, place: &Place, out: &mut Vec<u8>) {
        match place {
            Place::Group(group) => {
                out.push(0);
                self.group(group, out);
            }
            Place::Option(decl) => {
                out.push(OPTION | places::traits(decl));
                let mut own = Vec::new();
                self.unsaid(decl.unsaid().as_ref(), &mut own);
                self.decl(decl, &mut own);
                number(own.len() as u64, out);
                out.extend(own);
            }
        }
    }

    fn group(&mut self, group: &Group, out: &mut Vec<u8>) {
        self.text(&group.path, out);
        self.maybe(group.target.as_ref(), out, |packer, target, out| packer.target(target, out));
        number(group.places.len() as u64, out);
        for (name, place) in group.places.iter() {
            self.text(name, out);
            self.place(place, out);
        }
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
        span(target.span, out);
    }

    /// What an option comes to unsaid stands in front of its declaration, and its length in front
    /// of it: most runs ask for one of both.
    fn unsaid(&mut self, unsaid: Option<&Unsaid>, out: &mut Vec<u8>) {
        let mut own = Vec::new();
        if let Some(unsaid) = unsaid {
            // It is a scalar, or has nothing in it.
            let kind = match &unsaid.data {
                Data::List(_) => EMPTY_LIST,
                Data::Map(_) => EMPTY_MAP,
                _ => 0,
            };
            let system = unsaid.scope == Scope::System;
            own.push(kind | flags(&[(unsaid.is_flat, FLAT), (system, SYSTEM)]));
            self.maybe(unsaid.said.as_ref(), &mut own, |_, said, out| span(*said, out));
            let scalar = match unsaid.data.clone() {
                Data::Bool(value) => Scalar::Bool(value),
                Data::Int(value) => Scalar::Int(value),
                Data::Float(value) => Scalar::Float(value),
                Data::String(text) => Scalar::String(text),
                Data::Null | Data::List(_) | Data::Map(_) => Scalar::Null,
            };
            self.scalar(&scalar, &mut own);
        }
        number(own.len() as u64, out);
        out.extend(own);
    }

    fn decl(&mut self, decl: &OptionDecl, out: &mut Vec<u8>) {
        out.push(flags(&[
            (decl.required, REQUIRED),
            (decl.internal, INTERNAL),
            (decl.scope == Scope::System, SYSTEM),
        ]));
        self.text(&decl.path, out);
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
                self.value(value, None, out);
            }
            Some(Fallback::Node(node)) => {
                out.push(2);
                self.nodes(std::slice::from_ref(node), out);
            }
        }
        self.maybe(decl.into.as_ref(), out, |packer, into, out| packer.texts(into, out));
        number(decl.argument.map_or(0, |argument| argument as u64 + 1), out);
        self.maybe(decl.as_name.as_ref(), out, |packer, name, out| packer.text(name, out));
        self.texts(&decl.slots, out);
        number(decl.default_slot as u64, out);
        let mut keys = Vec::new();
        decl.keys.pack(self, &mut keys);
        number(keys.len() as u64, out);
        out.extend(keys);
        let docs = decl.docs.as_deref().filter(|_| self.whole);
        self.maybe(docs, out, |packer, docs, out| {
            packer.text(&docs.doc, out);
            packer.maybe(docs.example.as_ref(), out, |packer, text, out| packer.text(text, out));
        });
        self.text(&decl.hm, out);
        self.text(&decl.target, out);
        span(decl.span, out);
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
                number(types.len() as u64, out);
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
        number(texts.len() as u64, out);
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
    fn place(&mut self, target: &EcoString) -> Place {
        match self.byte() {
            0 => Place::Group(Arc::new(self.group(target))),
            _ => {
                self.number();
                self.option(target)
            }
        }
    }

    /// What an option that begins here comes to unsaid, if that is known.
    pub(super) fn unsaid(&mut self) -> Option<Unsaid> {
        if self.number() == 0 {
            return None;
        }
        let flags = self.byte();
        let said = self.maybe(Self::span);
        let data = match flags & (EMPTY_LIST | EMPTY_MAP) {
            EMPTY_LIST => Data::List(Vec::new()),
            EMPTY_MAP => Data::Map(Arc::default()),
            _ => self.scalar().data(),
        };
        Some(Unsaid { data, said, scope: scope(flags), is_flat: flags & FLAT != 0 })
    }

    /// An option of the target whose path this is.
    pub(super) fn option(&mut self, target: &EcoString) -> Place {
        let unsaid = self.number();
        self.bytes(unsaid);
        Place::Option(Arc::new(self.decl(target)))
    }

    fn group(&mut self, target: &EcoString) -> Group {
        let path = self.text();
        let own = self.maybe(Self::target).map(Arc::new);
        let target = own.as_ref().map_or(target, |own| &own.path);
        let count = self.count();
        let all = self.clone();
        let mut places = Places::packed(count, all.clone(), target.clone());
        for _ in 0..count {
            let name = self.text();
            match self.byte() {
                0 => places.insert(name, Place::Group(Arc::new(self.group(target)))),
                traits => {
                    let length = self.number();
                    places.insert_packed(name, all.left() - self.left(), traits);
                    self.bytes(length);
                }
            }
        }
        Group { path, places, target: own }
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
        let flags = self.byte();
        OptionDecl {
            path: self.text(),
            ty: self.ty(),
            kind: match self.byte() {
                1 => Kind::Keyed(Arc::new(self.body(target))),
                2 => Kind::Items(Arc::new(self.body(target))),
                _ => Kind::Plain,
            },
            default: match self.byte() {
                1 => Some(Box::new(Fallback::Value(self.value().0))),
                2 => self.nodes::<Vec<_>>().pop().map(|node| Box::new(Fallback::Node(node))),
                _ => None,
            },
            into: self.maybe(Self::texts),
            argument: self.number().checked_sub(1),
            as_name: self.maybe(Self::text),
            slots: self.texts(),
            default_slot: self.number(),
            keys: {
                let length = self.number();
                Keys::Prepared { bytes: self.bytes(length), words: self.words() }
            },
            required: flags & REQUIRED != 0,
            internal: flags & INTERNAL != 0,
            scope: scope(flags),
            docs: self.maybe(|from| {
                let (doc, example) = (from.text(), from.maybe(Self::text));
                Box::new(Docs { doc, example })
            }),
            hm: self.word().into(),
            // Most are of the target around them, and share its path.
            target: match self.word() {
                own if own == target.as_str() => target.clone(),
                own => own.into(),
            },
            span: self.span(),
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
