//! `docs/errors.md` has a heading for every stable reason, and for nothing else.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Where errors are told: the services, and the crate that makes statuses.
const SOURCES: [&str; 6] = [
    "services/aggregation/src",
    "services/publication/src",
    "services/submission/src",
    "services/validation/src",
    "crates/rpc/src",
    "crates/wire/src",
];

/// Texts of the same form that are no reasons: the log names signals so.
const SIGNALS: [&str; 2] = ["SIGINT", "SIGTERM"];

/// Shorter texts are codes of something else.
const REASON_CHARS_MIN: usize = 5;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every Rust file under a folder that is not a test.
fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let is_rust = path.extension().is_some_and(|extension| extension == "rs");
        let is_test = path.file_name().is_some_and(|name| name == "tests.rs");
        if path.is_dir() {
            files(&path, found);
        } else if is_rust && !is_test {
            found.push(path);
        }
    }
}

fn is_reason(text: &str) -> bool {
    let form = |c: char| c.is_ascii_uppercase() || c == '_';
    text.len() >= REASON_CHARS_MIN && text.chars().all(form) && !SIGNALS.contains(&text)
}

/// The upper-snake string literals of the sources: each is a reason.
fn reasons_of_code(folder: &str) -> BTreeSet<String> {
    let mut paths = Vec::new();
    files(&root().join(folder), &mut paths);
    let mut found = BTreeSet::new();
    for path in paths {
        let text = fs::read_to_string(&path).expect("a file");
        let code = text
            .split("#[cfg(test)]\nmod tests {")
            .next()
            .unwrap_or_default();
        // A name of a code of gRPC, beside its code, is no reason.
        let passed_over = ["//", "Code::"];
        for line in code.lines().filter(|line| {
            !passed_over
                .iter()
                .any(|one| line.trim_start().starts_with(one))
        }) {
            let literals = line.split('"').skip(1).step_by(2);
            found.extend(literals.filter(|text| is_reason(text)).map(str::to_owned));
        }
    }
    found
}

fn headings() -> Vec<String> {
    let text = fs::read_to_string(root().join("docs/errors.md")).expect("the document");
    let headings = text.lines().filter_map(|line| line.strip_prefix("### "));
    headings.map(str::to_owned).collect()
}

#[test]
fn every_reason_has_a_heading_in_the_document_and_every_heading_is_a_reason() {
    let mut told = BTreeSet::new();
    for folder in SOURCES {
        let reasons = reasons_of_code(folder);
        // A scan that finds nothing would agree with a document that says nothing.
        let known = match folder {
            "crates/rpc/src" => "REQUEST_ID_INVALID",
            "crates/wire/src" => "INVALID_OBSERVATION",
            _ => "STORE",
        };
        assert!(
            reasons.contains(known),
            "{folder} has not {known}: {reasons:?}"
        );
        told.extend(reasons);
    }
    let headings = headings();
    let documented: BTreeSet<String> = headings.iter().cloned().collect();
    assert_eq!(documented.len(), headings.len(), "a heading stands twice");
    let missing: Vec<_> = told.difference(&documented).collect();
    let stale: Vec<_> = documented.difference(&told).collect();
    assert!(
        missing.is_empty(),
        "without a heading in docs/errors.md: {missing:?}"
    );
    assert!(
        stale.is_empty(),
        "headings of docs/errors.md that no service tells: {stale:?}"
    );
}
