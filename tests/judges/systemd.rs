//! systemd verifies the units, and its own generator reads the environment.

use super::home::{Home, installed, said};

const GENERATOR: &str =
    "/usr/lib/systemd/user-environment-generators/30-systemd-environment-d-generator";

/// All units of a home, with what the verifier says to them: nothing.
#[track_caller]
pub fn verify(home: &Home, kind: &str, folder: &str) {
    let mut units: Vec<String> = std::fs::read_dir(home.join(folder))
        .expect("a folder of units")
        .filter_map(|entry| entry.ok())
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()))
        .map(|entry| {
            home.join(folder).join(entry.file_name().to_string_lossy().as_ref()).to_string()
        })
        .collect();
    units.sort();
    assert!(!units.is_empty());
    home.write("run/.keep", "");
    let mut command = home.command("systemd-analyze");
    command.env("XDG_RUNTIME_DIR", home.join("run"));
    command.args([kind, "--man=no", "--recursive-errors=no", "verify"]).args(&units);
    said(&mut command).clean();
}

#[test]
fn units_are_verified() {
    if installed("systemd-analyze") {
        let home = Home::fixture("systemd/user");
        // Known from systemd 254 on; older ones ignore it, and say so.
        let unit = ".config/systemd/user/daemon.service";
        let text = home.read(unit);
        assert!(text.contains("UpheldBy="));
        home.write(unit, &text.replace("UpheldBy=work.target\n", ""));
        verify(&home, "--user", ".config/systemd/user");
    }
}

/// What the programs of the shelf run in the background. A program that is not installed is stood
/// in for: the units are what is looked at.
#[test]
fn units_of_programs_are_verified() {
    if !installed("systemd-analyze") {
        return;
    }
    let all = [
        "services/gpg-agent",
        "services/ssh-agent",
        "services/syncthing",
        "services/emacs",
        "services/borgmatic",
        "services/hypridle",
        "services/network-manager-applet",
        "wayland/hyprland",
        "services/hyprpaper",
        "services/hyprsunset",
        "services/udiskie",
        "services/swaync",
        "services/flameshot",
        "services/playerctld",
        "services/mpris-proxy",
        "services/cliphist",
        "services/wlsunset",
        "services/swayosd",
        "services/mbsync",
        "services/blueman-applet",
        "services/pasystray",
        "services/gnome-keyring",
        "services/kdeconnect",
        "services/easyeffects",
        "services/batsignal",
        "services/mpd",
        "services/sxhkd",
        "services/wpaperd",
        "programs/nh",
        "programs/aria2",
        "programs/atuin",
        "programs/git",
    ];
    for home in all.map(Home::fixture) {
        for file in home.documents.iter().flat_map(|document| &document.files) {
            let unit = file.path.rsplit_once("systemd/user/").map(|(_, unit)| unit);
            let Some(unit) = unit.filter(|_| !file.text.is_empty()) else { continue };
            // Known from systemd 254 on; older ones ignore them, and say so.
            let newer = |line: &&str| {
                line.starts_with("RestartSteps=") || line.starts_with("RestartMaxDelaySec=")
            };
            let lines = file.text.lines().filter(|line| !newer(line)).map(|line| {
                let keys = ["ExecStart=", "ExecReload=", "ExecStop="];
                let command = keys.iter().find_map(|key| line.strip_prefix(key));
                match command.and_then(|command| command.split(' ').next()) {
                    Some(program) => line.replacen(program, "/bin/true", 1),
                    None => line.to_owned(),
                }
            });
            home.write(&format!("units/{unit}"), &(lines.collect::<Vec<_>>().join("\n") + "\n"));
        }
        verify(&home, "--user", "units");
    }
}

/// Units of the machine are verified from a folder of their own.
#[test]
fn units_of_the_machine_are_verified() {
    if !installed("systemd-analyze") {
        return;
    }
    let home = Home::host("system", "testhost");
    let files = home.documents.iter().flat_map(|document| &document.files);
    for file in files.filter(|file| !file.text.is_empty()) {
        if let Some(name) = file.path.strip_prefix("/etc/systemd/system/") {
            home.write(&format!("units/{name}"), &file.text);
        }
    }
    verify(&home, "--system", "units");
}

#[test]
fn links_lead_to_units() {
    let home = Home::fixture("systemd/user");
    for link in [
        "default.target.wants/daemon.service",
        "work.target.requires/daemon.service",
        "timers.target.wants/backup.timer",
        "d.service",
        "default.target.wants/tunnel@infinity.service",
    ] {
        let path = home.join(".config/systemd/user").join(link);
        assert!(path.is_symlink() && path.is_file(), "{path}");
    }
}

#[test]
fn the_environment_is_read() {
    if !std::path::Path::new(GENERATOR).is_file() {
        installed("30-systemd-environment-d-generator");
        return;
    }
    let home = Home::fixture("systemd/user");
    let out = said(&mut home.command(GENERATOR)).ok();
    let mut lines: Vec<&str> = out.lines().collect();
    lines.sort_unstable();
    let own = format!("GNUPGHOME={}/.gnupg", home.path());
    assert!(lines.contains(&own.as_str()), "{lines:?}");
    // It prints values in double quotes, with backslashes before what a shell would read.
    let greeting = r#"GREETING="two words, 100% \"quoted\" \\ 'single'""#;
    for line in [r#"PRICE="5\$""#, "COUNT=3", "FLAG=true", greeting] {
        assert!(lines.contains(&line), "{line} in {lines:#?}");
    }
}
