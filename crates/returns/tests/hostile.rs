//! Files made to cost more than they weigh: each is refused or read within a few times the largest
//! file, in memory and in time.
//!
//! A test program of its own, because it counts the memory of the whole process.
#![expect(clippy::expect_used, reason = "a test says what it needs")]

use std::fmt::Write as _;
use std::io::{Cursor, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use mesur_catalogue::{Catalogue, Edition};
use mesur_returns::{FILE_BYTES_MAX, check_file};
use peak_alloc::PeakAlloc;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/data/bad");

/// What any file of an ordinary edition may take in memory while it is checked, beside itself: 4
/// times the 16 MiB that it may take unpacked.
const MEMORY_MAX: usize = 4 * FILE_BYTES_MAX;

/// How long any of them may take without optimisation, on a machine that is busy. What is quadratic
/// takes hours.
const TIME_MAX: Duration = Duration::from_mins(1);

const MEBIBYTE: usize = 1024 * 1024;

const XML: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>";
const RELATIONS: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006/relationships";
const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";

type Member = (String, Vec<u8>);

fn packed(members: &[Member]) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in members {
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
        archive.start_file(name.as_str(), options).expect("a file");
        archive.write_all(content).expect("written");
    }
    archive.finish().expect("packed").into_inner()
}

fn member(name: &str, content: impl Into<Vec<u8>>) -> Member {
    (name.to_owned(), content.into())
}

/// An XLSX workbook with one sheet, of the given name and content, and these shared strings.
fn xlsx(sheet_name: &str, sheet: String, strings: String) -> Vec<Member> {
    vec![
        member("[Content_Types].xml", format!("{XML}<Types/>")),
        member(
            "_rels/.rels",
            format!(
                "{XML}<Relationships xmlns=\"{PACKAGE}\"><Relationship Id=\"rId1\" Type=\"{RELATIONS}/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"
            ),
        ),
        member(
            "xl/workbook.xml",
            format!(
                "{XML}<workbook xmlns=\"{MAIN}\" xmlns:r=\"{RELATIONS}\"><sheets><sheet name=\"a\" sheetId=\"1\" r:id=\"rId1\"/></sheets></workbook>"
            ),
        ),
        member(
            "xl/_rels/workbook.xml.rels",
            format!(
                "{XML}<Relationships xmlns=\"{PACKAGE}\"><Relationship Id=\"rId1\" Type=\"{RELATIONS}/worksheet\" Target=\"worksheets/{sheet_name}\"/><Relationship Id=\"rId2\" Type=\"{RELATIONS}/sharedStrings\" Target=\"sharedStrings.xml\"/></Relationships>"
            ),
        ),
        member(&format!("xl/worksheets/{sheet_name}"), sheet),
        member("xl/sharedStrings.xml", strings),
    ]
}

fn sheet(rows: &str) -> String {
    format!("{XML}<worksheet xmlns=\"{MAIN}\"><sheetData>{rows}</sheetData></worksheet>")
}

fn strings(items: &str) -> String {
    format!("{XML}<sst xmlns=\"{MAIN}\">{items}</sst>")
}

/// An ODS file with these rows, and what stands before its root.
fn ods(before: &str, rows: &str) -> Vec<u8> {
    let content = format!(
        "{XML}{before}<office:document-content xmlns:office=\"o\" xmlns:table=\"t\" xmlns:text=\"x\"><office:body><office:spreadsheet><table:table table:name=\"AD\">{rows}</table:table></office:spreadsheet></office:body></office:document-content>"
    );
    packed(&[
        member("mimetype", "application/vnd.oasis.opendocument.spreadsheet"),
        member("META-INF/manifest.xml", "<manifest/>"),
        member("content.xml", content),
    ])
}

const ODS_HEADER: &str = "<table:table-row><table:table-cell><text:p>metric</text:p></table:table-cell><table:table-cell><text:p>category</text:p></table:table-cell><table:table-cell><text:p>value</text:p></table:table-cell><table:table-cell><text:p>status</text:p></table:table-cell></table:table-row>";

/// `element` with hundreds of thousands of attributes.
fn many_attributes(element: &str) -> String {
    let mut text = format!("<{element}");
    let mut number = 0_u32;
    while text.len() < 2 * MEBIBYTE {
        let _ = write!(text, " a{number}=\"\"");
        number += 1;
    }
    text.push_str("/>");
    text
}

/// A quarter of the largest file, of a text over and over.
fn filled(text: &str) -> String {
    text.repeat(4 * MEBIBYTE / text.len())
}

/// A file whose end says over and over where its directory is, so that a reader that tries each of
/// them goes through the directory each time.
fn many_ends() -> Vec<u8> {
    let mut bytes = packed(
        &(0..900)
            .map(|number| member(&format!("{number}"), ""))
            .collect::<Vec<_>>(),
    );
    let end = bytes.len() - 22;
    let directory = bytes.get(end..end + 22).expect("the end").to_vec();
    let mut wrong = directory.clone();
    // One more entry than there is, found only behind all others.
    if let Some(count) = wrong.get_mut(8..12) {
        count.copy_from_slice(&[0x85, 3, 0x85, 3]);
    }
    bytes.truncate(end);
    while bytes.len() < 15 * MEBIBYTE {
        bytes.extend_from_slice(&wrong);
    }
    bytes
}

/// Stored members that all lie over the same packed bytes, as in a bomb that unpacks to terabytes.
fn overlapping() -> Vec<u8> {
    let whole = packed(&[member("0.xml", filled("<a/>"))]);
    let end = whole.len() - 22;
    let tail = whole.get(end..).expect("the end");
    let at = u32::from_le_bytes(
        tail.get(16..20)
            .and_then(|four| four.try_into().ok())
            .expect("a place"),
    );
    let directory_at = usize::try_from(at).expect("small");
    let entry = whole.get(directory_at..end).expect("an entry").to_vec();
    let mut bytes = whole.get(..directory_at).expect("the content").to_vec();
    for number in 0..900_u16 {
        let mut entry = entry.clone();
        // Its name: one digit after another, so that all differ.
        let name = format!("{:01}{:04}", 0, number);
        if let Some(place) = entry.get_mut(46..51) {
            place.copy_from_slice(name.as_bytes());
        }
        bytes.extend_from_slice(&entry);
    }
    let length = u32::try_from(bytes.len() - directory_at).expect("small");
    let mut tail = tail.to_vec();
    tail.splice(8..10, 900_u16.to_le_bytes());
    tail.splice(10..12, 900_u16.to_le_bytes());
    tail.splice(12..16, length.to_le_bytes());
    bytes.extend_from_slice(&tail);
    bytes
}

fn laughs() -> String {
    let mut text = "<!DOCTYPE a [<!ENTITY l0 \"ha\">".to_owned();
    for level in 1..30 {
        let below = level - 1;
        let _ = write!(text, "<!ENTITY l{level} \"&l{below};&l{below};\">");
    }
    text.push_str("]>");
    text
}

/// A bomb by its name, with the kinds of finding of which it gives one.
type Bomb = (&'static str, Vec<u8>, &'static [&'static str]);

fn bombs_of_packing() -> Vec<Bomb> {
    let zeros = |mebibytes: usize| vec![b' '; mebibytes * MEBIBYTE];
    let gibibyte = packed(&[member("xl/workbook.xml", zeros(1024))]);
    assert!(gibibyte.len() < 2 * MEBIBYTE, "it is a bomb");
    let inner = packed(&[member("xl/workbook.xml", zeros(200))]);
    let names = (0..1_001).map(|number| member(&number.to_string(), ""));
    vec![
        ("1 GiB of nothing", gibibyte, &["unpacked_too_large"]),
        (
            "900 members over the same bytes",
            overlapping(),
            &["unpacked_too_large"],
        ),
        (
            "1,001 members",
            packed(&names.collect::<Vec<_>>()),
            &["damaged_file"],
        ),
        ("an end over and over", many_ends(), &["damaged_file"]),
        (
            "a bomb in a bomb",
            packed(&[member("inner.xlsx", inner)]),
            &["unsupported_format"],
        ),
    ]
}

fn bombs_of_xml() -> Vec<Bomb> {
    let one = |content: String| packed(&[member("content.xml", content)]);
    let attributes = || sheet(&many_attributes("c"));
    let in_part = |name, content| packed(&xlsx(name, content, strings("")));
    let foreign = "<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>";
    let damaged: &[&str] = &["damaged_file"];
    vec![
        (
            "65 deep",
            one("<a>".repeat(65) + &"</a>".repeat(65)),
            damaged,
        ),
        ("millions deep", one("<a>".repeat(4 * MEBIBYTE)), damaged),
        ("a billion laughs", ods(&laughs(), "&l29;"), damaged),
        ("an entity of another file", ods(foreign, "&x;"), damaged),
        (
            "attributes, ODS",
            ods("", &many_attributes("table:table-row")),
            damaged,
        ),
        ("attributes, XLSX", in_part("s.xml", attributes()), damaged),
        (
            "attributes, in a part of another name",
            in_part("s.txt", attributes()),
            damaged,
        ),
        (
            "attributes, in a part of a name in capitals",
            in_part("s.XML", attributes()),
            damaged,
        ),
        (
            "a document type in a part of another name",
            in_part("s.txt", laughs() + &sheet("")),
            damaged,
        ),
    ]
}

fn bombs_of_sheets() -> Vec<Bomb> {
    let cells = "<c t=\"s\"><v>0</v></c>".repeat(100_000);
    let shared = format!("<row r=\"1\">{cells}</row>");
    let long = format!("<si><t>{}</t></si>", filled("x"));
    let spaces = filled("<text:s text:c=\"1000\"/>");
    let with_cell = |text: &str| {
        let cell = format!("<table:table-cell><text:p>{text}</text:p></table:table-cell>");
        ods(
            "",
            &format!("{ODS_HEADER}<table:table-row>{cell}</table:table-row>"),
        )
    };
    let corner = filled("<row r=\"1048576\"><c r=\"XFD1048576\"><v>1</v></c></row>");
    let beyond = "<row r=\"99999999999\"><c r=\"ZZZZ99999999\"><v>1</v></c></row>";
    let of = |rows: &str, items: &str| packed(&xlsx("s.xml", sheet(rows), strings(items)));
    vec![
        (
            "spaces that are written as their number",
            with_cell(&spaces),
            &["no_authority"],
        ),
        (
            "a cell of megabytes",
            with_cell(&filled("x")),
            &["no_authority"],
        ),
        (
            "empty shared strings",
            of("", &filled("<si/>")),
            &["no_data_sheet"],
        ),
        (
            "one long string in many cells",
            of(&shared, &long),
            &["no_data_sheet"],
        ),
        (
            "cells in the last corner",
            of(&corner, ""),
            &["no_data_sheet"],
        ),
        (
            "a place beyond all sheets",
            of(beyond, ""),
            &["damaged_file"],
        ),
    ]
}

fn bombs_of_text() -> Vec<Bomb> {
    let long = |rows: &str| {
        let header = "authority,edition,metric,category,value,status,comment";
        format!("{header}\n{rows}").into_bytes()
    };
    let wide = |rows: &str| format!("authority,edition,{rows}").into_bytes();
    let quotations = filled("\"\"");
    vec![
        ("short lines", long(&filled("x\n")), &["too_many_rows"]),
        (
            "short lines, wide",
            wide(&format!("AD/004\n{}", filled("x\n"))),
            &["too_many_rows"],
        ),
        ("columns", wide(&filled("a,")), &["too_many_columns"]),
        (
            "quotations",
            long(&format!("\"{quotations}")),
            &["malformed_csv"],
        ),
    ]
}

#[test]
fn no_file_costs_more_than_its_limit() {
    let mut catalogue = Catalogue::bundled().expect("the bundled editions");
    let edition = catalogue
        .add_folder(&Path::new(FOLDER).join("catalogue"))
        .expect("an edition");
    let check = |bytes: &[u8]| kinds(bytes, &edition, &catalogue);
    let bombs = [
        bombs_of_packing,
        bombs_of_xml,
        bombs_of_sheets,
        bombs_of_text,
    ];
    for (name, bytes, due) in bombs.into_iter().flat_map(|bombs| bombs()) {
        assert!(bytes.len() <= FILE_BYTES_MAX, "{name}: {}", bytes.len());
        HEAP.reset_peak_usage();
        let before = HEAP.current_usage();
        let start = Instant::now();
        let kinds = check(&bytes);
        let took = start.elapsed();
        let memory = HEAP.peak_usage().saturating_sub(before);
        let mebibytes = memory / MEBIBYTE;
        assert!(memory <= MEMORY_MAX, "{name}: {mebibytes} MiB");
        assert!(took <= TIME_MAX, "{name}: {took:?}");
        assert!(
            kinds.iter().any(|kind| due.contains(&kind.as_str())),
            "{name}: {kinds:?}"
        );
    }
}

fn kinds(bytes: &[u8], edition: &Edition, catalogue: &Catalogue) -> Vec<String> {
    let checked = check_file(bytes, edition, catalogue, None);
    let kinds = checked.findings.iter().map(|f| f.kind.as_str().to_owned());
    kinds.take(1_000).collect()
}
