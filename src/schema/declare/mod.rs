//! `target` and `option` nodes to declarations.

mod implied;
pub mod like;
mod option;
mod statement;

use std::sync::Arc;

use ecow::EcoString;

use super::option::{OptionDecl, Scope, Target, TypedKey};
use super::types::Type;
use super::{Group, Place, Schema, join, library};
use crate::diag::{Diagnostic, Diagnostics, Spanned, nearest};
use crate::syntax::tree::{Name, Node, Scalar, Value};
use implied::{implied, package_statement, shell_init};
use option::{Context, option};

/// Words of the language, so that no option can have them.
pub const RESERVED: &[&str] = &[
    "when", "for", "use", "import", "option", "assert", "warn", "renamed", "removed", "let", "set",
];

/// Words of the top level, with which no option of one's own can begin.
pub const TOP_LEVEL: &[&str] = &["host", "user", "module", "hcc", "target"];

/// The option to which a target's `package` is added.
pub const PACKAGES: &str = "home.packages";

/// The properties of `file`.
pub const FILE_PROPS: &[&str] = &[
    "format",
    "from",
    "text",
    "template",
    "source",
    "link",
    "except",
    "install",
    "mode",
    "executable",
    "on-change",
    "whole",
    "force",
    "drift",
    "allow-parent",
    "shadowed-by",
    "empty",
];

/// Children of `file` that say how a file of this kind is read, by whoever lifts one.
pub const KNOWLEDGE: &[&str] = &["known-at", "reads", "stays", "rest"];

const STATEMENTS: &[&str] = &[
    "doc",
    "option",
    "let",
    "when",
    "for",
    "assert",
    "warn",
    "renamed",
    "removed",
    "set",
    "shell-init",
    "file",
    "package",
    "unit",
    "defaults",
    "activation",
    "lifted",
    "target",
];

/// Declares a `target` node and those nested in it.
pub fn target(node: Node, schema: &mut Schema, diags: &mut Diagnostics) {
    declare_target(node, None, schema, diags);
}

fn declare_target(
    mut node: Node,
    parent: Option<&Target>,
    schema: &mut Schema,
    diags: &mut Diagnostics,
) {
    let children = node.children.take().unwrap_or_default();
    let node = &node;
    let Some(name) = text_arg(node, 0) else {
        diags.push(
            Diagnostic::error(
                "bad-target",
                node.name.span,
                "without a name",
                "a target needs a name",
            )
            .help("write `target \"programs.name\" { ... }`"),
        );
        return;
    };
    check_props(node, &["package", "os", "always", "scope", "one-user"], "target", diags);
    let path = parent.map_or_else(|| name.value.clone(), |parent| join(&parent.path, &name.value));
    let scope = match parent {
        Some(parent) => parent.scope,
        None => scope_prop(node, diags),
    };
    let os: Vec<EcoString> = match (text_prop(node, "os"), parent) {
        (Some(os), _) => os.value.split_whitespace().map(EcoString::from).collect(),
        (None, Some(parent)) => parent.os.clone(),
        (None, None) => Vec::new(),
    };
    let always = bool_prop(node, "always", diags);
    let one_user = bool_prop(node, "one-user", diags);
    let mut target = Target {
        path: path.as_str().into(),
        doc: String::new(),
        url: String::new(),
        os,
        always,
        one_user,
        scope,
        parent: parent.map(|parent| parent.path.clone()),
        statements: [].into(),
        span: name.span,
    };
    let mut group = Group { path: path.to_string().into(), ..Group::default() };
    let mut statements = Vec::new();
    let mut nested = Vec::new();
    if !always {
        implied(
            &mut group,
            "enable",
            Type::Bool,
            Scalar::Bool(false),
            &target,
            "Whether to set this up.",
        );
    }
    if let Some(package) = node.prop("package") {
        let ty = Type::Nullable(Arc::new(Type::Package));
        let doc = "The package that brings it; `#null` installs none.";
        implied(&mut group, "package", ty, package.value.data.clone(), &target, doc);
        statements.push(package_statement(package));
    }
    for child in children.iter().cloned() {
        match &*child.name.value {
            "doc" => {
                target.doc =
                    text_arg(&child, 0).map(|doc| doc.value.to_string()).unwrap_or_default();
                target.url =
                    text_prop(&child, "url").map(|url| url.value.to_string()).unwrap_or_default();
            }
            "option" => {
                let context = Context { target: &target.path, scope, inside: &target.path };
                option(&child, &context, &mut group, diags);
            }
            "target" => nested.push(child),
            "shell-init" => shell_init(&child, &target, &mut group, &mut statements, diags),
            _ => statements.push(child),
        }
    }
    statements.retain(|node| check_statement(node, &group, diags));
    alias_keys(&mut group, diags);
    target.statements = statements.into();
    let target = Arc::new(target);
    group.target = Some(target.clone());
    take(&path, Place::Group(Arc::new(group)), schema, diags);
    for child in nested {
        declare_target(child, Some(&target), schema, diags);
    }
}

/// Takes a target or an option into a schema, at its dotted path.
pub fn take(path: &str, place: Place, schema: &mut Schema, diags: &mut Diagnostics) {
    let declared = place.clone();
    let target = match &declared {
        Place::Group(group) => group.target.clone(),
        Place::Option(_) => None,
    };
    schema.targets.extend(target.clone());
    let Err(old) = Arc::make_mut(&mut schema.root).insert(path, place) else { return };
    if let Place::Option(decl) = &declared {
        diags.push(option::again(path, decl.span, &old));
    }
    if let Some(target) = target {
        let message = format!("there is a `{path}` already");
        let again = "declared here again";
        diags.push(Diagnostic::error("declared-twice", target.span, again, message));
    }
}

/// Whether a name is a statement of the target language.
pub fn is_statement(name: &str) -> bool {
    STATEMENTS.contains(&name)
}

/// Whether a node of a target can be one; what cannot is said.
fn check_statement(node: &Node, group: &Group, diags: &mut Diagnostics) -> bool {
    let name = &*node.name.value;
    if group.find(name).is_some() {
        return true;
    }
    if is_statement(name) {
        statement::check(node, diags);
        return true;
    }
    let known = STATEMENTS.iter().copied().chain(group.names());
    let near = nearest(name, known).map(str::to_owned);
    diags.push(
        Diagnostic::error(
            "unknown-statement",
            node.name.span,
            "neither a statement nor an option of this target",
            format!("a target has no statement `{name}`"),
        )
        .help(format!("the statements are {}", STATEMENTS.join(", ")))
        .meant(node.name.span, near),
    );
    false
}

/// Declares a user's own `option` node.
pub fn own_option(node: &Node, schema: &mut Schema, diags: &mut Diagnostics) {
    let scope = scope_prop(node, diags);
    let context = Context { target: &"".into(), scope, inside: &"".into() };
    option(node, &context, Arc::make_mut(&mut schema.root), diags);
}

/// Makes each `into` option and its leaf of settings one option with two spellings.
fn alias_keys(group: &mut Group, diags: &mut Diagnostics) {
    let mut aliases = Vec::new();
    collect_aliases(group, &mut aliases);
    for decl in aliases {
        let Some((settings, way)) = decl.rare().into.as_ref().and_then(|way| way.split_first())
        else {
            continue;
        };
        let key = TypedKey {
            pattern: way.to_vec(),
            ty: decl.ty.clone(),
            doc: decl.docs.as_deref().map(|docs| docs.doc.clone()).unwrap_or_default(),
            alias: Some((*decl.path).into()),
        };
        match group.places.get_mut(settings) {
            Some(Place::Option(found)) if found.ty.is_freeform() && !way.is_empty() => {
                Arc::make_mut(found).rare.get_or_insert_default().keys.put_first(key);
            }
            _ => diags.push(
                Diagnostic::error(
                    "bad-option",
                    decl.span,
                    "leads to no settings",
                    format!("`{}` is not a key of settings of this target", decl.rare().into.as_deref().unwrap_or_default().join(".")),
                )
                .help("write `into=\"settings.key\"`, with the name of an option of the type `settings` in front"),
            ),
        }
    }
}

fn collect_aliases(group: &Group, aliases: &mut Vec<Arc<OptionDecl>>) {
    for place in group.places.values() {
        match place {
            Place::Group(inner) if inner.target.is_none() => collect_aliases(inner, aliases),
            Place::Option(decl) if decl.rare().into.is_some() => aliases.push(decl.clone()),
            _ => {}
        }
    }
}

fn scope_prop(node: &Node, diags: &mut Diagnostics) -> Scope {
    match text_prop(node, "scope") {
        None => Scope::User,
        Some(text) if &*text.value == "user" => Scope::User,
        Some(text) if &*text.value == "system" => Scope::System,
        Some(text) => {
            diags.push(
                Diagnostic::error(
                    "bad-option",
                    text.span,
                    "not a scope",
                    format!("the scope is `user` or `system`, found `{}`", text.value),
                )
                .help("write `scope=\"system\"` for the machine, nothing for the user"),
            );
            Scope::User
        }
    }
}

fn check_props(node: &Node, known: &[&str], what: &str, diags: &mut Diagnostics) {
    for (name, _) in node.props() {
        if !known.contains(&&*name.value) {
            diags.push(
                Diagnostic::error(
                    "unknown-property",
                    name.span,
                    "not known here",
                    format!("`{what}` has no property `{}`", name.value),
                )
                .help(format!("it takes {}", known.join(", ")))
                .meant(name.span, nearest(&name.value, known.iter().copied())),
            );
        }
    }
}

fn bool_prop(node: &Node, name: &str, diags: &mut Diagnostics) -> bool {
    match node.prop(name).map(|entry| (&entry.value.data, entry.value.span)) {
        None => false,
        Some((Scalar::Bool(value), _)) => *value,
        Some((other, span)) => {
            diags.push(
                Diagnostic::error(
                    "wrong-type",
                    span,
                    "expected a bool",
                    format!("`{name}` expects bool, found {}", other.kind()),
                )
                .write(span, "#true"),
            );
            false
        }
    }
}

/// A value's text and place, if it is a string.
pub fn as_text(value: &Value) -> Option<Name> {
    match &value.data {
        Scalar::String(text) => Some(Spanned { value: text.clone(), span: value.span }),
        _ => None,
    }
}

/// The text of the argument at `index`.
pub fn text_arg(node: &Node, index: usize) -> Option<Name> {
    node.args().nth(index).and_then(|entry| as_text(&entry.value))
}

/// The text of a property.
pub fn text_prop(node: &Node, name: &str) -> Option<Name> {
    node.prop(name).and_then(|entry| as_text(&entry.value))
}
