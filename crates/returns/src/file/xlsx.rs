//! The sheets of an Office Open XML workbook.
//!
//! Cells are read one after the other as they stand in the file: a sheet that claims to be as
//! large as sheets can be costs what it holds. The file has been looked at before
//! ([`inspect`](crate::file::container::inspect)).

use std::io::Cursor;

use calamine::{DataRef, Reader, SheetType, Xlsx, XlsxError};

use crate::date::Date;
use crate::file::Refusal;
use crate::file::container::{damaged, protected};
use crate::file::sheet::{Book, Content};
use crate::limits::COLUMNS_MAX;

/// Takes the rows of all sheets into a book.
pub(crate) fn read(bytes: &[u8], book: &mut Book) -> Result<(), Refusal> {
    let mut workbook = Xlsx::new(Cursor::new(bytes)).map_err(|error| finding(&error))?;
    let sheets = workbook.sheets_metadata().iter();
    let sheets: Vec<String> = sheets
        .filter(|sheet| sheet.typ == SheetType::WorkSheet)
        .map(|sheet| sheet.name.clone())
        .collect();
    for name in &sheets {
        book.begin_sheet(name);
        read_sheet(&mut workbook, name, book)?;
    }
    Ok(())
}

fn read_sheet(
    workbook: &mut Xlsx<Cursor<&[u8]>>,
    name: &str,
    book: &mut Book,
) -> Result<(), Refusal> {
    let broken = |error: XlsxError| finding(&error);
    let mut reader = workbook.worksheet_cells_reader(name).map_err(broken)?;
    let mut row = 0;
    let mut cells = Vec::new();
    while let Some(cell) = reader.next_cell().map_err(broken)? {
        let (place, column) = cell.get_position();
        if place != row {
            take(book, row, &mut cells)?;
            row = place;
        }
        let column = usize::try_from(column).unwrap_or(usize::MAX);
        if column < COLUMNS_MAX
            && cells.len() < COLUMNS_MAX
            && let Some(content) = content(cell.get_value())
        {
            cells.push((column, content));
        }
    }
    take(book, row, &mut cells)
}

fn take(book: &mut Book, row: u32, cells: &mut Vec<(usize, Content)>) -> Result<(), Refusal> {
    if !cells.is_empty() {
        book.take(u64::from(row).saturating_add(1), cells)?;
        cells.clear();
    }
    Ok(())
}

/// What a cell holds; `None` for an empty one.
fn content(value: &DataRef<'_>) -> Option<Content> {
    Some(match value {
        DataRef::Empty => return None,
        DataRef::String(text) | DataRef::DurationIso(text) => Content::of_text(text),
        DataRef::SharedString(text) => Content::of_text(text),
        DataRef::Bool(value) => Content::Text(value.to_string().to_uppercase()),
        DataRef::Int(number) => Content::Number(number.to_string()),
        // The shortest decimal that is this double: what was typed, if a double can hold it.
        DataRef::Float(number) => Content::Number(number.to_string()),
        DataRef::DateTimeIso(text) => Content::of_text(day_of(text)),
        DataRef::DateTime(date) if date.is_duration() => Content::Text(date.to_string()),
        DataRef::DateTime(date) => {
            let (year, month, day, ..) = date.to_ymd_hms_milli();
            let date = Date::new(year, month, day).map(|date| date.to_string());
            Content::Text(date.unwrap_or_default())
        }
        DataRef::Error(error) => Content::Error(error.to_string()),
    })
}

/// The day of an ISO 8601 time.
pub(crate) fn day_of(text: &str) -> &str {
    text.split_once('T').map_or(text, |(day, _)| day)
}

fn finding(error: &XlsxError) -> Refusal {
    match error {
        XlsxError::Password => protected(),
        _ => damaged("XLSX"),
    }
}
