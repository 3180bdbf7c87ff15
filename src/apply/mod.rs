//! The IR to a home: handed documents, it plans, switches, and can go back.
//!
//! It knows no KDL. What is wanted, what is recorded and what is found are compared by pure
//! functions ([`plan`]); only [`disk`] and [`state`] write, only [`command`] runs programs.

pub mod absorb;
pub mod action;
pub mod after;
pub mod base;
mod carry;
pub mod change;
pub mod command;
pub mod damage;
pub mod dirty;
pub mod disk;
pub mod done;
pub mod gc;
pub mod history;
pub mod index;
pub mod join;
pub mod journal;
pub mod leave;
pub mod ledger;
pub mod look;
pub mod manifest;
pub mod merge;
pub mod names;
pub mod package;
pub mod plan;
pub mod preference;
pub mod prepare;
pub mod refold;
pub mod service;
pub mod shadow;
pub mod site;
pub mod state;
pub mod status;
pub mod step;
pub mod switch;
pub mod texts;
pub mod tree;
pub mod unfold;
pub mod wanted;
pub mod whole;
