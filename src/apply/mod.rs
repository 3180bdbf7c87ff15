//! The IR to a home: handed documents, it plans, switches, and can go back.
//!
//! It knows no KDL. What is wanted, what is recorded and what is found are compared by pure
//! functions ([`plan`]); only [`disk`] and [`state`] write, only [`command`] runs programs.

pub mod action;
pub mod command;
pub mod done;
pub mod merge;
pub mod package;
pub mod preference;
pub mod service;
pub mod state;
