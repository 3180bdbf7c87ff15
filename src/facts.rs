//! This machine and its environment: the only room that asks for them.

use std::env;
use std::io::IsTerminal;
use std::os::unix::fs::MetadataExt;

use camino::{Utf8Path, Utf8PathBuf};

use crate::apply::command::Environment;
use crate::apply::package::Rights;
use crate::apply::service::launchd::Session;
use crate::eval::facts::{HostFacts, Machine, UserFacts};

/// The word behind the program's name, where there is just one.
pub fn only_argument() -> Option<String> {
    let mut args = env::args_os().skip(1);
    let only = args.next()?;
    if args.next().is_none() { only.into_string().ok() } else { None }
}

/// The first word behind the program's name.
pub fn first_argument() -> Option<std::ffi::OsString> {
    env::args_os().nth(1)
}

/// What this machine is and who runs hcc. What cannot be found out stays unknown.
pub fn machine() -> Machine {
    let system = rustix::system::uname();
    let node = system.nodename().to_string_lossy();
    let name = node.split('.').next().unwrap_or("localhost");
    let os = match env::consts::OS {
        "macos" => "darwin",
        other => other,
    };
    let wsl = os == "linux"
        && (env::var_os("WSL_DISTRO_NAME").is_some()
            || system.release().to_string_lossy().to_lowercase().contains("microsoft"));
    let home = home().map(Utf8PathBuf::into_string).unwrap_or_else(|| "/".to_owned());
    let user = ["USER", "LOGNAME"].into_iter().find_map(variable).unwrap_or_else(|| {
        let last = Utf8Path::new(&home).file_name().unwrap_or("root");
        last.to_owned()
    });
    Machine {
        host: HostFacts {
            name: name.into(),
            os: Some(os.into()),
            distro: if os == "linux" { distro().map(Into::into) } else { None },
            arch: Some(env::consts::ARCH.into()),
            wsl,
            tags: Vec::new(),
        },
        user: UserFacts {
            name: user.as_str().into(),
            home: home.trim_end_matches('/').into(),
            uid: Some(i64::from(rustix::process::getuid().as_raw())),
        },
    }
}

/// `ID` of os-release(5).
fn distro() -> Option<String> {
    let text = ["/etc/os-release", "/usr/lib/os-release"]
        .into_iter()
        .find_map(|path| std::fs::read_to_string(path).ok())?;
    let id = text.lines().rev().find_map(|line| line.strip_prefix("ID="))?;
    Some(id.trim_matches('"').to_owned())
}

/// A variable of the environment that is set, and not to nothing.
pub fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

/// The home of who runs hcc.
pub fn home() -> Option<Utf8PathBuf> {
    variable("HOME").map(Utf8PathBuf::from)
}

/// The home of a user of this machine, by passwd(5).
pub fn home_of(user: &str) -> Option<String> {
    let text = std::fs::read_to_string("/etc/passwd").ok()?;
    let mut lines = text.lines().map(|line| line.split(':').collect::<Vec<_>>());
    let fields = lines.find(|fields| fields.first() == Some(&user))?;
    fields.get(5).map(|home| (*home).to_owned())
}

/// `$HCC_CONFIG`.
pub fn config_variable() -> Option<Utf8PathBuf> {
    variable("HCC_CONFIG").map(Utf8PathBuf::from)
}

/// `$HCC_STATE`.
pub fn state_variable() -> Option<Utf8PathBuf> {
    variable("HCC_STATE").map(Utf8PathBuf::from)
}

/// What hcc is run as: whether it is root, and whether somebody can be asked.
pub fn rights() -> Rights {
    Rights {
        root: uid() == 0,
        terminal: std::io::stdin().is_terminal() && std::io::stderr().is_terminal(),
    }
}

/// Whether stdout is a terminal, which bytes that are no text would upset.
pub fn prints_to_a_terminal() -> bool {
    std::io::stdout().is_terminal()
}

/// The number of who runs hcc, as far as files are concerned.
pub fn uid() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// `$XDG_CONFIG_HOME`, or `~/.config`.
pub fn config_home() -> Option<Utf8PathBuf> {
    variable("XDG_CONFIG_HOME").map(Utf8PathBuf::from).or_else(|| Some(home()?.join(".config")))
}

/// The folder in which hcc was called.
pub fn current_folder() -> Option<Utf8PathBuf> {
    env::current_dir().ok().and_then(|path| Utf8PathBuf::from_path_buf(path).ok())
}

/// Whether the command line asks for JSON, even one that cannot be read otherwise.
pub fn asks_for_json() -> bool {
    let mut options = env::args_os().take_while(|argument| argument != "--");
    options.any(|argument| argument == "--json")
}

/// `$COLUMNS`, if it is set.
pub fn columns() -> Option<usize> {
    variable("COLUMNS").and_then(|text| text.parse().ok())
}

/// A time in seconds since 1970, as the clock on this machine's wall shows it: `2026-03-01 09:30`.
pub fn local_time(seconds: u64) -> String {
    let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
    match jiff::Timestamp::from_second(seconds) {
        Ok(time) => {
            let zone = jiff::tz::TimeZone::system();
            time.to_zoned(zone).strftime("%Y-%m-%d %H:%M").to_string()
        }
        Err(_) => "at an unknown time".to_owned(),
    }
}

/// The login shell's name, such as `zsh`.
pub fn shell() -> Option<String> {
    variable("SHELL").and_then(|path| Utf8Path::new(&path).file_name().map(str::to_owned))
}

/// What programs that hcc runs are given: a clear environment, and the home as their folder.
pub fn environment(home: &Utf8Path) -> Environment {
    const KEPT: &[&str] = &[
        "PATH",
        "USER",
        "LOGNAME",
        "SHELL",
        "TERM",
        "LANG",
        "LC_ALL",
        "LC_CTYPE",
        "TZ",
        "TMPDIR",
        "XDG_RUNTIME_DIR",
        "DBUS_SESSION_BUS_ADDRESS",
        "SSH_AUTH_SOCK",
        "DISPLAY",
        "WAYLAND_DISPLAY",
        // What is between this machine and the archives of packages.
        "http_proxy",
        "https_proxy",
        "all_proxy",
        "no_proxy",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
        "NO_PROXY",
        "SSL_CERT_FILE",
        "NIX_SSL_CERT_FILE",
    ];
    let mut variables: Vec<(String, String)> =
        KEPT.iter().filter_map(|name| Some(((*name).to_owned(), variable(name)?))).collect();
    if !variables.iter().any(|(name, _)| name == "PATH") {
        variables.push(("PATH".to_owned(), "/usr/local/bin:/usr/bin:/bin".to_owned()));
    }
    // Left out by `su` and by plain ssh commands, though the user's systemd runs and is found there.
    let runtime = format!("/run/user/{}", rustix::process::getuid().as_raw());
    if !variables.iter().any(|(name, _)| name == "XDG_RUNTIME_DIR")
        && Utf8Path::new(&runtime).is_dir()
    {
        variables.push(("XDG_RUNTIME_DIR".to_owned(), runtime));
    }
    variables.push(("HOME".to_owned(), home.to_string()));
    Environment { variables, folder: home.to_owned() }
}

/// Who is logged in, for launchd.
pub fn session() -> Session {
    let uid = rustix::process::getuid().as_raw();
    let console = std::fs::metadata("/dev/console").is_ok_and(|console| console.uid() == uid);
    Session { uid, console }
}
