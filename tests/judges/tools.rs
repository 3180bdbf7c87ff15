//! Tools that are used by hand every day, asked for what they read.

use super::home::{Home, installed};

#[test]
fn cargo_reads_its_configuration() {
    if !installed("cargo") {
        return;
    }
    let home = Home::fixture("programs/cargo");
    let folder = home.join(".local/share/cargo");
    let script = format!(
        "CARGO_HOME={folder} cargo -Zunstable-options config get --format toml --merged yes"
    );
    let mut command = home.command("sh");
    command.args(["-c", &script]).env("RUSTC_BOOTSTRAP", "1");
    // A toolchain of rustup is found by the home of the one who runs the tests.
    for name in ["RUSTUP_HOME", "RUSTUP_TOOLCHAIN"] {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    if std::env::var_os("RUSTUP_HOME").is_none() {
        let home = std::env::var("HOME").unwrap_or_default();
        command.env("RUSTUP_HOME", format!("{home}/.rustup"));
    }
    let out = super::home::said(&mut command).ok();
    for line in [
        "alias.b = \"build\"",
        "alias.ta = [\"test\", \"--all-targets\"]",
        "build.jobs = 4",
        "net.git-fetch-with-cli = true",
        "target.x86_64-unknown-linux-gnu.rustflags = [\"-C\", \"link-arg=-fuse-ld=mold\"]",
    ] {
        assert!(out.lines().any(|own| own == line), "{line}\n{out}");
    }
}

#[test]
fn npm_reads_every_setting() {
    if !installed("npm") {
        return;
    }
    let home = Home::fixture("programs/npm");
    let said = [
        ("prefix", home.join(".npm-global").to_string()),
        ("registry", "https://npm.example.org/".to_owned()),
        ("@work:registry", "https://npm.work.example/".to_owned()),
        ("fund", "false".to_owned()),
        ("fetch-retries", "3".to_owned()),
        ("init-author-name", "Alice # \"x\"; y".to_owned()),
    ];
    for (key, value) in said {
        assert_eq!(home.run("npm", &["config", "get", key]).ok().trim_end(), value, "{key}");
    }
}

#[test]
fn pip_reads_every_setting() {
    if !installed("pip3") {
        return;
    }
    let home = Home::fixture("programs/pip");
    let out = home.run("pip3", &["config", "list"]).ok();
    for line in [
        "global.index-url='https://pypi.example.org/simple'",
        "global.extra-index-url='https://a.example.org/simple https://b.example.org/%7Ex'",
        "global.require-virtualenv='true'",
        "global.timeout='30'",
        "install.no-compile='true'",
    ] {
        assert!(out.lines().any(|own| own == line), "{line}\n{out}");
    }
}

#[test]
fn docker_reads_its_configuration() {
    if !installed("docker") {
        return;
    }
    let home = Home::fixture("programs/docker");
    let shown = ". ~/.config/hcc/session.sh; docker context show; echo $DOCKER_CONFIG";
    let folder = home.join(".config/docker");
    assert_eq!(home.run("sh", &["-c", shown]).clean(), format!("default\n{folder}\n"));
    home.write(
        "other/config.json",
        &home.read(".config/docker/config.json").replace("\"default\",", "\"server\","),
    );
    let wrong = home.run("docker", &["--config", "other", "context", "inspect"]);
    assert!(wrong.err.contains("server"), "the file is what it reads: {wrong:?}");
}

/// A server that answers one request with what it was asked.
fn echo() -> (u16, std::thread::JoinHandle<String>) {
    use std::io::{Read as _, Write as _};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let asked = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a request");
        let mut text = Vec::new();
        let mut part = [0; 4096];
        while !text.windows(4).any(|end| end == b"\r\n\r\n") {
            let read = stream.read(&mut part).expect("a request");
            if read == 0 {
                break;
            }
            text.extend_from_slice(&part[..read]);
        }
        stream.write_all(b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok").expect("an answer");
        String::from_utf8_lossy(&text).into_owned()
    });
    (port, asked)
}

#[test]
fn curl_sends_what_it_is_told() {
    if !installed("curl") {
        return;
    }
    let home = Home::fixture("programs/curl");
    let (port, asked) = echo();
    assert_eq!(home.run("curl", &[&format!("http://127.0.0.1:{port}/")]).clean(), "ok");
    let asked = asked.join().expect("a request");
    for line in ["User-Agent: it's \"x\" \\ # y", "Accept-Language: en", "X-Own: 1"] {
        assert!(asked.lines().any(|own| own == line), "{line}\n{asked}");
    }
}

#[test]
fn wget_sends_what_it_is_told() {
    if !installed("wget") {
        return;
    }
    let home = Home::fixture("programs/wget");
    let (port, asked) = echo();
    home.run("wget", &["-q", "-O", "got", &format!("http://127.0.0.1:{port}/")]).clean();
    assert_eq!(home.read("got"), "ok");
    let asked = asked.join().expect("a request");
    for line in ["User-Agent: Mozilla/5.0 (it's \"x\")", "Accept-Language: en", "X-Own: 1"] {
        assert!(asked.lines().any(|own| own == line), "{line}\n{asked}");
    }
}

#[test]
fn mercurial_reads_users_aliases_and_what_it_ignores() {
    if !installed("hg") {
        return;
    }
    let home = Home::fixture("programs/mercurial");
    home.run("hg", &["init", "repo"]).clean();
    for file in ["repo/a", "repo/b.orig", "repo/build/x", "repo/c~"] {
        home.write(file, "x");
    }
    assert_eq!(home.run("hg", &["-R", "repo", "status", "-n"]).clean(), "a\n");
    home.run("hg", &["-R", "repo", "commit", "-qAm", "one"]).clean();
    let user = home.run("hg", &["-R", "repo", "log", "-T", "{author}"]).clean();
    assert_eq!(user, "Alice Example <alice@example.com>");
    let id = home.run("hg", &["-R", "repo", "short"]).clean();
    assert!(id.len() == 13 && id.ends_with('\n'), "{id:?}");
    let loaded = home.run("hg", &["config", "extensions"]).clean();
    assert_eq!(loaded, "extensions.rebase=\nextensions.histedit=\n");
}

#[test]
fn gh_reads_its_configuration() {
    if !installed("gh") {
        return;
    }
    let home = Home::fixture("programs/gh");
    for (key, value) in [("git_protocol", "ssh"), ("pager", "less -FR"), ("prompt", "disabled")] {
        assert_eq!(home.run("gh", &["config", "get", key]).clean().trim_end(), value);
    }
    let asked = ["config", "get", "git_protocol", "--host", "github.com"];
    assert_eq!(home.run("gh", &asked).clean(), "ssh\n");
    let out = home.run("gh", &["alias", "list"]).ok();
    assert!(out.contains("co:") && out.contains("pr checkout"), "{out}");
    if installed("git") {
        let asked =
            ["config", "--get-urlmatch", "credential.helper", "https://github.example.com/x"];
        assert_eq!(home.run("git", &asked).clean(), "!gh auth git-credential\n");
    }
}

#[test]
fn gpg_takes_every_option_and_the_keys() {
    if !installed("gpg") {
        return;
    }
    let home = Home::fixture("programs/gpg");
    let folder = home.join(".local/share/gnupg");
    let checked =
        home.run("gpgconf", &["--homedir", folder.as_str(), "--check-options", "gpg"]).ok();
    assert!(checked.trim_end().ends_with(":1:1:"), "{checked}");
    for file in &home.documents[home.documents.len() - 1].files {
        if let Some(command) =
            file.on_change.as_ref().filter(|_| file.path.as_str().contains(".asc"))
        {
            home.run("sh", &["-c", command]).ok();
        }
    }
    let keys =
        home.run("gpg", &["--homedir", folder.as_str(), "--list-keys", "--with-colons"]).ok();
    assert!(keys.lines().any(|line| line.starts_with("pub:u:")), "the key is trusted: {keys}");
}

#[test]
fn gpg_agent_takes_every_option() {
    if !installed("gpgconf") {
        return;
    }
    let home = Home::fixture("services/gpg-agent");
    let out = home.run("gpg-agent", &["--homedir", home.join(".gnupg").as_str(), "--gpgconf-test"]);
    assert!(out.status == Some(0), "{out:#?}");
}

#[test]
fn pass_finds_its_store() {
    if !installed("pass") || !installed("gpg") {
        return;
    }
    let home = Home::fixture("programs/password-store");
    home.write(".local/share/password-store/mail/alice.gpg", "");
    let out = home.run("sh", &["-c", ". ~/.config/hcc/session.sh; pass ls"]).ok();
    assert!(out.contains("alice"), "{out}");
}

#[test]
fn tealdeer_reads_its_configuration() {
    if !installed("tldr") {
        return;
    }
    let home = Home::fixture("programs/tealdeer");
    home.write("notes/tldr/own.page.md", "# own\n\n> Mine.\n\n- Run it:\n\n`own {{x}}`\n");
    home.write("notes/tldr/own.page", "# own\n\n> Mine.\n\n- Run it:\n\n`own {{x}}`\n");
    home.write(".cache/tealdeer/tldr-pages/pages/common/x.md", "# x\n");
    let out = home.run("tldr", &["--show-paths"]).ok();
    assert!(out.contains("notes/tldr"), "{out}");
}

#[test]
fn ranger_reads_its_files() {
    if !installed("ranger") {
        return;
    }
    let home = Home::fixture("programs/ranger");
    let mut command = home.command("timeout");
    command.args(["20", "script", "-qec", "ranger --cmd='eval open(\"said\",\"w\").write(repr([fm.settings.show_hidden, fm.settings.preview_images, fm.settings.column_ratios]))' --cmd=quit!", "/dev/null"]);
    command.env("TERM", "xterm");
    super::home::said(&mut command).ok();
    assert_eq!(home.read("said"), "[True, False, [1, 3, 3]]");
    assert_eq!(home.read("plugin-ran"), "");
}

#[test]
fn editors_agree_on_the_editorconfig() {
    if !installed("editorconfig") {
        return;
    }
    let home = Home::fixture("programs/editorconfig");
    for (file, line) in
        [("x.txt", "indent_size=2"), ("Makefile", "indent_style=tab"), ("x.c", "indent_size=8")]
    {
        let out = home.run("editorconfig", &[home.join(file).as_str()]).clean();
        assert!(out.lines().any(|own| own == line), "{file}: {out}");
    }
}

#[test]
fn btop_keeps_what_it_reads() {
    if !installed("btop") || !installed("script") {
        return;
    }
    let home = Home::fixture("programs/btop");
    let mut command = home.command("timeout");
    // It writes all of its settings when it ends, those that it has read among them.
    let script = "stty cols 120 rows 40; timeout --foreground --signal=INT 3 btop --utf-force";
    command.args(["20", "script", "-qec", script, "/dev/null"]).env("TERM", "xterm-256color");
    let _ended = super::home::said(&mut command);
    let text = home.read(".config/btop/btop.conf");
    assert!(text.lines().count() > 50, "btop has written it: {text}");
    for line in [
        "color_theme = \"mine\"",
        "theme_background = False",
        "vim_keys = True",
        "shown_boxes = \"cpu proc\"",
        "update_ms = 1000",
        "proc_sorting = \"memory\"",
        "show_battery = False",
        "clock_format = \"%H:%M\"",
    ] {
        assert!(text.lines().any(|own| own == line), "{line}\n{text}");
    }
}

#[test]
fn htop_keeps_what_it_reads() {
    if !installed("htop") || !installed("script") {
        return;
    }
    let home = Home::fixture("programs/htop");
    // It writes all that it knows once a setting was changed: here to and fro.
    let keys = "sleep 1; printf HH; sleep 1; printf q; sleep 1";
    let script =
        format!("({keys}) | timeout 15 script -qec 'stty cols 120 rows 40; htop' /dev/null");
    let mut command = home.command("sh");
    command.args(["-c", &script]).env("TERM", "xterm");
    super::home::said(&mut command).ok();
    let text = home.read(".config/htop/htoprc");
    assert!(text.contains("htop_version="), "htop has written it: {text}");
    for line in [
        "fields=0 48 46 47 49 1",
        "column_meters_0=AllCPUs2 Memory",
        "column_meter_modes_0=1 3",
        "column_meters_1=Tasks LoadAverage",
        "column_meter_modes_1=2 4",
        "tree_view=1",
        "hide_userland_threads=1",
        "show_program_path=0",
        "highlight_base_name=1",
        "color_scheme=6",
        "delay=15",
        "screen:Main=PID USER PERCENT_CPU PERCENT_MEM TIME Command",
    ] {
        assert!(text.lines().any(|own| own == line), "{line}\n{text}");
    }
}

#[test]
fn fastfetch_shows_what_it_is_told() {
    if !installed("fastfetch") {
        return;
    }
    let home = Home::fixture("programs/fastfetch");
    // For root it looks where the password file says; a folder that is said holds for everybody.
    let show = |config: &str| {
        home.write("said/fastfetch/config.jsonc", config);
        let mut command = home.command("fastfetch");
        super::home::said(command.arg("--pipe").env("XDG_CONFIG_HOME", home.join("said")))
    };
    let config = home.read(".config/fastfetch/config.jsonc");
    let out = show(&config).ok();
    let date = out.lines().find(|line| line.contains("\"Date\" -> 20")).expect("the date");
    assert_eq!(date.matches('-').count(), 3, "in its format: {date}");
    assert!(!out.contains("Kernel"), "nothing else: {out}");
    let wrong = show(&config.replace("\"source\"", "\"sauce\""));
    assert!((wrong.out + &wrong.err).contains("logo.sauce"), "it looks at every key");
}

#[test]
fn lf_takes_every_line() {
    if !installed("lf") || !installed("script") {
        return;
    }
    let home = Home::fixture("programs/lf");
    let read = || {
        let script = "stty rows 30 cols 90; TERM=xterm lf -config .config/lf/lfrc -log log \
                      -command '$echo \"$lf_hidden,$lf_preview,$lf_promptfmt,$lf_ratios,$lf_info,$lf_tabstop\" > said' \
                      -command quit";
        home.write("log", "");
        home.run("script", &["-qec", script, "/dev/null"]);
        (home.read("said"), home.read("log"))
    };
    let (said, log) = read();
    let prompt = "\u{1b}[34m%d\u{1b}[0m%f # 'x'";
    assert_eq!(said, format!("true,false,{prompt},1:2:3,size:time,4\n"));
    assert!(!log.contains("unknown option") && !log.contains("parsing"), "{log}");
    home.write(".config/lf/lfrc", "set nonsense 3\n");
    assert!(read().1.contains("unknown option: nonsense"), "it looks at options");
}

#[test]
fn micro_reads_its_settings() {
    if !installed("micro") || !installed("script") {
        return;
    }
    let home = Home::fixture("programs/micro");
    let own = "function init()
    local said = io.open('said', 'w')
    for _, name in ipairs({'tabsize', 'colorscheme', 'autosu'}) do
        said:write(tostring(config.GetGlobalOption(name)) .. ' ')
    end
    said:close()
end\n";
    let path = ".config/micro/init.lua";
    home.write(path, &format!("{}{own}", home.read(path)));
    let script = "stty rows 20 cols 80; TERM=xterm timeout --foreground 2 micro a.txt";
    let said = home.run("script", &["-qec", script, "/dev/null"]);
    assert_eq!(home.read("said"), "2 mine true ", "{said:#?}");
    assert!(!said.out.contains("rror"), "{said:#?}");
    let path = ".config/micro/bindings.json";
    home.write(path, &home.read(path).replace("Undo", "Undoo"));
    let wrong = home.run("script", &["-qec", script, "/dev/null"]);
    assert!(wrong.out.contains("action Undoo"), "it looks at actions: {wrong:#?}");
}

#[test]
fn udiskie_reads_options_devices_and_notifications() {
    if !installed("udiskie") {
        return;
    }
    let home = Home::fixture("services/udiskie");
    let script = "from udiskie.config import Config
read = Config.from_file('.config/udiskie/config.yml')
print(read.program_options)
print(len(list(read.device_config)), read.notifications, read.icon_names)";
    // Debian's own, for which its modules are.
    let mut python = home.command("/usr/bin/python3");
    let said = super::home::said(python.args(["-c", script])).clean();
    for part in [
        "'automount': False",
        "'tray': True",
        "'terminal': 'foot -D'",
        "'password_prompt': ['gnome-keyring-query', 'get', '{id_uuid}']",
        "2 {'timeout': 1.5, 'device_added': False}",
        "'media': ['drive-removable-media', 'media-optical']",
    ] {
        assert!(said.contains(part), "{part}\n{said}");
    }
}

#[test]
fn go_has_the_environment_it_was_told() {
    if !installed("go") {
        return;
    }
    let home = Home::fixture("programs/go");
    let said = home.run("go", &["env", "GOPRIVATE", "GOPATH", "GOPROXY", "CGO_CFLAGS"]).clean();
    let wanted = "*.corp.example.com,example.org/private\n/home/alice/go\ndirect\n-O2 -DX=1 # no\n";
    assert_eq!(said, wanted);
}

#[test]
fn topgrade_runs_the_commands_of_its_file() {
    if !installed("topgrade") || !installed("script") {
        return;
    }
    let home = Home::fixture("programs/topgrade");
    // It asks root whether it means it.
    let path = ".config/topgrade.toml";
    let config = home.read(path).replace("[misc]", "[misc]\nallow_root = true");
    let run = |config: &str| {
        home.write(path, config);
        home.run("script", &["-qec", "topgrade --dry-run --skip-notify", "/dev/null"])
    };
    let said = run(&config);
    assert!(said.out.contains("Own \"one\"") && said.out.contains("echo it"), "{said:#?}");
    let wrong = run(&config.replace("assume_yes = true", "assume_yes = \"much\""));
    assert!(wrong.out.contains("invalid type"), "it looks at values: {wrong:#?}");
}

#[test]
fn yazi_takes_each_of_its_files() {
    if !installed("yazi") || !installed("script") {
        return;
    }
    let home = Home::fixture("programs/yazi");
    home.write("folder/shown.txt", "");
    // It runs until it is ended, and draws at once.
    let shown = || {
        let script = "stty cols 120 rows 30; timeout --foreground --signal=KILL 2 yazi folder";
        let mut command = home.command("timeout");
        command.args(["20", "script", "-qec", script, "/dev/null"]).env("TERM", "xterm-256color");
        super::home::said(&mut command).out
    };
    let out = shown();
    assert!(out.contains("shown.txt") && !out.contains("Failed to"), "{out:?}");
    for (file, right, wrong) in [
        ("yazi.toml", "show_hidden = true", "show_hidden = 3"),
        ("keymap.toml", "on = [\"l\"]", "on = [1]"),
        ("theme.toml", "\"#89b4fa\"", "\"blueish\""),
        ("vfs.toml", "port = 22", "port = \"ssh\""),
    ] {
        let path = format!(".config/yazi/{file}");
        let text = home.read(&path);
        assert!(text.contains(right), "{text}");
        home.write(&path, &text.replace(right, wrong));
        let out = shown();
        assert!(out.contains("TOML parse error"), "it looks at {file}: {out:?}");
        home.write(&path, &text);
    }
}
