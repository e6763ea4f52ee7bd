//! A workbook in one language, whatever format it is written in: cover, contents, notes, and one
//! table a sheet.
//!
//! It follows the guidance of the Analysis Function on accessible spreadsheets. Everything begins in
//! column A; there are no merged cells, empty rows, filters, frozen panes or fills; notes stand as
//! `[note 1]` in headings. Where there is no value its shorthand stands in the cell, so that no cell is
//! empty; where there is one the cell stays a number, and what is to be said of it stands in the last
//! column, which names the cell: doubling every column would make tables too wide to read.

mod table;

use std::collections::HashSet;

use mesur_wording::{Args, Language};

use crate::dataset::Dataset;
use crate::error::Error;
use crate::words::Words;

/// The most characters of a sheet's name.
const SHEET_NAME_CHARS_MAX: usize = 31;

/// The width of the column of a sheet of text, in characters.
const TEXT_WIDTH: u8 = 100;

/// A workbook.
#[derive(Debug)]
pub(crate) struct Workbook {
    pub(crate) language: Language,
    pub(crate) title: String,
    pub(crate) author: String,
    /// Words that it is found by.
    pub(crate) keywords: String,
    pub(crate) sheets: Vec<Sheet>,
}

/// A sheet: lines in column A, and then perhaps a table.
#[derive(Debug)]
pub(crate) struct Sheet {
    pub(crate) name: String,
    pub(crate) lines: Vec<Line>,
    /// The widths of the columns, in characters.
    pub(crate) widths: Vec<u8>,
    /// Whether lines are wrapped in column A. Above a table they run on over the columns beside it.
    pub(crate) wrapped: bool,
    pub(crate) grid: Option<Grid>,
}

/// A line of text.
#[derive(Debug)]
pub(crate) enum Line {
    /// The heading of the sheet.
    Title(String),
    /// A heading within it.
    Heading(String),
    /// Words.
    Text(String),
    /// Words that lead to a sheet.
    Link(String, String),
}

/// A marked-up table.
#[derive(Debug)]
pub(crate) struct Grid {
    /// Letters, digits and underscores.
    pub(crate) name: String,
    pub(crate) headers: Vec<Header>,
    pub(crate) rows: Vec<Vec<Field>>,
}

/// The heading of a column.
#[derive(Debug)]
pub(crate) struct Header {
    pub(crate) text: String,
    pub(crate) over: Over,
}

/// What stands under the heading of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Over {
    /// What the rows are about.
    Labels,
    /// Words, which keep apart from the numbers before them.
    Words,
    /// Numbers, which stand to the right.
    Numbers,
}

/// What stands in a cell of a table.
#[derive(Debug)]
pub(crate) enum Field {
    /// What the row is about.
    Label(String),
    /// What the row is about, leading to a sheet.
    Link(String, String),
    /// Words.
    Text(String),
    /// Shorthand where a number would stand.
    Shorthand(String),
    /// A number: in plain digits, as printed, and its decimals.
    Number(String, String, u8),
}

impl Workbook {
    pub(crate) fn new(dataset: &Dataset, words: Words<'_>) -> Result<Self, Error> {
        let title = words.text(&dataset.title)?;
        let names = Names::new(dataset, words)?;
        let mut sheets = vec![
            cover(dataset, words, &names)?,
            contents(dataset, words, &names)?,
            notes(dataset, words, &names)?,
        ];
        for (table, name) in dataset.tables.iter().zip(&names.tables) {
            let sheet = table::sheet(dataset, table, words, (name, &names))?;
            sheets.push(sheet);
        }
        let mut keywords = vec![dataset.collection.clone(), dataset.period.clone()];
        keywords.extend(Some(dataset.reference.clone()).filter(|text| !text.is_empty()));
        Ok(Self {
            language: words.language(),
            title,
            author: words.label("publisher")?,
            keywords: keywords.join(", "),
            sheets,
        })
    }
}

/// The names of the sheets.
struct Names {
    cover: String,
    contents: String,
    notes: String,
    tables: Vec<String>,
}

impl Names {
    /// A table's sheet is named by its metric's code, the same in both languages and every year.
    fn new(dataset: &Dataset, words: Words<'_>) -> Result<Self, Error> {
        let mut taken = HashSet::new();
        let cover = free(&words.label("form-sheet-cover")?, &mut taken);
        let contents = free(&words.label("file-contents")?, &mut taken);
        let notes = free(&words.label("file-notes")?, &mut taken);
        let tables = dataset.tables.iter();
        Ok(Self {
            cover,
            contents,
            notes,
            tables: tables
                .map(|table| free(&table.metric, &mut taken))
                .collect(),
        })
    }
}

/// A name for a sheet that no other has, whatever is a letter in it.
fn free(wanted: &str, taken: &mut HashSet<String>) -> String {
    let plain = |character: char| {
        if character.is_alphanumeric() {
            character
        } else {
            '_'
        }
    };
    let cut = |room: usize| -> String { wanted.chars().map(plain).take(room).collect() };
    let mut name = cut(SHEET_NAME_CHARS_MAX);
    let mut number = 2_u32;
    while !taken.insert(name.to_lowercase()) {
        let ending = format!("_{number}");
        let room = SHEET_NAME_CHARS_MAX.saturating_sub(ending.len());
        name = format!("{}{ending}", cut(room));
        number = number.saturating_add(1);
    }
    name
}

/// A sheet of words alone, or with a table of words.
fn text_sheet(name: &str, lines: Vec<Line>) -> Sheet {
    Sheet {
        name: name.to_owned(),
        lines,
        widths: vec![TEXT_WIDTH],
        wrapped: true,
        grid: None,
    }
}

fn cover(dataset: &Dataset, words: Words<'_>, names: &Names) -> Result<Sheet, Error> {
    let mut lines = vec![Line::Title(words.text(&dataset.title)?)];
    for text in &dataset.about {
        lines.push(Line::Text(words.text(text)?));
    }
    let publisher = Args::new().text("publisher", &words.label("publisher")?);
    lines.push(Line::Text(words.with("file-publisher", &publisher)?));
    for (name, label) in [
        (&names.contents, "file-contents"),
        (&names.notes, "file-notes"),
    ] {
        lines.push(Line::Link(name.clone(), words.label(label)?));
    }
    if !dataset.quality.is_empty() {
        lines.push(Line::Heading(words.label("quality-heading")?));
    }
    for text in &dataset.quality {
        lines.push(Line::Text(words.text(text)?));
    }
    lines.push(Line::Heading(words.label("licence-heading")?));
    for message in ["licence", "acknowledgement", "licence-address"] {
        lines.push(Line::Text(words.label(message)?));
    }
    Ok(text_sheet(&names.cover, lines))
}

fn contents(dataset: &Dataset, words: Words<'_>, names: &Names) -> Result<Sheet, Error> {
    let lines = vec![
        Line::Title(words.label("file-contents")?),
        Line::Text(words.label("file-one-table")?),
    ];
    let mut rows = vec![vec![
        Field::Link(names.notes.clone(), names.notes.clone()),
        Field::Text(words.label("file-notes")?),
        Field::Text(words.label("file-no-row-notes")?),
    ]];
    for (table, name) in dataset.tables.iter().zip(&names.tables) {
        rows.push(vec![
            Field::Link(name.clone(), name.clone()),
            Field::Text(words.title(table)?),
            Field::Text(words.text(&table.coverage)?),
        ]);
    }
    let headers = ["file-worksheet", "file-title", "table-coverage"];
    Ok(Sheet {
        widths: vec![18, 90, 40],
        wrapped: false,
        grid: Some(Grid {
            name: "Table_contents".to_owned(),
            headers: word_headers(words, &headers)?,
            rows,
        }),
        ..text_sheet(&names.contents, lines)
    })
}

fn notes(dataset: &Dataset, words: Words<'_>, names: &Names) -> Result<Sheet, Error> {
    let mut lines = vec![Line::Title(words.label("file-notes")?)];
    if dataset.notes.is_empty() {
        lines.push(Line::Text(words.label("file-no-notes")?));
        return Ok(text_sheet(&names.notes, lines));
    }
    lines.push(Line::Text(words.label("file-one-table")?));
    lines.push(back(words, names)?);
    let mut rows = Vec::new();
    for (place, note) in dataset.notes.iter().enumerate() {
        rows.push(vec![
            Field::Label(note_mark(words, place)?),
            Field::Text(words.text(note)?),
        ]);
    }
    Ok(Sheet {
        widths: vec![18, TEXT_WIDTH],
        wrapped: false,
        grid: Some(Grid {
            name: "Table_notes".to_owned(),
            headers: word_headers(words, &["table-note", "file-note-text"])?,
            rows,
        }),
        ..text_sheet(&names.notes, lines)
    })
}

/// The way back to the contents.
fn back(words: Words<'_>, names: &Names) -> Result<Line, Error> {
    Ok(Line::Link(
        names.contents.clone(),
        words.label("file-contents")?,
    ))
}

fn note_mark(words: Words<'_>, place: usize) -> Result<String, Error> {
    let number = place.saturating_add(1).to_string();
    words.with("file-note-mark", &Args::new().text("number", &number))
}

fn word_headers(words: Words<'_>, messages: &[&str]) -> Result<Vec<Header>, Error> {
    let mut headers = Vec::new();
    for message in messages {
        let over = if headers.is_empty() {
            Over::Labels
        } else {
            Over::Words
        };
        headers.push(Header::new(words.label(message)?, over));
    }
    Ok(headers)
}

impl Field {
    /// What is read in the cell.
    pub(crate) fn text(&self) -> &str {
        match self {
            Self::Label(text) | Self::Text(text) | Self::Shorthand(text) | Self::Link(_, text) => {
                text
            }
            Self::Number(_, printed, _) => printed,
        }
    }
}

impl Header {
    fn new(text: String, over: Over) -> Self {
        Self { text, over }
    }
}
