//! `hcc import`: what other tools have, said in hcc's language.

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
enum Source {}

impl Import {
    /// Runs it.
    pub fn run(&self, _global: &Global) -> Status {
        match self.source {}
    }
}
