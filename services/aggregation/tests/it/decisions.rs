//! Decisions: numbered, never overwritten, in force until the next; in totals and snapshots.

use mesur_proto::aggregation::v1 as pb;
use mesur_proto::aggregation::v1::decision::{Marks, Publishing, Subject};
use mesur_proto::aggregation::v1::watch_snapshots_response::Event;
use tokio::task::JoinSet;
use tokio_stream::StreamExt as _;
use tonic::{Code, Status};

use crate::support::{Service, edition, refusal, samples};
use crate::upstream::{NOW, Upstream};

const PERIOD: &str = "2022-23";
const PARENT: &str = "collections/pif/editions/2022-23";
const WITHHOLD: Subject = Subject::National(Publishing::Withhold as i32);
const PUBLISH: Subject = Subject::National(Publishing::Publish as i32);

fn name(number: u32) -> String {
    format!("{PARENT}/decisions/{number}")
}

fn marks(marks: &[pb::Mark]) -> Subject {
    let marks = marks.iter().map(|mark| (*mark).into()).collect();
    Subject::Marks(Marks { marks })
}

fn decision(metric: &str, subject: Subject) -> pb::Decision {
    pb::Decision {
        metric: metric.to_owned(),
        subject: Some(subject),
        reason: " Two authorities changed their systems.\r\n".to_owned(),
        ..pb::Decision::default()
    }
}

fn request(decision: pb::Decision, etag: &str) -> pb::CreateDecisionRequest {
    pb::CreateDecisionRequest {
        parent: PARENT.to_owned(),
        decision: Some(decision),
        etag: etag.to_owned(),
        request_id: String::new(),
    }
}

async fn decide(
    service: &Service,
    request: pb::CreateDecisionRequest,
) -> Result<pb::Decision, Status> {
    let decided = service.client.clone().create_decision(request).await;
    decided.map(tonic::Response::into_inner)
}

/// Every decision, or those in force, page by page: number and whether it is in force.
async fn list(service: &Service, in_force_only: bool) -> Vec<(String, bool)> {
    let mut found = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = pb::ListDecisionsRequest {
            parent: PARENT.to_owned(),
            in_force_only,
            page_size: 2,
            page_token,
        };
        let page = service.client.clone().list_decisions(request).await;
        let page = page.expect("a page").into_inner();
        assert!(page.decisions.len() <= 2);
        let told = page.decisions.into_iter();
        found.extend(told.map(|decision| (decision.name, decision.in_force)));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return found;
        }
    }
}

fn standing<'a>(totals: &'a pb::Totals, metric: &str) -> &'a pb::MetricStanding {
    let mut metrics = totals.metrics.iter();
    let found = metrics.find(|standing| standing.metric == metric);
    found.expect("a metric")
}

#[tokio::test]
async fn decisions_are_numbered_and_the_newest_on_a_subject_is_in_force() {
    let (service, upstream) = Service::with(PERIOD, &samples(PERIOD)[..1]).await;
    let first = decide(&service, request(decision("AD/004", WITHHOLD), ""));
    let first = first.await.expect("a decision");
    let told = (first.name.clone(), first.decider.as_str(), first.in_force);
    assert_eq!(told, (name(1), "a statistician", true));
    assert_eq!(first.reason, "Two authorities changed their systems.");
    let time = first.create_time.expect("a time").to_string();
    assert_eq!(time, NOW);

    // Another subject on the same metric, then the same one again.
    let mark = decision("AD/004", marks(&[pb::Mark::Provisional]));
    decide(&service, request(mark, ""))
        .await
        .expect("a decision");
    let stale = decide(&service, request(decision("AD/004", PUBLISH), ""));
    let stale = stale.await.expect_err("overtaken");
    let (reason, details) = refusal(&stale);
    assert_eq!(
        (stale.code(), reason.as_str()),
        (Code::Aborted, "DECISION_OVERTAKEN")
    );
    let info = details.error_info().expect("a reason");
    assert_eq!(info.metadata.get("resource_name"), Some(&name(1)));
    let second = decide(&service, request(decision("AD/004", PUBLISH), &name(1)));
    assert_eq!(second.await.expect("a decision").name, name(3));
    let all = [(name(1), false), (name(2), true), (name(3), true)];
    assert_eq!(list(&service, false).await, all);
    assert_eq!(list(&service, true).await, all[1..]);

    // Sent twice, happens once; with other content it is refused.
    let mut repeated = request(decision("AD/005", WITHHOLD), "");
    repeated.request_id = "6f1c8f0e-58a9-4c53-9d5e-6c34b44a8fd0".to_owned();
    let once = decide(&service, repeated.clone())
        .await
        .expect("a decision");
    let again = decide(&service, repeated.clone()).await.expect("the same");
    assert_eq!((&once, once.name.as_str()), (&again, name(4).as_str()));
    repeated.decision = Some(decision("AD/005", PUBLISH));
    let reused = decide(&service, repeated).await.expect_err("refused");
    assert_eq!(refusal(&reused).0, "REQUEST_ID_REUSED");
    drop(upstream);
    service.stop().await;
}

#[tokio::test]
async fn of_many_decisions_at_once_that_saw_the_same_one_is_taken() {
    let (service, _upstream) = Service::with(PERIOD, &[]).await;
    let mut calls = JoinSet::new();
    for _ in 0..12 {
        let mut client = service.client.clone();
        let request = request(decision("AD/004", WITHHOLD), "");
        calls.spawn(async move { client.create_decision(request).await });
    }
    let mut taken = Vec::new();
    for answer in calls.join_all().await {
        match answer {
            Ok(decision) => taken.push(decision.into_inner().name),
            Err(status) => assert_eq!(refusal(&status).0, "DECISION_OVERTAKEN"),
        }
    }
    assert_eq!(taken, [name(1)]);
    assert_eq!(list(&service, false).await, [(name(1), true)]);
    service.stop().await;
}

#[tokio::test]
async fn what_is_no_decision_is_refused_with_everything_that_is_wrong() {
    let (service, _upstream) = Service::with(PERIOD, &[]).await;
    let nonsense = pb::Decision {
        metric: "AD/999".to_owned(),
        authority: "W06999999".to_owned(),
        subject: Some(Subject::Authorities(0)),
        reason: " \n".to_owned(),
        ..pb::Decision::default()
    };
    let one_authority = pb::Decision {
        authority: "W06000001".to_owned(),
        // The longest that there may be.
        reason: "ŵ".repeat(2_000),
        ..decision("AD/004", WITHHOLD)
    };
    let twice = [pb::Mark::Estimated, pb::Mark::Estimated];
    let long = pb::Decision {
        reason: "ŵ".repeat(2_001),
        ..decision("AD/004", marks(&[]))
    };
    for (sent, fields) in [
        (
            nonsense,
            vec!["metric", "authority", "authority", "authorities", "reason"],
        ),
        (one_authority, vec!["authority"]),
        (decision("AD/004", marks(&twice)), vec!["marks"]),
        (
            decision("AD/004", marks(&[pb::Mark::Unspecified])),
            vec!["marks"],
        ),
        (long, vec!["reason"]),
        (pb::Decision::default(), vec!["metric", "subject", "reason"]),
    ] {
        let refused = decide(&service, request(sent, ""))
            .await
            .expect_err("refused");
        let (_, details) = refusal(&refused);
        assert_eq!(refused.code(), Code::InvalidArgument);
        let found = &details.bad_request().expect("violations").field_violations;
        let found: Vec<_> = found
            .iter()
            .map(|violation| violation.field.as_str())
            .collect();
        let due: Vec<_> = fields
            .iter()
            .map(|field| format!("decision.{field}"))
            .collect();
        assert_eq!(found, due);
    }
    let mut elsewhere = request(decision("AD/004", WITHHOLD), "");
    elsewhere.parent = PARENT.replace("2022-23", "1999-00");
    let refused = decide(&service, elsewhere).await.expect_err("refused");
    assert_eq!(refusal(&refused).0, "EDITION_NOT_FOUND");
    assert!(list(&service, false).await.is_empty());
    service.stop().await;
}

#[tokio::test]
async fn a_decision_stands_in_the_totals_and_the_snapshots_before_it_are_overtaken() {
    let (service, _upstream) = Service::with(PERIOD, &samples(PERIOD)).await;
    let before = service.create(PERIOD, &[]).await.expect("a snapshot");
    let totals = before.totals.as_ref().expect("totals");
    let untouched = standing(totals, "AD/004");
    assert!(untouched.national_published && untouched.authorities_published);
    assert!(
        !standing(totals, "AD/034").withholding_proposed,
        "no floor is set"
    );
    // 20 of 22 gave new contacts, and as many both parts of the metric.
    let parts = standing(totals, "AD/001");
    assert_eq!(
        (parts.total_provided_count, parts.total_coverage_percent),
        (20, 91)
    );

    let conwy = pb::Decision {
        authority: "W06000003".to_owned(),
        ..decision("AD/004", marks(&[pb::Mark::LowReliability]))
    };
    for sent in [decision("AD/004", WITHHOLD), conwy] {
        decide(&service, request(sent, ""))
            .await
            .expect("a decision");
    }
    let live = service.totals(PERIOD).await;
    let told = standing(&live, "AD/004");
    assert!(!told.national_published && !told.authorities_published);
    assert_eq!(told.decisions, [name(1), name(2)]);
    let [own] = told.authority_marks.as_slice() else {
        panic!("one authority is marked")
    };
    assert_eq!(own.authority, "W06000003");
    assert_eq!(own.marks, [i32::from(pb::Mark::LowReliability)]);

    let after = service.create(PERIOD, &[]).await.expect("a snapshot");
    assert_ne!(after.digest, before.digest);
    assert_eq!(after.totals.as_ref(), Some(&live));
    let request = pb::WatchSnapshotsRequest::default();
    let events = service.client.clone().watch_snapshots(request).await;
    let events = events.expect("a stream").into_inner();
    let events: Vec<_> = events.take(4).collect().await;
    let events = events.into_iter().map(|event| {
        let event = event.expect("an event");
        (event.event(), event.name)
    });
    let overtaken = (Event::Overtaken, PARENT.to_owned());
    let due = [
        (Event::Made, before.name),
        overtaken.clone(),
        overtaken,
        (Event::Made, after.name),
    ];
    assert_eq!(events.collect::<Vec<_>>(), due);
    service.stop().await;
}

#[tokio::test]
async fn rates_spreads_and_changes_come_with_the_totals_and_the_edition_before() {
    let (now, before) = (samples("2022-23"), samples("2020-21"));
    let upstream = Upstream::start().await;
    for (period, returns) in [("2022-23", &now[..]), ("2020-21", &before[..21])] {
        for data_return in returns {
            upstream.sign_off(edition(period), data_return, 1);
        }
    }
    let service = Service::start(&crate::support::memory(), &upstream).await;
    upstream.until_caught_up().await;
    let totals = service.totals("2022-23").await;
    assert_eq!(totals.previous_edition, "collections/pif/editions/2020-21");
    assert_eq!(totals.previous_edition_digest, edition("2020-21").digest());
    assert_eq!(totals.previous_returns.len(), 21);
    let cell = |metric: &str| {
        let mut cells = totals.cells.iter();
        let found = cells.find(|cell| cell.metric == metric && cell.category.is_empty());
        found.expect("a cell")
    };
    // By hand from the samples: those with a whole period.
    let own = |period: &str, returns: &[mesur_returns::DataReturn]| {
        let cell = edition(period).find("CH/025", "").expect("a cell");
        let values = returns.iter().map(|one| match one.observed(cell) {
            Some(mesur_returns::Observed::Provided(value)) => Some(value),
            _ => None,
        });
        values.collect::<Vec<_>>()
    };
    let pairs = own("2022-23", &now)
        .into_iter()
        .zip(own("2020-21", &before[..21]));
    let pairs: Vec<(i64, i64)> = pairs.filter_map(|(now, before)| now.zip(before)).collect();
    let change = cell("CH/025").change.expect("a change");
    assert_eq!(
        change.matched_value,
        pairs.iter().map(|pair| pair.0).sum::<i64>()
    );
    assert_eq!(
        change.matched_previous_value,
        pairs.iter().map(|pair| pair.1).sum::<i64>()
    );
    assert_eq!(
        usize::try_from(change.authority_count).ok(),
        Some(pairs.len())
    );
    let mut values: Vec<i64> = own("2022-23", &now).into_iter().flatten().collect();
    values.sort_unstable();
    let spread = cell("CH/025").spread.expect("a spread");
    assert_eq!(
        (spread.minimum, Some(&spread.maximum)),
        (values[0], values.last())
    );
    assert_eq!(spread.median, values[(values.len() - 1) / 2]);
    let rate = cell("CH/025").rate.expect("a rate");
    let people = edition("2022-23")
        .authorities()
        .iter()
        .zip(own("2022-23", &now));
    let people = people.filter(|(_, value)| value.is_some());
    let people = people.map(|(one, _)| edition("2022-23").population(&one.code).expect("people"));
    assert_eq!(u64::try_from(rate.population).ok(), Some(people.sum()));
    assert_eq!(rate.numerator, values.iter().sum::<i64>());
    // The definition changed; the cell is new.
    assert!(cell("AD/002").change.expect("a change").break_in_series);
    assert!(cell("AD/034").change.is_none());
    // Nothing is told from an edition that is not there.
    let earliest = service.totals("2020-21").await;
    assert!(earliest.previous_edition.is_empty());
    assert!(earliest.cells.iter().all(|cell| cell.change.is_none()));
    service.stop().await;
}
