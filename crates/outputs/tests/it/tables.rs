//! The files for machines.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Cursor;

use mesur_figures::Marks;
use mesur_outputs::{Cell, DATA_COLUMNS, Dataset, Error, write};
use mesur_wording::Language;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::{Field, RowAccessor};
use serde_json::Value;
use zip::ZipArchive;

use crate::support::{LARGE, dataset, file, files_of, wording};

fn json(files: &[mesur_outputs::File], name: &str) -> Value {
    serde_json::from_slice(&file(files, name).content).expect("JSON")
}

#[test]
fn the_same_data_set_makes_the_same_bytes_and_other_values_make_others() {
    let mut other = dataset();
    let files = files_of(&other);
    assert_eq!(files, files_of(&other));
    other.tables[0].columns[0].cells[3].units = Some(1011);
    let changed = files_of(&other);
    let names: Vec<&str> = files
        .iter()
        .zip(&changed)
        .filter(|(one, other)| one.content != other.content)
        .map(|(one, _)| one.name.as_str())
        .collect();
    let with_values = [
        "data.parquet",
        "json-stat.cy.json",
        "json-stat.en.json",
        "statswales.zip",
        "tables.cy.ods",
        "tables.cy.xlsx",
        "tables.en.ods",
        "tables.en.xlsx",
    ];
    assert_eq!(names, with_values);
}

#[test]
fn json_stat_has_every_value_exactly_and_every_letter_beside_its_value() {
    let files = files_of(&dataset());
    let text = String::from_utf8(file(&files, "json-stat.en.json").content.clone());
    let text = text.expect("UTF-8");
    assert!(text.contains("\"value\":[1017,7,null,1010,0,null,null,0,90071992547409.93,-0.05,"));
    let stat = json(&files, "json-stat.cy.json");
    assert_eq!(stat["size"], serde_json::json!([1, 3, 4]));
    let cells = &stat["dimension"]["metric_category"]["category"];
    assert_eq!(
        cells["index"],
        serde_json::json!(["WA/001", "WA/001[a]", "WA/002"])
    );
    assert_eq!(cells["child"]["WA/001"], serde_json::json!(["WA/001[a]"]));
    let label = "WA/001: Mesuryddion; a: By hand (Saesneg yn unig)";
    assert_eq!(cells["label"]["WA/001[a]"], label);
    let status = serde_json::json!({
        "0": "p,t", "1": "r", "2": "x", "4": "t", "5": "c", "6": "z", "8": "t"
    });
    assert_eq!(stat["status"], status);
    let letters = stat["extension"]["status"]["label"]
        .as_object()
        .expect("words");
    assert_eq!(letters["x"], "ddim ar gael");
    assert_eq!(letters.len(), 6);
}

#[test]
fn parquet_has_every_row_with_its_exact_decimal() {
    let files = files_of(&dataset());
    let content = file(&files, "data.parquet").content.clone();
    let reader = SerializedFileReader::new(bytes::Bytes::from(content)).expect("Parquet");
    let rows: Vec<_> = reader
        .get_row_iter(None)
        .expect("rows")
        .map(|row| row.expect("a row"))
        .collect();
    assert_eq!(rows.len(), 12);
    let column = |name: &str| {
        let mut columns = rows[0].get_column_iter();
        let place = columns.position(|(found, _)| found == name);
        place.expect("a column")
    };
    let value = |row: usize| match rows[row].get_column_iter().nth(column("value")) {
        Some((_, Field::Decimal(decimal))) => {
            let bytes: [u8; 16] = decimal.data().try_into().expect("16 bytes");
            assert_eq!((decimal.precision(), decimal.scale()), (38, 6));
            Some(i128::from_be_bytes(bytes))
        }
        _ => None,
    };
    assert_eq!(value(0), Some(1_017_000_000));
    assert_eq!(value(2), None);
    assert_eq!(value(8), Some(i128::from(LARGE) * 10_000));
    assert_eq!(value(9), Some(-50_000));
    assert_eq!(
        rows[0].get_string(column("shorthand")).expect("text"),
        "p,t"
    );
    assert!(rows[1].get_bool(column("part_period")).expect("a flag"));
    assert_eq!(rows[0].get_int(column("expected")).expect("a count"), 3);
    assert!(rows[1].get_int(column("expected")).is_err());
}

#[test]
fn the_description_of_the_data_names_its_columns_and_where_their_codes_are_explained() {
    let files = files_of(&dataset());
    let described = json(&files, "data.csv-metadata.json");
    let tables = described["tables"].as_array().expect("tables");
    let columns = tables[0]["tableSchema"]["columns"]
        .as_array()
        .expect("columns");
    let names: Vec<_> = columns
        .iter()
        .map(|column| column["name"].as_str())
        .collect();
    assert_eq!(names, DATA_COLUMNS.map(Some));
    assert_eq!(described["dc:issued"]["@value"], "2032-03-01");
    for table in &tables[1..] {
        let url = table["url"].as_str().expect("a name");
        let mut reader = csv::Reader::from_reader(file(&files, url).content.as_slice());
        let header: Vec<_> = reader
            .headers()
            .expect("a header")
            .iter()
            .map(Some)
            .collect();
        let columns = table["tableSchema"]["columns"].as_array().expect("columns");
        let names: Vec<_> = columns
            .iter()
            .map(|column| column["name"].as_str())
            .collect();
        assert_eq!(header, names, "{url}");
    }
}

type Rows = Vec<BTreeMap<String, String>>;

fn statswales(dataset: &Dataset) -> BTreeMap<String, Rows> {
    let files = files_of(dataset);
    let content = &file(&files, "statswales.zip").content;
    let mut archive = ZipArchive::new(Cursor::new(content)).expect("packed files");
    let mut set = BTreeMap::new();
    for place in 0..archive.len() {
        let part = archive.by_index(place).expect("a part");
        let name = part.name().expect("a name").into_owned();
        let rows = csv::Reader::from_reader(part).into_deserialize();
        set.insert(name, rows.map(|row| row.expect("a row")).collect());
    }
    set
}

#[test]
fn the_upload_set_is_whole_facts_with_codes_that_are_all_explained_in_both_languages() {
    let set = statswales(&dataset());
    let data = &set["data.csv"];
    assert_eq!(data.len(), 12);
    assert!(data[0].contains_key("NoteCodes"));
    let mut keys = BTreeSet::new();
    for row in data {
        let key = ["YearCode", "AreaCode", "MetricCode", "Measure"].map(|name| row[name].clone());
        assert!(keys.insert(key), "{row:?} stands twice");
        assert!(
            !row["Data"].is_empty() || !row["NoteCodes"].is_empty(),
            "{row:?}"
        );
        for column in ["AreaCode", "MetricCode", "Measure"] {
            let lookup = &set[&format!("lookup-{column}.csv")];
            let languages = lookup
                .iter()
                .filter(|entry| entry["refcode"] == row[column] && !entry["description"].is_empty())
                .map(|entry| entry["lang"].as_str());
            assert_eq!(languages.collect::<Vec<_>>(), ["en", "cy"], "{row:?}");
        }
    }
    let nation = &data[0];
    assert_eq!(
        (nation["AreaCode"].as_str(), nation["NoteCodes"].as_str()),
        ("X99", "p,t")
    );
    let metrics = &set["lookup-MetricCode.csv"];
    for language in ["en", "cy"] {
        let own = metrics.iter().filter(|entry| entry["lang"] == language);
        let described: Vec<_> = own.map(|entry| &entry["description"]).collect();
        let distinct: BTreeSet<_> = described.iter().collect();
        assert_eq!(described.len(), distinct.len(), "descriptions differ");
    }
    assert_eq!(metrics[2]["hierarchy"], "WA/001");
    let measures = &set["lookup-Measure.csv"];
    let said = |row: usize| ["type", "format", "decimal"].map(|name| measures[row][name].as_str());
    assert_eq!(said(0), ["count", "integer", ""]);
    assert_eq!(said(2), ["count", "decimal", "2"]);
}

#[test]
fn a_fact_without_a_value_and_without_a_letter_is_refused() {
    let mut dataset = dataset();
    dataset.tables[0].columns[1].cells[2] = Cell {
        units: None,
        marks: Marks::NONE,
        part_period: false,
    };
    let refused = write(&dataset, &wording(Language::En), &wording(Language::Cy));
    let Err(Error::Fact { cell, area, .. }) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!((cell.as_str(), area.as_str()), ("WA/001[a]", "X02"));
}
