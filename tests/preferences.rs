//! Preferences of macOS: written with their types, and what was there before comes back.

mod support;

use hcc::apply::done::{Done, End};
use hcc::apply::preference::{self, Plan, Wanted};
use support::stand_ins::{Machine, needs};

const MAC: &str = "os=\"darwin\" arch=\"aarch64\"";

/// A Mac whose `defaults` keeps typed values; none where that cannot be run.
fn mac() -> Option<Machine> {
    needs("python3", "no preference is written").then(|| {
        let machine = Machine::with(&["defaults", "killall"]);
        machine.write("running", "Dock\nFinder\nSystemUIServer\n");
        machine
    })
}

fn wanted(machine: &Machine, darwin: &str) -> Vec<Wanted> {
    let wanted = preference::wanted(&machine.document(MAC, &format!("darwin {{ {darwin} }}")));
    let wanted = wanted.unwrap();
    // What is kept in a generation says the same.
    let kept: Vec<Wanted> = serde_json::from_str(&serde_json::to_string(&wanted).unwrap()).unwrap();
    assert_eq!(wanted, kept);
    wanted
}

fn plan(machine: &Machine, wanted: &[Wanted]) -> Plan {
    preference::prepare(wanted, &machine.state, &machine.environment).unwrap()
}

fn run(machine: &Machine, plan: Plan) -> Vec<Done> {
    preference::run(plan, &machine.state, &machine.environment, &mut |_| ())
}

fn apply(machine: &Machine, darwin: &str) -> Vec<Done> {
    run(machine, plan(machine, &wanted(machine, darwin)))
}

fn domain(machine: &Machine, scope: &str, name: &str) -> plist::Dictionary {
    let path = machine.root.join("state/defaults").join(scope).join(name);
    plist::Value::from_file(path).unwrap().into_dictionary().unwrap()
}

/// Sets values as an application or System Settings would.
fn set(machine: &Machine, name: &str, values: &[(&str, plist::Value)]) {
    let folder = machine.root.join("state/defaults/user");
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join(name);
    let old = plist::Value::from_file(&path).ok().and_then(plist::Value::into_dictionary);
    let mut all = old.unwrap_or_default();
    for (key, value) in values {
        all.insert((*key).to_owned(), value.clone());
    }
    plist::Value::Dictionary(all).to_file_xml(path).unwrap();
}

fn steps(plan: &Plan) -> Vec<String> {
    plan.steps.iter().map(ToString::to_string).collect()
}

fn failures(all: &[Done]) -> Vec<&Done> {
    all.iter().filter(|done| !done.is_ok()).collect()
}

#[test]
fn writes_each_key_with_its_exact_type() {
    let Some(machine) = mac() else { return };
    let all = apply(
        &machine,
        r#"defaults {
            dock autohide=#true tilesize=48 autohide-delay=0.24 orientation="left"
            global KeyRepeat=2
            com.example.App Whole=2.0 Empty="" Text="<a> & \"b\"\nc" Yes="true" {
                List 1 "two" #false
                Inner { a 1; b { c "d" } }
            }
        }
        current-host-defaults { com.apple.controlcenter BatteryShowPercentage=#true }"#,
    );
    assert!(failures(&all).is_empty(), "{all:?}");
    let dock = domain(&machine, "user", "com.apple.dock");
    assert_eq!(dock.get("autohide"), Some(&plist::Value::Boolean(true)));
    assert_eq!(dock.get("tilesize"), Some(&plist::Value::Integer(48.into())));
    assert_eq!(dock.get("autohide-delay"), Some(&plist::Value::Real(0.24)));
    assert_eq!(dock.get("orientation"), Some(&plist::Value::String("left".to_owned())));
    let app = domain(&machine, "user", "com.example.App");
    assert_eq!(app.get("Whole"), Some(&plist::Value::Real(2.0)));
    assert_eq!(app.get("Empty"), Some(&plist::Value::String(String::new())));
    assert_eq!(app.get("Text"), Some(&plist::Value::String("<a> & \"b\"\nc".to_owned())));
    assert_eq!(app.get("Yes"), Some(&plist::Value::String("true".to_owned())));
    let list = app.get("List").and_then(plist::Value::as_array).unwrap();
    assert_eq!(list.len(), 3);
    assert_eq!(list[2], plist::Value::Boolean(false));
    let inner = app.get("Inner").and_then(plist::Value::as_dictionary).unwrap();
    let deep = inner.get("b").and_then(plist::Value::as_dictionary).unwrap();
    assert_eq!(deep.get("c"), Some(&plist::Value::String("d".to_owned())));
    assert_eq!(
        domain(&machine, "user", "NSGlobalDomain").get("KeyRepeat"),
        Some(&plist::Value::Integer(2.into()))
    );
    let here = domain(&machine, "host", "com.apple.controlcenter");
    assert_eq!(here.get("BatteryShowPercentage"), Some(&plist::Value::Boolean(true)));
}

#[test]
fn the_plan_says_what_was_there_and_what_will_be() {
    let Some(machine) = mac() else { return };
    set(&machine, "com.apple.dock", &[("tilesize", 64.into())]);
    let wanted = wanted(&machine, "defaults { dock tilesize=48 orientation=\"left\" }");
    let plan = plan(&machine, &wanted);
    assert_eq!(
        steps(&plan),
        [
            "set com.apple.dock tilesize: 64 -> 48",
            "set com.apple.dock orientation: not set -> \"left\"",
        ]
    );
    let restarts: Vec<String> = plan.restarts.iter().map(|command| command.shown()).collect();
    assert_eq!(restarts, ["killall -q Dock"]);
    let json = serde_json::to_value(&plan).unwrap();
    assert_eq!(json["steps"][0]["domain"], "com.apple.dock");
    assert_eq!(json["steps"][0]["from"], "<integer>64</integer>");
    // Only a look: one question for the domain, nothing written down.
    assert_eq!(machine.calls(), ["defaults export com.apple.dock -"]);
    assert!(!machine.state.join("defaults.json").exists());
    let shown: Vec<String> =
        plan.steps.iter().map(|step| step.command().argv.join(" ").replace('\n', " ")).collect();
    run(&machine, plan);
    let ran = machine.calls();
    assert!(shown.iter().all(|step| ran.contains(step)), "{shown:?} {ran:?}");
}

#[test]
fn unchanged_keys_start_no_process() {
    let Some(machine) = mac() else { return };
    let text = "defaults { dock tilesize=48; finder ShowPathbar=#true; com.example.App Zoom=1.5 }";
    apply(&machine, text);
    machine.calls();
    assert!(apply(&machine, text).is_empty());
    assert_eq!(machine.calls(), [""; 0]);
    // One that changed costs its own domain and no other.
    apply(&machine, &text.replace("48", "32"));
    let calls = machine.calls();
    assert_eq!(calls.len(), 3, "{calls:?}");
    assert!(calls.iter().all(|call| call.contains("com.apple.dock") || call.contains("Dock")));
}

#[test]
fn what_was_there_before_comes_back_when_the_key_leaves() {
    let Some(machine) = mac() else { return };
    let date = plist::Value::Date(plist::Date::from_xml_format("2020-01-02T03:04:05Z").unwrap());
    let before = [
        ("tilesize", 64.into()),
        ("delay", plist::Value::Real(0.5)),
        ("data", plist::Value::Data(vec![0, 159, 146, 150])),
        ("date", date),
    ];
    set(&machine, "com.apple.dock", &before);
    let there = domain(&machine, "user", "com.apple.dock");
    apply(&machine, "defaults { dock tilesize=48 delay=0.0 data=\"x\" date=#true new=1 }");
    assert_eq!(domain(&machine, "user", "com.apple.dock").len(), 5);
    // The value before is that before hcc's first, not before its last.
    apply(&machine, "defaults { dock tilesize=32 delay=0.1 data=\"y\" date=#false new=2 }");
    let all = apply(&machine, "");
    assert!(failures(&all).is_empty(), "{all:?}");
    assert_eq!(domain(&machine, "user", "com.apple.dock"), there);
    machine.calls();
    assert!(apply(&machine, "").is_empty());
    assert_eq!(machine.calls(), [""; 0]);
}

#[test]
fn a_rollback_gives_back_what_the_older_generation_had() {
    let Some(machine) = mac() else { return };
    let old = wanted(&machine, "defaults { dock tilesize=48 }");
    run(&machine, plan(&machine, &old));
    apply(&machine, "defaults { dock tilesize=32 autohide=#true }");
    run(&machine, plan(&machine, &old));
    let dock = domain(&machine, "user", "com.apple.dock");
    assert_eq!(dock.get("tilesize"), Some(&plist::Value::Integer(48.into())));
    assert_eq!(dock.get("autohide"), None);
}

#[test]
fn a_value_that_is_there_already_is_not_written_again() {
    let Some(machine) = mac() else { return };
    set(&machine, "com.apple.dock", &[("tilesize", 48.into())]);
    let text = "defaults { dock tilesize=48 }";
    assert!(apply(&machine, text).is_empty());
    assert_eq!(machine.calls(), ["defaults export com.apple.dock -"]);
    assert!(apply(&machine, text).is_empty());
    assert_eq!(machine.calls(), [""; 0]);
    assert!(apply(&machine, "").is_empty());
    assert_eq!(domain(&machine, "user", "com.apple.dock").len(), 1);
    // Of another type it is another value.
    set(&machine, "com.apple.dock", &[("tilesize", plist::Value::Real(48.0))]);
    assert_eq!(steps(&plan(&machine, &wanted(&machine, text))).len(), 1);
}

#[test]
fn a_change_by_hand_stays_and_is_named() {
    let Some(machine) = mac() else { return };
    set(&machine, "com.apple.dock", &[("tilesize", 64.into())]);
    apply(&machine, "defaults { dock tilesize=48 gone=1 }");
    set(&machine, "com.apple.dock", &[("tilesize", 50.into())]);
    let drifted = preference::drift(&machine.state, &machine.environment).unwrap();
    let drifted: Vec<String> = drifted.iter().map(ToString::to_string).collect();
    assert_eq!(drifted, ["com.apple.dock tilesize is 50; hcc wrote 48"]);
    let plan = plan(&machine, &[]);
    assert_eq!(steps(&plan), ["give back com.apple.dock gone: 1 -> not set"]);
    assert_eq!(plan.notes.len(), 1);
    assert!(plan.notes[0].starts_with("com.apple.dock tilesize stays 50"), "{:?}", plan.notes);
    run(&machine, plan);
    let dock = domain(&machine, "user", "com.apple.dock");
    assert_eq!(dock.get("tilesize"), Some(&plist::Value::Integer(50.into())));
    assert_eq!(dock.len(), 1);
    assert!(preference::drift(&machine.state, &machine.environment).unwrap().is_empty());
}

#[test]
fn a_value_that_macos_wrote_in_its_own_way_is_no_change_by_hand() {
    let Some(machine) = mac() else { return };
    apply(&machine, "defaults { dock autohide=#true autohide-delay=0.24 size=2.0 }");
    let rounded = plist::Value::Real(f64::from(0.24_f32));
    let own = [("autohide", 1.into()), ("autohide-delay", rounded), ("size", 2.into())];
    set(&machine, "com.apple.dock", &own);
    assert!(preference::drift(&machine.state, &machine.environment).unwrap().is_empty());
    apply(&machine, "");
    assert!(domain(&machine, "user", "com.apple.dock").is_empty());
}

#[test]
fn restarts_each_part_once_and_only_what_reads_a_key_that_was_written() {
    let Some(machine) = mac() else { return };
    machine.write("fail", "defaults write com.apple.screencapture\n");
    let all = apply(
        &machine,
        "defaults { dock a=1 b=2; spaces spans-displays=#true; finder c=3; screencapture d=4; com.example.App e=5 }",
    );
    assert_eq!(failures(&all).len(), 1, "{all:?}");
    let calls = machine.calls();
    let restarted: Vec<&String> = calls.iter().filter(|call| call.starts_with("killall")).collect();
    assert_eq!(restarted, ["killall -q Dock", "killall -q Finder"]);
    // What is not running needs no restart.
    machine.write("running", "");
    assert!(failures(&apply(&machine, "defaults { dock a=2 }")).is_empty());
}

#[test]
fn macos_reads_keyboard_and_trackpad_again_where_it_can() {
    if !needs("python3", "no preference is written") {
        return;
    }
    let machine = Machine::with(&["defaults", "killall", "activateSettings"]);
    apply(&machine, "defaults { global KeyRepeat=2; trackpad Clicking=#true }");
    let calls = machine.calls();
    assert_eq!(calls.iter().filter(|call| *call == "activateSettings -u").count(), 1, "{calls:?}");
    assert!(calls.iter().all(|call| !call.starts_with("killall")), "{calls:?}");
}

#[test]
fn a_key_that_cannot_be_written_spoils_no_other_and_is_tried_again() {
    let Some(machine) = mac() else { return };
    set(&machine, "com.apple.Safari", &[("Zoom", 1.into())]);
    machine.write("fail", "defaults write com.apple.Safari\n");
    let text = "defaults { safari Zoom=2; dock tilesize=48 }";
    let all = apply(&machine, text);
    let failed = failures(&all);
    assert_eq!(failed.len(), 1, "{all:?}");
    let End::Failed { reason } = &failed[0].end else { panic!("{failed:?}") };
    assert!(reason.contains("Full Disk Access"), "{reason}");
    assert_eq!(
        domain(&machine, "user", "com.apple.dock").get("tilesize"),
        Some(&plist::Value::Integer(48.into()))
    );
    // The user does it by hand meanwhile; leaving the configuration does not take that away.
    set(&machine, "com.apple.Safari", &[("Zoom", 3.into())]);
    apply(&machine, "defaults { dock tilesize=48 }");
    assert_eq!(
        domain(&machine, "user", "com.apple.Safari").get("Zoom"),
        Some(&plist::Value::Integer(3.into()))
    );
    machine.write("fail", "");
    assert!(failures(&apply(&machine, text)).is_empty());
    assert_eq!(
        domain(&machine, "user", "com.apple.Safari").get("Zoom"),
        Some(&plist::Value::Integer(2.into()))
    );
}

#[test]
fn a_domain_that_cannot_be_read_is_not_written() {
    let Some(machine) = mac() else { return };
    machine.write("fail", "defaults export com.apple.dock\n");
    let all = apply(&machine, "defaults { dock tilesize=48; finder ShowPathbar=#true }");
    let failed = failures(&all);
    assert_eq!(failed.len(), 1, "{all:?}");
    assert_eq!(failed[0].what, "read the preferences com.apple.dock");
    assert!(machine.calls().iter().all(|call| !call.starts_with("defaults write com.apple.dock")));
}

#[test]
fn killed_while_it_writes_it_still_knows_what_was_there_before() {
    let Some(machine) = mac() else { return };
    set(&machine, "com.apple.dock", &[("a", 1.into()), ("b", 1.into())]);
    machine.write("watch", machine.state.join("defaults.json").as_str());
    let text = "defaults { dock a=2 b=2 c=2 }";
    apply(&machine, text);
    // What was on disk when the first key was written is all that is left of that run; the last
    // key was not written any more.
    let seen = machine.read("seen");
    std::fs::write(machine.state.join("defaults.json"), &seen).unwrap();
    set(&machine, "com.apple.dock", &[("b", 1.into())]);
    let next = plan(&machine, &wanted(&machine, text));
    assert_eq!(steps(&next), ["set com.apple.dock b: 1 -> 2"]);
    // Also without finishing, all comes back.
    std::fs::write(machine.state.join("defaults.json"), &seen).unwrap();
    apply(&machine, "");
    let dock = domain(&machine, "user", "com.apple.dock");
    assert_eq!(dock.get("a"), Some(&plist::Value::Integer(1.into())));
    assert_eq!(dock.get("b"), Some(&plist::Value::Integer(1.into())));
    assert_eq!(dock.get("c"), None);
}

#[test]
fn without_defaults_it_is_one_line_and_no_failure() {
    let machine = Machine::with(&[]);
    let wanted = wanted(&machine, "defaults { dock tilesize=48 autohide=#true }");
    let plan = plan(&machine, &wanted);
    assert_eq!(plan.notes.len(), 1);
    assert!(plan.notes[0].starts_with("2 preferences are left as they are"), "{:?}", plan.notes);
    assert!(run(&machine, plan).is_empty());
    assert!(self::plan(&machine, &[]).notes.is_empty());
}
