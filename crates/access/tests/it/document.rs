//! The table in `docs/permissions.md` is the table of the code.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

use mesur_access::table::{ROWS, Row, releases_seen, returns_seen};
use mesur_access::{ReleaseState, ReturnState, Role, Rules, Scope, States};

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

fn words<S: Copy>(states: &[S], word: fn(S) -> &'static str) -> String {
    let words: Vec<_> = states.iter().map(|state| word(*state)).collect();
    words.join(", ")
}

/// What a method does in which states, and where that leads.
fn rules<S: Copy>(rules: Rules<S>, word: fn(S) -> &'static str) -> String {
    let rules = rules.0.iter().map(|rule| {
        let from = words(rule.from, word);
        match rule.to {
            Some(to) => format!("{from} → {}", word(to)),
            None => from,
        }
    });
    rules.collect::<Vec<_>>().join("; ")
}

fn line(method: &str, Row { who: row, states }: Row) -> String {
    let everybody = if row.public { "all" } else { "" };
    let states = match states {
        States::Any => "any".to_owned(),
        States::Return(of) => format!("return: {}", rules(of, ReturnState::word)),
        States::Release(of) => format!("release: {}", rules(of, ReleaseState::word)),
    };
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
        &states,
    ];
    format!("| `{method}` | {} |\n", cells.join(" | "))
        .replace("|  |", "| |")
        .replace("|  |", "| |")
}

fn seen() -> String {
    let mut text = String::from(
        "\n### What is there for whom\n\n| role | a return that is | a release that is |\n\
         | --- | --- | --- |\n",
    );
    let mut row = |name: &str, returns: &[ReturnState], releases: &[ReleaseState]| {
        let (returns, releases) = (
            words(returns, ReturnState::word),
            words(releases, ReleaseState::word),
        );
        text += &format!("| {name} | {returns} | {releases} |\n")
            .replace("|  |", "| |")
            .replace("|  |", "| |");
    };
    row("everybody", &[], releases_seen(None));
    for name in [
        "submitter/W06000003",
        "approver/W06000003",
        "supplier",
        "statistician",
        "publisher",
        "reader",
        "operator",
        "service",
    ] {
        let role = Role::parse(name).expect("a role");
        let word = name.split('/').next().unwrap_or_default();
        row(word, returns_seen(&role), releases_seen(Some(&role)));
    }
    text
}

fn tables() -> String {
    let mut text = seen();
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
                 statistician | publisher | reader | operator | service | states |\n\
                 | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n"
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
