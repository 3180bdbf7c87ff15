//! `option` nodes.

use std::sync::Arc;

use ecow::EcoString;

use super::{RESERVED, TOP_LEVEL, as_text, bool_prop, check_props, text_prop};
use crate::diag::{Diagnostic, Diagnostics, Span, Spanned, nearest};
use crate::schema::keys::Keys;
use crate::schema::option::{Body, Docs, Fallback, Kind, OptionDecl, Rare, Scope, TypedKey};
use crate::schema::types::{BadType, Type};
use crate::schema::{Group, Place, join};
use crate::syntax::marks;
use crate::syntax::tree::{Name, Node, Scalar, Value};
use crate::value::{Data, Typed};

pub(super) const OPTION_PROPS: &[&str] = &[
    "type", "default", "into", "argument", "example", "doc", "hm", "required", "internal", "as",
    "scope", "like",
];

pub(super) struct Context<'a> {
    pub(super) target: &'a EcoString,
    pub(super) scope: Scope,
    /// The dotted path that declared names are below.
    pub(super) inside: &'a EcoString,
}

/// Declares the names of an `option` node in a group.
pub(super) fn option(
    node: &Node,
    context: &Context<'_>,
    group: &mut Group,
    diags: &mut Diagnostics,
) {
    check_props(node, OPTION_PROPS, "option", diags);
    if let Some(entry) = node.prop("scope").filter(|_| !context.target.is_empty()) {
        let problem = Diagnostic::error(
            "bad-option",
            entry.span,
            "not here",
            "the options of a target are of its scope",
        );
        diags.push(problem.help("say `scope` of the target, or declare the option beside it"));
    }
    let names = || node.args().filter_map(|entry| as_text(&entry.value));
    if names().next().is_none() {
        diags.push(
            Diagnostic::error(
                "bad-option",
                node.name.span,
                "without a name",
                "an option needs a name",
            )
            .help("write `option \"name\" type=\"string\"`"),
        );
    }
    for name in names() {
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
        let first = context.inside.is_empty().then(|| name.value.split('.').next()).flatten();
        let top_level = first.filter(|first| TOP_LEVEL.contains(first));
        if let Some(word) = name.value.split('.').find(|part| RESERVED.contains(part)).or(top_level)
        {
            diags.push(
                Diagnostic::error(
                    "bad-option",
                    name.span,
                    "a word of the language",
                    format!("no part of an option's name can be `{word}`"),
                )
                .help(format!(
                    "take another word, such as `{}`",
                    name.value.replace(word, &format!("{word}-it"))
                )),
            );
            continue;
        }
        let inner: Vec<&Node> =
            node.children().iter().filter(|child| &*child.name.value == "option").collect();
        let is_group =
            node.prop("type").is_none() && node.prop("default").is_none() && !inner.is_empty();
        if is_group {
            for child in inner {
                let prefixed = prefixed(child, &name.value);
                option(&prefixed, context, group, diags);
            }
            continue;
        }
        let Some(decl) = declaration(node, &name, context, diags) else { continue };
        if let Err(old) = group.insert(&name.value, Place::Option(Arc::new(decl))) {
            diags.push(again(&join(context.inside, &name.value), name.span, &old));
        }
    }
}

/// An option's name is taken.
pub(super) fn again(path: &str, span: Span, old: &Place) -> Diagnostic {
    let message = format!("`{path}` is declared already");
    let problem = Diagnostic::error("declared-twice", span, "declared here again", message);
    match old {
        Place::Option(old) => problem.also(old.span, "first declared here"),
        Place::Group(_) => problem,
    }
}

/// The same option, its names below a group.
pub(super) fn prefixed(node: &Node, prefix: &str) -> Node {
    let mut node = node.clone();
    for entry in node.entries.make_mut().iter_mut().filter(|entry| entry.name.is_none()) {
        if let Scalar::String(text) = &mut entry.value.data {
            *text = join(prefix, text);
        }
    }
    node
}

pub(super) fn declaration(
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
    let path = join(context.inside, &name.value);
    let ty = match said.as_ref().map(|said| &*said.value) {
        Some(text @ ("list" | "keyed"))
            if node
                .children()
                .iter()
                .all(|child| &*child.name.value != "option" && &*child.name.value != "rest") =>
        {
            let span = said.as_ref().map_or(name.span, |said| said.span);
            let (what, plain) =
                if text == "list" { ("items", "list") } else { ("items by name", "map") };
            diags.push(
                Diagnostic::error("bad-type", span, "without `option` below", format!("`{text}` is {what} with options of their own, and has none"))
                    .help(format!("write `type=\"{plain}<string>\"` for plain values, or give it `option` children")),
            );
            anything()
        }
        Some("keyed") => {
            let inner = node.children().iter().filter(|child| &*child.name.value == "option");
            for entry in inner.filter_map(|child| child.prop("argument")) {
                let first = match entry.value.data {
                    Scalar::Bool(first) => first,
                    Scalar::Int(n) => n.get() <= 1,
                    _ => false,
                };
                if first {
                    diags.push(
                        Diagnostic::error(
                            "bad-option",
                            entry.value.span,
                            "taken by the key",
                            "the first argument of a keyed option is its key",
                        )
                        .write(entry.value.span, "2"),
                    );
                }
            }
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
                diags.push(bad_type(text, span, reason));
                anything()
            }
        },
        // A misspelt property was said, and may have been the type.
        None if node.props().any(|(name, _)| !OPTION_PROPS.contains(&&*name.value)) => anything(),
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
                anything()
            }
        },
    };
    if let Some(Fallback::Value(value)) =
        default.as_ref().filter(|_| said.is_some() && matches!(kind, Kind::Plain))
    {
        check_default(value, &ty, &path, diags);
    }
    let keys = node
        .children()
        .iter()
        .filter(|child| &*child.name.value == "key")
        .flat_map(|child| typed_keys(child, diags))
        .collect();
    let slots_node = child("slots");
    let slots: Vec<EcoString> = slots_node
        .map(|slots| {
            slots.args().filter_map(|entry| as_text(&entry.value)).map(|n| n.value).collect()
        })
        .unwrap_or_default();
    let wanted = slots_node.and_then(|slots| text_prop(slots, "default"));
    let default_slot = wanted
        .as_ref()
        .map_or(Some(0), |wanted| slots.iter().position(|slot| *slot == wanted.value));
    if let (None, Some(wanted)) = (default_slot, &wanted) {
        diags.push(
            Diagnostic::error(
                "bad-option",
                wanted.span,
                "not a slot",
                format!("`{}` is none of the slots", wanted.value),
            )
            .help(format!("they are {}", slots.join(", ")))
            .meant(
                wanted.span,
                nearest(&wanted.value, slots.iter().map(|slot| &**slot)).map(crate::value::quote),
            ),
        );
    }
    let default_slot = default_slot.unwrap_or(0);
    for other in node.children() {
        let known = [
            "option", "default", "key", "slots", "rest", "example", "let", "when", "for", "assert",
        ];
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
        path: String::from(path).into(),
        ty,
        kind,
        default: default.map(Box::new),
        rare: Rare {
            into: text_prop(node, "into").map(|into| {
                let last = name.value.rsplit('.').next().unwrap_or(&name.value);
                into.value.split('.').map(|part| part.replace("{name}", last).into()).collect()
            }),
            argument: node.prop("argument").and_then(|entry| match entry.value.data {
                Scalar::Bool(true) => Some(1),
                Scalar::Int(n) => usize::try_from(n.get()).ok(),
                _ => None,
            }),
            as_name: text_prop(node, "as").map(|name| name.value),
            slots,
            default_slot,
            keys: Keys::Said(keys),
        }
        .boxed(),
        required: bool_prop(node, "required", diags),
        internal: bool_prop(node, "internal", diags),
        scope: context.scope,
        docs: docs(node),
        hm: String::from(hm_names(node, name)).into(),
        target: context.target.clone(),
        span: name.span,
    })
}

/// What an `option` node says to people.
fn docs(node: &Node) -> Option<Box<Docs>> {
    let (doc, example) = (text_prop(node, "doc"), text_prop(node, "example"));
    (doc.is_some() || example.is_some()).then(|| {
        let doc = doc.map(|doc| doc.value).unwrap_or_default();
        Box::new(Docs { doc, example: example.map(|text| text.value) })
    })
}

/// Home Manager's names of an option. Of several that are declared together each has its own, if
/// there are as many.
fn hm_names(node: &Node, name: &Name) -> EcoString {
    let said = text_prop(node, "hm").map(|hm| hm.value).unwrap_or_default();
    let mut all = said.split_whitespace();
    let names = || node.args().filter_map(|entry| as_text(&entry.value));
    if !said.contains(' ') || all.clone().count() != names().count() {
        return said;
    }
    let at = names().position(|own| own.value == name.value);
    at.and_then(|at| all.nth(at)).map(EcoString::from).unwrap_or(said)
}

/// A type that cannot be read. A name in it that is near one is replaced.
fn bad_type(text: &str, span: Span, reason: BadType) -> Diagnostic {
    let problem = Diagnostic::error("bad-type", span, "not a type", reason.message);
    match reason.near {
        Some((wrong, near)) => {
            problem.meant(span, Some(crate::value::quote(&text.replacen(&wrong, near, 1))))
        }
        None => problem.maybe_help(reason.help),
    }
}

/// What an option holds whose type is in error: whatever is said, so that nothing more is.
fn anything() -> Type {
    let list = Type::List(Arc::new(Type::Scalar));
    Type::Nullable(Arc::new(Type::Union(vec![Type::Scalar, list, Type::Settings])))
}

/// A literal default is of the option's type.
fn check_default(value: &Value, ty: &Type, path: &str, diags: &mut Diagnostics) {
    if marks::read(value.ty.as_deref()).0.compute.is_some() {
        return;
    }
    let data = value.data.data();
    let element = match ty.inner() {
        Type::List(inner) if data != Data::Null => inner,
        _ => ty,
    };
    if let Err(mismatch) = element.check(Typed::at(data, value.span)) {
        let mut problem = mismatch.at(path, value.span, "");
        problem.message = format!("the default of {}", problem.message);
        diags.push(problem);
    }
}

/// The body of a keyed or list submodule.
pub(super) fn body(
    node: &Node,
    path: &EcoString,
    context: &Context<'_>,
    diags: &mut Diagnostics,
) -> Body {
    let mut group = Group { path: path.to_string().into(), ..Group::default() };
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

/// The keys that a `key` node types. Its names are split at their dots, unless they are `whole`; a
/// `key` around others, and those, name one level as it stands: `key "com.apple.dock" { key "autohide" type="bool" }`.
pub(super) fn typed_keys(node: &Node, diags: &mut Diagnostics) -> Vec<TypedKey> {
    named_keys(node, false, diags)
}

fn named_keys(node: &Node, whole: bool, diags: &mut Diagnostics) -> Vec<TypedKey> {
    check_props(node, &["type", "doc", "whole"], "key", diags);
    let whole = bool_prop(node, "whole", diags) || whole;
    if !node.children().is_empty() {
        let mut inner = Vec::new();
        for child in node.children() {
            if &*child.name.value == "key" {
                inner.extend(named_keys(child, true, diags));
            } else {
                let message = format!("a key takes no `{}`", child.name.value);
                let problem =
                    Diagnostic::error("bad-option", child.name.span, "not part of a key", message);
                diags.push(problem.help("write `key \"name\" type=\"bool\"`"));
            }
        }
        let names: Vec<Name> = node.args().filter_map(|entry| as_text(&entry.value)).collect();
        let below = |first: &Name, (at, key): (usize, &TypedKey)| TypedKey {
            pattern: [&[EcoString::clone(&first.value)], &*key.pattern].concat(),
            // The other spellings are not listed again.
            doc: if at == 0 { key.doc.clone() } else { EcoString::new() },
            ..key.clone()
        };
        return (names.iter().enumerate())
            .flat_map(|(at, first)| inner.iter().map(move |key| below(first, (at, key))))
            .collect();
    }
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
            diags.push(bad_type(&said.value, said.span, reason));
            return Vec::new();
        }
    };
    let doc = text_prop(node, "doc").map(|doc| doc.value).unwrap_or_default();
    node.args()
        .filter_map(|entry| as_text(&entry.value))
        .map(|pattern| TypedKey {
            pattern: if whole {
                vec![pattern.value]
            } else {
                pattern.value.split('.').map(EcoString::from).collect()
            },
            ty: ty.clone(),
            doc: doc.clone(),
            alias: None,
        })
        .collect()
}

pub(super) fn type_of(default: &Fallback) -> Option<Type> {
    let Fallback::Value(value) = default else { return None };
    if marks::read(value.ty.as_deref()).0.compute.is_some() {
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

pub(super) fn valid_name(name: &str) -> bool {
    !name.is_empty()
        && name.split('.').count() <= 16
        && name.split('.').all(|part| {
            !part.is_empty()
                && part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
        })
}
