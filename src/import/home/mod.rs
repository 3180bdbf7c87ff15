//! A home without any tool: which files of it are configuration, and which of those are secrets.
//!
//! What is where is data: `templates/tables/dotfiles.kdl`, `templates/tables/secrets.kdl`, and the
//! files of the targets. This room reads a home and changes nothing in it.

pub mod refer;
pub mod secret;
pub mod table;
pub mod walk;

pub use secret::Secrets;
pub use table::{Known, Rules};
pub use walk::{Copy, Gathered, Skipped, Why, gather};
