//! Players and browsers, without a screen.

use super::home::{Home, installed};

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
    ] {
        assert!(prefs.lines().any(|own| own == line), "{line}\n{prefs}");
    }
    assert_eq!(home.read(".thunderbird/profiles.ini"), profiles, "it makes no other profile");
}
