//! How options, items and facts look to an expression: lazy objects.

use std::rc::Rc;
use std::sync::Arc;

use ecow::EcoString;
use minijinja::value::{Enumerator, Object, ObjectRepr, ValueKind};
use minijinja::{Error, ErrorKind, Value as Jinja};

use super::arena::{At, EnvId, Poisoned, SlotId};
use super::handle::Handle;
use super::resolve::Whose;
use super::{Eval, mistake};
use crate::diag::{Diagnostic, Span};
use crate::value::{Data, Map, Places, Typed};

/// A place in the tree of options, read when it is needed.
#[derive(Debug)]
pub struct SlotObject {
    eval: Handle,
    /// The place.
    pub slot: SlotId,
}

impl SlotObject {
    /// For an expression.
    pub fn new(eval: &Eval, slot: SlotId) -> Self {
        Self { eval: eval.handle, slot }
    }

    /// Whether it is a place of this evaluation.
    pub fn is_of(&self, eval: &Eval) -> bool {
        self.eval == eval.handle
    }

    /// Whose it is.
    pub fn eval(&self) -> Option<Rc<Eval>> {
        self.eval.eval()
    }
}

impl Object for SlotObject {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Map
    }

    fn get_value(self: &Arc<Self>, key: &Jinja) -> Option<Jinja> {
        let eval = self.eval()?;
        match key.as_str() {
            Some(name) => eval.read_child(self.slot, name),
            None => eval.read_child(self.slot, &key.to_string()),
        }
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        let Some(eval) = self.eval() else { return Enumerator::Empty };
        let names: Vec<Jinja> =
            eval.names_below(self.slot).iter().map(|name| Jinja::from(&**name)).collect();
        Enumerator::Values(names)
    }
}

/// A map that keeps its order and its origins.
#[derive(Debug)]
pub struct MapObject(pub Arc<Map<Typed>>);

impl MapObject {
    /// The entries as pairs, for a `for`.
    pub fn entries(&self) -> Vec<Jinja> {
        self.0
            .iter()
            .map(|(key, value)| {
                Jinja::from_object(Pair {
                    key: Jinja::from(&**key),
                    value: to_jinja(value),
                    typed: Some(value.clone()),
                })
            })
            .collect()
    }
}

impl Object for MapObject {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Map
    }

    fn get_value(self: &Arc<Self>, key: &Jinja) -> Option<Jinja> {
        let name = key.as_str()?;
        self.0.get(name).or_else(|| self.0.get(&*name.replace('_', "-"))).map(to_jinja)
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.0.keys().map(|key| Jinja::from(&**key)).collect())
    }
}

/// A key and a value.
#[derive(Debug)]
pub struct Pair {
    key: Jinja,
    value: Jinja,
    /// The value with its origins.
    pub typed: Option<Typed>,
}

/// A key and a value, for a `for`.
pub fn pair(key: Jinja, value: Jinja) -> Jinja {
    Jinja::from_object(Pair { key, value, typed: None })
}

impl Object for Pair {
    fn get_value(self: &Arc<Self>, key: &Jinja) -> Option<Jinja> {
        match key.as_str()? {
            "key" => Some(self.key.clone()),
            "value" => Some(self.value.clone()),
            other => self.value.get_attr(other).ok().filter(|value| !value.is_undefined()),
        }
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Str(&["key", "value"])
    }
}

/// The names that hold in an instance: variables, `let`, the target's options, facts.
#[derive(Debug)]
pub struct ScopeObject {
    /// Whose they are.
    pub eval: Handle,
    /// The instance.
    pub env: EnvId,
}

impl Object for ScopeObject {
    fn get_value(self: &Arc<Self>, key: &Jinja) -> Option<Jinja> {
        self.eval.eval()?.lookup(self.env, key.as_str()?)
    }
}

/// A value as an expression sees it.
pub fn to_jinja(value: &Typed) -> Jinja {
    match &value.data {
        Data::Null => Jinja::from(()),
        Data::Bool(value) => Jinja::from(*value),
        Data::Int(value) => {
            i64::try_from(value.get()).map_or_else(|_| Jinja::from(value.get()), Jinja::from)
        }
        Data::Float(value) => Jinja::from(*value),
        Data::String(text) => Jinja::from(&**text),
        Data::List(list) => Jinja::from(list.iter().map(to_jinja).collect::<Vec<_>>()),
        Data::Map(map) => Jinja::from_object(MapObject(map.clone())),
    }
}

/// The value that makes an expression stop without a word: what is wrong was said.
pub fn poison() -> Jinja {
    Jinja::from(Error::new(ErrorKind::InvalidOperation, "a value in error"))
}

impl Eval {
    /// What stands below a slot, for an expression: `_` stands for `-`.
    pub fn read_child(&self, slot: SlotId, name: &str) -> Option<Jinja> {
        let at = self.state().slot(slot).at.clone();
        if let At::Item(..) = at {
            match name {
                "key" if let Some(key) = self.item_key(slot) => return Some(Jinja::from(&*key)),
                "index" if self.child_of(slot, "index").is_none() => {
                    let key = self.state().slot(slot).key.clone();
                    return key
                        .strip_prefix('#')
                        .and_then(|index| index.parse::<i64>().ok())
                        .map(Jinja::from);
                }
                _ => {}
            }
        }
        if let Some(value) = self.unsaid(slot, name) {
            return Some(to_jinja(&value));
        }
        let found = self.child_named(slot, name);
        if let Some(child) = found {
            return Some(self.read(child));
        }
        match at {
            At::Group(_) => None,
            _ => match self.force(slot) {
                Ok(Some(value)) => match &value.data {
                    Data::Map(map) => {
                        map.get(name).or_else(|| map.get(&*name.replace('_', "-"))).map(to_jinja)
                    }
                    Data::List(list) => list.get(name.parse::<usize>().ok()?).map(to_jinja),
                    _ => None,
                },
                Ok(None) => None,
                Err(_) => Some(self.poisoned()),
            },
        }
    }

    /// The name of an item, unless it has a field that is called `key`.
    pub fn item_key(&self, slot: SlotId) -> Option<EcoString> {
        self.prepare(slot);
        let state = self.state();
        let own = state.slot(slot);
        let At::Item(_, body) = &own.at else { return None };
        let field = body.group.places.contains_key("key") || own.children.contains_key("key");
        (!field).then(|| own.key.clone())
    }

    /// The slot below that a name in an expression means.
    pub fn child_named(&self, slot: SlotId, name: &str) -> Option<SlotId> {
        if let Some(found) = self.child_of(slot, name) {
            return Some(found);
        }
        if name.contains('_') {
            if let Some(found) = self.child_of(slot, &name.replace('_', "-")) {
                return Some(found);
            }
            // A name may hold both: compare them without the difference.
            let names: Vec<EcoString> = match &self.state().slot(slot).at {
                At::Group(group) => group.places.keys().map(EcoString::from).collect(),
                At::Item(_, body) => body.group.places.keys().map(EcoString::from).collect(),
                _ => Vec::new(),
            };
            let found = names.iter().find(|own| own.as_str().replace('-', "_") == name)?;
            return self.child_of(slot, found);
        }
        None
    }

    /// A slot as an expression sees it: containers stay lazy.
    pub fn read(&self, slot: SlotId) -> Jinja {
        if let Whose::Machine(system, there) = self.whose(slot) {
            return system.read(there);
        }
        let lazy = match &self.state().slot(slot).at {
            At::Group(_) | At::Item(..) => true,
            At::Option(decl) => {
                matches!(decl.kind, crate::schema::option::Kind::Keyed(_))
                    || matches!(decl.ty, crate::schema::types::Type::Settings)
            }
            At::Free(..) | At::Entry(_) => false,
        };
        if lazy {
            return Jinja::from_object(SlotObject::new(self, slot));
        }
        let at = self.state().slot(slot).at.clone();
        if let At::Option(decl) = &at
            && matches!(decl.kind, crate::schema::option::Kind::Items(_))
        {
            return match self.slot_items(slot) {
                Ok(items) => Jinja::from(items),
                Err(_) => self.poisoned(),
            };
        }
        match self.force(slot) {
            Ok(Some(value)) => to_jinja(&value),
            Ok(None) => match self.empty_of(slot) {
                Some(data) => to_jinja(&Typed { data, from: Places::new(), pieces: None }),
                // That it is missing is said where its item is.
                None if matches!(&at, At::Option(decl) if decl.required) => self.poisoned(),
                None => Jinja::UNDEFINED,
            },
            Err(_) => self.poisoned(),
        }
    }

    /// The keys below a slot, in order.
    pub fn names_below(&self, slot: SlotId) -> Vec<EcoString> {
        let at = self.state().slot(slot).at.clone();
        match at {
            At::Group(group) => group.places.keys().map(EcoString::from).collect(),
            _ => match self.force(slot) {
                Ok(Some(value)) => match &value.data {
                    Data::Map(map) => map.keys().cloned().collect(),
                    _ => Vec::new(),
                },
                Ok(None) => Vec::new(),
                Err(_) => {
                    self.poisoned();
                    Vec::new()
                }
            },
        }
    }

    fn poisoned(&self) -> Jinja {
        self.swap_poison(true);
        poison()
    }

    /// A minijinja value as ours.
    pub fn typed(&self, value: &Jinja, span: Span) -> Result<Typed, Poisoned> {
        self.typed_below(value, span, 0)
    }

    fn typed_below(&self, value: &Jinja, span: Span, depth: usize) -> Result<Typed, Poisoned> {
        if depth > 64 {
            return Err(Poisoned);
        }
        if let Some(object) = value.downcast_object_ref::<SlotObject>() {
            let Some(own) = object.eval() else { return Err(Poisoned) };
            return match own.force(object.slot) {
                Ok(Some(found)) => Ok((*found).clone()),
                Ok(None) => Ok(Typed::at(own.empty_of(object.slot).unwrap_or(Data::Null), span)),
                Err(Poisoned) => Err(Poisoned),
            };
        }
        if let Some(object) = value.downcast_object_ref::<MapObject>() {
            return Ok(Typed {
                data: Data::Map(object.0.clone()),
                from: Places::from([span]),
                pieces: None,
            });
        }
        let data = match value.kind() {
            ValueKind::None => Data::Null,
            ValueKind::Undefined => {
                self.push(mistake::undefined("a part of it", span, &self.shared));
                return Err(Poisoned);
            }
            ValueKind::Bool => Data::Bool(value.is_true()),
            ValueKind::Number if value.is_integer() => match i128::try_from(value.clone()) {
                Ok(n) => Data::Int(n.into()),
                Err(_) => return Err(Poisoned),
            },
            ValueKind::Number => match f64::try_from(value.clone()) {
                Ok(n) => Data::Float(n),
                Err(_) => return Err(Poisoned),
            },
            ValueKind::String => Data::String(value.as_str().unwrap_or_default().into()),
            ValueKind::Seq | ValueKind::Iterable => {
                let mut list = Vec::new();
                for item in value.try_iter().into_iter().flatten() {
                    list.push(self.typed_below(&item, span, depth + 1)?);
                }
                Data::List(list)
            }
            ValueKind::Map => {
                let mut map = Map::default();
                for key in value.try_iter().into_iter().flatten() {
                    let inner = value.get_item(&key).unwrap_or_default();
                    map.insert(key.to_string().into(), self.typed_below(&inner, span, depth + 1)?);
                }
                Data::Map(Arc::new(map))
            }
            other => {
                self.push(Diagnostic::error(
                    "bad-expression",
                    span,
                    "not a value",
                    format!("the expression gives a {other}, which is no value"),
                ));
                return Err(Poisoned);
            }
        };
        Ok(Typed::at(data, span))
    }
}
