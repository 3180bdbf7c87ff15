//! Lists `targets/**.kdl` and `templates/**` for the binary: a sorted table of path and text.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    // `HCC_EXTRA_TARGETS` lets a benchmark embed a shelf of generated targets.
    println!("cargo:rerun-if-env-changed=HCC_EXTRA_TARGETS");
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let extra = env::var_os("HCC_EXTRA_TARGETS").map(PathBuf::from);
    let mut out = String::new();
    for (table, folder) in [("TARGETS", "targets"), ("TEMPLATES", "templates")] {
        let mut files = Vec::new();
        list(&root.join(folder), &root.join(folder), &mut files)?;
        if let Some(extra) = extra.as_ref().filter(|_| table == "TARGETS") {
            list(extra, extra, &mut files)?;
        }
        files.sort();
        writeln!(out, "static {table}: &[(&str, &str)] = &[").map_err(io::Error::other)?;
        for (name, path) in files {
            writeln!(out, "    ({name:?}, include_str!({path:?})),").map_err(io::Error::other)?;
        }
        writeln!(out, "];").map_err(io::Error::other)?;
    }
    let to = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default()).join("embedded.rs");
    fs::write(to, out)
}

fn list(root: &Path, folder: &Path, files: &mut Vec<(String, PathBuf)>) -> io::Result<()> {
    println!("cargo:rerun-if-changed={}", folder.display());
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            list(root, &path, files)?;
        } else if let Ok(name) = path.strip_prefix(root) {
            files.push((name.to_string_lossy().into_owned(), path.clone()));
        }
    }
    Ok(())
}
