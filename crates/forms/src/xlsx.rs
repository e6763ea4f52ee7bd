//! A form as an Office Open XML workbook.
//!
//! Rows have a height, because not every program finds it for wrapped text. Lists refer to the
//! guidance, because a list within a cell's rule may have 255 characters only. Sheets are protected
//! without a password: that keeps slips out, and nobody.

use mesur_spreadsheet::{exact_double, lines, row_points};
use rust_xlsxwriter::{
    Color, DataValidation, DocProperties, ExcelDateTime, Format, FormatAlign, FormatBorder,
    Formula, Workbook, Worksheet,
};

use crate::error::Error;
use crate::form::{
    COLUMNS, END_DATE_COLUMN, Form, LOCKED_COLUMNS, REASON_COLUMN, Row, STATUS_COLUMN, Sheet,
    TEXT_WIDTHS,
};
use crate::guidance::{Guidance, Line};

/// The format of a cell that Excel takes for a day.
const DAY: &str = "yyyy-mm-dd";

struct Formats {
    title: Format,
    heading: Format,
    header: Format,
    word: Format,
    text: Format,
    number: Format,
    input: Format,
    input_day: Format,
}

impl Formats {
    fn new() -> Self {
        let text = Format::new().set_text_wrap().set_align(FormatAlign::Top);
        let input = text
            .clone()
            .set_unlocked()
            .set_border(FormatBorder::Thin)
            .set_border_color(Color::RGB(0x99_99_99))
            .set_background_color(Color::RGB(0xFF_F9_E5));
        Self {
            title: Format::new().set_bold().set_font_size(16),
            heading: Format::new().set_bold().set_font_size(12),
            header: text
                .clone()
                .set_bold()
                .set_font_color(Color::White)
                .set_background_color(Color::RGB(0x1F_3A_5F)),
            word: text.clone().set_bold(),
            number: Format::new().set_align(FormatAlign::Top),
            input_day: input.clone().set_num_format(DAY),
            text,
            input,
        }
    }
}

pub(crate) fn write(form: &Form) -> Result<Vec<u8>, Error> {
    let mut workbook = Workbook::new();
    // The time of writing would make other bytes of the same form.
    let created = ExcelDateTime::from_ymd(2000, 1, 1)?;
    workbook.set_properties(&DocProperties::new().set_creation_datetime(&created));
    let formats = Formats::new();
    write_cover(workbook.add_worksheet(), form, &formats)?;
    write_guidance(workbook.add_worksheet(), form, &formats)?;
    for sheet in &form.sheets {
        write_sheet(workbook.add_worksheet(), sheet, form, &formats)?;
    }
    Ok(workbook.save_to_buffer()?)
}

fn write_cover(sheet: &mut Worksheet, form: &Form, formats: &Formats) -> Result<(), Error> {
    begin_text_sheet(sheet, &form.cover_name)?;
    sheet.write_string_with_format(0, 0, &form.title, &formats.title)?;
    let mut row = 2;
    for [word, text] in &form.cover {
        sheet.write_string_with_format(row, 0, word, &formats.word)?;
        write_text(sheet, row, text, formats)?;
        row = row.saturating_add(1);
    }
    row = row.saturating_add(1);
    sheet.write_string_with_format(row, 0, &form.steps_heading, &formats.heading)?;
    for step in &form.steps {
        row = row.saturating_add(1);
        write_text(sheet, row, step, formats)?;
    }
    Ok(())
}

/// Writes a text of cover or guidance.
fn write_text(sheet: &mut Worksheet, row: u32, text: &str, formats: &Formats) -> Result<(), Error> {
    let [_, width] = TEXT_WIDTHS;
    sheet.write_string_with_format(row, 1, text, &formats.text)?;
    set_height(sheet, row, lines(text, width))
}

fn set_height(sheet: &mut Worksheet, row: u32, lines: u16) -> Result<(), Error> {
    sheet.set_row_height(row, f64::from(row_points(lines)))?;
    Ok(())
}

fn write_guidance(sheet: &mut Worksheet, form: &Form, formats: &Formats) -> Result<(), Error> {
    begin_text_sheet(sheet, &form.guidance_name)?;
    for (row, line) in (0..).zip(&form.guidance.lines) {
        match line {
            Line::Heading(text) => {
                sheet.write_string_with_format(row, 0, text, &formats.heading)?;
            }
            Line::Text(text) => write_text(sheet, row, text, formats)?,
            Line::Pair(word, text) => {
                sheet.write_string_with_format(row, 0, word, &formats.word)?;
                write_text(sheet, row, text, formats)?;
            }
            Line::Empty => {}
        }
    }
    Ok(())
}

fn begin_text_sheet(sheet: &mut Worksheet, name: &str) -> Result<(), Error> {
    sheet.set_name(name)?;
    for (column, width) in (0..).zip(TEXT_WIDTHS) {
        sheet.set_column_width(column, f64::from(width))?;
    }
    sheet.set_landscape().set_print_fit_to_pages(1, 0);
    sheet.protect();
    Ok(())
}

fn write_sheet(
    sheet: &mut Worksheet,
    content: &Sheet,
    form: &Form,
    formats: &Formats,
) -> Result<(), Error> {
    sheet.set_name(&content.name)?;
    for ((column, word), (_, width)) in (0..).zip(&form.header).zip(COLUMNS) {
        sheet.write_string_with_format(0, column, word, &formats.header)?;
        sheet.set_column_width(column, f64::from(width))?;
    }
    set_height(sheet, 0, tallest(form.header.iter().map(String::as_str)))?;
    for (number, row) in (1..).zip(&content.rows) {
        write_row(sheet, number, row, formats)?;
    }
    let last = u32::try_from(content.rows.len()).unwrap_or(u32::MAX);
    add_lists(sheet, last, form)?;
    sheet.set_freeze_panes(1, 2)?;
    sheet.set_landscape().set_print_fit_to_pages(1, 0);
    sheet.set_repeat_rows(0, 0)?;
    sheet.protect();
    Ok(())
}

fn write_row(
    sheet: &mut Worksheet,
    number: u32,
    row: &Row,
    formats: &Formats,
) -> Result<(), Error> {
    for (at, (text, is_number)) in row.texts().into_iter().enumerate() {
        let column = u16::try_from(at).unwrap_or(u16::MAX);
        let format = match at {
            END_DATE_COLUMN => &formats.input_day,
            _ if at >= LOCKED_COLUMNS => &formats.input,
            _ if is_number => &formats.number,
            _ => &formats.text,
        };
        match exact_double(text) {
            _ if text.is_empty() => sheet.write_blank(number, column, format)?,
            Some(double) if is_number => {
                sheet.write_number_with_format(number, column, double, format)?
            }
            _ => sheet.write_string_with_format(number, column, text, format)?,
        };
    }
    set_height(sheet, number, tallest(row.texts().map(|(text, _)| text)))
}

/// The lines of the tallest of a row's texts.
fn tallest<'t>(texts: impl IntoIterator<Item = &'t str>) -> u16 {
    let columns = texts.into_iter().zip(COLUMNS);
    let heights = columns.map(|(text, (_, width))| lines(text, width));
    heights.max().unwrap_or_default()
}

/// Lists of statuses and reasons to choose from.
fn add_lists(sheet: &mut Worksheet, last_row: u32, form: &Form) -> Result<(), Error> {
    let Guidance {
        statuses, reasons, ..
    } = form.guidance;
    let lists = [(STATUS_COLUMN, Some(statuses)), (REASON_COLUMN, reasons)];
    for (column, lines) in lists {
        let Some((first_line, last_line)) = lines else {
            continue;
        };
        let name = form.guidance_name.replace('\'', "''");
        let source = format!(
            "='{name}'!$A${}:$A${}",
            first_line.saturating_add(1),
            last_line.saturating_add(1)
        );
        let list = DataValidation::new().allow_list_formula(Formula::new(source));
        let column = u16::try_from(column).unwrap_or(u16::MAX);
        sheet.add_data_validation(1, column, last_row.max(1), column, &list)?;
    }
    Ok(())
}
