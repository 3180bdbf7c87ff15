//! The `hcc` command: see [`hcc::cli`].
#![forbid(unsafe_code)]

use std::process::ExitCode;
use std::thread;

/// Values may depend on each other in long chains, each link of which is a few calls deep. The
/// stack is memory that is only taken when it is used.
const STACK: usize = 256 << 20;

fn main() -> ExitCode {
    match thread::Builder::new().stack_size(STACK).spawn(hcc::cli::run).map(thread::JoinHandle::join) {
        Ok(Ok(code)) => code,
        Ok(Err(_)) => ExitCode::from(4),
        Err(_) => hcc::cli::run(),
    }
}
