//! Edits that go back to the configuration: the file means what was edited into it, and nothing
//! else changes.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

use super::faults::{call, has_strace};
use super::kit::{Sandbox, Snapshot, Thing};

const SETTINGS: &str = r#"// My editor.
home {
    file ".settings.json" format="json" {
        settings {
            theme "dark"        // at night
            font { size 12; family "Mono" }
            (list)only "one"
            rulers 80 100
            tabs #true
        }
    }
}
"#;

const SETTINGS_LIGHT: &str = r#"{"theme": "light", "font": {"size": 12, "family": "Mono"}, "only": ["one"], "rulers": [80, 100], "tabs": true}
"#;

fn home() -> Sandbox {
    let sandbox = Sandbox::new(SETTINGS);
    sandbox.apply();
    sandbox
}

#[test]
fn a_source_gets_what_stands_in_the_home_and_the_link_comes_back() {
    for install in ["link", "copy", "live"] {
        let sandbox = Sandbox::new(&format!(
            "home {{ file \".a\" source=\"a.txt\" install=\"{install}\" }}\n"
        ));
        sandbox.config("a.txt", "one\n");
        sandbox.apply();
        sandbox.write(".a", "two\n");
        sandbox.run(&["absorb", ".a"]).well().says("absorbed: .a").says("written: CONFIG/a.txt");
        assert_eq!(sandbox.read_source("a.txt"), "two\n");
        assert_eq!(sandbox.read(".a"), "two\n");
        assert_eq!(fs::read_link(sandbox.home(".a")).is_ok(), install != "copy");
        sandbox.run(&["status", "--exit-code"]).well().never_says(".a: edited");
        sandbox.apply().says("Nothing to do.");
    }
}

#[test]
fn the_old_text_of_a_source_is_saved_unless_git_has_it() {
    let sandbox = Sandbox::new("home { file \".a\" source=\"a.txt\" }\n");
    sandbox.config("a.txt", "one\n");
    sandbox.apply();
    sandbox.write(".a", "two\n");
    let done = sandbox.run(&["absorb", ".a", "--json"]).well().json();
    let at = done["written"][0]["saved"].as_str().expect("a path").replace("HOME/", "");
    assert_eq!(sandbox.read(&at), "one\n");
    let git = |words: &[&str]| {
        let mut git = Command::new("git");
        git.current_dir(sandbox.source("")).env("HOME", sandbox.root());
        git.args(["-c", "user.name=a", "-c", "user.email=a@b"]).args(words);
        assert!(git.output().expect("git").status.success(), "{words:?}");
    };
    git(&["init", "-q"]);
    git(&["add", "."]);
    git(&["commit", "-qm", "first"]);
    sandbox.write(".a", "three\n");
    sandbox.run(&["absorb", ".a"]).well().says("what it held before is in git");
    assert_eq!(sandbox.read_source("a.txt"), "three\n");
}

#[test]
fn an_edit_through_the_link_is_absorbed_and_old_generations_keep_theirs() {
    let sandbox = Sandbox::new("home { file \".a\" source=\"a.txt\" }\n");
    sandbox.config("a.txt", "one\n");
    sandbox.apply();
    sandbox.write_through(".a", "two\n");
    sandbox.run(&["absorb", ".a"]).well();
    assert_eq!(sandbox.read_source("a.txt"), "two\n");
    assert!(sandbox.is_ours(".a"));
    assert_eq!(sandbox.read(".a"), "two\n");
    let first = fs::read_to_string(sandbox.state("generations/1/home/.a")).expect("a file");
    assert_eq!(first, "one\n");
}

#[test]
fn what_git_config_wrote_is_absorbed_key_by_key() {
    let config = r#"programs {
    git {
        enable
        config-file "~/.gitconfig"
        user name="Alice" email="alice@example.org"
        aliases co="checkout" lg="log --graph"
        settings { init defaultBranch="main" }
    }
}
"#;
    let sandbox = Sandbox::new(config);
    sandbox.apply();
    let git = |arguments: &[&str]| {
        let mut git = Command::new("git");
        git.args(["config", "--global"]).args(arguments).env("HOME", sandbox.home(""));
        git.output().is_ok_and(|ran| ran.status.success())
    };
    let has_git = git(&["alias.zz", "log"]);
    if !has_git {
        eprintln!("SKIPPED: git is not installed, so nothing that it writes is absorbed");
        return;
    }
    assert!(git(&["user.email", "other@example.org"]));
    assert!(git(&["core.pager", "less -F"]));
    assert!(git(&["--unset", "alias.co"]));
    let before = sandbox.read(".gitconfig");
    sandbox.run(&["absorb", ".gitconfig"]).well().says("absorbed: .gitconfig");
    let text = sandbox.read_source("hcc.kdl");
    for line in [
        r#"user name="Alice" email="other@example.org""#,
        r#"aliases lg="log --graph" zz="log""#,
        r#"settings { init defaultBranch="main"; core { pager "less -F" } }"#,
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    sandbox.run(&["status"]).well().says("its one file is as hcc left it");
    assert!(sandbox.is_ours(".gitconfig"), "{before}");
}

#[test]
fn an_edit_through_another_link_is_kept_and_stops_nothing() {
    for changes in [false, true] {
        let sandbox = Sandbox::new(&format!("{SETTINGS}home {{ file \".b\" text=\"b\" }}\n"));
        sandbox.apply();
        sandbox.write_through(".b", "mine\n");
        sandbox.write(".settings.json", SETTINGS_LIGHT);
        if changes {
            let text = sandbox.read_source("hcc.kdl").replace("text=\"b\"", "text=\"other\"");
            sandbox.config("hcc.kdl", text);
        }
        sandbox.run(&["absorb", ".settings.json"]).well().says("absorbed: .settings.json");
        assert!(sandbox.read_source("hcc.kdl").contains("theme \"light\""));
        assert!(sandbox.is_ours(".settings.json") && sandbox.read(".b") == "mine\n", "{changes}");
        sandbox.run(&["apply", "--yes", "--drift", "restore"]).well();
        assert_eq!(sandbox.read(".b"), if changes { "other\n" } else { "b\n" });
    }
}

#[test]
fn a_file_in_a_mirrored_folder_and_its_mode_are_brought_back() {
    let sandbox = Sandbox::new("home { file \"bin\" source=\"bin\" }\n");
    sandbox.config("bin/run", "one\n");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(sandbox.source("bin/run"), mode).expect("a mode");
    sandbox.config("bin/other", "other\n");
    sandbox.apply();
    sandbox.write("bin/run", "two\n");
    sandbox.run(&["absorb", "bin"]).well();
    assert_eq!(sandbox.read_source("bin/run"), "two\n");
    let found = fs::metadata(sandbox.source("bin/run")).expect("a file");
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&found.permissions()) & 0o777, 0o755);
    assert_eq!(fs::read_dir(sandbox.source("bin")).expect("a folder").count(), 2);
}

#[test]
fn a_source_that_changed_too_is_left_alone() {
    let sandbox = Sandbox::new("home { file \".a\" source=\"a.txt\" }\n");
    sandbox.config("a.txt", "one\n");
    sandbox.apply();
    sandbox.write(".a", "two\n");
    sandbox.config("a.txt", "three\n");
    let before = sandbox.outside();
    sandbox.run(&["absorb", ".a"]).ends(3).says("was changed too since the edit began");
    assert_eq!(sandbox.read_source("a.txt"), "three\n");
    sandbox.outside().is(&before);
}

#[test]
fn keys_are_changed_where_they_are_written_and_all_else_stays() {
    let sandbox = home();
    sandbox.write(
        ".settings.json",
        r#"{"theme": "light \"x\"", "font": {"size": 14, "family": "Mono"}, "only": ["one"],
            "rulers": [80, 120, 140], "tabs": false}"#,
    );
    sandbox.run(&["absorb", ".settings.json"]).well();
    let expected = SETTINGS
        .replace("theme \"dark\"", "theme \"light \\\"x\\\"\"")
        .replace("size 12", "size 14")
        .replace("80 100", "80 120 140")
        .replace("#true", "#false");
    assert_eq!(sandbox.read_source("hcc.kdl"), expected);
    assert!(sandbox.is_ours(".settings.json"));
    sandbox.run(&["status", "--exit-code"]).well();
    sandbox.apply().says("Nothing to do.");
}

#[test]
fn keys_that_came_and_went_come_and_go() {
    let sandbox = home();
    sandbox.write(
        ".settings.json",
        r#"{"theme": "dark", "font": {"family": "Mono", "bold": true}, "only": ["one", "two"],
            "tabs": true, "new key": {"a": 1, "b": ["x"]}}"#,
    );
    sandbox.run(&["absorb", ".settings.json"]).well();
    let text = sandbox.read_source("hcc.kdl");
    assert!(text.contains("            font { family \"Mono\"; bold #true }\n"), "{text}");
    assert!(!text.contains("rulers"), "{text}");
    assert!(text.contains("            \"new key\" { a 1; (list)b \"x\" }\n"), "{text}");
    assert!(text.contains("theme \"dark\"        // at night\n"), "{text}");
    sandbox.apply().says("Nothing to do.");
}

#[test]
fn declared_keys_of_a_merged_file_are_absorbed_and_the_programs_own_stay_its_own() {
    let sandbox = Sandbox::new(
        "home { file \".m.json\" format=\"json\" install=\"merge\" { settings { theme \"dark\" } } }\n",
    );
    sandbox.apply();
    sandbox.write(".m.json", "{\"theme\": \"light\", \"own\": 1}\n");
    sandbox.run(&["absorb", "~/.m.json"]).well();
    let text = sandbox.read_source("hcc.kdl");
    assert!(text.contains("theme \"light\"") && !text.contains("own"), "{text}");
    assert_eq!(sandbox.read(".m.json"), "{\"theme\": \"light\", \"own\": 1}\n");
    sandbox.run(&["status", "--exit-code"]).well();
}

#[test]
fn a_text_that_is_written_out_is_replaced() {
    let sandbox = Sandbox::new("home {\n    file \".a\" text=\"one\"   // mine\n}\n");
    sandbox.apply();
    for text in ["two \\ \"quoted\"\n", "a\n\n    b \"\"\" \\n\n\tc\n"] {
        sandbox.write(".a", text);
        sandbox.run(&["absorb", ".a"]).well();
        assert_eq!(sandbox.read(".a"), text);
        assert!(sandbox.is_ours(".a"));
        assert!(sandbox.read_source("hcc.kdl").contains("// mine"));
        sandbox.run(&["status", "--exit-code"]).well();
    }
}

#[test]
fn what_is_computed_is_named_and_nothing_of_the_file_changes() {
    let sandbox = Sandbox::new(
        "home {\n    file \".a.json\" format=\"json\" {\n        settings { name (f)\"{{ user.name }}\"; size 1 }\n    }\n    \
         file \".b\" text=\"b\"\n}\n",
    );
    sandbox.apply();
    sandbox.write(".a.json", "{\"name\": \"bob\", \"size\": 2}\n");
    sandbox.write(".b", "other\n");
    let text = sandbox.read_source("hcc.kdl");
    let ran = sandbox.run(&["absorb", ".a.json", ".b"]).ends(3);
    ran.says("`name`: it is computed at CONFIG/hcc.kdl:3").says("absorbed: .b");
    assert_eq!(
        sandbox.read_source("hcc.kdl"),
        text.replace("\"b\"", "\"other\"").replace("\".other\"", "\".b\"")
    );
    assert_eq!(sandbox.read(".a.json"), "{\"name\": \"bob\", \"size\": 2}\n");
}

#[test]
fn a_value_that_other_files_share_is_not_changed_behind_their_back() {
    let sandbox = Sandbox::new(
        "option \"my.theme\" default=\"dark\"\nmy { theme \"dark\" }\nhome {\n    \
         file \".a.json\" format=\"json\" { settings { theme (expr)\"config.my.theme\" } }\n    \
         file \".b.json\" format=\"json\" { settings { theme (expr)\"config.my.theme\" } }\n}\n",
    );
    sandbox.apply();
    sandbox.write(".a.json", "{\"theme\": \"light\"}\n");
    let text = sandbox.read_source("hcc.kdl");
    sandbox.run(&["absorb", ".a.json"]).ends(3).says(".a.json stays as it is");
    assert_eq!(sandbox.read_source("hcc.kdl"), text);
}

#[test]
fn a_format_that_cannot_be_read_back_says_which_lines() {
    let sandbox = Sandbox::new(
        "home {\n    file \".c\" format=\"desktop\" {\n        settings {\n            \"Desktop Entry\" Name=\"two\"\n        }\n    }\n}\n",
    );
    sandbox.apply();
    let line = sandbox.read(".c");
    sandbox.write(".c", line.replace("two", "five"));
    let ran = sandbox.run(&["absorb", ".c"]).ends(3);
    ran.says("line 2: - ").says("hcc.kdl:4").says("cannot read them back");
}

#[test]
fn a_dry_run_shows_the_configuration_and_writes_nothing() {
    let sandbox = home();
    let text = sandbox.read(".settings.json").replace("dark", "light");
    sandbox.write(".settings.json", text);
    let before = sandbox.snapshot();
    let ran = sandbox.run(&["absorb", "--dry-run", "."]).well();
    ran.says("-            theme \"dark\"        // at night\n").says("can be absorbed");
    sandbox.snapshot().is(&before);
    assert_eq!(sandbox.read_source("hcc.kdl"), SETTINGS);
}

#[test]
fn apply_absorbs_what_it_can_and_keeps_and_names_the_rest() {
    let sandbox = Sandbox::new(
        "home {\n    file \".a\" source=\"a.txt\"\n    file \".b\" text=(f)\"{{ user.name }}\"\n    \
         file \".c\" text=\"c\"\n    file \".d\" text=\"d\"\n}\n",
    );
    sandbox.config("a.txt", "one\n");
    sandbox.apply();
    sandbox.write_through(".a", "two\n");
    sandbox.write(".b", "bob\n");
    sandbox.write(".c", "other\n");
    let before = sandbox.snapshot();
    sandbox.run(&["apply", "--dry-run", "--drift", "absorb"]).says("can be absorbed: .a");
    sandbox.snapshot().is(&before);
    let ran = sandbox.run(&["apply", "--yes", "--drift", "absorb"]).well();
    ran.says("absorbed: .a").says("absorbed: .c").says(".b stays as it is");
    assert_eq!(sandbox.read_source("a.txt"), "two\n");
    assert!(sandbox.read_source("hcc.kdl").contains("text=\"other\""));
    assert_eq!(sandbox.read(".b"), "bob\n");
    assert!(sandbox.is_ours(".a") && sandbox.is_ours(".c") && sandbox.is_ours(".d"));
    let report = sandbox.run(&["status", "--json"]).well().json();
    assert_eq!(report["drift"].as_array().map(Vec::len), Some(1));
}

#[test]
fn what_hcc_does_not_manage_is_a_mistake() {
    let sandbox = home();
    sandbox.run(&["absorb", ".setings.json"]).ends(2).says("did you mean `~/.settings.json`?");
    sandbox.run(&["absorb", ".settings.json"]).well().says("is as hcc left it");
}

/// A kill between the configuration and the link, or an editor that was faster.
#[test]
fn what_the_configuration_says_already_only_brings_the_link_back() {
    let sandbox = home();
    let text = sandbox.read(".settings.json");
    sandbox.write(".settings.json", text.replace("dark", "light").replace('\n', " "));
    let said = SETTINGS.replace("dark", "light");
    sandbox.config("hcc.kdl", &said);
    sandbox.run(&["absorb", ".settings.json"]).well().never_says("written");
    assert_eq!(sandbox.read_source("hcc.kdl"), said);
    assert!(sandbox.is_ours(".settings.json"));
    sandbox.apply().says("Nothing to do.");
}

#[test]
fn an_edit_is_added_to_what_was_said_anew_elsewhere_in_the_file() {
    let sandbox = home();
    let text = sandbox.read(".settings.json");
    sandbox.write(".settings.json", text.replace("dark", "light"));
    sandbox.config("hcc.kdl", SETTINGS.replace("size 12", "size 16"));
    sandbox.run(&["absorb", ".settings.json"]).well();
    let both = SETTINGS.replace("size 12", "size 16").replace("dark", "light");
    assert_eq!(sandbox.read_source("hcc.kdl"), both);
    assert!(sandbox.read(".settings.json").contains("16"));
}

#[test]
fn values_of_imported_files_are_changed_there() {
    let sandbox = Sandbox::new("import \"modules\"\nuse \"editor\"\n");
    sandbox.config(
        "modules/editor.kdl",
        "module \"editor\" {\n    home { file \".e.toml\" format=\"toml\" { settings { a 1; b \"x\" } } }\n}\n",
    );
    sandbox.apply();
    sandbox.write(".e.toml", "a = 2\nb = \"x\"\n");
    sandbox.run(&["absorb", ".e.toml"]).well().says("written: CONFIG/modules/editor.kdl");
    assert!(sandbox.read_source("modules/editor.kdl").contains("a 2; b \"x\""));
    assert!(sandbox.is_ours(".e.toml"));
}

/// Calls that change something.
const CALLS: &str = "openat,write,mkdirat,symlinkat,linkat,renameat,renameat2,rename,unlinkat,unlink,fchmod,fsync,utimensat";

#[test]
fn a_kill_at_any_call_loses_neither_the_edit_nor_what_was_there() {
    kills(false);
}

#[test]
fn a_kill_at_any_call_loses_nothing_that_the_configuration_says_anew() {
    kills(true);
}

/// Absorbs edits, killed at one call after the other; with `changes` of edits that were kept while
/// what is behind them changed too.
fn kills(changes: bool) {
    if !has_strace() {
        return;
    }
    let trace = |sandbox: &Sandbox, options: &[String]| {
        let hcc = sandbox.command(&["absorb", ".linked", ".copied", ".settings.json"]);
        let log = sandbox.root().join("log");
        let mut command = Command::new("strace");
        command.args(["-f", "-qq", "-e", "signal=none", "-o"]).arg(&log);
        for option in options {
            command.args(["-e", option]);
        }
        command.arg(hcc.get_program()).args(hcc.get_args()).env_clear();
        command.current_dir(sandbox.home(""));
        command.envs(hcc.get_envs().filter_map(|(name, value)| Some((name, value?))));
        let ran = sandbox.ran(&command.output().expect("strace"));
        (ran, fs::read_to_string(&log).expect("a log"))
    };
    let edited = || {
        let sandbox = Sandbox::new(&format!(
            "{SETTINGS}home {{ file \".linked\" source=\"l\"; file \".copied\" source=\"c\" install=\"copy\" }}\n"
        ));
        sandbox.config("l", "linked\n");
        sandbox.config("c", "copied\nmore\nend\n");
        sandbox.apply();
        sandbox.write_through(".linked", "linked, edited\n");
        sandbox.write(".copied", "copied, edited\nmore\nend\n");
        let text = sandbox.read(".settings.json").replace("dark", "light");
        match changes {
            true => sandbox.write_through(".settings.json", text),
            false => sandbox.write(".settings.json", text),
        }
        if changes {
            sandbox.config("c", "copied\nmore\nnew end\n");
            let text = sandbox.read_source("hcc.kdl");
            sandbox.config("hcc.kdl", text.replace("size 12", "size 16"));
            sandbox.apply();
        }
        sandbox
    };
    let (ran, log) = trace(&edited(), &[format!("trace={CALLS}")]);
    ran.well();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut points = Vec::new();
    for line in log.lines() {
        let Some((name, rest)) = call(line) else { continue };
        let count = counts.entry(name).or_default();
        *count += 1;
        if name != "openat" || rest.contains("O_CREAT") {
            points.push((name, *count));
        }
    }
    assert!(points.len() > 60, "{log}");
    let step = if std::env::var_os("HCC_FAULTS").is_some() { 1 } else { points.len() / 24 };
    for (name, number) in points.iter().step_by(step) {
        let sandbox = edited();
        let kill = format!("inject={name}:signal=KILL:when={number}");
        let (ran, _) = trace(&sandbox, &[format!("trace={name}"), kill]);
        let texts = |sandbox: &Sandbox| -> Vec<Vec<u8>> {
            let all = [sandbox.snapshot(), Snapshot::of(&sandbox.source(""))];
            let things = all.into_iter().flat_map(|all| all.0.into_values());
            let files = things.filter_map(|thing| match thing {
                Thing::File(_, _, bytes) => Some(bytes),
                _ => None,
            });
            files.collect()
        };
        let held = texts(&sandbox);
        let end = if changes { "new end\n" } else { "end\n" };
        let copied = ["copied\nmore\n", "copied, edited\nmore\n"].map(|own| format!("{own}{end}"));
        for text in ["linked\n", "linked, edited\n", &copied[0], "copied, edited\nmore\n"] {
            let there = held.iter().any(|own| own.starts_with(text.as_bytes()));
            assert!(there, "{text:?} is lost by a kill at {name} {number}\n{ran}");
        }
        let kdl = held.iter().filter(|own| own.starts_with(b"// My editor."));
        assert!(kdl.count() >= 1, "hcc.kdl is lost by a kill at {name} {number}\n{ran}");
        // The next runs bring it to its end.
        let again = sandbox.run(&["absorb", ".linked", ".copied", ".settings.json"]);
        assert_eq!(again.status, Some(0), "{name} {number}\n{ran}\n{again}");
        sandbox.apply();
        assert_eq!(sandbox.read_source("l"), "linked, edited\n", "{name} {number}");
        assert_eq!(sandbox.read_source("c"), copied[1], "{name} {number}");
        assert_eq!(sandbox.read(".copied"), copied[1], "{name} {number}");
        let text = sandbox.read_source("hcc.kdl");
        assert!(text.contains("\"light\"        // at night"), "{name} {number}\n{text}");
        assert!(text.contains(if changes { "size 16" } else { "size 12" }), "{text}");
        assert_eq!(sandbox.read(".linked"), "linked, edited\n", "{name} {number}");
        assert!(sandbox.is_ours(".linked") && sandbox.is_ours(".settings.json"));
        sandbox.run(&["status", "--exit-code"]).well();
    }
}
