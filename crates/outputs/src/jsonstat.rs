//! JSON-stat 2.0, one file a language.
//!
//! The values are a block of period × metric and category × area. Not every metric has the same
//! categories, so metric and category are one dimension, in which a category is a child of its
//! metric; every value of the block is there, or null with a letter.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::value::RawValue;

use crate::dataset::{Dataset, reference};
use crate::error::Error;
use crate::file::File;
use crate::words::Words;

const MEDIA_TYPE: &str = "application/json";

/// The names of the dimensions.
const PERIOD: &str = "period";
const CELL: &str = "metric_category";
const AREA: &str = "area";

#[derive(Serialize)]
struct Stat<'a> {
    version: &'static str,
    class: &'static str,
    label: String,
    source: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    updated: Option<&'a str>,
    note: Vec<String>,
    id: [&'static str; 3],
    size: [usize; 3],
    role: Role,
    dimension: Dimensions,
    value: Vec<Option<Box<RawValue>>>,
    status: BTreeMap<usize, String>,
    extension: Extension<'a>,
}

#[derive(Serialize)]
struct Role {
    time: [&'static str; 1],
    geo: [&'static str; 1],
    metric: [&'static str; 1],
}

#[derive(Serialize)]
struct Dimensions {
    period: Dimension,
    metric_category: Dimension,
    area: Dimension,
}

#[derive(Serialize)]
struct Dimension {
    label: String,
    category: Categories,
}

#[derive(Serialize, Default)]
struct Categories {
    index: Vec<String>,
    label: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    child: BTreeMap<String, Vec<String>>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    unit: BTreeMap<String, Unit>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    note: BTreeMap<String, Vec<String>>,
}

#[derive(Serialize)]
struct Unit {
    decimals: u8,
}

#[derive(Serialize)]
struct Extension<'a> {
    lang: &'static str,
    licence: String,
    edition: &'a str,
    edition_digest: &'a str,
    snapshot: &'a str,
    snapshot_digest: &'a str,
    reference: &'a str,
    revision: u32,
    status: StatusWords,
}

#[derive(Serialize)]
struct StatusWords {
    label: BTreeMap<&'static str, String>,
}

/// Writes the file in a language.
pub(crate) fn write(dataset: &Dataset, words: Words<'_>) -> Result<File, Error> {
    let mut value = Vec::new();
    let mut status = BTreeMap::new();
    for (table, column) in dataset.columns() {
        for cell in &column.cells {
            if !cell.marks.is_empty() {
                status.insert(value.len(), cell.marks.to_string());
            }
            let digits = cell.digits(table.decimals);
            let number = Some(digits).filter(|digits| !digits.is_empty());
            value.push(number.map(RawValue::from_string).transpose()?);
        }
    }
    let mut meanings = BTreeMap::new();
    for shorthand in dataset.marks().iter() {
        meanings.insert(shorthand.code(), words.meaning(shorthand)?);
    }
    let said = dataset.quality.iter().map(|text| words.text(text));
    let dimension = Dimensions {
        period: period(dataset, words)?,
        metric_category: cells(dataset, words)?,
        area: areas(dataset, words)?,
    };
    let stat = Stat {
        version: "2.0",
        class: "dataset",
        label: words.text(&dataset.title)?,
        source: words.label("publisher")?,
        updated: dataset.publish_day.as_deref(),
        note: said.collect::<Result<_, _>>()?,
        id: [PERIOD, CELL, AREA],
        size: [
            1,
            dimension.metric_category.category.index.len(),
            dataset.areas.len(),
        ],
        role: Role {
            time: [PERIOD],
            geo: [AREA],
            metric: [CELL],
        },
        dimension,
        value,
        status,
        extension: Extension {
            lang: words.language().code(),
            licence: words.label("licence-address")?,
            edition: &dataset.edition,
            edition_digest: &dataset.edition_digest,
            snapshot: &dataset.snapshot,
            snapshot_digest: &dataset.snapshot_digest,
            reference: &dataset.reference,
            revision: dataset.revision,
            status: StatusWords { label: meanings },
        },
    };
    let mut content = serde_json::to_vec(&stat)?;
    content.push(b'\n');
    let name = format!("json-stat.{}.json", words.language().code());
    Ok(File::new(name, MEDIA_TYPE, content))
}

fn period(dataset: &Dataset, words: Words<'_>) -> Result<Dimension, Error> {
    let mut category = Categories::default();
    let period = dataset.period.clone();
    category.label.insert(period.clone(), period.clone());
    category.index.push(period);
    Ok(Dimension {
        label: words.label("file-period")?,
        category,
    })
}

fn cells(dataset: &Dataset, words: Words<'_>) -> Result<Dimension, Error> {
    let mut category = Categories::default();
    for table in &dataset.tables {
        let title = words.title(table)?;
        let has_total = table.columns.iter().any(|column| column.category.is_none());
        for column in &table.columns {
            let code = reference(table, column);
            let label = match &column.category {
                Some(_) => format!("{title}; {}", words.heading(column)?),
                None => title.clone(),
            };
            category.label.insert(code.clone(), label);
            let decimals = table.decimals;
            category.unit.insert(code.clone(), Unit { decimals });
            let notes = column
                .notes
                .iter()
                .filter_map(|note| dataset.notes.get(*note));
            let notes: Vec<String> = notes
                .map(|note| words.text(note))
                .collect::<Result<_, _>>()?;
            if !notes.is_empty() {
                category.note.insert(code.clone(), notes);
            }
            if has_total && column.category.is_some() {
                let children = category.child.entry(table.metric.clone()).or_default();
                children.push(code.clone());
            }
            category.index.push(code);
        }
    }
    Ok(Dimension {
        label: words.label("file-cell")?,
        category,
    })
}

fn areas(dataset: &Dataset, words: Words<'_>) -> Result<Dimension, Error> {
    let mut category = Categories::default();
    for area in &dataset.areas {
        category
            .label
            .insert(area.code.clone(), words.text(&area.name)?);
        category.index.push(area.code.clone());
    }
    Ok(Dimension {
        label: words.label("file-area")?,
        category,
    })
}
