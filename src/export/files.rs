//! The tree as it will stand: `HOST/home/USER/...`, `HOST/system/...`, `HOST/ir.json`.

use std::fs;

use camino::Utf8Path;

use super::{Refused, host_folder, prepare, put};
use crate::ir::Document;

/// Writes all documents; how many files that made.
///
/// # Errors
/// [`Refused`], before anything is written if the folder is not ours.
pub fn write(documents: &[&Document], root: &Utf8Path, out: &Utf8Path) -> Result<usize, Refused> {
    prepare(out)?;
    let mut count = 0;
    let mut hosts: Vec<&str> = Vec::new();
    for document in documents {
        let host = host_folder(out, &document.host.name)?;
        if !hosts.contains(&&*document.host.name) {
            hosts.push(&document.host.name);
        }
        let folder = match &document.user {
            Some(user) => host.join("home").join(&*user.name),
            None => host.join("system"),
        };
        for file in &document.files {
            count += put(file, root, &folder)?;
        }
    }
    for name in hosts {
        let own: Vec<&&Document> =
            documents.iter().filter(|document| *document.host.name == *name).collect();
        let path = out.join(name).join("ir.json");
        let text = serde_json::to_string_pretty(&own)
            .map_err(|error| Refused::Io(path.clone(), error.into()))?;
        fs::write(&path, format!("{text}\n")).map_err(|error| Refused::Io(path.clone(), error))?;
        count += 1;
    }
    Ok(count)
}
