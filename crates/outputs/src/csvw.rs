//! `data.csv-metadata.json`: what `data.csv` and its look-ups hold, as CSV on the Web.
//!
//! A category is never null: the metric itself has the empty text for its category, so that metric and
//! category are part of the key and refer to the look-up.

use serde_json::{Map, Value, json};

use crate::dataset::{Dataset, Text};
use crate::error::Error;
use crate::file::File;
use crate::lookups::{
    AREA_COLUMNS, AREAS_FILE, CATEGORIES_FILE, CATEGORY_COLUMNS, METRIC_COLUMNS, METRICS_FILE,
    SHORTHAND_COLUMNS, SHORTHAND_FILE,
};
use crate::words::Words;
use crate::{DATA_COLUMNS, DATA_FILE};

/// The name by which programs find the description of `data.csv`.
const FILE: &str = "data.csv-metadata.json";
const MEDIA_TYPE: &str = "application/csvm+json";

/// What a column is called in words, and its further properties.
fn column(name: &str) -> (&'static str, Value) {
    match name {
        "period" => (
            "file-period",
            json!({"datatype": "string", "required": true}),
        ),
        "area_code" => (
            "file-area-code",
            json!({"datatype": "string", "required": true}),
        ),
        "metric" => (
            "table-metric",
            json!({"datatype": "string", "required": true}),
        ),
        "category" => (
            "table-category",
            // Nothing is a null here: an empty text is the metric itself.
            json!({"datatype": "string", "null": "(null)"}),
        ),
        "value" => ("table-value", json!({"datatype": "decimal"})),
        "shorthand" => (
            "shorthand-heading",
            json!({"datatype": {"base": "string", "format": "[a-z]+"}, "separator": ","}),
        ),
        "provided" => ("file-provided", json!({"datatype": "nonNegativeInteger"})),
        "expected" => ("file-expected", json!({"datatype": "nonNegativeInteger"})),
        "decimals" => ("file-decimals", json!({"datatype": "nonNegativeInteger"})),
        "unit" => ("file-unit", json!({"datatype": "string"})),
        "area" | "area_cy" => ("file-area", json!({"datatype": "string"})),
        "title" | "title_cy" => ("file-title", json!({"datatype": "string"})),
        "label" | "label_cy" => ("file-label", json!({"datatype": "string"})),
        _ => ("file-meaning", json!({"datatype": "string"})),
    }
}

struct Writer<'a> {
    en: Words<'a>,
    cy: Words<'a>,
}

/// Writes the description.
pub(crate) fn write(dataset: &Dataset, en: Words<'_>, cy: Words<'_>) -> Result<File, Error> {
    let writer = Writer { en, cy };
    let reference = |columns: &[&str], file: &str| {
        json!({"columnReference": columns,
            "reference": {"resource": file, "columnReference": columns}})
    };
    let data = writer.table(
        DATA_FILE,
        &DATA_COLUMNS,
        &["period", "area_code", "metric", "category"],
        vec![
            reference(&["area_code"], AREAS_FILE),
            reference(&["metric"], METRICS_FILE),
            reference(&["metric", "category"], CATEGORIES_FILE),
        ],
    )?;
    let areas = writer.table(AREAS_FILE, &AREA_COLUMNS, &["area_code"], Vec::new())?;
    let metrics = writer.table(METRICS_FILE, &METRIC_COLUMNS, &["metric"], Vec::new())?;
    let key = ["metric", "category"];
    let metric = vec![reference(&["metric"], METRICS_FILE)];
    let categories = writer.table(CATEGORIES_FILE, &CATEGORY_COLUMNS, &key, metric)?;
    let key = ["shorthand"];
    let shorthand = writer.table(SHORTHAND_FILE, &SHORTHAND_COLUMNS, &key, Vec::new())?;
    let mut group = Map::new();
    let mut put = |name: &str, value: Value| {
        group.insert(name.to_owned(), value);
    };
    put(
        "@context",
        json!(["http://www.w3.org/ns/csvw", {"@language": "en"}]),
    );
    put("dc:title", both(&dataset.title));
    put("dc:publisher", writer.house("publisher")?);
    put("dc:license", json!({"@id": en.label("licence-address")?}));
    put("dc:rights", writer.house("licence")?);
    if !dataset.reference.is_empty() {
        put("dc:identifier", json!(dataset.reference));
    }
    if let Some(day) = &dataset.publish_day {
        put("dc:issued", json!({"@value": day, "@type": "xsd:date"}));
    }
    let notes: Vec<Value> = dataset
        .quality
        .iter()
        .chain(&dataset.notes)
        .map(both)
        .collect();
    if !notes.is_empty() {
        put("notes", Value::Array(notes));
    }
    put(
        "tables",
        json!([data, areas, metrics, categories, shorthand]),
    );
    let mut content = serde_json::to_vec_pretty(&group)?;
    content.push(b'\n');
    Ok(File::new(FILE, MEDIA_TYPE, content))
}

impl Writer<'_> {
    fn table(
        &self,
        url: &str,
        columns: &[&str],
        key: &[&str],
        references: Vec<Value>,
    ) -> Result<Value, Error> {
        let columns = columns.iter().map(|name| self.column(name, url));
        let columns: Vec<Value> = columns.collect::<Result<_, _>>()?;
        let mut schema = json!({"columns": columns, "primaryKey": key});
        if !references.is_empty()
            && let Some(schema) = schema.as_object_mut()
        {
            schema.insert("foreignKeys".to_owned(), Value::Array(references));
        }
        Ok(json!({"url": url, "tableSchema": schema}))
    }

    fn column(&self, name: &str, url: &str) -> Result<Value, Error> {
        let (message, properties) = column(name);
        // The first title is what stands in the header.
        let (en, cy) = (self.en.label(message)?, self.cy.label(message)?);
        let mut column = json!({"name": name, "titles": {"en": [name, en], "cy": cy}});
        if let (Some(column), Value::Object(properties)) = (column.as_object_mut(), properties) {
            column.extend(properties);
            if name.ends_with("_cy") {
                column.insert("lang".to_owned(), json!("cy"));
            }
            // In its look-up a letter stands alone, and is the key.
            if url == SHORTHAND_FILE {
                column.remove("separator");
            }
        }
        Ok(column)
    }

    fn house(&self, message: &str) -> Result<Value, Error> {
        Ok(json!([
            {"@value": self.en.label(message)?, "@language": "en"},
            {"@value": self.cy.label(message)?, "@language": "cy"},
        ]))
    }
}

fn both(text: &Text) -> Value {
    let languages = [("en", &text.en), ("cy", &text.cy)];
    let held = languages.iter().filter(|(_, words)| !words.is_empty());
    held.map(|(language, words)| json!({"@value": words, "@language": language}))
        .collect()
}
