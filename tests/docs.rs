//! Every block of KDL in the documents is compiled: one marked `must-fail` fails, one marked
//! `part` is not a configuration of its own. Every `console` block is run, and prints what it says.

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use camino::Utf8Path;
use hcc::cli::session::Session;
use hcc::diag::{Diagnostics, Sources};
use hcc::eval::program::{self, Shelf};
use hcc::schema::catalogue::{Entry, entries};
use hcc::schema::{home_manager, library};
use hcc::syntax::import;
use support::machine;
use support::stand_ins::needs;

const DOCUMENTS: &[&str] = &["README.md", "ARCHITECTURE.md", "CHANGELOG.md"];

struct Block {
    line: usize,
    info: String,
    text: String,
}

fn blocks(text: &str) -> Vec<Block> {
    let mut found = Vec::new();
    let mut open: Option<Block> = None;
    for (index, line) in text.lines().enumerate() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(info)) => {
                open = Some(Block {
                    line: index + 1,
                    info: info.trim().to_owned(),
                    text: String::new(),
                })
            }
            (Some(_), Some("")) => found.extend(open.take()),
            (Some(block), _) => {
                block.text.push_str(line);
                block.text.push('\n');
            }
            (None, None) => {}
        }
    }
    found
}

#[test]
fn every_block_of_kdl_compiles() {
    let root = Utf8Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut count = 0;
    for name in DOCUMENTS {
        let text = std::fs::read_to_string(root.join(name)).unwrap_or_default();
        for block in blocks(&text).into_iter().filter(|block| block.info.starts_with("kdl")) {
            if block.info.contains("part") {
                continue;
            }
            count += 1;
            let folder = tempfile::tempdir().expect("a temporary folder");
            let path = folder.path().join("hcc.kdl");
            std::fs::write(&path, &block.text).expect("can be written");
            let path = Utf8Path::from_path(&path).expect("is UTF-8");
            let mut session = Session::load(path, machine());
            for host in session.program.structure.hosts.clone() {
                session.compile(&host, None);
            }
            let failed = session.diags.has_errors();
            let wanted = block.info.contains("must-fail");
            assert_eq!(
                failed,
                wanted,
                "{name}:{}\n{}\n{}",
                block.line,
                block.text,
                session.problems()
            );
        }
    }
    assert!(count > 0, "no block was found");
}

/// Where the documents clone a repository from; there, `fixtures/dotfiles` answers.
const REPOSITORY: &str = "https://git.example.org/alice/dotfiles";

/// A command of a `console` block, and what it prints by the document.
struct Said {
    line: usize,
    command: String,
    prints: Vec<String>,
}

/// `$ command` and what it prints, blocks being parts of one session.
fn session(text: &str) -> Vec<Said> {
    let mut all: Vec<Said> = Vec::new();
    for block in blocks(text).into_iter().filter(|block| block.info == "console") {
        for (index, line) in block.text.lines().enumerate() {
            match (line.strip_prefix("$ "), all.last_mut()) {
                (Some(command), _) => all.push(Said {
                    line: block.line + index + 1,
                    command: command.to_owned(),
                    prints: Vec::new(),
                }),
                (None, Some(said)) => said.prints.push(line.to_owned()),
                (None, None) => panic!("line {}: no command yet", block.line + index + 1),
            }
        }
    }
    all
}

/// Whether lines are what a document says, in which a line `...` stands for any others.
fn prints(said: &[String], lines: &[&str]) -> bool {
    match said.split_first() {
        None => lines.is_empty(),
        Some((first, rest)) if first == "..." => {
            (0..=lines.len()).any(|at| prints(rest, &lines[at..]))
        }
        Some((first, rest)) => lines.first() == Some(&first.as_str()) && prints(rest, &lines[1..]),
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder").flatten() {
        let to = to.join(entry.file_name());
        match entry.path().is_dir() {
            true => copy(&entry.path(), &to),
            false => drop(fs::copy(entry.path(), to).expect("a copy")),
        }
    }
}

fn git(folder: &Path, arguments: &[&str]) {
    let mut git = Command::new("git");
    git.current_dir(folder).args(["-c", "user.name=x", "-c", "user.email=x@example.org"]);
    assert!(git.args(arguments).status().expect("git").success(), "{arguments:?}");
}

#[test]
fn every_session_of_the_readme_prints_what_it_says() {
    const PROGRAMS: &[&str] = &["git", "stow", "tmux", "zsh", "dpkg-query"];
    if !PROGRAMS.iter().all(|program| needs(program, "the sessions of README.md are not run")) {
        return;
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let said = session(&fs::read_to_string(root.join("README.md")).expect("README.md"));
    assert!(!said.is_empty(), "no session was found");

    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path().canonicalize().expect("a folder");
    let (repository, home) = (folder.join("repository"), folder.join("home/alice"));
    copy(&root.join("fixtures/dotfiles"), &repository);
    fs::create_dir_all(home.join(".local/state")).expect("a folder");
    git(&repository, &["init", "-q"]);
    git(&repository, &["add", "-A"]);
    git(&repository, &["commit", "-q", "-m", "x"]);

    let script: String =
        said.iter().map(|said| format!("printf '\\001'\n{}\n", said.command)).collect();
    let own = Path::new(env!("CARGO_BIN_EXE_hcc")).parent().expect("a folder");
    let path = std::env::var("PATH").unwrap_or_default();
    let out = Command::new("sh")
        .args(["-c", &format!("exec 2>&1\n{script}")])
        .current_dir(&home)
        .env_clear()
        .env("HOME", &home)
        .env("USER", "alice")
        .env("LANG", "C.UTF-8")
        .env("TZ", "UTC")
        .env("PATH", format!("{}:{path}", own.display()))
        .env("GIT_CONFIG_COUNT", "1")
        .env("GIT_CONFIG_KEY_0", format!("url.{}.insteadOf", repository.display()))
        .env("GIT_CONFIG_VALUE_0", REPOSITORY)
        .stdin(Stdio::null())
        .output()
        .expect("a shell");
    let machine = hcc::facts::machine().host.name;
    let text = String::from_utf8(out.stdout).expect("UTF-8");
    let text = text.replace(&*home.to_string_lossy(), "/home/alice");
    let text = text.replace(&format!("\"{machine}\""), "\"laptop\"");
    let text = text.replace(&format!("alice@{machine}"), "alice@laptop");
    let parts: Vec<&str> = text.split('\u{1}').skip(1).collect();
    for (said, part) in said.iter().zip(&parts) {
        let lines: Vec<&str> = part.lines().collect();
        assert!(
            prints(&said.prints, &lines),
            "README.md:{}: `{}` prints\n{part}",
            said.line,
            said.command
        );
    }
    assert_eq!(parts.len(), said.len(), "the shell stopped early:\n{text}");
}

/// What README.md says about how many programs there are, and which. With `HCC_BLESS` set it is
/// written there.
#[test]
fn the_readme_names_every_program() {
    let path = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let text = std::fs::read_to_string(&path).expect("a README");
    let is_target =
        |name: &String| library::target(name).is_some_and(|text| text.starts_with("target "));
    let (programs, parts): (Vec<String>, Vec<String>) = library::names()
        .filter(is_target)
        .partition(|name| name.contains('.') && !name.starts_with("systemd."));
    let said = |names: &[String]| {
        let mut names: Vec<&str> =
            names.iter().map(|name| name.strip_prefix("programs.").unwrap_or(name)).collect();
        names.sort_unstable();
        format!("`{}`", names.join("`, `"))
    };
    let shelf = format!("{}; and of the system {}.", said(&programs), said(&parts));
    let mut lines = vec![String::new()];
    for word in shelf.split(' ') {
        if lines.last().is_some_and(|line| line.len() + word.len() > 160) {
            lines.push(String::new());
        }
        let line = lines.last_mut().expect("a line");
        line.push_str(if line.is_empty() { "" } else { " " });
        line.push_str(word);
    }
    let between = |text: &str, start: &str, end: &str, inner: &str| {
        let from = text.find(start).expect("the start") + start.len();
        let to = from + text[from..].find(end).expect("the end");
        format!("{}{inner}{}", &text[..from], &text[to..])
    };
    let mark = "<!-- the shelf, written by `HCC_BLESS=1 cargo test --test docs` -->\n";
    let list = format!("{}\n", lines.join("\n"));
    let wanted = between(&text, mark, "<!-- end of the shelf -->", &list);
    let count = format!("{}, and {} parts of the system ", programs.len(), parts.len());
    let wanted = between(&wanted, "| programs with typed options | ", "|", &count);
    if wanted != text && std::env::var_os("HCC_BLESS").is_some() {
        std::fs::write(&path, &wanted).expect("a writable README");
        return;
    }
    assert!(wanted == text, "README.md lacks a program: run `HCC_BLESS=1 cargo test --test docs`");
}

/// Every option of the shelf.
fn options() -> Vec<Entry> {
    let (mut diags, mut sources) = (Diagnostics::default(), Sources::default());
    let config = import::from_text("", "", Utf8Path::new("."), &mut sources, &mut diags);
    let program = program::build_with(config, sources, &machine(), Shelf::All, &mut diags);
    entries(&program.schema, &program.sources)
}

/// Whether a path is an option, a block of options, or a key of one whose keys are free.
fn is_known(path: &str, options: &[Entry]) -> bool {
    let is_below = |path: &str, other: &str| {
        path.strip_prefix(other).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    options.iter().any(|entry| {
        let is_free = entry.ty.contains("settings") || entry.ty.contains("map<");
        is_below(&entry.path, path) || is_free && is_below(path, &entry.path)
    })
}

/// The other way round than `every_name_of_home_manager_is_a_whole_path`: what the table sends to
/// is there.
#[test]
fn every_option_that_replaces_one_of_home_manager_is_known() {
    let options = options();
    let roots: BTreeSet<&str> =
        options.iter().filter_map(|entry| entry.path.split('.').next()).collect();
    let (mut count, mut wrong) = (0, Vec::new());
    for row in home_manager::rows() {
        for said in row.here.split('`').skip(1).step_by(2) {
            let path = said.split(' ').next().unwrap_or_default();
            let Some((root, _)) = path.split_once('.') else { continue };
            if !roots.contains(root) {
                continue;
            }
            count += 1;
            if !is_known(path, &options) {
                wrong.push(format!("{path}, for {:?}", row.names().collect::<Vec<_>>()));
            }
        }
    }
    assert!(count > 0, "no option was found");
    assert!(!is_known("programs.git.no-option", &options));
    assert!(wrong.is_empty(), "docs/home-manager.md names no option:\n{}", wrong.join("\n"));
}

/// How many rows there are. With `HCC_BLESS` set it is written there.
#[test]
fn the_table_counts_its_rows() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/home-manager.md");
    let text = fs::read_to_string(&path).expect("a table");
    let all = home_manager::rows().count();
    let not_here = home_manager::rows().filter(|row| row.here.starts_with("not here")).count();
    let wanted = format!("Rows: {all}, of which {not_here} say that something is not here.");
    let line = text.lines().find(|line| line.starts_with("Rows: ")).expect("a line");
    if line != wanted && std::env::var_os("HCC_BLESS").is_some() {
        fs::write(&path, text.replace(line, &wanted)).expect("a writable table");
        return;
    }
    assert_eq!(line, wanted, "run `HCC_BLESS=1 cargo test --test docs`");
}

/// What the table writes out is written as hcc reads it; what it leaves out, `{ ... }`, is not said.
#[test]
fn every_line_that_replaces_one_of_home_manager_is_understood() {
    let problems = |line: &str, os: &str| {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("hcc.kdl");
        let host = format!("host \"testhost\" os=\"{os}\" distro=\"debian\" {{ user \"alice\" }}");
        fs::write(&path, format!("{host}\n{line}\n")).expect("can be written");
        let mut session = Session::load(Utf8Path::from_path(&path).expect("is UTF-8"), machine());
        for host in session.program.structure.hosts.clone() {
            session.compile(&host, None);
        }
        // A part of what there would be to say, and about files that are not here.
        let part = ["assertion", "missing-option", "missing-source"];
        let is_wrong = session
            .diags
            .iter()
            .any(|one| one.severity == hcc::diag::Severity::Error && !part.contains(&one.code));
        is_wrong.then(|| session.problems())
    };
    let options = options();
    let (mut count, mut wrong) = (0, Vec::new());
    for row in home_manager::rows() {
        for line in row.here.replace("\\|", "|").split('`').skip(1).step_by(2) {
            let (path, said) = line.split_once(' ').unwrap_or_default();
            if !path.contains('.') || !is_known(path, &options) || said.contains(" ... ") {
                continue;
            }
            count += 1;
            if let Some(on_linux) = problems(line, "linux")
                && problems(line, "darwin").is_some()
            {
                wrong.push(format!("{line}\n{on_linux}"));
            }
        }
    }
    assert!(count > 100, "only {count} lines were found");
    assert!(wrong.is_empty(), "docs/home-manager.md:\n{}", wrong.join("\n"));
}

#[test]
fn every_name_of_home_manager_is_a_whole_path_and_stands_once() {
    let names: Vec<&str> = home_manager::rows().flat_map(|row| row.names()).collect();
    let all: BTreeSet<&str> = names.iter().copied().collect();
    assert_eq!(all.len(), names.len(), "docs/home-manager.md says a name twice");
    // Grouped by program, these are the parts of a section that is sorted.
    let text =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/home-manager.md"));
    for section in text.expect("a table").split("\n## ").skip(1) {
        let rows = section.lines().filter_map(|line| line.strip_prefix("| `"));
        let firsts: Vec<&str> = rows.filter_map(|row| row.split('`').next()).collect();
        let mut sorted = firsts.clone();
        sorted.sort_by_key(|name| name.to_lowercase());
        assert_eq!(firsts, sorted, "not sorted");
        let cells = section.lines().filter(|line| line.starts_with("| `"));
        for line in cells {
            assert_eq!(line.replace("\\|", "").matches('|').count(), 3, "two cells: {line}");
        }
    }
}

#[test]
fn a_name_of_home_manager_leads_to_its_row() {
    let said = |path: &str| home_manager::said(path).expect("a row");
    let inner = said("specialisation.light.configuration");
    assert!(inner.sentence.contains("`specialisation` is not here: "), "{inner:?}");
    assert_eq!(inner.path, None);
    let one = said("programs.aerospace.user-settings");
    assert_eq!(one.path, Some("programs.aerospace.settings"));
    assert!(one.sentence.ends_with("is `programs.aerospace.settings` here"), "{one:?}");
    let item = said("programs.fish.functions.inheritVariable");
    assert_eq!(item.path, Some("programs.fish.function.NAME.inherit-variables"));
    // As the table writes it, or as it stands in a configuration.
    for profile in ["NAME", "work", "name"] {
        let row = |option: &str| {
            let said = said(&format!("programs.firefox.profiles.{profile}.{option}"));
            let name = format!("Home Manager's `programs.firefox.profiles.NAME.{option}` is ");
            assert!(said.sentence.starts_with(&name), "{said:?}");
            said.path
        };
        let options = "bookmarks containers containersForce handlers id isDefault name";
        for option in options.split(' ') {
            row(option);
        }
        assert_eq!(row("isDefault"), Some("programs.firefox.profile.NAME.default"));
    }
    assert!(said("wayland.sway.config.fonts").sentence.contains("{ font \"pango"));
    for none in ["programs", "wayland.sway.nothing"] {
        assert!(home_manager::said(none).is_none(), "{none}");
    }
    let about = |end: &str| home_manager::about(end).join("\n");
    assert!(about("fadeDelta").ends_with("here: `services.picom.settings { fade-delta 5 }`"));
    assert_eq!(home_manager::about("config.fonts").len(), 2, "{}", about("config.fonts"));
    assert!(home_manager::about("eDelta").is_empty());
}
