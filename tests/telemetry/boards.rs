//! Dashboards, alerts and documents name what there is.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use mesur_telemetry::{Kind, Row, table};
use serde_json::Value;

/// What Prometheus tells of everything that it asks.
const FOREIGN: [&str; 1] = ["up"];
/// Words of the language of queries that stand where a name could.
const WORDS: [&str; 13] = [
    "and",
    "or",
    "unless",
    "by",
    "without",
    "on",
    "ignoring",
    "group_left",
    "group_right",
    "bool",
    "offset",
    "inf",
    "nan",
];

fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

fn read(path: &str) -> String {
    fs::read_to_string(repository(path)).expect("a file")
}

/// Every query of a dashboard.
fn queries(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match value.as_str() {
                    Some(query) if name == "expr" => found.push(query.to_owned()),
                    _ => queries(value, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| queries(item, found)),
        _ => {}
    }
}

/// An alert: its name, its query, and everything else that is said of it.
struct Alert {
    name: String,
    query: String,
    rest: String,
}

/// The alerts of the file of rules: each field of one is on a line of its own.
fn alerts() -> Vec<Alert> {
    let text = read("deploy/prometheus/alerts.yaml");
    let parts = text.split("- alert: ").skip(1);
    let alerts = parts.map(|part| {
        let (name, rest) = part.split_once('\n').expect("lines");
        let mut lines = rest.lines().map(str::trim);
        let query = lines.find_map(|line| line.strip_prefix("expr: "));
        Alert {
            name: name.trim().to_owned(),
            query: query.expect("a query").to_owned(),
            rest: rest.to_owned(),
        }
    });
    alerts.collect()
}

/// The names in a query that are of metrics, by their place: not before a parenthesis, not in braces or
/// brackets, not labels to group by.
fn metrics(query: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut rest = query;
    while let Some(c) = rest.chars().next() {
        let length = match c {
            '{' => rest.find('}').expect("closed") + 1,
            '[' => rest.find(']').expect("closed") + 1,
            '"' => rest[1..].find('"').expect("closed") + 2,
            '$' => 1 + word(&rest[1..]),
            c if c.is_ascii_digit() => word(rest),
            c if c.is_ascii_alphabetic() || c == '_' => {
                let name = &rest[..word(rest)];
                let after = rest[name.len()..].trim_start();
                if matches!(name, "by" | "without" | "on" | "ignoring") {
                    rest.find(')').expect("labels") + 1
                } else {
                    let is_function = ["(", "by ", "without "]
                        .iter()
                        .any(|sign| after.starts_with(sign));
                    if !is_function && !WORDS.contains(&name) {
                        names.insert(name.to_owned());
                    }
                    name.len()
                }
            }
            c => c.len_utf8(),
        };
        rest = &rest[length..];
    }
    names
}

fn word(text: &str) -> usize {
    let is_other = |c: char| !c.is_ascii_alphanumeric() && c != '_' && c != ':' && c != '.';
    text.find(is_other).unwrap_or(text.len())
}

fn is_known(name: &str) -> bool {
    let of = |row: &&Row| match row.kind {
        Kind::Histogram(_) => ["_bucket", "_sum", "_count"]
            .iter()
            .any(|part| name.strip_suffix(part) == Some(row.name)),
        Kind::Counter | Kind::Gauge => name == row.name,
    };
    FOREIGN.contains(&name) || table::ALL.iter().any(of)
}

#[test]
fn the_names_in_a_query_are_found_by_their_place() {
    let query = "sum by (method) (rate(mesur_calls_total{code=~\"a|b\"}[5m])) / on(x) up > 1.5e3 and mesr_x";
    let found: Vec<String> = metrics(query).into_iter().collect();
    assert_eq!(found, ["mesr_x", "mesur_calls_total", "up"]);
    assert!(!is_known("mesr_x") && !is_known("mesur_call_duration_seconds"));
}

#[test]
fn every_metric_of_a_dashboard_or_an_alert_is_in_the_table() {
    let mut all = Vec::new();
    for board in fs::read_dir(repository("deploy/grafana")).expect("dashboards") {
        let path = board.expect("a file").path();
        if path.extension().is_some_and(|kind| kind == "json") {
            let text = fs::read_to_string(&path).expect("a text");
            let board: Value = serde_json::from_str(&text).expect("JSON");
            let before = all.len();
            queries(&board, &mut all);
            assert!(all.len() > before + 3, "{} has queries", path.display());
        }
    }
    let alerts = alerts();
    assert!(alerts.len() > 8, "{} alerts", alerts.len());
    all.extend(alerts.into_iter().map(|alert| alert.query));
    for query in &all {
        let names = metrics(query);
        assert!(!names.is_empty(), "{query} asks for nothing");
        for name in names {
            assert!(is_known(&name), "{name} of {query} is no metric");
        }
    }
}

#[test]
fn every_alert_says_what_it_is_and_where_it_is_told_what_to_do() {
    let text = read("docs/alerts.md");
    let headings = text.lines().filter_map(|line| line.strip_prefix("## "));
    let headings: BTreeSet<&str> = headings.collect();
    let alerts = alerts();
    let names: BTreeSet<&str> = alerts.iter().map(|alert| alert.name.as_str()).collect();
    assert_eq!(
        names, headings,
        "an alert has a heading, and a heading an alert"
    );
    for alert in &alerts {
        let anchor = format!("docs/alerts.md#{}", alert.name.to_lowercase());
        for part in ["severity: ", "summary: ", "description: ", anchor.as_str()] {
            assert!(alert.rest.contains(part), "{} has no {part:?}", alert.name);
        }
    }
}

/// The table of metrics as the document has it.
fn document() -> String {
    let mut text =
        String::from("| metric | kind | labels | what it says |\n| --- | --- | --- | --- |\n");
    for row in table::ALL {
        let kind = match row.kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram(_) => "histogram",
        };
        let labels: Vec<String> = row
            .labels
            .iter()
            .map(|label| format!("`{label}`"))
            .collect();
        let (name, labels, help) = (row.name, labels.join(", "), row.help);
        let _ = writeln!(text, "| `{name}` | {kind} | {labels} | {help} |");
    }
    text
}

#[test]
fn the_document_has_the_table_of_metrics() {
    let path = repository("docs/observability.md");
    let text = fs::read_to_string(&path).expect("the document");
    let start = text.find("| metric | kind |").expect("a table");
    let length = text[start..]
        .find("\n\n")
        .map_or(text.len() - start, |end| end + 1);
    let written = &text[start..start + length];
    if std::env::var_os("UPDATE_DOCS").is_some() {
        let text = text.replace(written, &document());
        fs::write(path, text).expect("written");
        return;
    }
    assert_eq!(written, document(), "UPDATE_DOCS=1 writes it");
}

#[test]
fn names_are_in_base_units_and_each_is_there_once() {
    let names: BTreeSet<&str> = table::ALL.iter().map(|row| row.name).collect();
    assert_eq!(names.len(), table::ALL.len());
    for row in table::ALL {
        let is_counter = row.kind == Kind::Counter;
        assert_eq!(row.name.ends_with("_total"), is_counter, "{}", row.name);
        for unit in [
            "_ms",
            "_milliseconds",
            "_kilobytes",
            "_mb",
            "_percent",
            "_minutes",
        ] {
            assert!(!row.name.contains(unit), "{}", row.name);
        }
        assert!(row.help.ends_with('.'), "{}", row.name);
    }
}
