//! Who sees what: an authority its own, a supplier what was delegated to it.

use mesur_access::Role;
use mesur_proto::validation::v1 as pb;
use mesur_proto::validation::v1::watch_reports_response::Event;
use tonic::{Code, Status};

use crate::samples::{RETURN, Sample, WARNING};
use crate::support::{
    Client, Service, answer_to, events_of, explanation, question, refusal, reported, round,
    submitter,
};
use crate::upstream::Upstream;

const DELEGATION: &str = "authorities/W06000012/delegations/1";

async fn queries(client: &mut Client, parent: &str) -> Result<Vec<String>, Status> {
    let request = pb::ListQueriesRequest {
        parent: parent.to_owned(),
        ..pb::ListQueriesRequest::default()
    };
    let listed = client.list_queries(request).await?.into_inner();
    Ok(listed.queries.into_iter().map(|query| query.name).collect())
}

async fn report(client: &mut Client, name: String) -> Result<(), Status> {
    client.get_report(pb::GetReportRequest { name }).await?;
    Ok(())
}

/// A query on the usual return and one on another's.
async fn asked(upstream: &Upstream, service: &Service) -> (Sample, [String; 2]) {
    let other = Sample::of("W06000003", "2022-23");
    upstream.submit(&other.revision(1), other.message()).await;
    service
        .events()
        .await
        .until_reported(&other.report(1))
        .await;
    let mut client = service.client.clone();
    client.open_round(round()).await.unwrap();
    let mut names = Vec::new();
    for parent in [RETURN, &other.name()] {
        let raised = client.raise_query(question(parent)).await.unwrap();
        names.push(raised.into_inner().name);
    }
    (other, names.try_into().unwrap())
}

/// Waits until submission's events so far were taken in.
async fn caught_up(upstream: &Upstream, service: &Service, other: &Sample, revision: u32) {
    upstream
        .submit(&other.revision(revision), other.message())
        .await;
    service
        .events()
        .await
        .until_reported(&other.report(revision))
        .await;
}

fn denied() -> (Code, String) {
    (Code::PermissionDenied, "PERMISSION_DENIED".to_owned())
}

#[tokio::test]
async fn a_supplier_sees_what_was_delegated_to_it_while_it_is() {
    let sample = Sample::usual();
    let (upstream, service, _events) = reported(&sample).await;
    let (other, [own, foreign]) = asked(&upstream, &service).await;
    let mut supplier = service.caller("case-system", &Role::Supplier);
    let mut stranger = service.caller("other-system", &Role::Supplier);
    let any = "authorities/-/returns/-";
    let of_authority = "authorities/W06000012/returns/-";
    assert_eq!(
        refusal(report(&mut supplier, sample.report(1)).await),
        denied()
    );
    assert!(queries(&mut supplier, any).await.unwrap().is_empty());
    assert_eq!(
        refusal(queries(&mut supplier, of_authority).await),
        denied()
    );

    upstream.delegate(DELEGATION, "case-system", true).await;
    caught_up(&upstream, &service, &other, 2).await;
    report(&mut supplier, sample.report(1)).await.unwrap();
    for parent in [any, of_authority, RETURN] {
        assert_eq!(
            queries(&mut supplier, parent).await.unwrap(),
            [own.as_str()]
        );
    }
    // Not another's, not of another period, and nothing that the role may not do at all.
    let missing = RETURN.replace("2022-23", "2021-22");
    for name in [other.report(1), format!("{missing}/report")] {
        assert_eq!(refusal(report(&mut supplier, name).await), denied());
    }
    assert_eq!(
        refusal(queries(&mut supplier, &other.name()).await),
        denied()
    );
    assert_eq!(
        refusal(report(&mut stranger, sample.report(1)).await),
        denied()
    );
    let answer = supplier.answer_query(answer_to(&own)).await;
    assert_eq!(refusal(answer), denied());
    let mut told = events_of(&supplier).await;
    assert_eq!(told.next().await, (Event::Reported, sample.report(1)));
    assert_eq!(told.next().await, (Event::Remarked, sample.report(1)));
    assert_eq!(told.next().await, (Event::Queried, RETURN.to_owned()));

    upstream.delegate(DELEGATION, "case-system", false).await;
    caught_up(&upstream, &service, &other, 3).await;
    assert_eq!(
        refusal(report(&mut supplier, sample.report(1)).await),
        denied()
    );
    assert!(queries(&mut supplier, any).await.unwrap().is_empty());
    assert_ne!(own, foreign);
}

#[tokio::test]
async fn an_authority_sees_its_own_and_learns_nothing_of_others() {
    let sample = Sample::usual().with_warning();
    let (upstream, service, _events) = reported(&sample).await;
    let (other, [own, foreign]) = asked(&upstream, &service).await;
    let mark = pb::MarkRobustnessRequest {
        parent: crate::samples::EDITION.to_owned(),
        authority: "W06000012".to_owned(),
        metric: "AD/012".to_owned(),
        robust: false,
        reason: "Too few.".to_owned(),
        request_id: String::new(),
    };
    service
        .client
        .clone()
        .mark_robustness(mark.clone())
        .await
        .unwrap();
    let mut officer = service.officer();
    assert_eq!(
        queries(&mut officer, "authorities/-/returns/-")
            .await
            .unwrap(),
        [own.as_str()]
    );
    // What is there and what is not are refused alike.
    let nowhere = "authorities/W06000099/returns/pif-2022-23/report";
    for name in [other.report(1), other.report(9), nowhere.to_owned()] {
        assert_eq!(refusal(report(&mut officer, name).await), denied());
    }
    for name in [foreign.clone(), foreign.replace("queries/1", "queries/9")] {
        assert_eq!(
            refusal(officer.answer_query(answer_to(&name)).await),
            denied()
        );
    }
    let explain = explanation(&other.report(1), WARNING, "Not mine.");
    assert_eq!(refusal(officer.explain_finding(explain).await), denied());
    assert_eq!(refusal(officer.mark_robustness(mark).await), denied());
    officer.answer_query(answer_to(&own)).await.unwrap();

    // Events of the other authority and marks are left out between these.
    let mut told = events_of(&officer).await;
    for expected in [
        (Event::Reported, sample.report(1)),
        (Event::Remarked, sample.report(1)),
        (Event::Queried, RETURN.to_owned()),
        (Event::Remarked, sample.report(1)),
        (Event::Settled, RETURN.to_owned()),
    ] {
        assert_eq!(told.next().await, expected);
    }
    let mut neighbour = service.caller("b.officer", &submitter("W06000003"));
    assert_eq!(
        queries(&mut neighbour, "authorities/-/returns/-")
            .await
            .unwrap(),
        [foreign]
    );
}
