//! The look-ups beside `data.csv`: what its codes stand for, in both languages.

use mesur_figures::Shorthand;

use crate::dataset::{Dataset, Text};
use crate::error::Error;
use crate::file::File;
use crate::words::Words;

pub(crate) const AREAS_FILE: &str = "areas.csv";
pub(crate) const METRICS_FILE: &str = "metrics.csv";
pub(crate) const CATEGORIES_FILE: &str = "categories.csv";
pub(crate) const SHORTHAND_FILE: &str = "shorthand.csv";

pub(crate) const MEDIA_TYPE: &str = "text/csv; charset=utf-8";

/// The columns of each look-up.
pub(crate) const AREA_COLUMNS: [&str; 3] = ["area_code", "area", "area_cy"];
pub(crate) const METRIC_COLUMNS: [&str; 5] = ["metric", "title", "title_cy", "unit", "decimals"];
pub(crate) const CATEGORY_COLUMNS: [&str; 4] = ["metric", "category", "label", "label_cy"];
pub(crate) const SHORTHAND_COLUMNS: [&str; 3] = ["shorthand", "meaning", "meaning_cy"];

/// Writes the look-ups. A text that is not held is an empty field.
pub(crate) fn write(dataset: &Dataset, en: Words<'_>, cy: Words<'_>) -> Result<Vec<File>, Error> {
    let areas = dataset.areas.iter();
    let areas = areas.map(|area| {
        vec![
            area.code.clone(),
            area.name.en.clone(),
            area.name.cy.clone(),
        ]
    });
    let metrics = dataset.tables.iter().map(|table| {
        let Text { en, cy } = table.title.clone();
        let decimals = table.decimals.to_string();
        vec![table.metric.clone(), en, cy, table.unit.clone(), decimals]
    });
    let categories = dataset.columns().map(|(table, column)| {
        let Text { en, cy } = column.label.clone();
        let category = column.category.clone().unwrap_or_default();
        vec![table.metric.clone(), category, en, cy]
    });
    let mut shorthand = Vec::new();
    for letter in Shorthand::ALL {
        shorthand.push(vec![
            letter.code().to_owned(),
            en.meaning(letter)?,
            cy.meaning(letter)?,
        ]);
    }
    let file = |name: &str, csv: Vec<u8>| File::new(name, MEDIA_TYPE, csv);
    Ok(vec![
        file(AREAS_FILE, csv(&AREA_COLUMNS, areas)?),
        file(METRICS_FILE, csv(&METRIC_COLUMNS, metrics)?),
        file(CATEGORIES_FILE, csv(&CATEGORY_COLUMNS, categories)?),
        file(
            SHORTHAND_FILE,
            csv(&SHORTHAND_COLUMNS, shorthand.into_iter())?,
        ),
    ])
}

/// A table with one header row, in UTF-8, with lines that end with a line feed.
pub(crate) fn csv(
    header: &[&str],
    rows: impl Iterator<Item = Vec<String>>,
) -> Result<Vec<u8>, Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(header)?;
    for row in rows {
        writer.write_record(&row)?;
    }
    writer
        .into_inner()
        .map_err(|error| Error::Io(error.into_error()))
}
