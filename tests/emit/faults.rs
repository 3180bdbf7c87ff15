//! What a format cannot hold is refused where it stands, in words that say what to do.

use hcc::emit::{self, FORMATS, Fault, Params};
use hcc::ir::{Step, Value};

use crate::kit::{map, params, string, value, write};

fn faults(format: &str, value: &Value) -> Vec<String> {
    let faults = write(format, value, &Params::default()).unwrap_err();
    faults.iter().map(show).collect()
}

fn show(fault: &Fault) -> String {
    let path: Vec<String> = fault
        .path
        .iter()
        .map(|step| match step {
            Step::Key(key) => key.to_string(),
            Step::Index(at) => at.to_string(),
        })
        .collect();
    let help = fault.help.as_ref().map(|help| format!(" ({help})")).unwrap_or_default();
    format!("{}: {}{help}", path.join("/"), fault.message)
}

#[test]
fn an_unknown_parameter_is_refused_with_the_nearest_name() {
    let config = value(r#"{"a": 1}"#);
    let show_all = |format, said| {
        let faults = write(format, &config, &params(said)).unwrap_err();
        faults.iter().map(show).collect::<Vec<_>>()
    };
    assert_eq!(
        show_all("ini", &[("seperator", &[" = "])]),
        [": the format `ini` has no parameter `seperator` (did you mean `separator`?)"]
    );
    assert_eq!(
        show_all("toml", &[("indent", &["x"])]),
        [": the format `toml` has no parameter `indent` (it takes `header`, `footer`)"]
    );
    assert_eq!(
        show_all("ini", &[("separator", &[])]),
        [": the parameter `separator` expects one text"]
    );
    let mut said = params(&[("section", &["[{name}]"])]);
    said.list[0].props.insert("bracket".into(), Value::Bool(true));
    let faults = write("ini", &config, &said).unwrap_err();
    assert_eq!(
        show(&faults[0]),
        ": the parameter `section` has no property `bracket` (did you mean `brackets`?)"
    );
    assert_eq!(show_all("ini", &[("quote", &["sometimes"])]).len(), 1);
    assert_eq!(
        show_all("ini", &[("bool", &["yes"])]),
        [": the parameter `bool` expects two words, as in `bool \"yes\" \"no\"`"]
    );
    assert_eq!(show_all("ini", &[("section", &["x"])]).len(), 1);
    assert_eq!(show_all("json", &[("indent", &["x"])]).len(), 1);
}

#[test]
fn nul_is_refused_everywhere() {
    for format in FORMATS {
        for config in [
            map([("s", map([("k", string("a\0b"))]))]),
            map([("a\0b", string("v"))]),
            Value::List(vec![string("\0")]),
        ] {
            let faults = emit::write(format, &config, &Params::default()).unwrap_err();
            assert!(faults[0].message.contains("U+0000"), "{}", format.name);
        }
    }
}

#[test]
fn empty_values_are_empty_texts() {
    for format in FORMATS {
        for config in
            [Value::Map(Default::default()), Value::List(Vec::new()), Value::Null, string("")]
        {
            assert_eq!(
                emit::write(format, &config, &Params::default()).unwrap().text,
                "",
                "{}",
                format.name
            );
        }
    }
}

#[test]
fn null_is_refused_where_the_format_has_none() {
    for format in FORMATS {
        let config = match format.name {
            "lines" => value("[null]"),
            "toml" | "json" | "jsonc" | "yaml" | "plist" | "prefs" | "key-value" | "shell" => {
                value(r#"{"k": null}"#)
            }
            _ => value(r#"{"s": {"k": null}}"#),
        };
        // In a Brewfile an entry without options may be written so.
        let config = if format.name == "brewfile" {
            value(r#"{"brew": {"s": {"k": null}}}"#)
        } else {
            config
        };
        let written = emit::write(format, &config, &Params::default());
        assert_eq!(written.is_ok(), format.null, "{}", format.name);
    }
}

#[test]
fn every_parameter_is_explained() {
    for format in FORMATS {
        assert!(format.doc.ends_with('.') && emit::find(format.name).is_some());
        for param in format.params {
            assert!(
                param.doc.contains(&format!("`{}", param.name)),
                "{} {}: {}",
                format.name,
                param.name,
                param.doc
            );
        }
    }
}

#[test]
fn a_fault_stands_at_its_value() {
    let wide = map([("a", map([("b", Value::List(vec![Value::Int(1), Value::Int(i128::MAX)]))]))]);
    assert_eq!(
        faults("toml", &wide),
        ["a/b/1: TOML holds integers of 64 bits (write it as a string)"]
    );
    assert_eq!(faults("plist", &wide), ["a/b/1: a property list holds integers of 64 bits"]);
    let odd = map([("a", Value::Float(f64::NAN))]);
    assert_eq!(faults("json", &odd), ["a: JSON has no number `NaN`"]);
    assert_eq!(
        faults("plist", &value(r#"{"a": ["\u0007"]}"#)),
        ["a/0: XML cannot hold the character U+0007"]
    );
    assert_eq!(
        faults("lines", &value(r#"["a", "b\nc", {"x": 1}]"#)),
        [
            "1: a line cannot hold a line break (make it two items)",
            "2: expects a text, found an object",
        ]
    );
    assert_eq!(
        faults("lines", &value("[\"\u{feff}x\"]")),
        [
            "0: a text that begins with a byte order mark loses it on reading (take U+FEFF away from its front)",
        ]
    );
}

#[test]
fn sections_have_one_depth() {
    let deep = value(r#"{"a": {"b": {"c": {"d": 1}}}}"#);
    assert_eq!(
        faults("gitconfig", &deep),
        ["a/b/c: expects a scalar or a list of them, found an object"]
    );
    assert_eq!(faults("ini", &deep), ["a/b: expects a scalar or a list of them, found an object"]);
    assert_eq!(
        faults("systemd", &deep),
        ["a/b: expects a scalar or a list of them, found an object"]
    );
    assert_eq!(
        faults("desktop", &deep),
        ["a/b: expects a scalar or a list of them, found an object"]
    );
    assert_eq!(
        faults("key-value", &deep),
        ["a: expects a scalar or a list of them, found an object"]
    );
    assert_eq!(
        faults("gitconfig", &value(r#"{"a": 1, "b_c": {}, "d": {"e_f": 1, "1": 2}}"#)),
        [
            "a: expects an object, found an integer",
            "b_c: git has no section `b_c` (use letters, digits, `-` and `.`; anything goes in a subsection's name)",
            "d/e_f: git has no key `e_f` (use letters, digits and `-`, a letter first)",
            "d/1: git has no key `1` (use letters, digits and `-`, a letter first)",
        ]
    );
}

#[test]
fn a_brewfile_runs_nothing() {
    let config = value(
        r#"{"system": ["rm -rf /"], "brews": ["git"], "brew": {"a": {"link": "over write", "Bad-Key": 1, "n": null}}}"#,
    );
    let faults = write("brewfile", &config, &params(&[("symbol", &["link"])])).unwrap_err();
    let faults: Vec<String> = faults.iter().map(show).collect();
    assert_eq!(
        faults,
        [
            "system: a Brewfile has no `system`",
            "brews: a Brewfile has no `brews` (did you mean `brew`?)",
            "brew/a/link: `over write` is no symbol (use lower-case letters and `_`)",
            "brew/a/Bad-Key: `Bad-Key` is no name of an option (use lower-case letters, digits and `_`, no digit first)",
            "brew/a/n: a Brewfile takes no null (leave the option out)",
        ]
    );
}

#[test]
fn shell_names_are_names() {
    assert_eq!(
        faults("shell", &value(r#"{"A-B": 1, "1A": 2, "A": [1]}"#)),
        [
            "A-B: `A-B` is no name of a variable (use letters, digits and `_`, no digit first)",
            "1A: `1A` is no name of a variable (use letters, digits and `_`, no digit first)",
            "A: expects a scalar, found a list",
        ]
    );
}

#[test]
fn ssh_keywords_and_hosts_are_checked() {
    assert_eq!(
        faults("ssh", &value(r#"{"Bad Key": 1, "a\nb": {"Port": 22}, "\"x": {"User": ""}}"#)),
        [
            "Bad Key: ssh has no keyword `Bad Key` (use letters and digits)",
            "a\nb: ssh reads no value that is empty or holds a newline",
            "\"x: ssh reads no line in which a quote is not closed",
            "\"x/User: ssh reads no value that is empty or holds a newline",
        ]
    );
}
