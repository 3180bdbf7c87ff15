//! INI files and their dialects.

use hcc::emit::{Params, Said};
use hcc::ir::Value;
use proptest::prelude::*;

use crate::kit::{Site, overlaid, python, refusal, there_and_back, there_and_back_with, value};

const GTK: &str = include_str!("gtk.ini");

/// `name "arg" "arg"` for each.
fn params(said: &[(&str, &[&str])]) -> Params {
    let said = said.iter().map(|(name, args)| Said {
        name: (*name).into(),
        args: args.iter().map(|arg| Value::String((*arg).into())).collect(),
        props: Default::default(),
    });
    Params { list: said.collect() }
}

#[test]
fn comments_and_order_of_a_desktops_settings_stay() {
    let merged = there_and_back_with(
        "ini",
        params(&[("comment", &[])]),
        GTK,
        r#"{"Settings": {"gtk-application-prefer-dark-theme": 1, "gtk-font-name": "Inter 10", "gtk-color-scheme": "x",
            "gtk-icon-theme-name": "Papirus"}, "Other": {"a": true, "b": "two words"}}"#,
    );
    insta::assert_snapshot!(merged);
}

#[test]
fn every_layout_comes_back_to_the_byte() {
    for text in [
        "",
        "\n",
        "# only a comment\n",
        "# no newline",
        "z=1",
        "z=1\n\n",
        "[z]\n",
        "[z]\nq=1\n\n[a]\nx=1\n\n",
        "a=1\n[z]\n",
        "[a]\n  x = 1 ; c\n  c = 2\n[z]\n",
        "[a]\r\nx=1\r\n",
        "\u{feff}[a]\nb=9\n",
        "[a]\nb=9\nb=8\n; c\n",
        "[a]\n[z]\n[a]\nx=1\n",
        "[a]\nb = 1\n    more\n    and more\nc=2",
        "[a] ; c\nb=\n",
        "d=\n[a]\nc\u{20}=\u{20}\n",
    ] {
        there_and_back("ini", text, r#"{"d": 5, "a": {"b": "new", "c": "it"}, "y": {"q": "r"}}"#);
    }
}

#[test]
fn the_layout_of_a_line_stays() {
    let merged = there_and_back(
        "ini",
        "[a]\n\tname  =  old   ; why\n\n[b]\n",
        r#"{"a": {"name": "new", "more": 1}, "b": {"x": 1.0}}"#,
    );
    assert_eq!(merged, "[a]\n\tname  =  new   ; why\n\tmore  =  1\n\n[b]\nx=1.0\n");
}

#[test]
fn a_comment_behind_our_key_stays_when_it_goes() {
    let mut site = Site::new("ini", "[a]\nb=1\n");
    site.merge(&value(r#"{"a": {"c": 1}}"#));
    site.edit("c=1", "c=1 ; mine");
    site.release();
    assert_eq!(site.text(), "[a]\nb=1\n; mine\n");
}

#[test]
fn a_key_that_repeats_is_one_leaf() {
    let merged = there_and_back_with(
        "ini",
        params(&[("repeat", &["exec"])]),
        "[a]\nexec=one\nexec=two\n; c\nx=1\n",
        r#"{"a": {"exec": ["three", "four", "five"]}}"#,
    );
    assert_eq!(merged, "[a]\nexec=three\nexec=four\nexec=five\n; c\nx=1\n");
}

#[test]
fn dialects_are_read_as_they_are_written() {
    let colon =
        params(&[("separator", &[": "]), ("section", &["<{name}>"]), ("bool", &["yes", "no"])]);
    let merged = there_and_back_with(
        "ini",
        colon,
        "<a>\nx: 1\n",
        r#"{"a": {"x": true, "y": "no#"}, "b": {"z": false}}"#,
    );
    assert_eq!(merged, "<a>\nx: yes\ny: no#\n\n<b>\nz: no\n");
}

#[test]
fn a_flag_stands_alone() {
    let flag = params(&[("flag", &[]), ("nested", &["."])]);
    let merged = there_and_back_with(
        "ini",
        flag,
        "[a]\nquick\nx=1\n",
        r#"{"a": {"skip": true, "b": {"c": 1}}}"#,
    );
    assert_eq!(merged, "[a]\nquick\nx=1\nskip\n\n[a.b]\nc=1\n");
}

#[test]
fn what_is_no_ini_is_refused_with_its_place() {
    let mut said = String::new();
    let files: &[&[u8]] = &[
        b"[a]\nx=1\n<<<<<<< HEAD\n",
        b"[a\nx=1\n",
        b"{\"a\": 1}",
        b"a=1\n[a]\n",
        b"[a]\nx=\xff\n",
        b"=1\n",
    ];
    for bytes in files {
        let shown: String = String::from_utf8_lossy(bytes).chars().take(60).collect();
        said.push_str(&format!("{shown:?}\n    {}\n", refusal("ini", bytes, r#"{"a": {"x": 1}}"#)));
    }
    for wanted in [r#"{"a": null}"#, r#"{"a": [{"x": 1}, {"x": 2}]}"#, r#"{"a": {"x": "a\nb"}}"#] {
        said.push_str(&format!("{wanted}\n    {}\n", refusal("ini", b"", wanted)));
    }
    insta::assert_snapshot!(said);
}

#[test]
fn a_large_file_is_merged_within_seconds() {
    let mut text = String::new();
    while text.len() < 10_000_000 {
        text.push_str(&format!("[section{}]\nkey=some words\nother=more words\n\n", text.len()));
    }
    let start = std::time::Instant::now();
    there_and_back("ini", &text, r#"{"mine": {"a": 1}}"#);
    assert!(start.elapsed().as_secs() < 120, "{:?}", start.elapsed());
}

/// Sections of texts, and texts at the top.
fn sections() -> BoxedStrategy<Value> {
    let text =
        || prop_oneof!["[a-z0-9]{1,4}( [a-z]{1,3})?", Just(String::new()), "[#;\"=\\[a]{1,3}"];
    let map = |value: BoxedStrategy<Value>, key: &'static str| {
        prop::collection::vec((key, value), 0..4).prop_map(|entries| {
            Value::Map(entries.into_iter().map(|(k, v)| (k.as_str().into(), v)).collect())
        })
    };
    let leaf = text().prop_map(|text| Value::String(text.into())).boxed();
    let section = map(leaf.clone(), "[a-d]").boxed();
    (map(leaf, "t[a-c]"), map(section, "[A-C]"))
        .prop_map(|(top, sections)| overlaid(&top, &sections))
        .boxed()
}

fn layout(value: &Value, seed: u64) -> String {
    let Value::Map(map) = value else { return String::new() };
    let mut state = seed | 1;
    let mut pick = |set: &[&'static str]| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        set[(state >> 33) as usize % set.len()]
    };
    let mut out = String::new();
    let mut pair = |key: &str, value: &Value, out: &mut String| {
        let text = value.as_str().unwrap_or_default();
        out.push_str(&format!(
            "{}{}{key}{}{text}\n",
            pick(&["", "", "\n", "; c\n"]),
            pick(&["", "  "]),
            pick(&["=", " = ", " ="])
        ));
    };
    for (key, value) in map.iter().filter(|(_, value)| !matches!(value, Value::Map(_))) {
        pair(key, value, &mut out);
    }
    for (name, section) in map {
        if let Value::Map(section) = section {
            out.push_str(&format!("[{name}]\n"));
            section.iter().for_each(|(key, value)| pair(key, value, &mut out));
        }
    }
    out
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn what_is_declared_comes_in_and_all_else_stays(
        before in sections(), wanted in sections(), next in sections(), seed in any::<u64>(),
    ) {
        let text = layout(&before, seed);
        let mut site = Site::new("ini", &text).with(params(&[("comment", &[])]));
        prop_assert_eq!(&site.value(), &before);
        site.merge(&wanted);
        prop_assert_eq!(site.value(), overlaid(&before, &wanted));
        prop_assert!(site.merge(&next).drift.is_empty());
        prop_assert_eq!(site.value(), overlaid(&before, &next));
        prop_assert!(site.release().drift.is_empty());
        prop_assert_eq!(site.text(), text);
    }
}

#[test]
fn python_reads_what_is_merged() {
    let mut site = Site::new("ini", GTK).with(params(&[("comment", &[])]));
    site.merge(&value(r#"{"Settings": {"gtk-font-name": "Inter 10"}, "Other": {"a": "x"}}"#));
    let program = "import configparser,sys; c=configparser.ConfigParser(interpolation=None); c.read_string(sys.stdin.read()); print({s: dict(c[s]) for s in c.sections()})";
    if let Some(read) = python(program, &site.bytes.clone().unwrap_or_default()) {
        assert_eq!(
            read.trim_end(),
            "{'Settings': {'gtk-theme-name': 'Adwaita', 'gtk-font-name': 'Inter 10', 'gtk-application-prefer-dark-theme': '0', 'gtk-color-scheme': 'base:#fff; text:#000'}, 'Other': {'a': 'x'}}"
        );
    }
}
