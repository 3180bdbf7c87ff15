//! `hcc completions`

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::{Cli, Command, Status, print};

/// Print completions for a shell
#[derive(Debug, Args)]
pub struct Completions {
    /// The shell
    shell: Shell,
}

impl Completions {
    /// Runs it.
    pub fn run(&self) -> Status {
        let mut bytes = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::<Command>::command(), "hcc", &mut bytes);
        print(&String::from_utf8_lossy(&bytes))
    }
}
