//! Every folder below `fixtures/` with an `hcc.kdl` is a test: all that it compiles to, for each
//! of its hosts and users, is in its `compiled.snap`. Adding a folder adds a test.
//!
//! `INSTA_UPDATE=always cargo test --test fixtures NAME` writes a snapshot; read it before it is
//! committed.

mod support;

use std::path::Path;

use hcc::cli::session::Session;
use support::{machine, report};

fn fixture(path: &Path) -> datatest_stable::Result<()> {
    let path = camino::Utf8Path::from_path(path).ok_or("a path that is not UTF-8")?;
    let folder = path.parent().ok_or("no folder")?;
    let mut session = Session::load(path, machine());
    let hosts = session.program.structure.hosts.clone();
    let mut documents = Vec::new();
    for host in &hosts {
        documents.extend(session.compile(host, None));
    }
    let errors = folder.components().any(|part| part.as_str() == "errors");
    let text = report(&session, &documents, errors);
    let mut settings = insta::Settings::clone_current();
    let manifest = camino::Utf8Path::new(env!("CARGO_MANIFEST_DIR"));
    settings.set_snapshot_path(manifest.join(folder));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.set_input_file(path);
    settings.bind(|| insta::assert_snapshot!("compiled", text));
    Ok(())
}

datatest_stable::harness! {
    { test = fixture, root = "fixtures", pattern = r"(^|/)hcc\.kdl$" },
}
