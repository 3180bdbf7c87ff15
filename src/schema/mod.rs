//! Which options there are: their types, defaults and docs, and the targets that declare them.
//!
//! Handed trees of `targets/**.kdl` and of the user's own `option` and `target` nodes, hands on a
//! [`Schema`]. Knows no value of any option.

pub mod catalogue;
pub mod declare;
mod group;
pub mod home_manager;
pub mod keys;
pub mod library;
pub mod mentions;
pub mod option;
pub mod places;
pub mod prepared;
pub mod slots;
pub mod types;

pub use group::{Group, Place, Schema, join};
pub use option::{OptionDecl, Scope, Target};
