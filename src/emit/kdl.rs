//! KDL (kdl.dev), versions 1 and 2, for programs that are configured in it.

use ecow::EcoString;
use indexmap::IndexMap;

use super::dialect::words;
use super::page::{Page, float, index, key};
use super::{Fault, Format, Param, Params, Text};
use crate::ir::{Step, Value};

pub(super) const FORMAT: Format = Format {
    name: "kdl",
    doc: "KDL: `{a: 1, b: {c: [2, 3]}}` is `a 1`, `b {`, `c 2 3`, `}`; a list that holds objects or lists is \
          a node for each. In an object, `_args` are the arguments of its own node and `_props` its properties.",
    null: true,
    comment: Some("//"),
    marks: &["//", "/*"],
    params: &[
        Param { name: "version", doc: "`version 1`: the version of KDL; 2 if not said." },
        Param {
            name: "flag",
            doc: "`flag`: true is the bare node and false writes nothing, except in properties.",
        },
        Param {
            name: "valued",
            doc: "`valued \"open-floating\"`: nodes that say true and false also where others are flags; \
                  `\"rule.vrr\"` only right below that node.",
        },
        Param {
            name: "named",
            doc: "`named \"output\"`: what is below these names is the first argument: `{output: {\"DP-1\": {scale: 2}}}` \
                  is `output \"DP-1\" {`, `scale 2`, `}`.",
        },
        Param {
            name: "props",
            doc: "`props \"match\"`: objects of these names are properties: `match app-id=\"x\"`.",
        },
        Param {
            name: "repeat",
            doc: "`repeat \"spawn\"`: lists of these names are a node for each item.",
        },
    ],
    write,
};

type Map = IndexMap<EcoString, Value>;

struct Writer<'a> {
    page: Page,
    hash: &'static str,
    flag: bool,
    valued: Vec<&'a str>,
    named: Vec<&'a str>,
    props: Vec<&'a str>,
    repeat: Vec<&'a str>,
}

fn write(value: &Value, params: &Params) -> Result<Text, Vec<Fault>> {
    let mut page = Page::default();
    let hash = match params.last("version").map(|said| said.args.first()) {
        Some(Some(Value::Int(1))) => "",
        None | Some(Some(Value::Int(2))) => "#",
        Some(_) => {
            page.bad_param("version", "1 or 2");
            "#"
        }
    };
    let all = |name| params.all(name).flat_map(words).collect();
    let mut writer = Writer {
        page,
        hash,
        flag: params.flag("flag"),
        valued: all("valued"),
        named: all("named"),
        props: all("props"),
        repeat: all("repeat"),
    };
    match value {
        Value::Map(map) => writer.nodes(&[], map),
        other => writer.page.misfit(&[], "an object", other),
    }
    writer.page.finish()
}

impl Writer<'_> {
    fn nodes(&mut self, path: &[Step], map: &Map) {
        for (name, value) in map {
            if path.is_empty() && matches!(&**name, "_args" | "_props") {
                self.page.fault(&key(path, name), "a document has no arguments", None);
                continue;
            }
            let path = key(path, name);
            match value {
                Value::Map(map) if self.named.contains(&&**name) => {
                    for (second, value) in map {
                        let head = format!("{} {}", bare_or_quoted(name), quoted(second));
                        self.several(&key(&path, second), name, &head, value);
                    }
                }
                value => self.several(&path, name, &bare_or_quoted(name), value),
            }
        }
    }

    /// A node, or one for each item of a list.
    fn several(&mut self, path: &[Step], name: &str, head: &str, value: &Value) {
        let Value::List(list) = value else { return self.node(path, name, head, value) };
        let holds_more = |item: &Value| matches!(item, Value::Map(_) | Value::List(_));
        if self.repeat.contains(&name) || list.iter().any(holds_more) {
            for (at, item) in list.iter().enumerate() {
                self.node(&index(path, at), name, head, item);
            }
        } else {
            self.node(path, name, head, value);
        }
    }

    fn node(&mut self, path: &[Step], name: &str, head: &str, value: &Value) {
        match value {
            Value::Bool(value) if self.flag && !self.is_valued(path, name) => {
                if *value {
                    self.page.line(path, head);
                }
            }
            Value::List(list) => {
                let arguments = self.arguments(path, list);
                self.page.line(path, &format!("{head}{arguments}"));
            }
            Value::Map(map) if self.props.contains(&name) => {
                let properties = self.properties(path, map);
                self.page.line(path, &format!("{head}{properties}"));
            }
            Value::Map(map) => self.object(path, head, map),
            scalar => {
                let text = self.scalar(path, scalar);
                self.page.line(path, &format!("{head} {text}"));
            }
        }
    }

    /// Whether a bool of this name is said, and no flag.
    fn is_valued(&self, path: &[Step], name: &str) -> bool {
        let mut names = path.iter().rev().filter_map(|step| match step {
            Step::Key(name) => Some(&**name),
            Step::Index(_) => None,
        });
        let parent = names.nth(1).unwrap_or_default();
        self.valued.iter().any(|valued| match valued.split_once('.') {
            Some((below, own)) => below == parent && own == name,
            None => *valued == name,
        })
    }

    fn object(&mut self, path: &[Step], head: &str, map: &Map) {
        let mut head = head.to_owned();
        match map.get("_args") {
            Some(Value::List(list)) => head += &self.arguments(&key(path, &"_args".into()), list),
            Some(one) => {
                head += &self.arguments(&key(path, &"_args".into()), std::slice::from_ref(one));
            }
            None => {}
        }
        match map.get("_props") {
            Some(Value::Map(map)) => head += &self.properties(&key(path, &"_props".into()), map),
            Some(other) => self.page.misfit(&key(path, &"_props".into()), "an object", other),
            None => {}
        }
        let own = |name: &str| matches!(name, "_args" | "_props");
        let children: Map = (map.iter().filter(|(name, _)| !own(name)))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        if children.is_empty() {
            self.page.line(path, &head);
            return;
        }
        self.page.line(path, &format!("{head} {{"));
        let margin = self.page.margin.clone();
        self.page.margin.push_str("    ");
        self.nodes(path, &children);
        self.page.margin = margin;
        self.page.bare("}");
    }

    fn arguments(&mut self, path: &[Step], list: &[Value]) -> String {
        let items = list.iter().enumerate();
        items.map(|(at, item)| format!(" {}", self.scalar(&index(path, at), item))).collect()
    }

    fn properties(&mut self, path: &[Step], map: &Map) -> String {
        let items = map.iter();
        let pair = |(name, value): (&EcoString, &Value)| {
            format!(" {}={}", bare_or_quoted(name), self.scalar(&key(path, name), value))
        };
        items.map(pair).collect()
    }

    fn scalar(&mut self, path: &[Step], value: &Value) -> String {
        match value {
            Value::Null => format!("{}null", self.hash),
            Value::Bool(value) => format!("{}{value}", self.hash),
            Value::Int(value) => value.to_string(),
            Value::Float(value) if value.is_finite() => float(*value),
            Value::Float(value) => {
                self.page.fault(path, format!("no number of this format is `{value}`"), None);
                String::new()
            }
            Value::String(text) => quoted(text),
            Value::List(_) | Value::Map(_) => {
                self.page.misfit(path, "a scalar", value);
                String::new()
            }
        }
    }
}

/// A name as it may stand in both versions.
fn bare_or_quoted(name: &str) -> String {
    const WORDS: &[&str] = &["true", "false", "null", "inf", "nan", "r"];
    let plain = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
        && !WORDS.contains(&name);
    if plain { name.to_owned() } else { quoted(name) }
}

fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            // What version 2 takes only escaped, and its other ends of lines.
            '\u{200e}'
            | '\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}'
            | '\u{feff}'
            | '\u{2028}'
            | '\u{2029}' => push_escaped(&mut out, c),
            c if c.is_control() => push_escaped(&mut out, c),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

fn push_escaped(out: &mut String, c: char) {
    out.push_str(&format!("\\u{{{:x}}}", u32::from(c)));
}
