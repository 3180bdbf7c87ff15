//! Two changes of one thing, each seen from what both were made of.
//!
//! Handed that, what stands in a home and what the configuration says by now, it hands on what is
//! still to be brought from the one to the other, and what both changed otherwise. Pure.

use similar::{MergeRegion, MergeResolution, TextMerge};

use super::absorb::{Changed, changes, same};
use crate::ir::{Path, Step, Value};

/// Whose change is taken where both sides made another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// That of the file in the home.
    File,
    /// That of the configuration.
    Config,
}

/// A value that both sides changed otherwise; none where it is not there.
#[derive(Clone, Debug, PartialEq)]
pub struct Both {
    /// Where; keys only.
    pub path: Path,
    /// What both were made of.
    pub base: Option<Value>,
    /// What the file in the home has.
    pub file: Option<Value>,
    /// What the configuration says.
    pub config: Option<Value>,
}

impl Both {
    /// What makes the configuration say what the file has.
    pub fn taken(self) -> Changed {
        Changed { path: self.path, before: self.config, after: self.file }
    }
}

/// What was changed in a file, seen against what its configuration says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Values {
    /// What the configuration does not say yet, and may.
    pub open: Vec<Changed>,
    /// What it changed otherwise.
    pub both: Vec<Both>,
}

/// Sorts what was changed from `base` to `file` by what became of it in the configuration. Only
/// changes that `counts` are looked at.
pub fn values(
    base: &Value,
    file: &Value,
    config: &Value,
    counts: impl Fn(&Changed) -> bool,
) -> Values {
    let mut values = Values::default();
    let sides = Sides { base, file, config };
    let own = changes(base, file);
    own.into_iter().filter(counts).for_each(|change| sides.sort(change, &mut values));
    values
}

struct Sides<'a> {
    base: &'a Value,
    file: &'a Value,
    config: &'a Value,
}

impl Sides<'_> {
    fn sort(&self, change: Changed, values: &mut Values) {
        if let Some(above) = self.lost(&change.path) {
            return self.both(above, values);
        }
        let there = at(self.config, &change.path);
        if equal(there, change.after.as_ref()) {
            return;
        }
        if equal(there, change.before.as_ref()) {
            return values.open.push(change);
        }
        match (there, &change.after) {
            // Both made an object of it: each of its keys counts by itself.
            (Some(Value::Map(_)), Some(after @ Value::Map(_))) => {
                for inner in changes(&Value::Map(Default::default()), after) {
                    let path = change.path.iter().chain(&inner.path).cloned().collect();
                    self.sort(Changed { path, ..inner }, values);
                }
            }
            _ => self.both(&change.path, values),
        }
    }

    /// The object that a change stands in and that the configuration took away.
    fn lost<'p>(&self, path: &'p [Step]) -> Option<&'p [Step]> {
        let above = (0..path.len()).filter_map(|end| path.get(..end));
        let is_object = |value: Option<&Value>| matches!(value, Some(Value::Map(_)));
        above
            .into_iter()
            .find(|above| is_object(at(self.base, above)) && !is_object(at(self.config, above)))
    }

    fn both(&self, path: &[Step], values: &mut Values) {
        let side = |value: &Value| at(value, path).cloned();
        let both = Both {
            path: path.into(),
            base: side(self.base),
            file: side(self.file),
            config: side(self.config),
        };
        if !values.both.contains(&both) {
            values.both.push(both);
        }
    }
}

/// What is at a way into a value.
fn at<'v>(value: &'v Value, path: &[Step]) -> Option<&'v Value> {
    path.iter().try_fold(value, |value, step| match (value, step) {
        (Value::Map(map), Step::Key(key)) => map.get(key),
        (Value::List(list), Step::Index(index)) => list.get(*index),
        _ => None,
    })
}

fn equal(a: Option<&Value>, b: Option<&Value>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => same(a, b),
        (None, None) => true,
        _ => false,
    }
}

/// Lines that both sides changed otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// The first of them in the file in the home, from 1.
    pub line: usize,
    /// What both were made of.
    pub base: String,
    /// What the file in the home has.
    pub file: String,
    /// What the configuration has.
    pub config: String,
}

/// A text with the changes of both sides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lines {
    /// The text.
    pub text: String,
    /// Whether something of the file in the home is not in it: what the configuration says was taken.
    pub is_part: bool,
}

/// Brings what was changed from `base` to `file` into what the configuration has. Where both
/// changed the same lines, that of `prefer` is taken.
///
/// # Errors
/// Without that, what both changed otherwise.
pub fn lines(
    base: &str,
    file: &str,
    config: &str,
    prefer: Option<Side>,
) -> Result<Lines, Vec<Stretch>> {
    let merge = TextMerge::from_lines(base, file, config);
    let own = |region: &MergeRegion| -> String {
        region.ours_range().filter_map(|at| merge.ours_line(at)).collect()
    };
    let theirs = |region: &MergeRegion| -> String {
        region.theirs_range().filter_map(|at| merge.theirs_line(at)).collect()
    };
    if prefer.is_none() && merge.is_conflicted() {
        let stretch = |region: &MergeRegion| Stretch {
            line: region.ours_range().start + 1,
            base: region.base_range().filter_map(|at| merge.base_line(at)).collect(),
            file: own(region),
            config: theirs(region),
        };
        return Err(merge.conflicts().map(stretch).collect());
    }
    let text = merge.regions().iter().map(|region| match (region.resolution(), prefer) {
        (MergeResolution::Theirs, _) | (MergeResolution::Conflict, Some(Side::Config)) => {
            theirs(region)
        }
        _ => own(region),
    });
    let is_part = merge.is_conflicted() && prefer == Some(Side::Config);
    Ok(Lines { text: text.collect(), is_part })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Value {
        serde_json::from_str(json).unwrap()
    }

    fn sorted(base: &str, file: &str, config: &str) -> (Vec<String>, Vec<String>) {
        let values = values(&read(base), &read(file), &read(config), |_| true);
        let name = |path: &Path| {
            let key = |step: &Step| match step {
                Step::Key(key) => key.to_string(),
                Step::Index(at) => at.to_string(),
            };
            path.iter().map(key).collect::<Vec<_>>().join(".")
        };
        let open = values.open.iter().map(|own| name(&own.path));
        (open.collect(), values.both.iter().map(|own| name(&own.path)).collect())
    }

    fn is(got: (Vec<String>, Vec<String>), open: &[&str], both: &[&str]) {
        assert_eq!(got.0, open);
        assert_eq!(got.1, both);
    }

    #[test]
    fn a_change_of_one_side_is_taken_and_one_of_both_is_named() {
        is(sorted(r#"{"a":1,"b":1}"#, r#"{"a":2,"b":1}"#, r#"{"a":1,"b":3}"#), &["a"], &[]);
        is(sorted(r#"{"a":1}"#, r#"{"a":2}"#, r#"{"a":2}"#), &[], &[]);
        is(sorted(r#"{"a":1}"#, r#"{"a":2}"#, r#"{"a":3}"#), &[], &["a"]);
        is(sorted(r#"{"a":1}"#, "{}", r#"{"a":3}"#), &[], &["a"]);
        is(sorted(r#"{"a":1}"#, r#"{"a":2}"#, "{}"), &[], &["a"]);
        is(sorted(r#"{"a":1}"#, r#"{"a":1}"#, "{}"), &[], &[]);
    }

    #[test]
    fn objects_of_both_sides_count_key_by_key() {
        is(sorted("{}", r#"{"o":{"x":1}}"#, r#"{"o":{"y":2}}"#), &["o.x"], &[]);
        is(sorted("{}", r#"{"o":{"x":1,"y":1}}"#, r#"{"o":{"y":2}}"#), &["o.x"], &["o.y"]);
        is(sorted(r#"{"o":{"x":1}}"#, "{}", r#"{"o":{"x":1,"y":2}}"#), &[], &["o"]);
    }

    #[test]
    fn a_change_in_what_the_configuration_took_away_is_one_of_both() {
        let base = r#"{"o":{"p":{"x":1,"y":1}}}"#;
        is(sorted(base, r#"{"o":{"p":{"x":2,"y":2}}}"#, r#"{"o":{}}"#), &[], &["o.p"]);
        is(sorted(base, r#"{"o":{"p":{"x":1,"y":1,"z":1}}}"#, r#"{"o":1}"#), &[], &["o"]);
    }

    #[test]
    fn lines_of_both_sides_are_joined_or_named() {
        let base = "a\nb\nc\nd\n";
        let joined = lines(base, "A\nb\nc\nd\n", "a\nb\nc\nd\ne\n", None).unwrap();
        assert_eq!(joined, Lines { text: "A\nb\nc\nd\ne\n".to_owned(), is_part: false });
        let both = lines(base, "a\nB\nc\nd\n", "a\n2\nc\nd\n", None).unwrap_err();
        assert_eq!(both.len(), 1);
        assert_eq!((both[0].line, &*both[0].file, &*both[0].config), (2, "B\n", "2\n"));
        for (side, text) in [(Side::File, "A\nb\nC\nd\n"), (Side::Config, "A\nb\n3\nd\n")] {
            let joined = lines(base, "A\nb\nC\nd\n", "a\nb\n3\nd\n", Some(side)).unwrap();
            assert_eq!((&*joined.text, joined.is_part), (text, side == Side::Config));
        }
    }
}
