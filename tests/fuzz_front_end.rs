//! The whole front end on configurations that were bent out of shape: parse, build, evaluate,
//! lower, report. Nothing may panic or hang.
//!
//! `HCC_FUZZ_SECONDS` says how long (5 by default), `HCC_FUZZ_SEED` where to start; what fails is
//! printed with its seed, and `HCC_FUZZ_SEED=N HCC_FUZZ_SECONDS=0` runs that one alone.

mod support;

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use camino::Utf8Path;
use hcc::cli::session::Session;
use hcc::diag::{Diagnostics, Sources};
use hcc::eval::program;
use hcc::syntax::import;
use support::{machine, report};

/// Words that mean something somewhere.
const WORDS: &[&str] = &[
    "(default)",
    "(force)",
    "(before)",
    "(after)",
    "(replace)",
    "(unset)",
    "(list)",
    "(map)",
    "(f)",
    "(expr)",
    "(file)",
    "(template)",
    "(hcc)",
    "(default+f)",
    "when",
    "for",
    "use",
    "option",
    "assert",
    "warn",
    "renamed",
    "removed",
    "let",
    "set",
    "host",
    "user",
    "module",
    "target",
    "hcc",
    "{",
    "}",
    "{}",
    "- ",
    "/-",
    "\"",
    "\"\"\"",
    "#",
    "#true",
    "#false",
    "#null",
    "#inf",
    "#nan",
    "=",
    ";",
    "\n",
    "\\\n",
    "//",
    "/*",
    "*/",
    "(",
    ")",
    ".",
    "\"\"",
    "0",
    "-1",
    "1e400",
    "0x",
    "99999999999999999999999999999999999999999",
    "{{ ",
    " }}",
    "config",
    "config.home.file",
    "item",
    "item.key",
    "host.os",
    "os=\"linux\"",
    "expr=\"true\"",
    "in=\"config.home.packages\"",
    "type=\"keyed\"",
    "type=\"list\"",
    "type=\"settings\"",
    "type=\"lines\"",
    "type=\"map<int>\"",
    "default=(expr)\"config\"",
    "home",
    "programs",
    "settings",
    "enable",
    "ключ",
    "\u{feff}",
    "\u{202e}",
    "\r\n",
    "\t",
    "\u{0}",
    "format=\"json\"",
    "format=\"toml\"",
    "from=\"config\"",
    "text=(expr)\"config\"",
    "scope=\"system\"",
];

/// Small and good enough: xorshift.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() >> 16) as usize % end.max(1)
    }

    fn one<'a, T: ?Sized>(&mut self, list: &'a [&'a T]) -> &'a T {
        list[self.below(list.len())]
    }
}

fn corpus(folder: &Path, found: &mut Vec<String>) {
    let mut paths: Vec<_> = fs::read_dir(folder)
        .expect("a folder")
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            corpus(&path, found);
        } else if path.extension().is_some_and(|end| end == "kdl") {
            found.extend(fs::read_to_string(&path).ok());
        }
    }
}

/// A place between two characters.
fn place(text: &str, random: &mut Random) -> usize {
    let mut at = random.below(text.len() + 1);
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// Two places, not far from each other.
fn stretch(text: &str, random: &mut Random) -> (usize, usize) {
    let start = place(text, random);
    let mut end = (start + random.below(60)).min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    (start, end.max(start))
}

fn bent(seed: u64, corpus: &[String]) -> String {
    let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let mut text = corpus[random.below(corpus.len())].clone();
    for _ in 0..=random.below(6) {
        let (start, end) = stretch(&text, &mut random);
        match random.below(9) {
            0 => text.replace_range(start..end, ""),
            1 => {
                let copy = text[start..end].to_owned();
                let at = place(&text, &mut random);
                text.insert_str(at, &copy);
            }
            2 | 3 => text.insert_str(start, random.one(WORDS)),
            4 => text.replace_range(start..end, random.one(WORDS)),
            5 => {
                let other = &corpus[random.below(corpus.len())];
                let (from, to) = stretch(other, &mut random);
                text.insert_str(start, &other[from..to]);
            }
            6 => {
                // A line of another one.
                let other = &corpus[random.below(corpus.len())];
                let line = other.lines().nth(random.below(other.lines().count())).unwrap_or("");
                let at = text[..start].rfind('\n').map_or(0, |at| at + 1);
                text.insert_str(at, &format!("{line}\n"));
            }
            7 => {
                // Two lines change places.
                let mut lines: Vec<&str> = text.lines().collect();
                let (a, b) = (random.below(lines.len()), random.below(lines.len()));
                if a < lines.len() && b < lines.len() {
                    lines.swap(a, b);
                }
                text = lines.join("\n");
            }
            _ => {
                // A word becomes another of the same text.
                let words: Vec<&str> = text.split_whitespace().collect();
                if !words.is_empty() {
                    let (from, to) = (random.one(&words).to_owned(), random.one(&words).to_owned());
                    text = text.replacen(&from, &to, 1);
                }
            }
        }
        if text.len() > 50_000 {
            let at = place(&text[..40_000], &mut random);
            text.truncate(at);
        }
    }
    // Nothing of this machine is read.
    text.replace("import", "imp0rt").replace("source", "s0urce")
}

fn front_end(text: &str) {
    let (mut diags, mut sources) = (Diagnostics::default(), Sources::default());
    let folder = Utf8Path::new("/nonexistent");
    let config = import::from_text("hcc.kdl", text, folder, &mut sources, &mut diags);
    let program = program::build(config, sources, &machine(), &mut diags);
    let mut session =
        Session { program, path: "hcc.kdl".into(), machine: machine(), diags, lasts: false };
    let mut documents = Vec::new();
    for host in session.program.structure.hosts.iter().take(4).cloned().collect::<Vec<_>>() {
        documents.extend(session.compile(&host, None));
    }
    let _shown = report(&session, &documents, true);
    let _shown = report(&session, &documents, false);
}

#[test]
fn nothing_panics_or_hangs() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let seconds = number("HCC_FUZZ_SECONDS").unwrap_or(5);
    let first = number("HCC_FUZZ_SEED").unwrap_or(1);
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    corpus(&root.join("fixtures"), &mut found);
    corpus(&root.join("targets"), &mut found);
    let corpus = found;
    let now: Arc<Mutex<(u64, Instant)>> = Arc::new(Mutex::new((first, Instant::now())));
    let watched = now.clone();
    // A hang cannot be caught: say where it is, and end.
    thread::spawn(move || {
        loop {
            thread::sleep(Duration::from_secs(1));
            let (seed, since) = *watched.lock().unwrap_or_else(PoisonError::into_inner);
            if since.elapsed() > Duration::from_secs(30) {
                eprintln!("seed {seed} does not end");
                std::process::exit(1);
            }
        }
    });
    let start = Instant::now();
    let mut failed = Vec::new();
    let mut seed = first;
    loop {
        let text = bent(seed, &corpus);
        *now.lock().unwrap_or_else(PoisonError::into_inner) = (seed, Instant::now());
        if catch_unwind(AssertUnwindSafe(|| front_end(&text))).is_err() {
            failed.push(seed);
            eprintln!("---- seed {seed}\n{text}\n----");
        }
        seed += 1;
        if start.elapsed().as_secs() >= seconds || failed.len() > 10 {
            break;
        }
    }
    eprintln!("{} inputs", seed - first);
    assert!(failed.is_empty(), "panics: seeds {failed:?}");
}
