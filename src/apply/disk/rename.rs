//! Moving and exchanging what has a name, between folders that are held open.

use std::io;

use rustix::fs::{self, AtFlags, FileType, RenameFlags};
use rustix::io::Errno;

use super::{Disk, kind};
use crate::apply::carry;

/// Moves what stands at one path to another, where nothing may stand.
///
/// # Errors
/// The system's own; `AlreadyExists` if something does.
pub fn move_new(from: (&Disk, &str), to: (&Disk, &str)) -> io::Result<()> {
    unlocked([from, to], || rename_new(from, to))
}

/// Moves folders that may not be written: one that goes elsewhere is itself written to, and that it
/// may be for this instant.
fn unlocked<T>(places: [(&Disk, &str); 2], act: impl Fn() -> io::Result<T>) -> io::Result<T> {
    match act() {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            let mut locked = Vec::new();
            for (disk, path) in places {
                let found = disk
                    .look(path)?
                    .filter(|own| kind(own) == FileType::Directory && own.mode & 0o200 == 0);
                if let Some(found) = found {
                    disk.set_mode(path, found.mode & 0o7777 | 0o200)?;
                    locked.push(found);
                }
            }
            if locked.is_empty() {
                return Err(error);
            }
            let done = act();
            for found in locked {
                for (disk, path) in places {
                    let there = disk.look(path)?;
                    if there.is_some_and(|own| (own.dev, own.ino) == (found.dev, found.ino)) {
                        disk.set_mode(path, found.mode & 0o7777)?;
                    }
                }
            }
            done
        }
        done => done,
    }
}

fn rename_new(from: (&Disk, &str), to: (&Disk, &str)) -> io::Result<()> {
    let (from_above, from_name) = from.0.parent(from.1)?;
    let (to_above, to_name) = to.0.parent(to.1)?;
    let done =
        fs::renameat_with(&from_above, from_name, &to_above, to_name, RenameFlags::NOREPLACE);
    let done = match done {
        // No such flag on this file system: look, then move.
        Err(error) if is_lacking(error) => {
            match fs::statat(&to_above, to_name, AtFlags::SYMLINK_NOFOLLOW) {
                Ok(_) => Err(Errno::EXIST),
                Err(_) => fs::renameat(&from_above, from_name, &to_above, to_name),
            }
        }
        done => done,
    };
    from.0.forget();
    to.0.forget();
    match done {
        Err(Errno::XDEV) => carry::carry(from, to, false),
        done => Ok(done?),
    }
}

/// Moves what stands at one path over another, which is gone then.
///
/// # Errors
/// The system's own.
pub fn move_over(from: (&Disk, &str), to: (&Disk, &str)) -> io::Result<()> {
    let (from_above, from_name) = from.0.parent(from.1)?;
    let (to_above, to_name) = to.0.parent(to.1)?;
    match fs::renameat(from_above, from_name, to_above, to_name) {
        Err(Errno::XDEV) => carry::carry(from, to, true),
        done => Ok(done?),
    }
}

/// Gives what stands at one path another name, where nothing may stand.
///
/// # Errors
/// The system's own; folders have one name only.
pub fn second_name(from: (&Disk, &str), to: (&Disk, &str)) -> io::Result<()> {
    let (from_above, from_name) = from.0.parent(from.1)?;
    let (to_above, to_name) = to.0.parent(to.1)?;
    Ok(fs::linkat(from_above, from_name, to_above, to_name, AtFlags::empty())?)
}

/// Exchanges what stands at two paths, at once; whether the file system can.
///
/// # Errors
/// The system's own.
pub fn exchange(one: (&Disk, &str), other: (&Disk, &str)) -> io::Result<bool> {
    unlocked([one, other], || swap(one, other))
}

fn swap(one: (&Disk, &str), other: (&Disk, &str)) -> io::Result<bool> {
    let (one_above, one_name) = one.0.parent(one.1)?;
    let (other_above, other_name) = other.0.parent(other.1)?;
    let done =
        fs::renameat_with(&one_above, one_name, &other_above, other_name, RenameFlags::EXCHANGE);
    one.0.forget();
    other.0.forget();
    match done {
        Ok(()) => Ok(true),
        Err(error) if is_lacking(error) || error == Errno::XDEV => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Whether an error says that the file system does not know a call; systems differ in the words.
fn is_lacking(error: Errno) -> bool {
    [Errno::INVAL, Errno::NOSYS, Errno::OPNOTSUPP, Errno::NOTSUP].contains(&error)
}
