//! Homebrew's Brewfile, of which the literal entries are taken.
//!
//! A Brewfile is Ruby. Calls with literal arguments, and `if OS.mac?`, are understood; all other
//! Ruby is named with its line, kept as a comment where it stood, and never run.

mod entry;
mod literal;
mod skip;
mod statement;
mod token;
mod tree;

use entry::{CASK, CASK_ARGS, Options, Shape};
use indexmap::IndexMap;
use tree::{Body, Call, Key, Os, Statement, Value, Why};

use super::page::Item;
use super::report::{Left, Report, Taken};
use crate::diag::{Diagnostic, SourceId, Sources, Span};

/// What a Brewfile says.
#[derive(Debug)]
pub struct Brewfile {
    /// The children of its block.
    pub items: Vec<Item>,
    /// What became of each entry.
    pub report: Report,
}

impl Brewfile {
    /// The block itself.
    pub fn block(&self) -> Item {
        Item { open: true, children: self.items.clone(), ..Item::new(entry::TARGET) }
    }
}

/// Why a text is no Ruby: a place in it.
#[derive(Clone, Debug, PartialEq)]
struct Problem {
    start: usize,
    end: usize,
    what: String,
    help: Option<String>,
}

impl Problem {
    fn new(start: usize, end: usize, what: &str) -> Self {
        Self { start, end, what: what.to_owned(), help: None }
    }

    fn help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }
}

/// What ends a file before its end.
const RETURN: &str = "return";

/// Reads a Brewfile, a text of `sources`.
///
/// # Errors
/// A text that is no Ruby, or that holds statements and none of them an entry.
pub fn read(source: SourceId, sources: &Sources) -> Result<Brewfile, Box<Diagnostic>> {
    let text = sources.text(source);
    let failed = |problem: Problem| {
        let span = Span::new(source, problem.start, problem.end);
        let found = Diagnostic::error("not-a-brewfile", span, "", problem.what);
        Box::new(found.maybe_help(problem.help))
    };
    let (tokens, end) = token::tokens(text).map_err(failed)?;
    let statements = statement::statements(&tokens).map_err(failed)?;
    let mut reader = Reader { sources, source, entries: Vec::new(), report: Report::default() };
    let mut nodes = reader.nodes(statements, None);
    let known = |name: &str| entry::find(name).is_ok() || name == CASK_ARGS;
    let named =
        tokens.iter().any(|token| matches!(token.kind, token::Kind::Word(word) if known(word)));
    if reader.entries.is_empty()
        && !named
        && let Some(left) = nodes.iter().find_map(|node| match node {
            Node::Left(span, _) => Some(*span),
            _ => None,
        })
    {
        let what = "this is no Brewfile: none of its statements is an entry";
        let help = "an entry is a line such as `brew \"git\"` or `cask \"firefox\"`";
        let first = first_line(left, sources);
        let found = Diagnostic::error("not-a-brewfile", first, "the first statement", what);
        return Err(Box::new(found.help(help)));
    }
    // Below its last line is data of the program's own.
    let below = text.get(end..).unwrap_or_default().trim_end();
    if below.lines().count() > 1 {
        let span = Span::new(source, end, end + below.len());
        let texts = Texts { comment: Vec::new(), note: None };
        nodes.push(reader.left(span, Why::new("Ruby reads nothing below `__END__`"), texts));
    }
    Ok(reader.finish(nodes))
}

/// The first line of a place.
fn first_line(span: Span, sources: &Sources) -> Span {
    let line = sources.slice(span).lines().next().unwrap_or_default().len();
    Span::new(span.source, span.start as usize, span.start as usize + line)
}

/// An entry that is taken.
struct Entry {
    shape: Option<&'static Shape>,
    name: String,
    options: Options,
    os: Option<Os>,
    line: usize,
    /// Whether another one says it too.
    dropped: bool,
}

/// What stands in the block, in order.
enum Node {
    Entry(usize, Texts),
    When(Os, Vec<Node>, Texts),
    Left(Span, Texts),
    Nothing(Texts),
}

/// The comments of a node.
struct Texts {
    comment: Vec<String>,
    note: Option<String>,
}

struct Reader<'a> {
    sources: &'a Sources,
    source: SourceId,
    entries: Vec<Entry>,
    report: Report,
}

fn is_cask(entry: &Entry) -> bool {
    entry.shape.is_some_and(|shape| shape.name == CASK)
}

/// Whether two entries can hold on one machine.
fn meet(one: Option<Os>, other: Option<Os>) -> bool {
    one.is_none() || other.is_none() || one == other
}

impl Reader<'_> {
    fn place(&self, line: usize) -> String {
        format!("{}:{line}", self.sources.name(self.source))
    }

    fn nodes(&mut self, statements: Vec<Statement>, os: Option<Os>) -> Vec<Node> {
        let mut nodes = Vec::new();
        let mut statements = statements.into_iter();
        while let Some(Statement { start, end, comment, note, body }) = statements.next() {
            let span = Span::new(self.source, start, end);
            let texts = Texts { comment: editors_left_out(comment), note };
            match body {
                Body::Nothing => nodes.push(Node::Nothing(texts)),
                Body::Code(why) => nodes.push(self.left(span, why, texts)),
                Body::Call(call) if call.name == RETURN && call.args.is_empty() && os.is_none() => {
                    let mut below: Vec<Statement> = statements.by_ref().collect();
                    if let Some(first) = below.first_mut() {
                        let lead = first.comment.iter().take_while(|line| line.is_empty()).count();
                        first.comment.drain(..lead);
                    }
                    match call.os {
                        // What stands below is for the other system.
                        Some(own) => {
                            let inner = self.nodes(below, Some(own.other()));
                            nodes.push(Node::When(own.other(), inner, texts));
                        }
                        None => {
                            let last = below.last().map_or(end, |last| last.end);
                            let why = Why::new("Ruby reads nothing below `return`");
                            let span = Span::new(self.source, start, last);
                            nodes.push(self.left(span, why, texts));
                        }
                    }
                }
                Body::Call(call) => {
                    let own = call.os;
                    if own.is_some() && os.is_some() && own != os {
                        let why = Why::new("a condition that never holds");
                        nodes.push(self.left(span, why, texts));
                        continue;
                    }
                    let own = own.filter(|_| os.is_none());
                    match (self.call(call, own.or(os), self.sources.line(span)), own) {
                        (Ok(at), None) => nodes.push(Node::Entry(at, texts)),
                        (Ok(at), Some(own)) => {
                            let bare = Texts { comment: Vec::new(), note: None };
                            nodes.push(Node::When(own, vec![Node::Entry(at, bare)], texts));
                        }
                        (Err(why), _) => nodes.push(self.left(span, why, texts)),
                    }
                }
                Body::Branches(branches) => {
                    let mut texts = Some(texts);
                    for (own, list) in branches {
                        if os.is_some_and(|os| os != own) {
                            // Never reached: its entries stand nowhere.
                            for one in list {
                                let span = Span::new(self.source, one.start, one.end);
                                let texts = Texts { comment: one.comment, note: one.note };
                                if one.body != Body::Nothing {
                                    let why = Why::new("a condition that never holds");
                                    nodes.push(self.left(span, why, texts));
                                }
                            }
                            continue;
                        }
                        let inner = self.nodes(list, Some(own));
                        let own_texts =
                            texts.take().unwrap_or(Texts { comment: Vec::new(), note: None });
                        nodes.push(Node::When(own, inner, own_texts));
                    }
                }
            }
        }
        nodes
    }

    fn left(&mut self, span: Span, why: Why, mut texts: Texts) -> Node {
        let line = self.sources.line(span);
        let lines: Vec<&str> = self.sources.slice(span).lines().collect();
        texts.comment.push(format!("Not taken from {}: {}.", self.place(line), why.what));
        texts.comment.extend(lines.iter().map(|line| format!("    {line}")));
        let from = match lines.len() {
            0 | 1 => self.place(line),
            count => format!("{}-{}", self.place(line), line + count - 1),
        };
        self.report.left.push(Left { from, why: why.what, help: why.help });
        Node::Left(span, texts)
    }

    /// Takes an entry in.
    fn call(&mut self, call: Call, os: Option<Os>, line: usize) -> Result<usize, Why> {
        if call.name == CASK_ARGS {
            return self.cask_args(call, os, line);
        }
        if call.name == RETURN {
            return Err(Why::new("what stands below is taken whether Ruby gets there or not"));
        }
        let shape = entry::find(&call.name)?;
        let (name, options, passed) = shape.fit(call.args, call.options)?;
        let from = self.place(line);
        let mut entry = Entry { shape: Some(shape), name, options, os, line, dropped: false };
        self.twice(&mut entry)?;
        self.entries.push(entry);
        self.report.left.extend(passed.into_iter().map(|why| Left {
            from: from.clone(),
            why: format!("{}; Homebrew passes over it, and the entry is taken without", why.what),
            help: why.help,
        }));
        Ok(self.entries.len() - 1)
    }

    /// An entry that is said again.
    fn twice(&mut self, entry: &mut Entry) -> Result<(), Why> {
        let name = entry.shape.map(|shape| shape.name);
        let same = |own: &&mut Entry| {
            own.shape.map(|shape| shape.name) == name
                && own.name == entry.name
                && !own.dropped
                && meet(own.os, entry.os)
        };
        let Some(first) = self.entries.iter_mut().find(same) else { return Ok(()) };
        let first_line = first.line;
        let differs = |one: &Options, other: &Options| {
            one.iter().any(|(key, value)| other.get(key).is_some_and(|other| other != value))
        };
        if first.os.is_none() || first.os == entry.os {
            if differs(&entry.options, &first.options)
                || first.os != entry.os
                    && entry.options.keys().any(|key| !first.options.contains_key(key))
            {
                return Err(Why {
                    what: format!("line {first_line} says it too, with other options"),
                    help: Some("keep one of them".into()),
                });
            }
            first.options.extend(std::mem::take(&mut entry.options));
            entry.dropped = true;
        } else if first.options == entry.options && entry.os.is_none() {
            // What is for all machines takes the place of what was for some.
            first.dropped = true;
        } else {
            return Err(Why {
                what: format!(
                    "line {first_line} says it too, for {}",
                    first.os.map_or("all", Os::name)
                ),
                help: Some("keep one of them".into()),
            });
        }
        let note = format!(
            "{}: `{} {}` stands in line {first_line} too; it is taken once",
            self.place(entry.line),
            name.unwrap_or_default(),
            crate::emit::quote::ruby(&entry.name),
        );
        self.report.notes.push(note);
        Ok(())
    }

    /// Arguments of the casks below. hcc's are for all casks: where one stands above already, they
    /// go to each cask below by itself.
    fn cask_args(&mut self, call: Call, os: Option<Os>, line: usize) -> Result<usize, Why> {
        let mut given = call.options;
        for arg in call.args {
            match arg {
                Value::Map(map) => given.extend(map),
                _ => return Err(Why::new("`cask_args` expects names with values")),
            }
        }
        let given = given.into_iter().map(|(key, value)| (Key { symbol: true, ..key }, value));
        let options = entry::options(given.collect())?;
        entry::check_cask_args(&options)?;
        let entry = Entry { shape: None, name: String::new(), options, os, line, dropped: false };
        self.entries.push(entry);
        Ok(self.entries.len() - 1)
    }

    /// Settles which arguments stand for all casks, and which at each.
    fn settle_cask_args(&mut self) {
        let mut late: Vec<usize> = Vec::new();
        for at in 0..self.entries.len() {
            let Some((before, [entry, ..])) = self.entries.split_at_mut_checked(at) else {
                continue;
            };
            if entry.shape.is_some() {
                continue;
            }
            let meets = |own: &Entry| !own.dropped && meet(own.os, entry.os);
            let mut above = before.iter().filter(|own| meets(own));
            let after_late = late.iter().any(|at| before.get(*at).is_some_and(&meets));
            if after_late || above.any(is_cask) {
                late.push(at);
                continue;
            }
            let clashes = |own: &Entry| {
                own.os == entry.os || own.options.keys().any(|key| entry.options.contains_key(key))
            };
            let mut globals = before.iter_mut().filter(|own| own.shape.is_none());
            match globals.find(|own| !own.dropped && meet(own.os, entry.os) && clashes(own)) {
                None => {}
                Some(first) if first.os == entry.os => {
                    first.options.extend(std::mem::take(&mut entry.options));
                    entry.dropped = true;
                }
                Some(_) => late.push(at),
            }
        }
        // The last one first: what is said below wins, and each cask's own over all of them.
        for at in late.into_iter().rev() {
            self.at_each_cask(at);
        }
    }

    /// Says the arguments of all casks at each of those below.
    fn at_each_cask(&mut self, at: usize) {
        let Some((_, [entry, after @ ..])) = self.entries.split_at_mut_checked(at) else { return };
        entry.dropped = true;
        let from = format!("{}:{}", self.sources.name(self.source), entry.line);
        let below =
            after.iter_mut().filter(|own| is_cask(own) && !own.dropped && meet(own.os, entry.os));
        for cask in below {
            if entry.os.is_some() && entry.os != cask.os {
                let why = format!(
                    "it is for {} alone, and the cask in line {} is for all",
                    entry.os.map_or("all", Os::name),
                    cask.line
                );
                self.report.left.push(Left { from: from.clone(), why, help: None });
                continue;
            }
            let mut args = entry.options.clone();
            if let Some(Value::Map(own)) = cask.options.get("args") {
                args.extend(own.iter().map(|(key, value)| (key.name.clone(), value.clone())));
            }
            cask.options.insert("args".into(), Value::Map(entry::pairs(&args)));
        }
        self.report.notes.push(format!(
            "{from}: `{CASK_ARGS}` is for the casks below it alone, so it is said at each of them"
        ));
    }

    fn finish(mut self, nodes: Vec<Node>) -> Brewfile {
        self.settle_cask_args();
        let mut counts: IndexMap<&str, usize> = IndexMap::new();
        for entry in self.entries.iter().filter(|entry| !entry.dropped) {
            let name = entry.shape.map_or("cask-args", |shape| shape.name);
            *counts.entry(name).or_default() += 1;
        }
        let from = self.sources.name(self.source).to_owned();
        self.report.taken = counts
            .into_iter()
            .map(|(name, count)| Taken {
                from: from.clone(),
                to: format!("{}.{name}", entry::TARGET),
                count,
            })
            .collect();
        let items = self.items(nodes);
        Brewfile { items, report: self.report }
    }

    fn items(&self, nodes: Vec<Node>) -> Vec<Item> {
        let mut items: Vec<Item> = Vec::new();
        for node in nodes {
            let (mut item, texts) = match node {
                Node::Left(_, texts) | Node::Nothing(texts) => (Item::default(), texts),
                Node::When(os, nodes, texts) => {
                    let children = self.items(nodes);
                    let open = children.len() > 1;
                    let item = if children.is_empty() {
                        Item::default()
                    } else {
                        Item { children, open, ..Item::new("when").prop("os", os.name()) }
                    };
                    (item, texts)
                }
                Node::Entry(at, texts) => {
                    let item = match self.entries.get(at) {
                        Some(entry) if !entry.dropped => match entry.shape {
                            Some(shape) => shape.item(&entry.name, &entry.options),
                            None => entry::cask_args(&entry.options),
                        },
                        _ => Item::default(),
                    };
                    (item, texts)
                }
            };
            item.comment = texts.comment;
            match item.name.is_empty() {
                true => item.comment.extend(texts.note),
                false => item.note = texts.note.filter(|note| !note.is_empty()),
            }
            if !item.name.is_empty() || item.comment.iter().any(|line| !line.is_empty()) {
                items.push(item);
            }
        }
        items
    }
}

/// Comments without those that tell an editor or Ruby how to read the file.
fn editors_left_out(comment: Vec<String>) -> Vec<String> {
    let is_for_editors = |line: &String| {
        let line = line.trim();
        line.starts_with("-*-")
            || line.starts_with("vi:")
            || line.starts_with("vim:")
            || line.starts_with("frozen_string_literal:")
            || line.starts_with("typed:")
            || line.starts_with("rubocop:")
            || line.starts_with("!/")
    };
    comment.into_iter().filter(|line| !is_for_editors(line)).collect()
}
