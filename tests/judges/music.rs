//! The music player daemon, and what it is told with.

use super::home::{Home, installed};

#[test]
fn mpd_plays_to_every_output() {
    if !installed("mpd") || !installed("python3") {
        return;
    }
    let home = Home::fixture("services/mpd");
    let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|one| one.local_addr());
    let port = port.expect("a port").port().to_string();
    // What a machine without sound can do.
    let path = ".config/mpd/mpd.conf";
    let config = home.read(path).replace("6601", &port).replace("\"pipewire\"", "\"null\"");
    home.write(path, &config);
    home.write("my \"music\"/lists/.keep", "");
    home.write(".cache/.keep", "");
    let ask = "import socket, sys, time
for _ in range(40):
    time.sleep(0.1)
    try:
        talk = socket.create_connection(('127.0.0.1', int(sys.argv[1])))
        break
    except OSError:
        pass
talk.sendall(b'outputs\\nreplay_gain_status\\nclose\\n')
print(talk.makefile().read())";
    home.write("ask.py", ask);
    let script = format!(
        "timeout 10 mpd --no-daemon --stderr {path} 2>said & python3 ask.py {port}; kill %1"
    );
    let said = home.run("bash", &["-c", &script]);
    for line in [
        "outputname: PipeWire \"1\"",
        "outputname: picture",
        "plugin: fifo",
        "replay_gain_mode: album",
    ] {
        assert!(
            said.out.lines().any(|own| own == line),
            "{line}\n{said:#?}\n{}",
            home.read("said")
        );
    }
    home.write("wrong", &config.replace("auto_update", "auto_updat"));
    let wrong = home.run("mpd", &["--no-daemon", "--stderr", "wrong"]);
    assert!(wrong.err.contains("unrecognized parameter: auto_updat"), "{wrong:#?}");
}

#[test]
fn ncmpcpp_takes_settings_and_keys() {
    if !installed("ncmpcpp") {
        return;
    }
    let home = Home::fixture("programs/ncmpcpp");
    let said = |config: &str, keys: &str| {
        home.write("config", config);
        home.write("keys", keys);
        let script = "TERM=xterm timeout 5 ncmpcpp -q -h 127.0.0.1 -p 1 -c config -b keys 2>&1";
        home.run("sh", &["-c", script]).out
    };
    let config = home.read(".config/ncmpcpp/config");
    let keys = home.read(".config/ncmpcpp/bindings");
    let right = said(&config, &keys);
    assert!(right.contains("Connection refused"), "{right}");
    let wrong = said(&config.replace("user_interface", "user_interfac"), &keys);
    assert!(wrong.contains("Unknown option: user_interfac"), "{wrong}");
    let wrong = said(&config, &keys.replace("select_item", "select_itm"));
    assert!(wrong.contains("select_itm"), "it looks at actions: {wrong}");
}
