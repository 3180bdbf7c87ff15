//! Values, parameters, and the readers.

use ecow::EcoString;
use std::io::Write;
use std::process::{Command, Stdio};

use hcc::emit::{self, Fault, Params, Said, Text};
use hcc::ir::{Path, Step, Value};

pub use crate::texts::{keys, texts};

pub fn string(text: &str) -> Value {
    Value::String(text.into())
}

pub fn map<K: AsRef<str>>(entries: impl IntoIterator<Item = (K, Value)>) -> Value {
    Value::Map(
        entries.into_iter().map(|(key, value)| (EcoString::from(key.as_ref()), value)).collect(),
    )
}

/// `{prefix0: text, prefix1: text, ...}`
pub fn numbered(prefix: &str, texts: &[String]) -> Value {
    map(texts.iter().enumerate().map(|(at, text)| (format!("{prefix}{at}"), string(text))))
}

pub fn value(json: &str) -> Value {
    from_json(&serde_json::from_str(json).unwrap())
}

pub fn from_json(json: &serde_json::Value) -> Value {
    match json {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(value) => Value::Bool(*value),
        serde_json::Value::Number(number) => match number.as_i128() {
            Some(value) => Value::Int(value),
            None => Value::Float(number.as_f64().unwrap()),
        },
        serde_json::Value::String(text) => string(text),
        serde_json::Value::Array(list) => Value::List(list.iter().map(from_json).collect()),
        serde_json::Value::Object(object) => {
            map(object.iter().map(|(key, value)| (key, from_json(value))))
        }
    }
}

pub fn json(value: &Value) -> serde_json::Value {
    serde_json::to_value(value).unwrap()
}

/// `separator " = "; join "," A B;` as parameters: name, arguments, one flag property.
pub fn params(said: &[(&str, &[&str])]) -> Params {
    let said = said.iter().map(|(name, args)| Said {
        name: (*name).into(),
        args: args.iter().map(|arg| string(arg)).collect(),
        props: Default::default(),
    });
    Params { list: said.collect() }
}

pub fn write(format: &str, value: &Value, params: &Params) -> Result<Text, Vec<Fault>> {
    let text = emit::write(emit::find(format).unwrap(), value, params);
    if let Ok(text) = &text {
        check_lines(value, text);
    }
    text
}

pub fn at<'a>(value: &'a Value, path: &[Step]) -> Option<&'a Value> {
    path.iter().try_fold(value, |value, step| match (value, step) {
        (Value::Map(map), Step::Key(key)) => map.get(key),
        (Value::List(list), Step::Index(at)) => list.get(*at),
        _ => None,
    })
}

/// Every path exists; the run of lines that has a plain scalar behind it holds its text, and every
/// plain text stands on a line of its own or of a value it is in.
pub fn check_lines(value: &Value, text: &Text) {
    let lines: Vec<&str> = text.text.split_terminator('\n').collect();
    assert_eq!(lines.len(), text.lines.len(), "{}", text.text);
    assert!(text.text.is_empty() || text.text.ends_with('\n'));
    let mut from = 0;
    for run in text.lines.chunk_by(|a, b| a == b) {
        let lines = lines[from..from + run.len()].join("\n");
        from += run.len();
        let Some(path) = &run[0] else { continue };
        let plain = match at(value, path).unwrap_or_else(|| panic!("{path:?} does not exist")) {
            Value::Int(value) => value.to_string(),
            Value::String(text) if is_plain(text) => text.to_string(),
            _ => continue,
        };
        assert!(lines.contains(&plain), "{lines:?} does not hold {plain:?}");
    }
    check_leaves(value, &mut Path::new(), text);
}

fn is_plain(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric())
}

fn check_leaves(value: &Value, path: &mut Path, text: &Text) {
    match value {
        Value::Map(map) => map.iter().for_each(|(key, value)| {
            path.push(Step::Key(key.clone()));
            check_leaves(value, path, text);
            path.pop();
        }),
        Value::List(list) => list.iter().enumerate().for_each(|(at, value)| {
            path.push(Step::Index(at));
            check_leaves(value, path, text);
            path.pop();
        }),
        Value::String(leaf) if is_plain(leaf) => {
            let mut lines = text.text.split('\n').zip(&text.lines);
            let held = lines.any(|(line, of)| {
                of.as_ref().is_some_and(|of| path.starts_with(of)) && line.contains(&**leaf)
            });
            assert!(held, "{leaf:?} at {path:?} is on no line of its own:\n{}", text.text);
        }
        _ => {}
    }
}

/// The texts that a format takes: it must refuse exactly those that `cannot` names.
pub fn held(
    texts: &[String],
    cannot: impl Fn(&str) -> bool,
    write: impl Fn(&str) -> Result<Text, Vec<Fault>>,
) -> Vec<String> {
    let mut held = Vec::new();
    for text in texts {
        match (write(text), cannot(text)) {
            (Ok(_), false) => held.push(text.clone()),
            (Err(_), true) => {}
            (Ok(text), true) => panic!("should be refused: {:?}", text.text),
            (Err(faults), false) => panic!("{text:?} is refused: {faults:?}"),
        }
    }
    assert!(held.len() > 20);
    held
}

/// Whether a reader is there; says so if not.
pub fn has(tool: &str) -> bool {
    let found = std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|dir| dir.join(tool).is_file()));
    if !found {
        eprintln!(
            "SKIPPED: `{tool}` is not installed, so it does not judge what is written for it"
        );
    }
    found
}

/// Runs a program on its standard input.
pub fn run(program: &str, args: &[&str], input: &[u8]) -> Vec<u8> {
    let mut child = Command::new(program)
        .args(args)
        .env("LC_ALL", "C.UTF-8")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let feeder = std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().unwrap();
    // A reader that reads a file instead closes its input early.
    drop(feeder.join().unwrap());
    let said = [output.stderr.as_slice(), output.stdout.as_slice()].concat();
    assert!(output.status.success(), "{program} {args:?}: {}", String::from_utf8_lossy(&said));
    output.stdout
}

/// A file that lives as long as the test.
pub fn file(name: &str, text: &str) -> (tempfile::TempDir, String) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(name);
    std::fs::write(&path, text).unwrap();
    let path = path.to_str().unwrap().to_owned();
    (dir, path)
}

/// Runs Python on a list of texts and takes its answer.
pub fn python(script: &str, texts: &[String]) -> serde_json::Value {
    let script = format!("import json,sys\ntexts=json.load(sys.stdin)\n{script}");
    serde_json::from_slice(&run("python3", &["-c", &script], &serde_json::to_vec(texts).unwrap()))
        .unwrap()
}

pub fn has_python(module: &str) -> bool {
    if !has("python3") {
        return false;
    }
    let found = Command::new("python3")
        .args(["-c", &format!("import {module}")])
        .output()
        .unwrap()
        .status
        .success();
    if !found {
        eprintln!(
            "SKIPPED: python3 has no `{module}`, so it does not judge what is written for it"
        );
    }
    found
}
