//! Dialects of keys and values, and the shells' own assignments.

use hcc::emit::Params;
use hcc::ir::Value;

use crate::kit::{
    file, has, has_python, held, json, keys, map, numbered, params, python, run, string, texts,
    value, write,
};

/// Splits each line at the first `=` and takes quotes and backslashes away as said.
const READ: &str = r#"
E={'n':'\n','r':'\r','t':'\t'}
def unescape(v):
    r,i='',0
    while i<len(v):
        if v[i]=='\\': i+=1; r+=E.get(v[i],v[i])
        else: r+=v[i]
        i+=1
    return r
def read(t):
    out={}
    for l in t.split('\n')[:-1]:
        k,v=l.split('=',1); v=v.strip()
        if v[:1]==MARK: assert v[-1]==MARK and len(v)>1,l; v=v[1:-1]; v=unescape(v) if ESCAPE else v
        elif NEVER: v=unescape(v) if ESCAPE else v
        assert k not in out; out[k]=v
    return out
print(json.dumps([read(t) for t in texts]))"#;

fn trims(text: &str) -> bool {
    let white = |c: char| c.is_whitespace() || matches!(c, '\u{1c}'..='\u{1f}' | '\u{feff}');
    text.starts_with(white) || text.ends_with(white)
}

fn comments(text: &str) -> bool {
    text.match_indices('#').any(|(at, _)| at == 0 || text[..at].ends_with(char::is_whitespace))
}

#[test]
fn every_dialect_holds_every_text_or_refuses_it() {
    type Case =
        (&'static [(&'static str, &'static [&'static str])], &'static str, fn(&str) -> bool);
    let breaks = |text: &str| text.contains(['\n', '\r']);
    let cases: [Case; 7] = [
        (&[], "MARK,ESCAPE,NEVER='\\0',False,True", |text| {
            text.contains(['\n', '\r']) || trims(text) || comments(text)
        }),
        (&[("escape", &[]), ("comment", &[])], "MARK,ESCAPE,NEVER='\\0',True,True", |text| {
            trims(&text.replace(['\n', '\r', '\t'], "-"))
        }),
        (&[("backslash", &["#"]), ("comment", &[])], "MARK,ESCAPE,NEVER='\\0',True,True", |text| {
            text.contains(['\n', '\r']) || trims(text)
        }),
        (&[("quote", &["always"])], "MARK,ESCAPE,NEVER='\"',False,False", |text| {
            text.contains(['\n', '\r', '"'])
        }),
        (
            &[("quote", &["always", "'"]), ("escape", &[])],
            "MARK,ESCAPE,NEVER=\"'\",True,False",
            |_| false,
        ),
        (&[("quote", &["needed"]), ("escape", &[])], "MARK,ESCAPE,NEVER='\"',True,False", |_| {
            false
        }),
        (&[("quote", &["needed"])], "MARK,ESCAPE,NEVER='\"',False,False", |text| {
            text.contains(['\n', '\r'])
                || text.contains('"')
                    && (trims(text)
                        || comments(text)
                        || text.starts_with(['"', '\''])
                        || text.ends_with('"'))
        }),
    ];
    for (said, script, cannot) in cases {
        let said = params(said);
        let values =
            held(&texts(), cannot, |text| write("key-value", &map([("k", string(text))]), &said));
        let no_key = |text: &str| {
            text.is_empty()
                || breaks(text)
                || trims(text)
                || text.contains('=')
                || text.starts_with(['#', ';', '['])
        };
        let names =
            held(&keys(), no_key, |text| write("key-value", &map([(text, string("v"))]), &said));
        let documents = [numbered("k", &values), map(names.iter().map(|name| (name, string("v"))))];
        let texts: Vec<String> =
            documents.iter().map(|value| write("key-value", value, &said).unwrap().text).collect();
        if has_python("json") {
            assert_eq!(
                python(&format!("{script}\n{READ}"), &texts),
                json(&Value::List(documents.to_vec()))
            );
        }
    }
}

#[test]
fn shells_read_assignments() {
    let texts = texts();
    let variables = numbered("K", &texts);
    let files = [
        write("shell", &variables, &Params::default()),
        write("shell", &variables, &params(&[("export", &[])])),
        write("key-value", &variables, &params(&[("quote", &["shell"]), ("prefix", &["export "])])),
    ];
    for text in files.map(|text| text.unwrap().text) {
        for shell in ["sh", "dash", "bash", "zsh"].into_iter().filter(|shell| has(shell)) {
            let mut script = text.clone();
            for at in 0..texts.len() {
                script += &format!("printf '%s\\0' \"$K{at}\"\n");
            }
            let (_dir, path) = file("script", &script);
            let output = String::from_utf8(run(shell, &[&path], b"")).unwrap();
            let read: Vec<&str> = output.split_terminator('\0').collect();
            assert_eq!(read, texts, "{shell}");
        }
    }
}

#[test]
fn lists_are_joined_or_repeated_as_said() {
    let config = value(r#"{"a": [1, true, "x"], "b": ["x", "y"], "c": ["x y", "z"], "d": []}"#);
    let said = params(&[
        ("list", &["repeat"]),
        ("join", &[" ", "a"]),
        ("join", &[", ", "c"]),
        ("bool", &["on", "off"]),
    ]);
    let text = write("key-value", &config, &said).unwrap().text;
    assert_eq!(text, "a=1 on x\nb=x\nb=y\nc=x y, z\n");
}

#[test]
fn an_item_that_would_be_read_as_two_is_refused() {
    let config = value(r#"{"a": ["x,y", "z"]}"#);
    let faults = write("key-value", &config, &Params::default()).unwrap_err();
    assert_eq!(faults[0].message, "an item cannot hold `,`, which ends it");
}

#[test]
fn keys_are_names_where_a_shell_reads_them() {
    let config = value(r#"{"A B": 1}"#);
    for quote in ["shell", "environment.d"] {
        assert!(write("key-value", &config, &params(&[("quote", &[quote])])).is_err());
    }
}

#[test]
fn a_value_is_a_word_where_spaces_separate() {
    let config = value(r#"{"a": "x y", "b": "x", "c": "", "d": 1}"#);
    let said = params(&[("separator", &[" "]), ("quote", &["needed"]), ("escape", &[])]);
    let text = write("key-value", &config, &said).unwrap().text;
    assert_eq!(text, "a \"x y\"\nb x\nc \"\"\nd 1\n");
}

#[test]
fn flags_and_prefixes() {
    let config = value(
        r#"{"armor": true, "quiet": false, "keyserver": "hkps://keys.openpgp.org", "empty": ""}"#,
    );
    let said = params(&[("separator", &[" "]), ("flag", &[])]);
    let text = write("key-value", &config, &said).unwrap().text;
    assert_eq!(text, "armor\nkeyserver hkps://keys.openpgp.org\nempty\n");
    let said = params(&[
        ("separator", &[" "]),
        ("prefix", &["set "]),
        ("suffix", &[";"]),
        ("quote", &["always", "'"]),
    ]);
    let text = write("key-value", &value(r#"{"a": 1, "b": "x"}"#), &said).unwrap().text;
    assert_eq!(text, "set a 1;\nset b 'x';\n");
}
