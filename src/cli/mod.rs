//! The commands. One file each; this one says what they share.
//!
//! stdout is data, stderr is talk. Exit status: 0 done; 1 the configuration has errors; 2 usage;
//! 3 stopped before any change because the user must decide; 4 begun, and something failed.
//! With `--exit-code`, `status` and `diff` end with 1 if there is a difference.

mod absorb;
mod adopt;
mod apply;
mod asked;
mod carry;
mod check;
mod compile;
mod completions;
mod diff;
mod difference;
mod export;
mod gc;
mod generations;
pub mod here;
mod home;
mod import;
mod init;
mod options;
mod paths;
mod planned;
mod rollback;
pub mod session;
mod show;
mod status;
mod talk;
mod tree;
mod unified;
mod uninstall;
mod why;
mod write;

use std::process::ExitCode;

use camino::Utf8PathBuf;
use clap::{Args, Parser, Subcommand};

use asked::Asked;
use talk::{help, print, print_bytes, print_json, say, say_once, stopped, tell, wrong};

/// One typed description of all your machines, compiled into the files other tools read.
#[derive(Debug, Parser)]
#[command(name = "hcc", version, about, max_term_width = 100, arg_required_else_help = true)]
pub struct Cli<C: Subcommand = Command> {
    #[command(subcommand)]
    command: C,
    #[command(flatten)]
    global: Global,
}

/// What every command takes, behind its own options.
#[derive(Clone, Debug, Args)]
#[command(next_display_order = 900)]
pub struct Global {
    /// The configuration: a file, or a folder that holds hcc.kdl
    ///
    /// By default hcc.kdl here or in a folder above, then $HCC_CONFIG, then
    /// ~/.config/hcc/hcc.kdl, then the one that was applied last.
    #[arg(long, short, global = true, value_name = "FILE|DIR")]
    config: Option<Utf8PathBuf>,
    /// Print data as JSON on stdout
    #[arg(long, global = true)]
    json: bool,
    /// Say nothing but errors
    #[arg(long, short, global = true)]
    quiet: bool,
}

/// For whom, by options: for commands whose arguments are something else.
#[derive(Clone, Debug, Default, Args)]
pub struct Named {
    /// The host
    #[arg(long, value_name = "NAME")]
    host: Option<String>,
    /// The user
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
}

/// For whom.
#[derive(Clone, Debug, Default, Args)]
pub struct Who {
    /// HOST or USER@HOST; by default this machine and user
    #[arg(value_name = "HOST", conflicts_with = "host")]
    place: Option<String>,
    #[command(flatten)]
    named: Named,
}

impl From<&Named> for Who {
    fn from(named: &Named) -> Self {
        Self { place: None, named: named.clone() }
    }
}

/// What one takes is said when it is asked for.
#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub enum Command {
    /// Write a small configuration for this machine
    Init(init::Init),
    /// Bring what you have: a stow repository, a home, a Brewfile
    Import(import::Import),
    /// Take files of the home into the configuration
    Adopt(adopt::Adopt),
    /// Check every host and user, and write nothing
    Check(check::Check),
    /// Compile, and print or write what would be generated
    Compile(compile::Compile),
    /// Write a home for a machine without hcc: a stow tree, an archive, a script
    Export(export::Export),
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
    // Scripts ask this at every start: most of the time would go into the command line.
    if matches!(crate::facts::only_argument().as_deref(), Some("--version" | "-V")) {
        let name = concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION"), "\n");
        return exit(print(name), false);
    }
    let cli = match Cli::<Asked>::try_parse() {
        Ok(cli) => cli,
        Err(error) => return refused(&error),
    };
    let status = match cli.command.0 {
        Command::Init(command) => command.run(&cli.global),
        Command::Import(command) => command.run(&cli.global),
        Command::Adopt(command) => command.run(&cli.global),
        Command::Check(command) => command.run(&cli.global),
        Command::Compile(command) => command.run(&cli.global),
        Command::Export(command) => command.run(&cli.global),
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
    exit(status, cli.global.json)
}

fn exit(status: Status, json: bool) -> ExitCode {
    ExitCode::from(match status {
        Ok(()) => 0,
        Err(stop) => {
            if json && stopped(stop, serde_json::Value::Null).is_err() {
                return ExitCode::from(Stop::Failed as u8);
            }
            stop as u8
        }
    })
}

/// A command line that cannot be read, or that asks for help.
fn refused(error: &clap::Error) -> ExitCode {
    let _unheard = error.print();
    if error.use_stderr() && crate::facts::asks_for_json() {
        let text = error.render().to_string();
        let reason = text.trim_start_matches("error: ").split("\n\nUsage:").next().unwrap_or("");
        talk::note(reason.trim_end());
        let _unheard = stopped(Stop::Usage, serde_json::Value::Null);
    }
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(Stop::Usage as u8))
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

    /// What it means, where nothing more is known.
    fn reason(self) -> &'static str {
        match self {
            Self::Errors => "the configuration has errors",
            Self::Usage => "the command line has an error",
            Self::Decide => "nothing was changed: it was not agreed to",
            Self::Failed => "something failed",
        }
    }
}

/// How a command ends.
pub type Status = Result<(), Stop>;
