//! GNU stow deploys `--format stow` to the same visible files as `--out`.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;

use camino::Utf8Path;
use hcc::export;
use hcc::ir::Document;

use super::home::{Home, installed};

/// Every path below a folder that can be read through its links: its bytes and whether it can be
/// executed.
fn visible(root: &Utf8Path, folder: &str, found: &mut BTreeMap<String, (Vec<u8>, bool)>) {
    for entry in std::fs::read_dir(root.join(folder)).expect("a folder").flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = if folder.is_empty() { name } else { format!("{folder}/{name}") };
        let Ok(meta) = std::fs::metadata(root.join(&path)) else {
            // A link that leads out of the home is compared by what it says.
            let to =
                std::fs::read_link(root.join(&path)).map(|to| to.to_string_lossy().into_owned());
            found.insert(path, (to.unwrap_or_default().into_bytes(), false));
            continue;
        };
        if meta.is_dir() {
            visible(root, &path, found);
        } else {
            let bytes = std::fs::read(root.join(&path)).expect("a file");
            found.insert(path, (bytes, meta.permissions().mode() & 0o111 != 0));
        }
    }
}

#[test]
fn it_deploys_the_same_files() {
    if !installed("stow") {
        return;
    }
    let base = tempfile::tempdir().expect("a temporary folder");
    let base = Utf8Path::from_path(base.path()).expect("a path in UTF-8");
    let home = Home::fixture("stow");
    let documents: Vec<&Document> = home.documents.iter().map(|document| &**document).collect();
    let root = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/stow");
    let out = base.join("stow");
    export::stow::write(&documents, &root, &out).expect("a writable folder");
    let host = out.join("testhost");
    let mut packages: Vec<String> = std::fs::read_dir(&host)
        .expect("a folder of packages")
        .flatten()
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    packages.sort();
    assert_eq!(packages, ["desktop", "git", "home", "shell", "systemd-user", "zsh"]);
    let target = base.join("deployed");
    std::fs::create_dir(&target).expect("a writable folder");
    let mut args = vec!["-d", host.as_str(), "-t", target.as_str()];
    args.extend(packages.iter().map(String::as_str));
    home.run("stow", &args).clean();
    let (mut stowed, mut plain) = (BTreeMap::new(), BTreeMap::new());
    visible(&target, "", &mut stowed);
    visible(home.path(), "", &mut plain);
    assert!(plain.len() > 10, "{:?}", plain.keys());
    assert_eq!(stowed.keys().collect::<Vec<_>>(), plain.keys().collect::<Vec<_>>());
    assert_eq!(stowed, plain);
}
