//! Where the tables of a file stand: `toml_edit` keeps them in a tree, and their order beside it.

use toml_edit::{DocumentMut, Item, Table};

use super::prefix;

/// Changes what stands before the first table's header.
pub(super) fn first_line(document: &mut DocumentMut, change: impl Fn(&str) -> String) {
    let first = places(document.as_table()).into_iter().filter(|place| *place > 0).min();
    if let Some(table) = first.and_then(|first| at_place(document.as_table_mut(), first)) {
        let prefix = change(&prefix(table.decor()));
        table.decor_mut().set_prefix(prefix);
    }
}

/// Tables stand behind what comes before them in the tree, not where they once stood.
pub(super) fn unplace(item: &mut Item) {
    fn table(found: &mut Table) {
        found.set_position(None);
        for (_, item) in found.iter_mut() {
            unplace(item);
        }
    }
    match item {
        Item::Table(found) => table(found),
        Item::ArrayOfTables(tables) => tables.iter_mut().for_each(table),
        Item::Value(_) | Item::None => {}
    }
}

/// Where the tables that have a header stand.
pub(super) fn places(table: &Table) -> Vec<isize> {
    fn collect(table: &Table, found: &mut Vec<isize>) {
        let shown = !table.is_implicit() || !table.get_values().is_empty();
        found.extend(table.position().filter(|_| shown && !table.is_dotted()));
        for (_, item) in table.iter() {
            match item {
                Item::Table(table) => collect(table, found),
                Item::ArrayOfTables(tables) => tables.iter().for_each(|t| collect(t, found)),
                Item::Value(_) | Item::None => {}
            }
        }
    }
    let mut found = Vec::new();
    for (_, item) in table.iter() {
        match item {
            Item::Table(table) => collect(table, &mut found),
            Item::ArrayOfTables(tables) => tables.iter().for_each(|t| collect(t, &mut found)),
            Item::Value(_) | Item::None => {}
        }
    }
    found
}

/// The table whose header stands at a place.
pub(super) fn at_place(table: &mut Table, place: isize) -> Option<&mut Table> {
    let here = |table: &Table| places(table).contains(&place);
    for (_, item) in table.iter_mut() {
        let tables: Vec<&mut Table> = match item {
            Item::Table(table) => vec![table],
            Item::ArrayOfTables(tables) => tables.iter_mut().collect(),
            Item::Value(_) | Item::None => continue,
        };
        for table in tables {
            let shown = !table.is_implicit() || !table.get_values().is_empty();
            if table.position() == Some(place) && shown && !table.is_dotted() {
                return Some(table);
            }
            if here(table) {
                return at_place(table, place);
            }
        }
    }
    None
}
