//! Random returns: the rules against a slow reference that reads the table's text itself, and the
//! reader against arbitrary bytes.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test says what it needs"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, LazyLock};

use mesur_catalogue::{AuthorityCode, Catalogue, Edition};
use mesur_returns::{Finding, Previous, RawObservation, RawValue, assemble, check, check_file};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

const FOLDER: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../tests/data/bad/catalogue"
);

static CATALOGUE: LazyLock<(Catalogue, Arc<Edition>)> = LazyLock::new(|| {
    let mut catalogue = Catalogue::bundled().expect("the bundled editions");
    let edition = catalogue.add_folder(Path::new(FOLDER)).expect("an edition");
    (catalogue, edition)
});

static RULES: LazyLock<Vec<BTreeMap<String, String>>> = LazyLock::new(|| {
    let mut reader = csv::Reader::from_path(Path::new(FOLDER).join("rules.csv")).expect("rules");
    reader
        .deserialize()
        .map(|row| row.expect("a row"))
        .collect()
});

/// A cell as it is drawn: status and value.
type Drawn = (&'static str, i64);

fn drawn() -> impl Strategy<Value = Drawn> {
    let value = prop_oneof![
        8 => 0_i64..60,
        2 => 0_i64..400,
        // Round numbers meet thresholds exactly.
        6 => (0_i64..9).prop_map(|hundreds| hundreds * 100),
        3 => (0_i64..12).prop_map(|tens| tens * 10),
        1 => -3_i64..0,
        1 => 9_999_990_i64..10_000_010,
        1 => any::<i64>(),
    ];
    let status = prop_oneof![
        12 => Just("provided"),
        2 => Just("part_period"),
        1 => Just("not_provided"),
        1 => Just("not_applicable"),
    ];
    (status, value)
}

fn has_value(status: &str) -> bool {
    matches!(status, "provided" | "part_period")
}

/// Names of the cells that are there and sound, with their values, prefix and all.
fn values(cells: &[(String, Drawn)], prefix: &str, bounded: bool) -> BTreeMap<String, i128> {
    let mut values = BTreeMap::new();
    for (name, (status, value)) in cells {
        let sound = !bounded || (0..=10_000_000).contains(value);
        if *status == "not_applicable" {
            values.insert(format!("{prefix}{name}"), 0);
        } else if has_value(status) && sound {
            values.insert(format!("{prefix}{name}"), i128::from(*value));
        }
    }
    values
}

fn sum(text: &str, values: &BTreeMap<String, i128>) -> Option<i128> {
    let mut sign = 1;
    let mut sum = 0;
    for token in text.split(' ') {
        match token {
            "+" => sign = 1,
            "-" => sign = -1,
            name => sum += sign * values.get(name)?,
        }
    }
    Some(sum)
}

/// Whether a rule is broken, straight from the description of the table.
fn is_broken(rule: &BTreeMap<String, String>, values: &BTreeMap<String, i128>) -> Option<bool> {
    let number = |text: &str| {
        text.trim_end_matches('%')
            .parse::<i128>()
            .expect("a number")
    };
    if rule["operator"] == "in" {
        let (part, base) = rule["left"].split_once(" / ").expect("a rate");
        let (part, base) = (sum(part, values)?, sum(base, values)?);
        let (low, high) = rule["right"].split_once('-').expect("bounds");
        return Some(match base {
            0 => part != 0,
            _ => 100 * part < number(low) * base || 100 * part > number(high) * base,
        });
    }
    let (left, right) = (sum(&rule["left"], values)?, sum(&rule["right"], values)?);
    let gap = (left - right).abs();
    Some(match rule["operator"].as_str() {
        "=" => left != right,
        "<=" => left > right,
        ">=" => left < right,
        _ => match rule["threshold"].split_once(',') {
            Some((percent, count)) => {
                100 * gap > number(percent) * right.abs() && gap > number(count)
            }
            None => 100 * gap > number(&rule["threshold"]) * left.abs().max(right.abs()),
        },
    })
}

fn reference(cells: &[(String, Drawn)], earlier: &[(String, Drawn)]) -> BTreeSet<String> {
    let mut known = values(cells, "", true);
    known.extend(values(earlier, "prev:", false));
    let mut broken = BTreeSet::new();
    for (name, (_, value)) in cells.iter().filter(|(_, (status, _))| has_value(status)) {
        if *value < 0 {
            broken.insert(format!("ALL-count at {name}"));
        }
        if *value > 10_000_000 {
            broken.insert(format!("ALL-size at {name}"));
        }
    }
    for rule in RULES.iter().filter(|rule| rule["left"] != "*") {
        if is_broken(rule, &known) == Some(true) {
            let place = rule["left"].split(' ').next().unwrap_or_default();
            broken.insert(format!("{} at {place}", rule["rule_id"]));
        }
    }
    broken
}

fn found(findings: &[Finding]) -> BTreeSet<String> {
    let name = |finding: &Finding| {
        let rule = finding.rule.as_deref().unwrap_or(finding.kind.as_str());
        format!("{rule} at {}", finding.cells[0])
    };
    findings.iter().map(name).collect()
}

/// An earlier file that names the edition's own codes.
fn earlier_file(cells: &[(String, Drawn)]) -> String {
    let header = "authority,edition,metric,category,value,status,comment".to_owned();
    let rows = cells.iter().map(|(name, (status, value))| {
        let (metric, category) = name.split_once('[').unwrap_or((name, ""));
        let category = category.trim_end_matches(']');
        format!("W06000012,2020-21,{metric},{category},{value},{status},why")
    });
    std::iter::once(header)
        .chain(rows)
        .collect::<Vec<_>>()
        .join("\n")
}

fn named(drawn: Vec<Drawn>) -> Vec<(String, Drawn)> {
    let cells = CATALOGUE.1.cells().iter();
    cells
        .map(|cell| cell.reference.to_string())
        .zip(drawn)
        .collect()
}

fn rows(cells: &[(String, Drawn)]) -> Vec<RawObservation<'static>> {
    let references = CATALOGUE.1.cells().iter().map(|cell| &cell.reference);
    let rows = references
        .zip(cells)
        .map(|(reference, (_, (status, value)))| RawObservation {
            metric: reference.metric.as_str().into(),
            category: reference.category_str().into(),
            value: has_value(status).then_some(RawValue::Scaled(*value)),
            status: (*status).into(),
            comment: "why".into(),
            ..RawObservation::default()
        });
    rows.collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, rng_seed: RngSeed::Fixed(22), ..ProptestConfig::default() })]

    #[test]
    fn rules_find_what_a_slow_reference_finds(
        cells in proptest::collection::vec(drawn(), 38),
        earlier in proptest::collection::vec(drawn(), 38),
    ) {
        let (catalogue, edition) = &*CATALOGUE;
        prop_assert_eq!(edition.cells().len(), 38);
        let (cells, earlier) = (named(cells), named(earlier));
        let authority = AuthorityCode::parse("W06000012").expect("a code");
        let assembly = assemble(edition, catalogue, &authority, rows(&cells));
        prop_assert_eq!(&assembly.findings, &vec![]);
        let previous = Previous::read_file(earlier_file(&earlier).as_bytes(), edition).expect("values");
        let findings = check(edition, &assembly.cells, Some(&previous));
        prop_assert_eq!(found(&findings), reference(&cells, &earlier));
        prop_assert_eq!(found(&findings).len(), findings.len());
    }

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let (catalogue, edition) = &*CATALOGUE;
        let checked = check_file(&bytes, edition, catalogue, None);
        prop_assert!(!checked.is_accepted());
        prop_assert!(!checked.findings.is_empty());
    }

    #[test]
    fn no_text_in_the_shape_of_a_return_makes_the_reader_panic(
        rows in "(W06000012|W0600001[23])?,(2022-23)?,(AD/00[45][ab]?|=|\"),[ab]?,[0-9.\" -]{0,4},(provided)?,[^\\PC\n]{0,9}(\r|\n|\r\n)",
    ) {
        let (catalogue, edition) = &*CATALOGUE;
        let text = format!("authority,edition,metric,category,value,status,comment\n{rows}{rows}");
        prop_assert!(!check_file(text.as_bytes(), edition, catalogue, None).findings.is_empty());
        let _ = Previous::read_file(text.as_bytes(), edition);
    }
}
