//! Players and browsers, without a screen.

use super::home::{Home, installed};

/// Chromium with a folder of settings, and an extension of its own, which speaks to a program of
/// ours.
#[track_caller]
fn speaks_to_its_host(target: &str, settings: &str) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().to_str().expect("UTF-8");
    let write = |name: &str, text: &str| {
        std::fs::write(folder.path().join(name), text).expect("a writable folder");
    };
    std::fs::create_dir(folder.path().join("own")).expect("a writable folder");
    write(
        "own/manifest.json",
        r#"{"manifest_version": 3, "name": "own", "version": "1.0",
            "background": {"service_worker": "own.js"}, "permissions": ["nativeMessaging"]}"#,
    );
    write("own/own.js", r#"chrome.runtime.sendNativeMessage("org.example.host", {});"#);
    // It has done all it shall when the host runs.
    write("host", &format!("#!/bin/sh\necho \"$1\" > {path}/said\nkill $PPID\n"));
    let packer = Home::config("");
    let args =
        ["--headless", "--no-sandbox", &format!("--pack-extension={path}/own")].map(String::from);
    packer.run("chromium", &args.each_ref().map(String::as_str)).ok();
    let script = format!(
        "chmod +x {path}/host; openssl pkey -in {path}/own.pem -pubout -outform DER | sha256sum \
         | head -c32 | tr 0-9a-f a-p"
    );
    let id = packer.run("sh", &["-c", &script]).clean();
    let home = Home::config(&format!(
        r#"{target}
            enable
            extension "{id}" crx="{path}/own.crx" version="1.0"
            native-messaging-host {{ org.example.host description="Own" path="{path}/host" type="stdio" {{ (list)allowed_origins "chrome-extension://{id}/" }} }}
        }}"#
    ));
    let folder_of = format!("--user-data-dir={}", home.join(settings));
    let args = ["-a", "timeout", "15", "chromium", "--no-sandbox", "--no-first-run", &folder_of];
    let said = home.run("xvfb-run", &[&args[..], &["--disable-gpu", "about:blank"]].concat());
    let origin = std::fs::read_to_string(folder.path().join("said"));
    assert_eq!(origin.ok(), Some(format!("chrome-extension://{id}/\n")), "{said:#?}");
    let kept = home.join(&format!("{settings}/Default/Extensions/{id}"));
    assert!(kept.is_dir(), "{kept}");
}

#[test]
fn mpv_reads_options_profiles_keys_and_scripts() {
    if !installed("mpv") {
        return;
    }
    let home = Home::fixture("programs/mpv");
    home.write(".config/mpv/local.conf", "hwdec=no\nosd-bar=no\n");
    let args = ["--idle=yes", "--vo=null", "--ao=null", "--msg-level=all=warn,own=info"];
    let said = home.run("mpv", &args);
    assert!(said.status == Some(0), "{said:#?}");
    for line in [
        "hwdec=no",
        "save-position-on-quit=yes",
        "osc=no",
        "sub-color=#FFFFFFFF",
        "screenshot-template=%F # 'x'",
        "osd-msg1= padded ",
        "alang=jpn,eng",
        "glsl-shaders=~~/a.glsl,~~/b.glsl",
        "scale=bilinear",
        "WHEEL_UP: seek 10",
        "Alt+0: set window-scale 0.5",
        "SHARP: cycle audio",
        "ESC: quit",
        "good # morning",
    ] {
        let line = format!("[own] {line}");
        assert!(said.out.lines().any(|own| own.trim_end() == line.trim_end()), "{line}\n{said:#?}");
    }
}

#[test]
fn firefox_starts_with_the_profile_and_its_preferences() {
    // Debian's has a name of its own.
    let firefox = match installed("firefox-esr") {
        true => "firefox-esr",
        false if installed("firefox") => "firefox",
        false => return,
    };
    let home = Home::fixture("programs/firefox");
    let profiles = home.read(".mozilla/firefox/profiles.ini");
    let page = home.join("page.png");
    let args = ["--headless", "--screenshot", page.as_str(), "about:blank"];
    let mut command = home.command("timeout");
    command.arg("60").arg(firefox).args(args);
    super::home::said(&mut command).ok();
    let prefs = home.read(".mozilla/firefox/alice/prefs.js");
    for line in [
        r#"user_pref("browser.startup.homepage", "https://example.org/?a=\"b\"&c=\\d");"#,
        r#"user_pref("browser.startup.page", 3);"#,
        r#"user_pref("browser.own.bool", false);"#,
        r#"user_pref("browser.own.line", "it is");"#,
    ] {
        assert!(prefs.lines().any(|own| own == line), "{line}\n{prefs}");
    }
    assert_eq!(home.read(".mozilla/firefox/profiles.ini"), profiles, "it makes no other profile");
    let containers = home.read(".mozilla/firefox/alice/containers.json");
    assert!(containers.contains("Bank") && containers.contains("Work"), "{containers}");
}

#[test]
fn thunderbird_starts_with_the_profile_and_its_accounts() {
    if !installed("thunderbird") {
        return;
    }
    let home = Home::fixture("programs/thunderbird");
    let profiles = home.read(".thunderbird/profiles.ini");
    let mut command = home.command("timeout");
    // Without a screen it runs until it is ended.
    command.args(["--signal=TERM", "--kill-after=5", "12", "thunderbird", "--headless"]);
    let _ended = super::home::said(&mut command);
    let prefs = home.read(".thunderbird/abcd1234.other/prefs.js");
    for line in [
        r#"user_pref("mail.server.server_home.hostname", "imap.example.org");"#,
        r#"user_pref("mail.identity.id_home.fullName", "Alice \"A\" Example");"#,
        r#"user_pref("mail.smtpserver.smtp_all_once.port", 587);"#,
    ] {
        assert!(prefs.lines().any(|own| own == line), "{line}\n{prefs}");
    }
    assert_eq!(home.read(".thunderbird/profiles.ini"), profiles, "it makes no other profile");
}

#[test]
fn zathura_takes_every_line() {
    if !installed("zathura") || !installed("xvfb-run") {
        return;
    }
    let home = Home::fixture("programs/zathura");
    let warned = |text: &str| {
        home.write(".config/zathura/zathurarc", text);
        let args = ["-a", "timeout", "3", "zathura", "--log-level=warning"];
        let said = home.run("xvfb-run", &args);
        let lines = said.err.lines().filter(|line| line.starts_with("warning:"));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    let config = home.read(".config/zathura/zathurarc");
    let missing = warned(&config);
    assert_eq!(missing.len(), 2, "{missing:?}");
    assert!(missing.iter().all(|line| line.contains("failed to load")), "{missing:?}");
    assert!(missing[1].contains("/my themes/it's mine'"), "the whole name is read: {missing:?}");
    let wrong = warned(&config.replace("set recolor ", "set discolor "));
    assert_eq!(wrong.len(), 3, "it looks at every line: {wrong:?}");
}

#[test]
fn chromium_installs_the_extension_and_lets_it_speak_to_its_host() {
    if installed("chromium") && installed("openssl") && installed("xvfb-run") {
        speaks_to_its_host("programs.chromium {", ".config/chromium");
    }
}

/// Brave is not here; it is made of Chromium, which reads its folder.
#[test]
fn brave_has_its_files_where_chromium_reads_them() {
    if installed("chromium") && installed("openssl") && installed("xvfb-run") {
        speaks_to_its_host("programs.brave {", ".config/BraveSoftware/Brave-Browser");
    }
}

#[test]
fn cava_draws_as_it_was_told() {
    if !installed("cava") {
        return;
    }
    let home = Home::fixture("programs/cava");
    let path = ".config/cava/config";
    let drawn = |config: &str| {
        // Silence, in place of what a player would play.
        home.write(path, &config.replace("/tmp/mpd.fifo", home.join("silence").as_str()));
        let script = "rm -f silence; mkfifo silence; cat /dev/zero > silence & timeout 10 cava | head -c 200; \
                      kill %1 2>/dev/null";
        home.run("bash", &["-c", script])
    };
    let config = home.read(path);
    let said = drawn(&config);
    assert!(said.out.contains("0;0;0;"), "{said:#?}");
    let wrong = drawn(&config.replace("data_format = ascii", "data_format = nonsense"));
    assert!(wrong.err.contains("data format"), "it looks at values: {wrong:#?}");
}

#[test]
fn yt_dlp_reads_every_word() {
    if !installed("yt-dlp") {
        return;
    }
    let home = Home::fixture("programs/yt-dlp");
    let said = home.run("yt-dlp", &["-v", "--simulate"]);
    let read = said.err.lines().find(|line| line.contains("User config")).expect("it is read");
    for words in [
        "'--embed-thumbnail', '--no-mtime', '--sub-langs', 'en.*,-live_chat'",
        r#""~/Videos/it's %(title)s # 1.%(ext)s", '--retries', '5'"#,
        "'--color', 'stdout:no_color', '--color', 'stderr:always'",
        "'get-audio', '-x --audio-format mp3'",
    ] {
        assert!(read.contains(words), "{words}\n{read}");
    }
    assert!(!said.err.contains("no such option"), "{said:#?}");
    home.write(".config/yt-dlp/config", "--nonsense");
    let wrong = home.run("yt-dlp", &["-v", "--simulate"]);
    assert!(wrong.err.contains("no such option: --nonsense"), "{wrong:#?}");
}

#[test]
fn aria2_has_the_options_it_was_told() {
    if !installed("aria2c") || !installed("curl") {
        return;
    }
    let home = Home::fixture("programs/aria2");
    let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|one| one.local_addr());
    let port = port.expect("a port").port();
    let script = format!(
        r#"timeout 10 aria2c --enable-rpc --rpc-listen-port={port} --quiet &
        for i in 1 2 3 4 5 6 7 8 9; do
            curl -fsS http://127.0.0.1:{port}/jsonrpc --data '{{"jsonrpc":"2.0","id":"x","method":"aria2.getGlobalOption"}}' 2>/dev/null && break
            sleep 0.3
        done
        kill %1"#
    );
    let said = home.run("bash", &["-c", &script]);
    for part in [
        r#""dir":"\/home\/alice\/my # Downloads""#,
        r#""max-connection-per-server":"8""#,
        r#""max-upload-limit":"51200""#,
        r#""seed-ratio":"1.0""#,
        r#""continue":"true""#,
        r#""header":"X-A: b\nX-C: d\n""#,
    ] {
        assert!(said.out.contains(part), "{part}\n{said:#?}");
    }
}

/// Asks qutebrowser's own reader, without a window: it says what it does not know, too.
pub const QUTEBROWSER: &str = "import sys
from qutebrowser.utils import standarddir, usertypes
from qutebrowser.misc import objects
objects.backend = usertypes.Backend.QtWebEngine
from qutebrowser.config import config, configcache, configdata, configfiles
standarddir._init_dirs()
configdata.init()
config.instance = config.Config(configfiles.YamlConfig())
config.val = config.ConfigContainer(config.instance)
config.key_instance = config.KeyConfig(config.instance)
config.cache = configcache.ConfigCache()
configfiles.read_config_py('.config/qutebrowser/config.py', warn_autoconfig=False)
for name in sys.argv[1:]:
    print(name, config.instance.get_obj(name))";

#[test]
fn qutebrowser_has_settings_searches_and_keys() {
    if !installed("qutebrowser") {
        return;
    }
    let home = Home::fixture("programs/qutebrowser");
    let read = |names: &[&str]| {
        // Debian's own, for which its modules are.
        let mut args = vec!["QT_QPA_PLATFORM=offscreen", "/usr/bin/python3", "-c", QUTEBROWSER];
        args.extend(names);
        home.run("env", &args)
    };
    let lines = [
        "tabs.show multiple",
        "tabs.padding {'top': 2, 'bottom': 2, 'left': 4, 'right': 4}",
        "content.autoplay False",
        "colors.webpage.darkmode.enabled True",
        "spellcheck.languages ['en-US', 'de-DE']",
        r#"url.start_pages https://example.org/?a="b"&c=\d"#,
        "url.searchengines {'DEFAULT': 'https://duckduckgo.com/?q={}', 'w': 'https://en.wikipedia.org/wiki/{}'}",
        r#"bindings.commands {'normal': {'<Ctrl+v>': 'spawn mpv "{url}"', 'd': None}, 'prompt': {'<Ctrl+y>': 'prompt-yes'}}"#,
        "zoom.default 125%",
    ];
    let names = lines.map(|line| line.split(' ').next().unwrap_or_default());
    let said = read(&names).ok();
    for line in lines {
        assert!(said.lines().any(|own| own == line), "{line}\n{said}");
    }
    let path = ".config/qutebrowser/config.py";
    home.write(path, &home.read(path).replace("multiple", "nonsense").replace("hints", "hintz"));
    let wrong = read(&names).err;
    for part in ["Invalid value 'nonsense'", "No option 'colors.hintz.bg'"] {
        assert!(wrong.contains(part), "{part}\n{wrong}");
    }
}
