//! Problems as JSON, for editors and scripts: the shape of `--json` on stdout when a run has
//! problems is `{"version": 1, "diagnostics": [...]}`.

use serde_json::{Value, json};

use super::{Diagnostics, Label, Severity, Sources, Span};

/// All problems, sorted.
pub fn report(diagnostics: &Diagnostics, sources: &Sources) -> Value {
    let list: Vec<Value> = diagnostics
        .sorted()
        .into_iter()
        .map(|one| {
            json!({
                "code": one.code,
                "severity": match one.severity {
                    Severity::Error => "error",
                    Severity::Warning => "warning",
                },
                "message": one.message,
                "at": one.label.as_ref().map(|label| place(label, sources)),
                "also": one.others.iter().map(|label| place(label, sources)).collect::<Vec<_>>(),
                "help": one.help,
                "fix": one.fix.as_ref().map(|fix| json!({
                    "at": span(fix.span, sources),
                    "text": fix.text,
                })),
            })
        })
        .collect();
    Value::Array(list)
}

fn place(label: &Label, sources: &Sources) -> Value {
    let mut place = span(label.span, sources);
    if let Value::Object(map) = &mut place {
        map.insert("text".into(), label.text.clone().into());
    }
    place
}

/// A span: file, byte offsets, and line and column from 1.
fn span(span: Span, sources: &Sources) -> Value {
    let position = sources.position(span);
    json!({
        "file": sources.name(span.source),
        "line": position.line,
        "column": position.column,
        "start": span.start,
        "end": span.end,
    })
}
