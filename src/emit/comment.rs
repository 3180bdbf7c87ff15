//! Where a comment begins in a line that somebody wrote.

use super::Format;

impl Format {
    /// Whether a comment begins in a line: a mark outside of quotes. Where texts may stand without
    /// quotes, a mark that a value begins with is none: it may be a color, or follow the `https:` of
    /// an address.
    pub fn has_comment(&self, line: &str) -> bool {
        let has = |mark| self.marks.contains(&mark);
        // A text of XML may hold one quote alone; who knows `/*` writes each text in quotes.
        let quotes: &[char] = if has("<!--") { &[] } else { &['"', '\''] };
        let starts: &[char] = if has("<!--") || has("/*") { &[] } else { &['=', ':'] };
        let (mut rest, mut last) = (line, ' ');
        while let Some(c) = rest.chars().next() {
            if !starts.contains(&last) && self.marks.iter().any(|mark| rest.starts_with(mark)) {
                return true;
            }
            rest = &rest[c.len_utf8()..];
            if quotes.contains(&c) {
                rest = behind_quote(rest, c).unwrap_or(rest);
            }
            last = c;
        }
        false
    }
}

/// What follows the quote that closes, if one does.
fn behind_quote(text: &str, quote: char) -> Option<&str> {
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => drop(chars.next()),
            _ if c == quote => return Some(chars.as_str()),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use crate::emit::find;

    #[test]
    fn a_comment_is_a_mark_outside_of_quotes() {
        for (format, line, has) in [
            ("jsonc", "\"a\": 1//why", true),
            ("jsonc", "\"a\":/*why*/1", true),
            ("jsonc", "\"a\": \"it's\" // it's", true),
            ("jsonc", "\"a\": \"{x}/*.ts // \\\" #\"", false),
            ("json", "\"a\": 1 //", false),
            ("toml", "a = 1# why", true),
            ("toml", "a = '#1' # it's", true),
            ("toml", "a = '#1'", false),
            ("key-value", "a=#123456", false),
            ("key-value", "a=1 #why", true),
            ("yaml", "a: https://x", false),
            ("plist", "<string>it's</string><!--it's-->", true),
            ("plist", "<string># // it's</string>", false),
            ("gitconfig", "a = \"!f() { git log; }; f\"", false),
            ("gitconfig", "a = b ; why", true),
            ("lines", "# any", false),
            ("toml", "", false),
            ("toml", "é = \"é # ", true),
        ] {
            let format = find(format).expect("a format");
            assert_eq!(format.has_comment(line), has, "{}: {line}", format.name);
        }
    }
}
