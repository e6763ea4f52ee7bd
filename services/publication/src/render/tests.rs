//! The files of small releases made by hand, and the shape of the pages of the bundled editions.

use std::io::{Cursor, Read as _};
use std::sync::LazyLock;

use mesur_catalogue::Edition;
use mesur_outputs::bundle::Signer;
use mesur_proto::aggregation::v1::{PartPeriod, Totals};
use mesur_proto::types::v1::observation::Status;
use serde_json::Value;
use zip::ZipArchive;

use super::{File, render};
use crate::domain::testing::{
    bundled, compiled, complete, edition, edition_without_plan, figure_mut, totals,
};

static SIGNER: LazyLock<Signer> = LazyLock::new(|| Signer::generate().expect("random numbers"));

pub(super) fn files(edition: &Edition, totals: &Totals) -> Vec<File> {
    render(edition, &compiled(edition, totals), &SIGNER).unwrap_or_else(|error| panic!("{error:?}"))
}

pub(super) fn text(files: &[File], name: &str) -> String {
    let file = files.iter().find(|file| file.name == name).expect("a file");
    String::from_utf8(file.content.clone()).expect("UTF-8")
}

/// Totals in which most things that can be missing are missing.
pub(super) fn gapped(edition: &Edition) -> Totals {
    let mut totals = totals(edition, |authority, cell| match (authority, cell) {
        (0, 0) => (Status::PartPeriod, Some(7000)),
        (1, 0 | 3) | (_, 5) => (Status::NotProvided, None),
        _ => (Status::Provided, Some(10)),
    });
    totals.missing_authorities = vec!["X02".to_owned()];
    let read = figure_mut(&mut totals, "read");
    read.not_provided_count = 1;
    read.part_periods = vec![PartPeriod {
        end_date: "2031-11-23".to_owned(),
        reason: "strike".to_owned(),
        authority_count: 1,
    }];
    let used = figure_mut(&mut totals, "used");
    used.value = None;
    used.not_provided_count = 1;
    let best = figure_mut(&mut totals, "best");
    best.value = Some(100);
    best.nearly_100 = true;
    totals
}

#[test]
fn the_english_text_states_each_fact_with_its_footnote() {
    let edition = edition(&[]);
    let text = text(&files(&edition, &gapped(&edition)), "main-points.en.txt");
    let main_points = text.split("## Quality").next().expect("main points");
    assert_eq!(
        main_points,
        "# Water in 2031

These are trial statistics.

Reference: W 1/2032
Period: 2031
Published: 1 March 2032

## Main points

### Homes

#### In the year

- Of the meters, 83% were read by hand, of 1,000[1][2] in all.
- The best was North with nearly 100%, and two local authorities were at 90%.
- It rained 12.7% more.
  Source: Rain of 2031 <https://example.org/rain>

### Footnotes

[1] One local authority did not provide data for this figure.
[2] One local authority could provide data only up to 23 November 2031, because of a strike.

"
    );
    for line in [
        "- For households, all 2 metrics are published.",
        "- For farms, 1 of the 2 metrics is published.",
        "- Among the published metrics, the lowest coverage is 0%: data is missing from three local authorities.",
        "- Data is missing from at least one local authority for 3 of the 4 metrics (75%).",
        "- Every metric that is not published has data from every local authority.",
        "- One local authority sent no return: South.",
        "- A total without data from every local authority shows only the activity of those that provided it. It is not the position of all of Whole.",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
}

#[test]
fn the_welsh_text_is_welsh_and_marks_what_is_held_in_english() {
    let edition = edition(&[]);
    let text = text(&files(&edition, &gapped(&edition)), "main-points.cy.txt");
    for line in [
        "# Dŵr yn 2031",
        "These are trial statistics. (Saesneg yn unig)",
        "- Darllenwyd 1,000[1][2] o fesuryddion, 83% â llaw.",
        "- Y gorau oedd Gogledd â bron 100%; dau awdurdod lleol ar 90%.",
        "- It rained 12.7% more. (Saesneg yn unig)",
        "  Ffynhonnell: Rain of 2031 (Saesneg yn unig) <https://example.org/rain>",
        "- Ar gyfer households (Saesneg yn unig), cyhoeddir pob un o'r 2 metrig.",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
    assert!(
        text.contains("oherwydd a strike (Saesneg yn unig)."),
        "{text}"
    );
}

#[test]
fn a_statement_held_in_english_only_is_english_throughout() {
    let welsh = "title = Dŵr yn 2031\n";
    let edition = edition(&[("release.cy.ftl", welsh)]);
    let text = text(&files(&edition, &gapped(&edition)), "main-points.cy.txt");
    let line = "- The best was North with nearly 100%, and two local authorities were at 90%. \
        (Saesneg yn unig)";
    assert!(text.lines().any(|found| found == line), "{text}");
    assert!(
        text.contains("\n[1] Ni ddarparodd un awdurdod lleol"),
        "{text}"
    );
}

#[test]
fn a_withheld_metric_appears_only_as_a_code_among_the_unpublished() {
    let edition = edition(&[]);
    for file in files(&edition, &complete(&edition)) {
        let said = said(&file);
        for hidden in ["Secret leaks", "leaks", "statement-s5"] {
            assert!(!said.contains(hidden), "{hidden} in {}", file.name);
        }
        let codes = said.matches("WA/003").count();
        let of_release = ["main-points.", "release."];
        if of_release.iter().any(|name| file.name.starts_with(name)) {
            assert_eq!(codes, 1, "{}", file.name);
        } else if !is_page(&file) && file.name != "bundle.zip" {
            assert_eq!(codes, 0, "{}", file.name);
        }
    }
}

/// Whether a file is of the pages: one of them, or the style that they share.
fn is_page(file: &File) -> bool {
    ["text/html", "text/css"]
        .iter()
        .any(|kind| file.media_type.starts_with(kind))
}

/// What a file says, in what is packed in it too.
fn said(file: &File) -> String {
    let mut said = String::from_utf8_lossy(&file.content).into_owned();
    if let Ok(mut archive) = ZipArchive::new(Cursor::new(&file.content)) {
        for place in 0..archive.len() {
            let mut content = Vec::new();
            let mut part = archive.by_index(place).expect("a part");
            part.read_to_end(&mut content).expect("its content");
            said.push_str(&String::from_utf8_lossy(&content));
        }
    }
    said
}

#[test]
fn an_edition_without_a_plan_has_a_title_a_quality_section_and_tables() {
    let edition = edition_without_plan();
    let files = files(&edition, &complete(&edition));
    let not_pages: Vec<_> = files
        .iter()
        .filter(|file| !is_page(file))
        .map(|file| file.name.as_str())
        .collect();
    assert_eq!(
        not_pages,
        [
            "areas.csv",
            "bundle.zip",
            "categories.csv",
            "data.csv",
            "data.csv-metadata.json",
            "data.parquet",
            "json-stat.cy.json",
            "json-stat.en.json",
            "main-points.cy.txt",
            "main-points.en.txt",
            "metrics.csv",
            "release.json",
            "shorthand.csv",
            "statswales.zip",
            "tables.cy.ods",
            "tables.cy.xlsx",
            "tables.en.ods",
            "tables.en.xlsx",
        ]
    );
    let page = text(&files, "release.en.html");
    assert!(page.contains("<h1>water: 2031</h1>"));
    assert!(page.contains("Every published metric has data from every local authority."));
    assert!(page.contains("WA/004: wording not held"));
    assert!(!page.contains("main-points\""));
}

#[test]
fn the_facts_say_what_each_figure_rests_on() {
    let edition = edition(&[]);
    let json = text(&files(&edition, &gapped(&edition)), "release.json");
    let facts: Value = serde_json::from_str(&json).expect("JSON");
    let statements = &facts["sections"][0]["groups"][0]["statements"];
    let by_hand = &statements[0]["figures"][0];
    assert_eq!(by_hand["id"], "by-hand");
    assert_eq!(by_hand["basis"]["numerator"], "WA/001[a]");
    assert_eq!(by_hand["basis"]["denominator"], "WA/001 - WA/001[u]");
    let read = &statements[0]["figures"][1];
    assert_eq!(
        (&read["value"], &read["decimals"]),
        (&1000.into(), &0.into())
    );
    assert_eq!(read["coverage"]["not_provided"], 1);
    assert_eq!(read["footnotes"][1]["mark"], "2");
    let best = &statements[1]["figures"][0];
    assert_eq!(best["printed"]["en"], "nearly 100%");
    assert_eq!(best["authorities"]["authority"]["code"], "X01");
    assert_eq!(best["basis"]["numerator"], "WA/001[a]");
    let others = &statements[1]["figures"][1];
    assert_eq!(others["authorities"]["threshold_percent"], "90.000");
    assert_eq!(statements[2]["text"]["cy"], Value::Null);
    assert_eq!(
        statements[2]["figures"][0]["source"]["title"]["en"],
        "Rain of 2031"
    );
    let incomplete = &facts["quality"]["metrics_not_complete"];
    assert_eq!(
        (&incomplete["count"], &incomplete["base"]),
        (&3.into(), &4.into())
    );
    assert_eq!(facts["quality"]["authorities_without_return"][0], "X02");
    assert_eq!(facts["snapshot_digest"], "sha256:abc");
    // s3 has no value, s5 rests on a withheld metric.
    let omitted: Vec<_> = facts["omitted_statements"]
        .as_array()
        .into_iter()
        .flatten()
        .collect();
    assert_eq!(omitted, ["s3", "s5"]);
    assert_eq!(facts["language_report"]["metric_titles"]["cy"], 1);
}

#[test]
fn the_bundled_editions_make_whole_pages_and_the_same_bytes_twice() {
    for name in ["pif/2020-21", "pif/2022-23"] {
        let edition = bundled(name);
        let mut totals = complete(&edition);
        for (place, figure) in totals.figures.iter_mut().enumerate() {
            figure.not_provided_count = i32::try_from(place % 3).expect("small");
        }
        let first = files(&edition, &totals);
        assert_eq!(first, files(&edition, &totals), "{name}");
        super::html::tests::check_pages(&first);
    }
    let edition = bundled("pif/2022-23");
    let text = text(&files(&edition, &complete(&edition)), "main-points.en.txt");
    assert!(text.contains("- CH/015 as printed, read as CA/015: amended to be based on CA/014"));
    assert!(text.contains("For adults, 34 of the 39 metrics are published."));
    assert!(text.contains("AD/007, AD/014, AD/028, AD/030, AD/031, CH/017, CH/018, CH/019"));
}
