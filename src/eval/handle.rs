//! How the objects of expressions name an evaluation. minijinja asks that its objects may go to
//! other threads; an evaluation stays on its own, and needs no lock there.

use std::cell::RefCell;
use std::rc::{Rc, Weak};
use std::sync::atomic::{AtomicUsize, Ordering};

use super::Eval;

thread_local! {
    /// The evaluations of this thread: mostly one for the machine and one for a user.
    static EVALS: RefCell<Vec<(Handle, Weak<Eval>)>> = const { RefCell::new(Vec::new()) };
}

/// Names an evaluation. On another thread it names nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Handle(usize);

impl Handle {
    /// A new one.
    pub fn new() -> Handle {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        Handle(NEXT.fetch_add(1, Ordering::Relaxed))
    }

    /// Makes it name an evaluation, for as long as there is that.
    pub fn name(self, eval: &Rc<Eval>) {
        // Nothing is left to name them while a thread ends.
        let _ended = EVALS.try_with(|evals| {
            let mut evals = evals.borrow_mut();
            evals.retain(|(_, eval)| eval.strong_count() > 0);
            evals.push((self, Rc::downgrade(eval)));
        });
    }

    /// What it names.
    pub fn eval(self) -> Option<Rc<Eval>> {
        let find = |evals: &RefCell<Vec<(Handle, Weak<Eval>)>>| {
            let evals = evals.borrow();
            evals.iter().rev().find(|(own, _)| *own == self)?.1.upgrade()
        };
        EVALS.try_with(find).ok().flatten()
    }
}
