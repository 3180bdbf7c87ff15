//! Which files of a configuration are units, and what is said where nobody runs them.

use hcc::apply::service::{Manager, UnitId};
use hcc::ir;

use super::kit::{Home, units};

fn declared(name: &str, manager: &str, file: &str) -> ir::Unit {
    ir::Unit {
        name: name.to_owned(),
        manager: manager.to_owned(),
        file: file.to_owned(),
        domain: (manager == "launchd-agent").then(|| "user".to_owned()),
        origins: Vec::new(),
    }
}

#[test]
fn files_of_units_are_known_by_their_places() {
    let of = |path: &str, units: &[ir::Unit]| {
        UnitId::of(path, units).map(|id| (id.manager, id.name, id.domain))
    };
    let user = |name: &str| Some((Manager::SystemdUser, name.to_owned(), None));
    for name in ["a.service", "a.service.d/10.conf", "timers.target.wants/a.timer"] {
        assert_eq!(of(&format!(".config/systemd/user/{name}"), &[]), user(name));
        let system = Some((Manager::Systemd, name.to_owned(), None));
        assert_eq!(of(&format!("/etc/systemd/system/{name}"), &[]), system);
    }
    assert_eq!(of(".config/environment.d/10-hcc.conf", &[]), user("environment.d/10-hcc.conf"));
    for path in
        [".config/systemd/user.conf", ".config/git/config", ".config/environment.d/x", "a.service"]
    {
        assert_eq!(of(path, &[]), None, "{path}");
    }
    // Where the configuration's folder is another one, the units that are declared say so.
    let elsewhere = [declared("a.service", "systemd-user", "etc/systemd/user/a.service")];
    assert_eq!(of("etc/systemd/user/b.service", &elsewhere), user("b.service"));
    assert_eq!(of("etc/environment.d/x.conf", &elsewhere), user("environment.d/x.conf"));
    assert_eq!(of(".config/systemd/user/b.service", &elsewhere), None);
    // A property list may be anything; one for which a unit is declared is a job.
    let plist = "Library/LaunchAgents/x.plist";
    let agent = declared("x.label", "launchd-agent", plist);
    let known = Some((Manager::LaunchdAgent, "x.label".to_owned(), Some("user".to_owned())));
    assert_eq!(of(plist, &[agent]), known);
    assert_eq!(of(plist, &[]), None);
}

#[test]
fn every_manager_of_the_targets_is_known() {
    for manager in Manager::ALL {
        assert_eq!(Manager::named(manager.name()), Some(manager));
        let json = serde_json::to_value(manager).expect("JSON");
        assert_eq!(json, manager.name());
    }
    assert_eq!(Manager::named("runit"), None);
}

#[test]
fn without_a_manager_units_are_left_alone_in_one_line() {
    let files = units(&[("a.service", "[Service]\nExecStart=/bin/true\n")]);
    for (script, expected) in [
        (
            "#!/bin/sh\necho 'System has not been booted with systemd as init system (PID 1). Can'\"'\"'t operate.' >&2\n\
             echo 'Failed to connect to bus: Host is down' >&2\nexit 1\n",
            "units are left alone: the user's systemd is not running (System has not been booted \
             with systemd as init system (PID 1). Can't operate.)",
        ),
        (
            "#!/bin/sh\necho SystemState=stopping\n",
            "units are left alone: the user's systemd is going down",
        ),
    ] {
        let mut home = Home::new();
        home.stand_in("systemctl", script);
        let switched = home.switch(files.clone());
        assert!(switched.steps.is_empty() && switched.failures.is_empty(), "{switched:#?}");
        assert_eq!(switched.skipped, [expected]);
    }
    let mut home = Home::new();
    home.environment.variables = vec![("PATH".to_owned(), home.beside("bin").to_string())];
    let switched = home.switch(files);
    assert_eq!(switched.skipped, ["units are left alone: there is no program `systemctl`"]);
}

#[test]
fn a_home_without_units_asks_nobody() {
    let mut home = Home::new();
    for name in ["systemctl", "launchctl"] {
        home.stand_in(name, "#!/bin/sh\ntouch \"$HOME/asked\"\nexit 1\n");
    }
    let switched = home.switch(Vec::new());
    assert!(switched.skipped.is_empty(), "{switched:#?}");
    assert!(!home.environment.folder.join("asked").exists());
}

#[test]
fn what_a_unit_said_is_shown_with_its_failure() {
    let mut home = Home::new();
    let folder = home.environment.folder.join(".config/systemd/user");
    let systemctl = format!(
        "#!/bin/sh\ncase \"$*\" in\n*UnitPath*) echo 'UnitPath=/etc \"{folder}\" /usr'; echo SystemState=running ;;\n\
         *ActiveState*) printf 'Id=default.target\\nActiveState=active\\n\\nId=a.service\\nActiveState=inactive\\n' ;;\n\
         *Result*) printf 'Result=exit-code\\nExecMainStatus=3\\n' ;;\n\
         *start*) echo 'Job for a.service failed.' >&2; echo 'See more.' >&2; exit 1 ;;\nesac\n"
    );
    home.stand_in("systemctl", &systemctl);
    home.stand_in("journalctl", "#!/bin/sh\necho \"disk full\"\necho \"$*\"\n");
    let switched = home.switch(units(&[
        ("a.service", "[Service]\nExecStart=/bin/true\n"),
        ("default.target.wants/a.service", "-> ../a.service"),
    ]));
    let failed: Vec<String> = switched.failures.iter().map(ToString::to_string).collect();
    let expected = "cannot start a.service: Job for a.service failed.\nits program ended with 3\n  \
        disk full\n  --no-pager --quiet --output=cat --lines=5 --user --user-unit a.service\n\
        more: systemctl --user status a.service";
    assert_eq!(failed, [expected]);
}
