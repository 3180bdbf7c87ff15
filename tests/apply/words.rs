//! What is said is short, in one direction, and not said again.

use super::kit::Sandbox;

const APPLY: &[&str] = &["apply", "--yes", "--no-packages"];

#[test]
fn a_difference_goes_from_what_stands_there_to_what_the_configuration_says() {
    let sandbox = Sandbox::new("home { file \"a\" text=\"one\\n\"; file \"b\" text=\"b\\n\" }\n");
    sandbox.apply();
    sandbox.write("a", "mine\n");
    let lines =
        "`--drift restore` would change it so:\n      @@ -1 +1 @@\n      -mine\n      +one\n";
    sandbox.run(APPLY).well().says("keep      a: edited or replaced by a file").says(lines);
    // What a link leads to has other permissions, which nobody said.
    sandbox.run(APPLY).well().never_says("mode 100");
    let restored = sandbox.run(&["apply", "--yes", "--no-packages", "--drift", "restore"]).well();
    restored.says("-mine\n      +one");
}

#[test]
fn what_the_configuration_says_anew_of_a_kept_file_is_said_not_to_reach_it() {
    let config = |text: &str| format!("home {{ file \"a\" text=\"{text}\\n\" }}\n");
    let sandbox = Sandbox::new(&config("one"));
    sandbox.apply();
    sandbox.write("a", "mine\n");
    sandbox.run(APPLY).well().never_says("does not reach it");
    sandbox.config("hcc.kdl", config("two"));
    let note = "what the configuration says anew does not reach it";
    sandbox.run(&["diff"]).well().says(note);
    sandbox.run(APPLY).well().says(note).says("      -mine\n      +two\n");
    assert_eq!(sandbox.read("a"), "mine\n");
}

#[test]
fn a_generation_that_changes_no_file_says_so() {
    let sandbox = Sandbox::new("home { file \"a\" text=\"one\\n\" }\n");
    sandbox.apply();
    sandbox.write_through("a", "mine\n");
    sandbox.run(APPLY).well().says("Generation 2 is in effect");
    sandbox.run(APPLY).well().says("Nothing to do");
    sandbox.run(&["generations"]).well().says("1 file  +1").says("1 file  the same files");
}

#[test]
fn units_that_nobody_can_start_are_mentioned_once() {
    let config = |more: &str| {
        format!(
            "host \"h\" os=\"linux\" distro=\"debian\" {{ user \"alice\" }}\n\
             home {{ service \"s\" command=\"/bin/true\"; {more} }}\n"
        )
    };
    let sandbox = Sandbox::new(&config(""));
    let apply = || sandbox.run(&["apply", "h", "--yes", "--no-packages"]).well();
    let first = apply();
    if !first.stderr.contains("units are left alone") {
        eprintln!("SKIPPED: a user's systemd runs here");
        return;
    }
    apply().never_says("units are left alone");
    sandbox.config("hcc.kdl", config("file \"x\" text=\"x\""));
    apply().says("add       x").never_says("units are left alone");
    sandbox.config("hcc.kdl", config("service \"t\" command=\"/bin/true\""));
    apply().says("units are left alone");
}

#[test]
fn edits_of_no_file_are_not_reported_when_all_are_to_be_absorbed() {
    let sandbox = Sandbox::new("home { file \"a\" text=\"one\\n\"; file \"b\" text=\"b\\n\" }\n");
    sandbox.apply();
    sandbox.write("a", "mine\n");
    let ran = sandbox.run(&["apply", "--yes", "--no-packages", "--drift", "absorb"]).well();
    ran.says("absorbed: a").never_says("is as hcc left it");
    sandbox.run(&["absorb", "b"]).well().says("b is as hcc left it");
}

#[test]
fn many_sources_that_git_does_not_have_are_counted() {
    let sandbox = Sandbox::new("home { file \".f\" source=\"f\" install=\"live\" }\n");
    for name in 0..9 {
        sandbox.config(&format!("f/{name}"), "x");
    }
    let git =
        std::process::Command::new("git").args(["init", "-q"]).arg(sandbox.source("")).status();
    if !git.is_ok_and(|status| status.success()) {
        eprintln!("SKIPPED: there is no git");
        return;
    }
    sandbox.apply();
    let ran = sandbox.run(&["status"]).well();
    ran.says("the sources of 9 files are not in git yet").never_says("its source");
}

#[test]
fn what_is_said_next_names_a_configuration_only_where_it_must() {
    let sandbox = Sandbox::new("");
    sandbox.config("zsh/.zshrc", "x\n");
    let import = |folder: &str, of: &str| {
        let mut run = sandbox.command(&["import", "stow", of, "--force"]);
        run.env_remove("HCC_CONFIG").current_dir(sandbox.root().join(folder));
        sandbox.ran(&run.output().expect("hcc")).well()
    };
    import("config", ".").says("See what it would change: hcc diff\n");
    import("", "config").says("See what it would change: hcc diff --config config\n");
    import("home", "../config").says("See what it would change: hcc diff --config CONFIG\n");
}

#[test]
fn options_are_found_by_their_names_first_and_by_near_ones() {
    let sandbox = Sandbox::new("");
    let options = |words: &[&str]| sandbox.run(&[&["options"], words].concat());
    let all = options(&[]).well();
    assert!(all.stdout.lines().count() < 200, "{all}");
    assert!(all.stdout.lines().any(|line| line.starts_with("programs.git ")), "{all}");
    options(&["vi mode"]).well().says("programs.fish.vi-mode");
    options(&["zhs"]).ends(2).says("did you mean `zsh`?");
    let fonts = options(&["font"]).well();
    let first = fonts.stdout.lines().next().expect("a line");
    assert!(first.split(['.', ' ']).any(|part| part == "font"), "{first}");
}

#[test]
fn why_says_each_place_once_and_where_a_link_leads() {
    let sandbox = Sandbox::new(
        "programs { git { enable; user name=\"A\"; aliases a=\"b\" }; zsh }\n\
         home { file \".f\" source=\"f\" install=\"live\" }\n",
    );
    sandbox.config("f/x", "x");
    let git = sandbox.run(&["why", ".config/git/config"]).well();
    assert!(git.stdout.starts_with(".config/git/config  made by programs.git\n["), "{git}");
    sandbox.run(&["why", ".f/x"]).well().says(".f  made by home, a link to f\n");
    sandbox.run(&["why", "git"]).ends(2).says("did you mean `programs.git`?");
    let zsh = sandbox.run(&["why", "programs.zsh"]).well();
    zsh.says("of hcc's own whose guards do not hold").never_says("[its guard does not hold]");
}
