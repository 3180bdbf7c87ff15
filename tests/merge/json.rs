//! JSON, with and without comments.

use hcc::emit::Params;
use hcc::ir::Value;
use proptest::prelude::*;

use crate::kit::{
    Site, from_json, objects, overlaid, python, refusal, scalars, there_and_back, value,
};

const VSCODE: &str = include_str!("vscode.json");
const DOCKER: &str = include_str!("docker.json");

#[test]
fn comments_and_order_of_an_editors_settings_stay() {
    let merged = there_and_back(
        "jsonc",
        VSCODE,
        r#"{"editor.fontSize": 15, "editor.rulers": [72], "files.exclude": {"**/.git": true, "target": false}, "[python]": {"editor.tabSize": 4}}"#,
    );
    insta::assert_snapshot!(merged);
}

#[test]
fn a_keys_own_comments_stay_when_it_goes() {
    let mut site = Site::new("jsonc", VSCODE);
    site.merge(&value(r#"{"a": 1, "b": {"c": 2}}"#));
    site.edit("\"a\": 1,", "// mine\n    \"a\": 1, // also mine");
    site.edit("{\n        \"c\"", "{\n        // in ours\n        \"c\"");
    site.release();
    insta::assert_snapshot!(site.text());
}

#[test]
fn tabs_and_a_missing_last_newline_stay() {
    let merged = there_and_back(
        "json",
        DOCKER,
        r#"{"detachKeys": "ctrl-q", "credsStore": "pass", "credHelpers": {"ghcr.io": "gh"}, "auths": {"quay.io": {}}}"#,
    );
    insta::assert_snapshot!(merged);
}

#[test]
fn every_layout_comes_back_to_the_byte() {
    for text in [
        "{}",
        "{ }",
        "{\n}",
        "{\n\n}\n",
        "\n{}\n\n",
        "",
        "\n",
        "// only a comment\n",
        "/* c */",
        "{ /* c */ }",
        "{ // c\n}",
        "{\"z\":1}",
        "{\"z\":1,}",
        "{ \"z\": 1 }",
        "{\n\"z\":1\n}",
        "{\"z\":1\n}",
        "{\n  \"z\": 1 // c\n}",
        "{\n  \"z\": 1, // c\n}",
        "{\n  \"z\": 1 /* c */ , /* d */\n  // e\n}\n",
        "{\"z\": 1 // c\n, \"y\": 2 // d\n}",
        "{\n\t\"z\": {},\n\t\"y\": {\"x\": {}}\n}\n",
        "{\r\n  \"z\": 1\r\n}\r\n",
        "\u{feff}{\n  \"z\": 1\n}",
        "{\"a\":{\"b\":1.0e3}}",
        "{\"a\":\"\\u0041\\/\",\n\n\"d\"  :  [1,2,\n3]}",
        "{\n  \"z\": 1\r\n}",
        "\u{feff}",
        "{\"z\":{}}",
    ] {
        let merged = there_and_back(
            "json",
            text,
            r#"{"a": {"b": 5, "c": {"k": [1, {"l": null}]}}, "d": [], "z": {"q": "r"}}"#,
        );
        assert_eq!(text.contains("\r\n") && !merged.contains(" 1\r\n}"), merged.contains("\r\n"));
        assert_eq!(text.starts_with('\u{feff}'), merged.starts_with('\u{feff}'));
    }
}

#[test]
fn a_flat_file_stays_flat() {
    assert_eq!(
        there_and_back("json", "{\"z\":1}", r#"{"a": {"b": [1, 2]}}"#),
        "{\"z\":1,\"a\":{ \"b\": [1, 2] }}"
    );
    assert_eq!(there_and_back("json", "{\"z\": 1}", r#"{"a": {}}"#), "{\"z\": 1, \"a\": {}}");
}

#[test]
fn odd_keys_and_numbers_stay_what_they_are() {
    let text = "{\"a.b\": 1, \"\": 2, \"q\\\"\\n\": 3, \"big\": 340282366920938463463374607431768211456789, \"inf\": 1e999, \"neg\": -0.0}";
    let merged = there_and_back(
        "json",
        text,
        r#"{"a": {"b": 7}, "": {"": 8}, "q\"\n": 9, "big": 1.0, "u": 18446744073709551615}"#,
    );
    assert_eq!(
        merged,
        "{\"a.b\": 1, \"\": { \"\": 8 }, \"q\\\"\\n\": 9, \"big\": 1.0, \"inf\": 1e999, \"neg\": -0.0, \"a\": { \"b\": 7 }, \"u\": 18446744073709551615}"
    );
}

#[test]
fn a_float_that_its_program_writes_as_an_integer_is_no_drift() {
    let mut site = Site::new("json", "{}");
    site.merge(&value(r#"{"zoom": 1.0}"#));
    site.edit("1.0", "1");
    let merged = site.merge(&value(r#"{"zoom": 1.0}"#));
    assert!(merged.drift.is_empty() && !merged.changed);
    site.merge(&value(r#"{"zoom": 1.5}"#));
    assert_eq!(site.value(), value(r#"{"zoom": 1.5}"#));
}

#[test]
fn what_is_no_json_object_is_refused_with_its_place() {
    let mut said = String::new();
    let deep = "[".repeat(100_000);
    let deep_object = "{\"a\":".repeat(100_000);
    let files: &[&[u8]] = &[
        b"{\n  \"a\": 1\n  \"b\": 2\n}",
        b"{\n  a: 1\n}",
        b"{\"a\": tru}",
        b"{\"a\": 'x'}",
        b"[1]",
        b"3",
        b"null",
        b"{\"a\": 1} {}",
        b"{\"a\": {\"b\": 1, \"c\": {\"d\": 1, \"d\": 2}}}",
        b"{\"a\": [{\"x\": 1,\n\"x\": 2}]}",
        b"{\"a\": \"\xff\"}",
        b"\xff\xfe{\0}\0",
        b"{\"a\": \"\\ud800\"}",
        b"{",
        b"{\"a\": 1",
        b"/* open",
        b"{\"\\u0000\": 1}",
        b"{\"a\": 1,,}",
        b"<<<<<<< HEAD\n{}",
        deep.as_bytes(),
        deep_object.as_bytes(),
    ];
    for bytes in files {
        let shown: String = String::from_utf8_lossy(bytes).chars().take(60).collect();
        said.push_str(&format!("{shown:?}\n    {}\n", refusal("json", bytes, r#"{"a": 1}"#)));
    }
    insta::assert_snapshot!(said);
}

#[test]
fn a_large_file_is_merged_within_seconds() {
    let mut text = String::from("{\n");
    while text.len() < 10_000_000 {
        text.push_str(&format!(
            "  \"key{}\": [1, 2, {{\"x\": \"some text\"}}], // c\n",
            text.len()
        ));
    }
    text.push_str("}\n");
    let start = std::time::Instant::now();
    let merged = there_and_back("jsonc", &text, r#"{"mine": {"a": 1}}"#);
    assert_eq!(merged.len(), text.len() + "  \"mine\": {\n    \"a\": 1\n  },\n".len());
    assert!(start.elapsed().as_secs() < 60, "{:?}", start.elapsed());
}

#[test]
fn the_wanted_value_is_refused_where_json_has_no_word_for_it() {
    let mut site = Site::new("json", "{}");
    let wanted = Value::Map([("a".into(), Value::Float(f64::NAN))].into_iter().collect());
    let error = site.try_merge(&wanted, hcc::apply::merge::Choice::Keep).expect_err("no NaN");
    assert_eq!(error.to_string(), "JSON has no number `NaN`");
}

/// A text of a value in one of many layouts, comments included.
fn layout(value: &Value, seed: u64, out: &mut String) {
    const SPACE: &[&str] =
        &["", " ", "\n", "\n  ", "\t", "\n\n    ", " /* c */ ", " // d\n", "\n  // e, \"}\n  "];
    const CALM: &[&str] = &["", " ", "\n", "\n  ", "\n    "];
    let mut state = seed | 1;
    let mut next = move || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let set = if seed.is_multiple_of(3) { SPACE } else { CALM };
        (set[(state >> 33) as usize % set.len()], state >> 7)
    };
    fn write(value: &Value, next: &mut dyn FnMut() -> (&'static str, u64), out: &mut String) {
        match value {
            Value::Map(map) => {
                out.push('{');
                for (at, (key, value)) in map.iter().enumerate() {
                    out.push_str(if at > 0 { "," } else { "" });
                    out.push_str(next().0);
                    out.push_str(&serde_json::to_string(&**key).expect("a key"));
                    out.push_str(next().0);
                    out.push(':');
                    out.push_str(next().0);
                    write(value, next, out);
                    out.push_str(next().0);
                }
                out.push_str(if !map.is_empty() && next().1.is_multiple_of(4) { "," } else { "" });
                out.push_str(next().0);
                out.push('}');
            }
            Value::List(list) => {
                out.push('[');
                for (at, value) in list.iter().enumerate() {
                    out.push_str(if at > 0 { "," } else { "" });
                    write(value, next, out);
                    out.push_str(next().0);
                }
                out.push(']');
            }
            scalar => out.push_str(&serde_json::to_string(scalar).expect("a scalar")),
        }
    }
    out.push_str(next().0);
    write(value, &mut next, out);
    out.push_str(next().0);
}

/// JSON knows no kinds of numbers.
fn numbers(value: &Value) -> Value {
    match value {
        Value::Int(int) => Value::Float(*int as f64),
        Value::List(list) => Value::List(list.iter().map(numbers).collect()),
        Value::Map(map) => Value::Map(map.iter().map(|(k, v)| (k.clone(), numbers(v))).collect()),
        other => other.clone(),
    }
}

fn comments(text: &str) -> usize {
    text.matches("/* c */").count()
        + text.matches("// d").count()
        + text.matches("// e, \"}").count()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn what_is_declared_comes_in_and_all_else_stays(
        before in objects(scalars()), wanted in objects(scalars()), next in objects(scalars()), seed in any::<u64>(),
    ) {
        let mut text = String::new();
        layout(&before, seed, &mut text);
        let mut site = Site::new("jsonc", &text);
        site.merge(&wanted);
        prop_assert_eq!(numbers(&site.value()), numbers(&overlaid(&before, &wanted)));
        prop_assert!(site.merge(&next).drift.is_empty());
        prop_assert_eq!(numbers(&site.value()), numbers(&overlaid(&before, &next)));
        let back = site.release();
        prop_assert!(back.drift.is_empty());
        prop_assert_eq!(site.text(), text);
    }

    #[test]
    fn no_comment_of_another_key_is_lost(
        before in objects(scalars()), fresh in objects(scalars()), seed in (0u64..1000).prop_map(|n| n * 3),
    ) {
        let mut text = String::new();
        layout(&before, seed, &mut text);
        let mut site = Site::new("jsonc", &text);
        site.merge(&Value::Map([("fresh".into(), fresh)].into_iter().collect()));
        prop_assert_eq!(comments(&site.text()), comments(&text));
    }
}

#[test]
fn python_reads_what_is_merged() {
    let mut site = Site::new("json", DOCKER);
    let wanted =
        value(r#"{"detachKeys": "ctrl-q \"é\u0001", "auths": {"quay.io": {"n": [1, 2.0, null]}}}"#);
    let expected = overlaid(&site.value(), &wanted);
    site.merge(&wanted);
    let program = "import json,sys; print(json.dumps(json.load(sys.stdin.buffer)))";
    if let Some(read) = python(program, &site.bytes.clone().unwrap_or_default()) {
        assert_eq!(from_json(&serde_json::from_str(&read).expect("JSON")), expected);
    }
}

#[test]
fn the_indentation_of_the_target_is_for_files_that_show_none() {
    let params = || crate::kit::indent(4);
    let with = |params: Params, text: &str| {
        crate::kit::there_and_back_with("jsonc", params, text, r#"{"a": {"b": 1}}"#)
    };
    assert_eq!(with(params(), ""), "{\n    \"a\": {\n        \"b\": 1\n    }\n}\n");
    assert_eq!(with(params(), "{}"), "{\n    \"a\": {\n        \"b\": 1\n    }\n}");
    assert_eq!(with(params(), "{\n \"z\": 1\n}"), "{\n \"z\": 1,\n \"a\": {\n  \"b\": 1\n }\n}");
}
