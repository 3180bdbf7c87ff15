//! A home as one POSIX shell script, for a machine without hcc.
//!
//! What the script does stands in `install.sh`; here its contents are written down. Text stands in
//! it as it is, everything else as octal for `printf`, which every shell has.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use camino::Utf8Path;
use crc::{CRC_32_CKSUM, Crc};

use super::{Laid, Mode, Refused, What};
use crate::emit::quote;
use crate::ir::{Document, Install};

const LIBRARY: &str = include_str!("install.sh");

/// How long a line of `printf` gets: where that is no builtin, each is a process.
const LINE: usize = 8000;

/// Writes the script.
///
/// # Errors
/// [`Refused::Source`].
pub fn write(document: &Document, list: &[Laid<'_>]) -> Result<String, Refused> {
    let home = document.user.as_ref().map_or("", |user| &*user.home);
    let mut out = head(document, list.len());
    out.push_str(LIBRARY);
    let _written = write!(out, "\ncompiled_for={}\n\ncontents() {{\n", quoted(home));
    let mut moved = Vec::new();
    for laid in list {
        let key = key(laid.path.as_str());
        let path = quoted(laid.path.as_str());
        match (&laid.what, laid.bytes()?) {
            (What::Text(_, mode) | What::Copy(_, mode), Some(bytes)) => {
                contents(&bytes, &mut out);
                let shared = if laid.file.install == Install::Merge { "shared" } else { "own" };
                let said = if mode.said { "yes" } else { "no" };
                let (bits, symbols) = (mode.bits, symbols(*mode));
                let sum = sum(&bytes);
                let _written = writeln!(
                    out,
                    "file {key} '{sum} {}' {bits:o} {symbols} {said} {shared} {path}",
                    bytes.len()
                );
                if names(&bytes, home) {
                    moved.push(laid.path.as_str());
                }
            }
            (What::Link(to), _) => {
                let _written = writeln!(out, "link {key} {} {path}", quoted(to));
                if names(to.as_bytes(), home) {
                    moved.push(laid.path.as_str());
                }
            }
            _ => {}
        }
    }
    out.push_str("return 0\n}\n\nprivate() {\n");
    match private(list).as_slice() {
        [] => out.push_str("return 1\n"),
        folders => {
            let _written =
                writeln!(out, "case $1 in\n{}) return 0 ;;\nesac\nreturn 1", folders.join(" | "));
        }
    }
    out.push_str("}\n\nmoved() {\n");
    if moved.is_empty() {
        out.push_str("return 0\n");
    } else {
        let mut text = format!("note: this was compiled for {home}, which these name:\n");
        moved.iter().for_each(|path| {
            let _written = writeln!(text, "  ~/{path}");
        });
        show(&text, &mut out);
    }
    out.push_str("}\n\nby_hand() {\n");
    match left_to_do(document) {
        text if text.is_empty() => out.push_str("return 0\n"),
        text => show(&format!("Left to do by hand:\n{text}"), &mut out),
    }
    // The last line: a script that was cut short does nothing.
    out.push_str("}\n\nmain \"$@\"\n");
    Ok(out)
}

fn head(document: &Document, count: usize) -> String {
    let user = document.user.as_ref().map_or("", |user| &*user.name);
    let name = format!("{user}@{}", document.host.name);
    let name: String = name.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let files = if count == 1 { "file" } else { "files" };
    let version = env!("CARGO_PKG_VERSION");
    format!(
        "#!/bin/sh\n# The home of {name}, {count} {files}, by hcc {version}. --help says what this takes.\n\
         # Texts may hold a dollar, and what is said of the home begins with a tilde.\n\
         # shellcheck disable=SC2016,SC2088\n\n"
    )
}

/// Says a text, in which nothing steers a terminal.
fn show(text: &str, out: &mut String) {
    let steers = |c: char| c.is_control() && c != '\n' && c != '\t';
    let text: String = text.chars().map(|c| if steers(c) { ' ' } else { c }).collect();
    let text = &*text;
    let end = delimiter(text);
    let _written = writeln!(out, "cat <<'{end}'\n{text}{end}");
}

/// Brings bytes into `$work/new`.
fn contents(bytes: &[u8], out: &mut String) {
    let plain = |text: &&str| text.chars().all(|c| !c.is_control() || c == '\n' || c == '\t');
    match std::str::from_utf8(bytes).ok().filter(plain) {
        Some("") => out.push_str(": >\"$work/new\"\n"),
        Some(text) if text.ends_with('\n') => {
            let end = delimiter(text);
            let _written = writeln!(out, "cat >\"$work/new\" <<'{end}'\n{text}{end}");
        }
        Some(text) => {
            let _written = writeln!(out, "printf '%s' {} >\"$work/new\"", quoted(text));
        }
        None => {
            out.push_str("{\n");
            octal(bytes, out);
            out.push_str("} >\"$work/new\"\n");
        }
    }
}

/// A word that is no line of a text.
fn delimiter(text: &str) -> String {
    let mut end = "END".to_owned();
    let mut count = 1;
    while text.lines().any(|line| line == end) {
        count += 1;
        end = format!("END_{count}");
    }
    end
}

/// Bytes as formats of `printf`: letters and digits as they are, all else as three octal digits.
fn octal(bytes: &[u8], out: &mut String) {
    let mut line = 0;
    for byte in bytes {
        if line == 0 {
            out.push_str("printf '");
        }
        let before = out.len();
        match byte {
            b' ' | b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => out.push(char::from(*byte)),
            other => {
                let _written = write!(out, "\\{other:03o}");
            }
        }
        line += out.len() - before;
        if line >= LINE {
            out.push_str("'\n");
            line = 0;
        }
    }
    if line > 0 {
        out.push_str("'\n");
    }
}

/// A word in single quotes, whatever it is.
fn quoted(text: &str) -> String {
    let word = quote::shell(text);
    if word.starts_with('\'') { word } else { format!("'{word}'") }
}

/// What a path is called in the script's own notes.
fn key(path: &str) -> String {
    blake3::hash(path.as_bytes()).to_hex().chars().take(16).collect()
}

/// The sum that cksum(1) prints: POSIX has the length go in behind the bytes.
fn sum(bytes: &[u8]) -> u32 {
    let crc = Crc::<u32>::new(&CRC_32_CKSUM);
    let mut digest = crc.digest();
    digest.update(bytes);
    let mut length = bytes.len();
    while length > 0 {
        digest.update(&[(length & 0xff) as u8]);
        length >>= 8;
    }
    digest.finalize()
}

/// As `ls -l` shows permissions.
/// The folders, quoted, in which nothing is for anybody but the owner.
fn private(list: &[Laid<'_>]) -> Vec<String> {
    let mut folders: BTreeMap<&Utf8Path, bool> = BTreeMap::new();
    for laid in list {
        let is_private = laid.mode().is_some_and(|mode| mode.bits & 0o077 == 0);
        for folder in laid.path.ancestors().skip(1).filter(|folder| !folder.as_str().is_empty()) {
            let all = folders.entry(folder).or_insert(true);
            *all &= is_private;
        }
    }
    let private = folders.into_iter().filter(|(_, all)| *all);
    private.map(|(folder, _)| quoted(folder.as_str())).collect()
}

fn symbols(mode: Mode) -> String {
    let one =
        |at: u32| if mode.bits >> at & 1 == 1 { ['x', 'w', 'r'][at as usize % 3] } else { '-' };
    (0..9).rev().map(one).collect()
}

/// Whether bytes name a home.
fn names(bytes: &[u8], home: &str) -> bool {
    let home = home.trim_end_matches('/').as_bytes();
    !home.is_empty() && bytes.windows(home.len()).any(|window| window == home)
}

/// What a document asks for besides its files, a line each.
fn left_to_do(document: &Document) -> String {
    let mut out = String::new();
    let mut managers: Vec<&str> = Vec::new();
    for package in &document.packages {
        if !managers.contains(&&*package.manager) {
            managers.push(&package.manager);
        }
    }
    for manager in managers {
        let own = document.packages.iter().filter(|package| package.manager == manager);
        let names: Vec<&str> = own.map(|package| &*package.name).collect();
        let of = if manager.is_empty() { String::new() } else { format!(" ({manager})") };
        let _written = writeln!(out, "  packages{of}: {}", names.join(" "));
    }
    for unit in &document.units {
        let _written = writeln!(out, "  service ({}): {}", unit.manager, unit.name);
    }
    for preference in &document.defaults {
        let value = serde_json::to_string(&preference.value).unwrap_or_default();
        let here = if preference.current_host { " (this machine)" } else { "" };
        let _written =
            writeln!(out, "  preference{here}: {} {} = {value}", preference.domain, preference.key);
    }
    for action in &document.actions {
        let _written = writeln!(out, "  run: {}", action.run.trim_end().replace('\n', "\n       "));
    }
    for file in
        document.files.iter().filter_map(|file| Some((&file.path, file.on_change.as_ref()?)))
    {
        let _written = writeln!(out, "  run when ~/{} changed: {}", file.0, file.1.trim_end());
    }
    out
}
