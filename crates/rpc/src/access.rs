//! How a caller shows who they are, and how a method learns what they may do.
//!
//! A client puts its bearer token into every call ([`Bearer`]). The server checks it before the
//! method ([`Authenticator`]), and leaves the [`Grant`] with the request; the method takes it with
//! [`grant`]. A call that may not be made never reaches its method, nor is its message read.
//!
//! What a caller is told about a token is that it is expired or that it is not valid; which check
//! failed is in the log, at `debug`.

use std::path::Path;
use std::sync::Arc;

use mesur_access::dev::Issuer;
use mesur_access::watched::{self, RECHECK_INTERVAL, WatchedFile};
use mesur_access::{Caller, Denied, Grant, Verifier, token};
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::{Request, Status};

use crate::clock::Clock;
use crate::status::{Kind, Reason};

/// The token that a client shows; none for the public.
#[derive(Clone, Default)]
pub struct Bearer(Source);

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
        Ok(Self(Source::Fixed(header(token)?)))
    }

    /// Shows the token that stands in a file; it is read again when the file changes.
    pub fn from_file(path: &Path) -> Result<Self, watched::Error<TokenError>> {
        let parse = |bytes: &[u8]| header(std::str::from_utf8(bytes).map_err(|_| TokenError)?);
        let file = WatchedFile::open(path, token::TOKEN_BYTES_MAX, RECHECK_INTERVAL, parse)?;
        Ok(Self(Source::File(Arc::new(file))))
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
        let header = match &self.0 {
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
            Self::Expired(_) | Self::InvalidToken(_) | Self::InvalidHeader => "INVALID_TOKEN",
            Self::Denied(_) => "PERMISSION_DENIED",
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::NoToken | Self::Expired(_) | Self::InvalidToken(_) | Self::InvalidHeader => {
                Kind::Unauthenticated
            }
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
        }
    }

    /// Takes the tokens of a throw-away issuer.
    pub fn trusting(issuer: &Issuer, clock: Arc<dyn Clock>) -> Self {
        Self::new(issuer.verifier(), clock)
    }

    /// What the caller that shows these `authorization` headers may do with a method of the table.
    pub fn admit<'a>(
        &self,
        method: &str,
        mut headers: impl Iterator<Item = &'a [u8]>,
    ) -> Result<Grant, Error> {
        let caller = match (headers.next(), headers.next()) {
            (None, _) => Caller::public(),
            (Some(header), None) => self.caller(header)?,
            (Some(_), Some(_)) => return Err(Error::InvalidHeader),
        };
        let is_public = caller.is_public();
        Grant::new(method, caller).map_err(|denied| {
            if is_public {
                Error::NoToken
            } else {
                Error::Denied(denied)
            }
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
            _ => Error::InvalidToken(error),
        })
    }
}

/// What the caller of a method may do. A method that was reached without the check of the server
/// has no grant, and is denied.
pub fn grant<T>(request: &Request<T>) -> Result<Grant, Denied> {
    request.extensions().get().cloned().ok_or(Denied)
}
