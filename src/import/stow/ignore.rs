//! What of a package stow leaves alone: the rules of `.stow-local-ignore`, `.stow-global-ignore`
//! and its own, and those of `--ignore`.
//!
//! Format: the manual's chapter "Ignore Lists" and `get_ignore_regexps_from_fh` of stow 2.4.1.
//! The rules are Perl's regular expressions, and names are bytes to them, as to stow: `\w` is a
//! letter of ASCII. One that cannot be understood here is said, and the others hold.

use fancy_regex::{BytesMode, Regex, RegexBuilder};

/// The file of a package that holds its rules. It is never taken itself.
pub const LOCAL: &str = ".stow-local-ignore";
/// The file of the home that holds the rules of packages without their own.
pub const GLOBAL: &str = ".stow-global-ignore";

/// The rules for a package that has none and a home that has none: `default-ignore-list`.
const BUILT_IN: &str = r"
RCS
.+,v

CVS
\.\#.+       # CVS conflict files / emacs lock files
\.cvsignore

\.svn
_darcs
\.hg

\.git
\.gitignore
\.gitmodules

.+~          # emacs backup files
\#.*\#       # emacs autosave files

^/README.*
^/LICENSE.*
^/COPYING
";

/// A list of rules, ready to be asked.
#[derive(Debug, Default)]
pub struct Rules {
    names: Vec<Rule>,
    paths: Vec<Rule>,
    ends: Vec<Rule>,
}

#[derive(Debug)]
struct Rule {
    said: String,
    regex: Regex,
}

/// A rule that cannot be understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown {
    /// The rule.
    pub said: String,
    /// Why.
    pub why: String,
}

impl Rules {
    /// stow's own.
    pub fn built_in() -> Self {
        Self::of_file(BUILT_IN.as_bytes()).0
    }

    /// Those of a file.
    pub fn of_file(bytes: &[u8]) -> (Self, Vec<Unknown>) {
        let mut own = Self::default();
        let mut unknown = Vec::new();
        for said in lines(&String::from_utf8_lossy(bytes)) {
            // One with a slash is about the path from the package on, any other about a name.
            let (list, around) = match said.contains('/') {
                true => (&mut own.paths, ("(^|/)(", ")(/|$)")),
                false => (&mut own.names, ("^(", ")$")),
            };
            match Rule::new(&said, around) {
                Ok(rule) => list.push(rule),
                Err(rule) => unknown.push(rule),
            }
        }
        // A file of rules stays in its package.
        own.paths.extend(Rule::new("^/\\.stow-local-ignore$", ("", "")));
        (own, unknown)
    }

    /// Those of `--ignore`, which are about how a path ends.
    pub fn of_options(said: &[String]) -> (Self, Vec<Unknown>) {
        let mut own = Self::default();
        let (ends, unknown) = compile(said, ("(", ")\\z"));
        own.ends = ends;
        (own, unknown)
    }

    /// The rule that a path below the package meets. What is above it was asked before.
    pub fn meets(&self, path: &str) -> Option<&str> {
        let name = &name_of(path);
        let rooted = format!("/{path}");
        let find = |rules: &'_ [Rule], text: &str| -> Option<usize> {
            rules.iter().position(|rule| rule.meets(text))
        };
        let found = find(&self.ends, path).and_then(|at| self.ends.get(at));
        let found = found.or_else(|| find(&self.paths, &rooted).and_then(|at| self.paths.get(at)));
        let found = found.or_else(|| find(&self.names, name).and_then(|at| self.names.get(at)));
        found.map(|rule| rule.said.as_str())
    }
}

/// The last name of a path, as stow finds it: Perl's `s!.+/!!`, in which `.` is no line break.
fn name_of(path: &str) -> String {
    let mut start = 0;
    for line in path.split_inclusive('\n') {
        if let Some(end) = line.rfind('/').filter(|end| *end > 0) {
            let (before, after) = path.split_at(start);
            return format!("{before}{}", after.get(end + 1..).unwrap_or_default());
        }
        start += line.len();
    }
    path.to_owned()
}

/// Expressions about how a path below the target begins: `--defer`, `--override`.
#[derive(Debug, Default)]
pub struct Beginnings(Vec<Rule>);

impl Beginnings {
    /// Reads them.
    pub fn new(said: &[String]) -> (Self, Vec<Unknown>) {
        let (rules, unknown) = compile(said, ("\\A(", ")"));
        (Self(rules), unknown)
    }

    /// Whether one of them is met.
    pub fn meet(&self, path: &str) -> bool {
        self.0.iter().any(|rule| rule.meets(path))
    }
}

fn compile(said: &[String], around: (&str, &str)) -> (Vec<Rule>, Vec<Unknown>) {
    let (mut rules, mut unknown) = (Vec::new(), Vec::new());
    for said in said {
        match Rule::new(said, around) {
            Ok(rule) => rules.push(rule),
            Err(rule) => unknown.push(rule),
        }
    }
    (rules, unknown)
}

impl Rule {
    fn new(said: &str, (before, after): (&str, &str)) -> Result<Self, Unknown> {
        let unknown = |why: String| Unknown { said: said.to_owned(), why };
        let regex = unquoted(said);
        // Alone first, or a parenthesis too many would find its other half in what is put around.
        of_bytes(&regex).map_err(|error| unknown(reason(&error)))?;
        let regex = of_bytes(&format!("{before}{regex}{after}"));
        let regex = regex.map_err(|error| unknown(reason(&error)))?;
        Ok(Self { said: said.to_owned(), regex })
    }

    /// One that gives up on a name, having tried too many ways, is not met by it.
    fn meets(&self, text: &str) -> bool {
        self.regex.is_match(text.as_bytes()).unwrap_or(false)
    }
}

fn of_bytes(regex: &str) -> Result<Regex, fancy_regex::Error> {
    RegexBuilder::new(regex).bytes_mode(BytesMode::Ascii).build()
}

/// The first line of what the crate says.
fn reason(error: &fancy_regex::Error) -> String {
    let text = error.to_string();
    text.lines().rfind(|line| !line.trim().is_empty()).unwrap_or(&text).trim().to_owned()
}

/// An expression without `\Q...\E`, which the crate does not know: what is between is taken by its
/// letters.
fn unquoted(said: &str) -> String {
    let mut out = String::new();
    let mut rest = said;
    while let Some((before, after)) = rest.split_once("\\Q") {
        out.push_str(before);
        let (inner, after) = after.split_once("\\E").unwrap_or((after, ""));
        out.push_str(&fancy_regex::escape(inner));
        rest = after;
    }
    out.push_str(rest);
    out
}

/// The rules of a file, a line each, without comments.
fn lines(text: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for line in text.lines() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let rule = without_comment(line).replace("\\#", "#");
        if !out.contains(&rule) {
            out.push(rule);
        }
    }
    out
}

/// Perl's `s/\s+#.+//`: the first blanks that a `#` with anything behind it follows.
fn without_comment(line: &str) -> &str {
    for (at, _) in line.match_indices('#') {
        let before = line.get(..at).unwrap_or_default();
        let kept = before.trim_end();
        if kept.len() < before.len() && line.len() > at + 1 {
            return kept;
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_list_is_about_names_and_about_the_top() {
        let rules = Rules::built_in();
        for path in [".git", "a/.gitignore", "a/b/x~", "#x#", "README.md", "LICENSE", "x,v", ".#x"]
        {
            assert!(rules.meets(path).is_some(), "{path}");
        }
        for path in ["a/README.md", "README", ".gitconfig", "RCSX", "dot-gitignore", "COPYING.txt"]
        {
            let is_top = path.starts_with("README");
            assert_eq!(rules.meets(path).is_some(), is_top, "{path}");
        }
        assert!(rules.meets(LOCAL).is_some());
    }

    #[test]
    fn comments_end_a_rule_only_behind_a_blank() {
        let text = "  \\.x  # why\n# all\na\\#b\n\\Qa.b\\E\na#b\n\n";
        assert_eq!(lines(text), ["\\.x", "a#b", "\\Qa.b\\E"]);
        let (rules, unknown) = Rules::of_file(text.as_bytes());
        assert_eq!(unknown, []);
        assert!(rules.meets("a.b").is_some() && rules.meets("axb").is_none());
    }

    #[test]
    fn what_is_no_expression_is_said_and_the_others_hold() {
        let (rules, unknown) = Rules::of_file(b"a)\n(?<!x)y\n(b\nc\n");
        let said: Vec<&str> = unknown.iter().map(|one| one.said.as_str()).collect();
        assert_eq!(said, ["a)", "(b"]);
        assert!(rules.meets("c").is_some() && rules.meets("y").is_some());
        let (rules, _) = Rules::of_options(&["\\.bak".to_owned()]);
        assert!(rules.meets("a/x.bak").is_some() && rules.meets("a/x.bak/y").is_none());
    }

    #[test]
    fn names_are_bytes_as_to_perl() {
        let (rules, unknown) = Rules::of_file("(?i)\\.ds_store\n\\w\\w\nü.+\n..x\n".as_bytes());
        assert_eq!(unknown, []);
        for (name, is_met) in
            [(".DS_Store", true), ("ab", true), ("é", false), ("über", true), ("éx", true)]
        {
            assert_eq!(rules.meets(name).is_some(), is_met, "{name}");
        }
    }
}
