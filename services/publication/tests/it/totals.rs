//! Snapshots of the bundled editions, made by hand.

use mesur_catalogue::{Edition, Figure, FigureKind};
use mesur_proto::aggregation::v1 as pb;
use mesur_proto::types::v1::observation::Status;
use mesur_wire::EditionResource;

/// A snapshot in which every authority provided `value` for every cell.
pub(crate) fn snapshot(edition: &Edition, value: i64) -> pb::Snapshot {
    let id = format!("{value:016x}");
    pb::Snapshot {
        name: format!("snapshots/{id}"),
        digest: format!("sha256:{}", id.repeat(4)),
        totals: Some(totals(edition, value)),
        create_time: None,
        ..pb::Snapshot::default()
    }
}

fn totals(edition: &Edition, value: i64) -> pb::Totals {
    let count = i32::try_from(edition.authorities().len()).expect("few");
    let cells = edition.cells().iter().map(|cell| pb::CellTotal {
        metric: cell.reference.metric.to_string(),
        category: cell.reference.category_str().to_owned(),
        value: Some(value * i64::from(count)),
        provided_count: count,
        expected_count: count,
        coverage_percent: 100,
        ..pb::CellTotal::default()
    });
    let provided = pb::AuthorityValue {
        value: Some(value),
        status: Status::Provided.into(),
        not_robust: false,
    };
    let authorities = edition.authorities().iter().map(|one| pb::AuthorityValues {
        authority: one.code.to_string(),
        values: vec![provided; edition.cells().len()],
    });
    let figures = edition.figures().iter();
    pb::Totals {
        edition: EditionResource(edition.name().clone()).to_string(),
        edition_digest: edition.digest().to_owned(),
        cells: cells.collect(),
        figures: figures.map(|known| figure(edition, known, count)).collect(),
        authorities: authorities.collect(),
        metrics: metrics_of(edition),
        ..pb::Totals::default()
    }
}

/// Every metric stands as the edition says.
fn metrics_of(edition: &Edition) -> Vec<pb::MetricStanding> {
    let metrics = edition.metrics().iter();
    let standings = metrics.map(|metric| pb::MetricStanding {
        metric: metric.code.to_string(),
        national_published: metric.published,
        authorities_published: metric.published,
        ..pb::MetricStanding::default()
    });
    standings.collect()
}

fn figure(edition: &Edition, known: &Figure, count: i32) -> pb::Figure {
    let of = |of: &str| &edition.figure(of).expect("a figure").kind;
    let (kind, value, decimals, rests_on) = match &known.kind {
        FigureKind::Count { .. } => ("count", 1234, 0, &known.kind),
        FigureKind::Percent { .. } => ("percent", 83, 0, &known.kind),
        FigureKind::Rate { .. } => ("rate", 123, 1, &known.kind),
        FigureKind::Change { .. } => ("change", -5, 0, &known.kind),
        FigureKind::AuthorityPercent { of: id, .. } => ("authority_percent", 97, 0, of(id)),
        FigureKind::AuthorityCount { of: id, .. } => ("authority_count", 2, 0, of(id)),
        FigureKind::Outside(outside) => (
            "outside",
            outside.units,
            outside.decimals.into(),
            &known.kind,
        ),
    };
    let about = edition
        .authorities()
        .first()
        .filter(|_| kind == "authority_percent");
    pb::Figure {
        id: known.id.clone(),
        kind: kind.to_owned(),
        value: Some(value),
        decimals,
        expected_count: count,
        authority: about.map(|one| one.code.to_string()).unwrap_or_default(),
        metrics: metrics(edition, rests_on),
        ..pb::Figure::default()
    }
}

fn metrics(edition: &Edition, kind: &FigureKind) -> Vec<String> {
    let cells: Vec<_> = match kind {
        FigureKind::Count { numerator }
        | FigureKind::Rate { numerator }
        | FigureKind::Change { numerator } => numerator.cells().collect(),
        FigureKind::Percent {
            numerator,
            denominator,
        } => numerator.cells().chain(denominator.cells()).collect(),
        _ => Vec::new(),
    };
    let cells = cells.into_iter().filter_map(|cell| edition.cell(cell));
    cells
        .map(|cell| cell.reference.metric.to_string())
        .collect()
}
