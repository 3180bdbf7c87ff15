//! `hcc import home`: a home without any tool, taken over without a change that can be seen.

#[path = "apply/kit.rs"]
mod kit;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;

use kit::{Ran, Sandbox};

/// A home with files of some programs, two of them not for others to read, all of them old.
fn home() -> Sandbox {
    let sandbox = Sandbox::new("");
    fs::remove_dir_all(sandbox.source("")).expect("removed");
    for (path, text, mode) in [
        (".zshrc", "alias ll='ls -l'\n", 0o644),
        (".gitconfig", "[user]\n\tname = Alice\n", 0o600),
        (".config/nvim/init.lua", "vim.o.number = true\n", 0o644),
        (".config/nvim/lua/keys.lua", "-- keys\n", 0o640),
        (".config/nvim/bin/run", "#!/bin/sh\n", 0o755),
        (".ssh/config", "Host a\n  User b\n", 0o600),
        (".empty/nothing", "", 0o644),
        (".vimrc", "", 0o444),
    ] {
        sandbox.write(path, text);
        let path = sandbox.home(path);
        let file = fs::File::options().write(true).open(&path).expect("a file");
        let old = std::time::UNIX_EPOCH + std::time::Duration::new(1_500_000_000, 123_456_789);
        file.set_modified(old).expect("a time");
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("a mode");
    }
    sandbox
}

/// hcc with its own default for the folder of the configuration.
fn run(sandbox: &Sandbox, arguments: &[&str]) -> Ran {
    let output = sandbox.command(arguments).env_remove("HCC_CONFIG").output();
    sandbox.ran(&output.expect("hcc"))
}

/// What can be seen of a home: bytes, mode and time of every file, links followed.
fn visible(sandbox: &Sandbox) -> BTreeMap<String, (Vec<u8>, u32, i64, i64)> {
    fn look(root: &Path, folder: &Path, found: &mut BTreeMap<String, (Vec<u8>, u32, i64, i64)>) {
        for entry in fs::read_dir(folder).expect("a folder").flatten() {
            let path = entry.path();
            let name = path.strip_prefix(root).expect("below").to_string_lossy().into_owned();
            if name == ".config/hcc" || name.starts_with(".local") {
                continue;
            }
            let Ok(own) = fs::metadata(&path) else { continue };
            if own.is_dir() {
                look(root, &path, found);
            } else if own.is_file() {
                let bytes = fs::read(&path).expect("bytes");
                found.insert(name, (bytes, own.mode(), own.mtime(), own.mtime_nsec()));
            }
        }
    }
    let mut found = BTreeMap::new();
    look(&sandbox.home(""), &sandbox.home(""), &mut found);
    found
}

#[test]
fn apply_changes_no_byte_mode_or_time_of_what_is_visible_and_uninstall_gives_it_back() {
    let sandbox = home();
    let (seen, all) = (visible(&sandbox), sandbox.outside());
    run(&sandbox, &["import", "home", "--yes"]).well();
    sandbox.outside().without(".config/hcc").is(&all);
    run(&sandbox, &["apply", "--yes", "--no-packages"]).well();
    assert_eq!(visible(&sandbox), seen);
    for path in [".zshrc", ".gitconfig", ".config/nvim/lua/keys.lua", ".ssh/config", ".vimrc"] {
        assert!(fs::read_link(sandbox.home(path)).is_ok(), "{path} is managed");
    }
    let again = run(&sandbox, &["apply", "--yes", "--no-packages"]).well();
    assert!(again.stderr.contains("Nothing") || again.stdout.contains("Nothing"), "{again}");
    run(&sandbox, &["uninstall", "--yes"]).well();
    assert_eq!(visible(&sandbox), seen);
    sandbox.outside().without(".config/hcc").is(&all);
}

#[test]
fn without_a_terminal_it_lists_what_it_would_take_and_writes_nothing() {
    let sandbox = home();
    let before = sandbox.snapshot();
    let ran = run(&sandbox, &["import", "home"]);
    assert_eq!(ran.status, Some(3));
    assert!(ran.stdout.contains("~/.config/nvim/  neovim, 3 files"), "{}", ran.stdout);
    assert!(ran.stderr.contains("`--yes` takes all of it"), "{}", ran.stderr);
    run(&sandbox, &["import", "home", "--dry-run"]).well();
    sandbox.snapshot().is(&before);
}

#[test]
fn on_a_terminal_it_asks_program_by_program() {
    let sandbox = home();
    let hcc = format!("{} import home", env!("CARGO_BIN_EXE_hcc"));
    // script(1) of util-linux is a terminal.
    let command = sandbox.command(&[]);
    let mut asked = std::process::Command::new("script");
    asked.args(["-qec", &hcc, "/dev/null"]).env_clear().current_dir(sandbox.home(""));
    asked.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    asked.env_remove("HCC_CONFIG").stdin(std::process::Stdio::piped());
    asked.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let Ok(mut running) = asked.spawn() else {
        eprintln!("skipped: script is not installed");
        return;
    };
    // git, neovim, ssh, vim, zsh
    std::io::Write::write_all(&mut running.stdin.take().expect("stdin"), b"c\nn\ny\nn\nn\ny\n")
        .expect("answers");
    let output = running.wait_with_output().expect("an end");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("neovim: ~/.config/nvim? [y/N]"), "{said}");
    let text = sandbox.read(".config/hcc/hcc.kdl");
    for (path, taken) in
        [(".zshrc", true), (".config/nvim", true), (".gitconfig", false), (".vimrc", false)]
    {
        assert_eq!(text.contains(&format!("file \"{path}\"")), taken, "{path}\n{text}");
    }
}

#[test]
fn takes_the_named_paths_only_into_another_folder() {
    let sandbox = home();
    let out = sandbox.root().join("dots");
    let out = out.to_string_lossy();
    let ran = run(&sandbox, &["import", "home", "~/.zshrc", ".config/nvim/", "--out", &out]).well();
    let text = fs::read_to_string(format!("{out}/hcc.kdl")).expect("a configuration");
    assert!(text.contains("file \".zshrc\" source=\"home/.zshrc\""), "{text}");
    assert!(!text.contains("gitconfig"), "{text}");
    assert!(ran.stderr.contains("copies of 4 files"), "{}", ran.stderr);
    assert!(!sandbox.home(".config/hcc").exists());
}

#[test]
fn an_existing_file_is_never_written_over_without_force() {
    let sandbox = home();
    sandbox.write(".config/hcc/hcc.kdl", "// mine\n");
    sandbox.write(".config/hcc/home/.zshrc", "mine\n");
    let before = sandbox.snapshot();
    let ran = run(&sandbox, &["import", "home", "--yes"]);
    assert_eq!(ran.status, Some(3));
    for path in ["home/.zshrc exists already", "hcc.kdl exists already", "`--force`"] {
        assert!(ran.stderr.contains(path), "{}", ran.stderr);
    }
    sandbox.snapshot().is(&before);
    run(&sandbox, &["import", "home", "--yes", "--force"]).well();
    assert_eq!(sandbox.read(".config/hcc/home/.zshrc"), "alias ll='ls -l'\n");
    // The same again changes nothing, and is no conflict but for the configuration.
    let again = run(&sandbox, &["import", "home", "--yes"]).well();
    assert!(!again.stderr.contains("exists already"), "{}", again.stderr);
}

#[test]
fn every_kind_of_secret_is_left_with_a_word_on_it() {
    let sandbox = home();
    let token = |prefix: &str| format!("{prefix}a1B2c3D4e5F6g7H8i9J0a1B2c3D4e5F6g7H8i9J0");
    for (path, text, what) in [
        (".netrc", "machine a login b password c\n".to_owned(), "passwords of hosts"),
        (".pgpass", "*:*:*:*:x\n".to_owned(), "passwords of databases"),
        (".aws/credentials", "[default]\n".to_owned(), "keys of Amazon's cloud"),
        (".kube/config", "apiVersion: v1\n".to_owned(), "credentials of clusters"),
        (
            ".npmrc",
            "//registry.example/:_authToken=abc\n".to_owned(),
            "a token of a registry in line 1",
        ),
        (".zshenv", format!("# mine\nexport X={}\n", token("ghp_")), "a token of GitHub in line 2"),
        (".zprofile", format!("export A={}\n", token("AKIA")), "a key of Amazon's cloud"),
        (".wgetrc", "user = a\npassword = hunter2hunter\n".to_owned(), "a password in line 2"),
        (".curlrc", "user-agent = x\nproxy_password: s3cr3tw0rd\n".to_owned(), "a password"),
        (
            ".config/nvim/lua/key.lua",
            "local cfg = { apiKey = \"9f8e7d6c5b4a39281706f5e4d3c2b1a0\" }\n".to_owned(),
            "a key in line 1",
        ),
        (
            ".config/nvim/id",
            "-----BEGIN OPENSSH PRIVATE KEY-----\nx\n".to_owned(),
            "a private key in line 1",
        ),
        (".ssh/id_ed25519", "x\n".to_owned(), "a private key"),
        (".gnupg/pubring.kbx", "x\n".to_owned(), "keys of GnuPG"),
        (".config/gh/hosts.yml", "github.com:\n".to_owned(), "tokens of a git host"),
        (".ssh/config.d/id_rsa.pem", "x\n".to_owned(), "a key"),
    ] {
        sandbox.write(path, &text);
        let ran = run(&sandbox, &["import", "home", "--yes", "--force"]).well();
        let word = format!("left: ~/{path}: {what}");
        assert!(ran.stderr.contains(&word), "{word}\n{}", ran.stderr);
        assert!(!sandbox.home(".config/hcc/home").join(path).exists(), "{path}");
        run(&sandbox, &["apply", "--yes", "--no-packages"]).well();
        assert!(fs::read_link(sandbox.home(path)).is_err(), "{path} stays as it is");
        run(&sandbox, &["uninstall", "--yes"]).well();
        fs::remove_file(sandbox.home(path)).expect("removed");
    }
}

#[test]
fn what_only_speaks_of_secrets_is_taken() {
    let sandbox = home();
    let text = "export TOKEN_FILE=~/.token\nexport GH_TOKEN=$(pass gh)\nset password_store pass\n\
                token = ${TOKEN}\npassword = \"\"\nhide_password = true\npass-token-length: 12\n\
                bindkey '^P' up\nalias gp='git push'\napiKey = os.environ['KEY']\nauth_token=<your token>\n";
    sandbox.write(".zshenv", text);
    sandbox.write(
        ".config/git/config",
        "[credential]\n\thelper = store\n[user]\n\tsigningkey = 0x1234567890ABCDEF\n",
    );
    let ran = run(&sandbox, &["import", "home", "--yes"]).well();
    assert!(!ran.stderr.contains("left:"), "{}", ran.stderr);
    assert!(sandbox.home(".config/hcc/home/.zshenv").exists());
}

#[test]
fn a_secret_that_is_named_is_refused_unless_it_is_allowed() {
    let sandbox = home();
    sandbox.write(".netrc", "machine a login b password c\n");
    let ran = run(&sandbox, &["import", "home", ".netrc"]);
    assert_eq!(ran.status, Some(3));
    assert!(ran.stderr.contains("`--allow-secrets`"), "{}", ran.stderr);
    assert!(!sandbox.home(".config/hcc").exists());
    run(&sandbox, &["import", "home", ".netrc", "--allow-secrets"]).well();
    assert!(sandbox.home(".config/hcc/home/.netrc").exists());
}

#[test]
fn links_pipes_large_files_and_odd_names_are_said_and_stay() {
    use std::os::unix::ffi::OsStrExt;
    let sandbox = home();
    symlink("init.lua", sandbox.home(".config/nvim/link.lua")).expect("a link");
    symlink("nowhere", sandbox.home(".tmux.conf")).expect("a link");
    let odd = sandbox.home(".config/nvim").join(std::ffi::OsStr::from_bytes(b"caf\xe9.lua"));
    fs::write(&odd, "x").expect("a file");
    let _socket =
        std::os::unix::net::UnixListener::bind(sandbox.home(".config/nvim/s")).expect("a socket");
    sandbox.write(".config/nvim/big.lua", vec![b'x'; 5 << 20]);
    sandbox.write(".config/helix/.git/HEAD", "ref\n");
    sandbox.write(".config/helix/config.toml", "theme = 'x'\n");
    let before = sandbox.outside();
    let ran = run(&sandbox, &["import", "home", "--yes"]).well();
    for word in [
        "~/.config/nvim/link.lua: a link to init.lua",
        "~/.tmux.conf: a link to nowhere",
        "caf\u{fffd}.lua: its name is not UTF-8",
        "~/.config/nvim/s: a pipe, a socket or a device",
        "~/.config/nvim/big.lua: 5 MiB",
        "~/.config/helix: a git repository of its own",
    ] {
        assert!(ran.stderr.contains(word), "{word}\n{}", ran.stderr);
    }
    sandbox.outside().without(".config/hcc").is(&before);
    run(&sandbox, &["apply", "--yes", "--no-packages"]).well();
    run(&sandbox, &["uninstall", "--yes"]).well();
    sandbox.outside().without(".config/hcc").is(&before);
}

#[test]
fn what_cannot_be_written_leaves_nothing_half_written() {
    let sandbox = home();
    let out = sandbox.root().join("file/dots");
    fs::write(sandbox.root().join("file"), "").expect("a file");
    let ran = run(&sandbox, &["import", "home", "--yes", "--out", &out.to_string_lossy()]);
    assert_eq!(ran.status, Some(2), "{}", ran.stderr);
    assert!(ran.stderr.contains("`--out` expects a folder"), "{}", ran.stderr);
    let out = sandbox.root().join("dots");
    fs::create_dir_all(out.join("home")).expect("folders");
    fs::write(out.join("home/.ssh"), "in the way").expect("a file");
    let ran = run(&sandbox, &["import", "home", "--yes", "--out", &out.to_string_lossy()]);
    assert_eq!(ran.status, Some(4), "{}", ran.stderr);
    let names: Vec<_> =
        fs::read_dir(&out).expect("a folder").flatten().map(|own| own.file_name()).collect();
    assert_eq!(names, ["home"]);
    let names: Vec<_> = fs::read_dir(out.join("home"))
        .expect("a folder")
        .flatten()
        .map(|own| own.file_name())
        .collect();
    assert_eq!(names, [".ssh"]);
}

#[test]
fn init_says_what_stands_in_the_home_already() {
    let sandbox = home();
    let ran = run(&sandbox, &["init"]).well();
    assert!(ran.stderr.contains("~/.gitconfig"), "{}", ran.stderr);
    assert!(ran.stderr.contains("hcc import home --force"), "{}", ran.stderr);
    run(&sandbox, &["import", "home", "--yes", "--force"]).well();
    run(&sandbox, &["check"]).well();
}

#[test]
fn init_enables_no_program_whose_file_would_be_replaced_and_says_the_two_ways() {
    let sandbox = home();
    sandbox.write(".bashrc", "alias a=b\n");
    let output =
        sandbox.command(&["init"]).env_remove("HCC_CONFIG").env("SHELL", "/bin/bash").output();
    sandbox.ran(&output.expect("hcc")).well();
    let config = sandbox.read(".config/hcc/hcc.kdl");
    for word in [
        "// ~/.bashrc is yours, and `bash` would",
        "// ~/.gitconfig is yours, and `git` would",
        "`hcc import home --lift --force`",
        "`bash { enable }`",
    ] {
        assert!(config.contains(word), "{word}\n{config}");
    }
    let before = visible(&sandbox);
    run(&sandbox, &["check"]).well();
    run(&sandbox, &["apply", "--yes", "--no-packages"]).well();
    assert_eq!(visible(&sandbox), before, "{config}");
    // One that says nothing is no reason.
    let sandbox = Sandbox::new("");
    sandbox.write(".bashrc", "\n");
    fs::remove_dir_all(sandbox.source("")).expect("removed");
    let output =
        sandbox.command(&["init"]).env_remove("HCC_CONFIG").env("SHELL", "/bin/bash").output();
    sandbox.ran(&output.expect("hcc")).well();
    let config = sandbox.read(".config/hcc/hcc.kdl");
    assert!(config.contains("\n    bash\n    git {\n"), "{config}");
}

#[test]
fn json_of_a_run_that_stops_holds_what_was_found() {
    let sandbox = home();
    let ran = run(&sandbox, &["import", "home", "--json"]);
    assert_eq!(ran.status, Some(3));
    let value: serde_json::Value = serde_json::from_str(&ran.stdout).expect("JSON");
    assert_eq!(value["stopped"]["status"], 3);
    assert_eq!(value["found"][0]["path"], ".gitconfig");
}

#[test]
fn what_a_killed_run_left_is_in_the_way_of_nothing() {
    let sandbox = home();
    sandbox.write(".config/hcc/home/.hcc-new-.zshrc", "half");
    sandbox.write(".config/hcc/.hcc-new-hcc.kdl", "half");
    sandbox.write(".config/hcc/home/.gitconfig", "[user]\n\tname = Alice\n");
    let copy = sandbox.home(".config/hcc/home/.gitconfig");
    fs::set_permissions(copy, fs::Permissions::from_mode(0o600)).expect("a mode");
    run(&sandbox, &["import", "home", "--yes"]).well();
    for left in [".config/hcc/home/.hcc-new-.zshrc", ".config/hcc/.hcc-new-hcc.kdl"] {
        assert!(!sandbox.home(left).exists(), "{left}");
    }
    run(&sandbox, &["check"]).well();
}

#[test]
fn json_says_what_was_taken_and_left() {
    let sandbox = home();
    sandbox.write(".npmrc", "//registry.example/:_authToken=abc\n");
    let ran = run(&sandbox, &["import", "home", "--yes", "--json"]).well();
    let value: serde_json::Value = serde_json::from_str(&ran.stdout).expect("JSON");
    assert_eq!(value["version"], 1);
    let from: Vec<_> =
        value["taken"].as_array().expect("a list").iter().map(|own| &own["from"]).collect();
    assert!(from.iter().any(|own| *own == "~/.config/nvim"), "{from:?}");
    assert_eq!(value["left"][0]["from"], "~/.npmrc");
}
