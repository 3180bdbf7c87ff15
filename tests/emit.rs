//! The writers of `emit`, judged by the programs that read what they write.
//!
//! A reader that is not installed is named on stderr, and its test says nothing.

#[path = "emit/blocks.rs"]
mod blocks;
#[path = "emit/code.rs"]
mod code;
#[path = "emit/expand.rs"]
mod expand;
#[path = "emit/faults.rs"]
mod faults;
#[path = "emit/kdl.rs"]
mod kdl_files;
#[path = "emit/kit.rs"]
mod kit;
#[path = "emit/layouts.rs"]
mod layouts;
#[path = "emit/pairs.rs"]
mod pairs;
#[path = "emit/quotes.rs"]
mod quotes;
#[path = "emit/sections.rs"]
mod sections;
#[path = "emit/texts.rs"]
mod texts;
#[path = "emit/trees.rs"]
mod trees;
