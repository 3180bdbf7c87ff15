//! What stands elsewhere, said in hcc's language.
//!
//! Handed files of other tools, hands on [`page::Item`]s and a [`Report`]; who writes them where is
//! the command's business. Nothing here runs what it reads.

pub mod brewfile;
pub mod home;
pub mod lift;
pub mod page;
pub mod report;
pub mod stow;
