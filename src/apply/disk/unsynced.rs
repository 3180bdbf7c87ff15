//! Files that are made to stay together: the first sync of a file system that keeps a journal
//! writes most of what the others ask for.

use std::io;
use std::os::fd::OwnedFd;

use rustix::fs;

use crate::ir::Stamp;

/// So many files are held open.
const MOST: usize = 64;

/// Files that were written, and may not stay yet.
#[derive(Debug, Default)]
pub struct Unsynced {
    off: bool,
    files: Vec<OwnedFd>,
}

impl Unsynced {
    /// None yet. If they are not `wanted` none is held: somebody syncs all there is.
    pub fn new(wanted: bool) -> Self {
        Self { off: !wanted, files: Vec::new() }
    }

    /// Holds a file that was written.
    ///
    /// # Errors
    /// The system's own, for those that were held before.
    pub fn hold(&mut self, (file, stamp): (OwnedFd, Stamp)) -> io::Result<Stamp> {
        self.hold_open(file)?;
        Ok(stamp)
    }

    /// Holds a file of which nobody asks how it looks.
    ///
    /// # Errors
    /// As [`Self::hold`].
    pub fn hold_open(&mut self, file: OwnedFd) -> io::Result<()> {
        if !self.off {
            if self.files.len() >= MOST {
                self.sync()?;
            }
            self.files.push(file);
        }
        Ok(())
    }

    /// Makes all of them stay.
    ///
    /// # Errors
    /// The system's own.
    pub fn sync(&mut self) -> io::Result<()> {
        self.files.drain(..).try_for_each(|file| Ok(fs::fsync(file)?))
    }
}
