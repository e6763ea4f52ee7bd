//! The wording data of the bundled editions: the parts fit each other.

use std::collections::{BTreeMap, BTreeSet};

use mesur_wording::{Args, Language, Span, Wording};

use crate::support::{EDITIONS, sample, shipped};

const FIGURES: [&str; 2] = [
    include_str!("../../../catalogue/editions/pif/2020-21/figures.csv"),
    include_str!("../../../catalogue/editions/pif/2022-23/figures.csv"),
];
const OUTSIDE: [&str; 2] = [
    include_str!("../../../catalogue/editions/pif/2020-21/outside.csv"),
    include_str!("../../../catalogue/editions/pif/2022-23/outside.csv"),
];
const RELEASES: [&str; 2] = [
    include_str!("../../../catalogue/editions/pif/2020-21/release.toml"),
    include_str!("../../../catalogue/editions/pif/2022-23/release.toml"),
];
const REASONS: [&str; 2] = [
    include_str!("../../../catalogue/editions/pif/2020-21/reasons.csv"),
    include_str!("../../../catalogue/editions/pif/2022-23/reasons.csv"),
];

type Row = BTreeMap<String, String>;

fn rows(source: &str) -> Vec<Row> {
    let mut reader = csv::Reader::from_reader(source.as_bytes());
    let headers = reader.headers().unwrap().clone();
    let records = reader.records().map(Result::unwrap);
    records
        .map(|record| {
            headers
                .iter()
                .map(str::to_owned)
                .zip(record.iter().map(str::to_owned))
                .collect()
        })
        .collect()
}

fn strings(value: &toml::Value, key: &str) -> Vec<String> {
    let list = value.get(key).and_then(toml::Value::as_array).unwrap();
    list.iter()
        .map(|item| item.as_str().unwrap().to_owned())
        .collect()
}

fn tables<'t>(value: &'t toml::Value, key: &str) -> &'t [toml::Value] {
    value.get(key).and_then(toml::Value::as_array).unwrap()
}

fn id(value: &toml::Value) -> &str {
    value["id"].as_str().unwrap()
}

/// The ids of the messages that a release asks for by name, and of its statements in order.
fn asked_for(release: &toml::Value) -> (Vec<String>, Vec<String>) {
    let mut messages = vec![
        "title".to_owned(),
        "description".to_owned(),
        release["contact"].as_str().unwrap().to_owned(),
        format!("designation-{}", release["designation"].as_str().unwrap()),
    ];
    messages.extend(strings(release, "frame_notes"));
    let mut statements = Vec::new();
    for population in tables(release, "population") {
        messages.push(format!("population-{}", id(population)));
    }
    for section in tables(release, "section") {
        messages.push(format!("section-{}", id(section)));
        for group in tables(section, "group") {
            messages.push(format!("group-{}", id(group)));
            let of_group = strings(group, "statements");
            statements.extend(of_group.iter().map(|name| format!("statement-{name}")));
        }
    }
    (messages, statements)
}

#[test]
fn a_release_asks_for_every_message_of_its_edition_and_for_no_other() {
    for (at, (period, en, cy)) in EDITIONS.into_iter().enumerate() {
        let release: toml::Value = toml::from_str(RELEASES[at]).unwrap();
        let (messages, statements) = asked_for(&release);
        let asked: BTreeSet<String> = messages.into_iter().chain(statements).collect();
        for (language, source) in Language::ALL.into_iter().zip([en, cy]) {
            let house = Wording::new(language, None).unwrap();
            let wording = Wording::new(language, Some(source)).unwrap();
            let held: BTreeSet<String> = wording
                .ids()
                .filter(|id| !house.has(id))
                .map(str::to_owned)
                .collect();
            assert_eq!(held, asked, "{period} {language}");
        }
    }
}

#[test]
fn every_figure_stands_in_one_statement_of_each_language_in_the_same_order() {
    for (at, (period, en, cy)) in EDITIONS.into_iter().enumerate() {
        let release: toml::Value = toml::from_str(RELEASES[at]).unwrap();
        let (_, statements) = asked_for(&release);
        let declared: Vec<String> = rows(FIGURES[at])
            .into_iter()
            .map(|row| row["figure"].clone())
            .collect();
        for (language, source) in Language::ALL.into_iter().zip([en, cy]) {
            let wording = Wording::new(language, Some(source)).unwrap();
            let mut used = Vec::new();
            for statement in &statements {
                let args = sample(&wording, statement, 7);
                for span in wording.spans(statement, &args).unwrap() {
                    if let Span::Figure(figure) = span {
                        used.push(figure);
                    }
                }
            }
            assert_eq!(used, declared, "{period} {language}");
        }
    }
}

#[test]
fn figures_declare_what_their_kind_needs() {
    for (at, (period, ..)) in EDITIONS.into_iter().enumerate() {
        let figures = rows(FIGURES[at]);
        let outside: BTreeSet<String> = rows(OUTSIDE[at])
            .into_iter()
            .map(|row| row["figure"].clone())
            .collect();
        let percents: BTreeSet<&str> = figures
            .iter()
            .filter(|row| row["kind"] == "percent")
            .map(|row| row["figure"].as_str())
            .collect();
        let mut sources = BTreeSet::new();
        for row in &figures {
            let figure = &row["figure"];
            let given = |column: &str| !row[column].is_empty();
            let fits = match row["kind"].as_str() {
                "count" => given("numerator") && !given("denominator") && !given("of"),
                "percent" => given("numerator") && given("denominator") && !given("of"),
                "authority_percent" => {
                    percents.contains(row["of"].as_str())
                        && ["lowest", "second_lowest", "highest"].contains(&row["rank"].as_str())
                }
                "authority_count" => {
                    percents.contains(row["of"].as_str()) && row["threshold"].parse::<u8>().is_ok()
                }
                "outside" => outside.contains(figure),
                _ => false,
            };
            assert!(fits, "{period} {figure}");
            assert!(
                sources.insert(row["source_id"].clone()),
                "{period} {figure}: source_id twice"
            );
            // These endings are taken by the variables that go with a figure.
            assert!(
                !figure.ends_with("-n") && !figure.ends_with("-area"),
                "{period} {figure}"
            );
        }
    }
}

#[test]
fn every_unit_of_an_outside_figure_has_its_words() {
    let cy = Wording::new(Language::Cy, None).unwrap();
    for row in OUTSIDE.into_iter().flat_map(rows) {
        let id = format!("unit-{}", row["unit"]);
        assert!(cy.has(&id), "{id}");
    }
    let printed = cy
        .text("unit-gbp_billion", &Args::new().text("value", "2.3"))
        .unwrap();
    assert_eq!(printed, "£2.3 biliwn");
}

#[test]
fn reasons_have_both_labels_and_none_hides_another() {
    for source in REASONS {
        let reasons = rows(source);
        for label in ["label_en", "label_cy"] {
            for (at, row) in reasons.iter().enumerate() {
                let wanted = row[label].to_lowercase();
                assert!(!wanted.is_empty());
                let mut others = reasons.iter().enumerate().filter(|(other, _)| *other != at);
                assert!(!others.any(|(_, other)| other[label].to_lowercase().contains(&wanted)));
            }
        }
    }
}

#[test]
fn every_message_is_written_out_for_every_plural_form() {
    for (name, wording) in shipped() {
        for id in wording.ids() {
            for n in [0, 1, 2, 3, 6, 10, 11, 122_141] {
                let spans = wording.spans(id, &sample(&wording, id, n));
                assert!(spans.is_ok(), "{name}: {spans:?}");
            }
        }
    }
}

#[test]
fn a_statement_keeps_its_figures_apart_from_its_words() {
    let (_, en, cy) = EDITIONS[1];
    let figure = "children-care-leavers-homeless";
    for (language, source, n, before, after) in [
        (
            Language::En,
            en,
            317,
            "Homelessness, as the Housing (Wales) Act 2014 defines it, affected ",
            " care leavers.",
        ),
        (
            Language::Cy,
            cy,
            317,
            "Profodd ",
            " o ymadawyr gofal ddigartrefedd, fel y'i diffinnir yn Neddf Tai (Cymru) 2014.",
        ),
        (
            Language::Cy,
            cy,
            1,
            "Profodd ",
            " ymadawr gofal ddigartrefedd, fel y'i diffinnir yn Neddf Tai (Cymru) 2014.",
        ),
    ] {
        let wording = Wording::new(language, Some(source)).unwrap();
        let args = Args::new().figure(figure, Some(n), None);
        let spans = wording.spans("statement-c5", &args).unwrap();
        let expected = [
            Span::Text(before.to_owned()),
            Span::Figure(figure.to_owned()),
            Span::Text(after.to_owned()),
        ];
        assert_eq!(spans, expected);
    }
}
