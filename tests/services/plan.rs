//! What is planned for systemd, by itself: each rule, with units that run, do not, and failed.

use std::collections::BTreeMap;

use hcc::apply::service::systemd::{Active, State};
use hcc::apply::service::{Found, Manager, plan};

use super::kit::{shown, units};

const NOBODY: Vec<String> = Vec::new();

const fn state(active: Active, tried: bool) -> State {
    let (outdated, can_reload, refuses_stop) = (false, false, false);
    State {
        active,
        tried,
        outdated,
        can_reload,
        refuses_stop,
        dependents: NOBODY,
        triggers: NOBODY,
    }
}

const UP: State = state(Active::Up, true);
const DOWN: State = state(Active::Down, false);
const ENDED: State = state(Active::Down, true);
const FAILED: State = state(Active::Failed, true);

type Files<'a> = &'a [(&'a str, &'a str)];

/// The steps of a switch but for reading the files again, which comes with any change of them.
#[track_caller]
fn steps(old: Files<'_>, new: Files<'_>, states: &[(&str, State)]) -> Vec<String> {
    let all = all(old, new, states);
    let reload = "reload the user's systemd: unit files changed";
    assert_eq!(all.iter().any(|step| step == reload), old != new);
    all.into_iter().filter(|step| step != reload).collect()
}

fn all(old: Files<'_>, new: Files<'_>, states: &[(&str, State)]) -> Vec<String> {
    let states: BTreeMap<String, State> =
        states.iter().map(|(name, state)| ((*name).to_owned(), state.clone())).collect();
    let mut found = Found::default();
    found.systemd.insert(Manager::SystemdUser, states);
    shown(&plan(&units(old), &units(new), &found))
}

/// What is done with `a.service` when it changes from one text to another, in one state.
#[track_caller]
fn change(old: &str, new: &str, state: State) -> Vec<String> {
    steps(&[("a.service", old)], &[("a.service", new)], &[("a.service", state)])
}

const ONE: &str = "[Service]\nExecStart=/bin/one\n";
const TWO: &str = "[Service]\nExecStart=/bin/two\n";
const NOTHING: [&str; 0] = [];
const AGAIN: [&str; 2] = ["stop a.service: changed", "start a.service: changed"];

#[test]
fn what_means_the_same_disturbs_nothing() {
    for new in [
        ONE,
        "# why\n\n[Service]\n  ExecStart = /bin/one  \n; more\n",
        "[Unit]\nDescription=x\nDocumentation=man:x\n[Service]\nExecStart=/bin/one\n",
        "[Service]\nExecStart=/bin/one\n[Install]\nWantedBy=default.target\n",
        "[Unit]\nX-SwitchMethod=restart\n[Service]\nExecStart=/bin/one\n",
        "[Service]\nExecStart=/bin/zero\nExecStart=\nExecStart=/bin/one\n",
    ] {
        // The last one is a reset, which is only the same for somebody who knows all of it.
        let expected: &[&str] = if new.contains("zero") { &AGAIN } else { &NOTHING };
        assert_eq!(change(ONE, new, UP), expected, "{new}");
    }
    let (long, short) =
        ("[Service]\nExecStart=/bin/a \\\n# why\n  b\n", "[Service]\nExecStart=/bin/a  b\n");
    assert_eq!(change(long, short, UP), NOTHING);
}

#[test]
fn the_order_of_keys_counts_only_within_a_key() {
    let unit = |lines: &str| format!("[Socket]\n{lines}\n");
    let change = |old: &str, new: &str| {
        let (old, new) = (unit(old), unit(new));
        steps(&[("a.socket", &old)], &[("a.socket", &new)], &[("a.socket", UP)]).len()
    };
    assert_eq!(change("Accept=no\nBacklog=1", "Backlog=1\nAccept=no"), 0);
    assert_eq!(change("ListenStream=1\nListenStream=2", "ListenStream=2\nListenStream=1"), 2);
    // A service gets its sockets in this order.
    assert_eq!(change("ListenStream=1\nListenDatagram=2", "ListenDatagram=2\nListenStream=1"), 2);
}

#[test]
fn a_changed_unit_is_stopped_and_started() {
    assert_eq!(change(ONE, TWO, UP), AGAIN);
    let triggers = |value: &str| format!("[Unit]\nX-Restart-Triggers={value}\n{ONE}");
    assert_eq!(change(&triggers("1"), &triggers("2"), UP), AGAIN);
    let order = all(&[("a.service", ONE)], &[("a.service", TWO)], &[("a.service", UP)]);
    let reload = "reload the user's systemd: unit files changed";
    assert_eq!(order, [AGAIN[0], reload, AGAIN[1]]);
}

#[test]
fn a_unit_says_how_it_is_changed() {
    let restart = ["restart a.service: changed"];
    let reload = ["reload a.service: changed"];
    let keep = ["keep a.service: changed, but it keeps the old one until it is restarted"];
    let reloads = "[Service]\nExecStart=/bin/two\nExecReload=/bin/true\n";
    let notifies = "[Service]\nType=notify-reload\nExecStart=/bin/two\n";
    for (lines, service, expected) in [
        ("X-SwitchMethod=stop-start", TWO, &AGAIN[..]),
        ("X-SwitchMethod=restart", TWO, &restart),
        ("X-SwitchMethod=keep-old", TWO, &keep),
        ("X-SwitchMethod=reload", reloads, &reload),
        ("X-SwitchMethod=reload", notifies, &reload),
        // systemd would refuse to reload it.
        ("X-SwitchMethod=reload", TWO, &restart),
        ("X-SwitchMethod=nonsense", TWO, &AGAIN),
        ("X-ReloadIfChanged=true", reloads, &reload),
        ("X-RestartIfChanged=false", TWO, &keep),
        ("X-StopIfChanged=no", TWO, &restart),
        ("X-StopIfChanged=yes", TWO, &AGAIN),
        ("X-SwitchMethod=restart\nX-RestartIfChanged=false", TWO, &restart),
    ] {
        let new = format!("[Unit]\n{lines}\n{service}");
        assert_eq!(change(ONE, &new, UP), expected, "{new}");
    }
}

#[test]
fn a_reload_trigger_reloads() {
    let unit = |value: &str, rest: &str| format!("[Unit]\nX-Reload-Triggers={value}\n{rest}");
    let reloads = "[Service]\nExecStart=/bin/one\nExecReload=/bin/true\n";
    let steps = change(&unit("1", reloads), &unit("2", reloads), UP);
    assert_eq!(steps, ["reload a.service: X-Reload-Triggers changed"]);
    assert_eq!(change(&unit("1", ONE), &unit("2", ONE), UP), ["restart a.service: changed"]);
    assert_eq!(change(&unit("1", reloads), &unit("2", TWO), UP), AGAIN);
}

#[test]
fn refusals_are_respected() {
    let refuses = |what: &str, rest: &str| format!("[Unit]\nRefuseManual{what}=yes\n{rest}");
    let up_refusing = State { refuses_stop: true, ..UP };
    let keep = ["keep a.service: changed, but it has RefuseManualStop=yes"];
    assert_eq!(change(&refuses("Stop", ONE), &refuses("Stop", TWO), up_refusing.clone()), keep);
    // What runs counts, not what the file says.
    assert_eq!(change(ONE, TWO, up_refusing.clone()), keep);
    let stop = ["stop a.service: changed; RefuseManualStart=yes"];
    assert_eq!(change(&refuses("Start", ONE), &refuses("Start", TWO), UP), stop);
    let a = "a.service";
    let wants = ("default.target.wants/a.service", "-> ../a.service");
    let new = refuses("Start", ONE);
    let states = [(a, DOWN), ("default.target", UP)];
    assert_eq!(steps(&[], &[(a, &new), wants], &states), NOTHING);
    let taken = ["keep a.service: new, but it has RefuseManualStart=yes"];
    assert_eq!(steps(&[], &[(a, &new)], &[(a, UP)]), taken);
    let left = ["keep a.service: removed, but it has RefuseManualStop=yes"];
    assert_eq!(steps(&[(a, &refuses("Stop", ONE))], &[], &[(a, up_refusing)]), left);
}

#[test]
fn targets_and_slices_are_never_stopped_for_a_change() {
    for name in ["t.target", "t.slice"] {
        let change = |new: &str| {
            steps(&[(name, "[Unit]\nWants=a.service\n")], &[(name, new)], &[(name, UP)])
        };
        assert_eq!(change("[Unit]\nWants=b.service\n"), [format!("start {name}: changed")]);
        let refuses = "[Unit]\nRefuseManualStart=yes\n";
        assert_eq!(
            change(refuses),
            [format!("keep {name}: changed, but it has RefuseManualStart=yes")]
        );
    }
    let left = steps(&[("t.target", "[Unit]\n")], &[], &[("t.target", UP)]);
    assert_eq!(left, ["stop t.target: removed"]);
}

#[test]
fn a_unit_that_somebody_else_started_is_taken_over() {
    let taken = ["stop a.service: new", "start a.service: new"];
    assert_eq!(steps(&[], &[("a.service", ONE)], &[("a.service", UP)]), taken);
}

#[test]
fn what_leaves_is_stopped() {
    let old = [("a.service", ONE)];
    let stop = ["stop a.service: removed"];
    assert_eq!(steps(&old, &[], &[("a.service", UP)]), stop);
    // Its failure would be remembered.
    assert_eq!(steps(&old, &[], &[("a.service", FAILED)]), stop);
    assert_eq!(steps(&old, &[], &[("a.service", ENDED)]), NOTHING);
    for mask in ["-> /dev/null", ""] {
        assert_eq!(change(ONE, mask, UP), stop);
        assert_eq!(change(mask, ONE, ENDED), NOTHING);
    }
}

#[test]
fn what_is_wanted_is_started_once() {
    let a = ("a.service", ONE);
    let wants = ("default.target.wants/a.service", "-> ../a.service");
    let with = |state: State| [("a.service", state), ("default.target", UP)];
    assert_eq!(
        steps(&[], &[a, wants], &with(DOWN)),
        ["start a.service: new, wanted by default.target"]
    );
    assert_eq!(
        steps(&[a], &[a, wants], &with(ENDED)),
        ["start a.service: now wanted by default.target"]
    );
    let both = [a, wants];
    let changed = [("a.service", TWO), wants];
    let why = ["start a.service: changed, wanted by default.target"];
    assert_eq!(steps(&both, &changed, &with(ENDED)), why);
    // A switch that was cut short, or a job that failed, is made up for.
    assert_eq!(steps(&both, &both, &with(DOWN)), ["start a.service: wanted by default.target"]);
    assert_eq!(
        steps(&both, &both, &with(FAILED)),
        ["start a.service: it failed, wanted by default.target"]
    );
    // One that ran and ended, or that the user stopped, is left so.
    assert_eq!(steps(&both, &both, &with(ENDED)), NOTHING);
    assert_eq!(steps(&both, &[a], &with(UP)), NOTHING);
    for folder in ["default.target.requires", "default.target.upholds"] {
        let link = format!("{folder}/a.service");
        assert_eq!(steps(&[], &[a, (&link, "-> ../a.service")], &with(DOWN)).len(), 1, "{folder}");
    }
}

#[test]
fn nothing_is_started_that_nobody_wants_now() {
    let a = ("a.service", ONE);
    let wants = ("work.target.wants/a.service", "-> ../a.service");
    for target in [DOWN, ENDED, FAILED] {
        assert_eq!(
            steps(&[], &[a, wants], &[("a.service", DOWN), ("work.target", target)]),
            NOTHING
        );
    }
    assert_eq!(steps(&[], &[a], &[("a.service", DOWN)]), NOTHING);
    assert_eq!(change(ONE, TWO, ENDED), NOTHING);
    // A link to somebody else's unit is none of ours to start.
    let foreign =
        [("default.target.wants/other.service", "-> /usr/lib/systemd/user/other.service")];
    assert_eq!(steps(&[], &foreign, &[("other.service", DOWN), ("default.target", UP)]), NOTHING);
}

#[test]
fn who_is_not_ours_is_left_alone() {
    let states = [("a.service", UP), ("other.service", UP), ("third.service", FAILED)];
    assert_eq!(steps(&[("a.service", ONE)], &[("a.service", ONE)], &states), NOTHING);
}

#[test]
fn instances_have_the_definition_of_their_template() {
    let states = [("t@1.service", UP), ("t@2.service", ENDED), ("t-x.service", UP)];
    let again = ["stop t@1.service: changed", "start t@1.service: changed"];
    assert_eq!(steps(&[("t@.service", ONE)], &[("t@.service", TWO)], &states), again);
    let removed = ["stop t@1.service: removed"];
    assert_eq!(steps(&[("t@.service", ONE)], &[], &states), removed);
    // Unless they have one of their own.
    let own = ("t@1.service", ONE);
    assert_eq!(steps(&[("t@.service", ONE), own], &[("t@.service", TWO), own], &states), NOTHING);
    let wants = ("default.target.wants/t@3.service", "-> ../t@.service");
    let states = [("t@3.service", DOWN), ("default.target", UP)];
    let started = ["start t@3.service: new, wanted by default.target"];
    assert_eq!(steps(&[], &[("t@.service", ONE), wants], &states), started);
}

#[test]
fn drop_ins_are_part_of_their_units() {
    let nice = "[Service]\nNice=1\n";
    let a = ("a-b.service", ONE);
    let again = ["stop a-b.service: changed", "start a-b.service: changed"];
    for folder in ["a-b.service.d", "a-.service.d", "service.d"] {
        let path = format!("{folder}/10.conf");
        let with = [a, (path.as_str(), nice)];
        assert_eq!(steps(&[a], &with, &[("a-b.service", UP)]), again, "{folder}");
        assert_eq!(steps(&with, &with, &[("a-b.service", UP)]), NOTHING);
    }
    // A more special one of the same name hides the other.
    let special = ("a-b.service.d/10.conf", nice);
    let both = [a, special, ("service.d/10.conf", "[Service]\nNice=9\n")];
    assert_eq!(steps(&[a, special], &both, &[("a-b.service", UP)]), NOTHING);
    let other = [a, ("a-b.service.d/notes.txt", nice)];
    assert_eq!(steps(&[a], &other, &[("a-b.service", UP)]), NOTHING);
}

#[test]
fn somebody_elses_unit_goes_on_without_our_drop_in() {
    let drop_in = [("o.service.d/10.conf", "[Service]\nNice=1\n")];
    let (new, gone) = ("it has a new drop-in", "its drop-in was removed");
    let again = |why: &str| [format!("stop o.service: {why}"), format!("start o.service: {why}")];
    assert_eq!(steps(&[], &drop_in, &[("o.service", UP)]), again(new));
    assert_eq!(steps(&drop_in, &[], &[("o.service", UP)]), again(gone));
    let triggers = |n: u8| format!("[Unit]\nX-Reload-Triggers={n}\n");
    let (one, two) = (triggers(1), triggers(2));
    let reloads = State { can_reload: true, ..UP };
    let name = "o.service.d/10.conf";
    let done = steps(&[(name, &one)], &[(name, &two)], &[("o.service", reloads)]);
    assert_eq!(done, ["reload o.service: X-Reload-Triggers changed"]);
}

#[test]
fn a_restart_takes_along_who_would_stop_too() {
    let needed = State { dependents: vec!["b.service".to_owned()], ..UP };
    let change = |b: State| {
        let states = [("a.service", needed.clone()), ("b.service", b)];
        steps(&[("a.service", ONE)], &[("a.service", TWO)], &states)
    };
    assert_eq!(change(UP), ["restart a.service: changed; with it b.service"]);
    assert_eq!(change(ENDED), AGAIN);
}

#[test]
fn a_changed_socket_stops_its_service_first() {
    let socket = State { triggers: vec!["s.service".to_owned()], ..UP };
    let files = |port: u16| format!("[Socket]\nListenStream={port}\n");
    let (one, two) = (files(1), files(2));
    let change = |service: State| {
        let states = [("s.socket", socket.clone()), ("s.service", service)];
        steps(&[("s.socket", &one)], &[("s.socket", &two)], &states)
    };
    let changed = ["stop s.socket: changed", "start s.socket: changed"];
    assert_eq!(change(ENDED), changed);
    let both = [
        "stop s.socket: changed",
        "stop s.service: s.socket changed",
        "start s.socket: changed",
        "start s.service: s.socket changed",
    ];
    assert_eq!(change(UP), both);
}

#[test]
fn units_are_started_in_their_order_and_stopped_in_reverse() {
    let text = |order: &str, nice: u8| {
        format!("[Unit]\n{order}\n[Service]\nExecStart=/bin/x\nNice={nice}\n")
    };
    let files = |nice: u8| {
        [
            ("a.service", text("After=b.service", nice)),
            ("b.service", text("After=other.service c.service", nice)),
            ("c.service", text("", nice)),
            ("d.service", text("Before=c.service", nice)),
        ]
    };
    let states: Vec<_> = ["a", "b", "c", "d"].map(|name| (format!("{name}.service"), UP)).into();
    let states: Vec<_> =
        states.iter().map(|(name, state)| (name.as_str(), state.clone())).collect();
    let (old, new) = (files(1), files(2));
    let old: Vec<(&str, &str)> = old.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let new: Vec<(&str, &str)> = new.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let order = |name: &str, action: &str| format!("{action} {name}.service: changed");
    let stops = ["a", "b", "c", "d"].map(|name| order(name, "stop"));
    let starts = ["d", "c", "b", "a"].map(|name| order(name, "start"));
    assert_eq!(steps(&old, &new, &states), [stops, starts].concat());
    // A circle has no order, and is no trap.
    let circle = |other: &str, nice: u8| text(&format!("After={other}.service"), nice);
    let (a1, b1, a2, b2) = (circle("b", 1), circle("a", 1), circle("b", 2), circle("a", 2));
    let old = [("a.service", a1.as_str()), ("b.service", &b1)];
    let new = [("a.service", a2.as_str()), ("b.service", &b2)];
    assert_eq!(steps(&old, &new, &[("a.service", UP), ("b.service", UP)]).len(), 4);
}

#[test]
fn other_names_are_no_other_units() {
    let a = ("a.service", ONE);
    let alias = ("b.service", "-> a.service");
    let wants = ("default.target.wants/b.service", "-> ../b.service");
    let states = [("a.service", DOWN), ("default.target", UP)];
    let started = ["start a.service: new, wanted by default.target"];
    assert_eq!(steps(&[], &[a, alias, wants], &states), started);
}

#[test]
fn a_file_out_of_date_is_read_again() {
    let files = [("a.service", ONE)];
    let outdated = State { outdated: true, ..UP };
    let reload = ["reload the user's systemd: unit files changed"];
    assert_eq!(all(&files, &files, &[("a.service", outdated)]), reload);
}

#[test]
fn any_text_can_be_compared() {
    for text in [
        "",
        "\u{0}\u{feff}[",
        "[Unit",
        "=\n==\n[]\n",
        "a\\",
        "\\\n\\\n",
        "[Unit]\nRefuseManualStop",
        "é=ü",
    ] {
        let both = [("a.service", ONE), ("odd.service", text), ("odd.service.d/x.conf", text)];
        let changed = [("a.service", TWO), ("odd.service", ONE)];
        let states = [("a.service", UP), ("odd.service", UP)];
        assert_eq!(steps(&both, &both, &states), NOTHING, "{text:?}");
        assert!(steps(&both, &changed, &states).contains(&AGAIN[0].to_owned()), "{text:?}");
        let odd = [(text, text), ("x/y/z", text), ("..service", text), ("@.service", ONE)];
        assert_eq!(steps(&odd, &odd, &[]), NOTHING, "{text:?}");
    }
}

#[test]
fn steps_are_data_too() {
    let files = [("a.service", ONE)];
    let mut found = Found::default();
    let states = BTreeMap::from([("a.service".to_owned(), UP)]);
    found.systemd.insert(Manager::SystemdUser, states);
    let steps = plan(&units(&files), &[], &found);
    let json = serde_json::to_value(&steps).expect("JSON");
    let expected = serde_json::json!([
        {"manager": "systemd-user", "action": "stop", "unit": "a.service", "why": "removed"},
        {"manager": "systemd-user", "action": "reload-manager", "why": "unit files changed"},
    ]);
    assert_eq!(json, expected);
}
