//! Programs of mail, each asked what it knows of the accounts that are said once for all.

use super::home::{Home, installed};

/// Where the programs are told of a password, it is this one.
fn home(fixture: &str) -> Home {
    let home = Home::fixture(fixture);
    home.stand_in("pass", "[ \"$*\" = mail/home ] && echo secret");
    home
}

#[test]
fn msmtp_finds_every_account_and_alias() {
    if !installed("msmtp") {
        return;
    }
    let home = home("programs/msmtp");
    let path = ".config/msmtp/config";
    assert_eq!(home.mode(path), 0o600);
    let asked = |account: &str| {
        let file = format!("--file={}", home.join(path));
        home.run("msmtp", &[&file, "--pretend", "-a", account, "bob@example.org"]).out
    };
    let common = ["tls_trust_file = /etc/ssl/certs/ca-certificates.crt"];
    for (account, lines) in [
        (
            "private",
            &["host = smtp.example.org", "port = 465", "tls_starttls = off", "auth = choose"],
        ),
        (
            "a@example.org",
            &["from = a@example.org", "user = alice@example.org", "port = 465", "tls = on"],
        ),
        ("my-work", &["user = alice", "port = 587", "tls_starttls = on", "timeout = 30 seconds"]),
        ("default", &["from = alice@work.example", "auth = LOGIN", "port = 587", "tls = on"]),
    ] {
        let said = asked(account);
        for line in lines.iter().chain(&common) {
            assert!(said.lines().any(|own| own.trim() == *line), "{account}: {line}\n{said}");
        }
    }
    assert!(!asked("other").contains("host ="), "that one is another program's");
    let file = home.read(path).replace("tls_starttls", "tls_startls");
    home.write("wrong", &file);
    home.run("chmod", &["600", "wrong"]).clean();
    let wrong =
        home.run("msmtp", &["--file=wrong", "--pretend", "-a", "private", "bob@example.org"]);
    assert!(wrong.err.contains("unknown command"), "{wrong:#?}");
}

#[test]
fn mbsync_knows_every_channel() {
    if !installed("mbsync") {
        return;
    }
    let home = home("programs/mbsync");
    // From 1.5 on it says so of the older keywords.
    let version = home.run("mbsync", &["--version"]).ok();
    let is_old = version.starts_with("isync 1.4");
    let text = home.read(".mbsyncrc");
    assert!(text.contains("SSLType IMAPS\n"));
    let text = if is_old { text } else { text.replace("SSLType", "TLSType") };
    home.write(".mbsyncrc", &text);
    for name in ["private", "my-work", "all"] {
        let said = home.run("mbsync", &["--list", name]);
        assert!(!said.err.contains("mbsyncrc:") && !said.err.contains("No channel"), "{said:#?}");
    }
    let none = home.run("mbsync", &["--list", "other"]);
    assert!(none.err.contains("No channel or group named 'other'"), "{none:#?}");
    home.write(".mbsyncrc", &text.replace("SubFolders", "SubFloders"));
    let wrong = home.run("mbsync", &["--list", "private"]);
    assert!(wrong.err.contains("'SubFloders' is not recognized"), "{wrong:#?}");
}

#[test]
fn notmuch_has_addresses_tags_and_hooks() {
    if !installed("notmuch") {
        return;
    }
    let home = home("programs/notmuch");
    let said = home.run("notmuch", &["config", "list"]).clean();
    for line in [
        "user.name=Alice \"A\" Example",
        "user.primary_email=alice@work.example",
        "user.other_email=alice@example.org;a@example.org",
        "new.tags=new;unread",
        "new.ignore=.mbsyncstate;/.*[.](json|lock)$/",
        "search.exclude_tags=deleted;muted",
        "maildir.synchronize_flags=false",
        "index.decrypt=true",
        "query.mine=tag:inbox and # to:alice",
    ] {
        assert!(said.lines().any(|own| own.trim_end_matches(';') == line), "{line}\n{said}");
    }
    home.write("Mail/private/Inbox/cur/1:2,", "From: b@example.org\nSubject: one\n\ntext\n");
    home.stand_in("mbsync", "echo \"$@\" > fetched");
    let path = home.read(".config/notmuch/default/config");
    let mail = home.join("Mail");
    let at = path.lines().find(|line| line.starts_with("path=")).expect("a path");
    assert_eq!(at, format!("path={mail}"));
    home.run("notmuch", &["new"]).ok();
    assert_eq!(home.read("fetched"), "-a\n", "the hook has run");
    let found = home.run("notmuch", &["search", "tag:new and tag:list"]).ok();
    assert!(!found.contains("one"), "only of the list: {found}");
}

#[test]
fn neomutt_takes_every_line_of_every_account() {
    if !installed("neomutt") {
        return;
    }
    let home = home("programs/neomutt");
    let read = || home.run("neomutt", &["-D"]);
    let said = read();
    assert!(!said.err.contains("rror"), "{said:#?}");
    let has = |said: &str, line: &str| {
        assert!(said.lines().any(|own| own == line), "{line}\n{said}");
    };
    for line in [
        r#"set index_format = "%4C %Z %{%b %d} %-15.15L \"%s\"""#,
        "set mark_old = no",
        r#"set editor = "nvim -c 'set tw=72'""#,
        r#"set sort = "reverse-threads""#,
        r#"set folder = "imap://alice@imap.work.example:143/""#,
        r#"set smtp_url = "smtp://alice@smtp.work.example:587/""#,
        "set crypt_auto_sign = no",
    ] {
        has(&said.out, line);
    }
    let path = ".config/neomutt/neomuttrc";
    let config = home.read(path);
    home.write(path, &config.replace("neomutt/my-work\"", "neomutt/private\""));
    let said = read();
    assert!(!said.err.contains("rror"), "{said:#?}");
    for line in [
        r#"set real_name = "Alice \"A\" Example""#,
        r#"set imap_pass = "secret""#,
        r#"set smtp_pass = "secret""#,
        r#"set pgp_default_key = "0xABCD1234""#,
        r#"set signature = "~/.config/neomutt/private.signature""#,
        "set crypt_auto_sign = yes",
        "set mail_check = 60",
    ] {
        has(&said.out, line);
    }
    home.write(path, &config.replace("group-reply", "group-replay"));
    let wrong = read();
    assert!(wrong.err.contains("group-replay"), "it looks at functions: {wrong:#?}");
}

#[test]
fn aerc_loads_accounts_settings_and_binds() {
    if !installed("aerc") || !installed("script") {
        return;
    }
    let home = home("programs/aerc");
    assert_eq!(home.mode(".config/aerc/accounts.conf"), 0o600);
    let said = |file: &str, text: &str| {
        home.write(&format!(".config/aerc/{file}"), text);
        let script = "stty rows 20 cols 90; TERM=xterm timeout --foreground 3 aerc";
        home.run("script", &["-qec", script, "/dev/null"]).out
    };
    let binds = home.read(".config/aerc/binds.conf");
    // It draws the names of the accounts, the primary one first.
    let right = said("binds.conf", &binds);
    assert!(right.contains(" my-work ") && !right.contains("Failed"), "{right}");
    let wrong = said("binds.conf", &binds.replace("<C-d>", "<C-nonsense>"));
    assert!(wrong.contains("Failed to load config"), "it looks at keys: {wrong}");
    said("binds.conf", &binds);
    let accounts = home.read(".config/aerc/accounts.conf");
    let wrong = said("accounts.conf", &accounts.replace("pass \"mail\"/home", "false"));
    assert!(wrong.contains("private: failed to read password"), "it asks for passwords: {wrong}");
}
