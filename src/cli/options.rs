//! `hcc options`

use clap::Args;

use super::{Global, Status};

/// Search the options
#[derive(Debug, Args)]
pub struct Options {
    /// Part of a name, or of what it is about
    query: Vec<String>,
}

impl Options {
    /// Runs it.
    pub fn run(&self, _global: &Global) -> Status {
        Ok(())
    }
}
