//! A desk without a network and the service find the same in a file, byte for byte.

use std::process::Output;

use serde_json::Value;

use crate::running::{Up, up_with};
use crate::support::{json, printed, repository, samples};

/// Whose files they are.
const AUTHORITY: &str = "W06000012";

/// In which findings are worded.
const LANGUAGES: [&str; 2] = ["en", "cy"];

/// What a check says, and what it exits with.
fn check(up: &Up, edition: &str, file: &str, more: &[&str]) -> (Output, Option<Value>) {
    let words = ["return", "check", file, "--edition", edition, "--json"];
    let output = up.ask(
        &format!("{AUTHORITY}-submitter"),
        &[&words[..], more].concat(),
    );
    let report = serde_json::from_str(&printed(&output)).ok();
    (output, report)
}

#[test]
fn every_file_has_the_same_findings_here_and_by_the_service() {
    let data = tempfile::tempdir().expect("a folder");
    let bad = repository("tests/data/bad");
    let edition = bad.join("catalogue");
    let edition = edition.to_str().expect("a path");
    let up = up_with(data.path(), &["--edition", edition]);
    let expected = json(&bad.join("expected.json"));
    let mut compared = 0;
    for file in expected["files"].as_array().expect("files") {
        let file = bad.join(file["file"].as_str().expect("a name"));
        let file = file.to_str().expect("a path");
        // Every other file in Welsh: both languages are worded in one place.
        let language = ["--language", LANGUAGES[compared % LANGUAGES.len()]];
        let (here, report) = check(&up, edition, file, &language);
        // A file that names no authority is no return that a service could be asked about.
        if report.expect("a report")["authority"] != AUTHORITY {
            continue;
        }
        let (there, _) = check(&up, edition, file, &[&language[..], &["--server"]].concat());
        assert_eq!(printed(&here), printed(&there), "{file}");
        assert_eq!(here.status.code(), there.status.code(), "{file}");
        compared += 1;
    }
    assert!(compared > 30, "{compared}");
    let sample = samples("2020-21").join(format!("{AUTHORITY}.csv"));
    let sample = sample.to_str().expect("a path");
    let (here, _) = check(&up, "pif/2020-21", sample, &[]);
    let (there, _) = check(&up, "pif/2020-21", sample, &["--server"]);
    assert_eq!(printed(&here), printed(&there));
}
