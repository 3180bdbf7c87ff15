//! `import home` before it writes: what it finds, lifts, leaves and misses is seen first.

#[path = "apply/kit.rs"]
mod kit;

use std::fs;

use kit::{Ran, Sandbox};

/// A home with files, none of them hcc's.
fn home(files: &[(&str, &str)]) -> Sandbox {
    let sandbox = Sandbox::new("");
    fs::remove_dir_all(sandbox.source("")).expect("removed");
    for (path, text) in files {
        sandbox.write(path, text);
    }
    sandbox
}

/// hcc with its own default for the folder of the configuration.
fn run(sandbox: &Sandbox, arguments: &[&str]) -> Ran {
    let output = sandbox.command(arguments).env_remove("HCC_CONFIG").output();
    sandbox.ran(&output.expect("hcc"))
}

const NPMRC: (&str, &str) = (".npmrc", "//registry.example/:_authToken=abc\n");

#[test]
fn a_dry_run_names_secrets_shows_what_is_lifted_and_why_the_rest_is_not() {
    let sandbox = home(&[
        NPMRC,
        (".netrc", "machine a login b password c\n"),
        (".gitconfig", "[user]\n\tname = A\n"),
        (".bashrc", "if true; then\nalias a=b\nfi\n"),
        (".bash_aliases", "alias g=git\n"),
    ]);
    let ran = run(&sandbox, &["import", "home", "--dry-run", "--lift"]).well();
    for word in [
        "left: ~/.npmrc: a token of a registry in line 1",
        "left: ~/.netrc: passwords of hosts",
        "lifted: ~/.gitconfig to programs.git",
        "not lifted: ~/.bashrc: stays a file: what follows line 1, `if true; then`, may depend on it",
        "not lifted: ~/.bash_aliases: stays a file: no option of `programs.bash` writes it",
    ] {
        assert!(ran.stderr.contains(word), "{word}\n{}", ran.stderr);
    }
    let ran = run(&sandbox, &["import", "home", "--dry-run", "--lift", "--json"]).well();
    let value: serde_json::Value = serde_json::from_str(&ran.stdout).expect("JSON");
    assert_eq!(value["lifted"][0]["path"], ".gitconfig");
    assert_eq!(value["unlifted"].as_array().map(Vec::len), Some(2), "{value}");
    assert!(!sandbox.home(".config/hcc").exists());
}

#[test]
fn a_secret_among_the_named_files_is_said_and_the_others_are_taken() {
    let sandbox = home(&[NPMRC, (".vimrc", "set nocp\n")]);
    let ran = run(&sandbox, &["import", "home", "--yes", ".npmrc", ".vimrc"]).well();
    assert!(ran.stderr.contains("left: ~/.npmrc: a token of a registry"), "{}", ran.stderr);
    assert!(sandbox.home(".config/hcc/home/.vimrc").exists());
    assert!(!sandbox.home(".config/hcc/home/.npmrc").exists());
    // One that is added to a configuration alone is refused.
    run(&sandbox, &["adopt", ".npmrc", ".vimrc"]).ends(3);
}

#[test]
fn files_that_taken_ones_name_are_named_and_none_that_are_not_there() {
    let sandbox = home(&[
        (
            ".gitconfig",
            "[user]\n\tname = A\n[includeIf \"gitdir:~/work/\"]\n\tpath = ~/.gitconfig-work\n[include]\n\tpath = none\n\
             [core]\n\texcludesfile = \"~/.ignore-all\"\n; path = ~/.commented\n",
        ),
        (".gitconfig-work", "[user]\n\temail = a@example.org\n"),
        (".ignore-all", "*.swp\n"),
        (".commented", "\n"),
        (".tmux.conf", "source-file -q ~/.tmux.local\n"),
        (".tmux.local", "set -g mouse on\n"),
        (
            ".zshrc",
            "[ -f ~/.secrets.zsh ] && source \"$HOME/.secrets.zsh\"\nsource ~/.omz/x.zsh\n. ~/.aliases\n",
        ),
        (".secrets.zsh", "export API_KEY=9f8e7d6c5b4a39281706f5e4d3c2b1a0\n"),
        (".aliases", "alias a=b\n"),
        (".omz/x.zsh", "\n"),
        (".omz/.git/HEAD", "\n"),
        (".config/alacritty/alacritty.toml", "import = [\n  \"~/themes/dark.toml\",\n]\n"),
        ("themes/dark.toml", "[colors]\n"),
    ]);
    let ran = run(&sandbox, &["import", "home", "--yes"]).well();
    for word in [
        "left: ~/.gitconfig-work: also read by ~/.gitconfig (`hcc adopt ~/.gitconfig-work` takes it)",
        "left: ~/.ignore-all: also read by ~/.gitconfig",
        "left: ~/.tmux.local: also read by ~/.tmux.conf",
        "left: ~/.aliases: also read by ~/.zshrc",
        "left: ~/.secrets.zsh: a key in line 1",
        "left: ~/themes/dark.toml: also read by ~/.config/alacritty/alacritty.toml",
    ] {
        assert!(ran.stderr.contains(word), "{word}\n{}", ran.stderr);
    }
    for path in ["none", ".commented", ".omz"] {
        assert!(!ran.stderr.contains(&format!("left: ~/{path}")), "{path}\n{}", ran.stderr);
    }
    run(&sandbox, &["adopt", "~/.gitconfig-work"]).well();
}

#[test]
fn each_program_is_a_module_that_the_host_uses() {
    let sandbox = home(&[
        (".gitconfig", "[user]\n\tname = A\n"),
        (".gitignore_global", "*.swp\n"),
        (".vimrc", "set nocp\n"),
    ]);
    run(&sandbox, &["import", "home", "--yes", "--lift"]).well();
    let config = sandbox.read(".config/hcc/hcc.kdl");
    assert!(config.contains("    use \"git\" \"vim\"\n"), "{config}");
    let git = "module \"git\" {\n    home {\n        file \".gitignore_global\" source=\"home/.gitignore_global\"\n    }\n    programs {\n        git {\n";
    assert!(config.contains(git), "{config}");
    assert!(config.contains("module \"vim\" {\n    home {\n"), "{config}");
    run(&sandbox, &["check"]).well();
}

#[test]
fn the_settings_of_an_editor_are_found_and_lifted() {
    let path = ".config/Code/User/settings.json";
    let text = "{\n    // mine\n    \"editor.fontSize\": 13\n}\n";
    let sandbox = home(&[(path, text), (".config/alacritty/themes/x.toml", "[colors]\n")]);
    let ran = run(&sandbox, &["import", "home", "--yes", "--lift"]).well();
    assert!(ran.stderr.contains(&format!("lifted: ~/{path} to programs.vscode")), "{}", ran.stderr);
    assert!(sandbox.home(".config/hcc/home/.config/alacritty/themes/x.toml").exists());
    run(&sandbox, &["apply", "--yes", "--no-packages"]).well();
    assert_eq!(sandbox.read(path), text);
}

#[test]
fn passwords_are_known_in_addresses_logins_and_keys_that_end_in_pass() {
    for (text, what) in [
        ("url = https://user:hunter2@example.org/x\n", "a password in an address in line 1"),
        ("machine example.org login me password zzzz\n", "the password of a host in line 1"),
        ("DB_PASS=hunter2\n", "a password in line 1"),
        ("set imap_pass = \"hunter2\"\n", "a password in line 1"),
        ("my_pwd: hunter2\n", "a password in line 1"),
        ("bind_pw hunter2\n", "a password in line 1"),
        ("<password>hunter2</password>\n", "a password in line 1"),
        ("-u user:hunter2\n", "a name and its password in line 1"),
        ("user = \"name:hunter2\"\n", "a name and its password in line 1"),
        ("extraheader = Authorization: Basic YTpi\n", "what logs in to a site in line 1"),
    ] {
        let sandbox = home(&[(".vimrc", "set nocp\n"), (".muttrc", text)]);
        let ran = run(&sandbox, &["import", "home", "--yes"]).well();
        let word = format!("left: ~/.muttrc: {what}");
        assert!(ran.stderr.contains(&word), "{word}\n{}", ran.stderr);
    }
    for text in [
        "url = https://example.org:8080/a@b\nurl = https://user@example.org\nurl = https://u:$PASS@example.org\n",
        "user: 1000:1000\nalias pass='gopass show'\ncompass=north\nlast_pass=$X\nbypass = true\nuser = alice\n",
        "<b>title</b>\nbind pw next-window\nOLDPWD=/tmp/x\nset pwd\n",
    ] {
        let sandbox = home(&[(".muttrc", text)]);
        let ran = run(&sandbox, &["import", "home", "--yes"]).well();
        assert!(!ran.stderr.contains("left:"), "{text}\n{}", ran.stderr);
    }
}
