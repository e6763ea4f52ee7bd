//! Errors as a client sees them.

use std::fmt::Write as _;

use mesur_rpc::server::Limits;
use mesur_rpc::status::{DETAILS_BYTES_MAX, HEADER_BYTES_MAX, RESOURCE_NAME, RESOURCE_TYPE};
use mesur_rpc::{Kind, Reason, Violation, to_status};
use tonic::body::Body;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::logs::Logs;
use crate::probe::{Server, call};

#[derive(Debug, thiserror::Error)]
#[error("{message}")]
struct Failure {
    kind: Kind,
    message: String,
    metadata: Vec<(&'static str, String)>,
    violations: usize,
    #[source]
    source: std::io::Error,
}

impl Failure {
    fn new(kind: Kind) -> Self {
        let metadata = vec![
            (RESOURCE_TYPE, "DataReturn".to_owned()),
            (
                RESOURCE_NAME,
                "authorities/W06000003/returns/pif-2022-23".to_owned(),
            ),
        ];
        let source = std::io::Error::other("disk away");
        Self {
            kind,
            message: "it went wrong".to_owned(),
            metadata,
            violations: 0,
            source,
        }
    }
}

impl Reason for Failure {
    fn reason(&self) -> &'static str {
        "WENT_WRONG"
    }

    fn kind(&self) -> Kind {
        self.kind
    }

    fn metadata(&self) -> Vec<(&'static str, String)> {
        self.metadata.clone()
    }

    fn violations(&self) -> Vec<Violation> {
        let violation = |place| Violation {
            field: format!("data_return.observations[{place}].value"),
            reason: "VALUE_NEGATIVE",
            description: format!("must not be negative, is -{place}"),
        };
        (0..self.violations).map(violation).collect()
    }
}

/// A channel that takes no more headers than the promise allows, as a strict client does.
fn strict_channel(server: &Server) -> Channel {
    let bytes = u32::try_from(HEADER_BYTES_MAX).unwrap();
    Endpoint::from_shared(format!("http://{}", server.address))
        .unwrap()
        .http2_max_header_list_size(bytes)
        .connect_lazy()
}

/// What the headers of a status weigh, as HTTP/2 counts them.
fn header_bytes(status: Status) -> usize {
    let response = status.into_http::<Body>();
    response
        .headers()
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len() + 32)
        .sum()
}

#[tokio::test]
async fn a_client_reads_every_detail_of_an_invalid_request() {
    let server = Server::start(Limits::default(), |_| async {
        let failure = Failure {
            violations: 3,
            ..Failure::new(Kind::Invalid)
        };
        Err(to_status("submission", &failure))
    })
    .await;
    let status = call(server.channel(), "").await.unwrap_err();
    assert_eq!(
        (status.code(), status.message()),
        (Code::InvalidArgument, "it went wrong")
    );
    let details = status.get_error_details();
    let info = details.error_info().unwrap();
    assert_eq!(
        (info.reason.as_str(), info.domain.as_str()),
        ("WENT_WRONG", "submission.mesur")
    );
    assert_eq!(info.metadata["resource_type"], "DataReturn");
    assert_eq!(info.metadata["violations_total"], "3");
    assert_eq!(info.metadata["violations_shown"], "3");
    let fields = &details.bad_request().unwrap().field_violations;
    assert_eq!(fields.len(), 3);
    assert_eq!(fields[2].field, "data_return.observations[2].value");
    assert_eq!(fields[2].reason, "VALUE_NEGATIVE");
}

#[test]
fn each_kind_carries_the_details_its_row_of_the_table_asks_for() {
    let table = [
        (Kind::Invalid, Code::InvalidArgument, ""),
        (Kind::NotFound, Code::NotFound, "resource"),
        (Kind::Exists, Code::AlreadyExists, "resource"),
        (Kind::State, Code::FailedPrecondition, "precondition"),
        (Kind::Stale, Code::Aborted, ""),
        (Kind::Unauthenticated, Code::Unauthenticated, ""),
        (Kind::Denied, Code::PermissionDenied, ""),
        (Kind::TooMuch, Code::ResourceExhausted, "retry quota"),
        (Kind::Unavailable, Code::Unavailable, "retry"),
        (Kind::Deadline, Code::DeadlineExceeded, "retry"),
        (Kind::Corrupt, Code::DataLoss, ""),
        (Kind::Bug, Code::Internal, ""),
    ];
    for (kind, code, expected) in table {
        let status = to_status("submission", &Failure::new(kind));
        let details = status.get_error_details();
        let present = [
            ("resource", details.resource_info().is_some()),
            ("precondition", details.precondition_failure().is_some()),
            ("retry", details.retry_info().is_some()),
            ("quota", details.quota_failure().is_some()),
            ("fields", details.bad_request().is_some()),
        ];
        let names: Vec<_> = present
            .iter()
            .filter(|(_, is)| *is)
            .map(|(name, _)| *name)
            .collect();
        assert_eq!(
            (status.code(), names.join(" ").as_str()),
            (code, expected),
            "{kind:?}"
        );
        assert_eq!(
            details.error_info().unwrap().reason,
            "WENT_WRONG",
            "{kind:?}"
        );
    }
}

#[test]
fn a_wrong_state_names_the_resource_and_the_reason() {
    let status = to_status("submission", &Failure::new(Kind::State));
    let details = status.get_error_details();
    let violation = &details.precondition_failure().unwrap().violations[0];
    assert_eq!(violation.r#type, "WENT_WRONG");
    assert_eq!(
        violation.subject,
        "authorities/W06000003/returns/pif-2022-23"
    );
}

#[test]
fn our_own_faults_are_hidden_from_the_client_and_logged_once_with_their_sources() {
    for kind in [Kind::Bug, Kind::Corrupt] {
        let (logs, _guard) = Logs::catch();
        let status = to_status(
            "submission",
            &Failure {
                violations: 2,
                ..Failure::new(kind)
            },
        );
        assert_eq!(status.message(), "internal error");
        assert!(
            status
                .get_error_details()
                .error_info()
                .unwrap()
                .metadata
                .is_empty()
        );
        assert!(status.get_error_details().bad_request().is_none());
        let lines = logs.at("ERROR");
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert!(lines[0].contains("it went wrong: disk away"), "{lines:?}");
    }
}

#[test]
fn an_invalid_request_is_no_news_for_an_operator() {
    let (logs, _guard) = Logs::catch();
    to_status("submission", &Failure::new(Kind::Invalid));
    assert_eq!(logs.at("DEBUG").len(), 1);
    assert!(logs.at("ERROR").is_empty() && logs.at("WARN").is_empty());
}

#[test]
fn violations_are_all_shown_until_the_details_are_full_and_never_more() {
    let mut most = 0;
    for violations in 1..120 {
        let status = to_status(
            "x",
            &Failure {
                violations,
                ..Failure::new(Kind::Invalid)
            },
        );
        assert!(status.details().len() <= DETAILS_BYTES_MAX, "{violations}");
        let details = status.get_error_details();
        let shown = details.bad_request().unwrap().field_violations.len();
        let metadata = &details.error_info().unwrap().metadata;
        assert_eq!(metadata["violations_total"], violations.to_string());
        assert_eq!(metadata["violations_shown"], shown.to_string());
        if shown == violations {
            most = shown;
        } else {
            assert_eq!(shown, most, "{violations}");
            let free = DETAILS_BYTES_MAX - status.details().len();
            assert!(
                free < 250,
                "{free} bytes are free for a violation of about 90"
            );
        }
    }
    assert!((40..100).contains(&most), "{most}");
}

#[tokio::test]
async fn the_largest_status_reaches_a_client_that_takes_eight_kibibytes_of_headers() {
    let largest = |kind| {
        let long = "ŵ".repeat(5_000);
        let mut failure = Failure {
            message: long.clone(),
            violations: 400,
            ..Failure::new(kind)
        };
        failure.metadata.push(("text", long.clone()));
        failure
            .metadata
            .extend([("a", long.clone()), ("b", long.clone()), ("c", long)]);
        failure.metadata[1].1 = "w".repeat(5_000);
        failure
    };
    let server = Server::start(Limits::default(), move |text| async move {
        let kind = match text.as_str() {
            "INVALID" => Kind::Invalid,
            "NOT_FOUND" => Kind::NotFound,
            "STATE" => Kind::State,
            _ => Kind::TooMuch,
        };
        Err(to_status("submission", &largest(kind)))
    })
    .await;
    let mut weights = String::new();
    for kind in ["INVALID", "NOT_FOUND", "STATE", "TOO_MUCH"] {
        let status = call(strict_channel(&server), kind).await.unwrap_err();
        let details = status.get_error_details();
        let info = details.error_info().expect(kind);
        assert_eq!(info.metadata["violations_total"], "400", "{kind}");
        assert_ne!(info.metadata["violations_shown"], "0", "{kind}");
        assert!(status.message().ends_with('…'), "{kind}");
        let bytes = header_bytes(status);
        write!(weights, "{kind} {bytes} ").unwrap();
        assert!(bytes <= HEADER_BYTES_MAX, "{weights}");
    }
}
