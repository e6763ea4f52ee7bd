//! Compiling small releases made by hand.

use mesur_proto::aggregation::v1::PartPeriod;
use mesur_proto::types::v1::observation::Status;

use super::testing::{
    compiled, complete, edition, edition_with, edition_without_plan, figure_mut, snapshot, totals,
};
use super::{Compiled, Error, PopulationName, TotalsError, compile, data_rows};

/// Every figure of the main points with its marks, in order.
fn marks(release: &Compiled) -> Vec<(&str, Vec<&str>)> {
    let groups = release.sections.iter().flat_map(|section| &section.groups);
    let figures = groups
        .flat_map(|group| &group.statements)
        .flat_map(|one| &one.figures);
    let marked = figures.map(|figure| {
        let places = figure.footnotes.iter();
        (
            figure.id.as_str(),
            places
                .map(|at| release.footnotes[*at].mark.as_str())
                .collect(),
        )
    });
    marked.collect()
}

fn part_period(end_date: &str, reason: &str) -> PartPeriod {
    PartPeriod {
        end_date: end_date.to_owned(),
        reason: reason.to_owned(),
        authority_count: 1,
    }
}

#[test]
fn numbers_follow_the_english_sentence_and_equal_notes_share_one() {
    let edition = edition(&[]);
    let mut totals = complete(&edition);
    figure_mut(&mut totals, "read").not_provided_count = 1;
    figure_mut(&mut totals, "by-hand").not_provided_count = 2;
    let used = figure_mut(&mut totals, "used");
    used.not_provided_count = 1;
    used.part_periods = vec![part_period("2031-11-23", "flood")];
    // These two never have notes, whatever the totals say of them.
    figure_mut(&mut totals, "best").not_provided_count = 1;
    figure_mut(&mut totals, "rain").not_provided_count = 3;
    let release = compiled(&edition, &totals);
    assert_eq!(
        marks(&release),
        [
            ("by-hand", vec!["1"]),
            ("read", vec!["2"]),
            ("best", vec![]),
            ("others", vec![]),
            ("used", vec!["2", "3"]),
            ("rain", vec![]),
        ]
    );
    assert_eq!(release.footnotes.len(), 3);
}

#[test]
fn each_figure_with_notes_has_one_letter_for_all_of_them() {
    let edition = edition_with("release.toml", "numbers", "letters");
    let mut totals = complete(&edition);
    figure_mut(&mut totals, "read").not_provided_count = 1;
    let used = figure_mut(&mut totals, "used");
    used.not_provided_count = 1;
    used.part_periods = vec![part_period("", ""), part_period("2031-11-23", "strike")];
    let release = compiled(&edition, &totals);
    let marked: Vec<_> = marks(&release)
        .into_iter()
        .filter(|(_, marks)| !marks.is_empty())
        .collect();
    assert_eq!(marked, [("read", vec!["a"]), ("used", vec!["b"])]);
    let notes: Vec<_> = release
        .footnotes
        .iter()
        .map(|footnote| footnote.notes.len())
        .collect();
    assert_eq!(notes, [1, 3]);
}

#[test]
fn a_statement_on_a_withheld_metric_is_left_out_with_its_empty_section() {
    let edition = edition(&[]);
    let release = compiled(&edition, &complete(&edition));
    assert_eq!(release.omitted_statements, ["s5"]);
    let sections: Vec<_> = release
        .sections
        .iter()
        .map(|section| section.id.as_str())
        .collect();
    assert_eq!(sections, ["homes"]);
    assert_eq!(release.quality.unpublished, ["WA/003"]);
    let tables: Vec<_> = release
        .tables
        .iter()
        .map(|table| table.metric.code.as_str())
        .collect();
    assert_eq!(tables, ["WA/001", "WA/002", "WA/004"]);
}

#[test]
fn a_figure_on_a_metric_that_nobody_knows_is_withheld() {
    let edition = edition(&[]);
    let mut totals = complete(&edition);
    figure_mut(&mut totals, "used").metrics = vec!["WA/999".to_owned()];
    assert_eq!(compiled(&edition, &totals).omitted_statements, ["s3", "s5"]);
}

#[test]
fn quality_counts_by_lead_cells_and_names_its_base() {
    let edition = edition(&[]);
    // WA/001 lacks an authority only in a category; WA/002 lacks two, the withheld WA/003 all.
    let totals = totals(&edition, |authority, cell| match (authority, cell) {
        (0, 1) | (0 | 1, 3) | (_, 4) => (Status::NotProvided, None),
        _ => (Status::Provided, Some(10)),
    });
    let quality = compiled(&edition, &totals).quality;
    let lowest = quality.lowest_coverage.expect("published metrics");
    assert_eq!(
        (lowest.not_provided, lowest.expected, lowest.percent),
        (2, 3, 33)
    );
    assert_eq!((quality.incomplete, quality.metrics), (2, 4));
    assert_eq!(quality.incomplete_share.map(|share| share.units), Some(50));
    assert_eq!(quality.unpublished_incomplete, 1);
}

#[test]
fn without_a_plan_each_population_stands_alone_and_all_is_told() {
    let edition = edition_without_plan();
    let release = compiled(&edition, &complete(&edition));
    let populations = release.quality.populations.iter();
    let populations: Vec<_> = populations
        .map(|one| (one.name.clone(), one.published, one.metrics))
        .collect();
    let name = |name: &str| PopulationName::Catalogue(name.to_owned());
    assert_eq!(
        populations,
        [(name("households"), 2, 2), (name("farms"), 1, 2)]
    );
    assert!(release.sections.is_empty() && release.footnotes.is_empty());
    assert_eq!(release.tables.len(), 3);
}

#[test]
fn every_text_without_welsh_is_a_gap_unless_it_is_withheld() {
    let edition = edition(&[]);
    let gaps = compiled(&edition, &complete(&edition)).languages.gaps;
    let gaps: Vec<_> = gaps
        .iter()
        .map(|gap| (gap.kind, gap.item.as_str()))
        .collect();
    assert_eq!(
        gaps,
        [
            ("category_label", "WA/001[u]"),
            ("metric_title", "WA/002"),
            ("message", "designation-trial"),
            ("message", "statement-s4"),
            ("message", "population-households"),
            ("message", "population-farms"),
            ("source_title", "rain"),
        ]
    );
}

#[test]
fn data_rows_give_the_nation_first_and_say_why_a_value_is_missing() {
    let edition = edition(&[]);
    let totals = totals(&edition, |authority, cell| match (authority, cell) {
        (0, 0) => (Status::PartPeriod, Some(7)),
        (1, 0) | (_, 5) => (Status::NotProvided, None),
        (2, 0) => (Status::NotApplicable, None),
        _ => (Status::Provided, Some(10)),
    });
    let mut csv = Vec::new();
    let rows = data_rows(&edition, &totals, true).expect("rows");
    crate::write_data_csv(&rows, &mut csv).expect("written");
    let csv = String::from_utf8(csv).expect("UTF-8");
    let lines: Vec<_> = csv.lines().collect();
    assert_eq!(
        lines[..6],
        [
            "period,area_code,area,metric,category,value,shorthand,provided,expected",
            "2031,X99,Whole,WA/001,,7,t,1,3",
            "2031,X01,North,WA/001,,7,,,",
            "2031,X02,South,WA/001,,,x,,",
            "2031,X03,West,WA/001,,,z,,",
            "2031,X99,Whole,WA/001,a,30,t,3,3",
        ]
    );
    assert!(lines.contains(&"2031,X01,North,WA/002,,1.0,,,"));
    assert!(lines.contains(&"2031,X99,Whole,WA/004,,,\"t,x\",0,3"));
    assert!(!csv.contains("WA/003"));
    let all = data_rows(&edition, &totals, false).expect("rows");
    assert_eq!(all.len(), edition.cells().len() * 4);
}

#[test]
fn totals_that_do_not_fit_the_edition_are_refused() {
    let edition = edition(&[]);
    let good = complete(&edition);
    let mut other = good.clone();
    other.edition_digest = "sha256:other".to_owned();
    let refused = compile(&edition, snapshot(), &other, &[], None);
    assert!(matches!(
        refused,
        Err(Error::Totals(TotalsError::EditionMismatch { .. }))
    ));

    let mut swapped = good.clone();
    swapped.cells.swap(0, 1);
    let mut short = good.clone();
    short.authorities[1].values.pop();
    let mut value_of_nothing = good.clone();
    value_of_nothing.authorities[0].values[0].status = Status::NotProvided.into();
    let mut negative = good.clone();
    negative.cells[0].expected_count = -1;
    let mut no_date = good.clone();
    figure_mut(&mut no_date, "used").part_periods = vec![part_period("in autumn", "")];
    let mut no_reason = good;
    figure_mut(&mut no_reason, "used").part_periods = vec![part_period("", "whim")];
    for totals in [
        swapped,
        short,
        value_of_nothing,
        negative,
        no_date,
        no_reason,
    ] {
        let refused = compile(&edition, snapshot(), &totals, &[], None);
        assert!(
            matches!(refused, Err(Error::Totals(TotalsError::Malformed { .. }))),
            "{refused:?}"
        );
    }
}
