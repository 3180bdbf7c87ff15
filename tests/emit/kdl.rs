//! KDL is read back by the `kdl` crate, and version 1 by ckdl.

use hcc::emit::Params;
use kdl::{KdlDocument, KdlValue};

use crate::kit::{has_python, held, keys, map, params, python, string, texts, value, write};

#[test]
fn every_text_comes_back_as_argument_property_and_name() {
    let none = Params::default();
    let values = held(&texts(), |_| false, |text| write("kdl", &map([("k", string(text))]), &none));
    for text in &values {
        let tree =
            map([("k", map([("_args", string(text)), ("_props", map([("p", string(text))]))]))]);
        let text_of = write("kdl", &tree, &none).unwrap().text;
        let read: KdlDocument =
            text_of.parse().unwrap_or_else(|error| panic!("{error}\n{text_of}"));
        let node = &read.nodes()[0];
        assert_eq!(node.get(0), Some(&KdlValue::String(text.clone())), "{text_of}");
        assert_eq!(node.get("p"), Some(&KdlValue::String(text.clone())), "{text_of}");
    }
    for name in keys() {
        let text =
            write("kdl", &map([(&name, map([("_props", map([(&name, string("v"))]))]))]), &none)
                .unwrap()
                .text;
        let read: KdlDocument = text.parse().unwrap_or_else(|error| panic!("{error}\n{text}"));
        assert_eq!(read.nodes()[0].name().value(), name);
        assert_eq!(
            read.nodes()[0].get(name.as_str()),
            Some(&KdlValue::String("v".into())),
            "{text}"
        );
    }
    if !has_python("ckdl") {
        return;
    }
    let one = params(&[]);
    let one = Params { list: one.list.into_iter().chain([version(1)]).collect() };
    let texts: Vec<String> = values
        .iter()
        .map(|text| write("kdl", &map([("k", string(text))]), &one).unwrap().text)
        .collect();
    let script = "import ckdl\nprint(json.dumps([ckdl.parse(t, version=1).nodes[0].args[0] for t in texts]))";
    assert_eq!(python(script, &texts), serde_json::json!(values));
}

fn version(number: i128) -> hcc::emit::Said {
    hcc::emit::Said {
        name: "version".into(),
        args: vec![hcc::ir::Value::Int(number)],
        props: Default::default(),
    }
}

#[test]
fn nodes_stand_as_their_reader_wants_them() {
    let mut niri = params(&[
        ("flag", &[]),
        ("valued", &["open-floating", "rule.vrr"]),
        ("named", &["output"]),
        ("props", &["match"]),
        ("repeat", &["proportion"]),
    ]);
    niri.list.push(version(1));
    let tree = value(
        r#"{"input": {"touchpad": {"tap": true, "dwt": false}}, "output": {"eDP-1": {"scale": 1.5, "mode": "1x1", "vrr": true}, "off": {}},
        "spawn-at-startup": [["waybar", "-l"], "mako"], "widths": {"proportion": [0.5, 1.0]}, "empty": [],
        "rule": [{"match": [{"app-id": "a"}, {"app-id": "b", "active": true}], "open-floating": true, "vrr": false}, {"match": {"title": "c \"d\""}}],
        "binds": {"Mod+T": {"_props": {"repeat": false}, "spawn": ["sh", "-c", "x"]}, "Mod+Q": {"close": true}}, "x": null, "true": 2}"#,
    );
    let text = write("kdl", &tree, &niri).unwrap().text;
    insta::assert_snapshot!(text, @r#"
    input {
        touchpad {
            tap
        }
    }
    output "eDP-1" {
        scale 1.5
        mode "1x1"
        vrr
    }
    output "off"
    spawn-at-startup "waybar" "-l"
    spawn-at-startup "mako"
    widths {
        proportion 0.5
        proportion 1.0
    }
    empty
    rule {
        match app-id="a"
        match app-id="b" active=true
        open-floating true
        vrr false
    }
    rule {
        match title="c \"d\""
    }
    binds {
        "Mod+T" repeat=false {
            spawn "sh" "-c" "x"
        }
        "Mod+Q" {
            close
        }
    }
    x null
    "true" 2
    "#);
    let two: String =
        write("kdl", &value(r#"{"a": [true, null, -2.5], "b": false}"#), &Params::default())
            .unwrap()
            .text;
    assert_eq!(two, "a #true #null -2.5\nb #false\n");
    for wrong in
        [r#"{"_args": [1]}"#, r#"{"a": {"_props": 1}}"#, r#"{"a": {"_args": [[1]]}}"#, "[1]"]
    {
        assert!(write("kdl", &value(wrong), &Params::default()).is_err(), "{wrong}");
    }
    let odd = Params { list: vec![version(3)] };
    assert!(write("kdl", &value(r#"{"a": 1}"#), &odd).is_err());
}
