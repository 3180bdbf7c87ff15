//! Words of one line, as shells and readers like them split it: what expands is none.

/// What a shell reads as something else where it is not quoted.
const SHELL: &str = "$`\\*?[]{}()<>|&;!~^";

/// What a reader takes for something else than itself.
#[derive(Clone, Debug)]
pub(super) struct Special {
    /// Outside of quotes; `=` only where a word, or what is assigned in it, begins.
    pub bare: String,
    /// Right behind a double quote that opens.
    pub opening: String,
}

impl Default for Special {
    /// As POSIX shells have it.
    fn default() -> Self {
        Self { bare: SHELL.to_owned(), opening: String::new() }
    }
}

/// The words of a line, without a comment at its end; none if one of them holds what its reader
/// expands, or a quote has no end.
pub(super) fn words(line: &str, special: &Special) -> Option<Vec<String>> {
    let mut list = Vec::new();
    let mut rest = line.trim();
    while let Some((word, after)) = word(rest, special)? {
        list.push(word);
        rest = after.trim_start();
    }
    Some(list)
}

/// The first word and what follows it; nothing at the end or at a comment.
#[allow(clippy::type_complexity, reason = "a word, no more words, or no words that can be read")]
pub(super) fn word<'a>(text: &'a str, special: &Special) -> Option<Option<(String, &'a str)>> {
    if text.is_empty() || text.starts_with('#') {
        return Some(None);
    }
    let mut word = String::new();
    let mut quote: Option<char> = None;
    let mut last = None;
    for (at, c) in text.char_indices() {
        let before = last.replace(c);
        match (c, quote) {
            (c, Some(mark)) if c == mark => quote = None,
            (c, Some('\'')) => word.push(c),
            ('$' | '`' | '\\', Some(_)) => return None,
            (c, Some(_)) if before == Some('"') && special.opening.contains(c) => return None,
            (c, Some(_)) => word.push(c),
            // With `setopt rc_quotes` two of them are one.
            ('\'', None) if before == Some('\'') => return None,
            ('\'' | '"', None) => quote = Some(c),
            (c, None) if c.is_whitespace() => {
                return Some(Some((word, text.get(at..).unwrap_or_default())));
            }
            ('=', None) => {
                if special.bare.contains('=') && (word.is_empty() || word.ends_with(['=', ':'])) {
                    return None;
                }
                word.push(c);
            }
            (c, None) if special.bare.contains(c) => return None,
            (c, None) => word.push(c),
        }
    }
    if quote.is_some() { None } else { Some(Some((word, ""))) }
}

/// Whether a line is closed: what follows it does not belong to it, as far as quotes, brackets and
/// a shell's own words say.
pub(super) fn is_closed(line: &str) -> bool {
    const OPEN: &[&str] = &[
        "if", "then", "else", "elif", "fi", "for", "while", "until", "do", "done", "case", "esac",
        "select", "function", "foreach", "repeat", "end",
    ];
    let mut quote: Option<char> = None;
    let mut depth = 0_i32;
    let mut bare = String::new();
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match (c, quote) {
            ('\\', None | Some('"')) => {
                if chars.next().is_none() {
                    return false;
                }
            }
            (c, Some(mark)) if c == mark => quote = None,
            (_, Some(_)) => {}
            ('\'' | '"' | '`', None) => quote = Some(c),
            ('#', None) if bare.is_empty() || bare.ends_with(char::is_whitespace) => break,
            ('(' | '{' | '[', None) => {
                depth += 1;
                bare.push(c);
            }
            (')' | '}' | ']', None) => {
                depth -= 1;
                bare.push(c);
            }
            (c, None) => bare.push(c),
        }
        if depth < 0 {
            return false;
        }
    }
    let keyword =
        bare.split(|c: char| c.is_whitespace() || c == ';').any(|word| OPEN.contains(&word));
    let open = bare.trim_end();
    quote.is_none()
        && depth == 0
        && !keyword
        && !bare.contains("<<")
        && !open.ends_with(['|', '&'])
        && !open.ends_with("()")
}
