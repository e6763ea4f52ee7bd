//! Every limit of a file, at it and one past it. What files cost that were made to be expensive is in
//! `hostile.rs`.
#![expect(clippy::expect_used, reason = "a test says what it needs")]

use std::fmt::Write as _;
use std::fs;
use std::io::{Cursor, Write as _};
use std::path::Path;
use std::sync::{Arc, LazyLock};

use mesur_catalogue::{Catalogue, Edition};
use mesur_returns::{
    COMMENT_CHARS_MAX, FILE_BYTES_MAX, FileCheck, REFERENCE_CHARS_MAX, VALUE_CHARS_MAX, check_file,
};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

const BAD: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/data/bad");

/// The cut-down edition of the bad files, and the good file for it.
static GOOD: LazyLock<(Catalogue, Arc<Edition>, String)> = LazyLock::new(|| {
    let mut catalogue = Catalogue::bundled().expect("the bundled editions");
    let folder = Path::new(BAD).join("catalogue");
    let edition = catalogue.add_folder(&folder).expect("an edition");
    let text = fs::read_to_string(Path::new(BAD).join("00-good.csv")).expect("a file");
    (catalogue, edition, text)
});

fn check(bytes: &[u8]) -> FileCheck {
    let (catalogue, edition, _) = &*GOOD;
    check_file(bytes, edition, catalogue, None)
}

/// The good file with something in place of a text that it has once.
fn changed(from: &str, to: &str) -> FileCheck {
    let text = &GOOD.2;
    assert_eq!(text.matches(from).count(), 1, "{from}");
    check(text.replace(from, to).as_bytes())
}

fn has(checked: &FileCheck, kind: &str) -> bool {
    let mut findings = checked.findings.iter();
    findings.any(|finding| finding.kind.as_str() == kind)
}

fn packed(members: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in members {
        let options = SimpleFileOptions::default();
        archive.start_file(name, options).expect("a packed file");
        archive.write_all(content).expect("written");
    }
    archive.finish().expect("packed").into_inner()
}

/// An archive whose one file is that of a spreadsheet.
fn content(text: impl Into<Vec<u8>>) -> Vec<u8> {
    packed(&[("content.xml".to_owned(), text.into())])
}

#[test]
fn a_file_may_be_so_large_packed_and_unpacked() {
    for (bytes, is_refused) in [(FILE_BYTES_MAX, false), (FILE_BYTES_MAX + 1, true)] {
        let plain = check(&vec![b'x'; bytes]);
        assert_eq!(has(&plain, "file_too_large"), is_refused, "{bytes}");
        let unpacked = check(&content(vec![b' '; bytes]));
        assert_eq!(has(&unpacked, "unpacked_too_large"), is_refused, "{bytes}");
    }
}

#[test]
fn so_many_packed_files_are_taken() {
    let of = |members: usize| {
        let names = (0..members).map(|number| (format!("{number}.txt"), Vec::new()));
        check(&packed(&names.collect::<Vec<_>>()))
    };
    assert!(has(&of(1_000), "unsupported_format"));
    assert!(has(&of(1_001), "damaged_file"));
}

#[test]
fn xml_is_so_deep_and_its_elements_have_so_many_attributes() {
    let deep = |levels: usize| {
        let text = "<a>".repeat(levels) + &"</a>".repeat(levels);
        has(&check(&content(text)), "damaged_file")
    };
    assert_eq!((deep(64), deep(65)), (false, true));
    let wide = |attributes: usize| {
        let mut text = "<a".to_owned();
        for number in 0..attributes {
            let _ = write!(text, " a{number}=\"\"");
        }
        has(&check(&content(text + "/>")), "damaged_file")
    };
    assert_eq!((wide(256), wide(257)), (false, true));
}

#[test]
fn so_many_columns_are_read() {
    let of = |columns: usize| {
        let mut lines = GOOD.2.lines();
        let header = lines.next().expect("a header");
        let own = header.split(',').count();
        let more = (own..columns).map(|number| format!(",x{number}"));
        let empty = ",".repeat(columns - own);
        let mut text = format!("{header}{}\n", more.collect::<String>());
        for line in lines {
            let _ = writeln!(text, "{line}{empty}");
        }
        has(&check(text.as_bytes()), "too_many_columns")
    };
    assert_eq!((of(256), of(257)), (false, true));
}

#[test]
fn the_header_of_a_sheet_stands_among_its_first_rows() {
    let row = |cells: [&str; 4]| {
        let cell = |text: &str| {
            format!("<t:c o:value-type=\"string\"><x:p>{text}</x:p></t:c>")
                .replace("t:c", "table:table-cell")
        };
        let cells: String = cells.map(cell).concat();
        format!("<table:table-row>{cells}</table:table-row>")
    };
    let at = |header: usize| {
        let empty = "<table:table-row><table:table-cell/></table:table-row>".repeat(header - 1);
        let rows = row(["metric", "category", "value", "status"])
            + &row(["AD/004", "", "3400", "provided"]);
        let text = format!(
            "<office:document-content xmlns:office=\"o\" xmlns:table=\"t\" xmlns:text=\"x\"><office:body><office:spreadsheet><table:table table:name=\"AD\">{empty}{rows}</table:table></office:spreadsheet></office:body></office:document-content>"
        );
        let text = text
            .replace("x:p>", "text:p>")
            .replace(" o:value", " office:value");
        let kind = "application/vnd.oasis.opendocument.spreadsheet";
        let members = [("mimetype", kind), ("content.xml", &text)];
        let members = members.map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec()));
        has(&check(&packed(&members)), "no_data_sheet")
    };
    assert_eq!((at(30), at(31)), (false, true));
}

#[test]
fn a_comment_and_a_reference_have_so_many_characters() {
    let row = GOOD.2.lines().find(|line| line.contains(",AD/004,,3400,"));
    let row = row.expect("a row");
    let comment = |chars: usize| {
        let (start, _) = row.rsplit_once(',').expect("a comment");
        changed(row, &format!("{start},{}", "ŵ".repeat(chars)))
    };
    assert!(!has(&comment(COMMENT_CHARS_MAX), "cell_too_long"));
    assert!(has(&comment(COMMENT_CHARS_MAX + 1), "cell_too_long"));
    let reference = |chars: usize| {
        let reference = "ŵ".repeat(chars);
        let lines = GOOD
            .2
            .lines()
            .enumerate()
            .map(|(number, line)| match number {
                0 => format!("{line},reference\n"),
                1 => format!("{line},{reference}\n"),
                _ => format!("{line},\n"),
            });
        has(
            &check(lines.collect::<String>().as_bytes()),
            "cell_too_long",
        )
    };
    assert!(!reference(REFERENCE_CHARS_MAX) && reference(REFERENCE_CHARS_MAX + 1));
}

#[test]
fn a_finding_repeats_so_much_of_what_was_sent() {
    let told = |chars: usize| {
        let value = "ŵ".repeat(chars);
        let checked = changed(",AD/004,,3400,", &format!(",AD/004,,{value},"));
        let mut values = checked.findings.iter().filter_map(|one| one.value.clone());
        values
            .find(|value| value.starts_with("ŵŵ"))
            .expect("the value")
    };
    let whole = told(VALUE_CHARS_MAX);
    assert_eq!(whole, "ŵ".repeat(VALUE_CHARS_MAX));
    let cut = told(VALUE_CHARS_MAX + 1);
    assert_eq!(cut.chars().count(), VALUE_CHARS_MAX);
    assert!(cut.ends_with("ŵ…"));
}
