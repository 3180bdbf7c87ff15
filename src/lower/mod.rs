//! The statements of targets, in their instances, to the IR.
//!
//! Handed an [`Eval`], hands on a [`Document`]. What a format cannot hold, and paths that cannot
//! be, are said here at the place that the user wrote. Writes nothing.

mod check;
mod clash;
mod content;
mod file;
mod order;
mod path;
mod plain;
mod policy;
mod source;

pub use check::one_user;

use std::cell::OnceCell;
use std::rc::Rc;

use ecow::EcoString;
use foldhash::HashSet;

use crate::diag::{Diagnostic, Span};
use crate::emit;
use crate::eval::arena::{EnvId, Output, Raw, SlotId};
use crate::eval::collect::{Collector, Ctx, string};
use crate::eval::{Eval, Poisoned};
use crate::ir::{
    Action, Document, Host, Install, Origin, Origins, Package, Preference, Unit, User, VERSION,
    Value,
};
use crate::syntax::marks::{self, Compute};
use crate::syntax::tree::{Entry, Node};
use crate::value::{Data, Places, Typed};
use order::Placed;

/// All that one evaluation comes to. Problems are left in `eval`.
pub fn lower(eval: &Rc<Eval>) -> Document {
    let facts = &eval.shared.host;
    let mut document = Document {
        version: VERSION,
        host: Host {
            name: facts.name.clone(),
            os: facts.os.clone(),
            distro: facts.distro.clone(),
            arch: facts.arch.clone(),
            wsl: facts.wsl,
        },
        user: eval
            .shared
            .user
            .as_ref()
            .map(|user| User { name: user.name.clone(), home: user.home.clone() }),
        files: Vec::new(),
        packages: Vec::new(),
        units: Vec::new(),
        defaults: Vec::new(),
        actions: Vec::new(),
        policy: policy::policy(eval),
    };
    let install_default = document.policy.install_default;
    let mut places = Vec::new();
    let mut preferences = Vec::new();
    let mut packages = HashSet::default();
    let mut actions = Vec::new();
    let outputs = eval.outputs();
    document.files.reserve(outputs.len());
    for (output, envs) in outputs {
        if &*output.node.name.value == "file" {
            file::known_props(eval, &output.node);
        }
        for env in envs.iter() {
            let item = OnceCell::new();
            let statement = Statement { eval, output: &output, env: *env, install_default, item };
            // What fails has been said.
            let _said: Result<(), Poisoned> = match &*output.node.name.value {
                "file" => file::file(&statement).map(|found| {
                    if let Some((file, place)) = found {
                        document.files.push(file);
                        places.push(place);
                    }
                }),
                "package" => statement.package().map(|found| {
                    let key = |found: &Package| (found.name.clone(), found.manager.clone());
                    let new = found.filter(|found| packages.insert(key(found)));
                    document.packages.extend(new);
                }),
                "unit" => statement.unit().map(|unit| document.units.push(unit)),
                "defaults" => statement.defaults().map(|list| preferences.extend(list)),
                "activation" => statement.action().map(|action| actions.push(action)),
                _ => Ok(()),
            };
        }
    }
    check::files(eval, &mut document, &places);
    document.defaults = check::preferences(eval, preferences);
    document.actions = order::actions(eval, actions);
    document
}

/// The value, or the text, that a file is written from, with the place of everything in it; none
/// for a source or a link.
pub fn behind(eval: &Rc<Eval>, path: &str) -> Option<Typed> {
    at(eval, path, |statement| content::behind(statement).ok().flatten())
}

/// For each line of a file that is written from a value or a text the places behind it; none for a
/// source or a link.
pub fn line_places(eval: &Rc<Eval>, path: &str) -> Vec<Origins> {
    let found = at(eval, path, |statement| content::line_places(statement).ok().flatten());
    found.unwrap_or_default()
}

/// What the first statement that is about a file, and has an answer, comes to.
fn at<T>(eval: &Rc<Eval>, path: &str, found: impl Fn(&Statement<'_>) -> Option<T>) -> Option<T> {
    for (output, envs) in eval.outputs() {
        if &*output.node.name.value != "file" {
            continue;
        }
        for env in envs.iter() {
            let (install_default, item) = (None, OnceCell::new());
            let statement = Statement { eval, output: &output, env: *env, install_default, item };
            let Ok((said, _)) = statement.first_text() else { continue };
            if path::path(&statement, &said, statement.node().span).as_deref() == Some(path)
                && let Some(found) = found(&statement)
            {
                return Some(found);
            }
        }
    }
    None
}

/// A statement of a target in one instance.
struct Statement<'a> {
    eval: &'a Rc<Eval>,
    output: &'a Output,
    env: EnvId,
    /// How files come to stand that do not say it.
    install_default: Option<Install>,
    /// The item that the innermost loop is at, and its name, once asked for.
    item: OnceCell<Option<(EcoString, SlotId)>>,
}

impl Statement<'_> {
    fn node(&self) -> &Node {
        &self.output.node
    }

    /// The target's path.
    fn target(&self) -> EcoString {
        self.output.target.as_ref().map_or_else(|| "".into(), |target| target.path.clone())
    }

    /// An entry's value.
    fn entry(&self, entry: &Entry) -> Result<Typed, Poisoned> {
        let raw = {
            let mut state = self.eval.state();
            Collector { state: &mut state, shared: &self.eval.shared }
                .raw(&entry.value, &Ctx::top())
        };
        let (raw, span) = raw.ok_or(Poisoned)?;
        self.eval.value(&raw, span, self.env)
    }

    /// An entry of the statement itself as it will be read. What is wrong with it was said.
    fn raw(&self, entry: &Entry) -> Option<Raw> {
        let compute = marks::read(entry.value.ty.as_deref()).0.compute;
        self.eval.shared.raw(&entry.value, compute)
    }

    /// A property's value; null is as good as absent.
    fn prop(&self, name: &str) -> Result<Option<Typed>, Poisoned> {
        let Some(entry) = self.node().prop(name) else { return Ok(None) };
        let Some(raw) = self.raw(entry) else { return Ok(None) };
        // Most of what a loop over items hands on was never said of the item.
        if let Raw::Computed(Compute::Expr, text) = &raw
            && let Some((variable, field)) = text.split_once('.')
            && let Some((own, item)) = self.item.get_or_init(|| self.eval.loop_item(self.env))
            && **own == *variable
            && let Some(value) = self.eval.unsaid(*item, field)
        {
            return Ok(Some(value).filter(|value| value.data != Data::Null));
        }
        let value = self.eval.value(&raw, entry.value.span, self.env)?;
        Ok(Some(value).filter(|value| value.data != Data::Null))
    }

    /// A property that is a text.
    fn text(&self, name: &str) -> Result<Option<EcoString>, Poisoned> {
        match self.prop(name)? {
            None => Ok(None),
            Some(value) => match value.data {
                Data::String(text) => Ok(Some(text)),
                other => Err(self.wrong(name, "a text", &other)),
            },
        }
    }

    fn flag(&self, name: &str) -> Result<bool, Poisoned> {
        match self.prop(name)? {
            None => Ok(false),
            Some(value) => match value.data {
                Data::Bool(flag) => Ok(flag),
                other => Err(self.wrong(name, "a bool", &other)),
            },
        }
    }

    /// The user's place among some, if one is.
    fn users(&self, spans: &[Span]) -> Option<Span> {
        spans.iter().copied().find(|span| self.eval.is_users(span))
    }

    /// Where a property's value is said: by the user, else for the item, else in the target.
    fn place_of(&self, name: &str, fallback: Span) -> Span {
        let said = self.prop(name).ok().flatten();
        said.and_then(|value| self.users(&value.from))
            .or_else(|| self.eval.item_span(self.env))
            .or_else(|| self.node().prop(name).map(|entry| entry.value.span))
            .unwrap_or(fallback)
    }

    fn wrong(&self, name: &str, expected: &str, found: &Data) -> Poisoned {
        let span = self.node().prop(name).map_or(self.node().span, |entry| entry.span);
        self.eval.push(Diagnostic::error(
            "bad-target",
            span,
            format!("expected {expected}"),
            format!("`{name}` expects {expected}, found {}", found.describe()),
        ));
        Poisoned
    }

    /// The first argument.
    fn first(&self) -> Result<Typed, Poisoned> {
        match self.node().args().next() {
            Some(entry) => {
                let raw = self.raw(entry).ok_or(Poisoned)?;
                self.eval.value(&raw, entry.value.span, self.env)
            }
            None => {
                let name = &self.node().name;
                self.eval.push(Diagnostic::error(
                    "bad-target",
                    name.span,
                    "without an argument",
                    format!("`{}` needs an argument", name.value),
                ));
                Err(Poisoned)
            }
        }
    }

    fn first_text(&self) -> Result<(EcoString, Places), Poisoned> {
        let value = self.first()?;
        match value.data {
            Data::String(text) => Ok((text, value.from)),
            other => Err(self.wrong(&self.node().name.value.clone(), "a text", &other)),
        }
    }

    /// The value of `from`: an expression, followed with its origins where it is a mere name.
    fn from(&self, node: &Node) -> Result<Option<Typed>, Poisoned> {
        let Some((text, span)) = node.prop("from").and_then(string) else { return Ok(None) };
        let raw = Raw::Computed(Compute::Expr, text);
        self.eval.value(&raw, span, self.env).map(Some)
    }

    /// The places of the user behind a statement, or the statement itself.
    fn origins(&self, from: &[Span]) -> Vec<Origin> {
        let mut spans: Vec<Span> =
            from.iter().copied().filter(|span| self.eval.is_users(span)).collect();
        if spans.is_empty() {
            spans.extend(self.eval.item_span(self.env));
        }
        if spans.is_empty() {
            spans.extend(self.enabled_at());
        }
        if spans.is_empty() {
            spans.push(self.node().span);
        }
        origins(self.eval, &spans).into_vec()
    }

    /// Where the user enabled the target.
    fn enabled_at(&self) -> Vec<Span> {
        let Some(slot) = self.eval.enable_of(&self.target()) else {
            return Vec::new();
        };
        match self.eval.force(slot) {
            Ok(Some(value)) => {
                value.from.iter().copied().filter(|span| self.eval.is_users(span)).collect()
            }
            _ => Vec::new(),
        }
    }

    fn package(&self) -> Result<Option<Package>, Poisoned> {
        let value = self.first()?;
        let Data::String(name) = &value.data else { return Ok(None) };
        let host = &self.eval.shared.host;
        let manager = self.text("manager")?;
        let (name, command) = match &manager {
            Some(_) => (name.to_string(), None),
            None => {
                let own = crate::eval::machine::package_name(host, name);
                (own, crate::eval::machine::command(name))
            }
        };
        let manager = manager.map_or_else(
            || crate::eval::machine::manager(host).to_owned(),
            |manager| manager.to_string(),
        );
        Ok(Some(Package {
            name,
            manager,
            command,
            target: self.target(),
            origins: self.origins(&value.from),
        }))
    }

    fn unit(&self) -> Result<Unit, Poisoned> {
        let (name, from) = self.first_text()?;
        let need = |name: &str| -> Result<String, Poisoned> {
            Ok(self.text(name)?.unwrap_or_default().to_string())
        };
        let span = self.eval.item_span(self.env).unwrap_or(self.node().span);
        Ok(Unit {
            name: name.to_string(),
            manager: need("manager")?,
            file: path::path(self, &need("file")?, span).ok_or(Poisoned)?,
            domain: self.text("domain")?.map(|domain| domain.to_string()),
            origins: self.origins(&from),
        })
    }

    fn defaults(&self) -> Result<Vec<(Preference, Span)>, Poisoned> {
        let (domain, _) = self.first_text()?;
        let Some(value) = self.from(self.node())? else { return Ok(Vec::new()) };
        let Data::Map(map) = &value.data else {
            return Err(self.wrong("from", "keys and values", &value.data));
        };
        self.writable(&value)?;
        let current_host = self.flag("current-host")?;
        Ok(map
            .iter()
            .filter(|(_, value)| value.data != Data::Null)
            .map(|(key, value)| {
                let preference = Preference {
                    domain: domain.to_string(),
                    current_host,
                    key: key.to_string(),
                    value: value.to_ir(),
                    origins: self.origins(&value.from),
                };
                (preference, self.users(&value.places()).unwrap_or(self.node().span))
            })
            .collect())
    }

    /// Says what no property list can hold; a key without a value is one that is not written.
    fn writable(&self, value: &Typed) -> Result<(), Poisoned> {
        let Some(format) = emit::find("plist") else { return Ok(()) };
        let mut plain = value.to_ir();
        if let Value::Map(map) = &mut plain {
            map.retain(|_, value| *value != Value::Null);
        }
        let Err(faults) = emit::write(format, &plain, &emit::Params::default()) else {
            return Ok(());
        };
        for fault in faults {
            let at = value.origins(&fault.path).first().copied().unwrap_or(self.node().span);
            let label = "not possible in a preference";
            let problem = Diagnostic::error("not-writable", at, label, fault.message);
            self.eval.push(problem.maybe_help(fault.help));
        }
        Err(Poisoned)
    }

    fn action(&self) -> Result<Placed, Poisoned> {
        let (name, from) = self.first_text()?;
        let list = |name: &str| -> Result<Vec<String>, Poisoned> {
            Ok(match self.prop(name)?.map(|value| value.data) {
                None => Vec::new(),
                Some(Data::String(text)) => vec![text.to_string()],
                Some(Data::List(list)) => list.iter().map(|item| item.data.plain()).collect(),
                Some(other) => return Err(self.wrong(name, "names", &other)),
            })
        };
        let span = self
            .users(&from)
            .or_else(|| self.eval.item_span(self.env))
            .or_else(|| self.node().args().next().map(|entry| entry.span));
        let span = span.unwrap_or(self.node().span);
        let needs = list("needs")?;
        let mut after = list("after")?;
        // What it needs comes before it.
        let new: Vec<String> = needs.iter().filter(|name| !after.contains(name)).cloned().collect();
        after.extend(new);
        Ok(Placed {
            after: self.place_of("after", span),
            span,
            action: Action {
                name: name.to_string(),
                run: self.text("run")?.unwrap_or_default().to_string(),
                after,
                needs,
                origins: self.origins(&from),
            },
        })
    }
}

/// Spans as origins, each once, in order.
fn origins(eval: &Eval, spans: &[Span]) -> Origins {
    let mut list = Origins::new();
    let mut seen = HashSet::default();
    let mut last = None;
    // Those of one line stand together in a list that is in order.
    let is_sorted = spans.is_sorted();
    for span in spans {
        let line = eval.shared.sources.line(*span);
        if last.replace((span.source, line)) == Some((span.source, line)) {
            continue;
        }
        if is_sorted || seen.insert((span.source, line)) {
            let file = eval.shared.names.get(span.source.0 as usize);
            list.push(Origin { file: file.cloned().unwrap_or_default(), line });
        }
    }
    list
}
