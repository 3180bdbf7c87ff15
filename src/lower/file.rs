//! `file PATH ...` to a file of the IR.

use std::sync::Arc;

use camino::Utf8Path;
use indexmap::IndexMap;

use super::{Statement, origins};
use crate::diag::{Diagnostic, Span, nearest};
use crate::emit::{self, Params, Said};
use crate::eval::Poisoned;
use crate::eval::collect::string;
use crate::files;
use crate::ir::{Content, Drift, File, Install, Written};
use crate::schema::Scope;
use crate::syntax::import::{near_file, reason};
use crate::syntax::tree::Node;
use crate::value::{Data, Typed};

const PROPS: &[&str] = &[
    "format", "from", "text", "template", "source", "link", "except", "install", "mode",
    "executable", "on-change", "whole", "force", "drift", "allow-parent", "empty",
];

/// Where a file is said, for the checks over all of them.
#[derive(Clone, Debug)]
pub struct Place {
    /// The user's place, or the statement.
    pub span: Span,
}

/// The file that a statement makes; none if it would be empty.
pub fn file(statement: &Statement<'_>) -> Result<Option<(File, Place)>, Poisoned> {
    known_props(statement);
    let (said, from) = statement.first_text()?;
    let place = place(statement, &from);
    let Some(path) = path(statement, &said, place.span) else { return Err(Poisoned) };
    let Some(body) = content(statement, place.span)? else { return Ok(None) };
    let install = install(statement, &body.content)?;
    let file = File {
        path,
        target: statement.target(),
        module: module(statement, place.span),
        install,
        mode: mode(statement, place.span)?,
        executable: statement.flag("executable")?,
        on_change: statement.text("on-change")?.filter(|text| !text.trim().is_empty()),
        force: statement.flag("force")?,
        drift: drift(statement)?,
        allow_parent: texts(statement, "allow-parent")?,
        origins: statement.origins(&body.from),
        written: body.written,
        content: body.content,
    };
    Ok(Some((file, place)))
}

fn known_props(statement: &Statement<'_>) {
    for (name, _) in statement.node().props() {
        if !PROPS.contains(&&*name.value) {
            statement.eval.push(
                Diagnostic::error("unknown-property", name.span, "not known here", format!("`file` has no property `{}`", name.value)).help(
                    match nearest(&name.value, PROPS.iter().copied()) {
                        Some(near) => format!("did you mean `{near}`?"),
                        None => format!("it takes {}", PROPS.join(", ")),
                    },
                ),
            );
        }
    }
}

fn place(statement: &Statement<'_>, from: &[Span]) -> Place {
    let users = from.iter().copied().find(|span| statement.eval.is_users(span));
    let span = users
        .or_else(|| statement.eval.item_span(statement.env))
        .or_else(|| statement.enabled_at().first().copied())
        .unwrap_or(statement.node().span);
    Place { span }
}

/// The path in the IR: below the home for a user, absolute for a system.
fn path(statement: &Statement<'_>, said: &str, span: Span) -> Option<String> {
    let outside = |what: &str, help: String| {
        statement.eval.push(Diagnostic::error("outside-home", span, what, format!("`{said}` is not below the home")).help(help));
    };
    let shared = &statement.eval.shared;
    if said.contains('\0') {
        outside("holds a NUL", "a path holds no NUL".to_owned());
        return None;
    }
    if shared.scope == Scope::System {
        if !said.starts_with('/') || said.split('/').any(|part| part == "..") {
            statement.eval.push(
                Diagnostic::error("bad-path", span, "not absolute", format!("`{said}` is not an absolute path")).help("files of a system start with `/`"),
            );
            return None;
        }
        return Some(said.to_owned());
    }
    let home = shared.user.as_ref().map_or("", |user| &user.home);
    let below = match said.strip_prefix("~/") {
        Some(rest) => rest,
        None if said == "~" => "",
        None if said.starts_with('/') => match said.strip_prefix(home).filter(|rest| rest.starts_with('/')) {
            Some(rest) => rest,
            None => {
                outside("outside the home", format!("a user's files are below `{home}`; for the machine there is `system.file`"));
                return None;
            }
        },
        None => said,
    };
    let mut parts = Vec::new();
    for part in below.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                outside("leaves the home", "write the path without `..`".to_owned());
                return None;
            }
            part if part.len() > 255 => {
                outside("too long a name", "a name has 255 bytes at most".to_owned());
                return None;
            }
            part => parts.push(part),
        }
    }
    if parts.is_empty() {
        outside("the home itself", "name a file in it".to_owned());
        return None;
    }
    if said.starts_with('~') && !said.starts_with("~/") && parts.len() == 1 {
        // A file whose name starts with `~` is somebody's backup, or somebody else's home.
        outside("not a home we know", format!("write `~/...` for `{home}`"));
        return None;
    }
    Some(parts.join("/"))
}

/// The module that declares a plain file: one of a target that is always there.
fn module(statement: &Statement<'_>, span: Span) -> Option<Arc<str>> {
    let always = statement.output.target.as_ref().is_some_and(|target| target.always);
    let structure = &statement.eval.shared.structure;
    let found = structure.modules.iter().find(|(_, module)| {
        let nodes = module.nodes.first().zip(module.nodes.last());
        nodes.is_some_and(|(first, last)| {
            first.span.source == span.source && first.span.start <= span.start && span.end <= last.span.end
        })
    });
    always.then_some(())?;
    found.map(|(name, _)| name.clone())
}

/// What a file holds, its text, and where that comes from.
struct Body {
    content: Content,
    written: Written,
    from: Vec<Span>,
}

fn content(statement: &Statement<'_>, span: Span) -> Result<Option<Body>, Poisoned> {
    let node = statement.node();
    let empty = statement.flag("empty")?;
    let data = data(statement)?;
    let mut given: Vec<&str> = Vec::new();
    let source = statement.prop("source")?;
    let link = statement.text("link")?;
    let text = match (statement.prop("text")?, node.prop("template").and_then(string)) {
        (Some(text), _) => Some(text),
        (None, Some((path, at))) => {
            let rendered = statement.eval.template(&path, at, statement.env)?;
            Some(Typed::at(Data::String(rendered.into()), at))
        }
        (None, None) => None,
    };
    given.extend(source.iter().map(|_| "source"));
    given.extend(link.iter().map(|_| "link"));
    given.extend(text.iter().filter(|text| !text.data.is_empty() || empty).map(|_| "text"));
    given.extend(data.iter().filter(|data| !data.1.data.is_empty()).map(|_| "settings"));
    if given.len() > 1 {
        statement.eval.push(
            Diagnostic::error("two-contents", span, "here", format!("a file is given {}", given.join(" and "))).help("keep one of them"),
        );
        return Err(Poisoned);
    }
    if let Some(source) = source {
        return source_body(statement, &source, span).map(Some);
    }
    if let Some(to) = link {
        return Ok(Some(Body { content: Content::Link { to }, written: Written::default(), from: Vec::new() }));
    }
    if let Some((format, value)) = data {
        // A file that is nothing but its comments still is one if the value is.
        if !value.data.is_empty() || (empty && text.is_none()) {
            return written(statement, format, &value, span).map(Some);
        }
    }
    match text {
        Some(text) => text_body(statement, &text, empty),
        None if empty => Ok(Some(Body { content: Content::Text { text: "".into() }, written: Written::default(), from: Vec::new() })),
        None => Ok(None),
    }
}

fn text_body(statement: &Statement<'_>, value: &Typed, empty: bool) -> Result<Option<Body>, Poisoned> {
    let Data::String(text) = &value.data else { return Err(statement.wrong("text", "a text", &value.data)) };
    if text.is_empty() && !empty {
        return Ok(None);
    }
    let mut lines = Vec::new();
    match &value.pieces {
        Some(pieces) => {
            for (count, span) in pieces.iter() {
                let place = origins(statement.eval, &[*span]);
                lines.extend(std::iter::repeat_n(place, *count));
            }
        }
        None => {
            let place = origins(statement.eval, &value.from);
            lines.extend(std::iter::repeat_n(place, text.lines().count()));
        }
    }
    Ok(Some(Body {
        content: Content::Text { text: text.clone() },
        written: Written { text: text.clone(), lines },
        from: value.from.clone(),
    }))
}

/// The format and the value of `from`, or of all `section`.
fn data(statement: &Statement<'_>) -> Result<Option<(&'static emit::Format, Typed)>, Poisoned> {
    let node = statement.node();
    let Some(name) = statement.text("format")? else { return Ok(None) };
    let Some(format) = emit::find(&name) else {
        let span = node.prop("format").map_or(node.span, |entry| entry.span);
        let names: Vec<&str> = emit::FORMATS.iter().map(|format| format.name).collect();
        let span = statement.eval.item_span(statement.env).unwrap_or(span);
        statement.eval.push(
            Diagnostic::error("unknown-format", span, "no format of this name", format!("there is no format `{name}`")).help(
                match nearest(&name, names.iter().copied()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("the formats are {}", names.join(", ")),
                },
            ),
        );
        return Err(Poisoned);
    };
    let mut value = statement.from(node)?;
    for section in node.children().iter().filter(|child| &*child.name.value == "section") {
        let (Some(key), Some(inner)) = (section.args().next().and_then(string), statement.from(section)?) else { continue };
        if inner.data.is_empty() {
            continue;
        }
        let whole = value.get_or_insert_with(|| Typed { data: Data::Map(IndexMap::new()), from: Vec::new(), pieces: None });
        whole.from.extend(inner.from.iter().copied());
        if let Data::Map(map) = &mut whole.data {
            // `section ""` spreads its keys over the top.
            match (&*key.0, &inner.data) {
                ("", Data::Map(own)) => map.extend(own.iter().map(|(key, value)| (key.clone(), value.clone()))),
                _ => {
                    map.insert(key.0, inner);
                }
            }
        }
    }
    if let (Some(except), Some(value)) = (statement.text("except")?, &mut value)
        && let Data::Map(map) = &mut value.data
    {
        for key in except.split_whitespace() {
            map.shift_remove(key);
        }
    }
    Ok(value.map(|value| (format, value)))
}

fn written(statement: &Statement<'_>, format: &'static emit::Format, value: &Typed, span: Span) -> Result<Body, Poisoned> {
    let params = params(statement)?;
    let plain = value.to_ir();
    match emit::write(format, &plain, &params) {
        Ok(text) => {
            let lines = text
                .lines
                .iter()
                .map(|path| path.as_ref().map_or_else(Vec::new, |path| origins(statement.eval, value.origins(path))))
                .collect();
            Ok(Body {
                content: Content::Data { format: format.name, params, value: plain },
                written: Written { text: text.text.into(), lines },
                from: deep_origins(value),
            })
        }
        Err(faults) => {
            for fault in faults {
                let at = value.origins(&fault.path).first().copied().unwrap_or(span);
                statement.eval.push(
                    Diagnostic::error("not-writable", at, format!("not possible in {}", format.name), fault.message).maybe_help(fault.help),
                );
            }
            Err(Poisoned)
        }
    }
}

/// The places behind a value and all in it.
fn deep_origins(value: &Typed) -> Vec<Span> {
    let mut spans = value.from.clone();
    match &value.data {
        Data::Map(map) => map.values().for_each(|inner| spans.extend(deep_origins(inner))),
        Data::List(list) => list.iter().for_each(|inner| spans.extend(deep_origins(inner))),
        _ => {}
    }
    spans.sort();
    spans.dedup();
    spans
}

/// The children of a `file` node as parameters of its writer.
fn params(statement: &Statement<'_>) -> Result<Params, Poisoned> {
    let mut list = Vec::new();
    for child in statement.node().children() {
        if let Some(said) = param(statement, child)? {
            list.push(said);
        }
    }
    Ok(Params { list })
}

fn param(statement: &Statement<'_>, node: &Node) -> Result<Option<Said>, Poisoned> {
    let mut said = Said { name: node.name.value.clone(), args: Vec::new(), props: IndexMap::new() };
    if &*node.name.value == "section" {
        return Ok(None);
    }
    for entry in &node.entries {
        let value = statement.entry(entry)?.to_ir();
        match &entry.name {
            Some(name) => {
                said.props.insert(name.value.clone(), value);
            }
            None => match value {
                // A computed list stands for its elements.
                crate::ir::Value::List(items) => said.args.extend(items),
                other => said.args.push(other),
            },
        }
    }
    Ok(Some(said))
}

fn source_body(statement: &Statement<'_>, source: &Typed, span: Span) -> Result<Body, Poisoned> {
    let Data::String(path) = &source.data else { return Err(statement.wrong("source", "a path", &source.data)) };
    let at = source.from.iter().copied().find(|span| statement.eval.is_users(span)).unwrap_or(span);
    let own = Utf8Path::new(&**path);
    let problem = |code: &'static str, label: &str, what: String| Diagnostic::error(code, at, label, what);
    let kind = files::kind(own).and_then(|kind| files::readable(own).map(|()| kind)).map_err(|error| {
        let near = own.parent().and_then(|folder| near_file(folder, own.file_name()));
        let code = if error.kind() == std::io::ErrorKind::NotFound { "missing-source" } else { "unreadable-source" };
        statement.eval.push(problem(code, "this source", format!("cannot read `{path}`: {}", reason(&error))).maybe_help(near));
        Poisoned
    });
    // A pipe is looked at before it is opened: opening it would wait for a writer.
    if matches!(files::kind(own), Ok(files::FileKind::Special)) {
        statement.eval.push(problem("unreadable-source", "this source", format!("`{path}` is neither file nor folder")).help("a source is a file or a folder of the configuration"));
        return Err(Poisoned);
    }
    let folder = kind? == files::FileKind::Dir;
    let whole = statement.flag("whole")?;
    let mut list = Vec::new();
    if folder && !whole {
        match files::mirror(own) {
            Ok(found) => list.extend(found.into_iter().map(|(path, executable)| (path.into_string(), executable))),
            Err(error) => {
                statement.eval.push(problem("unreadable-source", "this source", format!("cannot read all of `{path}`: {}", reason(&error))));
                return Err(Poisoned);
            }
        }
    }
    let root = &statement.eval.shared.root;
    let relative = own.strip_prefix(root).unwrap_or(own);
    Ok(Body {
        content: Content::Source { source: relative.to_string(), files: list, folder },
        written: Written::default(),
        from: source.from.clone(),
    })
}

fn install(statement: &Statement<'_>, content: &Content) -> Result<Install, Poisoned> {
    let span = statement.node().prop("install").map_or(statement.node().span, |entry| entry.span);
    let span = statement.eval.item_span(statement.env).unwrap_or(span);
    let install = match statement.text("install")?.as_deref() {
        None | Some("link") => Install::Link,
        Some("live") => Install::Live,
        Some("copy") => Install::Copy,
        Some("merge") => Install::Merge,
        Some(other) => {
            statement.eval.push(
                Diagnostic::error("not-in-enum", span, "not a way to install", format!("`install` expects one of link, live, copy, merge, found `{other}`"))
                    .help("a link to what was compiled, a link to the source, a copy, or only the declared keys"),
            );
            return Err(Poisoned);
        }
    };
    let fits = match (install, content) {
        (Install::Live, Content::Source { .. }) => true,
        (Install::Live, _) => false,
        (Install::Merge, Content::Data { format, .. }) => emit::MERGEABLE.contains(format),
        (Install::Merge, _) => false,
        _ => true,
    };
    if !fits {
        let help = match install {
            Install::Live => "`live` links to a file of the configuration: give it a `source`".to_owned(),
            _ => format!("`merge` needs `settings` in one of {}", emit::MERGEABLE.join(", ")),
        };
        statement.eval.push(
            Diagnostic::error("wrong-install", span, "does not fit", format!("this file cannot be installed by `{}`", install.name())).help(help),
        );
        return Err(Poisoned);
    }
    Ok(install)
}

fn mode(statement: &Statement<'_>, span: Span) -> Result<Option<String>, Poisoned> {
    let Some(mode) = statement.text("mode")? else { return Ok(None) };
    let digits = mode.trim_start_matches('0');
    if digits.len() > 3 || mode.len() < 3 || !mode.chars().all(|c| ('0'..='7').contains(&c)) {
        statement.eval.push(
            Diagnostic::error("wrong-type", span, "expected a mode", format!("`mode` expects permissions such as \"0600\", found `{mode}`")).help("write `mode=\"0600\"`"),
        );
        return Err(Poisoned);
    }
    Ok(Some(format!("{mode:0>4}")))
}

fn drift(statement: &Statement<'_>) -> Result<Option<Drift>, Poisoned> {
    Ok(match statement.text("drift")?.as_deref() {
        Some("keep") => Some(Drift::Keep),
        Some("restore") => Some(Drift::Restore),
        Some("absorb") => Some(Drift::Absorb),
        _ => None,
    })
}

fn texts(statement: &Statement<'_>, name: &str) -> Result<Vec<Arc<str>>, Poisoned> {
    Ok(match statement.prop(name)?.map(|value| value.data) {
        Some(Data::List(list)) => list.iter().filter_map(|item| item.data.as_str().map(Arc::from)).collect(),
        Some(Data::String(text)) => vec![text],
        _ => Vec::new(),
    })
}
