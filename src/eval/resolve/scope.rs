//! A user reads the machine's values, never the reverse.

use std::rc::Rc;

use crate::diag::{Diagnostic, Span};
use crate::eval::Eval;
use crate::eval::arena::{At, Poisoned, Slot, SlotId, State};
use crate::schema::Scope;

/// Whose value a slot holds.
pub enum Whose {
    /// The one's that reads it, or nobody's: a group.
    Own,
    /// The machine's, read by a user: there it is.
    Machine(Rc<Eval>, SlotId),
    /// A user's, read by the machine.
    User,
}

impl Eval {
    /// Whose value a slot holds.
    pub fn whose(&self, slot: SlotId) -> Whose {
        let state = self.state();
        let scope = state.above(slot).find_map(|own| match &own.at {
            At::Option(decl) | At::Item(decl, _) | At::Free(decl, _) => Some(decl.scope),
            At::Group(_) | At::Entry(_) => None,
        });
        match (scope, self.shared.scope) {
            (Some(Scope::User), Scope::System) => Whose::User,
            (Some(Scope::System), Scope::User) => {
                let Some(system) = &self.system else { return Whose::Own };
                let named = |own: &&Slot| own.parent.is_some() || !own.key.is_empty();
                let keys: Vec<_> =
                    state.above(slot).filter(named).map(|own| own.key.clone()).collect();
                drop(state);
                let mut keys = keys.iter().rev();
                let found = keys.try_fold(State::ROOT, |there, key| system.child_of(there, key));
                found.map_or(Whose::Own, |there| Whose::Machine(system.clone(), there))
            }
            _ => Whose::Own,
        }
    }

    /// Whether a slot is evaluated here: not a user's option in the machine's evaluation, nor one
    /// of the machine in a user's.
    pub fn is_own(&self, slot: SlotId) -> bool {
        matches!(self.whose(slot), Whose::Own)
    }

    /// Notes that the machine read a user's option, to be said where the expression stands.
    pub fn crossed(&self, slot: SlotId) -> Poisoned {
        let mut state = self.state();
        state.crossed = Some(state.path(slot));
        self.swap_poison(true);
        Poisoned
    }

    /// Runs what reads values for an expression, and says whether one of them is in error. What
    /// an expression around it has read is not forgotten.
    pub fn watched<T>(&self, span: Span, run: impl FnOnce() -> T) -> (T, bool) {
        let before =
            (self.swap_poison(false), self.system.as_ref().map(|own| own.swap_poison(false)));
        let result = run();
        let there = match (&self.system, before.1) {
            (Some(system), Some(before)) => system.swap_poison(before),
            _ => false,
        };
        let here = self.swap_poison(before.0);
        say_crossed(&mut self.state(), span);
        (result, here || there)
    }

    /// Notes whether a poisoned value was read, and says whether one was before.
    pub fn swap_poison(&self, poison: bool) -> bool {
        self.poison.replace(poison)
    }
}

/// Says that the machine read a user's option.
fn say_crossed(state: &mut State, span: Span) {
    let Some(path) = state.crossed.take() else { return };
    if !state.checking {
        let what = format!("`{path}` is a user's option, which the machine cannot read");
        state.diags.push(
            Diagnostic::error("system-reads-user", span, "read for the machine", what)
                .help("declare what both need with `scope=\"system\"`"),
        );
    }
}
