//! Revisions: what changed is marked, rows stay, and what was published before stays where it was.

use std::collections::BTreeMap;

use mesur_proto::aggregation::v1::Snapshot;
use mesur_proto::publication::v1 as pb;
use mesur_proto::publication::v1::release::State;
use tonic::{Code, Response};

use crate::http;
use crate::small;
use crate::support::{RELEASE, Service, fields, refused};
use crate::totals::snapshot;

fn note() -> pb::UpdateNote {
    let text = |en: &str, cy: &str| {
        Some(pb::BilingualText {
            en: en.to_owned(),
            cy: cy.to_owned(),
        })
    };
    pb::UpdateNote {
        what: text("One authority's figures.", "Ffigurau un awdurdod."),
        why: text("They came late.", "Daethant yn hwyr."),
    }
}

/// The snapshot of most tests, in which the first authority has other values in some cells.
fn changed(name: u64, cells: &[(usize, Option<i64>)]) -> Snapshot {
    let mut snapshot = snapshot(small::edition(), 10);
    let id = format!("{name:016x}");
    snapshot.name = format!("snapshots/{id}");
    snapshot.digest = format!("sha256:{}", id.repeat(4));
    let totals = snapshot.totals.as_mut().expect("totals");
    for (cell, value) in cells {
        let own = &mut totals.authorities[0].values[*cell];
        own.value = *value;
        let total = &mut totals.cells[*cell];
        total.value = total.value.map(|sum| sum - 10 + value.unwrap_or(0));
        if value.is_none() {
            own.status = mesur_proto::types::v1::observation::Status::NotProvided.into();
            total.provided_count -= 1;
            total.not_provided_count += 1;
        }
    }
    snapshot
}

/// Has the first figure of the main points state a value.
fn state(snapshot: &mut Snapshot, value: i64) {
    let totals = snapshot.totals.as_mut().expect("totals");
    totals.figures[0].value = Some(value);
}

/// The figure of the first statement with its mark, as the text has it, and how many figures the facts
/// tell as changed.
async fn stated(service: &Service) -> (String, usize) {
    let text = service.download(RELEASE, "main-points.en.txt").await;
    let text = String::from_utf8(text.expect("a file").concat()).expect("text");
    let (_, words) = text.split_once("There were ").expect("a statement");
    let figure = words.split(' ').next().expect("a figure").to_owned();
    let facts = service.download(RELEASE, "release.json").await;
    let facts: serde_json::Value =
        serde_json::from_slice(&facts.expect("a file").concat()).expect("facts");
    let marks = &facts["sections"][0]["groups"][0]["statements"][0]["figures"][0]["shorthand"];
    assert_eq!(
        marks.as_array().expect("marks").len() == 1,
        figure.ends_with("[r]")
    );
    let changed = facts["revision"]["changed_figures"].as_array();
    (figure, changed.expect("a list").len())
}

/// The rows of a revision's data file by area, metric and category: value and shorthand.
async fn rows(service: &Service, name: &str) -> BTreeMap<[String; 3], [String; 2]> {
    let content = service.download(name, "data.csv").await.expect("a file");
    let content = content.concat();
    let mut reader = csv::Reader::from_reader(content.as_slice());
    let headers = reader.headers().expect("headers").clone();
    let mut rows = BTreeMap::new();
    for row in reader.records() {
        let row = row.expect("a row");
        let field = |name: &str| {
            let place = headers.iter().position(|header| header == name);
            row[place.expect("a column")].to_owned()
        };
        let key = [field("area_code"), field("metric"), field("category")];
        assert!(
            rows.insert(key, [field("value"), field("shorthand")])
                .is_none()
        );
    }
    rows
}

/// The revisions that everybody is told of, a page of two at a time.
async fn revisions(service: &Service) -> Vec<pb::Release> {
    let mut revisions = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = pb::ListReleaseRevisionsRequest {
            name: RELEASE.to_owned(),
            page_size: 2,
            page_token,
        };
        let page = service.public.clone().list_release_revisions(request).await;
        let page = page.expect("a page").into_inner();
        revisions.extend(page.revisions);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return revisions;
        }
    }
}

type Rows = BTreeMap<[String; 3], [String; 2]>;

/// Every row is there, and exactly those with another value are marked; tells how many.
fn expect_marks(before: &Rows, after: &Rows) -> usize {
    assert!(after.keys().eq(before.keys()), "rows never vanish");
    let mut marked = 0;
    for (key, [value, marks]) in after {
        let has_changed = *value != before[key][0];
        let is_marked = marks.split(',').any(|mark| mark == "r");
        assert_eq!(is_marked, has_changed, "{key:?}");
        marked += usize::from(has_changed);
    }
    marked
}

/// Checks that nothing is compiled for a published release without the whole of a note.
async fn expect_note_required(service: &Service, snapshot: &Snapshot) {
    let mut half = note();
    " ".clone_into(&mut half.why.as_mut().expect("a text").cy);
    for (note, field) in [(None, "update_note"), (Some(half), "update_note.why.cy")] {
        let refusal = service.compile_update(snapshot, "", note).await;
        let details = refused(refusal, Code::InvalidArgument, "UPDATE_NOTE_REQUIRED");
        assert_eq!(fields(&details), [field]);
    }
}

#[tokio::test]
async fn a_revision_marks_what_changed_and_what_was_published_before_stays_where_it_was() {
    let (service, upstream) = small::service().await;
    let first = snapshot(small::edition(), 10);
    let mut second = changed(77, &[(0, Some(13)), (2, None)]);
    let mut third = changed(78, &[(0, Some(13)), (2, Some(10)), (3, Some(4))]);
    for snapshot in [&mut second, &mut third] {
        state(snapshot, 1239);
        upstream.make(snapshot);
    }
    upstream.until_caught_up().await;
    let refusal = service.compile_update(&first, "", Some(note())).await;
    let details = refused(refusal, Code::InvalidArgument, "INVALID_FIELD");
    assert_eq!(fields(&details), ["update_note"]);
    let compiled = service.compile(&first, "").await.expect("compiled");
    let published = service.publish(&compiled, "").await.expect("published");
    let before = rows(&service, RELEASE).await;

    expect_note_required(&service, &second).await;
    let compiled = service.compile_update(&second, "", Some(note())).await;
    let compiled = compiled.expect("compiled");
    assert_eq!((compiled.revision, compiled.state()), (2, State::Compiled));
    assert_eq!(compiled.reference, format!("{} (R)", published.reference));
    assert_eq!(compiled.update_note, Some(note()));
    // Everybody still sees the first, to the letter.
    let seen = public(&service, RELEASE).await;
    assert_eq!((seen.revision, &seen.etag), (1, &published.etag));
    assert_eq!(rows(&service, RELEASE).await, before);

    service.publish(&compiled, "").await.expect("published");
    let after = rows(&service, RELEASE).await;
    // Two cells, of the authority and of the nation.
    assert_eq!(expect_marks(&before, &after), 4);
    assert_eq!(stated(&service).await, ("1,239[r]".to_owned(), 1));
    let authority = small::edition().authorities()[0].code.to_string();
    let emptied: Vec<_> = after
        .iter()
        .filter(|(_, [value, _])| value.is_empty())
        .collect();
    let [(key, [_, marks])] = emptied.as_slice() else {
        panic!("{emptied:?}");
    };
    assert_eq!((&key[0], marks.as_str()), (&authority, "r,x"));

    // The old one is at its own address, the same bytes, and says that it was revised.
    let old = format!("{RELEASE}/revisions/1");
    let seen = public(&service, &old).await;
    assert_eq!(
        (seen.state(), seen.name.as_str()),
        (State::Revised, old.as_str())
    );
    assert_eq!(rows(&service, &old).await, before);
    assert_eq!(public(&service, RELEASE).await.revision, 2);
    let page = http::get(service.web, &format!("/{RELEASE}/release.en.html")).await;
    assert!(page.text().contains("(R)"));
    assert!(page.text().contains("<td>1,234</td><td>1,239</td>"));

    // The next marks what it changes itself, and nothing else.
    let compiled = service.compile_update(&third, "", Some(note())).await;
    service
        .publish(&compiled.expect("compiled"), "")
        .await
        .expect("published");
    let last = rows(&service, RELEASE).await;
    assert_eq!(expect_marks(&after, &last), 4);
    assert_eq!(stated(&service).await, ("1,239".to_owned(), 0));
    let revisions = revisions(&service).await;
    let told = revisions.iter().map(|one| (one.revision, one.state()));
    let expected = [
        (1, State::Revised),
        (2, State::Revised),
        (3, State::Published),
    ];
    assert!(told.eq(expected));
    service.stop().await;
}

#[tokio::test]
async fn a_metric_that_is_withdrawn_keeps_its_rows_without_values() {
    let (service, upstream) = small::service().await;
    let first = snapshot(small::edition(), 10);
    let mut second = changed(77, &[]);
    let totals = second.totals.as_mut().expect("totals");
    let withdrawn = totals
        .metrics
        .iter_mut()
        .find(|metric| metric.national_published);
    let withdrawn = withdrawn.expect("a metric that is published");
    withdrawn.national_published = false;
    withdrawn.authorities_published = false;
    let code = withdrawn.metric.clone();
    upstream.make(&second);
    upstream.until_caught_up().await;
    let compiled = service.compile(&first, "").await.expect("compiled");
    service.publish(&compiled, "").await.expect("published");
    let before = rows(&service, RELEASE).await;
    let compiled = service.compile_update(&second, "", Some(note())).await;
    service
        .publish(&compiled.expect("compiled"), "")
        .await
        .expect("published");
    let after = rows(&service, RELEASE).await;
    assert!(after.keys().eq(before.keys()), "rows never vanish");
    let nation = small::edition().nation().code.to_string();
    let mut emptied = 0;
    for (key, row) in &after {
        let [area, metric, _] = key;
        if *metric == code {
            let marks = if *area == nation { "r,t,x" } else { "r,x" };
            assert_eq!(row, &[String::new(), marks.to_owned()], "{key:?}");
            emptied += 1;
        } else {
            assert_eq!(row, &before[key]);
        }
    }
    assert_eq!(
        emptied, 12,
        "three cells of three authorities and the nation"
    );
    service.stop().await;
}

async fn public(service: &Service, name: &str) -> pb::Release {
    let name = name.to_owned();
    let request = pb::GetReleaseRequest { name };
    let response = service.public.clone().get_release(request).await;
    response.map(Response::into_inner).expect("it")
}
