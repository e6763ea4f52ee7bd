//! A workbook as Office Open XML.
//!
//! Rows have a height, because not every program finds it for wrapped text. The language of the
//! document is put into its properties afterwards, because the library has no way to say it.

use std::io::{Cursor, Write};

use mesur_spreadsheet::{exact_double, lines, row_points};
use rust_xlsxwriter as xlsx;
use rust_xlsxwriter::{
    DocProperties, ExcelDateTime, Format, FormatAlign, TableColumn, TableStyle, Url, Worksheet,
};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter};

use crate::error::Error;
use crate::locale;
use crate::workbook::{Field, Grid, Line, Over, Sheet, Workbook};

/// The media type.
pub(crate) const MEDIA_TYPE: &str =
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// The part that holds the properties of the document, and how it ends.
const PROPERTIES: &str = "docProps/core.xml";
const PROPERTIES_END: &str = "</cp:coreProperties>";

/// The usual height of a row and width of a column, in pixels.
const ROW_PIXELS: u32 = 21;
const COLUMN_PIXELS: u32 = 72;

/// The most decimals with a format of their own.
const DECIMALS_MAX: usize = mesur_figures::DECIMALS_MAX as usize;

struct Formats {
    title: Format,
    heading: Format,
    text: Format,
    wrapped: Format,
    label: Format,
    link: Format,
    header: Format,
    header_of_words: Format,
    words: Format,
    header_of_numbers: Format,
    shorthand: Format,
    numbers: [Format; DECIMALS_MAX + 1],
}

impl Formats {
    fn new(base: &Format) -> Self {
        let text = base.clone().set_align(FormatAlign::Top);
        let wrapped = text.clone().set_text_wrap();
        let right = text.clone().set_align(FormatAlign::Right);
        Self {
            title: text.clone().set_bold().set_font_size(16),
            heading: text.clone().set_bold().set_font_size(14),
            label: wrapped.clone().set_bold(),
            link: text
                .clone()
                .set_hyperlink()
                .set_font_name("Arial")
                .set_font_size(12),
            header: wrapped.clone().set_bold(),
            header_of_words: wrapped.clone().set_bold().set_indent(1),
            words: wrapped.clone().set_indent(1),
            header_of_numbers: wrapped.clone().set_bold().set_align(FormatAlign::Right),
            numbers: std::array::from_fn(|decimals| {
                let digits = "0".repeat(decimals);
                let point = if decimals == 0 { "" } else { "." };
                right
                    .clone()
                    .set_num_format(format!("#,##0{point}{digits}"))
            }),
            shorthand: right,
            text,
            wrapped,
        }
    }
}

pub(crate) fn write(content: &Workbook) -> Result<Vec<u8>, Error> {
    let mut workbook = xlsx::Workbook::new();
    let base = Format::new().set_font_name("Arial").set_font_size(12);
    workbook.set_default_format(&base, ROW_PIXELS, COLUMN_PIXELS)?;
    // The time of writing would make other bytes of the same release.
    let created = ExcelDateTime::from_ymd(2000, 1, 1)?;
    let properties = DocProperties::new()
        .set_title(&content.title)
        .set_author(&content.author)
        .set_keywords(&content.keywords)
        .set_creation_datetime(&created);
    workbook.set_properties(&properties);
    let formats = Formats::new(&base);
    for sheet in &content.sheets {
        write_sheet(workbook.add_worksheet(), sheet, &formats)?;
    }
    with_language(&workbook.save_to_buffer()?, content)
}

fn write_sheet(sheet: &mut Worksheet, content: &Sheet, formats: &Formats) -> Result<(), Error> {
    sheet.set_name(&content.name)?;
    for (column, width) in (0..).zip(&content.widths) {
        sheet.set_column_width(column, f64::from(*width))?;
    }
    let mut row = 0;
    for line in &content.lines {
        write_line(sheet, row, line, content, formats)?;
        row = row.saturating_add(1);
    }
    if let Some(grid) = &content.grid {
        write_grid(sheet, row, grid, (&content.widths, formats))?;
    }
    sheet.set_landscape().set_print_fit_to_pages(1, 0);
    Ok(())
}

fn write_line(
    sheet: &mut Worksheet,
    row: u32,
    line: &Line,
    content: &Sheet,
    formats: &Formats,
) -> Result<(), Error> {
    match line {
        Line::Title(text) => {
            sheet.write_string_with_format(row, 0, text, &formats.title)?;
            sheet.set_row_height(row, 30)?;
        }
        Line::Heading(text) => {
            sheet.write_string_with_format(row, 0, text, &formats.heading)?;
            sheet.set_row_height(row, 30)?;
        }
        Line::Text(text) if content.wrapped => {
            let width = content.widths.first().copied().unwrap_or(u8::MAX);
            sheet.write_string_with_format(row, 0, text, &formats.wrapped)?;
            set_height(sheet, row, lines(text, width))?;
        }
        Line::Text(text) => {
            sheet.write_string_with_format(row, 0, text, &formats.text)?;
        }
        Line::Link(name, text) => link(sheet, (row, 0), name, text, formats)?,
    }
    Ok(())
}

fn link(
    sheet: &mut Worksheet,
    (row, column): (u32, u16),
    name: &str,
    text: &str,
    formats: &Formats,
) -> Result<(), Error> {
    let url = Url::new(format!("internal:'{name}'!A1")).set_text(text);
    sheet.write_url_with_format(row, column, url, &formats.link)?;
    Ok(())
}

fn set_height(sheet: &mut Worksheet, row: u32, lines: u16) -> Result<(), Error> {
    sheet.set_row_height(row, row_points(lines))?;
    Ok(())
}

fn write_grid(
    sheet: &mut Worksheet,
    first: u32,
    grid: &Grid,
    (widths, formats): (&[u8], &Formats),
) -> Result<(), Error> {
    let format = |over| match over {
        Over::Labels => &formats.header,
        Over::Words => &formats.header_of_words,
        Over::Numbers => &formats.header_of_numbers,
    };
    let headers = grid.headers.iter();
    let columns: Vec<_> = headers
        .map(|header| {
            TableColumn::new()
                .set_header(&header.text)
                .set_header_format(format(header.over))
        })
        .collect();
    let table = xlsx::Table::new()
        .set_name(&grid.name)
        .set_style(TableStyle::None)
        .set_autofilter(false)
        .set_columns(&columns);
    let rows = u32::try_from(grid.rows.len()).unwrap_or(u32::MAX);
    let last_column = u16::try_from(grid.headers.len().saturating_sub(1)).unwrap_or(u16::MAX);
    sheet.add_table(first, 0, first.saturating_add(rows), last_column, &table)?;
    let headings = grid.headers.iter().map(|header| header.text.as_str());
    set_height(sheet, first, tallest(headings, widths))?;
    let mut row = first;
    for fields in &grid.rows {
        row = row.saturating_add(1);
        for (column, field) in (0..).zip(fields) {
            write_field(sheet, (row, column), field, formats)?;
        }
        let texts = fields.iter().map(Field::text);
        set_height(sheet, row, tallest(texts, widths))?;
    }
    Ok(())
}

fn write_field(
    sheet: &mut Worksheet,
    (row, column): (u32, u16),
    field: &Field,
    formats: &Formats,
) -> Result<(), Error> {
    match field {
        Field::Label(text) => {
            sheet.write_string_with_format(row, column, text, &formats.label)?;
        }
        Field::Text(text) => {
            sheet.write_string_with_format(row, column, text, &formats.words)?;
        }
        Field::Shorthand(text) => {
            sheet.write_string_with_format(row, column, text, &formats.shorthand)?;
        }
        Field::Link(name, text) => link(sheet, (row, column), name, text, formats)?,
        Field::Number(plain, printed, decimals) => {
            let format = formats.numbers.get(usize::from(*decimals));
            match (exact_double(plain), format) {
                (Some(double), Some(format)) => {
                    sheet.write_number_with_format(row, column, double, format)?
                }
                _ => sheet.write_string_with_format(row, column, printed, &formats.shorthand)?,
            };
        }
    }
    Ok(())
}

/// The lines of the tallest of a row's texts.
fn tallest<'t>(texts: impl Iterator<Item = &'t str>, widths: &[u8]) -> u16 {
    let heights = texts.zip(widths).map(|(text, width)| lines(text, *width));
    heights.max().unwrap_or_default()
}

/// The workbook with its language among the properties of the document.
fn with_language(workbook: &[u8], content: &Workbook) -> Result<Vec<u8>, Error> {
    let mut from = ZipArchive::new(Cursor::new(workbook))?;
    let mut to = ZipWriter::new(Cursor::new(Vec::with_capacity(workbook.len())));
    for place in 0..from.len() {
        let mut part = from.by_index(place)?;
        if part.name_raw() != PROPERTIES.as_bytes() {
            to.raw_copy_file(part)?;
            continue;
        }
        let properties = std::io::read_to_string(&mut part)?;
        let (language, country) = locale(content.language);
        let said = format!("<dc:language>{language}-{country}</dc:language>{PROPERTIES_END}");
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .last_modified_time(DateTime::default());
        to.start_file(PROPERTIES, options)?;
        to.write_all(properties.replace(PROPERTIES_END, &said).as_bytes())?;
    }
    Ok(to.finish()?.into_inner())
}
