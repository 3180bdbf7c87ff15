//! The official KDL 2.0 suite: every case that must be refused is, every other is read, and what
//! was read, written in the suite's canonical form, is the expected file.

mod support;

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use hcc::diag::SourceId;
use hcc::syntax::parse;
use hcc::syntax::tree::{Name, Node, Scalar, Value};

/// Numbers that are not written back as they came: `f64` does not keep `1E+10` and `1.0E+10` apart,
/// and holds neither of the last two, which are read with a warning.
const WRITTEN_OTHERWISE: [(&str, &str); 3] = [
    ("no_decimal_exponent", "node 1.0E+10\n"),
    ("sci_notation_large", "node prop=#inf\n"),
    ("sci_notation_small", "node prop=0.0\n"),
];

/// Cases that hold more than one mistake.
const SEVERAL_MISTAKES: [&str; 3] = [
    "floating_point_keyword_identifier_strings_fail",
    "just_space_in_arg_type_fail",
    "unicode_lri_fail",
];

fn suite() -> Option<PathBuf> {
    let path = match std::env::var_os("HCC_KDL_SUITE") {
        Some(path) => PathBuf::from(path),
        None => {
            let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
            ["../shared/kdl-test-suite", "../../shared/kdl-test-suite"]
                .map(|path| here.join(path))
                .into_iter()
                .find(|path| path.is_dir())?
        }
    };
    path.join("input").is_dir().then_some(path)
}

#[test]
fn reads_and_refuses_what_the_official_suite_says() {
    let Some(suite) = suite() else {
        eprintln!("SKIPPED: no KDL suite; say where it is with HCC_KDL_SUITE");
        return;
    };
    let mut cases: Vec<PathBuf> = fs::read_dir(suite.join("input"))
        .expect("the suite has inputs")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|ext| ext == "kdl"))
        .collect();
    cases.sort();
    let (mut read, mut refused, mut wrong) = (0, 0, String::new());
    for case in &cases {
        let name = case.file_stem().expect("a name").to_string_lossy().into_owned();
        let text = fs::read_to_string(case).expect("UTF-8");
        let (tree, problems) = parse(SourceId(0), &text);
        support::spans::check_spans(&text, &tree, &problems);
        if name.ends_with("_fail") {
            refused += 1;
            if !problems.has_errors() {
                writeln!(wrong, "{name}: accepted as {}", canonical(&tree)).expect("a string");
            } else if problems.counts().0 > 1 && !SEVERAL_MISTAKES.contains(&&*name) {
                let said: Vec<&str> = problems.iter().map(|one| &*one.message).collect();
                writeln!(wrong, "{name}: {} problems for one mistake: {said:?}", said.len())
                    .expect("a string");
            }
            continue;
        }
        read += 1;
        if problems.has_errors() {
            let said: Vec<&str> = problems.iter().map(|one| &*one.message).collect();
            writeln!(wrong, "{name}: refused: {said:?}").expect("a string");
            continue;
        }
        let expected = fs::read_to_string(suite.join("expected_kdl").join(format!("{name}.kdl")))
            .expect("an expected file");
        let own = WRITTEN_OTHERWISE.iter().find(|(case, _)| *case == name);
        let expected = own.map_or(&*expected, |(_, text)| text);
        if canonical(&tree).trim_end() != expected.trim_end() {
            writeln!(wrong, "{name}: read as\n{}expected\n{expected}", canonical(&tree))
                .expect("a string");
        }
    }
    eprintln!("KDL suite: {read} to read, {refused} to refuse");
    assert!(cases.len() > 300, "only {} cases in {}", cases.len(), suite.display());
    assert!(wrong.is_empty(), "{wrong}");
}

fn canonical(tree: &[Node]) -> String {
    let mut out = String::new();
    write_nodes(&mut out, tree, 0);
    if out.is_empty() {
        out.push('\n');
    }
    out
}

fn write_nodes(out: &mut String, nodes: &[Node], depth: usize) {
    for node in nodes {
        out.push_str(&"    ".repeat(depth));
        write_type(out, node.ty.as_deref());
        write_text(out, &node.name.value);
        for entry in node.args() {
            out.push(' ');
            write_value(out, &entry.value);
        }
        let mut names: Vec<&str> = node.props().map(|(name, _)| &*name.value).collect();
        names.sort_unstable();
        names.dedup();
        for name in names {
            out.push(' ');
            write_text(out, name);
            out.push('=');
            write_value(out, &node.prop(name).expect("it is there").value);
        }
        if !node.children().is_empty() {
            out.push_str(" {\n");
            write_nodes(out, node.children(), depth + 1);
            out.push_str(&"    ".repeat(depth));
            out.push('}');
        }
        out.push('\n');
    }
}

fn write_type(out: &mut String, ty: Option<&Name>) {
    if let Some(ty) = ty {
        out.push('(');
        write_text(out, &ty.value);
        out.push(')');
    }
}

fn write_value(out: &mut String, value: &Value) {
    write_type(out, value.ty.as_deref());
    match &value.data {
        Scalar::Null => out.push_str("#null"),
        Scalar::Bool(true) => out.push_str("#true"),
        Scalar::Bool(false) => out.push_str("#false"),
        Scalar::Int(int) => write!(out, "{int}").expect("a string"),
        Scalar::Float(float) if float.is_nan() => out.push_str("#nan"),
        Scalar::Float(f64::INFINITY) => out.push_str("#inf"),
        Scalar::Float(f64::NEG_INFINITY) => out.push_str("#-inf"),
        Scalar::Float(float) => out.push_str(&float_text(*float)),
        Scalar::String(text) => write_text(out, text),
    }
}

/// `1.0E+10`, as the suite writes it.
fn float_text(float: f64) -> String {
    let size = float.abs();
    if size != 0.0 && !(1e-5..1e10).contains(&size) {
        let text = format!("{float:e}");
        let (mantissa, exponent) = text.split_once('e').expect("it has an exponent");
        let point = if mantissa.contains('.') { "" } else { ".0" };
        let sign = if exponent.starts_with('-') { "" } else { "+" };
        return format!("{mantissa}{point}E{sign}{exponent}");
    }
    format!("{float:?}")
}

fn write_text(out: &mut String, text: &str) {
    if is_bare(text) {
        out.push_str(text);
        return;
    }
    out.push('"');
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\\' => out.push_str("\\\\"),
            '"' => out.push_str("\\\""),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            c => out.push(c),
        }
    }
    out.push('"');
}

fn is_bare(text: &str) -> bool {
    let stops = |c: char| c.is_whitespace() || c.is_control() || "\\/(){};[]\"#=".contains(c);
    let number = text.trim_start_matches(['+', '-']).trim_start_matches('.');
    let like_number =
        number.starts_with(|c: char| c.is_ascii_digit()) && text.len() - number.len() <= 2;
    !text.is_empty()
        && !text.contains(stops)
        && !like_number
        && !["true", "false", "null", "inf", "-inf", "nan"].contains(&text)
}
