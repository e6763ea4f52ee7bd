//! Disclosure policies as an edition writes them.
#![expect(clippy::expect_used, reason = "a test says what it needs")]

use std::fs;
use std::path::Path;
use std::sync::Arc;

use mesur_catalogue::{Catalogue, DisclosurePolicy, Edition, Error, SmallValues};

const METRICS_HEADER: &str = "edition,code,code_status,family,population,title_en,title_status,\
title_source,title_cy,period,period_status,unit,answer,has_total,based_on,based_on_status,\
in_release,in_release_status,published,published_status,note,disclosure\n";

/// An edition with three metrics that name policies, or its faults as file, row and column.
fn load(settings: &str, named: [&str; 3]) -> Result<Arc<Edition>, Vec<String>> {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |file: &str, text: &str| {
        fs::write(Path::new(folder.path()).join(file), text).expect("a file written");
    };
    write(
        "edition.toml",
        &format!("collection = \"water\"\nperiod = \"2031\"\n{settings}"),
    );
    let rows = named.iter().enumerate().map(|(place, policy)| {
        format!(
            "2031,WA/{place},printed,WA,homes,Title,printed,,,during_year,printed,m3,none,yes,,,,,\
             yes,printed,,{policy}\n"
        )
    });
    write(
        "metrics.csv",
        &(METRICS_HEADER.to_owned() + &rows.collect::<String>()),
    );
    match Catalogue::default().add_folder(folder.path()) {
        Ok(edition) => Ok(edition),
        Err(Error::Faults { source, .. }) => {
            let place = |fault: &mesur_catalogue::Fault| {
                format!("{}:{}:{}", fault.file, fault.row, fault.column)
            };
            Err(source.0.iter().map(place).collect())
        }
        Err(error) => panic!("{error}"),
    }
}

fn policies(edition: &Edition) -> Vec<Option<&str>> {
    let metrics = edition.metrics().iter();
    let policies = metrics.map(|metric| metric.disclosure.as_ref());
    policies
        .map(|policy| policy.map(|policy| policy.id.as_str()))
        .collect()
}

#[test]
fn a_metric_has_the_policy_that_it_names_or_that_of_its_edition_or_none() {
    let settings = "disclosure = \"round-5\"\n\
        [[disclosure_policy]]\nid = \"round-5\"\nthreshold = 5\nbase = 5\n\
        [[disclosure_policy]]\nid = \"suppress-3\"\nthreshold = 3\nbase = 3\ninterval_width = 1\n";
    let edition = load(settings, ["", "none", "suppress-3"]).expect("no faults");
    assert_eq!(
        policies(&edition),
        [Some("round-5"), None, Some("suppress-3")]
    );
    let expected = DisclosurePolicy {
        id: "round-5".to_owned(),
        threshold: 5,
        base: 5,
        small_values: SmallValues::Hidden,
        zero_hidden: false,
        interval_width: None,
    };
    assert_eq!(
        edition
            .metrics()
            .first()
            .and_then(|metric| metric.disclosure.as_deref()),
        Some(&expected)
    );
    for exact in ["", "disclosure = \"none\"\n"] {
        let edition = load(exact, ["", "none", ""]).expect("no faults");
        assert_eq!(policies(&edition), [None, None, None]);
    }
}

#[test]
fn a_threshold_and_a_base_may_be_so_large() {
    let largest = "disclosure = \"p\"\n[[disclosure_policy]]\nid = \"p\"\nthreshold = 1000000\n";
    load(largest, ["", "", ""]).expect("no faults");
    let rounded = format!("{largest}base = 1000000\n");
    load(&rounded, ["", "", ""]).expect("no faults");
    let faults = load(&format!("{largest}base = 1000001\n"), ["", "", ""]);
    assert_eq!(faults.expect_err("a fault"), ["edition.toml:7:base"]);
}

#[test]
fn a_policy_that_cannot_do_what_it_says_is_a_fault_with_its_place() {
    // The file's first three lines are the collection, the period and the default.
    for (policy, named, faults) in [
        (
            "id = \"p\"\nthreshold = 5",
            ["q", "p", "none"],
            vec!["metrics.csv:2:disclosure"],
        ),
        (
            "id = \"none\"\nthreshold = 5",
            ["", "", ""],
            vec!["edition.toml:3:disclosure", "edition.toml:5:id"],
        ),
        ("id = \"p\"", ["", "", ""], vec!["edition.toml:5:threshold"]),
        (
            "id = \"p\"\nthreshold = 2",
            ["", "", ""],
            vec!["edition.toml:5:threshold"],
        ),
        (
            "id = \"p\"\nthreshold = 1\nzero_hidden = true\nbase = 5",
            ["", "", ""],
            vec!["edition.toml:5:threshold"],
        ),
        (
            "id = \"p\"\nthreshold = 5\nbase = 0",
            ["", "", ""],
            vec!["edition.toml:7:base"],
        ),
        (
            "id = \"p\"\nthreshold = 1000001",
            ["", "", ""],
            vec!["edition.toml:6:threshold"],
        ),
        (
            "id = \"p\"\nthreshold = 5\nsmall_values = \"rounded\"",
            ["", "", ""],
            vec!["edition.toml:7:small_values"],
        ),
        (
            "id = \"p\"\nthreshold = 5\ninterval_width = 4",
            ["", "", ""],
            vec!["edition.toml:7:interval_width"],
        ),
        (
            "id = \"p\"\nthreshold = 5\n[[disclosure_policy]]\nid = \"p\"\nthreshold = 3",
            ["", "", ""],
            vec!["edition.toml:8:id"],
        ),
    ] {
        let settings = format!("disclosure = \"p\"\n[[disclosure_policy]]\n{policy}\n");
        assert_eq!(
            load(&settings, named).expect_err(policy),
            faults,
            "{policy}"
        );
    }
}
