//! YAML.

use hcc::apply::merge::{Choice, MergeError};
use hcc::ir::Value;
use proptest::prelude::*;

use crate::kit::{
    Site, emitted, from_json, objects, overlaid, python, refusal, scalars, there_and_back, value,
};

const LAZYGIT: &str = include_str!("lazygit.yml");

#[test]
fn comments_and_order_of_a_programs_settings_stay() {
    let mut site = Site::new("yaml", LAZYGIT);
    let wanted = value(
        r#"{"gui": {"nerdFontsVersion": "2", "theme": {"activeBorderColor": ["red"], "optionsTextColor": ["cyan", "bold"]}, "mouseEvents": false},
            "git": {"paging": {"pager": "less"}, "commit": {"signOff": true}, "merging": {"args": "--no-ff"}},
            "os": {"edit": "nvim", "open": {"a": [1, {"b": 2}]}}, "disableStartupPopups": true}"#,
    );
    let expected = overlaid(&site.value(), &wanted);
    site.merge(&wanted);
    assert_eq!(site.value(), expected);
    insta::assert_snapshot!(site.text());
    assert!(site.release().drift.is_empty());
    insta::assert_snapshot!(site.text());
}

#[test]
fn layouts_come_back_to_the_byte() {
    for text in [
        "",
        "\n",
        "# only a comment\n",
        "z: 1\n",
        "z: 1",
        "---\nz: 1\n",
        "z: {}\n",
        "a: {x: 1}\n",
        "a:\n  x: 1\n",
        "a:\n    x: 1\n    y: 2 # c\n",
        "z: 1 # c\n# end\n",
        "# head\n\nz: 1\n",
        "z: 1\r\ny: 2\r\n",
        "\u{feff}z: 1\n",
        "z:\n- 1\n- 2\n",
        "{}\n",
        "z: |\n  text\n  more\n",
        "b: &x\n  q: 1\nc: *x\n",
        "z: null\nd: ~\ne:\n",
    ] {
        there_and_back(
            "yaml",
            text,
            r#"{"d": [1, "x"], "a": {"b": 5, "c": {"k": [1, 2]}}, "new": {"q": "r"}}"#,
        );
    }
}

#[test]
fn what_is_no_yaml_object_is_refused_with_its_place() {
    let mut said = String::new();
    let deep = format!("a: {}", "[".repeat(100_000));
    let deep_block: String = (0..3000).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect();
    let bomb = format!(
        "a: &a [x, x]\n{}",
        (0..30)
            .map(|n| format!(
                "b{n}: &b{n} [*{0}, *{0}]\n",
                if n == 0 { "a".to_owned() } else { format!("b{}", n - 1) }
            ))
            .collect::<String>()
    );
    let files: &[&[u8]] = &[
        b"a: 1\n b: 2\n",
        b"a: 1\na: 2\n",
        b"a: {x: 1, x: 2}\n",
        b"- 1\n",
        b"just text\n",
        b"a: [1\n",
        b"a: 1\n---\nb: 2\n",
        b"a: \xff\n",
        b"a: *nothing\n",
        b"\t- a\n",
        b"? [1, 2]\n: 3\n",
        deep.as_bytes(),
        deep_block.as_bytes(),
        bomb.as_bytes(),
    ];
    for bytes in files {
        let shown: String = String::from_utf8_lossy(bytes).chars().take(60).collect();
        said.push_str(&format!("{shown:?}\n    {}\n", refusal("yaml", bytes, r#"{"new": 1}"#)));
    }
    insta::assert_snapshot!(said);
}

#[test]
fn what_is_used_in_several_places_is_not_changed_in_one_by_accident() {
    let mut site =
        Site::new("yaml", "base: &base {x: 1, y: 2}\nuse: *base\nmore:\n  <<: *base\n  z: 3\n");
    let before = site.value();
    match site.try_merge(&value(r#"{"use": {"x": 5}, "more": {"x": 6}}"#), Choice::Keep) {
        Ok(_) => assert_eq!(
            site.value(),
            overlaid(&before, &value(r#"{"use": {"x": 5}, "more": {"x": 6}}"#))
        ),
        Err(error) => {
            assert_eq!(error.to_string(), "`use` is written once and used in several places")
        }
    }
}

#[test]
fn numbers_and_texts_stay_what_they_are() {
    let text = "oct: 0o17\nhex: 0xff\nbig: 123456789012345678901234567890\nf: 1e3\nyes: yes\nver: 1.10\ndate: 2020-01-01\ninf: .inf\n";
    let merged = there_and_back(
        "yaml",
        text,
        r#"{"hex": 255, "f": 1000.0, "ver": "1.10", "new": "yes", "date": "2020-01-02"}"#,
    );
    assert!(merged.contains("hex: 0xff\n") && merged.contains("f: 1e3\n"), "{merged}");
    assert!(merged.contains("ver: \"1.10\"\n") && merged.contains("new: \"yes\"\n"), "{merged}");
}

#[test]
fn a_large_file_is_merged_within_seconds() {
    let mut text = String::new();
    while text.len() < 10_000_000 {
        let words = "some words ".repeat(200);
        text.push_str(&format!("key{}:\n  - 1\n  - x: {words}# c\n", text.len()));
    }
    let start = std::time::Instant::now();
    there_and_back("yaml", &text, r#"{"mine": {"a": 1}}"#);
    assert!(start.elapsed().as_secs() < 120, "{:?}", start.elapsed());
}

/// A text in block or flow style, with comments.
fn layout(value: &Value, seed: u64) -> String {
    let mut state = seed | 1;
    let mut out = String::new();
    for line in emitted("yaml", value, &Default::default()).lines() {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let plain = !line.contains(['|', '>']) && !out.contains('|');
        match (state >> 33) % 6 {
            0 if plain => out.push_str("# c\n"),
            1 if plain => out.push('\n'),
            _ => {}
        }
        out.push_str(line);
        if plain
            && (state >> 40).is_multiple_of(5)
            && !line.trim_end().ends_with(':')
            && !line.contains('"')
        {
            out.push_str(" # d");
        }
        out.push('\n');
    }
    out
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn what_is_declared_comes_in_and_all_else_stays(
        before in objects(scalars()), wanted in objects(scalars()), next in objects(scalars()), seed in any::<u64>(),
    ) {
        let text = layout(&before, seed);
        let mut site = Site::new("yaml", &text);
        prop_assert_eq!(&site.value(), &before);
        // A comment that stands in what is replaced ends it: then the file is left alone.
        for wanted in [&wanted, &next, &Value::Map(Default::default())] {
            if let Err(MergeError::Comments { .. }) = site.try_merge(wanted, Choice::Keep) {
                return Ok(());
            }
        }
        let mut site = Site::new("yaml", &text);
        site.merge(&wanted);
        prop_assert_eq!(site.value(), overlaid(&before, &wanted));
        prop_assert!(site.merge(&next).drift.is_empty());
        prop_assert_eq!(site.value(), overlaid(&before, &next));
        prop_assert!(site.release().drift.is_empty());
        prop_assert_eq!(site.value(), before);
    }

    #[test]
    fn new_keys_leave_no_trace(before in objects(scalars()), fresh in objects(scalars()), seed in any::<u64>()) {
        let text = layout(&before, seed);
        let mut site = Site::new("yaml", &text);
        site.merge(&Value::Map([("fresh".into(), fresh)].into_iter().collect()));
        site.release();
        prop_assert_eq!(site.text(), text);
    }
}

#[test]
fn python_reads_what_is_merged() {
    let wanted = value(
        r#"{"gui": {"theme": {"a": ["x", 1, 2.5, null, "no"]}}, "git": {"paging": {"pager": "é: \"x\"\n#"}}}"#,
    );
    let mut site = Site::new("yaml", LAZYGIT);
    let expected = overlaid(&site.value(), &wanted);
    site.merge(&wanted);
    let program = "import json,sys\ntry:\n import yaml\nexcept ImportError:\n sys.exit(print('SKIPPED'))\nprint(json.dumps(yaml.safe_load(sys.stdin.buffer)))";
    match python(program, &site.bytes.clone().unwrap_or_default()) {
        Some(read) if read.starts_with("SKIPPED") => eprintln!("SKIPPED: PyYAML is not installed"),
        Some(read) => assert_eq!(from_json(&serde_json::from_str(&read).expect("JSON")), expected),
        None => {}
    }
}
