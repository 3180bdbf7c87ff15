//! Homebrew's Brewfile: Ruby, of which only calls with literal arguments are written
//! (`Library/Homebrew/bundle/dsl.rb`).

use ecow::EcoString;
use indexmap::IndexMap;

use super::dialect::words;
use super::page::{Page, float, index, key};
use super::{Fault, Format, Param, Params, Text, quote};
use crate::diag::nearest;
use crate::ir::{Step, Value};

pub(super) const FORMAT: Format = Format {
    name: "brewfile",
    doc: "A Brewfile: `{tap: [\"u/r\"], brew: {git: {link: true}}}` is `tap \"u/r\"` and \
          `brew \"git\", link: true`. Every text is a Ruby string in which nothing can run.",
    null: false,
    comment: Some("#"),
    marks: &["#"],
    params: &[
        Param {
            name: "call",
            doc: "`call \"tap\" positional=\"url\"`: that option stands behind the name without its key; \
                  `call \"cask_args\" bare=#true`: there are no names, the object itself holds the \
                  options.",
        },
        Param {
            name: "symbol",
            doc: "`symbol \"link\" \"restart_service\"`: texts under these options are symbols: \
                  `restart_service: :changed`.",
        },
        Param {
            name: "heading",
            doc: "`heading \"tap\" \"Taps\"`: a comment above the entries of a call.",
        },
    ],
    write,
};

/// The entries of the language; any other word could be a method of Ruby, such as `system`.
const CALLS: &[&str] = &[
    "tap",
    "cask_args",
    "brew",
    "cask",
    "mas",
    "vscode",
    "go",
    "cargo",
    "uv",
    "flatpak",
    "winget",
    "krew",
    "npm",
];

type Map = IndexMap<EcoString, Value>;

struct Writer<'a> {
    page: Page,
    symbols: Vec<&'a str>,
}

fn write(value: &Value, params: &Params) -> Result<Text, Vec<Fault>> {
    let symbols = params.all("symbol").flat_map(words).collect();
    let mut writer = Writer { page: Page::default(), symbols };
    let Value::Map(top) = value else {
        writer.page.misfit(&[], "an object", value);
        return writer.page.finish();
    };
    for (call, value) in top.iter().filter(|(_, value)| !value.is_empty()) {
        let path = key(&[], call);
        if !CALLS.contains(&&**call) {
            let near = nearest(call, CALLS.iter().copied());
            let help = near.map(|near| format!("did you mean `{near}`?"));
            writer.page.fault(&path, format!("a Brewfile has no `{call}`"), help.as_deref());
            continue;
        }
        writer.page.blank();
        let headings = params.all("heading").map(words);
        for heading in headings.filter(|words| words.first() == Some(&&**call)) {
            let text = heading.get(1..).unwrap_or_default().join(" ");
            writer.page.bare(&format!("# {}", text.replace(['\n', '\r'], " ")));
        }
        let said = params.all("call").filter(|said| words(said).first() == Some(&&**call)).last();
        let prop = |name: &str| said.and_then(|said| said.props.get(name));
        let bare = prop("bare") == Some(&Value::Bool(true));
        let positional = prop("positional").and_then(Value::as_str);
        writer.entries(&path, call, value, bare, positional);
    }
    writer.page.finish()
}

impl Writer<'_> {
    fn entries(
        &mut self,
        path: &[Step],
        call: &str,
        value: &Value,
        bare: bool,
        positional: Option<&str>,
    ) {
        match value {
            Value::Map(map) if bare => {
                let options = self.options(path, map, None);
                self.page.line(path, &format!("{call} {}", options.join(", ")));
            }
            Value::Map(map) => {
                for (name, value) in map {
                    let path = key(path, name);
                    let mut words = vec![quote::ruby(name)];
                    match value {
                        Value::Map(map) => {
                            if let Some((name, value)) =
                                positional.and_then(|name| map.get_key_value(name))
                            {
                                words.push(self.literal(&key(&path, name), value));
                            }
                            words.extend(self.options(&path, map, positional));
                        }
                        Value::Null | Value::Bool(true) => {}
                        other => self.page.misfit(&path, "an object of options", other),
                    }
                    self.page.line(&path, &format!("{call} {}", words.join(", ")));
                }
            }
            Value::List(list) if !bare => {
                for (at, item) in list.iter().enumerate() {
                    let path = index(path, at);
                    match item {
                        Value::String(name) => {
                            self.page.line(&path, &format!("{call} {}", quote::ruby(name)));
                        }
                        other => self.page.misfit(&path, "a string", other),
                    }
                }
            }
            other => self.page.misfit(path, "a list of strings or an object", other),
        }
    }

    fn options(&mut self, path: &[Step], map: &Map, except: Option<&str>) -> Vec<String> {
        let entries = map.iter().filter(|(name, _)| Some(&***name) != except);
        let mut options = Vec::new();
        for (name, value) in entries {
            let path = key(path, name);
            if !is_label(name) {
                let help = "use lower-case letters, digits and `_`, no digit first";
                self.page.fault(&path, format!("`{name}` is no name of an option"), Some(help));
                continue;
            }
            match value {
                Value::String(text) if self.symbols.contains(&&**name) => {
                    if text.is_empty() || !text.chars().all(|c| c.is_ascii_lowercase() || c == '_')
                    {
                        let help = "use lower-case letters and `_`";
                        self.page.fault(&path, format!("`{text}` is no symbol"), Some(help));
                    }
                    options.push(format!("{name}: :{text}"));
                }
                value => options.push(format!("{name}: {}", self.literal(&path, value))),
            }
        }
        options
    }

    fn literal(&mut self, path: &[Step], value: &Value) -> String {
        match value {
            Value::Null => {
                self.page.fault(path, "a Brewfile takes no null", Some("leave the option out"));
                String::new()
            }
            Value::Bool(value) => value.to_string(),
            Value::Int(value) => value.to_string(),
            Value::Float(value) => {
                if !value.is_finite() {
                    self.page.fault(path, format!("Ruby writes no number `{value}`"), None);
                }
                float(*value)
            }
            Value::String(text) => quote::ruby(text),
            Value::List(list) => {
                let items = list.iter().enumerate();
                let items: Vec<String> =
                    items.map(|(at, item)| self.literal(&index(path, at), item)).collect();
                format!("[{}]", items.join(", "))
            }
            Value::Map(map) if map.is_empty() => "{}".to_owned(),
            Value::Map(map) => {
                let mut items = Vec::new();
                for (name, item) in map {
                    let text = self.literal(&key(path, name), item);
                    items.push(if is_label(name) {
                        format!("{name}: {text}")
                    } else {
                        format!("{} => {text}", quote::ruby(name))
                    });
                }
                format!("{{ {} }}", items.join(", "))
            }
        }
    }
}

/// A key that can be written `name:`.
fn is_label(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}
