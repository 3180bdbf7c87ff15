//! Unit files as systemd reads them, as far as a comparison needs: systemd.syntax(7).

use std::collections::BTreeMap;

/// Keys of one or several files, by section and key; a key that is said several times has several
/// values. Any text can be read: a line that systemd would not take is a key without a section.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Ini {
    keys: BTreeMap<(String, String), Vec<String>>,
}

impl Ini {
    /// Adds what a file says, after what is there.
    pub(super) fn add(&mut self, bytes: &[u8]) {
        let mut section = String::new();
        for line in joined(&String::from_utf8_lossy(bytes)) {
            if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
                name.clone_into(&mut section);
            } else if let Some((key, value)) = line.split_once('=') {
                self.push(&section, key.trim_end(), value.trim_start());
            } else {
                self.push("", &line, "");
            }
        }
    }

    fn push(&mut self, section: &str, key: &str, value: &str) {
        // Sockets are handed on in the order of all `Listen...` lines, whichever they are.
        let listens = section == "Socket" && key.starts_with("Listen");
        let (name, said) = match listens {
            true => ("Listen", format!("{key}={value}")),
            false => (key, value.to_owned()),
        };
        let values = self.keys.entry((section.to_owned(), name.to_owned())).or_default();
        if value.is_empty() {
            // An empty value takes back all before it, here and in the file that this one is a
            // drop-in for.
            values.clear();
        }
        values.push(said);
    }

    /// The last value of a key.
    pub(super) fn last(&self, section: &str, key: &str) -> Option<&str> {
        let values = self.keys.get(&(section.to_owned(), key.to_owned()))?;
        values.last().map(String::as_str)
    }

    /// The words of all values of a key.
    pub(super) fn words(&self, section: &str, key: &str) -> impl Iterator<Item = &str> {
        let values = self.keys.get(&(section.to_owned(), key.to_owned()));
        values.into_iter().flatten().flat_map(|value| value.split_whitespace())
    }

    /// Whether a key is true.
    pub(super) fn is_true(&self, section: &str, key: &str) -> bool {
        self.last(section, key).and_then(boolean) == Some(true)
    }

    /// Whether a key is false, and not merely left out.
    pub(super) fn is_false(&self, section: &str, key: &str) -> bool {
        self.last(section, key).and_then(boolean) == Some(false)
    }

    /// The same without some keys.
    pub(super) fn without(&self, drop: impl Fn(&str, &str) -> bool) -> Self {
        let keys = self.keys.iter().filter(|((section, key), _)| !drop(section, key));
        Self { keys: keys.map(|(key, values)| (key.clone(), values.clone())).collect() }
    }
}

fn boolean(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "1" | "yes" | "y" | "true" | "t" | "on" => Some(true),
        "0" | "no" | "n" | "false" | "f" | "off" => Some(false),
        _ => None,
    }
}

/// Lines without comments and blanks; a line that ends in `\` goes on with the next one.
fn joined(text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut open: Option<String> = None;
    for line in text.lines() {
        let line = line.trim();
        if line.starts_with(['#', ';']) || (line.is_empty() && open.is_none()) {
            continue;
        }
        let mut whole = open.take().unwrap_or_default();
        match line.strip_suffix('\\') {
            Some(start) => {
                whole.push_str(start);
                whole.push(' ');
                open = Some(whole);
            }
            None => {
                whole.push_str(line);
                lines.push(whole);
            }
        }
    }
    lines.extend(open);
    lines.into_iter().map(|line| line.trim().to_owned()).collect()
}
