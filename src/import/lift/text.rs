//! Texts of lines: those that a target's `reads` know become options, the others stay lines.
//!
//! Only lines that stand side by side are taken, and what is before and behind them stays there, so
//! that nothing that is not understood changes its place. Among themselves, lines that say different
//! things have no order; nor has a line of which it is known what it changes (`stays`) with one that
//! changes something else.

use indexmap::IndexMap;

use super::words::{Special, is_closed, word, words};
use super::{Entry, Said};
use crate::ir::Value;
use crate::schema::declare::{text_arg, text_prop};
use crate::syntax::tree::{Node, Scalar};

/// How a text is read.
#[derive(Clone, Debug, Default)]
pub(super) struct Grammar {
    reads: Vec<Pattern>,
    /// The option that the other lines stay in.
    pub rest: String,
    /// Its slot for the lines before; none if there can be none before.
    pub before: Option<String>,
    /// Its slot for the lines behind.
    pub after: Option<String>,
    special: Special,
    stays: Vec<Stay>,
}

/// A line that stays a line, of which it is known what it changes.
#[derive(Clone, Debug)]
struct Stay {
    pattern: Pattern,
    /// The options that it may change, whatever their keys; none if it is what its key names.
    touches: Vec<String>,
    /// Keys that change how other lines are read.
    except: Vec<String>,
}

/// What a line that stays changes: some options, or what a key names.
struct Passed<'a> {
    touches: &'a [String],
    name: String,
}

/// A line that is known.
#[derive(Clone, Debug)]
struct Pattern {
    words: Vec<String>,
    option: String,
    /// Its value is none: the line takes something away.
    removes: bool,
    bools: Option<(String, String)>,
}

/// What is between the lines before and those behind.
#[derive(Clone, Debug, Default)]
pub(super) struct Parts {
    /// The lines before, as they stand.
    pub before: String,
    /// The lines behind.
    pub after: String,
}

impl Grammar {
    /// Of the children of a `file`; none without `rest`.
    pub fn new(node: &Node) -> Option<Self> {
        let named = |name: &'static str| {
            node.children().iter().filter(move |child| &*child.name.value == name)
        };
        let rest = named("rest").next()?;
        let prop = |node: &Node, name| text_prop(node, name).map(|text| text.value.to_string());
        let mut special = Special::default();
        special.bare = prop(rest, "special").unwrap_or(special.bare);
        special.opening = prop(rest, "special-quoted").unwrap_or_default();
        let list = |node: &Node, name| -> Vec<String> {
            let text = prop(node, name).unwrap_or_default();
            text.split_whitespace().map(str::to_owned).collect()
        };
        let stays = named("stays").filter_map(|node| {
            let words = text_arg(node, 0)?.value;
            let words = words.split_whitespace().map(str::to_owned).collect();
            let pattern = Pattern { words, option: String::new(), removes: true, bools: None };
            let (touches, except) = (list(node, "touches"), list(node, "except"));
            Some(Stay { pattern, touches, except })
        });
        let reads = named("reads").filter_map(|node| {
            let bools = prop(node, "bool");
            let bools = bools.as_deref().and_then(|text| text.split_once(' '));
            Some(Pattern {
                words: text_arg(node, 0)?.value.split_whitespace().map(str::to_owned).collect(),
                option: prop(node, "option")?,
                removes: node
                    .prop("removes")
                    .is_some_and(|own| own.value.data == Scalar::Bool(true)),
                bools: bools.map(|(yes, no)| (yes.to_owned(), no.to_owned())),
            })
        });
        Some(Self {
            reads: reads.collect(),
            rest: text_arg(rest, 0)?.value.to_string(),
            before: prop(rest, "before"),
            after: prop(rest, "after"),
            special,
            stays: stays.collect(),
        })
    }

    /// Reads a text.
    pub fn read(&self, text: &str) -> Said {
        let lines: Vec<&str> = text.lines().collect();
        let found: Vec<Option<Found>> = lines.iter().map(|line| self.line(line)).collect();
        let (start, end) = self.run(&lines, &found);
        let taken = self.beyond(&lines, &found, (start, end));
        let mut map = IndexMap::new();
        let mut known = Vec::new();
        let all = found.iter().zip(&taken).filter(|(_, taken)| **taken);
        for own in all.filter_map(|(own, _)| own.as_ref()) {
            let Found::Said { option, key, value } = own else { continue };
            known.push(Entry {
                section: option.clone(),
                key: Some(key.clone().unwrap_or_default()),
                value: format!("{value:?}"),
            });
            match key {
                None => drop(map.insert(option.as_str().into(), value.clone())),
                Some(key) => {
                    let inner = map.entry(option.as_str().into());
                    let inner = inner.or_insert_with(|| Value::Map(IndexMap::new()));
                    if let Value::Map(inner) = inner {
                        inner.insert(key.as_str().into(), value.clone());
                    }
                }
            }
        }
        known.sort_by(|a, b| (&a.section, &a.key).cmp(&(&b.section, &b.key)));
        let stays = |from: usize, to: usize| -> (String, Vec<Entry>) {
            let lines = lines.iter().zip(&taken).take(to).skip(from);
            let part: Vec<&str> =
                lines.filter(|(_, taken)| !**taken).map(|(line, _)| *line).collect();
            let kept: Vec<&str> = trimmed(&part);
            let said = kept.iter().map(|line| Entry {
                section: String::new(),
                key: None,
                value: (*line).to_owned(),
            });
            (kept.join("\n"), said.collect())
        };
        let ((before, mut entries), (after, behind)) = (stays(0, start), stays(end, lines.len()));
        entries.extend(known);
        entries.extend(behind);
        let lost = lines.iter().zip(&taken).filter(|(_, taken)| **taken);
        let comments = lost.filter(|(line, _)| line.trim_start().starts_with('#')).count();
        Said {
            value: Value::Map(map),
            entries: Some(entries),
            comments,
            parts: Some(Parts { before, after }),
        }
    }

    /// The longest stretch of lines that are known, each saying something else.
    fn run(&self, lines: &[&str], found: &[Option<Found>]) -> (usize, usize) {
        let mut best = (0, 0, 0);
        let mut start = 0;
        while start < found.len() {
            let mut seen = Vec::new();
            let mut end = start;
            for own in found.get(start..).unwrap_or_default() {
                match own {
                    None => break,
                    Some(Found::Nothing) => {}
                    Some(Found::Said { option, key, .. }) => {
                        if seen.contains(&(option, key)) {
                            break;
                        }
                        seen.push((option, key));
                    }
                }
                end += 1;
            }
            if seen.len() > best.2 {
                best = (start, end, seen.len());
            }
            let open = lines.get(start..end + 1).unwrap_or_default();
            // What is before must be whole, and have a place of its own.
            if self.before.is_none()
                || open.iter().any(|line| !is_nothing(line) && !is_closed(line))
            {
                break;
            }
            start = end + 1;
        }
        let (start, end, count) = best;
        match count {
            0 if self.before.is_none() && !self.stays.is_empty() => (0, 0),
            0 => (found.len(), found.len()),
            // Comments at its front belong to what follows, and so do those at its end.
            _ => {
                let says = |at: &usize| matches!(found.get(*at), Some(Some(Found::Said { .. })));
                let last = (start..end).rev().find(says).map_or(end, |at| at + 1);
                (start, last)
            }
        }
    }

    /// Which lines are taken: those of the run, and those behind it that change nothing that a line
    /// between changes.
    fn beyond(
        &self,
        lines: &[&str],
        found: &[Option<Found>],
        (start, end): (usize, usize),
    ) -> Vec<bool> {
        let mut taken: Vec<bool> = (0..lines.len()).map(|at| (start..end).contains(&at)).collect();
        if self.stays.is_empty() || self.before.is_some() {
            return taken;
        }
        let said = |own: &Option<Found>| match own {
            Some(Found::Said { option, key, .. }) => Some((option.clone(), key.clone())),
            _ => None,
        };
        let mut seen: Vec<_> = found.iter().take(end).filter_map(said).collect();
        let mut passed: Vec<Passed> = Vec::new();
        // The first line of what stands above the next one that says something.
        let mut above = end;
        for at in end..lines.len() {
            match found.get(at).and_then(Option::as_ref) {
                Some(Found::Nothing) => continue,
                Some(Found::Said { option, key, .. }) => {
                    let name = key.as_ref().unwrap_or(option);
                    let is_new = !seen.contains(&(option.clone(), key.clone()));
                    if is_new
                        && !self.is_fixed(name)
                        && passed.iter().all(|own| own.passes(option, name))
                    {
                        seen.push((option.clone(), key.clone()));
                        (above..=at).for_each(|at| taken[at] = true);
                    } else {
                        let touches = self.stays.iter().map(|own| own.touches.as_slice());
                        let touches = touches.into_iter().find(|own| own.contains(option));
                        let touches = touches.unwrap_or_default();
                        passed.push(Passed { touches, name: name.clone() });
                    }
                }
                None => match self.stay(lines.get(at).unwrap_or(&"")) {
                    Some(own) => passed.push(own),
                    // Nobody knows what it changes.
                    None => break,
                },
            }
            above = at + 1;
        }
        taken
    }

    /// What a line changes that stays, if that is known.
    fn stay(&self, line: &str) -> Option<Passed<'_>> {
        self.stays.iter().find_map(|own| {
            let (key, _) = own.pattern.words(line.trim(), &self.special)?;
            let name = key.unwrap_or_default();
            (!self.is_fixed(&name)).then_some(Passed { touches: &own.touches, name })
        })
    }

    /// Whether a name is one that changes how other lines are read.
    fn is_fixed(&self, name: &str) -> bool {
        self.stays.iter().flat_map(|own| &own.except).any(|own| is_akin(own, name))
    }

    /// Why nothing of a text becomes an option.
    pub fn why(&self, text: &str) -> String {
        let lines: Vec<&str> = text.lines().collect();
        let says = |line: &&str| matches!(self.line(line), Some(Found::Said { .. }));
        let Some(first) = lines.iter().position(says) else {
            return "no line of it is one that hcc knows as an option".to_owned();
        };
        let stops = |line: &&str| match self.before {
            Some(_) => !is_nothing(line) && !is_closed(line),
            None => self.line(line).is_none(),
        };
        match lines.iter().take(first).position(stops) {
            Some(at) => {
                let line = crate::value::short(lines.get(at).unwrap_or(&"").trim());
                format!("what follows line {}, `{line}`, may depend on it", at + 1)
            }
            None => "no line of it is one that hcc knows as an option".to_owned(),
        }
    }

    fn line(&self, line: &str) -> Option<Found> {
        if is_nothing(line) {
            return Some(Found::Nothing);
        }
        self.reads.iter().find_map(|pattern| pattern.read(line.trim(), &self.special))
    }
}

impl Passed<'_> {
    /// Whether a line that says an option, by a name, has no order with it.
    fn passes(&self, option: &String, name: &str) -> bool {
        match self.touches {
            [] => !is_akin(&self.name, name),
            touches => !touches.contains(option),
        }
    }
}

/// Whether two names may mean one thing: one is the other, cut short, or an element of it.
fn is_akin(one: &str, other: &str) -> bool {
    let plain = |name: &'_ str| name.split('[').next().unwrap_or_default().to_owned();
    let (one, other) = (plain(one), plain(other));
    one.starts_with(&other) || other.starts_with(&one)
}

/// What a line says.
enum Found {
    Nothing,
    Said { option: String, key: Option<String>, value: Value },
}

fn is_nothing(line: &str) -> bool {
    let line = line.trim();
    line.is_empty() || line.starts_with('#')
}

/// Lines without empty ones around them.
fn trimmed<'a>(lines: &[&'a str]) -> Vec<&'a str> {
    let says = |line: &&str| !line.trim().is_empty();
    let first = lines.iter().position(says).unwrap_or(lines.len());
    let last = lines.iter().rposition(says).map_or(first, |at| at + 1);
    lines.get(first..last).unwrap_or_default().to_vec()
}

impl Pattern {
    /// Its key and its value in a line, if that is of its form.
    fn words(&self, line: &str, special: &Special) -> Option<(Option<String>, Option<String>)> {
        let (mut key, mut value) = (None, None);
        let mut rest = line;
        for own in &self.words {
            if own == "{rest}" {
                let text = rest.trim();
                // It is written as it stands: all of it has to be one line's.
                if text.is_empty()
                    || text.starts_with('#')
                    || !is_closed(text)
                    || text.contains(" #")
                {
                    return None;
                }
                value = Some(text.to_owned());
                rest = "";
                continue;
            }
            let (word, after) = word(rest, special)??;
            rest = after.trim_start();
            match own.as_str() {
                "{key}" if !word.starts_with('-') => key = Some(word),
                "{value}" => value = Some(word),
                "{key}={value}" => {
                    let (name, own) = word.split_once('=')?;
                    let plain = |c: char| c.is_ascii_alphanumeric() || "_-.:+@,".contains(c);
                    if name.is_empty() || name.starts_with('-') || !name.chars().all(plain) {
                        return None;
                    }
                    (key, value) = (Some(name.to_owned()), Some(own.to_owned()));
                }
                literal if literal.split('|').any(|one| one == word) => {}
                _ => return None,
            }
        }
        words(rest, special)?.is_empty().then_some((key, value))
    }

    fn read(&self, line: &str, special: &Special) -> Option<Found> {
        let (key, value) = self.words(line, special)?;
        let value = match (value, &self.bools) {
            (None, _) if self.removes => Value::Null,
            (Some(text), Some((yes, no))) if text == *yes || text == *no => {
                Value::Bool(text == *yes)
            }
            (Some(_), Some(_)) | (None, _) => return None,
            (Some(text), None) => match text.parse::<i128>() {
                Ok(number) if number.to_string() == text => Value::Int(number),
                _ => Value::String(text.into()),
            },
        };
        Some(Found::Said { option: self.option.clone(), key, value })
    }
}
