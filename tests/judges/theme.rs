//! One palette, and what the programs that have colors make of it.

use super::desktop;
use super::home::{Home, installed};
use super::media;

/// What one program makes of the palette.
struct Judge {
    program: &'static str,
    /// How it is asked, in a shell: what it says anywhere is heard.
    script: &'static str,
    says: &'static [&'static str],
    never: &'static [&'static str],
}

fn by(
    program: &'static str,
    script: &'static str,
    says: &'static [&'static str],
    never: &'static [&'static str],
) -> Judge {
    Judge { program, script, says, never }
}

const KITTY: &str = "kitty +runpy \"
import os
from kitty.config import load_config
bad = []
o = load_config(os.path.expanduser('~/.config/kitty/kitty.conf'), accumulate_bad_lines=bad)
print(len(bad), o.background.as_sharp, o.color1.as_sharp, o.color15.as_sharp)\"";
const WEZTERM: &str = "lua5.4 -e \"
package.loaded.wezterm = { config_builder = function() return {} end }
print(dofile(os.getenv('HOME') .. '/.config/wezterm/wezterm.lua').color_scheme)\"";
const BTOP: &str = "script -qec 'stty cols 120 rows 40; \
    timeout --foreground --signal=INT 3 btop --utf-force' /dev/null";
const HELIX: &str = "echo text > a.txt
script -qec 'stty cols 120 rows 30; timeout --foreground 2 hx -v a.txt' /dev/null
cat ~/.cache/helix/helix.log";
const GITUI: &str = "git init -q repo; echo x > repo/new
script -qec 'stty cols 150 rows 60; timeout --foreground 2 gitui -l -d repo' /dev/null
cat ~/.cache/gitui/gitui.log";
const DUNST: &str = "xvfb-run -a dbus-run-session -- timeout 3 dunst -verbosity debug";

/// Each is asked in a way in which it also says what it does not understand.
fn judges() -> Vec<Judge> {
    vec![
        by("foot", "foot --check-config --log-level=warning && echo ok", &["ok"], &["warn", "err"]),
        by(
            "fzf",
            ". ~/.config/hcc/session.sh; printf 'one\ntwo\n' | fzf --filter tw",
            &["two"],
            &["invalid"],
        ),
        by(
            "fish",
            "fish -ic 'echo $fish_color_command $fish_color_error'",
            &["89b4fa ff0000"],
            &["fish:"],
        ),
        by("i3", "i3 -C -c ~/.config/i3/config && echo ok", &["ok"], &["ERROR"]),
        by("kitty", KITTY, &["0 #1e1e2e #ff0000 #cdd6f4"], &[]),
        by(
            "batcat",
            "echo 'fn x() {}' > x.rs; batcat --paging=never --color=always x.rs",
            &["\u{1b}[35mfn"],
            &["Unknown theme"],
        ),
        by(
            "tmux",
            "tmux -L theme -f ~/.config/tmux/tmux.conf start-server ';' show -gv status-style",
            &["bg=#181825,fg=#cdd6f4"],
            &["invalid"],
        ),
        by("lua5.4", WEZTERM, &["hcc"], &[]),
        by(
            "git",
            "git config --get-regexp '^delta'",
            &["delta.syntax-theme ansi", "delta.light false"],
            &[],
        ),
        // Its text, and the name of what it is in.
        by("btop", BTOP, &["38;2;205;214;244m", "38;2;203;166;247m"], &[]),
        by("tofi", "tofi </dev/null", &["Wayland display"], &["line"]),
        by("fuzzel", "fuzzel", &["no compositor running"], &["not a valid", "invalid"]),
        by(
            "swaylock",
            "swaylock -d -C ~/.config/swaylock/config",
            &["compositor"],
            &["Usage", "nvalid"],
        ),
        by("mako", "timeout 3 mako", &["bus"], &["nvalid", "arse"]),
        by(
            "dunst",
            DUNST,
            &["'frame_color = #ff0000' to special section urgency_critical"],
            &["nvalid", "does not exist", "WARNING"],
        ),
        by(
            "zathura",
            "xvfb-run -a timeout 3 zathura --log-level=info; echo ended",
            &["ended"],
            &["warning:", "error:"],
        ),
        // The line of its state, and the rest.
        by(
            "hx",
            HELIX,
            &["38;2;205;214;244;48;2;24;24;37m", "48;2;30;30;46m"],
            &["[WARN]", "[ERROR]"],
        ),
        // What is chosen.
        by("gitui", GITUI, &["38;2;205;214;244;48;2;69;71;90m"], &["[ERROR]"]),
        by(
            "starship",
            "starship print-config palettes; STARSHIP_LOG=warn starship prompt",
            &["blue = \"#89b4fa\"", "red = \"#ff0000\"", "38;2;148;226;213m~"],
            &["WARN", "ERROR"],
        ),
    ]
}

#[test]
fn every_program_takes_the_palette() {
    let home = Home::fixture("theme");
    home.write("run/.keep", "");
    let mut wrong = Vec::new();
    for judge in judges().into_iter().filter(|judge| installed(judge.program)) {
        let mut command = home.command("timeout");
        let script = format!("{{ {}\n}} 2>&1", judge.script);
        command.args(["20", "sh", "-c", &script]).env("TERM", "xterm-256color");
        command.env("COLORTERM", "truecolor").env("XDG_RUNTIME_DIR", home.join("run"));
        let out = super::home::said(&mut command).out;
        let missed = judge.says.iter().filter(|text| !out.contains(**text));
        let complained = judge.never.iter().filter(|text| out.contains(**text));
        let found: Vec<&&str> = missed.chain(complained).collect();
        if !found.is_empty() {
            wrong.push(format!("{}: {found:?} in\n{out}", judge.program));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn sway_takes_the_palette() {
    if !installed("sway") || !installed("setpriv") {
        return;
    }
    let home = Home::fixture("theme");
    let config = home.read(".config/sway/config");
    assert!(config.contains("client.focused #89b4fa"), "{config}");
    let (said, _) = desktop::sway(&home, &[("config", &config)], &["-C", "-c", "config"]);
    assert!(said.status == Some(0) && !said.err.contains("[sway/"), "{said:#?}");
    let wrong = config.replace("client.focused #89b4fa", "client.focused blue");
    let (said, _) = desktop::sway(&home, &[("config", &wrong)], &["-C", "-c", "config"]);
    assert!(said.err.contains("[sway/"), "it looks at colors: {said:#?}");
}

#[test]
fn swaync_takes_the_palette() {
    if !installed("swaync") || !installed("sway") || !installed("setpriv") {
        return;
    }
    let home = Home::fixture("theme");
    let style = home.read(".config/swaync/style.css");
    assert!(style.ends_with(".own { color: red; }\n"), "what is said of it comes last: {style}");
    let right = desktop::swaync(&home, "{}", &style);
    assert!(right.contains("Loading widget") && !right.contains("CSS Error"), "{right}");
    let wrong = desktop::swaync(&home, "{}", &style.replace("#1e1e2e", "nonsense"));
    assert!(wrong.contains("CSS Error"), "it looks at colors: {wrong}");
}

#[test]
fn qutebrowser_takes_the_palette() {
    if !installed("qutebrowser") {
        return;
    }
    let home = Home::fixture("theme");
    let args = ["QT_QPA_PLATFORM=offscreen", "/usr/bin/python3", "-c", media::QUTEBROWSER];
    let names = ["colors.tabs.selected.odd.bg", "colors.statusbar.url.error.fg"];
    let said = home.run("env", &[&args[..], &names[..]].concat()).ok();
    for line in [format!("{} #1e1e2e", names[0]), format!("{} #ff0000", names[1])] {
        assert!(said.lines().any(|own| own == line), "{line}\n{said}");
    }
}

#[test]
fn every_theme_has_all_of_its_colors() {
    let themes = [
        "catppuccin-mocha",
        "catppuccin-macchiato",
        "catppuccin-frappe",
        "catppuccin-latte",
        "gruvbox-dark",
        "gruvbox-light",
        "nord",
        "dracula",
        "solarized-dark",
        "solarized-light",
    ];
    for theme in themes {
        let home = Home::config(&format!("theme name=\"{theme}\"\nprograms.foot\n"));
        let text = home.read(".config/foot/foot.ini");
        let colors = text.lines().filter_map(|line| line.split_once('='));
        let of_six = |color: &str| color.len() == 6 && color.chars().all(|c| c.is_ascii_hexdigit());
        assert_eq!(colors.filter(|(_, color)| of_six(color)).count(), 21, "{theme}: {text}");
    }
}

#[test]
fn a_palette_of_ones_own_is_enough_and_has_to_be_whole() {
    let names = "background surface selection muted subtle foreground red orange yellow green cyan blue magenta";
    let all: String = names.split(' ').map(|name| format!(" {name}=\"#0a0B0c\"")).collect();
    let home = Home::config(&format!("theme {{ palette{all} }}\nprograms.bat\nprograms.foot\n"));
    assert!(home.read(".config/foot/foot.ini").contains("background=0a0B0c"));
    assert_eq!(home.read(".config/bat/config"), "--theme=ansi\n");
    let nothing = Home::config("programs.foot\ntheme { excludes \"bat\" }\n");
    assert!(!nothing.join(".config/foot/foot.ini").exists(), "no theme colors nothing");
}
