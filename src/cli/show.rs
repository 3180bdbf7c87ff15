//! `hcc show`

use camino::{Utf8Path, Utf8PathBuf};
use clap::Args;

use super::session::{Compiled, Session};
use super::{Global, Named, Status, Stop, Who, help, print, print_json, wrong};
use crate::diag::nearest;
use crate::export;
use crate::files::shown;
use crate::ir::{Content, File};

/// Print one generated file
#[derive(Debug, Args)]
pub struct Show {
    /// The path, as below the home or absolute
    path: String,
    #[command(flatten)]
    named: Named,
}

impl Show {
    /// Runs it.
    pub fn run(&self, global: &Global) -> Status {
        let who = Who::from(&self.named);
        let (_, list) = Session::compiled(global, &who, "")?;
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

/// Finds a file inside a folder that is generated whole: the folder, and the path in it.
pub fn find_inside<'a>(
    list: &'a [Compiled],
    path: &str,
) -> Option<(&'a Compiled, &'a File, Utf8PathBuf)> {
    Utf8Path::new(path).ancestors().skip(1).find_map(|folder| {
        let (one, file) = find(list, folder.as_str())?;
        let inner = Utf8Path::new(path).strip_prefix(folder).ok()?;
        let Content::Source { folder: true, files, .. } = &file.content else { return None };
        files.iter().any(|own| own.path == *inner).then(|| (one, file, inner.to_owned()))
    })
}

/// What is shown of a link, or of a folder: the paths in it.
fn without_bytes(file: &File) -> String {
    match &file.content {
        Content::Link { to } => format!("{} -> {}\n", shown(&file.path), shown(to)),
        Content::Source { files, .. } => files
            .iter()
            .map(|inner| format!("{}\n", shown(&format!("{}/{}", file.path, inner.path))))
            .collect(),
        _ => String::new(),
    }
}

/// Prints a file's content.
pub fn print_file(list: &[Compiled], path: &str, global: &Global) -> Status {
    let Some((one, file)) = find(list, path) else {
        if let Some((one, file, inner)) = find_inside(list, path)
            && let Content::Source { source, .. } = &file.content
        {
            if global.json {
                return print_json(file);
            }
            let from = one.eval.shared.root.join(source).join(inner);
            return print_bytes(path, crate::files::read(&from).map(Some), file);
        }
        wrong(&format!("nothing generates `{}`", shown(path)));
        let names: Vec<&str> = list
            .iter()
            .flat_map(|one| one.document.files.iter().map(|file| file.path.as_str()))
            .collect();
        match nearest(path.trim_start_matches("~/"), names) {
            Some(near) => help(&format!("did you mean `{}`?", shown(near))),
            None => help("`hcc compile` lists what is generated"),
        }
        return Err(Stop::Usage);
    };
    if global.json {
        return print_json(file);
    }
    print_bytes(path, export::bytes(file, &one.eval.shared.root), file)
}

fn print_bytes(path: &str, bytes: std::io::Result<Option<Vec<u8>>>, file: &File) -> Status {
    match bytes {
        Ok(Some(bytes)) => match String::from_utf8(bytes) {
            Ok(text) => print(&text),
            Err(error) => super::print_bytes(error.as_bytes()),
        },
        Ok(None) => print(&without_bytes(file)),
        Err(error) => {
            wrong(&format!(
                "cannot read the source of `{}`: {}",
                shown(path),
                crate::syntax::import::reason(&error)
            ));
            Err(Stop::Failed)
        }
    }
}
