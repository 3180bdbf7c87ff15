//! What a switch is about to do, written before it does it, so that whoever comes after a crash
//! can take it back or complete it.

use super::manifest::Hash;
use super::step::Step;

/// The record's name.
pub const FILE: &str = "journal.json";

/// A switch under way.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Journal {
    /// The generation that it leads to.
    pub generation: u64,
    /// The one that it comes from; 0 before the first.
    pub from: u64,
    /// The trees that it builds.
    pub trees: Vec<Hash>,
    /// What it stages, relative to the home. Before the commit all of that is hcc's own.
    pub staged: Vec<String>,
    /// Names in the state of what it writes there for the user to have: what a file held besides
    /// hcc's keys, and edits that were made through a link.
    #[serde(default)]
    pub kept: Vec<String>,
    /// What is done after the commit; none as long as something is being staged.
    pub steps: Option<Vec<Step>>,
}
