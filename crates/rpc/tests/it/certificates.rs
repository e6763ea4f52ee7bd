//! Authorities made for a test, and the certificates that they sign.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use mesur_rpc::tls::Identity;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair,
};

static COUNT: AtomicUsize = AtomicUsize::new(0);

/// Who vouches for others.
pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A certificate and its key, in PEM.
pub(crate) struct Signed {
    pub(crate) certificate: String,
    pub(crate) key: String,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::default();
        // Two of one name would be taken for each other, and told by their signatures.
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("Authority {number}");
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        Self(CertifiedIssuer::self_signed(params, key).expect("signed"))
    }

    /// Its own certificate as a file.
    pub(crate) fn file(&self, folder: &Path, name: &str) -> PathBuf {
        let path = folder.join(name);
        fs::write(&path, self.0.pem()).expect("written");
        path
    }

    /// A certificate for these DNS names or addresses.
    pub(crate) fn sign(&self, names: &[&str]) -> Signed {
        self.sign_changed(names, |_| ())
    }

    /// A certificate that differs from a usual one.
    pub(crate) fn sign_changed(
        &self,
        names: &[&str],
        change: impl FnOnce(&mut CertificateParams),
    ) -> Signed {
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        let mut params = CertificateParams::new(names).expect("names");
        params.extended_key_usages = vec![
            ExtendedKeyUsagePurpose::ServerAuth,
            ExtendedKeyUsagePurpose::ClientAuth,
        ];
        change(&mut params);
        let key = KeyPair::generate().expect("a key");
        Signed {
            certificate: params.signed_by(&key, &self.0).expect("signed").pem(),
            key: key.serialize_pem(),
        }
    }
}

impl Signed {
    /// Writes `NAME.pem` and `NAME.key`, whatever stood there.
    pub(crate) fn files(&self, folder: &Path, name: &str) -> Identity {
        let identity = Identity {
            certificate: folder.join(format!("{name}.pem")),
            key: folder.join(format!("{name}.key")),
        };
        fs::write(&identity.certificate, &self.certificate).expect("written");
        fs::write(&identity.key, &self.key).expect("written");
        allow(&identity.key, 0o600);
        identity
    }
}

/// Says who may do what with a file.
pub(crate) fn allow(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt as _;

    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("allowed");
}
