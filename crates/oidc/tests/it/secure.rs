//! A provider by TLS: who vouches for it, and for which name.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use mesur_oidc::{Client, Error, Provider, Roots};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        Self(CertifiedIssuer::self_signed(params, key).expect("signed"))
    }

    fn file(&self, folder: &TempDir, name: &str) -> PathBuf {
        let path = folder.path().join(name);
        fs::write(&path, self.0.pem()).expect("written");
        path
    }

    /// A provider with a certificate of this authority for a name; its address.
    async fn provider(&self, name: &str) -> String {
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new(vec![name.to_owned()]).expect("a name");
        let certificate = params.signed_by(&key, &self.0).expect("signed").pem();
        let certificate = CertificateDer::from_pem_slice(certificate.as_bytes());
        let key = PrivateKeyDer::from_pem_slice(key.serialize_pem().as_bytes());
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(vec![certificate.expect("PEM")], key.expect("PEM"))
            .expect("a certificate");
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let issuer = format!("https://localhost:{port}");
        let document = format!(r#"{{"issuer":"{issuer}","jwks_uri":"{issuer}/keys"}}"#);
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.expect("a connection");
                let Ok(mut stream) = acceptor.accept(stream).await else {
                    continue;
                };
                let mut head = [0; 1024];
                let _ = stream.read(&mut head).await;
                let length = document.len();
                let answer =
                    format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{document}");
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        issuer
    }
}

#[tokio::test]
async fn a_provider_is_believed_whom_the_named_authority_vouches_for_under_its_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let (authority, other) = (Authority::new(), Authority::new());
    let ours = Roots::File(authority.file(&folder, "ca.pem"));
    let issuer = authority.provider("localhost").await;
    let ask =
        async |roots: Roots, issuer: &str| Provider::discover(&Client::new(roots), issuer).await;
    assert!(ask(ours.clone(), &issuer).await.is_ok());
    for (roots, issuer) in [
        // Signed by somebody else, or by nobody whom the machine knows.
        (
            Roots::File(other.file(&folder, "other.pem")),
            issuer.clone(),
        ),
        (Roots::Platform, issuer.clone()),
        (ours.clone(), other.provider("localhost").await),
        // Signed, for another name.
        (ours.clone(), authority.provider("id.example.org").await),
    ] {
        let refused = ask(roots, &issuer).await.expect_err("refused");
        assert!(
            matches!(refused, Error::Connect { .. } | Error::NoRoots),
            "{refused}"
        );
    }
    let empty = folder.path().join("empty.pem");
    fs::write(&empty, "").expect("written");
    assert!(matches!(
        ask(Roots::File(empty), &issuer).await,
        Err(Error::NoRoots)
    ));
    let gone = Roots::File(folder.path().join("gone.pem"));
    assert!(matches!(ask(gone, &issuer).await, Err(Error::Roots { .. })));
}
