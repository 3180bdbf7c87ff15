//! What the commands say: data on stdout, talk on stderr, and with `--json` always one object on
//! stdout, also for a run that was stopped.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::io::{ErrorKind, Write};

use serde_json::{Map, Value, json};

use super::{Status, Stop};

/// What was said so far that a program has to be told too.
#[derive(Default)]
struct Said {
    /// What is wrong, a sentence each.
    wrong: Vec<String>,
    /// What to do about it.
    help: Vec<String>,
    /// What need not be said again.
    once: BTreeSet<String>,
    /// Whether data was printed.
    printed: bool,
}

thread_local! {
    static SAID: RefCell<Said> = RefCell::default();
}

/// Prints data. A closed pipe is no error: whoever read has had enough.
pub(super) fn print(text: &str) -> Status {
    // What has no colour needs none taken out.
    if !text.contains('\x1b') {
        return print_bytes(text.as_bytes());
    }
    SAID.with_borrow_mut(|said| said.printed = true);
    match anstream::stdout().lock().write_all(text.as_bytes()) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        Err(error) => {
            wrong(&format!("cannot write: {error}"));
            Err(Stop::Failed)
        }
    }
}

/// Prints data that may be no text, as it is.
pub(super) fn print_bytes(bytes: &[u8]) -> Status {
    SAID.with_borrow_mut(|said| said.printed = true);
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        Err(error) => {
            wrong(&format!("cannot write: {error}"));
            Err(Stop::Failed)
        }
    }
}

/// Prints data as JSON.
pub(super) fn print_json(value: &impl serde::Serialize) -> Status {
    match serde_json::to_string_pretty(value) {
        Ok(text) => print(&format!("{text}\n")),
        Err(error) => {
            wrong(&format!("cannot write JSON: {error}"));
            Err(Stop::Failed)
        }
    }
}

/// Writes to stderr. Where nobody can be told anything, nothing more can be done about it.
pub(super) fn tell(text: &str) {
    let _unheard = anstream::stderr().lock().write_all(text.as_bytes());
}

/// Talks to the user. Whatever came into the text, it cannot steer a terminal.
pub(super) fn say(text: &str) {
    let steers = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
    let plain: String =
        text.chars().map(|c| if steers(c) { char::REPLACEMENT_CHARACTER } else { c }).collect();
    tell(&format!("{plain}\n"));
}

/// Talks to the user, if that was not said before.
pub(super) fn say_once(text: &str) {
    if SAID.with_borrow_mut(|said| said.once.insert(text.to_owned())) {
        say(text);
    }
}

/// Says what is wrong.
pub(super) fn wrong(text: &str) {
    SAID.with_borrow_mut(|said| said.wrong.push(text.to_owned()));
    say(&format!("error: {text}"));
}

/// Notes what is wrong, which was said already.
pub(super) fn note(text: &str) {
    SAID.with_borrow_mut(|said| said.wrong.push(text.to_owned()));
}

/// Says what to do about what is wrong.
pub(super) fn help(text: &str) {
    SAID.with_borrow_mut(|said| said.help.push(text.to_owned()));
    say(&format!("  help: {}", text.replace('\n', "\n        ")));
}

/// Prints for programs that a run was stopped, and by what, with all that is known besides. Nothing
/// if data was printed before: that says it.
pub(super) fn stopped(stop: Stop, besides: Value) -> Status {
    let (printed, reason, help) =
        SAID.with_borrow(|said| (said.printed, said.wrong.join("\n"), said.help.join("\n")));
    if printed {
        return Ok(());
    }
    let reason = match reason.as_str() {
        "" => stop.reason(),
        reason => reason,
    };
    let mut stopped = json!({"status": stop as u8, "reason": reason});
    if let (Some(stopped), false) = (stopped.as_object_mut(), help.is_empty()) {
        stopped.insert("help".to_owned(), help.into());
    }
    let mut report = Map::new();
    report.insert("version".to_owned(), crate::ir::VERSION.into());
    report.insert("stopped".to_owned(), stopped);
    if let Value::Object(besides) = besides {
        report.extend(besides);
    }
    print_json(&report)
}
