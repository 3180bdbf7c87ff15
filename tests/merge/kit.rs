//! Merging and what must hold of every merge.

use ecow::EcoString;

use hcc::apply::merge::{Choice, KeyPath, MergeError, Merged, Owned, merge, release, reread};
use hcc::emit::{self, Params};
use hcc::ir::Value;
use proptest::prelude::*;

/// A value as JSON says it.
pub fn value(json: &str) -> Value {
    from_json(&serde_json::from_str(json).expect(json))
}

pub fn from_json(json: &serde_json::Value) -> Value {
    match json {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(value) => Value::Bool(*value),
        serde_json::Value::Number(number) => match number.as_i128() {
            Some(value) => Value::Int(value),
            None => Value::Float(number.as_f64().expect("a number")),
        },
        serde_json::Value::String(text) => Value::String(text.as_str().into()),
        serde_json::Value::Array(list) => Value::List(list.iter().map(from_json).collect()),
        serde_json::Value::Object(object) => Value::Map(
            object.iter().map(|(k, v)| (EcoString::from(k.as_str()), from_json(v))).collect(),
        ),
    }
}

/// `wanted` over `now`, as the design says it.
pub fn overlaid(now: &Value, wanted: &Value) -> Value {
    let (Value::Map(now), Value::Map(wanted)) = (now, wanted) else { return wanted.clone() };
    let mut all = now.clone();
    for (key, value) in wanted {
        let below = all.get(key).cloned().unwrap_or(Value::Null);
        all.insert(key.clone(), overlaid(&below, value));
    }
    Value::Map(all)
}

pub fn path(dotted: &str) -> KeyPath {
    dotted.split('/').map(EcoString::from).collect()
}

/// A file of one format, merged into again and again.
pub struct Site {
    pub format: &'static str,
    pub params: Params,
    pub bytes: Option<Vec<u8>>,
    pub owned: Owned,
}

impl Site {
    pub fn new(format: &'static str, text: &str) -> Self {
        Self::of(format, Some(text.as_bytes().to_vec()))
    }

    pub fn of(format: &'static str, bytes: Option<Vec<u8>>) -> Self {
        Self { format, params: Params::default(), bytes, owned: Owned::default() }
    }

    pub fn with(mut self, params: Params) -> Self {
        self.params = params;
        self
    }

    pub fn try_merge(&mut self, wanted: &Value, choice: Choice) -> Result<Merged, MergeError> {
        let now = self.bytes.as_deref();
        let merged = merge(self.format, now, wanted, &self.params, &self.owned, choice)?;
        assert_eq!(merged.changed, now.unwrap_or_default() != merged.bytes);
        // What is kept survives being written down.
        let kept = serde_json::to_string(&merged.owned).expect("records are JSON");
        self.owned = serde_json::from_str(&kept).expect("and come back");
        assert_eq!(self.owned, merged.owned);
        self.bytes = Some(merged.bytes.clone());
        Ok(merged)
    }

    /// Merges, and again: the second time nothing may change.
    pub fn merge(&mut self, wanted: &Value) -> Merged {
        self.choose(wanted, Choice::Keep)
    }

    pub fn choose(&mut self, wanted: &Value, choice: Choice) -> Merged {
        let merged =
            self.try_merge(wanted, choice).unwrap_or_else(|e| panic!("{e}\n{}", self.text()));
        let again = self.try_merge(wanted, choice).expect("a second time");
        assert!(!again.changed, "a second merge changes\n{}", self.text());
        if choice == Choice::Keep {
            assert_eq!(again.drift, merged.drift);
        }
        merged
    }

    pub fn release(&mut self) -> Merged {
        let now = self.bytes.clone().unwrap_or_default();
        let merged = release(self.format, &now, &self.owned)
            .unwrap_or_else(|e| panic!("{e}\n{}", self.text()));
        self.bytes = Some(merged.bytes.clone());
        self.owned = merged.owned.clone();
        assert!(self.owned.leaves.is_empty() && self.owned.objects.is_empty(), "{:?}", self.owned);
        merged
    }

    /// The program writes.
    pub fn edit(&mut self, from: &str, to: &str) {
        let text = self.text();
        assert!(text.contains(from), "no {from:?} in\n{text}");
        self.bytes = Some(text.replacen(from, to, 1).into_bytes());
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(self.bytes.as_deref().unwrap_or_default()).into_owned()
    }

    pub fn value(&self) -> Value {
        let bytes = self.bytes.clone().unwrap_or_default();
        reread(self.format, &bytes, &self.params).unwrap_or_else(|e| panic!("{e}\n{}", self.text()))
    }
}

/// Merges into a text and gives it back: what comes back must be the text. Hands on what was merged.
pub fn there_and_back(format: &'static str, text: &str, wanted: &str) -> String {
    there_and_back_with(format, Params::default(), text, wanted)
}

pub fn there_and_back_with(
    format: &'static str,
    params: Params,
    text: &str,
    wanted: &str,
) -> String {
    let mut site = Site::new(format, text).with(params);
    site.merge(&value(wanted));
    let merged = site.text();
    let back = site.release();
    assert_eq!(site.text(), text, "given back from\n{merged}");
    assert!(back.drift.is_empty() && !back.empty);
    merged
}

/// What a merge of an unfit file says.
pub fn refusal(format: &'static str, bytes: &[u8], wanted: &str) -> String {
    let mut site = Site::of(format, Some(bytes.to_vec()));
    match site.try_merge(&value(wanted), Choice::Restore) {
        Err(error) => error.to_string(),
        Ok(merged) => panic!("should be refused: {}", String::from_utf8_lossy(&merged.bytes)),
    }
}

pub fn emitted(format: &str, value: &Value, params: &Params) -> String {
    emit::write(emit::find(format).expect(format), value, params).expect("it can be written").text
}

/// Keys of few letters, so that what is there and what is wanted meet.
pub fn objects(scalars: BoxedStrategy<Value>) -> BoxedStrategy<Value> {
    let key =
        prop_oneof![8 => "[a-d]", 1 => Just("x.y".to_owned()), 1 => Just("a \"b\" é".to_owned())];
    let map = move |value: BoxedStrategy<Value>| {
        prop::collection::vec((key.clone(), value), 0..5).prop_map(|entries| {
            Value::Map(entries.into_iter().map(|(k, v)| (EcoString::from(k), v)).collect())
        })
    };
    let leaf = prop_oneof![
        6 => scalars.clone(),
        1 => prop::collection::vec(scalars.clone(), 0..3).prop_map(Value::List),
    ];
    let inner = {
        let map = map.clone();
        leaf.prop_recursive(3, 24, 4, move |inner| map(inner.boxed()).boxed())
    };
    map(inner.boxed()).boxed()
}

pub fn scalars() -> BoxedStrategy<Value> {
    prop_oneof![
        any::<bool>().prop_map(Value::Bool),
        (-3i64..4).prop_map(|int| Value::Int(int.into())),
        any::<i64>().prop_map(|int| Value::Int(int.into())),
        any::<f64>().prop_filter("finite", |f| f.is_finite()).prop_map(Value::Float),
        Just(Value::Float(1.0)),
        "[a-z ]{0,6}".prop_map(|text| Value::String(text.into())),
        "\\PC{0,5}".prop_map(|text| Value::String(text.into())),
        Just(Value::String("two\nlines # \"quoted\" // \\".into())),
    ]
    .boxed()
}

/// Whether a reader is there; says so if not.
pub fn has(tool: &str) -> bool {
    let found = std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|dir| dir.join(tool).is_file()));
    if !found {
        eprintln!("SKIPPED: `{tool}` is not installed, so it does not judge what is merged");
    }
    found
}

/// What a Python program prints for this input, if there is a Python.
pub fn python(program: &str, input: &[u8]) -> Option<String> {
    use std::io::Write;
    use std::process::{Command, Stdio};
    if !has("python3") {
        return None;
    }
    let mut child = Command::new("python3")
        .args(["-c", program])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 starts");
    child.stdin.take().expect("piped").write_all(input).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "python3 refuses:\n{}", String::from_utf8_lossy(input));
    Some(String::from_utf8(output.stdout).expect("UTF-8"))
}

/// The parameter `indent 4`.
pub fn indent(width: i128) -> Params {
    let said = emit::Said {
        name: "indent".into(),
        args: vec![Value::Int(width)],
        props: Default::default(),
    };
    Params { list: vec![said] }
}
