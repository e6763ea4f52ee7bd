//! A small HTTP client: one request, one connection, one bounded answer.

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use std::{fmt, io};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::client::conn::http1;
use hyper::header::{ACCEPT, CONTENT_TYPE, HOST};
use hyper::{Method, Request, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use mesur_access::keys::JWKS_BYTES_MAX;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, InvalidDnsNameError, ServerName, pem};
use rustls::{ClientConfig, RootCertStore};
use serde::de::DeserializeOwned;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

/// Bytes of an answer at most: as many as a key set may have.
pub const ANSWER_BYTES_MAX: usize = JWKS_BYTES_MAX;

/// How long an answer may take in all, from the connection to its last byte.
pub const ASK_TIMEOUT: Duration = Duration::from_secs(5);

/// Bytes of the head of an answer at most: 16 KiB.
const HEAD_BYTES_MAX: usize = 16 * 1024;

/// Characters of an address at most.
const URL_CHARS_MAX: usize = 2_048;

/// Why the provider gave no answer that is of use.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The text is not an address that is asked.
    #[error("{text:?} is not an https address (http is for this machine alone)")]
    Address {
        /// The text, cut to 64 characters.
        text: String,
    },
    /// No connection could be made.
    #[error("connecting to {host}")]
    Connect {
        /// Where to.
        host: String,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// The name of the host cannot stand in a certificate.
    #[error("the name of the host")]
    Name(#[source] InvalidDnsNameError),
    /// The file with the certificates of authorities cannot be used.
    #[error("reading the certificates in {}", path.display())]
    Roots {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: pem::Error,
    },
    /// Nobody is trusted to vouch for the provider.
    #[error("this machine trusts no certificate authority; name one in a file")]
    NoRoots,
    /// The library of TLS takes none of this.
    #[error("preparing TLS")]
    Tls(#[source] rustls::Error),
    /// The connection broke, or what came is not HTTP.
    #[error("speaking HTTP")]
    Http(#[source] hyper::Error),
    /// The answer broke off.
    #[error("reading the answer")]
    Body(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// It answered something else than what was asked for. Redirects are not followed.
    #[error("the answer has the status {status}")]
    Status {
        /// Its status.
        status: u16,
    },
    /// It answered too much.
    #[error("an answer has at most {ANSWER_BYTES_MAX} bytes")]
    TooLarge,
    /// It did not answer in time.
    #[error("no answer within {} seconds", ASK_TIMEOUT.as_secs())]
    Late,
    /// The answer is not the JSON that it should be.
    #[error("the answer is not what it should be")]
    Json(#[source] serde_json::Error),
    /// It calls itself something else, so its tokens would not be taken.
    #[error("the provider calls itself {found:?}, not {expected:?}")]
    Issuer {
        /// The issuer that was asked.
        expected: String,
        /// What it says, cut to 200 characters.
        found: String,
    },
}

/// An address that may be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Url {
    uri: Uri,
    host: String,
    port: u16,
    is_tls: bool,
}

impl Url {
    /// Reads an address: `https`, or `http` on this machine, without user, password and fragment.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let error = || Error::Address {
            text: text.chars().take(64).collect(),
        };
        if text.len() > URL_CHARS_MAX || text.contains('#') {
            return Err(error());
        }
        let uri: Uri = text.parse().map_err(|_| error())?;
        let authority = uri.authority().ok_or_else(error)?;
        let is_tls = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err(error()),
        };
        let host = authority.host();
        let host = host
            .strip_prefix('[')
            .map_or(host, |rest| rest.trim_end_matches(']'));
        let is_here = host == "localhost" || host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback());
        if host.is_empty() || authority.as_str().contains('@') || !(is_tls || is_here) {
            return Err(error());
        }
        let default_port = if is_tls { 443 } else { 80 };
        let (host, port) = (host.to_owned(), uri.port_u16().unwrap_or(default_port));
        Ok(Self {
            uri,
            host,
            port,
            is_tls,
        })
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.uri.fmt(f)
    }
}

/// Who is trusted to vouch for the provider.
#[derive(Debug, Clone)]
pub enum Roots {
    /// Whom this machine trusts.
    Platform,
    /// The authorities whose certificates stand in a PEM file; it is read again for each connection.
    File(PathBuf),
}

/// Asks providers.
#[derive(Debug, Clone)]
pub struct Client {
    roots: Roots,
}

/// What was answered.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Bytes,
}

impl Answer {
    /// The body as it was asked for.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_slice(&self.body).map_err(Error::Json)
    }
}

impl Client {
    /// A client that trusts these authorities.
    pub fn new(roots: Roots) -> Self {
        Self { roots }
    }

    /// What stands at an address.
    pub(crate) async fn get(&self, url: &Url) -> Result<Answer, Error> {
        let answer = self.ask(url, Method::GET, Bytes::new()).await?;
        match answer.status {
            200 => Ok(answer),
            status => Err(Error::Status { status }),
        }
    }

    /// What is answered to a form, whatever its status.
    pub(crate) async fn post(&self, url: &Url, form: String) -> Result<Answer, Error> {
        self.ask(url, Method::POST, form.into()).await
    }

    async fn ask(&self, url: &Url, method: Method, body: Bytes) -> Result<Answer, Error> {
        // In a box: the states of a handshake are large.
        let asking = Box::pin(self.exchange(url, method, body));
        timeout(ASK_TIMEOUT, asking)
            .await
            .map_err(|_| Error::Late)?
    }

    async fn exchange(&self, url: &Url, method: Method, body: Bytes) -> Result<Answer, Error> {
        let failed = |source| Error::Connect {
            host: url.host.clone(),
            source,
        };
        let connecting = TcpStream::connect((url.host.as_str(), url.port));
        let stream = connecting.await.map_err(failed)?;
        if url.is_tls {
            let name = ServerName::try_from(url.host.clone()).map_err(Error::Name)?;
            let connector = TlsConnector::from(Arc::new(self.tls()?));
            let stream = connector.connect(name, stream).await.map_err(failed)?;
            return speak(stream, url, method, body).await;
        }
        // The name may stand for another machine all the same.
        if !stream.peer_addr().map_err(failed)?.ip().is_loopback() {
            let text = url.to_string();
            return Err(Error::Address { text });
        }
        speak(stream, url, method, body).await
    }

    fn tls(&self) -> Result<ClientConfig, Error> {
        let mut roots = RootCertStore::empty();
        match &self.roots {
            // Of what the machine has, one that cannot be read takes nothing from the others.
            Roots::Platform => {
                roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            }
            Roots::File(path) => {
                let failed = |source| Error::Roots {
                    path: path.clone(),
                    source,
                };
                for certificate in CertificateDer::pem_file_iter(path).map_err(failed)? {
                    roots
                        .add(certificate.map_err(failed)?)
                        .map_err(Error::Tls)?;
                }
            }
        }
        if roots.is_empty() {
            return Err(Error::NoRoots);
        }
        let provider = Arc::new(ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(Error::Tls)?;
        let mut config = config.with_root_certificates(roots).with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(config)
    }
}

async fn speak(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    url: &Url,
    method: Method,
    body: Bytes,
) -> Result<Answer, Error> {
    let mut request = Request::builder().method(method.clone());
    request = request.uri(url.uri.path_and_query().map_or("/", |path| path.as_str()));
    if let Some(authority) = url.uri.authority() {
        request = request.header(HOST, authority.as_str());
    }
    request = request.header(ACCEPT, "application/json");
    if method == Method::POST {
        request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
    }
    // Every part was checked when the address was read.
    let request = request.body(Full::new(body)).map_err(|_| Error::Address {
        text: url.to_string(),
    })?;

    let mut builder = http1::Builder::new();
    builder.max_buf_size(HEAD_BYTES_MAX);
    let (mut sender, connection) = builder
        .handshake(TokioIo::new(stream))
        .await
        .map_err(Error::Http)?;
    // Ends with this call: a set of tasks aborts them when it is dropped.
    let mut driving = JoinSet::new();
    driving.spawn(connection);
    let response = sender.send_request(request).await.map_err(Error::Http)?;
    let status: StatusCode = response.status();
    let collected = Limited::new(response.into_body(), ANSWER_BYTES_MAX)
        .collect()
        .await;
    let body = collected.map_err(|source| {
        if source.is::<LengthLimitError>() {
            Error::TooLarge
        } else {
            Error::Body(source)
        }
    })?;
    Ok(Answer {
        status: status.as_u16(),
        body: body.to_bytes(),
    })
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    #[tokio::test]
    async fn the_head_of_an_answer_has_so_many_bytes_and_no_more() {
        for (bytes, is_read) in [(HEAD_BYTES_MAX, true), (HEAD_BYTES_MAX + 1, false)] {
            let (ours, mut theirs) = tokio::io::duplex(64 * 1024);
            let start = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\na: ";
            let head = format!("{start}{}\r\n\r\n", "x".repeat(bytes - start.len() - 4));
            let url = Url::parse("http://127.0.0.1/").expect("a URL");
            let asking = speak(ours, &url, Method::GET, Bytes::new());
            let answering = async {
                let mut asked = [0; 1024];
                let _ = theirs.read(&mut asked).await;
                let _ = theirs.write_all(head.as_bytes()).await;
            };
            let (answer, ()) = tokio::join!(asking, answering);
            assert_eq!(answer.is_ok(), is_read, "{bytes}");
        }
    }

    #[test]
    fn an_address_is_https_or_on_this_machine() {
        for good in [
            "https://id.example.org",
            "https://id.example.org:8443/realms/mesur",
            "https://login.example.org/tenant/v2.0?p=1",
            "http://127.0.0.1:3000/jwks",
            "http://[::1]:3000/jwks",
            "http://localhost/jwks",
        ] {
            assert_eq!(
                Url::parse(good).map(|url| url.port > 0).ok(),
                Some(true),
                "{good}"
            );
        }
        let of = |length: usize| format!("{:a<length$}", "https://id.example.org/");
        assert!(Url::parse(&of(URL_CHARS_MAX)).is_ok());
        let long = of(URL_CHARS_MAX + 1);
        for bad in [
            "",
            "id.example.org",
            "/jwks.json",
            "file:///etc/passwd",
            "ftp://id.example.org",
            "http://id.example.org",
            "http://localhost.example.org",
            "http://127.0.0.1.example.org",
            "http://10.0.0.1",
            "http://0.0.0.0",
            "http://localhost@id.example.org",
            "https://user:password@id.example.org",
            "https://id.example.org/#fragment",
            "https://",
            "https:///jwks",
            "https://id.example.org/a b",
            "https://id.example.org/\r\nx: y",
            &long,
        ] {
            assert!(
                matches!(Url::parse(bad), Err(Error::Address { .. })),
                "{bad}"
            );
        }
    }
}
