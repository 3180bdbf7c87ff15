//! Merging does not depend on how definitions are written down: in one module or in several that
//! are used in order, in one block or in many. And levels say what hides what, nothing else.

mod support;

use camino::Utf8Path;
use hcc::cli::session::Session;
use hcc::diag::{Diagnostics, Sources};
use hcc::eval::program;
use hcc::syntax::import;
use proptest::prelude::*;
use support::machine;

const OPTIONS: &str = r#"
option "my.name" type="string" default="nobody"
option "my.list" type="list<string>"
option "my.lines" type="lines" { slots "first" "main" "last" default="main" }
option "my.map" type="map<int>"
option "cfg" type="settings"
option "item" type="keyed" {
    option "n" type="int" default=0
    option "tags" type="list<string>"
    option "more" type="settings"
}
home.file "out.json" format="json" {
    settings { my (expr)"config.my"; cfg (expr)"config.cfg"; item (expr)"config.item" }
}
"#;

/// What a configuration comes to: the file, or the codes of its errors.
fn outcome(text: &str) -> (Vec<String>, Vec<&'static str>) {
    let (mut diags, mut sources) = (Diagnostics::default(), Sources::default());
    let config = import::from_text("hcc.kdl", text, Utf8Path::new("."), &mut sources, &mut diags);
    let program = program::build(config, sources, &machine(), &mut diags);
    let mut session =
        Session { program, path: "hcc.kdl".into(), machine: machine(), diags, lasts: false };
    let mut files = Vec::new();
    for host in session.program.structure.hosts.clone() {
        for compiled in session.compile(&host, None) {
            files.extend(compiled.document.files.iter().map(|file| file.text.to_string()));
        }
    }
    let mut codes: Vec<&str> = session.diags.iter().map(|one| one.code).collect();
    codes.sort_unstable();
    codes.dedup();
    if session.diags.has_errors() { (Vec::new(), codes) } else { (files, codes) }
}

/// One definition: where it stands, and what it says there.
#[derive(Clone, Debug)]
struct Definition {
    /// A mark on the outer node.
    mark: &'static str,
    /// The outer node: `my`, `cfg`, `item "a"`.
    outer: String,
    inner: String,
}

impl Definition {
    fn kdl(&self) -> String {
        format!("{}{} {{ {} }}", self.mark, self.outer, self.inner)
    }
}

/// Marks of level and order, and those that drop.
const MARKS: &[&str] =
    &["", "", "", "(default)", "(force)", "(before)", "(after)", "(default+after)", "(replace)"];

fn inner(marks: &'static [&'static str]) -> impl Strategy<Value = (String, String)> {
    let mark = || prop::sample::select(marks);
    let key = || prop::sample::select(&["a", "b", "c", "d.e"][..]);
    let my = || Just("my".to_owned());
    let cfg = || Just("cfg".to_owned());
    prop_oneof![
        (my(), mark(), 0..3u8).prop_map(|(my, mark, n)| (my, format!("name {mark}\"n{n}\""))),
        (my(), mark(), mark(), 0..9u8).prop_map(|(my, outer, inner, n)| (
            my,
            format!("{outer}list \"l{n}\" {inner}\"m{n}\"")
        )),
        (
            my(),
            mark(),
            prop::sample::select(&["", "slot=\"first\" ", "slot=\"last\" "][..]),
            0..9u8
        )
            .prop_map(|(my, mark, slot, n)| (my, format!("lines {slot}{mark}\"line {n}\""))),
        (my(), mark(), key(), 0..3u8)
            .prop_map(|(my, mark, key, n)| (my, format!("map {{ {mark}\"{key}\" {n} }}"))),
        (cfg(), mark(), key(), 0..3u8)
            .prop_map(|(cfg, mark, key, n)| (cfg, format!("{mark}\"{key}\" {n}"))),
        (cfg(), mark(), key(), key(), 0..3u8)
            .prop_map(|(cfg, mark, a, b, n)| (cfg, format!("{mark}obj-{a} {{ \"{b}\" {n} }}"))),
        (cfg(), mark(), key(), 0..9u8)
            .prop_map(|(cfg, mark, key, n)| (cfg, format!("{mark}list-{key} \"l{n}\" \"m{n}\""))),
        (cfg(), mark(), 0..9u8)
            .prop_map(|(cfg, mark, n)| (cfg, format!("{mark}items {{ - n={n}; - {n} }}"))),
        (key(), mark(), 0..3u8)
            .prop_map(|(key, mark, n)| (format!("item \"{key}\""), format!("n {mark}{n}"))),
        (key(), mark(), 0..9u8)
            .prop_map(|(key, mark, n)| (format!("item \"{key}\""), format!("{mark}tags \"t{n}\""))),
        (key(), mark(), key(), 0..3u8).prop_map(|(key, mark, a, n)| (
            format!("item \"{key}\""),
            format!("more {{ {mark}\"{a}\" {n} }}")
        )),
    ]
}

fn definitions(
    outer: &'static [&'static str],
    marks: &'static [&'static str],
) -> impl Strategy<Value = Vec<Definition>> {
    let one = (prop::sample::select(outer), inner(marks))
        .prop_map(|(mark, (outer, inner))| Definition { mark, outer, inner });
    prop::collection::vec(one, 1..14)
}

/// The definitions in modules: a new one begins where the flag says so.
fn modules(list: &[Definition], cuts: &[bool]) -> String {
    let mut bodies: Vec<String> = vec![String::new()];
    for (definition, cut) in list.iter().zip(cuts) {
        if *cut {
            bodies.push(String::new());
        }
        if let Some(body) = bodies.last_mut() {
            body.push_str(&format!("    {}\n", definition.kdl()));
        }
    }
    let names: Vec<String> = (0..bodies.len()).map(|n| format!("\"m{n}\"")).collect();
    let mut text =
        format!("host \"h\" os=\"linux\" {{ user \"u\"; use {} }}\n{OPTIONS}", names.join(" "));
    for (name, body) in names.iter().zip(bodies) {
        text.push_str(&format!("module {name} {{\n{body}}}\n"));
    }
    text
}

/// Neighbours with one outer node as one block. Settings say a scalar once in a block, so only
/// options are joined.
fn joined(list: &[Definition]) -> Vec<Definition> {
    let mut out: Vec<Definition> = Vec::new();
    for one in list {
        match out.last_mut() {
            Some(last)
                if last.outer == one.outer && last.mark == one.mark && one.outer != "cfg" =>
            {
                last.inner.push_str("; ");
                last.inner.push_str(&one.inner);
            }
            _ => out.push(one.clone()),
        }
    }
    out
}

fn with_mark(list: &[Definition], mark: &'static str) -> Vec<Definition> {
    list.iter().map(|one| Definition { mark, ..one.clone() }).collect()
}

fn whole(list: &[Definition]) -> String {
    modules(list, &vec![false; list.len()])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn modules_in_order_are_one_module(
        list in definitions(MARKS, MARKS),
        cuts in prop::collection::vec(any::<bool>(), 14),
    ) {
        let (one, many) = (whole(&list), modules(&list, &cuts));
        prop_assert_eq!(outcome(&one), outcome(&many), "{}\n----\n{}", one, many);
    }

    #[test]
    fn neighbours_are_one_block(list in definitions(&["", "(default)", "(force)"], MARKS)) {
        let (one, many) = (whole(&joined(&list)), whole(&list));
        prop_assert_eq!(outcome(&one), outcome(&many), "{}\n----\n{}", one, many);
    }

    #[test]
    fn one_level_is_as_good_as_another(list in definitions(&[""], &["", "(before)", "(after)"])) {
        let plain = whole(&list);
        for mark in ["(default)", "(force)"] {
            let marked = whole(&with_mark(&list, mark));
            prop_assert_eq!(outcome(&plain), outcome(&marked), "{}\n----\n{}", plain, marked);
        }
    }

    #[test]
    fn what_is_lower_and_said_again_changes_nothing(list in definitions(&[""], &[""])) {
        let mut twice = with_mark(&list, "(default)");
        twice.splice(0..0, list.iter().cloned());
        let (one, two) = (whole(&list), whole(&twice));
        prop_assert_eq!(outcome(&one), outcome(&two), "{}\n----\n{}", one, two);
    }

    #[test]
    fn what_is_replaced_leaves_nothing(list in definitions(&[""], &["", "(default)", "(after)"])) {
        // The last word: everything is replaced, so that what came before cannot matter.
        let last = ["my { name \"z\"; list \"z\"; lines \"z\"; map z=1 }", "cfg { z 1 }"];
        let text = |list: &[Definition]| {
            let body: String = last.iter().map(|one| format!("    (force+replace){one}\n")).collect();
            whole(list).replace("use \"m0\"", "use \"m0\" \"last\"") + &format!("module \"last\" {{\n{body}}}\n")
        };
        let list: Vec<Definition> = list.into_iter().filter(|one| !one.outer.starts_with("item")).collect();
        let (some, none) = (text(&list), text(&[]));
        prop_assert_eq!(outcome(&some), outcome(&none), "{}\n----\n{}", some, none);
    }
}

/// The properties would hold of nothing but errors, too.
#[test]
fn most_configurations_are_right() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let (mut right, mut codes) = (0, Vec::new());
    for _ in 0..100 {
        let list = definitions(MARKS, MARKS).new_tree(&mut runner).expect("a list").current();
        let (files, wrong) = outcome(&whole(&list));
        right += usize::from(!files.is_empty());
        codes.extend(wrong);
    }
    codes.sort_unstable();
    codes.dedup();
    assert!(right > 40, "{right} of 100");
    let known = ["conflicting-values", "two-replacements"];
    assert!(codes.iter().all(|code| known.contains(code)), "{codes:?}");
}
