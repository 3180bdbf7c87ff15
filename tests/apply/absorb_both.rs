//! Edits that were kept while the configuration changed too: what is absorbed is what was changed
//! since the edit began, and what the configuration says anew stays.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::{Config, FileFailurePersistence};

use super::kit::Sandbox;

/// A program's file in a format, as a configuration says it and as it stands in the home.
struct Kind {
    config: &'static str,
    path: &'static str,
    /// What stands in the place of `EMAIL` and `MORE`.
    edit: fn(&str) -> String,
    /// How a value of the file is seen in it.
    shows: fn(&str, &str) -> String,
}

const KINDS: &[Kind] = &[
    Kind {
        config: "programs { git { enable; config-file \"~/.gitconfig\"; settings { user { name \"Al\"; MORE email \"old\" } } } }\n",
        path: ".gitconfig",
        edit: |text| text.replace("old", "mine"),
        shows: |key, value| format!("{key} = {value}"),
    },
    Kind {
        config: "home { file \".c.ini\" format=\"ini\" { settings { user { name \"Al\"; MORE email \"old\" } } } }\n",
        path: ".c.ini",
        edit: |text| text.replace("old", "mine"),
        shows: |key, value| format!("{key}={value}"),
    },
    Kind {
        config: "home { file \".c.toml\" format=\"toml\" { settings { user { name \"Al\"; MORE email \"old\" } } } }\n",
        path: ".c.toml",
        edit: |text| text.replace("old", "mine"),
        shows: |key, value| format!("{key} = \"{value}\""),
    },
    Kind {
        config: "home { file \".c.json\" format=\"json\" install=\"copy\" { settings { user { name \"Al\"; MORE email \"old\" } } } }\n",
        path: ".c.json",
        edit: |text| text.replace("old", "mine"),
        shows: |key, value| format!("\"{key}\": \"{value}\""),
    },
    Kind {
        config: "home { file \".c.yaml\" format=\"yaml\" install=\"merge\" { settings { user { name \"Al\"; MORE email \"old\" } } } }\n",
        path: ".c.yaml",
        edit: |text| text.replace("old", "mine"),
        shows: |key, value| format!("{key}: {value}"),
    },
];

/// Applied, edited, changed in the configuration too; applied again so often, the edit kept.
fn edited_and_changed(kind: &Kind, more: &str, applies: usize) -> Sandbox {
    let sandbox = Sandbox::new(&kind.config.replace("MORE", ""));
    sandbox.apply();
    sandbox.write(kind.path, (kind.edit)(&sandbox.read(kind.path)));
    for at in 0..applies {
        let said = format!("{more} home-{at} \"later\";");
        sandbox.config("hcc.kdl", kind.config.replace("MORE", &said));
        sandbox.apply();
    }
    sandbox.config("hcc.kdl", kind.config.replace("MORE", more));
    if applies > 0 {
        sandbox.apply();
    }
    sandbox
}

#[test]
fn what_the_configuration_says_anew_since_the_edit_stays_in_it() {
    for kind in KINDS {
        for applies in [0, 1, 2] {
            let more = "editor \"vim\";";
            let sandbox = edited_and_changed(kind, more, applies);
            sandbox.run(&["absorb", kind.path]).well();
            let text = sandbox.read_source("hcc.kdl");
            assert_eq!(text, kind.config.replace("MORE", more).replace("old", "mine"), "{applies}");
            sandbox.apply();
            let file = sandbox.read(kind.path);
            for (key, value) in [("email", "mine"), ("editor", "vim"), ("name", "Al")] {
                assert!(file.contains(&(kind.shows)(key, value)), "{key} {applies}\n{file}");
            }
            sandbox.run(&["status", "--exit-code"]).well();
        }
    }
}

#[test]
fn a_value_that_both_changed_is_named_and_stays_until_somebody_chooses() {
    for kind in KINDS {
        for applies in [0, 1] {
            let sandbox = edited_and_changed(kind, "", applies);
            let theirs = kind.config.replace("MORE", "").replace("old", "theirs");
            sandbox.config("hcc.kdl", &theirs);
            let before = sandbox.read(kind.path);
            let said = sandbox.run(&["absorb", kind.path]).ends(3);
            said.says("stays as it is")
                .says("`user.email`: both sides changed it")
                .says("to `\"mine\"`")
                .says("to `\"theirs\"`")
                .says("CONFIG/hcc.kdl:1")
                .says("it was `\"old\"`")
                .says(&format!("hcc absorb --prefer file ~/{}", kind.path));
            assert_eq!(sandbox.read_source("hcc.kdl"), theirs);
            assert_eq!(sandbox.read(kind.path), before, "{}", kind.path);
        }
    }
}

#[test]
fn who_prefers_a_side_gets_it_and_the_other_one_is_not_lost() {
    for kind in KINDS {
        let theirs = kind.config.replace("MORE", "").replace("old", "theirs");
        for (side, value) in [("file", "mine"), ("config", "theirs")] {
            let sandbox = edited_and_changed(kind, "", 1);
            sandbox.config("hcc.kdl", &theirs);
            let before = sandbox.read(kind.path);
            sandbox.run(&["absorb", "--prefer", side, kind.path]).well();
            assert_eq!(sandbox.read_source("hcc.kdl"), theirs.replace("theirs", value), "{side}");
            let file = sandbox.read(kind.path);
            assert!(file.contains(&(kind.shows)("email", value)), "{side}\n{file}");
            sandbox.run(&["status", "--exit-code"]).well();
            let report = sandbox.run(&["status", "--json"]).json();
            let saved = report["saved"].as_array().expect("a list");
            let texts = saved.iter().map(|one| {
                let at = one["at"].as_str().expect("a path").replace("HOME/", "");
                sandbox.read(&at)
            });
            let texts: Vec<String> = texts.filter(|text| *text == before).collect();
            assert_eq!(texts.len(), usize::from(side == "config"), "{side} {}", kind.path);
        }
    }
}

const KEYS: &str =
    "home { file \".k.toml\" format=\"toml\" { settings { a 1; b 2; c 3; d 4 } } }\n";

#[test]
fn what_only_the_file_changed_is_absorbed_beside_what_both_did() {
    let sandbox = Sandbox::new(KEYS);
    sandbox.apply();
    let edit = sandbox.read(".k.toml").replace("a = 1", "a = 10").replace("b = 2", "b = 20");
    sandbox.write(".k.toml", format!("{edit}e = 5\n"));
    sandbox.config("hcc.kdl", KEYS.replace("b 2", "b 200").replace("c 3", "c 300"));
    sandbox.apply();
    let said = sandbox.run(&["absorb", ".k.toml"]).ends(3);
    let said = said.says("but for this, its edit goes into the configuration");
    let said = said.says("`b`: both sides").never_says("`a`").never_says("`c`");
    let text = sandbox.read_source("hcc.kdl");
    assert!(text.contains("a 10; b 200; c 300; d 4; e 5"), "{text}\n{said}");
    // It is still an edit, made on what it was made on.
    sandbox.apply();
    assert!(sandbox.read(".k.toml").contains("b = 20\n"));
    sandbox.run(&["absorb", ".k.toml"]).ends(3).says("it was `2`");
    // Said in one of both, it is settled.
    sandbox.config("hcc.kdl", text.replace("b 200", "b 20"));
    sandbox.run(&["absorb", ".k.toml"]).well();
    sandbox.run(&["status", "--exit-code"]).well();
    let file = sandbox.read(".k.toml");
    for line in ["a = 10", "b = 20", "c = 300", "d = 4", "e = 5"] {
        assert!(file.contains(line), "{file}");
    }
}

#[test]
fn apply_absorbs_what_is_not_of_both_sides_and_keeps_the_file() {
    let sandbox = Sandbox::new(KEYS);
    sandbox.apply();
    sandbox.write(".k.toml", sandbox.read(".k.toml").replace("1", "10").replace("2", "20"));
    sandbox.config("hcc.kdl", KEYS.replace("b 2", "b 200"));
    sandbox.run(&["apply", "--yes", "--drift", "absorb"]).well().says("`b`: both sides");
    let text = sandbox.read_source("hcc.kdl");
    assert!(text.contains("a 10; b 200"), "{text}");
    assert!(sandbox.read(".k.toml").contains("b = 20\n"));
    sandbox.run(&["absorb", "--prefer", "file", ".k.toml"]).well();
    assert!(sandbox.read_source("hcc.kdl").contains("a 10; b 20;"));
}

#[test]
fn keys_that_one_side_took_away_are_named_if_the_other_changed_them() {
    let config = "home { file \".o.json\" format=\"json\" { settings { o { x 1; y 1 }; p 1 } } }\n";
    let sandbox = Sandbox::new(config);
    sandbox.apply();
    sandbox.write(".o.json", "{\"o\": {\"x\": 2, \"y\": 1, \"z\": 1}, \"p\": 1}\n");
    sandbox.config("hcc.kdl", config.replace("o { x 1; y 1 }; ", ""));
    sandbox.apply();
    let said = sandbox.run(&["absorb", ".o.json"]).ends(3);
    said.says(
        "`o`: both sides changed it: the file to `{ x 2; y 1; z 1 }`, the configuration to nothing",
    );
    sandbox.run(&["absorb", "--prefer", "config", ".o.json"]).well().says("saved:");
    assert!(!sandbox.read(".o.json").contains("\"o\""));
}

#[test]
fn lines_of_a_source_are_joined_with_what_changed_in_it() {
    let text = "one\ntwo\nthree\nfour\nfive\n";
    for install in ["link", "copy"] {
        for applies in [false, true] {
            let sandbox = Sandbox::new(&format!(
                "home {{ file \".a b\" source=\"a.txt\" install=\"{install}\" }}\n"
            ));
            sandbox.config("a.txt", text);
            sandbox.apply();
            sandbox.write(".a b", text.replace("one", "1"));
            sandbox.config("a.txt", text.replace("five", "5"));
            if applies {
                sandbox.apply();
            }
            sandbox.run(&["absorb", ".a b"]).well();
            let both = text.replace("one", "1").replace("five", "5");
            assert_eq!(sandbox.read_source("a.txt"), both, "{install} {applies}");
            assert_eq!(sandbox.read(".a b"), both, "{install} {applies}");
            sandbox.run(&["status", "--exit-code"]).well();
        }
    }
}

#[test]
fn lines_that_both_changed_stay_and_are_shown() {
    let text = "one\ntwo\nthree\n";
    let sandbox = Sandbox::new("home {\n    file \".a\" source=\"a.txt\"\n}\n");
    sandbox.config("a.txt", text);
    sandbox.apply();
    sandbox.write(".a", text.replace("two", "mine"));
    sandbox.config("a.txt", text.replace("two", "theirs"));
    for _ in 0..2 {
        let said = sandbox.run(&["absorb", ".a"]).ends(3);
        said.says("was changed too since the edit began, in the same lines")
            .says("line 2:\n    file:          mine\n    configuration: theirs\n    before:        two")
            .says("--prefer file ~/.a");
        sandbox.apply();
    }
    assert_eq!(sandbox.read_source("a.txt"), text.replace("two", "theirs"));
    sandbox.run(&["absorb", ".a", "--prefer", "config"]).well().says("saved:");
    assert_eq!(sandbox.read(".a"), text.replace("two", "theirs"));
}

#[test]
fn texts_of_the_configuration_are_joined_line_by_line() {
    let config = "home {\n    file \".a\" text=\"one\\ntwo\\nthree\"\n}\n";
    let sandbox = Sandbox::new(config);
    sandbox.apply();
    sandbox.write(".a", "one\ntwo\nmine\n");
    sandbox.config("hcc.kdl", config.replace("one", "theirs"));
    sandbox.apply();
    sandbox.run(&["absorb", ".a"]).well();
    assert_eq!(sandbox.read(".a"), "theirs\ntwo\nmine\n");
    assert!(sandbox.is_ours(".a"));
    sandbox.apply().says("Nothing to do.");
}

#[test]
fn a_file_in_the_place_of_a_live_link_is_absorbed_unless_its_source_is_newer() {
    for is_newer in [false, true] {
        let sandbox = Sandbox::new("home { file \".a\" source=\"a.txt\" install=\"live\" }\n");
        sandbox.config("a.txt", "one\n");
        sandbox.apply();
        // What was written through the link is what the program had read.
        sandbox.config("a.txt", "two\n");
        sleep(Duration::from_millis(30));
        sandbox.write(".a", "two, edited\n");
        sleep(Duration::from_millis(30));
        if !is_newer {
            sandbox.run(&["absorb", ".a"]).well();
            assert_eq!(sandbox.read_source("a.txt"), "two, edited\n");
            continue;
        }
        sandbox.config("a.txt", "three\n");
        let said = sandbox.run(&["absorb", ".a"]).ends(3);
        said.says("was changed too since the edit began");
        assert_eq!(sandbox.read_source("a.txt"), "three\n");
        assert_eq!(sandbox.read(".a"), "two, edited\n");
        sandbox.run(&["absorb", ".a", "--prefer", "config"]).well().says("saved:");
        assert_eq!(sandbox.read(".a"), "three\n");
    }
}

#[test]
fn an_edit_through_the_link_is_joined_too_though_it_wrote_over_what_it_was_made_on() {
    for applies in 0..3 {
        let sandbox = Sandbox::new(KEYS);
        sandbox.apply();
        sandbox.write_through(".k.toml", sandbox.read(".k.toml").replace("a = 1", "a = 10"));
        for at in 0..applies {
            sandbox.config("hcc.kdl", KEYS.replace("b 2", &format!("b 2{at}")));
            sandbox.apply();
        }
        sandbox.config("hcc.kdl", KEYS.replace("b 2", "b 200"));
        sandbox.run(&["absorb", ".k.toml"]).well();
        assert_eq!(sandbox.read_source("hcc.kdl"), KEYS.replace("a 1; b 2", "a 10; b 200"));
        assert!(sandbox.read(".k.toml").starts_with("a = 10\nb = 200\n"), "{applies}");
        sandbox.run(&["uninstall", "--yes"]).well();
        assert!(!sandbox.state("texts").exists());
    }
}

#[test]
fn an_edit_whose_beginning_nobody_has_any_more_is_left_to_the_user() {
    let sandbox = Sandbox::new("home { file \".a\" source=\"a.txt\" }\n");
    sandbox.config("a.txt", "one\ntwo\n");
    sandbox.apply();
    sandbox.write_through(".a", "one\nmine\n");
    sandbox.config("a.txt", "1\ntwo\n");
    for _ in 0..2 {
        let said = sandbox.run(&["absorb", ".a"]).ends(3);
        said.says("bring the edit over by hand").says("--prefer file");
        sandbox.apply();
    }
    assert_eq!(sandbox.read(".a"), "one\nmine\n");
    assert_eq!(sandbox.read_source("a.txt"), "1\ntwo\n");
    sandbox.run(&["absorb", ".a", "--prefer", "file"]).well();
    assert_eq!(sandbox.read_source("a.txt"), "one\nmine\n");
    assert!(sandbox.is_ours(".a"));
}

#[test]
fn gc_keeps_what_an_edit_was_made_on() {
    let kind = &KINDS[2];
    let sandbox = edited_and_changed(kind, "editor \"vim\";", 3);
    let ran = sandbox.run(&["gc", "--yes", "--keep", "1"]).well();
    ran.says("Generation 1 stays: an edit that was kept began with it");
    sandbox.run(&["absorb", kind.path]).well();
    assert!(sandbox.read_source("hcc.kdl").contains("editor \"vim\"; email \"mine\""));
    // Then it is of no more use.
    sandbox.run(&["gc", "--yes", "--keep", "1"]).well();
    assert!(!sandbox.state("generations/1").exists());
}

#[test]
fn a_generation_that_somebody_removed_is_named() {
    let kind = &KINDS[2];
    let sandbox = edited_and_changed(kind, "editor \"vim\";", 1);
    fs::rename(sandbox.state("generations/1"), sandbox.root().join("away")).expect("moved");
    let said = sandbox.run(&["absorb", kind.path]);
    said.ends(3).says("the edit was made on what generation 1 holds").says("--prefer");
    assert_eq!(sandbox.read_source("hcc.kdl"), kind.config.replace("MORE", "editor \"vim\";"));
}

/// What a ledger of an hcc says that did not note what edits were made on.
#[test]
fn an_edit_that_an_older_hcc_kept_is_absorbed_and_saved() {
    let kind = &KINDS[2];
    for applies in [false, true] {
        let sandbox = edited_and_changed(kind, "editor \"vim\"; pager \"less\";", 1);
        let path = sandbox.state("ledger.json");
        let text = fs::read_to_string(&path).expect("a ledger");
        let mut ledger: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(ledger["edited"][kind.path], 1, "{text}");
        ledger.as_object_mut().expect("an object").remove("edited");
        fs::write(&path, ledger.to_string()).expect("written");
        if applies {
            sandbox.apply();
        }
        let before = sandbox.read(kind.path);
        let said = sandbox.run(&["absorb", kind.path]).well();
        assert_eq!(said.stderr.contains("saved:"), !applies, "{said}");
        let text = sandbox.read_source("hcc.kdl");
        assert!(text.contains("pager \"less\"; email \"mine\""), "{text}\n{before}");
    }
}

/// A file of these settings, applied and edited, and what stands in it then.
fn with_an_edit(
    path: &str,
    format: &str,
    settings: &str,
    old: &str,
    new: &str,
) -> (Sandbox, String) {
    let file = format!("file \"{path}\" format=\"{format}\" {{ settings {{ {settings} }} }}");
    let sandbox = Sandbox::new(&format!("home {{ {file} }}\n"));
    sandbox.apply();
    let text = sandbox.read(path).replace(old, new);
    assert!(text.contains(new), "{text}");
    sandbox.write(path, &text);
    (sandbox, text)
}

#[test]
fn comments_that_no_value_holds_are_saved_with_the_file() {
    for (path, format, old, new) in [
        (".k.toml", "toml", "a = 1", "a = 10 # since it is ten"),
        (
            ".k.plist",
            "plist",
            "<integer>1</integer>",
            "<!-- since it is ten -->\n\t<integer>10</integer>",
        ),
        (
            ".close.plist",
            "plist",
            "<integer>1</integer>",
            "<integer>10</integer><!--since it is ten-->",
        ),
        (".k.jsonc", "jsonc", "\"a\": 1", "\"a\": 10//since it is ten"),
        (".q.jsonc", "jsonc", "\"a\": 1", "\"a\": \"it's\"/*since it is*/"),
        (".close.toml", "toml", "a = 1", "a = 10# since it is ten"),
    ] {
        let (sandbox, text) = with_an_edit(path, format, "a 1", old, new);
        let said =
            sandbox.run(&["absorb", path]).well().says(&format!("saved: what stood at {path}"));
        let at = said.stderr.split_once("is now HOME/").expect("a path").1;
        assert_eq!(sandbox.read(at.lines().next().expect("a line")), text);
        assert!(sandbox.is_ours(path));
    }
}

#[test]
fn what_looks_like_a_comment_in_a_value_is_none() {
    for (path, format, old, new) in [
        (".k.jsonc", "jsonc", "  \"a\": 1", "    \"a\": \"src/{x,y}/*.ts // \\\" #\""),
        (".k.toml", "toml", "a = 1", "a =  'rgb(1,2)#3'"),
        (".k.conf", "key-value", "a=1", "a=#123456"),
        (".gitconfig", "gitconfig", "a = 1", "a  =  \"!f() { git log; }; f\""),
    ] {
        let settings = if format == "gitconfig" { "x { a 1 }" } else { "a 1" };
        let (sandbox, _) = with_an_edit(path, format, settings, old, new);
        let said = sandbox.run(&["absorb", path]).well();
        assert!(!said.stderr.contains("saved:"), "{said}");
    }
}

#[test]
fn what_git_writes_is_absorbed_beside_what_the_configuration_says_anew() {
    let sandbox = Sandbox::new(&KINDS[0].config.replace("MORE", ""));
    sandbox.apply();
    let git = |arguments: &[&str]| {
        let mut git = Command::new("git");
        git.args(["config", "--global"]).args(arguments).env("HOME", sandbox.home(""));
        git.output().map(|ran| String::from_utf8_lossy(&ran.stdout).trim().to_owned())
    };
    if git(&["user.email", "mine"]).is_err() {
        eprintln!("SKIPPED: git is not installed, so nothing that it writes is absorbed");
        return;
    }
    sandbox.config("hcc.kdl", KINDS[0].config.replace("MORE", "signingkey \"k\";"));
    sandbox.apply();
    assert_eq!(git(&["user.signingkey"]).expect("git"), "");
    sandbox.run(&["absorb", ".gitconfig"]).well();
    sandbox.apply();
    assert_eq!(git(&["user.signingkey"]).expect("git"), "k");
    assert_eq!(git(&["user.email"]).expect("git"), "mine");
}

#[test]
fn a_configuration_that_changes_while_hcc_waits_is_read_again() {
    let config = "home { file \".a\" text=\"one\" }\n";
    for words in [&["apply", "--yes", "--no-packages"][..], &["absorb", ".b"]] {
        let sandbox = Sandbox::new(&format!("{config}home {{ file \".b\" text=\"b\" }}\n"));
        sandbox.apply();
        sandbox.write(".b", "mine\n");
        let text = sandbox.read_source("hcc.kdl").replace("one", "two");
        sandbox.config("hcc.kdl", &text);
        let lock = std::fs::File::open(sandbox.state("lock")).expect("a lock");
        lock.lock().expect("locked");
        let mut command = sandbox.command(words);
        let mut hcc = command.stderr(std::process::Stdio::piped()).spawn().expect("hcc");
        let mut said = std::io::BufReader::new(hcc.stderr.take().expect("talk"));
        let mut line = String::new();
        std::io::BufRead::read_line(&mut said, &mut line).expect("a line");
        assert!(line.contains("waiting for it"), "{line}");
        sandbox.config("hcc.kdl", text.replace("two", "three"));
        lock.unlock().expect("unlocked");
        std::io::Read::read_to_string(&mut said, &mut line).expect("talk");
        assert!(hcc.wait().is_ok_and(|status| status.success()), "{words:?}\n{line}");
        let text = sandbox.read_source("hcc.kdl");
        assert!(text.contains("three"), "{text}");
        assert_eq!(text.contains("mine"), words[0] == "absorb", "{text}\n{line}");
        if words[0] == "absorb" {
            sandbox.apply();
        }
        assert_eq!(sandbox.read(".a"), "three\n", "{line}");
    }
}

/// Keys of two objects, each with a value or without.
type Keys = BTreeMap<(bool, u8), u8>;

/// How the file is written and comes to stand there, and how it is edited.
#[derive(Clone, Copy, Debug)]
struct Manner {
    format: &'static str,
    install: &'static str,
    through: bool,
}

fn manner() -> impl Strategy<Value = Manner> {
    let formats = vec!["json", "jsonc", "toml", "yaml", "ini", "plist", "gitconfig"];
    let installs = vec!["link", "copy", "merge"];
    let all = (prop::sample::select(formats), prop::sample::select(installs), any::<bool>());
    all.prop_map(|(format, install, through)| {
        let fits = install != "merge" || format != "gitconfig";
        let install = if fits { install } else { "link" };
        Manner { format, install, through: through && install == "link" }
    })
}

fn config(Manner { format, install, .. }: Manner, keys: &Keys) -> String {
    let object = |inner: bool| {
        let own = keys.iter().filter(|((place, _), _)| *place == inner);
        own.map(|((_, key), value)| format!("k{key} \"v{value}\"; ")).collect::<String>()
    };
    // Each object has a key that stays, so that it is there on both sides.
    let (outer, inner) = (object(false), object(true));
    format!(
        "home {{ file \".f\" format=\"{format}\" install=\"{install}\" {{ settings {{ top {{ {outer}stays \"x\" }}; other {{ {inner}stays \"x\" }} }} }} }}\n"
    )
}

fn shown(manner: Manner, keys: &Keys) -> String {
    let sandbox = Sandbox::new(&config(manner, keys));
    sandbox.apply();
    sandbox.read(".f")
}

proptest! {
    #![proptest_config(Config {
        cases: 16,
        failure_persistence: Some(Box::new(FileFailurePersistence::Off)),
        ..Config::default()
    })]

    /// Whatever was edited in the file and changed in the configuration, each key by one of both:
    /// after absorb and apply the file has both, and the configuration says both.
    #[test]
    fn an_edit_and_a_change_of_other_keys_are_both_there(
        base in prop::collection::btree_map((any::<bool>(), 0..6_u8), 0..3_u8, 2..8),
        change in prop::collection::btree_map((any::<bool>(), 0..6_u8), prop::option::of(3..6_u8), 1..6),
        sides in prop::collection::vec(any::<bool>(), 12),
        manner in manner(),
        applies in 0..3_usize,
    ) {
        let with = |of_file: Option<bool>| {
            let mut keys = base.clone();
            for ((place, key), value) in &change {
                let side = sides[usize::from(*key) + 6 * usize::from(*place)];
                if of_file.is_some_and(|own| own != side) {
                    continue;
                }
                match value {
                    Some(value) => drop(keys.insert((*place, *key), *value)),
                    None => drop(keys.remove(&(*place, *key))),
                }
            }
            keys
        };
        let sandbox = Sandbox::new(&config(manner, &base));
        sandbox.apply();
        let edited = shown(manner, &with(Some(true)));
        prop_assume!(edited != sandbox.read(".f"));
        match manner.through {
            true => sandbox.write_through(".f", &edited),
            false => sandbox.write(".f", &edited),
        }
        sandbox.config("hcc.kdl", config(manner, &with(Some(false))));
        for _ in 0..applies {
            sandbox.apply();
        }
        sandbox.run(&["absorb", ".f"]).well();
        sandbox.apply();
        sandbox.run(&["status", "--exit-code"]).well();
        let sorted = |text: &str| {
            let mut lines: Vec<String> =
                text.lines().map(|line| line.trim().trim_end_matches(',').to_owned()).collect();
            lines.sort();
            lines
        };
        prop_assert_eq!(sorted(&sandbox.read(".f")), sorted(&shown(manner, &with(None))));
    }
}
