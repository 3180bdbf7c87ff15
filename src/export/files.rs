//! The tree as it will stand: `HOST/home/USER/...`, `HOST/system/...`, `HOST/ir.json`.

use std::fs;

use camino::Utf8Path;

use super::folder::Folder;
use super::{Refused, not_in_a_source, put};
use crate::ir::Document;

/// Writes all documents; how many files that made.
///
/// # Errors
/// [`Refused`], before anything is written if the folder is not ours.
pub fn write(documents: &[&Document], root: &Utf8Path, out: &Utf8Path) -> Result<usize, Refused> {
    not_in_a_source(documents, root, out)?;
    let mut out = Folder::open(out)?;
    let mut hosts: Vec<&str> = Vec::new();
    for document in documents {
        let host = Utf8Path::new(&*document.host.name);
        if !hosts.contains(&host.as_str()) {
            hosts.push(host.as_str());
        }
        let below = match &document.user {
            Some(user) => host.join("home").join(&*user.name),
            None => host.join("system"),
        };
        for file in &document.files {
            put(file, root, &below, &mut out)?;
        }
    }
    for name in hosts {
        let own: Vec<&&Document> =
            documents.iter().filter(|document| *document.host.name == *name).collect();
        out.put(&Utf8Path::new(name).join("ir.json"), |path| {
            let text = serde_json::to_string_pretty(&own)?;
            fs::write(path, format!("{text}\n"))
        })?;
    }
    Ok(out.count)
}
