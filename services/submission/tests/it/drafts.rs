//! Drafts: the authority's own business until they are handed in.

use mesur_proto::submission::v1 as pb;
use mesur_proto::submission::v1::data_return::State;
use tonic::Code;

use crate::support::{
    CONWY, NOBODY, SENDER, SIGNER, Service, amended, fields, get, id, list, memory, next,
    observation, refused, sample, send, watch,
};

const PERIOD: &str = "2022-23";

/// The sample with its first rows still missing.
fn begun(missing: usize) -> pb::DataReturn {
    let mut begun = sample(CONWY, PERIOD);
    begun.observations.drain(..missing);
    begun
}

async fn hand_in(
    service: &Service,
    seen: &pb::DataReturn,
    request_id: &str,
) -> Result<pb::SubmitReturnResponse, tonic::Status> {
    let request = pb::SubmitDraftRequest {
        name: seen.name.clone(),
        etag: seen.etag.clone(),
        request_id: request_id.to_owned(),
    };
    let response = service.client.clone().submit_draft(request).await?;
    Ok(response.into_inner())
}

#[tokio::test]
async fn a_draft_grows_and_is_handed_in_as_it_stands() {
    let service = Service::alone().await;
    let first = service.draft(begun(3)).await.expect("kept");
    assert_eq!((first.state(), first.revision), (State::Draft, 1));
    let kept = service.get(&first.name).await.expect("kept");
    assert_eq!(kept.observations, begun(3).observations);
    let state = Code::InvalidArgument;
    let refusal = hand_in(&service, &first, "").await;
    let details = refused(refusal, state, "INVALID_RETURN");
    let missing = ["AD/001[a]", "AD/001[b]", "AD/002"].map(|cell| format!("observations[{cell}]"));
    assert_eq!(fields(&details), missing);

    // Cells may be added one by one, and what is there must be right.
    let whole = sample(CONWY, PERIOD);
    let mut request = pb::UpdateObservationsRequest {
        name: first.name.clone(),
        etag: first.etag.clone(),
        observations: whole.observations[..2].to_vec(),
        ..pb::UpdateObservationsRequest::default()
    };
    let second = service
        .client
        .clone()
        .update_observations(request.clone())
        .await;
    let second = second
        .expect("kept")
        .into_inner()
        .data_return
        .expect("a return");
    assert_eq!((second.state(), second.revision), (State::Draft, 2));
    let mut wrong = begun(1);
    wrong.observations[0].metric = "AD/999".to_owned();
    refused(service.draft(wrong).await, state, "INVALID_RETURN");
    request.etag.clone_from(&second.etag);
    request.observations = whole.observations[2..3].to_vec();
    let third = service.client.clone().update_observations(request).await;
    let third = third
        .expect("kept")
        .into_inner()
        .data_return
        .expect("a return");
    service.clock.step(std::time::Duration::from_mins(5));
    refused(
        hand_in(&service, &second, "").await,
        Code::Aborted,
        "STALE_ETAG",
    );
    let response = hand_in(&service, &third, "").await.expect("handed in");
    let taken = response.data_return.expect("a return");
    assert_eq!((taken.state(), taken.revision), (State::Submitted, 3));
    assert_eq!(
        (&taken.digest, taken.create_time),
        (&third.digest, third.create_time)
    );
    let receipt = response.receipt.expect("a receipt");
    assert_eq!(receipt.create_time, taken.history[1].time);
    let rows: i32 = receipt.families.iter().map(|family| family.row_count).sum();
    assert_eq!(
        usize::try_from(rows).expect("few"),
        whole.observations.len()
    );
    service.stop().await;
}

#[tokio::test]
async fn a_draft_is_handed_in_once() {
    let store = memory();
    let service = Service::start(&store, NOBODY).await;
    let draft = service.draft(begun(0)).await.expect("kept");
    let response = hand_in(&service, &draft, &id(1)).await.expect("handed in");
    let taken = response.data_return.clone().expect("a return");
    service.stop().await;

    // Over a restart a repeat gets the same, and there is no draft any more.
    let service = Service::start(&store, NOBODY).await;
    let again = hand_in(&service, &draft, &id(1)).await.expect("a repeat");
    assert_eq!(again, response);
    let state = Code::FailedPrecondition;
    refused(hand_in(&service, &taken, "").await, state, "NOT_A_DRAFT");
    refused(service.draft(begun(0)).await, state, "ALREADY_SUBMITTED");
    let mut never = taken;
    never.name = never.name.replace(PERIOD, "2020-21");
    let never = hand_in(&service, &never, "").await;
    refused(never, Code::NotFound, "RETURN_NOT_FOUND");
    service.stop().await;
}

#[tokio::test]
async fn to_others_a_draft_is_as_if_it_were_not_there() {
    let service = Service::alone().await;
    let approver = service.caller(SIGNER, &["approver/W06000003"]);
    let supplier = service.caller("acme", &["supplier"]);
    let request = pb::CreateDelegationRequest {
        parent: format!("authorities/{CONWY}"),
        edition: format!("collections/pif/editions/{PERIOD}"),
        supplier: "acme".to_owned(),
        request_id: String::new(),
    };
    let delegated = approver.clone().create_delegation(request).await;
    delegated.expect("delegated");
    let first = service.draft(begun(3)).await.expect("kept");
    service.draft(begun(2)).await.expect("kept");
    let other = service.caller("eve", &["service"]);
    let revision = format!("{}/revisions/1", first.name);
    let (not_found, reason) = (Code::NotFound, "RETURN_NOT_FOUND");
    for (client, sees) in [
        (&service.client, true),
        (&approver, true),
        (&supplier, true),
        (&service.statistician, false),
        (&other, false),
    ] {
        assert_eq!(list(client).await.len(), usize::from(sees));
        let request = pb::ListRevisionsRequest {
            parent: first.name.clone(),
            ..pb::ListRevisionsRequest::default()
        };
        let listed = client.clone().list_revisions(request).await;
        let listed = listed.expect("a list").into_inner().revisions;
        assert_eq!(listed.len(), if sees { 2 } else { 0 });
        for name in [&first.name, &revision] {
            match get(client, name).await {
                Ok(kept) => assert!(sees && kept.state() == State::Draft),
                refusal => drop(refused(refusal, not_found, reason)),
            }
        }
    }
    let reopen = pb::ReopenReturnRequest {
        name: first.name.clone(),
        etag: first.etag,
        reason: "curious".to_owned(),
        request_id: String::new(),
    };
    let reopened = service.statistician.clone().reopen_return(reopen).await;
    refused(reopened.map(drop), not_found, reason);
    // It is nobody's earlier period either.
    let later = first.name.replace(PERIOD, "2023-24");
    let earlier = service.previous(&later).await;
    refused(earlier, not_found, "NO_PREVIOUS_VALUES");

    // Handed in it is there for all, and the drafts before it are not.
    let mut events = watch(&service.statistician, &[]).await.expect("a stream");
    assert!(next(&mut events).await.name.contains("/delegations/"));
    service.submit(sample(CONWY, PERIOD)).await.expect("sent");
    assert_eq!(
        next(&mut events).await.name,
        format!("{}/revisions/3", first.name)
    );
    assert_eq!(
        get(&service.statistician, &first.name)
            .await
            .expect("seen")
            .revision,
        3
    );
    refused(
        get(&service.statistician, &revision).await,
        not_found,
        reason,
    );
    drop(events);
    service.stop().await;
}

#[tokio::test]
async fn a_draft_is_not_checked_only_and_its_rules_are_not_asked_yet() {
    let service = Service::alone().await;
    let request = pb::SubmitReturnRequest {
        data_return: Some(begun(1)),
        draft: true,
        validate_only: true,
        language_code: "fr".to_owned(),
        request_id: "nonsense".to_owned(),
    };
    let refusal = service.client.clone().submit_return(request).await;
    let details = refused(refusal, Code::InvalidArgument, "INVALID_FIELDS");
    assert_eq!(fields(&details), ["language_code", "draft", "request_id"]);
    service.expect_nothing_kept().await;
    let mut broken = begun(1);
    let base = observation(&mut broken, "AD/012", "")
        .value
        .expect("a base");
    observation(&mut broken, "AD/013", "").value = Some(base + 1);
    let response = send(&service.client, broken, &id(1), true)
        .await
        .expect("kept");
    let kept = response.data_return.expect("a return");
    assert_eq!(kept.history[0].identity, SENDER);
    let next = service.draft(amended(&begun(0))).await.expect("kept");
    assert_eq!(next.revision, 2);
    service.stop().await;
}
