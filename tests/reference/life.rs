//! The reference as a life: applied, found as it was left, and gone without a trace.

use std::fs;
use std::path::Path;
use std::process::Command;

/// hcc in a home, with nothing of the real environment.
#[track_caller]
fn hcc(home: &str, arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_hcc"))
        .args(arguments)
        .env_clear()
        .env("HOME", home)
        .env("USER", "alice")
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .output()
        .expect("runs");
    let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success(), "{arguments:?}: {text}");
    text
}

/// All that is below a folder.
fn below(folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        found.push(entry.path().display().to_string());
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            below(&entry.path(), found);
        }
    }
}

#[test]
fn it_is_applied_kept_and_left() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let root = folder.path().to_str().expect("UTF-8");
    let home = format!("{root}/home/alice");
    let config = format!("{}/fixtures/reference", env!("CARGO_MANIFEST_DIR"));
    let apply =
        ["apply", "--config", &config, "--root", root, "--yes", "--no-packages", "--no-actions"];
    let said = hcc("/home/alice", &apply);
    assert!(said.contains("60 to add."), "{said}");
    assert_eq!(hcc("/home/alice", &apply), "Nothing to do.\n");
    // gpg and ssh refuse folders that others may read.
    for private in [".gnupg", ".ssh"] {
        use std::os::unix::fs::PermissionsExt as _;
        let meta = fs::metadata(Path::new(&home).join(private)).expect("a folder");
        assert_eq!(meta.permissions().mode() & 0o777, 0o700, "{private}");
    }
    let said = hcc(&home, &["status", "--exit-code"]);
    assert!(said.contains("its 60 files are as hcc left them"), "{said}");
    hcc(&home, &["uninstall", "--yes"]);
    let mut left = Vec::new();
    below(Path::new(&home), &mut left);
    assert!(left.is_empty(), "{left:#?}");
}
