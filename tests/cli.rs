//! The real binary, in a home of its own with nothing of this machine's environment.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

struct Home {
    folder: tempfile::TempDir,
}

impl Home {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a folder") }
    }

    fn path(&self, below: &str) -> PathBuf {
        self.folder.path().join(below)
    }

    fn write(&self, below: &str, text: &str) {
        let path = self.path(below);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(path, text).expect("written");
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hcc"));
        command.args(arguments).env_clear().env("HOME", self.folder.path()).env("USER", "alice");
        command.current_dir(self.folder.path());
        command
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        Ran::of(&self.command(arguments).output().expect("hcc"), self.folder.path())
    }
}

/// What a run came to; the home's own path is `HOME` in it.
struct Ran {
    status: Option<i32>,
    stdout: String,
    stderr: String,
}

impl Ran {
    fn of(output: &Output, home: &Path) -> Self {
        let text = |bytes: &[u8]| {
            String::from_utf8_lossy(bytes).replace(&home.display().to_string(), "HOME")
        };
        Self {
            status: output.status.code(),
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
        }
    }

    #[track_caller]
    fn expect(&self, status: i32, stdout: &str, stderr: &str) {
        assert_eq!((self.stdout.as_str(), self.stderr.as_str()), (stdout, stderr));
        assert_eq!(self.status, Some(status));
    }
}

const WRONG: &str = "home { session-file \"yes\" }\n";
const HOSTS: &str = "host \"tower\" os=\"linux\" { user \"alice\" }\nhost \"macbook\" os=\"darwin\" { user \"alice\" }\nhome { file \".a\" text=\"a\" }\n";

const WRONG_SAID: &str = r#"error[wrong-type]: `home.session-file` expects bool, found string `"yes"`
 --> hcc.kdl:1:21
  |
1 | home { session-file "yes" }
  |                     ^^^^^ expected bool
  |
help: write `#true`
  |
1 - home { session-file "yes" }
1 + home { session-file #true }
  |

1 error
"#;

#[test]
fn errors_go_to_stderr_and_end_with_1() {
    let home = Home::new();
    home.write("hcc.kdl", WRONG);
    for command in [&["check"][..], &["compile"], &["compile", "--all"], &["show", ".zshrc"]] {
        home.run(command).expect(1, "", WRONG_SAID);
    }
}

#[test]
fn nothing_is_coloured_in_a_pipe() {
    let home = Home::new();
    home.write("hcc.kdl", WRONG);
    let mut command = home.command(&["check"]);
    let plain = Ran::of(&command.output().expect("hcc"), home.folder.path());
    assert!(!plain.stderr.contains('\u{1b}'), "{}", plain.stderr);
    let coloured =
        Ran::of(&command.env("CLICOLOR_FORCE", "1").output().expect("hcc"), home.folder.path());
    assert!(coloured.stderr.contains("\u{1b}["), "{}", coloured.stderr);
    let refused = command.env("NO_COLOR", "1").env_remove("CLICOLOR_FORCE").output().expect("hcc");
    assert_eq!(Ran::of(&refused, home.folder.path()).stderr, WRONG_SAID);
}

#[test]
fn json_has_the_errors_on_stdout() {
    let home = Home::new();
    home.write("hcc.kdl", WRONG);
    for command in
        [&["check", "--json"][..], &["compile", "--json"], &["compile", "--all", "--json"]]
    {
        let ran = home.run(command);
        assert_eq!((ran.status, ran.stderr.as_str()), (Some(1), ""));
        let found: serde_json::Value = serde_json::from_str(&ran.stdout).expect("JSON");
        assert_eq!(found["version"], 1);
        let one = &found["diagnostics"][0];
        assert_eq!(one["code"], "wrong-type");
        assert_eq!(one["severity"], "error");
        assert_eq!(one["at"]["file"], "hcc.kdl");
        assert_eq!((&one["at"]["line"], &one["at"]["column"]), (&1.into(), &21.into()));
        assert_eq!(one["fix"]["text"], "#true");
        // An editor puts the text in place of these bytes.
        let (start, end) = (one["fix"]["at"]["start"].as_u64(), one["fix"]["at"]["end"].as_u64());
        assert_eq!(&WRONG[start.expect("start") as usize..end.expect("end") as usize], "\"yes\"");
    }
}

#[test]
fn json_has_the_warnings_of_a_check() {
    let home = Home::new();
    home.write("hcc.kdl", "programs { starship { settings { x 1 } } }\n");
    let ran = home.run(&["check", "--json"]);
    assert_eq!(ran.status, Some(0));
    let found: serde_json::Value = serde_json::from_str(&ran.stdout).expect("JSON");
    assert_eq!(found["diagnostics"][0]["code"], "never-enabled");
}

#[test]
fn quiet_keeps_errors_and_drops_warnings() {
    let home = Home::new();
    home.write("hcc.kdl", WRONG);
    home.run(&["check", "--quiet"]).expect(1, "", WRONG_SAID);
    home.write("hcc.kdl", "programs { starship { settings { x 1 } } }\n");
    home.run(&["check", "--quiet"]).expect(0, "", "");
}

#[test]
fn a_configuration_that_is_nowhere_is_said_with_the_places() {
    let home = Home::new();
    home.run(&["check"]).expect(
        1,
        "",
        "error: there is no configuration\n  looked for hcc.kdl here and in every folder above, at $HCC_CONFIG, and at HOME/.config/hcc/hcc.kdl\n  help: `hcc init` writes a small one; `--config FILE` names one\n",
    );
}

#[test]
fn a_configuration_that_is_named_and_not_there_is_said() {
    let home = Home::new();
    home.write("dots/hcc.kdl", HOSTS);
    let ran = home.run(&["check", "--config", "dts/hcc.kdl"]);
    assert_eq!(ran.status, Some(1));
    assert_eq!(
        ran.stderr,
        "error[cannot-read]: there is no file `dts/hcc.kdl`\n |\n = help: did you mean `dots/hcc.kdl`?\n\n1 error\n"
    );
    let ran = home.run(&["check", "--config", "dots/nope"]);
    assert_eq!(ran.status, Some(1));
    assert_eq!(ran.stderr, "error[cannot-read]: there is no file `dots/nope`\n\n1 error\n");
}

#[test]
fn a_folder_without_a_configuration_is_said() {
    let home = Home::new();
    fs::create_dir(home.path("empty")).expect("a folder");
    let ran = home.run(&["check", "--config", "empty"]);
    assert_eq!(ran.status, Some(1));
    assert_eq!(
        ran.stderr,
        "error[cannot-read]: there is no file `empty/hcc.kdl`\n |\n = help: `hcc init empty` writes a small one\n\n1 error\n"
    );
}

#[test]
fn a_folder_that_may_not_be_read_is_said() {
    use std::os::unix::fs::PermissionsExt;
    let home = Home::new();
    home.write("closed/hcc.kdl", HOSTS);
    let set = |mode| fs::set_permissions(home.path("closed"), fs::Permissions::from_mode(mode));
    set(0o000).expect("changed");
    if fs::read_dir(home.path("closed")).is_ok() {
        eprintln!("skipped: this user may read every folder");
    } else {
        let ran = home.run(&["check", "--config", "closed"]);
        assert_eq!(ran.status, Some(1));
        assert!(ran.stderr.contains("permission denied"), "{}", ran.stderr);
    }
    set(0o755).expect("changed");
}

#[test]
fn an_unknown_host_is_a_mistake_of_usage() {
    let home = Home::new();
    home.write("hcc.kdl", HOSTS);
    for arguments in [
        &["compile", "--host", "towr"][..],
        &["compile", "towr"],
        &["compile", "alice@towr"],
        &["show", ".a", "--host", "towr"],
    ] {
        home.run(arguments).expect(
            2,
            "",
            "error: there is no host `towr` in the configuration\n  help: did you mean `tower`?\n",
        );
    }
    home.run(&["compile", "laptop"]).expect(
        2,
        "",
        "error: there is no host `laptop` in the configuration\n  help: name one of tower, macbook, or `--all`\n",
    );
    home.run(&["compile", "bob@tower"]).expect(
        2,
        "",
        "error: the host `tower` has no user `bob`\n  help: its users are alice\n",
    );
}

#[test]
fn a_file_that_is_not_generated_is_said_with_the_nearest() {
    let home = Home::new();
    home.write("hcc.kdl", HOSTS);
    let ran = home.run(&["compile", "tower", "--show", ".b"]);
    assert_ne!(ran.status, Some(0));
    assert!(ran.stderr.contains("`.b`"), "{}", ran.stderr);
}

#[test]
fn a_folder_that_holds_something_else_is_not_written_into() {
    let home = Home::new();
    home.write("hcc.kdl", HOSTS);
    home.write("mine/thesis.txt", "years of work");
    for format in ["files", "stow"] {
        home.run(&["compile", "--all", "--out", "mine", "--format", format]).expect(
            3,
            "",
            "error: mine holds something that hcc did not write\n  help: name a folder that is new or empty\n",
        );
    }
    assert_eq!(fs::read_to_string(home.path("mine/thesis.txt")).expect("kept"), "years of work");
    // What hcc wrote itself it may write again; what was put beside it stays and stops it.
    assert_eq!(home.run(&["compile", "--all", "--out", "out", "--quiet"]).status, Some(0));
    assert_eq!(home.run(&["compile", "--all", "--out", "out", "--quiet"]).status, Some(0));
    home.write("out/notes.txt", "mine");
    assert_eq!(home.run(&["compile", "--all", "--out", "out"]).status, Some(3));
    assert_eq!(fs::read_to_string(home.path("out/notes.txt")).expect("kept"), "mine");
    assert!(home.path("out/tower/home/alice/.a").exists());
}

#[test]
fn errors_write_nothing() {
    let home = Home::new();
    home.write("hcc.kdl", WRONG);
    assert_eq!(home.run(&["compile", "--out", "out"]).status, Some(1));
    assert!(!home.path("out").exists());
}

#[test]
fn init_overwrites_nothing() {
    let home = Home::new();
    home.write(".config/hcc/hcc.kdl", "// mine\n");
    home.run(&["init"]).expect(
        3,
        "",
        "error: HOME/.config/hcc/hcc.kdl exists already\n  help: name another folder, `hcc init DIR`, or look at this one: `hcc check`\n",
    );
    assert_eq!(fs::read_to_string(home.path(".config/hcc/hcc.kdl")).expect("kept"), "// mine\n");
}

#[test]
fn init_writes_what_compiles() {
    let home = Home::new();
    assert_eq!(home.run(&["init"]).status, Some(0));
    let ran = home.run(&["check"]);
    assert_eq!((ran.status, ran.stderr.as_str()), (Some(0), ""));
}

#[test]
fn a_mistyped_command_is_said_with_the_nearest() {
    let home = Home::new();
    let ran = home.run(&["chekc"]);
    assert_eq!(ran.status, Some(2));
    assert!(ran.stderr.contains("check"), "{}", ran.stderr);
}

#[test]
fn out_keeps_what_somebody_put_among_its_files() {
    let home = Home::new();
    home.write("hcc.kdl", HOSTS);
    assert_eq!(home.run(&["compile", "--all", "--out", "out"]).status, Some(0));
    // Writing again is fine; a file of somebody else's in the middle of it is not.
    assert_eq!(home.run(&["compile", "--all", "--out", "out"]).status, Some(0));
    home.write("out/tower/home/alice/notes", "mine\n");
    let ran = home.run(&["compile", "--all", "--out", "out"]);
    assert_eq!(ran.status, Some(3), "{}", ran.stderr);
    assert!(ran.stderr.contains("out/tower/home/alice/notes"), "{}", ran.stderr);
    for path in ["out/tower/home/alice/notes", "out/tower/home/alice/.a", "out/macbook/ir.json"] {
        assert!(home.path(path).exists(), "{path} is gone");
    }
}

#[test]
fn an_editors_lock_in_an_imported_folder_is_no_module() {
    let home = Home::new();
    home.write(
        "hcc.kdl",
        "import \"modules\" \".\"\nhost \"tower\" os=\"linux\" { user \"alice\"; use \"a\" }\n",
    );
    home.write("modules/a.kdl", "module \"a\" { home { file \".a\" text=\"1\" } }\n");
    symlink("alice@tower.123", home.path("modules/.#a.kdl")).expect("a link");
    home.run(&["check"]).expect(0, "alice@tower: 1 file.\n", "");
}

#[test]
fn paths_are_relative_to_the_file_behind_a_link() {
    let home = Home::new();
    home.write(
        "repository/hcc.kdl",
        "import \"a.kdl\"\nhost \"tower\" os=\"linux\" { user \"alice\" }\n",
    );
    home.write("repository/a.kdl", "home { file \".a\" source=\"a.txt\" }\n");
    home.write("repository/a.txt", "text\n");
    home.write(".config/hcc/other", "");
    symlink("../../repository/hcc.kdl", home.path(".config/hcc/hcc.kdl")).expect("a link");
    home.run(&["show", ".a", "--host", "tower"]).expect(0, "text\n", "");
}

#[test]
fn a_folder_is_shown_as_its_files_and_each_of_them_is_found() {
    let home = Home::new();
    home.write("hcc.kdl", "host \"tower\" os=\"linux\" { user \"alice\" }\nhome { file \".config/x\" source=\"x\"; file \".l\" link=\"/mnt\" }\n");
    home.write("x/b", "b\n");
    home.write("x/sub/a", "a\n");
    let run = |what: &[&str]| home.run(&[what, &["--host", "tower"]].concat());
    run(&["show", ".config/x"]).expect(0, ".config/x/b\n.config/x/sub/a\n", "");
    run(&["show", "~/.config/x/sub/a"]).expect(0, "a\n", "");
    run(&["show", ".l"]).expect(0, ".l -> /mnt\n", "");
    run(&["why", ".config/x/sub/a"]).expect(
        0,
        ".config/x  made by home, from x\n  hcc.kdl:2\n",
        "",
    );
    assert_eq!(run(&["show", ".config/x/sub"]).status, Some(2));
}

#[test]
fn runs_at_once_into_one_folder_wait_for_each_other() {
    let home = Home::new();
    home.write("hcc.kdl", HOSTS);
    let all = ["compile", "--all", "--quiet", "--out", "out"];
    let runs: Vec<_> = (0..8).map(|_| home.command(&all).spawn().expect("hcc")).collect();
    for mut run in runs {
        assert_eq!(run.wait().expect("hcc").code(), Some(0));
    }
    assert_eq!(home.run(&all).status, Some(0));
}

#[test]
fn out_needs_a_name() {
    let home = Home::new();
    home.write("hcc.kdl", HOSTS);
    home.run(&["compile", "--all", "--out", ""]).expect(
        2,
        "",
        "error: `--out` needs a folder, found an empty text\n",
    );
    assert!(!home.path("tower").exists());
}

/// Linux has a device that is always full.
#[cfg(target_os = "linux")]
#[test]
fn a_stderr_that_takes_nothing_changes_no_status() {
    let home = Home::new();
    home.write("hcc.kdl", "bogus\n");
    let full = fs::OpenOptions::new().write(true).open("/dev/full").expect("a device");
    let status = home.command(&["check"]).stderr(full).status().expect("hcc");
    assert_eq!(status.code(), Some(1));
}

#[test]
fn options_are_found_by_home_managers_groups_and_nothing_found_ends_with_2() {
    let home = Home::new();
    let ran = home.run(&["options", "userDirs"]);
    assert_eq!(ran.status, Some(0), "{}", ran.stderr);
    assert!(ran.stdout.contains("xdg.user-dirs.create"), "{}", ran.stdout);
    assert_eq!(home.run(&["options", "nothingOfTheKind"]).status, Some(2));
    let ran = home.run(&["options", "nothingOfTheKind", "--json"]);
    assert_eq!(ran.status, Some(2));
    assert!(ran.stdout.contains("\"options\": []"), "{}", ran.stdout);
    // What only its table knows.
    let said = "`services.picom.settings { fade-delta 5 }`";
    let ran = home.run(&["options", "fadeDelta"]);
    assert!(ran.status == Some(2) && ran.stderr.contains(said), "{}", ran.stderr);
    let ran = home.run(&["options", "fadeDelta", "--json"]);
    assert!(ran.status == Some(2) && ran.stdout.contains(said), "{}", ran.stdout);
}

#[test]
fn out_is_not_in_a_folder_that_is_mirrored() {
    let home = Home::new();
    home.write("hcc.kdl", "host \"tower\" os=\"linux\" { user \"alice\" }\nhome { file \".config/app\" source=\"app\" }\n");
    home.write("app/a", "a\n");
    let ran = home.run(&["compile", "tower", "--out", "app/out"]);
    assert_eq!(ran.status, Some(1), "{}", ran.stderr);
    assert!(ran.stderr.contains("is a source itself"), "{}", ran.stderr);
    assert!(!home.path("app/out").exists());
}

/// What the machine's evaluation says of its options, whoever else lives there.
#[test]
fn why_asks_the_machine_about_its_options() {
    let home = Home::new();
    home.write(
        "hcc.kdl",
        r#"option "my.motd" type="string" scope="system"
host "h" os="linux" distro="debian" {
    user "u"
    system { packages "vim"; file "/etc/a" text="1" }
    my.motd "hello"
}
"#,
    );
    let why = |option: &str| home.run(&["why", option, "--host", "h"]);
    why("system.packages").expect(
        0,
        "system.packages = [\"vim\"]  for h\n  * hcc.kdl:4  \"vim\"\n",
        "",
    );
    why("my.motd").expect(0, "my.motd = \"hello\"  for h\n  * hcc.kdl:5  \"hello\"\n", "");
    why("system.file.\"/etc/a\".text").expect(
        0,
        "system.file.\"/etc/a\".text = \"1\\n\"  for h\n  * hcc.kdl:4  \"1\\n\"\n",
        "",
    );
    let named = home.run(&["why", "my.motd", "--host", "h", "--user", "u"]);
    assert!(named.stdout.starts_with("my.motd = \"hello\"  for h\n"), "{}", named.stdout);
}

/// It is `alice` who asks.
#[test]
fn why_answers_for_who_asks_or_else_for_the_first() {
    let home = Home::new();
    home.write(
        "hcc.kdl",
        r#"option "my.name" default="nobody"
option "my.own" type="string"
my.name (expr)"user.name"
host "h" os="linux" { user "u" "v"; user "w" { my.own "w" } }
host "k" os="linux" { user "u" "alice" }
"#,
    );
    let first = |arguments: &[&str]| {
        let ran = home.run(&[&["why"], arguments].concat());
        ran.stdout.lines().next().unwrap_or_default().to_owned()
    };
    assert_eq!(first(&["my.name", "--host", "h"]), "my.name = \"u\"  for u@h");
    assert_eq!(first(&["my.name", "--host", "h", "--user", "v"]), "my.name = \"v\"  for v@h");
    assert_eq!(first(&["my.name", "--host", "k"]), "my.name = \"alice\"  for alice@k");
    assert_eq!(first(&["my.own", "--host", "h"]), "my.own = \"w\"  for w@h");
}

#[test]
fn why_knows_what_defines_a_group_that_is_kept_in_settings() {
    let home = Home::new();
    home.write(
        "hcc.kdl",
        "host \"h\" os=\"linux\" { user \"u\" }\nprograms.git { enable; user.name \"x\" }\n",
    );
    let ran = home.run(&["why", "programs.git.user", "--host", "h"]);
    assert_eq!(
        ran.stdout.lines().last(),
        Some("  * hcc.kdl:2  programs.git.settings.user.name \"x\"")
    );
    let whole = home.run(&["why", "programs.git", "--host", "h"]);
    assert_eq!(whole.stdout.matches("programs.git.settings.user.name \"x\"").count(), 1);
}

#[test]
fn a_program_that_is_named_by_a_subscript_is_known() {
    let home = Home::new();
    home.write(
        "hcc.kdl",
        r#"option "my.zsh" type="bool"
option "my.agent" type="bool"
my.zsh (expr)"config.programs['zsh'].enable"
my.agent (expr)"config['services'][ \"gpg-agent\" ]['enable']"
host "h" os="linux" { user "u" }
"#,
    );
    for option in ["my.zsh", "my.agent"] {
        let ran = home.run(&["why", option, "--host", "h"]);
        let said = format!("{option} = false  for u@h\n");
        assert!(ran.stdout.starts_with(&said), "{}{}", ran.stdout, ran.stderr);
    }
}

#[test]
fn a_doc_of_several_lines_is_one_row_of_a_table_and_stands_below_its_option() {
    let home = Home::new();
    let doc = "\"\"\"\n    One line.\n      Another one.\n    \"\"\"";
    let own = |name: &str| format!("option \"my.{name}\" default=\"x\" doc={doc}\n");
    let many: String = (10..50).map(|at| own(&format!("zz{at}"))).collect();
    home.write("hcc.kdl", &format!("{many}{}{HOSTS}", own("alone")));
    for words in [&["options"][..], &["options", "my.zz"]] {
        let ran = home.run(words);
        let row = ran.stdout.lines().find(|line| line.starts_with("my.zz10 "));
        let is_whole = row.is_some_and(|row| row.ends_with("  One line. Another one."));
        assert!(is_whole, "{}", ran.stdout);
    }
    let ran = home.run(&["options", "my.alone"]);
    assert!(ran.stdout.contains("\n    One line.\n    Another one.\n"), "{}", ran.stdout);
}

/// A command that is named first is read without the others.
#[test]
fn every_command_says_the_same_alone_and_among_all() {
    let home = Home::new();
    let all = home.run(&["--help"]).stdout;
    let below = all.split_once("Commands:\n").map(|(_, below)| below).expect("the commands");
    let rows = below.lines().take_while(|line| !line.is_empty());
    let names: Vec<&str> = rows.filter_map(|line| line.split_whitespace().next()).collect();
    assert!(names.contains(&"check") && names.contains(&"help"), "{all}");
    for name in names.into_iter().filter(|name| *name != "help") {
        let (alone, among) = (home.run(&[name, "--help"]), home.run(&["help", name]));
        assert_eq!(alone.stdout, among.stdout);
        let (alone, among) = (home.run(&[name, "--jsn"]), home.run(&["--quiet", name, "--jsn"]));
        alone.expect(2, "", &among.stderr);
    }
}
