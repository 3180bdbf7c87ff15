//! What people get wrong, or have in a form that nobody expects, when they bring what they have: each
//! is said with its way out, and nothing is half-written.

#[path = "apply/kit.rs"]
mod kit;

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
