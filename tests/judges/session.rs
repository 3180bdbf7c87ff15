//! Shells read the session's environment; scripts run; services are verified on both systems.

use super::home::{Home, Said, installed, said};
use super::{launchd, systemd};

const SHELLS: &[&str] = &["sh", "dash", "bash", "zsh"];

/// Runs a line in a shell that has no start files of its own.
#[track_caller]
fn shell(home: &Home, name: &str, line: &str) -> Said {
    let mut command = home.command(name);
    if name == "zsh" {
        command.arg("-f");
    }
    command.env("PATH", "/usr/bin:/bin").args(["-c", line]);
    said(&mut command)
}

fn shells() -> impl Iterator<Item = &'static str> {
    SHELLS.iter().copied().filter(|name| installed(name))
}

const SOURCE: &str = ". ~/.config/hcc/session.sh; ";

#[test]
fn values_arrive_and_names_expand() {
    let home = Home::fixture("home");
    let path = home.path();
    for name in shells() {
        let value = |variable: &str| {
            shell(&home, name, &format!("{SOURCE} printf '%s' \"${variable}\"")).clean()
        };
        assert_eq!(value("EDITOR"), "nvim", "{name}");
        assert_eq!(value("PAGER"), "less -FR", "{name}");
        assert_eq!(value("COUNT"), "3", "{name}");
        assert_eq!(value("GOPATH"), format!("{path}/go"), "{name}");
        assert_eq!(value("ODD"), "it's \"odd\" \\ 100%", "{name}");
        assert_eq!(value("PRICE"), "5$", "{name}");
        assert_eq!(value("BOTH"), format!("nvim{path}"), "{name}");
        assert_eq!(value("TWO_LINES"), "one\ntwo", "{name}");
        assert_eq!(value("EMPTY"), "", "{name}");
        assert_eq!(value("GLOB"), "*; rm -rf ~", "{name}");
        let front = format!("{path}/.cargo/bin:/opt/two words/bin:{path}/go/bin:{path}/.local/bin");
        assert_eq!(value("PATH"), format!("{front}:/usr/bin:/bin"), "{name}");
    }
}

#[test]
fn a_shell_in_a_shell_keeps_path_as_it_is() {
    let home = Home::fixture("home");
    for name in shells() {
        let inner = format!("{SOURCE} printf %s \"$PATH\"");
        let line =
            format!("{SOURCE} export INNER='{inner}'; printf '%s\\n' \"$PATH\"; sh -c \"$INNER\"");
        let out = shell(&home, name, &line).clean();
        let lines: Vec<&str> = out.lines().collect();
        assert!(matches!(lines[..], [first, second] if first == second), "{name}: {out}");
    }
}

#[test]
fn it_is_read_under_strict_options() {
    let home = Home::fixture("home");
    for name in shells() {
        shell(&home, name, &format!("set -eu; {SOURCE}")).clean();
    }
}

#[test]
fn fish_reads_the_same() {
    if !installed("fish") {
        return;
    }
    let home = Home::config(
        "home { session-variables EDITOR=\"vi\" ODD=\"it's \\\"odd\\\" \\\\ 100%\" BOTH=\"$EDITOR-$HOME\"; session-path \"$HOME/a b\" \"/opt/c\" }\nprograms { fish }",
    );
    let line = "source ~/.config/hcc/session.fish; source ~/.config/hcc/session.fish; string join \\n -- $EDITOR $ODD $BOTH $PATH[1..3]";
    let mut command = home.command("fish");
    command.env("PATH", "/usr/bin:/bin").args(["--no-config", "-c", line]);
    let out = said(&mut command).ok();
    let path = home.path();
    assert_eq!(out, format!("vi\nit's \"odd\" \\ 100%\nvi-{path}\n{path}/a b\n/opt/c\n/usr/bin\n"));
}

#[test]
fn scripts_run() {
    let home = Home::fixture("home");
    let script =
        |name: &str, args: &[&str]| home.run(home.join(".local/bin").join(name).as_str(), args);
    assert_eq!(script("backup", &["now"]).clean(), "backup now\n");
    if installed("python3") {
        assert_eq!(script("hi", &[]).clean(), "hi\n");
    }
    if installed("bash") {
        assert_eq!(script("bashy", &[]).clean(), "bash\n");
    }
    assert_eq!(home.run(home.join("bin/hello").as_str(), &[]).clean(), "hello\n");
    assert_eq!(home.mode(".netrc"), 0o600);
}

#[test]
fn services_are_verified() {
    let home = Home::fixture("home");
    if installed("systemd-analyze") {
        systemd::verify(&home, "--user", ".config/systemd/user");
        for at in ["*-*-* 3:30:00", "Fri *-*-* 17:0:00", "*-*-* *:5:00", "*-6-1 0:0:00"] {
            home.run("systemd-analyze", &["calendar", at]).ok();
        }
    }
    if installed("python3") {
        assert_eq!(launchd::agree(&Home::host("home", "mac")), 4);
        assert_eq!(launchd::agree(&Home::host("system", "mac")), 3);
    }
}
