//! Values as the IR has them.

use crate::diag::Span;
use crate::ir;
use crate::value::{Data, Typed};

impl Typed {
    /// As the IR has it.
    pub fn to_ir(&self) -> ir::Value {
        match &self.data {
            Data::Null => ir::Value::Null,
            Data::Bool(value) => ir::Value::Bool(*value),
            Data::Int(value) => ir::Value::Int(value.get()),
            Data::Float(value) => ir::Value::Float(*value),
            Data::String(value) => ir::Value::String(value.clone()),
            Data::List(list) => ir::Value::List(list.iter().map(Typed::to_ir).collect()),
            Data::Map(map) => ir::Value::Map(
                map.iter().map(|(key, value)| (key.clone(), value.to_ir())).collect(),
            ),
        }
    }

    /// The places behind the value at `path`, or behind the nearest value above it.
    pub fn origins(&self, path: &[ir::Step]) -> &[Span] {
        let Some((step, rest)) = path.split_first() else { return &self.from };
        let inner = match (&self.data, step) {
            (Data::Map(map), ir::Step::Key(key)) => map.get(key),
            (Data::List(list), ir::Step::Index(index)) => list.get(*index),
            _ => None,
        };
        match inner.map(|inner| inner.origins(rest)) {
            Some(found) if !found.is_empty() => found,
            _ => &self.from,
        }
    }
}
