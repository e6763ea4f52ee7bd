//! Rule kinds on an invented edition, reasons and end dates, and the promises about findings:
//! their order, ids and fingerprints.
#![expect(clippy::expect_used, reason = "a test says what it needs")]

use std::fs;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use mesur_catalogue::{AuthorityCode, Catalogue, CellRef, Edition, Period};
use mesur_returns::{
    Assembly, Finding, FindingKind, Previous, PreviousValue, RawObservation, RawValue, assemble,
    summary_by_rule,
};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

const METRICS: &str = "edition,code,code_status,family,population,title_en,title_status,\
    title_source,title_cy,period,period_status,unit,answer,has_total,based_on,based_on_status,\
    in_release,in_release_status,published,published_status,note\n\
    2031,W1,,W,homes,,,,,during_year,,,single,yes,,,,,yes,,\n\
    2031,W2,,W,homes,,,,,during_year,,,none,yes,,,,,yes,,\n\
    2031,W3,,W,homes,,,,,during_year,,,none,yes,,,,,yes,,\n";

const CATEGORIES: &str = "edition,code,category,dimension,answer,label_en,label_cy,label_status,\
    is_unknown_remainder,note\n\
    2031,W1,a,x,,,,,no,\n2031,W1,b,x,,,,,no,\n2031,W1,c,x,,,,,no,\n";

const RULES: &str = "edition,rule_id,kind,left,operator,right,threshold,severity,basis,\
    basis_status,note,text_en,text_cy\n\
    2031,count,count,*,>=,0,,error,,,,,\n\
    2031,line,linear,2*W2 - W3,=,prev:W2 + 3*prev:W3,,error,,,,,\n\
    2031,cover,coverage,W1,,W1[a] + W1[b] + W1[c],,warning,,,,,\n\
    2031,same,same_value,W1[*],,,,warning,,,,,\n\
    2031,zero,zeros,W2 + W3,,,20,warning,,,,,\n\
    2031,change,year_on_year,W2,~,prev:W2,\"50%,5\",warning,,,,\
    {cells}: {found} not {expected} ({previous}),{cells}: nid {expected} ond {found} ({previous})\n\
    2031,half,subset,W3,<=,W2,,error,,,,,\n";

const REASONS: &str = "reason,label_en,label_cy,note\n\
    new_meters,new meters,mesuryddion newydd,\nflood,a flood,llifogydd,\n";

const CHANGES: &str = "order,code_as_printed,code_read_as,change_text,kind,\
    comparable_with_previous,note\n1,W2,W2,amended,amendment,no,\n";

static WATER: LazyLock<(Catalogue, Arc<Edition>)> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("edition-of-rules");
    fs::create_dir_all(&folder).expect("a folder");
    for (name, text) in [
        ("metrics.csv", METRICS),
        ("categories.csv", CATEGORIES),
        ("rules.csv", RULES),
        ("reasons.csv", REASONS),
        ("changes.csv", CHANGES),
        (
            "edition.toml",
            "collection = \"water\"\nperiod_start = \"2031-01-01\"\nperiod_end = \"2031-12-31\"\n",
        ),
    ] {
        fs::write(folder.join(name), text).expect("a table");
    }
    let mut catalogue = Catalogue::default();
    let edition = catalogue.add_folder(&folder);
    let edition = edition
        .map_err(|error| format!("{error:?}"))
        .expect("no faults");
    (catalogue, edition)
});

/// A row as `W1[a] 7` or `W1 not_provided reason=flood`.
fn row(text: &'static str) -> RawObservation<'static> {
    let mut words = text.split(' ');
    let cell = CellRef::parse(words.next().unwrap_or_default()).expect("a cell");
    let mut row = RawObservation {
        metric: cell.metric.to_string().into(),
        category: cell.category_str().to_owned().into(),
        status: "provided".into(),
        ..RawObservation::default()
    };
    for word in words {
        match word.split_once('=') {
            Some(("reason", reason)) => row.reason = reason.into(),
            Some(("end", end)) => row.end_date = end.into(),
            Some(("comment", comment)) => row.comment = comment.into(),
            Some(other) => panic!("{other:?}"),
            None if word.starts_with(char::is_alphabetic) => row.status = word.into(),
            None => row.value = Some(RawValue::Text(word.into())),
        }
    }
    row
}

fn water(rows: Vec<RawObservation<'static>>) -> Assembly {
    let authority = AuthorityCode::parse("W06000001").expect("a code");
    assemble(&WATER.1, &WATER.0, &authority, rows)
}

/// A return that breaks nothing, with some rows in place of its own.
fn with(rows: &[&'static str]) -> Assembly {
    let all = ["W1 60", "W1[a] 10", "W1[b] 20", "W1[c] 30", "W2 8", "W3 6"];
    let own = |row: &&&'static str| {
        let cell = |text: &'static str| text.split(' ').next();
        rows.iter().all(|other| cell(other) != cell(row))
    };
    let kept = all.iter().filter(own).copied();
    water(kept.chain(rows.iter().copied()).map(row).collect())
}

fn earlier(period: &str, values: &[(&str, i64)]) -> Previous {
    let values = values.iter().map(|(cell, value)| {
        let value = PreviousValue {
            value: *value,
            decimals: 0,
        };
        (CellRef::parse(cell).expect("a cell"), value)
    });
    Previous {
        authority: AuthorityCode::parse("W06000001").expect("a code"),
        period: Period::parse(period).expect("a period"),
        values: values.collect(),
    }
}

fn ids(findings: &[Finding]) -> Vec<&str> {
    findings.iter().map(|finding| finding.id.as_str()).collect()
}

/// The ids of what is found, without and with earlier values.
fn found(rows: &[&'static str], previous: Option<&Previous>) -> Vec<String> {
    let findings = with(rows).check(&WATER.1, previous);
    findings.into_iter().map(|finding| finding.id).collect()
}

#[test]
fn a_relation_takes_any_whole_multiples_of_this_and_the_earlier_period() {
    // 2 × 8 - 6 = 10, and 4 + 3 × 2 = 10.
    let fits = earlier("2029", &[("W2", 4), ("W3", 2)]);
    assert!(found(&[], Some(&fits)).is_empty());
    let other = earlier("2029", &[("W2", 4), ("W3", 3)]);
    let findings = with(&[]).check(&WATER.1, Some(&other));
    assert_eq!(ids(&findings), ["line:W2"]);
    let finding = findings.first().expect("one");
    assert_eq!(finding.kind.as_str(), "linear_mismatch");
    let figures = (finding.found.as_deref(), finding.expected.as_deref());
    assert_eq!(figures, (Some("10"), Some("13")));
    assert_eq!(finding.previous.as_deref(), Some("4"));
    assert_eq!(finding.effect, 230);
}

#[test]
fn a_total_and_its_breakdown_cover_the_same_part_of_the_period() {
    for (rows, agree) in [
        (vec![], true),
        (vec!["W1[b] not_provided reason=flood"], false),
        (vec!["W1[b] 20 part_period reason=flood"], false),
        (vec!["W1[b] not_applicable reason=flood"], true),
        (vec!["W1 not_provided reason=flood"], false),
        (vec!["W1 60 part_period reason=flood"], false),
        (vec!["W1 not_applicable reason=flood"], true),
        (
            vec![
                "W1 not_provided reason=flood",
                "W1[a] not_provided reason=flood",
                "W1[b] not_provided reason=flood",
                "W1[c] not_provided reason=flood",
            ],
            true,
        ),
    ] {
        let found = found(&rows, None);
        assert_eq!(found.is_empty(), agree, "{rows:?}: {found:?}");
    }
    let findings = with(&["W1[b] not_provided reason=flood"]).check(&WATER.1, None);
    let finding = findings.first().expect("one");
    let cells: Vec<String> = finding.cells.iter().map(ToString::to_string).collect();
    assert_eq!(cells, ["W1", "W1[b]"]);
    let words = (finding.found.as_deref(), finding.expected.as_deref());
    assert_eq!(words, (Some("provided"), Some("not_provided")));
}

#[test]
fn one_value_in_all_cells_is_told_unless_it_is_zero_or_a_cell_has_none() {
    for (rows, told) in [
        (["W1 7", "W1[a] 7", "W1[b] 7", "W1[c] 7"], true),
        (["W1 7", "W1[a] 7", "W1[b] 7", "W1[c] 8"], false),
        (["W1 0", "W1[a] 0", "W1[b] 0", "W1[c] 0"], false),
        (
            [
                "W1 7",
                "W1[a] 7",
                "W1[b] 7",
                "W1[c] not_applicable reason=flood",
            ],
            false,
        ),
    ] {
        let found = found(&rows, None);
        assert_eq!(found.contains(&"same:W1".to_owned()), told, "{rows:?}");
    }
}

#[test]
fn zero_is_told_where_there_was_a_value_and_the_definition_went_on() {
    let zeros = |period, value| {
        let previous = earlier(period, &[("W2", value), ("W3", value)]);
        let found = found(&["W2 0", "W3 0"], Some(&previous));
        found.iter().filter(|id| id.starts_with("zero:")).count()
    };
    assert_eq!(zeros("2029", 20), 2);
    assert_eq!(zeros("2029", 19), 0);
    // The definition of W2 changed against the year before.
    assert_eq!(zeros("2030", 20), 1);
    assert_eq!(zeros("2032", 20), 0);
}

#[test]
fn a_change_is_not_told_where_the_definition_changed_in_between() {
    let changes = |period| {
        let previous = earlier(period, &[("W2", 80)]);
        let findings = with(&[]).check(&WATER.1, Some(&previous));
        let texts = findings.iter().filter(|one| one.id == "change:W2");
        let texts = texts.map(|one| one.text.as_ref().expect("its own text").en.clone());
        texts.collect::<Vec<_>>()
    };
    let own = "{cells}: {found} not {expected} ({previous})";
    assert_eq!(changes("2029"), [own]);
    assert!(changes("2030").is_empty());
}

#[test]
fn what_is_impossible_alone_stops_other_rules_and_a_slip_in_a_relation_stops_none() {
    let previous = earlier("2029", &[("W2", 80), ("W3", 2)]);
    let found = |rows: &[&'static str]| {
        let mut ids = found(rows, Some(&previous));
        ids.sort();
        ids
    };
    assert_eq!(found(&["W2 -1"]), ["count:W2"]);
    assert_eq!(found(&["W2 4"]), ["change:W2", "half:W3", "line:W2"]);
}

#[test]
fn a_missing_value_has_a_known_reason_or_words_and_an_end_within_the_period() {
    let kinds = |rows: &[&'static str]| {
        let findings = with(rows).findings;
        let said = findings.iter().map(|finding| {
            let advice = finding.advice.clone().unwrap_or_default();
            format!("{} {advice}", finding.kind.as_str())
                .trim()
                .to_owned()
        });
        said.collect::<Vec<_>>()
    };
    let none: [&str; 0] = [];
    for (rows, due) in [
        (["W2 not_provided reason=flood"], &none[..]),
        (["W2 not_provided comment=burst"], &none[..]),
        (["W2 not_provided"], &["missing_reason"]),
        (["W2 not_provided reason=floood"], &["unknown_reason flood"]),
        (
            ["W2 not_provided reason=New-Meters"],
            &["unknown_reason new_meters"],
        ),
        (
            ["W2 not_provided reason=zzzzzzzz comment=burst"],
            &["unknown_reason"],
        ),
        (["W2 8 part_period reason=flood end=2031-01-01"], &none[..]),
        (["W2 8 part_period reason=flood end=2031-12-31"], &none[..]),
        (
            ["W2 8 part_period reason=flood end=2032-01-01"],
            &["invalid_end_date"],
        ),
        (
            ["W2 8 part_period reason=flood end=31/12/2031"],
            &["invalid_end_date"],
        ),
        (
            ["W2 8 part_period reason=flood end=2031-02-29"],
            &["invalid_end_date"],
        ),
        (["W2 8 end=2031-06-30"], &["invalid_end_date"]),
        (
            ["W2 not_applicable reason=flood end=2031-06-30"],
            &["invalid_end_date"],
        ),
    ] {
        assert_eq!(kinds(&rows), due, "{rows:?}");
    }
    let authority = AuthorityCode::parse("W06000001").expect("a code");
    let whole = |rows: &[&'static str]| {
        let data_return = with(rows).into_return(&WATER.1, &authority);
        data_return.expect("a whole return").digest()
    };
    let until = |end: &'static str| whole(&[end]);
    assert_ne!(
        until("W2 8 part_period reason=flood end=2031-06-30"),
        until("W2 8 part_period reason=flood end=2031-06-29")
    );
    assert_ne!(
        until("W2 8 part_period reason=flood"),
        until("W2 8 part_period reason=new_meters")
    );
}

#[test]
fn a_draft_may_lack_cells_and_nothing_else() {
    let authority = AuthorityCode::parse("W06000001").expect("a code");
    let draft = |rows: &[&'static str]| {
        let rows = rows.iter().copied().map(row).collect();
        water(rows).into_draft(&WATER.1, &authority)
    };
    let some = draft(&["W1 60", "W3 6"]).expect("a draft");
    let missing = some.missing().filter_map(|cell| WATER.1.cell(cell));
    let missing: Vec<String> = missing.map(|cell| cell.reference.to_string()).collect();
    assert_eq!(missing, ["W1[a]", "W1[b]", "W1[c]", "W2"]);
    assert!(some.clone().into_return().is_none());
    let errors = draft(&["W1 60", "W3 6.5"]).expect_err("no draft");
    assert_eq!(ids(&errors), ["not_whole:W3"]);

    let rest = draft(&["W1[a] 10", "W1[b] 20", "W1[c] 30", "W2 8"]).expect("a draft");
    let cells = some.cells().with(rest.cells());
    let whole = mesur_returns::Draft::new(&WATER.1, authority.clone(), cells).expect("a draft");
    let digest = whole.digest();
    let data_return = whole.into_return().expect("a whole return");
    let direct = with(&[])
        .into_return(&WATER.1, &authority)
        .expect("a return");
    assert_eq!((&data_return, digest), (&direct, direct.digest()));
}

#[test]
fn findings_stand_by_severity_then_effect_and_are_counted_by_rule() {
    let previous = earlier("2029", &[("W2", 800), ("W3", 2)]);
    let rows = ["W1[b] not_provided", "W2 4", "W3 0"];
    let findings = with(&rows).check(&WATER.1, Some(&previous));
    assert_eq!(
        ids(&findings),
        ["missing_reason:W1[b]", "line:W2", "change:W2"]
    );
    let all = summary_by_rule(&findings);
    let counts: Vec<_> = all
        .iter()
        .map(|one| (one.rule.as_deref(), one.kind, one.count))
        .collect();
    assert_eq!(
        counts,
        [
            (None, FindingKind::MissingReason, 1),
            (Some("line"), FindingKind::LinearMismatch, 1),
            (Some("change"), FindingKind::YearOnYear, 1),
        ]
    );
}

#[test]
fn a_fingerprint_changes_with_the_values_that_a_finding_rests_on_and_with_nothing_else() {
    let fingerprint = |rows: &[&'static str], before: i64| {
        let previous = earlier("2029", &[("W2", before)]);
        let findings = with(rows).check(&WATER.1, Some(&previous));
        let one = findings.into_iter().find(|one| one.id == "change:W2");
        one.expect("a change").fingerprint
    };
    let first = fingerprint(&[], 80);
    assert_eq!(first.len(), 16);
    assert_eq!(fingerprint(&["W1 99", "W3 7"], 80), first);
    assert_ne!(fingerprint(&["W2 9"], 80), first);
    assert_ne!(fingerprint(&[], 81), first);
    assert_ne!(fingerprint(&["W2 8 part_period reason=flood"], 80), first);
}

/// Rows of any kind: sound ones, doubled ones, unknown codes, wrong words.
fn any_row() -> impl Strategy<Value = RawObservation<'static>> {
    let metric = prop_oneof![Just("W1"), Just("W2"), Just("W3"), Just("W9"), Just("w 1")];
    let category = prop_oneof![3 => Just(String::new()), 3 => "[abc]", 1 => "[d ]{1,2}"];
    let status = prop_oneof![
        6 => Just("provided"),
        2 => Just("part_period"),
        1 => Just("not_provided"),
        1 => Just("not_applicable"),
        1 => Just("Provided "),
    ];
    let value =
        prop_oneof![6 => "[0-9]{1,3}", 1 => "-[0-9]", 1 => Just(String::new()), 1 => "\\PC{0,3}"];
    let reason = prop_oneof![3 => Just(""), 2 => Just("flood"), 1 => Just("fluud")];
    let end = prop_oneof![5 => Just(""), 1 => Just("2031-06-30"), 1 => Just("2031-6-30")];
    let texts = (reason, prop_oneof![Just(String::new()), "\\PC{0,4}"], end);
    (metric, category, status, value, texts).prop_map(
        |(metric, category, status, value, (reason, comment, end))| RawObservation {
            metric: metric.into(),
            category: category.into(),
            status: status.into(),
            value: Some(RawValue::Text(value.into())),
            reason: reason.into(),
            comment: comment.into(),
            end_date: end.into(),
            ..RawObservation::default()
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 512,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(22),
        ..ProptestConfig::default()
    })]

    #[test]
    fn the_order_of_rows_changes_no_finding_no_id_and_no_order(
        (rows, shuffled) in prop::collection::vec(any_row(), 0..14)
            .prop_flat_map(|rows| (Just(rows.clone()), Just(rows).prop_shuffle())),
        before in prop::collection::vec(0_i64..200, 2),
    ) {
        // Of a cell that stands twice it is by chance which row comes second.
        let mut cells: Vec<_> = rows.iter().map(|row| (&row.metric, &row.category)).collect();
        cells.sort();
        cells.dedup();
        prop_assume!(cells.len() == rows.len());
        let previous = earlier("2029", &[("W2", before[0]), ("W3", before[1])]);
        let (one, other) = (water(rows), water(shuffled));
        prop_assert_eq!(&one.cells, &other.cells);
        let findings = one.check(&WATER.1, Some(&previous));
        prop_assert_eq!(&findings, &other.check(&WATER.1, Some(&previous)));
        let mut ids = ids(&findings);
        let count = ids.len();
        ids.sort_unstable();
        ids.dedup();
        prop_assert_eq!(ids.len(), count);
        prop_assert!(findings.is_sorted_by_key(|finding| finding.severity));
    }
}
