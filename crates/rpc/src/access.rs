//! How a caller shows who they are, and how a method learns what they may do.
//!
//! A client puts its bearer token into every call ([`Bearer`]). A service may show a certificate instead;
//! by TLS it must. The server checks it before the
//! method ([`Authenticator`]), and leaves the [`Grant`] with the request; the method takes it with
//! [`grant`]. A call that may not be made never reaches its method, nor is its message read.
//!
//! What a caller is told about a token is that it is expired or that it is not valid; which check
//! failed is in the log, at `debug`.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use mesur_access::dev::Issuer;
use mesur_access::watched::{self, RECHECK_INTERVAL, WatchedFile};
use mesur_access::{Caller, Denied, Grant, Renewal, Role, Verifier, token};
use mesur_telemetry::trace;
use tokio::time::timeout;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::{Request, Status};
use tracing::debug;

use crate::clock::Clock;
use crate::status::{Kind, Reason};
use crate::tls::{ClientTls, Peer};

/// How long a call waits at most for a provider of identities that is asked for its keys.
pub const RENEWAL_WAIT_MAX: Duration = Duration::from_secs(5);

/// What a client shows and whom it trusts: its token, none for the public, and what it has for TLS.
#[derive(Clone, Default)]
pub struct Bearer {
    token: Source,
    tls: Option<ClientTls>,
}

#[derive(Clone, Default)]
enum Source {
    #[default]
    Nothing,
    Fixed(MetadataValue<Ascii>),
    File(Arc<WatchedFile<MetadataValue<Ascii>, TokenError>>),
}

/// A text that is no token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a token is one word without spaces")]
pub struct TokenError;

impl Bearer {
    /// Shows no token.
    pub fn none() -> Self {
        Self::default()
    }

    /// Shows this token; space around it is left out.
    pub fn new(token: &str) -> Result<Self, TokenError> {
        Ok(Self::of(Source::Fixed(header(token)?)))
    }

    /// Shows the token that stands in a file; it is read again when the file changes.
    pub fn from_file(path: &Path) -> Result<Self, watched::Error<TokenError>> {
        let parse = |bytes: &[u8]| header(std::str::from_utf8(bytes).map_err(|_| TokenError)?);
        let file = WatchedFile::open(path, token::TOKEN_BYTES_MAX, RECHECK_INTERVAL, parse)?;
        Ok(Self::of(Source::File(Arc::new(file))))
    }

    /// Reaches services at `https` addresses, with this certificate if there is one.
    #[must_use]
    pub fn with_tls(self, tls: ClientTls) -> Self {
        let tls = Some(tls);
        Self { tls, ..self }
    }

    pub(crate) fn tls(&self) -> Option<&ClientTls> {
        self.tls.as_ref()
    }

    fn of(token: Source) -> Self {
        Self { token, tls: None }
    }
}

fn header(token: &str) -> Result<MetadataValue<Ascii>, TokenError> {
    let token = token.trim();
    if token.is_empty() || !token.chars().all(|c| c.is_ascii_graphic()) {
        return Err(TokenError);
    }
    let header = format!("Bearer {token}").parse();
    let mut header: MetadataValue<Ascii> = header.map_err(|_| TokenError)?;
    header.set_sensitive(true);
    Ok(header)
}

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        // No trace, or a text that is a header in any case.
        if let Ok(trace) = trace::current().parse::<MetadataValue<Ascii>>()
            && !trace.is_empty()
        {
            request.metadata_mut().insert(trace::TRACEPARENT, trace);
        }
        let header = match &self.token {
            Source::Nothing => return Ok(request),
            Source::Fixed(header) => header.clone(),
            Source::File(file) => MetadataValue::clone(&file.get()),
        };
        request.metadata_mut().insert("authorization", header);
        Ok(request)
    }
}

/// Finds out who calls, and whether they may. Cloning it is cheap; its clones share what they
/// remember.
#[derive(Clone)]
pub struct Authenticator {
    verifier: Arc<Verifier>,
    clock: Arc<dyn Clock>,
    peers: Arc<[String]>,
}

/// Why a call is not let in.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The method is not for the public.
    #[error("this method needs a bearer token")]
    NoToken,
    /// The token was good once.
    #[error("the bearer token is expired")]
    Expired(#[source] token::Error),
    /// The token is not good.
    #[error("the bearer token is not valid")]
    InvalidToken(#[source] token::Error),
    /// No token can be checked, because the provider's keys cannot be had.
    #[error("tokens cannot be checked now: the provider of identities does not answer")]
    NoKeys(#[source] token::Error),
    /// The token says that the caller is a service, and no certificate does; or there is no token, and the
    /// certificate is of no service.
    #[error("a service shows a certificate with a name that is taken here")]
    NoCertificate,
    /// The header is not one bearer token.
    #[error("the authorization header is not one bearer token")]
    InvalidHeader,
    /// The token is good, and gives no right to this.
    #[error("{0}")]
    Denied(Denied),
}

impl Reason for Error {
    fn reason(&self) -> &'static str {
        match self {
            Self::NoToken => "NO_TOKEN",
            Self::NoCertificate => "NO_CERTIFICATE",
            Self::Expired(_) | Self::InvalidToken(_) | Self::InvalidHeader => "INVALID_TOKEN",
            Self::NoKeys(_) => "PROVIDER_UNAVAILABLE",
            Self::Denied(_) => "PERMISSION_DENIED",
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::NoToken
            | Self::NoCertificate
            | Self::Expired(_)
            | Self::InvalidToken(_)
            | Self::InvalidHeader => Kind::Unauthenticated,
            Self::NoKeys(_) => Kind::Unavailable,
            Self::Denied(_) => Kind::Denied,
        }
    }
}

impl Authenticator {
    /// Takes the tokens that `verifier` takes at the time that `clock` tells.
    pub fn new(verifier: Verifier, clock: Arc<dyn Clock>) -> Self {
        Self {
            verifier: Arc::new(verifier),
            clock,
            peers: Arc::default(),
        }
    }

    /// Lets whoever shows a certificate of one of these names act as a service. By TLS nobody else acts
    /// as one then, nor without such names: a token alone can be stolen.
    #[must_use]
    pub fn with_peers(self, names: impl IntoIterator<Item = String>) -> Self {
        let names = names.into_iter().map(|name| name.to_ascii_lowercase());
        let peers = names.collect();
        Self { peers, ..self }
    }

    /// Takes the tokens of a throw-away issuer.
    pub fn trusting(issuer: &Issuer, clock: Arc<dyn Clock>) -> Self {
        Self::new(issuer.verifier(), clock)
    }

    /// What the caller that shows these `authorization` headers on a connection may do with a method of
    /// the table.
    pub fn admit<'a>(
        &self,
        method: &str,
        mut headers: impl Iterator<Item = &'a [u8]>,
        peer: &Peer,
    ) -> Result<Grant, Error> {
        let service = self.service(peer);
        let caller = match (headers.next(), headers.next()) {
            (None, _) => service.clone().unwrap_or_else(Caller::public),
            (Some(header), None) => self.caller(header)?,
            (Some(_), Some(_)) => return Err(Error::InvalidHeader),
        };
        if peer.is_by_tls() && service.is_none() && caller.roles.contains(&Role::Service) {
            return Err(Error::NoCertificate);
        }
        let is_public = caller.is_public();
        let grant = Grant::new(method, caller);
        let grant = grant.map(|grant| grant.called(self.clock.now(), peer.address()));
        grant.map_err(|denied| {
            if !is_public {
                Error::Denied(denied)
            } else if peer.names().is_empty() {
                Error::NoToken
            } else {
                Error::NoCertificate
            }
        })
    }

    /// Waits for what may change a refusal, and says whether to look at the caller again.
    pub async fn settle(&self, error: &Error) -> bool {
        let Some(renewal) = self.renewal(error) else {
            return false;
        };
        // Whether it was renewed or not: the second look tells.
        let _ = timeout(RENEWAL_WAIT_MAX, renewal).await;
        true
    }

    /// What to wait for before a call that was refused for `error` is looked at again; none when that
    /// would change nothing.
    pub(crate) fn renewal(&self, error: &Error) -> Option<Renewal> {
        match error {
            Error::InvalidToken(error) | Error::NoKeys(error) => self.verifier.renewal(*error),
            _ => None,
        }
    }

    /// The service that a certificate says the peer is.
    fn service(&self, peer: &Peer) -> Option<Caller> {
        let named = peer.names().iter().find(|name| self.peers.contains(name));
        if named.is_none() && !peer.names().is_empty() {
            debug!(names = ?peer.names(), "a certificate is of nobody who acts as a service");
        }
        named.map(|name| Caller {
            identity: name.clone(),
            roles: vec![Role::Service],
        })
    }

    fn caller(&self, header: &[u8]) -> Result<Caller, Error> {
        let header = std::str::from_utf8(header).map_err(|_| Error::InvalidHeader)?;
        let (scheme, token) = header.split_once(' ').ok_or(Error::InvalidHeader)?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(Error::InvalidHeader);
        }
        let verified = self.verifier.verify(token.trim_start(), self.clock.now());
        verified.map_err(|error| match error {
            token::Error::Expired => Error::Expired(error),
            token::Error::NoKeys => Error::NoKeys(error),
            _ => Error::InvalidToken(error),
        })
    }
}

/// What the caller of a method may do. A method that was reached without the check of the server
/// has no grant, and is denied.
pub fn grant<T>(request: &Request<T>) -> Result<Grant, Denied> {
    request.extensions().get().cloned().ok_or(Denied)
}
