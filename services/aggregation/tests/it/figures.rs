//! What the two real releases print comes out of the sample returns.

use mesur_proto::aggregation::v1 as pb;
use mesur_proto::types::v1::observation::Status;

use crate::support::{Service, edition, samples};

fn cell<'a>(totals: &'a pb::Totals, metric: &str, category: &str) -> &'a pb::CellTotal {
    let mut cells = totals.cells.iter();
    let found = cells.find(|cell| cell.metric == metric && cell.category == category);
    found.expect("a cell")
}

fn figure<'a>(totals: &'a pb::Totals, id: &str) -> &'a pb::Figure {
    let found = totals.figures.iter().find(|figure| figure.id == id);
    found.expect("a figure")
}

/// Value, provided, coverage.
fn stated(cell: &pb::CellTotal) -> (Option<i64>, i32, i32) {
    (cell.value, cell.provided_count, cell.coverage_percent)
}

const CONWY: &str = "W06000003";
const PEMBROKESHIRE: &str = "W06000009";
const POWYS: &str = "W06000023";

#[tokio::test]
async fn the_headline_figures_of_2022_23_come_out() {
    let (service, _upstream) = Service::with("2022-23", &samples("2022-23")).await;
    let totals = service.totals("2022-23").await;
    assert_eq!(totals.returns.len(), 22);
    assert!(totals.missing_authorities.is_empty());
    assert_eq!(
        stated(cell(&totals, "AD/001", "a")),
        (Some(122_141), 20, 91)
    );
    // Two children of one authority are a figure; where it does not apply nobody is missing.
    let rare = cell(&totals, "CA/013", "l");
    assert_eq!(stated(rare), (Some(2), 10, 95));
    assert_eq!(
        (rare.not_provided_count, rare.not_applicable_count),
        (1, 11)
    );

    let contacts = figure(&totals, "adults-iaa-contacts");
    assert_eq!((contacts.value, contacts.decimals), (Some(122_141), 0));
    assert_eq!(
        (contacts.kind.as_str(), contacts.not_provided_count),
        ("count", 2)
    );
    let payments = figure(
        &totals,
        "adults-care-and-support-plan-direct-payment-percent",
    );
    assert_eq!((payments.value, payments.not_provided_count), (Some(11), 1));
    assert_eq!(payments.metrics, ["AD/013", "AD/012"]);
    let matched = payments.matched.expect("a share");
    assert_eq!((matched.value, matched.authority_count), (Some(11), 21));

    let about = |id: &str| {
        let figure = figure(&totals, id);
        (figure.value, figure.nearly_100, figure.authority.as_str())
    };
    let in_time = "children-assessments-within-42-days";
    assert_eq!(
        about(&format!("{in_time}-lowest")),
        (Some(40), false, CONWY)
    );
    assert_eq!(
        about(&format!("{in_time}-second-lowest")),
        (Some(48), false, POWYS)
    );
    assert_eq!(
        about(&format!("{in_time}-highest")),
        (Some(100), true, PEMBROKESHIRE)
    );
    assert_eq!(
        about(&format!("{in_time}-authorities-90-plus")),
        (Some(5), false, "")
    );

    // The same order from the frozen values.
    let snapshot = service.create("2022-23", &[]).await.expect("a snapshot");
    let request = pb::RankAuthoritiesRequest {
        name: snapshot.name,
        figure: format!("{in_time}-percent"),
    };
    let ranking = service.client.clone().rank_authorities(request).await;
    let ranking = ranking.expect("a ranking").into_inner();
    let places: Vec<_> = ranking.authorities.iter().map(|one| one.rank).collect();
    assert_eq!(places, (1..=22).collect::<Vec<_>>());
    let [first, second, .., last] = ranking.authorities.as_slice() else {
        panic!("22 authorities")
    };
    assert_eq!(
        [&first.authority, &second.authority, &last.authority],
        [CONWY, POWYS, PEMBROKESHIRE]
    );
    assert_eq!(
        (first.share.expect("a share").value, last.nearly_100),
        (Some(40), true)
    );
    service.stop().await;
}

#[tokio::test]
async fn part_of_a_period_and_authorities_without_a_return_are_told() {
    let mut returns = samples("2020-21");
    let absent = returns.pop().expect("22 returns");
    let (service, upstream) = Service::with("2020-21", &returns).await;
    let code = absent.authority.as_str();
    let totals = service.totals("2020-21").await;
    assert_eq!(totals.missing_authorities, [code]);
    let values = totals.authorities.last().expect("every authority");
    assert_eq!(
        (values.authority.as_str(), values.values.len()),
        (code, totals.cells.len())
    );
    let nothing =
        |value: &pb::AuthorityValue| value.value.is_none() && value.status() == Status::NotProvided;
    assert!(values.values.iter().all(nothing));
    assert!(totals.cells.iter().all(|cell| cell.not_provided_count >= 1));

    upstream.sign_off(edition("2020-21"), &absent, 1);
    upstream.until_caught_up().await;
    let totals = service.totals("2020-21").await;
    assert!(totals.missing_authorities.is_empty());
    let contacts = figure(&totals, "adult-carers-iaa-contacts");
    assert_eq!(contacts.metrics, ["CA/001"]);
    let [part] = contacts.part_periods.as_slice() else {
        panic!("one part period")
    };
    let told = (
        part.end_date.as_str(),
        part.reason.as_str(),
        part.authority_count,
    );
    assert_eq!(told, ("2020-11-23", "ict_migration", 1));
    assert_eq!(cell(&totals, "AD/010", "").part_period_count, 1);
    service.stop().await;
}
