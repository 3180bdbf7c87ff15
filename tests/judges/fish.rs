//! fish reads its files, with nothing to complain about, and is what was asked for.

use super::home::{Home, installed};

fn home() -> Option<Home> {
    if !installed("fish") {
        return None;
    }
    let home = Home::fixture("programs/fish");
    if !home.join(".config/hcc/session.fish").exists() {
        home.write(
            ".config/hcc/session.fish",
            "set -q HCC_SESSION; and exit\nset -gx HCC_SESSION 1\nset -gx EDITOR nvim\nset -gx GREETING \"it's $HOME\"\n\
             set -gx PATH $HOME/.local/bin $PATH\n",
        );
    }
    Some(home)
}

#[test]
fn every_file_is_fish() {
    let Some(home) = home() else { return };
    for file in
        ["config.fish", "functions/greet.fish", "functions/mkcd.fish", "functions/on_there.fish"]
    {
        home.run("fish", &["-n", home.join(&format!(".config/fish/{file}")).as_str()]).clean();
    }
}

#[test]
fn slots_run_in_order() {
    let Some(home) = home() else { return };
    assert_eq!(home.run("fish", &["-c", "echo $ORDER"]).clean(), "env\n");
    assert_eq!(
        home.run("fish", &["-ic", "echo $ORDER"]).clean(),
        "env main-before conf.d main last main-after\n"
    );
    let out = home.run("fish", &["-lic", "echo $ORDER"]).clean();
    assert_eq!(out, "env login main-before conf.d main last main-after\n");
}

#[test]
fn aliases_and_abbreviations_hold() {
    let Some(home) = home() else { return };
    let script =
        "same; quote; functions -q gone; or echo none; functions -q ll; and echo ll; abbr --show";
    let out = home.run("fish", &["-ic", script]).clean();
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!(lines.get(..4).unwrap_or_default(), ["own", "it's", "none", "ll"]);
    assert!(out.contains("abbr -a -- gco 'git checkout'"), "{out}");
    let ways = [r"abbr -a -- odd 'echo \'x\' \\ $HOME'", r"abbr -a -- odd echo\ \'x\'\ \\\ \$HOME"];
    assert!(ways.iter().any(|way| out.contains(way)), "{out}");
}

#[test]
fn functions_are_read_when_they_are_called() {
    let Some(home) = home() else { return };
    let out = home.run("fish", &["-c", "greet Ann; functions -Dv greet | tail -1; mkcd a/b; basename $PWD; set -g THERE 1; echo $SEEN"]).clean();
    assert_eq!(out, "Hello, Ann\nIt's a greeting\nb\nyes\n");
    assert_eq!(home.run("fish", &["-ic", "from_plugin"]).clean(), "plugin\n");
}

#[test]
fn functions_wait_for_what_calls_them_and_see_what_they_shall() {
    let Some(home) = home() else { return };
    let seen = "kill -USR1 $fish_pid; sleep 0.1; echo $SEEN";
    assert_eq!(home.run("fish", &["-c", seen]).clean(), "signal\n");
    let counted = "function f; set -l n 1; bump; echo $n; end; f";
    assert_eq!(home.run("fish", &["-c", counted]).clean(), "2\n");
    let kept = "set -l home_then /old; from_start; set home_then /new; from_start";
    let out = home.run("fish", &["-c", kept]).clean();
    assert_eq!(out, format!("{0} /old\n{0} /old\n", home.path()));
}

/// The first number of the version.
fn version(home: &Home) -> u32 {
    let said = home.run("fish", &["--version"]).clean();
    let number = said.rsplit(' ').next().and_then(|text| text.split('.').next());
    number.and_then(|text| text.parse().ok()).unwrap_or_default()
}

#[test]
fn the_session_is_read_once() {
    let Some(home) = home() else { return };
    let script =
        "echo $EDITOR $GREETING; string match -r '/\\.local/bin$' -- $PATH | count; echo $PATH[1]";
    let expected = format!("nvim it's {0}\n1\n{0}/.local/bin\n", home.path());
    assert_eq!(home.run("fish", &["-c", script]).clean(), expected);
    let nested = format!("fish -ic \"{}\"", script.replace('\\', r"\\").replace('$', r"\$"));
    assert_eq!(home.run("fish", &["-ic", &nested]).clean(), expected);
}

#[test]
fn the_prompt_is_hooked_in_where_it_is_installed() {
    let Some(home) = home() else { return };
    home.stand_in("starship", "echo set -g PROMPT_FROM $1-$2");
    let script = "set -q PROMPT_FROM; or set PROMPT_FROM none; echo $PROMPT_FROM";
    assert_eq!(
        home.run("fish", &["-ic", script]).clean(),
        "none\n",
        "a dumb terminal keeps its prompt"
    );
    let nested = format!("TERM=xterm-256color fish -ic '{script}'");
    let out = home.run("sh", &["-c", &nested]);
    assert!(out.out.ends_with("init-fish\n"), "{out:?}");
}

#[test]
fn abbreviations_keys_and_completions_are_known() {
    let Some(home) = home() else { return };
    let out = home.run("fish", &["-ic", "abbr --show; bind; echo $fish_key_bindings"]).clean();
    for line in [
        "--position anywhere -- L '| less'",
        "--set-cursor='%' -- gcm ",
        "--function greet -- dots",
        "bind \\cg 'set -g BOUND 1'",
        "bind -M insert \\cx 'set -g BOUND 2' kill-line repaint",
        "bind -M insert -m default jk ''",
        "fish_vi_key_bindings",
    ] {
        assert!(out.contains(line), "{line}\n{out}");
    }
    assert!(!out.contains("bind --preset \\cd "), "{out}");
    assert_eq!(out.contains("--command git"), version(&home) >= 4, "{out}");
    home.stand_in("deploy", "");
    let found = home.run("fish", &["-ic", "complete -C 'deploy --fo'"]).clean();
    assert!(found.contains("--force\tdo it"), "{found}");
}
