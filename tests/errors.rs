//! Mistakes that cannot be committed: pipes, circles of links, files that are not ours to read.
//! Each is made in a folder of its own; what the user sees is a snapshot beside those of the
//! fixtures.

mod support;

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Command;

use camino::Utf8PathBuf;
use hcc::cli::session::Session;
use support::machine;

/// A configuration in a folder of its own.
struct Scene {
    _folder: tempfile::TempDir,
    root: Utf8PathBuf,
}

impl Scene {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let root = Utf8PathBuf::from_path_buf(folder.path().canonicalize().expect("a folder"))
            .expect("UTF-8");
        Self { _folder: folder, root }
    }

    fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.root.join(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(path, text).expect("written");
    }

    fn fifo(&self, path: &str) {
        let path = self.root.join(path);
        assert!(Command::new("mkfifo").arg(path).status().expect("mkfifo").success());
    }

    /// Compiles for every host and user: what the user sees.
    fn check(&self, name: &str) {
        let mut session = Session::load(&self.root.join("hcc.kdl"), machine());
        for host in session.program.structure.hosts.clone() {
            session.compile(&host, None);
        }
        let shown = session.problems().replace(self.root.as_str(), "CONFIG");
        insta::with_settings!({ snapshot_path => "errors", prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!(name, shown);
        });
    }
}

fn sources(scene: &Scene, names: &[&str]) {
    let files: Vec<String> =
        names.iter().map(|name| format!("    file \".{name}\" source=\"{name}\"\n")).collect();
    scene.write("hcc.kdl", format!("home {{\n{}}}\n", files.concat()));
}

#[test]
fn a_source_that_is_a_pipe_is_not_waited_for() {
    let scene = Scene::new();
    sources(&scene, &["pipe", "folder"]);
    scene.fifo("pipe");
    scene.write("folder/plain", "text");
    scene.fifo("folder/pipe");
    scene.check("source-is-a-pipe");
}

#[test]
fn an_import_that_is_a_pipe_or_a_device_is_not_waited_for() {
    let scene = Scene::new();
    scene.write("hcc.kdl", "import \"pipe.kdl\" \"/dev/zero\" \"/dev/null\"\nhome { file \".a\" text=(file)\"pipe.kdl\" }\n");
    scene.fifo("pipe.kdl");
    scene.check("import-is-a-pipe");
}

#[test]
fn links_that_lead_back_are_said() {
    let scene = Scene::new();
    sources(&scene, &["loop", "folder", "dangling"]);
    symlink("loop", scene.root.join("loop")).expect("a link");
    symlink("nowhere", scene.root.join("dangling")).expect("a link");
    scene.write("folder/plain", "text");
    symlink(".", scene.root.join("folder/inner")).expect("a link");
    symlink("round", scene.root.join("folder/round")).expect("a link");
    scene.check("source-is-a-loop");
}

/// Git keeps no empty folder.
#[test]
fn a_folder_without_files_is_said() {
    let scene = Scene::new();
    sources(&scene, &["folder"]);
    fs::create_dir_all(scene.root.join("folder/below")).expect("folders");
    scene.check("source-is-empty");
}

#[test]
fn imports_through_links_that_lead_back_are_said() {
    let scene = Scene::new();
    scene.write("hcc.kdl", "import \"loop.kdl\"\nimport \"modules\"\n");
    symlink("loop.kdl", scene.root.join("loop.kdl")).expect("a link");
    scene.write("modules/a.kdl", "home { packages \"fd\" }\n");
    symlink("..", scene.root.join("modules/up")).expect("a link");
    scene.check("import-is-a-loop");
}

/// A hard link is a file of its own; whatever else leads to a file is that file.
#[test]
fn a_file_is_read_once_by_whatever_names_it_is_imported() {
    let scene = Scene::new();
    scene.write(
        "hcc.kdl",
        "import \"a.kdl\" \"link.kdl\" \"folder/../a.kdl\" \"folder\" \"linked\" \"hard.kdl\" \"*.kdl\" \"circle.kdl\"\n",
    );
    scene.write("a.kdl", "module \"a\" { }\n");
    scene.write("folder/b.kdl", "module \"b\" { }\n");
    scene.write("circle.kdl", "import \"folder/on.kdl\"\n");
    scene.write("folder/on.kdl", "import \"../through.kdl\"\n");
    symlink("a.kdl", scene.root.join("link.kdl")).expect("a link");
    symlink("folder", scene.root.join("linked")).expect("a link");
    symlink("circle.kdl", scene.root.join("through.kdl")).expect("a link");
    fs::hard_link(scene.root.join("a.kdl"), scene.root.join("hard.kdl")).expect("a link");
    scene.check("import-by-other-names");
}

/// Root may read everything, so that as root nothing is tested here; that is said.
#[test]
fn what_may_not_be_read_is_said() {
    let scene = Scene::new();
    scene.write("hcc.kdl", "import \"secret.kdl\"\nhome {\n    file \".secret\" source=\"secret\"\n    file \".closed\" source=\"closed\"\n    file \".text\" text=(file)\"secret\"\n}\n");
    scene.write("secret", "s");
    scene.write("secret.kdl", "s");
    scene.write("closed/a", "s");
    for (path, mode) in [("secret", 0o000), ("secret.kdl", 0o000), ("closed", 0o000)] {
        fs::set_permissions(scene.root.join(path), fs::Permissions::from_mode(mode))
            .expect("changed");
    }
    let readable = fs::read(scene.root.join("secret")).is_ok();
    if readable {
        eprintln!("skipped: this user may read every file, so that no permission can be denied");
    } else {
        scene.check("not-readable");
    }
    fs::set_permissions(scene.root.join("closed"), fs::Permissions::from_mode(0o755))
        .expect("changed");
}

#[test]
fn what_is_not_text_is_said() {
    let scene = Scene::new();
    scene.write(
        "hcc.kdl",
        "import \"latin1.kdl\"\nhome { file \".a\" text=(file)\"latin1.kdl\" }\n",
    );
    scene.write("latin1.kdl", b"// ok\nhome { packages \"caf\xe9\" }\n");
    scene.check("not-utf8");
}

#[test]
fn names_that_are_not_text_are_said() {
    use std::os::unix::ffi::OsStrExt;
    let scene = Scene::new();
    sources(&scene, &["folder"]);
    scene.write("folder/plain", "text");
    // macOS refuses such names itself.
    if fs::write(
        scene.root.join("folder").as_std_path().join(std::ffi::OsStr::from_bytes(b"caf\xe9")),
        "x",
    )
    .is_ok()
    {
        scene.check("name-is-not-utf8");
    }
}
