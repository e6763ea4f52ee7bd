//! The two real releases, fact by fact: figures, percentages and bases, order, sections,
//! footnotes on the same figures, authority facts, and the quality section. The facts are those
//! that the sources print; `tests/data/facts` says where they come from.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::support::{json, rehearse, repository, rows, samples};

/// What cannot be equal to the source, each with its reason.
const KNOWN_SLIPS: [(&str, &str); 1] = [(
    "2022-23 quality: share of metrics that not all authorities provided",
    "the source prints 63 (53%); 63 of its 116 metrics is 54%, and it states no other base",
)];

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

fn list(value: &Value) -> &Vec<Value> {
    value.as_array().expect("a list")
}

/// The figures of the edition by the id that the facts know them by.
fn figure_ids(period: &str) -> BTreeMap<String, String> {
    let table = format!("crates/catalogue/editions/pif/{period}/figures.csv");
    let rows = rows(&repository(&table));
    rows.iter()
        .map(|row| (row["source_id"].clone(), row["figure"].clone()))
        .collect()
}

fn release(period: &str) -> Value {
    let (output, out) = rehearse(&format!("pif/{period}"), &samples(period));
    assert!(
        output.status.success(),
        "{}",
        crate::support::complained(&output)
    );
    json(&out.path().join("release.json"))
}

fn facts(period: &str) -> Value {
    json(&repository(&format!("tests/data/facts/{period}.json")))
}

/// Numerators and bases are compared without spaces.
fn expression(value: &Value) -> Option<String> {
    value.as_str().map(|text| text.replace(' ', ""))
}

fn compare_figure(fact: &Value, figure: &Value, sentence: &str) {
    let id = text(&fact["id"]);
    let printed = text(&figure["printed"]["en"]);
    assert!(
        sentence.contains(printed),
        "{id}: {printed} is not in: {sentence}"
    );
    match text(&fact["kind"]) {
        "count" | "percent" | "authority_percent" => {
            assert_eq!(figure["value"], fact["value"], "{id}");
            assert_eq!(printed, text(&fact["printed"]), "{id}");
            let basis = &figure["basis"];
            assert_eq!(
                expression(&basis["numerator"]),
                expression(&fact["numerator"]),
                "{id}"
            );
            let base = expression(&fact["denominator"]);
            assert_eq!(expression(&basis["denominator"]), base, "{id}");
        }
        "authority_count" => {
            assert_eq!(figure["value"], fact["value"], "{id}");
            assert!(
                printed.starts_with(text(&fact["printed"])),
                "{id}: {printed}"
            );
            assert_eq!(figure["authorities"]["excluding_highest"], true, "{id}");
        }
        "external" => {
            assert_eq!(printed, text(&fact["printed"]), "{id}");
            assert!(
                !text(&figure["source"]["title"]["en"]).is_empty(),
                "{id} has a source"
            );
        }
        other => panic!("{id}: the facts have a kind {other}"),
    }
    if let Some(authority) = fact.get("authority") {
        assert_eq!(
            &figure["authorities"]["authority"]["code"], authority,
            "{id}"
        );
        let below = text(&fact["fact"]).contains("strictly below 100");
        assert_eq!(figure["nearly_100"], below, "{id}");
    }
    if let Some(not_provided) = fact.get("not_provided") {
        assert_eq!(&figure["coverage"]["not_provided"], not_provided, "{id}");
    }
    let marks: Vec<&str> = list(&figure["footnotes"])
        .iter()
        .map(|n| text(&n["mark"]))
        .collect();
    let due: Vec<&str> = fact.get("footnote").map(text).into_iter().collect();
    assert_eq!(marks, due, "{id}: footnotes");
}

/// Every statement in its place, with every figure in its place.
fn compare_main_points(period: &str) {
    let (release, facts, ids) = (release(period), facts(period), figure_ids(period));
    let mut compared = 0;
    let sections = list(&facts["sections"]);
    assert_eq!(list(&release["sections"]).len(), sections.len());
    for (section, due) in list(&release["sections"]).iter().zip(sections) {
        assert_eq!(section["heading"]["en"], due["heading"]);
        let groups = list(&due["groups"]);
        assert_eq!(list(&section["groups"]).len(), groups.len());
        for (group, due) in list(&section["groups"]).iter().zip(groups) {
            let heading = text(&group["heading"]["en"]);
            let at_the_end = text(&due["period"]) == "at_31_march";
            assert_eq!(heading.starts_with("On 31 March"), at_the_end, "{heading}");
            let items = list(&due["items"]);
            assert_eq!(list(&group["statements"]).len(), items.len(), "{heading}");
            for (statement, item) in list(&group["statements"]).iter().zip(items) {
                assert_eq!(text(&statement["id"]), text(&item["id"]).to_lowercase());
                let figures = list(&statement["figures"]);
                assert_eq!(
                    figures.len(),
                    list(&item["figures"]).len(),
                    "{}",
                    item["id"]
                );
                for (figure, fact) in figures.iter().zip(list(&item["figures"])) {
                    assert_eq!(text(&figure["id"]), ids[text(&fact["id"])]);
                    compare_figure(fact, figure, text(&statement["text"]["en"]));
                    let welsh = text(&statement["text"]["cy"]);
                    assert!(welsh.contains(text(&figure["printed"]["cy"])), "{welsh}");
                    compared += 1;
                }
            }
        }
    }
    assert_eq!(
        compared,
        ids.len(),
        "every figure of the edition is a fact of the source"
    );
}

fn compare_quality(period: &str) {
    let (release, facts) = (release(period), facts(period));
    let (quality, due) = (&release["quality"], &facts["quality"]);
    let counts = |value: &Value| -> Vec<(Value, Value)> {
        let counts = list(value).iter();
        counts
            .map(|count| (count["published"].clone(), count["metrics"].clone()))
            .collect()
    };
    assert_eq!(counts(&quality["published"]), counts(&due["published"]));
    let lowest = &quality["lowest_coverage"];
    assert_eq!(
        lowest["not_provided"],
        due["max_not_provided_published"]["value"]
    );
    assert_eq!(
        lowest["percent"],
        due["max_not_provided_published"]["coverage_pct"]
    );
    let incomplete = &due["metrics_not_complete"];
    if !incomplete.is_null() {
        let ours = &quality["metrics_not_complete"];
        assert_eq!(ours["count"], incomplete["value"]);
        assert_eq!(ours["base"], incomplete["base_here"]);
        assert_eq!(ours["percent"], incomplete["pct_on_base_here"]);
        // The day that the source and we agree, the list of slips is out of date.
        assert_ne!(
            ours["percent"], incomplete["printed_pct"],
            "{}",
            KNOWN_SLIPS[0].1
        );
    }
    if !due["unpublished_codes"].is_null() {
        assert_eq!(quality["unpublished"]["codes"], due["unpublished_codes"]);
    }
    let changes = list(&release["changes"]);
    assert_eq!(changes.len(), list(&facts["changes"]).len());
    for (change, due) in changes.iter().zip(list(&facts["changes"])) {
        assert_eq!(change["code_as_printed"], due["code_as_printed"]);
        assert_eq!(change["code_read_as"], due["code_read_as"]);
    }
    let frame = &release["frame"];
    assert_eq!(frame["reference"], facts["reference"]);
    // It was published at once, today; the plan states the day of the source.
    assert!(frame["release_date"].is_string(), "{frame}");
    assert_eq!(frame["period_start"], facts["period_start"]);
    assert_eq!(frame["period_end"], facts["period_end"]);
}

#[test]
fn the_main_points_of_2020_21_state_every_fact_of_the_source() {
    compare_main_points("2020-21");
}

#[test]
fn the_main_points_of_2022_23_state_every_fact_of_the_source() {
    compare_main_points("2022-23");
}

#[test]
fn the_quality_sections_state_every_fact_but_the_known_slips() {
    compare_quality("2020-21");
    compare_quality("2022-23");
}

#[test]
fn the_part_year_authority_is_told_with_its_date_and_reason_in_both_languages() {
    let release = release("2020-21");
    let note = &list(&release["footnotes"])[0];
    assert_eq!(note["mark"], "a");
    let (english, welsh) = (text(&note["text"]["en"]), text(&note["text"]["cy"]));
    assert!(
        english.contains("23 November 2020") && english.contains("ICT system"),
        "{english}"
    );
    assert!(
        welsh.contains("23 Tachwedd 2020") && welsh.contains("TGCh"),
        "{welsh}"
    );
}
