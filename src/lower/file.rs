//! `file PATH ...` to a file of the IR.

use std::sync::Arc;

use camino::Utf8Path;
use indexmap::IndexMap;

use super::{Statement, origins};
use crate::diag::{Diagnostic, Span, nearest};
use crate::emit::{self, Params, Said};
use crate::eval::collect::string;
use crate::eval::{Eval, Poisoned};
use crate::files;
use crate::ir::{Content, Drift, File, Install, Origin, Written};
use crate::schema::Scope;
use crate::schema::declare::FILE_PROPS;
use crate::syntax::import::{near_path, reason};
use crate::syntax::tree::Node;
use crate::value::{Data, Map, Typed};

/// Where a file is said, for the checks over all of them.
#[derive(Clone, Debug)]
pub struct Place {
    /// The user's place, or the statement.
    pub span: Span,
}

/// The file that a statement makes; none if it would be empty.
pub fn file(statement: &Statement<'_>) -> Result<Option<(File, Place)>, Poisoned> {
    let (said, from) = statement.first_text()?;
    let place = place(statement, &from);
    let body = content(statement, place.span);
    // What makes no file may be anywhere: a path on the machine, with or without contents of ours.
    if matches!(body, Ok(None)) {
        return Ok(None);
    }
    let Some(path) = path(statement, &said, place.span) else { return Err(Poisoned) };
    let Some(body) = body? else { return Ok(None) };
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

/// Says which properties of a `file` statement mean nothing.
pub fn known_props(eval: &Eval, node: &Node) {
    for (name, _) in node.props() {
        if !FILE_PROPS.contains(&&*name.value) {
            eval.push(
                Diagnostic::error(
                    "unknown-property",
                    name.span,
                    "not known here",
                    format!("`file` has no property `{}`", name.value),
                )
                .help(match is_parameter(&name.value) {
                    true => format!(
                        "it is a parameter of the format: write it as a child, `{{ {} ... }}`",
                        name.value
                    ),
                    false => format!("it takes {}", FILE_PROPS.join(", ")),
                })
                .meant(name.span, nearest(&name.value, FILE_PROPS.iter().copied())),
            );
        }
    }
}

/// Whether a format has a parameter of this name.
fn is_parameter(name: &str) -> bool {
    let params = emit::FORMATS.iter().flat_map(|format| format.params).chain(emit::AROUND);
    params.into_iter().any(|param| param.name == name)
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
pub fn path(statement: &Statement<'_>, said: &str, span: Span) -> Option<String> {
    let shared = &statement.eval.shared;
    let problem = match shared.scope {
        Scope::System => match system_path(said) {
            Ok(path) => return Some(path),
            Err(problem) => problem,
        },
        Scope::User => {
            let home = shared.user.as_ref().map_or("", |user| &user.home);
            match home_path(said, home) {
                Ok(path) => return Some(path),
                Err(problem) => problem,
            }
        }
    };
    let mut found = Diagnostic::error(problem.code, span, problem.label, problem.message);
    found = match problem.instead {
        Some(path) if shared.sources.slice(span) == crate::value::quote(said) => {
            found.write(span, crate::value::quote(&path))
        }
        Some(path) => found.help(format!("write `{}`", crate::value::quote(&path))),
        None => found.maybe_help(problem.help),
    };
    statement.eval.push(found);
    None
}

/// Why a path cannot be, before it has a place.
struct BadPath {
    code: &'static str,
    label: &'static str,
    message: String,
    help: Option<String>,
    /// The path that was meant.
    instead: Option<String>,
}

fn bad_path(label: &'static str, message: String, help: impl Into<String>) -> BadPath {
    BadPath { code: "bad-path", label, message, help: Some(help.into()), instead: None }
}

/// What is wrong with a path wherever it stands.
fn any_path(said: &str) -> Result<(), BadPath> {
    if said.is_empty() {
        return Err(bad_path(
            "empty",
            "a file needs a path, found an empty string".to_owned(),
            "name a file, such as `file \".config/tool.conf\"`",
        ));
    }
    if said.contains('\0') {
        return Err(bad_path(
            "holds U+0000",
            "a path cannot hold the character U+0000".to_owned(),
            "take it out",
        ));
    }
    if let Some(long) = said.split('/').find(|part| part.len() > 255) {
        return Err(bad_path(
            "too long a name",
            format!("a name in a path has at most 255 bytes, found {}", long.len()),
            "shorten it",
        ));
    }
    Ok(())
}

fn system_path(said: &str) -> Result<String, BadPath> {
    any_path(said)?;
    if !said.starts_with('/') {
        let instead = said.strip_prefix("~/").is_none().then(|| format!("/{said}"));
        return Err(BadPath {
            instead,
            ..bad_path(
                "not absolute",
                format!("a file of the machine has an absolute path, found `{said}`"),
                "start it with `/`",
            )
        });
    }
    if said.split('/').any(|part| part == "..") {
        return Err(BadPath {
            instead: without_dots(said),
            ..bad_path("holds `..`", format!("`{said}` holds `..`"), "write the path without `..`")
        });
    }
    Ok(said.to_owned())
}

/// A path as it is without `..`, if it does not lead out.
fn without_dots(said: &str) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    for part in said.split('/') {
        match part {
            ".." => parts.pop().filter(|part| !part.is_empty()).map(|_| ())?,
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

fn home_path(said: &str, home: &str) -> Result<String, BadPath> {
    any_path(said)?;
    let outside = |label: &'static str, help: String| BadPath {
        code: "outside-home",
        label,
        message: format!("a user's file is below the home `{home}`, found `{said}`"),
        help: Some(help),
        instead: None,
    };
    if said.starts_with('$') {
        let rest = ["$HOME/", "${HOME}/"].iter().find_map(|home| said.strip_prefix(home));
        let rest = rest.map(str::to_owned).or_else(|| {
            said.strip_prefix("$XDG_CONFIG_HOME/").map(|rest| format!(".config/{rest}"))
        });
        let help =
            "compute it: `(f)\"{{ xdg.config }}/...\"`, or write `./$...` for a file of this name";
        return Err(BadPath {
            instead: rest,
            ..bad_path(
                "not expanded",
                format!("`$` stays as it is in a path, found `{said}`"),
                help,
            )
        });
    }
    let below = match (said.strip_prefix('~'), said.strip_prefix(home)) {
        (Some(""), _) | (_, Some("")) => {
            return Err(outside("the home itself", "name a file in it".to_owned()));
        }
        (Some(rest), _) => match rest.strip_prefix('/') {
            Some(rest) => rest,
            // A file whose name starts with `~` is somebody's backup, or somebody else's home.
            None => {
                return Err(outside(
                    "another home",
                    format!("write `~/...` for `{home}`, `./~...` for a file of this name"),
                ));
            }
        },
        (None, Some(rest)) if rest.starts_with('/') => rest,
        (None, _) if said.starts_with('/') => {
            return Err(outside("not below the home", "write the path from the home on, such as `\".config/...\"`; files of the machine are `system { file ... }`".to_owned()));
        }
        (None, _) => said,
    };
    if below.split('/').any(|part| part == "..") {
        return Err(match without_dots(below) {
            Some(path) if !path.is_empty() => BadPath {
                instead: Some(path),
                ..bad_path("holds `..`", format!("`{said}` holds `..`"), "")
            },
            _ => outside("leaves the home", "write the path without `..`".to_owned()),
        });
    }
    let parts: Vec<&str> = below.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    if parts.is_empty() {
        return Err(outside("the home itself", "name a file in it".to_owned()));
    }
    Ok(parts.join("/"))
}

/// The module that declares a plain file: one of a target that is always there.
fn module(statement: &Statement<'_>, span: Span) -> Option<Arc<str>> {
    let always = statement.output.target.as_ref().is_some_and(|target| target.always);
    let structure = &statement.eval.shared.structure;
    let found = structure.modules.iter().find(|(_, module)| {
        let nodes = module.nodes.first().zip(module.nodes.last());
        nodes.is_some_and(|(first, last)| {
            first.span.source == span.source
                && first.span.start <= span.start
                && span.end <= last.span.end
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
    let empty = statement.flag("empty")?;
    let data = data(statement)?;
    let mut given: Vec<&str> = Vec::new();
    let source = statement.prop("source")?;
    let link = statement.text("link")?;
    let template = statement.prop("template")?;
    let text = match (statement.prop("text")?, &template) {
        (Some(text), _) => Some(text),
        (None, Some(Typed { data: Data::String(path), from, .. })) => {
            // One of the configuration is looked for there, one of a target beside the targets.
            let at = from.iter().copied().find(|at| statement.eval.is_users(at));
            let at = at.or_else(|| from.first().copied()).unwrap_or(statement.node().span);
            let rendered = statement.eval.template(path, at, statement.env)?;
            Some(Typed::at(Data::String(rendered.into()), at))
        }
        (None, _) => None,
    };
    given.extend(source.iter().map(|_| "source"));
    given.extend(link.iter().map(|_| "link"));
    given.extend(
        text.iter()
            .filter(|text| !text.data.is_empty() || empty)
            .map(|_| if template.is_some() { "template" } else { "text" }),
    );
    given.extend(data.iter().filter(|data| !data.1.data.is_empty()).map(|_| "settings"));
    if let [first, second, ..] = given.as_slice() {
        let place = |name: &str| match name {
            "settings" => {
                data.as_ref().and_then(|data| statement.users(&data.1.from)).unwrap_or(span)
            }
            "text" | "template" => {
                text.as_ref().and_then(|text| statement.users(&text.from)).unwrap_or(span)
            }
            other => statement.place_of(other, span),
        };
        let (first_at, second_at) = (place(first), place(second));
        let mut problem = Diagnostic::error(
            "two-contents",
            second_at,
            format!("and `{second}` here"),
            format!("a file holds one thing, found {}", given.join(" and ")),
        );
        if first_at != second_at {
            problem = problem.also(first_at, format!("`{first}` here"));
        }
        statement.eval.push(problem.help("keep one of them"));
        return Err(Poisoned);
    }
    if let Some(source) = source {
        return source_body(statement, &source, span).map(Some);
    }
    if let Some(to) = link {
        return Ok(Some(Body {
            content: Content::Link { to },
            written: Written::default(),
            from: Vec::new(),
        }));
    }
    if let Some((format, value)) = data {
        // A file that is nothing but its comments still is one if the value is.
        let params = params(statement)?;
        let footed =
            params.all(emit::FOOTER).any(|said| said.args.iter().any(|arg| !arg.is_empty()));
        if !value.data.is_empty() || footed || (empty && text.is_none()) {
            return written(statement, format, &value, params, span).map(Some);
        }
    }
    match text {
        Some(text) => text_body(statement, &text, empty),
        None if empty => Ok(Some(Body {
            content: Content::Text { text: "".into() },
            written: Written::default(),
            from: Vec::new(),
        })),
        None => Ok(None),
    }
}

fn text_body(
    statement: &Statement<'_>,
    value: &Typed,
    empty: bool,
) -> Result<Option<Body>, Poisoned> {
    let Data::String(text) = &value.data else {
        return Err(statement.wrong("text", "a text", &value.data));
    };
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
    let Some(name) = statement.text("format")? else {
        without_format(statement)?;
        return Ok(None);
    };
    let Some(format) = emit::find(&name) else {
        let span = statement.place_of("format", node.span);
        let names: Vec<&str> = emit::FORMATS.iter().map(|format| format.name).collect();
        let problem = Diagnostic::error(
            "unknown-format",
            span,
            "no format of this name",
            format!("there is no format `{name}`"),
        );
        statement.eval.push(
            problem
                .help(format!("the formats are {}", names.join(", ")))
                .meant(span, nearest(&name, names.iter().copied()).map(crate::value::quote)),
        );
        return Err(Poisoned);
    };
    let mut value = statement.from(node)?;
    for section in node.children().iter().filter(|child| &*child.name.value == "section") {
        let (Some(key), Some(mut inner)) =
            (section.args().next().and_then(string), statement.from(section)?)
        else {
            continue;
        };
        if let Some((except, _)) = section.prop("except").and_then(string) {
            without(&mut inner, &except);
        }
        if inner.data.is_empty() {
            continue;
        }
        let whole = value.get_or_insert_with(|| Typed {
            data: Data::Map(Map::default()),
            from: Vec::new(),
            pieces: None,
        });
        whole.from.extend(inner.from.iter().copied());
        if let Data::Map(map) = &mut whole.data {
            // `section ""` spreads its keys over the top.
            match (&*key.0, &inner.data) {
                ("", Data::Map(own)) => {
                    map.extend(own.iter().map(|(key, value)| (key.clone(), value.clone())))
                }
                // A section that is said again adds to what it holds.
                (_, Data::Map(own))
                    if matches!(map.get(&key.0), Some(Typed { data: Data::Map(_), .. })) =>
                {
                    if let Some(Typed { data: Data::Map(first), from, .. }) = map.get_mut(&key.0) {
                        from.extend(inner.from.iter().copied());
                        first.extend(own.iter().map(|(key, value)| (key.clone(), value.clone())));
                    }
                }
                _ => {
                    map.insert(key.0, inner);
                }
            }
        }
    }
    if let (Some(except), Some(value)) = (statement.text("except")?, &mut value) {
        without(value, &except);
    }
    Ok(value.map(|value| (format, value)))
}

/// Takes keys away.
fn without(value: &mut Typed, except: &str) {
    if let Data::Map(map) = &mut value.data {
        for key in except.split_whitespace() {
            map.shift_remove(key);
        }
    }
}

/// Settings that nobody knows how to write.
fn without_format(statement: &Statement<'_>) -> Result<(), Poisoned> {
    let Some(value) = statement.from(statement.node())?.filter(|value| !value.data.is_empty())
    else {
        return Ok(());
    };
    let at = statement.users(&value.from).unwrap_or(statement.node().span);
    let path = statement.first_text().map(|(path, _)| path)?;
    let ending = Utf8Path::new(&*path).extension().and_then(|ending| match ending {
        "yml" => Some("yaml"),
        ending => emit::find(ending).map(|format| format.name),
    });
    let help = format!("write `format=\"{}\"` beside the path", ending.unwrap_or("..."));
    statement.eval.push(
        Diagnostic::error(
            "missing-option",
            at,
            "without a `format`",
            format!("the settings of `{path}` need a `format`"),
        )
        .help(help),
    );
    Err(Poisoned)
}

fn written(
    statement: &Statement<'_>,
    format: &'static emit::Format,
    value: &Typed,
    params: Params,
    span: Span,
) -> Result<Body, Poisoned> {
    let plain = value.to_ir();
    match emit::write(format, &plain, &params) {
        Ok(text) => {
            let mut lines: Vec<_> = text
                .lines
                .iter()
                .map(|path| {
                    path.as_ref()
                        .map_or_else(Vec::new, |path| origins(statement.eval, value.origins(path)))
                })
                .collect();
            around(statement, &mut lines)?;
            Ok(Body {
                content: Content::Data { format: format.name, params, value: plain },
                written: Written { text: text.text.into(), lines },
                from: deep_origins(value),
            })
        }
        Err(faults) => {
            for fault in faults {
                if let Some(name) = fault.param {
                    let said =
                        statement.node().children().iter().find(|child| child.name.value == name);
                    let at = said.map_or(span, |said| said.name.span);
                    statement.eval.push(
                        Diagnostic::error(
                            "bad-parameter",
                            at,
                            format!("a parameter of {}", format.name),
                            fault.message,
                        )
                        .maybe_help(fault.help),
                    );
                    continue;
                }
                let at = value.origins(&fault.path).first().copied().unwrap_or(span);
                // "expects a scalar, found an object" needs a subject.
                let message = match fault.message.starts_with("expects ") {
                    true if fault.path.is_empty() => format!("{} {}", format.name, fault.message),
                    true => format!("`{}` {}", way(&fault.path), fault.message),
                    false => fault.message,
                };
                statement.eval.push(
                    Diagnostic::error(
                        "not-writable",
                        at,
                        match format.name {
                            // Not names that a reader of the configuration has met.
                            "key-value" | "lines" | "shell" => "not possible here".to_owned(),
                            name => format!("not possible in {name}"),
                        },
                        message,
                    )
                    .maybe_help(fault.help),
                );
            }
            Err(Poisoned)
        }
    }
}

/// The places behind the lines of `header` and `footer`.
fn around(statement: &Statement<'_>, lines: &mut [Vec<Origin>]) -> Result<(), Poisoned> {
    for name in [emit::HEADER, emit::FOOTER] {
        let mut own = Vec::new();
        for node in statement.node().children().iter().filter(|child| &*child.name.value == name) {
            for entry in node.args() {
                let value = statement.entry(entry)?;
                if let Some(Body { written, .. }) = text_body(statement, &value, false)? {
                    let count = written.text.trim_end_matches('\n').lines().count();
                    own.extend(written.lines.into_iter().take(count));
                }
            }
        }
        let from = if name == emit::HEADER { 0 } else { lines.len().saturating_sub(own.len()) };
        for (line, places) in lines.iter_mut().skip(from).zip(own) {
            *line = places;
        }
    }
    Ok(())
}

/// A way into a value as a dotted path.
fn way(path: &[crate::ir::Step]) -> String {
    let mut out = String::new();
    for step in path {
        match step {
            crate::ir::Step::Key(key) if out.is_empty() => out.push_str(key),
            crate::ir::Step::Key(key) => out.push_str(&format!(".{key}")),
            crate::ir::Step::Index(index) => out.push_str(&format!("[{index}]")),
        }
    }
    out
}

/// The places behind a value and all in it.
fn deep_origins(value: &Typed) -> Vec<Span> {
    let mut spans = value.places();
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
    // With `from` it is a part of the value, else a parameter, as INI has one.
    if &*node.name.value == "section" && node.prop("from").is_some() {
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
    let Data::String(path) = &source.data else {
        return Err(statement.wrong("source", "a path", &source.data));
    };
    let at = source.from.iter().copied().find(|span| statement.eval.is_users(span)).unwrap_or(span);
    let own = Utf8Path::new(&**path);
    let problem =
        |code: &'static str, label: &str, what: String| Diagnostic::error(code, at, label, what);
    // A pipe is looked at before it is opened: opening it would wait for a writer.
    let kind = match files::kind(own) {
        Ok(files::FileKind::Special) => {
            statement.eval.push(
                problem(
                    "unreadable-source",
                    "neither file nor folder",
                    format!(
                        "a source is a file or a folder, found a pipe, socket or device at `{path}`"
                    ),
                )
                .help("name a file or a folder of the configuration"),
            );
            return Err(Poisoned);
        }
        other => other.and_then(|kind| files::readable(own).map(|()| kind)),
    };
    let kind = kind.map_err(|error| {
        statement.eval.push(match error.kind() {
            std::io::ErrorKind::NotFound => {
                if let Ok(to) = own.read_link_utf8() {
                    statement.eval.push(problem(
                        "missing-source",
                        "leads to nothing",
                        format!("`{path}` is a link to `{to}`, which is not there"),
                    ));
                    return Poisoned;
                }
                let folder =
                    statement.eval.shared.folders.get(&at.source).cloned().unwrap_or_default();
                problem(
                    "missing-source",
                    "not there",
                    format!("there is no file or folder `{path}`"),
                )
                .meant(at, near_path(&folder, own))
            }
            _ if files::is_loop(&error) => problem(
                "unreadable-source",
                "a circle of links",
                format!("`{path}` is a link that leads back to itself"),
            ),
            std::io::ErrorKind::PermissionDenied => problem(
                "unreadable-source",
                "not readable",
                format!("`{path}` cannot be read: permission denied"),
            )
            .help(format!(
                "allow it: `chmod u+r{} {path}`",
                if files::kind(own).is_ok_and(|kind| kind == files::FileKind::Dir) {
                    "x"
                } else {
                    ""
                }
            )),
            _ => problem(
                "unreadable-source",
                "not readable",
                format!("`{path}` cannot be read: {}", reason(&error)),
            ),
        });
        Poisoned
    });
    let folder = kind? == files::FileKind::Dir;
    let whole = statement.flag("whole")?;
    let mut list = Vec::new();
    if folder && !whole {
        match files::mirror(own) {
            Ok(found) => list.extend(
                found.into_iter().map(|(path, executable)| (path.into_string(), executable)),
            ),
            Err(error) => {
                statement.eval.push(problem(
                    "unreadable-source",
                    "not readable",
                    format!("not all of the folder `{path}` can be read: {}", reason(&error)),
                ));
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
    let span = statement.place_of("install", statement.node().span);
    let install = match statement.text("install")?.as_deref() {
        None | Some("link") => Install::Link,
        Some("live") => Install::Live,
        Some("copy") => Install::Copy,
        Some("merge") => Install::Merge,
        Some(other) => {
            statement.eval.push(
                Diagnostic::error("not-in-enum", span, "not one of them", format!("`install` expects one of link, live, copy, merge; found `{other}`"))
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
        let (message, help) = match (install, content) {
            (Install::Live, _) => (
                "`live` links to a file of the configuration, and this file is not one",
                "give the file a `source`, or take `install` out".to_owned(),
            ),
            (_, Content::Data { format, .. }) => (
                "`merge` keeps what a program writes beside our keys, which this format cannot",
                format!(
                    "`merge` works for {}, not for {format}; take `copy`",
                    emit::MERGEABLE.join(", ")
                ),
            ),
            _ => (
                "`merge` works key by key, and this file has no keys",
                format!(
                    "give the file `settings` and a `format` of {}",
                    emit::MERGEABLE.join(", ")
                ),
            ),
        };
        statement
            .eval
            .push(Diagnostic::error("wrong-install", span, "does not fit", message).help(help));
        return Err(Poisoned);
    }
    Ok(install)
}

fn mode(statement: &Statement<'_>, span: Span) -> Result<Option<String>, Poisoned> {
    let Some(mode) = statement.text("mode")? else { return Ok(None) };
    let digits = mode.trim_start_matches('0');
    if digits.len() > 3 || mode.len() < 3 || !mode.chars().all(|c| ('0'..='7').contains(&c)) {
        let span = statement.place_of("mode", span);
        statement.eval.push(
            Diagnostic::error(
                "wrong-type",
                span,
                "expected a mode",
                format!("`mode` expects permissions in octal, such as `0600`, found `{mode}`"),
            )
            .help("\"0644\" is a usual file, \"0600\" one that only you read, \"0755\" a program"),
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
        Some(Data::List(list)) => {
            list.iter().filter_map(|item| item.data.as_str().map(Arc::from)).collect()
        }
        Some(Data::String(text)) => vec![text],
        _ => Vec::new(),
    })
}
