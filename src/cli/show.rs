//! `hcc show`

use clap::Args;

use super::session::{Compiled, Session};
use super::{Global, Status, Stop, Who, print, print_json, say};
use crate::diag::nearest;
use crate::export;
use crate::ir::File;

/// Print one generated file
#[derive(Debug, Args)]
pub struct Show {
    /// The path, as below the home or absolute
    path: String,
    /// The host
    #[arg(long, value_name = "NAME")]
    host: Option<String>,
    /// The user
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
}

impl Show {
    /// Runs it.
    pub fn run(&self, global: &Global) -> Status {
        let who = Who { host: self.host.clone(), user: self.user.clone(), ..Who::default() };
        let (_, list) = Session::compiled(global, &who)?;
        print_file(&list, &self.path, global)
    }
}

/// Finds a file by its path, with or without `~/` or the home in front.
pub fn find<'a>(list: &'a [Compiled], path: &str) -> Option<(&'a Compiled, &'a File)> {
    list.iter().find_map(|one| {
        let home = one.document.user.as_ref().map_or("", |user| &user.home);
        let below = path
            .strip_prefix("~/")
            .or_else(|| path.strip_prefix(home).filter(|_| !home.is_empty())?.strip_prefix('/'));
        let below = below.unwrap_or(path);
        one.document.files.iter().find(|file| file.path == below).map(|file| (one, file))
    })
}

/// Prints a file's content.
pub fn print_file(list: &[Compiled], path: &str, global: &Global) -> Status {
    let Some((one, file)) = find(list, path) else {
        say(&format!("error: nothing generates `{path}`"));
        let names: Vec<&str> = list
            .iter()
            .flat_map(|one| one.document.files.iter().map(|file| file.path.as_str()))
            .collect();
        match nearest(path.trim_start_matches("~/"), names) {
            Some(near) => say(&format!("  help: did you mean `{near}`?")),
            None => say("  help: `hcc compile` lists what is generated"),
        }
        return Err(Stop::Usage);
    };
    if global.json {
        return print_json(file);
    }
    match export::bytes(file, &one.eval.shared.root) {
        Ok(Some(bytes)) => match String::from_utf8(bytes) {
            Ok(text) => print(&text),
            Err(error) => {
                use std::io::Write;
                std::io::stdout().write_all(error.as_bytes()).map_err(|_| Stop::Failed)
            }
        },
        Ok(None) => {
            print(&format!("{}\n", serde_json::to_string(&file.content).unwrap_or_default()))
        }
        Err(error) => {
            say(&format!(
                "error: cannot read the source of `{path}`: {}",
                crate::syntax::import::reason(&error)
            ));
            Err(Stop::Failed)
        }
    }
}
