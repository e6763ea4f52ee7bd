//! A disk that keeps what was synced, and of the rest whatever it likes.
//!
//! The rules are those of POSIX and of no single file system. What was written to a file, and its
//! length, is on the disk once a sync of that file that began afterwards has ended; a name, made,
//! changed or taken away, once such a sync of its folder has. Everything else may be there or not,
//! each change for itself, and a write may be there in some of its sectors. A rename happens wholly
//! or not at all.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};

use super::trace::Record;

/// What a disk writes wholly or not at all.
const SECTOR_BYTES: usize = 512;
/// How much of a file is looked at for being empty.
const HOLE: [u8; 4096] = [0; 4096];

/// A file or folder, by its place among all that ever were.
type NodeId = usize;

/// The changes of names that must happen together: where, and what is there then.
type Names = Vec<((NodeId, OsString), Option<NodeId>)>;

#[derive(Debug)]
struct Pending<T> {
    at: u64,
    change: T,
}

#[derive(Debug)]
enum Change {
    Write { offset: u64, bytes: Vec<u8> },
    SetLength(u64),
}

#[derive(Debug, Default)]
struct Node {
    is_folder: bool,
    /// What is on the disk for certain.
    content: Vec<u8>,
    unsynced: Vec<Pending<Change>>,
}

/// The folder of a store on such a disk.
#[derive(Debug)]
pub(crate) struct Disk {
    root: PathBuf,
    nodes: Vec<Node>,
    /// As the running system sees it.
    names: BTreeMap<(NodeId, OsString), NodeId>,
    /// As it is on the disk for certain.
    synced_names: BTreeMap<(NodeId, OsString), NodeId>,
    unsynced_names: Vec<Pending<Names>>,
    descriptors: BTreeMap<i32, NodeId>,
    /// When each sync that is under way began, and of what.
    syncs: BTreeMap<u64, (NodeId, u64)>,
    clock: u64,
}

/// What becomes of a change that was not synced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    Lost,
    Kept,
    /// Some sectors of it are there; for a file that grows, its length may be.
    Torn,
}

const ROOT: NodeId = 0;

impl Disk {
    /// A disk that has everything in the folder `root` for certain.
    pub(crate) fn of_folder(root: &Path) -> anyhow::Result<Self> {
        let mut disk = Self {
            root: root.to_owned(),
            nodes: vec![Node {
                is_folder: true,
                ..Node::default()
            }],
            names: BTreeMap::new(),
            synced_names: BTreeMap::new(),
            unsynced_names: Vec::new(),
            descriptors: BTreeMap::new(),
            syncs: BTreeMap::new(),
            clock: 0,
        };
        disk.load(ROOT, root)?;
        disk.names = disk.synced_names.clone();
        Ok(disk)
    }

    /// Says where the writer had the folder.
    pub(crate) fn is_at(&mut self, root: &Path) {
        root.clone_into(&mut self.root);
    }

    fn load(&mut self, folder: NodeId, path: &Path) -> anyhow::Result<()> {
        for entry in fs::read_dir(path)? {
            let entry = entry?;
            let is_folder = entry.file_type()?.is_dir();
            let content = if is_folder {
                Vec::new()
            } else {
                fs::read(entry.path())?
            };
            let node = self.add(is_folder, content);
            self.synced_names.insert((folder, entry.file_name()), node);
            if is_folder {
                self.load(node, &entry.path())?;
            }
        }
        Ok(())
    }

    fn add(&mut self, is_folder: bool, content: Vec<u8>) -> NodeId {
        self.nodes.push(Node {
            is_folder,
            content,
            unsynced: Vec::new(),
        });
        self.nodes.len() - 1
    }

    /// The folder and the name in it, as the running system sees them.
    fn place(&self, path: &Path) -> anyhow::Result<(NodeId, OsString)> {
        let inside = path.strip_prefix(&self.root)?;
        let name = inside.file_name().context("a path without a name")?;
        let mut folder = ROOT;
        for part in inside.parent().into_iter().flat_map(Path::components) {
            let at = (folder, part.as_os_str().to_owned());
            folder = *self.names.get(&at).with_context(|| {
                format!("{} is in no folder that the trace knows", path.display())
            })?;
        }
        Ok((folder, name.to_owned()))
    }

    fn node(&self, path: &Path) -> anyhow::Result<NodeId> {
        if path == self.root {
            return Ok(ROOT);
        }
        let found = self.names.get(&self.place(path)?).copied();
        found.with_context(|| format!("{} is not in the trace", path.display()))
    }

    fn rename(&mut self, names: Names) {
        for (place, node) in &names {
            match node {
                Some(node) => self.names.insert(place.clone(), *node),
                None => self.names.remove(place),
            };
        }
        self.unsynced_names.push(Pending {
            at: self.clock,
            change: names,
        });
    }

    fn change(&mut self, fd: i32, change: Change) -> anyhow::Result<()> {
        let at = self.clock;
        let node = self.opened(fd)?;
        let node = self.nodes.get_mut(node).context("a node")?;
        node.unsynced.push(Pending { at, change });
        Ok(())
    }

    fn opened(&self, fd: i32) -> anyhow::Result<NodeId> {
        let node = self.descriptors.get(&fd).copied();
        node.with_context(|| format!("the trace does not know the descriptor {fd}"))
    }

    /// What a record of the trace does.
    pub(crate) fn apply(&mut self, record: Record) -> anyhow::Result<()> {
        self.clock += 1;
        match record {
            Record::Open {
                fd,
                path,
                is_new,
                emptied,
            } => {
                let node = if is_new {
                    let node = self.add(false, Vec::new());
                    self.rename(vec![(self.place(&path)?, Some(node))]);
                    node
                } else {
                    self.node(&path)?
                };
                self.descriptors.insert(fd, node);
                if emptied {
                    self.change(fd, Change::SetLength(0))?;
                }
            }
            Record::Close { fd } => {
                self.descriptors.remove(&fd);
            }
            Record::Duplicate { fd, made } => {
                let node = self.opened(fd)?;
                self.descriptors.insert(made, node);
            }
            Record::Write { fd, offset, bytes } => {
                self.change(fd, Change::Write { offset, bytes })?;
            }
            Record::SetLength { fd, length } => self.change(fd, Change::SetLength(length))?,
            Record::SyncStart { fd, sync } => {
                let node = self.opened(fd)?;
                self.syncs.insert(sync, (node, self.clock));
            }
            Record::SyncEnd { sync } => {
                let (node, began) = self.syncs.remove(&sync).context("a sync began")?;
                self.sync(node, began)?;
            }
            Record::Rename { from, to } => {
                let node = self.node(&from)?;
                let names = vec![(self.place(&from)?, None), (self.place(&to)?, Some(node))];
                self.rename(names);
            }
            Record::Unlink { path } => self.rename(vec![(self.place(&path)?, None)]),
            Record::MakeFolder { path } => {
                let node = self.add(true, Vec::new());
                self.rename(vec![(self.place(&path)?, Some(node))]);
            }
            Record::Start => {
                self.descriptors.clear();
                self.syncs.clear();
            }
            Record::Mark { .. } => {}
        }
        Ok(())
    }

    fn sync(&mut self, node: NodeId, began: u64) -> anyhow::Result<()> {
        let touched = |names: &Names| names.iter().any(|((folder, _), _)| *folder == node);
        let (synced, left): (Vec<_>, Vec<_>) = std::mem::take(&mut self.unsynced_names)
            .into_iter()
            .partition(|pending| pending.at < began && touched(&pending.change));
        self.unsynced_names = left;
        for pending in synced {
            apply_names(&mut self.synced_names, &pending.change);
        }
        let node = self.nodes.get_mut(node).context("a node")?;
        let (synced, left): (Vec<_>, Vec<_>) = std::mem::take(&mut node.unsynced)
            .into_iter()
            .partition(|pending| pending.at < began);
        node.unsynced = left;
        for pending in synced {
            match pending.change {
                Change::Write { offset, bytes } => {
                    let start = usize::try_from(offset)?;
                    let end = start + bytes.len();
                    if node.content.len() < end {
                        node.content.resize(end, 0);
                    }
                    let place = node.content.get_mut(start..end).context("a place")?;
                    place.copy_from_slice(&bytes);
                }
                Change::SetLength(length) => node.content.resize(usize::try_from(length)?, 0),
            }
        }
        Ok(())
    }

    /// When the first change was made that is not on the disk for certain, and when the last one could be.
    pub(crate) fn unsynced_since(&self) -> (u64, u64) {
        let names = self.unsynced_names.iter().map(|pending| pending.at);
        let contents = self.nodes.iter().flat_map(|node| &node.unsynced);
        let first = names.chain(contents.map(|pending| pending.at)).min();
        (first.unwrap_or(self.clock), self.clock)
    }

    /// Writes the folder `to` as it might be found after the power went, each change that was not
    /// synced by its `fate`, which is told when the change was made.
    pub(crate) fn found(
        &self,
        to: &Path,
        mut fate: impl FnMut(u64) -> Fate,
        rng: &mut fastrand::Rng,
    ) -> anyhow::Result<()> {
        let mut names = self.synced_names.clone();
        for pending in &self.unsynced_names {
            if fate(pending.at) != Fate::Lost {
                apply_names(&mut names, &pending.change);
            }
        }
        fs::create_dir_all(to)?;
        let mut folders = vec![(ROOT, to.to_owned())];
        while let Some((folder, path)) = folders.pop() {
            let entries = names.range((folder, OsString::new())..);
            for ((_, name), id) in entries.take_while(|((of, _), _)| *of == folder) {
                let node = self.nodes.get(*id).context("a node")?;
                let path = path.join(name);
                if node.is_folder {
                    fs::create_dir(&path)?;
                    folders.push((*id, path));
                } else {
                    node.write(&path, &mut fate, rng)?;
                }
            }
        }
        Ok(())
    }
}

fn apply_names(names: &mut BTreeMap<(NodeId, OsString), NodeId>, changes: &Names) {
    for (place, node) in changes {
        match node {
            Some(node) => names.insert(place.clone(), *node),
            None => names.remove(place),
        };
    }
}

impl Node {
    fn write(
        &self,
        path: &Path,
        fate: &mut impl FnMut(u64) -> Fate,
        rng: &mut fastrand::Rng,
    ) -> anyhow::Result<()> {
        let file = File::create(path)?;
        file.set_len(u64::try_from(self.content.len())?)?;
        for (place, piece) in (0..).zip(self.content.chunks(HOLE.len())) {
            if HOLE.get(..piece.len()) != Some(piece) {
                file.write_all_at(piece, place * u64::try_from(HOLE.len())?)?;
            }
        }
        for Pending { at, change } in &self.unsynced {
            match (fate(*at), change) {
                (Fate::Lost, _) => {}
                (_, Change::SetLength(length)) => file.set_len(*length)?,
                (Fate::Kept, Change::Write { offset, bytes }) => {
                    file.write_all_at(bytes, *offset)?;
                }
                (Fate::Torn, Change::Write { offset, bytes }) => {
                    tear(&file, *offset, bytes, rng)?;
                }
            }
        }
        Ok(())
    }
}

/// Writes some sectors of what was to be written.
fn tear(file: &File, offset: u64, bytes: &[u8], rng: &mut fastrand::Rng) -> anyhow::Result<()> {
    let end = offset + u64::try_from(bytes.len())?;
    if rng.bool() && file.metadata()?.len() < end {
        file.set_len(end)?;
    }
    let sector = u64::try_from(SECTOR_BYTES)?;
    let (mut offset, mut rest) = (offset, bytes);
    while !rest.is_empty() {
        let in_sector = usize::try_from(sector - offset % sector)?;
        let (piece, after) = rest.split_at(in_sector.min(rest.len()));
        ensure!(!piece.is_empty(), "a sector has bytes");
        if rng.bool() {
            file.write_all_at(piece, offset)?;
        }
        offset += u64::try_from(piece.len())?;
        rest = after;
    }
    Ok(())
}
