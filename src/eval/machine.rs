//! What an expression may ask about packages: how a host's manager calls them and where it puts
//! them. The table is `templates/tables/managers.kdl`.

use ecow::EcoString;
use std::sync::OnceLock;

use minijinja::{Error, ErrorKind, Value as Jinja};

use super::Eval;
use super::facts::HostFacts;
use crate::schema::library;
use crate::syntax::tree::{Node, Scalar};

/// A package manager: which hosts have it, and where it puts things.
#[derive(Debug)]
struct Manager {
    name: EcoString,
    guards: Vec<(EcoString, Vec<EcoString>)>,
    prefix: EcoString,
}

fn managers() -> &'static [Manager] {
    static MANAGERS: OnceLock<Vec<Manager>> = OnceLock::new();
    MANAGERS.get_or_init(|| library::table("managers").iter().filter_map(read).collect())
}

fn read(node: &Node) -> Option<Manager> {
    Some(Manager {
        name: arguments(node).first().cloned()?,
        guards: node
            .children()
            .iter()
            .map(|child| (child.name.value.clone(), arguments(child)))
            .collect(),
        prefix: crate::schema::declare::text_prop(node, "prefix")
            .map(|text| text.value)
            .unwrap_or_default(),
    })
}

fn arguments(node: &Node) -> Vec<EcoString> {
    node.args()
        .filter_map(|entry| match &entry.value.data {
            Scalar::String(text) => Some(text.clone()),
            _ => None,
        })
        .collect()
}

fn of(host: &HostFacts) -> Option<&'static Manager> {
    managers().iter().find(|manager| {
        manager.guards.iter().all(|(fact, values)| {
            let own = match fact.as_str() {
                "os" => host.os.as_deref(),
                "distro" => host.distro.as_deref(),
                "arch" => host.arch.as_deref(),
                _ => None,
            };
            own.is_some_and(|own| values.iter().any(|value| value == own))
        })
    })
}

/// The manager of a host, by name; empty if none is known.
pub fn manager(host: &HostFacts) -> &'static str {
    of(host).map_or("", |manager| &manager.name)
}

/// How a host's manager calls a package: distributions with the same manager may differ.
pub fn package_name(host: &HostFacts, package: &str) -> String {
    let distro = host.distro.as_deref().and_then(|distro| named(distro, package));
    distro.or_else(|| named(manager(host), package)).unwrap_or_else(|| package.to_owned())
}

/// The command that a package brings, by its common name; none for a name that also says a version
/// or where the package is found: that one is asked for and no other.
pub fn command(package: &str) -> Option<String> {
    let plain = !package.contains(['=', ':', '/', '@', '#', '<', '>', '~']);
    plain.then(|| named(COMMAND, package).unwrap_or_else(|| package.to_owned()))
}

/// What stands in the table's rows where else a manager does.
const COMMAND: &str = "command";

/// How a manager, or a distribution, calls a package, if the table says so.
fn named(who: &str, package: &str) -> Option<String> {
    library::package_name(package, who).map(str::to_owned)
}

/// `bin('zsh')`, `share('zsh/x')`, `manager()`, `package_name('fd')`, `named('firefox', 'cask')`,
/// `absolute('~/x')`.
pub fn function(eval: &Eval, name: &str) -> Option<Jinja> {
    let host = &eval.shared.host;
    let text = |args: &[Jinja]| -> Result<String, Error> {
        args.first()
            .and_then(|arg| arg.as_str().map(str::to_owned))
            .ok_or_else(|| Error::new(ErrorKind::MissingArgument, "it takes one text"))
    };
    match name {
        "bin" | "share" => {
            let folder = if name == "bin" { "bin" } else { "share" };
            let prefix = of(host).map_or("/usr", |manager| manager.prefix.as_str());
            Some(Jinja::from_function(move |args: minijinja::value::Rest<Jinja>| {
                text(&args).map(|name| format!("{prefix}/{folder}/{name}"))
            }))
        }
        // For readers that do not know `~`; the machine's scope has no home.
        "absolute" => {
            let home = eval.shared.user.as_ref().map(|user| user.home.clone());
            Some(Jinja::from_function(move |path: Jinja| match (&home, path.as_str()) {
                (Some(home), Some("~")) => Jinja::from(home.as_ref() as &str),
                (Some(home), Some(text)) => text
                    .strip_prefix("~/")
                    .map_or_else(|| path.clone(), |rest| Jinja::from(format!("{home}/{rest}"))),
                _ => path,
            }))
        }
        "enabled" => {
            // A target that nobody mentions is not loaded, and not enabled.
            let me = eval.handle;
            Some(Jinja::from_function(move |args: minijinja::value::Rest<Jinja>| {
                let path = text(&args)?;
                let Some(eval) = me.eval() else { return Ok(false) };
                let targets = &eval.shared.schema.targets;
                let target = targets.iter().find(|target| *target.path == *path);
                Ok::<bool, Error>(target.is_some_and(|target| eval.enabled(target) == Ok(true)))
            }))
        }
        "manager" => {
            let manager = manager(host);
            Some(Jinja::from_function(move || manager))
        }
        "named" => Some(Jinja::from_function(|package: String, manager: String| {
            named(&manager, &package).map_or_else(|| Jinja::from(()), Jinja::from)
        })),
        "package_name" => {
            let host = host.clone();
            Some(Jinja::from_function(move |args: minijinja::value::Rest<Jinja>| {
                text(&args).map(|name| package_name(&host, &name))
            }))
        }
        _ => None,
    }
}

/// The functions, for checking names.
pub const FUNCTIONS: &[&str] = &[
    "enabled",
    "absolute",
    "bin",
    "share",
    "manager",
    "package_name",
    "named",
    "range",
    "dict",
    "namespace",
    "debug",
];
