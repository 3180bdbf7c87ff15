//! The contents of a generation: folders that are named by what they hold, so that generations
//! share those that did not change. A folder's inner folders are links to their own trees; from
//! some depth on they are folders, since systems follow only so many links.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::io;

use super::disk::{Disk, is_absent, kind, move_new};
use super::manifest::{Entry, Hash};
use crate::ir::Stamp;

/// Where the trees are.
pub const FOLDER: &str = "trees";

/// From this depth on, inner folders are part of the tree. Linux follows 40 links, macOS 32.
const DEEPEST: usize = 20;

/// A folder: what is in it, sorted by name.
#[derive(Debug, Default)]
struct Node<'a> {
    name: Hash,
    files: Vec<(&'a str, &'a Entry)>,
    folders: Vec<(&'a str, Node<'a>)>,
}

/// The trees of a generation.
#[derive(Debug, Default)]
pub struct Forest<'a> {
    root: Node<'a>,
}

impl<'a> Forest<'a> {
    /// That of these entries. Of two at one path the first stands there; where one is a folder of
    /// another's way the folder does, so that links to either lead somewhere.
    pub fn of(entries: impl IntoIterator<Item = &'a Entry>) -> Self {
        let has_content = |entry: &&Entry| entry.kind.hash().is_some();
        let mut entries: Vec<&Entry> = entries.into_iter().filter(has_content).collect();
        entries.sort_by(|a, b| a.path.cmp(&b.path));
        entries.dedup_by(|later, first| later.path == first.path);
        Self { root: Node::of(&entries, 0, &mut Vec::new()) }
    }

    /// The name of the whole.
    pub fn name(&self) -> Hash {
        self.root.name
    }

    /// The names of all trees of it.
    pub fn names(&self) -> HashSet<Hash> {
        let mut names = HashSet::new();
        self.root.collect(0, &mut names);
        names
    }
}

impl<'a> Node<'a> {
    /// The folder to which the first `way` bytes of all these paths lead. They are sorted, so that
    /// those of one inner folder stand together. `text` is room to write in.
    fn of(mut entries: &[&'a Entry], way: usize, text: &mut Vec<u8>) -> Self {
        let mut node = Self::default();
        while let [entry, rest @ ..] = entries {
            let below = entry.path.get(way..).unwrap_or_default();
            entries = match below.split_once('/') {
                None => {
                    node.files.push((below, *entry));
                    rest
                }
                Some((name, _)) => {
                    let inner = way + name.len() + 1;
                    let front = entry.path.get(..inner).unwrap_or_default();
                    let end = entries.partition_point(|own| own.path.starts_with(front));
                    let (own, rest) = entries.split_at(end.max(1));
                    node.folders.push((name, Self::of(own, inner, text)));
                    rest
                }
            };
        }
        // `a-b/` is before `a/`, and `a-b` is not before `a`.
        node.folders.sort_by_key(|(name, _)| *name);
        for (name, _) in &node.folders {
            if let Ok(at) = node.files.binary_search_by(|(own, _)| own.cmp(name)) {
                node.files.remove(at);
            }
        }
        text.clear();
        node.put(text);
        node.name = Hash::of(text);
        node
    }

    /// What it is named by.
    fn put(&self, out: &mut Vec<u8>) {
        let mut text = |bytes: &[u8]| {
            out.extend((bytes.len() as u64).to_le_bytes());
            out.extend(bytes);
        };
        for (name, entry) in &self.files {
            text(name.as_bytes());
            text(&entry.kind.hash().unwrap_or_default().0);
            text(&blob_mode(entry).to_le_bytes());
        }
        for (name, folder) in &self.folders {
            text(name.as_bytes());
            text(&folder.name.0);
        }
    }

    fn file(&self, name: &str) -> Option<&'a Entry> {
        let at = self.files.binary_search_by(|(own, _)| (*own).cmp(name)).ok()?;
        self.files.get(at).map(|(_, entry)| *entry)
    }

    fn folder(&self, name: &str) -> Option<&Self> {
        let at = self.folders.binary_search_by(|(own, _)| (*own).cmp(name)).ok()?;
        self.folders.get(at).map(|(_, folder)| folder)
    }

    fn collect(&self, depth: usize, names: &mut HashSet<Hash>) {
        if depth <= DEEPEST {
            names.insert(self.name);
            self.folders.iter().for_each(|(_, folder)| folder.collect(depth + 1, names));
        }
    }
}

/// A content in a tree cannot be written, by whomever its file may be read.
fn blob_mode(entry: &Entry) -> u32 {
    entry.mode & 0o555
}

/// Where contents come from.
pub trait Contents {
    /// The bytes of an entry.
    ///
    /// # Errors
    /// The system's own.
    fn read(&self, entry: &Entry) -> io::Result<std::borrow::Cow<'_, [u8]>>;
}

/// Builds trees.
pub struct Builder<'a> {
    /// The state's folder.
    pub state: &'a Disk,
    /// Where contents come from that no earlier tree has.
    pub contents: &'a dyn Contents,
    /// Contents that something wrote into: they are not shared any further.
    pub spoilt: BTreeSet<Hash>,
    /// Whether each file is made to stay as it is written.
    pub sync: bool,
    /// How contents look that were written, by their path.
    pub stamps: HashMap<String, Stamp>,
}

impl Builder<'_> {
    /// Builds what is not there yet; contents that the earlier forest has at the same path are
    /// shared with it. A tree is there whole or not at all, but stays only once the disk was
    /// synced.
    ///
    /// # Errors
    /// The system's own, and those of the contents.
    pub fn build(&mut self, forest: &Forest, earlier: &Forest) -> io::Result<Hash> {
        let old = Old { node: &earlier.root, path: path_of(earlier.name()) };
        self.node(&forest.root, Some(old), 0)
    }

    fn node(&mut self, node: &Node, old: Option<Old>, depth: usize) -> io::Result<Hash> {
        let name = node.name;
        let path = path_of(name);
        if self.state.look(&path)?.is_some() {
            return Ok(name);
        }
        let mut inner = Vec::new();
        if depth < DEEPEST {
            for (folder, below) in &node.folders {
                let old = old.as_ref().and_then(|old| old.inner(folder, depth));
                inner.push((*folder, self.node(below, old, depth + 1)?));
            }
        }
        let new = format!("{FOLDER}/.new-{name}");
        self.state.remove_all(&new)?;
        self.state.make_folder(&new, true)?;
        self.files(node, old.as_ref(), &new)?;
        for (folder, below) in inner {
            self.state.link(&format!("../{below}"), &format!("{new}/{folder}"))?;
        }
        if depth >= DEEPEST {
            self.folders(node, old.as_ref(), depth, &new)?;
        }
        if self.sync {
            self.state.sync_folder(&new)?;
        }
        match move_new((self.state, &new), (self.state, &path)) {
            // The same tree, elsewhere in this generation.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                self.state.remove_all(&new)?;
            }
            done => done?,
        }
        Ok(name)
    }

    fn folders(
        &mut self,
        node: &Node,
        old: Option<&Old>,
        depth: usize,
        path: &str,
    ) -> io::Result<()> {
        for (name, below) in &node.folders {
            let inner = format!("{path}/{name}");
            let old = old.and_then(|old| old.inner(name, depth));
            self.state.make_folder(&inner, true)?;
            self.files(below, old.as_ref(), &inner)?;
            self.folders(below, old.as_ref(), depth + 1, &inner)?;
        }
        Ok(())
    }

    fn files(&mut self, node: &Node, old: Option<&Old>, folder: &str) -> io::Result<()> {
        for (name, entry) in &node.files {
            let path = format!("{folder}/{name}");
            let known = old.and_then(|old| old.content(name, entry, &self.spoilt));
            // A file has only so many names; and a known one may be gone.
            if known.is_none_or(|known| self.state.name_again(&known, &path).is_err()) {
                let bytes = self.contents.read(entry)?;
                let stamp = self.state.create(&path, &bytes, blob_mode(entry), self.sync)?;
                self.stamps.insert(entry.path.clone(), stamp);
            }
        }
        Ok(())
    }

    /// Stages contents again that something wrote into, for each tree that has the same file: the
    /// path, where it is staged, and where it belongs.
    ///
    /// # Errors
    /// The system's own.
    pub fn renew(
        &mut self,
        forest: &Forest,
        paths: &[String],
    ) -> io::Result<Vec<(String, String, String)>> {
        let mut list = Vec::new();
        for path in paths {
            let Some((place, entry)) = forest.find(path) else { continue };
            let bytes = self.contents.read(entry)?;
            let mut places = match self.state.look(&place)? {
                Some(spoilt) => self.twins(&spoilt)?,
                None => Vec::new(),
            };
            if !places.contains(&place) {
                places.push(place);
            }
            for place in places {
                let staged = format!("{FOLDER}/.new-content-{}", list.len());
                self.state.remove_all(&staged)?;
                self.state.create(&staged, &bytes, blob_mode(entry), true)?;
                list.push((path.clone(), staged, place));
            }
        }
        Ok(list)
    }

    /// All names that a file has in the trees.
    fn twins(&self, file: &Stamp) -> io::Result<Vec<String>> {
        let (mut twins, mut folders) = (Vec::new(), vec![FOLDER.to_owned()]);
        while let Some(folder) = folders.pop() {
            for name in self.state.list(&folder)? {
                let path = format!("{folder}/{name}");
                let Some(found) = self.state.look(&path)? else { continue };
                match kind(&found) {
                    rustix::fs::FileType::Directory => folders.push(path),
                    // Those that are staged are new.
                    _ if name.starts_with(".new-") => {}
                    _ if (found.dev, found.ino) == (file.dev, file.ino) => twins.push(path),
                    _ => {}
                }
            }
        }
        Ok(twins)
    }
}

impl Forest<'_> {
    /// Where a path's content is in the state.
    fn find(&self, path: &str) -> Option<(String, &Entry)> {
        let (mut node, mut place) = (&self.root, path_of(self.root.name));
        let (way, name) = path.rsplit_once('/').unwrap_or(("", path));
        for (depth, part) in way.split('/').filter(|part| !part.is_empty()).enumerate() {
            node = node.folder(part)?;
            place = if depth < DEEPEST { path_of(node.name) } else { format!("{place}/{part}") };
        }
        node.file(name).map(|entry| (format!("{place}/{name}"), entry))
    }
}

/// A folder of an earlier generation, and where it is in the state.
struct Old<'a> {
    node: &'a Node<'a>,
    path: String,
}

impl Old<'_> {
    /// A folder in it.
    fn inner(&self, name: &str, depth: usize) -> Option<Self> {
        let node = self.node.folder(name)?;
        let path = match depth < DEEPEST {
            true => path_of(node.name),
            false => format!("{}/{name}", self.path),
        };
        Some(Self { node, path })
    }

    /// Where it has the content of an entry.
    fn content(&self, name: &str, entry: &Entry, spoilt: &BTreeSet<Hash>) -> Option<String> {
        let own = self.node.file(name)?;
        let same = own.kind.hash() == entry.kind.hash() && blob_mode(own) == blob_mode(entry);
        let whole = own.kind.hash().is_some_and(|hash| !spoilt.contains(&hash));
        (same && whole).then(|| format!("{}/{name}", self.path))
    }
}

/// Where a tree is in the state.
pub fn path_of(name: Hash) -> String {
    format!("{FOLDER}/{name}")
}

/// Removes trees, those of a switch that did not come about, or that nobody needs.
///
/// # Errors
/// The system's own, but not that one is not there.
pub fn remove(state: &Disk, names: impl IntoIterator<Item = Hash>) -> io::Result<()> {
    for name in names {
        for path in [path_of(name), format!("{FOLDER}/.new-{name}")] {
            match state.remove_all(&path) {
                Err(error) if !is_absent(&error) => return Err(error),
                _ => {}
            }
        }
    }
    Ok(())
}

/// Removes contents that were staged for a switch that did not come about.
///
/// # Errors
/// The system's own, but not that one is not there.
pub fn remove_renewed(state: &Disk) -> io::Result<()> {
    let names = match state.list(FOLDER) {
        Err(error) if is_absent(&error) => return Ok(()),
        names => names?,
    };
    for name in names.iter().filter(|name| name.starts_with(".new-content-")) {
        state.remove_all(&format!("{FOLDER}/{name}"))?;
    }
    Ok(())
}
