//! `hcc import`: what other tools have, said in hcc's language.

mod brewfile;
pub(super) mod home;
pub(super) mod lift;
pub(super) mod places;
mod put;
pub(super) mod repo;
pub(super) mod secret;
mod stow;

use super::{Global, Status};

/// Bring what you have: a stow repository, a home, a Brewfile
///
/// Nothing is moved, run or overwritten; a report says what was taken, what was not and why.
#[derive(Debug, clap::Args)]
pub struct Import {
    #[command(subcommand)]
    source: Source,
}

#[derive(Debug, clap::Subcommand)]
enum Source {
    /// From a home without any tool: copy its configuration files, and say them
    Home(home::Home),
    /// The entries of a Brewfile
    Brewfile(brewfile::Brewfile),
    /// A repository of stow packages
    Stow(stow::Stow),
}

impl Import {
    /// Runs it.
    pub fn run(&self, global: &Global) -> Status {
        match &self.source {
            Source::Home(command) => command.run(global),
            Source::Brewfile(command) => command.run(global),
            Source::Stow(command) => command.run(global),
        }
    }
}
