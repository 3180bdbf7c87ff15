//! `hcc why`

use std::fmt::Write as _;

use clap::Args;
use serde_json::json;

use super::session::{Compiled, Session};
use super::{Global, Named, Status, Stop, Who, help, print, print_json, show, wrong};
use crate::diag::nearest;
use crate::eval::explain::{Explained, Fate};
use crate::ir::{Content, File, Install, Origin, Value};
use crate::lower::line_places;
use crate::syntax::marks::Level;

/// Say where a value, or a line of a generated file, comes from
///
/// For an option: its value, and every definition that took part or lost, with file, line and
/// level. For a generated path: each of its lines with the definitions behind it.
#[derive(Debug, Args)]
pub struct Why {
    /// An option such as programs.git.user.name, or a generated path such as .config/git/config
    #[arg(value_name = "OPTION|PATH")]
    what: String,
    #[command(flatten)]
    named: Named,
}

/// What is known of the option that is asked for.
struct Found<'a> {
    one: &'a Compiled,
    explained: Vec<Explained>,
    value: Option<Value>,
}

/// So many places stand behind a line.
const PLACES: usize = 4;

impl Why {
    /// Runs it.
    pub fn run(&self, global: &Global) -> Status {
        let who = Who::from(&self.named);
        let (session, list) = Session::compiled(global, &who, "")?;
        if let Some((one, file)) = show::find(&list, &self.what) {
            return why_file(one, file, global);
        }
        if let Some((one, file, _)) = show::find_inside(&list, &self.what) {
            return why_file(one, file, global);
        }
        let Some(Found { one, explained, value }) = self.found(&list, &session.machine.user.name)
        else {
            return self.unknown(&session, &list, global);
        };
        if global.json {
            let rows: Vec<_> = explained.iter().map(|row| row_json(row, one)).collect();
            return print_json(
                &json!({"version": crate::ir::VERSION, "option": self.what, "for": one.name(), "value": value, "definitions": rows}),
            );
        }
        let mut out = String::new();
        let text = match &value {
            Some(value @ Value::Map(_)) => serde_json::to_string_pretty(value).unwrap_or_default(),
            Some(value) => serde_json::to_string(value).unwrap_or_default(),
            None => "not set".to_owned(),
        };
        let _written = writeln!(out, "{} = {text}  for {}", self.what, one.name());
        if explained.is_empty() {
            out.push_str("  nothing defines it: this is its default\n");
        }
        // What hcc's own targets might have said is long, and says nothing of this configuration.
        let is_idle = |row: &&Explained| {
            row.fate == Fate::Guarded && row.path != self.what && !one.eval.is_users(&row.span)
        };
        let idle = explained.iter().filter(is_idle).count();
        for row in explained.iter().filter(|row| !is_idle(row)) {
            let place = place(row, one);
            let mark = if row.fate == Fate::Won { "*" } else { "-" };
            let path = if row.path == self.what { String::new() } else { format!("{} ", row.path) };
            let fate = if row.fate == Fate::Won {
                String::new()
            } else {
                format!("  [{}]", row.fate.name())
            };
            let _written =
                writeln!(out, "  {mark} {place}  {path}{}{}{fate}", row.said, level(row.level));
        }
        if idle > 0 {
            let rows = if idle == 1 { "1 definition" } else { &format!("{idle} definitions") };
            let _written = writeln!(out, "  {rows} of hcc's own whose guards do not hold: --json");
        }
        print(&out)
    }

    /// The option in the evaluation whose it is: the machine's for an option of the machine. Of
    /// several users it is the one who asks, or the first for whom something defines it.
    fn found<'a>(&self, list: &'a [Compiled], asking: &str) -> Option<Found<'a>> {
        let user = |one: &Compiled| one.document.user.as_ref().map(|user| user.name.clone());
        let is_asking = |one: &Compiled| user(one).is_some_and(|name| *name == *asking);
        let mut found: Vec<Found<'a>> = list
            .iter()
            .filter_map(|one| {
                let slot = one.eval.find_slot(&self.what)?;
                if !one.eval.is_own(slot) {
                    return None;
                }
                let explained = one.eval.definitions(slot);
                let value = one.eval.force(slot).ok().flatten().map(|value| value.to_ir());
                let is_said = !explained.is_empty() || value.is_some();
                is_said.then_some(Found { one, explained, value })
            })
            .collect();
        // Stable: among equals the order of the configuration holds.
        found.sort_by_key(|Found { one, explained, .. }| {
            (explained.is_empty() && !is_asking(one), user(one).is_none(), !is_asking(one))
        });
        found.into_iter().next()
    }

    fn unknown(&self, session: &Session, list: &[Compiled], global: &Global) -> Status {
        let name = &self.what;
        let known = session.program.schema.root.find(name).is_some_and(|(_, rest)| rest.is_empty());
        if known && global.json {
            return print_json(
                &json!({"version": crate::ir::VERSION, "option": name, "value": null, "definitions": []}),
            );
        }
        if known {
            return print(&format!("{name} is not set, and has no default\n"));
        }
        wrong(&format!("`{name}` is neither an option that is set nor a path that is generated"));
        let paths =
            list.iter().flat_map(|one| one.document.files.iter().map(|file| file.path.as_str()));
        let declared = super::options::paths(&session.program.schema);
        // A program by its name.
        let targets = &session.program.schema.targets;
        let last = |path: &str| path.rsplit('.').next() == Some(name);
        let program = targets.iter().map(|own| own.path.as_str()).find(|path| last(path));
        let near = program.map(str::to_owned).or_else(|| {
            nearest(name, paths.chain(declared.iter().map(String::as_str)))
                .map(|near| near.to_string())
        });
        match near {
            Some(near) => help(&format!("did you mean `{near}`?")),
            None => help("`hcc options QUERY` searches the options, `hcc compile` lists the paths"),
        }
        Err(Stop::Usage)
    }
}

fn level(level: Level) -> &'static str {
    match level {
        Level::Option => "  (the option's default)",
        Level::Default => "  (default)",
        Level::Normal => "",
        Level::Force => "  (force)",
    }
}

fn place(row: &Explained, one: &Compiled) -> String {
    one.eval.shared.sources.place(row.span)
}

fn row_json(row: &Explained, one: &Compiled) -> serde_json::Value {
    let position = one.eval.shared.sources.position(row.span);
    json!({
        "option": row.path,
        "said": row.said,
        "level": match row.level {
            Level::Option => "option",
            Level::Default => "default",
            Level::Normal => "normal",
            Level::Force => "force",
        },
        "fate": match row.fate {
            Fate::Won => "won",
            Fate::Hidden => "hidden",
            Fate::Guarded => "guarded",
            Fate::Dropped => "dropped",
        },
        "file": one.eval.shared.sources.name(row.span.source),
        "line": position.line,
        "column": position.column,
    })
}

/// A file line by line; one whose content comes whole from a source says that.
fn why_file(one: &Compiled, file: &File, global: &Global) -> Status {
    let lines: Vec<&str> = file.text.lines().collect();
    let places = line_places(&one.eval, &file.path);
    let behind = |index: usize| places.get(index).map_or(&[][..], |places| places.as_slice());
    if global.json {
        let rows: Vec<_> = lines
            .iter()
            .enumerate()
            .map(|(index, text)| json!({"line": index + 1, "text": text, "origins": behind(index)}))
            .collect();
        return print_json(
            &json!({"version": crate::ir::VERSION, "path": file.path, "target": file.target, "origins": file.origins, "lines": rows}),
        );
    }
    let mut out = String::new();
    let from = match &file.content {
        Content::Source { source, .. } if file.install == Install::Live => {
            format!(", a link to {source}")
        }
        Content::Source { source, .. } => format!(", from {source}"),
        Content::Link { to } => format!(", a link to {to}"),
        Content::Text { .. } | Content::Data { .. } => String::new(),
    };
    let _written =
        writeln!(out, "{}  made by {}{from}", crate::files::shown(&file.path), file.target);
    // Where each line has its own, all of them together say nothing more.
    let is_whole = (0..lines.len()).all(|index| behind(index).is_empty());
    for origin in file.origins.iter().filter(|_| is_whole) {
        let _written = writeln!(out, "  {}", origin_text(origin));
    }
    let width = lines.iter().map(|line| line.chars().count()).max().unwrap_or(0).min(72);
    for (index, text) in lines.iter().enumerate() {
        let mut from: Vec<String> = behind(index).iter().map(origin_text).collect();
        if from.len() > PLACES {
            let rest = from.split_off(PLACES - 1).len();
            from.push(format!("and {rest} more"));
        }
        let pad = " ".repeat(width.saturating_sub(text.chars().count()));
        let _written = writeln!(out, "{}", format!("{text}{pad}  {}", from.join(" ")).trim_end());
    }
    print(&out)
}

fn origin_text(origin: &Origin) -> String {
    format!("{}:{}", origin.file, origin.line)
}
