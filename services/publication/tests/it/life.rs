//! The life of a release: every action in every state, what else must hold, and what is written down.

use mesur_proto::publication::v1 as pb;
use mesur_proto::publication::v1::release::State;
use mesur_rpc::clock;
use tonic::{Code, Status};

use crate::small;
use crate::support::{NOW, REASON, RELEASE, Service, fields, memory, refused};
use crate::totals::snapshot;
use crate::upstream::Upstream;

const DAY: &str = "2023-10-03";

#[derive(Debug, Clone, Copy, PartialEq)]
enum Action {
    Submit,
    Reject,
    Approve,
    Schedule,
    Publish,
    GiveAccess,
}

const ACTIONS: [Action; 6] = [
    Action::Submit,
    Action::Reject,
    Action::Approve,
    Action::Schedule,
    Action::Publish,
    Action::GiveAccess,
];

/// The state that an action leads to.
async fn act(service: &Service, action: Action, seen: &pb::Release) -> Result<State, Status> {
    let release = match action {
        Action::Submit => service.submit(seen).await?,
        Action::Reject => service.reject(seen).await?,
        Action::Approve => service.approve(seen).await?,
        Action::Schedule => service.schedule(seen, DAY).await?,
        Action::Publish => {
            let request = pb::PublishReleaseRequest {
                name: seen.name.clone(),
                etag: seen.etag.clone(),
                request_id: String::new(),
                reason: REASON.to_owned(),
            };
            let published = service.publisher.clone().publish_release(request).await?;
            published.into_inner()
        }
        Action::GiveAccess => {
            let request = pb::GrantEarlyAccessRequest {
                name: seen.name.clone(),
                reader: "m.minister".to_owned(),
                post: "Minister".to_owned(),
                justification: "Briefing".to_owned(),
                request_id: String::new(),
            };
            service
                .publisher
                .clone()
                .grant_early_access(request)
                .await?;
            return Ok(State::Scheduled);
        }
    };
    Ok(release.state())
}

/// Tries everything that the table does not have for a state, which then is as it was.
async fn walk(service: &Service, state: State, allowed: &[Action]) {
    let seen = service.get(RELEASE).await.expect("it");
    assert_eq!(seen.state(), state);
    for action in ACTIONS {
        if allowed.contains(&action) {
            continue;
        }
        let refusal = act(service, action, &seen).await;
        let details = refused(refusal, Code::FailedPrecondition, "WRONG_STATE");
        let metadata = &details.error_info().expect("a reason").metadata;
        assert_eq!(metadata["resource_name"], RELEASE, "{action:?}");
        assert_eq!(service.get(RELEASE).await.expect("it"), seen);
    }
}

/// What was done in the walk through all states, by whom and why.
async fn expect_history(service: &Service) {
    let told = events(service).await;
    let actions: Vec<_> = told.iter().map(|event| event.action.as_str()).collect();
    let (submit, approve) = ("submitted", "approved");
    let expected = [
        ["compiled", "compiled"].as_slice(),
        &["compiled", submit, "rejected", submit],
        &["compiled", submit, approve, "rejected", submit, approve],
        &[
            "compiled",
            submit,
            approve,
            "scheduled",
            "rejected",
            submit,
            approve,
            "scheduled",
        ],
        &["scheduled", "early_access_granted", "published"],
    ];
    assert_eq!(actions, expected.concat());
    for event in &told {
        let actor = match event.action.as_str() {
            "compiled" | "submitted" => "a statistician",
            _ => "a publisher",
        };
        let now = clock::to_proto(NOW.parse().expect("a time"));
        assert_eq!((event.actor.as_str(), event.time), (actor, Some(now)));
        assert_eq!(event.revision, 1);
        let reason = match event.action.as_str() {
            "rejected" => "A title is wrong.",
            "scheduled" => DAY,
            "published" => REASON,
            "early_access_granted" => "m.minister: Briefing",
            _ => "",
        };
        assert_eq!(event.reason, reason);
    }
}

#[tokio::test]
async fn every_action_in_every_state_leads_to_what_the_table_says_and_is_written_down() {
    use Action::{Approve, GiveAccess, Publish, Reject, Schedule, Submit};
    let (service, _upstream) = small::service().await;
    let snapshot = snapshot(small::edition(), 10);
    let compile = async || {
        let compiled = service.compile(&snapshot, "").await.expect("compiled");
        assert_eq!(compiled.state(), State::Compiled);
        assert_eq!(
            (compiled.scheduled_time, compiled.approver.as_str()),
            (None, "")
        );
    };
    // To each state by the shortest way; back from it both ways, and there again.
    let way = [
        (Submit, State::InReview),
        (Approve, State::Approved),
        (Schedule, State::Scheduled),
    ];
    compile().await;
    compile().await;
    walk(&service, State::Compiled, &[Submit]).await;
    for (steps, allowed) in [
        (1, vec![Reject, Approve]),
        (2, vec![Reject, Schedule, Publish]),
        (3, vec![Reject, Schedule, GiveAccess, Publish]),
    ] {
        let go = async || {
            for (action, next) in &way[..steps] {
                let seen = service.get(RELEASE).await.expect("it");
                assert_eq!(act(&service, *action, &seen).await.expect("a way"), *next);
            }
        };
        compile().await;
        go().await;
        walk(&service, way[steps - 1].1, &allowed).await;
        let seen = service.get(RELEASE).await.expect("it");
        let rejected = service.reject(&seen).await.expect("a way");
        assert_eq!(rejected.state(), State::Compiled);
        assert_eq!(
            (rejected.scheduled_time, rejected.approver.as_str()),
            (None, "")
        );
        go().await;
    }
    for (action, next) in [
        (Schedule, State::Scheduled),
        (GiveAccess, State::Scheduled),
        (Publish, State::Published),
    ] {
        let seen = service.get(RELEASE).await.expect("it");
        assert_eq!(act(&service, action, &seen).await.expect("a way"), next);
    }
    walk(&service, State::Published, &[]).await;
    expect_history(&service).await;
    service.stop().await;
}

/// Everything that happened to the release, a page of two at a time.
pub(crate) async fn events(service: &Service) -> Vec<pb::ReleaseEvent> {
    let mut events = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = pb::ListReleaseEventsRequest {
            name: RELEASE.to_owned(),
            page_size: 2,
            page_token,
        };
        let page = service.publisher.clone().list_release_events(request).await;
        let page = page.expect("a page").into_inner();
        events.extend(page.events);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return events;
        }
    }
}

#[tokio::test]
async fn an_edition_that_asks_for_welsh_is_not_approved_without() {
    let catalogue = small::that_requires_welsh();
    let snapshot = snapshot(small::edition_of(&catalogue), 10);
    let upstream = Upstream::start().await;
    upstream.make(&snapshot);
    let now = NOW.parse().expect("a time");
    let service = small::start_at(now, &catalogue, &memory(), &upstream).await;
    upstream.until_caught_up().await;
    let compiled = service.compile(&snapshot, "").await.expect("compiled");
    assert!(!compiled.language_gaps.is_empty());
    let submitted = service.submit(&compiled).await.expect("submitted");
    let refusal = service.approve(&submitted).await;
    let details = refused(refusal, Code::FailedPrecondition, "LANGUAGE_GAPS");
    let metadata = &details.error_info().expect("a reason").metadata;
    assert_eq!(metadata["gaps"], compiled.language_gaps.len().to_string());
    service.stop().await;
}

#[tokio::test]
async fn a_day_on_which_nothing_comes_out_or_that_is_too_near_is_refused() {
    let (service, _upstream) = small::service().await;
    let approved = service.approved(&snapshot(small::edition(), 10)).await;
    let state = Code::FailedPrecondition;
    // A Saturday, Christmas Day, Boxing Day, Good Friday, a bank holiday that was proclaimed.
    for day in [
        "2023-10-07",
        "2023-12-25",
        "2023-12-26",
        "2024-03-29",
        "2023-05-08",
    ] {
        let details = refused(
            service.schedule(&approved, day).await,
            state,
            "NOT_A_WORKING_DAY",
        );
        assert_eq!(details.error_info().expect("a reason").metadata["day"], day);
    }
    for day in ["2023-10-02", "2023-09-05", "2023-09-06", "2022-10-03"] {
        let details = refused(
            service.schedule(&approved, day).await,
            state,
            "NOTICE_TOO_SHORT",
        );
        let metadata = &details.error_info().expect("a reason").metadata;
        assert_eq!(metadata["notice_days"], "28");
    }
    for day in [
        "",
        "3 October",
        "2023-10-32",
        "2023-10-03T09:30",
        "20231003",
        "-023-10-03",
    ] {
        let details = refused(
            service.schedule(&approved, day).await,
            Code::InvalidArgument,
            "INVALID_FIELD",
        );
        assert_eq!(fields(&details), ["publish_date"]);
    }
    let scheduled = service.schedule(&approved, DAY).await.expect("scheduled");
    let moment = clock::to_proto("2023-10-03T08:30:00Z".parse().expect("a time"));
    assert_eq!(scheduled.scheduled_time, Some(moment));
    // Another day, in winter.
    let moved = service.schedule(&scheduled, "2023-11-01").await;
    let moment = clock::to_proto("2023-11-01T09:30:00Z".parse().expect("a time"));
    assert_eq!(moved.expect("moved").scheduled_time, Some(moment));
    service.stop().await;
}
