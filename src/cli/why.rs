//! `hcc why`

use clap::Args;

use super::{Global, Status};

/// Search the why
#[derive(Debug, Args)]
pub struct Why {
    /// Part of a name, or of what it is about
    query: Vec<String>,
}

impl Why {
    /// Runs it.
    pub fn run(&self, _global: &Global) -> Status {
        Ok(())
    }
}
