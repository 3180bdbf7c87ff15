//! Marks: the annotations of names and values, `(default)`, `(force+after)`, `(f)`.

use super::tree::Name;
use crate::diag::{Diagnostic, nearest};

/// Which definitions count. Higher levels hide lower ones, leaf by leaf.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// An option's own default: gone at any definition.
    Option,
    /// `(default)`
    Default,
    /// No mark.
    #[default]
    Normal,
    /// `(force)`
    Force,
}

/// Where an entry goes among those of its list, lines, map or keyed option.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Order {
    /// `(before)`
    Before,
    /// No mark: in the order of definition.
    #[default]
    Plain,
    /// `(after)`
    After,
}

/// What a freeform node is where it could be two things.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// `(list)`
    List,
    /// `(map)`
    Map,
}

/// How a string becomes a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Compute {
    /// `(f)`: a string in which `{{ }}` is filled in.
    Format,
    /// `(expr)`: a value with its type.
    Expr,
    /// `(file)`: a file's text.
    File,
    /// `(template)`: a file's text, rendered.
    Template,
}

/// What an annotation says.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Marks {
    /// `(default)` or `(force)`.
    pub level: Option<Level>,
    /// `(before)` or `(after)`.
    pub order: Option<Order>,
    /// `(replace)`: drops all other definitions at or below this level.
    pub replace: bool,
    /// `(unset)`: removes the key.
    pub unset: bool,
    /// `(list)` or `(map)`.
    pub shape: Option<Shape>,
    /// `(f)`, `(expr)`, `(file)` or `(template)`.
    pub compute: Option<Compute>,
    /// `(hcc)`: a structure word inside freeform values.
    pub hcc: bool,
}

const NAMES: &[&str] = &[
    "default", "force", "before", "after", "replace", "unset", "list", "map", "f", "expr", "file",
    "template", "hcc",
];

/// Reads an annotation. What is wrong with it comes back beside what could be read.
pub fn read(ty: Option<&Name>) -> (Marks, Option<Diagnostic>) {
    let mut marks = Marks::default();
    let Some(name) = ty else { return (marks, None) };
    // Nearly all are one of these.
    match &*name.value {
        "expr" => return (Marks { compute: Some(Compute::Expr), ..marks }, None),
        "f" => return (Marks { compute: Some(Compute::Format), ..marks }, None),
        "default" => return (Marks { level: Some(Level::Default), ..marks }, None),
        "default+expr" => {
            let (level, compute) = (Some(Level::Default), Some(Compute::Expr));
            return (Marks { level, compute, ..marks }, None);
        }
        "hcc" => return (Marks { hcc: true, ..marks }, None),
        _ => {}
    }
    let mut seen: [Option<&str>; 4] = [None; 4];
    for word in name.value.split('+') {
        let group = match word {
            "default" => {
                marks.level = Some(Level::Default);
                0
            }
            "force" => {
                marks.level = Some(Level::Force);
                0
            }
            "before" => {
                marks.order = Some(Order::Before);
                1
            }
            "after" => {
                marks.order = Some(Order::After);
                1
            }
            "replace" => {
                marks.replace = true;
                continue;
            }
            "unset" => {
                marks.unset = true;
                continue;
            }
            "hcc" => {
                marks.hcc = true;
                continue;
            }
            "list" => {
                marks.shape = Some(Shape::List);
                2
            }
            "map" => {
                marks.shape = Some(Shape::Map);
                2
            }
            "f" => {
                marks.compute = Some(Compute::Format);
                3
            }
            "expr" => {
                marks.compute = Some(Compute::Expr);
                3
            }
            "file" => {
                marks.compute = Some(Compute::File);
                3
            }
            "template" => {
                marks.compute = Some(Compute::Template);
                3
            }
            other => {
                let problem = Diagnostic::error(
                    "unknown-mark",
                    name.span,
                    "not a mark",
                    format!("there is no mark `({other})`"),
                );
                let near = nearest(other, NAMES.iter().copied());
                let whole = near.map(|near| name.value.replace(other, near));
                let problem = problem.help(match other {
                    // KDL's own annotations: a type follows from the option.
                    "string" | "str" | "int" | "i32" | "i64" | "u8" | "u16" | "u32" | "u64"
                    | "float" | "f32" | "f64" | "bool" | "number" | "path" => {
                        format!("take `({other})` out: the option says the type")
                    }
                    _ => format!("the marks are {}", NAMES.join(", ")),
                });
                return (marks, Some(problem.meant(name.span, whole)));
            }
        };
        if let Some(first) = seen[group].replace(word).filter(|first| *first != word) {
            let problem = Diagnostic::error(
                "unknown-mark",
                name.span,
                "two that exclude each other",
                format!("`{first}` and `{word}` cannot both hold"),
            );
            return (marks, Some(problem.help(format!("keep one of `({first})` and `({word})`"))));
        }
    }
    (marks, None)
}

/// An annotation without the words that compute; none if nothing is left.
pub fn without_compute(ty: Option<&Name>) -> Option<Box<Name>> {
    let name = ty?;
    let rest: Vec<&str> = name
        .value
        .split('+')
        .filter(|word| !matches!(*word, "f" | "expr" | "file" | "template"))
        .collect();
    (!rest.is_empty()).then(|| Box::new(Name { value: rest.join("+").into(), span: name.span }))
}
