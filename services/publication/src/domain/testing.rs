//! A small invented collection, and totals made by hand, for the tests of this crate.

use std::fs;
use std::sync::Arc;

use mesur_catalogue::{Catalogue, Edition, EditionName, FigureKind};
use mesur_proto::aggregation::v1 as wire;
use mesur_proto::types::v1::observation::Status;

use super::{Compiled, SnapshotIdentity, compile};

const AUTHORITIES: &str = "code,name_en,name_cy,kind\nX01,North,Gogledd,authority\n\
X02,South,,authority\nX03,West,Gorllewin,authority\nX99,Whole,Cyfan,nation\n";
const METRICS: &str = "edition,code,code_status,family,population,title_en,title_status,\
title_source,title_cy,period,period_status,unit,answer,has_total,based_on,based_on_status,\
in_release,in_release_status,published,published_status,note,decimals\n\
2031,WA/001,printed,WA,households,Meters read,printed,,Mesuryddion a ddarllenwyd,during_year,\
printed,meters,single,yes,,,,,yes,printed,,0\n\
2031,WA/002,printed,WA,households,Water used,printed,,,during_year,printed,m3,none,yes,,,,,yes,\
printed,,1\n\
2031,WA/003,printed,WA,farms,Secret leaks,printed,,,during_year,printed,leaks,none,yes,,,,,no,\
printed,,0\n\
2031,WA/004,printed,WA,farms,,none,,,during_year,printed,wells,none,yes,,,,,yes,printed,,0\n";
const CATEGORIES: &str = "edition,code,category,dimension,answer,label_en,label_cy,label_status,\
is_unknown_remainder,note\n2031,WA/001,a,by,single,By hand,Â llaw,printed,no,\n\
2031,WA/001,u,by,single,Not recorded,,printed,yes,\n";
const FIGURES: &str = "figure,kind,numerator,denominator,of,rank,threshold,source_id,note\n\
read,count,WA/001,,,,,,\nby-hand,percent,WA/001[a],WA/001 - WA/001[u],,,,,\n\
best,authority_percent,,,by-hand,highest,,,\n\
others,authority_count,,,by-hand,excluding_highest,90,,\nused,count,WA/002,,,,,,\n\
leaks,count,WA/003,,,,,,\nrain,outside,,,,,,,\n";
const OUTSIDE: &str = "figure,value,decimals,unit,source_title_en,source_title_cy,source_url,note\n\
rain,12.7,1,percent,Rain of 2031,,https://example.org/rain,\n";
const REASONS: &str = "reason,label_en,label_cy,note\nflood,the flood,y llifogydd,\n\
strike,a strike,,\n";
const PLAN: &str = "reference = \"W 1/2032\"\nrelease_date = \"2032-03-01\"\n\
footnote_style = \"numbers\"\ndesignation = \"trial\"\ncontact = \"contact\"\n\
[[section]]\nid = \"homes\"\n[[section.group]]\nid = \"year\"\n\
statements = [\"s1\", \"s2\", \"s3\", \"s4\"]\n\
[[section]]\nid = \"wells\"\n[[section.group]]\nid = \"year\"\nstatements = [\"s5\"]\n";
const ENGLISH: &str = "title = Water in 2031\ndesignation-trial = These are trial statistics.\n\
contact = Water team\nsection-homes = Homes\nsection-wells = Wells\ngroup-year = In the year\n\
statement-s1 = Of the meters, { $by-hand } were read by hand, of { $read } in all.\n\
statement-s2 = The best was { $best-area } with { $best }, and { $others-n ->\n    \
[0] no other was\n   *[other] { $others } were\n} at 90%.\n\
statement-s3 = Homes used { $used } m3.\nstatement-s4 = It rained { $rain } more.\n\
statement-s5 = There were { $leaks } leaks.\n";
const WELSH: &str = "title = Dŵr yn 2031\ncontact = Tîm dŵr\nsection-homes = Cartrefi\n\
group-year = Yn y flwyddyn\n\
statement-s1 = Darllenwyd { $read } o fesuryddion, { $by-hand } â llaw.\n\
statement-s2 = Y gorau oedd { $best-area } â { $best }; { $others } ar 90%.\n\
statement-s3 = Defnyddiwyd { $used } m3.\n";

/// The invented edition, with some of its files replaced; an empty text leaves the file out.
pub(crate) fn edition(replaced: &[(&str, &str)]) -> Arc<Edition> {
    let folder = tempfile::tempdir().expect("a folder");
    let settings = "collection = \"water\"\nperiod = \"2031\"\n";
    let files = [
        ("edition.toml", settings),
        ("authorities.csv", AUTHORITIES),
        ("metrics.csv", METRICS),
        ("categories.csv", CATEGORIES),
        ("figures.csv", FIGURES),
        ("outside.csv", OUTSIDE),
        ("reasons.csv", REASONS),
        ("release.toml", PLAN),
        ("release.en.ftl", ENGLISH),
        ("release.cy.ftl", WELSH),
    ];
    for (name, text) in files.iter().chain(replaced) {
        let path = folder.path().join(name);
        if text.is_empty() {
            fs::remove_file(path).expect("a file removed");
        } else {
            fs::write(path, text).expect("a file written");
        }
    }
    let added = Catalogue::default().add_folder(folder.path());
    added.unwrap_or_else(|error| panic!("{error:?}"))
}

/// The invented edition with one text in one file replaced by another.
pub(crate) fn edition_with(file: &str, from: &str, to: &str) -> Arc<Edition> {
    let texts = [
        ("authorities.csv", AUTHORITIES),
        ("metrics.csv", METRICS),
        ("release.toml", PLAN),
        ("release.en.ftl", ENGLISH),
        ("outside.csv", OUTSIDE),
    ];
    let (_, text) = texts
        .iter()
        .find(|(name, _)| *name == file)
        .expect("a file");
    assert!(text.contains(from), "{from} is in {file}");
    edition(&[(file, &text.replace(from, to))])
}

/// The invented edition without a release plan.
pub(crate) fn edition_without_plan() -> Arc<Edition> {
    edition(&[
        ("release.toml", ""),
        ("release.en.ftl", ""),
        ("release.cy.ftl", ""),
    ])
}

/// A bundled edition.
pub(crate) fn bundled(name: &str) -> Arc<Edition> {
    let catalogue = Catalogue::bundled().expect("the bundled editions");
    let name = EditionName::parse(name).expect("a name");
    Arc::clone(catalogue.get(&name).expect("an edition"))
}

/// Totals in which every authority provided `value(authority, cell)`; every figure is 1,000, or
/// 83 per cent.
pub(crate) fn totals(
    edition: &Edition,
    value: impl Fn(usize, usize) -> (Status, Option<i64>),
) -> wire::Totals {
    let expected = edition.authorities().len();
    let authorities = edition
        .authorities()
        .iter()
        .enumerate()
        .map(|(place, authority)| {
            let values = (0..edition.cells().len()).map(|cell| {
                let (status, value) = value(place, cell);
                wire::AuthorityValue {
                    value,
                    status: status.into(),
                    not_robust: false,
                }
            });
            wire::AuthorityValues {
                authority: authority.code.to_string(),
                values: values.collect(),
            }
        });
    let cells = edition.cells().iter().enumerate().map(|(cell, known)| {
        let values: Vec<_> = (0..expected).map(|place| value(place, cell)).collect();
        let with = |wanted: Status| {
            let count = values
                .iter()
                .filter(|(status, _)| *status == wanted)
                .count();
            i32::try_from(count).expect("few")
        };
        let all = i32::try_from(expected).expect("few");
        let missing = with(Status::NotProvided);
        wire::CellTotal {
            metric: known.reference.metric.to_string(),
            category: known.reference.category_str().to_owned(),
            value: values
                .iter()
                .filter_map(|(_, value)| *value)
                .reduce(|sum, value| sum + value),
            provided_count: with(Status::Provided) + with(Status::PartPeriod),
            part_period_count: with(Status::PartPeriod),
            not_provided_count: missing,
            not_applicable_count: with(Status::NotApplicable),
            expected_count: all,
            coverage_percent: (200 * (all - missing) + all) / (2 * all),
            ..wire::CellTotal::default()
        }
    });
    wire::Totals {
        edition_digest: edition.digest().to_owned(),
        cells: cells.collect(),
        figures: edition
            .figures()
            .iter()
            .map(|known| figure(edition, known))
            .collect(),
        authorities: authorities.collect(),
        metrics: metrics_of(edition),
        ..wire::Totals::default()
    }
}

/// Totals in which everybody provided ten of everything.
pub(crate) fn complete(edition: &Edition) -> wire::Totals {
    totals(edition, |_, _| (Status::Provided, Some(10)))
}

/// Every metric stands as the edition says.
fn metrics_of(edition: &Edition) -> Vec<wire::MetricStanding> {
    let metrics = edition.metrics().iter();
    let standings = metrics.map(|metric| wire::MetricStanding {
        metric: metric.code.to_string(),
        national_published: metric.published,
        authorities_published: metric.published,
        ..wire::MetricStanding::default()
    });
    standings.collect()
}

fn figure(edition: &Edition, known: &mesur_catalogue::Figure) -> wire::Figure {
    let metrics = |kind: &FigureKind| -> Vec<String> {
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
        let codes = cells.into_iter().filter_map(|cell| edition.cell(cell));
        codes
            .map(|cell| cell.reference.metric.to_string())
            .collect()
    };
    let (kind, value, decimals, of) = match &known.kind {
        FigureKind::Count { .. } => ("count", 1000, 0, &known.kind),
        FigureKind::Percent { .. } => ("percent", 83, 0, &known.kind),
        FigureKind::Rate { .. } => ("rate", 123, 1, &known.kind),
        FigureKind::Change { .. } => ("change", -5, 0, &known.kind),
        FigureKind::AuthorityPercent { of, .. } => (
            "authority_percent",
            97,
            0,
            &edition.figure(of).expect("of").kind,
        ),
        FigureKind::AuthorityCount { of, .. } => (
            "authority_count",
            2,
            0,
            &edition.figure(of).expect("of").kind,
        ),
        FigureKind::Outside(outside) => (
            "outside",
            outside.units,
            i32::from(outside.decimals),
            &known.kind,
        ),
    };
    let about = kind == "authority_percent";
    wire::Figure {
        id: known.id.clone(),
        kind: kind.to_owned(),
        value: Some(value),
        decimals,
        expected_count: i32::try_from(edition.authorities().len()).expect("few"),
        authority: if about {
            edition.authorities()[0].code.to_string()
        } else {
            String::new()
        },
        metrics: metrics(of),
        ..wire::Figure::default()
    }
}

/// A figure of the totals, to be changed by a test.
pub(crate) fn figure_mut<'a>(totals: &'a mut wire::Totals, id: &str) -> &'a mut wire::Figure {
    totals
        .figures
        .iter_mut()
        .find(|figure| figure.id == id)
        .expect("a figure")
}

/// The snapshot of every test.
pub(crate) fn snapshot() -> SnapshotIdentity {
    SnapshotIdentity {
        name: "snapshots/abc".to_owned(),
        digest: "sha256:abc".to_owned(),
    }
}

/// Compiles what must compile.
pub(crate) fn compiled(edition: &Edition, totals: &wire::Totals) -> Compiled {
    compile(edition, snapshot(), totals, &[], None).unwrap_or_else(|error| panic!("{error:?}"))
}
