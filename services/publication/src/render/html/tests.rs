//! The pages of small releases made by hand, and what every page keeps.

use std::collections::{BTreeMap, BTreeSet};

use mesur_catalogue::Edition;
use mesur_figures::{Marks, Shorthand};
use mesur_wording::Language;

use super::{Download, HTML, WebFile, pages};
use crate::domain::testing::{bundled, compiled, complete, edition, edition_with};
use crate::domain::{
    Change, Compiled, Earlier, EarlierValue, Shown, UpdateNote, Wordings, YearChange,
};
use crate::render::tests::{files, gapped, text};
use crate::render::{Document, File, Speaker};

/// The pages of a compiled release, by name.
fn web(edition: &Edition, compiled: &Compiled) -> BTreeMap<String, String> {
    let wordings = Wordings::load(edition).expect("wordings");
    let (en, cy) = (
        Speaker::new(&wordings, Language::En),
        Speaker::new(&wordings, Language::Cy),
    );
    let document = |speaker| Document::new(speaker, edition, compiled).expect("a document");
    let (english, welsh) = (document(&en), document(&cy));
    let downloads = [Download {
        name: "data.csv".to_owned(),
        size_bytes: Some(12_345),
    }];
    let worded = [(&english, &en), (&welsh, &cy)];
    let files = pages(edition, compiled, worded, &downloads).expect("pages");
    let named = |file: WebFile| (file.name, file.content);
    files.into_iter().map(named).collect()
}

#[test]
fn range_quartiles_and_change_stand_on_the_page_of_a_metric_unless_a_value_is_hidden() {
    let edition = edition(&[]);
    let mut compiled = compiled(&edition, &complete(&edition));
    let key = |metric: &str, category: &str| (metric.to_owned(), category.to_owned());
    let fell = YearChange::Change {
        units: Some(-5),
        decimals: 0,
        authorities: 2,
    };
    "2030".clone_into(&mut compiled.year_changes.period);
    let changes = [
        (key("WA/001", ""), fell),
        (key("WA/001", "a"), YearChange::Break),
    ];
    compiled.year_changes.cells.extend(changes);
    let page = &web(&edition, &compiled)["metric-wa-001.en.html"];
    for piece in [
        "<th scope=\"col\">Lower quartile</th>",
        "<td>10</td><td>10</td><td>10</td><td>10</td><td>10</td><td>−5% (2 local authorities)</td>",
        "<th scope=\"col\">Change on 2030</th>",
        "<td id=\"value-X99\">30</td>",
        "<td id=\"value-X02-a\">10</td>",
        "<td>[b]</td>",
    ] {
        assert!(page.contains(piece), "{piece} in {page}");
    }
    compiled.tables[1].columns[0].values[0] = Shown::nothing(Shorthand::Confidential);
    let page = &web(&edition, &compiled)["metric-wa-002.en.html"];
    assert!(!page.contains("quartile") && !page.contains("Change on"));
}

#[test]
fn the_welsh_page_marks_english_texts_in_their_language() {
    let edition = edition(&[]);
    let files = files(&edition, &complete(&edition));
    for (page, pieces) in [
        (
            "release.cy.html",
            &[
                "<html lang=\"cy\">",
                "WA/001: Mesuryddion a ddarllenwyd: Gwerth</caption>",
                "WA/002: <span lang=\"en\">Water used</span> <span class=\"marker\">(Saesneg yn unig)</span>",
                "<span lang=\"en\">These are trial statistics.</span>",
                "<th scope=\"row\">Gogledd</th>",
                "<th scope=\"row\"><span lang=\"en\">South</span></th>",
                "href=\"release.en.html\" hreflang=\"en\" lang=\"en\">English</a>",
                "href=\"release.en.html#quality\" hreflang=\"en\" lang=\"en\"",
            ][..],
        ),
        (
            "metric-wa-001.cy.html",
            &[
                "<span lang=\"en\">Not recorded</span> <span class=\"marker\">(Saesneg yn unig)</span>",
            ],
        ),
        (
            "metric-wa-002.cy.html",
            &["<title lang=\"en\">WA/002: Water used – Dŵr yn 2031</title>"],
        ),
    ] {
        let text = text(&files, page);
        for piece in pieces {
            assert!(text.contains(piece), "{piece}\n{text}");
        }
    }
}

#[test]
fn a_metric_shows_values_gaps_part_periods_and_what_it_was_made_from() {
    let edition = edition(&[]);
    let files = files(&edition, &gapped(&edition));
    let page = text(&files, "metric-wa-001.en.html");
    for piece in [
        "<p class=\"number\">7,010 [part]</p>",
        "<th scope=\"row\">Whole</th><td id=\"value-X99\">7,010 [part]</td>",
        "<th scope=\"row\">North</th><td id=\"value-X01\">7,000 [part]</td><td id=\"value-X01-a\">10</td>",
        "<th scope=\"row\">South</th><td id=\"value-X02\">[x]</td>",
        "<td>2 of 3 local authorities (67%)</td>",
        "<p>[part] part of the period only: North</p><p>[x] not available: South</p>",
        "<dt>[part]</dt><dd>part of the period only</dd>",
        "<dt>[x]</dt><dd>not available</dd>",
        "<code class=\"digest\">sha256:abc</code>",
        "<a href=\"release.en.html#statement-s1\">Of the meters, 83% were read by hand",
    ] {
        assert!(page.contains(piece), "{piece}\n{page}");
    }
    // Nobody provided WA/004.
    let page = text(&files, "metric-wa-004.en.html");
    assert!(page.contains("<th scope=\"row\">Whole</th><td id=\"value-X99\">[x]</td>"));
    let release = text(&files, "release.en.html");
    assert!(
        release.contains("<p>[1] One local authority did not provide data for this figure.</p>")
    );
    assert!(release.contains("<a href=\"metric-wa-001.en.html#where-from\">WA/001</a>"));
}

#[test]
fn charts_have_their_values_in_a_table_and_series_show_their_breaks() {
    let changes = "order,code_as_printed,code_read_as,change_text,kind,\
        comparable_with_previous,note\n1,WA/001,WA/001,other,amendment,no,\n";
    let edition = edition(&[("changes.csv", changes)]);
    let mut compiled = compiled(&edition, &complete(&edition));
    let value = EarlierValue {
        value: "27".to_owned(),
        marks: Marks::NONE.with(Shorthand::Provisional),
        provided: 2,
        expected: 3,
    };
    compiled.history = vec![Earlier {
        period: "2030".to_owned(),
        values: BTreeMap::from([(("WA/001".to_owned(), String::new()), value)]),
        ..Earlier::default()
    }];
    let web = web(&edition, &compiled);
    let page = &web["metric-wa-001.en.html"];
    for piece in [
        "<rect class=\"bar\" y=\"31\" width=\"80.00%\" height=\"19\"></rect>",
        "<text class=\"name\" x=\"0\" y=\"45\">North</text>",
        "Highest: 10 (North). Lowest: 10 (West). Line: Average 10.",
        "<text class=\"break\" x=\"50.00%\" y=\"12\" text-anchor=\"middle\">Break</text>",
        "2030: 27 [p]; 2031: 30. Where the series breaks",
        "<th scope=\"row\">2030</th><td>27 [p]</td><td>2 of 3</td><td></td>",
        "<td>[b] break in the series: the definition changed</td>",
    ] {
        assert!(page.contains(piece), "{piece}\n{page}");
    }
    // Nothing joins two points of different definitions.
    assert!(!page.contains("<line class=\"series\""));
    assert!(web["metric-wa-002.en.html"].contains("No earlier release published here"));
}

#[test]
fn a_revision_tells_what_it_changed_and_why() {
    let edition = edition(&[]);
    let mut compiled = compiled(&edition, &complete(&edition));
    let first = web(&edition, &compiled);
    assert!(first["release.en.html"].contains("This is the first publication of the release."));
    compiled.revision = 2;
    compiled.update_note = Some(UpdateNote {
        what: [
            "North was wrong.".to_owned(),
            "Roedd Gogledd yn anghywir.".to_owned(),
        ],
        why: ["A slip.".to_owned(), String::new()],
    });
    let shown = |units| Shown {
        units: Some(units),
        ..Shown::default()
    };
    compiled.changes = vec![Change {
        metric: "WA/001".to_owned(),
        category: "a".to_owned(),
        area: "X01".to_owned(),
        decimals: 0,
        before: shown(1_000),
        after: Shown {
            marks: Marks::NONE.with(Shorthand::Revised),
            ..shown(10)
        },
    }];
    let web = web(&edition, &compiled);
    let english = &web["release.en.html"];
    assert!(english.contains("<strong>This is revision 2 of the release.</strong>"));
    assert!(english.contains("href=\"/releases/water-2031/revisions/1/release.en.html\""));
    assert!(english.contains(
        "<td class=\"text\">a</td><td class=\"text\">North</td><td>1,000</td><td>10 [r]</td>"
    ));
    let welsh = &web["release.cy.html"];
    assert!(welsh.contains("<dd>Roedd Gogledd yn anghywir.</dd>"));
    assert!(welsh.contains("<dd><span lang=\"en\">A slip.</span>"));
    for page in [english, welsh] {
        check_page(page);
    }
}

#[test]
fn hostile_texts_stay_texts() {
    let hostile = "<script>alert(1)</script><b onclick=\"x\">";
    let quoted = format!("\"{}\"", hostile.replace('"', "\"\""));
    for (file, from) in [("authorities.csv", "North"), ("metrics.csv", "Meters read")] {
        let edition = edition_with(file, from, &quoted);
        let files = files(&edition, &complete(&edition));
        let pages = files.iter().filter(|file| file.media_type == HTML);
        for page in pages {
            let page = text(std::slice::from_ref(page), &page.name);
            assert!(
                !page.contains("<script") && !page.contains("<b "),
                "{file}\n{page}"
            );
        }
        check_pages(&files);
        assert!(text(&files, "release.en.html").contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
    }
    let edition = edition_with(
        "outside.csv",
        "https://example.org/rain",
        "javascript:alert(1)",
    );
    let page = text(&files(&edition, &complete(&edition)), "release.en.html");
    assert!(!page.contains("javascript:"));
}

#[test]
fn every_metric_and_authority_has_a_page_in_both_languages() {
    let edition = bundled("pif/2022-23");
    let web = web(&edition, &compiled(&edition, &complete(&edition)));
    let published = edition
        .metrics()
        .iter()
        .filter(|metric| metric.published)
        .count();
    let pages = 2 * (2 + published + edition.authorities().len());
    assert_eq!(web.len(), pages + 1);
    assert!(
        web.contains_key("metric-ad-012.en.html")
            && web.contains_key("authority-w06000003.cy.html")
    );
    assert!(!web.contains_key("metric-ad-007.en.html"));
}

/// What every page of a release keeps, by itself and among the others.
pub(in crate::render) fn check_pages(files: &[File]) {
    let names: BTreeSet<&str> = files.iter().map(|file| file.name.as_str()).collect();
    let mut ids = BTreeMap::new();
    for file in files.iter().filter(|file| file.media_type == HTML) {
        let (name, page) = (file.name.as_str(), text(files, &file.name));
        check_page(&page);
        ids.insert(
            name,
            values(&page, "id").into_iter().collect::<BTreeSet<_>>(),
        );
    }
    for (name, own) in &ids {
        let page = text(files, name);
        for link in values(&page, "href") {
            let is_elsewhere = ["#", "/", "http:", "https:"]
                .iter()
                .any(|start| link.starts_with(start));
            if is_elsewhere {
                continue;
            }
            let (file, id) = link.split_once('#').unwrap_or((&link, ""));
            assert!(names.contains(file), "{name} leads to {file}");
            assert!(
                id.is_empty() || ids[file].contains(id),
                "{name} leads to {link}"
            );
        }
        // The way to the other language ends at the same place.
        let other = match name.strip_suffix(".en.html") {
            Some(stem) => format!("{stem}.cy.html"),
            None => name.replace(".cy.html", ".en.html"),
        };
        assert_eq!(*own, ids[other.as_str()], "{name}");
    }
}

fn values(page: &str, attribute: &str) -> Vec<String> {
    let opening = format!(" {attribute}=\"");
    let pieces = page.split(&opening).skip(1);
    pieces
        .map(|rest| rest.split('"').next().unwrap_or_default().to_owned())
        .collect()
}

/// What every page keeps by itself.
fn check_page(page: &str) {
    let ids = values(page, "id");
    let distinct: BTreeSet<_> = ids.iter().map(String::as_str).collect();
    assert_eq!(ids.len(), distinct.len(), "an id stands twice");
    let links = values(page, "href").into_iter();
    let within: Vec<_> = links
        .filter_map(|link| link.strip_prefix('#').map(str::to_owned))
        .collect();
    assert!(!within.is_empty());
    let named: Vec<_> = ["aria-labelledby", "aria-describedby"]
        .iter()
        .flat_map(|attribute| values(page, attribute))
        .collect();
    let named = named.iter().flat_map(|list| list.split(' '));
    for id in within.iter().map(String::as_str).chain(named) {
        assert!(distinct.contains(id), "nothing has the id {id}");
    }
    for reference in ids.iter().filter(|id| id.starts_with("reference-")) {
        assert!(within.contains(reference), "no way back to {reference}");
    }
    let mut level = 0;
    for heading in page.split("<h").skip(1) {
        let Some(next) = heading.chars().next().and_then(|digit| digit.to_digit(10)) else {
            continue;
        };
        assert!(next <= level + 1, "h{next} under h{level}");
        level = next;
    }
    assert_eq!(page.matches("<h1").count(), 1);
    for nowhere in ["<script", " src=", " style=", "@import"] {
        assert!(!page.contains(nowhere), "{nowhere}");
    }
    assert_eq!(
        page.matches("<table").count(),
        page.matches("<caption").count()
    );
    assert_eq!(
        page.matches(" role=\"img\"").count(),
        page.matches("</desc>").count()
    );
}
