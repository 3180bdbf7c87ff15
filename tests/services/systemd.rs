//! On a real `systemd --user`, booted for each test.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::{PermissionsExt, chown};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use std::{fs, thread};

use hcc::apply::service::{UnitFile, plan};

use super::kit::{HOME, Home, unit, units};

const UID: u32 = 4242;

/// A user's systemd in a home of its own, which ends with it.
struct Booted {
    home: Home,
    child: Child,
}

impl Drop for Booted {
    fn drop(&mut self) {
        // It ends when its input is closed.
        drop(self.child.stdin.take());
        let _status = self.child.wait();
    }
}

impl Booted {
    /// None where none can be booted, which is said on the terminal, past the test's capture.
    fn boot() -> Option<Self> {
        let mut home = Home::new();
        let runtime = home.beside("runtime");
        fs::create_dir(&runtime).expect("a writable folder");
        let mode = |path: &str, mode| {
            let path = home.beside(path);
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("a folder of ours");
            // Who is not root gets no further anyway, and the script says so.
            let _not_root = chown(&path, Some(UID), Some(UID));
        };
        mode(".", 0o755);
        mode(HOME, 0o755);
        mode("runtime", 0o700);
        let mut child = Command::new("bash")
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/user-manager.sh"))
            .args([&UID.to_string(), home.environment.folder.as_str(), runtime.as_str()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("bash");
        let mut said = String::new();
        let stdout = child.stdout.take().expect("a pipe");
        BufReader::new(stdout).read_line(&mut said).expect("a line");
        home.environment.variables.push(("XDG_RUNTIME_DIR".to_owned(), runtime.to_string()));
        // systemctl talks to nobody else's systemd, root's neither.
        let real = home.environment.find("systemctl").unwrap_or_default();
        let own = format!("--reuid {UID} --regid {UID} --clear-groups");
        home.stand_in("systemctl", &format!("#!/bin/sh\nexec setpriv {own} {real} \"$@\"\n"));
        let booted = Self { home, child };
        if said.trim() == "ready" {
            return Some(booted);
        }
        let why = said.trim().trim_start_matches("cannot: ");
        let _written = writeln!(std::io::stderr(), "SKIPPED: no user's systemd to try: {why}");
        None
    }

    /// What `systemctl --user` prints.
    #[track_caller]
    fn systemctl(&self, arguments: &[&str]) -> String {
        let out = Command::new(self.home.beside("bin/systemctl"))
            .arg("--user")
            .args(arguments)
            .env("XDG_RUNTIME_DIR", self.home.beside("runtime"))
            .output()
            .expect("systemctl");
        assert!(out.status.success(), "{out:?}");
        String::from_utf8_lossy(&out.stdout).trim().to_owned()
    }

    #[track_caller]
    fn show(&self, unit: &str, property: &str) -> String {
        self.systemctl(&["show", "--value", "-p", property, "--", unit])
    }

    fn active(&self, unit: &str) -> String {
        self.show(unit, "ActiveState")
    }

    #[track_caller]
    fn pid(&self, unit: &str) -> u32 {
        let pid = self.show(unit, "MainPID").parse().expect("a number");
        assert_ne!(pid, 0, "{unit} does not run");
        pid
    }
}

const WANTED: (&str, &str) = ("default.target.wants/a.service", "-> ../a.service");

/// A service with some lines of its own in `[Unit]` and in `[Service]`.
fn a(unit_lines: &str, service_lines: &str) -> Vec<UnitFile> {
    let text = format!(
        "[Unit]\nDescription=one\n{unit_lines}\n[Service]\nExecStart=/bin/sleep infinity\n\
         ExecReload=/bin/true\n{service_lines}\n"
    );
    let mut files = units(&[WANTED]);
    files.push(unit("a.service", &text));
    files
}

#[test]
fn a_service_lives_through_switches() {
    let Some(mut booted) = Booted::boot() else { return };
    let first = a("", "Environment=A=1");
    let steps = booted.home.switch(first.clone()).clean();
    let started = [
        "reload the user's systemd: unit files changed",
        "start a.service: new, wanted by default.target",
    ];
    assert_eq!(steps, started);
    let pid = booted.pid("a.service");

    // Nothing to do is nothing done.
    assert_eq!(booted.home.switch(first.clone()).clean(), Vec::<String>::new());

    // A description is read, and disturbs nothing.
    let steps = booted.home.switch(a("Documentation=man:a", "Environment=A=1")).clean();
    assert_eq!(steps, ["reload the user's systemd: unit files changed"]);
    assert_eq!(booted.pid("a.service"), pid);
    assert_eq!(booted.show("a.service", "Documentation"), "man:a");

    let steps = booted.home.switch(a("X-Reload-Triggers=1", "Environment=A=1")).clean();
    assert_eq!(steps[1..], ["reload a.service: X-Reload-Triggers changed"]);
    assert_eq!(booted.pid("a.service"), pid);

    let steps = booted.home.switch(a("", "Environment=A=2")).clean();
    assert_eq!(
        steps,
        [
            "stop a.service: changed",
            "reload the user's systemd: unit files changed",
            "start a.service: changed"
        ]
    );
    let second = booted.pid("a.service");
    assert_ne!(second, pid);

    let steps = booted.home.switch(a("X-SwitchMethod=restart", "Environment=A=3")).clean();
    assert_eq!(steps[1..], ["restart a.service: changed"]);
    let third = booted.pid("a.service");
    assert_ne!(third, second);

    let steps = booted.home.switch(a("X-SwitchMethod=keep-old", "Environment=A=4")).clean();
    assert_eq!(
        steps[1..],
        ["keep a.service: changed, but it keeps the old one until it is restarted"]
    );
    assert_eq!(booted.pid("a.service"), third);

    let steps = booted.home.switch(a("X-SwitchMethod=reload", "Environment=A=5")).clean();
    assert_eq!(steps[1..], ["reload a.service: changed"]);
    assert_eq!(booted.pid("a.service"), third);

    let steps = booted.home.switch(Vec::new()).clean();
    assert_eq!(steps, ["stop a.service: removed", "reload the user's systemd: unit files changed"]);
    assert_eq!(booted.active("a.service"), "inactive");
    assert_eq!(booted.show("a.service", "LoadState"), "not-found");

    assert_eq!(booted.home.switch(first).clean(), started);
    assert_eq!(booted.active("a.service"), "active");
}

#[test]
fn what_the_user_stopped_stays_stopped_until_it_changes() {
    let Some(mut booted) = Booted::boot() else { return };
    booted.home.switch(a("", "")).clean();
    booted.systemctl(&["stop", "a.service"]);
    assert_eq!(booted.home.switch(a("", "")).clean(), Vec::<String>::new());
    assert_eq!(booted.active("a.service"), "inactive");
    booted.home.switch(a("", "Nice=5")).clean();
    assert_eq!(booted.active("a.service"), "active");
}

#[test]
fn a_timer_is_started_and_moved() {
    let Some(mut booted) = Booted::boot() else { return };
    let generation = |when: &str| {
        units(&[
            ("b.service", "[Service]\nType=oneshot\nExecStart=/bin/true\n"),
            ("b.timer", &format!("[Timer]\nOnCalendar={when}\n")),
            ("timers.target.wants/b.timer", "-> ../b.timer"),
        ])
    };
    let steps = booted.home.switch(generation("2090-01-01")).clean();
    assert_eq!(steps[1..], ["start b.timer: new, wanted by timers.target"]);
    assert!(booted.show("b.timer", "TimersCalendar").contains("2090"));
    let steps = booted.home.switch(generation("2091-01-01")).clean();
    assert_eq!(steps.first().map(String::as_str), Some("stop b.timer: changed"));
    assert_eq!(booted.active("b.timer"), "active");
    assert!(booted.show("b.timer", "TimersCalendar").contains("2091"));
    assert_eq!(booted.active("b.service"), "inactive");
}

#[test]
fn a_bad_unit_is_named_and_spoils_no_other() {
    let Some(mut booted) = Booted::boot() else { return };
    let mut files = a("", "");
    for (name, text) in [
        ("ends", "[Service]\nType=oneshot\nExecStart=/bin/sh -c 'exit 3'\n"),
        ("absent", "[Service]\nExecStart=/no/such/program\n"),
        ("empty", "[Unit]\nDescription=x\n"),
        ("garbage", "\u{0}this is no unit\n"),
        (
            "needs",
            "[Unit]\nRequires=ends.service\nAfter=ends.service\n[Service]\nExecStart=/bin/sleep 9\n",
        ),
        ("good", "[Service]\nExecStart=/bin/sleep infinity\n"),
    ] {
        files.push(unit(&format!("{name}.service"), text));
        files.push(unit(
            &format!("default.target.wants/{name}.service"),
            &format!("-> ../{name}.service"),
        ));
    }
    let switched = booted.home.switch(files.clone());
    let mut failed: Vec<&str> =
        switched.failures.iter().map(|failure| failure.step.unit.as_str()).collect();
    failed.sort_unstable();
    let expected =
        ["absent.service", "empty.service", "ends.service", "garbage.service", "needs.service"];
    assert_eq!(failed, expected, "{:#?}", switched.failures);
    let reason = |name: &str| {
        let failure = switched.failures.iter().find(|failure| failure.step.unit == name);
        failure.expect("a failure").to_string()
    };
    let said = reason("ends.service");
    assert!(said.starts_with("cannot start ends.service: "), "{said}");
    assert!(said.contains("its program ended with 3"), "{said}");
    assert!(said.ends_with("more: systemctl --user status ends.service"), "{said}");
    let said = reason("absent.service");
    assert!(said.contains("its program cannot be run"), "{said}");
    let first = |name: &str| reason(name).lines().next().unwrap_or_default().to_owned();
    let bad = "cannot start empty.service: Unit empty.service has a bad unit file setting.";
    assert_eq!(first("empty.service"), bad);
    let needs = "cannot start needs.service: A dependency job for needs.service failed.";
    assert_eq!(first("needs.service"), needs);
    assert_eq!(booted.active("good.service"), "active");
    assert_eq!(booted.active("a.service"), "active");

    // What failed is tried again, and only that.
    let again = booted.home.switch(files);
    assert!(again.steps.iter().all(|step| !step.contains(" good.service")), "{:?}", again.steps);
    assert!(again.steps.iter().any(|step| step.starts_with("start ends.service: it failed")));

    // What leaves is forgotten, failures too.
    booted.home.switch(Vec::new()).clean();
    assert_eq!(booted.active("ends.service"), "inactive");
}

#[test]
fn what_takes_too_long_is_named_and_left_behind() {
    let Some(mut booted) = Booted::boot() else { return };
    let slow = "[Service]\nType=oneshot\nExecStart=/bin/sleep 60\n";
    let mut files = units(&[
        ("slow.service", slow),
        ("default.target.wants/slow.service", "-> ../slow.service"),
    ]);
    files.extend(a("", ""));
    let begun = Instant::now();
    let switched = booted.home.switch_in(files, Duration::from_secs(2));
    assert!(begun.elapsed() < Duration::from_secs(20));
    assert_eq!(switched.failures.len(), 1, "{:#?}", switched.failures);
    let said = switched.failures[0].to_string();
    assert!(said.starts_with("cannot start slow.service: not done after 2 seconds"), "{said}");
    assert_eq!(booted.active("a.service"), "active");
}

#[test]
fn who_needs_a_changed_unit_runs_again() {
    let Some(mut booted) = Booted::boot() else { return };
    let generation = |nice: u8| {
        let mut files = a("", &format!("Nice={nice}"));
        files.extend(units(&[
            ("c.service", "[Unit]\nRequires=a.service\nAfter=a.service\n[Service]\nExecStart=/bin/sleep infinity\n"),
            ("default.target.wants/c.service", "-> ../c.service"),
        ]));
        files
    };
    booted.home.switch(generation(1)).clean();
    let (a, c) = (booted.pid("a.service"), booted.pid("c.service"));
    let steps = booted.home.switch(generation(2)).clean();
    assert_eq!(steps[1..], ["restart a.service: changed; with it c.service"]);
    assert_ne!(booted.pid("a.service"), a);
    assert_ne!(booted.pid("c.service"), c);
}

#[test]
fn a_changed_socket_takes_its_service_along() {
    let Some(mut booted) = Booted::boot() else { return };
    let generation = |name: &str| {
        units(&[
            ("s.socket", &format!("[Socket]\nListenStream=%t/{name}\n")),
            ("s.service", "[Service]\nExecStart=/bin/sleep infinity\n"),
            ("sockets.target.wants/s.socket", "-> ../s.socket"),
        ])
    };
    booted.home.switch(generation("one")).clean();
    let runtime = booted.home.beside("runtime");
    std::os::unix::net::UnixStream::connect(runtime.join("one")).expect("somebody listens");
    let until = Instant::now() + Duration::from_secs(10);
    while booted.active("s.service") != "active" && Instant::now() < until {
        thread::sleep(Duration::from_millis(50));
    }
    let pid = booted.pid("s.service");
    let steps = booted.home.switch(generation("two")).clean();
    assert!(steps.contains(&"stop s.service: s.socket changed".to_owned()), "{steps:?}");
    assert!(runtime.join("two").exists());
    assert_ne!(booted.pid("s.service"), pid);
}

#[test]
fn instances_follow_their_template() {
    let Some(mut booted) = Booted::boot() else { return };
    let generation = |nice: u8| {
        let text = format!("[Service]\nExecStart=/bin/sleep infinity\nNice={nice}\n");
        units(&[("t@.service", &text), ("default.target.wants/t@one.service", "-> ../t@.service")])
    };
    booted.home.switch(generation(1)).clean();
    // One that was started by hand, too.
    booted.systemctl(&["start", "t@two.service"]);
    let steps = booted.home.switch(generation(2)).clean();
    assert_eq!(
        steps,
        [
            "stop t@one.service: changed",
            "stop t@two.service: changed",
            "reload the user's systemd: unit files changed",
            "start t@one.service: changed",
            "start t@two.service: changed",
        ]
    );
    assert_eq!(booted.show("t@two.service", "Nice"), "2");
    booted.home.switch(Vec::new()).clean();
    assert_eq!(booted.active("t@one.service"), "inactive");
    assert_eq!(booted.active("t@two.service"), "inactive");
}

#[test]
fn a_drop_in_counts_as_its_unit() {
    let Some(mut booted) = Booted::boot() else { return };
    let with = |text: &str| {
        let mut files = a("", "");
        files.push(unit("a.service.d/10.conf", text));
        files
    };
    booted.home.switch(with("[Service]\nNice=1\n")).clean();
    let pid = booted.pid("a.service");
    booted.home.switch(with("# why\n[Service]\nNice = 1\n")).clean();
    assert_eq!(booted.pid("a.service"), pid);
    booted.home.switch(with("[Service]\nNice=2\n")).clean();
    assert_ne!(booted.pid("a.service"), pid);
    assert_eq!(booted.show("a.service", "Nice"), "2");
}

#[test]
fn the_environment_of_units_is_read_again() {
    let Some(mut booted) = Booted::boot() else { return };
    let steps =
        booted.home.switch(units(&[("environment.d/10-hcc.conf", "HCC_TEST=one\n")])).clean();
    assert_eq!(steps, ["reload the user's systemd: unit files changed"]);
    let text = booted.systemctl(&["show-environment"]);
    assert!(text.lines().any(|line| line == "HCC_TEST=one"), "{text}");
}

#[test]
fn the_units_of_another_home_are_left_alone() {
    let Some(mut booted) = Booted::boot() else { return };
    booted.home.switch(a("", "")).clean();
    let pid = booted.pid("a.service");
    // The same manager is reached from a home that it does not read.
    let mut other = Home::new();
    other.environment.variables = booted.home.environment.variables.clone();
    other.installed = a("", "");
    let switched = other.switch(Vec::new());
    assert_eq!(switched.steps, Vec::<String>::new());
    let folder = other.environment.folder.join(".config/systemd/user");
    let expected = format!("units are left alone: the user's systemd does not read {folder}");
    assert_eq!(switched.skipped, [expected]);
    assert_eq!(booted.pid("a.service"), pid);
}

#[test]
fn a_look_changes_nothing() {
    let Some(mut booted) = Booted::boot() else { return };
    booted.home.switch(a("", "")).clean();
    let pid = booted.pid("a.service");
    let new = a("", "Nice=3");
    let home = &booted.home;
    let look = || hcc::apply::service::look(&home.installed, &new, home.session, &home.environment);
    let planned = plan(&home.installed, &new, &look());
    // What a dry run shows is what is then done.
    assert_eq!(planned, plan(&home.installed, &new, &look()));
    assert_eq!(planned.len(), 3);
    assert_eq!(booted.pid("a.service"), pid);
}

/// The real binary, as the user whose home it is: its exit status and all it said.
fn hcc(booted: &Booted, arguments: &[&str]) -> (Option<i32>, String) {
    let home = &booted.home.environment.folder;
    let out = Command::new("setpriv")
        .args(["--reuid", &UID.to_string(), "--regid", &UID.to_string(), "--clear-groups"])
        .arg(booted.home.beside("bin/hcc"))
        .args(arguments)
        .env_clear()
        .env("PATH", std::env::var("PATH").unwrap_or_default())
        .env("HOME", home)
        .env("USER", "hcc-test")
        .env("XDG_RUNTIME_DIR", booted.home.beside("runtime"))
        .current_dir(home)
        .stdin(Stdio::null())
        .output()
        .expect("setpriv");
    let said = [out.stdout, out.stderr].concat();
    (out.status.code(), String::from_utf8_lossy(&said).into_owned())
}

#[test]
fn hcc_itself_starts_changes_rolls_back_and_stops_services() {
    let Some(booted) = Booted::boot() else { return };
    let home = &booted.home.environment.folder;
    // Where this is built, the user of the test may not read.
    fs::copy(env!("CARGO_BIN_EXE_hcc"), booted.home.beside("bin/hcc")).expect("a writable folder");
    let configure = |value: u8, rest: &str| {
        let text = format!(
            "host \"vm\" os=\"linux\" {{ user \"hcc-test\"; use \"m\" }}\nmodule \"m\" {{ systemd.user {{\n\
             service \"a\" {{ Service ExecStart=\"/bin/sleep infinity\" Environment=\"A={value}\"; \
             Install WantedBy=\"default.target\" }}\n{rest}\n}} }}\n"
        );
        fs::write(home.join("hcc.kdl"), text).expect("a writable home");
    };
    let bad = "service \"bad\" { Service Type=\"oneshot\" ExecStart=\"/bin/sh -c 'exit 3'\"; \
               Install WantedBy=\"default.target\" }";
    configure(1, bad);
    let start = "start a.service: new, wanted by default.target";
    let (status, said) = hcc(&booted, &["apply", "vm", "--dry-run"]);
    assert_eq!(status, Some(0), "{said}");
    assert!(said.contains(start), "{said}");
    assert_eq!(booted.active("a.service"), "inactive");

    // A bad unit is named with its reason; the rest is done.
    let (status, said) = hcc(&booted, &["apply", "vm", "--yes"]);
    assert_eq!(status, Some(4), "{said}");
    assert!(said.contains("cannot start bad.service") && said.contains("ended with 3"), "{said}");
    let first = booted.pid("a.service");

    configure(2, "");
    let (status, said) = hcc(&booted, &["apply", "vm", "--yes"]);
    assert_eq!(status, Some(0), "{said}");
    let second = booted.pid("a.service");
    assert_ne!(second, first);
    assert_eq!(booted.show("a.service", "Environment"), "A=2");
    assert_eq!(booted.show("bad.service", "LoadState"), "not-found");

    let (status, said) = hcc(&booted, &["apply", "vm", "--yes"]);
    assert_eq!(status, Some(0), "{said}");
    assert_eq!(booted.pid("a.service"), second);

    let (status, said) = hcc(&booted, &["rollback", "--yes"]);
    assert_eq!(status, Some(4), "{said}");
    assert_eq!(booted.show("a.service", "Environment"), "A=1");
    assert_ne!(booted.pid("a.service"), second);

    let (status, said) = hcc(&booted, &["uninstall", "--yes"]);
    assert_eq!(status, Some(0), "{said}");
    assert_eq!(booted.show("a.service", "LoadState"), "not-found");
    assert_eq!(booted.active("a.service"), "inactive");
}
