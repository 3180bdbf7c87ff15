//! Runs under strace, which kills a program or makes its calls fail.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

/// Calls that change something, or make it stay.
const CALLS: &str = "openat,write,ftruncate,mkdir,mkdirat,symlinkat,linkat,rename,renameat,renameat2,unlink,unlinkat,rmdir,\
    fchmod,fsync,fdatasync,syncfs,utimensat";

/// Whether strace is there; if not, that is said.
pub fn has_strace() -> bool {
    let found = Command::new("strace").arg("--version").output().is_ok();
    if !found {
        eprintln!("SKIPPED: strace is not installed, so no fault is injected");
    }
    found
}

/// Runs a program whose environment is all said; what it came to, and the log. The log is kept in a
/// folder meanwhile. What is injected is traced too.
pub fn traced(program: &Command, folder: &Path, injects: &[String]) -> (Output, String) {
    let log = folder.join("log");
    let mut strace = Command::new("strace");
    strace.args(["-f", "-qq", "-e", "signal=none", "-e"]).arg(format!("trace={CALLS}"));
    for inject in injects {
        strace.args(["-e", inject]);
    }
    strace.arg("-o").arg(&log).arg(program.get_program()).args(program.get_args()).env_clear();
    strace.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
    if let Some(folder) = program.get_current_dir() {
        strace.current_dir(folder);
    }
    let output = strace.output().expect("strace");
    let text = fs::read(&log).expect("a log");
    fs::remove_file(&log).expect("removed");
    (output, String::from_utf8_lossy(&text).into_owned())
}

/// Every call of a log at which something can happen: its name, and which of that name it is, from
/// 1. What is only opened to be read, and what is said, is left out.
pub fn points(log: &str) -> Vec<(String, usize)> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut points = Vec::new();
    for line in log.lines() {
        let Some((name, rest)) = call(line) else { continue };
        let count = counts.entry(name).or_default();
        *count += 1;
        let is_said = name == "write" && (rest.starts_with("1,") || rest.starts_with("2,"));
        if !is_said && (name != "openat" || rest.contains("O_CREAT")) {
            points.push((name.to_owned(), *count));
        }
    }
    points
}

/// A call's name and the rest of its line.
pub fn call(line: &str) -> Option<(&str, &str)> {
    let line = line.trim_start_matches(|own: char| own.is_ascii_digit()).trim_start();
    let (name, rest) = line.split_once('(')?;
    name.bytes().all(|own| own.is_ascii_alphanumeric() || own == b'_').then_some((name, rest))
}
