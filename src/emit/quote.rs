//! One text, quoted for one reader: what writers and the filters of expressions share.
//!
//! Every function is total. A NUL stays a NUL: no reader of these can hold one, and a writer that
//! is handed one says so.

/// One word for a POSIX shell: bare where that is safe, else in single quotes.
///
/// Written out rather than taken from `shell-words`, which leaves `{a,b}`, `!` and `^` bare.
pub fn shell(text: &str) -> String {
    if is_plain_word(text) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len() + 2);
    out.push('\'');
    for (at, part) in text.split('\'').enumerate() {
        if at > 0 {
            out.push_str(r"'\''");
        }
        out.push_str(part);
    }
    out.push('\'');
    out
}

/// Inside double quotes of a POSIX shell, with `$NAME`, `${NAME}` and `$(command)` left alive.
pub fn dquote(text: &str) -> String {
    within(text, |c| matches!(c, '"' | '\\' | '`'))
}

/// Inside double quotes of a POSIX shell, every character itself.
pub fn dquote_literal(text: &str) -> String {
    within(text, |c| matches!(c, '"' | '\\' | '`' | '$'))
}

/// One word for fish, whose single quotes know `\'` and `\\`.
pub fn fish(text: &str) -> String {
    if is_plain_word(text) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\\', r"\\").replace('\'', r"\'"))
}

/// `$'...'` of bash, zsh and ksh: one line, whatever the text.
pub fn ansi_c(text: &str) -> String {
    let mut out = String::from("$'");
    for c in text.chars() {
        match c {
            '\'' => out.push_str(r"\'"),
            '\\' => out.push_str(r"\\"),
            '\n' => out.push_str(r"\n"),
            '\t' => out.push_str(r"\t"),
            '\r' => out.push_str(r"\r"),
            // Three octal digits end by themselves; hexadecimal ones would eat a digit behind.
            c if c.is_ascii_control() => out.push_str(&format!(r"\{:03o}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('\'');
    out
}

/// One string of nushell, in double quotes.
pub fn nushell(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        push_nushell(&mut out, c);
    }
    out.push('"');
    out
}

pub(super) fn push_nushell(out: &mut String, c: char) {
    match c {
        '"' => out.push_str("\\\""),
        '\\' => out.push_str(r"\\"),
        '\n' => out.push_str(r"\n"),
        '\r' => out.push_str(r"\r"),
        '\t' => out.push_str(r"\t"),
        c if c.is_control() => out.push_str(&format!("\\u{{{:x}}}", u32::from(c))),
        c => out.push(c),
    }
}

/// A text between two tags of XML, or in the quotes of an attribute.
pub fn xml(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
    }
    out
}

/// A JSON string (RFC 8259).
pub fn json(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A basic string of TOML on one line: JSON's, but for DEL, which TOML takes only escaped.
pub fn toml(text: &str) -> String {
    json(text).replace('\u{7f}', r"\u007F")
}

/// A value of an INI file whose reader knows double quotes and backslashes: bare where that is
/// safe.
pub fn ini(text: &str) -> String {
    let plain = !text.is_empty()
        && !super::page::is_trimmed(text)
        && !text.contains(['"', '\'', '\\', '#', ';', '\n', '\r']);
    if plain {
        return text.to_owned();
    }
    let mut out = String::from("\"");
    for c in text.chars() {
        push_backslashed(&mut out, c, '"');
    }
    out.push('"');
    out
}

pub(super) fn push_backslashed(out: &mut String, c: char, mark: char) {
    match c {
        '\\' => out.push_str(r"\\"),
        '\n' => out.push_str(r"\n"),
        '\r' => out.push_str(r"\r"),
        '\t' => out.push_str(r"\t"),
        c if c == mark => out.extend(['\\', c]),
        c => out.push(c),
    }
}

/// One argument of `ExecStart=` and its like: `%` and `$` stand for themselves.
///
/// systemd.syntax(7) QUOTING and systemd.service(5) COMMAND LINES. The first word of a command
/// must be a path without control characters.
pub fn systemd(text: &str) -> String {
    systemd_word(&text.replace('%', "%%").replace('$', "$$"), text == ";")
}

/// One argument of a desktop entry's `Exec`; a field code such as `%U` stays one.
///
/// <https://specifications.freedesktop.org/desktop-entry-spec/latest/exec-variables.html>
pub fn desktop_exec(text: &str) -> String {
    let mut chars = text.chars();
    if let (Some('%'), Some('f' | 'F' | 'u' | 'U' | 'i' | 'c' | 'k'), None) =
        (chars.next(), chars.next(), chars.next())
    {
        return text.to_owned();
    }
    let text = text.replace('%', "%%");
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:,@%+=".contains(c);
    if !text.is_empty() && text.chars().all(plain) { text } else { dquote_literal(&text) }
}

/// One assignment of `Environment=`, such as `NAME=some value`: `%` stands for itself, and `$` has
/// no meaning there (systemd.exec(5)).
pub fn systemd_env(text: &str) -> String {
    systemd_word(&text.replace('%', "%%"), false)
}

fn systemd_word(text: &str, quoted: bool) -> String {
    let plain = |c: char| c.is_alphanumeric() || "_-./:,@%+=$~^!*?<>|&(){}[]#".contains(c);
    if !quoted && !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            c if c.is_ascii_control() && !matches!(c, '\n' | '\r' | '\t') => {
                out.push_str(&format!(r"\x{:02x}", u32::from(c)));
            }
            c => push_backslashed(&mut out, c, '"'),
        }
    }
    out.push('"');
    out
}

/// The right side of an environment.d(5) assignment, every character itself.
///
/// The value is unquoted as a shell would and expanded *afterwards*, so `$` is doubled rather than
/// escaped (systemd, `parse_env_file` and `replace_env`).
pub fn environment_d(text: &str) -> String {
    if is_plain_word(text) {
        return text.to_owned();
    }
    within(&text.replace('$', "$$"), |c| matches!(c, '"' | '\\' | '`' | '$'))
}

/// A double-quoted Ruby string in which nothing can run: `#` is always escaped.
pub fn ruby(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '#' => out.push_str(r"\#"),
            '\n' | '\r' | '\t' | '"' | '\\' => push_backslashed(&mut out, c, '"'),
            c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}') => {
                out.push_str(&format!("\\u{:04X}", u32::from(c)));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// A text that a regular expression (PCRE, Python, Rust, ERE) matches as it stands.
pub fn regex(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if r"\.+*?()|[]{}^$".contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// A word that no shell reads as anything else; `=` never leads, for zsh.
fn is_plain_word(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:,@%+".contains(c);
    !text.is_empty() && text.chars().all(plain) && !text.starts_with('%')
}

fn within(text: &str, escaped: impl Fn(char) -> bool) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        if escaped(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out.push('"');
    out
}

/// Whether a name is one of a variable, in POSIX's portable character set.
pub fn is_variable(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}
