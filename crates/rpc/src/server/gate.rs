//! Where every call passes before its method is reached.

use std::sync::Arc;

use mesur_access::Renewal;
use tonic::body::Body;
use tonic::codegen::http::{HeaderValue, Request, Response, header::AUTHORIZATION};
use tonic::{Code, Status};
use tower_http::auth::AsyncAuthorizeRequest;

use super::waiting::Admission;
use crate::access::{Authenticator, Error};
use crate::status::to_status;
use crate::tls::Peer;

/// Lets calls to the methods of a service in, each with its grant.
#[derive(Clone)]
pub(super) struct Gate {
    name: &'static str,
    services: Arc<[&'static str]>,
    authenticator: Authenticator,
}

impl Gate {
    pub(super) fn new(
        name: &'static str,
        services: &[&'static str],
        authenticator: Authenticator,
    ) -> Self {
        Self {
            name,
            services: services.into(),
            authenticator,
        }
    }

    /// Whether the path is one of a method of the service. Health and reflection are not, nor is
    /// what nobody serves.
    fn guards(&self, path: &str) -> bool {
        let service = path.strip_prefix('/').and_then(|path| path.split_once('/'));
        service.is_some_and(|(service, _)| self.services.contains(&service))
    }
}

impl Gate {
    /// Leaves the grant with the request, or says why there is none.
    pub(super) fn admit<B>(&self, request: &mut Request<B>) -> Result<(), Refusal> {
        let path = request.uri().path();
        if !self.guards(path) {
            return Ok(());
        }
        // A method without a row would be nobody's; it is none at all, as the caller can tell.
        if mesur_access::table::row(path).is_none() {
            return Err(Refusal::NoMethod);
        }
        // Without a connection, as in tests of the gate alone, nobody is known.
        let unknown = Peer::default();
        let peer = request.extensions().get().unwrap_or(&unknown);
        let headers = request.headers().get_all(AUTHORIZATION);
        let headers = headers.iter().map(HeaderValue::as_bytes);
        let grant = self.authenticator.admit(path, headers, peer)?;
        request.extensions_mut().insert(grant);
        Ok(())
    }

    /// What to wait for before a refused call is looked at again.
    pub(super) fn renewal(&self, refusal: &Refusal) -> Option<Renewal> {
        match refusal {
            Refusal::NoMethod => None,
            Refusal::Access(error) => self.authenticator.renewal(error),
        }
    }

    /// The answer to a call that is refused.
    pub(super) fn response(&self, refusal: &Refusal) -> Response<Body> {
        match refusal {
            Refusal::NoMethod => Status::new(Code::Unimplemented, "").into_http(),
            Refusal::Access(error) => to_status(self.name, error).into_http(),
        }
    }
}

/// Why a call does not reach its method.
#[derive(Debug)]
pub(super) enum Refusal {
    /// Nobody serves it.
    NoMethod,
    /// The caller may not.
    Access(Error),
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Access(error)
    }
}

impl<B: Send + 'static> AsyncAuthorizeRequest<B> for Gate {
    type RequestBody = B;
    type ResponseBody = Body;
    type Future = Admission<B>;

    fn authorize(&mut self, request: Request<B>) -> Admission<B> {
        Admission::of(self, request)
    }
}
