//! Moves between file systems, which no rename can: copy, compare, rename. A crash leaves what is
//! moved at one end at least, whole, and the next try goes on from there.

use std::io;

use rustix::fs::FileType;

use super::disk::{Disk, copy_file, copy_folder_attributes, kind, move_new, move_over, same_bytes};
use crate::ir::Stamp;

/// Moves what stands at one path to another, on another file system: `over` what stands there, or
/// where nothing may stand.
///
/// # Errors
/// The system's own; `AlreadyExists`; `Unsupported` for what is no file, link or folder.
pub fn carry(from: (&Disk, &str), to: (&Disk, &str), over: bool) -> io::Result<()> {
    if !is_same(from, to)? {
        if !over && to.0.look(to.1)?.is_some() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let new = beside(to.1, ".hcc-new");
        to.0.remove_all(&new)?;
        copy(from, (to.0, &new))?;
        if !is_same(from, (to.0, &new))? {
            to.0.remove_all(&new)?;
            return Err(io::Error::other("it changed while it was copied"));
        }
        match over {
            true => move_over((to.0, &new), to)?,
            false => move_new((to.0, &new), to)?,
        }
        to.0.sync_folder(to.1.rsplit_once('/').map_or("", |(above, _)| above))?;
    }
    // It goes at once: a half of it must not be taken for the whole.
    let old = beside(from.1, ".hcc-old");
    from.0.remove_all(&old)?;
    move_over(from, (from.0, &old))?;
    from.0.remove_all(&old)
}

fn beside(path: &str, name: &str) -> String {
    path.rsplit_once('/').map_or(name.to_owned(), |(above, _)| format!("{above}/{name}"))
}

/// Copies, with modes, times and extended attributes.
fn copy(from: (&Disk, &str), to: (&Disk, &str)) -> io::Result<()> {
    let Some(found) = from.0.look(from.1)? else { return Err(io::ErrorKind::NotFound.into()) };
    match kind(&found) {
        FileType::RegularFile => {
            let found = copy_file(from, to)?;
            to.0.set_time(to.1, found.mtime)
        }
        FileType::Symlink => {
            to.0.link(&text(from)?, to.1)?;
            to.0.set_time(to.1, found.mtime)
        }
        FileType::Directory => {
            to.0.make_folder(to.1, true)?;
            for name in from.0.list(from.1)? {
                let (inner, new) = (format!("{}/{name}", from.1), format!("{}/{name}", to.1));
                copy((from.0, &inner), (to.0, &new))?;
            }
            copy_folder_attributes(from, to)?;
            to.0.set_mode(to.1, found.mode & 0o7777)?;
            to.0.sync_folder(to.1)?;
            to.0.set_time(to.1, found.mtime)
        }
        _ => Err(io::Error::new(
            io::ErrorKind::Unsupported,
            "a pipe, a socket or a device cannot be moved to another file system",
        )),
    }
}

fn text(of: (&Disk, &str)) -> io::Result<String> {
    let not = |_| io::Error::other("a link whose text is not UTF-8 cannot be copied");
    String::from_utf8(of.0.link_text(of.1)?).map_err(not)
}

/// Whether the same stands at two paths: kinds, modes, times of files, texts of links, bytes.
///
/// # Errors
/// The system's own.
pub fn is_same(one: (&Disk, &str), other: (&Disk, &str)) -> io::Result<bool> {
    let (Some(a), Some(b)) = (one.0.look(one.1)?, other.0.look(other.1)?) else { return Ok(false) };
    let mode = |stamp: &Stamp| stamp.mode & 0o7777;
    if kind(&a) != kind(&b) {
        return Ok(false);
    }
    match kind(&a) {
        FileType::RegularFile => {
            Ok((a.size, a.mtime, mode(&a)) == (b.size, b.mtime, mode(&b))
                && same_bytes(one, other)?)
        }
        FileType::Symlink => Ok(one.0.link_text(one.1)? == other.0.link_text(other.1)?),
        FileType::Directory => {
            let names = one.0.list(one.1)?;
            if mode(&a) != mode(&b) || names != other.0.list(other.1)? {
                return Ok(false);
            }
            for name in names {
                let (inner, twin) = (format!("{}/{name}", one.1), format!("{}/{name}", other.1));
                if !is_same((one.0, &inner), (other.0, &twin))? {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        _ => Ok(false),
    }
}
