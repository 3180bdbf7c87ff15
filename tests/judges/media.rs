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
