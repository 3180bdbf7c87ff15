//! `hcc import stow`: what comes of a repository is what stow makes of it.

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

/// A home with a repository in it, `~/dotfiles`.
struct Place {
    folder: TempDir,
}

/// What is visible at each path of a home: bytes and whether it can be executed, or the text of a
/// link that leads nowhere.
type Visible = BTreeMap<String, (Vec<u8>, bool)>;

impl Place {
    fn new(files: &[&str]) -> Self {
        let place = Self { folder: tempfile::tempdir().expect("a temporary folder") };
        fs::create_dir_all(place.repository()).expect("a folder");
        for path in files {
            place.put(path, &format!("{path}\n"));
        }
        place
    }

    fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    fn repository(&self) -> PathBuf {
        self.home().join("dotfiles")
    }

    fn put(&self, path: &str, text: &str) {
        let path = self.repository().join(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(path, text).expect("a file");
    }

    fn link(&self, to: &str, path: &str) {
        let path = self.repository().join(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        symlink(to, path).expect("a link");
    }

    /// Runs hcc at home, in the repository.
    fn hcc(&self, arguments: &[&str]) -> Ran {
        let output = Command::new(env!("CARGO_BIN_EXE_hcc"))
            .args(arguments)
            .current_dir(self.repository())
            .env_clear()
            .env("HOME", self.home())
            .env("USER", "alice")
            .env("PATH", "/usr/bin:/bin")
            .env("DOTS", "dots")
            .output()
            .expect("hcc runs");
        Ran(output)
    }

    /// Imports; the configuration has no errors.
    fn import(&self, arguments: &[&str]) -> Ran {
        let ran = self.hcc(&[&["import", "stow", "."], arguments].concat()).ends(0);
        self.hcc(&["check"]).ends(0);
        ran
    }

    fn config(&self) -> String {
        fs::read_to_string(self.repository().join("hcc.kdl")).expect("a configuration")
    }

    /// Runs stow in the repository; none if there is none, or if it is too old for what it is
    /// asked.
    fn stow(&self, newest: bool, arguments: &[&str]) -> Option<()> {
        let program = std::env::var("HCC_TEST_STOW").unwrap_or_else(|_| "stow".to_owned());
        let version = Command::new(&program).arg("--version").output().ok()?;
        let version = String::from_utf8_lossy(&version.stdout).into_owned();
        let is_old = ["1.", "2.0", "2.1", "2.2", "2.3"]
            .iter()
            .any(|old| version.contains(&format!("version {old}")));
        if newest && is_old {
            eprintln!("skipped: needs stow 2.4, found {}", version.trim());
            return None;
        }
        let output = Command::new(&program)
            .args(arguments)
            .current_dir(self.repository())
            .env("HOME", self.home())
            .env("DOTS", "dots")
            .output()
            .expect("stow runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Some(())
    }

    /// What the home shows, without the repository and hcc's own folder.
    fn visible(&self) -> Visible {
        let mut found = Visible::new();
        look(&self.home(), "", &mut found);
        found
    }
}

impl Place {
    /// Everything of the home but the repository: kinds, permissions, texts of links.
    fn shape(&self) -> BTreeMap<PathBuf, (u32, Option<PathBuf>)> {
        let mut found = BTreeMap::new();
        let mut open = vec![self.home()];
        while let Some(folder) = open.pop() {
            for entry in fs::read_dir(&folder).expect("a folder").flatten() {
                let path = entry.path();
                let meta = fs::symlink_metadata(&path).expect("looked");
                let to = meta.is_symlink().then(|| fs::read_link(&path).expect("a link"));
                if meta.is_dir() && path != self.repository() {
                    open.push(path.clone());
                }
                found.insert(path, (meta.permissions().mode(), to));
            }
        }
        found
    }

    /// What stow made is taken over and given back: every path reads the same all the time, and in
    /// the end the home is what it was.
    #[track_caller]
    fn takes_over(&self, newest: bool, stow: &[&str], import: &[&str]) {
        let Some(()) = self.stow(newest, stow) else { return };
        let (visible, shape) = (self.visible(), self.shape());
        self.import(import);
        self.hcc(&["apply", "--yes"]).ends(0);
        let mut after = self.visible();
        if import.contains(&"--dotfiles") {
            // In a folder that stow folded, names begin with `dot-` still; now with a dot too.
            after.retain(|path, _| visible.contains_key(path));
        }
        assert_eq!(after, visible, "after apply");
        self.hcc(&["apply", "--yes"]).ends(0).says("Nothing to do.");
        self.hcc(&["status", "--exit-code"]).ends(0);
        self.hcc(&["uninstall", "--yes"]).ends(0);
        assert_eq!(self.visible(), visible, "after uninstall");
        assert_eq!(self.shape(), shape);
    }
}

fn look(home: &Path, below: &str, found: &mut Visible) {
    for entry in fs::read_dir(home.join(below)).expect("a folder").flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = if below.is_empty() { name } else { format!("{below}/{name}") };
        if path == "dotfiles" || path == ".local/state" || path == ".stowrc" {
            continue;
        }
        match fs::metadata(home.join(&path)) {
            Ok(meta) if meta.is_dir() => look(home, &path, found),
            Ok(meta) => {
                let bytes = fs::read(home.join(&path)).expect("a file");
                found.insert(path, (bytes, meta.permissions().mode() & 0o111 != 0));
            }
            Err(_) => {
                found.insert(path, (b"leads nowhere".to_vec(), false));
            }
        }
    }
}

struct Ran(Output);

impl Ran {
    #[track_caller]
    fn ends(self, status: i32) -> Self {
        assert_eq!(self.0.status.code(), Some(status), "{}", self.text());
        self
    }

    #[track_caller]
    fn says(self, text: &str) -> Self {
        assert!(self.text().contains(text), "{text:?} is not in:\n{}", self.text());
        self
    }

    fn text(&self) -> String {
        let (out, err) = (&self.0.stdout, &self.0.stderr);
        format!("{}{}", String::from_utf8_lossy(out), String::from_utf8_lossy(err))
    }
}

/// A repository as many are.
fn usual() -> Place {
    let place = Place::new(&[
        "zsh/.zshrc",
        "zsh/.config/zsh/aliases.zsh",
        "nvim/.config/nvim/init.lua",
        "nvim/.config/nvim/lua/keys.lua",
        "nvim/.config/nvim/.gitignore",
        "nvim/.config/nvim/README.md",
        "nvim/README.md",
        "ssh/.ssh/config",
        "bin/.local/bin/up",
        "git/.gitconfig",
        "git/.config/git/ignore",
        "README.md",
        "install.sh",
        "docs/notes.txt",
    ]);
    let up = place.repository().join("bin/.local/bin/up");
    fs::set_permissions(up, PermissionsExt::from_mode(0o755)).expect("a mode");
    place
}

const USUAL: &[&str] = &["bin", "git", "nvim", "ssh", "zsh"];

#[test]
fn a_usual_repository_shows_what_stow_shows() {
    let stowed = usual();
    let Some(()) = stowed.stow(false, &[&["--no-folding"], USUAL].concat()) else { return };
    let place = usual();
    place.import(&[]).says("9 files in 5 modules").says("docs");
    place.hcc(&["apply", "--yes"]).ends(0);
    assert_eq!(place.visible(), stowed.visible());
    let config = place.config();
    for line in [
        "install-default \"live\"",
        "use \"bin\" \"git\" \"nvim\" \"ssh\" \"zsh\"",
        "file \".config/nvim\" source=\"nvim/.config/nvim\" except=\".gitignore\"",
        "file \".ssh/config\" source=\"ssh/.ssh/config\"",
        "file \".zshrc\" source=\"zsh/.zshrc\"",
    ] {
        assert!(config.contains(line), "{line}\n{config}");
    }
}

#[test]
fn an_existing_configuration_is_never_overwritten_unasked() {
    let place = usual();
    place.put("hcc.kdl", "// mine\n");
    place.hcc(&["import", "stow", "."]).ends(3).says("exists already").says("--force");
    assert_eq!(place.config(), "// mine\n");
    place.hcc(&["import", "stow", ".", "--force"]).ends(0);
    assert!(place.config().contains("module \"zsh\""));
    let inner = place.home().join("elsewhere");
    fs::create_dir(&inner).expect("a folder");
    place.hcc(&["import", "stow", ".", "--out", "../elsewhere/mine.kdl"]).ends(0);
    let text = fs::read_to_string(inner.join("mine.kdl")).expect("a configuration");
    assert!(text.contains("source=\"../dotfiles/zsh/.zshrc\""), "{text}");
    place.hcc(&["check", "--config", "../elsewhere/mine.kdl"]).ends(0);
    let names: Vec<_> = fs::read_dir(place.repository()).expect("a folder").flatten().collect();
    assert!(names.iter().all(|own| !own.file_name().to_string_lossy().starts_with(".hcc")));
}

#[test]
fn links_clashes_and_what_is_no_file_are_kept_or_reported() {
    let place = usual();
    place.link("/etc/hosts", "git/.absolute");
    place.link("nowhere", "git/.config/git/dangling");
    place.link("../../zsh/.config/zsh", "git/.config/linked");
    place.link("../../..", "git/.config/git/above");
    place.put("i3-work/.config/i3/config", "work\n");
    place.put("i3-home/.config/i3/config", "home\n");
    place.put("i3-home/.config/i3/more", "more\n");
    place.put("i3-work/.zshrc/x", "a folder where zsh has a file\n");
    fs::create_dir_all(place.repository().join("vim/.vim/pack/module")).expect("a folder");
    place.put("vim/.vimrc", "vim\n");
    place.put(".gitmodules", "[submodule \"m\"]\n\tpath = vim/.vim/pack/module\n");
    place
        .import(&[])
        .says("git/.absolute leads to the absolute path /etc/hosts")
        .says("git/.config/git/dangling leads to nothing (nowhere)")
        .says("i3-work/.config/i3/config: the package `i3-home` has `.config/i3/config` too")
        .says("zsh/.zshrc: the package `i3-work` has `.zshrc` too: a file here, a folder there")
        .says("vim/.vim/pack/module: an empty folder: a submodule that was not fetched");
    place.hcc(&["apply", "--yes"]).ends(0);
    let home = place.home();
    assert_eq!(fs::read_link(home.join(".absolute")).expect("a link"), Path::new("/etc/hosts"));
    assert_eq!(
        fs::read_link(home.join(".config/git/dangling")).expect("a link"),
        Path::new("../../dotfiles/git/.config/git/dangling")
    );
    assert!(fs::symlink_metadata(home.join(".config/linked")).expect("a link").is_symlink());
    assert!(home.join(".config/linked/aliases.zsh").is_file());
    assert!(home.join(".config/git/above/zsh").is_dir());
    assert_eq!(fs::read_to_string(home.join(".config/i3/config")).expect("read"), "home\n");
    assert!(fs::symlink_metadata(home.join(".config/git")).expect("a folder").is_dir());
}

#[test]
fn folded_folders_are_taken_over_and_given_back() {
    // A home that has seen programs has a ~/.local/state; without, hcc refuses to begin there.
    let place = usual();
    fs::create_dir_all(place.home().join(".local/state")).expect("a folder");
    place.takes_over(false, USUAL, &[]);
    // Into a home that has folders of its own, so that stow folds less.
    let place = usual();
    for folder in [".config", ".local/bin", ".ssh"] {
        fs::create_dir_all(place.home().join(folder)).expect("a folder");
    }
    fs::write(place.home().join(".ssh/known_hosts"), "a host\n").expect("a file");
    place.takes_over(false, USUAL, &[]);
}

#[test]
fn links_to_single_files_are_taken_over_and_given_back() {
    usual().takes_over(false, &[&["--no-folding"], USUAL].concat(), &[]);
}

#[test]
fn folders_that_several_packages_share_are_taken_over_and_given_back() {
    let place = usual();
    fs::create_dir_all(place.home().join(".local/state")).expect("a folder");
    place.put("aliases/.config/zsh/more.zsh", "more\n");
    place.put("plugin/.config/nvim/lua/plugin/deep/x.lua", "x\n");
    place.link("nowhere", "aliases/.dangling");
    place.link("../zsh/.config", "aliases/.linked");
    let packages = [&["aliases", "plugin"], USUAL].concat();
    place.takes_over(false, &packages, &[]);
    place.takes_over(false, &[&["--restow", "--no-folding"], &packages[..]].concat(), &["--force"]);
}

#[test]
fn a_repository_that_is_one_package_shows_what_stow_shows() {
    let files = [".zshrc", ".config/nvim/init.lua", ".config/nvim/.luarc", "bin/run", "notes/x"];
    let rules = "^/notes\n\\.git\n\\.stow-local-ignore\nhcc\\.kdl\nREADME.*\n";
    let place = Place::new(&files);
    place.put(".stow-local-ignore", rules);
    place.put("README.md", "read me\n");
    let stowed = Place::new(&files);
    stowed.put(".stow-local-ignore", rules);
    stowed.put("README.md", "read me\n");
    let Some(()) = stowed.stow(false, &["--no-folding", "."]) else { return };
    place.import(&[]).says("4 files in 1 module");
    assert!(place.config().contains("module \"dotfiles\""), "{}", place.config());
    place.hcc(&["apply", "--yes"]).ends(0);
    assert_eq!(place.visible(), stowed.visible());
    stowed.stow(false, &["-D", "."]);
    stowed.takes_over(false, &["."], &[]);
    stowed.takes_over(false, &["-R", "."], &["--force"]);
}

#[test]
fn names_that_begin_with_dot_are_those_of_stow_2_4() {
    let files = [
        "zsh/dot-zshrc",
        "zsh/dot-config/zsh/dot-hidden/x",
        "zsh/dot-config/zsh/plain",
        "zsh/dot-gitignore",
        "zsh/.gitignore",
        "vim/dot-vim/dot-.x",
        "vim/dot-vim/after/dot-",
        "vim/.vimrc",
    ];
    let place = Place::new(&files);
    place.import(&["--dotfiles"]);
    place.hcc(&["apply", "--yes"]).ends(0);
    let expected = [
        ".config/zsh/.hidden/x",
        ".config/zsh/plain",
        ".gitignore",
        ".vim/after/dot-",
        ".vim/dot-.x",
        ".vimrc",
        ".zshrc",
    ];
    assert_eq!(place.visible().keys().collect::<Vec<_>>(), expected);
    let stowed = Place::new(&files);
    if stowed.stow(true, &["--dotfiles", "--no-folding", "vim", "zsh"]).is_some() {
        assert_eq!(place.visible(), stowed.visible());
        Place::new(&files).takes_over(true, &["--dotfiles", "vim", "zsh"], &["--dotfiles"]);
    }
}

#[test]
fn options_and_rules_are_read_as_stow_reads_them() {
    let files = [
        "a/one.bak",
        "a/deep/two.bak",
        "a/keep",
        "a/x#y",
        "a/node_modules/z",
        "a/lib/node_modules/z",
        "a/.hidden/top",
        "a/.hidden/inner/top",
        "b/keep.txt",
        "b/.git/config",
        "b/sub/.cvsignore",
        "b/file~",
        "b/LICENSE.txt",
        "b/sub/LICENSE.txt",
        "b/one.bak",
        "c/keep.orig",
        "c/.local-rules",
    ];
    let make = || {
        let place = Place::new(&files);
        place.put(
            "a/.stow-local-ignore",
            "# rules\n^/node_modules   # the top\nx\\#y\n(?<!inner/)top/?$\ninner/top\n\\Qa.b\\E\n",
        );
        place.put(
            ".stowrc",
            "--target=$HOME/${DOTS}/in\\ here\n--ignore='.*\\.orig' --no-folding\n# it's a comment\n",
        );
        fs::write(place.home().join(".stowrc"), "--ignore=\\.bak\n").expect("a file");
        fs::create_dir_all(place.home().join("dots/in here")).expect("a folder");
        place
    };
    let place = make();
    place.import(&["a", "b", "c"]);
    place.hcc(&["apply", "--yes"]).ends(0);
    let expected = [".local-rules", "keep", "keep.txt", "lib/node_modules/z", "sub/LICENSE.txt"];
    let expected = expected.map(|name| format!("dots/in here/{name}"));
    assert_eq!(place.visible().into_keys().collect::<Vec<_>>(), expected);
    let stowed = make();
    if stowed.stow(true, &["a", "b", "c"]).is_some() {
        assert_eq!(place.visible(), stowed.visible());
    }
}

#[test]
fn precedence_is_what_options_say() {
    for (option, winner) in [("--override=.shared", "z"), ("--defer=.shared", "a")] {
        let make = || {
            let place = Place::new(&["a/.rc", "z/.other"]);
            place.put("a/.shared", "a\n");
            place.put("z/.shared", "z\n");
            place.put(".stowrc", &format!("{option}\n"));
            place
        };
        let (place, stowed) = (make(), make());
        let Some(()) = stowed.stow(false, &["--no-folding", "a", "z"]) else { return };
        place.import(&[]).says("`.shared` too");
        place.hcc(&["apply", "--yes"]).ends(0);
        assert_eq!(place.visible(), stowed.visible());
        let held = fs::read_to_string(place.home().join(".shared")).expect("a file");
        assert_eq!(held, format!("{winner}\n"));
    }
}

#[test]
fn several_folders_of_packages_go_to_several_targets() {
    let place = Place::new(&["home/zsh/.zshrc", "config/nvim/nvim/init.lua", "etc/host/hosts"]);
    place.put("home/.stowrc", "--target=~\n");
    place.put("config/.stowrc", "--target=$HOME/.config\n");
    place.put("etc/.stowrc", "--target=/etc\n");
    place
        .import(&[])
        .says("2 files in 2 modules")
        .says("it is laid out for /etc, outside the home");
    let config = place.config();
    for line in [
        "module \"config/nvim\"",
        "file \".config/nvim\" source=\"config/nvim/nvim\"",
        "file \".zshrc\" source=\"home/zsh/.zshrc\"",
    ] {
        assert!(config.contains(line), "{line}\n{config}");
    }
}

#[test]
fn a_target_may_be_said_for_one_package() {
    let make = || Place::new(&["runcom/.zshrc", "config/git/config", "config/git/ignore"]);
    let (place, stowed) = (make(), make());
    let config = place.home().join(".config");
    fs::create_dir_all(stowed.home().join(".config")).expect("a folder");
    let Some(()) = stowed.stow(false, &["--no-folding", "runcom"]) else { return };
    stowed.stow(false, &["--no-folding", "-t", "../.config", "config"]);
    place
        .import(&["runcom", "config", "--target", "config=~/.config"])
        .says("3 files in 2 modules");
    place.hcc(&["apply", "--yes"]).ends(0);
    assert_eq!(place.visible(), stowed.visible());
    assert!(config.join("git/config").is_file());
}

#[test]
fn a_repository_for_the_config_folder_is_read_as_one_package() {
    let make = || {
        let place = Place::new(&["nvim/init.lua", "git/config", "starship/starship.toml", "x/y/z"]);
        place.put(".stowrc", "--target=~/.config\n--ignore=.stowrc\n--ignore=x\n");
        fs::create_dir_all(place.home().join(".config")).expect("a folder");
        place
    };
    let (place, stowed) = (make(), make());
    let Some(()) = stowed.stow(false, &["--no-folding", "."]) else { return };
    place.import(&[]).says("3 files in 1 module").says("read as one package");
    place.hcc(&["apply", "--yes"]).ends(0);
    assert_eq!(place.visible(), stowed.visible());
}

#[test]
fn layouts_of_other_tools_are_recognised() {
    for (files, tool, mark) in [
        (&["dot_zshrc", "private_dot_ssh/config"][..], "chezmoi", "dot_zshrc"),
        (&["rcrc", "zshrc"], "rcm", "rcrc"),
        (&["install.conf.yaml", "zshrc"], "dotbot", "install.conf.yaml"),
        (&["git/gitconfig.symlink"], "NAME.symlink", "git/gitconfig.symlink"),
    ] {
        let place = Place::new(files);
        place.hcc(&["import", "stow", "."]).ends(1).says(tool).says(&format!("it holds `{mark}`"));
        assert!(!place.repository().join("hcc.kdl").exists());
    }
    let place = Place::new(&["zsh/zshrc"]);
    place.put("install.sh", "ln -s $PWD/zsh/zshrc ~/.zshrc\n");
    place.hcc(&["import", "stow", "."]).ends(1).says("an own script").says("install.sh");
    // What can be read all the same is, and says what it was.
    let place = Place::new(&["home/.zshrc", "home/.config/git/config"]);
    place.import(&[]).says("homeshick").says("2 files in 1 module");
    let place = Place::new(&[".config/yadm/bootstrap", ".zshrc", ".gitconfig##os.Linux"]);
    place.import(&[]).says("yadm").says("3 files in 1 module");
    // Whoever names packages knows better.
    Place::new(&["zsh/.zshrc", "rcrc"]).import(&["zsh"]).says("1 file in 1 module");
}

#[test]
fn what_is_no_repository_is_said_and_nothing_is_written() {
    let place = Place::new(&["zsh/.zshrc", "docs/x"]);
    place.hcc(&["import", "stow", "nowhere"]).ends(1).says("there is no folder");
    place.hcc(&["import", "stow", "zsh/.zshrc"]).ends(1).says("is not a folder");
    place.link("self", "self");
    place.hcc(&["import", "stow", "self"]).ends(1).says("leads back to itself");
    place
        .hcc(&["import", "stow", ".", "zhs", "a/b", "docs"])
        .ends(1)
        .says("there is no package `zhs`")
        .says("did you mean `zsh`?")
        .says("found the path `a/b`");
    place.hcc(&["import", "stow", "docs"]).ends(1).says("there is no package");
    place.hcc(&["import", "stow", ".", "--out", "docs"]).ends(3).says("exists already");
    place.hcc(&["import", "stow", ".", "--out", "docs", "--force"]).ends(2).says("is a folder");
    place.hcc(&["import", "stow", ".", "--dir", "x"]).ends(2);
    assert!(!place.repository().join("hcc.kdl").exists());
    // A folder without a way in, for whom that is so.
    let locked = place.repository().join("locked");
    fs::create_dir(&locked).expect("a folder");
    fs::set_permissions(&locked, PermissionsExt::from_mode(0o000)).expect("a mode");
    if fs::read_dir(&locked).is_err() {
        place.hcc(&["import", "stow", "locked"]).ends(1).says("permission denied");
    }
    fs::set_permissions(&locked, PermissionsExt::from_mode(0o755)).expect("a mode");
}

#[test]
fn names_that_are_not_utf_8_are_reported_and_the_rest_is_taken() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let place = Place::new(&["zsh/.config/zsh/plain", "zsh/.zshrc"]);
    let folder = place.repository().join("zsh/.config/zsh");
    fs::write(folder.join(OsStr::from_bytes(b"caf\xe9")), "x").expect("a file");
    place.import(&[]).says("caf\u{fffd}: its name is not UTF-8").says("2 files in 1 module");
    place.hcc(&["apply", "--yes"]).ends(0);
    let visible = place.visible();
    assert_eq!(visible.keys().collect::<Vec<_>>(), [".config/zsh/plain", ".zshrc"]);
}

#[test]
fn odd_names_are_said_so_that_they_mean_themselves() {
    let names = [
        "~",
        "$HOME",
        "a b",
        "quote\"",
        "back\\slash",
        "line\nbreak",
        "{{ user.home }}",
        "#hash",
        "[x]",
        "*",
        "-dash",
        "ünï",
        "tab\there",
        "'",
        "(f)x",
        "/-",
    ];
    let place = Place::new(&[]);
    for name in names.iter().filter(|name| !name.contains('/')) {
        place.put(&format!("odd/{name}"), name);
        place.put(&format!("odd/.dir/{name}/{name}"), name);
        place.put(&format!("odd/.git {name}/.gitignore"), name);
        place.put(&format!("odd/.git {name}/kept"), name);
    }
    let stowed = Place::new(&[]);
    for name in names.iter().filter(|name| !name.contains('/')) {
        stowed.put(&format!("odd/{name}"), name);
        stowed.put(&format!("odd/.dir/{name}/{name}"), name);
        stowed.put(&format!("odd/.git {name}/.gitignore"), name);
        stowed.put(&format!("odd/.git {name}/kept"), name);
    }
    let Some(()) = stowed.stow(false, &["--no-folding", "odd"]) else { return };
    place.import(&[]);
    place.hcc(&["apply", "--yes"]).ends(0);
    assert_eq!(place.visible(), stowed.visible());
    stowed.stow(false, &["-D", "odd"]);
    stowed.takes_over(false, &["odd"], &[]);
}

#[test]
fn what_an_import_finds_is_data_too() {
    let place = usual();
    let ran = place.hcc(&["import", "stow", ".", "--json"]).ends(0);
    let data: serde_json::Value = serde_json::from_slice(&ran.0.stdout).expect("JSON");
    assert_eq!(data["taken"].as_array().expect("a list").len(), 5);
    assert_eq!(data["taken"][4]["from"], "zsh");
    assert_eq!(data["taken"][4]["to"], "module \"zsh\"");
    assert_eq!(data["left"][0]["from"], "docs");
    assert!(data["wrote"].as_str().expect("a path").ends_with("/dotfiles/hcc.kdl"));
    assert!(ran.0.stderr.is_empty(), "{}", ran.text());
}

#[test]
fn a_file_that_its_program_writes_too_takes_the_place_of_stows_link_and_keeps_its_keys() {
    for stow in [&["npm"][..], &["--no-folding", "npm"]] {
        let place = Place::new(&["npm/.config/app/more"]);
        place.put("npm/.npmrc", "; mine\nsave-exact=true\n");
        place.put("npm/.config/app/x.json", "{\n  \"theirs\": 1,\n  \"ours\": 2\n}\n");
        let Some(()) = place.stow(false, stow) else { return };
        let (visible, shape) = (place.visible(), place.shape());
        place.import(&["--lift"]).says("lifted: ~/.npmrc to programs.npm");
        let config = place.config().replace(
            "home {",
            "home {\n        file \".config/app/x.json\" install=\"merge\" format=\"json\" { settings ours=3 }",
        );
        let config = config.replace("\"npm/.config/app\"", "\"npm/.config/app\" except=\"x.json\"");
        place.put("hcc.kdl", &config);
        place.hcc(&["apply", "--yes", "--no-packages"]).ends(0);
        let read = |path: &str| fs::read_to_string(place.home().join(path)).expect("a file");
        assert_eq!(read(".config/app/x.json"), "{\n  \"theirs\": 1,\n  \"ours\": 3\n}\n");
        assert_eq!(
            read("dotfiles/npm/.config/app/x.json"),
            "{\n  \"theirs\": 1,\n  \"ours\": 2\n}\n"
        );
        assert!(read(".npmrc").contains("save-exact=true"), "{}", read(".npmrc"));
        assert_eq!(read(".config/app/more"), "npm/.config/app/more\n");
        place.hcc(&["apply", "--yes", "--no-packages"]).ends(0).says("Nothing to do.");
        place.hcc(&["uninstall", "--yes"]).ends(0);
        assert_eq!((place.visible(), place.shape()), (visible, shape));
    }
}

#[test]
fn a_folder_that_holds_more_by_now_keeps_showing_what_it_showed() {
    let place = Place::new(&["nvim/.config/nvim/init.lua", "nvim/.config/nvim/lua/keys.lua"]);
    for folder in [".local/state", ".config"] {
        fs::create_dir_all(place.home().join(folder)).expect("a folder");
    }
    let Some(()) = place.stow(false, &["nvim"]) else { return };
    place.import(&[]);
    place.hcc(&["apply", "--yes"]).ends(0);
    fs::write(place.home().join(".config/nvim/lazy-lock.json"), "{}\n").expect("a file");
    place.hcc(&["uninstall", "--yes"]).ends(0);
    for path in ["init.lua", "lua/keys.lua"] {
        let text = fs::read_to_string(place.home().join(".config/nvim").join(path));
        assert_eq!(text.expect("it is seen"), format!("nvim/.config/nvim/{path}\n"));
    }
    assert!(place.home().join(".config/nvim/lazy-lock.json").is_file());
    // The link that stood there showed nothing else, and does not stay beside.
    assert!(place.home().join(".config/nvim.hcc-original").symlink_metadata().is_err());
    assert!(!place.home().join(".local/state/hcc").exists());
    // The links are as stow makes them: it takes them away again.
    place.stow(false, &["-D", "nvim"]).expect("stow");
    assert!(!place.home().join(".config/nvim/init.lua").exists());
}

#[test]
fn a_link_that_showed_what_is_not_seen_without_it_stays_beside() {
    let place = Place::new(&["nvim/.config/nvim/init.lua", "nvim/.config/nvim/lua/keys.lua"]);
    for folder in [".local/state", ".config"] {
        fs::create_dir_all(place.home().join(folder)).expect("a folder");
    }
    let Some(()) = place.stow(false, &["nvim"]) else { return };
    place.import(&[]);
    place.hcc(&["apply", "--yes"]).ends(0);
    // An editor writes beside and renames: the source is not seen there any more.
    fs::remove_file(place.home().join(".config/nvim/init.lua")).expect("removed");
    fs::write(place.home().join(".config/nvim/init.lua"), "mine\n").expect("a file");
    place
        .hcc(&["uninstall", "--yes"])
        .ends(0)
        .says("what was there before hcc is .config/nvim.hcc-original");
    let seen = |path: &str| fs::read_to_string(place.home().join(path)).expect("it is seen");
    assert_eq!(seen(".config/nvim/init.lua"), "mine\n");
    assert_eq!(seen(".config/nvim/lua/keys.lua"), "nvim/.config/nvim/lua/keys.lua\n");
    assert_eq!(seen(".config/nvim.hcc-original/init.lua"), "nvim/.config/nvim/init.lua\n");
}

#[test]
fn a_folder_that_a_target_names_is_a_package() {
    let place = Place::new(&["cfg/app/conf", "cfg/other/conf", "zsh/.zshrc"]);
    let ran = place.hcc(&["import", "stow", ".", "--target", "cfg=~/.config"]).ends(0);
    let config = place.config();
    assert!(config.contains("module \"cfg\""), "{config}");
    assert!(config.contains("file \".config/app\" source=\"cfg/app\""), "{config}");
    assert!(!ran.text().contains("does not look like a package"), "{}", ran.text());
}

#[test]
fn what_only_its_owner_may_read_is_not_lifted_into_what_others_may() {
    let mode = |path: &Path, mode: u32| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("a mode");
    };
    let place = Place::new(&[]);
    place.put("git/.gitconfig", "[user]\n\tname = Alice\n");
    place.put("tmux/.tmux.conf", "set -g mouse on\n");
    mode(&place.repository(), 0o755);
    mode(&place.repository().join("git/.gitconfig"), 0o600);
    place
        .hcc(&["import", "stow", ".", "--lift"])
        .ends(0)
        .says("not lifted: ~/.gitconfig: stays a file: only you may read it")
        .says("lifted: ~/.tmux.conf to programs.tmux");
    assert!(!place.config().contains("Alice"), "{}", place.config());
    assert!(place.config().contains("file \".gitconfig\" source=\"git/.gitconfig\""));
    // In a folder that is one's own, the mode says nothing more.
    mode(&place.repository(), 0o700);
    place.hcc(&["import", "stow", ".", "--lift", "--force"]).ends(0).says("lifted: ~/.gitconfig");
}

#[test]
fn a_link_of_stows_that_comes_back_to_nothing_is_named_before() {
    let place = Place::new(&["zsh/.zshrc"]);
    place.put("zsh/.zshrc", "alias ll='ls -l'\n");
    fs::create_dir_all(place.home().join(".local/state")).expect("a folder");
    let Some(()) = place.stow(false, &["zsh"]) else { return };
    place.import(&["--lift"]);
    place.hcc(&["apply", "--yes", "--no-packages"]).ends(0);
    fs::remove_file(place.repository().join("zsh/.zshrc")).expect("removed");
    let ran = place.hcc(&["uninstall", "--yes"]).ends(0);
    let said = String::from_utf8_lossy(&ran.0.stderr).into_owned();
    assert!(said.contains("a link to dotfiles/zsh/.zshrc, where nothing is"), "{said}");
}
