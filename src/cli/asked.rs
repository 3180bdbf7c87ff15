//! The command that the first word names, alone.

use clap::error::Error;
use clap::{ArgMatches, FromArgMatches, Subcommand};

use super::Command;
use crate::facts;

/// A command. Where the first word of the command line names it, all others are left out, since each
/// would be given a copy of what every command takes.
#[derive(Debug)]
pub struct Asked(pub Command);

impl Subcommand for Asked {
    fn augment_subcommands(cli: clap::Command) -> clap::Command {
        let all = Command::augment_subcommands(clap::Command::default());
        match facts::first_argument().and_then(|word| all.find_subcommand(word)) {
            Some(own) => {
                cli.subcommand_required(true).arg_required_else_help(true).subcommand(own.clone())
            }
            None => Command::augment_subcommands(cli),
        }
    }

    fn augment_subcommands_for_update(cli: clap::Command) -> clap::Command {
        Command::augment_subcommands_for_update(cli)
    }

    fn has_subcommand(name: &str) -> bool {
        Command::has_subcommand(name)
    }
}

impl FromArgMatches for Asked {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        Command::from_arg_matches(matches).map(Self)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        self.0.update_from_arg_matches(matches)
    }
}
