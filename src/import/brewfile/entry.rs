//! The entries of the language with their options, and how hcc says them.
//!
//! Source: `Library/Homebrew/bundle/dsl.rb` and `bundle/extensions/`; what Homebrew refuses or
//! passes over is refused here by name.

use indexmap::IndexMap;

use super::tree::{Key, Value, Why};
use crate::diag::nearest;
use crate::import::page::{Item, Marked};
use crate::syntax::tree::Scalar;

/// What an option holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Type {
    Text,
    Bool,
    /// A number from 1.
    Number,
    Texts,
    /// A bool, or one of these symbols.
    BoolOr(&'static [&'static str]),
    /// One of these texts.
    OneOf(&'static [&'static str]),
    /// Names and values.
    Settings,
    /// A bool, or names and values.
    BoolOrSettings,
}

/// An option: its name in Ruby and here, and its type.
type Choice = (&'static str, &'static str, Type);

/// A kind of entry.
#[derive(Debug)]
pub(super) struct Shape {
    /// Its name, in Ruby and here.
    pub name: &'static str,
    /// The option that stands behind the name: in Ruby and here, or here alone.
    positional: Option<&'static str>,
    options: &'static [Choice],
}

const fn shape(name: &'static str, options: &'static [Choice]) -> Shape {
    Shape { name, positional: None, options }
}

/// The target that they are options of.
pub(super) const TARGET: &str = "homebrew";
/// The entry without a name, whose options are for the casks below it.
pub(super) const CASK_ARGS: &str = "cask_args";
/// The entry that it is about.
pub(super) const CASK: &str = "cask";

const SHAPES: &[Shape] = &[
    Shape {
        positional: Some("url"),
        ..shape(
            "tap",
            &[
                ("trusted", "trusted", Type::BoolOrSettings),
                ("force_auto_update", "force-auto-update", Type::Bool),
            ],
        )
    },
    shape(
        "brew",
        &[
            ("args", "args", Type::Texts),
            ("conflicts_with", "conflicts-with", Type::Texts),
            ("restart_service", "restart-service", Type::BoolOr(&["changed", "always"])),
            ("start_service", "start-service", Type::Bool),
            ("link", "link", Type::BoolOr(&["overwrite"])),
            ("postinstall", "postinstall", Type::Text),
            ("version_file", "version-file", Type::Text),
            ("trusted", "trusted", Type::Bool),
        ],
    ),
    shape(
        CASK,
        &[
            ("args", "args", Type::Settings),
            ("greedy", "greedy", Type::Bool),
            ("postinstall", "postinstall", Type::Text),
            ("trusted", "trusted", Type::Bool),
        ],
    ),
    Shape { positional: Some("id"), ..shape("mas", &[("id", "id", Type::Number)]) },
    shape("vscode", &[]),
    shape("go", &[]),
    shape("cargo", &[("source", "source", Type::Text)]),
    shape("uv", &[("with", "with", Type::Texts), ("source", "source", Type::Text)]),
    shape("npm", &[]),
    shape("krew", &[]),
    shape("flatpak", &[("remote", "remote", Type::Text), ("url", "url", Type::Text)]),
    shape(
        "winget",
        &[("id", "id", Type::Text), ("source", "source", Type::OneOf(&["winget", "msstore"]))],
    ),
];

/// Entries whose options Homebrew does not look through.
const PASSES_OVER: &[&str] = &["tap", "brew", CASK];

/// Entries that there were, and what became of them.
const GONE: &[(&str, &str)] =
    &[("whalebrew", "Homebrew has no `whalebrew` any more, and refuses a file with one")];

/// Arguments of all casks that hcc knows the type of.
const CASK_BOOLS: &[&str] = &["require_sha", "no_binaries"];

/// The options of an entry, as they are read.
pub(super) type Options = IndexMap<String, Value>;

/// The kind of an entry by its name.
///
/// # Errors
/// Why there is none.
pub(super) fn find(name: &str) -> Result<&'static Shape, Why> {
    if let Some(shape) = SHAPES.iter().find(|shape| shape.name == name) {
        return Ok(shape);
    }
    if let Some((_, why)) = GONE.iter().find(|(gone, _)| *gone == name) {
        return Err(Why::new(*why));
    }
    let names = SHAPES.iter().map(|shape| shape.name).chain([CASK_ARGS]);
    let near = nearest(name, names);
    Err(Why {
        what: format!("`{name}` is no entry of a Brewfile"),
        help: near.map(|near| format!("did you mean `{near}`?")),
    })
}

/// Options by name: a later one wins, one that is `nil` or holds nothing is none.
pub(super) fn options(list: Vec<(Key, Value)>) -> Result<Options, Why> {
    let mut options = Options::new();
    for (key, value) in list {
        if !key.symbol {
            return Err(Why {
                what: format!(
                    "the option `\"{0}\"` is a text, which Homebrew passes over",
                    key.name
                ),
                help: Some(format!("write `{}:`", key.name)),
            });
        }
        match is_nothing(&value) {
            true => drop(options.shift_remove(&key.name)),
            false => drop(options.insert(key.name, value)),
        }
    }
    Ok(options)
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Nil => true,
        Value::List(list) => list.is_empty(),
        Value::Map(map) => map.iter().all(|(_, value)| is_nothing(value)),
        _ => false,
    }
}

impl Shape {
    /// The name and the options of a call, and what Homebrew passes over without a word.
    ///
    /// # Errors
    /// What does not fit.
    pub fn fit(
        &self,
        args: Vec<Value>,
        given: Vec<(Key, Value)>,
    ) -> Result<(String, Options, Vec<Why>), Why> {
        let mut options = options(given)?;
        let mut passed = Vec::new();
        if PASSES_OVER.contains(&self.name) {
            options.retain(|key, _| {
                let known = self.options.iter().any(|(own, ..)| own == key);
                if !known {
                    passed.push(self.unknown(key));
                }
                known
            });
        }
        let mut args = args.into_iter();
        let name = match args.next() {
            Some(Value::Text(name)) if !name.is_empty() => name,
            other => {
                let found = other.map_or("nothing".to_owned(), |value| shown(&value));
                return Err(Why::new(format!("`{}` expects a name, found {found}", self.name)));
            }
        };
        if self.name == "tap"
            && let Some(url) = args.next()
        {
            match url {
                Value::Nil => {}
                Value::Text(_) => drop(options.shift_insert(0, "url".to_owned(), url)),
                other => {
                    let found = shown(&other);
                    return Err(Why::new(format!("`tap` expects an address, found {found}")));
                }
            }
        }
        if let Some(more) = args.next() {
            let found = shown(&more);
            return Err(Why::new(format!("`{}` takes one name, found {found} too", self.name)));
        }
        if self.name == "mas" && !options.contains_key("id") {
            return Err(Why {
                what: "`mas` expects the number of the application".into(),
                help: Some(format!(
                    "write `mas {}, id: 497799835`",
                    crate::emit::quote::ruby(&name)
                )),
            });
        }
        for (key, value) in &options {
            let Some((_, _, ty)) = self.choice(key) else { return Err(self.unknown(key)) };
            ty.check(key, value)?;
        }
        Ok((name, options, passed))
    }

    fn choice(&self, key: &str) -> Option<Choice> {
        if self.positional == Some(key) && self.name == "tap" {
            return Some(("url", "url", Type::Text));
        }
        self.options.iter().copied().find(|(own, ..)| *own == key)
    }

    fn unknown(&self, key: &str) -> Why {
        let near = nearest(key, self.options.iter().map(|(own, ..)| *own));
        Why {
            what: format!("`{}` has no option `{key}`", self.name),
            help: near.map(|near| format!("did you mean `{near}`?")),
        }
    }

    /// The entry as hcc says it.
    pub fn item(&self, name: &str, options: &Options) -> Item {
        let mut item = Item::new(self.name).arg(name);
        for (key, value) in options {
            let Some((_, own, ty)) = self.choice(key) else { continue };
            let mut inner = Item::new(own);
            match value {
                Value::List(list) => {
                    inner.args = list.iter().filter_map(scalar).map(Marked::from).collect();
                    item.children.push(inner);
                }
                // One text where several could stand.
                Value::Text(text) | Value::Symbol(text) if ty == Type::Texts => {
                    item.children.push(inner.arg(text.as_str()));
                }
                Value::Map(map) => {
                    settings(&mut inner, map);
                    item.children.push(inner);
                }
                one => {
                    let Some(one) = scalar(one) else { continue };
                    if self.positional == Some(own) {
                        item.args.push(one.into());
                    } else {
                        item.props.push((own.to_owned(), one.into()));
                    }
                }
            }
        }
        item
    }
}

/// The arguments of all casks, as hcc says them.
pub(super) fn cask_args(options: &Options) -> Item {
    let mut item = Item::new("cask-args");
    settings(&mut item, &pairs(options));
    item
}

/// Whether the arguments of all casks have the types that they shall have.
pub(super) fn check_cask_args(options: &Options) -> Result<(), Why> {
    for (key, value) in options {
        let ty = match key.as_str() {
            key if CASK_BOOLS.contains(&key) => Type::Bool,
            key if key.ends_with("dir") || key == "language" => Type::Text,
            _ => continue,
        };
        ty.check(key, value)?;
    }
    Type::Settings.check("cask_args", &Value::Map(pairs(options)))
}

/// Options as the pairs of an object.
pub(super) fn pairs(options: &Options) -> Vec<(Key, Value)> {
    let one = |(name, value): (&String, &Value)| {
        (Key { name: name.clone(), symbol: true }, value.clone())
    };
    options.iter().map(one).collect()
}

/// Writes names and values into a node: as properties if they are one value each.
fn settings(item: &mut Item, map: &[(Key, Value)]) {
    let mut seen: IndexMap<&str, &Value> = IndexMap::new();
    for (key, value) in map {
        seen.insert(&key.name, value);
    }
    seen.retain(|_, value| !is_nothing(value));
    let flat = seen.values().all(|value| !matches!(value, Value::Map(_)))
        && seen.values().all(|value| !matches!(value, Value::List(list) if list.len() > 1));
    for (name, value) in seen {
        match value {
            Value::Map(map) => {
                let mut inner = Item::new(name);
                settings(&mut inner, map);
                item.children.push(inner);
            }
            Value::List(list) => {
                let mut values: Vec<Marked> =
                    list.iter().filter_map(scalar).map(Marked::from).collect();
                if let [only] = values.as_mut_slice() {
                    only.mark = Some("list");
                }
                match (flat, values.as_slice()) {
                    (true, [only]) => item.props.push((name.to_owned(), only.clone())),
                    _ => item.children.push(list_node(name, values)),
                }
            }
            one => {
                let Some(one) = scalar(one) else { continue };
                if flat {
                    item.props.push((name.to_owned(), one.into()));
                } else {
                    item.children.push(Item::new(name).arg(one));
                }
            }
        }
    }
}

fn list_node(name: &str, values: Vec<Marked>) -> Item {
    Item { args: values, ..Item::new(name) }
}

fn scalar(value: &Value) -> Option<Scalar> {
    Some(match value {
        Value::Bool(value) => Scalar::Bool(*value),
        Value::Int(value) => Scalar::Int((*value).into()),
        Value::Float(value) => Scalar::Float(*value),
        Value::Text(text) | Value::Symbol(text) => Scalar::String(text.as_str().into()),
        Value::Nil | Value::List(_) | Value::Map(_) => return None,
    })
}

impl Type {
    fn check(self, key: &str, value: &Value) -> Result<(), Why> {
        let is_text = |value: &Value| matches!(value, Value::Text(_));
        let fits = match (self, value) {
            (Type::Text, value) => is_text(value),
            (Type::Bool | Type::BoolOr(_) | Type::BoolOrSettings, Value::Bool(_)) => true,
            (Type::Number, Value::Int(value)) => (1..=i128::from(i64::MAX)).contains(value),
            (Type::Texts, Value::List(list)) => list.iter().all(is_text),
            (Type::Texts, value) => is_text(value),
            (Type::BoolOr(symbols), Value::Symbol(name)) => symbols.contains(&name.as_str()),
            (Type::OneOf(texts), Value::Text(name)) => texts.contains(&name.as_str()),
            (Type::Settings | Type::BoolOrSettings, Value::Map(map)) => {
                map.iter().all(|(_, value)| is_setting(value))
            }
            _ => false,
        };
        if fits {
            return Ok(());
        }
        let help = match (self, value) {
            (Type::BoolOr(symbols), Value::Text(name)) if symbols.contains(&name.as_str()) => {
                Some(format!("write `{key}: :{name}`, which Homebrew reads"))
            }
            _ => None,
        };
        let what = format!("`{key}` expects {}, found {}", self.expected(), shown(value));
        Err(Why { what, help })
    }

    fn expected(self) -> String {
        let symbols = |names: &[&str], sign: &str| {
            names.iter().map(|name| format!("`{sign}{name}`")).collect::<Vec<_>>().join(" or ")
        };
        match self {
            Type::Text => "a text".into(),
            Type::Bool => "true or false".into(),
            Type::Number => "a number from 1".into(),
            Type::Texts => "a list of texts".into(),
            Type::BoolOr(names) => format!("true, false, {}", symbols(names, ":")),
            Type::OneOf(names) => symbols(names, ""),
            Type::Settings => "names with values".into(),
            Type::BoolOrSettings => "true, false, or names with values".into(),
        }
    }
}

/// Whether a value can stand among settings: one value, a list of such, or an object.
fn is_setting(value: &Value) -> bool {
    match value {
        Value::List(list) => list.iter().all(|item| scalar(item).is_some()),
        Value::Map(map) => map.iter().all(|(_, value)| is_setting(value)),
        _ => true,
    }
}

/// A value in a message.
fn shown(value: &Value) -> String {
    match value {
        Value::Nil => "`nil`".into(),
        Value::Bool(value) => format!("`{value}`"),
        Value::Int(value) => format!("`{value}`"),
        Value::Float(value) => format!("`{value:?}`"),
        Value::Text(text) => format!("the text `{}`", crate::emit::quote::ruby(text)),
        Value::Symbol(name) => format!("`:{name}`"),
        Value::List(_) => "a list".into(),
        Value::Map(_) => "names with values".into(),
    }
}
