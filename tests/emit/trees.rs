//! TOML, JSON, YAML and property lists hold trees: any tree comes back as it was.

use hcc::emit::Params;
use hcc::ir::Value;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use crate::kit::{has_python, held, json, keys, map, numbered, python, string, texts, write};

const TOML: &str = "import tomllib\nprint(json.dumps([tomllib.loads(t) for t in texts]))";
const JSON: &str = "print(json.dumps([json.loads(t) for t in texts]))";
const YAML: &str = "import yaml\nL=getattr(yaml,'CSafeLoader',yaml.SafeLoader)\nprint(json.dumps([yaml.safe_load(t) for t in texts]))";
const PLIST: &str =
    "import plistlib\nprint(json.dumps([plistlib.loads(t.encode()) for t in texts]))";

/// The format, its Python module and script, whether it has null, and what it cannot hold.
type Judge = (&'static str, &'static str, &'static str, bool, fn(&str) -> bool);

const JUDGES: &[Judge] = &[
    ("toml", "tomllib", TOML, false, |_| false),
    ("json", "json", JSON, true, |_| false),
    ("jsonc", "json", JSON, true, |_| false),
    ("yaml", "yaml", YAML, true, |_| false),
    ("plist", "plistlib", PLIST, false, |text| {
        text.contains(|c| matches!(c, '\u{1}'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}'))
    }),
];

#[test]
fn every_text_comes_back_as_a_value_and_as_a_key() {
    for (format, module, script, _, cannot) in JUDGES {
        let none = Params::default();
        let as_value =
            held(&texts(), cannot, |text| write(format, &map([("k", string(text))]), &none));
        let as_key =
            held(&keys(), cannot, |text| write(format, &map([(text, string("v"))]), &none));
        let list: Vec<Value> = as_value.iter().map(|text| string(text)).collect();
        let documents = [
            numbered("k", &as_value),
            map([("list", Value::List(list.clone()))]),
            map([(
                "deep",
                Value::List(
                    list.iter().map(|v| Value::List(vec![v.clone(), Value::Int(1)])).collect(),
                ),
            )]),
            map([(
                "a",
                map([(
                    "b",
                    Value::List(
                        list.iter().map(|v| map([("x", v.clone()), ("y", v.clone())])).collect(),
                    ),
                )]),
            )]),
            map(as_key.iter().map(|key| (key, string("v")))),
            map(as_key.iter().map(|key| (key, map([("v", Value::Bool(true))])))),
            map([(
                "in",
                Value::List(vec![Value::List(
                    as_key.iter().map(|key| map([(key, Value::Int(1))])).collect(),
                )]),
            )]),
        ];
        judge(format, module, script, &documents);
    }
}

#[test]
fn every_tree_comes_back() {
    for (format, module, script, null, _) in JUDGES {
        let mut runner = TestRunner::deterministic();
        let strategy = tree(*null);
        let documents: Vec<Value> = (0..200)
            .map(|_| strategy.new_tree(&mut runner).unwrap().current())
            .filter(|value| !value.is_empty())
            .collect();
        judge(format, module, script, &documents);
    }
}

#[test]
fn json_is_laid_out_as_serde_json_does() {
    let mut runner = TestRunner::deterministic();
    for _ in 0..100 {
        let value = tree(true).new_tree(&mut runner).unwrap().current();
        if !value.is_empty() {
            let text = write("json", &value, &Params::default()).unwrap().text;
            assert_eq!(text, serde_json::to_string_pretty(&json(&value)).unwrap() + "\n");
        }
    }
}

fn judge(format: &str, module: &str, script: &str, documents: &[Value]) {
    let texts: Vec<String> = documents
        .iter()
        .map(|value| write(format, value, &Params::default()).unwrap().text)
        .collect();
    if !has_python(module) {
        return;
    }
    let read = python(script, &texts);
    for (at, value) in documents.iter().enumerate() {
        let (read, wanted) = (&read[at], json(value));
        if *read != wanted {
            panic!("{format}:\n{}\nreads as {read:#}\nnot {wanted:#}", texts[at]);
        }
    }
}

fn tree(null: bool) -> impl Strategy<Value = Value> {
    let key = prop_oneof![8 => "[a-z]{1,3}", 1 => "[ -~]{0,5}"];
    let text = prop_oneof![6 => "m[0-9]{3,5}", 1 => proptest::sample::select(texts())
        .prop_filter("XML", |text| !text.contains(|c: char| c.is_control() && c != '\n' || c > '\u{fff0}'))];
    let scalar = prop_oneof![
        5 => text.prop_map(|text| string(&text)),
        1 => any::<bool>().prop_map(Value::Bool),
        1 => any::<i64>().prop_map(|value| Value::Int(value.into())),
        1 => any::<i16>().prop_map(|value| Value::Float(f64::from(value) / 4.0)),
        1 => Just(if null { Value::Null } else { Value::Int(0) }),
    ];
    let object = move |inner: BoxedStrategy<Value>| {
        proptest::collection::vec((key.clone(), inner), 0..5).prop_map(map)
    };
    let nested = {
        let object = object.clone();
        scalar.prop_recursive(4, 40, 5, move |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::List),
                object(inner.clone().boxed()),
                proptest::collection::vec(object(inner.boxed()), 1..3).prop_map(Value::List),
            ]
        })
    };
    object(nested.boxed())
}
