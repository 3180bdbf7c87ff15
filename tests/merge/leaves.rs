//! What is done with one leaf: the table of the design, for the simplest format.

use hcc::apply::merge::{Choice, Drift};
use hcc::ir::Value;

use crate::kit::{Site, path, value};

fn drift(at: &str, wanted: Option<i128>, base: i128, now: Option<Value>) -> Drift {
    Drift { path: path(at), wanted: wanted.map(Value::Int), base: Some(Value::Int(base)), now }
}

#[test]
fn a_key_that_nobody_touched_follows_the_configuration() {
    let mut site = Site::new("json", r#"{"mine": 0, "size": 9}"#);
    assert!(site.merge(&value(r#"{"size": 1, "new": 1}"#)).drift.is_empty());
    assert_eq!(site.text(), r#"{"mine": 0, "size": 1, "new": 1}"#);
    assert!(site.merge(&value(r#"{"size": 2, "new": 2}"#)).drift.is_empty());
    assert_eq!(site.text(), r#"{"mine": 0, "size": 2, "new": 2}"#);
}

#[test]
fn a_key_that_leaves_gives_back_what_was_there() {
    let mut site = Site::new("json", r#"{"mine": 0, "size": 9.50}"#);
    site.merge(&value(r#"{"size": 1, "new": {"deep": 1, "deeper": {"x": 1}}}"#));
    site.merge(&value(r#"{"new": {"deep": 1}}"#));
    assert_eq!(site.text(), r#"{"mine": 0, "size": 9.50, "new": { "deep": 1 }}"#);
    site.merge(&value("{}"));
    assert_eq!(site.text(), r#"{"mine": 0, "size": 9.50}"#);
    assert!(site.owned.leaves.is_empty() && site.owned.objects.is_empty());
}

#[test]
fn an_edit_is_kept_and_told_until_it_is_restored() {
    let mut site = Site::new("json", r#"{"size": 9}"#);
    site.merge(&value(r#"{"size": 1}"#));
    site.edit("1", "5");
    let merged = site.merge(&value(r#"{"size": 2}"#));
    assert_eq!(merged.drift, [drift("size", Some(2), 1, Some(Value::Int(5)))]);
    assert_eq!(site.text(), r#"{"size": 5}"#);
    let merged = site.choose(&value(r#"{"size": 2}"#), Choice::Restore);
    assert_eq!(merged.drift, [drift("size", Some(2), 1, Some(Value::Int(5)))]);
    assert_eq!(site.text(), r#"{"size": 2}"#);
    site.release();
    assert_eq!(site.text(), r#"{"size": 9}"#);
}

#[test]
fn an_edit_to_what_is_wanted_is_adopted() {
    let mut site = Site::new("json", r#"{"size": 9}"#);
    site.merge(&value(r#"{"size": 1}"#));
    site.edit("1", "2");
    let merged = site.merge(&value(r#"{"size": 2}"#));
    assert!(merged.drift.is_empty() && !merged.changed);
    site.merge(&value(r#"{"size": 3}"#));
    assert_eq!(site.text(), r#"{"size": 3}"#);
}

#[test]
fn what_was_as_wanted_before_stays_when_hcc_leaves() {
    let mut site = Site::new("json", r#"{"size": 1}"#);
    assert!(!site.merge(&value(r#"{"size": 1}"#)).changed);
    assert!(!site.release().changed);
}

#[test]
fn a_removed_key_is_drift() {
    let mut site = Site::new("json", r#"{"mine": 0}"#);
    site.merge(&value(r#"{"size": 1}"#));
    site.edit(r#", "size": 1"#, "");
    let merged = site.merge(&value(r#"{"size": 1}"#));
    assert_eq!(merged.drift, [drift("size", Some(1), 1, None)]);
    assert_eq!(site.text(), r#"{"mine": 0}"#);
    site.choose(&value(r#"{"size": 1}"#), Choice::Restore);
    assert_eq!(site.text(), r#"{"mine": 0, "size": 1}"#);
}

#[test]
fn an_edited_key_stays_when_it_leaves_the_configuration() {
    let mut site = Site::new("json", r#"{"a": {"size": 9}}"#);
    site.merge(&value(r#"{"a": {"size": 1}, "b": {"c": 1, "d": 1}}"#));
    site.edit("1", "5");
    site.edit(r#""d": 1"#, r#""d": 7"#);
    let back = site.release();
    assert_eq!(
        back.drift,
        [drift("a/size", None, 1, Some(Value::Int(5))), drift("b/d", None, 1, Some(Value::Int(7)))]
    );
    assert_eq!(site.text(), r#"{"a": {"size": 5}, "b": { "d": 7 }}"#);
}

#[test]
fn an_object_in_the_place_of_a_leaf_gives_the_leaf_back() {
    let mut site = Site::new("json", r#"{"a": [1, 2 /* two */], "z": 0}"#);
    site.merge(&value(r#"{"a": {"b": {"c": 1}, "d": 2}}"#));
    assert_eq!(site.value(), value(r#"{"a": {"b": {"c": 1}, "d": 2}, "z": 0}"#));
    site.release();
    assert_eq!(site.text(), r#"{"a": [1, 2 /* two */], "z": 0}"#);
}

#[test]
fn a_leaf_in_the_place_of_an_object_gives_the_object_back() {
    let text = r#"{"a": {"b": 1, /* c */ "c": [ ]}, "z": 0}"#;
    let mut site = Site::new("json", text);
    site.merge(&value(r#"{"a": 5}"#));
    assert_eq!(site.text(), r#"{"a": 5, "z": 0}"#);
    site.release();
    assert_eq!(site.text(), text);
}

#[test]
fn a_leaf_of_ours_can_become_an_object_and_a_leaf_again() {
    let mut site = Site::new("json", r#"{"a": 9}"#);
    for wanted in
        [r#"{"a": 1}"#, r#"{"a": {"b": 1, "c": {"d": 2}}}"#, r#"{"a": {"c": 3}}"#, r#"{"a": []}"#]
    {
        assert!(site.merge(&value(wanted)).drift.is_empty());
        assert_eq!(site.value(), value(wanted));
    }
    site.release();
    assert_eq!(site.text(), r#"{"a": 9}"#);
}

#[test]
fn a_program_that_changes_the_shape_is_drift() {
    let mut site = Site::new("json", "{}");
    site.merge(&value(r#"{"a": {"b": 1}, "c": 1}"#));
    site.bytes = Some(br#"{"a": 7, "c": {"mine": 1}}"#.to_vec());
    let merged = site.merge(&value(r#"{"a": {"b": 1}, "c": 1}"#));
    assert_eq!(
        merged.drift,
        [
            drift("a/b", Some(1), 1, Some(Value::Int(7))),
            drift("c", Some(1), 1, Some(value(r#"{"mine": 1}"#)))
        ]
    );
    assert_eq!(site.text(), r#"{"a": 7, "c": {"mine": 1}}"#);
    site.choose(&value(r#"{"a": {"b": 1}, "c": 1}"#), Choice::Restore);
    assert_eq!(site.value(), value(r#"{"a": {"b": 1}, "c": 1}"#));
}

#[test]
fn an_object_that_others_use_stays() {
    let mut site = Site::new("json", "{}");
    site.merge(&value(r#"{"a": {"b": 1}}"#));
    site.edit(r#""b": 1"#, r#""b": 1, "mine": 2"#);
    site.release();
    assert_eq!(site.value(), value(r#"{"a": {"mine": 2}}"#));
}

#[test]
fn a_new_file_is_what_the_emitter_writes_and_goes_when_nothing_is_left() {
    for format in hcc::emit::MERGEABLE {
        let wanted = value(r#"{"a": {"b": "x", "c": ["1", "2"]}, "d": "y"}"#);
        let wanted =
            if *format == "ini" { value(r#"{"d": "y", "a": {"b": "x"}}"#) } else { wanted };
        let mut site = Site::of(format, None);
        let merged = site.merge(&wanted);
        assert_eq!(site.text(), crate::kit::emitted(format, &wanted, &site.params), "{format}");
        assert!(merged.changed && !merged.empty);
        assert!(site.release().empty, "{format}: {}", site.text());
    }
}

#[test]
fn a_new_file_to_which_its_program_added_stays() {
    let mut site = Site::of("json", None);
    site.merge(&value(r#"{"a": 1}"#));
    site.edit("\"a\": 1", "\"a\": 1,\n  \"mine\": 2");
    assert!(!site.release().empty);
    assert_eq!(site.value(), value(r#"{"mine": 2}"#));
}

#[test]
fn a_file_that_is_gone_is_all_drift() {
    let mut site = Site::new("json", r#"{"mine": 0}"#);
    site.merge(&value(r#"{"a": 1, "b": 2}"#));
    site.bytes = None;
    let kept = site.try_merge(&value(r#"{"a": 1, "b": 2}"#), Choice::Keep).expect("merges");
    assert_eq!((kept.drift.len(), kept.changed), (2, false));
    site.bytes = None;
    let back = site.choose(&value(r#"{"a": 1, "b": 2}"#), Choice::Restore);
    assert_eq!((back.drift.len(), back.changed), (2, true));
    assert_eq!(site.value(), value(r#"{"a": 1, "b": 2}"#));
}

#[test]
fn an_empty_object_that_is_wanted_is_any_object() {
    let mut site = Site::new("json", r#"{"a": {"mine": 1}, "b": 3}"#);
    site.merge(&value(r#"{"a": {}, "b": {}, "c": {}}"#));
    assert_eq!(site.text(), r#"{"a": {"mine": 1}, "b": {}, "c": {}}"#);
    site.edit(r#""c": {}"#, r#""c": {"mine": 1}"#);
    site.release();
    assert_eq!(site.text(), r#"{"a": {"mine": 1}, "b": 3, "c": {"mine": 1}}"#);
}
