//! KDL text to trees in which every name and value keeps its place.
//!
//! Handed texts, hands on [`tree::Tree`]; knows nothing of options. [`parse`] never fails: what
//! could be read comes back beside the problems.

pub mod edit;
pub mod import;
pub mod marks;
pub mod packed;
pub mod parse;
pub mod slice;
pub mod tree;

pub use parse::parse;
