//! The `hcc` command: see [`hcc::cli`].
#![forbid(unsafe_code)]

fn main() -> std::process::ExitCode {
    hcc::cli::run()
}
