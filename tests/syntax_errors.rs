//! What the reader says to the people who make the mistakes that people make.
//!
//! Each snapshot holds the text, the report and what was read all the same.

use std::fmt::Write as _;

use hcc::diag::render::{Style, report};
use hcc::diag::{Severity, Sources};
use hcc::syntax::parse;
use hcc::syntax::tree::{Node, Scalar};

fn check(name: &str, text: &str) {
    let mut sources = Sources::default();
    let id = sources.add("hcc.kdl", text.to_owned());
    let (tree, problems) = parse(id, text);
    let style = Style { color: false, width: 100 };
    let report = report(&problems, &sources, style);
    let mut shown = format!("{}\n~~~\n{report}~~~\n", text.trim_end());
    outline(&mut shown, &tree, 0);
    for problem in problems.iter() {
        let Some(fix) = problem.fix.as_ref().filter(|_| problem.severity == Severity::Error) else {
            continue;
        };
        let mut fixed = text.to_owned();
        fixed.replace_range(fix.span.start as usize..fix.span.end as usize, &fix.text);
        let (_, after) = parse(id, &fixed);
        let count = |list: &hcc::diag::Diagnostics| {
            list.iter().filter(|one| one.code == problem.code).count()
        };
        assert!(
            count(&after) < count(&problems),
            "the fix of `{}` does not help: {fixed}",
            problem.code
        );
    }
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!(name, shown);
    });
}

fn outline(out: &mut String, nodes: &[Node], depth: usize) {
    for node in nodes {
        write!(out, "{}{}", "  ".repeat(depth), node.name.value).expect("a string");
        for entry in &*node.entries {
            let name = entry.name.as_ref().map(|name| format!("{}=", name.value));
            let value = match &entry.value.data {
                Scalar::Null => "#null".to_owned(),
                Scalar::Bool(bool) => format!("#{bool}"),
                Scalar::Int(int) => int.to_string(),
                Scalar::Float(float) => format!("{float:?}"),
                Scalar::String(text) => format!("{text:?}"),
            };
            write!(out, " {}{value}", name.unwrap_or_default()).expect("a string");
        }
        out.push('\n');
        outline(out, node.children(), depth + 1);
    }
}

macro_rules! mistakes {
    ($($name:ident: $text:expr;)*) => {
        $(#[test] fn $name() { check(stringify!($name), $text); })*
    };
}

mistakes! {
    // Values of other languages.
    bare_true: "git { enable true; signing false }\nnext 1";
    keyword_as_name: "true 1\nnode null=2";
    yes_with_a_hash: "enable #yes\nlevel #None";
    bare_word_yes_is_text: "enable yes";
    version: "rust 1.2.3\nnext 1";
    date_and_unit: "since 2024-01-02\nsize 10px\ndelay 5m30s";
    address: "allow 192.168.0.0/16";
    point_without_digit: "opacity .5\nscale 2.";
    too_many_digits: "id 1234567890123456789012345678901234567890";
    float_out_of_range: "a 1e400\nb 1e-400";
    color: "theme { background #1e1e2e; foreground \"#cdd6f4\" }";
    channel: "irc join=#rust";
    path: "file ~/.config\nlink a/b {\n    mode 755\n}";
    absolute_path: "shell /bin/zsh\nnext";
    windows_path: "home C:\\Users\\alice\n";
    path_with_a_glob: "import modules/*.kdl\nnext 1";
    url: "git { remote https://example.com/a.git }\nnext";
    dollar_brace: "path ${HOME}/bin/${ARCH} {\n    x 1\n}\nnext";
    dollar_brace_as_property: "env PATH=${HOME}\nnext";
    dollar_parenthesis: "run $(date)\nnext";
    word_with_brackets: "zstyle completion[menu] x\nnext";
    // Signs of other languages.
    equals_after_name: "name = \"Alice\"\nx=1\ny =2 {\n    z= 3\n}";
    property_without_value: "user name=\nnext";
    two_equals: "alias gs=git=status\nnext";
    colon_after_quoted_name: "\"name\": \"Alice\"\nnext";
    json: "{\n  \"name\": \"Alice\",\n  \"age\": 3\n}\nnext 1";
    hash_comment: "# my settings\ngit { enable } # on\nnext 1 # more words";
    list_in_brackets: "plugins [\"git\", \"docker\"]\nnumbers [1, 2]\nnext";
    list_over_lines: "plugins [\n    \"git\",\n    \"docker\"\n]\nnext";
    bracket_without_end: "plugins [ a b\nnext { x [ }";
    section: "[user]\nname \"Alice\"";
    commas: "plugins \"git\", \"docker\", \"fzf\"\nnumbers 1, 2, 3\nnext";
    template_without_quotes: "path {{ user.home }}\nnext";
    // Quotes.
    single_quotes: "name 'Alice Liddell'\nnick 'al' x='y'\nit's fine";
    smart_quotes: "name “Alice Liddell”\nnick “al\nnext";
    unclosed_string: "host \"mac {\n    user \"alice\n}\ngit { user \"bob }\nnext \"fine\"";
    unclosed_string_at_the_end: "git {\n    name \"Alice";
    lines_in_a_string: "init \"\n  echo one\n  echo two\n\"\nnext 1";
    lines_in_a_string_from_its_first: "init \"echo one\n  echo two\"\nnext 1";
    lone_quote: "name Alice\"\nhost mac\" {\n    x 1\n}";
    quotes_in_a_string: "say \"he said \"hello\" to me\"\nnext";
    missing_space: "a \"b\"\"c\"\nd \"e\"1\nf \"g\"h=1";
    unknown_escape: "home \"C:\\Users\\alice\"\nre \"\\d+\\\\\"\nslash \"a\\/b\"";
    unicode_escape: "a \"\\u00e9\"\nb \"\\u{110000}\"\nc \"\\u{}\"";
    old_raw_string: "a r\"C:\\x\"\nb r#\"say \"hi\"\"#\nnext";
    raw_string_without_end: "a #\"x\nb ##\"y\"#\nnext";
    raw_string_over_lines: "a #\"x\ny\"#\nnext";
    block_string_on_one_line: "a \"\"\"x\"\"\"\nnext";
    text_behind_block_quotes: "a \"\"\"x\n  y\n  \"\"\"\nnext";
    text_before_block_quotes: "a \"\"\"\n  x\n  y\"\"\"\nnext";
    block_string_indent: "a \"\"\"\n      x\n    y\n      z\n      \"\"\"\nnext";
    block_string_escape: "a \"\"\"\n  x \\\n  y\n  \\d+\n  \"\"\"\nnext";
    block_string_without_end: "a \"\"\"\n  x\n\ngit {\n  enable\n}";
    block_string_without_end_before_another:
        "a \"\"\"\n  x\n\nb \"\"\"\n  y\n  \"\"\"\nnext";
    // Blocks.
    unclosed_block: "host \"mac\" {\n    user \"alice\"\n";
    unclosed_inner_block: "module \"a\" {\n    git {\n        enable\n    zsh {\n        enable\n    }\n}\n";
    several_unclosed_blocks: "a {\n    b {\n        c {";
    stray_brace: "git {\n    enable\n}\n}\nnext 1";
    block_on_its_own_line: "programs\n{\n    git\n}\nnext";
    two_blocks: "git { enable } { user }\nnext";
    node_behind_a_block: "git { enable } zsh { enable }\nnext";
    value_behind_a_dropped_block: "git /-{ a } 1\nnext";
    stray_semicolon: "a;; b\nnext";
    // Marks and comments.
    two_annotations: "x (default)(after)1\nnext";
    annotation_of_a_property: "node (force)x=1\nnext";
    annotation_of_two_words: "x (a b)1\nnext";
    empty_annotation: "x ()1\nnext";
    unclosed_annotation: "x (default 1\nnext";
    annotation_of_nothing: "x (default)\n(y)\nnext";
    space_in_a_function: "run f(x)\nnext";
    slashdash_of_nothing: "a 1 /-\n\n}\nb { /- }\nnext";
    slashdash_twice: "/- /- a\nb";
    unclosed_comment: "git {\n    enable /* for now\n}\n";
    number_as_name: "1 \"one\"\n#true 2\nnext";
    hidden_characters: "a \"x\u{202e}y\"\nb\u{feff} 1\u{0}\n";
    stray_signs: "a ) b\nc \\ d\n= e\nf ]\nnext";
    old_version: "/- kdl-version 1\nnode";
    several_mistakes:
        "git {\n    enable true\n    name = \"x\"\n    path ~/a\n}\nlist [1]\nversion 1.2.3";
}

#[test]
fn tells_a_nest_that_is_too_deep_once() {
    let text = "a{".repeat(102) + "b" + &"}".repeat(102);
    let (_, problems) = parse(hcc::diag::SourceId(0), &text);
    let codes: Vec<&str> = problems.iter().map(|one| one.code).collect();
    assert_eq!(codes, ["nested-too-deep"]);
}
