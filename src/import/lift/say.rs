//! Values as nodes of a configuration.

use ecow::EcoString;
use indexmap::IndexMap;

use super::shelf::{At, Part, Place};
use super::{Said, Style};
use crate::import::page::{Item, Marked};
use crate::ir::Value;
use crate::schema::OptionDecl;
use crate::schema::option::{Body, Kind};
use crate::schema::types::Type;
use crate::syntax::tree::Scalar;

type Map = IndexMap<EcoString, Value>;

/// As many scalars stand on one line, as properties.
const FEW: usize = 4;

impl Place {
    /// The nodes of the target's block that say what a file says.
    ///
    /// # Errors
    /// What no option of the target can say.
    pub fn say(&self, at: &At, said: &Said, style: Style) -> Result<Vec<Item>, String> {
        let mut block = Block::default();
        if let Some(option) = &at.option {
            block.put(option, scalar(&Value::String(format!("~/{}", at.path).into()))?);
        }
        for (part, mut value) in self.split(&said.value)? {
            if style == Style::Typed && matches!(part.option.kind, Kind::Plain) {
                self.leaves(&part.option, &mut value, &mut block);
            }
            if !value.is_empty() {
                let name = self.name(&part.option);
                typed(&part.option, name, &value, &mut block)?;
            }
        }
        if let Some(parts) = &said.parts {
            let (option, before, after) = match (&self.grammar, &self.footer) {
                (Some(grammar), _) => (&*grammar.rest, &grammar.before, &grammar.after),
                (None, Some(footer)) => (self.name(footer), &None, &None),
                (None, None) if parts.after.is_empty() => return Ok(block.items),
                (None, None) => {
                    let line = parts.after.lines().next().unwrap_or_default();
                    let line = crate::value::short(line.trim());
                    return Err(format!("`{line}` is no key and value"));
                }
            };
            for (text, slot) in [(&parts.before, before), (&parts.after, after)] {
                if text.is_empty() {
                    continue;
                }
                let item = Item::new(option);
                let item = slot.iter().fold(item, |item, slot| item.prop("slot", &**slot));
                block.items.push(item.arg(&**text));
            }
        }
        Ok(block.items)
    }

    /// The name of an option in the target's block.
    fn name<'a>(&self, option: &'a OptionDecl) -> &'a str {
        let path = option.path.strip_prefix(&*self.target).unwrap_or(&option.path);
        path.trim_start_matches('.')
    }

    /// What each option holds of a value.
    fn split(&self, value: &Value) -> Result<Vec<(&Part, Value)>, String> {
        if let [one] = self.parts.as_slice()
            && one.key.is_none()
        {
            return Ok(vec![(one, value.clone())]);
        }
        let Value::Map(map) = value else {
            return Err(format!("expected keys and values, found {}", value.kind()));
        };
        let mut found: Vec<(&Part, Value)> =
            self.parts.iter().map(|part| (part, Value::Null)).collect();
        for (key, value) in map {
            let named =
                |part: &Part| part.key.as_ref().is_some_and(|own| own.eq_ignore_ascii_case(key));
            let takes = |part: &Part| {
                let block = matches!(value, Value::Map(_));
                part.key.is_none() && block == matches!(part.option.kind, Kind::Keyed(_))
            };
            let own = found.iter().position(|(part, _)| named(part));
            let own = own.or_else(|| found.iter().position(|(part, _)| takes(part)));
            let Some((part, whole)) = own.and_then(|at| found.get_mut(at)) else {
                return Err(format!("no option of `{}` holds `{key}`", self.target));
            };
            if part.key.is_some() {
                *whole = value.clone();
            } else if let Value::Map(inner) = whole {
                inner.insert(key.clone(), value.clone());
            } else {
                *whole = Value::Map(Map::from([(key.clone(), value.clone())]));
            }
        }
        found.retain(|(_, value)| !value.is_empty());
        Ok(found)
    }

    /// Takes what is an option of its own out of the settings that it is a leaf of; a table that is
    /// not said whole so stays in them, that it is said once.
    fn leaves(&self, settings: &OptionDecl, value: &mut Value, block: &mut Block) {
        let root = self.name(settings);
        let whole = value.clone();
        let mut taken: Vec<(&str, Item)> = Vec::new();
        for leaf in &self.leaves {
            let Some(way) = leaf.rare().into.as_deref() else { continue };
            let Some(rest) = way_below(way, root) else { continue };
            let Some(found) = get(value, rest).cloned() else { continue };
            let mut alone = Block::default();
            if typed(leaf, self.name(leaf), &found, &mut alone).is_ok() && fits(&leaf.ty, &found) {
                take(value, rest);
                let table = rest.first().map_or("", |name| &**name);
                taken.extend(alone.items.into_iter().map(|item| (table, item)));
            }
        }
        for (table, item) in taken {
            let way = [EcoString::from(table)];
            match (get(value, &way).is_some(), get(&whole, &way)) {
                (true, Some(own)) => restore(value, table, own),
                _ => block.add(item),
            }
        }
    }
}

/// The rest of a way that begins with a name, which may be dotted.
fn way_below<'a>(way: &'a [EcoString], root: &str) -> Option<&'a [EcoString]> {
    let depth = root.split('.').count();
    let begins = way.iter().take(depth).map(|own| &**own).eq(root.split('.'));
    begins.then(|| way.get(depth..).unwrap_or_default()).filter(|rest| !rest.is_empty())
}

fn get<'a>(value: &'a Value, way: &[EcoString]) -> Option<&'a Value> {
    way.iter().try_fold(value, |value, name| match value {
        Value::Map(map) => {
            map.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, own)| own)
        }
        _ => None,
    })
}

/// Puts a table back as it was.
fn restore(value: &mut Value, table: &str, whole: &Value) {
    let Value::Map(map) = value else { return };
    if let Some((_, own)) = map.iter_mut().find(|(key, _)| key.eq_ignore_ascii_case(table)) {
        *own = whole.clone();
    }
}

/// Takes a leaf out, and what is empty then.
fn take(value: &mut Value, way: &[EcoString]) {
    let (Value::Map(map), Some((name, rest))) = (value, way.split_first()) else { return };
    let Some(at) = map.keys().position(|key| key.eq_ignore_ascii_case(name)) else { return };
    if let (false, Some((_, inner))) = (rest.is_empty(), map.get_index_mut(at)) {
        take(inner, rest);
        if !inner.is_empty() {
            return;
        }
    }
    map.shift_remove_index(at);
}

/// Whether a value, its scalars written as the type wants them, can be of a type.
fn fits(ty: &Type, value: &Value) -> bool {
    match (ty.inner(), value) {
        (Type::Enum(words), value) => {
            text(value).is_some_and(|own| words.iter().any(|word| **word == *own))
        }
        (Type::Bool, value) => matches!(value, Value::Bool(_)),
        (Type::Int(..), value) => matches!(value, Value::Int(_)),
        (Type::Map(inner), Value::Map(map)) => map.values().all(|value| fits(inner, value)),
        (Type::Map(_) | Type::Settings, value) => matches!(value, Value::Map(_)),
        (Type::List(_), value) => !matches!(value, Value::Map(_)),
        (_, value) => !matches!(value, Value::Map(_) | Value::List(_)),
    }
}

/// Nodes side by side, those of one group in it.
#[derive(Default)]
struct Block {
    items: Vec<Item>,
}

impl Block {
    /// One value of an option, as a property where that is how one writes it.
    fn put(&mut self, name: &str, value: Scalar) {
        match name.rsplit_once('.') {
            Some((group, name)) => {
                let item = Item::new(group).prop(name, value);
                self.add(item);
            }
            None => self.items.push(Item::new(name).arg(value)),
        }
    }

    /// A node; one that has properties only goes together with another of its name.
    fn add(&mut self, item: Item) {
        let plain =
            |own: &Item| own.args.is_empty() && own.children.is_empty() && !own.props.is_empty();
        let same = self.items.iter_mut().find(|own| own.name == item.name && plain(own));
        match same {
            Some(own) if plain(&item) => own.props.extend(item.props),
            _ => self.items.push(item),
        }
    }
}

/// An option's value, as its type wants it.
fn typed(option: &OptionDecl, name: &str, value: &Value, block: &mut Block) -> Result<(), String> {
    match &option.kind {
        Kind::Keyed(body) => {
            let Value::Map(map) = value else { return Err(misfit(option, value)) };
            for (key, value) in map {
                let Value::Map(inner) = value else { return Err(misfit(option, value)) };
                block.items.push(keyed(name, key, inner, body)?);
            }
            Ok(())
        }
        Kind::Items(_) => Err(misfit(option, value)),
        Kind::Plain => plain(&option.ty, option, name, value, block),
    }
}

fn misfit(option: &OptionDecl, value: &Value) -> String {
    format!("`{}` cannot hold {}", option.path, value.kind())
}

fn plain(
    ty: &Type,
    option: &OptionDecl,
    name: &str,
    value: &Value,
    block: &mut Block,
) -> Result<(), String> {
    match (ty.inner(), value) {
        (Type::Settings, Value::Map(map)) => {
            let children = all_free(map)?;
            block.items.push(Item { children, open: map.len() > 1, ..Item::new(name) });
        }
        (Type::Map(inner), Value::Map(map)) => {
            let mut item = Item::new(name);
            for (key, value) in map {
                let values = match value {
                    Value::List(list) => list.iter().collect(),
                    one => vec![one],
                };
                let mut own = Item::new(&**key);
                for value in values {
                    own.args.push(as_type(inner, value)?.into());
                }
                item.children.push(own);
            }
            let few =
                item.children.len() <= FEW && item.children.iter().all(|own| own.args.len() == 1);
            block.items.push(if few { flat(item) } else { item });
        }
        (Type::List(inner), value) => {
            let list: Vec<&Value> = match value {
                Value::List(list) => list.iter().collect(),
                one => vec![one],
            };
            // A line for each, once they are many.
            let lines = list.chunks(if list.len() > 6 { 1 } else { 6 });
            for line in lines {
                let mut item = Item::new(name);
                for value in line {
                    item.args.push(as_type(inner, value)?.into());
                }
                block.items.push(item);
            }
        }
        (ty, value) if !matches!(value, Value::Map(_) | Value::List(_)) => {
            block.put(name, as_type(ty, value)?);
        }
        (_, value) => return Err(misfit(option, value)),
    }
    Ok(())
}

/// Children that are one scalar each, as properties.
fn flat(item: Item) -> Item {
    let props =
        item.children.into_iter().filter_map(|own| Some((own.name, own.args.into_iter().next()?)));
    Item { props: props.collect(), children: Vec::new(), ..item }
}

fn as_type(ty: &Type, value: &Value) -> Result<Scalar, String> {
    match (ty.inner(), value) {
        (_, Value::Null) => Ok(Scalar::Null),
        (Type::Union(_) | Type::Scalar | Type::Bool | Type::Int(..) | Type::Float(..), value) => {
            scalar(value)
        }
        (_, value) => match text(value) {
            Some(text) => Ok(Scalar::String(text.as_str().into())),
            None => Err(format!("expected a text, found {}", value.kind())),
        },
    }
}

/// A scalar as the text that it is in a file.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.to_string()),
        Value::Int(number) => Some(number.to_string()),
        Value::Float(number) => Some(format!("{number:?}")),
        Value::Bool(value) => Some(value.to_string()),
        Value::Null | Value::List(_) | Value::Map(_) => None,
    }
}

fn keyed(name: &str, key: &str, map: &Map, body: &Body) -> Result<Item, String> {
    let mut inner = Block::default();
    for (field, value) in map {
        let own = body.group.places.iter().find(|(own, _)| own.eq_ignore_ascii_case(field));
        match own {
            Some((own, crate::schema::Place::Option(option))) => {
                typed(option, own, value, &mut inner)?
            }
            _ => inner.items.push(free(field, value)?),
        }
    }
    let item = Item { children: inner.items, ..Item::new(name).arg(key) };
    let scalars = item.children.iter().all(|own| {
        own.args.len() == 1 && own.props.is_empty() && own.children.is_empty() && own.mark.is_none()
    });
    let lists = item.children.iter().any(|own| {
        body.group.places.iter().any(|(name, place)| {
            let list = matches!(place, crate::schema::Place::Option(option) if matches!(option.ty.inner(), Type::List(_)));
            name == &*own.name && list
        })
    });
    Ok(if scalars && !lists && item.children.len() <= FEW { flat(item) } else { item })
}

/// Keys of the program's own. An object of objects with names that nobody would write as a node's
/// is said name by name: `url "git@github.com:" insteadOf="gh:"`.
fn all_free(map: &Map) -> Result<Vec<Item>, String> {
    let plain = |key: &str| key.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
    let mut items = Vec::new();
    for (key, value) in map {
        match value {
            Value::Map(inner)
                if inner.keys().any(|key| !plain(key))
                    && inner
                        .values()
                        .all(|own| matches!(own, Value::Map(own) if !own.is_empty())) =>
            {
                for (name, value) in inner {
                    let mut item = free(key, value)?;
                    item.args.insert(0, Marked::from(&**name));
                    items.push(item);
                }
            }
            value => items.push(free(key, value)?),
        }
    }
    Ok(items)
}

/// A key of the program's own.
fn free(key: &str, value: &Value) -> Result<Item, String> {
    let mut item = Item::new(key);
    match value {
        Value::Map(map) if map.is_empty() => item.mark = Some("map"),
        Value::Map(map) => {
            let children =
                map.iter().map(|(key, value)| free(key, value)).collect::<Result<Vec<_>, _>>()?;
            let plain = |own: &Item| {
                own.args.len() == 1
                    && own.props.is_empty()
                    && own.children.is_empty()
                    && own.mark.is_none()
            };
            let few = children.len() <= FEW && children.iter().all(plain);
            item = Item { children, ..item };
            if few {
                item = flat(item);
            }
        }
        Value::List(list)
            if list.iter().any(|one| matches!(one, Value::Map(_) | Value::List(_))) =>
        {
            item.children = list.iter().map(element).collect::<Result<_, _>>()?;
        }
        Value::List(list) => {
            for one in list {
                item.args.push(scalar(one)?.into());
            }
            item.mark = (list.len() < 2).then_some("list");
        }
        one => item.args.push(scalar(one)?.into()),
    }
    Ok(item)
}

/// An element of a list, on a node of its own.
fn element(value: &Value) -> Result<Item, String> {
    free("-", value)
}

fn scalar(value: &Value) -> Result<Scalar, String> {
    Ok(match value {
        Value::Null => Scalar::Null,
        Value::Bool(value) => Scalar::Bool(*value),
        Value::Int(value) => Scalar::Int((*value).into()),
        Value::Float(value) => Scalar::Float(*value),
        Value::String(text) => Scalar::String(text.clone()),
        other => return Err(format!("expected a scalar, found {}", other.kind())),
    })
}

/// Nodes as they stand in a target.
pub(super) fn node(node: &crate::syntax::tree::Node) -> Item {
    let mut item = Item::new(&*node.name.value);
    for entry in &*node.entries {
        let value = Marked::from(entry.value.data.clone());
        match &entry.name {
            Some(name) => item.props.push((name.value.to_string(), value)),
            None => item.args.push(value),
        }
    }
    item.children = node.children().iter().map(self::node).collect();
    item
}

impl Place {
    /// What a lifted target says besides what its files say.
    pub fn besides(&self) -> Vec<Item> {
        self.besides.iter().map(node).collect()
    }
}
