//! A workbook as an open document.

use mesur_spreadsheet::ods::{self, Xml};

use crate::error::Error;
use crate::locale;
use crate::workbook::{Field, Grid, Line, Over, Sheet, Workbook};

const CONTENT: &str = r#"<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:fo="urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0" xmlns:number="urn:oasis:names:tc:opendocument:xmlns:datastyle:1.0" xmlns:xlink="http://www.w3.org/1999/xlink" office:version="1.3"><office:automatic-styles>"#;

const META: &str = r#"<office:document-meta xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:meta="urn:oasis:names:tc:opendocument:xmlns:meta:1.0" office:version="1.3"><office:meta>"#;

const STYLES: &str = r#"<office:document-styles xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0" xmlns:fo="urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0" office:version="1.3">"#;

/// Printed lying, as wide as the paper.
const PAGE: &str = r#"<office:automatic-styles><style:page-layout style:name="page"><style:page-layout-properties fo:page-width="297mm" fo:page-height="210mm" style:print-orientation="landscape" fo:margin="15mm" style:scale-to-X="1"/></style:page-layout></office:automatic-styles><office:master-styles><style:master-page style:name="Release" style:page-layout-name="page"/></office:master-styles></office:document-styles>"#;

/// The first sheet is open, at its first cell.
const SETTINGS: &str = r#"<office:document-settings xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:config="urn:oasis:names:tc:opendocument:xmlns:config:1.0" office:version="1.3"><office:settings><config:config-item-set config:name="ooo:view-settings"><config:config-item-map-indexed config:name="Views"><config:config-item-map-entry><config:config-item config:name="ViewId" config:type="string">view1</config:config-item><config:config-item config:name="ActiveTable" config:type="string">"#;
const SETTINGS_END: &str = "</config:config-item></config:config-item-map-entry></config:config-item-map-indexed></config:config-item-set></office:settings></office:document-settings>";

const TOP: &str = r#"style:vertical-align="top""#;
const MIDDLE: &str = r#"style:vertical-align="middle""#;
const WRAPPED: &str = r#"style:vertical-align="top" fo:wrap-option="wrap""#;
/// Apart from the numbers in the column before.
const WORDS: &str = r#"style:vertical-align="top" fo:wrap-option="wrap" fo:padding-left="3mm""#;
const BOLD: &str = r#"fo:font-weight="bold""#;

/// The styles of cells: their properties, of their paragraphs, and of their text.
const CELL_STYLES: [(&str, &str, &str, &str); 10] = [
    (
        "title",
        MIDDLE,
        "",
        r#"fo:font-weight="bold" fo:font-size="16pt""#,
    ),
    (
        "heading",
        MIDDLE,
        "",
        r#"fo:font-weight="bold" fo:font-size="14pt""#,
    ),
    ("text", TOP, "", ""),
    ("wrapped", WRAPPED, "", ""),
    ("words", WORDS, "", ""),
    ("label", WRAPPED, "", BOLD),
    ("header", WRAPPED, "", BOLD),
    ("header-of-words", WORDS, "", BOLD),
    ("header-of-numbers", WRAPPED, r#"fo:text-align="end""#, BOLD),
    ("shorthand", TOP, r#"fo:text-align="end""#, ""),
];

pub(crate) fn write(workbook: &Workbook) -> Result<Vec<u8>, Error> {
    Ok(ods::pack(&[
        ("content.xml", &content(workbook)),
        ("styles.xml", &styles(workbook)),
        ("meta.xml", &meta(workbook)),
        ("settings.xml", &settings(workbook)),
    ])?)
}

fn meta(workbook: &Workbook) -> String {
    let mut xml = Xml::new(META);
    let (language, country) = locale(workbook.language);
    let language = format!("{language}-{country}");
    for (element, text) in [
        ("dc:title", &workbook.title),
        ("dc:creator", &workbook.author),
        ("dc:language", &language),
        ("meta:keyword", &workbook.keywords),
    ] {
        xml.push(&format!("<{element}>"));
        xml.escaped(text);
        xml.push(&format!("</{element}>"));
    }
    xml.push("</office:meta></office:document-meta>");
    xml.into_string()
}

fn styles(workbook: &Workbook) -> String {
    let mut xml = Xml::new(STYLES);
    let (language, country) = locale(workbook.language);
    xml.push(&format!("<office:styles><style:default-style style:family=\"table-cell\"><style:text-properties fo:font-family=\"Arial\" fo:font-size=\"12pt\" fo:language=\"{language}\" fo:country=\"{country}\"/></style:default-style></office:styles>"));
    xml.push(PAGE);
    xml.into_string()
}

fn settings(workbook: &Workbook) -> String {
    let mut xml = Xml::new(SETTINGS);
    if let Some(first) = workbook.sheets.first() {
        xml.escaped(&first.name);
    }
    xml.push(SETTINGS_END);
    xml.into_string()
}

fn content(workbook: &Workbook) -> String {
    let mut xml = Xml::new(CONTENT);
    automatic_styles(&mut xml, workbook);
    xml.push("</office:automatic-styles><office:body><office:spreadsheet>");
    for sheet in &workbook.sheets {
        write_sheet(&mut xml, sheet);
    }
    xml.push("<table:database-ranges>");
    for sheet in &workbook.sheets {
        if let Some(grid) = &sheet.grid {
            database_range(&mut xml, sheet, grid);
        }
    }
    xml.push(
        "</table:database-ranges></office:spreadsheet></office:body></office:document-content>",
    );
    xml.into_string()
}

fn automatic_styles(xml: &mut Xml, workbook: &Workbook) {
    let widths = workbook.sheets.iter().flat_map(|sheet| &sheet.widths);
    let mut widths: Vec<u8> = widths.copied().collect();
    widths.sort_unstable();
    widths.dedup();
    for width in widths {
        // A character of the usual font is about two and a half millimetres wide.
        let tenths = u16::from(width).saturating_mul(25);
        let (whole, tenth) = (tenths / 10, tenths % 10);
        xml.push(&format!("<style:style style:name=\"w{width}\" style:family=\"table-column\"><style:table-column-properties style:column-width=\"{whole}.{tenth}mm\"/></style:style>"));
    }
    xml.push("<style:style style:name=\"sheet\" style:family=\"table\" style:master-page-name=\"Release\"><style:table-properties table:display=\"true\"/></style:style><style:style style:name=\"row\" style:family=\"table-row\"><style:table-row-properties style:use-optimal-row-height=\"true\"/></style:style><style:style style:name=\"tall\" style:family=\"table-row\"><style:table-row-properties style:use-optimal-row-height=\"false\" style:row-height=\"30pt\"/></style:style>");
    for (name, cell, paragraph, text) in CELL_STYLES {
        xml.push(&format!("<style:style style:name=\"{name}\" style:family=\"table-cell\"><style:table-cell-properties {cell}/><style:paragraph-properties {paragraph}/><style:text-properties {text}/></style:style>"));
    }
    for decimals in 0..=mesur_figures::DECIMALS_MAX {
        xml.push(&format!("<number:number-style style:name=\"n{decimals}\"><number:number number:decimal-places=\"{decimals}\" number:min-decimal-places=\"{decimals}\" number:min-integer-digits=\"1\" number:grouping=\"true\"/></number:number-style><style:style style:name=\"number{decimals}\" style:family=\"table-cell\" style:data-style-name=\"n{decimals}\"><style:table-cell-properties {TOP}/><style:paragraph-properties fo:text-align=\"end\"/></style:style>"));
    }
}

fn write_sheet(xml: &mut Xml, sheet: &Sheet) {
    xml.push("<table:table table:style-name=\"sheet\" table:name=\"");
    xml.escaped(&sheet.name);
    xml.push("\">");
    for width in &sheet.widths {
        xml.push(&format!(
            "<table:table-column table:style-name=\"w{width}\"/>"
        ));
    }
    for line in &sheet.lines {
        let height = match line {
            Line::Title(_) | Line::Heading(_) => "tall",
            Line::Text(_) | Line::Link(..) => "row",
        };
        xml.row(height, |row| match line {
            Line::Title(text) => row.text_cell("title", None, text),
            Line::Heading(text) => row.text_cell("heading", None, text),
            Line::Text(text) if sheet.wrapped => row.text_cell("wrapped", None, text),
            Line::Text(text) => row.text_cell("text", None, text),
            Line::Link(name, text) => link(row, name, text),
        });
    }
    if let Some(grid) = &sheet.grid {
        xml.push("<table:table-header-rows>");
        xml.row("row", |row| {
            for header in &grid.headers {
                let style = match header.over {
                    Over::Labels => "header",
                    Over::Words => "header-of-words",
                    Over::Numbers => "header-of-numbers",
                };
                row.text_cell(style, None, &header.text);
            }
        });
        xml.push("</table:table-header-rows>");
        for fields in &grid.rows {
            xml.row("row", |row| {
                for field in fields {
                    cell(row, field);
                }
            });
        }
    }
    xml.push("</table:table>");
}

fn link(row: &mut Xml, name: &str, text: &str) {
    row.link_cell("text", &format!("#'{name}'.A1"), text);
}

fn cell(row: &mut Xml, field: &Field) {
    match field {
        Field::Label(text) => row.text_cell("label", None, text),
        Field::Text(text) => row.text_cell("words", None, text),
        Field::Shorthand(text) => row.text_cell("shorthand", None, text),
        Field::Link(name, text) => link(row, name, text),
        Field::Number(plain, printed, decimals) => {
            row.number_cell(&format!("number{decimals}"), plain, printed);
        }
    }
}

/// What marks a table up: its range with a name and with headings, without buttons for filters.
fn database_range(xml: &mut Xml, sheet: &Sheet, grid: &Grid) {
    let first = sheet.lines.len().saturating_add(1);
    let last = first.saturating_add(grid.rows.len());
    let column = column_name(grid.headers.len().saturating_sub(1));
    xml.push("<table:database-range table:contains-header=\"true\" table:display-filter-buttons=\"false\" table:name=\"");
    xml.escaped(&grid.name);
    xml.push("\" table:target-range-address=\"'");
    xml.escaped(&sheet.name);
    xml.push(&format!("'.A{first}:'"));
    xml.escaped(&sheet.name);
    xml.push(&format!("'.{column}{last}\"/>"));
}

/// The letters of a column, from 0: `A`, …, `Z`, `AA`.
fn column_name(place: usize) -> String {
    let mut letters = Vec::new();
    let mut rest = Some(place);
    while let Some(place) = rest {
        let letter = u8::try_from(place % 26).unwrap_or_default();
        letters.push(char::from(b'A'.saturating_add(letter)));
        rest = (place / 26).checked_sub(1);
    }
    letters.iter().rev().collect()
}
