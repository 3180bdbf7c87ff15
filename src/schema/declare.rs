//! `target` and `option` nodes to declarations.

use std::sync::Arc;

use super::option::{Body, Fallback, Kind, OptionDecl, Scope, Target, TypedKey};
use super::types::Type;
use super::{Group, Place, Schema, join};
use crate::diag::{Diagnostic, Diagnostics, Span, Spanned, nearest};
use crate::syntax::marks;
use crate::syntax::tree::{Entry, Name, Node, Scalar, Value};

/// Names that structure a configuration, so that no option can have them.
pub const RESERVED: &[&str] = &[
    "when", "for", "use", "import", "option", "assert", "warn", "renamed", "removed", "let", "set",
    "host", "user", "module", "hcc", "target",
];

/// The option to which a target's `package` is added.
pub const PACKAGES: &str = "home.packages";

const OPTION_PROPS: &[&str] = &[
    "type", "default", "into", "argument", "example", "doc", "hm", "required", "internal", "as",
    "scope",
];

const STATEMENTS: &[&str] = &[
    "doc", "option", "let", "when", "for", "assert", "warn", "renamed", "removed", "set",
    "shell-init", "file", "package", "unit", "defaults", "activation", "target",
];

/// Declares a `target` node and those nested in it.
pub fn target(node: &Node, schema: &mut Schema, diags: &mut Diagnostics) {
    declare_target(node, None, schema, diags);
}

fn declare_target(
    node: &Node,
    parent: Option<&Target>,
    schema: &mut Schema,
    diags: &mut Diagnostics,
) {
    let Some(name) = text_arg(node, 0) else {
        diags.push(
            Diagnostic::error("bad-target", node.name.span, "without a name", "a target needs a name")
                .help("write `target \"programs.name\" { ... }`"),
        );
        return;
    };
    check_props(node, &["package", "os", "always", "scope"], "target", diags);
    let path = parent.map_or_else(|| name.value.to_string(), |parent| join(&parent.path, &name.value));
    let scope = match parent {
        Some(parent) => parent.scope,
        None => scope_prop(node, diags),
    };
    let os: Vec<Arc<str>> = match (text_prop(node, "os"), parent) {
        (Some(os), _) => os.value.split_whitespace().map(Arc::from).collect(),
        (None, Some(parent)) => parent.os.clone(),
        (None, None) => Vec::new(),
    };
    let always = bool_prop(node, "always", diags);
    let mut target = Target {
        path: path.as_str().into(),
        doc: String::new(),
        url: String::new(),
        os,
        always,
        scope,
        parent: parent.map(|parent| parent.path.clone()),
        statements: [].into(),
        span: name.span,
    };
    let mut group = Group { path: path.as_str().into(), ..Group::default() };
    let mut statements = Vec::new();
    let mut nested = Vec::new();
    if !always {
        implied(&mut group, "enable", Type::Bool, Scalar::Bool(false), &target, "Whether to set this up.");
    }
    if let Some(package) = node.prop("package") {
        let ty = Type::Nullable(Arc::new(Type::Package));
        let doc = "The package that brings it; `#null` installs none.";
        implied(&mut group, "package", ty, package.value.data.clone(), &target, doc);
        statements.push(package_statement(package));
    }
    for child in node.children() {
        match &*child.name.value {
            "doc" => {
                target.doc = text_arg(child, 0).map(|doc| doc.value.to_string()).unwrap_or_default();
                target.url = text_prop(child, "url").map(|url| url.value.to_string()).unwrap_or_default();
            }
            "option" => {
                let context = Context { target: &target.path, scope, inside: &target.path };
                option(child, &context, &mut group, diags);
            }
            "target" => nested.push(child),
            "shell-init" => shell_init(child, &target, &mut group, &mut statements, diags),
            _ => statements.push(child.clone()),
        }
    }
    check_statements(&statements, &group, diags);
    alias_keys(&mut group);
    target.statements = statements.into();
    let target = Arc::new(target);
    group.target = Some(target.clone());
    schema.targets.push(target.clone());
    if Arc::make_mut(&mut schema.root).insert(&path, Place::Group(Arc::new(group))).is_err() {
        diags.push(Diagnostic::error(
            "declared-twice",
            name.span,
            "declared here again",
            format!("there is a `{path}` already"),
        ));
    }
    for child in nested {
        declare_target(child, Some(&target), schema, diags);
    }
}

/// Whether a name is a statement of the target language.
pub fn is_statement(name: &str) -> bool {
    STATEMENTS.contains(&name)
}

fn check_statements(statements: &[Node], group: &Group, diags: &mut Diagnostics) {
    for node in statements {
        let name = &*node.name.value;
        if is_statement(name) || group.find(name).is_some() {
            continue;
        }
        let known = STATEMENTS.iter().copied().chain(group.names());
        diags.push(
            Diagnostic::error(
                "unknown-statement",
                node.name.span,
                "neither a statement nor an option of this target",
                format!("a target has no statement `{name}`"),
            )
            .maybe_help(nearest(name, known).map(|near| format!("did you mean `{near}`?"))),
        );
    }
}

/// Declares a user's own `option` node.
pub fn own_option(node: &Node, schema: &mut Schema, diags: &mut Diagnostics) {
    let scope = scope_prop(node, diags);
    let context = Context { target: &"".into(), scope, inside: &"".into() };
    option(node, &context, Arc::make_mut(&mut schema.root), diags);
}

struct Context<'a> {
    target: &'a Arc<str>,
    scope: Scope,
    /// The dotted path that declared names are below.
    inside: &'a Arc<str>,
}

/// Declares the names of an `option` node in a group.
fn option(node: &Node, context: &Context<'_>, group: &mut Group, diags: &mut Diagnostics) {
    check_props(node, OPTION_PROPS, "option", diags);
    let names: Vec<Name> = node.args().filter_map(|entry| as_text(&entry.value)).collect();
    if names.is_empty() {
        diags.push(
            Diagnostic::error("bad-option", node.name.span, "without a name", "an option needs a name")
                .help("write `option \"name\" type=\"string\"`"),
        );
    }
    for name in names {
        if !valid_name(&name.value) {
            diags.push(
                Diagnostic::error(
                    "bad-option",
                    name.span,
                    "not a name for an option",
                    format!("`{}` cannot name an option", name.value),
                )
                .help("use letters, digits and `-`, with `.` between groups"),
            );
            continue;
        }
        if RESERVED.contains(&&*name.value) {
            diags.push(Diagnostic::error(
                "bad-option",
                name.span,
                "a word of the language",
                format!("an option cannot be called `{}`", name.value),
            ));
            continue;
        }
        let inner: Vec<&Node> =
            node.children().iter().filter(|child| &*child.name.value == "option").collect();
        let is_group = node.prop("type").is_none()
            && node.prop("default").is_none()
            && !inner.is_empty();
        if is_group {
            for child in inner {
                let prefixed = prefixed(child, &name.value);
                option(&prefixed, context, group, diags);
            }
            continue;
        }
        let Some(decl) = declaration(node, &name, context, diags) else { continue };
        if let Err(old) = group.insert(&name.value, Place::Option(Arc::new(decl))) {
            let mut problem = Diagnostic::error(
                "declared-twice",
                name.span,
                "declared here again",
                format!("`{}` is declared already", join(context.inside, &name.value)),
            );
            if let Place::Option(old) = old {
                problem = problem.also(old.span, "first declared here");
            }
            diags.push(problem);
        }
    }
}

/// The same option, its names below a group.
fn prefixed(node: &Node, prefix: &str) -> Node {
    let mut node = node.clone();
    for entry in node.entries.iter_mut().filter(|entry| entry.name.is_none()) {
        if let Scalar::String(text) = &mut entry.value.data {
            *text = join(prefix, text).into();
        }
    }
    node
}

fn declaration(
    node: &Node,
    name: &Name,
    context: &Context<'_>,
    diags: &mut Diagnostics,
) -> Option<OptionDecl> {
    let child = |wanted: &str| node.children().iter().find(|child| &*child.name.value == wanted);
    let default = match (node.prop("default"), child("default")) {
        (Some(entry), _) => Some(Fallback::Value(entry.value.clone())),
        (None, Some(child)) => Some(Fallback::Node(child.clone())),
        (None, None) => None,
    };
    let said = text_prop(node, "type");
    let mut kind = Kind::Plain;
    let path: Arc<str> = join(context.inside, &name.value).into();
    let ty = match said.as_ref().map(|said| &*said.value) {
        Some("keyed") => {
            kind = Kind::Keyed(Arc::new(body(node, &path, context, diags)));
            Type::Map(Arc::new(Type::Settings))
        }
        Some("list") => {
            kind = Kind::Items(Arc::new(body(node, &path, context, diags)));
            Type::List(Arc::new(Type::Settings))
        }
        Some(text) => match Type::parse(text) {
            Ok(ty) => ty,
            Err(reason) => {
                let span = said.as_ref().map_or(name.span, |said| said.span);
                diags.push(Diagnostic::error("bad-type", span, "not a type", reason));
                return None;
            }
        },
        None => match default.as_ref().and_then(type_of) {
            Some(ty) => ty,
            None => {
                diags.push(
                    Diagnostic::error(
                        "bad-option",
                        name.span,
                        "of no known type",
                        format!("the option `{path}` needs a type"),
                    )
                    .help("write `type=\"string\"`, or a literal `default=` from which it follows"),
                );
                return None;
            }
        },
    };
    let keys = node
        .children()
        .iter()
        .filter(|child| &*child.name.value == "key")
        .flat_map(|child| typed_keys(child, diags))
        .collect();
    let slots_node = child("slots");
    let slots: Vec<Arc<str>> = slots_node
        .map(|slots| slots.args().filter_map(|entry| as_text(&entry.value)).map(|n| n.value).collect())
        .unwrap_or_default();
    let default_slot = slots_node
        .and_then(|slots| text_prop(slots, "default"))
        .and_then(|wanted| slots.iter().position(|slot| *slot == wanted.value))
        .unwrap_or(0);
    for other in node.children() {
        let known = ["option", "default", "key", "slots", "rest", "example", "let", "when", "for", "assert"];
        let own = matches!(kind, Kind::Keyed(_) | Kind::Items(_));
        if !known.contains(&&*other.name.value) && !own {
            diags.push(
                Diagnostic::error(
                    "bad-option",
                    other.name.span,
                    "not part of an option",
                    format!("an option takes no `{}`", other.name.value),
                )
                .maybe_help(
                    nearest(&other.name.value, known).map(|near| format!("did you mean `{near}`?")),
                ),
            );
        }
    }
    Some(OptionDecl {
        path,
        ty,
        kind,
        default,
        into: text_prop(node, "into").map(|into| {
            let last = name.value.rsplit('.').next().unwrap_or(&name.value);
            into.value.split('.').map(|part| part.replace("{name}", last).into()).collect()
        }),
        argument: node.prop("argument").and_then(|entry| match entry.value.data {
            Scalar::Bool(true) => Some(1),
            Scalar::Int(n) => usize::try_from(n).ok(),
            _ => None,
        }),
        as_name: text_prop(node, "as").map(|name| name.value),
        slots,
        default_slot,
        keys,
        required: bool_prop(node, "required", diags),
        internal: bool_prop(node, "internal", diags),
        scope: context.scope,
        doc: text_prop(node, "doc").map(|doc| doc.value.to_string()).unwrap_or_default(),
        example: text_prop(node, "example").map(|text| text.value.to_string()),
        hm: text_prop(node, "hm")
            .map(|hm| hm.value.split_whitespace().map(str::to_owned).collect())
            .unwrap_or_default(),
        target: context.target.clone(),
        span: name.span,
    })
}

/// The body of a keyed or list submodule.
fn body(node: &Node, path: &Arc<str>, context: &Context<'_>, diags: &mut Diagnostics) -> Body {
    let mut group = Group { path: path.clone(), ..Group::default() };
    let mut rest = None;
    let mut statements = Vec::new();
    let inner = Context { target: context.target, scope: context.scope, inside: path };
    for child in node.children() {
        match &*child.name.value {
            "option" => option(child, &inner, &mut group, diags),
            "rest" => {
                let name = Spanned { value: "rest".into(), span: child.name.span };
                rest = declaration(child, &name, &inner, diags).map(Arc::new);
            }
            "example" | "default" => {}
            _ => statements.push(child.clone()),
        }
    }
    Body { group: Arc::new(group), rest, statements: statements.into() }
}

fn typed_keys(node: &Node, diags: &mut Diagnostics) -> Vec<TypedKey> {
    check_props(node, &["type", "doc"], "key", diags);
    let Some(said) = text_prop(node, "type") else {
        diags.push(Diagnostic::error(
            "bad-option",
            node.name.span,
            "without a type",
            "a typed key needs a type",
        ));
        return Vec::new();
    };
    let ty = match Type::parse(&said.value) {
        Ok(ty) => ty,
        Err(reason) => {
            diags.push(Diagnostic::error("bad-type", said.span, "not a type", reason));
            return Vec::new();
        }
    };
    let doc = text_prop(node, "doc").map(|doc| doc.value.to_string()).unwrap_or_default();
    node.args()
        .filter_map(|entry| as_text(&entry.value))
        .map(|pattern| TypedKey {
            pattern: pattern.value.split('.').map(Arc::from).collect(),
            ty: ty.clone(),
            doc: doc.clone(),
            alias: None,
        })
        .collect()
}

/// Makes each `into` option and its leaf of settings one option with two spellings.
fn alias_keys(group: &mut Group) {
    let mut aliases: Vec<(Arc<str>, TypedKey)> = Vec::new();
    collect_aliases(group, &mut aliases);
    for (settings, key) in aliases {
        if let Some(Place::Option(decl)) = group.places.get_mut(&settings) {
            Arc::make_mut(decl).keys.insert(0, key);
        }
    }
}

fn collect_aliases(group: &Group, aliases: &mut Vec<(Arc<str>, TypedKey)>) {
    for place in group.places.values() {
        match place {
            Place::Group(inner) => collect_aliases(inner, aliases),
            Place::Option(decl) => {
                let Some((settings, way)) = decl.into.as_ref().and_then(|way| way.split_first())
                else {
                    continue;
                };
                aliases.push((
                    settings.clone(),
                    TypedKey {
                        pattern: way.to_vec(),
                        ty: decl.ty.clone(),
                        doc: decl.doc.clone(),
                        alias: Some(decl.path.clone()),
                    },
                ));
            }
        }
    }
}

fn type_of(default: &Fallback) -> Option<Type> {
    let Fallback::Value(value) = default else { return None };
    if marks::read(value.ty.as_ref()).0.compute.is_some() {
        return None;
    }
    match &value.data {
        Scalar::Bool(_) => Some(Type::Bool),
        Scalar::Int(_) => Some(Type::Int(None, None)),
        Scalar::Float(_) => Some(Type::Float(None, None)),
        Scalar::String(_) => Some(Type::String),
        Scalar::Null => None,
    }
}

/// An option that a target has without saying so.
fn implied(group: &mut Group, name: &str, ty: Type, default: Scalar, target: &Target, doc: &str) {
    let decl = OptionDecl {
        path: join(&target.path, name).into(),
        ty,
        kind: Kind::Plain,
        default: Some(Fallback::Value(Value { ty: None, data: default, span: target.span })),
        into: None,
        argument: None,
        as_name: None,
        slots: Vec::new(),
        default_slot: 0,
        keys: Vec::new(),
        required: false,
        internal: false,
        scope: target.scope,
        doc: doc.to_owned(),
        example: None,
        hm: Vec::new(),
        target: target.path.clone(),
        span: target.span,
    };
    // A target may declare it itself: then that one counts.
    let _taken = group.insert(name, Place::Option(Arc::new(decl)));
}

/// `when expr="package" { set { home.packages (expr)"package" } }`
fn package_statement(package: &Entry) -> Node {
    let span = package.span;
    let add = node(PACKAGES, vec![arg("package", Some("expr"), span)], None, span);
    let set = node("set", Vec::new(), Some(vec![add]), span);
    node("when", vec![prop("expr", "package", span)], Some(vec![set]), span)
}

/// `shell-init bash="..." slot="..."`: each property adds to `programs.NAME.init`, under a switch
/// of its own.
fn shell_init(
    said: &Node,
    target: &Target,
    group: &mut Group,
    statements: &mut Vec<Node>,
    diags: &mut Diagnostics,
) {
    let slot = said.prop("slot");
    let order = said.ty.clone();
    for (shell, entry) in said.props().filter(|(name, _)| &*name.value != "slot") {
        let name = format!("enable-{}-integration", shell.value);
        let doc = format!("Whether to hook it into {}.", shell.value);
        implied(group, &name, Type::Bool, Scalar::Bool(true), target, &doc);
        let mut value = entry.clone();
        value.name = None;
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

fn node(name: &str, entries: Vec<Entry>, children: Option<Vec<Node>>, span: Span) -> Node {
    Node { ty: None, name: Spanned { value: name.into(), span }, entries, children, span }
}

fn arg(text: &str, ty: Option<&str>, span: Span) -> Entry {
    let ty = ty.map(|ty| Spanned { value: ty.into(), span });
    Entry { name: None, value: Value { ty, data: Scalar::String(text.into()), span }, span }
}

fn prop(name: &str, text: &str, span: Span) -> Entry {
    Entry { name: Some(Spanned { value: name.into(), span }), ..arg(text, None, span) }
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
                .help(match nearest(&name.value, known.iter().copied()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("it takes {}", known.join(", ")),
                }),
            );
        }
    }
}

fn bool_prop(node: &Node, name: &str, diags: &mut Diagnostics) -> bool {
    match node.prop(name).map(|entry| (&entry.value.data, entry.span)) {
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
                .help("write `#true`"),
            );
            false
        }
    }
}

fn valid_name(name: &str) -> bool {
    !name.is_empty()
        && name.split('.').all(|part| {
            !part.is_empty()
                && part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
        })
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
