//! `mesur catalogue`: faults with their place, and comparisons for machines.

use std::fs;

use serde_json::Value;

use crate::support::{mesur, printed, repository};

#[test]
fn faults_are_told_with_file_row_and_column() {
    let folder = tempfile::tempdir().expect("a folder");
    for name in ["metrics.csv", "categories.csv", "rules.csv"] {
        let from = repository("tests/data/bad/catalogue").join(name);
        fs::copy(from, folder.path().join(name)).expect("a copy");
    }
    let check = || {
        let mut command = mesur();
        command.args(["catalogue", "check"]).arg(folder.path());
        command.output().expect("the command runs")
    };
    assert!(check().status.success());
    let rules = folder.path().join("rules.csv");
    let text = fs::read_to_string(&rules).expect("rules");
    fs::write(
        &rules,
        text.replacen("AD/005-based,subset", "AD/005-based,subsets", 1),
    )
    .expect("rules");
    let output = check();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        printed(&output).contains("rules.csv:5 [kind]"),
        "{}",
        printed(&output)
    );
}

#[test]
fn a_comparison_of_two_years_is_json() {
    let output = mesur()
        .args(["catalogue", "compare", "pif/2020-21", "pif/2022-23"])
        .output()
        .expect("the command runs");
    let comparison: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let metrics = comparison["metrics"].as_array().expect("metrics");
    let removed = |item: &Value| item["code"] == "CH/058" && item["difference"] == "removed";
    assert!(metrics.iter().any(removed));
    assert_eq!(
        comparison["printed_changes"].as_array().map(Vec::len),
        Some(29)
    );
}

#[test]
fn a_template_that_could_not_be_compiled_is_a_fault() {
    let folder = tempfile::tempdir().expect("a folder");
    let bundled = repository("crates/catalogue/editions/pif/2022-23");
    for entry in fs::read_dir(bundled).expect("the edition") {
        let path = entry.expect("an entry").path();
        fs::copy(&path, folder.path().join(path.file_name().expect("a name"))).expect("a copy");
    }
    let templates = folder.path().join("release.en.ftl");
    let text = fs::read_to_string(&templates).expect("templates");
    let lines = text.lines().count();
    fs::write(&templates, text + "lost = See { nowhere }\n").expect("templates");
    let mut command = mesur();
    command.args(["catalogue", "check"]).arg(folder.path());
    let output = command.output().expect("the command runs");
    assert_eq!(output.status.code(), Some(1));
    let place = format!("release.en.ftl:{}: ", lines + 1);
    assert!(printed(&output).starts_with(&place), "{}", printed(&output));
}

#[test]
fn nothing_changed_between_an_edition_and_itself() {
    let output = mesur()
        .args(["catalogue", "compare", "pif/2022-23", "pif/2022-23"])
        .output()
        .expect("the command runs");
    let comparison: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    for list in ["metrics", "categories", "rules", "printed_changes"] {
        assert_eq!(comparison[list], Value::Array(Vec::new()), "{list}");
    }
}
