//! One return by the command alone, from the form to what changed after the sign-off.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::running::{Up, of_authority, up};
use crate::support::{mesur, rows, samples};

/// The return of the stories.
pub(crate) const RETURN: &str = "W06000003/pif-2022-23";
/// Who sends it.
pub(crate) const SUBMITTER: &str = "W06000003-submitter";
/// Who signs it.
pub(crate) const APPROVER: &str = "W06000003-approver";
const STATISTICIAN: &str = "statistician";
const FINDING: &str = "CH/012-rate-usual:CH/012";

/// Its file.
pub(crate) fn sample() -> String {
    let path = samples("2022-23").join("W06000003.csv");
    path.to_str().expect("a path").to_owned()
}

/// A form, filled in with the values of the sample as a person would.
fn filled_form(folder: &Path) -> String {
    let form = folder.join("form.csv");
    let mut command = mesur();
    command.args([
        "form",
        "--edition",
        "pif/2022-23",
        "--authority",
        "W06000003",
        "--out",
    ]);
    let made = command.arg(&form).status().expect("the command runs");
    assert!(made.success());
    let values: BTreeMap<(String, String), BTreeMap<String, String>> = rows(Path::new(&sample()))
        .into_iter()
        .map(|row| ((row["metric"].clone(), row["category"].clone()), row))
        .collect();
    let mut reader = csv::Reader::from_path(&form).expect("the form");
    let header = reader.headers().expect("a header").clone();
    let filled = folder.join("filled.csv");
    let mut writer = csv::Writer::from_path(&filled).expect("a file");
    writer.write_record(&header).expect("written");
    let mut count = 0;
    for record in reader.records() {
        let record = record.expect("a row");
        let at = |name: &str| header.iter().position(|column| column == name).expect(name);
        // A code that a spreadsheet would take for a figure has an apostrophe before it.
        let code = |name: &str| record[at(name)].trim_start_matches('\'').to_owned();
        let cell = (code("metric"), code("category"));
        let given = &values[&cell];
        let fields = record.iter().enumerate().map(|(place, field)| {
            let name = ["value", "status", "comment"]
                .into_iter()
                .find(|name| at(name) == place);
            name.map_or(field, |name| given[name].as_str())
        });
        writer.write_record(fields).expect("written");
        count += 1;
    }
    writer.flush().expect("written");
    assert_eq!(count, values.len());
    filled.to_str().expect("a path").to_owned()
}

/// A file with the row of one changed cell.
fn changed_cell(folder: &Path, from: &str, to: &str) -> String {
    let text = fs::read_to_string(sample()).expect("the sample");
    let header = text.lines().next().expect("a header");
    let row = text
        .lines()
        .find(|row| row.contains(from))
        .expect("the row");
    let path = folder.join("changed.csv");
    fs::write(&path, format!("{header}\n{}\n", row.replace(from, to))).expect("written");
    path.to_str().expect("a path").to_owned()
}

/// Waits for the report on a revision.
pub(crate) fn is_validated(up: &Up, revision: i64) {
    up.wait_for("W06000003", |line| {
        line["revision"] == revision && line["warning_count"] == 1
    });
}

/// Brings a filled form to the sign-off; gives the digest of what was signed.
fn signed_off(up: &Up, filled: &str) -> String {
    let checked = up.told(
        SUBMITTER,
        &["return", "check", filled, "--edition", "pif/2022-23"],
    );
    assert!(
        checked.contains("may be sent; 0 errors, 1 warning"),
        "{checked}"
    );

    let sent = up.json(SUBMITTER, &["return", "submit", filled, "--draft"]);
    assert_eq!(sent["data_return"]["state"], "DRAFT");
    let sent = up.json(SUBMITTER, &["return", "submit-draft", RETURN]);
    let digest = sent["receipt"]["digest"]
        .as_str()
        .expect("a digest")
        .to_owned();
    let families = sent["receipt"]["families"].as_array().expect("families");
    let counted = families
        .iter()
        .map(|family| family["row_count"].as_i64().expect("a count"));
    assert_eq!(counted.sum::<i64>(), 324);
    is_validated(
        up,
        sent["data_return"]["revision"].as_i64().expect("a number"),
    );

    let findings = up.json(SUBMITTER, &["findings", RETURN]);
    assert_eq!(findings["findings"][0]["id"], FINDING);
    let explain = [
        "finding",
        "explain",
        RETURN,
        FINDING,
        "--text",
        "Counted again, ŵ and ŷ too",
    ];
    assert!(
        up.told(SUBMITTER, &explain)
            .contains("Counted again, ŵ and ŷ too")
    );
    let findings = up.json(SUBMITTER, &["findings", RETURN]);
    assert_eq!(findings["findings"], serde_json::json!([]));
    let accepted = up.json(
        STATISTICIAN,
        &["finding", "accept", RETURN, FINDING, "--text", "Clear"],
    );
    assert_eq!(accepted["standing"], "ACCEPTED");

    let signed = up.told(APPROVER, &["return", "sign-off", RETURN]);
    assert!(
        signed.contains("signed off") && signed.contains(&digest),
        "{signed}"
    );
    let status = up.json(STATISTICIAN, &["status", "--edition", "pif/2022-23"]);
    assert_eq!(of_authority(&status, "W06000003")["value_count"], 320);
    digest
}

#[test]
fn a_return_goes_from_the_form_to_what_changed_after_its_sign_off() {
    let data = tempfile::tempdir().expect("a folder");
    let up = up(data.path());
    let filled = filled_form(data.path());
    let digest = signed_off(&up, &filled);

    let amended = changed_cell(data.path(), "AD/001,a,5798", "AD/001,a,5799");
    up.told(
        APPROVER,
        &["return", "reopen", RETURN, "--reason", "One contact more"],
    );
    let after = up.json(SUBMITTER, &["return", "amend", &amended]);
    let revision = after["data_return"]["revision"].as_i64().expect("a number");
    let (before, after) = (format!("{RETURN}/{}", revision - 1), revision.to_string());
    let compared = up.json(STATISTICIAN, &["return", "compare", &before, &after]);
    let differences = compared["differences"].as_array().expect("differences");
    let values: Vec<_> = differences
        .iter()
        .map(|cell| [cell["from"]["value"].as_str(), cell["to"]["value"].as_str()])
        .collect();
    assert_eq!(values, [[Some("5798"), Some("5799")]]);
    let revisions = up.json(APPROVER, &["return", "revisions", RETURN]);
    assert_eq!(revisions["revisions"][1]["state"], "REOPENED");
    assert_eq!(revisions["revisions"][1]["digest"], digest);
    is_validated(&up, revision);
    up.told(APPROVER, &["return", "sign-off", RETURN]);
    let remarks = up.json(STATISTICIAN, &["remarks", RETURN]);
    assert_eq!(remarks["remarks"].as_array().map(Vec::len), Some(2));
}

#[test]
fn what_is_shown_can_be_sent_again_as_every_kind_of_file() {
    let data = tempfile::tempdir().expect("a folder");
    let up = up(data.path());
    let sent = up.json(SUBMITTER, &["return", "submit", &sample()]);
    let digest = &sent["receipt"]["digest"];
    for kind in ["csv", "xlsx", "ods"] {
        let file = data.path().join(format!("shown.{kind}"));
        let file = file.to_str().expect("a path");
        up.told(
            SUBMITTER,
            &["return", "show", RETURN, "--revision", "1", "--out", file],
        );
        let again = up.json(SUBMITTER, &["return", "submit", file]);
        assert_eq!(&again["receipt"]["digest"], digest, "{kind}");
    }
    let form = data.path().join("form.ods");
    let form = form.to_str().expect("a path");
    let ask = [
        "form",
        "--edition",
        "pif/2022-23",
        "--authority",
        "W06000003",
        "--out",
        form,
    ];
    up.told(SUBMITTER, &[&ask[..], &["--server"]].concat());
    let again = up.json(SUBMITTER, &["return", "submit", form]);
    assert_eq!(&again["receipt"]["digest"], digest);
}

#[test]
fn a_query_goes_to_the_authority_and_back() {
    let data = tempfile::tempdir().expect("a folder");
    let up = up(data.path());
    up.told(SUBMITTER, &["return", "submit", &sample()]);
    is_validated(&up, 1);
    let raise = [
        "query",
        "raise",
        RETURN,
        "--cell",
        "AD/001[a]",
        "--text",
        "All teams?",
    ];
    let (code, told) = up.refused(STATISTICIAN, &raise);
    assert_eq!(code, Some(4));
    assert!(
        told.contains("NO_OPEN_ROUND") && told.contains("mesur query round"),
        "{told}"
    );
    up.told(
        STATISTICIAN,
        &[
            "query",
            "round",
            "--edition",
            "pif/2022-23",
            "--due",
            "2023-07-31",
        ],
    );
    let raised = up.json(STATISTICIAN, &raise);
    assert_eq!(raised["queries"][0]["state"], "OPEN");
    up.wait_for("W06000003", |line| line["state"] == "QUERIED");
    let query = format!("{RETURN}/1");
    let answered = up.told(
        SUBMITTER,
        &["query", "answer", &query, "--text", "All of them"],
    );
    assert!(
        answered.contains("All teams?") && answered.contains("All of them"),
        "{answered}"
    );
    up.told(
        STATISTICIAN,
        &["query", "accept", &query, "--text", "Clear"],
    );
    let list = up.json(STATISTICIAN, &["query", "list", "--state", "accepted"]);
    assert_eq!(
        list["queries"][0]["cells"],
        serde_json::json!(["AD/001[a]"])
    );
    let welsh = up.told(SUBMITTER, &["query", "list", RETURN, "--language", "cy"]);
    assert!(
        welsh.contains("ymholiad") && welsh.contains("derbyniwyd"),
        "{welsh}"
    );
}

#[test]
fn dates_delegations_and_marks_are_kept_with_who_made_them() {
    let data = tempfile::tempdir().expect("a folder");
    let up = up(data.path());
    let edition = ["--edition", "pif/2022-23"];
    let ask = |who: &str, words: &[&str]| up.json(who, &[words, &edition[..]].concat());
    ask(
        STATISTICIAN,
        &[
            "schedule",
            "set",
            "--due",
            "2023-06-30",
            "--reason",
            "As every year",
        ],
    );
    let extend = [
        "schedule",
        "extend",
        "--authority",
        "W06000003",
        "--until",
        "2023-07-07",
    ];
    ask(
        STATISTICIAN,
        &[&extend[..], &["--reason", "New system"]].concat(),
    );
    let schedule = ask(SUBMITTER, &["schedule", "show"]);
    assert_eq!(schedule["due_time"], "2023-06-30T23:59:59Z");
    assert_eq!(schedule["extensions"][0]["identity"], "dev:statistician");

    let supplier = ["delegation", "create", "W06000003", "--supplier", "acme"];
    let made = ask(APPROVER, &supplier);
    let name = made["delegations"][0]["name"]
        .as_str()
        .expect("a name")
        .to_owned();
    let revoked = up.json(APPROVER, &["delegation", "revoke", &name]);
    assert_eq!(
        revoked["delegations"][0]["revoker"],
        "dev:W06000003-approver"
    );
    let list = up.told(APPROVER, &["delegation", "list", "W06000003"]);
    assert!(list.contains("acme"), "{list}");

    let mark = [
        "robust",
        "mark",
        "--authority",
        "W06000003",
        "--metric",
        "AD/012",
    ];
    ask(
        STATISTICIAN,
        &[&mark[..], &["--reason", "Two cases"]].concat(),
    );
    ask(
        STATISTICIAN,
        &[&mark[..], &["--robust", "--reason", "Five cases"]].concat(),
    );
    let marks = ask(STATISTICIAN, &["robust", "list"]);
    assert_eq!(marks["marks"].as_array().map(Vec::len), Some(2));
    let compared = ask(STATISTICIAN, &["compare-authorities"]);
    assert_eq!(compared["findings"], serde_json::Value::Null);
}
