//! OpenSSH's client configuration, read as `readconf.c` and `argv_split` of its `misc.c` do.

use ecow::EcoString;
use indexmap::IndexMap;

use super::{Entry, Said, bools, comments, put, scalar};
use crate::emit::Params;
use crate::ir::Value;

/// Reads a file.
///
/// # Errors
/// What no configuration can say.
pub(super) fn read(text: &str, params: &Params) -> Result<Said, String> {
    let names = |name: &str, skip: usize| -> Vec<String> {
        let said = params.all(name).flat_map(|said| said.args.iter().skip(skip));
        said.filter_map(Value::as_str).map(str::to_ascii_lowercase).collect()
    };
    let raw = names("raw", 0);
    let words_of = bools(params, ("yes", "no"));
    let mut top: IndexMap<EcoString, Value> = IndexMap::new();
    let mut block: Option<String> = None;
    let mut entries: Vec<Entry> = Vec::new();
    let mut matches = 0;
    for (at, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let wrong = |what: &str| format!("line {}: {what}", at + 1);
        let end = line.find(|c: char| c.is_whitespace() || c == '=').unwrap_or(line.len());
        let (keyword, rest) = line.split_at(end);
        let rest = rest.trim_start();
        let rest = rest.strip_prefix('=').unwrap_or(rest).trim();
        if rest.is_empty() {
            return Err(wrong(&format!("`{keyword}` has no value")));
        }
        let lower = keyword.to_ascii_lowercase();
        let is_raw = raw.contains(&lower);
        let words = if is_raw {
            vec![rest.to_owned()]
        } else {
            words(rest).ok_or_else(|| wrong("a quote without its end"))?
        };
        if lower == "host" || lower == "match" {
            let (name, said) = match lower.as_str() {
                "host" => (words.join(" "), None),
                // What it holds for stands in `Match`; the name is only hcc's.
                _ => {
                    matches += 1;
                    (format!("match-{matches}"), Some(("Match".into(), Value::String(rest.into()))))
                }
            };
            if words.iter().any(|word| word.contains(' ')) && lower == "host" {
                return Err(wrong("a pattern with a space"));
            }
            if top.insert(name.as_str().into(), Value::Map(said.into_iter().collect())).is_some() {
                return Err(wrong(&format!("`{name}` is the second block of this name")));
            }
            let value = if lower == "host" { name.clone() } else { rest.to_owned() };
            entries.push(Entry { section: name.clone(), key: Some(lower), value });
            block = Some(name);
            continue;
        }
        let section = block.clone().unwrap_or_default();
        entries.push(Entry { section, key: Some(lower.clone()), value: words.join("\0") });
        let value = match words.as_slice() {
            [one] if lower != "setenv" => scalar(one, words_of),
            list if lower == "setenv" => {
                let pairs: Option<IndexMap<_, _>> = list
                    .iter()
                    .map(|word| {
                        word.split_once('=')
                            .map(|(name, value)| (name.into(), Value::String(value.into())))
                    })
                    .collect();
                Value::Map(pairs.ok_or_else(|| wrong("expected `NAME=value`"))?)
            }
            list => Value::List(list.iter().map(|word| scalar(word, words_of)).collect()),
        };
        let map = match &block {
            None => &mut top,
            Some(name) => match top.get_mut(name.as_str()) {
                Some(Value::Map(map)) => map,
                _ => return Err(wrong("a block that is no block")),
            },
        };
        let again = map.keys().any(|own| own.eq_ignore_ascii_case(keyword));
        match (again, value) {
            (false, value) => drop(map.insert(keyword.into(), value)),
            (true, Value::Map(_) | Value::List(_)) => {
                return Err(wrong(&format!("`{keyword}` comes again, with several words")));
            }
            (true, value) => {
                let own = map.keys().find(|own| own.eq_ignore_ascii_case(keyword)).cloned();
                put(map, own.as_deref().unwrap_or(keyword), value);
            }
        }
    }
    sorted(&mut entries);
    Ok(Said {
        value: Value::Map(top),
        entries: Some(entries),
        comments: comments(text, &["#"]),
        parts: None,
    })
}

/// In a block, what different keywords say has no order, unless a file is included between them; what
/// a keyword says twice has one, and so have the blocks.
fn sorted(entries: &mut [Entry]) {
    for block in entries.chunk_by_mut(|a, b| a.section == b.section) {
        if block.iter().any(|entry| entry.key.as_deref() == Some("include")) {
            continue;
        }
        let rank = |entry: &Entry| {
            let key = entry.key.clone().unwrap_or_default();
            (key != "host" && key != "match", key)
        };
        block.sort_by_key(rank);
    }
}

/// The words of a line: quotes group, a backslash keeps a quote, `#` ends it.
fn words(text: &str) -> Option<Vec<String>> {
    let mut list = Vec::new();
    let mut chars = text.chars().peekable();
    loop {
        while chars.next_if(|c| c.is_whitespace()).is_some() {}
        match chars.peek() {
            None | Some('#') => return Some(list),
            Some(_) => {}
        }
        let mut word = String::new();
        let mut quote = None;
        while let Some(c) = chars.next() {
            match (c, quote) {
                ('\\', _)
                    if matches!(chars.peek(), Some('"' | '\'' | '\\'))
                        || (quote.is_none() && chars.peek() == Some(&' ')) =>
                {
                    word.extend(chars.next());
                }
                ('"' | '\'', None) => quote = Some(c),
                (c, Some(mark)) if c == mark => quote = None,
                (c, None) if c.is_whitespace() => break,
                (c, _) => word.push(c),
            }
        }
        if quote.is_some() {
            return None;
        }
        list.push(word);
    }
}
