//! Two replicas of each service on the same stores are one service.

use mesur_access::Role;
use mesur_proto::aggregation::v1 as aggregation;
use mesur_proto::publication::v1 as publication;
use mesur_proto::publication::v1::release::State;
use mesur_proto::submission::v1 as submission;
use tokio::time::timeout;
use tonic::{Code, Status};

use crate::world::{
    AUTHORITIES, EDITION, WAIT, World, code, explain_warnings, freeze, sign_off, submit, until,
    wait_for_reports,
};

async fn totals(world: &World) -> aggregation::Totals {
    let request = aggregation::GetTotalsRequest {
        edition: EDITION.to_owned(),
    };
    let totals = world.totals().get_totals(request).await;
    totals.expect("totals").into_inner()
}

/// Waits until so many returns are added up.
async fn added_up(world: &World, returns: usize) -> aggregation::Totals {
    until(|| async {
        let totals = totals(world).await;
        if totals.returns.len() == returns {
            return Ok(totals);
        }
        tokio::task::yield_now().await;
        Err(Status::failed_precondition("not yet"))
    })
    .await
}

/// What everybody sees of a release, once it is there.
async fn seen(world: &World, name: &str) -> publication::Release {
    let releases = world.releases_of(Role::Reader);
    until(|| {
        let mut releases = releases.clone();
        let name = name.to_owned();
        async move {
            let request = publication::GetReleaseRequest { name };
            match releases.get_release(request).await {
                Err(status) if status.code() == Code::NotFound => {
                    Err(Status::failed_precondition("not yet"))
                }
                answer => answer,
            }
        }
    })
    .await
    .into_inner()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_replica_answers_any_request_and_one_goes_on_without_the_other() {
    let mut first = World::new();
    let mut second = first.replica();
    first.start().await;
    second.start().await;

    // Sent to one, reported on by whichever has the duty, explained and signed off by the other.
    let sent = submit(&first).await;
    wait_for_reports(&second).await;
    for (authority, data_return) in AUTHORITIES.iter().zip(&sent) {
        explain_warnings(&second, authority, data_return).await;
    }
    let signed = sign_off(&first, AUTHORITIES[0], &sent[0]).await;
    signed.expect("signed off");
    let signed = sign_off(&second, AUTHORITIES[1], &sent[1]).await;
    signed.expect("signed off");

    // Whichever replica is asked has the same totals.
    let here = added_up(&first, 2).await;
    assert_eq!(totals(&second).await, here);

    // Frozen and compiled by one, reviewed and published by the other, read from both.
    let snapshot = freeze(&second, &sent).await;
    let compile = || {
        let mut releases = first.releases();
        let request = publication::CompileReleaseRequest {
            snapshot: snapshot.name.clone(),
            request_id: String::new(),
            update_note: None,
        };
        async move { releases.compile_release(request).await }
    };
    let compiled = until(compile).await.into_inner();
    let name = compiled.name.clone();
    let submit = publication::SubmitReleaseRequest {
        name: name.clone(),
        etag: compiled.etag,
        request_id: String::new(),
    };
    let in_review = second.releases().submit_release(submit).await;
    let approval = publication::ApproveReleaseRequest {
        name: name.clone(),
        etag: in_review.expect("in review").into_inner().etag,
        request_id: String::new(),
    };
    let mut office = second.releases_of(Role::Publisher);
    let approved = office.approve_release(approval).await;
    let request = publication::PublishReleaseRequest {
        name: name.clone(),
        etag: approved.expect("approved").into_inner().etag,
        reason: "a test".to_owned(),
        request_id: String::new(),
    };
    let published = office.publish_release(request).await;
    let published = published.expect("published").into_inner();
    assert_eq!(published.state(), State::Published);
    let there = seen(&second, &name).await;
    assert_eq!(there.etag, published.etag);
    assert!(seen(&first, &name).await == there, "other facts or files");

    // The first goes. Whatever duties it had are the second's within the test's patience.
    timeout(WAIT, first.stop()).await.expect("it stops");
    let reopen = submission::ReopenReturnRequest {
        name: sent[0].name.clone(),
        etag: get(&second, &sent[0].name).await.etag,
        reason: "a slip".to_owned(),
        request_id: String::new(),
    };
    let mut signatory = second.returns(Role::Approver(code(AUTHORITIES[0])));
    signatory.reopen_return(reopen).await.expect("reopened");
    let left = added_up(&second, 1).await;
    assert_ne!(left, here);
    second.stop().await;
}

async fn get(world: &World, name: &str) -> submission::DataReturn {
    let mut returns = world.returns(Role::Statistician);
    let request = submission::GetReturnRequest {
        name: name.to_owned(),
    };
    let found = returns.get_return(request).await;
    found.expect("a return").into_inner()
}
