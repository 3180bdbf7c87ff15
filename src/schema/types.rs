//! The types of options, and whether a value is of one.

use std::fmt;
use std::sync::Arc;

use ecow::EcoString;

use crate::diag::{Diagnostic, Span};
use crate::value::{Data, Map, Places, Typed};

/// A type, as written behind `type=`.
#[derive(Clone, Debug, PartialEq)]
pub enum Type {
    /// `bool`
    Bool,
    /// `int`, `int(0..)`, `int(1..65535)`; both ends are in the range.
    Int(Option<i64>, Option<i64>),
    /// `float`, `float(0..1)`; takes integers too.
    Float(Option<f64>, Option<f64>),
    /// `string`
    String,
    /// `scalar`: a string, number or bool.
    Scalar,
    /// `lines`: text made of pieces that are joined line by line.
    Lines,
    /// `text`: text that is replaced as a whole; ends in one newline unless empty.
    Text,
    /// `path`: on the machine.
    Path,
    /// `source`: a file or folder of the configuration, relative to the file that says it.
    Source,
    /// `package`: a package's common name.
    Package,
    /// `command`: a program and how it is called, as one string.
    Command,
    /// `enum<vim emacs>`
    Enum(Vec<EcoString>),
    /// `list<T>`
    List(Arc<Type>),
    /// `map<T>`
    Map(Arc<Type>),
    /// `settings`: free values of the program's own.
    Settings,
    /// `T?`
    Nullable(Arc<Type>),
    /// `A|B`: the first that fits.
    Union(Vec<Type>),
}

/// How a value does not fit.
#[derive(Debug, PartialEq)]
pub struct Mismatch {
    /// `wrong-type`, `out-of-range` or `not-in-enum`.
    pub code: &'static str,
    /// What the place is, in a few words.
    pub label: String,
    /// "expects int, found string `x`": wants the option's name in front.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
    /// What to write instead, where that is known.
    pub instead: Option<String>,
}

impl Mismatch {
    /// The problem with the value that stands at `span`, which is `said` there.
    pub fn at(self, path: &str, span: Span, said: &str) -> Diagnostic {
        let message = format!("`{path}` {}", self.message);
        let problem = Diagnostic::error(self.code, span, self.label, message);
        match self.instead {
            // A number keeps the zeros that it was written with: `0600` is `"0600"`.
            Some(instead)
                if instead.starts_with('"') && said.starts_with(|c: char| c.is_ascii_digit()) =>
            {
                problem.write(span, crate::value::quote(said))
            }
            Some(instead) => match self.help {
                Some(help) => problem.help(help).fix(span, instead),
                None => problem.write(span, instead),
            },
            None => problem.maybe_help(self.help),
        }
    }
}

/// Why a text is no type.
#[derive(Debug, PartialEq)]
pub struct BadType {
    /// What is wrong, as a sentence.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
    /// A name that is no type, and the type that was meant.
    pub near: Option<(String, &'static str)>,
}

impl BadType {
    fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), help: None, near: None }
    }

    fn help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }
}

impl Type {
    /// Reads a type.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Type, BadType> {
        let mut parser = Parser { rest: text.trim(), depth: 0 };
        let ty = parser.union()?;
        if parser.rest.is_empty() {
            Ok(ty)
        } else {
            Err(BadType::new(format!("`{}` is left over in the type `{text}`", parser.rest)))
        }
    }

    /// Whether values are given as free nodes: arguments, properties and children as they come.
    pub fn is_freeform(&self) -> bool {
        match self {
            Type::Settings => true,
            Type::Nullable(inner) | Type::List(inner) => inner.is_freeform(),
            Type::Union(list) => {
                list.iter().any(Type::is_freeform)
                    || (list.iter().any(Type::is_collection)
                        && !list.iter().all(Type::is_collection))
            }
            _ => false,
        }
    }

    fn is_collection(&self) -> bool {
        match self {
            Type::List(_) | Type::Map(_) | Type::Settings => true,
            Type::Nullable(inner) => inner.is_collection(),
            _ => false,
        }
    }

    /// The type without its `?`.
    pub fn inner(&self) -> &Type {
        match self {
            Type::Nullable(inner) => inner.inner(),
            other => other,
        }
    }

    /// Whether `#null` is one of its values.
    pub fn is_nullable(&self) -> bool {
        matches!(self, Type::Nullable(_))
    }

    /// Whether a lone argument is a one-element list.
    pub fn is_list(&self) -> bool {
        matches!(self.inner(), Type::List(_))
    }

    /// What a list of this type holds; of a union, its first list.
    pub fn element(&self) -> Option<&Type> {
        match self.inner() {
            Type::List(inner) => Some(inner),
            Type::Union(list) => list.iter().find_map(Type::element),
            _ => None,
        }
    }

    /// Whether a lone value is meant as an element, because it is nothing else of a union.
    pub fn is_element(&self, data: &Data) -> bool {
        let fits = |ty: &Type| {
            let value = Typed { data: data.clone(), from: Places::new(), pieces: None };
            ty.check(value).is_ok()
        };
        matches!(self.inner(), Type::Union(_)) && !fits(self) && self.element().is_some_and(fits)
    }

    /// Whether a bare node is `#true`.
    pub fn takes_bool(&self) -> bool {
        match self.inner() {
            Type::Bool | Type::Scalar => true,
            Type::Union(list) => list.iter().any(Type::takes_bool),
            _ => false,
        }
    }

    /// Whether keys may stand below it.
    pub fn takes_object(&self) -> bool {
        match self.inner() {
            Type::Map(_) | Type::Settings => true,
            Type::Union(list) => list.iter().any(Type::takes_object),
            _ => false,
        }
    }

    /// Whether the value is a file of the configuration.
    pub fn has_source(&self) -> bool {
        match self.inner() {
            Type::Source => true,
            Type::Union(list) => list.iter().any(Type::has_source),
            _ => false,
        }
    }

    /// What an option of this type holds when nothing defines it and it has no default.
    pub fn empty(&self) -> Option<Data> {
        match self {
            Type::Nullable(_) => Some(Data::Null),
            Type::List(_) => Some(Data::List(Vec::new())),
            Type::Map(_) | Type::Settings => Some(Data::Map(Default::default())),
            Type::Lines | Type::Text => Some(Data::String("".into())),
            Type::Union(list) if list.iter().any(Type::is_nullable) => Some(Data::Null),
            _ => None,
        }
    }

    /// The value as one of this type.
    pub fn check(&self, value: Typed) -> Result<Typed, Mismatch> {
        let data = match (self, value.data) {
            (Type::Nullable(_), Data::Null) => Data::Null,
            (Type::Nullable(inner), data) => {
                return inner.check(Typed { data, ..value });
            }
            (Type::Bool, data @ Data::Bool(_)) => data,
            (Type::Int(low, high), Data::Int(n))
                if low.is_none_or(|low| n.get() >= low.into())
                    && high.is_none_or(|high| n.get() <= high.into()) =>
            {
                Data::Int(n)
            }
            (Type::Float(low, high), Data::Int(n)) if in_range(n.get() as f64, *low, *high) => {
                Data::Float(n.get() as f64)
            }
            (Type::Float(low, high), Data::Float(n)) if in_range(n, *low, *high) => Data::Float(n),
            (
                Type::String
                | Type::Path
                | Type::Source
                | Type::Package
                | Type::Command
                | Type::Lines,
                data @ Data::String(_),
            ) => data,
            (Type::Text, Data::String(text)) => Data::String(one_newline(&text)),
            (
                Type::Scalar,
                data @ (Data::String(_) | Data::Int(_) | Data::Float(_) | Data::Bool(_)),
            ) => data,
            (Type::Enum(names), Data::String(text)) if names.contains(&text) => Data::String(text),
            (Type::List(inner), Data::List(list)) => Data::List(
                list.into_iter().map(|item| inner.check(item)).collect::<Result<_, _>>()?,
            ),
            (Type::Map(inner), Data::Map(map)) => Data::Map(
                Arc::unwrap_or_clone(map)
                    .into_iter()
                    .map(|(key, item)| inner.check(item).map(|item| (key, item)))
                    .collect::<Result<Map<_>, _>>()?
                    .into(),
            ),
            (Type::Settings, data @ Data::Map(_)) => data,
            (Type::Union(list), data) => {
                for ty in list {
                    let one = Typed { data: data.clone(), from: value.from.clone(), pieces: None };
                    if let Ok(fits) = ty.check(one) {
                        return Ok(fits);
                    }
                }
                return Err(self.mismatch(&data));
            }
            (_, data) => return Err(self.mismatch(&data)),
        };
        Ok(Typed { data, ..value })
    }

    fn mismatch(&self, found: &Data) -> Mismatch {
        let plain = |code, label: String| Mismatch {
            code,
            label,
            message: format!("expects {}, found {}", self.words(), found.describe()),
            help: None,
            instead: None,
        };
        let outside = |low: Option<String>, high: Option<String>, small: bool| Mismatch {
            help: match if small { &low } else { &high } {
                Some(end) if small => Some(format!("the least is `{end}`")),
                Some(end) => Some(format!("the most is `{end}`")),
                None => None,
            },
            ..plain("out-of-range", if small { "too small" } else { "too large" }.to_owned())
        };
        let text = |end: &Option<f64>| end.map(|end| end.to_string());
        match (self.inner(), found) {
            (Type::Int(low, high), Data::Int(n)) => {
                let small = low.is_some_and(|low| n.get() < low.into());
                outside(low.map(|end| end.to_string()), high.map(|end| end.to_string()), small)
            }
            (Type::Float(low, high), Data::Int(n)) => {
                outside(text(low), text(high), low.is_some_and(|low| (n.get() as f64) < low))
            }
            (Type::Float(low, high), Data::Float(n)) => {
                outside(text(low), text(high), low.is_some_and(|low| *n < low))
            }
            (Type::Enum(names), found) => {
                let near = found
                    .as_str()
                    .and_then(|text| crate::diag::nearest(text, names.iter().map(|name| &**name)));
                let list = names.join(", ");
                let long = names.len() > 8;
                Mismatch {
                    message: match found {
                        _ if !long => format!("expects one of {list}; found {}", found.describe()),
                        found => format!(
                            "expects one of {} words, found {}",
                            names.len(),
                            found.describe()
                        ),
                    },
                    help: match near {
                        Some(near) => {
                            Some(format!("did you mean `{}`?", crate::value::quote(near)))
                        }
                        None => long.then(|| format!("they are {list}")),
                    },
                    instead: near.map(crate::value::quote),
                    ..plain("not-in-enum", "not one of them".to_owned())
                }
            }
            (ty, found) => {
                let (instead, help) = ty.instead(found);
                let label = match ty {
                    Type::Union(_) => "none of these".to_owned(),
                    ty => format!("expected {ty}"),
                };
                Mismatch { instead, help, ..plain("wrong-type", label) }
            }
        }
    }

    /// The type in the words of a message.
    pub fn words(&self) -> String {
        match self.inner() {
            Type::Enum(names) if names.len() <= 8 => format!("one of {}", names.join(", ")),
            Type::Enum(names) => format!("one of {} words", names.len()),
            Type::Union(list) => list.iter().map(Type::words).collect::<Vec<_>>().join(" or "),
            other => other.to_string(),
        }
    }

    /// What to write for a value of another type, or what to do.
    fn instead(&self, found: &Data) -> (Option<String>, Option<String>) {
        let help = |text: &str| (None, Some(text.to_owned()));
        match (self, found) {
            (Type::Union(list), found) => {
                let found = list.iter().map(|ty| ty.inner().instead(found));
                found
                    .reduce(|first, next| if first.0.is_some() { first } else { next })
                    .unwrap_or_default()
            }
            (Type::Enum(names), Data::String(text)) => {
                let near = crate::diag::nearest(text, names.iter().map(|name| &**name));
                (near.map(crate::value::quote), None)
            }
            (_, Data::Null) => help("take it out, and the default holds"),
            (Type::Bool, Data::String(text)) => match text.to_lowercase().as_str() {
                "true" | "yes" | "on" | "enable" | "enabled" | "y" | "1" => {
                    (Some("#true".to_owned()), None)
                }
                "false" | "no" | "off" | "disable" | "disabled" | "n" | "0" => {
                    (Some("#false".to_owned()), None)
                }
                _ => help("write `#true` or `#false`"),
            },
            (Type::Bool, Data::Int(n)) if n.get() == 1 => (Some("#true".to_owned()), None),
            (Type::Bool, Data::Int(n)) if n.get() == 0 => (Some("#false".to_owned()), None),
            (Type::Bool, _) => help("write `#true` or `#false`"),
            (Type::Int(..), Data::Float(_)) => help("write a whole number"),
            (Type::Int(..) | Type::Float(..), Data::String(text)) => {
                let found = match (text.parse::<i128>(), text.parse::<f64>()) {
                    (Ok(n), _) => Some(Data::Int(n.into())),
                    (_, Ok(n)) => Some(Data::Float(n)),
                    _ => None,
                };
                let fits = found.filter(|data| {
                    self.check(Typed { data: data.clone(), from: Places::new(), pieces: None })
                        .is_ok()
                });
                (fits.map(|data| data.plain()), None)
            }
            (
                Type::String
                | Type::Path
                | Type::Source
                | Type::Package
                | Type::Command
                | Type::Text
                | Type::Lines,
                Data::Int(_) | Data::Float(_),
            ) => (Some(crate::value::quote(&found.plain())), None),
            _ => (None, None),
        }
    }
}

fn in_range(n: f64, low: Option<f64>, high: Option<f64>) -> bool {
    low.is_none_or(|low| n >= low) && high.is_none_or(|high| n <= high)
}

/// Text that ends in exactly one newline; empty stays empty.
pub fn one_newline(text: &EcoString) -> EcoString {
    match text.trim_end_matches('\n') {
        trimmed if trimmed.len() + 1 == text.len() && !trimmed.is_empty() => text.clone(),
        "" => EcoString::default(),
        trimmed => {
            let mut own = EcoString::with_capacity(trimmed.len() + 1);
            own.push_str(trimmed);
            own.push('\n');
            own
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fn range<T: fmt::Display>(
            f: &mut fmt::Formatter<'_>,
            name: &str,
            low: &Option<T>,
            high: &Option<T>,
        ) -> fmt::Result {
            match (low, high) {
                (None, None) => f.write_str(name),
                (Some(low), None) => write!(f, "{name}({low}..)"),
                (None, Some(high)) => write!(f, "{name}(..{high})"),
                (Some(low), Some(high)) => write!(f, "{name}({low}..{high})"),
            }
        }
        match self {
            Type::Bool => f.write_str("bool"),
            Type::Int(low, high) => range(f, "int", low, high),
            Type::Float(low, high) => range(f, "float", low, high),
            Type::String => f.write_str("string"),
            Type::Scalar => f.write_str("scalar"),
            Type::Lines => f.write_str("lines"),
            Type::Text => f.write_str("text"),
            Type::Path => f.write_str("path"),
            Type::Source => f.write_str("source"),
            Type::Package => f.write_str("package"),
            Type::Command => f.write_str("command"),
            Type::Enum(names) => write!(f, "enum<{}>", names.join(" ")),
            Type::List(inner) => write!(f, "list<{inner}>"),
            Type::Map(inner) => write!(f, "map<{inner}>"),
            Type::Settings => f.write_str("settings"),
            Type::Nullable(inner) if matches!(**inner, Type::Union(_)) => write!(f, "{inner}?"),
            Type::Nullable(inner) => write!(f, "{inner}?"),
            Type::Union(list) => {
                for (index, ty) in list.iter().enumerate() {
                    if index > 0 {
                        f.write_str("|")?;
                    }
                    write!(f, "{ty}")?;
                }
                Ok(())
            }
        }
    }
}

struct Parser<'a> {
    rest: &'a str,
    depth: usize,
}

impl Parser<'_> {
    fn union(&mut self) -> Result<Type, BadType> {
        let first = self.single()?;
        if !self.rest.starts_with('|') {
            return Ok(first);
        }
        let mut list = vec![first];
        while self.eat("|") {
            list.push(self.single()?);
        }
        // `A|B?` is null or A or B: the mark at the end is about all of it.
        Ok(if list.iter().any(Type::is_nullable) {
            let list = list.iter().map(|ty| ty.inner().clone()).collect();
            Type::Nullable(Arc::new(Type::Union(list)))
        } else {
            Type::Union(list)
        })
    }

    fn single(&mut self) -> Result<Type, BadType> {
        self.depth += 1;
        if self.depth > 32 {
            return Err(BadType::new("the type is nested too deeply"));
        }
        let end = self.rest.find(|c: char| !c.is_ascii_lowercase()).unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at(end);
        self.rest = rest;
        let ty = match name {
            "bool" => Type::Bool,
            "int" => {
                let (low, high) = self.range(|text| text.parse::<i64>().ok())?;
                Type::Int(low, high)
            }
            "float" => {
                let (low, high) = self.range(|text| text.parse::<f64>().ok())?;
                Type::Float(low, high)
            }
            "string" => Type::String,
            "scalar" => Type::Scalar,
            "lines" => Type::Lines,
            "text" => Type::Text,
            "path" => Type::Path,
            "source" => Type::Source,
            "package" => Type::Package,
            "command" => Type::Command,
            "settings" => Type::Settings,
            "enum" => {
                let inside = self.angle_text()?;
                let names: Vec<EcoString> =
                    inside.split_whitespace().map(EcoString::from).collect();
                if names.is_empty() {
                    return Err(BadType::new("`enum<>` has no words")
                        .help("write them with spaces: `enum<vim emacs>`"));
                }
                if let [one] = names.as_slice()
                    && one.contains(['|', ','])
                {
                    return Err(BadType::new(format!("`enum<{one}>` has one word")).help(format!(
                        "write spaces between them: `enum<{}>`",
                        one.as_str().replace(['|', ','], " ")
                    )));
                }
                Type::Enum(names)
            }
            "list" | "map" => {
                if !self.eat("<") {
                    return Err(BadType::new(format!("`{name}` needs the type of its values"))
                        .help(format!("write `{name}<string>`")));
                }
                let inner = Arc::new(self.union()?);
                if !self.eat(">") {
                    return Err(
                        BadType::new(format!("`{name}<` is not closed")).help("close it with `>`")
                    );
                }
                if name == "list" { Type::List(inner) } else { Type::Map(inner) }
            }
            "keyed" => {
                return Err(BadType::new("`keyed` stands alone: its items are `option` children")
                    .help("plain values by name are `map<string>`"));
            }
            other => {
                let meant =
                    ALIASES.iter().find(|(name, _)| *name == other).map(|(_, meant)| *meant);
                let near = meant.or_else(|| crate::diag::nearest(other, NAMES.iter().copied()));
                let mut problem = BadType::new(format!("there is no type `{other}`"))
                    .help(format!("the types are {}, keyed", NAMES.join(", ")));
                problem.near = near.map(|near| (other.to_owned(), near));
                return Err(problem);
            }
        };
        self.depth -= 1;
        Ok(if self.eat("?") { Type::Nullable(Arc::new(ty)) } else { ty })
    }

    fn eat(&mut self, text: &str) -> bool {
        match self.rest.strip_prefix(text) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn angle_text(&mut self) -> Result<String, BadType> {
        let inside = self.rest.strip_prefix('<').and_then(|rest| rest.split_once('>'));
        let Some((inside, rest)) = inside else {
            return Err(BadType::new("`enum` needs its words")
                .help("write them with spaces: `enum<vim emacs>`"));
        };
        let inside = inside.to_owned();
        self.rest = rest;
        Ok(inside)
    }

    fn range<T: PartialOrd>(
        &mut self,
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<(Option<T>, Option<T>), BadType> {
        let Some(rest) = self.rest.strip_prefix('(') else { return Ok((None, None)) };
        let Some((inside, rest)) = rest.split_once(')') else {
            return Err(BadType::new("a range is not closed").help("write it as `int(0..10)`"));
        };
        let Some((low, high)) = inside.split_once("..") else {
            return Err(BadType::new(format!("`({inside})` is not a range"))
                .help("write it with two dots: `(0..10)`, or open: `(1..)`"));
        };
        let end = |text: &str| match text {
            "" => Ok(None),
            text => read(text).map(Some).ok_or_else(|| {
                BadType::new(match text.parse::<f64>() {
                    Ok(number) if number.abs() > i64::MAX as f64 / 2.0 => {
                        format!("`{text}` is too large for the end of a range, which has 64 bits")
                    }
                    _ => format!("`{text}` is not a number"),
                })
            }),
        };
        let range = (end(low)?, end(high)?);
        if let (Some(low), Some(high)) = &range
            && low > high
        {
            return Err(BadType::new(format!("`({inside})` holds no number"))
                .help("write the smaller end first"));
        }
        self.rest = rest;
        Ok(range)
    }
}

/// What other languages call our types.
const ALIASES: &[(&str, &str)] = &[
    ("boolean", "bool"),
    ("integer", "int"),
    ("number", "float"),
    ("double", "float"),
    ("str", "string"),
    ("file", "source"),
    ("object", "settings"),
    ("attrs", "settings"),
    ("array", "list"),
];

const NAMES: &[&str] = &[
    "bool", "int", "float", "string", "scalar", "lines", "text", "path", "source", "package",
    "command", "settings", "enum", "list", "map",
];
