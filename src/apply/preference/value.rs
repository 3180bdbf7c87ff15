//! Values of preferences: property lists without the document around them, as text. So they are
//! kept in records and manifests, handed to `defaults`, and compared.

use std::io::Cursor;

use indexmap::IndexMap;
use plist::Value as Plist;

use crate::emit;
use crate::ir::Value;

/// What stands around a value: <https://developer.apple.com/DTDs/PropertyList-1.0.dtd>.
const HEAD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n<plist version=\"1.0\">\n";
const TAIL: &str = "\n</plist>";

/// A value of the IR; none for null, and for what no property list can hold.
pub fn of(value: &Value) -> Option<String> {
    // The writer makes no text of an empty value: it is written inside of another.
    let around = Value::Map(IndexMap::from_iter([("value".into(), value.clone())]));
    let text = emit::write(emit::find("plist")?, &around, &emit::Params::default()).ok()?;
    text_of(read(&text.text).ok()?.as_dictionary()?.get("value")?)
}

/// A property list's value as text; none if XML cannot hold it.
pub fn text_of(value: &Plist) -> Option<String> {
    let mut bytes = Vec::new();
    value.to_writer_xml(&mut bytes).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let (_, inner) = text.split_once("<plist version=\"1.0\">\n")?;
    Some(inner.trim_end().strip_suffix("</plist>")?.trim_end_matches('\n').to_owned())
}

/// The whole property list, as `defaults write` takes it for a value.
pub fn document(text: &str) -> String {
    format!("{HEAD}{text}{TAIL}")
}

/// A whole property list.
///
/// # Errors
/// What is wrong with it.
pub fn read(text: &str) -> Result<Plist, String> {
    Plist::from_reader(Cursor::new(text.as_bytes())).map_err(|error| error.to_string())
}

fn value(text: &str) -> Option<Plist> {
    read(&document(text)).ok()
}

/// Whether two are the same, type by type.
pub fn equal(a: &str, b: &str) -> bool {
    a == b || value(a).zip(value(b)).is_some_and(|(a, b)| a == b)
}

/// Whether one is what macOS or the application may have made of the other: they write `1` for
/// true, whole numbers for reals, and reals of less precision.
pub fn alike(a: &str, b: &str) -> bool {
    a == b || value(a).zip(value(b)).is_some_and(|(a, b)| similar(&a, &b))
}

fn similar(a: &Plist, b: &Plist) -> bool {
    match (a, b) {
        (Plist::Array(a), Plist::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| similar(a, b))
        }
        (Plist::Dictionary(a), Plist::Dictionary(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| similar(a, b)))
        }
        _ => match (number(a), number(b)) {
            // Single precision has seven digits.
            (Some(a), Some(b)) => (a - b).abs() <= 1e-6 * a.abs().max(b.abs()),
            _ => a == b,
        },
    }
}

#[expect(clippy::cast_precision_loss, reason = "compared with a tolerance")]
fn number(value: &Plist) -> Option<f64> {
    match value {
        Plist::Boolean(value) => Some(f64::from(u8::from(*value))),
        Plist::Integer(value) => {
            let signed = value.as_signed().map(|value| value as f64);
            signed.or_else(|| value.as_unsigned().map(|value| value as f64))
        }
        Plist::Real(value) => Some(*value),
        _ => None,
    }
}

/// As a person reads it, in a few words.
pub fn shown(text: &str) -> String {
    let Some(value) = value(text) else { return "a value that cannot be read".to_owned() };
    match value {
        Plist::Boolean(value) => value.to_string(),
        Plist::Integer(value) => value.to_string(),
        Plist::Real(value) => format!("{value:?}"),
        Plist::String(text) => {
            let short: String = text.chars().take(60).collect();
            let more = if short.len() < text.len() { "..." } else { "" };
            format!("{:?}", format!("{short}{more}"))
        }
        Plist::Array(list) => format!("a list of {}", list.len()),
        Plist::Dictionary(inner) => format!("an object of {}", inner.len()),
        Plist::Data(bytes) => format!("{} bytes", bytes.len()),
        Plist::Date(date) => date.to_xml_format(),
        _ => "a value".to_owned(),
    }
}
