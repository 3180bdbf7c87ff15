//! What is a secret: `templates/tables/secrets.kdl`. Better a harmless file left out, with a word on
//! it, than a key in a repository.

use camino::Utf8Path;
use globset::GlobSet;

use super::table::{arguments, set};
use crate::schema::{declare, library};
use crate::syntax::tree::{Node, Scalar};

/// How secrets are known.
#[derive(Debug, Default)]
pub struct Secrets {
    files: Vec<File>,
    texts: Vec<Text>,
    tokens: Vec<Token>,
    words: Vec<(String, String)>,
    logins: Vec<(String, String)>,
    shapes: Vec<(Vec<String>, String)>,
}

/// A place that is a secret by its path alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Below the home.
    pub path: String,
    /// What it is.
    pub what: String,
}

/// A secret that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Secret {
    /// What it is: `a private key`.
    pub what: String,
    /// Its line, from 1, if it is in one.
    pub line: Option<usize>,
}

#[derive(Debug)]
struct File {
    /// As they are written.
    patterns: Vec<String>,
    paths: GlobSet,
    except: GlobSet,
    holds: Option<String>,
    what: String,
}

#[derive(Debug)]
struct Text {
    text: String,
    except: Option<String>,
    what: String,
}

#[derive(Debug)]
struct Token {
    prefix: String,
    length: usize,
    what: String,
}

impl Secrets {
    /// Reads the table.
    pub fn new() -> Self {
        let mut secrets = Self::default();
        for node in library::table("secrets").iter() {
            let words = arguments(node);
            let prop = |name| declare::text_prop(node, name).map(|text| text.value.to_string());
            let what = prop("why").unwrap_or_default();
            match &*node.name.value {
                "file" => secrets.files.push(File {
                    patterns: words.clone(),
                    paths: set(&words),
                    except: set(&prop("except")
                        .into_iter()
                        .map(|one| format!("**/{one}"))
                        .collect::<Vec<_>>()),
                    holds: prop("if-holds"),
                    what,
                }),
                "text" => secrets.texts.extend(words.into_iter().map(|text| Text {
                    text,
                    except: prop("except"),
                    what: what.clone(),
                })),
                "token" => secrets.tokens.extend(words.into_iter().map(|prefix| Token {
                    prefix,
                    length: number(node, "length"),
                    what: what.clone(),
                })),
                "word" => {
                    secrets.words.extend(words.into_iter().map(|word| (word, what.clone())));
                }
                "login" => {
                    secrets.logins.extend(words.into_iter().map(|word| (word, what.clone())));
                }
                "shape" => secrets.shapes.push((words, what)),
                _ => {}
            }
        }
        secrets
    }

    /// What stands in a home at the places that are secrets by their paths: files that are named, and
    /// those in a folder that is.
    pub fn standing(&self, home: &Utf8Path) -> Vec<Place> {
        let mut found: Vec<Place> = Vec::new();
        for file in self.files.iter().filter(|own| own.holds.is_none()) {
            let mut paths = Vec::new();
            for pattern in &file.patterns {
                let (folder, name) = pattern.rsplit_once('/').unwrap_or(("", pattern));
                if folder.contains('*') {
                    continue;
                }
                if !name.contains('*') {
                    paths.push(pattern.clone());
                    continue;
                }
                let entries = home.join(folder).read_dir_utf8().into_iter().flatten().flatten();
                paths.extend(entries.map(|own| format!("{folder}/{}", own.file_name())));
            }
            paths.retain(|path| file.fits(path) && home.join(path).is_file());
            paths.sort();
            found.extend(paths.into_iter().map(|path| Place { path, what: file.what.clone() }));
        }
        found.dedup_by(|a, b| a.path == b.path);
        found
    }

    /// Whether a path, below the home, is known to hold secrets whatever is in it.
    pub fn by_path(&self, path: &str) -> Option<Secret> {
        let found = self.files.iter().find(|own| own.holds.is_none() && own.fits(path))?;
        Some(Secret { what: found.what.clone(), line: None })
    }

    /// The first secret in a file.
    pub fn find(&self, path: &str, bytes: &[u8]) -> Option<Secret> {
        if let Some(found) = self.by_path(path) {
            return Some(found);
        }
        let text = String::from_utf8_lossy(bytes);
        let holding = self.files.iter().find(|own| {
            own.fits(path) && own.holds.as_ref().is_some_and(|mark| text.contains(mark.as_str()))
        });
        if let Some(found) = holding {
            return Some(Secret { what: found.what.clone(), line: None });
        }
        text.lines().enumerate().find_map(|(at, line)| {
            self.in_line(line).map(|what| Secret { what: what.to_owned(), line: Some(at + 1) })
        })
    }

    fn in_line(&self, line: &str) -> Option<&str> {
        let marked = self.texts.iter().find(|own| {
            line.contains(&own.text) && !own.except.as_ref().is_some_and(|but| line.contains(but))
        });
        if let Some(found) = marked {
            return Some(&found.what);
        }
        if let Some(found) = self.tokens.iter().find(|own| own.is_in(line)) {
            return Some(&found.what);
        }
        if has_password_in_address(line) {
            return Some("a password in an address");
        }
        let shaped = self.shapes.iter().find(|(words, _)| {
            let mut line = line.split_whitespace();
            words.iter().all(|word| line.any(|own| own == word))
        });
        if let Some((_, what)) = shaped {
            return Some(what);
        }
        let login = login(line).and_then(|key| {
            self.logins.iter().find(|(word, _)| key == word || words_of(key) == *word)
        });
        if let Some((_, what)) = login {
            return Some(what);
        }
        assignments(line).into_iter().find_map(|(key, value)| {
            let key = words_of(key);
            let (word, what) = self.words.iter().find(|(word, _)| {
                let rest = key.strip_suffix(word.as_str());
                rest.is_some_and(|rest| match word.starts_with('_') {
                    true => !rest.is_empty(),
                    false => rest.is_empty() || rest.ends_with('_'),
                })
            })?;
            let chosen = word.trim_start_matches('_').starts_with('p') && !word.contains("key");
            is_secret(value, chosen).then_some(what.as_str())
        })
    }
}

impl File {
    fn fits(&self, path: &str) -> bool {
        self.paths.is_match(path) && !self.except.is_match(path)
    }
}

impl Token {
    fn is_in(&self, line: &str) -> bool {
        line.match_indices(&self.prefix).any(|(at, _)| {
            let before = line.get(..at).and_then(|text| text.chars().next_back());
            let after = line.get(at + self.prefix.len()..).unwrap_or_default();
            let body: String = after
                .chars()
                .take_while(|c| c.is_ascii_alphanumeric() || "-_.".contains(*c))
                .collect();
            !before.is_some_and(|c| c.is_ascii_alphanumeric())
                && body.len() >= self.length
                && body.chars().any(|c| c.is_ascii_digit())
        })
    }
}

fn number(node: &Node, name: &str) -> usize {
    match node.prop(name).map(|entry| &entry.value.data) {
        Some(Scalar::Int(number)) => usize::try_from(number.get()).unwrap_or(usize::MAX),
        _ => usize::MAX,
    }
}

/// Names and what a line gives them: `export A=b`, `{"a": "b", "c": "d"}`, `password b`.
fn assignments(line: &str) -> Vec<(&str, &str)> {
    let line = line.trim();
    let mut found = Vec::new();
    for (at, _) in line.match_indices(['=', ':']) {
        let (before, value) = line.split_at(at);
        let key = last_name(before.trim_end().trim_end_matches(['"', '\'', ']', '?']));
        found.push((key, unquoted(value.trim_start_matches([':', '=']))));
    }
    // Words in a row are prose, unless the last but one is the name.
    if let (true, Some((before, value))) = (found.is_empty(), line.rsplit_once(char::is_whitespace))
        && before.split_whitespace().count() <= 3
    {
        found.push((last_name(before.trim_end()), unquoted(value)));
    }
    // `<password>x</password>`
    for (at, _) in line.match_indices('>') {
        let (before, value) = line.split_at(at);
        if let (true, Some((value, _))) = (before.contains('<'), value.split_once("</")) {
            found.push((last_name(before), value.trim_start_matches('>').trim()));
        }
    }
    found.retain(|(key, _)| !key.is_empty());
    found
}

/// What a line begins with, if `name:password` is all that follows.
fn login(line: &str) -> Option<&str> {
    let line = line.trim();
    let (key, value) = line.split_at(line.find([' ', '\t', '=', ':'])?);
    let value = value.trim_matches([' ', '\t', '=', ':', '"', '\'']);
    let (_, password) = value.split_once(':')?;
    is_secret(password, true).then_some(key)
}

/// `https://name:password@host`, where the password is no name of something else.
fn has_password_in_address(line: &str) -> bool {
    line.match_indices("://").any(|(at, mark)| {
        let rest = line.get(at + mark.len()..).unwrap_or_default();
        let end = rest.find(|c: char| c.is_whitespace() || "/\"'`<>?#".contains(c));
        let host = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
        let login = host.rsplit_once('@').and_then(|(login, _)| login.split_once(':'));
        login.is_some_and(|(_, password)| {
            !password.is_empty() && !password.starts_with(['$', '{', '%', '*', '<'])
        })
    })
}

/// The name that a text ends in.
fn last_name(text: &str) -> &str {
    let is_key = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
    let start = text.char_indices().rev().take_while(|(_, c)| is_key(*c)).last();
    start.map_or("", |(at, _)| text.get(at..).unwrap_or_default())
}

/// A value without quotes, commas and comments around it.
fn unquoted(value: &str) -> &str {
    let value = value.trim().trim_end_matches([',', ';']);
    for mark in ['"', '\''] {
        if let Some(rest) = value.strip_prefix(mark) {
            return rest.split(mark).next().unwrap_or(rest);
        }
    }
    value.split([' ', '\t', '#']).next().unwrap_or(value)
}

/// `clientSecret`, `client-secret`, `a.client_secret` as `client_secret`.
fn words_of(key: &str) -> String {
    let mut out = String::new();
    let mut lower = false;
    for c in key.chars() {
        if c.is_ascii_uppercase() && lower {
            out.push('_');
        }
        lower = c.is_ascii_lowercase() || c.is_ascii_digit();
        out.push(if "-.".contains(c) { '_' } else { c.to_ascii_lowercase() });
    }
    out
}

/// Whether a value is one that somebody keeps to himself: no name of something else, no command,
/// and, unless people choose such values, as random as keys are.
fn is_secret(value: &str, chosen: bool) -> bool {
    const OTHERS: &[&str] = &["true", "false", "none", "null", "prompt", "always", "default"];
    let lower = value.to_ascii_lowercase();
    let computed = value.starts_with(['$', '{', '<', '!', '~', '/', '[', '%', '*', '.', '`', '@'])
        || value.contains(['(', ')', '$', ' ']);
    let named = OTHERS.contains(&&*lower)
        || ["xxx", "***", "...", "your", "changeme", "example", "placeholder"]
            .iter()
            .any(|part| lower.contains(part));
    if computed || named {
        return false;
    }
    if chosen {
        return value.len() >= 4 && value.parse::<f64>().is_err();
    }
    let digits = value.chars().any(|c| c.is_ascii_digit());
    let letters = value.chars().any(|c| c.is_ascii_alphabetic());
    let plain = value.chars().all(|c| c.is_ascii_alphanumeric() || "+/=_-.:~".contains(c));
    value.len() >= 12 && digits && letters && plain && entropy(value) >= 2.75
}

/// How many bits a letter of a text tells, by how often each stands in it.
fn entropy(text: &str) -> f64 {
    let mut counts = std::collections::BTreeMap::new();
    let mut total = 0.0;
    for c in text.chars() {
        *counts.entry(c).or_insert(0.0) += 1.0;
        total += 1.0;
    }
    counts.values().map(|count: &f64| -(count / total) * (count / total).log2()).sum()
}
