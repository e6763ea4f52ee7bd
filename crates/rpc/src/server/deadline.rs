//! How long a call may take until its response begins.
//!
//! A call that takes longer is dropped where it waits, and its caller told so with a reason. What it had
//! committed by then stays, so a client repeats it under the same request id. A client's own deadline,
//! `grpc-timeout`, is tonic's.

use std::convert::Infallible;
use std::time::Duration;

use tokio::time::timeout;
use tonic::body::Body;
use tonic::codegen::http::Response;

use crate::status::{Kind, Reason, to_status};

/// Why a call is cut.
#[derive(Debug, thiserror::Error)]
#[error("the response had not begun after {} ms", limit.as_millis())]
struct Error {
    limit: Duration,
}

impl Reason for Error {
    fn reason(&self) -> &'static str {
        "CALL_TOO_SLOW"
    }

    fn kind(&self) -> Kind {
        Kind::Deadline
    }

    fn metadata(&self) -> Vec<(&'static str, String)> {
        vec![("limit_milliseconds", self.limit.as_millis().to_string())]
    }
}

/// The response, or what is told where it has not begun in time.
pub(super) async fn within(
    server: &'static str,
    limit: Duration,
    answer: impl Future<Output = Result<Response<Body>, Infallible>>,
) -> Result<Response<Body>, Infallible> {
    match timeout(limit, answer).await {
        Ok(answered) => answered,
        Err(_) => Ok(to_status(server, &Error { limit }).into_http()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_response_that_begins_at_the_limit_is_sent_and_one_later_is_told_as_too_slow() {
        let limit = Duration::from_secs(30);
        for (late, told) in [(0, None), (1, Some("4"))] {
            let answer = async {
                tokio::time::sleep(limit + Duration::from_millis(late)).await;
                Ok(Response::new(Body::empty()))
            };
            let Ok(response) = within("probe", limit, answer).await;
            let status = response.headers().get("grpc-status");
            assert_eq!(status.map(|code| code.to_str().unwrap()), told, "{late}");
        }
    }
}
