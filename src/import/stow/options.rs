//! `.stowrc`: options as on stow's command line.
//!
//! Source: `bin/stow` 2.4.1, `parse_options` and `get_config_file_options`. Words are split as a
//! shell splits them; the names of packages are read over.

/// What a run of stow is told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// `--dir`: the folder that the packages are in.
    pub dir: Option<String>,
    /// `--target`: the folder that they are laid out for.
    pub target: Option<String>,
    /// `--dotfiles`: `dot-x` in a package is `.x` in the target.
    pub dotfiles: bool,
    /// `--no-folding`: only files are links.
    pub no_folding: bool,
    /// `--ignore`: expressions about how a path ends.
    pub ignore: Vec<String>,
    /// `--defer`: expressions about how a path begins, where an earlier package wins.
    pub defer: Vec<String>,
    /// `--override`: the same, where a later one wins.
    pub overriding: Vec<String>,
}

/// How an option takes a value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Takes {
    Nothing,
    Value,
    /// One that may be left out.
    Number,
}

const LONG: &[(&str, Takes)] = &[
    ("adopt", Takes::Nothing),
    ("compat", Takes::Nothing),
    ("defer", Takes::Value),
    ("delete", Takes::Nothing),
    ("dir", Takes::Value),
    ("dotfiles", Takes::Nothing),
    ("help", Takes::Nothing),
    ("ignore", Takes::Value),
    ("no", Takes::Nothing),
    ("no-folding", Takes::Nothing),
    ("override", Takes::Value),
    ("restow", Takes::Nothing),
    ("simulate", Takes::Nothing),
    ("stow", Takes::Nothing),
    ("target", Takes::Value),
    ("verbose", Takes::Number),
    ("version", Takes::Nothing),
];

impl Options {
    /// Adds what the words of a file say; what is not understood comes back.
    pub fn read(&mut self, words: &[String]) -> Vec<String> {
        let mut unknown = Vec::new();
        let mut words = words.iter().map(String::as_str).peekable();
        while let Some(word) = words.next() {
            if word == "--" {
                break;
            }
            if let Some(long) = word.strip_prefix("--") {
                let (said, value) = match long.split_once('=') {
                    Some((name, value)) => (name, Some(value)),
                    None => (long, None),
                };
                let Some((name, takes)) = known(said) else {
                    unknown.push(word.to_owned());
                    continue;
                };
                let value = match takes {
                    Takes::Value => value.or_else(|| words.next()),
                    _ => value,
                };
                match (takes, value) {
                    (Takes::Value, None) => unknown.push(format!("{word} without a value")),
                    (Takes::Nothing, Some(_)) => unknown.push(word.to_owned()),
                    (_, value) => self.set(name, value.unwrap_or_default()),
                }
            } else if let Some(short) = word.strip_prefix('-').filter(|rest| !rest.is_empty()) {
                // Letters stand in one word; the first with a value takes what is left of it.
                for (at, letter) in short.char_indices() {
                    let name = match letter {
                        'd' => "dir",
                        't' => "target",
                        'n' | 'v' | 'p' | 'S' | 'D' | 'R' | 'h' | 'V' => continue,
                        digit if digit.is_ascii_digit() => continue,
                        _ => {
                            unknown.push(format!("-{letter}"));
                            continue;
                        }
                    };
                    let rest = short.get(at + 1..).unwrap_or_default();
                    let rest = rest.strip_prefix('=').unwrap_or(rest);
                    match if rest.is_empty() { words.next() } else { Some(rest) } {
                        Some(value) => self.set(name, value),
                        None => unknown.push(format!("-{letter} without a value")),
                    }
                    break;
                }
            }
        }
        unknown
    }

    fn set(&mut self, name: &str, value: &str) {
        match name {
            "dir" => self.dir = Some(value.to_owned()),
            "target" => self.target = Some(value.to_owned()),
            "dotfiles" => self.dotfiles = true,
            "no-folding" => self.no_folding = true,
            "ignore" => self.ignore.push(value.to_owned()),
            "defer" => self.defer.push(value.to_owned()),
            "override" => self.overriding.push(value.to_owned()),
            // The others say how a run of stow goes, not what comes of it.
            _ => {}
        }
    }
}

/// A long option by its name, or by a beginning that no other has.
fn known(said: &str) -> Option<(&'static str, Takes)> {
    if let Some(found) = LONG.iter().find(|(name, _)| *name == said) {
        return Some(*found);
    }
    let mut near = LONG.iter().filter(|(name, _)| name.starts_with(said));
    match (near.next(), near.next()) {
        (Some(one), None) => Some(*one),
        _ => None,
    }
}

/// The words of a file, line by line, as `shellwords` of Perl's Text::ParseWords splits them: a
/// line whose quotes do not close has none.
pub fn words(text: &str) -> Vec<String> {
    text.lines().flat_map(|line| words_of_line(line).unwrap_or_default()).collect()
}

fn words_of_line(line: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut chars = line.trim_start().chars().peekable();
    let mut word: Option<String> = None;
    while let Some(c) = chars.next() {
        match c {
            c if c.is_whitespace() => words.extend(word.take()),
            '\\' => word.get_or_insert_default().push(chars.next()?),
            quote @ ('"' | '\'') => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next()? {
                        c if c == quote => break,
                        '\\' => {
                            // Kept in single quotes, though it hides the quote behind it.
                            if quote == '\'' {
                                word.push('\\');
                            }
                            word.push(chars.next()?);
                        }
                        c => word.push(c),
                    }
                }
            }
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    Some(words)
}

/// Where variables and homes come from.
pub struct Environment<'a> {
    /// A variable's value.
    pub variable: &'a dyn Fn(&str) -> Option<String>,
    /// The home of a user of this machine.
    pub home_of: &'a dyn Fn(&str) -> Option<String>,
    /// The home of who runs this.
    pub home: &'a str,
}

impl Environment<'_> {
    /// A path of a `.stowrc`, its variables and its `~` expanded.
    ///
    /// # Errors
    /// The variable or user that is not known.
    pub fn expand(&self, said: &str) -> Result<String, String> {
        let mut out = String::new();
        let mut rest = said;
        while let Some(at) = rest.find('$') {
            let (before, after) = rest.split_at(at);
            let after = after.get(1..).unwrap_or_default();
            if let Some(kept) = before.strip_suffix('\\') {
                out.push_str(kept);
                out.push('$');
                rest = after;
                continue;
            }
            out.push_str(before);
            let (name, behind) = match after.strip_prefix('{').and_then(|own| own.split_once('}')) {
                Some((name, behind)) => (name, behind),
                None => {
                    let is_word = |c: char| c.is_alphanumeric() || c == '_';
                    after.split_at(after.find(|c| !is_word(c)).unwrap_or(after.len()))
                }
            };
            if name.is_empty() {
                out.push('$');
                rest = after;
                continue;
            }
            let value = (self.variable)(name).ok_or_else(|| format!("${name} is not set"))?;
            out.push_str(&value);
            rest = behind;
        }
        out.push_str(rest);
        let Some(rest) = out.strip_prefix('~') else { return Ok(out.replace("\\~", "~")) };
        let (user, below) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let home = match user {
            "" => self.home.to_owned(),
            user => (self.home_of)(user).ok_or_else(|| format!("there is no user `{user}`"))?,
        };
        Ok(format!("{home}{below}").replace("\\~", "~"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Options, Vec<String>) {
        let mut options = Options::default();
        let unknown = options.read(&words(text));
        (options, unknown)
    }

    #[test]
    fn every_way_to_say_an_option_is_read() {
        let (options, unknown) = read(concat!(
            "--target=\"$HOME/dir with space\"\n",
            "# a comment, don't mind it --dir=x\n",
            "-vv -nd stow\n",
            "--ignore '\\.DS_Store' --ignore=x\\ y zsh\n",
            "--dotf --no-f --no --verbose=2 --verbose\n",
            "--override=.config --defer .zshrc -t/elsewhere\n",
        ));
        assert_eq!(unknown, Vec::<String>::new());
        assert_eq!(options.target.as_deref(), Some("/elsewhere"));
        assert_eq!(options.dir.as_deref(), Some("stow"));
        assert!(options.dotfiles && options.no_folding);
        assert_eq!(options.ignore, ["\\.DS_Store", "x y"]);
        assert_eq!(
            (options.overriding, options.defer),
            (vec![".config".into()], vec![".zshrc".into()])
        );
        assert_eq!(read("--colour -x --target").1, ["--colour", "-x", "--target without a value"]);
    }

    #[test]
    fn paths_are_expanded_as_stow_does() {
        let variable = |name: &str| (name == "XDG").then(|| "/x".to_owned());
        let home_of = |name: &str| (name == "bob").then(|| "/home/bob".to_owned());
        let own = Environment { variable: &variable, home_of: &home_of, home: "/home/alice" };
        for (said, meant) in [
            ("~/.config", "/home/alice/.config"),
            ("~bob/x", "/home/bob/x"),
            ("$XDG/a${XDG}b", "/x/a/xb"),
            ("\\$XDG", "$XDG"),
            ("a/\\~b", "a/~b"),
            ("/a~b$", "/a~b$"),
        ] {
            assert_eq!(own.expand(said).as_deref(), Ok(meant), "{said}");
        }
        assert_eq!(own.expand("$NO/x"), Err("$NO is not set".to_owned()));
        assert_eq!(own.expand("~eve"), Err("there is no user `eve`".to_owned()));
    }
}
