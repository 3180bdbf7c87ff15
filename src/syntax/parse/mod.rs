//! hcc's reader of KDL 2.0.
//!
//! Handed a text, hands on its nodes and the problems found in it. It reads in one pass from left
//! to right and keeps its own stack, so neither time nor stack grows beyond the text's length; it
//! never gives up: after a mistake it goes on where the person most likely went on, and one mistake
//! makes one problem. It knows KDL and what people write instead of it, and must never know an
//! option.

mod number;
mod problems;
mod space;
mod string;
mod word;

use ecow::EcoString;

use self::space::{blank, newline};
use super::tree::{Entry, MAX_DEPTH, Name, Node, Tree, Value};
use crate::diag::{Diagnostic, Diagnostics, SourceId, Span, Spanned};

/// Problems of one text that are told; a text with more is something else than KDL.
const MAX_PROBLEMS: usize = 100;

/// Reads a text. What could be read comes back beside the problems; nodes that could not be
/// understood are left out, so that no later room stumbles over them again.
pub fn parse(source: SourceId, text: &str) -> (Tree, Diagnostics) {
    let mut reader = Reader {
        source,
        text,
        bytes: text.as_bytes(),
        at: 0,
        line_start: 0,
        nodes: Tree::new(),
        entries: Vec::new(),
        frames: Vec::new(),
        skips: Vec::new(),
        problems: Diagnostics::default(),
        told: 0,
        cut_short: false,
        brackets_lost: false,
        suspect: None,
        hidden: Vec::new(),
        commented: false,
        unquoted_until: 0,
    };
    reader.refuse_disallowed();
    reader.document();
    (reader.nodes, reader.problems)
}

/// The place in a text, and all that is open there.
struct Reader<'a> {
    source: SourceId,
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    /// Where the line of `at` starts, as far as newlines between nodes tell.
    line_start: usize,
    /// The nodes of the open blocks that are kept, the outermost first.
    nodes: Tree,
    /// The entries of the nodes that are being read, the outermost first.
    entries: Vec<Entry>,
    /// The open blocks that are kept, and the first that is not.
    frames: Vec<Frame>,
    /// The open blocks inside one that is not kept.
    skips: Vec<Skip>,
    problems: Diagnostics,
    /// How many problems there were, told or not.
    told: usize,
    /// A string or comment without end swallowed the rest, so open blocks are no problem of theirs.
    cut_short: bool,
    /// A `[` without its `]` was found; the search is not made again.
    brackets_lost: bool,
    /// A block whose `}` stands further left than its node: the likely one without its own `}`.
    suspect: Option<usize>,
    /// Where characters stand that KDL does not hold; what follows from them is not told.
    hidden: Vec<u32>,
    /// A `#` comment was just told; its node is whole.
    commented: bool,
    /// No `'` closes anything before this place.
    unquoted_until: usize,
}

/// Which blocks a node has had.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Blocks {
    None,
    /// Only ones behind `/-`.
    Dropped,
    Real,
}

/// What an open block is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A node's children.
    Real,
    /// Behind a `/-`.
    Dropped,
    /// Children that lie too deep.
    TooDeep,
    /// A block without a node, which has been told.
    Orphan,
}

/// A node that is being read.
struct Pending {
    node: Node,
    /// Where its entries start among [`Reader::entries`].
    first_entry: usize,
    blocks: Blocks,
    /// Behind a `/-`.
    dropped: bool,
    /// A part of it could not be understood.
    poisoned: bool,
    /// A missing blank or a comma has been told; the next ones belong to the same mistake.
    cramped: bool,
}

/// An open block whose node is kept.
struct Frame {
    owner: Pending,
    open: usize,
    /// The column of the line that opens it, in bytes.
    indent: usize,
    line: usize,
    kind: Kind,
    /// Where its nodes start among [`Reader::nodes`].
    first_node: usize,
}

/// An open block inside one that is not kept.
struct Skip {
    open: u32,
    real: bool,
}

impl Pending {
    fn new(name: Name, ty: Option<Name>, span: Span, first_entry: usize) -> Self {
        let ty = ty.map(Box::new);
        Self {
            node: Node { ty, name, entries: Default::default(), children: None, span },
            first_entry,
            blocks: Blocks::None,
            dropped: false,
            poisoned: false,
            cramped: false,
        }
    }
}

impl<'a> Reader<'a> {
    fn document(&mut self) {
        self.version();
        let mut current = None;
        loop {
            current = match current {
                Some(pending) => self.body(pending),
                None => {
                    self.line_space();
                    match self.peek() {
                        None => break,
                        Some(b'}') => self.close(),
                        Some(_) => self.begin(),
                    }
                }
            };
        }
        self.end();
    }

    /// Refuses a text that says it is of another version.
    fn version(&mut self) {
        let Some(rest) = self.rest_text().strip_prefix("/-") else {
            return;
        };
        let rest = rest.trim_start_matches([' ', '\t']);
        let Some(number) = rest.strip_prefix("kdl-version") else {
            return;
        };
        let line = number.lines().next().unwrap_or("").trim();
        if !line.is_empty() && line != "2" && number.starts_with([' ', '\t']) {
            let start = self.at + self.rest_text().find(line).unwrap_or(0);
            let span = self.span(start, start + line.len());
            self.report(problems::version(span, line));
        }
    }

    /// Reads what stands before a node's entries: `/-`, the annotation, the name.
    fn begin(&mut self) -> Option<Pending> {
        let mut dropped = false;
        if self.rest().starts_with(b"/-") {
            let marker = self.span(self.at, self.at + 2);
            self.at += 2;
            dropped = true;
            self.line_space();
            match self.peek() {
                None | Some(b'}' | b';' | b'{') => {
                    self.report(problems::nothing_to_drop(marker));
                    match self.peek() {
                        Some(b';') => self.at += 1,
                        Some(b'{') => return self.open_orphan(None),
                        _ => {}
                    }
                    return None;
                }
                Some(b'/') if self.rest().starts_with(b"/-") => {
                    let again = self.span(self.at, self.at + 2);
                    self.report(problems::dropped_twice(again));
                    return None;
                }
                Some(_) => {}
            }
        }
        match self.peek() {
            Some(b'{') => return self.block_without_node(),
            Some(b';') => {
                let span = self.span(self.at, self.at + 1);
                self.at += 1;
                self.report(problems::stray_semicolon(span));
                return None;
            }
            _ => {}
        }
        let start = self.at;
        let mut poisoned = false;
        let mut ty = None;
        if self.peek() == Some(b'(') {
            ty = self.annotation();
            poisoned |= ty.is_none();
            self.node_space();
            if self.nothing_here() {
                let span = self.span(start, self.at);
                if !poisoned {
                    self.report(problems::annotation_of_nothing(span, "a node's name"));
                }
                return None;
            }
        }
        let name = self.name();
        poisoned |= name.is_none();
        let span = self.span(start, self.at);
        let name = name.unwrap_or_else(|| Spanned { value: EcoString::default(), span });
        let mut pending = Pending::new(name, ty, span, self.entries.len());
        pending.dropped = dropped;
        pending.poisoned = poisoned;
        Some(pending)
    }

    /// Reads on in a node, up to its end or to a block of it.
    fn body(&mut self, mut pending: Pending) -> Option<Pending> {
        let mut spaced = false;
        loop {
            spaced |= self.node_space();
            let Some(byte) = self.peek() else {
                self.finish(pending);
                return None;
            };
            match byte {
                b';' => {
                    self.at += 1;
                    self.finish(pending);
                    return None;
                }
                b'}' => {
                    self.finish(pending);
                    return None;
                }
                b'{' => {
                    if pending.blocks == Blocks::Real {
                        let span = self.span(self.at, self.at + 1);
                        self.report(problems::second_block(span, pending.node.name.span));
                        return self.open(pending, Kind::Orphan);
                    }
                    return self.open(pending, Kind::Real);
                }
                b'/' if self.rest().starts_with(b"//") => {
                    self.finish(pending);
                    return None;
                }
                b'/' if self.rest().starts_with(b"/-") => {
                    let marker = self.span(self.at, self.at + 2);
                    self.at += 2;
                    self.line_space();
                    match self.peek() {
                        Some(b'{') => return self.open(pending, Kind::Dropped),
                        Some(_) if !self.nothing_here() && pending.blocks == Blocks::None => {
                            spaced = self.entry(&mut pending, true);
                        }
                        Some(_) if !self.nothing_here() => {
                            self.report(problems::value_after_block(self.here()));
                            pending.cramped = true;
                            spaced = self.entry(&mut pending, true);
                        }
                        _ => self.report(problems::nothing_to_drop(marker)),
                    }
                }
                _ if newline(self.bytes, self.at) > 0 => {
                    self.finish(pending);
                    return None;
                }
                b'#' if pending.blocks != Blocks::None && self.starts_hash_comment() => {
                    self.hash(word::Place::Node);
                    self.finish(pending);
                    return None;
                }
                _ if pending.blocks != Blocks::None => {
                    let word = byte != b'#' && byte != b'(' && !number::starts(self.rest());
                    if pending.blocks == Blocks::Real && word {
                        self.report(problems::missing_semicolon(self.here()));
                        self.finish(pending);
                        return None;
                    }
                    if !pending.cramped {
                        self.report(problems::value_after_block(self.here()));
                    }
                    pending.cramped = true;
                    spaced = self.entry(&mut pending, false);
                }
                b'=' if self.entries_of(&pending).is_empty() && !pending.poisoned => {
                    self.equals_after_name(&pending);
                    spaced = true;
                }
                b',' | b':' if !spaced => {
                    // Behind a quoted string or a number; elsewhere both belong to a bare word.
                    let span = self.span(self.at, self.at + 1);
                    self.at += 1;
                    let next_is_spaced = self.nothing_here() || blank(self.bytes, self.at) > 0;
                    if !pending.cramped {
                        let name = byte == b':' && self.entries_of(&pending).is_empty();
                        self.report(if name {
                            problems::colon_after_name(span, next_is_spaced)
                        } else {
                            let (span, text) = self.without_separators(byte);
                            problems::separator(span, byte, &text)
                        });
                    }
                    pending.cramped = true;
                    spaced = true;
                }
                _ => {
                    if !spaced && !pending.cramped && !pending.poisoned {
                        pending.cramped = true;
                        // `"say "hello" to me"` has its quotes in the text.
                        let behind_quote = self.bytes.get(self.at - 1) == Some(&b'"');
                        let line = space::near_line_end(self.bytes, self.at);
                        let in_text = behind_quote
                            && !matches!(byte, b'"' | b'#')
                            && self.piece(self.at, line).contains('"');
                        self.report(problems::missing_space(self.here(), in_text));
                    }
                    spaced = self.entry(&mut pending, false);
                }
            }
            // The blanks that were read on the way are not the node's.
            let last = self.entries_of(&pending).last().map(|entry| entry.span);
            let end = if spaced { last } else { Some(self.span(self.at, self.at)) };
            if let Some(end) = end {
                pending.node.span = pending.node.span.to(end);
            }
        }
    }

    /// The line from the separator before this place to its last one, without any.
    fn without_separators(&self, separator: u8) -> (Span, String) {
        let start = self.at - 1;
        let line = space::near_line_end(self.bytes, start);
        let rest = self.piece(start, line);
        let mut last = 0;
        let mut in_string = false;
        for (at, byte) in rest.bytes().enumerate() {
            match byte {
                b'"' => in_string = !in_string,
                b'{' | b'}' | b';' if !in_string => break,
                _ if byte == separator && !in_string => last = at,
                _ => {}
            }
        }
        let mut text = String::new();
        let mut kept = rest.get(..=last).unwrap_or("").chars().peekable();
        while let Some(c) = kept.next() {
            in_string ^= c == '"';
            if in_string || c != char::from(separator) {
                text.push(c);
            } else if kept.peek().is_some_and(|next| !next.is_whitespace()) {
                text.push(' ');
            }
        }
        let end = start + last + 1;
        let next = self.bytes.get(end);
        if next.is_some_and(|_| blank(self.bytes, end) == 0 && newline(self.bytes, end) == 0) {
            text.push(' ');
        }
        (self.span(start, end), text)
    }

    /// Whether the `#` here cannot be anything of KDL's.
    fn starts_hash_comment(&self) -> bool {
        !matches!(self.bytes.get(self.at + 1), Some(b'"' | b'#'))
    }

    /// `x = 1`: tells it and reads on behind the sign.
    fn equals_after_name(&mut self, pending: &Pending) {
        let start = pending.node.name.span.end as usize;
        let mut end = self.at + 1;
        while blank(self.bytes, end) > 0 {
            end += blank(self.bytes, end);
        }
        let (sign, all) = (self.span(self.at, self.at + 1), self.span(start, end));
        self.report(problems::equals_after_name(sign, all, &pending.node.name.value));
        self.at += 1;
    }

    /// Reads an argument or a property; says whether blanks were read after it.
    fn entry(&mut self, pending: &mut Pending, dropped: bool) -> bool {
        let start = self.at;
        if self.peek() == Some(b'(') {
            let value = self.value(word::Place::Argument);
            return self.push(pending, None, value, start, dropped);
        }
        let Some(atom) = self.atom(word::Place::Argument) else {
            let commented = std::mem::take(&mut self.commented);
            pending.poisoned |= !dropped && !commented;
            return false;
        };
        let end = self.at;
        let spaced = self.node_space();
        if self.peek() != Some(b'=') {
            let value = Value { ty: None, data: atom, span: self.span(start, end) };
            self.store(pending, None, value, self.span(start, end), dropped);
            return spaced;
        }
        self.at += 1;
        let behind_equals = self.at;
        self.node_space();
        let name = match atom {
            super::tree::Scalar::String(value) => {
                Some(Spanned { value, span: self.span(start, end) })
            }
            _ => {
                let span = self.span(start, end);
                self.report(problems::name_is_no_text(span, self.piece(start, end), "property"));
                None
            }
        };
        if self.nothing_here() || self.rest().starts_with(b"/-") {
            if name.is_some() {
                let span = self.span(start, behind_equals);
                self.report(problems::property_without_value(span));
            }
            pending.poisoned |= !dropped;
            return true;
        }
        let value = self.value(word::Place::Property);
        if name.is_none() {
            pending.poisoned |= !dropped;
            return false;
        }
        self.push(pending, name, value, start, dropped)
    }

    fn push(
        &mut self,
        pending: &mut Pending,
        name: Option<Name>,
        value: Option<Value>,
        start: usize,
        dropped: bool,
    ) -> bool {
        match value {
            Some(value) => {
                let span = self.span(start, self.at);
                let annotated = name.is_none() && self.peek() == Some(b'=');
                if annotated {
                    let words = self.piece(value.span.start as usize, value.span.end as usize);
                    let ty = value.ty.as_deref().map_or(value.span, |ty| ty.span);
                    let ty = self.piece(ty.start as usize, ty.end as usize);
                    self.at += 1;
                    self.node_space();
                    let right = if self.nothing_here() {
                        None
                    } else {
                        let right = self.value(word::Place::Property);
                        right.map(|right| (right.span.start as usize, right.span.end as usize))
                    };
                    let right = right.map(|(from, to)| self.piece(from, to));
                    let fix = right.map(|right| format!("{words}=({ty}){right}"));
                    let span = self.span(start, self.at);
                    self.report(problems::annotated_property(span, fix));
                    pending.poisoned |= !dropped;
                    return false;
                }
                self.store(pending, name, value, span, dropped);
            }
            None => pending.poisoned |= !dropped,
        }
        false
    }

    fn store(
        &mut self,
        pending: &Pending,
        name: Option<Name>,
        value: Value,
        span: Span,
        dropped: bool,
    ) {
        if !dropped && !pending.dropped && !self.skipping() {
            self.entries.push(Entry { name, value, span });
        }
    }

    /// Opens the block whose `{` is here.
    fn open(&mut self, mut owner: Pending, kind: Kind) -> Option<Pending> {
        let open = self.at;
        self.at += 1;
        if self.skipping() {
            let open = u32::try_from(open).unwrap_or(u32::MAX);
            self.skips.push(Skip { open, real: kind == Kind::Real });
            return None;
        }
        let mut kind = kind;
        if kind == Kind::Real && owner.dropped {
            kind = Kind::Dropped;
            owner.blocks = Blocks::Real;
        } else if kind == Kind::Real && self.frames.len() >= MAX_DEPTH {
            kind = Kind::TooDeep;
            self.report(problems::nested_too_deep(self.span(open, open + 1)));
        }
        let mut first = self.line_start;
        while blank(self.bytes, first) > 0 && first < self.line_start + space::FAR {
            first += blank(self.bytes, first);
        }
        self.frames.push(Frame {
            owner,
            open,
            indent: first - self.line_start,
            line: self.line_start,
            kind,
            first_node: self.nodes.len(),
        });
        None
    }

    /// A `{` where a node's name should stand: the block of the line above, or of nobody.
    fn block_without_node(&mut self) -> Option<Pending> {
        let span = self.span(self.at, self.at + 1);
        let above = if self.skipping() {
            None
        } else {
            let first = self.frames.last().map_or(0, |frame| frame.first_node);
            let inner = self.nodes.len() > first;
            self.nodes.pop_if(|node| {
                let gap = self.text.get(node.span.end as usize..span.start as usize);
                inner && node.children.is_none() && gap.is_some_and(|gap| gap.trim().is_empty())
            })
        };
        if let Some(node) = above {
            let gap = self.span(node.span.end as usize, self.at);
            self.report(problems::block_on_own_line(span, gap, &node.name.value));
            let first_entry = self.entries.len();
            self.entries.extend(node.entries.iter().cloned());
            let mut pending = Pending::new(node.name.clone(), None, node.span, first_entry);
            pending.node = node;
            return self.open(pending, Kind::Real);
        }
        self.open_orphan(Some(problems::block_without_node(
            span,
            self.rest().starts_with(b"{{")
                || self.bytes.get(self.at.wrapping_sub(1)) == Some(&b'{'),
            self.piece(self.at + 1, self.text.len().min(self.at + 100))
                .trim_start()
                .starts_with('"'),
        )))
    }

    fn open_orphan(&mut self, problem: Option<Diagnostic>) -> Option<Pending> {
        if let Some(problem) = problem {
            self.report(problem);
        }
        let span = self.span(self.at, self.at);
        let mut nobody = Pending::new(
            Spanned { value: EcoString::default(), span },
            None,
            span,
            self.entries.len(),
        );
        nobody.poisoned = true;
        self.open(nobody, Kind::Orphan)
    }

    /// Closes the innermost block at the `}` that is here; its node is read on.
    fn close(&mut self) -> Option<Pending> {
        let at = self.at;
        self.at += 1;
        let end = self.span(self.at, self.at);
        if let Some(skip) = self.skips.pop() {
            let name = Spanned { value: EcoString::default(), span: end };
            let mut owner = Pending::new(name, None, end, self.entries.len());
            owner.dropped = true;
            owner.blocks = if skip.real { Blocks::Real } else { Blocks::Dropped };
            return Some(owner);
        }
        let Some(frame) = self.frames.pop() else {
            self.report(problems::stray_brace(self.span(at, at + 1)));
            return None;
        };
        let near = at < self.line_start + space::FAR;
        let first_on_line = near && self.piece(self.line_start, at).trim().is_empty();
        if first_on_line && frame.line != self.line_start && at - self.line_start < frame.indent {
            self.suspect.get_or_insert(frame.open);
        }
        let children = self.nodes.drain(frame.first_node..).collect();
        let mut owner = frame.owner;
        owner.node.span = owner.node.span.to(end);
        match frame.kind {
            Kind::Real => {
                owner.node.children = Some(children);
                owner.blocks = Blocks::Real;
            }
            Kind::TooDeep => {
                owner.node.children = Some(Default::default());
                owner.blocks = Blocks::Real;
            }
            Kind::Dropped => {
                if owner.blocks == Blocks::None {
                    owner.blocks = Blocks::Dropped;
                }
            }
            Kind::Orphan if owner.blocks == Blocks::Real => {}
            Kind::Orphan => return None,
        }
        Some(owner)
    }

    fn entries_of(&self, pending: &Pending) -> &[Entry] {
        self.entries.get(pending.first_entry..).unwrap_or_default()
    }

    /// Takes a node whose end is here into its block.
    fn finish(&mut self, mut pending: Pending) {
        let skipping = self.skipping();
        let lost = pending.poisoned && pending.node.children.is_none();
        let entries = self.entries.drain(pending.first_entry..);
        if !pending.dropped && !lost && !skipping {
            if entries.len() > 0 {
                pending.node.entries = entries.collect();
            }
            self.nodes.push(pending.node);
        }
    }

    /// Closes what is still open at the end of the text, and tells it once.
    fn end(&mut self) {
        let innermost = self.innermost_open();
        let count = self.frames.len() + self.skips.len();
        if let Some(innermost) = innermost
            && !self.cut_short
        {
            let open = self.suspect.unwrap_or(innermost);
            let end = self.text.trim_end().len();
            let spans = (self.span(open, open + 1), self.span(end, end));
            self.report(problems::unclosed_block(spans.0, spans.1, count));
        }
        self.skips.clear();
        while !self.frames.is_empty() {
            let at = self.at;
            if let Some(owner) = self.close() {
                self.finish(owner);
            }
            self.at = at;
        }
    }

    fn innermost_open(&self) -> Option<usize> {
        let skip = self.skips.last().map(|skip| skip.open as usize);
        skip.or(self.frames.last().map(|frame| frame.open))
    }

    /// Whether what is read now is not kept.
    fn skipping(&self) -> bool {
        self.frames.last().is_some_and(|frame| frame.kind != Kind::Real)
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or(&[])
    }

    fn rest_text(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn piece(&self, from: usize, to: usize) -> &'a str {
        self.text.get(from..to).unwrap_or("")
    }

    /// Whether a node ends here.
    fn nothing_here(&self) -> bool {
        matches!(self.peek(), None | Some(b';' | b'}' | b'{'))
            || newline(self.bytes, self.at) > 0
            || self.rest().starts_with(b"//")
    }

    /// The character that is here.
    fn here(&self) -> Span {
        let length = self.rest_text().chars().next().map_or(0, char::len_utf8);
        self.span(self.at, self.at + length)
    }

    fn span(&self, start: usize, end: usize) -> Span {
        let fit = |at| self.text.floor_char_boundary(at);
        Span::new(self.source, fit(start), fit(end))
    }

    /// Whether so much is wrong that nobody reads more of it.
    fn tired(&self) -> bool {
        self.told >= MAX_PROBLEMS
    }

    fn report(&mut self, problem: Diagnostic) {
        // A block of nobody is one mistake, whatever it holds.
        if self.frames.last().is_some_and(|frame| frame.kind == Kind::Orphan) {
            return;
        }
        if let Some(label) = &problem.label
            && problem.code != "disallowed-character"
            && self.hidden.iter().any(|at| (label.span.start..label.span.end).contains(at))
        {
            return;
        }
        self.told += 1;
        if self.told <= MAX_PROBLEMS {
            self.problems.push(problem);
        } else if self.told == MAX_PROBLEMS + 1
            && let Some(label) = problem.label
        {
            self.problems.push(problems::too_many(label.span, MAX_PROBLEMS));
        }
    }
}
