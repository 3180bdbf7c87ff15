//! zsh reads its files, with nothing to complain about, and is what was asked for.

use super::home::{Home, installed};

/// A home for zsh; what hcc writes for the session is stood in for where it is not written yet.
fn home(fixture: &str) -> Option<Home> {
    if !installed("zsh") {
        return None;
    }
    let home = Home::fixture(fixture);
    if !home.join(".config/hcc/session.sh").exists() {
        home.write(
            ".config/hcc/session.sh",
            "[ -n \"$HCC_SESSION\" ] && return\nexport HCC_SESSION=1 EDITOR=nvim GREETING=\"it's $USER\"\n\
             export PATH=\"$HOME/.local/bin:$PATH\"\n",
        );
    }
    Some(home)
}

fn lines(text: &str) -> Vec<&str> {
    text.lines().collect()
}

#[test]
fn every_file_is_zsh() {
    for fixture in ["programs/zsh", "programs/zsh-plain"] {
        let Some(home) = home(fixture) else { return };
        let files = home.documents.iter().flat_map(|document| &document.files);
        let own = files.filter(|file| file.path.contains(".z") && &*file.target == "programs.zsh");
        let mut count = 0;
        for file in own {
            home.run("zsh", &["-n", home.join(&file.path).as_str()]).clean();
            count += 1;
        }
        assert!(count >= 2, "{count}");
    }
}

#[test]
fn slots_run_in_order() {
    let Some(home) = home("programs/zsh") else { return };
    let out = home.run("zsh", &["-ic", "print -l $ORDER"]).clean();
    let expected = "env main-before first completion framework:robbyrussell:git docker plugin main aliases last main-after";
    assert_eq!(lines(&out).join(" "), expected);
    let out = home.run("zsh", &["-lic", "print -l $ORDER"]).clean();
    assert_eq!(
        lines(&out).join(" "),
        expected.replace("env ", "env profile ") + " login bye from zsh"
    );
    assert_eq!(
        home.run("zsh", &["-c", "print -l $ORDER"]).clean(),
        "env\n",
        "a script reads .zshenv only"
    );
}

#[test]
fn aliases_hold_and_own_ones_win() {
    let Some(home) = home("programs/zsh") else { return };
    let script = "alias ll; alias same; alias gone; eval quote; echo abc $'\\n' x G";
    let out = home.run("zsh", &["-ic", script]);
    assert_eq!(
        lines(&out.out).get(..3).unwrap_or_default(),
        ["ll='ls -lah'", "same='echo own'", "it's"]
    );
    home.write("script", "echo abcG\necho abc G b\n...; pwd\n");
    let out = home.run("zsh", &["-ic", "mkdir -p x/y && cd x/y && source ~/script"]).clean();
    assert_eq!(out, format!("abcG\nabc\n{}\n", home.path()));
}

#[test]
fn history_is_kept_as_said() {
    let Some(home) = home("programs/zsh") else { return };
    let out = home
        .run(
            "zsh",
            &[
                "-ic",
                "print -l $HISTSIZE $SAVEHIST $HISTFILE $HISTORY_IGNORE; [[ -d ${HISTFILE:h} ]]",
            ],
        )
        .clean();
    assert_eq!(
        out,
        format!("50000\n40000\n{}\n(ls|pkill *)\n", home.join(".local/state/zsh/history"))
    );
    let on = [
        "appendhistory",
        "extendedhistory",
        "histexpiredupsfirst",
        "histfindnodups",
        "histignorealldups",
        "histsavenodups",
    ];
    let off = ["sharehistory", "histignoredups", "histignorespace", "beep"];
    for (names, wanted) in
        [(&on[..], "0"), (&["histfcntllock", "autocd", "extendedglob"], "0"), (&off[..], "1")]
    {
        for name in names {
            let out = home.run("zsh", &["-ic", &format!("[[ -o {name} ]]; print $?")]).clean();
            assert_eq!(out.trim(), wanted, "{name}");
        }
    }
}

#[test]
fn the_session_is_read_once() {
    for fixture in ["programs/zsh", "programs/zsh-plain"] {
        let Some(home) = home(fixture) else { return };
        assert_eq!(home.run("zsh", &["-c", "print -r -- $EDITOR"]).clean(), "nvim\n");
    }
    let Some(home) = home("programs/zsh") else { return };
    let script = "print -rl -- $GREETING $ONLY_ZSH $KEYTIMEOUT; print -l $path | grep -cF /.local/bin; print $path[1]";
    let expected = format!("it's alice\n{0}/z\n1\n1\n{0}/.local/bin\n", home.path());
    assert_eq!(home.run("zsh", &["-ic", script]).clean(), expected);
    assert_eq!(
        home.run("zsh", &["-ic", &format!("zsh -ic '{script}'")]).clean(),
        expected,
        "in a nested shell"
    );
}

#[test]
fn its_folder_is_its_own() {
    let Some(home) = home("programs/zsh") else { return };
    let out = home.run("zsh", &["-ic", "print -r -- $ZDOTDIR"]).clean();
    assert_eq!(out.trim(), home.join(".config/zsh"));
    assert!(!home.join(".zshrc").exists());
}

#[test]
fn the_rest_is_there() {
    let Some(home) = home("programs/zsh") else { return };
    let script = "print -r -- $WORDCHARS $CASH ${#PARTS} ${PARTS[1]}; print -r -- ~docs; mkcd a/b; print -r -- ${PWD:t}; \
                  print -r -- $ZSH_AUTOSUGGEST_STRATEGY; print -r -- ${ZSH_HIGHLIGHT_STYLES[comment]}; print -r -- ${cdpath[1]}; \
                  print -r -- ${_comps[mine]}; bindkey -lL main";
    let out = home.run("zsh", &["-ic", script]).clean();
    let expected = format!(
        "*? $5 2 one two\n{0}/Documents\nb\nhistory completion\nfg=black,bold\n{0}/src\n_mine\nbindkey -A viins main\n",
        home.path()
    );
    assert_eq!(out, expected);
    assert_eq!(home.run("zsh", &["-lic", "exit"]).clean(), "bye from zsh\n");
}

#[test]
fn completion_is_kept_for_a_day() {
    let Some(home) = home("programs/zsh-plain") else { return };
    let script = "print ${_comps[ls]}; ls ~/.cache/zsh/zcompdump-*(N) | wc -l";
    for _ in 0..2 {
        assert_eq!(home.run("zsh", &["-ic", script]).clean(), "_ls\n1\n");
    }
}

#[test]
fn the_prompt_is_hooked_in_where_it_is_installed() {
    let Some(home) = home("programs/zsh-plain") else { return };
    let script = "print -r -- ${PROMPT_FROM:-none}";
    assert_eq!(home.run("zsh", &["-ic", script]).clean(), "none\n");
    home.stand_in("starship", "echo PROMPT_FROM=$1-$2");
    assert_eq!(
        home.run("zsh", &["-ic", script]).clean(),
        "none\n",
        "a dumb terminal keeps its prompt"
    );
    let script = format!("TERM=xterm zsh -ic '{script}'");
    assert_eq!(home.run("zsh", &["-ic", &script]).clean(), "init-zsh\n");
}
