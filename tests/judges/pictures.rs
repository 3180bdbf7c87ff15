//! Viewers of pictures, on a display of their own, and what takes them.

use super::home::{Home, Said, installed};

/// A picture of one red pixel.
const PICTURE: &str = "import struct, zlib
def chunk(kind, data):
    return struct.pack('>I', len(data)) + kind + data + struct.pack('>I', zlib.crc32(kind + data))
head, data = struct.pack('>IIBBBBB', 1, 1, 8, 2, 0, 0, 0), zlib.compress(b'\\0\\xff\\0\\0')
text = chunk(b'IHDR', head) + chunk(b'IDAT', data) + chunk(b'IEND', b'')
open('a.png', 'wb').write(b'\\x89PNG\\r\\n\\x1a\\n' + text)";

/// What a program says that shows the picture for three seconds.
#[track_caller]
fn shown(home: &Home, words: &[&str]) -> Said {
    home.run("python3", &["-c", PICTURE]).clean();
    let mut args = vec!["-a", "timeout", "3"];
    args.extend(words);
    args.push("a.png");
    home.run("xvfb-run", &args)
}

#[test]
fn feh_takes_keys_buttons_and_themes() {
    if !installed("feh") || !installed("xvfb-run") || !installed("python3") {
        return;
    }
    let home = Home::fixture("programs/feh");
    let words = ["feh", "--theme", "present", "--draw-actions"];
    let said = shown(&home, &words);
    assert!(!said.err.contains("Invalid") && !said.err.contains("option"), "{said:#?}");
    assert_eq!(home.read("said"), "a.png\n", "the theme's command has run");
    for (file, from, to, problem) in [
        ("keys", "zoom_in", "zoom_inn", "Invalid action"),
        ("buttons", "zoom_out", "zoom_outt", "Invalid action"),
        ("themes", "--full-screen", "--fool-screen", "unrecognized option"),
    ] {
        let path = format!(".config/feh/{file}");
        home.write(&path, &home.read(&path).replace(from, to));
        let wrong = shown(&home, &words);
        assert!(wrong.err.contains(problem), "it looks at {file}: {wrong:#?}");
    }
}

#[test]
fn imv_takes_options_aliases_and_binds() {
    if !installed("imv-x11") || !installed("xvfb-run") || !installed("python3") {
        return;
    }
    let home = Home::fixture("programs/imv");
    let said = shown(&home, &["imv-x11"]);
    assert!(!said.err.contains("unknown") && !said.err.contains("rror"), "{said:#?}");
    let path = ".config/imv/config";
    home.write(path, &home.read(path).replace("overlay_font", "nonsense"));
    let wrong = shown(&home, &["imv-x11"]);
    assert!(wrong.err.contains("unknown option: nonsense"), "{wrong:#?}");
}

#[test]
fn flameshot_checks_its_file() {
    if !installed("flameshot") {
        return;
    }
    let home = Home::fixture("services/flameshot");
    let path = ".config/flameshot/flameshot.ini";
    // It looks for the folder.
    let pictures = home.join("my pictures");
    home.write("my pictures/.keep", "");
    let config = home.read(path).replace("/home/alice/my pictures", pictures.as_str());
    let checked = |config: &str| {
        home.write(path, config);
        home.run("env", &["QT_QPA_PLATFORM=offscreen", "flameshot", "config", "--check"])
    };
    let said = checked(&config);
    assert!(said.status == Some(0) && !said.err.contains("error:"), "{said:#?}");
    for (from, to) in [("#740096", "nonsense"), ("uiColor", "nonsense")] {
        let wrong = checked(&config.replace(from, to));
        assert!(wrong.status != Some(0), "{wrong:#?}");
    }
}
