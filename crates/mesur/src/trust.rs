//! Whom the command trusts to vouch for services at `https` addresses: the authorities in a file, or else
//! those of the platform.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use mesur_rpc::tls::ClientTls;

/// The variable that names the file with authorities.
pub(crate) const AUTHORITIES: &str = "MESUR_CA";

/// What is trusted: the authorities in the file that was given, or that the variable names.
pub(crate) fn tls(given: Option<&Path>) -> anyhow::Result<ClientTls> {
    let named = env::var_os(AUTHORITIES).map(PathBuf::from);
    match given.or(named.as_deref()) {
        Some(file) => ClientTls::open(file, None)
            .with_context(|| format!("the authorities in {}", file.display())),
        None => of_platform(),
    }
}

fn of_platform() -> anyhow::Result<ClientTls> {
    // What cannot be read does no harm while something can.
    let found = rustls_native_certs::load_native_certs();
    if found.certs.is_empty() {
        bail!(
            "this machine holds no certificates of authorities: give --ca FILE or set {AUTHORITIES}"
        );
    }
    ClientTls::trusting(found.certs).context("the authorities that this machine trusts")
}
