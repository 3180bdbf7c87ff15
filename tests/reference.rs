//! `fixtures/reference` says a home that was written for Home Manager (some 130 values in 30
//! programs). What each value means is written down here, and asked of the program itself, or of
//! a parser of the file's format that is not ours. A program that is not installed is skipped by
//! name, on the terminal.

#[path = "judges/home.rs"]
mod home;

mod reference {
    mod editors;
    mod files;
    mod git;
    mod keys;
    mod life;
    mod shells;
    mod terminals;
    mod units;
}

/// The home of the reference, as hcc writes it.
fn reference() -> home::Home {
    home::Home::fixture("reference")
}

/// A file as a parser of Python's reads it: `toml`, `ini`, `json`.
#[track_caller]
fn parsed(home: &home::Home, format: &str, path: &str) -> serde_json::Value {
    const READ: &str = "
import configparser, json, sys, tomllib
form, path = sys.argv[1:]
text = open(path).read()
if form == 'toml':
    read = tomllib.loads(text)
elif form == 'json':
    read = json.loads(text)
else:
    ini = configparser.RawConfigParser(strict=False, delimiters='=')
    ini.optionxform = str
    ini.read_string(text if text.startswith('[') else '[top]\\n' + text)
    read = {name: dict(ini[name]) for name in ini.sections()}
print(json.dumps(read))
";
    let path = home.join(path);
    let read = home.run("python3", &["-c", READ, format, path.as_str()]).clean();
    serde_json::from_str(&read).expect("JSON")
}

/// Lines in order of their bytes, for what a program prints in an order of its own.
fn sorted(text: &str) -> Vec<&str> {
    let mut lines: Vec<&str> = text.lines().collect();
    lines.sort_unstable();
    lines
}
