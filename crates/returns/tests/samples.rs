//! The files of a real year: all of them are taken, and part-period values know their end.
#![expect(clippy::expect_used, reason = "a test says what it needs")]

use std::fs;
use std::path::Path;

use mesur_catalogue::{AuthorityCode, Catalogue, Edition, EditionName, Severity};
use mesur_returns::{DataReturn, Observed, Previous, PreviousValuesBuilder, check_file};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../mesur/samples");

fn edition<'a>(catalogue: &'a Catalogue, period: &str) -> &'a Edition {
    let name = EditionName::parse(&format!("pif/{period}")).expect("a name");
    catalogue.get(&name).expect("a bundled edition")
}

/// The returns of a period, without any finding of a rule that compares with another one.
fn returns(catalogue: &Catalogue, period: &str) -> Vec<DataReturn> {
    let edition = edition(catalogue, period);
    let returns = edition.authorities().iter().map(|authority| {
        let bytes = bytes(period, &authority.code);
        let checked = check_file(&bytes, edition, catalogue, None);
        assert!(
            checked.is_accepted(),
            "{}: {:#?}",
            authority.code,
            checked.findings
        );
        assert!(
            checked
                .findings
                .iter()
                .all(|finding| !finding.is_structural())
        );
        assert_eq!(checked.authority.as_ref(), Some(&authority.code));
        checked.data_return().cloned().expect("a return")
    });
    returns.collect()
}

/// A sample's bytes.
fn bytes(period: &str, authority: &AuthorityCode) -> Vec<u8> {
    let path = Path::new(FOLDER)
        .join(period)
        .join(format!("{authority}.csv"));
    fs::read(path).expect("a file")
}

#[test]
fn every_return_of_both_years_is_taken_without_an_error() {
    let catalogue = Catalogue::bundled().expect("the bundled editions");
    let earlier = returns(&catalogue, "2020-21");
    let later = returns(&catalogue, "2022-23");
    assert_eq!((earlier.len(), later.len()), (22, 22));
    let (before, after) = (
        edition(&catalogue, "2020-21"),
        edition(&catalogue, "2022-23"),
    );
    let mut changes = 0;
    for (earlier, later) in earlier.iter().zip(&later) {
        let previous = Previous::from_return(before, earlier);
        let bytes = bytes("2022-23", &later.authority);
        let findings = |previous| check_file(&bytes, after, &catalogue, previous).findings;
        for finding in findings(Some(&previous)) {
            assert_ne!(finding.severity, Severity::Error, "{finding:#?}");
            assert_ne!(
                finding.kind.as_str(),
                "stock_flow",
                "the year just before is not held"
            );
            changes += usize::from(finding.kind.as_str() == "year_on_year");
        }
        // A period is not compared with itself.
        let same = Previous::from_return(after, later);
        assert_eq!(findings(Some(&same)), findings(None));
    }
    assert!(changes > 0, "some values changed by more than half");
}

#[test]
fn it_makes_no_difference_for_which_edition_earlier_values_are_put_together() {
    let catalogue = Catalogue::bundled().expect("the bundled editions");
    let earlier = returns(&catalogue, "2020-21");
    let (before, after) = (
        edition(&catalogue, "2020-21"),
        edition(&catalogue, "2022-23"),
    );
    for earlier in &earlier {
        let previous = Previous::from_return(before, earlier);
        let bytes = bytes("2022-23", &earlier.authority);
        let findings =
            |previous: &Previous| check_file(&bytes, after, &catalogue, Some(previous)).findings;
        let found = findings(&previous);
        for edition in [None, Some(before), Some(after)] {
            let mut values = PreviousValuesBuilder::new(edition);
            for (cell, value) in previous.values.iter() {
                let (metric, category) = (cell.metric.as_str(), cell.category_str());
                let first = values.insert(metric, category, value).expect("codes");
                assert_eq!(first, None);
                let again = values.insert(metric, category, value).expect("codes");
                assert_eq!(again, Some(value));
            }
            let built = Previous {
                values: values.finish(),
                ..previous.clone()
            };
            assert_eq!(built, previous);
            assert_eq!(built.values.len(), previous.values.len());
            assert_eq!(findings(&built), found);
        }
    }
}

#[test]
fn the_end_of_a_part_period_is_read_from_its_comment() {
    let catalogue = Catalogue::bundled().expect("the bundled editions");
    let returns = returns(&catalogue, "2020-21");
    let observations = returns.iter().flat_map(DataReturn::observations);
    let ends: Vec<String> = observations
        .filter_map(|observation| match observation.value {
            Observed::PartPeriod { end, .. } => Some(end.expect("an end").to_string()),
            _ => None,
        })
        .collect();
    assert_eq!(ends, vec!["2020-11-23"; 28]);
}
