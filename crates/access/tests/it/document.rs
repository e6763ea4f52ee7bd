//! The table in `docs/permissions.md` is the table of the code.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

use mesur_access::Scope;
use mesur_access::table::{ROWS, Row};

/// Everything from here on is written by the test.
const HEADING: &str = "## The table\n";

fn cell(scope: Option<Scope>) -> &'static str {
    match scope {
        None => "",
        Some(Scope::Own) => "own",
        Some(Scope::Delegated) => "delegated",
        Some(Scope::All) => "all",
    }
}

fn line(method: &str, row: Row) -> String {
    let everybody = if row.public { "all" } else { "" };
    let cells = [
        everybody,
        cell(row.submitter),
        cell(row.approver),
        cell(row.supplier),
        cell(row.statistician),
        cell(row.publisher),
        cell(row.reader),
        cell(row.operator),
        cell(row.service),
    ];
    format!("| `{method}` | {} |\n", cells.join(" | "))
        .replace("|  |", "| |")
        .replace("|  |", "| |")
}

fn tables() -> String {
    let mut text = String::new();
    let mut last = "";
    for (path, row) in ROWS {
        let (service, method) = path
            .trim_start_matches('/')
            .split_once('/')
            .expect("a path");
        if service != last {
            let _ = write!(
                text,
                "\n### {service}\n\n| method | everybody | submitter | approver | supplier | \
                 statistician | publisher | reader | operator | service |\n\
                 | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n"
            );
            last = service;
        }
        text.push_str(&line(method, *row));
    }
    text
}

#[test]
fn the_document_has_the_table_of_the_code() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/permissions.md");
    let text = fs::read_to_string(&path).expect("the document");
    let (head, _) = text.split_once(HEADING).expect("the heading");
    let expected = format!("{head}{HEADING}{}", tables());
    if env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, &expected).expect("written");
    } else {
        assert!(
            text == expected,
            "docs/permissions.md is not what the table says: \
             UPDATE_DOCS=1 cargo test --package mesur-access --test it document"
        );
    }
}
