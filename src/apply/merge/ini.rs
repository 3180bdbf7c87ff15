//! INI files, edited line by line. There is no specification: a file is read in the dialect in
//! which its target writes it, and values are compared as the texts that stand there.

mod line;

use ecow::EcoString;

use super::edits::{Edit, Edits, Map};
use super::words::syntax;
use super::{Document, MergeError};
use crate::ir::Value;
pub use line::Dialect;
use line::{Kind, Line, kind};

/// Refuses sections that come several times: nothing tells which of a file's is which.
pub(super) fn check(wanted: &Value) -> Result<(), MergeError> {
    let Value::Map(map) = wanted else { return Ok(()) };
    for (key, value) in map {
        let repeats = |value: &Value| matches!(value, Value::List(list) if list.iter().any(|item| matches!(item, Value::Map(_))));
        if repeats(value) {
            let message = format!(
                "the section `{key}` comes several times, so that it cannot be merged; take `install=\"copy\"`"
            );
            return Err(MergeError::Unable(message));
        }
        check(value)?;
    }
    Ok(())
}

/// An INI file.
pub(super) struct Ini {
    lines: Vec<Line>,
    /// Whether the last line ends.
    ended: bool,
    value: Value,
    dialect: Dialect,
}

impl Ini {
    /// Reads a text.
    pub fn read(text: &str, dialect: &Dialect) -> Result<Self, MergeError> {
        let mut lines: Vec<Line> = Vec::new();
        let mut at = 0;
        for line in text.split_inclusive('\n') {
            let bare = line.strip_suffix('\n').unwrap_or(line);
            let kind = kind(bare, dialect, lines.last());
            let kind = kind.map_err(|message| {
                syntax(text, at + bare.len() - bare.trim_start().len(), message)
            })?;
            lines.push(Line { text: bare.to_owned(), kind });
            at += line.len();
        }
        let ended = text.is_empty() || text.ends_with('\n');
        let mut ini = Self { lines, ended, value: Value::Null, dialect: dialect.clone() };
        ini.value = ini.collect()?;
        Ok(ini)
    }

    fn collect(&self) -> Result<Value, MergeError> {
        let (mut top, mut sections) = (Map::new(), Map::new());
        let mut section: Option<EcoString> = None;
        for (at, line) in self.lines.iter().enumerate() {
            let duplicate =
                |key: &str| MergeError::Duplicate { key: key.to_owned(), line: Some(at + 1) };
            match &line.kind {
                Kind::Blank | Kind::More => {}
                Kind::Header(name) => {
                    if top.contains_key(name) {
                        return Err(duplicate(name));
                    }
                    section = Some(EcoString::clone(name));
                    sections
                        .entry(EcoString::clone(name))
                        .or_insert_with(|| Value::Map(Map::new()));
                }
                Kind::Key(name, _) => {
                    let value = self.said(at);
                    let map = match &section {
                        None => &mut top,
                        Some(section) => match sections.get_mut(section) {
                            Some(Value::Map(map)) => map,
                            _ => continue,
                        },
                    };
                    match map.get_mut(name) {
                        None => {
                            map.insert(EcoString::clone(name), value);
                        }
                        Some(Value::List(list)) => list.push(value),
                        Some(one) => {
                            let first = std::mem::replace(one, Value::Null);
                            *one = Value::List(vec![first, value]);
                        }
                    }
                }
            }
        }
        top.extend(sections);
        Ok(Value::Map(top))
    }

    /// The value that begins on a line.
    fn said(&self, at: usize) -> Value {
        let Some(Line { text, kind: Kind::Key(_, Some(range)) }) = self.lines.get(at) else {
            return Value::Bool(true);
        };
        let mut said = text.get(range.clone()).unwrap_or_default().to_owned();
        for line in self.lines.iter().skip(at + 1) {
            if !matches!(line.kind, Kind::More) {
                break;
            }
            said.push('\n');
            said.push_str(&line.text);
        }
        Value::String(EcoString::from(said))
    }

    /// The lines of a section with their numbers, its headers among them; of the top without one.
    fn section(&self, name: Option<&str>) -> Vec<(usize, &Line)> {
        let mut current: Option<&str> = None;
        let lines = self.lines.iter().enumerate().filter(move |(_, line)| {
            if let Kind::Header(name) = &line.kind {
                current = Some(name);
            }
            current == name
        });
        lines.collect()
    }

    /// The lines of a key, each with what continues it.
    fn key(&self, section: Option<&str>, key: &str) -> Vec<usize> {
        let mut found = Vec::new();
        let mut inside = false;
        for (at, line) in self.section(section) {
            inside = match &line.kind {
                Kind::Key(name, _) => **name == *key,
                Kind::More => inside,
                Kind::Blank | Kind::Header(_) => false,
            };
            if inside {
                found.push(at);
            }
        }
        found
    }

    /// The lines of what stands at a path.
    fn place(&self, path: &[EcoString]) -> Vec<usize> {
        match path {
            [name] => {
                let lines = self.key(None, name);
                if lines.is_empty() {
                    self.section(Some(name)).into_iter().map(|(at, _)| at).collect()
                } else {
                    lines
                }
            }
            [section, key] => self.key(Some(section), key),
            _ => Vec::new(),
        }
    }
}

impl Document for Ini {
    fn value(&self) -> &Value {
        &self.value
    }

    fn words(&self, path: &[EcoString]) -> Option<String> {
        let lines = self.place(path);
        let texts: Vec<&str> =
            lines.iter().filter_map(|at| self.lines.get(*at)).map(|line| &*line.text).collect();
        if texts.is_empty() { None } else { Some(texts.join("\n")) }
    }

    fn bare(&self, _path: &[EcoString]) -> Option<String> {
        None
    }

    fn meaning(&self, words: &str) -> Option<Value> {
        let ini = Self::read(words, &self.dialect).ok()?;
        let Value::Map(map) = ini.value else { return None };
        map.into_iter().next().map(|(_, value)| value)
    }

    /// Comments stay where they are.
    fn has_comments(&self, _path: &[EcoString]) -> bool {
        false
    }

    fn edit(&self, edits: &Edits) -> Result<Vec<u8>, MergeError> {
        let mut page = Page {
            lines: self.lines.iter().map(|line| Some(line.text.clone())).collect(),
            behind: vec![Vec::new(); self.lines.len()],
            front: Vec::new(),
            end: Vec::new(),
        };
        for (name, edit) in &edits.keys {
            let here = self.section(Some(name));
            let path = [EcoString::clone(name)];
            match edit {
                Edit::Into(edits) => {
                    for (key, edit) in &edits.keys {
                        self.pair(&mut page, Some(name), key, edit);
                    }
                }
                Edit::Set(Value::Map(map)) => {
                    page.drop(&self.place(&path));
                    page.new_section(&self.dialect, name);
                    for (key, value) in map {
                        page.end.extend(self.fresh(key, value, "", None));
                    }
                }
                Edit::Words(words, Value::Map(_)) => {
                    page.drop(&self.place(&path));
                    page.end.extend(words.split('\n').map(str::to_owned));
                }
                Edit::Remove if !here.is_empty() => {
                    for (at, line) in &here {
                        match line.kind {
                            Kind::Header(_) => page.drop_section(*at),
                            Kind::Key(..) | Kind::More => page.drop(&[*at]),
                            Kind::Blank => {}
                        }
                    }
                }
                _ => {
                    for (at, line) in &here {
                        match line.kind {
                            Kind::Header(_) => page.drop_section(*at),
                            _ => page.drop(&[*at]),
                        }
                    }
                    self.pair(&mut page, None, name, edit);
                }
            }
        }
        Ok(page.finish(self.ended).into_bytes())
    }
}

impl Ini {
    fn pair(&self, page: &mut Page, section: Option<&str>, key: &str, edit: &Edit) {
        let old = self.key(section, key);
        let style = old.first().or(self.last_key(section).as_ref()).copied();
        let (indent, gap) = self.style(style);
        let new = match edit {
            Edit::Into(_) => return,
            Edit::Remove => Vec::new(),
            Edit::Words(words, _) => words.split('\n').map(str::to_owned).collect(),
            Edit::Set(value) => self.fresh(key, value, indent, gap),
        };
        let Some(first) = old.first().copied() else {
            match self.last_key(section).or_else(|| self.header(section)) {
                Some(at) => page.behind(at, new),
                None => page.front.extend(new),
            }
            return;
        };
        // What is said behind a value stays on its line, or on one of its own.
        let comment = |at: usize| {
            let line = self.lines.get(at)?;
            let Kind::Key(_, Some(range)) = &line.kind else { return None };
            let behind = line.text.get(range.end..)?;
            (!behind.trim().is_empty()).then_some((behind, behind.trim()))
        };
        let mut new = new;
        for at in &old {
            let Some((behind, comment)) = comment(*at) else { continue };
            let kept = new.iter().any(|line| line.contains(comment));
            match new.first_mut() {
                _ if kept => {}
                Some(line) if *at == first && matches!(edit, Edit::Set(_)) => {
                    line.push_str(behind);
                }
                _ => new.insert(0, format!("{indent}{comment}")),
            }
        }
        page.drop(&old);
        page.behind(first, new);
    }

    /// The lines of a key and its value; the values of a list get one each.
    fn fresh(&self, key: &str, value: &Value, indent: &str, gap: Option<&str>) -> Vec<String> {
        let separator = &self.dialect.separator;
        let one = |value: &Value| match value {
            Value::String(text) => {
                let gap = gap.unwrap_or(separator);
                let gap = if text.is_empty() { gap.trim_end() } else { gap };
                format!("{indent}{key}{gap}{text}")
            }
            _ => format!("{indent}{key}"),
        };
        match value {
            Value::List(list) => list.iter().map(one).collect(),
            value => vec![one(value)],
        }
    }

    /// The last line of the last key of a section.
    fn last_key(&self, section: Option<&str>) -> Option<usize> {
        let lines = self.section(section);
        let key = |(_, line): &&(usize, &Line)| matches!(line.kind, Kind::Key(..) | Kind::More);
        lines.iter().rfind(key).map(|(at, _)| *at)
    }

    fn header(&self, section: Option<&str>) -> Option<usize> {
        section?;
        let lines = self.section(section);
        lines.iter().rfind(|(_, line)| matches!(line.kind, Kind::Header(_))).map(|(at, _)| *at)
    }

    /// The indentation of a line, and what stands between its key and value.
    fn style(&self, line: Option<usize>) -> (&str, Option<&str>) {
        let lines = line.and_then(|line| self.lines.get(..=line)).unwrap_or_default();
        let key = lines.iter().rev().find_map(|line| match &line.kind {
            Kind::Key(name, range) => Some((line, name, range)),
            _ => None,
        });
        let Some((line, name, range)) = key else { return ("", None) };
        let trimmed = line.text.trim_start();
        let indent = line.text.get(..line.text.len() - trimmed.len()).unwrap_or_default();
        let gap = range.as_ref().filter(|range| !range.is_empty()).and_then(|range| {
            let before = line.text.get(..range.start)?;
            let at = before.find(&**name)? + name.len();
            before.get(at..)
        });
        (indent, gap)
    }
}

/// The lines in the making.
struct Page {
    /// None for those that go.
    lines: Vec<Option<String>>,
    /// What comes behind each.
    behind: Vec<Vec<String>>,
    front: Vec<String>,
    end: Vec<String>,
}

impl Page {
    fn drop(&mut self, lines: &[usize]) {
        for at in lines {
            if let Some(line) = self.lines.get_mut(*at) {
                *line = None;
            }
        }
    }

    /// Takes a header out, and the blank line that sets it off.
    fn drop_section(&mut self, at: usize) {
        self.drop(&[at]);
        let before = at.checked_sub(1).and_then(|before| self.lines.get_mut(before));
        if let Some(line) = before
            && line.as_deref().is_some_and(|text| text.trim().is_empty())
        {
            *line = None;
        }
    }

    fn behind(&mut self, at: usize, lines: Vec<String>) {
        if let Some(behind) = self.behind.get_mut(at) {
            behind.extend(lines);
        }
    }

    fn new_section(&mut self, dialect: &Dialect, name: &str) {
        let something = self.lines.iter().any(Option::is_some)
            || self.behind.iter().any(|lines| !lines.is_empty())
            || !self.front.is_empty()
            || !self.end.is_empty();
        if something {
            self.end.push(String::new());
        }
        self.end.push(format!("{}{name}{}", dialect.section.0, dialect.section.1));
    }

    fn finish(self, ended: bool) -> String {
        let middle = self.lines.into_iter().zip(self.behind);
        let middle = middle.flat_map(|(line, behind)| line.into_iter().chain(behind));
        let mut out = String::new();
        for line in self.front.into_iter().chain(middle).chain(self.end) {
            out.push_str(&line);
            out.push('\n');
        }
        if !ended {
            out.pop();
        }
        out
    }
}
