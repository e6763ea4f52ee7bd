//! `docs/limits.md` says of every limit what the code says, and names a test that is there.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// A row of the page.
struct Row {
    limit: String,
    value: String,
    constant: (String, String),
    test: (String, String),
}

/// `crates/a/src/b.rs: NAME`.
fn place(text: &str) -> (String, String) {
    let (path, name) = text
        .split_once(": ")
        .unwrap_or_else(|| panic!("{text:?} is no path and name"));
    (path.to_owned(), name.to_owned())
}

fn rows() -> Vec<Row> {
    let page = read("docs/limits.md");
    let rows = page.lines().filter(|line| line.contains(".rs: "));
    let rows = rows.map(|line| {
        let fields: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [limit, value, _, constant, test] = fields.as_slice() else {
            panic!("{line:?} has other columns");
        };
        Row {
            limit: (*limit).to_owned(),
            value: (*value).to_owned(),
            constant: place(constant),
            test: place(test),
        }
    });
    rows.collect()
}

/// A value as the page has it, in its smallest unit: bytes, milliseconds, or pieces.
fn told(text: &str) -> u128 {
    let (number, unit) = text.split_once(' ').unwrap_or((text, ""));
    let number: u128 = number.replace(',', "").parse().expect(text);
    number
        * match unit {
            "" | "characters" => 1,
            "KiB" => 1024,
            "MiB" => 1024 * 1024,
            "s" => 1_000,
            "min" => 60_000,
            other => panic!("{other:?} is no unit of this page"),
        }
}

/// The value of an expression of the code: a product of numbers, or a duration.
fn worked_out(expression: &str) -> u128 {
    let number = |text: &str| -> u128 {
        let text = text.trim().replace('_', "");
        text.parse().unwrap_or_else(|_| panic!("{expression:?}"))
    };
    for (start, unit) in [
        ("Duration::from_secs(", Duration::from_secs(1)),
        ("Duration::from_mins(", Duration::from_mins(1)),
        ("Duration::from_millis(", Duration::from_millis(1)),
    ] {
        if let Some(rest) = expression.strip_prefix(start) {
            return number(rest.trim_end_matches(')')) * unit.as_millis();
        }
    }
    expression.split('*').map(number).product()
}

/// What a constant, or the default of a field, is in a file.
fn in_code(path: &str, name: &str) -> u128 {
    let text = read(path);
    let missing = || panic!("{path} has no {name}");
    if let Some((field, part)) = name.split_once('.') {
        // A field of a field: `identity_rate: Some(Rate { per_second: …, … })`.
        let found = text.find(&format!("{field}: Some("));
        let rest = &text[found.unwrap_or_else(missing)..];
        let found = rest.find(&format!("{part}: "));
        return after(&rest[found.unwrap_or_else(missing)..], ": ", ",");
    }
    if name.chars().all(|c| c.is_ascii_uppercase() || c == '_') {
        let found = text.find(&format!("const {name}: "));
        return after(&text[found.unwrap_or_else(missing)..], " = ", ";");
    }
    let defaults = text.find("fn default()").unwrap_or_else(missing);
    let rest = &text[defaults..];
    let found = rest.find(&format!(" {name}: "));
    after(&rest[found.unwrap_or_else(missing)..], ": ", ",")
}

/// The value between two signs.
fn after(text: &str, start: &str, end: &str) -> u128 {
    let rest = text.split_once(start).expect(start).1;
    worked_out(rest.split_once(end).expect(end).0.trim())
}

#[test]
fn every_limit_of_the_page_is_that_of_the_code() {
    let rows = rows();
    assert!(rows.len() > 50, "{}", rows.len());
    for Row {
        limit,
        value,
        constant: (path, name),
        ..
    } in rows
    {
        assert_eq!(
            told(&value),
            in_code(&path, &name),
            "{limit}: {path}: {name}"
        );
    }
}

#[test]
fn every_test_that_the_page_names_is_there() {
    for row in rows() {
        let (path, name) = row.test;
        let found = read(&path).contains(&format!("fn {name}("));
        assert!(found, "{}: {path} has no {name}", row.limit);
    }
}

/// A new field of the limits of a server stands on the page.
#[test]
fn every_limit_of_a_server_stands_on_the_page() {
    let page = read("docs/limits.md");
    let text = read("crates/rpc/src/server/limits.rs");
    let fields = text
        .split_once("pub struct Limits {")
        .expect("the limits")
        .1;
    let fields = fields.split_once("\n}").expect("their end").0;
    let names = fields.lines().filter_map(|line| {
        let name = line.trim().strip_prefix("pub ")?;
        Some(name.split_once(':')?.0)
    });
    for name in names.filter(|name| *name != "limit_loopback") {
        assert!(
            page.contains(&format!(": {name}")),
            "{name} is not on the page"
        );
    }
}
