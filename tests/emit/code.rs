//! Lua, Nushell's values and Mozilla's preferences are code: their interpreters hand back what was
//! written.

use hcc::emit::Params;
use hcc::ir::Value;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use crate::kit::{
    file, has, held, json, keys, map, numbered, params, run, string, texts, value, write,
};

/// Prints each pair of a table as two lines of hexadecimal digits.
const LUA: &str = r#"
local t = dofile(arg[1])
local function hex(s) return (s:gsub(".", function(c) return ("%02x"):format(c:byte()) end)) end
for k, v in pairs(t) do print(hex(k)) print(hex(v)) end
"#;

fn unhex(line: &str) -> String {
    let bytes = (0..line.len() / 2).map(|at| u8::from_str_radix(&line[2 * at..2 * at + 2], 16));
    String::from_utf8(bytes.collect::<Result<_, _>>().unwrap()).unwrap()
}

fn pairs_of(format: &str, params: &Params) -> (Vec<String>, Vec<String>) {
    let one = |text: &str| write(format, &map([("k", string(text))]), params);
    let other = |text: &str| write(format, &map([(text, string("v"))]), params);
    (
        held(&texts(), |_| false, one),
        held(&keys(), |text| text.is_empty() && format == "prefs", other),
    )
}

#[test]
fn lua_reads_every_text_and_key() {
    let (values, keys) = pairs_of("lua", &Params::default());
    if !has("lua5.4") {
        return;
    }
    let (_ask, script) = file("ask.lua", LUA);
    let read = |value: &Value| -> Vec<(String, String)> {
        let (_dir, path) = file("t.lua", &write("lua", value, &Params::default()).unwrap().text);
        let out = String::from_utf8(run("lua5.4", &[&script, &path], b"")).unwrap();
        let lines: Vec<String> = out.lines().map(unhex).collect();
        lines.chunks(2).map(|pair| (pair[0].clone(), pair[1].clone())).collect()
    };
    let mut found = read(&numbered("k", &values));
    found.sort_by_key(|(key, _)| key[1..].parse::<usize>().unwrap());
    assert_eq!(found.into_iter().map(|(_, text)| text).collect::<Vec<_>>(), values);
    let mut found: Vec<String> = read(&map(keys.iter().map(|key| (key, string("v")))))
        .into_iter()
        .map(|(key, _)| key)
        .collect();
    let mut wanted = keys;
    found.sort();
    wanted.sort();
    wanted.dedup();
    assert_eq!(found, wanted);
}

#[test]
fn lua_has_its_own_numbers_and_tables() {
    let tree = value(
        r#"{"a": [1, 2.5, {"b": [], "c": {}}], "end": true, "none": null, "x y": {"z": false}}"#,
    );
    insta::assert_snapshot!(write("lua", &tree, &Params::default()).unwrap().text, @r#"
    return {
      a = {
        1,
        2.5,
        {
          b = {},
          c = {},
        },
      },
      ["end"] = true,
      ["x y"] = {
        z = false,
      },
    }
    "#);
    let least = map([("a", Value::Int(i64::MIN.into()))]);
    let format = hcc::emit::find("lua").unwrap();
    let text = hcc::emit::write(format, &least, &Params::default()).unwrap().text;
    assert_eq!(text, "return {\n  a = math.mininteger,\n}\n");
    let faults = write("lua", &value(r#"{"a": [1, null, 2]}"#), &Params::default()).unwrap_err();
    assert_eq!(faults[0].message, "a list of Lua ends at a null");
    let assigned = params(&[("assign", &["config"])]);
    let text = write("lua", &value(r#"{"a b": 1, "c": null, "d": "x"}"#), &assigned).unwrap().text;
    assert_eq!(text, "config[\"a b\"] = 1\nconfig.d = \"x\"\n");
    assert!(write("lua", &value("[1]"), &Params::default()).is_err());
}

#[test]
fn lua_calls_a_function_for_each_key() {
    let tree = value(
        r#"{"config": {"a": 1}, "env": [["A", "x y"], []], "on": true, "none": null, "rule": [{"b": 2}, 3],
            "curve": [["quick", {"points": [[0.5, 1]]}]]}"#,
    );
    let called = params(&[("call", &["hl"])]);
    insta::assert_snapshot!(write("lua", &tree, &called).unwrap().text, @r#"
    hl.config({
      a = 1,
    })
    hl.env("A", "x y")
    hl.env()
    hl.on(true)
    hl.rule({
      b = 2,
    })
    hl.rule(3)
    hl.curve(
      "quick",
      {
        points = {
          {
            0.5,
            1,
          },
        },
      }
    )
    "#);
    let faults = write("lua", &value(r#"{"a b": 1}"#), &called).unwrap_err();
    assert_eq!(faults[0].message, "Lua has no function named `a b`");
}

fn tree() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(|n| Value::Int(n.into())),
        proptest::sample::select(texts()).prop_map(|text| string(&text)),
        Just(Value::Null),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::List),
            proptest::collection::vec((proptest::sample::select(keys()), inner), 0..4)
                .prop_map(map),
        ]
    })
}

#[test]
fn nushell_reads_every_tree() {
    let mut runner = TestRunner::deterministic();
    let trees: Vec<Value> =
        (0..200).map(|_| tree().new_tree(&mut runner).unwrap().current()).collect();
    let (values, keys) = pairs_of("nuon", &Params::default());
    let all = Value::List(
        [
            trees,
            values.iter().map(|text| string(text)).collect(),
            vec![map(keys.iter().map(|key| (key, string("v"))))],
        ]
        .concat(),
    );
    if !has("nu") {
        return;
    }
    let text = write("nuon", &all, &Params::default()).unwrap().text;
    let (_dir, path) = file("all.nuon", &text);
    let out =
        run("nu", &["-n", "-c", &format!("open --raw {path} | from nuon | to json --raw")], b"");
    let read: serde_json::Value = serde_json::from_slice(&out).unwrap();
    assert_eq!(read, json(&all));
}

#[test]
fn nushell_is_assigned_each_key() {
    let assigned = params(&[("assign", &["$env.config"])]);
    let tree = value(r#"{"a b": {"c": [1]}, "d": "$x"}"#);
    let text = write("nuon", &tree, &assigned).unwrap().text;
    assert_eq!(
        text,
        "$env.config.\"a b\" = {\n  \"c\": [\n    1\n  ]\n}\n$env.config.d = \"$x\"\n"
    );
    assert!(write("nuon", &value("[1]"), &assigned).is_err());
}

#[test]
fn preferences_are_read_as_script() {
    let (values, keys) = pairs_of("prefs", &Params::default());
    let tree = value(
        r#"{"browser.startup.page": 3, "a": true, "b": "it's \"so\"\n", "c": {"x": [1, "y"]}, "d": [1.5]}"#,
    );
    let text = write("prefs", &tree, &Params::default()).unwrap().text;
    insta::assert_snapshot!(text, @r#"
    user_pref("browser.startup.page", 3);
    user_pref("a", true);
    user_pref("b", "it's \"so\"\n");
    user_pref("c", "{\"x\":[1,\"y\"]}");
    user_pref("d", "[1.5]");
    "#);
    for (wrong, message) in [
        (r#"{"a": 1.5}"#, "a preference is no decimal number"),
        (r#"{"a": 2147483648}"#, "`2147483648` has more than 32 bits"),
        (r#"{"": 1}"#, "the name of a preference cannot be empty"),
    ] {
        let faults = write("prefs", &value(wrong), &Params::default()).unwrap_err();
        assert_eq!(faults[0].message, message);
    }
    if !has("node") {
        return;
    }
    let all = map(values
        .iter()
        .enumerate()
        .map(|(at, text)| (format!("k{at}"), string(text)))
        .chain(keys.iter().map(|key| (format!("key {key}"), string("v")))));
    let text = write("prefs", &all, &params(&[("function", &["lockPref"])])).unwrap().text;
    let script = format!(
        "const o = {{}}; const lockPref = (k, v) => {{ o[k] = v; }};\n{text}console.log(JSON.stringify(o));"
    );
    let (_dir, path) = file("prefs.js", &script);
    let read: serde_json::Value = serde_json::from_slice(&run("node", &[&path], b"")).unwrap();
    assert_eq!(read, json(&all));
}
