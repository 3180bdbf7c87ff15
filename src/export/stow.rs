//! A tree for GNU stow: `HOST/PACKAGE/...`, one package per program.

use camino::Utf8Path;

use super::folder::Folder;
use super::{Refused, not_in_a_source, put};
use crate::ir::{Document, File};

/// Writes the homes of all documents; how many files that made.
///
/// # Errors
/// [`Refused`]; a host with several users cannot be one stow folder.
pub fn write(documents: &[&Document], root: &Utf8Path, out: &Utf8Path) -> Result<usize, Refused> {
    let homes: Vec<&&Document> =
        documents.iter().filter(|document| document.user.is_some()).collect();
    for (index, document) in homes.iter().enumerate() {
        let other =
            homes.iter().skip(index + 1).find(|other| other.host.name == document.host.name);
        if let (Some(other), Some(user)) =
            (other.and_then(|other| other.user.as_ref()), &document.user)
        {
            return Err(Refused::Clash(format!(
                "the host `{}` has the users `{}` and `{}`, and a stow folder is for one home; name one with --user",
                document.host.name, user.name, other.name
            )));
        }
    }
    not_in_a_source(documents, root, out)?;
    let mut out = Folder::open(out)?;
    for document in homes {
        let host = Utf8Path::new(&*document.host.name);
        for file in &document.files {
            put(file, root, &host.join(package(file)), &mut out)?;
        }
    }
    Ok(out.count)
}

/// The package of a file: its program, or the module that declares it.
fn package(file: &File) -> String {
    match &file.module {
        Some(module) => module.to_string(),
        // `programs.git` is `git`; `systemd.user` would say nothing as `user`.
        None => match file.target.split_once('.') {
            Some((_, name)) if file.target.starts_with("programs.") => name.replace('.', "-"),
            _ => file.target.as_str().replace('.', "-"),
        },
    }
}
