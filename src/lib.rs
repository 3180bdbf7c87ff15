//! hcc: a declarative config compiler.
#![forbid(unsafe_code)]

pub mod diag;
pub mod emit;
pub mod ir;
pub mod syntax;
