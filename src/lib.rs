//! `hcc`: one typed description of all your machines, compiled into the files other tools read.
//!
//! One way through the house; a room knows the type it is handed and the type it hands on:
//!
//! ```text
//! hcc.kdl --syntax--> trees --eval--> typed values --lower--> IR --emit--> bytes
//! targets/*.kdl --schema--> options --^                        |--export--> other trees
//!                                                              `--apply---> a home
//! ```
#![forbid(unsafe_code)]

pub mod apply;
pub mod cli;
pub mod diag;
pub mod emit;
pub mod eval;
pub mod export;
pub mod facts;
pub mod files;
pub mod import;
pub mod ir;
pub mod lower;
pub mod schema;
pub mod syntax;
pub mod value;
