//! A form as an ODS file.
//!
//! The packing and the cells are those of `mesur-spreadsheet`.

use mesur_spreadsheet::ods::{self, Xml};

use crate::error::Error;
use crate::form::{
    COLUMNS, END_DATE_COLUMN, Form, LOCKED_COLUMNS, REASON_COLUMN, Row, STATUS_COLUMN, Sheet,
    TEXT_WIDTHS,
};
use crate::guidance::Line;

const CONTENT: &str = r#"<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:fo="urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0" xmlns:number="urn:oasis:names:tc:opendocument:xmlns:datastyle:1.0" xmlns:of="urn:oasis:names:tc:opendocument:xmlns:of:1.2" office:version="1.3">"#;

/// Printed lying, and small enough for the width of the paper.
const STYLES: &str = r#"<office:document-styles xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0" xmlns:fo="urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0" office:version="1.3"><office:automatic-styles><style:page-layout style:name="page"><style:page-layout-properties fo:page-width="297mm" fo:page-height="210mm" style:print-orientation="landscape" fo:margin="15mm" style:scale-to="50%"/></style:page-layout></office:automatic-styles><office:master-styles><style:master-page style:name="Form" style:page-layout-name="page"/></office:master-styles></office:document-styles>"#;

const SETTINGS: &str = r#"<office:document-settings xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:config="urn:oasis:names:tc:opendocument:xmlns:config:1.0" office:version="1.3"><office:settings><config:config-item-set config:name="ooo:view-settings"><config:config-item-map-indexed config:name="Views"><config:config-item-map-entry><config:config-item config:name="ViewId" config:type="string">view1</config:config-item><config:config-item-map-named config:name="Tables">"#;

const SETTINGS_END: &str = "</config:config-item-map-named></config:config-item-map-entry></config:config-item-map-indexed></config:config-item-set></office:settings></office:document-settings>";

/// The styles of cells: what is written in each, and how it looks.
const CELL_STYLES: [(&str, &str, &str); 6] = [
    ("title", "", r#"fo:font-weight="bold" fo:font-size="16pt""#),
    (
        "heading",
        "",
        r#"fo:font-weight="bold" fo:font-size="12pt""#,
    ),
    (
        "header",
        r##"fo:wrap-option="wrap" fo:background-color="#1f3a5f" style:vertical-align="top""##,
        r##"fo:font-weight="bold" fo:color="#ffffff""##,
    ),
    (
        "word",
        r#"fo:wrap-option="wrap" style:vertical-align="top""#,
        r#"fo:font-weight="bold""#,
    ),
    (
        "text",
        r#"fo:wrap-option="wrap" style:vertical-align="top""#,
        "",
    ),
    ("number", r#"style:vertical-align="top""#, ""),
];

/// The styles of cells to fill in: one as it comes, one whose number is a day.
const INPUT_STYLES: &str = r##"<number:date-style style:name="day"><number:year number:style="long"/><number:text>-</number:text><number:month number:style="long"/><number:text>-</number:text><number:day number:style="long"/></number:date-style><style:style style:name="input" style:family="table-cell"><style:table-cell-properties style:cell-protect="none" fo:wrap-option="wrap" fo:background-color="#fff9e5" fo:border="0.5pt solid #999999" style:vertical-align="top"/></style:style><style:style style:name="input-day" style:family="table-cell" style:data-style-name="day"><style:table-cell-properties style:cell-protect="none" fo:background-color="#fff9e5" fo:border="0.5pt solid #999999" style:vertical-align="top"/></style:style>"##;

pub(crate) fn write(form: &Form) -> Result<Vec<u8>, Error> {
    Ok(ods::pack(&[
        ("content.xml", &content(form)),
        ("styles.xml", STYLES),
        ("settings.xml", &settings(form)),
    ])?)
}

/// A sheet with the columns of these widths, in characters.
fn begin_sheet(document: &mut Xml, name: &str, widths: &[u8]) {
    document.push("<table:table table:name=\"");
    document.escaped(name);
    document.push("\" table:style-name=\"sheet\" table:protected=\"true\">");
    for width in widths {
        document.push(&format!(
            "<table:table-column table:style-name=\"w{width}\"/>"
        ));
    }
}

fn content(form: &Form) -> String {
    let mut document = Xml::new(CONTENT);
    document.push("<office:automatic-styles>");
    let mut widths: Vec<u8> = COLUMNS.iter().map(|(_, width)| *width).collect();
    let data_widths = widths.clone();
    widths.extend(TEXT_WIDTHS);
    widths.sort_unstable();
    widths.dedup();
    for width in widths {
        // A character of the usual font is about two millimetres wide.
        let millimetres = u16::from(width).saturating_mul(2);
        document.push(&format!("<style:style style:name=\"w{width}\" style:family=\"table-column\"><style:table-column-properties style:column-width=\"{millimetres}mm\"/></style:style>"));
    }
    document.push("<style:style style:name=\"sheet\" style:family=\"table\" style:master-page-name=\"Form\"><style:table-properties table:display=\"true\"/></style:style>");
    document.push("<style:style style:name=\"row\" style:family=\"table-row\"><style:table-row-properties style:use-optimal-row-height=\"true\"/></style:style>");
    for (name, cell, text) in CELL_STYLES {
        document.push(&format!("<style:style style:name=\"{name}\" style:family=\"table-cell\"><style:table-cell-properties {cell}/><style:text-properties {text}/></style:style>"));
    }
    document.push(INPUT_STYLES);
    document.push("</office:automatic-styles><office:body><office:spreadsheet>");
    validations(&mut document, form);
    cover(&mut document, form);
    guidance(&mut document, form);
    for sheet in &form.sheets {
        data_sheet(&mut document, sheet, form, &data_widths);
    }
    document.push("</office:spreadsheet></office:body></office:document-content>");
    document.into_string()
}

/// Lists of statuses and reasons to choose from.
fn validations(document: &mut Xml, form: &Form) {
    let statuses: Vec<&str> = mesur_returns::Observed::STATUSES.to_vec();
    let reasons: Vec<&str> = form.reasons.iter().map(String::as_str).collect();
    document.push("<table:content-validations>");
    for (name, words) in [("status", statuses), ("reason", reasons)] {
        if words.is_empty() {
            continue;
        }
        let words: Vec<String> = words
            .iter()
            .map(|word| format!("\"{}\"", word.replace('"', "\"\"")))
            .collect();
        let condition = format!("of:cell-content-is-in-list({})", words.join(";"));
        document.push("<table:content-validation table:name=\"");
        document.push(name);
        document.push("\" table:condition=\"");
        document.escaped(&condition);
        document.push("\" table:allow-empty-cell=\"true\" table:display-list=\"unsorted\"/>");
    }
    document.push("</table:content-validations>");
}

fn cover(document: &mut Xml, form: &Form) {
    begin_sheet(document, &form.cover_name, &TEXT_WIDTHS);
    document.row("row", |row| row.text_cell("title", None, &form.title));
    document.row("row", |row| row.push("<table:table-cell/>"));
    for [word, text] in &form.cover {
        document.row("row", |row| {
            row.text_cell("word", None, word);
            row.text_cell("text", None, text);
        });
    }
    document.row("row", |row| row.push("<table:table-cell/>"));
    document.row("row", |row| {
        row.text_cell("heading", None, &form.steps_heading);
    });
    for step in &form.steps {
        document.row("row", |row| {
            row.push("<table:table-cell/>");
            row.text_cell("text", None, step);
        });
    }
    document.push("</table:table>");
}

fn guidance(document: &mut Xml, form: &Form) {
    begin_sheet(document, &form.guidance_name, &TEXT_WIDTHS);
    for line in &form.guidance.lines {
        document.row("row", |row| match line {
            Line::Heading(text) => row.text_cell("heading", None, text),
            Line::Text(text) => {
                row.push("<table:table-cell/>");
                row.text_cell("text", None, text);
            }
            Line::Pair(word, text) => {
                row.text_cell("word", None, word);
                row.text_cell("text", None, text);
            }
            Line::Empty => row.push("<table:table-cell/>"),
        });
    }
    document.push("</table:table>");
}

fn data_sheet(document: &mut Xml, sheet: &Sheet, form: &Form, widths: &[u8]) {
    begin_sheet(document, &sheet.name, widths);
    document.push("<table:table-header-rows>");
    document.row("row", |row| {
        for word in &form.header {
            row.text_cell("header", None, word);
        }
    });
    document.push("</table:table-header-rows>");
    for content in &sheet.rows {
        document.row("row", |row| data_row(row, content, form));
    }
    document.push("</table:table>");
}

fn data_row(document: &mut Xml, row: &Row, form: &Form) {
    for (column, (text, is_number)) in row.texts().into_iter().enumerate() {
        let style = match column {
            END_DATE_COLUMN => "input-day",
            _ if column >= LOCKED_COLUMNS => "input",
            _ if is_number => "number",
            _ => "text",
        };
        let validation = match column {
            STATUS_COLUMN => Some("status"),
            REASON_COLUMN => (!form.reasons.is_empty()).then_some("reason"),
            _ => None,
        };
        if is_number {
            document.number_cell(style, text, text);
        } else {
            document.text_cell(style, validation, text);
        }
    }
}

/// The header and the codes stay in view.
fn settings(form: &Form) -> String {
    let mut document = Xml::new(SETTINGS);
    for sheet in &form.sheets {
        document.push("<config:config-item-map-entry config:name=\"");
        document.escaped(&sheet.name);
        document.push("\">");
        for (name, kind, value) in [
            ("HorizontalSplitMode", "short", 2),
            ("VerticalSplitMode", "short", 2),
            ("HorizontalSplitPosition", "int", 2),
            ("VerticalSplitPosition", "int", 1),
            ("ActiveSplitRange", "short", 3),
            ("PositionLeft", "int", 0),
            ("PositionRight", "int", 2),
            ("PositionTop", "int", 0),
            ("PositionBottom", "int", 1),
        ] {
            document.push(&format!("<config:config-item config:name=\"{name}\" config:type=\"{kind}\">{value}</config:config-item>"));
        }
        document.push("</config:config-item-map-entry>");
    }
    document.push(SETTINGS_END);
    document.into_string()
}
