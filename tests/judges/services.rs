//! What runs in the background, and reads or is told what hcc wrote.

use std::time::{Duration, Instant};

use super::home::{Home, installed};

#[test]
fn borgmatic_validates_every_backup() {
    if !installed("borgmatic") {
        return;
    }
    let home = Home::fixture("programs/borgmatic");
    // Before 1.8 there was another file.
    if home.run("borgmatic", &["config", "validate", "--help"]).status != Some(0) {
        eprintln!("SKIPPED: borgmatic is older than 1.8");
        return;
    }
    for file in ["home", "patterns"] {
        let path = format!(".config/borgmatic.d/{file}.yaml");
        home.run("borgmatic", &["config", "validate", "--config", &path]).ok();
    }
    home.write(
        "wrong.yaml",
        &home.read(".config/borgmatic.d/home.yaml").replace("keep_daily: 7", "keep_daily: x"),
    );
    let wrong = home.run("borgmatic", &["config", "validate", "--config", "wrong.yaml"]);
    assert_ne!(wrong.status, Some(0), "it looks at values");
}

/// A process that is ended with the test.
struct Running(std::process::Child);

impl Drop for Running {
    fn drop(&mut self) {
        // One that has ended already is as well.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

#[test]
fn syncthing_is_told_folders_devices_and_options() {
    if !installed("syncthing") || !installed("curl") {
        return;
    }
    let home = Home::fixture("services/syncthing");
    let folder = home.join(".local/share/syncthing");
    std::fs::create_dir_all(&folder).expect("a writable home");
    let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|one| one.local_addr());
    let address = format!("127.0.0.1:{}", port.expect("a port").port());
    let mut command = home.command("syncthing");
    command
        .args(["serve", "--no-browser", "--no-restart", &format!("--home={folder}")])
        .arg(format!("--gui-address={address}"))
        .env("STNOUPGRADE", "1")
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null());
    let _running = Running(command.spawn().expect("syncthing"));
    let script = home.read(".config/hcc/syncthing.sh").replace("127.0.0.1:28384", &address);
    home.write("settings.sh", &script);
    let start = Instant::now();
    // Twice: what it says again changes nothing.
    for _ in 0..2 {
        home.run("sh", &["settings.sh"]).clean();
    }
    assert!(start.elapsed() < Duration::from_secs(60));
    let key = home.read(".local/share/syncthing/config.xml");
    let key = key.split("<apikey>").nth(1).and_then(|rest| rest.split('<').next()).expect("a key");
    let ask = |what: &str| {
        let url = format!("http://{address}/rest/config/{what}");
        home.run("curl", &["-fsS", "-H", &format!("X-API-Key: {key}"), &url]).clean()
    };
    let server = "P56IOI7-MZJNU2Y-IQGDREY-DM2MGTI-MGL3BXN-PQ6W5BM-TBBZ4TJ-XZWICQ2";
    let docs = ask("folders/docs");
    let documents = home.join("Documents");
    for text in [
        r#""label": "It's \"docs\"""#,
        r#""type": "sendonly""#,
        r#""rescanIntervalS": 1800"#,
        server,
        documents.as_str(),
        r#""keep": "10""#,
    ] {
        assert!(docs.contains(text), "{text}\n{docs}");
    }
    assert_eq!(ask("folders").matches("\"path\"").count(), 1, "the folder it comes with is gone");
    let device = ask(&format!("devices/{server}"));
    for text in [
        r#""name": "server""#,
        r#""introducer": true"#,
        r#""compression": "always""#,
        "tcp://192.0.2.1:22000",
    ] {
        assert!(device.contains(text), "{text}\n{device}");
    }
    assert_eq!(ask("devices").matches("\"deviceID\"").count(), 2, "itself and the server");
    assert!(ask("options").contains("\"localAnnounceEnabled\": false"));
    assert!(ask("gui").contains("\"theme\": \"dark\""));
}
