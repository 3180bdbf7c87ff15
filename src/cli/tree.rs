//! What would be generated, for people.

use std::fmt::Write as _;

use super::session::Compiled;
use crate::files::shown;
use crate::ir::{Content, File};

/// A tree of paths with the target that makes each, then all the rest.
pub fn print(list: &[Compiled]) -> String {
    let mut out = String::new();
    for one in list.iter().filter(|one| !one.is_empty() || list.len() == 1) {
        scope(one, &mut out);
    }
    if out.is_empty() {
        out.push_str("Nothing is asked for.\n");
    }
    out
}

fn scope(one: &Compiled, out: &mut String) {
    let document = &one.document;
    let mut facts: Vec<&str> = document
        .host
        .os
        .iter()
        .chain(&document.host.distro)
        .chain(&document.host.arch)
        .map(|fact| &**fact)
        .collect();
    if document.host.wsl {
        facts.push("wsl");
    }
    line(out, &format!("{} ({})", one.name(), facts.join(" ")));
    if !document.files.is_empty() {
        let root = document.user.as_ref().map_or("/".to_owned(), |user| user.home.to_string());
        line(out, &format!("  {root}"));
        files(&document.files, out);
    }
    let mut managers: Vec<(&str, Vec<&str>)> = Vec::new();
    // A Brewfile is a file, which is listed.
    let is_name = |package: &&crate::ir::Package| !package.name.starts_with('/');
    for package in document.packages.iter().filter(is_name) {
        match managers.iter_mut().find(|(name, _)| *name == package.manager) {
            Some((_, names)) => names.push(&package.name),
            None => managers.push((&package.manager, vec![&package.name])),
        }
    }
    for (manager, names) in managers {
        let manager = if manager.is_empty() { "unknown manager" } else { manager };
        section(out, &format!("packages ({manager})"), &names.join(" "));
    }
    let units: Vec<String> =
        document.units.iter().map(|unit| format!("{} ({})", unit.name, unit.manager)).collect();
    section(out, "services", &units.join(", "));
    let defaults: Vec<String> = document
        .defaults
        .iter()
        .map(|own| format!("{} {} = {}", own.domain, own.key, plain(&own.value)))
        .collect();
    list_section(out, "defaults", &defaults);
    let actions: Vec<String> = document
        .actions
        .iter()
        .map(|action| format!("{}: {}", action.name, first_line(&action.run)))
        .collect();
    list_section(out, "actions", &actions);
    out.push('\n');
}

fn plain(value: &crate::ir::Value) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

fn first_line(text: &str) -> String {
    let mut lines = text.trim().lines();
    let first = lines.next().unwrap_or("").to_owned();
    if lines.next().is_some() { format!("{first} ...") } else { first }
}

fn section(out: &mut String, title: &str, text: &str) {
    if !text.is_empty() {
        line(out, &format!("  {title}"));
        for wrapped in wrap(text, 92) {
            line(out, &format!("    {wrapped}"));
        }
    }
}

fn list_section(out: &mut String, title: &str, list: &[String]) {
    if !list.is_empty() {
        line(out, &format!("  {title}"));
        for one in list {
            line(out, &format!("    {one}"));
        }
    }
}

fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(last) if last.is_empty() => last.push_str(word),
            Some(last) if last.chars().count() + word.chars().count() < width => {
                last.push(' ');
                last.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// Paths as a tree; a folder with one thing in it shares its line.
fn files(list: &[File], out: &mut String) {
    let rows: Vec<(Vec<&str>, String)> = list
        .iter()
        .map(|file| (file.path.trim_start_matches('/').split('/').collect(), describe(file)))
        .collect();
    let mut lines = Vec::with_capacity(2 * rows.len());
    level(&rows, 0, "    ", &mut lines);
    let described = lines.iter().filter(|(_, text)| !text.is_empty());
    let width = described.map(|(name, _)| name.chars().count()).max().unwrap_or(0).min(60);
    for (name, text) in lines {
        out.push_str(&name);
        if !text.is_empty() {
            let pad = width.saturating_sub(name.chars().count());
            out.extend(std::iter::repeat_n(' ', pad + 2));
            out.push_str(text);
        }
        out.push('\n');
    }
}

fn level<'a>(
    rows: &'a [(Vec<&str>, String)],
    depth: usize,
    indent: &str,
    lines: &mut Vec<(String, &'a str)>,
) {
    let mut rest = rows;
    while let Some((first, text)) = rest.first() {
        let Some(name) = first.get(depth) else { break };
        let count = rest.iter().take_while(|(parts, _)| parts.get(depth) == Some(name)).count();
        let (here, after) = rest.split_at(count);
        rest = after;
        // A file; or a folder of the configuration's, which has a line of its own before what other
        // targets put into it.
        if first.len() == depth + 1 {
            lines.push(([indent, &shown(name)].concat(), text));
            level(here.get(1..).unwrap_or_default(), depth + 1, &format!("{indent}  "), lines);
            continue;
        }
        // The names that all of them share go on one line.
        let mut shared = depth + 1;
        while here
            .iter()
            .all(|(parts, _)| parts.len() > shared + 1 && parts.get(shared) == first.get(shared))
        {
            shared += 1;
        }
        if here.len() == 1 {
            let all = first.get(depth..).unwrap_or_default().join("/");
            lines.push(([indent, &shown(&all)].concat(), text));
        } else {
            let joined = first.get(depth..shared).unwrap_or_default().join("/");
            lines.push(([indent, &shown(&joined), "/"].concat(), ""));
            level(here, shared, &format!("{indent}  "), lines);
        }
    }
}

fn describe(file: &File) -> String {
    let mut text = String::with_capacity(64);
    text.push_str(&file.target);
    if let Some(module) = &file.module {
        text.extend([" (", module, ")"]);
    }
    let size = match &file.content {
        Content::Link { to } => format!("-> {}", shown(to)).into(),
        Content::Source { source, folder: true, files, .. } if files.is_empty() => {
            format!("{source}/ as one link").into()
        }
        Content::Source { source, folder: true, files, .. } => {
            let many = if files.len() == 1 { "file" } else { "files" };
            format!("{source}/ ({} {many})", files.len()).into()
        }
        Content::Source { source, .. } => shown(source),
        Content::Text { .. } | Content::Data { .. } => bytes(file.text.len()).into(),
    };
    text.extend(["  ", &size, "  ", file.install.name()]);
    if file.executable {
        text.push_str("  executable");
    }
    if let Some(mode) = &file.mode {
        let _written = write!(text, "  {mode}");
    }
    text
}

fn bytes(count: usize) -> String {
    match count {
        0..1024 => format!("{count} B"),
        _ => format!("{:.1} kB", count as f64 / 1024.0),
    }
}

fn line(out: &mut String, text: &str) {
    out.push_str(text);
    out.push('\n');
}

#[cfg(test)]
mod tests {
    use super::level;

    #[test]
    fn a_folder_of_the_configuration_has_what_targets_put_into_it_below() {
        let rows = [("a/b", "mirrored"), ("a/b/c.toml", "made"), ("a/b/d/e", "made"), ("f", "own")]
            .map(|(path, text)| (path.split('/').collect(), text.to_owned()));
        let mut lines = Vec::new();
        level(&rows, 0, "", &mut lines);
        let lines: Vec<String> =
            lines.into_iter().map(|(name, text)| format!("{name} {text}")).collect();
        assert_eq!(lines, ["a/ ", "  b mirrored", "    c.toml made", "    d/e made", "f own"]);
    }
}
