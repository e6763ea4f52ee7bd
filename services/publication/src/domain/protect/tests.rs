//! Small releases under policies.

use mesur_proto::types::v1::observation::Status;

use super::super::testing::{edition, figure_mut, snapshot, totals};
use super::super::{Compiled, compile};
use super::*;

const SETTINGS: &str = "collection = \"water\"\nperiod = \"2031\"\n";
const RULES: &str = "edition,rule_id,kind,left,operator,right,threshold,severity,basis,\
basis_status,note\n2031,sum,sum,WA/001,=,WA/001[a] + WA/001[u],,error,,,\n";

fn controlled(policy: &str) -> Arc<Edition> {
    let policy =
        format!("{SETTINGS}disclosure = \"all\"\n[[disclosure_policy]]\nid = \"all\"\n{policy}\n");
    edition(&[("edition.toml", &policy), ("rules.csv", RULES)])
}

/// Totals of meters by hand and not recorded, by authority; of all else every authority has 400.
fn meters(edition: &Edition, meters: [[i64; 2]; 3]) -> Totals {
    let mut totals = totals(edition, |authority, cell| {
        let [hand, unknown] = meters[authority];
        let value = match cell {
            0 => hand + unknown,
            1 => hand,
            2 => unknown,
            _ => 400,
        };
        (Status::Provided, Some(value))
    });
    figure_mut(&mut totals, "by-hand").matched = Some(mesur_proto::aggregation::v1::Share {
        authority_count: 3,
        ..mesur_proto::aggregation::v1::Share::default()
    });
    totals
}

fn compiled(edition: &Edition, totals: &Totals, earlier: &[Disclosed]) -> Compiled {
    compile(edition, snapshot(), totals, earlier, None).unwrap_or_else(|error| panic!("{error:?}"))
}

fn disclosed(edition: &Edition, totals: &Totals, release: &Compiled) -> Disclosed {
    Disclosed {
        totals: totals.clone(),
        shown: Arc::new(ShownTables::of(edition, &release.tables)),
    }
}

/// The nation and the authorities of a cell of WA/001: value and letters.
fn shown(release: &Compiled, cell: usize) -> Vec<String> {
    let column = &release.tables[0].columns[cell];
    let all = std::iter::once(&column.shown).chain(&column.values);
    let text = all.map(|shown| {
        let value = shown
            .units
            .map_or_else(String::new, |units| units.to_string());
        format!("{value}{}", shown.marks)
    });
    text.collect()
}

fn statements(release: &Compiled) -> Vec<&str> {
    let groups = release.sections.iter().flat_map(|section| &section.groups);
    let statements = groups.flat_map(|group| &group.statements);
    statements.map(|statement| statement.id.as_str()).collect()
}

fn figure<'a>(release: &'a Compiled, id: &str) -> &'a FigureFact {
    let groups = release.sections.iter().flat_map(|section| &section.groups);
    let mut figures = groups
        .flat_map(|group| &group.statements)
        .flat_map(|statement| &statement.figures);
    figures.find(|figure| figure.id == id).expect("a figure")
}

#[test]
fn a_small_value_is_hidden_with_others_and_no_raw_sum_is_left_beside_it() {
    let edition = controlled("threshold = 5");
    let totals = meters(&edition, [[3, 60], [30, 70], [41, 80]]);
    let release = compiled(&edition, &totals, &[]);
    assert_eq!(shown(&release, 0), ["284t", "63", "100", "121"]);
    assert_eq!(shown(&release, 1), ["74t", "c", "c", "41"]);
    assert_eq!(shown(&release, 2), ["210t", "c", "c", "80"]);
    let audit = audit(&edition, &[disclosed(&edition, &totals, &release)]).expect("totals");
    assert!(audit.is_safe());
    assert_eq!((audit.primary_count, audit.complementary_count), (1, 3));
    // The best authority could be worked out from, so nothing is said of it; the nation's is shown.
    assert_eq!(statements(&release), ["s1", "s3", "s4"]);
    assert!(release.omitted_statements.contains(&"s2".to_owned()));
    let nations = release.tables.iter().flat_map(|table| &table.columns);
    for column in nations {
        assert_eq!(column.national.units, column.shown.units);
    }
}

#[test]
fn a_small_nation_is_hidden_and_what_rests_on_it_is_left_out() {
    let edition = controlled("threshold = 5");
    let totals = meters(&edition, [[1, 60], [0, 70], [2, 80]]);
    let release = compiled(&edition, &totals, &[]);
    assert_eq!(shown(&release, 1)[0], "c,t");
    assert_eq!(statements(&release), ["s3", "s4"]);
}

#[test]
fn figures_are_worked_out_from_what_is_shown_rounded() {
    let edition = controlled("threshold = 5\nbase = 5");
    let totals = meters(&edition, [[3, 61], [31, 72], [41, 83]]);
    let release = compiled(&edition, &totals, &[]);
    assert_eq!(shown(&release, 1), ["75t", "c", "30", "40"]);
    assert_eq!(figure(&release, "read").units, Some(290));
    let share = figure(&release, "by-hand").matched.expect("a share");
    // 75 of 290 less 215, not 75 of 291 less 216.
    assert_eq!((share.numerator, share.denominator), (750, 750));
}

#[test]
fn a_value_that_rounds_to_zero_says_that_it_is_not_zero() {
    let edition = controlled("threshold = 5\nbase = 5\nsmall_values = \"rounded\"");
    let totals = meters(&edition, [[2, 60], [0, 70], [40, 80]]);
    let release = compiled(&edition, &totals, &[]);
    assert_eq!(shown(&release, 1), ["40t", "0k", "0", "40"]);
}

#[test]
fn a_revision_tells_by_r_that_a_hidden_value_is_another_one_and_gives_no_difference_away() {
    let edition = controlled("threshold = 5");
    let before = meters(&edition, [[3, 60], [30, 70], [41, 80]]);
    let first = compiled(&edition, &before, &[]);
    let published = disclosed(&edition, &before, &first);
    let after = meters(&edition, [[1, 60], [30, 70], [41, 80]]);
    let second = compiled(&edition, &after, std::slice::from_ref(&published));
    assert_eq!(shown(&second, 1)[1..3], ["c,r", "c"]);
    let both = [published, disclosed(&edition, &after, &second)];
    let audit = audit(&edition, &both).expect("totals");
    assert!(audit.is_safe(), "{audit:?}");
    // 282 beside 284 would say that it was 3 or 4: the total of the authority is not told either.
    let open = compiled(&edition, &after, &[]);
    assert_eq!(shown(&open, 0), ["282t", "61", "100", "121"]);
    assert_ne!(shown(&second, 0), shown(&open, 0));
    let unguarded = [both[0].clone(), disclosed(&edition, &after, &open)];
    let audit = super::audit(&edition, &unguarded).expect("totals");
    assert!(!audit.is_safe());
}

#[test]
fn without_a_policy_everything_is_as_it_stands() {
    let edition = edition(&[("rules.csv", RULES)]);
    let totals = meters(&edition, [[3, 60], [30, 70], [41, 80]]);
    let release = compiled(&edition, &totals, &[]);
    assert_eq!(shown(&release, 1), ["74t", "3", "30", "41"]);
    let audit = audit(&edition, &[disclosed(&edition, &totals, &release)]).expect("totals");
    assert!(audit.is_safe() && audit.derived.is_empty());
}
