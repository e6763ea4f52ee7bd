//! The options about certificates, and listening with them. Keys come by file only.

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::Context;
use mesur_rpc::server::{self, Listener};
use mesur_rpc::tls::{self, ClientTls, Identity, ServerTls};

/// What a service shows of itself, and whom it trusts. All files are read again when they change.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Tls {
    /// The certificate, in PEM, that is shown to clients and to other services, followed by those between
    /// it and its authority. With it the service takes connections by TLS only.
    #[arg(
        id = "tls-cert",
        long = "tls-cert",
        value_name = "FILE",
        requires = "tls-key"
    )]
    pub certificate: Option<PathBuf>,
    /// The key of that certificate, in PEM; only its owner and its group may read it.
    #[arg(
        id = "tls-key",
        long = "tls-key",
        value_name = "FILE",
        requires = "tls-cert"
    )]
    pub key: Option<PathBuf>,
    /// The certificates, in PEM, of who vouches for the services that this one calls at `https` addresses.
    #[arg(id = "ca", long = "ca", value_name = "FILE")]
    pub authorities: Option<PathBuf>,
    /// The certificates, in PEM, of who vouches for services that call this one.
    #[arg(
        id = "client-ca",
        long = "client-ca",
        value_name = "FILE",
        requires_all = ["tls-cert", "peer-name"]
    )]
    pub client_authorities: Option<PathBuf>,
    /// A DNS name of a certificate that may act as a service; may be given again.
    #[arg(
        id = "peer-name",
        long = "peer-name",
        value_name = "NAME",
        value_parser = tls::peer_name,
        requires = "client-ca"
    )]
    pub peer_names: Vec<String>,
}

/// Why an address cannot be listened on.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// What is sent could be read on the way.
    #[error("{0} is not a loopback address: listening there needs --tls-cert and --tls-key")]
    Plain(SocketAddr),
    /// The system does not let it.
    #[error(transparent)]
    Bind(#[from] server::Error),
}

/// Listens on an address, by TLS if there is one; beyond this machine there must be.
pub async fn listen(address: SocketAddr, tls: Option<&ServerTls>) -> Result<Listener, ListenError> {
    if tls.is_none() && !address.ip().is_loopback() {
        return Err(ListenError::Plain(address));
    }
    let listener = Listener::bind(address).await?;
    Ok(match tls {
        Some(tls) => listener.with_tls(tls.clone()),
        None => listener,
    })
}

impl Tls {
    /// What a server shows, if it speaks TLS.
    pub fn server(&self) -> anyhow::Result<Option<ServerTls>> {
        let Some(identity) = self.identity() else {
            return Ok(None);
        };
        let opened = ServerTls::open(&identity, self.client_authorities.as_deref());
        opened
            .context("--tls-cert, --tls-key and --client-ca")
            .map(Some)
    }

    /// Whom a client trusts and what it shows, if it speaks TLS.
    pub fn client(&self) -> anyhow::Result<Option<ClientTls>> {
        let Some(authorities) = &self.authorities else {
            return Ok(None);
        };
        let opened = ClientTls::open(authorities, self.identity().as_ref());
        opened.context("--ca, --tls-cert and --tls-key").map(Some)
    }

    /// Whether the services that are called see a certificate.
    pub(crate) fn is_shown(&self) -> bool {
        self.authorities.is_some() && self.certificate.is_some()
    }

    fn identity(&self) -> Option<Identity> {
        Some(Identity {
            certificate: self.certificate.clone()?,
            key: self.key.clone()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Arguments {
        #[command(flatten)]
        tls: Tls,
    }

    #[test]
    fn options_that_mean_nothing_without_another_are_refused() {
        let parsed = |arguments: &[&str]| {
            Arguments::try_parse_from([&["service"], arguments].concat()).map(|parsed| parsed.tls)
        };
        let server = ["--tls-cert", "a.pem", "--tls-key", "a.key"];
        assert!(parsed(&[]).is_ok());
        assert!(parsed(&server).is_ok());
        assert!(parsed(&["--ca", "ca.pem"]).is_ok());
        assert!(parsed(&server[..2]).is_err(), "a certificate without key");
        assert!(parsed(&server[2..]).is_err(), "a key without certificate");
        let peers = ["--client-ca", "ca.pem", "--peer-name", "validation.mesur"];
        assert!(parsed(&peers).is_err(), "peers without TLS");
        assert!(parsed(&[&server[..], &peers[..2]].concat()).is_err());
        assert!(parsed(&[&server[..], &peers[2..]].concat()).is_err());
        let whole = parsed(&[&server[..], &peers].concat()).expect("options");
        assert_eq!(whole.peer_names, ["validation.mesur"]);
        for wrong in ["*.mesur", "", "a b"] {
            let named = ["--client-ca", "ca.pem", "--peer-name", wrong];
            assert!(
                parsed(&[&server[..], &named].concat()).is_err(),
                "{wrong:?}"
            );
        }
    }

    #[tokio::test]
    async fn without_tls_only_this_machine_is_listened_to() {
        let refused = listen("0.0.0.0:0".parse().expect("an address"), None).await;
        let told = refused.err().map(|error| error.to_string());
        let expected =
            "0.0.0.0:0 is not a loopback address: listening there needs --tls-cert and --tls-key";
        assert_eq!(told.as_deref(), Some(expected));
        let taken = listen("127.0.0.1:0".parse().expect("an address"), None).await;
        assert!(!taken.expect("a listener").is_by_tls());
    }
}
