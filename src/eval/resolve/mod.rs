//! Definitions to values, on demand: guards, levels, order, defaults, cycles.
//!
//! Nothing here holds the lock on the arena while an expression runs: every step takes what it
//! needs out, computes, and puts the result back.

mod guard;
mod merge;
mod order;
mod scope;
mod slot;
mod tree;

use smallvec::SmallVec;

use super::Eval;
use super::arena::{At, Def, EnvId, Frame, Guard, Outcome, Poisoned, Raw, SlotId, State};
use crate::diag::{Diagnostic, Span};
use crate::schema::types::Type;
use crate::syntax::marks::Level;

/// A definition that counts: its place in the order, the instance it is in, itself.
pub struct Active {
    /// The instance it is in.
    pub env: EnvId,
    /// The definition.
    pub def: Def,
}

/// The definitions of one place that count: nearly always one.
pub type Actives = SmallVec<[Active; 1]>;

pub use scope::Whose;

const MAX_DEPTH: usize = 200;

impl Eval {
    /// A slot's value.
    pub fn force(&self, slot: SlotId) -> Outcome {
        self.force_level(slot).0
    }

    fn force_level(&self, slot: SlotId) -> (Outcome, Level) {
        // Only what is its own is ever computed here.
        if let Some(memo) = &self.state().slot(slot).memo {
            return memo.clone();
        }
        match self.whose(slot) {
            Whose::Own => {}
            Whose::Machine(system, there) => return (system.force(there), Level::Normal),
            Whose::User => return (Err(self.crossed(slot)), Level::Normal),
        }
        {
            let mut state = self.state();
            if self.entered(&mut state, Frame::Slot(slot)).is_err() {
                return (Err(Poisoned), Level::Normal);
            }
        }
        let result = self.compute(slot);
        let mut state = self.state();
        state.stack.pop();
        state.slot_mut(slot).memo = Some(result.clone());
        result
    }

    /// Notes what is being computed; a circle is reported and poisons all in it.
    pub(super) fn entered(&self, state: &mut State, frame: Frame) -> Result<(), Poisoned> {
        if let Some(start) = state.stack.iter().position(|own| *own == frame) {
            self.circle(state, start);
            return Err(Poisoned);
        }
        if state.stack.len() > MAX_DEPTH {
            let found = state.stack.iter().rev().find_map(|frame| self.describe(state, frame).1);
            if let Some(span) = found {
                state.diags.push(
                    Diagnostic::error(
                        "too-deep",
                        span,
                        "reached here",
                        format!("more than {MAX_DEPTH} values depend on each other in a chain"),
                    )
                    .help("shorten the chain"),
                );
            }
            return Err(Poisoned);
        }
        state.stack.push(frame);
        Ok(())
    }

    /// Says that what is being computed since `start` leads back to its beginning: each place
    /// says what it reads.
    fn circle(&self, state: &mut State, start: usize) {
        let mut names: Vec<String> = Vec::new();
        let mut places: Vec<(Span, usize)> = Vec::new();
        for frame in state.stack.iter().skip(start) {
            let (name, span) = self.describe(state, frame);
            if let Some(name) = name
                // An option and a key below it are one on the way.
                && !names.last().is_some_and(|last| name.starts_with(&format!("{last}.")))
            {
                names.push(name);
            } else if let Some(name) = self.describe(state, frame).0
                && let Some(last) = names.last_mut()
            {
                *last = name;
            }
            if let Some(span) = span.filter(|span| !places.iter().any(|(own, _)| own == span)) {
                places.push((span, names.len()));
            }
        }
        // The same circle may be entered at each of its places.
        let known = state.diags.iter().any(|one| {
            let mut labels = one.label.iter().chain(&one.others);
            one.code == "cycle"
                && labels.any(|label| places.iter().any(|(span, _)| *span == label.span))
        });
        let (Some(first), Some((span, next))) = (names.first().cloned(), places.first().copied())
        else {
            return;
        };
        if known {
            return;
        }
        let joined = state.stack.iter().skip(start).any(|frame| match frame {
            Frame::Slot(id) => match &state.slot(*id).at {
                At::Option(decl) => {
                    matches!(decl.ty.inner(), Type::List(_) | Type::Lines) && decl.path == first
                }
                _ => false,
            },
            _ => false,
        });
        let reads = |next: usize| format!("reads `{}`", names.get(next).unwrap_or(&first));
        let way: Vec<String> =
            names.iter().chain([&first]).map(|name| format!("`{name}`")).collect();
        let problem = match names.len() {
            1 => Diagnostic::error(
                "cycle",
                span,
                reads(next),
                format!("`{first}` depends on itself"),
            )
            .help(if joined {
                "definitions are joined: say only what is added"
            } else {
                "give it a value that does not read the option itself"
            }),
            _ => Diagnostic::error(
                "cycle",
                span,
                reads(next),
                format!("options depend on each other: {}", way.join(" -> ")),
            )
            .help("give one of them a value that does not depend on the others"),
        };
        let problem = places
            .iter()
            .skip(1)
            .fold(problem, |problem, (span, next)| problem.also(*span, reads(*next)));
        state.diags.push(problem);
    }

    fn describe(&self, state: &State, frame: &Frame) -> (Option<String>, Option<Span>) {
        match frame {
            Frame::Slot(id) => {
                let slot = state.slot(*id);
                let computed = |def: &&Def| matches!(def.raw, Raw::Computed(..));
                let span = state.defs(*id).find(computed).map(|def| def.span);
                let fallback = match &slot.at {
                    At::Option(decl) => Some(decl.span),
                    _ => None,
                };
                let span = span.or(if slot.defs.is_empty() { fallback } else { None });
                (Some(state.path(*id)), span)
            }
            Frame::Block(id) => match &state.block(*id).guard {
                Guard::When(_, span) | Guard::For(_, _, span) => (None, Some(*span)),
                _ => (None, None),
            },
            Frame::Let(_, name, span) => (Some(name.to_string()), Some(*span)),
        }
    }
}
