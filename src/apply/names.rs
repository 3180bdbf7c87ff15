//! Names beside a path: those that a switch uses, and those that are free.

/// Whether a path is one at which a switch stages something.
pub fn is_staged(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let rest = name.strip_prefix(".hcc-").unwrap_or_default();
    !rest.is_empty() && rest.bytes().all(|own| own.is_ascii_digit() || own == b'-')
}

/// A name beside a path that is free: `x.backup`, `x.backup.2`, ...; names stay short enough.
pub fn free(path: &str, extension: &str, is_free: &dyn Fn(&str) -> bool) -> String {
    let (way, name) = path.rsplit_once('/').map_or(("", path), |(way, name)| (way, name));
    let way = if way.is_empty() { String::new() } else { format!("{way}/") };
    let mut number = 1_u32;
    loop {
        let end = match number {
            1 => format!(".{extension}"),
            _ => format!(".{extension}.{number}"),
        };
        let mut room = name.len().min(255_usize.saturating_sub(end.len()));
        while !name.is_char_boundary(room) {
            room -= 1;
        }
        let candidate = format!("{way}{}{end}", &name[..room]);
        if is_free(&candidate) {
            return candidate;
        }
        number += 1;
    }
}
