//! `file PATH ...` to a file of the IR.

use ecow::EcoString;

use super::Statement;
use super::content::content;
use super::path::path;
use crate::diag::{Diagnostic, Span, nearest};
use crate::emit;
use crate::eval::{Eval, Poisoned};
use crate::ir::{Content, Drift, File, Install};
use crate::schema::declare::FILE_PROPS;
use crate::syntax::tree::Node;
use crate::value::Data;

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
        shadowed_by: paths(statement, "shadowed-by", place.span)?,
        origins: statement.origins(&body.from),
        text: body.text,
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

/// The module that declares a plain file: one of a target that is always there.
fn module(statement: &Statement<'_>, span: Span) -> Option<EcoString> {
    let always = statement.output.target.as_ref().is_some_and(|target| target.always);
    always.then_some(())?;
    let structure = &statement.eval.shared.structure;
    let found = structure.modules.iter().find(|(_, module)| {
        let nodes = module.nodes.first().zip(module.nodes.last());
        nodes.is_some_and(|(first, last)| {
            first.span.source == span.source
                && first.span.start <= span.start
                && span.end <= last.span.end
        })
    });
    found.map(|(name, _)| name.clone())
}

fn install(statement: &Statement<'_>, content: &Content) -> Result<Install, Poisoned> {
    let span = || statement.place_of("install", statement.node().span);
    let install = match statement.text("install")?.as_deref() {
        None => return Ok(by_default(statement.install_default, content)),
        Some("link") => Install::Link,
        Some("live") => Install::Live,
        Some("copy") => Install::Copy,
        Some("merge") => Install::Merge,
        Some(other) => {
            statement.eval.push(
                Diagnostic::error("not-in-enum", span(), "not one of them", format!("`install` expects one of link, live, copy, merge; found `{other}`"))
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
            .push(Diagnostic::error("wrong-install", span(), "does not fit", message).help(help));
        return Err(Poisoned);
    }
    Ok(install)
}

/// The mode of a file that says none: the one that holds for all, where the file can have it.
fn by_default(chosen: Option<Install>, content: &Content) -> Install {
    match (chosen, content) {
        (Some(Install::Live), Content::Source { .. }) => Install::Live,
        (Some(Install::Copy), Content::Text { .. } | Content::Data { .. }) => Install::Copy,
        // A folder that is one link is a link.
        (Some(Install::Copy), Content::Source { folder, files, .. })
            if !folder || !files.is_empty() =>
        {
            Install::Copy
        }
        _ => Install::Link,
    }
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

fn texts(statement: &Statement<'_>, name: &str) -> Result<Vec<EcoString>, Poisoned> {
    Ok(match statement.prop(name)?.map(|value| value.data) {
        Some(Data::List(list)) => {
            list.iter().filter_map(|item| item.data.as_str().map(EcoString::from)).collect()
        }
        Some(Data::String(text)) => vec![text],
        _ => Vec::new(),
    })
}

/// Paths, as the IR has them.
fn paths(statement: &Statement<'_>, name: &str, span: Span) -> Result<Vec<EcoString>, Poisoned> {
    let whole = |said: EcoString| path(statement, &said, span).map(EcoString::from).ok_or(Poisoned);
    texts(statement, name)?.into_iter().map(whole).collect()
}
