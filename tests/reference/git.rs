//! `programs.git`, `programs.delta`: git says what it reads.

use crate::home::installed;
use crate::{reference, sorted};

#[test]
fn git_has_every_value_and_no_other() {
    if !installed("git") {
        return;
    }
    let home = reference();
    let out = home.run("git", &["config", "--global", "--list"]).clean();
    let include = format!("includeif.gitdir:~/work/.path={}/.config/git/include-0", home.path());
    let mut wanted = vec![
        "alias.br=branch",
        "alias.ci=commit",
        "alias.co=checkout",
        "alias.last=log -1 HEAD",
        "alias.lg=log --graph --pretty=format:'%h %s'",
        "alias.st=status -sb",
        "alias.unstage=reset HEAD --",
        "commit.gpgsign=true",
        "core.autocrlf=input",
        "core.editor=nvim",
        "core.pager=delta",
        "delta.line-numbers=true",
        "delta.navigate=true",
        "delta.syntax-theme=Nord",
        "diff.algorithm=histogram",
        "filter.lfs.clean=git-lfs clean -- %f",
        "filter.lfs.process=git-lfs filter-process",
        "filter.lfs.required=true",
        "filter.lfs.smudge=git-lfs smudge -- %f",
        "gpg.format=openpgp",
        &include,
        "init.defaultbranch=main",
        "interactive.difffilter=delta --color-only",
        "merge.conflictstyle=zdiff3",
        "pull.rebase=true",
        "push.autosetupremote=true",
        "rebase.autostash=true",
        "rerere.enabled=true",
        "tag.gpgsign=true",
        "url.git@github.com:.insteadof=https://github.com/",
        "user.email=user@example.org",
        "user.name=A User",
        "user.signingkey=0xDEADBEEF",
    ];
    wanted.sort_unstable();
    assert_eq!(sorted(&out), wanted);
}

#[test]
fn repositories_follow() {
    if !installed("git") {
        return;
    }
    let home = reference();
    let git = |arguments: &[&str]| home.run("git", arguments).clean();
    let own = home.join("own");
    let work = home.join("work/repo");
    for folder in [&own, &work] {
        git(&["init", "-q", folder.as_str()]);
    }
    assert_eq!(git(&["-C", own.as_str(), "config", "user.email"]), "user@example.org\n");
    assert_eq!(git(&["-C", work.as_str(), "config", "user.email"]), "user@work.example.org\n");
    assert_eq!(git(&["-C", own.as_str(), "symbolic-ref", "HEAD"]), "refs/heads/main\n");
    let out = git(&["-C", own.as_str(), "check-attr", "diff", "a.pdf"]);
    assert_eq!(out, "a.pdf: diff: pdf\n");
    let ignored = ["x~", ".DS_Store", ".direnv", "target/x", "node_modules/x"];
    let mut arguments = vec!["-C", own.as_str(), "check-ignore", "kept.rs"];
    arguments.extend(ignored);
    assert_eq!(git(&arguments).lines().collect::<Vec<_>>(), ignored);
}
