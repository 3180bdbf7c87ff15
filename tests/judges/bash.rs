//! bash reads its files, with nothing to complain about, and is what was asked for.

use super::home::{Home, Said, installed};

fn home() -> Option<Home> {
    if !installed("bash") {
        return None;
    }
    let home = Home::fixture("programs/bash");
    if !home.join(".config/hcc/session.sh").exists() {
        home.write(
            ".config/hcc/session.sh",
            "[ -n \"$HCC_SESSION\" ] && return\nexport HCC_SESSION=1 EDITOR=nvim GREETING=\"it's $USER\"\n\
             export PATH=\"$HOME/.local/bin:$PATH\"\n",
        );
    }
    Some(home)
}

/// What a shell without a terminal always says is left out.
#[track_caller]
fn clean(mut said: Said) -> String {
    let talk = [
        "cannot set terminal process group",
        "no job control in this shell",
        "Inappropriate ioctl",
    ];
    let rest: Vec<&str> =
        said.err.lines().filter(|line| !talk.iter().any(|talk| line.contains(talk))).collect();
    said.err = rest.join("\n");
    said.clean()
}

#[test]
fn every_file_is_bash() {
    let Some(home) = home() else { return };
    for file in [".bashrc", ".bash_profile", ".profile", ".bash_logout"] {
        home.run("bash", &["-n", home.join(file).as_str()]).clean();
    }
    home.run("sh", &["-n", home.join(".profile").as_str()]).clean();
}

#[test]
fn slots_run_in_order() {
    let Some(home) = home() else { return };
    let out = clean(home.run("bash", &["-ic", "echo $ORDER"]));
    assert_eq!(out, "env:main-before:first:main:last:main-after\n");
    let out = clean(home.run("bash", &["-lic", "echo $ORDER_PROFILE $ORDER"]));
    assert_eq!(out, "profile env:main-before:first:main:last:main-after\n");
    let out = clean(home.run("bash", &["-lc", "echo $ORDER; exit"]));
    assert_eq!(out, "env\nbye from bash\n", "a login shell that is not interactive");
}

#[test]
fn aliases_hold_and_own_ones_win() {
    let Some(home) = home() else { return };
    let out = clean(home.run(
        "bash",
        &["-ic", "alias ll same gs; alias gone 2>/dev/null || echo none; eval quote"],
    ));
    assert_eq!(
        out,
        "alias ll='ls -lah'\nalias same='echo own'\nalias gs='git status -sb'\nnone\nit's\n"
    );
}

#[test]
fn history_and_options_are_set() {
    let Some(home) = home() else { return };
    let script = "echo $HISTSIZE $HISTFILESIZE $HISTFILE $HISTCONTROL \"$HISTIGNORE\"; shopt -q histappend && shopt -q globstar && ! shopt -q sourcepath && echo set";
    let out = clean(home.run("bash", &["-ic", script]));
    assert_eq!(
        out,
        format!(
            "50000 -1 {} ignoreboth:erasedups ls:cd *\nset\n",
            home.join(".local/state/bash/history")
        )
    );
    assert!(home.join(".local/state/bash").is_dir());
}

#[test]
fn the_session_is_read_once_by_every_kind_of_shell() {
    let Some(home) = home() else { return };
    let script = r#"echo "$EDITOR $GREETING ${ONLY_BASH-} ${PRICE-}"; echo "$PATH" | tr : '\n' | grep -cF /.local/bin; echo "${PATH%%:*}""#;
    let expected = |own: &str| format!("nvim it's alice {own}\n1\n{}\n", home.join(".local/bin"));
    let own = format!("{} $5", home.join("b"));
    assert_eq!(clean(home.run("bash", &["-ic", script])), expected(" "));
    assert_eq!(clean(home.run("bash", &["-lic", script])), expected(&own));
    assert_eq!(
        clean(
            home.run("bash", &["-lic", &format!("bash -ic '{}'", script.replace('\'', r"'\''"))])
        ),
        expected(&own)
    );
    // A display manager reads .profile with sh.
    assert_eq!(clean(home.run("sh", &["-c", &format!(". ~/.profile; {script}")])), expected(&own));
}

#[test]
fn the_prompt_is_hooked_in_where_it_is_installed() {
    let Some(home) = home() else { return };
    home.stand_in("starship", "echo PROMPT_FROM=$1-$2");
    let script = "echo ${PROMPT_FROM:-none}";
    assert_eq!(
        clean(home.run("bash", &["-ic", script])),
        "none\n",
        "a dumb terminal keeps its prompt"
    );
    let nested = format!("TERM=xterm bash -ic '{script}'");
    assert_eq!(clean(home.run("bash", &["-ic", &nested])), "init-bash\n");
}
