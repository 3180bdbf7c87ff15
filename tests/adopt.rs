//! `hcc adopt`: files of the home into a configuration that is there.

#[path = "apply/kit.rs"]
mod kit;

use std::fs;

use kit::Sandbox;

const CONFIG: &str =
    "// mine\nhome {\n  // two spaces\n  file \".a\" text=\"a\"   // and a word\n}\n";

#[test]
fn copies_the_file_adds_a_line_and_changes_nothing_that_is_visible() {
    let sandbox = Sandbox::new(CONFIG);
    sandbox.write(".zshrc", "alias a=b\n");
    sandbox.apply();
    let ran = sandbox.run(&["adopt", ".zshrc"]).well();
    assert!(ran.stderr.contains("adopted: ~/.zshrc"), "{}", ran.stderr);
    assert_eq!(
        sandbox.read_source("hcc.kdl"),
        "// mine\nhome {\n  // two spaces\n  file \".a\" text=\"a\"   // and a word\n  \
         file \".zshrc\" source=\"home/.zshrc\" install=\"live\"\n}\n"
    );
    assert!(fs::read_link(sandbox.home(".zshrc")).is_err(), "apply is what takes it over");
    sandbox.apply();
    assert_eq!(
        fs::read_link(sandbox.home(".zshrc")).expect("a link"),
        sandbox.source("home/.zshrc")
    );
    assert_eq!(sandbox.read(".zshrc"), "alias a=b\n");
    sandbox.run(&["uninstall", "--yes"]).well();
    assert_eq!(sandbox.read(".zshrc"), "alias a=b\n");
    assert!(fs::read_link(sandbox.home(".zshrc")).is_err());
}

#[test]
fn takes_folders_and_several_paths_at_once() {
    let sandbox = Sandbox::new("hcc version=1\n");
    sandbox.write(".config/foo/a", "1");
    sandbox.write(".config/foo/deep/b", "2");
    sandbox.write(".zshrc", "x\n");
    sandbox.run(&["adopt", "~/.config/foo/", ".zshrc", ".config/foo/a"]).well();
    assert_eq!(
        sandbox.read_source("hcc.kdl"),
        "hcc version=1\n\nhome {\n    file \".config/foo\" source=\"home/.config/foo\" install=\"live\"\n    \
         file \".zshrc\" source=\"home/.zshrc\" install=\"live\"\n}\n"
    );
    sandbox.apply();
    assert_eq!(sandbox.read(".config/foo/deep/b"), "2");
    assert!(fs::read_link(sandbox.home(".config/foo/deep/b")).is_ok());
}

#[test]
fn in_a_configuration_for_many_it_is_said_for_this_user_alone() {
    let sandbox = Sandbox::new(
        "host \"here\" os=\"linux\" {\n    user \"alice\"   // me\n    user \"bob\"\n}\nhost \"there\" os=\"linux\" { user \"alice\" }\n",
    );
    sandbox.write(".zshrc", "x\n");
    sandbox.run(&["adopt", ".zshrc", "--host", "here", "--user", "alice"]).well();
    assert_eq!(
        sandbox.read_source("hcc.kdl"),
        "host \"here\" os=\"linux\" {\n    user \"alice\" {\n        home { file \".zshrc\" source=\"home/.zshrc\" install=\"live\" }\n    }   // me\n    \
         user \"bob\"\n}\nhost \"there\" os=\"linux\" { user \"alice\" }\n"
    );
    let check = sandbox.run(&["check"]).well();
    assert!(check.stdout.contains("alice@here: 1 file"), "{}", check.stdout);
    assert!(check.stdout.contains("alice@there: 0 files"), "{}", check.stdout);
    assert!(check.stdout.contains("bob@here: 0 files"), "{}", check.stdout);
}

#[test]
fn hosts_that_share_a_block_are_told_apart() {
    let sandbox = Sandbox::new("host \"here\" \"there\" os=\"linux\" { user \"alice\" }\n");
    sandbox.write(".zshrc", "x\n");
    sandbox.run(&["adopt", ".zshrc", "--host", "here"]).well();
    let check = sandbox.run(&["check"]).well();
    assert!(check.stdout.contains("alice@here: 1 file"), "{}", check.stdout);
    assert!(check.stdout.contains("alice@there: 0 files"), "{}", check.stdout);
}

#[test]
fn a_module_that_is_named_says_it_by_its_own_way_to_the_copy() {
    let sandbox = Sandbox::new("import \"modules\"\nuse \"shell\"\n");
    sandbox.config(
        "hcc.kdl",
        "import \"modules\"\nhost \"here\" os=\"linux\" { user \"alice\"; use \"shell\" }\n",
    );
    sandbox.config(
        "modules/shell.kdl",
        "module \"shell\" {\n    home {}\n}\nmodule \"other\" { home { } }\n",
    );
    sandbox.write(".zshrc", "x\n");
    sandbox.run(&["adopt", ".zshrc", "--module", "shell", "--host", "here"]).well();
    assert_eq!(
        sandbox.read_source("modules/shell.kdl"),
        "module \"shell\" {\n    home {\n        file \".zshrc\" source=\"../home/.zshrc\" install=\"live\"\n    }\n}\nmodule \"other\" { home { } }\n"
    );
    sandbox.run(&["apply", "here", "--yes", "--no-packages"]).well();
    assert_eq!(sandbox.read(".zshrc"), "x\n");
    sandbox.write(".bashrc", "y\n");
    let before = sandbox.read_source("modules/shell.kdl");
    let ran = sandbox.run(&["adopt", ".bashrc", "--module", "other", "--host", "here"]);
    assert_eq!(ran.status, Some(1));
    assert!(ran.stderr.contains("the module is not used here"), "{}", ran.stderr);
    assert_eq!(sandbox.read_source("modules/shell.kdl"), before);
    assert!(!sandbox.source("home/.bashrc").exists());
    let ran = sandbox.run(&["adopt", ".bashrc", "--module", "shel", "--host", "here"]);
    assert_eq!(ran.status, Some(2));
    assert!(ran.stderr.contains("did you mean `shell`?"), "{}", ran.stderr);
}

#[test]
fn a_secret_is_refused_and_stops_all_unless_it_is_allowed() {
    let sandbox = Sandbox::new(CONFIG);
    sandbox.write(".zshrc", "x\n");
    sandbox.write(".netrc", "machine a login b password c\n");
    sandbox.write(".config/foo/key", "-----BEGIN OPENSSH PRIVATE KEY-----\n");
    sandbox.write(".config/foo/conf", "x\n");
    let before = sandbox.read_source("hcc.kdl");
    let ran = sandbox.run(&["adopt", ".zshrc", ".netrc"]);
    assert_eq!(ran.status, Some(3));
    assert!(
        ran.stderr.contains("`~/.netrc` is left where it is: passwords of hosts"),
        "{}",
        ran.stderr
    );
    assert_eq!(sandbox.read_source("hcc.kdl"), before);
    assert!(!sandbox.source("home").exists());
    let ran = sandbox.run(&["adopt", ".config/foo"]).well();
    assert!(
        ran.stderr.contains("left: ~/.config/foo/key: a private key in line 1"),
        "{}",
        ran.stderr
    );
    sandbox.run(&["adopt", ".netrc", "--allow-secrets"]).well();
    assert!(sandbox.source("home/.netrc").exists());
}

#[test]
fn what_cannot_be_adopted_is_explained_all_at_once() {
    let sandbox = Sandbox::new(CONFIG);
    sandbox.write(".zshrc", "x\n");
    sandbox.link("elsewhere", ".link");
    fs::create_dir_all(sandbox.home(".config/empty")).expect("a folder");
    let before = (sandbox.snapshot(), sandbox.read_source("hcc.kdl"));
    let ran = sandbox.run(&[
        "adopt",
        ".zshrcc",
        ".link",
        ".config",
        "/etc/passwd",
        ".config/empty",
        "../config",
    ]);
    assert_eq!(ran.status, Some(1), "{}", ran.stderr);
    for word in [
        "there is nothing at `~/.zshrcc`",
        "did you mean `~/.zshrc`?",
        "`~/.link`: a link to elsewhere",
        "`.config` holds the files of many programs",
        "`/etc/passwd` is not below the home",
        "`.config/empty` holds no file to take",
        "`../config` is not below the home",
    ] {
        assert!(ran.stderr.contains(word), "{word}\n{}", ran.stderr);
    }
    sandbox.snapshot().is(&before.0);
    assert_eq!(sandbox.read_source("hcc.kdl"), before.1);
}

#[test]
fn what_the_configuration_makes_already_is_not_said_twice() {
    let sandbox = Sandbox::new(CONFIG);
    sandbox.write(".a", "other\n");
    let ran = sandbox.run(&["adopt", ".a"]);
    assert_eq!(ran.status, Some(1));
    assert!(ran.stderr.contains("the configuration makes `~/.a` already"), "{}", ran.stderr);
    assert!(ran.stderr.contains("hcc.kdl:4"), "{}", ran.stderr);
    sandbox.write(".zshrc", "x\n");
    sandbox.config("home/.zshrc", "another\n");
    let ran = sandbox.run(&["adopt", ".zshrc"]);
    assert_eq!(ran.status, Some(3));
    assert!(ran.stderr.contains("home/.zshrc exists already"), "{}", ran.stderr);
    assert_eq!(sandbox.read_source("home/.zshrc"), "another\n");
    sandbox.run(&["adopt", ".zshrc", "--force"]).well();
    assert_eq!(sandbox.read_source("home/.zshrc"), "x\n");
}

#[test]
fn a_dry_run_shows_the_edit_and_writes_nothing() {
    let sandbox = Sandbox::new(CONFIG);
    sandbox.write(".zshrc", "x\n");
    let ran = sandbox.run(&["adopt", ".zshrc", "--dry-run", "--install", "copy"]).well();
    assert!(
        ran.stdout.contains("+  file \".zshrc\" source=\"home/.zshrc\" install=\"copy\""),
        "{}",
        ran.stdout
    );
    assert_eq!(sandbox.read_source("hcc.kdl"), CONFIG);
    assert!(!sandbox.source("home").exists());
    let ran = sandbox.run(&["adopt", ".zshrc", "--dry-run", "--json"]).well();
    let value: serde_json::Value = serde_json::from_str(&ran.stdout).expect("JSON");
    assert_eq!(value["adopts"][0], ".zshrc");
    assert_eq!(sandbox.read_source("hcc.kdl"), CONFIG);
}

#[test]
fn names_that_mean_something_in_a_path_mean_themselves() {
    let sandbox = Sandbox::new("hcc version=1\n");
    for name in ["$V", "~t", "$HOME"] {
        sandbox.write(name, name);
    }
    sandbox.run(&["adopt", "./$V", "./~t", "./$HOME"]).well();
    sandbox.apply();
    for name in ["$V", "~t", "$HOME"] {
        assert_eq!(sandbox.read(name), name);
        assert_eq!(
            fs::read_link(sandbox.home(name)).expect("a link"),
            sandbox.source("home").join(name)
        );
    }
}

#[test]
fn several_at_once_take_turns() {
    let names: Vec<String> = (0..8).map(|at| format!(".f{at}")).collect();
    let sandbox = Sandbox::new("hcc version=1\n");
    for name in &names {
        sandbox.write(name, "x\n");
    }
    let runs: Vec<_> =
        names.iter().map(|name| sandbox.command(&["adopt", name]).spawn().expect("hcc")).collect();
    for mut run in runs {
        assert!(run.wait().expect("an end").success());
    }
    let text = sandbox.read_source("hcc.kdl");
    for name in &names {
        assert!(text.contains(&format!("file \"{name}\"")), "{name} is not in\n{text}");
    }
    sandbox.apply();
}
