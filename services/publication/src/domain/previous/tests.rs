//! A small release beside the one before.

use std::sync::Arc;

use mesur_catalogue::Edition;
use mesur_figures::Shorthand;
use mesur_proto::aggregation::v1::Totals;
use mesur_proto::types::v1::observation::Status;
use mesur_wire::EditionResource;

use super::super::compile;
use super::super::revise::ShownTables;
use super::super::tables::Shown;
use super::super::testing::{compiled, edition, snapshot, totals};
use super::{Previous, YearChange};

const SETTINGS: &str = "collection = \"water\"\nperiod = \"2031\"\n";
const FIGURES: &str = "figure,kind,numerator,denominator,of,rank,threshold,source_id,note\n\
growth,change,WA/001,,,,,,\n";
const PLAN: &str = "[[section]]\nid = \"homes\"\n[[section.group]]\nid = \"year\"\n\
statements = [\"s1\"]\n";
const ENGLISH: &str = "section-homes = Homes\ngroup-year = In the year\n\
statement-s1 = It { $growth-direction ->\n    [rise] rose\n   *[fall] fell\n} by { $growth }.\n";

/// An edition that states a change, with a policy or without.
fn stating(policy: &str) -> Arc<Edition> {
    edition(&[
        ("edition.toml", &format!("{SETTINGS}{policy}")),
        ("figures.csv", FIGURES),
        ("outside.csv", ""),
        ("release.toml", PLAN),
        ("release.en.ftl", ENGLISH),
        ("release.cy.ftl", ""),
    ])
}

fn of(edition: &Edition, values: [i64; 3]) -> Totals {
    let mut totals = totals(edition, |authority, _| {
        (Status::Provided, Some(values[authority]))
    });
    totals.previous_edition = EditionResource(edition.name().clone()).to_string();
    edition
        .digest()
        .clone_into(&mut totals.previous_edition_digest);
    totals
}

fn shown(edition: &Edition, values: [i64; 3]) -> ShownTables {
    ShownTables::of(edition, &compiled(edition, &of(edition, values)).tables)
}

fn previous(edition: &Arc<Edition>, shown: Option<ShownTables>) -> Previous {
    Previous {
        edition: Arc::clone(edition),
        shown: shown.map(Arc::new),
    }
}

#[test]
fn a_stated_change_is_left_out_where_it_could_tell_what_is_hidden_of_the_period_before() {
    const POLICY: &str = "disclosure = \"all\"\n[[disclosure_policy]]\nid = \"all\"\n";
    let open = stating("");
    let controlled = stating(&format!("{POLICY}threshold = 5\n"));
    let rounded = stating(&format!("{POLICY}threshold = 0\nbase = 5\n"));
    let stated = |edition: &Arc<Edition>, previous: Option<&Previous>| {
        // What is stated is of the period now: no policy hides anything there.
        let totals = of(edition, [100, 200, 300]);
        let release = compile(edition, snapshot(), &totals, &[], previous);
        let release = release.expect("a release");
        !release.omitted_statements.contains(&"s1".to_owned())
    };
    let whole = |edition: &Arc<Edition>| previous(edition, Some(shown(edition, [50, 60, 70])));
    let mut hidden = shown(&open, [50, 60, 70]);
    hidden.metrics[0].columns[0].values[2] = Shown::nothing(Shorthand::Confidential);
    let mut withheld = shown(&open, [50, 60, 70]);
    withheld.metrics.remove(0);

    assert!(stated(&open, Some(&whole(&open))));
    assert!(stated(&open, Some(&previous(&open, None))));
    assert!(stated(&controlled, Some(&whole(&controlled))));
    assert!(!stated(&controlled, Some(&previous(&controlled, None))));
    assert!(!stated(&rounded, Some(&whole(&rounded))));
    assert!(!stated(&open, Some(&previous(&open, Some(hidden)))));
    assert!(!stated(&open, Some(&previous(&open, Some(withheld)))));
    // Another content of the edition is not the one that the totals compare with.
    assert!(!stated(&open, Some(&previous(&controlled, None))));
    assert!(!stated(&open, None));
}

#[test]
fn the_changes_of_a_table_are_over_what_both_periods_show_of_the_whole_period() {
    let now = edition(&[]);
    let changes = |edition: &Edition, before: ShownTables| {
        let totals = of(edition, [30, 20, 45]);
        let previous = previous(&now, Some(before));
        let release = compile(edition, snapshot(), &totals, &[], Some(&previous));
        let changes = release.expect("a release").year_changes;
        let key = ("WA/001".to_owned(), String::new());
        (changes.cells.get(&key).copied(), changes.cells.len())
    };
    let change = |units, authorities| YearChange::Change {
        units: Some(units),
        decimals: now.settings().percent_decimals,
        authorities,
    };
    let before = || shown(&now, [20, 20, 36]);
    // 95 of 76: a quarter more.
    assert_eq!(changes(&now, before()), (Some(change(25, 3)), 5));
    let mut gaps = before();
    let values = &mut gaps.metrics[0].columns[0].values;
    values[1] = Shown::nothing(Shorthand::Confidential);
    values[3].part_period = true;
    assert_eq!(changes(&now, gaps).0, Some(change(0, 1)));
    let mut none = before();
    none.metrics[0].columns[0].values.truncate(1);
    assert_eq!(changes(&now, none).0, None);

    let listed = "order,code_as_printed,code_read_as,change_text,kind,comparable_with_previous,\
        note\n1,WA/001,WA/001,other,amendment,no,\n";
    let broken = edition(&[("changes.csv", listed)]);
    assert_eq!(changes(&broken, before()).0, Some(YearChange::Break));
}
