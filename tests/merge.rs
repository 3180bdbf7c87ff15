//! Install mode `merge`, by its public door: what is declared comes in, and all else stays.
//!
//! A judge that is not installed is named on stderr, and its test says nothing.

#[path = "merge/ini.rs"]
mod ini;
#[path = "merge/json.rs"]
mod json;
#[path = "merge/kit.rs"]
mod kit;
#[path = "merge/leaves.rs"]
mod leaves;
#[path = "merge/plist.rs"]
mod plist;
#[path = "merge/toml.rs"]
mod toml;
#[path = "merge/yaml.rs"]
mod yaml;
