//! The contents of a generation: folders that are named by what they hold, so that generations
//! share those that did not change. A folder's inner folders are links to their own trees; from
//! some depth on they are folders, since systems follow only so many links.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::io;

use super::disk::{Disk, Unsynced, is_absent, kind, move_new, same, second_name};
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

    /// Whether nobody has the bytes of an entry any more: a tree goes on with what an earlier one
    /// has in their place, or without.
    fn is_lost(&self, entry: &Entry) -> bool;
}

/// Builds trees.
pub struct Builder<'a> {
    /// The state's folder.
    pub state: &'a Disk,
    /// The same once more, for earlier trees: each holds open the folder that it was in last.
    pub earlier: Disk,
    /// Where contents come from that no earlier tree has.
    pub contents: &'a dyn Contents,
    /// The entries of the earlier generation, sorted.
    pub old: &'a [&'a Entry],
    /// Contents that something wrote into: they are not shared any further.
    pub spoilt: BTreeSet<Hash>,
    /// The trees that are not there, sorted.
    pub missing: &'a [Hash],
    /// Whether what is built is made to stay.
    pub sync: bool,
    /// How contents look that were written, by their path.
    pub stamps: HashMap<String, Stamp>,
    /// Trees that were built, and are not in their place yet.
    trees: BTreeSet<Hash>,
    /// Their folders.
    folders: Vec<String>,
    /// Their files; none are held if nothing is synced.
    files: Unsynced,
}

impl<'a> Builder<'a> {
    /// One that has built nothing. With `sync`, what it builds is made to stay.
    ///
    /// # Errors
    /// The system's own.
    pub fn new(
        state: &'a Disk,
        contents: &'a dyn Contents,
        old: &'a [&'a Entry],
        spoilt: BTreeSet<Hash>,
        missing: &'a [Hash],
        sync: bool,
    ) -> io::Result<Self> {
        let (earlier, files) = (state.again()?, Unsynced::new(sync));
        let (stamps, trees, folders) = Default::default();
        Ok(Self {
            state,
            earlier,
            contents,
            old,
            spoilt,
            missing,
            sync,
            stamps,
            trees,
            folders,
            files,
        })
    }

    /// Builds what is not there yet; contents that the earlier generation has at the same path are
    /// shared with it, whose `home` is a link to its tree. It is there only once it is
    /// [settled](Self::settle).
    ///
    /// # Errors
    /// The system's own, and those of the contents.
    pub fn build(&mut self, forest: &Forest, home: &str) -> io::Result<Hash> {
        let old = led(&self.earlier, home).map(path_of);
        self.node(&forest.root, old, 0)
    }

    /// Puts the trees that were built into their places, whole and synced; that folder itself is
    /// not synced.
    ///
    /// # Errors
    /// The system's own.
    pub fn settle(&mut self) -> io::Result<()> {
        self.files.sync()?;
        if self.sync {
            self.folders.iter().try_for_each(|path| self.state.sync_folder(path))?;
        }
        for name in std::mem::take(&mut self.trees) {
            move_new((self.state, &staged(name)), (self.state, &path_of(name)))?;
        }
        Ok(())
    }

    /// `old` is where the earlier generation has this folder, in the state.
    fn node(&mut self, node: &Node, old: Option<String>, depth: usize) -> io::Result<Hash> {
        let name = node.name;
        // The same tree may be elsewhere in this generation.
        if self.missing.binary_search(&name).is_err() || !self.trees.insert(name) {
            return Ok(name);
        }
        let mut inner = Vec::new();
        if depth < DEEPEST {
            for (folder, below) in &node.folders {
                let known = old.as_ref().map(|old| format!("{old}/{folder}"));
                let to = known.as_ref().and_then(|known| led(&self.earlier, known));
                let below = self.node(below, to.map(path_of), depth + 1)?;
                inner.push((*folder, below, known.filter(|_| to == Some(below))));
            }
        }
        let new = staged(name);
        self.state.remove_all(&new)?;
        self.folder(&new)?;
        self.files(node, old.as_deref(), &new)?;
        for (folder, below, known) in inner {
            let path = format!("{new}/{folder}");
            // A second name costs a system less than a new link.
            if !known.is_some_and(|known| self.shares(&known, &path)) {
                self.state.link(&format!("../{below}"), &path)?;
            }
        }
        if depth >= DEEPEST {
            self.folders(node, old.as_deref(), &new)?;
        }
        Ok(name)
    }

    fn folder(&mut self, path: &str) -> io::Result<()> {
        self.state.make_folder(path, true)?;
        self.folders.push(path.to_owned());
        Ok(())
    }

    fn folders(&mut self, node: &Node, old: Option<&str>, path: &str) -> io::Result<()> {
        for (name, below) in &node.folders {
            let inner = format!("{path}/{name}");
            let old = old.map(|old| format!("{old}/{name}"));
            self.folder(&inner)?;
            self.files(below, old.as_deref(), &inner)?;
            self.folders(below, old.as_deref(), &inner)?;
        }
        Ok(())
    }

    fn files(&mut self, node: &Node, old: Option<&str>, folder: &str) -> io::Result<()> {
        for (name, entry) in &node.files {
            let path = format!("{folder}/{name}");
            let known = old.filter(|_| self.is_known(entry)).map(|old| format!("{old}/{name}"));
            if !known.is_some_and(|known| self.shares(&known, &path))
                && !self.contents.is_lost(entry)
            {
                let bytes = self.contents.read(entry)?;
                let made = self.state.create_open(&path, &bytes, blob_mode(entry))?;
                self.stamps.insert(entry.path.clone(), self.files.hold(made)?);
            }
        }
        Ok(())
    }

    /// Whether the earlier generation has the content of an entry at its path.
    fn is_known(&self, entry: &Entry) -> bool {
        let found = self.old.binary_search_by(|own| own.path.cmp(&entry.path));
        let own = found.ok().and_then(|at| self.old.get(at));
        own.is_some_and(|own| {
            let hash = own.kind.hash();
            let same = hash == entry.kind.hash() && blob_mode(own) == blob_mode(entry);
            same && hash.is_some_and(|hash| !self.spoilt.contains(&hash))
        })
    }

    /// Whether what an earlier tree has could be given a second name. It has room for only so many;
    /// and it may be gone.
    fn shares(&self, known: &str, path: &str) -> bool {
        second_name((&self.earlier, known), (self.state, path)).is_ok()
    }

    /// The paths whose content is not what the name of its tree says: something wrote into it when
    /// it was in an earlier generation. It is enough to look at those that are `put` and at those of
    /// trees of other generations than the earlier one, which is at `home`; what looks as it was
    /// `left` is whole.
    ///
    /// # Errors
    /// The system's own, but not that a content is not there.
    pub fn spoilt_of<'b>(
        &self,
        forest: &'b Forest,
        home: &str,
        put: impl Iterator<Item = &'b str>,
        left: &dyn Fn(&Entry) -> Option<Stamp>,
    ) -> io::Result<Vec<String>> {
        let mut paths: BTreeSet<&str> = put.collect();
        self.reused(&forest.root, Some(home.to_owned()), 0, &mut paths);
        let mut spoilt = Vec::new();
        for path in paths.into_iter().filter(|path| !self.stamps.contains_key(*path)) {
            let Some((place, entry)) = forest.find(path) else { continue };
            let place = self.now(&place);
            let look = |found: io::Result<_>| match found {
                Err(error) if is_absent(&error) => Ok(None),
                found => found.map(Some),
            };
            let is_as_left = match (left(entry), self.state.look(&place)?) {
                (Some(left), Some(now)) => same(&left, &now),
                _ => false,
            };
            let hash =
                || io::Result::Ok(look(self.state.read(&place))?.map(|own| Hash::of(&own.0)));
            if !is_as_left && hash()? != entry.kind.hash() {
                spoilt.push(path.to_owned());
            }
        }
        Ok(spoilt)
    }

    /// The paths of trees that are there from other generations than the earlier one, which has
    /// this folder at `old`.
    fn reused<'b>(
        &self,
        node: &Node<'b>,
        old: Option<String>,
        depth: usize,
        paths: &mut BTreeSet<&'b str>,
    ) {
        let to = old.as_ref().filter(|_| depth <= DEEPEST).and_then(|old| led(&self.earlier, old));
        if to == Some(node.name) {
            return;
        }
        if !self.trees.contains(&node.name) {
            paths.extend(node.files.iter().map(|(_, entry)| &*entry.path));
        }
        for (name, below) in &node.folders {
            let old = to.map(|to| format!("{}/{name}", path_of(to)));
            self.reused(below, old, depth + 1, paths);
        }
    }

    /// Where a path of a tree is until that is [settled](Self::settle).
    fn now(&self, place: &str) -> String {
        let parts =
            place.strip_prefix(FOLDER).and_then(|own| own.strip_prefix('/')?.split_once('/'));
        match parts.and_then(|(name, below)| Some((name.parse().ok()?, below))) {
            Some((name, below)) if self.trees.contains(&name) => {
                format!("{}/{below}", staged(name))
            }
            _ => place.to_owned(),
        }
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
            if self.contents.is_lost(entry) {
                continue;
            }
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

/// The tree that a link of hcc's leads to.
fn led(state: &Disk, link: &str) -> Option<Hash> {
    let text = state.link_text(link).ok()?;
    std::str::from_utf8(&text).ok()?.rsplit('/').next()?.parse().ok()
}

/// Where a tree is in the state.
pub fn path_of(name: Hash) -> String {
    format!("{FOLDER}/{name}")
}

/// Where a tree is until it is whole.
fn staged(name: Hash) -> String {
    format!("{FOLDER}/.new-{name}")
}

/// Removes trees, those of a switch that did not come about, or that nobody needs.
///
/// # Errors
/// The system's own, but not that one is not there.
pub fn remove(state: &Disk, names: impl IntoIterator<Item = Hash>) -> io::Result<()> {
    for name in names {
        for path in [path_of(name), staged(name)] {
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
