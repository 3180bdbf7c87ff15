//! How one reader wants its lines of `key = value`, as the parameters of a target say it.

use super::page::{Page, bools};
use super::{Param, Params, Said, Shell};
use crate::ir::Value;

/// How one reader wants its pairs.
pub(super) struct Dialect<'a> {
    pub separator: &'a str,
    pub prefix: &'a str,
    pub suffix: &'a str,
    pub bools: (&'a str, &'a str),
    pub flag: bool,
    pub quote: Quote,
    /// What begins a comment, at the front of a value or after a space.
    pub comments: Vec<&'a str>,
    pub list: List<'a>,
    pub lists: Vec<(&'a str, List<'a>)>,
    /// What is written twice in a value without quotes, because once it has a meaning.
    pub doubled: Vec<&'a str>,
    /// What gets a backslash in a value without quotes; then a backslash does too.
    pub backslashed: Vec<char>,
    /// Whether a brace at the end of a line opens a block.
    pub braces: bool,
}

/// When and how values are quoted.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Quote {
    Never {
        escape: bool,
    },
    Needed {
        mark: char,
        escape: bool,
    },
    Always {
        mark: char,
        escape: bool,
    },
    Shell,
    Environment,
    /// `$NAME` expands, all else is itself.
    Expand(Shell),
}

/// What becomes of a list.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum List<'a> {
    Repeat,
    Join(&'a str),
    /// `[a, b]`, each item written as a value.
    Brackets,
}

pub(super) const SEPARATOR: Param = Param {
    name: "separator",
    doc: "`separator \" = \"`: what stands between key and value; `=` if not said.",
};
pub(super) const BOOL: Param = Param {
    name: "bool",
    doc: "`bool \"yes\" \"no\"`: how true and false are said; `true` and `false` if not said.",
};
pub(super) const FLAG: Param =
    Param { name: "flag", doc: "`flag`: true is the bare key, and false writes nothing." };
pub(super) const LIST: Param = Param {
    name: "list",
    doc: "`list \"repeat\"`: a line for each item; `list \"join\" \" \"`: one line, joined by that \
          text; `list \"brackets\"`: `[a, b]`, each item written as a value; joined by `,` if not said.",
};
pub(super) const REPEAT: Param = Param {
    name: "repeat",
    doc: "`repeat \"exec\" \"bind\"`: the lists of these keys get a line for each item.",
};
pub(super) const JOIN: Param = Param {
    name: "join",
    doc: "`join \" \" \"fonts\"`: the lists of these keys are joined by that text.",
};
pub(super) const QUOTE: Param = Param {
    name: "quote",
    doc: "`quote \"never\"` (if not said), `\"needed\"` (what is empty, or what the reader would trim, \
          end at a space that separates, or take for a comment) or `\"always\"`, with the mark behind it: \
          `quote \"needed\" \"'\"`, `\"` if not said; numbers and bools stay bare. `quote \"shell\"`: as a shell reads it. \
          `quote \"environment.d\"`: as systemd's environment.d does, `$` being a dollar. \
          `quote \"shell\" \"expand\"` (or `fish`, `nushell`, `environment.d`): variables, in whose \
          values `$NAME` expands.",
};
pub(super) const ESCAPE: Param = Param {
    name: "escape",
    doc: "`escape`: the reader knows backslashes, so that `\\`, the mark, newlines and tabs are \
          written `\\\\`, `\\\"`, `\\n`, `\\t`.",
};
pub(super) const COMMENT: Param = Param {
    name: "comment",
    doc: "`comment \"#\"`: what begins a comment behind a value (a value that holds it is quoted or \
          refused); `comment` alone: nothing does, so that `color=#fff` may be written.",
};
pub(super) const DOUBLE: Param = Param {
    name: "double",
    doc: "`double \"#\"`: texts that are written twice in a value without quotes, because once they mean \
          something to the reader.",
};
pub(super) const BACKSLASH: Param = Param {
    name: "backslash",
    doc: "`backslash \"#\"`: the reader takes a backslash in a value without quotes away and what is \
          behind it for itself, so that these characters, and `\\`, get one.",
};
pub(super) const PREFIX: Param =
    Param { name: "prefix", doc: "`prefix \"set \"`: what stands before each key." };
pub(super) const SUFFIX: Param =
    Param { name: "suffix", doc: "`suffix \";\"`: what stands behind each value." };

impl<'a> Dialect<'a> {
    pub fn new(params: &'a Params, page: &mut Page, comments: &[&'a str]) -> Self {
        let list = params.last("list").map_or(List::Join(","), |said| match words(said)[..] {
            ["repeat"] => List::Repeat,
            ["brackets"] => List::Brackets,
            ["join"] => List::Join(","),
            ["join", separator] => List::Join(separator),
            _ => {
                page.bad_param("list", "`repeat`, `brackets`, or `join` and a text");
                List::Repeat
            }
        });
        for name in ["separator", "prefix", "suffix"] {
            if params.last(name).is_some_and(|said| said.args.len() != 1 || words(said).len() != 1)
            {
                page.bad_param(name, "one text");
            }
        }
        let mut lists = Vec::new();
        for said in &params.list {
            match (&*said.name, words(said).as_slice()) {
                ("repeat", keys) => lists.extend(keys.iter().map(|key| (*key, List::Repeat))),
                ("join", [separator, keys @ ..]) => {
                    lists.extend(keys.iter().map(|key| (*key, List::Join(separator))));
                }
                ("join", []) => page.bad_param("join", "a text and the keys it is for"),
                _ => {}
            }
        }
        Self {
            separator: params.text("separator").unwrap_or("="),
            prefix: params.text("prefix").unwrap_or_default(),
            suffix: params.text("suffix").unwrap_or_default(),
            bools: bools(params, page, ("true", "false")),
            flag: params.flag("flag"),
            quote: quoting(params, page),
            comments: params.last("comment").map_or_else(|| comments.to_vec(), words),
            list,
            lists,
            doubled: params.all("double").flat_map(words).filter(|text| !text.is_empty()).collect(),
            backslashed: params
                .all("backslash")
                .flat_map(words)
                .flat_map(|text| text.chars().chain(['\\']))
                .collect(),
            braces: false,
        }
    }
}

fn quoting(params: &Params, page: &mut Page) -> Quote {
    let escape = params.flag("escape");
    let Some(said) = params.last("quote") else { return Quote::Never { escape } };
    let said = words(said);
    let mark = said.get(1).and_then(|text| text.chars().next()).unwrap_or('"');
    match said.first().copied() {
        Some(reader) if said.get(1) == Some(&"expand") => match reader {
            "shell" => Quote::Expand(Shell::Posix),
            "fish" => Quote::Expand(Shell::Fish),
            "nushell" => Quote::Expand(Shell::Nushell),
            "environment.d" => Quote::Expand(Shell::EnvironmentD),
            _ => {
                let expected = "`shell`, `fish`, `nushell` or `environment.d` before `expand`";
                page.bad_param("quote", expected);
                Quote::Never { escape }
            }
        },
        Some("never") => Quote::Never { escape },
        Some("needed") => Quote::Needed { mark, escape },
        Some("always") => Quote::Always { mark, escape },
        Some("shell") => Quote::Shell,
        Some("environment.d") => Quote::Environment,
        _ => {
            let expected = "`never`, `needed`, `always`, `shell` or `environment.d`";
            page.bad_param("quote", expected);
            Quote::Never { escape }
        }
    }
}

/// The arguments that are texts.
pub(super) fn words(said: &Said) -> Vec<&str> {
    said.args.iter().filter_map(Value::as_str).collect()
}
