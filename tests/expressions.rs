//! Expressions and templates of the common kinds are computed without minijinja's compiler, and
//! mean what they mean to it.

mod support;

use camino::Utf8Path;
use hcc::cli::session::Session;
use hcc::diag::{Diagnostics, Sources};
use hcc::eval::program;
use hcc::syntax::import;
use proptest::prelude::*;
use support::machine;

const OPTIONS: &str = r#"
    option "a" type="string?" default="text"
    option "b" type="list<string>"
    option "c" type="bool" default=#true
    option "d" type="int" default=3
    option "e" type="settings"
    option "f" type="string?"
    option "g" type="keyed" { option "n" type="int" default=1 }
"#;

/// An error as soon as it is read.
const CIRCLE: &str = r#"let circle=(expr)"circle ~ ''""#;

const VALUES: &str = r#"try { b "one" "two"; e { x 1; y { z "deep" } }; g "k" { n 4 } }"#;

/// What an expression comes to in a file, or that it is an error.
fn outcome(expression: &str) -> Result<String, Vec<&'static str>> {
    outcome_in(Utf8Path::new("."), &format!("(expr){}", hcc::value::quote(expression)))
}

/// The same for a value that may name a file of a folder.
fn outcome_in(folder: &Utf8Path, value: &str) -> Result<String, Vec<&'static str>> {
    let file = "file \"~/out.json\" format=\"json\" from=\"{'v': v}\"";
    let text = format!(
        "target \"try\" always=#true {{\n{OPTIONS}\n{CIRCLE}\nlet v={value}; {file} }}\n{VALUES}\n"
    );
    let (mut diags, mut sources) = (Diagnostics::default(), Sources::default());
    let config = import::from_text("hcc.kdl", &text, folder, &mut sources, &mut diags);
    let program = program::build(config, sources, &machine(), &mut diags);
    let mut session =
        Session { program, path: "hcc.kdl".into(), machine: machine(), diags, lasts: false };
    let mut files = String::new();
    for host in session.program.structure.hosts.clone() {
        for compiled in session.compile(&host, None) {
            files.extend(compiled.document.files.iter().map(|file| file.text.to_string()));
        }
    }
    let mut errors: Vec<_> = session.diags.iter().map(|problem| problem.code).collect();
    errors.dedup();
    if errors.is_empty() { Ok(files) } else { Err(errors) }
}

/// The same for minijinja alone: a negative number is not among the common kinds.
fn compiled(expression: &str) -> Result<String, Vec<&'static str>> {
    outcome(&format!("{{'v': {expression}, 'n': -1}}.v"))
}

fn expressions() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(
        &[
            "a",
            "b",
            "c",
            "d",
            "e.x",
            "e.y.z",
            "e.y",
            "f",
            "g.k.n",
            "b[0]",
            "b[7]",
            "'lit'",
            "\"t w\"",
            "''",
            "0",
            "1",
            "42",
            "true",
            "none",
            "[]",
            "['one', d]",
            "{}",
            "{'one': d, 'two': 'x'}",
            "{'one': 1,}",
            "config.d",
            "host.os",
            "e['x']",
            "user.home",
            "bin('zsh')",
            "a.b",
            "'q\\'s'",
            "'a\\n\\t\\\\'",
            "'\\x41'",
            "e.y.none",
            "1.5",
            "-d",
            "(a, b)",
            "enabled('programs.git')",
            "circle",
        ][..],
    )
    .prop_map(str::to_owned);
    leaf.prop_recursive(4, 24, 3, |inner| {
        let two = (inner.clone(), inner.clone());
        let sign = prop::sample::select(
            &["~", "==", "!=", "<", ">=", "and", "or", "in", "not in", "+", "~ ''  ~"][..],
        );
        let behind = prop::sample::select(
            &[
                "| shell",
                "| length",
                "| join(' ')",
                "| default('x')",
                "| default('x', true)",
                "| map('shell') | join(', ')",
                "is none",
                "is not none",
                "is defined",
                "is string",
                "| upper | lower",
                "| first",
                "is in ['a', 3]",
                "| replace('t', 'T')",
                ".x",
                "[0]",
                "[1:]",
                "[:2]",
                "[d:d]",
                "[-1:]",
                "[::2]",
                "| nothing",
                "is nothing",
                "| indent(width=2)",
                "is not variable_name",
                "is {'a': 3}",
                "in {'a': 3, 'text': 1}",
                "| items | list",
                "is none or c",
                ".x(1)",
                "| a.b",
            ][..],
        );
        prop_oneof![
            (two, sign).prop_map(|((a, b), sign)| format!("{a} {sign} {b}")),
            (inner.clone(), behind).prop_map(|(a, behind)| format!("{a} {behind}")),
            inner.clone().prop_map(|a| format!("({a})")),
            inner.clone().prop_map(|a| format!("not {a}")),
            inner.clone().prop_map(|a| format!("[{a}, d]")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{{'k': {a}, {b}: d}}")),
            (inner.clone(), inner.clone(), inner)
                .prop_map(|(a, b, c)| format!("{a} if {b} else {c}")),
        ]
    })
}

/// What a template comes to.
fn rendered(template: &str) -> Result<String, Vec<&'static str>> {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = Utf8Path::from_path(folder.path()).expect("a path");
    std::fs::write(folder.join("page.j2"), template).expect("written");
    outcome_in(folder, "(template)\"page.j2\"")
}

fn templates() -> impl Strategy<Value = String> {
    let blank =
        prop::sample::select(&["", " ", "\n", "\n  ", " x\n", "\r\n", "\t\n\n y", "{ }"][..]);
    let expression = prop::sample::select(
        &[
            "a",
            "d",
            "e.x",
            "a ~ d",
            "b | join(',')",
            "one",
            "'%}'",
            "d if c else a",
            "c",
            "f",
            "b[7]",
        ][..],
    );
    let condition = prop::sample::select(
        &["c", "not c", "f", "f is none", "d == 3", "one == 'two'", "b", "a if c", "b[7]"][..],
    );
    let list =
        prop::sample::select(&["b", "['x', 'y']", "[]", "e", "g", "a", "[d, f]", "b if c"][..]);
    let sign = prop::sample::select(&["", "", "", "-", "+"][..]);
    let signs = prop::collection::vec(sign, 6);
    let leaf = (blank.clone(), expression.clone(), signs.clone(), 0..5u8).prop_map(
        |(blank, expression, signs, kind)| {
            let (l, r) = (signs[0], signs[1]);
            match kind {
                0 => format!("{blank}{{{{{l} {expression} {r}}}}}"),
                1 => format!("{blank}{{{{{l}{expression}{r}}}}}{blank}"),
                2 => format!("{blank}{{#{l} it's {r}#}}{blank}"),
                3 => format!("{blank}{{%{l} set one = {expression} {r}%}}{blank}"),
                _ => blank.to_owned(),
            }
        },
    );
    leaf.prop_recursive(3, 16, 3, move |inner| {
        let parts = prop::collection::vec(inner, 3);
        (parts, condition.clone(), list.clone(), signs.clone(), blank.clone(), 0..6u8).prop_map(
            |(parts, condition, list, s, blank, kind)| {
                let (x, y, z) = (&parts[0], &parts[1], &parts[2]);
                match kind {
                    0 => format!("{x}{{%{} if {condition} {}%}}{y}{{%{} endif {}%}}{z}", s[0], s[1], s[2], s[3]),
                    1 => format!(
                        "{blank}{{%{} if {condition} {}%}}{x}{{%{} else {}%}}{y}{{%{} endif {}%}}{z}",
                        s[0], s[1], s[2], s[3], s[4], s[5]
                    ),
                    2 => format!(
                        "{{% if {condition} %}}{x}{{%{} elif c {}%}}{y}{{% else %}}{z}{{%{} endif {}%}}",
                        s[0], s[1], s[2], s[3]
                    ),
                    3 => format!(
                        "{blank}{{%{} for one in {list} {}%}}{x}{{%{} endfor {}%}}{y}",
                        s[0], s[1], s[2], s[3]
                    ),
                    4 => format!("{{% for k, one in e | items %}}{x}{{{{ k }}}}{{%{} else {}%}}{y}{{% endfor %}}", s[0], s[1]),
                    _ => format!("{x}{y}{z}"),
                }
            },
        )
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn common_templates_mean_what_minijinja_says(template in templates()) {
        // What is raw is not common.
        let (own, theirs) = (rendered(&template), rendered(&format!("{template}{{%+ raw %}}{{% endraw %}}")));
        match (&own, &theirs) {
            (Ok(own), Ok(theirs)) => prop_assert_eq!(own, theirs, "{:?}", template),
            (Err(_), Err(_)) => {}
            _ => prop_assert!(false, "{:?}: {:?} and {:?}", template, own, theirs),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn common_expressions_mean_what_minijinja_says(expression in expressions()) {
        let (own, theirs) = (outcome(&expression), compiled(&format!("({expression})")));
        match (&own, &theirs) {
            (Ok(own), Ok(theirs)) => prop_assert_eq!(own, theirs),
            (Err(_), Err(_)) => {}
            _ => prop_assert!(false, "{}: {:?} and {:?}", expression, own, theirs),
        }
    }
}

#[test]
fn an_expression_computes_only_what_it_needs() {
    for (expression, value) in [
        ("a if true else nothing.at.all", "text"),
        ("nothing.at.all if not true else a", "text"),
        ("(a or nothing.at.all) ~ ''", "text"),
        ("false and nothing.at.all or a", "text"),
        ("circle if not true else a", "text"),
        ("circle.x(1) if not true else a", "text"),
        ("[circle | a.b if not true else a][0]", "text"),
    ] {
        // A name that nothing has is an error wherever it stands; a value that is not there is not.
        let expression = expression.replace("nothing.at.all", "b[7]");
        let found = outcome(&expression).unwrap_or_else(|codes| panic!("{expression}: {codes:?}"));
        assert!(found.contains(&format!("\"v\": \"{value}\"")), "{expression}: {found}");
    }
}

#[test]
fn what_is_no_template_is_said_before_any_value_is_read() {
    for template in [
        "{{ circle }}{% endif %}",
        "{% for x in circle %}{{ x }}{% endfor %}{% endif %}",
        "{{ circle }}{{ 1 + }}",
    ] {
        assert_eq!(rendered(template), Err(vec!["bad-template"]), "{template}");
    }
}

#[test]
fn a_text_of_two_letters_is_no_pair() {
    for list in ["['ab', 'cd']", "{'ab': 1}", "e"] {
        let template = format!("{{% for one, other in {list} %}}{{{{ one }}}}{{% endfor %}}");
        assert_eq!(rendered(&template), Err(vec!["bad-template"]), "{template}");
    }
}
