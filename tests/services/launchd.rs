//! launchd, by a stand-in for `launchctl` that holds state and can fail.

use std::fs;
use std::time::Duration;

use camino::Utf8PathBuf;
use hcc::apply::service::launchd::Session;
use hcc::apply::service::{Content, Manager, UnitFile, UnitId};

use super::kit::{Home, Switched};

/// A home on a Mac.
struct Mac {
    home: Home,
}

fn job(label: &str, domain: &str, keys: &str) -> UnitFile {
    let text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST \
         1.0//EN\" \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n<plist version=\"1.0\">\n\
         <dict>\n\t<key>Label</key>\n\t<string>{label}</string>\n{keys}</dict>\n</plist>\n"
    );
    let (manager, name) = (Manager::LaunchdAgent, label.to_owned());
    UnitFile {
        id: UnitId { manager, name, domain: Some(domain.to_owned()) },
        path: format!("Library/LaunchAgents/{label}.plist").into(),
        content: Content::File(text.into_bytes()),
    }
}

fn nice(label: &str, nice: u8) -> UnitFile {
    job(label, "gui", &format!("\t<key>Nice</key>\n\t<integer>{nice}</integer>\n"))
}

const BACKGROUND: &str = "\t<key>LimitLoadToSessionType</key>\n\t<string>Background</string>\n";
const DISABLED: &str = "\t<key>Disabled</key>\n\t<true/>\n";

impl Mac {
    fn new() -> Self {
        let mut home = Home::new();
        let state = home.beside("launchctl");
        fs::create_dir_all(state.join("fail")).expect("a writable folder");
        home.stand_in("launchctl", include_str!("../support/launchctl"));
        home.stand_in("sw_vers", "#!/bin/sh\ncat \"$LAUNCHCTL/version\"\n");
        home.environment.variables.push(("LAUNCHCTL".to_owned(), state.to_string()));
        let mac = Self { home };
        mac.write("version", "15.6.1\n");
        mac
    }

    fn state(&self, name: &str) -> Utf8PathBuf {
        self.home.beside("launchctl").join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.state(name), text).expect("a writable folder");
    }

    /// How a verb fails for a label: a status, `once` or not, and a message.
    fn fail(&self, verb: &str, label: &str, how: &str) {
        self.write(&format!("fail/{verb}-{label}"), how);
    }

    /// What a domain has loaded of a label.
    fn loaded(&self, domain: &str, label: &str) -> Option<Vec<u8>> {
        fs::read(self.state("jobs").join(domain).join(label)).ok()
    }

    /// Switches, and says which calls changed something: all but the looks.
    #[track_caller]
    fn switch(&mut self, new: Vec<UnitFile>) -> (Switched, Vec<String>) {
        self.write("calls", "");
        let switched = self.home.switch_in(new, Duration::from_secs(60));
        let calls = fs::read_to_string(self.state("calls")).expect("a file of ours");
        let home = format!("{}/Library/LaunchAgents/", self.home.environment.folder);
        let calls = calls
            .lines()
            .filter(|call| !call.starts_with("print"))
            .map(|call| call.replace(&home, ""))
            .collect();
        (switched, calls)
    }

    #[track_caller]
    fn clean(&mut self, new: Vec<UnitFile>) -> (Vec<String>, Vec<String>) {
        let (switched, calls) = self.switch(new);
        (switched.clean(), calls)
    }
}

const NOTHING: [&str; 0] = [];

#[test]
fn an_agent_lives_through_switches() {
    let mut mac = Mac::new();
    let (steps, calls) = mac.clean(vec![nice("x.a", 1)]);
    assert_eq!(steps, ["start x.a in gui/501: new"]);
    assert_eq!(calls, ["bootstrap gui/501 x.a.plist"]);

    let (steps, calls) = mac.clean(vec![nice("x.a", 1)]);
    assert_eq!((steps.len(), calls.len()), (0, 0));

    mac.write("slow", "3\n");
    let (steps, calls) = mac.clean(vec![nice("x.a", 2)]);
    assert_eq!(steps, ["restart x.a in gui/501: changed"]);
    assert_eq!(calls, ["bootout gui/501/x.a", "bootstrap gui/501 x.a.plist"]);
    let Content::File(now) = nice("x.a", 2).content else { unreachable!("a file") };
    assert_eq!(mac.loaded("gui_501", "x.a"), Some(now));

    let (steps, calls) = mac.clean(Vec::new());
    assert_eq!(steps, ["stop x.a in gui/501: removed"]);
    assert_eq!(calls, ["bootout gui/501/x.a"]);
    assert_eq!(mac.loaded("gui_501", "x.a"), None);
}

#[test]
fn launchctl_waits_by_itself_where_it_can() {
    let mut mac = Mac::new();
    mac.write("version", "26.0\n");
    mac.clean(vec![nice("x.a", 1)]);
    let (_, calls) = mac.clean(vec![nice("x.a", 2)]);
    assert_eq!(calls, ["bootout --wait gui/501/x.a", "bootstrap gui/501 x.a.plist"]);
}

#[test]
fn a_job_that_does_not_go_is_named_and_not_loaded_twice() {
    let mut mac = Mac::new();
    mac.clean(vec![nice("x.a", 1), nice("x.b", 1)]);
    mac.write("slow", "1000\n");
    let home = &mut mac.home;
    let switched = home.switch_in(vec![nice("x.a", 2)], Duration::from_secs(2));
    let failed: Vec<String> = switched.failures.iter().map(ToString::to_string).collect();
    let why = "it was told to stop and is still loaded";
    assert_eq!(failed, [format!("cannot stop x.b: {why}"), format!("cannot restart x.a: {why}")]);
}

#[test]
fn another_layout_of_the_file_restarts_nothing() {
    let mut mac = Mac::new();
    mac.clean(vec![nice("x.a", 1)]);
    let mut other = nice("x.a", 1);
    if let Content::File(bytes) = &mut other.content {
        *bytes = String::from_utf8_lossy(bytes).replace('\t', "  ").into_bytes();
    }
    assert_eq!(mac.clean(vec![other]).0, NOTHING);
}

#[test]
fn an_agent_that_is_not_loaded_is_loaded_again() {
    let mut mac = Mac::new();
    mac.clean(vec![nice("x.a", 1)]);
    fs::remove_file(mac.state("jobs/gui_501/x.a")).expect("it was loaded");
    assert_eq!(mac.clean(vec![nice("x.a", 1)]).0, ["start x.a in gui/501: it is not loaded"]);
    fs::remove_file(mac.state("jobs/gui_501/x.a")).expect("it was loaded");
    assert_eq!(mac.clean(vec![nice("x.a", 2)]).0, ["start x.a in gui/501: changed"]);
}

#[test]
fn an_agent_moves_to_another_domain() {
    let mut mac = Mac::new();
    mac.clean(vec![job("x.a", "gui", BACKGROUND)]);
    let (steps, calls) = mac.clean(vec![job("x.a", "user", BACKGROUND)]);
    assert_eq!(
        steps,
        ["stop x.a in gui/501: it moves to user/501", "start x.a in user/501: changed"]
    );
    assert_eq!(calls, ["bootout gui/501/x.a", "bootstrap user/501 x.a.plist"]);
    assert_eq!(mac.clean(vec![job("x.a", "user", BACKGROUND)]).0, NOTHING);
}

#[test]
fn without_a_graphical_session_only_background_agents_start() {
    let mut mac = Mac::new();
    mac.home.session = Session { uid: 501, console: false };
    mac.write("domains", "user/501\n");
    let agents =
        || vec![job("x.a", "gui", ""), job("x.b", "gui", BACKGROUND), job("x.c", "user", "")];
    let (steps, calls) = mac.clean(agents());
    let expected = [
        "start x.b in user/501: new",
        "start x.c in user/501: new",
        "keep x.a in gui/501: there is no graphical session; it starts with the next one",
    ];
    assert_eq!(steps, expected);
    assert_eq!(calls, ["bootstrap user/501 x.b.plist", "bootstrap user/501 x.c.plist"]);
    assert_eq!(mac.clean(agents()).0, NOTHING);
    // Logged in graphically, the first one starts, and nobody moves who runs already.
    mac.home.session.console = true;
    fs::remove_file(mac.state("domains")).expect("a file of ours");
    assert_eq!(mac.clean(agents()).0, ["start x.a in gui/501: it is not loaded"]);
    // From elsewhere, what is loaded there is found there.
    mac.home.session.console = false;
    let (steps, _) = mac.clean(Vec::new());
    let stops = ["x.a in gui/501", "x.b in user/501", "x.c in user/501"];
    assert_eq!(steps, stops.map(|unit| format!("stop {unit}: removed")));
    assert_eq!(mac.loaded("gui_501", "x.a"), None);
}

#[test]
fn a_bad_agent_is_named_and_spoils_no_other() {
    let mut mac = Mac::new();
    mac.fail("bootstrap", "x.bad", "5\nBootstrap failed: 5: Input/output error\n");
    let agents = vec![nice("x.a", 1), nice("x.bad", 1), nice("x.c", 1)];
    let (switched, _) = mac.switch(agents.clone());
    assert_eq!(switched.failures.len(), 1, "{:#?}", switched.failures);
    let said = switched.failures[0].to_string();
    let start = "cannot start x.bad: it ended with 5:\nBootstrap failed: 5: Input/output error\n";
    assert!(said.starts_with(start), "{said}");
    assert!(said.contains("plutil -lint"), "{said}");
    assert!(mac.loaded("gui_501", "x.a").is_some() && mac.loaded("gui_501", "x.c").is_some());
    // The next switch makes up for it.
    fs::remove_file(mac.state("fail/bootstrap-x.bad")).expect("a file of ours");
    assert_eq!(mac.clean(agents).0, ["start x.bad in gui/501: it is not loaded"]);
}

#[test]
fn a_job_that_is_still_there_is_taken_out_and_loaded_once_more() {
    let mut mac = Mac::new();
    mac.fail("bootstrap", "x.a", "5 once\nBootstrap failed: 5: Input/output error\n");
    let (_, calls) = mac.clean(vec![nice("x.a", 1)]);
    let load = "bootstrap gui/501 x.a.plist";
    assert_eq!(calls, [load, "bootout gui/501/x.a", load]);
}

#[test]
fn a_job_that_was_gone_already_is_no_failure() {
    let mut mac = Mac::new();
    for said in [
        "3\nBoot-out failed: 3: No such process\n",
        "113\nCould not find service \"x.a\" in domain for port\n",
        "125\nBoot-out failed: 125: Domain does not support specified action\n",
    ] {
        mac.clean(vec![nice("x.a", 1)]);
        mac.fail("bootout", "x.a", said);
        mac.clean(Vec::new());
        fs::remove_file(mac.state("fail/bootout-x.a")).expect("a file of ours");
        fs::remove_file(mac.state("jobs/gui_501/x.a")).expect("it was loaded");
    }
    mac.clean(vec![nice("x.a", 1)]);
    mac.fail("bootout", "x.a", "1\nBoot-out failed: 1: Operation not permitted\n");
    let (switched, calls) = mac.switch(vec![nice("x.a", 2)]);
    let said = switched.failures[0].to_string();
    assert!(said.contains("Operation not permitted"), "{said}");
    assert_eq!(calls, ["bootout gui/501/x.a"]);
}

#[test]
fn what_somebody_turned_off_stays_off() {
    let mut mac = Mac::new();
    mac.write("disabled", "gui/501 x.a\nuser/501 x.b\n");
    let (steps, calls) = mac.clean(vec![nice("x.a", 1), nice("x.b", 1)]);
    let keep = "keep x.a in gui/501: it was turned off; `launchctl enable gui/501/x.a` turns it on";
    assert_eq!(steps, ["start x.b in gui/501: new", keep]);
    assert_eq!(calls, ["bootstrap gui/501 x.b.plist"]);
    assert_eq!(mac.clean(vec![nice("x.a", 1), nice("x.b", 1)]).0, NOTHING);
    mac.write("disabled", "");
    let (steps, _) = mac.clean(vec![nice("x.a", 1), nice("x.b", 1)]);
    assert_eq!(steps, ["start x.a in gui/501: it is not loaded"]);
}

#[test]
fn an_agent_that_is_disabled_by_its_file_is_not_loaded() {
    let mut mac = Mac::new();
    assert_eq!(mac.clean(vec![job("x.a", "gui", DISABLED)]).0, NOTHING);
    mac.clean(vec![nice("x.a", 1)]);
    let (steps, calls) = mac.clean(vec![job("x.a", "gui", DISABLED)]);
    assert_eq!(steps, ["stop x.a in gui/501: it is `Disabled` now"]);
    assert_eq!(calls, ["bootout gui/501/x.a"]);
}

#[test]
fn daemons_are_the_machines() {
    let mut mac = Mac::new();
    let daemon = |value| {
        let mut daemon = nice("x.d", value);
        daemon.id = UnitId { manager: Manager::LaunchdDaemon, domain: None, ..daemon.id };
        daemon
    };
    assert_eq!(mac.clean(vec![daemon(1)]).0, ["start x.d in system: new"]);
    let (steps, calls) = mac.clean(vec![daemon(2)]);
    assert_eq!(steps, ["restart x.d in system: changed"]);
    assert_eq!(calls, ["bootout system/x.d", "bootstrap system x.d.plist"]);
}

#[test]
fn a_file_that_is_no_property_list_is_left_to_launchd() {
    let mut mac = Mac::new();
    let mut garbage = nice("x.a", 1);
    garbage.content = Content::File(b"<plist".to_vec());
    let (switched, _) = mac.switch(vec![garbage, nice("x.b", 1)]);
    assert_eq!(switched.failures.len(), 1, "{:#?}", switched.failures);
    assert!(mac.loaded("gui_501", "x.b").is_some());
}

#[test]
fn without_launchctl_agents_are_left_alone() {
    let mut home = Home::new();
    let bin = home.beside("bin").to_string();
    home.environment.variables = vec![("PATH".to_owned(), bin)];
    let switched = home.switch(vec![nice("x.a", 1)]);
    assert_eq!(switched.steps, NOTHING);
    assert_eq!(switched.skipped, ["units are left alone: there is no program `launchctl`"]);
}
