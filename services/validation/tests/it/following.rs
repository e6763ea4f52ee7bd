//! Following a submission that goes away, a store that stays, and a catalogue that differs.

use mesur_proto::submission::v1::DataReturn;
use mesur_proto::validation::v1::watch_reports_response::Event;

use crate::samples::Sample;
use crate::support::{Service, memory, reason};
use crate::upstream::Upstream;

#[tokio::test]
async fn each_revision_is_validated_once_however_often_the_service_starts() {
    let upstream = Upstream::start().await;
    let store = memory();
    let sample = Sample::of("W06000012", "2022-23");
    let revisions = [1, 2, 3].map(|revision| sample.revision(revision));
    let reports = revisions.clone().map(|name| format!("{name}/report"));

    upstream.submit(&revisions[0], sample.message()).await;
    let service = Service::start(&store, &upstream.endpoint).await;
    let mut made = service.events().await;
    made.until_reported(&reports[0]).await;
    drop(made);
    let first = service.report(&reports[0]).await;
    service.stop().await;

    // Taken in while validation is away.
    upstream.submit(&revisions[1], sample.message()).await;
    upstream.sign_off(&revisions[1]).await;
    let service = Service::start(&store, &upstream.endpoint).await;
    upstream.submit(&revisions[2], sample.message()).await;
    let mut made = service.events().await;
    for report in &reports {
        assert_eq!(made.next().await, (Event::Reported, report.clone()));
    }
    assert_eq!(service.report(&reports[0]).await, first);
    let asked = upstream.asked_until(|asked| asked.len() >= 3).await;
    assert_eq!(asked, revisions, "each was fetched once");
    drop(made);
    service.stop().await;
}

#[tokio::test]
async fn what_was_sent_while_submission_was_away_is_validated_when_it_is_back() {
    let upstream = Upstream::start().await;
    upstream.refuse(1, 1);
    let sample = Sample::of("W06000012", "2022-23");
    let revision = sample.revision(1);
    upstream.submit(&revision, sample.message()).await;
    let store = memory();
    let service = Service::start(&store, &upstream.endpoint).await;
    let mut made = service.events().await;
    made.until_reported(&format!("{revision}/report")).await;
    let asked = upstream.asked_until(|_| true).await;
    assert_eq!(asked, [revision.clone(), revision]);
    drop(made);
    service.stop().await;
}

#[tokio::test]
async fn a_return_of_another_catalogue_waits_and_is_never_passed_over() {
    let upstream = Upstream::start().await;
    let sample = Sample::of("W06000012", "2022-23");
    let (first, second) = (sample.revision(1), sample.revision(2));
    let other = DataReturn {
        edition_digest: "sha256:0".to_owned(),
        ..sample.message()
    };
    upstream.submit(&first, other).await;
    upstream.submit(&second, sample.message()).await;
    let store = memory();
    let service = Service::start(&store, &upstream.endpoint).await;
    let asked = upstream.asked_until(|asked| asked.len() >= 2).await;
    assert!(asked.iter().all(|name| *name == first), "{asked:?}");
    let report = format!("{first}/report");
    let refused = service.try_report(&report).await.unwrap_err();
    assert_eq!(reason(&refused), "REPORT_NOT_FOUND");

    upstream.hold(&first, sample.message());
    let mut made = service.events().await;
    made.until_reported(&report).await;
    made.until_reported(&format!("{second}/report")).await;
    drop(made);
    service.stop().await;
}
