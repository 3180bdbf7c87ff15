//! What came of a step that follows the files: a package, a preference, an action.
//!
//! Such a step never undoes files, and a step that fails keeps none of the others from being done.

/// A step and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Done {
    /// The step, in the words of the plan.
    pub what: String,
    /// What came of it.
    #[serde(flatten)]
    pub end: End,
}

/// How a step ended.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(tag = "end", rename_all = "lowercase")]
pub enum End {
    /// It was done.
    Done {
        /// What it said, if that was caught.
        #[serde(skip_serializing_if = "String::is_empty")]
        said: String,
    },
    /// It was tried, or would have had to be; the run as a whole did not go well.
    Failed {
        /// Why, with what the program said, if that was caught.
        reason: String,
    },
    /// It cannot be had on this machine: nothing went wrong, and trying again changes nothing.
    Unavailable {
        /// Why.
        reason: String,
        /// The ways out.
        help: String,
    },
    /// It was left out because of another step, which failed.
    Skipped {
        /// Why.
        reason: String,
    },
}

impl Done {
    /// A step that was done.
    pub fn ok(what: impl Into<String>) -> Self {
        Self { what: what.into(), end: End::Done { said: String::new() } }
    }

    /// A step that was not.
    pub fn failed(what: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { what: what.into(), end: End::Failed { reason: reason.into() } }
    }

    /// A step that was left out.
    pub fn skipped(what: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { what: what.into(), end: End::Skipped { reason: reason.into() } }
    }

    /// Whether the run as a whole did not go well for it.
    pub fn is_failure(&self) -> bool {
        matches!(self.end, End::Failed { .. } | End::Skipped { .. })
    }

    /// Whether it was done.
    pub fn is_ok(&self) -> bool {
        matches!(self.end, End::Done { .. })
    }
}

/// Told of each step before it begins, in a sentence's middle: `install hello by apt`.
pub type Talk<'a> = &'a mut dyn FnMut(&str);
