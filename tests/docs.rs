//! Every block of KDL in the documents is compiled: one marked `must-fail` fails, one marked
//! `part` is not a configuration of its own.

mod support;

use camino::Utf8Path;
use hcc::cli::session::Session;
use support::machine;

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
