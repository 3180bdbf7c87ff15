//! The commands. One file each; this one says what they share.
//!
//! stdout is data, stderr is talk. Exit status: 0 done; 1 the configuration has errors; 2 usage;
//! 3 stopped before any change because the user must decide; 4 begun, and something failed.
//! With `--exit-code`, `status` and `diff` end with 1 if there is a difference.

mod absorb;
mod apply;
mod carry;
mod check;
mod compile;
mod completions;
mod diff;
mod difference;
mod gc;
mod generations;
pub mod here;
mod home;
mod init;
mod options;
mod paths;
mod planned;
mod rollback;
pub mod session;
mod show;
mod status;
mod tree;
mod unified;
mod uninstall;
mod why;

use std::process::ExitCode;

use camino::Utf8PathBuf;
use clap::{Args, Parser, Subcommand};

/// One typed description of all your machines, compiled into the files other tools read.
#[derive(Debug, Parser)]
#[command(name = "hcc", version, about, max_term_width = 100, arg_required_else_help = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    global: Global,
}

/// What every command takes.
#[derive(Clone, Debug, Args)]
pub struct Global {
    /// The configuration: a file, or a folder that holds hcc.kdl
    ///
    /// By default hcc.kdl here or in a folder above, then $HCC_CONFIG, then
    /// ~/.config/hcc/hcc.kdl.
    #[arg(long, short, global = true, value_name = "FILE|DIR")]
    config: Option<Utf8PathBuf>,
    /// Print data as JSON on stdout
    #[arg(long, global = true)]
    json: bool,
    /// Say nothing but errors
    #[arg(long, short, global = true)]
    quiet: bool,
}

/// For whom.
#[derive(Clone, Debug, Default, Args)]
pub struct Who {
    /// HOST or USER@HOST; by default this machine and user
    #[arg(value_name = "HOST")]
    place: Option<String>,
    /// The host
    #[arg(long, value_name = "NAME", conflicts_with = "place")]
    host: Option<String>,
    /// The user
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// All hosts and users
    #[arg(long, conflicts_with_all = ["place", "host", "user"])]
    all: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Write a small configuration for this machine
    Init(init::Init),
    /// Check every host and user, and write nothing
    Check(check::Check),
    /// Compile, and print or write what would be generated
    Compile(compile::Compile),
    /// Print one generated file
    Show(show::Show),
    /// Set up this home: show what changes, ask, do it
    Apply(apply::Apply),
    /// Say what in this home is not as hcc left it
    Status(status::Status),
    /// Show what apply would change, or what changed between two generations
    Diff(diff::Diff),
    /// Bring edits that were made in place back to the configuration
    Absorb(absorb::Absorb),
    /// List the generations of this home
    Generations(generations::Generations),
    /// Go back to an earlier generation
    Rollback(rollback::Rollback),
    /// Remove old generations
    Gc(gc::Gc),
    /// Bring everything back as it was before hcc
    Uninstall(uninstall::Uninstall),
    /// Replace every link by a plain file, so that hcc can be deleted
    Eject(uninstall::Eject),
    /// Search the options: types, defaults, docs, examples
    Options(options::Options),
    /// Say where a value, or a line of a generated file, comes from
    Why(why::Why),
    /// Print completions for a shell
    Completions(completions::Completions),
}

/// Runs what the command line asks for.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    let status = match cli.command {
        Command::Init(command) => command.run(&cli.global),
        Command::Check(command) => command.run(&cli.global),
        Command::Compile(command) => command.run(&cli.global),
        Command::Show(command) => command.run(&cli.global),
        Command::Apply(command) => command.run(&cli.global),
        Command::Status(command) => command.run(&cli.global),
        Command::Diff(command) => command.run(&cli.global),
        Command::Absorb(command) => command.run(&cli.global),
        Command::Generations(command) => command.run(&cli.global),
        Command::Rollback(command) => command.run(&cli.global),
        Command::Gc(command) => command.run(&cli.global),
        Command::Uninstall(command) => command.run(&cli.global),
        Command::Eject(command) => command.run(&cli.global),
        Command::Options(command) => command.run(&cli.global),
        Command::Why(command) => command.run(&cli.global),
        Command::Completions(command) => command.run(),
    };
    ExitCode::from(match status {
        Ok(()) => 0,
        Err(stop) => stop as u8,
    })
}

/// Why a command ends early. The number is the exit status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Stop {
    /// The configuration has errors.
    Errors = 1,
    /// The command line has.
    Usage = 2,
    /// The user must decide.
    Decide = 3,
    /// Something failed on the way.
    Failed = 4,
}

impl Stop {
    /// What `--exit-code` asks for: there are differences. 1, as `diff` and git have it.
    pub const DIFFERS: Self = Self::Errors;
}

/// How a command ends.
pub type Status = Result<(), Stop>;

/// Prints data. A closed pipe is no error: whoever read has had enough.
fn print(text: &str) -> Status {
    use std::io::Write;
    match anstream::stdout().lock().write_all(text.as_bytes()) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => {
            say(&format!("error: cannot write: {error}"));
            Err(Stop::Failed)
        }
    }
}

/// Prints data as JSON.
fn print_json(value: &impl serde::Serialize) -> Status {
    match serde_json::to_string_pretty(value) {
        Ok(text) => print(&format!("{text}\n")),
        Err(error) => {
            say(&format!("error: cannot write JSON: {error}"));
            Err(Stop::Failed)
        }
    }
}

/// Writes to stderr. Where nobody can be told anything, nothing more can be done about it.
fn tell(text: &str) {
    use std::io::Write;
    let _unheard = anstream::stderr().lock().write_all(text.as_bytes());
}

/// Talks to the user. Whatever came into the text, it cannot steer a terminal.
fn say(text: &str) {
    let steers = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
    let plain: String =
        text.chars().map(|c| if steers(c) { char::REPLACEMENT_CHARACTER } else { c }).collect();
    tell(&format!("{plain}\n"));
}
