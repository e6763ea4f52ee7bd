//! The tokens of everybody in a folder, so that a newcomer finds one for each part to play, and
//! services in processes of their own find theirs.
//!
//! Only the owner can read them. Each file is written beside its place and renamed, so that a service
//! that reads it again never sees half of it.

use std::fs::{self, DirBuilder, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use mesur_catalogue::AuthorityCode;

use super::Issuer;
use crate::caller::Role;

/// How long the tokens in the files are good: 30 days.
pub const FILES_LIFETIME: Duration = Duration::from_hours(30 * 24);

/// Writes `jwks.json`, and a token for each part: `statistician.token`, `publisher.token`,
/// `supplier.token`, `operator.token`, `service.token`, and for each authority
/// `W06000001-submitter.token` and `W06000001-approver.token`. Files of the same names are replaced.
///
/// The identities are `dev:statistician`, `dev:W06000001-submitter` and so on.
pub fn write_folder<'a>(
    issuer: &Issuer,
    folder: &Path,
    authorities: impl IntoIterator<Item = &'a AuthorityCode>,
    now: Timestamp,
) -> io::Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)?;
    // It may have been there with other rights.
    fs::set_permissions(folder, Permissions::from_mode(0o700))?;
    write(folder, "jwks.json", issuer.jwks_json())?;
    let mut parts = vec![
        ("statistician".to_owned(), Role::Statistician),
        ("publisher".to_owned(), Role::Publisher),
        ("reader".to_owned(), Role::Reader),
        ("supplier".to_owned(), Role::Supplier),
        ("operator".to_owned(), Role::Operator),
        ("service".to_owned(), Role::Service),
    ];
    for code in authorities {
        parts.push((format!("{code}-submitter"), Role::Submitter(code.clone())));
        parts.push((format!("{code}-approver"), Role::Approver(code.clone())));
    }
    for (name, role) in parts {
        let identity = format!("dev:{name}");
        let token = issuer.token(&identity, &[role], FILES_LIFETIME, now);
        write(folder, &format!("{name}.token"), &token)?;
    }
    Ok(())
}

fn write(folder: &Path, name: &str, text: &str) -> io::Result<()> {
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
