//! TOML.

use hcc::apply::merge::Choice;
use hcc::ir::Value;
use proptest::prelude::*;

use crate::kit::{
    Site, emitted, from_json, objects, overlaid, python, refusal, scalars, there_and_back, value,
};

const ALACRITTY: &str = include_str!("alacritty.toml");
const STARSHIP: &str = include_str!("starship.toml");

#[test]
fn a_terminals_file_keeps_its_comments() {
    let merged = there_and_back(
        "toml",
        ALACRITTY,
        r##"{
            "general": {"live_config_reload": false, "working_directory": "~"},
            "font": {"size": 12.5, "normal": {"family": "Fira Code", "weight": 3}, "offset": {"x": 0, "y": 1}},
            "colors": {"primary": {"foreground": "#fff"}, "cursor": {"text": "#000"}, "draw_bold": true},
            "keyboard": {"bindings": [{"key": "T", "action": "CreateNewTab", "mods": "Command"}]},
            "window": {"padding": {"x": 4, "y": 4}, "opacity": 1.0}
        }"##,
    );
    insta::assert_snapshot!(merged);
}

#[test]
fn a_prompts_file_keeps_dotted_keys_and_indentation() {
    let merged = there_and_back(
        "toml",
        STARSHIP,
        r#"{"scan_timeout": 10, "git_branch": {"symbol": "x", "style": "bold", "sub": {"a": 1}},
            "character": {"error_symbol": "[x](red)"}, "format": "$all", "aws": {"disabled": true}}"#,
    );
    insta::assert_snapshot!(merged);
}

#[test]
fn a_keys_own_comments_stay_when_it_goes() {
    let mut site = Site::new("toml", ALACRITTY);
    site.merge(&value(r#"{"a": 1, "font": {"b": 1}, "window": {"x": 1, "y": 2}}"#));
    site.edit("a = 1\n", "# above a\na = 1 # behind a\n");
    site.edit("b = 1\n", "# above b\nb = 1 # behind b\n");
    site.edit("[window]\nx = 1\ny", "# above window\n[window] # behind it\nx = 1 # x\ny");
    site.release();
    insta::assert_snapshot!(site.text());
}

#[test]
fn every_layout_comes_back_to_the_byte() {
    for text in [
        "",
        "\n",
        "# only a comment\n",
        "# no newline",
        "z = 1",
        "z = 1\n",
        "z = 1 # c\n# end\n",
        "\n\nz = 1\n\n\n",
        "[z]\n",
        "[z]\nq = 1\n",
        "# head\n\n[z]\nq = 1\n",
        "[z.q]\nr = 1\n",
        "# head\n[a.y]\nr = 1\n",
        "a = {}\n",
        "a = { }\n",
        "a = {x = 1}\n",
        "a = { b = 2, x = 1 } # c\n",
        "a.x = 1\na.y = 2\n",
        "z = 1\r\n[a]\r\nx = 1\r\n",
        "\u{feff}z = 1\n",
        "[[f]]\nx = 1\n# in\n\n[[f]]\nx = 2\n\n[g]\nx = 3\n",
        "a . b = 1\n\"y\".'x y' = 2\n",
        "d = [ 1,2,\n  3, # three\n]\n",
        "d = 1979-05-27T07:32:00Z # a date\n",
        "[z] # c\n\n\n[y]\n",
        "[[z]]\n[[z]]\n",
        "s = \"\"\"a\r\nb\"\"\"\r\n",
        "[a]\n\n[a.c]\nx = 1\n\n[b]\ny = 1\n",
        "  z = 1\n  [a]\n    x = 1\n",
    ] {
        there_and_back(
            "toml",
            text,
            r#"{"e": 5, "d": [1, "x"], "a": {"b": 5, "c": {"k": [1, 2]}}, "z2": {"q": "r"}}"#,
        );
    }
}

#[test]
fn a_layout_that_an_edit_would_change_is_refused_and_otherwise_kept() {
    assert_eq!(
        refusal("toml", b"a = 1\r\nb = 2\n", r#"{"c": 1}"#),
        "its line ends are of several kinds; save it with one kind of them"
    );
    assert_eq!(
        refusal("toml", b"a.b = 1\n\"a\".c = 2\n", r#"{"c": 1}"#),
        "line 2: expected `a.c = 2`, found `\"a\".c = 2`"
    );
    let mut site = Site::new("toml", "a = 1\r\nb = 2\n");
    assert!(!site.merge(&value(r#"{"a": 1}"#)).changed);
}

#[test]
fn dates_and_numbers_stay_what_they_are() {
    let mut site = Site::new(
        "toml",
        "day = 2020-01-01\nhex = 0xff\nbig = 9223372036854775807\nf = 1e3\nn = nan\n",
    );
    site.merge(&value(r#"{"day": "2020-01-01", "hex": 255, "f": 1000}"#));
    assert_eq!(
        site.text(),
        "day = \"2020-01-01\"\nhex = 0xff\nbig = 9223372036854775807\nf = 1000\nn = nan\n"
    );
    assert!(site.release().drift.is_empty());
    assert_eq!(
        site.text(),
        "day = 2020-01-01\nhex = 0xff\nbig = 9223372036854775807\nf = 1e3\nn = nan\n"
    );
    let error = hcc::apply::merge::reread("toml", site.text().as_bytes(), &site.params)
        .expect_err("a date");
    assert_eq!(error.to_string(), "`day` holds a date, which a configuration cannot say");
}

#[test]
fn nan_is_itself() {
    let mut site = Site::new("toml", "");
    let wanted = Value::Map([("n".into(), Value::Float(f64::NAN))].into_iter().collect());
    site.merge(&wanted);
    assert!(site.merge(&wanted).drift.is_empty());
}

#[test]
fn what_is_no_toml_is_refused_with_its_place() {
    let mut said = String::new();
    let deep = format!("a = {}", "[".repeat(100_000));
    let deep_key = format!("{}a = 1", "a.".repeat(100_000));
    let deep_table = format!("[{}a]", "a.".repeat(100_000));
    let files: &[&[u8]] = &[
        b"a = 1\nb = \n",
        b"a = 1\nb 2\n",
        b"a = 1\na = 2\n",
        b"[t]\nx = 1\n\n[t]\ny = 1\n",
        b"a = 'x\n",
        b"a.b = 1\na = 2\n",
        b"a = \"\xff\"\n",
        b"\"\\u0000\" = 1\n",
        b"{}",
        b"a = 99999999999999999999\n",
        b"<<<<<<< HEAD\n",
        deep.as_bytes(),
        deep_key.as_bytes(),
        deep_table.as_bytes(),
    ];
    for bytes in files {
        let shown: String = String::from_utf8_lossy(bytes).chars().take(60).collect();
        said.push_str(&format!("{shown:?}\n    {}\n", refusal("toml", bytes, r#"{"a": 1}"#)));
    }
    let mut site = Site::new("toml", "a = 1\n");
    for wanted in [r#"{"b": null}"#, r#"{"b": 18446744073709551615}"#] {
        let error = site.try_merge(&value(wanted), Choice::Keep).expect_err("no word for it");
        said.push_str(&format!("{wanted}\n    {error}\n"));
    }
    insta::assert_snapshot!(said);
}

#[test]
fn a_large_file_is_merged_within_seconds() {
    let mut text = String::new();
    while text.len() < 10_000_000 {
        text.push_str(&format!(
            "[table{}]\nlist = [1, 2, {{ x = \"some text\" }}] # c\n\n",
            text.len()
        ));
    }
    let start = std::time::Instant::now();
    there_and_back("toml", &text, r#"{"mine": {"a": 1}}"#);
    assert!(start.elapsed().as_secs() < 120, "{:?}", start.elapsed());
}

/// A text of a table in one of many layouts: headers, inline tables, dotted keys, comments.
fn layout(value: &Value, seed: u64) -> String {
    struct Writer {
        state: u64,
        calm: bool,
    }
    impl Writer {
        fn pick(&mut self, of: u64) -> u64 {
            self.state = self
                .state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (self.state >> 33) % of
        }
        fn space(&mut self) -> &'static str {
            let set: &[&str] =
                if self.calm { &["", "", "\n"] } else { &["", "\n", "# c\n", "\n# c\n\n", "\t"] };
            set[self.pick(set.len() as u64) as usize]
        }
        fn table(&mut self, map: &Value, path: &str, values: &mut String, tables: &mut String) {
            let Value::Map(map) = map else { return };
            for (key, value) in map {
                let line = emitted(
                    "toml",
                    &Value::Map([(key.clone(), Value::Bool(true))].into_iter().collect()),
                    &Default::default(),
                );
                let key = line.trim_end().strip_suffix(" = true").expect("a key").to_owned();
                let full = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                match value {
                    Value::Map(inner) if self.pick(3) > 0 || inner.is_empty() => {
                        let (mut own, mut below) = (String::new(), String::new());
                        self.table(value, &full, &mut own, &mut below);
                        if !own.is_empty() || inner.is_empty() || self.pick(2) == 0 {
                            let space = self.space();
                            tables.push_str(&format!("{space}[{full}]\n"));
                        }
                        tables.push_str(&own);
                        tables.push_str(&below);
                    }
                    Value::Map(_) => self.dotted(value, &key, values),
                    _ => self.pair(&key, value, values),
                }
            }
        }
        fn dotted(&mut self, value: &Value, key: &str, values: &mut String) {
            match value {
                Value::Map(map) if !map.is_empty() => {
                    for (name, value) in map {
                        let name = serde_json::to_string(&**name).expect("a key");
                        self.dotted(value, &format!("{key}.{name}"), values);
                    }
                }
                _ => self.pair(key, value, values),
            }
        }
        fn pair(&mut self, key: &str, value: &Value, values: &mut String) {
            let list = Value::List(vec![value.clone(), Value::Bool(true)]);
            let text = emitted(
                "toml",
                &Value::Map([("k".into(), list)].into_iter().collect()),
                &Default::default(),
            );
            let text = text.trim_end().strip_prefix("k = [").expect("a list");
            let text = text
                .trim_end_matches(']')
                .trim_end()
                .trim_end_matches("true,")
                .trim_end_matches("true");
            let text = text.trim().trim_end_matches(',');
            let (space, behind) =
                (self.space(), if self.calm || self.pick(3) > 0 { "" } else { " # b" });
            values.push_str(&format!("{space}{key} = {text}{behind}\n"));
        }
    }
    let mut writer = Writer { state: seed | 1, calm: seed.is_multiple_of(2) };
    let (mut values, mut tables) = (String::new(), String::new());
    writer.table(value, "", &mut values, &mut tables);
    format!("{values}{tables}{}", writer.space())
}

/// Lists of objects and lists are what leaves are made of; null there is none.
fn wanted() -> BoxedStrategy<Value> {
    objects(scalars())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn what_is_declared_comes_in_and_all_else_stays(
        before in wanted(), wanted in wanted(), next in wanted(), seed in any::<u64>(),
    ) {
        let text = layout(&before, seed);
        let mut site = Site::new("toml", &text);
        prop_assert_eq!(&site.value(), &before);
        site.merge(&wanted);
        prop_assert_eq!(site.value(), overlaid(&before, &wanted));
        prop_assert!(site.merge(&next).drift.is_empty());
        prop_assert_eq!(site.value(), overlaid(&before, &next));
        let back = site.release();
        prop_assert!(back.drift.is_empty());
        prop_assert_eq!(site.value(), before);
    }

    #[test]
    fn new_keys_leave_no_trace(
        before in wanted(), fresh in wanted(), seed in any::<u64>(),
    ) {
        let text = layout(&before, seed);
        let mut site = Site::new("toml", &text);
        let Value::Map(fresh) = fresh else { unreachable!() };
        // Under names that are not there, and in the tables that are.
        let mut new: Vec<_> = fresh.iter().map(|(k, v)| (format!("new {k}").as_str().into(), v.clone())).collect();
        if let Value::Map(before) = &before {
            for (key, value) in before {
                if let Value::Map(_) = value {
                    new.push((key.clone(), Value::Map([("new".into(), Value::Map(fresh.clone()))].into_iter().collect())));
                }
            }
        }
        site.merge(&Value::Map(new.into_iter().collect()));
        prop_assert_eq!(site.text().matches('#').count() >= text.matches('#').count(), true);
        site.release();
        prop_assert_eq!(site.text(), text);
    }
}

#[test]
fn python_reads_what_is_merged() {
    let wanted = value(
        r#"{"font": {"size": 12.5}, "general": {"q\"": "é\n", "n": [1, 2.0]}, "keyboard": {"bindings": []}}"#,
    );
    let mut site = Site::new("toml", ALACRITTY);
    let expected = overlaid(&site.value(), &wanted);
    site.merge(&wanted);
    let program = "import json,sys,tomllib; print(json.dumps(tomllib.load(sys.stdin.buffer)))";
    if let Some(read) = python(program, &site.bytes.clone().unwrap_or_default()) {
        assert_eq!(from_json(&serde_json::from_str(&read).expect("JSON")), expected);
    }
}
