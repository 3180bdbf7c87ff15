//! Computed values: expressions and `(f)`; see [`super::texts`] for files. The only room, with
//! [`super::objects`] and [`super::filters`], that knows minijinja.

use std::borrow::Cow;
use std::cell::RefMut;
use std::sync::{Arc, OnceLock};

use ecow::EcoString;
use foldhash::HashMap;
use minijinja::value::ValueKind;
use minijinja::{Environment, ErrorKind, Expression, UndefinedBehavior, Value as Jinja};

use super::Eval;
use super::arena::{EnvId, Frame, Guard, Poisoned, Raw, SlotId, State};
use super::interpolate::{self, Piece, is_tangled, pieces, simple_path};
use super::mistake;
use super::objects::{Pair, ScopeObject, SlotObject, to_jinja};
use super::simple::{self, Called, Form};
use crate::diag::{Diagnostic, Span};
use crate::schema::{Scope, Target};
use crate::syntax::marks::Compute;
use crate::value::{Data, Places, Typed};

/// Expressions that were met, by their text.
pub type Compiled = HashMap<EcoString, Met>;

/// What is known of an expression. A compiled one is some ten kilobytes, and most are evaluated
/// once or twice: only the third time is one kept.
#[derive(Debug)]
pub enum Met {
    /// It was compiled and let go, so many times.
    LetGo(u8),
    /// It cannot be read, which was said.
    Wrong,
    /// It is kept.
    Kept(Arc<Expression<'static, 'static>>),
}

/// What a name means.
enum Named {
    /// A variable, a `let`, a fact.
    Value(Jinja),
    /// An option of the target.
    Option(SlotId),
    /// The value of one that nobody says anything about.
    Unsaid(Typed),
}

/// What a `let` comes to.
enum Bound {
    /// It was computed before.
    Known(Result<Arc<Typed>, Poisoned>),
    /// It is to be computed: that of its instance's block which stands at this place.
    New(EnvId, usize),
}

/// The names of an instance.
pub(super) struct Within<'a> {
    pub(super) eval: &'a Eval,
    pub(super) env: EnvId,
}

impl simple::Names for Within<'_> {
    fn name(&self, name: &str) -> Option<Jinja> {
        self.eval.lookup(self.env, name)
    }

    fn attribute(&self, of: &Jinja, name: &str) -> Option<Jinja> {
        match of.downcast_object_ref::<SlotObject>() {
            Some(object) => object.eval()?.read_child(object.slot, name),
            None => of.get_attr(name).ok(),
        }
    }

    fn state(&self) -> Called {
        let kept = self.eval.called().take();
        kept.unwrap_or_else(|| environment().empty_state())
    }

    fn give_back(&self, state: Called) {
        *self.eval.called() = Some(state);
    }
}

const FUEL: u64 = 2_000_000;

/// The one environment: filters, and how undefined names and odd values are met.
pub fn environment() -> &'static Environment<'static> {
    static ENVIRONMENT: OnceLock<Environment<'static>> = OnceLock::new();
    ENVIRONMENT.get_or_init(|| {
        let mut env = Environment::new();
        env.set_undefined_behavior(UndefinedBehavior::Strict);
        env.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
        env.set_fuel(Some(FUEL));
        env.set_debug(true);
        env.set_formatter(|out, _, value| {
            let text = printed(value)
                .map_err(|what| minijinja::Error::new(ErrorKind::InvalidOperation, what))?;
            out.write_str(&text).map_err(minijinja::Error::from)
        });
        let syntax = minijinja::syntax::SyntaxConfig::builder()
            .trim_blocks(true)
            .lstrip_blocks(true)
            .keep_trailing_newline(true)
            .build();
        if let Ok(syntax) = syntax {
            env.set_syntax(syntax);
        }
        super::filters::add(&mut env);
        env
    })
}

/// A value in text: strings and numbers print, the rest has to say how.
pub(super) fn printed(value: &Jinja) -> Result<Cow<'_, str>, String> {
    match value.kind() {
        ValueKind::String => Ok(value.as_str().unwrap_or_default().into()),
        ValueKind::Number => Ok(value.to_string().into()),
        ValueKind::Undefined => Err("undefined value".to_owned()),
        ValueKind::None => {
            Err("a null cannot be printed; give it a text with `| default(\"\", true)`".to_owned())
        }
        ValueKind::Bool => {
            Err("a bool cannot be printed; say how, as in `\"on\" if x else \"off\"`".to_owned())
        }
        ValueKind::Seq | ValueKind::Iterable => {
            Err("a list cannot be printed; say how, as in `| join(\" \")`".to_owned())
        }
        other => Err(format!("a {other} cannot be printed; say how with a filter, as in `| json`")),
    }
}

impl Eval {
    /// A definition's value in an instance.
    pub fn value(&self, raw: &Raw, span: Span, env: EnvId) -> Result<Typed, Poisoned> {
        match raw {
            Raw::Literal(data) => Ok(Typed::at(data.clone(), span)),
            Raw::Computed(Compute::Expr, text) => {
                if let Some(path) = simple_path(text)
                    && let (Some(found), _) = self.watched(span, || self.direct(env, &path))
                {
                    return found.map(|mut found| {
                        if found.from.is_empty() {
                            found.from.push(span);
                        }
                        found
                    });
                }
                let value = self.expression(text, span, env)?;
                if value.is_undefined() {
                    self.push(mistake::undefined(text, span, &self.shared));
                    return Err(Poisoned);
                }
                self.typed(&value, span)
            }
            Raw::Computed(Compute::Format, text) => {
                self.format(text, span, env).map(|text| Typed::at(Data::String(text), span))
            }
            Raw::Computed(Compute::File, path) => {
                self.file_text(path, span).map(|text| Typed::at(Data::String(text.into()), span))
            }
            Raw::Computed(Compute::Template, path) => self
                .template(path, span, env)
                .map(|text| Typed::at(Data::String(text.into()), span)),
            Raw::Object(_) | Raw::Item(_) => Err(Poisoned),
        }
    }

    /// A way of names without minijinja; none if it is not one that can be followed so.
    fn direct(&self, env: EnvId, path: &[&str]) -> Option<Result<Typed, Poisoned>> {
        let (first, rest) = path.split_first()?;
        let mut value = match self.named(env, first)? {
            Named::Unsaid(value) if rest.is_empty() => return Some(Ok(value)),
            Named::Unsaid(_) => return None,
            Named::Option(slot) if rest.is_empty() => return self.direct_slot(self, slot),
            Named::Option(slot) => Jinja::from_object(SlotObject::new(self, slot)),
            Named::Value(value) => value,
        };
        for (index, name) in rest.iter().enumerate() {
            if let Some(pair) = value.downcast_object_ref::<Pair>()
                && *name == "value"
                && index + 1 == rest.len()
                && let Some(typed) = &pair.typed
            {
                return Some(Ok(typed.clone()));
            }
            let object = value.downcast_object_ref::<SlotObject>()?;
            let own = object.eval()?;
            if index + 1 == rest.len() {
                if let Some(value) = own.unsaid(object.slot, name) {
                    return Some(Ok(value));
                }
                if *name == "key"
                    && let Some(key) = own.item_key(object.slot)
                {
                    let data = Data::String(key);
                    return Some(Ok(Typed { data, from: Places::new(), pieces: None }));
                }
            }
            match own.child_named(object.slot, name) {
                Some(child) if index + 1 == rest.len() => return self.direct_slot(&own, child),
                Some(child) => value = Jinja::from_object(SlotObject::new(&own, child)),
                None => return None,
            }
        }
        let object = value.downcast_object_ref::<SlotObject>()?;
        let own = object.eval()?;
        self.direct_slot(&own, object.slot)
    }

    fn direct_slot(&self, own: &Eval, slot: SlotId) -> Option<Result<Typed, Poisoned>> {
        match own.force(slot) {
            Ok(Some(value)) => Some(Ok((*value).clone())),
            Ok(None) => {
                own.empty_of(slot).map(|data| Ok(Typed { data, from: Places::new(), pieces: None }))
            }
            Err(Poisoned) => Some(Err(Poisoned)),
        }
    }

    /// An `(f)` string.
    fn format(&self, text: &str, span: Span, env: EnvId) -> Result<EcoString, Poisoned> {
        if let Some(tag) = interpolate::tag(text) {
            if !self.is_users(&span) {
                self.push(mistake::tag(tag, span, &self.shared));
            }
            return Err(Poisoned);
        }
        let parts = match pieces(text) {
            Ok(parts) => parts,
            Err(_) => {
                // A user's own was said when its names were looked through.
                if !self.shared.folders.contains_key(&span.source) {
                    let what = "a `{{` has no `}}`";
                    self.push(Diagnostic::error("bad-expression", span, "not closed", what));
                }
                return Err(Poisoned);
            }
        };
        let mut out = EcoString::with_capacity(text.len());
        for part in parts {
            match part {
                Piece::Text(text) => out.push_str(text),
                Piece::Expr(expr, _) => {
                    let value = self.expression(expr, span, env)?;
                    match printed(&value) {
                        Ok(text) => out.push_str(&text),
                        Err(_) if value.is_undefined() => {
                            self.push(mistake::undefined(expr, span, &self.shared));
                            return Err(Poisoned);
                        }
                        Err(_) => {
                            self.push(mistake::unprintable(&value, expr, span, &self.shared));
                            return Err(Poisoned);
                        }
                    }
                }
            }
        }
        Ok(out)
    }

    /// Whether an expression is true.
    pub fn truth(&self, text: &str, span: Span, env: EnvId) -> Result<bool, Poisoned> {
        self.may_run(text, span)?;
        let value = self.computed(text, span, env)?;
        if value.is_undefined() {
            self.push(mistake::undefined(text, span, &self.shared));
            return Err(Poisoned);
        }
        let (truth, poisoned) = self.watched(span, || value.is_true());
        if poisoned { Err(Poisoned) } else { Ok(truth) }
    }

    /// An expression's value.
    pub fn expression(&self, text: &str, span: Span, env: EnvId) -> Result<Jinja, Poisoned> {
        self.may_run(text, span)?;
        self.computed(text, span, env)
    }

    /// Whether an expression makes sense here; what does not was said, or is now.
    fn may_run(&self, text: &str, span: Span) -> Result<(), Poisoned> {
        if self.state().bad.contains(&span) {
            return Err(Poisoned);
        }
        if self.shared.scope == Scope::System
            && self.is_users(&span)
            && let Some(name) = self.about_users(text)
        {
            self.push(mistake::of_a_user(&name, text, span, &self.shared));
            return Err(Poisoned);
        }
        Ok(())
    }

    fn computed(&self, text: &str, span: Span, env: EnvId) -> Result<Jinja, Poisoned> {
        let names = Within { eval: self, env };
        if let (Some(found), poisoned) =
            self.watched(span, || simple::value(text, Form::Any, &names))
        {
            return if poisoned { Err(Poisoned) } else { Ok(found) };
        }
        let compiled = self.compiled(text, span)?;
        let scope = Jinja::from_object(ScopeObject { eval: self.handle, env });
        let (result, poisoned) = self.watched(span, || compiled.eval(scope));
        match result {
            _ if poisoned => Err(Poisoned),
            Ok(value) => Ok(value),
            Err(error) => {
                self.push(mistake::explain(&error, text, span, &self.shared));
                Err(Poisoned)
            }
        }
    }

    fn called(&self) -> RefMut<'_, Option<Called>> {
        self.called.borrow_mut()
    }

    fn compiled(
        &self,
        text: &str,
        span: Span,
    ) -> Result<Arc<Expression<'static, 'static>>, Poisoned> {
        let mut cache = self.compiled.borrow_mut();
        let times = match cache.get(text) {
            Some(Met::Kept(found)) => return Ok(found.clone()),
            Some(Met::Wrong) => return Err(Poisoned),
            Some(Met::LetGo(times)) => *times,
            None => 0,
        };
        if is_tangled(text) {
            cache.insert(text.into(), Met::Wrong);
            drop(cache);
            self.push(tangled(span));
            return Err(Poisoned);
        }
        let made = environment().compile_expression_owned(text.to_string());
        match made {
            Ok(expression) => {
                let expression = Arc::new(expression);
                let keep = times >= 2;
                let met = if keep { Met::Kept(expression.clone()) } else { Met::LetGo(times + 1) };
                cache.insert(text.into(), met);
                Ok(expression)
            }
            Err(error) => {
                cache.insert(text.into(), Met::Wrong);
                drop(cache);
                self.push(mistake::explain(&error, text, span, &self.shared));
                Err(Poisoned)
            }
        }
    }

    /// The variable of a loop over items, and the item, if the instance is one of that loop.
    pub fn loop_item(&self, env: EnvId) -> Option<(EcoString, SlotId)> {
        let state = self.state();
        let (name, value) = state.env(env).vars.last()?;
        let object = value.downcast_object_ref::<SlotObject>()?;
        object.is_of(self).then(|| (name.clone(), object.slot))
    }

    /// What a name means in an instance.
    pub fn lookup(&self, env: EnvId, name: &str) -> Option<Jinja> {
        match self.named(env, name)? {
            Named::Value(value) => Some(value),
            Named::Option(slot) => Some(self.read(slot)),
            Named::Unsaid(value) => Some(to_jinja(&value)),
        }
    }

    /// Where the user said the first of the target's options that an expression names.
    pub(super) fn said(&self, text: &str, env: EnvId) -> Option<Span> {
        let names = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        let mut options = names.filter_map(|name| match self.named(env, name)? {
            Named::Option(slot) => self.force(slot).ok()?,
            Named::Unsaid(value) => Some(Arc::new(value)),
            Named::Value(_) => None,
        });
        options.find_map(|value| value.places().into_iter().find(|span| self.is_users(span)))
    }

    /// Where the user said the element of a list that the innermost loop over one is at.
    pub(super) fn element(&self, env: EnvId) -> Option<Span> {
        let (text, list) = {
            let state = self.state();
            let mut envs = std::iter::successors(Some(env), |id| state.env(*id).parent);
            envs.find_map(|id| {
                let own = state.env(id);
                let Guard::For(_, list, _) = &state.block(own.block).guard else { return None };
                Some((own.vars.last()?.1.as_str()?.to_owned(), list.clone()))
            })?
        };
        let path = simple_path(&list)?;
        let found = self.direct(env, &path)?.ok()?;
        let Data::List(elements) = found.data else { return None };
        let own = elements.iter().find(|one| one.data.as_str() == Some(&*text))?;
        own.from.iter().copied().find(|span| self.is_users(span))
    }

    fn named(&self, env: EnvId, name: &str) -> Option<Named> {
        let mut bound = None;
        let target = {
            let state = self.state();
            let mut target: Option<(Option<SlotId>, &Arc<Target>)> = None;
            let mut at = Some(env);
            while let Some(id) = at {
                let own = state.env(id);
                if let Some((_, value)) = own.vars.iter().rev().find(|(own, _)| **own == *name) {
                    return Some(Named::Value(value.clone()));
                }
                let block = state.block(own.block);
                if let Some(at) = block.lets.iter().rposition(|(own, ..)| **own == *name) {
                    bound = Some(match own.lets.get(at) {
                        Some(Some(known)) => Bound::Known(known.clone()),
                        _ => Bound::New(id, at),
                    });
                    break;
                }
                if target.is_none() {
                    target = block.target.as_ref().map(|target| (block.home, target));
                }
                at = own.parent;
            }
            // Only one that is of another scope is looked for.
            target.map(|(home, target)| home.ok_or_else(|| target.clone()))
        };
        if let Some(bound) = bound {
            return Some(Named::Value(self.bound(bound)));
        }
        if let Some(home) = target
            && let Some(slot) = home.map_or_else(|target| self.slot_at(&target.path), Some)
        {
            if let Some(value) = self.unsaid(slot, name) {
                return Some(Named::Unsaid(value));
            }
            if let Some(child) = self.child_named(slot, name) {
                return Some(Named::Option(child));
            }
        }
        self.fact(name).map(Named::Value)
    }

    fn bound(&self, bound: Bound) -> Jinja {
        let result = match bound {
            Bound::Known(result) => result,
            Bound::New(env, at) => {
                let (raw, span, entered) = {
                    let mut state = self.state();
                    let lets = &state.block(state.env(env).block).lets;
                    let Some((name, raw, span)) = lets.get(at).cloned() else {
                        return super::objects::poison();
                    };
                    (raw, span, self.entered(&mut state, Frame::Let(env, name, span)))
                };
                let result = entered.and_then(|()| {
                    let result = self.value(&raw, span, env).map(Arc::new);
                    self.state().stack.pop();
                    result
                });
                let mut state = self.state();
                if let Some(own) = state.envs.get_mut(env.0 as usize) {
                    own.lets.resize(own.lets.len().max(at + 1), None);
                    own.lets[at] = Some(result.clone());
                }
                result
            }
        };
        match result {
            Ok(value) => to_jinja(&value),
            Err(Poisoned) => {
                self.swap_poison(true);
                super::objects::poison()
            }
        }
    }

    /// Facts and functions.
    fn fact(&self, name: &str) -> Option<Jinja> {
        match name {
            "config" => Some(Jinja::from_object(SlotObject::new(self, State::ROOT))),
            "host" => Some(self.host.clone()),
            "user" => self.user.clone(),
            "xdg" => self.xdg.clone(),
            "hosts" => {
                let hosts = self.shared.structure.hosts.iter();
                let hosts = hosts.map(|host| to_jinja(&super::host_value(&host.facts)));
                Some(Jinja::from(hosts.collect::<Vec<_>>()))
            }
            _ => super::machine::function(self, name),
        }
    }
}

/// An expression of more operators than anybody writes.
pub fn tangled(span: Span) -> Diagnostic {
    Diagnostic::error(
        "bad-expression",
        span,
        "too long",
        "the expression is too long to be computed",
    )
    .help("give its parts names of their own, as options or with `let`")
}
