//! Property lists, made and judged by Python's plistlib.

use std::io::Cursor;

use ::plist::{Dictionary, Value as Plist};
use hcc::apply::merge::Choice;
use hcc::ir::Value;
use proptest::prelude::*;

use crate::kit::{Site, objects, overlaid, python, refusal, scalars, there_and_back, value};

/// As `plistlib.dumps` of Python writes it: sorted, with tabs, data on lines of their own.
const PYTHON: &str = include_str!("python.plist");

#[test]
fn dates_data_and_order_of_other_keys_stay() {
    let merged = there_and_back(
        "plist",
        PYTHON,
        r#"{"Version": 3, "Ratio": 1.0, "Window": {"Frame": [0, 0], "Zoom": true}, "New": {"Deep": "<&>"}}"#,
    );
    insta::assert_snapshot!(merged);
}

#[test]
fn a_date_of_the_users_comes_back() {
    let merged = there_and_back("plist", PYTHON, r#"{"Opened": "never", "Window": {"State": 1}}"#);
    assert!(merged.contains("<string>never</string>") && merged.contains("<integer>1</integer>"));
}

#[test]
fn a_binary_file_stays_binary() {
    let root = Plist::from_reader_xml(PYTHON.as_bytes()).expect("a list");
    let mut bytes = Vec::new();
    root.to_writer_binary(&mut bytes).expect("written");
    let mut site = Site::of("plist", Some(bytes.clone()));
    site.merge(&value(r#"{"Version": 3, "Ratio": 1.0, "New": [1]}"#));
    let merged = site.bytes.clone().expect("bytes");
    assert!(merged.starts_with(b"bplist00"));
    let read = Plist::from_reader(Cursor::new(&merged)).expect("read");
    let read = read.as_dictionary().expect("a dictionary");
    assert_eq!(read.keys().last().map(String::as_str), Some("New"));
    assert_eq!(read.get("Opened"), root.as_dictionary().and_then(|root| root.get("Opened")));
    site.release();
    assert_eq!(site.bytes, Some(bytes));
}

#[test]
fn a_file_with_comments_is_left_alone_unless_nothing_changes() {
    let text = PYTHON.replace("<dict>\n\t<key>Blob", "<dict>\n\t<!-- mine -->\n\t<key>Blob");
    assert_eq!(
        refusal("plist", text.as_bytes(), r#"{"Version": 3}"#),
        "line 5: the file has comments, some of which would be lost; remove them, or take `install=\"copy\"`"
    );
    let mut site = Site::new("plist", &text);
    assert!(!site.merge(&value(r#"{"Version": 2}"#)).changed);
}

#[test]
fn integers_and_floats_are_not_the_same() {
    let mut site = Site::new("plist", PYTHON);
    site.merge(&value(r#"{"Version": 2.0, "Big": 18446744073709551615}"#));
    assert!(site.text().contains("<real>2"), "{}", site.text());
    assert!(site.text().contains("<integer>18446744073709551615</integer>"));
}

#[test]
fn what_is_no_property_list_is_refused() {
    let mut said = String::new();
    let head = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<plist version=\"1.0\">\n";
    let deep = format!("{head}{}{}", "<array>".repeat(100_000), "</array>".repeat(100_000));
    let twice = format!("{head}<dict>\n<key>a</key><true/>\n<key>a</key><false/></dict></plist>");
    let open = format!("{head}<dict>\n<key>a</key>\n<integer>x</integer></dict></plist>");
    let list = format!("{head}<array/></plist>");
    let files: &[&[u8]] = &[
        b"{ a = 1; }",
        b"bplist00",
        b"bplist00\0\0\0",
        head.as_bytes(),
        open.as_bytes(),
        list.as_bytes(),
        twice.as_bytes(),
        b"<plist><dict><key>a</key></dict></plist>",
        b"<html>",
        b"\xff\xfe<\0",
        deep.as_bytes(),
    ];
    for bytes in files {
        let shown: String = String::from_utf8_lossy(bytes).chars().take(60).collect();
        said.push_str(&format!("{shown:?}\n    {}\n", refusal("plist", bytes, r#"{"a": 1}"#)));
    }
    let mut site = Site::new("plist", PYTHON);
    for wanted in [r#"{"b": null}"#, r#"{"b": "\u0001"}"#] {
        let error = site.try_merge(&value(wanted), Choice::Keep).expect_err("no word for it");
        said.push_str(&format!("{wanted}\n    {error}\n"));
    }
    insta::assert_snapshot!(said);
}

#[test]
fn a_deep_binary_file_is_refused() {
    let mut root = Plist::Array(Vec::new());
    for _ in 0..5_000 {
        root = Plist::Array(vec![root]);
    }
    let mut bytes = Vec::new();
    let root = Plist::Dictionary(Dictionary::from_iter([("a".to_owned(), root)]));
    root.to_writer_binary(&mut bytes).expect("written");
    assert_eq!(refusal("plist", &bytes, r#"{"b": 1}"#), "expected at most 100 levels of nesting");
}

#[test]
fn a_large_file_is_merged_within_seconds() {
    let mut dictionary = Dictionary::new();
    for at in 0..50_000 {
        dictionary.insert(format!("key{at}"), Plist::String("some words ".repeat(15)));
    }
    let mut bytes = Vec::new();
    Plist::Dictionary(dictionary).to_writer_xml(&mut bytes).expect("written");
    assert!(bytes.len() > 9_000_000);
    let start = std::time::Instant::now();
    there_and_back("plist", &String::from_utf8(bytes).expect("UTF-8"), r#"{"mine": {"a": 1}}"#);
    assert!(start.elapsed().as_secs() < 120, "{:?}", start.elapsed());
}

/// What XML can hold.
fn wanted() -> BoxedStrategy<Value> {
    objects(scalars())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn what_is_declared_comes_in_and_all_else_stays(
        before in wanted(), wanted in wanted(), next in wanted(), binary in any::<bool>(),
    ) {
        let mut site = Site::of("plist", None);
        site.merge(&before);
        let mut text = site.bytes.clone().expect("bytes");
        if binary && !text.is_empty() {
            let root = Plist::from_reader_xml(&*text).expect("a list");
            text.clear();
            root.to_writer_binary(&mut text).expect("written");
        }
        let mut site = Site::of("plist", Some(text.clone()));
        site.merge(&wanted);
        prop_assert_eq!(site.value(), overlaid(&before, &wanted));
        prop_assert!(site.merge(&next).drift.is_empty());
        prop_assert_eq!(site.value(), overlaid(&before, &next));
        prop_assert!(site.release().drift.is_empty());
        prop_assert_eq!(site.value(), before);
    }
}

#[test]
fn python_reads_what_is_merged() {
    let mut site = Site::new("plist", PYTHON);
    site.merge(&value(r#"{"Version": 3, "New": {"Deep": "<é>"}, "Ratio": 2.0}"#));
    let program = "import plistlib,sys; p=plistlib.loads(sys.stdin.buffer.read()); print(list(p), p['Opened'].year, p['Blob'], p['Version'], p['New'], p['Ratio'])";
    if let Some(read) = python(program, &site.bytes.clone().unwrap_or_default()) {
        assert_eq!(
            read.trim_end(),
            "['Blob', 'Opened', 'Ratio', 'Version', 'Window', 'New'] 2024 b'\\x00\\x01binary' 3 {'Deep': '<é>'} 2.0"
        );
    }
}

/// A binary property list of so many arrays, each of which holds the next twice.
fn doubling(levels: u8) -> Vec<u8> {
    let mut bytes = b"bplist00".to_vec();
    let mut offsets = vec![bytes.len()];
    bytes.extend([0xd1, 1, 2]);
    offsets.push(bytes.len());
    bytes.extend([0x51, b'k']);
    for level in 0..levels {
        offsets.push(bytes.len());
        bytes.extend([0xa2, level + 3, level + 3]);
    }
    offsets.push(bytes.len());
    bytes.extend([0x51, b'v']);
    let table = bytes.len();
    bytes.extend(offsets.iter().map(|at| u8::try_from(*at).unwrap_or(0)).collect::<Vec<u8>>());
    bytes.extend([0, 0, 0, 0, 0, 0, 1, 1]);
    for number in [offsets.len(), 0, table] {
        bytes.extend((number as u64).to_be_bytes());
    }
    bytes
}

#[test]
fn a_few_bytes_that_stand_for_a_great_many_values_are_refused_at_once() {
    assert!(Plist::from_reader(Cursor::new(doubling(4))).is_ok());
    let merged = |bytes: Vec<u8>| refusal("plist", &bytes, r#"{"a": 1}"#);
    assert!(merged(doubling(60)).contains("more values than a settings file holds"));
}
