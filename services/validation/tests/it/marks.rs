//! Marks of robustness: every one is kept, in order, and told of.

use mesur_proto::validation::v1 as pb;
use mesur_proto::validation::v1::watch_reports_response::Event;

use crate::samples::{EDITION, Sample};
use crate::support::{refusal, reported};

fn mark(authority: &str, metric: &str, robust: bool) -> pb::MarkRobustnessRequest {
    pb::MarkRobustnessRequest {
        parent: EDITION.to_owned(),
        authority: authority.to_owned(),
        metric: metric.to_owned(),
        robust,
        reason: format!("robust: {robust}"),
        request_id: String::new(),
    }
}

#[tokio::test]
async fn every_mark_is_kept_in_order_and_told_with_its_event() {
    let (_upstream, service, mut events) = reported(&Sample::usual()).await;
    let mut client = service.client.clone();
    let made = [
        ("W06000012", "AD/012", false),
        ("W06000003", "AD/012", false),
        ("W06000012", "AD/012", true),
    ];
    let mut marks = Vec::new();
    for (authority, metric, robust) in made {
        let marked = client
            .mark_robustness(mark(authority, metric, robust))
            .await;
        marks.push(marked.unwrap().into_inner());
        let told = events.message().await;
        assert_eq!((told.event(), told.name.as_str()), (Event::Marked, EDITION));
        assert_eq!(told.mark.as_ref(), marks.last());
    }
    assert_eq!(marks[0].identity, "s.jones");
    let mut listed = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = pb::ListRobustnessMarksRequest {
            parent: EDITION.to_owned(),
            page_size: 2,
            page_token,
        };
        let page = client
            .list_robustness_marks(request)
            .await
            .unwrap()
            .into_inner();
        listed.extend(page.marks);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(listed, marks);
    for (request, expected) in [
        (mark("W06000012", "XX/999", true), "UNKNOWN_METRIC"),
        (mark("W92000004", "AD/012", true), "INVALID_FIELD"),
        (
            pb::MarkRobustnessRequest {
                reason: " ".to_owned(),
                ..mark("W06000012", "AD/012", true)
            },
            "INVALID_TEXT",
        ),
        (
            pb::MarkRobustnessRequest {
                parent: "collections/pif/editions/1999-00".to_owned(),
                ..mark("W06000012", "AD/012", true)
            },
            "EDITION_NOT_FOUND",
        ),
    ] {
        assert_eq!(refusal(client.mark_robustness(request).await).1, expected);
    }
}
