//! `systemd.user`, and the units of `services.gpg-agent`.

use serde_json::json;

use crate::home::{installed, said};
use crate::{parsed, reference};

const FOLDER: &str = ".config/systemd/user";

#[test]
fn systemd_takes_every_unit() {
    if !installed("systemd-analyze") {
        return;
    }
    let home = reference();
    home.write("run/.keep", "");
    let units = [
        "backup.service",
        "backup.timer",
        "gpg-agent.service",
        "gpg-agent.socket",
        "gpg-agent-ssh.socket",
    ];
    let mut command = home.command("systemd-analyze");
    command.env("XDG_RUNTIME_DIR", home.join("run"));
    command.args(["--user", "--man=no", "--recursive-errors=no", "verify"]);
    command.args(units.map(|unit| home.join(FOLDER).join(unit).to_string()));
    said(&mut command).clean();
    home.run("systemd-analyze", &["calendar", "daily"]).ok();
}

#[test]
fn units_say_what_was_said() {
    if !installed("python3") {
        return;
    }
    let home = reference();
    let unit = |name: &str| parsed(&home, "ini", &format!("{FOLDER}/{name}"));
    assert_eq!(
        unit("backup.service"),
        json!({"Unit": {"Description": "Backup"}, "Service": {"Type": "oneshot", "ExecStart": "%h/.local/bin/backup"}})
    );
    assert_eq!(
        unit("backup.timer"),
        json!({
            "Unit": {"Description": "Backup timer"},
            "Timer": {"OnCalendar": "daily", "Persistent": "true"},
            "Install": {"WantedBy": "timers.target"},
        })
    );
    let socket = |name: &str| {
        let all = unit(&format!("{name}.socket"));
        assert_eq!(all["Install"]["WantedBy"], "sockets.target");
        all["Socket"].clone()
    };
    assert_eq!(
        socket("gpg-agent"),
        json!({
            "ListenStream": "%t/gnupg/S.gpg-agent", "FileDescriptorName": "std",
            "SocketMode": "0600", "DirectoryMode": "0700",
        })
    );
    assert_eq!(
        socket("gpg-agent-ssh"),
        json!({
            "ListenStream": "%t/gnupg/S.gpg-agent.ssh", "FileDescriptorName": "ssh", "Service": "gpg-agent.service",
            "SocketMode": "0600", "DirectoryMode": "0700",
        })
    );
    // What `Install` says is done, as `systemctl enable` would do it.
    for (wants, name) in [
        ("timers", "backup.timer"),
        ("sockets", "gpg-agent.socket"),
        ("sockets", "gpg-agent-ssh.socket"),
    ] {
        let link = home.join(FOLDER).join(format!("{wants}.target.wants")).join(name);
        let to = std::fs::read_link(&link).unwrap_or_else(|error| panic!("{link}: {error}"));
        assert_eq!(to.to_str(), Some(&*format!("../{name}")));
    }
}
