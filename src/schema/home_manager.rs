//! What Home Manager's names are here, for those that no option is called by: `docs/home-manager.md`,
//! which is read only once a name means nothing.

const TABLE: &str = include_str!("../../docs/home-manager.md");

/// What stands in a name for any name of the user's.
const ANY: &str = "NAME";

/// A row of the table.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// The first cell: whole paths of Home Manager's, each a code span.
    names: &'static str,
    /// How it is said here, in Markdown.
    pub here: &'static str,
}

impl Row {
    /// Home Manager's paths.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        self.names.split('`').skip(1).step_by(2)
    }
}

/// The rows, in their order.
pub fn rows() -> impl Iterator<Item = Row> {
    TABLE.lines().filter_map(|line| {
        let (names, here) = line.strip_prefix("| ")?.strip_suffix(" |")?.split_once(" | ")?;
        names.starts_with('`').then_some(Row { names, here })
    })
}

/// A sentence about one of Home Manager's options by its whole path, or about the nearest one around
/// it. Letter case and dashes do not count.
pub fn said(path: &str) -> Option<String> {
    let found = rows().flat_map(|row| row.names().map(move |name| (name, row.here)));
    let (name, here) = found
        .filter(|(name, _)| is_around(name, path))
        .max_by_key(|(name, _)| name.split('.').count())?;
    let here = here.replace("\\|", "|");
    Some(match here.strip_prefix("not here") {
        Some(why) => format!("Home Manager's `{name}` is not here{why}"),
        None => format!("Home Manager's `{name}` is said so here: {here}"),
    })
}

/// Whether an option is the one of this path, or a block around it.
fn is_around(name: &str, path: &str) -> bool {
    let mut parts = path.split('.');
    name.split('.').all(|own| parts.next().is_some_and(|part| own == ANY || is_same(own, part)))
}

fn is_same(one: &str, other: &str) -> bool {
    fn letters(text: &str) -> impl Iterator<Item = u8> {
        text.bytes().filter(|byte| *byte != b'-').map(|byte| byte.to_ascii_lowercase())
    }
    letters(one).eq(letters(other))
}
