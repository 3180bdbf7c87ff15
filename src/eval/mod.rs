//! The module system: definitions to typed values.
//!
//! Handed the nodes of a configuration and a [`Schema`], hands on an [`Eval`] for each host and
//! scope: values on demand, and the statements of targets in their instances. It writes nothing
//! and knows no format; what it reads of the machine was handed to it as facts.
//!
//! One way through: [`structure`] says whose definitions hold in which order, [`collect`] and
//! [`freeform`] put them into the [`arena`], [`resolve`] merges them when somebody asks.

pub mod arena;
pub mod chain;
pub mod collect;
pub mod explain;
mod expr;
pub mod facts;
mod few;
mod filters;
mod freeform;
mod handle;
pub mod interpolate;
mod items;
pub mod lint;
pub mod machine;
pub mod mistake;
mod names;
mod objects;
mod page;
pub mod program;
mod resolve;
mod simple;
pub mod slot;
pub mod structure;
mod texts;
mod tokens;

use std::cell::{Cell, RefCell, RefMut};
use std::rc::Rc;
use std::sync::Arc;

use ecow::EcoString;
use foldhash::HashMap;
use minijinja::Value as Jinja;
use smallvec::SmallVec;

pub use arena::Poisoned;
use arena::{At, BlockId, EnvId, Guard, Mention, Output, SlotId, State};
use collect::{Collector, Ctx, Program, Shared};
use handle::Handle;
use structure::{Host, User};

use crate::diag::{Diagnostic, Diagnostics, Severity, Span};
use crate::schema::option::{Fallback, Kind};
use crate::schema::places::Trait;
use crate::schema::{Place, Scope};
use crate::syntax::{edit, parse};
use crate::value::{Data, Map, Places, Typed};

/// Slots that an evaluation has room for at once: more than most need.
const SLOTS: usize = 1024;

/// The values of one host and scope.
#[derive(Debug)]
pub struct Eval {
    state: RefCell<State>,
    /// What it is about.
    pub shared: Shared,
    /// The machine's values, for a user's expressions.
    system: Option<Rc<Eval>>,
    handle: Handle,
    targets: RefCell<HashMap<String, EnvId>>,
    compiled: RefCell<expr::Compiled>,
    /// A poisoned value was read since this was last cleared.
    poison: Cell<bool>,
    /// What filters are called with, while none is.
    called: RefCell<Option<simple::Called>>,
    host: Jinja,
    user: Option<Jinja>,
    xdg: Option<Jinja>,
}

/// What is known of where a value was said.
enum Behind {
    /// There, by the user.
    Place(Span),
    /// Where this is named.
    Slot(SlotId),
}

impl Eval {
    /// Takes the definitions for a host's system, or for one of its users, in.
    pub fn new(
        program: &Arc<Program>,
        host: &Host,
        user: Option<&User>,
        system: Option<Rc<Eval>>,
    ) -> Rc<Self> {
        let scope = if user.is_some() { Scope::User } else { Scope::System };
        let shared = Shared {
            program: program.clone(),
            host: host.facts.clone(),
            user: user.map(|user| user.facts.clone()),
            scope,
            has_users: !host.users.is_empty(),
        };
        let eval = Rc::new(Self {
            state: RefCell::default(),
            host: objects::to_jinja(&host_value(&shared.host)),
            user: shared.user.as_ref().map(|user| {
                let mut map = vec![("name", string(&user.name)), ("home", string(&user.home))];
                map.extend(user.uid.map(|uid| ("uid", Data::Int(uid.into()))));
                objects::to_jinja(&object(map))
            }),
            xdg: shared.user.as_ref().map(|user| {
                let below = |path: &str| string(&format!("{}/{path}", user.home));
                objects::to_jinja(&object(vec![
                    ("config", below(".config")),
                    ("data", below(".local/share")),
                    ("state", below(".local/state")),
                    ("cache", below(".cache")),
                ]))
            }),
            shared,
            system,
            handle: Handle::new(),
            targets: RefCell::default(),
            compiled: RefCell::default(),
            poison: Cell::default(),
            called: RefCell::default(),
        });
        eval.handle.name(&eval);
        eval.collect(host, user);
        eval
    }

    fn collect(&self, host: &Host, user: Option<&User>) {
        let mut state = self.state();
        if user.is_some() {
            // Room that is not used costs nothing; to grow into it would copy all of them each time.
            state.slots.reserve(SLOTS);
            state.blocks.reserve(SLOTS / 2);
            state.envs.reserve(SLOTS / 2);
            state.defs.reserve(SLOTS);
            state.mentions.reserve(SLOTS);
        }
        let root = At::Group(self.shared.schema.root.clone());
        state.add_slot(None, "".into(), root);
        state.add_block(None, Guard::Root, None);
        state.add_env(None, State::TOP, Vec::new(), Vec::new());
        let mut collector = Collector { state: &mut state, shared: &self.shared };
        self.collect_targets(&mut collector);
        let mut diags = Diagnostics::default();
        for layer in self.shared.structure.layers(host, user, &mut diags) {
            let ctx = Ctx { live: layer.live, by_user: layer.by_user, ..Ctx::top() };
            collector.typed(layer.nodes, State::ROOT, &ctx);
        }
        state.diags.extend(diags);
        names::check(&mut state, &self.shared);
    }

    fn collect_targets(&self, collector: &mut Collector<'_>) {
        let mut blocks: HashMap<EcoString, BlockId> = HashMap::default();
        for target in &self.shared.schema.targets {
            if target.scope != self.shared.scope {
                continue;
            }
            let os = self.shared.host.os.as_ref();
            if !target.os.is_empty() && !os.is_some_and(|os| target.os.contains(os)) {
                continue;
            }
            let Some((Place::Group(group), _)) = self.shared.schema.root.find(&target.path) else {
                continue;
            };
            let mut slot = State::ROOT;
            let mut above = self.shared.schema.root.clone();
            for part in target.path.split('.') {
                let Some(Place::Group(inner)) = above.places.get(part).cloned() else { break };
                slot = collector.state.child_named(slot, part, || At::Group(inner.clone()));
                above = inner;
            }
            collector.state.targets.insert(target.path.clone(), slot);
            let parent = target.parent.as_ref().and_then(|parent| blocks.get(parent)).copied();
            let block = collector.state.add_block(
                Some(parent.unwrap_or(State::TOP)),
                Guard::Enabled(target.clone()),
                Some(target.clone()),
            );
            blocks.insert(target.path.clone(), block);
            aliases(collector, &group);
            let ctx = Ctx { block, target: Some(target.clone()), ..Ctx::top() };
            if self.is_users(&target.span) {
                defaults(collector, &group, &ctx);
            }
            collector.typed(&target.statements.clone(), slot, &ctx);
        }
    }

    /// The arena. Never held while an expression runs.
    pub fn state(&self) -> RefMut<'_, State> {
        self.state.borrow_mut()
    }

    /// Adds a problem.
    pub fn push(&self, problem: Diagnostic) {
        self.state().diags.push(problem);
    }

    /// The problems so far, taken out.
    pub fn take_diags(&self) -> Diagnostics {
        std::mem::take(&mut self.state().diags)
    }

    /// The statements of targets that make something, in order, with their instances.
    pub fn outputs(&self) -> Vec<(Output, Arc<[EnvId]>)> {
        let outputs = self.state().outputs.clone();
        self.instances_of(outputs)
    }

    fn instances_of(&self, list: Vec<Output>) -> Vec<(Output, Arc<[EnvId]>)> {
        list.into_iter()
            .filter_map(|output| {
                let envs = self.instances(output.block).ok()?;
                (!envs.is_empty()).then_some((output, envs))
            })
            .collect()
    }

    /// Reads every option that is set and whose target is enabled, so that all mistakes are found.
    pub fn force_all(&self) {
        let children: Vec<SlotId> =
            self.state().slot(State::ROOT).children.values().copied().collect();
        for child in children {
            self.force_below(child);
        }
    }

    fn force_below(&self, slot: SlotId) {
        let (at, children): (At, Vec<SlotId>) = {
            let state = self.state();
            (state.slot(slot).at.clone(), state.slot(slot).children.values().copied().collect())
        };
        match at {
            At::Group(group) => {
                if let Some(target) = &group.target
                    && target.scope == self.shared.scope
                    && self.enabled(target) != Ok(true)
                {
                    return;
                }
                for child in children {
                    self.force_below(child);
                }
            }
            At::Option(decl) if decl.scope == self.shared.scope => match &decl.kind {
                // Whether they are values or errors, they are known now.
                Kind::Keyed(_) => self.touch_items(slot),
                Kind::Plain | Kind::Items(_) => drop(self.force(slot)),
            },
            _ => {}
        }
    }

    /// Runs `assert` and `warn`; what is in error already stays silent.
    pub fn run_checks(&self) {
        let mut checks = self.state().checks.clone();
        // Each user's own run says what is about users.
        checks.retain(|check| !self.check_is_about_users(check));
        self.state().checking = true;
        for (check, envs) in self.instances_of(checks) {
            let (Some((text, span)), Some(message)) =
                (check.node.prop("expr").and_then(collect::string), check.node.prop("message"))
            else {
                continue;
            };
            let warn = &*check.node.name.value == "warn";
            for env in envs.iter() {
                let Ok(holds) = self.truth(&text, span, *env) else { continue };
                if holds != warn {
                    continue;
                }
                let mut state = self.state();
                let Some((raw, at)) = Collector { state: &mut state, shared: &self.shared }
                    .raw(&message.value, &Ctx::top())
                else {
                    continue;
                };
                drop(state);
                let Ok(message) = self.value(&raw, at, *env) else { continue };
                let item = self.blame(*env);
                let place = item.or_else(|| self.element(*env));
                let place = place.or_else(|| self.said(&text, *env));
                let enabled = || check.target.as_ref().and_then(|target| self.enabled_at(target));
                let place = place.or_else(enabled).unwrap_or(span);
                // A warning is about what somebody wrote, not about what targets tell each other;
                // and what is wrong in an item may be all that there is to warn of.
                let is_wrong = || item.is_some_and(|item| self.is_wrong_in(item));
                if warn && (!self.is_users(&place) || is_wrong()) {
                    continue;
                }
                let label = match (place == span, warn) {
                    (true, true) => "this holds",
                    (true, false) => "does not hold",
                    (false, _) => "this one",
                };
                let text = message.data.plain();
                self.push(if warn {
                    Diagnostic::warning("warned", place, label, text)
                } else {
                    Diagnostic::error("assertion", place, label, text)
                });
            }
        }
    }

    /// Whether something is wrong in the node that has a value, an item's key, at a place.
    fn is_wrong_in(&self, place: Span) -> bool {
        let state = self.state();
        let wrong = state.diags.iter().filter(|own| own.severity == Severity::Error);
        let spans = wrong.filter_map(|own| own.label.as_ref()).map(|label| label.span);
        let spans: Vec<Span> = spans.filter(|span| span.source == place.source).collect();
        if spans.is_empty() {
            return false;
        }
        let (tree, _) = parse(place.source, self.shared.sources.text(place.source));
        edit::find(&tree, place).is_some_and(|found| {
            let node = found.node.span;
            spans.iter().any(|span| node.start <= span.start && span.end <= node.end)
        })
    }

    /// Whether a check, or a guard around it, reads in the machine's scope what only a user has.
    fn check_is_about_users(&self, check: &Output) -> bool {
        if self.shared.scope == Scope::User {
            return false;
        }
        let mut texts: Vec<EcoString> = Vec::new();
        texts.extend(check.node.prop("expr").and_then(collect::string).map(|(text, _)| text));
        let mut at = Some(check.block);
        while let Some(id) = at {
            let state = self.state();
            let block = state.block(id);
            if let Guard::When(text, _) | Guard::For(_, text, _) = &block.guard {
                texts.push(text.clone());
            }
            at = block.parent;
        }
        texts.iter().any(|text| self.about_users(text).is_some())
    }

    /// The name in an expression of the machine's scope that only a user has.
    fn about_users(&self, text: &str) -> Option<String> {
        if self.shared.scope == Scope::User {
            return None;
        }
        names::ways(text).into_iter().find(|way| {
            let mut parts = way.split('.');
            match parts.next() {
                Some("user" | "xdg") => true,
                Some("config") => {
                    names::scope(&self.shared.schema.root, parts) == Some(Scope::User)
                }
                _ => false,
            }
        })
    }

    /// Where the user enabled a target.
    fn enabled_at(&self, target: &crate::schema::Target) -> Option<Span> {
        let slot = self.enable_of(&target.path)?;
        let value = self.force(slot).ok()??;
        value.from.iter().copied().find(|span| self.is_users(span))
    }

    /// Where the user said the item that an instance is about.
    fn blame(&self, env: EnvId) -> Option<Span> {
        let mut at = Some(env);
        while let Some(id) = at {
            let (behind, parent) = {
                let state = self.state();
                let own = state.env(id);
                if own.vars.is_empty() {
                    at = own.parent;
                    continue;
                }
                let behind = own.vars.iter().filter_map(|(_, value)| self.behind(value));
                (behind.collect::<SmallVec<[Behind; 2]>>(), own.parent)
            };
            let found = behind.into_iter().find_map(|behind| match behind {
                Behind::Place(span) => Some(span),
                Behind::Slot(slot) => self.named_at(slot),
            });
            if found.is_some() {
                return found;
            }
            at = parent;
        }
        None
    }

    /// What is known of where a variable's value was said.
    fn behind(&self, value: &Jinja) -> Option<Behind> {
        if let Some(pair) = value.downcast_object_ref::<objects::Pair>() {
            let mut from = pair.typed.iter().flat_map(|typed| typed.from.iter().copied());
            return from.find(|span| self.is_users(span)).map(Behind::Place);
        }
        value.downcast_object_ref::<objects::SlotObject>().map(|object| Behind::Slot(object.slot))
    }

    /// Where the user first names a slot, as far as it counts.
    fn named_at(&self, slot: SlotId) -> Option<Span> {
        let mentions: SmallVec<[Mention; 4]> = self.state().mentions(slot).copied().collect();
        let drops = self.drops(slot).unwrap_or_default();
        let counts = |mention: &&Mention| {
            mention.span.end > 0
                && self.is_users(&mention.span)
                && !self.dropped(&drops, mention.level, mention.under)
                && self.instances(mention.block).is_ok_and(|envs| !envs.is_empty())
        };
        mentions.iter().find(counts).map(|mention| mention.span)
    }

    /// Whether a place is in the user's own files.
    pub fn is_users(&self, span: &Span) -> bool {
        self.shared.folders.contains_key(&span.source)
    }

    /// The user's place behind an instance: the item it is about.
    pub fn item_span(&self, env: EnvId) -> Option<Span> {
        self.blame(env)
    }

    /// The machine's values.
    pub fn system(&self) -> Option<&Rc<Eval>> {
        self.system.as_ref()
    }
}

/// Looks through the names in the computed defaults of a target.
fn defaults(collector: &mut Collector<'_>, group: &crate::schema::Group, ctx: &Ctx) {
    for place in group.places.values() {
        match place {
            Place::Option(decl) => {
                match decl.default.as_deref() {
                    Some(Fallback::Value(value)) => collector.names_of(value, ctx),
                    Some(Fallback::Node(node)) => collector.names_in(node, ctx),
                    None => {}
                }
                if let Kind::Keyed(body) | Kind::Items(body) = &decl.kind {
                    defaults(collector, &body.group, ctx);
                }
            }
            Place::Group(inner) if inner.target.is_none() => defaults(collector, inner, ctx),
            Place::Group(_) => {}
        }
    }
}

/// Makes the slots of typed options that are leaves of settings and have a default.
fn aliases(collector: &mut Collector<'_>, group: &crate::schema::Group) {
    for place in group.places.with(Trait::Leaf) {
        match place {
            Place::Option(decl) => {
                if let Some(way) = &decl.rare().into {
                    collector.leaf_of(decl, way);
                }
            }
            Place::Group(inner) if inner.target.is_none() => aliases(collector, inner),
            Place::Group(_) => {}
        }
    }
}

fn host_value(host: &facts::HostFacts) -> Typed {
    let list = |list: &[EcoString]| {
        Data::List(list.iter().map(|text| object_value(string(text))).collect())
    };
    let mut map = vec![("name", string(&host.name))];
    map.extend(host.os.as_ref().map(|os| ("os", string(os))));
    map.extend(host.distro.as_ref().map(|distro| ("distro", string(distro))));
    map.extend(host.arch.as_ref().map(|arch| ("arch", string(arch))));
    map.push(("wsl", Data::Bool(host.wsl)));
    map.push(("tags", list(&host.tags)));
    object(map)
}

fn string(text: &str) -> Data {
    Data::String(text.into())
}

fn object_value(data: Data) -> Typed {
    Typed { data, from: Places::new(), pieces: None }
}

fn object(entries: Vec<(&str, Data)>) -> Typed {
    let map: Map<Typed> =
        entries.into_iter().map(|(key, data)| (key.into(), object_value(data))).collect();
    object_value(Data::Map(Arc::new(map)))
}
