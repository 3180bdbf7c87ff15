//! Blocks in braces, for readers that are not here, and for one that is.

use hcc::emit::Params;

use crate::kit::{file, has, held, map, params, run, string, texts, value, write};

fn text(said: &[(&str, &[&str])], source: &str) -> String {
    write("blocks", &value(source), &params(said)).unwrap().text
}

fn fault(said: &[(&str, &[&str])], source: &str) -> String {
    let faults = write("blocks", &value(source), &params(said)).unwrap_err();
    faults.into_iter().map(|fault| fault.message.to_string()).collect::<Vec<_>>().join("\n")
}

#[test]
fn blocks_stand_in_one_another_and_lists_repeat_them() {
    let hyprlang: &[(&str, &[&str])] =
        &[("separator", &[" = "]), ("list", &["repeat"]), ("comment", &[]), ("double", &["#"])];
    let source = r##"{"exec": ["a", "b # c"], "general": {"gaps": 5, "snap": {"on": true}}, "device": [{"name": "x"}, {"name": "y"}], "rule": ["float", {"name": "z"}]}"##;
    insta::assert_snapshot!(text(hyprlang, source), @r"
    exec = a
    exec = b ## c

    general {
        gaps = 5
        snap {
            on = true
        }
    }

    device {
        name = x
    }

    device {
        name = y
    }
    rule = float

    rule {
        name = z
    }
    ");
}

#[test]
fn some_names_have_a_second_one() {
    let sway: &[(&str, &[&str])] = &[
        ("separator", &[" "]),
        ("comment", &[]),
        ("list", &["repeat"]),
        ("named", &["set", "output"]),
    ];
    let source = r#"{"set": {"$mod": "Mod4", "$x": ["a", "b"]}, "output": {"DP-1": {"scale": 2}, "Dell Inc. 1": {"scale": 1.5}}, "bar": {}}"#;
    insta::assert_snapshot!(text(sway, source), @r#"
    set $mod Mod4
    set $x a
    set $x b

    output DP-1 {
        scale 2
    }

    output "Dell Inc. 1" {
        scale 1.5
    }

    bar {
    }
    "#);
    assert_eq!(
        fault(sway, r#"{"output": {"a\"b": {"scale": 2}}}"#),
        "the name of a block cannot hold `\"` here"
    );
    assert!(fault(sway, r#"{"output": {" x": {"scale": 2}}}"#).contains("second name"));
    assert!(fault(sway, r#"{"set": {"a\nb": "c"}}"#).contains("second name"));
}

#[test]
fn what_would_open_or_end_a_block_is_refused() {
    let sway: &[(&str, &[&str])] = &[("separator", &[" "]), ("comment", &[])];
    for wrong in [
        r#"{"a": "x {"}"#,
        r#"{"a{": 1}"#,
        r#"{"a}": {"b": 1}}"#,
        r#"{"": {"b": 1}}"#,
        r##"{"#a": {"b": 1}}"##,
        r#"{"a": "b\nc"}"#,
    ] {
        assert!(write("blocks", &value(wrong), &params(sway)).is_err(), "{wrong}");
    }
    assert!(write("blocks", &value("[1]"), &Params::default()).is_err());
}

/// rasi is the dialect whose reader checks a file by itself.
#[test]
fn rofi_takes_every_text_in_quotes() {
    let rasi = params(&[
        ("separator", &[": "]),
        ("suffix", &[";"]),
        ("quote", &["always"]),
        ("escape", &[]),
    ]);
    let held =
        held(&texts(), |_| false, |text| write("blocks", &map([("k", string(text))]), &rasi));
    if !has("rofi") {
        return;
    }
    let one = map(held.iter().enumerate().map(|(at, text)| (format!("p{at}"), string(text))));
    let text = write("blocks", &map([("window", one)]), &rasi).unwrap().text;
    let (_dir, path) = file("all.rasi", &text);
    run("rofi", &["-rasi-validate", &path], b"");
}

#[test]
fn lists_in_brackets_hold_values() {
    let libconfig: &[(&str, &[&str])] = &[
        ("separator", &[" = "]),
        ("suffix", &[";"]),
        ("open", &[" = {"]),
        ("close", &["};"]),
        ("quote", &["always"]),
        ("escape", &[]),
        ("list", &["brackets"]),
    ];
    let source = r#"{"names": ["a \"b\"", "c"], "kernel": [1, 2.5], "none": [], "types": {"dock": {"shadow": false}}}"#;
    insta::assert_snapshot!(text(libconfig, source), @r#"
    names = ["a \"b\"", "c"];
    kernel = [1, 2.5];
    none = [];

    types = {
        dock = {
            shadow = false;
        };
    };
    "#);
    assert!(fault(libconfig, r#"{"a": [[1]]}"#).contains("expects a scalar"));
}
