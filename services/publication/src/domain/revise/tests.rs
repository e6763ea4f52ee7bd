//! Revisions of a small release.

use mesur_proto::aggregation::v1 as wire;
use mesur_proto::types::v1::observation::Status;

use super::*;
use crate::domain::Compiled;
use crate::domain::testing::{compiled, complete, edition};

const R: Shorthand = Shorthand::Revised;
const P: Shorthand = Shorthand::Provisional;
const X: Shorthand = Shorthand::NotAvailable;
const T: Shorthand = Shorthand::Total;

fn marks(letters: &[Shorthand]) -> Marks {
    letters.iter().copied().collect()
}

fn note() -> UpdateNote {
    let text = || ["x".to_owned(), "y".to_owned()];
    UpdateNote {
        what: text(),
        why: text(),
    }
}

/// A release of totals as a revision of what was published before.
fn revised(edition: &Edition, totals: &wire::Totals, before: &ShownTables) -> Compiled {
    let mut compiled = compiled(edition, totals);
    compiled
        .revise(edition, 2, note(), before)
        .expect("a revision");
    compiled
}

/// The first value of the first authority, and what the nation shows, after a change.
fn first(compiled: &Compiled) -> (Shown, Shown) {
    let column = &compiled.tables[0].columns[0];
    (column.shown, column.values[0])
}

#[test]
fn a_value_that_changed_carries_r_and_loses_the_p_that_it_had() {
    let edition = edition(&[]);
    let totals = complete(&edition);
    let mut before = ShownTables::of(&edition, &compiled(&edition, &totals).tables);
    let was = before.metrics[0].columns[0].values[1];
    let other = was.units.map(|units| units + 1);
    // What it carried before, what a decision puts on it now, and what it carries then.
    let cases: [(&[Shorthand], bool, &[Shorthand]); 4] = [
        (&[], false, &[R]),
        (&[P], false, &[R]),
        (&[P], true, &[R]),
        (&[], true, &[P, R]),
    ];
    for (had, decided, expected) in cases {
        before.metrics[0].columns[0].values[1] = Shown {
            units: other,
            marks: marks(had),
            part_period: false,
        };
        let mut release = compiled(&edition, &totals);
        if decided {
            let shown = &mut release.tables[0].columns[0].values[0];
            shown.marks = shown.marks.with(P);
        }
        release
            .revise(&edition, 2, note(), &before)
            .expect("a revision");
        assert_eq!(first(&release).1.marks, marks(expected));
        assert_eq!(release.changes.len(), 1);
        assert_eq!(release.changes[0].before.units, other);
        assert_eq!(release.changes[0].after, first(&release).1);
    }
    // An `r` of the revision before is not carried over.
    before.metrics[0].columns[0].values[1] = Shown {
        marks: marks(&[R]),
        ..was
    };
    let release = revised(&edition, &totals, &before);
    assert_eq!(
        (first(&release).1.marks, release.changes),
        (Marks::NONE, vec![])
    );
}

#[test]
fn a_value_that_is_gone_or_new_is_a_change_and_says_so() {
    let edition = edition(&[]);
    let totals = complete(&edition);
    let mut late = totals.clone();
    let value = &mut late.authorities[0].values[0];
    value.value = None;
    value.status = Status::NotProvided.into();
    let nation = &mut late.cells[0];
    nation.provided_count -= 1;
    nation.not_provided_count += 1;
    let shown =
        |totals: &wire::Totals| ShownTables::of(&edition, &compiled(&edition, totals).tables);
    let gone = revised(&edition, &late, &shown(&totals));
    assert_eq!(first(&gone).1, Shown::nothing(X).marked(R));
    let came = revised(&edition, &totals, &shown(&late));
    assert_eq!(first(&came).1.marks, marks(&[R]));
    assert_eq!(came.reference.as_deref(), Some("W 1/2032 (R)"));
}

#[test]
fn a_stated_figure_that_changed_carries_r_wherever_it_stands_and_a_new_one_does_not() {
    let edition = edition(&[]);
    let totals = complete(&edition);
    let mut before = compiled(&edition, &totals).shown(&edition);
    let ids: Vec<_> = before.figures.iter().map(|one| one.id.as_str()).collect();
    assert_eq!(ids, ["by-hand", "read", "best", "others", "used", "rain"]);
    // One was stated with another value, one of another authority, one as nearly 100, one not at all.
    before.figures[1].units = Some(999);
    "X02".clone_into(&mut before.figures[2].authority);
    before.figures[3].nearly_100 = true;
    before.figures.remove(4);
    let release = revised(&edition, &totals, &before);
    let groups = release.sections.iter().flat_map(|one| &one.groups);
    let figures = groups
        .flat_map(|group| &group.statements)
        .flat_map(|statement| &statement.figures);
    let marked: Vec<_> = figures
        .filter(|figure| figure.is_revised)
        .map(|figure| figure.id.as_str())
        .collect();
    assert_eq!(marked, ["read", "best", "others"]);
    let told = release.figure_changes.iter();
    let told: Vec<_> = told
        .map(|one| {
            (
                one.statement.as_str(),
                one.after.id.as_str(),
                one.before.units,
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("s1", "read", Some(999)),
            ("s2", "best", Some(97)),
            ("s2", "others", Some(2))
        ]
    );
    // The next revision marks only what it changes itself.
    let next = revised(&edition, &totals, &release.shown(&edition));
    assert_eq!(next.figure_changes, []);
}

#[test]
fn what_was_published_keeps_its_rows_where_they_were() {
    let edition = edition(&[]);
    let totals = complete(&edition);
    let whole = compiled(&edition, &totals);
    let mut before = ShownTables::of(&edition, &whole.tables);
    // The middle authority had no value, and that stays as it was told.
    before.metrics[0].columns[0].values[2] = Shown::nothing(Shorthand::NotApplicable);
    let mut less = whole.clone();
    less.tables[1].columns.clear();
    less.tables.remove(0);
    less.revise(&edition, 2, note(), &before)
        .expect("a revision");
    let rows = |tables: &[Table]| -> Vec<(String, String)> {
        let columns = tables.iter().flat_map(|table| {
            let code = table.metric.code.to_string();
            let columns = table.columns.iter();
            columns.map(move |one| (code.clone(), code_of(one.category.as_ref()).to_owned()))
        });
        columns.collect()
    };
    assert_eq!(rows(&less.tables), rows(&whole.tables));
    let emptied = &less.tables[0].columns[0];
    assert_eq!(
        (emptied.shown.units, emptied.shown.marks),
        (None, marks(&[R, T, X]))
    );
    assert_eq!(
        (emptied.national.units, emptied.national.provided),
        (None, 0)
    );
    let values: Vec<_> = emptied.values.iter().map(|shown| shown.marks).collect();
    let expected = [
        marks(&[R, X]),
        marks(&[Shorthand::NotApplicable]),
        marks(&[R, X]),
    ];
    assert_eq!(values, expected);

    for row in ["WA/009", "X07"] {
        let mut before = before.clone();
        match row {
            "X07" => row.clone_into(&mut before.authorities[0]),
            _ => row.clone_into(&mut before.metrics[0].code),
        }
        let fault = whole.clone().revise(&edition, 2, note(), &before);
        let fault = fault.expect_err("a fault");
        assert!(mesur_rpc::chain::Chain(&fault).to_string().contains(row));
    }
}

impl Shown {
    fn marked(self, mark: Shorthand) -> Self {
        Self {
            marks: self.marks.with(mark),
            ..self
        }
    }
}
