//! A home as a tar archive, the same bytes for the same home: sorted, without times or owners.
//!
//! Folders are not in it, so that unpacking changes none that are there.

use std::io::{self, Write};

use tar::{Builder, EntryType, Header};

use super::{Laid, Refused, What};

/// The time of every file, in seconds since 1970: 1980-01-01, the first that every archive can hold.
const TIME: u64 = 315_532_800;

/// Packs a home; paths are below it.
///
/// # Errors
/// [`Refused::Source`], and [`Refused::Io`] for what the format cannot hold.
pub fn pack(list: &[Laid<'_>]) -> Result<Vec<u8>, Refused> {
    let mut archive = Builder::new(Vec::new());
    for laid in list {
        let bytes = laid.bytes()?.unwrap_or_default();
        let io = |error| Refused::Io(laid.path.clone(), error);
        let mut header = Header::new_gnu();
        header.set_mtime(TIME);
        header.set_uid(0);
        header.set_gid(0);
        match &laid.what {
            What::Link(to) => {
                header.set_entry_type(EntryType::Symlink);
                header.set_mode(0o777);
                header.set_size(0);
                archive.append_link(&mut header, &laid.path, &**to).map_err(io)?;
            }
            What::Text(_, mode) | What::Copy(_, mode) => {
                header.set_entry_type(EntryType::Regular);
                header.set_mode(mode.bits);
                header.set_size(bytes.len() as u64);
                archive.append_data(&mut header, &laid.path, &*bytes).map_err(io)?;
            }
        }
    }
    let done = |mut bytes: Vec<u8>| bytes.flush().map(|()| bytes);
    let bytes: io::Result<Vec<u8>> = archive.into_inner().and_then(done);
    bytes.map_err(|error| Refused::Io("the archive".into(), error))
}
