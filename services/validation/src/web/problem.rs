//! What a browser shows where there is no page: why, in the reader's language, and what to do.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, Request, State};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use mesur_rpc::{Kind, Reason as _};
use mesur_wording::Wording;

use super::{Choice, Pages, page};
use crate::error::Error;

const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");

/// Why there is no page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Problem {
    /// There is no such edition.
    NotFound,
    /// The request was made by another site.
    Foreign,
    /// The service is wrong; the log says how.
    Failed,
}

impl Problem {
    pub(super) fn failed(error: &(dyn std::error::Error + 'static)) -> Self {
        tracing::error!(error = %mesur_rpc::chain::Chain(error), "a page cannot be served");
        Self::Failed
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error.kind() {
            Kind::NotFound => Self::NotFound,
            _ => Self::failed(&error),
        }
    }
}

impl From<mesur_wording::Error> for Problem {
    fn from(error: mesur_wording::Error) -> Self {
        Self::failed(&error)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let code = match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Foreign => StatusCode::FORBIDDEN,
            Self::Failed => StatusCode::INTERNAL_SERVER_ERROR,
        };
        code.into_response()
    }
}

/// Gives every refusal that is no page yet one that says what it means, whoever refused.
pub(super) async fn in_words(
    State(pages): State<Arc<Pages>>,
    choice: Result<Query<Choice>, QueryRejection>,
    request: Request,
    next: Next,
) -> Response {
    let Query(choice) = choice.unwrap_or_default();
    let response = next.run(request).await;
    match pages.wording(choice.language()) {
        Ok(wording) => worded(response, wording),
        // That it is missing was told where it was looked for.
        Err(_) => response,
    }
}

fn worded(response: Response, wording: &Wording) -> Response {
    let Some(message) = message(response.status()).filter(|_| !is_page(&response)) else {
        return response;
    };
    match page::problem(message, wording) {
        Ok(page) => {
            let (mut head, _) = response.into_parts();
            head.headers.remove(CONTENT_LENGTH);
            head.headers.insert(CONTENT_TYPE, HTML);
            Response::from_parts(head, Body::from(page.into_string()))
        }
        Err(error) => Problem::failed(&error).into_response(),
    }
}

/// The message for a status; none where it refuses nothing.
fn message(status: StatusCode) -> Option<&'static str> {
    match status {
        StatusCode::NOT_FOUND => Some("problem-not-found"),
        StatusCode::FORBIDDEN => Some("problem-foreign"),
        StatusCode::REQUEST_TIMEOUT => Some("problem-late"),
        StatusCode::SERVICE_UNAVAILABLE => Some("problem-away"),
        status if status.is_client_error() => Some("problem-request"),
        status if status.is_server_error() => Some("problem-failed"),
        _ => None,
    }
}

fn is_page(response: &Response) -> bool {
    let kind = response.headers().get(CONTENT_TYPE);
    kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"))
}

#[cfg(test)]
mod tests {
    use axum::http::header::RETRY_AFTER;
    use mesur_wire::Wordings;

    use super::*;

    #[test]
    fn a_refusal_gets_words_and_keeps_its_status_and_headers() {
        let wordings = Wordings::house().unwrap();
        for language in ["en", "cy"] {
            let wording = wordings.of(language).unwrap();
            for status in [400, 403, 404, 405, 408, 413, 415, 422, 500, 503] {
                let status = StatusCode::from_u16(status).unwrap();
                let soon = (RETRY_AFTER, HeaderValue::from_static("10"));
                let answer = worded((status, [soon]).into_response(), wording);
                assert_eq!(answer.status(), status);
                assert_eq!(answer.headers()[RETRY_AFTER], "10");
                assert!(is_page(&answer), "{status}");
            }
            for status in [StatusCode::OK, StatusCode::SEE_OTHER] {
                assert!(!is_page(&worded(status.into_response(), wording)));
            }
        }
    }
}
