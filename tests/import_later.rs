//! `import stow` in a repository that lives on: what was lifted, packages that come later, secrets in
//! it, another machine, the wrong folder.

#[path = "apply/kit.rs"]
mod kit;
mod support;

use std::fs;

use kit::Sandbox;

const TOKEN: &str =
    "//registry.example.org/:_authToken=npm_abcdefghij0123456789abcdefghij0123456789\n";

/// A home with a repository in `dots`.
fn repository(files: &[(&str, &str)]) -> Sandbox {
    let sandbox = Sandbox::new("");
    for (path, text) in files {
        sandbox.write(&format!("dots/{path}"), text);
    }
    sandbox
}

const GIT: (&str, &str) = ("git/.gitconfig", "[user]\n\tname = A\n");

#[test]
fn what_was_lifted_is_said_to_be_read_no_longer_where_it_stands_now_and_in_the_report() {
    let sandbox = repository(&[
        GIT,
        ("git/.config/git/ignore", "*.swp\n"),
        ("vim/.vimrc", "set nocompatible\n"),
        ("bash/.bash_aliases", "alias g=git\n"),
    ]);
    let said = sandbox.run(&["import", "stow", "dots", "--lift"]).well().stderr;
    let config = sandbox.read("dots/hcc.kdl");
    let comment = "    // git/.config/git/ignore, git/.gitconfig are said here; hcc no longer reads those files.\n    programs {\n";
    assert!(config.contains(comment), "{config}");
    assert!(config.contains("// What a `file` names is a link to the file here"), "{config}");
    assert!(!config.contains("Files in the home are links"), "{config}");
    let note = "no longer read by hcc: git/.config/git/ignore, git/.gitconfig; keep them";
    assert!(said.contains(note), "{said}");
    let why = "not lifted: ~/.bash_aliases: stays a file: no option of `programs.bash` writes it";
    assert!(said.contains(why), "{said}");
    // It is true: what is edited there reaches nothing.
    let apply = |sandbox: &Sandbox| {
        sandbox.run(&["apply", "--config", "dots", "--yes", "--no-packages", "--no-actions"]).well()
    };
    apply(&sandbox);
    let before = sandbox.read(".gitconfig");
    sandbox.write("dots/git/.gitconfig", "[user]\n\tname = B\n");
    apply(&sandbox);
    assert_eq!(sandbox.read(".gitconfig"), before);
}

#[test]
fn a_package_that_comes_later_is_added_as_a_module_with_its_files_live() {
    let sandbox = repository(&[GIT]);
    sandbox.run(&["import", "stow", "dots"]).well();
    let config = sandbox.read("dots/hcc.kdl");
    sandbox.write("dots/tool/.config/tool/conf", "a\n");
    let ran = sandbox.run(&["import", "stow", "dots", "tool"]).ends(3);
    assert!(ran.stderr.contains("`hcc import stow dots tool --modules`"), "{}", ran.stderr);
    assert_eq!(sandbox.read("dots/hcc.kdl"), config);

    let ran = sandbox.run(&["import", "stow", "dots", "tool", "--modules"]).well();
    let module = "module \"tool\" {\n    home {\n        file \".config/tool\" source=\"tool/.config/tool\" install=\"live\"\n    }\n}\n";
    assert_eq!(ran.stdout, module);
    assert!(ran.stderr.contains("`use \"tool\"` in a host or user"), "{}", ran.stderr);
    assert_eq!(sandbox.read("dots/hcc.kdl"), config);

    let out = ["import", "stow", "dots", "tool", "--modules", "--out", "dots/tool.kdl"];
    sandbox.run(&out).well();
    assert_eq!(sandbox.read("dots/tool.kdl"), module);
    sandbox.run(&out).ends(3);
    let config = config.replace("use \"git\"", "use \"git\" \"tool\"");
    sandbox.write("dots/hcc.kdl", format!("import \"tool.kdl\"\n{config}"));
    sandbox.run(&["apply", "--config", "dots", "--yes", "--no-packages"]).well();
    sandbox.write("dots/tool/.config/tool/conf", "b\n");
    assert_eq!(sandbox.read(".config/tool/conf"), "b\n");
}

#[test]
fn secrets_in_the_repository_are_named_by_import_and_by_export_and_never_lifted() {
    let sandbox = repository(&[GIT, ("npm/.npmrc", TOKEN), ("gh/.config/gh/hosts.yml", "a: b\n")]);
    let said = sandbox.run(&["import", "stow", "dots", "--lift"]).well().stderr;
    let note = "note: what looks like a secret is in the repository, for whoever reads it: \
                gh/.config/gh/hosts.yml (tokens of a git host), npm/.npmrc (a token of a registry in line 1)";
    assert!(said.contains(note), "{said}");
    assert!(said.contains("not lifted: ~/.npmrc: stays a file: a token of a registry"), "{said}");
    let config = sandbox.read("dots/hcc.kdl");
    assert!(!config.contains("_authToken"), "{config}");
    for format in ["tar", "script"] {
        let out = ["export", "--config", "dots", "--format", format, "--out", "box"];
        let said = sandbox.run(&out).well().stderr;
        let note = "note: what looks like a secret is in it, readable: ~/.config/gh/hosts.yml (tokens of a git host), ~/.npmrc (a token of a registry in line 1)";
        assert!(said.contains(note), "{said}");
        assert!(said.contains("2 paths are live in the configuration, and copies here"), "{said}");
        fs::remove_file(sandbox.home("box")).expect("removed");
    }
}

#[test]
fn another_machine_is_told_how_the_host_takes_its_name_in() {
    let sandbox = repository(&[GIT]);
    sandbox.run(&["import", "stow", "dots"]).well();
    let config = sandbox.read("dots/hcc.kdl");
    let own = config.split('"').skip_while(|part| !part.ends_with("host ")).nth(1);
    let own = own.expect("a host").to_owned();
    let other = config.replace(&format!("host \"{own}\""), "host \"elsewhere\"");
    sandbox.write("dots/hcc.kdl", &other);
    let ran = sandbox.run(&["apply", "--config", "dots", "--yes"]).ends(2);
    let help =
        format!("to describe this machine as that one: `host \"elsewhere\" \"{own}\" ...` in ");
    assert!(ran.stderr.contains(&help), "{}", ran.stderr);
    assert!(ran.stderr.contains("hcc.kdl:7\n"), "{}", ran.stderr);
    let both = other.replace("\"elsewhere\"", &format!("\"elsewhere\" \"{own}\""));
    sandbox.write("dots/hcc.kdl", &both);
    sandbox.run(&["apply", "--config", "dots", "--yes", "--no-packages"]).well();
}

#[test]
fn folders_that_are_no_repository_are_refused_before_they_are_read() {
    let sandbox = repository(&[GIT]);
    let root = sandbox.root().to_string_lossy().into_owned();
    let home = sandbox.home("").to_string_lossy().into_owned();
    for (folder, why) in [
        ("/", "/ holds your home, and is no repository of packages"),
        (&*root, "holds your home"),
        (&*home, "is your home, no repository of packages"),
        (".", "is your home"),
    ] {
        let ran = sandbox.run(&["import", "stow", folder]).ends(2);
        assert!(ran.stderr.contains(why), "{folder}: {}", ran.stderr);
    }
}
