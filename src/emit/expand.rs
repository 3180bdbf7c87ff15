//! `$NAME` in session variables and paths, written for each shell in its own way.

use std::ops::Range;

use super::page::is_environment_d;
use super::quote;

/// Who reads the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shell {
    /// sh, bash, zsh.
    Posix,
    /// fish.
    Fish,
    /// nushell.
    Nushell,
    /// systemd's environment.d(5).
    EnvironmentD,
}

/// What was written as if a shell read it, and is not expanded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unexpanded {
    /// Where in the text, in bytes.
    pub range: Range<usize>,
    /// The fact: lower case, no full stop.
    pub message: String,
    /// What to do.
    pub help: String,
}

/// Writes a text for a shell: `$NAME` and `${NAME}` expand, `$$` is a dollar, all else is literal.
pub fn shell_expand(text: &str, shell: Shell) -> Result<String, Unexpanded> {
    if shell == Shell::EnvironmentD && !is_environment_d(text) {
        return Err(Unexpanded {
            range: 0..text.len(),
            message: "environment.d hands on no value that is empty or holds control characters"
                .to_owned(),
            help: "leave it out".to_owned(),
        });
    }
    let pieces = pieces(text)?;
    if let [] | [Piece::Text(_)] = pieces.as_slice() {
        let text = if let [Piece::Text(text)] = pieces.as_slice() { text.as_str() } else { "" };
        return Ok(match shell {
            Shell::Posix => quote::shell(text),
            Shell::Fish => quote::fish(text),
            Shell::Nushell => quote::nushell(text),
            Shell::EnvironmentD => quote::environment_d(text),
        });
    }
    let mut out = String::from(if shell == Shell::Nushell { "$\"" } else { "\"" });
    for (at, piece) in pieces.iter().enumerate() {
        let next = match pieces.get(at + 1) {
            Some(Piece::Text(text)) => text.chars().next(),
            // Two variables in a row keep apart by themselves: `$A$B`.
            Some(Piece::Variable(_)) | None => None,
        };
        match piece {
            Piece::Text(text) => push_text(&mut out, text, shell),
            Piece::Variable(name) => push_variable(&mut out, name, next, shell),
        }
    }
    out.push('"');
    Ok(out)
}

enum Piece<'a> {
    Text(String),
    Variable(&'a str),
}

fn push_text(out: &mut String, text: &str, shell: Shell) {
    for c in text.chars() {
        match (shell, c) {
            (Shell::Posix, '"' | '\\' | '`' | '$') | (Shell::Fish, '"' | '\\' | '$') => {
                out.extend(['\\', c]);
            }
            (Shell::EnvironmentD, '$') => out.push_str("$$"),
            (Shell::EnvironmentD, '"' | '\\' | '`') | (Shell::Nushell, '(' | ')') => {
                out.extend(['\\', c]);
            }
            (Shell::Nushell, c) => quote::push_nushell(out, c),
            (Shell::Posix | Shell::Fish | Shell::EnvironmentD, c) => out.push(c),
        }
    }
}

fn push_variable(out: &mut String, name: &str, next: Option<char>, shell: Shell) {
    // zsh reads `$A[1]` and `$A:h`, fish `$A[1]`; both take letters beyond ASCII into a name.
    let ends = matches!(next, None | Some('/' | ' '));
    let (before, behind) = match shell {
        Shell::Nushell => ("($env.", ")"),
        Shell::EnvironmentD => ("${", "}"),
        Shell::Posix if !ends => ("${", "}"),
        Shell::Fish if !ends => ("$", "\"\""),
        Shell::Posix | Shell::Fish => ("$", ""),
    };
    out.extend([before, name, behind]);
}

fn pieces(text: &str) -> Result<Vec<Piece<'_>>, Unexpanded> {
    let mut pieces = Vec::new();
    let mut literal = String::new();
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let Some(found) = rest.find(['$', '`']) else {
            literal.push_str(rest);
            break;
        };
        let (before, rest) = rest.split_at(found);
        literal.push_str(before);
        at += found;
        if rest.starts_with("$$") {
            literal.push('$');
            at += 2;
            continue;
        }
        let (name, len) = variable(rest).ok_or_else(|| unexpanded(rest, at))?;
        if !literal.is_empty() {
            pieces.push(Piece::Text(std::mem::take(&mut literal)));
        }
        pieces.push(Piece::Variable(name));
        at += len;
    }
    if !literal.is_empty() {
        pieces.push(Piece::Text(literal));
    }
    Ok(pieces)
}

/// The name at the front of `$NAME...` or `${NAME}...`, and how far it reaches.
fn variable(rest: &str) -> Option<(&str, usize)> {
    let rest = rest.strip_prefix('$')?;
    let (inner, braces) = match rest.strip_prefix('{') {
        Some(inner) => (inner, true),
        None => (rest, false),
    };
    let end = inner.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(inner.len());
    let (name, behind) = inner.split_at(end);
    if !quote::is_variable(name) || (braces && !behind.starts_with('}')) {
        return None;
    }
    Some((name, 1 + end + if braces { 2 } else { 0 }))
}

fn unexpanded(rest: &str, at: usize) -> Unexpanded {
    let until = |open: usize, close: char| {
        rest.get(open..).and_then(|rest| rest.find(close)).map_or(rest.len(), |end| open + end + 1)
    };
    let (len, what) = match rest.as_bytes() {
        [b'`', ..] => (until(1, '`'), "a command is not run here"),
        [b'$', b'(', ..] => (until(2, ')'), "a command is not run here"),
        [b'$', b'{', ..] => (until(2, '}'), "only `$NAME` and `${NAME}` expand here"),
        _ => (1, "a `$` here begins the name of a variable"),
    };
    let found = rest.get(..len).unwrap_or(rest);
    let help = if len == 1 {
        "write `$$` for a dollar".to_owned()
    } else {
        "put it in the `init` of your shell, or write `$$` for a dollar".to_owned()
    };
    Unexpanded {
        range: at..at + len,
        message: format!("{what}, found `{}`", found.replace('`', "'")),
        help: if rest.starts_with('`') {
            help.replace(", or write `$$` for a dollar", "")
        } else {
            help
        },
    }
}
