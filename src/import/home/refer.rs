//! Files that a configuration file names, and that its program therefore reads too.

use camino::{Utf8Component, Utf8Path, Utf8PathBuf};
use globset::GlobSet;

use super::table::set;
use crate::schema::declare::text_prop;
use crate::syntax::tree::Node;

/// How a program's files name others.
#[derive(Debug)]
pub struct Refers {
    /// Words that stand before a path, in small letters.
    after: Vec<String>,
    /// What a path looks like that stands anywhere.
    like: GlobSet,
}

impl Refers {
    /// Of a row of the table.
    pub(super) fn new(node: &Node) -> Self {
        let list = |name| -> Vec<String> {
            let text = text_prop(node, name).map(|text| text.value);
            text.iter().flat_map(|text| text.split_whitespace()).map(str::to_owned).collect()
        };
        Self { after: list("after"), like: set(&list("like")) }
    }

    /// The paths below the home that a file names, as they are written: whether anything stands
    /// there is not asked.
    pub fn named(&self, text: &str, path: &str, home: &Utf8Path) -> Vec<String> {
        let mut found = Vec::new();
        for line in text.lines().map(str::trim) {
            if line.starts_with(['#', ';']) || line.starts_with("//") || line.starts_with("\" ") {
                continue;
            }
            let mut awaited = false;
            for word in line.split(|c: char| c.is_whitespace() || "=;,()[]{}&|".contains(c)) {
                let word = word.trim_matches(['"', '\'']);
                if word.is_empty() {
                    continue;
                }
                let name = word.rsplit('/').next().unwrap_or(word);
                if awaited && word.starts_with('-') {
                    continue;
                }
                if awaited || self.like.is_match(name) {
                    found.extend(below(word, path, home));
                }
                awaited = self.after.iter().any(|own| own.eq_ignore_ascii_case(word));
            }
        }
        found
    }
}

/// Where a word leads to, below the home: from there, or from the folder of the file that says it.
fn below(word: &str, path: &str, home: &Utf8Path) -> Option<String> {
    let in_home = ["~/", "$HOME/"].into_iter().find_map(|mark| word.strip_prefix(mark));
    let whole = match in_home {
        Some(rest) => Utf8PathBuf::from(rest),
        None if word.starts_with('/') => Utf8Path::new(word).strip_prefix(home).ok()?.to_owned(),
        None => Utf8Path::new(path).parent()?.join(word),
    };
    if whole.as_str().contains(['$', '*', '~', '`']) {
        return None;
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in whole.components() {
        match part {
            Utf8Component::Normal(name) => parts.push(name),
            Utf8Component::ParentDir => drop(parts.pop()?),
            Utf8Component::CurDir | Utf8Component::RootDir | Utf8Component::Prefix(_) => {}
        }
    }
    (!parts.is_empty()).then(|| parts.join("/"))
}
