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

use super::Eval;
use super::arena::{At, Def, EnvId, Frame, Guard, Outcome, Poisoned, Raw, SlotId, State};
use crate::diag::{Diagnostic, Span};
use crate::syntax::marks::Level;

/// A definition that counts: its place in the order, the instance it is in, itself.
pub struct Active {
    /// Place in the order of definitions, loops unrolled.
    pub key: Vec<u32>,
    /// The instance it is in.
    pub env: EnvId,
    /// The definition.
    pub def: Def,
}

pub use scope::Whose;

const MAX_DEPTH: usize = 200;

impl Eval {
    /// A slot's value.
    pub fn force(&self, slot: SlotId) -> Outcome {
        self.force_level(slot).0
    }

    fn force_level(&self, slot: SlotId) -> (Outcome, Level) {
        match self.whose(slot) {
            Whose::Own => {}
            Whose::Machine(system, there) => return (system.force(there), Level::Normal),
            Whose::User => return (Err(self.crossed(slot)), Level::Normal),
        }
        {
            let mut state = self.state();
            if let Some(memo) = &state.slot(slot).memo {
                return memo.clone();
            }
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
    fn entered(&self, state: &mut State, frame: Frame) -> Result<(), Poisoned> {
        if let Some(start) = state.stack.iter().position(|own| *own == frame) {
            let frames: Vec<Frame> = state.stack.iter().skip(start).cloned().collect();
            let mut names = Vec::new();
            let mut spans = Vec::new();
            for frame in &frames {
                let (name, span) = self.describe(state, frame);
                names.extend(name);
                spans.extend(span);
            }
            names.dedup();
            let first = names.first().cloned().unwrap_or_default();
            let circle = match names.len() {
                1 => format!("`{first}` depends on itself"),
                _ => format!(
                    "{} -> `{first}` is a circle",
                    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" -> ")
                ),
            };
            spans.dedup();
            if let Some((span, others)) = spans.split_first() {
                let mut problem = Diagnostic::error("cycle", *span, "depends on itself", circle)
                    .help("give one of them a value that does not depend on the others");
                for other in others.iter().filter(|other| *other != span) {
                    problem = problem.also(*other, "on the way");
                }
                // The same circle may be entered at each of its places.
                let same = |one: &Diagnostic| {
                    one.code == "cycle"
                        && one
                            .label
                            .iter()
                            .chain(&one.others)
                            .any(|label| spans.contains(&label.span))
                };
                if !state.diags.iter().any(same) {
                    state.diags.push(problem);
                }
            }
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

    fn describe(&self, state: &State, frame: &Frame) -> (Option<String>, Option<Span>) {
        match frame {
            Frame::Slot(id) => {
                let slot = state.slot(*id);
                let span = slot
                    .defs
                    .iter()
                    .find(|def| matches!(def.raw, Raw::Computed(..)))
                    .map(|def| def.span);
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
