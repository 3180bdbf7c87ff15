//! Secrets in what a configuration has already: named, and nothing stops for them.

use camino::Utf8Path;

use crate::files::{Except, mirror, shown};
use crate::import::home::Secrets;
use crate::import::home::walk::{LARGE, MANY};
use crate::import::report::row;
use crate::import::stow::Repository;
use crate::syntax::tree::Scalar;

/// Of the files that modules link to, by their paths from the configuration's folder on.
pub fn in_modules(found: &Repository, base: &Utf8Path) -> Option<String> {
    let secrets = Secrets::new();
    let mut named = Vec::new();
    let mut left = MANY;
    for file in found.modules.iter().flat_map(|own| &own.files) {
        let source =
            file.props.iter().find(|(name, _)| name == "source").map(|(_, own)| &own.value);
        let (Some(Scalar::String(at)), Some(Scalar::String(source))) =
            (file.args.first().map(|own| &own.value), source)
        else {
            continue;
        };
        let from = base.join(&**source);
        let files = match from.is_dir() {
            true => mirror(&from, &Except::default()).unwrap_or_default(),
            false => Vec::new(),
        };
        let below = files.iter().map(|own| format!("/{}", own.path));
        let below: Vec<String> = if from.is_dir() { below.collect() } else { vec![String::new()] };
        for below in below {
            // Beyond so many files their names are looked at alone.
            left = left.saturating_sub(1);
            let path = format!("{from}{below}");
            let bytes = match left {
                0 => None,
                _ => read(Utf8Path::new(&path)),
            };
            if let Some(what) = said(&secrets, &format!("{at}{below}"), bytes.as_deref()) {
                named.push(format!("{} ({what})", shown(&format!("{source}{below}"))));
            }
        }
    }
    note(&named, "in the repository, for whoever reads it")
}

/// What kind of secret a file of the home is, and in which line.
pub fn said(secrets: &Secrets, path: &str, bytes: Option<&[u8]>) -> Option<String> {
    let found = match bytes {
        Some(bytes) => secrets.find(path, bytes),
        None => secrets.by_path(path),
    }?;
    Some(match found.line {
        Some(line) => format!("{} in line {line}", found.what),
        None => found.what,
    })
}

/// A note that names them, and says where they are.
pub fn note(named: &[String], place: &str) -> Option<String> {
    let named: Vec<&str> = named.iter().map(String::as_str).collect();
    (!named.is_empty()).then(|| format!("what looks like a secret is {place}: {}", row(&named)))
}

fn read(path: &Utf8Path) -> Option<Vec<u8>> {
    let small = path.metadata().is_ok_and(|own| own.is_file() && own.len() <= LARGE);
    if small { crate::files::read(path).ok() } else { None }
}
