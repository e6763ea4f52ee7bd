//! Suppliers act for authorities: a delegation is given, used and taken back.

use mesur_proto::submission::v1 as pb;
use mesur_proto::submission::v1::watch_returns_response::Event;
use tonic::{Code, Status};

use crate::support::{
    CONWY, Client, GWYNEDD, NOBODY, SIGNER, Service, amended, denied, fields, get, id, list,
    memory, next, refused, sample, send, sign_off, watch,
};

const PERIOD: &str = "2022-23";
const SUPPLIER: &str = "acme-case-systems";

async fn delegate(
    client: &Client,
    authority: &str,
    request_id: &str,
) -> Result<pb::Delegation, Status> {
    let request = pb::CreateDelegationRequest {
        parent: format!("authorities/{authority}"),
        edition: format!("collections/pif/editions/{PERIOD}"),
        supplier: SUPPLIER.to_owned(),
        request_id: request_id.to_owned(),
    };
    Ok(client
        .clone()
        .create_delegation(request)
        .await?
        .into_inner())
}

async fn revoke(client: &Client, name: &str, request_id: &str) -> Result<pb::Delegation, Status> {
    let request = pb::RevokeDelegationRequest {
        name: name.to_owned(),
        request_id: request_id.to_owned(),
    };
    Ok(client
        .clone()
        .revoke_delegation(request)
        .await?
        .into_inner())
}

#[tokio::test]
async fn a_supplier_sends_for_who_delegated_to_it_until_it_is_taken_back_and_never_signs() {
    let store = memory();
    let service = Service::start(&store, NOBODY).await;
    let supplier = service.caller(SUPPLIER, &["supplier"]);
    let conwy = service.caller(SIGNER, &["approver/W06000003"]);
    let sent = sample(CONWY, PERIOD);
    denied(send(&supplier, sent.clone(), "", false).await);
    denied(get(&supplier, &sent.name).await);
    let delegation = delegate(&conwy, CONWY, &id(1)).await.expect("delegated");
    assert_eq!(
        delegation.name,
        format!("authorities/{CONWY}/delegations/1")
    );
    assert_eq!(
        (delegation.supplier.as_str(), delegation.identity.as_str()),
        (SUPPLIER, SIGNER)
    );
    let first = send(&supplier, sent.clone(), &id(2), false)
        .await
        .expect("sent");
    let first = first.data_return.expect("a return");
    assert_eq!(first.history[0].identity, SUPPLIER);
    // For this authority, collection and period alone.
    denied(send(&supplier, sample(GWYNEDD, PERIOD), "", false).await);
    denied(send(&supplier, sample(CONWY, "2020-21"), "", false).await);
    denied(get(&supplier, &sample(CONWY, "2020-21").name).await);
    denied(sign_off(&supplier, &first, "").await);
    let own = service.caller("other-systems", &["supplier"]);
    denied(send(&own, sent.clone(), "", false).await);
    let mut events = watch(&supplier, &[]).await.expect("a stream");
    let told = next(&mut events).await;
    assert_eq!(
        (told.event(), told.supplier.as_str()),
        (Event::Delegated, SUPPLIER)
    );
    assert_eq!(told.edition, format!("collections/pif/editions/{PERIOD}"));
    assert_eq!(next(&mut events).await.digest, first.digest);
    service.submit(sample(GWYNEDD, PERIOD)).await.expect("sent");
    assert_eq!(list(&supplier).await, std::slice::from_ref(&sent.name));

    let revoked = revoke(&conwy, &delegation.name, "").await;
    revoked.expect("revoked");
    // The return of another authority was between the two, and is not told.
    let told = next(&mut events).await;
    assert_eq!(
        (told.event(), &told.name),
        (Event::DelegationRevoked, &delegation.name)
    );
    drop(events);
    denied(send(&supplier, amended(&sent), "", false).await);
    denied(send(&supplier, sent.clone(), &id(2), false).await);
    denied(get(&supplier, &sent.name).await);
    assert_eq!(list(&supplier).await, [""; 0]);
    service.stop().await;
}

#[tokio::test]
async fn delegations_stay_listed_and_repeats_get_the_first_answer_over_a_restart() {
    let store = memory();
    let service = Service::start(&store, NOBODY).await;
    let conwy = service.caller(SIGNER, &["approver/W06000003"]);
    let delegation = delegate(&conwy, CONWY, &id(1)).await.expect("delegated");
    service.clock.step(std::time::Duration::from_mins(5));
    let revoked = revoke(&conwy, &delegation.name, &id(3)).await;
    let revoked = revoked.expect("revoked");
    let known = (revoked.revoker.as_str(), revoked.revoke_time.is_some());
    assert_eq!(known, (SIGNER, true));
    service.stop().await;

    let service = Service::start(&store, NOBODY).await;
    let conwy = service.caller(SIGNER, &["approver/W06000003"]);
    assert_eq!(
        delegate(&conwy, CONWY, &id(1)).await.expect("a repeat"),
        delegation
    );
    assert_eq!(
        revoke(&conwy, &delegation.name, &id(3))
            .await
            .expect("a repeat"),
        revoked
    );
    let again = revoke(&conwy, &delegation.name, "").await;
    refused(again, Code::FailedPrecondition, "ALREADY_REVOKED");
    let second = delegate(&conwy, CONWY, "").await.expect("delegated");
    assert_eq!(second.name, format!("authorities/{CONWY}/delegations/2"));
    let supplier = service.caller(SUPPLIER, &["supplier"]);
    send(&supplier, sample(CONWY, PERIOD), "", false)
        .await
        .expect("sent");
    let request = pb::ListDelegationsRequest {
        parent: format!("authorities/{CONWY}"),
        page_size: 1,
        page_token: String::new(),
    };
    let page = service
        .statistician
        .clone()
        .list_delegations(request.clone())
        .await;
    let page = page.expect("a page").into_inner();
    assert_eq!(page.delegations, [revoked]);
    let request = pb::ListDelegationsRequest {
        page_token: page.next_page_token,
        ..request
    };
    let rest = conwy
        .clone()
        .list_delegations(request)
        .await
        .expect("a page")
        .into_inner();
    assert_eq!(
        (rest.delegations, rest.next_page_token.as_str()),
        (vec![second], "")
    );
    service.stop().await;
}

#[tokio::test]
async fn only_the_approver_of_the_authority_delegates_and_each_delegation_is_one() {
    let service = Service::alone().await;
    let gwynedd = service.caller("dan", &["approver/W06000002"]);
    let submitter = service.caller("ann", &["submitter/W06000003"]);
    for other in [&gwynedd, &submitter, &service.statistician] {
        denied(delegate(other, CONWY, "").await);
        // Whether there is such a delegation is not told.
        denied(revoke(other, &format!("authorities/{CONWY}/delegations/1"), "").await);
    }
    let calls = (0..8).map(|_| {
        let client = service.approver.clone();
        tokio::spawn(async move { delegate(&client, CONWY, "").await })
    });
    let made: Vec<_> = calls.collect();
    let mut taken = Vec::new();
    for call in made {
        match call.await.expect("no panic") {
            Ok(delegation) => taken.push(delegation),
            refusal => drop(refused(refusal, Code::AlreadyExists, "ALREADY_DELEGATED")),
        }
    }
    assert_eq!(taken.len(), 1);
    let missing = revoke(
        &service.approver,
        &format!("authorities/{CONWY}/delegations/2"),
        "",
    )
    .await;
    refused(missing, Code::NotFound, "DELEGATION_NOT_FOUND");
    let wrong = pb::CreateDelegationRequest {
        parent: format!("authorities/{CONWY}"),
        supplier: "x".repeat(201),
        ..pb::CreateDelegationRequest::default()
    };
    let refusal = service
        .approver
        .clone()
        .create_delegation(wrong.clone())
        .await;
    let details = refused(refusal, Code::InvalidArgument, "INVALID_FIELDS");
    assert_eq!(fields(&details), ["edition", "supplier"]);
    let unknown = pb::CreateDelegationRequest {
        edition: "collections/pif/editions/1999-00".to_owned(),
        supplier: "x".repeat(200),
        ..wrong
    };
    let unknown = service.approver.clone().create_delegation(unknown).await;
    refused(unknown, Code::NotFound, "EDITION_NOT_FOUND");
    service.stop().await;
}
