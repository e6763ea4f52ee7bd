//! A backup on disk: a folder with an export for each service and a manifest.
//!
//! It is written beside where it is to be, read back, synced, and only then gets its name: a backup
//! that is there under its name is whole. Files are for their owner alone, because they hold what is
//! not published.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, BufWriter, Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use jiff::Timestamp;
use mesur_catalogue::ContentHash;
use mesur_store::export::{self, Contents};
use serde::{Deserialize, Serialize};
use tempfile::TempDir;

use super::service::Service;

/// The name of the manifest.
pub(super) const MANIFEST: &str = "MANIFEST.json";
/// The format of the manifest.
const FORMAT: u32 = 1;
/// The longest manifest that is read, in bytes.
const MANIFEST_BYTES_MAX: u64 = 64 * 1024;

/// What a backup has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Manifest {
    format: u32,
    /// When it was made.
    pub(super) time: Timestamp,
    /// A store of each service.
    pub(super) stores: Vec<Stored>,
}

/// The export of one service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Stored {
    /// The service.
    pub(super) service: String,
    /// The name of the file.
    pub(super) file: String,
    /// `sha256:` and what `sha256sum` prints of the file.
    digest: String,
    /// Its length.
    pub(super) bytes: u64,
    /// Keys and log entries.
    pub(super) rows: u64,
    /// The number of the last commit in it.
    pub(super) version: u64,
}

impl Stored {
    pub(super) fn service(&self) -> anyhow::Result<Service> {
        Service::parse(&self.service)
    }
}

/// A backup that is being written.
pub(super) struct Making {
    folder: TempDir,
    target: PathBuf,
}

impl Making {
    /// Begins a backup that is to be the folder `target`, which must be empty or not there.
    pub(super) fn begin(target: &Path) -> anyhow::Result<Self> {
        if !super::is_empty(target)? {
            bail!(
                "{} is not empty: a backup is a new folder",
                target.display()
            );
        }
        let above = above(target)?;
        fs::create_dir_all(&above).with_context(|| format!("making {}", above.display()))?;
        let mut beside = tempfile::Builder::new();
        let folder = beside.prefix(".mesur-backup-").tempdir_in(&above);
        Ok(Self {
            folder: folder.with_context(|| format!("making a folder in {}", above.display()))?,
            target: target.to_owned(),
        })
    }

    /// The file of a service's export; one of an earlier attempt is written over.
    pub(super) fn file(&self, service: Service) -> anyhow::Result<Writing> {
        let path = self.folder.path().join(file_name(service));
        let mut options = OpenOptions::new();
        let file = options.write(true).create(true).truncate(true).mode(0o600);
        let file = file.open(&path).with_context(|| writing(&path))?;
        Ok(Writing {
            file: BufWriter::new(file),
            hash: ContentHash::default(),
            service,
            path,
        })
    }

    /// Reads everything back, and gives the backup its name.
    pub(super) fn finish(self, stores: Vec<Stored>, time: Timestamp) -> anyhow::Result<Manifest> {
        let manifest = Manifest {
            format: FORMAT,
            time,
            stores,
        };
        for stored in &manifest.stores {
            open(self.folder.path(), stored).context("reading back what was written")?;
        }
        let path = self.folder.path().join(MANIFEST);
        let mut options = OpenOptions::new();
        let file = options.write(true).create_new(true).mode(0o600).open(&path);
        let mut file = file.with_context(|| writing(&path))?;
        let mut text = serde_json::to_vec_pretty(&manifest)?;
        text.push(b'\n');
        file.write_all(&text).with_context(|| writing(&path))?;
        file.sync_all().with_context(|| writing(&path))?;
        sync(self.folder.path())?;
        let target = &self.target;
        let named = fs::rename(self.folder.path(), target);
        named.with_context(|| format!("giving the backup its name, {}", target.display()))?;
        // It has another name now, and stays.
        let _ = self.folder.keep();
        sync(&above(target)?)?;
        Ok(manifest)
    }
}

/// The file of an export as it is written.
pub(super) struct Writing {
    file: BufWriter<File>,
    hash: ContentHash,
    service: Service,
    path: PathBuf,
}

impl Writing {
    /// Ends the file of an export with these contents.
    pub(super) fn finish(self, contents: &Contents) -> anyhow::Result<Stored> {
        let context = || writing(&self.path);
        let file = self
            .file
            .into_inner()
            .map_err(io::IntoInnerError::into_error);
        file.and_then(|file| file.sync_all())
            .with_context(context)?;
        Ok(Stored {
            service: self.service.name().to_owned(),
            file: file_name(self.service),
            digest: self.hash.finish(),
            bytes: contents.bytes,
            rows: contents.rows,
            version: contents.header.version.get(),
        })
    }
}

impl Write for Writing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write_all(bytes)?;
        self.hash.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// The manifest of a backup.
pub(super) fn read(folder: &Path) -> anyhow::Result<Manifest> {
    let path = folder.join(MANIFEST);
    let context = || {
        let folder = folder.display();
        format!("reading {MANIFEST} of the backup {folder}; without it a folder is no whole backup")
    };
    let mut text = String::new();
    let file = File::open(&path).with_context(context)?;
    let read = file.take(MANIFEST_BYTES_MAX).read_to_string(&mut text);
    read.with_context(context)?;
    let manifest: Manifest = serde_json::from_str(&text).with_context(context)?;
    if manifest.format > FORMAT {
        bail!(
            "{} has format {}, and this program reads up to {FORMAT}: use a newer one",
            path.display(),
            manifest.format
        );
    }
    Ok(manifest)
}

/// An export of a backup, which is all that the manifest says, at its beginning.
pub(super) fn open(folder: &Path, stored: &Stored) -> anyhow::Result<BufReader<File>> {
    // A manifest from elsewhere must not lead out of the folder.
    ensure!(
        stored.file == file_name(stored.service()?),
        "{:?} is not the name of an export",
        stored.file
    );
    let path = folder.join(&stored.file);
    let context = || format!("reading {}", path.display());
    let file = File::open(&path).with_context(context)?;
    let mut hashing = Hashing {
        file: BufReader::new(file),
        hash: ContentHash::default(),
    };
    let contents = export::check(&mut hashing).with_context(context)?;
    let found = (
        contents.header.name.as_str(),
        contents.bytes,
        contents.rows,
        contents.header.version.get(),
        hashing.hash.finish(),
    );
    let due = (
        stored.service.as_str(),
        stored.bytes,
        stored.rows,
        stored.version,
        stored.digest.clone(),
    );
    if found != due {
        bail!(
            "{} is not the file that {MANIFEST} speaks of; use another copy of the backup",
            path.display()
        );
    }
    let mut file = hashing.file;
    file.rewind().with_context(context)?;
    Ok(file)
}

struct Hashing {
    file: BufReader<File>,
    hash: ContentHash,
}

impl Read for Hashing {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(to)?;
        self.hash.update(to.get(..read).unwrap_or_default());
        Ok(read)
    }
}

fn file_name(service: Service) -> String {
    format!("{}.mesur", service.name())
}

/// The folder that a path is in.
fn above(path: &Path) -> anyhow::Result<PathBuf> {
    let path = std::path::absolute(path).context("the path of the backup")?;
    let above = path.parent().context("the backup cannot be the root")?;
    Ok(above.to_owned())
}

/// Makes the names in a folder durable.
fn sync(folder: &Path) -> anyhow::Result<()> {
    let synced = File::open(folder).and_then(|folder| folder.sync_all());
    synced.with_context(|| format!("syncing {}", folder.display()))
}

fn writing(path: &Path) -> String {
    format!("writing {}", path.display())
}
