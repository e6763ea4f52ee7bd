//! Findings in pages, filtered and streamed: all of them, each once, in one order.

use std::collections::BTreeSet;

use mesur_proto::types::v1::Finding;
use mesur_proto::types::v1::finding::{Severity, Standing};
use mesur_proto::validation::v1 as pb;
use prost::Message as _;

use crate::samples::{ERROR, RETURN, Sample, WARNING};
use crate::support::{Client, answer_to, explanation, question, reason, refusal, reported, round};

async fn page(
    client: &mut Client,
    parent: &str,
    filter: &pb::FindingFilter,
    (page_size, page_token): (i32, String),
) -> (Vec<Finding>, String) {
    let request = pb::ListFindingsRequest {
        parent: parent.to_owned(),
        filter: Some(filter.clone()),
        page_size,
        page_token,
        language_code: String::new(),
    };
    let page = client.list_findings(request).await.unwrap().into_inner();
    (page.findings, page.next_page_token)
}

/// Every finding that passes, in pages of a size; no page but the last is short.
async fn listed(client: &mut Client, filter: &pb::FindingFilter, size: i32) -> Vec<Finding> {
    let (mut all, mut token) = (Vec::new(), String::new());
    loop {
        let name = format!("{RETURN}/report");
        let (findings, next) = page(client, &name, filter, (size, token)).await;
        let is_full = i32::try_from(findings.len()).unwrap() == size;
        assert!(is_full || next.is_empty(), "a short page is the last");
        all.extend(findings);
        if next.is_empty() {
            return all;
        }
        token = next;
    }
}

#[tokio::test]
async fn pages_and_filters_leave_nothing_out_and_repeat_nothing() {
    let sample = Sample::usual().with_error().with_many_warnings();
    let (_upstream, service, _events) = reported(&sample).await;
    let name = sample.report(1);
    let explain = explanation(&name, WARNING, "As it was sent.");
    service.officer().explain_finding(explain).await.unwrap();
    let all = service.findings(&name, "").await;
    assert!(
        all.len() > 300,
        "more than three stored pages: {}",
        all.len()
    );
    let ids: BTreeSet<&str> = all.iter().map(|one| one.id.as_str()).collect();
    assert_eq!(ids.len(), all.len());
    assert!(all.is_sorted_by_key(Finding::severity), "the worst first");
    let mut client = service.client.clone();
    for size in [7, 100, 1_000] {
        assert_eq!(
            listed(&mut client, &pb::FindingFilter::default(), size).await,
            all
        );
    }
    let severities =
        [Severity::Error, Severity::Warning, Severity::Info].map(|severity| pb::FindingFilter {
            severities: vec![severity.into()],
            ..pb::FindingFilter::default()
        });
    let standings = [Standing::Unspecified, Standing::Open, Standing::Explained];
    let standings = standings.map(|standing| pb::FindingFilter {
        standings: vec![standing.into()],
        ..pb::FindingFilter::default()
    });
    let metrics: BTreeSet<String> = all.iter().map(|one| one.metric.clone()).collect();
    let metrics = metrics.into_iter().map(|metric| pb::FindingFilter {
        metrics: vec![metric],
        ..pb::FindingFilter::default()
    });
    let rules: BTreeSet<String> = all.iter().map(|one| one.rule.clone()).collect();
    let rules = rules.into_iter().map(|rule| pb::FindingFilter {
        rules: vec![rule],
        ..pb::FindingFilter::default()
    });
    for parts in [
        severities.to_vec(),
        standings.to_vec(),
        metrics.collect(),
        rules.collect(),
    ] {
        let mut union = Vec::new();
        for filter in &parts {
            union.extend(listed(&mut client, filter, 40).await);
        }
        assert_eq!(union.len(), all.len());
        let found: BTreeSet<&str> = union.iter().map(|one| one.id.as_str()).collect();
        assert_eq!(found, ids);
    }
    let both = pb::FindingFilter {
        severities: vec![Severity::Error.into()],
        metrics: vec!["AD/013".to_owned()],
        ..pb::FindingFilter::default()
    };
    let both = listed(&mut client, &both, 40).await;
    assert!(both.iter().any(|one| one.id == ERROR));
    assert!(
        both.iter()
            .all(|one| one.metric == "AD/013" && one.severity() == Severity::Error)
    );
}

#[tokio::test]
async fn a_list_goes_on_in_the_report_that_it_began_with_and_with_its_own_arguments_alone() {
    let sample = Sample::usual().with_error().with_many_warnings();
    let (upstream, service, mut events) = reported(&sample).await;
    let all = service.findings(&sample.report(1), "").await;
    let (mut client, latest) = (service.client.clone(), format!("{RETURN}/report"));
    let filter = pb::FindingFilter::default();
    let first = (10, String::new());
    let (begun, token) = page(&mut client, &latest, &filter, first).await;
    let fewer = Sample::usual();
    upstream.submit(&fewer.revision(2), fewer.message()).await;
    events.until_reported(&fewer.report(2)).await;
    let rest = (1_000, token.clone());
    let (rest, _) = page(&mut client, &latest, &filter, rest).await;
    assert_eq!([begun, rest].concat(), all);

    let other = pb::ListFindingsRequest {
        parent: latest,
        filter: Some(pb::FindingFilter {
            rules: vec!["AD/013-based".to_owned()],
            ..filter
        }),
        page_token: token,
        ..pb::ListFindingsRequest::default()
    };
    let refused = client.list_findings(other).await.unwrap_err();
    assert_eq!(reason(&refused), "PAGE_TOKEN_INVALID");
}

#[tokio::test]
async fn queries_are_listed_in_pages_by_return_authority_and_state() {
    let sample = Sample::usual();
    let (upstream, service, mut events) = reported(&sample).await;
    let other = Sample::of("W06000003", "2022-23");
    upstream.submit(&other.revision(1), other.message()).await;
    events.until_reported(&other.report(1)).await;
    let mut client = service.client.clone();
    for _ in 0..3 {
        client.open_round(round()).await.unwrap();
    }
    let mut names = Vec::new();
    for parent in [
        other.name(),
        RETURN.to_owned(),
        other.name(),
        RETURN.to_owned(),
    ] {
        let raised = client.raise_query(question(&parent)).await.unwrap();
        names.push(raised.into_inner().name);
    }
    let answered = names[1].clone();
    service
        .officer()
        .answer_query(answer_to(&answered))
        .await
        .unwrap();
    names.sort();
    let listed = |parent: &str, states: Vec<pb::query::State>| {
        let (mut client, parent) = (client.clone(), parent.to_owned());
        async move {
            let (mut found, mut page_token) = (Vec::new(), String::new());
            loop {
                let request = pb::ListQueriesRequest {
                    parent: parent.clone(),
                    states: states.iter().map(|state| (*state).into()).collect(),
                    page_size: 1,
                    page_token,
                };
                let page = client.list_queries(request).await.unwrap().into_inner();
                assert_eq!(page.queries.len(), 1, "every page has one");
                found.extend(page.queries.into_iter().map(|query| query.name));
                page_token = page.next_page_token;
                if page_token.is_empty() {
                    return found;
                }
            }
        }
    };
    assert_eq!(listed("authorities/-/returns/-", Vec::new()).await, names);
    assert_eq!(
        listed("authorities/-/returns/pif-2022-23", Vec::new()).await,
        names
    );
    assert_eq!(
        listed("authorities/W06000003/returns/-", Vec::new()).await,
        names[..2]
    );
    assert_eq!(listed(RETURN, Vec::new()).await, names[2..]);
    let answered_ones = listed("authorities/-/returns/-", vec![pb::query::State::Answered]);
    assert_eq!(answered_ones.await, [answered]);
}

#[tokio::test]
async fn a_page_of_long_queries_ends_before_its_number_and_none_is_left_out() {
    let (_upstream, service, _events) = reported(&Sample::usual()).await;
    let (mut client, mut officer) = (service.client.clone(), service.officer());
    client.open_round(round()).await.unwrap();
    // The longest text there is, twice in each of six hundred queries: 4.6 MiB.
    let words = "\u{10348}".repeat(1_000);
    let mut raised = Vec::new();
    for _ in 0..600 {
        let asked = pb::RaiseQueryRequest {
            text: words.clone(),
            ..question(RETURN)
        };
        let query = client.raise_query(asked).await.unwrap().into_inner();
        let answer = pb::AnswerQueryRequest {
            text: words.clone(),
            ..answer_to(&query.name)
        };
        officer.answer_query(answer).await.unwrap();
        raised.push(query.name);
    }
    let mut page = async |page_token: String| {
        let request = pb::ListQueriesRequest {
            parent: RETURN.to_owned(),
            page_size: 1_000,
            page_token,
            ..pb::ListQueriesRequest::default()
        };
        client.list_queries(request).await.unwrap().into_inner()
    };
    let first = page(String::new()).await;
    let bytes = first.encoded_len();
    assert!((4 << 20..5 << 20).contains(&bytes), "{bytes}");
    let rest = page(first.next_page_token).await;
    assert_eq!(rest.next_page_token, "");
    let listed = first.queries.iter().chain(&rest.queries);
    assert!(listed.map(|query| &query.name).eq(&raised));
}

#[tokio::test]
async fn remarks_and_rounds_are_listed_in_pages_the_first_first() {
    let (_upstream, service, _events) = reported(&Sample::usual()).await;
    let mut client = service.client.clone();
    for _ in 0..3 {
        client.open_round(round()).await.unwrap();
        client.raise_query(question(RETURN)).await.unwrap();
    }
    let (mut remarks, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = pb::ListRemarksRequest {
            parent: RETURN.to_owned(),
            page_size: 2,
            page_token,
        };
        let page = client.list_remarks(request).await.unwrap().into_inner();
        remarks.extend(page.remarks);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(remarks, service.remarks(RETURN).await);
    assert_eq!(remarks.len(), 3);
    let request = pb::ListRoundsRequest {
        parent: crate::samples::EDITION.to_owned(),
        page_size: 2,
        page_token: String::new(),
    };
    let mut page = client
        .list_rounds(request.clone())
        .await
        .unwrap()
        .into_inner();
    let mut rounds = std::mem::take(&mut page.rounds);
    let next = pb::ListRoundsRequest {
        page_token: page.next_page_token,
        ..request
    };
    let page = client.list_rounds(next).await.unwrap().into_inner();
    rounds.extend(page.rounds);
    assert_eq!((rounds.len(), page.next_page_token.as_str()), (3, ""));
    assert!(rounds.is_sorted_by_key(|round| round.name.clone()));
    let negative = pb::ListRemarksRequest {
        parent: RETURN.to_owned(),
        page_size: -1,
        page_token: String::new(),
    };
    assert_eq!(
        refusal(client.list_remarks(negative).await).1,
        "PAGE_SIZE_NEGATIVE"
    );
}
