//! Files into the folder of a configuration: all of them are written beside their places first, so
//! that a full disk or a kill leaves no half of one, and the configuration itself comes last.

use std::io;

use camino::{Utf8Path, Utf8PathBuf};

use crate::apply::disk::{Disk, is_absent, move_new, move_over};
use crate::cli::Stop;
use crate::cli::home::failed;
use crate::files::reason;

/// A file to be written.
#[derive(Clone, Debug)]
pub struct Put {
    /// Below the folder.
    pub path: String,
    /// What it holds.
    pub bytes: Vec<u8>,
    /// Its permissions.
    pub mode: u32,
    /// When it was written, in nanoseconds since 1970; now, if that does not matter.
    pub time: Option<i64>,
}

/// The folder of a configuration, and what was done in it so far.
#[derive(Debug)]
pub struct Repo {
    disk: Disk,
    /// The folder.
    pub root: Utf8PathBuf,
    /// Folders that were made for it, the innermost first.
    made: Vec<Utf8PathBuf>,
    /// Folders below it that were made.
    folders: Vec<String>,
    /// Files that wait beside their places: where, and what for.
    staged: Vec<(String, String)>,
    /// Files that were not there before.
    new: Vec<String>,
}

impl Repo {
    /// Opens a folder, made if it is not there.
    ///
    /// # Errors
    /// [`Stop::Failed`], said.
    pub fn open(root: &Utf8Path) -> Result<Self, Stop> {
        let said = |error: io::Error| failed(&format!("{root}: {}", reason(&error)));
        let missing = |folder: &&Utf8Path| !folder.as_str().is_empty() && !folder.exists();
        let made = root.ancestors().take_while(missing).map(Utf8Path::to_owned).collect();
        std::fs::create_dir_all(root).map_err(said)?;
        let root = root.canonicalize_utf8().map_err(said)?;
        let disk = Disk::open(&root).map_err(said)?;
        let (folders, staged, new) = (Vec::new(), Vec::new(), Vec::new());
        Ok(Self { disk, root, made, folders, staged, new })
    }

    /// Of what is to be written, what is there already and otherwise.
    pub fn in_the_way(&self, puts: &[Put]) -> Vec<String> {
        let other = |put: &&Put| match self.disk.look(&put.path) {
            Ok(None) => false,
            Ok(Some(_)) => !self.holds(put),
            Err(error) => !is_absent(&error),
        };
        puts.iter().filter(other).map(|put| put.path.clone()).collect()
    }

    fn holds(&self, put: &Put) -> bool {
        let found = self.disk.read(&put.path);
        found.is_ok_and(|(bytes, stamp)| bytes == put.bytes && stamp.mode & 0o7777 == put.mode)
    }

    /// Writes files, in their order, over whatever stands there. All are written before the first
    /// of them gets its name.
    ///
    /// # Errors
    /// [`Stop::Failed`], said; what was not there before is taken away again, and what was is as it
    /// was, unless a renaming failed.
    pub fn write(&mut self, puts: &[Put]) -> Result<(), Stop> {
        self.write_all(puts).map_err(|(path, error)| {
            self.undo();
            let path = if path.is_empty() { self.root.clone() } else { self.root.join(path) };
            failed(&format!("{path}: {}", reason(&error)))
        })
    }

    fn write_all(&mut self, puts: &[Put]) -> Result<(), (String, io::Error)> {
        // One file is made to stay by itself; many, with all that waits to be written anyway.
        let alone = puts.len() == 1;
        for put in puts {
            if self.holds(put) {
                continue;
            }
            let at = beside(&put.path);
            self.staged.push((at.clone(), put.path.clone()));
            self.stage(put, &at, alone).map_err(|error| (put.path.clone(), error))?;
        }
        if !self.staged.is_empty() && !alone {
            self.disk.sync_all().map_err(|error| (String::new(), error))?;
        }
        for (at, path) in &self.staged {
            let (from, to) = ((&self.disk, &**at), (&self.disk, &**path));
            match self.disk.look(path) {
                Ok(None) => move_new(from, to).map(|()| self.new.push(path.clone())),
                Ok(Some(_)) => move_over(from, to),
                Err(error) => Err(error),
            }
            .map_err(|error| (path.clone(), error))?;
        }
        self.staged.clear();
        Ok(())
    }

    fn stage(&mut self, put: &Put, at: &str, sync: bool) -> io::Result<()> {
        for (end, _) in at.match_indices('/') {
            let folder = at.get(..end).unwrap_or_default();
            match self.disk.make_folder(folder, false) {
                Ok(()) => self.folders.push(folder.to_owned()),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        self.disk.remove_all(at)?;
        self.disk.create(at, &put.bytes, put.mode, sync)?;
        put.time.map_or(Ok(()), |time| self.disk.set_time(at, time))
    }

    /// Takes away again what was not there before.
    pub fn undo(&mut self) {
        // What is left over holds copies only: the next run finds them equal, or removes them.
        self.staged.drain(..).for_each(|(at, _)| drop(self.disk.remove_all(&at)));
        self.new.drain(..).for_each(|path| drop(self.disk.unlink(&path)));
        self.folders.drain(..).rev().for_each(|path| drop(self.disk.remove_folder(&path)));
        crate::apply::leave::remove_empty(&self.made);
    }
}

/// The name under which a file is written before it gets its own.
fn beside(path: &str) -> String {
    let (folder, name) = path.rsplit_once('/').map_or(("", path), |(folder, name)| (folder, name));
    let mut new = format!(".hcc-new-{name}");
    while new.len() > 255 {
        new.pop();
    }
    if folder.is_empty() { new } else { format!("{folder}/{new}") }
}
