//! `mesur return check`: every broken file, with the exit code that it asks for.

use serde_json::Value;

use crate::support::{complained, json, mesur, printed, repository, samples};

fn bad(file: &str) -> std::path::PathBuf {
    repository("tests/data/bad").join(file)
}

/// Whether a finding is the one that is due. What is empty does not stand in the JSON of a message.
fn is_due(name: &str, due: &Value, finding: &Value) -> bool {
    let said = |key: &str| finding[key].as_str().unwrap_or_default();
    let same = |key: &str| due[key].as_str().is_none_or(|text| said(key) == text);
    let severity = due["severity"].as_str().map(str::to_uppercase);
    let line = due["line"].as_u64().map(|line| format!("line {line}"));
    let column = due["column"].as_str().unwrap_or_default();
    // The finding of 02 may stand on the total or on the category.
    let place = name.starts_with("02")
        || (line.is_none_or(|line| said("place") == line) && same("category"));
    place
        && same("kind")
        && same("metric")
        && same("rule")
        && severity.is_none_or(|severity| said("severity") == severity)
        && due["value"]
            .as_str()
            .is_none_or(|value| said("found") == value)
        && said("message").contains(column)
}

#[test]
fn every_broken_file_gets_its_findings_and_its_exit_code() {
    let expected = json(&bad("expected.json"));
    let files = expected["files"].as_array().expect("files");
    assert_eq!(files.len(), 63);
    let unreadable = [
        "empty_file",
        "encoding",
        "nul_byte",
        "columns",
        "delimiter",
        "malformed_csv",
    ];
    for file in files {
        let name = file["file"].as_str().expect("a name");
        let mut command = mesur();
        command
            .args(["return", "check", "--json", "--edition"])
            .arg(bad("catalogue"));
        command
            .arg("--previous")
            .arg(bad("previous.csv"))
            .arg(bad(name));
        let output = command.output().expect("the command runs");
        let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        assert_eq!(report["accepted"], file["accepted"], "{name}");
        let findings = report["findings"].as_array().expect("findings");
        for due in file["findings"].as_array().expect("findings") {
            let found = findings.iter().any(|finding| is_due(name, due, finding));
            assert!(found, "{name}: {due} in {findings:#?}");
        }
        let mut kinds = file["findings"].as_array().into_iter().flatten();
        let whole =
            kinds.any(|finding| unreadable.contains(&finding["kind"].as_str().expect("a kind")));
        let code = match (file["accepted"].as_bool(), whole) {
            (Some(true), _) => 0,
            (_, true) => 2,
            (_, false) => 1,
        };
        assert_eq!(output.status.code(), Some(code), "{name}");
    }
}

#[test]
fn findings_are_told_in_both_languages_with_their_place() {
    for (language, words) in [("en", "Rule"), ("cy", "Rheol")] {
        let mut command = mesur();
        command.args(["return", "check", "--language", language, "--edition"]);
        command
            .arg(bad("catalogue"))
            .arg(bad("04-category-above-total.csv"));
        let output = command.output().expect("the command runs");
        let table = printed(&output);
        assert!(
            table.contains("AD/023[e]") && table.contains("23"),
            "{table}"
        );
        assert!(
            table.contains(words) && table.contains("AD/023-e-within"),
            "{table}"
        );
    }
}

#[test]
fn what_cannot_be_checked_at_all_is_said_and_exits_with_2() {
    let sample = samples("2022-23").join("W06000003.csv");
    for (edition, file, said) in [
        ("pif/2022-23", bad("no-such-file.csv"), "no-such-file.csv"),
        ("pif/1999-00", sample.clone(), "pif/2022-23"),
    ] {
        let mut command = mesur();
        command
            .args(["return", "check", "--edition", edition])
            .arg(file);
        let output = command.output().expect("the command runs");
        assert_eq!(output.status.code(), Some(2));
        assert!(
            complained(&output).contains(said),
            "{}",
            complained(&output)
        );
    }
    for (previous, said) in [
        (samples("2020-21").join("W06000010.csv"), "W06000010"),
        (sample.clone(), "not before"),
        (bad("47-utf-16.csv"), "47-utf-16.csv"),
    ] {
        let mut command = mesur();
        command.args(["return", "check", "--edition", "pif/2022-23", "--previous"]);
        command.arg(previous).arg(&sample);
        let output = command.output().expect("the command runs");
        assert_eq!(output.status.code(), Some(2), "{said}");
        let complaint = complained(&output);
        assert!(complaint.contains(said), "{complaint}");
    }
}
