//! Applying, by the real binary, in homes of their own. Each module is a part of the promise.

#[path = "apply/absorb.rs"]
mod absorb;
#[path = "apply/absorb_both.rs"]
mod absorb_both;
#[path = "apply/bounds.rs"]
mod bounds;
#[path = "apply/damage.rs"]
mod damage;
#[path = "apply/faults.rs"]
mod faults;
#[path = "apply/first.rs"]
mod first;
#[path = "apply/gc.rs"]
mod gc;
#[path = "apply/kit.rs"]
mod kit;
#[path = "apply/looks.rs"]
mod looks;
#[path = "apply/messages.rs"]
mod messages;
#[path = "apply/packages.rs"]
mod packages;
#[path = "apply/questions.rs"]
mod questions;
#[path = "apply/safety.rs"]
mod safety;
#[path = "apply/sequences.rs"]
mod sequences;
#[path = "apply/stories.rs"]
mod stories;
#[path = "support/faults.rs"]
mod strace;
#[path = "apply/who.rs"]
mod who;
#[path = "apply/words.rs"]
mod words;
