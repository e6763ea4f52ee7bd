//! Explanations over revisions: carried to what stays as it is, lapsed where it changes.

use mesur_proto::types::v1::finding::Standing;

use crate::samples::{RETURN, Sample, WARNING};
use crate::support::{explanation, refusal, reported, review};

/// A warning of a rule: the total is far from what the earlier period has.
const CHANGED: &str = "AD/012";

#[tokio::test]
async fn an_explanation_carries_over_to_unchanged_values_and_lapses_with_changed_ones() {
    let first = Sample::usual()
        .with_warning()
        .with_comment("AD/001[b]", "=2");
    let (upstream, service, mut events) = reported(&first).await;
    let other = "formula_text:AD/001[b]";
    let mut officer = service.officer();
    for finding in [WARNING, other] {
        let explain = explanation(&first.report(1), finding, "As it was sent.");
        officer.explain_finding(explain).await.unwrap();
    }
    let mut statistician = service.client.clone();
    let accept = review(&first.report(1), WARNING, true);
    statistician.review_explanation(accept).await.unwrap();

    // One comment changes, the other stays; so do its value and everything else but one total.
    let second = first
        .clone()
        .with_comment("AD/001[b]", "=3")
        .with_value(CHANGED, first.value(CHANGED) + 1);
    upstream.submit(&second.revision(2), second.message()).await;
    events.until_reported(&second.report(2)).await;
    let report = second.report(2);
    assert_eq!(
        service.finding(&report, WARNING).await.standing(),
        Standing::Accepted
    );
    let lapsed = service.finding(&report, other).await;
    assert_eq!(
        (lapsed.standing(), lapsed.explanation.as_str()),
        (Standing::Open, "")
    );
    let stale: Vec<bool> = service
        .remarks(RETURN)
        .await
        .iter()
        .map(|one| one.lapsed)
        .collect();
    assert_eq!(stale, [false, true, false]);
    let counts = service.report(&report).await;
    let open = service.findings(&report, "").await;
    let open = open.iter().filter(|one| one.standing() == Standing::Open);
    let asked = counts.open_error_count + counts.open_warning_count;
    assert_eq!(i32::try_from(open.count()).unwrap(), asked);
    assert_eq!(
        service.collection_of_usual().await.open_warning_count,
        counts.open_warning_count
    );

    // The report on the first revision says what it said, and nothing more is said on it.
    let old = service.finding(&first.report(1), other).await;
    assert_eq!(old.standing(), Standing::Explained);
    let late = officer
        .explain_finding(explanation(&first.report(1), other, "Late."))
        .await;
    assert_eq!(refusal(late).1, "REPORT_SUPERSEDED");

    // What changes back is explained again, by what was said the first time.
    let third = second.clone().with_comment("AD/001[b]", "=2");
    upstream.submit(&third.revision(3), third.message()).await;
    events.until_reported(&third.report(3)).await;
    let back = service.finding(&third.report(3), other).await;
    assert_eq!(back.standing(), Standing::Explained);
    let remarks = service.remarks(RETURN).await;
    assert!(remarks.iter().all(|one| !one.lapsed && one.revision == 1));
    assert_eq!(remarks.len(), 3, "nothing was copied");
    let latest = service.report(&format!("{RETURN}/report")).await;
    assert_eq!(latest, service.report(&third.report(3)).await);
}
