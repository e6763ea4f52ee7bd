//! `statswales.zip`: the set that is uploaded to `StatsWales`.
//!
//! The data table has a column each for value, measure, note codes and every dimension; each code is
//! explained by a look-up, in English and Welsh, and the texts of the metadata stand in a table of
//! their own. Metric and category are one dimension, in which a category lies under its metric, because
//! not every metric has the same categories. Descriptions begin with their code, so that no two are the
//! same; one that is held in English only says so, because each must be given in both languages.

use std::collections::BTreeSet;
use std::io::{Cursor, Write};

use mesur_wording::Args;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use crate::dataset::{Column, Dataset, Table, Text, reference};
use crate::error::Error;
use crate::file::File;
use crate::lookups::csv;
use crate::words::Words;

const FILE: &str = "statswales.zip";
const MEDIA_TYPE: &str = "application/zip";

const DATA_COLUMNS: [&str; 6] = [
    "YearCode",
    "AreaCode",
    "MetricCode",
    "Measure",
    "Data",
    "NoteCodes",
];
const AREA_COLUMNS: [&str; 4] = ["refcode", "description", "lang", "sort"];
const METRIC_COLUMNS: [&str; 6] = [
    "refcode",
    "description",
    "lang",
    "hierarchy",
    "sort",
    "note",
];
const MEASURE_COLUMNS: [&str; 7] = [
    "refcode",
    "description",
    "lang",
    "type",
    "format",
    "decimal",
    "sort",
];
const METADATA_COLUMNS: [&str; 3] = ["section", "english", "welsh"];

/// Writes the set.
pub(crate) fn write(dataset: &Dataset, en: Words<'_>, cy: Words<'_>) -> Result<File, Error> {
    let parts = [
        ("data.csv", data(dataset)?),
        ("lookup-AreaCode.csv", areas(dataset, [en, cy])?),
        ("lookup-Measure.csv", measures(dataset, [en, cy])?),
        ("lookup-MetricCode.csv", metrics(dataset, [en, cy])?),
        ("metadata.csv", metadata(dataset, en, cy)?),
    ];
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(DateTime::default());
    for (name, content) in parts {
        archive.start_file(name, options)?;
        archive.write_all(&content)?;
    }
    let content = archive.finish()?.into_inner();
    Ok(File::new(FILE, MEDIA_TYPE, content))
}

/// A measure is known by its decimals.
fn measure(decimals: u8) -> String {
    format!("count{decimals}")
}

fn data(dataset: &Dataset) -> Result<Vec<u8>, Error> {
    let rows = dataset.columns().flat_map(|(table, column)| {
        let cells = dataset.areas.iter().zip(&column.cells);
        cells.map(move |(area, cell)| {
            vec![
                dataset.period.clone(),
                area.code.clone(),
                reference(table, column),
                measure(table.decimals),
                cell.digits(table.decimals),
                cell.marks.to_string(),
            ]
        })
    });
    csv(&DATA_COLUMNS, rows)
}

fn areas(dataset: &Dataset, languages: [Words<'_>; 2]) -> Result<Vec<u8>, Error> {
    let mut rows = Vec::new();
    for (sort, area) in (1_usize..).zip(&dataset.areas) {
        for words in languages {
            rows.push(vec![
                area.code.clone(),
                words.text(&area.name)?,
                words.language().code().to_owned(),
                sort.to_string(),
            ]);
        }
    }
    csv(&AREA_COLUMNS, rows.into_iter())
}

fn measures(dataset: &Dataset, languages: [Words<'_>; 2]) -> Result<Vec<u8>, Error> {
    let decimals: BTreeSet<u8> = dataset.tables.iter().map(|table| table.decimals).collect();
    let mut rows = Vec::new();
    for (sort, decimals) in (1_usize..).zip(decimals) {
        for words in languages {
            let printed = decimals.to_string();
            let (description, format, decimal) = if decimals == 0 {
                (words.label("file-measure")?, "integer", String::new())
            } else {
                let args = Args::new().text("decimals", &printed);
                (
                    words.with("file-measure-decimals", &args)?,
                    "decimal",
                    printed,
                )
            };
            rows.push(vec![
                measure(decimals),
                description,
                words.language().code().to_owned(),
                "count".to_owned(),
                format.to_owned(),
                decimal,
                sort.to_string(),
            ]);
        }
    }
    csv(&MEASURE_COLUMNS, rows.into_iter())
}

fn metrics(dataset: &Dataset, languages: [Words<'_>; 2]) -> Result<Vec<u8>, Error> {
    let mut rows = Vec::new();
    for (sort, (table, column)) in (1_usize..).zip(dataset.columns()) {
        for words in languages {
            let notes = column
                .notes
                .iter()
                .filter_map(|note| dataset.notes.get(*note));
            let notes: Vec<String> = notes
                .map(|note| words.text(note))
                .collect::<Result<_, _>>()?;
            rows.push(vec![
                reference(table, column),
                description(table, column, words)?,
                words.language().code().to_owned(),
                above(table, column),
                sort.to_string(),
                notes.join(" "),
            ]);
        }
    }
    csv(&METRIC_COLUMNS, rows.into_iter())
}

fn description(table: &Table, column: &Column, words: Words<'_>) -> Result<String, Error> {
    if column.category.is_none() {
        return words.title(table);
    }
    let code = reference(table, column);
    let args = Args::new()
        .text("code", &code)
        .text("title", &words.text(&column.label)?);
    words.with("table-caption", &args)
}

/// What a code lies under: one of the look-up itself.
fn above(table: &Table, column: &Column) -> String {
    let has_total = table.columns.iter().any(|column| column.category.is_none());
    match &column.category {
        Some(_) if has_total => table.metric.clone(),
        Some(_) | None => String::new(),
    }
}

/// The texts for the sections of the metadata, one row each.
fn metadata(dataset: &Dataset, en: Words<'_>, cy: Words<'_>) -> Result<Vec<u8>, Error> {
    let empty = Text::default();
    let summary = dataset.about.first().unwrap_or(&empty);
    let sections = [("Title", &dataset.title), ("Summary", summary)];
    let quality = dataset.quality.iter().chain(&dataset.notes);
    let quality = quality.map(|text| ("Statistical quality", text));
    let mut rows = Vec::new();
    for (section, text) in sections.into_iter().chain(quality) {
        if text != &empty {
            rows.push(vec![section.to_owned(), en.text(text)?, cy.text(text)?]);
        }
    }
    for (section, message) in [("Data sources", "publisher"), ("Licence", "licence")] {
        rows.push(vec![
            section.to_owned(),
            en.label(message)?,
            cy.label(message)?,
        ]);
    }
    csv(&METADATA_COLUMNS, rows.into_iter())
}
