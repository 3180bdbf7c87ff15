//! What people get wrong, or have in a form that nobody expects, when they bring what they have: each
//! is said with its way out, and nothing is half-written.

#[path = "apply/kit.rs"]
mod kit;

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::Path;

use kit::Sandbox;

/// A home with a repository of packages in `dots`.
fn packages(files: &[&str]) -> Sandbox {
    let sandbox = Sandbox::new("");
    for file in files {
        sandbox.write(&format!("dots/{file}"), format!("{file}\n"));
    }
    sandbox
}

#[test]
fn packages_a_folder_further_down_are_pointed_at() {
    let sandbox = packages(&["README.md", "bin/up", "modules/zsh/.zshrc", "modules/vim/.vimrc"]);
    sandbox
        .run(&["import", "stow", "dots"])
        .ends(1)
        .says("there is no package in HOME/dots")
        .says("help: those in modules look like some: hcc import stow HOME/dots/modules");
    sandbox.run(&["import", "stow", "dots/modules"]).well().says("2 files in 2 modules");
}

#[test]
fn a_target_that_is_no_folder_here_is_said_of_each_package() {
    let sandbox = packages(&["zsh/.zshrc", "git/config/x", "git/.gitconfig", "vim/x/y"]);
    sandbox.write(".stowrc", "--target=/home/of-another-machine\n");
    sandbox
        .run(&["import", "stow", "dots"])
        .ends(1)
        .says("  git, zsh: it is laid out for /home/of-another-machine, outside the home")
        .says("help: there is no such folder here: `--target DIR` says another")
        .says("there is nothing in HOME/dots to take; nothing was written");
    sandbox
        .run(&["import", "stow", "dots", "."])
        .ends(1)
        .says("  .: it is laid out for /home/of-another-machine");
    assert!(!sandbox.home("dots/hcc.kdl").exists());
    sandbox.run(&["import", "stow", "dots", "--target", "~"]).well().says("3 files in 2 modules");
}

/// A name that is not UTF-8.
fn odd(name: &[u8]) -> &OsStr {
    OsStr::from_bytes(name)
}

#[test]
fn a_folded_folder_with_a_name_that_is_not_utf_8_stays_until_it_is_renamed() {
    let sandbox = packages(&["zsh/.config/zsh/plain", "zsh/.config/zsh/deep/inner"]);
    let folder = sandbox.home("dots/zsh/.config/zsh/deep");
    fs::write(folder.join(odd(b"caf\xe9")), "mine").expect("a file");
    sandbox.link("dots/zsh/.config", ".config");
    sandbox.run(&["import", "stow", "dots"]).well().says("its name is not UTF-8");
    let apply = ["apply", "--yes", "--config", "dots"];
    sandbox
        .run(&apply)
        .ends(3)
        .says(".config: a link to a folder with `zsh/deep/caf\u{fffd}`, whose name is not UTF-8")
        .says("help: give it another name in the folder that .config leads to");
    assert_eq!(
        fs::read(sandbox.home(".config/zsh/deep").join(odd(b"caf\xe9"))).expect("x"),
        b"mine"
    );
    // As stow has it without folding: beside what is hcc's it stays.
    fs::remove_file(sandbox.home(".config")).expect("removed");
    sandbox.link("../../dots/zsh/.config/zsh/plain", ".config/zsh/plain");
    sandbox.link("../../../dots/zsh/.config/zsh/deep/inner", ".config/zsh/deep/inner");
    let link = sandbox.home(".config/zsh/deep").join(odd(b"caf\xe9"));
    let to = Path::new("../../../dots/zsh/.config/zsh/deep").join(odd(b"caf\xe9"));
    symlink(&to, &link).expect("a link");
    sandbox.run(&apply).well();
    assert_eq!(fs::read(&link).expect("a link"), b"mine");
    sandbox.run(&["uninstall", "--yes", "--config", "dots"]).well();
    assert_eq!(fs::read_link(&link).expect("a link"), to);
    assert!(sandbox.home(".config/zsh/plain").is_symlink());
}
