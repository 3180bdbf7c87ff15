//! For whom a home is set up, and what the configuration says about how.

use crate::kit::Sandbox;

const HOSTS: &str = r#"
host "here" os="linux" { user "bob" home="/somewhere/else" }
host "shared" os="linux" { user "alice"; user "carol" }
host "others" os="linux" { user "carol"; user "dave" }
host "empty" os="linux"
host "macbook" os="darwin" { user "alice" }
host "box" os="linux" { user "alice" home="/home/alice" }
home { file ".whose" text=(f)"{{ user.name }} {{ user.home }} {{ host.name }}\n" }
"#;

#[test]
fn the_only_user_of_a_host_is_who_runs_hcc_and_has_their_home() {
    let sandbox = Sandbox::new(HOSTS);
    sandbox.run(&["apply", "here", "--yes"]).well();
    let home = sandbox.home("");
    let home = home.to_string_lossy();
    assert_eq!(sandbox.read(".whose"), format!("bob {} here\n", home.trim_end_matches('/')));
}

#[test]
fn of_several_users_it_is_the_one_that_is_named_or_logged_in() {
    let sandbox = Sandbox::new(HOSTS);
    sandbox.run(&["apply", "shared", "--yes"]).well();
    assert!(sandbox.read(".whose").starts_with("alice "));
    sandbox.run(&["apply", "carol@shared", "--yes"]).well();
    assert!(sandbox.read(".whose").starts_with("carol "));
}

#[test]
fn where_no_one_user_is_meant_nothing_is_done_and_they_are_named() {
    let sandbox = Sandbox::new(HOSTS);
    let before = sandbox.snapshot();
    sandbox
        .run(&["apply", "others", "--yes"])
        .ends(2)
        .says("the host `others` has several users, and none is called `alice`")
        .says("name one: `carol@others`, `dave@others`");
    sandbox.run(&["apply", "empty", "--yes"]).ends(2).says("the host `empty` has no user");
    sandbox.run(&["apply", "--all", "--yes"]).ends(2).says("unexpected argument '--all'");
    sandbox.run(&["apply", "--help"]).well().never_says("--all");
    sandbox.run(&["diff", "--help"]).well().never_says("--all");
    assert_eq!(sandbox.snapshot(), before);
}

#[test]
fn the_configuration_that_was_applied_last_is_found_again() {
    let sandbox = Sandbox::new("");
    sandbox.config("deep/mine.kdl", "home { file \".a\" text=\"one\" }\n");
    let run = |arguments: &[&str]| {
        sandbox.ran(&sandbox.command(arguments).env_remove("HCC_CONFIG").output().expect("hcc"))
    };
    let file = sandbox.source("deep/mine.kdl");
    let apply = ["apply", "--yes", "--no-packages"];
    run(&apply).ends(1).says("there is no configuration").never_says("applied last");
    run(&["apply", "--yes", "--config", file.to_str().expect("text")]).well();
    sandbox.config("deep/mine.kdl", "home { file \".a\" text=\"two\" }\n");
    let note = "note: no configuration is here or named, so it is CONFIG/deep/mine.kdl, which was";
    run(&apply).well().says(note);
    assert_eq!(sandbox.read(".a"), "two\n");
    run(&["rollback", "--yes"]).well();
    run(&["check"]).well().says(note);
    run(&["check", "--quiet"]).well().never_says("note");
    // One that is here or named comes before it.
    sandbox.write("hcc.kdl", "home { file \".a\" text=\"here\" }\n");
    run(&["show", ".a"]).well().says("here").never_says("note");
    std::fs::remove_file(sandbox.home("hcc.kdl")).expect("removed");
    std::fs::remove_file(file).expect("removed");
    run(&apply).ends(1).says("CONFIG/deep/mine.kdl, which was applied last, is not there any more");
    assert_eq!(sandbox.read(".a"), "one\n");
}

#[test]
#[cfg(target_os = "linux")]
fn a_host_of_another_system_is_built_below_a_folder_only() {
    let sandbox = Sandbox::new(HOSTS);
    let before = sandbox.snapshot();
    sandbox
        .run(&["apply", "macbook", "--yes"])
        .ends(2)
        .says("`macbook` is a darwin host; this machine is linux");
    assert_eq!(sandbox.snapshot(), before);
    let root = sandbox.root().join("built");
    let root = root.to_string_lossy();
    sandbox.run(&["apply", "macbook", "--yes", "--root", &*root]).well();
    let built = std::fs::read_to_string(format!("{root}/Users/alice/.whose")).expect("a file");
    assert_eq!(built, "alice /Users/alice macbook\n");
}

#[test]
fn without_a_home_nothing_is_done() {
    let sandbox = Sandbox::new(HOSTS);
    for home in ["", "relative", "/"] {
        let output = sandbox.command(&["apply", "box", "--yes"]).env("HOME", home).output();
        sandbox.ran(&output.expect("hcc")).ends(2).says("`$HOME`");
    }
}

#[test]
fn the_configuration_says_where_backups_go() {
    for (said, beside) in [("backup \"store\"", false), ("backup-extension \"old\"", true)] {
        let sandbox = Sandbox::new(&format!("{said}\nhome {{ file \".a\" text=\"ours\\n\" }}\n"));
        sandbox.write(".a", "mine");
        sandbox.apply();
        assert_eq!(sandbox.read(".a"), "ours\n");
        assert_eq!(sandbox.home(".a.old").exists(), beside);
        sandbox.config("hcc.kdl", format!("{said}\n"));
        sandbox.apply();
        assert_eq!(sandbox.read(".a"), "mine");
        assert!(!sandbox.home(".a.old").exists());
    }
}

#[test]
fn install_default_holds_where_a_file_says_nothing() {
    let sandbox = Sandbox::new(
        "install-default \"copy\"\nhome { file \".a\" text=\"a\\n\"; file \".b\" text=\"b\\n\" install=\"link\" }\n",
    );
    sandbox.apply();
    assert!(sandbox.home(".a").symlink_metadata().expect("a file").is_file());
    assert!(sandbox.is_ours(".b"));
}
