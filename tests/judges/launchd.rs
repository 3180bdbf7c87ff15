//! Python's plistlib reads the property lists, and finds in them the values that were meant.

use std::collections::BTreeMap;

use hcc::ir::Content;

use super::home::{Home, installed};

const LOAD: &str = "import json, plistlib, sys; print(json.dumps(plistlib.load(open(sys.argv[1], 'rb')), sort_keys=True))";

/// What Python finds in one property list of a home.
#[track_caller]
pub fn read(home: &Home, path: &str) -> serde_json::Value {
    let files = home.documents.iter().flat_map(|document| &document.files);
    let file = files.into_iter().find(|file| file.path == path);
    home.write("one.plist", &file.unwrap_or_else(|| panic!("no {path}")).text);
    let read = home.run("python3", &["-c", LOAD, "one.plist"]).clean();
    serde_json::from_str(&read).expect("an object")
}

/// Every property list of a configuration is what the IR says it is; how many there are.
#[track_caller]
pub fn agree(home: &Home) -> usize {
    let files = home.documents.iter().flat_map(|document| &document.files);
    let mut count = 0;
    for file in files {
        let Content::Data { format: "plist", value, .. } = &file.content else { continue };
        home.write("one.plist", &file.text);
        let read = home.run("python3", &["-c", LOAD, "one.plist"]).clean();
        let read: BTreeMap<String, serde_json::Value> =
            serde_json::from_str(&read).expect("an object");
        let said = serde_json::to_value(value).expect("a value");
        assert_eq!(serde_json::to_value(&read).expect("a value"), said, "{}", file.path);
        count += 1;
    }
    count
}

#[test]
fn agents_are_read_as_they_were_said() {
    if installed("python3") {
        assert_eq!(agree(&Home::fixture("launchd")), 4);
    }
}
