//! How long each room takes, and the whole process:  cargo bench --bench compile
//!
//! Prints the best and the median of many runs. Never a test: a number that fails is noise.

use std::hint::black_box;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use camino::{Utf8Path, Utf8PathBuf};
use hcc::cli::session::Session;
use hcc::diag::{Diagnostics, SourceId, Sources};
use hcc::emit;
use hcc::eval::Eval;
use hcc::eval::facts::Machine;
use hcc::eval::program;
use hcc::ir::Content;
use hcc::lower::lower;
use hcc::syntax::{import, parse};

fn main() {
    // `cargo test --benches` only asks whether it builds.
    if std::env::args().any(|arg| arg == "--test") {
        return;
    }
    let root = Utf8Path::new(env!("CARGO_MANIFEST_DIR"));
    let fleet = root.join("fixtures/fleet/hcc.kdl");
    println!("fixtures/fleet, host macbook");
    rooms(&fleet, "macbook", Machine::default);
    let reference = root.join("fixtures/reference/hcc.kdl");
    println!("\nfixtures/reference");
    rooms(&reference, &hcc::facts::machine().host.name, hcc::facts::machine);
    let temp = Utf8PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let small = generated(&temp, 0);
    let large = generated(&temp, 1_000);
    println!("\nthe whole process (wall; CPU and memory by GNU time, where it is installed)");
    process("hcc --version", &["--version"]);
    process("fleet, macbook", &["compile", "-q", "--config", fleet.as_str(), "--host", "macbook"]);
    process("fleet, all hosts", &["compile", "-q", "--config", fleet.as_str(), "--all"]);
    process("the reference", &["compile", "-q", "--config", reference.as_str()]);
    process("20 files", &["compile", "-q", "--config", small.as_str(), "--host", "a"]);
    process("1,020 files", &["compile", "-q", "--config", large.as_str(), "--host", "a"]);
    process("options git", &["options", "git", "--config", fleet.as_str()]);
}

/// A configuration of 20 files and `more`.
fn generated(folder: &Utf8Path, more: usize) -> Utf8PathBuf {
    let mut text = "host \"a\" os=\"linux\" distro=\"debian\" { user \"u\" }\nhome {\n".to_owned();
    for index in 0..20 + more {
        text.push_str(&format!("    file \".file{index}\" text=\"hello {index}\"\n"));
    }
    text.push_str("}\nprograms { starship { enable; settings { add_newline #false } } }\n");
    let path = folder.join(format!("files-{more}.kdl"));
    if let Err(error) = std::fs::write(&path, text) {
        println!("cannot write {path}: {error}");
    }
    path
}

fn rooms(path: &Utf8Path, name: &str, machine: fn() -> Machine) {
    let mut diags = Diagnostics::default();
    let mut sources = Sources::default();
    let config = import::load(path, &mut sources, &mut diags);
    let texts: Vec<_> =
        (0u32..).take(config.folders.len()).map(|id| sources.text(SourceId(id))).collect();
    let bytes: usize = texts.iter().map(|text| text.len()).sum();
    measure(&format!("syntax: parse {bytes} bytes"), || {
        for text in &texts {
            black_box(parse(SourceId(0), text));
        }
    });
    let load = || {
        let (mut diags, mut sources) = (Diagnostics::default(), Sources::default());
        let config = import::load(path, &mut sources, &mut diags);
        program::build(config, sources, &machine(), &mut diags)
    };
    measure("syntax and schema: read, declare what is mentioned", || {
        black_box(load());
    });
    let program = load();
    let Some(host) = program.structure.hosts.iter().find(|host| *host.facts.name == *name) else {
        println!("there is no host {name}");
        return;
    };
    let user = host.users.first();
    measure("eval: take definitions in", || {
        black_box(Eval::new(&program, host, user, None));
    });
    measure("eval and lower: to the IR", || {
        let eval = Eval::new(&program, host, user, None);
        black_box(lower(&eval));
    });
    let document = lower(&Eval::new(&program, host, user, None));
    measure(&format!("emit: write the values of {} files", document.files.len()), || {
        for file in &document.files {
            if let Content::Data { format, params, value } = &file.content
                && let Some(format) = emit::find(format)
            {
                black_box(emit::write(format, value, params).is_ok());
            }
        }
    });
    measure("all of it", || {
        let mut session = Session::load(path, machine());
        black_box(session.compile(host, None).len());
    });
}

fn measure(what: &str, mut run: impl FnMut()) {
    run();
    let mut times: Vec<Duration> = Vec::new();
    let start = Instant::now();
    while times.len() < 20 || (start.elapsed() < Duration::from_millis(400) && times.len() < 2_000)
    {
        let start = Instant::now();
        run();
        times.push(start.elapsed());
    }
    print(what, &mut times, "");
}

fn process(what: &str, args: &[&str]) {
    let mut times: Vec<Duration> = Vec::new();
    for _ in 0..60 {
        let start = Instant::now();
        let status =
            Command::new(env!("CARGO_BIN_EXE_hcc")).args(args).stdout(Stdio::null()).status();
        if !status.is_ok_and(|status| status.success()) {
            println!("  {what}: failed");
            return;
        }
        times.push(start.elapsed());
    }
    let usage = Command::new("/usr/bin/time")
        .args(["-f", "%U s user, %S s system, %M kB"])
        .arg(env!("CARGO_BIN_EXE_hcc"))
        .args(args)
        .stdout(Stdio::null())
        .output();
    let usage = usage
        .map(|output| String::from_utf8_lossy(&output.stderr).trim().to_owned())
        .unwrap_or_default();
    print(what, &mut times, &usage);
}

fn print(what: &str, times: &mut [Duration], more: &str) {
    times.sort();
    let best = times.first().copied().unwrap_or_default();
    let median = times.get(times.len() / 2).copied().unwrap_or_default();
    let ms = |time: Duration| time.as_secs_f64() * 1_000.0;
    println!("  {what:52}  best {:8.3} ms  median {:8.3} ms  {more}", ms(best), ms(median));
}
