//! Roles and the states of a release together, over the wire: whoever may not move a release is told the
//! same in whatever state it is, and of one that never was; whoever may is told what the table of
//! moves says, as `docs/life-cycle.md` has it.

use std::collections::BTreeMap;

use jiff::{Timestamp, ToSpan as _, tz::TimeZone};
use mesur_access::Role;
use mesur_access::table::ROWS;
use mesur_proto::publication::v1 as pb;
use mesur_proto::publication::v1::publication_service_client::PublicationServiceClient;
use mesur_rpc::channel::connect_lazy;
use tonic::{Code, Status};

use crate::permissions::{Told, told_of};
use crate::states::{Caller, callers, document};
use crate::world::{
    AUTHORITIES, World, explain_warnings, freeze, sign_off, submit, until, wait_for_reports,
};

/// A release that never was.
const NEVER: &str = "releases/pif-2020-21";

/// What moves a release, as the document calls it, with its method.
const MOVES: [(&str, &str); 6] = [
    ("submit", "SubmitRelease"),
    ("reject", "RejectRelease"),
    ("approve", "ApproveRelease"),
    ("schedule", "ScheduleRelease"),
    ("publish", "PublishRelease"),
    ("give early access", "GrantEarlyAccess"),
];

type Client = PublicationServiceClient<mesur_rpc::channel::Connection>;

/// Does what moves a release, with all that it needs; `days` from now on is its day.
async fn act(
    client: &mut Client,
    name: &str,
    etag: &str,
    action: &str,
    days: i32,
) -> Result<pb::Release, Status> {
    let (name, etag) = (name.to_owned(), etag.to_owned());
    let (reason, request_id) = ("It has to be.".to_owned(), String::new());
    let moved = match action {
        "submit" => {
            let request = pb::SubmitReleaseRequest {
                name,
                etag,
                request_id,
            };
            client.submit_release(request).await?
        }
        "reject" => {
            let request = pb::RejectReleaseRequest {
                name,
                etag,
                reason,
                request_id,
            };
            client.reject_release(request).await?
        }
        "approve" => {
            let request = pb::ApproveReleaseRequest {
                name,
                etag,
                request_id,
            };
            client.approve_release(request).await?
        }
        "schedule" => {
            let today = Timestamp::now().to_zoned(TimeZone::UTC).date();
            let publish_date = (today + days.days()).to_string();
            let request = pb::ScheduleReleaseRequest {
                name,
                etag,
                publish_date,
                request_id,
            };
            client.schedule_release(request).await?
        }
        "publish" => {
            let request = pb::PublishReleaseRequest {
                name,
                etag,
                reason,
                request_id,
            };
            client.publish_release(request).await?
        }
        _ => {
            let request = pb::GrantEarlyAccessRequest {
                name,
                reader: "somebody".to_owned(),
                post: "Minister".to_owned(),
                justification: "Questions on the day".to_owned(),
                request_id,
            };
            client.grant_early_access(request).await?;
            return Ok(pb::Release::default());
        }
    };
    Ok(moved.into_inner())
}

/// Puts the release on a working day that is far enough away.
async fn schedule(client: &mut Client, release: &pb::Release) -> pb::Release {
    for days in 30..45 {
        if let Ok(moved) = act(client, &release.name, &release.etag, "schedule", days).await {
            return moved;
        }
    }
    panic!("no working day in two weeks");
}

async fn compiled(world: &World) -> pb::Release {
    let sent = submit(world).await;
    wait_for_reports(world).await;
    for (authority, data_return) in AUTHORITIES.iter().zip(&sent) {
        explain_warnings(world, authority, data_return).await;
        sign_off(world, authority, data_return)
            .await
            .expect("signed off");
    }
    let snapshot = freeze(world, &sent).await;
    let releases = world.releases();
    let compiling = until(|| {
        let mut releases = releases.clone();
        let request = pb::CompileReleaseRequest {
            snapshot: snapshot.name.clone(),
            ..pb::CompileReleaseRequest::default()
        };
        async move { releases.compile_release(request).await }
    });
    compiling.await.into_inner()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_may_not_move_a_release_is_told_the_same_in_every_state_and_of_one_that_never_was() {
    let mut world = World::new().await;
    world.start().await;
    let document = document(1);
    let mut refused = BTreeMap::new();
    let (mut compared, mut out_of_state) = (0, 0);
    let mut release = compiled(&world).await;
    let mut publisher = world.releases_of(Role::Publisher);
    for (state, next) in [
        ("compiled", "submit"),
        ("in review", "approve"),
        ("approved", "schedule"),
        ("scheduled", "publish"),
        ("published", ""),
    ] {
        for caller in callers(&world, AUTHORITIES[0]) {
            let (same, other) =
                walk(&world, &caller, &release, state, &document, &mut refused).await;
            compared += same;
            out_of_state += other;
        }
        release = match next {
            "" => break,
            "submit" => {
                let mut statistician = world.releases();
                let moved = act(&mut statistician, &release.name, &release.etag, next, 0).await;
                moved.expect("moved")
            }
            "schedule" => schedule(&mut publisher, &release).await,
            _ => {
                let moved = act(&mut publisher, &release.name, &release.etag, next, 0).await;
                moved.expect("moved")
            }
        };
    }
    assert!(
        compared > 500 && out_of_state > 15,
        "{compared} compared, {out_of_state} out of state"
    );
    world.stop().await;
}

/// Every move as one caller in one state: how many refusals were compared, and how many moves were out
/// of state.
async fn walk(
    world: &World,
    caller: &Caller,
    release: &pb::Release,
    state: &str,
    document: &BTreeMap<(String, String), String>,
    refused: &mut BTreeMap<(&'static str, &'static str), Told>,
) -> (usize, usize) {
    let rows: BTreeMap<_, _> = ROWS.iter().copied().collect();
    let connection = connect_lazy(&world.publication.endpoint(), caller.bearer.clone());
    let mut client = PublicationServiceClient::new(connection.expect("an endpoint"));
    let (mut compared, mut out_of_state) = (0, 0);
    for (action, method) in MOVES {
        let row = rows[format!("/mesur.publication.v1.PublicationService/{method}").as_str()];
        let cell = format!("{}: {action}, {state}", caller.name);
        let is_legal = !document[&(state.to_owned(), action.to_owned())].is_empty();
        if !caller.may(row) {
            let due = if caller.is_public {
                Code::Unauthenticated
            } else {
                Code::PermissionDenied
            };
            for name in [release.name.as_str(), NEVER] {
                let answer = act(&mut client, name, &release.etag, action, 35)
                    .await
                    .map(drop);
                let told = told_of(&answer).unwrap_or_else(|| panic!("{cell} is let in"));
                assert_eq!(told.0, due, "{cell}");
                let first = refused
                    .entry((caller.name, action))
                    .or_insert_with(|| told.clone());
                assert_eq!(*first, told, "{cell}, {name}");
                compared += 1;
            }
        } else if !is_legal {
            let answer = act(&mut client, &release.name, &release.etag, action, 35).await;
            let status = answer.expect_err(&cell);
            let details = String::from_utf8_lossy(status.details()).into_owned();
            assert!(details.contains("WRONG_STATE"), "{cell}: {status}");
            out_of_state += 1;
        }
    }
    (compared, out_of_state)
}
