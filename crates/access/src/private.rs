//! Files that only their owner can read, such as tokens.
//!
//! Each is written beside its place and renamed, so that whoever reads it again never sees half.

use std::fs::{self, DirBuilder, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

/// Makes a folder that is its owner's alone, also one that was there with other rights.
pub fn make_folder(folder: &Path) -> io::Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)?;
    fs::set_permissions(folder, Permissions::from_mode(0o700))
}

/// Writes a line of text into a file of a folder; one of the same name is replaced.
pub fn write(folder: &Path, name: &str, text: &str) -> io::Result<()> {
    let beside = folder.join(format!(".{name}.new"));
    // One that a killed process left could be open to others: make it anew.
    match fs::remove_file(&beside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = OpenOptions::new();
    let mut file = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&beside)?;
    file.write_all(text.as_bytes())?;
    file.write_all(b"\n")?;
    fs::rename(&beside, folder.join(name))
}
