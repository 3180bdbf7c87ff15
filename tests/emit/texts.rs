//! Texts that break things.

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;

/// Texts that some reader somewhere takes for something else.
#[rustfmt::skip]
const KNOWN: &[&str] = &[
    "", " ", "  x", "x  ", "\tx", "x\t", "a b", "a  b", "\n", "a\nb", "a\nb\n", "a\n\nb", "\na",
    "a\r\nb", "a\r", "\r", "a\rb", "\"", "'", "\"a\"", "'a'", "a\"b", "it's", "\\", "a\\", "\\n",
    "a\\nb", "\\\\", "C:\\x\\", "\\\"", "a\\ b", "\\'", "#", "# x", "a # b", "a#b", "#fff", ";",
    "; x", "a ; b", "a;b", "a;", "\\;", "//x", "!x", "!!x", "!important", "$", "$HOME", "${HOME}",
    "$(id)", "`id`", "$$", "a$", "%", "%h", "%%", "100%", "%(x)s", "{{ x }}", "#{1}", "#@x", "#$0",
    "yes", "no", "on", "off", "Yes", "NO", "true", "false", "True", "null", "Null", "~", "~/x", "y",
    "n", "none", "nan", "inf", ".inf", "-.INF", ".nan", "1", "-1", "+1", "1.0", "01", "0o7", "0x1F",
    "0b1", "1_000", "1e3", "1E-3", ".5", "5.", "12:30", "1:2:3", "12:30:45.6", "190:20:30",
    "2024-01-01", "2024-01-01T00:00:00Z", "2001-12-14 21:59:43.10 -5", "=", "==", "= x", "a=b",
    "a = b", "<<", ":", "a:", "a: b", ": a", "- a", "-", "--", "---", "...", "? a", "?", "[", "]",
    "[a]", "{", "}", "{a,b}", "{a: b}", "*", "*a", "&a", "|", "|-", ">", "@", "@x", "a,b", ",",
    "<a>", "</string>", "&amp;", "&", "]]>", "<!-- x -->", "a|b", "a&b", "a>b", "(a)", "^a", "a?b",
    "~root", "\u{1}", "\u{7}x", "\u{8}", "\u{b}", "\u{c}", "a\u{c}", "\u{1b}[0m", "\u{1f}", "\u{7f}",
    "a\u{7f}b", "\u{80}", "\u{85}", "a\u{85}b", "\u{9f}", "\u{a0}", "\u{a0}x", "x\u{a0}", "\u{ad}",
    "\u{2028}", "a\u{2028}b", "\u{2029}", "\u{feff}", "\u{feff}x", "a\u{feff}", "\u{200b}",
    "\u{202e}x", "\u{fffd}", "\u{fffe}", "\u{ffff}", "é", "e\u{301}", "日本", "🦀", "🦀 🦀", "\u{10ffff}",
    "a long text that goes on and on, well beyond the eighty characters at which some writers fold a line of text",
    "a: long text with a colon and a # in it, which goes on and on beyond the width of any terminal: more than eighty",
    "line one of a script\n  indented\n\ttabbed\n\nlast\n", "if x; then\n\techo \"$1\"\nfi\n",
    "trailing \nspace", "  leading\nline", "a\n ", "a\n\n", "\n\na", "\"\"\"", "'''", "a\"\"\"b\nc",
    "'''\n\"\"\"", "\\\n", "a\\\nb", "a \\",
];

/// Every known text, and as many again by chance, always the same.
pub fn texts() -> Vec<String> {
    let piece = proptest::sample::select(KNOWN);
    let wild = proptest::collection::vec(piece, 1..4).prop_map(|pieces| pieces.concat());
    let any = proptest::string::string_regex("(?s).{1,8}")
        .unwrap()
        .prop_map(|text| text.replace('\0', "0"));
    let mut runner = TestRunner::deterministic();
    let mut draw = |strategy: &dyn Fn(&mut TestRunner) -> String| strategy(&mut runner);
    let mut texts: Vec<String> = KNOWN.iter().map(|text| (*text).to_owned()).collect();
    for _ in 0..150 {
        texts.push(draw(&|runner| wild.new_tree(runner).unwrap().current()));
        texts.push(draw(&|runner| any.new_tree(runner).unwrap().current()));
    }
    texts
}

/// The same without repetition, for keys.
pub fn keys() -> Vec<String> {
    let mut texts = texts();
    texts.sort();
    texts.dedup();
    texts
}
