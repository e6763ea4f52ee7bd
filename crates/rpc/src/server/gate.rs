//! Where every call passes before its method is reached.

use std::sync::Arc;

use tonic::body::Body;
use tonic::codegen::http::{HeaderValue, Request, Response, header::AUTHORIZATION};
use tonic::{Code, Status};
use tower_http::validate_request::ValidateRequest;

use crate::access::Authenticator;
use crate::status::to_status;

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

impl<B> ValidateRequest<B> for Gate {
    type ResponseBody = Body;

    fn validate(&mut self, request: &mut Request<B>) -> Result<(), Response<Body>> {
        let path = request.uri().path();
        if !self.guards(path) {
            return Ok(());
        }
        // A method without a row would be nobody's; it is none at all, as the caller can tell.
        if mesur_access::table::row(path).is_none() {
            return Err(Status::new(Code::Unimplemented, "").into_http());
        }
        let headers = request.headers().get_all(AUTHORIZATION);
        let headers = headers.iter().map(HeaderValue::as_bytes);
        match self.authenticator.admit(path, headers) {
            Ok(grant) => {
                request.extensions_mut().insert(grant);
                Ok(())
            }
            Err(error) => Err(to_status(self.name, &error).into_http()),
        }
    }
}
