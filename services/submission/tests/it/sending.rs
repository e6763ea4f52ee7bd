//! Sending returns: what is taken in, what is only checked, and what is refused.

use std::sync::Arc;

use mesur_proto::submission::v1 as pb;
use mesur_proto::submission::v1::data_return::State;
use mesur_proto::types::v1::finding::Severity;
use mesur_proto::types::v1::{Finding, Observation};
use mesur_rpc::clock;
use mesur_store::{Settings, SledStore, Store};
use tonic::Code;

use crate::support::{
    CONWY, NOBODY, NOW, Service, amended, denied, edition, fields, id, observation, refused,
    sample, send,
};

const PERIOD: &str = "2022-23";

#[tokio::test]
async fn a_whole_return_is_taken_in_and_every_revision_stays_readable() {
    let service = Service::alone().await;
    let sent = sample(CONWY, PERIOD);
    let first = service.submit(sent.clone()).await.expect("taken in");
    assert_eq!((first.state(), first.revision), (State::Submitted, 1));
    assert_eq!(first.edition, "collections/pif/editions/2022-23");
    assert_eq!(first.edition_digest, edition(PERIOD).digest());
    let now = clock::to_proto(NOW.parse().expect("a time"));
    assert_eq!((first.create_time, first.sign_off_time), (Some(now), None));
    assert!(first.digest.starts_with("sha256:") && first.observations.is_empty());

    // In whatever order it is sent, it is given back in catalogue order.
    service.clock.step(std::time::Duration::from_mins(1));
    let mut other = amended(&sent);
    let content = other.observations.clone();
    other.observations.reverse();
    other.etag.clone_from(&first.etag);
    let second = service.submit(other).await.expect("taken in");
    assert_eq!(second.revision, 2);
    assert_ne!((&second.etag, &second.digest), (&first.etag, &first.digest));
    let latest = service.get(&sent.name).await.expect("the latest");
    assert_eq!(latest.observations, content);
    assert_eq!(latest.digest, second.digest);
    let revision = |number: i32| format!("{}/revisions/{number}", sent.name);
    let earlier = service.get(&revision(1)).await.expect("the first");
    assert_eq!(earlier.observations, sent.observations);
    assert_eq!((earlier.etag, earlier.digest), (first.etag, first.digest));
    assert_eq!(earlier.create_time, Some(now));
    let missing = service.get(&revision(3)).await;
    refused(missing, Code::NotFound, "RETURN_NOT_FOUND");
    service.stop().await;
}

#[tokio::test]
async fn everything_is_there_after_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let open = || -> Arc<dyn Store> {
        Arc::new(SledStore::open(folder.path(), Settings::default()).expect("a store"))
    };
    let (sent, request) = (sample(CONWY, PERIOD), id(1));
    let store = open();
    let service = Service::start(&store, NOBODY).await;
    let first = service
        .submit_as(sent.clone(), &request)
        .await
        .expect("sent");
    service.submit(amended(&sent)).await.expect("sent");
    let latest = service.get(&sent.name).await.expect("the latest");
    service.stop().await;
    drop(store);

    let store = open();
    let service = Service::start(&store, NOBODY).await;
    assert_eq!(service.get(&sent.name).await.expect("the latest"), latest);
    // The repeat of a request from before gets its response, and makes no third revision.
    let again = service
        .submit_as(sent.clone(), &request)
        .await
        .expect("a repeat");
    assert_eq!(again, first);
    let third = service.get(&format!("{}/revisions/3", sent.name)).await;
    refused(third, Code::NotFound, "RETURN_NOT_FOUND");
    service.stop().await;
}

fn about<'a>(findings: &'a [Finding], kind: &str) -> Vec<&'a Finding> {
    findings.iter().filter(|one| one.kind == kind).collect()
}

/// A return with a row missing, one twice, one of no metric, and a broken rule.
fn broken() -> pb::DataReturn {
    let mut sent = sample(CONWY, PERIOD);
    let base = observation(&mut sent, "AD/012", "").value.expect("a base");
    observation(&mut sent, "AD/013", "").value = Some(base + 1);
    let twice = observation(&mut sent, "AD/003", "").clone();
    let missing = sent.observations.remove(0);
    sent.observations.push(twice);
    sent.observations.push(Observation {
        metric: "AD/999".to_owned(),
        reference: "line 7".to_owned(),
        ..missing
    });
    sent
}

#[tokio::test]
async fn checking_only_says_everything_the_worst_first_and_keeps_nothing() {
    let service = Service::alone().await;
    let checked = service.validate(broken(), "en").await.expect("findings");
    let found = &checked.findings;
    for (kind, cell) in [
        ("missing_row", "AD/001[a]"),
        ("duplicate_row", "AD/003"),
        ("subset_above_base", "AD/013"),
    ] {
        let mut about = about(found, kind).into_iter();
        let one = about.next().expect(kind);
        assert_eq!(
            (one.cells[0].as_str(), one.severity()),
            (cell, Severity::Error)
        );
        assert!(about.next().is_none(), "{kind}");
    }
    let unknown = about(found, "unknown_metric");
    assert_eq!(unknown.len(), 1, "{found:#?}");
    assert_eq!(
        (unknown[0].metric.as_str(), unknown[0].reference.as_str()),
        ("AD/999", "line 7")
    );
    let ranks = found.iter().map(|one| i32::from(one.severity()));
    assert!(ranks.is_sorted(), "{found:#?}");
    let mut ids: Vec<_> = found.iter().map(|one| &one.id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), found.len());
    // What is not whole is not told as it would be taken in, for it would not be.
    let told = checked.data_return.expect("the return");
    assert_eq!((told.revision, told.state()), (0, State::Unspecified));
    assert_eq!(told.edition_digest, edition(PERIOD).digest());
    service.expect_nothing_kept().await;
    service.stop().await;
}

#[tokio::test]
async fn findings_are_worded_in_the_language_that_was_asked_for() {
    let service = Service::alone().await;
    let english = service
        .validate(broken(), "en")
        .await
        .expect("findings")
        .findings;
    let default = service.validate(broken(), "").await.expect("findings");
    assert_eq!(default.findings, english);
    let welsh = service
        .validate(broken(), "cy")
        .await
        .expect("findings")
        .findings;
    assert_eq!(english.len(), welsh.len());
    for (english, welsh) in english.iter().zip(&welsh) {
        assert_ne!(english.message, welsh.message);
        assert!(!welsh.message.is_empty());
        let message = english.message.clone();
        assert_eq!(
            Finding {
                message,
                ..welsh.clone()
            },
            *english
        );
    }
    let unspoken = service.validate(broken(), "fr").await;
    let details = refused(unspoken, Code::InvalidArgument, "INVALID_FIELD");
    assert_eq!(fields(&details), ["language_code"]);
    service.stop().await;
}

#[tokio::test]
async fn checking_only_tells_a_whole_return_as_it_would_be_taken_in() {
    let service = Service::alone().await;
    let sent = sample(CONWY, PERIOD);
    let first = service.validate(sent.clone(), "").await.expect("checked");
    let told = first.data_return.expect("the return");
    assert_eq!((told.revision, told.state()), (1, State::Submitted));
    service.expect_nothing_kept().await;
    let taken = service.submit(sent.clone()).await.expect("taken in");
    assert_eq!(told, taken);

    let stale = amended(&sent);
    let stale = with_etag(stale, "0123");
    let refusal = service.validate(stale, "").await;
    refused(refusal, Code::Aborted, "STALE_ETAG");
    let next = service
        .validate(with_etag(amended(&sent), &taken.etag), "")
        .await;
    let told = next.expect("checked").data_return.expect("the return");
    assert_eq!(told.revision, 2);
    assert_eq!(service.get(&sent.name).await.expect("kept").revision, 1);
    service.stop().await;
}

fn with_etag(mut data_return: pb::DataReturn, etag: &str) -> pb::DataReturn {
    etag.clone_into(&mut data_return.etag);
    data_return
}

#[tokio::test]
async fn a_return_that_is_not_whole_is_refused_with_what_is_wrong_and_not_kept() {
    let service = Service::alone().await;
    let whole = sample(CONWY, PERIOD);
    let mut sent = whole.clone();
    sent.observations.remove(0);
    observation(&mut sent, "AD/002", "").value = None;
    let unknown = Observation {
        metric: "AD/999".to_owned(),
        category: String::new(),
        ..sent.observations[5].clone()
    };
    sent.observations.push(unknown);
    let refusal = service.submit_as(sent, &id(1)).await;
    let details = refused(refusal, Code::InvalidArgument, "INVALID_RETURN");
    let mut named = fields(&details);
    named.sort_unstable();
    let field = |place: &str| format!("data_return.observations[{place}]");
    assert_eq!(
        named,
        [field("AD/001[a]"), field("AD/002"), field("AD/999")]
    );

    // Nothing at all: hundreds of violations, of which the status carries as many as it can.
    let nothing = pb::DataReturn {
        observations: Vec::new(),
        ..whole.clone()
    };
    let refusal = service.submit(nothing).await;
    let details = refused(refusal, Code::InvalidArgument, "INVALID_RETURN");
    let metadata = &details.error_info().expect("a reason").metadata;
    let shown = fields(&details).len();
    assert_eq!(
        metadata["violations_total"],
        edition(PERIOD).cells().len().to_string()
    );
    assert_eq!(metadata["violations_shown"], shown.to_string());
    assert!(shown > 10, "{shown}");
    service.expect_nothing_kept().await;

    // A rule that is broken does not stop a whole return, and a refusal does not use its id up.
    let mut broken = whole;
    let base = observation(&mut broken, "AD/012", "")
        .value
        .expect("a base");
    observation(&mut broken, "AD/013", "").value = Some(base + 1);
    let taken = service.submit_as(broken, &id(1)).await;
    assert_eq!(taken.expect("taken in").revision, 1);
    service.stop().await;
}

#[tokio::test]
async fn a_return_of_another_catalogue_authority_or_moment_is_refused() {
    let service = Service::alone().await;
    let sent = sample(CONWY, PERIOD);
    let mut other = sent.clone();
    other.edition_digest = "sha256:0".to_owned();
    let details = refused(
        service.submit(other).await,
        Code::FailedPrecondition,
        "EDITION_MISMATCH",
    );
    let metadata = &details.error_info().expect("a reason").metadata;
    assert_eq!(metadata["service_digest"], edition(PERIOD).digest());
    let mut same = sent.clone();
    edition(PERIOD)
        .digest()
        .clone_into(&mut same.edition_digest);
    same.etag = "0123".to_owned();
    refused(service.submit(same).await, Code::Aborted, "STALE_ETAG");

    let mut unknown = sent.clone();
    unknown.name = "authorities/W06000003/returns/pif-2021-22".to_owned();
    let (code, reason) = (Code::NotFound, "EDITION_NOT_FOUND");
    refused(service.submit(unknown.clone()).await, code, reason);
    refused(service.validate(unknown, "").await, code, reason);
    for authority in ["W92000004", "E06000001"] {
        let mut other = sent.clone();
        other.name = format!("authorities/{authority}/returns/pif-2022-23");
        denied(service.submit(other.clone()).await);
        let own = service.caller("dan", &[&format!("submitter/{authority}")]);
        let refusal = send(&own, other, "", false).await;
        let details = refused(refusal, Code::InvalidArgument, "INVALID_FIELD");
        assert_eq!(fields(&details), ["data_return.name"]);
    }
    service.expect_nothing_kept().await;

    let first = service.submit(sent.clone()).await.expect("taken in");
    service.submit(amended(&sent)).await.expect("taken in");
    let stale = with_etag(sent, &first.etag);
    refused(service.submit(stale).await, Code::Aborted, "STALE_ETAG");
    service.stop().await;
}

#[tokio::test]
async fn names_that_are_none_are_refused_in_every_method() {
    let service = Service::alone().await;
    let long = "x".repeat(1 << 20);
    for name in [
        "",
        "/",
        "authorities/../returns/pif-2022-23",
        "authorities/W06000003/returns/../pif-2022-23",
        "authorities/W06000003/returns/pif",
        "authorities/W06000003/returns/pif-2022-23/",
        "authorities/W06000003/returns/pif-2022-23/revisions/0",
        "authorities/W06000003/returns/pif-2022-23/revisions/-1",
        "authorities/W06000003/returns/pif-2022-23/revisions/4294967296",
        "authorities/W06000003\0/returns/pif-2022-23",
        "authorities/ŵ/returns/pif-2022-23",
        &long,
        &format!("authorities/{long}/returns/pif-2022-23"),
    ] {
        let mut sent = sample(CONWY, PERIOD);
        name.clone_into(&mut sent.name);
        let (code, reason) = (Code::InvalidArgument, "INVALID_NAME");
        let details = refused(service.get(name).await, code, reason);
        assert_eq!(fields(&details), ["name"]);
        refused(service.previous(name).await, code, reason);
        let seen = with_etag(sent.clone(), "0123");
        refused(service.sign_off(&seen, "").await, code, reason);
        let details = refused(service.submit(sent).await, code, reason);
        assert_eq!(fields(&details), ["data_return.name"]);
    }
    let nothing = pb::SubmitReturnRequest::default();
    let nothing = service.client.clone().submit_return(nothing).await;
    refused(nothing, Code::InvalidArgument, "INVALID_NAME");
    service.expect_nothing_kept().await;
    service.stop().await;
}

#[tokio::test]
async fn a_thousand_rows_too_many_are_told_one_by_one_and_one_more_is_refused_unseen() {
    let service = Service::alone().await;
    let mut sent = sample(CONWY, PERIOD);
    let surplus = Observation {
        metric: "AD/999".to_owned(),
        ..Observation::default()
    };
    let whole = sent.observations.len();
    sent.observations.resize(whole + 1_000, surplus.clone());
    let findings = service.validate(sent.clone(), "en").await;
    let unknown = findings.expect("findings").findings;
    let unknown = unknown.iter().filter(|f| f.kind == "unknown_metric");
    assert_eq!(unknown.count(), 1_000);
    sent.observations.push(surplus);
    let over = service.validate(sent.clone(), "en").await;
    refused(over, Code::InvalidArgument, "TOO_MANY_OBSERVATIONS");
    let over = service.submit(sent).await;
    refused(over, Code::InvalidArgument, "TOO_MANY_OBSERVATIONS");
    service.expect_nothing_kept().await;
    service.stop().await;
}
