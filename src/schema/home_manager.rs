//! What Home Manager's names are here, for those that no option is called by: `docs/home-manager.md`,
//! which is read only once a name means nothing.

const TABLE: &str = include_str!("../../docs/home-manager.md");

/// What stands in a name for any name of the user's.
const ANY: &str = "NAME";

/// A row of the table.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// The first cell: whole paths of Home Manager's, each a code span.
    names: &'static str,
    /// How it is said here, in Markdown.
    pub here: &'static str,
}

impl Row {
    /// Home Manager's paths.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        self.names.split('`').skip(1).step_by(2)
    }
}

/// The rows, in their order.
pub fn rows() -> impl Iterator<Item = Row> {
    TABLE.lines().filter_map(|line| {
        let (names, here) = line.strip_prefix("| ")?.strip_suffix(" |")?.split_once(" | ")?;
        names.starts_with('`').then_some(Row { names, here })
    })
}

/// What the table says of an option.
#[derive(Debug)]
pub struct Said {
    /// A sentence without a full stop.
    pub sentence: String,
    /// Where it is one option here, and no more is to be said: its path.
    pub path: Option<&'static str>,
}

/// What is said of one of Home Manager's options, by its whole path, or of the nearest one around it.
/// Letter case and dashes do not count.
pub fn said(path: &str) -> Option<Said> {
    // What stands elsewhere here is also known by that place, but for its own row.
    let mut moved = names().filter_map(|(name, here)| {
        let rest = path.strip_prefix(only_path(here)?)?.strip_prefix('.')?;
        nearest(&format!("{name}.{rest}")).filter(|(found, _)| depth(found) > depth(name))
    });
    let (name, here) = nearest(path).or_else(|| moved.next())?;
    let is_whole = [depth(name), parts(name).count()].contains(&depth(path));
    Some(Said { sentence: sentence(name, here), path: only_path(here).filter(|_| is_whole) })
}

/// What `said` says, or a sentence about each option whose path ends so: `fadeDelta`, `config.fonts`.
pub fn about(path: &str) -> Vec<String> {
    let is_end = |name: &str| {
        let mut parts = name.rsplit('.');
        path.rsplit('.').all(|own| parts.next().is_some_and(|part| is_same(part, own)))
    };
    said(path).map(|said| vec![said.sentence]).unwrap_or_else(|| {
        let ending = names().filter(|(name, _)| is_end(name));
        ending.map(|(name, here)| sentence(name, here)).collect()
    })
}

/// The option of this path, or the innermost block around it.
fn nearest(path: &str) -> Option<(&'static str, &'static str)> {
    let around = names().filter_map(|row| Some((covered(row.0, path)?, row)));
    around.max_by_key(|(covered, (name, _))| (*covered, depth(name))).map(|(_, row)| row)
}

/// Home Manager's paths, each with how it is said here.
fn names() -> impl Iterator<Item = (&'static str, &'static str)> {
    rows().flat_map(|row| row.names().map(move |name| (name, row.here)))
}

fn sentence(name: &str, here: &str) -> String {
    let text = here.replace("\\|", "|");
    if only_path(here).is_some() {
        format!("Home Manager's `{name}` is {text} here")
    } else if here.starts_with("not ") {
        format!("Home Manager's `{name}` is {text}")
    } else {
        format!("Home Manager's `{name}` is said so here: {text}")
    }
}

/// The path that a cell consists of.
fn only_path(here: &str) -> Option<&str> {
    let inner = here.strip_prefix('`')?.strip_suffix('`')?;
    (!inner.contains(['`', ' '])).then_some(inner)
}

fn depth(path: &str) -> usize {
    path.split('.').count()
}

/// How many parts of a path an option covers that is the one of this path or a block around it: with
/// the keys of items, or without.
fn covered(name: &str, path: &str) -> Option<usize> {
    let mut written = path.split('.');
    let mut within = path.split('.');
    let is_part = |own: &str, part: &str| own == ANY || is_same(own, part);
    // `NAME` is a key, as the table writes it, and not the option `name`.
    let is_option = |own: &str, part: &str| part != ANY && is_same(own, part);
    if name.split('.').all(|own| written.next().is_some_and(|part| is_part(own, part))) {
        Some(depth(name))
    } else {
        let is_around =
            parts(name).all(|own| within.next().is_some_and(|part| is_option(own, part)));
        is_around.then(|| parts(name).count())
    }
}

/// The parts of a name without the keys of items, which are arguments here.
fn parts(name: &str) -> impl Iterator<Item = &str> {
    name.split('.').filter(|part| *part != ANY)
}

fn is_same(one: &str, other: &str) -> bool {
    fn letters(text: &str) -> impl Iterator<Item = u8> {
        text.bytes().filter(|byte| *byte != b'-').map(|byte| byte.to_ascii_lowercase())
    }
    letters(one).eq(letters(other))
}
