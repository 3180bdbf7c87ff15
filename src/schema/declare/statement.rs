//! The shape of statements: what can be seen to do nothing before anything is computed.

use super::{check_props, library, text_arg};
use crate::diag::{Diagnostic, Diagnostics, nearest};
use crate::syntax::marks;
use crate::syntax::tree::Node;

/// Where a file's contents come from: properties, and children that add to them.
const CONTENTS: &[&str] = &["from", "text", "template", "source", "link", "empty"];
const PARTS: &[&str] = &["section", "header", "footer"];

/// Properties of `shell-init` that name no shell.
pub(super) const SHELL_INIT: &[&str] = &["slot", "command"];

/// Says what is wrong with a statement of a target, and with those in it.
pub(super) fn check(node: &Node, diags: &mut Diagnostics) {
    match &*node.name.value {
        "when" | "for" => node.children().iter().for_each(|child| check(child, diags)),
        "set" => check_props(node, &["when-used"], "set", diags),
        "file" => file(node, diags),
        "activation" if node.prop("run").is_none() => diags.push(
            Diagnostic::error(
                "bad-target",
                node.name.span,
                "without a command",
                "`activation` needs a command",
            )
            .help("write `activation \"name\" run=\"command\"`"),
        ),
        _ => {}
    }
}

fn file(node: &Node, diags: &mut Diagnostics) {
    if let Some(path) = text_arg(node, 0)
        && path.value.contains("{{")
        && node
            .args()
            .next()
            .is_some_and(|entry| marks::read(entry.value.ty.as_deref()).0.compute.is_none())
    {
        let said = crate::value::quote(&path.value);
        diags.push(
            Diagnostic::error(
                "bad-path",
                path.span,
                "not filled in",
                "`{{ }}` stays as it is in a plain text",
            )
            .write(path.span, format!("(f){said}")),
        );
    }
    let has = node.props().any(|(name, _)| CONTENTS.contains(&&*name.value))
        || node.children().iter().any(|child| PARTS.contains(&&*child.name.value));
    // A misspelt property was said, and may have been the contents.
    let other = node.props().any(|(name, _)| !super::FILE_PROPS.contains(&&*name.value));
    if !has && !other {
        diags.push(
            Diagnostic::error("bad-target", node.name.span, "without contents", "a file needs contents")
                .help("write `from=\"settings\" format=\"toml\"`, or one of `text=`, `template=`, `source=`, `link=`"),
        );
    }
}

/// Says that a property of `shell-init` names no shell, if so.
pub(super) fn shells(node: &Node, diags: &mut Diagnostics) {
    for (name, _) in node.props().filter(|(name, _)| !SHELL_INIT.contains(&&*name.value)) {
        if library::has(&format!("programs.{}", name.value)) {
            continue;
        }
        let shells = ["bash", "zsh", "fish", "nushell"];
        let known = SHELL_INIT.iter().chain(&shells).copied();
        diags.push(
            Diagnostic::error(
                "bad-target",
                name.span,
                "no shell",
                format!("there is no shell `programs.{}`", name.value),
            )
            .help(format!(
                "a shell is a target with an option `init`, such as {}",
                shells.join(", ")
            ))
            .meant(name.span, nearest(&name.value, known)),
        );
    }
}
