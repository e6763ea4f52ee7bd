//! Return files on disk.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, bail};

/// A return file that was read.
#[derive(Debug, Clone)]
pub(crate) struct ReturnFile {
    /// Its name, for the user.
    pub(crate) name: String,
    /// Its content; one byte more than the limit where it is longer, so that checking says so.
    pub(crate) bytes: Arc<[u8]>,
}

/// Reads one file, no more of it than may be sent for the edition: `file_bytes_max` says how much.
pub(crate) fn read(path: &Path, bytes_max: usize) -> anyhow::Result<ReturnFile> {
    let context = || format!("reading {}", path.display());
    let limit = u64::try_from(bytes_max)?.saturating_add(1);
    let mut bytes = Vec::new();
    let file = File::open(path).with_context(context)?;
    file.take(limit)
        .read_to_end(&mut bytes)
        .with_context(context)?;
    let name = path.file_name().unwrap_or(path.as_os_str());
    Ok(ReturnFile {
        name: name.display().to_string(),
        bytes: bytes.into(),
    })
}

/// The endings of the names of return files.
const KINDS: [&str; 3] = ["csv", "xlsx", "ods"];

/// Reads every return file of a folder, by name.
pub(crate) fn read_folder(folder: &Path, bytes_max: usize) -> anyhow::Result<Vec<ReturnFile>> {
    let context = || format!("reading the folder {}", folder.display());
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(context)? {
        let path = entry.with_context(context)?.path();
        let is_return = path
            .extension()
            .is_some_and(|kind| KINDS.iter().any(|known| kind.eq_ignore_ascii_case(known)));
        if is_return && path.is_file() {
            paths.push(path);
        }
    }
    if paths.is_empty() {
        bail!("{} holds no CSV, XLSX or ODS files", folder.display());
    }
    paths.sort();
    paths.iter().map(|path| read(path, bytes_max)).collect()
}
