//! Spreadsheets and wide CSV files: what is taken, and what broken ones say.
#![expect(clippy::expect_used, reason = "a test says what it needs")]

use std::io::{Cursor, Read, Write};
use std::path::Path;
use std::sync::{Arc, LazyLock};

use mesur_catalogue::{Catalogue, Edition};
use mesur_returns::{FileCheck, Finding, check_file};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use rust_xlsxwriter::{Formula, Workbook};
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/data/bad");

static CATALOGUE: LazyLock<(Catalogue, Arc<Edition>)> = LazyLock::new(|| {
    let mut catalogue = Catalogue::bundled().expect("the bundled editions");
    let folder = Path::new(FOLDER).join("catalogue");
    let edition = catalogue.add_folder(&folder).expect("an edition");
    (catalogue, edition)
});

/// The good return as rows: authority, edition, metric, category, value, status, comment.
static GOOD: LazyLock<Vec<Vec<String>>> = LazyLock::new(|| {
    let path = Path::new(FOLDER).join("00-good.csv");
    let mut reader = csv::Reader::from_path(path).expect("the good file");
    let rows = reader.deserialize().map(|row| row.expect("a row"));
    rows.collect()
});

fn check(bytes: &[u8]) -> FileCheck {
    let (catalogue, edition) = &*CATALOGUE;
    check_file(bytes, edition, catalogue, None)
}

fn kinds(checked: &FileCheck) -> Vec<&str> {
    let findings = checked.findings.iter();
    findings.map(|finding| finding.kind.as_str()).collect()
}

fn good() -> FileCheck {
    check(&std::fs::read(Path::new(FOLDER).join("00-good.csv")).expect("the good file"))
}

fn packed(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in members {
        let options = SimpleFileOptions::default();
        archive.start_file(*name, options).expect("a packed file");
        archive.write_all(content).expect("written");
    }
    archive.finish().expect("packed").into_inner()
}

/// An ODS file with these rows of its one sheet, and a cover.
fn ods(rows: &str) -> Vec<u8> {
    let content = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><office:document-content xmlns:office=\"o\" xmlns:table=\"t\" xmlns:text=\"x\"><office:body><office:spreadsheet><table:table table:name=\"Clawr\"><table:table-row>{}{}</table:table-row></table:table><table:table table:name=\"AD\">{rows}</table:table></office:spreadsheet></office:body></office:document-content>",
        cell("Awdurdod"),
        cell("W06000012"),
    );
    packed(&[
        (
            "mimetype",
            b"application/vnd.oasis.opendocument.spreadsheet",
        ),
        ("META-INF/manifest.xml", b"<manifest/>"),
        ("content.xml", content.as_bytes()),
    ])
}

fn cell(text: &str) -> String {
    format!(
        "<table:table-cell office:value-type=\"string\"><text:p>{text}</text:p></table:table-cell>"
    )
}

const HEADER: [&str; 4] = ["Metrig", "categori", "GWERTH", "statws"];

fn ods_row(cells: &[&str]) -> String {
    let cells: String = cells.iter().map(|text| cell(text)).collect();
    format!("<table:table-row>{cells}</table:table-row>")
}

/// The good return as a workbook whose sheet may be changed.
fn xlsx(change: impl FnOnce(&mut rust_xlsxwriter::Worksheet)) -> Vec<u8> {
    let mut workbook = Workbook::new();
    let cover = workbook.add_worksheet().set_name("Cover").expect("a name");
    cover.write_string(3, 1, "Authority:").expect("written");
    cover.write_string(3, 2, "W06000012").expect("written");
    let sheet = workbook
        .add_worksheet()
        .set_name("Oedolion ŵ")
        .expect("a name");
    sheet
        .write_string(0, 0, "A title above the header")
        .expect("written");
    let header = [
        "metric",
        "category",
        "value",
        "status",
        "comment",
        "reference",
    ];
    for (column, word) in (0..).zip(header) {
        sheet.write_string(2, column, word).expect("written");
    }
    for (row, texts) in (3..).zip(&*GOOD) {
        for (column, text) in (0..).zip(texts.iter().skip(2)) {
            match text.parse::<f64>() {
                Ok(number) if column == 2 => sheet.write_number(row, column, number),
                _ => sheet.write_string(row, column, text),
            }
            .expect("written");
        }
    }
    change(sheet);
    workbook.save_to_buffer().expect("a workbook")
}

/// The finding of a kind.
fn only<'f>(checked: &'f FileCheck, kind: &str) -> &'f Finding {
    let mut found = checked
        .findings
        .iter()
        .filter(|finding| finding.kind.as_str() == kind);
    let finding = found.next();
    assert!(
        finding.is_some() && found.next().is_none(),
        "{kind}: {:#?}",
        checked.findings
    );
    finding.expect("one finding")
}

#[test]
fn a_workbook_and_a_wide_file_are_the_return_that_the_long_file_is() {
    let digest = |checked: &FileCheck| {
        let data_return = checked.data_return();
        data_return
            .unwrap_or_else(|| panic!("{:#?}", checked.findings))
            .digest()
    };
    let long = digest(&good());
    assert_eq!(digest(&check(&xlsx(|_| {}))), long);
    let (mut names, mut fields) = (
        String::from("authority,edition"),
        String::from("W06000012,2022-23"),
    );
    for row in &*GOOD {
        let [_, _, metric, category, value, status, comment] = row.as_slice() else {
            panic!("seven columns");
        };
        let brackets = if category.is_empty() {
            String::new()
        } else {
            format!("[{category}]")
        };
        names.push_str(&[",", metric, &brackets].concat());
        fields.push_str(&match status.as_str() {
            "provided" if comment.is_empty() => [",", value].concat(),
            _ => [",\"", value, " ", status, ": ", comment, "\""].concat(),
        });
    }
    assert_eq!(
        digest(&check(format!("{names}\n{fields}\n").as_bytes())),
        long
    );
    let slip = fields.replacen(",3400,", ",34 00,", 1);
    let checked = check(format!("{names}\r\n{slip}\r\n").as_bytes());
    let finding = only(&checked, "not_a_number");
    assert_eq!(
        (finding.line, finding.column.as_deref()),
        (Some(2), Some("AD/004"))
    );
    let gap = fields.replacen(",3400,", ",not_provided: ict_migration,", 1);
    let checked = check(format!("{names}\n{gap}\n").as_bytes());
    assert!(!kinds(&checked).contains(&"missing_row"));
}

#[test]
fn what_a_spreadsheet_made_of_a_cell_is_told_with_sheet_and_row() {
    let checked = check(&xlsx(|sheet| {
        let formula = |text: &str, result: &str| Formula::new(text).set_result(result);
        sheet
            .write_formula(3, 2, formula("=1700*2", "3400"))
            .expect("a formula");
        sheet
            .write_formula(4, 2, formula("=#REF!", "#REF!"))
            .expect("a formula");
        sheet
            .write_number(5, 2, 9_007_199_254_740_993.0_f64)
            .expect("a number");
        sheet.write_boolean(6, 2, true).expect("a truth");
        let format = rust_xlsxwriter::Format::new().set_bold();
        sheet.write_blank(7, 2, &format).expect("nothing");
        sheet.write_blank(7, 3, &format).expect("nothing");
        sheet
            .write_string(40, 9, "beside the table")
            .expect("a text");
    }));
    let place = |kind| {
        let finding = only(&checked, kind);
        (
            finding.sheet.as_str(),
            finding.line,
            finding.value.as_deref().unwrap_or_default(),
        )
    };
    let sheet = "Oedolion ŵ";
    assert_eq!(place("cell_error"), (sheet, Some(5), "#REF!"));
    assert_eq!(
        place("inexact_number"),
        (sheet, Some(6), "9007199254740992")
    );
    assert_eq!(place("not_a_number"), (sheet, Some(7), "TRUE"));
    assert_eq!(place("missing_row"), (sheet, Some(8), ""));
    let of_values = checked
        .findings
        .iter()
        .filter(|finding| finding.is_structural());
    assert_eq!(of_values.count(), 4, "{:#?}", checked.findings);
}

/// The rows of a sheet that has the columns of a long file.
fn long_sheet(header: &[&str], row: impl Fn(&[String]) -> Vec<String>) -> String {
    let rows = GOOD.iter().map(|texts| {
        let texts = row(texts);
        ods_row(&texts.iter().map(String::as_str).collect::<Vec<_>>())
    });
    [ods_row(header)].into_iter().chain(rows).collect()
}

#[test]
fn a_long_file_saved_as_a_spreadsheet_is_the_same_return_and_needs_no_cover() {
    let header = [
        "authority",
        "edition",
        "metric",
        "category",
        "value",
        "status",
        "comment",
    ];
    let long = long_sheet(&header, <[String]>::to_vec);
    let without_cover = |content: &str| {
        let sheet = ods(content);
        let mut archive = ZipArchive::new(Cursor::new(sheet)).expect("packed files");
        let mut text = String::new();
        let mut member = archive.by_name("content.xml").expect("the content");
        member.read_to_string(&mut text).expect("text");
        let text = text.replace("Awdurdod", "Teitl");
        packed(&[("mimetype", b""), ("content.xml", text.as_bytes())])
    };
    let checked = check(&without_cover(&long));
    let digest = |checked: &FileCheck| checked.data_return().map(mesur_returns::DataReturn::digest);
    assert_eq!(digest(&checked), digest(&good()), "{:#?}", checked.findings);
    let unnamed = long_sheet(&["metric", "category", "value", "status"], |texts| {
        texts.iter().skip(2).take(4).cloned().collect()
    });
    let checked = check(&without_cover(&unnamed));
    assert_eq!(kinds(&checked), ["no_authority"]);
    assert!(checked.is_readable());
}

#[test]
fn a_row_of_a_form_without_value_or_status_is_told_where_it_stands() {
    let text = std::fs::read_to_string(Path::new(FOLDER).join("00-good.csv")).expect("good");
    let checked = check(
        text.replacen("AD/004,,3400,provided,", "AD/004,,,,maybe", 1)
            .as_bytes(),
    );
    let finding = only(&checked, "missing_status");
    assert_eq!(
        (finding.column.as_deref(), finding.value.as_deref()),
        (Some("status"), None)
    );
    assert!(finding.line.is_some());
    let blank = [
        ods_row(&HEADER),
        ods_row(&["AD/004", "", "", ""]),
        ods_row(&["AD/004", "", "3400", ""]),
        ods_row(&["AD/005", "", "", ""]),
    ];
    let checked = check(&ods(&blank.concat()));
    let at = |metric: &str| {
        let mut found = checked.findings.iter();
        found.find(|finding| (finding.metric.as_str(), finding.category.as_str()) == (metric, ""))
    };
    assert_eq!(at("AD/004"), None);
    let missing = at("AD/005").expect("a finding");
    assert_eq!(
        (missing.kind.as_str(), missing.sheet.as_str(), missing.line),
        ("missing_row", "AD", Some(4))
    );
}

#[test]
fn broken_and_foreign_files_are_refused_by_what_they_are() {
    let sound = xlsx(|_| {});
    let mut torn = sound.clone();
    let middle = torn.len() / 2;
    torn.truncate(middle);
    let mut flipped = sound.clone();
    for byte in flipped.iter_mut().skip(200).take(60) {
        *byte ^= 0x55;
    }
    let compound = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".to_vec();
    let locked: Vec<u8> = "EncryptedPackage"
        .bytes()
        .flat_map(|byte| [byte, 0])
        .collect();
    let deep = format!("{}{}", "<a>".repeat(65), "</a>".repeat(65));
    let laughs = "<!DOCTYPE a [<!ENTITY b \"ha\"><!ENTITY c \"&b;&b;\">]><a>&c;</a>";
    let bomb = vec![b' '; 17 * 1024 * 1024];
    let many: Vec<String> = (0..1_001).map(|number| format!("{number}.txt")).collect();
    let many: Vec<(&str, &[u8])> = many.iter().map(|name| (name.as_str(), &b""[..])).collect();
    for (bytes, kind) in [
        (torn, "damaged_file"),
        (flipped, "damaged_file"),
        (b"PK\x03\x04".to_vec(), "damaged_file"),
        (packed(&[("content.xml", deep.as_bytes())]), "damaged_file"),
        (
            packed(&[("content.xml", laughs.as_bytes())]),
            "damaged_file",
        ),
        (
            packed(&[("xl/worksheets/sheet1.xml", b"<c r=\"A99999999999\"/>")]),
            "damaged_file",
        ),
        (packed(&many), "damaged_file"),
        (packed(&[("content.xml", &bomb)]), "unpacked_too_large"),
        (
            packed(&[("word/document.xml", b"<a/>")]),
            "unsupported_format",
        ),
        (
            packed(&[
                ("meta.xml", b"\x8f\x03"),
                ("META-INF/manifest.xml", b"<encryption-data/>"),
            ]),
            "protected_file",
        ),
        (b"\x89PNG\r\n\x1a\n\0\xff".to_vec(), "unsupported_format"),
        (b"\x01\xff\x02\xfe".to_vec(), "unknown_format"),
        (compound.clone(), "unsupported_format"),
        ([compound, locked].concat(), "protected_file"),
        (b"%PDF-1.7".to_vec(), "unsupported_format"),
        (
            ods(&ods_row(&["metric", "category", "value"])),
            "no_data_sheet",
        ),
        (
            ods(&ods_row(&[
                "metric", "category", "value", "status", "value",
            ])),
            "duplicate_column",
        ),
    ] {
        let checked = check(&bytes);
        assert_eq!(kinds(&checked), [kind]);
        assert!(!checked.is_readable());
    }
}

#[test]
fn what_repeats_without_end_costs_no_more_than_the_limit() {
    let header = ods_row(&HEADER);
    let row = ods_row(&["AD/004", "", "1", "provided"]);
    let repeated = |rows: &str| {
        row.replacen(
            "-row>",
            &format!("-row table:number-rows-repeated=\"{rows}\">"),
            1,
        )
    };
    let checked = check(&ods(&format!("{header}{}", repeated("4000000000"))));
    assert_eq!(kinds(&checked), ["too_many_rows"]);
    let empty = "<table:table-row table:number-rows-repeated=\"1048000\"><table:table-cell table:number-columns-repeated=\"16384\"/></table:table-row>";
    let wide = "<table:table-row><table:table-cell table:number-columns-repeated=\"999999999\" office:value-type=\"string\"><text:p><text:s text:c=\"999999999\"/>x</text:p></table:table-cell></table:table-row>";
    let checked = check(&ods(&format!(
        "{empty}{header}{row}{empty}{}",
        ods_row(&["AD/005", "", "12.50", "x"])
    )));
    // A header must stand near the top.
    assert_eq!(kinds(&checked), ["no_data_sheet"]);
    let checked = check(&ods(&format!(
        "{wide}{header}{row}{empty}{}",
        ods_row(&["AD/005", "", "", "x"])
    )));
    let finding = only(&checked, "unknown_status");
    assert_eq!(
        (finding.sheet.as_str(), finding.line),
        ("AD", Some(1_048_004))
    );
}

/// A sheet that claims to be as large as a sheet can be, with a cell in its last corner.
#[test]
fn a_sheet_of_the_largest_dimensions_costs_what_it_holds() {
    let bytes = xlsx(|sheet| {
        sheet
            .write_number(1_048_575, 16_383, 1)
            .expect("the last cell");
    });
    let checked = check(&bytes);
    assert!(checked.data_return().is_some(), "{:#?}", checked.findings);
}

/// The members of a workbook, to be damaged one by one.
static MEMBERS: LazyLock<Vec<(String, Vec<u8>)>> = LazyLock::new(|| {
    let mut archive = ZipArchive::new(Cursor::new(xlsx(|_| {}))).expect("packed files");
    let member = |place| {
        let mut member = archive.by_index(place).expect("a packed file");
        let mut content = Vec::new();
        member.read_to_end(&mut content).expect("its bytes");
        (member.name().expect("a name").into_owned(), content)
    };
    (0..12)
        .map_while(|place| (place < 10).then_some(place))
        .map(member)
        .collect()
});

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, rng_seed: RngSeed::Fixed(5), ..ProptestConfig::default() })]

    #[test]
    fn no_damage_to_a_spreadsheet_makes_the_reader_panic(
        member in 0_usize..10,
        damage in proptest::collection::vec((any::<proptest::sample::Index>(), "[<>/=\"&;A-Z0-9.:\u{175}-]{0,3}"), 1..5),
    ) {
        let mut members = MEMBERS.clone();
        let (_, content) = members.get_mut(member).expect("a member");
        for (place, text) in damage {
            let at = place.index(content.len());
            let end = content.len().min(at + 2);
            content.splice(at..end, text.bytes());
        }
        let members: Vec<(&str, &[u8])> = members.iter().map(|(name, content)| (name.as_str(), content.as_slice())).collect();
        let checked = check(&packed(&members));
        prop_assert!(checked.data_return().is_some() || !checked.findings.is_empty());
    }

    #[test]
    fn no_content_of_an_ods_makes_the_reader_panic(rows in "(<table:table-row( table:number-rows-repeated=\"[0-9]{1,3}\")?>|</table:table-row>|<table:table-cell( office:value-type=\"(float|date|string)\")?( office:value=\"[0-9e.-]{0,4}\")?>|</table:table-cell>|<text:p>|</text:p>|[a-z&;]{0,3}){0,24}") {
        let rows = format!("{}{rows}", ods_row(&HEADER));
        prop_assert!(!check(&ods(&rows)).findings.is_empty());
    }
}
