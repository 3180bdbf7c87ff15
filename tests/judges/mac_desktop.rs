//! What desktops on macOS are told. Their programs are not here; the languages of their files are.

use super::home::{Home, installed};

/// One file of a fixture's Mac.
#[track_caller]
fn text(fixture: &str, path: &str) -> String {
    let mac = Home::host(fixture, "mac");
    let mut files = mac.documents.iter().flat_map(|document| &document.files);
    let file = files.find(|file| file.path == path).expect("the file is made");
    file.text.to_string()
}

fn empty() -> Home {
    Home::config("host \"testhost\" os=\"linux\" distro=\"debian\" { user \"alice\" }")
}

#[test]
fn yabai_is_called_with_what_was_said() {
    if !installed("dash") {
        return;
    }
    let script = text("programs/yabai", ".config/yabai/yabairc");
    let home = empty();
    home.write("yabairc", &script);
    let stand_ins = "yabai() { for a in \"$@\"; do printf '<%s>' \"$a\"; done; echo; }\nsudo() { \"$@\"; }\n. ./yabairc\n";
    let out = home.run("dash", &["-eu", "-c", stand_ins]).clean();
    for line in [
        "<--load-sa>",
        "<-m><config><layout><bsp>",
        "<-m><config><mouse_follows_focus><on>",
        "<-m><rule><--add><app=it's><title=a \"b\" $c><sticky=on>",
        "<-m><config><active_window_opacity><1.0>",
        "<-m><config><window_opacity_duration><0.0>",
        "<-m><signal><--add><event=window_focused><action=sketchybar --trigger window_focus>",
        "<-m><signal><--add><event=window_moved><active=yes><app=^Kitty$><action=true>",
        "<-m><space><1><--label><main>",
    ] {
        assert!(out.lines().any(|own| own == line), "{line}\n{out}");
    }
}

#[test]
fn sketchybar_is_a_script() {
    if !installed("bash") {
        return;
    }
    let home = empty();
    home.write("rc", &text("programs/sketchybar", ".config/sketchybar/sketchybarrc"));
    let stand_in = "sketchybar() { echo \"$@\"; }; CONFIG_DIR=/c; . ./rc; echo $PLUGINS";
    let out = home.run("bash", &["-eu", "-c", stand_in]).clean();
    assert_eq!(out, "--bar height=32\n--update\n/c/plugins\n");
}

#[test]
fn hammerspoon_is_lua() {
    if !installed("lua5.4") {
        return;
    }
    let home = empty();
    home.write("init.lua", &text("programs/hammerspoon", ".hammerspoon/init.lua"));
    let script = r#"
package.loaded.windows = true
hs = {
  loadSpoon = function(name) return { start = function() print("spoon " .. name) end } end,
  hotkey = { bind = function(mods, key) print(table.concat(mods, "+") .. "+" .. key) end },
}
dofile("init.lua")
"#;
    assert_eq!(
        home.run("lua5.4", &["-e", script]).clean(),
        "spoon ReloadConfiguration\ncmd+alt+R\n"
    );
}

#[test]
fn aerospace_and_karabiner_are_read_as_toml_and_json() {
    let text = |name: &str, path: &str| self::text(&format!("programs/{name}"), path);
    let aerospace: toml_edit::DocumentMut =
        text("aerospace", ".config/aerospace/aerospace.toml").parse().expect("TOML");
    let keys = &aerospace["mode"]["main"]["binding"];
    assert_eq!(keys["alt-shift-q"][1].as_str(), Some("mode main"));
    assert_eq!(keys["alt-enter"].as_str(), Some("exec-and-forget open -na \"kitty\" '~'"));
    assert_eq!(aerospace["gaps"]["outer"]["left"].as_integer(), Some(8));
    assert_eq!(aerospace["gaps"]["outer"]["top"][1]["monitor"]["built-in.*"].as_integer(), Some(4));
    assert_eq!(
        aerospace["on-window-detected"][0]["if"]["app-id"].as_str(),
        Some("com.apple.finder")
    );
    let karabiner: serde_json::Value =
        serde_json::from_str(&text("karabiner", ".config/karabiner/karabiner.json")).expect("JSON");
    let rule = &karabiner["profiles"][0]["complex_modifications"]["rules"][0];
    assert_eq!(rule["description"], "Caps Lock is \"Control\", and Escape alone");
    assert_eq!(rule["manipulators"][0]["from"]["modifiers"]["optional"][0], "any");
}
