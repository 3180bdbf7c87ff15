//! Running other programs: the only room that does. What is run is data first, so that a plan can
//! show it and a dry run can stop there.

use std::io::{self, Write};
use std::process::{self, Stdio};

use camino::Utf8PathBuf;

/// A program that is going to be run.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Command {
    /// The program and its arguments; a name is looked up in the environment's `PATH`.
    pub argv: Vec<String>,
    /// What it is handed on its standard input.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input: Option<String>,
    /// Whether its own talk and progress go to the terminal; otherwise they are caught.
    #[serde(skip)]
    pub talks: bool,
}

impl Command {
    /// A program whose output is caught.
    pub fn new<S: Into<String>>(argv: impl IntoIterator<Item = S>) -> Self {
        Self { argv: argv.into_iter().map(Into::into).collect(), input: None, talks: false }
    }

    /// As one would type it.
    pub fn shown(&self) -> String {
        let words: Vec<_> = self.argv.iter().map(|word| crate::emit::quote::shell(word)).collect();
        words.join(" ")
    }
}

/// What programs are run with: nothing of the caller's but what is listed here.
#[derive(Clone, Debug)]
pub struct Environment {
    /// Variables.
    pub variables: Vec<(String, String)>,
    /// Where they run.
    pub folder: Utf8PathBuf,
}

impl Environment {
    /// A variable's value.
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.variables.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    /// Where `PATH` finds a program.
    pub fn find(&self, program: &str) -> Option<Utf8PathBuf> {
        let executable = |path: &Utf8PathBuf| {
            path.metadata()
                .is_ok_and(|found| found.is_file() && crate::files::is_executable(&found))
        };
        if program.contains('/') {
            return Some(Utf8PathBuf::from(program)).filter(executable);
        }
        let path = self.variable("PATH")?;
        path.split(':')
            .filter(|folder| folder.starts_with('/'))
            .map(|folder| Utf8PathBuf::from(folder).join(program))
            .find(executable)
    }
}

/// How a program ended.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// Its exit status; none if a signal ended it.
    pub status: Option<i32>,
    /// What it printed, if that was caught.
    pub stdout: String,
    /// What it said, if that was caught.
    pub stderr: String,
}

impl Outcome {
    /// Whether it ended well.
    pub fn ok(&self) -> bool {
        self.status == Some(0)
    }

    /// How it ended and what it said, for a report.
    pub fn reason(&self) -> String {
        let ended = match self.status {
            Some(status) => format!("it ended with {status}"),
            None => "a signal ended it".to_owned(),
        };
        let said = format!("{}\n{}", self.stdout.trim_end(), self.stderr.trim_end());
        let said = said.trim();
        if said.is_empty() { ended } else { format!("{ended}:\n{said}") }
    }
}

/// Runs a program and waits for it.
///
/// # Errors
/// The system's own, if it cannot be started.
pub fn run(command: &Command, environment: &Environment) -> io::Result<Outcome> {
    let Some((program, arguments)) = command.argv.split_first() else {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "there is no program to run"));
    };
    let program = environment.find(program).ok_or_else(|| {
        io::Error::new(io::ErrorKind::NotFound, format!("there is no program `{program}`"))
    })?;
    let output = || if command.talks { Stdio::inherit() } else { Stdio::piped() };
    let mut child = process::Command::new(program)
        .args(arguments)
        .env_clear()
        .envs(environment.variables.iter().map(|(name, value)| (name, value)))
        .current_dir(&environment.folder)
        .stdin(match (&command.input, command.talks) {
            (Some(_), _) => Stdio::piped(),
            (None, true) => Stdio::inherit(),
            (None, false) => Stdio::null(),
        })
        // stdout is for data: what a program says on the way is talk.
        .stdout(if command.talks { Stdio::from(io::stderr()) } else { Stdio::piped() })
        .stderr(output())
        .spawn()?;
    let input = command.input.clone().zip(child.stdin.take());
    let writer = input.map(|(text, mut stdin)| {
        std::thread::spawn(move || {
            // Who does not read all of it says so with its status.
            let _unread = stdin.write_all(text.as_bytes());
        })
    });
    let output = child.wait_with_output()?;
    if let Some(writer) = writer {
        let _joined = writer.join();
    }
    Ok(Outcome {
        status: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    })
}
