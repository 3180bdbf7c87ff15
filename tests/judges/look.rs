//! How programs look: fontconfig, X11's resources, GTK, dconf and the colour of the night are asked
//! what they understood.

use super::home::{Home, Said, installed};

/// A program in a home, with a folder for a session.
#[track_caller]
fn run(home: &Home, words: &[&str]) -> Said {
    home.write("run/.keep", "");
    let folder = format!("XDG_RUNTIME_DIR={}", home.join("run"));
    let mut args = vec![folder.as_str()];
    args.extend(words);
    home.run("env", &args)
}

#[test]
fn fontconfig_hands_out_the_chosen_fonts() {
    if !installed("fc-match") || !installed("fc-list") {
        return;
    }
    let home = Home::fixture("fonts/fontconfig");
    let fonts = home.run("fc-list", &[":", "family"]).ok();
    if !fonts.contains("DejaVu Sans Mono") || !fonts.contains("DejaVu Serif") {
        eprintln!("SKIPPED: the fonts of DejaVu are not installed");
        return;
    }
    let family = |asked: &str| home.run("fc-match", &["-f", "%{family}", asked]).clean();
    assert_eq!(family("monospace"), "DejaVu Serif");
    assert_eq!(family("Helvetica"), "DejaVu Sans Mono");
    let drawn = ["-f", "%{antialias} %{hintstyle} %{rgba}", "monospace"];
    assert_eq!(home.run("fc-match", &drawn).clean(), "True 1 3");
}

#[test]
fn xrdb_keeps_every_resource() {
    if !installed("xrdb") || !installed("xvfb-run") || !installed("cpp") {
        return;
    }
    let home = Home::fixture("xresources");
    let script = "xrdb -load .config/x11/Xresources && xrdb -query";
    let said = run(&home, &["xvfb-run", "-a", "-s", "-noreset", "sh", "-c", script]).clean();
    for line in [
        "Xft.dpi:\t96",
        "*.background:\t#1e1e2e",
        "URxvt.font:\txft:Iosevka:size=11,xft:Noto Color Emoji",
        "URxvt.perl-ext-common:\tdefault,matcher",
        "XTerm*selectToClipboard:\ttrue",
        "XTerm*foreground:\t#cdd6f4",
    ] {
        assert!(said.lines().any(|own| own == line), "{line}\n{said}");
    }
}

#[test]
fn gtk_takes_its_settings() {
    if !installed("gtk-query-settings") || !installed("xvfb-run") {
        return;
    }
    let home = Home::fixture("gtk");
    let said = run(&home, &["xvfb-run", "-a", "gtk-query-settings"]).ok();
    let values: Vec<&str> = said.split_whitespace().collect();
    for (key, value) in [
        ("gtk-theme-name:", "\"Adwaita-dark\""),
        ("gtk-icon-theme-name:", "\"Papirus-Dark\""),
        ("gtk-cursor-theme-size:", "24"),
        ("gtk-application-prefer-dark-theme:", "TRUE"),
        ("gtk-decoration-layout:", "\":\""),
        ("gtk-enable-animations:", "FALSE"),
    ] {
        let at = values.iter().position(|word| *word == key).expect("a known key");
        assert_eq!(values[at + 1], value, "{key}\n{said}");
    }
}

#[test]
fn dconf_holds_what_was_said() {
    if !installed("dconf") || !installed("dbus-run-session") {
        return;
    }
    let home = Home::fixture("dconf");
    let script = "for f in .config/hcc/dconf*.ini; do dconf load / <$f || exit; done; dconf dump /";
    let said = run(&home, &["dbus-run-session", "--", "sh", "-c", script]).ok();
    for line in [
        "color-scheme='prefer-dark'",
        "clock-show-seconds=true",
        "font-name=\"it's \\\"so\\\" \\\\\"",
        "text-scaling-factor=1.25",
        "favorite-apps=['firefox.desktop', 'foot.desktop']",
        "disabled-extensions=['a@b']",
        "idle-delay=uint32 300",
        "sources=[('xkb', 'us'), ('xkb', 'de')]",
    ] {
        assert!(said.lines().any(|own| own == line), "{line}\n{said}");
    }
}

/// The colour of the night, as a program says that it has understood it.
#[track_caller]
fn night(fixture: &str, program: &str, path: &str) {
    let home = Home::fixture(fixture);
    let said = run(&home, &[program, "-c", path, "-p", "-v"]);
    let said = said.out + &said.err;
    assert!(said.contains("6500") && said.contains("3500"), "{said}");
    assert!(!said.contains("nknown"), "{said}");
}

#[test]
fn redshift_understands_the_colour_of_the_night() {
    if installed("redshift") {
        night("services/redshift", "redshift", ".config/redshift/redshift.conf");
    }
}

#[test]
fn gammastep_understands_the_colour_of_the_night() {
    if installed("gammastep") {
        night("services/gammastep", "gammastep", ".config/gammastep/config.ini");
    }
}

#[test]
fn one_pointer_is_told_to_all_programs() {
    if !installed("python3") {
        return;
    }
    let home = Home::fixture("pointer");
    let script = "
import configparser, json
def read(path):
    file = configparser.ConfigParser(interpolation=None)
    file.read(path)
    return {name: dict(file[name]) for name in file.sections()}
print(json.dumps([read(p) for p in ['.icons/default/index.theme', '.local/share/icons/default/index.theme', '.config/gtk-3.0/settings.ini']]))
";
    let out = home.run("python3", &["-c", script]).clean();
    let read: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!(read[0]["Icon Theme"]["inherits"], "Bibata Ice");
    assert_eq!(read[1], read[0]);
    assert_eq!(read[2]["Settings"]["gtk-cursor-theme-name"], "Bibata Ice");
    let said =
        home.run("sh", &["-c", ". .config/hcc/session.sh; echo $XCURSOR_THEME $XCURSOR_SIZE"]);
    assert_eq!(said.clean(), "Bibata Ice 32\n");
    assert!(home.read(".Xresources").contains("Xcursor.theme: Bibata Ice\n"));
    assert!(home.read(".config/sway/config").contains("xcursor_theme \"Bibata Ice\" 32\n"));
}

#[test]
fn qt_and_kvantum_read_their_sections() {
    if !installed("python3") {
        return;
    }
    let home = Home::fixture("qt");
    let script = "
import configparser
file = configparser.ConfigParser()
file.read(['.config/qt6ct/qt6ct.conf', '.config/Kvantum/kvantum.kvconfig'])
print(file['Appearance']['style'], file['Interface']['stylesheets'], file['General']['theme'])
";
    assert_eq!(home.run("python3", &["-c", script]).clean(), "kvantum a.qss, b.qss Mine\n");
}
