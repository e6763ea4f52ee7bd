//! Amending in part, the history of a return, what differs, and receipts.

use mesur_proto::submission::v1 as pb;
use mesur_proto::types::v1::Observation;
use mesur_proto::types::v1::observation::Status as CellStatus;
use tonic::{Code, Status};

use crate::support::{
    CONWY, GWYNEDD, Service, amended, denied, edition, fields, id, observation, refused, sample,
    send,
};

const PERIOD: &str = "2022-23";

async fn update(
    service: &Service,
    seen: &pb::DataReturn,
    observations: Vec<Observation>,
    request_id: &str,
) -> Result<pb::SubmitReturnResponse, Status> {
    let request = pb::UpdateObservationsRequest {
        name: seen.name.clone(),
        etag: seen.etag.clone(),
        observations,
        request_id: request_id.to_owned(),
        ..pb::UpdateObservationsRequest::default()
    };
    let response = service.client.clone().update_observations(request).await?;
    Ok(response.into_inner())
}

async fn compare(
    service: &Service,
    from: &str,
    to: &str,
) -> Result<Vec<pb::compare_revisions_response::Difference>, Status> {
    let (from, to) = (from.to_owned(), to.to_owned());
    let request = pb::CompareRevisionsRequest { from, to };
    let response = service.client.clone().compare_revisions(request).await?;
    Ok(response.into_inner().differences)
}

/// Another value for a cell, a cell that is not provided, and one with a remark of any characters.
fn changes(data_return: &mut pb::DataReturn) -> Vec<Observation> {
    let mut value = observation(data_return, "AD/002", "").clone();
    value.value = value.value.map(|value| value + 1);
    let mut missing = observation(data_return, "AD/003", "").clone();
    missing.value = None;
    missing.status = CellStatus::NotProvided.into();
    "=ŵ\u{1f3f4} \"data not held\"".clone_into(&mut missing.comment);
    let mut remark = observation(data_return, "AD/004", "").clone();
    "counted twice".clone_into(&mut remark.comment);
    "row 4".clone_into(&mut remark.reference);
    // In any order.
    vec![remark, value, missing]
}

#[tokio::test]
async fn some_cells_are_changed_and_the_others_stay_as_they_are() {
    let service = Service::alone().await;
    let mut sent = sample(CONWY, PERIOD);
    let first = service.submit(sent.clone()).await.expect("sent");
    let changes = changes(&mut sent);
    let response = update(&service, &first, changes.clone(), &id(1)).await;
    let response = response.expect("amended");
    let second = response.data_return.clone().expect("a return");
    assert_eq!((second.revision, second.history.len()), (2, 1));
    for change in &changes {
        *observation(&mut sent, &change.metric, "") = change.clone();
    }
    let kept = service.get(&sent.name).await.expect("kept");
    assert_eq!(kept.observations, sent.observations);
    // The receipt says what was sent, not what stood there.
    let families = response.receipt.clone().expect("a receipt").families;
    let counts: Vec<_> = families
        .iter()
        .filter(|family| family.row_count > 0)
        .map(|family| (family.family.as_str(), family.row_count, family.value_count))
        .collect();
    assert_eq!(counts, [("AD", 3, 2)]);

    let again = update(&service, &first, changes.clone(), &id(1)).await;
    assert_eq!(again.expect("a repeat"), response);
    let stale = update(&service, &first, changes.clone(), "").await;
    refused(stale, Code::Aborted, "STALE_ETAG");
    let blind = pb::DataReturn {
        etag: String::new(),
        ..second.clone()
    };
    let refusal = update(&service, &blind, Vec::new(), "").await;
    let details = refused(refusal, Code::InvalidArgument, "INVALID_FIELDS");
    assert_eq!(fields(&details), ["etag", "observations"]);
    let mut never = second.clone();
    never.name = never.name.replace(PERIOD, "2020-21");
    let never = update(&service, &never, changes, "").await;
    refused(never, Code::NotFound, "RETURN_NOT_FOUND");
    service.stop().await;
}

#[tokio::test]
async fn changes_that_are_wrong_are_told_alone_and_checked_without_being_kept() {
    let service = Service::alone().await;
    let mut sent = sample(CONWY, PERIOD);
    let first = service.submit(sent.clone()).await.expect("sent");
    let mut unknown = observation(&mut sent, "AD/002", "").clone();
    unknown.reference = "row 2".to_owned();
    let twice = unknown.clone();
    let mut other = unknown.clone();
    other.metric = "AD/999".to_owned();
    let refusal = update(&service, &first, vec![unknown, twice, other], "").await;
    let details = refused(refusal, Code::InvalidArgument, "INVALID_RETURN");
    let mut named = fields(&details);
    named.sort_unstable();
    assert_eq!(named, ["observations[AD/002]", "observations[AD/999]"]);
    let violations = &details.bad_request().expect("violations").field_violations;
    assert!(
        violations
            .iter()
            .all(|one| one.description.contains("row 2")),
        "{violations:?}"
    );

    // What is only checked is checked against all that would then be there.
    let base = observation(&mut sent, "AD/012", "").value.expect("a base");
    let mut broken = observation(&mut sent, "AD/013", "").clone();
    broken.value = Some(base + 1);
    let request = pb::UpdateObservationsRequest {
        name: first.name.clone(),
        etag: first.etag.clone(),
        observations: vec![broken],
        validate_only: true,
        ..pb::UpdateObservationsRequest::default()
    };
    let checked = service.client.clone().update_observations(request).await;
    let checked = checked.expect("checked").into_inner();
    let kinds: Vec<_> = checked
        .findings
        .iter()
        .map(|one| one.kind.as_str())
        .collect();
    assert!(kinds.contains(&"subset_above_base"), "{kinds:?}");
    assert!(!kinds.contains(&"missing_row"), "{kinds:?}");
    assert_eq!(checked.data_return.expect("a return").revision, 2);
    assert_eq!(checked.receipt, None);
    assert_eq!(service.get(&first.name).await.expect("kept").revision, 1);
    service.stop().await;
}

#[tokio::test]
async fn every_revision_is_listed_and_any_two_compared() {
    let service = Service::alone().await;
    let mut sent = sample(CONWY, PERIOD);
    let mut seen = service.submit(sent.clone()).await.expect("sent");
    let changes = changes(&mut sent);
    for change in &changes {
        let response = update(&service, &seen, vec![change.clone()], "").await;
        seen = response.expect("amended").data_return.expect("a return");
    }
    let mut request = pb::ListRevisionsRequest {
        parent: sent.name.clone(),
        page_size: 3,
        page_token: String::new(),
    };
    let page = service.client.clone().list_revisions(request.clone()).await;
    let page = page.expect("a page").into_inner();
    request.page_token = page.next_page_token;
    let rest = service.client.clone().list_revisions(request.clone()).await;
    let rest = rest.expect("a page").into_inner();
    assert_eq!(rest.next_page_token, "");
    let listed: Vec<_> = page.revisions.iter().chain(&rest.revisions).collect();
    let numbers: Vec<_> = listed.iter().map(|one| one.revision).collect();
    assert_eq!(numbers, [4, 3, 2, 1]);
    assert!(
        listed
            .iter()
            .all(|one| one.observations.is_empty() && one.history.len() == 1)
    );
    request.parent = request.parent.replace(PERIOD, "2020-21");
    let other = service.client.clone().list_revisions(request).await;
    refused(other, Code::InvalidArgument, "PAGE_TOKEN_INVALID");

    let name = sent.name.clone();
    let revision = |number: i32| format!("{name}/revisions/{number}");
    let differences = compare(&service, &revision(1), &revision(4)).await;
    let differences = differences.expect("compared");
    let order = ["AD/002", "AD/003", "AD/004"];
    assert_eq!(differences.len(), order.len());
    for (difference, metric) in differences.iter().zip(order) {
        let change = changes.iter().find(|change| change.metric == metric);
        assert_eq!(difference.to.as_ref(), change);
        let before = observation(&mut sent, metric, "");
        assert_eq!(difference.from.as_ref(), Some(&*before));
    }
    let back = compare(&service, &revision(4), &revision(1))
        .await
        .expect("compared");
    assert!(
        back.iter()
            .zip(&differences)
            .all(|(a, b)| a.from == b.to && a.to == b.from)
    );
    let same = compare(&service, &revision(2), &revision(2))
        .await
        .expect("compared");
    assert_eq!(same, []);
    service.stop().await;
}

#[tokio::test]
async fn only_revisions_of_one_return_that_the_caller_sees_are_compared() {
    let service = Service::alone().await;
    let name = service
        .submit(sample(CONWY, PERIOD))
        .await
        .expect("sent")
        .name;
    let revision = |number: i32| format!("{name}/revisions/{number}");
    for (from, to, code, reason) in [
        (revision(1), revision(5), Code::NotFound, "RETURN_NOT_FOUND"),
        (
            name.clone(),
            revision(1),
            Code::InvalidArgument,
            "INVALID_NAME",
        ),
    ] {
        refused(compare(&service, &from, &to).await, code, reason);
    }
    service.submit(sample(GWYNEDD, PERIOD)).await.expect("sent");
    let other = revision(1).replace(CONWY, GWYNEDD);
    let refusal = compare(&service, &revision(1), &other).await;
    let details = refused(refusal, Code::InvalidArgument, "INVALID_FIELD");
    assert_eq!(fields(&details), ["to"]);
    let request = pb::CompareRevisionsRequest {
        from: revision(1),
        to: other,
    };
    let conwy = service.caller("cat", &["submitter/W06000003"]);
    denied(conwy.clone().compare_revisions(request).await);
    service.stop().await;
}

#[tokio::test]
async fn a_receipt_counts_what_was_sent_by_family() {
    let service = Service::alone().await;
    let sent = amended(&sample(CONWY, PERIOD));
    let response = send(&service.client, sent.clone(), &id(1), false)
        .await
        .expect("sent");
    let taken = response.data_return.clone().expect("a return");
    let receipt = response.receipt.clone().expect("a receipt");
    assert_eq!(receipt.revision, format!("{}/revisions/1", sent.name));
    assert_eq!(
        (&receipt.digest, receipt.create_time),
        (&taken.digest, taken.create_time)
    );
    assert_eq!(receipt.edition_digest, edition(PERIOD).digest());
    assert!(!receipt.late);
    let family_of = |code: &str| {
        let mut metrics = edition(PERIOD).metrics().iter();
        let metric = metrics.find(|metric| metric.code.as_str() == code);
        metric.expect("a metric").family.clone()
    };
    let mut total = 0;
    for family in &receipt.families {
        let of = |one: &&Observation| family_of(&one.metric) == family.family;
        let rows = sent.observations.iter().filter(of).count();
        let values = sent
            .observations
            .iter()
            .filter(of)
            .filter(|one| one.value.is_some());
        let counted = [family.row_count, family.value_count].map(usize::try_from);
        assert_eq!(counted, [Ok(rows), Ok(values.count())], "{family:?}");
        total += rows;
    }
    assert_eq!(total, sent.observations.len());
    let again = send(&service.client, sent, &id(1), false)
        .await
        .expect("a repeat");
    assert_eq!(again, response);
    service.stop().await;
}
