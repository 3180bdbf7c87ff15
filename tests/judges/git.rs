//! git reads its configuration, ignores, attributes, hooks and includes.

use super::home::{Home, installed};

fn home() -> Option<Home> {
    installed("git").then(|| Home::fixture("programs/git"))
}

/// The values of a key, in the order in which git meets them.
fn all(home: &Home, folder: &str, key: &str) -> Vec<String> {
    let said =
        home.run("git", &["-C", home.join(folder).as_str(), "config", "-z", "--get-all", key]);
    said.out.split_terminator('\0').map(str::to_owned).collect()
}

fn repository(home: &Home, folder: &str) {
    std::fs::create_dir_all(home.join(folder)).expect("a writable home");
    home.run("git", &["init", "-q", home.join(folder).as_str()]).clean();
}

#[test]
fn every_line_comes_from_the_written_files() {
    let Some(home) = home() else { return };
    let out = home
        .run("git", &["config", "--global", "--list", "-z", "--show-origin", "--includes"])
        .clean();
    let origins: Vec<&str> = out.split_terminator('\0').step_by(2).collect();
    let config = format!("file:{}", home.join(".config/git/config"));
    assert!(origins.len() > 25, "{origins:#?}");
    assert!(origins.iter().all(|origin| **origin == *config), "{origins:#?}");
}

#[test]
fn values_arrive_as_they_were_said() {
    let Some(home) = home() else { return };
    let one = |key: &str| all(&home, "", key).join("|");
    assert_eq!(one("user.name"), "Alice Ångström");
    assert_eq!(one("alias.quoted"), "log --format=\"%h; %s\" # all");
    assert_eq!(one("credential.helper"), "cache|osxkeychain");
    assert_eq!(one("credential.https://example.com.helper"), "|store --file=~/.creds");
    assert_eq!(one("url.git@github.com:.insteadOf"), "https://github.com/|gh:");
    assert_eq!(one("safe.directory"), "*|/srv");
    assert_eq!(one("diff.odd \"name\" \\ here.textconv"), "sort");
    assert_eq!(one("push.followTags"), "true");
    assert_eq!(one("core.abbrev"), "12");
}

#[test]
fn maintenance_knows_its_repositories() {
    let Some(home) = home() else { return };
    let one = home.join("src/one");
    assert_eq!(all(&home, "", "maintenance.repo"), [one.as_str(), "/srv/two repo"]);
    repository(&home, "src/one");
    // What the timer runs, for the repository that is there.
    let unit = home.read(".config/systemd/user/git-maintenance-daily.service");
    assert!(
        unit.contains(
            "for-each-repo --config=maintenance.repo maintenance run --quiet --schedule=daily"
        ),
        "{unit}"
    );
    let config = home.read(".config/git/config").replace("\trepo = /srv/two repo\n", "");
    home.write(".config/git/config", &config);
    let args = [
        "for-each-repo",
        "--config=maintenance.repo",
        "maintenance",
        "run",
        "--quiet",
        "--schedule=daily",
    ];
    home.run("git", &args).ok();
}

#[test]
fn signing_is_set_up() {
    let Some(home) = home() else { return };
    let one = |key: &str| all(&home, "", key).join("|");
    assert_eq!(one("commit.gpgSign"), "true");
    assert_eq!(one("tag.gpgSign"), "true");
    assert_eq!(one("gpg.format"), "ssh");
    assert_eq!(one("gpg.ssh.program"), "/opt/1Password/op-ssh-sign");
    let file = one("gpg.ssh.allowedSignersFile");
    assert!(
        std::fs::read_to_string(file)
            .is_ok_and(|text| text.starts_with("alice@example.com ssh-ed25519"))
    );
}

#[test]
fn large_files_have_their_filter() {
    let Some(home) = home() else { return };
    let one = |key: &str| all(&home, "", key).join("|");
    assert_eq!(one("filter.lfs.clean"), "git-lfs clean -- %f");
    assert_eq!(one("filter.lfs.smudge"), "git-lfs smudge --skip -- %f");
    assert_eq!(one("filter.lfs.process"), "git-lfs filter-process --skip");
    assert_eq!(one("filter.lfs.required"), "true");
}

#[test]
fn conditional_includes_hold_where_they_should() {
    let Some(home) = home() else { return };
    home.write(".gitconfig.local", "[user]\n\tnickname = al\n");
    for folder in ["work/a", "oss/b", "school/c", "play"] {
        repository(&home, folder);
    }
    let last = |folder: &str, key: &str| all(&home, folder, key).pop().unwrap_or_default();
    assert_eq!(last("work/a", "user.email"), "alice@work.example");
    assert_eq!(last("work/a", "commit.gpgSign"), "false");
    assert_eq!(last("oss/b", "user.email"), "alice@oss.example");
    assert_eq!(last("school/c", "user.email"), "alice@school.example");
    assert_eq!(last("play", "user.email"), "alice@example.com");
    assert_eq!(last("play", "user.nickname"), "al");
}

#[test]
fn ignores_and_attributes_work() {
    let Some(home) = home() else { return };
    repository(&home, "play");
    for name in ["a.swp", "keep.swp", ".DS_Store", "b.txt"] {
        home.write(&format!("play/{name}"), "x");
    }
    let play = home.join("play");
    let status = home.run("git", &["-C", play.as_str(), "status", "--porcelain"]).clean();
    assert_eq!(status, "?? b.txt\n?? keep.swp\n");
    let attributes = home.run("git", &["-C", play.as_str(), "check-attr", "diff", "x.pdf"]).clean();
    assert_eq!(attributes, "x.pdf: diff: pdf\n");
}

#[test]
fn hooks_run() {
    let Some(home) = home() else { return };
    repository(&home, "play");
    let play = home.join("play");
    let commit = |message: &str| {
        let unsigned =
            ["-c", "commit.gpgSign=false", "commit", "-q", "--allow-empty", "-m", message];
        home.run("git", &[&["-C", play.as_str()], unsigned.as_slice()].concat())
    };
    assert_ne!(commit("bad").status, Some(0), "the hook `commit-msg` refuses it");
    commit("ok this").clean();
    assert_eq!(home.read("hook.log"), "after ok this\n");
}

#[test]
fn delta_takes_part() {
    if !installed("git") {
        return;
    }
    let home = Home::fixture("programs/delta");
    let one = |key: &str| all(&home, "", key).join("|");
    assert_eq!(one("core.pager"), "less", "what the user says hides delta's default");
    assert_eq!(one("interactive.diffFilter"), "delta --color-only");
    assert_eq!(one("delta.navigate"), "true");
    assert_eq!(one("delta.decorations.file-style"), "bold");
}

#[test]
fn gitui_takes_keys_and_colors() {
    if !installed("gitui") || !installed("script") {
        return;
    }
    let home = Home::fixture("programs/gitui");
    home.run("git", &["init", "-q", "repo"]).clean();
    home.write("repo/new", "line\n");
    // It runs until it is ended, and draws at once.
    let shown = || {
        let script = "stty cols 150 rows 60; timeout --foreground 2 gitui --logging -d repo";
        let mut command = home.command("timeout");
        command.args(["20", "script", "-qec", script, "/dev/null"]).env("TERM", "xterm-256color");
        let _ended = super::home::said(command.env("COLORTERM", "truecolor"));
        home.read(".cache/gitui/gitui.log")
    };
    let log = shown();
    assert!(log.contains("app start") && !log.contains("[ERROR]"), "{log}");
    let keys = home.read(".config/gitui/key_bindings.ron");
    home.write(".config/gitui/key_bindings.ron", &keys.replace("F(1)", "G(1)"));
    let theme = home.read(".config/gitui/theme.ron");
    home.write(".config/gitui/theme.ron", &theme.replace("\"Blue\"", "Bloe"));
    let log = shown();
    assert!(log.contains("variant named `G`") && log.contains("theme error"), "it looks: {log}");
}

#[test]
fn lazygit_takes_settings_and_commands() {
    if !installed("lazygit") || !installed("script") {
        return;
    }
    let home = Home::fixture("programs/lazygit");
    home.run("git", &["init", "-q", "repo"]).clean();
    let shown = || {
        let screen = "stty cols 120 rows 40; cd repo; lazygit";
        let script = format!("(sleep 2; printf q) | timeout 15 script -qec '{screen}' /dev/null");
        let mut command = home.command("sh");
        super::home::said(command.args(["-c", &script]).env("TERM", "xterm"))
    };
    let said = shown();
    assert!(said.status == Some(0) && said.out.contains("Commits"), "{said:?}");
    let config = home.read(".config/lazygit/config.yml");
    for (right, wrong, message) in [
        ("output: terminal", "output: screen", "Unexpected value 'screen'"),
        ("      - bold", "      - bold: 1", "couldn't be parsed"),
    ] {
        home.write(".config/lazygit/config.yml", &config.replace(right, wrong));
        let said = shown();
        assert!(said.status != Some(0) && said.out.contains(message), "it looks: {said:?}");
    }
}
