//! A year in which every method that changes something, or tells what is not published, is called.

use std::path::Path;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use jiff::{ToSpan as _, Zoned};
use mesur_catalogue::ContentHash;
use serde_json::{Value, json};

use super::asking::{Asker, approver, submitter};
use crate::permissions::sample;

/// The id of the last sign-off.
pub(super) const REQUEST_ID: &str = "6ba7b810-9dad-41d1-80b4-000000000001";
const EDITION: &str = "collections/pif/editions/2022-23";
/// Whose return is sent as messages.
const ONE: &str = "W06000003";
/// Whose return is sent as a file.
const OTHER: &str = "W06000010";
const STATISTICIAN: &str = "statistician";
const PUBLISHER: &str = "publisher";
const READER: &str = "reader";

fn data_return(authority: &str) -> String {
    format!("authorities/{authority}/returns/pif-2022-23")
}

fn text_of(message: &Value, field: &str) -> String {
    let text = message[field].as_str();
    text.unwrap_or_else(|| panic!("no {field} in {message}"))
        .to_owned()
}

/// Goes through it all.
pub(super) async fn go_through(asker: &Asker) {
    prepare(asker).await;
    collect(asker).await;
    discuss(asker).await;
    sign(asker).await;
    let snapshot = add_up(asker).await;
    publish(asker, &snapshot).await;
    asker.ask("operator", "ExportStore", json!({})).await;
}

/// What is set up before anything is sent.
async fn prepare(asker: &Asker) {
    let name = format!("{EDITION}/schedule");
    let schedule = asker.ask(STATISTICIAN, "GetSchedule", json!({ "name": name }));
    let schedule = schedule.await;
    let set = json!({
        "name": name, "etag": schedule["etag"], "reason": "As every year.",
        "dueTime": "2098-06-30T16:00:00Z", "closeTime": "2099-06-30T16:00:00Z",
    });
    asker.ask(STATISTICIAN, "UpdateSchedule", set).await;
    let extension = json!({
        "name": name, "authority": OTHER, "dueTime": "2098-07-30T16:00:00Z", "reason": "A flood.",
    });
    asker.ask(STATISTICIAN, "GrantExtension", extension).await;
    let delegation = json!({
        "parent": format!("authorities/{ONE}"), "supplier": "supplier", "edition": EDITION,
    });
    let approver = approver(ONE);
    let made = asker.ask(&approver, "CreateDelegation", delegation).await;
    let revoked = json!({ "name": made["name"] });
    asker.ask(&approver, "RevokeDelegation", revoked).await;
    let values = json!({ "name": format!("authorities/{ONE}/previousValues/pif-2021-22") });
    let recorded = json!({ "previousValues": values });
    asker
        .ask(&submitter(ONE), "RecordPreviousValues", recorded)
        .await;
    let of = json!({ "name": data_return(ONE) });
    for method in ["GetPreviousValues", "ReadPreviousValues"] {
        asker.ask(&submitter(ONE), method, of.clone()).await;
    }
}

/// Two returns are sent.
pub(super) async fn collect(asker: &Asker) {
    let (who, name) = (submitter(ONE), data_return(ONE));
    let observations = sample(ONE);
    let content = json!({ "name": name, "observations": observations });
    let draft = json!({ "dataReturn": content, "draft": true });
    let draft = asker.ask(&who, "SubmitReturn", draft).await;
    let handed_in = json!({ "name": name, "etag": draft["dataReturn"]["etag"] });
    let handed_in = asker.ask(&who, "SubmitDraft", handed_in).await;
    // Less than a part of it, which is an error.
    let mut first = observations[0].clone();
    first["value"] = "1".into();
    let changed = json!({
        "name": name, "etag": handed_in["dataReturn"]["etag"], "observations": [first],
    });
    asker.ask(&who, "UpdateObservations", changed).await;
    for method in ["GetReturn", "ReadReturn"] {
        asker.ask(&who, method, json!({ "name": name })).await;
    }
    let compared = json!({
        "from": format!("{name}/revisions/1"), "to": format!("{name}/revisions/2"),
    });
    asker.ask(STATISTICIAN, "CompareRevisions", compared).await;

    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../crates/mesur/samples/2022-23")
        .join(format!("{OTHER}.csv"));
    let bytes = std::fs::read(file).expect("a sample");
    let mut digest = ContentHash::default();
    digest.update(&bytes);
    let header = json!({
        "name": data_return(OTHER), "sizeBytes": bytes.len().to_string(),
        "digest": digest.finish(),
    });
    let chunk = BASE64_STANDARD.encode(&bytes);
    let requests = vec![json!({ "header": header }), json!({ "chunk": chunk })];
    let sent = asker.all(&submitter(OTHER), "UploadReturn", requests).await;
    sent.expect("taken in");
}

/// The latest revision of a return, and its etag.
async fn latest(asker: &Asker, authority: &str) -> (u64, String) {
    let of = json!({ "name": data_return(authority) });
    let found = asker.ask(&submitter(authority), "GetReturn", of).await;
    let revision = found["revision"].as_u64().expect("a number");
    (revision, text_of(&found, "etag"))
}

/// What was found is explained, and a query answered.
async fn discuss(asker: &Asker) {
    for authority in [ONE, OTHER] {
        let (revision, _) = latest(asker, authority).await;
        let report = format!("{}/revisions/{revision}/report", data_return(authority));
        let who = submitter(authority);
        asker
            .ask_until(&who, "GetReport", json!({ "name": report }))
            .await;
        let streamed = asker.all(&who, "StreamFindings", vec![json!({ "parent": report })]);
        streamed.await.expect("findings");
        let of = json!({ "parent": report, "pageSize": 1000 });
        let found = asker.ask(&who, "ListFindings", of).await;
        let none = Vec::new();
        let findings = found["findings"].as_array().unwrap_or(&none);
        for finding in findings {
            let about = |field: &str, text: &str| json!({ "name": report, "findingId": finding["id"], field: text });
            if finding["severity"] == "ERROR" {
                let passed = about("reason", "Known.");
                asker.ask(STATISTICIAN, "OverrideFinding", passed).await;
            } else if finding["severity"] == "WARNING" {
                let explanation = about("explanation", "Counted again.");
                asker.ask(&who, "ExplainFinding", explanation).await;
                let mut review = about("reason", "Clear.");
                review["accepted"] = true.into();
                asker.ask(STATISTICIAN, "ReviewExplanation", review).await;
            }
        }
    }
    let round = json!({ "parent": EDITION, "dueDate": "2098-08-30" });
    asker.ask(STATISTICIAN, "OpenRound", round).await;
    let query = json!({ "parent": data_return(ONE), "cells": ["CH/012"], "text": "Is it so?" });
    let query = asker.ask(STATISTICIAN, "RaiseQuery", query).await;
    let answer = json!({ "name": query["name"], "text": "It is." });
    asker.ask(&submitter(ONE), "AnswerQuery", answer).await;
    let resolved = json!({ "name": query["name"], "resolution": "ACCEPT", "reason": "Good." });
    asker.ask(STATISTICIAN, "ResolveQuery", resolved).await;
    let mark = json!({
        "parent": EDITION, "authority": ONE, "metric": "CH/012", "robust": false,
        "reason": "A new system.",
    });
    asker.ask(STATISTICIAN, "MarkRobustness", mark).await;
    let of = json!({ "parent": EDITION });
    asker.ask(STATISTICIAN, "CompareAuthorities", of).await;
}

/// Both returns are signed off, one of them twice.
async fn sign(asker: &Asker) {
    for (authority, id) in [(OTHER, ""), (ONE, ""), (ONE, REQUEST_ID)] {
        let (_, etag) = latest(asker, authority).await;
        let name = data_return(authority);
        let signed = json!({ "name": name, "etag": etag, "requestId": id });
        let who = approver(authority);
        let signed = asker.ask_until(&who, "SignOffReturn", signed);
        let signed = signed.await;
        if authority == ONE && id.is_empty() {
            let back = json!({ "name": name, "etag": signed["etag"], "reason": "Too soon." });
            asker.ask(STATISTICIAN, "ReopenReturn", back).await;
        }
    }
}

/// The totals are frozen, and looked at; gives the name of the snapshot.
async fn add_up(asker: &Asker) -> String {
    let decision =
        json!({ "metric": "AD/016", "national": "PUBLISHING_WITHHOLD", "reason": "Not clear." });
    let decision = json!({ "parent": EDITION, "decision": decision });
    asker.ask(STATISTICIAN, "CreateDecision", decision).await;
    let mut returns = Vec::new();
    for authority in [ONE, OTHER] {
        let (revision, _) = latest(asker, authority).await;
        returns.push(format!("{}/revisions/{revision}", data_return(authority)));
    }
    let wanted = json!({ "edition": EDITION, "returns": returns });
    let made = asker
        .ask_until(STATISTICIAN, "CreateSnapshot", wanted)
        .await;
    let name = text_of(&made, "name");
    asker
        .ask(STATISTICIAN, "GetTotals", json!({ "edition": EDITION }))
        .await;
    for method in ["GetSnapshot", "ReadSnapshot"] {
        asker
            .ask(STATISTICIAN, method, json!({ "name": name }))
            .await;
    }
    let figure = "adults-at-risk-reports-to-enquiry-percent";
    let ranked = json!({ "name": name, "figure": figure });
    asker.ask(STATISTICIAN, "RankAuthorities", ranked).await;
    let compared = vec![json!({ "from": name, "to": name })];
    let compared = asker.all(STATISTICIAN, "CompareSnapshots", compared).await;
    compared.expect("nothing differs");
    name
}

/// A release goes all its ways until it is published.
async fn publish(asker: &Asker, snapshot: &str) {
    let texts = BASE64_STANDARD.encode("key,english,welsh\n");
    let texts = json!({ "edition": EDITION, "content": texts });
    asker.ask(STATISTICIAN, "ImportTexts", texts).await;
    let of = json!({ "snapshot": snapshot });
    let mut release = asker.ask_until(STATISTICIAN, "CompileRelease", of).await;
    let name = text_of(&release, "name");
    let audited = json!({ "name": name });
    asker.ask(STATISTICIAN, "AuditDisclosure", audited).await;
    let provenance = json!({ "name": name, "metric": "CH/012" });
    asker.ask(STATISTICIAN, "GetProvenance", provenance).await;
    for (who, method, field) in [
        (STATISTICIAN, "SubmitRelease", None),
        (PUBLISHER, "RejectRelease", Some(("reason", "A slip."))),
        (STATISTICIAN, "SubmitRelease", None),
        (PUBLISHER, "ApproveRelease", None),
    ] {
        let mut step = json!({ "name": name, "etag": release["etag"] });
        if let Some((field, text)) = field {
            step[field] = text.into();
        }
        release = asker.ask(who, method, step).await;
    }
    release = schedule(asker, &name, &release).await;
    let given = json!({
        "name": name, "reader": READER, "post": "Minister", "justification": "To answer.",
    });
    asker.ask(PUBLISHER, "GrantEarlyAccess", given).await;
    let look = json!({ "name": name, "fileName": "data.csv" });
    asker.ask(READER, "PreviewFile", look).await;
    let taken = json!({ "name": name, "reader": READER, "reason": "Another post." });
    asker.ask(PUBLISHER, "RevokeEarlyAccess", taken).await;
    let now = json!({ "name": name, "etag": release["etag"], "reason": "The day is today." });
    asker.ask(PUBLISHER, "PublishRelease", now).await;
}

/// The first working day with enough notice.
async fn schedule(asker: &Asker, name: &str, release: &Value) -> Value {
    let today = Zoned::now().date();
    for days in 29..60 {
        let day = today.checked_add(i64::from(days).days()).expect("a day");
        let step = json!({
            "name": name, "etag": release["etag"], "publishDate": day.to_string(),
        });
        let answer = asker.all(PUBLISHER, "ScheduleRelease", vec![step]).await;
        if let Ok(answer) = answer {
            return answer.into_iter().next().unwrap_or_default();
        }
    }
    panic!("there is no working day in a month");
}
