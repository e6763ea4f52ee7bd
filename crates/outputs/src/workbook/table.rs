//! The sheet of one metric.

use mesur_figures::{Marks, Shorthand};
use mesur_wording::Args;

use super::{Field, Grid, Header, Line, Names, Over, Sheet, back, note_mark};
use crate::dataset::{Cell, Column, Dataset, Table};
use crate::error::Error;
use crate::words::Words;

/// Excel takes headings of tables up to this length.
const HEADER_CHARS_MAX: usize = 255;

/// The widths of the columns, in characters.
const AREA_WIDTH: u8 = 28;
const CODE_WIDTH: u8 = 14;
const VALUE_WIDTH: u8 = 20;
const NOTES_WIDTH: u8 = 60;

/// The sheet of a table, by its name and those of the others.
pub(super) fn sheet(
    dataset: &Dataset,
    table: &Table,
    words: Words<'_>,
    (name, names): (&str, &Names),
) -> Result<Sheet, Error> {
    let mut headers = vec![
        Header::new(words.label("file-area")?, Over::Labels),
        Header::new(words.label("file-area-code")?, Over::Words),
    ];
    let mut widths = vec![AREA_WIDTH, CODE_WIDTH];
    for column in &table.columns {
        headers.push(Header::new(header(column, words)?, Over::Numbers));
        widths.push(VALUE_WIDTH);
    }
    let with_notes = cells(table).any(|cell| !beside(cell).is_empty() || cell.part_period);
    if with_notes {
        headers.push(Header::new(words.label("file-row-notes")?, Over::Words));
        widths.push(NOTES_WIDTH);
    }
    let part = words.label("part-period-short")?;
    let mut rows = Vec::new();
    for (place, area) in dataset.areas.iter().enumerate() {
        let mut row = vec![
            Field::Label(words.text(&area.name)?),
            Field::Text(area.code.clone()),
        ];
        let values = table
            .columns
            .iter()
            .filter_map(|column| column.cells.get(place));
        row.extend(values.map(|cell| field(cell, table.decimals, words)));
        if with_notes {
            row.push(Field::Text(row_notes(table, place, words, &part)?));
        }
        rows.push(row);
    }
    Ok(Sheet {
        name: name.to_owned(),
        lines: lines(table, words, names, &part)?,
        widths,
        wrapped: false,
        grid: Some(Grid {
            name: format!("Table_{name}"),
            headers,
            rows,
        }),
    })
}

/// What stands above the table, so that it is heard before it.
fn lines(table: &Table, words: Words<'_>, names: &Names, part: &str) -> Result<Vec<Line>, Error> {
    let mut lines = vec![
        Line::Title(words.title(table)?),
        Line::Text(words.label("file-one-table")?),
    ];
    if table.columns.iter().any(|column| !column.notes.is_empty()) {
        let args = Args::new().text("sheet", &names.notes);
        lines.push(Line::Text(words.with("file-see-notes", &args)?));
    }
    let shown: Marks = cells(table).flat_map(|cell| printed(cell).iter()).collect();
    let mut list = Vec::new();
    for shorthand in shown.iter() {
        list.push(format!(
            "[{}] {}",
            shorthand.code(),
            words.meaning(shorthand)?
        ));
    }
    if cells(table).any(|cell| cell.part_period) {
        list.push(format!("[{part}] {}", words.label("part-period-mark")?));
    }
    if !list.is_empty() {
        let args = Args::new().text("list", &list.join(", "));
        lines.push(Line::Text(words.with("file-shorthand", &args)?));
    }
    lines.push(back(words, names)?);
    Ok(lines)
}

fn cells(table: &Table) -> impl Iterator<Item = &Cell> {
    table.columns.iter().flat_map(|column| &column.cells)
}

/// A heading that is too long for a table is its code alone; the label stands in the look-ups.
fn header(column: &Column, words: Words<'_>) -> Result<String, Error> {
    let mut marks = String::new();
    for note in &column.notes {
        marks.push(' ');
        marks.push_str(&note_mark(words, *note)?);
    }
    let heading = words.heading(column)?;
    let room = HEADER_CHARS_MAX.saturating_sub(marks.encode_utf16().count());
    let fits = heading.encode_utf16().count() <= room;
    let short = column.category.as_ref().filter(|_| !fits);
    let mut header: String = short.unwrap_or(&heading).chars().take(room).collect();
    header.push_str(&marks);
    Ok(header)
}

/// The letters that a reader is shown: that a row is the nation's is plain from its name.
fn printed(cell: &Cell) -> Marks {
    cell.marks.without(Shorthand::Total)
}

/// The letters beside a value that is there.
fn beside(cell: &Cell) -> Marks {
    if cell.units.is_some() {
        printed(cell)
    } else {
        Marks::NONE
    }
}

fn bracketed(marks: Marks) -> String {
    let mut printed = String::new();
    for shorthand in marks.iter() {
        for piece in ["[", shorthand.code(), "]"] {
            printed.push_str(piece);
        }
    }
    printed
}

fn field(cell: &Cell, decimals: u8, words: Words<'_>) -> Field {
    match cell.units {
        Some(units) => Field::Number(
            cell.digits(decimals),
            words.number(units, decimals),
            decimals,
        ),
        None => Field::Shorthand(bracketed(printed(cell))),
    }
}

/// What is said of the values of a row, each named by its column.
fn row_notes(table: &Table, place: usize, words: Words<'_>, part: &str) -> Result<String, Error> {
    let mut said = Vec::new();
    for column in &table.columns {
        let Some(cell) = column.cells.get(place) else {
            continue;
        };
        let mut marks = bracketed(beside(cell));
        if cell.part_period {
            for piece in ["[", part, "]"] {
                marks.push_str(piece);
            }
        }
        if !marks.is_empty() {
            let name = match &column.category {
                Some(code) => code.clone(),
                None => words.text(&column.label)?,
            };
            said.push(format!("{name} {marks}"));
        }
    }
    if said.is_empty() {
        return words.label("file-no-row-notes");
    }
    Ok(said.join(", "))
}
