//! Values to bytes: one file per *format*, never per program.
//!
//! A writer is handed a [`Value`] and the parameters of the target's `file` node, and hands on
//! text in which it knows, line by line, the value behind it. It quotes for its reader; what the
//! format cannot hold is a [`Fault`] at the value, never a guess. It knows nothing of options,
//! targets or machines.

mod blocks;
mod brewfile;
mod comment;
mod desktop;
mod dialect;
mod expand;
mod gitconfig;
mod ini;
mod json;
mod kdl;
mod key_value;
mod lines;
mod lua;
mod page;
mod pairs;
mod plist;
mod prefs;
pub mod quote;
mod shell;
mod ssh;
mod systemd;
mod toml;
mod yaml;

pub use expand::{Shell, Unexpanded, shell_expand};

use ecow::EcoString;
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use crate::diag::nearest;
use crate::ir::{Path, Value};

/// Every format, by name.
pub static FORMATS: &[Format] = &[
    blocks::FORMAT,
    brewfile::FORMAT,
    desktop::FORMAT,
    gitconfig::FORMAT,
    ini::FORMAT,
    json::FORMAT,
    json::WITH_COMMENTS,
    kdl::FORMAT,
    key_value::FORMAT,
    lines::FORMAT,
    lua::FORMAT,
    json::NUON,
    plist::FORMAT,
    prefs::FORMAT,
    shell::FORMAT,
    ssh::FORMAT,
    systemd::FORMAT,
    toml::FORMAT,
    yaml::FORMAT,
];

/// The properties that parameters take: format, parameter, names.
const PROPS: &[(&str, &str, &[&str])] =
    &[("brewfile", "call", &["positional", "bare"]), ("ini", "section", &["brackets"])];

/// The format of this name.
pub fn find(name: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.name == name)
}

/// Writes a value in a format: the one door to the writers.
///
/// An empty value is an empty text; any other text ends in one newline.
pub fn write(format: &Format, value: &Value, params: &Params) -> Result<Text, Vec<Fault>> {
    let mut faults: Vec<Fault> =
        params.list.iter().filter_map(|said| unknown_param(format, said)).collect();
    if page::has_nul(value) {
        page::find_nul(value, &mut Path::new(), &mut faults);
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    let footer = around(params, FOOTER);
    if value.is_empty() && footer.is_empty() {
        return Ok(Text::default());
    }
    let header = around(params, HEADER);
    let body = if value.is_empty() { Text::default() } else { (format.write)(value, params)? };
    if header.is_empty() && footer.is_empty() {
        return Ok(body);
    }
    let mut lines = vec![None; header.lines().count()];
    lines.extend(body.lines);
    lines.resize(lines.len() + footer.lines().count(), None);
    Ok(Text { text: format!("{header}{}{footer}", body.text), lines })
}

/// Texts that stand, as they are, around what any writer makes: `header "text"`, `footer "text"`.
pub const HEADER: &str = "header";
/// See [`HEADER`].
pub const FOOTER: &str = "footer";

/// The parameters that every format takes.
pub const AROUND: &[Param] = &[
    Param { name: HEADER, doc: "`header \"text\"`: lines above what is written, as they stand." },
    Param {
        name: FOOTER,
        doc: "`footer (expr)\"extra_config\"`: lines below it. They make a file even where nothing else does.",
    },
];

/// All that is said under one of these names, each ending in a newline.
fn around(params: &Params, name: &str) -> String {
    let texts = params.all(name).flat_map(|said| &said.args).filter_map(Value::as_str);
    let texts = texts.map(|text| text.trim_end_matches('\n')).filter(|text| !text.is_empty());
    texts.map(|text| format!("{text}\n")).collect()
}

fn unknown_param(format: &Format, said: &Said) -> Option<Fault> {
    let around = AROUND.iter().map(|param| param.name);
    let mut names = format.params.iter().map(|param| param.name).chain(around);
    if names.clone().any(|name| name == &*said.name) {
        let place = |row: &&(&str, &str, &[&str])| row.0 == format.name && row.1 == &*said.name;
        let props = PROPS.iter().find(place).map_or(&[][..], |row| row.2);
        let unknown = said.props.keys().find(|prop| !props.contains(&&***prop))?;
        let near = nearest(unknown, props.iter().copied());
        let own = || format!("`{0}` takes texts, as in `{0} \"text\"`", said.name);
        return Some(Fault {
            path: Path::new(),
            param: Some(said.name.clone()),
            message: format!("the parameter `{}` has no property `{unknown}`", said.name),
            help: match near {
                Some(near) => Some(format!("did you mean `{near}`?")),
                None => AROUND.iter().any(|param| param.name == &*said.name).then(own),
            },
        });
    }
    let help = match nearest(&said.name, names.clone()) {
        Some(name) => format!("did you mean `{name}`?"),
        None => {
            let first = names.next().unwrap_or_default();
            names.fold(format!("it takes `{first}`"), |list, name| format!("{list}, `{name}`"))
        }
    };
    Some(Fault {
        path: Path::new(),
        param: Some(said.name.clone()),
        message: format!("the format `{}` has no parameter `{}`", format.name, said.name),
        help: Some(help),
    })
}

/// One format.
pub struct Format {
    /// The name behind `format=`.
    pub name: &'static str,
    /// What it is, in one sentence, and where it is specified.
    pub doc: &'static str,
    /// Whether it has a null.
    pub null: bool,
    /// What starts a comment line, if the format has comments.
    pub comment: Option<&'static str>,
    /// What begins a comment for its readers; some know more than the one above.
    pub marks: &'static [&'static str],
    /// The parameters it takes.
    pub params: &'static [Param],
    /// The writer.
    pub write: fn(&Value, &Params) -> Result<Text, Vec<Fault>>,
}

/// A parameter that a format takes, as a child node of a target's `file`.
pub struct Param {
    /// The node's name.
    pub name: &'static str,
    /// How it is written and what it does.
    pub doc: &'static str,
}

/// One parameter as said: `join "," "Ciphers" "MACs"`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Said {
    /// The parameter's name.
    pub name: EcoString,
    /// Its arguments.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub args: Vec<Value>,
    /// Its properties.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub props: IndexMap<EcoString, Value>,
}

/// The parameters of one file, in the order they are said; a name may come several times.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Params {
    /// All of them.
    pub list: Vec<Said>,
}

impl Params {
    /// All that have this name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Said> {
        self.list.iter().filter(move |said| &*said.name == name)
    }

    /// The last that has this name.
    pub fn last<'a>(&'a self, name: &'a str) -> Option<&'a Said> {
        self.all(name).last()
    }

    /// The first argument of the last that has this name, as text.
    pub fn text<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        self.last(name).and_then(|said| said.args.first()).and_then(Value::as_str)
    }

    /// Whether it is said and not `#false`: `flag` or `flag #true`.
    pub fn flag(&self, name: &str) -> bool {
        self.last(name).is_some_and(|said| said.args.first() != Some(&Value::Bool(false)))
    }
}

/// What a writer makes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Text {
    /// The file's content.
    pub text: String,
    /// For each line the value behind it, where there is one.
    pub lines: Vec<Option<Path>>,
}

/// A value that the format cannot hold.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// Where in the value.
    pub path: Path,
    /// The parameter that it is about, if it is about none of the value.
    pub param: Option<EcoString>,
    /// The fact: lower case, no full stop.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
}

/// The formats of which a program's own file can be read and written key by key.
pub const MERGEABLE: &[&str] = &["json", "jsonc", "toml", "yaml", "ini", "plist"];
