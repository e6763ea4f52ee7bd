//! Forms as they come back: written, filled in, read.
#![expect(clippy::expect_used, reason = "a test says what it needs")]

use std::fs;
use std::io::{Cursor, Read, Write};
use std::path::Path;
use std::sync::{Arc, LazyLock};

use mesur_catalogue::{AuthorityCode, Catalogue, CellId, Edition, EditionName};
use mesur_forms::{Contents, Format, write_form};
use mesur_returns::{
    Cells, CellsBuilder, DataReturn, FileCheck, Observation, Observed, Previous, Status, check_file,
};
use mesur_wording::Language;
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

const SAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../mesur/samples");

static CATALOGUE: LazyLock<Catalogue> =
    LazyLock::new(|| Catalogue::bundled().expect("the bundled editions"));

fn edition(period: &str) -> &'static Arc<Edition> {
    let name = EditionName::parse(&format!("pif/{period}")).expect("a name");
    CATALOGUE.get(&name).expect("an edition")
}

fn conwy() -> AuthorityCode {
    AuthorityCode::parse("W06000003").expect("a code")
}

fn sample(period: &str, authority: &str) -> DataReturn {
    let path = Path::new(SAMPLES)
        .join(period)
        .join(format!("{authority}.csv"));
    let checked = check(&fs::read(path).expect("a sample"), period);
    checked.data_return().cloned().expect("a return")
}

fn check(bytes: &[u8], period: &str) -> FileCheck {
    check_file(bytes, edition(period), &CATALOGUE, None)
}

fn form(format: Format, language: Language, current: Option<&Cells>) -> Vec<u8> {
    let edition = edition("2022-23");
    let earlier = sample("2020-21", "W06000003");
    let previous = Previous::from_return(self::edition("2020-21"), &earlier);
    let authority = conwy();
    let contents = Contents {
        edition,
        authority: &authority,
        previous: Some(&previous),
        current,
    };
    write_form(format, &contents, language).expect("a form")
}

/// A form with nothing filled in.
fn blank(format: Format, language: Language) -> Vec<u8> {
    form(format, language, None)
}

fn kinds(checked: &FileCheck) -> Vec<&str> {
    let mut kinds: Vec<&str> = checked
        .findings
        .iter()
        .map(|finding| finding.kind.as_str())
        .collect();
    kinds.dedup();
    kinds
}

/// A spreadsheet with one of its packed files changed.
fn edited(bytes: &[u8], name: &str, edit: impl Fn(&str) -> String) -> Vec<u8> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).expect("packed files");
    let mut packed = ZipWriter::new(Cursor::new(Vec::new()));
    for place in 0..archive.len() {
        let mut member = archive.by_index(place).expect("a packed file");
        let member_name = member.name().expect("a name").into_owned();
        let mut content = Vec::new();
        member.read_to_end(&mut content).expect("its bytes");
        if member_name == name {
            let text = String::from_utf8(content).expect("text");
            content = edit(&text).into_bytes();
        }
        packed
            .start_file(member_name, SimpleFileOptions::default())
            .expect("a packed file");
        packed.write_all(&content).expect("written");
    }
    packed.finish().expect("packed").into_inner()
}

/// The sample with every kind of status and text that a form must keep to the byte.
fn filled() -> DataReturn {
    let cells = sample("2022-23", "W06000003").cells().clone();
    let mut changes = CellsBuilder::new(cells.len());
    let comments = [
        "=HYPERLINK(\"x\")",
        "'=1+1",
        "  two spaces, \"quotes\" & <angles>\nanother line\t\u{175} \u{177} \u{f4} \u{176}",
        "_x0041_ -",
        "@me",
        "ends with a space ",
    ];
    for (cell, comment) in (0..).zip(comments) {
        let value = Observed::Provided(i64::from(cell));
        changes.set(
            CellId(cell),
            Observation {
                value,
                comment,
                reason: "",
                reference: "'=r",
            },
        );
    }
    let end = mesur_returns::Date::new(2022, 11, 23);
    for (cell, value) in [
        (10, Observed::PartPeriod { value: 7, end }),
        (11, Observed::NotProvided),
        (12, Observed::NotApplicable),
    ] {
        let observation = Observation {
            reason: "ict_migration",
            ..Observation::of(value)
        };
        changes.set(CellId(cell), observation);
    }
    let cells = cells.with(&changes.finish());
    DataReturn::new(edition("2022-23"), conwy(), cells).expect("a whole return")
}

#[test]
fn a_form_filled_in_comes_back_as_it_was_in_every_format_and_language() {
    let filled = filled();
    for format in Format::ALL {
        for language in Language::ALL {
            let bytes = form(format, language, Some(filled.cells()));
            let checked = check(&bytes, "2022-23");
            let returned = checked.data_return();
            let returned = returned.unwrap_or_else(|| panic!("{format:?} {:#?}", checked.findings));
            assert_eq!(returned.cells(), filled.cells(), "{format:?} {language:?}");
            assert_eq!(returned.digest(), filled.digest());
            let notes = checked.findings.iter().map(|finding| finding.kind.as_str());
            let unexpected =
                notes.filter(|kind| matches!(*kind, "extra_column" | "byte_order_mark"));
            assert_eq!(unexpected.count(), 0);
        }
    }
}

#[test]
fn the_same_contents_are_the_same_bytes() {
    let filled = filled();
    for format in Format::ALL {
        let write = || form(format, Language::Cy, Some(filled.cells()));
        assert_eq!(write(), write(), "{format:?}");
    }
    let xlsx = blank(Format::Xlsx, Language::En);
    let mut archive = ZipArchive::new(Cursor::new(xlsx)).expect("packed files");
    let mut properties = String::new();
    let mut member = archive.by_name("docProps/core.xml").expect("properties");
    member.read_to_string(&mut properties).expect("text");
    assert!(
        properties.contains(">2000-01-01T00:00:00Z<"),
        "{properties}"
    );
}

#[test]
fn a_form_that_is_not_filled_in_is_missing_every_value_and_has_no_zero() {
    let cells = edition("2022-23").cells().len();
    for format in Format::ALL {
        let checked = check(&blank(format, Language::En), "2022-23");
        assert_eq!(kinds(&checked), ["missing_row"], "{format:?}");
        assert_eq!(checked.findings.len(), cells);
        assert_eq!(checked.authority, Some(conwy()));
    }
}

#[test]
fn values_typed_into_the_form_are_a_return_and_need_no_status() {
    let values = sample("2022-23", "W06000003").cells().values().to_vec();
    let cells = CellsBuilder::from_columns(vec![Status::Provided; values.len()], values.clone());
    let cells = cells.expect("as many statuses").finish();
    let typed = DataReturn::new(edition("2022-23"), conwy(), cells).expect("a whole return");
    let values: Vec<String> = values.iter().map(ToString::to_string).collect();
    // In an OpenDocument form the cell of the value stands before that of the status.
    let ods = edited(
        &blank(Format::Ods, Language::En),
        "content.xml",
        |content| {
            let empty = "<table:table-cell table:style-name=\"input\"/><table:table-cell table:style-name=\"input\" table:content-validation-name=\"status\"/>";
            let mut typed = String::new();
            for (part, value) in content
                .split(empty)
                .zip(values.iter().map(Some).chain([None]))
            {
                typed.push_str(part);
                if let Some(value) = value {
                    let cell = "<table:table-cell office:value-type=\"float\" office:value=";
                    typed.push_str(&[cell, "\"", value, "\"/><table:table-cell/>"].concat());
                }
            }
            typed
        },
    );
    // The value stands in column G of its sheet.
    let mut xlsx = blank(Format::Xlsx, Language::En);
    let mut rest = values.iter();
    for sheet in 3..6 {
        let cells = std::cell::RefCell::new(&mut rest);
        xlsx = edited(
            &xlsx,
            &format!("xl/worksheets/sheet{sheet}.xml"),
            |content| {
                let mut parts = content.split("<c r=\"G");
                let mut typed = parts.next().unwrap_or_default().to_owned();
                for part in parts {
                    typed.push_str("<c r=\"G");
                    // The header has a text, the rows are empty cells.
                    match part.split_once("/>") {
                        Some((begin, end)) if !begin.contains('>') => {
                            let value = cells.borrow_mut().next().expect("a value");
                            typed.push_str(&[begin, "><v>", value, "</v></c>", end].concat());
                        }
                        _ => typed.push_str(part),
                    }
                }
                typed
            },
        );
    }
    assert_eq!(rest.next(), None);
    for bytes in [ods, xlsx] {
        let checked = check(&bytes, "2022-23");
        let returned = checked
            .data_return()
            .unwrap_or_else(|| panic!("{:#?}", checked.findings));
        assert_eq!(returned.digest(), typed.digest());
    }
}

#[test]
fn a_form_of_another_year_version_or_authority_is_refused_with_the_reason() {
    for format in Format::ALL {
        let bytes = blank(format, Language::Cy);
        assert_eq!(
            kinds(&check(&bytes, "2020-21")),
            ["wrong_edition"],
            "{format:?}"
        );
    }
    let digest = edition("2022-23").digest();
    let other = |text: &str| text.replace(digest, "sha256:0");
    let csv = String::from_utf8(blank(Format::Csv, Language::En)).expect("text");
    let ods = edited(&blank(Format::Ods, Language::En), "content.xml", other);
    let xlsx = edited(
        &blank(Format::Xlsx, Language::En),
        "xl/sharedStrings.xml",
        other,
    );
    for bytes in [other(&csv).into_bytes(), ods, xlsx] {
        let checked = check(&bytes, "2022-23");
        assert_eq!(kinds(&checked), ["wrong_digest"]);
        assert!(checked.is_readable() && !checked.is_accepted());
    }
    let bytes = blank(Format::Ods, Language::En);
    let reading = mesur_returns::read_file(&bytes, edition("2022-23"), &CATALOGUE);
    let other = AuthorityCode::parse("W06000015").expect("a code");
    let refused = reading.expecting(&other);
    let mesur_returns::FileReading::Refused { findings } = refused else {
        panic!("a form of another authority was taken");
    };
    let last = findings.last().expect("a finding");
    assert_eq!(last.kind.as_str(), "wrong_authority");
    assert_eq!(last.value.as_deref(), Some("W06000003"));
    let nation = AuthorityCode::parse("W92000004").expect("a code");
    let contents = Contents {
        edition: edition("2022-23"),
        authority: &nation,
        previous: None,
        current: None,
    };
    assert!(write_form(Format::Csv, &contents, Language::En).is_err());
}

#[test]
fn only_the_cells_to_fill_in_are_unlocked_and_nothing_is_a_formula() {
    let filled = filled();
    let parts = |format, name: &str| {
        let bytes = form(format, Language::En, Some(filled.cells()));
        let mut archive = ZipArchive::new(Cursor::new(bytes)).expect("packed files");
        let mut text = String::new();
        let mut member = archive.by_name(name).expect("a packed file");
        member.read_to_string(&mut text).expect("text");
        text
    };
    let sheet = parts(Format::Xlsx, "xl/worksheets/sheet3.xml");
    assert!(sheet.contains("<sheetProtection sheet=\"1\"") && !sheet.contains("password"));
    assert!(!sheet.contains("<f>"));
    assert_eq!(sheet.matches("type=\"list\"").count(), 2);
    let content = parts(Format::Ods, "content.xml");
    assert_eq!(content.matches("table:protected=\"true\"").count(), 5);
    assert!(!content.contains("table:formula"));
    let rows = edition("2022-23").cells().len();
    assert_eq!(
        content.matches("table:style-name=\"input\"").count(),
        5 * rows
    );
    assert_eq!(
        content.matches("table:style-name=\"input-day\"").count(),
        rows
    );
    let csv = form(Format::Csv, Language::En, Some(filled.cells()));
    let csv = String::from_utf8(csv).expect("text");
    let runs = |field: &str| {
        field
            .trim_start_matches('"')
            .starts_with(['=', '+', '-', '@'])
    };
    assert!(!csv.split(',').any(runs));
}
