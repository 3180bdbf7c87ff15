//! Desktops on Linux: window managers check their files, daemons and launchers read theirs and stop
//! where they miss a screen.

use super::home::{Home, Said, installed};

/// A program in a home, with the variables of a session.
#[track_caller]
fn run(home: &Home, words: &[&str]) -> Said {
    home.write("run/.keep", "");
    let folder = format!("XDG_RUNTIME_DIR={}", home.join("run"));
    let mut args = vec![folder.as_str(), "WLR_BACKENDS=headless", "WLR_RENDERER=pixman"];
    args.extend(words);
    home.run("env", &args)
}

/// The same on a display of its own.
#[track_caller]
fn on_display(home: &Home, words: &[&str]) -> Said {
    let mut args = vec!["xvfb-run", "-a"];
    args.extend(words);
    run(home, &args)
}

/// What a program says of a file, with the words in front that make it read one.
#[track_caller]
fn of_file(home: &Home, words: &[&str], path: &str) -> String {
    let file = home.join(path);
    let mut words = words.to_vec();
    words.push(file.as_str());
    let said = run(home, &words);
    said.out + &said.err
}

/// Sway, in a folder of its own with some files. It does not run as root, and nobody else sees
/// into a folder of root's.
#[track_caller]
pub fn sway(home: &Home, files: &[(&str, &str)], options: &[&str]) -> (Said, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).expect("a writable folder");
    }
    let path = folder.path().to_str().expect("UTF-8");
    home.run("chmod", &["-R", "a+rwX", path]).clean();
    let (runtime, own) = (format!("XDG_RUNTIME_DIR={path}"), format!("HOME={path}"));
    let mut words = vec!["-C", path, &runtime, &own, "WLR_BACKENDS=headless"];
    words.push("WLR_RENDERER=pixman");
    if home.run("id", &["-u"]).ok().trim() == "0" {
        words.extend(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]);
    }
    words.push("sway");
    words.extend(options);
    (home.run("env", &words), folder)
}

#[test]
fn sway_takes_every_line() {
    if !installed("sway") || !installed("setpriv") {
        return;
    }
    let home = Home::fixture("wayland/sway");
    let said = |text: &str| sway(&home, &[("config", text)], &["-C", "-c", "config"]).0;
    let config = home.read(".config/sway/config");
    let checked = said(&config);
    assert!(checked.status == Some(0) && !checked.err.contains("[sway/"), "{checked:#?}");
    let wrong = said(&format!("{config}\nbindsym\n"));
    assert!(wrong.err.contains("Error on line"), "{wrong:#?}");
}

#[test]
fn wofi_runs_what_it_is_told_and_styles_itself() {
    if !installed("wofi") || !installed("sway") || !installed("setpriv") {
        return;
    }
    let home = Home::fixture("programs/wofi");
    let start = "exec sh -c 'echo one | timeout 2 wofi --show dmenu --conf wofi --style style.css \
                 2> said; swaymsg exit'\n";
    let shown = |style: &str| {
        let config = home.read(".config/wofi/config");
        let files = [("config", start), ("wofi", &config), ("style.css", style)];
        let (_, folder) = sway(&home, &files, &["-c", "config"]);
        let read = |name: &str| std::fs::read_to_string(folder.path().join(name));
        (read("shown").unwrap_or_default(), read("said").expect("wofi has run"))
    };
    let style = home.read(".config/wofi/style.css");
    let (out, said) = shown(&style);
    assert_eq!(out, "# one \\\n", "{said}");
    assert!(!said.contains("parsing error"), "{said}");
    let wrong = shown(&style.replace("background-color", "nonsense"));
    assert!(wrong.1.contains("not a valid property name"), "it does look: {wrong:?}");
}

#[test]
fn i3_takes_every_line() {
    if !installed("i3") {
        return;
    }
    let home = Home::fixture("xsession/i3");
    let path = home.join(".config/i3/config");
    home.run("i3", &["-C", "-c", path.as_str()]).clean();
    home.write("wrong", &format!("{}\nnonsense on\n", home.read(".config/i3/config")));
    let said = home.run("i3", &["-C", "-c", "wrong"]);
    assert!(said.status != Some(0) && said.out.contains("nonsense"), "{said:#?}");
}

#[test]
fn fuzzel_reads_its_file() {
    let wrong = ("[main]\nnonsense=1\n", "not a valid option");
    let path = ".config/fuzzel/fuzzel.ini";
    let home = Home::fixture("programs/fuzzel");
    if !installed("fuzzel") {
        return;
    }
    let option = |path: &str| format!("--config={}", home.join(path));
    let said = run(&home, &["fuzzel", &option(path)]);
    let errors: Vec<&str> = said.err.lines().filter(|line| line.contains("err:")).collect();
    assert!(errors.len() == 1 && errors[0].contains("no compositor running"), "{said:#?}");
    home.write("wrong", wrong.0);
    assert!(run(&home, &["fuzzel", &option("wrong")]).err.contains(wrong.1));
}

#[test]
fn swaylock_reads_its_options() {
    let home = Home::fixture("programs/swaylock");
    if !installed("swaylock") {
        return;
    }
    // It looks for the picture.
    home.write("walls/a # b.png", "");
    let said = of_file(&home, &["swaylock", "-C"], ".config/swaylock/config");
    assert!(said.contains("compositor") && !said.contains("Usage"), "{said}");
    assert!(said.contains("a # b.png"), "the whole name is read: {said}");
    home.write("wrong", "nonsense=1\n");
    assert!(of_file(&home, &["swaylock", "-C"], "wrong").contains("Usage"));
}

#[test]
fn swayidle_reads_its_file() {
    if !installed("swayidle") {
        return;
    }
    let home = Home::fixture("services/swayidle");
    let said = of_file(&home, &["swayidle", "-C"], ".config/swayidle/config");
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.contains("Unable to connect to the compositor"), "{said}");
    home.write("wrong", "timeout x y\n");
    assert!(of_file(&home, &["swayidle", "-C"], "wrong").contains("Invalid timeout"));
}

#[test]
fn kanshi_reads_its_profiles() {
    if !installed("kanshi") {
        return;
    }
    let home = Home::fixture("services/kanshi");
    // Debian's does not know it yet.
    let config = home.read(".config/kanshi/config");
    home.write(
        "config",
        &config.replace(" adaptive_sync on", "").replace(" adaptive_sync off", ""),
    );
    let said = of_file(&home, &["kanshi", "--config"], "config");
    assert!(said.contains("display") && !said.contains("pars"), "{said}");
    home.write("wrong", "profile {\n  output x scale\n");
    assert!(of_file(&home, &["kanshi", "--config"], "wrong").contains("failed to parse"));
}

#[test]
fn mako_reads_its_file() {
    if !installed("mako") {
        return;
    }
    let home = Home::fixture("services/mako");
    let said = of_file(&home, &["mako", "--config"], ".config/mako/config");
    assert!(!said.contains("arse") && !said.contains("Invalid"), "{said}");
    home.write("wrong", "nonsense=1\n");
    assert!(of_file(&home, &["mako", "--config"], "wrong").contains("Failed to parse option"));
}

#[test]
fn rofi_reads_settings_and_theme() {
    if !installed("rofi") || !installed("xvfb-run") {
        return;
    }
    let home = Home::fixture("programs/rofi");
    let said = on_display(&home, &["rofi", "-dump-config"]);
    for line in [
        "\tfont: \"Iosevka 12\";",
        "\tterminal: \"foot\";",
        "\tshow-icons: true;",
        "\tkb-primary-paste: \"Control+v\";",
        "\tmodi: \"drun,run,ssh\";",
    ] {
        assert!(said.out.lines().any(|own| own == line), "{line}\n{said:#?}");
    }
    let theme = on_display(&home, &["rofi", "-dump-theme"]).out;
    for part in ["\"Search # ; it\"", "[ \"inputbar\",\"listview\" ]", "var(accent)"] {
        assert!(theme.contains(part), "{part}\n{theme}");
    }
}

#[test]
fn dunst_takes_every_setting() {
    if !installed("dunst") || !installed("xvfb-run") || !installed("dbus-run-session") {
        return;
    }
    let home = Home::fixture("services/dunst");
    let daemon = ["dbus-run-session", "--", "timeout", "3", "dunst", "-verbosity", "debug"];
    let said = on_display(&home, &daemon);
    let said = said.out + &said.err;
    for part in [
        "Adding rule 'format = <b>%s</b>\\n%b' to special section global",
        "Trying to set mouse_left_click to close_current, do_action",
        "Adding rule 'frame_color = #F5A97F' to special section urgency_critical",
        "appname Spot;fy # 1",
    ] {
        assert!(said.contains(part), "{part}\n{said}");
    }
    let warned: Vec<&str> = said.lines().filter(|line| line.contains("WARNING")).collect();
    assert!(!warned.iter().any(|line| line.contains("etting")), "{warned:?}");
}

#[test]
fn polybar_finds_values_and_what_they_refer_to() {
    if !installed("polybar") || !installed("xvfb-run") {
        return;
    }
    let home = Home::fixture("services/polybar");
    for (key, value) in [
        ("height", "22"),
        ("modules-right", "date cpu"),
        ("background", "#1e1e2e"),
        ("font-0", "monospace:size=10;2"),
    ] {
        let dump = format!("--dump={key}");
        let said = on_display(&home, &["polybar", &dump, "top"]);
        assert_eq!(said.out.lines().last(), Some(value), "{said:#?}");
    }
}

#[test]
fn picom_reads_groups_lists_and_rules() {
    if !installed("picom") || !installed("xvfb-run") {
        return;
    }
    let home = Home::fixture("services/picom");
    // What a display without a graphics card can do.
    let config = home
        .read(".config/picom/picom.conf")
        .replace("glx", "xrender")
        .replace("vsync = true", "vsync = false");
    home.write("config", &config);
    on_display(&home, &["picom", "--config", "config", "--diagnostics"]).ok();
    home.write("wrong", &config.replace("0.9;", "much;"));
    let said = on_display(&home, &["picom", "--config", "wrong", "--diagnostics"]);
    assert!(said.status != Some(0) && said.err.contains("syntax error"), "{said:#?}");
}

#[test]
fn waybar_is_json() {
    if !installed("python3") {
        return;
    }
    let home = Home::fixture("programs/waybar");
    let out = home.run("python3", &["-m", "json.tool", ".config/waybar/config"]).clean();
    let read: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!(read[0]["modules-center"], serde_json::json!(["clock"]));
    assert_eq!(read[0]["battery"]["states"]["critical"], 15);
    assert_eq!(read[0]["custom/mail"]["format"], "{} \"mails\"");
    assert_eq!(read[1]["position"], "bottom");
}

/// What swaync says of a file of settings and one of rules.
#[track_caller]
pub fn swaync(home: &Home, config: &str, style: &str) -> String {
    let start = "exec sh -c 'timeout 3 dbus-run-session -- swaync -c config.json -s style.css > said \
                 2>&1; swaymsg exit'\n";
    let files = [("config", start), ("config.json", config), ("style.css", style)];
    let (_, folder) = sway(home, &files, &["-c", "config"]);
    std::fs::read_to_string(folder.path().join("said")).expect("swaync has run")
}

#[test]
fn swaync_understands_every_key_and_rule() {
    if !installed("swaync") || !installed("sway") || !installed("setpriv") {
        return;
    }
    let home = Home::fixture("services/swaync");
    let config = home.read(".config/swaync/config.json");
    let style = home.read(".config/swaync/style.css");
    let wrong = |said: &str| said.contains("Failed to deserialize") || said.contains("CSS Error");
    let right = swaync(&home, &config, &style);
    assert!(right.contains("Loading widget: title") && !wrong(&right), "{right}");
    let changed = config.replace("\"timeout\": 10", "\"timeout\": \"x\"");
    let changed = swaync(&home, &changed, &style);
    assert!(wrong(&changed), "it looks at values: {changed}");
    let changed = swaync(&home, &config, &style.replace("border-radius", "border-raddius"));
    assert!(wrong(&changed), "it looks at rules: {changed}");
}

#[test]
fn wlogout_shows_every_button() {
    if !installed("wlogout") || !installed("sway") || !installed("setpriv") {
        return;
    }
    let home = Home::fixture("programs/wlogout");
    let start = "exec sh -c 'timeout 2 wlogout --layout layout --css style.css > said 2>&1; \
                 echo $? >> said; swaymsg exit'\n";
    let style = home.read(".config/wlogout/style.css");
    let said = |layout: &str| {
        let files = [("config", start), ("layout", layout), ("style.css", &style)];
        let (_, folder) = sway(&home, &files, &["-c", "config"]);
        std::fs::read_to_string(folder.path().join("said")).expect("wlogout has run")
    };
    let layout = home.read(".config/wlogout/layout");
    // It stays until it is ended.
    let right = said(&layout);
    assert!(right.ends_with("124\n") && !right.contains("WARNING"), "{right}");
    let wrong = said(&layout.replace("\"text\"", "\"textt\""));
    assert!(wrong.contains("Invalid key textt"), "it looks at keys: {wrong}");
}

#[test]
fn hyprland_is_called_by_lua() {
    if !installed("lua5.4") {
        return;
    }
    let home = Home::host("wayland/hyprland", "newer");
    let mut files = home.documents.iter().flat_map(|document| &document.files);
    let file = files.find(|file| file.path.ends_with("hyprland.lua")).expect("the file is made");
    home.write("hyprland.lua", &file.text);
    let script = r#"
local calls = {}
local function at(name)
  return setmetatable({}, {
    __index = function(_, key) return at(name == "" and key or name .. "." .. key) end,
    __call = function(_, ...)
      calls[name] = calls[name] or {}
      table.insert(calls[name], {...})
      return name
    end,
  })
end
hl = at("")
dofile("hyprland.lua")
local general = calls.config[1][1].general
assert(general.gaps_out.top == 10 and general.col.active_border.colors[2] == "rgba(00ff99ee)")
assert(#calls.monitor == 2 and calls.monitor[1][1].scale == 1.5 and calls.monitor[2][1].output == "")
assert(calls.env[2][1] == "GDK_BACKEND" and calls.env[2][2] == "wayland,x11")
assert(calls.curve[1][1] == "quick" and calls.curve[1][2].points[2][2] == 1)
assert(calls.window_rule[1][1].match.class == "^(kitty)$")
assert(calls.bind[1][1] == "SUPER + Return" and calls.bind[1][2] == "dsp.exec_cmd")
assert(calls["dsp.exec_cmd"][1][1] == "kitty" and calls.exec_cmd == nil)
assert(#calls.on == 1 and calls.on[1][1] == "hyprland.start")
calls.on[1][2]()
assert(calls.exec_cmd[3][1] == [[notify-send "it's up"]])
print("read")
"#;
    assert_eq!(home.run("lua5.4", &["-e", script]).clean(), "read\n");
}

#[test]
fn tofi_takes_every_option() {
    if !installed("tofi") {
        return;
    }
    let home = Home::fixture("programs/tofi");
    // A theme of the user's, which is read first.
    home.write(".config/tofi/theme", "border-width = 3\n");
    let path = ".config/tofi/config";
    let theme = home.join(".config/tofi/theme");
    let config = home.read(path).replace("/home/alice/.config/tofi/theme", theme.as_str());
    home.write(path, &config);
    let said = of_file(&home, &["tofi", "-c"], path);
    assert!(said.contains("Wayland display") && !said.contains("line"), "{said}");
    home.write("wrong", &config.replace("num-results", "nonsense"));
    assert!(of_file(&home, &["tofi", "-c"], "wrong").contains("Unknown option \"nonsense\""));
}

#[test]
fn i3status_prints_every_module() {
    if !installed("i3status") {
        return;
    }
    let home = Home::fixture("programs/i3status");
    let path = ".config/i3status/config";
    let said = |text: &str| {
        home.write(path, text);
        home.run("timeout", &["2", "i3status", "-c", path])
    };
    let config = home.read(path);
    let right = said(&config);
    let line = right.out.lines().next().unwrap_or_default();
    assert!(line.contains("\"free\" | ") && line.contains(" # x | 20"), "{right:#?}");
    let wrong = said(&config.replace("low_threshold", "nonsense"));
    assert!(wrong.err.contains("no such option 'nonsense'"), "{wrong:#?}");
}

#[test]
fn sxhkd_knows_every_key() {
    if !installed("sxhkd") || !installed("xvfb-run") {
        return;
    }
    let home = Home::fixture("services/sxhkd");
    let path = ".config/sxhkd/sxhkdrc";
    let said = |text: &str| {
        home.write(path, text);
        on_display(&home, &["env", "SHELL=/bin/sh", "timeout", "2", "sxhkd", "-c", path]).err
    };
    let config = home.read(path);
    let right = said(&config);
    assert!(!right.contains("Unknown") && !right.contains("nvalid"), "{right}");
    let wrong = said(&config.replace("Return", "Nonsense"));
    assert!(wrong.contains("Unknown keysym name: 'Nonsense'"), "{wrong}");
}
