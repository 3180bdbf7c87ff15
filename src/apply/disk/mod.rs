//! The only room that changes a home: a folder that is opened once, and what is done below it by
//! handles, so that no link that appears on the way leads anywhere else.

mod copy;
mod rename;
mod unsynced;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use rustix::fs::{self, AtFlags, FileType, Mode, OFlags};
use rustix::io::Errno;

use crate::files::stamp;
use crate::ir::Stamp;
pub use copy::{copy_file, copy_folder_attributes, same_bytes};
pub use rename::{exchange, move_new, move_over, second_name};
pub use unsynced::Unsynced;

/// A folder, and what is done below it. Paths are relative to it.
#[derive(Debug)]
pub struct Disk {
    /// Where it is; absolute, links resolved.
    pub path: Utf8PathBuf,
    root: Arc<OwnedFd>,
    /// The folders on the way to the last path.
    open: RefCell<Vec<(String, Arc<OwnedFd>)>>,
    /// Links in the place of a folder that may be followed.
    allowed: BTreeSet<String>,
    /// Whether all of them may.
    follows: bool,
}

/// What stands in the way to a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Way {
    /// Nothing: all folders on the way are there.
    Clear,
    /// There is no such folder, the topmost one.
    Missing(String),
    /// A link stands in the place of a folder.
    Link(String),
    /// Something else stands in the place of a folder.
    Blocked(String),
}

/// What a path is, by its stamp.
pub fn kind(stamp: &Stamp) -> FileType {
    FileType::from_raw_mode(stamp.mode as fs::RawMode)
}

/// Whether two looks saw the same thing, unchanged. A new name for it changes nothing.
pub fn same(a: &Stamp, b: &Stamp) -> bool {
    (a.dev, a.ino, a.size, a.mtime, a.mode) == (b.dev, b.ino, b.size, b.mtime, b.mode)
}

impl Disk {
    /// Opens a folder.
    ///
    /// # Errors
    /// The system's own.
    pub fn open(path: &Utf8Path) -> io::Result<Self> {
        let path = path.canonicalize_utf8()?;
        let root = fs::open(path.as_std_path(), folder(), Mode::empty())?;
        let (open, allowed) = (RefCell::default(), BTreeSet::new());
        Ok(Self { path, root: Arc::new(root), open, allowed, follows: false })
    }

    /// Opens a folder of hcc's own, in which links lead from folder to folder.
    ///
    /// # Errors
    /// The system's own.
    pub fn open_tree(path: &Utf8Path) -> io::Result<Self> {
        Ok(Self { follows: true, ..Self::open(path)? })
    }

    /// The same folder, opened once more, for another thread.
    ///
    /// # Errors
    /// The system's own.
    pub fn again(&self) -> io::Result<Self> {
        let root = fs::openat(&self.root, ".", folder(), Mode::empty())?;
        let (path, allowed) = (self.path.clone(), self.allowed.clone());
        Ok(Self {
            path,
            root: Arc::new(root),
            open: RefCell::default(),
            allowed,
            follows: self.follows,
        })
    }

    /// Lets a link in the place of a folder be followed.
    pub fn allow(&mut self, path: &str) {
        self.allowed.insert(path.trim_matches('/').to_owned());
    }

    /// The folder that a path is in, and its name there.
    fn parent<'a>(&self, path: &'a str) -> io::Result<(Arc<OwnedFd>, &'a str)> {
        let (way, name) = path.rsplit_once('/').unwrap_or(("", path));
        let mut open = self.open.borrow_mut();
        let (mut depth, mut end) = (0, 0);
        for part in way.split('/').filter(|part| !part.is_empty()) {
            end += part.len() + usize::from(end > 0);
            if open.get(depth).is_none_or(|(own, _)| own != part) {
                open.truncate(depth);
                let above = open.last().map_or(&self.root, |(_, handle)| handle);
                let follow = self.follows || self.allowed.contains(&path[..end]);
                let flags = if follow { folder() } else { folder() | OFlags::NOFOLLOW };
                let handle = fs::openat(above, part, flags, Mode::empty())?;
                open.push((part.to_owned(), Arc::new(handle)));
            }
            depth += 1;
        }
        open.truncate(depth);
        Ok((Arc::clone(open.last().map_or(&self.root, |(_, handle)| handle)), name))
    }

    /// Lets go of folders that may not be where they were.
    fn forget(&self) {
        self.open.borrow_mut().clear();
    }

    /// What stands on the way to a path.
    ///
    /// # Errors
    /// The system's own.
    pub fn way(&self, path: &str) -> io::Result<Way> {
        if self.parent(path).is_ok() {
            return Ok(Way::Clear);
        }
        for (end, _) in path.match_indices('/') {
            let above = &path[..end];
            match self.look(above)? {
                None => return Ok(Way::Missing(above.to_owned())),
                Some(found) => match kind(&found) {
                    FileType::Directory => {}
                    FileType::Symlink if self.allowed.contains(above) => {}
                    FileType::Symlink => return Ok(Way::Link(above.to_owned())),
                    _ => return Ok(Way::Blocked(above.to_owned())),
                },
            }
        }
        self.parent(path).map(|_| Way::Clear)
    }

    /// What a path leads to, in one look, links followed wherever they stand.
    pub fn through(&self, path: &str) -> Option<Stamp> {
        fs::statat(&self.root, path, AtFlags::empty()).ok().map(|stat| stamp(&stat))
    }

    /// What stands at a path; none if nothing does, or if there is no way to it.
    ///
    /// # Errors
    /// The system's own.
    pub fn look(&self, path: &str) -> io::Result<Option<Stamp>> {
        let found = self
            .parent(path)
            .and_then(|(above, name)| Ok(fs::statat(above, name, AtFlags::SYMLINK_NOFOLLOW)?));
        match found {
            Ok(stat) => Ok(Some(stamp(&stat))),
            Err(error) if is_absent(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Whether a link points to `prefix` and `rest`, one behind the other.
    pub fn points_to(&self, path: &str, prefix: &str, rest: &str) -> bool {
        let Ok((above, name)) = self.parent(path) else { return false };
        let mut buffer = [MaybeUninit::uninit(); 4096];
        match fs::readlinkat_raw(above, name, &mut buffer) {
            Ok((text, _)) => text.strip_prefix(prefix.as_bytes()) == Some(rest.as_bytes()),
            Err(_) => false,
        }
    }

    /// Where a link points.
    ///
    /// # Errors
    /// The system's own, also for what is no link.
    pub fn link_text(&self, path: &str) -> io::Result<Vec<u8>> {
        let (above, name) = self.parent(path)?;
        Ok(fs::readlinkat(above, name, Vec::new())?.into_bytes())
    }

    /// A file's bytes; what is no file is not waited for.
    ///
    /// # Errors
    /// The system's own; `InvalidInput` for what is no file.
    pub fn read(&self, path: &str) -> io::Result<(Vec<u8>, Stamp)> {
        let (above, name) = self.parent(path)?;
        read_at(&above, name, OFlags::NOFOLLOW)
    }

    /// The bytes that a path leads to.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn read_through(&self, path: &str) -> io::Result<(Vec<u8>, Stamp)> {
        read_at(&self.root, path, OFlags::empty())
    }

    /// Names in a folder, sorted; those that are not UTF-8 with replacement characters.
    ///
    /// # Errors
    /// The system's own.
    pub fn list(&self, path: &str) -> io::Result<Vec<String>> {
        let (above, name) = self.parent(path)?;
        let name = if name.is_empty() { "." } else { name };
        let handle = fs::openat(above, name, folder() | OFlags::NOFOLLOW, Mode::empty())?;
        let mut names = Vec::new();
        for entry in fs::Dir::read_from(&handle)? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            if name != "." && name != ".." {
                names.push(name);
            }
        }
        names.sort_unstable();
        Ok(names)
    }

    /// Writes a new file, whole, with its mode from the first byte.
    ///
    /// # Errors
    /// The system's own; something at that path is one.
    pub fn create(&self, path: &str, bytes: &[u8], mode: u32, sync: bool) -> io::Result<Stamp> {
        let (handle, stamp) = self.create_open(path, bytes, mode)?;
        if sync {
            fs::fsync(&handle)?;
        }
        Ok(stamp)
    }

    /// As [`Self::create`], for who makes it stay later.
    ///
    /// # Errors
    /// As [`Self::create`].
    pub fn create_open(&self, path: &str, bytes: &[u8], mode: u32) -> io::Result<(OwnedFd, Stamp)> {
        let (above, name) = self.parent(path)?;
        let flags = OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::CLOEXEC;
        // Never wider than it will be, from the first byte; what the umask took away comes last.
        let mode = Mode::from_raw_mode(mode as fs::RawMode);
        let handle = fs::openat(above, name, flags, mode & Mode::from_raw_mode(0o777))?;
        let mut rest = bytes;
        while !rest.is_empty() {
            let written = rustix::io::retry_on_intr(|| rustix::io::write(&handle, rest))?;
            if written == 0 {
                return Err(Errno::NOSPC.into());
            }
            rest = &rest[written..];
        }
        let mut stat = fs::fstat(&handle)?;
        if Mode::from_raw_mode(stat.st_mode) != mode {
            fs::fchmod(&handle, mode)?;
            stat = fs::fstat(&handle)?;
        }
        Ok((handle, stamp(&stat)))
    }

    /// Makes a link.
    ///
    /// # Errors
    /// The system's own; something at that path is one.
    pub fn link(&self, to: &str, path: &str) -> io::Result<()> {
        let (above, name) = self.parent(path)?;
        Ok(fs::symlinkat(to, above, name)?)
    }

    /// Makes a folder.
    ///
    /// # Errors
    /// The system's own; something at that path is one.
    pub fn make_folder(&self, path: &str, private: bool) -> io::Result<()> {
        let (above, name) = self.parent(path)?;
        let mode = if private { 0o700 } else { 0o777 };
        Ok(fs::mkdirat(above, name, Mode::from_raw_mode(mode))?)
    }

    /// Makes a folder and those above it, as far as they are missing.
    ///
    /// # Errors
    /// The system's own.
    pub fn make_folders(&self, path: &str, private: bool) -> io::Result<()> {
        let ends = path.match_indices('/').map(|(end, _)| end).chain([path.len()]);
        for end in ends {
            match self.make_folder(&path[..end], private) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                other => other?,
            }
        }
        Ok(())
    }

    /// Changes a mode.
    ///
    /// # Errors
    /// The system's own.
    pub fn set_mode(&self, path: &str, mode: u32) -> io::Result<()> {
        let (above, name) = self.parent(path)?;
        Ok(fs::chmodat(above, name, Mode::from_raw_mode(mode as fs::RawMode), AtFlags::empty())?)
    }

    /// Says when something was written, in nanoseconds since 1970; a link itself, not what it
    /// leads to.
    ///
    /// # Errors
    /// The system's own.
    pub fn set_time(&self, path: &str, time: i64) -> io::Result<()> {
        let (above, name) = self.parent(path)?;
        let written = fs::Timespec {
            tv_sec: time.div_euclid(1_000_000_000),
            tv_nsec: time.rem_euclid(1_000_000_000) as _,
        };
        let read = fs::Timespec { tv_sec: 0, tv_nsec: fs::UTIME_OMIT as _ };
        let times = fs::Timestamps { last_access: read, last_modification: written };
        Ok(fs::utimensat(above, name, &times, AtFlags::SYMLINK_NOFOLLOW)?)
    }

    /// Removes a file or a link.
    ///
    /// # Errors
    /// The system's own.
    pub fn unlink(&self, path: &str) -> io::Result<()> {
        let (above, name) = self.parent(path)?;
        Ok(fs::unlinkat(above, name, AtFlags::empty())?)
    }

    /// Removes a folder that is empty.
    ///
    /// # Errors
    /// The system's own.
    pub fn remove_folder(&self, path: &str) -> io::Result<()> {
        self.forget();
        let (above, name) = self.parent(path)?;
        Ok(fs::unlinkat(above, name, AtFlags::REMOVEDIR)?)
    }

    /// Removes whatever stands at a path, with all below it.
    ///
    /// # Errors
    /// The system's own, but not that there is nothing.
    pub fn remove_all(&self, path: &str) -> io::Result<()> {
        let Some(found) = self.look(path)? else { return Ok(()) };
        if kind(&found) != FileType::Directory {
            return self.unlink(path);
        }
        // A folder that cannot be written cannot be emptied either.
        if found.mode & 0o700 != 0o700 {
            self.set_mode(path, found.mode & 0o7777 | 0o700)?;
        }
        let (above, name) = self.parent(path)?;
        let handle = fs::openat(above, name, folder() | OFlags::NOFOLLOW, Mode::empty())?;
        empty(&handle)?;
        drop(handle);
        self.remove_folder(path)
    }

    /// Makes what is in a folder stay.
    ///
    /// # Errors
    /// The system's own.
    pub fn sync_folder(&self, path: &str) -> io::Result<()> {
        let (above, name) = self.parent(path)?;
        let name = if name.is_empty() { "." } else { name };
        let handle = fs::openat(above, name, folder(), Mode::empty())?;
        Ok(fs::fsync(handle)?)
    }

    /// Whether it is on the same file system as another.
    pub fn is_with(&self, other: &Disk) -> bool {
        let dev = |disk: &Disk| fs::fstat(&disk.root).ok().map(|stat| stat.st_dev);
        dev(self).is_some() && dev(self) == dev(other)
    }

    /// Makes all that was written to this file system stay.
    ///
    /// # Errors
    /// The system's own.
    pub fn sync_all(&self) -> io::Result<()> {
        #[cfg(target_os = "linux")]
        fs::syncfs(&self.root)?;
        #[cfg(not(target_os = "linux"))]
        rustix::fs::sync();
        Ok(())
    }
}
/// Whether an error says that nothing is there.
pub fn is_absent(error: &io::Error) -> bool {
    let errno = Errno::from_io_error(error);
    matches!(errno, Some(Errno::NOENT | Errno::NOTDIR | Errno::LOOP))
}

fn folder() -> OFlags {
    OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC
}

/// Opens what must be a file; what is none is not waited for.
fn open_file(above: &OwnedFd, name: &str, flags: OFlags) -> io::Result<(std::fs::File, Stamp)> {
    let flags = flags | OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let handle = fs::openat(above, name, flags, Mode::empty())?;
    let found = stamp(&fs::fstat(&handle)?);
    if kind(&found) != FileType::RegularFile {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no file"));
    }
    Ok((handle.into(), found))
}

fn read_at(above: &OwnedFd, name: &str, flags: OFlags) -> io::Result<(Vec<u8>, Stamp)> {
    let (mut file, found) = open_file(above, name, flags)?;
    let mut bytes = Vec::with_capacity(usize::try_from(found.size).unwrap_or(0));
    io::Read::read_to_end(&mut file, &mut bytes)?;
    Ok((bytes, found))
}

/// Removes all that is in an open folder. Handles nest as deep as folders do, which the length of
/// a path bounds.
fn empty(handle: &OwnedFd) -> io::Result<()> {
    let mut names = Vec::new();
    for entry in fs::Dir::read_from(handle)? {
        let entry = entry?;
        if !matches!(entry.file_name().to_bytes(), b"." | b"..") {
            names.push(entry.file_name().to_owned());
        }
    }
    for name in names {
        match fs::unlinkat(handle, &name, AtFlags::empty()) {
            Ok(()) => {}
            Err(Errno::ISDIR | Errno::PERM) => {
                let stat = fs::statat(handle, &name, AtFlags::SYMLINK_NOFOLLOW)?;
                if stat.st_mode & 0o700 != 0o700 {
                    let mode = Mode::from_raw_mode(stat.st_mode & 0o7777 | 0o700);
                    fs::chmodat(handle, &name, mode, AtFlags::empty())?;
                }
                let flags = folder() | OFlags::NOFOLLOW;
                empty(&fs::openat(handle, &name, flags, Mode::empty())?)?;
                fs::unlinkat(handle, &name, AtFlags::REMOVEDIR)?;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}
