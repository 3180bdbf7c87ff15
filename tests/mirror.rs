//! Folders that a source mirrors: what is found in them, and how it is known again.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

use camino::Utf8Path;
use hcc::files::{Except, look, mirror};

#[test]
fn finds_every_file_once_by_name_and_through_links() {
    let temp = tempfile::tempdir().expect("a folder");
    let root = Utf8Path::from_path(temp.path()).expect("UTF-8");
    let folder = root.join("folder");
    for path in ["a/deep/er/x", "a/.hidden", "a.txt", "a-b/y", "-dash", "sp ace\nline", "ü"] {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
        fs::write(path, "text").expect("a file");
    }
    fs::create_dir(folder.join("empty")).expect("a folder");
    fs::create_dir(root.join("elsewhere")).expect("a folder");
    fs::write(root.join("elsewhere/run"), "#!/bin/sh").expect("a file");
    fs::set_permissions(root.join("elsewhere/run"), PermissionsExt::from_mode(0o755))
        .expect("a mode");
    symlink("../elsewhere", folder.join("z")).expect("a link");
    symlink("../elsewhere/run", folder.join("link")).expect("a link");

    let found = mirror(&folder, &Except::default()).expect("a folder that can be read");
    let names: Vec<&str> = found.iter().map(|own| own.path.as_str()).collect();
    let expected = [
        "-dash",
        "a/.hidden",
        "a/deep/er/x",
        "a-b/y",
        "a.txt",
        "link",
        "sp ace\nline",
        "z/run",
        "ü",
    ];
    assert_eq!(names, expected);
    for own in &found {
        let metadata = fs::metadata(folder.join(&own.path)).expect("a file");
        let stamp = own.stamp.expect("a stamp");
        assert_eq!(own.executable, matches!(own.path.as_str(), "link" | "z/run"), "{}", own.path);
        assert_eq!((stamp.dev, stamp.ino), (metadata.dev(), metadata.ino()));
        assert_eq!((stamp.size, stamp.mode), (metadata.size(), metadata.mode()));
        assert_eq!(stamp.mtime, metadata.mtime() * 1_000_000_000 + metadata.mtime_nsec());
        assert_eq!(stamp.ctime, metadata.ctime() * 1_000_000_000 + metadata.ctime_nsec());
        assert_eq!(look(&folder.join(&own.path)).expect("a file").1, stamp);
    }
}

#[test]
fn what_is_excepted_is_not_even_looked_at() {
    let temp = tempfile::tempdir().expect("a folder");
    let root = Utf8Path::from_path(temp.path()).expect("UTF-8");
    for path in ["keep", "x.bak", "a/x.bak", "a/keep", "top", "a/top", "b/c/d", "b/keep", "[x]"] {
        let path = root.join(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
        fs::write(path, "text").expect("a file");
    }
    symlink("nowhere", root.join("dangling")).expect("a link");
    symlink("..", root.join("a/circle")).expect("a link");
    fs::write(root.as_std_path().join(OsStr::from_bytes(b"caf\xe9")), "x").expect("a file");

    let patterns = ["*.bak", "/top", "b/c", "[[]x[]]", "dangling", "a/circle/", "caf\u{fffd}"];
    let except = Except::new(patterns).expect("globs");
    let found = mirror(root, &except).expect("a folder that can be read");
    let names: Vec<&str> = found.iter().map(|own| own.path.as_str()).collect();
    assert_eq!(names, ["a/keep", "a/top", "b/keep", "keep"]);
    assert_eq!(Except::new(["a", "x[1"]).expect_err("no glob").0, "x[1");
}
