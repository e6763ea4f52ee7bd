//! What the scenario files do not reach: limits, metrics with decimals, the year just before.
#![expect(clippy::expect_used, reason = "a test says what it needs")]

use std::fs;
use std::path::Path;
use std::sync::Arc;

use mesur_catalogue::{AuthorityCode, Catalogue, CellRef, Edition, EditionName, Period};
use mesur_returns::{FILE_BYTES_MAX, FileCheck, Previous, PreviousValue, check_file, rows_max};

const BAD: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/data/bad");
const SAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../mesur/samples");

fn kinds(checked: &FileCheck) -> Vec<&str> {
    let findings = checked.findings.iter();
    findings.map(|finding| finding.kind.as_str()).collect()
}

fn bundled() -> (Catalogue, Arc<Edition>) {
    let catalogue = Catalogue::bundled().expect("the bundled editions");
    let name = EditionName::parse("pif/2022-23").expect("a name");
    let edition = Arc::clone(catalogue.get(&name).expect("an edition"));
    (catalogue, edition)
}

/// The cut-down edition with one decimal in every metric.
fn with_decimals() -> (Catalogue, Arc<Edition>) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("edition-with-decimals");
    fs::create_dir_all(&folder).expect("a folder");
    for name in ["metrics.csv", "categories.csv", "rules.csv"] {
        let text = fs::read(Path::new(BAD).join("catalogue").join(name)).expect("a table");
        fs::write(folder.join(name), text).expect("a copy");
    }
    fs::write(folder.join("edition.toml"), "decimals = 1\n").expect("settings");
    let mut catalogue = Catalogue::bundled().expect("the bundled editions");
    let edition = catalogue.add_folder(&folder).expect("an edition");
    (catalogue, edition)
}

#[test]
fn a_file_beyond_the_limits_is_refused_as_a_whole() {
    let (catalogue, edition) = bundled();
    let check = |bytes: &[u8]| check_file(bytes, &edition, &catalogue, None);
    let large = check(&vec![b'x'; FILE_BYTES_MAX + 1]);
    assert_eq!(kinds(&large), ["file_too_large"]);
    assert_eq!(large.findings[0].found.as_deref(), Some("17 MiB"));
    let header = "authority,edition,metric,category,value,status,comment\n";
    let rows = "W06000012,2022-23,AD/999,,1,provided,\n";
    let most = check(format!("{header}{}", rows.repeat(rows_max(&edition))).as_bytes());
    assert!(most.is_readable());
    let more = check(format!("{header}{}", rows.repeat(rows_max(&edition) + 1)).as_bytes());
    assert_eq!(kinds(&more), ["too_many_rows"]);
}

#[test]
fn metrics_with_decimals_are_exact() {
    let (catalogue, edition) = with_decimals();
    let good = fs::read_to_string(Path::new(BAD).join("00-good.csv")).expect("a file");
    let check = |value: &str| {
        let text = good.replace(",AD/005,,3400,", &format!(",AD/005,,{value},"));
        check_file(text.as_bytes(), &edition, &catalogue, None)
    };
    assert!(kinds(&check("3400.0")).is_empty());
    assert_eq!(kinds(&check("3400.25")), ["too_many_decimals"]);
    let less = check("3399.9");
    assert_eq!(kinds(&less), ["sum_mismatch", "same_total"]);
    assert_eq!(less.findings[0].expected.as_deref(), Some("3400"));
    assert_eq!(less.findings[0].found.as_deref(), Some("3399.9"));
}

#[test]
fn a_stock_is_compared_with_the_year_just_before_and_no_other() {
    let (catalogue, edition) = bundled();
    let path = Path::new(SAMPLES).join("2022-23/W06000015.csv");
    let bytes = fs::read(path).expect("a file");
    let authority = AuthorityCode::parse("W06000015").expect("a code");
    let stock = CellRef::parse("CH/026[a]").expect("a cell");
    let far = PreviousValue {
        value: 1_000_000,
        decimals: 0,
    };
    for (period, due) in [("2021-22", true), ("2020-21", false), ("2023-24", false)] {
        let previous = Previous {
            authority: authority.clone(),
            period: Period::parse(period).expect("a period"),
            values: [(stock.clone(), far)].into_iter().collect(),
        };
        let findings = check_file(&bytes, &edition, &catalogue, Some(&previous)).findings;
        let rules = findings
            .iter()
            .filter_map(|finding| finding.rule.as_deref());
        assert_eq!(
            rules.filter(|rule| *rule == "CPR-stock").count() == 1,
            due,
            "{period}"
        );
    }
}
