//! Copying a file between file systems, piece by piece: as large as it may be, it is never whole in
//! memory.

use std::fs::File;
use std::io::{self, Read};

use rustix::fd::AsFd;
use rustix::fs::{self, Mode, OFlags, XattrFlags};
use rustix::io::Errno;

use super::{Disk, open_file};
use crate::ir::Stamp;

/// How much is compared at once.
const PIECE: usize = 1 << 16;

/// Copies a file with its mode, and its extended attributes as far as the other file system takes
/// them, and makes it stay. Where it comes nothing may stand.
///
/// # Errors
/// The system's own.
pub fn copy_file(from: (&Disk, &str), to: (&Disk, &str)) -> io::Result<Stamp> {
    let (mut source, found) = open(from)?;
    let (above, name) = to.0.parent(to.1)?;
    let mode = Mode::from_raw_mode((found.mode & 0o7777) as fs::RawMode);
    let flags = OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::CLOEXEC;
    // Never wider than it will be.
    let mut copy = File::from(fs::openat(above, name, flags, mode & Mode::RWXU)?);
    io::copy(&mut source, &mut copy)?;
    copy_attributes(&source, &copy);
    fs::fchmod(&copy, mode)?;
    copy.sync_all()?;
    Ok(found)
}

/// Gives a folder the extended attributes of another, as far as its file system takes them.
///
/// # Errors
/// The system's own, if one of them cannot be opened.
pub fn copy_folder_attributes(from: (&Disk, &str), to: (&Disk, &str)) -> io::Result<()> {
    let open = |(disk, path): (&Disk, &str)| -> io::Result<_> {
        let (above, name) = disk.parent(path)?;
        Ok(fs::openat(above, name, super::folder() | OFlags::NOFOLLOW, Mode::empty())?)
    };
    copy_attributes(&open(from)?, &open(to)?);
    Ok(())
}

/// Whether two files hold the same bytes.
///
/// # Errors
/// The system's own.
pub fn same_bytes(one: (&Disk, &str), other: (&Disk, &str)) -> io::Result<bool> {
    let (mut one, mut other) = (open(one)?.0, open(other)?.0);
    let (mut a, mut b) = (vec![0; PIECE], vec![0; PIECE]);
    loop {
        let read = fill(&mut one, &mut a)?;
        if read != fill(&mut other, &mut b)? || a[..read] != b[..read] {
            return Ok(false);
        }
        if read < PIECE {
            return Ok(true);
        }
    }
}

/// Reads until a buffer is full or the file ends.
fn fill(file: &mut File, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

fn open(at: (&Disk, &str)) -> io::Result<(File, Stamp)> {
    let (above, name) = at.0.parent(at.1)?;
    open_file(&above, name, OFlags::NOFOLLOW)
}

/// What a file system does not take is left out: the bytes are what counts.
fn copy_attributes(from: impl AsFd, to: impl AsFd) {
    let Some(names) = sized(|buffer| fs::flistxattr(&from, buffer)) else { return };
    for name in names.split(|byte| *byte == 0).filter(|name| !name.is_empty()) {
        if let Some(value) = sized(|buffer| fs::fgetxattr(&from, name, buffer)) {
            let _left_out = fs::fsetxattr(&to, name, &value, XattrFlags::empty());
        }
    }
}

/// What a call writes into a buffer that is large enough. Linux takes no larger attribute than the
/// first, macOS does.
fn sized(call: impl Fn(&mut [u8]) -> rustix::io::Result<usize>) -> Option<Vec<u8>> {
    for size in [1 << 16, 1 << 20, 1 << 24] {
        let mut buffer = vec![0; size];
        match call(&mut buffer) {
            Ok(length) => {
                buffer.truncate(length);
                return Some(buffer);
            }
            Err(Errno::RANGE) => {}
            Err(_) => return None,
        }
    }
    None
}
