//! The tokens of everybody in a folder, so that a newcomer finds one for each part to play, and
//! services in processes of their own find theirs.
//!
//! Only the owner can read them.

use std::io;
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use mesur_catalogue::AuthorityCode;

use super::Issuer;
use crate::caller::Role;
use crate::private::{make_folder, write};

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
    make_folder(folder)?;
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
