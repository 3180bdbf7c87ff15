//! What a target has without saying so: options, and statements that stand for others.

use std::sync::Arc;

use ecow::EcoString;

use super::statement::SHELL_INIT;
use super::{PACKAGES, text_prop};
use crate::diag::{Diagnostic, Diagnostics, Span, Spanned};
use crate::schema::option::{Docs, Fallback, Kind, OptionDecl, Target};
use crate::schema::types::Type;
use crate::schema::{Group, Place, join, library};
use crate::syntax::tree::{Entry, Node, Scalar, Value};

/// An option that a target has without saying so.
pub(super) fn implied(
    group: &mut Group,
    name: &str,
    ty: Type,
    default: Scalar,
    target: &Target,
    doc: &str,
) {
    let default = Value { ty: None, data: default, span: target.span };
    let decl = OptionDecl {
        path: String::from(join(&target.path, name)).into(),
        ty,
        kind: Kind::Plain,
        default: Some(Box::new(Fallback::Value(default))),
        rare: None,
        required: false,
        internal: false,
        scope: target.scope,
        docs: Some(Box::new(Docs { doc: doc.into(), example: None })),
        hm: "".into(),
        target: target.path.clone(),
        span: target.span,
    };
    // A target may declare it itself: then that one counts.
    let _taken = group.insert(name, Place::Option(Arc::new(decl)));
}

/// `when expr="package" { set { home.packages (expr)"package" } }`
pub(super) fn package_statement(package: &Entry) -> Node {
    let span = package.span;
    let add = node(PACKAGES, vec![arg("package", Some("expr"), span)], None, span);
    let set = node("set", Vec::new(), Some(vec![add]), span);
    node("when", vec![prop("expr", "package", span)], Some(vec![set]), span)
}

/// `shell-init bash="..." slot="..." command="..."`: each property adds to `programs.NAME.init`,
/// under a switch of its own, and runs only where the command is there.
pub(super) fn shell_init(
    said: &Node,
    target: &Target,
    group: &mut Group,
    statements: &mut Vec<Node>,
    diags: &mut Diagnostics,
) {
    super::statement::shells(said, diags);
    let slot = said.prop("slot");
    let order = said.ty.clone();
    let command = text_prop(said, "command");
    for (shell, entry) in said.props().filter(|(name, _)| !SHELL_INIT.contains(&&*name.value)) {
        let name = format!("enable-{}-integration", shell.value);
        let doc = format!("Whether to hook it into {}.", shell.value);
        implied(group, &name, Type::Bool, Scalar::Bool(true), target, &doc);
        let mut value = entry.clone();
        value.name = None;
        if let (Some(command), Scalar::String(text)) = (&command, &mut value.value.data) {
            *text = guarded(&shell.value, &command.value, text);
        }
        let mut entries = Vec::new();
        entries.extend(slot.cloned());
        entries.push(value);
        let mut init = node(&format!("programs.{}.init", shell.value), entries, None, entry.span);
        init.ty.clone_from(&order);
        let used = prop("when-used", &format!("programs.{}", shell.value), entry.span);
        let set = node("set", vec![used], Some(vec![init]), entry.span);
        let guard = prop("expr", &name.replace('-', "_"), entry.span);
        statements.push(node("when", vec![guard], Some(vec![set]), entry.span));
    }
    if said.args().next().is_some() {
        diags.push(
            Diagnostic::error(
                "bad-target",
                said.span,
                "an argument",
                "`shell-init` takes a property for each shell",
            )
            .help("write `shell-init bash=\"...\" zsh=\"...\"`"),
        );
    }
}

/// Lines that run only where a command is found; each shell says how in a template of its own.
fn guarded(shell: &str, command: &str, text: &str) -> EcoString {
    match library::template(&format!("shell-init/{shell}")) {
        Some(template) => {
            template.replace("COMMAND", command).replace("INIT", text).trim_end().into()
        }
        None => text.into(),
    }
}

pub(super) fn node(
    name: &str,
    entries: Vec<Entry>,
    children: Option<Vec<Node>>,
    span: Span,
) -> Node {
    Node {
        ty: None,
        name: Spanned { value: name.into(), span },
        entries: entries.into(),
        children: children.map(Into::into),
        span,
    }
}

pub(super) fn arg(text: &str, ty: Option<&str>, span: Span) -> Entry {
    let ty = ty.map(|ty| Box::new(Spanned { value: ty.into(), span }));
    Entry { name: None, value: Value { ty, data: Scalar::String(text.into()), span }, span }
}

pub(super) fn prop(name: &str, text: &str, span: Span) -> Entry {
    Entry { name: Some(Spanned { value: name.into(), span }), ..arg(text, None, span) }
}
