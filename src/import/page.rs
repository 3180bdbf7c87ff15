//! A configuration as a person would write it.

use crate::syntax::edit::{literal, name};
use crate::syntax::tree::Scalar;

/// The column that a line on its own ends at.
const WIDTH: usize = 100;

/// One node to be written.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Item {
    /// Lines above it, without `//`. An empty one is an empty line.
    pub comment: Vec<String>,
    /// What stands behind it on its line, without `//`.
    pub note: Option<String>,
    /// The mark in front of its name, without its parentheses.
    pub mark: Option<&'static str>,
    /// Its name; without one there is the comment alone.
    pub name: String,
    /// Its arguments.
    pub args: Vec<Marked>,
    /// Its properties.
    pub props: Vec<(String, Marked)>,
    /// Its children.
    pub children: Vec<Item>,
    /// Whether the children stand on lines of their own, short as they may be.
    pub open: bool,
}

/// A value, and the mark in front of it, such as `(f)`.
#[derive(Clone, Debug, PartialEq)]
pub struct Marked {
    /// The mark, without its parentheses.
    pub mark: Option<&'static str>,
    /// The value.
    pub value: Scalar,
}

impl From<&str> for Marked {
    fn from(text: &str) -> Self {
        Self::from(Scalar::String(text.into()))
    }
}

impl From<Scalar> for Marked {
    fn from(value: Scalar) -> Self {
        Self { mark: None, value }
    }
}

/// A node `file` for a path below the home.
pub fn file(path: &str) -> Item {
    // In front of a name, `~` and `$` mean something else.
    let name = if path.starts_with(['~', '$']) { format!("./{path}") } else { path.to_owned() };
    Item::new("file").arg(name.as_str())
}

impl Item {
    /// A node without anything.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    /// With one more argument.
    #[must_use]
    pub fn arg(mut self, value: impl Into<Marked>) -> Self {
        self.args.push(value.into());
        self
    }

    /// With one more property.
    #[must_use]
    pub fn prop(mut self, name: impl Into<String>, value: impl Into<Marked>) -> Self {
        self.props.push((name.into(), value.into()));
        self
    }

    /// With one more child.
    #[must_use]
    pub fn child(mut self, item: Item) -> Self {
        self.children.push(item);
        self
    }

    /// With lines above it.
    #[must_use]
    pub fn comment(mut self, text: &str) -> Self {
        self.comment.extend(text.lines().map(str::to_owned));
        self
    }

    /// The node in one line without its comment, if it can be.
    fn line(&self) -> Option<String> {
        if self.open && !self.children.is_empty() {
            return None;
        }
        let head = self.head("");
        if head.contains('\n') {
            return None;
        }
        if self.children.is_empty() {
            return Some(head);
        }
        let mut inner = Vec::new();
        for child in &self.children {
            if !child.comment.is_empty() || child.note.is_some() || child.name.is_empty() {
                return None;
            }
            inner.push(child.line()?);
        }
        Some(format!("{head} {{ {} }}", inner.join("; ")))
    }

    /// Name, arguments and properties.
    fn head(&self, indent: &str) -> String {
        let mut out = self.mark.map(|mark| format!("({mark})")).unwrap_or_default();
        out.push_str(&if self.name == "-" { self.name.clone() } else { name(&self.name) });
        for value in &self.args {
            out.push(' ');
            value.write(indent, &mut out);
        }
        for (key, value) in &self.props {
            out.push(' ');
            out.push_str(&name(key));
            out.push('=');
            value.write(indent, &mut out);
        }
        out
    }

    fn write(&self, indent: &str, out: &mut String) {
        comment(&self.comment, indent, out);
        if self.name.is_empty() {
            return;
        }
        out.push_str(indent);
        let note = self.note.as_ref().map(|note| format!("    // {}", plain(note)));
        let note = note.unwrap_or_default();
        if let Some(line) = self
            .line()
            .filter(|line| self.children.is_empty() || indent.len() + line.chars().count() <= WIDTH)
        {
            out.push_str(&line);
            out.push_str(&note);
            out.push('\n');
            return;
        }
        out.push_str(&self.head(indent));
        if !self.children.is_empty() {
            out.push_str(" {");
        }
        out.push_str(&note);
        out.push('\n');
        if !self.children.is_empty() {
            let inner = format!("{indent}    ");
            for child in &self.children {
                child.write(&inner, out);
            }
            out.push_str(indent);
            out.push_str("}\n");
        }
    }
}

impl Marked {
    fn write(&self, indent: &str, out: &mut String) {
        if let Some(mark) = self.mark {
            out.push('(');
            out.push_str(mark);
            out.push(')');
        }
        out.push_str(&literal(&self.value, indent));
    }
}

/// Lines of a comment.
fn comment(lines: &[String], indent: &str, out: &mut String) {
    for line in lines {
        if line.is_empty() {
            out.push('\n');
            continue;
        }
        out.push_str(indent);
        out.push_str(format!("// {}", plain(line)).trim_end());
        out.push('\n');
    }
}

/// Nodes that stand in another one, whose children begin with `indent`.
pub fn write_in(items: &[Item], indent: &str) -> String {
    let mut out = String::new();
    for item in items {
        item.write(indent, &mut out);
    }
    out
}

/// A line of a comment, a blank in the place of what KDL does not allow in a document, or takes for
/// the end of a line.
fn plain(line: &str) -> String {
    let refused = |c: char| {
        let ends = matches!(c, '\u{2028}' | '\u{2029}');
        let turns = matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        c.is_control() && c != '\t' || ends || turns || c == '\u{feff}'
    };
    line.trim_end().chars().map(|c| if refused(c) { ' ' } else { c }).collect()
}

/// The document.
pub fn write(items: &[Item]) -> String {
    let mut out = String::new();
    for item in items {
        item.write("", &mut out);
    }
    out
}
