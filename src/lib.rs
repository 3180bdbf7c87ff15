//! `hcc`: one typed description of all your machines, compiled into the files other tools read.

#![forbid(unsafe_code)]

pub mod diag;
pub mod emit;
pub mod ir;
