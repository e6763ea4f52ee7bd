//! The workbooks, read by calamine.

use std::io::{Cursor, Read};

use calamine::{Data, DataType, Reader, open_workbook_auto_from_rs};
use zip::ZipArchive;

use crate::support::{FORMULA, dataset, file, files_of};

type Sheet = Vec<Vec<Data>>;

fn sheets(workbook: &[u8]) -> Vec<(String, Sheet)> {
    let mut workbook =
        open_workbook_auto_from_rs(Cursor::new(workbook.to_vec())).expect("a workbook");
    let names = workbook.sheet_names();
    let sheet = |name: String| {
        let range = workbook.worksheet_range(&name).expect("a sheet");
        assert_eq!(range.start(), Some((0, 0)), "{name} begins in A1");
        let rows = range.rows().map(<[Data]>::to_vec).collect();
        let formulas = workbook.worksheet_formula(&name).expect("formulas");
        assert!(formulas.cells().all(|(_, _, formula)| formula.is_empty()));
        (name, rows)
    };
    names.into_iter().map(sheet).collect()
}

fn part(workbook: &[u8], name: &str) -> String {
    let mut archive = ZipArchive::new(Cursor::new(workbook)).expect("packed files");
    let mut text = String::new();
    let mut part = archive.by_name(name).expect("a part");
    part.read_to_string(&mut text).expect("text");
    text
}

fn words(row: &[Data]) -> Vec<String> {
    row.iter().map(ToString::to_string).collect()
}

#[test]
fn a_table_is_the_same_in_both_formats_and_says_what_its_shorthand_means() {
    let files = files_of(&dataset());
    for name in ["tables.en.xlsx", "tables.en.ods"] {
        let sheets = sheets(&file(&files, name).content);
        let names: Vec<_> = sheets.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(
            names,
            ["Cover", "Contents", "Notes", "WA_001", "WA_002"],
            "{name}"
        );
        let rows = &sheets[3].1;
        let lines: Vec<_> = rows[..5].iter().map(|row| row[0].to_string()).collect();
        assert_eq!(lines[0], format!("WA/001: {FORMULA}"));
        assert_eq!(lines[1], "This worksheet contains one table.");
        assert_eq!(lines[2], "Notes are explained in the worksheet “Notes”.");
        assert_eq!(
            lines[3],
            "Shorthand in this table: [c] confidential, [p] provisional, [r] revised, \
             [x] not available, [z] not applicable, [part] part of the period only."
        );
        assert_eq!(lines[4], "Contents");
        let header = [
            "Area",
            "Area code",
            "Total [note 1]",
            "a: By hand",
            "Notes on values",
        ];
        assert_eq!(words(&rows[5]), header, "{name}");
        assert_eq!(words(&rows[6]), ["Whole", "X99", "1017", "0", "Total [p]"]);
        assert_eq!(
            words(&rows[7]),
            ["North", "X01", "7", "[c]", "Total [r][part]"]
        );
        assert_eq!(words(&rows[8]), [FORMULA, "X02", "[x]", "[z]", "none"]);
        assert_eq!(words(&rows[9]), ["West <b>", "X03", "1010", "0", "none"]);
        assert!(
            matches!(rows[6][2], Data::Float(_) | Data::Int(_)),
            "{name}"
        );
        assert!(matches!(rows[8][0], Data::String(_)), "{name}");
        let whole = rows
            .iter()
            .chain(&sheets[1].1)
            .all(|row| !row[0].is_empty());
        assert!(whole, "{name} has a row that begins with nothing");
    }
}

#[test]
fn a_number_that_no_double_holds_is_text_in_a_workbook_and_digits_in_an_open_document() {
    let files = files_of(&dataset());
    let workbook = sheets(&file(&files, "tables.en.xlsx").content);
    assert_eq!(workbook[4].1[4][2].to_string(), "90,071,992,547,409.93");
    assert_eq!(workbook[4].1[5][2], Data::Float(-0.05));
    let content = part(&file(&files, "tables.en.ods").content, "content.xml");
    assert!(content.contains("office:value=\"90071992547409.93\""));
}

#[test]
fn a_welsh_workbook_is_welsh_and_says_what_is_held_in_english_only() {
    let files = files_of(&dataset());
    for name in ["tables.cy.xlsx", "tables.cy.ods"] {
        let sheets = sheets(&file(&files, name).content);
        let rows = &sheets[3].1;
        assert_eq!(rows[0][0].to_string(), "WA/001: Mesuryddion");
        let header = [
            "Ardal",
            "Cod ardal",
            "Cyfanswm [nodyn 1]",
            "a: By hand (Saesneg yn unig)",
            "Nodiadau ar werthoedd",
        ];
        assert_eq!(words(&rows[5]), header, "{name}");
        assert_eq!(rows[6][0].to_string(), "Cyfan");
    }
}

#[test]
fn documents_say_their_title_and_language_and_tables_are_marked_up() {
    let files = files_of(&dataset());
    for (tag, title) in [
        ("en", "Water &amp; \"meters\" in 2031"),
        ("cy", "Dŵr yn 2031"),
    ] {
        let xlsx = &file(&files, &format!("tables.{tag}.xlsx")).content;
        let ods = &file(&files, &format!("tables.{tag}.ods")).content;
        for said in [part(xlsx, "docProps/core.xml"), part(ods, "meta.xml")] {
            let said = said.replace("&quot;", "\"");
            assert!(
                said.contains(&format!("<dc:title>{title}</dc:title>")),
                "{said}"
            );
            assert!(said.contains(&format!("<dc:language>{tag}-GB</dc:language>")));
        }
        let sheet = part(xlsx, "xl/worksheets/sheet4.xml");
        for unwanted in ["<mergeCell", "<pane", "<autoFilter", " hidden="] {
            assert!(!sheet.contains(unwanted), "{unwanted}");
        }
        let table = part(xlsx, "xl/tables/table3.xml");
        assert!(table.contains("name=\"Table_WA_001\"") && table.contains("ref=\"A6:E10\""));
        assert!(!table.contains("<autoFilter"));
        let content = part(ods, "content.xml");
        let range = "table:name=\"Table_WA_001\" \
            table:target-range-address=\"&apos;WA_001&apos;.A6:&apos;WA_001&apos;.E10\"";
        assert!(content.replace('\'', "&apos;").contains(range), "{content}");
        assert!(!content.contains("number-columns-spanned"));
    }
}
