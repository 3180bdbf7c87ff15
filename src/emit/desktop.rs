//! Desktop entries and the files written like them (`mimeapps.list`):
//! <https://specifications.freedesktop.org/desktop-entry-spec/latest/>.

use ecow::EcoString;
use indexmap::IndexMap;

use super::page::{Page, index, is_trimmed, key, name, scalar};
use super::{Fault, Format, Params, Text};
use crate::ir::{Step, Value};

pub(super) const FORMAT: Format = Format {
    name: "desktop",
    doc: "A desktop entry: `{\"Desktop Entry\": {Name: \"x\", \"Name[de]\": \"y\"}}`; a list's items end \
          in `;`. Backslashes are escaped once, as every reader expects; how the words of `Exec` \
          are quoted is the user's own.",
    null: false,
    comment: Some("#"),
    marks: &["#"],
    params: &[],
    write,
};

fn write(value: &Value, _params: &Params) -> Result<Text, Vec<Fault>> {
    let mut page = Page::default();
    let Value::Map(top) = value else {
        page.misfit(&[], "an object", value);
        return page.finish();
    };
    for (group, value) in top {
        let path = key(&[], group);
        let Value::Map(map) = value else {
            page.misfit(&path, "an object", value);
            continue;
        };
        let bad = |c: char| !c.is_ascii() || c.is_control() || matches!(c, '[' | ']');
        if group.is_empty() || group.contains(bad) {
            page.fault(
                &path,
                "a group's name holds ASCII without `[`, `]` and control characters",
                None,
            );
            continue;
        }
        page.blank();
        page.line(&path, &format!("[{group}]"));
        pairs(&mut page, &path, map);
    }
    page.finish()
}

fn pairs(page: &mut Page, path: &[Step], map: &IndexMap<EcoString, Value>) {
    for (name, value) in map {
        let path = key(path, name);
        // `Name[de_DE@euro]`: the brackets are the locale's.
        let base = match name.strip_suffix(']').and_then(|name| name.split_once('[')) {
            Some((base, locale)) if !locale.contains(['[', ']']) => base,
            _ => name,
        };
        let bad = |c: char| c.is_control() || matches!(c, '=' | '[' | ']');
        if base.is_empty()
            || name.contains('=')
            || base.contains(bad)
            || is_trimmed(name)
            || is_trimmed(base)
            || base.starts_with('#')
            || name.contains(char::is_control)
        {
            page.fault(
                &path,
                format!("a desktop entry has no key `{name}`"),
                Some("use letters, digits and `-`"),
            );
            continue;
        }
        let text = match value {
            Value::List(list) => {
                let items = list.iter().enumerate();
                let items = items.map(|(at, item)| text(page, &index(&path, at), item, true));
                items.map(|item| item.map(|item| item + ";")).collect()
            }
            value => text(page, &path, value, false),
        };
        if let Some(text) = text {
            page.parts(&path, &[name, "=", &text]);
        }
    }
}

fn text(page: &mut Page, path: &[Step], value: &Value, item: bool) -> Option<String> {
    let Some(text) = scalar(value, ("true", "false")) else {
        page.misfit(path, "a scalar or a list of them", value);
        return None;
    };
    let first = text.len() - text.trim_start_matches(' ').len();
    let last = text.trim_end_matches(' ').len();
    let mut out = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        match c {
            ' ' if at < first || at >= last => out.push_str(r"\s"),
            '\\' => out.push_str(r"\\"),
            '\n' => out.push_str(r"\n"),
            '\t' => out.push_str(r"\t"),
            '\r' => out.push_str(r"\r"),
            ';' if item => out.push_str(r"\;"),
            c if c.is_ascii_control() => {
                page.fault(
                    path,
                    format!("a desktop entry cannot hold the character {}", name(c)),
                    None,
                );
                return None;
            }
            c => out.push(c),
        }
    }
    Some(out)
}
