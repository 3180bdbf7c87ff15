//! `hcc compile`

use camino::{Utf8Path, Utf8PathBuf};
use clap::{Args, ValueEnum};

use super::export::{refused, wrote};
use super::session::Session;
use super::{Global, Status, Stop, Who, print, print_json, show, tree, wrong};
use crate::export;
use crate::ir::Document;

/// Compile, and print or write what would be generated
///
/// Without options it prints, for people, the files with the target that makes each, packages,
/// services, preferences and actions.
#[derive(Debug, Args)]
pub struct Compile {
    #[command(flatten)]
    who: Who,
    /// All hosts and users
    #[arg(long, conflicts_with_all = ["place", "host", "user"])]
    all: bool,
    /// Write everything into this folder, which must be new, empty, or written by hcc before
    ///
    /// What hcc wrote there before is removed first, that of other hosts too.
    ///
    /// DIR/HOST/home/USER/... for the files of a home, DIR/HOST/system/... for those of the
    /// machine, DIR/HOST/ir.json for all the rest.
    #[arg(long, value_name = "DIR")]
    out: Option<Utf8PathBuf>,
    /// How the folder is laid out
    #[arg(long, value_enum, default_value = "files", requires = "out")]
    format: Format,
    /// Print one generated file
    #[arg(long, value_name = "PATH", conflicts_with = "out")]
    show: Option<String>,
}

/// How `--out` is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// As the files will stand
    Files,
    /// One package per program, for GNU stow
    Stow,
}

impl Compile {
    /// Runs it.
    pub fn run(&self, global: &Global) -> Status {
        let (session, list) = match self.all {
            true => Session::compiled_all(global),
            false => Session::compiled(global, &self.who, ", or `--all`"),
        }?;
        if let Some(path) = &self.show {
            return show::print_file(&list, path, global);
        }
        let documents: Vec<&Document> = list.iter().map(|one| &*one.document).collect();
        if let Some(out) = &self.out {
            return self.write(&session, &documents, out, global);
        }
        if global.json {
            return print_json(&documents);
        }
        let printed = print(&tree::print(&list));
        // The process ends here: what it holds need not be taken apart.
        std::mem::forget((session, list));
        printed
    }

    fn write(
        &self,
        session: &Session,
        documents: &[&Document],
        out: &Utf8Path,
        global: &Global,
    ) -> Status {
        let root = &session.program.root;
        if out.as_str().is_empty() {
            wrong("`--out` needs a folder, found an empty text");
            return Err(Stop::Usage);
        }
        let result = match self.format {
            Format::Files => export::files::write(documents, root, out),
            Format::Stow => export::stow::write(documents, root, out),
        };
        wrote(result.map_err(refused)?, out, global)
    }
}
