//! What the reader says. Every sentence about KDL's form stands here.

use crate::diag::{Diagnostic, SourceId, Span};
use crate::syntax::tree::Scalar;

/// The value that a keyword, or a word taken for one, stands for.
pub(super) fn keyword(word: &str) -> Option<(&'static str, Scalar)> {
    Some(match word.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" => ("#true", Scalar::Bool(true)),
        "false" | "no" | "off" => ("#false", Scalar::Bool(false)),
        "null" | "none" | "nil" => ("#null", Scalar::Null),
        "inf" | "+inf" | "infinity" => ("#inf", Scalar::Float(f64::INFINITY)),
        "-inf" | "-infinity" => ("#-inf", Scalar::Float(f64::NEG_INFINITY)),
        "nan" => ("#nan", Scalar::Float(f64::NAN)),
        _ => return None,
    })
}

/// A text as a KDL string of one line.
fn quote(text: &str) -> String {
    if text.contains(['\n', '\r', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}']) {
        return format!("\"{}\"", text.escape_default());
    }
    if !text.contains(['"', '\\']) {
        return format!("\"{text}\"");
    }
    let mut hashes = 1;
    while text.contains(&format!("\"{}", "#".repeat(hashes))) || text.starts_with("\"\"") {
        hashes += 1;
        if hashes > 8 {
            return format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
        }
    }
    let hashes = "#".repeat(hashes);
    format!("{hashes}\"{text}\"{hashes}")
}

/// A piece of the user's text as it is quoted in a sentence.
fn short(text: &str) -> String {
    const MOST: usize = 40;
    let line = text.lines().next().unwrap_or("");
    if line.chars().count() > MOST {
        format!("{}…", line.chars().take(MOST).collect::<String>())
    } else {
        line.to_owned()
    }
}

/// "write `...`", where what is to be written is short enough for a sentence.
fn write(text: &str) -> String {
    if text.len() > 80 || text.contains('`') {
        "write it in double quotes".to_owned()
    } else {
        format!("write `{text}`")
    }
}

fn error(code: &'static str, span: Span, label: &str, message: impl Into<String>) -> Diagnostic {
    Diagnostic::error(code, span, label, message)
}

/// The same error with the replacement it asks for.
fn replaced(problem: Diagnostic, span: Span, text: &str) -> Diagnostic {
    problem.help(write(text)).fix(span, text)
}

pub(super) fn disallowed(span: Span, character: &str) -> Diagnostic {
    let code = character.chars().next().map_or(0, u32::from);
    let what = match code {
        0xfeff => "a byte order mark stands at the start of a file only".to_owned(),
        0x200e..=0x2069 => {
            format!("U+{code:04X} turns the direction of text unseen, so KDL does not hold it")
        }
        _ => format!("U+{code:04X} is a control character, which KDL does not hold"),
    };
    error("disallowed-character", span, "unseen character", what)
        .help(format!("remove it; inside a quoted string it is written `\\u{{{code:x}}}`"))
}

pub(super) fn version(span: Span, version: &str) -> Diagnostic {
    let message = format!("hcc reads KDL 2, this file says it is KDL {}", short(version));
    replaced(error("kdl-version", span, "another version", message), span, "2")
}

pub(super) fn too_many(span: Span, most: usize) -> Diagnostic {
    error(
        "too-many-problems",
        span,
        "and more from here on",
        format!("more than {most} places of this file are not KDL; the others are not shown"),
    )
}

// Blocks and nodes.

pub(super) fn unclosed_comment(span: Span) -> Diagnostic {
    error(
        "unclosed-comment",
        span,
        "opened here",
        "a `/*` comment ends with `*/`, this one never does",
    )
    .help("write `*/` at its end; a path with `/*` in it is written in double quotes")
}

pub(super) fn unclosed_block(span: Span, end: Span, count: usize) -> Diagnostic {
    let message = match count {
        1 => "a block that is opened with `{` is never closed".to_owned(),
        n => format!("{n} blocks that are opened with `{{` are never closed"),
    };
    let label = if count == 1 { "opened here" } else { "the last one opened here" };
    error("unclosed-block", span, label, message)
        .also(end, "the file ends here")
        .help("write `}` where the block ends")
}

pub(super) fn stray_brace(span: Span) -> Diagnostic {
    error("stray-brace", span, "closes nothing", "this `}` has no `{` before it")
        .help("remove it, or write the `{` it should close")
}

pub(super) fn second_block(span: Span, name: Span) -> Diagnostic {
    error("second-block", span, "a second one", "a node has one block of children, found two")
        .also(name, "of this node")
        .help("move its content into the first block")
}

pub(super) fn nested_too_deep(span: Span) -> Diagnostic {
    error(
        "nested-too-deep",
        span,
        "too deep",
        format!("blocks nest at most {} deep", crate::syntax::tree::MAX_DEPTH),
    )
}

pub(super) fn block_on_own_line(span: Span, gap: Span, name: &str) -> Diagnostic {
    error(
        "block-on-own-line",
        span,
        "on a line of its own",
        "the `{` of a block stands on the line of its node",
    )
    .help(format!("write `{} {{`", short(name)))
    .fix(gap, " ")
}

pub(super) fn block_without_node(span: Span, template: bool, json: bool) -> Diagnostic {
    let problem = error(
        "block-without-node",
        span,
        "no name before it",
        "a block stands behind the name of its node, found `{` alone",
    );
    if template {
        problem.help("write text with `{{ }}` as `(f)\"{{ ... }}\"`")
    } else if json {
        problem.help("write each `\"name\": value` of JSON as `name value`, on its own line")
    } else {
        problem.help("write `name {`")
    }
}

pub(super) fn stray_semicolon(span: Span) -> Diagnostic {
    error("stray-semicolon", span, "ends nothing", "`;` ends a node, there is none before it")
        .help("remove the `;`")
        .fix(span, "")
}

pub(super) fn missing_semicolon(span: Span) -> Diagnostic {
    let point = Span { end: span.start, ..span };
    let message = "a node ends with its block, found more behind its `}`";
    error("missing-semicolon", span, "on the same line", message)
        .help("write `;` or a new line behind the `}`")
        .fix(point, "; ")
}

pub(super) fn value_after_block(span: Span) -> Diagnostic {
    let message = "a node's values stand before its blocks, also before those behind `/-`";
    error("value-after-block", span, "behind a block", message).help("move it before the block")
}

pub(super) fn nothing_to_drop(span: Span) -> Diagnostic {
    error(
        "slashdash-of-nothing",
        span,
        "nothing follows",
        "`/-` removes the node, value or block behind it, found none",
    )
    .help("remove the `/-`")
    .fix(span, "")
}

pub(super) fn dropped_twice(span: Span) -> Diagnostic {
    error("slashdash-twice", span, "a second one", "one `/-` removes a node, found two")
        .help("remove one `/-`")
        .fix(span, "")
}

pub(super) fn equals_after_name(sign: Span, all: Span, name: &str) -> Diagnostic {
    error("equals-after-name", sign, "not needed", "a node's values follow its name without `=`")
        .help(format!("write `{} ...` with a space for the `=`", short(name)))
        .fix(all, " ")
}

pub(super) fn colon_after_name(span: Span, spaced: bool) -> Diagnostic {
    let message = "a node's values follow its name without `:`";
    error("colon-after-name", span, "not needed", message)
        .help("remove the `:`")
        .fix(span, if spaced { "" } else { " " })
}

pub(super) fn separator(span: Span, byte: u8, fix: &str) -> Diagnostic {
    let sign = char::from(byte);
    let code = if byte == b',' { "comma-between-values" } else { "colon-between-values" };
    let first = Span { end: span.start + 1, ..span };
    error(code, first, "not needed", format!("spaces separate values, found `{sign}`"))
        .help(format!("write a space for each `{sign}`"))
        .fix(span, fix)
}

pub(super) fn missing_space(span: Span, in_text: bool) -> Diagnostic {
    let point = Span { end: span.start, ..span };
    let problem = error(
        "missing-space",
        span,
        "needs a space before it",
        "spaces separate values, found none",
    );
    if in_text {
        problem.help("write a space, or `\\\"` for a quote that belongs to the text")
    } else {
        problem.help("write a space here").fix(point, " ")
    }
}

// Names and annotations.

pub(super) fn name_is_no_text(span: Span, text: &str, what: &str) -> Diagnostic {
    let article = if what == "annotation" { "an" } else { "a" };
    let owner = match what {
        "annotation" => "an annotation is a word".to_owned(),
        _ => format!("{article} {what}'s name is a word or a string"),
    };
    let message = format!("{owner}, found `{}`", short(text));
    replaced(error("name-is-no-text", span, "not a name", message), span, &quote(text))
}

pub(super) fn keyword_as_name(span: Span, word: &str, what: &str) -> Diagnostic {
    let message = format!(
        "KDL keeps the word `{word}` back, so it names {what} only in quotes",
        what = match what {
            "annotation" => "an annotation",
            "property" => "a property",
            _ => "a node",
        }
    );
    replaced(error("bare-keyword", span, "needs quotes", message), span, &quote(word))
}

pub(super) fn property_without_value(span: Span) -> Diagnostic {
    error(
        "property-without-value",
        span,
        "no value",
        "a property is `name=value`, found no value behind the `=`",
    )
    .help("write the value on the same line, `\"\"` for an empty text")
}

pub(super) fn annotated_property(span: Span, right: Option<String>) -> Diagnostic {
    let problem = error(
        "annotated-property",
        span,
        "annotated name",
        "a property's annotation stands before its value, not before its name",
    );
    match right {
        Some(right) => replaced(problem, span, &right),
        None => problem.help("write `name=(annotation)value`"),
    }
}

pub(super) fn empty_annotation(span: Span) -> Diagnostic {
    error(
        "empty-annotation",
        span,
        "nothing in it",
        "an annotation `(...)` holds one word, found none",
    )
    .help("remove the `()`")
    .fix(span, "")
}

pub(super) fn unclosed_annotation(span: Span) -> Diagnostic {
    error(
        "unclosed-annotation",
        span,
        "opened here",
        "an annotation ends with `)`, this one never does",
    )
    .help("write `)` behind its word; a text with `(` in it needs double quotes")
}

pub(super) fn annotation_is_one_word(span: Span, text: &str) -> Diagnostic {
    let message = format!("an annotation `(...)` holds one word, found `{}`", short(text));
    error("annotation-is-one-word", span, "more than one word", message)
        .help("join marks with `+`, as in `(default+after)`; quote a text that has parentheses")
}

pub(super) fn two_annotations(second: Span, all: Span, one: &str, two: &str) -> Diagnostic {
    let problem =
        error("two-annotations", second, "a second one", "a value has one annotation, found two");
    replaced(problem, all, &format!("({one}+{two})"))
}

pub(super) fn annotation_of_nothing(span: Span, what: &str) -> Diagnostic {
    error(
        "annotation-of-nothing",
        span,
        "nothing follows",
        format!("an annotation stands before {what}, found none"),
    )
}

// Values.

pub(super) fn bare_keyword(span: Span, word: &str) -> Diagnostic {
    let message = match word {
        "true" | "false" | "null" => format!("KDL 2 writes `#{word}`; bare `{word}` is KDL 1"),
        _ => format!("the number is written `#{word}`; KDL keeps bare `{word}` back"),
    };
    replaced(error("bare-keyword", span, "without its `#`", message), span, &format!("#{word}"))
}

pub(super) fn unknown_keyword(span: Span, word: &str, right: &str) -> Diagnostic {
    let message = format!("KDL has no keyword `{}`", short(word));
    replaced(error("unknown-keyword", span, "not a keyword", message), span, right)
}

pub(super) fn unquoted_hash(span: Span, text: &str) -> Diagnostic {
    let problem =
        error("unquoted-hash", span, "needs quotes", "a text that starts with `#` needs quotes");
    replaced(problem, span, &quote(text))
}

pub(super) fn hash_comment(span: Span, first: bool) -> Diagnostic {
    let problem =
        error("hash-comment", span, "not a comment", "a comment starts with `//`, found `#`");
    if first {
        return replaced(problem, span, "//");
    }
    problem.help("write `//` for a comment, and a text with `#` in double quotes").fix(span, "//")
}

pub(super) fn unquoted(span: Span, text: &str, what: char) -> Diagnostic {
    let (code, message) = match what {
        '/' if text.contains("://") => (
            "unquoted-url",
            "a URL needs quotes: behind a bare word `//` starts a comment".to_owned(),
        ),
        '/' if text.contains("/*") => (
            "unquoted-path",
            "a path needs quotes: behind a bare word `/*` starts a comment".to_owned(),
        ),
        '/' => ("unquoted-path", "a path needs quotes: `/` ends a bare word".to_owned()),
        '(' if text.starts_with("$(") => {
            ("unquoted-character", "a text with `$(` needs quotes: `(` ends a bare word".to_owned())
        }
        _ => (
            "unquoted-character",
            format!("a text with `{what}` needs quotes: `{what}` ends a bare word"),
        ),
    };
    replaced(error(code, span, "needs quotes", message), span, &quote(text))
}

pub(super) fn dollar_brace(span: Span, whole: Option<&str>) -> Diagnostic {
    let problem = error(
        "unquoted-dollar-brace",
        span,
        "needs quotes",
        "a text with `${` needs quotes: bare, its `{` opens a block",
    );
    match whole {
        Some(text) => replaced(problem, span, &quote(text)),
        None => problem.help("write `\"${NAME}\"`"),
    }
}

pub(super) fn single_quotes(span: Span, text: &str) -> Diagnostic {
    let problem = error(
        "single-quotes",
        span,
        "needs double quotes",
        "strings have double quotes; `'` is an ordinary character in KDL",
    );
    replaced(problem, span, &quote(text))
}

pub(super) fn smart_quotes(span: Span, open: char, text: Option<&str>) -> Diagnostic {
    let problem = error(
        "smart-quotes",
        span,
        "not a straight quote",
        format!("strings have straight quotes `\"`, found `{open}`"),
    );
    match text {
        Some(text) => replaced(problem, span, &quote(text)),
        None => problem.help("write `\"` before and behind the text"),
    }
}

pub(super) fn lone_quote(span: Span, whole: Option<(Span, &str)>) -> Diagnostic {
    let problem =
        error("unclosed-string", span, "its only quote", "a string has a quote on both sides");
    match whole {
        Some((span, word)) => replaced(problem, span, &quote(word)),
        None => problem.help("write a `\"` before the text and one behind it"),
    }
}

pub(super) fn brackets(span: Span, inner: Option<&str>) -> Diagnostic {
    let problem = error(
        "list-in-brackets",
        span,
        "not needed",
        "a list is its values one after the other, found `[`",
    );
    let Some(inner) = inner.filter(|inner| !inner.contains(['[', ']', '{', '\''])) else {
        return problem.help("write the values behind the name, without brackets and commas");
    };
    let mut plain = String::new();
    let mut in_string = false;
    for c in inner.chars() {
        in_string ^= c == '"';
        plain.push(if c == ',' && !in_string { ' ' } else { c });
    }
    if inner.contains('"') {
        // Blanks inside of strings stay as they are.
        let plain = plain.replace("\"  \"", "\" \"");
        return replaced(problem, span, plain.trim());
    }
    let plain = plain.split_whitespace().collect::<Vec<_>>().join(" ");
    if plain.is_empty() {
        return problem.help("write only the name for an empty list").fix(span, "");
    }
    replaced(problem, span, &plain)
}

pub(super) fn section(span: Span, inner: &str) -> Diagnostic {
    error("section-in-brackets", span, "not a name", "a section is a node with a block, found `[`")
        .help(format!("write `{} {{`, and `}}` where it ends", short(inner.trim())))
}

pub(super) fn misplaced(span: Span, what: char, name: bool) -> Diagnostic {
    let expected = if name { "a node's name" } else { "a value" };
    error(
        "misplaced-character",
        span,
        "not expected",
        format!("expected {expected}, found `{what}`"),
    )
    .help(match what {
        ')' | ']' => "remove it, or put the text it belongs to in double quotes",
        '\\' => "put the text in double quotes; alone, `\\` ends a line that goes on",
        _ => "put a text that holds it in double quotes",
    })
}

// Numbers.

pub(super) fn number_too_large(span: Span, text: &str) -> Diagnostic {
    let problem =
        error("number-out-of-range", span, "too large", "an integer has at most 38 digits");
    problem
        .help(format!("for a text write {}", write(&quote(text)).trim_start_matches("write ")))
        .fix(span, quote(text))
}

pub(super) fn float_range(span: Span, text: &str, value: f64) -> Option<Diagnostic> {
    let mantissa = text.split(['e', 'E']).next().unwrap_or("");
    let lost = value == 0.0 && mantissa.bytes().any(|b| matches!(b, b'1'..=b'9'));
    let read = match value {
        f64::INFINITY => "#inf",
        f64::NEG_INFINITY => "#-inf",
        _ if lost => "0.0",
        _ => return None,
    };
    let message = format!("`{}` is beyond what a float holds and counts as `{read}`", short(text));
    Some(Diagnostic::warning("number-out-of-range", span, "out of range", message))
}

pub(super) fn not_a_number(span: Span, text: &str, name: Option<&str>) -> Diagnostic {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if let Some(what) = name {
        let message = format!("a {what}'s name that starts like a number needs quotes");
        return replaced(
            error("name-is-no-text", span, "needs quotes", message),
            span,
            &quote(text),
        );
    }
    let unsigned = text.trim_start_matches(['+', '-']);
    let sign = text.get(..text.len() - unsigned.len()).unwrap_or("");
    if let Some(fraction) = unsigned.strip_prefix('.').filter(|part| digits(part)) {
        let message = "a number has a digit before its point";
        let fix = format!("{sign}0.{fraction}");
        return replaced(error("not-a-number", span, "no digit before `.`", message), span, &fix);
    }
    if let Some(whole) = unsigned.strip_suffix('.').filter(|part| digits(part)) {
        let message = "a number has a digit behind its point";
        let fix = format!("{sign}{whole}.0");
        return replaced(error("not-a-number", span, "no digit behind `.`", message), span, &fix);
    }
    if text.contains('/') {
        let message = "a text with `/` needs quotes: `/` ends a bare word".to_owned();
        return replaced(error("unquoted-path", span, "needs quotes", message), span, &quote(text));
    }
    let version = text.split('.').count() > 2 && text.starts_with(|c: char| c.is_ascii_digit());
    if version {
        let message = format!(
            "`{}` is not a number, and a text that starts like one needs quotes",
            short(text)
        );
        return replaced(
            error("unquoted-version", span, "needs quotes", message),
            span,
            &quote(text),
        );
    }
    let message =
        format!("`{}` is not a number, and a text that starts like one needs quotes", short(text));
    replaced(error("not-a-number", span, "needs quotes", message), span, &quote(text))
}

// Strings.

pub(super) fn unclosed_string(quote: Span, end: Span) -> Diagnostic {
    error(
        "unclosed-string",
        quote,
        "opened here",
        "a string ends on its line with `\"`, this one does not",
    )
    .help("write `\"` where the text ends")
    .fix(end, "\"")
}

pub(super) fn lines_in_string(quote: Span, end: Span) -> Diagnostic {
    error(
        "lines-in-string",
        quote,
        "opened here",
        "a string between single `\"` holds one line",
    )
    .also(end, "closed here")
    .help(
        "write `\"\"\"` before and behind the text, each with a line break between it and the text",
    )
}

pub(super) fn lines_in_raw_string(open: Span, end: Span, hashes: usize) -> Diagnostic {
    let hashes = "#".repeat(hashes.min(8));
    error(
        "lines-in-string",
        open,
        "opened here",
        format!("a string between `{hashes}\"` holds one line"),
    )
    .also(end, "closed here")
    .help(format!(
        "write `{hashes}\"\"\"` at the end of the first line and `\"\"\"{hashes}` on the last"
    ))
}

pub(super) fn unclosed_raw_string(open: Span, end: Span, hashes: usize) -> Diagnostic {
    let close = format!("\"{}", "#".repeat(hashes.min(8)));
    error(
        "unclosed-string",
        open,
        "opened here",
        format!("a raw string ends on its line with `{close}`, this one does not"),
    )
    .help(format!("write `{close}` where the text ends"))
    .fix(end, close)
}

pub(super) fn unclosed_block_string(open: Span, next: Option<Span>, hashes: usize) -> Diagnostic {
    let close = format!("\"\"\"{}", "#".repeat(hashes.min(8)));
    let problem = error(
        "unclosed-string",
        open,
        "opened here",
        format!("a text of several lines ends with `{close}`, this one never does"),
    )
    .help(format!("write `{close}` on a line of its own behind the text"));
    match next {
        Some(next) => problem.also(next, "the next one begins here"),
        None => problem,
    }
}

pub(super) fn block_string_on_one_line(whole: Span, held: &str, hashes: usize) -> Diagnostic {
    let problem = error(
        "block-string-on-one-line",
        whole,
        "one line",
        "`\"\"\"` stands around lines of their own, found it around one line",
    );
    let hashes = "#".repeat(hashes);
    let plain = if hashes.is_empty() && held.contains('"') {
        format!("#\"{held}\"#")
    } else {
        format!("{hashes}\"{held}\"{hashes}")
    };
    replaced(problem, whole, &plain)
}

pub(super) fn text_behind_block_quotes(text: Span, open: Span, indent: &str) -> Diagnostic {
    let point = Span { start: open.end, end: open.end, ..open };
    error(
        "text-behind-block-quotes",
        text,
        "move to the next line",
        "the text of a `\"\"\"` string starts on the next line",
    )
    .help("write a line break behind the `\"\"\"`")
    .fix(point, format!("\n{indent}"))
}

pub(super) fn text_before_block_quotes(close: Span) -> Diagnostic {
    let point = Span { end: close.start, ..close };
    error(
        "text-before-block-quotes",
        close,
        "not alone on its line",
        "the closing `\"\"\"` stands on a line of its own",
    )
    .help("write a line break before the closing `\"\"\"`")
    .fix(point, "\n")
}

pub(super) fn block_string_indent(line: Span, close: Span) -> Diagnostic {
    error("block-string-indent", line, "indented otherwise", "every line of a `\"\"\"` string starts with the spaces before its closing quotes")
        .also(close, "as these are")
        .help("indent the closing `\"\"\"` as the line that stands furthest left, with the same tabs or spaces")
}

pub(super) fn unknown_escape(
    source: SourceId,
    text: &str,
    (start, end): (usize, usize),
    (from, to): (usize, usize),
) -> Diagnostic {
    let span = Span::new(source, start, end);
    let found = text.get(start..end).unwrap_or("");
    let message = format!("a string has no escape `{}`", short(found));
    let problem = error("unknown-escape", span, "not an escape", message);
    if found == "\\/" {
        return error(
            "unknown-escape",
            span,
            "KDL 1",
            "KDL 2 writes `/`; the escape `\\/` is KDL 1",
        )
        .help("write `/`")
        .fix(span, "/");
    }
    if let Some(digits) = found.strip_prefix("\\u") {
        let hex = digits.trim_matches(['{', '}']);
        if digits.len() == 4 && !digits.starts_with('{') {
            return replaced(problem, span, &format!("\\u{{{hex}}}"));
        }
        if digits.starts_with('{') {
            return problem.help("write one to six digits of a character, as in `\\u{1f600}`");
        }
    }
    // A path of Windows or a regular expression: raw strings are made for them.
    let inner = text.get(from + 1..to.saturating_sub(1)).unwrap_or("");
    let one_line = !inner.contains(['\n', '"']) && !inner.contains("\\\\") && to > from + 1;
    if one_line && !inner.is_empty() {
        let raw = format!("#\"{inner}\"#");
        return replaced(problem, Span::new(source, from, to), &raw);
    }
    problem.help("write `\\\\` for a backslash").fix(Span::new(source, start, start + 1), "\\\\")
}

pub(super) fn old_raw_string(span: Span, text: Option<&str>) -> Diagnostic {
    let problem = error(
        "old-raw-string",
        span,
        "KDL 1",
        "KDL 2 writes a raw string `#\"...\"#`; `r\"...\"` is KDL 1",
    );
    match text {
        Some(text) if !text.contains('\n') => {
            let raw = if text.contains("\"#") { quote(text) } else { format!("#\"{text}\"#") };
            replaced(problem, span, &raw)
        }
        _ => problem.help("write `#\"` before the text and `\"#` behind it"),
    }
}
