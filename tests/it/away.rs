//! Each service goes on while another is away, and catches up afterwards.

use mesur_proto::publication::v1 as publication;
use tonic::Code;

use crate::world::{
    AUTHORITIES, World, explain_warnings, freeze, sign_off, submit, until, wait_for_reports,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_service_works_alone_and_catches_up_with_those_that_were_away() {
    let mut world = World::new();

    // Returns are taken in although nobody else is there; signing off needs validation.
    world.start_submission().await;
    let sent = submit(&world).await;
    let refused = sign_off(&world, AUTHORITIES[0], &sent[0]).await;
    let refused = refused.expect_err("no validation");
    assert_eq!(refused.code(), Code::Unavailable);

    // Validation comes and catches up; then it goes on while submission is away.
    world.start_validation().await;
    wait_for_reports(&world).await;
    world.submission.stop().await;
    for (authority, data_return) in AUTHORITIES.iter().zip(&sent) {
        explain_warnings(&world, authority, data_return).await;
    }

    // Submission comes back with everything; aggregation comes late and catches up.
    world.start_submission().await;
    for (authority, data_return) in AUTHORITIES.iter().zip(&sent) {
        let signed = sign_off(&world, authority, data_return).await;
        signed.expect("signed off");
    }
    world.start_aggregation().await;
    let snapshot = freeze(&world, &sent).await;
    let frozen = snapshot.totals.expect("totals");
    assert_eq!(
        (frozen.returns.len(), frozen.missing_authorities.len()),
        (2, 20)
    );

    // Publication has the snapshot in its own store, so it compiles while aggregation is away.
    world.start_publication().await;
    let releases = world.releases();
    let compile = || {
        let mut releases = releases.clone();
        let request = publication::CompileReleaseRequest {
            snapshot: snapshot.name.clone(),
            request_id: String::new(),
            update_note: None,
        };
        async move { releases.compile_release(request).await }
    };
    until(compile).await;
    world.aggregation.stop().await;
    let compiled = compile().await.expect("compiled alone").into_inner();
    assert_eq!(compiled.snapshot_digest, snapshot.digest);

    world.publication.stop().await;
    world.validation.stop().await;
    world.submission.stop().await;
}
