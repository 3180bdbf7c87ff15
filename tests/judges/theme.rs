//! One palette, and what the programs that have colors make of it.

use super::home::{Home, installed};

#[test]
fn every_program_takes_the_palette() {
    let home = Home::fixture("theme");
    if installed("foot") {
        home.run("foot", &["--check-config", "--log-level=warning"]).clean();
    }
    if installed("fzf") {
        let script = ". ~/.config/hcc/session.sh; printf 'one\\ntwo\\n' | fzf --filter tw";
        assert_eq!(home.run("sh", &["-c", script]).clean(), "two\n");
    }
    if installed("fish") {
        let out = home.run("fish", &["-ic", "echo $fish_color_command $fish_color_error"]).ok();
        assert_eq!(out, "89b4fa ff0000\n");
    }
    if installed("i3") {
        home.run("i3", &["-C", "-c", home.join(".config/i3/config").as_str()]).clean();
    }
    if installed("kitty") {
        let script = "
import os
from kitty.config import load_config
bad = []
o = load_config(os.path.expanduser('~/.config/kitty/kitty.conf'), accumulate_bad_lines=bad)
print(len(bad), o.background.as_sharp, o.color1.as_sharp, o.color15.as_sharp)
";
        let out = home.run("kitty", &["+runpy", script]).ok();
        assert_eq!(out, "0 #1e1e2e #ff0000 #cdd6f4\n");
    }
    if installed("batcat") {
        home.write("x.rs", "fn x() {}\n");
        home.run("batcat", &["--paging=never", "--color=always", "x.rs"]).clean();
    }
    if installed("tmux") {
        let args = [
            "-L",
            "theme",
            "-f",
            ".config/tmux/tmux.conf",
            "start-server",
            ";",
            "show",
            "-gv",
            "status-style",
        ];
        assert_eq!(home.run("tmux", &args).clean(), "bg=#181825,fg=#cdd6f4\n");
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
