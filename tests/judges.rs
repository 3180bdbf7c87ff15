//! The consumer is the judge: what hcc writes for a program is read back by that program, in a
//! home of its own. A program that is not installed is skipped by name, on the terminal.

mod judges {
    pub mod home;

    mod bash;
    mod desktop;
    mod direnv;
    mod editors;
    mod fish;
    mod git;
    mod homebrew;
    mod launchd;
    mod look;
    mod mac_desktop;
    mod macbook;
    mod mail;
    mod media;
    mod music;
    mod newsboat;
    mod niri;
    mod nushell;
    mod pictures;
    mod psql;
    mod python;
    mod services;
    mod session;
    mod shell_tools;
    mod ssh;
    mod stow;
    mod systemd;
    mod terminals;
    mod theme;
    mod tmux;
    mod tools;
    mod vscode;
    mod xdg;
    mod zsh;
}
