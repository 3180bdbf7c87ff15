//! What is run after the files are in place.

mod support;

use hcc::apply::action::{self, Changes, Files, Plan, Wanted};
use hcc::apply::command::Environment;
use hcc::apply::done::{Done, End};
use support::stand_ins::Machine;

const LINUX: &str = "os=\"linux\" distro=\"debian\"";

fn wanted(machine: &Machine, home: &str) -> Wanted {
    let wanted = action::wanted(&machine.document(LINUX, &format!("home {{ {home} }}")));
    // What is kept in a generation says the same.
    let kept = serde_json::from_str(&serde_json::to_string(&wanted).unwrap()).unwrap();
    assert_eq!(wanted, kept);
    wanted
}

fn environment(machine: &Machine) -> Environment {
    let path = "/usr/bin:/bin".to_owned();
    let home = machine.home.clone();
    let base = Environment { variables: vec![("PATH".to_owned(), path)], folder: home };
    action::environment(&base, 7, "h", Some("alice"))
}

fn prepare(machine: &Machine, wanted: &Wanted, changed: &[&str], generation: bool) -> Plan {
    let paths: Vec<String> = changed.iter().map(|path| (*path).to_owned()).collect();
    action::prepare(wanted, Changes { generation, paths: &paths }, &machine.state).unwrap()
}

fn run(machine: &Machine, plan: &Plan) -> Vec<Done> {
    action::run(plan, Files::Placed, &machine.state, &environment(machine), &mut |_| ())
}

fn shown(plan: &Plan) -> Vec<String> {
    plan.steps.iter().map(ToString::to_string).collect()
}

fn home(machine: &Machine, name: &str) -> String {
    std::fs::read_to_string(machine.home.join(name)).unwrap_or_default()
}

#[test]
fn activations_run_in_their_order_at_every_change() {
    let machine = Machine::with(&[]);
    let text = r#"activation "c" "echo c >> log" after="b"
        activation "b" "echo b >> log" needs="a"
        activation "a" "echo a >> log" after="files""#;
    let wanted = wanted(&machine, text);
    let plan = prepare(&machine, &wanted, &[], true);
    assert_eq!(
        shown(&plan),
        ["run the activation `a`", "run the activation `b`", "run the activation `c`"]
    );
    assert!(run(&machine, &plan).iter().all(Done::is_ok));
    run(&machine, &prepare(&machine, &wanted, &[".x"], true));
    assert_eq!(home(&machine, "log"), "a\nb\nc\na\nb\nc\n");
    // Where nothing changed, nothing is run, and nothing is written down.
    assert!(prepare(&machine, &wanted, &[], false).steps.is_empty());
    assert!(!machine.state.join("actions.json").exists());
}

#[test]
fn a_command_of_files_runs_once_and_only_when_one_of_them_changed() {
    let machine = Machine::with(&[]);
    std::fs::create_dir(machine.root.join("dir")).unwrap();
    std::fs::write(machine.root.join("dir/inner"), "x").unwrap();
    let text = r#"file ".a" text="1" on-change="echo reload >> log"
        file ".b" text="2" on-change="echo reload >> log"
        file ".c" text="3" on-change="echo other >> log"
        file ".d" on-change="echo folder >> log" { source "dir" }
        activation "last" "echo last >> log""#;
    let wanted = wanted(&machine, text);
    let plan = prepare(&machine, &wanted, &[".a", ".b"], true);
    assert_eq!(shown(&plan), ["run `echo reload >> log` for .a, .b", "run the activation `last`"]);
    run(&machine, &plan);
    assert_eq!(home(&machine, "log"), "reload\nlast\n");
    let plan = prepare(&machine, &wanted, &[".b"], true);
    assert_eq!(shown(&plan), ["run `echo reload >> log` for .b", "run the activation `last`"]);
    let plan = prepare(&machine, &wanted, &[".d/inner", ".dd"], true);
    assert_eq!(shown(&plan), ["run `echo folder >> log` for .d", "run the activation `last`"]);
}

#[test]
fn one_that_fails_keeps_only_those_that_need_it() {
    let machine = Machine::with(&[]);
    let text = r#"activation "bad" "echo out; echo err >&2; exit 3"
        activation "needs" "echo needs >> log" needs="bad"
        activation "deep" "echo deep >> log" needs="needs"
        activation "after" "echo after >> log" after="bad"
        activation "other" "echo other >> log""#;
    let wanted = wanted(&machine, text);
    let all = run(&machine, &prepare(&machine, &wanted, &[], true));
    assert_eq!(home(&machine, "log"), "after\nother\n");
    let of = |name: &str| {
        let what = format!("run the activation `{name}`");
        &all.iter().find(|done| done.what == what).unwrap().end
    };
    assert_eq!(*of("bad"), End::Failed { reason: "it ended with 3:\nout\nerr".to_owned() });
    let skipped =
        |name: &str| End::Skipped { reason: format!("it needs `{name}`, which did not succeed") };
    assert_eq!(*of("needs"), skipped("bad"));
    assert_eq!(*of("deep"), skipped("needs"));
    assert!(matches!(of("after"), End::Done { .. }));
}

#[test]
fn what_failed_is_tried_again_though_nothing_changed() {
    let machine = Machine::with(&[]);
    let text = r#"activation "once" "echo once >> log"
        activation "bad" "test -e ok"
        activation "needs" "echo needs >> log" needs="bad"
        file ".a" text="1" on-change="test -e ok && echo reload >> log""#;
    let wanted = wanted(&machine, text);
    run(&machine, &prepare(&machine, &wanted, &[".a"], true));
    assert_eq!(home(&machine, "log"), "once\n");
    let again = prepare(&machine, &wanted, &[], false);
    assert_eq!(
        shown(&again),
        [
            "run `test -e ok && echo reload >> log` (again: it failed before) for .a",
            "run the activation `bad` (again: it failed before)",
            "run the activation `needs` (again: it failed before)",
        ]
    );
    std::fs::write(machine.home.join("ok"), "").unwrap();
    assert!(run(&machine, &again).iter().all(Done::is_ok));
    assert_eq!(home(&machine, "log"), "once\nreload\nneeds\n");
    assert!(prepare(&machine, &wanted, &[], false).steps.is_empty());
}

#[test]
fn what_left_the_configuration_is_not_tried_again() {
    let machine = Machine::with(&[]);
    let old = wanted(&machine, r#"activation "bad" "false""#);
    run(&machine, &prepare(&machine, &old, &[], true));
    let new = wanted(&machine, r#"activation "good" "true""#);
    assert!(prepare(&machine, &new, &[], false).steps.is_empty());
}

#[test]
fn what_a_kill_keeps_from_running_is_tried_again() {
    let machine = Machine::with(&[]);
    let text = r#"activation "a" "cp .local/state/hcc/actions.json seen"
        activation "b" "true""#;
    let wanted = wanted(&machine, text);
    run(&machine, &prepare(&machine, &wanted, &[], true));
    // What was on disk while the first ran is all that is left of that run.
    std::fs::copy(machine.home.join("seen"), machine.state.join("actions.json")).unwrap();
    let again = prepare(&machine, &wanted, &[], false);
    assert_eq!(again.steps.len(), 2, "{again:?}");
}

#[test]
fn what_needs_the_files_waits_until_all_are_in_place() {
    let machine = Machine::with(&[]);
    let text = r#"activation "needs" "echo needs >> log" needs="files"
        activation "after" "echo after >> log" after="files""#;
    let wanted = wanted(&machine, text);
    let plan = prepare(&machine, &wanted, &[], true);
    let environment = environment(&machine);
    let all = action::run(&plan, Files::Held, &machine.state, &environment, &mut |_| ());
    assert_eq!(home(&machine, "log"), "after\n");
    assert_eq!(all.iter().filter(|done| done.is_ok()).count(), 1);
    assert_eq!(shown(&prepare(&machine, &wanted, &[], false)).len(), 1);
}

#[test]
fn the_environment_is_clear_but_for_what_is_documented() {
    let machine = Machine::with(&[]);
    let text = r#"activation "env" "env > env; pwd > where; cat > input""#;
    run(&machine, &prepare(&machine, &wanted(&machine, text), &[], true));
    let mut names: Vec<String> = home(&machine, "env")
        .lines()
        .filter_map(|line| line.split_once('=').map(|(name, _)| name.to_owned()))
        // What the shell itself sets.
        .filter(|name| !["PWD", "OLDPWD", "SHLVL", "_"].contains(&name.as_str()))
        .collect();
    names.sort();
    assert_eq!(names, ["HCC_GENERATION", "HCC_HOST", "HCC_USER", "PATH"]);
    let env = home(&machine, "env");
    for line in ["HCC_GENERATION=7", "HCC_HOST=h", "HCC_USER=alice"] {
        assert!(env.lines().any(|own| own == line), "{line} in {env}");
    }
    assert_eq!(home(&machine, "where").trim(), machine.home);
    assert_eq!(home(&machine, "input"), "", "nothing waits for a person");
    let system = action::environment(&environment(&machine), 7, "h", None);
    assert!(system.variable("HCC_USER").is_none(), "the machine's own scope has no user");
}

#[test]
fn what_it_says_is_kept_for_the_report() {
    let machine = Machine::with(&[]);
    let wanted = wanted(&machine, r#"activation "talks" "echo log out once""#);
    let mut begun = Vec::new();
    let plan = prepare(&machine, &wanted, &[], true);
    let all =
        action::run(&plan, Files::Placed, &machine.state, &environment(&machine), &mut |what| {
            begun.push(what.to_owned());
        });
    assert_eq!(begun, ["run the activation `talks`"]);
    assert_eq!(all[0].end, End::Done { said: "log out once".to_owned() });
    let json = serde_json::to_value(&all[0]).unwrap();
    assert_eq!(json["end"], "done");
    assert_eq!(json["said"], "log out once");
}
