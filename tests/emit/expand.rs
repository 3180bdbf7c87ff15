//! `$NAME` in session variables, read back by each shell.

use hcc::emit::{Shell, shell_expand};

use crate::kit::{file, has, run, texts};

const CASES: &[(&str, &str)] = &[
    ("$A/bin", "1 2/bin"),
    ("${A}b", "1 2b"),
    ("$A$B", "1 2$x"),
    ("${A}$B", "1 2$x"),
    ("$A[1]", "1 2[1]"),
    ("$A:h", "1 2:h"),
    ("$A-x", "1 2-x"),
    ("${A}é", "1 2é"),
    ("a$A", "a1 2"),
    ("'$A'", "'1 2'"),
    ("\"$A\"", "\"1 2\""),
    ("\\$A\\", "\\1 2\\"),
    ("$$A $A", "$A 1 2"),
    ("$$$A", "$1 2"),
    ("$$(id) $A", "$(id) 1 2"),
    ("$A\n x", "1 2\n x"),
    ("50% $A #;", "50% 1 2 #;"),
    ("$B", "$x"),
    ("$$", "$"),
    ("~/x", "~/x"),
    ("", ""),
];

fn cases() -> Vec<(String, String)> {
    let known = CASES.iter().map(|(text, wanted)| ((*text).to_owned(), (*wanted).to_owned()));
    let any = texts().into_iter().filter(|text| !text.contains('`')).flat_map(|text| {
        let literal = text.replace('$', "$$");
        [
            (literal.clone(), text.clone()),
            (format!("{literal}${{A}}{literal}"), format!("{text}1 2{text}")),
        ]
    });
    known.chain(any).collect()
}

#[test]
fn shells_expand_names_and_nothing_else() {
    let shells = [
        ("sh", Shell::Posix, "A='1 2' B='$x'\n"),
        ("dash", Shell::Posix, "A='1 2' B='$x'\n"),
        ("bash", Shell::Posix, "A='1 2' B='$x'\n"),
        ("zsh", Shell::Posix, "A='1 2' B='$x'\n"),
        ("fish", Shell::Fish, "set A '1 2'; set B '$x'\n"),
    ];
    for (program, shell, start) in shells {
        if !has(program) {
            continue;
        }
        let mut script = start.to_owned();
        for (text, _) in cases() {
            script += &format!("printf '%s\\0' {}\n", shell_expand(&text, shell).unwrap());
        }
        let (_dir, path) = file("script", &script);
        let output = String::from_utf8(run(program, &[&path], b"")).unwrap();
        for (read, (text, wanted)) in output.split('\0').zip(cases()) {
            let word = shell_expand(&text, shell).unwrap();
            assert_eq!(read, wanted, "{program} reads {word}");
        }
        assert_eq!(output.split_terminator('\0').count(), cases().len());
    }
}

const GENERATOR: &str =
    "/usr/lib/systemd/user-environment-generators/30-systemd-environment-d-generator";

#[test]
fn environment_d_expands_names_and_nothing_else() {
    if !std::path::Path::new(GENERATOR).exists() {
        eprintln!("SKIPPED: systemd's environment.d generator is not installed");
        return;
    }
    for text in texts() {
        let refused = text.is_empty()
            || text.contains(|c: char| c.is_ascii_control() || u32::from(c) & 0xfffe == 0xfffe);
        let literal = text.replace('$', "$$").replace('`', "'");
        assert_eq!(shell_expand(&literal, Shell::EnvironmentD).is_err(), refused, "{text:?}");
    }
    let start = "A=\"1 2\"\nB=\"\\$\\$x\"\n".to_owned();
    let cases: Vec<(String, String)> = cases()
        .into_iter()
        .filter(|(text, _)| shell_expand(text, Shell::EnvironmentD).is_ok())
        .collect();
    let lines = cases.iter().enumerate().map(|(at, (text, _))| {
        format!("K{at}_={}\n", shell_expand(text, Shell::EnvironmentD).unwrap())
    });
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("environment.d");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("10-test.conf"), start + &lines.collect::<String>()).unwrap();
    let output =
        std::process::Command::new(GENERATOR).env("XDG_CONFIG_HOME", dir.path()).output().unwrap();
    assert!(
        output.status.success() && output.stderr.is_empty(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let read = String::from_utf8(output.stdout).unwrap();
    for (at, (text, wanted)) in cases.iter().enumerate() {
        let prefix = format!("K{at}_=");
        let value = read
            .lines()
            .find_map(|line| line.strip_prefix(&prefix))
            .unwrap_or_else(|| panic!("{text:?}"));
        assert_eq!(unquoted(value), *wanted, "of {text:?}");
    }
}

/// What the manager reads of the generator's answer: `parse_env_file`, inside double quotes.
fn unquoted(value: &str) -> String {
    let Some(inner) = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')) else {
        return value.to_owned();
    };
    let mut out = String::new();
    let mut chars = inner.chars().peekable();
    while let Some(c) = chars.next() {
        if c == '\\' && chars.peek().is_some_and(|c| "\"\\`$".contains(*c)) {
            out.extend(chars.next());
        } else {
            out.push(c);
        }
    }
    out
}

#[test]
fn what_a_shell_would_run_is_refused_where_it_stands() {
    let cases = [
        ("a${X:-y}b", 1..8),
        ("a $(id) b", 2..7),
        ("`id`", 0..4),
        ("é$", 2..3),
        ("$ x", 0..1),
        ("$1", 0..1),
        ("${X", 0..3),
        ("$(x", 0..3),
        ("$?", 0..1),
        ("${é}", 0..5),
        ("$é", 0..1),
    ];
    for (text, range) in cases {
        for shell in [Shell::Posix, Shell::Fish, Shell::Nushell, Shell::EnvironmentD] {
            assert_eq!(shell_expand(text, shell).unwrap_err().range, range, "{text}");
        }
    }
    let error = shell_expand("${X:-y}", Shell::Posix).unwrap_err();
    assert_eq!(error.message, "only `$NAME` and `${NAME}` expand here, found `${X:-y}`");
    assert!(error.help.contains("`init` of your shell"));
    assert!(shell_expand("a$", Shell::Posix).unwrap_err().help.contains("`$$`"));
}

#[test]
fn nushell_interpolates_only_names() {
    let read = |text| shell_expand(text, Shell::Nushell).unwrap();
    assert_eq!(read("$HOME/(x) \"y\" \\"), r#"$"($env.HOME)/\(x\) \"y\" \\""#);
    assert_eq!(read("(x) $$"), r#""(x) $""#);
}
