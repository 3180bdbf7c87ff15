//! Terminals read their configuration: foot and kitty themselves, wezterm's by Lua.

use super::home::{Home, installed};

#[test]
fn foot_checks_every_line() {
    if !installed("foot") {
        return;
    }
    let home = Home::fixture("programs/foot");
    // It includes a theme that is not everywhere.
    let config = home.read(".config/foot/foot.ini").replace("include=/usr/share", "# /usr/share");
    home.write("foot.ini", &config);
    let path = home.join("foot.ini");
    home.run("foot", &["--check-config", "--config", path.as_str()]).ok();
    home.write("wrong.ini", &config.replace("lines=10000", "lines=many"));
    let wrong = home.join("wrong.ini");
    let said = home.run("foot", &["--check-config", "--config", wrong.as_str()]);
    assert_ne!(said.status, Some(0), "it does look at the lines");
}

#[test]
fn kitty_reads_what_was_meant() {
    if !installed("kitty") {
        return;
    }
    let home = Home::fixture("programs/kitty");
    home.write(".config/kitty/themes/nord.conf", "foreground #112233\n");
    let script = "
import json, os, sys
from kitty.config import load_config
bad = []
path = os.path.expanduser('~/.config/kitty/kitty.conf')
o = load_config(path, accumulate_bad_lines=bad)
print(json.dumps({
    'bad': [str(one) for one in bad],
    'foreground': o.foreground.as_sharp,
    'background': o.background.as_sharp,
    'title': o.tab_title_template,
    'bell': o.enable_audio_bell,
    'size': o.font_size,
    'symbols': len(o.symbol_map),
    'env': o.env,
    'keys': [str(one) for one in o.keymap.values()] + [str(one) for one in o.sequence_map.values()],
    'mouse': [str(key) + str(one) for key, one in o.mousemap.items()],
    'aliases': list(o.alias_map.aliases) if hasattr(o.alias_map, 'aliases') else [],
}))
";
    home.write("ask.py", script);
    let path = home.join("ask.py");
    let out = home.run("kitty", &["+launch", path.as_str()]).clean();
    let read: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!(read["bad"], serde_json::json!([]), "{out}");
    assert_eq!(read["foreground"], "#112233", "the included theme");
    assert_eq!(read["background"], "#1e1e2e", "what the settings say wins");
    assert_eq!(read["title"], "{fmt.fg.red}{bell_symbol}{title} # {index}");
    assert_eq!(read["bell"], false);
    assert_eq!(read["size"], 12.5);
    assert_eq!(read["symbols"], 2, "one for each line");
    assert_eq!(read["env"]["GREETING"], "hello \"you\" # 1");
    let keys = read["keys"].to_string();
    assert!(keys.contains("copy_or_interrupt"), "{keys}");
    assert!(keys.contains("launch --type=tab sh -c 'echo \\\"a b\\\"'"), "{keys}");
    assert!(keys.contains("set_font_size 20"), "keys in a row: {keys}");
    assert_eq!(read["aliases"], serde_json::json!(["launch_tab"]));
    let mouse = read["mouse"].to_string();
    assert!(mouse.contains("mouse_handle_click link"), "{mouse}");
}

#[test]
fn wezterm_is_a_table_of_lua() {
    if !installed("lua5.4") {
        return;
    }
    let home = Home::fixture("programs/wezterm");
    let script = r#"
package.loaded.wezterm = {
  config_builder = function() return {} end,
  font_with_fallback = function(fonts) return fonts end,
}
local c = dofile(os.getenv("HOME") .. "/.config/wezterm/wezterm.lua")
assert(c.font_size == 12.5 and c.color_scheme == "Nord" and c.enable_tab_bar == false)
assert(c.window_padding.left == 0)
assert(c.font[2] == 'Say "hi" \\')
assert(c.default_prog[2] == "-l")
assert(c.launch_menu[2].args[3] == 'echo "]]"\nexit')
assert(c.set_environment_variables["end"] == "x")
assert(c.unset_by == nil and next(c.empty) == nil)
assert(c.leader.mods == "CTRL" and c.initial_cols == 120)
package.path = os.getenv("HOME") .. "/.config/wezterm/?.lua"
assert(require("keys").leader == "a")
print("read")
"#;
    home.write("ask.lua", script);
    let path = home.join("ask.lua");
    assert_eq!(home.run("lua5.4", &[path.as_str()]).clean(), "read\n");
}
